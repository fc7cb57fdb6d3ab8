// The name section (spec 7.4.1): function names for backtraces and listings.
//
// It is a custom section, so nothing in it can make a module invalid: what can be read before the
// first ill-formed byte is used, the rest ignored.
#pragma once

#include <string_view>

#include "engine/base/heap.h"
#include "engine/wasm/module.h"

namespace sluice {

/// Names of one module; views into its WireBytes.
class NameMap {
 public:
  /// Empty if the function has no name.
  std::string_view func_name(FuncIdx func) const;
  std::string_view module_name() const { return module_name_; }
  size_t size() const { return funcs_.size(); }

 private:
  friend NameMap parse_names(const Module& module);
  struct Entry {
    FuncIdx func;
    std::string_view name;
  };
  Vector<Entry> funcs_;  // by index, each once
  std::string_view module_name_;
};

NameMap parse_names(const Module& module);

}  // namespace sluice

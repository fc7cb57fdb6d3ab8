// Identifiers: the names of one index space (spec 6.1.3), for references and for the name section.
//
// An index space grows by declare() alone, so an index is the number of declarations before it.
// Names are views into the source text or into an arena that lives as long.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/heap.h"

namespace sluice {

class Identifiers {
 public:
  /// The next index; `id` may be empty. False if another has that identifier.
  bool declare(std::string_view id) {
    names_.push_back(id);
    return id.empty() || by_id_.try_emplace(id, size() - 1).second;
  }
  std::optional<uint32_t> find(std::string_view id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? std::nullopt : std::optional(found->second);
  }
  /// An @name annotation: changes what the name section says, not the identifier.
  void rename(uint32_t index, std::string_view name) { names_[index] = name; }

  uint32_t size() const { return static_cast<uint32_t>(names_.size()); }
  /// By index; empty where there is none.
  const Vector<std::string_view>& names() const { return names_; }
  void clear() {
    names_.clear();
    by_id_.clear();
  }

 private:
  Vector<std::string_view> names_;
  HashMap<std::string_view, uint32_t> by_id_;
};

}  // namespace sluice

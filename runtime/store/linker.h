// Linker: two-part names → things to import, and instantiation by name.
//
// Belongs to an engine. Host functions defined here are store-independent and come to life in each
// store that uses them; all other definitions are objects of one store, and instantiating in
// another is a WrongStore error. Not thread-safe; read-only use from several threads is fine.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/types.h"
#include "runtime/store/func.h"
#include "runtime/store/instance.h"

namespace sluice {

class Linker : public Allocated {
 public:
  explicit Linker(std::shared_ptr<Engine> engine);
  ~Linker();
  Linker(const Linker&) = delete;
  Linker& operator=(const Linker&) = delete;

  Engine& engine() const { return *engine_; }
  /// Without it, a second definition of a name is a DuplicateDefinition error.
  void allow_shadowing(bool allow) { allow_shadowing_ = allow; }

  /// A host function: parameter and result types are canonical (numbers, funcref, externref).
  Result<void> define_func(std::string_view module, std::string_view name,
                           std::span<const ValType> params, std::span<const ValType> results,
                           HostCallback callback, void* env = nullptr,
                           void (*release_env)(void*) = nullptr);
  /// A host function whose definition is ready; its signature must be of this engine.
  Result<void> define_func(std::string_view module, std::string_view name,
                           std::shared_ptr<const HostFuncDef> def);
  Result<void> define(std::string_view module, std::string_view name, Extern what);
  /// Every export of an instance, under `module`.
  Result<void> define_instance(std::string_view module, const Instance& instance);

  /// What the name stands for in `store`, or nothing.
  Result<std::optional<Extern>> lookup(Store& store, std::string_view module,
                                       std::string_view name) const;
  /// Imports by name. All missing imports are reported in one UnknownImport error.
  Outcome<Instance*> instantiate(Store& store, std::shared_ptr<const CompiledModule> module) const;

 private:
  struct Definition {
    std::optional<Extern> object;
    uint64_t store_id = 0;  // of object
    std::shared_ptr<const HostFuncDef> host;
  };
  struct StringHash {
    size_t operator()(const String& s) const;
  };
  Result<void> insert(std::string_view module, std::string_view name, Definition definition);
  const Definition* find(std::string_view module, std::string_view name) const;

  std::shared_ptr<Engine> engine_;
  bool allow_shadowing_ = false;
  HashMap<String, Definition, StringHash> definitions_;  // key: module's length, module, name
};

}  // namespace sluice

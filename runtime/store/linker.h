// Linker: two-part names → things to import, and instantiation by name. PreInstance: a module for
// which that is done, all but what depends on a store.
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

/// What a linker knows about one name: a host function, or an object of one store.
struct Definition {
  std::optional<Extern> object;  // not to be looked into unless the store is the one at hand:
  uint64_t store_id = 0;         // it may be gone
  std::shared_ptr<const HostFuncDef> host;
};

/// A module with its imports found. Immutable: any number of threads instantiate it, each in a
/// store of its own. Keeps what it needs alive, but not the linker, whose later definitions do not
/// change it.
class PreInstance : public Allocated {
 public:
  /// What is left to do for imports: host functions come to life in the store, objects must be of
  /// the store and fit.
  Outcome<Instance*> instantiate(Store& store) const;

 private:
  friend class Linker;
  PreInstance(std::shared_ptr<const CompiledModule> compiled, Vector<Definition> imports)
      : compiled_(std::move(compiled)), imports_(std::move(imports)) {}

  std::shared_ptr<const CompiledModule> compiled_;
  Vector<Definition> imports_;  // one for each import, in the module's order
};

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
  /// Finds all imports and checks the types of host functions, once. All missing imports are
  /// reported in one UnknownImport error.
  Result<PreInstance> pre_instantiate(std::shared_ptr<const CompiledModule> module) const;
  /// Both steps.
  Outcome<Instance*> instantiate(Store& store, std::shared_ptr<const CompiledModule> module) const;

 private:
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

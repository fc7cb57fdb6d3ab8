// wasm.h: stores, and what a reference (wasm_ref_t and all types that cast to it) is.
//
// Every reference is a RefObject under the name that its kind has in wasm.h, so casts between those
// names keep the pointer. It holds its store by shared_ptr: objects may outlive wasm_store_delete.
// What the runtime's Store owns is named by its address; modules, traps and foreign objects are
// owned by their references together. Nothing that the Store owns holds the WasmStore, which would
// never end.
#pragma once

#include <memory>

#include "engine/base/heap.h"
#include "runtime/api/handles.h"
#include "runtime/include/wasm.h"
#include "runtime/store/engine.h"
#include "runtime/store/store.h"

namespace sluice::api {

/// What an embedder attached to an object. Its end is the object's end.
struct HostInfo {
  HostInfo() = default;
  HostInfo(const HostInfo&) = delete;
  HostInfo& operator=(const HostInfo&) = delete;
  ~HostInfo() { set(nullptr, nullptr); }
  void set(void* new_info, void (*new_finalizer)(void*)) {
    void (*old)(void*) = std::exchange(finalizer, new_finalizer);
    void* old_info = std::exchange(info, new_info);
    if (old != nullptr) old(old_info);
  }
  void* info = nullptr;
  void (*finalizer)(void*) = nullptr;
};

enum class RefKind : uint8_t { Func, Global, Table, Memory, Instance, Module, Trap, Foreign };

/// An object that its references own together: a module, a trap or a foreign object.
struct Owned {
  HostInfo host_info;
};
struct OwnedModule : Owned {
  explicit OwnedModule(std::shared_ptr<const CompiledModule> m, std::shared_ptr<Engine> e)
      : engine(std::move(e)), module(std::move(m)) {}
  std::shared_ptr<Engine> engine;  // outlives the module, whose code lies in it
  std::shared_ptr<const CompiledModule> module;
};
struct OwnedTrap : Owned {
  explicit OwnedTrap(Failure f) : failure(std::move(f)) {}
  Failure failure;
  std::shared_ptr<Owned> thrown;  // what a host function returned, if the trap began so
};

/// Which object: all that a reference is, but for its store.
struct RefTarget {
  RefKind kind = RefKind::Foreign;
  void* object = nullptr;        // FuncRecord*, Global*, …, or an Owned: the identity
  std::shared_ptr<Owned> owner;  // set for the last three kinds; keeps `object` alive
};

/// `object` is null for what wasm.h has no word for.
RefTarget target_of(const Extern& what);

struct WasmStore : Allocated {
  WasmStore(std::shared_ptr<Engine> e, std::unique_ptr<Store> s)
      : engine(std::move(e)), store(std::move(s)) {}
  /// Host information of an object.
  HostInfo& host_info(const RefTarget& target) {
    return target.owner != nullptr ? static_cast<Owned*>(target.object)->host_info
                                   : host_infos[target.object];
  }

  std::shared_ptr<Engine> engine;
  HashMap<const void*, HostInfo> host_infos;  // of objects that `store` owns; goes after it
  std::unique_ptr<Store> store;
};

struct RefObject : Allocated {
  RefObject(std::shared_ptr<WasmStore> s, RefTarget t)
      : store(std::move(s)), target(std::move(t)) {}
  std::shared_ptr<WasmStore> store;
  RefTarget target;
};

// The names that wasm.h gives to a RefObject.
#define SLUICE_REF_NAME(name)                                                                      \
  inline RefObject* unwrap(wasm_##name##_t* ref) { return reinterpret_cast<RefObject*>(ref); }     \
  inline const RefObject* unwrap(const wasm_##name##_t* ref) {                                     \
    return reinterpret_cast<const RefObject*>(ref);                                                \
  }
SLUICE_REF_NAME(ref)
SLUICE_REF_NAME(func)
SLUICE_REF_NAME(global)
SLUICE_REF_NAME(table)
SLUICE_REF_NAME(memory)
SLUICE_REF_NAME(extern)
SLUICE_REF_NAME(instance)
SLUICE_REF_NAME(module)
SLUICE_REF_NAME(trap)
SLUICE_REF_NAME(foreign)
#undef SLUICE_REF_NAME

/// A new reference, under the name the caller wants.
template <class Name>
Name* new_ref(std::shared_ptr<WasmStore> store, RefTarget target) {
  return reinterpret_cast<Name*>(new RefObject(std::move(store), std::move(target)));
}
template <class Name>
Name* new_ref(std::shared_ptr<WasmStore> store, RefKind kind, void* object) {
  return new_ref<Name>(std::move(store), RefTarget{kind, object, nullptr});
}
template <class Name>
Name* new_owned_ref(std::shared_ptr<WasmStore> store, RefKind kind, std::shared_ptr<Owned> owner) {
  void* object = owner.get();
  return new_ref<Name>(std::move(store), RefTarget{kind, object, std::move(owner)});
}

wasm_trap_t* new_trap(std::shared_ptr<WasmStore> store, Failure failure);
/// What a host function returned, for its caller in Wasm. Takes the trap over.
TrapCode throw_trap(const Caller& caller, wasm_trap_t* trap);

/// The object as the runtime knows it; the kind must be right.
template <class T, class Name>
T& object_of(const Name* ref) {
  return *static_cast<T*>(unwrap(ref)->target.object);
}
inline Func func_of(const RefObject& ref) {
  return Func(static_cast<FuncRecord*>(ref.target.object));
}

// Values. A wasm_val_t owns its reference; a Value of an externref names a RefTarget that the
// store's reference heap keeps.

/// Does the value's kind fit the type, and does its reference belong to this store?
bool fits(const WasmStore& store, const wasm_val_t& value, ValType type);
/// Of a value that fits `type`. The Value is not rooted: use it before anything else is allocated.
Value to_value(WasmStore& store, const wasm_val_t& value, ValType type);
Value ref_to_value(WasmStore& store, const wasm_ref_t* ref, ValType type);
wasm_val_t to_val(const std::shared_ptr<WasmStore>& store, Value value, ValType type);
wasm_ref_t* value_to_ref(const std::shared_ptr<WasmStore>& store, Value value, ValType type);

}  // namespace sluice::api

struct wasm_config_t : sluice_config {};
struct wasm_engine_t : sluice_engine {};
struct wasm_store_t : sluice::Allocated {
  std::shared_ptr<sluice::api::WasmStore> value;
};
struct wasm_shared_module_t : sluice::Allocated {
  std::shared_ptr<sluice::api::Owned> value;
};
struct wasm_frame_t : sluice::Allocated {
  uint32_t func_index = 0;
  size_t func_offset = 0;
  size_t module_offset = 0;
};

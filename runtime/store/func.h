// Func: a function of a store, Wasm's or the host's, and how the host calls it; HostFunc: what a
// host function is made of; Caller: what a host function sees of its caller.
//
// A Func is the address of a FuncRecord, unique per function, so two Funcs are the same function
// exactly when they are equal, and a funcref is the same pointer. It lives as long as its store.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/base/heap.h"
#include "engine/base/ids.h"
#include "engine/wasm/types.h"
#include "jit/abi/instance_layout.h"
#include "runtime/store/trap_report.h"
#include "runtime/store/value.h"

namespace sluice {

class Caller;
class Engine;
class Instance;
class Memory;
class Store;

/// A host function with its arguments in `cells`, results go to the same cells from 0 on. Returns
/// TrapCode::None, or a trap (see Caller::fail). Must not throw.
using HostCallback = TrapCode (*)(void* env, Caller& caller, Value* cells);

/// What a host function does and what it owns; store-independent, shared by all its instances.
struct HostFuncDef : Allocated {
  CanonicalTypeId signature{};
  HostCallback callback = nullptr;           // exactly one of callback and typed_code is set:
  const void* typed_code = nullptr;          // a C function for the typed shim (jit/stubs)
  void* env = nullptr;                       // first argument of either
  void (*release_env)(void* env) = nullptr;  // called when the last user is gone; may be null

  HostFuncDef() = default;
  HostFuncDef(const HostFuncDef&) = delete;
  HostFuncDef& operator=(const HostFuncDef&) = delete;
  ~HostFuncDef() {
    if (release_env != nullptr) release_env(env);
  }
};

class Func {
 public:
  Func() = default;
  explicit Func(FuncRecord* record) : record_(record) {}

  /// A host function in `store`. Creating the same definition again gives the same function.
  static Result<Func> create_host(Store& store, std::shared_ptr<const HostFuncDef> def);

  bool is_null() const { return record_ == nullptr; }
  FuncRecord* record() const { return record_; }
  Store& store() const;
  CanonicalTypeId signature() const { return CanonicalTypeId{record_->signature}; }
  /// Its type, canonical; lives as long as the engine.
  const FuncType& type() const;
  bool is_host() const { return record_->instance->host_code != nullptr; }

  /// Calls it. The spans must have exactly as many cells as the type has parameters and results,
  /// and reference arguments must belong to this store; otherwise an Error and nothing runs.
  Outcome<void> call(std::span<const Value> args, std::span<Value> results) const;
  /// The same through `store`, which must be the function's (else WrongStore).
  Outcome<void> call(Store& store, std::span<const Value> args, std::span<Value> results) const;
  bool operator==(const Func&) const = default;

 private:
  FuncRecord* record_ = nullptr;
};

/// What the shim passes to a host function's code as first argument. The public C header has the
/// same two fields.
struct HostContext {
  void* env = nullptr;  // HostFuncDef::env
  Store* store = nullptr;
};

/// A host function's place in a store: the block its code runs in and its record.
struct HostFunc : Allocated, HostContext {
  FuncRecord record;
  InstanceData data;
  std::shared_ptr<const HostFuncDef> def;
};

/// Who called a host function. Valid during the call only.
class Caller {
 public:
  Caller(Store& store, InstanceData* instance) : store_(store), instance_(instance) {}

  Store& store() const { return store_; }
  /// The calling instance's block, or a host function's; null if the host called.
  InstanceData* data() const { return instance_; }
  /// The calling instance; null if the host called the function itself.
  Instance* instance() const;
  /// The calling instance's memory exported as "memory", else its memory 0, else null.
  Memory* memory() const;

  /// Notes why the call fails and gives what to return: `return caller.fail("…")`.
  TrapCode fail(std::string_view message, HostPayload payload = {}) const;
  /// Passes a failure on, mostly of a nested call: a trap keeps its reason, backtrace and payload.
  /// An exception of this store that was not caught there, or that Store::make_exception made, is
  /// thrown.
  TrapCode fail(Failure failure) const;

 private:
  Store& store_;
  InstanceData* instance_;
};

}  // namespace sluice

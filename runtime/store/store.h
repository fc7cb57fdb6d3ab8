// Store (spec 4.2.3): owns every object that instances consist of, and the block that their code
// shares. One thread at a time; may move between threads while no call is running.
//
// Objects are never freed before their store, so pointers to them are plain. Each knows its store,
// and every entry point compares: an object of another store is an Error, never undefined.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/types.h"
#include "jit/abi/instance_layout.h"
#include "jit/abi/thread_stack.h"
#include "jit/stubs/entry.h"
#include "runtime/store/exception.h"
#include "runtime/store/func.h"
#include "runtime/store/global.h"
#include "runtime/store/instance.h"
#include "runtime/store/limiter.h"
#include "runtime/store/memory.h"
#include "runtime/store/ref_heap.h"
#include "runtime/store/table.h"
#include "runtime/store/trap_report.h"
#include "runtime/store/value.h"
#include "runtime/trap/interrupt.h"

namespace sluice {

class Engine;

class Store : public Allocated {
 public:
  static Result<std::unique_ptr<Store>> create(std::shared_ptr<Engine> engine);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Engine& engine() const { return *engine_; }
  const std::shared_ptr<Engine>& shared_engine() const { return engine_; }
  StoreContext& context() { return *context_; }
  /// For other threads and signal handlers: stops a guest of this store.
  InterruptHandle interrupt_handle() const;
  /// Interrupts the guest at that time, whatever call is running, or the next one.
  void set_deadline(Watchdog::Clock::time_point deadline);
  /// Drops the deadline, and a request that no call has taken.
  void clear_interrupt();
  /// Has a request not been taken yet? For host functions that run long.
  bool is_interrupted() const;
  /// See interrupt_fd (runtime/trap).
  int interrupt_fd() { return sluice::interrupt_fd(*context_); }

  /// What is left to guests of an engine with meter_fuel, none in a new store: each instruction
  /// takes 1 when its basic block starts, and a bulk operation 1 for every 128 bytes or elements.
  uint64_t fuel() const;
  void set_fuel(uint64_t fuel);

  /// Told whenever control passes between host and Wasm, if the engine was made with call_hooks.
  /// It must not call into the store.
  using CallHook = void (*)(void* env, uint32_t call_event);
  void set_call_hook(CallHook hook, void* env) { call_hook_ = {hook, env}; }
  void tell_hook(CallEvent event) const {
    if (call_hook_.function != nullptr)
      call_hook_.function(call_hook_.env, static_cast<uint32_t>(event));
  }
  /// StubEnvironment::call_hook.
  static void on_host_call(StoreContext* context, CallEvent event) {
    static_cast<const Store*>(context->store)->tell_hook(event);
  }

  /// The store whose code a block belongs to.
  static Store& of(const InstanceData& data) { return *static_cast<Store*>(data.context->store); }
  /// Unique in the process, never reused: tells stores apart even after one is gone.
  uint64_t id() const { return id_; }

  /// A new externref for a host pointer, rooted once (RefHeap::new_extern); null if there is no
  /// memory.
  Value externref(void* host, void (*release)(void* host) = nullptr) {
    return Value::externref(refs_->new_extern(host, release));
  }
  /// The host pointer behind an externref; null for a handle that is not of this store.
  void* externref_host(Value ref) const { return refs_->host(ref.bits[0]); }
  RefHeap& refs() const { return *refs_; }
  /// Whom objects ask before they get larger.
  Limiter& limiter() { return limiter_; }
  /// Keeps a reference of this store alive.
  RootedRef rooted(Value ref) { return {refs_, ref.as_externref()}; }

  /// Is `value` (a reference if the type is one) of this canonical type and of this store?
  bool matches(Value value, ValType canonical) const;

  /// Makes this the exception that the trap site to come throws; `cells` are of the tag's types.
  /// `handle`: of its exnref, if it has one. Allocates nothing.
  void set_thrown(const Tag& tag, const void* cells, uint32_t handle);
  /// What a host function throws: a failure to be passed to Caller::fail. SignatureMismatch if the
  /// values do not fit the tag, WrongStore if it is of another.
  Result<std::shared_ptr<Trap>> make_exception(const Tag& tag, std::span<const Value> values);
  /// Throws the trap's exception, if it has one of this store, at the trap site to come.
  void throw_again(const Trap& trap);
  /// The exception thrown last as an exnref; 0 if there is no memory for it.
  uint32_t take_exception();
  /// The exception of a non-null exnref; null for a handle that is none of this store.
  const Exception* exception(uint32_t handle) const { return refs_->exception(handle); }

  /// Builds the trap of a call that returned `code`; call it before anything else runs.
  std::shared_ptr<Trap> take_trap(TrapCode code);
  /// A trap that no running code raised, as from an active segment.
  std::shared_ptr<Trap> make_trap(TrapCode code, String message = {}) const;
  /// What Caller::fail notes until the trap is built.
  void note_host_failure(String message, HostPayload payload, std::shared_ptr<Trap> inner);

  /// What the trap to come says: of a function that could not be compiled when it was called, or of
  /// a refused grow.
  void note_trap_message(String message) { trap_message_ = std::move(message); }

  /// WrongThread while another thread runs a call in this store. What it cannot see: two threads
  /// that are both at work here without running Wasm.
  Result<void> check_thread() const;

  /// The embedder's own pointer, for its host functions.
  void* user_data = nullptr;

 private:
  friend class Func;
  friend class Global;
  friend class Instantiation;
  friend class Memory;
  friend class RefHeap;
  friend class Table;
  friend class Tag;
  explicit Store(std::shared_ptr<Engine> engine);
  void add_raw_frames(Trap& trap);
  bool trapped_in_host_shim() const;
  /// Null if there is no code memory left for it.
  ArrayEntry array_entry(CanonicalTypeId signature) {
    return signature == last_signature_ ? last_entry_ : find_array_entry(signature);
  }
  ArrayEntry find_array_entry(CanonicalTypeId signature);
  /// Fills the fields of a block that do not depend on whose it is.
  void init_block(InstanceData& data);
  void add_tag(std::unique_ptr<Tag> tag);
  void take_exception_into(Trap& trap);

  struct HostFailure {
    String message;
    HostPayload payload;
    std::shared_ptr<Trap> inner;
  };

  struct Hook {
    CallHook function = nullptr;
    void* env = nullptr;
  };

  std::shared_ptr<Engine> engine_;
  uint64_t id_;
  std::shared_ptr<StoreContext> context_;  // shared with interrupt handles
  MemoryData empty_memory_;                // stands in where an instance has no memory 0
  Vector<std::unique_ptr<Memory>> memories_;
  Vector<std::unique_ptr<Table>> tables_;
  Vector<std::unique_ptr<Global>> globals_;
  Vector<std::unique_ptr<Tag>> tags_;
  Vector<std::unique_ptr<Instance>> instances_;
  HashMap<const HostFuncDef*, std::unique_ptr<HostFunc>> host_funcs_;
  HashMap<uint32_t, ArrayEntry> array_entries_;  // by signature: spares the engine's lock
  CanonicalTypeId last_signature_{kNullSignature};
  ArrayEntry last_entry_ = nullptr;  // of last_signature_
  std::shared_ptr<RefHeap> refs_;    // shared with RootedRefs only
  std::optional<HostFailure> host_failure_;
  Hook call_hook_;
  Vector<GlobalCell> thrown_cells_;  // as many as any tag has parameters
  String trap_message_;              // of the trap that is about to be built
  Limiter limiter_;
};

}  // namespace sluice

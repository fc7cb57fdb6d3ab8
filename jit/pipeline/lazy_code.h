// LazyCode: the functions of a valid module that have no code yet, and how they get it: at once for
// a thread that calls one, and ahead of time for a thread that has nothing better to do.
//
// A function is compiled once, whoever needs it: its state word is taken by compare-and-swap, and a
// caller that finds it taken waits for the other thread's code. A state word names the process that
// took it, so a child of a fork does not wait for threads that it does not have. Nothing here needs
// worker threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/module.h"
#include "jit/abi/compile_options.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/body_scratch.h"

namespace sluice {

/// Thread-safe.
class LazyCode : public Allocated {
 public:
  /// All sections before the code section are decoded. Without `code` no function is compiled here.
  LazyCode(const Module& module, ModuleCode* code, const CompileOptions& options);
  ~LazyCode();

  /// The code of a function whose body is valid. If it has none, it is compiled on this thread, or
  /// this thread waits for the one that is compiling it. Fails if there is no room for code; asking
  /// again tries again.
  Result<const void*> require(const FuncBody& body);

  /// Compiles those of the bodies that nobody has begun, until `cancelled`.
  Result<void> compile_ahead(std::span<const FuncBody> bodies, BodyScratch& scratch,
                             const std::atomic<bool>& cancelled);

  /// These have been published without a claim, before anybody could call them.
  void note_compiled(std::span<const FuncBody> bodies);

  /// For the next caller to compile with.
  void return_scratch(std::unique_ptr<BodyScratch> scratch);

  uint32_t functions_compiled() const { return compiled_.load(std::memory_order_relaxed); }

 private:
  using State = std::atomic<uint32_t>;

  State& state(const FuncBody& body) { return states_[raw(body.func) - module_.imported_funcs]; }
  static bool try_claim(State& state);
  void settle(State& state, bool compiled);
  Result<void> publish(BodyScratch& scratch, Vector<uint32_t>& claimed);
  std::unique_ptr<BodyScratch> borrow_scratch();

  const Module& module_;
  ModuleCode* const code_;
  const CompileOptions options_;
  Vector<State> states_;  // by defined function
  std::atomic<uint32_t> compiled_{0};
  ForkMutex mutex_{LockRank::Module};
  Vector<std::unique_ptr<BodyScratch>> idle_;  // guarded by mutex_; for callers' threads
};

}  // namespace sluice

// Interruption: stopping a guest from outside, without a cost for code that runs.
//
// A request is a flag in the StoreContext and a signal to the thread that runs the guest. The
// signal handler ends the call (TrapCode::Interrupted) if the thread is in code of a module, where
// no instruction leaves anything of the store half done: what takes several steps is in the
// runtime's helpers. Everywhere else the flag is tested: when an entry stub begins, when a host
// function or a helper has returned. Who waits in memory.atomic.wait is woken by a futex, a
// blocking host function by a descriptor. In the few instructions between such a test and the
// guest's own code a signal has no effect; so the watchdog sends it again until the request has
// been taken.
//
// Where no signal may come (SignalPolicy::None) functions and loops test the flag too.
//
// A request that comes while no guest runs ends the next call at its start. One that nobody wants
// any more is withdrawn.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>

#include "engine/base/heap.h"
#include "jit/abi/instance_layout.h"

namespace sluice {

/// Do guests' threads get the signals of traps and interruptions?
enum class TrapSignals : bool { Taken, None };

/// Ignored by default, so that it harms nobody where our handler is missing.
inline constexpr int kInterruptSignal = SIGURG;

/// Sets the flag and sends the signal once. Any thread, async-signal-safe.
void request_interrupt(StoreContext& context);
/// Was there a request? There is none afterwards.
bool take_interrupt(StoreContext& context);
/// Is there a request?
bool is_interrupt_requested(const StoreContext& context);
/// A descriptor that can be read from a request on, until this is asked again when there is none;
/// -1 if the system has none left. It belongs to the context.
int interrupt_fd(StoreContext& context);
/// A context whose descriptor is closed in the end.
std::shared_ptr<StoreContext> new_store_context(TrapSignals signals);
/// Is there a thread of this process with that id?
bool thread_exists(uint32_t thread_id);
/// Is this a signal that request_interrupt sent?
bool is_interrupt(const siginfo_t& info);

/// Repeats requests and makes those of deadlines, on a thread of its own that exists from the first
/// need and sleeps when there is none. Thread-safe.
class Watchdog : public Allocated {
 public:
  using Clock = std::chrono::steady_clock;

  Watchdog();
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// From now on requests to this context are repeated until they are taken.
  void watch(const std::shared_ptr<StoreContext>& context);
  /// Makes a request at that time; Clock::time_point::max(): never. Replaces an earlier one.
  void set_deadline(const std::shared_ptr<StoreContext>& context, Clock::time_point deadline);
  /// There is a request to a watched context. Async-signal-safe.
  void wake() const;

 private:
  struct Shared;
  struct SharedRef;
  static void* work(void* shared);
  void ensure_thread();

  std::shared_ptr<Shared> shared_;  // kept alive by the thread too
  pthread_t thread_{};
  bool has_thread_ = false;
  uint32_t generation_ = 0;  // fork_generation() when the thread was started
};

/// Stops the guests of one store, from any thread, also after the store's end: then nothing
/// happens. A copy is another handle to the same store.
class InterruptHandle {
 public:
  InterruptHandle(std::shared_ptr<StoreContext> context, std::shared_ptr<Watchdog> watchdog)
      : context_(std::move(context)), watchdog_(std::move(watchdog)) {
    watchdog_->watch(context_);
  }
  /// Async-signal-safe.
  void interrupt() const {
    request_interrupt(*context_);
    watchdog_->wake();
  }

 private:
  std::shared_ptr<StoreContext> context_;
  std::shared_ptr<Watchdog> watchdog_;
};

}  // namespace sluice

#include "runtime/trap/thread_stack.h"

#include <algorithm>
#include <csignal>
#include <new>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/base/fork_mutex.h"
#include "engine/base/virtual_memory.h"
#include "runtime/trap/interrupt.h"
#include "runtime/trap/unwind.h"

namespace sluice {

namespace {

// Local-exec or initial-exec, so that it lies at a fixed distance from the thread pointer and the
// entry stubs can read it without a call.
[[gnu::tls_model("initial-exec")]] constinit thread_local ThreadStack t_stack;
// The same for engines that take no signals, so that it does not say what a thread is prepared for.
[[gnu::tls_model("initial-exec")]] constinit thread_local ThreadStack t_plain_stack;

// Room for handlers that are chained to, crash reporters for instance, beside the kernel's frame.
constexpr size_t kAlternateStackBytes = size_t{64} << 10;
// An alternate stack that somebody else has installed is good enough from here on.
constexpr size_t kEnoughBytes = size_t{16} << 10;
constexpr size_t kMostKnownStackBytes = size_t{8} << 20;

size_t signal_frame_bytes() {
#ifdef AT_MINSIGSTKSZ
  return static_cast<size_t>(getauxval(AT_MINSIGSTKSZ));
#else
  return 0;
#endif
}

/// Lies at the upper end of the alternate stack itself, so that nothing needs the heap when the
/// thread exits.
struct AlternateStack {
  Reservation space;
  stack_t installed{};
  stack_t previous{};
};

pthread_key_t g_exit_key;
bool g_exit_key_made = false;

/// Runs when a thread that has entered Wasm exits.
void release_thread(void* p) {
  AlternateStack* stack = static_cast<AlternateStack*>(p);
  // Code that runs later in this thread's exit starts over.
  t_stack = ThreadStack();
  stack_t current{};
  sigaltstack(nullptr, &current);
  if (current.ss_sp == stack->installed.ss_sp) sigaltstack(&stack->previous, nullptr);
  Reservation space = std::move(stack->space);
  stack->~AlternateStack();
}

bool install_alternate_stack() {
  stack_t current{};
  if (sigaltstack(nullptr, &current) != 0) return false;
  const size_t enough = kEnoughBytes + signal_frame_bytes();
  if ((current.ss_flags & SS_DISABLE) == 0 && current.ss_size >= enough) return true;
  if ((current.ss_flags & SS_ONSTACK) != 0) return false;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once,
               [] { g_exit_key_made = pthread_key_create(&g_exit_key, release_thread) == 0; });
  if (!g_exit_key_made) return false;

  const size_t usable = round_up_to_page(kAlternateStackBytes + signal_frame_bytes());
  const size_t guard = host_page_bytes();
  Result<Reservation> space = Reservation::reserve(guard + usable);
  if (!space || !space->commit(guard, usable)) return false;
  uint8_t* const low = space->base() + guard;
  const size_t stack_bytes = (usable - sizeof(AlternateStack)) & ~size_t{63};
  AlternateStack* stack = new (low + stack_bytes) AlternateStack;
  stack->previous = current;
  stack->installed.ss_sp = low;
  stack->installed.ss_size = stack_bytes;
  if (sigaltstack(&stack->installed, nullptr) != 0) return false;
  stack->space = std::move(*space);
  if (pthread_setspecific(g_exit_key, stack) != 0) {
    release_thread(stack);
    return false;
  }
  return true;
}

enum class Trust { Known, Guessed };

/// The main thread's stack as the system lays it out: it ends with the name of the program and may
/// grow down to the limit. The system keeps at least 128 MiB free for that; limits up to the usual
/// 8 MiB lie far within and are trusted. Of a larger one so much is guessed, if nobody else knows.
bool find_main_stack(Trust trust, uintptr_t& low, size_t& bytes) {
  rlimit limit;
  const uintptr_t end = static_cast<uintptr_t>(getauxval(AT_EXECFN));
  const uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (getpid() != gettid() || getrlimit(RLIMIT_STACK, &limit) != 0) return false;
  if (limit.rlim_cur > kMostKnownStackBytes && trust == Trust::Known) return false;
  bytes = std::min(static_cast<size_t>(limit.rlim_cur), kMostKnownStackBytes);
  if (end < bytes || here >= end || end - here >= bytes) return false;
  low = (end - bytes + host_page_bytes()) & ~(host_page_bytes() - 1);
  bytes = end - low;
  return true;
}

bool ask_for_stack(uintptr_t& low, size_t& bytes) {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
  void* start = nullptr;
  const bool ok = pthread_attr_getstack(&attributes, &start, &bytes) == 0 && bytes != 0;
  pthread_attr_destroy(&attributes);
  low = reinterpret_cast<uintptr_t>(start);
  return ok;
}

/// For the main thread the C library reads /proc/self/maps, which takes a tenth of a millisecond,
/// and may not be there: it is not mounted, or no descriptor is left.
bool find_stack_bounds(ThreadStack& found) {
  uintptr_t low = 0;
  size_t bytes = 0;
  if (!find_main_stack(Trust::Known, low, bytes) && !ask_for_stack(low, bytes) &&
      !find_main_stack(Trust::Guessed, low, bytes)) {
    return false;
  }
  const size_t headroom = std::clamp(bytes / 4, kLeastHeadroomBytes, kMostHeadroomBytes);
  found.low = low;
  found.floor = low + headroom;
  found.room_bytes = bytes > headroom ? bytes - headroom : 1;
  return true;
}

/// A fault while its signal is blocked ends the process whatever the handlers are, and threads that
/// leave all signals to another one are common.
void unblock_trap_signals() {
  sigset_t ours;
  sigemptyset(&ours);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, kInterruptSignal}) sigaddset(&ours, signal);
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

/// The thread that forks goes on in the child under another id.
void watch_forks() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, [] {
    pthread_atfork(nullptr, nullptr, [] {
      const auto id = static_cast<uint32_t>(gettid());
      if (t_stack.thread_id != 0) t_stack.thread_id = id;
      if (t_plain_stack.thread_id != 0) t_plain_stack.thread_id = id;
    });
  });
}

bool prepare_thread() {
  ThreadStack found;
  if (!find_stack_bounds(found) || !install_alternate_stack()) return false;
  unblock_trap_signals();
  found.thread_id = static_cast<uint32_t>(gettid());
  watch_forks();
  t_stack = found;
  return true;
}

uintptr_t stack_limit(const ThreadStack& stack, const StoreContext* context, uintptr_t rsp) {
  const bool own = stack.contains(rsp);
  uintptr_t limit = rsp > context->max_wasm_stack_bytes ? rsp - context->max_wasm_stack_bytes : 1;
  if (own) limit = std::max(limit, stack.floor);
  const uintptr_t outer = reinterpret_cast<const EntryFrame*>(rsp)->outer_rsp;
  if (outer == 0) return limit;
  // Nested. On one stack the outer entry's limit holds for both. Stacks other than the thread's own
  // are told apart by distance: each must have room for max_wasm_stack and the headroom.
  const bool same_stack =
      own ? stack.contains(outer)
          : !stack.contains(outer) && outer >= rsp &&
                outer - rsp <= context->max_wasm_stack_bytes + kLeastHeadroomBytes;
  return same_stack ? std::max(limit, context->stack_limit) : limit;
}

/// StubEnvironment::entry_stack_limit.
uintptr_t entry_stack_limit(StoreContext* context, uintptr_t rsp) {
  if (t_stack.room_bytes == 0 && !prepare_thread()) return 0;
  return stack_limit(t_stack, context, rsp);
}

/// The same for engines that take no signals.
uintptr_t plain_entry_stack_limit(StoreContext* context, uintptr_t rsp) {
  if (t_plain_stack.room_bytes == 0) {
    if (!find_stack_bounds(t_plain_stack)) return 0;
    t_plain_stack.thread_id = static_cast<uint32_t>(gettid());
    watch_forks();
  }
  return stack_limit(t_plain_stack, context, rsp);
}

ptrdiff_t offset_in_thread(const ThreadStack& stack) {
  return reinterpret_cast<const char*>(&stack) -
         static_cast<const char*>(__builtin_thread_pointer());
}

}  // namespace

uint32_t wasm_thread_id() { return std::max(t_stack.thread_id, t_plain_stack.thread_id); }

bool is_forked_from(uint32_t thread_id) {
  // The thread that forks is the child's first, and the only one whose guests go on.
  return fork_generation() != 0 && gettid() == getpid() && !thread_exists(thread_id);
}

StubEnvironment stub_environment(TrapSignals signals) {
  const bool taken = signals == TrapSignals::Taken;
  StubEnvironment environment;
  environment.thread_stack_offset = offset_in_thread(taken ? t_stack : t_plain_stack);
  environment.entry_stack_limit = taken ? &entry_stack_limit : &plain_entry_stack_limit;
  environment.exact_modes = !taken;
  environment.note_trap = &note_trap;
  return environment;
}

}  // namespace sluice

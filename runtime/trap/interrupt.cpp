#include "runtime/trap/interrupt.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/fork_mutex.h"
#include "engine/base/thread.h"

namespace sluice {

namespace {

using Clock = Watchdog::Clock;
using std::chrono::nanoseconds;

// A request is repeated after a millisecond, then after twice the time each time.
constexpr nanoseconds kFirstPause = std::chrono::milliseconds(1);
constexpr uint32_t kMostDoublings = 7;

// Its address tells our signals from others.
constexpr char kMark = 0;

/// Whether a guest is running, or was just now.
bool is_running(StoreContext& context) {
  return std::atomic_ref(context.entry_rsp).load(std::memory_order_relaxed) != 0;
}

void signal_guest(StoreContext& context) {
  const uint32_t thread = std::atomic_ref(context.thread_id).load(std::memory_order_relaxed);
  if (thread == 0 || context.takes_signals == 0 || !is_running(context)) return;
  siginfo_t info{};
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value.sival_ptr = const_cast<char*>(&kMark);
  const int saved_errno = errno;
  const auto send = [&info](long to) {
    return syscall(SYS_rt_tgsigqueueinfo, info.si_pid, to, kInterruptSignal, &info);
  };
  // The thread may be gone, or another by now: that one ignores it. In a child that was forked by a
  // host function the guest goes on in its first thread.
  if (send(thread) != 0 && errno == ESRCH) send(info.si_pid);
  errno = saved_errno;
}

void ring_descriptor(int fd) {
  const uint64_t one = 1;
  // Full is as good as rung.
  if (fd >= 0) static_cast<void>(!write(fd, &one, sizeof one));
}

void request(StoreContext& context) {
  std::atomic_ref(context.interrupt_requested).store(kInterruptRequest, std::memory_order_seq_cst);
  const int saved_errno = errno;
  std::atomic_ref(context.wait_bell).store(1, std::memory_order_seq_cst);
  syscall(SYS_futex, &context.wait_bell, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX);
  ring_descriptor(std::atomic_ref(context.wake_fd).load(std::memory_order_seq_cst));
  errno = saved_errno;
}

}  // namespace

void request_interrupt(StoreContext& context) {
  request(context);
  signal_guest(context);
}

bool take_interrupt(StoreContext& context) {
  return std::atomic_ref(context.interrupt_requested).exchange(0, std::memory_order_relaxed) != 0;
}

bool is_interrupt_requested(const StoreContext& context) {
  return __atomic_load_n(&context.interrupt_requested, __ATOMIC_SEQ_CST) != 0;
}

int interrupt_fd(StoreContext& context) {
  std::atomic_ref fd(context.wake_fd);
  int found = fd.load(std::memory_order_relaxed);
  if (found < 0) {
    found = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    fd.store(found, std::memory_order_seq_cst);
  } else if (uint64_t old = 0; !is_interrupt_requested(context)) {
    static_cast<void>(!read(found, &old, sizeof old));  // of a request that has been taken
  }
  // One that came before the store above, or before the read.
  if (is_interrupt_requested(context)) ring_descriptor(found);
  return found;
}

std::shared_ptr<StoreContext> new_store_context(TrapSignals signals) {
  struct Owned : StoreContext {
    Owned() = default;
    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;
    ~Owned() {
      if (wake_fd >= 0) close(wake_fd);
    }
  };
  std::shared_ptr<StoreContext> context = make_shared_heap<Owned>();
  context->takes_signals = signals == TrapSignals::Taken ? 1 : 0;
  return context;
}

bool thread_exists(uint32_t thread_id) {
  return syscall(SYS_tgkill, getpid(), thread_id, 0) == 0 || errno != ESRCH;
}

bool is_interrupt(const siginfo_t& info) {
  return info.si_code == SI_QUEUE && info.si_value.sival_ptr == &kMark;
}

struct Watchdog::Shared {
  struct Watched {
    std::weak_ptr<StoreContext> context;
    Clock::time_point deadline = Clock::time_point::max();
    Clock::time_point next = Clock::time_point::min();  // when to signal again
    uint32_t repeats = 0;                               // of the present request

    void forget_request() {
      next = Clock::time_point::min();
      repeats = 0;
    }
  };

  Shared() { sem_init(&changes, 0, 0); }
  ~Shared() { sem_destroy(&changes); }

  Watched& find(const std::shared_ptr<StoreContext>& context);
  Clock::time_point tend(Watched& watched, StoreContext& context, Clock::time_point now);
  Clock::time_point tend_all(bool is_news);
  bool wait_until(Clock::time_point time);

  ForkMutex mutex{LockRank::Leaf};
  Vector<Watched> contexts;  // guarded by mutex, as is:
  bool stopping = false;
  sem_t changes;  // something new to look at
};

struct Watchdog::SharedRef : Allocated {
  explicit SharedRef(std::shared_ptr<Shared> s) : shared(std::move(s)) {}
  std::shared_ptr<Shared> shared;
};

Watchdog::Shared::Watched& Watchdog::Shared::find(const std::shared_ptr<StoreContext>& context) {
  std::erase_if(contexts, [](const Watched& w) { return w.context.expired(); });
  for (Watched& w : contexts) {
    if (!w.context.owner_before(context) && !context.owner_before(w.context)) return w;
  }
  contexts.push_back({.context = context});
  return contexts.back();
}

/// Does what is due, and says when to look again.
Clock::time_point Watchdog::Shared::tend(Watched& watched, StoreContext& context,
                                         Clock::time_point now) {
  if (now >= watched.deadline) {
    watched.deadline = Clock::time_point::max();
    request(context);
  }
  if (!is_interrupt_requested(context)) {
    watched.forget_request();
    return watched.deadline;
  }
  if (now >= watched.next) {
    signal_guest(context);
    watched.next = now + kFirstPause * (1u << watched.repeats);
    watched.repeats = std::min(watched.repeats + 1, kMostDoublings);
  }
  // Whoever enters later than this sees the flag.
  const bool nobody_there = watched.repeats == kMostDoublings && !is_running(context);
  return nobody_there ? watched.deadline : std::min(watched.next, watched.deadline);
}

/// `is_news`: there is a request that may be new, so the pauses start over.
Clock::time_point Watchdog::Shared::tend_all(bool is_news) {
  const Clock::time_point now = Clock::now();
  Clock::time_point next = Clock::time_point::max();
  for (Watched& w : contexts) {
    if (is_news) w.forget_request();
    if (const std::shared_ptr<StoreContext> context = w.context.lock()) {
      next = std::min(next, tend(w, *context, now));
    }
  }
  return next;
}

/// True: woken.
bool Watchdog::Shared::wait_until(Clock::time_point time) {
  if (time == Clock::time_point::max()) return sem_wait(&changes) == 0;
  // The steady clock is CLOCK_MONOTONIC.
  const int64_t ns = std::chrono::duration_cast<nanoseconds>(time.time_since_epoch()).count();
  const timespec until{static_cast<time_t>(ns / 1'000'000'000),
                       static_cast<long>(ns % 1'000'000'000)};
  return sem_clockwait(&changes, CLOCK_MONOTONIC, &until) == 0;
}

Watchdog::Watchdog() : shared_(make_shared_heap<Shared>()) {}

Watchdog::~Watchdog() {
  if (!has_thread_) return;
  {
    const std::lock_guard<ForkMutex> hold(shared_->mutex);
    shared_->stopping = true;
  }
  wake();
  // In a child the parent's thread does not exist.
  if (generation_ == fork_generation()) pthread_join(thread_, nullptr);
}

void Watchdog::wake() const { sem_post(&shared_->changes); }

/// Wants the mutex held. Without a thread requests are made once, and deadlines never.
void Watchdog::ensure_thread() {
  constexpr size_t kStackBytes = size_t{64} << 10;
  if (has_thread_ && generation_ == fork_generation()) return;
  auto* ref = new SharedRef(shared_);
  generation_ = fork_generation();
  const std::optional<pthread_t> started = start_quiet_thread(kStackBytes, &work, ref);
  has_thread_ = started.has_value();
  if (has_thread_) {
    thread_ = *started;
  } else {
    delete ref;
  }
}

void Watchdog::watch(const std::shared_ptr<StoreContext>& context) {
  const std::lock_guard<ForkMutex> hold(shared_->mutex);
  shared_->find(context);
  ensure_thread();
}

void Watchdog::set_deadline(const std::shared_ptr<StoreContext>& context,
                            Clock::time_point deadline) {
  {
    const std::lock_guard<ForkMutex> hold(shared_->mutex);
    shared_->find(context).deadline = deadline;
    if (deadline != Clock::time_point::max()) ensure_thread();
  }
  wake();
}

void* Watchdog::work(void* argument) {
  const std::unique_ptr<SharedRef> ref(static_cast<SharedRef*>(argument));
  Shared& shared = *ref->shared;
  for (bool is_news = true;;) {
    Clock::time_point next;
    {
      const std::lock_guard<ForkMutex> hold(shared.mutex);
      if (shared.stopping) return nullptr;
      next = shared.tend_all(is_news);
    }
    is_news = shared.wait_until(next);
  }
}

}  // namespace sluice

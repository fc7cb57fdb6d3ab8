// One queue behind one lock, and a counter that idle threads wait on.
//
// The counter is an atomic and no condition variable: waiters that a fork leaves behind in the
// parent mean nothing to it, so the child can use and destroy it. Threads hold the shared part
// alive; the pool's own handles are only good in the process that made them.
#include "jit/pipeline/worker_pool.h"

#include <mutex>
#include <optional>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/thread.h"

namespace sluice {

struct WorkerPool::Shared {
  ForkMutex mutex{LockRank::Pool};
  // All of this is guarded by mutex.
  Deque<std::shared_ptr<Task>> queue;
  Deque<std::shared_ptr<Task>> background;
  uint32_t background_running = 0;
  uint32_t most_background = 1;
  bool stopping = false;
  std::unique_ptr<WorkerScratch> idle_scratch;
  // Bumped with every change of the above; idle threads wait for it to change.
  std::atomic<uint32_t> changes{0};

  std::shared_ptr<Task> take(bool& is_background);
};

/// The next task to run, if there is one. Wants the mutex held.
std::shared_ptr<Task> WorkerPool::Shared::take(bool& is_background) {
  is_background = queue.empty();
  if (is_background && (background.empty() || background_running == most_background)) return {};
  Deque<std::shared_ptr<Task>>& from = is_background ? background : queue;
  std::shared_ptr<Task> task = std::move(from.front());
  from.pop_front();
  if (is_background) ++background_running;
  return task;
}

/// A thread's own reference, handed over through pthread_create.
struct WorkerPool::SharedRef : Allocated {
  explicit SharedRef(std::shared_ptr<Shared> s) : shared(std::move(s)) {}
  std::shared_ptr<Shared> shared;
};

WorkerPool::WorkerPool(uint32_t threads)
    : thread_count_(threads), shared_(make_shared_heap<Shared>()) {
  if (threads > 1) shared_->most_background = threads - 1;
}

WorkerPool::~WorkerPool() {
  // Destroyed without the lock: a task may own locks, and those must not die under another one.
  Deque<std::shared_ptr<Task>> dropped;
  Deque<std::shared_ptr<Task>> dropped_background;
  {
    std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    dropped.swap(shared_->queue);
    dropped_background.swap(shared_->background);
    shared_->changes.fetch_add(1, std::memory_order_release);
  }
  shared_->changes.notify_all();
  // In a child the parent's threads do not exist; nothing may be done with their handles.
  if (generation_ != fork_generation()) return;
  for (pthread_t thread : running_) pthread_join(thread, nullptr);
}

namespace {

constexpr size_t kStackBytes = size_t{2} << 20;

}  // namespace

void WorkerPool::start_threads() {
  running_.clear();
  generation_ = fork_generation();
  shared_->background_running = 0;  // those of a parent do not run here
  for (uint32_t i = 0; i < thread_count_; ++i) {
    auto* shared = new SharedRef(shared_);
    if (const std::optional<pthread_t> thread = start_quiet_thread(kStackBytes, work, shared)) {
      running_.push_back(*thread);
    } else {
      delete shared;  // fewer threads, or none: whoever waits for the tasks does them then
      return;
    }
  }
}

void WorkerPool::submit(std::shared_ptr<Task> task, Urgency urgency) {
  DCHECK(thread_count_ > 0, "a pool without threads");
  {
    std::lock_guard lock(shared_->mutex);
    if (shared_->stopping) return;
    if (running_.empty() || generation_ != fork_generation()) start_threads();
    const bool is_background = urgency == Urgency::Background;
    (is_background ? shared_->background : shared_->queue).push_back(std::move(task));
    shared_->changes.fetch_add(1, std::memory_order_release);
  }
  shared_->changes.notify_one();
}

std::unique_ptr<WorkerScratch> WorkerPool::take_scratch() {
  std::lock_guard lock(shared_->mutex);
  return std::move(shared_->idle_scratch);
}

void WorkerPool::put_scratch_back(std::unique_ptr<WorkerScratch> scratch) {
  std::lock_guard lock(shared_->mutex);
  shared_->idle_scratch.swap(scratch);
}

void* WorkerPool::work(void* argument) {
  std::unique_ptr<SharedRef> ref(static_cast<SharedRef*>(argument));
  Shared& shared = *ref->shared;
  std::unique_ptr<WorkerScratch> scratch;
  for (;;) {
    uint32_t seen = shared.changes.load(std::memory_order_acquire);
    bool is_background = false;
    std::shared_ptr<Task> task;
    {
      std::lock_guard lock(shared.mutex);
      if (shared.stopping) return nullptr;
      task = shared.take(is_background);
    }
    if (task == nullptr) {
      shared.changes.wait(seen, std::memory_order_acquire);
      continue;
    }
    task->run(scratch);
    task.reset();
    if (is_background) {
      // This thread looks for the next one itself, so nobody need be woken.
      std::lock_guard lock(shared.mutex);
      --shared.background_running;
    }
  }
}

}  // namespace sluice

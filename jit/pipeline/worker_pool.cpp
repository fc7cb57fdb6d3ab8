#include "jit/pipeline/worker_pool.h"

#include <mutex>
#include <new>
#include <utility>

#include "engine/base/check.h"

namespace sluice {

struct WorkerPool::Shared {
  ForkMutex mutex{LockRank::Pool};
  Deque<std::shared_ptr<Task>> queue;  // guarded by mutex
  bool stopping = false;               // guarded by mutex
  // Bumped with every change of the above; idle threads wait for it to change.
  std::atomic<uint32_t> changes{0};
};

WorkerPool::WorkerPool(uint32_t threads)
    : thread_count_(threads), shared_(make_shared_heap<Shared>()) {}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    shared_->queue.clear();
    shared_->changes.fetch_add(1, std::memory_order_release);
  }
  shared_->changes.notify_all();
  if (generation_ != fork_generation()) forget_threads();
  for (std::thread& thread : running_) thread.join();
}

void WorkerPool::forget_threads() {
  // In a child the parent's threads do not exist, and the C library may have given their descriptors
  // to others: neither join nor detach may touch them. The handles are abandoned instead.
  for (std::thread& thread : running_) {
    new (heap_allocate(sizeof(std::thread), alignof(std::thread))) std::thread(std::move(thread));
  }
  running_.clear();
}

void WorkerPool::start_threads() {
  forget_threads();
  generation_ = fork_generation();
  for (uint32_t i = 0; i < thread_count_; ++i) {
    running_.emplace_back([shared = shared_] { work(*shared); });
  }
}

void WorkerPool::submit(std::shared_ptr<Task> task) {
  DCHECK(thread_count_ > 0, "a pool without threads");
  {
    std::lock_guard lock(shared_->mutex);
    if (running_.empty() || generation_ != fork_generation()) start_threads();
    shared_->queue.push_back(std::move(task));
    shared_->changes.fetch_add(1, std::memory_order_release);
  }
  shared_->changes.notify_one();
}

void WorkerPool::work(Shared& shared) {
  std::unique_ptr<WorkerScratch> scratch;
  for (;;) {
    uint32_t seen = shared.changes.load(std::memory_order_acquire);
    std::shared_ptr<Task> task;
    {
      std::lock_guard lock(shared.mutex);
      if (shared.stopping) return;
      if (!shared.queue.empty()) {
        task = std::move(shared.queue.front());
        shared.queue.pop_front();
      }
    }
    if (task == nullptr) {
      shared.changes.wait(seen, std::memory_order_acquire);
    } else {
      task->run(scratch);
    }
  }
}

}  // namespace sluice

// WorkerPool: an engine's compile threads, and the queues of tasks they take from.
//
// Somebody waits for urgent tasks; nobody does for background tasks, so these are run only when no
// urgent one is queued, and by all threads but one: a program that has been made runnable gets a
// processor.
// Tasks are small and never wait for one another. Threads start with the first task and are started
// anew in a child after a fork, where the parent's are gone; tasks they were running there are
// their submitter's to notice (see CompileQueue). Tasks still queued are run by the new threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <pthread.h>

#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"

namespace sluice {

/// What one thread keeps between tasks so that compiling allocates nothing; made by the first user.
class WorkerScratch : public Allocated {
 public:
  virtual ~WorkerScratch() = default;
};

/// Work for the pool. Shared, because a task may still be queued when its submitter has gone.
class Task : public Allocated {
 public:
  virtual ~Task() = default;
  /// Runs on a worker thread. `scratch` belongs to that thread and is null at its first task.
  virtual void run(std::unique_ptr<WorkerScratch>& scratch) = 0;
};

enum class Urgency : uint8_t { Urgent, Background };

/// Thread-safe. Destruction drops the queued tasks, finishes the running ones and joins the
/// threads: afterwards nothing of theirs is alive. So a task must not own its pool.
class WorkerPool : public Allocated {
 public:
  /// `threads` may be 0: then there is nobody to run tasks, and submit() must not be called.
  explicit WorkerPool(uint32_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  uint32_t threads() const { return thread_count_; }
  /// A task may submit others. Dropped if the pool is being destroyed.
  void submit(std::shared_ptr<Task> task, Urgency urgency = Urgency::Urgent);

  /// What a thread that isn't the pool's does the same work with: what the last such thread has put
  /// back, or null. One is kept.
  std::unique_ptr<WorkerScratch> take_scratch();
  void put_scratch_back(std::unique_ptr<WorkerScratch> scratch);

 private:
  /// What the threads share; each keeps it alive.
  struct Shared;
  struct SharedRef;
  static void* work(void* shared);
  void start_threads();  // with the mutex held

  const uint32_t thread_count_;
  std::shared_ptr<Shared> shared_;
  Vector<pthread_t> running_;
  uint32_t generation_ = 0;  // fork_generation() when running_ was started; guarded by the mutex
};

}  // namespace sluice

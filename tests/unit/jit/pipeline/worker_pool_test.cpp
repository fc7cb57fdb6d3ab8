// Tasks run once each, on threads that survive forks and the pool's end.
#include <atomic>
#include <chrono>
#include <csignal>
#include <gtest/gtest.h>
#include <memory>
#include <sched.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "jit/pipeline/worker_pool.h"
#include "tests/support/fork.h"

namespace sluice {
namespace {

// Counts itself, and optionally waits until it may go on.
class Counting final : public Task {
 public:
  explicit Counting(std::atomic<int>& count, std::atomic<bool>* gate = nullptr)
      : count_(count), gate_(gate) {}
  void run(std::unique_ptr<WorkerScratch>&) override {
    while (gate_ != nullptr && !gate_->load()) ::sched_yield();
    count_.fetch_add(1);
  }

 private:
  std::atomic<int>& count_;
  std::atomic<bool>* gate_;
};

bool reaches(const std::atomic<int>& count, int wanted) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (count.load() < wanted) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::sched_yield();
  }
  return count.load() == wanted;
}

TEST(WorkerPool, RunsEveryTaskOnce) {
  std::atomic<int> count{0};
  WorkerPool pool(3);
  for (int i = 0; i < 5000; ++i) pool.submit(make_shared_heap<Counting>(count));
  EXPECT_TRUE(reaches(count, 5000));
}

TEST(WorkerPool, SeveralThreadsSubmit) {
  std::atomic<int> count{0};
  WorkerPool pool(2);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) pool.submit(make_shared_heap<Counting>(count));
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_TRUE(reaches(count, 2000));
}

TEST(WorkerPool, ScratchIsKeptPerThread) {
  static std::atomic<int> made{0}, destroyed{0};
  struct Scratch final : WorkerScratch {
    Scratch() { made.fetch_add(1); }
    ~Scratch() override { destroyed.fetch_add(1); }
  };
  class Using final : public Task {
   public:
    explicit Using(std::atomic<int>& count) : count_(count) {}
    void run(std::unique_ptr<WorkerScratch>& scratch) override {
      if (scratch == nullptr) scratch.reset(new Scratch);
      count_.fetch_add(1);
    }

   private:
    std::atomic<int>& count_;
  };
  std::atomic<int> count{0};
  made = destroyed = 0;
  {
    WorkerPool pool(2);
    for (int i = 0; i < 1000; ++i) pool.submit(make_shared_heap<Using>(count));
    EXPECT_TRUE(reaches(count, 1000));
    EXPECT_LE(made.load(), 2);
    EXPECT_GE(made.load(), 1);
  }
  EXPECT_EQ(made.load(), destroyed.load());
}

TEST(WorkerPool, OneScratchIsKeptForOtherThreads) {
  struct Scratch final : WorkerScratch {
    explicit Scratch(int& alive_) : alive(alive_) { ++alive; }
    ~Scratch() override { --alive; }
    int& alive;
  };
  int alive = 0;
  {
    WorkerPool pool(0);
    EXPECT_EQ(pool.take_scratch(), nullptr);
    auto first = std::make_unique<Scratch>(alive);
    const WorkerScratch* const kept = first.get();
    pool.put_scratch_back(std::make_unique<Scratch>(alive));
    pool.put_scratch_back(std::move(first));
    EXPECT_EQ(alive, 1);
    auto taken = pool.take_scratch();
    EXPECT_EQ(taken.get(), kept);
    EXPECT_EQ(pool.take_scratch(), nullptr);
    pool.put_scratch_back(std::move(taken));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

// The tasks being run are finished, the queued ones dropped, their memory released.
TEST(WorkerPool, DestructionDropsWhatIsQueued) {
  std::atomic<int> count{0};
  std::atomic<bool> gate{false};
  std::vector<std::weak_ptr<Task>> tasks;
  std::thread opener;
  {
    WorkerPool pool(1);
    for (int i = 0; i < 100; ++i) {
      auto task = make_shared_heap<Counting>(count, &gate);
      tasks.push_back(task);
      pool.submit(std::move(task));
    }
    opener = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      gate.store(true);
    });
  }
  opener.join();
  for (const auto& task : tasks) EXPECT_TRUE(task.expired());
  EXPECT_LE(count.load(), 100);
}

TEST(WorkerPool, AnUnusedPoolHasNoThreads) {
  const WorkerPool none(0), some(4);
  EXPECT_EQ(none.threads(), 0u);
  EXPECT_EQ(some.threads(), 4u);
}

// A child has none of its parent's threads; the next task starts new ones, which also run what
// was queued at the fork. The parent's go on.
TEST(WorkerPool, ChildAndParentBothGoOn) {
  SKIP_IF_SANITIZER_CANNOT_FORK();
  std::atomic<int> count{0};
  auto pool = std::make_unique<WorkerPool>(2);
  for (int i = 0; i < 100; ++i) pool->submit(make_shared_heap<Counting>(count));
  ASSERT_TRUE(reaches(count, 100));
  for (int round = 0; round < 10; ++round) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::alarm(20);
      std::atomic<int> mine{0};
      for (int i = 0; i < 100; ++i) pool->submit(make_shared_heap<Counting>(mine));
      const bool good = reaches(mine, 100);
      pool.reset();  // joins the child's threads, and doesn't wait for the parent's
      ::_exit(good ? 0 : 1);
    }
    EXPECT_EQ(test::wait_for(pid), 0);
  }
  for (int i = 0; i < 100; ++i) pool->submit(make_shared_heap<Counting>(count));
  EXPECT_TRUE(reaches(count, 200));
}

TEST(WorkerPool, ForkWhileTasksRun) {
  SKIP_IF_SANITIZER_CANNOT_FORK();
  std::atomic<int> count{0};
  std::atomic<bool> stop{false};
  WorkerPool pool(2);
  std::thread feeder([&] {
    // Not so many that a child, which has to run what is queued, would need long.
    for (int submitted = 0; !stop.load(); ::sched_yield()) {
      if (submitted - count.load() > 1000) continue;
      pool.submit(make_shared_heap<Counting>(count));
      ++submitted;
    }
  });
  for (int round = 0; round < 20; ++round) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::alarm(20);
      std::atomic<int> mine{0};
      for (int i = 0; i < 20; ++i) pool.submit(make_shared_heap<Counting>(mine));
      ::_exit(reaches(mine, 20) ? 0 : 1);
    }
    EXPECT_EQ(test::wait_for(pid), 0);
  }
  stop.store(true);
  feeder.join();
}

/// Notes which signals its thread takes.
class Masks final : public Task {
 public:
  explicit Masks(std::atomic<int>& done) : done_(done) {}
  void run(std::unique_ptr<WorkerScratch>&) override {
    pthread_sigmask(SIG_BLOCK, nullptr, &mask);
    done_.fetch_add(1);
  }
  sigset_t mask;

 private:
  std::atomic<int>& done_;
};

TEST(WorkerPool, LeavesSignalsToTheEmbeddersThreads) {
  std::atomic<int> done{0};
  sigset_t before;
  sigset_t after;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  WorkerPool pool(1);
  const auto task = make_shared_heap<Masks>(done);
  pool.submit(task);
  ASSERT_TRUE(reaches(done, 1));
  for (const int theirs : {SIGINT, SIGALRM, SIGCHLD, SIGUSR1, SIGPROF}) {
    EXPECT_EQ(sigismember(&task->mask, theirs), 1) << theirs;
  }
  EXPECT_EQ(sigismember(&task->mask, SIGSEGV), 0) << "a crash is seen by who looks for crashes";
  pthread_sigmask(SIG_BLOCK, nullptr, &after);
  for (int s = 1; s < 32; ++s) EXPECT_EQ(sigismember(&before, s), sigismember(&after, s)) << s;
}

}  // namespace
}  // namespace sluice

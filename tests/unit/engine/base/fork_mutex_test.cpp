// Locks that other threads hold at the moment of a fork are free in the child.
#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "engine/base/fork_mutex.h"
#include "tests/support/fork.h"

namespace sluice {
namespace {

// Runs `child` in a forked process and returns whether it said yes within the alarm's time.
template <class Child>
bool in_child(Child child) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(20);  // a deadlock ends in a signal, not in a hang
    ::_exit(child() ? 0 : 1);
  }
  return test::wait_for(pid) == 0;
}

TEST(ForkMutex, ChildCanLockWhatOthersHeld) {
  ForkMutex outer(LockRank::Stream), inner(LockRank::Registry);
  int64_t guarded = 0;  // even unless somebody is inside
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop.load()) {
        const std::lock_guard<ForkMutex> a(outer);
        const std::lock_guard<ForkMutex> b(inner);
        ++guarded;
        std::this_thread::yield();
        ++guarded;
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(in_child([&] {
      const std::lock_guard<ForkMutex> a(outer);
      const std::lock_guard<ForkMutex> b(inner);
      return guarded % 2 == 0;
    }));
  }
  stop.store(true);
  for (std::thread& t : threads) t.join();
}

TEST(ForkMutex, GenerationCountsForks) {
  const uint32_t here = fork_generation();
  EXPECT_TRUE(in_child([&] {
    return fork_generation() == here + 1 && in_child([&] { return fork_generation() == here + 2; });
  }));
  EXPECT_EQ(fork_generation(), here);
}

TEST(ForkMutex, MayBeMadeAndDestroyedWhileForking) {
  std::atomic<bool> stop{false};
  std::thread maker([&] {
    while (!stop.load()) {
      ForkMutex a(LockRank::Leaf), b(LockRank::Stream), c(LockRank::Leaf);
      const std::lock_guard<ForkMutex> hold(b);
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(in_child([] {
      ForkMutex mine(LockRank::Leaf);
      const std::lock_guard<ForkMutex> hold(mine);
      return true;
    }));
  }
  stop.store(true);
  maker.join();
}

}  // namespace
}  // namespace sluice

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "runtime/store/parking_lot.h"
#include "runtime/trap/interrupt.h"
#include "tests/support/fork.h"

namespace sluice {
namespace {

constexpr int64_t kNever = -1;
constexpr uint32_t kAll = ~uint32_t{0};

/// Waits on behalf of a store of which nobody asks anything.
template <class T>
WaitResult wait(ParkingLot& lot, const T* address, T expected, int64_t timeout_ns) {
  StoreContext quiet;
  return lot.wait(address, expected, timeout_ns, quiet);
}

/// Notifies until so many have woken: those that are to be woken may not be waiting yet.
void wake(ParkingLot& lot, const void* address, uint32_t count) {
  while (count > 0) {
    count -= lot.notify(address, count);
    std::this_thread::yield();
  }
}

TEST(ParkingLot, ComparesBeforeItWaits) {
  ParkingLot lot;
  const uint32_t word = 7;
  const uint64_t wide = uint64_t{7} << 32;
  EXPECT_EQ(wait(lot, &word, 8u, kNever), WaitResult::NotEqual);
  EXPECT_EQ(wait(lot, &wide, uint64_t{0}, kNever), WaitResult::NotEqual);
  EXPECT_EQ(lot.notify(&word, kAll), 0u);
}

TEST(ParkingLot, TimesOut) {
  ParkingLot lot;
  const uint32_t word = 7;
  EXPECT_EQ(wait(lot, &word, 7u, 0), WaitResult::TimedOut);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(wait(lot, &word, 7u, 3'000'000), WaitResult::TimedOut);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(3));
  // Who has given up is not counted.
  EXPECT_EQ(lot.notify(&word, kAll), 0u);
}

TEST(ParkingLot, TheLongestTimeoutIsNone) {
  ParkingLot lot;
  const uint32_t word = 7;
  std::thread waiter([&] { EXPECT_EQ(wait(lot, &word, 7u, INT64_MAX), WaitResult::Woken); });
  wake(lot, &word, 1);
  waiter.join();
}

TEST(ParkingLot, WakesThoseOfOneAddressInOrderAndNoMoreThanAsked) {
  ParkingLot lot;
  // More addresses than there are queues.
  std::vector<uint32_t> words(100, 0);
  std::atomic<int> woken = 0;
  std::vector<std::thread> threads;
  for (uint32_t& word : words) {
    threads.emplace_back([&] {
      EXPECT_EQ(wait(lot, &word, 0u, kNever), WaitResult::Woken);
      ++woken;
    });
  }
  for (size_t i = 0; i < words.size(); ++i) {
    EXPECT_EQ(lot.notify(&words[i], 0), 0u);
    wake(lot, &words[i], 1);
    threads[i].join();
    EXPECT_EQ(woken, static_cast<int>(i + 1));
  }
}

// A wake-up that is lost leaves a thread waiting for ever: the test would not end.
TEST(ParkingLot, NoWakeUpIsLost) {
  constexpr uint32_t kThreads = 64, kRing = 4;
  constexpr uint32_t kRounds = 1000;
  ParkingLot lot;
  // In each ring, a thread's turn comes when the word is its number.
  std::vector<uint32_t> words(kThreads / kRing, 0);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      uint32_t& word = words[i / kRing];
      for (uint32_t round = 0; round < kRounds; ++round) {
        for (;;) {
          const uint32_t now = __atomic_load_n(&word, __ATOMIC_SEQ_CST);
          if (now == i % kRing) break;
          EXPECT_NE(wait(lot, &word, now, kNever), WaitResult::TimedOut);
        }
        __atomic_store_n(&word, (i + 1) % kRing, __ATOMIC_SEQ_CST);
        lot.notify(&word, kAll);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  for (const uint32_t word : words) EXPECT_EQ(word, 0u);
}

TEST(ParkingLot, AnInterruptEndsTheWait) {
  ParkingLot lot;
  const uint32_t word = 7;
  for (int round = 0; round < 200; ++round) {
    StoreContext context;
    std::thread waiter(
        [&] { EXPECT_EQ(lot.wait(&word, 7u, kNever, context), WaitResult::Interrupted); });
    if (round % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(10 * round));
    request_interrupt(context);
    waiter.join();
    EXPECT_EQ(lot.notify(&word, kAll), 0u);
  }
}

TEST(ParkingLot, AChildKnowsNothingOfItsParentsThreads) {
  SKIP_IF_SANITIZER_CANNOT_FORK();
  ParkingLot lot;
  const uint32_t word = 7;
  std::thread waiter([&] { EXPECT_EQ(wait(lot, &word, 7u, kNever), WaitResult::Woken); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const pid_t child = fork();
  if (child == 0) {
    const bool is_empty = lot.notify(&word, kAll) == 0;
    const bool times_out = wait(lot, &word, 7u, 1000) == WaitResult::TimedOut;
    _exit(is_empty && times_out ? 0 : 1);
  }
  EXPECT_EQ(test::wait_for(child), 0);
  wake(lot, &word, 1);
  waiter.join();
}

}  // namespace
}  // namespace sluice

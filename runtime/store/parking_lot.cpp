#include "runtime/store/parking_lot.h"

#include <cerrno>
#include <ctime>
#include <linux/futex.h>
#include <mutex>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/trap/guarded_copy.h"

namespace sluice {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

timespec time_after(int64_t timeout_ns) {
  timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += timeout_ns / kSecond;
  at.tv_nsec += timeout_ns % kSecond;
  if (at.tv_nsec >= kSecond) {
    at.tv_nsec -= kSecond;
    ++at.tv_sec;
  }
  return at;
}

/// Sleeps while *word is 0, until that time; false if it came.
bool futex_wait(uint32_t* word, const timespec* until) {
  const long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, until,
                              nullptr, FUTEX_BITSET_MATCH_ANY);
  return result == 0 || errno != ETIMEDOUT;
}

void ring(uint32_t* word) {
  __atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

}  // namespace

ParkingLot::Shard& ParkingLot::shard_of(const void* address) {
  const uint64_t hash = (reinterpret_cast<uintptr_t>(address) >> 2) * 0x9e37'79b9'7f4a'7c15u;
  static_assert((kShards & (kShards - 1)) == 0);
  return shards_[(hash >> 32) & (kShards - 1)];
}

void ParkingLot::forget_other_process(Shard& shard) {
  if (shard.generation == fork_generation()) return;
  shard.first = shard.last = nullptr;
  shard.generation = fork_generation();
}

void ParkingLot::append(Shard& shard, Waiter& waiter) {
  waiter.previous = shard.last;
  (shard.last == nullptr ? shard.first : shard.last->next) = &waiter;
  shard.last = &waiter;
}

void ParkingLot::remove(Shard& shard, Waiter& waiter) {
  (waiter.previous == nullptr ? shard.first : waiter.previous->next) = waiter.next;
  (waiter.next == nullptr ? shard.last : waiter.next->previous) = waiter.previous;
}

template <class T>
WaitResult ParkingLot::wait_at(const T* address, T expected, int64_t timeout_ns,
                               StoreContext& context, const MemoryData* memory) {
  Shard& shard = shard_of(address);
  Waiter waiter{.address = address, .bell = &context.wait_bell};
  {
    const std::lock_guard<ForkMutex> lock(shard.mutex);
    forget_other_process(shard);
    T found;
    static_assert(sizeof found == 4 || sizeof found == 8, "one access");
    if (guarded_copy(&found, nullptr, address, memory, sizeof found) != TrapCode::None) {
      return WaitResult::PageLost;
    }
    if (found != expected) return WaitResult::NotEqual;
    append(shard, waiter);
  }
  return sleep(shard, waiter, timeout_ns, context);
}

WaitResult ParkingLot::wait(const uint32_t* address, uint32_t expected, int64_t timeout_ns,
                            StoreContext& context, const MemoryData* memory) {
  return wait_at(address, expected, timeout_ns, context, memory);
}

WaitResult ParkingLot::wait(const uint64_t* address, uint64_t expected, int64_t timeout_ns,
                            StoreContext& context, const MemoryData* memory) {
  return wait_at(address, expected, timeout_ns, context, memory);
}

WaitResult ParkingLot::sleep(Shard& shard, Waiter& waiter, int64_t timeout_ns,
                             StoreContext& context) {
  timespec until{};
  if (timeout_ns >= 0) until = time_after(timeout_ns);
  WaitResult result = WaitResult::Woken;
  for (;;) {
    // Whoever changes what is looked at below rings afterwards, and so is heard.
    __atomic_store_n(waiter.bell, 0, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&waiter.is_woken, __ATOMIC_SEQ_CST) != 0) break;
    if (__atomic_load_n(&context.interrupt_requested, __ATOMIC_SEQ_CST) != 0) {
      result = WaitResult::Interrupted;
      break;
    }
    if (!futex_wait(waiter.bell, timeout_ns >= 0 ? &until : nullptr)) {
      result = WaitResult::TimedOut;
      break;
    }
  }
  const std::lock_guard<ForkMutex> lock(shard.mutex);
  // Woken at the last moment: a notifier has counted this thread.
  if (waiter.is_woken != 0) return WaitResult::Woken;
  remove(shard, waiter);
  return result;
}

uint32_t ParkingLot::notify(const void* address, uint32_t count) {
  Shard& shard = shard_of(address);
  const std::lock_guard<ForkMutex> lock(shard.mutex);
  forget_other_process(shard);
  uint32_t woken = 0;
  for (Waiter* each = shard.first; each != nullptr && woken < count;) {
    Waiter& waiter = *each;
    each = each->next;
    if (waiter.address != address) continue;
    remove(shard, waiter);
    __atomic_store_n(&waiter.is_woken, 1, __ATOMIC_SEQ_CST);
    ring(waiter.bell);
    ++woken;
  }
  return woken;
}

}  // namespace sluice

// ParkingLot: where threads wait for others at addresses of shared memories (memory.atomic.wait and
// notify, and the host's calls of the same).
//
// A thread compares the memory with what it expects and joins the queue under one lock, which a
// notifier takes too: who stores first and notifies then is never missed. Queues are shared by the
// addresses of a shard; a waiter lives on its thread's stack and leaves only with the shard's lock,
// so nobody else ever sees it gone. Sleeping is the kernel's (futex). Whether an address may be
// waited at is the caller's to check.
#pragma once

#include <cstdint>

#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"
#include "jit/abi/instance_layout.h"

namespace sluice {

/// The first three are what memory.atomic.wait gives. PageLost: the word cannot be read (see
/// Memory::map_file).
enum class WaitResult : uint32_t { Woken, NotEqual, TimedOut, Interrupted, PageLost };

class ParkingLot : public Allocated {
 public:
  /// Waits until notified, unless `*address` is not `expected` now. A negative timeout is none. An
  /// interrupt of the store, whose only thread is the caller, ends it too. `memory` is where the
  /// word lies, null if that is not a guest's.
  WaitResult wait(const uint32_t* address, uint32_t expected, int64_t timeout_ns,
                  StoreContext& context, const MemoryData* memory = nullptr);
  WaitResult wait(const uint64_t* address, uint64_t expected, int64_t timeout_ns,
                  StoreContext& context, const MemoryData* memory = nullptr);
  /// Wakes up to `count` threads that wait at the address, those first that came first. Returns how
  /// many.
  uint32_t notify(const void* address, uint32_t count);

 private:
  struct Waiter {
    const void* address;
    Waiter* next = nullptr;
    Waiter* previous = nullptr;
    uint32_t* bell;  // what the kernel watches, 0 while its thread sleeps
    uint32_t is_woken = 0;
  };
  struct Shard {
    ForkMutex mutex{LockRank::Leaf};
    Waiter* first = nullptr;
    Waiter* last = nullptr;
    uint32_t generation = 0;  // of forks: in a child the waiting threads are gone
  };
  static constexpr uint32_t kShards = 32;

  template <class T>
  WaitResult wait_at(const T* address, T expected, int64_t timeout_ns, StoreContext& context,
                     const MemoryData* memory);
  Shard& shard_of(const void* address);
  static void forget_other_process(Shard& shard);
  static void append(Shard& shard, Waiter& waiter);
  static void remove(Shard& shard, Waiter& waiter);
  static WaitResult sleep(Shard& shard, Waiter& waiter, int64_t timeout_ns, StoreContext& context);

  Shard shards_[kShards];
};

}  // namespace sluice

// ForkMutex: a mutex that a fork leaves usable in parent and child.
//
// fork copies only the calling thread, so a lock that another thread holds would stay locked in the
// child for ever, and what it protects might be half changed. Before a fork every ForkMutex of the
// process is therefore taken, in the order of ranks, and given back on both sides afterwards. Rule
// for callers: while holding one, take only others of a higher rank, and wait for nothing else.
#pragma once

#include <cstdint>
#include <mutex>

namespace sluice {

/// Ascending order of nesting; locks of one rank never nest.
enum class LockRank : uint8_t { Stream, Pool, Module, Store, CodeMemory, Registry, Leaf };

/// Fulfils Lockable, for std::lock_guard and std::unique_lock.
class ForkMutex {
 public:
  explicit ForkMutex(LockRank rank);
  ForkMutex(const ForkMutex&) = delete;
  ForkMutex& operator=(const ForkMutex&) = delete;
  ~ForkMutex();

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }
  bool try_lock() { return mutex_.try_lock(); }

 private:
  friend struct ForkMutexList;
  std::mutex mutex_;
  ForkMutex* next_ = nullptr;  // of the same rank; guarded by the list's lock
  ForkMutex* previous_ = nullptr;
  LockRank rank_;
};

/// How many forks lie between the process that loaded the library and this one. Who keeps threads
/// compares it with the count at their start: in a child they are gone.
uint32_t fork_generation();

/// How many forks this process has taken part in, as parent or as child. Who keeps shared mappings
/// compares it with the count at their making: since then another process may be using them.
uint32_t fork_count();

}  // namespace sluice

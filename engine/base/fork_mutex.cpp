// The list of all fork mutexes and the three fork handlers.
//
// The list's own lock is taken first by the handler and by nobody who holds a ForkMutex, except in
// constructors and destructors: an object that owns one is not made or destroyed under another.
#include "engine/base/fork_mutex.h"

#include <atomic>
#include <cstddef>
#include <new>
#include <pthread.h>

namespace sluice {

namespace {
constexpr size_t kRanks = static_cast<size_t>(LockRank::Leaf) + 1;
std::atomic<uint32_t> g_generation{0};
std::atomic<uint32_t> g_forks{0};
}  // namespace

struct ForkMutexList {
  std::mutex mutex;
  bool installed = false;
  ForkMutex* heads[kRanks] = {};

  void add(ForkMutex* m) {
    const std::lock_guard<std::mutex> hold(mutex);
    if (!installed) {
      // Fails only without memory; a fork is then as unsafe as without the handlers.
      installed = ::pthread_atfork(&before_fork, &after_fork_parent, &after_fork_child) == 0;
    }
    ForkMutex*& head = heads[static_cast<size_t>(m->rank_)];
    m->next_ = head;
    if (head != nullptr) head->previous_ = m;
    head = m;
  }

  void remove(ForkMutex* m) {
    const std::lock_guard<std::mutex> hold(mutex);
    if (m->next_ != nullptr) m->next_->previous_ = m->previous_;
    if (m->previous_ != nullptr) {
      m->previous_->next_ = m->next_;
    } else {
      heads[static_cast<size_t>(m->rank_)] = m->next_;
    }
  }

  void lock_all() {
    mutex.lock();
    for (ForkMutex* head : heads) {
      for (ForkMutex* m = head; m != nullptr; m = m->next_) m->lock();
    }
  }

  void unlock_all() {
    for (ForkMutex* head : heads) {
      for (ForkMutex* m = head; m != nullptr; m = m->next_) m->unlock();
    }
    mutex.unlock();
  }

  // Never destroyed: objects with static lifetime may own mutexes.
  static ForkMutexList& get() {
    alignas(ForkMutexList) static std::byte storage[sizeof(ForkMutexList)];
    static ForkMutexList* const list = new (storage) ForkMutexList;
    return *list;
  }
  static void before_fork() { get().lock_all(); }
  static void after_fork_parent() {
    g_forks.fetch_add(1, std::memory_order_relaxed);
    get().unlock_all();
  }
  static void after_fork_child() {
    g_generation.fetch_add(1, std::memory_order_relaxed);
    g_forks.fetch_add(1, std::memory_order_relaxed);
    get().unlock_all();
  }
};

ForkMutex::ForkMutex(LockRank rank) : rank_(rank) { ForkMutexList::get().add(this); }

ForkMutex::~ForkMutex() { ForkMutexList::get().remove(this); }

uint32_t fork_generation() { return g_generation.load(std::memory_order_relaxed); }

uint32_t fork_count() { return g_forks.load(std::memory_order_relaxed); }

}  // namespace sluice

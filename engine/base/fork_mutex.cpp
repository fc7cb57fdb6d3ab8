// The list of all fork mutexes and the three fork handlers.
//
// The list's own lock is taken first by the handler and by nobody who holds a ForkMutex, except in
// constructors and destructors: an object that owns one is not made or destroyed under another.
#include "engine/base/fork_mutex.h"

#include <atomic>
#include <cstddef>
#include <pthread.h>
#include <type_traits>

namespace sluice {

namespace {
constexpr size_t kRanks = static_cast<size_t>(LockRank::Leaf) + 1;
std::atomic<uint32_t> g_generation{0};
std::atomic<uint32_t> g_forks{0};
}  // namespace

struct ForkMutexList {
  std::mutex mutex;
  ForkMutex* heads[kRanks] = {};

  void add(ForkMutex* m) {
    const std::lock_guard<std::mutex> hold(mutex);
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
};

namespace {

// Usable before and after all objects with static lifetime, which may own mutexes.
constinit ForkMutexList g_list;
static_assert(std::is_trivially_destructible_v<ForkMutexList>);

// When the library is loaded, and not with the first mutex: a thread that makes it may be in the
// middle of that while another one forks. Fails only without memory; forks are then as unsafe as
// without the handlers.
[[gnu::constructor]] void install_fork_handlers() {
  ::pthread_atfork([] { g_list.lock_all(); },
                   [] {
                     g_forks.fetch_add(1, std::memory_order_relaxed);
                     g_list.unlock_all();
                   },
                   [] {
                     g_generation.fetch_add(1, std::memory_order_relaxed);
                     g_forks.fetch_add(1, std::memory_order_relaxed);
                     g_list.unlock_all();
                   });
}

}  // namespace

ForkMutex::ForkMutex(LockRank rank) : rank_(rank) { g_list.add(this); }

ForkMutex::~ForkMutex() { g_list.remove(this); }

uint32_t fork_generation() { return g_generation.load(std::memory_order_relaxed); }

uint32_t fork_count() { return g_forks.load(std::memory_order_relaxed); }

}  // namespace sluice

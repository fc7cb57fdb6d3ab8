// The two symbols that debuggers look for in every library of a process, and what is in the list.
//
// They are not among what libsluice.so exports: a debugger finds them in its symbol table, and two
// libraries that make code do not get into each other's lists without a common lock.
#include "jit/debug/gdb_interface.h"

#include <mutex>
#include <utility>

#include "engine/base/fork_mutex.h"
#include "jit/debug/debug_object.h"

// Names and layouts are GDB's ("JIT Compilation Interface" in its manual). Weak: a program that
// links the static library may have others of these names.
extern "C" {
struct SluiceJitEntry {
  SluiceJitEntry* next;
  SluiceJitEntry* previous;
  const uint8_t* object;
  uint64_t object_size;
};
struct SluiceJitDescriptor {
  uint32_t version;
  uint32_t action;
  SluiceJitEntry* relevant;
  SluiceJitEntry* first;
};
// NOLINTBEGIN(bugprone-reserved-identifier)
[[gnu::weak, gnu::noinline, gnu::used]] void __jit_debug_register_code() {
  asm volatile("" ::: "memory");
}
[[gnu::weak, gnu::used]] SluiceJitDescriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
// NOLINTEND(bugprone-reserved-identifier)
}

namespace sluice {
namespace {

enum : uint32_t { kNoAction, kRegister, kUnregister };

ForkMutex& list_mutex() {
  alignas(ForkMutex) static std::byte storage[sizeof(ForkMutex)];
  static ForkMutex* const mutex = new (storage) ForkMutex(LockRank::Leaf);
  return *mutex;
}

/// Wants the list's mutex held.
void tell(uint32_t action, SluiceJitEntry& entry) {
  __jit_debug_descriptor.action = action;
  __jit_debug_descriptor.relevant = &entry;
  __jit_debug_register_code();
  __jit_debug_descriptor.action = kNoAction;
  __jit_debug_descriptor.relevant = nullptr;
}

/// An object file that the debugger knows of, as long as it lives.
class Registered : public Allocated {
 public:
  Registered(Vector<uint8_t> object, const void* owner)
      : object_(std::move(object)), owner_(owner) {
    entry_.object = object_.data();
    entry_.object_size = object_.size();
    const std::lock_guard<ForkMutex> hold(list_mutex());
    entry_.next = __jit_debug_descriptor.first;
    if (entry_.next != nullptr) entry_.next->previous = &entry_;
    __jit_debug_descriptor.first = &entry_;
    tell(kRegister, entry_);
  }
  Registered(const Registered&) = delete;
  Registered& operator=(const Registered&) = delete;
  ~Registered() {
    const std::lock_guard<ForkMutex> hold(list_mutex());
    if (entry_.next != nullptr) entry_.next->previous = entry_.previous;
    SluiceJitEntry*& from =
        entry_.previous != nullptr ? entry_.previous->next : __jit_debug_descriptor.first;
    from = entry_.next;
    tell(kUnregister, entry_);
  }
  const void* owner() const { return owner_; }

 private:
  Vector<uint8_t> object_;
  const void* owner_;
  SluiceJitEntry entry_{};
};

class GdbSink final : public Allocated, public CodeSink {
 public:
  bool wants_details() const override { return true; }

  void add(const CodeGroup& group, const void* owner) override {
    std::unique_ptr<Registered> object(new Registered(make_debug_object(group), owner));
    const std::lock_guard<ForkMutex> hold(mutex_);
    objects_.push_back(std::move(object));
  }

  void remove(const void* owner) override {
    const std::lock_guard<ForkMutex> hold(mutex_);
    std::erase_if(objects_, [&](const std::unique_ptr<Registered>& object) {
      return object->owner() == owner;
    });
  }

 private:
  ForkMutex mutex_{LockRank::Registry};
  Vector<std::unique_ptr<Registered>> objects_;
};

}  // namespace

std::unique_ptr<CodeSink> make_gdb_sink() { return std::unique_ptr<CodeSink>(new GdbSink); }

}  // namespace sluice

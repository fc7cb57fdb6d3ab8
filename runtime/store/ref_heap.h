// RefHeap: what a store's externref and exnref values stand for. Code sees handles: 32-bit indices
// of entries here, 0 is null. What nobody can reach any more is found by marking and given back.
//
// Roots are the frames of running Wasm code and of host shims (as frame maps say), globals, tables,
// the exception in flight, and what the host has rooted, which counts. Marking ignores words that
// are no live handle, so a root may be an old value. A collection happens only where a reference is
// made or the host asks for one: between two such places no handle becomes invalid. Objects of host
// functions are released after the sweep, when the heap is whole again.
//
// One thread at a time, like its store.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "engine/base/heap.h"
#include "jit/abi/instance_layout.h"
#include "runtime/store/value.h"
#include "runtime/store/zeroed_block.h"

namespace sluice {

struct Exception;
class Store;

class RefHeap : public Allocated {
 public:
  /// `collect_always`, for tests: at every making of a reference.
  RefHeap(Store& store, bool collect_always);
  RefHeap(const RefHeap&) = delete;
  RefHeap& operator=(const RefHeap&) = delete;

  /// A new reference to `host`, rooted once; `release` (may be null) is called once when it is
  /// gone. May collect first. 0 if there is no memory, then nothing is released.
  uint32_t new_extern(void* host, void (*release)(void* host));
  /// A new exnref, not rooted. May collect first; the exception's own references survive that. 0 if
  /// there is no memory.
  uint32_t new_exception(std::unique_ptr<Exception> exception);
  /// Null if the handle is no live exnref.
  const Exception* exception(uint64_t handle) const {
    return kind(handle) == Kind::Exception ? static_cast<Exception*>(entries()[handle].object)
                                           : nullptr;
  }
  /// The host's pointer; null if the handle is no live externref.
  void* host(uint64_t handle) const;
  bool is_extern(uint64_t handle) const { return kind(handle) == Kind::Extern; }

  /// Roots are counted. Anything but a live handle is ignored.
  void root(uint64_t handle);
  void unroot(uint64_t handle);

  /// Releases all objects: the store's end.
  void release_all();
  /// Gives back all that is not reachable.
  void collect() { collect(nullptr); }
  /// References that have not been given back.
  uint32_t live_count() const { return live_; }

 private:
  enum class Kind : uint8_t { Free, Dying, Extern, Exception };
  struct Entry {
    void* object;
    void (*release)(void* object);
    uint32_t roots;  // of a free or dying entry: the next one
    Kind kind;
    bool marked;
  };
  /// The frame slots that may hold handles at one return address.
  struct FrameSlots {
    std::span<const int32_t> locals;
    Vector<int32_t> operands;
  };

  Entry* entries() const { return static_cast<Entry*>(block_.data()); }
  bool is_live(uint64_t handle) const { return kind(handle) >= Kind::Extern; }
  Kind kind(uint64_t handle) const {
    return handle != 0 && handle < used_ ? entries()[handle].kind : Kind::Free;
  }
  uint32_t take_entry(const Exception* in_making);
  void collect(const Exception* in_making);
  void give_back(uint32_t handle);
  void mark(uint64_t word);
  void mark_cells();
  void mark_values(const Exception& exception);
  void mark_thrown();
  void mark_frames();
  void mark_exceptions();
  void mark_activation(uintptr_t exit_fp, uintptr_t end);
  void mark_shim(uintptr_t fp);
  void mark_frame(uintptr_t fp, uintptr_t return_address);
  const FrameSlots& slots_at(const InstanceData& instance, uintptr_t return_address);
  void sweep();
  void release_dying();

  Store& store_;
  const bool collect_always_;
  bool is_collecting_ = false;
  ZeroedBlock block_;   // Entry[]
  uint32_t used_ = 1;   // entries that ever held something, the null among them
  uint32_t free_ = 0;   // first free entry below used_, 0 for none
  uint32_t dying_ = 0;  // first entry whose object is to be released
  uint32_t live_ = 0;
  uint64_t until_collect_;                      // references to be made before the next collection
  uint64_t work_ = 0;                           // words and entries looked at by this collection
  Vector<uint32_t> to_scan_;                    // exceptions marked, their values not yet
  HashMap<uintptr_t, FrameSlots> frame_slots_;  // by return address
  size_t cached_operands_ = 0;                  // in frame_slots_
};

/// A reference that stays alive as long as this does. May outlive the store, whose end ends it.
class RootedRef {
 public:
  RootedRef() = default;
  RootedRef(std::weak_ptr<RefHeap> heap, uint32_t handle);
  RootedRef(RootedRef&& other) noexcept
      : heap_(std::move(other.heap_)), handle_(std::exchange(other.handle_, 0)) {}
  RootedRef& operator=(RootedRef&& other) noexcept {
    std::swap(heap_, other.heap_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  RootedRef(const RootedRef&) = delete;
  RootedRef& operator=(const RootedRef&) = delete;
  ~RootedRef();

  /// 0 when there is none, or its store is gone.
  uint32_t handle() const { return heap_.expired() ? 0 : handle_; }
  bool is_of(const RefHeap& heap) const { return heap_.lock().get() == &heap; }

 private:
  std::weak_ptr<RefHeap> heap_;
  uint32_t handle_ = 0;
};

}  // namespace sluice

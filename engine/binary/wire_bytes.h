// WireBytes: the bytes of a module as they arrived, at one address for ever.
//
// They are appended to a reservation, so nothing is copied twice and views (names, bodies, data
// segments) stay valid as long as the object. A small module of which all is at hand has a block of
// the heap instead. One thread appends; others may read what has been announced to them, without a
// lock.
#pragma once

#include <atomic>
#include <memory>
#include <span>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/base/virtual_memory.h"
#include "engine/wasm/limits.h"
#include "engine/wasm/module.h"

namespace sluice {

class WireBytes : public Allocated {
 public:
  /// Reserves room for `max_bytes`, or less if the system refuses; OutOfMemory if it refuses all.
  static Result<std::shared_ptr<WireBytes>> create(size_t max_bytes = kMaxModuleBytes);
  /// Room for `bytes`, all of which are at hand.
  static Result<std::shared_ptr<WireBytes>> create_whole(size_t bytes);

  /// Gets the memory for so many more bytes at once, if the system grants it; what is appended
  /// without it gets its own, step by step.
  void make_room(size_t bytes);
  /// Appends as many of `bytes` as fit and says how many; fewer only when room or memory ends.
  size_t append(std::span<const uint8_t> bytes);
  /// Why append took fewer: ModuleTooLarge or OutOfMemory, at the first byte that did not fit.
  Error full_error() const;

  size_t size() const { return size_bytes_.load(std::memory_order_acquire); }
  std::span<const uint8_t> view() const { return {base_, size()}; }
  /// A range that has arrived.
  std::span<const uint8_t> view(ByteRange range) const {
    return {base_ + range.offset, range.size};
  }

  WireBytes(Reservation memory, size_t max_bytes);
  /// Owns the block.
  WireBytes(uint8_t* heap_block, size_t bytes);
  ~WireBytes();
  WireBytes(const WireBytes&) = delete;
  WireBytes& operator=(const WireBytes&) = delete;

 private:
  size_t room() const;
  size_t end_of_huge_page(size_t offset) const;

  Reservation memory_;  // none: the bytes are on the heap
  uint8_t* base_;
  size_t limit_bytes_;     // of the module
  size_t capacity_bytes_;  // of the memory
  size_t committed_bytes_ = 0;
  std::atomic<size_t> size_bytes_{0};
};

}  // namespace sluice

// Bump memory: allocations live until the arena does; nothing is freed one by one, no destructor
// runs. Chunks double from 4 KiB to 1 MiB; a request larger than a chunk gets its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "engine/base/heap.h"

namespace sluice {

/// Not thread-safe. Movable; pointers into it stay valid when it moves.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&& other) noexcept { *this = std::move(other); }
  Arena& operator=(Arena&& other) noexcept {
    chunks_.swap(other.chunks_);
    std::swap(cursor_, other.cursor_);
    std::swap(end_, other.end_);
    return *this;
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    for (const Chunk& c : chunks_) heap_release(c.block, c.size_bytes, kChunkAlign);
  }

  /// Uninitialised room for `count` objects.
  template <class T>
  T* allocate(size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kChunkAlign);
    return static_cast<T*>(allocate_bytes(count * sizeof(T), alignof(T)));
  }

  /// A copy of `values` that lives as long as the arena.
  template <class T>
  std::span<const T> copy(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (values.empty()) return {};
    T* out = allocate<T>(values.size());
    std::memcpy(out, values.data(), values.size_bytes());
    return {out, values.size()};
  }

  void* allocate_bytes(size_t size_bytes, size_t align_bytes) {
    uintptr_t start = (cursor_ + align_bytes - 1) & ~(align_bytes - 1);
    if (end_ < start || end_ - start < size_bytes) return allocate_slow(size_bytes);
    cursor_ = start + size_bytes;
    return reinterpret_cast<void*>(start);
  }

  /// Forgets everything but keeps the largest chunk for reuse.
  void reset() {
    if (chunks_.empty()) return;
    Chunk keep = chunks_.back();
    for (const Chunk& c : chunks_) {
      if (c.size_bytes > keep.size_bytes) keep = c;
    }
    for (const Chunk& c : chunks_) {
      if (c.block != keep.block) heap_release(c.block, c.size_bytes, kChunkAlign);
    }
    chunks_.clear();
    chunks_.push_back(keep);
    cursor_ = reinterpret_cast<uintptr_t>(keep.block);
    end_ = cursor_ + keep.size_bytes;
  }

 private:
  struct Chunk {
    void* block;
    size_t size_bytes;
  };
  static constexpr size_t kChunkAlign = 16;
  static constexpr size_t kFirstChunk = 4096;
  static constexpr size_t kMaxChunk = size_t{1} << 20;

  void* allocate_slow(size_t size_bytes) {
    size_t next = chunks_.empty() ? kFirstChunk : chunks_.back().size_bytes * 2;
    if (next > kMaxChunk) next = kMaxChunk;
    if (next < size_bytes) next = size_bytes;
    void* block = heap_allocate(next, kChunkAlign);
    chunks_.push_back({block, next});
    cursor_ = reinterpret_cast<uintptr_t>(block) + size_bytes;
    end_ = reinterpret_cast<uintptr_t>(block) + next;
    return block;
  }

  Vector<Chunk> chunks_;
  uintptr_t cursor_ = 0;
  uintptr_t end_ = 0;
};

}  // namespace sluice

// A vector of plain values that is filled and emptied again for one function after another.
//
// To add is a few stores, and to empty is one: std::vector first asks whether there is anything,
// which is hard to foresee. Only growing is a call. What growing adds is not initialised.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <type_traits>

#include "engine/base/heap.h"

namespace sluice {

/// `kAlign`: of the first element, in bytes.
template <class T, size_t kAlign = alignof(T)>
class ReusedVector {
 public:
  ReusedVector() = default;
  ReusedVector(const ReusedVector&) = delete;
  ReusedVector& operator=(const ReusedVector&) = delete;
  ~ReusedVector() { release(); }

  /// A new last element, default-made. The reader's loop has few stores for that, and not a call.
  [[gnu::always_inline]] T& push() {
    if (end_ == limit_) [[unlikely]]
      grow(size() + 1);
    return *new (end_++) T();
  }
  void push_back(const T& value) {
    if (end_ == limit_) [[unlikely]]
      return push_growing(value);
    new (end_++) T(value);
  }
  void pop_back() { --end_; }
  void clear() { end_ = begin_; }
  /// `count` elements for the caller to fill; `spare` more that it may scribble on.
  T* resize_for_overwrite(size_t count, size_t spare = 0) {
    if (count + spare > static_cast<size_t>(limit_ - begin_)) [[unlikely]]
      grow(count + spare);
    end_ = begin_ + count;
    return begin_;
  }

  bool empty() const { return end_ == begin_; }
  size_t size() const { return static_cast<size_t>(end_ - begin_); }
  T* data() { return begin_; }
  const T* data() const { return begin_; }
  T* begin() { return begin_; }
  T* end() { return end_; }
  const T* begin() const { return begin_; }
  const T* end() const { return end_; }
  T& operator[](size_t index) { return begin_[index]; }
  const T& operator[](size_t index) const { return begin_[index]; }
  T& front() { return *begin_; }
  T& back() { return end_[-1]; }
  /// The element so many before the last.
  T& back(size_t distance) { return *(end_ - 1 - distance); }

 private:
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static constexpr size_t kFirst = 64;

  [[gnu::cold, gnu::noinline]] void grow(size_t wanted) {
    const size_t used = size();
    const auto doubled = 2 * static_cast<size_t>(limit_ - begin_);
    const size_t capacity = std::max({wanted, doubled, kFirst});
    auto* memory = static_cast<T*>(heap_allocate(capacity * sizeof(T), kAlign));
    for (size_t i = 0; i < used; ++i) new (memory + i) T(begin_[i]);
    release();
    begin_ = memory;
    end_ = memory + used;
    limit_ = memory + capacity;
  }
  [[gnu::cold, gnu::noinline]] void push_growing(T value) {
    grow(size() + 1);
    new (end_++) T(value);
  }
  void release() {
    if (begin_ == nullptr) return;
    heap_release(begin_, static_cast<size_t>(limit_ - begin_) * sizeof(T), kAlign);
  }

  T* begin_ = nullptr;
  T* end_ = nullptr;
  T* limit_ = nullptr;
};

}  // namespace sluice

// View<T>: elements of a guest's memory, used in place.
//
// Never stale: it reads the memory's base anew at each access, from a struct whose address does not
// change while the store lives, and a memory never shrinks, so what was in bounds stays so. What is
// taken out of it as a pointer, a reference or a span holds until the memory grows or a file is
// mapped into it (with guard pages: as long as the store).
#pragma once

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <span>
#include <type_traits>

#include "sluice/detail/result.hpp"

namespace sluice::inline v0 {

static_assert(std::endian::native == std::endian::little, "guest memory is little-endian");

namespace detail {

/// Other threads change what a shared memory consists of.
inline uint64_t load(const uint64_t& value) { return __atomic_load_n(&value, __ATOMIC_ACQUIRE); }

}  // namespace detail

/// `count` elements of T, or all up to the memory's present end (kToTheEnd). For const T it only
/// reads. Its makers have checked bounds and alignment. A View is for its store's thread; elements
/// of a shared memory that others may be writing are to be accessed by Memory::atomic.
template <class T>
class View {
  static_assert(std::is_trivially_copyable_v<T>, "guest memory holds plain bytes");

 public:
  using value_type = std::remove_const_t<T>;
  static constexpr size_t kToTheEnd = SIZE_MAX;

  /// Reads the base when it is dereferenced, so it outlives a growth, too.
  class Iterator {
   public:
    using iterator_concept = std::random_access_iterator_tag;
    using iterator_category = std::random_access_iterator_tag;
    using value_type = std::remove_const_t<T>;
    using difference_type = std::ptrdiff_t;
    using reference = T&;
    using pointer = T*;

    Iterator() = default;
    Iterator(const View& view, size_t index)
        : memory_(view.memory_), offset_(view.offset_),
          index_(static_cast<difference_type>(index)) {}
    T& operator*() const { return (*this)[0]; }
    T* operator->() const { return &**this; }
    T& operator[](difference_type n) const {
      return reinterpret_cast<T*>(memory_->base + offset_)[index_ + n];
    }
    Iterator& operator+=(difference_type n) {
      index_ += n;
      return *this;
    }
    Iterator& operator-=(difference_type n) { return *this += -n; }
    Iterator& operator++() { return *this += 1; }
    Iterator& operator--() { return *this += -1; }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    Iterator operator--(int) {
      const Iterator before = *this;
      --*this;
      return before;
    }
    friend Iterator operator+(Iterator it, difference_type n) { return it += n; }
    friend Iterator operator+(difference_type n, Iterator it) { return it += n; }
    friend Iterator operator-(Iterator it, difference_type n) { return it -= n; }
    friend difference_type operator-(const Iterator& a, const Iterator& b) {
      return a.index_ - b.index_;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }
    friend auto operator<=>(const Iterator& a, const Iterator& b) { return a.index_ <=> b.index_; }

   private:
    const sluice_memory_data_t* memory_ = nullptr;
    uint64_t offset_ = 0;
    difference_type index_ = 0;
  };

  View() = default;
  View(const sluice_memory_data_t* memory, uint64_t offset, size_t count)
      : memory_(memory), offset_(offset), count_(count) {}
  /// To read only.
  operator View<const T>() const  // NOLINT(google-explicit-constructor)
    requires(!std::is_const_v<T>)
  {
    return View<const T>(memory_, offset_, count_);
  }

  /// Elements.
  size_t size() const {
    // A view without a memory is empty; to say so spares GCC a false warning where all is inlined.
    if (count_ != kToTheEnd || memory_ == nullptr) return count_;
    return static_cast<size_t>((detail::load(memory_->size_bytes) - offset_) / sizeof(T));
  }
  bool empty() const { return size() == 0; }
  /// Where it begins in the memory, in bytes: what a guest knows it by.
  uint64_t offset() const { return offset_; }

  T* data() const {
    return memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_->base + offset_);
  }
  std::span<T> span() const { return {data(), size()}; }
  /// `index` must be below size().
  T& operator[](size_t index) const { return data()[index]; }
  /// Nothing if `index` is out of range.
  std::optional<value_type> at(size_t index) const {
    return index < size() ? std::optional<value_type>(data()[index]) : std::nullopt;
  }
  Iterator begin() const { return Iterator(*this, 0); }
  Iterator end() const { return Iterator(*this, size()); }

  /// `count` elements from `first` on.
  Result<View> subview(size_t first, size_t count) const {
    const size_t all = size();
    if (first > all || count > all - first) return outside();
    return View(memory_, offset_ + first * sizeof(T), count);
  }
  /// All elements from `first` on.
  Result<View> subview(size_t first) const {
    if (first > size()) return outside();
    return View(memory_, offset_ + first * sizeof(T),
                count_ == kToTheEnd ? kToTheEnd : count_ - first);
  }
  /// Copies the first elements, as many as `to` has.
  Result<void> copy_out(std::span<value_type> to) const {
    if (to.size() > size()) return outside();
    if (!to.empty()) std::memcpy(to.data(), data(), to.size_bytes());
    return {};
  }
  /// Overwrites the first elements.
  Result<void> copy_in(std::span<const value_type> from) const
    requires(!std::is_const_v<T>)
  {
    if (from.size() > size()) return outside();
    if (!from.empty()) std::memcpy(data(), from.data(), from.size_bytes());
    return {};
  }

 private:
  static Error outside() { return Error("the range lies outside the view"); }

  const sluice_memory_data_t* memory_ = nullptr;
  uint64_t offset_ = 0;
  size_t count_ = 0;
};

}  // namespace sluice::inline v0

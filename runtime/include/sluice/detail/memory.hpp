// Memory, and View<T>: checked access to a guest's bytes that is never stale.
//
// Both read the memory's base and size anew at every access, from a struct whose address does not
// change while the store lives.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/result.hpp"

namespace sluice::inline v0 {

/// In pages of 64 KiB.
struct MemoryLimits {
  uint64_t initial = 0;
  std::optional<uint64_t> maximum = std::nullopt;
  bool is_shared = false;
  bool is_64 = false;
};

/// Elements of T inside a memory. Never stale: it reads the memory's base anew at each access, and
/// a memory never shrinks, so what was in bounds stays so. References and spans taken from it hold
/// until the memory grows (in guard mode: as long as the store).
template <class T>
class View {
  static_assert(std::is_trivially_copyable_v<T>, "guest memory holds plain bytes");

 public:
  View() = default;
  View(const sluice_memory_data_t* memory, uint64_t offset, size_t count)
      : memory_(memory), offset_(offset), count_(count) {}

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  T* data() const { return reinterpret_cast<T*>(memory_->base + offset_); }
  /// `index` must be below size().
  T& operator[](size_t index) const { return data()[index]; }
  /// Nothing if `index` is out of range.
  std::optional<T> at(size_t index) const {
    return index < count_ ? std::optional<T>(data()[index]) : std::nullopt;
  }
  std::span<T> span() const { return count_ == 0 ? std::span<T>() : std::span<T>(data(), count_); }
  T* begin() const { return span().data(); }
  T* end() const { return span().data() + count_; }

 private:
  const sluice_memory_data_t* memory_ = nullptr;
  uint64_t offset_ = 0;
  size_t count_ = 0;
};

class Memory {
 public:
  Memory(sluice_store_t* store, sluice_memory_t raw, const sluice_memory_data_t* data)
      : store_(store), raw_(raw), data_(data) {}
  static Result<Memory> create(Store& store, const MemoryLimits& limits) {
    if (store.raw() == nullptr) return detail::no_engine();
    const sluice_limits_t l = {limits.initial, limits.maximum.value_or(0),
                               limits.maximum.has_value(), limits.is_64, limits.is_shared};
    sluice_memory_t raw = {};
    if (sluice_error_t* e = sluice_memory_new(store.raw(), l, 16, &raw)) return Error(e);
    return wrap(store.raw(), raw);
  }
  static Result<Memory> wrap(sluice_store_t* store, sluice_memory_t raw) {
    const sluice_memory_data_t* data = nullptr;
    if (sluice_error_t* e = sluice_memory_get_data(store, raw, &data)) return Error(e);
    return Memory(store, raw, data);
  }

  uint64_t size_bytes() const { return data_->size_bytes; }
  /// All bytes; holds until the memory grows (in guard mode: as long as the store).
  std::span<std::byte> bytes() const {
    return {reinterpret_cast<std::byte*>(data_->base), static_cast<size_t>(data_->size_bytes)};
  }
  bool contains(uint64_t offset, uint64_t size) const {
    return size <= data_->size_bytes && offset <= data_->size_bytes - size;
  }
  /// The old size in pages.
  Result<uint64_t> grow(uint64_t delta_pages) {
    uint64_t old = 0;
    if (sluice_error_t* e = sluice_memory_grow(store_, raw_, delta_pages, &old)) return Error(e);
    return old;
  }

  /// `count` elements from `offset` on, which must be aligned for T.
  template <class T>
  Result<View<T>> view(uint64_t offset, size_t count) const {
    if (count > SIZE_MAX / sizeof(T)) return out_of_bounds(UINT64_MAX, UINT64_MAX);
    if (!contains(offset, count * sizeof(T))) return out_of_bounds(offset, count * sizeof(T));
    if (offset % alignof(T) != 0) return Error("the offset is not aligned for the type");
    return View<T>(data_, offset, count);
  }
  /// One value, at any alignment.
  template <class T>
  Result<T> read(uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(offset, sizeof(T))) return out_of_bounds(offset, sizeof(T));
    std::array<std::byte, sizeof(T)> bytes;
    std::memcpy(bytes.data(), data_->base + offset, sizeof(T));
    return std::bit_cast<T>(bytes);
  }
  template <class T>
  Result<void> write(uint64_t offset, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(offset, sizeof(T))) return out_of_bounds(offset, sizeof(T));
    std::memcpy(data_->base + offset, &value, sizeof(T));
    return {};
  }
  Result<std::string> read_string(uint64_t offset, size_t size) const {
    if (!contains(offset, size)) return out_of_bounds(offset, size);
    if (size == 0) return std::string();
    return std::string(reinterpret_cast<const char*>(data_->base + offset), size);
  }
  /// Copies out or in.
  Result<void> copy_out(uint64_t offset, std::span<std::byte> to) const {
    return Error(sluice_memory_read(store_, raw_, offset, to.data(), to.size()));
  }
  Result<void> copy_in(uint64_t offset, std::span<const std::byte> from) const {
    return Error(sluice_memory_write(store_, raw_, offset, from.data(), from.size()));
  }

  /// The guest's memory.atomic.wait32 and wait64, on shared memories only; no timeout: for ever.
  Result<sluice_wait_t>
  wait32(uint64_t offset, uint32_t expected,
         std::optional<std::chrono::nanoseconds> timeout = std::nullopt) const {
    return wait(sluice_memory_wait32, offset, expected, timeout);
  }
  Result<sluice_wait_t>
  wait64(uint64_t offset, uint64_t expected,
         std::optional<std::chrono::nanoseconds> timeout = std::nullopt) const {
    return wait(sluice_memory_wait64, offset, expected, timeout);
  }
  /// Wakes threads that wait there; how many did.
  Result<uint32_t> notify(uint64_t offset, uint32_t count = UINT32_MAX) const {
    uint32_t woken = 0;
    sluice_error_t* e = sluice_memory_notify(store_, raw_, offset, count, &woken);
    if (e != nullptr) return Error(e);
    return woken;
  }

  sluice_memory_t raw() const { return raw_; }
  const sluice_memory_data_t* raw_data() const { return data_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_MEMORY, raw_.store_id, raw_.object}; }

 private:
  template <class T>
  Result<sluice_wait_t> wait(sluice_error_t* (*function)(sluice_store_t*, sluice_memory_t, uint64_t,
                                                         T, int64_t, sluice_wait_t*),
                             uint64_t offset, T expected,
                             std::optional<std::chrono::nanoseconds> timeout) const {
    sluice_wait_t result = SLUICE_WAIT_WOKEN;
    const int64_t ns = timeout ? std::max<int64_t>(timeout->count(), 0) : -1;
    sluice_error_t* e = function(store_, raw_, offset, expected, ns, &result);
    if (e != nullptr) return Error(e);
    return result;
  }
  Error out_of_bounds(uint64_t offset, uint64_t size) const {
    return Error(sluice_memory_check(store_, raw_, offset, size));
  }

  sluice_store_t* store_;
  sluice_memory_t raw_;
  const sluice_memory_data_t* data_;
};

}  // namespace sluice::inline v0

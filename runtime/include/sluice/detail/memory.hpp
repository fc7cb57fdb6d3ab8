// Memory: a linear memory as the host sees it. View<T> (view.hpp) uses its bytes in place.
//
// All offsets and sizes are bytes unless they say pages. Small, lives as long as its store, and
// like that for one thread at a time; a shared memory is given to other threads by share().
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/result.hpp"
#include "sluice/detail/view.hpp"

namespace sluice::inline v0 {

/// In pages.
struct MemoryLimits {
  uint64_t initial = 0;
  std::optional<uint64_t> maximum = std::nullopt;
  bool is_shared = false;
  bool is_64 = false;
  uint32_t page_size_log2 = 16;  // 64 KiB; 0 with the proposal custom-page-sizes
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
    if (sluice_error_t* e = sluice_memory_new(store.raw(), l, limits.page_size_log2, &raw)) {
      return Error(e);
    }
    return wrap(store.raw(), raw);
  }
  static Result<Memory> wrap(sluice_store_t* store, sluice_memory_t raw) {
    const sluice_memory_data_t* data = nullptr;
    if (sluice_error_t* e = sluice_memory_get_data(store, raw, &data)) return Error(e);
    return Memory(store, raw, data);
  }
  /// The same shared memory in another store of the engine. For the thread of `to`; this memory's
  /// store must live, but another thread may be using it.
  Result<Memory> share(Store& to) const {
    if (to.raw() == nullptr) return detail::no_engine();
    sluice_memory_t raw = {};
    if (sluice_error_t* e = sluice_memory_share(store_, raw_, to.raw(), &raw)) return Error(e);
    return wrap(to.raw(), raw);
  }

  uint64_t size_bytes() const { return detail::load(data_->size_bytes); }
  Result<uint64_t> size_pages() const { return SLUICE_TRY(limits()).initial; }
  /// As they are now: `initial` is the present size.
  Result<MemoryLimits> limits() const {
    sluice_limits_t l = {};
    uint32_t page_size_log2 = 0;
    if (sluice_error_t* e = sluice_memory_limits(store_, raw_, &l)) return Error(e);
    if (sluice_error_t* e = sluice_memory_page_size_log2(store_, raw_, &page_size_log2)) {
      return Error(e);
    }
    MemoryLimits out{l.min, std::nullopt, l.is_shared, l.is_64, page_size_log2};
    if (l.has_max) out.maximum = l.max;
    return out;
  }
  /// All bytes; holds until the memory grows (with guard pages: as long as the store).
  std::span<std::byte> bytes() const {
    return {reinterpret_cast<std::byte*>(data_->base), static_cast<size_t>(size_bytes())};
  }
  bool contains(uint64_t offset, uint64_t size) const {
    const uint64_t all = size_bytes();
    return size <= all && offset <= all - size;
  }
  /// The old size in pages. Whose limit refused, says Error::limit().
  Result<uint64_t> grow(uint64_t delta_pages) {
    uint64_t old = 0;
    if (sluice_error_t* e = sluice_memory_grow(store_, raw_, delta_pages, &old)) return Error(e);
    return old;
  }

  /// `count` elements from `offset` on, which must be aligned for T. Only a view of const T may
  /// have pages that are mapped read-only.
  template <class T>
  Result<View<T>> view(uint64_t offset, uint64_t count) const {
    if (count > UINT64_MAX / sizeof(T)) return out_of_bounds();
    SLUICE_TRY(check_view<T>(offset, count * sizeof(T)));
    return View<T>(data_, offset, static_cast<size_t>(count));
  }
  /// The same, but all to the memory's end, also when it grows.
  template <class T>
  Result<View<T>> view(uint64_t offset) const {
    const uint64_t all = size_bytes();
    SLUICE_TRY(check_view<T>(offset, offset <= all ? all - offset : 0));
    return View<T>(data_, offset, View<T>::kToTheEnd);
  }
  /// The value there for atomic access, as guests make it: aligned, of 1, 2, 4 or 8 bytes, in a
  /// shared memory. What is read and written otherwise of bytes that another thread writes at the
  /// same time is a mixture of old and new ones.
  template <class T>
  Result<std::atomic_ref<T>> atomic(uint64_t offset) const {
    static_assert(sizeof(T) <= 8 && std::has_single_bit(sizeof(T)), "no single access");
    if (!SLUICE_TRY(limits()).is_shared) return Error("the memory is not shared");
    if (offset % sizeof(T) != 0) return Error("the offset is not aligned for the type");
    return std::atomic_ref<T>(SLUICE_TRY(view<T>(offset, 1))[0]);
  }

  /// One value, at any alignment.
  template <class T>
  Result<T> read(uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    std::array<std::byte, sizeof(T)> bytes;
    if (has_files() == 0 && contains(offset, sizeof(T))) [[likely]] {
      std::memcpy(bytes.data(), data_->base + offset, sizeof(T));
    } else if (Result<void> done = copy_out(offset, bytes); !done) {
      return std::move(done).error();
    }
    return std::bit_cast<T>(bytes);
  }
  template <class T>
  Result<void> write(uint64_t offset, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (has_files() == 0 && contains(offset, sizeof(T))) [[likely]] {
      std::memcpy(data_->base + offset, &value, sizeof(T));
      return {};
    }
    return copy_in(offset, std::as_bytes(std::span(&value, 1)));
  }
  /// Copies out or in.
  Result<void> copy_out(uint64_t offset, std::span<std::byte> to) const {
    return Error(sluice_memory_read(store_, raw_, offset, to.data(), to.size()));
  }
  Result<void> copy_in(uint64_t offset, std::span<const std::byte> from) const {
    return Error(sluice_memory_write(store_, raw_, offset, from.data(), from.size()));
  }

  /// Text; an error if it is not UTF-8.
  Result<std::string> read_string(uint64_t offset, size_t size) const {
    if (!contains(offset, size)) return out_of_bounds();
    std::string out(size, '\0');
    SLUICE_TRY(copy_out(offset, std::as_writable_bytes(std::span(out.data(), size))));
    if (!sluice_is_utf8(out.data(), size)) return Error("the string is not UTF-8");
    return out;
  }
  Result<void> write_string(uint64_t offset, std::string_view text) const {
    if (!sluice_is_utf8(text.data(), text.size())) return Error("the string is not UTF-8");
    return copy_in(offset, std::as_bytes(std::span(text.data(), text.size())));
  }
  /// Text that ends before its first zero, which must be among the next `capacity` bytes.
  Result<std::string> read_c_string(uint64_t offset, size_t capacity) const {
    if (!contains(offset, 0)) return out_of_bounds();
    const size_t most = static_cast<size_t>(std::min<uint64_t>(capacity, size_bytes() - offset));
    std::string out;
    std::array<char, 256> piece;
    while (out.size() < most) {
      const std::span<char> next(piece.data(), std::min(piece.size(), most - out.size()));
      SLUICE_TRY(copy_out(offset + out.size(), std::as_writable_bytes(next)));
      const auto zero = std::find(next.begin(), next.end(), '\0');
      out.append(next.begin(), zero);
      if (zero == next.end()) continue;
      if (!sluice_is_utf8(out.data(), out.size())) return Error("the string is not UTF-8");
      return out;
    }
    return Error("the string has no end where it must have one");
  }
  /// Text and a final zero, `capacity` bytes at most.
  Result<void> write_c_string(uint64_t offset, size_t capacity, std::string_view text) const {
    if (text.size() >= capacity) return Error("the string is too long for its place");
    if (text.find('\0') != text.npos) return Error("the string has a zero in it");
    if (!contains(offset, text.size() + 1)) return out_of_bounds();
    SLUICE_TRY(write_string(offset, text));
    return write<char>(offset + text.size(), '\0');
  }

  /// Maps a part of a file into the memory; the rules are sluice_memory_map_file's.
  Result<void> map_file(uint64_t offset, int fd, uint64_t file_offset, uint64_t size,
                        sluice_map_t mode) const {
    return Error(sluice_memory_map_file(store_, raw_, offset, fd, file_offset, size, mode));
  }
  /// Makes whole pages zero and writable, whatever was mapped there.
  Result<void> unmap(uint64_t offset, uint64_t size) const {
    return Error(sluice_memory_unmap(store_, raw_, offset, size));
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

  sluice_store_t* store() const { return store_; }
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
  template <class T>
  Result<void> check_view(uint64_t offset, uint64_t size) const {
    if (!contains(offset, size)) return out_of_bounds();
    if (offset % alignof(T) != 0) return Error("the offset is not aligned for the type");
    if (std::is_const_v<T> || has_files() == 0) return {};
    return Error(sluice_memory_check_writable(store_, raw_, offset, size));
  }
  uint64_t has_files() const { return detail::load(data_->has_files); }
  static Error out_of_bounds() { return Error("range lies outside the memory or table"); }

  sluice_store_t* store_;
  sluice_memory_t raw_;
  const sluice_memory_data_t* data_;
};

}  // namespace sluice::inline v0

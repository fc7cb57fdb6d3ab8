// GuestMemory: the calling guest's memory during one WASI call, every access checked.
//
// Guest addresses and lengths are untrusted 32-bit numbers; a range that does not lie within the
// memory is Errno::Fault, and no arithmetic on them can wrap (it is done in 64 bits). Values are
// copied in and out, so misaligned addresses work. A span handed out is valid until the guest runs
// again.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "runtime/wasi/abi.h"

namespace sluice::wasi {

class GuestMemory {
 public:
  GuestMemory(uint8_t* base, uint64_t size_bytes) : base_(base), size_bytes_(size_bytes) {}

  /// The bytes [address, address + count).
  Expected<std::span<uint8_t>> slice(uint32_t address, uint64_t count) const {
    if (count > size_bytes_ || address > size_bytes_ - count) return fail(Errno::Fault);
    return std::span<uint8_t>(base_ + address, count);
  }

  /// Is there room for `count` values of type T at the address?
  template <class T>
  Status check(uint32_t address, uint64_t count = 1) const {
    auto bytes = slice(address, count * sizeof(T));
    if (!bytes) return fail(bytes.error());
    return {};
  }

  template <class T>
  Expected<T> read(uint32_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    auto bytes = slice(address, sizeof(T));
    if (!bytes) return fail(bytes.error());
    T value;
    std::memcpy(&value, bytes->data(), sizeof(T));
    return value;
  }

  template <class T>
  Status write(uint32_t address, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    auto bytes = slice(address, sizeof(T));
    if (!bytes) return fail(bytes.error());
    std::memcpy(bytes->data(), &value, sizeof(T));
    return {};
  }

  /// The text at the address, not copied.
  Expected<std::string_view> text(uint32_t address, uint32_t length) const {
    auto bytes = slice(address, length);
    if (!bytes) return fail(bytes.error());
    return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }

 private:
  uint8_t* base_;
  uint64_t size_bytes_;
};

}  // namespace sluice::wasi

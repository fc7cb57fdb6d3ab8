// GuestMemory: the calling guest's memory during one WASI call, every access checked.
//
// Guest addresses and lengths are untrusted 32-bit numbers; a range that does not lie within the
// memory is Errno::Fault, and no arithmetic on them can wrap (it is done in 64 bits). Values are
// copied in and out, so misaligned addresses work. Where files are mapped into the memory an access
// inside it may fault, too: that is Errno::Fault as well. So a range of the memory is for the
// kernel alone (slice), and all else is copied in and out.
#pragma once

#include <climits>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "runtime/trap/guarded_copy.h"
#include "runtime/wasi/abi.h"

namespace sluice::wasi {

class GuestMemory {
 public:
  /// `faulting`: the memory if accesses inside it may fault, else null.
  GuestMemory(uint8_t* base, uint64_t size_bytes, const MemoryData* faulting = nullptr)
      : base_(base), size_bytes_(size_bytes), faulting_(faulting) {}

  /// The bytes [address, address + count), for the kernel to read and write.
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
    if (auto done = copy_out(&value, bytes->data(), sizeof(T)); !done) return fail(done.error());
    return value;
  }

  template <class T>
  Status write(uint32_t address, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    return put(address, &value, sizeof(T));
  }
  /// Writes bytes of the host's.
  Status put(uint32_t address, const void* bytes, size_t count) const {
    auto room = slice(address, count);
    if (!room) return fail(room.error());
    return copy_in(room->data(), bytes, count);
  }

  /// The text at the address.
  Expected<String> text(uint32_t address, uint32_t length) const {
    auto bytes = slice(address, length);
    if (!bytes) return fail(bytes.error());
    if (length > kLongestText) return fail(Errno::NameTooLong);
    String out(length, '\0');
    if (auto done = copy_out(out.data(), bytes->data(), length); !done) return fail(done.error());
    return out;
  }

  /// Must the host not touch a slice itself?
  bool may_fault() const { return faulting_ != nullptr; }
  /// Between the host and a slice.
  Status copy_in(void* to, const void* from, size_t count) const {
    if (count == 0) return {};
    if (faulting_ != nullptr) return status_of(guarded_copy(to, faulting_, from, nullptr, count));
    std::memcpy(to, from, count);
    return {};
  }
  Status copy_out(void* to, const void* from, size_t count) const {
    if (count == 0) return {};
    if (faulting_ != nullptr) return status_of(guarded_copy(to, nullptr, from, faulting_, count));
    std::memcpy(to, from, count);
    return {};
  }

 private:
  // No path is longer.
  static constexpr uint32_t kLongestText = PATH_MAX;

  static Status status_of(TrapCode code) {
    if (code != TrapCode::None) return fail(Errno::Fault);
    return {};
  }

  uint8_t* base_;
  uint64_t size_bytes_;
  const MemoryData* faulting_;
};

}  // namespace sluice::wasi

// ByteWriter: bytes one after another, in the integers of ELF, DWARF and jitdump files.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "engine/base/heap.h"

namespace sluice {

class ByteWriter {
 public:
  const Vector<uint8_t>& bytes() const { return bytes_; }
  Vector<uint8_t> take() { return std::move(bytes_); }
  size_t size() const { return bytes_.size(); }

  void u8(uint64_t value) { put(static_cast<uint8_t>(value)); }
  void u16(uint64_t value) { put(static_cast<uint16_t>(value)); }
  void u32(uint64_t value) { put(static_cast<uint32_t>(value)); }
  void u64(uint64_t value) { put(value); }
  /// A structure as it lies in memory.
  template <class T>
  void put(const T& value) {
    put_bytes({reinterpret_cast<const uint8_t*>(&value), sizeof value});
  }
  void put_bytes(std::span<const uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void put_bytes(std::initializer_list<uint8_t> bytes) { bytes_.insert(bytes_.end(), bytes); }
  void uleb(uint64_t value) {
    for (; value >= 0x80; value >>= 7) u8(value | 0x80);
    u8(value);
  }
  void sleb(int64_t value) {
    for (; value < -64 || value > 63; value >>= 7) u8((static_cast<uint64_t>(value) & 0x7f) | 0x80);
    u8(static_cast<uint64_t>(value) & 0x7f);
  }
  /// With its final zero; what is behind a zero inside is left out.
  void string(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    u8(0);
  }
  void align(size_t alignment, uint8_t fill = 0) {
    while (bytes_.size() % alignment != 0) u8(fill);
  }
  /// Overwrites four bytes.
  void patch32(size_t at, uint64_t value) {
    const auto bits = static_cast<uint32_t>(value);
    std::memcpy(bytes_.data() + at, &bits, sizeof bits);
  }

 private:
  Vector<uint8_t> bytes_;
};

/// Four bytes for the size of what is written while this lives.
class SizedPart {
 public:
  explicit SizedPart(ByteWriter& out) : out_(out), at_(out.size()) { out.u32(0); }
  SizedPart(const SizedPart&) = delete;
  SizedPart& operator=(const SizedPart&) = delete;
  ~SizedPart() { out_.patch32(at_, out_.size() - at_ - 4); }

 private:
  ByteWriter& out_;
  const size_t at_;
};

}  // namespace sluice

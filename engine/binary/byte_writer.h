// ByteWriter: the binary format's integers, names and vectors (spec 5.2), appended to a buffer.
//
// The counterpart of ByteReader; numbers come out in their shortest form.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "engine/base/heap.h"

namespace sluice {

class ByteWriter {
 public:
  void write_u8(uint8_t byte) { bytes_.push_back(byte); }
  void write_u32(uint32_t value) { write_u64(value); }
  void write_u64(uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<uint8_t>(value));
  }
  void write_s64(int64_t value) {
    while (value < -64 || value >= 64) {
      bytes_.push_back(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<uint8_t>(value & 0x7f));
  }
  /// The low `size_bytes` bytes, little-endian.
  void write_fixed(uint64_t value, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; ++i) write_u8(static_cast<uint8_t>(value >> (8 * i)));
  }
  /// Overwrites as many bytes at `at`.
  void patch_fixed(size_t at, uint64_t value, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; ++i) bytes_[at + i] = static_cast<uint8_t>(value >> (8 * i));
  }
  void write_bytes(std::span<const uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void write_bytes(std::string_view bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  /// With its length: a name, the bytes of a segment.
  void write_name(std::string_view text) {
    write_u64(text.size());
    write_bytes(text);
  }
  void write_sized(const ByteWriter& content) {
    write_u64(content.size());
    write_bytes(content.view());
  }

  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  std::span<const uint8_t> view() const { return bytes_; }
  void clear() { bytes_.clear(); }
  void truncate(size_t size) { bytes_.resize(size); }
  Vector<uint8_t> take() { return std::move(bytes_); }

 private:
  Vector<uint8_t> bytes_;
};

}  // namespace sluice

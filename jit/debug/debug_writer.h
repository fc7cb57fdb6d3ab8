// DebugWriter: bytes one after another, in the integers of ELF, DWARF and jitdump files.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "engine/binary/byte_writer.h"

namespace sluice {

/// What these formats call their integers, on the writer of the binary format's: LEB128 is the
/// same.
class DebugWriter {
 public:
  std::span<const uint8_t> bytes() const { return out_.view(); }
  Vector<uint8_t> take() { return out_.take(); }
  size_t size() const { return out_.size(); }

  void u8(uint64_t value) { out_.write_u8(static_cast<uint8_t>(value)); }
  void u16(uint64_t value) { out_.write_fixed(value, 2); }
  void u32(uint64_t value) { out_.write_fixed(value, 4); }
  void u64(uint64_t value) { out_.write_fixed(value, 8); }
  void uleb(uint64_t value) { out_.write_u64(value); }
  void sleb(int64_t value) { out_.write_s64(value); }
  /// A structure as it lies in memory.
  template <class T>
  void put(const T& value) {
    put_bytes({reinterpret_cast<const uint8_t*>(&value), sizeof value});
  }
  void put_bytes(std::span<const uint8_t> bytes) { out_.write_bytes(bytes); }
  void put_bytes(std::initializer_list<uint8_t> bytes) {
    out_.write_bytes(std::span(bytes.begin(), bytes.size()));
  }
  /// With its final zero; what is behind a zero inside is left out.
  void string(std::string_view text) {
    out_.write_bytes(text.substr(0, text.find('\0')));
    u8(0);
  }
  void align(size_t alignment, uint8_t fill = 0) {
    while (size() % alignment != 0) u8(fill);
  }
  /// Overwrites four bytes.
  void patch32(size_t at, uint64_t value) { out_.patch_fixed(at, value, 4); }

 private:
  ByteWriter out_;
};

/// Four bytes for the size of what is written while this lives.
class SizedPart {
 public:
  explicit SizedPart(DebugWriter& out) : out_(out), at_(out.size()) { out.u32(0); }
  SizedPart(const SizedPart&) = delete;
  SizedPart& operator=(const SizedPart&) = delete;
  ~SizedPart() { out_.patch32(at_, out_.size() - at_ - 4); }

 private:
  DebugWriter& out_;
  const size_t at_;
};

}  // namespace sluice

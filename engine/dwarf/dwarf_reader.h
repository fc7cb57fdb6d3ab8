// DwarfReader: a bounded cursor over the bytes of one DWARF section.
//
// Once it fails it stands at its end and every later read yields zero or nothing, so loops over it
// end. Unlike the binary format's integers, LEB128 here may be padded to any length. Nothing in
// DWARF can make a module invalid, so there are no errors to tell: what cannot be read is not
// there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace sluice {

/// A plain value; does not own the bytes.
class DwarfReader {
 public:
  explicit DwarfReader(std::span<const uint8_t> bytes, uint64_t at = 0) : bytes_(bytes) {
    seek(at);
  }

  bool failed() const { return failed_; }
  bool at_end() const { return at_ == bytes_.size(); }
  /// From the start of the section.
  size_t offset() const { return at_; }
  size_t remaining() const { return bytes_.size() - at_; }

  void fail() {
    failed_ = true;
    at_ = bytes_.size();
  }
  void seek(uint64_t at) {
    if (failed_ || at > bytes_.size()) return fail();
    at_ = static_cast<size_t>(at);
  }
  void skip(uint64_t count) {
    if (count > remaining()) return fail();
    at_ += static_cast<size_t>(count);
  }

  uint8_t u8() { return fixed<uint8_t>(); }
  uint16_t u16() { return fixed<uint16_t>(); }
  uint32_t u32() { return fixed<uint32_t>(); }
  uint64_t u64() { return fixed<uint64_t>(); }
  /// A little-endian number of 1, 2, 4 or 8 bytes; any other size fails.
  uint64_t fixed_of(uint64_t size_bytes) {
    switch (size_bytes) {
    case 1: return u8();
    case 2: return u16();
    case 4: return u32();
    case 8: return u64();
    default: fail(); return 0;
    }
  }
  /// Bits beyond 64 are dropped.
  uint64_t uleb() { return leb(false); }
  int64_t sleb() { return static_cast<int64_t>(leb(true)); }

  /// Up to the next zero byte, which is skipped.
  std::string_view string() {
    const auto* text = reinterpret_cast<const char*>(bytes_.data() + at_);
    const void* end = at_end() ? nullptr : std::memchr(text, 0, remaining());
    if (end == nullptr) {
      fail();
      return {};
    }
    const auto size = static_cast<size_t>(static_cast<const char*>(end) - text);
    at_ += size + 1;
    return {text, size};
  }

  /// The length of a unit, which says whether offsets in it have 4 or 8 bytes; the reader that is
  /// returned ends where the unit ends, and this one goes on behind it.
  DwarfReader unit(uint8_t& offset_bytes) {
    uint64_t size = u32();
    offset_bytes = 4;
    if (size == 0xffff'ffffu) {
      offset_bytes = 8;
      size = u64();
    }
    const size_t begin = at_;
    skip(size);
    return DwarfReader(bytes_.first(at_), failed_ ? at_ : begin);
  }

 private:
  template <class T>
  T fixed() {
    T value = 0;
    if (remaining() < sizeof(T)) {
      fail();
    } else {
      std::memcpy(&value, bytes_.data() + at_, sizeof(T));
      at_ += sizeof(T);
    }
    return value;
  }

  uint64_t leb(bool is_signed) {
    uint64_t value = 0;
    uint32_t shift = 0;
    while (at_ != bytes_.size()) {
      const uint8_t byte = bytes_[at_++];
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      shift += shift < 64 ? 7 : 0;
      if ((byte & 0x80) != 0) continue;
      if (is_signed && shift < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << shift;
      return value;
    }
    fail();
    return 0;
  }

  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace sluice

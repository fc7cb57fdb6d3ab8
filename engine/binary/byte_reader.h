// ByteReader: a bounded cursor over bytes of a module, with the binary format's integers
// (spec 5.2).
//
// The first error wins: the reader keeps it, moves to its end, and every later read yields zero, so
// parsers stay straight-line and test failed() before they use a value as a size, an index or a
// loop bound. Offsets count from the start of the module. What the bytes mean is the callers'
// business.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "engine/base/result.h"

namespace sluice {

struct LebNumber {
  uint64_t value;
  const uint8_t* next;  // the byte behind it
};

/// Unsigned numbers of up to four bytes, with five bytes to read, and those below 2^31 that linkers
/// leave padded to five; `next` is null for any other. Without branches on how many bytes it has.
inline LebNumber short_leb(const uint8_t* p, const uint8_t* end) {
  uint32_t word;
  if (static_cast<size_t>(end - p) <= sizeof word) return {0, nullptr};
  std::memcpy(&word, p, sizeof word);
  const uint32_t stops = ~word & 0x80808080u;
  if (stops == 0) {
    if (p[4] >= 8) return {0, nullptr};
    const uint32_t low = (word & 0x7f) | ((word >> 1) & 0x3f80) | ((word >> 2) & 0x1fc000) |
                         ((word >> 3) & 0xfe00000);
    return {low | uint32_t{p[4]} << 28, p + 5};
  }
  const uint32_t through = stops ^ (stops - 1);  // all bits up to the last byte's top bit
  const uint32_t bits = word & through;
  const uint32_t value =
      (bits & 0x7f) | ((bits >> 1) & 0x3f80) | ((bits >> 2) & 0x1fc000) | ((bits >> 3) & 0xfe00000);
  return {value, p + (std::countr_zero(stops) >> 3) + 1};
}

/// The byte behind a number of up to four bytes, of either sign; null if it is longer, or closer to
/// `end`.
inline const uint8_t* skip_short_leb(const uint8_t* p, const uint8_t* end) {
  uint32_t word;
  if (static_cast<size_t>(end - p) < sizeof word) return nullptr;
  std::memcpy(&word, p, sizeof word);
  const uint32_t stops = ~word & 0x80808080u;
  return stops == 0 ? nullptr : p + (std::countr_zero(stops) >> 3) + 1;
}

/// A plain value, cheap to make; does not own the bytes. One-byte LEB128 is decoded inline.
///
/// Integer errors are the specification's: IntTooLong where the last byte an N-bit integer may have
/// asks for another one, IntTooLarge where its unused bits are not what they must be (which is
/// checked first); both carry that last byte's offset. Running out of bytes is UnexpectedEnd at the
/// end's offset.
class ByteReader {
 public:
  ByteReader() = default;
  /// `base_offset`: offset of bytes[0] in the module.
  ByteReader(std::span<const uint8_t> bytes, uint64_t base_offset)
      : ByteReader(bytes, base_offset, bytes.size()) {}
  /// For a section of which only the first bytes are there: `declared_size` is what its header
  /// promised. A length that fits the promise but not the bytes is then UnexpectedEnd.
  ByteReader(std::span<const uint8_t> bytes, uint64_t base_offset, uint64_t declared_size)
      : pos_(bytes.data()), end_(bytes.data() + bytes.size()), begin_(bytes.data()),
        base_offset_(base_offset), declared_end_(base_offset + declared_size) {}

  uint64_t offset() const { return offset_of(pos_); }
  uint64_t offset_of(const uint8_t* p) const {
    return base_offset_ + static_cast<uint64_t>(p - begin_);
  }
  uint64_t end_offset() const { return offset_of(end_); }
  /// Bytes not yet read; 0 after a failure.
  size_t remaining() const { return static_cast<size_t>(end_ - pos_); }
  bool at_end() const { return pos_ == end_; }

  /// The cursor itself, for loops that keep it in a register. set_pos wants begin <= p <= end.
  const uint8_t* pos() const { return pos_; }
  const uint8_t* end() const { return end_; }
  void set_pos(const uint8_t* p) { pos_ = p; }

  /// More bytes have come, up to `end`. Not after a failure.
  void extend(const uint8_t* end) {
    end_ = end;
    declared_end_ = offset_of(end);
  }
  /// Forgets a failure and goes back to `p`.
  void recover(const uint8_t* p) {
    failed_ = false;
    pos_ = p;
  }

  bool failed() const { return failed_; }
  /// Valid if failed().
  const Error& error() const { return error_; }
  /// The error as a return value: `if (r.failed()) return r.take_error();`
  std::unexpected<Error> take_error() { return std::unexpected(std::move(error_)); }
  /// Records an error unless there is one already; later reads yield zero.
  [[gnu::cold, gnu::noinline]] void fail(ErrorKind kind, uint64_t offset, String detail = {});

  /// The next byte without consuming it; 0 at the end.
  uint8_t peek_u8() const { return pos_ != end_ ? *pos_ : uint8_t{0}; }
  uint8_t read_u8() {
    if (pos_ != end_) [[likely]]
      return *pos_++;
    fail_at_end();
    return 0;
  }
  uint32_t read_u32() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    return read_u32_slow();
  }
  /// The same where it is hard to foresee how many bytes there are.
  uint32_t read_any_u32() {
    const LebNumber n = short_leb(pos_, end_);
    if (n.next == nullptr) [[unlikely]]
      return read_u32();
    pos_ = n.next;
    return static_cast<uint32_t>(n.value);
  }
  uint64_t read_u64() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    return read_u64_slow();
  }
  int32_t read_s32() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return sign_extend_7(*pos_++);
    return read_s32_slow();
  }
  /// 33 bits: block types and heap types.
  int64_t read_s33() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return sign_extend_7(*pos_++);
    return read_s33_slow();
  }
  int64_t read_s64() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return sign_extend_7(*pos_++);
    return read_s64_slow();
  }
  /// Four and eight bytes, little-endian: floats, and the header.
  uint32_t read_fixed_u32() { return read_fixed<uint32_t>(); }
  uint64_t read_fixed_u64() { return read_fixed<uint64_t>(); }

  /// The next `count` bytes. If there are fewer, fails with LengthOutOfBounds at `length_offset`,
  /// the place of the length, and returns an empty span.
  std::span<const uint8_t> read_bytes(uint64_t count, uint64_t length_offset);
  /// A name (spec 5.2.4): length, then UTF-8. A view into the bytes.
  std::string_view read_name();
  void skip(size_t count) { static_cast<void>(read_bytes(count, offset())); }

 private:
  static int32_t sign_extend_7(uint8_t b) {
    return static_cast<int32_t>(static_cast<uint32_t>(b) << 25) >> 25;
  }
  template <class T>
  T read_fixed() {
    T value = 0;
    if (remaining() < sizeof(T)) [[unlikely]] {
      fail_at_end();
    } else {
      std::memcpy(&value, pos_, sizeof(T));
      pos_ += sizeof(T);
    }
    return value;
  }
  template <unsigned kBits, bool kSigned>
  uint64_t read_leb();
  [[gnu::noinline]] uint32_t read_u32_slow();
  [[gnu::noinline]] uint64_t read_u64_slow();
  [[gnu::noinline]] int32_t read_s32_slow();
  [[gnu::noinline]] int64_t read_s33_slow();
  [[gnu::noinline]] int64_t read_s64_slow();
  [[gnu::cold, gnu::noinline]] void fail_at_end();

  const uint8_t* pos_ = nullptr;
  const uint8_t* end_ = nullptr;
  const uint8_t* begin_ = nullptr;
  uint64_t base_offset_ = 0;
  uint64_t declared_end_ = 0;
  bool failed_ = false;
  Error error_{};
};

/// Is it well-formed UTF-8 (Unicode table 3-7: no surrogates, nothing overlong, at most U+10FFFF)?
/// On failure `bad_index` is the index of the first byte of the first ill-formed sequence.
bool is_utf8(std::span<const uint8_t> bytes, size_t& bad_index);

}  // namespace sluice

// The slow paths of ByteReader: integers of several bytes, failures, names.
//
// None of this is inlined into the readers, so that their fast paths stay small. The invariant
// after fail(): pos_ == end_, hence every read takes a slow path that finds no byte and changes
// nothing.
#include "engine/binary/byte_reader.h"

#include <algorithm>
#include <cstring>

#include "engine/wasm/limits.h"

namespace sluice {

void ByteReader::fail(ErrorKind kind, uint64_t offset, String detail) {
  if (failed_) return;
  failed_ = true;
  error_ = Error{kind, offset, std::move(detail)};
  pos_ = end_;
}

void ByteReader::fail_at_end() { fail(ErrorKind::UnexpectedEnd, end_offset()); }

// spec 5.2.2. Bytes are looked at one by one, as they decide which error comes first.
template <unsigned kBits, bool kSigned>
uint64_t ByteReader::read_leb() {
  constexpr unsigned kLastShift = (kBits - 1) / 7 * 7;
  constexpr unsigned kLastBits = kBits - kLastShift;  // of the last byte that may occur
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (pos_ == end_) {
      fail_at_end();
      return 0;
    }
    const uint8_t byte = *pos_++;
    const uint8_t low = byte & 0x7f;
    value |= uint64_t{low} << shift;
    if (shift == kLastShift) {
      const auto unused =
          static_cast<uint8_t>((0x7fu << (kSigned ? kLastBits - 1 : kLastBits)) & 0x7f);
      const bool fits = (low & unused) == 0 || (kSigned && (low & unused) == unused);
      if (!fits) {
        fail(ErrorKind::IntTooLarge, offset() - 1);
        return 0;
      }
      if ((byte & 0x80) != 0) {
        fail(ErrorKind::IntTooLong, offset() - 1);
        return 0;
      }
    }
    if ((byte & 0x80) == 0) {
      if (kSigned && shift + 7 < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << (shift + 7);
      return value;
    }
  }
}

uint32_t ByteReader::read_u32_slow() {
  if (end_ - pos_ >= 2 && pos_[1] < 0x80) [[likely]] {  // two bytes, since one is not enough
    const uint32_t value = (pos_[0] & 0x7fu) | uint32_t{pos_[1]} << 7;
    pos_ += 2;
    return value;
  }
  return static_cast<uint32_t>(read_leb<32, false>());
}
uint64_t ByteReader::read_u64_slow() { return read_leb<64, false>(); }
int32_t ByteReader::read_s32_slow() { return static_cast<int32_t>(read_leb<32, true>()); }
int64_t ByteReader::read_s33_slow() { return static_cast<int64_t>(read_leb<33, true>()); }
int64_t ByteReader::read_s64_slow() { return static_cast<int64_t>(read_leb<64, true>()); }

std::span<const uint8_t> ByteReader::read_bytes(uint64_t count, uint64_t length_offset) {
  if (count > remaining()) [[unlikely]] {
    if (count > declared_end_ - offset()) {
      fail(ErrorKind::LengthOutOfBounds, length_offset);
    } else {
      fail_at_end();
    }
    return {};
  }
  const std::span<const uint8_t> bytes(pos_, static_cast<size_t>(count));
  pos_ += count;
  return bytes;
}

std::string_view ByteReader::read_name() {
  const uint64_t length_offset = offset();
  const uint32_t length = read_u32();
  if (failed_) return {};
  const uint64_t text_offset = offset();
  if (length > kMaxNameBytes && length <= declared_end_ - text_offset) {
    fail(ErrorKind::CountTooLarge, length_offset, "name length");
    return {};
  }
  const std::span<const uint8_t> bytes = read_bytes(length, length_offset);
  size_t bad_index = 0;
  if (!is_utf8(bytes, bad_index)) {
    fail(ErrorKind::BadUtf8, text_offset + bad_index);
    return {};
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

namespace {

bool in_range(uint8_t b, uint8_t low, uint8_t high) { return b >= low && b <= high; }

// Length of the well-formed sequence that starts at `at`, or 0 (Unicode 15, table 3-7).
size_t utf8_sequence(std::span<const uint8_t> bytes, size_t at) {
  const uint8_t lead = bytes[at];
  if (lead < 0x80) return 1;
  const size_t left = bytes.size() - at;
  if (in_range(lead, 0xc2, 0xdf)) return left >= 2 && in_range(bytes[at + 1], 0x80, 0xbf) ? 2 : 0;
  const auto tail = [&](size_t i) { return in_range(bytes[at + i], 0x80, 0xbf); };
  if (in_range(lead, 0xe0, 0xef)) {
    const uint8_t low = lead == 0xe0 ? 0xa0 : 0x80;   // else overlong
    const uint8_t high = lead == 0xed ? 0x9f : 0xbf;  // else a surrogate
    return left >= 3 && in_range(bytes[at + 1], low, high) && tail(2) ? 3 : 0;
  }
  if (in_range(lead, 0xf0, 0xf4)) {
    const uint8_t low = lead == 0xf0 ? 0x90 : 0x80;   // else overlong
    const uint8_t high = lead == 0xf4 ? 0x8f : 0xbf;  // else past U+10FFFF
    return left >= 4 && in_range(bytes[at + 1], low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::span<const uint8_t> bytes, size_t& bad_index) {
  constexpr size_t kEight = sizeof(uint64_t);
  const auto is_ascii = [&](size_t from) {
    uint64_t eight = 0;
    std::memcpy(&eight, bytes.data() + from, kEight);
    return (eight & 0x8080'8080'8080'8080u) == 0;
  };
  size_t at = 0;
  while (at < bytes.size()) {
    // Almost all names are ASCII. The last eight bytes overlap some that were seen.
    const size_t from = std::min(at, bytes.size() - std::min(bytes.size(), kEight));
    if (bytes.size() >= kEight && is_ascii(from)) {
      at = from + kEight;
      continue;
    }
    const size_t length = utf8_sequence(bytes, at);
    if (length == 0) {
      bad_index = at;
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace sluice

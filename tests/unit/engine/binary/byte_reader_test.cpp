// Integers, names and the first-error rule.
#include <gtest/gtest.h>
#include <vector>

#include "engine/binary/byte_reader.h"

namespace sluice {
namespace {

using Bytes = std::vector<uint8_t>;

void expect_error(const ByteReader& r, ErrorKind kind, uint64_t offset) {
  ASSERT_TRUE(r.failed());
  EXPECT_EQ(error_text(r.error().kind), error_text(kind));
  EXPECT_EQ(r.error().offset, offset);
  EXPECT_EQ(r.remaining(), 0u);
}

TEST(ByteReader, UnsignedIntegers) {
  const Bytes bytes = {0x00, 0x7f, 0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x80, 0x00};
  ByteReader r(bytes, 100);
  EXPECT_EQ(r.read_u32(), 0u);
  EXPECT_EQ(r.read_u32(), 127u);
  EXPECT_EQ(r.read_u32(), 128u);
  EXPECT_EQ(r.read_u32(), ~0u);
  EXPECT_EQ(r.offset(), 109u);
  EXPECT_EQ(r.read_u32(), 0u) << "padded, but not too long";
  EXPECT_TRUE(r.at_end());
  EXPECT_FALSE(r.failed());
}

TEST(ByteReader, SignedIntegers) {
  const Bytes bytes = {0x3f, 0x40, 0x7f, 0x80, 0x7f, 0x80, 0x80, 0x80, 0x80, 0x78,
                       0xff, 0xff, 0xff, 0xff, 0x07, 0xff, 0xff, 0xff, 0xff, 0x0f};
  ByteReader r(bytes, 0);
  EXPECT_EQ(r.read_s32(), 63);
  EXPECT_EQ(r.read_s32(), -64);
  EXPECT_EQ(r.read_s32(), -1);
  EXPECT_EQ(r.read_s32(), -128);
  EXPECT_EQ(r.read_s32(), INT32_MIN);
  EXPECT_EQ(r.read_s32(), INT32_MAX);
  EXPECT_EQ(r.read_s33(), int64_t{0xffffffff});
  EXPECT_TRUE(r.at_end() && !r.failed());
}

TEST(ByteReader, Signed64) {
  const Bytes bytes = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 0x40,
                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00};
  ByteReader r(bytes, 0);
  EXPECT_EQ(r.read_s64(), INT64_MIN);
  EXPECT_EQ(r.read_s64(), -64);
  EXPECT_EQ(r.read_s64(), INT64_MAX);
  EXPECT_TRUE(r.at_end() && !r.failed());
}

// Each integer type's last byte: what it may hold, and which error comes first.
TEST(ByteReader, TooLongAndTooLarge) {
  const auto last = [](size_t count, uint8_t byte) {
    Bytes b(count - 1, 0x80);
    b.push_back(byte);
    b.push_back(0);
    return b;
  };
  const auto check = [&](auto read, size_t length, uint8_t ok, uint8_t too_large, uint8_t too_long,
                         uint8_t both) {
    const uint64_t at = 7 + length - 1;
    {
      const Bytes b = last(length, ok);
      ByteReader r(b, 7);
      read(r);
      EXPECT_FALSE(r.failed());
      EXPECT_EQ(r.remaining(), 1u);
    }
    const Bytes large = last(length, too_large), longer = last(length, too_long);
    ByteReader a(large, 7), b(longer, 7);
    read(a);
    expect_error(a, ErrorKind::IntTooLarge, at);
    read(b);
    expect_error(b, ErrorKind::IntTooLong, at);
    const Bytes large_and_long = last(length, both);
    ByteReader c(large_and_long, 7);
    read(c);
    expect_error(c, ErrorKind::IntTooLarge, at);
  };
  check([](ByteReader& r) { r.read_u32(); }, 5, 0x0f, 0x10, 0x80, 0x90);
  check([](ByteReader& r) { r.read_u64(); }, 10, 0x01, 0x02, 0x81, 0x82);
  check([](ByteReader& r) { r.read_s32(); }, 5, 0x78, 0x08, 0xf8, 0x88);
  check([](ByteReader& r) { r.read_s33(); }, 5, 0x70, 0x10, 0x80, 0x90);
  check([](ByteReader& r) { r.read_s64(); }, 10, 0x7f, 0x01, 0xff, 0x81);
}

TEST(ByteReader, EndInsideAnInteger) {
  const Bytes bytes = {0x80, 0x80};
  ByteReader r(bytes, 10);
  EXPECT_EQ(r.read_u32(), 0u);
  expect_error(r, ErrorKind::UnexpectedEnd, 12);
}

TEST(ByteReader, FirstErrorWins) {
  const Bytes bytes = {0x01, 0x02};
  ByteReader r(bytes, 0);
  r.read_u8();
  r.fail(ErrorKind::BadValueType, 1);
  EXPECT_EQ(r.read_u8(), 0);
  EXPECT_EQ(r.read_u32(), 0u);
  EXPECT_EQ(r.read_fixed_u64(), 0u);
  EXPECT_TRUE(r.read_name().empty());
  r.fail(ErrorKind::BadRefType, 0);
  expect_error(r, ErrorKind::BadValueType, 1);
}

TEST(ByteReader, FixedWidth) {
  const Bytes bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
  ByteReader r(bytes, 0);
  EXPECT_EQ(r.read_fixed_u32(), 0x04030201u);
  EXPECT_EQ(r.read_fixed_u64(), 0x0c0b0a0908070605u);
  r.read_fixed_u32();
  expect_error(r, ErrorKind::UnexpectedEnd, 13);
}

TEST(ByteReader, Names) {
  const Bytes good = {3, 'a', 0xc3, 0xa9, 0};
  ByteReader r(good, 0);
  EXPECT_EQ(r.read_name(), "a\xc3\xa9");
  EXPECT_EQ(r.read_name(), "");
  EXPECT_FALSE(r.failed());

  const Bytes past = {5, 'a', 'b'};
  ByteReader outside(past, 20);
  outside.read_name();
  expect_error(outside, ErrorKind::LengthOutOfBounds, 20);
  ByteReader truncated(past, 20, 6);  // the section promises the bytes, they are not there yet
  truncated.read_name();
  expect_error(truncated, ErrorKind::UnexpectedEnd, 23);
  ByteReader too_short(past, 20, 5);
  too_short.read_name();
  expect_error(too_short, ErrorKind::LengthOutOfBounds, 20);

  const Bytes bad = {4, 'a', 'b', 0xff, 'c'};
  ByteReader utf8(bad, 30);
  utf8.read_name();
  expect_error(utf8, ErrorKind::BadUtf8, 33);
}

TEST(ByteReader, Utf8) {
  const auto valid = [](std::initializer_list<uint8_t> bytes) {
    size_t bad = 0;
    return is_utf8(std::span(bytes.begin(), bytes.size()), bad);
  };
  EXPECT_TRUE(valid({}));
  EXPECT_TRUE(valid({0x7f}));
  EXPECT_TRUE(valid({0xc2, 0x80}));
  EXPECT_TRUE(valid({0xe0, 0xa0, 0x80}));
  EXPECT_TRUE(valid({0xed, 0x9f, 0xbf}));
  EXPECT_TRUE(valid({0xf0, 0x90, 0x80, 0x80}));
  EXPECT_TRUE(valid({0xf4, 0x8f, 0xbf, 0xbf}));
  EXPECT_FALSE(valid({0x80}));
  EXPECT_FALSE(valid({0xc1, 0xbf}));
  EXPECT_FALSE(valid({0xe0, 0x9f, 0xbf}));
  EXPECT_FALSE(valid({0xed, 0xa0, 0x80})) << "surrogate";
  EXPECT_FALSE(valid({0xf0, 0x8f, 0xbf, 0xbf}));
  EXPECT_FALSE(valid({0xf4, 0x90, 0x80, 0x80})) << "past U+10FFFF";
  EXPECT_FALSE(valid({0xf5, 0x80, 0x80, 0x80}));
  EXPECT_FALSE(valid({0xe2, 0x82})) << "cut";
  EXPECT_FALSE(valid({0xe2, 0x28, 0xa1}));
}

TEST(ByteReader, Utf8WhereverItStands) {
  for (size_t length = 1; length < 40; ++length) {
    for (size_t i = 0; i < length; ++i) {
      std::vector<uint8_t> bytes(length, 'a');
      size_t bad = ~size_t{0};
      EXPECT_TRUE(is_utf8(bytes, bad));
      bytes[i] = 0xc2;
      EXPECT_FALSE(is_utf8(bytes, bad));
      EXPECT_EQ(bad, i);
      if (i + 1 == length) continue;
      bytes[i + 1] = 0x80;
      EXPECT_TRUE(is_utf8(bytes, bad));
      bytes[i] = 'a';
      EXPECT_FALSE(is_utf8(bytes, bad));
      EXPECT_EQ(bad, i + 1);
    }
  }
}

}  // namespace
}  // namespace sluice

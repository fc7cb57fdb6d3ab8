#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <string>

#include "engine/text/numbers.h"

namespace sluice {
namespace {

uint32_t f32(const char* text) {
  const ParsedNumber number = parse_float(text, 32);
  EXPECT_TRUE(number.ok()) << text;
  return static_cast<uint32_t>(number.bits);
}

uint64_t f64(const char* text) {
  const ParsedNumber number = parse_float(text, 64);
  EXPECT_TRUE(number.ok()) << text;
  return number.bits;
}

NumberStatus int_status(const char* text, unsigned width) { return parse_int(text, width).status; }
NumberStatus float_status(const char* text, unsigned width) {
  return parse_float(text, width).status;
}

TEST(Numbers, IntegersOfEachWidth) {
  EXPECT_EQ(parse_int("0", 32).bits, 0u);
  EXPECT_EQ(parse_int("-1", 32).bits, 0xffff'ffffu);
  EXPECT_EQ(parse_int("4294967295", 32).bits, 0xffff'ffffu);
  EXPECT_EQ(parse_int("-0x8000_0000", 32).bits, 0x8000'0000u);
  EXPECT_EQ(parse_int("+0xFfFf", 16).bits, 0xffffu);
  EXPECT_EQ(parse_int("-128", 8).bits, 0x80u);
  EXPECT_EQ(parse_int("-9223372036854775808", 64).bits, uint64_t{1} << 63);
  EXPECT_EQ(parse_int("18446744073709551615", 64).bits, ~uint64_t{0});
  EXPECT_EQ(int_status("4294967296", 32), NumberStatus::OutOfRange);
  EXPECT_EQ(int_status("-2147483649", 32), NumberStatus::OutOfRange);
  EXPECT_EQ(int_status("18446744073709551616", 64), NumberStatus::OutOfRange);
  EXPECT_EQ(int_status("-129", 8), NumberStatus::OutOfRange);
}

TEST(Numbers, UnderscoresStandBetweenDigits) {
  EXPECT_EQ(parse_int("1_000", 32).bits, 1000u);
  EXPECT_EQ(parse_unsigned("0x0_1", 10).bits, 1u);
  for (const char* text : {"", "_1", "1_", "1__0", "0x", "0x_1", "0x1_", "-", "+-1", "1a", "0xg"}) {
    EXPECT_EQ(int_status(text, 32), NumberStatus::Malformed) << text;
  }
  EXPECT_EQ(parse_unsigned("-1", 10).status, NumberStatus::Malformed);
  EXPECT_EQ(parse_unsigned("11", 10).status, NumberStatus::OutOfRange);
}

TEST(Numbers, FloatsAreRoundedOnce) {
  // Halfway between two floats: to even. Rounding to double first would lose the tail.
  EXPECT_EQ(f32("16777217"), std::bit_cast<uint32_t>(16777216.0f));
  EXPECT_EQ(f32("16777217.0000000000000000000000000001"), std::bit_cast<uint32_t>(16777218.0f));
  EXPECT_EQ(f32("0x1.0000010000000000000000000000001p0"), 0x3f80'0001u);
  EXPECT_EQ(f32("0x1.000001p0"), 0x3f80'0000u);
  EXPECT_EQ(f32("0x1.fffffep+127"), 0x7f7f'ffffu);
  EXPECT_EQ(f64("0.1"), 0x3fb9'9999'9999'999au);
  EXPECT_EQ(f64("1."), std::bit_cast<uint64_t>(1.0));
  EXPECT_EQ(f64("1.e3"), std::bit_cast<uint64_t>(1000.0));
  EXPECT_EQ(f64("0x1.P+4"), std::bit_cast<uint64_t>(16.0));
  EXPECT_EQ(f64("1_0.2_5E+0_1"), std::bit_cast<uint64_t>(102.5));
  EXPECT_EQ(f64("-0"), uint64_t{1} << 63);
  EXPECT_EQ(f64("179769313486231570814527423731704356798070e267"),
            std::bit_cast<uint64_t>(std::numeric_limits<double>::max()));
}

TEST(Numbers, TooSmallIsZeroTooLargeIsAnError) {
  EXPECT_EQ(f32("1e-60"), 0u);
  EXPECT_EQ(f32("-0x1p-999999999999999999999"), 0x8000'0000u);
  EXPECT_EQ(f32("0x1p-149"), 1u);
  EXPECT_EQ(f32("0x1p-150"), 0u);
  EXPECT_EQ(f32("0x1.000001p-150"), 1u);
  EXPECT_EQ(f64("4.9406564584124654e-324"), 1u);
  EXPECT_EQ(f64("0.000000000000000000000000000001e-300"), 0u);
  EXPECT_EQ(f64("0e99999999999999999999"), 0u);
  EXPECT_EQ(f64("0x0.0p99999999999999999999"), 0u);
  EXPECT_EQ(float_status("1e39", 32), NumberStatus::OutOfRange);
  EXPECT_EQ(float_status("340282356779733661637539395458142568448", 32), NumberStatus::OutOfRange);
  EXPECT_EQ(float_status("0x1p128", 32), NumberStatus::OutOfRange);
  EXPECT_EQ(float_status("1e309", 64), NumberStatus::OutOfRange);
  EXPECT_EQ(float_status("0x1p1024", 64), NumberStatus::OutOfRange);
  EXPECT_EQ(float_status("1e99999999999999999999", 64), NumberStatus::OutOfRange);
  EXPECT_EQ(f64((std::string("0.") + std::string(400, '0') + "1e401").c_str()),
            std::bit_cast<uint64_t>(1.0));
}

TEST(Numbers, InfinityAndPayloads) {
  EXPECT_EQ(f32("inf"), 0x7f80'0000u);
  EXPECT_EQ(f32("-inf"), 0xff80'0000u);
  EXPECT_EQ(f32("nan"), 0x7fc0'0000u);
  EXPECT_EQ(f32("-nan:0x1"), 0xff80'0001u);
  EXPECT_EQ(f64("nan:0x8_0000_0000_0001"), 0x7ff8'0000'0000'0001u);
  EXPECT_EQ(float_status("nan:0x0", 32), NumberStatus::OutOfRange);
  EXPECT_EQ(float_status("nan:0x800000", 32), NumberStatus::OutOfRange);
  for (const char* text : {"nan:1", "nan:", "nan:0x", "infinity", "nanx", "0x", "1e", "1e+", ".5",
                           "1.5p3", "0x1.8e3p", "1_.5", "1._5", "1e_5", "1.5.5", "+", "e5"}) {
    EXPECT_EQ(float_status(text, 64), NumberStatus::Malformed) << text;
  }
}

}  // namespace
}  // namespace sluice

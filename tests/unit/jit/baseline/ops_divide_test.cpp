// Division by constants: what multiplications and shifts give is what C++'s division gives.
#include "tests/unit/jit/baseline/test_runner.h"

namespace sluice::test {
namespace {

const int64_t kDivisors[] = {
    1,   2,   3,    4,    5,      6,       7,         9,           10,         11,         12,
    13,  14,  25,   28,   60,     63,      64,        65,          100,        127,        125,
    255, 641, 1000, 1023, 10'000, 100'000, 1'000'000, 1'000'003,   0x10000001, 0x7ffffffe, -2,
    -3,  -5,  -7,   -8,   -10,    -1000,   -641,      -0x7fffffff,
};
const int64_t kWideDivisors[] = {
    0x7fffffff,         0x80000000,         0x80000001,    0xfffffffe,          0xffffffff,
    0x100000000,        0x100000001,        0x123456789,   0x7fffffffffffffff,  0x7ffffffffffffffe,
    0x4000000000000001, 0x3fffffffffffffff, -0x80000000ll, -0x7fffffffffffffff, 6700417 * 641ll,
};

/// Dividends around multiples of the divisor and of powers of two.
std::vector<uint64_t> dividends(uint64_t divisor) {
  std::vector<uint64_t> all;
  auto around = [&](uint64_t x) {
    for (uint64_t d = 0; d < 3; ++d)
      all.push_back(x + d), all.push_back(x - d), all.push_back(-x + d);
  };
  for (uint32_t bit = 0; bit < 64; ++bit) {
    around(uint64_t{1} << bit);
    around(divisor << bit);
    around((uint64_t{1} << bit) / divisor * divisor);
    around(~uint64_t{0} / divisor * divisor);
    around((~uint64_t{0} >> 32) / divisor * divisor);
    around(0x9e3779b97f4a7c15u * (bit + 1));
  }
  return all;
}

/// (param T) (result T): the parameter op the constant, plus the parameter.
Code division(bool is_64, uint8_t opcode, int64_t divisor) {
  Code code;
  code.get(0);
  code.op(is_64 ? 0x42 : 0x41);
  put_signed(code.bytes, is_64 ? divisor : static_cast<int32_t>(divisor));
  code.op(opcode);
  // Plus the parameter: wrong if its register was changed.
  code.get(0).op(is_64 ? 0x7c : 0x6a);
  return code;
}

template <class Signed, class Unsigned>
uint64_t expected(uint32_t op, uint64_t x, int64_t d) {
  auto sx = static_cast<Signed>(x);
  auto sd = static_cast<Signed>(d);
  auto ux = static_cast<Unsigned>(x);
  auto ud = static_cast<Unsigned>(d);
  Unsigned result = 0;
  switch (op) {
  case 0: result = static_cast<Unsigned>(sx / sd); break;
  case 1: result = ux / ud; break;
  case 2: result = static_cast<Unsigned>(sx % sd); break;
  default: result = ux % ud; break;
  }
  return static_cast<Unsigned>(result + ux);
}

void check(bool is_64, const std::vector<int64_t>& divisors) {
  const uint8_t type = is_64 ? kTypeI64 : kTypeI32;
  TestModule maker;
  const uint32_t sig = maker.type({type}, {type});
  for (int64_t d : divisors) {
    for (uint8_t op = 0; op < 4; ++op) {
      maker.func(sig, {}, division(is_64, static_cast<uint8_t>((is_64 ? 0x7f : 0x6d) + op), d));
    }
  }
  auto module = decode(maker.bytes());
  TestRunner runner;
  for (uint64_t seed : {0u, 7u}) {
    ASSERT_TRUE(runner.load(*module, host_options(), seed));
    for (uint32_t i = 0; i < divisors.size(); ++i) {
      const int64_t d = divisors[i];
      for (uint64_t x : dividends(static_cast<uint64_t>(d))) {
        if (!is_64) x = static_cast<uint32_t>(x);
        for (uint32_t op = 0; op < 4; ++op) {
          const uint64_t want =
              is_64 ? expected<int64_t, uint64_t>(op, x, d) : expected<int32_t, uint32_t>(op, x, d);
          ASSERT_EQ(runner.run(i * 4 + op, {x}), want) << "op " << op << ": " << x << " by " << d;
        }
      }
    }
  }
}

TEST(OpsDivide, ConstantDivisors32) {
  std::vector<int64_t> divisors(std::begin(kDivisors), std::end(kDivisors));
  for (int64_t d : {0x80000001ll, 0xaaaaaaabll, 0xfffffffell}) divisors.push_back(d);
  check(false, divisors);
}

TEST(OpsDivide, ConstantDivisors64) {
  std::vector<int64_t> divisors(std::begin(kDivisors), std::end(kDivisors));
  divisors.insert(divisors.end(), std::begin(kWideDivisors), std::end(kWideDivisors));
  check(true, divisors);
}

}  // namespace
}  // namespace sluice::test

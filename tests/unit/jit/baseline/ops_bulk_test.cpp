// Copies and fills of a known number of bytes, which are loads and stores without a call.
#include <numeric>

#include "tests/unit/jit/baseline/test_runner.h"

namespace sluice::test {
namespace {

constexpr uint32_t kMaxBytes = 64;

/// (param dst src) (result i32): copies `bytes`, which must be few; the result is 0.
Code copy(uint32_t bytes) {
  Code code;
  code.get(0).get(1).i32(static_cast<int32_t>(bytes)).op(0xfc).op(10).op(0).op(0).i32(0);
  return code;
}

Code fill(uint32_t bytes, int32_t value) {
  Code code;
  code.get(0).i32(value).i32(static_cast<int32_t>(bytes)).op(0xfc).op(11).op(0).i32(0);
  return code;
}

/// What the code leaves in memory that starts as 1, 2, 3 … at 1000.
class OpsBulk : public testing::Test {
 protected:
  static constexpr uint32_t kAt = 1000;
  static constexpr uint32_t kSpan = 256;

  /// Function 0 numbers the bytes; the codes come behind it.
  void compile(const std::vector<Code>& codes) {
    TestModule maker;
    const uint32_t sig = maker.type({kTypeI32, kTypeI32}, {kTypeI32});
    Code number;
    for (uint32_t i = 0; i < kSpan; ++i) {
      number.i32(static_cast<int32_t>(kAt + i)).i32(static_cast<int32_t>(i + 1));
      number.op(0x3a).op(0).op(0);
    }
    number.i32(0);
    maker.func(sig, {}, number);
    for (const Code& code : codes) maker.func(sig, {}, code);
    module_ = decode(maker.bytes());
    ASSERT_NE(module_, nullptr);
  }
  std::vector<uint8_t> run(uint32_t index, uint32_t dst, uint32_t src) {
    EXPECT_EQ(runner_.run(0, {0, 0}), 0u);
    EXPECT_EQ(runner_.run(index + 1, {dst, src}), 0u);
    return {runner_.memory().begin() + kAt, runner_.memory().begin() + kAt + kSpan};
  }
  static std::vector<uint8_t> numbered() {
    std::vector<uint8_t> bytes(kSpan);
    std::iota(bytes.begin(), bytes.end(), uint8_t{1});
    return bytes;
  }

  std::shared_ptr<Module> module_;
  TestRunner runner_;
};

TEST_F(OpsBulk, CopiesOverlapBothWays) {
  std::vector<Code> codes;
  for (uint32_t n = 1; n <= kMaxBytes; ++n) codes.push_back(copy(n));
  compile(codes);
  for (uint64_t seed : {0u, 5u}) {
    ASSERT_TRUE(runner_.load(*module_, host_options(), seed));
    for (uint32_t n = 1; n <= kMaxBytes; ++n) {
      for (uint32_t dst : {0u, 63u, 70u, 71u, 77u, 120u, 190u}) {
        std::vector<uint8_t> want = numbered();
        std::memmove(want.data() + dst, want.data() + 70, n);
        ASSERT_EQ(run(n - 1, kAt + dst, kAt + 70), want) << n << " bytes to " << dst;
      }
    }
  }
}

TEST_F(OpsBulk, FillsWriteNothingElse) {
  std::vector<Code> codes;
  for (uint32_t n = 1; n <= kMaxBytes; ++n) {
    codes.push_back(fill(n, 0));
    codes.push_back(fill(n, 0x3a7));
  }
  compile(codes);
  for (uint64_t seed : {0u, 5u}) {
    ASSERT_TRUE(runner_.load(*module_, host_options(), seed));
    for (uint32_t n = 1; n <= kMaxBytes; ++n) {
      for (uint32_t which : {0u, 1u}) {
        std::vector<uint8_t> want = numbered();
        std::memset(want.data() + 50, which == 0 ? 0 : 0xa7, n);
        ASSERT_EQ(run(2 * (n - 1) + which, kAt + 50, 0), want) << n << " bytes";
      }
    }
  }
}

}  // namespace
}  // namespace sluice::test

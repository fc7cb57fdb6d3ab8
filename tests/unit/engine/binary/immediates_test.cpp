// Immediates of every instruction: read to the last byte, skipped as far, and never read past an
// end.
#include <gtest/gtest.h>
#include <random>

#include "engine/binary/immediates.h"
#include "engine/binary/skip.h"
#include "tests/unit/engine/validate/body_fixture.h"

namespace sluice {
namespace {

class Immediates : public testing::Test {
 protected:
  Instr read(const std::vector<uint8_t>& bytes) {
    in_ = ByteReader(bytes, 0);
    Instr instr;
    read_instr(in_, TypeScope(fixture_.module.types, fixture_.module.features), scratch_, instr);
    return instr;
  }
  ErrorKind error_of(std::string_view code) {
    const std::vector<uint8_t> bytes = test::hex(code);
    read(bytes);
    EXPECT_TRUE(in_.failed()) << code;
    return in_.failed() ? in_.error().kind : ErrorKind::Trapped;
  }
  uint64_t error_offset() const { return in_.error().offset; }

  test::ModuleFixture fixture_;
  ImmediateScratch scratch_;
  ByteReader in_;
};

TEST_F(Immediates, EveryRowIsReadAndSkippedAlike) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    std::vector<uint8_t> rest = test::example(static_cast<Op>(i));
    while (!rest.empty()) {
      const Instr instr = read(rest);
      ASSERT_FALSE(in_.failed()) << op_info(static_cast<Op>(i)).mnemonic;
      const auto length = static_cast<size_t>(in_.pos() - rest.data());
      EXPECT_EQ(skip_instr(rest.data(), rest.data() + rest.size()), rest.data() + length)
          << op_info(instr.op).mnemonic;
      const std::vector<uint8_t> one(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(length));
      for (size_t cut = 0; cut < one.size(); ++cut) {
        const std::vector<uint8_t> prefix(one.begin(), one.begin() + static_cast<ptrdiff_t>(cut));
        read(prefix);
        ASSERT_TRUE(in_.failed()) << op_info(instr.op).mnemonic;
        EXPECT_EQ(in_.error().kind, ErrorKind::UnexpectedEnd) << op_info(instr.op).mnemonic;
        EXPECT_EQ(in_.error().offset, cut) << op_info(instr.op).mnemonic;
      }
      rest.erase(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(length));
    }
  }
}

TEST_F(Immediates, LongForms) {
  const Instr load = read(test::hex("28 c2 00 81 00 ff ff ff ff ff ff ff ff ff 01"));
  EXPECT_FALSE(in_.failed());
  EXPECT_EQ(load.mem.align_log2, 2u);
  EXPECT_EQ(raw(load.mem.memory), 1u);
  EXPECT_EQ(load.mem.offset, ~uint64_t{0});
  const std::vector<uint8_t> block = test::hex("02 81 00");
  EXPECT_EQ(raw(read(block).block.index), 1u);
  EXPECT_EQ(skip_instr(block.data(), block.data() + 3), block.data() + 3);
}

TEST_F(Immediates, IllFormed) {
  EXPECT_EQ(error_of("27"), ErrorKind::IllegalOpcode);
  EXPECT_EQ(error_offset(), 0u);
  EXPECT_EQ(error_of("fd 9a 01"), ErrorKind::IllegalOpcode);
  EXPECT_EQ(error_offset(), 0u);
  EXPECT_EQ(error_of("28 80 01 00"), ErrorKind::BadMemArgFlags);
  EXPECT_EQ(error_offset(), 1u);
  EXPECT_EQ(error_of("fe 03 01"), ErrorKind::ZeroByteExpected);
  EXPECT_EQ(error_offset(), 2u);
  EXPECT_EQ(error_of("fb 18 04 00 6e 6c"), ErrorKind::BadCastFlags);
  EXPECT_EQ(error_of("1f 40 01 04 00"), ErrorKind::BadCatchKind);
  EXPECT_EQ(error_offset(), 3u);
  EXPECT_EQ(error_of("02 41"), ErrorKind::BadValueType);
  EXPECT_EQ(error_of("02 ff 7f"), ErrorKind::BadValueType);
  EXPECT_EQ(error_of("d0 7f"), ErrorKind::BadHeapType);
  EXPECT_EQ(error_of("d0 09"), ErrorKind::UnknownType);
  EXPECT_EQ(error_of("02 09"), ErrorKind::UnknownType);
  EXPECT_EQ(error_of("41 80 80 80 80 70"), ErrorKind::IntTooLarge);
  EXPECT_EQ(error_of("20 80 80 80 80 80 00"), ErrorKind::IntTooLong);
  // A huge count must fail for lack of bytes, not ask for memory.
  EXPECT_EQ(error_of("0e ff ff ff ff 0f 00"), ErrorKind::UnexpectedEnd);
  EXPECT_EQ(error_of("1c ff ff ff ff 0f 7f"), ErrorKind::UnexpectedEnd);
  EXPECT_EQ(error_of("1f 40 ff ff ff ff 0f 02 00"), ErrorKind::UnexpectedEnd);
}

TEST_F(Immediates, DisabledFeaturesAreNamed) {
  fixture_.module.features = Features::standard();
  EXPECT_EQ(error_of("fc 13"), ErrorKind::FeatureDisabled);
  EXPECT_EQ(in_.error().detail, "i64.add128");
}

TEST(Skip, NeverLeavesItsBytesAndAlwaysAdvances) {
  std::mt19937 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> bytes(1 + random() % 40);
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random() % 3 == 0 ? 0xff : random());
    const uint8_t* p = bytes.data();
    const uint8_t* const end = p + bytes.size();
    while (p < end) {
      const uint8_t* next = skip_instr(p, end);
      ASSERT_GT(next, p);
      ASSERT_LE(next, end);
      p = next;
    }
  }
}

}  // namespace
}  // namespace sluice

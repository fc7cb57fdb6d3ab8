// The table of instructions: no two rows collide, pages find them, columns are read as they are
// meant.
#include <gtest/gtest.h>
#include <set>
#include <string>

#include "engine/wasm/opcodes.h"

namespace sluice {
namespace {

TEST(Opcodes, RowsAreUniqueAndFound) {
  std::set<std::pair<int, int>> codes;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    const OpInfo& info = op_info(op);
    EXPECT_TRUE(codes.insert({info.prefix, info.code}).second) << info.mnemonic;
    EXPECT_EQ(find_op(info.prefix, info.code), op) << info.mnemonic;
    EXPECT_FALSE(info.mnemonic.empty());
    EXPECT_TRUE(info.prefix != 0 || info.code < 0x100) << info.mnemonic;
  }
}

TEST(Opcodes, MnemonicsDifferButForTheThreePairsOfTheTextFormat) {
  std::multiset<std::string_view> names;
  for (uint32_t i = 0; i < kOpCount; ++i) names.insert(op_info(static_cast<Op>(i)).mnemonic);
  for (const std::string_view name : names) {
    const bool is_pair = name == "select" || name == "ref.test" || name == "ref.cast";
    EXPECT_EQ(names.count(name), is_pair ? 2u : 1u) << name;
  }
}

TEST(Opcodes, HolesAreIllegal) {
  for (const uint32_t code : {0x16u, 0x17u, 0x1du, 0x27u, 0xc5u, 0xcfu, 0xd7u, 0xfau, 0xffu}) {
    EXPECT_EQ(find_op(0, code), Op::Illegal) << code;
  }
  EXPECT_EQ(find_op(kPrefixGc, 31), Op::Illegal);
  EXPECT_EQ(find_op(kPrefixMisc, 18), Op::Illegal);
  EXPECT_EQ(find_op(kPrefixSimd, 0x9a), Op::Illegal);
  EXPECT_EQ(find_op(kPrefixSimd, 0x114), Op::Illegal);
  EXPECT_EQ(find_op(kPrefixAtomic, 4), Op::Illegal);
  for (const uint8_t prefix : {kPrefixGc, kPrefixMisc, kPrefixSimd, kPrefixAtomic}) {
    EXPECT_EQ(find_op(prefix, ~0u), Op::Illegal);
    EXPECT_EQ(find_op(0, prefix), Op::Illegal);
  }
  EXPECT_EQ(find_op(1, 0), Op::Illegal);
}

TEST(Opcodes, ColumnsAreRead) {
  const OpInfo& store = op_info(Op::I64Store16);
  EXPECT_EQ(store.code, 0x3d);
  EXPECT_EQ(store.imm, Imm::MemArg);
  EXPECT_EQ(store.align_log2, 1);
  EXPECT_TRUE(store.sig.has_address);
  EXPECT_EQ(store.sig.param_count, 2);
  EXPECT_EQ(store.sig.params[1], ValKind::I64);
  EXPECT_EQ(store.sig.result_count, 0);

  const OpInfo& lane = op_info(Op::V128Load32Lane);
  EXPECT_EQ(lane.imm, Imm::MemArgLane);
  EXPECT_EQ(lane.align_log2, 2);
  EXPECT_EQ(lane.lanes, 4);

  const OpInfo& wide = op_info(Op::I64Add128);
  EXPECT_EQ(wide.sig.param_count, 4);
  EXPECT_EQ(wide.sig.result_count, 2);
  EXPECT_EQ(wide.feature, Feature::WideArithmetic);

  EXPECT_TRUE(op_info(Op::Call).sig.is_special);
  EXPECT_EQ(op_info(Op::I32Eqz).category, Category::IntCompare);
  EXPECT_EQ(op_info(Op::I8x16RelaxedSwizzle).code, 0x100);
}

}  // namespace
}  // namespace sluice

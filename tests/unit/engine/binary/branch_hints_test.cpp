// The section of branch hints: taken whole or not at all, never a reason to fail.
#include <gtest/gtest.h>

#include "engine/binary/branch_hints.h"
#include "engine/binary/stream_decoder.h"
#include "engine/wasm/type_registry.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice {
namespace {

using namespace test;

Bytes hints_section(const Bytes& payload) { return custom(kBranchHintSection, payload); }

Bytes code_section() { return section(10, {sized({0, 0x0b}), sized({0, 0x0b})}); }

// Two functions, with these sections before and behind their code.
std::shared_ptr<Module> decode(const Bytes& before, const Bytes& behind = {}) {
  const Bytes bytes =
      module({section(1, {{0x60, 0, 0}}), section(3, {{0}, {0}}), before, code_section(), behind});
  return decode_module(bytes, Features::standard(), std::make_shared<TypeRegistry>()).value();
}

bool takes(const Bytes& payload) { return !decode(hints_section(payload))->branch_hints.empty(); }

const Bytes kGood{2, 0, 2, 3, 1, 0, 9, 1, 1, 1, 1, 4, 1, 1};

TEST(BranchHints, OfEachFunction) {
  const auto module = decode(hints_section(kGood));
  const auto first = module->branch_hints.of(FuncIdx{0});
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].offset, 3u);
  EXPECT_FALSE(first[0].is_likely);
  EXPECT_EQ(first[1].offset, 9u);
  EXPECT_TRUE(first[1].is_likely);
  const auto second = module->branch_hints.of(FuncIdx{1});
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].offset, 4u);
  EXPECT_TRUE(module->branch_hints.of(FuncIdx{2}).empty());
}

TEST(BranchHints, OnlyBeforeTheCodeAndOnce) {
  EXPECT_TRUE(decode({}, hints_section(kGood))->branch_hints.empty());
  const Bytes other{1, 0, 1, 7, 1, 1};
  const auto twice = decode(cat({hints_section(other), hints_section(kGood)}));
  EXPECT_EQ(twice->branch_hints.of(FuncIdx{0}).size(), 1u);
  // An ill-formed one is none.
  const auto second = decode(cat({hints_section({1, 0, 1, 7}), hints_section(kGood)}));
  EXPECT_EQ(second->branch_hints.of(FuncIdx{0}).size(), 2u);
}

TEST(BranchHints, IllFormedOnesAreNotUsed) {
  EXPECT_TRUE(takes(kGood));
  EXPECT_FALSE(takes({}));
  EXPECT_FALSE(takes({0}));
  EXPECT_FALSE(takes({1, 0, 1, 3, 1, 2})) << "no such hint";
  EXPECT_FALSE(takes({1, 0, 1, 3, 2, 0, 0})) << "length of the hint";
  EXPECT_FALSE(takes({1, 0, 1, 3, 0})) << "length of the hint";
  EXPECT_FALSE(takes({1, 0, 2, 3, 1, 0, 3, 1, 1})) << "one offset twice";
  EXPECT_FALSE(takes({1, 0, 2, 9, 1, 0, 3, 1, 1})) << "offsets descend";
  EXPECT_FALSE(takes({2, 1, 1, 3, 1, 0, 0, 1, 3, 1, 0})) << "functions descend";
  EXPECT_FALSE(takes({2, 0, 1, 3, 1, 0, 0, 1, 4, 1, 0})) << "one function twice";
  EXPECT_FALSE(takes(cat({kGood, {0}}))) << "bytes behind";
  EXPECT_FALSE(takes(cat({leb(0xffff'ffff), {0, 1, 3, 1, 0}}))) << "a false count";
  EXPECT_FALSE(takes(cat({{1, 0}, leb(0xffff'ffff), {3, 1, 0}}))) << "a false count";
  EXPECT_FALSE(takes(cat({Bytes(8, 0xff), {1}}))) << "no number";
  for (size_t size = 0; size < kGood.size(); ++size) {
    EXPECT_FALSE(takes(Bytes(kGood.begin(), kGood.begin() + static_cast<ptrdiff_t>(size))));
  }
}

// For functions that are imported, or are not there, and at offsets where nothing is.
TEST(BranchHints, MayMeanNothing) {
  EXPECT_TRUE(takes(cat({{1}, leb(0xffff'ffff), {1}, leb(0xffff'ffff), {1, 1}})));
  EXPECT_TRUE(takes({1, 0, 3, 0, 1, 0, 1, 1, 0, 2, 1, 1}));
}

TEST(BranchHints, AnyBytes) {
  for (size_t i = 0; i < kGood.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      Bytes bytes = kGood;
      bytes[i] = static_cast<uint8_t>(value);
      const auto module = decode(hints_section(bytes));
      size_t count = 0;
      for (uint32_t f = 0; f < 256; ++f) count += module->branch_hints.of(FuncIdx{f}).size();
      EXPECT_EQ(count != 0, !module->branch_hints.empty());
    }
  }
}

}  // namespace
}  // namespace sluice

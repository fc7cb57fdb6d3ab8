// Constant expressions, where globals hold them.
#include <gtest/gtest.h>

#include "engine/binary/const_expr.h"
#include "tests/unit/engine/binary/decode.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice {
namespace {

using namespace test;

TEST(ConstExpr, WhatIsKept) {
  const auto m = decode(module({section(6, {{0x7e, 0, 0x42, 0x7f, 0x42, 2, 0x7e, 0x0b},
                                            {0x7d, 0, 0x43, 1, 2, 3, 4, 0x0b},
                                            {0x6e, 0, 0xd0, 0x71, 0x0b}})}));
  ASSERT_TRUE(m) << m.error().message();
  const auto& globals = (*m)->globals;
  ASSERT_EQ(globals[0].init.instrs.size(), 3u);
  EXPECT_EQ(globals[0].init.instrs[0].op, static_cast<uint32_t>(Op::I64Const));
  EXPECT_EQ(globals[0].init.instrs[0].bits[0], ~uint64_t{0});
  EXPECT_EQ(globals[0].init.instrs[2].op, static_cast<uint32_t>(Op::I64Mul));
  EXPECT_EQ(globals[1].init.instrs[0].bits[0], 0x04030201u);
  EXPECT_EQ(globals[2].init.instrs[0].bits[0], HeapType(AbsHeap::None).bits());
}

TEST(ConstExpr, Errors) {
  expect_error({}, 6, {1, 0x7f, 0, 0x42, 0, 0x0b}, ErrorKind::TypeMismatch, 5);
  expect_error({}, 6, {1, 0x7f, 0, 0x0b}, ErrorKind::TypeMismatch, 3);
  expect_error({}, 6, {1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x0b}, ErrorKind::TypeMismatch, 7);
  expect_error({}, 6, {1, 0x7f, 0, 0x01, 0x0b}, ErrorKind::ConstExprRequired, 3);
  expect_error({}, 6, {1, 0x7f, 0, 0x27, 0x0b}, ErrorKind::IllegalOpcode, 3);
  expect_error({}, 6, {1, 0x7f, 0, 0x23, 0, 0x0b}, ErrorKind::UnknownGlobal, 4);
  expect_error({}, 6, {2, 0x7f, 1, 0x41, 0, 0x0b, 0x7f, 0, 0x23, 0, 0x0b},
               ErrorKind::ConstExprRequired, 8);
  expect_error({}, 6, {1, 0x7f, 0, 0x41, 0}, ErrorKind::UnexpectedEnd, 5);
  expect_error({}, 6, {1, 0x70, 0, 0xd2, 0, 0x0b}, ErrorKind::UnknownFunc, 4);
  expect_error({}, 6, {1, 0x7f, 0, 0x41, 0, 0x45, 0x0b}, ErrorKind::ConstExprRequired, 5);
  expect_error({}, 6, {1, 0x7f, 0, 0x41, 1, 0x41, 2, 0x6a, 0x0b}, ErrorKind::ConstExprRequired, 7,
               Features::standard().without(Feature::ExtendedConst));
}

TEST(ConstExpr, Aggregates) {
  const Bytes types =
      section(1, {{0x5f, 2, 0x7f, 0, 0x78, 1}, {0x5e, 0x7e, 1}, {0x5f, 1, 0x64, 0x6b, 0}});
  const auto global = [&](const Bytes& type, const Bytes& init) {
    return outcome(module({types, section(6, {cat({type, {0}, init, {0x0b}})})}));
  };
  EXPECT_EQ(global({0x64, 0}, {0x41, 1, 0x41, 2, 0xfb, 0, 0}), "ok");
  EXPECT_EQ(global({0x6e}, {0xfb, 1, 0}), "ok");
  EXPECT_NE(global({0x6e}, {0xfb, 1, 2}), "ok") << "not defaultable";
  EXPECT_EQ(global({0x64, 1}, {0x42, 1, 0x41, 2, 0xfb, 6, 1}), "ok");
  EXPECT_EQ(global({0x64, 1}, {0x41, 2, 0xfb, 7, 1}), "ok");
  EXPECT_EQ(global({0x64, 1}, {0x42, 1, 0x42, 2, 0xfb, 8, 1, 2}), "ok");
  EXPECT_NE(global({0x64, 1}, {0x42, 1, 0xfb, 8, 1, 2}), "ok") << "too few operands";
  EXPECT_NE(global({0x64, 1}, {0x41, 2, 0xfb, 7, 0}), "ok") << "a struct is no array";
  EXPECT_EQ(global({0x64, 0x6c}, {0x41, 2, 0xfb, 0x1c}), "ok");
  EXPECT_EQ(global({0x6f}, {0x41, 2, 0xfb, 0x1c, 0xfb, 0x1b}), "ok");
  EXPECT_NE(global({0x6f}, {0x41, 2, 0xfb, 0x1c, 0xfb, 0x1a}), "ok");
  EXPECT_NE(global({0x7f}, {0x41, 2, 0xfb, 0x1c, 0xfb, 0x1d}), "ok") << "i31.get_s is not constant";
}

}  // namespace
}  // namespace sluice

// Instructions as text.
#include <gtest/gtest.h>
#include <limits>

#include "engine/binary/immediates.h"
#include "engine/wasm/print.h"
#include "tests/unit/engine/validate/body_fixture.h"

namespace sluice {
namespace {

std::string text_of(std::string_view code) {
  test::ModuleFixture fixture;
  const std::vector<uint8_t> bytes = test::hex(code);
  ByteReader in(bytes, 0);
  ImmediateScratch scratch;
  Instr instr;
  read_instr(in, TypeScope(fixture.module.types, fixture.module.features), scratch, instr);
  EXPECT_FALSE(in.failed()) << code;
  EXPECT_TRUE(in.at_end()) << code;
  return std::string(to_string(instr));
}

TEST(Print, EveryRow) {
  test::ModuleFixture fixture;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    const std::vector<uint8_t> bytes = test::example(op);
    ByteReader in(bytes, 0);
    ImmediateScratch scratch;
    bool found = false;
    while (!in.at_end()) {
      Instr instr;
      read_instr(in, TypeScope(fixture.module.types, fixture.module.features), scratch, instr);
      ASSERT_FALSE(in.failed()) << op_info(op).mnemonic;
      const String text = to_string(instr);
      EXPECT_TRUE(text.starts_with(op_info(instr.op).mnemonic)) << text;
      found |= instr.op == op;
    }
    EXPECT_TRUE(found) << op_info(op).mnemonic;
  }
}

TEST(Print, Immediates) {
  EXPECT_EQ(text_of("41 7f"), "i32.const -1");
  EXPECT_EQ(text_of("42 80 80 80 80 80 80 80 80 80 7f"), "i64.const -9223372036854775808");
  EXPECT_EQ(text_of("20 05"), "local.get 5");
  EXPECT_EQ(text_of("02 40"), "block");
  EXPECT_EQ(text_of("03 7e"), "loop (result i64)");
  EXPECT_EQ(text_of("04 01"), "if (type 1)");
  EXPECT_EQ(text_of("0e 02 00 01 02"), "br_table 0 1 2");
  EXPECT_EQ(text_of("11 01 00"), "call_indirect (type 1)");
  EXPECT_EQ(text_of("11 01 02"), "call_indirect 2 (type 1)");
  EXPECT_EQ(text_of("1c 01 70"), "select (result funcref)");
  EXPECT_EQ(text_of("28 02 00"), "i32.load");
  EXPECT_EQ(text_of("28 00 08"), "i32.load offset=8 align=1");
  EXPECT_EQ(text_of("28 42 01 04"), "i32.load 1 offset=4");
  EXPECT_EQ(text_of("3f 00"), "memory.size");
  EXPECT_EQ(text_of("3f 01"), "memory.size 1");
  EXPECT_EQ(text_of("fc 08 03 00"), "memory.init 3");
  EXPECT_EQ(text_of("fc 08 03 01"), "memory.init 1 3");
  EXPECT_EQ(text_of("fc 0a 00 00"), "memory.copy");
  EXPECT_EQ(text_of("fc 0a 00 01"), "memory.copy 0 1");
  EXPECT_EQ(text_of("fd 0d 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 1f"),
            "i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31");
  EXPECT_EQ(text_of("fd 0c 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 80"),
            "v128.const i64x2 0x1 0x8000000000000000");
  EXPECT_EQ(text_of("fd 54 00 00 03"), "v128.load8_lane 3");
  EXPECT_EQ(text_of("d0 70"), "ref.null func");
  EXPECT_EQ(text_of("fb 15 6c"), "ref.test i31ref");
  EXPECT_EQ(text_of("fb 14 02"), "ref.test (ref 2)");
  EXPECT_EQ(text_of("fb 18 01 03 6e 6c"), "br_on_cast 3 anyref (ref i31)");
  EXPECT_EQ(text_of("1f 7f 02 00 01 02 03 04"),
            "try_table (result i32) (catch 1 2) (catch_all_ref 4)");
  EXPECT_EQ(text_of("fe 03 00"), "atomic.fence");
}

TEST(Print, FloatsShowEveryBit) {
  EXPECT_EQ(text_of("43 00 00 c0 3f"), "f32.const 0x1.8p+0");
  EXPECT_EQ(text_of("43 00 00 00 80"), "f32.const -0x0p+0");
  EXPECT_EQ(text_of("43 00 00 80 ff"), "f32.const -inf");
  EXPECT_EQ(text_of("43 01 00 c0 7f"), "f32.const nan:0x400001");
  EXPECT_EQ(text_of("44 01 00 00 00 00 00 f8 ff"), "f64.const -nan:0x8000000000001");
}

}  // namespace
}  // namespace sluice

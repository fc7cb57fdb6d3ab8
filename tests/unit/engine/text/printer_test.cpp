#include <gtest/gtest.h>
#include <string>

#include "engine/binary/byte_writer.h"
#include "engine/text/text.h"

namespace sluice {
namespace {

std::string print(std::string_view text) {
  auto bytes = wat_to_wasm(text);
  EXPECT_TRUE(bytes.has_value()) << (bytes ? String() : explain(text, bytes.error()));
  if (!bytes) return {};
  auto printed = wasm_to_wat(*bytes);
  EXPECT_TRUE(printed.has_value()) << (printed ? String() : printed.error().message());
  return printed ? std::string(*printed) : std::string();
}

/// Reading what was printed gives the same bytes.
void expect_round_trip(std::string_view text) {
  auto bytes = wat_to_wasm(text);
  ASSERT_TRUE(bytes.has_value()) << explain(text, bytes.error());
  auto again = wat_to_wasm(print(text));
  ASSERT_TRUE(again.has_value()) << explain(print(text), again.error());
  EXPECT_EQ(*bytes, *again) << print(text);
}

TEST(Printer, LooksLikeThis) {
  EXPECT_EQ(
      print("(module $m (import \"a\" \"b\" (func $i (param i32)))"
            "  (memory 1 2) (global $g (mut i64) (i64.const -1)) (export \"f\" (func $f))"
            "  (func $f (param $x i32) (result i32) (local $y f32) (local i64 i64)"
            "    (if (result i32) (local.get $x) (then (i32.const 1)) (else (unreachable)))))"),
      "(module $m\n"
      "  (type (;0;) (func (param i32)))\n"
      "  (type (;1;) (func (param i32) (result i32)))\n"
      "  (import \"a\" \"b\" (func $i (;0;) (type 0)))\n"
      "  (memory (;0;) 1 2)\n"
      "  (global $g (;0;) (mut i64) (i64.const -1))\n"
      "  (export \"f\" (func $f))\n"
      "  (func $f (;1;) (type 1) (param $x i32) (result i32)\n"
      "    (local $y f32) (local i64 i64)\n"
      "    local.get $x\n"
      "    if (result i32)\n"
      "      i32.const 1\n"
      "    else\n"
      "      unreachable\n"
      "    end))\n");
}

TEST(Printer, NamesThatAreNoIdentifiers) {
  const std::string text = print("(module $\"a b\" (func $f) (func (@name \"f\")) (func $\"\\22\")"
                                 "  (start 1) (export \"\\00\\c2\\85\\\\\" (func $\"\\\"\")))");
  EXPECT_TRUE(text.starts_with("(module $\"a b\"")) << text;
  EXPECT_NE(text.find("(func (;1;) (@name \"f\")"), std::string::npos) << text;
  EXPECT_NE(text.find("(func $\"\\\"\" (;2;)"), std::string::npos) << text;
  EXPECT_NE(text.find("(export \"\\00\\c2\\85\\\\\" (func $\"\\\"\"))"), std::string::npos) << text;
  EXPECT_NE(text.find("(start 1)"), std::string::npos) << text;
}

TEST(Printer, RoundTrips) {
  expect_round_trip(
      "(module (rec (type $a (sub (struct (field $x (mut i8)) (field (ref null $b)))))"
      "  (type $b (array i16))) (type (sub final $a (struct (field (mut i8))"
      "    (field (ref null $b)) (field v128))))"
      "  (func (param (ref $a)) (result i32) (struct.get_u $a $x (local.get 0))))");
  expect_round_trip("(module (table $t i64 1 2 (ref func) (ref.func 0)) (func $f)"
                    "  (elem (table $t) (i64.const 0) func $f) (elem (i32.const 0) func 0)"
                    "  (elem declare func $f) (elem funcref (item (ref.null func)) (ref.func 0))"
                    "  (elem (table 0) (offset (i32.const 1) (i32.const 2) (i32.add)) (ref func)"
                    "    (ref.func 0)) (table 0 funcref) (table (ref null func) (elem $f)))");
  expect_round_trip(
      "(module (memory $m i64 1) (memory 1 1 shared) (memory 9 (pagesize 1))"
      "  (data (memory 1) (offset (i32.const 0)) \"a\\00\\ff\" \"b\") (data $d \"\")"
      "  (func (memory.init 1 $d (i32.const 0) (i32.const 0) (i32.const 0))"
      "    (v128.load8_lane 1 offset=3 align=1 7 (i32.const 0) (v128.const i32x4 1 2 3 4))"
      "    drop (f32.const nan:0x1) drop (f64.const -0x1.8p-3) drop))");
  expect_round_trip("(module (tag $e (param i32)) (func (block (result i32 exnref) (try_table"
                    "  (catch_ref $e 0) (catch_all 1) (throw $e (i32.const 1))) (return)) return)"
                    "  (func try throw 0 catch 0 drop catch_all rethrow 0 end"
                    "    (try (do (try (do) (delegate 0))))))");
  expect_round_trip("(module (@custom \"x\" (before first) \"1\") (@custom \"y\" (after func) \"\")"
                    "  (func (param i32) (@metadata.code.branch_hint \"\\01\") (if (local.get 0)"
                    "    (then)) (block (@metadata.code.branch_hint \"\\00\")"
                    "    (br_if 0 (local.get 0)))) (@custom \"z\" \"\\01\"))");
}

TEST(Printer, ParametersWithoutNamesAreTheTypesBusiness) {
  const std::string text =
      print("(module (func (param i32 i64)) (func (param $x i32) (param i64)))");
  EXPECT_NE(text.find("(func (;0;) (type 0))"), std::string::npos) << text;
  EXPECT_NE(text.find("(func (;1;) (type 0) (param $x i32) (param i64))"), std::string::npos);
}

TEST(Printer, ManyParametersOfManyFunctionsTakeNoTime) {
  constexpr uint32_t kMany = 100'000;
  ByteWriter types, funcs, bodies, module;
  types.write_bytes(std::string_view("\1\x60"));
  types.write_u32(kMany);
  for (uint32_t i = 0; i < kMany; ++i) types.write_u8(0x7f);
  types.write_u8(0);
  funcs.write_u32(kMany);
  bodies.write_u32(kMany);
  for (uint32_t i = 0; i < kMany; ++i) {
    funcs.write_u8(0);
    bodies.write_name(std::string_view("\0\x0b", 2));
  }
  module.write_bytes(std::string_view("\0asm\1\0\0\0", 8));
  const std::pair<uint8_t, const ByteWriter*> sections[] = {
      {1, &types}, {3, &funcs}, {10, &bodies}};
  for (const auto& [id, content] : sections) {
    module.write_u8(id);
    module.write_sized(*content);
  }
  const auto text = wasm_to_wat(module.view());
  ASSERT_TRUE(text.has_value());
  EXPECT_LT(text->size(), 100u * kMany);
}

TEST(Printer, GivesThePiecesOfALongText) {
  struct Pieces {
    std::string text;
    size_t count = 0;
    size_t wanted = ~size_t{0};
  };
  const auto take = [](void* env, std::string_view piece) {
    auto& pieces = *static_cast<Pieces*>(env);
    pieces.text += piece;
    return ++pieces.count < pieces.wanted;
  };
  std::string text = "(module (data \"" + std::string(300'000, 'x') + "\")";
  for (int i = 0; i < 1000; ++i) text += "(func (local i32 i64) (drop (i64.const 123456789012)))";
  const auto bytes = wat_to_wasm(text + ")");
  ASSERT_TRUE(bytes.has_value());
  const auto whole = wasm_to_wat(*bytes);
  Pieces all;
  ASSERT_TRUE(wasm_to_wat(*bytes, {take, &all}).has_value());
  EXPECT_EQ(all.text, std::string(*whole));
  EXPECT_GT(all.count, 4u);
  // A sink that has enough is left alone.
  Pieces some;
  some.wanted = 2;
  const auto stopped = wasm_to_wat(*bytes, {take, &some});
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().kind, ErrorKind::Io);
  EXPECT_EQ(some.count, 2u);
  // Nothing is given away of what is wrong at its end.
  Vector<uint8_t> wrong(*bytes);
  wrong.back() = 0x7f;
  wrong.insert(wrong.end(), {0x0d, 0x7f});
  Pieces none;
  EXPECT_FALSE(wasm_to_wat(wrong, {take, &none}).has_value());
  EXPECT_EQ(none.count, 0u);
}

TEST(Printer, NamesOfNothingAreNotUsed) {
  // A name section that names function 7 and local 9: a reference by that name would mean nothing.
  auto bytes =
      wat_to_wasm("(module (func call 7 local.get 9)"
                  "  (@custom \"name\" \"\\01\\04\\01\\07\\01f\\02\\06\\01\\00\\01\\09\\01x\"))");
  ASSERT_TRUE(bytes.has_value());
  auto text = wasm_to_wat(*bytes);
  ASSERT_TRUE(text.has_value());
  EXPECT_NE(text->find("call 7"), String::npos) << *text;
  EXPECT_NE(text->find("local.get 9"), String::npos) << *text;
}

TEST(Printer, DepthIsNoLimit) {
  constexpr size_t kDepth = 100'000;
  std::string text = "(module (func ";
  for (size_t i = 0; i < kDepth; ++i) text += "block ";
  for (size_t i = 0; i < kDepth; ++i) text += "end ";
  expect_round_trip(text + "))");
  EXPECT_LT(print(text + "))").size(), 100 * 2 * kDepth);
}

TEST(Printer, IllFormedBytesAreAnError) {
  const auto error_of = [](std::string_view bytes) {
    auto text = wasm_to_wat({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    EXPECT_FALSE(text.has_value());
    return text ? ErrorKind::Io : text.error().kind;
  };
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(error_of(""), ErrorKind::UnexpectedEnd);
  EXPECT_EQ(error_of("\0asn\1\0\0\0"sv), ErrorKind::BadMagic);
  EXPECT_EQ(error_of("\0asm\2\0\0\0"sv), ErrorKind::BadVersion);
  EXPECT_EQ(error_of("\0asm\1\0\0\0\x7f\0"sv), ErrorKind::BadSectionId);
  EXPECT_EQ(error_of("\0asm\1\0\0\0\1\2\1"sv), ErrorKind::LengthOutOfBounds);
  EXPECT_EQ(error_of("\0asm\1\0\0\0\1\2\0\0"sv), ErrorKind::SectionSize);
  EXPECT_EQ(error_of("\0asm\1\0\0\0\x0a\4\1\2\0\x0b"sv), ErrorKind::FuncCodeCount);
  EXPECT_EQ(error_of("\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\x0a\5\1\3\0\x0b\0"sv),
            ErrorKind::BodySize);
}

}  // namespace
}  // namespace sluice

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

#include "engine/binary/immediates.h"
#include "engine/binary/stream_decoder.h"
#include "engine/binary/wire_bytes.h"
#include "engine/text/lexer.h"
#include "engine/text/text.h"
#include "engine/wasm/opcodes.h"
#include "engine/wasm/type_registry.h"

namespace sluice {
namespace {

/// The error of a text that has one.
Error error_of(std::string_view text) {
  auto bytes = wat_to_wasm(text);
  EXPECT_FALSE(bytes.has_value()) << text;
  return bytes ? Error{ErrorKind::Io, kNoOffset, "accepted"} : bytes.error();
}

void expect_error(std::string_view text, ErrorKind kind, uint64_t offset) {
  const Error error = error_of(text);
  EXPECT_EQ(error.kind, kind) << text << ": " << error.message();
  EXPECT_EQ(error.offset, offset) << text << ": " << error.message();
}

Vector<uint8_t> bytes_of(std::string_view text) {
  auto bytes = wat_to_wasm(text);
  EXPECT_TRUE(bytes.has_value()) << text << ": " << (bytes ? "" : bytes.error().message());
  return bytes ? *std::move(bytes) : Vector<uint8_t>();
}

std::shared_ptr<Module> decode(std::string_view text) {
  auto module = decode_module(bytes_of(text), Features::all(), make_shared_heap<TypeRegistry>());
  EXPECT_TRUE(module.has_value()) << text << ": " << (module ? "" : module.error().message());
  return module ? *module : nullptr;
}

TEST(Text, FoldedAndFlatAreTheSame) {
  EXPECT_EQ(bytes_of("(module (func (param $x i32) (result i32)"
                     "  (if (result i32) (i32.eqz (local.get $x)) (then (i32.const 1))"
                     "    (else (i32.add (local.get $x) (i32.const 2))))))"),
            bytes_of("(module (func (param $x i32) (result i32)"
                     "  local.get $x i32.eqz if (result i32) i32.const 1 else"
                     "  local.get $x i32.const 2 i32.add end))"));
  EXPECT_EQ(bytes_of("(func) (memory 1)"), bytes_of("(module (func) (memory 1))"));
}

TEST(Text, NamesMayComeLater) {
  const auto module = decode("(module (start $f) (export \"f\" (func $f)) (func $f (call $g))"
                             "  (func $g) (elem declare func $g))");
  ASSERT_TRUE(module);
  EXPECT_EQ(raw(module->start), 0u);
  EXPECT_EQ(module->bodies.size(), 2u);
  EXPECT_EQ(module->types.size(), 1u);  // of both, made once
}

TEST(Text, AnInlineTypeIsTheFirstThatFits) {
  const auto module = decode("(module (func (param i32)) (type (func)) (type $t (func (param i32)))"
                             "  (func (type $t) (param i32)) (func (result i64) (i64.const 0)))");
  ASSERT_TRUE(module);
  EXPECT_EQ(module->types.size(), 3u);
  EXPECT_EQ(raw(module->funcs[0]), 1u);
  EXPECT_EQ(raw(module->funcs[1]), 1u);
  EXPECT_EQ(raw(module->funcs[2]), 2u);
}

TEST(Text, EveryMnemonicIsFound) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const std::string_view mnemonic = op_info(static_cast<Op>(i)).mnemonic;
    EXPECT_EQ(op_info(find_mnemonic(mnemonic)).mnemonic, mnemonic);
  }
  EXPECT_EQ(find_mnemonic("i32.ad"), Op::Illegal);
  EXPECT_EQ(find_mnemonic(""), Op::Illegal);
  EXPECT_EQ(find_mnemonic("illegal"), Op::Illegal);
}

TEST(Text, DepthIsNoLimit) {
  constexpr size_t kDepth = 200'000;
  std::string folded = "(module (func (result i32) ";
  for (size_t i = 0; i < kDepth; ++i) folded += "(i32.eqz ";
  folded += "(i32.const 0)" + std::string(kDepth, ')') + "))";
  EXPECT_GT(bytes_of(folded).size(), kDepth);
  std::string blocks = "(module (func ";
  for (size_t i = 0; i < kDepth; ++i) blocks += "(block $l (br $l) ";
  blocks += std::string(kDepth, ')') + "))";
  EXPECT_TRUE(wat_to_wasm(blocks).has_value());
  EXPECT_EQ(error_of("(module " + std::string(kDepth, '(')).kind, ErrorKind::UnexpectedToken);
  EXPECT_EQ(error_of(std::string(kDepth, '(') + ";").kind, ErrorKind::UnexpectedToken);
  std::string comments;
  for (size_t i = 0; i < kDepth; ++i) comments += "(;";
  EXPECT_EQ(error_of(comments).kind, ErrorKind::UnclosedText);
  std::string annotations;
  for (size_t i = 0; i < kDepth; ++i) annotations += "(@a ";
  EXPECT_EQ(error_of(annotations).kind, ErrorKind::UnclosedText);
}

TEST(Text, Errors) {
  expect_error("(module (func (i32.ad)))", ErrorKind::UnknownOperator, 15);
  expect_error("(module (func i32.const))", ErrorKind::UnexpectedToken, 23);
  expect_error("(module (func) x)", ErrorKind::UnexpectedToken, 15);
  expect_error("(module (func i32.const 5x))", ErrorKind::BadNumber, 24);
  expect_error("(module (func i32.const 0x1_0000_0000))", ErrorKind::NumberOutOfRange, 24);
  expect_error("(module (func f32.const \"1\"x))", ErrorKind::UnknownToken, 24);
  expect_error("(module (func ,))", ErrorKind::UnknownToken, 14);
  expect_error("(module (memory 1) (data \"\\zz\"))", ErrorKind::BadString, 26);
  expect_error("(module (data \"a", ErrorKind::UnclosedText, 14);
  expect_error("(module (; )", ErrorKind::UnclosedText, 8);
  expect_error("(module (@a )", ErrorKind::UnexpectedToken, 13);
  expect_error("(module (@ a))", ErrorKind::BadAnnotation, 8);
  expect_error("(module (func (@custom \"x\")))", ErrorKind::BadAnnotation, 14);
  expect_error("(module (func br $l))", ErrorKind::UnknownIdentifier, 17);
  expect_error("(module (func $f) (func $f))", ErrorKind::DuplicateIdentifier, 24);
  expect_error("(module (func (param $x i32) (local $x i32)))", ErrorKind::DuplicateIdentifier, 36);
  expect_error("(module (func block $a end $b))", ErrorKind::MismatchedLabel, 27);
  expect_error("(module (type (func)) (func (type 0) (param i32)))", ErrorKind::InlineTypeMismatch,
               28);
  expect_error("(module (memory 1) (func i32.const 0 i32.load align=3 drop))",
               ErrorKind::BadAlignment, 46);
  expect_error("(module (func) (import \"\" \"\" (func)))", ErrorKind::ImportAfterDefinition, 23);
  expect_error("(module (func) (start 0) (start 0))", ErrorKind::SecondStart, 32);
  expect_error("(module (import \"\\ff\" \"\" (func)))", ErrorKind::BadUtf8, 16);
  expect_error("(module) ;; \xff", ErrorKind::BadUtf8, 12);
  expect_error("(module (memory 1 (pagesize 3)))", ErrorKind::BadPageSize, 28);
  EXPECT_EQ(bytes_of(""), bytes_of("(module)"));
  // What is short to write must not be long to read: a type's parameters, function by function.
  std::string wide = "(module (type $t (func (param";
  for (int i = 0; i < 1001; ++i) wide += " i32";
  wide += "))) (func (type $t)))";
  EXPECT_EQ(error_of(wide).kind, ErrorKind::CountTooLarge);
}

TEST(Text, ErrorsShowTheLine) {
  const std::string text = "(module\n\t(func \xc3\xa9\x01 (i32.ad)))\n";
  const Error error{ErrorKind::UnknownOperator, text.find("i32"), "'i32.ad'"};
  EXPECT_EQ(std::string(explain(text, error)), "2:12: unknown operator: 'i32.ad'\n"
                                               "   (func \xc3\xa9\\01 (i32.ad)))\n"
                                               "               ^");
  const std::string wide = std::string(500, 'a') + "!" + std::string(500, 'b');
  const String cut = explain(wide, Error{ErrorKind::UnknownToken, 500, {}});
  EXPECT_LT(cut.size(), 300u);
  EXPECT_NE(cut.find("a!b"), String::npos);
  EXPECT_EQ(explain("", Error{ErrorKind::UnexpectedToken, 0, {}}),
            "1:1: unexpected token\n  \n  ^");
  EXPECT_EQ(explain("ab", Error{ErrorKind::UnexpectedToken, 2, {}}),
            "1:3: unexpected token\n  ab\n    ^");
}

/// Every instruction of every body, and the word that stands where the map says.
std::string words_of_instrs(std::string_view text) {
  TextMap map;
  const auto bytes = wat_to_wasm(text, &map);
  if (!bytes) return std::string(bytes.error().message());
  EXPECT_EQ(*bytes, bytes_of(text)) << "the map changes nothing";
  const auto module = decode_module(*bytes, Features::all(), make_shared_heap<TypeRegistry>());
  if (!module) return std::string(module.error().message());
  const TypeScope scope((*module)->types, Features::all());
  std::string out;
  for (const FuncBody& body : (*module)->bodies) {
    ByteReader in((*module)->wire->view(body.range), body.range.offset);
    for (uint32_t groups = in.read_u32(); groups > 0; --groups) {
      in.read_u32();
      read_val_type(in, scope);
    }
    ImmediateScratch scratch;
    while (!in.failed() && !in.at_end()) {
      Instr instr{};
      read_instr(in, scope, scratch, instr);
      const auto place = map.find(instr.offset);
      EXPECT_TRUE(place.has_value());
      if (!place) return out;
      const std::string_view rest = text.substr(*place);
      out += std::string(rest.substr(0, std::min(rest.find_first_of(" ()"), rest.size())));
      out += *place < text.size() && (rest[0] == '(' || rest[0] == ')') ? rest[0] : ' ';
    }
  }
  return out;
}

TEST(Text, BytesComeFromPlacesInTheText) {
  EXPECT_EQ(words_of_instrs("(module (func (local i32) i32.const 1 if nop else unreachable end)"
                            " (func block loop br 0 end end))"),
            "i32.const if nop else unreachable end )block loop br end end )");
  EXPECT_EQ(
      words_of_instrs("(module (import \"\" \"\" (func)) (func (result i32)"
                      "  (i32.add (i32.const 1) (if (result i32) (i32.eqz (i32.const 2))"
                      "    (then (i32.const 3)) (else (block (result i32) (i32.const 4)))))))"),
      "i32.const i32.const i32.eqz if i32.const (block i32.const )"
      ")"
      "i32.add )");
  EXPECT_EQ(words_of_instrs("(module (tag $e) (func (try (do (throw $e)) (catch $e nop)"
                            " (catch_all (rethrow 0)))) (func try nop catch_all nop end)"
                            " (func (memory.init 0 (i32.const 1) (i32.const 2) (i32.const 3)))"
                            " (data \"x\") (memory 1))"),
            "try throw (nop (rethrow ))try nop catch_all nop end )"
            "i32.const i32.const i32.const memory.init )");
}

TEST(Text, OtherBytesComeFromFields) {
  const std::string text = "(module (type $t (func)) (memory 1) (global i32 (i32.const 5))"
                           " (func (param f32)) (export \"e\" (func 0)))";
  TextMap map;
  const auto bytes = wat_to_wasm(text, &map);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_FALSE(map.find(7).has_value());
  const auto field_of = [&](std::string_view needle) {
    const auto at = std::search(bytes->begin(), bytes->end(), needle.begin(), needle.end());
    const auto place = map.find(static_cast<uint64_t>(at - bytes->begin()));
    return place ? text.substr(*place, 7) : std::string("nothing");
  };
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(field_of("\x60\0\0"sv), "(type $");
  EXPECT_EQ(field_of("\x60\1\x7d"sv), "(func (");  // the type of its parameters
  EXPECT_EQ(field_of("\x7f\0\x41\5"sv), "(global");
  EXPECT_EQ(field_of("\1e\0\0"sv), "(export");
}

TEST(Text, WhatIsText) {
  const auto text = [](std::string_view s) {
    return is_text({reinterpret_cast<const uint8_t*>(s.data()), s.size()});
  };
  EXPECT_TRUE(text("(module)"));
  EXPECT_TRUE(text("\n;; a comment"));
  EXPECT_FALSE(text(""));
  EXPECT_FALSE(text(std::string_view("\0asm", 4)));
  EXPECT_FALSE(text("\x7f"
                    "ELF"));
}

}  // namespace
}  // namespace sluice

// Element and data segments (spec 6.6.10, 6.6.11) with their abbreviations, and custom sections as
// annotations.
#include <algorithm>
#include <iterator>

#include "engine/binary/byte_reader.h"
#include "engine/binary/type_reader.h"
#include "engine/text/module_parser.h"
#include "engine/text/section_words.h"
#include "engine/wasm/opcodes.h"

namespace sluice {
namespace {

// spec 5.5.12: the bits of an element segment's flags.
constexpr uint32_t kNotActive = 1;
constexpr uint32_t kExplicit = 2;  // a table, or, if not active, declarative
constexpr uint32_t kExprs = 4;

}  // namespace

void ModuleParser::write_zero_offset(ByteWriter& out, bool is_64) {
  constexpr uint8_t kI32Const = 0x41;
  constexpr uint8_t kI64Const = 0x42;
  out.write_u8(is_64 ? kI64Const : kI32Const);
  out.write_u8(0);
  out.write_u8(kEndByte);
}

String ModuleParser::parse_strings() {
  String bytes;
  while (lex_.at(TokenKind::Quoted)) lex_.append_string(lex_.take(), bytes);
  return bytes;
}

// "(offset expr)" or one folded instruction.
void ModuleParser::parse_offset(ByteWriter& out) {
  if (!lex_.accept_open("offset")) return instrs_.parse_folded_expr(out);
  instrs_.parse_expr(out, nullptr);
  lex_.expect_close();
}

void ModuleParser::parse_item(ByteWriter& out) {
  if (!lex_.accept_open("item")) return instrs_.parse_folded_expr(out);
  instrs_.parse_expr(out, nullptr);
  lex_.expect_close();
}

// Expressions or function indices up to the closing parenthesis, with their number.
void ModuleParser::parse_elem_items(ByteWriter& out, bool has_exprs) {
  ByteWriter items;
  uint32_t count = 0;
  for (; !lex_.at_close(); ++count) {
    has_exprs ? parse_item(items) : items.write_u32(types_.parse_index(IndexSpace::Func));
  }
  out.write_u32(count);
  out.write_bytes(items.view());
}

void ModuleParser::parse_inline_elem(uint32_t table, const LimitsText& address) {
  ByteWriter type;
  types_.write_ref_type(type);
  if (!lex_.accept_open("elem")) return lex_.fail_here("(elem …)");
  ByteWriter items;
  uint32_t count = 0;
  const bool is_funcref = type.size() == 1 && type.view()[0] == type_code(AbsHeap::Func);
  const bool has_indices = types_.at_index();
  // Indices are short for (ref.func …), and the binary format has its own form for funcref.
  const bool has_exprs = !is_funcref || !has_indices;
  for (; !lex_.at_close(); ++count) {
    if (has_indices) {
      constexpr uint8_t kRefFunc = 0xd2;
      if (has_exprs) items.write_u8(kRefFunc);
      items.write_u32(types_.parse_index(IndexSpace::Func));
      if (has_exprs) items.write_u8(kEndByte);
    } else {
      parse_item(items);
    }
  }
  lex_.expect_close();
  LimitsText limits = address;
  limits.min = limits.max = count;
  limits.has_max = true;
  ByteWriter& out = module_.section(SectionId::Table).add();
  out.write_bytes(type.view());
  TypeParser::write_limits(out, limits);

  ++next_[static_cast<size_t>(IndexSpace::Elem)];
  ByteWriter offset;
  write_zero_offset(offset, limits.is_64);
  const uint32_t flags = table != 0 || !is_funcref ? kExplicit : 0;
  write_elem(flags, table, offset, type, has_exprs);
  ByteWriter& elem = module_.section(SectionId::Element).entries;
  elem.write_u32(count);
  elem.write_bytes(items.view());
}

// The head of a segment, up to its items.
void ModuleParser::write_elem(uint32_t flags, uint32_t table, const ByteWriter& offset,
                              const ByteWriter& type, bool has_exprs) {
  constexpr uint8_t kFuncKind = 0;
  const bool is_active = (flags & kNotActive) == 0;
  if (has_exprs) flags |= kExprs;
  ByteWriter& out = module_.section(SectionId::Element).add();
  out.write_u32(flags);
  if (is_active) {
    if ((flags & kExplicit) != 0) out.write_u32(table);
    out.write_bytes(offset.view());
  }
  if ((flags & (kNotActive | kExplicit)) == 0) return;
  has_exprs ? out.write_bytes(type.view()) : out.write_u8(kFuncKind);
}

void ModuleParser::parse_elem() {
  take_identifier(IndexSpace::Elem);
  uint32_t flags = 0;
  uint32_t table = 0;
  ByteWriter offset;
  bool may_omit_type = false;  // "func" in the MVP's "(elem (i32.const 0) $f)"
  if (lex_.accept_keyword("declare")) {
    flags = kNotActive | kExplicit;
  } else {
    const bool has_table = lex_.accept_open("table");
    if (has_table) {
      table = types_.parse_index(IndexSpace::Table);
      lex_.expect_close();
    }
    may_omit_type = !has_table && lex_.at(TokenKind::LeftParen) && !types_.at_ref_type();
    if (has_table || may_omit_type) {
      parse_offset(offset);
      if (has_table) flags = kExplicit;
    } else {
      flags = kNotActive;
    }
  }
  ByteWriter type;
  bool has_exprs = false;
  if (types_.at_ref_type()) {
    types_.write_ref_type(type);
    has_exprs = true;
  } else if (!lex_.accept_keyword("func") && !may_omit_type) {
    lex_.fail_here("'func' or a reference type");
  }
  // The short form is for function indices and for expressions of type funcref.
  const bool is_funcref = type.size() == 1 && type.view()[0] == type_code(AbsHeap::Func);
  if (flags == 0 && has_exprs && !is_funcref) flags = kExplicit;
  write_elem(flags, table, offset, type, has_exprs);
  parse_elem_items(module_.section(SectionId::Element).entries, has_exprs);
}

void ModuleParser::parse_data() {
  take_identifier(IndexSpace::Data);
  constexpr uint32_t kPassive = 1;
  constexpr uint32_t kWithMemory = 2;
  uint32_t memory = 0;
  const bool is_active = lex_.at(TokenKind::LeftParen);
  if (lex_.accept_open("memory")) {
    memory = types_.parse_index(IndexSpace::Memory);
    lex_.expect_close();
  }
  ByteWriter& out = module_.section(SectionId::Data).add();
  out.write_u32(!is_active ? kPassive : memory != 0 ? kWithMemory : 0);
  if (memory != 0) out.write_u32(memory);
  if (is_active) parse_offset(out);
  out.write_name(parse_strings());
}

// (@custom "name" (before|after section)? "bytes"*)
void ModuleParser::parse_custom(const Annotation& annotation) {
  Lexer content(lex_.source(), annotation.begin, annotation.end);
  CustomText custom;
  String name;
  const uint64_t name_offset = content.peek().offset;
  if (!content.at(TokenKind::Quoted)) {
    return lex_.fail(ErrorKind::BadAnnotation, annotation.offset, "the section's name is missing");
  }
  content.append_string(content.take(), name);
  size_t bad = 0;
  if (!is_utf8(std::span(reinterpret_cast<const uint8_t*>(name.data()), name.size()), bad)) {
    return lex_.fail(ErrorKind::BadUtf8, name_offset);
  }
  custom.after = ModuleBuilder::place_of(SectionId::Data);
  if (content.at(TokenKind::LeftParen)) custom.after = parse_custom_place(content);
  String bytes;
  while (content.at(TokenKind::Quoted)) content.append_string(content.take(), bytes);
  if (!content.at(TokenKind::Eof)) content.fail_here("a string");
  if (content.failed()) {
    return lex_.fail(content.error().kind, content.error().offset, content.error().detail);
  }
  custom.content.write_name(name);
  custom.content.write_bytes(bytes);
  module_.customs.push_back(std::move(custom));
}

uint8_t ModuleParser::parse_custom_place(Lexer& content) {
  content.take();
  const bool is_before = content.at_keyword("before");
  if (!is_before && !content.at_keyword("after")) content.fail_here("'before' or 'after'");
  content.take();
  const Token word = content.take();
  uint8_t place = 0;
  if (word.text == "first" || word.text == "last") {
    place = word.text == "first" ? 0 : ModuleBuilder::place_of(SectionId::Data);
  } else {
    const auto* found = std::ranges::find(kSectionWords, word.text, &SectionWord::word);
    if (found == std::end(kSectionWords)) {
      content.fail(ErrorKind::UnexpectedToken, word.offset,
                   quoted(word.text) + ", expected the word of a section");
    } else {
      place = static_cast<uint8_t>(ModuleBuilder::place_of(found->id) - (is_before ? 1 : 0));
      // What is to follow that section wants it there.
      module_.needs_data_count |= found->id == SectionId::DataCount && !is_before;
    }
  }
  content.expect_close();
  return place;
}

}  // namespace sluice

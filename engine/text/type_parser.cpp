// Types are written as they are read; only signatures are collected first, because the binary
// format counts their types and the text does not.
#include "engine/text/type_parser.h"

#include <bit>
#include <limits>

#include "engine/binary/byte_reader.h"
#include "engine/binary/type_reader.h"
#include "engine/text/numbers.h"
#include "engine/wasm/limits.h"
#include "engine/wasm/types.h"

namespace sluice {
namespace {

constexpr uint8_t kEmptyBlock = 0x40;

/// The row of a word among the abstract heap types, by one of their two spellings.
bool find_heap_type(std::string_view word, std::string_view (*spelling)(AbsHeap), AbsHeap& out) {
  for (uint32_t i = 0; i < kAbsHeapCount; ++i) {
    out = static_cast<AbsHeap>(i);
    if (spelling(out) == word) return true;
  }
  return false;
}

ValKind number_kind(std::string_view word) {
  for (const ValKind kind :
       {ValKind::I32, ValKind::I64, ValKind::F32, ValKind::F64, ValKind::V128}) {
    if (std::string_view(to_string(ValType(kind))) == word) return kind;
  }
  return ValKind::Bottom;
}

}  // namespace

uint64_t TypeParser::parse_number(uint64_t most, const char* what) {
  if (!lex_.at(TokenKind::Number)) {
    lex_.fail_here(what);
    return 0;
  }
  const Token token = lex_.take();
  const ParsedNumber number = parse_unsigned(token.text, most);
  if (number.status == NumberStatus::Malformed) {
    lex_.fail(ErrorKind::BadNumber, token.offset, quoted(token.text));
  } else if (number.status == NumberStatus::OutOfRange) {
    lex_.fail(ErrorKind::NumberOutOfRange, token.offset, quoted(token.text));
  }
  return number.bits;
}

uint32_t TypeParser::parse_u32(const char* what) {
  return static_cast<uint32_t>(parse_number(std::numeric_limits<uint32_t>::max(), what));
}

uint64_t TypeParser::parse_u64(const char* what) {
  return parse_number(std::numeric_limits<uint64_t>::max(), what);
}

uint32_t TypeParser::parse_index(const Identifiers& ids, const char* what) {
  if (!lex_.at(TokenKind::Id)) return parse_u32(what);
  const Token token = lex_.take();
  const std::optional<uint32_t> found = ids.find(identifier(token));
  if (!found) {
    lex_.fail(ErrorKind::UnknownIdentifier, token.offset, String(what) + ' ' + quoted(token.text));
  }
  return found.value_or(0);
}

uint32_t TypeParser::parse_index(IndexSpace which) {
  return parse_index(module_.space(which), index_space_word(which));
}

std::string_view TypeParser::identifier(const Token& token) {
  if (token.text.size() < 2 || token.text[1] != '"') return token.text.substr(1);
  String name;
  lex_.append_string(token, name);
  size_t bad = 0;
  const std::span bytes(reinterpret_cast<const uint8_t*>(name.data()), name.size());
  if (!is_utf8(bytes, bad)) lex_.fail(ErrorKind::BadUtf8, token.offset);
  if (name.empty()) lex_.fail(ErrorKind::UnknownToken, token.offset, "an identifier without name");
  return module_.keep(name);
}

std::string_view TypeParser::parse_optional_id() {
  return lex_.at(TokenKind::Id) ? identifier(lex_.take()) : std::string_view();
}

String TypeParser::parse_name() {
  String name;
  if (!lex_.at(TokenKind::Quoted)) {
    lex_.fail_here("a string");
    return name;
  }
  const Token token = lex_.take();
  lex_.append_string(token, name);
  size_t bad = 0;
  const std::span bytes(reinterpret_cast<const uint8_t*>(name.data()), name.size());
  if (!is_utf8(bytes, bad)) lex_.fail(ErrorKind::BadUtf8, token.offset);
  return name;
}

// Types

void TypeParser::write_heap_type(ByteWriter& out) {
  AbsHeap heap;
  if (lex_.at(TokenKind::Keyword) && find_heap_type(lex_.peek().text, heap_type_word, heap)) {
    lex_.take();
    out.write_u8(type_code(heap));
  } else if (at_index()) {
    out.write_s64(parse_index(IndexSpace::Type));
  } else {
    lex_.fail_here("a heap type");
  }
}

bool TypeParser::at_ref_type() {
  AbsHeap heap;
  return lex_.at_open("ref") ||
         (lex_.at(TokenKind::Keyword) && find_heap_type(lex_.peek().text, ref_type_word, heap));
}

bool TypeParser::write_ref_type_parts(ByteWriter& heap) {
  AbsHeap abs;
  if (lex_.at(TokenKind::Keyword) && find_heap_type(lex_.peek().text, ref_type_word, abs)) {
    lex_.take();
    heap.write_u8(type_code(abs));
    return true;
  }
  if (!lex_.accept_open("ref")) {
    lex_.fail_here("a reference type");
    return false;
  }
  const bool is_nullable = lex_.accept_keyword("null");
  write_heap_type(heap);
  lex_.expect_close();
  return is_nullable;
}

void TypeParser::write_ref_type(ByteWriter& out) {
  AbsHeap heap;
  if (lex_.at(TokenKind::Keyword) && find_heap_type(lex_.peek().text, ref_type_word, heap)) {
    lex_.take();
    out.write_u8(type_code(heap));
    return;
  }
  ByteWriter parts;
  const bool is_nullable = write_ref_type_parts(parts);
  // The short form of "(ref null func)" has the same meaning and no second spelling in binary.
  const bool is_abstract = parts.size() == 1 && (parts.view()[0] & 0x40) != 0;
  if (!is_nullable || !is_abstract) out.write_u8(is_nullable ? kRefNullCode : kRefCode);
  out.write_bytes(parts.view());
}

void TypeParser::write_val_type(ByteWriter& out) {
  const ValKind kind =
      lex_.at(TokenKind::Keyword) ? number_kind(lex_.peek().text) : ValKind::Bottom;
  if (kind != ValKind::Bottom) {
    lex_.take();
    out.write_u8(type_code(kind));
  } else if (at_ref_type()) {
    write_ref_type(out);
  } else {
    lex_.fail_here("a value type");
  }
}

void TypeParser::write_storage_type(ByteWriter& out) {
  if (lex_.accept_keyword("i8")) {
    out.write_u8(type_code(ValKind::I8));
  } else if (lex_.accept_keyword("i16")) {
    out.write_u8(type_code(ValKind::I16));
  } else {
    write_val_type(out);
  }
}

void TypeParser::write_field_type(ByteWriter& out) {
  const bool is_mutable = lex_.accept_open("mut");
  write_storage_type(out);
  if (is_mutable) lex_.expect_close();
  out.write_u8(is_mutable ? 1 : 0);
}

// Defined types

void TypeParser::parse_sub_type(ByteWriter& group, uint32_t index, bool is_alone) {
  if (!lex_.accept_open("sub")) return parse_composite(group, index, is_alone);
  const bool is_final = lex_.accept_keyword("final");
  ByteWriter supers;
  uint32_t count = 0;
  while (at_index()) {
    supers.write_u32(parse_index(IndexSpace::Type));
    ++count;
  }
  // "(sub final comptype)" is what "comptype" alone stands for.
  const bool is_plain = is_final && count == 0;
  if (!is_plain) {
    group.write_u8(is_final ? kSubFinalCode : kSubCode);
    group.write_u32(count);
    group.write_bytes(supers.view());
  }
  parse_composite(group, index, is_alone && is_plain);
  lex_.expect_close();
}

void TypeParser::parse_composite(ByteWriter& group, uint32_t index, bool findable) {
  if (lex_.accept_open("func")) {
    const Signature signature = parse_signature(nullptr, true);
    const String encoded = signature.encoded();
    group.write_u8(kFuncCode);
    group.write_bytes(encoded);
    module_.add_type({true, signature.param_count, encoded}, findable);
  } else if (lex_.accept_open("struct")) {
    parse_struct(group, index);
    module_.add_type({}, false);
  } else if (lex_.accept_open("array")) {
    group.write_u8(kArrayCode);
    write_field_type(group);
    module_.add_type({}, false);
  } else {
    lex_.fail_here("a type: (func …), (struct …) or (array …)");
  }
  lex_.expect_close();
}

void TypeParser::parse_struct(ByteWriter& group, uint32_t index) {
  ByteWriter fields;
  uint32_t count = 0;
  Identifiers* names = nullptr;  // made when there is a name
  const auto declare = [&](std::string_view id, uint64_t offset) {
    if (names == nullptr && !id.empty()) {
      names = &module_.fields(index);
      for (uint32_t i = 0; i < count; ++i) names->declare({});
    }
    if (names != nullptr && !names->declare(id)) {
      lex_.fail(ErrorKind::DuplicateIdentifier, offset, "field " + quoted(id));
    }
    ++count;
  };
  while (lex_.accept_open("field")) {
    if (lex_.at(TokenKind::Id)) {
      const uint64_t offset = lex_.peek().offset;
      declare(parse_optional_id(), offset);
      write_field_type(fields);
    } else {
      while (!lex_.at_close()) {
        declare({}, 0);
        write_field_type(fields);
      }
    }
    lex_.expect_close();
  }
  group.write_u8(kStructCode);
  group.write_u32(count);
  group.write_bytes(fields.view());
}

// Signatures and uses of types

String TypeParser::Signature::encoded() const {
  ByteWriter out;
  out.write_u32(param_count);
  out.write_bytes(params.view());
  out.write_u32(result_count);
  out.write_bytes(results.view());
  return String(reinterpret_cast<const char*>(out.view().data()), out.size());
}

TypeParser::Signature TypeParser::parse_signature(Identifiers* locals, bool may_name) {
  Signature signature;
  while (lex_.accept_open("param")) {
    signature.is_written = true;
    if (may_name && lex_.at(TokenKind::Id)) {
      const Token token = lex_.take();
      const std::string_view id = identifier(token);
      if (locals != nullptr && !locals->declare(id)) {
        lex_.fail(ErrorKind::DuplicateIdentifier, token.offset, "local " + quoted(token.text));
      }
      write_val_type(signature.params);
      ++signature.param_count;
    } else {
      while (!lex_.at_close()) {
        if (locals != nullptr) locals->declare({});
        write_val_type(signature.params);
        ++signature.param_count;
      }
    }
    lex_.expect_close();
  }
  while (lex_.accept_open("result")) {
    signature.is_written = true;
    for (; !lex_.at_close(); ++signature.result_count) write_val_type(signature.results);
    lex_.expect_close();
  }
  return signature;
}

TypeUse TypeParser::resolve(bool has_type, uint32_t type, uint64_t offset,
                            const Signature& signature) {
  TypeUse use;
  use.is_inline = !has_type;
  use.type = type;
  use.param_count = signature.param_count;
  if (!has_type) {
    use.type = module_.find_or_add_signature(signature.encoded(), signature.param_count);
    return use;
  }
  // An index that no type has is for the validator, like a type that is no function's.
  const TypeText* known = module_.type(type);
  const bool is_func = known != nullptr && known->is_func;
  if (is_func && !signature.is_written) {
    use.param_count = known->param_count;
  } else if (signature.is_written &&
             (!is_func || known->signature != std::string_view(signature.encoded()))) {
    lex_.fail(ErrorKind::InlineTypeMismatch, offset);
  }
  return use;
}

TypeUse TypeParser::parse_type_use(Identifiers* locals) {
  const uint64_t offset = lex_.peek().offset;
  uint32_t type = 0;
  const bool has_type = lex_.accept_open("type");
  if (has_type) {
    type = parse_index(IndexSpace::Type);
    lex_.expect_close();
  }
  const Signature signature = parse_signature(locals, locals != nullptr);
  const TypeUse use = resolve(has_type, type, offset, signature);
  if (locals != nullptr && !signature.is_written) {
    // Few bytes of text per function, and each of its parameters is declared.
    if (use.param_count > kMaxParams) lex_.fail(ErrorKind::CountTooLarge, offset, "parameters");
    for (uint32_t i = 0; i < use.param_count && !lex_.failed(); ++i) locals->declare({});
  }
  return use;
}

void TypeParser::write_block_type(ByteWriter& out) {
  if (!lex_.at(TokenKind::LeftParen)) return out.write_u8(kEmptyBlock);
  const uint64_t offset = lex_.peek().offset;
  uint32_t type = 0;
  const bool has_type = lex_.accept_open("type");
  if (has_type) {
    type = parse_index(IndexSpace::Type);
    lex_.expect_close();
  }
  const Signature signature = parse_signature(nullptr, false);
  if (!has_type && signature.param_count == 0 && signature.result_count <= 1) {
    if (signature.result_count == 0) return out.write_u8(kEmptyBlock);
    return out.write_bytes(signature.results.view());
  }
  out.write_s64(resolve(has_type, type, offset, signature).type);
}

// Types of externals

void TypeParser::write_tag_type(ByteWriter& out) {
  Identifiers params;  // may be named, to no effect
  out.write_u8(0);
  out.write_u32(parse_type_use(&params).type);
}

void TypeParser::write_global_type(ByteWriter& out) {
  const bool is_mutable = lex_.accept_open("mut");
  write_val_type(out);
  if (is_mutable) lex_.expect_close();
  out.write_u8(is_mutable ? 1 : 0);
}

bool TypeParser::parse_address_type() {
  return !lex_.accept_keyword("i32") && lex_.accept_keyword("i64");
}

void TypeParser::parse_page_size(LimitsText& limits) {
  if (!lex_.accept_open("pagesize")) return;
  const uint64_t offset = lex_.peek().offset;
  const uint64_t size = parse_u64("a page size");
  if (!lex_.failed() && !std::has_single_bit(size)) {
    lex_.fail(ErrorKind::BadPageSize, offset, "not a power of two");
  }
  limits.has_page_size = true;
  limits.page_size_log2 = static_cast<uint32_t>(std::countr_zero(size));
  lex_.expect_close();
}

LimitsText TypeParser::parse_limits(bool is_memory) {
  LimitsText limits;
  limits.is_64 = parse_address_type();
  limits.min = parse_u64("a size");
  limits.has_max = lex_.at(TokenKind::Number);
  if (limits.has_max) limits.max = parse_u64("a size");
  if (is_memory) {
    limits.is_shared = lex_.accept_keyword("shared");
    parse_page_size(limits);
  }
  return limits;
}

void TypeParser::write_limits(ByteWriter& out, const LimitsText& limits) {
  out.write_u8(static_cast<uint8_t>((limits.has_max ? 1 : 0) | (limits.is_shared ? 2 : 0) |
                                    (limits.is_64 ? 4 : 0) | (limits.has_page_size ? 8 : 0)));
  out.write_u64(limits.min);
  if (limits.has_max) out.write_u64(limits.max);
  if (limits.has_page_size) out.write_u32(limits.page_size_log2);
}

void TypeParser::write_table_type(ByteWriter& out, const LimitsText& limits) {
  write_ref_type(out);
  write_limits(out, limits);
}

}  // namespace sluice

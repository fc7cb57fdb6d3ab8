// One writer per kind of immediate (opcodes.h, Imm), in the order the text has its parts; where the
// binary format has another order, or leaves out what the text may leave out, it is said here.
#include <bit>

#include "engine/text/instr_parser.h"
#include "engine/text/numbers.h"

namespace sluice {
namespace {

constexpr uint8_t kCatchCodes = 4;

/// "offset=8" → "8"; the word stays if it begins otherwise.
bool strip(std::string_view& word, std::string_view prefix) {
  if (!word.starts_with(prefix)) return false;
  word.remove_prefix(prefix.size());
  return true;
}

struct Shape {
  std::string_view word;
  unsigned lanes;
  bool is_float;
};
constexpr Shape kShapes[] = {{"i8x16", 16, false}, {"i16x8", 8, false}, {"i32x4", 4, false},
                             {"i64x2", 2, false},  {"f32x4", 4, true},  {"f64x2", 2, true}};

}  // namespace

Op InstrParser::parse_op() {
  if (!lex_.at(TokenKind::Keyword)) {
    lex_.fail_here("an instruction");
    return Op::Illegal;
  }
  const Token token = lex_.take();
  const Op op = find_mnemonic(token.text);
  if (op == Op::Illegal) {
    lex_.fail(ErrorKind::UnknownOperator, token.offset, quoted(token.text));
  }
  return op;
}

void InstrParser::write_op(ByteWriter& out, Op op) {
  const OpInfo& info = op_info(op);
  if (info.prefix == 0) return out.write_u8(static_cast<uint8_t>(info.code));
  out.write_u8(info.prefix);
  out.write_u32(info.code);
}

// Where a mnemonic has two rows, the immediates choose one of them.
void InstrParser::write_instr(ByteWriter& out, Op op) {
  if (op == Op::Select || op == Op::RefTest || op == Op::RefCast) return write_typed_instr(out, op);
  write_op(out, op);
  if (op_info(op).imm != Imm::None) write_immediates(out, op);
}

void InstrParser::write_typed_instr(ByteWriter& out, Op op) {
  if (op != Op::Select) {
    ByteWriter heap;
    const bool is_nullable = types_.write_ref_type_parts(heap);
    if (is_nullable) op = op == Op::RefTest ? Op::RefTestNull : Op::RefCastNull;
    write_op(out, op);
    return out.write_bytes(heap.view());
  }
  if (!lex_.at_open("result")) return write_op(out, Op::Select);
  ByteWriter types;
  uint32_t count = 0;
  while (lex_.accept_open("result")) {
    for (; !lex_.at_close(); ++count) types_.write_val_type(types);
    lex_.expect_close();
  }
  write_op(out, Op::SelectT);
  out.write_u32(count);
  out.write_bytes(types.view());
}

void InstrParser::write_immediates(ByteWriter& out, Op op) {
  switch (const Imm imm = op_info(op).imm) {
  case Imm::None:
  case Imm::Block:        // write_block_op
  case Imm::TryTable:     // likewise
  case Imm::SelectTypes:  // write_typed_instr
    return;
  case Imm::Label: return out.write_u32(parse_label());
  case Imm::LabelTable: return write_label_table(out);
  case Imm::Func: return out.write_u32(types_.parse_index(IndexSpace::Func));
  case Imm::CallIndirect: return write_call_indirect(out);
  case Imm::TypeIdx: return out.write_u32(types_.parse_index(IndexSpace::Type));
  case Imm::Local: {
    static const Identifiers kNone;
    return out.write_u32(types_.parse_index(locals_ != nullptr ? *locals_ : kNone,
                                            index_space_word(IndexSpace::Local)));
  }
  case Imm::Global: return out.write_u32(types_.parse_index(IndexSpace::Global));
  case Imm::Tag: return out.write_u32(types_.parse_index(IndexSpace::Tag));
  case Imm::Elem: return out.write_u32(types_.parse_index(IndexSpace::Elem));
  case Imm::Table:
    return out.write_u32(types_.at_index() ? types_.parse_index(IndexSpace::Table) : 0);
  case Imm::Memory:
    return out.write_u32(types_.at_index() ? types_.parse_index(IndexSpace::Memory) : 0);
  case Imm::TableTable: return write_optional_pair(out, IndexSpace::Table, IndexSpace::Table, true);
  case Imm::MemoryMemory:
    return write_optional_pair(out, IndexSpace::Memory, IndexSpace::Memory, true);
  case Imm::ElemTable: return write_optional_pair(out, IndexSpace::Table, IndexSpace::Elem, false);
  case Imm::DataMemory:
  case Imm::Data:
  case Imm::TypeData:
    module_.needs_data_count |= locals_ != nullptr;
    if (imm == Imm::DataMemory) {
      return write_optional_pair(out, IndexSpace::Memory, IndexSpace::Data, false);
    }
    if (imm == Imm::TypeData) out.write_u32(types_.parse_index(IndexSpace::Type));
    return out.write_u32(types_.parse_index(IndexSpace::Data));
  case Imm::TypeField: return write_field(out);
  case Imm::TypeType:
  case Imm::TypeElem:
  case Imm::TypeCount:
    out.write_u32(types_.parse_index(IndexSpace::Type));
    return out.write_u32(imm == Imm::TypeType   ? types_.parse_index(IndexSpace::Type)
                         : imm == Imm::TypeElem ? types_.parse_index(IndexSpace::Elem)
                                                : types_.parse_u32("a count"));
  case Imm::MemArg: return write_mem_arg(out, op, false);
  case Imm::MemArgLane: write_mem_arg(out, op, true); return write_lane(out);
  case Imm::Lane: return write_lane(out);
  case Imm::Shuffle:
    for (int i = 0; i < 16; ++i) write_lane(out);
    return;
  case Imm::I32:
  case Imm::I64:
  case Imm::F32:
  case Imm::F64: return write_number(out, imm);
  case Imm::V128: return write_v128(out);
  case Imm::HeapType: return types_.write_heap_type(out);
  case Imm::BrOnCast: {
    const uint32_t label = parse_label();
    ByteWriter from, to;
    const bool from_null = types_.write_ref_type_parts(from);
    const bool to_null = types_.write_ref_type_parts(to);
    out.write_u8(static_cast<uint8_t>((from_null ? 1 : 0) | (to_null ? 2 : 0)));
    out.write_u32(label);
    out.write_bytes(from.view());
    return out.write_bytes(to.view());
  }
  case Imm::AtomicFence: return out.write_u8(0);
  }
}

// "first? second" or, if `both`, both or neither: in binary always both, the second first unless
// they are of one space.
void InstrParser::write_optional_pair(ByteWriter& out, IndexSpace first, IndexSpace second,
                                      bool both) {
  uint32_t a = 0;
  uint32_t b = 0;
  const TokenKind following = lex_.peek_second().kind;
  const bool has_two = following == TokenKind::Number || following == TokenKind::Id;
  if (both) {
    if (types_.at_index()) {
      a = types_.parse_index(first);
      b = types_.parse_index(second);
    }
    out.write_u32(a);
    return out.write_u32(b);
  }
  if (types_.at_index() && has_two) a = types_.parse_index(first);
  b = types_.parse_index(second);
  out.write_u32(b);
  out.write_u32(a);
}

void InstrParser::write_field(ByteWriter& out) {
  const uint32_t type = types_.parse_index(IndexSpace::Type);
  static const Identifiers kNone;
  const Identifiers* fields = module_.find_fields(type);
  out.write_u32(type);
  out.write_u32(types_.parse_index(fields != nullptr ? *fields : kNone, "field"));
}

void InstrParser::write_label_table(ByteWriter& out) {
  ByteWriter labels;
  uint32_t count = 0;
  uint32_t last = parse_label();
  for (; types_.at_index(); ++count) {
    labels.write_u32(last);
    last = parse_label();
  }
  out.write_u32(count);
  out.write_bytes(labels.view());
  out.write_u32(last);
}

void InstrParser::write_call_indirect(ByteWriter& out) {
  const uint32_t table = types_.at_index() ? types_.parse_index(IndexSpace::Table) : 0;
  out.write_u32(types_.parse_type_use(nullptr).type);
  out.write_u32(table);
}

void InstrParser::write_mem_arg(ByteWriter& out, Op op, bool has_lane) {
  constexpr uint32_t kHasMemory = 0x40;
  // A number before a lane is a memory only if something else follows it.
  const Token second = has_lane ? lex_.peek_second() : Token{};
  const bool is_lane = has_lane && lex_.at(TokenKind::Number) && second.kind != TokenKind::Number &&
                       !second.text.starts_with("offset=") && !second.text.starts_with("align=");
  const uint32_t memory =
      types_.at_index() && !is_lane ? types_.parse_index(IndexSpace::Memory) : 0;
  uint64_t offset = 0;
  uint32_t align_log2 = op_info(op).align_log2;
  const auto number = [&](std::string_view word) {
    const Token token = lex_.take();
    const ParsedNumber parsed = parse_unsigned(word, ~uint64_t{0});
    if (!parsed.ok()) {
      lex_.fail(parsed.status == NumberStatus::Malformed ? ErrorKind::BadNumber
                                                         : ErrorKind::NumberOutOfRange,
                token.offset, quoted(token.text));
    }
    return parsed.bits;
  };
  std::string_view word = lex_.peek().text;
  if (lex_.at(TokenKind::Keyword) && strip(word, "offset=")) offset = number(word);
  word = lex_.peek().text;
  if (lex_.at(TokenKind::Keyword) && strip(word, "align=")) {
    const uint64_t at = lex_.peek().offset;
    const uint64_t align = number(word);
    if (!std::has_single_bit(align)) lex_.fail(ErrorKind::BadAlignment, at);
    align_log2 = static_cast<uint32_t>(std::countr_zero(align)) & 63;
  }
  out.write_u32(align_log2 | (memory != 0 ? kHasMemory : 0));
  if (memory != 0) out.write_u32(memory);
  out.write_u64(offset);
}

void InstrParser::write_lane(ByteWriter& out) {
  const Token token = lex_.peek();
  const uint32_t lane = types_.parse_u32("a lane");
  if (lane > 0xff) lex_.fail(ErrorKind::NumberOutOfRange, token.offset, quoted(token.text));
  out.write_u8(static_cast<uint8_t>(lane));
}

// The bits of a number, of any of the const instructions or a lane.
uint64_t InstrParser::parse_lane_value(unsigned width_bits, bool is_float) {
  const Token token = lex_.peek();
  // inf and nan are words.
  const bool is_word = is_float && (lex_.at_keyword("inf") || token.text.starts_with("nan"));
  if (!lex_.at(TokenKind::Number) && !is_word) {
    lex_.fail_here("a number");
    return 0;
  }
  lex_.take();
  const ParsedNumber number =
      is_float ? parse_float(token.text, width_bits) : parse_int(token.text, width_bits);
  if (!number.ok()) {
    lex_.fail(number.status == NumberStatus::Malformed ? ErrorKind::BadNumber
                                                       : ErrorKind::NumberOutOfRange,
              token.offset, quoted(token.text));
  }
  return number.bits;
}

void InstrParser::write_number(ByteWriter& out, Imm imm) {
  switch (imm) {
  case Imm::I32:
    return out.write_s64(static_cast<int32_t>(static_cast<uint32_t>(parse_lane_value(32, false))));
  case Imm::I64: return out.write_s64(static_cast<int64_t>(parse_lane_value(64, false)));
  case Imm::F32: return out.write_fixed(parse_lane_value(32, true), 4);
  default: return out.write_fixed(parse_lane_value(64, true), 8);
  }
}

void InstrParser::write_v128(ByteWriter& out) {
  for (const Shape& shape : kShapes) {
    if (!lex_.accept_keyword(shape.word)) continue;
    for (unsigned i = 0; i < shape.lanes; ++i) {
      out.write_fixed(parse_lane_value(128 / shape.lanes, shape.is_float), 16 / shape.lanes);
    }
    return;
  }
  lex_.fail_here("a shape such as i32x4");
}

// Labels of clauses are those around the try_table.
void InstrParser::write_catches(ByteWriter& out) {
  constexpr std::string_view kWords[kCatchCodes] = {"catch", "catch_ref", "catch_all",
                                                    "catch_all_ref"};
  ByteWriter clauses;
  uint32_t count = 0;
  for (uint8_t code = 0; code < kCatchCodes;) {
    if (!lex_.accept_open(kWords[code])) {
      ++code;
      continue;
    }
    clauses.write_u8(code);
    if (code < 2) clauses.write_u32(types_.parse_index(IndexSpace::Tag));
    clauses.write_u32(parse_label());
    lex_.expect_close();
    ++count;
    code = 0;
  }
  out.write_u32(count);
  out.write_bytes(clauses.view());
}

}  // namespace sluice

// One reader per kind of immediate.
//
// These run for all but the most frequent instructions, which FuncReader decodes in its own loop.
// Counts are never trusted: vectors grow only as bytes for their elements are found.
#include "engine/binary/immediates.h"

#include <cstring>

namespace sluice {
namespace {

String hex_byte(uint8_t byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  String s = "0x";
  s += kDigits[byte >> 4];
  s += kDigits[byte & 15];
  return s;
}

ValType read_typed_ref(ByteReader& in, const TypeScope& scope, bool nullable) {
  return ValType::ref(read_heap_type(in, scope), nullable);
}

void read_catches(ByteReader& in, Vector<CatchClause>& catches) {
  catches.clear();
  const uint32_t count = in.read_u32();
  for (uint32_t i = 0; i < count && !in.failed(); ++i) {
    const uint64_t at = in.offset();
    const uint8_t kind = in.read_u8();
    if (kind > 3) {
      in.fail(ErrorKind::BadCatchKind, at, hex_byte(kind));
      return;
    }
    CatchClause clause;
    clause.kind = static_cast<CatchKind>(kind);
    if (clause.has_tag()) clause.tag = TagIdx{in.read_u32()};
    clause.label = in.read_u32();
    catches.push_back(clause);
  }
}

void read_labels(ByteReader& in, Vector<uint32_t>& labels) {
  labels.clear();
  const uint32_t count = in.read_u32();
  for (uint32_t i = 0; i < count && !in.failed(); ++i) labels.push_back(in.read_u32());
  labels.push_back(in.read_u32());  // the default
}

void read_select_types(ByteReader& in, const TypeScope& scope, Vector<ValType>& out) {
  out.clear();
  const uint32_t count = in.read_u32();
  for (uint32_t i = 0; i < count && !in.failed(); ++i) out.push_back(read_val_type(in, scope));
}

void read_cast(ByteReader& in, const TypeScope& scope, Instr& instr) {
  const uint64_t at = in.offset();
  const uint8_t flags = in.read_u8();
  if (flags > 3) {
    in.fail(ErrorKind::BadCastFlags, at, hex_byte(flags));
    return;
  }
  instr.index = in.read_u32();
  instr.ref = read_typed_ref(in, scope, (flags & 1) != 0);
  instr.ref2 = read_typed_ref(in, scope, (flags & 2) != 0);
}

bool is_null_variant(Op op) {
  return op == Op::RefNull || op == Op::RefTestNull || op == Op::RefCastNull;
}

void read_16_bytes(ByteReader& in, std::array<uint8_t, 16>& out) {
  if (in.remaining() < out.size()) {
    in.fail(ErrorKind::UnexpectedEnd, in.end_offset());
    return;
  }
  std::memcpy(out.data(), in.pos(), out.size());
  in.set_pos(in.pos() + out.size());
}

}  // namespace

BlockType read_block_type(ByteReader& in, const TypeScope& scope) {
  constexpr uint8_t kEmpty = 0x40;
  BlockType block;
  const uint8_t code = in.peek_u8();
  if (code == kEmpty) {
    in.read_u8();
    return block;
  }
  if (starts_val_type(code)) {
    block.value = read_val_type(in, scope);
    return block;
  }
  const uint64_t at = in.offset();
  const int64_t index = in.read_s33();
  if (in.failed()) return block;
  if (index < 0) {
    in.fail(ErrorKind::BadValueType, at);
  } else if (!scope.features.has(Feature::MultiValue)) {
    in.fail(ErrorKind::FeatureDisabled, at);
  } else if (index >= scope.type_count) {
    in.fail(ErrorKind::UnknownType, at, decimal(static_cast<uint64_t>(index)));
  } else {
    block.has_index = true;
    block.index = TypeIdx{static_cast<uint32_t>(index)};
  }
  return block;
}

MemArg read_mem_arg(ByteReader& in) {
  constexpr uint32_t kHasMemory = 0x40;
  const uint64_t at = in.offset();
  MemArg arg;
  const uint32_t flags = in.read_u32();
  if (flags >= 2 * kHasMemory) {
    in.fail(ErrorKind::BadMemArgFlags, at);
    return arg;
  }
  arg.align_log2 = flags & (kHasMemory - 1);
  if ((flags & kHasMemory) != 0) arg.memory = MemoryIdx{in.read_u32()};
  arg.offset = in.read_u64();
  return arg;
}

Op read_op(ByteReader& in, Features features) {
  const uint64_t at = in.offset();
  const uint8_t byte = in.read_u8();
  const uint32_t code = is_prefix(byte) ? in.read_u32() : byte;
  if (in.failed()) return Op::Illegal;
  const Op op = find_op(is_prefix(byte) ? byte : uint8_t{0}, code);
  if (op == Op::Illegal) {
    String detail = hex_byte(byte);
    if (is_prefix(byte)) detail += " " + decimal(code);
    in.fail(ErrorKind::IllegalOpcode, at, std::move(detail));
  } else if (!features.has(op_info(op).feature)) {
    in.fail(ErrorKind::FeatureDisabled, at, String(op_info(op).mnemonic));
    return Op::Illegal;
  }
  return op;
}

void read_immediates(ByteReader& in, const TypeScope& scope, ImmediateScratch& scratch,
                     Instr& instr) {
  switch (op_info(instr.op).imm) {
  case Imm::None: return;
  case Imm::Block: instr.block = read_block_type(in, scope); return;
  case Imm::Label:
  case Imm::Func:
  case Imm::TypeIdx:
  case Imm::Local:
  case Imm::Global:
  case Imm::Table:
  case Imm::Memory:
  case Imm::Elem:
  case Imm::Data:
  case Imm::Tag: instr.index = in.read_u32(); return;
  case Imm::CallIndirect:
  case Imm::TableTable:
  case Imm::MemoryMemory:
  case Imm::ElemTable:
  case Imm::DataMemory:
  case Imm::TypeField:
  case Imm::TypeType:
  case Imm::TypeData:
  case Imm::TypeElem:
  case Imm::TypeCount:
    instr.index = in.read_u32();
    instr.index2 = in.read_u32();
    return;
  case Imm::LabelTable:
    read_labels(in, scratch.labels);
    instr.labels = scratch.labels;
    return;
  case Imm::SelectTypes:
    read_select_types(in, scope, scratch.types);
    instr.types = scratch.types;
    return;
  case Imm::TryTable:
    instr.block = read_block_type(in, scope);
    read_catches(in, scratch.catches);
    instr.catches = scratch.catches;
    return;
  case Imm::MemArg: instr.mem = read_mem_arg(in); return;
  case Imm::MemArgLane:
    instr.mem = read_mem_arg(in);
    instr.lane = in.read_u8();
    return;
  case Imm::Lane: instr.lane = in.read_u8(); return;
  case Imm::Shuffle:
  case Imm::V128: read_16_bytes(in, instr.bytes); return;
  case Imm::I32: instr.bits = static_cast<uint64_t>(int64_t{in.read_s32()}); return;
  case Imm::I64: instr.bits = static_cast<uint64_t>(in.read_s64()); return;
  case Imm::F32: instr.bits = in.read_fixed_u32(); return;
  case Imm::F64: instr.bits = in.read_fixed_u64(); return;
  case Imm::HeapType:
    instr.ref = ValType::ref(read_heap_type(in, scope), is_null_variant(instr.op));
    return;
  case Imm::BrOnCast: read_cast(in, scope, instr); return;
  case Imm::AtomicFence: {
    const uint64_t at = in.offset();
    if (in.read_u8() != 0) in.fail(ErrorKind::ZeroByteExpected, at);
    return;
  }
  }
}

void read_instr(ByteReader& in, const TypeScope& scope, ImmediateScratch& scratch, Instr& instr) {
  instr.offset = in.offset();
  instr.op = read_op(in, scope.features);
  if (!in.failed()) read_immediates(in, scope, scratch, instr);
}

}  // namespace sluice

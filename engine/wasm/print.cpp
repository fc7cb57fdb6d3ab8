// One printer per kind of immediate.
//
// What the text format leaves out because it is the default (memory 0, table 0, the natural
// alignment) is left out here too.
#include "engine/wasm/print.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace sluice {
namespace {

template <class Int>
void append_number(String& out, Int value, int base = 10) {
  char digits[24];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, value, base);
  out.append(digits, end.ptr);
}

template <class Int>
void append_arg(String& out, Int value) {
  out += ' ';
  append_number(out, value);
}

// spec 6.3.2: hexadecimal, so that no bit is lost; a NaN shows its payload.
template <class Float, class Bits>
void append_float(String& out, Bits bits) {
  constexpr int kMantissaBits = sizeof(Float) == 4 ? 23 : 52;
  constexpr Bits kPayload = (Bits{1} << kMantissaBits) - 1;
  const auto value = std::bit_cast<Float>(bits);
  out += ' ';
  if (std::signbit(value)) out += '-';
  if (std::isinf(value)) {
    out += "inf";
  } else if (std::isnan(value)) {
    out += "nan:0x";
    append_number(out, bits & kPayload, 16);
  } else {
    char digits[40];
    const std::to_chars_result end =
        std::to_chars(digits, digits + sizeof digits, std::fabs(value), std::chars_format::hex);
    out += "0x";
    out.append(digits, end.ptr);
  }
}

void append_block_type(String& out, const BlockType& block) {
  if (block.has_index) {
    out += " (type ";
    append_number(out, raw(block.index));
    out += ')';
  } else if (!block.value.is_bottom()) {
    out += " (result ";
    out += to_string(block.value);
    out += ')';
  }
}

void append_mem_arg(String& out, const MemArg& mem, uint32_t natural_align_log2) {
  if (raw(mem.memory) != 0) append_arg(out, raw(mem.memory));
  if (mem.offset != 0) {
    out += " offset=";
    append_number(out, mem.offset);
  }
  if (mem.align_log2 != natural_align_log2) {
    out += " align=";
    append_number(out, uint64_t{1} << (mem.align_log2 & 63));
  }
}

void append_catches(String& out, std::span<const CatchClause> catches) {
  constexpr const char* kNames[] = {" (catch", " (catch_ref", " (catch_all", " (catch_all_ref"};
  for (const CatchClause& clause : catches) {
    out += kNames[static_cast<size_t>(clause.kind)];
    if (clause.has_tag()) append_arg(out, raw(clause.tag));
    append_arg(out, clause.label);
    out += ')';
  }
}

void append_v128(String& out, const std::array<uint8_t, 16>& bytes) {
  out += " i64x2";
  for (size_t half = 0; half < 2; ++half) {
    uint64_t bits;
    std::memcpy(&bits, bytes.data() + half * sizeof bits, sizeof bits);
    out += " 0x";
    append_number(out, bits, 16);
  }
}

// The second index first, as the text format has it, unless it is 0 and may be left out.
void append_swapped(String& out, const Instr& instr) {
  if (instr.index2 != 0) append_arg(out, instr.index2);
  append_arg(out, instr.index);
}

// Both or, if both are 0, neither.
void append_pair(String& out, const Instr& instr) {
  if (instr.index == 0 && instr.index2 == 0) return;
  append_arg(out, instr.index);
  append_arg(out, instr.index2);
}

void append_immediates(String& out, const Instr& instr, const OpInfo& info) {
  switch (info.imm) {
  case Imm::None:
  case Imm::AtomicFence: return;
  case Imm::Block: return append_block_type(out, instr.block);
  case Imm::Label:
  case Imm::Func:
  case Imm::TypeIdx:
  case Imm::Local:
  case Imm::Global:
  case Imm::Elem:
  case Imm::Data:
  case Imm::Tag: return append_arg(out, instr.index);
  case Imm::Table:
  case Imm::Memory:
    if (instr.index != 0) append_arg(out, instr.index);
    return;
  case Imm::TableTable:
  case Imm::MemoryMemory: return append_pair(out, instr);
  case Imm::ElemTable:
  case Imm::DataMemory: return append_swapped(out, instr);
  case Imm::CallIndirect:
    if (instr.index2 != 0) append_arg(out, instr.index2);
    out += " (type ";
    append_number(out, instr.index);
    out += ')';
    return;
  case Imm::TypeField:
  case Imm::TypeType:
  case Imm::TypeData:
  case Imm::TypeElem:
  case Imm::TypeCount: append_arg(out, instr.index); return append_arg(out, instr.index2);
  case Imm::LabelTable:
    for (const uint32_t depth : instr.labels) append_arg(out, depth);
    return;
  case Imm::MemArg: return append_mem_arg(out, instr.mem, info.align_log2);
  case Imm::MemArgLane:
    append_mem_arg(out, instr.mem, info.align_log2);
    return append_arg(out, instr.lane);
  case Imm::Lane: return append_arg(out, instr.lane);
  case Imm::Shuffle:
    for (const uint8_t lane : instr.bytes) append_arg(out, lane);
    return;
  case Imm::V128: return append_v128(out, instr.bytes);
  case Imm::I32: return append_arg(out, static_cast<int32_t>(instr.bits));
  case Imm::I64: return append_arg(out, static_cast<int64_t>(instr.bits));
  case Imm::F32: return append_float<float>(out, static_cast<uint32_t>(instr.bits));
  case Imm::F64: return append_float<double>(out, instr.bits);
  case Imm::HeapType:
    out += ' ';
    out += instr.op == Op::RefNull ? to_string(instr.ref.heap()) : to_string(instr.ref);
    return;
  case Imm::SelectTypes:
    out += " (result";
    for (const ValType type : instr.types) {
      out += ' ';
      out += to_string(type);
    }
    out += ')';
    return;
  case Imm::TryTable:
    append_block_type(out, instr.block);
    return append_catches(out, instr.catches);
  case Imm::BrOnCast:
    append_arg(out, instr.index);
    out += ' ';
    out += to_string(instr.ref);
    out += ' ';
    out += to_string(instr.ref2);
    return;
  }
}

}  // namespace

String to_string(const Instr& instr) {
  const OpInfo& info = op_info(instr.op);
  String out(info.mnemonic);
  append_immediates(out, instr, info);
  return out;
}

}  // namespace sluice

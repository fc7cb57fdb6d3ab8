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

void append_v128(String& out, const std::array<uint8_t, 16>& bytes) {
  out += " i64x2";
  for (size_t half = 0; half < 2; ++half) {
    uint64_t bits;
    std::memcpy(&bits, bytes.data() + half * sizeof bits, sizeof bits);
    out += " 0x";
    append_number(out, bits, 16);
  }
}

/// Immediates of one instruction; each part begins with a blank.
class Immediates {
 public:
  Immediates(String& out, const IndexNames* names) : out_(out), names_(names) {}
  void append(const Instr& instr, const OpInfo& info);

 private:
  void index(IndexSpace which, uint32_t index) {
    out_ += ' ';
    bare_index(which, index);
  }
  void bare_index(IndexSpace which, uint32_t index) {
    names_ != nullptr ? names_->append(out_, which, index) : append_number(out_, index);
  }
  void type_use(uint32_t type) {
    out_ += " (type ";
    bare_index(IndexSpace::Type, type);
    out_ += ')';
  }
  template <class Type>
  void type(Type type) {
    out_ += ' ';
    append_type(out_, type, names_);
  }
  // The first unless it is 0, which may be left out.
  void optional_index(IndexSpace which, uint32_t value) {
    if (value != 0) index(which, value);
  }
  // Both or, if both are 0, neither.
  void optional_pair(IndexSpace which, const Instr& instr) {
    if (instr.index == 0 && instr.index2 == 0) return;
    index(which, instr.index);
    index(which, instr.index2);
  }
  void typed_pair(IndexSpace second, const Instr& instr) {
    index(IndexSpace::Type, instr.index);
    index(second, instr.index2);
  }
  void block_type(const BlockType& block);
  void mem_arg(const MemArg& mem, uint32_t natural_align_log2);
  void catches(std::span<const CatchClause> catches);
  void field(const Instr& instr);
  void select_types(std::span<const ValType> types);

  String& out_;
  const IndexNames* names_;
};

void Immediates::block_type(const BlockType& block) {
  if (block.has_index) return type_use(raw(block.index));
  if (block.value.is_bottom()) return;
  out_ += " (result";
  type(block.value);
  out_ += ')';
}

void Immediates::mem_arg(const MemArg& mem, uint32_t natural_align_log2) {
  optional_index(IndexSpace::Memory, raw(mem.memory));
  if (mem.offset != 0) {
    out_ += " offset=";
    append_number(out_, mem.offset);
  }
  if (mem.align_log2 != natural_align_log2) {
    out_ += " align=";
    append_number(out_, uint64_t{1} << (mem.align_log2 & 63));
  }
}

void Immediates::catches(std::span<const CatchClause> catches) {
  constexpr const char* kNames[] = {" (catch", " (catch_ref", " (catch_all", " (catch_all_ref"};
  for (const CatchClause& clause : catches) {
    out_ += kNames[static_cast<size_t>(clause.kind)];
    if (clause.has_tag()) index(IndexSpace::Tag, raw(clause.tag));
    append_arg(out_, clause.label);
    out_ += ')';
  }
}

void Immediates::field(const Instr& instr) {
  index(IndexSpace::Type, instr.index);
  if (names_ == nullptr) return append_arg(out_, instr.index2);
  out_ += ' ';
  names_->append_field(out_, instr.index, instr.index2);
}

void Immediates::select_types(std::span<const ValType> types) {
  out_ += " (result";
  for (const ValType each : types) type(each);
  out_ += ')';
}

void Immediates::append(const Instr& instr, const OpInfo& info) {
  switch (info.imm) {
  case Imm::None:
  case Imm::AtomicFence: return;
  case Imm::Block: return block_type(instr.block);
  case Imm::Label: return append_arg(out_, instr.index);
  case Imm::Func: return index(IndexSpace::Func, instr.index);
  case Imm::TypeIdx: return index(IndexSpace::Type, instr.index);
  case Imm::Local: return index(IndexSpace::Local, instr.index);
  case Imm::Global: return index(IndexSpace::Global, instr.index);
  case Imm::Elem: return index(IndexSpace::Elem, instr.index);
  case Imm::Data: return index(IndexSpace::Data, instr.index);
  case Imm::Tag: return index(IndexSpace::Tag, instr.index);
  case Imm::Table: return optional_index(IndexSpace::Table, instr.index);
  case Imm::Memory: return optional_index(IndexSpace::Memory, instr.index);
  case Imm::TableTable: return optional_pair(IndexSpace::Table, instr);
  case Imm::MemoryMemory: return optional_pair(IndexSpace::Memory, instr);
  case Imm::ElemTable:  // the table first, as the text format has it
    optional_index(IndexSpace::Table, instr.index2);
    return index(IndexSpace::Elem, instr.index);
  case Imm::DataMemory:
    optional_index(IndexSpace::Memory, instr.index2);
    return index(IndexSpace::Data, instr.index);
  case Imm::CallIndirect:
    optional_index(IndexSpace::Table, instr.index2);
    return type_use(instr.index);
  case Imm::TypeField: return field(instr);
  case Imm::TypeType: return typed_pair(IndexSpace::Type, instr);
  case Imm::TypeData: return typed_pair(IndexSpace::Data, instr);
  case Imm::TypeElem: return typed_pair(IndexSpace::Elem, instr);
  case Imm::TypeCount: index(IndexSpace::Type, instr.index); return append_arg(out_, instr.index2);
  case Imm::LabelTable:
    for (const uint32_t depth : instr.labels) append_arg(out_, depth);
    return;
  case Imm::MemArg: return mem_arg(instr.mem, info.align_log2);
  case Imm::MemArgLane: mem_arg(instr.mem, info.align_log2); return append_arg(out_, instr.lane);
  case Imm::Lane: return append_arg(out_, instr.lane);
  case Imm::Shuffle:
    for (const uint8_t lane : instr.bytes) append_arg(out_, lane);
    return;
  case Imm::V128: return append_v128(out_, instr.bytes);
  case Imm::I32: return append_arg(out_, static_cast<int32_t>(instr.bits));
  case Imm::I64: return append_arg(out_, static_cast<int64_t>(instr.bits));
  case Imm::F32: return append_float<float>(out_, static_cast<uint32_t>(instr.bits));
  case Imm::F64: return append_float<double>(out_, instr.bits);
  case Imm::HeapType: return instr.op == Op::RefNull ? type(instr.ref.heap()) : type(instr.ref);
  case Imm::SelectTypes: return select_types(instr.types);
  case Imm::TryTable: block_type(instr.block); return catches(instr.catches);
  case Imm::BrOnCast:
    append_arg(out_, instr.index);
    type(instr.ref);
    return type(instr.ref2);
  }
}

}  // namespace

const char* index_space_word(IndexSpace which) {
  switch (which) {
  case IndexSpace::Type: return "type";
  case IndexSpace::Func: return "function";
  case IndexSpace::Table: return "table";
  case IndexSpace::Memory: return "memory";
  case IndexSpace::Global: return "global";
  case IndexSpace::Tag: return "tag";
  case IndexSpace::Elem: return "element segment";
  case IndexSpace::Data: return "data segment";
  case IndexSpace::Local: return "local";
  }
  return "";
}

void append_instr(String& out, const Instr& instr, const IndexNames* names) {
  const OpInfo& info = op_info(instr.op);
  out += info.mnemonic;
  Immediates(out, names).append(instr, info);
}

void append_type(String& out, HeapType type, const IndexNames* names) {
  if (type.is_concrete() && names != nullptr) {
    names->append(out, IndexSpace::Type, raw(type.index()));
  } else {
    out += to_string(type);
  }
}

void append_type(String& out, ValType type, const IndexNames* names) {
  if (!type.is_ref() || !type.heap().is_concrete()) {
    out += to_string(type);
    return;
  }
  out += type.is_nullable() ? "(ref null " : "(ref ";
  append_type(out, type.heap(), names);
  out += ')';
}

String to_string(const Instr& instr) {
  String out;
  append_instr(out, instr, nullptr);
  return out;
}

}  // namespace sluice

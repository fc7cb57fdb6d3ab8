// Op, OpInfo and the pages from encoded opcodes to Op, all expanded from opcodes.def.
//
// Everything here is constexpr data. What an instruction does is not told here, only how it is
// written, which operands it takes where that is fixed, and which family it belongs to.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/check.h"
#include "engine/wasm/features.h"
#include "engine/wasm/types.h"

namespace sluice {

/// Every instruction, dense, in the order of opcodes.def.
enum class Op : uint16_t {
#define OP(name, prefix, code, mnemonic, imm, sig, category, feature) name,
#include "engine/wasm/opcodes.def"
#undef OP
  Illegal,  // a hole in the opcode space; also the number of instructions
};
inline constexpr uint32_t kOpCount = static_cast<uint32_t>(Op::Illegal);

/// What follows the opcode (spec 5.4). Two names in one: in the order they are encoded.
enum class Imm : uint8_t {
  None,
  Block,       // block type
  Label,       // label depth
  LabelTable,  // br_table: vector of depths, default depth
  Func,
  CallIndirect,  // type, table
  TypeIdx,
  Local,
  Global,
  Table,
  TableTable,  // destination, source
  Memory,
  MemoryMemory,  // destination, source
  Elem,
  ElemTable,
  Data,
  DataMemory,
  MemArg,
  MemArgLane,
  Lane,
  Shuffle,  // 16 lane numbers
  I32,
  I64,
  F32,
  F64,
  V128,
  HeapType,
  SelectTypes,  // vector of value types
  TryTable,     // block type, vector of catch clauses
  TypeField,
  TypeType,  // destination, source
  TypeData,
  TypeElem,
  TypeCount,  // array.new_fixed
  BrOnCast,   // flags, label, source heap type, target heap type
  Tag,
  AtomicFence,  // one zero byte
};

/// The family of an instruction: which part of a compiler it belongs to.
enum class Category : uint8_t {
  Control,
  Parametric,
  Variable,
  Const,
  IntUnary,
  IntBinary,
  IntCompare,  // eqz, with one operand, too
  Convert,     // between value types, reinterpretations included
  FloatUnary,
  FloatBinary,
  FloatCompare,
  Load,
  Store,
  Memory,  // size and grow
  Bulk,
  Table,
  Reference,
  Call,
  TailCall,
  TypedRef,  // call_ref, branches and casts on null
  Exception,
  LegacyException,
  Gc,  // aggregates, casts, i31, conversions of references
  Simd,
  SimdMem,
  Atomic,
  WideArithmetic,
};

/// Operand and result types of an instruction whose row states them.
struct Signature {
  bool is_special = false;
  bool has_address = false;  // params[0] stands for the address type of the instruction's memory
  uint8_t param_count = 0;
  uint8_t result_count = 0;
  std::array<ValKind, 4> params{};
  std::array<ValKind, 2> results{};
};

struct OpInfo {
  std::string_view mnemonic;
  Signature sig;
  uint16_t code = 0;
  uint8_t prefix = 0;  // 0: the opcode is the one byte `code`
  Imm imm = Imm::None;
  uint8_t align_log2 =
      0;              // Imm::MemArg, MemArgLane: natural alignment, and width, as log2 of bytes
  uint8_t lanes = 0;  // Imm::Lane, MemArgLane: lane numbers are below this
  Category category = Category::Control;
  Feature feature = Feature::Mvp;
};

namespace opcode_table {

/// The immediate column of opcodes.def: the kind, and what a numbered kind's number says.
struct ImmColumn {
  constexpr ImmColumn(Imm k)  // NOLINT(google-explicit-constructor)
      : kind(k) {}
  constexpr ImmColumn(Imm k, uint32_t align, uint32_t lane_count)
      : kind(k), align_log2(static_cast<uint8_t>(align)), lanes(static_cast<uint8_t>(lane_count)) {}
  Imm kind;
  uint8_t align_log2 = 0;
  uint8_t lanes = 0;
};

/// What the column's words mean.
namespace columns {
using enum Imm;
inline constexpr ImmColumn MemArg0{Imm::MemArg, 0, 0};
inline constexpr ImmColumn MemArg1{Imm::MemArg, 1, 0};
inline constexpr ImmColumn MemArg2{Imm::MemArg, 2, 0};
inline constexpr ImmColumn MemArg3{Imm::MemArg, 3, 0};
inline constexpr ImmColumn MemArg4{Imm::MemArg, 4, 0};
inline constexpr ImmColumn MemArgLane0{Imm::MemArgLane, 0, 16};
inline constexpr ImmColumn MemArgLane1{Imm::MemArgLane, 1, 8};
inline constexpr ImmColumn MemArgLane2{Imm::MemArgLane, 2, 4};
inline constexpr ImmColumn MemArgLane3{Imm::MemArgLane, 3, 2};
inline constexpr ImmColumn Lane2{Imm::Lane, 0, 2};
inline constexpr ImmColumn Lane4{Imm::Lane, 0, 4};
inline constexpr ImmColumn Lane8{Imm::Lane, 0, 8};
inline constexpr ImmColumn Lane16{Imm::Lane, 0, 16};
}  // namespace columns

constexpr ValKind parse_kind(char c) {
  switch (c) {
  case 'i': return ValKind::I32;
  case 'l': return ValKind::I64;
  case 'f': return ValKind::F32;
  case 'd': return ValKind::F64;
  case 'v': return ValKind::V128;
  default: return ValKind::Bottom;  // 'a' and 'n'
  }
}

constexpr Signature parse_sig(std::string_view text) {
  Signature s;
  if (text == "special") {
    s.is_special = true;
    return s;
  }
  size_t bar = text.find('_');
  for (char c : text.substr(0, bar)) {
    if (c != 'n') s.results[s.result_count++] = parse_kind(c);
  }
  for (char c : text.substr(bar + 1)) {
    if (c == 'n') continue;
    s.has_address |= c == 'a';
    s.params[s.param_count++] = parse_kind(c);
  }
  return s;
}

constexpr OpInfo make_row(std::string_view mnemonic, uint32_t prefix, uint32_t code,
                          ImmColumn column, std::string_view sig, Category category,
                          Feature feature) {
  OpInfo info;
  info.mnemonic = mnemonic;
  info.sig = parse_sig(sig);
  info.code = static_cast<uint16_t>(code);
  info.prefix = static_cast<uint8_t>(prefix);
  info.imm = column.kind;
  info.align_log2 = column.align_log2;
  info.lanes = column.lanes;
  info.category = category;
  info.feature = feature;
  return info;
}

inline constexpr std::array<OpInfo, kOpCount + 1> kRows = {{
#define OP(name, prefix, code, mnemonic, imm, sig, category, feature)                              \
  make_row(mnemonic, prefix, code, columns::imm, #sig, Category::category, Feature::feature),
#include "engine/wasm/opcodes.def"
#undef OP
    make_row("illegal", 0, 0, columns::None, "special", Category::Control, Feature::Mvp),
}};

template <uint32_t kPrefix, size_t kSize>
constexpr std::array<Op, kSize> make_page() {
  std::array<Op, kSize> page{};
  for (Op& op : page) op = Op::Illegal;
  for (size_t i = 0; i < kOpCount; ++i) {
    if (kRows[i].prefix == kPrefix) page[kRows[i].code] = static_cast<Op>(i);
  }
  return page;
}

}  // namespace opcode_table

inline constexpr uint8_t kPrefixGc = 0xfb;
inline constexpr uint8_t kPrefixMisc = 0xfc;
inline constexpr uint8_t kPrefixSimd = 0xfd;
inline constexpr uint8_t kPrefixAtomic = 0xfe;

/// The row of an instruction; Op::Illegal has one too, so that lookups need no check.
constexpr const OpInfo& op_info(Op op) { return opcode_table::kRows[static_cast<uint32_t>(op)]; }

/// The byte of an instruction without prefix.
consteval uint8_t code_of(Op op) {
  const OpInfo& info = op_info(op);
  CHECK(info.prefix == 0, "one byte");  // else it does not compile
  return static_cast<uint8_t>(info.code);
}

// One page per prefix: code → Op.
inline constexpr auto kPlainOps = opcode_table::make_page<0x00, 256>();

/// The byte that ends expressions and bodies.
inline constexpr uint8_t kEndByte = 0x0b;
static_assert(kPlainOps[kEndByte] == Op::End);

inline constexpr auto kGcOps = opcode_table::make_page<kPrefixGc, 0x20>();
inline constexpr auto kMiscOps = opcode_table::make_page<kPrefixMisc, 0x20>();
inline constexpr auto kSimdOps = opcode_table::make_page<kPrefixSimd, 0x120>();
inline constexpr auto kAtomicOps = opcode_table::make_page<kPrefixAtomic, 0x50>();

constexpr bool is_prefix(uint8_t byte) { return byte >= kPrefixGc && byte <= kPrefixAtomic; }

/// The instruction `code` on the page of `prefix` (0: one-byte opcodes), or Op::Illegal.
constexpr Op find_op(uint8_t prefix, uint32_t code) {
  switch (prefix) {
  case 0: return code < kPlainOps.size() ? kPlainOps[code] : Op::Illegal;
  case kPrefixGc: return code < kGcOps.size() ? kGcOps[code] : Op::Illegal;
  case kPrefixMisc: return code < kMiscOps.size() ? kMiscOps[code] : Op::Illegal;
  case kPrefixSimd: return code < kSimdOps.size() ? kSimdOps[code] : Op::Illegal;
  case kPrefixAtomic: return code < kAtomicOps.size() ? kAtomicOps[code] : Op::Illegal;
  default: return Op::Illegal;
  }
}

/// The first row with this mnemonic, or Op::Illegal. Where rows share one (select, ref.test,
/// ref.cast) their immediates tell them apart.
Op find_mnemonic(std::string_view mnemonic);

}  // namespace sluice

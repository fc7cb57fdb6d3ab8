// What FuncReader needs to know of a frequent opcode, in eight bytes: of those of one byte, which
// its inner loop treats, and of the vector instructions that have the same shapes.
//
// The rows are computed from the table of instructions. A shape is a way to decode and check;
// opcodes that share one differ in their types only, so the loop has few branch targets.
#pragma once

#include <array>
#include <cstdint>

#include "engine/wasm/opcodes.h"

namespace sluice {

enum class FastShape : uint8_t {
  Other,  // not handled in the loop
  Nop,
  LocalGet,
  LocalSet,
  LocalTee,
  GlobalGet,
  GlobalSet,
  I32Const,
  I64Const,
  F32Const,
  F64Const,
  Drop,
  Select,
  Unary,
  Binary,
  Extend,  // Unary, of a later feature
  Load,
  Store,
  Block,
  Loop,
  If,
  Else,
  End,
  Br,
  BrIf,
  Return,
  Call,
  Vector,  // a prefix: see kVectorRows
};

/// Of two neighbours: one compare.
constexpr bool is_either(FastShape shape, FastShape first, FastShape second) {
  return static_cast<uint8_t>(static_cast<uint8_t>(shape) - static_cast<uint8_t>(first)) <=
         static_cast<uint8_t>(second) - static_cast<uint8_t>(first);
}

struct FastRow {
  FastShape shape = FastShape::Other;
  uint8_t first = 0;       // bits of the first operand's type (Unary, Binary)
  uint8_t last = 0;        // of the last (Unary: the same one), of the value (Store)
  uint8_t result = 0;      // Unary, Binary, Load
  uint8_t align_log2 = 0;  // Load, Store
  uint8_t pops = 0;        // Unary, Binary, Load, Store
  Op op = Op::Illegal;
};
static_assert(sizeof(FastRow) == 8);

constexpr FastShape fast_shape(Op op) {
  switch (op) {
  case Op::Nop: return FastShape::Nop;
  case Op::LocalGet: return FastShape::LocalGet;
  case Op::LocalSet: return FastShape::LocalSet;
  case Op::LocalTee: return FastShape::LocalTee;
  case Op::GlobalGet: return FastShape::GlobalGet;
  case Op::GlobalSet: return FastShape::GlobalSet;
  case Op::I32Const: return FastShape::I32Const;
  case Op::I64Const: return FastShape::I64Const;
  case Op::F32Const: return FastShape::F32Const;
  case Op::F64Const: return FastShape::F64Const;
  case Op::Drop: return FastShape::Drop;
  case Op::Select: return FastShape::Select;
  case Op::Block: return FastShape::Block;
  case Op::Loop: return FastShape::Loop;
  case Op::If: return FastShape::If;
  case Op::Else: return FastShape::Else;
  case Op::End: return FastShape::End;
  case Op::Br: return FastShape::Br;
  case Op::BrIf: return FastShape::BrIf;
  case Op::Return: return FastShape::Return;
  case Op::Call: return FastShape::Call;
  default: break;
  }
  const OpInfo& info = op_info(op);
  if (info.sig.is_special) return FastShape::Other;
  if (info.category == Category::Load) return FastShape::Load;
  if (info.category == Category::Store) return FastShape::Store;
  if (info.feature != Feature::Mvp) return FastShape::Extend;
  return info.sig.param_count == 1 ? FastShape::Unary : FastShape::Binary;
}

/// Other where there is an immediate that is no memory's, or one operand more.
constexpr FastShape vector_shape(Op op) {
  const OpInfo& info = op_info(op);
  if (info.feature != Feature::Simd) return FastShape::Other;
  if (info.imm == Imm::MemArg) {
    return info.sig.result_count != 0 ? FastShape::Load : FastShape::Store;
  }
  if (info.imm != Imm::None || info.sig.param_count > 2) return FastShape::Other;
  return info.sig.param_count == 1 ? FastShape::Unary : FastShape::Binary;
}

constexpr FastRow fast_row(Op op, FastShape shape) {
  const OpInfo& info = op_info(op);
  FastRow row;
  row.shape = shape;
  row.first = static_cast<uint8_t>(info.sig.params[0]);
  row.last = static_cast<uint8_t>(info.sig.params[info.sig.param_count == 1 ? 0 : 1]);
  row.result = static_cast<uint8_t>(info.sig.results[0]);
  row.align_log2 = info.align_log2;
  row.pops = info.sig.param_count;
  row.op = op;
  return row;
}

alignas(64) inline constexpr auto kFastRows = [] {
  std::array<FastRow, 256> rows{};
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = fast_row(kPlainOps[i], fast_shape(kPlainOps[i]));
  }
  rows[kPrefixSimd].shape = FastShape::Vector;
  return rows;
}();

/// By the number behind the prefix.
inline constexpr auto kVectorRows = [] {
  std::array<FastRow, 256> rows{};
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = fast_row(kSimdOps[i], vector_shape(kSimdOps[i]));
  }
  return rows;
}();

}  // namespace sluice

// What FuncReader needs to know of a frequent opcode, in eight bytes: of those of one byte, which
// its inner loop treats, and of the vector instructions that have the same shapes.
//
// The rows are computed from the table of instructions. A shape is a way to decode and check;
// opcodes that share one differ in their types only, so the loop has few branch targets. It finds
// out which by the opcode itself, as the row is there some cycles later: this is what mistaken
// branches wait for.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "engine/base/check.h"
#include "engine/wasm/opcodes.h"

namespace sluice {

enum class FastShape : uint8_t {
  Other,  // of no shape: the loop goes by the code
  Unary,
  Binary,
  Extend,  // Unary, of a later feature
  Load,
  Store,
  Const,  // vectors only, as what follows
  Shuffle,
  Lane,
};

struct FastRow {
  FastShape shape = FastShape::Other;
  uint8_t first = 0;       // bits of the first operand's type (Unary, Binary)
  uint8_t last = 0;        // of the last (Unary: the same one), of the value (Store)
  uint8_t result = 0;      // Unary, Binary, Load
  uint8_t align_log2 = 0;  // Load, Store; Lane: log2 of its bytes
  uint8_t pops = 0;        // all but Other
  Op op = Op::Illegal;
};
static_assert(sizeof(FastRow) == 8);

constexpr FastShape fast_shape(Op op) {
  const OpInfo& info = op_info(op);
  if (info.sig.is_special || info.sig.param_count == 0) return FastShape::Other;
  if (info.category == Category::Load) return FastShape::Load;
  if (info.category == Category::Store) return FastShape::Store;
  if (info.feature != Feature::Mvp) return FastShape::Extend;
  return info.sig.param_count == 1 ? FastShape::Unary : FastShape::Binary;
}

/// Other where there are two immediates, or one operand more.
constexpr FastShape vector_shape(Op op) {
  const OpInfo& info = op_info(op);
  if (info.feature != Feature::Simd) return FastShape::Other;
  if (info.imm == Imm::MemArg) {
    return info.sig.result_count != 0 ? FastShape::Load : FastShape::Store;
  }
  if (info.imm == Imm::V128) return FastShape::Const;
  if (info.imm == Imm::Shuffle) return FastShape::Shuffle;
  if (info.imm == Imm::Lane) return FastShape::Lane;
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
  return rows;
}();

/// Codes that are neighbours: one compare tells what is to be read, before the row is there.
struct CodeRange {
  uint8_t first;
  uint8_t last;
  constexpr bool has(uint8_t code) const {
    return static_cast<uint8_t>(code - first) <= last - first;
  }
};

consteval CodeRange codes_of(FastShape first, FastShape last) {
  CodeRange range{0xff, 0};
  uint32_t count = 0;
  for (uint32_t code = 0; code < kFastRows.size(); ++code) {
    if (kFastRows[code].shape < first || kFastRows[code].shape > last) continue;
    if (count++ == 0) range.first = static_cast<uint8_t>(code);
    range.last = static_cast<uint8_t>(code);
  }
  CHECK(count == range.last - range.first + 1u, "neighbours");  // else it does not compile
  return range;
}

inline constexpr CodeRange kNumericCodes = codes_of(FastShape::Unary, FastShape::Binary);
inline constexpr CodeRange kExtendCodes = codes_of(FastShape::Extend, FastShape::Extend);
inline constexpr CodeRange kAccessCodes = codes_of(FastShape::Load, FastShape::Store);
inline constexpr CodeRange kLoadCodes = codes_of(FastShape::Load, FastShape::Load);
inline constexpr CodeRange kIntegerCodes = {code_of(Op::I32Const), code_of(Op::I64Const)};
inline constexpr CodeRange kLocalSetCodes = {code_of(Op::LocalSet), code_of(Op::LocalTee)};
inline constexpr CodeRange kVariableCodes = {code_of(Op::LocalSet), code_of(Op::GlobalSet)};
static_assert(kIntegerCodes.last - kIntegerCodes.first == 1);
static_assert(kLocalSetCodes.last - kLocalSetCodes.first == 1);
static_assert(kVariableCodes.last - kVariableCodes.first == 3);

/// By the number behind the prefix.
inline constexpr auto kVectorRows = [] {
  std::array<FastRow, 256> rows{};
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = fast_row(kSimdOps[i], vector_shape(kSimdOps[i]));
    const uint32_t lanes = op_info(kSimdOps[i]).lanes;
    if (rows[i].shape == FastShape::Lane) {
      rows[i].align_log2 = static_cast<uint8_t>(std::countr_zero(16 / lanes));
    }
  }
  return rows;
}();

/// No row's alignment, and nothing below it, is the byte of `end`.
inline constexpr bool kAlignmentsAreNoEnd = [] {
  for (const FastRow& row : kFastRows) {
    if (row.align_log2 >= kEndByte) return false;
  }
  for (const FastRow& row : kVectorRows) {
    if (row.align_log2 >= kEndByte) return false;
  }
  return true;
}();

}  // namespace sluice

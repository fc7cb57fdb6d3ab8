// Floating-point arithmetic and comparisons.
//
// One helper per operand shape, one line or row per instruction. Constants are not folded: NaN
// payloads and signs are the machine's business; they are read from the pool where they can be the
// right operand. Comparisons leave flags latched; "less" is emitted with swapped operands as
// "above", which is false for unordered ones.
#include <array>

#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

constexpr FWidth F32 = FWidth::F32;
constexpr FWidth F64 = FWidth::F64;

/// What becomes of an instruction with two operands: one of the machine's, or a helper of Masm.
enum class Shape : uint8_t { Helper, Arithmetic, Compare };
struct FloatRow {
  Shape shape{};
  FWidth width{};
  FArith arith{};  // Arithmetic
  Cond cond{};     // Compare, and whether of the second operand with the first
  bool is_swapped = false;
};

constexpr FloatRow compare_row(FWidth w, Cond cond, bool is_swapped) {
  return {.shape = Shape::Compare, .width = w, .cond = cond, .is_swapped = is_swapped};
}

// From the first comparison on, in the order of the opcodes.
constexpr size_t ordinal(Op op) { return static_cast<size_t>(op) - static_cast<size_t>(Op::F32Eq); }
constexpr auto kRows = [] {
  std::array<FloatRow, ordinal(Op::F64Copysign) + 1> rows{};
  const auto lay = [&](FWidth w, Op first_compare, Op first_arithmetic) {
    FloatRow* compare = &rows[ordinal(first_compare)];
    compare[0] = compare_row(w, Cond::FloatEqual, false);
    compare[1] = compare_row(w, Cond::FloatNotEqual, false);
    compare[2] = compare_row(w, Cond::Above, true);  // lt
    compare[3] = compare_row(w, Cond::Above, false);
    compare[4] = compare_row(w, Cond::AboveEqual, true);  // le
    compare[5] = compare_row(w, Cond::AboveEqual, false);
    FloatRow* arithmetic = &rows[ordinal(first_arithmetic)];
    for (FArith op : {FArith::Add, FArith::Sub, FArith::Mul, FArith::Div}) {
      *arithmetic++ = {.shape = Shape::Arithmetic, .width = w, .arith = op};
    }
  };
  lay(F32, Op::F32Eq, Op::F32Add);
  lay(F64, Op::F64Eq, Op::F64Add);
  return rows;
}();
static_assert(ordinal(Op::F64Eq) == 6 && ordinal(Op::F32Ge) == 5);
static_assert(ordinal(Op::F32Div) - ordinal(Op::F32Add) == 3);
static_assert(ordinal(Op::F64Div) - ordinal(Op::F64Add) == 3);

/// Is it the first operand that had better be read where it is? Sums and products do not mind.
bool is_better_swapped(FuncCompiler& c, FArith op, const Slot* args) {
  if (op != FArith::Add && op != FArith::Mul) return false;
  return args[0].word.is_const() ||
         (args[1].word.kind == WordKind::Reg && c.is_float_in_memory(args[0]));
}

void arithmetic(FuncCompiler& c, const FloatRow& row, Slot* args) {
  const FArith op = row.arith;
  const bool is_swapped = is_better_swapped(c, op, args);
  Slot& first = args[is_swapped];
  Slot& second = args[!is_swapped];
  if (second.word.is_const()) {
    const uint64_t bits = c.pop_const(second);
    const Reg a = c.take_reg(first);
    const Reg dst = c.take_result_reg(RegClass::Xmm, a);
    c.masm.farith_const(op, row.width, dst, a, bits);
    return c.push_taken(args[0], dst);
  }
  if (c.is_float_in_memory(second)) {
    const Mem mem = c.pop_to_memory(second);
    const Reg a = c.take_reg(first);
    const Reg dst = c.take_result_reg(RegClass::Xmm, a);
    c.masm.farith_load(op, row.width, dst, a, mem);
    return c.push_taken(args[0], dst);
  }
  const auto [a, b] = take_regs(c, first, second);
  const Reg dst = c.take_result_reg(RegClass::Xmm, a);
  c.masm.farith(op, row.width, dst, a, b);
  c.push_taken(args[0], dst);
}

/// The operands are compared in the order that makes the condition right for unordered ones.
void compare(FuncCompiler& c, const FloatRow& row, Slot* args) {
  Slot& first = args[row.is_swapped];
  Slot& second = args[!row.is_swapped];
  if (second.word.is_const()) {
    const uint64_t bits = c.pop_const(second);
    c.masm.fcompare_const(row.width, c.take_reg(first), bits);
  } else if (c.is_float_in_memory(second)) {
    const Mem mem = c.pop_to_memory(second);
    c.masm.fcompare_load(row.width, c.take_reg(first), mem);
  } else {
    const auto [a, b] = take_regs(c, first, second);
    c.masm.fcompare(row.width, a, b);
  }
  c.push_flags(args[0], row.cond);
}

using BinaryEmit = void (Masm::*)(FWidth, Reg, Reg, Reg);

void binary(FuncCompiler& c, BinaryEmit emit, FWidth w, Slot* args) {
  const auto [a, b] = take_regs(c, args[0], args[1]);
  const Reg dst = c.take_result_reg(RegClass::Xmm, a);
  (c.masm.*emit)(w, dst, a, b);
  c.push_taken(args[0], dst);
}

using UnaryEmit = void (Masm::*)(FWidth, Reg, Reg);

void unary(FuncCompiler& c, UnaryEmit emit, FWidth w, Slot* args) {
  const auto [source, dst] = c.replace_reg(args[0]);
  (c.masm.*emit)(w, dst, source);
}

void round(FuncCompiler& c, Masm::Round mode, FWidth w, Slot* args) {
  const auto [source, dst] = c.replace_reg(args[0]);
  c.masm.fround(mode, w, dst, source);
}

void square_root(FuncCompiler& c, FWidth w, Slot* args) {
  const auto [source, dst] = c.replace_reg(args[0]);
  c.masm.farith(FArith::Sqrt, w, dst, source, source);
}

}  // namespace

void emit_float_unary(FuncCompiler& c, Op op, Slot* args) {
  using Round = Masm::Round;
  switch (op) {
  case Op::F32Abs: return unary(c, &Masm::fabs, F32, args);
  case Op::F32Neg: return unary(c, &Masm::fneg, F32, args);
  case Op::F32Ceil: return round(c, Round::Ceil, F32, args);
  case Op::F32Floor: return round(c, Round::Floor, F32, args);
  case Op::F32Trunc: return round(c, Round::Trunc, F32, args);
  case Op::F32Nearest: return round(c, Round::Nearest, F32, args);
  case Op::F32Sqrt: return square_root(c, F32, args);
  case Op::F64Abs: return unary(c, &Masm::fabs, F64, args);
  case Op::F64Neg: return unary(c, &Masm::fneg, F64, args);
  case Op::F64Ceil: return round(c, Round::Ceil, F64, args);
  case Op::F64Floor: return round(c, Round::Floor, F64, args);
  case Op::F64Trunc: return round(c, Round::Trunc, F64, args);
  case Op::F64Nearest: return round(c, Round::Nearest, F64, args);
  case Op::F64Sqrt: return square_root(c, F64, args);
  default: UNREACHABLE("not a FloatUnary row");
  }
}

void emit_float_binary(FuncCompiler& c, Op op, Slot* args) {
  const FloatRow& row = kRows[ordinal(op)];
  if (row.shape == Shape::Arithmetic) return arithmetic(c, row, args);
  if (row.shape == Shape::Compare) return compare(c, row, args);
  switch (op) {
  case Op::F32Min: return binary(c, &Masm::fmin, F32, args);
  case Op::F32Max: return binary(c, &Masm::fmax, F32, args);
  case Op::F32Copysign: return binary(c, &Masm::fcopysign, F32, args);
  case Op::F64Min: return binary(c, &Masm::fmin, F64, args);
  case Op::F64Max: return binary(c, &Masm::fmax, F64, args);
  case Op::F64Copysign: return binary(c, &Masm::fcopysign, F64, args);
  default: UNREACHABLE("not a FloatBinary or FloatCompare row");
  }
}

}  // namespace sluice

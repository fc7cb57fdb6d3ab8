// Floating-point arithmetic and comparisons.
//
// One helper per operand shape, one line per instruction. Constants are not folded: NaN payloads
// and signs are the machine's business. Comparisons leave flags latched; "less" is emitted with
// swapped operands as "above", which is false for unordered ones.
#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

constexpr FWidth F32 = FWidth::F32;
constexpr FWidth F64 = FWidth::F64;

void arithmetic(FuncCompiler& c, FArith op, FWidth w, Slot* args) {
  if (c.is_in_memory(args[1])) {
    const Mem mem = c.pop_to_memory(args[1]);
    const Reg a = c.take_reg(args[0]);
    const Reg dst = c.take_result_reg(RegClass::Xmm, a);
    c.masm.farith_load(op, w, dst, a, mem);
    return c.push_taken(args[0], dst);
  }
  const auto [a, b] = take_regs(c, args[0], args[1]);
  const Reg dst = c.take_result_reg(RegClass::Xmm, a);
  c.masm.farith(op, w, dst, a, b);
  c.push_taken(args[0], dst);
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

/// `first` and `second` are the operands in the order that makes `cond` right for unordered ones.
void compare_in_order(FuncCompiler& c, Cond cond, FWidth w, Slot& first, Slot& second, Slot* args) {
  if (c.is_in_memory(second)) {
    const Mem mem = c.pop_to_memory(second);
    c.masm.fcompare_load(w, c.take_reg(first), mem);
  } else {
    const auto [a, b] = take_regs(c, first, second);
    c.masm.fcompare(w, a, b);
  }
  c.push_flags(args[0], cond);
}

void compare(FuncCompiler& c, Cond cond, FWidth w, Slot* args) {
  compare_in_order(c, cond, w, args[0], args[1], args);
}

void compare_swapped(FuncCompiler& c, Cond cond, FWidth w, Slot* args) {
  compare_in_order(c, cond, w, args[1], args[0], args);
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
  switch (op) {
  case Op::F32Add: return arithmetic(c, FArith::Add, F32, args);
  case Op::F32Sub: return arithmetic(c, FArith::Sub, F32, args);
  case Op::F32Mul: return arithmetic(c, FArith::Mul, F32, args);
  case Op::F32Div: return arithmetic(c, FArith::Div, F32, args);
  case Op::F32Min: return binary(c, &Masm::fmin, F32, args);
  case Op::F32Max: return binary(c, &Masm::fmax, F32, args);
  case Op::F32Copysign: return binary(c, &Masm::fcopysign, F32, args);
  case Op::F64Add: return arithmetic(c, FArith::Add, F64, args);
  case Op::F64Sub: return arithmetic(c, FArith::Sub, F64, args);
  case Op::F64Mul: return arithmetic(c, FArith::Mul, F64, args);
  case Op::F64Div: return arithmetic(c, FArith::Div, F64, args);
  case Op::F64Min: return binary(c, &Masm::fmin, F64, args);
  case Op::F64Max: return binary(c, &Masm::fmax, F64, args);
  case Op::F64Copysign: return binary(c, &Masm::fcopysign, F64, args);
  case Op::F32Eq: return compare(c, Cond::FloatEqual, F32, args);
  case Op::F32Ne: return compare(c, Cond::FloatNotEqual, F32, args);
  case Op::F32Lt: return compare_swapped(c, Cond::Above, F32, args);
  case Op::F32Gt: return compare(c, Cond::Above, F32, args);
  case Op::F32Le: return compare_swapped(c, Cond::AboveEqual, F32, args);
  case Op::F32Ge: return compare(c, Cond::AboveEqual, F32, args);
  case Op::F64Eq: return compare(c, Cond::FloatEqual, F64, args);
  case Op::F64Ne: return compare(c, Cond::FloatNotEqual, F64, args);
  case Op::F64Lt: return compare_swapped(c, Cond::Above, F64, args);
  case Op::F64Gt: return compare(c, Cond::Above, F64, args);
  case Op::F64Le: return compare_swapped(c, Cond::AboveEqual, F64, args);
  case Op::F64Ge: return compare(c, Cond::AboveEqual, F64, args);
  default: UNREACHABLE("not a FloatBinary or FloatCompare row");
  }
}

}  // namespace sluice

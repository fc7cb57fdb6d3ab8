// 128-bit sums, differences and products in halves of 64 bits (the wide-arithmetic proposal).
//
// Each takes its operands' low halves before the high ones and leaves two results, low first. The
// carry lives in the flags between two instructions: whatever needs a register comes before them.
#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

/// (low, high) of args[0], args[1] with those of args[2], args[3].
void add_or_subtract(FuncCompiler& c, Alu low_op, Alu high_op, Slot* args) {
  const Operand high2 = c.pop_to_operand(args[3]);
  const Operand low2 = c.pop_to_operand(args[2]);
  PinnedReg high = c.pop_to_writable_reg(args[1]);
  PinnedReg low = c.pop_to_writable_reg(args[0]);
  auto emit = [&c](Alu op, Reg dst, const Operand& operand) {
    if (operand.in_reg()) return c.masm.alu(op, W64, dst, operand.reg);
    c.masm.alu_load(op, W64, dst, operand.mem);
  };
  emit(low_op, low, low2);
  emit(high_op, high, high2);
  c.push_reg(args[0], std::move(low));
  c.push_reg(args[1], std::move(high));
}

void multiply(FuncCompiler& c, bool is_signed, Slot* args) {
  const PinnedReg factor = c.pop_to_reg(args[1], RegSet::of(Reg::Rax, Reg::Rdx));
  PinnedReg rax = c.pop_to_specific(args[0], Reg::Rax);
  PinnedReg rdx = c.scratch_specific(Reg::Rdx);
  c.masm.multiply_wide(is_signed, factor);
  c.push_reg(args[0], std::move(rax));
  c.push_reg(args[1], std::move(rdx));
}

}  // namespace

void emit_wide(FuncCompiler& c, Op op, Slot* args) {
  switch (op) {
  case Op::I64Add128: return add_or_subtract(c, Alu::Add, Alu::Adc, args);
  case Op::I64Sub128: return add_or_subtract(c, Alu::Sub, Alu::Sbb, args);
  case Op::I64MulWideS: return multiply(c, true, args);
  case Op::I64MulWideU: return multiply(c, false, args);
  default: UNREACHABLE("not a WideArithmetic row");
  }
}

}  // namespace sluice

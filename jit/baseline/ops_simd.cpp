// Vector instructions that do not touch memory: taking the operands, choosing the result's
// register. What becomes of them is in jit/asm/simd.h.
//
// The second operand may stay where it is, in the frame or as a constant, if the instruction can
// read it there. The temporary that some sequences need is taken while all operands are held, so it
// is none of theirs; the result may share a register with any operand that nobody needs any more.
#include "jit/asm/simd.h"
#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

using Kind = SimdSource::Kind;

bool is_test(Op op) {
  switch (op) {
  case Op::V128AnyTrue:
  case Op::I8x16AllTrue:
  case Op::I16x8AllTrue:
  case Op::I32x4AllTrue:
  case Op::I64x2AllTrue: return true;
  default: return false;
  }
}

/// Tells where the instruction finds the operand. Returns the register that is held for it, if any.
/// The place is written where it is read: copied whole, it would wait for its bytes to be stored.
PinnedReg pop_source(FuncCompiler& c, Op op, Slot& slot, SimdSource& place) {
  if (slot.word.is_const() && SimdMasm::takes(op, Kind::Constant, c.masm.cpu())) {
    place.kind = Kind::Constant;
    place.bytes = v128_bytes(c.pop_const(slot));
    return {};
  }
  if (c.is_in_memory(slot) && SimdMasm::takes(op, Kind::Memory, c.masm.cpu())) {
    place.kind = Kind::Memory;
    place.mem = c.pop_to_memory(slot);
    return {};
  }
  PinnedReg held = c.pop_to_reg(slot);
  place.reg = held;
  return held;
}

RegClass result_class(const Signature& sig) {
  return reg_class_of(move_type_of(ValType(sig.results[0])));
}

void shift_by_constant(FuncCompiler& c, Op op, Slot* args) {
  auto count = static_cast<uint32_t>(c.pop_const(args[1]));
  const Reg a = c.take_reg(args[0]);
  const Reg dst = c.take_result_reg(reg_class(a), a);
  SimdMasm(c.masm).shift_imm(op, dst, a, count);
  c.push_taken(args[0], dst);
}

}  // namespace

// Here only what is an instruction of the machine, with two operands in registers: most are.
void FuncCompiler::simd(Op op, Slot* args) {
  prepare();
  const SimdRow& row = SimdMasm::row_of(op);
  if (!row.is_pair() || args[0].word.kind != WordKind::Reg || args[1].word.kind != WordKind::Reg ||
      !masm.cpu().avx) [[unlikely]]
    return emit_simd(*this, op, args);
  const auto [a, b] = take_regs(*this, args[0], args[1]);
  const Reg dst = take_result_reg(RegClass::Xmm, a);
  const bool is_swapped = row.form == SimdForm::Swapped;
  masm.vector(row.vex, dst, is_swapped ? b : a, is_swapped ? a : b);
  push_taken(args[0], dst);
}

void emit_simd(FuncCompiler& c, Op op, Slot* args) {
  if (is_test(op)) {
    const Cond cond = SimdMasm(c.masm).test(op, c.pop_to_reg(args[0]));
    return c.push_flags(args[0], cond);
  }
  const Signature& sig = op_info(op).sig;
  const bool is_shift = sig.param_count == 2 && sig.params[1] == ValKind::I32;
  if (is_shift && args[1].word.is_const()) return shift_by_constant(c, op, args);

  SimdArgs simd;
  PinnedReg second, third;
  if (sig.param_count == 3) third = c.pop_to_reg(args[2]);
  if (sig.param_count >= 2) second = pop_source(c, op, args[1], simd.b);
  PinnedReg first = c.pop_to_reg(args[0]);
  PinnedReg temp;
  if (SimdMasm::needs_temp(op, c.masm.cpu())) temp = c.scratch_reg(RegClass::Xmm);
  if (third.valid()) simd.c = third;
  if (temp.valid()) simd.temp = temp;
  simd.a = first;
  third.release();
  second.release();
  first.release();
  const RegClass cls = result_class(sig);
  PinnedReg dst = c.result_reg(cls, RegSet(), reg_class(simd.a) == cls ? simd.a : Reg::None);
  simd.dst = dst;
  SimdMasm(c.masm).emit(op, simd);
  temp.release();
  c.push_reg(args[0], std::move(dst));
}

void emit_simd_lane(FuncCompiler& c, Op op, uint8_t lane, Slot* args) {
  const Signature& sig = op_info(op).sig;
  RegPair operands{Reg::None, Reg::None};
  if (sig.param_count == 2) {
    operands = take_regs(c, args[0], args[1]);
  } else {
    operands.first = c.take_reg(args[0]);
  }
  const auto [a, b] = operands;
  const RegClass cls = result_class(sig);
  const Reg dst = c.take_result_reg(cls, cls == RegClass::Xmm ? a : Reg::None);
  SimdMasm(c.masm).lane(op, lane, dst, a, b);
  c.push_taken(args[0], dst);
}

void emit_simd_shuffle(FuncCompiler& c, const uint8_t* lanes, Slot* args) {
  const auto [a, b] = take_regs(c, args[0], args[1]);
  const Reg dst = c.take_result_reg(RegClass::Xmm, a);
  SimdMasm(c.masm).shuffle(lanes, dst, a, b);
  c.push_taken(args[0], dst);
}

}  // namespace sluice

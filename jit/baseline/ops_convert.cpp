// Conversions between value types (spec 4.3.4), reinterpretations included.
#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

constexpr FWidth F32 = FWidth::F32;
constexpr FWidth F64 = FWidth::F64;

void wrap(FuncCompiler& c, Slot* args) {
  if (args[0].word.is_const()) {
    return c.push_const(args[0], static_cast<uint32_t>(c.pop_const(args[0])));
  }
  if (c.is_in_memory(args[0])) {
    const Mem mem = c.pop_to_memory(args[0]);
    const Reg dst = c.take_result_reg(RegClass::Gpr);
    c.masm.load_slot(W32, dst, mem.disp);
    return c.push_taken(args[0], dst);
  }
  const auto [source, dst] = c.replace_reg(args[0]);
  c.masm.wrap(dst, source);
}

/// Of what is in a register or a home, where no register keeps a local.
void low_half(FuncCompiler& c, Slot& slot, RegSet free) {
  Reg reg = slot.word.reg;
  if (slot.word.kind == WordKind::Reg) {
    c.masm.wrap(reg, reg);
  } else {
    reg = free.first();
    c.regs.give_only_word(reg);
    c.masm.load_slot(W32, reg, slot.word.disp());
  }
  slot.word = Word::in_reg(reg);
}

void extend_signed(FuncCompiler& c, Slot* args) {
  if (args[0].word.is_const()) {
    const auto value = static_cast<int32_t>(static_cast<uint32_t>(c.pop_const(args[0])));
    return c.push_const(args[0], static_cast<uint64_t>(int64_t{value}));
  }
  extend(c, LoadKind::S32To64, args);
}

/// The register's upper half is zero already: the same register becomes an i64.
void extend_unsigned(FuncCompiler& c, Slot* args) {
  if (args[0].word.is_const()) return;
  PinnedReg reg = c.pop_to_reg(args[0]);
  c.push_reg(args[0], std::move(reg));
}

using TruncEmit = void (Masm::*)(FWidth, Width, bool, Reg, Reg);

void truncate(FuncCompiler& c, TruncEmit emit, FWidth from, Width to, bool is_signed, Slot* args) {
  PinnedReg src = c.pop_to_reg(args[0]);
  PinnedReg dst = c.result_reg(RegClass::Gpr);
  (c.masm.*emit)(from, to, is_signed, dst, src);
  src.release();
  c.push_reg(args[0], std::move(dst));
}

void trap(FuncCompiler& c, FWidth from, Width to, bool is_signed, Slot* args) {
  truncate(c, &Masm::float_to_int, from, to, is_signed, args);
}

void saturate(FuncCompiler& c, FWidth from, Width to, bool is_signed, Slot* args) {
  truncate(c, &Masm::float_to_int_sat, from, to, is_signed, args);
}

void to_float(FuncCompiler& c, Width from, FWidth to, bool is_signed, Slot* args) {
  PinnedReg src = c.pop_to_reg(args[0]);
  PinnedReg dst = c.result_reg(RegClass::Xmm);
  if (is_signed) {
    c.masm.int_to_float(from, to, dst, src);
  } else {
    c.masm.uint_to_float(from, to, dst, src);
  }
  src.release();
  c.push_reg(args[0], std::move(dst));
}

void change_float(FuncCompiler& c, bool widen, Slot* args) {
  const auto [source, dst] = c.replace_reg(args[0]);
  if (widen) {
    c.masm.f32_to_f64(dst, source);
  } else {
    c.masm.f64_to_f32(dst, source);
  }
}

/// The same bits in the other register class; a constant's bits stay as they are.
void reinterpret(FuncCompiler& c, Width w, RegClass to, Slot* args) {
  if (args[0].word.is_const()) return;
  PinnedReg src = c.pop_to_reg(args[0]);
  PinnedReg dst = c.result_reg(to);
  if (to == RegClass::Gpr) {
    c.masm.mov_to_gpr(w, dst, src);
  } else {
    c.masm.mov_to_xmm(w, dst, src);
  }
  src.release();
  c.push_reg(args[0], std::move(dst));
}

}  // namespace

// Where pointers have 64 bits, what converts them is a tenth of all instructions.
void FuncCompiler::unary(Op op, Slot* args) {
  const WordKind kind = args->word.kind;
  if (op == Op::I64ExtendI32U && kind == WordKind::Reg && !needs_attention_) {
    args->word = Word::in_reg(args->word.reg);
    return;
  }
  if (op == Op::I32Eqz && kind == WordKind::Flags) {
    prepare_keeping_flags();
    args->word.cond = negate(args->word.cond);
    return;
  }
  const RegSet free = straight_free();
  if (!must_detour(free) && args->word.is(kReadyKinds)) {
    if (op == Op::I32Eqz) return emit_ready_eqz(*this, W32, *args);
    if (op == Op::I64Eqz) return emit_ready_eqz(*this, W64, *args);
    if (op == Op::I32WrapI64 || op == Op::I64ExtendI32U) return low_half(*this, *args, free);
  }
  prepare();
  if (op == Op::I32WrapI64) return wrap(*this, args);
  emit_unary(*this, op, args);
}

void emit_convert(FuncCompiler& c, Op op, Slot* args) {
  switch (op) {
  case Op::I64ExtendI32S: return extend_signed(c, args);
  case Op::I64ExtendI32U: return extend_unsigned(c, args);
  case Op::I32TruncF32S: return trap(c, F32, W32, true, args);
  case Op::I32TruncF32U: return trap(c, F32, W32, false, args);
  case Op::I32TruncF64S: return trap(c, F64, W32, true, args);
  case Op::I32TruncF64U: return trap(c, F64, W32, false, args);
  case Op::I64TruncF32S: return trap(c, F32, W64, true, args);
  case Op::I64TruncF32U: return trap(c, F32, W64, false, args);
  case Op::I64TruncF64S: return trap(c, F64, W64, true, args);
  case Op::I64TruncF64U: return trap(c, F64, W64, false, args);
  case Op::I32TruncSatF32S: return saturate(c, F32, W32, true, args);
  case Op::I32TruncSatF32U: return saturate(c, F32, W32, false, args);
  case Op::I32TruncSatF64S: return saturate(c, F64, W32, true, args);
  case Op::I32TruncSatF64U: return saturate(c, F64, W32, false, args);
  case Op::I64TruncSatF32S: return saturate(c, F32, W64, true, args);
  case Op::I64TruncSatF32U: return saturate(c, F32, W64, false, args);
  case Op::I64TruncSatF64S: return saturate(c, F64, W64, true, args);
  case Op::I64TruncSatF64U: return saturate(c, F64, W64, false, args);
  case Op::F32ConvertI32S: return to_float(c, W32, F32, true, args);
  case Op::F32ConvertI32U: return to_float(c, W32, F32, false, args);
  case Op::F32ConvertI64S: return to_float(c, W64, F32, true, args);
  case Op::F32ConvertI64U: return to_float(c, W64, F32, false, args);
  case Op::F64ConvertI32S: return to_float(c, W32, F64, true, args);
  case Op::F64ConvertI32U: return to_float(c, W32, F64, false, args);
  case Op::F64ConvertI64S: return to_float(c, W64, F64, true, args);
  case Op::F64ConvertI64U: return to_float(c, W64, F64, false, args);
  case Op::F32DemoteF64: return change_float(c, false, args);
  case Op::F64PromoteF32: return change_float(c, true, args);
  case Op::I32ReinterpretF32: return reinterpret(c, W32, RegClass::Gpr, args);
  case Op::I64ReinterpretF64: return reinterpret(c, W64, RegClass::Gpr, args);
  case Op::F32ReinterpretI32: return reinterpret(c, W32, RegClass::Xmm, args);
  case Op::F64ReinterpretI64: return reinterpret(c, W64, RegClass::Xmm, args);
  default: UNREACHABLE("not a Convert row");
  }
}

}  // namespace sluice

// Integer division and remainder.
//
// By a constant there is no division: powers of two are shifts and masks, other divisors become a
// multiplication by their reciprocal, of which the upper half is the quotient. Everything else
// checks for zero, and for -1 where the hardware would fault on the smallest dividend.
#include <bit>

#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

__extension__ typedef unsigned __int128 Uint128;

struct DivOp {
  bool is_signed;
  bool wants_remainder;
  Width width;
  uint32_t bits() const { return width == W64 ? 64 : 32; }
};

/// floor(x / d) is x · (2^bits · carry + multiplier) / 2^(bits + shift), rounded down; for signed
/// x, plus one if x is negative.
struct Reciprocal {
  uint64_t multiplier;
  uint32_t shift;
  bool carry;
};

/// Of a divisor in 3 … 2^63 - 1 that is no power of two. With 2^(log - 1) < d < 2^log the
/// reciprocal is 2^(bits + s) / d, rounded up: it is too large by e / d with e <= d. A product with
/// |x| < 2^bits then has the right whole part if e <= 2^s, which holds for s = log at the latest;
/// |x| of a signed x is half of that, so s = log - 1 always does, and leaves no carry.
Reciprocal reciprocal_of(uint64_t divisor, const DivOp& op) {
  auto log = static_cast<uint32_t>(std::bit_width(divisor));
  Uint128 power = Uint128{1} << (op.bits() + log - 1);
  Uint128 multiplier = power / divisor + 1;
  Uint128 excess = multiplier * divisor - power;
  if (op.is_signed || excess <= (Uint128{1} << (log - 1))) {
    return {static_cast<uint64_t>(multiplier), log - 1, false};
  }
  auto low = static_cast<uint64_t>(2 * power / divisor + 1);
  return {op.width == W64 ? low : static_cast<uint32_t>(low), log, true};
}

/// x / d or x % d from the absolute quotient in `quotient`, for d of the constant's sign. `x` may
/// be changed if nobody else needs it; `quotient` is the caller's.
void push_from_quotient(FuncCompiler& c, const DivOp& op, PinnedReg quotient, PinnedReg x,
                        int64_t divisor, Slot* args) {
  Masm& m = c.masm;
  Width w = op.width;
  if (!op.wants_remainder) {
    if (op.is_signed && divisor < 0) m.neg(w, quotient);
    return c.push_reg(args[0], std::move(quotient));
  }
  uint64_t size = op.is_signed && divisor < 0 ? 0 - static_cast<uint64_t>(divisor)
                                              : static_cast<uint64_t>(divisor);
  if (w == W32) size = static_cast<uint32_t>(size);
  if (w == W32 || size <= INT32_MAX) {
    m.imul_imm(w, quotient, quotient, static_cast<int32_t>(static_cast<uint32_t>(size)));
  } else {
    m.mov_imm(W64, kScratchGpr, size);
    m.imul(W64, quotient, kScratchGpr);
  }
  m.neg(w, quotient);
  m.alu(Alu::Add, w, quotient, x);
  c.push_reg(args[0], std::move(quotient));
}

/// 64-bit arithmetic holds the whole product.
void divide_by_const_32(FuncCompiler& c, const DivOp& op, uint64_t size, int64_t divisor,
                        Slot* args) {
  Masm& m = c.masm;
  Reciprocal r = reciprocal_of(size, op);
  PinnedReg x = c.pop_to_reg(args[0]);
  PinnedReg q = c.scratch_reg(RegClass::Gpr);
  Reg factor = x;
  if (op.is_signed) {
    m.extend(LoadKind::S32To64, q, x);
    factor = q;
  }
  if (r.multiplier <= INT32_MAX) {
    m.imul_imm(W64, q, factor, static_cast<int32_t>(r.multiplier));
  } else {
    m.mov_imm(W32, kScratchGpr, r.multiplier);
    if (!op.is_signed) m.mov(W64, q, x);
    m.imul(W64, q, kScratchGpr);
  }
  if (op.is_signed) {
    m.shift_imm(Shift::Sar, W64, q, 32 + r.shift);
    m.mov(W32, kScratchGpr, x);
    m.shift_imm(Shift::Shr, W32, kScratchGpr, 31);
    m.alu(Alu::Add, W32, q, kScratchGpr);
  } else if (r.carry) {
    m.shift_imm(Shift::Shr, W64, q, 32);
    m.alu(Alu::Add, W64, q, x);
    m.shift_imm(Shift::Shr, W64, q, r.shift);
  } else {
    m.shift_imm(Shift::Shr, W64, q, 32 + r.shift);
  }
  push_from_quotient(c, op, std::move(q), std::move(x), divisor, args);
}

void divide_by_const_64(FuncCompiler& c, const DivOp& op, uint64_t size, int64_t divisor,
                        Slot* args) {
  Masm& m = c.masm;
  Reciprocal r = reciprocal_of(size, op);
  PinnedReg x = c.pop_to_reg(args[0], RegSet::of(Reg::Rax, Reg::Rdx));
  PinnedReg rax = c.scratch_specific(Reg::Rax);
  PinnedReg q = c.scratch_specific(Reg::Rdx);
  m.mov_imm(W64, rax, r.multiplier);
  m.multiply_wide(op.is_signed, x);
  if (op.is_signed) {
    // The multiplication took a multiplier of 2^63 or more for one that is 2^64 less.
    if (static_cast<int64_t>(r.multiplier) < 0) m.alu(Alu::Add, W64, q, x);
    if (r.shift != 0) m.shift_imm(Shift::Sar, W64, q, r.shift);
    m.mov(W64, rax, x);
    m.shift_imm(Shift::Shr, W64, rax, 63);
    m.alu(Alu::Add, W64, q, rax);
  } else if (r.carry) {
    // (q + x) / 2^shift, where the sum may need 65 bits.
    m.mov(W64, rax, x);
    m.alu(Alu::Sub, W64, rax, q);
    m.shift_imm(Shift::Shr, W64, rax, 1);
    m.alu(Alu::Add, W64, q, rax);
    m.shift_imm(Shift::Shr, W64, q, r.shift - 1);
  } else if (r.shift != 0) {
    m.shift_imm(Shift::Shr, W64, q, r.shift);
  }
  rax.release();
  push_from_quotient(c, op, std::move(q), std::move(x), divisor, args);
}

/// Unsigned, by 2^power: a shift or a mask.
void divide_by_power(FuncCompiler& c, const DivOp& op, uint32_t power, Slot* args) {
  Masm& m = c.masm;
  Width w = op.width;
  if (power == 0 && op.wants_remainder) {
    c.pop_dead(args[0]);
    return c.push_const(args[0], 0);
  }
  if (power == 0) return;
  const auto [source, dst] = c.replace_reg(args[0]);
  if (op.wants_remainder && power > 31) {
    // No immediate has so many ones.
    if (dst != source) m.mov(w, dst, source);
    m.shift_imm(Shift::Shl, w, dst, 64 - power);
    m.shift_imm(Shift::Shr, w, dst, 64 - power);
  } else {
    if (dst != source) m.mov(power < 32 && op.wants_remainder ? W32 : w, dst, source);
    if (op.wants_remainder) {
      m.alu_imm(Alu::And, W32, dst, static_cast<int32_t>((uint32_t{1} << power) - 1));
    } else {
      m.shift_imm(Shift::Shr, w, dst, power);
    }
  }
}

/// Signed, by 2^power, rounding to zero: negative dividends get 2^power - 1 added first.
void divide_by_signed_power(FuncCompiler& c, const DivOp& op, uint32_t power, Slot* args) {
  Masm& m = c.masm;
  Width w = op.width;
  PinnedReg a = c.pop_to_reg(args[0]);
  PinnedReg t = c.scratch_reg(RegClass::Gpr);
  // t = a + (a < 0 ? 2^power - 1 : 0)
  m.mov(w, t, a);
  if (power > 1) m.shift_imm(Shift::Sar, w, t, power - 1);
  m.shift_imm(Shift::Shr, w, t, op.bits() - power);
  m.alu(Alu::Add, w, t, a);
  m.shift_imm(Shift::Sar, w, t, power);
  if (op.wants_remainder) {
    // a - (t with its low bits cleared)
    m.shift_imm(Shift::Shl, w, t, power);
    m.neg(w, t);
    m.alu(Alu::Add, w, t, a);
  }
  a.release();
  c.push_reg(args[0], std::move(t));
}

/// Divides by a constant that needs no division; false for 0, ±1, and what is not worth it.
bool divide_by_const(FuncCompiler& c, const DivOp& op, Slot* args) {
  uint64_t bits = args[1].word.bits();
  int64_t divisor = static_cast<int64_t>(bits);
  if (op.is_signed && op.width == W32) divisor = static_cast<int32_t>(static_cast<uint32_t>(bits));
  bool negative = op.is_signed && divisor < 0;
  uint64_t size = negative ? 0 - static_cast<uint64_t>(divisor) : bits;
  if (size == 0 || (op.is_signed && size == 1)) return false;
  if (std::has_single_bit(size)) {
    if (negative) return false;
    c.pop_dead(args[1]);
    auto power = static_cast<uint32_t>(std::countr_zero(size));
    op.is_signed ? divide_by_signed_power(c, op, power, args) : divide_by_power(c, op, power, args);
    return true;
  }
  if (op.width == W64 && size >> 63 != 0) return false;
  c.pop_dead(args[1]);
  op.width == W64 ? divide_by_const_64(c, op, size, divisor, args)
                  : divide_by_const_32(c, op, size, divisor, args);
  return true;
}

/// What x / -1 and x % -1 are, which the hardware faults on for the smallest x.
void emit_minus_one(Masm& m, const DivOp& op) {
  if (op.wants_remainder) return m.zero(Reg::Rdx);
  m.neg(op.width, Reg::Rax);
  m.trap_if(Cond::Overflow, TrapCode::IntegerOverflow);
}

void divide(FuncCompiler& c, const DivOp& op, Slot* args) {
  bool known = args[1].word.is_const();
  if (known && divide_by_const(c, op, args)) return;
  uint64_t bits = known ? args[1].word.bits() : 0;
  bool is_minus_one = bits == (op.width == W64 ? ~uint64_t{0} : uint64_t{0xffff'ffff});
  PinnedReg b = c.pop_to_reg(args[1], RegSet::of(Reg::Rax, Reg::Rdx));
  PinnedReg rax = c.pop_to_specific(args[0], Reg::Rax);
  PinnedReg rdx = c.scratch_specific(Reg::Rdx);
  Masm& m = c.masm;
  Width w = op.width;
  if (bits == 0) {
    m.test(w, b, b);
    m.trap_if(Cond::Zero, TrapCode::IntegerDivideByZero);
  }
  if (!op.is_signed) {
    m.div(w, b);
  } else if (is_minus_one) {
    emit_minus_one(m, op);
  } else if (bits != 0) {
    m.idiv(w, b);
  } else {
    Label ordinary, done;
    m.alu_imm(Alu::Cmp, w, b, -1);
    m.jcc(Cond::NotEqual, ordinary);
    emit_minus_one(m, op);
    m.jmp(done);
    m.bind(ordinary);
    m.idiv(w, b);
    m.bind(done);
  }
  c.push_reg(args[0], op.wants_remainder ? std::move(rdx) : std::move(rax));
}

}  // namespace

void emit_division(FuncCompiler& c, Op op, Slot* args) {
  switch (op) {
  case Op::I32DivS: return divide(c, {true, false, W32}, args);
  case Op::I32DivU: return divide(c, {false, false, W32}, args);
  case Op::I32RemS: return divide(c, {true, true, W32}, args);
  case Op::I32RemU: return divide(c, {false, true, W32}, args);
  case Op::I64DivS: return divide(c, {true, false, W64}, args);
  case Op::I64DivU: return divide(c, {false, false, W64}, args);
  case Op::I64RemS: return divide(c, {true, true, W64}, args);
  case Op::I64RemU: return divide(c, {false, true, W64}, args);
  default: UNREACHABLE("not a division");
  }
}

}  // namespace sluice

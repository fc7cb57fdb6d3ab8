// Scalar floating point: VEX-coded where the CPU has AVX, else SSE with the moves its two-operand
// forms need. Conversions are in masm_convert.cpp.
//
// With AVX no legacy-coded vector instruction is emitted, so that upper halves of vector registers
// that the host left dirty cost nothing.
#include <algorithm>

#include "jit/asm/rare.h"

namespace sluice {

namespace {

uint8_t scalar_prefix(FWidth w) { return w == FWidth::F64 ? 0xf2 : 0xf3; }
/// Packed-style instructions (ucomis, and, xor) tell the widths by 66 or nothing.
uint8_t packed_prefix(FWidth w) { return w == FWidth::F64 ? 0x66 : 0; }

constexpr Opcode kMovaps{0, 1, 0x28};
constexpr Opcode kXorps{0, 1, 0x57};

}  // namespace

void Masm::sse(Opcode op, uint32_t w, Reg reg, Reg rm) {
  if (cpu_.avx) return e_.vex_reg_reg(op, w, num(reg), 0, num(rm));
  e_.reg_reg(op, w, num(reg), num(rm));
}

void Masm::sse_rvm(Opcode op, bool commutes, Reg dst, Reg a, Reg b) {
  if (cpu_.avx) return e_.vex_reg_reg(op, 0, num(dst), num(a), num(b));
  if (dst == b && dst != a) {
    if (commutes) return e_.reg_reg(op, 0, num(dst), num(a));
    DCHECK(b != kScratchXmm, "the scratch register is needed here");
    e_.reg_reg(kMovaps, 0, num(kScratchXmm), num(b));
    b = kScratchXmm;
  }
  if (dst != a) e_.reg_reg(kMovaps, 0, num(dst), num(a));
  e_.reg_reg(op, 0, num(dst), num(b));
}

// psll (slash 6) or psrl (slash 2) of each lane by a constant.
void Masm::sse_shift(FWidth w, uint32_t slash, Reg dst, Reg src, uint32_t count) {
  Opcode op{0x66, 1, static_cast<uint8_t>(w == FWidth::F64 ? 0x73 : 0x72)};
  if (cpu_.avx) {
    e_.vex_reg_reg(op, 0, slash, num(dst), num(src));
  } else {
    if (dst != src) e_.reg_reg(kMovaps, 0, num(dst), num(src));
    e_.reg_reg(op, 0, slash, num(dst));
  }
  e_.put(count, 1);
}

void Masm::fmov(FWidth, Reg dst, Reg src) { sse(kMovaps, 0, dst, src); }

void Masm::mov_to_gpr(Width w, Reg dst, Reg xmm_src) {
  sse({0x66, 1, 0x7e}, wbit(w), xmm_src, dst);
}

void Masm::mov_to_xmm(Width w, Reg xmm_dst, Reg src) {
  sse({0x66, 1, 0x6e}, wbit(w), xmm_dst, src);
}

void Masm::fconst(FWidth w, Reg dst, uint64_t bits) {
  if (bits == 0) return sse_rvm(kXorps, true, dst, dst, dst);
  Opcode op{scalar_prefix(w), 1, 0x10};
  if (cpu_.avx) {
    e_.vex_reg_rip(op, num(dst), 0);
  } else {
    e_.reg_rip(op, 0, num(dst));
  }
  wait_for(pooled(w, bits));
}

void Masm::vconst(Reg dst, const uint8_t* bytes) {
  auto all = [&](uint8_t value) {
    return std::all_of(bytes, bytes + 16, [&](uint8_t byte) { return byte == value; });
  };
  if (all(0)) return sse_rvm({0x66, 1, 0xef}, true, dst, dst, dst);     // pxor
  if (all(0xff)) return sse_rvm({0x66, 1, 0x76}, true, dst, dst, dst);  // pcmpeqd
  if (cpu_.avx) {
    e_.vex_reg_rip(kMovaps, num(dst), 0);
  } else {
    e_.reg_rip(kMovaps, 0, num(dst));
  }
  wait_for(pooled(bytes));
}

void Masm::farith(FArith op, FWidth w, Reg dst, Reg a, Reg b) {
  Opcode opcode{scalar_prefix(w), 1, static_cast<uint8_t>(op)};
  if (op == FArith::Sqrt && !cpu_.avx) return e_.reg_reg(opcode, 0, num(dst), num(b));
  sse_rvm(opcode, op == FArith::Add || op == FArith::Mul, dst, a, b);
}

void Masm::farith_load(FArith op, FWidth w, Reg dst, Reg a, const Mem& m) {
  Opcode opcode{scalar_prefix(w), 1, static_cast<uint8_t>(op)};
  if (cpu_.avx) return e_.vex_reg_mem(opcode, 0, num(dst), num(a), m);
  if (dst != a && op != FArith::Sqrt) e_.reg_reg(kMovaps, 0, num(dst), num(a));
  e_.reg_mem(opcode, 0, num(dst), m);
}

void Masm::farith_const(FArith op, FWidth w, Reg dst, Reg a, uint64_t bits) {
  Opcode opcode{scalar_prefix(w), 1, static_cast<uint8_t>(op)};
  if (cpu_.avx) {
    e_.vex_reg_rip(opcode, num(dst), num(a));
  } else {
    if (dst != a) e_.reg_reg(kMovaps, 0, num(dst), num(a));
    e_.reg_rip(opcode, 0, num(dst));
  }
  wait_for(pooled(w, bits));
}

void Masm::fcompare(FWidth w, Reg a, Reg b) { sse({packed_prefix(w), 1, 0x2e}, 0, a, b); }

void Masm::fcompare_load(FWidth w, Reg a, const Mem& m) {
  Opcode op{packed_prefix(w), 1, 0x2e};
  if (cpu_.avx) return e_.vex_reg_mem(op, 0, num(a), 0, m);
  e_.reg_mem(op, 0, num(a), m);
}

void Masm::fcompare_const(FWidth w, Reg a, uint64_t bits) {
  Opcode op{packed_prefix(w), 1, 0x2e};
  if (cpu_.avx) {
    e_.vex_reg_rip(op, num(a), 0);
  } else {
    e_.reg_rip(op, 0, num(a));
  }
  wait_for(pooled(w, bits));
}

void Masm::fabs(FWidth w, Reg dst, Reg src) {
  sse_shift(w, 6, dst, src, 1);
  sse_shift(w, 2, dst, dst, 1);
}

void Masm::fneg(FWidth w, Reg dst, Reg src) {
  sse_rvm({0x66, 1, 0x76}, true, kScratchXmm, kScratchXmm, kScratchXmm);  // all ones
  sse_shift(w, 6, kScratchXmm, kScratchXmm, w == FWidth::F64 ? 63 : 31);
  sse_rvm(kXorps, true, dst, src, kScratchXmm);
}

// The signs differ or not: a ^ ((a ^ b) & sign).
void Masm::fcopysign(FWidth w, Reg dst, Reg a, Reg b) {
  uint32_t low_bits = w == FWidth::F64 ? 63 : 31;
  sse_rvm(kXorps, true, kScratchXmm, a, b);
  sse_shift(w, 2, kScratchXmm, kScratchXmm, low_bits);
  sse_shift(w, 6, kScratchXmm, kScratchXmm, low_bits);
  sse_rvm(kXorps, true, dst, a, kScratchXmm);
}

void Masm::fround(Round mode, FWidth w, Reg dst, Reg src) {
  RareScope rare(*this);
  auto d = RareScope::xmm(dst), s = RareScope::xmm(src);
  uint32_t control = static_cast<uint32_t>(mode) | 8;  // 8: no inexact exception
  if (cpu_.avx) {
    w == FWidth::F64 ? rare.a.vroundsd(d, s, s, control) : rare.a.vroundss(d, s, s, control);
  } else {
    w == FWidth::F64 ? rare.a.roundsd(d, s, control) : rare.a.roundss(d, s, control);
  }
}

void Masm::fmin(FWidth w, Reg dst, Reg a, Reg b) { fminmax(false, w, dst, a, b); }
void Masm::fmax(FWidth w, Reg dst, Reg a, Reg b) { fminmax(true, w, dst, a, b); }

// The hardware's instruction is right unless the operands are unordered or equal (signs of zero);
// ucomis says "equal" for both.
void Masm::fminmax(bool max, FWidth w, Reg dst, Reg a, Reg b) {
  fcompare(w, a, b);
  SlowPath& path = queue_slow(Cond::Equal, SlowKind::MinMax);
  path.max = max;
  path.fwidth = w;
  path.dst = dst;
  path.src = a;
  path.src2 = b;
  farith(max ? FArith::HwMax : FArith::HwMin, w, dst, a, b);
  slow_paths_.back().resume = offset();
}

void Masm::emit_minmax(const SlowPath& path) {
  uint32_t unordered = short_jcc(Cond::Parity);
  Opcode combine{packed_prefix(path.fwidth), 1, static_cast<uint8_t>(path.max ? 0x54 : 0x56)};
  sse_rvm(combine, true, path.dst, path.src, path.src2);  // and, or of the sign bits
  jmp_to(path.resume);
  close_short(unordered);
  farith(FArith::Add, path.fwidth, path.dst, path.src, path.src2);  // a quiet NaN
  jmp_to(path.resume);
}

}  // namespace sluice

// Integer vector instructions that take several x86-64 instructions.
//
// In each sequence kScratchXmm and the temporary are written before the result, or the sources that
// are read later are known to be none of them; the result is written when its register's old value
// is no longer needed, whichever source that is.
#include "jit/asm/rare.h"
#include "jit/asm/simd.h"

namespace sluice {

namespace {

constexpr Reg kScratch = kScratchXmm;
constexpr uint32_t kSrl = 2, kSra = 4, kSll = 6;  // the hardware's /n of shifts by a constant

constexpr Opcode kPand{0x66, 1, 0xdb}, kPandn{0x66, 1, 0xdf}, kPor{0x66, 1, 0xeb},
    kPxor{0x66, 1, 0xef};
constexpr Opcode kPaddb{0x66, 1, 0xfc}, kPaddusb{0x66, 1, 0xdc}, kPaddd{0x66, 1, 0xfe},
    kPaddq{0x66, 1, 0xd4}, kPsubq{0x66, 1, 0xfb};
constexpr Opcode kPcmpeqb{0x66, 1, 0x74}, kPcmpeqw{0x66, 1, 0x75}, kPcmpeqd{0x66, 1, 0x76},
    kPcmpeqq{0x66, 2, 0x29}, kPcmpgtd{0x66, 1, 0x66}, kPcmpgtq{0x66, 2, 0x37};
constexpr Opcode kPminsb{0x66, 2, 0x38}, kPminsw{0x66, 1, 0xea}, kPminsd{0x66, 2, 0x39},
    kPminub{0x66, 1, 0xda}, kPminuw{0x66, 2, 0x3a}, kPminud{0x66, 2, 0x3b}, kPmaxsb{0x66, 2, 0x3c},
    kPmaxsw{0x66, 1, 0xee}, kPmaxsd{0x66, 2, 0x3d}, kPmaxub{0x66, 1, 0xde}, kPmaxuw{0x66, 2, 0x3e},
    kPmaxud{0x66, 2, 0x3f};
constexpr Opcode kPsllw{0x66, 1, 0xf1}, kPslld{0x66, 1, 0xf2}, kPsllq{0x66, 1, 0xf3},
    kPsrlw{0x66, 1, 0xd1}, kPsrld{0x66, 1, 0xd2}, kPsrlq{0x66, 1, 0xd3}, kPsraw{0x66, 1, 0xe1},
    kPsrad{0x66, 1, 0xe2};
constexpr Opcode kPmullw{0x66, 1, 0xd5}, kPmulhw{0x66, 1, 0xe5}, kPmulhuw{0x66, 1, 0xe4},
    kPmulhrsw{0x66, 2, 0x0b}, kPmuludq{0x66, 1, 0xf4}, kPmuldq{0x66, 2, 0x28},
    kPmaddwd{0x66, 1, 0xf5}, kPmaddubsw{0x66, 2, 0x04};
constexpr Opcode kPunpcklbw{0x66, 1, 0x60}, kPunpckhbw{0x66, 1, 0x68}, kPunpcklwd{0x66, 1, 0x61},
    kPunpckhwd{0x66, 1, 0x69};
constexpr Opcode kPacksswb{0x66, 1, 0x63}, kPshufb{0x66, 2, 0x00}, kPshufd{0x66, 1, 0x70};
constexpr Opcode kPsignb{0x66, 2, 0x08}, kPsignw{0x66, 2, 0x09}, kPsignd{0x66, 2, 0x0a};
constexpr Opcode kPmovsxbw{0x66, 2, 0x20}, kPmovsxwd{0x66, 2, 0x23}, kPmovsxdq{0x66, 2, 0x25},
    kPmovzxbw{0x66, 2, 0x30}, kPmovzxwd{0x66, 2, 0x33}, kPmovzxdq{0x66, 2, 0x35};
constexpr Opcode kMovdToXmm{0x66, 1, 0x6e}, kPmovmskb{0x66, 1, 0xd7};
constexpr uint8_t kBlendBytes = 0x4c, kBlendF32 = 0x4a, kBlendF64 = 0x4b;

constexpr int kHighDwords = 0xf5;  // pshufd: each 64-bit lane's upper half, twice
constexpr int kHighHalf = 0xee;    // pshufd: the upper 64 bits, twice

}  // namespace

void SimdMasm::emit_int(Op op, Args x) {
  switch (op) {
  case Op::I8x16Swizzle: return swizzle(x);
  case Op::I8x16Splat:
  case Op::I16x8Splat:
  case Op::I32x4Splat:
  case Op::I64x2Splat:
  case Op::F32x4Splat: return splat(op, x.dst, x.a);
  case Op::I8x16Ne: return rvm(kPcmpeqb, true, x.dst, x.a, x.b), invert(x.dst);
  case Op::I16x8Ne: return rvm(kPcmpeqw, true, x.dst, x.a, x.b), invert(x.dst);
  case Op::I32x4Ne: return rvm(kPcmpeqd, true, x.dst, x.a, x.b), invert(x.dst);
  case Op::I64x2Ne: return rvm(kPcmpeqq, true, x.dst, x.a, x.b), invert(x.dst);
  case Op::I8x16LeS: return equals_limit(x, kPminsb, kPcmpeqb, false);
  case Op::I16x8LeS: return equals_limit(x, kPminsw, kPcmpeqw, false);
  case Op::I32x4LeS: return equals_limit(x, kPminsd, kPcmpeqd, false);
  case Op::I8x16LeU: return equals_limit(x, kPminub, kPcmpeqb, false);
  case Op::I16x8LeU: return equals_limit(x, kPminuw, kPcmpeqw, false);
  case Op::I32x4LeU: return equals_limit(x, kPminud, kPcmpeqd, false);
  case Op::I8x16GeS: return equals_limit(x, kPmaxsb, kPcmpeqb, false);
  case Op::I16x8GeS: return equals_limit(x, kPmaxsw, kPcmpeqw, false);
  case Op::I32x4GeS: return equals_limit(x, kPmaxsd, kPcmpeqd, false);
  case Op::I8x16GeU: return equals_limit(x, kPmaxub, kPcmpeqb, false);
  case Op::I16x8GeU: return equals_limit(x, kPmaxuw, kPcmpeqw, false);
  case Op::I32x4GeU: return equals_limit(x, kPmaxud, kPcmpeqd, false);
  case Op::I8x16GtU: return equals_limit(x, kPminub, kPcmpeqb, true);
  case Op::I16x8GtU: return equals_limit(x, kPminuw, kPcmpeqw, true);
  case Op::I32x4GtU: return equals_limit(x, kPminud, kPcmpeqd, true);
  case Op::I8x16LtU: return equals_limit(x, kPmaxub, kPcmpeqb, true);
  case Op::I16x8LtU: return equals_limit(x, kPmaxuw, kPcmpeqw, true);
  case Op::I32x4LtU: return equals_limit(x, kPmaxud, kPcmpeqd, true);
  case Op::I64x2GtS: return greater64(x.dst, x.a, x.b.reg, x.temp);
  case Op::I64x2LtS: return greater64(x.dst, x.b.reg, x.a, x.temp);
  case Op::I64x2LeS: return greater64(x.dst, x.a, x.b.reg, x.temp), invert(x.dst);
  case Op::I64x2GeS: return greater64(x.dst, x.b.reg, x.a, x.temp), invert(x.dst);
  case Op::V128Not: return ones(kScratch), rvm(kPxor, true, x.dst, x.a, kScratch);
  case Op::V128Bitselect: return bitselect(x);
  case Op::I16x8RelaxedLaneselect: return bitselect(x);
  case Op::I8x16RelaxedLaneselect: return blend(x, kBlendBytes);
  case Op::I32x4RelaxedLaneselect: return blend(x, kBlendF32);
  case Op::I64x2RelaxedLaneselect: return blend(x, kBlendF64);
  case Op::I8x16Shl: return shift_bytes_left(x);
  case Op::I8x16ShrU: return shift_bytes_right(x);
  case Op::I8x16ShrS: return shift_bytes_right_signed(x);
  case Op::I16x8Shl: return shift(x, kPsllw, 15);
  case Op::I16x8ShrU: return shift(x, kPsrlw, 15);
  case Op::I16x8ShrS: return shift(x, kPsraw, 15);
  case Op::I32x4Shl: return shift(x, kPslld, 31);
  case Op::I32x4ShrU: return shift(x, kPsrld, 31);
  case Op::I32x4ShrS: return shift(x, kPsrad, 31);
  case Op::I64x2Shl: return shift(x, kPsllq, 63);
  case Op::I64x2ShrU: return shift(x, kPsrlq, 63);
  case Op::I64x2ShrS: return shift64_right_signed(x);
  case Op::I8x16Neg: return negate(x, kPsignb);
  case Op::I16x8Neg: return negate(x, kPsignw);
  case Op::I32x4Neg: return negate(x, kPsignd);
  case Op::I64x2Neg: return negate64(x);
  case Op::I64x2Abs: return abs64(x);
  case Op::I64x2Mul: return multiply64(x);
  case Op::I8x16Popcnt: return popcnt_bytes(x);
  case Op::I16x8Bitmask: return bitmask_words(x);
  case Op::I16x8ExtendHighI8x16S: return extend_high(x, kPmovsxbw);
  case Op::I32x4ExtendHighI16x8S: return extend_high(x, kPmovsxwd);
  case Op::I64x2ExtendHighI32x4S: return extend_high(x, kPmovsxdq);
  case Op::I16x8ExtendHighI8x16U: return extend_high(x, kPmovzxbw);
  case Op::I32x4ExtendHighI16x8U: return extend_high(x, kPmovzxwd);
  case Op::I64x2ExtendHighI32x4U: return extend_high(x, kPmovzxdq);
  case Op::I16x8ExtmulLowI8x16S: return extmul_bytes(x, Half::Low, kPmovsxbw);
  case Op::I16x8ExtmulLowI8x16U: return extmul_bytes(x, Half::Low, kPmovzxbw);
  case Op::I16x8ExtmulHighI8x16S: return extmul_bytes(x, Half::High, kPmovsxbw);
  case Op::I16x8ExtmulHighI8x16U: return extmul_bytes(x, Half::High, kPmovzxbw);
  case Op::I32x4ExtmulLowI16x8S: return extmul_words(x, kPmulhw, kPunpcklwd);
  case Op::I32x4ExtmulLowI16x8U: return extmul_words(x, kPmulhuw, kPunpcklwd);
  case Op::I32x4ExtmulHighI16x8S: return extmul_words(x, kPmulhw, kPunpckhwd);
  case Op::I32x4ExtmulHighI16x8U: return extmul_words(x, kPmulhuw, kPunpckhwd);
  case Op::I64x2ExtmulLowI32x4S: return extmul_dwords(x, Half::Low, kPmuldq);
  case Op::I64x2ExtmulLowI32x4U: return extmul_dwords(x, Half::Low, kPmuludq);
  case Op::I64x2ExtmulHighI32x4S: return extmul_dwords(x, Half::High, kPmuldq);
  case Op::I64x2ExtmulHighI32x4U: return extmul_dwords(x, Half::High, kPmuludq);
  case Op::I16x8ExtaddPairwiseI8x16S: return extadd_bytes_signed(x);
  case Op::I16x8ExtaddPairwiseI8x16U: return rvm(kPmaddubsw, false, x.dst, x.a, repeated(1, 1));
  case Op::I32x4ExtaddPairwiseI16x8S: return rvm(kPmaddwd, true, x.dst, x.a, repeated(1, 2));
  case Op::I32x4ExtaddPairwiseI16x8U: return extadd_words_unsigned(x);
  case Op::I16x8Q15mulrSatS: return q15_multiply_saturated(x);
  case Op::I32x4RelaxedDotI8x16I7x16AddS: return dot_add(x);
  default: return emit_float(op, x);
  }
}

// --- Comparisons

void SimdMasm::invert(Reg dst) {
  ones(kScratch);
  rvm(kPxor, true, dst, dst, kScratch);
}

// a <= b is min(a, b) == a, a >= b is max(a, b) == a.
void SimdMasm::equals_limit(Args x, Opcode limit, Opcode equal, bool inverted) {
  rvm(limit, true, kScratch, x.a, x.b);
  rvm(equal, true, x.dst, x.a, kScratch);
  if (inverted) invert(x.dst);
}

// SSE4.1 has no 64-bit compare. The upper half decides, or if those are equal the borrow of b - a.
void SimdMasm::greater64(Reg dst, Reg a, Reg b, Reg temp) {
  if (avx_) return rvm(kPcmpgtq, false, dst, a, b);
  rvm(kPsubq, false, kScratch, b, a);
  rvm(kPcmpeqd, true, temp, a, b);
  rvm(kPand, true, kScratch, kScratch, temp);
  rvm(kPcmpgtd, false, temp, a, b);
  rvm(kPor, true, temp, temp, kScratch);
  rm(kPshufd, dst, temp, kHighDwords);
}

// --- Bits

// c ? a : b, bit by bit.
void SimdMasm::bitselect(Args x) {
  rvm(kPandn, false, kScratch, x.c, x.b);
  rvm(kPand, true, x.dst, x.a, x.c);
  rvm(kPor, true, x.dst, x.dst, kScratch);
}

// The lane's top bit of c decides; without AVX the instruction is tied to xmm0.
void SimdMasm::blend(Args x, uint8_t byte) {
  if (!avx_) return bitselect(x);
  rvm({0x66, 3, byte}, false, x.dst, x.b.reg, x.a, static_cast<int>(encoding(x.c) << 4));
}

void SimdMasm::bitmask_words(Args x) {
  rvm(kPacksswb, false, kScratch, x.a, x.a);
  rm(kPmovmskb, x.dst, kScratch);
  m_.extend(LoadKind::U8, x.dst, x.dst);
}

// Two lookups in a table of 16 numbers, for the halves of each byte.
void SimdMasm::popcnt_bytes(Args x) {
  constexpr uint64_t kLow = 0x03020201'02010100, kHigh = 0x04030302'03020201;
  shift_lanes(kSrl, 16, x.temp, x.a, 4);
  rvm(kPand, true, x.temp, x.temp, repeated(0x0f, 1));
  pair(kLow, kHigh);
  m_.vconst(kScratch, bytes_);
  rvm(kPshufb, false, kScratch, kScratch, x.temp);
  rvm(kPand, true, x.temp, x.a, repeated(0x0f, 1));
  pair(kLow, kHigh);
  m_.vconst(x.dst, bytes_);
  rvm(kPshufb, false, x.dst, x.dst, x.temp);
  rvm(kPaddb, true, x.dst, x.dst, kScratch);
}

// --- Shifts

void SimdMasm::count_to_xmm(Reg count, uint32_t mask, uint32_t plus) {
  m_.mov(W32, kScratchGpr, count);
  m_.alu_imm(Alu::And, W32, kScratchGpr, static_cast<int32_t>(mask));
  if (plus != 0) m_.alu_imm(Alu::Add, W32, kScratchGpr, static_cast<int32_t>(plus));
  rm(kMovdToXmm, kScratch, kScratchGpr);
}

void SimdMasm::shift(Args x, Opcode op, uint32_t mask) {
  count_to_xmm(x.b.reg, mask, 0);
  rvm(op, false, x.dst, x.a, kScratch);
}

// Shifts of words, less the bits that came over from the neighbour.
void SimdMasm::shift_bytes_left(Args x) {
  count_to_xmm(x.b.reg, 7, 0);
  ones(x.temp);
  rvm(kPsllw, false, x.temp, x.temp, kScratch);
  rvm(kPsllw, false, x.dst, x.a, kScratch);
  zero(kScratch);
  rvm(kPshufb, false, x.temp, x.temp, kScratch);
  rvm(kPand, true, x.dst, x.dst, x.temp);
}

void SimdMasm::shift_bytes_right(Args x) {
  count_to_xmm(x.b.reg, 7, 0);
  ones(x.temp);
  shift_lanes(kSrl, 16, x.temp, x.temp, 8);
  rvm(kPsrlw, false, x.temp, x.temp, kScratch);
  rvm(kPsrlw, false, x.dst, x.a, kScratch);
  zero(kScratch);
  rvm(kPshufb, false, x.temp, x.temp, kScratch);
  rvm(kPand, true, x.dst, x.dst, x.temp);
}

// Each byte as the upper half of a word.
void SimdMasm::shift_bytes_right_signed(Args x) {
  count_to_xmm(x.b.reg, 7, 8);
  rvm(kPunpckhbw, false, x.temp, x.a, x.a);
  rvm(kPunpcklbw, false, x.dst, x.a, x.a);
  rvm(kPsraw, false, x.temp, x.temp, kScratch);
  rvm(kPsraw, false, x.dst, x.dst, kScratch);
  rvm(kPacksswb, false, x.dst, x.dst, x.temp);
}

// (x >>u n) ^ m) - m extends the sign, with m the shifted sign bit.
void SimdMasm::shift64_right_signed(Args x) {
  count_to_xmm(x.b.reg, 63, 0);
  repeated(uint64_t{1} << 63, 8);
  m_.vconst(x.temp, bytes_);
  rvm(kPsrlq, false, x.temp, x.temp, kScratch);
  rvm(kPsrlq, false, x.dst, x.a, kScratch);
  rvm(kPxor, true, x.dst, x.dst, x.temp);
  rvm(kPsubq, false, x.dst, x.dst, x.temp);
}

void SimdMasm::shift64_right_signed_imm(Reg dst, Reg a, uint32_t count) {
  repeated((uint64_t{1} << 63) >> count, 8);
  m_.vconst(kScratch, bytes_);
  shift_lanes(kSrl, 64, dst, a, count);
  rvm(kPxor, true, dst, dst, kScratch);
  rvm(kPsubq, false, dst, dst, kScratch);
}

void SimdMasm::shift_bytes_imm(Op op, Reg dst, Reg a, uint32_t count) {
  if (op == Op::I8x16ShrS) {
    rvm(kPunpckhbw, false, kScratch, a, a);
    rvm(kPunpcklbw, false, dst, a, a);
    shift_lanes(kSra, 16, kScratch, kScratch, count + 8);
    shift_lanes(kSra, 16, dst, dst, count + 8);
    return rvm(kPacksswb, false, dst, dst, kScratch);
  }
  bool left = op == Op::I8x16Shl;
  shift_lanes(left ? kSll : kSrl, 16, dst, a, count);
  rvm(kPand, true, dst, dst, repeated(left ? 0xffu << count : 0xffu >> count, 1));
}

void SimdMasm::shift_imm(Op op, Reg dst, Reg a, uint32_t count) {
  switch (op) {
  case Op::I8x16Shl:
  case Op::I8x16ShrS:
  case Op::I8x16ShrU: return shift_bytes_imm(op, dst, a, count & 7);
  case Op::I16x8Shl: return shift_lanes(kSll, 16, dst, a, count & 15);
  case Op::I16x8ShrS: return shift_lanes(kSra, 16, dst, a, count & 15);
  case Op::I16x8ShrU: return shift_lanes(kSrl, 16, dst, a, count & 15);
  case Op::I32x4Shl: return shift_lanes(kSll, 32, dst, a, count & 31);
  case Op::I32x4ShrS: return shift_lanes(kSra, 32, dst, a, count & 31);
  case Op::I32x4ShrU: return shift_lanes(kSrl, 32, dst, a, count & 31);
  case Op::I64x2Shl: return shift_lanes(kSll, 64, dst, a, count & 63);
  case Op::I64x2ShrS: return shift64_right_signed_imm(dst, a, count & 63);
  case Op::I64x2ShrU: return shift_lanes(kSrl, 64, dst, a, count & 63);
  default: UNREACHABLE("not a shift");
  }
}

// --- Arithmetic

// The sign instructions negate where their second operand is negative: everywhere.
void SimdMasm::negate(Args x, Opcode sign) {
  ones(kScratch);
  rvm(sign, false, x.dst, x.a, kScratch);
}

void SimdMasm::negate64(Args x) {
  zero(kScratch);
  rvm(kPsubq, false, kScratch, kScratch, x.a);
  move(x.dst, kScratch);
}

void SimdMasm::abs64(Args x) {
  rm(kPshufd, kScratch, x.a, kHighDwords);
  shift_lanes(kSra, 32, kScratch, kScratch, 31);
  rvm(kPxor, true, x.dst, x.a, kScratch);
  rvm(kPsubq, false, x.dst, x.dst, kScratch);
}

// The low halves' product, and the two mixed products 32 bits higher.
void SimdMasm::multiply64(Args x) {
  shift_lanes(kSrl, 64, x.temp, x.b.reg, 32);
  rvm(kPmuludq, true, x.temp, x.temp, x.a);
  shift_lanes(kSrl, 64, kScratch, x.a, 32);
  rvm(kPmuludq, true, kScratch, kScratch, x.b);
  rvm(kPaddq, true, x.temp, x.temp, kScratch);
  shift_lanes(kSll, 64, x.temp, x.temp, 32);
  rvm(kPmuludq, true, x.dst, x.a, x.b);
  rvm(kPaddq, true, x.dst, x.dst, x.temp);
}

void SimdMasm::extend_high(Args x, Opcode extend) {
  rm(kPshufd, x.dst, x.a, kHighHalf);
  rm(extend, x.dst, x.dst);
}

void SimdMasm::extmul_bytes(Args x, Half half, Opcode extend) {
  Reg a = x.a, b = x.b.reg;
  if (half == Half::High) {
    rm(kPshufd, kScratch, a, kHighHalf);
    a = kScratch;
  }
  rm(extend, kScratch, a);
  if (half == Half::High) {
    rm(kPshufd, x.dst, b, kHighHalf);
    b = x.dst;
  }
  rm(extend, x.dst, b);
  rvm(kPmullw, true, x.dst, x.dst, kScratch);
}

void SimdMasm::extmul_words(Args x, Opcode high_product, Opcode unpack) {
  rvm(high_product, true, kScratch, x.a, x.b);
  rvm(kPmullw, true, x.dst, x.a, x.b);
  rvm(unpack, false, x.dst, x.dst, kScratch);
}

void SimdMasm::extmul_dwords(Args x, Half half, Opcode multiply) {
  int picked = half == Half::High ? 0xfa : 0x50;  // pshufd: two neighbours to the even places
  rm(kPshufd, kScratch, x.a, picked);
  rm(kPshufd, x.dst, x.b.reg, picked);
  rvm(multiply, true, x.dst, x.dst, kScratch);
}

// pmaddubsw's first operand is the unsigned one.
void SimdMasm::extadd_bytes_signed(Args x) {
  repeated(1, 1);
  m_.vconst(kScratch, bytes_);
  rvm(kPmaddubsw, false, kScratch, kScratch, x.a);
  move(x.dst, kScratch);
}

void SimdMasm::extadd_words_unsigned(Args x) {
  shift_lanes(kSrl, 32, kScratch, x.a, 16);
  rvm(kPand, true, x.dst, x.a, repeated(0xffff, 4));
  rvm(kPaddd, true, x.dst, x.dst, kScratch);
}

// The one product that overflows, of the two least numbers, comes out as 0x8000: one too many.
void SimdMasm::q15_multiply_saturated(Args x) {
  rvm(kPmulhrsw, true, x.dst, x.a, x.b);
  repeated(0x8000, 2);
  m_.vconst(kScratch, bytes_);
  rvm(kPcmpeqw, true, kScratch, kScratch, x.dst);
  rvm(kPxor, true, x.dst, x.dst, kScratch);
}

// b, of seven bits, is the unsigned operand.
void SimdMasm::dot_add(Args x) {
  if (m_.cpu().avx_vnni || m_.cpu().avx512_vnni) {
    Reg sum = x.dst == x.a || x.dst == x.b.reg ? kScratch : x.dst;
    move(sum, x.c);
    dot_accumulate(sum, x.b.reg, x.a);
    return move(x.dst, sum);
  }
  rvm(kPmaddubsw, false, kScratch, x.b.reg, x.a);
  rvm(kPmaddwd, true, kScratch, kScratch, repeated(1, 2));
  rvm(kPaddd, true, x.dst, x.c, kScratch);
}

void SimdMasm::dot_accumulate(Reg sum, Reg unsigned_bytes, Reg signed_bytes) {
  if (m_.cpu().avx_vnni) {
    constexpr Opcode kVpdpbusd{0x66, 2, 0x50};
    return rvm(kVpdpbusd, false, sum, unsigned_bytes, signed_bytes);
  }
  RareScope rare(m_);  // EVEX
  rare.a.vpdpbusd(RareScope::xmm(sum), RareScope::xmm(unsigned_bytes),
                  RareScope::xmm(signed_bytes));
}

// --- Lanes

// Numbers from 16 on get their top bit set, for which pshufb gives 0.
void SimdMasm::swizzle(Args x) {
  m_.vconst(kScratch, repeated(0x70, 1).bytes);
  rvm(kPaddusb, true, kScratch, kScratch, x.b);
  rvm(kPshufb, false, x.dst, x.a, kScratch);
}

}  // namespace sluice

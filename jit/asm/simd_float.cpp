// Floating-point vector instructions that take several x86-64 instructions.
//
// The hardware's own min, max and conversions differ from Wasm's where a lane is a NaN, a zero or
// out of range; the sequences here set those lanes right without a branch. The order of writes is
// as in simd_int.cpp.
#include <utility>

#include "jit/asm/simd.h"

namespace sluice {

namespace {

constexpr Reg kScratch = kScratchXmm;
constexpr uint32_t kSrl = 2;

constexpr uint64_t kF32Sign = 0x8000'0000u;
constexpr uint64_t kF64Sign = uint64_t{1} << 63;
constexpr uint64_t kTwoTo31F32 = 0x4f00'0000u;
constexpr uint64_t kTwoTo52 = 0x4330'0000'0000'0000u;
constexpr uint64_t kInt32Max = 0x41df'ffff'ffc0'0000u;   // 2147483647.0
constexpr uint64_t kUint32Max = 0x41ef'ffff'ffe0'0000u;  // 4294967295.0

// Predicates of the hardware's compares.
constexpr int kEqual = 0, kUnordered = 3;

constexpr Opcode kPand{0x66, 1, 0xdb}, kPxor{0x66, 1, 0xef}, kPsubd{0x66, 1, 0xfa},
    kPaddd{0x66, 1, 0xfe}, kPcmpgtd{0x66, 1, 0x66}, kPmaxsd{0x66, 2, 0x3d}, kPblendw{0x66, 3, 0x0e};
constexpr Opcode kUnpcklps{0, 1, 0x14}, kShufps{0, 1, 0xc6};
constexpr Opcode kCvtdq2ps{0, 1, 0x5b}, kCvttps2dq{0xf3, 1, 0x5b}, kCvttpd2dq{0x66, 1, 0xe6},
    kRoundpd{0x66, 3, 0x09};

/// The packed instruction with this byte.
constexpr Opcode packed(FWidth w, uint8_t byte) {
  return {static_cast<uint8_t>(w == FWidth::F64 ? 0x66 : 0), 1, byte};
}
constexpr uint8_t kAnd = 0x54, kAndn = 0x55, kOr = 0x56, kXor = 0x57, kAdd = 0x58, kMul = 0x59,
                  kSub = 0x5c, kMin = 0x5d, kMax = 0x5f, kCompare = 0xc2;

constexpr FWidth F32 = FWidth::F32;
constexpr FWidth F64 = FWidth::F64;

}  // namespace

void SimdMasm::emit_float(Op op, Args x) {
  switch (op) {
  case Op::F32x4Abs: return rvm(packed(F32, kAnd), true, x.dst, x.a, repeated(~kF32Sign, 4));
  case Op::F64x2Abs: return rvm(packed(F64, kAnd), true, x.dst, x.a, repeated(~kF64Sign, 8));
  case Op::F32x4Neg: return rvm(packed(F32, kXor), true, x.dst, x.a, repeated(kF32Sign, 4));
  case Op::F64x2Neg: return rvm(packed(F64, kXor), true, x.dst, x.a, repeated(kF64Sign, 8));
  case Op::F32x4Min: return fmin(F32, x);
  case Op::F64x2Min: return fmin(F64, x);
  case Op::F32x4Max: return fmax(F32, x);
  case Op::F64x2Max: return fmax(F64, x);
  case Op::F32x4RelaxedMadd: return multiply_add(F32, false, x);
  case Op::F64x2RelaxedMadd: return multiply_add(F64, false, x);
  case Op::F32x4RelaxedNmadd: return multiply_add(F32, true, x);
  case Op::F64x2RelaxedNmadd: return multiply_add(F64, true, x);
  case Op::F32x4ConvertI32x4U: return convert_unsigned(x);
  case Op::F64x2ConvertLowI32x4U: return convert_low_unsigned(x);
  case Op::I32x4TruncSatF32x4S: return truncate_f32_signed(x);
  case Op::I32x4TruncSatF32x4U:
  case Op::I32x4RelaxedTruncF32x4U: return truncate_f32_unsigned(x);
  case Op::I32x4TruncSatF64x2SZero: return truncate_f64_signed(x);
  case Op::I32x4TruncSatF64x2UZero:
  case Op::I32x4RelaxedTruncF64x2UZero: return truncate_f64_unsigned(x);
  default: UNREACHABLE("not a vector instruction without immediate");
  }
}

// --- Arithmetic

// The hardware's min returns the second operand for unordered operands and for zeros: with both
// orders, the OR of the results is -0 if any was, and a NaN if any operand was.
void SimdMasm::fmin(FWidth w, Args x) {
  Reg first = x.a, second = x.b.reg;
  if (x.dst == second) std::swap(first, second);
  rvm(packed(w, kMin), false, kScratch, second, first);
  rvm(packed(w, kMin), false, x.dst, first, second);
  rvm(packed(w, kOr), true, x.dst, x.dst, kScratch);
  rvm(packed(w, kCompare), true, kScratch, x.dst, x.dst, kUnordered);
  rvm(packed(w, kOr), true, x.dst, x.dst, kScratch);
  quiet_nan(w, x.dst);
}

// As fmin; where the orders differ in the sign of zero, -0 - -0 makes +0. Subtracting also makes a
// NaN quiet.
void SimdMasm::fmax(FWidth w, Args x) {
  Reg first = x.a, second = x.b.reg;
  if (x.dst == second) std::swap(first, second);
  rvm(packed(w, kMax), false, kScratch, second, first);
  rvm(packed(w, kMax), false, x.dst, first, second);
  rvm(packed(w, kXor), true, kScratch, kScratch, x.dst);
  rvm(packed(w, kOr), true, x.dst, x.dst, kScratch);
  rvm(packed(w, kSub), false, x.dst, x.dst, kScratch);
  rvm(packed(w, kCompare), true, kScratch, x.dst, x.dst, kUnordered);
  quiet_nan(w, x.dst);
}

// Where kScratchXmm's lanes are all ones, clears a NaN's payload but for its top bit.
void SimdMasm::quiet_nan(FWidth w, Reg dst) {
  shift_lanes(kSrl, w == F64 ? 64 : 32, kScratch, kScratch, w == F64 ? 13 : 10);
  if (avx_) return rvm(packed(w, kAndn), false, dst, kScratch, dst);
  rvm(packed(w, kAndn), false, kScratch, kScratch, dst);
  move(dst, kScratch);
}

// a * b + c, or c - a * b.
void SimdMasm::multiply_add(FWidth w, bool negated, Args x) {
  if (!m_.cpu().fma) {
    rvm(packed(w, kMul), false, kScratch, x.a, x.b);
    if (negated) return rvm(packed(w, kSub), false, x.dst, x.c, kScratch);
    return rvm(packed(w, kAdd), false, x.dst, kScratch, x.c);
  }
  // Which of the three is overwritten: 213 has the first factor there, 231 the sum.
  auto fused = [&](uint8_t byte, Reg second, Reg third) {
    rvm({0x66, 2, static_cast<uint8_t>(byte + (negated ? 4 : 0))}, false, x.dst, second, third,
        kNoImm, w == F64);
  };
  constexpr uint8_t k213 = 0xa8, k231 = 0xb8;
  if (x.dst == x.c) return fused(k231, x.a, x.b.reg);
  if (x.dst == x.b.reg) return fused(k213, x.a, x.c);
  move(x.dst, x.a);
  fused(k213, x.b.reg, x.c);
}

// --- Conversions

// Upper and lower 16 bits apart, which are exact; the upper ones are halved to be positive.
void SimdMasm::convert_unsigned(Args x) {
  zero(kScratch);
  rvm(kPblendw, false, kScratch, kScratch, x.a, 0x55);
  rvm(kPsubd, false, x.dst, x.a, kScratch);
  rm(kCvtdq2ps, kScratch, kScratch);
  shift_lanes(kSrl, 32, x.dst, x.dst, 1);
  rm(kCvtdq2ps, x.dst, x.dst);
  rvm(packed(F32, kAdd), true, x.dst, x.dst, x.dst);
  rvm(packed(F32, kAdd), true, x.dst, x.dst, kScratch);
}

// As the low bits of 2^52's mantissa.
void SimdMasm::convert_low_unsigned(Args x) {
  rvm(kUnpcklps, false, x.dst, x.a, repeated(kTwoTo52 >> 32, 4));
  rvm(packed(F64, kSub), false, x.dst, x.dst, repeated(kTwoTo52, 8));
}

// Ones where dst's lanes, which are no NaNs, are 2^31 or more: as integers they have the same
// order.
void SimdMasm::mark_overflow(Reg dst) {
  rvm(kPcmpgtd, false, dst, dst, repeated(kTwoTo31F32 - 1, 4));
}

// The hardware gives 0x80000000 for a NaN and both overflows. A NaN becomes 0 before, a positive
// overflow is inverted after.
void SimdMasm::truncate_f32_signed(Args x) {
  rvm(packed(F32, kCompare), true, kScratch, x.a, x.a, kEqual);
  rvm(kPand, true, kScratch, kScratch, x.a);
  rm(kCvttps2dq, x.dst, kScratch);
  mark_overflow(kScratch);
  rvm(kPxor, true, x.dst, x.dst, kScratch);
}

// Numbers from 2^31 on give 0x80000000, to which the rest above 2^31 is added: at least 0, at most
// 0x7fffffff.
void SimdMasm::truncate_f32_unsigned(Args x) {
  zero(x.temp);
  rvm(packed(F32, kMax), false, kScratch, x.a, x.temp);  // a NaN becomes 0
  rm(kCvttps2dq, x.dst, kScratch);
  m_.vconst(x.temp, repeated(kTwoTo31F32, 4).bytes);
  rvm(packed(F32, kSub), false, kScratch, kScratch, x.temp);
  rm(kCvttps2dq, x.temp, kScratch);
  mark_overflow(kScratch);
  rvm(kPxor, true, x.temp, x.temp, kScratch);
  zero(kScratch);
  rvm(kPmaxsd, true, x.temp, x.temp, kScratch);
  rvm(kPaddd, true, x.dst, x.dst, x.temp);
}

void SimdMasm::truncate_f64_signed(Args x) {
  rvm(packed(F64, kCompare), true, kScratch, x.a, x.a, kEqual);
  rvm(packed(F64, kAnd), true, kScratch, kScratch, repeated(kInt32Max, 8));
  rvm(packed(F64, kMin), false, x.dst, x.a, kScratch);  // of a NaN and 0: 0
  rm(kCvttpd2dq, x.dst, x.dst);
}

// Clamped and rounded, the number is the low bits of its sum with 2^52.
void SimdMasm::truncate_f64_unsigned(Args x) {
  zero(kScratch);
  rvm(packed(F64, kMax), false, x.dst, x.a, kScratch);  // of a NaN and 0: 0
  rvm(packed(F64, kMin), false, x.dst, x.dst, repeated(kUint32Max, 8));
  rm(kRoundpd, x.dst, x.dst, 11);
  rvm(packed(F64, kAdd), true, x.dst, x.dst, repeated(kTwoTo52, 8));
  rvm(kShufps, false, x.dst, x.dst, kScratch, 0x88);
}

}  // namespace sluice

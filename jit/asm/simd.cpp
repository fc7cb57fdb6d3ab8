// Vector instructions that are one x86-64 instruction, by the table simd.def, and the primitives
// that the sequences of simd_*.cpp are made of.
#include "jit/asm/simd.h"

#include <array>
#include <cstring>

namespace sluice {

namespace {

constexpr Opcode kMovaps{0, 1, 0x28};

}  // namespace

constexpr std::array<SimdRow, SimdMasm::kRowCount> SimdMasm::kRows = [] {
  std::array<SimdRow, kRowCount> rows{};
  const auto lay = [&](Op op, SimdForm form, Opcode opcode, int8_t imm) {
    rows[static_cast<uint32_t>(op) - kFirst] = {form, opcode, imm, VexForm::of(opcode, imm)};
  };
#define SIMD(name, form, prefix, map, byte, imm)                                                   \
  lay(Op::name, SimdForm::form, {prefix, map, byte}, imm);
#include "jit/asm/simd.def"
#undef SIMD
  return rows;
}();

bool SimdMasm::needs_temp(Op op, const CpuFeatures& cpu) {
  switch (op) {
  case Op::I8x16Shl:
  case Op::I8x16ShrS:
  case Op::I8x16ShrU:
  case Op::I64x2ShrS:
  case Op::I8x16Popcnt:
  case Op::I64x2Mul:
  case Op::I32x4TruncSatF32x4U:
  case Op::I32x4RelaxedTruncF32x4U: return true;
  case Op::I64x2GtS:
  case Op::I64x2LtS:
  case Op::I64x2GeS:
  case Op::I64x2LeS: return !cpu.avx;
  default: return false;
  }
}

bool SimdMasm::takes(Op op, SimdSource::Kind kind, const CpuFeatures& cpu) {
  if (kind == SimdSource::Kind::Register) return true;
  const SimdRow& row = row_of(op);
  if (row.form != SimdForm::Commutes && row.form != SimdForm::Binary) return false;
  // A rip-relative displacement counts from behind an immediate, which labels don't know.
  return kind == SimdSource::Kind::Memory ? cpu.avx : row.imm < 0;
}

void SimdMasm::emit(Op op, const SimdArgs& x) {
  const SimdRow& row = row_of(op);
  switch (row.form) {
  case SimdForm::Commutes: return rvm(row.op, true, x.dst, x.a, x.b, row.imm);
  case SimdForm::Binary: return rvm(row.op, false, x.dst, x.a, x.b, row.imm);
  case SimdForm::Swapped: return rvm(row.op, false, x.dst, x.b.reg, x.a, row.imm);
  case SimdForm::Unary: return rm(row.op, x.dst, x.a, row.imm);
  case SimdForm::Sequence: return emit_int(op, x);
  }
}

Cond SimdMasm::test(Op op, Reg a) {
  constexpr Opcode kPtest{0x66, 2, 0x17};
  if (op == Op::V128AnyTrue) {
    rm(kPtest, a, a);
    return Cond::NotZero;
  }
  // No lane equals zero.
  Op equals = op == Op::I8x16AllTrue   ? Op::I8x16Eq
              : op == Op::I16x8AllTrue ? Op::I16x8Eq
              : op == Op::I32x4AllTrue ? Op::I32x4Eq
                                       : Op::I64x2Eq;
  zero(kScratchXmm);
  rvm(row_of(equals).op, true, kScratchXmm, kScratchXmm, a);
  rm(kPtest, kScratchXmm, kScratchXmm);
  return Cond::Zero;
}

// --- Primitives

void SimdMasm::move(Reg dst, Reg src) {
  if (dst != src) rm(kMovaps, dst, src);
}

void SimdMasm::rm(Opcode op, Reg dst, Reg src, int imm, uint32_t w) {
  if (avx_) {
    m_.e_.vex_reg_reg(op, w, encoding(dst), 0, encoding(src));
  } else {
    m_.e_.reg_reg(op, w, encoding(dst), encoding(src));
  }
  if (imm != kNoImm) m_.e_.put_imm8(imm);
}

void SimdMasm::rm_mem(Opcode op, Reg dst, const Mem& m) {
  if (avx_) {
    m_.e_.vex_reg_mem(op, 0, encoding(dst), 0, m);
  } else {
    m_.e_.reg_mem(op, 0, encoding(dst), m);
  }
}

void SimdMasm::op_mem(Opcode op, uint32_t w, Reg dst, Reg a, const Mem& m, int imm) {
  if (avx_) {
    m_.e_.vex_reg_mem(op, w, encoding(dst), encoding(a), m);
  } else {
    move(dst, a);
    m_.e_.reg_mem(op, w, encoding(dst), m);
  }
  if (imm != kNoImm) m_.e_.put_imm8(imm);
}

void SimdMasm::rvm(Opcode op, bool commutes, Reg dst, Reg a, const SimdSource& source, int imm,
                   uint32_t w) {
  if (source.kind == SimdSource::Kind::Memory) return op_mem(op, w, dst, a, source.mem, imm);
  if (source.kind == SimdSource::Kind::Constant) {
    DCHECK(imm == kNoImm && w == 0, "see takes()");
    if (avx_) {
      m_.e_.vex_reg_rip(op, encoding(dst), encoding(a));
    } else {
      move(dst, a);
      m_.e_.reg_rip(op, 0, encoding(dst));
    }
    return m_.wait_for(m_.pooled(source.bytes));
  }
  rvm(op, commutes, dst, a, source.reg, imm, w);
}

void SimdMasm::rvm(Opcode op, bool commutes, Reg dst, Reg a, Reg b, int imm, uint32_t w) {
  if (avx_) {
    m_.e_.vex_reg_reg(op, w, encoding(dst), encoding(a), encoding(b));
  } else {
    // Only a vector register can be overwritten by the first operand.
    if (dst == b && dst != a) {
      if (commutes) {
        b = a;
      } else if (a == kScratchXmm) {
        m_.e_.reg_reg(op, w, encoding(a), encoding(b));
        if (imm != kNoImm) m_.e_.put_imm8(imm);
        return move(dst, a);
      } else {
        move(kScratchXmm, b);
        b = kScratchXmm;
        move(dst, a);
      }
    } else {
      move(dst, a);
    }
    m_.e_.reg_reg(op, w, encoding(dst), encoding(b));
  }
  if (imm != kNoImm) m_.e_.put_imm8(imm);
}

void SimdMasm::zero(Reg dst) { rvm({0x66, 1, 0xef}, true, dst, dst, dst); }
void SimdMasm::ones(Reg dst) { rvm({0x66, 1, 0x76}, true, dst, dst, dst); }

void SimdMasm::shift_lanes(uint32_t slash, uint32_t lane_bits, Reg dst, Reg src, uint32_t count) {
  Opcode op{0x66, 1, static_cast<uint8_t>(lane_bits == 16 ? 0x71 : lane_bits == 32 ? 0x72 : 0x73)};
  if (avx_) {
    m_.e_.vex_reg_reg(op, 0, slash, encoding(dst), encoding(src));
  } else {
    move(dst, src);
    m_.e_.reg_reg(op, 0, slash, encoding(dst));
  }
  m_.e_.put(count, 1);
}

SimdSource SimdMasm::repeated(uint64_t lane, uint32_t lane_bytes) {
  for (uint32_t i = 0; i < 16; i += lane_bytes) std::memcpy(bytes_ + i, &lane, lane_bytes);
  return SimdSource(bytes_);
}

SimdSource SimdMasm::pair(uint64_t low, uint64_t high) {
  std::memcpy(bytes_, &low, 8);
  std::memcpy(bytes_ + 8, &high, 8);
  return SimdSource(bytes_);
}

}  // namespace sluice

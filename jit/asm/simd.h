// SimdMasm: the vector instructions of Wasm over a Masm, one call for each shape of instruction.
//
// Code is VEX-coded where the CPU has AVX, else SSE4.1; which better forms are used (AVX2, FMA,
// VNNI) is in Masm::cpu(). Every result may be any source's register or a different one; sources
// are not changed but where they are the result's. All of this may change flags, kScratchXmm and
// kScratchGpr, none of which may be a source. Operands may lie in any place only as `takes` says.
// Single instructions are rows of simd.def; sequences are in simd_int.cpp and simd_float.cpp; what
// moves lanes is in simd_lanes.cpp.
#pragma once

#include <array>
#include <cstdint>

#include "engine/wasm/opcodes.h"
#include "jit/asm/masm.h"

namespace sluice {

/// The second operand of an instruction: a register, 16 bytes in memory, or a constant's 16 bytes
/// (read during the call only).
struct SimdSource {
  enum class Kind : uint8_t { Register, Memory, Constant };
  SimdSource(Reg r) : reg(r) {}  // NOLINT(google-explicit-constructor): the usual kind
  explicit SimdSource(const Mem& m) : mem(m), kind(Kind::Memory) {}
  explicit SimdSource(const uint8_t* b) : bytes(b), kind(Kind::Constant) {}

  Mem mem;
  const uint8_t* bytes = nullptr;
  Reg reg = Reg::None;
  Kind kind = Kind::Register;
};

/// What an instruction works on. Vector registers but: `dst` of bitmask, `a` of the integer splats
/// and `b` of the shifts (a count of any value) are general-purpose ones.
struct SimdArgs {
  Reg dst = Reg::None;
  Reg a = Reg::None;
  SimdSource b = Reg::None;
  Reg c = Reg::None;
  Reg temp = Reg::None;  // a vector register of no other role, if SimdMasm::needs_temp
};

/// How an instruction is made. Commutes and Binary are dst = a op b, with operands that may be
/// swapped or not; Swapped is dst = b op a; Unary is dst = op a. A Sequence is none of these.
enum class SimdForm : uint8_t { Sequence, Commutes, Binary, Swapped, Unary };

/// The one x86-64 instruction, unless it is a sequence.
struct SimdRow {
  SimdForm form = SimdForm::Sequence;
  Opcode op;
  int8_t imm = -1;  // none
  VexForm vex;

  /// Has it two operands?
  bool is_pair() const { return form != SimdForm::Sequence && form != SimdForm::Unary; }
};

class SimdMasm {
 public:
  explicit SimdMasm(Masm& masm) : m_(masm), avx_(masm.cpu().avx) {}

  /// Whether emit() wants a temporary register for this instruction.
  static bool needs_temp(Op op, const CpuFeatures& cpu);
  /// Whether emit()'s `b` may be of this kind.
  static bool takes(Op op, SimdSource::Kind kind, const CpuFeatures& cpu);

  static const SimdRow& row_of(Op op) {
    const uint32_t index = static_cast<uint32_t>(op) - kFirst;
    DCHECK(index < kRowCount, "not a vector instruction");
    return kRows[index];
  }
  /// Any row of Category::Simd that has no immediate and is none of test()'s.
  void emit(Op op, const SimdArgs& x);
  /// any_true and all_true: flags that say so, and the condition to ask them for.
  Cond test(Op op, Reg a);
  /// A shift by a constant of any value. Needs no temporary.
  void shift_imm(Op op, Reg dst, Reg a, uint32_t count);
  /// extract_lane (b is unused; dst may be general-purpose) and replace_lane (b may be).
  void lane(Op op, uint32_t index, Reg dst, Reg a, Reg b);
  /// i8x16.shuffle: each of 16 numbers picks a byte of a (0–15) or b (16–31).
  void shuffle(const uint8_t* lanes, Reg dst, Reg a, Reg b);

  /// v128.load and all that fill a whole register; each reads the bytes it must and no more.
  void load(Op op, Reg dst, const Mem& m);
  void load_lane(Op op, uint32_t index, Reg dst, Reg a, const Mem& m);
  void store_lane(Op op, uint32_t index, const Mem& m, Reg src);

 private:
  static constexpr uint32_t kFirst = static_cast<uint32_t>(Op::I8x16Swizzle);
  static constexpr uint32_t kRowCount =
      static_cast<uint32_t>(Op::I32x4RelaxedDotI8x16I7x16AddS) + 1 - kFirst;
  static const std::array<SimdRow, kRowCount> kRows;

  using Args = const SimdArgs&;
  enum class Half : uint8_t { Low, High };
  static constexpr int kNoImm = -1;

  // --- simd.cpp: single instructions
  /// dst = a op b. Without AVX changes kScratchXmm if dst is b, is not a and the operands may not
  /// be swapped.
  void rvm(Opcode op, bool commutes, Reg dst, Reg a, Reg b, int imm = kNoImm, uint32_t w = 0);
  void rvm(Opcode op, bool commutes, Reg dst, Reg a, const SimdSource& b, int imm = kNoImm,
           uint32_t w = 0);
  /// dst = op src
  void rm(Opcode op, Reg dst, Reg src, int imm = kNoImm, uint32_t w = 0);
  void rm_mem(Opcode op, Reg dst, const Mem& m);
  void op_mem(Opcode op, uint32_t w, Reg dst, Reg a, const Mem& m, int imm);
  void move(Reg dst, Reg src);
  void zero(Reg dst);
  void ones(Reg dst);
  /// psll, psrl or psra (slash 6, 2, 4) of lanes of 16, 32 or 64 bits by a constant.
  void shift_lanes(uint32_t slash, uint32_t lane_bits, Reg dst, Reg src, uint32_t count);
  /// The same constant in each lane of `lane_bytes`, as a source for the instruction that follows.
  SimdSource repeated(uint64_t lane, uint32_t lane_bytes);
  SimdSource pair(uint64_t low, uint64_t high);

  // --- simd_int.cpp
  void emit_int(Op op, Args x);
  void invert(Reg dst);
  void equals_limit(Args x, Opcode limit, Opcode equal, bool inverted);
  void greater64(Reg dst, Reg a, Reg b, Reg temp);
  void count_to_xmm(Reg count, uint32_t mask, uint32_t plus);
  void shift(Args x, Opcode op, uint32_t mask);
  void shift_bytes_left(Args x);
  void shift_bytes_right(Args x);
  void shift_bytes_right_signed(Args x);
  void shift64_right_signed(Args x);
  void shift_bytes_imm(Op op, Reg dst, Reg a, uint32_t count);
  void shift64_right_signed_imm(Reg dst, Reg a, uint32_t count);
  void negate(Args x, Opcode sign);
  void negate64(Args x);
  void abs64(Args x);
  void multiply64(Args x);
  void popcnt_bytes(Args x);
  void extend_high(Args x, Opcode extend);
  void extmul_bytes(Args x, Half half, Opcode extend);
  void extmul_words(Args x, Opcode high_product, Opcode unpack);
  void extmul_dwords(Args x, Half half, Opcode multiply);
  void extadd_bytes_signed(Args x);
  void extadd_words_unsigned(Args x);
  void q15_multiply_saturated(Args x);
  void dot_add(Args x);
  void dot_accumulate(Reg sum, Reg unsigned_bytes, Reg signed_bytes);
  void bitselect(Args x);
  void blend(Args x, uint8_t byte);
  void bitmask_words(Args x);
  void swizzle(Args x);

  // --- simd_float.cpp
  void emit_float(Op op, Args x);
  void fmin(FWidth w, Args x);
  void fmax(FWidth w, Args x);
  void quiet_nan(FWidth w, Reg dst);
  void multiply_add(FWidth w, bool negated, Args x);
  void convert_unsigned(Args x);
  void convert_low_unsigned(Args x);
  void mark_overflow(Reg dst);
  void truncate_f32_signed(Args x);
  void truncate_f32_unsigned(Args x);
  void truncate_f64_signed(Args x);
  void truncate_f64_unsigned(Args x);

  // --- simd_lanes.cpp
  void splat(Op op, Reg dst, Reg src);
  void splat_low(uint32_t lane_bytes, Reg dst);
  bool shuffle_one(const uint8_t* lanes, Reg dst, Reg a);
  bool shuffle_two(const uint8_t* lanes, Reg dst, Reg a, Reg b);

  Masm& m_;
  const bool avx_;
  alignas(16) uint8_t bytes_[16] = {};  // of the latest repeated() or pair()
};

}  // namespace sluice

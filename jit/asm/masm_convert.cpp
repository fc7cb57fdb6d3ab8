// Conversions between integers and floats (spec 4.3.3, 4.3.4).
//
// The hardware's truncation gives 0x80… for anything it cannot represent. The inline part takes
// that as a hint; what it means is found out behind the body: a trap, a saturated value, or the
// smallest integer itself.
#include "jit/asm/rare.h"

namespace sluice {

namespace {
constexpr uint64_t kMinusTwoTo63F32 = 0xdf00'0000;
constexpr uint64_t kMinusTwoTo63F64 = 0xc3e0'0000'0000'0000;
constexpr uint64_t kMinusTwoTo31F32 = 0xcf00'0000;
constexpr uint64_t kMinusTwoTo31Less1F64 = 0xc1e0'0000'0020'0000;

uint8_t scalar_prefix(FWidth w) { return w == FWidth::F64 ? 0xf2 : 0xf3; }
}  // namespace

void Masm::f32_to_f64(Reg dst, Reg src) {
  Opcode op{0xf3, 1, 0x5a};
  if (cpu_.avx) return e_.vex_reg_reg(op, 0, num(dst), num(src), num(src));
  e_.reg_reg(op, 0, num(dst), num(src));
}

void Masm::f64_to_f32(Reg dst, Reg src) {
  Opcode op{0xf2, 1, 0x5a};
  if (cpu_.avx) return e_.vex_reg_reg(op, 0, num(dst), num(src), num(src));
  e_.reg_reg(op, 0, num(dst), num(src));
}

void Masm::cvt_to_int(FWidth from, uint32_t w, Reg dst, Reg src) {
  sse({scalar_prefix(from), 1, 0x2c}, w, dst, src);
}

// The instruction keeps the destination's upper part: clearing it first cuts a false dependency.
void Masm::cvt_to_float(uint32_t w, FWidth to, Reg dst, Reg src) {
  fconst(to, dst, 0);
  Opcode op{scalar_prefix(to), 1, 0x2a};
  if (cpu_.avx) return e_.vex_reg_reg(op, w, num(dst), num(dst), num(src));
  e_.reg_reg(op, w, num(dst), num(src));
}

void Masm::int_to_float(Width from, FWidth to, Reg xmm_dst, Reg src) {
  cvt_to_float(wbit(from), to, xmm_dst, src);
}

void Masm::uint_to_float(Width from, FWidth to, Reg xmm_dst, Reg src) {
  if (from == W32) return cvt_to_float(1, to, xmm_dst, src);  // the upper half is zero
  test(W64, src, src);
  SlowPath& path = queue_slow(Cond::Sign, SlowKind::UnsignedToFloat);
  path.fwidth = to;
  path.dst = xmm_dst;
  path.src = src;
  cvt_to_float(1, to, xmm_dst, src);
  slow_paths_.back().resume = offset();
}

// Halve, keeping the lowest bit sticky so that rounding comes out the same; convert; double.
void Masm::emit_unsigned_to_float(const SlowPath& path) {
  mov(W64, kScratchGpr, path.src);
  shift_imm(Shift::Shr, W64, kScratchGpr, 1);
  uint32_t even = short_jcc(Cond::NoCarry);
  alu_imm(Alu::Or, W64, kScratchGpr, 1);
  close_short(even);
  cvt_to_float(1, path.fwidth, path.dst, kScratchGpr);
  farith(FArith::Add, path.fwidth, path.dst, path.dst, path.dst);
  jmp_to(path.resume);
}

void Masm::float_to_int(FWidth from, Width to, bool is_signed, Reg dst, Reg xmm_src) {
  truncate(from, to, is_signed, false, dst, xmm_src);
}

void Masm::float_to_int_sat(FWidth from, Width to, bool is_signed, Reg dst, Reg xmm_src) {
  truncate(from, to, is_signed, true, dst, xmm_src);
}

void Masm::truncate(FWidth from, Width to, bool is_signed, bool saturate, Reg dst, Reg src) {
  Cond suspicious = Cond::Overflow;
  if (is_signed) {
    cvt_to_int(from, wbit(to), dst, src);
    alu_imm(Alu::Cmp, to, dst, 1);  // overflows for 0x80… only
  } else if (to == W32) {
    // All of u32 fits the signed 64-bit truncation; what doesn't fit has upper bits.
    cvt_to_int(from, 1, dst, src);
    mov(W32, kScratchGpr, dst);
    alu(Alu::Cmp, W64, kScratchGpr, dst);
    suspicious = Cond::NotEqual;
  } else {
    cvt_to_int(from, 1, dst, src);
    test(W64, dst, dst);
    suspicious = Cond::Sign;
  }
  SlowPath& path = queue_slow(suspicious, SlowKind::Truncate);
  path.is_signed = is_signed;
  path.saturate = saturate;
  path.fwidth = from;
  path.width = to;
  path.dst = dst;
  path.src = src;
  path.resume = offset();
}

void Masm::emit_truncate(const SlowPath& path, Vector<SourceMark>* marks) {
  if (!path.is_signed && path.width == W64) {
    // 2^63 and more: truncate the rest and put the top bit back. Negative numbers and NaN fail
    // again.
    bool f64 = path.fwidth == FWidth::F64;
    fconst(path.fwidth, kScratchXmm, f64 ? kMinusTwoTo63F64 : kMinusTwoTo63F32);
    farith(FArith::Add, path.fwidth, kScratchXmm, path.src, kScratchXmm);
    cvt_to_int(path.fwidth, 1, path.dst, kScratchXmm);
    test(W64, path.dst, path.dst);
    uint32_t failed = short_jcc(Cond::Sign);
    {
      RareScope rare(*this);
      rare.a.btc(RareScope::gp(W64, path.dst), 63);
    }
    jmp_to(path.resume);
    close_short(failed);
  }
  if (path.saturate) return emit_saturation(path);
  emit_truncate_failure(path, marks);
}

void Masm::emit_truncate_failure(const SlowPath& path, Vector<SourceMark>* marks) {
  bool f64 = path.fwidth == FWidth::F64;
  fcompare(path.fwidth, path.src, path.src);
  uint32_t number = short_jcc(Cond::NoParity);
  emit_trap_stub(static_cast<uint8_t>(TrapCode::InvalidConversion), path.wasm_offset, marks);
  close_short(number);
  if (path.is_signed) {
    // Right after all if the value is negative and not below the smallest integer.
    bool open_bound = f64 && path.width == W32;  // there are f64 between -2^31 and -2^31 - 1
    uint64_t bound = path.width == W32 ? (f64 ? kMinusTwoTo31Less1F64 : kMinusTwoTo31F32)
                                       : (f64 ? kMinusTwoTo63F64 : kMinusTwoTo63F32);
    fcompare_const(path.fwidth, path.src, bound);
    uint32_t too_small = short_jcc(open_bound ? Cond::BelowEqual : Cond::Below);
    fconst(path.fwidth, kScratchXmm, 0);
    fcompare(path.fwidth, path.src, kScratchXmm);
    uint32_t too_large = short_jcc(Cond::Above);
    jmp_to(path.resume);
    close_short(too_small);
    close_short(too_large);
  }
  emit_trap_stub(static_cast<uint8_t>(TrapCode::IntegerOverflow), path.wasm_offset, marks);
}

void Masm::emit_saturation(const SlowPath& path) {
  fconst(path.fwidth, kScratchXmm, 0);
  fcompare(path.fwidth, path.src, kScratchXmm);
  if (path.is_signed) {
    // Negative: the smallest integer is there already.
    uint32_t unordered = short_jcc(Cond::Parity);
    uint32_t negative = short_jcc(Cond::Below);
    mov_imm(path.width, path.dst, path.width == W64 ? 0x7fff'ffff'ffff'ffff : 0x7fff'ffff);
    close_short(negative);
    jmp_to(path.resume);
    close_short(unordered);
  } else {
    uint32_t negative_or_nan = short_jcc(Cond::Below);
    mov_imm(path.width, path.dst, ~uint64_t{0});
    jmp_to(path.resume);
    close_short(negative_or_nan);
  }
  zero(path.dst);
  jmp_to(path.resume);
}

}  // namespace sluice

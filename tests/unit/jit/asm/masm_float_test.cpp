// Instruction sequences of the macro assembler, executed: min, max, copysign, conversions, bit
// counting, in the variants for every set of CPU features, against plain C++.
#include <bit>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "jit/asm/target.h"
#include "tests/unit/jit/asm/execute.h"

namespace sluice {
namespace {

std::vector<CpuFeatures> variants() {
  CpuFeatures host = host_cpu_features();
  CpuFeatures no_avx = host;
  no_avx.avx = false;
  return {CpuFeatures{}, no_avx, host};
}

const double kF64s[] = {0.0,
                        -0.0,
                        1.0,
                        -1.0,
                        0.5,
                        -0.5,
                        1.5,
                        2.5,
                        -2.5,
                        -0.9999999,
                        1e300,
                        -1e300,
                        2147483647.0,
                        2147483647.9,
                        2147483648.0,
                        -2147483648.0,
                        -2147483648.9,
                        -2147483649.0,
                        4294967295.0,
                        4294967295.9,
                        4294967296.0,
                        9223372036854774784.0,
                        9223372036854775808.0,
                        -9223372036854775808.0,
                        -9223372036854777856.0,
                        18446744073709549568.0,
                        18446744073709551616.0,
                        5e-324,
                        std::numeric_limits<double>::infinity(),
                        -std::numeric_limits<double>::infinity(),
                        std::nan(""),
                        -std::nan(""),
                        std::bit_cast<double>(0x7ff0000000000001)};

uint64_t bits_of(double d) { return std::bit_cast<uint64_t>(d); }
uint32_t bits_of(float f) { return std::bit_cast<uint32_t>(f); }

template <class T>
T wasm_min(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return a + b;
  if (a == b) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <class T>
T wasm_max(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return a + b;
  if (a == b) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

template <class T>
void check_binary(FWidth w) {
  using Function = T(T, T);
  struct Op {
    void (Masm::*emit)(FWidth, Reg, Reg, Reg);
    T (*expected)(T, T);
  };
  Op ops[] = {{&Masm::fmin, wasm_min<T>},
              {&Masm::fmax, wasm_max<T>},
              {&Masm::fcopysign, [](T a, T b) { return std::copysign(a, b); }}};
  // Where the result goes: over the first, over the second, elsewhere.
  for (const CpuFeatures& cpu : variants()) {
    for (const Op& op : ops) {
      for (Reg dst : {Reg::Xmm0, Reg::Xmm1, Reg::Xmm9}) {
        Masm masm(cpu);
        (masm.*op.emit)(w, dst, Reg::Xmm0, Reg::Xmm1);
        if (dst != Reg::Xmm0) masm.fmov(w, Reg::Xmm0, dst);
        masm.ret(0);
        Executable code(masm);
        for (double a : kF64s) {
          for (double b : kF64s) {
            T x = static_cast<T>(a), y = static_cast<T>(b);
            T got = code.as<Function>()(x, y), want = op.expected(x, y);
            if (std::isnan(want) && op.emit != &Masm::fcopysign) {
              EXPECT_TRUE(std::isnan(got)) << a << ", " << b;
            } else {
              EXPECT_EQ(bits_of(got), bits_of(want)) << a << ", " << b;
            }
          }
        }
      }
    }
  }
}

TEST(MasmFloat, MinMaxCopysign) {
  check_binary<double>(FWidth::F64);
  check_binary<float>(FWidth::F32);
}

TEST(MasmFloat, NanResultsAreQuiet) {
  for (const CpuFeatures& cpu : variants()) {
    Masm masm(cpu);
    masm.fmin(FWidth::F64, Reg::Xmm0, Reg::Xmm0, Reg::Xmm1);
    masm.mov_to_gpr(W64, Reg::Rax, Reg::Xmm0);
    masm.ret(0);
    Executable code(masm);
    uint64_t got =
        code.as<uint64_t(double, double)>()(std::bit_cast<double>(0x7ff0000000000001), 1);
    EXPECT_EQ(got, 0x7ff8000000000001u);
  }
}

template <class T>
void check_unary(FWidth w) {
  struct Op {
    std::function<void(Masm&, Reg)> emit;
    T (*expected)(T);
  };
  using Round = Masm::Round;
  Op ops[] = {
      {[=](Masm& m, Reg d) { m.fabs(w, d, Reg::Xmm0); },
       [](T x) { return std::copysign(x, T{1}); }},
      {[=](Masm& m, Reg d) { m.fneg(w, d, Reg::Xmm0); },
       [](T x) { return std::copysign(x, std::signbit(x) ? T{1} : T{-1}); }},
      {[=](Masm& m, Reg d) { m.fround(Round::Nearest, w, d, Reg::Xmm0); },
       [](T x) { return std::nearbyint(x); }},
      {[=](Masm& m, Reg d) { m.fround(Round::Floor, w, d, Reg::Xmm0); },
       [](T x) { return std::floor(x); }},
      {[=](Masm& m, Reg d) { m.fround(Round::Ceil, w, d, Reg::Xmm0); },
       [](T x) { return std::ceil(x); }},
      {[=](Masm& m, Reg d) { m.fround(Round::Trunc, w, d, Reg::Xmm0); },
       [](T x) { return std::trunc(x); }},
      {[=](Masm& m, Reg d) { m.farith(FArith::Sqrt, w, d, Reg::Xmm0, Reg::Xmm0); },
       [](T x) { return std::sqrt(x); }},
  };
  for (const CpuFeatures& cpu : variants()) {
    for (const Op& op : ops) {
      for (Reg dst : {Reg::Xmm0, Reg::Xmm12}) {
        Masm masm(cpu);
        op.emit(masm, dst);
        if (dst != Reg::Xmm0) masm.fmov(w, Reg::Xmm0, dst);
        masm.ret(0);
        Executable code(masm);
        for (double a : kF64s) {
          T x = static_cast<T>(a);
          T got = code.as<T(T)>()(x), want = op.expected(x);
          if (std::isnan(want)) {
            EXPECT_TRUE(std::isnan(got));
          } else {
            EXPECT_EQ(bits_of(got), bits_of(want)) << a;
          }
        }
      }
    }
  }
}

TEST(MasmFloat, Unary) {
  check_unary<double>(FWidth::F64);
  check_unary<float>(FWidth::F32);
}

template <class I, class F>
bool in_range(F x) {
  if (std::isnan(x)) return false;
  F t = std::trunc(x);
  long double low = static_cast<long double>(std::numeric_limits<I>::min());
  long double high = static_cast<long double>(std::numeric_limits<I>::max());
  return t >= low && t <= high;
}

template <class I, class F>
I saturated(F x) {
  if (std::isnan(x)) return 0;
  if (in_range<I>(x)) return static_cast<I>(x);
  return x < 0 ? std::numeric_limits<I>::min() : std::numeric_limits<I>::max();
}

template <class I, class F>
void check_truncation(FWidth from, Width to) {
  constexpr bool kSigned = std::is_signed_v<I>;
  for (const CpuFeatures& cpu : variants()) {
    Masm masm(cpu);
    masm.float_to_int_sat(from, to, kSigned, Reg::Rax, Reg::Xmm0);
    masm.ret(0);
    Executable saturating(masm);
    masm.begin();
    masm.float_to_int(from, to, kSigned, Reg::Rax, Reg::Xmm0);
    masm.ret(0);
    Executable trapping(masm);
    for (double d : kF64s) {
      F x = static_cast<F>(d);
      // The whole register counts: an i32's upper half is zero.
      uint64_t want = static_cast<std::make_unsigned_t<I>>(saturated<I>(x));
      EXPECT_EQ(saturating.as<uint64_t(F)>()(x), want) << d;
      if (!in_range<I>(x)) continue;  // would trap
      EXPECT_EQ(trapping.as<uint64_t(F)>()(x), want) << d;
    }
  }
}

TEST(MasmFloat, Truncation) {
  check_truncation<int32_t, float>(FWidth::F32, W32);
  check_truncation<int32_t, double>(FWidth::F64, W32);
  check_truncation<uint32_t, float>(FWidth::F32, W32);
  check_truncation<uint32_t, double>(FWidth::F64, W32);
  check_truncation<int64_t, float>(FWidth::F32, W64);
  check_truncation<int64_t, double>(FWidth::F64, W64);
  check_truncation<uint64_t, float>(FWidth::F32, W64);
  check_truncation<uint64_t, double>(FWidth::F64, W64);
}

const uint64_t kInts[] = {0,
                          1,
                          2,
                          3,
                          0x7f,
                          0x80,
                          0xff,
                          0x7fffffff,
                          0x80000000,
                          0xffffffff,
                          0x100000000,
                          0x20000000000001,
                          0x7fffffffffffffff,
                          0x8000000000000000,
                          0x8000000000000400,
                          0x8000000000000401,
                          0x8000008000000001,
                          0xfffffffffffffbff,
                          0xfffffffffffffc00,
                          0xffffffffffffffff,
                          0x00ff00ff12345678};

template <class F>
void check_int_to_float(FWidth to) {
  for (const CpuFeatures& cpu : variants()) {
    for (bool is_signed : {false, true}) {
      for (Width from : {W32, W64}) {
        Masm masm(cpu);
        if (is_signed) {
          masm.int_to_float(from, to, Reg::Xmm0, Reg::Rdi);
        } else {
          masm.uint_to_float(from, to, Reg::Xmm0, Reg::Rdi);
        }
        masm.ret(0);
        Executable code(masm);
        for (uint64_t value : kInts) {
          if (from == W32) value = static_cast<uint32_t>(value);
          F want = is_signed ? (from == W32 ? static_cast<F>(static_cast<int32_t>(value))
                                            : static_cast<F>(static_cast<int64_t>(value)))
                             : static_cast<F>(value);
          EXPECT_EQ(code.as<F(uint64_t)>()(value), want) << value;
        }
      }
    }
  }
}

TEST(MasmFloat, IntToFloat) {
  check_int_to_float<double>(FWidth::F64);
  check_int_to_float<float>(FWidth::F32);
}

TEST(MasmInt, BitCounting) {
  struct Op {
    void (Masm::*emit)(Width, Reg, Reg);
    int (*of32)(uint32_t);
    int (*of64)(uint64_t);
  };
  Op ops[] = {
      {&Masm::clz, std::countl_zero<uint32_t>, std::countl_zero<uint64_t>},
      {&Masm::ctz, std::countr_zero<uint32_t>, std::countr_zero<uint64_t>},
      {&Masm::popcnt, std::popcount<uint32_t>, std::popcount<uint64_t>},
  };
  for (const CpuFeatures& cpu : variants()) {
    for (const Op& op : ops) {
      for (Width w : {W32, W64}) {
        for (Reg dst : {Reg::Rax, Reg::Rdi}) {
          Masm masm(cpu);
          (masm.*op.emit)(w, dst, Reg::Rdi);
          if (dst != Reg::Rax) masm.mov(W64, Reg::Rax, dst);
          masm.ret(0);
          Executable code(masm);
          for (uint64_t value : kInts) {
            if (w == W32) value = static_cast<uint32_t>(value);
            int want = w == W32 ? op.of32(static_cast<uint32_t>(value)) : op.of64(value);
            EXPECT_EQ(code.as<uint64_t(uint64_t)>()(value), static_cast<uint64_t>(want)) << value;
          }
        }
      }
    }
  }
}

TEST(MasmInt, FloatConditionsAsValues) {
  for (const CpuFeatures& cpu : variants()) {
    for (Cond cond : {Cond::FloatEqual, Cond::FloatNotEqual, Cond::Above, Cond::AboveEqual}) {
      // The same question three ways: as a value, by a conditional move, by a jump.
      Masm masm(cpu);
      masm.fcompare(FWidth::F64, Reg::Xmm0, Reg::Xmm1);
      masm.set_bool(cond, Reg::Rax);
      masm.mov_imm(W32, Reg::Rcx, 0);
      masm.mov_imm(W32, Reg::Rdx, 2);
      masm.fcompare(FWidth::F64, Reg::Xmm0, Reg::Xmm1);
      masm.cmov(cond, W32, Reg::Rcx, Reg::Rdx);
      Label taken;
      masm.mov_imm(W32, Reg::Rsi, 4);
      masm.jcc(cond, taken);
      masm.mov_imm(W32, Reg::Rsi, 0);
      masm.bind(taken);
      masm.alu(Alu::Or, W32, Reg::Rax, Reg::Rcx);
      masm.alu(Alu::Or, W32, Reg::Rax, Reg::Rsi);
      masm.ret(0);
      Executable code(masm);
      for (double a : kF64s) {
        for (double b : kF64s) {
          bool want = cond == Cond::FloatEqual      ? a == b
                      : cond == Cond::FloatNotEqual ? a != b
                      : cond == Cond::Above         ? a > b
                                                    : a >= b;
          EXPECT_EQ(code.as<uint64_t(double, double)>()(a, b), want ? 7u : 0u) << a << " " << b;
        }
      }
    }
  }
}

TEST(MasmInt, JumpTables) {
  Masm masm{CpuFeatures{}};
  Label labels[5];
  masm.mov(W32, Reg::Rdx, Reg::Rdi);
  masm.jump_table(Reg::Rdx);
  for (Label& label : labels) masm.table_entry(label);
  for (uint64_t i = 0; i < 5; ++i) {
    masm.bind(labels[i]);
    masm.mov_imm(W32, Reg::Rax, 100 + i);
    masm.ret(0);
  }
  Executable code(masm);
  for (uint32_t i = 0; i < 5; ++i) EXPECT_EQ(code.as<uint32_t(uint32_t)>()(i), 100 + i);
}

}  // namespace
}  // namespace sluice

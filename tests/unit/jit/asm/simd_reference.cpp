// The lanes' arithmetic. One line for each instruction; `map` and its like say how lanes meet.
#include "tests/unit/jit/asm/simd_reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <type_traits>

namespace sluice::test {

namespace {

template <class T>
using Unsigned = std::make_unsigned_t<T>;

/// Lanes of type T of the operands make lanes of the type that `f` returns.
template <class T, class F>
V128 map(const V128& a, F f) {
  V128 out;
  for (size_t i = 0; i < kLanes<T>; ++i) out.set(i, f(a.get<T>(i)));
  return out;
}
template <class T, class F>
V128 map(const V128& a, const V128& b, F f) {
  V128 out;
  for (size_t i = 0; i < kLanes<T>; ++i) out.set(i, f(a.get<T>(i), b.get<T>(i)));
  return out;
}
template <class T, class F>
V128 compare(const V128& a, const V128& b, F holds) {
  using Mask =
      std::conditional_t<sizeof(T) == 1, int8_t,
                         std::conditional_t<sizeof(T) == 2, int16_t,
                                            std::conditional_t<sizeof(T) == 4, int32_t, int64_t>>>;
  return map<T>(a, b, [&](T x, T y) { return static_cast<Mask>(holds(x, y) ? -1 : 0); });
}

template <class To, class From>
To saturate(From x) {
  const From low = static_cast<From>(std::numeric_limits<To>::min());
  const From high = static_cast<From>(std::numeric_limits<To>::max());
  return static_cast<To>(std::clamp(x, low, high));
}

template <class T, class F>
V128 saturating(const V128& a, const V128& b, F f) {
  return map<T>(a, b, [&](T x, T y) { return saturate<T>(f(int64_t{x}, int64_t{y})); });
}

template <class T>
V128 shift(Op shl, Op shr, Op op, const V128& a, const V128& b) {
  const uint32_t count = b.get<uint32_t>(0) % (8 * sizeof(T));
  return map<T>(a, [&](T x) {
    if (op == shl) return static_cast<T>(static_cast<Unsigned<T>>(x) << count);
    if (op == shr) return static_cast<T>(x >> count);
    return static_cast<T>(static_cast<Unsigned<T>>(x) >> count);
  });
}

template <class To, class From>
V128 narrow(const V128& a, const V128& b) {
  V128 out;
  for (size_t i = 0; i < kLanes<To>; ++i) {
    const V128& from = i < kLanes<From> ? a : b;
    out.set(i, saturate<To>(int64_t{from.get<From>(i % kLanes<From>)}));
  }
  return out;
}

/// Lane i of the result from lane i, or that of the upper half, of the narrower operands.
template <class To, class From, class F>
V128 widen(bool high, const V128& a, const V128& b, F f) {
  V128 out;
  const size_t first = high ? kLanes<To> : 0;
  for (size_t i = 0; i < kLanes<To>; ++i) {
    out.set(i, static_cast<To>(f(To{a.get<From>(first + i)}, To{b.get<From>(first + i)})));
  }
  return out;
}
template <class To, class From>
V128 extend(bool high, const V128& a) {
  return widen<To, From>(high, a, a, [](To x, To) { return x; });
}
template <class To, class From>
V128 extmul(bool high, const V128& a, const V128& b) {
  using U = Unsigned<To>;
  return widen<To, From>(high, a, b, [](To x, To y) {
    return static_cast<To>(static_cast<uint64_t>(U(x)) * static_cast<uint64_t>(U(y)));
  });
}
/// f over the lanes 2i and 2i + 1.
template <class To, class From, class F>
V128 pairwise(const V128& a, const V128& b, F f) {
  V128 out;
  for (size_t i = 0; i < kLanes<To>; ++i) {
    out.set(i,
            static_cast<To>(f(int64_t{a.get<From>(2 * i)}, int64_t{b.get<From>(2 * i)}) +
                            f(int64_t{a.get<From>(2 * i + 1)}, int64_t{b.get<From>(2 * i + 1)})));
  }
  return out;
}
template <class To, class From>
V128 extadd(const V128& a) {
  return pairwise<To, From>(a, a, [](int64_t x, int64_t) { return x; });
}

template <class T>
V128 scalar(T value) {
  V128 out;
  out.set(0, value);
  return out;
}
template <class T>
V128 all_true(const V128& a) {
  uint32_t all = 1;
  for (size_t i = 0; i < kLanes<T>; ++i) all &= a.get<T>(i) != 0 ? 1u : 0u;
  return scalar(all);
}
template <class T>
V128 bitmask(const V128& a) {
  uint32_t mask = 0;
  for (size_t i = 0; i < kLanes<T>; ++i) mask |= (a.get<T>(i) < 0 ? 1u : 0u) << i;
  return scalar(mask);
}
template <class T>
V128 splat(const V128& a) {
  V128 out;
  for (size_t i = 0; i < kLanes<T>; ++i) out.set(i, a.get<T>(0));
  return out;
}

template <class T>
T float_min(T x, T y) {
  if (std::isnan(x) || std::isnan(y)) return std::numeric_limits<T>::quiet_NaN();
  if (x == y) return std::signbit(x) ? x : y;
  return x < y ? x : y;
}
template <class T>
T float_max(T x, T y) {
  if (std::isnan(x) || std::isnan(y)) return std::numeric_limits<T>::quiet_NaN();
  if (x == y) return std::signbit(x) ? y : x;
  return x > y ? x : y;
}
template <class To, class From>
To truncate_sat(From x) {
  if (std::isnan(x)) return 0;
  const double t = std::trunc(static_cast<double>(x));
  if (t <= static_cast<double>(std::numeric_limits<To>::min())) {
    return std::numeric_limits<To>::min();
  }
  if (t >= static_cast<double>(std::numeric_limits<To>::max())) {
    return std::numeric_limits<To>::max();
  }
  return static_cast<To>(t);
}
/// From the low two lanes of the wider type, zeros above; or to them.
template <class To, class From, class F>
V128 low_two(const V128& a, F f) {
  V128 out;
  for (size_t i = 0; i < 2; ++i) out.set(i, static_cast<To>(f(a.get<From>(i))));
  return out;
}

V128 bit_select(const V128& a, const V128& b, const V128& c) {
  V128 out;
  for (size_t i = 0; i < 16; ++i) {
    out.bytes[i] = static_cast<uint8_t>((a.bytes[i] & c.bytes[i]) | (b.bytes[i] & ~c.bytes[i]));
  }
  return out;
}
template <class T>
SimdAnswer lane_select(const V128& a, const V128& b, const V128& c) {
  V128 by_top_bit;
  for (size_t i = 0; i < kLanes<T>; ++i) {
    by_top_bit.set(i, c.get<T>(i) < 0 ? a.get<T>(i) : b.get<T>(i));
  }
  return {{bit_select(a, b, c), by_top_bit}, sizeof(T)};
}

template <class T>
SimdAnswer floats(V128 v) {
  return {{v}, sizeof(T), Nans::OfOperands};
}
template <class T>
SimdAnswer relaxed_minmax(bool max, const V128& a, const V128& b) {
  // Unordered: a NaN or either operand; zeros: either.
  return {{map<T>(a, b, [&](T x, T y) { return max ? float_max(x, y) : float_min(x, y); }),
           map<T>(a, b, [&](T x, T y) { return max ? (x < y ? y : x) : (y < x ? y : x); }),
           map<T>(b, a, [&](T x, T y) { return max ? (x < y ? y : x) : (y < x ? y : x); })},
          sizeof(T),
          Nans::OfOperands};
}
template <class T>
SimdAnswer relaxed_madd(bool negated, const V128& a, const V128& b, const V128& c) {
  SimdAnswer answer{{V128(), V128()}, sizeof(T), Nans::OfOperands};
  for (size_t i = 0; i < kLanes<T>; ++i) {
    const T x = negated ? -a.get<T>(i) : a.get<T>(i);
    volatile T product = x * b.get<T>(i);
    answer.allowed[0].set(i, static_cast<T>(product + c.get<T>(i)));
    answer.allowed[1].set(i, std::fma(x, b.get<T>(i), c.get<T>(i)));
  }
  return answer;
}
SimdAnswer relaxed_dot(const V128& a, const V128& b) {
  SimdAnswer answer;
  answer.lane_bytes = 2;
  answer.allowed = {
      pairwise<int16_t, int8_t>(a, b, [](int64_t x, int64_t y) { return x * y; }),
      pairwise<int16_t, int8_t>(a, b, [](int64_t x, int64_t y) { return x * (y & 0xff); })};
  V128 saturated;
  for (size_t i = 0; i < 8; ++i) {
    const int64_t sum = int64_t{a.get<int8_t>(2 * i)} * b.get<uint8_t>(2 * i) +
                        int64_t{a.get<int8_t>(2 * i + 1)} * b.get<uint8_t>(2 * i + 1);
    saturated.set(i, saturate<int16_t>(sum));
  }
  answer.allowed.push_back(saturated);
  return answer;
}
SimdAnswer relaxed_dot_add(const V128& a, const V128& b, const V128& c) {
  SimdAnswer answer;
  answer.lane_bytes = 4;
  for (const V128& words : relaxed_dot(a, b).allowed) {
    answer.allowed.push_back(map<uint32_t>(extadd<int32_t, int16_t>(words), c,
                                           [](uint32_t x, uint32_t y) { return x + y; }));
  }
  // No narrowing in between.
  V128 wide;
  for (size_t i = 0; i < 4; ++i) {
    int64_t sum = c.get<int32_t>(i);
    for (size_t k = 4 * i; k < 4 * i + 4; ++k) sum += a.get<int8_t>(k) * b.get<uint8_t>(k);
    wide.set(i, static_cast<int32_t>(sum));
  }
  answer.allowed.push_back(wide);
  return answer;
}
template <class To, class From>
SimdAnswer relaxed_truncate(V128 saturated, const V128& a, size_t lanes) {
  V128 other = saturated;  // out of range: the hardware's number
  for (size_t i = 0; i < lanes; ++i) {
    const double x = std::trunc(static_cast<double>(a.get<From>(i)));
    const bool fits = x >= static_cast<double>(std::numeric_limits<To>::min()) &&
                      x <= static_cast<double>(std::numeric_limits<To>::max());
    if (!fits) {
      other.set(i, std::is_signed_v<To> ? std::numeric_limits<To>::min()
                                        : std::numeric_limits<To>::max());
    }
  }
  return {{saturated, other}, sizeof(To)};
}
V128 swizzle(const V128& a, const V128& b, uint8_t zero_from) {
  V128 out;
  for (size_t i = 0; i < 16; ++i) {
    out.bytes[i] = b.bytes[i] < zero_from ? a.bytes[b.bytes[i] & 15] : uint8_t{0};
  }
  return out;
}
int16_t q15(int16_t x, int16_t y, bool saturated) {
  const int32_t product = (int32_t{x} * y + 0x4000) >> 15;
  return saturated ? saturate<int16_t>(product) : static_cast<int16_t>(product);
}

#define SHAPE_COMPARES(shape, T)                                                                   \
  case Op::shape##Eq: return {{compare<T>(a, b, [](T x, T y) { return x == y; })}};                \
  case Op::shape##Ne:                                                                              \
    return {                                                                                       \
      {                                                                                            \
        compare<T>(a, b, [](T x, T y) { return x != y; })                                          \
      }                                                                                            \
    }
#define SIGNED_COMPARES(shape, T)                                                                  \
  SHAPE_COMPARES(shape, T);                                                                        \
  case Op::shape##LtS: return {{compare<T>(a, b, [](T x, T y) { return x < y; })}};                \
  case Op::shape##GtS: return {{compare<T>(a, b, [](T x, T y) { return x > y; })}};                \
  case Op::shape##LeS: return {{compare<T>(a, b, [](T x, T y) { return x <= y; })}};               \
  case Op::shape##GeS:                                                                             \
    return {                                                                                       \
      {                                                                                            \
        compare<T>(a, b, [](T x, T y) { return x >= y; })                                          \
      }                                                                                            \
    }
#define UNSIGNED_COMPARES(shape, T)                                                                \
  case Op::shape##LtU: return {{compare<T>(a, b, [](T x, T y) { return x < y; })}};                \
  case Op::shape##GtU: return {{compare<T>(a, b, [](T x, T y) { return x > y; })}};                \
  case Op::shape##LeU: return {{compare<T>(a, b, [](T x, T y) { return x <= y; })}};               \
  case Op::shape##GeU:                                                                             \
    return {                                                                                       \
      {                                                                                            \
        compare<T>(a, b, [](T x, T y) { return x >= y; })                                          \
      }                                                                                            \
    }
#define FLOAT_COMPARES(shape, T)                                                                   \
  SHAPE_COMPARES(shape, T);                                                                        \
  case Op::shape##Lt: return {{compare<T>(a, b, [](T x, T y) { return x < y; })}};                 \
  case Op::shape##Gt: return {{compare<T>(a, b, [](T x, T y) { return x > y; })}};                 \
  case Op::shape##Le: return {{compare<T>(a, b, [](T x, T y) { return x <= y; })}};                \
  case Op::shape##Ge:                                                                              \
    return {                                                                                       \
      {                                                                                            \
        compare<T>(a, b, [](T x, T y) { return x >= y; })                                          \
      }                                                                                            \
    }
// Arithmetic that every integer shape has.
#define INTEGERS(shape, T)                                                                         \
  case Op::shape##Add:                                                                             \
    return {{map<T>(a, b, [](T x, T y) { return T(Unsigned<T>(x) + Unsigned<T>(y)); })}};          \
  case Op::shape##Sub:                                                                             \
    return {{map<T>(a, b, [](T x, T y) { return T(Unsigned<T>(x) - Unsigned<T>(y)); })}};          \
  case Op::shape##Neg: return {{map<T>(a, [](T x) { return T(0 - Unsigned<T>(x)); })}};            \
  case Op::shape##Abs:                                                                             \
      return {{map<T>(a, [](T x) { return x < 0 ? T(0 - Unsigned<T>(x)) : x; })}};                 \
  case Op::shape##AllTrue: return {{all_true<T>(a)}};                                              \
  case Op::shape##Bitmask: return {{bitmask<T>(a)}};                                               \
  case Op::shape##Splat: return {{splat<T>(a)}};                                                   \
  case Op::shape##Shl:                                                                             \
  case Op::shape##ShrS:                                                                            \
  case Op::shape##ShrU:                                                                            \
    return {                                                                                       \
      {                                                                                            \
        shift<T>(Op::shape##Shl, Op::shape##ShrS, op, a, b)                                        \
      }                                                                                            \
    }
#define MIN_MAX(shape, T, U)                                                                       \
  case Op::shape##MinS: return {{map<T>(a, b, [](T x, T y) { return std::min(x, y); })}};          \
  case Op::shape##MaxS: return {{map<T>(a, b, [](T x, T y) { return std::max(x, y); })}};          \
  case Op::shape##MinU: return {{map<U>(a, b, [](U x, U y) { return std::min(x, y); })}};          \
  case Op::shape##MaxU:                                                                            \
    return {                                                                                       \
      {                                                                                            \
        map<U>(a, b, [](U x, U y) { return std::max(x, y); })                                      \
      }                                                                                            \
    }
#define SATURATING(shape, T, U)                                                                    \
  case Op::shape##AddSatS: return {{saturating<T>(a, b, std::plus<int64_t>())}};                   \
  case Op::shape##AddSatU: return {{saturating<U>(a, b, std::plus<int64_t>())}};                   \
  case Op::shape##SubSatS: return {{saturating<T>(a, b, std::minus<int64_t>())}};                  \
  case Op::shape##SubSatU: return {{saturating<U>(a, b, std::minus<int64_t>())}};                  \
  case Op::shape##AvgrU:                                                                           \
    return {                                                                                       \
      {                                                                                            \
        map<U>(a, b, [](U x, U y) { return static_cast<U>((x + y + 1) / 2); })                     \
      }                                                                                            \
    }
#define EXTENDS(to, from, T, UT, TF, UF)                                                           \
  case Op::to##ExtendLow##from##S: return {{extend<T, TF>(false, a)}};                             \
  case Op::to##ExtendHigh##from##S: return {{extend<T, TF>(true, a)}};                             \
  case Op::to##ExtendLow##from##U: return {{extend<UT, UF>(false, a)}};                            \
  case Op::to##ExtendHigh##from##U: return {{extend<UT, UF>(true, a)}};                            \
  case Op::to##ExtmulLow##from##S: return {{extmul<T, TF>(false, a, b)}};                          \
  case Op::to##ExtmulHigh##from##S: return {{extmul<T, TF>(true, a, b)}};                          \
  case Op::to##ExtmulLow##from##U: return {{extmul<UT, UF>(false, a, b)}};                         \
  case Op::to##ExtmulHigh##from##U:                                                                \
    return {                                                                                       \
      {                                                                                            \
        extmul<UT, UF>(true, a, b)                                                                 \
      }                                                                                            \
    }
#define FLOATS(shape, T, Bits)                                                                     \
  case Op::shape##Add: return floats<T>(map<T>(a, b, std::plus<T>()));                             \
  case Op::shape##Sub: return floats<T>(map<T>(a, b, std::minus<T>()));                            \
  case Op::shape##Mul: return floats<T>(map<T>(a, b, std::multiplies<T>()));                       \
  case Op::shape##Div: return floats<T>(map<T>(a, b, std::divides<T>()));                          \
  case Op::shape##Min: return floats<T>(map<T>(a, b, float_min<T>));                               \
  case Op::shape##Max: return floats<T>(map<T>(a, b, float_max<T>));                               \
  case Op::shape##Pmin: return {{map<T>(a, b, [](T x, T y) { return y < x ? y : x; })}};           \
  case Op::shape##Pmax: return {{map<T>(a, b, [](T x, T y) { return x < y ? y : x; })}};           \
  case Op::shape##Sqrt: return floats<T>(map<T>(a, [](T x) { return std::sqrt(x); }));             \
  case Op::shape##Ceil: return floats<T>(map<T>(a, [](T x) { return std::ceil(x); }));             \
  case Op::shape##Floor: return floats<T>(map<T>(a, [](T x) { return std::floor(x); }));           \
  case Op::shape##Trunc: return floats<T>(map<T>(a, [](T x) { return std::trunc(x); }));           \
  case Op::shape##Nearest: return floats<T>(map<T>(a, [](T x) { return std::nearbyint(x); }));     \
  case Op::shape##Abs:                                                                             \
    return {{map<Bits>(a, [](Bits x) { return Bits(x & ~(Bits{1} << (8 * sizeof(T) - 1))); })}};   \
  case Op::shape##Neg:                                                                             \
    return {{map<Bits>(a, [](Bits x) { return Bits(x ^ (Bits{1} << (8 * sizeof(T) - 1))); })}};    \
  case Op::shape##Splat: return {{splat<Bits>(a)}};                                                \
  case Op::shape##RelaxedMin: return relaxed_minmax<T>(false, a, b);                               \
  case Op::shape##RelaxedMax: return relaxed_minmax<T>(true, a, b);                                \
  case Op::shape##RelaxedMadd: return relaxed_madd<T>(false, a, b, c);                             \
  case Op::shape##RelaxedNmadd: return relaxed_madd<T>(true, a, b, c)

bool is_nan_lane(const V128& v, uint32_t lane_bytes, size_t lane) {
  return lane_bytes == 4 ? std::isnan(v.get<float>(lane)) : std::isnan(v.get<double>(lane));
}
/// The top bit of the payload alone, with any sign.
bool is_canonical(const V128& v, uint32_t lane_bytes, size_t lane) {
  if (lane_bytes == 4) return (v.get<uint32_t>(lane) & 0x7fff'ffff) == 0x7fc0'0000;
  return (v.get<uint64_t>(lane) & ~(uint64_t{1} << 63)) == 0x7ff8'0000'0000'0000;
}
bool is_quiet(const V128& v, uint32_t lane_bytes, size_t lane) {
  if (lane_bytes == 4) return (v.get<uint32_t>(lane) & 0x0040'0000) != 0;
  return (v.get<uint64_t>(lane) & 0x0008'0000'0000'0000) != 0;
}

bool same_lane(const V128& x, const V128& y, uint32_t lane_bytes, size_t lane) {
  return std::memcmp(x.bytes.data() + lane * lane_bytes, y.bytes.data() + lane * lane_bytes,
                     lane_bytes) == 0;
}

SimdAnswer converted(Op op, const V128& a, const V128& b, const V128& c) {
  switch (op) {
  case Op::F32x4ConvertI32x4S:
    return {{map<int32_t>(a, [](int32_t x) { return static_cast<float>(x); })}};
  case Op::F32x4ConvertI32x4U:
    return {{map<uint32_t>(a, [](uint32_t x) { return static_cast<float>(x); })}};
  case Op::F64x2ConvertLowI32x4S:
    return {{low_two<double, int32_t>(a, [](int32_t x) { return double{1} * x; })}};
  case Op::F64x2ConvertLowI32x4U:
    return {{low_two<double, uint32_t>(a, [](uint32_t x) { return double{1} * x; })}};
  case Op::F32x4DemoteF64x2Zero:
    return {{low_two<float, double>(a, [](double x) { return x; })}, 4, Nans::Quiet};
  case Op::F64x2PromoteLowF32x4:
    return {{low_two<double, float>(a, [](float x) { return x; })}, 8, Nans::Quiet};
  case Op::I32x4TruncSatF32x4S: return {{map<float>(a, truncate_sat<int32_t, float>)}};
  case Op::I32x4TruncSatF32x4U: return {{map<float>(a, truncate_sat<uint32_t, float>)}};
  case Op::I32x4TruncSatF64x2SZero:
    return {{low_two<int32_t, double>(a, truncate_sat<int32_t, double>)}};
  case Op::I32x4TruncSatF64x2UZero:
    return {{low_two<uint32_t, double>(a, truncate_sat<uint32_t, double>)}};
  case Op::I32x4RelaxedTruncF32x4S:
    return relaxed_truncate<int32_t, float>(map<float>(a, truncate_sat<int32_t, float>), a, 4);
  case Op::I32x4RelaxedTruncF32x4U:
    return relaxed_truncate<uint32_t, float>(map<float>(a, truncate_sat<uint32_t, float>), a, 4);
  case Op::I32x4RelaxedTruncF64x2SZero:
    return relaxed_truncate<int32_t, double>(
        low_two<int32_t, double>(a, truncate_sat<int32_t, double>), a, 2);
  case Op::I32x4RelaxedTruncF64x2UZero:
    return relaxed_truncate<uint32_t, double>(
        low_two<uint32_t, double>(a, truncate_sat<uint32_t, double>), a, 2);
  case Op::I16x8Q15mulrSatS:
    return {{map<int16_t>(a, b, [](int16_t x, int16_t y) { return q15(x, y, true); })}};
  case Op::I16x8RelaxedQ15mulrS:
    return {{map<int16_t>(a, b, [](int16_t x, int16_t y) { return q15(x, y, true); }),
             map<int16_t>(a, b, [](int16_t x, int16_t y) { return q15(x, y, false); })},
            2};
  case Op::I16x8RelaxedDotI8x16I7x16S: return relaxed_dot(a, b);
  case Op::I32x4RelaxedDotI8x16I7x16AddS: return relaxed_dot_add(a, b, c);
  case Op::I8x16RelaxedSwizzle: return {{swizzle(a, b, 16), swizzle(a, b, 128)}, 1};
  case Op::I8x16RelaxedLaneselect: return lane_select<int8_t>(a, b, c);
  case Op::I16x8RelaxedLaneselect: return lane_select<int16_t>(a, b, c);
  case Op::I32x4RelaxedLaneselect: return lane_select<int32_t>(a, b, c);
  case Op::I64x2RelaxedLaneselect: return lane_select<int64_t>(a, b, c);
  default: std::abort();
  }
}

}  // namespace

// size: one line for each instruction
SimdAnswer simd_reference(Op op, const V128& a, const V128& b, const V128& c) {
  switch (op) {
    SIGNED_COMPARES(I8x16, int8_t);
    SIGNED_COMPARES(I16x8, int16_t);
    SIGNED_COMPARES(I32x4, int32_t);
    SIGNED_COMPARES(I64x2, int64_t);
    UNSIGNED_COMPARES(I8x16, uint8_t);
    UNSIGNED_COMPARES(I16x8, uint16_t);
    UNSIGNED_COMPARES(I32x4, uint32_t);
    FLOAT_COMPARES(F32x4, float);
    FLOAT_COMPARES(F64x2, double);
    INTEGERS(I8x16, int8_t);
    INTEGERS(I16x8, int16_t);
    INTEGERS(I32x4, int32_t);
    INTEGERS(I64x2, int64_t);
    MIN_MAX(I8x16, int8_t, uint8_t);
    MIN_MAX(I16x8, int16_t, uint16_t);
    MIN_MAX(I32x4, int32_t, uint32_t);
    SATURATING(I8x16, int8_t, uint8_t);
    SATURATING(I16x8, int16_t, uint16_t);
    EXTENDS(I16x8, I8x16, int16_t, uint16_t, int8_t, uint8_t);
    EXTENDS(I32x4, I16x8, int32_t, uint32_t, int16_t, uint16_t);
    EXTENDS(I64x2, I32x4, int64_t, uint64_t, int32_t, uint32_t);
    FLOATS(F32x4, float, uint32_t);
    FLOATS(F64x2, double, uint64_t);
  case Op::I16x8Mul:
    return {{map<uint16_t>(a, b, [](uint32_t x, uint32_t y) { return uint16_t(x * y); })}};
  case Op::I32x4Mul: return {{map<uint32_t>(a, b, [](uint32_t x, uint32_t y) { return x * y; })}};
  case Op::I64x2Mul: return {{map<uint64_t>(a, b, [](uint64_t x, uint64_t y) { return x * y; })}};
  case Op::I16x8ExtaddPairwiseI8x16S: return {{extadd<int16_t, int8_t>(a)}};
  case Op::I16x8ExtaddPairwiseI8x16U: return {{extadd<uint16_t, uint8_t>(a)}};
  case Op::I32x4ExtaddPairwiseI16x8S: return {{extadd<int32_t, int16_t>(a)}};
  case Op::I32x4ExtaddPairwiseI16x8U: return {{extadd<uint32_t, uint16_t>(a)}};
  case Op::I32x4DotI16x8S:
    return {{pairwise<int32_t, int16_t>(a, b, [](int64_t x, int64_t y) { return x * y; })}};
  case Op::I8x16NarrowI16x8S: return {{narrow<int8_t, int16_t>(a, b)}};
  case Op::I8x16NarrowI16x8U: return {{narrow<uint8_t, int16_t>(a, b)}};
  case Op::I16x8NarrowI32x4S: return {{narrow<int16_t, int32_t>(a, b)}};
  case Op::I16x8NarrowI32x4U: return {{narrow<uint16_t, int32_t>(a, b)}};
  case Op::I8x16Popcnt:
    return {{map<uint8_t>(a, [](uint8_t x) { return static_cast<uint8_t>(std::popcount(x)); })}};
  case Op::I8x16Swizzle: return {{swizzle(a, b, 16)}};
  case Op::V128Not: return {{map<uint64_t>(a, [](uint64_t x) { return ~x; })}};
  case Op::V128And: return {{map<uint64_t>(a, b, std::bit_and<uint64_t>())}};
  case Op::V128Or: return {{map<uint64_t>(a, b, std::bit_or<uint64_t>())}};
  case Op::V128Xor: return {{map<uint64_t>(a, b, std::bit_xor<uint64_t>())}};
  case Op::V128Andnot:
    return {{map<uint64_t>(a, b, [](uint64_t x, uint64_t y) { return x & ~y; })}};
  case Op::V128Bitselect: return {{bit_select(a, b, c)}};
  case Op::V128AnyTrue: return {{scalar(a == V128() ? 0u : 1u)}};
  default: return converted(op, a, b, c);
  }
}

bool simd_answer_allows(const SimdAnswer& answer, const V128& actual, const V128& a, const V128& b,
                        const V128& c) {
  const uint32_t size = answer.lane_bytes;
  for (size_t lane = 0; lane < 16 / size; ++lane) {
    bool is_right = false;
    for (const V128& allowed : answer.allowed) {
      is_right |= same_lane(actual, allowed, size, lane);
      if (answer.nans == Nans::Exact || !is_nan_lane(allowed, size, lane)) continue;
      // Canonical unless some operand's NaN was not.
      bool may_differ = answer.nans == Nans::Quiet;
      for (const V128* operand : {&a, &b, &c}) {
        may_differ |= is_nan_lane(*operand, size, lane) && !is_canonical(*operand, size, lane);
      }
      is_right |= is_nan_lane(actual, size, lane) &&
                  (may_differ ? is_quiet(actual, size, lane) : is_canonical(actual, size, lane));
    }
    if (!is_right) return false;
  }
  return true;
}

}  // namespace sluice::test

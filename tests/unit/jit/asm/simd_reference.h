// What each vector instruction without memory gives, in plain C++, lane by lane.
//
// Written from the specification and sharing nothing with the emitters. Where the specification
// leaves a choice (NaNs, relaxed instructions) the answer says what is allowed instead of a value.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/wasm/opcodes.h"

namespace sluice::test {

struct V128 {
  std::array<uint8_t, 16> bytes{};

  template <class T>
  T get(size_t lane) const {
    T value;
    std::memcpy(&value, bytes.data() + lane * sizeof(T), sizeof(T));
    return value;
  }
  template <class T>
  void set(size_t lane, T value) {
    std::memcpy(bytes.data() + lane * sizeof(T), &value, sizeof(T));
  }
  bool operator==(const V128&) const = default;
};

template <class T>
constexpr size_t kLanes = 16 / sizeof(T);

/// What a lane that is a NaN stands for: its bits, the NaNs that the operands' lanes allow (spec
/// 4.3.3), or, where these are of another width, any quiet one.
enum class Nans : uint8_t { Exact, OfOperands, Quiet };

/// Results, any of which is right in whole lanes of `lane_bytes`.
struct SimdAnswer {
  std::vector<V128> allowed;
  uint32_t lane_bytes = 16;
  Nans nans = Nans::Exact;
};

/// Operands that are numbers (a splat's, a shift's count) are in the low bytes, as are results.
SimdAnswer simd_reference(Op op, const V128& a, const V128& b, const V128& c);

/// Whether `actual` is what the instruction may give.
bool simd_answer_allows(const SimdAnswer& answer, const V128& actual, const V128& a, const V128& b,
                        const V128& c);

}  // namespace sluice::test

// Which proposals a stream accepts. Everything in Wasm 3.0 and threads is on by default; what is
// not part of a standard yet is off.
#pragma once

#include <cstdint>

namespace sluice {

enum class Feature : uint8_t {
  Mvp,
  SignExtension,
  SaturatingConversion,
  MultiValue,
  BulkMemory,
  ReferenceTypes,
  Simd,
  RelaxedSimd,
  TailCall,
  ExtendedConst,
  MultiMemory,
  Memory64,
  TypedFuncRefs,
  Gc,
  Exceptions,
  Threads,
  LegacyExceptions,
  CustomPageSizes,
  WideArithmetic,
};

/// A set of features; a plain value.
class Features {
 public:
  constexpr bool has(Feature f) const { return (bits_ & bit(f)) != 0; }
  constexpr Features with(Feature f) const { return Features(bits_ | bit(f)); }
  constexpr Features without(Feature f) const { return Features(bits_ & ~bit(f)); }
  constexpr bool operator==(const Features&) const = default;

  /// Wasm 3.0, threads and the legacy exception instructions.
  static constexpr Features standard() {
    return Features(~uint32_t{0})
        .without(Feature::CustomPageSizes)
        .without(Feature::WideArithmetic);
  }
  static constexpr Features all() { return Features(~uint32_t{0}); }

 private:
  constexpr explicit Features(uint32_t bits) : bits_(bits) {}
  static constexpr uint32_t bit(Feature f) { return uint32_t{1} << static_cast<uint32_t>(f); }
  uint32_t bits_;
};

}  // namespace sluice

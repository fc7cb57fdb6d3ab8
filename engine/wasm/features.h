// Which proposals a stream accepts. Everything in Wasm 3.0 and threads is on by default; what is
// not part of a standard yet is off. The proposals and their names are features.def's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

enum class Feature : uint8_t {
#define FEATURE(name, text, is_default) name,
#include "engine/wasm/features.def"
#undef FEATURE
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
    uint32_t bits = 0;
#define FEATURE(name, text, is_default) bits |= (is_default) ? bit(Feature::name) : 0;
#include "engine/wasm/features.def"
#undef FEATURE
    return Features(bits);
  }
  static constexpr Features all() { return Features(~uint32_t{0}); }
  /// What the first version had.
  static constexpr Features mvp() { return Features(bit(Feature::Mvp)); }

 private:
  constexpr explicit Features(uint32_t bits) : bits_(bits) {}
  static constexpr uint32_t bit(Feature f) { return uint32_t{1} << static_cast<uint32_t>(f); }
  uint32_t bits_;
};

/// The feature of that name, or nothing.
constexpr std::optional<Feature> find_feature(std::string_view name) {
#define FEATURE(id, text, is_default)                                                              \
  if (name == (text)) return Feature::id;
#include "engine/wasm/features.def"
#undef FEATURE
  return std::nullopt;
}

}  // namespace sluice

#include "tests/spec/values.h"

#include <cstdint>

namespace sluice::spec {
namespace {

using nlohmann::json;

uint64_t parse_bits(const std::string& text) {
  // i32 and i64 are signed decimals, float bits unsigned ones up to 2^64 - 1.
  return text[0] == '-' ? static_cast<uint64_t>(std::stoll(text)) : std::stoull(text);
}

bool is_nan_pattern(const std::string& text) { return text.rfind("nan:", 0) == 0; }

/// nan:canonical is exactly the quiet bit, of either sign; nan:arithmetic has it set at least.
bool nan_matches(const std::string& pattern, uint64_t bits, uint64_t quiet_nan, uint64_t sign) {
  uint64_t magnitude = bits & ~sign;
  return pattern == "nan:canonical" ? magnitude == quiet_nan : (magnitude & quiet_nan) == quiet_nan;
}

/// Host numbers become distinct addresses; never dereferenced, and 0 is not null.
void* host_address(const std::string& number) {
  return reinterpret_cast<void*>(static_cast<uintptr_t>(std::stoull(number)) + 1);
}

bool lanes_match(const json& expected, Value actual) {
  std::string lane = expected.value("lane_type", "i32");
  unsigned bits_per_lane = static_cast<unsigned>(std::stoul(lane.substr(1)));
  bool is_float = lane[0] == 'f';
  unsigned index = 0;
  for (const json& value : expected["value"]) {
    unsigned at = index++ * bits_per_lane;
    uint64_t mask = bits_per_lane == 64 ? ~uint64_t{0} : (uint64_t{1} << bits_per_lane) - 1;
    uint64_t bits = (actual.bits[at / 64] >> (at % 64)) & mask;
    std::string text = value.get<std::string>();
    if (is_float && is_nan_pattern(text)) {
      bool ok = bits_per_lane == 32
                    ? nan_matches(text, bits, 0x7fc00000u, 0x80000000u)
                    : nan_matches(text, bits, 0x7ff8000000000000u, 0x8000000000000000u);
      if (!ok) return false;
    } else if (bits != (parse_bits(text) & mask)) {
      return false;
    }
  }
  return true;
}

std::optional<Value> parse_v128(const json& value) {
  Value out;
  std::string lane = value.value("lane_type", "i32");
  unsigned bits_per_lane = static_cast<unsigned>(std::stoul(lane.substr(1)));
  unsigned index = 0;
  for (const json& item : value["value"]) {
    unsigned at = index++ * bits_per_lane;
    uint64_t mask = bits_per_lane == 64 ? ~uint64_t{0} : (uint64_t{1} << bits_per_lane) - 1;
    out.bits[at / 64] |= (parse_bits(item.get<std::string>()) & mask) << (at % 64);
  }
  return out;
}

}  // namespace

std::optional<Value> parse_argument(Store& store, const json& value) {
  std::string type = value["type"];
  if (type == "v128") return parse_v128(value);
  if (!value.contains("value"))
    return type == "refnull" ? std::optional(Value::null()) : std::nullopt;
  std::string text = value["value"];
  if (type == "i32" || type == "f32") {
    return Value{{static_cast<uint32_t>(parse_bits(text)), 0}};
  }
  if (type == "i64" || type == "f64") return Value{{parse_bits(text), 0}};
  if (text == "null") return Value::null();
  if (type == "externref") return store.externref(host_address(text));
  return std::nullopt;
}

bool matches(Store& store, const json& expected, ValType type, Value actual) {
  std::string name = expected["type"];
  if (name == "either") {
    for (const json& alternative : expected["values"]) {
      if (matches(store, alternative, type, actual)) return true;
    }
    return false;
  }
  if (name == "v128") return type == kV128 && lanes_match(expected, actual);
  if (!expected.contains("value")) {
    // "refnull" is any null; a bare reference type is any reference of it that is not null.
    if (!type.is_ref()) return false;
    bool wants_null = name == "refnull" || name.rfind("null", 0) == 0;
    return actual.is_null() == wants_null;
  }
  std::string text = expected["value"];
  if (name == "i32")
    return type == kI32 && actual.as_u32() == static_cast<uint32_t>(parse_bits(text));
  if (name == "i64") return type == kI64 && actual.as_u64() == parse_bits(text);
  if (name == "f32") {
    if (type != kF32) return false;
    if (is_nan_pattern(text)) return nan_matches(text, actual.as_u32(), 0x7fc00000u, 0x80000000u);
    return actual.as_u32() == static_cast<uint32_t>(parse_bits(text));
  }
  if (name == "f64") {
    if (type != kF64) return false;
    if (is_nan_pattern(text)) {
      return nan_matches(text, actual.as_u64(), 0x7ff8000000000000u, 0x8000000000000000u);
    }
    return actual.as_u64() == parse_bits(text);
  }
  if (!type.is_ref()) return false;
  if (text == "null") return actual.is_null();
  return name == "externref" && !actual.is_null() &&
         store.externref_host(actual) == host_address(text);
}

std::string describe(ValType type, Value value) {
  String name = to_string(type);
  return std::string(name.data(), name.size()) + ":" + std::to_string(value.bits[0]) +
         (type == kV128 ? "," + std::to_string(value.bits[1]) : "");
}

}  // namespace sluice::spec

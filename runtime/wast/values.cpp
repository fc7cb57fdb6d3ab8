// Comparing is bit by bit but for NaN patterns; a host reference is a number made an address.
#include "runtime/wast/values.h"

#include <cinttypes>
#include <cstdio>

namespace sluice::wast {
namespace {

/// nan:canonical is exactly the quiet bit, of either sign; nan:arithmetic has it set at least.
bool nan_matches(WastNan pattern, uint64_t bits, unsigned width_bits) {
  const uint64_t sign = uint64_t{1} << (width_bits - 1);
  const uint64_t quiet_nan = width_bits == 32 ? 0x7fc0'0000u : 0x7ff8'0000'0000'0000u;
  const uint64_t magnitude = bits & ~sign;
  return pattern == WastNan::Canonical ? magnitude == quiet_nan
                                       : (magnitude & quiet_nan) == quiet_nan;
}

/// Host numbers become distinct addresses; never dereferenced, and 0 is not null.
void* host_address(uint64_t number) {
  return reinterpret_cast<void*>(static_cast<uintptr_t>(number) + 1);
}

bool number_matches(const WastValue& expected, ValType type, Value actual) {
  if (type != expected.type) return false;
  const unsigned width = expected.lane_bits;
  const unsigned total = type == kV128 ? 128 : width;
  const uint64_t mask = ~uint64_t{0} >> (64 - width);
  for (unsigned at = 0, lane = 0; at < total; at += width, ++lane) {
    const uint64_t bits = (actual.bits[at / 64] >> (at % 64)) & mask;
    const WastNan pattern = lane < 4 ? expected.nan[lane] : WastNan::None;
    const bool ok = pattern == WastNan::None
                        ? bits == ((expected.bits[at / 64] >> (at % 64)) & mask)
                        : nan_matches(pattern, bits, width);
    if (!ok) return false;
  }
  return true;
}

std::string hex(ValType type, const uint64_t (&bits)[2]) {
  char text[48];
  if (type == kV128) {
    std::snprintf(text, sizeof text, "0x%016" PRIx64 "%016" PRIx64, bits[1], bits[0]);
  } else {
    std::snprintf(text, sizeof text, "0x%" PRIx64, bits[0]);
  }
  return text;
}

}  // namespace

std::optional<Value> to_value(Store& store, const WastValue& argument) {
  switch (argument.kind) {
  case WastValue::Kind::Number: return Value{{argument.bits[0], argument.bits[1]}};
  case WastValue::Kind::Null: return Value::null();
  case WastValue::Kind::Ref:
    if (argument.heap != AbsHeap::Extern || !argument.has_host) return std::nullopt;
    return store.externref(host_address(argument.bits[0]));
  case WastValue::Kind::Either: break;
  }
  return std::nullopt;
}

bool matches(Store& store, const WastValue& expected, ValType type, Value actual) {
  switch (expected.kind) {
  case WastValue::Kind::Number: return number_matches(expected, type, actual);
  case WastValue::Kind::Null: return type.is_ref() && actual.is_null();
  case WastValue::Kind::Ref:
    if (!type.is_ref() || actual.is_null()) return false;
    if (!expected.has_host) return true;
    return expected.heap == AbsHeap::Extern &&
           store.externref_host(actual) == host_address(expected.bits[0]);
  case WastValue::Kind::Either:
    for (const WastValue& alternative : expected.alternatives) {
      if (matches(store, alternative, type, actual)) return true;
    }
    return false;
  }
  return false;
}

std::string describe(ValType type, Value value) {
  const String name = to_string(type);
  return std::string(name.data(), name.size()) + ":" + hex(type, value.bits);
}

std::string describe(const WastValue& value) {
  switch (value.kind) {
  case WastValue::Kind::Number: {
    for (const WastNan pattern : value.nan) {
      if (pattern != WastNan::None) {
        return std::string(to_string(value.type)) + ":" + hex(value.type, value.bits) +
               " with NaN patterns";
      }
    }
    return std::string(to_string(value.type)) + ":" + hex(value.type, value.bits);
  }
  case WastValue::Kind::Null: return "null";
  case WastValue::Kind::Ref:
    return "ref." + std::string(heap_type_word(value.heap)) +
           (value.has_host ? " " + std::to_string(value.bits[0]) : "");
  case WastValue::Kind::Either: return "one of several values";
  }
  return {};
}

}  // namespace sluice::wast

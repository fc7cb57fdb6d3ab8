// Value: one untyped 16-byte cell, the form in which arguments and results cross between host and
// Wasm wherever a signature is only known at run time.
//
// The stubs' array forms read and write cells (jit/stubs), globals hold the same bits. A cell does
// not know its type: whoever fills or reads one has the function's type at hand. An i32 or f32 has
// zero upper bits in bits[0], and bits[1] is a v128's alone, which stubs do not write for other
// types. A funcref is the address of a FuncRecord, an externref a handle of its store
// (Store::externref), null is 0 for both.
#pragma once

#include <bit>
#include <cstdint>

#include "engine/wasm/types.h"
#include "jit/abi/instance_layout.h"

namespace sluice {

struct alignas(16) Value {
  uint64_t bits[2] = {0, 0};

  static Value i32(int32_t v) { return {{static_cast<uint32_t>(v), 0}}; }
  static Value i64(int64_t v) { return {{static_cast<uint64_t>(v), 0}}; }
  static Value f32(float v) { return {{std::bit_cast<uint32_t>(v), 0}}; }
  static Value f64(double v) { return {{std::bit_cast<uint64_t>(v), 0}}; }
  static Value v128(uint64_t low, uint64_t high) { return {{low, high}}; }
  static Value funcref(const FuncRecord* record) {
    return {{reinterpret_cast<uintptr_t>(record), 0}};
  }
  static Value externref(uint32_t handle) { return {{handle, 0}}; }
  static Value null() { return {}; }

  int32_t as_i32() const { return static_cast<int32_t>(static_cast<uint32_t>(bits[0])); }
  uint32_t as_u32() const { return static_cast<uint32_t>(bits[0]); }
  int64_t as_i64() const { return static_cast<int64_t>(bits[0]); }
  uint64_t as_u64() const { return bits[0]; }
  float as_f32() const { return std::bit_cast<float>(static_cast<uint32_t>(bits[0])); }
  double as_f64() const { return std::bit_cast<double>(bits[0]); }
  FuncRecord* as_funcref() const { return reinterpret_cast<FuncRecord*>(bits[0]); }
  uint32_t as_externref() const { return static_cast<uint32_t>(bits[0]); }
  bool is_null() const { return bits[0] == 0; }
};
/// i32 and f32 with zero upper halves, as they have wherever code may see them.
inline Value normalized(Value value, ValType type) {
  if (type == kI32 || type == kF32) value.bits[0] &= 0xffffffffu;
  return value;
}

static_assert(sizeof(Value) == 16 && sizeof(Value) == sizeof(GlobalCell));

}  // namespace sluice

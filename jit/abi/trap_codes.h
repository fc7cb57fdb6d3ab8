// Trap reasons as numbers that fit the byte behind a trap site's call.
//
// A trap site in generated code is a call of InstanceData::trap_exit (kTrapCall), which never comes
// back, followed by one byte: a TrapCode, or kTrapCodeInRdx where the reason is only known at run
// time and stands in edx (the second half of a BuiltinResult).
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

enum class TrapCode : uint8_t {
#define TRAP(name, text) name,
#include "jit/abi/trap_codes.def"
#undef TRAP
};

inline constexpr uint32_t kTrapCodeCount = 0
#define TRAP(name, text) +1
#include "jit/abi/trap_codes.def"
#undef TRAP
    ;

inline constexpr uint8_t kTrapCodeInRdx = 0xff;

constexpr std::string_view trap_text(TrapCode code) {
  switch (code) {
#define TRAP(name, text)                                                                           \
  case TrapCode::name: return text;
#include "jit/abi/trap_codes.def"
#undef TRAP
  }
  return "unknown trap";
}

}  // namespace sluice

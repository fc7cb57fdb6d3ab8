// What a compilation depends on besides the module: part of the code's identity.
#pragma once

#include <cstdint>

#include "engine/wasm/types.h"

namespace sluice {

/// How generated code keeps memory accesses inside the sandbox.
enum class MemoryMode : uint8_t {
  Guard,     // the reservation's guard pages: no check in the code
  Explicit,  // a compare before each access; the base may move at calls and growth
};

/// How a memory is kept in an engine of this mode: one whose size is no multiple of the host's page
/// cannot end at a guard. Its code and its storage go by this.
constexpr MemoryMode mode_of(const MemoryType& memory, MemoryMode engine) {
  return memory.page_size_log2 == kDefaultPageSizeLog2 ? engine : MemoryMode::Explicit;
}

/// CPU features the code may use; SSE4.1 is required.
struct CpuFeatures {
  bool popcnt = false;
  bool lzcnt = false;
  bool bmi1 = false;
  bool bmi2 = false;
  bool avx = false;
  bool avx2 = false;
  bool fma = false;
  bool avx_vnni = false;
  bool avx512_vnni = false;  // with AVX512VL
  bool operator==(const CpuFeatures&) const = default;
};

/// How new a processor code may ask for: each level allows what the ones before it do, and more.
enum class CpuLevel : uint8_t {
  Sse41,  // the least that is supported
  Avx,
  Avx2,  // and FMA, BMI1, BMI2, LZCNT
  Host,  // all that the host has
};

/// What compiling a function is worth.
enum class OptLevel : uint8_t {
  Quick,  // registers keep locals where time may be spent: in short loops and short functions
  Full,   // everywhere: programs take 0.75 to 0.85 of the time, compiling 1.3 to 1.6 times as long
};

struct CompileOptions {
  MemoryMode memory_mode = MemoryMode::Guard;
  OptLevel opt_level = OptLevel::Quick;
  CpuFeatures cpu;
  bool debug_checks = false;  // check at run time that i32 indices are zero-extended
  bool meter_fuel = false;    // each basic block takes its price from StoreContext::fuel
  // Functions and loops test StoreContext::interrupt_requested: no signal will do it.
  bool interrupt_checks = false;
  uint64_t stress_seed = 0;  // for tests: unless 0, registers and spills are picked at random
};

}  // namespace sluice

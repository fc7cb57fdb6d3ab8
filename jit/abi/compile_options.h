// What a compilation depends on besides the module: part of the code's identity.
#pragma once

#include <cstdint>

namespace sluice {

/// How generated code keeps 32-bit memory accesses inside the sandbox.
enum class MemoryMode : uint8_t {
  Guard,     // the reservation's guard pages: no check in the code
  Explicit,  // a compare before each access; the base may move at calls and growth
};

/// CPU features the code may use; SSE4.1 is required.
struct CpuFeatures {
  bool popcnt = false;
  bool lzcnt = false;
  bool bmi1 = false;
  bool bmi2 = false;
  bool avx = false;
  bool operator==(const CpuFeatures&) const = default;
};

struct CompileOptions {
  MemoryMode memory_mode = MemoryMode::Guard;
  CpuFeatures cpu;
  bool debug_checks = false;  // check at run time that i32 indices are zero-extended
  uint64_t stress_seed = 0;   // for tests: unless 0, registers and spills are picked at random
};

}  // namespace sluice

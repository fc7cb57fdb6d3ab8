// Asks the compiler's runtime, which has asked cpuid for a handful of leaves when the process
// began. cpuid leaves a virtual machine, 4 µs each time, and asmjit's own CpuInfo wants twenty of
// them.
#include "jit/asm/target.h"

namespace sluice {

CpuFeatures host_cpu_features() {
  CpuFeatures cpu;
  cpu.popcnt = __builtin_cpu_supports("popcnt") != 0;
  cpu.lzcnt = __builtin_cpu_supports("lzcnt") != 0;
  cpu.bmi1 = __builtin_cpu_supports("bmi") != 0;
  cpu.bmi2 = __builtin_cpu_supports("bmi2") != 0;
  cpu.avx = __builtin_cpu_supports("avx") != 0;
  cpu.avx2 = __builtin_cpu_supports("avx2") != 0;
  cpu.fma = __builtin_cpu_supports("fma") != 0;
  cpu.avx_vnni = __builtin_cpu_supports("avxvnni") != 0;
  cpu.avx512_vnni =
      __builtin_cpu_supports("avx512vnni") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  return cpu;
}

CpuFeatures cpu_features(CpuLevel level) {
  CpuFeatures cpu = host_cpu_features();
  if (level < CpuLevel::Host) cpu.avx_vnni = cpu.avx512_vnni = false;
  if (level < CpuLevel::Avx2) {
    cpu.avx2 = cpu.fma = false;
    cpu.lzcnt = cpu.bmi1 = cpu.bmi2 = false;
  }
  if (level < CpuLevel::Avx) cpu = {};
  return cpu;
}

bool host_cpu_is_supported() { return __builtin_cpu_supports("sse4.1") != 0; }

}  // namespace sluice

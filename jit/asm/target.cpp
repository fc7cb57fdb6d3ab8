// Asks the C library, which has asked cpuid when the process began. Each cpuid leaves a virtual
// machine and takes 4 µs there; asmjit's CpuInfo and the compiler's own runtime want twenty of
// them.
#include "jit/asm/target.h"

#define _Bool bool  // the header is written for C, which clang minds
#include <sys/platform/x86.h>
#undef _Bool

namespace sluice {

CpuFeatures host_cpu_features() {
  CpuFeatures cpu;
  cpu.popcnt = CPU_FEATURE_ACTIVE(POPCNT);
  cpu.lzcnt = CPU_FEATURE_ACTIVE(LZCNT);
  cpu.bmi1 = CPU_FEATURE_ACTIVE(BMI1);
  cpu.bmi2 = CPU_FEATURE_ACTIVE(BMI2);
  cpu.avx = CPU_FEATURE_ACTIVE(AVX);
  cpu.avx2 = CPU_FEATURE_ACTIVE(AVX2);
  cpu.fma = CPU_FEATURE_ACTIVE(FMA);
  cpu.avx_vnni = CPU_FEATURE_ACTIVE(AVX_VNNI);
  cpu.avx512_vnni = CPU_FEATURE_ACTIVE(AVX512_VNNI) && CPU_FEATURE_ACTIVE(AVX512VL);
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

bool host_cpu_is_supported() { return CPU_FEATURE_ACTIVE(SSE4_1); }

}  // namespace sluice

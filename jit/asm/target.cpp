// Asks asmjit, which asks cpuid.
#include "jit/asm/target.h"

#include <asmjit/x86.h>

namespace sluice {

CpuFeatures host_cpu_features() {
  const auto& host = asmjit::CpuInfo::host().features().x86();
  CpuFeatures cpu;
  cpu.popcnt = host.hasPOPCNT();
  cpu.lzcnt = host.hasLZCNT();
  cpu.bmi1 = host.hasBMI();
  cpu.bmi2 = host.hasBMI2();
  cpu.avx = host.hasAVX();
  cpu.avx2 = host.hasAVX2();
  cpu.fma = host.hasFMA();
  cpu.avx_vnni = host.hasAVX_VNNI();
  cpu.avx512_vnni = host.hasAVX512_VNNI() && host.hasAVX512_VL();
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

bool host_cpu_is_supported() { return asmjit::CpuInfo::host().features().x86().hasSSE4_1(); }

}  // namespace sluice

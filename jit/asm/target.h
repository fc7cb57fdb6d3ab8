// Which features the CPU we run on has.
#pragma once

#include "jit/abi/compile_options.h"

namespace sluice {

/// The host's features, as far as code generation makes use of them (AVX only if the system saves
/// its state).
CpuFeatures host_cpu_features();
/// Those of them that the level allows.
CpuFeatures cpu_features(CpuLevel level);
/// Whether the host has what all generated code needs (SSE4.1).
bool host_cpu_is_supported();

}  // namespace sluice

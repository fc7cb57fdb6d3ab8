// Modules made to grow in one dimension: time per item should not depend on how many there are.
//
// Each input is valid and has one function of note (or many tiny ones), written byte by byte, so
// that the benchmarks depend on no tool.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::bench {

struct ScalingInput {
  const char* name;
  uint32_t most;  // items of the largest size that is measured
  std::vector<uint8_t> (*make)(uint32_t items);
};

std::vector<ScalingInput> scaling_inputs();

}  // namespace sluice::bench

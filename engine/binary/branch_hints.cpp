// Counts in the bytes reserve nothing: each hint takes three bytes that must be there.
#include "engine/binary/branch_hints.h"

namespace sluice {

std::optional<BranchHints> read_branch_hints(ByteReader& r) {
  BranchHints hints;
  const uint32_t func_count = r.read_u32();
  for (uint32_t i = 0; i < func_count && !r.failed(); ++i) {
    const FuncIdx func{r.read_u32()};
    const uint32_t hint_count = r.read_u32();
    if (r.failed() || !hints.add_func(func)) return {};
    for (uint32_t j = 0; j < hint_count && !r.failed(); ++j) {
      const uint32_t offset = r.read_u32();
      const uint32_t size = r.read_u32();
      const uint8_t value = r.read_u8();
      if (r.failed() || size != 1 || value > 1) return {};
      if (!hints.add_hint({offset, value == 1})) return {};
    }
  }
  if (r.failed() || !r.at_end()) return {};
  return hints;
}

}  // namespace sluice

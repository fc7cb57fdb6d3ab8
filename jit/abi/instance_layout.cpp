#include "jit/abi/instance_layout.h"

#include "engine/wasm/module.h"

namespace sluice {

InstanceLayout InstanceLayout::of(const Module& module) {
  // Counts are limited to 10^6 by decoding, so 16 bytes each stay far below 4 GiB.
  InstanceLayout layout;
  uint32_t at = (sizeof(InstanceData) + 15u) & ~15u;
  auto place = [&at](size_t count, size_t element_bytes) {
    uint32_t start = (at + 15u) & ~15u;
    at = start + static_cast<uint32_t>(count * element_bytes);
    return start;
  };
  // What hot code touches most comes first, for short displacements.
  layout.globals = place(module.globals.size() - module.imported_globals, sizeof(GlobalCell));
  layout.tables = place(module.tables.size(), sizeof(TableData*));
  layout.memories = place(module.memories.size(), sizeof(MemoryData*));
  layout.global_imports = place(module.imported_globals, sizeof(GlobalCell*));
  layout.tags = place(module.tags.size(), sizeof(void*));
  layout.func_imports = place(module.imported_funcs, sizeof(FuncImport));
  layout.size_bytes = (at + 15u) & ~15u;
  return layout;
}

}  // namespace sluice

// One function's WebAssembly beside its machine code, each line of either with the offset of the
// instruction it stands for: what objdump and explore show.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "jit/pipeline/compiled_module.h"

namespace sluice::cli {

struct WasmLine {
  uint64_t offset = 0;  // in the module
  uint32_t depth = 0;   // of blocks around it
  std::string text;
};

struct MachineLine {
  uint32_t offset = 0;  // from the start of the function's code
  uint32_t size_bytes = 0;
  uint64_t wasm_offset = kNoOffset;  // of the instruction it was made for; none for the frame's own
  std::string text;
};

struct AnnotatedFunc {
  FuncIdx func{};
  std::string name;  // "func[7]", with the name section's name behind it; unescaped
  uint32_t wasm_bytes = 0;
  uint32_t machine_bytes = 0;
  std::vector<WasmLine> wasm;
  std::vector<MachineLine> machine;
};

/// Why machine code cannot be shown: the command was built without Zydis, or cannot load it. Empty
/// if it can be.
std::string missing_disassembler();

/// A defined function, which is compiled if it has no code yet.
Result<AnnotatedFunc> annotate(const CompiledModule& module, FuncIdx func);

}  // namespace sluice::cli

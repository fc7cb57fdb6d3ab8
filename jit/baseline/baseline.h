// The baseline compiler's face: one function body in, position-free machine code out.
//
// A pure function of the module, the body and the options; the scratch only saves allocations. Any
// number of threads may compile bodies of one module, each with a scratch of its own.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/module.h"
#include "jit/abi/compile_options.h"
#include "jit/code/code_object.h"

namespace sluice {

/// What one thread reuses from body to body. Bound to the CPU features it was made with.
class CompileScratch : public Allocated {
 public:
  explicit CompileScratch(const CpuFeatures& cpu);
  ~CompileScratch();
  CompileScratch(const CompileScratch&) = delete;
  CompileScratch& operator=(const CompileScratch&) = delete;

  /// Of buffers for code.
  size_t code_bytes() const;

  struct Parts;
  Parts& parts() { return *parts_; }

 private:
  std::unique_ptr<Parts> parts_;
};

/// Validates and compiles one body and appends it to `out`. The body's bytes must be in
/// module.wire, all sections before the code section decoded. On failure `out` is as before; the
/// kinds are those of validation or NotCompiled (only if the body is valid). `maps` gets what
/// is to know of the function's code (the frames' scan budget is the caller's to set); the code is
/// the same with and without.
Result<void> compile_baseline(const Module& module, const FuncBody& body,
                              const CompileOptions& options, CompileScratch& scratch,
                              CodeBatch& out, CodeMaps* maps = nullptr);

}  // namespace sluice

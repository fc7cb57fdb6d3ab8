// Joins the reader, the compiler and the assembler for one body.
#include "jit/baseline/baseline.h"

#include <utility>

#include "engine/binary/wire_bytes.h"
#include "engine/validate/func_reader.h"
#include "jit/baseline/func_compiler.h"

namespace sluice {

struct CompileScratch::Parts : Allocated {
  explicit Parts(const CpuFeatures& cpu) : masm(cpu) {}
  Masm masm;
  FuncCompiler::State reader;
  CompilerMemory compiler;
};

CompileScratch::CompileScratch(const CpuFeatures& cpu) : parts_(new Parts(cpu)) {}
CompileScratch::~CompileScratch() = default;
size_t CompileScratch::code_bytes() const { return parts_->masm.buffer_bytes(); }

Result<void> compile_baseline(const Module& module, const FuncBody& body,
                              const CompileOptions& options, CompileScratch& scratch,
                              CodeBatch& out, CodeMaps* maps) {
  CompileScratch::Parts& parts = scratch.parts();
  DCHECK(parts.masm.cpu() == options.cpu, "scratch made for other CPU features");
  const uint64_t scan_budget = maps != nullptr ? maps->frames.scan_budget : 0;
  for (const bool may_be_full : {true, false}) {
    parts.masm.begin(&parts.reader.muted);
    FuncCompiler compiler(module, options, parts.masm, parts.compiler, maps, may_be_full);
    FuncReader<FuncCompiler> reader(module, body, module.wire->view().data(), parts.reader,
                                    compiler);
    TRY_VOID(reader.run());
    if (compiler.finish(body.func, out)) return {};
    if (!compiler.is_full()) break;
    // Its code is too large where registers keep locals in all of it: once more without.
    if (maps != nullptr) {
      CodeMaps again;
      again.frames.scan_budget = scan_budget;
      again.frames.wanted_site = maps->frames.wanted_site;
      *maps = std::move(again);
    }
  }
  return fail(ErrorKind::CodeMemoryFull);
}

}  // namespace sluice

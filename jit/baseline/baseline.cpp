// Joins the reader, the compiler and the assembler for one body.
#include "jit/baseline/baseline.h"

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
  parts.masm.begin(&parts.reader.muted);
  FuncCompiler compiler(module, options, parts.masm, parts.compiler, maps);
  FuncReader<FuncCompiler> reader(module, body, module.wire->view().data(), parts.reader, compiler);
  TRY_VOID(reader.run());
  if (compiler.finish(body.func, out)) return {};
  return fail(ErrorKind::CodeMemoryFull);
}

}  // namespace sluice

// What a thread keeps from body to body, for the pipeline's two kinds of work on bodies.
#pragma once

#include "jit/abi/compile_options.h"
#include "jit/baseline/baseline.h"
#include "jit/baseline/validate_only.h"
#include "jit/code/code_object.h"
#include "jit/pipeline/worker_pool.h"

namespace sluice {

struct BodyScratch final : WorkerScratch {
  explicit BodyScratch(const CompileOptions& options) : compiler(options.cpu) {}

  /// Has it not grown for a body out of the ordinary?
  bool is_modest() const { return compiler.code_bytes() + batch.bytes.capacity() <= kModestBytes; }
  static constexpr size_t kModestBytes = size_t{1} << 20;

  CompileScratch compiler;
  CodeBatch batch;
  ValidateScratch validator;
};

}  // namespace sluice

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
  CompileScratch compiler;
  CodeBatch batch;
  ValidateScratch validator;
};

}  // namespace sluice

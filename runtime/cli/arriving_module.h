// A module compiled while it is read: through --throttle, with a bar for those who wait.
#pragma once

#include <expected>
#include <memory>

#include "jit/pipeline/compiled_module.h"
#include "runtime/cli/options.h"
#include "runtime/cli/stream_recorder.h"
#include "runtime/store/engine.h"

namespace sluice::cli {

/// The first of the modules named. Else what is wrong has been said, and this is the exit status.
/// `recorder`, unless null, is told of the bytes and of the work on them.
std::expected<std::shared_ptr<const CompiledModule>, int>
compile_arriving(const Engine& engine, const Options& options, StreamRecorder* recorder = nullptr);

}  // namespace sluice::cli

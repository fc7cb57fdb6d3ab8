// StreamCompiler: bytes in, code out. Joins the decoder, the baseline compiler and code memory.
//
// Bodies are compiled while later bytes are still on their way: by the pool's threads in contiguous
// batches, or on the feeding thread if the pool has none. Where the policy is not Eager, a body is
// only validated at first, and compiled when there is time or when it is called. All this gives the
// same code, and the same error: the one with the lowest offset, that of the earliest faulty body
// before anything the decoder finds behind it. What a body is refused for although it is valid (not
// compiled yet, no room for code) is reported only if the whole module is valid otherwise. Nothing
// is visible before finish() succeeds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/features.h"
#include "engine/wasm/type_registry.h"
#include "jit/abi/compile_options.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/batch_report.h"
#include "jit/pipeline/compile_policy.h"
#include "jit/pipeline/compiled_module.h"
#include "jit/pipeline/worker_pool.h"

namespace sluice {

/// What a stream needs of its engine.
struct StreamEnvironment {
  Features features = Features::standard();
  CompileOptions options;
  CompilePolicy policy = CompilePolicy::Eager;
  std::shared_ptr<TypeRegistry> types;
  std::shared_ptr<CodeMemory> code_memory;
  std::shared_ptr<WorkerPool> workers;
  /// The module's size, if all of it comes with the first feed().
  std::optional<size_t> whole_bytes = std::nullopt;
};

/// How far a stream is. `bodies` is known once the function section has arrived.
struct StreamProgress {
  uint64_t wire_bytes = 0;
  uint32_t bodies_compiled = 0;  // or, if the policy is not Eager, known to be valid
  uint32_t bodies = 0;
};

/// Called on the feeding thread, from feed() and finish(). Must not use the stream.
struct ProgressCallback {
  void (*call)(void* env, const StreamProgress& progress) = nullptr;
  void* env = nullptr;
};

/// One thread at a time, but for cancel(). Destroying it before finish() cancels.
class StreamCompiler {
 public:
  explicit StreamCompiler(StreamEnvironment environment, ProgressCallback progress = {},
                          BatchCallback on_batch = {});
  ~StreamCompiler();
  StreamCompiler(StreamCompiler&&) noexcept;
  StreamCompiler& operator=(StreamCompiler&&) noexcept;

  /// The next bytes, split anywhere; copied before it returns. With workers an error in a body may
  /// be reported by a later feed. After an error every feed and finish returns that error.
  Result<void> feed(std::span<const uint8_t> bytes);
  /// The end of the bytes: waits until all bodies have code or, if the policy is not Eager, are
  /// known to be valid. Then the stream is used up.
  Result<std::shared_ptr<const CompiledModule>> finish();
  /// Stops compiling as soon as possible; feed and finish return Cancelled from then on. Any
  /// thread.
  void cancel();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice

// CompileQueue: the bodies of one stream on their way to code, in batches.
//
// The feeding thread adds bodies, pool threads and (at the end) the feeding thread compile batches.
// A batch belongs to one process: one that was being compiled by a thread which a fork left behind
// is compiled again by whoever waits for it. Its code may then be published twice, which wastes a
// few bytes and harms nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/module.h"
#include "jit/abi/compile_options.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/worker_pool.h"

namespace sluice {

/// Shared by the stream and its queued tasks.
class CompileQueue : public Allocated, public std::enable_shared_from_this<CompileQueue> {
 public:
  /// `module` has all sections before code; `code` has room for its functions, or is null: then
  /// bodies are only checked. `workers` may be null, and must live as long as flush() is called.
  CompileQueue(std::shared_ptr<const Module> module, std::shared_ptr<ModuleCode> code,
               const CompileOptions& options, WorkerPool* workers);
  ~CompileQueue();

  /// A body whose bytes are complete. Feeding thread only, as all that follows.
  void add(const FuncBody& body);
  /// Hands out what add() has gathered: call it when no more bytes are at hand.
  void flush();
  /// Compiles or waits until every body added is done.
  void drain();
  /// Nothing more is compiled; threads drop what they have not begun.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  /// The error of the earliest body that is malformed or invalid, among those done.
  std::optional<Error> fault() const;
  /// Why a valid body got no code, the earliest's reason. Final after drain().
  std::optional<Error> refusal() const;
  uint32_t bodies_done() const { return bodies_done_.load(std::memory_order_relaxed); }
  uint64_t compile_ns() const { return compile_ns_.load(std::memory_order_relaxed); }

 private:
  enum class Status : uint8_t { Waiting, Running, Done };
  struct Batch {
    Vector<FuncBody> bodies;
    Status status = Status::Waiting;
    uint32_t generation = 0;  // fork_generation() of the process that runs it
  };
  struct Outcome {
    std::optional<Error> fault;
    std::optional<Error> refusal;
  };
  class BatchTask;

  std::optional<uint32_t> claim();
  Outcome compile(const Vector<FuncBody>& bodies, std::unique_ptr<WorkerScratch>& scratch);
  void run(uint32_t batch, std::unique_ptr<WorkerScratch>& scratch);

  const std::shared_ptr<const Module> module_;
  const std::shared_ptr<ModuleCode> code_;
  const CompileOptions options_;
  WorkerPool* const workers_;  // not owned: tasks must not keep their own pool alive

  Vector<FuncBody> gathered_;  // feeding thread only
  uint64_t gathered_bytes_ = 0;
  std::unique_ptr<WorkerScratch> own_scratch_;

  mutable ForkMutex mutex_{LockRank::Stream};
  Deque<Batch> batches_;        // guarded by mutex_; elements never move
  uint32_t next_ = 0;           // guarded by mutex_: the first batch that nobody has begun
  uint32_t batches_done_ = 0;   // guarded by mutex_
  std::optional<Error> fault_;  // guarded by mutex_
  std::optional<Error> refusal_;
  const uint32_t first_generation_ = fork_generation();

  std::atomic<uint32_t> completions_{0};  // bumped when a batch is done
  std::atomic<uint32_t> bodies_done_{0};
  std::atomic<uint64_t> compile_ns_{0};
  std::atomic<bool> cancelled_{false};
};

}  // namespace sluice

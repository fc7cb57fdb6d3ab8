// CompileQueue: the bodies of one stream on their way to code, in batches.
//
// The feeding thread adds bodies, pool threads and (at the end) the feeding thread check batches:
// each is compiled, which validates it as well, or by the policy of the stream only validated. What
// was only validated is compiled when there is time, also after the stream's end, or when it is
// called (lazy_code.h).
//
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
#include "jit/baseline/validate_only.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/batch_report.h"
#include "jit/pipeline/compile_policy.h"
#include "jit/pipeline/lazy_code.h"
#include "jit/pipeline/worker_pool.h"

namespace sluice {

/// Shared by the stream, then the finished module, and tasks while they run.
class CompileQueue : public Allocated, public std::enable_shared_from_this<CompileQueue> {
 public:
  /// `module` has all sections before code; `code` has room for its functions, or is null: then
  /// bodies are only checked. `code`'s empty slots must compile unless `policy` is Eager. `workers`
  /// may be null, and must live as long as flush() is called.
  CompileQueue(std::shared_ptr<const Module> module, std::shared_ptr<ModuleCode> code,
               const CompileOptions& options, CompilePolicy policy, WorkerPool* workers,
               BatchCallback on_batch = {});
  ~CompileQueue();

  /// A body of which some bytes have come: if it is large, they are checked now, but under Eager.
  /// Feeding thread only, as all that follows.
  void note_arriving(const FuncBody& body);
  /// A body whose bytes are complete.
  void add(const FuncBody& body);
  /// Hands out what add() has gathered: call it when no more bytes are at hand. A small module's
  /// bodies wait for the last one, which has them all checked here.
  void flush();
  /// Without workers: compiles what was only validated, for about as long as the feeding thread had
  /// nothing to do. Under Adaptive only.
  void use_idle_time(uint64_t idle_ns);
  /// Checks bodies, or waits, until every body added is known to be valid or not.
  void drain();
  /// Nothing more is compiled but what is called; threads drop what they have not begun.
  /// Any thread.
  void cancel() { cancelled_.store(true, std::memory_order_release); }

  /// The code of a function of the finished module, compiled now if need be. Any thread.
  Result<const void*> require(FuncIdx func);

  /// The error of the earliest body that is malformed or invalid, among those done.
  std::optional<Error> fault() const;
  /// Why a valid body got no code, the earliest's reason. Final after drain().
  std::optional<Error> refusal() const;
  /// Bodies checked: under Eager also compiled.
  uint32_t bodies_done() const { return bodies_done_.load(std::memory_order_relaxed); }
  uint32_t functions_compiled() const { return lazy_.functions_compiled(); }
  /// Spent on bodies by all threads, but for what callers have compiled themselves.
  uint64_t compile_ns() const { return compile_ns_.load(std::memory_order_relaxed); }

 private:
  enum class Status : uint8_t { Waiting, Running, Done };
  struct Batch {
    Vector<FuncBody> bodies;
    uint64_t bytes = 0;
    Status status = Status::Waiting;
    uint32_t generation = 0;  // fork_generation() of the process that runs it
  };
  /// What a batch is claimed for.
  enum class Work : uint8_t { Compile, Validate };
  struct Claim {
    uint32_t batch = 0;
    Work work = Work::Compile;
  };
  /// Validated, not compiled.
  struct Deferred {
    Vector<FuncBody> bodies;
    uint64_t bytes = 0;
  };
  struct Outcome {
    std::optional<Error> fault;
    std::optional<Error> refusal;
    void note(Error&& error);
  };
  class BatchTask;
  class DeferredTask;

  bool is_threaded() const { return workers_ != nullptr && workers_->threads() > 0; }
  BodyScratch& scratch_of(std::unique_ptr<WorkerScratch>& scratch) const;
  bool hand_out_gathered();
  bool is_small() const;
  bool has_all_bodies() const;
  std::optional<Claim> claim();
  Work work() const;
  Outcome compile(const Vector<FuncBody>& bodies, BodyScratch& scratch);
  Outcome validate(const Vector<FuncBody>& bodies, BodyScratch& scratch) const;
  void add_checked(const FuncBody& body);
  bool is_deferred(const Outcome& outcome) const;
  void record(Outcome&& outcome, Vector<FuncBody>&& bodies, uint64_t bytes, bool defer);
  void submit_deferred();
  void note_work(BatchReport report);
  void run(Claim claim, std::unique_ptr<WorkerScratch>& scratch);
  void run_deferred(std::unique_ptr<WorkerScratch>& scratch);

  const std::shared_ptr<const Module> module_;
  const std::shared_ptr<ModuleCode> code_;
  const CompileOptions options_;
  const CompilePolicy policy_;  // Eager, whatever was asked for, if only compiling can tell
  WorkerPool* const workers_;   // not owned: tasks must not keep their own pool alive
  const BatchCallback on_batch_;
  LazyCode lazy_;

  // Feeding thread only.
  Vector<FuncBody> gathered_;
  uint64_t gathered_bytes_ = 0;
  uint64_t idle_credit_ns_ = 0;
  std::unique_ptr<WorkerScratch> own_scratch_;
  std::unique_ptr<ArrivingBody> arriving_;

  mutable ForkMutex mutex_{LockRank::Stream};
  // All of this is guarded by mutex_.
  Deque<Batch> batches_;  // elements never move
  uint32_t next_ = 0;     // the first batch that nobody has begun
  uint32_t batches_done_ = 0;
  uint64_t added_bytes_ = 0;
  Deque<Deferred> deferred_;
  std::optional<Error> fault_;
  std::optional<Error> refusal_;
  const uint32_t first_generation_ = fork_generation();

  std::atomic<uint32_t> completions_{0};  // bumped when a batch is done
  std::atomic<uint32_t> bodies_done_{0};
  std::atomic<uint64_t> compile_ns_{0};
  std::atomic<bool> cancelled_{false};
  // No room for code, and not Eager: what is called says so; nothing else is compiled any more.
  std::atomic<bool> is_full_{false};
};

}  // namespace sluice

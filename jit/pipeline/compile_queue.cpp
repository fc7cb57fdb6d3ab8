// Batches: gathering them, claiming them, compiling them, and waiting for the rest.
//
// Each batch is claimed by exactly one thread of a process under the lock, and compiled without it.
// The outcome that counts is the earliest error, so the order in which batches end is immaterial.
#include "jit/pipeline/compile_queue.h"

#include <chrono>
#include <mutex>
#include <utility>

#include "jit/baseline/baseline.h"

namespace sluice {
namespace {

// Enough work for a hand-over between threads to cost nothing; few enough for an even load.
constexpr uint64_t kBatchBytes = 16 * 1024;

struct BaselineScratch final : WorkerScratch {
  explicit BaselineScratch(const CompileOptions& options) : scratch(options.cpu) {}
  CompileScratch scratch;
  CodeBatch batch;
};

uint64_t now_ns() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::nanoseconds(now).count());
}

// Does the error say that the module is not acceptable, rather than that this build can't run it?
bool is_fault(const Error& error) {
  const ErrorClass c = error_class(error.kind);
  return c == ErrorClass::Malformed || c == ErrorClass::Invalid ||
         error.kind == ErrorKind::FeatureDisabled ||
         (c == ErrorClass::Limit && error.offset != kNoOffset);
}

void keep_earliest(std::optional<Error>& kept, std::optional<Error>&& error) {
  // An error without an offset (no room for code) comes after all that have one.
  if (error && (!kept || error->offset < kept->offset)) kept = std::move(error);
}

}  // namespace

class CompileQueue::BatchTask final : public Task {
 public:
  explicit BatchTask(std::shared_ptr<CompileQueue> queue) : queue_(std::move(queue)) {}
  void run(std::unique_ptr<WorkerScratch>& scratch) override {
    if (auto batch = queue_->claim()) queue_->run(*batch, scratch);
  }

 private:
  std::shared_ptr<CompileQueue> queue_;
};

CompileQueue::CompileQueue(std::shared_ptr<const Module> module, std::shared_ptr<ModuleCode> code,
                           const CompileOptions& options, WorkerPool* workers)
    : module_(std::move(module)), code_(std::move(code)), options_(options), workers_(workers) {}

CompileQueue::~CompileQueue() = default;

void CompileQueue::add(const FuncBody& body) {
  gathered_.push_back(body);
  gathered_bytes_ += body.range.size;
  if (gathered_bytes_ >= kBatchBytes) flush();
}

void CompileQueue::flush() {
  if (gathered_.empty()) return;
  bool threaded = workers_ != nullptr && workers_->threads() > 0;
  {
    std::lock_guard lock(mutex_);
    batches_.push_back({std::move(gathered_)});
  }
  gathered_.clear();
  gathered_bytes_ = 0;
  if (threaded) {
    std::shared_ptr<Task> task =
        std::allocate_shared<BatchTask>(HeapAllocator<BatchTask>{}, shared_from_this());
    workers_->submit(std::move(task));
  } else if (auto batch = claim()) {
    run(*batch, own_scratch_);
  }
}

/// The next batch that nobody has begun, or one that a thread left behind by a
/// fork had.
std::optional<uint32_t> CompileQueue::claim() {
  std::lock_guard lock(mutex_);
  uint32_t here = fork_generation();
  auto take = [&](uint32_t index) {
    batches_[index].status = Status::Running;
    batches_[index].generation = here;
    return index;
  };
  if (next_ < batches_.size()) return take(next_++);
  if (here == first_generation_) return std::nullopt;
  for (uint32_t i = 0; i < next_; ++i) {
    if (batches_[i].status == Status::Running && batches_[i].generation != here) return take(i);
  }
  return std::nullopt;
}

CompileQueue::Outcome CompileQueue::compile(const Vector<FuncBody>& bodies,
                                            std::unique_ptr<WorkerScratch>& scratch) {
  // Pools serve engines of one kind of task, so a scratch is always this one.
  if (scratch == nullptr) scratch = std::make_unique<BaselineScratch>(options_);
  auto& own = static_cast<BaselineScratch&>(*scratch);
  own.batch.clear();
  Outcome outcome;
  for (const FuncBody& body : bodies) {
    if (cancelled_.load(std::memory_order_relaxed)) return outcome;
    auto compiled = compile_baseline(*module_, body, options_, own.scratch, own.batch);
    if (compiled) continue;
    bool fault = is_fault(compiled.error());
    keep_earliest(fault ? outcome.fault : outcome.refusal, std::move(compiled).error());
    if (fault) return outcome;  // the rest of the batch lies behind it
  }
  if (code_ == nullptr) return outcome;
  if (auto published = code_->publish(own.batch); !published) {
    keep_earliest(outcome.refusal, std::move(published).error());
  }
  return outcome;
}

void CompileQueue::run(uint32_t index, std::unique_ptr<WorkerScratch>& scratch) {
  Batch* batch = nullptr;
  {
    std::lock_guard lock(mutex_);
    batch = &batches_[index];
  }
  uint64_t start = now_ns();
  Outcome outcome = compile(batch->bodies, scratch);
  compile_ns_.fetch_add(now_ns() - start, std::memory_order_relaxed);
  uint32_t count = static_cast<uint32_t>(batch->bodies.size());
  {
    std::lock_guard lock(mutex_);
    keep_earliest(fault_, std::move(outcome.fault));
    keep_earliest(refusal_, std::move(outcome.refusal));
    batch->status = Status::Done;
    ++batches_done_;
    batch->bodies = Vector<FuncBody>();
    bodies_done_.fetch_add(count, std::memory_order_relaxed);
  }
  completions_.fetch_add(1, std::memory_order_release);
  completions_.notify_all();
}

void CompileQueue::drain() {
  flush();
  for (;;) {
    uint32_t seen = completions_.load(std::memory_order_acquire);
    if (auto batch = claim()) {
      run(*batch, own_scratch_);
      continue;
    }
    {
      std::lock_guard lock(mutex_);
      if (batches_done_ == batches_.size()) return;
    }
    completions_.wait(seen, std::memory_order_acquire);
  }
}

std::optional<Error> CompileQueue::fault() const {
  std::lock_guard lock(mutex_);
  return fault_;
}

std::optional<Error> CompileQueue::refusal() const {
  std::lock_guard lock(mutex_);
  return refusal_;
}

}  // namespace sluice

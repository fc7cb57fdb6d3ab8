// Batches: gathering them, claiming them, compiling them, and waiting for the rest.
//
// Each batch is claimed by exactly one thread of a process under the lock, and compiled without it.
// The outcome that counts is the earliest error, so the order in which batches end is immaterial.
#include "jit/pipeline/compile_queue.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "engine/base/check.h"
#include "jit/baseline/baseline.h"
#include "jit/baseline/validate_only.h"
#include "jit/pipeline/body_scratch.h"

namespace sluice {
namespace {

// Enough work for a hand-over between threads to cost nothing; few enough for an even load.
constexpr uint64_t kBatchBytes = 16 * 1024;
// What has no more code than this is left to the feeding thread: to wake another takes longer, to
// start one longer still. Under Adaptive so much is compiled at once: that takes less time than
// the first calls would.
constexpr uint64_t kSmallModuleBytes = 4 * 1024;
// Bodies from this size on are checked while they arrive; others take no time worth it.
constexpr uint64_t kLargeBodyBytes = 64 * 1024;
// What compiling is expected to take, to decide what idle time is enough for.
constexpr uint64_t kNsPerByte = 10;

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

void CompileQueue::Outcome::note(Error&& error) {
  keep_earliest(is_fault(error) ? fault : refusal, std::move(error));
}

// Tasks do not keep the queue: when threads are slower than whoever makes and drops modules, those
// would stay in memory until their tasks' turn comes.

class CompileQueue::BatchTask final : public Task {
 public:
  explicit BatchTask(std::weak_ptr<CompileQueue> queue) : queue_(std::move(queue)) {}
  void run(std::unique_ptr<WorkerScratch>& scratch) override {
    const std::shared_ptr<CompileQueue> queue = queue_.lock();
    if (queue == nullptr) return;
    if (auto claim = queue->claim()) queue->run(*claim, scratch);
  }

 private:
  std::weak_ptr<CompileQueue> queue_;
};

class CompileQueue::DeferredTask final : public Task {
 public:
  explicit DeferredTask(std::weak_ptr<CompileQueue> queue) : queue_(std::move(queue)) {}
  void run(std::unique_ptr<WorkerScratch>& scratch) override {
    if (const std::shared_ptr<CompileQueue> queue = queue_.lock()) queue->run_deferred(scratch);
  }

 private:
  std::weak_ptr<CompileQueue> queue_;
};

CompileQueue::CompileQueue(std::shared_ptr<const Module> module, std::shared_ptr<ModuleCode> code,
                           const CompileOptions& options, CompilePolicy policy, WorkerPool* workers,
                           BatchCallback on_batch)
    : module_(std::move(module)), code_(std::move(code)), options_(options), policy_(policy),
      workers_(workers), on_batch_(on_batch),
      lazy_(*module_, policy_ == CompilePolicy::Eager ? nullptr : code_.get(), options) {}

CompileQueue::~CompileQueue() = default;

void CompileQueue::note_arriving(const FuncBody& body) {
  if (policy_ == CompilePolicy::Eager || body.range.size < kLargeBodyBytes) return;
  if (arriving_ == nullptr) arriving_ = std::make_unique<ArrivingBody>(*module_, body);
  if (on_batch_.call == nullptr) return arriving_->advance();
  const uint64_t start = now_ns();
  arriving_->advance();
  on_batch_.call(on_batch_.env, {BatchReport::Work::Validate, 0, 0, start, now_ns()});
}

/// The body that has been checked as it came.
void CompileQueue::add_checked(const FuncBody& body) {
  DCHECK(arriving_->func() == body.func, "another body has arrived");
  Outcome outcome;
  const uint64_t start = on_batch_.call == nullptr ? 0 : now_ns();
  if (auto valid = arriving_->finish(); !valid) outcome.note(std::move(valid).error());
  arriving_.reset();
  if (on_batch_.call != nullptr) {
    on_batch_.call(on_batch_.env,
                   {BatchReport::Work::Validate, 1, body.range.size, start, now_ns()});
  }
  const bool defer = is_deferred(outcome);
  {
    std::lock_guard lock(mutex_);
    added_bytes_ += body.range.size;
    record(std::move(outcome), {body}, body.range.size, defer);
  }
  if (defer) submit_deferred();
}

void CompileQueue::add(const FuncBody& body) {
  if (arriving_ != nullptr) return add_checked(body);
  gathered_.push_back(body);
  gathered_bytes_ += body.range.size;
  if (gathered_bytes_ >= kBatchBytes) flush();
}

void CompileQueue::flush() {
  // Whether a module is small shows when its last body has come; the rest of the stream may take
  // for ever, and its verdict must not.
  if (gathered_.empty() || (is_threaded() && is_small() && !has_all_bodies())) return;
  const bool is_new_batch = hand_out_gathered();
  if (!is_new_batch) return;
  if (is_threaded() && !is_small()) {
    std::shared_ptr<Task> task =
        std::allocate_shared<BatchTask>(HeapAllocator<BatchTask>{}, weak_from_this());
    workers_->submit(std::move(task));
  } else if (auto claim = this->claim()) {
    run(*claim, own_scratch_);
  }
}

/// Do the gathered bodies begin a batch? They join the last one if nobody has begun that: when all
/// threads are busy, the pieces of a fast stream become batches of full size.
bool CompileQueue::hand_out_gathered() {
  Vector<FuncBody> bodies = std::exchange(gathered_, {});
  const uint64_t bytes = std::exchange(gathered_bytes_, 0);
  std::lock_guard lock(mutex_);
  added_bytes_ += bytes;
  if (next_ < batches_.size() && batches_.back().bytes + bytes <= kBatchBytes) {
    Batch& last = batches_.back();
    last.bodies.insert(last.bodies.end(), bodies.begin(), bodies.end());
    last.bytes += bytes;
    return false;
  }
  batches_.push_back({std::move(bodies), bytes});
  return true;
}

/// Has the module, as far as it is known, so little code that no other thread is worth it?
bool CompileQueue::is_small() const { return added_bytes_ + gathered_bytes_ <= kSmallModuleBytes; }

bool CompileQueue::has_all_bodies() const {
  return module_->bodies.size() == module_->defined_funcs();
}

void CompileQueue::use_idle_time(uint64_t idle_ns) {
  if (policy_ != CompilePolicy::Adaptive || is_threaded()) return;
  idle_credit_ns_ += idle_ns;
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      // Time is only saved for work that is too long for one pause.
      if (deferred_.empty()) idle_credit_ns_ = 0;
      if (deferred_.empty() || deferred_.front().bytes * kNsPerByte > idle_credit_ns_) return;
    }
    uint64_t start = now_ns();
    run_deferred(own_scratch_);
    uint64_t spent = now_ns() - start;
    idle_credit_ns_ -= std::min(spent, idle_credit_ns_);
  }
}

/// The next batch that nobody has begun, or one that a thread left behind by a
/// fork had.
std::optional<CompileQueue::Claim> CompileQueue::claim() {
  std::lock_guard lock(mutex_);
  uint32_t here = fork_generation();
  auto take = [&](uint32_t index) {
    batches_[index].status = Status::Running;
    batches_[index].generation = here;
    return Claim{index, work()};
  };
  if (next_ < batches_.size()) return take(next_++);
  if (here == first_generation_) return std::nullopt;
  for (uint32_t i = 0; i < next_; ++i) {
    if (batches_[i].status == Status::Running && batches_[i].generation != here) return take(i);
  }
  return std::nullopt;
}

/// Compile the next batch, or first find out whether it is valid? Wants mutex_ held.
CompileQueue::Work CompileQueue::work() const {
  switch (policy_) {
  case CompilePolicy::Eager: return Work::Compile;
  case CompilePolicy::Lazy: return Work::Validate;
  // Validating first costs a tenth of compiling, and nobody ever waits for more than that.
  case CompilePolicy::Adaptive:
    return added_bytes_ <= kSmallModuleBytes ? Work::Compile : Work::Validate;
  }
  UNREACHABLE("a CompilePolicy");
}

BodyScratch& CompileQueue::scratch_of(std::unique_ptr<WorkerScratch>& scratch) const {
  // Pools serve engines of one kind of task, so a scratch is always this one.
  if (scratch == nullptr && workers_ != nullptr && &scratch == &own_scratch_) {
    scratch = workers_->take_scratch();
  }
  if (scratch == nullptr) scratch = std::make_unique<BodyScratch>(options_);
  return static_cast<BodyScratch&>(*scratch);
}

CompileQueue::Outcome CompileQueue::compile(const Vector<FuncBody>& bodies, BodyScratch& scratch) {
  scratch.batch.clear();
  Outcome outcome;
  for (const FuncBody& body : bodies) {
    if (cancelled_.load(std::memory_order_acquire)) return outcome;
    auto compiled = compile_baseline(*module_, body, options_, scratch.compiler, scratch.batch);
    if (compiled) continue;
    outcome.note(std::move(compiled).error());
    if (outcome.fault) return outcome;  // the rest of the batch lies behind it
  }
  if (code_ == nullptr || outcome.refusal) return outcome;
  auto published = code_->publish(scratch.batch);
  if (published) {
    lazy_.note_compiled(bodies);
  } else if (policy_ == CompilePolicy::Eager) {
    keep_earliest(outcome.refusal, std::move(published).error());
  } else {
    is_full_.store(true, std::memory_order_relaxed);
  }
  return outcome;
}

CompileQueue::Outcome CompileQueue::validate(const Vector<FuncBody>& bodies,
                                             BodyScratch& scratch) const {
  Outcome outcome;
  for (const FuncBody& body : bodies) {
    if (cancelled_.load(std::memory_order_acquire)) return outcome;
    auto valid = validate_only(*module_, body, scratch.validator);
    if (valid) continue;
    outcome.note(std::move(valid).error());
    if (outcome.fault) return outcome;
  }
  return outcome;
}

void CompileQueue::note_work(BatchReport report) {
  compile_ns_.fetch_add(report.end_ns - report.begin_ns, std::memory_order_relaxed);
  if (on_batch_.call != nullptr) on_batch_.call(on_batch_.env, report);
}

void CompileQueue::run(Claim claim, std::unique_ptr<WorkerScratch>& scratch) {
  Batch* batch = nullptr;
  {
    std::lock_guard lock(mutex_);
    batch = &batches_[claim.batch];
  }
  uint64_t start = now_ns();
  BodyScratch& own = scratch_of(scratch);
  const bool validate_first = claim.work == Work::Validate;
  const auto bodies = static_cast<uint32_t>(batch->bodies.size());
  Outcome outcome = validate_first ? validate(batch->bodies, own) : compile(batch->bodies, own);
  note_work({validate_first ? BatchReport::Work::Validate : BatchReport::Work::Compile, bodies,
             batch->bytes, start, now_ns()});
  const bool defer = validate_first && is_deferred(outcome);
  {
    std::lock_guard lock(mutex_);
    record(std::move(outcome), std::move(batch->bodies), batch->bytes, defer);
    batch->status = Status::Done;
    ++batches_done_;
  }
  completions_.fetch_add(1, std::memory_order_release);
  completions_.notify_all();
  if (defer) submit_deferred();
}

/// Are bodies with this verdict compiled in the background?
bool CompileQueue::is_deferred(const Outcome& outcome) const {
  return policy_ == CompilePolicy::Adaptive && code_ != nullptr && !outcome.fault &&
         !outcome.refusal;
}

/// These bodies are done. Wants mutex_ held.
void CompileQueue::record(Outcome&& outcome, Vector<FuncBody>&& bodies, uint64_t bytes,
                          bool defer) {
  keep_earliest(fault_, std::move(outcome.fault));
  keep_earliest(refusal_, std::move(outcome.refusal));
  bodies_done_.fetch_add(static_cast<uint32_t>(bodies.size()), std::memory_order_relaxed);
  Vector<FuncBody> done = std::move(bodies);  // the batch keeps none
  if (defer) deferred_.push_back({std::move(done), bytes});
}

/// Without threads use_idle_time() finds them.
void CompileQueue::submit_deferred() {
  if (!is_threaded()) return;
  std::shared_ptr<Task> task =
      std::allocate_shared<DeferredTask>(HeapAllocator<DeferredTask>{}, weak_from_this());
  workers_->submit(std::move(task), Urgency::Background);
}

void CompileQueue::run_deferred(std::unique_ptr<WorkerScratch>& scratch) {
  Deferred deferred;
  {
    std::lock_guard lock(mutex_);
    if (deferred_.empty()) return;
    deferred = std::move(deferred_.front());
    deferred_.pop_front();
  }
  if (cancelled_.load(std::memory_order_acquire) || is_full_.load(std::memory_order_relaxed))
    return;
  uint64_t start = now_ns();
  if (!lazy_.compile_ahead(deferred.bodies, scratch_of(scratch), cancelled_)) {
    is_full_.store(true, std::memory_order_relaxed);
  }
  note_work({BatchReport::Work::Compile, static_cast<uint32_t>(deferred.bodies.size()),
             deferred.bytes, start, now_ns()});
}

void CompileQueue::drain() {
  flush();
  if (!gathered_.empty()) hand_out_gathered();  // a small module's that breaks off
  for (;;) {
    uint32_t seen = completions_.load(std::memory_order_acquire);
    if (auto claim = this->claim()) {
      run(*claim, own_scratch_);
      continue;
    }
    {
      std::lock_guard lock(mutex_);
      if (batches_done_ == batches_.size()) break;
    }
    completions_.wait(seen, std::memory_order_acquire);
  }
  if (own_scratch_ == nullptr) return;
  auto scratch = std::unique_ptr<BodyScratch>(static_cast<BodyScratch*>(own_scratch_.release()));
  if (policy_ != CompilePolicy::Eager) {
    // Callers of functions without code go on with it.
    lazy_.return_scratch(std::move(scratch));
  } else if (workers_ != nullptr && scratch->is_modest()) {
    workers_->put_scratch_back(std::move(scratch));
  }
}

Result<const void*> CompileQueue::require(FuncIdx func) {
  if (policy_ == CompilePolicy::Eager) return code_->entry_of(func);
  return lazy_.require(module_->bodies[raw(func) - module_->imported_funcs]);
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

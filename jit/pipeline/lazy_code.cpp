// State words: empty, done, or the process in which a thread is compiling the function.
//
// A function is done only after its slot has been switched, and its state only then changes, so
// whoever waited for it finds the code. If there was no room it becomes empty again, and the next
// who needs it tries anew.
#include "jit/pipeline/lazy_code.h"

#include <mutex>
#include <utility>

namespace sluice {
namespace {

constexpr uint32_t kEmpty = 0;
constexpr uint32_t kDone = 1;
constexpr uint32_t kFirstRunning = 2;  // + fork_generation()

// Compiling ahead, so many bytes of code are published together: few enough that a caller who
// waits for one of the functions hardly notices.
constexpr size_t kPublishBytes = 4096;
// Scratches kept for callers' threads; more are made when more threads call at once.
constexpr size_t kIdleScratches = 2;

}  // namespace

LazyCode::LazyCode(const Module& module, ModuleCode* code, const CompileOptions& options)
    : module_(module), code_(code), options_(options),
      states_(code == nullptr ? 0 : module.defined_funcs()) {}
LazyCode::~LazyCode() = default;

/// Is the function now this thread's to compile? Not if it has code or somebody is at it.
bool LazyCode::try_claim(State& state) {
  const uint32_t mine = kFirstRunning + fork_generation();
  uint32_t seen = state.load(std::memory_order_acquire);
  while (seen != kDone && seen != mine) {
    if (state.compare_exchange_weak(seen, mine, std::memory_order_acquire)) return true;
  }
  return false;
}

void LazyCode::settle(State& state, bool compiled) {
  if (compiled) compiled_.fetch_add(1, std::memory_order_relaxed);
  state.store(compiled ? kDone : kEmpty, std::memory_order_release);
  state.notify_all();
}

Result<const void*> LazyCode::require(const FuncBody& body) {
  State& word = state(body);
  while (!try_claim(word)) {
    if (word.load(std::memory_order_acquire) == kDone) return code_->entry_of(body.func);
    word.wait(kFirstRunning + fork_generation(), std::memory_order_acquire);
  }
  std::unique_ptr<BodyScratch> scratch = borrow_scratch();
  scratch->batch.clear();
  Result<void> done = compile_baseline(module_, body, options_, scratch->compiler, scratch->batch);
  if (done) done = code_->publish(scratch->batch);
  return_scratch(std::move(scratch));
  settle(word, done.has_value());
  if (!done) return std::unexpected(std::move(done).error());
  return code_->entry_of(body.func);
}

Result<void> LazyCode::compile_ahead(std::span<const FuncBody> bodies, BodyScratch& scratch,
                                     const std::atomic<bool>& cancelled) {
  Vector<uint32_t> claimed;
  Result<void> done;
  scratch.batch.clear();
  for (const FuncBody& body : bodies) {
    if (!done || cancelled.load(std::memory_order_relaxed)) break;
    // What is ready does not wait for a large body behind it.
    if (scratch.batch.bytes.size() + body.range.size > kPublishBytes) {
      done = publish(scratch, claimed);
      if (!done) break;
    }
    if (!try_claim(state(body))) continue;
    claimed.push_back(raw(body.func) - module_.imported_funcs);
    done = compile_baseline(module_, body, options_, scratch.compiler, scratch.batch);
  }
  Result<void> rest = publish(scratch, claimed);
  return done ? rest : done;
}

/// Publishes the batch and settles all that were claimed for it.
Result<void> LazyCode::publish(BodyScratch& scratch, Vector<uint32_t>& claimed) {
  Result<void> done = code_->publish(scratch.batch);
  // A body that failed to compile was claimed last, and is not in the batch.
  const size_t in_batch = scratch.batch.entries.size();
  for (size_t i = 0; i < claimed.size(); ++i) settle(states_[claimed[i]], done && i < in_batch);
  claimed.clear();
  scratch.batch.clear();
  return done;
}

void LazyCode::note_compiled(std::span<const FuncBody> bodies) {
  if (code_ != nullptr) {
    for (const FuncBody& body : bodies) state(body).store(kDone, std::memory_order_relaxed);
  }
  compiled_.fetch_add(static_cast<uint32_t>(bodies.size()), std::memory_order_relaxed);
}

std::unique_ptr<BodyScratch> LazyCode::borrow_scratch() {
  {
    const std::lock_guard<ForkMutex> lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<BodyScratch> scratch = std::move(idle_.back());
      idle_.pop_back();
      return scratch;
    }
  }
  return std::unique_ptr<BodyScratch>(new BodyScratch(options_));
}

void LazyCode::return_scratch(std::unique_ptr<BodyScratch> scratch) {
  const std::lock_guard<ForkMutex> lock(mutex_);
  if (idle_.size() < kIdleScratches) idle_.push_back(std::move(scratch));
}

}  // namespace sluice

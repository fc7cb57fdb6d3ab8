// Decoder events become work for the compile queue; errors of both become one.
//
// A body's error always lies before whatever the decoder finds behind it, so the rule is: let every
// announced body be done, then prefer theirs. Whether feed() reports it now or later may depend on
// the workers; what finish() says does not.
#include "jit/pipeline/stream_compiler.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "engine/binary/stream_decoder.h"
#include "engine/validate/validate.h"
#include "jit/pipeline/compile_queue.h"

namespace sluice {
namespace {

uint64_t now_ns() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::nanoseconds(now).count());
}

/// How much machine code there will be of what is there of the code section, if so many bytes of
/// the module are: 1.6 to 2.1 bytes of a byte. What the section only announces does not count.
uint64_t expected_code_bytes(const Module& module, uint64_t received_bytes) {
  const uint64_t at_hand = received_bytes - module.code_section_offset;
  return std::min<uint64_t>(at_hand, module.code_section_size) * 7 / 4;
}

}  // namespace

class StreamCompiler::State final : public Allocated, public DecoderEvents {
 public:
  State(StreamEnvironment environment, ProgressCallback progress, BatchCallback on_batch)
      : environment_(std::move(environment)), progress_(progress), on_batch_(on_batch),
        decoder_(environment_.features, environment_.types, *this, environment_.whole_bytes) {}
  ~State() override { cancel(); }

  Result<void> feed(std::span<const uint8_t> bytes);
  Result<std::shared_ptr<const CompiledModule>> finish();
  void cancel();

  void sections_before_code(const Module& module) override;
  void body(const FuncBody& body) override { queue_->add(body); }
  void body_arriving(const FuncBody& body) override { queue_->note_arriving(body); }
  void truncated_body(const FuncBody& body) override { truncated_ = body; }

 private:
  std::unexpected<Error> stop(Error error);
  std::unexpected<Error> stop_cancelled() { return stop({ErrorKind::Cancelled, kNoOffset, {}}); }
  bool is_cancelled() const { return cancelled_.load(std::memory_order_acquire); }
  std::unexpected<Error> stop_with_earliest(Error decoder_error);
  std::optional<Error> fault_in_truncated_body() const;
  void report_progress() const;

  StreamEnvironment environment_;
  ProgressCallback progress_;
  BatchCallback on_batch_;
  StreamDecoder decoder_;
  std::shared_ptr<ModuleCode> code_;
  // From sections_before_code on. The feeding thread changes it, with the mutex; cancel() reads it.
  std::shared_ptr<CompileQueue> queue_;
  ForkMutex queue_mutex_{LockRank::Stream};
  std::atomic<bool> cancelled_{false};
  std::optional<Error> no_code_memory_;  // why code_ is null
  std::optional<FuncBody> truncated_;    // the last body, if the stream ends inside it
  std::optional<Error> error_;           // what every call returns once it is set
  uint64_t received_bytes_ = 0;
  uint64_t last_bytes_ns_ = 0;
  uint64_t fed_ns_ = 0;  // when feed() last returned
};

void StreamCompiler::State::sections_before_code(const Module& module) {
  const bool lazy = environment_.policy != CompilePolicy::Eager;
  // Under Eager nobody calls anything before finish().
  std::optional<HiddenCode> hidden;
  if (!lazy) hidden = HiddenCode{expected_code_bytes(module, received_bytes_)};
  auto code =
      ModuleCode::create(environment_.code_memory, module.imported_funcs, module.defined_funcs(),
                         lazy ? EmptySlot::Compiles : EmptySlot::Traps, hidden);
  if (code) {
    code_ = *std::move(code);
  } else {
    // The module may still turn out to be invalid, which is the more useful thing to say.
    no_code_memory_ = std::move(code).error();
  }
  auto queue =
      make_shared_heap<CompileQueue>(decoder_.module(), code_, environment_.options,
                                     environment_.policy, environment_.workers.get(), on_batch_);
  const std::lock_guard<ForkMutex> lock(queue_mutex_);
  queue_ = std::move(queue);
  if (is_cancelled()) queue_->cancel();
}

void StreamCompiler::State::report_progress() const {
  if (progress_.call == nullptr) return;
  progress_.call(progress_.env,
                 {decoder_.bytes_received(), queue_ == nullptr ? 0 : queue_->bodies_done(),
                  decoder_.declared_bodies()});
}

std::unexpected<Error> StreamCompiler::State::stop(Error error) {
  if (queue_ != nullptr) queue_->cancel();
  // What a cancelled queue has found is not the earliest.
  if (is_cancelled()) error = {ErrorKind::Cancelled, kNoOffset, {}};
  error_ = error;
  return std::unexpected(std::move(error));
}

/// The decoder's error lies behind every body it has announced.
std::unexpected<Error> StreamCompiler::State::stop_with_earliest(Error decoder_error) {
  if (queue_ != nullptr) {
    queue_->drain();
    if (auto fault = queue_->fault()) return stop(*std::move(fault));
  }
  if (auto fault = fault_in_truncated_body()) return stop(*std::move(fault));
  return stop(std::move(decoder_error));
}

std::optional<Error> StreamCompiler::State::fault_in_truncated_body() const {
  if (!truncated_) return std::nullopt;
  const Module& module = *decoder_.module();
  uint32_t end = truncated_->range.offset + truncated_->range.size;
  ValidatorState state;
  auto valid = validate_body(module, *truncated_, module.wire->view({0, end}), state);
  // That bytes are missing at the end is the decoder's to say.
  if (valid || valid.error().offset >= end || valid.error().kind == ErrorKind::UnexpectedEnd) {
    return std::nullopt;
  }
  return std::move(valid).error();
}

Result<void> StreamCompiler::State::feed(std::span<const uint8_t> bytes) {
  if (error_) return std::unexpected(*error_);
  if (is_cancelled()) return stop_cancelled();
  const uint64_t begun = now_ns();
  if (queue_ != nullptr) queue_->use_idle_time(begun - fed_ns_);
  if (!bytes.empty()) last_bytes_ns_ = begun;
  received_bytes_ += bytes.size();
  auto fed = decoder_.feed(bytes);
  if (!fed) return stop_with_earliest(std::move(fed).error());
  if (queue_ != nullptr) {
    queue_->flush();
    if (auto fault = queue_->fault()) {
      // Bodies before the faulty one may still be under way on other threads.
      queue_->drain();
      return stop(*queue_->fault());
    }
  }
  if (is_cancelled()) return stop_cancelled();
  report_progress();
  fed_ns_ = now_ns();
  return {};
}

Result<std::shared_ptr<const CompiledModule>> StreamCompiler::State::finish() {
  if (error_) return std::unexpected(*error_);
  auto module = decoder_.finish();
  if (!module) return stop_with_earliest(std::move(module).error());
  queue_->drain();
  // Its bodies may not have been looked at.
  if (is_cancelled()) return stop_cancelled();
  if (auto fault = queue_->fault()) return stop(*std::move(fault));
  if (auto refusal = queue_->refusal()) return stop(*std::move(refusal));
  if (no_code_memory_) return stop(*std::move(no_code_memory_));
  if (auto made = code_->make_executable(); !made) return stop(std::move(made).error());

  CompileStats stats;
  stats.wire_bytes = decoder_.bytes_received();
  stats.code_section_bytes = (*module)->code_section_size;
  stats.functions = static_cast<uint32_t>((*module)->bodies.size());
  stats.last_byte_to_ready_ns = last_bytes_ns_ == 0 ? 0 : now_ns() - last_bytes_ns_;
  stats.workers = environment_.workers == nullptr ? 0 : environment_.workers->threads();
  auto compiled = make_shared_heap<CompiledModule>(*std::move(module), code_, queue_,
                                                   environment_.options, stats);
  code_->set_owner(compiled);
  code_->announce();
  report_progress();
  {
    // The module's from now on: what it still compiles is not this stream's to cancel.
    const std::lock_guard<ForkMutex> lock(queue_mutex_);
    queue_.reset();
  }
  error_ = Error{ErrorKind::StreamState, kNoOffset, {}};
  return compiled;
}

void StreamCompiler::State::cancel() {
  cancelled_.store(true, std::memory_order_release);
  const std::lock_guard<ForkMutex> lock(queue_mutex_);
  if (queue_ != nullptr) queue_->cancel();
}

StreamCompiler::StreamCompiler(StreamEnvironment environment, ProgressCallback progress,
                               BatchCallback on_batch)
    : state_(new State(std::move(environment), progress, on_batch)) {}
StreamCompiler::~StreamCompiler() = default;
StreamCompiler::StreamCompiler(StreamCompiler&&) noexcept = default;
StreamCompiler& StreamCompiler::operator=(StreamCompiler&&) noexcept = default;

Result<void> StreamCompiler::feed(std::span<const uint8_t> bytes) { return state_->feed(bytes); }
Result<std::shared_ptr<const CompiledModule>> StreamCompiler::finish() { return state_->finish(); }
void StreamCompiler::cancel() { state_->cancel(); }

}  // namespace sluice

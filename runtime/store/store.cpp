#include "runtime/store/store.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "engine/base/check.h"
#include "jit/code/code_map.h"
#include "jit/pipeline/compiled_module.h"
#include "runtime/store/builtins.h"
#include "runtime/store/engine.h"
#include "runtime/trap/thread_stack.h"

namespace sluice {
namespace {

uint64_t next_store_id() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Store::Store(std::shared_ptr<Engine> engine)
    : engine_(std::move(engine)), id_(next_store_id()),
      context_(new_store_context(engine_->trap_signals())) {
  context_->max_wasm_stack_bytes =
      static_cast<uint32_t>(std::min<uint64_t>(engine_->config().max_wasm_stack_bytes, UINT32_MAX));
  context_->landing = engine_->landing();
  context_->store = this;
  refs_ = make_shared_heap<RefHeap>(*this, engine_->config().collect_always);
}

// The host's objects go first, and then instances: what they point to must outlive them only on
// paper, but the order documents who uses whom.
Store::~Store() {
  refs_->release_all();
  instances_.clear();
}

Result<std::unique_ptr<Store>> Store::create(std::shared_ptr<Engine> engine) {
  return std::unique_ptr<Store>(new Store(std::move(engine)));
}

InterruptHandle Store::interrupt_handle() const { return {context_, engine_->watchdog()}; }

void Store::set_deadline(Watchdog::Clock::time_point deadline) {
  engine_->watchdog()->set_deadline(context_, deadline);
}

void Store::clear_interrupt() {
  set_deadline(Watchdog::Clock::time_point::max());
  take_interrupt(*context_);
}

Result<void> Store::check_thread() const {
  // Another thread may be writing them; then either value is as good.
  const auto load = [](auto& field) {
    return std::atomic_ref(field).load(std::memory_order_relaxed);
  };
  const uint32_t entered = load(context_->thread_id);
  if (load(context_->entry_rsp) == 0 || entered == wasm_thread_id()) return {};
  if (is_forked_from(entered)) return {};
  return fail(ErrorKind::WrongThread);
}

bool Store::is_interrupted() const { return is_interrupt_requested(*context_); }

uint64_t Store::fuel() const { return static_cast<uint64_t>(std::max<int64_t>(context_->fuel, 0)); }

void Store::set_fuel(uint64_t fuel) {
  context_->fuel = static_cast<int64_t>(std::min<uint64_t>(fuel, INT64_MAX));
}

void Store::init_block(InstanceData& data) {
  data.memory0 = &empty_memory_;
  data.context = context_.get();
  data.builtin_trampoline = engine_->builtin_trampoline();
  data.builtins = builtin_table(engine_->config().meter_fuel);
  data.trap_exit = engine_->trap_exit();
  data.code_base = engine_->code_base();
  data.type_chunks = engine_->types()->chunks();
  data.memory64_bound = engine_->memory64_bound_bytes();
}

void Store::add_tag(std::unique_ptr<Tag> tag) {
  if (const size_t needed = tag->params().size(); needed > thrown_cells_.size()) {
    thrown_cells_.resize(needed);
    context_->thrown.cells = thrown_cells_.data();
  }
  tags_.push_back(std::move(tag));
}

void Store::set_thrown(const Tag& tag, const void* cells, uint32_t handle) {
  ThrownException& thrown = context_->thrown;
  const std::span<const ValType> types = tag.params();
  for (size_t i = 0; i < types.size(); ++i) {
    // On a guest's stack, where tail calls leave frames at any multiple of 8.
    Value cell;
    std::memcpy(&cell, static_cast<const char*>(cells) + i * sizeof cell, sizeof cell);
    const Value value = normalized(cell, types[i]);
    thrown.cells[i] = {{value.bits[0], value.bits[1]}};
  }
  thrown.tag = &tag;
  thrown.handle = handle;
  thrown.is_thrown = 1;
}

uint32_t Store::take_exception() {
  ThrownException& thrown = context_->thrown;
  if (thrown.handle != 0) return thrown.handle;
  const Tag& tag = *static_cast<const Tag*>(thrown.tag);
  std::unique_ptr<Exception> exception(new Exception);
  exception->tag = const_cast<Tag*>(&tag);
  exception->cells.resize(tag.params().size());
  for (size_t i = 0; i < exception->cells.size(); ++i) {
    exception->cells[i] = {{thrown.cells[i].bits[0], thrown.cells[i].bits[1]}};
  }
  return thrown.handle = refs_->new_exception(std::move(exception));
}

/// If one was thrown and nobody caught it.
void Store::take_exception_into(Trap& trap) {
  if (std::exchange(context_->thrown.is_thrown, 0) == 0) return;
  trap.exception_ = RootedRef(refs_, take_exception());
}

void Store::throw_again(const Trap& trap) {
  const uint32_t handle = trap.exception(*this);
  const Exception* thrown = exception(handle);
  if (thrown == nullptr) {
    context_->thrown.is_thrown = 0;  // nor is it one that was thrown before
    return;
  }
  set_thrown(*thrown->tag, thrown->cells.data(), handle);
}

uint32_t Trap::exception(const Store& store) const {
  return exception_.is_of(store.refs()) ? exception_.handle() : 0;
}

Result<std::shared_ptr<Trap>> Store::make_exception(const Tag& tag, std::span<const Value> values) {
  if (&tag.store() != this) return fail(ErrorKind::WrongStore);
  const std::span<const ValType> types = tag.params();
  bool fits = values.size() == types.size();
  for (size_t i = 0; fits && i < types.size(); ++i) fits = matches(values[i], types[i]);
  if (!fits) return fail(ErrorKind::SignatureMismatch, kNoOffset, "the values do not fit the tag");
  set_thrown(tag, values.data(), 0);
  std::shared_ptr<Trap> trap = make_trap(TrapCode::UncaughtException);
  take_exception_into(*trap);
  return trap;
}

bool Store::matches(Value value, ValType canonical) const {
  if (!canonical.is_ref()) return true;
  if (value.is_null()) return canonical.is_nullable();
  if (is_func_reference(*engine_->types(), canonical)) {
    const FuncRecord* record = value.as_funcref();
    if (record->instance->context != context_.get()) return false;
    const HeapType have(TypeIdx{record->signature});
    return engine_->types()->is_subtype(have, canonical.heap());
  }
  if (canonical.heap() == HeapType(AbsHeap::Exn)) return refs_->exception(value.bits[0]) != nullptr;
  return canonical.heap() == HeapType(AbsHeap::Extern) && refs_->is_extern(value.bits[0]);
}

ArrayEntry Store::find_array_entry(CanonicalTypeId signature) {
  auto found = array_entries_.find(raw(signature));
  if (found == array_entries_.end()) {
    const Result<EntryStubs> stubs = engine_->entry_stubs(signature);
    if (!stubs) return nullptr;
    const auto entry = reinterpret_cast<ArrayEntry>(const_cast<void*>(stubs->array));
    found = array_entries_.emplace(raw(signature), entry).first;
  }
  last_signature_ = signature;
  last_entry_ = found->second;
  return last_entry_;
}

void Store::note_host_failure(String message, HostPayload payload, std::shared_ptr<Trap> inner) {
  host_failure_.emplace(HostFailure{std::move(message), std::move(payload), std::move(inner)});
}

std::shared_ptr<Trap> Store::make_trap(TrapCode code, String message) const {
  auto trap = make_shared_heap<Trap>(code);
  trap->message_ = std::move(message);
  return trap;
}

std::shared_ptr<Trap> Store::take_trap(TrapCode code) {
  auto trap = make_shared_heap<Trap>(code);
  if (code == TrapCode::CompileFailed || code == TrapCode::StoreLimit) {
    trap->message_ = std::exchange(trap_message_, {});
  }
  std::optional<HostFailure> failure = std::exchange(host_failure_, std::nullopt);
  if (code == TrapCode::UncaughtException) take_exception_into(*trap);
  // A host function that notes a failure and then succeeds must not colour a later trap.
  if (failure && trapped_in_host_shim()) {
    const std::shared_ptr<Trap>& inner = failure->inner;
    if (inner != nullptr && inner->code_ == code) {
      trap->message_ = inner->message_;
      trap->fault_address_ = inner->fault_address_;
      trap->omitted_frames_ = inner->omitted_frames_;
      trap->raw_frames_ = inner->raw_frames_;
      trap->payload_ = inner->payload_;
    } else if (inner == nullptr) {
      trap->message_ = std::move(failure->message);
      if (failure->payload.release != nullptr || failure->payload.data != nullptr) {
        trap->payload_ = make_shared_heap<HostPayload>(std::move(failure->payload));
      }
    }
  }
  add_raw_frames(*trap);
  return trap;
}

bool Store::trapped_in_host_shim() const {
  if (context_->trap.code == 0) return false;
  const CodeLocation at = find_code(context_->trap.pc);
  return at.kind == CodeLocation::Kind::Stub && at.stub == StubKind::HostShim;
}

void Store::add_raw_frames(Trap& trap) {
  TrapRecord& record = context_->trap;
  // Empty if the call failed before any code ran.
  if (record.code == 0) return;
  if (trap.fault_address_ == 0) trap.fault_address_ = record.fault_address;
  for (uint32_t i = 0; i <= record.frame_count; ++i) {
    // A return address may be the first byte of another function: look at the call before it.
    const uintptr_t pc = i == 0 ? record.pc : record.frames[i - 1] - 1;
    CodeLocation at = find_code(pc);
    Trap::RawFrame frame;
    if (at.kind == CodeLocation::Kind::Function) {
      frame.module = std::static_pointer_cast<const CompiledModule>(std::move(at.owner));
      frame.func = at.func;
      frame.code_offset = at.code_offset;
      if (frame.module == nullptr) continue;
    } else if (at.kind != CodeLocation::Kind::Stub || at.stub != StubKind::HostShim) {
      continue;
    }
    trap.raw_frames_.push_back(std::move(frame));
  }
  trap.omitted_frames_ += record.total_frames - record.frame_count;
  record.code = 0;
  record.frame_count = 0;
  record.total_frames = 0;
  record.fault_address = 0;
}

}  // namespace sluice

#include "runtime/store/engine.h"

#include <algorithm>
#include <mutex>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/base/virtual_memory.h"
#include "jit/asm/target.h"
#include "jit/debug/gdb_interface.h"
#include "jit/debug/profile_files.h"
#include "jit/pipeline/code_reporter.h"
#include "jit/stubs/entry.h"
#include "jit/stubs/host_call.h"
#include "jit/stubs/lazy_compile.h"
#include "jit/stubs/stub_environment.h"
#include "runtime/store/memory.h"
#include "runtime/store/store.h"
#include "runtime/trap/signal_handler.h"
#include "runtime/trap/thread_stack.h"

namespace sluice {
namespace {

// An address-space limit that grants fewer guarded memories than this will not last: better to
// start with explicit checks than to fail at the second instance.
constexpr uint64_t kTrialMemories = 10;
constexpr uint64_t kTrialMemories64 = 2;
constexpr uint64_t kMostMemory64Bytes = uint64_t{1} << 46;  // half of all there is
constexpr long kMaxAutoWorkers = 16;
// A thread takes a stack and its part of the allocator's heap, 40 MB and more: below this limit the
// module needs them more.
constexpr rlim_t kLeastSpaceForWorkers = rlim_t{1} << 30;

uint32_t auto_workers() {
  rlimit space;
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur < kLeastSpaceForWorkers) return 0;
  const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
  return cpus <= 1 ? 0 : static_cast<uint32_t>(std::min(cpus, kMaxAutoWorkers));
}

Result<MemoryMode> choose_memory_mode(const EngineConfig& config) {
  const MemoryModeChoice choice = config.memory_mode;
  const bool no_faults = config.signals == SignalPolicy::None;
  if (no_faults && choice == MemoryModeChoice::Guard) {
    return fail(ErrorKind::NotConfigured, kNoOffset, String("guard pages need signals"));
  }
  if (no_faults || choice == MemoryModeChoice::Explicit) return MemoryMode::Explicit;
  if (choice == MemoryModeChoice::Guard) {
    TRY(Reservation::reserve(kGuardedMemoryBytes));
    return MemoryMode::Guard;
  }
  const bool granted = Reservation::reserve(kTrialMemories * kGuardedMemoryBytes).has_value();
  return granted ? MemoryMode::Guard : MemoryMode::Explicit;
}

OptLevel choose_opt_level(const EngineConfig& config) {
  if (config.opt_level == OptLevelChoice::Auto) {
    return config.compile == CompilePolicy::Eager ? OptLevel::Quick : OptLevel::Full;
  }
  return config.opt_level == OptLevelChoice::Quick ? OptLevel::Quick : OptLevel::Full;
}

/// What 64-bit memories may reserve: as much as is wanted, or the half of that, or …
uint64_t choose_memory64_bound(uint64_t wanted, MemoryMode mode) {
  uint64_t bound = std::min(wanted, kMostMemory64Bytes) & ~uint64_t{0xffff};
  if (mode == MemoryMode::Explicit) return bound;
  while (bound != 0 && !Reservation::reserve(kTrialMemories64 * (bound + kGuard64Bytes))) {
    bound = bound / 2 & ~uint64_t{0xffff};
  }
  return bound;
}

/// Null if nobody is to be told of code.
Result<std::unique_ptr<CodeListener>> listener_of(const EngineConfig& config) {
  Vector<std::unique_ptr<CodeSink>> sinks;
  if (config.debugger) sinks.push_back(make_gdb_sink());
  if (config.profile == ProfileFormat::PerfMap) sinks.push_back(TRY(make_perf_map()));
  if (config.profile == ProfileFormat::JitDump) sinks.push_back(TRY(make_jit_dump()));
  std::unique_ptr<CodeListener> listener;
  if (!sinks.empty()) listener.reset(new CodeReporter(std::move(sinks)));
  return listener;
}

}  // namespace

Engine::~Engine() = default;

Result<std::shared_ptr<Engine>> Engine::create(const EngineConfig& config) {
  if (!host_cpu_is_supported()) {
    return fail(ErrorKind::FeatureDisabled, kNoOffset, String("the processor lacks SSE4.1"));
  }
  if (config.signals == SignalPolicy::InstallAndChain) TRY_VOID(install_trap_handlers());
  struct Constructible : Engine {};
  std::shared_ptr<Engine> engine = make_shared_heap<Constructible>();
  engine->config_ = config;
  engine->options_.memory_mode = TRY(choose_memory_mode(config));
  engine->memory64_bound_bytes_ =
      choose_memory64_bound(config.memory64_bound_bytes, engine->options_.memory_mode);
  engine->options_.opt_level = choose_opt_level(config);
  engine->options_.cpu = cpu_features(config.cpu);
  engine->options_.debug_checks = config.debug_checks;
  engine->options_.stress_seed = config.stress_seed;
  engine->options_.meter_fuel = config.meter_fuel;
  engine->options_.interrupt_checks = config.signals == SignalPolicy::None;
  engine->types_ = make_shared_heap<TypeRegistry>();
  engine->memory_pool_ = std::unique_ptr<MemoryPool>(new MemoryPool(config.max_idle_memories));
  engine->watchdog_ = make_shared_heap<Watchdog>();
  std::unique_ptr<CodeListener> listener = TRY(listener_of(config));
  engine->code_memory_ =
      TRY(CodeMemory::create(CodeMemory::kDefaultReserveBytes, std::move(listener)));
  const uint32_t workers =
      config.workers == kAutoWorkers ? auto_workers() : std::min(config.workers, kMostWorkers);
  engine->workers_ = make_shared_heap<WorkerPool>(workers);
  StubEnvironment environment = stub_environment(engine->trap_signals());
  environment.memories_move = engine->memory_mode() == MemoryMode::Explicit;
  if (config.call_hooks) environment.call_hook = &Store::on_host_call;
  engine->common_stubs_ = TRY(add_common_stubs(*engine->code_memory_, environment));
  TRY_VOID(add_lazy_stub(*engine->code_memory_));
  return engine;
}

bool Engine::handle_signal(int signal_number, void* siginfo, void* ucontext) {
  return handle_trap_signal(signal_number, siginfo, ucontext);
}

StreamEnvironment Engine::stream_environment() const {
  return {config_.features, options_, config_.compile, types_, code_memory_, workers_, {}};
}

StreamCompiler Engine::compile_stream(ProgressCallback progress, BatchCallback on_batch) const {
  return StreamCompiler(stream_environment(), progress, on_batch);
}

Result<std::shared_ptr<const CompiledModule>>
Engine::compile(std::span<const uint8_t> bytes) const {
  StreamEnvironment environment = stream_environment();
  environment.whole_bytes = bytes.size();
  StreamCompiler stream(std::move(environment));
  TRY_VOID(stream.feed(bytes));
  return stream.finish();
}

bool Engine::has_direct_form(const FuncType& type) { return has_typed_form(type); }

Result<EntryStubs> Engine::entry_stubs(CanonicalTypeId signature) {
  const FuncType& type = types_->func_type(signature);
  const std::lock_guard<ForkMutex> lock(stubs_mutex_);
  const auto found = entries_.find(raw(signature));
  if (found != entries_.end()) return found->second;
  EntryStubs stubs;
  const uint32_t array = TRY(add_array_entry(*code_memory_, common_stubs_, type));
  stubs.array = reinterpret_cast<const void*>(code_base() + array);
  // A hook is told of calls by Func::call, which direct ones pass by.
  if (has_typed_form(type) && !config_.call_hooks) {
    const uint32_t typed = TRY(add_typed_entry(*code_memory_, common_stubs_, type));
    stubs.typed = reinterpret_cast<const void*>(code_base() + typed);
  }
  entries_.emplace(raw(signature), stubs);
  return stubs;
}

Result<uint32_t> Engine::host_shim(CanonicalTypeId signature, bool typed) {
  const FuncType& type = types_->func_type(signature);
  const uint64_t key = uint64_t{raw(signature)} << 1 | (typed ? 1u : 0u);
  const std::lock_guard<ForkMutex> lock(stubs_mutex_);
  const auto found = shims_.find(key);
  if (found != shims_.end()) return found->second;
  const uint32_t offset = typed ? TRY(add_typed_host_shim(*code_memory_, common_stubs_, type))
                                : TRY(add_array_host_shim(*code_memory_, common_stubs_, type));
  shims_.emplace(key, offset);
  return offset;
}

}  // namespace sluice

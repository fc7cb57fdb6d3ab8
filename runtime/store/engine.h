// Engine: what all stores and modules of an embedding share. Configuration, canonical types, code
// memory, worker threads, and the stubs between host and Wasm, one per signature.
//
// Everything here is thread-safe. The memory mode is fixed when the engine is made: guard pages if
// a trial reservation succeeds, else explicit checks, unless the configuration demands one of them.
// Modules, stores and linkers hold the engine by shared_ptr; objects of two engines never mix.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/features.h"
#include "engine/wasm/type_registry.h"
#include "jit/abi/compile_options.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/compile_policy.h"
#include "jit/pipeline/stream_compiler.h"
#include "jit/pipeline/worker_pool.h"
#include "jit/stubs/stub_environment.h"
#include "runtime/store/memory_pool.h"
#include "runtime/store/parking_lot.h"
#include "runtime/trap/interrupt.h"

namespace sluice {

enum class MemoryModeChoice : uint8_t { Auto, Guard, Explicit };

/// Auto is Quick under the policy Eager, which compiles what may never be called, else Full.
enum class OptLevelChoice : uint8_t { Auto, Quick, Full };

enum class SignalPolicy : uint8_t {
  InstallAndChain,  // the engine installs handlers and passes on what is not its own
  EmbedderOwned,    // the embedder's handlers call handle_trap_signal() (runtime/trap); without
                    // one for kInterruptSignal guests stop at their next call of the host only
  None,             // no handlers: every trap and every interruption is a test in the code
};

/// Files that `perf` reads; see jit/debug/profile_files.h.
enum class ProfileFormat : uint8_t { None, PerfMap, JitDump };

inline constexpr uint32_t kAutoWorkers = ~uint32_t{0};
inline constexpr uint32_t kMostWorkers = 256;  // asking for more gives so many

struct EngineConfig {
  MemoryModeChoice memory_mode = MemoryModeChoice::Auto;
  SignalPolicy signals = SignalPolicy::InstallAndChain;
  uint32_t workers = kAutoWorkers;  // compile threads; 0: the feeding thread compiles
  CompilePolicy compile = CompilePolicy::Adaptive;
  OptLevelChoice opt_level = OptLevelChoice::Auto;
  CpuLevel cpu = CpuLevel::Host;  // at most, and what the processor has of it
  Features features = Features::standard();
  uint64_t max_wasm_stack_bytes = uint64_t{1} << 20;  // per outermost call into Wasm; 4 GiB at most
  // No 64-bit memory grows beyond; each reserves so much address space behind guard pages. Smaller
  // where the system refuses that.
  uint64_t memory64_bound_bytes = uint64_t{64} << 30;
  uint32_t max_idle_memories = 128;  // of each mode, kept for later instances; see MemoryPool
  // Code is told of, by name, frame and source line: to a debugger that the process runs under or
  // that attaches later, and in a file for a profiler. Each function is then compiled twice.
  bool debugger = false;
  ProfileFormat profile = ProfileFormat::None;
  bool meter_fuel = false;  // guests take their instructions from Store::fuel
  bool call_hooks = false;  // stores may have one; calls between host and Wasm then cost more
  bool debug_checks = false;
  bool collect_always = false;  // for tests: references are collected whenever one is made
  uint64_t stress_seed = 0;     // for tests: CompileOptions::stress_seed
};

/// Pointers to a signature's stubs for calls from the host (jit/stubs).
struct EntryStubs {
  const void* array = nullptr;  // arguments and results in cells
  const void* typed = nullptr;  // in the C ABI's registers; null if the signature does not fit
};

class Engine : public Allocated {
 public:
  static Result<std::shared_ptr<Engine>> create(const EngineConfig& config = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const EngineConfig& config() const { return config_; }
  TrapSignals trap_signals() const {
    return config_.signals == SignalPolicy::None ? TrapSignals::None : TrapSignals::Taken;
  }
  MemoryMode memory_mode() const { return options_.memory_mode; }
  /// Whole pages of 64 KiB.
  uint64_t memory64_bound_bytes() const { return memory64_bound_bytes_; }
  const CompileOptions& compile_options() const { return options_; }
  const std::shared_ptr<TypeRegistry>& types() const { return types_; }
  const std::shared_ptr<CodeMemory>& code_memory() const { return code_memory_; }
  const std::shared_ptr<WorkerPool>& workers() const { return workers_; }
  ParkingLot& parking_lot() { return parking_lot_; }
  MemoryPool& memory_pool() { return *memory_pool_; }
  uintptr_t code_base() const { return code_memory_->base(); }
  const void* builtin_trampoline() const { return common_stubs_.builtin_trampoline; }
  const void* trap_exit() const { return common_stubs_.trap_exit; }
  uintptr_t landing() const { return reinterpret_cast<uintptr_t>(common_stubs_.landing); }
  const std::shared_ptr<Watchdog>& watchdog() const { return watchdog_; }
  /// For embedders that own the signals: see handle_trap_signal (runtime/trap).
  static bool handle_signal(int signal_number, void* siginfo, void* ucontext);

  /// A new module's stream: feed it bytes, they are compiled while they arrive.
  StreamCompiler compile_stream(ProgressCallback progress = {}, BatchCallback on_batch = {}) const;
  /// A module whose bytes are all there.
  Result<std::shared_ptr<const CompiledModule>> compile(std::span<const uint8_t> bytes) const;

  /// The entry stubs of a function type; made at first use, then kept as long as the engine.
  Result<EntryStubs> entry_stubs(CanonicalTypeId signature);
  /// Can functions of this type be called, and host functions be written, without cells?
  static bool has_direct_form(const FuncType& type);
  /// Code offset (FuncRecord::code_offset) of the shim that calls a host function of this type,
  /// with arguments in cells or, `typed`, in the C ABI's registers.
  Result<uint32_t> host_shim(CanonicalTypeId signature, bool typed);

 protected:
  Engine() = default;

 private:
  StreamEnvironment stream_environment() const;

  EngineConfig config_;
  CompileOptions options_;
  uint64_t memory64_bound_bytes_ = 0;
  std::shared_ptr<TypeRegistry> types_;
  std::shared_ptr<CodeMemory> code_memory_;
  std::shared_ptr<WorkerPool> workers_;
  std::shared_ptr<Watchdog> watchdog_;
  std::unique_ptr<MemoryPool> memory_pool_;
  ParkingLot parking_lot_;
  CommonStubs common_stubs_;
  ForkMutex stubs_mutex_{LockRank::Store};
  HashMap<uint32_t, EntryStubs> entries_;  // by signature; guarded by stubs_mutex_, as is shims_
  HashMap<uint64_t, uint32_t> shims_;      // by signature << 1 | typed
};

}  // namespace sluice

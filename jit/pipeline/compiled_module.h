// CompiledModule: a module that is valid, and whose functions have code or get it when they are
// called; what a stream hands out at its end.
//
// Shared by threads, stores and traps; nothing of it changes but what has code already. What only a
// backtrace or a search for roots needs (the map from code to Wasm offsets, function names, source
// lines, frame maps) is made when first asked for, behind a lock: the maps of a function by
// compiling it once more, which gives the same bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"
#include "engine/dwarf/line_table.h"
#include "engine/wasm/module.h"
#include "jit/abi/compile_options.h"
#include "jit/abi/instance_layout.h"
#include "jit/code/code_memory.h"
#include "jit/code/code_object.h"
#include "jit/pipeline/compile_queue.h"

namespace sluice {

class CompileScratch;

/// Figures of one stream. Times in nanoseconds of the monotonic clock.
struct CompileStats {
  uint64_t wire_bytes = 0;
  uint64_t code_section_bytes = 0;
  uint32_t functions = 0;           // with a body
  uint32_t functions_compiled = 0;  // so far
  uint64_t machine_code_bytes = 0;  // so far
  uint64_t compile_ns = 0;  // spent on bodies so far, added up over threads but for callers'
  uint64_t last_byte_to_ready_ns = 0;
  uint32_t workers = 0;
};

/// rbp-relative slots of a frame that hold handles, perhaps old ones.
struct ReferenceSlots {
  std::span<const int32_t> locals;  // lives as long as the module
  Vector<int32_t> operands;
};

class CompiledModule : public Allocated, public std::enable_shared_from_this<CompiledModule> {
 public:
  /// `queue` has been drained.
  CompiledModule(std::shared_ptr<const Module> module, std::shared_ptr<ModuleCode> code,
                 std::shared_ptr<CompileQueue> queue, const CompileOptions& options,
                 const CompileStats& stats);
  /// What is still being compiled in the background is cancelled.
  ~CompiledModule();
  CompiledModule(const CompiledModule&) = delete;
  CompiledModule& operator=(const CompiledModule&) = delete;

  const Module& module() const { return *module_; }
  ModuleCode& code() const { return *code_; }
  const CompileOptions& options() const { return options_; }
  MemoryMode memory_mode() const { return options_.memory_mode; }
  const InstanceLayout& layout() const { return layout_; }
  CompileStats stats() const;
  /// The code of a defined function, which is compiled now if it has none; CodeMemoryFull or
  /// OutOfMemory if there is no room. Thread-safe; several threads compile a function once.
  Result<const void*> require_code(FuncIdx func) const { return queue_->require(func); }

  /// Byte offset in the module of the instruction whose code contains `code_offset` (from the start
  /// of the function's code); for a return address pass the address minus one. kNoOffset if
  /// unknown.
  uint64_t wasm_offset(FuncIdx func, uint32_t code_offset) const;
  /// Which slots of the frame of a defined function may hold handles during the call whose return
  /// address is `code_offset` from the start of its code. Thread-safe.
  ReferenceSlots reference_slots(FuncIdx func, uint32_t code_offset) const;
  /// Name from the name section; empty if it has none. Valid as long as the module.
  std::string_view func_name(FuncIdx func) const;
  /// Where in the source an instruction comes from, by its offset in the module; line 0 if the
  /// module does not say. Views as long as the module.
  SourceLine source_line(uint64_t wasm_offset) const;

  /// All that is to know of a function's code, for debuggers: compiles it once more, keeps nothing.
  CodeMaps describe(FuncIdx func, CompileScratch& scratch) const;
  const LineTable& line_table() const;

 private:
  struct Names;
  CodeMaps& maps_of(FuncIdx func) const;
  Result<void> compile_again(FuncIdx func, CodeMaps& maps) const;
  Result<void> compile_again(FuncIdx func, CodeMaps& maps, CompileScratch& scratch) const;

  std::shared_ptr<const Module> module_;
  std::shared_ptr<ModuleCode> code_;
  std::shared_ptr<CompileQueue> queue_;
  CompileOptions options_;
  InstanceLayout layout_;
  CompileStats stats_;
  mutable ForkMutex mutex_{LockRank::Module};
  mutable HashMap<uint32_t, CodeMaps> maps_;  // by function; guarded by mutex_
  mutable std::unique_ptr<Names> names_;      // guarded by mutex_, then constant
  mutable std::unique_ptr<LineTable> lines_;  // the same
};

}  // namespace sluice

// The structures that generated code addresses, and where things lie in them.
//
// The runtime fills them, generated code reads (and for globals and tables writes) them through the
// pinned instance register. A FuncRecord's address is a funcref value; an externref or exnref value
// is a 32-bit handle into the store's heap, zero-extended; null is 0 for both.
//
// An instance's memory block is an InstanceData, followed by arrays whose offsets InstanceLayout
// computes from the module alone, so that code can be shared by all instances of a module.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jit/abi/trap_codes.h"

namespace sluice {

struct InstanceData;
struct Module;
class ModuleCode;

inline constexpr uint32_t kNullSignature = 0;

/// A function as code sees it: table entries have the same content, a funcref points to one.
/// `code_offset` counts from the engine's code base and names a jump-table slot or a host shim.
struct alignas(16) FuncRecord {
  uint32_t signature = kNullSignature;  // CanonicalTypeId
  uint32_t code_offset = 0;
  InstanceData* instance = nullptr;
};
static_assert(sizeof(FuncRecord) == 16);

/// An imported function, ready to call: absolute address of its code and the instance it runs in.
struct FuncImport {
  const void* code = nullptr;
  InstanceData* instance = nullptr;
};

/// A linear memory as code sees it; one per Memory, shared by every instance that imports it.
struct MemoryData {
  uint8_t* base = nullptr;
  uint64_t size_bytes = 0;  // current size
  // Not 0: files are mapped into it, or were; so an access inside it may fault. Stays.
  uint64_t has_files = 0;
  uint64_t reserved_bytes = 0;  // from base on, accessible part and guard; what a fault may hit
};

/// A table as code sees it. Function tables hold FuncRecords (16 bytes each, written as one);
/// tables of other references hold 8-byte values.
struct TableData {
  void* elements = nullptr;
  uint64_t size = 0;  // elements
};

/// A global's storage: inline in its instance, or elsewhere for host globals.
struct alignas(16) GlobalCell {
  uint64_t bits[2] = {0, 0};
};

/// Second result register's meaning: TrapCode, 0 if all went well.
struct BuiltinResult {
  uint64_t value = 0;  // rax
  uint64_t trap = 0;   // rdx
};

inline constexpr uint32_t kMaxTrapFrames = 64;

/// What a trap leaves behind for the code that called the entry stub.
struct TrapRecord {
  uintptr_t pc = 0;                       // of the trapping instruction
  uintptr_t fault_address = 0;            // for memory faults
  uint32_t code = 0;                      // TrapCode
  uint32_t frame_count = 0;               // stored in frames
  uint64_t total_frames = 0;              // walked: frames beyond kMaxTrapFrames are only counted
  uintptr_t frames[kMaxTrapFrames] = {};  // return addresses, innermost first, pc not included
};

/// The exception that was thrown last, until a handler has taken what it wants of it. A throw is a
/// trap site whose reason is UncaughtException while `is_thrown`: note_trap looks for a handler.
struct ThrownException {
  const void* tag = nullptr;    // the runtime's Tag; null before the first throw
  GlobalCell* cells = nullptr;  // the values of the tag's parameters, in order
  uint32_t handle = 0;          // of the exnref that was thrown, if it was one
  uint32_t is_thrown = 0;       // and not caught yet
};

/// Where code goes on behind a trap site: a landing of the entry stub or of a handler.
struct ResumePoint {
  uintptr_t pc = 0;
  uintptr_t fp = 0;
  uintptr_t sp = 0;
};

/// Why the innermost entry cannot simply return: the way out tests both at once.
struct alignas(8) LeavesSlowly {
  uint32_t for_modes = 0;  // the host's floating-point modes are not Wasm's, but host_mxcsr
  uint32_t for_outer = 0;  // it is nested in another
};

/// What an entry stub leaves at StoreContext::entry_rsp: what the context said of the entry that it
/// is nested in. Without one the outer_ fields but outer_rsp are not valid.
struct EntryFrame {
  uintptr_t cells;  // array form: where the results go
  uintptr_t outer_stack_limit;
  uintptr_t outer_exit_fp;
  uint64_t outer_host_mxcsr;
  LeavesSlowly outer_leaves_slowly;
  uintptr_t outer_rsp;  // 0: not nested
};

/// rbp of an entry stub lies this far above its EntryFrame.
inline constexpr uint32_t kEntryFrameBytes = 96;

/// What StoreContext::interrupt_requested says. Entry stubs read it and the 32 bits below it as one
/// number of bytes: with it, more than any stack has.
inline constexpr uint32_t kInterruptRequest = 0x8000'0000;

/// One per store: what all its instances' code shares.
struct StoreContext {
  uintptr_t stack_limit = 0;  // the prologue traps if its frame would end below; outside Wasm stale
  uintptr_t entry_rsp = 0;    // of the innermost entry stub: an EntryFrame; 0 outside Wasm
  alignas(8) uint32_t max_wasm_stack_bytes = 0;
  // Not 0: the guest shall stop (runtime/trap/interrupt). Any thread writes these two and reads
  // them, as atomics.
  uint32_t interrupt_requested = 0;
  uint32_t thread_id = 0;  // the system's, of the thread that entered last
  void* store = nullptr;   // the runtime's Store
  ThrownException thrown;
  int64_t fuel = 0;  // left, where code is metered; below 0: a block was refused
  // Who asks rings at both, unless the descriptor is -1 (runtime/trap/interrupt).
  uint32_t wait_bell = 0;  // a futex, at which the guest's thread sleeps in memory.atomic.wait
  int32_t wake_fd = -1;    // an eventfd for host functions that block
  uint32_t takes_signals = 1;
  // Of the innermost entry; kept and restored by those nested in it.
  LeavesSlowly leaves_slowly;
  uint64_t host_mxcsr = 0;  // for host functions and the way out, if leaves_slowly.for_modes
  uintptr_t exit_fp = 0;    // rbp of the stub by which Wasm code was left last: for frame walks
  uintptr_t landing = 0;    // where a trap continues, with rsp = entry_rsp
  ResumePoint resume;
  TrapRecord trap;
};

/// Inaccessible behind the bound of a guarded 64-bit memory: what code adds to an address after it
/// has compared it with the bound is below 2^31.
inline constexpr uint64_t kGuard64Bytes = (uint64_t{2} << 30) + 65536;

/// Head of an instance's block; also of a host function's, which has no module.
struct InstanceData {
  uint8_t* memory0_base = nullptr;  // valid in guard mode only: there it never changes
  MemoryData* memory0 = nullptr;    // never null: an empty memory stands in
  StoreContext* context = nullptr;
  const void* builtin_trampoline = nullptr;  // see jit/abi/builtins.h
  const void* const* builtins = nullptr;     // indexed by Builtin
  const void* trap_exit = nullptr;           // what a trap site calls (kTrapCall)
  uintptr_t code_base = 0;                   // what FuncRecord::code_offset counts from
  FuncRecord* func_records = nullptr;        // one per function, filled when first needed
  uint32_t jump_table_offset = 0;            // of this module's slot 0, from code_base
  uint32_t defined_func_count = 0;
  void* owner = nullptr;              // the runtime's Instance or HostFunc
  void* host_code = nullptr;          // host functions: the C function to call …
  void* host_env = nullptr;           // … and its first argument
  uint32_t memories_offset = 0;       // InstanceLayout::memories, for the signal handler
  uint32_t memory_count = 0;          // MemoryData* there; 0 for host functions
  const void* type_chunks = nullptr;  // TypeRegistry::chunks()
  uint64_t memory64_bound = 0;        // guarded 64-bit memories reserve so much and kGuard64Bytes
  uint32_t tags_offset = 0;           // InstanceLayout::tags, for the search for handlers
  const ModuleCode* code = nullptr;   // likewise; null for host functions
};
static_assert(offsetof(InstanceData, host_env) <= 127, "one-byte displacements");

/// A trap site's first four bytes, little-endian: call [r14 + trap_exit]. The reason is the fifth.
inline constexpr uint32_t kTrapCall = 0x56ff41u | uint32_t{offsetof(InstanceData, trap_exit)} << 24;
inline constexpr uint32_t kTrapCallBytes = 4;

/// Offsets of the arrays behind InstanceData, in bytes from its start. Depends on the module only.
struct InstanceLayout {
  uint32_t func_imports = 0;    // FuncImport per imported function
  uint32_t memories = 0;        // MemoryData* per memory
  uint32_t tables = 0;          // TableData* per table
  uint32_t global_imports = 0;  // GlobalCell* per imported global
  uint32_t globals = 0;         // GlobalCell per defined global
  uint32_t tags = 0;            // per tag, what ThrownException::tag points to
  uint32_t size_bytes = 0;

  static InstanceLayout of(const Module& module);
};

/// A jump-table slot: `jmp rel32` and padding, aligned so that one store replaces it.
inline constexpr uint32_t kJumpSlotBytes = 8;

}  // namespace sluice

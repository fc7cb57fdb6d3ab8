// Code memory: where machine code lives while it can be run.
//
// An engine has one CodeMemory: a reservation of inaccessible address space in which everything is
// within rel32 reach and every address is a 32-bit offset from `base`. It is filled by extents,
// each a memory file mapped twice: executable inside the reservation, writable somewhere else. No
// mapping is ever both, and none changes its protection while code runs. An extent belongs to one
// module (ModuleCode) or holds the engine's stubs. Code that nobody can call before all of it is
// there takes a cheaper way (HiddenCode): its extents are private memory, written in its place and
// only then made executable.
//
// fork: the files are shared mappings, so after a fork parent and child would see each other's
// writes. Each extent therefore remembers how many forks there had been when it was made; who first
// wants to write into an older one, on either side, replaces it at the same addresses by a copy of
// its own. Freeing only unmaps: an extent's pages are never used again for something else, so a
// child may go on running what its parent has freed.
//
// The code map (code_map.h) knows all reservations; what a function's bytes mean is left to the
// pipeline, what stubs contain to jit/stubs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"
#include "engine/base/ids.h"
#include "engine/base/result.h"
#include "engine/base/virtual_memory.h"
#include "jit/code/code_listener.h"
#include "jit/code/code_object.h"

namespace sluice {

class ModuleCode;

/// What a piece of the engine's own code is for.
enum class StubKind : uint8_t {
  Entry,     // host calls Wasm
  HostShim,  // Wasm calls a host function
  Builtin,   // Wasm calls a helper of the runtime
  Trap,      // where trap sites go
  Unfilled,  // where jump-table slots point before their function is published, …
  Lazy,      // … or this, if it may be compiled when it is called
};

/// A run of pages inside the reservation; see the top of this file.
struct CodeExtent : Allocated {
  uint32_t offset = 0;  // from the reservation's base
  uint32_t size_bytes = 0;
  uint32_t used_bytes = 0;
  uint32_t fork_count = 0;                 // not of private ones
  uint8_t* write_at = nullptr;             // where its first byte is written; null: nowhere
  ModuleCode* owner = nullptr;             // null: stubs
  const CodeExtent* next_stubs = nullptr;  // CodeMemory::all_stubs_
  Reservation writable;                    // not of private ones

  /// Without a file.
  bool is_private() const { return writable.size_bytes() == 0; }
};

/// An engine's code memory. Thread-safe.
class CodeMemory : public Allocated {
 public:
  static constexpr size_t kDefaultReserveBytes = size_t{2} << 30;
  static constexpr size_t kLeastReserveBytes = size_t{16} << 20;

  /// Reserves up to `reserve_bytes` (at most 2 GiB), less if the system refuses; OutOfMemory if it
  /// grants nothing of use. `listener` hears of all code; null if nobody wants to.
  static Result<std::shared_ptr<CodeMemory>> create(size_t reserve_bytes = kDefaultReserveBytes,
                                                    std::unique_ptr<CodeListener> listener = {});
  ~CodeMemory();
  CodeMemory(const CodeMemory&) = delete;
  CodeMemory& operator=(const CodeMemory&) = delete;

  /// What every code offset counts from.
  uintptr_t base() const { return reinterpret_cast<uintptr_t>(space_.base()); }
  size_t reserved_bytes() const { return space_.size_bytes(); }

  /// Copies a stub in, at a cache line, for as long as the engine lives. Returns its offset.
  Result<uint32_t> add_stub(std::span<const uint8_t> bytes, StubKind kind,
                            std::span<const FrameMark> frames = {});
  Result<uint32_t> add_stub(const StubCode& code, StubKind kind) {
    return add_stub(code.bytes, kind, code.frames);
  }
  /// The stub that slots without a function jump to; it traps with CompileFailed.
  uint32_t unfilled_offset() const { return unfilled_offset_; }
  /// The stub that slots without a function call instead, if that is compiled on demand: the return
  /// address it finds lies kSlotCallBytes behind the slot's start. Set once, before modules are
  /// made.
  void set_lazy_stub(uint32_t offset) { lazy_offset_ = offset; }
  uint32_t lazy_offset() const { return lazy_offset_; }

  struct Found {
    ModuleCode* module = nullptr;  // null: a stub
    StubKind stub = StubKind::Entry;
  };
  /// What the code at `pc` belongs to; empty for pages that are not in use. Not for signal
  /// handlers.
  std::optional<Found> find(uintptr_t pc) const;
  /// Does `pc`, which lies in this memory, lie in a module's code and not in a stub?
  /// Async-signal-safe.
  bool is_module_code(uintptr_t pc) const;

 private:
  friend class ModuleCode;
  struct Range {
    uint32_t offset;
    uint32_t bytes;
  };
  struct Stub {
    uint32_t offset;
    uint32_t bytes;
    StubKind kind;
  };

  CodeMemory(Reservation space, std::unique_ptr<CodeListener> listener);

  // All private functions want mutex_ held.
  Result<uint32_t> copy_stub(std::span<const uint8_t> bytes, StubKind kind);
  enum class ExtentKind : uint8_t { File, Private };
  Result<CodeExtent*> new_extent(size_t bytes, ModuleCode* owner,
                                 ExtentKind kind = ExtentKind::File);
  void free_extent(CodeExtent* extent);
  Result<void> make_own(CodeExtent& extent);
  Result<void> map_extent(CodeExtent& extent);
  bool map_private(CodeExtent& extent);
  Result<void> make_executable(CodeExtent& extent);
  std::optional<uint32_t> take_range(uint32_t bytes, uint32_t alignment);
  void give_back_range(Range range);
  uint8_t* code_at(uint32_t offset) const { return space_.base() + offset; }
  void show(uint32_t offset, std::span<const uint8_t> written) const;

  mutable ForkMutex mutex_{LockRank::CodeMemory};
  Reservation space_;
  const std::unique_ptr<CodeListener> listener_;
  Vector<Range> free_;                           // sorted by offset, never adjacent
  Vector<std::unique_ptr<CodeExtent>> extents_;  // sorted by offset
  Vector<Stub> stubs_;                           // sorted by offset
  CodeExtent* stub_extent_ = nullptr;            // the one that still has room
  // The extents of stubs, which are never freed; written under mutex_.
  std::atomic<const CodeExtent*> all_stubs_{nullptr};
  uint32_t unfilled_offset_ = 0;
  uint32_t lazy_offset_ = 0;
};

/// What a jump-table slot does before its function is published.
enum class EmptySlot : uint8_t { Traps, Compiles };

/// Length of the instruction in a slot, a call or a jump.
inline constexpr uint32_t kSlotCallBytes = 5;

/// That nobody calls any function of a module before ModuleCode::make_executable(): what is
/// published meanwhile may lie in memory that is not executable yet. A page of that costs the
/// system a fraction of one that is mapped twice.
struct HiddenCode {
  /// Roughly what will be published. Memory is got for so much at once, so it must be in proportion
  /// to what has been received.
  uint64_t expected_bytes = 0;
};

/// The code of one module: its jump table and its functions, filled while the module streams in.
/// Thread-safe. Its code must not run any more when it is destroyed.
class ModuleCode : public Allocated {
 public:
  /// Allocates the jump table; every slot leads to the unfilled stub or the lazy stub. Functions
  /// below `imported_func_count` are imported and have no slot.
  static Result<std::shared_ptr<ModuleCode>> create(std::shared_ptr<CodeMemory> memory,
                                                    uint32_t imported_func_count,
                                                    uint32_t defined_func_count,
                                                    EmptySlot empty = EmptySlot::Traps,
                                                    std::optional<HiddenCode> hidden = {});
  ~ModuleCode();
  ModuleCode(const ModuleCode&) = delete;
  ModuleCode& operator=(const ModuleCode&) = delete;

  /// Copies a batch in, applies its relocations, and points the slots of its functions to it: each
  /// by one store, so that other threads may call through the slot meanwhile. Takes the batch's
  /// handler tables away. CodeMemoryFull or OutOfMemory leave the slots as they were.
  Result<void> publish(CodeBatch& batch);

  /// Ends HiddenCode, if it was that; not while somebody publishes. On failure, nothing may be
  /// called.
  Result<void> make_executable();

  /// Tells the code memory's listener, if there is one, of all functions that have code, and from
  /// now on of those that get some. Once, when owner() can be asked about them.
  void announce();

  CodeMemory& memory() const { return *memory_; }
  /// Of slot 0, from the code memory's base.
  uint32_t jump_table_offset() const { return jump_table_offset_; }
  /// A defined function's slot, from the code memory's base: a FuncRecord's code_offset.
  uint32_t slot_offset(FuncIdx func) const;
  std::span<const uint8_t> jump_table() const;
  /// Machine code bytes published so far, without the jump table.
  uint64_t code_bytes() const;

  struct Found {
    FuncIdx func{};
    uint32_t code_offset = 0;  // from the start of the function's code
  };
  /// Which function the code at `pc` belongs to. Not for signal handlers.
  std::optional<Found> find(uintptr_t pc) const;
  struct Handlers {
    const HandlerTable* table = nullptr;  // null: the function catches nothing
    uint32_t code_offset = 0;             // of `pc`, from the start of the function's code
    uintptr_t code = 0;                   // the function's code
  };
  /// The handlers of the function whose code is at `pc`; good as long as the code. Not for signal
  /// handlers.
  Handlers find_handlers(uintptr_t pc) const;
  /// Where a published function's code begins, null if it has none yet.
  const void* entry_of(FuncIdx func) const;
  /// The bytes of a published function, the latest if there are several; empty if there are none.
  std::span<const uint8_t> code_of(FuncIdx func) const;

  /// Whoever can explain the code further (the compiled module), reachable from a pc alone. Set
  /// before the module becomes visible, and not changed afterwards.
  void set_owner(std::weak_ptr<const void> owner) { owner_ = std::move(owner); }
  std::shared_ptr<const void> owner() const { return owner_.lock(); }

 private:
  struct FuncRange {
    uint32_t offset;
    uint32_t bytes;
    uint32_t func;
    uint32_t handlers;  // into handlers_, or CodeEntry::kNoHandlers
  };

  ModuleCode(std::shared_ptr<CodeMemory> memory, uint32_t imported_func_count,
             uint32_t defined_func_count, bool is_hidden);
  Result<CodeExtent*> add_extent(size_t least_bytes, size_t wanted_bytes);
  Result<bool> copy_batch(CodeBatch& batch);
  Result<CodeExtent*> extent_with_room(size_t bytes);
  void copy_code(const CodeBatch& batch, uint8_t* writable, uint32_t offset) const;
  void set_slot(uint32_t slot, uint8_t opcode, uint32_t target_offset) const;
  std::optional<uint32_t> entry_offset(FuncIdx func) const;
  const FuncRange* sorted_find(uint32_t offset) const;

  std::shared_ptr<CodeMemory> memory_;
  std::weak_ptr<const void> owner_;
  const uint32_t imported_func_count_;
  const uint32_t defined_func_count_;
  uint32_t jump_table_offset_ = 0;
  // The rest is guarded by the code memory's mutex.
  Vector<CodeExtent*> extents_;  // owned by memory_; the first holds the jump table
  mutable Vector<FuncRange> ranges_;
  mutable bool ranges_sorted_ = true;
  uint64_t code_bytes_ = 0;
  bool is_announced_ = false;
  bool is_hidden_;
  Deque<HandlerTable> handlers_;  // elements never move
};

}  // namespace sluice

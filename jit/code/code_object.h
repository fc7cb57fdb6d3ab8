// Compiled functions as values: bytes plus relocations for everything outside themselves.
//
// A compiler appends functions to a CodeBatch; publishing (code_memory.h) copies the bytes and
// applies the relocations. Two compilations of one function are equal here, byte for byte, whatever
// thread made them. Nothing refers to addresses of this process, so a batch can be cached in a
// file.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#include "engine/base/heap.h"
#include "engine/base/ids.h"
#include "jit/code/frame_marks.h"
#include "jit/code/handler_table.h"

namespace sluice {

enum class RelocKind : uint8_t {
  FuncSlot,  // rel32 to the jump-table slot of function `target` (a FuncIdx of a defined function)
};

struct Relocation {
  uint32_t offset = 0;  // of the four bytes to patch, into CodeBatch::bytes
  RelocKind kind = RelocKind::FuncSlot;
  uint32_t target = 0;
};

/// Where functions begin. A batch begins at a cache line, and so does a function with a loop whose
/// place in its line counts.
inline constexpr uint32_t kFunctionAlign = 16;
inline constexpr uint32_t kCacheLine = 64;

/// One function inside a batch.
struct CodeEntry {
  FuncIdx func{};
  uint32_t code_offset = 0;  // into CodeBatch::bytes, a multiple of kFunctionAlign
  uint32_t code_size = 0;
  uint32_t first_reloc = 0;  // into CodeBatch::relocs
  uint32_t reloc_count = 0;
  uint32_t handlers = kNoHandlers;  // into CodeBatch::handlers

  static constexpr uint32_t kNoHandlers = 0xffff'ffffu;
};

/// Leaves what resize() adds uninitialised: it is overwritten at once.
template <class T>
struct RawAllocator : HeapAllocator<T> {
  using value_type = T;
  RawAllocator() = default;
  template <class U>
  RawAllocator(const RawAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)
  template <class U>
  struct rebind {
    using other = RawAllocator<U>;
  };
  template <class U>
  void construct(U*) noexcept {}
  template <class U, class... Args>
  void construct(U* p, Args&&... args) {
    ::new (static_cast<void*>(p)) U(static_cast<Args&&>(args)...);
  }
};
using CodeBytes = std::vector<uint8_t, RawAllocator<uint8_t>>;

/// Moves the first `kept` bytes to a larger block. Left to itself, a vector with an allocator of
/// its own moves them one by one.
inline void grow_code_bytes(CodeBytes& bytes, size_t kept, size_t capacity) {
  CodeBytes larger;
  larger.reserve(capacity);
  larger.resize(kept);
  if (kept != 0) std::memcpy(larger.data(), bytes.data(), kept);
  bytes = std::move(larger);
}

struct CodeBatch {
  CodeBytes bytes;
  Vector<CodeEntry> entries;
  Vector<Relocation> relocs;
  Vector<HandlerTable> handlers;  // of the functions that catch exceptions

  void clear() {
    bytes.clear();
    entries.clear();
    relocs.clear();
    handlers.clear();
  }
};

/// Which Wasm offset a piece of code belongs to; only recorded when a backtrace asks for it.
struct SourceMark {
  uint32_t code_offset = 0;  // from the start of the function; valid up to the next mark
  uint32_t wasm_offset = 0;  // from the start of the module
};

/// A call site, and which slots of the function's frame hold operands there that are handles of the
/// store's references.
struct ReferenceSite {
  static constexpr uint32_t kNotScanned = ~uint32_t{0};
  uint32_t code_offset = 0;  // before the call; the site's return address minus one is behind it
  uint32_t number = 0;       // in the order in which the body has its calls
  uint32_t first_slot = 0;   // in FrameMaps::slots
  uint32_t slot_count = 0;   // kNotScanned if the budget was spent
};

/// Where a function's frame holds handles while it calls. Slots are rbp-relative. A slot that is
/// listed holds the handle if that is alive, else perhaps an old one.
struct FrameMaps {
  Vector<int32_t> locals;       // homes of locals, at every site
  Vector<int32_t> slots;        // of operands
  Vector<ReferenceSite> sites;  // in order of code_offset
  /// So many operands are looked at, all sites together, so that the work is linear …
  uint64_t scan_budget = 0;
  /// … and this site's (its number) whatever the budget.
  uint32_t wanted_site = ~uint32_t{0};
};

/// What compiling a function once more tells of its code.
struct CodeMaps {
  Vector<SourceMark> marks;
  Vector<FrameMark> states;
  FrameMaps frames;
};

}  // namespace sluice

// MemoryPool: address space of linear memories that are gone, kept for the next ones; and images of
// data segments, mapped copy-on-write instead of being copied.
//
// Reserving, touching and unmapping a memory costs several microseconds and page faults of two
// each; a slot from the pool costs neither. An idle slot holds nothing of its last user: every byte
// it could write is zero again, or the image's, before the slot can be handed out, and what lies
// beyond a memory's size is inaccessible to the byte as in a fresh one. Memories that guard pages
// bound and those with explicit checks are kept apart; shared and 64-bit memories are never pooled.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/base/virtual_memory.h"
#include "jit/abi/compile_options.h"

namespace sluice {

class CompiledModule;

/// What a guarded 32-bit memory reserves: an index and an offset of 32 bits each, and the widest
/// access.
inline constexpr uint64_t kGuardedMemoryBytes = (uint64_t{8} << 30) + 65536;

/// The first bytes of a memory stay in RAM while its slot is idle, and are cleared there: that is
/// cheaper than giving the pages back and faulting them in again.
inline constexpr uint64_t kResidentBytes = uint64_t{64} << 10;

/// What all active data segments of a module write into one of its memories, as whole host pages.
/// Constant once made.
struct MemoryImage : Allocated {
  uint32_t memory = 0;  // index of the memory
  uint64_t start = 0;   // where the pages belong in the memory
  MemoryFile file;
};

/// Address space of one memory. `region` is accessible from its base for `accessible_bytes`.
struct MemorySlot {
  Reservation region;
  uint64_t accessible_bytes = 0;
  std::shared_ptr<const MemoryImage> image;  // mapped in place; guard mode only
  bool was_reused = false;
};

class MemoryPool : public Allocated {
 public:
  explicit MemoryPool(uint32_t max_idle) : max_idle_(max_idle) {}
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;
  ~MemoryPool();

  /// A slot for a guarded 32-bit memory of `size_bytes` (whole host pages): so much is accessible
  /// and zero, but for the image if one is given.
  Result<MemorySlot> acquire_guarded(uint64_t size_bytes, std::shared_ptr<const MemoryImage> image);
  /// A slot whose first `size_bytes` or more are accessible and zero; the region may be resized.
  Result<MemorySlot> acquire_explicit(uint64_t size_bytes);
  /// Takes a slot back, whose user wrote to the first `used_bytes` at most, and clears it.
  void release(MemorySlot slot, MemoryMode mode, uint64_t used_bytes);

  /// The image of a module that may use one: from its second instantiation on, if the segments are
  /// constant, cannot fail and reach beyond what is resident anyway. Null: write the segments.
  std::shared_ptr<const MemoryImage> image_for(const std::shared_ptr<const CompiledModule>& module);

  /// For tests and statistics.
  size_t idle_slots() const;

 private:
  struct ModuleEntry {
    std::weak_ptr<const CompiledModule> module;
    std::shared_ptr<const MemoryImage> image;
    bool was_asked_for_image = false;
  };

  Result<void> prepare_guarded(MemorySlot& slot, uint64_t size_bytes,
                               std::shared_ptr<const MemoryImage> image);
  void forget_dead_modules();

  const uint32_t max_idle_;
  mutable ForkMutex mutex_{LockRank::Leaf};
  Vector<MemorySlot> guarded_;  // guarded by mutex_, as is the rest
  Vector<MemorySlot> explicit_;
  HashMap<const CompiledModule*, ModuleEntry> modules_;  // kept until others come
  size_t forget_at_ = 16;                                // entries
  size_t images_ = 0;                                    // made or being made
};

}  // namespace sluice

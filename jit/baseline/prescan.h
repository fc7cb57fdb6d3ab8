// Looks ahead over an innermost loop and says how often it uses which locals.
//
// A loop is short if it holds no other loop and no call, and ends within kMostBytes: where time is
// spent in another one, that is in the calls and the loops in it, or in so much code that no few
// locals matter. The scan stops where it knows, so each byte is looked at once at most. The bytes
// are not validated yet: of ill-formed code anything may be found, as it is never run.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/base/heap.h"
#include "engine/wasm/module.h"

namespace sluice {

/// A local that a loop uses.
struct LocalUse {
  uint16_t local = 0;
  uint16_t count = 0;  // of the instructions that name it
  bool is_written = false;
};

// Of four bytes, to be returned in a register: put together from single bytes in memory it would be
// waited for.
struct alignas(4) LoopInfo {
  bool is_short = false;      // else nothing is known of it
  bool has_call = false;      // that comes back, where that is not unlikely
  bool has_division = false;  // needs rax and rdx
};

class LoopScan {
 public:
  // Of a short loop, about; of one with calls, where such loops are short at all.
  static constexpr ptrdiff_t kMostBytes = 2048;
  static constexpr ptrdiff_t kMostBytesWithCall = 128;

  /// Before a function with so many locals. May its short loops have calls, which lose what is in
  /// registers? The offsets of its branch hints count from `body`.
  void begin(uint32_t local_count, bool may_call, std::span<const BranchHint> hints,
             const uint8_t* body);
  /// Looks at the loop whose opcode is at `loop`, inside a try block or not. What is said of its
  /// locals is good until the next one is looked at.
  LoopInfo look_at(const uint8_t* loop, const uint8_t* end, bool in_try);
  /// The locals that the loop uses, but for dead ones, in the order of first uses.
  std::span<const LocalUse> live() const { return {live_.data(), live_count_}; }
  /// Locals without a meaning at the loop's header: every turn sets them before it reads them or
  /// leaves the loop. True of well-formed code, so that the compiler may rely on it.
  std::span<const uint16_t> dead() const { return {dead_.data(), dead_count_}; }

 private:
  // Instructions that name a local take two bytes at least; one more is written but not counted.
  static constexpr size_t kMostUses = kMostBytes / 2 + 1;

  void sum_up(std::span<const uint32_t> uses);
  const BranchHint* hint(const uint8_t* p);
  unsigned heed_hints(const uint8_t* p, unsigned meaning, uint32_t label, uint32_t depth);

  uint32_t local_count_ = 0;
  bool may_call_ = false;
  std::array<uint32_t, kMostUses> uses_;
  Vector<uint32_t> sums_;  // per local and one more, zeros between loops
  std::array<LocalUse, kMostUses> live_;
  std::array<uint16_t, kMostUses> dead_;
  size_t live_count_ = 0;
  size_t dead_count_ = 0;

  // Branch hints to come. Up to the end of the block at depth `unlikely_` (0: none) nothing is
  // expected to run, nor in the else parts of the blocks at the depths in the set.
  std::span<const BranchHint> hints_;
  const uint8_t* body_ = nullptr;
  uint32_t unlikely_ = 0;
  uint64_t unlikely_elses_ = 0;
};

}  // namespace sluice

// Looks ahead over a nest of loops and says, for each short loop, which locals it uses most.
//
// It looks no further than kMostBytes: where time is spent in a longer loop, that is in the calls
// and the shorter loops in it, or in so much code that no few locals matter. Each byte is looked at
// twice at most. The bytes are not validated yet: anything found here is a hint that decides
// registers, never correctness.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/base/heap.h"
#include "engine/wasm/module.h"

namespace sluice {

/// A local that a loop uses, in one word: of two words the greater one is of the hotter local, and
/// among equally hot ones of the lower index. Words of the same local are added up by adding their
/// weights.
struct LocalUse {
  uint64_t bits = 0;

  // From the low end: the depth from which on all open loops reach the first use in program order
  // in every turn, two flags, the local's index subtracted from 0xffff, the weight.
  static constexpr uint64_t kStraight = 0x7ff;
  static constexpr uint64_t kSetFirst = 0x800;  // that use is a local.set or local.tee
  static constexpr uint64_t kWritten = 0x1000;
  static constexpr int kLocalShift = 13;
  static constexpr int kWeightShift = 29;
  static constexpr uint64_t kWeight = ~uint64_t{0} << kWeightShift;

  uint32_t local() const { return 0xffff - (static_cast<uint32_t>(bits >> kLocalShift) & 0xffff); }
  uint32_t straight() const { return static_cast<uint32_t>(bits & kStraight); }
  bool is_set_first() const { return (bits & kSetFirst) != 0; }
  bool is_written() const { return (bits & kWritten) != 0; }
  /// Uses, those in inner loops counted several times.
  uint64_t weight() const { return bits >> kWeightShift; }
};

struct LoopInfo {
  bool is_short = false;  // else nothing is known of it
  uint32_t offset = 0;    // of the loop's opcode, from the start of the module
  uint32_t first = 0;     // into LoopScan's lists: the dead locals, then the hot ones
  uint16_t hot_count = 0;
  uint16_t dead_count = 0;
  bool has_call = false;       // outside its inner loops, and where it is not unlikely
  bool any_call = false;       // inner loops included
  bool has_division = false;   // likewise: needs rax and rdx
  bool has_loop = false;       // inside it
  bool is_incomplete = false;  // uses of inner loops are not all known
};

class LoopScan {
 public:
  static constexpr uint32_t kMaxHot = 24;
  // Of a short loop, about; of one with calls, which lose what is in registers.
  static constexpr ptrdiff_t kMostBytes = 2048;
  static constexpr ptrdiff_t kMostBytesWithCall = 128;

  /// Forgets everything; `local_count` locals in the function to come. The offsets of its branch
  /// hints count from `body`.
  void begin(uint32_t local_count, std::span<const BranchHint> hints, const uint8_t* body);
  /// The loop whose opcode is at `pos`, inside a try block or not. The reference is good until the
  /// loop's end.
  const LoopInfo& find(const uint8_t* bytes, const uint8_t* pos, const uint8_t* end, bool in_try);
  /// The locals that live in the loop, the most used first.
  std::span<const LocalUse> hot(const LoopInfo& loop) const {
    return {uses_of_loops_.data() + loop.first + loop.dead_count, loop.hot_count};
  }
  /// Locals without a meaning at the loop's header: every turn sets them before it reads them or
  /// leaves the loop. True of well-formed code, so that the compiler may rely on it.
  std::span<const LocalUse> dead(const LoopInfo& loop) const {
    return {uses_of_loops_.data() + loop.first, loop.dead_count};
  }

 private:
  enum class BlockKind : uint8_t { Block, If, Loop, Try };
  struct OpenBlock {
    BlockKind kind = BlockKind::Block;
    bool is_else_unlikely = false;
    uint16_t first_use = 0;   // Loop: its part of uses_
    uint16_t outer_loop = 0;  // the loop that was innermost before the block, index + 1
    uint16_t outer_if = 0;    // value of conditional_ before the block
  };
  // Blocks and uses take two bytes at least, but for an ill-formed last one.
  static constexpr size_t kMostPairs = kMostBytes / 2 + 1;
  static_assert(kMostPairs <= LocalUse::kStraight && kMostPairs <= UINT16_MAX);

  void scan(const uint8_t* bytes, const uint8_t* pos, const uint8_t* end, bool in_try);
  void leave_long_loops(const uint8_t* bytes, const uint8_t* p);
  const uint8_t* scan_local(const uint8_t* p, const uint8_t* end, bool is_set);
  const uint8_t* scan_instr(const uint8_t* bytes, const uint8_t* p, const uint8_t* end);
  void note_call(const uint8_t* p);
  void open(BlockKind kind);
  void close();
  void close_loop(LoopInfo& info, size_t first_use);
  size_t sum_up(std::span<LocalUse> uses);
  void keep_hottest(std::span<LocalUse> uses, size_t kept);
  LocalUse take_sum(LocalUse use);
  void note_busiest(LoopInfo& info, std::span<LocalUse> uses);
  void branch(const uint8_t* p, const uint8_t* end);
  void open_if(const uint8_t* p);
  void begin_else();
  void branch_if(const uint8_t* p, const uint8_t* end);
  std::span<const BranchHint> hints_from(const uint8_t* p) const;
  const BranchHint* hint(const uint8_t* p);

  Vector<LoopInfo> loops_;  // of the nest, in order of offset
  uint32_t next_loop_ = 0;
  uint32_t local_count_ = 0;
  uint32_t scanned_to_ = 0;         // offset behind what has been looked at
  Vector<LocalUse> uses_of_loops_;  // the first noted_ are in use
  size_t noted_ = 0;

  // While scanning.
  const uint8_t* start_ = nullptr;
  const uint8_t* stop_ = nullptr;
  const uint8_t* last_call_ = nullptr;
  // Loops of a depth below `skipped_` may have left this turn already, those below
  // `conditional_` are inside an `if` of theirs.
  std::array<LocalUse, kMostPairs> uses_;  // of the open loops, innermost last; use_count_ of them
  size_t use_count_ = 0;
  std::array<OpenBlock, kMostPairs> open_;
  size_t open_count_ = 0;
  Vector<LocalUse> sums_;  // per local, of the loop being closed; zeros in between
  uint32_t loop_ = 0;      // innermost open loop, index + 1
  uint32_t depth_ = 0;     // open loops
  uint32_t skipped_ = 0;
  uint32_t conditional_ = 0;
  uint32_t tries_ = 0;  // open try blocks, those around the nest included
  // The body's branch hints, and those still to come. Up to the end of the block at `unlikely_` (a
  // count of open ones; 0 for none) nothing is expected to run.
  std::span<const BranchHint> all_hints_;
  std::span<const BranchHint> hints_;
  const uint8_t* body_ = nullptr;
  size_t unlikely_ = 0;
};

}  // namespace sluice

// Looks ahead over a nest of loops and says, for each loop, which locals it uses most.
//
// Runs once per outermost loop, so the work is linear in the body. The bytes are not validated yet:
// anything found here is a hint that decides registers, never correctness.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/heap.h"

namespace sluice {

/// A local worth a register in a loop.
struct HotLocal {
  uint16_t local = 0;
  bool is_written = false;
  uint32_t weight = 0;  // uses, those in inner loops counted several times
};

struct LoopInfo {
  uint32_t offset = 0;     // of the loop's opcode, from the start of the module
  uint32_t first_hot = 0;  // into LoopScan's list
  uint16_t hot_count = 0;
  bool has_call = false;  // outside its inner loops
  bool any_call = false;  // inner loops included
};

class LoopScan {
 public:
  static constexpr uint32_t kMaxHot = 24;

  /// Forgets everything; `local_count` locals in the function to come.
  void begin(uint32_t local_count);
  /// The loop whose opcode is at `pos`. Scans the nest if this is an outermost loop.
  const LoopInfo& find(const uint8_t* bytes, const uint8_t* pos, const uint8_t* end);
  /// The loop's locals, hottest first.
  std::span<const HotLocal> hot(const LoopInfo& loop) const {
    return {hot_.data() + loop.first_hot, loop.hot_count};
  }

 private:
  struct OpenBlock {
    uint32_t first_use = 0;   // of a loop: its part of uses_
    uint32_t outer_loop = 0;  // the loop that was innermost before the block, index + 1
  };

  void scan(const uint8_t* bytes, const uint8_t* pos, const uint8_t* end);
  void close_loop(uint32_t loop, const OpenBlock& block);

  Vector<LoopInfo> loops_;  // in order of offset
  uint32_t next_loop_ = 0;
  uint32_t local_count_ = 0;
  Vector<HotLocal> hot_;
  Vector<HotLocal> uses_;  // of the open loops, innermost last
  Vector<OpenBlock> open_;
  Vector<uint32_t> slot_of_;  // per local: index + 1 into the list being made; zeros in between
  uint32_t scanned_to_ = 0;   // offset behind the last nest scanned
};

}  // namespace sluice

// One pass over a nest of loops, with a list of the uses that each open loop has so far.
#include "jit/baseline/prescan.h"

#include <algorithm>

#include "engine/binary/skip.h"
#include "engine/wasm/opcodes.h"

namespace sluice {

namespace {

// How much more often an inner loop's body runs than the loop around it, as a guess.
constexpr uint32_t kInnerWeight = 8;
constexpr uint32_t kMaxWeight = 1u << 24;

/// Everything is lost from registers: calls, and what the runtime does by a call.
bool is_like_call(const uint8_t* p, const uint8_t* end) {
  uint8_t opcode = *p;
  if (opcode >= 0x10 && opcode <= 0x15) return true;
  if (opcode == 0x25 || opcode == 0x26 || opcode == 0x40 || opcode == 0xd2) return true;
  return opcode == kPrefixMisc && p + 1 < end && p[1] >= 8;
}

bool hotter(const HotLocal& a, const HotLocal& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.local < b.local;
}

}  // namespace

void LoopScan::begin(uint32_t local_count) {
  loops_.clear();
  next_loop_ = 0;
  hot_.clear();
  scanned_to_ = 0;
  local_count_ = local_count;
  if (slot_of_.size() < local_count) slot_of_.resize(local_count, 0);
}

const LoopInfo& LoopScan::find(const uint8_t* bytes, const uint8_t* pos, const uint8_t* end) {
  auto offset = static_cast<uint32_t>(pos - bytes);
  if (offset >= scanned_to_) scan(bytes, pos, end);
  while (next_loop_ < loops_.size() && loops_[next_loop_].offset < offset) ++next_loop_;
  static constexpr LoopInfo kNothingKnown{};
  if (next_loop_ == loops_.size() || loops_[next_loop_].offset != offset) return kNothingKnown;
  return loops_[next_loop_];
}

void LoopScan::scan(const uint8_t* bytes, const uint8_t* pos, const uint8_t* end) {
  loops_.clear();
  next_loop_ = 0;
  hot_.clear();
  uses_.clear();
  open_.clear();
  uint32_t loop = 0;  // innermost open loop, index + 1
  const uint8_t* p = pos;
  do {
    uint8_t opcode = *p;
    switch (opcode) {
    case 0x20:    // local.get
    case 0x21:    // local.set
    case 0x22: {  // local.tee
      uint32_t index = 0;
      uint32_t shift = 0;
      const uint8_t* next = skip_leb(p + 1, end);
      for (const uint8_t* q = p + 1; q < next && shift < 28; ++q, shift += 7) {
        index |= (*q & 0x7fu) << shift;
      }
      p = next;
      if (index < local_count_) {
        uses_.push_back({static_cast<uint16_t>(index), opcode != 0x20, 1});
      }
      continue;
    }
    case 0x02:  // block
    case 0x04:  // if
    case 0x06:  // try
    case 0x1f:  // try_table
      open_.push_back({0, loop});
      break;
    case 0x03:  // loop
      open_.push_back({static_cast<uint32_t>(uses_.size()), loop});
      loops_.push_back({.offset = static_cast<uint32_t>(p - bytes)});
      loop = static_cast<uint32_t>(loops_.size());
      break;
    case 0x0b:    // end
    case 0x18: {  // delegate
      OpenBlock block = open_.back();
      open_.pop_back();
      if (block.outer_loop != loop) close_loop(loop, block);
      loop = block.outer_loop;
      break;
    }
    default:
      if (is_like_call(p, end)) loops_[loop - 1].has_call = true;
      break;
    }
    p = skip_instr(p, end);
  } while (p < end && !open_.empty());
  scanned_to_ = static_cast<uint32_t>(p - bytes);
}

/// Sums up a loop's uses by local, notes the busiest, and leaves these as uses by the loop around.
void LoopScan::close_loop(uint32_t loop, const OpenBlock& block) {
  LoopInfo& info = loops_[loop - 1];
  info.any_call |= info.has_call;
  size_t distinct = block.first_use;
  for (size_t i = block.first_use; i < uses_.size(); ++i) {
    HotLocal use = uses_[i];
    uint32_t& slot = slot_of_[use.local];
    if (slot == 0) {
      uses_[distinct++] = use;
      slot = static_cast<uint32_t>(distinct);
    } else {
      HotLocal& sum = uses_[slot - 1];
      sum.weight = std::min(sum.weight + use.weight, kMaxWeight);
      sum.is_written |= use.is_written;
    }
  }
  for (size_t i = block.first_use; i < distinct; ++i) slot_of_[uses_[i].local] = 0;
  auto first = uses_.begin() + static_cast<ptrdiff_t>(block.first_use);
  auto last = uses_.begin() + static_cast<ptrdiff_t>(distinct);
  if (last - first > static_cast<ptrdiff_t>(kMaxHot)) {
    std::nth_element(first, first + kMaxHot, last, hotter);
    last = first + kMaxHot;
  }
  std::sort(first, last, hotter);
  info.first_hot = static_cast<uint32_t>(hot_.size());
  info.hot_count = static_cast<uint16_t>(last - first);
  hot_.insert(hot_.end(), first, last);
  uses_.erase(last, uses_.end());
  for (size_t i = block.first_use; i < uses_.size(); ++i) {
    uses_[i].weight = std::min(uses_[i].weight * kInnerWeight, kMaxWeight);
  }
  if (block.outer_loop != 0 && info.any_call) loops_[block.outer_loop - 1].any_call = true;
}

}  // namespace sluice

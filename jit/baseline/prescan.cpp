// One pass over a nest of loops, with a list of the uses that each open loop has so far.
#include "jit/baseline/prescan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/check.h"
#include "engine/binary/skip.h"
#include "engine/wasm/opcodes.h"

namespace sluice {

namespace {

// How much more often an inner loop's body runs than the loop around it, as a guess.
constexpr uint64_t kInnerWeight = 8;
// Of one use: sums of as many as a scan meets fit a LocalUse.
constexpr uint64_t kMaxWeight = uint64_t{1} << 24;
static_assert(kMaxWeight * LoopScan::kMostBytes - 1 <= LocalUse::kWeight >> LocalUse::kWeightShift);
// A loop tells the one around it of so many locals: of few in nests deeper than real ones are.
constexpr uint32_t kDeepNest = 16;
constexpr size_t kMaxKept = 128;
constexpr size_t kMaxKeptDeep = 8;

/// Everything is lost from registers: indirect calls, and what the runtime does by a call.
bool is_like_call(const uint8_t* p, const uint8_t* end) {
  uint8_t opcode = *p;
  if (opcode == 0x11 || opcode == 0x14) return true;
  if (opcode == 0x25 || opcode == 0x26 || opcode == 0x40 || opcode == 0xd2) return true;
  if (opcode >= 0x08 && opcode <= 0x0a) return true;
  return opcode == kPrefixMisc && p + 1 < end && p[1] >= 8;
}

constexpr bool is_division(uint8_t opcode) {
  return (opcode >= 0x6d && opcode <= 0x70) || (opcode >= 0x7f && opcode <= 0x82);
}

// What the scan does at an opcode. The frequent ones only need skipping: by one byte, or by one or
// two LEB128 numbers as well.
enum class Step : uint8_t {
  Skip0,
  Skip1,
  MemArg,
  Vector,
  Get,
  Set,
  Block,
  End,
  Branch,
  Call,
  Other
};

constexpr Step step_of(size_t opcode) {
  if (opcode == 0x02 || opcode == 0x04) return Step::Block;
  if (opcode == 0x0b) return Step::End;
  if (opcode == 0x0c || opcode == 0x0d) return Step::Branch;
  if (opcode == 0x10) return Step::Call;
  if (opcode == 0x20) return Step::Get;
  if (opcode == 0x21 || opcode == 0x22) return Step::Set;
  if (opcode == 0x23 || opcode == 0x24 || opcode == 0x41 || opcode == 0x42) return Step::Skip1;
  if (opcode >= 0x28 && opcode <= 0x3e) return Step::MemArg;
  if (opcode == kPrefixSimd) return Step::Vector;
  if (opcode == 0x01 || opcode == 0x1a || opcode == 0x1b) return Step::Skip0;
  if (opcode >= 0x45 && opcode <= 0xc4 && !is_division(static_cast<uint8_t>(opcode))) {
    return Step::Skip0;
  }
  return Step::Other;
}

constexpr auto kSteps = [] {
  std::array<Step, 256> steps{};
  for (size_t i = 0; i < steps.size(); ++i) steps[i] = step_of(i);
  return steps;
}();

// Of a number that ends before the end of the bytes.
inline const uint8_t* skip_whole_leb(const uint8_t* p) {
  while (*p++ >= 0x80) {
  }
  return p;
}

uint32_t lenient_u32(const uint8_t* p, const uint8_t* end) {
  uint32_t value = 0;
  for (uint32_t shift = 0; p < end && shift < 32; shift += 7) {
    value |= (*p & 0x7fu) << shift;
    if ((*p++ & 0x80) == 0) break;
  }
  return value;
}

bool hotter(LocalUse a, LocalUse b) { return a.bits > b.bits; }

}  // namespace

void LoopScan::begin(uint32_t local_count, std::span<const BranchHint> hints, const uint8_t* body) {
  all_hints_ = hints;
  body_ = body;
  loops_.clear();
  next_loop_ = 0;
  scanned_to_ = 0;
  local_count_ = local_count;
  if (sums_.size() < local_count) sums_.resize(local_count);
}

const LoopInfo& LoopScan::find(const uint8_t* bytes, const uint8_t* pos, const uint8_t* end,
                               bool in_try) {
  auto offset = static_cast<uint32_t>(pos - bytes);
  if (offset >= scanned_to_) scan(bytes, pos, end, in_try);
  while (next_loop_ < loops_.size() && loops_[next_loop_].offset < offset) ++next_loop_;
  static constexpr LoopInfo kLong{};
  const bool is_known = next_loop_ < loops_.size() && loops_[next_loop_].offset == offset;
  return is_known && loops_[next_loop_].is_short ? loops_[next_loop_] : kLong;
}

void LoopScan::scan(const uint8_t* bytes, const uint8_t* pos, const uint8_t* end, bool in_try) {
  loops_.clear();
  use_count_ = open_count_ = noted_ = 0;
  next_loop_ = loop_ = depth_ = skipped_ = conditional_ = 0;
  unlikely_ = 0;
  tries_ = in_try ? 1 : 0;
  const uint8_t* p = pos;
  start_ = last_call_ = pos;
  hints_ = hints_from(pos);
  stop_ = pos + std::min(kMostBytes, end - pos);
  // A well-formed body ends with a byte that ends a number too. Any other is not worth the care.
  if (end[-1] >= 0x80) p = end;
  while (p < stop_) {
    const uint8_t* instr = p++;
    switch (kSteps[*instr]) {
    case Step::Skip0: break;
    case Step::Skip1: p = p < end ? skip_whole_leb(p) : end; break;
    case Step::MemArg:
      if (p < end && *p < 0x40) {
        ++p;  // the alignment; with an index of a memory it would have a flag
        p = p < end ? skip_whole_leb(p) : end;
      } else {
        p = skip_instr(instr, end);
      }
      break;
    case Step::Vector: p = skip_instr(instr, end); break;
    case Step::Get: p = scan_local(p, end, false); break;
    case Step::Set: p = scan_local(p, end, true); break;
    case Step::Block:
      if (*instr == 0x02) {
        open(BlockKind::Block);
      } else {
        open_if(instr);
      }
      // Most block types have one byte; not those of the two codes that a heap type follows.
      p = p < end && *p < 0x80 && (*p < 0x63 || *p > 0x64) ? p + 1 : skip_instr(instr, end);
      break;
    case Step::End:
      close();
      if (open_count_ == 0) stop_ = p;
      break;
    case Step::Branch:
      if (*instr == 0x0c) {
        branch(instr, end);
      } else {
        branch_if(instr, end);
      }
      p = p < end ? skip_whole_leb(p) : end;
      break;
    case Step::Call:
      note_call(instr);
      p = p < end ? skip_whole_leb(p) : end;
      break;
    case Step::Other:
      p = scan_instr(bytes, instr, end);
      if (open_count_ == 0) stop_ = p;
      break;
    }
  }
  scanned_to_ = static_cast<uint32_t>(p - bytes);
  if (open_count_ != 0) leave_long_loops(bytes, p);
}

/// Loops that have not ended before `p` are long, unless they have but a small part, and no call,
/// of what was looked at: these are looked at again, from their own start.
void LoopScan::leave_long_loops(const uint8_t* bytes, const uint8_t* p) {
  const uint8_t* const middle = p - start_ >= kMostBytes ? start_ + kMostBytes / 2 : start_;
  const auto after = static_cast<uint32_t>(std::max(last_call_, middle) - bytes);
  const auto again = std::find_if(loops_.begin(), loops_.end(), [after](const LoopInfo& loop) {
    return !loop.is_short && loop.offset > after;
  });
  if (again == loops_.end()) return;
  scanned_to_ = again->offset;
  loops_.erase(again, loops_.end());
}

/// Notes a use of a local, whose index begins at `p`.
inline const uint8_t* LoopScan::scan_local(const uint8_t* p, const uint8_t* end, bool is_set) {
  if (p == end) return end;
  uint32_t index = *p++;
  if (index >= 0x80) [[unlikely]] {
    index = lenient_u32(p - 1, end);
    p = skip_whole_leb(p);
  }
  if (index >= local_count_) return p;
  DCHECK(use_count_ < uses_.size(), "uses have two bytes");
  const uint64_t set = is_set ? LocalUse::kSetFirst | LocalUse::kWritten : 0;
  uses_[use_count_++].bits = uint64_t{1} << LocalUse::kWeightShift |
                             uint64_t{0xffff - index} << LocalUse::kLocalShift | set |
                             std::max(skipped_, conditional_);
  return p;
}

const uint8_t* LoopScan::scan_instr(const uint8_t* bytes, const uint8_t* p, const uint8_t* end) {
  uint8_t opcode = *p;
  switch (opcode) {
  case 0x03:
    open(BlockKind::Loop);
    loops_.push_back({.offset = static_cast<uint32_t>(p - bytes)});
    loop_ = static_cast<uint32_t>(loops_.size());
    ++depth_;
    break;
  case 0x05: begin_else(); break;
  case 0x06:  // try, try_table: its handlers may run or not
  case 0x1f:
    open(BlockKind::Try);
    ++tries_;
    skipped_ = depth_;
    break;
  case 0x18: close(); break;  // delegate
  case 0x0e:                  // br_table, br_on_null, br_on_non_null
  case 0xd5:
  case 0xd6: skipped_ = depth_; break;
  default:
    if (is_like_call(p, end)) note_call(p);
    if (is_division(opcode)) loops_[loop_ - 1].has_division = true;
    if (opcode == kPrefixGc) skipped_ = depth_;  // br_on_cast is among them
    break;
  }
  return skip_instr(p, end);
}

void LoopScan::note_call(const uint8_t* p) {
  if (unlikely_ == 0) {
    loops_[loop_ - 1].has_call = true;
    last_call_ = p;
    stop_ = std::min(stop_, start_ + kMostBytesWithCall);
  }
  if (tries_ != 0) skipped_ = depth_;  // it may go on at a handler
}

void LoopScan::open(BlockKind kind) {
  DCHECK(open_count_ < open_.size(), "blocks have two bytes");
  open_[open_count_++] = {kind, false, static_cast<uint16_t>(use_count_),
                          static_cast<uint16_t>(loop_), static_cast<uint16_t>(conditional_)};
  if (kind == BlockKind::If) conditional_ = depth_;
}

/// Some code is looked at again.
std::span<const BranchHint> LoopScan::hints_from(const uint8_t* p) const {
  const auto offset = static_cast<size_t>(p - body_);
  const auto first =
      std::partition_point(all_hints_.begin(), all_hints_.end(),
                           [offset](const BranchHint& known) { return known.offset < offset; });
  return {first, all_hints_.end()};
}

/// The hint for the instruction at `p`; null without one, and where nothing is expected to run.
const BranchHint* LoopScan::hint(const uint8_t* p) {
  if (hints_.empty()) [[likely]]
    return nullptr;
  const auto offset = static_cast<size_t>(p - body_);
  while (!hints_.empty() && hints_[0].offset < offset) hints_ = hints_.subspan(1);
  const bool fits = !hints_.empty() && hints_[0].offset == offset && unlikely_ == 0;
  return fits ? hints_.data() : nullptr;
}

void LoopScan::open_if(const uint8_t* p) {
  open(BlockKind::If);
  const BranchHint* known = hint(p);
  if (known == nullptr) return;
  open_[open_count_ - 1].is_else_unlikely = known->is_likely;
  if (!known->is_likely) unlikely_ = open_count_;
}

void LoopScan::begin_else() {
  if (unlikely_ == open_count_) {
    unlikely_ = 0;
  } else if (open_[open_count_ - 1].is_else_unlikely) {
    unlikely_ = open_count_;
  }
}

void LoopScan::branch_if(const uint8_t* p, const uint8_t* end) {
  branch(p, end);
  const BranchHint* known = hint(p);
  if (known == nullptr || !known->is_likely) return;
  const uint32_t label = lenient_u32(p + 1, end);
  const bool to_loop =
      label < open_count_ && open_[open_count_ - 1 - label].kind == BlockKind::Loop;
  if (!to_loop) unlikely_ = open_count_;
}

void LoopScan::close() {
  if (unlikely_ == open_count_) unlikely_ = 0;
  const OpenBlock block = open_[--open_count_];
  conditional_ = block.outer_if;
  if (block.kind == BlockKind::Try) --tries_;
  if (block.kind != BlockKind::Loop) return;
  LoopInfo& info = loops_[loop_ - 1];
  info.is_short = true;
  info.any_call |= info.has_call;
  --depth_;
  close_loop(info, block.first_use);
  skipped_ = std::min(skipped_, depth_);
  loop_ = block.outer_loop;
  if (loop_ == 0) return;
  LoopInfo& outer = loops_[loop_ - 1];
  outer.has_loop = true;
  outer.any_call |= info.any_call;
  outer.has_division |= info.has_division;
  outer.is_incomplete |= info.is_incomplete;
}

/// Anything but a branch back to the innermost loop may leave out part of a turn.
void LoopScan::branch(const uint8_t* p, const uint8_t* end) {
  uint32_t label = lenient_u32(p + 1, end);
  bool to_innermost = label < open_count_ && open_[open_count_ - 1 - label].kind == BlockKind::Loop;
  for (uint32_t i = 0; to_innermost && i < label; ++i) {
    to_innermost = open_[open_count_ - 1 - i].kind != BlockKind::Loop;
    if (i == kMaxHot) to_innermost = false;  // far enough to look
  }
  if (!to_innermost) skipped_ = depth_;
}

/// Sums up a loop's uses by local, notes the busiest, and leaves these as uses by the loop around.
void LoopScan::close_loop(LoopInfo& info, size_t first_use) {
  const std::span uses = std::span(uses_).subspan(first_use, use_count_ - first_use);
  size_t distinct = sum_up(uses);
  const size_t kept = depth_ < kDeepNest ? kMaxKept : kMaxKeptDeep;
  if (distinct > kept) [[unlikely]] {
    keep_hottest(uses.first(distinct), kept);
    distinct = kept;
    info.is_incomplete = true;
  }
  use_count_ = first_use + distinct;
  note_busiest(info, uses.first(distinct));
}

/// Adds up the uses of each local, and leaves one use of each in front: returns how many. Whether a
/// local has been seen is hard to predict: no branch asks.
size_t LoopScan::sum_up(std::span<LocalUse> uses) {
  size_t distinct = 0;
  for (const LocalUse use : uses) {
    uses[distinct] = use;
    uint64_t& sum = sums_[use.local()].bits;
    const bool is_new = sum == 0;
    distinct += is_new;
    sum = (sum + (use.bits & (is_new ? ~uint64_t{0} : LocalUse::kWeight))) |
          (use.bits & LocalUse::kWritten);
  }
  return distinct;
}

/// The sum of the uses of this one's local, which is zero then.
inline LocalUse LoopScan::take_sum(LocalUse use) { return std::exchange(sums_[use.local()], {}); }

/// Puts the locals with the greatest sums in front, and makes those of all others zero.
void LoopScan::keep_hottest(std::span<LocalUse> uses, size_t kept) {
  for (LocalUse& use : uses) use = take_sum(use);
  std::nth_element(uses.begin(), uses.begin() + static_cast<ptrdiff_t>(kept), uses.end(), hotter);
  for (const LocalUse use : uses.first(kept)) sums_[use.local()] = use;
}

/// Appends the loop's dead locals and its hot ones to the lists, and makes of each local one use
/// by the loop around. There are kMaxKept at most.
void LoopScan::note_busiest(LoopInfo& info, std::span<LocalUse> uses) {
  if (uses_of_loops_.size() < noted_ + uses.size()) [[unlikely]]
    uses_of_loops_.resize(std::max(2 * uses_of_loops_.size(), noted_ + kMaxKept));
  LocalUse live[kMaxKept];
  LocalUse* const dead = uses_of_loops_.data() + noted_;
  size_t live_count = 0, dead_count = 0;
  for (LocalUse& use : uses) {
    const LocalUse sum = take_sum(use);
    const bool is_live = info.is_incomplete || !sum.is_set_first() || sum.straight() > depth_;
    live[live_count] = sum;
    dead[dead_count] = sum;
    live_count += is_live;
    dead_count += !is_live;
    const uint64_t weight = std::min(sum.weight() * kInnerWeight, kMaxWeight);
    use.bits = (sum.bits & ~LocalUse::kWeight) | weight << LocalUse::kWeightShift;
  }
  const size_t hot_count = std::min<size_t>(live_count, kMaxHot);
  if (live_count > kMaxHot) std::nth_element(live, live + kMaxHot, live + live_count, hotter);
  info.first = static_cast<uint32_t>(noted_);
  info.hot_count = static_cast<uint16_t>(hot_count);
  info.dead_count = static_cast<uint16_t>(dead_count);
  noted_ += dead_count + hot_count;
  LocalUse* const out = dead + dead_count;
  // A use's rank is the number of hotter ones: for so few the fastest sort, as it does not branch.
  uint32_t ranks[kMaxHot] = {};
  for (size_t i = 0; i < hot_count; ++i) {
    for (size_t k = 0; k < i; ++k) {
      const bool is_less = hotter(live[k], live[i]);
      ranks[i] += is_less;
      ranks[k] += !is_less;
    }
  }
  for (size_t i = 0; i < hot_count; ++i) out[ranks[i]] = live[i];
}

}  // namespace sluice

// A loop over instructions that tells them apart by a table instead of by branches: what comes next
// is hard to predict. It notes the uses of locals, which are added up if the loop is short.
#include "jit/baseline/prescan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <utility>

#include "engine/binary/skip.h"
#include "engine/wasm/opcodes.h"

namespace sluice {

namespace {

// What an instruction means here.
enum Meaning : uint16_t {
  kLocal = 1 << 0,
  kSet = 1 << 1,  // of a local
  kBranch = 1 << 2,
  kSkips = 1 << 3,  // may leave out what comes; a branch does so too unless it goes back
  kCall = 1 << 4,   // loses everything from registers
  kDivision = 1 << 5,
  kIf = 1 << 6,
  kHinted = 1 << 7,   // is looked at where there are hints
  kTooMuch = 1 << 8,  // never in a short loop
};

/// How many bytes are behind the first one: where that is in the word of bytes_behind(). Most
/// instructions have one LEB128 number at most that takes more than a byte in practice: the first
/// thing behind the first byte, or the second.
enum Behind : uint8_t {
  kToFirst = 3,
  kToSecond = 11,
  kNone = 16,
  kByte = 21,
  kFourBytes = 26,
  kEightBytes = 31,
  kSixteenBytes = 36,
};

/// What the scan knows of an instruction by its first byte, or by the one behind a prefix.
struct Row {
  Behind behind = kNone;
  int8_t depth = 0;  // by so much the number of open blocks changes
  int8_t unless_if = -1;
  int8_t if_branch = 0;  // -1
  // Bit n: it is not that simple if the four high bits of the byte behind the first one are n.
  uint16_t unusual = 0;
  uint16_t meaning = 0;
};
static_assert(sizeof(Row) == 8);

constexpr uint16_t kAlways = 0xffff;
constexpr uint16_t kFrom40 = 0xfff0;  // alignments: the index of a memory follows, or more
constexpr uint16_t kFrom80 = 0xff00;  // numbers of more than a byte
constexpr uint16_t kAt60 = 0x0040;    // block types: a heap type may follow

constexpr Row layout_of(Imm imm) {
  switch (imm) {
  case Imm::None: return {};
  case Imm::Block: return {.behind = kToFirst, .unusual = kAt60};
  case Imm::Label:
  case Imm::Local: return {.behind = kToFirst, .unusual = kFrom80};
  case Imm::Func:
  case Imm::TypeIdx:
  case Imm::Global:
  case Imm::Table:
  case Imm::Memory:
  case Imm::Tag:
  case Imm::I32:
  case Imm::I64: return {.behind = kToFirst};
  case Imm::MemArg: return {.behind = kToSecond, .unusual = kFrom40};
  case Imm::Lane: return {.behind = kByte};
  case Imm::Shuffle:
  case Imm::V128: return {.behind = kSixteenBytes};
  case Imm::F32: return {.behind = kFourBytes};
  case Imm::F64: return {.behind = kEightBytes};
  default: return {.unusual = kAlways};
  }
}

constexpr unsigned meaning_of(Op op) {
  switch (op) {
  case Op::LocalGet: return kLocal;
  case Op::LocalSet:
  case Op::LocalTee: return kLocal | kSet;
  case Op::If: return kIf | kHinted;
  case Op::Else:
  case Op::End: return kHinted;
  case Op::Br: return kBranch;
  case Op::BrIf: return kBranch | kHinted;
  case Op::BrTable:
  case Op::BrOnNull:
  case Op::BrOnNonNull: return kSkips;
  case Op::Loop:
  case Op::TryTable:
  case Op::Illegal: return kTooMuch;
  case Op::Throw:
  case Op::ThrowRef:
  case Op::CallRef:
  case Op::MemoryGrow:
  case Op::RefFunc: return kCall | kHinted;
  case Op::I32DivS:
  case Op::I32DivU:
  case Op::I32RemS:
  case Op::I32RemU:
  case Op::I64DivS:
  case Op::I64DivU:
  case Op::I64RemS:
  case Op::I64RemU: return kDivision;
  default: break;
  }
  switch (op_info(op).category) {
  case Category::Call:
  case Category::Bulk:
  case Category::Table: return kCall | kHinted;
  case Category::LegacyException:
  case Category::Gc: return kTooMuch;
  default: return 0;
  }
}

constexpr Row row_of(Op op, bool heeds_hints = false) {
  Row row = layout_of(op_info(op).imm);
  row.meaning = static_cast<uint16_t>(meaning_of(op));
  if (op == Op::Block || op == Op::If) row.depth = 1;
  if (op == Op::End) row.depth = -1;
  if (op == Op::If) row.unless_if = 0;
  if ((row.meaning & kBranch) != 0) row.if_branch = -1;
  const unsigned watched = kTooMuch | kSkips | kCall | (heeds_hints ? unsigned{kHinted} : 0);
  if ((row.meaning & watched) != 0) row.unusual = kAlways;
  return row;
}

/// The second 256 where branch hints are heeded.
constexpr auto kRows = [] {
  std::array<std::array<Row, 256>, 2> rows{};
  for (const bool heeds_hints : {false, true}) {
    for (size_t i = 0; i < 256; ++i) rows[heeds_hints][i] = row_of(kPlainOps[i], heeds_hints);
    for (const uint8_t prefix : {kPrefixGc, kPrefixMisc, kPrefixSimd, kPrefixAtomic}) {
      rows[heeds_hints][prefix] = {.unusual = kAlways};
    }
  }
  return rows;
}();

// Vector instructions, by the code behind the prefix; those of two bytes share a row, and
// ill-formed codes and ones written in more bytes than needed have another.
constexpr size_t kTwoByteCode = 0x80;
constexpr size_t kOddCode = 0x81;
constexpr auto kVectorRows = [] {
  std::array<Row, kOddCode + 1> rows{};
  for (size_t i = 0; i < kTwoByteCode; ++i) rows[i] = row_of(kSimdOps[i]);
  rows[kTwoByteCode] = {.behind = kByte};
  rows[kOddCode] = {.unusual = kAlways};
  return rows;
}();
static_assert(std::all_of(kSimdOps.begin() + kTwoByteCode, kSimdOps.end(),
                          [](Op op) { return op_info(op).imm == Imm::None; }));

/// The row for a code, or the first two bytes of it.
constexpr size_t vector_row(uint64_t code) {
  const uint64_t first = code & 0xff;
  const uint64_t second = code >> 8 & 0xff;
  const size_t wide = second == 1 || second == 2 ? kTwoByteCode : kOddCode;
  return first < 0x80 ? first : wide;
}

/// The first bytes from `p` on, zeros for those from `end` on.
uint64_t last_bytes(const uint8_t* p, const uint8_t* end) {
  uint64_t bytes = 0;
  std::memcpy(&bytes, p, std::min(sizeof bytes, static_cast<size_t>(end - p)));
  return bytes;
}

constexpr uint32_t kTooFar = 7;

/// Of eight bytes: how many there are behind the first one if the instruction is as the row says;
/// kTooFar, which no row says, if a number does not end before byte 7.
inline size_t bytes_behind(uint64_t bytes, const Row& row) {
  constexpr uint64_t kFixed = uint64_t{1} << kByte | uint64_t{4} << kFourBytes |
                              uint64_t{8} << kEightBytes | uint64_t{16} << kSixteenBytes;
  const uint64_t ends = (~bytes & 0x0080'8080'8080'8000) | uint64_t{1} << (8 * kTooFar + 7);
  // The highest bits of a number's last byte: eight times its place, and seven.
  const auto first = static_cast<uint32_t>(std::countr_zero(ends));
  const auto second = static_cast<uint32_t>(std::countr_zero(ends & ~uint64_t{0xffff}));
  return (kFixed + (first + (second << 8))) >> row.behind & 31;
}

uint32_t number_at(const uint8_t* p, const uint8_t* end) {
  uint32_t value = 0;
  for (uint32_t shift = 0; p < end && shift < 32; shift += 7) {
    value |= (*p & 0x7fu) << shift;
    if ((*p++ & 0x80) == 0) break;
  }
  return value;
}

// No depth of a block.
constexpr uint32_t kNowhere = UINT32_MAX;
// Notes of uses: the local, what the instruction means, and does every turn come there?
constexpr uint32_t kMostOperand = 0xffff;
constexpr int kMeaningShift = 16;
constexpr uint32_t kStraight = 0x8000'0000;
// Sums of them: is the local dead, is it written, and how many there are.
constexpr uint32_t kDead = 1;
constexpr uint32_t kWritten = 2;
constexpr uint32_t kOneUse = 4;

}  // namespace

void LoopScan::begin(uint32_t local_count, bool may_call, std::span<const BranchHint> hints,
                     const uint8_t* body) {
  may_call_ = may_call;
  hints_ = hints;
  body_ = body;
  local_count_ = local_count;
  if (sums_.size() <= local_count) sums_.resize(local_count + 1);
}

LoopInfo LoopScan::look_at(const uint8_t* loop, const uint8_t* end, bool in_try) {
  live_count_ = dead_count_ = 0;
  unlikely_ = 0;
  unlikely_elses_ = 0;
  const auto& rows = kRows[!hints_.empty()];
  const uint8_t* stop = loop + std::min(kMostBytes, end - loop);
  // Of instructions before this one there are eight bytes.
  const uint8_t* whole = end - loop < 8 ? loop : std::min(stop, end - 7);
  uint32_t depth = 1;               // blocks that are open, the loop included
  uint32_t conditional = kNowhere;  // what is as deep as this may be left out of a turn
  unsigned seen = 0;                // what all instructions so far mean
  size_t use_count = 0;
  for (const uint8_t* p = skip_instr(loop, end); depth != 0;) {
    uint64_t bytes;
    if (p < whole) [[likely]] {
      std::memcpy(&bytes, p, sizeof bytes);
    } else {
      if (p >= stop) return {};
      bytes = last_bytes(p, end);
    }
    const uint8_t* const instr = p;
    const Row* row = &rows[*p];
    uint32_t operand = bytes >> 8 & 0xff;
    size_t behind = 0;
    if (*p == kPrefixSimd) {
      // Of most all that matters is their length.
      row = &kVectorRows[vector_row(bytes >> 8)];
      behind = bytes_behind(bytes >> 8, *row);
      if ((row->unusual >> (bytes >> 20 & 15) & 1) == 0 && behind != kTooFar) [[likely]] {
        p += 2 + behind;
        continue;
      }
      behind = kTooFar;
    } else {
      behind = bytes_behind(bytes, *row);
    }
    p += 1 + behind;
    unsigned meaning = row->meaning;
    if ((row->unusual >> (operand >> 4) & 1) != 0 || behind == kTooFar) [[unlikely]] {
      p = skip_instr(instr, end);
      const uint32_t number = number_at(instr + 1, end);
      operand = std::min(number, kMostOperand);
      if (is_prefix(*instr)) meaning = meaning_of(find_op(*instr, number));
      if (in_try && (meaning & kCall) != 0) meaning |= kSkips;  // it may go on at a handler
      const bool comes_back = p >= end || kPlainOps[*p] != Op::Unreachable;
      if (!comes_back) meaning &= ~unsigned{kCall};
      if (!hints_.empty()) meaning = heed_hints(instr, meaning, operand, depth);
      if ((meaning & (may_call_ ? kTooMuch : kTooMuch | kCall)) != 0) return {};
      if ((meaning & kCall) != 0) stop = loop + std::min(kMostBytesWithCall, stop - loop);
      if ((meaning & kSkips) != 0) conditional = 0;
      whole = std::min(whole, stop);
    }
    uses_[use_count] = operand | meaning << kMeaningShift | (conditional & kStraight);
    use_count += meaning & kLocal;
    seen |= meaning;
    // Anything but a branch back may leave out part of the turn.
    const uint32_t is_elsewhere = (operand ^ (depth - 1)) & static_cast<uint32_t>(row->if_branch);
    conditional &= 0 - uint32_t{is_elsewhere == 0};
    depth += static_cast<uint32_t>(row->depth);
    conditional = std::min(conditional, depth | static_cast<uint32_t>(row->unless_if));
    conditional |= 0 - uint32_t{depth < conditional};
  }
  sum_up(std::span(uses_).first(use_count));
  return {true, (seen & kCall) != 0, (seen & kDivision) != 0};
}

/// Adds up what was noted, by local. Whether a local has been seen before is hard to predict: no
/// branch asks.
void LoopScan::sum_up(std::span<const uint32_t> uses) {
  size_t count = 0;
  for (const uint32_t use : uses) {
    // If ill-formed, of none.
    const uint32_t local = std::min(use & kMostOperand, local_count_);
    uint32_t& sum = sums_[local];
    const bool is_new = sum == 0;
    dead_[count] = static_cast<uint16_t>(local);
    count += is_new;
    const bool is_set = (use >> kMeaningShift & kSet) != 0;
    const bool is_dead = is_new & is_set & ((use & kStraight) != 0);
    sum = (sum + kOneUse) | is_set * kWritten | is_dead * kDead;
  }
  for (size_t i = 0; i < count; ++i) {
    const uint16_t local = dead_[i];
    const uint32_t sum = std::exchange(sums_[local], 0);
    const bool is_dead = (sum & kDead) != 0;
    const bool is_known = local < local_count_;
    live_[live_count_] = {local, static_cast<uint16_t>(sum / kOneUse), (sum & kWritten) != 0};
    live_count_ += is_known & !is_dead;
    dead_[dead_count_] = local;
    dead_count_ += is_known & is_dead;
  }
}

/// The hint for the instruction at `p`; null without one, and where nothing is expected to run.
const BranchHint* LoopScan::hint(const uint8_t* p) {
  const auto offset = static_cast<size_t>(p - body_);
  while (!hints_.empty() && hints_[0].offset < offset) hints_ = hints_.subspan(1);
  const bool fits = !hints_.empty() && hints_[0].offset == offset && unlikely_ == 0;
  return fits ? hints_.data() : nullptr;
}

/// Before the instruction: which code is unlikely from here on. In it calls do not count.
unsigned LoopScan::heed_hints(const uint8_t* p, unsigned meaning, uint32_t label, uint32_t depth) {
  const auto in_set = [](uint32_t at) { return at < 64 ? uint64_t{1} << at : 0; };
  switch (kPlainOps[*p]) {
  case Op::If:
    unlikely_elses_ &= ~in_set(depth + 1);
    if (const BranchHint* known = hint(p); known != nullptr) {
      if (known->is_likely) {
        unlikely_elses_ |= in_set(depth + 1);
      } else {
        unlikely_ = depth + 1;
      }
    }
    break;
  case Op::Else:
    if (unlikely_ == depth) {
      unlikely_ = 0;
    } else if (unlikely_ == 0 && (unlikely_elses_ & in_set(depth)) != 0) {
      unlikely_ = depth;
    }
    break;
  case Op::BrIf:
    // The way out of a loop that mostly goes on is taken all the same.
    if (const BranchHint* known = hint(p); known != nullptr && known->is_likely) {
      if (label != depth - 1) unlikely_ = depth;
    }
    break;
  case Op::End:
    if (unlikely_ == depth) unlikely_ = 0;
    break;
  default: break;
  }
  return unlikely_ != 0 ? meaning & ~unsigned{kCall} : meaning;
}

}  // namespace sluice

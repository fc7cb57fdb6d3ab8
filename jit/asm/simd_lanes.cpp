// Vector instructions that move lanes: shuffles, splats, single lanes, and the loads and stores of
// part of a register.
//
// A shuffle takes the one instruction that does its pattern, if there is one, else it looks bytes
// up with pshufb. Each load or store touches exactly the bytes that the Wasm instruction does.
#include <algorithm>
#include <cstring>

#include "jit/asm/simd.h"

namespace sluice {

namespace {

constexpr Reg kScratch = kScratchXmm;

constexpr Opcode kPshufb{0x66, 2, 0x00}, kPshufd{0x66, 1, 0x70}, kPshuflw{0xf2, 1, 0x70},
    kPshufhw{0xf3, 1, 0x70}, kPunpcklqdq{0x66, 1, 0x6c}, kShufps{0, 1, 0xc6},
    kPblendw{0x66, 3, 0x0e}, kPalignr{0x66, 3, 0x0f}, kPor{0x66, 1, 0xeb},
    kVpblendvb{0x66, 3, 0x4c};
constexpr Opcode kMovd{0x66, 1, 0x6e}, kMovdOut{0x66, 1, 0x7e};
constexpr Opcode kMovss{0xf3, 1, 0x10}, kMovssOut{0xf3, 1, 0x11}, kMovsd{0xf2, 1, 0x10},
    kMovsdOut{0xf2, 1, 0x11}, kMovlhps{0, 1, 0x16}, kMovddup{0xf2, 1, 0x12},
    kInsertps{0x66, 3, 0x21};
constexpr Opcode kPinsrb{0x66, 3, 0x20}, kPinsrw{0x66, 1, 0xc4}, kPinsrd{0x66, 3, 0x22};
constexpr Opcode kPextrb{0x66, 3, 0x14}, kPextrw{0x66, 1, 0xc5}, kPextrwOut{0x66, 3, 0x15},
    kPextrd{0x66, 3, 0x16};
constexpr Opcode kBroadcastB{0x66, 2, 0x78}, kBroadcastW{0x66, 2, 0x79},
    kBroadcastSs{0x66, 2, 0x18};

/// The 16 numbers of a shuffle, looked at all at once.
struct Pattern {
  uint64_t half[2] = {};

  static Pattern of(const uint8_t* numbers) {
    Pattern p;
    std::memcpy(p.half, numbers, sizeof p.half);
    return p;
  }
  template <class NumberOf>
  static constexpr Pattern made(NumberOf number_of) {
    Pattern p;
    for (uint32_t i = 0; i < 16; ++i) p.half[i / 8] |= uint64_t{number_of(i)} << (8 * (i % 8));
    return p;
  }
  static constexpr uint64_t repeated(uint64_t byte) { return byte * 0x0101'0101'0101'0101; }
  constexpr Pattern operator&(uint8_t bits) const {
    return {half[0] & repeated(bits), half[1] & repeated(bits)};
  }
  constexpr bool operator==(const Pattern&) const = default;
  bool any(uint8_t bits) const { return ((half[0] | half[1]) & repeated(bits)) != 0; }
  bool all(uint8_t bits) const { return (~(half[0] & half[1]) & repeated(bits)) == 0; }
  uint8_t operator[](uint32_t i) const {
    return static_cast<uint8_t>(half[i / 8] >> (8 * (i % 8)));
  }
};

constexpr Pattern kIdentity = Pattern::made([](uint32_t i) { return i; });

/// Bytes from `first` on, in their order, which goes round after `mask`.
Pattern rotation(uint8_t first, uint8_t mask) {
  Pattern p = kIdentity;
  for (uint64_t& half : p.half) half += Pattern::repeated(first);
  return p & mask;
}

struct Interleave {
  uint8_t byte;
  Pattern one;      // of a register with itself
  Pattern two;      // of two registers
  Pattern b_first;  // the same with the other's lanes first

  static constexpr Interleave of(uint8_t byte, uint32_t lane_bytes, uint32_t first) {
    const auto number = [=](uint32_t i) {
      return first + i / (2 * lane_bytes) * lane_bytes + i % lane_bytes;
    };
    const auto other = [=](uint32_t i) { return i / lane_bytes % 2 != 0 ? 16u : 0u; };
    return {byte, Pattern::made(number),
            Pattern::made([=](uint32_t i) { return number(i) + other(i); }),
            Pattern::made([=](uint32_t i) { return (number(i) + other(i)) ^ 16; })};
  }
};
constexpr Interleave kInterleaves[] = {Interleave::of(0x60, 1, 0), Interleave::of(0x61, 2, 0),
                                       Interleave::of(0x62, 4, 0), Interleave::of(0x6c, 8, 0),
                                       Interleave::of(0x68, 1, 8), Interleave::of(0x69, 2, 8),
                                       Interleave::of(0x6a, 4, 8), Interleave::of(0x6d, 8, 8)};

/// If the pattern moves whole lanes of 2 or 4 bytes, their numbers.
bool whole_lanes(const Pattern& p, uint32_t lane_bytes, uint8_t* numbers) {
  const auto within = static_cast<uint8_t>(lane_bytes - 1);
  if ((p & within) != (kIdentity & within)) return false;
  const uint64_t first_bytes = lane_bytes == 4 ? 0x0000'00ff'0000'00ff : 0x00ff'00ff'00ff'00ff;
  const uint64_t spread = lane_bytes == 4 ? 0x0101'0101 : 0x0101;
  for (const uint64_t half : p.half) {
    const uint64_t lanes = half & ~Pattern::repeated(within);
    if ((lanes & first_bytes) * spread != lanes) return false;
  }
  for (uint32_t i = 0; i < 16 / lane_bytes; ++i) {
    numbers[i] = static_cast<uint8_t>(p[i * lane_bytes] / lane_bytes);
  }
  return true;
}

/// Four two-bit numbers as the immediate of pshufd and its like.
int packed_numbers(const uint8_t* n) {
  return (n[0] & 3) | (n[1] & 3) << 2 | (n[2] & 3) << 4 | (n[3] & 3) << 6;
}

bool all_below(const uint8_t* numbers, uint32_t count, uint8_t limit) {
  return std::all_of(numbers, numbers + count, [&](uint8_t n) { return n < limit; });
}

bool is_identity(const uint8_t* numbers, uint32_t first, uint32_t end) {
  for (uint32_t i = first; i < end; ++i) {
    if (numbers[i] != i) return false;
  }
  return true;
}

}  // namespace

// --- Shuffles

void SimdMasm::shuffle(const uint8_t* lanes, Reg dst, Reg a, Reg b) {
  uint8_t picked[16];
  std::copy_n(lanes, 16, picked);
  const bool uses_a = !Pattern::of(lanes).all(16);
  const bool uses_b = Pattern::of(lanes).any(16);
  if (a == b || !uses_b || !uses_a) {
    Reg source = uses_a ? a : b;
    for (uint8_t& n : picked) n &= 15;
    if (shuffle_one(picked, dst, source)) return;
    return rvm(kPshufb, false, dst, source, SimdSource(picked));
  }
  if (shuffle_two(picked, dst, a, b)) return;
  uint8_t of_a[16], of_b[16];
  for (uint32_t i = 0; i < 16; ++i) {
    of_a[i] = picked[i] < 16 ? picked[i] : 0x80;
    of_b[i] = picked[i] < 16 ? 0x80 : picked[i] & 15;
  }
  rvm(kPshufb, false, kScratch, a, SimdSource(of_a));
  rvm(kPshufb, false, dst, b, SimdSource(of_b));
  rvm(kPor, true, dst, dst, kScratch);
}

bool SimdMasm::shuffle_one(const uint8_t* lanes, Reg dst, Reg a) {
  const Pattern p = Pattern::of(lanes);
  if (p == kIdentity) return move(dst, a), true;
  uint8_t numbers[16];
  if (whole_lanes(p, 4, numbers)) return rm(kPshufd, dst, a, packed_numbers(numbers)), true;
  if (whole_lanes(p, 2, numbers)) {
    if (is_identity(numbers, 4, 8) && all_below(numbers, 4, 4)) {
      return rm(kPshuflw, dst, a, packed_numbers(numbers)), true;
    }
    if (is_identity(numbers, 0, 4) &&
        !std::any_of(numbers + 4, numbers + 8, [](uint8_t n) { return n < 4; })) {
      return rm(kPshufhw, dst, a, packed_numbers(numbers + 4)), true;
    }
  }
  for (const Interleave& k : kInterleaves) {
    if (p == k.one) return rvm({0x66, 1, k.byte}, false, dst, a, a), true;
  }
  if (p == rotation(lanes[0], 15)) return rvm(kPalignr, false, dst, a, a, lanes[0]), true;
  if (m_.cpu().avx2) {
    if (p == Pattern()) return rm(kBroadcastB, dst, a), true;
    if (p == (kIdentity & 1)) return rm(kBroadcastW, dst, a), true;
  }
  return false;
}

bool SimdMasm::shuffle_two(const uint8_t* lanes, Reg dst, Reg a, Reg b) {
  const Pattern p = Pattern::of(lanes);
  for (const Interleave& k : kInterleaves) {
    if (p == k.two) return rvm({0x66, 1, k.byte}, false, dst, a, b), true;
    if (p == k.b_first) return rvm({0x66, 1, k.byte}, false, dst, b, a), true;
  }
  if (p == rotation(lanes[0], 31)) {
    bool a_is_low = lanes[0] < 16;
    rvm(kPalignr, false, dst, a_is_low ? b : a, a_is_low ? a : b, lanes[0] & 15);
    return true;
  }
  const bool stays_in_place = (p & 15) == kIdentity;
  uint8_t numbers[16];
  if (stays_in_place && whole_lanes(p, 2, numbers)) {
    int of_b = 0;
    for (uint32_t i = 0; i < 8; ++i) of_b |= (numbers[i] >> 3) << i;
    rvm(kPblendw, false, dst, a, b, of_b);
    return true;
  }
  if (whole_lanes(p, 4, numbers) && (numbers[0] ^ numbers[1]) < 4 &&
      (numbers[2] ^ numbers[3]) < 4) {
    Reg low = numbers[0] < 4 ? a : b, high = numbers[2] < 4 ? a : b;
    rvm(kShufps, false, dst, low, high, packed_numbers(numbers));
    return true;
  }
  if (avx_ && stays_in_place) {
    uint8_t of_b[16];
    for (uint32_t i = 0; i < 16; ++i) of_b[i] = lanes[i] < 16 ? 0 : 0xff;
    m_.vconst(kScratch, of_b);
    rvm(kVpblendvb, false, dst, a, b, static_cast<int>(encoding(kScratch) << 4));
    return true;
  }
  return false;
}

// --- Splats

void SimdMasm::splat(Op op, Reg dst, Reg src) {
  switch (op) {
  case Op::I8x16Splat: rm(kMovd, dst, src); return splat_low(1, dst);
  case Op::I16x8Splat: rm(kMovd, dst, src); return splat_low(2, dst);
  case Op::I32x4Splat: rm(kMovd, dst, src); return rm(kPshufd, dst, dst, 0);
  case Op::I64x2Splat:
    rm(kMovd, dst, src, kNoImm, 1);
    return rvm(kPunpcklqdq, false, dst, dst, dst);
  case Op::F32x4Splat: return rvm(kShufps, false, dst, src, src, 0);
  default: UNREACHABLE("not a splat of several instructions");
  }
}

void SimdMasm::splat_low(uint32_t lane_bytes, Reg dst) {
  if (m_.cpu().avx2) return rm(lane_bytes == 1 ? kBroadcastB : kBroadcastW, dst, dst);
  if (lane_bytes == 1) {
    zero(kScratch);
    return rvm(kPshufb, false, dst, dst, kScratch);
  }
  rm(kPshuflw, dst, dst, 0);
  rvm(kPunpcklqdq, false, dst, dst, dst);
}

// --- Single lanes

void SimdMasm::lane(Op op, uint32_t index, Reg dst, Reg a, Reg b) {
  int i = static_cast<int>(index);
  // The pextr instructions that have a memory form name their source in ModRM.reg.
  switch (op) {
  case Op::I8x16ExtractLaneU: return rm(kPextrb, a, dst, i);
  case Op::I8x16ExtractLaneS: rm(kPextrb, a, dst, i); return m_.extend(LoadKind::S8To32, dst, dst);
  case Op::I16x8ExtractLaneU: return rm(kPextrw, dst, a, i);
  case Op::I16x8ExtractLaneS: rm(kPextrw, dst, a, i); return m_.extend(LoadKind::S16To32, dst, dst);
  case Op::I32x4ExtractLane: return i == 0 ? rm(kMovdOut, a, dst) : rm(kPextrd, a, dst, i);
  case Op::I64x2ExtractLane:
    return i == 0 ? rm(kMovdOut, a, dst, kNoImm, 1) : rm(kPextrd, a, dst, i, 1);
  case Op::F32x4ExtractLane: return i == 0 ? move(dst, a) : rm(kPshufd, dst, a, i);
  case Op::F64x2ExtractLane: return i == 0 ? move(dst, a) : rm(kPshufd, dst, a, 0xee);
  case Op::I8x16ReplaceLane: return rvm(kPinsrb, false, dst, a, b, i);
  case Op::I16x8ReplaceLane: return rvm(kPinsrw, false, dst, a, b, i);
  case Op::I32x4ReplaceLane: return rvm(kPinsrd, false, dst, a, b, i);
  case Op::I64x2ReplaceLane: return rvm(kPinsrd, false, dst, a, b, i, 1);
  case Op::F32x4ReplaceLane: return rvm(kInsertps, false, dst, a, b, i << 4);
  case Op::F64x2ReplaceLane: return rvm(i == 0 ? kMovsd : kMovlhps, false, dst, a, b);
  default: UNREACHABLE("not a lane's instruction");
  }
}

// --- Memory

void SimdMasm::load(Op op, Reg dst, const Mem& m) {
  switch (op) {
  case Op::V128Load: return m_.load(LoadKind::V128, dst, m);
  case Op::V128Load8x8S: return rm_mem({0x66, 2, 0x20}, dst, m);
  case Op::V128Load8x8U: return rm_mem({0x66, 2, 0x30}, dst, m);
  case Op::V128Load16x4S: return rm_mem({0x66, 2, 0x23}, dst, m);
  case Op::V128Load16x4U: return rm_mem({0x66, 2, 0x33}, dst, m);
  case Op::V128Load32x2S: return rm_mem({0x66, 2, 0x25}, dst, m);
  case Op::V128Load32x2U: return rm_mem({0x66, 2, 0x35}, dst, m);
  case Op::V128Load8Splat:
    if (m_.cpu().avx2) return rm_mem(kBroadcastB, dst, m);
    op_mem(kPinsrb, 0, dst, dst, m, 0);
    return splat_low(1, dst);
  case Op::V128Load16Splat:
    if (m_.cpu().avx2) return rm_mem(kBroadcastW, dst, m);
    op_mem(kPinsrw, 0, dst, dst, m, 0);
    return splat_low(2, dst);
  case Op::V128Load32Splat:
    if (avx_) return rm_mem(kBroadcastSs, dst, m);
    rm_mem(kMovss, dst, m);
    return rm(kPshufd, dst, dst, 0);
  case Op::V128Load64Splat: return rm_mem(kMovddup, dst, m);
  case Op::V128Load32Zero: return rm_mem(kMovss, dst, m);
  case Op::V128Load64Zero: return rm_mem(kMovsd, dst, m);
  default: UNREACHABLE("not a vector load");
  }
}

void SimdMasm::load_lane(Op op, uint32_t index, Reg dst, Reg a, const Mem& m) {
  int i = static_cast<int>(index);
  switch (op) {
  case Op::V128Load8Lane: return op_mem(kPinsrb, 0, dst, a, m, i);
  case Op::V128Load16Lane: return op_mem(kPinsrw, 0, dst, a, m, i);
  case Op::V128Load32Lane: return op_mem(kPinsrd, 0, dst, a, m, i);
  case Op::V128Load64Lane: return op_mem(kPinsrd, 1, dst, a, m, i);
  default: UNREACHABLE("not a lane's load");
  }
}

void SimdMasm::store_lane(Op op, uint32_t index, const Mem& m, Reg src) {
  auto store = [&](Opcode opcode, uint32_t w, int imm) {
    if (avx_) {
      m_.e_.vex_reg_mem(opcode, w, encoding(src), 0, m);
    } else {
      m_.e_.reg_mem(opcode, w, encoding(src), m);
    }
    if (imm != kNoImm) m_.e_.put_imm8(imm);
  };
  int i = static_cast<int>(index);
  switch (op) {
  case Op::V128Store8Lane: return store(kPextrb, 0, i);
  case Op::V128Store16Lane: return store(kPextrwOut, 0, i);
  case Op::V128Store32Lane: return i == 0 ? store(kMovssOut, 0, kNoImm) : store(kPextrd, 0, i);
  case Op::V128Store64Lane: return i == 0 ? store(kMovsdOut, 0, kNoImm) : store(kPextrd, 1, i);
  default: UNREACHABLE("not a lane's store");
  }
}

}  // namespace sluice

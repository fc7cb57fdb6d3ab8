// Moves that happen "all at once": values to the places where a label, a call or a return wants
// them, in an order that overwrites nothing still needed.
//
// Destinations are distinct; sources are arbitrary, and may be other moves' destinations. Cycles go
// through kScratchGpr, stack-to-stack moves through kScratchXmm: both are lost, everything else
// that is no destination stays. Flags are untouched. Linear but for sorting the stack destinations.
#pragma once

#include <cstdint>

#include "engine/base/heap.h"
#include "engine/wasm/types.h"
#include "jit/asm/masm.h"

namespace sluice {

/// The value types as moves see them. References are I64.
enum class MoveType : uint8_t { I32, I64, F32, F64 };

constexpr MoveType move_type_of(ValType type) {
  switch (type.kind()) {
  case ValKind::I32: return MoveType::I32;
  case ValKind::F32: return MoveType::F32;
  case ValKind::F64: return MoveType::F64;
  default: return MoveType::I64;
  }
}

/// Where a value comes from or goes to: a register, 8 bytes of stack, or (sources only) a constant.
struct MovePlace {
  enum class Kind : uint8_t { Reg, Stack, Const };
  Kind kind = Kind::Const;
  Reg reg = Reg::None;  // the register, or the stack slot's base (rbp or rsp)
  int32_t disp = 0;
  uint64_t bits = 0;

  static MovePlace in_reg(Reg r) { return {Kind::Reg, r, 0, 0}; }
  static MovePlace in_stack(Reg base, int32_t disp) { return {Kind::Stack, base, disp, 0}; }
  static MovePlace constant(uint64_t bits) { return {Kind::Const, Reg::None, 0, bits}; }
};

/// Collects moves, emits them, and is empty again. Reusable without allocation. i32 values arrive
/// with zero upper halves, in registers and in stack slots.
class ParallelMove {
 public:
  /// Integers move between general-purpose registers, floats between vector registers.
  void add(MoveType type, const MovePlace& dst, const MovePlace& src);
  bool empty() const { return moves_.empty(); }
  void clear() { moves_.clear(); }
  void emit(Masm& masm);

 private:
  struct Move {
    MovePlace dst;
    MovePlace src;
    MoveType type = MoveType::I64;
    uint32_t readers = 0;  // pending moves whose source is this move's destination
    uint32_t blocked = 0;  // index + 1 of the move whose destination this one reads
    bool done = false;
  };

  void link();
  uint32_t destination_index(const MovePlace& place) const;
  void emit_ready(Masm& masm, uint32_t index);
  void emit_one(Masm& masm, const Move& move);
  void break_cycle(Masm& masm, uint32_t index);

  Vector<Move> moves_;
  Vector<uint32_t> stack_order_;  // moves with stack destinations, sorted by place
  uint32_t reg_dst_[32] = {};     // move index + 1 by destination register
};

}  // namespace sluice

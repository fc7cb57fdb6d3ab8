// Moves that happen "all at once": values to the places where a label, a call or a return wants
// them, in an order that overwrites nothing still needed.
//
// Destinations are distinct and do not overlap; sources are arbitrary, and may be other moves'
// destinations, whole ones. Cycles and stack-to-stack moves go through kScratchGpr and kScratchXmm:
// both are lost, everything else that is no destination stays. Flags are untouched. Linear, but for
// sorting the stack destinations if there are stack sources as well.
#pragma once

#include <cstdint>

#include "engine/base/heap.h"
#include "engine/wasm/types.h"
#include "jit/asm/masm.h"

namespace sluice {

/// References and what has no type are 64 bits.
constexpr MoveType move_type_of(ValType type) {
  constexpr uint64_t kTypes = 0x1'1114'3210'1;  // four bits for each kind
  return static_cast<MoveType>(kTypes >> 4 * static_cast<uint32_t>(type.kind()) & 15);
}
static_assert(move_type_of(kI32) == MoveType::I32 && move_type_of(kI64) == MoveType::I64);
static_assert(move_type_of(kF32) == MoveType::F32 && move_type_of(kF64) == MoveType::F64);
static_assert(move_type_of(kV128) == MoveType::V128 && move_type_of(kFuncRef) == MoveType::I64);
static_assert(move_type_of(ValType()) == MoveType::I64);

/// The bytes of a v128 constant, which the holder of its bits keeps alive and in place.
inline uint64_t v128_bits(const uint8_t* bytes) { return reinterpret_cast<uintptr_t>(bytes); }
inline const uint8_t* v128_bytes(uint64_t bits) {
  return reinterpret_cast<const uint8_t*>(static_cast<uintptr_t>(bits));
}

/// Where a value comes from or goes to: a register, 8 bytes of stack (16 for v128), or (sources
/// only) a constant.
struct MovePlace {
  enum class Kind : uint8_t { Reg, Stack, Const };
  // The constant (of a v128 the address of its 16 bytes), or the stack slot's displacement,
  // sign-extended.
  uint64_t bits = 0;
  Kind kind = Kind::Const;
  Reg reg = Reg::None;  // the register, or the stack slot's base (rbp or rsp)

  static MovePlace in_reg(Reg r) { return {0, Kind::Reg, r}; }
  static MovePlace in_stack(Reg base, int32_t disp) {
    return {static_cast<uint64_t>(int64_t{disp}), Kind::Stack, base};
  }
  static MovePlace constant(uint64_t bits) { return {bits, Kind::Const, Reg::None}; }

  int32_t disp() const { return static_cast<int32_t>(static_cast<int64_t>(bits)); }
  bool operator==(const MovePlace&) const = default;
};

/// Collects moves, emits them, and is empty again. Reusable without allocation. i32 values arrive
/// with zero upper halves, in registers and in stack slots.
class ParallelMove {
 public:
  /// Integers move between general-purpose registers, floats between vector registers.
  /// Places come by value, hence in registers: to read one whole from memory where its parts have
  /// just been written takes the processor longer than all the rest.
  void add(MoveType type, MovePlace dst, MovePlace src) {
    if (dst != src) add_move(type, dst, src);
  }
  bool empty() const { return moves_.empty(); }
  /// Drops what was added.
  void clear() {
    moves_.clear();
    sources_ = targets_ = RegSet();
    has_stack_source_ = has_stack_destination_ = false;
  }
  void emit(Masm& masm) {
    if (!moves_.empty()) emit_all(masm);
  }

 private:
  struct Move {
    MovePlace dst;
    MovePlace src;
    MoveType type = MoveType::I64;
    bool done = false;
    uint32_t slot_readers = 0;   // pending moves that read `dst`, if that is a stack slot
    uint32_t reads_slot_of = 0;  // the move whose stack destination this one reads, or 0
  };

  static size_t index(Reg reg) { return static_cast<size_t>(reg); }
  void add_move(MoveType type, MovePlace dst, MovePlace src);
  void emit_all(Masm& masm);
  void emit_ordered(Masm& masm);
  void link_slots();
  uint32_t readers(const Move& move) const {
    return move.dst.kind == MovePlace::Kind::Reg ? readers_[index(move.dst.reg)]
                                                 : move.slot_readers;
  }
  uint32_t blocked_by(const Move& move) const {
    return move.src.kind == MovePlace::Kind::Reg ? move_to_[index(move.src.reg)]
                                                 : move.reads_slot_of;
  }
  uint32_t destination_slot(const MovePlace& place) const;
  void emit_ready(Masm& masm, uint32_t number);
  void emit_one(Masm& masm, const Move& move) const;
  static void emit_to_reg(Masm& masm, const Move& move);
  void emit_to_stack(Masm& masm, const Move& move) const;
  void break_cycle(Masm& masm, uint32_t number);

  Vector<Move> moves_;            // numbered from 1
  Vector<uint32_t> stack_order_;  // moves with stack destinations, sorted by place
  RegSet sources_;                // registers that moves read
  RegSet targets_;                // registers that moves write
  bool has_stack_source_ = false;
  bool has_stack_destination_ = false;
  bool cycle_in_xmm_ = false;  // kScratchXmm holds a value of the cycle being broken
  // While moves are put in order:
  uint32_t readers_[32] = {};  // by register: pending moves that read it
  uint32_t move_to_[32] = {};  // by register: the move with this destination, or 0
};

}  // namespace sluice

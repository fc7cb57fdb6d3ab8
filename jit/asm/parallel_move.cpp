// Orders parallel moves by counting, for each destination, the pending moves that still read it.
#include "jit/asm/parallel_move.h"

#include <algorithm>

namespace sluice {

namespace {

/// Stack places in a total order.
uint64_t stack_key(const MovePlace& p) {
  return uint64_t{static_cast<uint8_t>(p.reg)} << 32 | static_cast<uint32_t>(p.disp());
}

Width width_of(MoveType type) { return type == MoveType::I32 ? W32 : W64; }
FWidth fwidth_of(MoveType type) { return type == MoveType::F32 ? FWidth::F32 : FWidth::F64; }

bool is_narrow(MoveType type) { return type == MoveType::I32 || type == MoveType::F32; }

/// From slot to slot. An i32's slot may have anything in its upper half: its copy gets zeros there.
void copy_slot_by_xmm(Masm& masm, MoveType type, const Mem& dst, const Mem& src) {
  if (type == MoveType::V128) {
    masm.load(LoadKind::V128, kScratchXmm, src);
    return masm.store(StoreKind::V128, dst, kScratchXmm);
  }
  masm.load(is_narrow(type) ? LoadKind::F32 : LoadKind::F64, kScratchXmm, src);
  masm.store(StoreKind::F64, dst, kScratchXmm);
}

void copy_slot_by_gpr(Masm& masm, MoveType type, const Mem& dst, const Mem& src) {
  masm.load(is_narrow(type) ? LoadKind::I32 : LoadKind::I64, kScratchGpr, src);
  masm.store(StoreKind::I64, dst, kScratchGpr);
  if (type != MoveType::V128) return;
  masm.load(LoadKind::I64, kScratchGpr, mem_at(src.base, src.disp + 8));
  masm.store(StoreKind::I64, mem_at(dst.base, dst.disp + 8), kScratchGpr);
}

}  // namespace

void ParallelMove::add_move(MoveType type, MovePlace dst, MovePlace src) {
  using Kind = MovePlace::Kind;
  Move& move = moves_.emplace_back();
  move.dst = dst;
  move.src = src;
  move.type = type;
  if (src.kind == Kind::Reg) {
    sources_.add(src.reg);
  } else if (src.kind == Kind::Stack) {
    has_stack_source_ = true;
  }
  if (dst.kind == Kind::Reg) {
    DCHECK(!targets_.has(dst.reg), "two moves to one register");
    targets_.add(dst.reg);
  } else {
    has_stack_destination_ = true;
  }
}

uint32_t ParallelMove::destination_slot(const MovePlace& place) const {
  uint64_t key = stack_key(place);
  auto it = std::lower_bound(
      stack_order_.begin(), stack_order_.end(), key,
      [this](uint32_t number, uint64_t k) { return stack_key(moves_[number - 1].dst) < k; });
  if (it == stack_order_.end() || stack_key(moves_[*it - 1].dst) != key) return 0;
  return *it;
}

void ParallelMove::link_slots() {
  stack_order_.clear();
  for (uint32_t number = 1; number <= moves_.size(); ++number) {
    if (moves_[number - 1].dst.kind == MovePlace::Kind::Stack) stack_order_.push_back(number);
  }
  std::sort(stack_order_.begin(), stack_order_.end(), [this](uint32_t a, uint32_t b) {
    return stack_key(moves_[a - 1].dst) < stack_key(moves_[b - 1].dst);
  });
  for (Move& move : moves_) {
    if (move.src.kind != MovePlace::Kind::Stack) continue;
    move.reads_slot_of = destination_slot(move.src);
    if (move.reads_slot_of != 0) ++moves_[move.reads_slot_of - 1].slot_readers;
  }
}

void ParallelMove::emit_all(Masm& masm) {
  bool any_order = (sources_ & targets_).empty() && !(has_stack_source_ && has_stack_destination_);
  if (any_order) [[likely]] {
    for (const Move& move : moves_) {
      masm.ensure_room();
      emit_one(masm, move);
    }
  } else {
    emit_ordered(masm);
  }
  clear();
}

void ParallelMove::emit_ordered(Masm& masm) {
  if (has_stack_source_ && has_stack_destination_) link_slots();
  uint32_t count = static_cast<uint32_t>(moves_.size());
  for (uint32_t number = 1; number <= count; ++number) {
    const Move& move = moves_[number - 1];
    if (move.src.kind == MovePlace::Kind::Reg) ++readers_[index(move.src.reg)];
    if (move.dst.kind == MovePlace::Kind::Reg) move_to_[index(move.dst.reg)] = number;
  }
  for (uint32_t number = 1; number <= count; ++number) emit_ready(masm, number);
  // What is left are cycles, each move's destination read by exactly one other.
  for (uint32_t number = 1; number <= count; ++number) {
    if (!moves_[number - 1].done) break_cycle(masm, number);
  }
  for (const Move& move : moves_) {
    if (move.dst.kind == MovePlace::Kind::Reg) move_to_[index(move.dst.reg)] = 0;
  }
}

// Emits a move that nobody waits behind, then the one that it was in the way of, and so on.
void ParallelMove::emit_ready(Masm& masm, uint32_t number) {
  while (number != 0) {
    Move& move = moves_[number - 1];
    if (move.done || readers(move) != 0) return;
    masm.ensure_room();
    emit_one(masm, move);
    move.done = true;
    number = blocked_by(move);
    if (move.src.kind == MovePlace::Kind::Reg) {
      --readers_[index(move.src.reg)];
    } else if (number != 0) {
      --moves_[number - 1].slot_readers;
    }
  }
}

// The destination's old value is saved in a register for its last reader, which frees the move.
// Moves from slot to slot take the other scratch register meanwhile.
void ParallelMove::break_cycle(Masm& masm, uint32_t number) {
  Move& move = moves_[number - 1];
  uint32_t last = number;
  while (blocked_by(moves_[last - 1]) != number) last = blocked_by(moves_[last - 1]);
  Move& reader = moves_[last - 1];
  cycle_in_xmm_ = reader.type == MoveType::V128;
  Reg saved = cycle_in_xmm_ ? kScratchXmm : kScratchGpr;
  if (move.dst.kind == MovePlace::Kind::Stack) {
    LoadKind kind = cycle_in_xmm_            ? LoadKind::V128
                    : is_narrow(reader.type) ? LoadKind::I32
                                             : LoadKind::I64;
    masm.load(kind, saved, mem_at(move.dst.reg, move.dst.disp()));
    --move.slot_readers;
  } else {
    if (cycle_in_xmm_) {
      masm.fmov(FWidth::F64, kScratchXmm, move.dst.reg);
    } else if (is_xmm(move.dst.reg)) {
      masm.mov_to_gpr(W64, kScratchGpr, move.dst.reg);
    } else {
      masm.mov(W64, kScratchGpr, move.dst.reg);
    }
    --readers_[index(move.dst.reg)];
  }
  reader.src = MovePlace::in_reg(saved);
  reader.reads_slot_of = 0;
  ++readers_[index(saved)];
  emit_ready(masm, number);
  cycle_in_xmm_ = false;
}

void ParallelMove::emit_one(Masm& masm, const Move& move) const {
  if (move.dst.kind == MovePlace::Kind::Reg) {
    emit_to_reg(masm, move);
  } else {
    emit_to_stack(masm, move);
  }
}

void ParallelMove::emit_to_reg(Masm& masm, const Move& move) {
  using Kind = MovePlace::Kind;
  const MovePlace& src = move.src;
  Reg dst = move.dst.reg;
  bool is_float = is_xmm(dst);
  if (src.kind == Kind::Stack) {
    if (src.reg == Reg::Rbp) return masm.load_slot(move.type, dst, src.disp());
    masm.load(load_kind(move.type), dst, mem_at(src.reg, src.disp()));
  } else if (src.kind == Kind::Const) {
    if (move.type == MoveType::V128) return masm.vconst(dst, v128_bytes(src.bits));
    if (is_float) return masm.fconst(fwidth_of(move.type), dst, src.bits);
    masm.mov_imm(width_of(move.type), dst, src.bits);
  } else if (is_float) {
    if (is_xmm(src.reg)) return masm.fmov(fwidth_of(move.type), dst, src.reg);
    masm.mov_to_xmm(W64, dst, src.reg);
  } else {
    masm.mov(width_of(move.type), dst, src.reg);
  }
}

void ParallelMove::emit_to_stack(Masm& masm, const Move& move) const {
  using Kind = MovePlace::Kind;
  const MovePlace& dst = move.dst;
  const MovePlace& src = move.src;
  Mem slot = mem_at(dst.reg, dst.disp());
  if (src.kind == Kind::Reg) {
    if (!is_xmm(src.reg) && dst.reg == Reg::Rbp) {
      return masm.store_slot(W64, slot.disp, src.reg);
    }
    StoreKind kind = move.type == MoveType::V128 ? StoreKind::V128
                     : is_xmm(src.reg)           ? StoreKind::F64
                                                 : StoreKind::I64;
    masm.store(kind, slot, src.reg);
  } else if (src.kind == Kind::Stack) {
    auto copy_slot = cycle_in_xmm_ ? copy_slot_by_gpr : copy_slot_by_xmm;
    copy_slot(masm, move.type, slot, mem_at(src.reg, src.disp()));
  } else if (move.type == MoveType::V128) {
    // Constants are never part of a cycle, so the register is free.
    masm.vconst(kScratchXmm, v128_bytes(src.bits));
    masm.store(StoreKind::V128, slot, kScratchXmm);
  } else {
    uint64_t bits = move.type == MoveType::I32 ? static_cast<uint32_t>(src.bits) : src.bits;
    if (static_cast<int64_t>(bits) == static_cast<int32_t>(bits)) {
      return masm.store_imm(StoreKind::I64, slot, static_cast<int32_t>(bits));
    }
    // Two halves, since the scratch register may hold a cycle's value.
    masm.store_imm(StoreKind::I32, slot, static_cast<int32_t>(static_cast<uint32_t>(bits)));
    masm.store_imm(StoreKind::I32, mem_at(dst.reg, dst.disp() + 4),
                   static_cast<int32_t>(static_cast<uint32_t>(bits >> 32)));
  }
}

}  // namespace sluice

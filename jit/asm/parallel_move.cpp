// Orders parallel moves by counting, for each destination, the pending moves that still read it.
#include "jit/asm/parallel_move.h"

#include <algorithm>

namespace sluice {

namespace {

bool same_place(const MovePlace& a, const MovePlace& b) {
  return a.kind == b.kind && a.reg == b.reg && a.disp == b.disp;
}

/// Stack places in a total order.
uint64_t stack_key(const MovePlace& p) {
  return uint64_t{static_cast<uint8_t>(p.reg)} << 32 | static_cast<uint32_t>(p.disp);
}

Width width_of(MoveType type) { return type == MoveType::I32 ? W32 : W64; }
FWidth fwidth_of(MoveType type) { return type == MoveType::F32 ? FWidth::F32 : FWidth::F64; }

bool is_narrow(MoveType type) { return type == MoveType::I32 || type == MoveType::F32; }

LoadKind load_kind(MoveType type) {
  constexpr LoadKind kKinds[] = {LoadKind::I32, LoadKind::I64, LoadKind::F32, LoadKind::F64};
  return kKinds[static_cast<size_t>(type)];
}

}  // namespace

void ParallelMove::add(MoveType type, const MovePlace& dst, const MovePlace& src) {
  if (src.kind != MovePlace::Kind::Const && same_place(dst, src)) return;
  moves_.push_back({dst, src, type, 0, 0, false});
}

uint32_t ParallelMove::destination_index(const MovePlace& place) const {
  if (place.kind == MovePlace::Kind::Reg) return reg_dst_[static_cast<size_t>(place.reg)];
  if (place.kind == MovePlace::Kind::Const || stack_order_.empty()) return 0;
  uint64_t key = stack_key(place);
  auto it = std::lower_bound(
      stack_order_.begin(), stack_order_.end(), key,
      [this](uint32_t index, uint64_t k) { return stack_key(moves_[index].dst) < k; });
  if (it == stack_order_.end() || stack_key(moves_[*it].dst) != key) return 0;
  return *it + 1;
}

void ParallelMove::link() {
  stack_order_.clear();
  for (uint32_t i = 0; i < moves_.size(); ++i) {
    const MovePlace& dst = moves_[i].dst;
    if (dst.kind == MovePlace::Kind::Reg) {
      DCHECK(reg_dst_[static_cast<size_t>(dst.reg)] == 0, "two moves to one register");
      reg_dst_[static_cast<size_t>(dst.reg)] = i + 1;
    } else {
      stack_order_.push_back(i);
    }
  }
  std::sort(stack_order_.begin(), stack_order_.end(), [this](uint32_t a, uint32_t b) {
    return stack_key(moves_[a].dst) < stack_key(moves_[b].dst);
  });
  for (Move& move : moves_) {
    move.blocked = destination_index(move.src);
    if (move.blocked != 0) ++moves_[move.blocked - 1].readers;
  }
}

void ParallelMove::emit(Masm& masm) {
  if (moves_.empty()) return;
  link();
  for (uint32_t i = 0; i < moves_.size(); ++i) emit_ready(masm, i);
  // What is left are cycles, each move's destination read by exactly one other.
  for (uint32_t i = 0; i < moves_.size(); ++i) {
    if (!moves_[i].done) break_cycle(masm, i);
  }
  for (const Move& move : moves_) {
    if (move.dst.kind == MovePlace::Kind::Reg) reg_dst_[static_cast<size_t>(move.dst.reg)] = 0;
  }
  moves_.clear();
}

// Emits a move that nobody waits behind, then the one that it was in the way of, and so on.
void ParallelMove::emit_ready(Masm& masm, uint32_t index) {
  while (!moves_[index].done && moves_[index].readers == 0) {
    Move& move = moves_[index];
    masm.ensure_room();
    emit_one(masm, move);
    move.done = true;
    if (move.blocked == 0) return;
    index = move.blocked - 1;
    --moves_[index].readers;
  }
}

// The destination's old value is saved in a register for its last reader, which frees the move.
void ParallelMove::break_cycle(Masm& masm, uint32_t index) {
  const MovePlace& dst = moves_[index].dst;
  uint32_t reader = index;
  while (moves_[reader].blocked != index + 1) reader = moves_[reader].blocked - 1;
  if (dst.kind == MovePlace::Kind::Stack) {
    masm.load(is_narrow(moves_[reader].type) ? LoadKind::I32 : LoadKind::I64, kScratchGpr,
              mem_at(dst.reg, dst.disp));
  } else if (is_xmm(dst.reg)) {
    masm.mov_to_gpr(W64, kScratchGpr, dst.reg);
  } else {
    masm.mov(W64, kScratchGpr, dst.reg);
  }
  moves_[reader].src = MovePlace::in_reg(kScratchGpr);
  moves_[reader].blocked = 0;
  --moves_[index].readers;
  emit_ready(masm, index);
}

void ParallelMove::emit_one(Masm& masm, const Move& move) {
  using Kind = MovePlace::Kind;
  const MovePlace& dst = move.dst;
  const MovePlace& src = move.src;
  bool to_float_reg = dst.kind == Kind::Reg && is_xmm(dst.reg);
  if (dst.kind == Kind::Reg) {
    if (src.kind == Kind::Stack) {
      masm.load(load_kind(move.type), dst.reg, mem_at(src.reg, src.disp));
    } else if (src.kind == Kind::Const) {
      if (to_float_reg) return masm.fconst(fwidth_of(move.type), dst.reg, src.bits);
      masm.mov_imm(width_of(move.type), dst.reg, src.bits);
    } else if (to_float_reg) {
      if (is_xmm(src.reg)) return masm.fmov(fwidth_of(move.type), dst.reg, src.reg);
      masm.mov_to_xmm(W64, dst.reg, src.reg);
    } else {
      masm.mov(width_of(move.type), dst.reg, src.reg);
    }
    return;
  }
  Mem slot = mem_at(dst.reg, dst.disp);
  if (src.kind == Kind::Reg) {
    masm.store(is_xmm(src.reg) ? StoreKind::F64 : StoreKind::I64, slot, src.reg);
  } else if (src.kind == Kind::Stack) {
    // An i32's slot may have anything in its upper half; this load zeroes what it doesn't read.
    masm.load(is_narrow(move.type) ? LoadKind::F32 : LoadKind::F64, kScratchXmm,
              mem_at(src.reg, src.disp));
    masm.store(StoreKind::F64, slot, kScratchXmm);
  } else {
    uint64_t bits = move.type == MoveType::I32 ? static_cast<uint32_t>(src.bits) : src.bits;
    if (static_cast<int64_t>(bits) == static_cast<int32_t>(bits)) {
      return masm.store_imm(StoreKind::I64, slot, static_cast<int32_t>(bits));
    }
    // Two halves, since the scratch register may hold a cycle's value.
    masm.store_imm(StoreKind::I32, slot, static_cast<int32_t>(static_cast<uint32_t>(bits)));
    masm.store_imm(StoreKind::I32, mem_at(dst.reg, dst.disp + 4),
                   static_cast<int32_t>(static_cast<uint32_t>(bits >> 32)));
  }
}

}  // namespace sluice

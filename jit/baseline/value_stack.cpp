// Moving operands between the places where they can be, and giving them to instructions.
#include "jit/baseline/value_stack.h"

#include "jit/baseline/func_compiler.h"

namespace sluice {

Mem FuncCompiler::operand_slot(uint32_t at, MoveType type) {
  if (at < narrow_slots_ && type != MoveType::V128) [[likely]] {
    if (at >= operand_slots_) operand_slots_ = at + 1;
    return frame_slot(-static_cast<int32_t>(operands_base_ + 8 * (at + 1)));
  }
  if (wide_base_ == 0) {
    narrow_slots_ = operand_slots_;
    wide_base_ = (operands_base_ + 8 * narrow_slots_ + 15) & ~15u;
  }
  if (at >= wide_slots_) wide_slots_ = at + 1;
  return frame_slot(-static_cast<int32_t>(wide_base_ + 16 * (at + 1)));
}

// --- Values of one type ---

void FuncCompiler::load_value(MoveType type, Reg dst, const Mem& src) {
  if (src.base == Reg::Rbp) return masm.load_slot(type, dst, src.disp);
  masm.load(load_kind(type), dst, src);
}

void FuncCompiler::store_value(MoveType type, const Mem& dst, Reg src) {
  if (dst.base == Reg::Rbp) return masm.store_slot(type, dst.disp, src);
  masm.store(store_kind(type), dst, src);
}

void FuncCompiler::load_const(MoveType type, Reg dst, uint64_t bits) {
  switch (type) {
  case MoveType::I32: return masm.mov_imm(W32, dst, bits);
  case MoveType::I64: return masm.mov_imm(W64, dst, bits);
  case MoveType::F32: return masm.fconst(FWidth::F32, dst, bits);
  case MoveType::F64: return masm.fconst(FWidth::F64, dst, bits);
  case MoveType::V128: return masm.vconst(dst, v128_bytes(bits));
  }
}

MovePlace FuncCompiler::place_of(const Slot& slot) {
  switch (slot.word.kind) {
  case WordKind::Const: return MovePlace::constant(slot.word.bits());
  case WordKind::Reg: return MovePlace::in_reg(slot.word.reg);
  case WordKind::Local:
    if (is_in_reg(slot.word.local())) return MovePlace::in_reg(reg_of(slot.word.local()));
    [[fallthrough]];
  case WordKind::Stack: return MovePlace::in_stack(Reg::Rbp, slot.word.disp());
  case WordKind::Flags:
  case WordKind::None: break;
  }
  UNREACHABLE("operand has no place");
}

/// Fills a register with an operand that is in none.
void FuncCompiler::copy_to_reg(MoveType type, const Word& word, Reg reg) {
  if (word.kind == WordKind::Const) {
    if (word.high == 0 && type <= MoveType::I64) [[likely]]
      return masm.mov_imm(W32, reg, word.low);
    load_const(type, reg, word.bits());
  } else {
    DCHECK(word.kind == WordKind::Stack || word.kind == WordKind::Local, "no place");
    masm.load_slot(type, reg, word.disp());
  }
}

// --- Settling ---

void FuncCompiler::settle_word(Slot& slot) {
  const MoveType type = move_type_of(slot.type);
  Reg reg = reg_of_operand(slot.word);
  if (reg == Reg::None) {
    reg = scratch_of(type);
    copy_to_reg(type, slot.word, reg);
  }
  const Mem to = operand_slot(slot);
  store_value(type, to, reg);
  slot.word = Word::stack(to);
}

void FuncCompiler::settle(uint32_t height, uint32_t strict_from) {
  uint32_t from = settled() < strict_from ? settled() : strict_from;
  for (uint32_t at = from; at < height; ++at) {
    Slot& slot = state->base[at];
    masm.ensure_room();
    if (slot.word.kind == WordKind::Reg) {
      spill_word(slot);
    } else if (slot.word.kind == WordKind::Local ||
               (slot.word.kind == WordKind::Const && at >= strict_from)) {
      settle_word(slot);
    }
  }
  if (settled() < height) set_settled(height);
}

// --- Taking operands ---

/// The operand in a register that is not held and not one to avoid; see take_reg.
Reg FuncCompiler::load_operand(Slot& slot, RegSet avoid) {
  if (slot.word.kind == WordKind::Local && !keeps_locals_) {
    const uint32_t index = slot.word.local();
    const LocalState& l = local(index);
    if (is_float(l.type) && is_in_reg(index) && !avoid.has(l.last_reg)) {
      slot.word.kind = WordKind::None;
      return l.last_reg;
    }
    const RegSet free = (regs.free() & allocatable(reg_class_of(l.type))) - avoid;
    if (!free.empty() && stress_ == 0) [[likely]] {
      slot.word.kind = WordKind::None;
      load_home(l, free.first());
      return free.first();
    }
  }
  return load_unusual(slot, avoid);
}

/// The same without that short way, from a local's home to a register that is free.
Reg FuncCompiler::load_unusual(Slot& slot, RegSet avoid) {
  const Word word = slot.word;
  slot.word.kind = WordKind::None;
  if (word.kind == WordKind::Local) return load_alias(word.local(), slot, avoid);
  const MoveType type = move_type_of(slot.type);
  if (word.kind == WordKind::Reg) {
    // One to avoid is not evicted either.
    regs.drop_use(word.reg);
    const Reg result = allocate(reg_class_of(type), avoid);
    move_value(type, result, word.reg);
    return result;
  }
  const Reg result = allocate(reg_class_of(type), avoid);
  copy_to_reg(type, word, result);
  return result;
}

/// The same where the operand was an alias: the local keeps the register too, where any does.
Reg FuncCompiler::load_alias(uint32_t index, const Slot& slot, RegSet avoid) {
  LocalState& l = local(index);
  if (keeps_locals_ && is_in_reg(index)) {
    if (!avoid.has(l.last_reg)) return l.last_reg;
    const Reg result = allocate(reg_class_of(l.type), avoid);
    move_value(l.type, result, l.last_reg);
    return result;
  }
  const RegClass cls = reg_class_of(l.type);
  const bool is_again = keeps_locals_ && was_in_free(l.last_reg, cls, avoid);
  const Reg result = is_again ? l.last_reg : allocate(cls, avoid);
  load_home(index, result);
  if (keeps_locals_) bind(index, result, false);
  if (aliases_end_ == position(slot) + 1) --aliases_end_;
  return result;
}

PinnedReg FuncCompiler::pop_to_writable_reg(Slot& slot, RegSet avoid) {
  MoveType type = move_type_of(slot.type);
  PinnedReg held = hold_word(slot);
  if (held.valid() && !avoid.has(held)) {
    if (regs.uses(held) == 1) return held;
    // The local in it is about to be overwritten: nobody will miss it.
    if (regs.uses(held) == 2 && regs.has_local(held)) {
      uint32_t index = regs.local(held);
      if (is_set_next(index) && !has_alias(index)) {
        unbind(held);
        return held;
      }
    }
  }
  Word word = std::exchange(slot.word, Word::none());
  PinnedReg result = result_reg(reg_class_of(type), avoid);
  if (held.valid()) {
    move_value(type, result, held);
  } else {
    copy_to_reg(type, word, result);
  }
  return result;
}

PinnedReg FuncCompiler::pop_to_specific(Slot& slot, Reg reg) {
  MoveType type = move_type_of(slot.type);
  PinnedReg held = hold_word(slot);
  if (held.valid() && held == reg) {
    if (regs.uses(reg) > 1) {
      DCHECK(regs.uses(reg) == regs.operand_uses(reg) + regs.has_local(reg) + 1, "held twice");
      Reg other = allocate(reg_class(reg), RegSet::of(reg));
      move_value(widest(reg), other, reg);
      relocate_users(reg, other);
    }
    return held;
  }
  Word word = std::exchange(slot.word, Word::none());
  PinnedReg result = scratch_specific(reg);
  if (held.valid()) {
    move_value(type, result, held);
  } else {
    copy_to_reg(type, word, result);
  }
  return result;
}

bool FuncCompiler::is_stuck_in_home(const Word& word) const {
  const MoveType type = memory_.locals[word.local()].type;
  return reg_of(word.local()) == Reg::None &&
         (regs.free() & allocatable(reg_class_of(type))).empty();
}

void FuncCompiler::pop_dead(Slot& slot) {
  if (slot.word.kind == WordKind::Reg) regs.drop_use(slot.word.reg);
  if (slot.word.kind == WordKind::Flags) forget_flags();
  slot.word = Word::none();
}

}  // namespace sluice

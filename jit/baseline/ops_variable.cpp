// Locals, globals, and the parametric instructions (spec 4.4.4, 4.4.5).
//
// A local.get emits nothing: the operand shares the local's register, or is an alias of its home.
// Where registers keep locals, a local.set emits nothing if the operand's register can become the
// local's; elsewhere it stores.
#include "jit/baseline/func_compiler.h"

namespace sluice {

namespace {

bool fits_store_imm(MoveType type, uint64_t bits) {
  if (type == MoveType::I32 || type == MoveType::F32) return true;
  if (type == MoveType::V128) return false;
  auto value = static_cast<int64_t>(bits);
  return value == static_cast<int32_t>(value);
}

}  // namespace

/// Is it that easy: may the operand's register become the local's?
inline bool FuncCompiler::can_take_over(uint32_t index, const Word& word) const {
  return word.kind == WordKind::Reg && !regs.has_local(word.reg) && !is_in_reg(index) &&
         !may_have_alias() && !needs_attention_;
}

/// Stores the operand to the home of a local that no register keeps. The word stays.
[[gnu::always_inline]] inline void FuncCompiler::write_operand(uint32_t index, const Slot& slot) {
  prepare();
  const Word& word = slot.word;
  const LocalState& l = local(index);
  const bool has_itself = word.kind == WordKind::Local && word.local() == index;
  if (&slot > settled_ && !has_itself) [[unlikely]]
    materialise_aliases(index);
  Reg reg = word.reg;
  if (word.kind != WordKind::Reg) {
    if (has_itself) return;
    if (word.is_const() && fits_store_imm(l.type, word.bits())) {
      return store_in_home(l, static_cast<int32_t>(word.low));
    }
    reg = scratch_of(l.type);
    copy_to_reg(l.type, word, reg);
  }
  store_in_home(l, reg);
}

/// Where registers keep locals, or something waits to be done first.
void FuncCompiler::local_get(uint32_t index, Slot* out) {
  prepare();
  const Reg reg = keeps_locals_ ? reg_of(index) : Reg::None;
  if (reg == Reg::None) return note_alias(*out);
  shorten_window();
  push_taken(*out, reg);
}

/// The operand of a local.set is popped, a tee's stays. Which it is, is hard to foresee: no branch
/// asks.
[[gnu::always_inline]] inline void FuncCompiler::release_unless(bool is_tee, Word& word) {
  const auto kept = static_cast<uint8_t>(-static_cast<int>(is_tee));
  static_assert(static_cast<uint8_t>(Reg::None) == 0xff &&
                static_cast<uint8_t>(WordKind::None) == 0);
  regs.release_only_word(static_cast<Reg>(static_cast<uint8_t>(word.reg) | kept));
  word.kind = static_cast<WordKind>(static_cast<uint8_t>(word.kind) & kept);
}

void FuncCompiler::local_set(uint32_t index, Slot* arg, bool is_tee) {
  if (keeps_locals_) [[unlikely]]
    return is_tee ? tee_kept_local(index, arg) : set_kept_local(index, arg);
  if (is_float(local(index).type)) [[unlikely]]
    return set_float(index, arg, is_tee);
  write_operand(index, *arg);
  release_unless(is_tee, arg->word);
}

/// The same for floats: the operand's register has the local too, until something else needs it or
/// the block ends.
void FuncCompiler::set_float(uint32_t index, Slot* arg, bool is_tee) {
  write_operand(index, *arg);
  Word& word = arg->word;
  if (is_in_reg(index)) unbind(reg_of(index));
  if (word.kind == WordKind::Reg && !regs.has_local(word.reg)) bind(index, word.reg, false);
  release_unless(is_tee, word);
}

void FuncCompiler::set_kept_local(uint32_t index, Slot* arg) {
  if (!can_take_over(index, arg->word)) {
    prepare();
    return set_local(index, *arg);
  }
  const Reg reg = arg->word.reg;
  arg->word.kind = WordKind::None;
  local(index).last_reg = reg;
  regs.use_to_local(reg, index);
}

void FuncCompiler::tee_kept_local(uint32_t index, Slot* arg) {
  if (!can_take_over(index, arg->word)) return set_and_get_local(index, arg);
  const Reg reg = arg->word.reg;
  arg->word = Word::in_reg(reg);
  local(index).last_reg = reg;
  regs.share_with_local(reg, index);
}

void FuncCompiler::set_and_get_local(uint32_t index, Slot* arg) {
  prepare();
  const Word word = arg->word;
  set_local(index, *arg);
  if (word.is_const()) {
    arg->word = word;
    return;
  }
  if (const Reg reg = reg_of(index); reg != Reg::None) {
    push_taken(*arg, reg);
  } else {
    push_alias(index, *arg);
  }
}

/// Pops `slot` into the local.
void FuncCompiler::set_local(uint32_t index, Slot& slot) {
  if (slot.word.kind == WordKind::Local && slot.word.local() == index) {
    slot.word = Word::none();
    return;
  }
  if (slot.word.kind == WordKind::Reg && slot.word.reg == reg_of(index)) {
    pop_dead(slot);
    return;
  }
  materialise_aliases(index);
  if (slot.word.kind != WordKind::Reg || regs.has_local(slot.word.reg)) {
    return copy_to_local(index, slot);
  }
  const Reg reg = slot.word.reg;
  const Reg old = reg_of(index);
  if (old != Reg::None) {
    if (loop_regs_.has(old) && regs.uses(old) == 1 &&
        memory_.label_states[loop_state_].local[old] == index) {
      // The loop's header expects the local where it is.
      move_value(local(index).type, old, reg);
      regs.set_dirty(old, true);
      pop_dead(slot);
      return;
    }
    unbind(old);
  }
  slot.word = Word::none();
  bind(index, reg, true);
  regs.drop_use(reg);
}

/// The same where the operand's place cannot become the local's.
void FuncCompiler::copy_to_local(uint32_t index, Slot& slot) {
  const LocalState& l = local(index);
  RegClass cls = reg_class_of(l.type);
  PinnedReg held = hold_word(slot);
  Word word = std::exchange(slot.word, Word::none());
  Reg reg = reg_of(index);
  if (reg != Reg::None && regs.uses(reg) > 1) {
    unbind(reg);
    reg = Reg::None;
  }
  if (reg == Reg::None) {
    bool full = (regs.free() & allocatable(cls)).empty();
    if (full && held.valid()) return store_value(l.type, frame_slot(l.home), held);
    if (full && word.is_const() && fits_store_imm(l.type, word.bits())) {
      return store_in_home(l, static_cast<int32_t>(word.low));
    }
    reg = allocate(cls, RegSet());
    bind(index, reg, true);
  }
  regs.set_dirty(reg, true);
  if (held.valid()) {
    move_value(l.type, reg, held);
  } else {
    copy_to_reg(l.type, word, reg);
  }
}

/// Where a global's value is; `holder` keeps the register that the address needs, if any.
Mem FuncCompiler::global_cell(uint32_t global, PinnedReg& holder) {
  uint32_t imported = module.imported_globals;
  if (global >= imported) {
    return instance_field(layout.globals + sizeof(GlobalCell) * (global - imported));
  }
  holder = scratch_reg(RegClass::Gpr);
  masm.load(LoadKind::I64, holder, instance_field(layout.global_imports + 8 * uint64_t{global}));
  return mem_at(holder);
}

/// Is it an integer in the instance itself, as most globals are?
bool FuncCompiler::is_plain_global(uint32_t global, MoveType type) const {
  return global >= module.imported_globals && type <= MoveType::I64;
}

void FuncCompiler::global_get(uint32_t global, Slot* out) {
  prepare();
  const MoveType type = move_type_of(module.globals[global].type.type);
  PinnedReg holder;
  const Mem cell = global_cell(global, holder);
  const Reg result = take_result_reg(reg_class_of(type));
  if (is_plain_global(global, type)) {
    masm.load_field(type == MoveType::I64 ? W64 : W32, result, cell.disp);
  } else {
    load_value(type, result, cell);
  }
  push_taken(*out, result);
}

void FuncCompiler::global_set(uint32_t global, Slot* arg) {
  prepare();
  const MoveType type = move_type_of(module.globals[global].type.type);
  PinnedReg holder;
  // All eight bytes of an integer: an i32's cell has a zero upper half.
  if (arg->word.is_const() && reg_class_of(type) == RegClass::Gpr &&
      fits_store_imm(MoveType::I64, arg->word.bits())) {
    const auto bits = static_cast<int32_t>(static_cast<uint32_t>(pop_const(*arg)));
    masm.store_imm(StoreKind::I64, global_cell(global, holder), bits);
  } else if (is_plain_global(global, type)) {
    masm.store_field(global_cell(global, holder).disp, take_reg(*arg));
  } else {
    const PinnedReg value = pop_to_reg(*arg);
    const Mem cell = global_cell(global, holder);
    store_value(type == MoveType::I32 ? MoveType::I64 : type, cell, value);
  }
}

void FuncCompiler::drop(Slot* arg) {
  prepare_keeping_flags();
  pop_dead(*arg);
}

void FuncCompiler::select(Slot* args, ValType type) {
  prepare_keeping_flags();
  if (args[2].word.is_const()) {
    bool first = pop_const(args[2]) != 0;
    if (first) return pop_dead(args[1]);
    pop_dead(args[0]);
    // In a register of its own: a local's, which a tee may have left its operand in, is no other's.
    PinnedReg value = pop_to_writable_reg(args[1]);
    return push_reg(args[0], std::move(value));
  }
  Cond cond = condition(args[2]);
  MoveType move_type = move_type_of(type);
  PinnedReg second = pop_to_reg(args[1]);
  PinnedReg result = pop_to_writable_reg(args[0]);
  if (reg_class_of(move_type) == RegClass::Gpr) {
    masm.cmov(negate(cond), move_type == MoveType::I32 ? W32 : W64, result, second);
  } else {
    sluice::Label keep;
    masm.jcc(cond, keep);
    move_value(move_type, result, second);
    masm.bind(keep);
  }
  push_reg(args[0], std::move(result));
}

}  // namespace sluice

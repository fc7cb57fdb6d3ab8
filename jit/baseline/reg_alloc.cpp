// Giving out registers: choosing, emptying and moving them, and keeping locals in them.
//
// Everything here emits moves only, so the processor's flags survive; kScratchGpr and kScratchXmm
// may change.
#include "jit/baseline/reg_alloc.h"

#include <algorithm>
#include <bit>

#include "jit/baseline/func_compiler.h"

namespace sluice {

namespace {

Reg nth(RegSet set, uint32_t n) {
  for (; n > 0; --n) set.remove_first();
  return set.first();
}

}  // namespace

// --- Choosing ---

/// allocate() where none of the best registers is free.
Reg FuncCompiler::allocate_other(RegClass cls, RegSet avoid) {
  if (stress_ != 0) return stressed_choice(cls, avoid);
  const RegSet candidates = (regs.free() & allocatable(cls)) - avoid;
  if (!candidates.empty()) return candidates.first();
  const Reg victim = pick_victim(cls, avoid);
  evict(victim);
  return victim;
}

/// Under stress.
uint32_t FuncCompiler::random() {
  stress_ = stress_ * 6364136223846793005u + 1442695040888963407u;
  return static_cast<uint32_t>(stress_ >> 32);
}

/// Any choice must give the same results: take a random one, and often one that is in use.
Reg FuncCompiler::stressed_choice(RegClass cls, RegSet avoid) {
  const uint32_t chance = random() >> 1;
  RegSet candidates = allocatable(cls) - avoid;
  RegSet held;
  for (RegSet rest = candidates; !rest.empty(); rest.remove_first()) {
    if (regs.is_held(rest.first())) held.add(rest.first());
  }
  candidates = candidates - held;
  RegSet free = candidates & regs.free();
  if (!free.empty() && chance % 4 != 0) candidates = free;
  CHECK(!candidates.empty(), "all registers are held");
  Reg choice = nth(candidates, (chance >> 2) % static_cast<uint32_t>(candidates.size()));
  if (!regs.free().has(choice)) evict(choice);
  return choice;
}

/// Rather one without operands, then one that the loop's header does not want, then one whose home
/// is up to date; among equals, the one that was looked at longest ago.
Reg FuncCompiler::pick_victim(RegClass cls, RegSet avoid) {
  const RegSet candidates = allocatable(cls) - avoid - regs.held();
  CHECK(!candidates.empty(), "all registers are held");
  const RegSet with_operands = candidates & regs.used(cls);
  const auto without = [](RegSet set, RegSet worse) {
    const RegSet better = set - worse;
    return better.empty() ? set : better;
  };
  RegSet best = without(candidates, with_operands);
  best = without(best, loop_regs_);
  best = without(best, regs.dirty());
  const uint32_t distance = static_cast<uint32_t>(
      std::countr_zero(std::rotr(best.bits(), static_cast<int>(victim_cursor_ % 32))));
  const auto victim = static_cast<Reg>((victim_cursor_ + distance) % 32);
  if (with_operands.has(victim)) {
    // All have operands: the deepest operand is needed last.
    shorten_window();
    for (const Slot* slot = settled_; slot < state->top; ++slot) {
      const Word& word = slot->word;
      if (word.kind == WordKind::Reg && with_operands.has(word.reg)) return word.reg;
    }
  }
  victim_cursor_ = static_cast<uint32_t>(victim) + 1;
  return victim;
}

PinnedReg FuncCompiler::scratch_reg(RegClass cls, RegSet avoid) {
  return PinnedReg(regs, allocate(cls, avoid));
}

PinnedReg FuncCompiler::scratch_specific(Reg reg) {
  vacate(reg);
  return PinnedReg(regs, reg);
}

/// take_result_reg() where registers keep locals.
Reg FuncCompiler::find_result_reg(RegClass cls, Reg prefer, RegSet avoid) {
  uint32_t index = 0;
  if (sets_next(&index)) {
    const Reg own = local(index).last_reg;
    if (was_in_free(own, cls, avoid)) return own;
    // The local loses its register early, if nothing else needs it.
    if (regs.is_only_local(own, index) && reg_class(own) == cls && !avoid.has(own)) {
      if (may_have_alias()) [[unlikely]]
        return take_unless_alias(own, cls, prefer, avoid);
      unbind(own);
      return own;
    }
  }
  return choose_result_reg(cls, prefer, avoid);
}

Reg FuncCompiler::take_unless_alias(Reg own, RegClass cls, Reg prefer, RegSet avoid) {
  if (has_alias(regs.local(own))) return choose_result_reg(cls, prefer, avoid);
  unbind(own);
  return own;
}

// --- Emptying ---

void FuncCompiler::evict_local(Reg reg) {
  if (regs.is_dirty(reg)) write_home(reg);
  unbind(reg);
}

void FuncCompiler::spill_word(Slot& slot) {
  const Reg reg = slot.word.reg;
  const Mem to = operand_slot(slot);
  store_value(move_type_of(slot.type), to, reg);
  slot.word = Word::stack(to);
  regs.drop_use(reg);
}

void FuncCompiler::spill_words(Reg reg) {
  shorten_window();
  masm.ensure_room();
  for (uint32_t at = state->height(); at > settled() && regs.operand_uses(reg) != 0; --at) {
    Slot& slot = state->base[at - 1];
    if (slot.word.kind == WordKind::Reg && slot.word.reg == reg) spill_word(slot);
  }
}

void FuncCompiler::evict(Reg reg) {
  DCHECK(!regs.is_held(reg), "register is held");
  if (regs.has_local(reg)) evict_local(reg);
  if (regs.operand_uses(reg) != 0) spill_words(reg);
  DCHECK(regs.uses(reg) == 0, "register still in use");
}

void FuncCompiler::relocate_users(Reg from, Reg to) {
  if (regs.has_local(from)) {
    uint32_t index = regs.local(from);
    bool dirty = regs.is_dirty(from);
    unbind(from);
    bind(index, to, dirty);
  }
  if (regs.operand_uses(from) == 0) return;
  shorten_window();
  for (uint32_t at = state->height(); at > settled() && regs.operand_uses(from) != 0; --at) {
    Slot& slot = state->base[at - 1];
    if (slot.word.kind != WordKind::Reg || slot.word.reg != from) continue;
    slot.word.reg = to;
    regs.add_use(to);
    regs.drop_use(from);
  }
}

void FuncCompiler::vacate(Reg reg) {
  if (regs.uses(reg) == 0) return;
  DCHECK(!regs.is_held(reg), "register is held");
  RegSet free = regs.free() & allocatable(reg_class(reg));
  if (free.empty()) return evict(reg);
  Reg other = free.first();
  move_value(widest(reg), other, reg);
  relocate_users(reg, other);
  // shorten_window() may have emptied `reg` behind our back, and that is all right.
  DCHECK(regs.uses(reg) == 0, "register still in use");
}

/// Gives each operand a register of its own, or its slot: those that shared a local's register.
void FuncCompiler::part_words() {
  shorten_window();
  for (uint32_t at = settled(), height = state->height(); at < height; ++at) {
    Slot& slot = state->base[at];
    const Reg reg = slot.word.reg;
    if (slot.word.kind != WordKind::Reg || regs.uses(reg) == 1) continue;
    masm.ensure_room();
    const RegSet free = regs.free() & allocatable(reg_class(reg));
    if (free.empty()) {
      spill_word(slot);
      continue;
    }
    move_value(widest(reg), free.first(), reg);
    slot.word.reg = free.first();
    regs.add_use(free.first());
    regs.drop_use(reg);
  }
}

// --- Locals ---

/// Is the local's present value on the operand stack as an alias? True if that is hard to say.
bool FuncCompiler::has_alias(uint32_t index) {
  const uint32_t end = std::min(aliases_end_, state->height());
  if (end > settled() + kMaxWindow) return true;
  bool any = false;
  for (uint32_t at = settled(); at < end; ++at) {
    const Word& word = state->base[at].word;
    if (word.kind != WordKind::Local) continue;
    any = true;
    if (word.local() == index) return true;
  }
  if (!any && keeps_locals_) aliases_end_ = 0;
  return false;
}

void FuncCompiler::materialise_aliases(uint32_t index) {
  if (!may_have_alias() || !has_alias(index)) [[likely]]
    return;
  shorten_window();
  const uint32_t end = std::min(aliases_end_, state->height());
  for (uint32_t at = settled(); at < end; ++at) {
    const Word& word = state->base[at].word;
    if (word.kind == WordKind::Local && word.local() == index) materialise_alias(at);
  }
}

void FuncCompiler::materialise_alias(uint32_t at) {
  Slot& slot = state->base[at];
  const Reg reg = load_alias(slot.word.local(), slot, RegSet());
  slot.word = Word::in_reg(reg);
  regs.add_use(reg);
}

}  // namespace sluice

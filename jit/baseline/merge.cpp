// States at labels: taking them, making them true before a branch, taking them over behind a join.
#include "jit/baseline/merge.h"

#include "jit/baseline/func_compiler.h"

namespace sluice {

void FuncCompiler::snapshot(LabelState& out) const {
  out.locals = regs.with_local();
  out.dirty = regs.dirty();
  out.local = regs.locals();
  for (Reg& reg : out.result) reg = Reg::None;
}

/// The machine is as the label says; what was known of it before is void. Operands are the caller's
/// to set, and all of them are in the frame as far as the watermark is concerned.
void FuncCompiler::adopt(const LabelState& label_state) {
  forget_flags();
  forget_zero_flag();
  if (label_state.locals.empty()) return regs.reset();
  RegSet changed = regs.locals().differences(label_state.local);
  for (RegSet rest = changed & label_state.locals; !rest.empty(); rest.remove_first()) {
    local(label_state.local[rest.first()]).last_reg = rest.first();
  }
  regs.adopt(label_state.local, label_state.locals, label_state.dirty);
  if (!keeps_locals_) send_locals_home();
}

/// From here on no register keeps a local.
void FuncCompiler::send_locals_home() {
  for (RegSet rest = regs.dirty(); !rest.empty(); rest.remove_first()) {
    write_home(rest.first());
  }
  regs.unbind_locals();
}

/// The first branch to a forward label: what holds now shall hold there. Inside a `then` part the
/// state at the `if` is taken instead, because an `else` part may turn out to be missing.
void FuncCompiler::fix_state(Frame& target, const Slot* passed, bool from_else) {
  LabelStates& states = memory_.label_states;
  const bool like_if = target.kind == FrameKind::If && !from_else;
  const bool is_empty = like_if ? target.label.else_state == LabelStates::kEmpty : !keeps_locals_;
  if (is_empty && target.arity() == 0) {
    target.label.state = LabelStates::kEmpty;
    return;
  }
  const uint32_t index = states.allocate();
  target.label.state = index;
  LabelState& s = states[index];
  if (is_empty) {
    s.clear();
  } else if (like_if) {
    s = states[target.label.else_state];
  } else {
    snapshot(s);
  }
  if (target.arity() == 0 || (like_if && target.type.param_count != 0)) return;
  choose_result_regs(target, passed, s);
}

/// Where the label has the values passed: where they are on this way, if nothing else is there.
void FuncCompiler::choose_result_regs(const Frame& target, const Slot* passed, LabelState& s) {
  const std::span<const ValType> types = target.label_types();
  if (types.size() > kMaxMergeRegs) return;
  RegSet taken = s.locals;
  for (size_t i = 0; i < types.size(); ++i) {
    const Word& word = passed[i].word;
    Reg reg = Reg::None;
    if (word.kind == WordKind::Reg && !taken.has(word.reg)) {
      reg = word.reg;
    } else {
      RegSet candidates = allocatable(reg_class_of(move_type_of(types[i]))) - taken;
      if (candidates.empty()) continue;
      RegSet best = (candidates & regs.free()) - loop_regs_;
      if (best.empty()) best = candidates & regs.free();
      reg = best.empty() ? candidates.first() : best.first();
    }
    s.result[i] = reg;
    taken.add(reg);
  }
}

/// Is what the label expects the case already, and nothing passed? Most ways to labels are like
/// that.
bool FuncCompiler::is_true_at(const Frame& target) const {
  if (target.arity() != 0) return false;
  const LabelState& wanted = memory_.label_states[target.label.state];
  if (wanted.locals.empty()) return regs.dirty().empty();
  const RegSet changed = regs.locals().differences(wanted.local);
  return ((changed & wanted.locals) | (regs.dirty() - wanted.dirty)).empty();
}

/// Makes the state at the label true.
void FuncCompiler::bring(Frame& target, const Slot* passed) {
  if (is_true_at(target)) [[likely]]
    return;
  collect_moves(target, passed, in_cold_part());
  emit_moves(target);
}

/// Registers whose locals have no meaning at the label, if that is the short loop's header.
RegSet FuncCompiler::dead_at(const Frame& target) const {
  RegSet result;
  if (target.label.state != loop_state_) return result;
  for (const uint32_t index : memory_.loop_scan.dead()) {
    const Reg reg = reg_of(index);
    if (reg != Reg::None) result.add(reg);
  }
  return result;
}

/// A local that is in its home on this way, and in no register or in another one, needs none behind
/// a label that is still to come, unless the loop's header wants it there: dropping it from the
/// label's state costs nothing where the other ways have it, and a load or a move for each local
/// that this way has lost to a call, or loaded to where a register was free.
bool FuncCompiler::forgo(LabelState& wanted, Reg reg) {
  uint16_t index = wanted.local[reg];
  if (wanted.dirty.has(reg)) return false;
  if (loop_regs_.has(reg) && memory_.label_states[loop_state_].local[reg] == index) return false;
  wanted.locals.remove(reg);
  wanted.local[reg] = static_cast<uint16_t>(kNoLocal);
  return true;
}

void FuncCompiler::collect_local_moves(LabelState& wanted, bool is_fixed, RegSet dead) {
  if (wanted.locals.empty()) {
    to_store_ = regs.dirty() - dead;
    return;
  }
  const RegSet changed = regs.locals().differences(wanted.local);
  RegSet to_store = regs.dirty() - dead - (wanted.dirty - changed);
  for (RegSet rest = wanted.locals & changed; !rest.empty(); rest.remove_first()) {
    const Reg reg = rest.first();
    const uint32_t index = wanted.local[reg];
    const Reg from = reg_of(index);
    const bool is_home = from == Reg::None || !regs.is_dirty(from);
    if (is_home && !is_fixed && forgo(wanted, reg)) continue;
    if (from == Reg::None) {
      to_load_.add(reg);
      continue;
    }
    if (wanted.dirty.has(reg)) to_store.remove(from);
    memory_.moves.add(local(index).type, MovePlace::in_reg(reg), MovePlace::in_reg(from));
  }
  to_store_ = to_store;
}

/// The moves that make the state at `target` true, with the passed operands from `passed` on. They
/// change nothing that the compiler knows: the state before them stays the present one. An unlikely
/// way pays for what it has lost to calls; the others keep their registers. emit_moves or
/// drop_moves must follow.
void FuncCompiler::collect_moves(Frame& target, const Slot* passed, bool is_unlikely) {
  DCHECK(memory_.moves.empty() && to_load_.empty(), "moves left over");
  LabelState& wanted = memory_.label_states[target.label.state];
  const bool is_loop = target.kind == FrameKind::Loop;
  collect_local_moves(wanted, is_loop || is_unlikely, dead_at(target));
  const std::span<const ValType> types = target.label_types();
  for (uint32_t i = 0; i < types.size(); ++i) {
    const MoveType type = move_type_of(types[i]);
    const MovePlace to =
        i < kMaxMergeRegs && wanted.result[i] != Reg::None
            ? MovePlace::in_reg(wanted.result[i])
            : MovePlace::in_stack(Reg::Rbp, operand_slot(target.height + i, type).disp);
    memory_.moves.add(type, to, place_of(passed[i]));
  }
}

/// What is stored, is stored before a register changes, and what is loaded comes when all registers
/// have been read. Homes that are stored are not loaded: their locals are in registers.
void FuncCompiler::emit_moves(const Frame& target) {
  if (masm.is_full() || masm.used_bytes() > most_bytes_) [[unlikely]] {
    masm.give_up();
    return drop_moves();
  }
  for (; !to_store_.empty(); to_store_.remove_first()) {
    write_home(to_store_.first());
  }
  memory_.moves.emit(masm);
  masm.ensure_room();
  const LabelState& wanted = memory_.label_states[target.label.state];
  for (; !to_load_.empty(); to_load_.remove_first()) {
    load_home(wanted.local[to_load_.first()], to_load_.first());
  }
}

void FuncCompiler::drop_moves() {
  memory_.moves.clear();
  to_load_ = to_store_ = RegSet();
}

/// Behind a block's end: its results are where the label's state says.
void FuncCompiler::set_result_words(const Frame& frame) {
  const LabelState& s = memory_.label_states[frame.label.state];
  set_settled(frame.height);
  for (uint32_t i = 0; i < frame.type.result_count; ++i) {
    const uint32_t at = frame.height + i;
    Word& word = state->base[at].word;
    if (i < kMaxMergeRegs && s.result[i] != Reg::None) {
      word = Word::in_reg(s.result[i]);
      regs.add_use(s.result[i]);
    } else {
      word = Word::stack(operand_slot(at, move_type_of(frame.type.results()[i])));
    }
  }
}

}  // namespace sluice

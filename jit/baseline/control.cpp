// Blocks, branches and returns (spec 4.4.8).
//
// At entry of every block the operands below it go to the frame, so that only locals and passed
// values can differ between the ways to a label (merge.h). A join with one predecessor costs
// nothing: its label never gets a state.
#include "jit/baseline/func_compiler.h"

namespace sluice {

namespace {

// Locals kept in registers through a loop, per class; what is left is for operands.
constexpr uint32_t kLoopGprs = 8;
constexpr uint32_t kLoopXmms = 11;
// A call costs each pinned local a reload on the way back to the header: pin only busy ones.
constexpr uint32_t kLoopRegsWithCalls = 5;
constexpr uint32_t kMinUsesWithCalls = 3;
// Among locals used more often all are the same.
constexpr uint32_t kMostCounted = 63;
constexpr RegSet kDivisionRegs = RegSet::of(Reg::Rax, Reg::Rdx);
// br_tables up to this size become compares.
constexpr size_t kMaxComparedTargets = 4;

/// Are no values passed to the block's label, and no locals wanted in registers there so far?
bool is_plain_label(const Frame& frame) {
  static_assert(BlockLabel::kNoState + 1 == LabelStates::kEmpty);
  const uint32_t types = frame.type.param_count | frame.type.result_count;
  return (types | (frame.label.state + 1) >> 1) == 0;
}

constexpr RegSet first_of(RegSet set, uint32_t count) {
  RegSet first;
  for (; count > 0; --count, set.remove_first()) first.add(set.first());
  return first;
}

/// Where a loop has its locals if nothing else is in registers: indexed by class.
struct LoopRegs {
  RegSet free[2];
};
constexpr LoopRegs loop_regs(bool has_call, bool has_division) {
  const RegSet gprs = kAllocatableGprs - (has_division ? kDivisionRegs : RegSet());
  return {{first_of(gprs, has_call ? kLoopRegsWithCalls : kLoopGprs),
           first_of(kAllocatableXmms, has_call ? kLoopRegsWithCalls : kLoopXmms)}};
}
constexpr LoopRegs kLoopRegs[2][2] = {{loop_regs(false, false), loop_regs(false, true)},
                                      {loop_regs(true, false), loop_regs(true, true)}};

uint32_t counted(const LocalUse& use) { return std::min<uint32_t>(use.count, kMostCounted); }

/// Which locals get a register: those used more often than `count`, and some used as often.
struct Bar {
  uint32_t count = 0;
  uint32_t ties = 0;

  bool is_passed_by(uint32_t uses) {
    const bool is_tie = uses == count && ties != 0;
    ties -= is_tie;
    return uses > count || is_tie;
  }
};

/// The one that is passed by `room` locals at most, given how many are used how often, none more
/// often than `most`.
Bar bar_for(const uint16_t* with_count, uint32_t most, uint32_t room, Bar lowest) {
  for (uint32_t count = most; count > lowest.count; --count) {
    if (with_count[count] > room) return {count, room};
    room -= with_count[count];
  }
  return lowest;
}

}  // namespace

// --- Conditions and plain branches ---

/// The same where no compare is latched.
Cond FuncCompiler::tested_condition(Slot& slot) {
  DCHECK(!has_flags_, "latched flags below the top");
  if (is_in_memory(slot)) {
    masm.alu_store_imm(Alu::Cmp, W32, pop_to_memory(slot), 0);
  } else {
    const Reg value = take_reg(slot);
    if (!has_zero_flag(W32, value)) masm.test(W32, value, value);
  }
  return Cond::NotZero;
}

/// Moves values to the places that the calling convention names, and returns. The compiler's
/// picture of the machine stays as it is.
void FuncCompiler::emit_return(const Slot* results) {
  const uint32_t count = state->type->result_count;
  if (count > 1) [[unlikely]]
    pass_many_results(results);
  if (count == 1) {
    const ValType type = state->type->types[state->type->param_count];
    put_in_reg(*results, LocationCursor().next(type).reg);
  }
  drop_frame();
  return_to_caller();
}

void FuncCompiler::pass_many_results(const Slot* results) {
  LocationCursor cursor;
  auto slots = static_cast<int32_t>(16 + param_stack_bytes_);
  for (ValType type : state->type->results()) {
    ValueLocation at = cursor.next(type);
    MovePlace to = at.in_reg()
                       ? MovePlace::in_reg(at.reg)
                       : MovePlace::in_stack(Reg::Rbp, slots + static_cast<int32_t>(at.offset));
    memory_.moves.add(move_type_of(type), to, place_of(*results++));
  }
  memory_.moves.emit(masm);
  masm.ensure_room();
}

/// From the frame, as it is between instructions, to the caller's. By the frame's size, which is
/// known at the end: a call has loaded rbp, and whatever the caller pushes next would wait for
/// that.
void FuncCompiler::drop_frame() {
  memory_.frame_drops.push_back(masm.add_rsp_patchable());
  masm.pop(Reg::Rbp);
  note_frame(FrameState::Called);
}

void FuncCompiler::return_to_caller() {
  masm.ret(param_stack_bytes_);
  note_frame(FrameState::Framed);
}

// --- Straight ways: where nothing but the jumps themselves is to be emitted.

/// The condition of a branch, for Masm::jcc_ahead.
inline bool FuncCompiler::takes_straight_condition(const Slot& cond) const {
  return has_plain_joins_ && masm.has_room() && cond.word.kind == WordKind::Flags &&
         is_native(cond.word.cond);
}

void FuncCompiler::br(Frame& target, uint32_t) {
  if (!is_straight() || !is_plain_label(target)) [[unlikely]]
    return br_any(target);
  target.label.state = LabelStates::kEmpty;
  masm.jmp(target.label.target);
}

void FuncCompiler::br_if(Frame& target, uint32_t, Slot* cond) {
  if (!takes_straight_condition(*cond) || !is_plain_label(target) || target.label.target.is_bound())
      [[unlikely]] {
    return br_if_any(target, cond);
  }
  target.label.state = LabelStates::kEmpty;
  masm.jcc_ahead(condition(*cond), target.label.target);
}

void FuncCompiler::if_(Frame& frame, Slot* cond) {
  if (!takes_straight_condition(*cond) || settled() < frame.height || frame.type.param_count != 0)
      [[unlikely]] {
    return if_any(frame, cond);
  }
  frame.label.else_state = LabelStates::kEmpty;
  masm.jcc_ahead(negate(condition(*cond)), frame.label.otherwise);
}

void FuncCompiler::end(Frame& frame, bool fallthrough_live) {
  if (!is_straight() || frame.kind > FrameKind::Else || !is_plain_label(frame)) [[unlikely]]
    return end_any(frame, fallthrough_live);
  if (frame.kind == FrameKind::If) {
    masm.bind(frame.label.otherwise);
  } else if (frame.kind == FrameKind::Loop || frame.label.state == BlockLabel::kNoState) {
    return;
  }
  forget_zero_flag();
  forget_registers();
  set_settled(frame.height);
  masm.bind(frame.label.target);
}

// --- The same in general.

/// Where registers keep no locals, a way to a label that takes no values has nothing to move,
/// unless the label's state is from inside a short loop. That it is empty is fixed here if need be.
inline bool FuncCompiler::needs_nothing(Frame& target) const {
  const bool is_plain = !keeps_locals_ && is_plain_label(target);
  if (is_plain) target.label.state = LabelStates::kEmpty;
  return is_plain;
}

void FuncCompiler::branch(Frame& target, const Slot* passed) {
  if (needs_nothing(target)) [[likely]]
    return masm.jmp(target.label.target);
  if (target.kind == FrameKind::Func) return emit_return(passed);
  if (target.label.state == BlockLabel::kNoState) fix_state(target, passed, false);
  bring(target, passed);
  masm.jmp(target.label.target);
}

/// Stores what the loop's header wants in memory, on both ways of the branch that follows: then
/// most branches back need no moves of their own. Flags survive.
void FuncCompiler::clean_for_loop(const Frame& loop) {
  const LabelState& header = memory_.label_states[loop.label.state];
  const RegSet changed = regs.locals().differences(header.local);
  RegSet to_store = regs.dirty() - (header.dirty - changed);
  for (RegSet rest = header.dirty & changed; !rest.empty(); rest.remove_first()) {
    const Reg reg = reg_of(header.local[rest.first()]);
    if (reg != Reg::None) to_store.remove(reg);
  }
  if (to_store.empty()) return;
  for (RegSet rest = to_store - dead_at(loop); !rest.empty(); rest.remove_first()) {
    store_home(rest.first());
  }
}

void FuncCompiler::branch_if_moving(Frame& target, const Slot* passed, Cond cond,
                                    Likelihood likelihood) {
  if (target.kind != FrameKind::Func) {
    if (target.label.state == BlockLabel::kNoState) fix_state(target, passed, false);
    if (target.kind == FrameKind::Loop) {
      clean_for_loop(target);
      // The way out of a loop that mostly goes on is taken all the same.
      if (likelihood == Likelihood::Likely) likelihood = Likelihood::Unknown;
    }
    if (likelihood == Likelihood::Unknown && is_true_at(target)) [[likely]]
      return masm.jcc(cond, target.label.target);
    collect_moves(target, passed, in_cold_part() || likelihood == Likelihood::Unlikely);
  }
  if (likelihood != Likelihood::Unknown) {
    return finish_hinted_branch(target, passed, cond, likelihood);
  }
  jump_if(target, passed, cond);
}

inline void FuncCompiler::branch_if(Frame& target, const Slot* passed, Cond cond,
                                    Likelihood likelihood) {
  if (likelihood == Likelihood::Unknown && needs_nothing(target)) [[likely]]
    return masm.jcc(cond, target.label.target);
  branch_if_moving(target, passed, cond, likelihood);
}

/// A branch whose moves are collected.
void FuncCompiler::jump_if(Frame& target, const Slot* passed, Cond cond) {
  if (target.kind != FrameKind::Func && !has_moves()) return masm.jcc(cond, target.label.target);
  sluice::Label over;
  masm.jcc(negate(cond), over);
  go_to(target, passed);
  masm.bind(over);
}

/// Emits the moves collected, and goes to the label unless it comes next; or returns.
void FuncCompiler::go_to(Frame& target, const Slot* passed, bool is_next) {
  if (target.kind == FrameKind::Func) return emit_return(passed);
  emit_moves(target);
  if (!is_next) masm.jmp(target.label.target);
}

void FuncCompiler::br_any(Frame& target) {
  prepare();
  branch(target, state->top - target.arity());
  forget_flags();
}

void FuncCompiler::br_if_any(Frame& target, Slot* cond) {
  const Likelihood likelihood = prepare_branch();
  const Cond taken = condition(*cond);
  branch_if(target, cond - target.arity(), taken, likelihood);
  start_block();
}

/// Sets the zero flag if the reference is null. The operand stays.
void FuncCompiler::test_ref(const Slot& slot) {
  MovePlace place = place_of(slot);
  switch (place.kind) {
  case MovePlace::Kind::Reg: return masm.test(W64, place.reg, place.reg);
  case MovePlace::Kind::Stack:
    return masm.alu_store_imm(Alu::Cmp, W64, mem_at(place.reg, place.disp()), 0);
  case MovePlace::Kind::Const:
    masm.mov_imm(W64, kScratchGpr, place.bits);
    return masm.test(W64, kScratchGpr, kScratchGpr);
  }
}

void FuncCompiler::br_on_null(Frame& target, uint32_t, Slot* ref) {
  prepare();
  test_ref(*ref);
  branch_if(target, ref - target.arity(), Cond::Zero, hint());
  start_block();
}

void FuncCompiler::br_on_non_null(Frame& target, uint32_t, Slot* ref) {
  prepare();
  test_ref(*ref);
  branch_if(target, ref + 1 - target.arity(), Cond::NotZero, hint());
  pop_dead(*ref);
  start_block();
}

void FuncCompiler::return_() {
  prepare();
  emit_return(state->top - state->type->result_count);
  forget_flags();
}

void FuncCompiler::unreachable() {
  prepare();
  masm.trap(TrapCode::Unreachable);
  forget_flags();
}

// --- Blocks ---

/// All operands below the block go to the frame.
void FuncCompiler::settle_below(const Frame& frame) {
  prepare();
  settle(frame.height, frame.height);
}

void FuncCompiler::if_any(Frame& frame, Slot* cond) {
  const Likelihood likelihood = prepare_branch();
  Cond taken = condition(*cond);
  // Parameters as well: both parts find them in their slots.
  settle(frame.height + frame.type.param_count, frame.height);
  if (keeps_locals_) {
    frame.label.else_state = memory_.label_states.allocate();
    snapshot(memory_.label_states[frame.label.else_state]);
  } else {
    frame.label.else_state = LabelStates::kEmpty;
  }
  frame.label.is_else_cold = likelihood == Likelihood::Likely;
  if (likelihood == Likelihood::Unlikely) {
    sluice::Label then;
    masm.jcc(taken, then);
    begin_cold_part();
    masm.bind(then);
  } else {
    masm.jcc(negate(taken), frame.label.otherwise);
  }
  start_block();
}

void FuncCompiler::else_(Frame& frame, bool then_live) {
  prepare();
  const bool was_cold = ends_cold_part();
  const bool gets_cold = frame.label.is_else_cold && !was_cold;
  if (then_live) {
    const Slot* results = state->base + frame.height;
    // What an unlikely part has lost to calls, the join need not lose.
    if (!needs_nothing(frame)) [[unlikely]] {
      if (frame.label.state == BlockLabel::kNoState) fix_state(frame, results, !was_cold);
      bring(frame, results);
    }
    if (!gets_cold) masm.jmp(frame.label.target);
  }
  if (was_cold != frame.label.is_else_cold) [[unlikely]]
    gets_cold ? begin_cold_part() : end_cold_part();
  masm.bind(frame.label.otherwise);
  adopt(memory_.label_states[frame.label.else_state]);
  memory_.label_states.release(frame.label.else_state);
  for (uint32_t i = 0; i < frame.type.param_count; ++i) {
    const uint32_t at = frame.height + i;
    state->base[at].word = Word::stack(operand_slot(at, move_type_of(frame.type.params()[i])));
  }
  set_settled(frame.height + frame.type.param_count);
  start_block();
}

void FuncCompiler::end_any(Frame& frame, bool fallthrough_live) {
  prepare();
  if (ends_cold_part()) [[unlikely]]
    fallthrough_live = end_cold_frame(frame, fallthrough_live);
  Slot* results = state->base + frame.height;
  LabelStates& states = memory_.label_states;
  switch (frame.kind) {
  case FrameKind::Func:
    close_block();
    if (fallthrough_live) emit_return(results);
    return;
  case FrameKind::Loop:
    if (!is_in_short_loop()) return;
    states.release(frame.label.state);
    set_loop_state(BlockLabel::kNoState);
    if (fallthrough_live && !keeps_locals_) part_words();
    return;
  case FrameKind::If: return end_if_without_else(frame, fallthrough_live);
  case FrameKind::TryTable:
  case FrameKind::Try:
  case FrameKind::Catch:
  case FrameKind::CatchAll: end_try(frame); break;
  default: break;
  }
  if (frame.label.state == BlockLabel::kNoState) return;
  if (fallthrough_live) bring(frame, results);
  masm.bind(frame.label.target);
  adopt(states[frame.label.state]);
  set_result_words(frame);
  states.release(frame.label.state);
  start_block();
}

/// The missing part passes the parameters on, from the state at the `if`; every state of the label
/// was made from that one, so it comes here without moves.
void FuncCompiler::end_if_without_else(Frame& frame, bool then_live) {
  LabelStates& states = memory_.label_states;
  if (frame.label.state == BlockLabel::kNoState) {
    fix_state(frame, state->base + frame.height, false);
    // Only the `then` part has yet to come here: a local that it left in place, but newer than its
    // home, may be so for both.
    LabelState& s = states[frame.label.state];
    for (RegSet rest = s.locals & regs.dirty(); then_live && !rest.empty();) {
      Reg reg = rest.first();
      rest.remove(reg);
      if (regs.local(reg) == s.local[reg]) s.dirty.add(reg);
    }
  }
  if (then_live) bring(frame, state->base + frame.height);
  masm.ensure_room();
  masm.bind(frame.label.otherwise);
  if (frame.label.target.is_used()) masm.bind(frame.label.target);
  adopt(states[frame.label.state]);
  set_result_words(frame);
  states.release(frame.label.else_state);
  states.release(frame.label.state);
  start_block();
}

// --- Loops ---

void FuncCompiler::loop(Frame& frame) {
  prepare();
  settle(frame.height + frame.type.param_count, frame.height);
  enter_loop(frame);
}

void FuncCompiler::enter_loop(Frame& frame) {
  const LoopInfo info =
      memory_.loop_scan.look_at(state->instr_pos, body_end_, memory_.tries.is_inside());
  if (info.is_short) {
    LabelStates& states = memory_.label_states;
    frame.label.state = states.allocate();
    LabelState& header = states[frame.label.state];
    choose_loop_registers(info, header);
    set_loop_state(frame.label.state);
    collect_local_moves(header, true, dead_at(frame));
    emit_moves(frame);
    adopt(header);
    // Of the others the time is spent elsewhere.
    if (!info.has_call) masm.place_loop();
  } else {
    write_dirty_homes();
    forget_registers();
    frame.label.state = LabelStates::kEmpty;
  }
  masm.bind(frame.label.target);
  forget_zero_flag();
  start_block(true);
}

/// The short loop around what comes is the one whose header has this state.
void FuncCompiler::set_loop_state(uint32_t loop_state) {
  loop_state_ = loop_state;
  loop_regs_ = is_in_short_loop() ? memory_.label_states[loop_state].locals : RegSet();
  set_keeps_locals(is_full_ || is_in_short_loop());
  if (!keeps_locals_) send_locals_home();
}

/// Decides which locals are in registers at a loop's header: of each class the most used ones.
void FuncCompiler::choose_loop_registers(const LoopInfo& info, LabelState& header) {
  header.clear();
  header.local.clear();
  LoopRegs left = kLoopRegs[info.has_call][info.has_division];
  if (stress_ != 0) {
    left = {{kAllocatableGprs & RegSet(random()), kAllocatableXmms & RegSet(random())}};
  }
  const std::span<const LocalUse> uses = memory_.loop_scan.live();
  const auto class_of = [this](const LocalUse& use) {
    return static_cast<size_t>(reg_class_of(local(use.local).type));
  };
  const uint32_t most_unused = info.has_call ? kMinUsesWithCalls - 1 : 0;
  Bar bars[2] = {{most_unused, 0}, {most_unused, 0}};
  if (uses.size() > static_cast<size_t>(std::min(left.free[0].size(), left.free[1].size()))) {
    uint16_t with_count[2][kMostCounted + 1] = {};
    uint32_t most = 0;
    for (const LocalUse& use : uses) {
      ++with_count[class_of(use)][counted(use)];
      most = std::max(most, counted(use));
    }
    for (size_t cls = 0; cls < 2; ++cls) {
      const auto room = static_cast<uint32_t>(left.free[cls].size());
      bars[cls] = bar_for(with_count[cls], most, room, bars[cls]);
    }
  }
  for (const LocalUse& use : uses) {
    const size_t cls = class_of(use);
    if (!bars[cls].is_passed_by(counted(use))) continue;
    const Reg reg = left.free[cls].first();
    left.free[cls].remove_first();
    header.local[reg] = use.local;
    header.locals.add(reg);
    // What is written may be newer than its home: then the way back need not store it.
    if (use.is_written) header.dirty.add(reg);
  }
}

// --- br_table ---

void FuncCompiler::br_table(Slot* index, std::span<const uint32_t> depths) {
  prepare();
  ++table_id_;
  memory_.table_stubs.clear();
  memory_.table_depths.clear();
  if (depths.size() == 1) {
    pop_dead(*index);
    Frame& target = state->frame(depths[0]);
    branch(target, index - target.arity());
    return forget_flags();
  }
  PinnedReg reg = pop_to_writable_reg(*index);
  // Once, and not on the way to each target.
  if (!is_in_short_loop()) write_dirty_homes();
  // Before the first jump: fixing a label's state must not depend on the way taken.
  for (uint32_t depth : depths) {
    Frame& target = state->frame(depth);
    if (target.label.table_id == table_id_) continue;
    target.label.table_stub = 0;
    if (needs_nothing(target)) [[likely]]
      continue;
    target.label.table_id = table_id_;
    const Slot* passed = index - target.arity();
    if (target.kind != FrameKind::Func) {
      if (target.label.state == BlockLabel::kNoState) fix_state(target, passed, false);
      collect_moves(target, passed, in_cold_part());
      if (!has_moves()) continue;
      drop_moves();
    }
    memory_.table_stubs.push();
    memory_.table_depths.push_back(depth);
    target.label.table_stub = static_cast<uint32_t>(memory_.table_stubs.size());
  }
  emit_table(reg, depths);
  for (size_t i = 0; i < memory_.table_stubs.size(); ++i) {
    masm.ensure_room();
    masm.bind(memory_.table_stubs[i]);
    Frame& target = state->frame(memory_.table_depths[i]);
    branch(target, index - target.arity());
  }
  forget_flags();
}

/// Where the table's entries for this depth go: to the label, or to the moves before it.
sluice::Label& FuncCompiler::table_label(uint32_t depth) {
  Frame& target = state->frame(depth);
  if (target.label.table_stub == 0) return target.label.target;
  return memory_.table_stubs[target.label.table_stub - 1];
}

void FuncCompiler::emit_table(Reg index, std::span<const uint32_t> depths) {
  size_t entries = depths.size() - 1;
  if (entries <= kMaxComparedTargets) {
    for (size_t i = 0; i < entries; ++i) {
      if (i == 0) {
        masm.test(W32, index, index);
      } else {
        masm.alu_imm(Alu::Cmp, W32, index, static_cast<int32_t>(i));
      }
      masm.jcc(Cond::Equal, table_label(depths[i]));
    }
    return masm.jmp(table_label(depths.back()));
  }
  masm.alu_imm(Alu::Cmp, W32, index, static_cast<int32_t>(entries));
  masm.jcc(Cond::AboveEqual, table_label(depths.back()));
  masm.jump_table(index);
  for (size_t i = 0; i < entries; ++i) {
    masm.ensure_room();
    masm.table_entry(table_label(depths[i]));
  }
}

}  // namespace sluice

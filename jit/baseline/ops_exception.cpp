// Exceptions (spec 4.4.8, and the legacy proposal's instructions): throwing, and the landings where
// handlers begin.
//
// A try block costs nothing until something is thrown: it is a region of the handler table. Calls
// leave all locals in their homes and all operands in the frame, so a landing finds everything
// there and nothing in registers but rbp and rsp. The landings of a try_table stand before its
// body, where the frame's state is settled and the labels of its clauses are still open; those of
// the legacy instructions stand before their handlers.
//
// A legacy handler may throw its exception again: it keeps it in a frame slot of its own
// (caught_slots_), which lies below the operands and is known only at the end, so that the
// instructions that use it are patched.
#include <cstddef>

#include "jit/baseline/func_compiler.h"

namespace sluice {

namespace {

constexpr int32_t kCellBytes = sizeof(GlobalCell);

}  // namespace

// --- Throwing ---

void FuncCompiler::throw_(uint32_t tag, const FuncType& type, Slot* args) {
  prepare();
  // Outside a try block nobody will look at this frame again.
  if (memory_.tries.is_inside()) spill_for_call(args);
  for (uint32_t i = 0; i < type.param_count; ++i) {
    MovePlace to = MovePlace::in_stack(Reg::Rsp, static_cast<int32_t>(i) * kCellBytes);
    memory_.moves.add(move_type_of(type.types[i]), to, place_of(args[i]));
  }
  outgoing_bytes_ = std::max(outgoing_bytes_, type.param_count * uint32_t{kCellBytes});
  memory_.moves.emit(masm);
  masm.ensure_room();
  forget_registers();
  masm.mov_imm(W32, Reg::Rsi, tag);
  masm.mov(W64, Reg::Rdx, Reg::Rsp);
  masm.call_builtin(Builtin::Throw);
  masm.throw_site();
}

void FuncCompiler::throw_ref(Slot* args) {
  prepare();
  call_builtin(Builtin::ThrowRef, {args}, args);
  masm.throw_site();
}

void FuncCompiler::rethrow(uint32_t depth) {
  prepare();
  spill_for_call(state->top);
  forget_registers();
  masm.load(LoadKind::I64, Reg::Rsi, frame_slot(kLaterDisp));
  note_caught_slot(state->frame(depth).label.caught_slot);
  masm.call_builtin(Builtin::ThrowRef);
  masm.trap_if_builtin_failed();
  masm.throw_site();
}

// --- Landings ---

/// The picture of the machine at a landing, and the code that makes the pinned registers true.
void FuncCompiler::begin_landing(uint32_t region, uint32_t tag, uint32_t height) {
  masm.ensure_room();
  forget_flags();
  forget_zero_flag();
  forget_registers();
  set_settled(height);
  memory_.tries.add_clause(region, tag, masm.offset());
  restore_pinned();
}

/// The caught exception as an exnref in `slot`; `first` is the landing's first operand.
void FuncCompiler::take_exception(Slot* first, Slot* slot) {
  call_builtin(Builtin::TakeException, {}, first);
  slot->type = ValType::ref(AbsHeap::Exn, false);
  push_builtin_result(*slot, MoveType::I64);
}

/// The values that were thrown become operands from `args` on: in registers if they are few.
void FuncCompiler::take_payload(const FuncType& type, Slot* args) {
  if (type.param_count == 0) return;
  masm.load(LoadKind::I64, kScratchGpr, instance_field(offsetof(InstanceData, context)));
  constexpr size_t kCells = offsetof(StoreContext, thrown) + offsetof(ThrownException, cells);
  masm.load(LoadKind::I64, kScratchGpr, mem_at(kScratchGpr, kCells));
  for (uint32_t i = 0; i < type.param_count; ++i) {
    masm.ensure_room();
    const Mem cell = mem_at(kScratchGpr, static_cast<int32_t>(i) * kCellBytes);
    const MoveType move = move_type_of(type.types[i]);
    args[i].type = type.types[i];
    if (type.param_count <= kMaxMergeRegs) {
      PinnedReg reg(regs, (regs.free() & allocatable(reg_class_of(move))).first());
      load_value(move, reg, cell);
      push_reg(args[i], std::move(reg));
    } else {
      const MoveType whole = move == MoveType::V128 ? move : MoveType::F64;
      load_value(whole, kScratchXmm, cell);
      const Mem to = operand_slot(args[i]);
      store_value(whole, to, kScratchXmm);
      args[i].word = Word::stack(to);
    }
  }
}

// --- try_table ---

void FuncCompiler::try_table(Frame& frame, std::span<const CatchClause> clauses) {
  if (clauses.empty()) return block(frame);
  prepare();
  const uint32_t body_height = frame.height + frame.type.param_count;
  settle(body_height, frame.height);
  LabelStates& states = memory_.label_states;
  const uint32_t entry = states.allocate();
  snapshot(states[entry]);
  sluice::Label body;
  masm.jmp(body);
  frame.label.region = memory_.tries.add_region();
  for (const CatchClause& clause : clauses) emit_catch(frame.label.region, clause);
  masm.ensure_room();
  masm.bind(body);
  forget_registers();
  adopt(states[entry]);
  states.release(entry);
  set_settled(body_height);
  for (uint32_t at = frame.height; at < body_height; ++at) {
    state->base[at].word = Word::stack(operand_slot(state->base[at]));
  }
  memory_.tries.open(frame.label.region, state->frames.size() - 1, masm.offset());
}

void FuncCompiler::emit_catch(uint32_t region, const CatchClause& clause) {
  Slot* const passed = state->top;
  begin_landing(region, clause.has_tag() ? raw(clause.tag) : kAnyTag, state->height());
  static constexpr FuncType kNothing{};
  const FuncType* type = &kNothing;
  if (clause.has_tag()) type = &module.types[raw(module.tags[raw(clause.tag)].type)].func;
  if (clause.has_ref()) take_exception(passed, passed + type->param_count);
  take_payload(*type, passed);
  branch(state->frame(clause.label + 1), passed);
}

// --- Legacy ---

void FuncCompiler::try_(Frame& frame) {
  block(frame);
  frame.label.region = memory_.tries.add_region();
  memory_.tries.open(frame.label.region, state->frames.size() - 1, masm.offset());
}

void FuncCompiler::catch_(Frame& frame, uint32_t tag, const FuncType& type, bool previous_live) {
  start_handler(frame, tag, type, previous_live);
}

void FuncCompiler::catch_all(Frame& frame, bool previous_live) {
  start_handler(frame, kAnyTag, FuncType{}, previous_live);
}

void FuncCompiler::start_handler(Frame& frame, uint32_t tag, const FuncType& type,
                                 bool previous_live) {
  prepare();
  Slot* const args = state->base + frame.height;
  if (previous_live) branch(frame, args);
  if (frame.kind == FrameKind::Try) {
    memory_.tries.close(masm.offset());
    frame.label.caught_slot = open_handlers_++;
    caught_slots_ = std::max(caught_slots_, open_handlers_);
  }
  begin_landing(frame.label.region, tag, frame.height);
  take_exception(args, args);
  masm.store(StoreKind::I64, frame_slot(kLaterDisp), args->word.reg);
  note_caught_slot(frame.label.caught_slot);
  pop_dead(*args);
  take_payload(type, args);
  start_block();
}

void FuncCompiler::delegate(Frame& frame, uint32_t depth, bool fallthrough_live) {
  const size_t target = state->frames.size() - 2 - depth;
  end(frame, fallthrough_live);
  memory_.tries.delegate(frame.label.region, target);
}

/// A frame that a try instruction opened ends.
void FuncCompiler::end_try(const Frame& frame) {
  if (frame.label.region == kNoRegion) return;
  if (frame.kind == FrameKind::Catch || frame.kind == FrameKind::CatchAll) {
    --open_handlers_;
  } else {
    memory_.tries.close(masm.offset());
  }
}

// --- At the end ---

/// The instruction just emitted uses this caught slot: its last four bytes are the displacement.
void FuncCompiler::note_caught_slot(uint32_t slot) {
  memory_.caught_slot_uses.push_back({masm.offset() - 4, slot});
}

/// `bytes`: the frame down to the last operand.
void FuncCompiler::place_caught_slots(uint64_t bytes) {
  const auto disp_of = [bytes](uint32_t slot) {
    return -static_cast<int32_t>(bytes + 8 * (uint64_t{slot} + 1));
  };
  for (const CaughtSlotUse& use : memory_.caught_slot_uses) {
    masm.patch32(use.at, static_cast<uint32_t>(disp_of(use.slot)));
  }
  if (maps_ == nullptr) return;
  for (int32_t& slot : maps_->frames.slots) {
    if (slot <= kLaterDisp) slot = disp_of(static_cast<uint32_t>(kLaterDisp - slot));
  }
}

}  // namespace sluice

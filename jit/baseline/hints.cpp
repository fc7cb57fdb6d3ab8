// Branch hints: what is unlikely to run leaves the way of what is likely to.
//
// Code goes to the assembler's cold buffer, from a branch on, in two ways. The moves of an unlikely
// br_if do so alone. An unlikely arm of an `if`, or what follows a likely br_if, is a cold *part*:
// it ends with its frame, or where the first frame further out ends to whose label other code
// leads. Inside of it hints mean nothing, and its jumps pay for what it has lost from registers.
//
// A hint never changes what code does, only where it stands and who has to move values. Without
// hints none of this is reached.
#include "jit/baseline/func_compiler.h"

namespace sluice {

/// At a branch of a function that has hints or marks.
Likelihood FuncCompiler::watch() {
  if (marks_ != nullptr) mark();
  return hint();
}

Likelihood FuncCompiler::hint() {
  if (hints_.empty()) return Likelihood::Unknown;
  const uint64_t offset = state->instr_offset() - state->body.range.offset;
  size_t passed = 0;  // those of dead code, or of nothing
  while (passed < hints_.size() && hints_[passed].offset < offset) ++passed;
  hints_ = hints_.subspan(passed);
  if (hints_.empty() || hints_[0].offset != offset || in_cold_part()) return Likelihood::Unknown;
  return hints_[0].is_likely ? Likelihood::Likely : Likelihood::Unlikely;
}

// --- Where code goes ---

void FuncCompiler::enter_cold() {
  masm.enter_cold();
  if (marks_ != nullptr) mark();
  if (memory_.tries.any()) memory_.tries.move_to(masm.offset());
}

void FuncCompiler::leave_cold() {
  masm.leave_cold();
  if (marks_ != nullptr) mark();
  if (memory_.tries.any()) memory_.tries.move_to(masm.offset());
}

void FuncCompiler::begin_cold_part() {
  enter_cold();
  cold_frame_ = state->frames.size();
  awaited_frame_ = 0;
}

void FuncCompiler::end_cold_part() {
  leave_cold();
  cold_frame_ = 0;
}

/// If what follows up to the target's end is cold: does that end come next then? Frames that nobody
/// leaves by their label do not keep code from going on behind them; but each costs a look.
bool FuncCompiler::is_end_next(const Frame& target) const {
  constexpr size_t kMostFrames = 8;
  const size_t count = state->frames.size();
  for (size_t i = count; i > 0 && count - i < kMostFrames; --i) {
    const Frame& frame = state->frames[i - 1];
    if (frame.kind != FrameKind::Block && frame.kind != FrameKind::Else) return false;
    if (&frame == &target) return true;
    if (frame.label.state != BlockLabel::kNoState) return false;
  }
  return false;
}

/// The rest of a branch whose moves are collected.
void FuncCompiler::finish_hinted_branch(Frame& target, const Slot* passed, Cond cond,
                                        Likelihood likelihood) {
  const bool is_plain_jump = target.kind != FrameKind::Func && !has_moves();
  sluice::Label over;
  if (likelihood == Likelihood::Unlikely) {
    if (is_plain_jump) return masm.jcc(cond, target.label.target);
    masm.jcc(cond, over);
    enter_cold();
    masm.bind(over);
    go_to(target, passed);
    return leave_cold();
  }
  const bool is_next = is_end_next(target);
  if (is_plain_jump && !is_next) {
    masm.jcc(cond, target.label.target);
    masm.jmp(over);
  } else {
    masm.jcc(negate(cond), over);
    go_to(target, passed, is_next);
  }
  begin_cold_part();
  if (is_next) awaited_frame_ = static_cast<size_t>(&target - state->frames.data()) + 1;
  masm.bind(over);
}

/// Before the end of the frame that the cold part belongs to: leaves the part if anybody else comes
/// to the label. Gives whether control still falls through to it.
bool FuncCompiler::end_cold_frame(Frame& frame, bool fallthrough_live) {
  const bool has_label = frame.kind != FrameKind::Func && frame.kind != FrameKind::Loop;
  const bool is_reached = frame.kind == FrameKind::If || frame.label.state != BlockLabel::kNoState;
  if (!has_label || !is_reached) {
    --cold_frame_;
    return fallthrough_live;
  }
  if (fallthrough_live) branch(frame, state->base + frame.height);
  end_cold_part();
  // The cold part itself may have led to the label of a frame further in than the awaited one.
  if (awaited_frame_ != 0 && awaited_frame_ != state->frames.size()) {
    masm.jmp(state->frames[awaited_frame_ - 1].label.target);
  }
  return false;
}

/// The body is complete: cold code gets its place behind it, and all that notes offsets learns it.
void FuncCompiler::join_cold() {
  masm.join_cold();
  if (memory_.tries.any()) memory_.tries.place(masm);
  if (maps_ == nullptr) return;
  masm.place_all(maps_->marks, &SourceMark::code_offset);
  masm.place_all(maps_->states, &FrameMark::code_offset);
  masm.place_all(maps_->frames.sites, &ReferenceSite::code_offset);
}

}  // namespace sluice

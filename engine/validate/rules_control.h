// FuncReader's rules for blocks, branches, calls and typed select (spec 3.4.2, 3.4.10). Included by
// func_reader.h only.
//
// The frequent ones are called straight from the loop and read their immediates themselves; the
// others find them in instr_. Invariant: floor is base + the innermost frame's height.
#pragma once

#include "engine/validate/func_reader.h"

namespace sluice {

template <class Sink>
bool FuncReader<Sink>::block_type(const BlockType& block, FuncType& out) {
  static constexpr ValType kSingle[] = {kI32, kI64, kF32, kF64, kV128};
  static_assert(kSingle[4] == static_cast<ValKind>(5), "indexed by ValKind");
  if (block.has_index) {
    const FuncType* type = func_type_at(raw(block.index));
    if (type == nullptr) return false;
    out = *type;
    return true;
  }
  if (block.value.is_bottom()) {
    out = FuncType{};
  } else if (!block.value.is_ref()) {
    out = FuncType{kSingle + block.value.bits() - 1, 0, 1};
  } else {
    ValType* copy = s_.block_types.template allocate<ValType>(1);
    *copy = block.value;
    out = FuncType{copy, 0, 1};
  }
  return true;
}

template <class Sink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::read_block(FuncType& out) {
  constexpr uint8_t kEmpty = 0x40;
  if (in_.peek_u8() == kEmpty) [[likely]] {
    in_.set_pos(in_.pos() + 1);
    out = FuncType{};
    return true;
  }
  const BlockType block = read_block_type(in_, scope_);
  return !in_.failed() && block_type(block, out);
}

template <class Sink>
const FuncType* FuncReader<Sink>::func_type_at(uint32_t index) {
  const TypeDef* def = type_at(index);
  if (def == nullptr) return nullptr;
  if (def->kind != CompositeKind::Func) {
    fail_index(ErrorKind::NotFuncType, index);
    return nullptr;
  }
  return &def->func;
}

// A frame of no parameters and results, whose operands begin at `floor`.
template <class Sink>
[[gnu::always_inline]] inline typename FuncReader<Sink>::Frame&
FuncReader<Sink>::push_frame(FrameKind kind, Slot* floor) {
  Frame& frame = s_.frames.push();
  frame.kind = kind;
  frame.live_at_entry = s_.live;
  frame.height = static_cast<uint32_t>(floor - s_.base);
  frame.init_mark = static_cast<uint32_t>(s_.init_log.size());
  s_.floor = floor;
  return frame;
}

// Pushes a frame whose parameters are on the stack; they take the types the block declares.
template <class Sink>
[[gnu::always_inline]] inline typename FuncReader<Sink>::Frame*
FuncReader<Sink>::enter(FrameKind kind, const FuncType& type) {
  Slot* args = take(type.params());
  if (args == nullptr) return nullptr;
  retype(args, type.params());
  Frame& frame = push_frame(kind, args);
  frame.type = type;
  return &frame;
}

template <class Sink>
void FuncReader<Sink>::mark_dead() {
  s_.top = s_.floor;
  s_.innermost().unreachable = true;
  s_.live = false;
}

// Locals without default that were set inside a block are unset after it (spec 3.4, "init_stack").
template <class Sink>
void FuncReader<Sink>::undo_inits(uint32_t mark) {
  while (s_.init_log.size() > mark) {
    s_.local_slot(s_.init_log.back()).type = ValKind::Bottom;
    s_.init_log.pop_back();
  }
}

// The innermost block's results are the operands above its height: these, and no more.
template <class Sink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::check_results() {
  const FuncType& type = s_.innermost().type;
  const auto have = static_cast<size_t>(s_.top - s_.floor);
  if (have == 0 && type.result_count == 0) [[likely]]
    return true;
  if (have > type.result_count) {
    fail_count(have, type.result_count);
    return false;
  }
  return take(type.results()) != nullptr;
}

template <class Sink>
typename FuncReader<Sink>::Frame* FuncReader<Sink>::label(uint32_t depth) {
  return known(ErrorKind::UnknownLabel, depth, s_.frames.size()) ? &s_.frame(depth) : nullptr;
}

template <class Sink>
void FuncReader<Sink>::exec_block() {
  FuncType type;
  if (!read_block(type)) return;
  Frame* frame = enter(FrameKind::Block, type);
  if (frame == nullptr) return;
  if (to_sink()) sink_.block(*frame);
}

template <class Sink>
void FuncReader<Sink>::exec_loop() {
  FuncType type;
  if (!read_block(type)) return;
  Frame* frame = enter(FrameKind::Loop, type);
  if (frame == nullptr) return;
  if (to_sink()) sink_.loop(*frame);
}

template <class Sink>
void FuncReader<Sink>::exec_if() {
  FuncType type;
  if (!read_block(type)) return;
  Slot* condition = take_each(kI32);
  if (condition == nullptr) return;
  pop_to(condition);
  Frame* frame = enter(FrameKind::If, type);
  if (frame == nullptr) return;
  if (to_sink()) sink_.if_(*frame, s_.top);
}

template <class Sink>
void FuncReader<Sink>::exec_else() {
  Frame& frame = s_.innermost();
  if (!require(frame.kind == FrameKind::If, ErrorKind::ElseWithoutIf)) return;
  if (!check_results()) return;
  const bool then_live = s_.live;
  if (frame.live_at_entry && !s_.muted) sink_.else_(frame, then_live);
  frame.end_reached |= then_live;
  frame.kind = FrameKind::Else;
  frame.unreachable = false;
  s_.live = frame.live_at_entry;
  undo_inits(frame.init_mark);
  pop_push(s_.floor, frame.type.params());
}

// An if without else passes its parameters on.
template <class Sink>
bool FuncReader<Sink>::check_empty_else(const FuncType& type) {
  if (type.param_count != type.result_count) {
    fail_count(type.param_count, type.result_count);
    return false;
  }
  for (uint32_t i = 0; i < type.param_count; ++i) {
    if (!matches(type.params()[i], type.results()[i])) {
      fail_type(type.params()[i], type.results()[i]);
      return false;
    }
  }
  return true;
}

template <class Sink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::end_plainly() {
  Frame& frame = s_.innermost();
  if (!is_plain_end(frame, s_.top)) return false;
  if (frame.live_at_entry && !s_.muted) sink_.end(frame, s_.live);
  s_.live = frame.live_at_entry & (s_.live | frame.end_reached | (frame.kind == FrameKind::If));
  pop_frame();
  return true;
}

template <class Sink>
void FuncReader<Sink>::exec_end() {
  if (end_plainly()) return;
  Frame& frame = s_.innermost();
  if (!check_results()) return;
  const bool fallthrough_live = s_.live;
  bool joined = fallthrough_live || frame.end_reached;
  if (frame.kind == FrameKind::If) {
    if (!check_empty_else(frame.type)) return;
    joined = true;
  }
  if (frame.live_at_entry && !s_.muted) sink_.end(frame, fallthrough_live);
  leave(frame, joined);
}

// Dead code is mostly nothing but the ends of blocks: passes over them. True: what follows is live,
// and the sink wants it.
template <class Sink>
bool FuncReader<Sink>::live_after_ends() {
  while (!to_sink()) {
    const uint8_t* p = in_.pos();
    if (s_.muted || done_ || p >= stop_ || *p != kEndByte) return false;
    s_.instr_pos = p;
    in_.set_pos(p + 1);
    if (!end_plainly()) exec_end();
  }
  return true;
}

// Does the innermost block end without parameters and results, nor anything to undo?
template <class Sink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::is_plain_end(const Frame& frame,
                                                                  const Slot* top) const {
  return frame.kind != FrameKind::Func && top == s_.floor &&
         (frame.type.param_count | frame.type.result_count) == 0 &&
         frame.init_mark == s_.init_log.size();
}

template <class Sink>
[[gnu::always_inline]] inline void FuncReader<Sink>::pop_frame() {
  s_.frames.pop_back();
  s_.floor = s_.base + s_.innermost().height;
}

// Pops the innermost frame and leaves its results. `joined`: control can reach its end, if its
// start.
template <class Sink>
[[gnu::always_inline]] inline void FuncReader<Sink>::leave(Frame& frame, bool joined) {
  undo_inits(frame.init_mark);
  s_.live = frame.live_at_entry && joined;
  pop_push(s_.floor, frame.type.results());
  s_.frames.pop_back();
  if (s_.frames.empty()) [[unlikely]] {
    s_.live = false;
    done_ = true;
    return;
  }
  s_.floor = s_.base + s_.innermost().height;
}

template <class Sink>
void FuncReader<Sink>::exec_br() {
  const uint32_t depth = read_index();
  if (in_.failed()) return;
  Frame* target = label(depth);
  if (target == nullptr || take(target->label_types()) == nullptr) return;
  if (to_sink()) sink_.br(*target, depth);
  reach(*target);
  mark_dead();
}

template <class Sink>
void FuncReader<Sink>::exec_br_if() {
  const uint32_t depth = read_index();
  if (in_.failed()) return;
  Frame* target = label(depth);
  if (target == nullptr) return;
  const std::span<const ValType> passed = target->label_types();
  if (passed.empty() && s_.top != s_.floor && s_.top[-1].type == kI32) [[likely]] {
    if (to_sink()) sink_.br_if(*target, depth, s_.top - 1);
    reach(*target);
    --s_.top;
    return;
  }
  if (take_each(kI32) == nullptr) return;
  Slot* args = take(passed, 1);
  if (args == nullptr) return;
  if (to_sink()) sink_.br_if(*target, depth, s_.top - 1);
  reach(*target);
  pop_push(args, passed);
}

template <class Sink>
void FuncReader<Sink>::exec_br_table() {
  if (take_each(kI32) == nullptr) return;
  Frame* fallback = label(instr_.labels.back());
  if (fallback == nullptr) return;
  const uint32_t arity = fallback->arity();
  for (const uint32_t depth : instr_.labels) {
    Frame* target = label(depth);
    if (target == nullptr) return;
    if (target->arity() != arity) return fail_count(target->arity(), arity);
    if (arity != 0 && take(target->label_types(), 1) == nullptr) return;
  }
  if (to_sink()) sink_.br_table(s_.top - 1, instr_.labels);
  for (const uint32_t depth : instr_.labels) reach(s_.frame(depth));
  mark_dead();
}

template <class Sink>
void FuncReader<Sink>::exec_return() {
  if (take(s_.type->results()) == nullptr) return;
  if (to_sink()) sink_.return_();
  reach(s_.frames.front());
  mark_dead();
}

template <class Sink>
void FuncReader<Sink>::exec_unreachable() {
  if (to_sink()) sink_.unreachable();
  mark_dead();
}

template <class Sink>
void FuncReader<Sink>::exec_call() {
  const uint32_t func = read_index();
  if (in_.failed() || !known(ErrorKind::UnknownFunc, func, module_.funcs.size())) return;
  const FuncType& type = module_.func_type(FuncIdx{func});
  reserve(type.result_count);
  Slot* args = take(type.params());
  if (args == nullptr) return;
  if (to_sink()) sink_.call(func, type, args);
  pop_push(args, type.results());
}

// Type and table of call_indirect: the callee's type, with the table index checked.
template <class Sink>
const FuncType* FuncReader<Sink>::indirect_callee() {
  const TableType* table = table_at(instr_.index2);
  if (table == nullptr) return nullptr;
  const FuncType* type = func_type_at(instr_.index);
  if (type == nullptr) return nullptr;
  if (!matches(table->element, kFuncRef)) {
    fail_type(table->element, kFuncRef);
    return nullptr;
  }
  return take_each(address_type(table->limits)) != nullptr ? type : nullptr;
}

template <class Sink>
void FuncReader<Sink>::exec_call_indirect() {
  const FuncType* type = indirect_callee();
  if (type == nullptr) return;
  reserve(type->result_count);
  Slot* args = take(type->params(), 1);
  if (args == nullptr) return;
  tell<Category::Call>(
      [&](auto& sink) { sink.call_indirect(TypeIdx{instr_.index}, instr_.index2, *type, args); });
  pop_push(args, type->results());
}

template <class Sink>
void FuncReader<Sink>::exec_call_ref() {
  const FuncType* type = func_type_at(instr_.index);
  if (type == nullptr || take_each(ref_to(instr_.index, true)) == nullptr) return;
  reserve(type->result_count);
  Slot* args = take(type->params(), 1);
  if (args == nullptr) return;
  tell<Category::TypedRef>([&](auto& sink) { sink.call_ref(TypeIdx{instr_.index}, *type, args); });
  pop_push(args, type->results());
}

template <class Sink>
bool FuncReader<Sink>::check_tail_results(const FuncType& callee) {
  const std::span<const ValType> wanted = s_.type->results();
  if (callee.result_count != wanted.size()) {
    fail_count(callee.result_count, wanted.size());
    return false;
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!matches(callee.results()[i], wanted[i])) {
      fail_type(callee.results()[i], wanted[i]);
      return false;
    }
  }
  return true;
}

template <class Sink>
void FuncReader<Sink>::exec_return_call() {
  const uint32_t index = instr_.index;
  const FuncType* type;
  uint32_t above = 1;
  if (instr_.op == Op::ReturnCall) {
    if (!known(ErrorKind::UnknownFunc, index, module_.funcs.size())) return;
    type = &module_.func_type(FuncIdx{index});
    above = 0;
  } else if (instr_.op == Op::ReturnCallIndirect) {
    type = indirect_callee();
    if (type == nullptr) return;
  } else {
    type = func_type_at(index);
    if (type == nullptr || take_each(ref_to(index, true)) == nullptr) return;
  }
  Slot* args = take(type->params(), above);
  if (args == nullptr || !check_tail_results(*type)) return;
  tell<Category::TailCall>([&](auto& sink) {
    switch (instr_.op) {
    case Op::ReturnCall: return sink.return_call(index, *type, args);
    case Op::ReturnCallRef: return sink.return_call_ref(TypeIdx{index}, *type, args);
    default: return sink.return_call_indirect(TypeIdx{index}, instr_.index2, *type, args);
    }
  });
  mark_dead();
}

template <class Sink>
void FuncReader<Sink>::exec_select_typed() {
  if (instr_.types.size() != 1) return fail(ErrorKind::InvalidResultArity);
  const ValType type = instr_.types[0];
  Slot* args = take_each(type, type, kI32);
  if (args == nullptr) return;
  tell<Category::Parametric>([&](auto& sink) { sink.select(args, type); });
  pop_push(args, type);
}

}  // namespace sluice

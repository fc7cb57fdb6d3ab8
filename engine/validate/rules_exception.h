// FuncReader's rules for exceptions (spec 3.4.2): try_table, throw, throw_ref; and the legacy
// proposal's try … catch … delegate. Included by func_reader.h only.
//
// A legacy try is one frame whose kind changes as its handlers start; each handler's code is taken
// for reachable whenever the try is.
#pragma once

#include "engine/validate/func_reader.h"

namespace sluice {

template <class Sink>
const FuncType* FuncReader<Sink>::tag_type(uint32_t tag) {
  if (!known(ErrorKind::UnknownTag, tag, module_.tags.size())) return nullptr;
  return func_type_at(raw(module_.tags[tag].type));
}

// A clause passes the tag's parameters, then the exception if it asks for it, to its label.
template <class Sink>
bool FuncReader<Sink>::check_catch(const CatchClause& clause) {
  std::span<const ValType> passed;
  if (clause.has_tag()) {
    const FuncType* type = tag_type(raw(clause.tag));
    if (type == nullptr) return false;
    passed = type->params();
  }
  Frame* target = label(clause.label);
  if (target == nullptr) return false;
  const std::span<const ValType> wanted = target->label_types();
  const size_t count = passed.size() + (clause.has_ref() ? 1 : 0);
  if (count != wanted.size()) {
    fail_count(count, wanted.size());
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    const ValType type = i < passed.size() ? passed[i] : ValType::ref(AbsHeap::Exn, false);
    if (!matches(type, wanted[i])) {
      fail_type(type, wanted[i]);
      return false;
    }
  }
  return true;
}

template <class Sink>
void FuncReader<Sink>::exec_try_table() {
  FuncType type;
  if (!block_type(instr_.block, type)) return;
  size_t most_passed = 0;
  for (const CatchClause& clause : instr_.catches) {
    if (!check_catch(clause)) return;
    most_passed = std::max<size_t>(most_passed, label(clause.label)->arity());
  }
  reserve(most_passed);  // the sink may use slots above top for what clauses pass
  Frame* frame = enter(FrameKind::TryTable, type);
  if (frame == nullptr) return;
  tell<Category::Exception>([&](auto& sink) { sink.try_table(*frame, instr_.catches); });
  for (const CatchClause& clause : instr_.catches) reach(s_.frame(clause.label + 1));
}

template <class Sink>
void FuncReader<Sink>::exec_throw() {
  const FuncType* type = tag_type(instr_.index);
  if (type == nullptr) return;
  Slot* args = take(type->params());
  if (args == nullptr) return;
  tell<Category::Exception>([&](auto& sink) { sink.throw_(instr_.index, *type, args); });
  mark_dead();
}

template <class Sink>
void FuncReader<Sink>::exec_throw_ref() {
  Slot* args = take_each(kExnRef);
  if (args == nullptr) return;
  tell<Category::Exception>([&](auto& sink) { sink.throw_ref(args); });
  mark_dead();
}

template <class Sink>
void FuncReader<Sink>::exec_try() {
  FuncType type;
  if (!block_type(instr_.block, type)) return;
  Frame* frame = enter(FrameKind::Try, type);
  if (frame == nullptr) return;
  tell<Category::LegacyException>([&](auto& sink) { sink.try_(*frame); });
}

// The part before has been checked and told; now the handler's operands are its only ones.
template <class Sink>
void FuncReader<Sink>::start_handler(FrameKind kind, std::span<const ValType> params) {
  Frame& frame = s_.innermost();
  frame.end_reached |= s_.live;
  frame.kind = kind;
  frame.unreachable = false;
  s_.live = frame.live_at_entry;
  undo_inits(frame.init_mark);
  pop_push(s_.floor, params);
}

template <class Sink>
void FuncReader<Sink>::exec_catch() {
  Frame& frame = s_.innermost();
  if (!require(frame.kind == FrameKind::Try || frame.kind == FrameKind::Catch,
               ErrorKind::CatchWithoutTry)) {
    return;
  }
  const FuncType* type = tag_type(instr_.index);
  if (type == nullptr || !check_results()) return;
  reserve(type->param_count);
  const bool previous_live = s_.live;
  if (frame.live_at_entry && !s_.muted) {
    if constexpr (Sink::supports(Category::LegacyException)) {
      sink_.catch_(frame, instr_.index, *type, previous_live);
    }
  }
  start_handler(FrameKind::Catch, type->params());
}

template <class Sink>
void FuncReader<Sink>::exec_catch_all() {
  Frame& frame = s_.innermost();
  if (!require(frame.kind == FrameKind::Try || frame.kind == FrameKind::Catch,
               ErrorKind::CatchWithoutTry)) {
    return;
  }
  if (!check_results()) return;
  const bool previous_live = s_.live;
  if (frame.live_at_entry && !s_.muted) {
    if constexpr (Sink::supports(Category::LegacyException)) {
      sink_.catch_all(frame, previous_live);
    }
  }
  start_handler(FrameKind::CatchAll, {});
}

template <class Sink>
void FuncReader<Sink>::exec_rethrow() {
  Frame* target = label(instr_.index);
  if (target == nullptr) return;
  if (!require(target->kind == FrameKind::Catch || target->kind == FrameKind::CatchAll,
               ErrorKind::DelegateLabel)) {
    return;
  }
  tell<Category::LegacyException>([&](auto& sink) { sink.rethrow(instr_.index); });
  mark_dead();
}

template <class Sink>
void FuncReader<Sink>::exec_delegate() {
  Frame& frame = s_.innermost();
  if (!require(frame.kind == FrameKind::Try, ErrorKind::CatchWithoutTry)) return;
  if (!known(ErrorKind::UnknownLabel, instr_.index, s_.frames.size() - 1)) return;
  if (!check_results()) return;
  const bool fallthrough_live = s_.live;
  if (frame.live_at_entry && !s_.muted) {
    if constexpr (Sink::supports(Category::LegacyException)) {
      sink_.delegate(frame, instr_.index, fallthrough_live);
    }
  }
  leave(frame, fallthrough_live || frame.end_reached);
}

}  // namespace sluice

// The instructions FuncReader's loop treats itself: decoding, the check of operands that are as
// they should be, the call of the sink. Included by func_reader.h only.
//
// Everything here is inlined into the loop, and works on its Cursor only. Whatever is out of the
// ordinary (long numbers, operands that need subtyping, failures) is done by the out-of-line
// functions at the end, which take and return pointers by value. Vector instructions of the same
// shapes have a function of their own.
#pragma once

#include "engine/validate/func_reader.h"

namespace sluice {

template <class Sink>
[[gnu::always_inline]] inline void FuncReader<Sink>::load(Cursor& c) {
  c.p = in_.pos();
  c.end = in_.end();
  c.top = s_.top;
  c.floor = s_.floor;
  c.stop = c.p + std::min(stop_ - c.p, limit_ - c.top);
}

template <class Sink>
[[gnu::always_inline]] inline void FuncReader<Sink>::save(const Cursor& c) {
  in_.set_pos(c.p);
  s_.top = c.top;
}

// A rule outside the loop; false also where the other loop must go on. After a failure there is
// nothing left to read, which ends the loop too.
template <class Sink>
template <bool kToSink, void (FuncReader<Sink>::*kRule)()>
[[gnu::always_inline]] inline bool FuncReader<Sink>::rule(Cursor& c) {
  save(c);
  if constexpr (Sink::kWantsState) s_.next_pos = nullptr;
  (this->*kRule)();
  if constexpr (kToSink) {
    if (!to_sink() && !live_after_ends()) return false;
  } else {
    if (done_ || to_sink()) return false;
  }
  load(c);
  return true;
}

// Blocks without parameters and results, as most are: here, or by the rule if anything is unusual.
template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::is_empty_type(const Cursor& c) const {
  constexpr uint8_t kEmpty = 0x40;
  return (kToSink || c.p != c.end) && *c.p == kEmpty;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::block(Cursor& c) {
  if (!is_empty_type<kToSink>(c)) [[unlikely]]
    return rule<kToSink, &FuncReader::exec_block>(c);
  ++c.p;
  sync_control(c);
  Frame& frame = push_frame(FrameKind::Block, c.top);
  c.floor = c.top;
  if constexpr (kToSink) sink_.block(frame);
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::if_(Cursor& c) {
  if (!is_empty_type<kToSink>(c) || c.top == c.floor || c.top[-1].type != kI32) [[unlikely]]
    return rule<kToSink, &FuncReader::exec_if>(c);
  ++c.p;
  --c.top;
  sync_control(c);
  Frame& frame = push_frame(FrameKind::If, c.top);
  c.floor = c.top;
  if constexpr (kToSink) sink_.if_(frame, c.top);
  return true;
}

// To a label that takes no values. Behind it is dead code, if only the ends of blocks.
template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::br(Cursor& c) {
  const uint32_t depth = kToSink ? *c.p : 0x80u;
  if (depth >= 0x80 || depth >= s_.frames.size() || s_.frame(depth).arity() != 0) [[unlikely]]
    return rule<kToSink, &FuncReader::exec_br>(c);
  ++c.p;
  sync_control(c);
  Frame& target = s_.frame(depth);
  sink_.br(target, depth);
  target.end_reached |= target.kind != FrameKind::Loop;
  s_.innermost().unreachable = true;
  s_.live = false;
  c.top = c.floor;
  save(c);
  if (!live_after_ends()) return false;
  load(c);
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::br_if(Cursor& c) {
  const uint32_t depth = kToSink || c.p != c.end ? *c.p : 0x80u;
  const bool is_known = depth < 0x80 && depth < s_.frames.size();
  if (!is_known || c.top == c.floor || c.top[-1].type != kI32) [[unlikely]] {
    return rule<kToSink, &FuncReader::exec_br_if>(c);
  }
  Frame& target = s_.frame(depth);
  if (target.arity() != 0) [[unlikely]]
    return rule<kToSink, &FuncReader::exec_br_if>(c);
  ++c.p;
  sync_control(c);
  if constexpr (kToSink) {
    sink_.br_if(target, depth, c.top - 1);
    target.end_reached |= target.kind != FrameKind::Loop;
  }
  --c.top;
  return true;
}

// The end of a block, where code falls through.
template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::end(Cursor& c) {
  Frame& frame = s_.innermost();
  if (!kToSink || !is_plain_end(frame, c.top)) return rule<kToSink, &FuncReader::exec_end>(c);
  sync_control(c);
  sink_.end(frame, true);
  pop_frame();
  c.floor = s_.floor;
  return true;
}

// A call with one to four arguments of just the types it wants and at most one result. No branch
// depends on how many there are, nor on how long the callee's number is: that is hard to predict.
template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::call(Cursor& c) {
  const Number func = short_leb(c.p, c.end);
  if (func.next == nullptr || func.value >= func_count_) [[unlikely]]
    return rule<kToSink, &FuncReader::exec_call>(c);
  const FuncType& type = module_.types[raw(func_types_[func.value])].func;
  const uint32_t last = type.param_count - 1;
  if (last > 3 || type.result_count > 1 || c.top - c.floor <= last) [[unlikely]]
    return rule<kToSink, &FuncReader::exec_call>(c);
  Slot* const args = c.top - type.param_count;
  // min(i, last): a table, as a compiler makes branches of the function.
  static constexpr uint8_t kLooked[4][4] = {{0, 0, 0, 0}, {0, 1, 1, 1}, {0, 1, 2, 2}, {0, 1, 2, 3}};
  const auto difference = [&](uint32_t i) {
    const uint32_t arg = kLooked[last][i];
    return args[arg].type.bits() ^ type.types[arg].bits();
  };
  if ((difference(0) | difference(1) | difference(2) | difference(3)) != 0) [[unlikely]]
    return rule<kToSink, &FuncReader::exec_call>(c);
  c.p = func.next;
  sync_control(c);
  if constexpr (kToSink) sink_.call(static_cast<uint32_t>(func.value), type, args);
  args->type = type.types[last + type.result_count];  // the result's, if there is one
  c.top = args + type.result_count;
  return true;
}

// After a slow check of operands, which may have moved the stack.
template <class Sink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::took(Cursor& c, Slot* top) {
  if (top == nullptr) return false;
  c.top = top;
  c.floor = s_.floor;
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline uint32_t FuncReader<Sink>::read_u32(Cursor& c) {
  if ((kToSink || c.p != c.end) && *c.p < 0x80) [[likely]]
    return *c.p++;
  const Number n = long_u32(c.p);
  c.p = n.next;
  return static_cast<uint32_t>(n.value);
}

// A local's index: one that a local.get may not have, if it is one, is a failure.
template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::read_local(Cursor& c, bool is_get,
                                                                uint32_t& local) {
  local = kToSink || c.p != c.end ? *c.p : plain_locals_;
  if (local < plain_locals_) [[likely]] {
    ++c.p;
    return true;
  }
  const Number n = any_local(c.p, is_get);
  local = static_cast<uint32_t>(n.value);
  c.p = n.next;
  return n.next != nullptr;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::local_get(Cursor& c) {
  uint32_t local;
  if (!read_local<kToSink>(c, true, local)) [[unlikely]]
    return false;
  *c.top = s_.local_slot(local);
  if constexpr (kToSink) {
    if (!sink_.takes_local(c.top)) [[unlikely]] {
      sync(c);
      sink_.local_get(local, c.top);
    }
  }
  ++c.top;
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::local_set(Cursor& c, uint8_t code) {
  uint32_t local;
  if (!read_local<kToSink>(c, false, local)) [[unlikely]]
    return false;
  if (c.top == c.floor || c.top[-1].type != s_.local_slot(local).type) [[unlikely]] {
    if (!took(c, take_local(c.top, local))) return false;
  }
  sync(c);
  const bool is_tee = code == code_of(Op::LocalTee);
  Slot* const arg = c.top - 1;
  c.top = arg + is_tee;
  if constexpr (kToSink) sink_.local_set(local, arg, is_tee);
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::global_get(Cursor& c) {
  const uint32_t global = read_u32<kToSink>(c);
  if (!known(ErrorKind::UnknownGlobal, global, global_count_)) return false;
  c.top->type = globals_[global].type.type;
  sync(c);
  if constexpr (kToSink) sink_.global_get(global, c.top);
  ++c.top;
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::global_set(Cursor& c) {
  const uint32_t global = read_u32<kToSink>(c);
  if (!known(ErrorKind::UnknownGlobal, global, global_count_)) return false;
  const GlobalType& type = globals_[global].type;
  if (!require(type.is_mutable, ErrorKind::ImmutableGlobal)) return false;
  if (c.top == c.floor || c.top[-1].type != type.type) [[unlikely]] {
    if (!took(c, take_one(c.top, type.type))) return false;
  }
  sync(c);
  if constexpr (kToSink) sink_.global_set(global, c.top - 1);
  --c.top;
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline void FuncReader<Sink>::integer(Cursor& c, uint8_t code) {
  static_assert(static_cast<int>(ValKind::I64) - static_cast<int>(ValKind::I32) == 1);
  const bool is_64 = code == code_of(Op::I64Const);
  int64_t value = 0;
  const uint8_t* next = nullptr;
  // How long it is, is hard to predict: if that is all that matters, no branch asks.
  if constexpr (!Sink::kWantsState) next = skip_short_leb(c.p, c.end);
  if (next != nullptr) [[likely]] {
    c.p = next;
  } else if ((kToSink || c.p != c.end) && *c.p < 0x80) [[likely]] {
    value = static_cast<int64_t>(uint64_t{*c.p++} << 57) >> 57;
  } else {
    const Number n = long_signed(c.p, is_64);
    c.p = n.next;
    value = static_cast<int64_t>(n.value);
  }
  c.top->type = static_cast<ValKind>(static_cast<int>(ValKind::I32) + code - kIntegerCodes.first);
  sync_constant(c);
  if constexpr (kToSink) {
    sink_.int_const(c.top, static_cast<uint64_t>(value) & ~uint64_t{0} >> (is_64 ? 0 : 32));
  }
  ++c.top;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::f32_const(Cursor& c) {
  uint32_t bits;
  if (static_cast<size_t>(c.end - c.p) < sizeof bits) [[unlikely]] {
    in_.fail(ErrorKind::UnexpectedEnd, in_.end_offset());
    return false;
  }
  std::memcpy(&bits, c.p, sizeof bits);
  c.p += sizeof bits;
  c.top->type = kF32;
  sync_constant(c);
  if constexpr (kToSink) sink_.f32_const(c.top, bits);
  ++c.top;
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::f64_const(Cursor& c) {
  uint64_t bits;
  if (static_cast<size_t>(c.end - c.p) < sizeof bits) [[unlikely]] {
    in_.fail(ErrorKind::UnexpectedEnd, in_.end_offset());
    return false;
  }
  std::memcpy(&bits, c.p, sizeof bits);
  c.p += sizeof bits;
  c.top->type = kF64;
  sync_constant(c);
  if constexpr (kToSink) sink_.f64_const(c.top, bits);
  ++c.top;
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::drop(Cursor& c) {
  if (c.top == c.floor) [[unlikely]] {
    if (!took(c, take_any(c.top))) return false;
  }
  sync(c);
  if constexpr (kToSink) sink_.drop(c.top - 1);
  --c.top;
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::select(Cursor& c) {
  if (c.top - c.floor < 3 || c.top[-1].type != kI32 || c.top[-2].type != c.top[-3].type ||
      !c.top[-3].type.is_numeric_or_vector()) [[unlikely]] {
    if (!took(c, take_select(c.top))) return false;
  }
  sync(c);
  if constexpr (kToSink) sink_.select(c.top - 3, c.top[-3].type);
  c.top -= 2;
  return true;
}

// One operand or two. If it is one, it is the first and the last. All of their check is one
// condition, which may look below the floor.
template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::numeric(Cursor& c, const FastRow& row,
                                                             uint32_t pops) {
  Slot* args = c.top - pops;
  const uint32_t wrong = (c.top[-1].type.bits() ^ row.last) | (args->type.bits() ^ row.first);
  if (wrong != 0 || args < c.floor) [[unlikely]] {
    if (!took(c, take_numeric(c.top, row))) return false;
    args = c.top - pops;
  }
  sync(c);
  if constexpr (kToSink) {
    if (pops == 2) {
      sink_.binary(row.op, args);
    } else {
      sink_.unary(row.op, args);
    }
  }
  args->type = static_cast<ValKind>(row.result);
  c.top = args + 1;
  return true;
}

// A load pops the address and pushes a value, a store pops both. False, with nothing done, where
// anything is out of the ordinary: here are accesses of memory 0 at a small offset. Where the
// body's last byte is known to be `end`, an offset follows an alignment that is not too large.
template <class Sink>
template <bool kToSink, bool kVector>
[[gnu::always_inline]] inline bool FuncReader<Sink>::access(Cursor& c, const FastRow& row,
                                                            uint32_t pops) {
  static_assert(kAlignmentsAreNoEnd);
  if ((!kToSink && c.end - c.p < 2) || c.p[0] > row.align_log2) [[unlikely]]
    return false;
  MemArg mem;  // that it may be aligned is of no use to a sink
  mem.offset = c.p[1];
  const uint8_t* next = c.p + 2;
  if (mem.offset >= 0x80) [[unlikely]] {
    const Number n = short_leb(c.p + 1, c.end);
    if (n.next == nullptr) [[unlikely]]
      return false;
    mem.offset = n.value;
    next = n.next;
  }
  Slot* const args = c.top - pops;
  // What a store stores. A load's last operand is its first: checked by the other half.
  const uint32_t stored = (c.top[-1].type.bits() ^ row.last) & (1u - pops);
  const uint32_t wrong = stored | (args->type.bits() ^ address0_.bits());
  if (wrong != 0 || args < c.floor) [[unlikely]]
    return false;
  c.p = next;
  sync(c);
  const bool is_store = pops == 2;
  if constexpr (kVector) {
    if (is_store) {
      sink_.simd_store(row.op, mem, args);
    } else {
      sink_.simd_load(row.op, mem, args);
    }
  } else if constexpr (kToSink) {
    if (is_store) {
      sink_.store(row.op, mem, args);
    } else {
      sink_.load(row.op, mem, args);
    }
  }
  args->type = static_cast<ValKind>(row.result);  // above top if it is a store
  c.top = args + (2 - pops);
  return true;
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::access_any(Cursor& c, uint8_t code) {
  const FastRow& row = kFastRows[code];
  bool done;
  if constexpr (kTellsApart && kToSink) {
    done = kLoadCodes.has(code) ? access<kToSink>(c, row, 1) : access<kToSink>(c, row, 2);
  } else {
    done = access<kToSink>(c, row, row.pops);
  }
  return done || rule<kToSink, &FuncReader::step>(c);
}

// One vector operand or two, or one and a number. False, with nothing done: something is out of the
// ordinary, here and below.
template <class Sink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::vector_numeric(Cursor& c, const FastRow& row) {
  Slot* const args = c.top - row.pops;
  const uint32_t wrong = (c.top[-1].type.bits() ^ row.last) | (args->type.bits() ^ row.first);
  if (wrong != 0 || args < c.floor) [[unlikely]]
    return false;
  sync(c);
  sink_.simd(row.op, args);
  args->type = static_cast<ValKind>(row.result);
  c.top = args + 1;
  return true;
}

// Constants, shuffles and single lanes.
template <class Sink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::vector_immediate(Cursor& c,
                                                                      const FastRow& row) {
  const uint8_t* const bytes = c.p;
  const bool is_lane = row.shape == FastShape::Lane;
  const size_t size = is_lane ? 1 : 16;
  if (static_cast<size_t>(c.end - c.p) < size) return false;
  Slot* const args = c.top - row.pops;
  if (row.pops != 0) {
    if (c.top - c.floor < row.pops || c.top[-1].type.bits() != row.last ||
        args->type.bits() != row.first) {
      return false;
    }
    uint64_t numbers[2] = {*bytes, 0};
    if (!is_lane) std::memcpy(numbers, bytes, sizeof numbers);
    const uint64_t too_large = is_lane ? ~uint64_t{0} << (4 - row.align_log2) : kNoLaneOfTwo;
    if (((numbers[0] | numbers[1]) & too_large) != 0) return false;
  }
  c.p += size;
  sync(c);
  if (is_lane) {
    sink_.simd_lane(row.op, *bytes, args);
  } else if (row.shape == FastShape::Shuffle) {
    sink_.simd_shuffle(bytes, args);
  } else {
    sink_.v128_const(bytes, args);
  }
  args->type = static_cast<ValKind>(row.result);
  c.top = args + 1;
  return true;
}

// The instruction whose prefix is before `p`. `next` is null, with nothing done, where anything is
// out of the ordinary.
template <class Sink>
auto FuncReader<Sink>::exec_vector(const uint8_t* p, Slot* top) -> Passed {
  Cursor c{p, in_.end(), nullptr, top, s_.floor};
  if (c.end - p < 2 || !module_.features.has(Feature::Simd)) [[unlikely]]
    return {};
  // Whether a code has one byte or two is hard to predict: no branch asks.
  const uint32_t is_long = p[0] >> 7;
  const uint32_t code = (p[0] & 0x7fu) | (uint32_t{p[1]} << 7 & (0 - is_long));
  if (code >= kVectorRows.size()) [[unlikely]]
    return {};
  const FastRow& row = kVectorRows[code];
  c.p += 1 + is_long;
  bool done = false;
  switch (row.shape) {
  case FastShape::Unary:
  case FastShape::Binary: done = vector_numeric(c, row); break;
  case FastShape::Load: done = access<true, true>(c, row, 1); break;
  case FastShape::Store: done = access<true, true>(c, row, 2); break;
  case FastShape::Const:
  case FastShape::Shuffle:
  case FastShape::Lane: done = vector_immediate(c, row); break;
  default: break;
  }
  return {done ? c.p : nullptr, c.top};
}

template <class Sink>
template <bool kToSink>
[[gnu::always_inline]] inline bool FuncReader<Sink>::vector(Cursor& c) {
  if constexpr (kToSink && Sink::supports(Category::Simd) && Sink::supports(Category::SimdMem)) {
    const Passed passed = exec_vector(c.p, c.top);
    if (passed.next != nullptr) [[likely]] {
      c.p = passed.next;
      c.top = passed.top;
      return true;
    }
  }
  return rule<kToSink, &FuncReader::step>(c);
}

// --- Out of line -------------------------------------------------------------------------------

template <class Sink>
typename FuncReader<Sink>::Number FuncReader<Sink>::long_u32(const uint8_t* p) {
  const Number n = short_leb(p, in_.end());
  if (n.next != nullptr) [[likely]]
    return n;
  in_.set_pos(p);
  const uint32_t value = in_.read_u32();
  return {value, in_.pos()};
}

// `next` is null after a failure.
template <class Sink>
typename FuncReader<Sink>::Number FuncReader<Sink>::any_local(const uint8_t* p, bool is_get) {
  const Number n = long_u32(p);
  if (in_.failed()) return {0, nullptr};
  if (!known(ErrorKind::UnknownLocal, n.value, s_.local_types.size())) return {0, nullptr};
  if (is_get && s_.local_slot(static_cast<uint32_t>(n.value)).type.is_bottom()) {
    fail_index(ErrorKind::UninitializedLocal, n.value);
    return {0, nullptr};
  }
  return n;
}

template <class Sink>
typename FuncReader<Sink>::Number FuncReader<Sink>::long_signed(const uint8_t* p, bool is_64) {
  const Number n = medium_signed_leb(p, in_.end());
  if (n.next != nullptr) [[likely]] {
    const auto value = static_cast<int64_t>(n.value);
    const bool fits_32 = value == static_cast<int32_t>(value) && n.next - p <= 5;
    if (is_64 || fits_32) [[likely]]
      return n;
  }
  in_.set_pos(p);
  const int64_t read = is_64 ? in_.read_s64() : in_.read_s32();
  return {static_cast<uint64_t>(read), in_.pos()};
}

template <class Sink>
bool FuncReader<Sink>::has_feature(Op op) {
  if (module_.features.has(op_info(op).feature)) return true;
  fail(ErrorKind::FeatureDisabled, String(op_info(op).mnemonic));
  return false;
}

template <class Sink>
typename FuncReader<Sink>::Slot* FuncReader<Sink>::take_any(Slot* top) {
  s_.top = top;
  return need(1) ? s_.top : nullptr;
}

}  // namespace sluice

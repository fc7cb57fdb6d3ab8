// FuncReader<Sink>: the one loop that decodes and validates a function body (spec 3.4, 5.4.9) and
// hands its instructions to a sink. See sink.h for what a sink is told.
//
// The loop below holds cursor and stack top in registers and treats the frequent one-byte opcodes
// by shape (fast_rows.h); all else goes through step() and the rules_*.h. Between instructions all
// state is in members, so reading stops where the bytes do and goes on when there are more; what is
// found does not depend on where that was. An error stops everything: it moves the cursor to the
// end, which both loops test. Offsets of errors: ill-formed immediates have their own byte's, all
// else the instruction's.
#pragma once

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <utility>

#include "engine/base/result.h"
#include "engine/binary/byte_reader.h"
#include "engine/binary/immediates.h"
#include "engine/validate/control_stack.h"
#include "engine/validate/fast_rows.h"
#include "engine/wasm/limits.h"

namespace sluice {

/// The reference type below all others: what a null check makes of an operand of type Bottom.
/// Occurs on the operand stack of unreachable code only.
inline constexpr ValType kRefBottom = ValType::ref(HeapType::from_bits(0x1f), false);

/// Categories that every sink must take: the loop does not ask.
template <class Sink>
inline constexpr bool kTakesBasics =
    Sink::supports(Category::Control) && Sink::supports(Category::Parametric) &&
    Sink::supports(Category::Variable) && Sink::supports(Category::Const) &&
    Sink::supports(Category::IntUnary) && Sink::supports(Category::IntBinary) &&
    Sink::supports(Category::IntCompare) && Sink::supports(Category::Convert) &&
    Sink::supports(Category::FloatUnary) && Sink::supports(Category::FloatBinary) &&
    Sink::supports(Category::FloatCompare) && Sink::supports(Category::Load) &&
    Sink::supports(Category::Store) && Sink::supports(Category::Call);

/// Details of the messages about operands, out of line; not for sinks.
String mismatch_detail(ValType have, ValType want);
String count_detail(uint64_t have, uint64_t want);

template <class Sink>
class FuncReader {
 public:
  using State = ReaderState<Sink>;
  using Slot = typename State::Slot;
  using Frame = typename State::Frame;

  /// `module_bytes`: where the module starts; bytes up to the body must be there. All sections
  /// before the code section must be complete in `module`. `state` is reused from body to body, and
  /// all five outlive the reader.
  FuncReader(const Module& module, const FuncBody& body, const uint8_t* module_bytes, State& state,
             Sink& sink);

  /// Reads the whole body, which must be there. Malformed, Invalid and Limit errors are the first
  /// in the body; NotCompiled is returned only if there is none.
  Result<void> run();
  /// Reads as far as the module's first `available` bytes go, which are never fewer than before.
  /// True: the body is done, and nothing is left to call. Only for sinks that do not look ahead in
  /// the body.
  Result<bool> advance(uint64_t available);

 private:
  static_assert(kTakesBasics<Sink>);
  static constexpr size_t kStretch = 64;  // the loop tests for room at least so many bytes ahead
  static constexpr size_t kMostSlots = kMaxOperands + kStretch;
  // No instruction that the loop itself decodes is as long: none of them runs out of bytes.
  static constexpr ptrdiff_t kMargin = 32;

  // Does the sink tell loads from stores, and one operand from two? Else a branch on that is
  // spared.
  static constexpr bool kTellsApart = Sink::kWantsState;

  using Number = LebNumber;

  // The loop's copy of cursor and stack, kept in registers: it must never have its address taken by
  // what isn't inlined.
  struct Cursor {
    const uint8_t* p;
    const uint8_t* end;
    const uint8_t* stop;
    Slot* top;
    Slot* floor;
  };

  // --- The loops.
  bool read(const uint8_t* end);
  bool starved();
  void read_locals();
  void enter_function();
  template <bool kToSink>
  [[gnu::noinline]] void loop();
  void step();
  void exec_special();
  void exec_signature(const OpInfo& info);
  Result<void> result();

  // --- What the sink may be told.
  bool to_sink() const { return s_.live && !s_.muted; }
  template <Category kCategory, class Call>
  void tell(Call call) {
    if (!to_sink()) return;
    if constexpr (Sink::supports(kCategory)) {
      call(sink_);
    } else {
      not_compiled();
    }
  }
  [[gnu::cold, gnu::noinline]] void not_compiled() {
    s_.muted = true;
    not_compiled_pos_ = s_.instr_pos;
  }

  // --- Failures; all cold.
  [[gnu::cold, gnu::noinline]] void fail(ErrorKind kind) { in_.fail(kind, s_.instr_offset()); }
  [[gnu::cold, gnu::noinline]] void fail(ErrorKind kind, String detail) {
    in_.fail(kind, s_.instr_offset(), std::move(detail));
  }
  [[gnu::cold, gnu::noinline]] void fail_index(ErrorKind kind, uint64_t index) {
    in_.fail(kind, s_.instr_offset(), decimal(index));
  }
  [[gnu::cold, gnu::noinline]] void fail_type(ValType have, ValType want) {
    in_.fail(ErrorKind::TypeMismatch, s_.instr_offset(), mismatch_detail(have, want));
  }
  [[gnu::cold, gnu::noinline]] void fail_count(uint64_t have, uint64_t want) {
    in_.fail(ErrorKind::TypeMismatch, s_.instr_offset(), count_detail(have, want));
  }
  bool known(ErrorKind kind, uint64_t index, size_t count) {
    if (index < count) [[likely]]
      return true;
    fail_index(kind, index);
    return false;
  }
  bool require(bool condition, ErrorKind kind) {
    if (!condition) [[unlikely]]
      fail(kind);
    return condition;
  }

  // --- Numbers of the loop: one byte inline there, the rest here.
  [[gnu::noinline]] Number long_u32(const uint8_t* p);
  [[gnu::noinline]] Number long_signed(const uint8_t* p, bool is_64);
  // Signed numbers of up to eight bytes, with eight to read.
  static Number medium_signed_leb(const uint8_t* p, const uint8_t* end) {
    uint64_t word;
    if (static_cast<size_t>(end - p) < sizeof word) return {0, nullptr};
    std::memcpy(&word, p, sizeof word);
    const uint64_t stops = ~word & 0x8080'8080'8080'8080u;
    if (stops == 0) return {0, nullptr};
    const auto bytes = static_cast<uint32_t>(std::countr_zero(stops) >> 3) + 1;
    // Groups of seven bits move together: two by two, then four by four.
    uint64_t value = word & 0x7f7f'7f7f'7f7f'7f7fu;
    value = (value & 0x007f'007f'007f'007fu) | (value & 0x7f00'7f00'7f00'7f00u) >> 1;
    value = (value & 0x0000'3fff'0000'3fffu) | (value & 0x3fff'0000'3fff'0000u) >> 2;
    value = (value & 0x0fff'ffffu) | (value & 0x0fff'ffff'0000'0000u) >> 4;
    const uint32_t unused = 64 - 7 * bytes;
    value = static_cast<uint64_t>(static_cast<int64_t>(value << unused) >> unused);
    return {value, p + bytes};
  }
  // An index of a rule outside the loop.
  uint32_t read_index() { return in_.read_any_u32(); }

  // --- The loop's instructions (fast_rules.h). False: stop.
  void load(Cursor& c);
  void save(const Cursor& c);
  void sync(const Cursor& c) {
    if constexpr (Sink::kWantsState) {
      s_.top = c.top;
      s_.next_pos = c.p;
    }
  }
  // The same for a constant, which most sinks take without.
  void sync_constant(const Cursor& c) {
    if (!sink_.takes_constants()) [[unlikely]]
      sync(c);
  }
  // The same where the next instruction does not matter.
  void sync_control(const Cursor& c) {
    if constexpr (Sink::kWantsState) {
      s_.top = c.top;
      s_.next_pos = nullptr;
    }
  }
  bool took(Cursor& c, Slot* top);
  [[gnu::noinline]] bool has_feature(Op op);
  template <bool kToSink>
  uint32_t read_u32(Cursor& c);
  template <bool kToSink>
  bool read_local(Cursor& c, bool is_get, uint32_t& local);
  [[gnu::noinline]] Number any_local(const uint8_t* p, bool is_get);
  template <bool kToSink, void (FuncReader::*kRule)()>
  bool rule(Cursor& c);
  [[gnu::noinline]] bool live_after_ends();
  template <bool kToSink>
  bool is_empty_type(const Cursor& c) const;
  template <bool kToSink>
  bool block(Cursor& c);
  template <bool kToSink>
  bool if_(Cursor& c);
  template <bool kToSink>
  bool br(Cursor& c);
  template <bool kToSink>
  bool br_if(Cursor& c);
  template <bool kToSink>
  bool end(Cursor& c);
  template <bool kToSink>
  bool call(Cursor& c);
  template <bool kToSink>
  bool local_get(Cursor& c);
  template <bool kToSink>
  bool local_set(Cursor& c, uint8_t code);
  template <bool kToSink>
  bool global_get(Cursor& c);
  template <bool kToSink>
  bool global_set(Cursor& c);
  template <bool kToSink>
  void integer(Cursor& c, uint8_t code);
  template <bool kToSink>
  bool f32_const(Cursor& c);
  template <bool kToSink>
  bool f64_const(Cursor& c);
  template <bool kToSink>
  bool drop(Cursor& c);
  template <bool kToSink>
  bool select(Cursor& c);
  template <bool kToSink>
  bool numeric(Cursor& c, const FastRow& row, uint32_t pops);
  template <bool kToSink, bool kVector = false>
  bool access(Cursor& c, const FastRow& row, uint32_t pops);
  template <bool kToSink>
  bool access_any(Cursor& c, uint8_t code);

  static constexpr uint64_t kNoLaneOfTwo = 0xe0e0'e0e0'e0e0'e0e0;  // in numbers below 32: no bit
  bool vector_numeric(Cursor& c, const FastRow& row);
  bool vector_immediate(Cursor& c, const FastRow& row);
  struct Passed {
    const uint8_t* next;
    Slot* top;
  };
  [[gnu::noinline]] Passed exec_vector(const uint8_t* p, Slot* top);
  template <bool kToSink>
  bool vector(Cursor& c);

  // --- Operands. `take` finds the operands of an instruction without popping them: all are there
  // (in unreachable code as many of type Bottom as are missing come into being) and their types
  // match. Returns the first, or null after a failure. `above`: operands above them, checked
  // already.
  bool matches(ValType have, ValType want) const {
    if (have == want || have.is_bottom()) return true;
    if (have == kRefBottom) return want.is_ref();
    return is_subtype_slow(types(), have, want);
  }
  bool check(const Slot& slot, ValType want) {
    if (slot.type == want) [[likely]]
      return true;
    if (matches(slot.type, want)) return true;
    fail_type(slot.type, want);
    return false;
  }
  bool need(uint32_t count) {
    if (static_cast<size_t>(s_.top - s_.floor) >= count) [[likely]]
      return true;
    return make_bottoms(count);
  }
  [[gnu::cold, gnu::noinline]] bool make_bottoms(uint32_t count);
  Slot* take(std::span<const ValType> wanted, uint32_t above = 0) {
    const auto count = static_cast<uint32_t>(wanted.size());
    if (!need(count + above)) return nullptr;
    Slot* args = s_.top - above - count;
    for (uint32_t i = count; i-- > 0;) {
      if (!check(args[i], wanted[i])) return nullptr;
    }
    return args;
  }
  template <class... Types>
  Slot* take_each(Types... wanted) {
    const ValType list[] = {wanted...};
    return take(list);
  }
  // The same for many operands, of the types `type_of` gives to their numbers. What unreachable
  // code lacks of them does not come into being: popping them must cost no more than there are.
  template <class TypeOf>
  Slot* take_many(uint32_t count, TypeOf type_of) {
    const auto have = static_cast<uint32_t>(s_.top - s_.floor);
    if (have < count && !s_.innermost().unreachable) {
      fail_count(have, count);
      return nullptr;
    }
    const uint32_t present = std::min(have, count);
    for (uint32_t i = 1; i <= present; ++i) {
      if (!check(*(s_.top - i), type_of(count - i))) return nullptr;
    }
    return s_.top - present;
  }
  // The last operand, which may be any reference.
  Slot* take_ref();
  // The loop's slow paths: the same, with top as a value. Null after a failure.
  [[gnu::noinline]] Slot* take_any(Slot* top);
  [[gnu::noinline]] Slot* take_one(Slot* top, ValType want);
  [[gnu::noinline]] Slot* take_two(Slot* top, ValType first, ValType second);
  [[gnu::noinline]] Slot* take_numeric(Slot* top, FastRow row);
  [[gnu::noinline]] Slot* take_local(Slot* top, uint32_t local);
  [[gnu::noinline]] Slot* take_select(Slot* top);

  void retype(Slot* first, std::span<const ValType> to) {
    if (to.size() == 1) {  // the loop may become a call of memcpy
      first[0].type = to[0];
      return;
    }
    for (size_t i = 0; i < to.size(); ++i) first[i].type = to[i];
  }
  void pop_to(Slot* args) { s_.top = args; }
  void pop_push(Slot* args, ValType result) {
    args[0].type = result;
    s_.top = args + 1;
  }
  void pop_push(Slot* args, std::span<const ValType> results) {
    retype(args, results);
    s_.top = args + results.size();
  }
  /// Room for `count` operands above top and one more. Moves the stack.
  void reserve(size_t count) {
    if (static_cast<size_t>(limit_ - s_.top) <= count) [[unlikely]]
      grow(count);
  }
  [[gnu::cold, gnu::noinline]] void grow(size_t count);

  // --- Lookups; null or Bottom after a failure.
  std::span<const TypeDef> types() const { return module_.types; }
  const TypeDef* type_at(uint32_t index) {
    return known(ErrorKind::UnknownType, index, module_.types.size()) ? &module_.types[index]
                                                                      : nullptr;
  }
  const FuncType* func_type_at(uint32_t index);
  const FieldType* field_at(uint32_t type_index, uint32_t field);
  const FieldType* array_at(uint32_t type_index);
  ValType ref_to(uint32_t type_index, bool nullable) const {
    return ValType::ref(HeapType(module_.types[type_index].representative), nullable);
  }
  static ValType address_type(const Limits& limits) { return limits.is_64 ? kI64 : kI32; }
  ValType memory_address(uint32_t memory) {
    if (!known(ErrorKind::UnknownMemory, memory, module_.memories.size())) return {};
    return address_type(module_.memories[memory].limits);
  }
  const TableType* table_at(uint32_t table) {
    return known(ErrorKind::UnknownTable, table, module_.tables.size())
               ? &module_.tables[table].type
               : nullptr;
  }
  bool known_data(uint32_t segment);
  bool known_elem(uint32_t segment) {
    return known(ErrorKind::UnknownElem, segment, module_.elems.size());
  }
  bool check_mem_arg(const MemArg& mem, const OpInfo& info);

  // --- Control (rules_control.h).
  bool block_type(const BlockType& block, FuncType& out);
  bool read_block(FuncType& out);
  Frame& push_frame(FrameKind kind, Slot* floor);
  Frame* enter(FrameKind kind, const FuncType& type);
  void mark_dead();
  void undo_inits(uint32_t mark);
  bool check_results();
  bool check_empty_else(const FuncType& type);
  Frame* label(uint32_t depth);
  void reach(Frame& target) {
    if (s_.live && target.kind != FrameKind::Loop) target.end_reached = true;
  }
  void exec_block();
  void exec_loop();
  void exec_if();
  void exec_else();
  void exec_end();
  bool end_plainly();
  bool is_plain_end(const Frame& frame, const Slot* top) const;
  void pop_frame();
  void leave(Frame& frame, bool joined);
  void exec_br();
  void exec_br_if();
  void exec_br_table();
  void exec_return();
  void exec_unreachable();
  void exec_call();
  void exec_call_indirect();
  void exec_call_ref();
  void exec_return_call();
  bool check_tail_results(const FuncType& callee);
  const FuncType* indirect_callee();
  void exec_select_typed();

  // --- Exceptions (rules_exception.h).
  const FuncType* tag_type(uint32_t tag);
  bool check_catch(const CatchClause& clause);
  void exec_try_table();
  void exec_throw();
  void exec_throw_ref();
  void exec_try();
  void start_handler(FrameKind kind, std::span<const ValType> params);
  void exec_catch();
  void exec_catch_all();
  void exec_rethrow();
  void exec_delegate();

  // --- Memory and tables (rules_memory.h).
  void exec_memory_size();
  void exec_memory_grow();
  void exec_memory_fill();
  void exec_memory_copy();
  void exec_memory_init();
  void exec_data_drop();
  void exec_table_get();
  void exec_table_set();
  void exec_table_size();
  void exec_table_grow();
  void exec_table_fill();
  void exec_table_copy();
  void exec_table_init();
  void exec_elem_drop();

  // --- References, aggregates, casts (rules_gc.h).
  void exec_ref_null();
  void exec_ref_is_null();
  void exec_ref_func();
  void exec_ref_as_non_null();
  void exec_br_on_null();
  void exec_br_on_non_null();
  void exec_br_on_cast();
  void exec_gc();
  void finish_gc(Slot* args, ValType result);
  void finish_gc(Slot* args);
  void exec_struct_new();
  void exec_struct_get();
  void exec_struct_set();
  void exec_array_new();
  void exec_array_new_fixed();
  void exec_array_new_segment();
  void exec_array_get();
  void exec_array_set();
  void exec_array_fill();
  void exec_array_copy();
  void exec_array_init();
  bool check_array_segment(const FieldType& field, bool is_data);
  bool check_packing(const FieldType& field, bool plain);
  void exec_ref_test();
  void exec_convert_any();

  // --- SIMD, atomics (func_reader.h).
  void tell_plain(const OpInfo& info, Slot* args);

  const Module& module_;
  TypeScope scope_;
  State& s_;
  Sink& sink_;
  ByteReader in_;
  Slot* limit_ = nullptr;  // end of the operand stack's memory
  const GlobalDecl* globals_;
  uint32_t global_count_;
  uint32_t plain_locals_ = 0;  // locals below have an index of one byte and can always be read
  uint32_t func_count_;
  const TypeIdx* func_types_;  // of each function
  ValType address0_;           // of memory 0; I8, which no operand has, if there is none
  bool done_ = false;          // the function's frame has ended
  const uint8_t* not_compiled_pos_ = nullptr;
  Instr instr_;

  const uint8_t* const body_end_;
  const uint8_t* stop_ = nullptr;       // the loops begin no instruction here or behind
  const uint8_t* resume_at_ = nullptr;  // there is nothing to do before so many bytes are there
  bool is_whole_ = false;               // all bytes of the body are there
  bool entered_ = false;                // its locals are read
};

// ---------------------------------------------------------------------------------------------

template <class Sink>
FuncReader<Sink>::FuncReader(const Module& module, const FuncBody& body,
                             const uint8_t* module_bytes, State& state, Sink& sink)
    : module_(module), scope_(module.types, module.features), s_(state), sink_(sink),
      in_({module_bytes, body.range.offset}, 0), globals_(module.globals.data()),
      global_count_(static_cast<uint32_t>(module.globals.size())),
      func_count_(static_cast<uint32_t>(module.funcs.size())), func_types_(module.funcs.data()),
      address0_(module.memories.empty() ? ValType(ValKind::I8)
                                        : address_type(module.memories[0].limits)),
      body_end_(module_bytes + body.range.offset + body.range.size) {
  s_.module = &module;
  s_.body = body;
  s_.type = &module.func_type(body.func);
  s_.bytes = module_bytes;
  s_.muted = false;
  in_.set_pos(in_.end());
  s_.instr_pos = in_.pos();
}

template <class Sink>
Result<void> FuncReader<Sink>::run() {
  read(body_end_);
  return result();
}

template <class Sink>
Result<bool> FuncReader<Sink>::advance(uint64_t available) {
  const auto body_end = static_cast<uint64_t>(body_end_ - s_.bytes);
  const uint8_t* end = s_.bytes + std::min(available, body_end);
  if (end < resume_at_) return false;
  if (!read(end)) return false;
  TRY_VOID(result());
  return true;
}

// False: more bytes are needed.
template <class Sink>
bool FuncReader<Sink>::read(const uint8_t* end) {
  in_.extend(end);
  is_whole_ = end == body_end_;
  stop_ = is_whole_ ? end : end - std::min(kMargin, end - s_.bytes);
  if (!entered_) {
    read_locals();
    if (starved()) return false;
    entered_ = true;
    if (!in_.failed()) enter_function();
  }
  // A body whose last byte is not `end` is wrong for sure: the careful loop finds out where.
  if (is_whole_ && !in_.at_end() && in_.end()[-1] != kEndByte) s_.muted = true;
  while (!done_ && !in_.failed()) {
    if (in_.pos() >= stop_) {
      if (!is_whole_) return false;
      in_.fail(ErrorKind::EndExpected, in_.end_offset());
    } else if (to_sink()) {
      loop<true>();
    } else {
      loop<false>();
    }
    if (starved()) return false;
  }
  return true;
}

// Did something of unbounded length run out of bytes that are still to come? Then it is read again
// from its start, when twice as much of it is there.
template <class Sink>
bool FuncReader<Sink>::starved() {
  if (is_whole_ || !in_.failed() || in_.error().kind != ErrorKind::UnexpectedEnd) return false;
  resume_at_ = in_.end() + std::min(in_.end() - s_.instr_pos, body_end_ - in_.end());
  in_.recover(s_.instr_pos);
  return true;
}

template <class Sink>
Result<void> FuncReader<Sink>::result() {
  if (!in_.failed() && in_.pos() != body_end_) in_.fail(ErrorKind::BodySize, in_.offset());
  if (in_.failed()) return in_.take_error();
  if (not_compiled_pos_ != nullptr) {
    in_.set_pos(not_compiled_pos_);
    const uint64_t at = in_.offset();
    if (at == s_.body.range.offset) return sluice::fail(ErrorKind::NotCompiled, at, "v128 local");
    return sluice::fail(ErrorKind::NotCompiled, at,
                        String(op_info(read_op(in_, module_.features)).mnemonic));
  }
  return {};
}

template <class Sink>
void FuncReader<Sink>::read_locals() {
  const FuncType& func = *s_.type;
  ValType* params = s_.local_types.resize_for_overwrite(func.param_count);
  for (uint32_t i = 0; i < func.param_count; ++i) params[i] = func.types[i];  // few
  bool all_defaultable = true;
  uint64_t total = func.param_count;
  uint64_t limit_offset = kNoOffset;
  const uint32_t runs = in_.read_u32();
  for (uint32_t i = 0; i < runs && !in_.failed(); ++i) {
    const uint8_t* at = in_.pos();
    const uint32_t count = in_.read_u32();
    const ValType type = read_val_type(in_, scope_);
    if (in_.failed()) return;
    total += count;
    if (total - func.param_count > UINT32_MAX) [[unlikely]]
      return in_.fail(ErrorKind::TooManyLocals, in_.offset_of(at));
    if (total > kMaxLocals) [[unlikely]] {
      limit_offset = std::min(limit_offset, in_.offset_of(at));
      continue;
    }
    // By four, since runs are short and of any length.
    ValType* all = s_.local_types.resize_for_overwrite(total, 3);
    for (ValType* run = all + (total - count); run < all + total; run += 4) {
      run[0] = run[1] = run[2] = run[3] = type;
    }
    if (count != 0) all_defaultable &= type.is_defaultable();
  }
  if (in_.failed()) return;
  if (limit_offset != kNoOffset) return in_.fail(ErrorKind::LocalsLimit, limit_offset);
  const size_t count = s_.local_types.size();
  auto* slots = s_.local_slots.resize_for_overwrite(count);
  auto* slot = slots;
  for (const ValType type : s_.local_types) (slot++)->type = type;
  plain_locals_ = all_defaultable ? static_cast<uint32_t>(std::min<size_t>(count, 0x80)) : 0;
  if (all_defaultable) return;
  for (size_t i = s_.type->param_count; i < count; ++i) {
    if (!s_.local_types[i].is_defaultable()) slots[i].type = ValKind::Bottom;
  }
}

template <class Sink>
void FuncReader<Sink>::enter_function() {
  s_.base = s_.slots.data();
  s_.top = s_.base;
  // Not what an earlier body may have made room for: the limit must not depend on it.
  limit_ = s_.base + std::min(s_.slots.capacity(), kMostSlots + 1);
  reserve(1);
  s_.floor = s_.base;
  s_.frames.clear();
  s_.init_log.clear();
  s_.block_types.reset();
  s_.live = true;
  s_.instr_pos = in_.pos();
  Frame& frame = s_.frames.push();
  frame.kind = FrameKind::Func;
  frame.live_at_entry = true;
  frame.type = FuncType{s_.type->types + s_.type->param_count, 0, s_.type->result_count};
  sink_.begin(s_);
}

// One loop for code the sink is told of, one for the rest; each returns when it isn't its turn. The
// former knows that the last byte is `end`, so that after any other opcode there is a byte to read.
// An instruction takes a byte and adds at most one operand, unless it makes room by itself. So the
// stack's memory suffices until `stop`, and one test serves for both.
template <class Sink>
template <bool kToSink>
void FuncReader<Sink>::loop() {
  reserve(kStretch);
  Cursor c;
  load(c);
  while (c.p < c.stop) {
    const uint8_t code = *c.p;
    const FastRow& row = kFastRows[code];
    s_.instr_pos = c.p++;
    bool ok = true;
    // Most of all instructions, by branches of their own.
    if (code == code_of(Op::LocalGet)) {
      if (!local_get<kToSink>(c)) return;
      continue;
    }
    if (kNumericCodes.has(code)) {
      if (kTellsApart && kToSink
              ? row.pops == 2 ? !numeric<kToSink>(c, row, 2) : !numeric<kToSink>(c, row, 1)
              : !numeric<kToSink>(c, row, row.pops)) {
        return;
      }
      continue;
    }
    if (kIntegerCodes.has(code)) {
      integer<kToSink>(c, code);
      continue;
    }
    if (kAccessCodes.has(code)) {
      if (!access_any<kToSink>(c, code)) return;
      continue;
    }
    if (kVariableCodes.has(code)) {
      if (code <= kLocalSetCodes.last) {
        if (!local_set<kToSink>(c, code)) return;
      } else if (code == code_of(Op::GlobalGet)) {
        if (!global_get<kToSink>(c)) return;
      } else {
        if (!global_set<kToSink>(c)) return;
      }
      continue;
    }
    switch (code) {
    case code_of(Op::Nop): break;
    case code_of(Op::F32Const): ok = f32_const<kToSink>(c); break;
    case code_of(Op::F64Const): ok = f64_const<kToSink>(c); break;
    case code_of(Op::Drop): ok = drop<kToSink>(c); break;
    case code_of(Op::Select): ok = select<kToSink>(c); break;
    case code_of(Op::Block): ok = block<kToSink>(c); break;
    case code_of(Op::Loop): ok = rule<kToSink, &FuncReader::exec_loop>(c); break;
    case code_of(Op::If): ok = if_<kToSink>(c); break;
    case code_of(Op::Else): ok = rule<kToSink, &FuncReader::exec_else>(c); break;
    case code_of(Op::End): ok = end<kToSink>(c); break;
    case code_of(Op::Br): ok = br<kToSink>(c); break;
    case code_of(Op::BrIf): ok = br_if<kToSink>(c); break;
    case code_of(Op::Return): ok = rule<kToSink, &FuncReader::exec_return>(c); break;
    case code_of(Op::Call): ok = call<kToSink>(c); break;
    case kPrefixSimd: ok = vector<kToSink>(c); break;
    default:
      if (kExtendCodes.has(code)) {
        ok = has_feature(row.op) && numeric<kToSink>(c, row, 1);
      } else {
        ok = rule<kToSink, &FuncReader::step>(c);
      }
    }
    if (!ok) return;
  }
  save(c);
}

template <class Sink>
void FuncReader<Sink>::step() {
  in_.set_pos(s_.instr_pos);
  instr_.offset = s_.instr_offset();
  instr_.op = read_op(in_, module_.features);
  if (in_.failed()) return;
  read_immediates(in_, scope_, s_.scratch, instr_);
  if (in_.failed()) return;
  const OpInfo& info = op_info(instr_.op);
  if (info.sig.is_special) {
    exec_special();
  } else {
    exec_signature(info);
  }
}

template <class Sink>
void FuncReader<Sink>::exec_special() {
  switch (instr_.op) {
  case Op::Unreachable: return exec_unreachable();
  case Op::BrTable: return exec_br_table();
  case Op::CallIndirect: return exec_call_indirect();
  case Op::ReturnCall:
  case Op::ReturnCallIndirect:
  case Op::ReturnCallRef: return exec_return_call();
  case Op::CallRef: return exec_call_ref();
  case Op::SelectT: return exec_select_typed();
  case Op::TryTable: return exec_try_table();
  case Op::Throw: return exec_throw();
  case Op::ThrowRef: return exec_throw_ref();
  case Op::Try: return exec_try();
  case Op::Catch: return exec_catch();
  case Op::CatchAll: return exec_catch_all();
  case Op::Rethrow: return exec_rethrow();
  case Op::Delegate: return exec_delegate();
  case Op::MemorySize: return exec_memory_size();
  case Op::MemoryGrow: return exec_memory_grow();
  case Op::MemoryFill: return exec_memory_fill();
  case Op::MemoryCopy: return exec_memory_copy();
  case Op::MemoryInit: return exec_memory_init();
  case Op::DataDrop: return exec_data_drop();
  case Op::TableGet: return exec_table_get();
  case Op::TableSet: return exec_table_set();
  case Op::TableSize: return exec_table_size();
  case Op::TableGrow: return exec_table_grow();
  case Op::TableFill: return exec_table_fill();
  case Op::TableCopy: return exec_table_copy();
  case Op::TableInit: return exec_table_init();
  case Op::ElemDrop: return exec_elem_drop();
  case Op::RefNull: return exec_ref_null();
  case Op::RefIsNull: return exec_ref_is_null();
  case Op::RefFunc: return exec_ref_func();
  case Op::RefAsNonNull: return exec_ref_as_non_null();
  case Op::BrOnNull: return exec_br_on_null();
  case Op::BrOnNonNull: return exec_br_on_non_null();
  case Op::BrOnCast:
  case Op::BrOnCastFail: return exec_br_on_cast();
  default: return exec_gc();
  }
}

// Instructions whose row states their types: vectors, atomics, accesses out of the ordinary, and
// the rarer numeric ones.
template <class Sink>
void FuncReader<Sink>::exec_signature(const OpInfo& info) {
  ValType wanted[4];
  for (uint32_t i = 0; i < info.sig.param_count; ++i) wanted[i] = info.sig.params[i];
  if (info.imm == Imm::MemArg || info.imm == Imm::MemArgLane) {
    if (!check_mem_arg(instr_.mem, info)) return;
    wanted[0] = memory_address(raw(instr_.mem.memory));
  }
  if (info.lanes != 0 && instr_.lane >= info.lanes) {
    return fail_index(ErrorKind::InvalidLaneIndex, instr_.lane);
  }
  if (info.imm == Imm::Shuffle) {
    for (const uint8_t lane : instr_.bytes) {
      if (lane >= 32) return fail_index(ErrorKind::InvalidLaneIndex, lane);
    }
  }
  Slot* args = take(std::span<const ValType>(wanted, info.sig.param_count));
  if (args == nullptr) return;
  s_.next_pos = in_.pos();
  tell_plain(info, args);
  s_.next_pos = nullptr;
  for (uint32_t i = 0; i < info.sig.result_count; ++i) args[i].type = info.sig.results[i];
  s_.top = args + info.sig.result_count;
}

template <class Sink>
void FuncReader<Sink>::tell_plain(const OpInfo& info, Slot* args) {
  const Op op = instr_.op;
  switch (info.category) {
  case Category::Convert: return tell<Category::Convert>([&](auto& sink) { sink.unary(op, args); });
  case Category::Load:
    return tell<Category::Load>([&](auto& sink) { sink.load(op, instr_.mem, args); });
  case Category::Store:
    return tell<Category::Store>([&](auto& sink) { sink.store(op, instr_.mem, args); });
  case Category::WideArithmetic:
    return tell<Category::WideArithmetic>([&](auto& sink) { sink.wide(op, args); });
  case Category::Simd:
    return tell<Category::Simd>([&](auto& sink) {
      switch (info.imm) {
      case Imm::V128: return sink.v128_const(instr_.bytes.data(), args);
      case Imm::Shuffle: return sink.simd_shuffle(instr_.bytes.data(), args);
      case Imm::Lane: return sink.simd_lane(op, instr_.lane, args);
      default: return sink.simd(op, args);
      }
    });
  case Category::SimdMem:
    return tell<Category::SimdMem>([&](auto& sink) {
      if (info.imm == Imm::MemArgLane) {
        return sink.simd_mem_lane(op, instr_.mem, instr_.lane, args);
      }
      if (info.sig.result_count != 0) return sink.simd_load(op, instr_.mem, args);
      return sink.simd_store(op, instr_.mem, args);
    });
  case Category::Atomic:
    return tell<Category::Atomic>([&](auto& sink) {
      if (info.imm == Imm::AtomicFence) return sink.atomic_fence();
      return sink.atomic(op, instr_.mem, args);
    });
  default: UNREACHABLE("a row with a signature that the loop does not treat");
  }
}

// --- Operands ----------------------------------------------------------------------------------

template <class Sink>
bool FuncReader<Sink>::make_bottoms(uint32_t count) {
  const auto have = static_cast<uint32_t>(s_.top - s_.floor);
  if (!s_.innermost().unreachable) {
    fail_count(have, count);
    return false;
  }
  const uint32_t missing = count - have;
  reserve(missing);
  for (uint32_t i = have; i-- > 0;) s_.floor[missing + i] = s_.floor[i];
  for (uint32_t i = 0; i < missing; ++i) s_.floor[i].type = ValKind::Bottom;
  s_.top += missing;
  return true;
}

template <class Sink>
void FuncReader<Sink>::grow(size_t count) {
  const auto used = static_cast<size_t>(s_.top - s_.base);
  const auto floor = s_.floor - s_.base;
  // One past the limit an instruction still gets its room; it is the last one.
  if (used + count > kMostSlots) fail(ErrorKind::OperandsLimit);
  const auto before = reinterpret_cast<uintptr_t>(s_.base);
  s_.slots.grow(used, used + count + 1, kMostSlots + 1);
  s_.base = s_.slots.data();
  if constexpr (Sink::kWantsState) {
    sink_.stack_moved(reinterpret_cast<uintptr_t>(s_.base) - before);
  }
  s_.floor = s_.base + floor;
  s_.top = s_.base + used;
  limit_ = s_.base + s_.slots.capacity();
}

template <class Sink>
typename FuncReader<Sink>::Slot* FuncReader<Sink>::take_one(Slot* top, ValType want) {
  s_.top = top;
  return take_each(want) != nullptr ? s_.top : nullptr;
}

template <class Sink>
typename FuncReader<Sink>::Slot* FuncReader<Sink>::take_two(Slot* top, ValType first,
                                                            ValType second) {
  s_.top = top;
  return take_each(first, second) != nullptr ? s_.top : nullptr;
}

template <class Sink>
typename FuncReader<Sink>::Slot* FuncReader<Sink>::take_numeric(Slot* top, FastRow row) {
  const ValType first = static_cast<ValKind>(row.first);
  if (row.pops == 1) return take_one(top, first);
  return take_two(top, first, static_cast<ValKind>(row.last));
}

// Initialises a local without default; for local.tee the operand becomes of the local's type.
template <class Sink>
typename FuncReader<Sink>::Slot* FuncReader<Sink>::take_local(Slot* top, uint32_t local) {
  const ValType type = s_.local_types[local];
  s_.top = top;
  Slot* arg = take_each(type);
  if (arg == nullptr) return nullptr;
  arg->type = type;
  if (s_.local_slot(local).type.is_bottom()) {
    s_.local_slot(local).type = type;
    s_.init_log.push_back(local);
  }
  return s_.top;
}

// Leaves the operand's type in the first slot, where the loop takes the result's from.
template <class Sink>
typename FuncReader<Sink>::Slot* FuncReader<Sink>::take_select(Slot* top) {
  s_.top = top;
  if (!need(3)) return nullptr;
  Slot* args = s_.top - 3;
  if (!check(args[2], kI32)) return nullptr;
  const ValType a = args[0].type;
  const ValType b = args[1].type;
  if (a.is_ref() || b.is_ref()) {
    fail_type(a.is_ref() ? a : b, kI32);
    return nullptr;
  }
  if (a != b && !a.is_bottom() && !b.is_bottom()) {
    fail_type(b, a);
    return nullptr;
  }
  if (a.is_bottom()) args[0].type = b;
  return s_.top;
}

template <class Sink>
typename FuncReader<Sink>::Slot* FuncReader<Sink>::take_ref() {
  if (!need(1)) return nullptr;
  Slot* arg = s_.top - 1;
  if (!arg->type.is_ref() && !arg->type.is_bottom()) {
    fail_type(arg->type, kAnyRef);
    return nullptr;
  }
  return arg;
}

}  // namespace sluice

#include "engine/validate/fast_rules.h"
#include "engine/validate/rules_control.h"
#include "engine/validate/rules_exception.h"
#include "engine/validate/rules_gc.h"
#include "engine/validate/rules_memory.h"

// What a FuncReader tells its sink: the calls, documented on the sink that ignores them all.
//
// A sink is any class with these members; calls are direct, never virtual. It is told of live code
// only: instructions that control cannot reach are checked and dropped. Before each call the
// reader has checked the operands' types; `args` points at the first operand, the last one is just
// below state.top, and nothing is popped yet. The sink reads the operands' words and writes the
// results' words to args[0], args[1] …; types and top are the reader's, set after the call. There
// is always room for the results. For an instruction without operands `args` (or `out`) is
// state.top.
//
// **Dead code.** After br, br_table, return_, unreachable, a throw or a tail call the rest of the
// innermost block is dead, and so is what follows an end() with neither fall-through nor
// `end_reached`. From that call on, words at or above the innermost frame's height are garbage: the
// sink forgets them in that very call. The next call is an else_, catch_ or end of a frame that was
// live at entry, where it writes words anew.
//
// **Not compiled.** `supports` says what the sink takes. At the first live instruction it does not,
// the reader makes no further calls, checks the rest of the body and fails with NotCompiled (an
// invalid body stays invalid).
#pragma once

#include <cstdint>
#include <span>

#include "engine/validate/control_stack.h"

namespace sluice {

/// Takes everything, does nothing: with it, FuncReader is the validator.
class NullSink {
 public:
  /// What the sink keeps beside each operand's type. Trivially copyable; uninitialised when a slot
  /// is pushed by the reader (results that the sink has to write).
  struct Word {};
  /// What the sink keeps for each control frame; default-constructed, then its own.
  struct Label {};
  using State = ReaderState<NullSink>;
  using Slot = State::Slot;
  using Frame = State::Frame;

  static constexpr bool supports(Category) { return true; }
  /// If false, the reader need not keep state.top, state.instr_pos and state.next_pos up to date
  /// for the calls.
  static constexpr bool kWantsState = false;

  /// First call. Locals are decoded: state.locals() has all types, parameters first; the frame of
  /// the function is entered, the operand stack empty. `state` outlives the body's calls.
  void begin(State&) {}
  /// The operand stack has another address, by so many bytes (modulo 2^64); also before the first
  /// call. Only where kWantsState.
  void stack_moved(uint64_t) {}

  // --- Constants, locals, globals. `out` has its type, and no valid word yet.
  /// False: state is kept up to date for constants too.
  bool takes_constants() { return true; }
  void int_const(Slot*, uint64_t) {}  // i32 or i64, by the slot's type; an i32 with zeros above it
  void f32_const(Slot*, uint32_t) {}
  void f64_const(Slot*, uint64_t) {}
  /// local.get: `out` has the word of state.local_slot(). False: local_get is to be called. State
  /// is not kept up to date for this.
  bool takes_local(Slot*) { return true; }
  void local_get(uint32_t, Slot*) {}
  void local_set(uint32_t, Slot*, bool /*is_tee: the operand stays*/) {}
  void global_get(uint32_t, Slot*) {}
  void global_set(uint32_t, Slot*) {}

  // --- Numeric: the row's signature says the types.
  void unary(Op, Slot*) {}   // IntUnary, FloatUnary, Convert, and eqz
  void binary(Op, Slot*) {}  // IntBinary, IntCompare, FloatBinary, FloatCompare
  void wide(Op, Slot*) {}    // WideArithmetic: four or two i64 in, two out

  // --- Parametric.
  void drop(Slot*) {}
  void select(Slot*, ValType) {}  // args: first, second, i32 condition

  // --- Memory. The address operand is i32 or i64 by the memory's type.
  void load(Op, MemArg, Slot*) {}   // args: address
  void store(Op, MemArg, Slot*) {}  // args: address, value
  void memory_size(uint32_t, Slot*) {}
  void memory_grow(uint32_t, Slot*) {}
  void memory_fill(uint32_t, Slot*) {}            // memory; args: destination, value, length
  void memory_copy(uint32_t, uint32_t, Slot*) {}  // destination and source memory; args: d, s, n
  void memory_init(uint32_t, uint32_t, Slot*) {}  // data segment, memory; args: d, s, n
  void data_drop(uint32_t) {}

  // --- Tables and references.
  void table_get(uint32_t, Slot*) {}
  void table_set(uint32_t, Slot*) {}  // args: index, value
  void table_size(uint32_t, Slot*) {}
  void table_grow(uint32_t, Slot*) {}            // args: initial value, delta
  void table_fill(uint32_t, Slot*) {}            // args: index, value, length
  void table_copy(uint32_t, uint32_t, Slot*) {}  // destination and source table; args: d, s, n
  void table_init(uint32_t, uint32_t, Slot*) {}  // element segment, table; args: d, s, n
  void elem_drop(uint32_t) {}
  void ref_null(HeapType, Slot*) {}
  void ref_func(uint32_t, Slot*) {}
  void ref_is_null(Slot*) {}

  // --- Calls. Results go to args[0] …, also where there are more than operands. `call_indirect`
  // has the table index after the arguments: args[type.param_count].
  void call(uint32_t /*func*/, const FuncType&, Slot*) {}
  void call_indirect(TypeIdx, uint32_t /*table*/, const FuncType&, Slot*) {}
  void return_call(uint32_t, const FuncType&, Slot*) {}  // Category::TailCall
  void return_call_indirect(TypeIdx, uint32_t, const FuncType&, Slot*) {}
  void return_call_ref(TypeIdx, const FuncType&, Slot*) {}
  void call_ref(TypeIdx, const FuncType&, Slot*) {}  // TypedRef; the reference after the arguments

  // --- Control. At entry of a block its parameters are the operands from frame.height on; their
  // words stay as they are (or the sink moves them). The frame is innermost already.
  void block(Frame&) {}
  void loop(Frame&) {}
  void if_(Frame&, Slot* /*condition: the word at base[height + params]*/) {}
  /// The frame is an If still. If `then_live`, the results are the operands at frame.height; the
  /// sink moves them to the join first. Then it writes the words of the parameters, as at the if_.
  void else_(Frame&, bool /*then_live*/) {}
  /// The innermost frame ends, still on the control stack. If `fallthrough_live`, the results are
  /// the operands at frame.height. If that or frame.end_reached (or kind If: no else, results =
  /// parameters), the sink writes the results' words at base[frame.height …]; else what follows is
  /// dead. For kind Func, the last call of all.
  void end(Frame&, bool /*fallthrough_live*/) {}
  // A branch passes the top `target.arity()` operands. The reader sets target.end_reached after the
  // call.
  void br(Frame& /*target*/, uint32_t /*depth*/) {}
  /// The condition is the last operand; the passed ones lie below it and stay on the stack.
  void br_if(Frame& /*target*/, uint32_t /*depth*/, Slot*) {}
  /// `depths`: the table, and last the default. Operands passed lie below the index.
  void br_table(Slot* /*index*/, std::span<const uint32_t> /*depths*/) {}
  /// Passes the function's results, as a branch to frames[0]; sets its end_reached too.
  void return_() {}
  void unreachable() {}

  // --- Category::TypedRef and Gc.
  void ref_as_non_null(Slot*) {}
  void br_on_null(Frame&, uint32_t, Slot*) {}  // not taken: the reference stays, non-null
  void br_on_non_null(Frame&, uint32_t, Slot*) {
  }  // taken: passes the reference, last; else drops it
  /// br_on_cast, br_on_cast_fail: instr.ref the source, instr.ref2 the target type.
  void br_on_cast(const Instr&, Frame&, Slot*) {}
  /// All other rows of Category::Gc, immediates as decoded.
  void gc(const Instr&, Slot*) {}

  // --- Category::Exception.
  void throw_(uint32_t /*tag*/, const FuncType&, Slot*) {}
  void throw_ref(Slot*) {}
  /// A block whose clauses branch to labels counted from outside it. Every target's
  /// end_reached is set after the call. Above top is room for what any clause passes.
  void try_table(Frame&, std::span<const CatchClause>) {}

  // --- Category::LegacyException. The frame's kind tells where it is: Try, Catch, CatchAll.
  void try_(Frame&) {}
  /// Starts a handler: the words of the tag's parameters are to be written at frame.height. Before
  /// the call of the first one frame.kind is Try. `previous_live`: results of the part before are
  /// there.
  void catch_(Frame&, uint32_t /*tag*/, const FuncType&, bool /*previous_live*/) {}
  void catch_all(Frame&, bool /*previous_live*/) {}
  void rethrow(uint32_t /*depth*/) {}
  /// Ends a try: exceptions go on to the frame at `depth` counted outside it. Then as end().
  void delegate(Frame&, uint32_t /*depth*/, bool /*fallthrough_live*/) {}

  // --- Category::Simd, SimdMem, Atomic.
  void v128_const(const uint8_t* /*16 bytes*/, Slot*) {}
  void simd_shuffle(const uint8_t* /*16 lanes*/, Slot*) {}
  void simd(Op, Slot*) {}
  void simd_lane(Op, uint8_t /*lane*/, Slot*) {}
  void simd_load(Op, MemArg, Slot*) {}
  void simd_store(Op, MemArg, Slot*) {}
  void simd_mem_lane(Op, const MemArg&, uint8_t /*lane*/, Slot*) {}  // args: address, vector
  void atomic(Op, const MemArg&, Slot*) {}                           // args: address, values
  void atomic_fence() {}
};

}  // namespace sluice

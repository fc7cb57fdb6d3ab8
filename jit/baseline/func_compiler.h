// FuncCompiler: the FuncReader sink that turns one body into machine code in one pass.
//
// It owns the compile-time picture of the machine: which register holds which local or operand,
// what lies in the frame, what each label expects. How one instruction becomes code is told in
// ops_*.cpp (ops.h), built on the operand API below; control flow is in control.cpp and merge.cpp,
// what branch hints make of it in hints.cpp, calls in calls.cpp, locals, globals and select in
// ops_variable.cpp.
//
// Rules for code in ops_*.cpp:
//  - Take every operand with a pop_* function before writing a result word; write results with
//    push_* to args[0] …. PinnedRegs protect what was popped meanwhile.
//  - All of the API below emits moves only, which leave flags alone. So registers may be asked for
//    between a comparison and the use of its flags.
//  - A register from pop_to_reg() may also hold a local or another operand: never write to it. One
//    from pop_to_writable_reg(), result_reg(), scratch_reg() or pop_to_specific() is the caller's.
//  - An i32 in a register always has a zero upper half: make them by 32-bit instructions only.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/base/reused_vector.h"
#include "engine/binary/skip.h"
#include "engine/validate/control_stack.h"
#include "engine/wasm/module.h"
#include "engine/wasm/opcodes.h"
#include "jit/abi/builtins.h"
#include "jit/abi/call_conv.h"
#include "jit/abi/compile_options.h"
#include "jit/abi/instance_layout.h"
#include "jit/asm/masm.h"
#include "jit/asm/parallel_move.h"
#include "jit/baseline/merge.h"
#include "jit/baseline/prescan.h"
#include "jit/baseline/reg_alloc.h"
#include "jit/baseline/try_regions.h"
#include "jit/baseline/value_stack.h"
#include "jit/code/code_object.h"

namespace sluice {

using Slot = OperandSlot<Word>;
using Frame = ControlFrame<BlockLabel>;
static_assert(sizeof(Frame) == 64, "a cache line, and numbers of frames are differences shifted");

/// Holds a register: it is not evicted and not given to anyone else while this lives.
class PinnedReg {
 public:
  PinnedReg() = default;
  PinnedReg(RegFile& regs, Reg reg) : regs_(&regs), reg_(reg) { regs.add_hold(reg); }
  PinnedReg(PinnedReg&& other) noexcept
      : regs_(std::exchange(other.regs_, nullptr)), reg_(other.reg_) {}
  PinnedReg& operator=(PinnedReg&& other) noexcept {
    release();
    regs_ = std::exchange(other.regs_, nullptr);
    reg_ = other.reg_;
    return *this;
  }
  PinnedReg(const PinnedReg&) = delete;
  PinnedReg& operator=(const PinnedReg&) = delete;
  ~PinnedReg() { release(); }

  operator Reg() const {  // NOLINT(google-explicit-constructor): used as the register it is
    DCHECK(regs_ != nullptr, "released register");
    return reg_;
  }
  Reg reg() const { return *this; }
  bool valid() const { return regs_ != nullptr; }
  void release() {
    if (regs_ != nullptr) regs_->drop_hold(reg_);
    regs_ = nullptr;
  }

 private:
  friend class FuncCompiler;
  RegFile* regs_ = nullptr;
  Reg reg_ = Reg::None;
};

/// A right-hand operand as x86 takes it: a register, or memory in the frame.
struct Operand {
  PinnedReg reg;  // if valid(), else `mem`
  Mem mem;
  bool in_reg() const { return reg.valid(); }
};

/// A parameter of a builtin: a number known now, or an operand.
struct BuiltinArg {
  BuiltinArg(uint64_t b) : bits(b) {}  // NOLINT(google-explicit-constructor)
  BuiltinArg(Slot* s) : slot(s) {}     // NOLINT(google-explicit-constructor)
  Slot* slot = nullptr;
  uint64_t bits = 0;
};

/// A local's place. It is in `last_reg` if RegFile says that this register has it, and that says
/// whether its home is up to date.
struct LocalState {
  int32_t home = 0;  // rbp-relative
  MoveType type = MoveType::I32;
  Reg last_reg = Reg::Rax;
};

/// A call_indirect whose signature check jumps behind the body.
struct SignatureFailure {
  Label label;
  uint32_t resume = 0;            // if it is a subtype after all
  const TypeDef* type = nullptr;  // the expected one
  uint32_t wasm_offset = 0;
};

/// A tail call whose callee may run in another instance: what it does then is behind the body.
struct TailCallExit {
  Label label;
  uint32_t resume = 0;  // where the frame is given up
  uint32_t wasm_offset = 0;
};

/// A call whose callee may be in another instance: behind the body r14 and rbx change, and back.
struct InstanceSwitch {
  Label enter;
  uint32_t entered = 0;
  Label leave;
  uint32_t left = 0;
  uint32_t wasm_offset = 0;
};

/// What a branch hint says of a condition.
enum class Likelihood : uint8_t { Unknown, Unlikely, Likely };

/// Stands for caught slot 0 until its place is known, kLaterDisp - i for slot i: far enough to take
/// four bytes, and beyond any frame.
inline constexpr int32_t kLaterDisp = INT32_MIN / 2;

/// An instruction whose displacement is that of a caught slot (ops_exception.cpp).
struct CaughtSlotUse {
  uint32_t at = 0;
  uint32_t slot = 0;
};

/// What a worker thread keeps between functions, so that compiling one allocates nothing.
struct CompilerMemory {
  ReusedVector<LocalState> locals;
  LabelStates label_states;
  LoopScan loop_scan;
  ParallelMove moves;
  ReusedVector<Label> table_stubs;
  ReusedVector<uint32_t> table_depths;  // of each stub
  ReusedVector<SignatureFailure> signature_failures;
  ReusedVector<TailCallExit> tail_call_exits;
  ReusedVector<InstanceSwitch> instance_switches;
  TryRegions tries;
  ReusedVector<CaughtSlotUse> caught_slot_uses;
  ReusedVector<uint32_t> frame_drops;  // where the frame's size is to be filled in
};

class FuncCompiler {
 public:
  // --- What FuncReader needs of a sink (engine/validate/sink.h).
  using Word = sluice::Word;
  using Label = BlockLabel;
  using State = ReaderState<FuncCompiler>;
  static constexpr bool kWantsState = true;
  static constexpr bool supports(Category category) { return category != Category::Gc; }

  FuncCompiler(const Module& mod, const CompileOptions& opts, Masm& assembler,
               CompilerMemory& memory, CodeMaps* maps, bool may_be_full = true);
  /// Do registers keep locals in the whole function?
  bool is_full() const { return is_full_; }

  // --- For ops_*.cpp: taking operands. The word is None afterwards.
  /// The operand in some register, read-only. May emit a load or spill others.
  PinnedReg pop_to_reg(Slot& slot, RegSet avoid = RegSet()) {
    if (slot.word.kind == WordKind::Reg && !avoid.has(slot.word.reg)) [[likely]] {
      return pop_word(slot);
    }
    return PinnedReg(regs, load_operand(slot, avoid));
  }
  /// In a register that the caller may overwrite. May also emit a copy.
  PinnedReg pop_to_writable_reg(Slot& slot, RegSet avoid = RegSet());
  /// In this very register, which the caller may overwrite; whoever else was there is moved away.
  /// It must not be held.
  PinnedReg pop_to_specific(Slot& slot, Reg reg);
  /// A register, or the frame slot where the operand already is (and no register is free).
  /// Constants go to a register.
  Operand pop_to_operand(Slot& slot) {
    if (is_in_memory(slot)) return {PinnedReg(), pop_to_memory(slot)};
    return {pop_to_reg(slot), Mem()};
  }
  /// Is the operand in the frame, and best read from there?
  bool is_in_memory(const Slot& slot) const {
    if (slot.word.kind == WordKind::Reg || slot.word.kind == WordKind::Const) [[likely]] {
      return false;
    }
    if (slot.word.kind == WordKind::Stack) return true;
    return slot.word.kind == WordKind::Local && (!keeps_locals_ || is_stuck_in_home(slot.word));
  }
  /// The same for floats, whose locals may be in a register everywhere.
  bool is_float_in_memory(const Slot& slot) const {
    return is_in_memory(slot) &&
           (slot.word.kind != WordKind::Local || !is_in_reg(slot.word.local()));
  }
  /// Where it is then: a slot of the frame.
  Mem pop_to_memory(Slot& slot) {
    slot.word.kind = WordKind::None;
    return frame_slot(slot.word.disp());
  }
  /// A constant's bits; only if slot.word.is_const(). An i32 or f32 has zero upper halves.
  uint64_t pop_const(Slot& slot) {
    DCHECK(slot.word.is_const(), "operand is no constant");
    slot.word.kind = WordKind::None;
    return slot.word.bits();
  }
  /// Forgets the operand.
  void pop_dead(Slot& slot);
  /// The operand in some register that is not held: it is read-only, and good until something is
  /// written to a register asked for later. For instructions that ask for their result's next.
  Reg take_reg(Slot& slot) {
    if (slot.word.kind == WordKind::Reg) [[likely]] {
      const Reg reg = slot.word.reg;
      slot.word.kind = WordKind::None;
      regs.drop_use(reg);
      return reg;
    }
    return load_operand(slot, RegSet());
  }

  // --- Straight ways: frequent cases of frequent instructions behind one condition. Where
  // registers keep no locals, no two words share a register.
  /// The general-purpose registers that a straight way may take: none where registers keep locals,
  /// or are picked at random, so that one test asks for all.
  RegSet straight_free() const { return regs.free() & straight_gprs_; }
  /// Is there no such register, or something to see to first?
  bool must_detour(RegSet free) const {
    return needs_attention_ || free.empty() || !masm.has_room();
  }
  /// A register for the result of an instruction that does not overwrite an operand. If the next
  /// instruction sets a local, this is the local's own register whenever possible, where registers
  /// keep locals. Call it after the operands are popped
  /// (held ones are never handed out; released ones may be).
  /// Otherwise `prefer`, if that is free. Emits nothing but stores of evicted values.
  PinnedReg result_reg(RegClass cls, RegSet avoid = RegSet(), Reg prefer = Reg::None) {
    return PinnedReg(regs, take_result_reg(cls, prefer, avoid));
  }
  /// The same, not held: the next thing is push_taken.
  Reg take_result_reg(RegClass cls, Reg prefer = Reg::None, RegSet avoid = RegSet()) {
    if (keeps_locals_) return find_result_reg(cls, prefer, avoid);
    return choose_result_reg(cls, prefer, avoid);
  }
  /// take_reg, take_result_reg and push_taken at once, for results of the operand's class: where it
  /// was and where the result goes, which may be the same.
  struct Replaced {
    Reg source;
    Reg dst;
  };
  Replaced replace_reg(Slot& slot) {
    Reg source = slot.word.reg;
    if (slot.word.kind == WordKind::Reg) [[likely]] {
      if (regs.is_only_word(source) && !may_take_next_local()) {
        slot.word = Word::in_reg(source);
        return {source, source};
      }
      slot.word.kind = WordKind::None;
      regs.drop_use(source);
    } else {
      source = load_operand(slot, RegSet());
    }
    const Reg dst = take_result_reg(reg_class(source), source);
    push_taken(slot, dst);
    return {source, dst};
  }
  /// Any register; spills somebody if none is free. Its content is undefined.
  PinnedReg scratch_reg(RegClass cls, RegSet avoid = RegSet());
  /// This register, emptied by moving or spilling whoever is in it; it must not be held.
  PinnedReg scratch_specific(Reg reg);

  // --- Giving results.
  void push_reg(Slot& slot, PinnedReg&& reg) {
    DCHECK(reg.valid(), "released register");
    DCHECK(keeps_locals_ || regs.operand_uses(reg) == 0, "two words share a register");
    regs.hold_to_use(reg);
    reg.regs_ = nullptr;
    slot.word = Word::in_reg(reg.reg_);
    lower_watermark(slot);
  }
  void push_taken(Slot& slot, Reg reg) {
    DCHECK(keeps_locals_ || regs.operand_uses(reg) == 0, "two words share a register");
    regs.add_use(reg);
    slot.word = Word::in_reg(reg);
    lower_watermark(slot);
  }
  void push_const(Slot& slot, uint64_t bits) { slot.word = Word::constant(bits); }
  /// The processor's flags now say whether the i32 result is 1. The word stays latched as long as
  /// it is on top and the next instruction is one that takes conditions; else it is materialised
  /// before that instruction.
  void push_flags(Slot& slot, Cond cond) {
    push_flags_above_watermark(slot, cond);
    lower_watermark(slot);
  }
  /// The same in the place of an operand that was not settled.
  void push_flags_above_watermark(Slot& slot, Cond cond) {
    slot.word = Word::flags(cond);
    flags_at_ = position(slot);
    has_flags_ = true;
    needs_attention_ = true;
  }

  // --- Moving values of one type; flags untouched.
  void load_value(MoveType type, Reg dst, const Mem& src);
  void store_value(MoveType type, const Mem& dst, Reg src);
  void move_value(MoveType type, Reg dst, Reg src) {
    if (dst == src) return;
    if (type <= MoveType::I64) [[likely]]
      return masm.mov(type == MoveType::I64 ? W64 : W32, dst, src);
    masm.fmov(type == MoveType::F32 ? FWidth::F32 : FWidth::F64, dst, src);  // whole registers
  }
  void load_const(MoveType type, Reg dst, uint64_t bits);

  /// Calls a builtin, which may change anything that calls change, and traps if it says so. Pops
  /// the operands among `args`; `operands` is the instruction's first operand: everything from it
  /// on is gone. Afterwards rax has the value, which push_builtin_result() pushes.
  void call_builtin(Builtin builtin, std::initializer_list<BuiltinArg> args, Slot* operands);
  /// rax as a result of this type.
  void push_builtin_result(Slot& slot, MoveType type);

  /// The instruction just emitted left the zero flag as of this register's value: a branch on that
  /// value, if it comes next, needs no test.
  void note_zero_flag(Width w, Reg reg) {
    zero_flag_reg_ = reg;
    zero_flag_width_ = w;
    zero_flag_at_ = masm.offset();
  }
  bool has_zero_flag(Width w, Reg reg) const {
    return reg == zero_flag_reg_ && w == zero_flag_width_ && masm.offset() == zero_flag_at_;
  }

  /// The opcode's first byte `skip` bytes behind the present instruction, which has one byte; else
  /// 0, which no peephole looks for.
  uint8_t next_opcode(uint32_t skip = 0) const {
    const uint8_t* p = state->instr_pos + 1 + skip;
    return p < body_end_ ? *p : 0;
  }
  /// Does the next instruction only ask whether the i32 result is zero?
  bool is_condition_next() const {
    const uint8_t next = next_opcode();
    return next == 0x04 || next == 0x0d || next == 0x1b || next == 0x45;
  }

  // Where indirect calls have the callee, in one form or another. Carries no argument.
  static constexpr Reg kCalleeReg = Reg::R10;

  /// Do memories' bases change at calls?
  bool is_explicit() const { return options.memory_mode == MemoryMode::Explicit; }
  /// Is each access of this memory compared with its size (else guard pages bound it)?
  bool is_checked(MemoryIdx memory) const {
    return mode_of(module.memories[raw(memory)], options.memory_mode) == MemoryMode::Explicit;
  }
  /// Memory 0 with nothing to check before an access by a 32-bit address, nor to load.
  bool is_plain_memory(uint32_t memory) const { return memory == 0 && has_plain_memory_; }

  // --- Context, read-only for ops.
  const Module& module;
  const CompileOptions& options;
  Masm& masm;
  RegFile regs;
  InstanceLayout layout;
  State* state = nullptr;

  // --- Sink calls: see engine/validate/sink.h. Those of ops_*.cpp are one call each.
  void begin(State& reader_state);
  void stack_moved(uint64_t by) {
    settled_ = reinterpret_cast<const Slot*>(reinterpret_cast<uintptr_t>(settled_) + by);
  }
  bool takes_constants() const { return !needs_attention_; }
  void int_const(Slot* out, uint64_t bits) { constant(out, bits); }
  void f32_const(Slot* out, uint32_t bits) { constant(out, bits); }
  void f64_const(Slot* out, uint64_t bits) { constant(out, bits); }
  bool takes_local(Slot* out) {
    if (needs_attention_ || keeps_locals_) [[unlikely]]
      return false;
    lower_watermark(*out);
    return true;
  }
  void local_get(uint32_t index, Slot* out);
  void local_set(uint32_t local, Slot* arg, bool is_tee);
  void global_get(uint32_t global, Slot* out);
  void global_set(uint32_t global, Slot* arg);
  void unary(Op op, Slot* args);
  void binary(Op op, Slot* args);
  void binary_otherwise(Op op, Slot* args);
  void wide(Op op, Slot* args);
  void drop(Slot* arg);
  void select(Slot* args, ValType type);
  void load(Op op, MemArg mem, Slot* args);
  void store(Op op, MemArg mem, Slot* args);
  void atomic(Op op, const MemArg& mem, Slot* args);
  void atomic_fence();
  void memory_size(uint32_t memory, Slot* out);
  void memory_grow(uint32_t memory, Slot* args);
  void memory_fill(uint32_t memory, Slot* args);
  void memory_copy(uint32_t dst, uint32_t src, Slot* args);
  void memory_init(uint32_t data, uint32_t memory, Slot* args);
  void data_drop(uint32_t data);
  void table_get(uint32_t table, Slot* args);
  void table_set(uint32_t table, Slot* args);
  void table_size(uint32_t table, Slot* out);
  void table_grow(uint32_t table, Slot* args);
  void table_fill(uint32_t table, Slot* args);
  void table_copy(uint32_t dst, uint32_t src, Slot* args);
  void table_init(uint32_t elem, uint32_t table, Slot* args);
  void elem_drop(uint32_t elem);
  void ref_null(HeapType type, Slot* out);
  void ref_func(uint32_t func, Slot* out);
  void ref_is_null(Slot* args);
  void ref_as_non_null(Slot* args);
  void call(uint32_t func, const FuncType& type, Slot* args);
  void call_indirect(TypeIdx type_index, uint32_t table, const FuncType& type, Slot* args);
  void call_ref(TypeIdx type_index, const FuncType& type, Slot* args);
  void return_call(uint32_t func, const FuncType& type, Slot* args);
  void return_call_indirect(TypeIdx type_index, uint32_t table, const FuncType& type, Slot* args);
  void return_call_ref(TypeIdx type_index, const FuncType& type, Slot* args);
  void v128_const(const uint8_t* bytes, Slot* out);
  void simd_shuffle(const uint8_t* lanes, Slot* args);
  void simd(Op op, Slot* args);
  void simd_lane(Op op, uint8_t lane, Slot* args);
  void simd_load(Op op, MemArg mem, Slot* args);
  void simd_store(Op op, MemArg mem, Slot* args);
  void simd_mem_lane(Op op, const MemArg& mem, uint8_t lane, Slot* args);
  void block(Frame& frame) {
    if (needs_attention_ || settled_ < state->floor) [[unlikely]]
      settle_below(frame);
  }
  void loop(Frame& frame);
  void if_(Frame& frame, Slot* cond);
  void else_(Frame& frame, bool then_live);
  void end(Frame& frame, bool fallthrough_live);
  void br(Frame& target, uint32_t depth);
  void br_if(Frame& target, uint32_t depth, Slot* cond);
  void br_on_null(Frame& target, uint32_t depth, Slot* ref);
  void br_on_non_null(Frame& target, uint32_t depth, Slot* ref);
  void br_table(Slot* index, std::span<const uint32_t> depths);
  void return_();
  void unreachable();
  void throw_(uint32_t tag, const FuncType& type, Slot* args);
  void throw_ref(Slot* args);
  void try_table(Frame& frame, std::span<const CatchClause> clauses);
  void try_(Frame& frame);
  void catch_(Frame& frame, uint32_t tag, const FuncType& type, bool previous_live);
  void catch_all(Frame& frame, bool previous_live);
  void rethrow(uint32_t depth);
  void delegate(Frame& frame, uint32_t depth, bool fallthrough_live);

  // Of families that are not compiled yet; `supports` keeps the reader from calling these.
  void br_on_cast(const Instr&, Frame&, Slot*) {}
  void gc(const Instr&, Slot*) {}

  /// After the reader's run: patches the frame's size in, appends the function to `out`. False: its
  /// code is too large.
  bool finish(FuncIdx func, CodeBatch& out);

 private:
  // --- func_compiler.cpp
  /// Room in the code buffer, and no latched flags: first thing in most sink calls.
  void prepare() {
    masm.ensure_room();
    if (needs_attention_) [[unlikely]]
      attend();
  }
  /// The same for instructions that take conditions: flags stay latched.
  void prepare_keeping_flags() {
    masm.ensure_room();
    if (marks_ != nullptr) [[unlikely]]
      mark();
  }
  /// The same for branches: what their hint says.
  Likelihood prepare_branch() {
    masm.ensure_room();
    return is_watched_ ? watch() : Likelihood::Unknown;
  }
  void attend();
  void mark();
  void mark_at(uint32_t wasm_offset);
  void materialise_flags();
  void forget_flags() {
    has_flags_ = false;
    needs_attention_ = marks_ != nullptr;
  }
  /// At labels: who comes from elsewhere may bring another flag.
  void forget_zero_flag() { zero_flag_reg_ = Reg::None; }
  void constant(Slot* out, uint64_t bits) {
    if (needs_attention_) [[unlikely]]
      prepare();
    out->word = Word::constant(bits);
  }
  void set_keeps_locals(bool keeps) {
    keeps_locals_ = keeps;
    aliases_end_ = UINT32_MAX;
    has_plain_joins_ = !keeps && !is_watched_ && !is_metered_;
    straight_gprs_ = keeps || stress_ != 0 ? RegSet() : kAllocatableGprs;
  }
  void set_up_locals();
  void set_home(uint32_t index, int32_t home, MoveType type) {
    memory_.locals[index] = {home, type};
    state->local_slot(index).word = Word::local_alias(index, home);
  }
  void note_reference_locals();
  void zero_declared_locals(uint32_t from_bytes, uint32_t to_bytes);
  void emit_prologue();
  void note_frame(FrameState frame_state) {
    if (maps_ != nullptr) [[unlikely]]
      maps_->states.push_back({masm.offset(), frame_state});
  }
  void emit_large_frame_check(uint32_t frame_bytes);
  /// Is there nothing to check before the access, nor to compute, if `disp` is all that is added to
  /// the index? A constant address is left out.
  bool is_plain(const MemArg& mem, uint64_t disp) const {
    return is_plain_memory(raw(mem.memory)) && disp <= INT32_MAX;
  }
  bool is_plain(const MemArg& mem, const Slot& address) const {
    return address.word.kind != WordKind::Const &&
           is_plain(mem, mem.offset + address.word.addend());
  }
  void load_otherwise(Op op, MemArg mem, Slot* args);
  void store_otherwise(Op op, MemArg mem, Slot* args);

  // --- metering.cpp
  /// A basic block begins behind the present instruction, and the one before it ends with it.
  void start_block(bool can_repeat = false) {
    if (is_metered_) [[unlikely]] {
      close_block();
      open_block(skip_instr(state->instr_pos, body_end_), can_repeat);
    }
  }
  void close_block();
  void open_block(const uint8_t* begin, bool can_repeat);

  // --- reg_alloc.cpp
  Reg allocate(RegClass cls, RegSet avoid) {
    // Registers where the loop's header wants locals are better left to these.
    const RegSet best = (regs.free() & allocatable(cls)) - avoid - loop_regs_;
    if (best.empty() || stress_ != 0) [[unlikely]]
      return allocate_other(cls, avoid);
    return best.first();
  }
  Reg allocate_other(RegClass cls, RegSet avoid);
  Reg find_result_reg(RegClass cls, Reg prefer, RegSet avoid);
  /// The same where no local gives its register.
  Reg choose_result_reg(RegClass cls, Reg prefer, RegSet avoid) {
    if (prefer != Reg::None && regs.free().has(prefer)) [[likely]]
      return prefer;
    return allocate(cls, avoid);
  }
  /// Is the register that a local was in last free for it again? Other ways to the labels to come
  /// may have the local there.
  bool was_in_free(Reg last, RegClass cls, RegSet avoid) const {
    return (regs.free() - avoid).has(last) && reg_class(last) == cls;
  }
  Reg take_unless_alias(Reg own, RegClass cls, Reg prefer, RegSet avoid);
  uint32_t random();
  Reg stressed_choice(RegClass cls, RegSet avoid);
  Reg pick_victim(RegClass cls, RegSet avoid);
  void evict(Reg reg);
  void evict_local(Reg reg);
  void spill_words(Reg reg);
  void spill_word(Slot& slot);
  void vacate(Reg reg);
  void relocate_users(Reg from, Reg to);
  void part_words();
  Reg load_operand(Slot& slot, RegSet avoid);
  Reg load_unusual(Slot& slot, RegSet avoid);
  Reg load_alias(uint32_t index, const Slot& slot, RegSet avoid);
  /// The register of a Reg word, now held instead of used by the word.
  PinnedReg pop_word(Slot& slot) {
    PinnedReg held;
    regs.use_to_hold(slot.word.reg);
    held.regs_ = &regs;
    held.reg_ = slot.word.reg;
    slot.word.kind = WordKind::None;
    return held;
  }
  /// The operand's register if it has one, now held; else nothing.
  PinnedReg hold_word(Slot& slot) {
    if (slot.word.kind == WordKind::Reg) return pop_word(slot);
    PinnedReg held;
    if (slot.word.kind == WordKind::Local && reg_of(slot.word.local()) != Reg::None) {
      held = PinnedReg(regs, reg_of(slot.word.local()));
      slot.word.kind = WordKind::None;
    }
    return held;
  }
  void bind(uint32_t index, Reg reg, bool dirty) {
    DCHECK(reg_of(index) == Reg::None, "local is in a register already");
    local(index).last_reg = reg;
    regs.bind_local(reg, index, dirty);
  }
  void unbind(Reg reg) { regs.unbind_local(reg); }
  /// Stores the local in the register to its home.
  void store_home(Reg reg) {
    write_home(reg);
    regs.set_dirty(reg, false);
  }
  /// The same where the store is on one of two ways only.
  void write_home(Reg reg) { store_in_home(local(regs.local(reg)), reg); }
  void store_in_home(const LocalState& l, Reg reg) { masm.store_slot(l.type, l.home, reg); }
  void store_in_home(const LocalState& l, int32_t imm) {
    const bool is_32 = l.type == MoveType::I32 || l.type == MoveType::F32;
    masm.store_imm(is_32 ? StoreKind::I32 : StoreKind::I64, frame_slot(l.home), imm);
  }
  void load_home(uint32_t index, Reg reg) { load_home(local(index), reg); }
  void load_home(const LocalState& l, Reg reg) { masm.load_slot(l.type, reg, l.home); }
  /// Is the instruction after the present one a local.set or local.tee?
  bool is_any_local_set_next() const {
    const uint8_t* p = state->next_pos;
    return p != nullptr && (*p == 0x21 || *p == 0x22);
  }
  /// May the result go to that local's register (see result_reg)?
  bool may_take_next_local() const { return keeps_locals_ && is_any_local_set_next(); }
  /// Is there a local.set or local.tee next, and of which local?
  bool sets_next(uint32_t* index) const {
    if (!is_any_local_set_next()) return false;
    const uint8_t* p = state->next_pos;
    // The body's last byte is `end`: where another may follow, it is there.
    uint32_t value = p[1];
    if (value >= 0x80) {
      if (p[2] >= 0x80) return false;
      value = (value & 0x7f) | uint32_t{p[2]} << 7;
    }
    *index = value;
    return value < memory_.locals.size();
  }
  bool is_set_next(uint32_t index) const {
    uint32_t next = 0;
    return sets_next(&next) && next == index;
  }
  void push_alias(uint32_t index, Slot& slot) {
    slot.word = state->local_slot(index).word;
    note_alias(slot);
  }
  void note_alias(const Slot& slot) {
    aliases_end_ = std::max(aliases_end_, position(slot) + 1);
    lower_watermark(slot);
  }
  bool may_have_alias() const { return aliases_end_ > settled(); }
  bool has_alias(uint32_t local);
  /// Turns aliases of a local that is about to change into values of their own.
  void materialise_aliases(uint32_t index);
  void materialise_alias(uint32_t at);

  // --- value_stack.cpp
  uint32_t position(const Slot& slot) const { return static_cast<uint32_t>(&slot - state->base); }
  /// Where in the frame the operand at a position lies when it lies there. As long as no v128 went
  /// there, positions have 8 bytes each; from then on v128 operands, and all at positions that had
  /// not been used before, lie in an area of their own with 16 bytes for each position.
  Mem operand_slot(uint32_t at, MoveType type);
  Mem operand_slot(const Slot& slot) {
    return operand_slot(position(slot), move_type_of(slot.type));
  }
  void lower_watermark(const Slot& slot) { settled_ = std::min(settled_, &slot); }
  uint32_t settled() const { return position(*settled_); }
  void set_settled(uint32_t at) { settled_ = state->base + at; }
  /// Makes all operands below `height` Const or Stack, those from `strict_from` on Stack.
  void settle(uint32_t height, uint32_t strict_from);
  void settle_word(Slot& slot);
  void shorten_window() {
    uint32_t height = state->height();
    if (height > settled() + kMaxWindow) [[unlikely]]
      settle(height - kMaxWindow / 2, height);
  }
  /// Is the alias' local in no register, and none free for it?
  bool is_stuck_in_home(const Word& word) const;
  MovePlace place_of(const Slot& slot);
  /// The operand's register, or None if it is elsewhere.
  Reg reg_of_operand(const Word& word) const {
    if (word.kind == WordKind::Reg) return word.reg;
    return keeps_locals_ && word.kind == WordKind::Local ? reg_of(word.local()) : Reg::None;
  }
  void copy_to_reg(MoveType type, const Word& word, Reg reg);
  void copy_to_reg(const Slot& slot, Reg reg) {
    copy_to_reg(move_type_of(slot.type), slot.word, reg);
  }
  /// Fills a register with an operand, wherever that is.
  void put_in_reg(const Slot& slot, Reg reg) {
    const Reg from = reg_of_operand(slot.word);
    if (from == Reg::None) return copy_to_reg(slot, reg);
    move_value(move_type_of(slot.type), reg, from);
  }
  LocalState& local(uint32_t index) { return memory_.locals[index]; }
  bool is_in_reg(uint32_t index) const {
    return regs.local(memory_.locals[index].last_reg) == index;
  }
  /// The register that the local is in, or None.
  Reg reg_of(uint32_t index) const {
    return is_in_reg(index) ? memory_.locals[index].last_reg : Reg::None;
  }

  // --- merge.cpp
  void snapshot(LabelState& out) const;
  void adopt(const LabelState& label_state);
  void forget_registers() { regs.reset(); }
  void fix_state(Frame& target, const Slot* passed, bool from_else);
  void choose_result_regs(const Frame& target, const Slot* passed, LabelState& s);
  void collect_moves(Frame& target, const Slot* passed, bool is_unlikely);
  bool has_moves() const { return !(to_store_ | to_load_).empty() || !memory_.moves.empty(); }
  void emit_moves(const Frame& target);
  bool is_true_at(const Frame& target) const;
  void bring(Frame& target, const Slot* passed);
  void drop_moves();
  bool forgo(LabelState& wanted, Reg reg);
  void collect_local_moves(LabelState& wanted, bool is_fixed, RegSet dead);
  RegSet dead_at(const Frame& target) const;
  void set_result_words(const Frame& frame);

  // --- control.cpp
  /// Pops an i32 condition; it is non-zero if the returned condition holds.
  Cond condition(Slot& slot) {
    if (slot.word.kind != WordKind::Flags) return tested_condition(slot);
    const Cond cond = slot.word.cond;
    slot.word.kind = WordKind::None;
    forget_flags();
    return cond;
  }
  Cond tested_condition(Slot& slot);
  void test_ref(const Slot& slot);
  bool needs_nothing(Frame& target) const;
  bool is_straight() const { return has_plain_joins_ && !needs_attention_ && masm.has_room(); }
  bool takes_straight_condition(const Slot& cond) const;
  void br_any(Frame& target);
  void br_if_any(Frame& target, Slot* cond);
  void if_any(Frame& frame, Slot* cond);
  void branch(Frame& target, const Slot* passed);
  void branch_if(Frame& target, const Slot* passed, Cond cond, Likelihood likelihood);
  void branch_if_moving(Frame& target, const Slot* passed, Cond cond, Likelihood likelihood);
  void jump_if(Frame& target, const Slot* passed, Cond cond);
  void go_to(Frame& target, const Slot* passed, bool is_next = false);
  bool is_in_short_loop() const { return loop_state_ != BlockLabel::kNoState; }
  void set_loop_state(uint32_t loop_state);
  void send_locals_home();
  void clean_for_loop(const Frame& loop);
  void emit_return(const Slot* results);
  void pass_many_results(const Slot* results);
  void drop_frame();
  void return_to_caller();
  void settle_below(const Frame& frame);
  void end_any(Frame& frame, bool fallthrough_live);
  void end_if_without_else(Frame& frame, bool then_live);
  void enter_loop(Frame& frame);
  void choose_loop_registers(const LoopInfo& info, LabelState& header);
  void emit_table(Reg index, std::span<const uint32_t> depths);
  sluice::Label& table_label(uint32_t depth);

  // --- hints.cpp
  Likelihood watch();
  Likelihood hint();
  void enter_cold();
  void leave_cold();
  void begin_cold_part();
  void end_cold_part();
  void finish_hinted_branch(Frame& target, const Slot* passed, Cond cond, Likelihood likelihood);
  bool is_end_next(const Frame& target) const;
  bool end_cold_frame(Frame& frame, bool fallthrough_live);
  void join_cold();
  /// Is what comes unlikely to run, up to the end of some frame?
  bool in_cold_part() const { return cold_frame_ != 0; }
  bool ends_cold_part() const { return in_cold_part() && cold_frame_ == state->frames.size(); }

  // --- ops_exception.cpp
  void begin_landing(uint32_t region, uint32_t tag, uint32_t height);
  void take_exception(Slot* first, Slot* slot);
  void take_payload(const FuncType& type, Slot* args);
  void emit_catch(uint32_t region, const CatchClause& clause);
  void start_handler(Frame& frame, uint32_t tag, const FuncType& type, bool previous_live);
  void end_try(const Frame& frame);
  void note_caught_slot(uint32_t slot);
  void place_caught_slots(uint64_t bytes);

  // --- ops_variable.cpp
  void write_operand(uint32_t index, const Slot& slot);
  void release_unless(bool is_tee, Word& word);
  void set_float(uint32_t index, Slot* arg, bool is_tee);
  void set_kept_local(uint32_t index, Slot* arg);
  void tee_kept_local(uint32_t index, Slot* arg);
  bool can_take_over(uint32_t index, const Word& word) const;
  void set_and_get_local(uint32_t index, Slot* arg);
  void set_local(uint32_t index, Slot& slot);
  void copy_to_local(uint32_t index, Slot& slot);
  bool is_plain_global(uint32_t global, MoveType type) const;
  Mem global_cell(uint32_t global, PinnedReg& holder);

  // --- calls.cpp
  /// Stores what a call would lose, apart from the operands at `args` and above.
  void spill_for_call(Slot* args) {
    if (!regs.dirty().empty()) [[unlikely]]
      write_dirty_homes();
    if (settled_ < args) spill_operands(position(*args));
    if (maps_ != nullptr) [[unlikely]]
      note_references(position(*args));
  }
  void write_dirty_homes();
  void spill_operands(uint32_t height);
  void note_references(uint32_t height);
  void find_aliases(std::span<Slot> args);
  void pass_arguments(const FuncType& type, Slot* args);
  bool pass_plainly(const FuncType& type, const Slot* args);
  void pass_any_arguments(const FuncType& type, const Slot* args);
  void leave_arguments(const FuncType& type);
  void note_outgoing(uint32_t bytes) {
    if (bytes > outgoing_bytes_) outgoing_bytes_ = bytes;
  }
  void take_results(const FuncType& type, Slot* args);
  void take_many_results(const FuncType& type, Slot* args);
  void load_memory_base();
  void restore_pinned();
  void pass_arguments_and_callee(const FuncType& type, Slot* args);
  void find_table_callee(TypeIdx type_index, uint32_t table);
  void check_callee_ref(const Slot& callee);
  void call_found_callee(const FuncType& type, Slot* args);
  void emit_signature_failures();
  void emit_instance_switches();
  void emit_subtype_check(const TypeDef& super);

  // --- tail_calls.cpp
  void load_callee();
  void give_up_frame(uint32_t callee_bytes);
  void leave_for_callee(const FuncType& type);
  void emit_tail_call_exits();

  CompilerMemory& memory_;
  CodeMaps* maps_;             // null unless wanted, …
  Vector<SourceMark>* marks_;  // … then its marks
  const uint8_t* body_end_ = nullptr;
  std::span<const BranchHint> hints_;  // of the instructions to come
  size_t cold_frame_ = 0;              // the cold part goes on while so many frames are open
  size_t awaited_frame_ = 0;           // whose end the way before it falls to; 0: no frame's
  bool keeps_locals_ = false;      // registers keep locals here; else all are in their homes only
  RegSet straight_gprs_;           // see straight_free
  bool is_full_ = false;           // then that is so in the whole function …
  bool may_be_full_;               // … which is an option at all
  size_t most_bytes_ = SIZE_MAX;   // of code: with more, that is worth it no longer
  bool has_plain_joins_ = false;   // all are in their homes, and nothing below is to be seen to
  bool is_watched_ = false;        // branches have hints or marks
  bool has_plain_memory_ = false;  // see is_plain_memory
  bool is_metered_ = false;        // blocks begin with code of their own
  bool needs_attention_ = false;   // flags are latched, or marks wanted
  bool has_flags_ = false;         // the topmost word is Flags …
  uint32_t flags_at_ = 0;          // … at this position
  const Slot* settled_ = nullptr;  // operands below are Const or Stack
  uint32_t aliases_end_ = 0;       // no operand from here on is Local, if registers keep locals
  uint64_t stress_;                // state of the random numbers; 0: no stress

  RegSet to_store_;  // collected moves: present registers to be stored to their locals' homes, and
  RegSet to_load_;   // registers of the label to be loaded from its locals' homes

  uint32_t loop_state_ = BlockLabel::kNoState;  // of the header of the short loop around
  RegSet loop_regs_;                            // where that state has locals
  uint32_t table_id_ = 0;                       // br_tables so far
  uint32_t victim_cursor_ = 0;
  Reg zero_flag_reg_ = Reg::None;  // see note_zero_flag
  Width zero_flag_width_ = W32;
  uint32_t zero_flag_at_ = 0;

  // The frame, from high to low addresses: saved instance, homes of locals, operand slots, caught
  // slots, outgoing arguments and results.
  uint32_t operands_base_ = 0;          // bytes from rbp down to the first operand slot
  uint32_t operand_slots_ = 0;          // used so far
  uint32_t narrow_slots_ = UINT32_MAX;  // positions of scalars from here on have wide slots
  uint32_t wide_base_ = 0;              // bytes from rbp down to those, 0 while there are none
  uint32_t wide_slots_ = 0;             // used so far
  uint32_t outgoing_bytes_ = 0;         // most needed by any call
  uint32_t open_handlers_ = 0;          // legacy handlers around the present instruction
  uint32_t caught_slots_ = 0;           // most of them at any time
  uint32_t param_stack_bytes_ = 0;

  const uint8_t* block_begin_ = nullptr;  // of the basic block whose price is not known yet …
  uint32_t charge_patch_ = 0;             // … which goes there; 0: there is none
};

}  // namespace sluice

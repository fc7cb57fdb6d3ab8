// A function's frame: how it is set up at the start, and what is known only at the end.
#include "jit/baseline/func_compiler.h"

#include <cstddef>

#include "engine/base/check.h"
#include "engine/wasm/limits.h"
#include "jit/baseline/ops.h"

namespace sluice {

namespace {

// Frames below this are checked by comparing rsp alone: the limit has that much headroom.
constexpr uint32_t kSmallFrameBytes = 4096;
// What the limits on locals and operands amount to: a frame always fits its 32-bit offsets.
constexpr uint64_t kMaxFrameBytes = 16 * (uint64_t{kMaxLocals} + kMaxOperands + kMaxResults) +
                                    8 * (uint64_t{kMaxOperands} + kMaxBodyBytes) + (1u << 20);
static_assert(kMaxFrameBytes < uint64_t{1} << 30);
// Up to so many slots are zeroed without a loop; more, by so many pairs in each turn.
constexpr uint32_t kUnrolledZeroSlots = 16;
constexpr uint32_t kPairsPerTurn = 4;
// Where registers keep locals in the whole function, each target of a branch may need moves: 130
// bytes of code for a byte of a br_table. Real functions take up to 7, or 10 if memories are
// checked explicitly, but for very short ones.
constexpr size_t kMostBytesPerByte = 16;
constexpr size_t kMoreBytes = 4096;

/// Gives out homes of locals, from high to low addresses. Those of v128 are aligned like rbp.
struct Homes {
  uint32_t bytes = 8;  // from rbp down to the last one; the saved instance is above them

  int32_t next(MoveType type) {
    bytes += 8;
    if (type == MoveType::V128) [[unlikely]]
      bytes = (bytes + 8 + 15) & ~15u;
    return -static_cast<int32_t>(bytes);
  }
};

}  // namespace

FuncCompiler::FuncCompiler(const Module& mod, const CompileOptions& opts, Masm& assembler,
                           CompilerMemory& memory, CodeMaps* maps, bool may_be_full)
    : module(mod), options(opts), masm(assembler), layout(InstanceLayout::of(mod)), memory_(memory),
      maps_(maps), marks_(maps != nullptr ? &maps->marks : nullptr), may_be_full_(may_be_full),
      needs_attention_(maps != nullptr), stress_(opts.stress_seed) {
  has_plain_memory_ = !mod.memories.empty() && !mod.memories[0].limits.is_64 &&
                      !is_checked(MemoryIdx{0}) && !opts.debug_checks;
  is_metered_ = opts.meter_fuel || opts.interrupt_checks;
}

void FuncCompiler::begin(State& reader_state) {
  state = &reader_state;
  settled_ = state->base;
  body_end_ = state->bytes + state->body.range.offset + state->body.range.size;
  memory_.label_states.clear();
  memory_.signature_failures.clear();
  memory_.tail_call_exits.clear();
  memory_.instance_switches.clear();
  memory_.frame_drops.clear();
  if (memory_.tries.any()) {
    memory_.tries.clear();
    memory_.caught_slot_uses.clear();
  }
  if (!module.branch_hints.empty()) [[unlikely]]
    hints_ = module.branch_hints.of(state->body.func);
  // A short function may run as often as a short loop; whoever gives hints has measured.
  is_full_ = options.opt_level == OptLevel::Full ||
             state->body.range.size <= LoopScan::kMostBytesWithCall || !hints_.empty();
  if ((stress_ & 1) != 0) is_full_ = !is_full_;
  is_full_ = is_full_ && may_be_full_;
  if (is_full_) most_bytes_ = kMostBytesPerByte * size_t{state->body.range.size} + kMoreBytes;
  is_watched_ = marks_ != nullptr || !hints_.empty();
  set_keeps_locals(is_full_);
  state->frames.front().label.state = BlockLabel::kReturn;
  mark_at(state->body.range.offset);
  emit_prologue();
  set_up_locals();
  if (maps_ != nullptr) note_reference_locals();
  if (is_metered_) open_block(state->instr_pos, true);
  memory_.loop_scan.begin(static_cast<uint32_t>(memory_.locals.size()), is_full_, hints_,
                          state->bytes + state->body.range.offset);
}

void FuncCompiler::emit_prologue() {
  masm.enter_frame();
  if (maps_ == nullptr) [[likely]]
    return;
  const Masm::Prologue& at = masm.prologue();
  maps_->states.push_back({0, FrameState::Called});
  maps_->states.push_back({at.linked, FrameState::Linked});
  maps_->states.push_back({at.framed, FrameState::Framed});
}

void FuncCompiler::set_up_locals() {
  std::span<const ValType> types = state->locals();
  uint32_t params = state->type->param_count;
  LocalState* locals = memory_.locals.resize_for_overwrite(types.size());
  LocationCursor cursor;
  Homes homes;
  for (uint32_t i = 0; i < params; ++i) {
    ValueLocation at = cursor.next(types[i]);
    MoveType type = move_type_of(types[i]);
    set_home(i, at.in_reg() ? homes.next(type) : static_cast<int32_t>(16 + at.offset), type);
    if (!at.in_reg()) continue;
    if (keeps_locals_) {
      bind(i, at.reg, true);
    } else {
      store_in_home(locals[i], at.reg);
      if (is_float(type)) bind(i, at.reg, false);
    }
  }
  param_stack_bytes_ = cursor.stack_bytes();
  uint32_t params_end = homes.bytes;
  for (uint32_t i = params; i < types.size(); ++i) {
    MoveType type = move_type_of(types[i]);
    set_home(i, homes.next(type), type);
  }
  operands_base_ = homes.bytes;
  zero_declared_locals(params_end, operands_base_);
}

void FuncCompiler::note_reference_locals() {
  std::span<const ValType> types = state->locals();
  for (uint32_t i = 0; i < types.size(); ++i) {
    if (is_handle(types[i])) maps_->frames.locals.push_back(local(i).home);
  }
}

/// Zeroes the part of the frame between two distances from rbp.
void FuncCompiler::zero_declared_locals(uint32_t from_bytes, uint32_t to_bytes) {
  uint32_t slots = (to_bytes - from_bytes) / 8;
  if (slots == 0) return;
  int32_t lowest = -static_cast<int32_t>(to_bytes);
  if (slots % 2 != 0) {
    // The slot left over leaves the others aligned, so that homes of v128 are written whole.
    bool at_the_top = slots != 1 && to_bytes % 16 == 0;
    masm.store_imm(StoreKind::I64,
                   frame_slot(at_the_top ? -8 - static_cast<int32_t>(from_bytes) : lowest), 0);
    if (!at_the_top) lowest += 8;
  }
  if (slots == 1) return;
  masm.fconst(FWidth::F64, kScratchXmm, 0);
  const uint32_t pairs = slots / 2;
  const uint32_t single = slots <= kUnrolledZeroSlots ? pairs : pairs % kPairsPerTurn;
  for (uint32_t i = 0; i < single; ++i, lowest += 16) {
    masm.store_slot(MoveType::V128, lowest, kScratchXmm);
  }
  if (single == pairs) return;
  // r9 and r10 carry no parameters.
  masm.lea(W64, Reg::R10, frame_slot(lowest));
  masm.mov_imm(W32, Reg::R9, pairs / kPairsPerTurn);
  sluice::Label again;
  masm.bind(again);
  for (int32_t i = 0; i < static_cast<int32_t>(kPairsPerTurn); ++i) {
    masm.store(StoreKind::V128, mem_at(Reg::R10, 16 * i), kScratchXmm);
  }
  masm.alu_imm(Alu::Add, W64, Reg::R10, 16 * kPairsPerTurn);
  masm.alu_imm(Alu::Sub, W32, Reg::R9, 1);
  masm.jcc(Cond::NotZero, again);
}

bool FuncCompiler::finish(FuncIdx func, CodeBatch& out) {
  if (masm.is_full()) return false;
  if (masm.has_cold()) [[unlikely]]
    join_cold();
  emit_signature_failures();
  emit_instance_switches();
  emit_tail_call_exits();
  uint64_t bytes = wide_base_ != 0 ? wide_base_ + 16 * uint64_t{wide_slots_}
                                   : operands_base_ + 8 * uint64_t{operand_slots_};
  if (caught_slots_ != 0) place_caught_slots(bytes);
  bytes += 8 * uint64_t{caught_slots_} + outgoing_bytes_;
  bytes = (bytes + 15) & ~uint64_t{15};
  DCHECK(bytes <= kMaxFrameBytes, "a frame within the limits on locals and operands");
  auto frame_bytes = static_cast<uint32_t>(bytes);
  masm.patch32(masm.prologue().frame_size, frame_bytes);
  for (const uint32_t at : memory_.frame_drops) masm.patch32(masm.place(at), frame_bytes);
  if (frame_bytes >= kSmallFrameBytes) emit_large_frame_check(frame_bytes);
  masm.finish(func, out, marks_);
  if (masm.is_full()) return false;
  if (memory_.tries.any()) {
    out.entries.back().handlers = static_cast<uint32_t>(out.handlers.size());
    out.handlers.push_back(memory_.tries.table(frame_bytes));
  }
  return true;
}

// The prologue's check becomes a jump to one that takes the frame's size into account. It compares
// twice, because rsp minus the size may wrap around.
void FuncCompiler::emit_large_frame_check(uint32_t frame_bytes) {
  masm.ensure_room();
  mark_at(state->body.range.offset);
  const uint32_t check = masm.prologue().check;
  sluice::Label after_check = masm.prologue().after_check;
  uint32_t jump_end = check + 5;
  uint32_t distance = masm.offset() - jump_end;
  DCHECK(jump_end + 3 <= after_check.offset(), "no room for a jump");
  masm.patch32(check, 0xe9u | distance << 8);
  masm.patch32(check + 4, 0xcccccc00u | distance >> 24);
  masm.mov(W64, Reg::R10, Reg::Rsp);
  masm.alu_imm(Alu::Sub, W64, Reg::R10, static_cast<int32_t>(frame_bytes));
  masm.trap_if(Cond::Below, TrapCode::StackExhausted);
  masm.alu_load(Alu::Cmp, W64, Reg::R10, mem_at(kScratchGpr, offsetof(StoreContext, stack_limit)));
  masm.trap_if(Cond::Below, TrapCode::StackExhausted);
  masm.mov(W64, Reg::Rsp, Reg::R10);
  masm.jmp(after_check);
}

// --- Between instructions ---

void FuncCompiler::mark() { mark_at(static_cast<uint32_t>(state->instr_offset())); }

/// What follows is code of the instruction there.
void FuncCompiler::mark_at(uint32_t wasm_offset) {
  if (marks_ != nullptr) marks_->push_back({masm.offset(), wasm_offset});
  masm.set_wasm_offset(wasm_offset);
}

void FuncCompiler::attend() {
  if (has_flags_) materialise_flags();
  if (marks_ != nullptr) mark();
}

void FuncCompiler::materialise_flags() {
  Slot& slot = state->base[flags_at_];
  Cond cond = slot.word.cond;
  slot.word = Word::none();
  forget_flags();
  PinnedReg reg = scratch_reg(RegClass::Gpr);
  masm.set_bool(cond, reg);
  push_reg(slot, std::move(reg));
}

// --- Sink calls that ops_*.cpp answer ---

void FuncCompiler::wide(Op op, Slot* args) {
  prepare();
  emit_wide(*this, op, args);
}

void FuncCompiler::atomic(Op op, const MemArg& mem, Slot* args) {
  prepare();
  emit_atomic(*this, op, mem, args);
}
void FuncCompiler::atomic_fence() {
  prepare();
  emit_atomic_fence(*this);
}

void FuncCompiler::memory_size(uint32_t memory, Slot* out) {
  prepare();
  emit_memory_size(*this, memory, out);
}
void FuncCompiler::memory_grow(uint32_t memory, Slot* args) {
  prepare();
  emit_memory_grow(*this, memory, args);
}
void FuncCompiler::memory_fill(uint32_t memory, Slot* args) {
  prepare();
  emit_memory_fill(*this, memory, args);
}
void FuncCompiler::memory_copy(uint32_t dst, uint32_t src, Slot* args) {
  prepare();
  emit_memory_copy(*this, dst, src, args);
}
void FuncCompiler::memory_init(uint32_t data, uint32_t memory, Slot* args) {
  prepare();
  emit_memory_init(*this, data, memory, args);
}
void FuncCompiler::data_drop(uint32_t data) {
  prepare();
  emit_data_drop(*this, data, state->top);
}
void FuncCompiler::table_get(uint32_t table, Slot* args) {
  prepare();
  emit_table_get(*this, table, args);
}
void FuncCompiler::table_set(uint32_t table, Slot* args) {
  prepare();
  emit_table_set(*this, table, args);
}
void FuncCompiler::table_size(uint32_t table, Slot* out) {
  prepare();
  emit_table_size(*this, table, out);
}
void FuncCompiler::table_grow(uint32_t table, Slot* args) {
  prepare();
  emit_table_grow(*this, table, args);
}
void FuncCompiler::table_fill(uint32_t table, Slot* args) {
  prepare();
  emit_table_fill(*this, table, args);
}
void FuncCompiler::table_copy(uint32_t dst, uint32_t src, Slot* args) {
  prepare();
  emit_table_copy(*this, dst, src, args);
}
void FuncCompiler::table_init(uint32_t elem, uint32_t table, Slot* args) {
  prepare();
  emit_table_init(*this, elem, table, args);
}
void FuncCompiler::elem_drop(uint32_t elem) {
  prepare();
  emit_elem_drop(*this, elem, state->top);
}
void FuncCompiler::v128_const(const uint8_t*, Slot* out) {
  // The reader's copy is gone by the time the constant is used; the body's bytes stay.
  constant(out, v128_bits(state->next_pos - 16));
}
void FuncCompiler::simd_shuffle(const uint8_t* lanes, Slot* args) {
  prepare();
  emit_simd_shuffle(*this, lanes, args);
}
void FuncCompiler::simd_lane(Op op, uint8_t lane, Slot* args) {
  prepare();
  emit_simd_lane(*this, op, lane, args);
}
void FuncCompiler::simd_mem_lane(Op op, const MemArg& mem, uint8_t lane, Slot* args) {
  prepare();
  emit_simd_mem_lane(*this, op, mem, lane, args);
}
void FuncCompiler::ref_null(HeapType, Slot* out) { constant(out, 0); }
void FuncCompiler::ref_func(uint32_t func, Slot* out) {
  prepare();
  emit_ref_func(*this, func, out);
}
void FuncCompiler::ref_is_null(Slot* args) {
  prepare();
  emit_ref_is_null(*this, args);
}
void FuncCompiler::ref_as_non_null(Slot* args) {
  prepare();
  if (!args[0].type.is_nullable()) return;
  test_ref(args[0]);
  masm.trap_if(Cond::Zero, TrapCode::NullReference);
}

}  // namespace sluice

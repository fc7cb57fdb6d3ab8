// Loads, stores, and the size of memories.
//
// The sandbox rests on this file. An i32 address is a zero-extended register (or a constant) and is
// the only index, at scale 1; the instruction's offset is below 2^32. To the offset a latched
// addend may come (Word::addend), whose maker has proved that the i32 sum does not wrap: a register
// bounded by 2^31 plus a constant below that. In guard mode every sum of all lies inside the
// memory's reservation, so the access is its own check. In explicit mode the end of the access is
// compared, in 64 bits without wrap-around, with the present size first.
#include <cstddef>

#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

/// An address operand, taken from the stack: a register or nothing, plus a constant.
struct Index {
  PinnedReg reg;
  uint64_t offset = 0;
  Reg number() const { return reg.valid() ? reg.reg() : Reg::None; }
};

/// [instance + …] where the pointer to a memory's data lies.
Mem memory_data_field(FuncCompiler& c, uint32_t memory) {
  if (memory == 0) return instance_field(offsetof(InstanceData, memory0));
  return instance_field(c.layout.memories + uint64_t{sizeof(void*)} * memory);
}

bool is_memory64(const FuncCompiler& c, uint32_t memory) {
  return c.module.memories[memory].limits.is_64;
}

Index pop_index(FuncCompiler& c, const MemArg& arg, Slot& operand) {
  Index index;
  index.offset = arg.offset;
  if (operand.word.is_const()) {
    index.offset += c.pop_const(operand);
  } else {
    if (operand.word.kind == WordKind::Reg) index.offset += operand.word.addend();
    index.reg = c.pop_to_reg(operand);
  }
  return index;
}

/// The pinned base and a displacement that fits: nothing to compute before the access.
bool is_simple(FuncCompiler& c, const MemArg& arg, const Index& index) {
  return raw(arg.memory) == 0 && index.offset <= INT32_MAX && !c.is_explicit() &&
         !c.options.debug_checks;
}

/// Traps unless the access ends within the memory. `end` counts from the index register, or from 0
/// if there is none; neither sum can wrap in 64 bits. Changes `temp`, kScratchGpr and flags.
void check_bounds(FuncCompiler& c, uint32_t memory, Reg index, uint64_t end, Reg temp) {
  Masm& m = c.masm;
  if (index == Reg::None) {
    m.mov_imm(W64, temp, end);
  } else if (end <= INT32_MAX) {
    m.lea(W64, temp, mem_at(index, static_cast<int32_t>(end)));
  } else {
    m.mov_imm(W64, temp, end);
    m.alu(Alu::Add, W64, temp, index);
  }
  m.load(LoadKind::I64, kScratchGpr, memory_data_field(c, memory));
  m.alu_load(Alu::Cmp, W64, temp, mem_at(kScratchGpr, offsetof(MemoryData, size_bytes)));
  m.trap_if(Cond::Above, TrapCode::MemoryOutOfBounds);
}

/// Stops where our own claim that an i32's upper half is zero is wrong.
void check_zero_extended(Masm& m, Reg index) {
  Label good;
  m.mov(W32, kScratchGpr, index);
  m.alu(Alu::Cmp, W64, kScratchGpr, index);
  m.jcc(Cond::Equal, good);
  m.ud2();
  m.bind(good);
}

/// The memory operand of an access that is not simple. Emits the checks; `temp` may become its base
/// and kScratchGpr its index, so nothing may be allocated until the access is emitted.
Mem resolve(FuncCompiler& c, const MemArg& arg, const Index& index, uint32_t access_bytes,
            Reg temp) {
  Masm& m = c.masm;
  uint32_t memory = raw(arg.memory);
  Reg reg = index.number();
  if (c.options.debug_checks && reg != Reg::None) [[unlikely]]
    check_zero_extended(m, reg);
  if (c.is_explicit()) check_bounds(c, memory, reg, index.offset + access_bytes, temp);
  Reg base = kMemoryReg;
  if (memory != 0) {
    m.load(LoadKind::I64, temp, memory_data_field(c, memory));
    m.load(LoadKind::I64, temp, mem_at(temp, offsetof(MemoryData, base)));
    base = temp;
  }
  if (index.offset <= INT32_MAX) return mem_at(base, reg, static_cast<int32_t>(index.offset));
  m.mov_imm(W64, kScratchGpr, index.offset);
  if (reg != Reg::None) m.lea(W64, kScratchGpr, mem_at(kScratchGpr, reg, 0));
  return mem_at(base, kScratchGpr, 0);
}

void load(FuncCompiler& c, LoadKind kind, uint32_t access_bytes, const MemArg& arg, Slot* args) {
  RegClass cls = kind >= LoadKind::F32 ? RegClass::Xmm : RegClass::Gpr;
  Index index = pop_index(c, arg, args[0]);
  if (is_simple(c, arg, index)) [[likely]] {
    Reg reg = index.number();
    index.reg.release();
    PinnedReg dst = c.result_reg(cls, RegSet(), cls == RegClass::Gpr ? reg : Reg::None);
    c.masm.load(kind, dst, mem_at(kMemoryReg, reg, static_cast<int32_t>(index.offset)));
    c.push_reg(args[0], std::move(dst));
    if (kind == LoadKind::U8) args[0].word.set_at_most(0xff);
    if (kind == LoadKind::U16) args[0].word.set_at_most(0xffff);
    return;
  }
  PinnedReg dst = c.result_reg(cls);
  PinnedReg temp;
  if (cls == RegClass::Xmm) temp = c.scratch_reg(RegClass::Gpr);
  Mem mem = resolve(c, arg, index, access_bytes, temp.valid() ? temp : dst);
  c.masm.load(kind, dst, mem);
  index.reg.release();
  temp.release();
  c.push_reg(args[0], std::move(dst));
}

/// Can the constant be the immediate of a store of this kind?
bool is_storable_imm(StoreKind kind, uint64_t bits) {
  if (kind != StoreKind::I64 && kind != StoreKind::F64) return true;
  return static_cast<int64_t>(bits) == static_cast<int32_t>(bits);
}

StoreKind integer_kind(StoreKind kind) {
  if (kind == StoreKind::F32) return StoreKind::I32;
  return kind == StoreKind::F64 ? StoreKind::I64 : kind;
}

void store(FuncCompiler& c, StoreKind kind, uint32_t access_bytes, const MemArg& arg, Slot* args) {
  PinnedReg value;
  int32_t imm = 0;
  if (args[1].word.is_const() && is_storable_imm(kind, args[1].word.bits())) {
    imm = static_cast<int32_t>(static_cast<uint32_t>(c.pop_const(args[1])));
  } else {
    value = c.pop_to_reg(args[1]);
  }
  Index index = pop_index(c, arg, args[0]);
  Mem mem;
  PinnedReg temp;
  if (is_simple(c, arg, index)) [[likely]] {
    mem = mem_at(kMemoryReg, index.number(), static_cast<int32_t>(index.offset));
  } else {
    temp = c.scratch_reg(RegClass::Gpr);
    mem = resolve(c, arg, index, access_bytes, temp);
  }
  if (value.valid()) {
    c.masm.store(kind, mem, value);
  } else {
    c.masm.store_imm(integer_kind(kind), mem, imm);
  }
}

/// 64-bit memories are not compiled yet: takes the operands, leaves something harmless.
bool refuse_memory64(FuncCompiler& c, uint32_t memory, Slot* args, uint32_t operands) {
  if (!is_memory64(c, memory)) return false;
  for (uint32_t i = 0; i < operands; ++i) c.pop_dead(args[i]);
  c.push_const(args[0], 0);
  c.stop_unsupported();
  return true;
}

/// Can the address be the index, and all that is constant the displacement, of an access of a
/// memory without checks?
bool is_plain_address(const Slot& operand, uint32_t offset) {
  return operand.word.kind == WordKind::Reg ? uint64_t{offset} + operand.word.addend() <= INT32_MAX
                                            : operand.word.kind != WordKind::Const;
}

constexpr size_t kLoadOps = 14;
constexpr size_t kStoreOps = 9;
constexpr LoadKind kLoadKinds[kLoadOps] = {
    LoadKind::I32,     LoadKind::I64,     LoadKind::F32,     LoadKind::F64,    LoadKind::S8To32,
    LoadKind::U8,      LoadKind::S16To32, LoadKind::U16,     LoadKind::S8To64, LoadKind::U8,
    LoadKind::S16To64, LoadKind::U16,     LoadKind::S32To64, LoadKind::I32};
constexpr StoreKind kStoreKinds[kStoreOps] = {StoreKind::I32, StoreKind::I64, StoreKind::F32,
                                              StoreKind::F64, StoreKind::I8,  StoreKind::I16,
                                              StoreKind::I8,  StoreKind::I16, StoreKind::I32};
constexpr size_t ordinal(Op op, Op first) {
  return static_cast<size_t>(op) - static_cast<size_t>(first);
}
static_assert(ordinal(Op::I64Load32U, Op::I32Load) == kLoadOps - 1);
static_assert(ordinal(Op::I64Store32, Op::I32Store) == kStoreOps - 1);

}  // namespace

void emit_plain_load(FuncCompiler& c, Op op, uint32_t offset, Slot* args) {
  if (!is_plain_address(args[0], offset)) return emit_load(c, op, {.offset = offset}, args);
  if (args[0].word.kind == WordKind::Reg) offset += args[0].word.addend();
  LoadKind kind = kLoadKinds[ordinal(op, Op::I32Load)];
  RegClass cls = kind >= LoadKind::F32 ? RegClass::Xmm : RegClass::Gpr;
  Reg index = c.pop_to_reg(args[0]);  // released: it may become the result's
  PinnedReg dst = c.result_reg(cls, RegSet(), cls == RegClass::Gpr ? index : Reg::None);
  c.masm.load(kind, dst, mem_at(kMemoryReg, index, static_cast<int32_t>(offset)));
  c.push_reg(args[0], std::move(dst));
  if (kind == LoadKind::U8) args[0].word.set_at_most(0xff);
  if (kind == LoadKind::U16) args[0].word.set_at_most(0xffff);
}

void emit_plain_store(FuncCompiler& c, Op op, uint32_t offset, Slot* args) {
  if (!is_plain_address(args[0], offset) || args[1].word.is_const()) {
    return emit_store(c, op, {.offset = offset}, args);
  }
  if (args[0].word.kind == WordKind::Reg) offset += args[0].word.addend();
  StoreKind kind = kStoreKinds[ordinal(op, Op::I32Store)];
  PinnedReg value = c.pop_to_reg(args[1]);
  PinnedReg index = c.pop_to_reg(args[0]);
  c.masm.store(kind, mem_at(kMemoryReg, index, static_cast<int32_t>(offset)), value);
}

void emit_load(FuncCompiler& c, Op op, const MemArg& mem, Slot* args) {
  if (refuse_memory64(c, raw(mem.memory), args, 1)) return;
  switch (op) {
  case Op::I32Load: return load(c, LoadKind::I32, 4, mem, args);
  case Op::I64Load: return load(c, LoadKind::I64, 8, mem, args);
  case Op::F32Load: return load(c, LoadKind::F32, 4, mem, args);
  case Op::F64Load: return load(c, LoadKind::F64, 8, mem, args);
  case Op::I32Load8S: return load(c, LoadKind::S8To32, 1, mem, args);
  case Op::I32Load8U: return load(c, LoadKind::U8, 1, mem, args);
  case Op::I32Load16S: return load(c, LoadKind::S16To32, 2, mem, args);
  case Op::I32Load16U: return load(c, LoadKind::U16, 2, mem, args);
  case Op::I64Load8S: return load(c, LoadKind::S8To64, 1, mem, args);
  case Op::I64Load8U: return load(c, LoadKind::U8, 1, mem, args);
  case Op::I64Load16S: return load(c, LoadKind::S16To64, 2, mem, args);
  case Op::I64Load16U: return load(c, LoadKind::U16, 2, mem, args);
  case Op::I64Load32S: return load(c, LoadKind::S32To64, 4, mem, args);
  case Op::I64Load32U: return load(c, LoadKind::I32, 4, mem, args);
  default: UNREACHABLE("not a Load row");
  }
}

void emit_store(FuncCompiler& c, Op op, const MemArg& mem, Slot* args) {
  if (refuse_memory64(c, raw(mem.memory), args, 2)) return;
  switch (op) {
  case Op::I32Store: return store(c, StoreKind::I32, 4, mem, args);
  case Op::I64Store: return store(c, StoreKind::I64, 8, mem, args);
  case Op::F32Store: return store(c, StoreKind::F32, 4, mem, args);
  case Op::F64Store: return store(c, StoreKind::F64, 8, mem, args);
  case Op::I32Store8:
  case Op::I64Store8: return store(c, StoreKind::I8, 1, mem, args);
  case Op::I32Store16:
  case Op::I64Store16: return store(c, StoreKind::I16, 2, mem, args);
  case Op::I64Store32: return store(c, StoreKind::I32, 4, mem, args);
  default: UNREACHABLE("not a Store row");
  }
}

void emit_memory_size(FuncCompiler& c, uint32_t memory, Slot* out) {
  if (refuse_memory64(c, memory, out, 0)) return;
  PinnedReg dst = c.result_reg(RegClass::Gpr);
  c.masm.load(LoadKind::I64, dst, memory_data_field(c, memory));
  c.masm.load(LoadKind::I64, dst, mem_at(dst, offsetof(MemoryData, size_bytes)));
  c.masm.shift_imm(Shift::Shr, W64, dst, c.module.memories[memory].page_size_log2);
  c.push_reg(out[0], std::move(dst));
}

void emit_memory_grow(FuncCompiler& c, uint32_t memory, Slot* args) {
  if (refuse_memory64(c, memory, args, 1)) return;
  c.call_builtin(Builtin::MemoryGrow, {memory, &args[0]}, args);
  c.push_builtin_result(args[0], MoveType::I32);
}

}  // namespace sluice

// Loads, stores, and the size of memories.
//
// Where an access may go is address.h's to decide. Only FuncCompiler's own functions do without it:
// for a 32-bit memory 0 behind guard pages and a displacement below 2^31 there is nothing to check.
// Of these, load and store are the straight ways of integers where no register keeps a local, and
// hand everything else to load_otherwise and store_otherwise.
#include <cstddef>

#include "jit/baseline/address.h"
#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

void load(FuncCompiler& c, LoadKind kind, uint32_t access_bytes, const MemArg& arg, Slot* args) {
  const RegClass cls = kind >= LoadKind::F32 ? RegClass::Xmm : RegClass::Gpr;
  Address address = pop_address(c, arg, args[0]);
  PinnedReg dst;
  PinnedReg temp;
  if (needs_temp(c, arg.memory)) {
    dst = c.result_reg(cls);
    if (cls == RegClass::Xmm) temp = c.scratch_reg(RegClass::Gpr);
  } else {
    // The address may become the result.
    address.held.release();
    dst = c.result_reg(cls, RegSet(), cls == RegClass::Gpr ? address.reg : Reg::None);
  }
  c.masm.load(kind, dst, resolve(c, arg, address, access_bytes, temp.valid() ? temp : dst));
  address.held.release();
  temp.release();
  c.push_reg(args[0], std::move(dst));
  if (kind == LoadKind::U8) args[0].word.set_at_most(0xff);
  if (kind == LoadKind::U16) args[0].word.set_at_most(0xffff);
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
  const Address address = pop_address(c, arg, args[0]);
  PinnedReg temp;
  if (needs_temp(c, arg.memory)) temp = c.scratch_reg(RegClass::Gpr);
  const Mem mem = resolve(c, arg, address, access_bytes, temp.valid() ? temp.reg() : Reg::None);
  if (value.valid()) {
    c.masm.store(kind, mem, value);
  } else {
    c.masm.store_imm(integer_kind(kind), mem, imm);
  }
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
// By LoadKind: no result is greater than the complement.
constexpr uint32_t kBounds[] = {~0xffu, ~0xffffu, 0, 0, 0, 0, 0, 0, 0, 0, 0};
constexpr size_t ordinal(Op op, Op first) {
  return static_cast<size_t>(op) - static_cast<size_t>(first);
}
static_assert(ordinal(Op::I64Load32U, Op::I32Load) == kLoadOps - 1);
static_assert(ordinal(Op::I64Store32, Op::I32Store) == kStoreOps - 1);

}  // namespace

// Here only the accesses of a 32-bit memory 0 behind guard pages with a displacement below 2^31:
// the address is the index, all that is constant the displacement.
void FuncCompiler::load(Op op, MemArg mem, Slot* args) {
  const LoadKind kind = kLoadKinds[ordinal(op, Op::I32Load)];
  Word& word = args[0].word;
  const RegSet free = straight_free();
  const uint64_t disp = mem.offset + word.addend();
  if (must_detour(free) || !is_plain(mem, disp) || !word.is(WordKind::Reg | WordKind::Local) ||
      kind >= LoadKind::F32) [[unlikely]]
    return load_otherwise(op, mem, args);
  Reg reg = word.reg;
  if (word.kind == WordKind::Local) {
    reg = free.first();
    regs.give_only_word(reg);
    masm.load_slot(W32, reg, word.disp());
  }
  word = Word::in_reg(reg, kBounds[static_cast<size_t>(kind)]);
  masm.load_memory0_over(kind, reg, static_cast<int32_t>(disp));
}

void FuncCompiler::load_otherwise(Op op, MemArg mem, Slot* args) {
  prepare();
  if (!is_plain(mem, args[0])) [[unlikely]]
    return emit_load(*this, op, mem, args);
  const auto disp = static_cast<int32_t>(mem.offset + args[0].word.addend());
  const LoadKind kind = kLoadKinds[ordinal(op, Op::I32Load)];
  if (kind >= LoadKind::F32) {
    const Reg index = take_reg(args[0]);
    const Reg dst = take_result_reg(RegClass::Xmm);
    masm.load_memory0(kind, dst, index, disp);
    return push_taken(args[0], dst);
  }
  const auto [index, dst] = replace_reg(args[0]);
  masm.load_memory0(kind, dst, index, disp);
  args[0].word.low = kBounds[static_cast<size_t>(kind)];
}

void FuncCompiler::store(Op op, MemArg mem, Slot* args) {
  const StoreKind kind = kStoreKinds[ordinal(op, Op::I32Store)];
  Word& address = args[0].word;
  Word& value = args[1].word;
  RegSet free = straight_free();
  const uint64_t disp = mem.offset + address.addend();
  if (must_detour(free.without_first()) || !is_plain(mem, disp) ||
      !address.is(WordKind::Reg | WordKind::Local) ||
      !value.is(kind >= StoreKind::F32 ? static_cast<uint32_t>(WordKind::Reg)
                                       : WordKind::Reg | WordKind::Local)) [[unlikely]]
    return store_otherwise(op, mem, args);
  Reg index = address.reg, src = value.reg;
  if (value.kind == WordKind::Local) {
    src = free.first();
    free.remove_first();
    masm.load_slot(args[1].type == kI64 ? W64 : W32, src, value.disp());
  }
  if (address.kind == WordKind::Local) {
    index = free.first();
    masm.load_slot(W32, index, address.disp());
  }
  regs.release_only_word(value.reg);
  regs.release_only_word(address.reg);
  value.kind = address.kind = WordKind::None;
  masm.store_memory0(kind, index, static_cast<int32_t>(disp), src);
}

void FuncCompiler::store_otherwise(Op op, MemArg mem, Slot* args) {
  prepare();
  if (!is_plain(mem, args[0])) [[unlikely]]
    return emit_store(*this, op, mem, args);
  const auto disp = static_cast<int32_t>(mem.offset + args[0].word.addend());
  const StoreKind kind = kStoreKinds[ordinal(op, Op::I32Store)];
  if (args[1].word.is_const()) {
    if (!is_storable_imm(kind, args[1].word.bits())) return emit_store(*this, op, mem, args);
    const auto imm = static_cast<int32_t>(static_cast<uint32_t>(pop_const(args[1])));
    const Mem place = mem_at(kMemoryReg, take_reg(args[0]), disp);
    return masm.store_imm(integer_kind(kind), place, imm);
  }
  const auto [index, value] = take_regs(*this, args[0], args[1]);
  masm.store_memory0(kind, index, disp, value);
}

void emit_load(FuncCompiler& c, Op op, const MemArg& mem, Slot* args) {
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
  PinnedReg dst = c.result_reg(RegClass::Gpr);
  c.masm.load(LoadKind::I64, dst, memory_data_field(c, MemoryIdx{memory}));
  c.masm.load(LoadKind::I64, dst, mem_at(dst, offsetof(MemoryData, size_bytes)));
  const uint32_t page_size_log2 = c.module.memories[memory].page_size_log2;
  if (page_size_log2 != 0) c.masm.shift_imm(Shift::Shr, W64, dst, page_size_log2);
  c.push_reg(out[0], std::move(dst));
}

void emit_memory_grow(FuncCompiler& c, uint32_t memory, Slot* args) {
  c.call_builtin(Builtin::MemoryGrow, {memory, &args[0]}, args);
  const bool is_64 = c.module.memories[memory].limits.is_64;
  c.push_builtin_result(args[0], is_64 ? MoveType::I64 : MoveType::I32);
}

}  // namespace sluice

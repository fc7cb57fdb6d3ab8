// Atomic memory instructions (the threads proposal). x86 makes every aligned load an acquire in one
// total order with locked instructions, so a load is a load; a store is an exchange.
//
// The effective address of each must be a multiple of its size: that is tested before the access.
// Narrow results are zero-extended. The registers' rest is address.h's and the register allocator's
// matter; rax is the hardware's choice for compare-and-exchange.
#include <cstddef>

#include "jit/baseline/address.h"
#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

enum class Family : uint8_t { Load, Store, Add, Sub, And, Or, Xor, Exchange, CompareExchange };

// Each family has seven rows, of both types and all narrower sizes.
constexpr uint32_t kRowsOfFamily = 7;
constexpr uint32_t row(Op op) {
  return static_cast<uint32_t>(op) - static_cast<uint32_t>(Op::I32AtomicLoad);
}
constexpr Family family_of(Op op) { return static_cast<Family>(row(op) / kRowsOfFamily); }
static_assert(family_of(Op::I64AtomicLoad32U) == Family::Load);
static_assert(family_of(Op::I32AtomicStore) == Family::Store);
static_assert(family_of(Op::I32AtomicRmwAdd) == Family::Add);
static_assert(family_of(Op::I64AtomicRmw32SubU) == Family::Sub);
static_assert(family_of(Op::I32AtomicRmwAnd) == Family::And);
static_assert(family_of(Op::I64AtomicRmw32XorU) == Family::Xor);
static_assert(family_of(Op::I32AtomicRmwXchg) == Family::Exchange);
static_assert(row(Op::I64AtomicRmw32CmpxchgU) == 9 * kRowsOfFamily - 1);

/// An access in the making: its operands but the address are popped, then this pops the address.
struct Access {
  Access(FuncCompiler& compiler, const MemArg& arg, uint32_t access_bytes, Slot& operand)
      : c(compiler), mem_arg(arg), bytes(access_bytes), address(pop_address(c, arg, operand)) {
    if (needs_temp(c, arg.memory)) temp = c.scratch_reg(RegClass::Gpr);
  }

  /// Emits the checks. Nothing may be allocated from here to the access.
  Mem check() {
    check_alignment();
    return resolve(c, mem_arg, address, bytes, temp.valid() ? temp.reg() : Reg::None);
  }

  FuncCompiler& c;
  const MemArg& mem_arg;
  const uint32_t bytes;
  Address address;
  PinnedReg temp;

 private:
  void check_alignment() const {
    const auto mask = static_cast<int32_t>(bytes - 1);
    const int32_t low = static_cast<int32_t>(address.offset & 7) & mask;
    if (mask == 0) return;
    if (address.reg == Reg::None) {
      if (low != 0) c.masm.trap(TrapCode::UnalignedAtomic);
      return;
    }
    Reg tested = address.reg;
    if (low != 0) {
      tested = kScratchGpr;
      c.masm.lea(W32, tested, mem_at(address.reg, low));
    }
    c.masm.test_imm(W32, tested, mask);
    c.masm.trap_if(Cond::NotZero, TrapCode::UnalignedAtomic);
  }
};

Width width_of(uint32_t bytes) { return bytes == 8 ? W64 : W32; }

LoadKind load_kind(uint32_t bytes) {
  if (bytes == 8) return LoadKind::I64;
  if (bytes == 4) return LoadKind::I32;
  return bytes == 2 ? LoadKind::U16 : LoadKind::U8;
}

/// After an instruction that left the rest of the register as it was.
void zero_extend(Masm& m, uint32_t bytes, Reg reg) {
  if (bytes == 4) m.mov(W32, reg, reg);
  if (bytes < 4) m.extend(load_kind(bytes), reg, reg);
}

void atomic_load(FuncCompiler& c, const MemArg& mem, uint32_t bytes, Slot* args) {
  Access access(c, mem, bytes, args[0]);
  PinnedReg dst = c.result_reg(RegClass::Gpr);
  c.masm.load(load_kind(bytes), dst, access.check());
  access.address.held.release();
  access.temp.release();
  c.push_reg(args[0], std::move(dst));
}

void atomic_store(FuncCompiler& c, const MemArg& mem, uint32_t bytes, Slot* args) {
  const PinnedReg value = c.pop_to_writable_reg(args[1]);
  Access access(c, mem, bytes, args[0]);
  c.masm.xchg_mem(bytes, access.check(), value);
}

/// Those that the hardware does in one instruction, which leaves the old value in place of the
/// operand: add, sub, exchange.
void exchange(FuncCompiler& c, Family family, const MemArg& mem, uint32_t bytes, Slot* args) {
  Masm& m = c.masm;
  PinnedReg value = c.pop_to_writable_reg(args[1]);
  {
    Access access(c, mem, bytes, args[0]);
    if (family == Family::Sub) m.neg(width_of(bytes), value);
    const Mem at = access.check();
    if (family == Family::Exchange) {
      m.xchg_mem(bytes, at, value);
    } else {
      m.lock_xadd(bytes, at, value);
    }
  }
  if (bytes < 4) zero_extend(m, bytes, value);
  c.push_reg(args[0], std::move(value));
}

/// Those that take a loop.
void combine(FuncCompiler& c, Alu op, const MemArg& mem, uint32_t bytes, Slot* args) {
  Masm& m = c.masm;
  PinnedReg value = c.pop_to_reg(args[1], RegSet::of(Reg::Rax));
  PinnedReg old = c.scratch_specific(Reg::Rax);
  {
    Access access(c, mem, bytes, args[0]);
    const PinnedReg updated = c.scratch_reg(RegClass::Gpr);
    const Mem at = access.check();
    // A failed exchange loads what is there now into the low part of rax: the rest stays zero.
    m.load(load_kind(bytes), old, at);
    Label again;
    m.bind(again);
    m.mov(W64, updated, old);
    m.alu(op, W64, updated, value);
    m.lock_cmpxchg(bytes, at, updated);
    m.jcc(Cond::NotEqual, again);
  }
  value.release();
  c.push_reg(args[0], std::move(old));
}

/// The expected value counts modulo the access's size.
void compare_exchange(FuncCompiler& c, const MemArg& mem, uint32_t bytes, Slot* args) {
  PinnedReg replacement = c.pop_to_reg(args[2], RegSet::of(Reg::Rax));
  PinnedReg old = c.pop_to_specific(args[1], Reg::Rax);
  {
    Access access(c, mem, bytes, args[0]);
    c.masm.lock_cmpxchg(bytes, access.check(), replacement);
  }
  zero_extend(c.masm, bytes, old);
  replacement.release();
  c.push_reg(args[0], std::move(old));
}

void call_parking_lot(FuncCompiler& c, Op op, const MemArg& mem, Slot* args) {
  const uint64_t memory = raw(mem.memory);
  if (op == Op::MemoryAtomicNotify) {
    c.call_builtin(Builtin::AtomicNotify, {memory, &args[0], mem.offset, &args[1]}, args);
  } else {
    const Builtin wait =
        op == Op::MemoryAtomicWait32 ? Builtin::AtomicWait32 : Builtin::AtomicWait64;
    c.call_builtin(wait, {memory, &args[0], mem.offset, &args[1], &args[2]}, args);
  }
  c.push_builtin_result(args[0], MoveType::I32);
}

}  // namespace

void emit_atomic(FuncCompiler& c, Op op, const MemArg& mem, Slot* args) {
  if (op < Op::I32AtomicLoad) return call_parking_lot(c, op, mem, args);
  const uint32_t bytes = 1u << op_info(op).align_log2;
  const Family family = family_of(op);
  switch (family) {
  case Family::Load: return atomic_load(c, mem, bytes, args);
  case Family::Store: return atomic_store(c, mem, bytes, args);
  case Family::Add:
  case Family::Sub:
  case Family::Exchange: return exchange(c, family, mem, bytes, args);
  case Family::And: return combine(c, Alu::And, mem, bytes, args);
  case Family::Or: return combine(c, Alu::Or, mem, bytes, args);
  case Family::Xor: return combine(c, Alu::Xor, mem, bytes, args);
  case Family::CompareExchange: return compare_exchange(c, mem, bytes, args);
  }
}

void emit_atomic_fence(FuncCompiler& c) { c.masm.mfence(); }

}  // namespace sluice

// How an access is kept inside its memory.
//
// A 32-bit address is a zero-extended register (or a constant) and is the only index, at scale 1;
// the instruction's offset is below 2^32. To the offset a latched addend may come (Word::addend),
// whose maker has proved that the i32 sum does not wrap: a register bounded by 2^31 plus a constant
// below that. Behind guard pages every sum of all lies inside the memory's reservation, so the
// access is its own check.
// A 64-bit address behind guard pages is compared with InstanceData::memory64_bound; what comes to
// it afterwards is below 2^31 and ends in the guard. A larger offset is added first, and the sum
// must not wrap.
// Without guard pages the end of the access is compared with the present size first, in 64 bits: a
// 32-bit memory's sums cannot wrap, a 64-bit one's carry is tested.
#include "jit/baseline/address.h"

#include <cstddef>

namespace sluice {

namespace {

// The largest offset that is left to the access itself; any access from here still ends in the
// guard behind a memory.
constexpr uint64_t kMaxDisplacement = INT32_MAX;
static_assert(kMaxDisplacement + 16 < kGuard64Bytes);

uint64_t add_saturating(uint64_t a, uint64_t b) { return a + b < a ? ~uint64_t{0} : a + b; }

bool is_memory64(const FuncCompiler& c, MemoryIdx memory) {
  return c.module.memories[raw(memory)].limits.is_64;
}

/// The pinned register has this memory's base.
bool has_pinned_base(const FuncCompiler& c, MemoryIdx memory) {
  return raw(memory) == 0 && (c.is_explicit() || !c.is_checked(memory));
}

/// dst = offset + reg, if there is one. Traps if that wraps, which only a 64-bit address can.
void add_offset(FuncCompiler& c, MemoryIdx memory, Reg dst, uint64_t offset, Reg reg) {
  c.masm.mov_imm(W64, dst, offset);
  if (reg == Reg::None) return;
  c.masm.alu(Alu::Add, W64, dst, reg);
  if (is_memory64(c, memory)) c.masm.trap_if(Cond::Carry, TrapCode::MemoryOutOfBounds);
}

/// Traps unless the access ends within the memory. `end` counts from the index register, or from 0
/// if there is none. Changes `temp` and kScratchGpr.
void check_size(FuncCompiler& c, MemoryIdx memory, Reg index, uint64_t end, Reg temp) {
  Masm& m = c.masm;
  if (index != Reg::None && end <= kMaxDisplacement && !is_memory64(c, memory)) {
    m.lea(W64, temp, mem_at(index, static_cast<int32_t>(end)));
  } else {
    add_offset(c, memory, temp, end, index);
  }
  m.load(LoadKind::I64, kScratchGpr, memory_data_field(c, memory));
  m.alu_load(Alu::Cmp, W64, temp, mem_at(kScratchGpr, offsetof(MemoryData, size_bytes)));
  m.trap_if(Cond::Above, TrapCode::MemoryOutOfBounds);
}

/// Traps unless a 64-bit address lies below the bound that every guarded memory of its kind
/// reserves. Returns what is left for the access to add.
Mem check_bound(FuncCompiler& c, MemoryIdx memory, Reg base, Reg index, uint64_t offset) {
  uint64_t displacement = offset;
  if (offset > kMaxDisplacement) {
    add_offset(c, memory, kScratchGpr, offset, index);
    index = kScratchGpr;
    displacement = 0;
  }
  // A constant up to here lies within the guard's size of the base, whatever the bound is.
  if (index != Reg::None) {
    c.masm.alu_load(Alu::Cmp, W64, index, instance_field(offsetof(InstanceData, memory64_bound)));
    c.masm.trap_if(Cond::AboveEqual, TrapCode::MemoryOutOfBounds);
  }
  return mem_at(base, index, static_cast<int32_t>(displacement));
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

}  // namespace

Mem memory_data_field(const FuncCompiler& c, MemoryIdx memory) {
  if (raw(memory) == 0) return instance_field(offsetof(InstanceData, memory0));
  return instance_field(c.layout.memories + uint64_t{sizeof(void*)} * raw(memory));
}

Address pop_address(FuncCompiler& c, const MemArg& arg, Slot& operand) {
  Address address;
  address.offset = arg.offset;
  if (operand.word.is_const()) {
    address.offset = add_saturating(address.offset, c.pop_const(operand));
  } else {
    if (operand.word.kind == WordKind::Reg) address.offset += operand.word.addend();
    address.held = c.pop_to_reg(operand);
    address.reg = address.held;
  }
  return address;
}

bool needs_temp(const FuncCompiler& c, MemoryIdx memory) {
  return c.is_checked(memory) || !has_pinned_base(c, memory);
}

Mem resolve(FuncCompiler& c, const MemArg& arg, const Address& address, uint32_t access_bytes,
            Reg temp) {
  Masm& m = c.masm;
  const MemoryIdx memory = arg.memory;
  const bool is_64 = is_memory64(c, memory);
  const Reg index = address.reg;
  const uint64_t offset = address.offset;
  if (c.options.debug_checks && index != Reg::None && !is_64) [[unlikely]]
    check_zero_extended(m, index);
  if (c.is_checked(memory)) {
    check_size(c, memory, index, add_saturating(offset, access_bytes), temp);
  }
  Reg base = kMemoryReg;
  if (!has_pinned_base(c, memory)) {
    m.load(LoadKind::I64, temp, memory_data_field(c, memory));
    m.load(LoadKind::I64, temp, mem_at(temp, offsetof(MemoryData, base)));
    base = temp;
  }
  if (is_64 && !c.is_checked(memory)) return check_bound(c, memory, base, index, offset);
  if (offset <= kMaxDisplacement) return mem_at(base, index, static_cast<int32_t>(offset));
  m.mov_imm(W64, kScratchGpr, offset);
  if (index != Reg::None) m.lea(W64, kScratchGpr, mem_at(kScratchGpr, index, 0));
  return mem_at(base, kScratchGpr, 0);
}

}  // namespace sluice

// Loads and stores of vectors. The memory operand, checks included, is address.h's; a vector's
// access is as wide as its row of opcodes.def says, never wider: the last bytes of a memory can be
// read and written by each instruction that reaches no further.
#include "jit/asm/simd.h"
#include "jit/baseline/address.h"
#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

uint32_t access_bytes(Op op) { return 1u << op_info(op).align_log2; }

/// Resolves the address. Registers for all else are taken before: the memory operand may be made of
/// scratch registers.
Mem resolve_simd(FuncCompiler& c, Op op, const MemArg& arg, const Address& address,
                 PinnedReg& temp) {
  if (needs_temp(c, arg.memory)) temp = c.scratch_reg(RegClass::Gpr);
  return resolve(c, arg, address, access_bytes(op), temp.valid() ? temp.reg() : Reg::None);
}

}  // namespace

// As FuncCompiler::load and store: a 32-bit memory 0 behind guard pages, a displacement below 2^31.
void FuncCompiler::simd_load(Op op, MemArg mem, Slot* args) {
  prepare();
  if (!is_plain(mem, args[0])) [[unlikely]]
    return emit_simd_load(*this, op, mem, args);
  const auto disp = static_cast<int32_t>(mem.offset + args[0].word.addend());
  const Reg index = take_reg(args[0]);
  const Reg dst = take_result_reg(RegClass::Xmm);
  if (op == Op::V128Load) [[likely]] {
    masm.load_memory0(LoadKind::V128, dst, index, disp);
  } else {
    SimdMasm(masm).load(op, dst, mem_at(kMemoryReg, index, disp));
  }
  push_taken(args[0], dst);
}

void FuncCompiler::simd_store(Op op, MemArg mem, Slot* args) {
  prepare();
  if (!is_plain(mem, args[0])) [[unlikely]]
    return emit_simd_store(*this, op, mem, args);
  const auto disp = static_cast<int32_t>(mem.offset + args[0].word.addend());
  const auto [index, value] = take_regs(*this, args[0], args[1]);
  masm.store_memory0(StoreKind::V128, index, disp, value);
}

void emit_simd_load(FuncCompiler& c, Op op, const MemArg& arg, Slot* args) {
  Address address = pop_address(c, arg, args[0]);
  PinnedReg dst = c.result_reg(RegClass::Xmm);
  PinnedReg temp;
  const Mem mem = resolve_simd(c, op, arg, address, temp);
  SimdMasm(c.masm).load(op, dst, mem);
  c.push_reg(args[0], std::move(dst));
}

void emit_simd_store(FuncCompiler& c, Op op, const MemArg& arg, Slot* args) {
  PinnedReg value = c.pop_to_reg(args[1]);
  Address address = pop_address(c, arg, args[0]);
  PinnedReg temp;
  const Mem mem = resolve_simd(c, op, arg, address, temp);
  c.masm.store(StoreKind::V128, mem, value);
}

void emit_simd_mem_lane(FuncCompiler& c, Op op, const MemArg& arg, uint8_t lane, Slot* args) {
  PinnedReg vector = c.pop_to_reg(args[1]);
  Address address = pop_address(c, arg, args[0]);
  PinnedReg temp;
  if (op_info(op).sig.result_count == 0) {
    const Mem mem = resolve_simd(c, op, arg, address, temp);
    return SimdMasm(c.masm).store_lane(op, lane, mem, vector);
  }
  const Reg source = vector;
  vector.release();
  PinnedReg dst = c.result_reg(RegClass::Xmm, RegSet(), source);
  const Mem mem = resolve_simd(c, op, arg, address, temp);
  SimdMasm(c.masm).load_lane(op, lane, dst, source, mem);
  c.push_reg(args[0], std::move(dst));
}

}  // namespace sluice

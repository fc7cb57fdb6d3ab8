// Fuel and tests for interruption: what options ask for at the starts of basic blocks.
//
// Each basic block takes the number of its instructions from StoreContext::fuel when it starts, and
// traps if there is not so much. So a run's fuel is a matter of the module alone: it does not
// depend on the memory mode, on when or by whom a function is compiled, nor on what code its
// instructions became. Where no signal may come, functions and loops also ask whether the guest is
// to stop. Without these options a block's start costs one test of a flag and emits nothing.
#include <cstddef>

#include "engine/binary/skip.h"
#include "engine/wasm/opcodes.h"
#include "jit/baseline/func_compiler.h"

namespace sluice {

namespace {

/// Does control never get behind this instruction?
bool ends_block(uint8_t opcode) {
  constexpr Op kOps[] = {
      Op::Unreachable, Op::Throw,  Op::Rethrow,    Op::ThrowRef,      Op::Br,
      Op::BrTable,     Op::Return, Op::ReturnCall, Op::ReturnCallRef, Op::ReturnCallIndirect};
  for (const Op op : kOps) {
    if (op_info(op).code == opcode) return true;
  }
  return false;
}

}  // namespace

/// The block that is open gets its price: its instructions up to the present one, included.
void FuncCompiler::close_block() {
  if (charge_patch_ == 0) return;
  const uint8_t* p = block_begin_;
  uint32_t count = 0;
  for (bool is_over = false; p <= state->instr_pos && !is_over; ++count) {
    is_over = ends_block(*p);
    p = skip_instr(p, body_end_);
  }
  masm.patch32(charge_patch_, count);
  charge_patch_ = 0;
}

void FuncCompiler::open_block(const uint8_t* begin, bool can_repeat) {
  const bool asks = can_repeat && options.interrupt_checks;
  if (!asks && !options.meter_fuel) return;
  masm.ensure_room();
  masm.load(LoadKind::I64, kScratchGpr, instance_field(offsetof(InstanceData, context)));
  if (asks) {
    masm.alu_store_imm(Alu::Cmp, W32,
                       mem_at(kScratchGpr, offsetof(StoreContext, interrupt_requested)), 0);
    masm.trap_if(Cond::NotEqual, TrapCode::Interrupted);
  }
  if (!options.meter_fuel) return;
  block_begin_ = begin;
  charge_patch_ = masm.sub_mem_patchable(mem_at(kScratchGpr, offsetof(StoreContext, fuel)));
  masm.trap_if(Cond::Sign, TrapCode::FuelExhausted);
}

}  // namespace sluice

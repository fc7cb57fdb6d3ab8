// Tail calls (spec 4.4.8): the callee takes the place of the present frame.
//
// Arguments are passed as for any call, those on the stack at the lower end of the frame. Then the
// frame is given up: the stack arguments move up to where ours were, ending below the result slots
// that our caller reserved, and the return address goes below them. So stack use does not depend on
// how many calls a chain has, whatever their signatures are.
//
// A callee in another instance would return to our caller with its own r14 and rbx. If that caller
// does not restore them (call_conv.h), the tail call is an ordinary call: from then on the frame
// below does, so a chain has at most one frame of that kind. Host functions are always called: they
// end the chain, and find their calling instance in the frame.
#include <cstddef>

#include "jit/baseline/func_compiler.h"

namespace sluice {

namespace {

// None of these carries an argument.
constexpr Reg kCalleeInstance = Reg::R9;
constexpr Reg kReturnAddress = Reg::R12;
constexpr Reg kNewStackTop = Reg::R13;

}  // namespace

/// Leaves the machine as a call of a function with so many bytes of stack arguments leaves it, on
/// behalf of our caller. The arguments lie at rsp.
void FuncCompiler::give_up_frame(uint32_t callee_bytes) {
  if (callee_bytes == 0 && param_stack_bytes_ == 0) return drop_frame();
  auto bytes = static_cast<int32_t>(callee_bytes);
  int32_t first_argument = 16 + static_cast<int32_t>(param_stack_bytes_) - bytes;
  masm.lea(W64, kNewStackTop, frame_slot(first_argument - 8));
  masm.load(LoadKind::I64, kReturnAddress, frame_slot(8));
  // From here on an interruption finds our caller's frame, whatever happens to ours.
  masm.load(LoadKind::I64, Reg::Rbp, frame_slot(0));
  note_frame(FrameState::Handed);
  // They move up, perhaps over themselves: the uppermost goes first.
  for (int32_t at = bytes - 8; at >= 0; at -= 8) {
    masm.ensure_room();
    masm.load(LoadKind::I64, kScratchGpr, mem_at(Reg::Rsp, at));
    masm.store(StoreKind::I64, mem_at(kNewStackTop, 8 + at), kScratchGpr);
  }
  masm.ensure_room();
  masm.store(StoreKind::I64, mem_at(kNewStackTop), kReturnAddress);
  masm.mov(W64, Reg::Rsp, kNewStackTop);
}

void FuncCompiler::return_call(uint32_t func, const FuncType& type, Slot* args) {
  prepare();
  pass_arguments(type, args);
  if (module.is_imported(FuncIdx{func})) {
    uint64_t import = layout.func_imports + sizeof(FuncImport) * uint64_t{func};
    masm.load(LoadKind::I64, kCalleeReg, instance_field(import + offsetof(FuncImport, code)));
    masm.load(LoadKind::I64, kCalleeInstance,
              instance_field(import + offsetof(FuncImport, instance)));
    leave_for_callee(type);
  } else {
    give_up_frame(stack_area_bytes(type.params()));
    masm.jmp_func(FuncIdx{func});
    note_frame(FrameState::Framed);
  }
}

/// kCalleeReg: from a FuncRecord's address to that of its code; kCalleeInstance: its instance.
void FuncCompiler::load_callee() {
  masm.load(LoadKind::I64, kCalleeInstance, mem_at(kCalleeReg, offsetof(FuncRecord, instance)));
  masm.load(LoadKind::I32, kCalleeReg, mem_at(kCalleeReg, offsetof(FuncRecord, code_offset)));
  masm.alu_load(Alu::Add, W64, kCalleeReg,
                mem_at(kCalleeInstance, offsetof(InstanceData, code_base)));
}

void FuncCompiler::return_call_indirect(TypeIdx type_index, uint32_t table, const FuncType& type,
                                        Slot* args) {
  prepare();
  pass_arguments_and_callee(type, args);
  find_table_callee(type_index, table);
  load_callee();
  leave_for_callee(type);
}

void FuncCompiler::return_call_ref(TypeIdx, const FuncType& type, Slot* args) {
  prepare();
  pass_arguments_and_callee(type, args);
  check_callee_ref(args[type.param_count]);
  load_callee();
  leave_for_callee(type);
}

/// Jumps to the code in kCalleeReg, if it is of this instance.
void FuncCompiler::leave_for_callee(const FuncType& type) {
  TailCallExit& exit = memory_.tail_call_exits.push();
  exit.wasm_offset = static_cast<uint32_t>(state->instr_offset());
  masm.alu(Alu::Cmp, W64, kCalleeInstance, kInstanceReg);
  masm.jcc(Cond::NotEqual, exit.label);
  exit.resume = masm.offset();
  give_up_frame(stack_area_bytes(type.params()));
  masm.jmp_reg(kCalleeReg);
  note_frame(FrameState::Framed);
}

/// Behind the body: the callee's instance is another one.
void FuncCompiler::emit_tail_call_exits() {
  auto results = static_cast<int32_t>(stack_area_bytes(state->type->results()));
  for (TailCallExit& exit : memory_.tail_call_exits) {
    masm.ensure_room();
    masm.bind(exit.label);
    mark_at(exit.wasm_offset);
    // Does our caller care? Its return address is ours still.
    masm.load(LoadKind::I64, kScratchGpr, frame_slot(8));
    masm.load(LoadKind::I32, kScratchGpr, mem_at(kScratchGpr));
    masm.alu_imm(Alu::Cmp, W32, kScratchGpr, static_cast<int32_t>(kRestoresInstance));
    masm.mov(W64, kInstanceReg, kCalleeInstance);
    load_memory_base();
    sluice::Label call;
    masm.jcc(Cond::NotEqual, call);
    masm.alu_store_imm(Alu::Cmp, W64, instance_field(offsetof(InstanceData, host_code)), 0);
    masm.jcc(Cond::NotEqual, call);
    masm.jmp_to(exit.resume);

    masm.bind(call);
    if (maps_ != nullptr) note_references(0);
    masm.call_reg(kCalleeReg);
    restore_pinned();
    // What it returns we return: results in registers are in place.
    int32_t ours = 16 + static_cast<int32_t>(param_stack_bytes_);
    for (int32_t at = 0; at < results; at += 8) {
      masm.ensure_room();
      masm.load(LoadKind::I64, kScratchGpr, mem_at(Reg::Rsp, at));
      masm.store(StoreKind::I64, frame_slot(ours + at), kScratchGpr);
    }
    // By rbp: the callee has popped its arguments.
    masm.mov(W64, Reg::Rsp, Reg::Rbp);
    masm.pop(Reg::Rbp);
    note_frame(FrameState::Called);
    return_to_caller();
  }
}

}  // namespace sluice

// The frame of a host shim:
//
//   [rbp + 16]  parameter slots, then result slots: the caller's (call_conv.h)
//   [rbp]       caller's rbp, below which its instance lies
//   [rbp - 8]   the host function's instance
//   [rbp - 16]  room for an MXCSR
//   [rbp - 24]  and below: handles among the parameters, in their order, for who looks for roots
//   [rsp]       16-byte aligned: the cells, or the C ABI's stack arguments
#include "jit/stubs/host_call.h"

#include "engine/base/check.h"
#include "jit/abi/trap_codes.h"
#include "jit/stubs/entry.h"
#include "jit/stubs/stub_parts.h"

namespace sluice {

namespace {

namespace x86 = asmjit::x86;
using namespace stubs;  // NOLINT(google-build-using-namespace): this file's own parts
using asmjit::Label;

constexpr int32_t kModes = -16;

class HostShimEmitter {
 public:
  HostShimEmitter(const StubEnvironment& environment, const FuncType& type)
      : environment_(environment), type_(type), a_(stub_.assembler),
        param_bytes_(stack_area_bytes(type.params())) {
    for (const ValType param : type.params()) handle_bytes_ += is_handle(param) ? 8 : 0;
  }

  StubCode array_form() {
    const uint32_t cells = std::max(type_.param_count, type_.result_count);
    push_frame(static_cast<int32_t>(cells) * kCellBytes);
    fill_cells();
    pass_fixed();
    a_.mov(x86::rdx, x86::rsp);
    call_host();
    a_.test(x86::eax, x86::eax);
    a_.jnz(trap_);
    jump_if_interrupted(a_, x86::r12, interrupted_);
    take_results_from_cells();
    return finish();
  }

  StubCode typed_form() {
    CAbiCursor c(2);
    for (const ValType type : type_.params()) c.next(type);
    push_frame(static_cast<int32_t>(c.stack_bytes()));
    pass_c_arguments();
    pass_fixed();
    call_host();
    const bool in_rax =
        type_.result_count == 1 && reg_class_of(type_.results()[0]) == RegClass::Gpr;
    if (in_rax) {
      a_.test(x86::edx, x86::edx);
      a_.jnz(trap_);
      if (value_bytes(type_.results()[0]) == 4) a_.mov(x86::eax, x86::eax);
    } else {
      a_.test(x86::eax, x86::eax);
      a_.jnz(trap_);
    }
    trap_in_edx_ = in_rax;
    jump_if_interrupted(a_, x86::r12, interrupted_);
    return finish();
  }

 private:
  x86::Mem param_slot(ValueLocation at_offset) const {
    return x86::ptr(x86::rbp, 16 + static_cast<int32_t>(at_offset.offset));
  }
  x86::Mem result_slot(ValueLocation at_offset) const {
    return x86::ptr(x86::rbp, 16 + static_cast<int32_t>(param_bytes_ + at_offset.offset));
  }

  void push_frame(int32_t area_bytes) {
    stubs::push_frame(stub_);
    a_.push(gpr(kInstanceReg));
    a_.sub(x86::rsp, 8 + handle_bytes_ + area_bytes);
    a_.and_(x86::rsp, -16);
    // Wasm code expects no more of r12, C keeps it.
    a_.mov(x86::r12, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
    a_.cmp(x86::rsp, x86::ptr(x86::r12, SLUICE_CONTEXT_FIELD(stack_limit)));
    a_.jb(exhausted_);
    if (handle_bytes_ != 0) keep_handles();
  }

  void keep_handles() {
    LocationCursor cursor;
    x86::Mem slot = x86::ptr(x86::rbp, kShimHandleSlot);
    for (const ValType type : type_.params()) {
      const ValueLocation from = cursor.next(type);
      if (!is_handle(type)) continue;
      if (from.in_reg()) {
        store_value(a_, type, slot, from.reg);
      } else {
        copy_value(a_, type, slot, param_slot(from), x86::r11);
      }
      slot.addOffset(-8);
    }
  }

  void fill_cells() {
    for (const bool from_stack : {false, true}) {
      LocationCursor cursor;
      int32_t cell = 0;
      for (const ValType type : type_.params()) {
        const ValueLocation from = cursor.next(type);
        const x86::Mem to = x86::ptr(x86::rsp, cell);
        cell += kCellBytes;
        if (from.in_reg() == from_stack) continue;
        if (from_stack) {
          copy_value(a_, type, to, param_slot(from), x86::r11);
        } else {
          store_value(a_, type, to, from.reg);
        }
      }
    }
  }

  /// Stack arguments first, then registers from the last to the first: rsi → r9, rdx → r8, rcx,
  /// rax → rdx never overwrite one that is still to be read.
  void pass_c_arguments() {
    for (const ValType type : type_.params()) pass(type, true);
    wasm_ = LocationCursor();
    c_ = CAbiCursor(2);
    Reg from[kMaxTypedParams] = {};
    Reg to[kMaxTypedParams] = {};
    uint32_t count = 0;
    for (const ValType type : type_.params()) {
      const ValueLocation source = wasm_.next(type);
      const ValueLocation target = c_.next(type);
      // The C ABI has fewer integer registers left, and as many vector registers.
      DCHECK(!target.in_reg() || source.in_reg(), "C has no more registers than Wasm");
      if (!target.in_reg() || is_xmm(target.reg)) continue;
      from[count] = source.reg;
      to[count++] = target.reg;
    }
    while (count-- > 0) {
      if (from[count] != to[count]) a_.mov(gpr(to[count]), gpr(from[count]));
    }
  }

  void pass(ValType type, bool on_stack) {
    const ValueLocation source = wasm_.next(type);
    const ValueLocation target = c_.next(type);
    if (target.in_reg() == on_stack) return;
    const x86::Mem slot = x86::ptr(x86::rsp, static_cast<int32_t>(target.offset));
    if (source.in_reg()) {
      store_value(a_, type, slot, source.reg);
    } else {
      copy_value(a_, type, slot, param_slot(source), x86::r11);
    }
  }

  void pass_fixed() {
    a_.mov(x86::rsi, x86::ptr(x86::rbp));
    a_.mov(x86::rsi, x86::ptr(x86::rsi, -8));
    a_.mov(x86::rdi, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(host_env)));
  }

  void call_host() {
    a_.mov(x86::ptr(x86::r12, SLUICE_CONTEXT_FIELD(exit_fp)), x86::rbp);
    a_.cmp(x86::dword_ptr(x86::r12, SLUICE_CONTEXT_FIELD(leaves_slowly.for_modes)), 0);
    a_.jne(set_host_modes_);
    a_.bind(host_modes_set_);
    if (environment_.call_hook != nullptr) call_hook(CallEvent::CallsHost);
    a_.call(x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(host_code)));
    if (environment_.call_hook != nullptr) call_hook(CallEvent::ReturnsFromHost);
    modes_.jump_if_modes_differ(x86::rcx, set_wasm_modes_);
    a_.bind(wasm_modes_set_);
  }

  /// Keeps all registers that hold C's arguments or results.
  void call_hook(CallEvent event) {
    const x86::Gp kept[] = {x86::rax, x86::rcx, x86::rdx, x86::rsi, x86::rdi, x86::r8, x86::r9};
    constexpr int32_t kKeptXmms = 8;
    for (const x86::Gp& reg : kept) a_.push(reg);
    a_.sub(x86::rsp, 8 + 16 * kKeptXmms);  // and aligned again
    for (int32_t i = 0; i < kKeptXmms; ++i) {
      a_.movups(x86::ptr(x86::rsp, 16 * i), x86::xmm(static_cast<uint32_t>(i)));
    }
    a_.mov(x86::rdi, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
    a_.mov(x86::esi, static_cast<uint32_t>(event));
    a_.mov(x86::rax, reinterpret_cast<uint64_t>(environment_.call_hook));
    a_.call(x86::rax);
    for (int32_t i = 0; i < kKeptXmms; ++i) {
      a_.movups(x86::xmm(static_cast<uint32_t>(i)), x86::ptr(x86::rsp, 16 * i));
    }
    a_.add(x86::rsp, 8 + 16 * kKeptXmms);
    for (size_t i = std::size(kept); i-- > 0;) a_.pop(kept[i]);
  }

  void take_results_from_cells() {
    for (const bool to_stack : {true, false}) {
      LocationCursor cursor;
      int32_t cell = 0;
      for (const ValType type : type_.results()) {
        const ValueLocation to = cursor.next(type);
        const x86::Mem from = x86::ptr(x86::rsp, cell);
        cell += kCellBytes;
        if (to.in_reg() == to_stack) continue;
        if (to_stack) {
          copy_value(a_, type, result_slot(to), from, x86::r11);
        } else {
          load_value(a_, type, to.reg, from);
        }
      }
    }
  }

  StubCode finish() {
    leave_frame(stub_, FrameState::Framed, param_bytes_);

    a_.bind(trap_);
    if (!trap_in_edx_) a_.mov(x86::edx, x86::eax);
    emit_trap(a_, kTrapCodeInRdx);

    a_.bind(interrupted_);
    emit_trap(a_, static_cast<uint8_t>(TrapCode::Interrupted));

    a_.bind(exhausted_);
    // The trap's helper runs on this stack, of which the cells may have taken the last.
    a_.lea(x86::rsp, x86::ptr(x86::rbp, kModes));
    emit_trap(a_, static_cast<uint8_t>(TrapCode::StackExhausted));

    a_.bind(set_host_modes_);
    a_.ldmxcsr(x86::dword_ptr(x86::r12, SLUICE_CONTEXT_FIELD(host_mxcsr)));
    a_.jmp(host_modes_set_);

    a_.bind(set_wasm_modes_);
    a_.mov(x86::dword_ptr(x86::rbp, kModes), kWasmMxcsr);
    a_.ldmxcsr(x86::dword_ptr(x86::rbp, kModes));
    a_.jmp(wasm_modes_set_);
    modes_.emit_constants();
    return stub_.finish_marked();
  }

  const StubEnvironment& environment_;
  const FuncType& type_;
  StubAssembler stub_;
  x86::Assembler& a_;
  ModesProbe modes_{a_, environment_.exact_modes};
  const uint32_t param_bytes_;
  int32_t handle_bytes_ = 0;
  LocationCursor wasm_;
  CAbiCursor c_{2};
  bool trap_in_edx_ = false;
  const Label trap_ = a_.newLabel();
  const Label exhausted_ = a_.newLabel();
  const Label interrupted_ = a_.newLabel();
  const Label set_host_modes_ = a_.newLabel();
  const Label host_modes_set_ = a_.newLabel();
  const Label set_wasm_modes_ = a_.newLabel();
  const Label wasm_modes_set_ = a_.newLabel();
};

}  // namespace

Result<uint32_t> add_array_host_shim(CodeMemory& memory, const CommonStubs& common,
                                     const FuncType& type) {
  return memory.add_stub(HostShimEmitter(common.environment, type).array_form(),
                         StubKind::HostShim);
}

Result<uint32_t> add_typed_host_shim(CodeMemory& memory, const CommonStubs& common,
                                     const FuncType& type) {
  DCHECK(has_typed_form(type), "asked before");
  return memory.add_stub(HostShimEmitter(common.environment, type).typed_form(),
                         StubKind::HostShim);
}

}  // namespace sluice

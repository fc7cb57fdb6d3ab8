#include "jit/stubs/stub_parts.h"

#include "jit/stubs/entry.h"

namespace sluice {

bool has_typed_form(const FuncType& type) {
  if (type.result_count > 1 || type.param_count > kMaxTypedParams) return false;
  for (uint32_t i = 0; i < type.param_count + type.result_count; ++i) {
    if (type.types[i] == kV128) return false;
  }
  return true;
}

namespace stubs {

namespace x86 = asmjit::x86;

void push_frame(StubAssembler& stub) {
  stub.mark(FrameState::Called);
  stub.assembler.push(x86::rbp);
  stub.mark(FrameState::Linked);
  stub.assembler.mov(x86::rbp, x86::rsp);
  stub.mark(FrameState::Framed);
}

void leave_frame(StubAssembler& stub, FrameState state, uint32_t popped_bytes) {
  stub.assembler.leave();
  return_to_caller(stub, state, popped_bytes);
}

void return_to_caller(StubAssembler& stub, FrameState state, uint32_t popped_bytes) {
  stub.mark(FrameState::Called);
  if (popped_bytes == 0) {
    stub.assembler.ret();
  } else {
    stub.assembler.ret(popped_bytes);
  }
  stub.mark(state);
}

uint32_t value_bytes(ValType type) {
  switch (type.kind()) {
  case ValKind::I32:
  case ValKind::F32: return 4;
  case ValKind::V128: return 16;
  case ValKind::Ref: return is_handle(type) ? 4 : 8;
  default: return 8;
  }
}

void load_value(x86::Assembler& a, ValType type, Reg dst, const x86::Mem& src) {
  const uint32_t bytes = value_bytes(type);
  if (!is_xmm(dst)) {
    a.mov(bytes == 4 ? gpr(dst).r32() : gpr(dst), src);
  } else if (bytes == 16) {
    a.movups(xmm(dst), src);
  } else if (bytes == 8) {
    a.movsd(xmm(dst), src);
  } else {
    a.movss(xmm(dst), src);
  }
}

void store_value(x86::Assembler& a, ValType type, const x86::Mem& dst, Reg src) {
  const uint32_t bytes = value_bytes(type);
  if (!is_xmm(src)) {
    // Wasm code keeps 4-byte values zero-extended; what C returns has been extended by the caller.
    a.mov(dst, gpr(src));
  } else if (bytes == 16) {
    a.movups(dst, xmm(src));
  } else if (bytes == 8) {
    a.movsd(dst, xmm(src));
  } else {
    x86::Mem upper = dst;
    upper.addOffset(4);
    upper.setSize(4);
    a.movss(dst, xmm(src));
    a.mov(upper, 0);
  }
}

void copy_value(x86::Assembler& a, ValType type, const x86::Mem& dst, const x86::Mem& src,
                const x86::Gp& scratch) {
  const uint32_t bytes = value_bytes(type);
  if (bytes == 16) {
    a.movups(x86::xmm15, src);
    a.movups(dst, x86::xmm15);
  } else {
    a.mov(bytes == 4 ? scratch.r32() : scratch, src);
    a.mov(dst, scratch);
  }
}

void emit_trap(x86::Assembler& a, uint8_t reason) {
  a.call(x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(trap_exit)));
  a.db(reason);
}

namespace {

// What has happened so far: no mode.
constexpr uint32_t kMxcsrFlags = 0x3f;

constexpr uint32_t kTerms[2][4] = {
    {0x3f800001, 0xbf800001, 0x3f800000, 0x00000001},  // a bit above 1, below -1; 1; a denormal
    {0x30000000, 0xb0000000, 0x33c00000, 0x00000000},  // 2^-31, -2^-31, 3/4 of the last digit, 0
};
// To nearest all sums are odd: the first two stay, the third is rounded up, the denormal is kept.
constexpr uint32_t kOdd[4] = {1, 1, 1, 1};

}  // namespace

void jump_if_interrupted(x86::Assembler& a, const x86::Gp& context,
                         const asmjit::Label& interrupted) {
  a.cmp(x86::dword_ptr(context, SLUICE_CONTEXT_FIELD(interrupt_requested)), 0);
  a.jne(interrupted);
}

void ModesProbe::jump_if_modes_differ(const x86::Gp& scratch, const asmjit::Label& different) {
  if (exact_) {
    a_.stmxcsr(x86::dword_ptr(x86::rsp, -4));
    a_.mov(scratch.r32(), x86::dword_ptr(x86::rsp, -4));
    a_.and_(scratch.r32(), ~kMxcsrFlags);
    a_.cmp(scratch.r32(), kWasmMxcsr);
    a_.jne(different);
    return;
  }
  a_.movaps(x86::xmm15, x86::ptr(constants_));
  a_.addps(x86::xmm15, x86::ptr(constants_, 16));
  a_.ptest(x86::xmm15, x86::ptr(constants_, 32));
  a_.jnc(different);
}

void ModesProbe::emit_constants() {
  if (exact_) return;
  a_.align(asmjit::AlignMode::kData, 16);
  a_.bind(constants_);
  a_.embed(kTerms, sizeof kTerms);
  a_.embed(kOdd, sizeof kOdd);
}

ValueLocation CAbiCursor::next(ValType type) {
  static constexpr Reg kGprs[] = {Reg::Rdi, Reg::Rsi, Reg::Rdx, Reg::Rcx, Reg::R8, Reg::R9};
  if (reg_class_of(type) == RegClass::Gpr) {
    if (gprs_ < 6) return {kGprs[gprs_++], 0};
  } else if (xmms_ < 8) {
    return {static_cast<Reg>(16 + xmms_++), 0};
  }
  const ValueLocation on_stack{Reg::None, stack_bytes_};
  stack_bytes_ += 8;
  return on_stack;
}

}  // namespace stubs
}  // namespace sluice

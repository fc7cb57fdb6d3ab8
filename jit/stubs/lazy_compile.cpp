// The stub's frame, one like those of Wasm functions, which backtraces can walk:
//
//   [rbp + 16]   stack arguments: the caller's
//   [rbp]        caller's rbp
//   [rbp - 8]    the instance of the function that is called
//   [rbp - 56]   its integer arguments
//   [rbp - 192]  its vector arguments, 16 bytes each
#include "jit/stubs/lazy_compile.h"

#include "jit/abi/builtins.h"
#include "jit/abi/call_conv.h"
#include "jit/abi/trap_codes.h"
#include "jit/stubs/stub_parts.h"

namespace sluice {

namespace {

namespace x86 = asmjit::x86;
using namespace stubs;  // NOLINT(google-build-using-namespace): this file's own parts

constexpr int32_t kGprArguments = -8 - 8 * static_cast<int32_t>(kValueGprCount);
constexpr int32_t kXmmArguments = kGprArguments - 8 - 16 * static_cast<int32_t>(kValueXmmCount);

x86::Mem gpr_argument(uint32_t i) {
  return x86::ptr(x86::rbp, kGprArguments + 8 * static_cast<int32_t>(i));
}
x86::Mem xmm_argument(uint32_t i) {
  return x86::ptr(x86::rbp, kXmmArguments + 16 * static_cast<int32_t>(i));
}

StubCode lazy_stub() {
  StubAssembler stub;
  x86::Assembler& a = stub.assembler;
  const asmjit::Label exhausted = a.newLabel();
  const asmjit::Label failed = a.newLabel();
  stub.mark(FrameState::Slotted);
  a.pop(x86::r11);  // into the slot
  push_frame(stub);
  a.push(gpr(kInstanceReg));
  a.sub(x86::rsp, -8 - kXmmArguments);
  a.and_(x86::rsp, -16);
  a.mov(x86::r10, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
  a.cmp(x86::rsp, x86::ptr(x86::r10, SLUICE_CONTEXT_FIELD(stack_limit)));
  a.jb(exhausted);
  for (uint32_t i = 0; i < kValueGprCount; ++i) a.mov(gpr_argument(i), gpr(kValueGprs[i]));
  for (uint32_t i = 0; i < kValueXmmCount; ++i) a.movups(xmm_argument(i), x86::xmm(i));

  a.mov(x86::rdi, gpr(kInstanceReg));
  a.mov(x86::rsi, x86::r11);
  a.mov(x86::r11, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(builtins)));
  a.call(x86::ptr(x86::r11, 8 * static_cast<int32_t>(Builtin::CompileFunc)));
  a.test(x86::edx, x86::edx);
  a.jnz(failed);
  a.mov(x86::r11, x86::rax);

  for (uint32_t i = 0; i < kValueGprCount; ++i) a.mov(gpr(kValueGprs[i]), gpr_argument(i));
  for (uint32_t i = 0; i < kValueXmmCount; ++i) a.movups(x86::xmm(i), xmm_argument(i));
  a.leave();
  stub.mark(FrameState::Called);
  a.jmp(x86::r11);
  stub.mark(FrameState::Framed);

  a.bind(exhausted);
  emit_trap(a, static_cast<uint8_t>(TrapCode::StackExhausted));
  a.bind(failed);
  emit_trap(a, kTrapCodeInRdx);
  return stub.finish_marked();
}

}  // namespace

Result<void> add_lazy_stub(CodeMemory& memory) {
  memory.set_lazy_stub(TRY(memory.add_stub(lazy_stub(), StubKind::Lazy)));
  return {};
}

}  // namespace sluice

// Pieces that several stubs are made of: registers by name, the frame of an entry stub, floating-
// point modes, and how C and Wasm pass a list of values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/wasm/types.h"
#include "jit/abi/call_conv.h"
#include "jit/abi/instance_layout.h"
#include "jit/asm/stub_assembler.h"

namespace sluice::stubs {

inline constexpr int32_t kCellBytes = 16;

/// MXCSR in Wasm code: the processor's default. Everything masked, round to nearest, no flushing.
inline constexpr uint32_t kWasmMxcsr = 0x1f80;

constexpr int32_t at(size_t field) { return static_cast<int32_t>(field); }
#define SLUICE_CONTEXT_FIELD(name) at(offsetof(StoreContext, name))
#define SLUICE_INSTANCE_FIELD(name) at(offsetof(InstanceData, name))

inline asmjit::x86::Gp gpr(Reg r) { return asmjit::x86::gpq(encoding(r)); }
inline asmjit::x86::Xmm xmm(Reg r) { return asmjit::x86::xmm(encoding(r)); }

/// The beginning and the end of a stub that makes a frame, with the marks of its states; `state` is
/// what holds for the code behind the end.
void push_frame(StubAssembler& stub);
void leave_frame(StubAssembler& stub, FrameState state = FrameState::Framed,
                 uint32_t popped_bytes = 0);
/// The same where rbp is the caller's already.
void return_to_caller(StubAssembler& stub, FrameState state, uint32_t popped_bytes = 0);

/// How much of a cell or slot a value of a type fills: 4, 8 or 16 bytes. Handles of the store's
/// heap are 32 bits wide, function references are pointers.
uint32_t value_bytes(ValType type);

/// Moves a value between memory and the register it is passed in; loads zero the upper bits of
/// 4-byte values, stores into memory always write 8 bytes (16 for v128).
void load_value(asmjit::x86::Assembler& a, ValType type, Reg dst, const asmjit::x86::Mem& src);
void store_value(asmjit::x86::Assembler& a, ValType type, const asmjit::x86::Mem& dst, Reg src);
/// Memory to memory, the same rules. `scratch` for all but v128, xmm15 for that.
void copy_value(asmjit::x86::Assembler& a, ValType type, const asmjit::x86::Mem& dst,
                const asmjit::x86::Mem& src, const asmjit::x86::Gp& scratch);

/// A trap site (trap_codes.h).
void emit_trap(asmjit::x86::Assembler& a, uint8_t reason);

/// Behind a call of C code that may have taken long: has the guest been asked to stop meanwhile?
void jump_if_interrupted(asmjit::x86::Assembler& a, const asmjit::x86::Gp& context,
                         const asmjit::Label& interrupted);

/// Finds out whether the floating-point modes differ from Wasm's.
///
/// Reading MXCSR costs 15 to 20 cycles on some processors, four additions at once cost one. Each
/// sum is odd, in its last digit, only under Wasm's modes: two of them other modes round up or
/// down, one is cut off, and one of denormal numbers flushed to zero. Unmasked exceptions have no
/// effect on results; when one is raised, here or in Wasm code, the signal handler masks it
/// (resume_with_masked_exceptions). If there is none, `exact` probes do read MXCSR.
class ModesProbe {
 public:
  ModesProbe(asmjit::x86::Assembler& a, bool exact)
      : a_(a), exact_(exact), constants_(a.newLabel()) {}

  /// Jumps to `different` if they differ. Changes xmm15, `scratch` and four bytes below rsp.
  void jump_if_modes_differ(const asmjit::x86::Gp& scratch, const asmjit::Label& different);
  /// Once, behind the code.
  void emit_constants();

 private:
  asmjit::x86::Assembler& a_;
  const bool exact_;
  const asmjit::Label constants_;
};

/// Hands out where the C ABI (System V) passes values, like LocationCursor for Wasm.
class CAbiCursor {
 public:
  /// The first `skip` integer registers are taken by fixed parameters.
  explicit CAbiCursor(uint32_t skip) : gprs_(skip) {}
  /// A register, or an offset into the stack arguments (8 bytes each).
  ValueLocation next(ValType type);
  uint32_t stack_bytes() const { return stack_bytes_; }

 private:
  uint32_t gprs_;
  uint32_t xmms_ = 0;
  uint32_t stack_bytes_ = 0;
};

}  // namespace sluice::stubs

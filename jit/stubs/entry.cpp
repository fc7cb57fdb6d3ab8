// The frame of an entry stub, below the return address:
//
//   [rbp]       caller's rbp
//   [rbp - 8]   null: no calling instance
//   [rbp - 48]  rbx, r12 … r15 above
//   [rbp - 56]  StoreContext*
//   [rbp - 112]  EntryFrame, up to here
//   [rbp - 112 - area]  result slots and parameter slots, for signatures that need them
//
// rsp = rbp - 112 is what the context remembers, so a trap finds rbp again from it. r14 stays null
// until all memory the host passed has been read: a fault before that is the host's own, and the
// signal handler can tell by the null.
#include "jit/stubs/entry.h"

#include "engine/base/check.h"
#include "jit/abi/trap_codes.h"
#include "jit/stubs/stub_parts.h"

namespace sluice {

namespace {

namespace x86 = asmjit::x86;
using namespace stubs;  // NOLINT(google-build-using-namespace): this file's own parts
using asmjit::Label;

constexpr int32_t kSavedRegs = -48;
constexpr int32_t kContext = -56;
constexpr int32_t kFrameBytes = kEntryFrameBytes;
static_assert(kFrameBytes + kContext == sizeof(EntryFrame));
static_assert(kFrameBytes % 16 == 0, "the callers of C code find the stack aligned");
constexpr int32_t frame_field(size_t offset) { return at(offset) - kFrameBytes; }
constexpr int32_t kOuterLimit = frame_field(offsetof(EntryFrame, outer_stack_limit));
constexpr int32_t kCells = frame_field(offsetof(EntryFrame, cells));
constexpr int32_t kHostModes = frame_field(offsetof(EntryFrame, host_mxcsr));
constexpr int32_t kHostModesDiffer = frame_field(offsetof(EntryFrame, host_modes_differ));
constexpr int32_t kLanding = frame_field(offsetof(EntryFrame, landing));
constexpr int32_t kOuterRsp = frame_field(offsetof(EntryFrame, outer_rsp));

/// Emits one entry stub. During set-up r13 is the callee's instance, r11 its code, r15 the
/// StoreContext, r12 the new stack limit; the C ABI's argument registers are left alone.
class EntryEmitter {
 public:
  EntryEmitter(const CommonStubs& common, const FuncType& type)
      : common_(common), type_(type), a_(stub_.assembler),
        param_bytes_(stack_area_bytes(type.params())),
        result_bytes_(stack_area_bytes(type.results())) {}

  StubCode array_form() {
    push_registers();
    a_.mov(x86::r11, x86::ptr(x86::rdi, at(offsetof(FuncImport, code))));
    a_.mov(x86::r13, x86::ptr(x86::rdi, at(offsetof(FuncImport, instance))));
    save_context();
    enter();
    a_.mov(x86::ptr(x86::rbp, kCells), x86::rsi);
    pass_cells();
    call();
    a_.mov(x86::r11, x86::ptr(x86::rbp, kCells));
    return_cells();
    a_.xor_(x86::eax, x86::eax);
    return finish([] {});
  }

  StubCode typed_form() {
    push_registers();
    a_.mov(x86::r11, x86::rsi);
    a_.mov(x86::r13, x86::rdi);
    save_context();
    enter();
    pass_c_arguments();
    call();
    const bool in_rax =
        type_.result_count == 1 && reg_class_of(type_.results()[0]) == RegClass::Gpr;
    a_.xor_(in_rax ? x86::edx : x86::eax, in_rax ? x86::edx : x86::eax);
    return finish([&] {
      if (!in_rax) return;
      a_.mov(x86::edx, x86::eax);
      a_.xor_(x86::eax, x86::eax);
    });
  }

 private:
  static x86::Mem context_field(int32_t field) { return x86::qword_ptr(x86::r15, field); }
  x86::Mem thread_field(size_t field) const {
    x86::Mem m = x86::ptr(static_cast<uint64_t>(common_.environment.thread_stack_offset) + field);
    m.setAbs();
    m.setSegment(x86::fs);
    return m;
  }
  int32_t area_bytes() const { return static_cast<int32_t>(param_bytes_ + result_bytes_); }

  void push_registers() {
    push_frame(stub_);
    a_.push(0);
    a_.push(x86::rbx);
    a_.push(x86::r12);
    a_.push(x86::r13);
    a_.push(x86::r14);
    a_.push(x86::r15);
    stub_.mark(FrameState::Saved);
    a_.xor_(x86::r14d, x86::r14d);
  }

  void save_context() {
    a_.mov(x86::r15, x86::ptr(x86::r13, SLUICE_INSTANCE_FIELD(context)));
    a_.push(x86::r15);
    a_.sub(x86::rsp, static_cast<uint32_t>(sizeof(EntryFrame)));
    a_.mov(x86::rax, context_field(SLUICE_CONTEXT_FIELD(entry_rsp)));
    a_.mov(x86::ptr(x86::rbp, kOuterRsp), x86::rax);
  }

  /// Modes, stack limit, landing: everything but the arguments.
  void enter() {
    a_.mov(x86::dword_ptr(x86::rbp, kHostModesDiffer), 0);
    modes_.jump_if_modes_differ(x86::r10, host_modes_differ_);
    a_.bind(host_modes_done_);
    set_stack_limit();
    a_.lea(x86::rax, x86::ptr(landing_));
    a_.mov(x86::ptr(x86::rbp, kLanding), x86::rax);
    a_.mov(context_field(SLUICE_CONTEXT_FIELD(entry_rsp)), x86::rsp);
    a_.mov(context_field(SLUICE_CONTEXT_FIELD(stack_limit)), x86::r12);
    x86::Mem thread_id = thread_field(offsetof(ThreadStack, thread_id));
    thread_id.setSize(4);
    a_.mov(x86::r10d, thread_id);
    a_.mov(x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(thread_id)), x86::r10d);
    // Behind the stores above: whoever asks later sees them, and signals this thread.
    a_.cmp(x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(interrupt_requested)), 0);
    a_.jne(interrupted_);
    if (area_bytes() != 0) {
      a_.sub(x86::rsp, area_bytes());
      a_.cmp(x86::rsp, x86::r12);
      a_.jb(exhausted_);
    }
  }

  /// r12 = max(floor, rsp - max_wasm_stack), on this thread's own stack; see entry_stack_limit for
  /// all else. A nested entry never has more stack than the one it is nested in.
  void set_stack_limit() {
    a_.mov(x86::r12, x86::rsp);
    a_.sub(x86::r12, thread_field(offsetof(ThreadStack, low)));
    a_.cmp(x86::r12, thread_field(offsetof(ThreadStack, size_bytes)));
    a_.jae(slow_limit_);
    a_.mov(x86::r10, thread_field(offsetof(ThreadStack, floor)));
    a_.mov(x86::r12, x86::rsp);
    a_.sub(x86::r12, context_field(SLUICE_CONTEXT_FIELD(max_wasm_stack_bytes)));
    a_.cmovb(x86::r12, x86::r10);
    a_.cmp(x86::r12, x86::r10);
    a_.cmovb(x86::r12, x86::r10);
    a_.test(x86::rax, x86::rax);  // the outer entry's rsp
    a_.jnz(nested_);
    a_.bind(limit_known_);
  }

  void pass_cells() {
    a_.mov(x86::r10, x86::rsi);
    for (const bool to_stack : {true, false}) {
      LocationCursor cursor;
      int32_t cell = 0;
      for (const ValType type : type_.params()) {
        const ValueLocation to = cursor.next(type);
        const x86::Mem from = x86::ptr(x86::r10, cell);
        cell += kCellBytes;
        if (to.in_reg() == to_stack) continue;
        if (to_stack) {
          copy_value(a_, type, x86::ptr(x86::rsp, static_cast<int32_t>(to.offset)), from, x86::rax);
        } else {
          load_value(a_, type, to.reg, from);
        }
      }
    }
  }

  /// Stack slots first: that frees the registers for the moves, which in this order never
  /// overwrite one that is still to be read (rdx → rax, rcx, r8 → rdx, r9 → rsi).
  void pass_c_arguments() {
    for (const bool to_stack : {true, false}) {
      LocationCursor wasm;
      CAbiCursor c(2);
      for (const ValType type : type_.params()) {
        const ValueLocation to = wasm.next(type);
        const ValueLocation from = c.next(type);
        if (to.in_reg() == to_stack) continue;
        const x86::Mem source = x86::ptr(x86::rbp, 16 + static_cast<int32_t>(from.offset));
        const x86::Mem slot = x86::ptr(x86::rsp, static_cast<int32_t>(to.offset));
        if (to_stack && !from.in_reg()) {
          copy_value(a_, type, slot, source, x86::rax);
        } else if (to_stack) {
          store_zero_extended(type, slot, from.reg);
        } else if (!from.in_reg()) {
          load_value(a_, type, to.reg, source);
        } else if (!is_xmm(to.reg)) {
          move_zero_extended(type, to.reg, from.reg);
        }  // vector registers are the same in both conventions
      }
    }
  }

  void store_zero_extended(ValType type, const x86::Mem& slot, Reg from) {
    if (!is_xmm(from) && value_bytes(type) == 4) a_.mov(gpr(from).r32(), gpr(from).r32());
    store_value(a_, type, slot, from);
  }

  void move_zero_extended(ValType type, Reg to, Reg from) {
    if (value_bytes(type) == 4) {
      a_.mov(gpr(to).r32(), gpr(from).r32());
    } else if (to != from) {
      a_.mov(gpr(to), gpr(from));
    }
  }

  void call() {
    a_.mov(gpr(kInstanceReg), x86::r13);
    a_.mov(gpr(kMemoryReg), x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(memory0)));
    a_.mov(gpr(kMemoryReg), x86::ptr(gpr(kMemoryReg), at(offsetof(MemoryData, base))));
    a_.call(x86::r11);
  }

  void return_cells() {
    for (const bool from_stack : {false, true}) {
      LocationCursor cursor;
      int32_t cell = 0;
      for (const ValType type : type_.results()) {
        const ValueLocation from = cursor.next(type);
        const x86::Mem to = x86::ptr(x86::r11, cell);
        cell += kCellBytes;
        if (from.in_reg() == from_stack) continue;
        if (from_stack) {
          copy_value(a_, type, to, x86::ptr(x86::rsp, static_cast<int32_t>(from.offset)), x86::rax);
        } else {
          store_value(a_, type, to, from.reg);
        }
      }
    }
  }

  /// The way out, with the results in place, and everything that is rarely run. `trap_result`
  /// turns the trap code in eax into what the stub returns.
  template <class TrapResult>
  StubCode finish(TrapResult trap_result) {
    a_.bind(exit_);
    a_.mov(x86::r11, x86::ptr(x86::rbp, kContext));
    a_.mov(x86::r10, x86::ptr(x86::rbp, kOuterRsp));
    a_.mov(x86::ptr(x86::r11, SLUICE_CONTEXT_FIELD(entry_rsp)), x86::r10);
    a_.test(x86::r10, x86::r10);
    a_.jnz(leave_nested_);
    a_.bind(limit_restored_);
    a_.cmp(x86::dword_ptr(x86::rbp, kHostModesDiffer), 0);
    a_.jne(restore_modes_);
    a_.bind(restore_modes_done_);
    a_.lea(x86::rsp, x86::ptr(x86::rbp, kSavedRegs));
    a_.pop(x86::r15);
    a_.pop(x86::r14);
    a_.pop(x86::r13);
    a_.pop(x86::r12);
    a_.pop(x86::rbx);
    leave_frame(stub_, FrameState::Saved);

    a_.bind(landing_);
    a_.lea(x86::rbp, x86::ptr(x86::rsp, kFrameBytes));
    a_.mov(x86::r11, x86::ptr(x86::rbp, kContext));
    a_.mov(x86::eax,
           x86::dword_ptr(x86::r11, at(offsetof(StoreContext, trap) + offsetof(TrapRecord, code))));
    const Label failed = a_.newLabel();
    a_.bind(failed);
    trap_result();
    a_.jmp(exit_);

    a_.bind(exhausted_);
    a_.mov(x86::eax, static_cast<uint32_t>(TrapCode::StackExhausted));
    a_.jmp(failed);

    a_.bind(interrupted_);
    a_.mov(x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(interrupt_requested)), 0);
    a_.mov(x86::eax, static_cast<uint32_t>(TrapCode::Interrupted));
    a_.jmp(failed);

    emit_rare_limits(failed);

    a_.bind(host_modes_differ_);
    const Label noted = a_.newLabel();  // by the signal handler, if an exception was unmasked too
    a_.cmp(x86::dword_ptr(x86::rbp, kHostModesDiffer), 0);
    a_.jne(noted);
    a_.stmxcsr(x86::dword_ptr(x86::rbp, kHostModes));
    a_.mov(x86::dword_ptr(x86::rbp, kHostModesDiffer), 1);
    a_.bind(noted);
    a_.push(kWasmMxcsr);
    a_.ldmxcsr(x86::dword_ptr(x86::rsp));
    a_.pop(x86::rax);
    a_.jmp(host_modes_done_);

    a_.bind(restore_modes_);
    a_.ldmxcsr(x86::dword_ptr(x86::rbp, kHostModes));
    a_.jmp(restore_modes_done_);
    modes_.emit_constants();
    return stub_.finish_marked();
  }

  void emit_rare_limits(const Label& failed) {
    // Plain if the outer entry is on this stack: what is left of its limit holds here too.
    a_.bind(nested_);
    a_.mov(x86::r10, context_field(SLUICE_CONTEXT_FIELD(stack_limit)));
    a_.mov(x86::ptr(x86::rbp, kOuterLimit), x86::r10);
    a_.sub(x86::rax, thread_field(offsetof(ThreadStack, low)));
    a_.cmp(x86::rax, thread_field(offsetof(ThreadStack, size_bytes)));
    a_.jae(slow_limit_);
    a_.cmp(x86::r12, x86::r10);
    a_.cmovb(x86::r12, x86::r10);
    a_.jmp(limit_known_);

    a_.bind(slow_limit_);
    a_.mov(x86::r10, context_field(SLUICE_CONTEXT_FIELD(stack_limit)));
    a_.mov(x86::ptr(x86::rbp, kOuterLimit), x86::r10);
    a_.mov(x86::rax, reinterpret_cast<uint64_t>(common_.slow_stack_limit));
    a_.call(x86::rax);
    a_.mov(x86::r12, x86::rax);
    a_.test(x86::rax, x86::rax);
    a_.jnz(limit_known_);
    a_.mov(x86::eax, static_cast<uint32_t>(TrapCode::OutOfMemory));
    a_.jmp(failed);

    a_.bind(leave_nested_);
    a_.mov(x86::r10, x86::ptr(x86::rbp, kOuterLimit));
    a_.mov(x86::ptr(x86::r11, SLUICE_CONTEXT_FIELD(stack_limit)), x86::r10);
    a_.jmp(limit_restored_);
  }

  const CommonStubs& common_;
  const FuncType& type_;
  StubAssembler stub_;
  x86::Assembler& a_;
  ModesProbe modes_{a_, common_.environment.exact_modes};
  const uint32_t param_bytes_;
  const uint32_t result_bytes_;
  const Label exit_ = a_.newLabel();
  const Label landing_ = a_.newLabel();
  const Label host_modes_differ_ = a_.newLabel();
  const Label host_modes_done_ = a_.newLabel();
  const Label restore_modes_ = a_.newLabel();
  const Label restore_modes_done_ = a_.newLabel();
  const Label slow_limit_ = a_.newLabel();
  const Label nested_ = a_.newLabel();
  const Label limit_known_ = a_.newLabel();
  const Label leave_nested_ = a_.newLabel();
  const Label limit_restored_ = a_.newLabel();
  const Label exhausted_ = a_.newLabel();
  const Label interrupted_ = a_.newLabel();
};

/// StubEnvironment::entry_stack_limit for r15 = context, rsp of the entry frame = rsp + 8: saves
/// all registers that may hold arguments around the call.
StubCode slow_stack_limit_stub(const StubEnvironment& environment) {
  StubAssembler stub;
  x86::Assembler& a = stub.assembler;
  stub.mark(FrameState::UnderEntry);
  const x86::Gp saved[] = {x86::rdi, x86::rsi, x86::rdx, x86::rcx, x86::r8, x86::r9, x86::r11};
  constexpr int32_t kXmms = 8;
  for (const x86::Gp& r : saved) a.push(r);
  a.sub(x86::rsp, kXmms * 16);
  for (int32_t i = 0; i < kXmms; ++i) {
    a.movups(x86::ptr(x86::rsp, i * 16), x86::xmm(static_cast<uint32_t>(i)));
  }
  a.mov(x86::rdi, x86::r15);
  a.lea(x86::rsi, x86::ptr(x86::rbp, -kFrameBytes));
  a.mov(x86::rax, reinterpret_cast<uint64_t>(environment.entry_stack_limit));
  a.call(x86::rax);
  for (int32_t i = 0; i < kXmms; ++i) {
    a.movups(x86::xmm(static_cast<uint32_t>(i)), x86::ptr(x86::rsp, i * 16));
  }
  a.add(x86::rsp, kXmms * 16);
  for (size_t i = std::size(saved); i-- > 0;) a.pop(saved[i]);
  a.ret();
  return stub.finish_marked();
}

/// See jit/abi/builtins.h.
StubCode builtin_trampoline_stub() {
  StubAssembler stub;
  x86::Assembler& a = stub.assembler;
  push_frame(stub);
  a.push(gpr(kInstanceReg));
  a.and_(x86::rsp, -16);
  a.mov(x86::r11, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
  a.mov(x86::r11, x86::ptr(x86::r11, SLUICE_CONTEXT_FIELD(entry_rsp)));
  a.mov(x86::ptr(x86::r11, at(offsetof(EntryFrame, exit_fp))), x86::rbp);
  a.mov(x86::r11, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(builtins)));
  a.call(x86::ptr(x86::r11, x86::rax, 3));
  const Label interrupted = a.newLabel();
  jump_if_interrupted(a, interrupted);
  leave_frame(stub);
  a.bind(interrupted);
  emit_trap(a, static_cast<uint8_t>(TrapCode::Interrupted));
  return stub.finish_marked();
}

/// Where trap sites go: notes the trap and continues where that says: at the innermost entry's
/// landing with rsp = entry_rsp, which a signal would do at fifty times the price, or at a handler.
/// The site's address stays on the stack, for debuggers that stop in what is called from here; r12,
/// which that keeps, leads to it.
StubCode trap_exit_stub(const StubEnvironment& environment) {
  StubAssembler stub;
  x86::Assembler& a = stub.assembler;
  stub.mark(FrameState::Called);
  a.mov(x86::rsi, x86::ptr(x86::rsp));
  a.mov(x86::rdi, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
  a.mov(x86::rcx, x86::rbp);
  a.lea(x86::r12, x86::ptr(x86::rsp, 8));
  a.mov(x86::r8, x86::r12);
  stub.mark(FrameState::Trapped);
  a.and_(x86::rsp, -16);
  a.mov(x86::rax, reinterpret_cast<uint64_t>(environment.note_trap));
  a.call(x86::rax);
  a.mov(x86::r11, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
  constexpr int32_t kResume = SLUICE_CONTEXT_FIELD(resume);
  a.mov(x86::rbp, x86::ptr(x86::r11, kResume + at(offsetof(ResumePoint, fp))));
  a.mov(x86::rsp, x86::ptr(x86::r11, kResume + at(offsetof(ResumePoint, sp))));
  a.jmp(x86::ptr(x86::r11, kResume + at(offsetof(ResumePoint, pc))));
  return stub.finish_marked();
}

}  // namespace

Result<CommonStubs> add_common_stubs(CodeMemory& memory, const StubEnvironment& environment) {
  CommonStubs common;
  common.environment = environment;
  const uint32_t limit = TRY(memory.add_stub(slow_stack_limit_stub(environment), StubKind::Entry));
  const uint32_t builtin = TRY(memory.add_stub(builtin_trampoline_stub(), StubKind::Builtin));
  common.slow_stack_limit = reinterpret_cast<const void*>(memory.base() + limit);
  const uint32_t trap = TRY(memory.add_stub(trap_exit_stub(environment), StubKind::Trap));
  common.builtin_trampoline = reinterpret_cast<const void*>(memory.base() + builtin);
  common.trap_exit = reinterpret_cast<const void*>(memory.base() + trap);
  return common;
}

Result<uint32_t> add_array_entry(CodeMemory& memory, const CommonStubs& common,
                                 const FuncType& type) {
  return memory.add_stub(EntryEmitter(common, type).array_form(), StubKind::Entry);
}

Result<uint32_t> add_typed_entry(CodeMemory& memory, const CommonStubs& common,
                                 const FuncType& type) {
  DCHECK(has_typed_form(type), "asked before");
  return memory.add_stub(EntryEmitter(common, type).typed_form(), StubKind::Entry);
}

}  // namespace sluice

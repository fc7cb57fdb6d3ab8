// The frame of an entry stub, below the return address:
//
//   [rbp]       caller's rbp
//   [rbp - 8]   null: no calling instance
//   [rbp - 48]  rbx, r12 … r15 above
//   [rbp - 96]  EntryFrame, up to here
//   [rbp - 96 - area]  result slots and parameter slots, for signatures that need them
//
// rsp = rbp - 96 is what the context remembers, so a trap finds rbp again from it. r14 is the
// callee's instance as soon as the frame is complete, and until it is left: whoever returns here
// has put it back, or left that of another instance of the same store. What one call in a thousand
// needs is in pieces of code that all entry stubs share.
#include "jit/stubs/entry.h"

#include "engine/base/check.h"
#include "jit/abi/trap_codes.h"
#include "jit/stubs/stub_parts.h"

namespace sluice {

namespace {

namespace x86 = asmjit::x86;
using namespace stubs;  // NOLINT(google-build-using-namespace): this file's own parts
using asmjit::Label;

constexpr int32_t kFrameBytes = kEntryFrameBytes;
constexpr int32_t kSavedBytes = 48;
static_assert(kFrameBytes == kSavedBytes + sizeof(EntryFrame));
static_assert(kFrameBytes % 16 == 0, "the callers of C code find the stack aligned");
constexpr int32_t frame_field(size_t offset) { return at(offset) - kFrameBytes; }
constexpr int32_t kCells = frame_field(offsetof(EntryFrame, cells));
constexpr int32_t kOuterRsp = frame_field(offsetof(EntryFrame, outer_rsp));
static_assert(kOuterRsp == -kSavedBytes - 8, "it is pushed");

/// What a nested entry keeps of the one it is nested in, beside entry_rsp: where in the context,
/// and where in the frame.
constexpr int32_t kOuterFields[][2] = {
    {SLUICE_CONTEXT_FIELD(stack_limit), frame_field(offsetof(EntryFrame, outer_stack_limit))},
    {SLUICE_CONTEXT_FIELD(exit_fp), frame_field(offsetof(EntryFrame, outer_exit_fp))},
    {SLUICE_CONTEXT_FIELD(host_mxcsr), frame_field(offsetof(EntryFrame, outer_host_mxcsr))},
    {SLUICE_CONTEXT_FIELD(leaves_slowly), frame_field(offsetof(EntryFrame, outer_leaves_slowly))},
};

/// Emits what is in entry stubs and in the code they share. r15 is the StoreContext during set-up,
/// r12 the new stack limit, r10 and r11 are free; the C ABI's argument registers are left alone.
class EntryParts {
 public:
  explicit EntryParts(const StubEnvironment& environment) : environment_(environment) {}

 protected:
  static x86::Mem context_field(int32_t field) { return x86::qword_ptr(x86::r15, field); }
  x86::Mem thread_field(size_t field) const {
    x86::Mem m = x86::ptr(static_cast<uint64_t>(environment_.thread_stack_offset) + field);
    m.setAbs();
    m.setSegment(x86::fs);
    return m;
  }

  /// Is the address in the part of this thread's own stack that Wasm code may use?
  void jump_unless_on_own_stack(const x86::Gp& address, const Label& elsewhere) {
    a_.mov(x86::r10, address);
    a_.sub(x86::r10, thread_field(offsetof(ThreadStack, floor)));
    a_.cmp(x86::r10, thread_field(offsetof(ThreadStack, room_bytes)));
    a_.jae(elsewhere);
  }

  void jump_to(const void* code) {
    a_.mov(x86::r10, reinterpret_cast<uint64_t>(code));
    a_.jmp(x86::r10);
  }

  /// Restores the caller's registers but rbp. By rbp, since every use of rsp as a base makes the
  /// processor bring it up to date.
  void restore_registers() {
    const x86::Gp saved[] = {x86::rbx, x86::r12, x86::r13, x86::r14, x86::r15};
    int32_t slot = -16;
    for (const x86::Gp& reg : saved) {
      a_.mov(reg, x86::ptr(x86::rbp, slot));
      slot -= 8;
    }
  }

  const StubEnvironment& environment_;
  StubAssembler stub_;
  x86::Assembler& a_ = stub_.assembler;
};

/// Emits one entry stub.
class EntryEmitter : EntryParts {
 public:
  EntryEmitter(const CommonStubs& common, const FuncType& type)
      : EntryParts(common.environment), common_(common), type_(type),
        param_bytes_(static_cast<int32_t>(stack_area_bytes(type.params()))),
        result_bytes_(static_cast<int32_t>(stack_area_bytes(type.results()))) {}

  StubCode array_form() {
    push_registers();
    a_.mov(x86::r11, x86::ptr(x86::rdi, at(offsetof(FuncImport, code))));
    a_.mov(gpr(kInstanceReg), x86::ptr(x86::rdi, at(offsetof(FuncImport, instance))));
    enter();
    a_.mov(x86::ptr(x86::rbp, kCells), x86::rsi);
    pass_cells();
    call();
    a_.mov(x86::r11, x86::ptr(x86::rbp, kCells));
    return_cells();
    a_.xor_(x86::eax, x86::eax);
    return finish();
  }

  StubCode typed_form() {
    push_registers();
    a_.mov(x86::r11, x86::rsi);
    a_.mov(gpr(kInstanceReg), x86::rdi);
    enter();
    pass_c_arguments();
    call();
    const bool in_rax =
        type_.result_count == 1 && reg_class_of(type_.results()[0]) == RegClass::Gpr;
    a_.xor_(in_rax ? x86::edx : x86::eax, in_rax ? x86::edx : x86::eax);
    return finish();
  }

 private:
  void push_registers() {
    push_frame(stub_);
    a_.push(0);
    a_.push(x86::rbx);
    a_.push(x86::r12);
    a_.push(x86::r13);
    a_.push(x86::r14);
    a_.push(x86::r15);
    stub_.mark(FrameState::Saved);
  }

  /// Everything but the arguments.
  void enter() {
    a_.mov(x86::r15, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
    a_.push(0);
    a_.sub(x86::rsp, static_cast<uint32_t>(sizeof(EntryFrame) - 8));
    a_.cmp(context_field(SLUICE_CONTEXT_FIELD(entry_rsp)), 0);
    a_.jne(not_plain_);
    // Before the request is looked for: whoever asks later finds that somebody is here.
    a_.mov(context_field(SLUICE_CONTEXT_FIELD(entry_rsp)), x86::rsp);
    set_plain_stack_limit();
    a_.bind(limit_known_);
    modes_.jump_if_modes_differ(x86::r10, host_modes_differ_);
    a_.bind(host_modes_done_);
    a_.mov(context_field(SLUICE_CONTEXT_FIELD(stack_limit)), x86::r12);
    x86::Mem thread_id = thread_field(offsetof(ThreadStack, thread_id));
    thread_id.setSize(4);
    a_.mov(x86::r10d, thread_id);
    a_.mov(x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(thread_id)), x86::r10d);
    if (param_bytes_ + result_bytes_ != 0) {
      a_.sub(x86::rsp, param_bytes_ + result_bytes_);
      a_.cmp(x86::rsp, x86::r12);
      a_.jb(exhausted_);
    }
  }

  /// r12 = rsp - max_wasm_stack. That is the limit, if it lies above the floor of this thread's
  /// stack; or on some stack just above this one, where it is the limit too. All else is not plain:
  /// less room, another stack, or an interrupt request.
  void set_plain_stack_limit() {
    static_assert(offsetof(StoreContext, interrupt_requested) ==
                  offsetof(StoreContext, max_wasm_stack_bytes) + 4);
    a_.mov(x86::r12, x86::rsp);
    a_.sub(x86::r12, context_field(SLUICE_CONTEXT_FIELD(max_wasm_stack_bytes)));
    jump_unless_on_own_stack(x86::r12, not_plain_);
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
    if (environment_.memories_move) {
      a_.mov(gpr(kMemoryReg), x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(memory0)));
      a_.mov(gpr(kMemoryReg), x86::ptr(gpr(kMemoryReg), at(offsetof(MemoryData, base))));
    } else {
      a_.mov(gpr(kMemoryReg), x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(memory0_base)));
    }
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

  /// The way out, with the results in place, and what is rarely run.
  StubCode finish() {
    const Label failed = a_.newLabel();
    const Label leave = a_.newLabel();
    a_.mov(x86::r10, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
    a_.cmp(x86::qword_ptr(x86::r10, SLUICE_CONTEXT_FIELD(leaves_slowly)), 0);
    a_.jne(leave);
    a_.mov(x86::qword_ptr(x86::r10, SLUICE_CONTEXT_FIELD(entry_rsp)), 0);
    restore_registers();
    // Not from rbp, which the callee has loaded: the next call's pushes would wait for that.
    a_.add(x86::rsp, kFrameBytes + result_bytes_);
    a_.pop(x86::rbp);
    return_to_caller(stub_, FrameState::Saved);

    a_.bind(not_plain_);
    a_.mov(x86::rax, reinterpret_cast<uint64_t>(common_.enter_slowly));
    a_.call(x86::rax);
    a_.test(x86::r12, x86::r12);
    a_.jz(failed);
    a_.jmp(limit_known_);

    a_.bind(host_modes_differ_);
    const Label noted = a_.newLabel();  // by the signal handler, if an exception was unmasked too
    const x86::Mem differ = x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(leaves_slowly.for_modes));
    a_.cmp(differ, 0);
    a_.jne(noted);
    a_.stmxcsr(x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(host_mxcsr)));
    a_.mov(differ, 1);
    a_.bind(noted);
    a_.push(kWasmMxcsr);
    a_.ldmxcsr(x86::dword_ptr(x86::rsp));
    a_.pop(x86::rax);
    a_.jmp(host_modes_done_);

    a_.bind(exhausted_);
    a_.mov(x86::eax, static_cast<uint32_t>(TrapCode::StackExhausted));
    a_.bind(failed);
    a_.mov(x86::edx, x86::eax);
    a_.bind(leave);
    jump_to(common_.leave_slowly);
    modes_.emit_constants();
    return stub_.finish_marked();
  }

  const CommonStubs& common_;
  const FuncType& type_;
  ModesProbe modes_{a_, environment_.exact_modes};
  const int32_t param_bytes_;
  const int32_t result_bytes_;
  const Label not_plain_ = a_.newLabel();
  const Label limit_known_ = a_.newLabel();
  const Label host_modes_differ_ = a_.newLabel();
  const Label host_modes_done_ = a_.newLabel();
  const Label exhausted_ = a_.newLabel();
};

/// Emits what entry stubs share.
class EntryCommons : EntryParts {
 public:
  using EntryParts::EntryParts;

  /// r12 = the stack limit, for entries that are nested, or have less room on their thread's stack
  /// than they are allowed, or are on another stack. r12 = 0 and the reason in eax: no entry.
  StubCode enter_slowly() {
    const Label known = a_.newLabel();
    const Label is_published = a_.newLabel();
    const Label interrupted = a_.newLabel();
    const Label ask = a_.newLabel();
    const x86::Mem interrupt = x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(interrupt_requested));
    stub_.mark(FrameState::UnderEntry);
    a_.mov(x86::rax, context_field(SLUICE_CONTEXT_FIELD(entry_rsp)));
    a_.lea(x86::r12, x86::ptr(x86::rbp, -kFrameBytes));
    a_.cmp(x86::rax, x86::r12);
    a_.je(is_published);
    a_.mov(x86::ptr(x86::rbp, kOuterRsp), x86::rax);
    for (const auto& [in_context, in_frame] : kOuterFields) {
      a_.mov(x86::r10, context_field(in_context));
      a_.mov(x86::ptr(x86::rbp, in_frame), x86::r10);
    }
    a_.mov(x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(leaves_slowly.for_modes)), 0);
    a_.mov(x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(leaves_slowly.for_outer)), 1);
    a_.mov(context_field(SLUICE_CONTEXT_FIELD(entry_rsp)), x86::r12);
    a_.bind(is_published);
    a_.cmp(interrupt, 0);
    a_.jne(interrupted);

    // On this thread's own stack, and the outer entry too: that one's limit holds here as well.
    a_.mov(x86::rax, x86::ptr(x86::rbp, kOuterRsp));
    jump_unless_on_own_stack(x86::rbp, ask);
    a_.mov(x86::r10d, x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(max_wasm_stack_bytes)));
    a_.sub(x86::r12, x86::r10);
    a_.mov(x86::r10, thread_field(offsetof(ThreadStack, floor)));
    a_.cmp(x86::r12, x86::r10);
    a_.cmovl(x86::r12, x86::r10);  // the difference may be negative
    a_.test(x86::rax, x86::rax);
    a_.jz(known);
    jump_unless_on_own_stack(x86::rax, ask);
    a_.mov(x86::r10, context_field(SLUICE_CONTEXT_FIELD(stack_limit)));
    a_.cmp(x86::r12, x86::r10);
    a_.cmovb(x86::r12, x86::r10);
    a_.bind(known);
    a_.ret();

    a_.bind(ask);
    ask_stack_limit();
    a_.mov(x86::r12, x86::rax);
    a_.mov(x86::eax, static_cast<uint32_t>(TrapCode::OutOfMemory));
    // That took its time, and who asked meanwhile may not have known this thread.
    a_.cmp(interrupt, 0);
    a_.jne(interrupted);
    a_.ret();

    a_.bind(interrupted);
    a_.mov(interrupt, 0);
    a_.mov(x86::eax, static_cast<uint32_t>(TrapCode::Interrupted));
    a_.xor_(x86::r12d, x86::r12d);
    a_.ret();
    return stub_.finish_marked();
  }

  /// Where traps continue, at the start, and the way out if the context says so.
  StubCode leave(uint32_t& leave_offset) {
    const Label leave = a_.newLabel();
    const Label modes_restored = a_.newLabel();
    const Label left = a_.newLabel();
    stub_.mark(FrameState::Saved);
    a_.lea(x86::rbp, x86::ptr(x86::rsp, kFrameBytes));
    a_.mov(x86::r10, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
    a_.mov(x86::eax,
           x86::dword_ptr(x86::r10, at(offsetof(StoreContext, trap) + offsetof(TrapRecord, code))));
    a_.mov(x86::edx, x86::eax);

    a_.bind(leave);
    const x86::Mem differ = x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(leaves_slowly.for_modes));
    a_.mov(x86::r15, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
    a_.cmp(differ, 0);
    a_.je(modes_restored);
    a_.ldmxcsr(x86::dword_ptr(x86::r15, SLUICE_CONTEXT_FIELD(host_mxcsr)));
    a_.mov(differ, 0);
    a_.bind(modes_restored);
    a_.mov(x86::r11, x86::ptr(x86::rbp, kOuterRsp));
    a_.mov(context_field(SLUICE_CONTEXT_FIELD(entry_rsp)), x86::r11);
    a_.test(x86::r11, x86::r11);
    a_.jz(left);
    for (const auto& [in_context, in_frame] : kOuterFields) {
      a_.mov(x86::r10, x86::ptr(x86::rbp, in_frame));
      a_.mov(context_field(in_context), x86::r10);
    }
    a_.bind(left);
    restore_registers();
    leave_frame(stub_, FrameState::Saved);
    leave_offset = stub_.offset_of(leave);
    return stub_.finish_marked();
  }

 private:
  /// rax = StubEnvironment::entry_stack_limit, with all registers kept that may hold arguments.
  void ask_stack_limit() {
    const x86::Gp saved[] = {x86::rdi, x86::rsi, x86::rdx, x86::rcx, x86::r8, x86::r9, x86::r11};
    constexpr int32_t kXmms = 8;
    for (const x86::Gp& r : saved) a_.push(r);
    a_.sub(x86::rsp, kXmms * 16);
    for (int32_t i = 0; i < kXmms; ++i) {
      a_.movups(x86::ptr(x86::rsp, i * 16), x86::xmm(static_cast<uint32_t>(i)));
    }
    a_.mov(x86::rdi, x86::r15);
    a_.lea(x86::rsi, x86::ptr(x86::rbp, -kFrameBytes));
    a_.mov(x86::rax, reinterpret_cast<uint64_t>(environment_.entry_stack_limit));
    a_.call(x86::rax);
    for (int32_t i = 0; i < kXmms; ++i) {
      a_.movups(x86::xmm(static_cast<uint32_t>(i)), x86::ptr(x86::rsp, i * 16));
    }
    a_.add(x86::rsp, kXmms * 16);
    for (size_t i = std::size(saved); i-- > 0;) a_.pop(saved[i]);
  }
};

/// See jit/abi/builtins.h.
StubCode builtin_trampoline_stub() {
  StubAssembler stub;
  x86::Assembler& a = stub.assembler;
  push_frame(stub);
  a.push(gpr(kInstanceReg));
  a.and_(x86::rsp, -16);
  a.mov(x86::r11, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
  a.mov(x86::ptr(x86::r11, SLUICE_CONTEXT_FIELD(exit_fp)), x86::rbp);
  a.mov(x86::r11, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(builtins)));
  a.call(x86::ptr(x86::r11, x86::rax, 3));
  const Label interrupted = a.newLabel();
  a.mov(x86::r11, x86::ptr(gpr(kInstanceReg), SLUICE_INSTANCE_FIELD(context)));
  jump_if_interrupted(a, x86::r11, interrupted);
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
  const auto add = [&](StubCode code, StubKind kind) -> Result<const uint8_t*> {
    const uint32_t offset = TRY(memory.add_stub(std::move(code), kind));
    return reinterpret_cast<const uint8_t*>(memory.base() + offset);
  };
  uint32_t leave_offset = 0;
  const uint8_t* landing = TRY(add(EntryCommons(environment).leave(leave_offset), StubKind::Entry));
  common.landing = landing;
  common.leave_slowly = landing + leave_offset;
  common.enter_slowly = TRY(add(EntryCommons(environment).enter_slowly(), StubKind::Entry));
  common.builtin_trampoline = TRY(add(builtin_trampoline_stub(), StubKind::Builtin));
  common.trap_exit = TRY(add(trap_exit_stub(environment), StubKind::Trap));
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

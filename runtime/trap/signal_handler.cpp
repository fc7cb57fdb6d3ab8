#include "runtime/trap/signal_handler.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <pthread.h>
#include <ucontext.h>

#include "jit/abi/instance_layout.h"
#include "jit/abi/trap_codes.h"
#include "jit/code/code_map.h"
#include "runtime/trap/guarded_copy.h"
#include "runtime/trap/interrupt.h"
#include "runtime/trap/unwind.h"

namespace sluice {

namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, kInterruptSignal};
constexpr size_t kSignalCount = sizeof kSignals / sizeof kSignals[0];
constexpr greg_t kDirectionFlag = 0x400;
constexpr uint32_t kMxcsrMasks = 0x1f80;

/// What was there before us, in the order of kSignals. Written before our handler is installed.
struct sigaction g_previous[kSignalCount];

/// The memory of the instance whose reservation has the address, or null.
const MemoryData* memory_at(const InstanceData& instance, uintptr_t address) {
  if (instance.memory0 != nullptr && lies_in(*instance.memory0, address)) return instance.memory0;
  const uint8_t* block = reinterpret_cast<const uint8_t*>(&instance);
  MemoryData* const* memories =
      reinterpret_cast<MemoryData* const*>(block + instance.memories_offset);
  for (uint32_t i = 0; i < instance.memory_count; ++i) {
    if (lies_in(*memories[i], address)) return memories[i];
  }
  return nullptr;
}

/// Lets the interrupted code go on with floating-point exceptions masked, and has the host's modes
/// put back when control returns to it. False if none are unmasked.
bool resume_with_masked_exceptions(mcontext_t& machine, StoreContext& store) {
  if (machine.fpregs == nullptr) return false;
  uint32_t& mxcsr = machine.fpregs->mxcsr;
  if ((mxcsr & kMxcsrMasks) == kMxcsrMasks) return false;
  if (store.leaves_slowly.for_modes == 0) {
    store.host_mxcsr = mxcsr;
    store.leaves_slowly.for_modes = 1;
  }
  mxcsr |= kMxcsrMasks;
  return true;
}

/// Makes the thread go on at the landing of the innermost entry, with this trap.
void leave_with_trap(mcontext_t& machine, StoreContext& store, TrapCode code,
                     uintptr_t fault_address) {
  greg_t* const regs = machine.gregs;
  store.trap.pc = static_cast<uintptr_t>(regs[REG_RIP]);
  store.trap.fault_address = fault_address;
  store.trap.code = static_cast<uint32_t>(code);
  store.thrown.is_thrown = 0;  // what was being thrown ends here
  record_frames(store, static_cast<uintptr_t>(regs[REG_RSP]),
                static_cast<uintptr_t>(regs[REG_RBP]));
  regs[REG_RIP] = static_cast<greg_t>(store.landing);
  regs[REG_RSP] = static_cast<greg_t>(store.entry_rsp);
  regs[REG_EFL] &= ~kDirectionFlag;
}

/// The guest shall stop, if it is in its own code: all of that may be left at any instruction.
/// Anywhere else it will be asked again.
void interrupt_guest(mcontext_t& machine) {
  if (!is_module_code(static_cast<uintptr_t>(machine.gregs[REG_RIP]))) return;
  const auto* instance = reinterpret_cast<const InstanceData*>(machine.gregs[REG_R14]);
  StoreContext& store = *instance->context;
  if (take_interrupt(store)) leave_with_trap(machine, store, TrapCode::Interrupted, 0);
}

/// A copy by the host met a page that it must not touch: it ends with the reason.
bool end_guarded_copy(mcontext_t& machine, uintptr_t fault_address, int signal) {
  greg_t* const regs = machine.gregs;
  const CopyResumption at = resume_guarded_copy(
      static_cast<uintptr_t>(regs[REG_RIP]), static_cast<uintptr_t>(regs[REG_R8]),
      static_cast<uintptr_t>(regs[REG_R9]), fault_address, signal);
  if (at.pc == 0) return false;
  regs[REG_RIP] = static_cast<greg_t>(at.pc);
  regs[REG_RAX] = static_cast<greg_t>(at.result);
  return true;
}

size_t index_of(int signal) {
  for (size_t i = 0; i < kSignalCount; ++i) {
    if (kSignals[i] == signal) return i;
  }
  return 0;
}

/// Ends the process as the signal does by default, with the fault's own context if there is one.
void take_default_action(int signal, const siginfo_t& info) {
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  // A fault happens again when the handler returns; a signal that was sent has to be sent again.
  if (info.si_code <= 0) raise(signal);
}

void call_previous(struct sigaction& previous, int signal, siginfo_t* info, void* context) {
  sigset_t blocked = previous.sa_mask;
  if ((previous.sa_flags & SA_NODEFER) == 0) sigaddset(&blocked, signal);
  const auto with_info = previous.sa_sigaction;
  const auto plain = previous.sa_handler;
  const bool takes_info = (previous.sa_flags & SA_SIGINFO) != 0;
  if ((previous.sa_flags & static_cast<int>(SA_RESETHAND)) != 0) {
    previous = {};
    previous.sa_handler = SIG_DFL;
  }
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  if (takes_info) {
    with_info(signal, info, context);
  } else {
    plain(signal);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void pass_on(int signal, siginfo_t* info, void* context) {
  struct sigaction& previous = g_previous[index_of(signal)];
  const bool is_plain = (previous.sa_flags & SA_SIGINFO) == 0;
  if (is_plain && previous.sa_handler == SIG_DFL) {
    // What the system does by default with a kInterruptSignal is nothing.
    if (signal != kInterruptSignal) take_default_action(signal, *info);
    return;
  }
  if (is_plain && previous.sa_handler == SIG_IGN) {
    // The system ignores a signal that was sent, but not a fault.
    if (info->si_code > 0) take_default_action(signal, *info);
    return;
  }
  call_previous(previous, signal, info, context);
}

void on_signal(int signal, siginfo_t* info, void* context) {
  if (handle_trap_signal(signal, info, context)) return;
  const int saved_errno = errno;
  pass_on(signal, info, context);
  errno = saved_errno;
}

}  // namespace

bool handle_trap_signal(int signal, const void* info, void* context) {
  const siginfo_t& signal_info = *static_cast<const siginfo_t*>(info);
  mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  greg_t* const regs = machine.gregs;
  const uintptr_t pc = static_cast<uintptr_t>(regs[REG_RIP]);
  if (signal == kInterruptSignal) {
    if (!is_interrupt(signal_info)) return false;
    interrupt_guest(machine);
    return true;
  }
  // A positive code is the kernel's own: the others were sent by somebody.
  if (signal_info.si_code <= 0) return false;
  const bool is_memory_fault = signal == SIGSEGV || signal == SIGBUS;
  const uintptr_t fault_address = reinterpret_cast<uintptr_t>(signal_info.si_addr);
  if (!is_generated_code(pc)) {
    return is_memory_fault && end_guarded_copy(machine, fault_address, signal);
  }
  const auto* instance = reinterpret_cast<const InstanceData*>(regs[REG_R14]);
  // The only floating-point instructions in stubs look for the host's modes.
  if (signal == SIGFPE) return resume_with_masked_exceptions(machine, *instance->context);
  // In a stub it is the host's own fault: its arguments are not where it says.
  if (!is_memory_fault || !is_module_code(pc)) return false;
  const MemoryData* memory = memory_at(*instance, fault_address);
  if (memory == nullptr) return false;
  leave_with_trap(machine, *instance->context, memory_fault(*memory, fault_address, signal),
                  fault_address);
  return true;
}

Result<void> install_trap_handlers() {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  static bool installed = false;
  pthread_once(&once, [] {
    for (size_t i = 0; i < kSignalCount; ++i) {
      if (sigaction(kSignals[i], nullptr, &g_previous[i]) != 0) return;
      struct sigaction action{};
      action.sa_sigaction = on_signal;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
      sigemptyset(&action.sa_mask);
      if (sigaction(kSignals[i], &action, nullptr) != 0) return;
    }
    installed = true;
  });
  if (!installed) return fail(ErrorKind::Io, kNoOffset, "signal handlers were refused");
  return {};
}

}  // namespace sluice

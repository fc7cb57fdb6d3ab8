// Signals: turns a memory fault in generated code into a trap, and leaves every other signal to
// whoever handled it before.
//
// A SIGSEGV or SIGBUS is ours if its pc lies in the code of a module and its address in the
// reservation of a memory of the instance in the pinned register. Then StoreContext::trap is filled
// in and the thread goes on at its entry stub's landing; one in a copy by the host ends that
// (guarded_copy.h), and one in a stub is the host's own. All other traps are calls (unwind.h).
// SIGFPE is ours if the host has unmasked a floating-point exception: Wasm has none, so it is
// masked until control returns to the host. kInterruptSignal ends a guest that is to stop
// (interrupt.h). The handlers take no lock, allocate nothing and use no thread-local storage.
#pragma once

#include "engine/base/result.h"

namespace sluice {

/// Installs the handlers, once per process however often it is called; they stay. Signals that are
/// not ours go to the handlers found at that time, with the disposition and mask those asked for.
Result<void> install_trap_handlers();

/// For embedders that own the signals: call it first in the handlers of SIGSEGV, SIGBUS, SIGFPE
/// and kInterruptSignal, installed with SA_SIGINFO and SA_ONSTACK (and without SA_RESETHAND), with
/// the handler's three arguments (`info` is a siginfo_t*, `context` a ucontext_t*). True: it was
/// ours and the handler must return at once. False: nothing has changed. Async-signal-safe.
bool handle_trap_signal(int signal, const void* info, void* context);

}  // namespace sluice

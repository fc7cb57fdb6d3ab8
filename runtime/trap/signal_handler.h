// Signals: turns a fault in generated code into a trap, and leaves every other signal to whoever
// handled it before.
//
// A fault is ours if its pc lies in generated code, and further: SIGSEGV and SIGBUS, if the address
// lies in the reservation of a memory of the instance in the pinned register; SIGILL, if there is a
// ud2 with a reason behind it. Then StoreContext::trap is filled in (trap.h) and the thread goes on
// at its entry stub's landing. The handlers take no lock, allocate nothing and use no thread-local
// storage.
#pragma once

#include "engine/base/result.h"

namespace sluice {

/// Installs the handlers, once per process however often it is called; they stay. Signals that are
/// not ours go to the handlers found at that time, with the disposition and mask those asked for.
Result<void> install_trap_handlers();

/// For embedders that own the signals: call it first in the handlers of SIGSEGV, SIGBUS and SIGILL,
/// installed with SA_SIGINFO and SA_ONSTACK (and without SA_RESETHAND) and not blocking these
/// signals meanwhile, with the handler's three arguments (`info` is a siginfo_t*, `context` a
/// ucontext_t*). True: it was a trap and the handler must return at once. False: not ours, nothing
/// has changed. Async-signal-safe.
bool handle_trap_signal(int signal, const void* info, void* context);

}  // namespace sluice

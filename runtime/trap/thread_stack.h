// What a thread needs before it may run Wasm: known stack bounds, and an alternate stack on which
// signals are handled when its own is used up.
//
// Both are set up when the thread first enters Wasm (the entry stub sees that its ThreadStack is
// empty) and undone when it exits. Threads that have a large enough alternate stack keep it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jit/abi/thread_stack.h"
#include "runtime/trap/interrupt.h"

namespace sluice {

/// For add_common_stubs (jit/stubs). Threads get ready for signals only if they are taken.
StubEnvironment stub_environment(TrapSignals signals = TrapSignals::Taken);

/// Stack that Wasm code leaves free on a thread's own stack: for the runtime's helpers, host
/// functions, and signal handlers that do not use an alternate stack. A quarter of the stack,
/// within these bounds.
inline constexpr size_t kLeastHeadroomBytes = size_t{16} << 10;
inline constexpr size_t kMostHeadroomBytes = size_t{256} << 10;

/// The system's id of this thread, 0 if it has never entered Wasm.
uint32_t wasm_thread_id();
/// Has this thread come of that one, by a fork in a host function?
bool is_forked_from(uint32_t thread_id);

}  // namespace sluice

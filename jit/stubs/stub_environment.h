// What all stubs of an engine share: what the runtime provides for them, and the pieces of code
// that exist once.
//
// Stubs are machine code made with asmjit, once per engine or per signature; they live in the
// engine's code memory as long as the engine and may be run by any thread. They refer to the C
// functions of this process by address, so unlike modules' code they are never cached. The frames
// they make have the shape of Wasm frames: rbp links them, [rbp - 8] is the instance, or null in an
// entry stub's frame, where backtraces and traps end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/result.h"
#include "jit/abi/thread_stack.h"
#include "jit/code/code_memory.h"

namespace sluice {

/// Code that exists once per engine.
struct CommonStubs {
  StubEnvironment environment;
  const void* enter_slowly = nullptr;        // for entry stubs only, see there
  const void* leave_slowly = nullptr;        // likewise
  const void* landing = nullptr;             // StoreContext::landing
  const void* builtin_trampoline = nullptr;  // InstanceData::builtin_trampoline
  const void* trap_exit = nullptr;           // InstanceData::trap_exit
};

Result<CommonStubs> add_common_stubs(CodeMemory& memory, const StubEnvironment& environment);

}  // namespace sluice

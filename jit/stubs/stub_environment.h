// What all stubs of an engine share: where a thread's stack bounds are, and the pieces of code that
// exist once.
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
#include "jit/abi/instance_layout.h"
#include "jit/code/code_memory.h"

namespace sluice {

/// A thread's stack, in thread-local storage; size 0 until the thread first enters Wasm.
struct ThreadStack {
  uintptr_t low = 0;         // lowest usable address
  uintptr_t size_bytes = 0;  // 0: not looked up yet
  uintptr_t floor = 0;       // Wasm code must not go below: low and room for helpers and the host
};

/// What the runtime provides for stubs.
struct StubEnvironment {
  /// Of the calling thread's ThreadStack from its fs base; the same in all threads.
  ptrdiff_t thread_stack_offset = 0;
  /// The stack limit for an entry with `rsp`: all cases but the plain one (the outermost entry, on
  /// the thread's own stack, which is known). 0 if the thread cannot be prepared for traps.
  uintptr_t (*entry_stack_limit)(StoreContext* context, uintptr_t rsp) = nullptr;
};

/// Code that exists once per engine.
struct CommonStubs {
  ptrdiff_t thread_stack_offset = 0;
  const void* slow_stack_limit = nullptr;    // entry_stack_limit behind a saver of all arguments
  const void* builtin_trampoline = nullptr;  // InstanceData::builtin_trampoline
};

Result<CommonStubs> add_common_stubs(CodeMemory& memory, const StubEnvironment& environment);

}  // namespace sluice

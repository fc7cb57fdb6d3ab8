// Stands in for the runtime where stubs ask about stacks: the whole of a test's thread is one known
// stack, of which a store may use as much as its context says.
#pragma once

#include "jit/abi/instance_layout.h"
#include "jit/abi/thread_stack.h"

namespace sluice::test {

/// The calling thread's; a test that begins with the first entry of a thread clears it.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local ThreadStack t_stack;

inline uintptr_t fake_stack_limit(StoreContext* context, uintptr_t rsp) {
  t_stack.low = rsp - (size_t{4} << 20);
  t_stack.floor = t_stack.low + 4096;
  t_stack.room_bytes = size_t{8} << 20;
  t_stack.thread_id = 1;
  return context->max_wasm_stack_bytes == 0 ? 0 : rsp - context->max_wasm_stack_bytes;
}

inline StubEnvironment fake_environment(uintptr_t (*limit)(StoreContext*,
                                                           uintptr_t) = &fake_stack_limit) {
  StubEnvironment environment;
  environment.thread_stack_offset = reinterpret_cast<const char*>(&t_stack) -
                                    static_cast<const char*>(__builtin_thread_pointer());
  environment.entry_stack_limit = limit;
  return environment;
}

}  // namespace sluice::test

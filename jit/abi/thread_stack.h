// What entry stubs know of the calling thread's stack, and whom they ask when that is not enough.
//
// Each thread has a ThreadStack in thread-local storage, at a fixed distance from its fs base, so
// that a stub reads it without a call. The runtime (runtime/trap) owns it and fills it when the
// thread first enters Wasm.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jit/abi/instance_layout.h"

namespace sluice {

/// A thread's stack, in thread-local storage.
struct ThreadStack {
  uintptr_t low = 0;         // lowest usable address
  uintptr_t floor = 0;       // Wasm code must not go below: low and room for helpers and the host
  uintptr_t room_bytes = 0;  // from floor on; 0 until the thread first enters Wasm
  uint32_t thread_id = 0;    // the system's

  bool contains(uintptr_t address) const { return address - low < floor - low + room_bytes; }
};

/// Where control passes between host and Wasm.
enum class CallEvent : uint32_t { CallsWasm, ReturnsFromWasm, CallsHost, ReturnsFromHost };

/// What the runtime provides for stubs.
struct StubEnvironment {
  /// Of the calling thread's ThreadStack from its fs base; the same in all threads.
  ptrdiff_t thread_stack_offset = 0;
  /// The stack limit for an entry whose EntryFrame lies at `rsp` that is not on the thread's own
  /// stack, or nested in one that is not, or the first of this thread. 0 if the thread cannot be
  /// prepared for traps.
  uintptr_t (*entry_stack_limit)(StoreContext* context, uintptr_t rsp) = nullptr;
  /// Fills StoreContext::trap for the trap site whose call would return to `site_end`; `edx`, `fp`
  /// and `sp` are the site's registers. The stub then continues at StoreContext::resume.
  void (*note_trap)(StoreContext* context, uintptr_t site_end, uint32_t edx, uintptr_t fp,
                    uintptr_t sp) = nullptr;
  /// Compare the floating-point modes as they are, and not only what they do: nobody will mask an
  /// exception when it is raised.
  bool exact_modes = false;
  /// Memory 0's base is to be looked up at each entry (MemoryMode::Explicit).
  bool memories_move = false;
  /// Told of calls of host functions, unless null.
  void (*call_hook)(StoreContext* context, CallEvent event) = nullptr;
};

}  // namespace sluice

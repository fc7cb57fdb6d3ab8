// Copies by the host that may meet a page which a memory's mapped file does not have or must not
// have changed. The fault is a TrapCode, not the end of the process.
//
// Outside generated code the signal handler knows nothing of what runs. So these loops are written
// in assembly, where they are and which registers name the memories is known to it, and a fault in
// one continues at its return. Only faults inside the memories that the caller names are taken;
// others are the host's own. Who needs this is Memory::may_fault()'s to say: elsewhere memmove and
// memset are faster for few bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jit/abi/instance_layout.h"
#include "jit/abi/trap_codes.h"

namespace sluice {

/// memmove. Null stands for the host's own memory. 4 and 8 bytes are one access each, atomic if
/// aligned. After a fault an unspecified part is done.
TrapCode guarded_copy(void* to, const MemoryData* to_memory, const void* from,
                      const MemoryData* from_memory, size_t bytes);
/// memset.
TrapCode guarded_fill(void* to, const MemoryData& memory, uint8_t byte, size_t bytes);

/// What a fault at `address` by that signal means; MemoryOutOfBounds if the address is not in use.
TrapCode memory_fault(const MemoryData& memory, uintptr_t address, int signal);
/// Does the reservation of the memory contain the address?
bool lies_in(const MemoryData& memory, uintptr_t address);

/// For the signal handler. Where a copy whose registers these are goes on after a fault, with what
/// in rax; `pc` is 0 if it was none of ours.
struct CopyResumption {
  uintptr_t pc = 0;
  TrapCode result = TrapCode::None;
};
CopyResumption resume_guarded_copy(uintptr_t pc, uintptr_t r8, uintptr_t r9, uintptr_t address,
                                   int signal);

}  // namespace sluice

// The code map: from an address to the generated code it lies in, for the whole process.
//
// One of the two global objects of Sluice, because a signal handler has no argument. The handler's
// question ("is this our code?") reads an immutable sorted array behind an atomic pointer and takes
// no lock; whoever changes the map makes a new array, and frees an old one only when no handler can
// still be reading it. The other question ("whose code?") takes locks.
#pragma once

#include <cstdint>

#include "jit/code/code_memory.h"

namespace sluice {

/// Does `pc` lie in any engine's code memory? Async-signal-safe.
bool is_generated_code(uintptr_t pc);

/// Does `pc` lie in a module's code, its jump table included, and not in a stub?
/// Async-signal-safe.
bool is_module_code(uintptr_t pc);

/// What generated code at an address is.
struct CodeLocation {
  enum class Kind : uint8_t { None, Function, JumpTable, Stub };
  Kind kind = Kind::None;
  StubKind stub = StubKind::Entry;     // kind Stub
  const ModuleCode* module = nullptr;  // kinds Function and JumpTable
  FuncIdx func{};                      // kind Function
  uint32_t code_offset = 0;            // kind Function: from the start of its code
  std::shared_ptr<const void> owner;   // kinds Function and JumpTable: ModuleCode::owner()
};

/// Looks an address up. The module must be kept alive by the caller (it is, while its code has a
/// frame on the stack); `owner` keeps it alive from then on. Not for signal handlers.
CodeLocation find_code(uintptr_t pc);

/// For CodeMemory only.
void code_map_add(CodeMemory& memory);
void code_map_remove(CodeMemory& memory);

}  // namespace sluice

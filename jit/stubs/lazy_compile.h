// The lazy stub: where a jump-table slot leads whose function has no code yet.
//
// The slot calls the stub, and the return address says which slot it was. The stub has the function
// compiled (the builtin CompileFunc) and jumps to its code with every argument as it came: in the
// registers of the calling convention, vectors whole, and on the stack. What it needs of the stack
// beyond its own frame is the headroom that host functions have too. A failure is a trap.
#pragma once

#include "engine/base/result.h"
#include "jit/code/code_memory.h"

namespace sluice {

/// Emits the stub and has `memory` use it for modules with EmptySlot::Compiles.
Result<void> add_lazy_stub(CodeMemory& memory);

}  // namespace sluice

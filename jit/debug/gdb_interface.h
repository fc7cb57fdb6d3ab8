// The interface of GDB (and LLDB) to code that is made at run time: a list of object files in
// memory, and a function that the debugger has a breakpoint in.
//
// The list belongs to the process, as the debugger's protocol has it: it finds both by their names.
// Other makers of code in the process use the same names, and then the same list.
#pragma once

#include <memory>

#include "jit/debug/code_sink.h"

namespace sluice {

/// One for each engine. What it has registered is taken back when it goes.
std::unique_ptr<CodeSink> make_gdb_sink();

}  // namespace sluice

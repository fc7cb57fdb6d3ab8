// An object file about generated code, as debuggers read them: ELF with symbols, call frame
// information and line tables.
//
// It contains no code: its sections of code say only where that is. Addresses are absolute, nothing
// is to be relocated. DWARF 4, which all debuggers of today understand.
#pragma once

#include "jit/debug/code_sink.h"

namespace sluice {

Vector<uint8_t> make_debug_object(const CodeGroup& group);

}  // namespace sluice

// The helpers that generated code calls (jit/abi/builtins.def), as a table for InstanceData.
#pragma once

namespace sluice {

/// Indexed by Builtin; kBuiltinCount entries.
const void* const* builtin_table();

}  // namespace sluice

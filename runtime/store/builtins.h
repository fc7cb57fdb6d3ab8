// The helpers that generated code calls (jit/abi/builtins.def), as a table for InstanceData.
#pragma once

namespace sluice {

/// Indexed by Builtin; kBuiltinCount entries. Metered ones take fuel for bulk operations.
const void* const* builtin_table(bool is_metered);

}  // namespace sluice

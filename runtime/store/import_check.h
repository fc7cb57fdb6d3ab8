// Import matching (spec 3.3.11, 4.6.4): does a thing fit what a module imports? The answer no is an
// IncompatibleImport error that names the import and both types.
#pragma once

#include "engine/base/ids.h"
#include "engine/base/result.h"
#include "engine/wasm/module.h"
#include "runtime/store/instance.h"

namespace sluice {

class CompiledModule;

/// Also a WrongStore error if it is of another store than `store`.
Result<void> check_import(const Store& store, const CompiledModule& compiled, const Import& import,
                          const Extern& given);
/// A function of this signature, in whatever store.
Result<void> check_func_import(const CompiledModule& compiled, const Import& import,
                               CanonicalTypeId given);
Result<void> check_kind(const Import& import, ExternKind given);
/// An error about an import: its name and `why`.
std::unexpected<Error> import_error(ErrorKind kind, const Import& import, std::string_view why);

}  // namespace sluice

// The host module `spectest` that the conformance suites import.
#pragma once

#include "runtime/store/linker.h"
#include "runtime/store/store.h"

namespace sluice::wast {

/// Defines its functions, globals, tables and memories; `shared_memory` as the threads suite wants.
Result<void> define_spectest(Linker& linker, Store& store);

}  // namespace sluice::wast

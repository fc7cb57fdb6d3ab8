// Validation of a function body without any use of it.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/result.h"
#include "engine/validate/sink.h"
#include "engine/wasm/module.h"

namespace sluice {

/// Memory that validating one body after the other reuses; one per thread.
using ValidatorState = ReaderState<NullSink>;

/// Is the body well-formed and valid? `module_bytes` begins with the module's first byte and goes
/// at least to the end of the body; the sections before the code are complete in `module`.
Result<void> validate_body(const Module& module, const FuncBody& body,
                           std::span<const uint8_t> module_bytes, ValidatorState& state);

}  // namespace sluice

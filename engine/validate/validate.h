// Validation of a function body without any use of it.
#pragma once

#include <cstdint>
#include <memory>
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

/// Validates a large body while its bytes are still arriving, so that nothing is left to do when
/// the last one is there. The result is validate_body()'s, however the bytes come.
class BodyValidator {
 public:
  /// `module_bytes`: where the module starts, and stays. Both outlive this.
  BodyValidator(const Module& module, const FuncBody& body, const uint8_t* module_bytes);
  BodyValidator(const BodyValidator&) = delete;
  BodyValidator& operator=(const BodyValidator&) = delete;
  ~BodyValidator();

  /// The module's first `available` bytes are there, never fewer than at the last call; those
  /// before the body were there from the start. True: the body is valid. Not to be called again
  /// after that or an error.
  Result<bool> advance(uint64_t available);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice

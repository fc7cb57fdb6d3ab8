// Validation of a body whose code is made later: the same verdict as compile_baseline, at the
// speed of the validator.
//
// The verdict includes what the compiler would refuse (NotCompiled, at the same instruction), so
// that a module is accepted or not whatever the policy of compilation.
#pragma once

#include <memory>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/module.h"
#include "jit/abi/compile_options.h"

namespace sluice {

/// What one thread reuses from body to body.
class ValidateScratch : public Allocated {
 public:
  ValidateScratch();
  ~ValidateScratch();
  ValidateScratch(const ValidateScratch&) = delete;
  ValidateScratch& operator=(const ValidateScratch&) = delete;

  struct Parts;
  Parts& parts() { return *parts_; }

 private:
  std::unique_ptr<Parts> parts_;
};

/// Validates one body; fails as compile_baseline would.
Result<void> validate_only(const Module& module, const FuncBody& body, ValidateScratch& scratch);

/// The same for a large body whose bytes are still arriving, so that little is left to do when the
/// last one is there. The verdict does not depend on how they come.
class ArrivingBody : public Allocated {
 public:
  /// The module outlives this.
  ArrivingBody(const Module& module, const FuncBody& body);
  ~ArrivingBody();
  ArrivingBody(const ArrivingBody&) = delete;
  ArrivingBody& operator=(const ArrivingBody&) = delete;

  FuncIdx func() const;
  /// Reads what the module's wire bytes now have of the body. Cheap if that is little more than at
  /// the last call.
  void advance();
  /// The verdict. All bytes are there; the last call.
  Result<void> finish();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice

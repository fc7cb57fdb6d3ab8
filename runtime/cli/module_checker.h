// A module decoded and validated without a compiler behind it, while its bytes arrive. The error is
// the one at the lowest offset: that of the earliest faulty body before what the decoder finds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/base/result.h"
#include "engine/wasm/features.h"
#include "engine/wasm/module.h"

namespace sluice::cli {

class ModuleChecker {
 public:
  explicit ModuleChecker(Features features);
  ~ModuleChecker();

  /// The next bytes. False: an error is known, more bytes are of no use.
  bool feed(std::span<const uint8_t> bytes);
  /// The module, or what is wrong with it.
  Result<std::shared_ptr<const Module>> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::cli

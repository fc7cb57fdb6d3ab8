// The import table of WASI preview 1: gives modules the functions of `wasi_snapshot_preview1`, and
// of its predecessor `wasi_unstable`.
#pragma once

#include <memory>

#include "engine/base/result.h"
#include "runtime/wasi/context.h"

namespace sluice {
class Linker;
}

namespace sluice::wasi {

inline constexpr std::string_view kModuleName = "wasi_snapshot_preview1";
inline constexpr std::string_view kUnstableName = "wasi_unstable";

/// Defines all 46 functions, and under "wasi_unstable" what they were before. The memory they use
/// is the one that the caller exports as "memory".
Result<void> define_preview1(Linker& linker, const std::shared_ptr<Context>& context);

}  // namespace sluice::wasi

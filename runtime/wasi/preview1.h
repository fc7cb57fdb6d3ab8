// The import table of WASI preview 1: gives modules the functions of `wasi_snapshot_preview1`.
#pragma once

#include "engine/base/result.h"
#include "runtime/wasi/context.h"

namespace sluice {
class Linker;
}

namespace sluice::wasi {

inline constexpr std::string_view kModuleName = "wasi_snapshot_preview1";

/// Defines all 46 functions. They work on `context`, which must outlive every store that
/// instantiates with the linker. The memory they use is the one that the caller exports as
/// "memory".
Result<void> define_preview1(Linker& linker, Context& context);

}  // namespace sluice::wasi

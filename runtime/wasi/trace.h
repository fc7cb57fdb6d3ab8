// One line for a WASI call, for people: name, arguments, how it ended, what it gave.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/heap.h"
#include "runtime/wasi/guest_memory.h"

namespace sluice::wasi {

/// As `path_open(3, 0x1, "data/x", …) = NoEnt` or `fd_write(1, 0x400, 1) = Success, 12`. `kinds`
/// says what the arguments are (preview1.def); results are read from the guest's memory.
String trace_line(const char* name, const char* kinds, const GuestMemory& mem,
                  std::span<const uint64_t> arguments, Errno error);

}  // namespace sluice::wasi

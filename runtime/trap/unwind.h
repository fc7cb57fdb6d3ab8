// What a trap leaves in its StoreContext: the site's reason and the return addresses along the
// frames of generated code, from the innermost to the entry stub.
#pragma once

#include <cstdint>

#include "jit/abi/instance_layout.h"

namespace sluice {

/// Records the return addresses above the frame at `fp` in `context.trap`: the first
/// kMaxTrapFrames, the rest are counted. Ends at the entry stub's frame, which is not recorded, and
/// at any link that does not lead upwards inside the stack between `sp` and the entry.
/// Async-signal-safe.
void record_frames(StoreContext& context, uintptr_t sp, uintptr_t fp);

/// StubEnvironment::note_trap.
void note_trap(StoreContext* context, uintptr_t site_end, uint32_t edx, uintptr_t fp, uintptr_t sp);

}  // namespace sluice

// What happens at a trap site. A throw continues at the handler that the search along the frames of
// generated code finds, from the innermost to the entry stub. Everything else, and a throw without
// a handler, is a trap: it leaves in its StoreContext the site's reason and the return addresses
// along the frames, and continues at the entry stub's landing.
#pragma once

#include <cstdint>

#include "jit/abi/instance_layout.h"

namespace sluice {

/// Records the return addresses above the frame at `fp` in `context.trap`: the first
/// kMaxTrapFrames, the rest are counted. Ends at the entry stub's frame, which is not recorded, and
/// at any link that does not lead upwards inside the stack between `sp` and the entry.
/// Async-signal-safe.
void record_frames(StoreContext& context, uintptr_t sp, uintptr_t fp);

/// StubEnvironment::note_trap. Only what a handler takes over changes when there is one.
void note_trap(StoreContext* context, uintptr_t site_end, uint32_t edx, uintptr_t fp, uintptr_t sp);

}  // namespace sluice

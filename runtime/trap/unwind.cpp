#include "runtime/trap/unwind.h"

namespace sluice {

namespace {

uintptr_t word_at(uintptr_t address) { return *reinterpret_cast<const uintptr_t*>(address); }

}  // namespace

void record_frames(StoreContext& context, uintptr_t sp, uintptr_t fp) {
  TrapRecord& trap = context.trap;
  trap.frame_count = 0;
  trap.total_frames = 0;
  const uintptr_t end = context.entry_rsp + kEntryFrameBytes;
  uintptr_t lowest = sp;
  while (fp >= lowest && fp < end && fp % sizeof(uintptr_t) == 0) {
    const uintptr_t caller_fp = word_at(fp);
    if (caller_fp <= fp || caller_fp > end) return;
    // The caller of this frame is the entry stub: its frame has no instance.
    if (word_at(caller_fp - 8) == 0) return;
    if (trap.frame_count < kMaxTrapFrames) trap.frames[trap.frame_count++] = word_at(fp + 8);
    ++trap.total_frames;
    lowest = fp + 16;
    fp = caller_fp;
  }
}

}  // namespace sluice

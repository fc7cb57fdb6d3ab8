#include "runtime/trap/unwind.h"

#include "jit/abi/trap_codes.h"

namespace sluice {

namespace {

uintptr_t word_at(uintptr_t address) { return *reinterpret_cast<const uintptr_t*>(address); }

TrapCode reason_at(uintptr_t site_end, uint32_t edx) {
  const uint8_t byte = *reinterpret_cast<const uint8_t*>(site_end);
  if (byte != kTrapCodeInRdx) return static_cast<TrapCode>(byte);
  // A host function may return anything.
  return edx - 1 < kTrapCodeCount - 1 ? static_cast<TrapCode>(edx) : TrapCode::Host;
}

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

void note_trap(StoreContext* context, uintptr_t site_end, uint32_t edx, uintptr_t fp,
               uintptr_t sp) {
  context->trap.pc = site_end - kTrapCallBytes;
  context->trap.fault_address = 0;
  context->trap.code = static_cast<uint32_t>(reason_at(site_end, edx));
  record_frames(*context, sp, fp);
}

}  // namespace sluice

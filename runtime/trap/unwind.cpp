#include "runtime/trap/unwind.h"

#include "jit/abi/trap_codes.h"
#include "jit/code/code_memory.h"
#include "runtime/trap/interrupt.h"

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

namespace {

bool catches(const HandlerClause& clause, const InstanceData& instance, const void* thrown) {
  if (clause.tag == kAnyTag) return true;
  const uint8_t* block = reinterpret_cast<const uint8_t*>(&instance);
  const void* const* tags = reinterpret_cast<const void* const*>(block + instance.tags_offset);
  return tags[clause.tag] == thrown;
}

/// The landing in the frame at `fp`, whose present call returns to `return_address`, if it has one
/// for `thrown`.
bool find_landing(uintptr_t return_address, uintptr_t fp, const void* thrown, ResumePoint& out) {
  const auto* instance = reinterpret_cast<const InstanceData*>(word_at(fp - 8));
  if (instance->code == nullptr) return false;
  // A return address may be the first byte of what follows: look at the call before it.
  const ModuleCode::Handlers handlers = instance->code->find_handlers(return_address - 1);
  if (handlers.table == nullptr) return false;
  const HandlerTable& table = *handlers.table;
  for (uint32_t at = table.region_at(handlers.code_offset); at != kNoRegion;
       at = table.regions[at].outer) {
    const HandlerRegion& region = table.regions[at];
    for (uint32_t i = 0; i < region.clause_count; ++i) {
      const HandlerClause& clause = table.clauses[region.first_clause + i];
      if (!catches(clause, *instance, thrown)) continue;
      out = {handlers.code + clause.landing, fp, fp - table.frame_bytes};
      return true;
    }
  }
  return false;
}

/// Searches the frames up to the entry stub, from the one at `fp` on. Changes nothing but `out`.
bool find_handler(const StoreContext& context, uintptr_t site_end, uintptr_t fp, ResumePoint& out) {
  const uintptr_t end = context.entry_rsp + kEntryFrameBytes;
  uintptr_t return_address = site_end;
  while (fp != end) {
    if (find_landing(return_address, fp, context.thrown.tag, out)) return true;
    return_address = word_at(fp + 8);
    fp = word_at(fp);
  }
  return false;
}

}  // namespace

void note_trap(StoreContext* context, uintptr_t site_end, uint32_t edx, uintptr_t fp,
               uintptr_t sp) {
  TrapCode reason = reason_at(site_end, edx);
  ThrownException& thrown = context->thrown;
  // A guest that catches whatever its host throws is interrupted all the same.
  if (reason == TrapCode::UncaughtException && thrown.is_thrown != 0 &&
      is_interrupt_requested(*context)) {
    reason = TrapCode::Interrupted;
  }
  if (reason != TrapCode::UncaughtException) thrown.is_thrown = 0;
  if (thrown.is_thrown != 0 && find_handler(*context, site_end, fp, context->resume)) {
    thrown.is_thrown = 0;
    return;
  }
  context->trap.pc = site_end - kTrapCallBytes;
  context->trap.fault_address = 0;
  if (reason == TrapCode::Interrupted) take_interrupt(*context);
  context->trap.code = static_cast<uint32_t>(reason);
  record_frames(*context, sp, fp);
  context->resume = {context->landing, context->entry_rsp + kEntryFrameBytes, context->entry_rsp};
}

}  // namespace sluice

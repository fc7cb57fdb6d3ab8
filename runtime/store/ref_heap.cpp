// Marking, sweeping, and the walk along the frames that finds handles in them.
//
// A collection is paid for by the references made before it: as many as the live ones, or a part
// of the words that the last collection looked at, whichever is more. So a deep stack or a large
// table does not make each reference dear.
#include "runtime/store/ref_heap.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "jit/abi/call_conv.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/compiled_module.h"
#include "jit/stubs/host_call.h"
#include "runtime/store/engine.h"
#include "runtime/store/exception.h"
#include "runtime/store/global.h"
#include "runtime/store/instance.h"
#include "runtime/store/store.h"
#include "runtime/store/table.h"

namespace sluice {
namespace {

constexpr uint64_t kLeastBetweenCollections = 1024;
constexpr uint64_t kWorkPerReference = 4;
constexpr uint32_t kFirstEntries = 1024;
constexpr uint32_t kMostEntries = uint32_t{1} << 30;
// The cache of frame maps is emptied beyond.
constexpr size_t kMostCachedOperands = size_t{1} << 20;

uint64_t word_at(uintptr_t address) { return *reinterpret_cast<const uint64_t*>(address); }

const InstanceData& instance_of_frame(uintptr_t fp) {
  return *reinterpret_cast<const InstanceData*>(word_at(fp - 8));
}

}  // namespace

RefHeap::RefHeap(Store& store, bool collect_always)
    : store_(store), collect_always_(collect_always), until_collect_(kLeastBetweenCollections) {}

void RefHeap::release_all() {
  // What a release makes anew comes last and is released as well.
  is_collecting_ = true;
  free_ = 0;
  for (uint32_t i = 1; i < used_; ++i) {
    const Entry entry = entries()[i];
    entries()[i].kind = Kind::Free;
    if (entry.kind == Kind::Extern && entry.release != nullptr) entry.release(entry.object);
    if (entry.kind == Kind::Exception) delete static_cast<Exception*>(entry.object);
  }
}

// --- Entries ---

/// `in_making`: whose entry it will be, if that is an exception.
uint32_t RefHeap::take_entry(const Exception* in_making) {
  if (until_collect_ == 0 || collect_always_) collect(in_making);
  if (until_collect_ != 0) --until_collect_;
  uint32_t handle = free_;
  if (handle != 0) {
    free_ = entries()[handle].roots;
  } else {
    const uint64_t capacity = block_.size_bytes() / sizeof(Entry);
    if (used_ >= capacity) {
      if (capacity >= kMostEntries) return 0;
      const uint64_t wanted = std::max<uint64_t>(kFirstEntries, capacity * 2);
      if (!block_.grow(wanted * sizeof(Entry))) return 0;
    }
    handle = used_++;
  }
  ++live_;
  return handle;
}

void RefHeap::give_back(uint32_t handle) {
  entries()[handle] = {nullptr, nullptr, free_, Kind::Free, false};
  free_ = handle;
}

uint32_t RefHeap::new_extern(void* host, void (*release)(void* host)) {
  const uint32_t handle = take_entry(nullptr);
  if (handle != 0) entries()[handle] = {host, release, 1, Kind::Extern, false};
  return handle;
}

uint32_t RefHeap::new_exception(std::unique_ptr<Exception> exception) {
  const uint32_t handle = take_entry(exception.get());
  if (handle != 0) entries()[handle] = {exception.release(), nullptr, 0, Kind::Exception, false};
  return handle;
}

void* RefHeap::host(uint64_t handle) const {
  return is_extern(handle) ? entries()[handle].object : nullptr;
}

// A count that has reached its end stays there: the reference then lives as long as the store.
void RefHeap::root(uint64_t handle) {
  if (!is_live(handle)) return;
  uint32_t& roots = entries()[handle].roots;
  if (roots != ~uint32_t{0}) ++roots;
}

void RefHeap::unroot(uint64_t handle) {
  if (!is_live(handle)) return;
  uint32_t& roots = entries()[handle].roots;
  if (roots != 0 && roots != ~uint32_t{0}) --roots;
}

// --- Collecting ---

void RefHeap::collect(const Exception* in_making) {
  if (is_collecting_) return;
  is_collecting_ = true;
  work_ = used_;
  for (uint32_t i = 1; i < used_; ++i) {
    if (is_live(i) && entries()[i].roots != 0) mark(i);
  }
  if (in_making != nullptr) mark_values(*in_making);
  mark_cells();
  mark_thrown();
  mark_frames();
  mark_exceptions();
  sweep();
  until_collect_ = std::max({kLeastBetweenCollections, uint64_t{live_}, work_ / kWorkPerReference});
  release_dying();
  is_collecting_ = false;
}

void RefHeap::mark(uint64_t word) {
  ++work_;
  if (!is_live(word) || entries()[word].marked) return;
  entries()[word].marked = true;
  if (entries()[word].kind == Kind::Exception) to_scan_.push_back(static_cast<uint32_t>(word));
}

void RefHeap::mark_values(const Exception& exception) {
  const std::span<const ValType> types = exception.tag->params();
  for (size_t i = 0; i < types.size(); ++i) {
    if (is_handle(types[i])) mark(exception.cells[i].bits[0]);
  }
}

/// A landing takes what was thrown at once. So nobody wants it when no code runs, unless it is on
/// its way through the host.
void RefHeap::mark_thrown() {
  const StoreContext& context = store_.context();
  const ThrownException& thrown = context.thrown;
  if (thrown.tag == nullptr || (thrown.is_thrown == 0 && context.entry_rsp == 0)) return;
  mark(thrown.handle);
  const std::span<const ValType> types = static_cast<const Tag*>(thrown.tag)->params();
  for (size_t i = 0; i < types.size(); ++i) {
    if (is_handle(types[i])) mark(thrown.cells[i].bits[0]);
  }
}

void RefHeap::mark_frames() {
  const StoreContext& context = store_.context();
  uintptr_t exit_fp = context.exit_fp;
  for (uintptr_t entry_rsp = context.entry_rsp; entry_rsp != 0;) {
    const auto& frame = *reinterpret_cast<const EntryFrame*>(entry_rsp);
    mark_activation(exit_fp, entry_rsp + kEntryFrameBytes);
    entry_rsp = frame.outer_rsp;
    exit_fp = frame.outer_exit_fp;
  }
}

void RefHeap::mark_exceptions() {
  while (!to_scan_.empty()) {
    const uint32_t handle = to_scan_.back();
    to_scan_.pop_back();
    mark_values(*exception(handle));
  }
}

void RefHeap::mark_cells() {
  for (const std::unique_ptr<Global>& global : store_.globals_) {
    if (is_handle(global->type().type)) mark(global->cell()->bits[0]);
  }
  for (const std::unique_ptr<Table>& table : store_.tables_) {
    if (!is_handle(table->type().element)) continue;
    const auto* elements = static_cast<const uint64_t*>(table->data().elements);
    for (uint64_t i = 0; i < table->size(); ++i) mark(elements[i]);
  }
  work_ += store_.globals_.size() + store_.tables_.size();
}

/// The frames between an entry stub, whose rbp is `end`, and the stub by which its Wasm code was
/// left. A frame's map is that of the call it waits for; its arguments belong to the callee.
void RefHeap::mark_activation(uintptr_t exit_fp, uintptr_t end) {
  mark_shim(exit_fp);
  for (uintptr_t fp = exit_fp;;) {
    const uintptr_t caller = word_at(fp);
    CHECK(caller > fp && caller <= end, "frames lead upwards");
    if (caller == end) return;
    mark_frame(caller, word_at(fp + 8));
    fp = caller;
  }
}

void RefHeap::mark_shim(uintptr_t fp) {
  const InstanceData& data = instance_of_frame(fp);
  if (data.host_code == nullptr) return;  // a builtin's: its parameters are its own business
  const HostFunc& host = *static_cast<const HostFunc*>(data.owner);
  uintptr_t slot = fp + static_cast<uintptr_t>(intptr_t{kShimHandleSlot});
  for (const ValType type : store_.engine().types()->func_type(host.def->signature).params()) {
    if (!is_handle(type)) continue;
    mark(word_at(slot));
    slot -= 8;
  }
}

void RefHeap::mark_frame(uintptr_t fp, uintptr_t return_address) {
  const FrameSlots& slots = slots_at(instance_of_frame(fp), return_address);
  const auto at = [fp](int32_t slot) { return fp + static_cast<uintptr_t>(intptr_t{slot}); };
  for (const int32_t slot : slots.locals) mark(word_at(at(slot)));
  for (const int32_t slot : slots.operands) mark(word_at(at(slot)));
  ++work_;
}

const RefHeap::FrameSlots& RefHeap::slots_at(const InstanceData& instance,
                                             uintptr_t return_address) {
  const auto [at, is_new] = frame_slots_.try_emplace(return_address);
  if (!is_new) return at->second;
  if (cached_operands_ > kMostCachedOperands) {
    frame_slots_.clear();
    cached_operands_ = 0;
    return slots_at(instance, return_address);
  }
  const CompiledModule& module = *static_cast<const Instance*>(instance.owner)->compiled();
  // A call may be a function's last instruction: its return address is the next one's then.
  const std::optional<ModuleCode::Found> found = module.code().find(return_address - 1);
  if (!found) return at->second;  // a stub that keeps no handles
  ReferenceSlots slots = module.reference_slots(found->func, found->code_offset + 1);
  cached_operands_ += slots.operands.size() + 1;
  at->second = {slots.locals, std::move(slots.operands)};
  return at->second;
}

void RefHeap::sweep() {
  free_ = 0;
  live_ = 0;
  bool is_end = true;  // nothing above is in use
  // From the end, so that the lowest entries are taken first and the end gets free.
  for (uint32_t i = used_; --i != 0;) {
    Entry& entry = entries()[i];
    if (entry.marked) {
      entry.marked = false;
      ++live_;
    } else if (entry.kind == Kind::Extern && entry.release != nullptr) {
      entry.kind = Kind::Dying;
      entry.roots = std::exchange(dying_, i);
    } else {
      delete exception(i);
      if (is_end) {
        used_ = i;
      } else {
        give_back(i);
      }
      continue;
    }
    is_end = false;
  }
}

/// One at a time: a release may make references, which does not collect meanwhile.
void RefHeap::release_dying() {
  while (dying_ != 0) {
    const uint32_t handle = dying_;
    const Entry entry = entries()[handle];
    dying_ = entry.roots;
    give_back(handle);
    entry.release(entry.object);
  }
}

// --- Rooted references ---

RootedRef::RootedRef(std::weak_ptr<RefHeap> heap, uint32_t handle)
    : heap_(std::move(heap)), handle_(handle) {
  if (const std::shared_ptr<RefHeap> live = heap_.lock()) live->root(handle_);
}

RootedRef::~RootedRef() {
  if (const std::shared_ptr<RefHeap> live = heap_.lock()) live->unroot(handle_);
}

}  // namespace sluice

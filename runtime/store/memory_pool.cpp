#include "runtime/store/memory_pool.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>

#include "engine/base/check.h"
#include "engine/binary/wire_bytes.h"
#include "engine/wasm/opcodes.h"
#include "jit/pipeline/compiled_module.h"

namespace sluice {
namespace {

// Address space is scarce where memories are checked explicitly: keep small ones only.
constexpr uint64_t kLargestIdleExplicit = uint64_t{1} << 20;
// An image's file grows by the holes that are read through it, so it must not have many.
constexpr uint64_t kLargestImage = uint64_t{256} << 20;
constexpr uint64_t kHolesPerByte = 4;
// Each holds a file descriptor.
constexpr size_t kMostImages = 64;

/// The value of an expression that is one integer constant (spec 3.4.13).
std::optional<uint64_t> constant_offset(const ConstExpr& expr) {
  if (expr.instrs.size() != 1) return std::nullopt;
  const Op op = static_cast<Op>(expr.instrs[0].op);
  if (op == Op::I32Const) return expr.instrs[0].bits[0] & 0xffffffffu;
  if (op == Op::I64Const) return expr.instrs[0].bits[0];
  return std::nullopt;
}

bool fits(std::optional<uint64_t> start, uint64_t count, uint64_t size) {
  return start && count <= size && *start <= size - count;
}

/// Can no active segment trap, whatever is imported? Then it cannot be told when they are written.
bool segments_cannot_fail(const Module& module) {
  for (const ElemSegment& elem : module.elems) {
    if (elem.mode != SegmentMode::Active) continue;
    const Limits& limits = module.tables[raw(elem.table)].type.limits;
    if (!fits(constant_offset(elem.offset), elem.size(), limits.min)) return false;
  }
  for (const DataSegment& data : module.datas) {
    if (data.mode != SegmentMode::Active) continue;
    const MemoryType& type = module.memories[raw(data.memory)];
    const uint64_t size = type.limits.min << type.page_size_log2;
    if (!fits(constant_offset(data.offset), data.bytes.size, size)) return false;
  }
  return true;
}

struct Extent {
  uint64_t start = ~uint64_t{0};
  uint64_t end = 0;
  uint64_t data_bytes = 0;
};

template <class Visit>
void each_segment(const Module& module, uint32_t memory, Visit visit) {
  for (const DataSegment& data : module.datas) {
    if (data.mode != SegmentMode::Active || raw(data.memory) != memory) continue;
    const std::span<const uint8_t> bytes = module.wire->view(data.bytes);
    if (!bytes.empty()) visit(*constant_offset(data.offset), bytes);
  }
}

std::shared_ptr<const MemoryImage> make_image(const Module& module) {
  const uint32_t memory = module.imported_memories;
  if (memory >= module.memories.size()) return nullptr;
  const MemoryType& type = module.memories[memory];
  const bool is_guarded = mode_of(type, MemoryMode::Guard) == MemoryMode::Guard;
  if (type.limits.is_64 || type.limits.is_shared || !is_guarded) return nullptr;
  if (!segments_cannot_fail(module)) return nullptr;
  Extent extent;
  each_segment(module, memory, [&](uint64_t start, std::span<const uint8_t> bytes) {
    extent.start = std::min(extent.start, start);
    extent.end = std::max(extent.end, start + bytes.size());
    extent.data_bytes += bytes.size();
  });
  if (extent.end <= kResidentBytes) return nullptr;
  extent.start &= ~uint64_t{host_page_bytes() - 1};
  const uint64_t size = extent.end - extent.start;
  if (size > kLargestImage || size / kHolesPerByte > extent.data_bytes + kResidentBytes) {
    return nullptr;
  }
  Result<MemoryFile> file = MemoryFile::create("sluice-data", size, MemoryFile::Use::Data);
  if (!file) return nullptr;
  const Result<Reservation> bytes_of_file = file->map_writable();
  if (!bytes_of_file) return nullptr;
  each_segment(module, memory, [&](uint64_t start, std::span<const uint8_t> bytes) {
    std::memcpy(bytes_of_file->base() + (start - extent.start), bytes.data(), bytes.size());
  });
  std::shared_ptr<MemoryImage> image = make_shared_heap<MemoryImage>();
  image->memory = memory;
  image->start = extent.start;
  image->file = *std::move(file);
  return image;
}

/// Makes the first `used_bytes` zero, or the image's again. False if the system refuses.
bool clear(MemorySlot& slot, uint64_t used_bytes) {
  uint64_t cleared = 0;
  // A memory that is used once would only have its pages faulted in for this.
  if (slot.image == nullptr && slot.was_reused) {
    cleared = std::min(used_bytes, kResidentBytes);
    if (cleared != 0) std::memset(slot.region.base(), 0, cleared);
  }
  return slot.region.discard(cleared, used_bytes - cleared).has_value();
}

}  // namespace

MemoryPool::~MemoryPool() = default;

Result<MemorySlot> MemoryPool::acquire_guarded(uint64_t size_bytes,
                                               std::shared_ptr<const MemoryImage> image) {
  MemorySlot slot;
  {
    const std::lock_guard<ForkMutex> lock(mutex_);
    if (!guarded_.empty()) {
      // Latest first: its pages are most likely in the caches. Without the right image, one with
      // none is next best.
      size_t best = guarded_.size();
      for (size_t i = guarded_.size(); i-- > 0 && best == guarded_.size();) {
        if (guarded_[i].image == image) best = i;
      }
      for (size_t i = guarded_.size(); i-- > 0 && best == guarded_.size();) {
        if (guarded_[i].image == nullptr) best = i;
      }
      if (best == guarded_.size()) best = 0;
      slot = std::move(guarded_[best]);
      slot.was_reused = true;
      if (best + 1 != guarded_.size()) guarded_[best] = std::move(guarded_.back());
      guarded_.pop_back();
    }
  }
  if (slot.region && prepare_guarded(slot, size_bytes, image)) return slot;
  slot = MemorySlot();
  slot.region = TRY(Reservation::reserve(kGuardedMemoryBytes));
  TRY_VOID(prepare_guarded(slot, size_bytes, std::move(image)));
  return slot;
}

Result<void> MemoryPool::prepare_guarded(MemorySlot& slot, uint64_t size_bytes,
                                         std::shared_ptr<const MemoryImage> image) {
  Reservation& region = slot.region;
  if (slot.image != nullptr && slot.image != image) {
    TRY_VOID(region.decommit(0, slot.accessible_bytes));
    slot.accessible_bytes = 0;
    slot.image = nullptr;
    slot.was_reused = false;
  }
  if (size_bytes < slot.accessible_bytes) {
    TRY_VOID(region.protect_none(size_bytes, slot.accessible_bytes - size_bytes));
  } else {
    TRY_VOID(region.commit(slot.accessible_bytes, size_bytes - slot.accessible_bytes));
  }
  slot.accessible_bytes = size_bytes;
  if (image != nullptr && slot.image == nullptr) {
    TRY_VOID(image->file.map_private(region, image->start));
    slot.image = std::move(image);
  }
  return {};
}

Result<MemorySlot> MemoryPool::acquire_explicit(uint64_t size_bytes) {
  MemorySlot slot;
  if (size_bytes == 0) return slot;
  {
    const std::lock_guard<ForkMutex> lock(mutex_);
    for (size_t i = explicit_.size(); i-- > 0;) {
      if (explicit_[i].accessible_bytes < size_bytes) continue;
      slot = std::move(explicit_[i]);
      slot.was_reused = true;
      if (i + 1 != explicit_.size()) explicit_[i] = std::move(explicit_.back());
      explicit_.pop_back();
      return slot;
    }
  }
  TRY_VOID(slot.region.resize_committed(size_bytes));
  slot.accessible_bytes = slot.region.size_bytes();
  return slot;
}

void MemoryPool::release(MemorySlot slot, MemoryMode mode, uint64_t used_bytes) {
  if (!slot.region || max_idle_ == 0) return;
  const bool is_guarded = mode == MemoryMode::Guard;
  if (!is_guarded && slot.accessible_bytes > kLargestIdleExplicit) return;
  if (!clear(slot, used_bytes)) return;
  const std::lock_guard<ForkMutex> lock(mutex_);
  Vector<MemorySlot>& idle = is_guarded ? guarded_ : explicit_;
  if (idle.size() < max_idle_) idle.push_back(std::move(slot));
}

void MemoryPool::forget_dead_modules() {
  for (auto at = modules_.begin(); at != modules_.end();) {
    if (!at->second.module.expired()) {
      ++at;
      continue;
    }
    if (at->second.image != nullptr) {
      --images_;
      std::erase_if(guarded_, [&](const MemorySlot& s) { return s.image == at->second.image; });
    }
    at = modules_.erase(at);
  }
  forget_at_ = 2 * modules_.size() + 16;
}

std::shared_ptr<const MemoryImage>
MemoryPool::image_for(const std::shared_ptr<const CompiledModule>& module) {
  if (max_idle_ == 0 || module->memory_mode() != MemoryMode::Guard) return nullptr;
  {
    const std::lock_guard<ForkMutex> lock(mutex_);
    ModuleEntry& entry = modules_[module.get()];
    if (entry.module.owner_before(module) || module.owner_before(entry.module)) {
      if (entry.image != nullptr) --images_;
      entry = {.module = module, .image = nullptr, .was_asked_for_image = false};
      if (modules_.size() > forget_at_) forget_dead_modules();
      return nullptr;
    }
    if (entry.was_asked_for_image) return entry.image;
    entry.was_asked_for_image = true;
    if (images_ >= kMostImages) forget_dead_modules();
    if (images_ >= kMostImages) return nullptr;
    ++images_;
  }
  std::shared_ptr<const MemoryImage> image = make_image(module->module());
  const std::lock_guard<ForkMutex> lock(mutex_);
  if (image == nullptr) --images_;
  modules_[module.get()].image = image;
  return image;
}

size_t MemoryPool::idle_slots() const {
  const std::lock_guard<ForkMutex> lock(mutex_);
  return guarded_.size() + explicit_.size();
}

}  // namespace sluice

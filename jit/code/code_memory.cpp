#include "jit/code/code_memory.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <utility>

#include "engine/base/check.h"
#include "jit/abi/instance_layout.h"
#include "jit/abi/trap_codes.h"
#include "jit/code/code_map.h"

namespace sluice {

namespace {

constexpr uint8_t kCallRel32 = 0xe8;
constexpr uint8_t kJumpRel32 = 0xe9;
// Address space only: pages of a memory file cost nothing before they are written.
constexpr size_t kLeastExtentBytes = size_t{64} << 10;
constexpr size_t kMostExtentBytes = size_t{4} << 20;
// Private extents from this size on get whole huge pages: one takes the system less time than half
// of the small ones that it stands for at the least.
constexpr size_t kHugeExtentBytes = Reservation::kHugePageBytes / 4;
constexpr uint32_t kHugePage = Reservation::kHugePageBytes;

// Batches begin at a line, and so do stubs: a call from the host takes a cycle or two more if its
// stub begins somewhere in a line.
constexpr uint32_t align_code(uint32_t bytes) {
  return (bytes + kCacheLine - 1) & ~(kCacheLine - 1);
}

// push rbp; mov rbp, rsp; and a trap site: a walkable frame that traps.
constexpr uint8_t kUnfilledStub[] = {0x55,
                                     0x48,
                                     0x89,
                                     0xe5,
                                     kTrapCall & 0xff,
                                     kTrapCall >> 8 & 0xff,
                                     kTrapCall >> 16 & 0xff,
                                     kTrapCall >> 24,
                                     static_cast<uint8_t>(TrapCode::CompileFailed)};

constexpr FrameMark kUnfilledFrames[] = {
    {0, FrameState::Called}, {1, FrameState::Linked}, {4, FrameState::Framed}};

// make_shared, for classes with a private constructor.
template <class T>
std::shared_ptr<T> shared_from_new(T* object) {
  return std::shared_ptr<T>(object, std::default_delete<T>{}, HeapAllocator<T>{});
}

int32_t rel32(uint32_t from_end, uint32_t to) {
  const int64_t distance = int64_t{to} - int64_t{from_end};
  DCHECK(distance == static_cast<int32_t>(distance), "a code memory is at most 2 GiB");
  return static_cast<int32_t>(distance);
}

}  // namespace

CodeMemory::CodeMemory(Reservation space, std::unique_ptr<CodeListener> listener)
    : space_(std::move(space)), listener_(std::move(listener)) {
  free_.push_back({0, static_cast<uint32_t>(space_.size_bytes())});
}

Result<std::shared_ptr<CodeMemory>> CodeMemory::create(size_t reserve_bytes,
                                                       std::unique_ptr<CodeListener> listener) {
  const size_t wanted = std::min(reserve_bytes, kDefaultReserveBytes);
  Reservation space =
      TRY(Reservation::reserve_shrinking(wanted, std::min(wanted, kLeastReserveBytes)));
  std::shared_ptr<CodeMemory> memory =
      shared_from_new(new CodeMemory(std::move(space), std::move(listener)));
  code_map_add(*memory);
  memory->unfilled_offset_ =
      TRY(memory->add_stub(kUnfilledStub, StubKind::Unfilled, kUnfilledFrames));
  return memory;
}

CodeMemory::~CodeMemory() { code_map_remove(*this); }

Result<uint32_t> CodeMemory::add_stub(std::span<const uint8_t> bytes, StubKind kind,
                                      std::span<const FrameMark> frames) {
  const uint32_t offset = TRY(copy_stub(bytes, kind));
  if (listener_ != nullptr) listener_->stub_added(kind, {code_at(offset), bytes.size()}, frames);
  return offset;
}

Result<uint32_t> CodeMemory::copy_stub(std::span<const uint8_t> bytes, StubKind kind) {
  const std::lock_guard<ForkMutex> hold(mutex_);
  if (stub_extent_ == nullptr ||
      stub_extent_->size_bytes - stub_extent_->used_bytes < bytes.size()) {
    stub_extent_ = TRY(new_extent(std::max(bytes.size(), kLeastExtentBytes), nullptr));
    stub_extent_->next_stubs = all_stubs_.load(std::memory_order_relaxed);
    all_stubs_.store(stub_extent_, std::memory_order_release);
  }
  CodeExtent& extent = *stub_extent_;
  TRY_VOID(make_own(extent));
  std::memcpy(extent.write_at + extent.used_bytes, bytes.data(), bytes.size());
  show(extent.offset + extent.used_bytes, bytes);
  const Stub stub{extent.offset + extent.used_bytes, static_cast<uint32_t>(bytes.size()), kind};
  extent.used_bytes = std::min(extent.size_bytes, align_code(extent.used_bytes + stub.bytes));
  const auto at =
      std::lower_bound(stubs_.begin(), stubs_.end(), stub,
                       [](const Stub& a, const Stub& b) { return a.offset < b.offset; });
  stubs_.insert(at, stub);
  return stub.offset;
}

/// What has been written where it is writable is what runs, unless a debugger has put a breakpoint
/// into the page: that gave it a copy of its own, to which the same is done then.
void CodeMemory::show(uint32_t offset, std::span<const uint8_t> written) const {
  if (listener_ == nullptr) return;
  uint8_t* code = code_at(offset);
  if (std::memcmp(code, written.data(), written.size()) != 0) write_as_debugger(code, written);
}

std::optional<CodeMemory::Found> CodeMemory::find(uintptr_t pc) const {
  const std::lock_guard<ForkMutex> hold(mutex_);
  if (pc - base() >= space_.size_bytes()) return std::nullopt;
  const uint32_t offset = static_cast<uint32_t>(pc - base());
  const auto extent = std::upper_bound(extents_.begin(), extents_.end(), offset,
                                       [](uint32_t o, const auto& e) { return o < e->offset; });
  if (extent == extents_.begin()) return std::nullopt;
  const CodeExtent& found = **(extent - 1);
  if (offset - found.offset >= found.used_bytes) return std::nullopt;
  if (found.owner != nullptr) return Found{found.owner, StubKind::Entry};
  const auto stub = std::upper_bound(stubs_.begin(), stubs_.end(), offset,
                                     [](uint32_t o, const Stub& s) { return o < s.offset; });
  if (stub == stubs_.begin()) return std::nullopt;
  return Found{nullptr, (stub - 1)->kind};
}

bool CodeMemory::is_module_code(uintptr_t pc) const {
  const uint32_t offset = static_cast<uint32_t>(pc - base());
  const CodeExtent* stubs = all_stubs_.load(std::memory_order_acquire);
  while (stubs != nullptr && offset - stubs->offset >= stubs->size_bytes) stubs = stubs->next_stubs;
  return stubs == nullptr;
}

/// The first part of what is free that begins, as an address, at a multiple of the alignment.
std::optional<uint32_t> CodeMemory::take_range(uint32_t bytes, uint32_t alignment) {
  for (auto at = free_.begin(); at != free_.end(); ++at) {
    const auto skipped = static_cast<uint32_t>(-(base() + at->offset) & (alignment - 1));
    if (at->bytes < skipped || at->bytes - skipped < bytes) continue;
    const uint32_t offset = at->offset + skipped;
    const Range behind{offset + bytes, at->bytes - skipped - bytes};
    at->bytes = skipped;
    at = at->bytes == 0 ? free_.erase(at) : at + 1;
    if (behind.bytes != 0) free_.insert(at, behind);
    return offset;
  }
  return std::nullopt;
}

void CodeMemory::give_back_range(Range range) {
  auto next = std::lower_bound(free_.begin(), free_.end(), range,
                               [](const Range& a, const Range& b) { return a.offset < b.offset; });
  if (next != free_.end() && range.offset + range.bytes == next->offset) {
    range.bytes += next->bytes;
    next = free_.erase(next);
  }
  if (next != free_.begin() && (next - 1)->offset + (next - 1)->bytes == range.offset) {
    (next - 1)->bytes += range.bytes;
  } else {
    free_.insert(next, range);
  }
}

/// Gives the extent a file of its own, with what is used of it copied from where it runs.
Result<void> CodeMemory::map_extent(CodeExtent& extent) {
  const MemoryFile file = TRY(MemoryFile::create("sluice-code", extent.size_bytes));
  Reservation writable = TRY(file.map_writable());
  if (extent.used_bytes != 0) {
    std::memcpy(writable.base(), code_at(extent.offset), extent.used_bytes);
  }
  TRY_VOID(file.map_executable(space_, extent.offset, listener_ != nullptr));
  extent.writable = std::move(writable);
  extent.write_at = extent.writable.base();
  extent.fork_count = fork_count();
  return {};
}

/// False if the system refuses: it may limit private memory (RLIMIT_DATA) more than files.
bool CodeMemory::map_private(CodeExtent& extent) {
  if (!space_.commit(extent.offset, extent.size_bytes)) return false;
  if (extent.size_bytes >= kHugeExtentBytes) {
    space_.prefer_huge_pages(extent.offset, extent.size_bytes);
  }
  extent.write_at = code_at(extent.offset);
  return true;
}

/// Systems that let nothing become executable that was written once have files in memory.
Result<void> CodeMemory::make_executable(CodeExtent& extent) {
  if (!extent.is_private()) return {};
  if (!space_.make_executable(extent.offset, extent.size_bytes)) return map_extent(extent);
  extent.write_at = nullptr;
  return {};
}

Result<CodeExtent*> CodeMemory::new_extent(size_t bytes, ModuleCode* owner, ExtentKind kind) {
  const size_t rounded = round_up_to_page(bytes);
  if (rounded < bytes || rounded > space_.size_bytes()) return fail(ErrorKind::CodeMemoryFull);
  uint32_t size = static_cast<uint32_t>(rounded);
  std::optional<uint32_t> offset;
  if (kind == ExtentKind::Private && size >= kHugeExtentBytes) {
    const uint32_t whole = (size + kHugePage - 1) & ~(kHugePage - 1);
    offset = take_range(whole, kHugePage);
    if (offset) size = whole;
  }
  if (!offset) offset = take_range(size, static_cast<uint32_t>(host_page_bytes()));
  if (!offset) return fail(ErrorKind::CodeMemoryFull);
  std::unique_ptr<CodeExtent> extent(new CodeExtent);
  extent->offset = *offset;
  extent->size_bytes = size;
  extent->owner = owner;
  if (kind == ExtentKind::File || !map_private(*extent)) {
    if (Result<void> mapped = map_extent(*extent); !mapped) {
      give_back_range({*offset, size});
      return std::unexpected(std::move(mapped).error());
    }
  }
  const auto at = std::upper_bound(extents_.begin(), extents_.end(), *offset,
                                   [](uint32_t o, const auto& e) { return o < e->offset; });
  return extents_.insert(at, std::move(extent))->get();
}

void CodeMemory::free_extent(CodeExtent* extent) {
  const Range range{extent->offset, extent->size_bytes};
  // If the system refuses, the old code stays mapped and its addresses are never used again.
  if (space_.decommit(range.offset, range.bytes)) give_back_range(range);
  std::erase_if(extents_, [&](const auto& e) { return e.get() == extent; });
}

Result<void> CodeMemory::make_own(CodeExtent& extent) {
  const bool is_own = extent.is_private() || extent.fork_count == fork_count();
  if (is_own && extent.write_at != nullptr) [[likely]]
    return {};
  return map_extent(extent);
}

ModuleCode::ModuleCode(std::shared_ptr<CodeMemory> memory, uint32_t imported_func_count,
                       uint32_t defined_func_count, bool is_hidden)
    : memory_(std::move(memory)), imported_func_count_(imported_func_count),
      defined_func_count_(defined_func_count), is_hidden_(is_hidden) {}

Result<std::shared_ptr<ModuleCode>> ModuleCode::create(std::shared_ptr<CodeMemory> memory,
                                                       uint32_t imported_func_count,
                                                       uint32_t defined_func_count, EmptySlot empty,
                                                       std::optional<HiddenCode> hidden) {
  std::shared_ptr<ModuleCode> code = shared_from_new(new ModuleCode(
      std::move(memory), imported_func_count, defined_func_count, hidden.has_value()));
  CodeMemory& where = *code->memory_;
  const std::lock_guard<ForkMutex> hold(where.mutex_);
  // Too large a table would overflow the arithmetic of later extents; decoding's limits are lower.
  const uint64_t table_bytes = uint64_t{defined_func_count} * kJumpSlotBytes;
  if (table_bytes >= where.reserved_bytes()) return fail(ErrorKind::CodeMemoryFull);
  const uint64_t expected_bytes = std::clamp<uint64_t>(hidden ? hidden->expected_bytes : 0,
                                                       kLeastExtentBytes, kMostExtentBytes);
  CodeExtent* extent = TRY(code->add_extent(static_cast<size_t>(table_bytes) + kLeastExtentBytes,
                                            static_cast<size_t>(table_bytes + expected_bytes)));
  if (hidden) code->ranges_.reserve(defined_func_count);
  code->jump_table_offset_ = extent->offset;
  extent->used_bytes = align_code(static_cast<uint32_t>(table_bytes));
  const bool lazy = empty == EmptySlot::Compiles;
  DCHECK(!lazy || where.lazy_offset() != 0, "a lazy stub");
  const uint32_t stub = lazy ? where.lazy_offset() : where.unfilled_offset();
  for (uint32_t slot = 0; slot < defined_func_count; ++slot) {
    code->set_slot(slot, lazy ? kCallRel32 : kJumpRel32, stub);
  }
  return code;
}

ModuleCode::~ModuleCode() {
  if (is_announced_) memory_->listener_->module_removed(*this);
  const std::lock_guard<ForkMutex> hold(memory_->mutex_);
  for (CodeExtent* extent : extents_) memory_->free_extent(extent);
}

uint32_t ModuleCode::slot_offset(FuncIdx func) const {
  DCHECK(raw(func) - imported_func_count_ < defined_func_count_, "a defined function");
  return jump_table_offset_ + (raw(func) - imported_func_count_) * kJumpSlotBytes;
}

std::span<const uint8_t> ModuleCode::jump_table() const {
  return {memory_->code_at(jump_table_offset_), size_t{defined_func_count_} * kJumpSlotBytes};
}

/// Threads may be running through the slot meanwhile: they see the old or the new instruction.
void ModuleCode::set_slot(uint32_t slot, uint8_t opcode, uint32_t target_offset) const {
  const uint32_t at = jump_table_offset_ + slot * kJumpSlotBytes;
  const auto distance = static_cast<uint32_t>(rel32(at + kSlotCallBytes, target_offset));
  // int3 × 3 behind it
  const uint64_t jump = 0xcccccc0000000000u | uint64_t{distance} << 8 | opcode;
  uint8_t* p = extents_[0]->write_at + size_t{slot} * kJumpSlotBytes;
  std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(p)).store(jump, std::memory_order_release);
  memory_->show(at, {p, sizeof jump});
}

/// An extent of the size that is wanted, or what is left if that has the least. Wants the code
/// memory's mutex held.
Result<CodeExtent*> ModuleCode::add_extent(size_t least_bytes, size_t wanted_bytes) {
  using Kind = CodeMemory::ExtentKind;
  const Kind kind = is_hidden_ ? Kind::Private : Kind::File;
  Result<CodeExtent*> extent = memory_->new_extent(wanted_bytes, this, kind);
  if (!extent && least_bytes < wanted_bytes) extent = memory_->new_extent(least_bytes, this, kind);
  if (extent) extents_.push_back(*extent);
  return extent;
}

Result<CodeExtent*> ModuleCode::extent_with_room(size_t bytes) {
  CodeExtent* last = extents_.back();
  if (last->write_at != nullptr && last->size_bytes - last->used_bytes >= bytes) {
    TRY_VOID(memory_->make_own(*last));
    return last;
  }
  uint64_t total = 0;
  for (const CodeExtent* e : extents_) total += e->size_bytes;
  const size_t growth = std::clamp(static_cast<size_t>(total), kLeastExtentBytes, kMostExtentBytes);
  return add_extent(bytes, std::max(bytes, growth));
}

/// All functions at once: how large they are and how many calls they have is hard to foresee.
void ModuleCode::copy_code(const CodeBatch& batch, uint8_t* writable, uint32_t offset) const {
  std::memcpy(writable, batch.bytes.data(), batch.bytes.size());
  for (const Relocation& reloc : batch.relocs) {
    DCHECK(reloc.offset + 4 <= batch.bytes.size(), "a relocation inside the batch");
    switch (reloc.kind) {
    case RelocKind::FuncSlot: {
      const int32_t distance =
          rel32(offset + reloc.offset + 4, slot_offset(static_cast<FuncIdx>(reloc.target)));
      std::memcpy(writable + reloc.offset, &distance, sizeof distance);
      break;
    }
    }
  }
  memory_->show(offset, {writable, batch.bytes.size()});
}

Result<void> ModuleCode::publish(CodeBatch& batch) {
  if (batch.entries.empty()) return {};
  const bool tell = TRY(copy_batch(batch));
  if (tell) {
    Vector<FuncIdx> funcs;
    for (const CodeEntry& entry : batch.entries) funcs.push_back(entry.func);
    memory_->listener_->functions_added(*this, funcs);
  }
  return {};
}

Result<void> ModuleCode::make_executable() {
  const std::lock_guard<ForkMutex> hold(memory_->mutex_);
  for (CodeExtent* extent : extents_) TRY_VOID(memory_->make_executable(*extent));
  is_hidden_ = false;
  return {};
}

void ModuleCode::announce() {
  if (memory_->listener_ == nullptr) return;
  Vector<FuncIdx> funcs;
  {
    const std::lock_guard<ForkMutex> hold(memory_->mutex_);
    is_announced_ = true;
    for (const FuncRange& range : ranges_) funcs.push_back(static_cast<FuncIdx>(range.func));
  }
  memory_->listener_->module_added(*this);
  memory_->listener_->functions_added(*this, funcs);
}

/// Is the listener to be told?
Result<bool> ModuleCode::copy_batch(CodeBatch& batch) {
  const std::lock_guard<ForkMutex> hold(memory_->mutex_);
  CodeExtent* extent = TRY(extent_with_room(batch.bytes.size()));
  TRY_VOID(memory_->make_own(*extents_[0]));
  const uint32_t begin = extent->offset + extent->used_bytes;
  copy_code(batch, extent->write_at + extent->used_bytes, begin);
  if (!ranges_.empty() && ranges_.back().offset > begin) ranges_sorted_ = false;
  for (const CodeEntry& entry : batch.entries) {
    DCHECK(entry.code_offset % kFunctionAlign == 0, "functions are aligned");
    uint32_t handlers = CodeEntry::kNoHandlers;
    if (entry.handlers != CodeEntry::kNoHandlers) {
      handlers = static_cast<uint32_t>(handlers_.size());
      handlers_.push_back(std::move(batch.handlers[entry.handlers]));
    }
    ranges_.push_back({begin + entry.code_offset, entry.code_size, raw(entry.func), handlers});
    code_bytes_ += entry.code_size;
  }
  // Only now: a caller through a slot may reach any function of the batch at once.
  for (const CodeEntry& entry : batch.entries) {
    set_slot(raw(entry.func) - imported_func_count_, kJumpRel32, begin + entry.code_offset);
  }
  extent->used_bytes =
      std::min(extent->size_bytes,
               align_code(extent->used_bytes + static_cast<uint32_t>(batch.bytes.size())));
  return is_announced_;
}

uint64_t ModuleCode::code_bytes() const {
  const std::lock_guard<ForkMutex> hold(memory_->mutex_);
  return code_bytes_;
}

const ModuleCode::FuncRange* ModuleCode::sorted_find(uint32_t offset) const {
  if (!ranges_sorted_) {
    std::sort(ranges_.begin(), ranges_.end(),
              [](const FuncRange& a, const FuncRange& b) { return a.offset < b.offset; });
    ranges_sorted_ = true;
  }
  const auto next = std::upper_bound(ranges_.begin(), ranges_.end(), offset,
                                     [](uint32_t o, const FuncRange& r) { return o < r.offset; });
  if (next == ranges_.begin()) return nullptr;
  const FuncRange& range = *(next - 1);
  return offset - range.offset < range.bytes ? &range : nullptr;
}

std::optional<ModuleCode::Found> ModuleCode::find(uintptr_t pc) const {
  const std::lock_guard<ForkMutex> hold(memory_->mutex_);
  if (pc - memory_->base() >= memory_->reserved_bytes()) return std::nullopt;
  const uint32_t offset = static_cast<uint32_t>(pc - memory_->base());
  const FuncRange* range = sorted_find(offset);
  if (range == nullptr) return std::nullopt;
  return Found{static_cast<FuncIdx>(range->func), offset - range->offset};
}

ModuleCode::Handlers ModuleCode::find_handlers(uintptr_t pc) const {
  const std::lock_guard<ForkMutex> hold(memory_->mutex_);
  if (handlers_.empty() || pc - memory_->base() >= memory_->reserved_bytes()) return {};
  const uint32_t offset = static_cast<uint32_t>(pc - memory_->base());
  const FuncRange* range = sorted_find(offset);
  if (range == nullptr || range->handlers == CodeEntry::kNoHandlers) return {};
  return {&handlers_[range->handlers], offset - range->offset, memory_->base() + range->offset};
}

/// Where the slot leads, unless that is a stub. Wants the code memory's mutex held.
std::optional<uint32_t> ModuleCode::entry_offset(FuncIdx func) const {
  const uint32_t slot = slot_offset(func);
  int32_t distance = 0;
  std::memcpy(&distance, memory_->code_at(slot + 1), sizeof distance);
  const uint32_t target = slot + kSlotCallBytes + static_cast<uint32_t>(distance);
  if (target == memory_->unfilled_offset() || target == memory_->lazy_offset()) return std::nullopt;
  return target;
}

const void* ModuleCode::entry_of(FuncIdx func) const {
  const std::lock_guard<ForkMutex> hold(memory_->mutex_);
  const std::optional<uint32_t> entry = entry_offset(func);
  return entry ? memory_->code_at(*entry) : nullptr;
}

std::span<const uint8_t> ModuleCode::code_of(FuncIdx func) const {
  const std::lock_guard<ForkMutex> hold(memory_->mutex_);
  // The slot says which of several is the latest.
  const std::optional<uint32_t> entry = entry_offset(func);
  const FuncRange* range = entry ? sorted_find(*entry) : nullptr;
  if (range == nullptr) return {};
  return {memory_->code_at(range->offset), range->bytes};
}

}  // namespace sluice

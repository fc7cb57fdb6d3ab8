#include "runtime/store/memory.h"

#include <algorithm>
#include <cstring>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "engine/wasm/limits.h"
#include "runtime/store/engine.h"
#include "runtime/store/store.h"
#include "runtime/trap/guarded_copy.h"

namespace sluice {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kIndex32Bytes = 4 * kGiB;  // what a 32-bit address can name

/// The largest size this engine lets a memory of the type have, in bytes.
uint64_t max_size_bytes(const Engine& engine, const MemoryType& type) {
  uint64_t bound = type.limits.is_64 ? engine.memory64_bound_bytes() : kIndex32Bytes;
  // With one-byte pages the size itself must be expressible as an address.
  if (!type.limits.is_64 && type.page_size_log2 == 0) bound -= 1;
  const uint64_t bound_pages = bound >> type.page_size_log2;
  const uint64_t pages =
      type.limits.has_max && type.limits.max < bound_pages ? type.limits.max : bound_pages;
  return pages << type.page_size_log2;
}

Growth growth_of(const MemoryType& type, uint64_t current, uint64_t desired) {
  const bool bounded = type.limits.has_max && type.limits.max <= UINT64_MAX >> type.page_size_log2;
  return {ExternKind::Memory, current, desired,
          bounded ? type.limits.max << type.page_size_log2 : UINT64_MAX};
}

/// Is it a file whose pages can be relied on as long as nobody shortens it?
Result<void> check_file(int fd, uint64_t offset, uint64_t bytes) {
  const auto bad = [](const char* why) { return fail(ErrorKind::BadMapping, kNoOffset, why); };
  struct stat file;
  if (fstat(fd, &file) != 0) return bad("the descriptor is not open");
  if (!S_ISREG(file.st_mode)) return bad("only regular files and memfds can be mapped");
  // Their mappings are larger than what is asked for.
  struct statfs system;
  if (fstatfs(fd, &system) != 0 || system.f_type == HUGETLBFS_MAGIC) {
    return bad("files of huge pages cannot be mapped");
  }
  if (offset % host_page_bytes() != 0) {
    return bad("the place in the file is no multiple of the host's page");
  }
  const uint64_t size = round_up_to_page(static_cast<uint64_t>(file.st_size));
  if (bytes > size || offset > size - bytes) return bad("the file is too short");
  return {};
}

/// A failed access by the host as an error.
std::unexpected<Error> access_error(TrapCode code) {
  switch (code) {
  case TrapCode::MemoryReadOnly: return fail(ErrorKind::MemoryReadOnly);
  case TrapCode::MappedPageLost: return fail(ErrorKind::MappedPageLost);
  default: return fail(ErrorKind::OutOfBoundsAccess);
  }
}

}  // namespace

MemoryStorage::~MemoryStorage() {
  if (pool_ == nullptr) return;
  slot_.accessible_bytes =
      mode_ == MemoryMode::Guard ? data_.size_bytes : slot_.region.size_bytes();
  pool_->release(std::move(slot_), mode_, std::max(data_.size_bytes, backed_bytes_));
}

Result<std::shared_ptr<MemoryStorage>>
MemoryStorage::create(Engine& engine, const MemoryType& type,
                      std::shared_ptr<const MemoryImage> image) {
  struct Constructible : MemoryStorage {};
  std::shared_ptr<MemoryStorage> storage = make_shared_heap<Constructible>();
  storage->type_ = type;
  storage->max_size_bytes_ = max_size_bytes(engine, type);
  if (type.limits.min > storage->max_size_bytes_ >> type.page_size_log2) {
    return storage->beyond_limit();
  }
  storage->mode_ = mode_of(type, engine.memory_mode());
  const bool guarded = storage->mode_ == MemoryMode::Guard;
  storage->may_move_ = !guarded && !type.limits.is_shared;
  if (type.limits.is_shared) storage->grow_mutex_.emplace(LockRank::Leaf);
  TRY_VOID(storage->take_space(engine, std::move(image)));
  storage->data_.base = storage->slot_.region.base();
  if (guarded) storage->data_.reserved_bytes = storage->slot_.region.size_bytes();
  return storage;
}

/// Finds address space of which the memory's minimum is accessible.
Result<void> MemoryStorage::take_space(Engine& engine, std::shared_ptr<const MemoryImage> image) {
  const uint64_t size = type_.limits.min << type_.page_size_log2;
  const bool guarded = mode_ == MemoryMode::Guard;
  if (type_.limits.is_shared || (guarded && type_.limits.is_64)) {
    if (guarded) {
      slot_.region = TRY(Reservation::reserve(type_.limits.is_64
                                                  ? engine.memory64_bound_bytes() + kGuard64Bytes
                                                  : kGuardedMemoryBytes));
      TRY_VOID(slot_.region.commit(0, size));
    } else {
      TRY_VOID(take_fixed_space(size));
    }
  } else {
    MemoryPool& pool = engine.memory_pool();
    slot_ = guarded ? TRY(pool.acquire_guarded(size, std::move(image)))
                    : TRY(pool.acquire_explicit(size));
    pool_ = &pool;
  }
  data_.size_bytes = size;
  return {};
}

/// Address space to grow in without moving. Where it is scarce, less than the memory may grow to.
Result<void> MemoryStorage::take_fixed_space(uint64_t size_bytes) {
  Reservation region = TRY(Reservation::reserve_shrinking(max_size_bytes_, size_bytes));
  TRY_VOID(region.commit(0, size_bytes));
  const uint64_t room = region.size_bytes() >> type_.page_size_log2 << type_.page_size_log2;
  space_is_limit_ = room < max_size_bytes_;
  if (space_is_limit_) max_size_bytes_ = room;
  slot_.region = std::move(region);
  return {};
}

/// A guest's heap grows by little each time, and every page of it costs a fault when it is touched.
/// Once it has grown by as much as a huge page, and touched most of the last one, the next is
/// backed as a whole when the memory begins to use it: at most twice what the guest has asked for.
/// It stays inaccessible beyond the memory's size.
void MemoryStorage::back_ahead(uint64_t new_size_bytes) {
  constexpr uint64_t kBytes = Reservation::kHugePageBytes;
  const uint64_t grown = data_.size_bytes - (type_.limits.min << type_.page_size_log2);
  if (may_move_ || grown < std::max(kBytes, new_size_bytes - data_.size_bytes)) return;
  const uint64_t misaligned = reinterpret_cast<uintptr_t>(data_.base) & (kBytes - 1);
  const auto round_up = [&](uint64_t offset) {
    return ((offset + misaligned + kBytes - 1) & ~(kBytes - 1)) - misaligned;
  };
  const uint64_t begin = round_up(data_.size_bytes);
  const uint64_t end = round_up(new_size_bytes);
  if (begin == end || end > slot_.region.size_bytes()) return;
  slot_.region.prefer_huge_pages(begin, end - begin);
  if (end == new_size_bytes) return;
  if (!slot_.region.is_mostly_resident(data_.size_bytes - kBytes, kBytes)) return;
  slot_.region.back_huge_page(end - kBytes);
  backed_bytes_ = end;
}

Result<void> MemoryStorage::resize(uint64_t new_size_bytes) {
  const uint64_t old_size = data_.size_bytes;
  Reservation& region = slot_.region;
  back_ahead(new_size_bytes);
  if (may_move_) {
    if (new_size_bytes > region.size_bytes()) {
      TRY_VOID(region.resize_committed(new_size_bytes));
      data_.base = region.base();
    }
  } else if (Result<void> done = region.commit(old_size, new_size_bytes - old_size); !done) {
    // Part of it may be accessible now: not a slot to trust.
    pool_ = nullptr;
    return done;
  }
  __atomic_store_n(&data_.size_bytes, new_size_bytes, __ATOMIC_RELEASE);
  return {};
}

std::unique_lock<ForkMutex> MemoryStorage::lock() {
  return grow_mutex_ ? std::unique_lock<ForkMutex>(*grow_mutex_) : std::unique_lock<ForkMutex>();
}

/// Growing beyond max_size_bytes_ is refused: whose limit is it?
std::unexpected<Error> MemoryStorage::beyond_limit() const {
  const String pages = decimal(max_size_bytes_ >> type_.page_size_log2) + " pages";
  if (space_is_limit_) {
    return fail(ErrorKind::OutOfMemory, kNoOffset, "the system granted address space for " + pages);
  }
  const bool is_declared =
      type_.limits.has_max && type_.limits.max == max_size_bytes_ >> type_.page_size_log2;
  const char* whose = is_declared          ? "its maximum is "
                      : type_.limits.is_64 ? "the engine's bound is "
                                           : "32-bit addresses reach ";
  return fail(ErrorKind::MemoryLimit, kNoOffset, whose + pages);
}

Result<void> MemoryStorage::check_grow(uint64_t old_size_bytes, uint64_t delta_pages) const {
  if (delta_pages <= (max_size_bytes_ - old_size_bytes) >> type_.page_size_log2) return {};
  return beyond_limit();
}

Result<uint64_t> MemoryStorage::grow(uint64_t delta_pages) {
  const std::unique_lock<ForkMutex> hold = lock();
  const uint64_t old_size = data_.size_bytes;
  TRY_VOID(check_grow(old_size, delta_pages));
  if (delta_pages != 0) TRY_VOID(resize(old_size + (delta_pages << type_.page_size_log2)));
  return old_size;
}

Result<void> MemoryStorage::check_mapping(uint64_t offset, uint64_t bytes) const {
  if (((offset | bytes) & (host_page_bytes() - 1)) != 0 || bytes == 0) {
    return fail(ErrorKind::BadMapping, kNoOffset,
                "offset and size must be multiples of the host's page of " +
                    decimal(host_page_bytes()) + " bytes");
  }
  const uint64_t size = data_.size_bytes;
  if (bytes > size || offset > size - bytes) return fail(ErrorKind::OutOfBoundsAccess);
  return {};
}

/// What is mapped into it cannot move with a memory, nor go to the pool with its address space.
Result<void> MemoryStorage::settle() {
  if (may_move_) {
    Reservation old = std::move(slot_.region);
    if (Result<void> done = take_fixed_space(data_.size_bytes); !done) {
      slot_.region = std::move(old);
      return done;
    }
    std::memcpy(slot_.region.base(), old.base(), data_.size_bytes);
    data_.base = slot_.region.base();
    may_move_ = false;
  }
  pool_ = nullptr;
  return {};
}

Result<void> MemoryStorage::map_file(uint64_t offset, int fd, uint64_t file_offset, uint64_t bytes,
                                     Reservation::FileAccess access) {
  const std::unique_lock<ForkMutex> hold = lock();
  TRY_VOID(check_mapping(offset, bytes));
  TRY_VOID(check_file(fd, file_offset, bytes));
  TRY_VOID(settle());
  __atomic_store_n(&data_.reserved_bytes, slot_.region.size_bytes(), __ATOMIC_RELAXED);
  __atomic_store_n(&data_.has_files, 1, __ATOMIC_SEQ_CST);
  TRY_VOID(slot_.region.map_file(offset, fd, file_offset, bytes, access));
  forget_read_only(offset, offset + bytes);
  if (access == Reservation::FileAccess::ReadOnly) read_only_.push_back({offset, offset + bytes});
  return {};
}

Result<void> MemoryStorage::unmap(uint64_t offset, uint64_t bytes) {
  const std::unique_lock<ForkMutex> hold = lock();
  TRY_VOID(check_mapping(offset, bytes));
  // A part in which nothing is mapped will not move with the others either, once this is done.
  TRY_VOID(settle());
  TRY_VOID(slot_.region.map_zeros(offset, bytes));
  forget_read_only(offset, offset + bytes);
  return {};
}

void MemoryStorage::forget_read_only(uint64_t begin, uint64_t end) {
  for (size_t i = read_only_.size(); i-- > 0;) {
    const Range old = read_only_[i];
    if (old.end <= begin || end <= old.begin) continue;
    read_only_[i] = read_only_.back();
    read_only_.pop_back();
    if (old.begin < begin) read_only_.push_back({old.begin, begin});
    if (end < old.end) read_only_.push_back({end, old.end});
  }
}

bool MemoryStorage::is_writable(uint64_t offset, uint64_t bytes) {
  const std::unique_lock<ForkMutex> hold = lock();
  return bytes == 0 || std::ranges::none_of(read_only_, [&](const Range& r) {
           return offset < r.end && r.begin - std::min(r.begin, offset) < bytes;
         });
}

Result<Memory*> Memory::create(Store& store, const MemoryType& type,
                               std::shared_ptr<const MemoryImage> image) {
  if (type.page_size_log2 != 0 && type.page_size_log2 != kDefaultPageSizeLog2) {
    return fail(ErrorKind::InvalidPageSize);
  }
  if (type.limits.has_max && type.limits.min > type.limits.max) {
    return fail(ErrorKind::SizeMinGreaterMax);
  }
  if (type.limits.is_shared && !type.limits.has_max) return fail(ErrorKind::SharedMemoryNoMax);
  const uint64_t pages = std::min(type.limits.min, UINT64_MAX >> type.page_size_log2);
  TRY_VOID(check_limits(store, type, pages << type.page_size_log2));
  return add(store, TRY(MemoryStorage::create(store.engine(), type, std::move(image))));
}

/// May the store have one more memory of that size?
Result<void> Memory::check_limits(Store& store, const MemoryType& type, uint64_t size_bytes) {
  return store.limiter().check_new(store.memories_.size(), growth_of(type, 0, size_bytes));
}

Memory* Memory::add(Store& store, std::shared_ptr<MemoryStorage> storage) {
  std::unique_ptr<Memory> memory(new Memory(store, std::move(storage)));
  store.limiter().note(ExternKind::Memory, memory->size_bytes());
  store.memories_.push_back(std::move(memory));
  return store.memories_.back().get();
}

Result<Memory*> Memory::share(Store& store, Memory& other) {
  if (&store.engine() != &other.store().engine()) return fail(ErrorKind::WrongEngine);
  if (!other.is_shared()) return fail(ErrorKind::WrongStore, kNoOffset, "the memory is not shared");
  TRY_VOID(check_limits(store, other.storage_->declared_type(), other.size_bytes()));
  return add(store, other.storage_);
}

MemoryType Memory::type() const {
  MemoryType type = storage_->declared_type();
  type.limits.min = size_pages();
  return type;
}

Result<uint64_t> Memory::grow(uint64_t delta_pages) {
  const uint64_t current = size_bytes();
  TRY_VOID(storage_->check_grow(current, delta_pages));
  const uint64_t delta_bytes = delta_pages << page_size_log2();
  TRY_VOID(store_.limiter().check_growth(
      growth_of(storage_->declared_type(), current, current + delta_bytes)));
  const uint64_t old_size = TRY(storage_->grow(delta_pages));
  store_.limiter().note(ExternKind::Memory, delta_bytes);
  return old_size >> page_size_log2();
}

Result<std::span<uint8_t>> Memory::view(uint64_t offset, uint64_t count) const {
  if (!in_bounds(offset, count)) return fail(ErrorKind::OutOfBoundsAccess);
  return std::span<uint8_t>(base() + offset, count);
}

TrapCode Memory::copy(const Memory& to, uint64_t dst, const Memory& from, uint64_t src,
                      uint64_t count) {
  if (!to.in_bounds(dst, count) || !from.in_bounds(src, count)) return TrapCode::MemoryOutOfBounds;
  if (count == 0) return TrapCode::None;
  if (to.may_fault() || from.may_fault()) {
    return guarded_copy(to.base() + dst, &to.data(), from.base() + src, &from.data(), count);
  }
  std::memmove(to.base() + dst, from.base() + src, count);
  return TrapCode::None;
}

TrapCode Memory::fill(uint64_t dst, uint8_t byte, uint64_t count) const {
  if (!in_bounds(dst, count)) return TrapCode::MemoryOutOfBounds;
  if (count == 0) return TrapCode::None;
  if (may_fault()) return guarded_fill(base() + dst, data(), byte, count);
  std::memset(base() + dst, byte, count);
  return TrapCode::None;
}

TrapCode Memory::init(uint64_t dst, std::span<const uint8_t> bytes) const {
  if (!in_bounds(dst, bytes.size())) return TrapCode::MemoryOutOfBounds;
  if (bytes.empty()) return TrapCode::None;
  if (may_fault()) {
    return guarded_copy(base() + dst, &data(), bytes.data(), nullptr, bytes.size());
  }
  std::memcpy(base() + dst, bytes.data(), bytes.size());
  return TrapCode::None;
}

Result<void> Memory::read(uint64_t offset, std::span<uint8_t> out) const {
  if (!in_bounds(offset, out.size())) return fail(ErrorKind::OutOfBoundsAccess);
  if (out.empty()) return {};
  if (may_fault()) {
    const TrapCode code = guarded_copy(out.data(), nullptr, base() + offset, &data(), out.size());
    if (code != TrapCode::None) return access_error(code);
    return {};
  }
  std::memcpy(out.data(), base() + offset, out.size());
  return {};
}

Result<void> Memory::write(uint64_t offset, std::span<const uint8_t> bytes) const {
  if (const TrapCode code = init(offset, bytes); code != TrapCode::None) return access_error(code);
  return {};
}

Result<void> Memory::map_file(uint64_t offset, int fd, uint64_t file_offset, uint64_t bytes,
                              Reservation::FileAccess access) const {
  // Nobody would make a trap of a fault.
  if (store_.engine().trap_signals() == TrapSignals::None) {
    return fail(ErrorKind::BadMapping, kNoOffset, "the engine takes no signals");
  }
  return storage_->map_file(offset, fd, file_offset, bytes, access);
}

Result<void> Memory::unmap(uint64_t offset, uint64_t bytes) const {
  return storage_->unmap(offset, bytes);
}

Result<const uint8_t*> Memory::atomic_place(uint64_t offset, uint64_t bytes) const {
  if (offset % bytes != 0) return fail(ErrorKind::UnalignedAtomicAccess);
  if (!in_bounds(offset, bytes)) return fail(ErrorKind::OutOfBoundsAccess);
  return base() + offset;
}

template <class T>
Result<WaitResult> Memory::wait_for(uint64_t offset, T expected, int64_t timeout_ns) const {
  if (!is_shared()) return fail(ErrorKind::MemoryNotShared);
  const auto* word = reinterpret_cast<const T*>(TRY(atomic_place(offset, sizeof(T))));
  const WaitResult result =
      store_.engine().parking_lot().wait(word, expected, timeout_ns, store_.context(), &data());
  if (result == WaitResult::PageLost) return fail(ErrorKind::MappedPageLost);
  return result;
}
template Result<WaitResult> Memory::wait_for(uint64_t, uint32_t, int64_t) const;
template Result<WaitResult> Memory::wait_for(uint64_t, uint64_t, int64_t) const;

Result<uint32_t> Memory::notify(uint64_t offset, uint32_t count) const {
  const uint8_t* word = TRY(atomic_place(offset, sizeof(uint32_t)));
  return store_.engine().parking_lot().notify(word, count);
}

}  // namespace sluice

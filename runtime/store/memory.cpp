#include "runtime/store/memory.h"

#include <algorithm>
#include <cstring>

#include "engine/wasm/limits.h"
#include "runtime/store/engine.h"
#include "runtime/store/store.h"

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

}  // namespace

MemoryStorage::~MemoryStorage() {
  if (pool_ == nullptr) return;
  slot_.accessible_bytes =
      mode_ == MemoryMode::Guard ? data_.size_bytes : slot_.region.size_bytes();
  pool_->release(std::move(slot_), mode_, data_.size_bytes);
}

Result<std::shared_ptr<MemoryStorage>>
MemoryStorage::create(Engine& engine, const MemoryType& type,
                      std::shared_ptr<const MemoryImage> image) {
  struct Constructible : MemoryStorage {};
  std::shared_ptr<MemoryStorage> storage = make_shared_heap<Constructible>();
  storage->type_ = type;
  storage->max_size_bytes_ = max_size_bytes(engine, type);
  if (type.limits.min > storage->max_size_bytes_ >> type.page_size_log2) {
    return fail(ErrorKind::MemoryLimit);
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
    } else {
      // Where address space is scarce a shared memory may not get all that it may grow to.
      slot_.region = TRY(Reservation::reserve_shrinking(max_size_bytes_, size));
      const uint64_t pages = slot_.region.size_bytes() >> type_.page_size_log2;
      max_size_bytes_ = std::min(max_size_bytes_, pages << type_.page_size_log2);
    }
    TRY_VOID(slot_.region.commit(0, size));
  } else {
    MemoryPool& pool = engine.memory_pool();
    slot_ = guarded ? TRY(pool.acquire_guarded(size, std::move(image)))
                    : TRY(pool.acquire_explicit(size));
    pool_ = &pool;
  }
  data_.size_bytes = size;
  return {};
}

Result<void> MemoryStorage::resize(uint64_t new_size_bytes) {
  const uint64_t old_size = data_.size_bytes;
  Reservation& region = slot_.region;
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

Result<void> MemoryStorage::check_grow(uint64_t old_size_bytes, uint64_t delta_pages) const {
  if (delta_pages <= (max_size_bytes_ - old_size_bytes) >> type_.page_size_log2) return {};
  return fail(ErrorKind::MemoryLimit);
}

Result<uint64_t> MemoryStorage::grow(uint64_t delta_pages) {
  std::unique_lock<ForkMutex> lock;
  if (grow_mutex_) lock = std::unique_lock<ForkMutex>(*grow_mutex_);
  const uint64_t old_size = data_.size_bytes;
  TRY_VOID(check_grow(old_size, delta_pages));
  if (delta_pages != 0) TRY_VOID(resize(old_size + (delta_pages << type_.page_size_log2)));
  return old_size;
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

Result<void> Memory::read(uint64_t offset, std::span<uint8_t> out) const {
  if (!in_bounds(offset, out.size())) return fail(ErrorKind::OutOfBoundsAccess);
  if (!out.empty()) std::memcpy(out.data(), base() + offset, out.size());
  return {};
}

Result<void> Memory::write(uint64_t offset, std::span<const uint8_t> bytes) const {
  if (!in_bounds(offset, bytes.size())) return fail(ErrorKind::OutOfBoundsAccess);
  if (!bytes.empty()) std::memcpy(base() + offset, bytes.data(), bytes.size());
  return {};
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
  return store_.engine().parking_lot().wait(word, expected, timeout_ns, store_.context());
}
template Result<WaitResult> Memory::wait_for(uint64_t, uint32_t, int64_t) const;
template Result<WaitResult> Memory::wait_for(uint64_t, uint64_t, int64_t) const;

Result<uint32_t> Memory::notify(uint64_t offset, uint32_t count) const {
  const uint8_t* word = TRY(atomic_place(offset, sizeof(uint32_t)));
  return store_.engine().parking_lot().notify(word, count);
}

}  // namespace sluice

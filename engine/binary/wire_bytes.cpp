// Appending: commit in growing steps, so that a stream costs few system calls and little memory.
// All but small modules get huge pages: a page of 4 KiB costs more to get than to fill.
#include "engine/binary/wire_bytes.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace sluice {

namespace {
constexpr size_t kLeastReservation = size_t{1} << 16;
constexpr size_t kFirstCommit = size_t{1} << 16;
constexpr size_t kLargestStep = size_t{1} << 24;
// A huge page takes 40 us, as long as some 25 small ones; but what is not used of it has its price.
constexpr size_t kHugeStep = Reservation::kHugePageBytes / 8;
// From here on even the first module of a process is better off with huge pages.
constexpr size_t kMostHeapBytes = Reservation::kHugePageBytes / 2;
}  // namespace

WireBytes::WireBytes(Reservation memory, size_t max_bytes)
    : memory_(std::move(memory)), base_(memory_.base()), limit_bytes_(max_bytes),
      capacity_bytes_(memory_.size_bytes()) {}

WireBytes::WireBytes(uint8_t* heap_block, size_t bytes)
    : base_(heap_block), limit_bytes_(bytes), capacity_bytes_(bytes), committed_bytes_(bytes) {}

WireBytes::~WireBytes() {
  if (!memory_) heap_release(base_, capacity_bytes_, alignof(std::max_align_t));
}

Result<std::shared_ptr<WireBytes>> WireBytes::create(size_t max_bytes) {
  const size_t wanted = round_up_to_page(std::max(max_bytes, size_t{1}));
  Reservation memory =
      TRY(Reservation::reserve_shrinking(wanted, std::min(wanted, kLeastReservation)));
  return make_shared_heap<WireBytes>(std::move(memory), max_bytes);
}

// The heap has pages that were in use before. A reservation costs three system calls, and each of
// its pages a fault; for a module of 60 KB that is a twentieth of the time it takes to compile.
Result<std::shared_ptr<WireBytes>> WireBytes::create_whole(size_t bytes) {
  if (bytes > kMostHeapBytes) return create();
  void* block = heap_try_allocate(bytes, alignof(std::max_align_t));
  if (block == nullptr) return fail(ErrorKind::OutOfMemory);
  return make_shared_heap<WireBytes>(static_cast<uint8_t*>(block), bytes);
}

// The reservation itself begins where it likes.
size_t WireBytes::end_of_huge_page(size_t offset) const {
  const uintptr_t base = reinterpret_cast<uintptr_t>(base_);
  const uintptr_t mask = Reservation::kHugePageBytes - 1;
  return ((base + offset + mask) & ~mask) - base;
}

void WireBytes::make_room(size_t bytes) {
  const size_t end = size_bytes_.load(std::memory_order_relaxed) + std::min(bytes, room());
  if (end <= committed_bytes_) return;
  const size_t step = std::clamp(committed_bytes_, kFirstCommit, kLargestStep);
  const size_t wanted = std::max(end, committed_bytes_ + step);
  const bool is_huge = wanted - committed_bytes_ >= kHugeStep;
  const size_t target =
      std::min(is_huge ? end_of_huge_page(wanted) : round_up_to_page(wanted), capacity_bytes_);
  if (!memory_.commit(committed_bytes_, target - committed_bytes_)) return;
  if (is_huge) memory_.prefer_huge_pages(committed_bytes_, target - committed_bytes_);
  committed_bytes_ = target;
}

size_t WireBytes::append(std::span<const uint8_t> bytes) {
  make_room(bytes.size());
  const size_t size = size_bytes_.load(std::memory_order_relaxed);
  const size_t count = std::min({bytes.size(), room(), committed_bytes_ - size});
  if (count != 0) std::memcpy(base_ + size, bytes.data(), count);
  size_bytes_.store(size + count, std::memory_order_release);
  return count;
}

size_t WireBytes::room() const {
  return std::min(limit_bytes_, capacity_bytes_) - size_bytes_.load(std::memory_order_relaxed);
}

Error WireBytes::full_error() const {
  return {size() == limit_bytes_ ? ErrorKind::ModuleTooLarge : ErrorKind::OutOfMemory, size(), {}};
}

}  // namespace sluice

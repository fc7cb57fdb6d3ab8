#include "runtime/store/zeroed_block.h"

#include <cstring>
#include <utility>

#include "engine/base/heap.h"

namespace sluice {
namespace {

constexpr size_t kAlign = 16;
// Above this a mapping is cheaper than clearing bytes that may never be used.
constexpr size_t kLargestHeapBlock = size_t{128} << 10;

}  // namespace

ZeroedBlock::~ZeroedBlock() { heap_release(heap_, size_bytes_, kAlign); }

void ZeroedBlock::swap(ZeroedBlock& other) noexcept {
  std::swap(heap_, other.heap_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(region_, other.region_);
}

Result<void> ZeroedBlock::grow(size_t bytes) {
  if (bytes <= size_bytes_) return {};
  if (region_) {
    TRY_VOID(region_.resize_committed(bytes));
    size_bytes_ = region_.size_bytes();
    return {};
  }
  ZeroedBlock larger;
  if (bytes > kLargestHeapBlock) {
    TRY_VOID(larger.region_.resize_committed(bytes));
    larger.size_bytes_ = larger.region_.size_bytes();
  } else {
    const size_t rounded = (bytes + kAlign - 1) & ~(kAlign - 1);
    larger.heap_ = heap_try_allocate(rounded, kAlign);
    if (larger.heap_ == nullptr) return fail(ErrorKind::OutOfMemory);
    larger.size_bytes_ = rounded;
    std::memset(larger.heap_, 0, rounded);
  }
  if (size_bytes_ != 0) std::memcpy(larger.data(), heap_, size_bytes_);
  swap(larger);
  return {};
}

}  // namespace sluice

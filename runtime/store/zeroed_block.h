// ZeroedBlock: a zero-initialised array whose size a guest chooses, so that running out of memory
// is an error. Small blocks come from the heap, large ones are mappings whose pages cost nothing
// until touched.
#pragma once

#include <cstddef>

#include "engine/base/result.h"
#include "engine/base/virtual_memory.h"

namespace sluice {

class ZeroedBlock {
 public:
  ZeroedBlock() = default;
  ZeroedBlock(ZeroedBlock&& other) noexcept { swap(other); }
  ZeroedBlock& operator=(ZeroedBlock&& other) noexcept {
    swap(other);
    return *this;
  }
  ZeroedBlock(const ZeroedBlock&) = delete;
  ZeroedBlock& operator=(const ZeroedBlock&) = delete;
  ~ZeroedBlock();

  /// 16-byte aligned; null while the size is 0.
  void* data() const { return region_ ? region_.base() : heap_; }
  size_t size_bytes() const { return size_bytes_; }

  /// Grows to at least `bytes`, keeping the contents; new bytes are zero, the address may change.
  /// OutOfMemory leaves everything as it was.
  Result<void> grow(size_t bytes);

 private:
  void swap(ZeroedBlock& other) noexcept;

  void* heap_ = nullptr;
  size_t size_bytes_ = 0;
  Reservation region_;
};

}  // namespace sluice

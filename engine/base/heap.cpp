#include "engine/base/heap.h"

#include <cstdlib>

#include "engine/base/check.h"

namespace sluice {
namespace {

void* default_allocate(size_t size_bytes, size_t align_bytes) {
  if (align_bytes <= alignof(std::max_align_t)) return std::malloc(size_bytes);
  // aligned_alloc wants a multiple of the alignment.
  return std::aligned_alloc(align_bytes, (size_bytes + align_bytes - 1) & ~(align_bytes - 1));
}

void default_release(void* block, size_t, size_t) { std::free(block); }

// Global because operator new has no context argument; written once, before any other use.
HeapHooks g_hooks = {default_allocate, default_release};

}  // namespace

void set_heap_hooks(const HeapHooks& hooks) { g_hooks = hooks; }

void* heap_try_allocate(size_t size_bytes, size_t align_bytes) {
  return g_hooks.allocate(size_bytes == 0 ? 1 : size_bytes, align_bytes);
}

void* heap_allocate(size_t size_bytes, size_t align_bytes) {
  void* block = heap_try_allocate(size_bytes, align_bytes);
  CHECK(block != nullptr, "out of memory");
  return block;
}

void heap_release(void* block, size_t size_bytes, size_t align_bytes) noexcept {
  if (block != nullptr) g_hooks.release(block, size_bytes == 0 ? 1 : size_bytes, align_bytes);
}

}  // namespace sluice

// A C++ program with its own malloc and operator new, both of which must stay its own.
//
// `default` runs without an allocator hook: the library then allocates with malloc, the embedder's,
// and never with its operator new. `hook` sets one: what the library allocates goes through it, and
// further rounds must leave no more blocks than the first. Both then use the C++ interface.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

#include "cpp_interface.h"
#include "guest_run.h"

extern "C" void* __libc_malloc(size_t size);

namespace {

std::atomic<size_t> malloc_calls, new_calls, hook_calls, hook_blocks;

void* counted_new(size_t size, size_t align) {
  ++new_calls;
  void* block = std::aligned_alloc(align, (size + align) & ~(align - 1));
  if (block == nullptr) std::abort();
  return block;
}

void* hook_allocate(size_t size, size_t align) {
  ++hook_calls;
  ++hook_blocks;
  return std::aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

void hook_release(void* block, size_t, size_t) {
  --hook_blocks;
  std::free(block);
}

int failures = 0;

void expect(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "embedder.cpp: %s\n", what);
  ++failures;
}

void expect_run(uint32_t workers) {
  const size_t new_before = new_calls;
  const char* wrong = run_guest(workers);
  expect(wrong == nullptr, wrong);
  expect(new_calls == new_before, "the library used the embedder's operator new");
}

/// Compile threads may let go of the last blocks a moment after the engine is gone.
void expect_blocks_settle(size_t blocks) {
  for (int waited_ms = 0; hook_blocks > blocks && waited_ms < 10'000; ++waited_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  expect(hook_blocks <= blocks, "more rounds leave more blocks");
}

void expect_own_allocators() {
  const size_t new_before = new_calls, malloc_before = malloc_calls;
  int* volatile number = new int(7);
  delete number;
  void* volatile block = std::malloc(100);
  std::free(block);
  expect(new_calls == new_before + 1, "operator new is not the embedder's");
  expect(malloc_calls == malloc_before + 1, "malloc is not the embedder's");
}

/// Another allocator in the process would be a mapped file.
void expect_no_mimalloc() {
  std::FILE* maps = std::fopen("/proc/self/maps", "r");
  expect(maps != nullptr, "no /proc/self/maps");
  if (maps == nullptr) return;
  char line[4096];
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    expect(std::strstr(line, "mimalloc") == nullptr, line);
  }
  std::fclose(maps);
}

}  // namespace

// The replacements. free stays the C library's: the blocks are its own.
extern "C" void* malloc(size_t size) {
  ++malloc_calls;
  return __libc_malloc(size);
}
void* operator new(size_t size) { return counted_new(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new[](size_t size) { return counted_new(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(size_t size, std::align_val_t align) {
  return counted_new(size, static_cast<size_t>(align));
}
void* operator new[](size_t size, std::align_val_t align) {
  return counted_new(size, static_cast<size_t>(align));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }
void operator delete[](void* block, size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, size_t, std::align_val_t) noexcept { std::free(block); }

int main(int argc, char** argv) {
  const bool hook = argc == 2 && std::strcmp(argv[1], "hook") == 0;
  if (hook) sluice_set_allocator(hook_allocate, hook_release);
  expect_own_allocators();

  const size_t malloc_before = malloc_calls;
  size_t blocks = 0;
  for (uint32_t workers : {0u, 2u}) {
    expect_run(workers);
    if (workers == 0) blocks = hook_blocks;
    for (int round = 0; round < 5; ++round) expect_run(workers);
    expect_blocks_settle(blocks);
  }
  if (hook) {
    expect(hook_calls > 0, "the library did not use the hook");
  } else {
    expect(malloc_calls > malloc_before, "the library did not use the embedder's malloc");
  }

  if (const char* wrong = use_cpp_interface([] { return malloc_calls + new_calls + hook_calls; }))
    expect(false, wrong);
  expect_own_allocators();
  expect_no_mimalloc();
  return failures == 0 ? 0 : 1;
}

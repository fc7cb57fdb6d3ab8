// The library's heap: every allocation of Sluice goes through one replaceable pair of functions.
//
// An embedder sets them once, before the first use of anything else in the library; they default to
// malloc, aligned_alloc and free. Containers use the aliases below; classes that are allocated one
// by one derive from Allocated, which is nothing but a class-level operator new and delete. Nothing
// replaces the process's malloc or operator new.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice {

/// The two functions the library allocates with. Thread-safe, as malloc and free are.
struct HeapHooks {
  /// At least `size_bytes` bytes aligned to `align_bytes` (a power of two), or null.
  void* (*allocate)(size_t size_bytes, size_t align_bytes);
  /// Frees what `allocate` returned; never null.
  void (*release)(void* block, size_t size_bytes, size_t align_bytes);
};

/// Points the library at another allocator. Not thread-safe: call it before anything else.
void set_heap_hooks(const HeapHooks& hooks);

/// Allocates or aborts the process: containers have no way to report failure without exceptions.
[[nodiscard]] void* heap_allocate(size_t size_bytes, size_t align_bytes);
/// The same, but null when there is no memory: for sizes that a guest chooses.
[[nodiscard]] void* heap_try_allocate(size_t size_bytes, size_t align_bytes);
void heap_release(void* block, size_t size_bytes, size_t align_bytes) noexcept;

/// Standard-library allocator over the hooks; stateless, so all instances are equal.
template <class T>
struct HeapAllocator {
  using value_type = T;
  HeapAllocator() = default;
  template <class U>
  HeapAllocator(const HeapAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor)

  T* allocate(size_t n) {
    if (n > static_cast<size_t>(-1) / sizeof(T)) n = static_cast<size_t>(-1) / sizeof(T);
    return static_cast<T*>(heap_allocate(n * sizeof(T), alignof(T)));
  }
  void deallocate(T* p, size_t n) noexcept { heap_release(p, n * sizeof(T), alignof(T)); }

  template <class U>
  bool operator==(const HeapAllocator<U>&) const noexcept {
    return true;
  }
};

template <class T>
using Vector = std::vector<T, HeapAllocator<T>>;
template <class T>
using Deque = std::deque<T, HeapAllocator<T>>;
using String = std::basic_string<char, std::char_traits<char>, HeapAllocator<char>>;
template <class K, class V, class H = std::hash<K>, class E = std::equal_to<K>>
using HashMap = std::unordered_map<K, V, H, E, HeapAllocator<std::pair<const K, V>>>;

/// Base of classes that are created with `new`: routes them through the hooks.
struct Allocated {
  static void* operator new(size_t size) {
    return heap_allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  }
  static void operator delete(void* p, size_t size) noexcept {
    heap_release(p, size, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
  }
  static void* operator new(size_t size, std::align_val_t align) {
    return heap_allocate(size, static_cast<size_t>(align));
  }
  static void operator delete(void* p, size_t size, std::align_val_t align) noexcept {
    heap_release(p, size, static_cast<size_t>(align));
  }
};

/// std::make_shared over the hooks.
template <class T, class... Args>
std::shared_ptr<T> make_shared_heap(Args&&... args) {
  return std::allocate_shared<T>(HeapAllocator<T>{}, std::forward<Args>(args)...);
}

}  // namespace sluice

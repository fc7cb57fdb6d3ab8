// wasm.h's vectors: the five functions of each family, written once.
//
// How an element is copied and deleted is found by overload: vec_copy_element and
// vec_delete_element, declared before the macro is used. The array is of the library's heap, so
// `size` must not be changed between making a vector and deleting it.
#pragma once

#include <cstring>

#include "engine/base/heap.h"
#include "runtime/include/wasm.h"

namespace sluice::api {

template <class Vec, class T>
void vec_allocate(Vec* out, size_t size, T* /*says the element's type*/) {
  out->size = size;
  out->data = nullptr;
  if (size == 0) return;
  // A size that overflows asks for more than there is, which the heap refuses.
  const size_t bytes = size > SIZE_MAX / sizeof(T) ? SIZE_MAX : size * sizeof(T);
  out->data = static_cast<T*>(heap_allocate(bytes, alignof(T)));
  std::memset(static_cast<void*>(out->data), 0, bytes);
}

template <class Vec>
void vec_new(Vec* out, size_t size, decltype(Vec::data) elements) {
  vec_allocate(out, size, elements);
  if (size != 0) std::memcpy(static_cast<void*>(out->data), elements, size * sizeof *elements);
}

template <class Vec>
void vec_release(Vec* vec) {
  if (vec->data != nullptr) {
    heap_release(vec->data, vec->size * sizeof *vec->data, alignof(decltype(*vec->data)));
  }
  vec->size = 0;
  vec->data = nullptr;
}

}  // namespace sluice::api

#define SLUICE_WASM_VEC(name, element)                                                             \
  void wasm_##name##_vec_new_empty(wasm_##name##_vec_t* out) { *out = WASM_EMPTY_VEC; }            \
  void wasm_##name##_vec_new_uninitialized(wasm_##name##_vec_t* out, size_t size) {                \
    sluice::api::vec_allocate(out, size, static_cast<element*>(nullptr));                          \
  }                                                                                                \
  void wasm_##name##_vec_new(wasm_##name##_vec_t* out, size_t size, element const elements[]) {    \
    sluice::api::vec_new(out, size, const_cast<element*>(elements));                               \
  }                                                                                                \
  void wasm_##name##_vec_copy(wasm_##name##_vec_t* out, const wasm_##name##_vec_t* from) {         \
    sluice::api::vec_allocate(out, from->size, from->data);                                        \
    for (size_t i = 0; i < from->size; ++i) {                                                      \
      vec_copy_element(&out->data[i], from->data[i]);                                              \
    }                                                                                              \
  }                                                                                                \
  void wasm_##name##_vec_delete(wasm_##name##_vec_t* vec) {                                        \
    for (size_t i = 0; vec->data != nullptr && i < vec->size; ++i) {                               \
      vec_delete_element(vec->data[i]);                                                            \
    }                                                                                              \
    sluice::api::vec_release(vec);                                                                 \
  }

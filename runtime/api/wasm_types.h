// wasm.h: what its type objects are, and the way between them and the runtime's types.
//
// A type object owns what it was made of. An externtype is one of the four kinds of types by
// inheritance, so wasm.h's casts are static_casts behind a look at the kind. Vectors are wasm.h's
// own structs; VecOps (wasm_vec.h) gives each family its five functions.
#pragma once

#include "engine/base/heap.h"
#include "engine/wasm/types.h"
#include "runtime/include/wasm.h"

struct wasm_valtype_t : sluice::Allocated {
  explicit wasm_valtype_t(wasm_valkind_t k) : kind(k) {}
  wasm_valkind_t kind;
};

struct wasm_externtype_t : sluice::Allocated {
  explicit wasm_externtype_t(wasm_externkind_t k) : kind(k) {}
  wasm_externkind_t kind;
};

struct wasm_functype_t : wasm_externtype_t {
  wasm_functype_t() : wasm_externtype_t(WASM_EXTERN_FUNC) {}
  ~wasm_functype_t();
  wasm_functype_t(const wasm_functype_t&) = delete;
  wasm_functype_t& operator=(const wasm_functype_t&) = delete;
  wasm_valtype_vec_t params = WASM_EMPTY_VEC;
  wasm_valtype_vec_t results = WASM_EMPTY_VEC;
};

struct wasm_globaltype_t : wasm_externtype_t {
  wasm_globaltype_t(wasm_valkind_t k, wasm_mutability_t m)
      : wasm_externtype_t(WASM_EXTERN_GLOBAL), content(k), mutability(m) {}
  wasm_valtype_t content;
  wasm_mutability_t mutability;
};

struct wasm_tabletype_t : wasm_externtype_t {
  wasm_tabletype_t(wasm_valkind_t k, wasm_limits_t l)
      : wasm_externtype_t(WASM_EXTERN_TABLE), element(k), limits(l) {}
  wasm_valtype_t element;
  wasm_limits_t limits;
};

struct wasm_memorytype_t : wasm_externtype_t {
  explicit wasm_memorytype_t(wasm_limits_t l) : wasm_externtype_t(WASM_EXTERN_MEMORY), limits(l) {}
  wasm_limits_t limits;
};

struct wasm_importtype_t : sluice::Allocated {
  ~wasm_importtype_t();
  wasm_importtype_t() = default;
  wasm_importtype_t(const wasm_importtype_t&) = delete;
  wasm_importtype_t& operator=(const wasm_importtype_t&) = delete;
  wasm_name_t module = WASM_EMPTY_VEC;
  wasm_name_t name = WASM_EMPTY_VEC;
  wasm_externtype_t* type = nullptr;
};

struct wasm_exporttype_t : sluice::Allocated {
  ~wasm_exporttype_t();
  wasm_exporttype_t() = default;
  wasm_exporttype_t(const wasm_exporttype_t&) = delete;
  wasm_exporttype_t& operator=(const wasm_exporttype_t&) = delete;
  wasm_name_t name = WASM_EMPTY_VEC;
  wasm_externtype_t* type = nullptr;
};

namespace sluice::api {

/// Stands for types that wasm.h has no word for.
inline constexpr wasm_valkind_t kNoValKind = 127;
inline constexpr wasm_externkind_t kExternKindTag = 4;

wasm_valkind_t valkind_of(ValType type);
/// The value type of a kind that wasm.h names.
ValType valtype_of(wasm_valkind_t kind);
bool is_valkind(wasm_valkind_t kind);

/// What 32 bits can say of `limits`; a larger maximum becomes none.
wasm_limits_t limits_of(const Limits& limits);
Limits limits_of(const wasm_limits_t& limits);

wasm_functype_t* new_functype(const FuncType& type);
wasm_name_t new_name(std::string_view text);

}  // namespace sluice::api

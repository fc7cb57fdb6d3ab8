// wasm.h: names, vectors and type objects. Needs no engine.

#include "runtime/api/wasm_types.h"

#include <string_view>

#include "runtime/api/wasm_vec.h"

using namespace sluice;
using namespace sluice::api;

namespace sluice::api {

wasm_valkind_t valkind_of(ValType type) {
  if (type == kI32) return WASM_I32;
  if (type == kI64) return WASM_I64;
  if (type == kF32) return WASM_F32;
  if (type == kF64) return WASM_F64;
  if (type == kExternRef) return WASM_EXTERNREF;
  if (type == kFuncRef) return WASM_FUNCREF;
  if (!type.is_ref()) return kNoValKind;
  const HeapType heap = type.heap();
  if (heap == HeapType(AbsHeap::Extern) || heap == HeapType(AbsHeap::NoExtern)) {
    return WASM_EXTERNREF;
  }
  if (heap == HeapType(AbsHeap::Func) || heap == HeapType(AbsHeap::NoFunc)) return WASM_FUNCREF;
  return kNoValKind;
}

bool is_valkind(wasm_valkind_t kind) {
  return kind <= WASM_F64 || kind == WASM_EXTERNREF || kind == WASM_FUNCREF;
}

ValType valtype_of(wasm_valkind_t kind) {
  switch (kind) {
  case WASM_I32: return kI32;
  case WASM_I64: return kI64;
  case WASM_F32: return kF32;
  case WASM_F64: return kF64;
  case WASM_FUNCREF: return kFuncRef;
  default: return kExternRef;
  }
}

wasm_limits_t limits_of(const Limits& limits) {
  const uint64_t none = wasm_limits_max_default;
  return {static_cast<uint32_t>(std::min(limits.min, none)),
          static_cast<uint32_t>(limits.has_max ? std::min(limits.max, none) : none)};
}

Limits limits_of(const wasm_limits_t& limits) {
  Limits out;
  out.min = limits.min;
  out.has_max = limits.max != wasm_limits_max_default;
  if (out.has_max) out.max = limits.max;
  return out;
}

namespace {
void fill(wasm_valtype_vec_t& out, std::span<const ValType> types) {
  wasm_valtype_vec_new_uninitialized(&out, types.size());
  for (size_t i = 0; i < types.size(); ++i) out.data[i] = new wasm_valtype_t(valkind_of(types[i]));
}
}  // namespace

wasm_functype_t* new_functype(const FuncType& type) {
  auto* out = new wasm_functype_t;
  fill(out->params, type.params());
  fill(out->results, type.results());
  return out;
}

wasm_name_t new_name(std::string_view text) {
  wasm_name_t out;
  wasm_byte_vec_new(&out, text.size(), text.data());
  return out;
}

}  // namespace sluice::api

wasm_functype_t::~wasm_functype_t() {
  wasm_valtype_vec_delete(&params);
  wasm_valtype_vec_delete(&results);
}

wasm_importtype_t::~wasm_importtype_t() {
  wasm_byte_vec_delete(&module);
  wasm_byte_vec_delete(&name);
  wasm_externtype_delete(type);
}

wasm_exporttype_t::~wasm_exporttype_t() {
  wasm_byte_vec_delete(&name);
  wasm_externtype_delete(type);
}

namespace {

void vec_copy_element(wasm_byte_t* out, wasm_byte_t from) { *out = from; }
void vec_delete_element(wasm_byte_t) {}

// Elements that are pointers to type objects.
#define SLUICE_TYPE_ELEMENT(name)                                                                  \
  void vec_copy_element(wasm_##name##_t** out, const wasm_##name##_t* from) {                      \
    *out = wasm_##name##_copy(from);                                                               \
  }                                                                                                \
  void vec_delete_element(wasm_##name##_t* element) { wasm_##name##_delete(element); }
SLUICE_TYPE_ELEMENT(valtype)
SLUICE_TYPE_ELEMENT(functype)
SLUICE_TYPE_ELEMENT(globaltype)
SLUICE_TYPE_ELEMENT(tabletype)
SLUICE_TYPE_ELEMENT(memorytype)
SLUICE_TYPE_ELEMENT(externtype)
SLUICE_TYPE_ELEMENT(importtype)
SLUICE_TYPE_ELEMENT(exporttype)
#undef SLUICE_TYPE_ELEMENT

}  // namespace

extern "C" {

SLUICE_WASM_VEC(byte, wasm_byte_t)
SLUICE_WASM_VEC(valtype, wasm_valtype_t*)
SLUICE_WASM_VEC(functype, wasm_functype_t*)
SLUICE_WASM_VEC(globaltype, wasm_globaltype_t*)
SLUICE_WASM_VEC(tabletype, wasm_tabletype_t*)
SLUICE_WASM_VEC(memorytype, wasm_memorytype_t*)
SLUICE_WASM_VEC(externtype, wasm_externtype_t*)
SLUICE_WASM_VEC(importtype, wasm_importtype_t*)
SLUICE_WASM_VEC(exporttype, wasm_exporttype_t*)

// Value types

wasm_valtype_t* wasm_valtype_new(wasm_valkind_t kind) {
  return is_valkind(kind) ? new wasm_valtype_t(kind) : nullptr;
}
void wasm_valtype_delete(wasm_valtype_t* type) { delete type; }
wasm_valtype_t* wasm_valtype_copy(const wasm_valtype_t* type) {
  return type == nullptr ? nullptr : new wasm_valtype_t(type->kind);
}
wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t* type) { return type->kind; }

// The four kinds of external types

wasm_functype_t* wasm_functype_new(wasm_valtype_vec_t* params, wasm_valtype_vec_t* results) {
  auto* out = new wasm_functype_t;
  std::swap(out->params, *params);
  std::swap(out->results, *results);
  return out;
}
void wasm_functype_delete(wasm_functype_t* type) { delete type; }
wasm_functype_t* wasm_functype_copy(const wasm_functype_t* type) {
  if (type == nullptr) return nullptr;
  auto* out = new wasm_functype_t;
  wasm_valtype_vec_copy(&out->params, &type->params);
  wasm_valtype_vec_copy(&out->results, &type->results);
  return out;
}
const wasm_valtype_vec_t* wasm_functype_params(const wasm_functype_t* type) {
  return &type->params;
}
const wasm_valtype_vec_t* wasm_functype_results(const wasm_functype_t* type) {
  return &type->results;
}

wasm_globaltype_t* wasm_globaltype_new(wasm_valtype_t* content, wasm_mutability_t mutability) {
  if (content == nullptr) return nullptr;
  auto* out = new wasm_globaltype_t(content->kind, mutability);
  delete content;
  return out;
}
void wasm_globaltype_delete(wasm_globaltype_t* type) { delete type; }
wasm_globaltype_t* wasm_globaltype_copy(const wasm_globaltype_t* type) {
  return type == nullptr ? nullptr : new wasm_globaltype_t(type->content.kind, type->mutability);
}
const wasm_valtype_t* wasm_globaltype_content(const wasm_globaltype_t* type) {
  return &type->content;
}
wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t* type) {
  return type->mutability;
}

wasm_tabletype_t* wasm_tabletype_new(wasm_valtype_t* element, const wasm_limits_t* limits) {
  if (element == nullptr) return nullptr;
  auto* out = new wasm_tabletype_t(element->kind, *limits);
  delete element;
  return out;
}
void wasm_tabletype_delete(wasm_tabletype_t* type) { delete type; }
wasm_tabletype_t* wasm_tabletype_copy(const wasm_tabletype_t* type) {
  return type == nullptr ? nullptr : new wasm_tabletype_t(type->element.kind, type->limits);
}
const wasm_valtype_t* wasm_tabletype_element(const wasm_tabletype_t* type) {
  return &type->element;
}
const wasm_limits_t* wasm_tabletype_limits(const wasm_tabletype_t* type) { return &type->limits; }

wasm_memorytype_t* wasm_memorytype_new(const wasm_limits_t* limits) {
  return new wasm_memorytype_t(*limits);
}
void wasm_memorytype_delete(wasm_memorytype_t* type) { delete type; }
wasm_memorytype_t* wasm_memorytype_copy(const wasm_memorytype_t* type) {
  return type == nullptr ? nullptr : new wasm_memorytype_t(type->limits);
}
const wasm_limits_t* wasm_memorytype_limits(const wasm_memorytype_t* type) { return &type->limits; }

void wasm_externtype_delete(wasm_externtype_t* type) {
  if (type == nullptr) return;
  switch (type->kind) {
  case WASM_EXTERN_FUNC: delete static_cast<wasm_functype_t*>(type); break;
  case WASM_EXTERN_GLOBAL: delete static_cast<wasm_globaltype_t*>(type); break;
  case WASM_EXTERN_TABLE: delete static_cast<wasm_tabletype_t*>(type); break;
  case WASM_EXTERN_MEMORY: delete static_cast<wasm_memorytype_t*>(type); break;
  default: delete type; break;
  }
}
wasm_externtype_t* wasm_externtype_copy(const wasm_externtype_t* type) {
  if (type == nullptr) return nullptr;
  switch (type->kind) {
  case WASM_EXTERN_FUNC: return wasm_functype_copy(static_cast<const wasm_functype_t*>(type));
  case WASM_EXTERN_GLOBAL: return wasm_globaltype_copy(static_cast<const wasm_globaltype_t*>(type));
  case WASM_EXTERN_TABLE: return wasm_tabletype_copy(static_cast<const wasm_tabletype_t*>(type));
  case WASM_EXTERN_MEMORY: return wasm_memorytype_copy(static_cast<const wasm_memorytype_t*>(type));
  default: return new wasm_externtype_t(type->kind);
  }
}
wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t* type) { return type->kind; }

#define SLUICE_EXTERNTYPE_CASTS(name, enumerator)                                                  \
  wasm_externtype_t* wasm_##name##_as_externtype(wasm_##name##_t* type) { return type; }           \
  const wasm_externtype_t* wasm_##name##_as_externtype_const(const wasm_##name##_t* type) {        \
    return type;                                                                                   \
  }                                                                                                \
  wasm_##name##_t* wasm_externtype_as_##name(wasm_externtype_t* type) {                            \
    if (type == nullptr || type->kind != enumerator) return nullptr;                               \
    return static_cast<wasm_##name##_t*>(type);                                                    \
  }                                                                                                \
  const wasm_##name##_t* wasm_externtype_as_##name##_const(const wasm_externtype_t* type) {        \
    if (type == nullptr || type->kind != enumerator) return nullptr;                               \
    return static_cast<const wasm_##name##_t*>(type);                                              \
  }
SLUICE_EXTERNTYPE_CASTS(functype, WASM_EXTERN_FUNC)
SLUICE_EXTERNTYPE_CASTS(globaltype, WASM_EXTERN_GLOBAL)
SLUICE_EXTERNTYPE_CASTS(tabletype, WASM_EXTERN_TABLE)
SLUICE_EXTERNTYPE_CASTS(memorytype, WASM_EXTERN_MEMORY)
#undef SLUICE_EXTERNTYPE_CASTS

// Imports and exports

wasm_importtype_t* wasm_importtype_new(wasm_name_t* module, wasm_name_t* name,
                                       wasm_externtype_t* type) {
  auto* out = new wasm_importtype_t;
  std::swap(out->module, *module);
  std::swap(out->name, *name);
  out->type = type;
  return out;
}
void wasm_importtype_delete(wasm_importtype_t* type) { delete type; }
wasm_importtype_t* wasm_importtype_copy(const wasm_importtype_t* type) {
  if (type == nullptr) return nullptr;
  auto* out = new wasm_importtype_t;
  wasm_byte_vec_copy(&out->module, &type->module);
  wasm_byte_vec_copy(&out->name, &type->name);
  out->type = wasm_externtype_copy(type->type);
  return out;
}
const wasm_name_t* wasm_importtype_module(const wasm_importtype_t* type) { return &type->module; }
const wasm_name_t* wasm_importtype_name(const wasm_importtype_t* type) { return &type->name; }
const wasm_externtype_t* wasm_importtype_type(const wasm_importtype_t* type) { return type->type; }

wasm_exporttype_t* wasm_exporttype_new(wasm_name_t* name, wasm_externtype_t* type) {
  auto* out = new wasm_exporttype_t;
  std::swap(out->name, *name);
  out->type = type;
  return out;
}
void wasm_exporttype_delete(wasm_exporttype_t* type) { delete type; }
wasm_exporttype_t* wasm_exporttype_copy(const wasm_exporttype_t* type) {
  if (type == nullptr) return nullptr;
  auto* out = new wasm_exporttype_t;
  wasm_byte_vec_copy(&out->name, &type->name);
  out->type = wasm_externtype_copy(type->type);
  return out;
}
const wasm_name_t* wasm_exporttype_name(const wasm_exporttype_t* type) { return &type->name; }
const wasm_externtype_t* wasm_exporttype_type(const wasm_exporttype_t* type) { return type->type; }

}  // extern "C"

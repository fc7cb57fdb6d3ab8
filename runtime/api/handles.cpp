#include "runtime/api/handles.h"

#include "engine/wasm/limits.h"

namespace sluice::api {
namespace {

bool is_known_heap(const TypeRegistry& types, HeapType heap) {
  if (heap.is_concrete()) return raw(heap.index()) != 0 && raw(heap.index()) <= types.size();
  return heap.bits() <= static_cast<uint32_t>(AbsHeap::NoExn);
}

}  // namespace

Result<ValType> parse_type(const TypeRegistry& types, sluice_type_t type) {
  const ValType value = std::bit_cast<ValType>(type);
  if (value == kI32 || value == kI64 || value == kF32 || value == kF64 || value == kV128) {
    return value;
  }
  // Rebuilding it must give the same bits, so that none of them is stray.
  if (value.is_ref() && is_known_heap(types, value.heap()) &&
      ValType::ref(value.heap(), value.is_nullable()) == value) {
    return value;
  }
  return fail(ErrorKind::BadValueType);
}

Result<CanonicalTypeId> parse_func_type(TypeRegistry& types, const sluice_func_type_t& type) {
  if (type.param_count > kMaxParams || type.result_count > kMaxResults) {
    return fail(ErrorKind::CountTooLarge, kNoOffset, String("parameters or results"));
  }
  Vector<ValType> params;
  Vector<ValType> results;
  for (size_t i = 0; i < type.param_count; ++i) {
    params.push_back(TRY(parse_type(types, type.params[i])));
  }
  for (size_t i = 0; i < type.result_count; ++i) {
    results.push_back(TRY(parse_type(types, type.results[i])));
  }
  const CanonicalTypeId id = types.intern_func(params, results);
  if (raw(id) == 0) return fail(ErrorKind::CountTooLarge, kNoOffset, String("types"));
  return id;
}

sluice_func_type_t wrap(const FuncType& type) {
  // A ValType is its 32 bits; the arrays are handed out as they are.
  const auto* types = reinterpret_cast<const sluice_type_t*>(type.types);
  return {types, type.param_count, types + type.param_count, type.result_count};
}

sluice_limits_t wrap(const Limits& limits) {
  return {limits.min, limits.has_max ? limits.max : 0, limits.has_max, limits.is_64,
          limits.is_shared};
}

Limits unwrap(const sluice_limits_t& limits) {
  Limits out;
  out.min = limits.min;
  if (limits.has_max) out.max = limits.max;
  out.has_max = limits.has_max;
  out.is_64 = limits.is_64;
  out.is_shared = limits.is_shared;
  return out;
}

sluice_extern_t wrap(const Store& store, const Extern& what) {
  void* object = nullptr;
  switch (what.kind()) {
  case ExternKind::Func: object = what.func().record(); break;
  case ExternKind::Table: object = what.table(); break;
  case ExternKind::Memory: object = what.memory(); break;
  case ExternKind::Global: object = what.global(); break;
  case ExternKind::Tag: object = what.tag(); break;
  }
  return {static_cast<sluice_kind_t>(what.kind()), store.id(), object};
}

std::optional<Extern> unwrap(const Store& store, const sluice_extern_t& what) {
  if (what.store_id != store.id() || what.object == nullptr) return std::nullopt;
  switch (what.kind) {
  case SLUICE_KIND_FUNC: return Extern(Func(static_cast<FuncRecord*>(what.object)));
  case SLUICE_KIND_TABLE: return Extern(static_cast<Table*>(what.object));
  case SLUICE_KIND_MEMORY: return Extern(static_cast<Memory*>(what.object));
  case SLUICE_KIND_GLOBAL: return Extern(static_cast<Global*>(what.object));
  case SLUICE_KIND_TAG: return Extern(static_cast<Tag*>(what.object));
  }
  return std::nullopt;
}

}  // namespace sluice::api

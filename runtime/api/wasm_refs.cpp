// wasm.h: engines, stores, references of every kind, host information and values.

#include "runtime/api/wasm_refs.h"

#include "runtime/api/wasm_types.h"
#include "runtime/api/wasm_vec.h"

using namespace sluice;
using namespace sluice::api;

namespace sluice::api {
namespace {

/// What an externref of the runtime points to.
struct Referent : Allocated {
  explicit Referent(RefTarget t) : target(std::move(t)) {}
  RefTarget target;
};

void release_referent(void* referent) { delete static_cast<Referent*>(referent); }

template <class Name>
void delete_ref(Name* ref) {
  delete unwrap(ref);
}

template <class Name>
Name* copy_ref(const Name* ref) {
  if (ref == nullptr) return nullptr;
  return new_ref<Name>(unwrap(ref)->store, unwrap(ref)->target);
}

template <class Name>
bool same_ref(const Name* a, const Name* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return unwrap(a)->target.object == unwrap(b)->target.object;
}

HostInfo& info_of(const RefObject& ref) { return ref.store->host_info(ref.target); }

bool is_extern(RefKind kind) { return kind <= RefKind::Memory; }

}  // namespace

bool fits(const WasmStore& store, const wasm_val_t& value, ValType type) {
  if (valkind_of(type) != value.kind || !is_valkind(value.kind)) return false;
  if (!type.is_ref()) return true;
  if (value.of.ref == nullptr) return type.is_nullable();
  const RefObject& ref = *unwrap(value.of.ref);
  if (ref.store.get() != &store && ref.target.owner == nullptr) return false;
  return value.kind == WASM_EXTERNREF || ref.target.kind == RefKind::Func;
}

Value ref_to_value(WasmStore& store, const wasm_ref_t* ref, ValType type) {
  if (ref == nullptr) return Value::null();
  const RefTarget& target = unwrap(ref)->target;
  if (valkind_of(type) == WASM_FUNCREF) {
    return Value::funcref(static_cast<FuncRecord*>(target.object));
  }
  auto* referent = new Referent(target);
  const uint32_t handle = store.store->refs().new_extern(referent, &release_referent);
  if (handle == 0) release_referent(referent);
  return Value::externref(handle);
}

Value to_value(WasmStore& store, const wasm_val_t& value, ValType type) {
  switch (value.kind) {
  case WASM_I32: return Value::i32(value.of.i32);
  case WASM_I64: return Value::i64(value.of.i64);
  case WASM_F32: return Value::f32(value.of.f32);
  case WASM_F64: return Value::f64(value.of.f64);
  default: return ref_to_value(store, value.of.ref, type);
  }
}

wasm_ref_t* value_to_ref(const std::shared_ptr<WasmStore>& store, Value value, ValType type) {
  if (value.is_null()) return nullptr;
  switch (valkind_of(type)) {
  case WASM_FUNCREF: return new_ref<wasm_ref_t>(store, RefKind::Func, value.as_funcref());
  case WASM_EXTERNREF: {
    const void* referent = store->store->refs().host(value.as_externref());
    if (referent == nullptr) return nullptr;
    return new_ref<wasm_ref_t>(store, static_cast<const Referent*>(referent)->target);
  }
  default: return nullptr;
  }
}

wasm_val_t to_val(const std::shared_ptr<WasmStore>& store, Value value, ValType type) {
  wasm_val_t out = WASM_INIT_VAL;
  out.kind = valkind_of(type);
  switch (out.kind) {
  case WASM_I32: out.of.i32 = value.as_i32(); break;
  case WASM_I64: out.of.i64 = value.as_i64(); break;
  case WASM_F32: out.of.f32 = value.as_f32(); break;
  case WASM_F64: out.of.f64 = value.as_f64(); break;
  default: out.of.ref = value_to_ref(store, value, type); break;
  }
  return out;
}

}  // namespace sluice::api

namespace {
void vec_copy_element(wasm_val_t* out, const wasm_val_t& from) { wasm_val_copy(out, &from); }
void vec_delete_element(wasm_val_t& value) { wasm_val_delete(&value); }
void vec_copy_element(wasm_extern_t** out, const wasm_extern_t* from) {
  *out = wasm_extern_copy(from);
}
void vec_delete_element(wasm_extern_t* element) { wasm_extern_delete(element); }
}  // namespace

extern "C" {

SLUICE_WASM_VEC(val, wasm_val_t)
SLUICE_WASM_VEC(extern, wasm_extern_t*)

// Engines and stores

wasm_config_t* wasm_config_new(void) { return create<wasm_config_t>(); }
void wasm_config_delete(wasm_config_t* config) { destroy(config); }

wasm_engine_t* wasm_engine_new_with_config(wasm_config_t* config) {
  Result<std::shared_ptr<Engine>> engine =
      Engine::create(config == nullptr ? EngineConfig{} : config->value);
  wasm_config_delete(config);
  return engine ? create<wasm_engine_t>(sluice_engine{*std::move(engine)}) : nullptr;
}
wasm_engine_t* wasm_engine_new(void) { return wasm_engine_new_with_config(nullptr); }
void wasm_engine_delete(wasm_engine_t* engine) { destroy(engine); }

wasm_store_t* wasm_store_new(wasm_engine_t* engine) {
  Result<std::unique_ptr<Store>> store = Store::create(engine->value);
  if (!store) return nullptr;
  auto* out = new wasm_store_t;
  out->value = make_shared_heap<WasmStore>(engine->value, *std::move(store));
  return out;
}
void wasm_store_delete(wasm_store_t* store) { delete store; }

// Values

void wasm_val_delete(wasm_val_t* value) {
  if (!wasm_valkind_is_ref(value->kind)) return;
  delete_ref(value->of.ref);
  value->of.ref = nullptr;
}

void wasm_val_copy(wasm_val_t* out, const wasm_val_t* from) {
  *out = *from;
  if (wasm_valkind_is_ref(from->kind)) out->of.ref = copy_ref(from->of.ref);
}

// References

#define SLUICE_REF_BASE(name)                                                                      \
  void wasm_##name##_delete(wasm_##name##_t* ref) { delete_ref(ref); }                             \
  wasm_##name##_t* wasm_##name##_copy(const wasm_##name##_t* ref) { return copy_ref(ref); }        \
  bool wasm_##name##_same(const wasm_##name##_t* a, const wasm_##name##_t* b) {                    \
    return same_ref(a, b);                                                                         \
  }                                                                                                \
  void* wasm_##name##_get_host_info(const wasm_##name##_t* ref) {                                  \
    return info_of(*unwrap(ref)).info;                                                             \
  }                                                                                                \
  void wasm_##name##_set_host_info(wasm_##name##_t* ref, void* info) {                             \
    info_of(*unwrap(ref)).set(info, nullptr);                                                      \
  }                                                                                                \
  void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t* ref, void* info,                \
                                                  void (*finalizer)(void*)) {                      \
    info_of(*unwrap(ref)).set(info, finalizer);                                                    \
  }

#define SLUICE_REF(name, is_kind)                                                                  \
  SLUICE_REF_BASE(name)                                                                            \
  wasm_ref_t* wasm_##name##_as_ref(wasm_##name##_t* ref) {                                         \
    return reinterpret_cast<wasm_ref_t*>(ref);                                                     \
  }                                                                                                \
  const wasm_ref_t* wasm_##name##_as_ref_const(const wasm_##name##_t* ref) {                       \
    return reinterpret_cast<const wasm_ref_t*>(ref);                                               \
  }                                                                                                \
  const wasm_##name##_t* wasm_ref_as_##name##_const(const wasm_ref_t* ref) {                       \
    if (ref == nullptr) return nullptr;                                                            \
    const RefKind kind = unwrap(ref)->target.kind;                                                 \
    return (is_kind) ? reinterpret_cast<const wasm_##name##_t*>(ref) : nullptr;                    \
  }                                                                                                \
  wasm_##name##_t* wasm_ref_as_##name(wasm_ref_t* ref) {                                           \
    return const_cast<wasm_##name##_t*>(wasm_ref_as_##name##_const(ref));                          \
  }

SLUICE_REF_BASE(ref)
SLUICE_REF(func, kind == RefKind::Func)
SLUICE_REF(global, kind == RefKind::Global)
SLUICE_REF(table, kind == RefKind::Table)
SLUICE_REF(memory, kind == RefKind::Memory)
SLUICE_REF(extern, is_extern(kind))
SLUICE_REF(instance, kind == RefKind::Instance)
SLUICE_REF(module, kind == RefKind::Module)
SLUICE_REF(trap, kind == RefKind::Trap)
SLUICE_REF(foreign, kind == RefKind::Foreign)
#undef SLUICE_REF
#undef SLUICE_REF_BASE

// Between an extern and its kind: through the names that all references share.
#define SLUICE_EXTERN_CASTS(name)                                                                  \
  wasm_extern_t* wasm_##name##_as_extern(wasm_##name##_t* ref) {                                   \
    return reinterpret_cast<wasm_extern_t*>(ref);                                                  \
  }                                                                                                \
  const wasm_extern_t* wasm_##name##_as_extern_const(const wasm_##name##_t* ref) {                 \
    return reinterpret_cast<const wasm_extern_t*>(ref);                                            \
  }                                                                                                \
  wasm_##name##_t* wasm_extern_as_##name(wasm_extern_t* ref) {                                     \
    return wasm_ref_as_##name(reinterpret_cast<wasm_ref_t*>(ref));                                 \
  }                                                                                                \
  const wasm_##name##_t* wasm_extern_as_##name##_const(const wasm_extern_t* ref) {                 \
    return wasm_ref_as_##name##_const(reinterpret_cast<const wasm_ref_t*>(ref));                   \
  }
SLUICE_EXTERN_CASTS(func)
SLUICE_EXTERN_CASTS(global)
SLUICE_EXTERN_CASTS(table)
SLUICE_EXTERN_CASTS(memory)
#undef SLUICE_EXTERN_CASTS

wasm_foreign_t* wasm_foreign_new(wasm_store_t* store) {
  return new_owned_ref<wasm_foreign_t>(store->value, RefKind::Foreign, make_shared_heap<Owned>());
}

}  // extern "C"

// sluice.h: the same objects under the names of wasm.h, and back.
//
// Both interfaces stand on the same objects of the runtime: a bridge makes the other name, and
// never a copy of what is named. Stores under wasm.h hold a Store, whose address is a
// sluice_store_t.

#include "runtime/api/wasm_refs.h"

using namespace sluice;
using namespace sluice::api;

namespace {

std::optional<sluice_kind_t> kind_of(RefKind kind) {
  switch (kind) {
  case RefKind::Func: return SLUICE_KIND_FUNC;
  case RefKind::Global: return SLUICE_KIND_GLOBAL;
  case RefKind::Table: return SLUICE_KIND_TABLE;
  case RefKind::Memory: return SLUICE_KIND_MEMORY;
  default: return std::nullopt;
  }
}

}  // namespace

extern "C" {

sluice_config_t* sluice_from_wasm_config(wasm_config_t* config) { return config; }
sluice_engine_t* sluice_from_wasm_engine(wasm_engine_t* engine) { return engine; }
sluice_store_t* sluice_from_wasm_store(wasm_store_t* store) { return wrap(*store->value->store); }

sluice_module_t* sluice_from_wasm_module(const wasm_module_t* module) {
  const auto& owned = static_cast<const OwnedModule&>(*unwrap(module)->target.owner);
  return create<sluice_module>(owned.module, owned.engine);
}

sluice_instance_t sluice_from_wasm_instance(const wasm_instance_t* instance) {
  const RefObject& ref = *unwrap(instance);
  return make_handle<sluice_instance_t>(*ref.store->store, ref.target.object);
}

bool sluice_from_wasm_extern(const wasm_extern_t* what, sluice_extern_t* out) {
  const RefObject& ref = *unwrap(what);
  const std::optional<sluice_kind_t> kind = kind_of(ref.target.kind);
  if (!kind) return false;
  *out = {*kind, ref.store->store->id(), ref.target.object};
  return true;
}

sluice_error_t* sluice_from_wasm_trap(const wasm_trap_t* trap) {
  return error_of(static_cast<const OwnedTrap&>(*unwrap(trap)->target.owner).failure);
}

wasm_engine_t* sluice_to_wasm_engine(const sluice_engine_t* engine) {
  return create<wasm_engine_t>(sluice_engine{engine->value});
}

wasm_store_t* sluice_to_wasm_store(sluice_store_t* store) {
  Store& s = unwrap(store);
  auto* out = new wasm_store_t;
  out->value = make_shared_heap<WasmStore>(s.shared_engine(), std::unique_ptr<Store>(&s));
  return out;
}

wasm_module_t* sluice_to_wasm_module(wasm_store_t* store, const sluice_module_t* module) {
  if (module->engine != store->value->engine) return nullptr;
  return new_owned_ref<wasm_module_t>(store->value, RefKind::Module,
                                      make_shared_heap<OwnedModule>(module->value, module->engine));
}

wasm_instance_t* sluice_to_wasm_instance(wasm_store_t* store, sluice_instance_t instance) {
  auto* object = resolve<Instance>(*store->value->store, instance);
  if (object == nullptr) return nullptr;
  return new_ref<wasm_instance_t>(store->value, RefKind::Instance, object);
}

wasm_extern_t* sluice_to_wasm_extern(wasm_store_t* store, sluice_extern_t what) {
  const std::optional<Extern> found = unwrap(*store->value->store, what);
  if (!found) return nullptr;
  RefTarget target = target_of(*found);
  if (target.object == nullptr) return nullptr;
  return new_ref<wasm_extern_t>(store->value, std::move(target));
}

wasm_trap_t* sluice_to_wasm_trap(wasm_store_t* store, sluice_error_t* error) {
  Failure failure = std::move(error->failure);
  destroy(error);
  return new_trap(store->value, std::move(failure));
}

}  // extern "C"

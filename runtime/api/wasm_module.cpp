// wasm.h: modules and instances, traps and their frames.

#include "engine/binary/wire_bytes.h"
#include "runtime/api/wasm_refs.h"
#include "runtime/api/wasm_types.h"
#include "runtime/api/wasm_vec.h"

using namespace sluice;
using namespace sluice::api;

namespace {

std::span<const uint8_t> bytes_of(const wasm_byte_vec_t* bytes) {
  if (bytes->size == 0) return {};
  return {reinterpret_cast<const uint8_t*>(bytes->data), bytes->size};
}

const OwnedModule& owned_module(const wasm_module_t* module) {
  return static_cast<const OwnedModule&>(*unwrap(module)->target.owner);
}

wasm_externtype_t* new_externtype(const Module& module, ExternKind kind, uint32_t index) {
  switch (kind) {
  case ExternKind::Func: return new_functype(module.func_type(FuncIdx{index}));
  case ExternKind::Global: {
    const GlobalType& type = module.globals[index].type;
    return new wasm_globaltype_t(valkind_of(type.type), type.is_mutable ? WASM_VAR : WASM_CONST);
  }
  case ExternKind::Table: {
    const TableType& type = module.tables[index].type;
    return new wasm_tabletype_t(valkind_of(type.element), limits_of(type.limits));
  }
  case ExternKind::Memory: return new wasm_memorytype_t(limits_of(module.memories[index].limits));
  case ExternKind::Tag: break;
  }
  return new wasm_externtype_t(kExternKindTag);
}

std::optional<Extern> extern_of(const WasmStore& store, const wasm_extern_t* ref) {
  if (ref == nullptr || unwrap(ref)->store.get() != &store) return std::nullopt;
  void* object = unwrap(ref)->target.object;
  switch (unwrap(ref)->target.kind) {
  case RefKind::Func: return Extern(Func(static_cast<FuncRecord*>(object)));
  case RefKind::Global: return Extern(static_cast<Global*>(object));
  case RefKind::Table: return Extern(static_cast<Table*>(object));
  case RefKind::Memory: return Extern(static_cast<Memory*>(object));
  default: return std::nullopt;
  }
}

Outcome<Instance*> link(WasmStore& store, const OwnedModule& module,
                        const wasm_extern_vec_t* imports) {
  if (module.engine != store.engine) return fail(ErrorKind::WrongStore);
  const size_t wanted = module.module->module().imports.size();
  const size_t given = imports == nullptr ? 0 : imports->size;
  if (given < wanted) {
    const Import& missing = module.module->module().imports[given];
    return fail(ErrorKind::UnknownImport, kNoOffset,
                String(missing.module) + "." + String(missing.name));
  }
  Vector<Extern> externs;
  for (size_t i = 0; i < wanted; ++i) {
    const std::optional<Extern> what = extern_of(store, imports->data[i]);
    if (!what) return fail(ErrorKind::WrongStore);
    externs.push_back(*what);
  }
  return instantiate(*store.store, module.module, externs);
}

wasm_frame_t* new_frame(const Frame& frame) {
  const Module& module = frame.module->module();
  auto* out = new wasm_frame_t;
  out->func_index = raw(frame.func);
  if (frame.wasm_offset == kNoOffset) return out;
  out->module_offset = frame.wasm_offset;
  out->func_offset =
      frame.wasm_offset - module.bodies[raw(frame.func) - module.imported_funcs].range.offset;
  return out;
}

void vec_copy_element(wasm_frame_t** out, const wasm_frame_t* from) {
  *out = wasm_frame_copy(from);
}
void vec_delete_element(wasm_frame_t* element) { wasm_frame_delete(element); }

/// A trap that a host function returned, on its way through Wasm code.
struct Thrown : Allocated {
  explicit Thrown(std::shared_ptr<Owned> t) : trap(std::move(t)) {}
  std::shared_ptr<Owned> trap;
};
void release_thrown(void* thrown) { delete static_cast<Thrown*>(thrown); }

const Failure& failure_of(const wasm_trap_t* trap) {
  return static_cast<const OwnedTrap&>(*unwrap(trap)->target.owner).failure;
}

/// Frames of Wasm code, innermost first.
Vector<const Frame*> wasm_frames(const wasm_trap_t* trap) {
  Vector<const Frame*> out;
  const Failure& failure = failure_of(trap);
  if (!failure.is_trap()) return out;
  for (const Frame& frame : failure.trap->frames()) {
    if (!frame.is_host()) out.push_back(&frame);
  }
  return out;
}

String message_of(const Failure& failure) {
  if (failure.is_trap()) return String(failure.trap->reason());
  return failure.error.message();
}

}  // namespace

namespace sluice::api {

RefTarget target_of(const Extern& what) {
  switch (what.kind()) {
  case ExternKind::Func: return {RefKind::Func, what.func().record(), nullptr};
  case ExternKind::Global: return {RefKind::Global, what.global(), nullptr};
  case ExternKind::Table: return {RefKind::Table, what.table(), nullptr};
  case ExternKind::Memory: return {RefKind::Memory, what.memory(), nullptr};
  case ExternKind::Tag: break;
  }
  return {};
}

wasm_trap_t* new_trap(std::shared_ptr<WasmStore> store, Failure failure) {
  auto owned = make_shared_heap<OwnedTrap>(std::move(failure));
  void* identity = owned.get();
  if (owned->failure.is_trap()) {
    const HostPayload* payload = owned->failure.trap->host_payload();
    if (payload != nullptr && payload->release == &release_thrown) {
      owned->thrown = static_cast<const Thrown*>(payload->data)->trap;
      identity = owned->thrown.get();
    }
  }
  return new_ref<wasm_trap_t>(std::move(store),
                              RefTarget{RefKind::Trap, identity, std::move(owned)});
}

TrapCode throw_trap(const Caller& caller, wasm_trap_t* trap) {
  const Failure& failure = failure_of(trap);
  const TrapCode code =
      failure.is_trap()
          ? caller.fail(failure)
          : caller.fail(message_of(failure),
                        HostPayload(new Thrown(unwrap(trap)->target.owner), &release_thrown));
  wasm_trap_delete(trap);
  return code;
}

}  // namespace sluice::api

extern "C" {

// Modules

wasm_module_t* wasm_module_new(wasm_store_t* store, const wasm_byte_vec_t* binary) {
  const std::shared_ptr<Engine>& engine = store->value->engine;
  auto compiled = engine->compile(bytes_of(binary));
  if (!compiled) return nullptr;
  return new_owned_ref<wasm_module_t>(store->value, RefKind::Module,
                                      make_shared_heap<OwnedModule>(*std::move(compiled), engine));
}

bool wasm_module_validate(wasm_store_t* store, const wasm_byte_vec_t* binary) {
  return store->value->engine->compile(bytes_of(binary)).has_value();
}

void wasm_module_imports(const wasm_module_t* module, wasm_importtype_vec_t* out) {
  const Module& m = owned_module(module).module->module();
  wasm_importtype_vec_new_uninitialized(out, m.imports.size());
  for (size_t i = 0; i < m.imports.size(); ++i) {
    const Import& import = m.imports[i];
    auto* type = new wasm_importtype_t;
    type->module = new_name(import.module);
    type->name = new_name(import.name);
    type->type = new_externtype(m, import.kind, import.index);
    out->data[i] = type;
  }
}

void wasm_module_exports(const wasm_module_t* module, wasm_exporttype_vec_t* out) {
  const Module& m = owned_module(module).module->module();
  wasm_exporttype_vec_new_uninitialized(out, m.exports.size());
  for (size_t i = 0; i < m.exports.size(); ++i) {
    auto* type = new wasm_exporttype_t;
    type->name = new_name(m.exports[i].name);
    type->type = new_externtype(m, m.exports[i].kind, m.exports[i].index);
    out->data[i] = type;
  }
}

void wasm_module_serialize(const wasm_module_t* module, wasm_byte_vec_t* out) {
  const std::span<const uint8_t> bytes = owned_module(module).module->module().wire->view();
  wasm_byte_vec_new(out, bytes.size(), reinterpret_cast<const wasm_byte_t*>(bytes.data()));
}

wasm_module_t* wasm_module_deserialize(wasm_store_t* store, const wasm_byte_vec_t* bytes) {
  return wasm_module_new(store, bytes);
}

wasm_shared_module_t* wasm_module_share(const wasm_module_t* module) {
  auto* out = new wasm_shared_module_t;
  out->value = unwrap(module)->target.owner;
  return out;
}
void wasm_shared_module_delete(wasm_shared_module_t* module) { delete module; }

wasm_module_t* wasm_module_obtain(wasm_store_t* store, const wasm_shared_module_t* shared) {
  const auto& module = static_cast<const OwnedModule&>(*shared->value);
  if (module.engine != store->value->engine) return nullptr;
  // Host information is used by one thread: it does not travel.
  return new_owned_ref<wasm_module_t>(store->value, RefKind::Module,
                                      make_shared_heap<OwnedModule>(module.module, module.engine));
}

// Instances

wasm_instance_t* wasm_instance_new(wasm_store_t* store, const wasm_module_t* module,
                                   const wasm_extern_vec_t* imports, wasm_trap_t** trap) {
  if (trap != nullptr) *trap = nullptr;
  Outcome<Instance*> instance = link(*store->value, owned_module(module), imports);
  if (instance) return new_ref<wasm_instance_t>(store->value, RefKind::Instance, *instance);
  if (trap != nullptr) *trap = new_trap(store->value, std::move(instance).error());
  return nullptr;
}

void wasm_instance_exports(const wasm_instance_t* instance, wasm_extern_vec_t* out) {
  const auto& object = object_of<Instance>(instance);
  const size_t count = object.module().exports.size();
  wasm_extern_vec_new_uninitialized(out, count);
  for (size_t i = 0; i < count; ++i) {
    RefTarget target = target_of(object.export_at(i));
    if (target.object == nullptr) continue;
    out->data[i] = new_ref<wasm_extern_t>(unwrap(instance)->store, std::move(target));
  }
}

// Traps

wasm_trap_t* wasm_trap_new(wasm_store_t* store, const wasm_message_t* message) {
  std::string_view words(message->data, message->size);
  if (words.ends_with('\0')) words.remove_suffix(1);
  return new_trap(store->value, Failure(Error{ErrorKind::HostFailed, kNoOffset, String(words)}));
}

void wasm_trap_message(const wasm_trap_t* trap, wasm_message_t* out) {
  const String words = message_of(failure_of(trap));
  wasm_byte_vec_new(out, words.size() + 1, words.c_str());
}

wasm_frame_t* wasm_trap_origin(const wasm_trap_t* trap) {
  const Vector<const Frame*> frames = wasm_frames(trap);
  return frames.empty() ? nullptr : new_frame(*frames[0]);
}

void wasm_trap_trace(const wasm_trap_t* trap, wasm_frame_vec_t* out) {
  const Vector<const Frame*> frames = wasm_frames(trap);
  wasm_frame_vec_new_uninitialized(out, frames.size());
  for (size_t i = 0; i < frames.size(); ++i) out->data[i] = new_frame(*frames[i]);
}

SLUICE_WASM_VEC(frame, wasm_frame_t*)
void wasm_frame_delete(wasm_frame_t* frame) { delete frame; }
wasm_frame_t* wasm_frame_copy(const wasm_frame_t* frame) {
  return frame == nullptr ? nullptr : new wasm_frame_t(*frame);
}
wasm_instance_t* wasm_frame_instance(const wasm_frame_t*) { return nullptr; }
uint32_t wasm_frame_func_index(const wasm_frame_t* frame) { return frame->func_index; }
size_t wasm_frame_func_offset(const wasm_frame_t* frame) { return frame->func_offset; }
size_t wasm_frame_module_offset(const wasm_frame_t* frame) { return frame->module_offset; }

}  // extern "C"

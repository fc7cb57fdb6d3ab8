// sluice.h: functions, callers, instances and linkers.

#include <algorithm>

#include "runtime/api/handles.h"
#include "runtime/wasi/preview1.h"

using namespace sluice;
using namespace sluice::api;

struct sluice_linker {
  explicit sluice_linker(std::shared_ptr<Engine> engine) : value(std::move(engine)) {}
  Linker value;
};

struct sluice_pre_instance {
  std::shared_ptr<Engine> engine;  // as in sluice_module; goes last
  PreInstance value;
};

namespace {

/// A host function definition that owns `env` from the start, whatever fails later.
std::shared_ptr<HostFuncDef> make_def(void* env, void (*release)(void*)) {
  auto def = make_shared_heap<HostFuncDef>();
  def->env = env;
  def->release_env = release;
  return def;
}

// sluice_callback_t and HostCallback differ in the names of their types only; calling through the
// other type would still be undefined, so there is one hop.
struct CallbackEnv {
  sluice_callback_t callback;
  void* env;
  void (*release)(void*);
};

TrapCode call_callback(void* env, Caller& caller, Value* cells) {
  const auto& target = *static_cast<CallbackEnv*>(env);
  const uint32_t code = target.callback(target.env, reinterpret_cast<sluice_caller_t*>(&caller),
                                        reinterpret_cast<sluice_value_t*>(cells));
  return code < kTrapCodeCount ? static_cast<TrapCode>(code) : TrapCode::Host;
}

void release_callback(void* env) {
  auto* target = static_cast<CallbackEnv*>(env);
  if (target->release != nullptr) target->release(target->env);
  destroy(target);
}

Result<std::shared_ptr<const HostFuncDef>> callback_def(Engine& engine, sluice_func_type_t type,
                                                        sluice_callback_t callback, void* env,
                                                        void (*release)(void*)) {
  std::shared_ptr<HostFuncDef> def =
      make_def(create<CallbackEnv>(callback, env, release), &release_callback);
  def->callback = &call_callback;
  def->signature = TRY(parse_func_type(*engine.types(), type));
  return def;
}

Result<std::shared_ptr<const HostFuncDef>> typed_def(Engine& engine, sluice_func_type_t type,
                                                     const void* code, void* env,
                                                     void (*release)(void*)) {
  std::shared_ptr<HostFuncDef> def = make_def(env, release);
  def->typed_code = code;
  def->signature = TRY(parse_func_type(*engine.types(), type));
  if (!Engine::has_direct_form(engine.types()->func_type(def->signature))) {
    return fail(ErrorKind::SignatureMismatch, kNoOffset, "the type does not fit registers");
  }
  return def;
}

bool same_types(std::span<const ValType> types, const sluice_type_t* others, size_t count) {
  return types.size() == count &&
         std::equal(types.begin(), types.end(), others,
                    [](ValType a, sluice_type_t b) { return a.bits() == b; });
}

bool find_export(const Store& store, const Instance* instance, std::string_view name,
                 sluice_extern_t* out) {
  if (instance == nullptr) return false;
  const std::optional<Extern> found = instance->find_export(name);
  if (!found) return false;
  *out = wrap(store, *found);
  return true;
}

bool find_memory(const Caller& caller, sluice_memory_t* out) {
  Memory* memory = caller.memory();
  if (memory == nullptr) return false;
  *out = make_handle<sluice_memory_t>(caller.store(), memory);
  return true;
}

// A Caller is made of a mutable store; looking things up changes nothing in it.
Caller direct_caller(const sluice_store_t* store, void* caller) {
  return Caller(const_cast<Store&>(unwrap(store)), static_cast<InstanceData*>(caller));
}

static_assert(offsetof(HostContext, env) == offsetof(sluice_host_t, env) &&
              offsetof(HostContext, store) == offsetof(sluice_host_t, store) &&
              sizeof(HostContext) == sizeof(sluice_host_t));

}  // namespace

extern "C" {

// Callers

sluice_store_t* sluice_caller_store(const sluice_caller_t* caller) {
  return wrap(unwrap(caller).store());
}

void* sluice_caller_direct(const sluice_caller_t* caller) { return unwrap(caller).data(); }

bool sluice_caller_export(const sluice_caller_t* caller, const char* name, size_t name_size,
                          sluice_extern_t* out) {
  const Caller& c = unwrap(caller);
  return find_export(c.store(), c.instance(), text(name, name_size), out);
}

bool sluice_caller_memory(const sluice_caller_t* caller, sluice_memory_t* out) {
  return find_memory(unwrap(caller), out);
}

bool sluice_direct_caller_export(const sluice_store_t* store, void* caller, const char* name,
                                 size_t name_size, sluice_extern_t* out) {
  const Caller c = direct_caller(store, caller);
  return find_export(c.store(), c.instance(), text(name, name_size), out);
}

bool sluice_direct_caller_memory(const sluice_store_t* store, void* caller, sluice_memory_t* out) {
  return find_memory(direct_caller(store, caller), out);
}

uint32_t sluice_store_fail(sluice_store_t* store, const char* message, size_t message_size,
                           void* payload, void (*release)(void*)) {
  const Caller caller(unwrap(store), nullptr);
  return static_cast<uint32_t>(
      caller.fail(text(message, message_size), HostPayload(payload, release)));
}

uint32_t sluice_store_fail_with(sluice_store_t* store, sluice_error_t* error) {
  const Caller caller(unwrap(store), nullptr);
  const TrapCode code = caller.fail(std::move(error->failure));
  destroy(error);
  return static_cast<uint32_t>(code);
}

// Functions

sluice_error_t* sluice_func_new(sluice_store_t* store, sluice_func_type_t type,
                                sluice_callback_t callback, void* env, void (*release)(void*),
                                sluice_func_t* out) {
  Store& s = unwrap(store);
  auto def = callback_def(s.engine(), type, callback, env, release);
  if (!def) return error_of(std::move(def).error());
  const Result<Func> func = Func::create_host(s, *std::move(def));
  if (!func) return error_of(func.error());
  *out = make_handle<sluice_func_t>(s, func->record());
  return nullptr;
}

sluice_error_t* sluice_func_new_typed(sluice_store_t* store, sluice_func_type_t type,
                                      const void* code, void* env, void (*release)(void*),
                                      sluice_func_t* out) {
  Store& s = unwrap(store);
  auto def = typed_def(s.engine(), type, code, env, release);
  if (!def) return error_of(std::move(def).error());
  const Result<Func> func = Func::create_host(s, *std::move(def));
  if (!func) return error_of(func.error());
  *out = make_handle<sluice_func_t>(s, func->record());
  return nullptr;
}

sluice_error_t* sluice_func_get_type(const sluice_store_t* store, sluice_func_t func,
                                     sluice_func_type_t* out) {
  auto* record = resolve<FuncRecord>(unwrap(store), func);
  if (record == nullptr) return error_of(ErrorKind::WrongStore);
  *out = wrap(Func(record).type());
  return nullptr;
}

sluice_error_t* sluice_func_call(sluice_store_t* store, sluice_func_t func,
                                 const sluice_value_t* args, size_t arg_count,
                                 sluice_value_t* results, size_t result_count) {
  auto* record = resolve<FuncRecord>(unwrap(store), func);
  if (record == nullptr) return error_of(ErrorKind::WrongStore);
  Outcome<void> done = Func(record).call(std::span<const Value>(unwrap(args), arg_count),
                                         std::span<Value>(unwrap(results), result_count));
  return done ? nullptr : error_of(std::move(done).error());
}

sluice_error_t* sluice_func_typed(sluice_store_t* store, sluice_func_t func,
                                  sluice_func_type_t type, sluice_typed_func_t* out) {
  Store& s = unwrap(store);
  auto* record = resolve<FuncRecord>(s, func);
  if (record == nullptr) return error_of(ErrorKind::WrongStore);
  const FuncType& actual = Func(record).type();
  if (!same_types(actual.params(), type.params, type.param_count) ||
      !same_types(actual.results(), type.results, type.result_count)) {
    const Result<CanonicalTypeId> wanted = parse_func_type(*s.engine().types(), type);
    if (!wanted) return error_of(wanted.error());
    return error_of(ErrorKind::SignatureMismatch,
                    String("the function has type ") + to_string(actual) + ", not " +
                        to_string(s.engine().types()->func_type(*wanted)));
  }
  const Result<EntryStubs> stubs = s.engine().entry_stubs(Func(record).signature());
  if (!stubs) return error_of(stubs.error());
  *out = {stubs->typed, record->instance,
          reinterpret_cast<const void*>(record->instance->code_base + record->code_offset)};
  return nullptr;
}

sluice_error_t* sluice_store_take_trap(sluice_store_t* store, uint32_t trap) {
  return error_of(Failure(unwrap(store).take_trap(static_cast<TrapCode>(trap))));
}

// Instances and linkers

sluice_error_t* sluice_instance_new(sluice_store_t* store, const sluice_module_t* module,
                                    const sluice_extern_t* imports, size_t import_count,
                                    sluice_instance_t* out) {
  Store& s = unwrap(store);
  Vector<Extern> externs;
  externs.reserve(import_count);
  for (size_t i = 0; i < import_count; ++i) {
    const std::optional<Extern> given = unwrap(s, imports[i]);
    if (!given) return error_of(ErrorKind::WrongStore, String("import ") + decimal(i));
    externs.push_back(*given);
  }
  Outcome<Instance*> instance = instantiate(s, module->value, externs);
  if (!instance) return error_of(std::move(instance).error());
  *out = make_handle<sluice_instance_t>(s, *instance);
  return nullptr;
}

sluice_error_t* sluice_instance_export(const sluice_store_t* store, sluice_instance_t instance,
                                       const char* name, size_t name_size, sluice_extern_t* out) {
  const Store& s = unwrap(store);
  const auto* object = resolve<Instance>(s, instance);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  if (find_export(s, object, text(name, name_size), out)) return nullptr;
  return error_of(ErrorKind::UnknownExport, "\"" + String(text(name, name_size)) + "\"");
}

sluice_linker_t* sluice_linker_new(sluice_engine_t* engine) {
  return create<sluice_linker>(engine->value);
}

void sluice_linker_delete(sluice_linker_t* linker) { destroy(linker); }

void sluice_linker_allow_shadowing(sluice_linker_t* linker, bool allow) {
  linker->value.allow_shadowing(allow);
}

sluice_error_t* sluice_linker_define_func(sluice_linker_t* linker, const char* module,
                                          size_t module_size, const char* name, size_t name_size,
                                          sluice_func_type_t type, sluice_callback_t callback,
                                          void* env, void (*release)(void*)) {
  auto def = callback_def(linker->value.engine(), type, callback, env, release);
  if (!def) return error_of(std::move(def).error());
  const Result<void> done =
      linker->value.define_func(text(module, module_size), text(name, name_size), *std::move(def));
  return done ? nullptr : error_of(done.error());
}

sluice_error_t* sluice_linker_define_typed_func(sluice_linker_t* linker, const char* module,
                                                size_t module_size, const char* name,
                                                size_t name_size, sluice_func_type_t type,
                                                const void* code, void* env,
                                                void (*release)(void*)) {
  auto def = typed_def(linker->value.engine(), type, code, env, release);
  if (!def) return error_of(std::move(def).error());
  const Result<void> done =
      linker->value.define_func(text(module, module_size), text(name, name_size), *std::move(def));
  return done ? nullptr : error_of(done.error());
}

sluice_error_t* sluice_linker_define(sluice_linker_t* linker, const sluice_store_t* store,
                                     const char* module, size_t module_size, const char* name,
                                     size_t name_size, sluice_extern_t what) {
  const std::optional<Extern> given = unwrap(unwrap(store), what);
  if (!given) return error_of(ErrorKind::WrongStore);
  const Result<void> done =
      linker->value.define(text(module, module_size), text(name, name_size), *given);
  return done ? nullptr : error_of(done.error());
}

sluice_error_t* sluice_linker_define_instance(sluice_linker_t* linker, const sluice_store_t* store,
                                              const char* module, size_t module_size,
                                              sluice_instance_t instance) {
  const auto* object = resolve<Instance>(unwrap(store), instance);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<void> done = linker->value.define_instance(text(module, module_size), *object);
  return done ? nullptr : error_of(done.error());
}

sluice_error_t* sluice_linker_define_wasi(sluice_linker_t* linker, const sluice_wasi_t* wasi) {
  const Result<void> done = wasi::define_preview1(linker->value, wasi->context);
  return done ? nullptr : error_of(done.error());
}

sluice_error_t* sluice_linker_instantiate(const sluice_linker_t* linker, sluice_store_t* store,
                                          const sluice_module_t* module, sluice_instance_t* out) {
  Outcome<Instance*> instance = linker->value.instantiate(unwrap(store), module->value);
  if (!instance) return error_of(std::move(instance).error());
  *out = make_handle<sluice_instance_t>(unwrap(store), *instance);
  return nullptr;
}

sluice_error_t* sluice_linker_pre_instantiate(const sluice_linker_t* linker,
                                              const sluice_module_t* module,
                                              sluice_pre_instance_t** out) {
  Result<PreInstance> pre = linker->value.pre_instantiate(module->value);
  if (!pre) return error_of(std::move(pre).error());
  *out = create<sluice_pre_instance>(module->engine, *std::move(pre));
  return nullptr;
}

sluice_error_t* sluice_pre_instance_instantiate(const sluice_pre_instance_t* pre,
                                                sluice_store_t* store, sluice_instance_t* out) {
  Outcome<Instance*> instance = pre->value.instantiate(unwrap(store));
  if (!instance) return error_of(std::move(instance).error());
  *out = make_handle<sluice_instance_t>(unwrap(store), *instance);
  return nullptr;
}

void sluice_pre_instance_delete(sluice_pre_instance_t* pre) { destroy(pre); }

}  // extern "C"

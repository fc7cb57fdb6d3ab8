// sluice.h: stores, tables, globals and references.

#include <algorithm>

#include "runtime/api/handles.h"

using namespace sluice;
using namespace sluice::api;

namespace {

// As in c_api_call.cpp: one hop between the two names of a type.
struct LimiterEnv {
  sluice_limiter_t limiter;
  void* env;
  void (*release)(void*);
};

bool ask_limiter(void* env, const Growth& growth) {
  const auto& target = *static_cast<LimiterEnv*>(env);
  const sluice_growth_t asked = {static_cast<sluice_kind_t>(growth.kind), growth.current,
                                 growth.desired, growth.maximum};
  return target.limiter(target.env, &asked);
}

void release_limiter(void* env) {
  auto* target = static_cast<LimiterEnv*>(env);
  if (target->release != nullptr) target->release(target->env);
  destroy(target);
}

}  // namespace

extern "C" {

sluice_error_t* sluice_store_new(sluice_engine_t* engine, void* user_data, sluice_store_t** out) {
  Result<std::unique_ptr<Store>> store = Store::create(engine->value);
  if (!store) return error_of(std::move(store).error());
  (*store)->user_data = user_data;
  *out = wrap(*store->release());
  return nullptr;
}

void sluice_store_delete(sluice_store_t* store) {
  if (store != nullptr) delete &unwrap(store);
}

uint64_t sluice_store_id(const sluice_store_t* store) { return unwrap(store).id(); }

sluice_error_t* sluice_store_check_thread(const sluice_store_t* store) {
  const Result<void> checked = unwrap(store).check_thread();
  return checked ? nullptr : error_of(checked.error());
}

void sluice_store_set_limits(sluice_store_t* store, const sluice_store_limits_t* limits) {
  unwrap(store).limiter().set_limits({limits->memory_bytes, limits->table_elements,
                                      limits->instances, limits->memories, limits->tables,
                                      limits->trap_on_refused_grow});
}

void sluice_store_set_limiter(sluice_store_t* store, sluice_limiter_t limiter, void* env,
                              void (*release)(void*)) {
  Limiter& target = unwrap(store).limiter();
  if (limiter == nullptr) {
    target.set_callback(nullptr, env, release);
    return;
  }
  target.set_callback(&ask_limiter, create<LimiterEnv>(limiter, env, release), &release_limiter);
}

void* sluice_store_user_data(const sluice_store_t* store) { return unwrap(store).user_data; }

sluice_value_t sluice_externref_new(sluice_store_t* store, void* host,
                                    void (*release)(void* host)) {
  return wrap(unwrap(store).externref(host, release));
}

void sluice_ref_root(sluice_store_t* store, sluice_value_t ref) {
  unwrap(store).refs().root(unwrap(ref).bits[0]);
}

void sluice_ref_unroot(sluice_store_t* store, sluice_value_t ref) {
  unwrap(store).refs().unroot(unwrap(ref).bits[0]);
}

void sluice_store_collect(sluice_store_t* store) { unwrap(store).refs().collect(); }

void* sluice_externref_host(const sluice_store_t* store, sluice_value_t value) {
  return unwrap(store).externref_host(unwrap(value));
}

sluice_value_t sluice_func_to_ref(sluice_func_t func) {
  return wrap(Value::funcref(static_cast<FuncRecord*>(func.object)));
}

sluice_func_t sluice_func_from_ref(const sluice_store_t* store, sluice_value_t value) {
  const Value ref = unwrap(value);
  if (ref.is_null() || !unwrap(store).matches(ref, kFuncRef)) return {0, nullptr};
  return make_handle<sluice_func_t>(unwrap(store), ref.as_funcref());
}

// Tables

sluice_error_t* sluice_table_new(sluice_store_t* store, sluice_type_t element,
                                 sluice_limits_t limits, sluice_value_t init, sluice_table_t* out) {
  Store& s = unwrap(store);
  const Result<ValType> type = parse_type(*s.engine().types(), element);
  if (!type) return error_of(type.error());
  const Result<Table*> table = Table::create(s, {*type, unwrap(limits)}, unwrap(init));
  if (!table) return error_of(table.error());
  *out = make_handle<sluice_table_t>(s, *table);
  return nullptr;
}

bool sluice_type_is_func(const sluice_store_t* store, sluice_type_t type) {
  const TypeRegistry& types = *unwrap(store).engine().types();
  const Result<ValType> parsed = parse_type(types, type);
  return parsed && parsed->is_ref() && is_func_reference(types, *parsed);
}

sluice_error_t* sluice_table_type(const sluice_store_t* store, sluice_table_t table,
                                  sluice_type_t* element, sluice_limits_t* limits) {
  const auto* object = resolve<Table>(unwrap(store), table);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const TableType type = object->type();
  if (element != nullptr) *element = wrap(type.element);
  if (limits != nullptr) *limits = wrap(type.limits);
  return nullptr;
}

sluice_error_t* sluice_table_size(const sluice_store_t* store, sluice_table_t table,
                                  uint64_t* out) {
  const auto* object = resolve<Table>(unwrap(store), table);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  *out = object->size();
  return nullptr;
}

sluice_error_t* sluice_table_get(const sluice_store_t* store, sluice_table_t table, uint64_t index,
                                 sluice_value_t* out) {
  const auto* object = resolve<Table>(unwrap(store), table);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<Value> value = object->get(index);
  if (!value) return error_of(value.error());
  *out = wrap(*value);
  return nullptr;
}

sluice_error_t* sluice_table_set(sluice_store_t* store, sluice_table_t table, uint64_t index,
                                 sluice_value_t value) {
  auto* object = resolve<Table>(unwrap(store), table);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<void> done = object->set(index, unwrap(value));
  return done ? nullptr : error_of(done.error());
}

sluice_error_t* sluice_table_grow(sluice_store_t* store, sluice_table_t table, uint64_t delta,
                                  sluice_value_t init, uint64_t* old_size) {
  auto* object = resolve<Table>(unwrap(store), table);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<uint64_t> old = object->grow(delta, unwrap(init));
  if (!old) return error_of(old.error());
  if (old_size != nullptr) *old_size = *old;
  return nullptr;
}

// Globals

sluice_error_t* sluice_global_new(sluice_store_t* store, sluice_type_t type, bool is_mutable,
                                  sluice_value_t value, sluice_global_t* out) {
  Store& s = unwrap(store);
  const Result<ValType> parsed = parse_type(*s.engine().types(), type);
  if (!parsed) return error_of(parsed.error());
  const Result<Global*> global = Global::create(s, {*parsed, is_mutable}, unwrap(value));
  if (!global) return error_of(global.error());
  *out = make_handle<sluice_global_t>(s, *global);
  return nullptr;
}

sluice_error_t* sluice_global_type(const sluice_store_t* store, sluice_global_t global,
                                   sluice_type_t* type, bool* is_mutable) {
  const auto* object = resolve<Global>(unwrap(store), global);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  if (type != nullptr) *type = wrap(object->type().type);
  if (is_mutable != nullptr) *is_mutable = object->type().is_mutable;
  return nullptr;
}

sluice_error_t* sluice_global_get(const sluice_store_t* store, sluice_global_t global,
                                  sluice_value_t* out) {
  const auto* object = resolve<Global>(unwrap(store), global);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  *out = wrap(object->get());
  return nullptr;
}

sluice_error_t* sluice_global_set(sluice_store_t* store, sluice_global_t global,
                                  sluice_value_t value) {
  auto* object = resolve<Global>(unwrap(store), global);
  if (object == nullptr) return error_of(ErrorKind::WrongStore);
  const Result<void> done = object->set(unwrap(value));
  return done ? nullptr : error_of(done.error());
}

}  // extern "C"

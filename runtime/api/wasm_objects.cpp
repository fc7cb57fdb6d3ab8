// wasm.h: functions, globals, tables and memories.

#include <algorithm>

#include "runtime/api/wasm_refs.h"
#include "runtime/api/wasm_types.h"

using namespace sluice;
using namespace sluice::api;

namespace {

constexpr size_t kInlineValues = 8;

/// Room for a few elements here, for more on the heap: calls of common functions allocate nothing.
template <class T>
class SmallArray {
 public:
  explicit SmallArray(size_t size) : size_(size) {
    if (size > kInlineValues) heap_.resize(size);
  }
  T* data() { return size_ > kInlineValues ? heap_.data() : inline_; }
  std::span<T> span() { return {data(), size_}; }

 private:
  size_t size_;
  T inline_[kInlineValues] = {};
  Vector<T> heap_;
};

/// Ends the roots that to_value gave to externrefs.
void unroot(WasmStore& store, std::span<const Value> cells, std::span<const ValType> types) {
  for (size_t i = 0; i < types.size(); ++i) {
    if (valkind_of(types[i]) == WASM_EXTERNREF) store.store->refs().unroot(cells[i].bits[0]);
  }
}

/// Writes the values as cells, rooted. If one does not fit its type: false, and none is rooted.
bool to_cells(WasmStore& store, std::span<const wasm_val_t> values, std::span<const ValType> types,
              Value* cells) {
  if (values.size() != types.size()) return false;
  for (size_t i = 0; i < types.size(); ++i) {
    if (!fits(store, values[i], types[i])) return false;
  }
  for (size_t i = 0; i < types.size(); ++i) cells[i] = to_value(store, values[i], types[i]);
  return true;
}

void to_vals(const std::shared_ptr<WasmStore>& store, std::span<const Value> cells,
             std::span<const ValType> types, wasm_val_t* out) {
  for (size_t i = 0; i < types.size(); ++i) out[i] = to_val(store, cells[i], types[i]);
}

void delete_vals(std::span<wasm_val_t> values) {
  for (wasm_val_t& value : values) wasm_val_delete(&value);
}

std::span<wasm_val_t> span_of(const wasm_val_vec_t* vec) {
  if (vec == nullptr) return {};
  return {vec->data, vec->size};
}

/// One value of a type as a cell, rooted until this goes.
struct RootedCell {
  RootedCell(WasmStore& s, const wasm_val_t& value, ValType t) : store(s), type(t) {
    is_fit = to_cells(s, {&value, 1}, {&type, 1}, &cell);
  }
  RootedCell(WasmStore& s, const wasm_ref_t* ref, ValType t)
      : RootedCell(s, {valkind_of(t), {.ref = const_cast<wasm_ref_t*>(ref)}}, t) {}
  RootedCell(const RootedCell&) = delete;
  RootedCell& operator=(const RootedCell&) = delete;
  ~RootedCell() { unroot(store, {&cell, 1}, {&type, 1}); }

  WasmStore& store;
  ValType type;
  Value cell;
  bool is_fit = false;
};

/// A host function's environment. The store owns it, so it must not own the store.
struct HostFunction : Allocated {
  ~HostFunction() {
    if (finalizer != nullptr) finalizer(env);
  }
  std::weak_ptr<WasmStore> store;
  const FuncType* type = nullptr;           // of the engine's registry
  wasm_func_callback_t callback = nullptr;  // this or the next is set
  wasm_func_callback_with_env_t callback_with_env = nullptr;
  void* env = nullptr;
  void (*finalizer)(void*) = nullptr;
};

void release_host_function(void* host) { delete static_cast<HostFunction*>(host); }

TrapCode call_host_function(void* env, Caller& caller, Value* cells) {
  const auto& host = *static_cast<const HostFunction*>(env);
  const std::shared_ptr<WasmStore> store = host.store.lock();
  if (store == nullptr) return caller.fail("the store is being deleted");
  const std::span<const ValType> params = host.type->params();
  const std::span<const ValType> result_types = host.type->results();

  SmallArray<wasm_val_t> args(params.size());
  SmallArray<wasm_val_t> results(result_types.size());
  to_vals(store, {cells, params.size()}, params, args.data());
  for (wasm_val_t& result : results.span()) result = WASM_INIT_VAL;
  const wasm_val_vec_t arg_vec = {params.size(), args.data()};
  wasm_val_vec_t result_vec = {result_types.size(), results.data()};
  wasm_trap_t* trap = host.callback != nullptr
                          ? host.callback(&arg_vec, &result_vec)
                          : host.callback_with_env(host.env, &arg_vec, &result_vec);
  delete_vals(args.span());

  TrapCode code = TrapCode::None;
  if (trap != nullptr) {
    code = throw_trap(caller, trap);
  } else if (to_cells(*store, results.span(), result_types, cells)) {
    unroot(*store, {cells, result_types.size()},
           result_types);  // nothing is made before Wasm has them
    for (size_t i = 0; i < result_types.size(); ++i) {
      if (!store->store->matches(cells[i], result_types[i])) {
        code = caller.fail("a host function's result is of another type");
      }
    }
  } else {
    code = caller.fail("a host function's result is of another type");
  }
  delete_vals(results.span());
  return code;
}

std::optional<CanonicalTypeId> signature_of(Engine& engine, const wasm_functype_t& type) {
  Vector<ValType> types;
  for (const wasm_valtype_vec_t* vec : {&type.params, &type.results}) {
    for (size_t i = 0; i < vec->size; ++i) {
      if (vec->data[i] == nullptr || !is_valkind(vec->data[i]->kind)) return std::nullopt;
      types.push_back(valtype_of(vec->data[i]->kind));
    }
  }
  static_assert(sizeof(ValType) == sizeof(sluice_type_t));
  const auto* numbers = reinterpret_cast<const sluice_type_t*>(types.data());
  const Result<CanonicalTypeId> id = parse_func_type(
      *engine.types(), {numbers, type.params.size, numbers + type.params.size, type.results.size});
  if (!id) return std::nullopt;
  return *id;
}

wasm_func_t* new_host_func(wasm_store_t* store, const wasm_functype_t* type,
                           std::unique_ptr<HostFunction> host) {
  Engine& engine = *store->value->engine;
  const std::optional<CanonicalTypeId> signature = signature_of(engine, *type);
  if (!signature) return nullptr;
  host->store = store->value;
  host->type = &engine.types()->func_type(*signature);
  auto def = make_shared_heap<HostFuncDef>();
  def->signature = *signature;
  def->callback = &call_host_function;
  def->env = host.release();
  def->release_env = &release_host_function;
  const Result<Func> func = Func::create_host(*store->value->store, std::move(def));
  return func ? new_ref<wasm_func_t>(store->value, RefKind::Func, func->record()) : nullptr;
}

Func func_of(const wasm_func_t* func) { return Func(&object_of<FuncRecord>(func)); }

}  // namespace

extern "C" {

// Functions

wasm_func_t* wasm_func_new(wasm_store_t* store, const wasm_functype_t* type,
                           wasm_func_callback_t callback) {
  auto host = std::unique_ptr<HostFunction>(new HostFunction);
  host->callback = callback;
  return new_host_func(store, type, std::move(host));
}

wasm_func_t* wasm_func_new_with_env(wasm_store_t* store, const wasm_functype_t* type,
                                    wasm_func_callback_with_env_t callback, void* env,
                                    void (*finalizer)(void*)) {
  auto host = std::unique_ptr<HostFunction>(new HostFunction);
  host->callback_with_env = callback;
  host->env = env;
  host->finalizer = finalizer;
  return new_host_func(store, type, std::move(host));
}

wasm_functype_t* wasm_func_type(const wasm_func_t* func) {
  return new_functype(func_of(func).type());
}
size_t wasm_func_param_arity(const wasm_func_t* func) { return func_of(func).type().param_count; }
size_t wasm_func_result_arity(const wasm_func_t* func) { return func_of(func).type().result_count; }

wasm_trap_t* wasm_func_call(const wasm_func_t* func, const wasm_val_vec_t* args,
                            wasm_val_vec_t* results) {
  const std::shared_ptr<WasmStore> store = unwrap(func)->store;
  const Func callee = func_of(func);
  const FuncType& type = callee.type();
  const std::span<const wasm_val_t> given = span_of(args);
  const std::span<wasm_val_t> out = span_of(results);
  SmallArray<Value> params(type.param_count);
  SmallArray<Value> cells(type.result_count);
  if (out.size() != type.result_count || !to_cells(*store, given, type.params(), params.data())) {
    return new_trap(store, Failure(Error{ErrorKind::SignatureMismatch, kNoOffset,
                                         String("the call's arguments or results")}));
  }
  Outcome<void> done = callee.call(params.span(), cells.span());
  unroot(*store, params.span(), type.params());
  if (!done) return new_trap(store, std::move(done).error());
  to_vals(store, cells.span(), type.results(), out.data());
  return nullptr;
}

// Globals

wasm_global_t* wasm_global_new(wasm_store_t* store, const wasm_globaltype_t* type,
                               const wasm_val_t* value) {
  if (!is_valkind(type->content.kind)) return nullptr;
  const ValType content = valtype_of(type->content.kind);
  const RootedCell cell(*store->value, *value, content);
  if (!cell.is_fit) return nullptr;
  const Result<Global*> global =
      Global::create(*store->value->store, {content, type->mutability == WASM_VAR}, cell.cell);
  return global ? new_ref<wasm_global_t>(store->value, RefKind::Global, *global) : nullptr;
}

wasm_globaltype_t* wasm_global_type(const wasm_global_t* global) {
  const GlobalType& type = object_of<Global>(global).type();
  return new wasm_globaltype_t(valkind_of(type.type), type.is_mutable ? WASM_VAR : WASM_CONST);
}

void wasm_global_get(const wasm_global_t* global, wasm_val_t* out) {
  const auto& object = object_of<Global>(global);
  *out = to_val(unwrap(global)->store, object.get(), object.type().type);
}

void wasm_global_set(wasm_global_t* global, const wasm_val_t* value) {
  auto& object = object_of<Global>(global);
  const RootedCell cell(*unwrap(global)->store, *value, object.type().type);
  if (cell.is_fit) (void)object.set(cell.cell);
}

// Tables

wasm_table_t* wasm_table_new(wasm_store_t* store, const wasm_tabletype_t* type, wasm_ref_t* init) {
  if (!is_valkind(type->element.kind)) return nullptr;
  const ValType element = valtype_of(type->element.kind);
  const RootedCell cell(*store->value, init, element);
  if (!element.is_ref() || !cell.is_fit) return nullptr;
  const Result<Table*> table =
      Table::create(*store->value->store, {element, limits_of(type->limits)}, cell.cell);
  return table ? new_ref<wasm_table_t>(store->value, RefKind::Table, *table) : nullptr;
}

wasm_tabletype_t* wasm_table_type(const wasm_table_t* table) {
  const TableType type = object_of<Table>(table).type();
  return new wasm_tabletype_t(valkind_of(type.element), limits_of(type.limits));
}

wasm_ref_t* wasm_table_get(const wasm_table_t* table, wasm_table_size_t index) {
  const auto& object = object_of<Table>(table);
  const Result<Value> value = object.get(index);
  return value ? value_to_ref(unwrap(table)->store, *value, object.type().element) : nullptr;
}

bool wasm_table_set(wasm_table_t* table, wasm_table_size_t index, wasm_ref_t* ref) {
  auto& object = object_of<Table>(table);
  const RootedCell cell(*unwrap(table)->store, ref, object.type().element);
  return cell.is_fit && object.set(index, cell.cell).has_value();
}

wasm_table_size_t wasm_table_size(const wasm_table_t* table) {
  return static_cast<wasm_table_size_t>(object_of<Table>(table).size());
}

bool wasm_table_grow(wasm_table_t* table, wasm_table_size_t delta, wasm_ref_t* init) {
  auto& object = object_of<Table>(table);
  const RootedCell cell(*unwrap(table)->store, init, object.type().element);
  return cell.is_fit && object.grow(delta, cell.cell).has_value();
}

// Memories

wasm_memory_t* wasm_memory_new(wasm_store_t* store, const wasm_memorytype_t* type) {
  const Result<Memory*> memory =
      Memory::create(*store->value->store, {limits_of(type->limits), kDefaultPageSizeLog2});
  return memory ? new_ref<wasm_memory_t>(store->value, RefKind::Memory, *memory) : nullptr;
}

wasm_memorytype_t* wasm_memory_type(const wasm_memory_t* memory) {
  return new wasm_memorytype_t(limits_of(object_of<Memory>(memory).type().limits));
}

byte_t* wasm_memory_data(wasm_memory_t* memory) {
  return reinterpret_cast<byte_t*>(object_of<Memory>(memory).base());
}
size_t wasm_memory_data_size(const wasm_memory_t* memory) {
  return object_of<Memory>(memory).size_bytes();
}
wasm_memory_pages_t wasm_memory_size(const wasm_memory_t* memory) {
  return static_cast<wasm_memory_pages_t>(object_of<Memory>(memory).size_pages());
}
bool wasm_memory_grow(wasm_memory_t* memory, wasm_memory_pages_t delta) {
  return object_of<Memory>(memory).grow(delta).has_value();
}

// What kind an extern is, and of which type

wasm_externkind_t wasm_extern_kind(const wasm_extern_t* ref) {
  switch (unwrap(ref)->target.kind) {
  case RefKind::Func: return WASM_EXTERN_FUNC;
  case RefKind::Global: return WASM_EXTERN_GLOBAL;
  case RefKind::Table: return WASM_EXTERN_TABLE;
  default: return WASM_EXTERN_MEMORY;
  }
}

wasm_externtype_t* wasm_extern_type(const wasm_extern_t* ref) {
  switch (unwrap(ref)->target.kind) {
  case RefKind::Func: return wasm_func_type(wasm_extern_as_func_const(ref));
  case RefKind::Global: return wasm_global_type(wasm_extern_as_global_const(ref));
  case RefKind::Table: return wasm_table_type(wasm_extern_as_table_const(ref));
  default: return wasm_memory_type(wasm_extern_as_memory_const(ref));
  }
}

}  // extern "C"

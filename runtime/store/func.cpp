#include "runtime/store/func.h"

#include <algorithm>

#include "runtime/store/engine.h"
#include "runtime/store/store.h"

namespace sluice {
namespace {

/// The ArrayHostFunction behind every host function that takes its arguments in cells.
uint32_t call_host_callback(void* env, InstanceData* caller_data, void* cells) {
  const HostFunc& host = *static_cast<HostFunc*>(static_cast<HostContext*>(env));
  Caller caller(*host.store, caller_data);
  return static_cast<uint32_t>(
      host.def->callback(host.def->env, caller, static_cast<Value*>(cells)));
}

String describe_counts(const char* what, size_t expected, size_t found) {
  String detail("expected ");
  detail += decimal(expected);
  detail += ' ';
  detail += what;
  detail += ", found ";
  detail += decimal(found);
  return detail;
}

}  // namespace

Store& Func::store() const { return Store::of(*record_->instance); }

const FuncType& Func::type() const { return store().engine().types()->func_type(signature()); }

Result<Func> Func::create_host(Store& store, std::shared_ptr<const HostFuncDef> def) {
  const auto found = store.host_funcs_.find(def.get());
  if (found != store.host_funcs_.end()) return Func(&found->second->record);
  const bool typed = def->typed_code != nullptr;
  const uint32_t shim = TRY(store.engine().host_shim(def->signature, typed));
  std::unique_ptr<HostFunc> host(new HostFunc);
  host->env = def->env;
  host->HostContext::store = &store;
  store.init_block(host->data);
  host->data.owner = host.get();
  host->data.host_code =
      typed ? const_cast<void*>(def->typed_code) : reinterpret_cast<void*>(&call_host_callback);
  host->data.host_env = static_cast<HostContext*>(host.get());
  host->record.signature = raw(def->signature);
  host->record.code_offset = shim;
  host->record.instance = &host->data;
  host->def = std::move(def);
  const HostFuncDef* key = host->def.get();
  FuncRecord* record = &host->record;
  store.host_funcs_.emplace(key, std::move(host));
  return Func(record);
}

Outcome<void> Func::call(Store& store, std::span<const Value> args,
                         std::span<Value> results) const {
  if (&this->store() != &store) return fail(ErrorKind::WrongStore);
  return call(args, results);
}

Outcome<void> Func::call(std::span<const Value> args, std::span<Value> results) const {
  Store& store = this->store();
  TRY_VOID(store.check_thread());
  const FuncType& type = this->type();
  if (args.size() != type.param_count) {
    return fail(ErrorKind::SignatureMismatch, kNoOffset,
                describe_counts("arguments", type.param_count, args.size()));
  }
  if (results.size() != type.result_count) {
    return fail(ErrorKind::SignatureMismatch, kNoOffset,
                describe_counts("results", type.result_count, results.size()));
  }
  const ArrayEntry entry = store.array_entry(signature());
  if (entry == nullptr) return fail(ErrorKind::CodeMemoryFull);

  constexpr size_t kInlineCells = 16;
  union Cells {
    Cells() {}  // most calls need few of them
    Value values[kInlineCells];
  } inline_cells;
  Vector<Value> heap_cells;
  Value* cells = inline_cells.values;
  if (const size_t needed = std::max(args.size(), results.size()); needed > kInlineCells) {
    heap_cells.resize(needed);
    cells = heap_cells.data();
  }
  const std::span<const ValType> params = type.params();
  for (size_t i = 0; i < args.size(); ++i) {
    if (params[i].is_ref() && !store.matches(args[i], params[i])) {
      return fail(ErrorKind::SignatureMismatch, kNoOffset,
                  String("argument ") + decimal(i) +
                      " is not a reference of the right type and store");
    }
    cells[i] = normalized(args[i], params[i]);
  }
  const FuncImport target{
      reinterpret_cast<const void*>(record_->instance->code_base + record_->code_offset),
      record_->instance};
  // Without a hook, which few engines allow, these cost a comparison each.
  store.tell_hook(CallEvent::CallsWasm);
  const uint64_t code = entry(&target, cells);
  store.tell_hook(CallEvent::ReturnsFromWasm);
  if (code != 0) return std::unexpected(Failure(store.take_trap(static_cast<TrapCode>(code))));
  std::copy_n(cells, results.size(), results.begin());
  return {};
}

Instance* Caller::instance() const {
  return instance_ == nullptr || instance_->host_code != nullptr
             ? nullptr
             : static_cast<Instance*>(instance_->owner);
}

Memory* Caller::memory() const {
  const Instance* caller = instance();
  return caller == nullptr ? nullptr : caller->default_memory();
}

TrapCode Caller::fail(std::string_view message, HostPayload payload) const {
  store_.note_host_failure(String(message), std::move(payload), nullptr);
  return TrapCode::Host;
}

TrapCode Caller::fail(Failure failure) const {
  if (failure.trap == nullptr) {
    store_.note_host_failure(failure.error.message(), {}, nullptr);
    return TrapCode::Host;
  }
  const TrapCode code = failure.trap->code();
  store_.throw_again(*failure.trap);
  // Nobody else can pass it on once more: then the throw alone keeps the exception.
  if (failure.trap.use_count() == 1) failure.trap->drop_exception();
  store_.note_host_failure({}, {}, std::move(failure.trap));
  return code;
}

}  // namespace sluice

// Glue between cells and the functions of calls.h: signatures and argument passing are derived
// from each function's own type.
#include "runtime/wasi/preview1.h"

#include <span>
#include <type_traits>
#include <utility>

#include "runtime/store/linker.h"
#include "runtime/store/memory.h"
#include "runtime/wasi/calls.h"
#include "runtime/wasi/trace.h"

namespace sluice::wasi {

namespace {

template <class T>
constexpr ValType wasm_type() {
  static_assert(std::is_same_v<T, uint32_t> || std::is_same_v<T, uint64_t> ||
                std::is_same_v<T, int64_t>);
  return sizeof(T) == 4 ? kI32 : kI64;
}

/// Only proc_exit has no result: it does not come back.
bool returns(std::string_view name) { return name != "proc_exit"; }

GuestMemory memory_of(const Caller& caller) {
  Memory* memory = caller.memory();
  if (memory == nullptr) return GuestMemory(nullptr, 0);
  return GuestMemory(memory->base(), memory->size_bytes(),
                     memory->may_fault() ? &memory->data() : nullptr);
}

/// What a host function needs at run time.
struct Binding : Allocated {
  std::shared_ptr<Context> context;
  const char* name;
  const char* kinds;  // of its parameters, see preview1.def
};

/// What one function looks like to the linker.
template <auto kFunction>
struct Call;

template <class... Params, Status (*kFunction)(Context&, Mem, Params...)>
struct Call<kFunction> {
  static Result<void> define(Linker& linker, std::string_view module, const char* name,
                             const char* kinds, const std::shared_ptr<Context>& context) {
    const ValType params[] = {wasm_type<Params>()..., kI32};  // one more: never empty
    const ValType results[] = {kI32};
    auto* binding = new Binding{{}, context, name, kinds};
    return linker.define_func(module, name,
                              std::span<const ValType>(params).first(sizeof...(Params)),
                              std::span<const ValType>(results).first(returns(name) ? 1 : 0), &run,
                              binding, [](void* env) { delete static_cast<Binding*>(env); });
  }

  static TrapCode run(void* env, Caller& caller, Value* cells) {
    const Binding& binding = *static_cast<Binding*>(env);
    binding.context->set_store(caller.store());
    return run_with(binding, memory_of(caller), cells, std::index_sequence_for<Params...>{});
  }

  template <size_t... kIndex>
  static TrapCode run_with(const Binding& binding, Mem mem, Value* cells,
                           std::index_sequence<kIndex...>) {
    Context& context = *binding.context;
    const uint64_t arguments[] = {cells[kIndex].as_u64()..., 0};
    Status status = kFunction(context, mem, static_cast<Params>(arguments[kIndex])...);
    Errno error = status ? Errno::Success : status.error();
    if (context.trace() != nullptr) {
      context.trace()->line(trace_line(binding.name, binding.kinds, mem, arguments, error));
    }
    if (context.take_exit()) return TrapCode::Exit;
    cells[0] = Value::i32(static_cast<int32_t>(error));
    return TrapCode::None;
  }
};

}  // namespace

namespace unstable {

// Names are looked for here first: the four functions that differ are found, then all others.
Result<void> define(Linker& linker, const std::shared_ptr<Context>& context) {
#define WASI_CALL(name, kinds)                                                                     \
  TRY_VOID(Call<&name>::define(linker, kUnstableName, #name, kinds, context));
#include "runtime/wasi/preview1.def"
#undef WASI_CALL
  return {};
}

}  // namespace unstable

Result<void> define_preview1(Linker& linker, const std::shared_ptr<Context>& context) {
#define WASI_CALL(name, kinds)                                                                     \
  TRY_VOID(Call<&name>::define(linker, kModuleName, #name, kinds, context));
#include "runtime/wasi/preview1.def"
#undef WASI_CALL
  return unstable::define(linker, context);
}

}  // namespace sluice::wasi

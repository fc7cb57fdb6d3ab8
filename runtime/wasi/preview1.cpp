// Glue between cells and the functions of calls.h: signatures and argument passing are derived
// from each function's own type.
#include "runtime/wasi/preview1.h"

#include <span>
#include <type_traits>
#include <utility>

#include "runtime/store/linker.h"
#include "runtime/store/memory.h"
#include "runtime/wasi/calls.h"

namespace sluice::wasi {

namespace {

template <class T>
constexpr ValType wasm_type() {
  static_assert(std::is_same_v<T, uint32_t> || std::is_same_v<T, uint64_t> ||
                std::is_same_v<T, int64_t>);
  return sizeof(T) == 4 ? kI32 : kI64;
}

template <class T>
T argument(const Value& cell) {
  return static_cast<T>(cell.as_u64());
}

GuestMemory memory_of(const Caller& caller) {
  Memory* memory = caller.memory();
  if (memory == nullptr) return GuestMemory(nullptr, 0);
  return GuestMemory(memory->base(), memory->size_bytes());
}

/// What one function looks like to the linker.
template <auto kFunction>
struct Call;

template <class... Params, Status (*kFunction)(Context&, Mem, Params...)>
struct Call<kFunction> {
  static Result<void> define(Linker& linker, std::string_view name, Context& context) {
    const ValType params[] = {wasm_type<Params>()..., kI32};  // one more: never empty
    const ValType results[] = {kI32};
    return linker.define_func(kModuleName, name,
                              std::span<const ValType>(params).first(sizeof...(Params)), results,
                              &run, &context);
  }

  static TrapCode run(void* env, Caller& caller, Value* cells) {
    return run_with(*static_cast<Context*>(env), caller, cells,
                    std::index_sequence_for<Params...>{});
  }

  template <size_t... kIndex>
  static TrapCode run_with(Context& context, Caller& caller, Value* cells,
                           std::index_sequence<kIndex...>) {
    Status status = kFunction(context, memory_of(caller), argument<Params>(cells[kIndex])...);
    Errno error = status ? Errno::Success : status.error();
    cells[0] = Value::i32(static_cast<int32_t>(error));
    return TrapCode::None;
  }
};

TrapCode proc_exit(void* env, Caller&, Value* cells) {
  static_cast<Context*>(env)->set_exit_status(cells[0].as_u32());
  return TrapCode::Exit;
}

}  // namespace

Result<void> define_preview1(Linker& linker, Context& context) {
#define WASI_CALL(name) TRY_VOID(Call<name>::define(linker, #name, context));
#include "runtime/wasi/preview1.def"
#undef WASI_CALL
  const ValType params[] = {kI32};
  return linker.define_func(kModuleName, "proc_exit", params, {}, &proc_exit, &context);
}

}  // namespace sluice::wasi

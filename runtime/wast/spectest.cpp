#include "runtime/wast/spectest.h"

#include <initializer_list>
#include <vector>

#include "runtime/store/engine.h"

namespace sluice::wast {
namespace {

// The suites only check that the calls link and return; what they print is of no interest.
TrapCode print_nothing(void*, Caller&, Value*) { return TrapCode::None; }

Result<void> define_print(Linker& linker, std::string_view name,
                          std::initializer_list<ValType> params) {
  std::vector<ValType> types(params);
  return linker.define_func("spectest", name, types, {}, print_nothing);
}

Result<void> define_global(Linker& linker, Store& store, std::string_view name, ValType type,
                           Value value) {
  Global* global = TRY(Global::create(store, GlobalType{type, false}, value));
  return linker.define("spectest", name, Extern(global));
}

Limits limits(uint64_t min, uint64_t max, bool is_64, bool is_shared) {
  return Limits{min, max, true, is_64, is_shared};
}

}  // namespace

Result<void> define_spectest(Linker& linker, Store& store) {
  TRY_VOID(define_print(linker, "print", {}));
  TRY_VOID(define_print(linker, "print_i32", {kI32}));
  TRY_VOID(define_print(linker, "print_i64", {kI64}));
  TRY_VOID(define_print(linker, "print_f32", {kF32}));
  TRY_VOID(define_print(linker, "print_f64", {kF64}));
  TRY_VOID(define_print(linker, "print_i32_f32", {kI32, kF32}));
  TRY_VOID(define_print(linker, "print_f64_f64", {kF64, kF64}));
  TRY_VOID(define_global(linker, store, "global_i32", kI32, Value::i32(666)));
  TRY_VOID(define_global(linker, store, "global_i64", kI64, Value::i64(666)));
  TRY_VOID(define_global(linker, store, "global_f32", kF32, Value::f32(666.6f)));
  TRY_VOID(define_global(linker, store, "global_f64", kF64, Value::f64(666.6)));
  Table* table = TRY(Table::create(store, TableType{kFuncRef, limits(10, 20, false, false)}));
  TRY_VOID(linker.define("spectest", "table", Extern(table)));
  Table* table64 = TRY(Table::create(store, TableType{kFuncRef, limits(10, 20, true, false)}));
  TRY_VOID(linker.define("spectest", "table64", Extern(table64)));
  Memory* memory = TRY(Memory::create(store, MemoryType{limits(1, 2, false, false)}));
  TRY_VOID(linker.define("spectest", "memory", Extern(memory)));
  Memory* shared = TRY(Memory::create(store, MemoryType{limits(1, 2, false, true)}));
  return linker.define("spectest", "shared_memory", Extern(shared));
}

}  // namespace sluice::wast

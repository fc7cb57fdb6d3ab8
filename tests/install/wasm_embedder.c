/* A program over the standard wasm.h alone: every family of its functions, with their ownership.
 * Built against Sluice's header and, where another engine's copy of the header is found, against
 * that one: the two must declare the same interface.
 *
 * (module
 *   (import "env" "add" (func $add (param i32 i32) (result i32)))
 *   (import "env" "swap" (func $swap (param i64 f64) (result f64 i64)))
 *   (import "env" "keep" (func $keep (param externref) (result externref)))
 *   (import "env" "count" (global $count (mut i32)))
 *   (memory (export "memory") 1 3)
 *   (table (export "funcs") 2 4 funcref)
 *   (table (export "objects") 2 externref)
 *   (global (export "f32") (mut f32) (f32.const 1.5))
 *   (func $sum (export "sum") (param i32 i32) (result i32)
 *     (global.set $count (i32.add (global.get $count) (i32.const 1)))
 *     (call $add (local.get 0) (local.get 1)))
 *   (func (export "swap") (param i64 f64) (result f64 i64)
 *     (call $swap (local.get 0) (local.get 1)))
 *   (func (export "keep") (param externref) (result externref)
 *     (table.set 1 (i32.const 0) (local.get 0))
 *     (call $keep (local.get 0)))
 *   (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
 *   (elem (i32.const 0) $sum))
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasm.h>

/* clang-format off */
static const unsigned char kModule[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x18, 0x04, 0x60, 0x02, 0x7f, 0x7f,
    0x01, 0x7f, 0x60, 0x02, 0x7e, 0x7c, 0x02, 0x7c, 0x7e, 0x60, 0x01, 0x6f, 0x01, 0x6f, 0x60,
    0x01, 0x7f, 0x01, 0x7f, 0x02, 0x2e, 0x04, 0x03, 0x65, 0x6e, 0x76, 0x03, 0x61, 0x64, 0x64,
    0x00, 0x00, 0x03, 0x65, 0x6e, 0x76, 0x04, 0x73, 0x77, 0x61, 0x70, 0x00, 0x01, 0x03, 0x65,
    0x6e, 0x76, 0x04, 0x6b, 0x65, 0x65, 0x70, 0x00, 0x02, 0x03, 0x65, 0x6e, 0x76, 0x05, 0x63,
    0x6f, 0x75, 0x6e, 0x74, 0x03, 0x7f, 0x01, 0x03, 0x05, 0x04, 0x00, 0x01, 0x02, 0x03, 0x04,
    0x08, 0x02, 0x70, 0x01, 0x02, 0x04, 0x6f, 0x00, 0x02, 0x05, 0x04, 0x01, 0x01, 0x01, 0x03,
    0x06, 0x09, 0x01, 0x7d, 0x01, 0x43, 0x00, 0x00, 0xc0, 0x3f, 0x0b, 0x07, 0x3d, 0x08, 0x06,
    0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x05, 0x66, 0x75, 0x6e, 0x63, 0x73, 0x01,
    0x00, 0x07, 0x6f, 0x62, 0x6a, 0x65, 0x63, 0x74, 0x73, 0x01, 0x01, 0x03, 0x66, 0x33, 0x32,
    0x03, 0x01, 0x03, 0x73, 0x75, 0x6d, 0x00, 0x03, 0x04, 0x73, 0x77, 0x61, 0x70, 0x00, 0x04,
    0x04, 0x6b, 0x65, 0x65, 0x70, 0x00, 0x05, 0x04, 0x6c, 0x6f, 0x61, 0x64, 0x00, 0x06, 0x09,
    0x07, 0x01, 0x00, 0x41, 0x00, 0x0b, 0x01, 0x03, 0x0a, 0x2f, 0x04, 0x0f, 0x00, 0x23, 0x00,
    0x41, 0x01, 0x6a, 0x24, 0x00, 0x20, 0x00, 0x20, 0x01, 0x10, 0x00, 0x0b, 0x08, 0x00, 0x20,
    0x00, 0x20, 0x01, 0x10, 0x01, 0x0b, 0x0c, 0x00, 0x41, 0x00, 0x20, 0x00, 0x26, 0x01, 0x20,
    0x00, 0x10, 0x02, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x28, 0x02, 0x00, 0x0b};
/* clang-format on */

#define EXPECT(condition)                                                                          \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "wasm_embedder.c:%d: %s\n", __LINE__, #condition);                           \
      exit(1);                                                                                     \
    }                                                                                              \
  } while (0)

static int finalized;
static void count_finalized(void* info) { finalized += *(int*)info; }

static wasm_trap_t* add(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  EXPECT(args->size == 2 && args->data[0].kind == WASM_I32 && results->size == 1);
  results->data[0].kind = WASM_I32;
  results->data[0].of.i32 = args->data[0].of.i32 + args->data[1].of.i32;
  return NULL;
}

struct swapper {
  wasm_store_t* store;
  int calls;
  bool fail;
  bool wrong_kind;
};

static wasm_trap_t* swap(void* env, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  struct swapper* swapper = env;
  ++swapper->calls;
  if (swapper->fail) {
    wasm_message_t message;
    wasm_name_new_from_string_nt(&message, "no swapping today");
    wasm_trap_t* trap = wasm_trap_new(swapper->store, &message);
    wasm_byte_vec_delete(&message);
    wasm_trap_set_host_info(trap, swapper);
    return trap;
  }
  wasm_val_copy(&results->data[0], &args->data[1]);
  wasm_val_copy(&results->data[1], &args->data[swapper->wrong_kind ? 1 : 0]);
  return NULL;
}

static wasm_trap_t* keep(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  wasm_val_copy(&results->data[0], &args->data[0]);
  return NULL;
}

static bool name_is(const wasm_name_t* name, const char* text) {
  return name->size == strlen(text) && memcmp(name->data, text, name->size) == 0;
}

static void check_types(void) {
  wasm_functype_t* type = wasm_functype_new_2_1(
      wasm_valtype_new_i32(), wasm_valtype_new_externref(), wasm_valtype_new_f64());
  EXPECT(wasm_functype_params(type)->size == 2 && wasm_functype_results(type)->size == 1);
  wasm_externtype_t* copy = wasm_externtype_copy(wasm_functype_as_externtype(type));
  wasm_functype_delete(type);
  EXPECT(wasm_externtype_kind(copy) == WASM_EXTERN_FUNC);
  EXPECT(wasm_externtype_as_memorytype(copy) == NULL);
  const wasm_functype_t* again = wasm_externtype_as_functype_const(copy);
  EXPECT(wasm_valtype_kind(wasm_functype_params(again)->data[1]) == WASM_EXTERNREF);
  EXPECT(wasm_valtype_is_num(wasm_functype_results(again)->data[0]));

  wasm_name_t module, name;
  wasm_name_new_from_string(&module, "m");
  wasm_name_new_from_string(&name, "n");
  wasm_importtype_t* import = wasm_importtype_new(&module, &name, copy);
  wasm_importtype_t* other = wasm_importtype_copy(import);
  wasm_importtype_delete(import);
  EXPECT(name_is(wasm_importtype_module(other), "m") && name_is(wasm_importtype_name(other), "n"));
  wasm_importtype_t* imports[1] = {other};
  wasm_importtype_vec_t vec, vec_copy;
  wasm_importtype_vec_new(&vec, 1, imports);
  wasm_importtype_vec_copy(&vec_copy, &vec);
  wasm_importtype_vec_delete(&vec);
  EXPECT(vec_copy.size == 1 && vec.data == NULL);
  wasm_importtype_vec_delete(&vec_copy);

  wasm_limits_t limits = {1, wasm_limits_max_default};
  wasm_tabletype_t* table = wasm_tabletype_new(wasm_valtype_new(WASM_FUNCREF), &limits);
  EXPECT(wasm_tabletype_limits(table)->max == 0xffffffff);
  wasm_externtype_delete(wasm_tabletype_as_externtype(table));
  EXPECT(wasm_valtype_new(77) == NULL);
}

static void check_module(const wasm_module_t* module) {
  wasm_importtype_vec_t imports;
  wasm_exporttype_vec_t exports;
  wasm_module_imports(module, &imports);
  wasm_module_exports(module, &exports);
  EXPECT(imports.size == 4 && exports.size == 8);
  EXPECT(name_is(wasm_importtype_name(imports.data[1]), "swap"));
  const wasm_functype_t* swap_type =
      wasm_externtype_as_functype_const(wasm_importtype_type(imports.data[1]));
  EXPECT(wasm_valtype_kind(wasm_functype_results(swap_type)->data[0]) == WASM_F64);
  const wasm_globaltype_t* count =
      wasm_externtype_as_globaltype_const(wasm_importtype_type(imports.data[3]));
  EXPECT(wasm_globaltype_mutability(count) == WASM_VAR);
  const wasm_memorytype_t* memory =
      wasm_externtype_as_memorytype_const(wasm_exporttype_type(exports.data[0]));
  EXPECT(wasm_memorytype_limits(memory)->min == 1 && wasm_memorytype_limits(memory)->max == 3);
  wasm_importtype_vec_delete(&imports);
  wasm_exporttype_vec_delete(&exports);
}

static void check_call(const wasm_extern_vec_t* exports, wasm_global_t* count) {
  wasm_func_t* sum = wasm_extern_as_func(exports->data[4]);
  EXPECT(wasm_func_param_arity(sum) == 2 && wasm_func_result_arity(sum) == 1);
  wasm_val_t args[2] = {WASM_I32_VAL(40), WASM_I32_VAL(2)};
  wasm_val_t results[1] = {WASM_INIT_VAL};
  wasm_val_vec_t arg_vec = WASM_ARRAY_VEC(args);
  wasm_val_vec_t result_vec = WASM_ARRAY_VEC(results);
  EXPECT(wasm_func_call(sum, &arg_vec, &result_vec) == NULL);
  EXPECT(results[0].kind == WASM_I32 && results[0].of.i32 == 42);
  wasm_val_t counted;
  wasm_global_get(count, &counted);
  EXPECT(counted.of.i32 == 1);
  /* What does not fit the type runs nothing and is a trap. */
  args[0].kind = WASM_F32;
  wasm_trap_t* trap = wasm_func_call(sum, &arg_vec, &result_vec);
  EXPECT(trap != NULL);
  wasm_trap_delete(trap);
  wasm_val_vec_t none = WASM_EMPTY_VEC;
  trap = wasm_func_call(sum, &none, &result_vec);
  EXPECT(trap != NULL);
  wasm_trap_delete(trap);
  wasm_global_get(count, &counted);
  EXPECT(counted.of.i32 == 1);
}

static void check_traps(const wasm_extern_vec_t* exports, struct swapper* swapper) {
  const wasm_func_t* func = wasm_extern_as_func_const(exports->data[5]);
  wasm_val_t args[2] = {WASM_I64_VAL(7), WASM_F64_VAL(2.5)};
  wasm_val_t results[2] = {WASM_INIT_VAL, WASM_INIT_VAL};
  wasm_val_vec_t arg_vec = WASM_ARRAY_VEC(args);
  wasm_val_vec_t result_vec = WASM_ARRAY_VEC(results);
  EXPECT(wasm_func_call(func, &arg_vec, &result_vec) == NULL);
  EXPECT(results[0].of.f64 == 2.5 && results[1].of.i64 == 7);

  swapper->fail = true;
  wasm_trap_t* trap = wasm_func_call(func, &arg_vec, &result_vec);
  swapper->fail = false;
  EXPECT(trap != NULL);
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  EXPECT(message.size == 18 && strcmp(message.data, "no swapping today") == 0);
  EXPECT(wasm_trap_get_host_info(trap) == swapper); /* it is the trap that the callback made */
  wasm_byte_vec_delete(&message);
  wasm_frame_vec_t frames;
  wasm_trap_trace(trap, &frames);
  EXPECT(frames.size == 1 && wasm_frame_func_index(frames.data[0]) == 4);
  EXPECT(wasm_frame_module_offset(frames.data[0]) > wasm_frame_func_offset(frames.data[0]));
  wasm_frame_vec_delete(&frames);
  wasm_trap_delete(trap);

  swapper->wrong_kind = true;
  trap = wasm_func_call(func, &arg_vec, &result_vec);
  swapper->wrong_kind = false;
  EXPECT(trap != NULL);
  wasm_trap_delete(trap);

  const wasm_func_t* load = wasm_extern_as_func_const(exports->data[7]);
  wasm_val_t address[1] = {WASM_I32_VAL(-4)};
  wasm_val_t loaded[1] = {WASM_INIT_VAL};
  wasm_val_vec_t address_vec = WASM_ARRAY_VEC(address);
  wasm_val_vec_t loaded_vec = WASM_ARRAY_VEC(loaded);
  trap = wasm_func_call(load, &address_vec, &loaded_vec);
  EXPECT(trap != NULL);
  wasm_frame_t* origin = wasm_trap_origin(trap);
  EXPECT(wasm_frame_func_index(origin) == 6);
  wasm_frame_delete(origin);
  wasm_trap_delete(trap);
}

static void check_references(wasm_store_t* store, const wasm_extern_vec_t* exports) {
  static int weight = 100;
  wasm_foreign_t* object = wasm_foreign_new(store);
  wasm_foreign_set_host_info_with_finalizer(object, &weight, count_finalized);
  wasm_val_t args[1];
  wasm_val_t results[1] = {WASM_INIT_VAL};
  args[0].kind = WASM_EXTERNREF;
  args[0].of.ref = wasm_foreign_as_ref(object);
  wasm_val_vec_t arg_vec = WASM_ARRAY_VEC(args);
  wasm_val_vec_t result_vec = WASM_ARRAY_VEC(results);
  EXPECT(wasm_func_call(wasm_extern_as_func(exports->data[6]), &arg_vec, &result_vec) == NULL);
  EXPECT(results[0].kind == WASM_EXTERNREF);
  EXPECT(wasm_ref_same(results[0].of.ref, args[0].of.ref));
  wasm_foreign_t* same = wasm_ref_as_foreign(results[0].of.ref);
  EXPECT(same != NULL && wasm_foreign_get_host_info(same) == &weight);
  EXPECT(wasm_ref_as_func(results[0].of.ref) == NULL);
  wasm_val_delete(&results[0]);
  wasm_foreign_delete(object);

  /* The table still has it. */
  wasm_table_t* objects = wasm_extern_as_table(exports->data[2]);
  wasm_ref_t* kept = wasm_table_get(objects, 0);
  EXPECT(kept != NULL && wasm_ref_get_host_info(kept) == &weight && finalized == 0);
  EXPECT(wasm_table_get(objects, 1) == NULL && wasm_table_get(objects, 2) == NULL);
  wasm_ref_delete(kept);
  results[0].of.ref = NULL;
  args[0].of.ref = NULL;
  EXPECT(wasm_func_call(wasm_extern_as_func(exports->data[6]), &arg_vec, &result_vec) == NULL);
  EXPECT(results[0].of.ref == NULL);

  wasm_table_t* funcs = wasm_extern_as_table(exports->data[1]);
  wasm_ref_t* sum = wasm_table_get(funcs, 0);
  EXPECT(wasm_ref_same(sum, wasm_extern_as_ref(exports->data[4])));
  EXPECT(wasm_table_set(funcs, 1, sum) && !wasm_table_set(funcs, 2, sum));
  EXPECT(wasm_table_grow(funcs, 2, sum) && wasm_table_size(funcs) == 4);
  EXPECT(!wasm_table_grow(funcs, 1, NULL));
  EXPECT(!wasm_table_set(funcs, 0, wasm_extern_as_ref(exports->data[0]))); /* no function */
  wasm_ref_delete(sum);
}

static void check_objects(wasm_store_t* store, const wasm_extern_vec_t* exports) {
  wasm_memory_t* memory = wasm_extern_as_memory(exports->data[0]);
  EXPECT(wasm_memory_size(memory) == 1 && wasm_memory_data_size(memory) == MEMORY_PAGE_SIZE);
  wasm_memory_data(memory)[65532] = 77;
  EXPECT(wasm_memory_grow(memory, 2) && !wasm_memory_grow(memory, 1));
  EXPECT(wasm_memory_data(memory)[65532] == 77 && wasm_memory_data(memory)[3 * 65536 - 1] == 0);

  wasm_global_t* f32 = wasm_extern_as_global(exports->data[3]);
  wasm_val_t value;
  wasm_global_get(f32, &value);
  EXPECT(value.kind == WASM_F32 && value.of.f32 == 1.5f);
  wasm_val_t other = WASM_F32_VAL(-3.0f);
  wasm_global_set(f32, &other);
  other.kind = WASM_I32; /* does not fit: nothing happens */
  wasm_global_set(f32, &other);
  wasm_global_get(f32, &value);
  EXPECT(value.of.f32 == -3.0f);

  wasm_limits_t limits = {1, 1};
  wasm_memorytype_t* memory_type = wasm_memorytype_new(&limits);
  wasm_memory_t* mine = wasm_memory_new(store, memory_type);
  EXPECT(mine != NULL && !wasm_memory_grow(mine, 1));
  wasm_memory_t* copy = wasm_memory_copy(mine);
  EXPECT(wasm_memory_same(mine, copy) && !wasm_memory_same(mine, memory));
  wasm_memory_delete(mine);
  wasm_externtype_t* type = wasm_extern_type(wasm_memory_as_extern(copy));
  EXPECT(wasm_externtype_kind(type) == WASM_EXTERN_MEMORY);
  wasm_externtype_delete(type);
  wasm_memory_delete(copy);
  wasm_memorytype_delete(memory_type);
  limits.min = 2; /* minimum above the maximum */
  memory_type = wasm_memorytype_new(&limits);
  EXPECT(wasm_memory_new(store, memory_type) == NULL);
  wasm_memorytype_delete(memory_type);
}

int main(void) {
  wasm_engine_t* engine = wasm_engine_new_with_config(wasm_config_new());
  wasm_store_t* store = wasm_store_new(engine);
  EXPECT(engine != NULL && store != NULL);
  check_types();

  wasm_byte_vec_t bytes;
  wasm_byte_vec_new_uninitialized(&bytes, sizeof kModule);
  memcpy(bytes.data, kModule, sizeof kModule);
  EXPECT(wasm_module_validate(store, &bytes));
  wasm_module_t* first = wasm_module_new(store, &bytes);
  bytes.data[4] = 9;
  EXPECT(!wasm_module_validate(store, &bytes) && wasm_module_new(store, &bytes) == NULL);
  wasm_byte_vec_delete(&bytes);
  wasm_module_serialize(first, &bytes);
  EXPECT(bytes.size >= 1);
  wasm_module_t* second = wasm_module_deserialize(store, &bytes);
  wasm_byte_vec_delete(&bytes);
  wasm_shared_module_t* shared = wasm_module_share(second);
  wasm_module_t* module = wasm_module_obtain(store, shared);
  EXPECT(module != NULL && !wasm_module_same(first, second));
  wasm_shared_module_delete(shared);
  wasm_module_delete(first);
  wasm_module_delete(second);
  check_module(module);

  static int env_weight = 1, module_weight = 10;
  struct swapper swapper = {store, 0, false, false};
  wasm_functype_t* add_type =
      wasm_functype_new_2_1(wasm_valtype_new_i32(), wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_functype_t* swap_type =
      wasm_functype_new_2_2(wasm_valtype_new_i64(), wasm_valtype_new_f64(), wasm_valtype_new_f64(),
                            wasm_valtype_new_i64());
  wasm_functype_t* keep_type =
      wasm_functype_new_1_1(wasm_valtype_new_externref(), wasm_valtype_new_externref());
  wasm_func_t* add_func = wasm_func_new(store, add_type, add);
  wasm_func_t* swap_func = wasm_func_new_with_env(store, swap_type, swap, &swapper, NULL);
  wasm_func_t* keep_func = wasm_func_new(store, keep_type, keep);
  wasm_func_t* unused =
      wasm_func_new_with_env(store, swap_type, swap, &env_weight, count_finalized);
  wasm_functype_t* type_again = wasm_func_type(swap_func);
  EXPECT(wasm_functype_results(type_again)->size == 2);
  wasm_functype_delete(type_again);
  wasm_functype_delete(add_type);
  wasm_functype_delete(swap_type);
  wasm_functype_delete(keep_type);
  wasm_globaltype_t* count_type = wasm_globaltype_new(wasm_valtype_new_i32(), WASM_VAR);
  wasm_val_t zero = WASM_I32_VAL(0);
  wasm_global_t* count = wasm_global_new(store, count_type, &zero);
  wasm_globaltype_delete(count_type);

  /* Too few, and one of another kind: no instance, and a trap that says why. */
  wasm_extern_t* imports[] = {wasm_func_as_extern(add_func), wasm_func_as_extern(swap_func),
                              wasm_func_as_extern(keep_func), wasm_func_as_extern(add_func)};
  wasm_extern_vec_t import_vec = {2, imports};
  wasm_trap_t* trap = NULL;
  EXPECT(wasm_instance_new(store, module, &import_vec, &trap) == NULL && trap != NULL);
  wasm_trap_delete(trap);
  import_vec.size = 4;
  EXPECT(wasm_instance_new(store, module, &import_vec, NULL) == NULL);
  imports[3] = wasm_global_as_extern(count);
  wasm_instance_t* instance = wasm_instance_new(store, module, &import_vec, &trap);
  EXPECT(instance != NULL && trap == NULL);
  wasm_module_set_host_info_with_finalizer(module, &module_weight, count_finalized);
  wasm_module_delete(module);
  EXPECT(finalized == 10);
  finalized = 0;

  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  EXPECT(exports.size == 8 && wasm_extern_kind(exports.data[0]) == WASM_EXTERN_MEMORY);
  check_call(&exports, count);
  check_traps(&exports, &swapper);
  check_references(store, &exports);
  check_objects(store, &exports);

  /* Objects may go in any order, the store before them. */
  wasm_func_delete(add_func);
  wasm_func_delete(swap_func);
  wasm_func_delete(keep_func);
  wasm_func_delete(unused);
  wasm_global_delete(count);
  wasm_engine_delete(engine);
  wasm_store_delete(store);
  wasm_val_t args[2] = {WASM_I32_VAL(1), WASM_I32_VAL(2)};
  wasm_val_t results[1] = {WASM_INIT_VAL};
  wasm_val_vec_t arg_vec = WASM_ARRAY_VEC(args);
  wasm_val_vec_t result_vec = WASM_ARRAY_VEC(results);
  EXPECT(wasm_func_call(wasm_extern_as_func(exports.data[4]), &arg_vec, &result_vec) == NULL);
  EXPECT(results[0].of.i32 == 3 && finalized == 0);
  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(instance);
  EXPECT(finalized == 101);
  return 0;
}

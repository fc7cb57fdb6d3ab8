/* The standard C interface: the same source works with any engine that has wasm.h. Only the text
 * form of the guest needs a function of Sluice's own.
 *
 *   wasm_h guests/calls.wat
 */
#include <sluice/sluice.h>
#include <stdio.h>
#include <stdlib.h>
#include <wasm.h>

static wasm_trap_t* ask(const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  results->data[0] = (wasm_val_t)WASM_I32_VAL(args->data[0].of.i32 * 2);
  return NULL;
}

static wasm_module_t* load(wasm_store_t* store, const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return NULL;
  char text[65536];
  const size_t size = fread(text, 1, sizeof text, file);
  fclose(file);
  uint8_t* bytes = NULL;
  size_t byte_count = 0;
  sluice_error_t* error = sluice_wat2wasm(text, size, &bytes, &byte_count);
  if (error != NULL) {
    sluice_error_delete(error);
    return NULL;
  }
  wasm_byte_vec_t binary;
  wasm_byte_vec_new(&binary, byte_count, (const char*)bytes);
  sluice_bytes_delete(bytes, byte_count);
  wasm_module_t* module = wasm_module_new(store, &binary);
  wasm_byte_vec_delete(&binary);
  return module;
}

int main(int argc, char** argv) {
  wasm_engine_t* engine = wasm_engine_new();
  wasm_store_t* store = wasm_store_new(engine);
  wasm_module_t* module = argc == 2 ? load(store, argv[1]) : NULL;
  if (module == NULL) return 1;

  wasm_functype_t* type = wasm_functype_new_1_1(wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasm_func_t* host = wasm_func_new(store, type, ask);
  wasm_functype_delete(type);
  wasm_extern_t* given[] = {wasm_func_as_extern(host)};
  wasm_extern_vec_t imports = WASM_ARRAY_VEC(given);
  wasm_trap_t* trap = NULL;
  wasm_instance_t* instance = wasm_instance_new(store, module, &imports, &trap);
  wasm_func_delete(host);
  if (instance == NULL) return 1;

  wasm_extern_vec_t exports; /* in the module's order: memory, add, ask … */
  wasm_instance_exports(instance, &exports);
  wasm_val_t arguments[] = {WASM_I32_VAL(21)};
  wasm_val_t values[] = {WASM_INIT_VAL};
  wasm_val_vec_t args = WASM_ARRAY_VEC(arguments), results = WASM_ARRAY_VEC(values);
  trap = wasm_func_call(wasm_extern_as_func(exports.data[2]), &args, &results);
  if (trap == NULL) printf("ask(21) is %d\n", values[0].of.i32);

  wasm_val_t zero[] = {WASM_I32_VAL(1), WASM_I32_VAL(0)};
  wasm_val_vec_t by_zero = WASM_ARRAY_VEC(zero);
  trap = wasm_func_call(wasm_extern_as_func(exports.data[3]), &by_zero, &results);
  if (trap != NULL) {
    wasm_message_t message;
    wasm_trap_message(trap, &message);
    printf("divide(1, 0): %s\n", message.data);
    wasm_byte_vec_delete(&message);
    wasm_trap_delete(trap);
  }

  wasm_extern_vec_delete(&exports);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_store_delete(store);
  wasm_engine_delete(engine);
  return 0;
}

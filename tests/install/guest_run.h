/* One round of everything an embedder does, through the C interface: an engine, a module streamed
 * in two pieces, a host function, a call, a trap. Returns null, or what went wrong. For C and C++.
 */
#ifndef GUEST_RUN_H
#define GUEST_RUN_H

#include <sluice/sluice.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"

static uint32_t twice(void* env, sluice_caller_t* caller, sluice_value_t* cells) {
  (void)env;
  (void)caller;
  cells[0].i32 *= 2;
  return 0;
}

/* Says what went wrong and frees the error; null stays null. */
static const char* complaint(sluice_error_t* error, const char* step) {
  static char text[512];
  if (error == NULL) return NULL;
  snprintf(text, sizeof text, "%s: %s", step, sluice_error_message(error));
  sluice_error_delete(error);
  return text;
}

static const char* compile_guest(sluice_engine_t* engine, sluice_module_t** module) {
  sluice_stream_t* stream = sluice_stream_new(engine, NULL, NULL);
  const size_t half = sizeof kGuest / 2;
  const char* wrong = complaint(sluice_stream_feed(stream, kGuest, half), "feed");
  if (wrong == NULL) {
    wrong = complaint(sluice_stream_feed(stream, kGuest + half, sizeof kGuest - half), "feed");
  }
  if (wrong == NULL) wrong = complaint(sluice_stream_finish(stream, module), "finish");
  sluice_stream_delete(stream);
  return wrong;
}

static const char* call_export(sluice_store_t* store, sluice_instance_t instance, const char* name,
                               const int32_t* args, size_t arg_count, int32_t* result,
                               sluice_error_t** trap) {
  sluice_extern_t found;
  sluice_func_t func;
  sluice_value_t values[2];
  size_t i;
  const char* wrong =
      complaint(sluice_instance_export(store, instance, name, strlen(name), &found), name);
  if (wrong != NULL) return wrong;
  func.store_id = found.store_id;
  func.object = found.object;
  for (i = 0; i < arg_count; ++i) values[i].i32 = args[i];
  *trap = sluice_func_call(store, func, values, arg_count, values, 1);
  *result = values[0].i32;
  return NULL;
}

static const char* call_guest(sluice_store_t* store, sluice_instance_t instance) {
  const int32_t args[2] = {4, 17};
  const int32_t outside = 65536;
  int32_t result = 0;
  sluice_error_t* trap = NULL;
  sluice_trap_code_t code;
  const char* wrong = call_export(store, instance, "run", args, 2, &result, &trap);
  if (wrong == NULL) wrong = complaint(trap, "run");
  if (wrong != NULL) return wrong;
  if (result != 42) return "run: the result is not 42";

  wrong = call_export(store, instance, "boom", &outside, 1, &result, &trap);
  if (wrong != NULL) return wrong;
  if (trap == NULL) return "boom: no trap";
  code = sluice_error_trap_code(trap);
  sluice_error_delete(trap);
  return code == SLUICE_TRAP_MEMORY_OUT_OF_BOUNDS ? NULL : "boom: another trap";
}

static const char* run_module(sluice_engine_t* engine, const sluice_module_t* module) {
  static const sluice_type_t i32 = SLUICE_I32;
  const sluice_func_type_t type = {&i32, 1, &i32, 1};
  sluice_linker_t* linker = sluice_linker_new(engine);
  sluice_store_t* store = NULL;
  sluice_instance_t instance;
  const char* wrong = complaint(sluice_store_new(engine, NULL, &store), "store");
  if (wrong == NULL) {
    wrong = complaint(
        sluice_linker_define_func(linker, "env", 3, "twice", 5, type, twice, NULL, NULL), "define");
  }
  if (wrong == NULL) {
    wrong = complaint(sluice_linker_instantiate(linker, store, module, &instance), "instantiate");
  }
  if (wrong == NULL) wrong = call_guest(store, instance);
  if (store != NULL) sluice_store_delete(store);
  sluice_linker_delete(linker);
  return wrong;
}

/* `workers` as in sluice_config_set_workers. */
static const char* run_guest(uint32_t workers) {
  sluice_config_t* config = sluice_config_new();
  sluice_engine_t* engine = NULL;
  sluice_module_t* module = NULL;
  const char* wrong;
  sluice_config_set_workers(config, workers);
  wrong = complaint(sluice_engine_new(config, &engine), "engine");
  sluice_config_delete(config);
  if (wrong != NULL) return wrong;
  wrong = compile_guest(engine, &module);
  if (wrong == NULL) wrong = run_module(engine, module);
  if (module != NULL) sluice_module_delete(module);
  sluice_engine_delete(engine);
  return wrong;
}

#endif

// The work of bench/peers in wasmtime, through its C interface. The wheel that the library comes in
// has no headers, so what is used of the interface is declared here.
//
//   wasmtime_driver STRATEGY THREADS WORK ...   STRATEGY: 1 is Cranelift, 2 is Winch;
//   compile FILE REPEAT              milliseconds from bytes in memory to a module, a line each
//   run FILE REPEAT [ARG...]         milliseconds of `run` or _start, in a new instance each time
//   result FILE                      what `run` returns
//   calls FILE                       NAME <tab> nanoseconds of one call
//   instantiate FILE                 microseconds, store included
//   wasi FILE [ARG...]               the program itself
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct wasm_config_t wasm_config_t;
typedef struct wasm_engine_t wasm_engine_t;
typedef struct wasm_trap_t wasm_trap_t;
typedef struct wasm_valtype_t wasm_valtype_t;
typedef struct wasm_functype_t wasm_functype_t;
typedef struct wasi_config_t wasi_config_t;
typedef struct wasmtime_error_t wasmtime_error_t;
typedef struct wasmtime_module_t wasmtime_module_t;
typedef struct wasmtime_store_t wasmtime_store_t;
typedef struct wasmtime_context_t wasmtime_context_t;
typedef struct wasmtime_linker_t wasmtime_linker_t;
typedef struct wasmtime_instance_pre_t wasmtime_instance_pre_t;
typedef struct wasmtime_caller_t wasmtime_caller_t;

typedef struct {
  size_t size;
  char* data;
} wasm_bytes_t;
typedef struct {
  size_t size;
  wasm_valtype_t** data;
} wasm_valtypes_t;
typedef struct {
  uint64_t store_id;
  void* opaque;
} wasmtime_func_t;
typedef struct {
  uint64_t store_id;
  size_t opaque;
} wasmtime_instance_t;
typedef struct {
  uint8_t kind;
  union {
    wasmtime_func_t func;
    uint64_t widest[3];
  } of;
} wasmtime_extern_t;
typedef union {
  int32_t i32;
  uint64_t widest[2];
} wasmtime_raw_t;
typedef wasm_trap_t* (*wasmtime_callback_t)(void*, wasmtime_caller_t*, wasmtime_raw_t*, size_t);

wasm_config_t* wasm_config_new(void);
void wasmtime_config_strategy_set(wasm_config_t*, uint8_t);
void wasmtime_config_parallel_compilation_set(wasm_config_t*, bool);
wasm_engine_t* wasm_engine_new_with_config(wasm_config_t*);
wasmtime_error_t* wasmtime_module_new(wasm_engine_t*, const uint8_t*, size_t, wasmtime_module_t**);
void wasmtime_module_delete(wasmtime_module_t*);
wasmtime_store_t* wasmtime_store_new(wasm_engine_t*, void*, void (*)(void*));
void wasmtime_store_delete(wasmtime_store_t*);
wasmtime_context_t* wasmtime_store_context(wasmtime_store_t*);
wasmtime_linker_t* wasmtime_linker_new(wasm_engine_t*);
wasmtime_error_t* wasmtime_linker_define_wasi(wasmtime_linker_t*);
wasmtime_error_t* wasmtime_linker_define_func_unchecked(wasmtime_linker_t*, const char*, size_t,
                                                        const char*, size_t, wasm_functype_t*,
                                                        wasmtime_callback_t, void*,
                                                        void (*)(void*));
wasmtime_error_t* wasmtime_linker_instantiate_pre(wasmtime_linker_t*, wasmtime_module_t*,
                                                  wasmtime_instance_pre_t**);
wasmtime_error_t* wasmtime_instance_pre_instantiate(wasmtime_instance_pre_t*, wasmtime_context_t*,
                                                    wasmtime_instance_t*, wasm_trap_t**);
bool wasmtime_instance_export_get(wasmtime_context_t*, const wasmtime_instance_t*, const char*,
                                  size_t, wasmtime_extern_t*);
wasmtime_error_t* wasmtime_func_call_unchecked(wasmtime_context_t*, const wasmtime_func_t*,
                                               wasmtime_raw_t*, size_t, wasm_trap_t**);
wasi_config_t* wasi_config_new(void);
bool wasi_config_set_argv(wasi_config_t*, size_t, const char**);
void wasi_config_inherit_stdout(wasi_config_t*);
wasmtime_error_t* wasmtime_context_set_wasi(wasmtime_context_t*, wasi_config_t*);
bool wasmtime_error_exit_status(const wasmtime_error_t*, int*);
void wasmtime_error_message(const wasmtime_error_t*, wasm_bytes_t*);
void wasm_trap_message(const wasm_trap_t*, wasm_bytes_t*);
wasm_valtype_t* wasm_valtype_new(uint8_t);
void wasm_valtype_vec_new(wasm_valtypes_t*, size_t, wasm_valtype_t* const*);
wasm_functype_t* wasm_functype_new(wasm_valtypes_t*, wasm_valtypes_t*);

enum { kTurns = 3000000, kRounds = 15, kBatch = 50 };

static wasm_engine_t* engine;

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/// Ends the process if something went wrong; a program's own exit ends it with its status.
static void demand(wasmtime_error_t* error, wasm_trap_t* trap) {
  wasm_bytes_t text = {0};
  int status = 0;
  if (error == NULL && trap == NULL) return;
  if (error != NULL && wasmtime_error_exit_status(error, &status)) exit(status);
  if (error != NULL) {
    wasmtime_error_message(error, &text);
  } else {
    wasm_trap_message(trap, &text);
  }
  fprintf(stderr, "%.*s\n", (int)text.size, text.data);
  exit(1);
}

static wasm_bytes_t read_file(const char* path) {
  wasm_bytes_t bytes = {0};
  FILE* file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
    perror(path);
    exit(1);
  }
  bytes.size = (size_t)ftell(file);
  rewind(file);
  bytes.data = malloc(bytes.size);
  if (fread(bytes.data, 1, bytes.size, file) != bytes.size) exit(1);
  fclose(file);
  return bytes;
}

static wasmtime_module_t* compile_bytes(wasm_bytes_t bytes) {
  wasmtime_module_t* module = NULL;
  demand(wasmtime_module_new(engine, (const uint8_t*)bytes.data, bytes.size, &module), NULL);
  return module;
}

static wasm_trap_t* host_add(void* data, wasmtime_caller_t* caller, wasmtime_raw_t* cells,
                             size_t count) {
  (void)data, (void)caller, (void)count;
  cells[0].i32 = (int32_t)((uint32_t)cells[0].i32 + (uint32_t)cells[1].i32);
  return NULL;
}

static wasmtime_instance_pre_t* link(wasmtime_module_t* module) {
  wasmtime_linker_t* linker = wasmtime_linker_new(engine);
  wasm_valtypes_t params, results;
  wasm_valtype_t* const types[] = {wasm_valtype_new(0), wasm_valtype_new(0), wasm_valtype_new(0)};
  wasm_valtype_vec_new(&params, 2, types);
  wasm_valtype_vec_new(&results, 1, types + 2);
  demand(wasmtime_linker_define_wasi(linker), NULL);
  demand(wasmtime_linker_define_func_unchecked(linker, "env", 3, "add", 3,
                                               wasm_functype_new(&params, &results), host_add, NULL,
                                               NULL),
         NULL);
  wasmtime_instance_pre_t* pre = NULL;
  demand(wasmtime_linker_instantiate_pre(linker, module, &pre), NULL);
  return pre;
}

static wasmtime_instance_t instantiate(wasmtime_instance_pre_t* pre, wasmtime_context_t* context) {
  wasmtime_instance_t instance;
  wasm_trap_t* trap = NULL;
  demand(wasmtime_instance_pre_instantiate(pre, context, &instance, &trap), trap);
  return instance;
}

static wasmtime_store_t* store_with_wasi(int argc, const char** argv, bool prints) {
  wasmtime_store_t* store = wasmtime_store_new(engine, NULL, NULL);
  wasi_config_t* config = wasi_config_new();
  wasi_config_set_argv(config, (size_t)argc, argv);
  if (prints) wasi_config_inherit_stdout(config);
  demand(wasmtime_context_set_wasi(wasmtime_store_context(store), config), NULL);
  return store;
}

static bool find(wasmtime_context_t* context, const wasmtime_instance_t* instance, const char* name,
                 wasmtime_func_t* func) {
  wasmtime_extern_t found;
  if (!wasmtime_instance_export_get(context, instance, name, strlen(name), &found)) return false;
  *func = found.of.func;
  return true;
}

static void call(wasmtime_context_t* context, const wasmtime_func_t* func, wasmtime_raw_t* cells) {
  wasm_trap_t* trap = NULL;
  int status = 0;
  wasmtime_error_t* error = wasmtime_func_call_unchecked(context, func, cells, 2, &trap);
  if (error != NULL && wasmtime_error_exit_status(error, &status) && status == 0) return;
  demand(error, trap);
}

static void work_compile(const char* file, int repeat) {
  const wasm_bytes_t bytes = read_file(file);
  for (int i = 0; i < repeat; ++i) {
    const double start = now_ms();
    wasmtime_module_t* module = compile_bytes(bytes);
    printf("%f\n", now_ms() - start);
    fflush(stdout);
    wasmtime_module_delete(module);
  }
}

/// argv: FILE REPEAT [ARG...]
static void work_run(int argc, const char** argv, int repeat, bool prints, bool result) {
  wasmtime_instance_pre_t* pre = link(compile_bytes(read_file(argv[0])));
  for (int i = 0; i < repeat; ++i) {
    wasmtime_store_t* store = store_with_wasi(argc, argv, prints);
    wasmtime_context_t* context = wasmtime_store_context(store);
    const wasmtime_instance_t instance = instantiate(pre, context);
    wasmtime_func_t func;
    wasmtime_raw_t cells[2] = {{0}};
    if (!find(context, &instance, "run", &func) && !find(context, &instance, "_start", &func)) {
      exit(1);
    }
    const double start = now_ms();
    call(context, &func, cells);
    if (result) {
      printf("%d\n", cells[0].i32);
    } else if (!prints) {
      printf("%f\n", now_ms() - start);
    }
    wasmtime_store_delete(store);
  }
}

static void work_calls(const char* file) {
  static const char* const loops[] = {"loop_host", "loop_direct", "loop_indirect", "loop_empty"};
  wasmtime_instance_pre_t* pre = link(compile_bytes(read_file(file)));
  wasmtime_context_t* context = wasmtime_store_context(wasmtime_store_new(engine, NULL, NULL));
  const wasmtime_instance_t instance = instantiate(pre, context);
  wasmtime_func_t func;
  double best = 1e300;
  if (!find(context, &instance, "add", &func)) exit(1);
  for (int round = 0; round < kRounds; ++round) {
    wasmtime_raw_t cells[2] = {{0}};
    const double start = now_ms();
    for (int i = 0; i < kTurns; ++i) {
      cells[1].i32 = 1;
      call(context, &func, cells);
    }
    const double ms = now_ms() - start;
    if (cells[0].i32 != kTurns) exit(1);
    if (ms < best) best = ms;
  }
  printf("host_to_wasm\t%f\n", best * 1e6 / kTurns);
  for (size_t loop = 0; loop < sizeof loops / sizeof loops[0]; ++loop) {
    best = 1e300;
    if (!find(context, &instance, loops[loop], &func)) exit(1);
    for (int round = 0; round < kRounds; ++round) {
      wasmtime_raw_t cells[2] = {{.i32 = kTurns}};
      const double start = now_ms();
      call(context, &func, cells);
      const double ms = now_ms() - start;
      if (ms < best) best = ms;
    }
    printf("%s\t%f\n", loops[loop], best * 1e6 / kTurns);
  }
}

static void work_instantiate(const char* file) {
  wasmtime_instance_pre_t* pre = link(compile_bytes(read_file(file)));
  double best = 1e300;
  for (int round = 0; round < kRounds; ++round) {
    const double start = now_ms();
    for (int i = 0; i < kBatch; ++i) {
      wasmtime_store_t* store = wasmtime_store_new(engine, NULL, NULL);
      instantiate(pre, wasmtime_store_context(store));
      wasmtime_store_delete(store);
    }
    const double ms = now_ms() - start;
    if (ms < best) best = ms;
  }
  printf("%f\n", best * 1e3 / kBatch);
}

int main(int argc, const char** argv) {
  if (argc < 5) return 2;
  wasm_config_t* config = wasm_config_new();
  wasmtime_config_strategy_set(config, (uint8_t)atoi(argv[1]));
  wasmtime_config_parallel_compilation_set(config, atoi(argv[2]) > 1);
  engine = wasm_engine_new_with_config(config);
  const char* work = argv[3];
  const char** rest = argv + 4;
  const int count = argc - 4;
  const int repeat = count > 1 ? atoi(rest[1]) : 1;
  if (strcmp(work, "compile") == 0) {
    work_compile(rest[0], repeat);
  } else if (strcmp(work, "run") == 0) {
    if (count < 2) return 2;
    rest[1] = rest[0];  // FILE REPEAT ARG... becomes FILE ARG..., the guest's arguments
    work_run(count - 1, rest + 1, repeat, false, false);
  } else if (strcmp(work, "calls") == 0) {
    work_calls(rest[0]);
  } else if (strcmp(work, "instantiate") == 0) {
    work_instantiate(rest[0]);
  } else if (strcmp(work, "result") == 0) {
    work_run(count, rest, 1, false, true);
  } else if (strcmp(work, "wasi") == 0) {
    work_run(count, rest, 1, true, false);
  } else {
    return 2;
  }
  return 0;
}

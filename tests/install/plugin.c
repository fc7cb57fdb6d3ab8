/* A program that loads the shared library as a plug-in and drops it, again and again, from threads
 * that come and go. In between it has faults of its own: its handler, which was there first, must
 * get them, also when the library has been unloaded as far as dlclose goes.
 *
 * usage: plugin LIBRARY */
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sluice/sluice.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* (module (memory 1) (func (export "f") (result i32) (i32.load (i32.const 65536)))) */
static const uint8_t kModule[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x05, 0x01,
                                  0x60, 0x00, 0x01, 0x7f, 0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01,
                                  0x00, 0x01, 0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00, 0x0a, 0x0b,
                                  0x01, 0x09, 0x00, 0x41, 0x80, 0x80, 0x04, 0x28, 0x02, 0x00, 0x0b};

static sigjmp_buf here;

static void on_fault(int signal_number) {
  (void)signal_number;
  siglongjmp(here, 1);
}

static void require(int ok, const char* what) {
  if (ok) return;
  fprintf(stderr, "plugin: %s\n", what);
  exit(1);
}

#define FIND(name) __typeof__(&name) p_##name = (__typeof__(&name))dlsym(library, #name)

static void* use(void* path) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  require(library != NULL, "the library cannot be loaded");
  FIND(sluice_config_new);
  FIND(sluice_config_delete);
  FIND(sluice_config_set_workers);
  FIND(sluice_engine_new);
  FIND(sluice_engine_delete);
  FIND(sluice_module_new);
  FIND(sluice_module_delete);
  FIND(sluice_store_new);
  FIND(sluice_store_delete);
  FIND(sluice_instance_new);
  FIND(sluice_instance_export);
  FIND(sluice_func_call);
  FIND(sluice_error_trap_code);
  FIND(sluice_error_delete);
  sluice_config_t* config = p_sluice_config_new();
  p_sluice_config_set_workers(config, 2);
  sluice_engine_t* engine = NULL;
  require(p_sluice_engine_new(config, &engine) == NULL, "engine");
  p_sluice_config_delete(config);
  sluice_module_t* module = NULL;
  require(p_sluice_module_new(engine, kModule, sizeof kModule, &module) == NULL, "module");
  sluice_store_t* store = NULL;
  require(p_sluice_store_new(engine, NULL, &store) == NULL, "store");
  sluice_instance_t instance;
  require(p_sluice_instance_new(store, module, NULL, 0, &instance) == NULL, "instance");
  sluice_extern_t export;
  require(p_sluice_instance_export(store, instance, "f", 1, &export) == NULL, "export");
  const sluice_func_t func = {export.store_id, export.object};
  sluice_value_t result;
  sluice_error_t* error = p_sluice_func_call(store, func, NULL, 0, &result, 1);
  require(error != NULL && p_sluice_error_trap_code(error) == SLUICE_TRAP_MEMORY_OUT_OF_BOUNDS,
          "the trap");
  p_sluice_error_delete(error);
  p_sluice_store_delete(store);
  p_sluice_module_delete(module);
  p_sluice_engine_delete(engine);
  require(dlclose(library) == 0, "dlclose");
  return NULL;
}

int main(int argc, char** argv) {
  require(argc == 2, "usage: plugin LIBRARY");
  require(signal(SIGSEGV, on_fault) != SIG_ERR, "signal");
  for (volatile int i = 0; i < 50; ++i) {
    pthread_t thread;
    require(pthread_create(&thread, NULL, use, argv[1]) == 0, "thread");
    pthread_join(thread, NULL);
    if (sigsetjmp(here, 1) != 0) continue;
    *(volatile int*)8 = 1;
    require(0, "a fault went unnoticed");
  }
  return 0;
}

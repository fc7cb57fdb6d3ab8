/* Sluice: a streaming just-in-time WebAssembly engine. The C interface.
 *
 * Failure: a function that can fail returns sluice_error_t *, null for success; the caller deletes
 * it. A trap is an error too (sluice_error_is_trap). Nothing prints, exits or throws. Bad arguments
 * are errors as long as pointers point to what they should: an object of another store or engine is
 * an error, never undefined behaviour. (External references in cells are the exception, see
 * sluice_value_t.)
 *
 * Threads: engines and modules may be used from any thread at any time; a store, all its objects, a
 * stream and an error by one thread at a time; a linker is read-only while several use it. An error
 * outlives its store, but one that holds an uncaught exception (SLUICE_TRAP_UNCAUGHT_EXCEPTION)
 * belongs to the store's thread while there is the store: to use and to delete.
 *
 * Callbacks must return: no exception, no longjmp and no end of their thread may pass the library.
 * Calls into one store end in the reverse order of their beginnings, also when fibers make them.
 *
 * Signals: guests' faults are SIGSEGV, SIGBUS and SIGFPE. A thread's first call into Wasm
 * unblocks them, and they must stay unblocked; what is not a guest's goes to the handler that was
 * there before the first engine. The library's own threads block all other signals. See
 * sluice_signals_t for other ways.
 *
 * Ownership: `..._new` and `..._clone` give something to be deleted with `..._delete`. Functions,
 * memories, tables, globals, tags and instances are small values that live as long as their store.
 * Strings are UTF-8 with a length; they need no final zero. */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLUICE_API __attribute__((visibility("default")))

#define SLUICE_VERSION_MAJOR 0
#define SLUICE_VERSION_MINOR 1
#define SLUICE_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* ---- The library --------------------------------------------------------------------------- */

/* Version of the library in use: "0.1.0". */
SLUICE_API const char* sluice_version(void);

/* Makes the library allocate with these two functions instead of malloc and free. `align` is a
 * power of two; both must be thread-safe. Null from `allocate` is an error where a guest or module
 * chose the size (memories, tables, instances); for the library's own small objects it ends the
 * process with abort(). Call it before anything else of the library, or not at all. */
SLUICE_API void sluice_set_allocator(void* (*allocate)(size_t size, size_t align),
                                     void (*release)(void* block, size_t size, size_t align));

/* ---- Errors and traps ---------------------------------------------------------------------- */

typedef struct sluice_error sluice_error_t;

/* What kind of promise was broken. */
typedef enum sluice_error_class {
  SLUICE_ERROR_MALFORMED,   /* the bytes are not the binary format */
  SLUICE_ERROR_INVALID,     /* well-formed, but not valid */
  SLUICE_ERROR_LIMIT,       /* beyond a documented resource limit */
  SLUICE_ERROR_UNSUPPORTED, /* valid, but this version or configuration does not run it */
  SLUICE_ERROR_LINK,        /* an import is missing or does not fit */
  SLUICE_ERROR_RUNTIME,     /* the request cannot be met */
  SLUICE_ERROR_TRAP         /* running code stopped */
} sluice_error_class_t;

/* Why running code stopped. */
typedef enum sluice_trap_code {
  SLUICE_TRAP_NONE,
  SLUICE_TRAP_UNREACHABLE,
  SLUICE_TRAP_MEMORY_OUT_OF_BOUNDS,
  SLUICE_TRAP_TABLE_OUT_OF_BOUNDS,
  SLUICE_TRAP_UNDEFINED_ELEMENT,
  SLUICE_TRAP_UNINITIALIZED_ELEMENT,
  SLUICE_TRAP_INDIRECT_CALL_TYPE,
  SLUICE_TRAP_INTEGER_DIVIDE_BY_ZERO,
  SLUICE_TRAP_INTEGER_OVERFLOW,
  SLUICE_TRAP_INVALID_CONVERSION,
  SLUICE_TRAP_STACK_EXHAUSTED,
  SLUICE_TRAP_NULL_REFERENCE,
  SLUICE_TRAP_NULL_FUNCTION_REFERENCE,
  SLUICE_TRAP_CAST_FAILURE,
  SLUICE_TRAP_ARRAY_OUT_OF_BOUNDS,
  SLUICE_TRAP_UNALIGNED_ATOMIC,
  SLUICE_TRAP_EXPECTED_SHARED,
  SLUICE_TRAP_UNCAUGHT_EXCEPTION,
  SLUICE_TRAP_INTERRUPTED,
  SLUICE_TRAP_OUT_OF_MEMORY,
  SLUICE_TRAP_COMPILE_FAILED,
  SLUICE_TRAP_HOST,
  SLUICE_TRAP_EXIT,
  SLUICE_TRAP_STORE_LIMIT,
  SLUICE_TRAP_FUEL_EXHAUSTED,
  SLUICE_TRAP_MEMORY_READ_ONLY, /* a store to what is mapped read-only */
  SLUICE_TRAP_MAPPED_PAGE_LOST  /* a mapped file was made shorter */
} sluice_trap_code_t;

#define SLUICE_NO_OFFSET UINT64_MAX

/* One function activation of a trap's backtrace. */
typedef struct sluice_frame {
  bool is_host;          /* a host function: nothing below is set */
  uint32_t func_index;   /* in its module */
  const char* func_name; /* from the name section, else empty; as long as the error */
  size_t func_name_size;
  uint64_t wasm_offset; /* byte offset of the instruction in the module, or SLUICE_NO_OFFSET */
} sluice_frame_t;

/* A place in the source of a module that was compiled with debug information (DWARF). */
typedef struct sluice_source {
  const char* file; /* path as the compiler had it; until the next call for the same error */
  size_t file_size;
  uint32_t line;   /* from 1 */
  uint32_t column; /* from 1; 0: unknown */
} sluice_source_t;

/* An error of class SLUICE_ERROR_RUNTIME with the host's own words. */
SLUICE_API sluice_error_t* sluice_error_new(const char* message, size_t message_size);
SLUICE_API void sluice_error_delete(sluice_error_t* error);
SLUICE_API sluice_error_class_t sluice_error_get_class(const sluice_error_t* error);
/* Whose limit refused to make a memory or table, or to let it grow. */
typedef enum sluice_limit {
  SLUICE_LIMIT_NONE,     /* the error has another reason */
  SLUICE_LIMIT_MAXIMUM,  /* its own maximum, or what its addresses or the engine's configuration
                            allow; the message says which */
  SLUICE_LIMIT_EMBEDDER, /* the store's limiter */
  SLUICE_LIMIT_SYSTEM    /* memory or address space that the system did not grant */
} sluice_limit_t;
SLUICE_API sluice_limit_t sluice_error_get_limit(const sluice_error_t* error);
/* One line; for a trap the reason and the backtrace. As long as the error; zero-terminated. */
SLUICE_API const char* sluice_error_message(const sluice_error_t* error);
/* Byte offset in the module that the error names, or SLUICE_NO_OFFSET. */
SLUICE_API uint64_t sluice_error_offset(const sluice_error_t* error);
SLUICE_API bool sluice_error_is_trap(const sluice_error_t* error);
/* SLUICE_TRAP_NONE unless it is a trap. */
SLUICE_API sluice_trap_code_t sluice_error_trap_code(const sluice_error_t* error);
/* The trap's reason in a few words, "" unless it is a trap. As long as the error. */
SLUICE_API const char* sluice_error_trap_reason(const sluice_error_t* error);
/* Innermost first. Names and offsets are worked out at the first call. */
SLUICE_API size_t sluice_error_frame_count(const sluice_error_t* error);
SLUICE_API bool sluice_error_frame(const sluice_error_t* error, size_t index, sluice_frame_t* out);
/* Where in the source a frame is; false if the module does not say. Looked up at each call. */
SLUICE_API bool sluice_error_frame_source(const sluice_error_t* error, size_t index,
                                          sluice_source_t* out);
/* Frames that exist but were not recorded. */
SLUICE_API uint64_t sluice_error_omitted_frames(const sluice_error_t* error);
/* What the failing host function attached (sluice_store_fail), or null. Owned by the error. */
SLUICE_API void* sluice_error_payload(const sluice_error_t* error);
/* The same, but null unless it was attached with this `release`: whose it is. */
SLUICE_API void* sluice_error_payload_with(const sluice_error_t* error,
                                           void (*release)(void* payload));

/* ---- Engines ------------------------------------------------------------------------------- */

typedef struct sluice_config sluice_config_t;
typedef struct sluice_engine sluice_engine_t;

typedef enum sluice_memory_mode {
  SLUICE_MEMORY_AUTO,    /* guard pages if the system grants the address space */
  SLUICE_MEMORY_GUARD,   /* guard pages, or an error */
  SLUICE_MEMORY_EXPLICIT /* a comparison before every access */
} sluice_memory_mode_t;

/* When functions are compiled, adaptive unless set. A module is ready as soon as it is known to be
 * valid, and what it does is the same under each. If there is no room for a function's code, a call
 * to it is a trap unless everything is compiled first; then it is an error of the stream. */
typedef enum sluice_compile {
  SLUICE_COMPILE_ADAPTIVE, /* while bytes arrive and in the background, or when called */
  SLUICE_COMPILE_EAGER,    /* all of them before the module is ready */
  SLUICE_COMPILE_LAZY      /* when called */
} sluice_compile_t;

/* What compiling a function is worth; auto unless set. Programs do the same at each level. */
typedef enum sluice_opt_level {
  SLUICE_OPT_LEVEL_AUTO,  /* quick if functions are compiled eagerly, which may never be called,
                             else full */
  SLUICE_OPT_LEVEL_QUICK, /* the least time for compiling */
  SLUICE_OPT_LEVEL_FULL   /* registers keep local variables in all code, not only in short loops and
                             short functions: programs take 0.75 to 0.85 of the time, compiling 1.3
                             to 1.6 times as long */
} sluice_opt_level_t;

/* The newest instructions that code may use, if the processor has them: all of its own unless set.
 * The relaxed vector instructions may give other results at other levels. */
typedef enum sluice_cpu {
  SLUICE_CPU_HOST,
  SLUICE_CPU_SSE41, /* the least that is supported */
  SLUICE_CPU_AVX,
  SLUICE_CPU_AVX2 /* and FMA, BMI1, BMI2, LZCNT */
} sluice_cpu_t;

/* Who handles guests' faults and interruptions. */
typedef enum sluice_signals {
  SLUICE_SIGNALS_CHAIN,    /* the library's handlers, which pass on what is not a guest's */
  SLUICE_SIGNALS_EMBEDDER, /* the embedder's handlers: they call sluice_handle_signal */
  /* Nobody: every trap is a comparison in the code, so memories have no guard pages, and functions
   * and loops ask whether they are to stop. Threads keep their signal masks and stacks. A WASI call
   * that waits for a file or a socket is not woken; poll_oneoff is. */
  SLUICE_SIGNALS_NONE
} sluice_signals_t;

#define SLUICE_WORKERS_AUTO UINT32_MAX

SLUICE_API sluice_config_t* sluice_config_new(void);
SLUICE_API void sluice_config_delete(sluice_config_t* config);
SLUICE_API void sluice_config_set_memory_mode(sluice_config_t* config, sluice_memory_mode_t mode);
/* Threads that compile, 256 at most. 0: the thread that feeds a stream compiles. */
SLUICE_API void sluice_config_set_workers(sluice_config_t* config, uint32_t workers);
SLUICE_API void sluice_config_set_compile(sluice_config_t* config, sluice_compile_t policy);
SLUICE_API void sluice_config_set_opt_level(sluice_config_t* config, sluice_opt_level_t level);
SLUICE_API void sluice_config_set_cpu(sluice_config_t* config, sluice_cpu_t level);
/* Stack that one outermost call into Wasm may use, 4 GiB at most. */
SLUICE_API void sluice_config_set_max_wasm_stack(sluice_config_t* config, uint64_t bytes);
/* Accepts or refuses modules that use a proposal, by its name. Off unless set: "wide-arithmetic",
 * "custom-page-sizes"; on: "simd", "threads", "memory64" and the others of Wasm 3.0. False if there
 * is none of that name. */
SLUICE_API bool sluice_config_set_feature(sluice_config_t* config, const char* name, bool accepted);
/* No 64-bit memory grows beyond; 64 GiB unless set. Each reserves so much address space, or less if
 * the system refuses it to the engine. */
SLUICE_API void sluice_config_set_memory64_bound(sluice_config_t* config, uint64_t bytes);
SLUICE_API void sluice_config_set_signals(sluice_config_t* config, sluice_signals_t signals);
/* Guests consume fuel, which their store has been given (sluice_store_set_fuel). Off unless set;
 * code is larger and slower with it. */
SLUICE_API void sluice_config_set_fuel(sluice_config_t* config, bool metered);
/* Stores may have a call hook (sluice_store_set_call_hook). Off unless set; with it calls between
 * host and Wasm cost more, and sluice_func_typed gives no entries. */
SLUICE_API void sluice_config_set_call_hooks(sluice_config_t* config, bool allowed);
/* Memories of deleted stores whose address space the engine keeps, cleared, for later instances:
 * as many as live at the same time, or 0 for none. 128 unless set. Each may hold 64 KiB of RAM. */
SLUICE_API void sluice_config_set_max_idle_memories(sluice_config_t* config, uint32_t count);
/* Tells gdb or lldb about the code, whether it is there from the start or attaches later: names,
 * frames, and the source lines of modules that were compiled with debug information. Each function
 * is compiled twice then. Off unless set. */
SLUICE_API void sluice_config_set_debugger(sluice_config_t* config, bool on);
/* Tells `perf` about the code, in a file that replaces one of this user's; if anything else has its
 * name, the engine is an error. */
typedef enum sluice_profile {
  SLUICE_PROFILE_NONE,
  SLUICE_PROFILE_PERF_MAP, /* /tmp/perf-PID.map: names */
  SLUICE_PROFILE_JIT_DUMP /* ./jit-PID.dump: code, names and lines; for perf record -k mono and then
                             perf inject --jit */
} sluice_profile_t;
SLUICE_API void sluice_config_set_profile(sluice_config_t* config, sluice_profile_t profile);

/* `config` may be null, and is not kept. */
SLUICE_API sluice_error_t* sluice_engine_new(const sluice_config_t* config, sluice_engine_t** out);
/* Another reference to the same engine. */
SLUICE_API sluice_engine_t* sluice_engine_clone(const sluice_engine_t* engine);
SLUICE_API void sluice_engine_delete(sluice_engine_t* engine);
/* SLUICE_MEMORY_GUARD or SLUICE_MEMORY_EXPLICIT. */
SLUICE_API sluice_memory_mode_t sluice_engine_memory_mode(const sluice_engine_t* engine);

/* To be called first in an embedder's handlers of SIGSEGV, SIGBUS, SIGFPE and SIGURG (installed
 * with SA_SIGINFO and SA_ONSTACK, without SA_RESETHAND) with their arguments. True: it was ours,
 * return at once. False: nothing has changed. Async-signal-safe. */
SLUICE_API bool sluice_handle_signal(int signal_number, void* siginfo, void* ucontext);

/* ---- Types --------------------------------------------------------------------------------- */

/* A value type. Other values than these stand for references to types that a module or host
 * defines; they are meaningful inside one engine. */
typedef uint32_t sluice_type_t;
#define SLUICE_I32 UINT32_C(1)
#define SLUICE_I64 UINT32_C(2)
#define SLUICE_F32 UINT32_C(3)
#define SLUICE_F64 UINT32_C(4)
#define SLUICE_V128 UINT32_C(5)
#define SLUICE_FUNCREF UINT32_C(0x106)
#define SLUICE_EXTERNREF UINT32_C(0x506)
#define SLUICE_EXNREF UINT32_C(0x1506)

typedef struct sluice_func_type {
  const sluice_type_t* params;
  size_t param_count;
  const sluice_type_t* results;
  size_t result_count;
} sluice_func_type_t;

/* Sizes in pages or elements. */
typedef struct sluice_limits {
  uint64_t min;
  uint64_t max; /* if has_max */
  bool has_max;
  bool is_64; /* 64-bit addresses */
  bool is_shared;
} sluice_limits_t;

typedef enum sluice_kind {
  SLUICE_KIND_FUNC,
  SLUICE_KIND_TABLE,
  SLUICE_KIND_MEMORY,
  SLUICE_KIND_GLOBAL,
  SLUICE_KIND_TAG
} sluice_kind_t;

/* What is imported or exported. Arrays live as long as the module or engine. */
typedef struct sluice_extern_type {
  sluice_kind_t kind;
  sluice_func_type_t func;  /* functions and tags */
  sluice_limits_t limits;   /* tables and memories */
  sluice_type_t value_type; /* tables and globals */
  bool is_mutable;          /* globals */
  uint32_t page_size_log2;  /* memories */
} sluice_extern_type_t;

/* ---- Streams and modules ------------------------------------------------------------------- */

typedef struct sluice_stream sluice_stream_t;
typedef struct sluice_module sluice_module_t;

typedef struct sluice_progress {
  uint64_t wire_bytes;      /* received */
  uint32_t bodies_compiled; /* or known to be valid, unless all are compiled first; of ... */
  uint32_t bodies;          /* known when the function section has arrived, until then 0 */
} sluice_progress_t;

/* A stream compiles while its bytes arrive. `progress` may be null; it is called on the feeding
 * thread and must not use the stream. */
SLUICE_API sluice_stream_t*
sluice_stream_new(sluice_engine_t* engine,
                  void (*progress)(void* env, const sluice_progress_t* progress), void* env);
/* The next bytes, split anywhere; not kept. */
SLUICE_API sluice_error_t* sluice_stream_feed(sluice_stream_t* stream, const void* bytes,
                                              size_t size);
/* The end of the bytes. Waits until the module is known to be valid and what shall be compiled
 * first is, and gives the module. */
SLUICE_API sluice_error_t* sluice_stream_finish(sluice_stream_t* stream, sluice_module_t** out);
/* Stops compiling; feed and finish are errors from then on, also those that are running. Any
 * thread, as long as the stream is not being deleted. */
SLUICE_API void sluice_stream_cancel(sluice_stream_t* stream);
/* Cancels what is not finished. */
SLUICE_API void sluice_stream_delete(sluice_stream_t* stream);

/* All bytes at once; a module in text form is accepted, too. */
SLUICE_API sluice_error_t* sluice_module_new(sluice_engine_t* engine, const void* bytes,
                                             size_t size, sluice_module_t** out);
/* A module in text form as binary; not validated. The bytes are the caller's, who deletes them. An
 * error's offset counts bytes of the text, and its message names line and column. */
SLUICE_API sluice_error_t* sluice_wat2wasm(const char* wat, size_t wat_size, uint8_t** out,
                                           size_t* out_size);
SLUICE_API void sluice_bytes_delete(uint8_t* bytes, size_t size);
SLUICE_API sluice_module_t* sluice_module_clone(const sluice_module_t* module);
SLUICE_API void sluice_module_delete(sluice_module_t* module);

typedef struct sluice_import {
  const char* module;
  size_t module_size;
  const char* name;
  size_t name_size;
  sluice_extern_type_t type;
} sluice_import_t;

typedef struct sluice_export {
  const char* name;
  size_t name_size;
  sluice_extern_type_t type;
} sluice_export_t;

/* False if there is no import or export of that number. Strings live as long as the module. */
SLUICE_API size_t sluice_module_import_count(const sluice_module_t* module);
SLUICE_API bool sluice_module_import(const sluice_module_t* module, size_t index,
                                     sluice_import_t* out);
SLUICE_API size_t sluice_module_export_count(const sluice_module_t* module);
SLUICE_API bool sluice_module_export(const sluice_module_t* module, size_t index,
                                     sluice_export_t* out);

typedef struct sluice_module_stats {
  uint64_t wire_bytes;
  uint64_t code_section_bytes;
  uint64_t machine_code_bytes; /* so far */
  uint64_t compile_ns; /* spent checking and compiling so far, but by callers of functions */
  uint64_t last_byte_to_ready_ns;
  uint32_t functions;          /* with a body */
  uint32_t functions_compiled; /* so far */
} sluice_module_stats_t;

SLUICE_API void sluice_module_get_stats(const sluice_module_t* module, sluice_module_stats_t* out);

/* ---- Stores and their objects -------------------------------------------------------------- */

typedef struct sluice_store sluice_store_t;

/* Objects of a store, by value; an all-zero one is none. */
typedef struct sluice_func {
  uint64_t store_id;
  void* object;
} sluice_func_t;
typedef struct sluice_table {
  uint64_t store_id;
  void* object;
} sluice_table_t;
typedef struct sluice_memory {
  uint64_t store_id;
  void* object;
} sluice_memory_t;
typedef struct sluice_global {
  uint64_t store_id;
  void* object;
} sluice_global_t;
typedef struct sluice_tag {
  uint64_t store_id;
  void* object;
} sluice_tag_t;
typedef struct sluice_instance {
  uint64_t store_id;
  void* object;
} sluice_instance_t;

/* An object that can be imported or exported; `object` as in the types above. */
typedef struct sluice_extern {
  sluice_kind_t kind;
  uint64_t store_id;
  void* object;
} sluice_extern_t;

/* An argument, result, global or element: which member counts is the type's business. The
 * bytes beyond that member are ignored in what is handed in and unspecified in what is handed out,
 * so compare members, not cells. References are 0 when null; others come from sluice_func_to_ref
 * and sluice_externref_new. An externref is a number of its store's: in another store it is an
 * error or, untold, some object of that. */
typedef union sluice_value {
  int32_t i32;
  int64_t i64;
  float f32;
  double f64;
  uint8_t v128[16];
  uintptr_t ref;
  uint64_t bits[2];
} sluice_value_t;

SLUICE_API sluice_error_t* sluice_store_new(sluice_engine_t* engine, void* user_data,
                                            sluice_store_t** out);
/* Frees all its objects. No call into the store may be running. */
SLUICE_API void sluice_store_delete(sluice_store_t* store);
/* The embedder's own pointer. */
SLUICE_API void* sluice_store_user_data(const sluice_store_t* store);
/* What handles of its objects carry as store_id: unique in the process. */
SLUICE_API uint64_t sluice_store_id(const sluice_store_t* store);
/* An error while another thread runs a call in the store. Functions that call Wasm check it
 * themselves, but for direct calls (sluice_typed_func_t). */
SLUICE_API sluice_error_t* sluice_store_check_thread(const sluice_store_t* store);

/* What a store may have, all its objects together; UINT64_MAX is no limit. What refuses is an error
 * of class SLUICE_ERROR_LIMIT that names the limit. For the guest, memory.grow and table.grow give
 * -1, or the call ends with SLUICE_TRAP_STORE_LIMIT. */
typedef struct sluice_store_limits {
  uint64_t memory_bytes;
  uint64_t table_elements;
  uint64_t instances;
  uint64_t memories;
  uint64_t tables;
  bool trap_on_refused_grow;
} sluice_store_limits_t;
#define SLUICE_NO_STORE_LIMITS {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, false}
/* Holds from now on, for what is made and grows; nothing is taken away. */
SLUICE_API void sluice_store_set_limits(sluice_store_t* store, const sluice_store_limits_t* limits);

/* A memory (bytes) or table (elements) that is to be made, then `current` is 0, or to grow.
 * `maximum` is as declared, UINT64_MAX without. */
typedef struct sluice_growth {
  sluice_kind_t kind;
  uint64_t current;
  uint64_t desired;
  uint64_t maximum;
} sluice_growth_t;
/* Asked after the object's own maximum and the limits above; false refuses. Must not use the store.
 * `release` (may be null) gets `env` when another one is set (null: none) or the store is gone. */
typedef bool (*sluice_limiter_t)(void* env, const sluice_growth_t* growth);
SLUICE_API void sluice_store_set_limiter(sluice_store_t* store, sluice_limiter_t limiter, void* env,
                                         void (*release)(void* env));

/* Stopping a guest: the call that runs in the store ends with SLUICE_TRAP_INTERRUPTED, or, if none
 * does, the next one; of calls inside host functions the innermost. The store stays as usable as
 * after any other trap. Code that runs pays nothing for it: the guest's thread gets a SIGURG, by
 * which a system call of a host function may end with EINTR. Where the embedder owns the signals
 * and does not pass SIGURG on, a guest stops at calls of and by the host only; with
 * SLUICE_SIGNALS_NONE there is no signal, and code asks. */
typedef struct sluice_interrupt sluice_interrupt_t;
/* A handle for other threads and signal handlers; it may outlive the store. To be deleted. */
SLUICE_API sluice_interrupt_t* sluice_interrupt_new(sluice_store_t* store);
SLUICE_API void sluice_interrupt_delete(sluice_interrupt_t* interrupt);
/* Stops the guest. Any thread, async-signal-safe, returns at once. */
SLUICE_API void sluice_interrupt_send(const sluice_interrupt_t* interrupt);
/* Stops whatever runs in the store so many nanoseconds from now; replaces an earlier deadline. */
SLUICE_API void sluice_store_set_deadline(sluice_store_t* store, uint64_t nanoseconds);
/* Drops the deadline, and a request that no call has taken. */
SLUICE_API void sluice_store_clear_interrupt(sluice_store_t* store);
/* For host functions that take long: is the guest to stop? Then the call fails when the host
 * function returns, whatever it returns. */
SLUICE_API bool sluice_store_is_interrupted(const sluice_store_t* store);
/* For host functions that block, beside their own descriptors in poll(2): one that can be read when
 * the guest is to stop. It is the store's; ask for it before each wait. -1 if the system has no
 * descriptor left. */
SLUICE_API int sluice_store_interrupt_fd(sluice_store_t* store);

/* Fuel bounds what guests do, to the instruction and the same in every run: each instruction takes
 * 1, paid when its basic block starts, and a bulk operation of memories and tables 1 more for every
 * 128 bytes or elements. Where it does not suffice the call ends with SLUICE_TRAP_FUEL_EXHAUSTED,
 * none is left, and the store stays as usable as after any other trap. A new store has none. What
 * host functions and memory.grow do takes none. All three are for host functions too, and errors
 * unless the engine was configured for fuel. */
SLUICE_API sluice_error_t* sluice_store_set_fuel(sluice_store_t* store, uint64_t fuel);
/* The sum ends at INT64_MAX. */
SLUICE_API sluice_error_t* sluice_store_add_fuel(sluice_store_t* store, uint64_t fuel);
SLUICE_API sluice_error_t* sluice_store_get_fuel(const sluice_store_t* store, uint64_t* out);

/* Where control passes between host and Wasm. Every call is reported as ended, however it ends. */
typedef enum sluice_call_event {
  SLUICE_CALLS_WASM, /* also start functions, and host functions that the host itself calls */
  SLUICE_RETURNS_FROM_WASM,
  SLUICE_CALLS_HOST,
  SLUICE_RETURNS_FROM_HOST
} sluice_call_event_t;
/* Tells `hook` (null: nobody) of each sluice_call_event_t, on the store's thread. It must not use
 * the store. An error unless the engine was configured for call hooks. */
SLUICE_API sluice_error_t* sluice_store_set_call_hook(sluice_store_t* store,
                                                      void (*hook)(void* env, uint32_t event),
                                                      void* env);

/* External references are collected: one that neither Wasm code, a table or global of the store nor
 * a root of the host leads to is given back when a later one is made. What sluice_externref_new
 * returns is rooted once. All other references that functions here and calls return, and those
 * among a host function's results, need no root until the next reference is made or Wasm code is
 * called; those among its arguments stay alive until it returns. */

/* A new externref for a host pointer. When it is gone, or the store deleted, `release` (may be
 * null) is called with the pointer, once; it must not use the store. Null if there is no memory:
 * then `release` is not called. */
SLUICE_API sluice_value_t sluice_externref_new(sluice_store_t* store, void* host,
                                               void (*release)(void* host));
/* Roots are counted: keeps an externref alive until it is unrooted as often. Null and other
 * references are ignored. */
SLUICE_API void sluice_ref_root(sluice_store_t* store, sluice_value_t ref);
SLUICE_API void sluice_ref_unroot(sluice_store_t* store, sluice_value_t ref);
/* Gives back now what is not reachable. For host functions too. */
SLUICE_API void sluice_store_collect(sluice_store_t* store);
/* The pointer behind an externref, null if it is null. */
SLUICE_API void* sluice_externref_host(const sluice_store_t* store, sluice_value_t value);
/* A funcref to a function, and the function of a funcref of this store (none for null). */
SLUICE_API sluice_value_t sluice_func_to_ref(sluice_func_t func);
SLUICE_API sluice_func_t sluice_func_from_ref(const sluice_store_t* store, sluice_value_t value);

/* ---- Functions ----------------------------------------------------------------------------- */

/* Who called a host function; valid during that call. */
typedef struct sluice_caller sluice_caller_t;

/* A host function: arguments are in `cells` from 0 on, results go there from 0 on. Returns 0, or
 * what sluice_store_fail returned. */
typedef uint32_t (*sluice_callback_t)(void* env, sluice_caller_t* caller, sluice_value_t* cells);

SLUICE_API sluice_store_t* sluice_caller_store(const sluice_caller_t* caller);
/* The caller as typed host functions get it. */
SLUICE_API void* sluice_caller_direct(const sluice_caller_t* caller);
/* The calling instance's export, false if there is none. */
SLUICE_API bool sluice_caller_export(const sluice_caller_t* caller, const char* name,
                                     size_t name_size, sluice_extern_t* out);
/* The memory that the caller exports as "memory", else its first; false if it has none. */
SLUICE_API bool sluice_caller_memory(const sluice_caller_t* caller, sluice_memory_t* out);

/* To end a host function with a trap: `return sluice_store_fail(...)`. `payload` (may be null) goes
 * to the trap and is given to `release` in the end (may be null). */
SLUICE_API uint32_t sluice_store_fail(sluice_store_t* store, const char* message,
                                      size_t message_size, void* payload,
                                      void (*release)(void* payload));
/* The same with the failure of a nested call, which is consumed: a trap keeps its reason, backtrace
 * and payload, and an exception is thrown on, so that Wasm code may catch it. */
SLUICE_API uint32_t sluice_store_fail_with(sluice_store_t* store, sluice_error_t* error);

/* ---- Exceptions ---------------------------------------------------------------------------- */

/* `type` has no results. */
SLUICE_API sluice_error_t* sluice_tag_new(sluice_store_t* store, sluice_func_type_t type,
                                          sluice_tag_t* out);
SLUICE_API sluice_error_t* sluice_tag_get_type(const sluice_store_t* store, sluice_tag_t tag,
                                               sluice_func_type_t* out);

/* A tag and the values that were thrown with it, one for each of its parameters. */
typedef struct sluice_exception {
  sluice_tag_t tag;
  const sluice_value_t* values;
  size_t value_count;
} sluice_exception_t;

/* The exception as an error (SLUICE_TRAP_UNCAUGHT_EXCEPTION), which a host function throws with
 * sluice_store_fail_with; or another error if the values do not fit the tag. */
SLUICE_API sluice_error_t* sluice_exception_new(sluice_store_t* store, sluice_tag_t tag,
                                                const sluice_value_t* values, size_t value_count);
/* What was thrown and not caught, if that is why a call in this store failed; false for all other
 * errors. The values live as long as the error and the store. */
SLUICE_API bool sluice_error_exception(const sluice_error_t* error, const sluice_store_t* store,
                                       sluice_exception_t* out);
/* What an exnref refers to; false if it is null or not of this store. The values live as long as
 * something refers to the exception. */
SLUICE_API bool sluice_exception_from_ref(const sluice_store_t* store, sluice_value_t exnref,
                                          sluice_exception_t* out);

/* A host function in one store. `release` (may be null) gets `env` when the last user is gone, also
 * if this fails. */
SLUICE_API sluice_error_t* sluice_func_new(sluice_store_t* store, sluice_func_type_t type,
                                           sluice_callback_t callback, void* env,
                                           void (*release)(void* env), sluice_func_t* out);
/* The same with code that is called directly: see sluice_linker_define_typed_func. */
SLUICE_API sluice_error_t* sluice_func_new_typed(sluice_store_t* store, sluice_func_type_t type,
                                                 const void* code, void* env,
                                                 void (*release)(void* env), sluice_func_t* out);
SLUICE_API sluice_error_t* sluice_func_get_type(const sluice_store_t* store, sluice_func_t func,
                                                sluice_func_type_t* out);
/* The counts must be the type's. `args` and `results` may overlap. */
SLUICE_API sluice_error_t* sluice_func_call(sluice_store_t* store, sluice_func_t func,
                                            const sluice_value_t* args, size_t arg_count,
                                            sluice_value_t* results, size_t result_count);

/* Direct calls. A function of at most 32 parameters and one result, none of them v128, can be
 * called as a C function
 *     R entry(void *instance, const void *code, parameters...)
 * where R is uint64_t for no result, else a struct { T value; uint64_t trap; } in which T is
 * uint64_t for integers and references, float or double. References are void * (funcref) or
 * uint32_t and are not checked. A non-zero trap goes to sluice_store_take_trap at once. `entry` is
 * null if the signature does not fit. */
typedef struct sluice_typed_func {
  const void* entry;
  void* instance;
  const void* code;
} sluice_typed_func_t;

/* An error that names both if `type` is not exactly the function's type. */
SLUICE_API sluice_error_t* sluice_func_typed(sluice_store_t* store, sluice_func_t func,
                                             sluice_func_type_t type, sluice_typed_func_t* out);
SLUICE_API sluice_error_t* sluice_store_take_trap(sluice_store_t* store, uint32_t trap);

/* ---- Memories, tables, globals ------------------------------------------------------------- */

/* Pages are 64 KiB (page_size_log2 16), or with the proposal custom-page-sizes one byte (0). A
 * shared memory needs a maximum. All offsets and sizes below are bytes unless they say pages. Only
 * the calls for shared memories may be made for one memory by several threads, each with a store of
 * its own: a shared memory may be grown, mapped, waited on, read and written so. */
SLUICE_API sluice_error_t* sluice_memory_new(sluice_store_t* store, sluice_limits_t limits,
                                             uint32_t page_size_log2, sluice_memory_t* out);

/* What a memory consists of now. The address of this struct never changes while the store lives,
 * its contents do: read them again after anything that may grow the memory or map a file into it.
 * Bytes of a shared memory that others may be writing are to be accessed as atomics. */
typedef struct sluice_memory_data {
  uint8_t* base;
  uint64_t size_bytes;
  uint64_t has_files; /* not 0: files are mapped into it, or were; see sluice_memory_map_file */
} sluice_memory_data_t;

SLUICE_API sluice_error_t* sluice_memory_get_data(const sluice_store_t* store,
                                                  sluice_memory_t memory,
                                                  const sluice_memory_data_t** out);
/* An error unless the bytes [offset, offset + size) lie inside. */
SLUICE_API sluice_error_t* sluice_memory_check(const sluice_store_t* store, sluice_memory_t memory,
                                               uint64_t offset, uint64_t size);
/* The same, and an error if a page of them is mapped read-only. */
SLUICE_API sluice_error_t* sluice_memory_check_writable(const sluice_store_t* store,
                                                        sluice_memory_t memory, uint64_t offset,
                                                        uint64_t size);
/* Its limits now, in pages: min is the current size. */
SLUICE_API sluice_error_t* sluice_memory_limits(const sluice_store_t* store, sluice_memory_t memory,
                                                sluice_limits_t* out);
SLUICE_API sluice_error_t* sluice_memory_page_size_log2(const sluice_store_t* store,
                                                        sluice_memory_t memory, uint32_t* out);
/* The guest's memory.grow. `old_pages` may be null. Whose limit refused, says
 * sluice_error_get_limit. */
SLUICE_API sluice_error_t* sluice_memory_grow(sluice_store_t* store, sluice_memory_t memory,
                                              uint64_t delta_pages, uint64_t* old_pages);
/* Copies out and in. Out of bounds nothing is copied. On a page that must not be written, or that a
 * mapped file has lost, the error comes when a part may be copied. Aligned copies of 4 and 8 bytes
 * from and to a shared memory are single accesses. */
SLUICE_API sluice_error_t* sluice_memory_read(const sluice_store_t* store, sluice_memory_t memory,
                                              uint64_t offset, void* out, size_t size);
SLUICE_API sluice_error_t* sluice_memory_write(sluice_store_t* store, sluice_memory_t memory,
                                               uint64_t offset, const void* bytes, size_t size);

/* How a file's bytes appear in a memory. */
typedef enum sluice_map {
  SLUICE_MAP_READ_ONLY,    /* the file's own, also as they change later; stores are traps */
  SLUICE_MAP_COPY_ON_WRITE /* the guest's, who may write them; the file never sees it */
} sluice_map_t;

/* Maps a part of a regular file or memfd into a memory, without copying it, in place of what is
 * there. `offset`, `file_offset` and `size` are multiples of the host's page (4096); the part lies
 * inside the memory as it is now, and in the file, whose last page may be incomplete: zeros follow.
 * Opening the file for reading is enough, and `fd` may be closed afterwards. An error changes
 * nothing, except that after SLUICE_LIMIT_SYSTEM the part may be zero.
 *
 * A guest's store to a read-only page, whatever instruction makes it, is a trap
 * (SLUICE_TRAP_MEMORY_READ_ONLY); an access to a page that the file has lost, since somebody made
 * it shorter, is one too (SLUICE_TRAP_MAPPED_PAGE_LOST), also of a private copy; to a WASI function
 * both are the guest's EFAULT. sluice_memory_read and sluice_memory_write return errors then. Host
 * code that uses pointers into the memory gets the signals SIGSEGV and SIGBUS itself:
 * sluice_memory_check_writable tells of the former in advance, and of the latter only a file that
 * nobody can shorten (F_SEAL_SHRINK) is free. A thread that uses the memory must not block these
 * signals; in an engine that takes none nothing can be mapped.
 *
 * The mapping stays until it is replaced or removed, or the memory is gone; growing leaves it, and
 * a forked child has it too. With explicit checks the memory moves at its first mapping or
 * unmapping, for the last time: it then grows within the address space that the system grants at
 * that time. An idle slot (sluice_config_set_max_idle_memories) is never made of such a memory. */
SLUICE_API sluice_error_t* sluice_memory_map_file(sluice_store_t* store, sluice_memory_t memory,
                                                  uint64_t offset, int fd, uint64_t file_offset,
                                                  uint64_t size, sluice_map_t mode);
/* Makes a part of a memory zero and writable, whatever was mapped there. Multiples of the host's
 * page as above. */
SLUICE_API sluice_error_t* sluice_memory_unmap(sluice_store_t* store, sluice_memory_t memory,
                                               uint64_t offset, uint64_t size);

/* Are the bytes well-formed UTF-8? */
SLUICE_API bool sluice_is_utf8(const void* bytes, size_t size);

/* The guest's memory.atomic.wait32, wait64 and notify: host and guests wake each other, also across
 * stores. Waiting blocks the thread until a notify of this address, unless the word there is not
 * `expected`; it wants a shared memory and an offset that is a multiple of the word's size. A
 * negative timeout is none. An interrupt of the store ends it. */
typedef enum sluice_wait {
  SLUICE_WAIT_WOKEN,
  SLUICE_WAIT_NOT_EQUAL,
  SLUICE_WAIT_TIMED_OUT,
  SLUICE_WAIT_INTERRUPTED
} sluice_wait_t;
SLUICE_API sluice_error_t* sluice_memory_wait32(sluice_store_t* store, sluice_memory_t memory,
                                                uint64_t offset, uint32_t expected,
                                                int64_t timeout_ns, sluice_wait_t* out);
SLUICE_API sluice_error_t* sluice_memory_wait64(sluice_store_t* store, sluice_memory_t memory,
                                                uint64_t offset, uint64_t expected,
                                                int64_t timeout_ns, sluice_wait_t* out);
/* Wakes `count` threads at most, those first that waited first. `woken` may be null. */
SLUICE_API sluice_error_t* sluice_memory_notify(sluice_store_t* store, sluice_memory_t memory,
                                                uint64_t offset, uint32_t count, uint32_t* woken);
/* The same shared memory in another store of the engine. For the thread of `to`; `from` must live,
 * but another thread may be using it. */
SLUICE_API sluice_error_t* sluice_memory_share(const sluice_store_t* from, sluice_memory_t memory,
                                               sluice_store_t* to, sluice_memory_t* out);

SLUICE_API sluice_error_t* sluice_table_new(sluice_store_t* store, sluice_type_t element,
                                            sluice_limits_t limits, sluice_value_t init,
                                            sluice_table_t* out);
/* Are values of this type references to functions? */
SLUICE_API bool sluice_type_is_func(const sluice_store_t* store, sluice_type_t type);
/* `limits->min` is the current size. Either may be null. */
SLUICE_API sluice_error_t* sluice_table_type(const sluice_store_t* store, sluice_table_t table,
                                             sluice_type_t* element, sluice_limits_t* limits);
SLUICE_API sluice_error_t* sluice_table_size(const sluice_store_t* store, sluice_table_t table,
                                             uint64_t* out);
SLUICE_API sluice_error_t* sluice_table_get(const sluice_store_t* store, sluice_table_t table,
                                            uint64_t index, sluice_value_t* out);
SLUICE_API sluice_error_t* sluice_table_set(sluice_store_t* store, sluice_table_t table,
                                            uint64_t index, sluice_value_t value);
SLUICE_API sluice_error_t* sluice_table_grow(sluice_store_t* store, sluice_table_t table,
                                             uint64_t delta, sluice_value_t init,
                                             uint64_t* old_size);

SLUICE_API sluice_error_t* sluice_global_new(sluice_store_t* store, sluice_type_t type,
                                             bool is_mutable, sluice_value_t value,
                                             sluice_global_t* out);
SLUICE_API sluice_error_t* sluice_global_type(const sluice_store_t* store, sluice_global_t global,
                                              sluice_type_t* type, bool* is_mutable);
SLUICE_API sluice_error_t* sluice_global_get(const sluice_store_t* store, sluice_global_t global,
                                             sluice_value_t* out);
SLUICE_API sluice_error_t* sluice_global_set(sluice_store_t* store, sluice_global_t global,
                                             sluice_value_t value);

/* ---- WASI ---------------------------------------------------------------------------------- */

/* What one WASI program sees of the world: nothing but what is given to it here, before it runs or
 * between its calls. Linkers and stores that use it keep it alive; one store at a time. Its
 * callbacks are called on the thread that runs the program, one at a time, and must not use its
 * store. A program ends itself with a trap of code SLUICE_TRAP_EXIT. Strings must not contain
 * zeros. */
typedef struct sluice_wasi sluice_wasi_t;

/* No arguments, variables or directories; standard input is empty, the others take everything. */
SLUICE_API sluice_wasi_t* sluice_wasi_new(void);
SLUICE_API void sluice_wasi_delete(sluice_wasi_t* wasi);
/* The first is the program's name. */
SLUICE_API sluice_error_t* sluice_wasi_add_argument(sluice_wasi_t* wasi, const char* text,
                                                    size_t size);
SLUICE_API sluice_error_t* sluice_wasi_add_variable(sluice_wasi_t* wasi, const char* name,
                                                    size_t name_size, const char* value,
                                                    size_t value_size);
/* The host's directory `host` under the name `guest`. No path leads out of it. Where it is
 * read-only, whatever would change something is an error. */
SLUICE_API sluice_error_t* sluice_wasi_preopen(sluice_wasi_t* wasi, const char* host,
                                               size_t host_size, const char* guest,
                                               size_t guest_size, bool read_only);
/* A socket that waits for connections at "HOST:PORT"; give directories first. */
SLUICE_API sluice_error_t* sluice_wasi_listen(sluice_wasi_t* wasi, const char* address,
                                              size_t size);

/* The process's own streams; closing them in the program leaves them open. */
SLUICE_API void sluice_wasi_inherit_stdin(sluice_wasi_t* wasi);
SLUICE_API void sluice_wasi_inherit_stdout(sluice_wasi_t* wasi);
SLUICE_API void sluice_wasi_inherit_stderr(sluice_wasi_t* wasi);
/* Bytes to be read, which are copied. */
SLUICE_API void sluice_wasi_set_stdin_bytes(sluice_wasi_t* wasi, const void* bytes, size_t size);
/* Streams of the embedder's. Both return how many bytes they took or gave, which may be fewer (0
 * from a read is the end), or a negative number of errno.h. `release` (may be null, here and
 * below) gets `env` when the program is gone or something else is set. */
typedef int64_t (*sluice_wasi_read_t)(void* env, void* bytes, size_t size);
typedef int64_t (*sluice_wasi_write_t)(void* env, const void* bytes, size_t size);
SLUICE_API void sluice_wasi_set_stdin(sluice_wasi_t* wasi, sluice_wasi_read_t read, void* env,
                                      void (*release)(void* env));
SLUICE_API void sluice_wasi_set_stdout(sluice_wasi_t* wasi, sluice_wasi_write_t write, void* env,
                                       void (*release)(void* env));
SLUICE_API void sluice_wasi_set_stderr(sluice_wasi_t* wasi, sluice_wasi_write_t write, void* env,
                                       void (*release)(void* env));

/* Other clocks than the host's: 0 real time, 1 monotonic, 2 the process's, 3 the thread's. False:
 * no such clock. Waiting takes the host's time all the same. */
typedef bool (*sluice_wasi_clock_t)(void* env, uint32_t clock, uint64_t* nanoseconds);
SLUICE_API void sluice_wasi_set_clock(sluice_wasi_t* wasi, sluice_wasi_clock_t clock, void* env,
                                      void (*release)(void* env));
/* Other random numbers. False: none, the program gets an error. */
typedef bool (*sluice_wasi_random_t)(void* env, void* bytes, size_t size);
SLUICE_API void sluice_wasi_set_random(sluice_wasi_t* wasi, sluice_wasi_random_t random, void* env,
                                       void (*release)(void* env));
/* One line for every call that the program has made. What it named is in it as it is: not fit for a
 * terminal. */
typedef void (*sluice_wasi_trace_t)(void* env, const char* line, size_t size);
SLUICE_API void sluice_wasi_set_trace(sluice_wasi_t* wasi, sluice_wasi_trace_t trace, void* env,
                                      void (*release)(void* env));

/* What the program exited with, the last time it did; false if it has not. */
SLUICE_API bool sluice_wasi_exit_status(const sluice_wasi_t* wasi, uint32_t* out);

/* ---- Instances and linkers ----------------------------------------------------------------- */

/* One import for each the module declares, in its order. Writes the segments and calls the start
 * function: what traps there is the error. */
SLUICE_API sluice_error_t* sluice_instance_new(sluice_store_t* store, const sluice_module_t* module,
                                               const sluice_extern_t* imports, size_t import_count,
                                               sluice_instance_t* out);
/* An error that names the export if there is none. */
SLUICE_API sluice_error_t* sluice_instance_export(const sluice_store_t* store,
                                                  sluice_instance_t instance, const char* name,
                                                  size_t name_size, sluice_extern_t* out);

typedef struct sluice_linker sluice_linker_t;

SLUICE_API sluice_linker_t* sluice_linker_new(sluice_engine_t* engine);
SLUICE_API void sluice_linker_delete(sluice_linker_t* linker);
/* Lets later definitions replace earlier ones instead of being errors. */
SLUICE_API void sluice_linker_allow_shadowing(sluice_linker_t* linker, bool allow);
/* A host function for every store; `release` as in sluice_func_new. */
SLUICE_API sluice_error_t* sluice_linker_define_func(sluice_linker_t* linker, const char* module,
                                                     size_t module_size, const char* name,
                                                     size_t name_size, sluice_func_type_t type,
                                                     sluice_callback_t callback, void* env,
                                                     void (*release)(void* env));

/* What a typed host function's code gets first. */
typedef struct sluice_host {
  void* env;
  sluice_store_t* store;
} sluice_host_t;

/* A host function that is called directly, as the C function
 *     R code(const sluice_host_t *host, void *caller, parameters...)
 * with R and the limits of sluice_typed_func_t; the trap member is 0 or what sluice_store_fail
 * returned. `caller` serves sluice_direct_caller_*. The code must not throw. */
SLUICE_API sluice_error_t*
sluice_linker_define_typed_func(sluice_linker_t* linker, const char* module, size_t module_size,
                                const char* name, size_t name_size, sluice_func_type_t type,
                                const void* code, void* env, void (*release)(void* env));
/* What sluice_caller_export and sluice_caller_memory are to callbacks. `store` is host->store. */
SLUICE_API bool sluice_direct_caller_export(const sluice_store_t* store, void* caller,
                                            const char* name, size_t name_size,
                                            sluice_extern_t* out);
SLUICE_API bool sluice_direct_caller_memory(const sluice_store_t* store, void* caller,
                                            sluice_memory_t* out);

/* An object of one store; instantiating in another store is then an error. */
SLUICE_API sluice_error_t* sluice_linker_define(sluice_linker_t* linker,
                                                const sluice_store_t* store, const char* module,
                                                size_t module_size, const char* name,
                                                size_t name_size, sluice_extern_t what);
/* All exports of an instance. */
SLUICE_API sluice_error_t* sluice_linker_define_instance(sluice_linker_t* linker,
                                                         const sluice_store_t* store,
                                                         const char* module, size_t module_size,
                                                         sluice_instance_t instance);
/* WASI preview 1, and its predecessor wasi_unstable. */
SLUICE_API sluice_error_t* sluice_linker_define_wasi(sluice_linker_t* linker,
                                                     const sluice_wasi_t* wasi);
/* Imports by name; an error lists all that are missing. */
SLUICE_API sluice_error_t* sluice_linker_instantiate(const sluice_linker_t* linker,
                                                     sluice_store_t* store,
                                                     const sluice_module_t* module,
                                                     sluice_instance_t* out);

/* A module with its imports found and the types of host functions checked, to be instantiated many
 * times. Any number of threads may use it, each with a store of its own. What the linker defines
 * later does not change it; the linker may be deleted. Objects of a store among the imports are
 * checked each time, and only that store can be used. */
typedef struct sluice_pre_instance sluice_pre_instance_t;
SLUICE_API sluice_error_t* sluice_linker_pre_instantiate(const sluice_linker_t* linker,
                                                         const sluice_module_t* module,
                                                         sluice_pre_instance_t** out);
SLUICE_API sluice_error_t* sluice_pre_instance_instantiate(const sluice_pre_instance_t* pre,
                                                           sluice_store_t* store,
                                                           sluice_instance_t* out);
SLUICE_API void sluice_pre_instance_delete(sluice_pre_instance_t* pre);

/* ---- The standard interface ---------------------------------------------------------------- */

/* Programs over wasm.h that want streams, WASI, limits or traps' data: the same objects under the
 * names of this header, and back. What "borrows" gives is not to be deleted and lives as long as
 * what it was made of; all else is new, and to be deleted by the caller with its own header's
 * function. References (externref) belong to the header that made them. */
struct wasm_config_t;
struct wasm_engine_t;
struct wasm_store_t;
struct wasm_module_t;
struct wasm_instance_t;
struct wasm_extern_t;
struct wasm_trap_t;

/* Borrows. */
SLUICE_API sluice_config_t* sluice_from_wasm_config(struct wasm_config_t* config);
/* Borrows. */
SLUICE_API sluice_engine_t* sluice_from_wasm_engine(struct wasm_engine_t* engine);
/* Borrows. */
SLUICE_API sluice_store_t* sluice_from_wasm_store(struct wasm_store_t* store);
SLUICE_API sluice_module_t* sluice_from_wasm_module(const struct wasm_module_t* module);
SLUICE_API sluice_instance_t sluice_from_wasm_instance(const struct wasm_instance_t* instance);
/* False if it is none. */
SLUICE_API bool sluice_from_wasm_extern(const struct wasm_extern_t* what, sluice_extern_t* out);
SLUICE_API sluice_error_t* sluice_from_wasm_trap(const struct wasm_trap_t* trap);

SLUICE_API struct wasm_engine_t* sluice_to_wasm_engine(const sluice_engine_t* engine);
/* Takes the store over: from now on it is borrowed from the result. */
SLUICE_API struct wasm_store_t* sluice_to_wasm_store(sluice_store_t* store);
/* Null if the module is of another engine. */
SLUICE_API struct wasm_module_t* sluice_to_wasm_module(struct wasm_store_t* store,
                                                       const sluice_module_t* module);
/* Null if the instance is of another store. */
SLUICE_API struct wasm_instance_t* sluice_to_wasm_instance(struct wasm_store_t* store,
                                                           sluice_instance_t instance);
/* Null for what is of another store, and for tags, which wasm.h does not have. */
SLUICE_API struct wasm_extern_t* sluice_to_wasm_extern(struct wasm_store_t* store,
                                                       sluice_extern_t what);
/* Takes the error over; a host function of wasm.h may return the result. */
SLUICE_API struct wasm_trap_t* sluice_to_wasm_trap(struct wasm_store_t* store,
                                                   sluice_error_t* error);

#ifdef __cplusplus
}
#endif

#endif

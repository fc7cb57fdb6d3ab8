// The C interface: ownership, errors, handles of other stores, callbacks.
#include <cstring>
#include <gtest/gtest.h>
#include <string>

#include "sluice/sluice.h"
#include "tests/support/example_modules.h"

namespace {

using namespace sluice_test;

class CApiTest : public testing::Test {
 protected:
  void SetUp() override {
    ok(sluice_engine_new(nullptr, &engine));
    ok(sluice_store_new(engine, this, &store));
    linker = sluice_linker_new(engine);
  }
  void TearDown() override {
    sluice_linker_delete(linker);
    sluice_store_delete(store);
    sluice_engine_delete(engine);
  }
  static void ok(sluice_error_t* error) {
    EXPECT_EQ(error, nullptr) << sluice_error_message(error);
    sluice_error_delete(error);
  }
  /// The error's message; deletes it.
  static std::string message(sluice_error_t* error) {
    if (error == nullptr) return "no error";
    std::string text = sluice_error_message(error);
    sluice_error_delete(error);
    return text;
  }
  sluice_module_t* compile(const Bytes& bytes) {
    sluice_module_t* module = nullptr;
    ok(sluice_module_new(engine, bytes.data(), bytes.size(), &module));
    return module;
  }
  sluice_instance_t instantiate(const Bytes& bytes) {
    sluice_module_t* module = compile(bytes);
    sluice_instance_t instance = {};
    ok(sluice_linker_instantiate(linker, store, module, &instance));
    sluice_module_delete(module);
    return instance;
  }
  sluice_func_t func(sluice_instance_t instance, const char* name) {
    sluice_extern_t e = {};
    ok(sluice_instance_export(store, instance, name, std::strlen(name), &e));
    EXPECT_EQ(e.kind, SLUICE_KIND_FUNC);
    return {e.store_id, e.object};
  }

  sluice_engine_t* engine = nullptr;
  sluice_store_t* store = nullptr;
  sluice_linker_t* linker = nullptr;
};

TEST_F(CApiTest, StreamsByteByByteWithProgress) {
  struct Seen {
    uint64_t bytes = 0;
    uint32_t bodies = 0;
  } seen;
  const auto progress = [](void* env, const sluice_progress_t* p) {
    auto& s = *static_cast<Seen*>(env);
    EXPECT_GE(p->wire_bytes, s.bytes);
    s = {p->wire_bytes, p->bodies};
  };
  sluice_stream_t* stream = sluice_stream_new(engine, progress, &seen);
  for (const uint8_t byte : kBasics) ok(sluice_stream_feed(stream, &byte, 1));
  sluice_module_t* module = nullptr;
  ok(sluice_stream_finish(stream, &module));
  ASSERT_NE(module, nullptr);
  EXPECT_EQ(seen.bytes, kBasics.size());
  EXPECT_EQ(seen.bodies, 13u);
  EXPECT_NE(message(sluice_stream_feed(stream, "x", 1)), "no error");
  sluice_stream_delete(stream);
  sluice_module_delete(module);
}

TEST_F(CApiTest, CancelledAndBadStreamsAreErrors) {
  sluice_stream_t* stream = sluice_stream_new(engine, nullptr, nullptr);
  ok(sluice_stream_feed(stream, kBasics.data(), 20));
  sluice_stream_cancel(stream);
  sluice_module_t* module = nullptr;
  EXPECT_NE(message(sluice_stream_finish(stream, &module)).find("cancelled"), std::string::npos);
  sluice_stream_delete(stream);
  sluice_error_t* error = sluice_module_new(engine, "not wasm", 8, &module);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(sluice_error_get_class(error), SLUICE_ERROR_MALFORMED);
  EXPECT_EQ(sluice_error_offset(error), 0u);
  EXPECT_FALSE(sluice_error_is_trap(error));
  sluice_error_delete(error);
}

TEST_F(CApiTest, TextIsAModuleToo) {
  const std::string_view text = "(module (func (export \"f\")))";
  sluice_module_t* module = nullptr;
  ok(sluice_module_new(engine, text.data(), text.size(), &module));
  EXPECT_EQ(sluice_module_export_count(module), 1u);
  sluice_module_delete(module);
  uint8_t* bytes = nullptr;
  size_t size = 0;
  ok(sluice_wat2wasm(text.data(), text.size(), &bytes, &size));
  ok(sluice_module_new(engine, bytes, size, &module));
  sluice_module_delete(module);
  sluice_bytes_delete(bytes, size);
  const std::string_view wrong = "(module\n  (fun))";
  sluice_error_t* error = sluice_wat2wasm(wrong.data(), wrong.size(), &bytes, &size);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(sluice_error_get_class(error), SLUICE_ERROR_MALFORMED);
  EXPECT_EQ(sluice_error_offset(error), 11u);
  EXPECT_NE(std::string(sluice_error_message(error)).find("line 2, column 4"), std::string::npos);
  sluice_error_delete(error);
}

TEST_F(CApiTest, DescribesImportsAndExports) {
  sluice_module_t* module = compile(kUser);
  ASSERT_EQ(sluice_module_import_count(module), 5u);
  sluice_import_t import = {};
  ASSERT_TRUE(sluice_module_import(module, 1, &import));
  EXPECT_EQ(std::string(import.module, import.module_size), "p");
  EXPECT_EQ(std::string(import.name, import.name_size), "table");
  EXPECT_EQ(import.type.kind, SLUICE_KIND_TABLE);
  EXPECT_EQ(import.type.value_type, SLUICE_FUNCREF);
  EXPECT_EQ(import.type.limits.min, 10u);
  ASSERT_TRUE(sluice_module_import(module, 3, &import));
  EXPECT_EQ(import.type.value_type, SLUICE_I64);
  EXPECT_TRUE(import.type.is_mutable);
  EXPECT_FALSE(sluice_module_import(module, 5, &import));
  sluice_export_t e = {};
  ASSERT_TRUE(sluice_module_export(module, 1, &e));
  EXPECT_EQ(std::string(e.name, e.name_size), "set_variable");
  ASSERT_EQ(e.type.func.param_count, 1u);
  EXPECT_EQ(e.type.func.params[0], SLUICE_I64);
  EXPECT_EQ(e.type.func.result_count, 0u);
  sluice_module_delete(module);
}

TEST_F(CApiTest, CallsCheckedAndTyped) {
  const sluice_instance_t instance = instantiate(kBasics);
  const sluice_func_t add = func(instance, "add");
  sluice_value_t args[2] = {};
  args[0].i32 = 40;
  args[1].i32 = 2;
  sluice_value_t result = {};
  ok(sluice_func_call(store, add, args, 2, &result, 1));
  EXPECT_EQ(result.i32, 42);
  EXPECT_NE(message(sluice_func_call(store, add, args, 1, &result, 1)), "no error");

  const sluice_type_t i32[] = {SLUICE_I32, SLUICE_I32};
  sluice_typed_func_t typed = {};
  ok(sluice_func_typed(store, add, {i32, 2, i32, 1}, &typed));
  ASSERT_NE(typed.entry, nullptr);
  struct Result {
    uint64_t value;
    uint64_t trap;
  };
  const auto entry = reinterpret_cast<Result (*)(void*, const void*, uint32_t, uint32_t)>(
      const_cast<void*>(typed.entry));
  EXPECT_EQ(entry(typed.instance, typed.code, 3, 4).value, 7u);
  EXPECT_NE(message(sluice_func_typed(store, add, {i32, 1, i32, 1}, &typed)), "no error");
}

TEST_F(CApiTest, TrapsCarryFrames) {
  const sluice_instance_t instance = instantiate(kBasics);
  sluice_error_t* error = sluice_func_call(store, func(instance, "trap"), nullptr, 0, nullptr, 0);
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(sluice_error_get_class(error), SLUICE_ERROR_TRAP);
  EXPECT_EQ(sluice_error_trap_code(error), SLUICE_TRAP_UNREACHABLE);
  EXPECT_STREQ(sluice_error_trap_reason(error), "unreachable");
  ASSERT_EQ(sluice_error_frame_count(error), 2u);
  sluice_frame_t frame = {};
  ASSERT_TRUE(sluice_error_frame(error, 0, &frame));
  EXPECT_EQ(std::string(frame.func_name, frame.func_name_size), "inner");
  EXPECT_LT(frame.wasm_offset, kBasics.size());
  EXPECT_FALSE(sluice_error_frame(error, 2, &frame));
  sluice_source_t source = {};
  EXPECT_FALSE(sluice_error_frame_source(error, 0, &source));
  EXPECT_EQ(sluice_error_omitted_frames(error), 0u);
  sluice_error_delete(error);
}

TEST_F(CApiTest, HandlesOfOtherStoresAreErrorsEvenWhenThoseAreGone) {
  sluice_instance_t instance = instantiate(kBasics);
  const sluice_func_t next = func(instance, "next");
  sluice_store_t* other = nullptr;
  ok(sluice_store_new(engine, nullptr, &other));
  sluice_value_t result = {};
  EXPECT_NE(message(sluice_func_call(other, next, nullptr, 0, &result, 1)).find("another store"),
            std::string::npos);
  sluice_memory_t foreign = {};
  ok(sluice_memory_new(other, {1, 0, false, false, false}, 16, &foreign));
  sluice_store_delete(other);
  uint64_t old = 0;
  EXPECT_NE(message(sluice_memory_grow(store, foreign, 1, &old)).find("another store"),
            std::string::npos);
  const sluice_func_t none = {0, nullptr};
  EXPECT_NE(message(sluice_func_call(store, none, nullptr, 0, nullptr, 0)), "no error");
  EXPECT_NE(message(sluice_linker_define(linker, store, "m", 1, "n", 1,
                                         {SLUICE_KIND_MEMORY, foreign.store_id, foreign.object})),
            "no error");
}

struct Env {
  int calls = 0;
  int released = 0;
};

TEST_F(CApiTest, CallbacksAndTheirEnvironments) {
  Env env;
  const auto callback = [](void* e, sluice_caller_t* caller, sluice_value_t* cells) -> uint32_t {
    ++static_cast<Env*>(e)->calls;
    if (cells[0].i32 < 0) {
      return sluice_store_fail(sluice_caller_store(caller), "negative", 8, nullptr, nullptr);
    }
    sluice_memory_t memory = {};
    EXPECT_TRUE(sluice_caller_memory(caller, &memory));
    sluice_extern_t e2 = {};
    EXPECT_TRUE(sluice_caller_export(caller, "divide", 6, &e2));
    EXPECT_FALSE(sluice_caller_export(caller, "nothing", 7, &e2));
    cells[0].i32 *= 2;
    return 0;
  };
  const auto release = [](void* e) { ++static_cast<Env*>(e)->released; };
  const auto nothing = [](void*, sluice_caller_t*, sluice_value_t*) -> uint32_t { return 0; };
  const sluice_type_t t[] = {SLUICE_I32, SLUICE_F64, SLUICE_I64, SLUICE_F32};
  const sluice_type_t i32s[] = {SLUICE_I32, SLUICE_I32};
  const auto define = [&](const char* name, sluice_func_type_t type, sluice_callback_t f) {
    return sluice_linker_define_func(linker, "env", 3, name, std::strlen(name), type, f, &env,
                                     release);
  };
  ok(define("log", {i32s, 2, nullptr, 0}, nothing));
  ok(define("mix", {t, 4, t + 1, 1}, nothing));
  ok(define("wide", {t + 2, 1, t + 2, 1}, nothing));
  ok(define("fail", {nullptr, 0, nullptr, 0}, nothing));
  ok(define("back", {i32s, 1, i32s, 1}, callback));
  EXPECT_NE(message(define("back", {i32s, 1, i32s, 1}, callback)), "no error");
  EXPECT_EQ(env.released, 1);
  const sluice_type_t bad[] = {77};
  EXPECT_NE(message(define("bad", {bad, 1, nullptr, 0}, callback)), "no error");
  EXPECT_EQ(env.released, 2);

  const sluice_instance_t instance = instantiate(kHostCalls);
  const sluice_func_t via = func(instance, "via");
  sluice_value_t value = {};
  value.i32 = 21;
  ok(sluice_func_call(store, via, &value, 1, &value, 1));
  EXPECT_EQ(value.i32, 142);
  value.i32 = -1;
  sluice_error_t* error = sluice_func_call(store, via, &value, 1, &value, 1);
  ASSERT_NE(error, nullptr);
  EXPECT_STREQ(sluice_error_trap_reason(error), "negative");
  EXPECT_EQ(sluice_error_trap_code(error), SLUICE_TRAP_HOST);
  sluice_error_delete(error);
  EXPECT_EQ(env.calls, 2);
  TearDown();
  EXPECT_EQ(env.released, 7);
  SetUp();
}

TEST_F(CApiTest, ErrorsOfTheHost) {
  sluice_error_t* error = sluice_error_new("no such file", 12);
  EXPECT_EQ(sluice_error_get_class(error), SLUICE_ERROR_RUNTIME);
  EXPECT_FALSE(sluice_error_is_trap(error));
  EXPECT_EQ(message(error), "no such file");
}

TEST_F(CApiTest, MemoriesTablesAndGlobals) {
  sluice_memory_t memory = {};
  ok(sluice_memory_new(store, {1, 2, true, false, false}, 16, &memory));
  const sluice_memory_data_t* data = nullptr;
  ok(sluice_memory_get_data(store, memory, &data));
  EXPECT_EQ(data->size_bytes, 65536u);
  ok(sluice_memory_write(store, memory, 10, "abc", 3));
  char back[3];
  ok(sluice_memory_read(store, memory, 10, back, 3));
  EXPECT_EQ(std::string(back, 3), "abc");
  EXPECT_NE(message(sluice_memory_read(store, memory, 65534, back, 3)), "no error");
  uint64_t old = 0;
  ok(sluice_memory_grow(store, memory, 1, &old));
  EXPECT_EQ(old, 1u);
  EXPECT_EQ(data->size_bytes, 131072u);
  EXPECT_EQ(data->base[10], 'a');
  sluice_limits_t limits = {};
  ok(sluice_memory_limits(store, memory, &limits));
  EXPECT_EQ(limits.min, 2u);

  sluice_table_t table = {};
  const sluice_limits_t four = {4, 0, false, false, false};
  ok(sluice_table_new(store, SLUICE_EXTERNREF, four, {}, &table));
  EXPECT_NE(message(sluice_table_new(store, SLUICE_I32, four, {}, &table)), "no error");
  ok(sluice_table_set(store, table, 3, sluice_externref_new(store, this, nullptr)));
  sluice_value_t value = {};
  ok(sluice_table_get(store, table, 3, &value));
  EXPECT_EQ(sluice_externref_host(store, value), this);
  uint64_t size = 0;
  ok(sluice_table_size(store, table, &size));
  EXPECT_EQ(size, 4u);

  sluice_global_t global = {};
  sluice_value_t init = {};
  init.f64 = 1.5;
  ok(sluice_global_new(store, SLUICE_F64, true, init, &global));
  init.f64 = 2.5;
  ok(sluice_global_set(store, global, init));
  ok(sluice_global_get(store, global, &value));
  EXPECT_EQ(value.f64, 2.5);
  EXPECT_EQ(sluice_store_user_data(store), this);
}

TEST_F(CApiTest, ExceptionsAreErrorsWithValues) {
  const sluice_type_t types[] = {SLUICE_I32, SLUICE_EXNREF};
  sluice_tag_t tag = {};
  sluice_error_t* e = sluice_tag_new(store, {nullptr, 0, types, 1}, &tag);
  ASSERT_NE(e, nullptr) << "a tag with a result";
  sluice_error_delete(e);
  ok(sluice_tag_new(store, {types, 2, nullptr, 0}, &tag));
  sluice_func_type_t type = {};
  ok(sluice_tag_get_type(store, tag, &type));
  EXPECT_EQ(type.param_count, 2u);

  sluice_value_t values[2] = {};
  values[0].i32 = 9;
  sluice_exception_t found = {};
  e = sluice_exception_new(store, tag, values, 1);
  EXPECT_EQ(sluice_error_get_class(e), SLUICE_ERROR_RUNTIME);
  EXPECT_FALSE(sluice_error_exception(e, store, &found));
  sluice_error_delete(e);
  values[1].bits[0] = 1234;  // no reference
  e = sluice_exception_new(store, tag, values, 2);
  EXPECT_EQ(sluice_error_get_class(e), SLUICE_ERROR_RUNTIME);
  sluice_error_delete(e);
  EXPECT_FALSE(sluice_exception_from_ref(store, values[1], &found));
  values[1] = {};
  EXPECT_FALSE(sluice_exception_from_ref(store, values[1], &found)) << "null";

  e = sluice_exception_new(store, tag, values, 2);
  EXPECT_EQ(sluice_error_trap_code(e), SLUICE_TRAP_UNCAUGHT_EXCEPTION);
  ASSERT_TRUE(sluice_error_exception(e, store, &found));
  EXPECT_EQ(found.tag.object, tag.object);
  ASSERT_EQ(found.value_count, 2u);
  EXPECT_EQ(found.values[0].i32, 9);
  sluice_error_delete(e);
}

TEST_F(CApiTest, FuncrefsTravelThroughTables) {
  const sluice_instance_t instance = instantiate(kBasics);
  sluice_extern_t e = {};
  ok(sluice_instance_export(store, instance, "table", 5, &e));
  const sluice_table_t table = {e.store_id, e.object};
  sluice_value_t value = {};
  ok(sluice_table_get(store, table, 0, &value));
  const sluice_func_t add = sluice_func_from_ref(store, value);
  EXPECT_EQ(add.object, func(instance, "add").object);
  ok(sluice_table_set(store, table, 3, sluice_func_to_ref(add)));
  value.i32 = 3;
  sluice_value_t result = {};
  ok(sluice_func_call(store, func(instance, "indirect"), &value, 1, &result, 1));
  EXPECT_EQ(result.i32, 7);
  ok(sluice_table_get(store, table, 2, &value));
  EXPECT_EQ(sluice_func_from_ref(store, value).object, nullptr);
}

volatile sig_atomic_t signals_seen = 0;

void embedder_handler(int number, siginfo_t* info, void* context) {
  signals_seen = signals_seen + 1;
  if (!sluice_handle_signal(number, info, context)) std::abort();
}

TEST_F(CApiTest, AnEmbedderMayOwnTheSignals) {
  struct sigaction ours = {};
  ours.sa_sigaction = &embedder_handler;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  struct sigaction segv = {};
  ASSERT_EQ(sigaction(SIGSEGV, &ours, &segv), 0);
  TearDown();
  sluice_config_t* config = sluice_config_new();
  sluice_config_set_signals(config, SLUICE_SIGNALS_EMBEDDER);
  sluice_config_set_workers(config, 0);
  ok(sluice_engine_new(config, &engine));
  sluice_config_delete(config);
  ok(sluice_store_new(engine, nullptr, &store));
  linker = sluice_linker_new(engine);

  const sluice_instance_t instance = instantiate(kBasics);
  signals_seen = 0;
  for (int i = 0; i < 3; ++i) {
    sluice_error_t* error = sluice_func_call(store, func(instance, "trap"), nullptr, 0, nullptr, 0);
    EXPECT_EQ(sluice_error_trap_code(error), SLUICE_TRAP_UNREACHABLE);
    sluice_error_delete(error);
  }
  EXPECT_EQ(signals_seen, 0);
  if (sluice_engine_memory_mode(engine) == SLUICE_MEMORY_GUARD) {
    sluice_value_t value = {};
    value.i32 = -1;
    sluice_error_t* error = sluice_func_call(store, func(instance, "load"), &value, 1, &value, 1);
    EXPECT_EQ(sluice_error_trap_code(error), SLUICE_TRAP_MEMORY_OUT_OF_BOUNDS);
    sluice_error_delete(error);
    EXPECT_EQ(signals_seen, 1);
  }
  sigaction(SIGSEGV, &segv, nullptr);
}

TEST_F(CApiTest, ModulesAndObjectsOfAnotherEngineAreErrors) {
  sluice_engine_t* other = nullptr;
  ok(sluice_engine_new(nullptr, &other));
  sluice_module_t* module = nullptr;
  ok(sluice_module_new(other, kBasics.data(), kBasics.size(), &module));
  sluice_instance_t instance = {};
  EXPECT_NE(message(sluice_instance_new(store, module, nullptr, 0, &instance)).find("engine"),
            std::string::npos);
  EXPECT_NE(message(sluice_linker_instantiate(linker, store, module, &instance)).find("engine"),
            std::string::npos);
  sluice_module_delete(module);
  sluice_engine_delete(other);
}

TEST_F(CApiTest, InstancesFromAListOfImports) {
  const sluice_instance_t provider = instantiate(kProvider);
  sluice_module_t* module = compile(kUser);
  sluice_extern_t imports[5] = {};
  for (size_t i = 0; i < 5; ++i) {
    sluice_import_t import = {};
    ASSERT_TRUE(sluice_module_import(module, i, &import));
    ok(sluice_instance_export(store, provider, import.name, import.name_size, &imports[i]));
  }
  sluice_instance_t user = {};
  ok(sluice_instance_new(store, module, imports, 5, &user));
  sluice_value_t result = {};
  ok(sluice_func_call(store, func(user, "mine"), nullptr, 0, &result, 1));
  EXPECT_EQ(result.i32, 83);
  EXPECT_NE(message(sluice_instance_new(store, module, imports, 4, &user)), "no error");
  std::swap(imports[0], imports[1]);
  EXPECT_NE(message(sluice_instance_new(store, module, imports, 5, &user)).find("incompatible"),
            std::string::npos);
  sluice_module_delete(module);
}

}  // namespace

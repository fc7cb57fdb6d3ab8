// A program over wasm.h that streams, uses WASI and limits by sluice.h, and the other way round.
#include <gtest/gtest.h>
#include <string>

#include "sluice/sluice.h"
#include "tests/unit/runtime/store/store_fixture.h"
#include "wasm.h"

namespace sluice {
namespace {

constexpr std::string_view kProgram = R"((module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "m" "host" (func $host))
  (memory (export "memory") 1)
  (tag (export "tag"))
  (data (i32.const 0) "\10\00\00\00\05\00\00\00")
  (data (i32.const 16) "hello")
  (func (export "run") (result i32)
    (call $host)
    (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "trap") (unreachable))
  (func (export "spin") (loop (br 0)))))";

class BridgeTest : public testing::Test {
 protected:
  void SetUp() override {
    wasm_config_t* config = wasm_config_new();
    sluice_config_set_workers(sluice_from_wasm_config(config), 0);
    sluice_config_set_fuel(sluice_from_wasm_config(config), true);
    engine = wasm_engine_new_with_config(config);
    ASSERT_NE(engine, nullptr);
    store = wasm_store_new(engine);
    ASSERT_EQ(sluice_store_set_fuel(sluice_from_wasm_store(store), 1000), nullptr);
  }
  void TearDown() override {
    wasm_store_delete(store);
    wasm_engine_delete(engine);
  }
  static wasm_trap_t* host(void* env, const wasm_val_vec_t*, wasm_val_vec_t*) {
    auto& self = *static_cast<BridgeTest*>(env);
    ++self.host_calls;
    return self.refusal == nullptr ? nullptr : sluice_to_wasm_trap(self.store, self.refusal);
  }
  static int64_t write(void* env, const void* bytes, size_t size) {
    static_cast<BridgeTest*>(env)->output.append(static_cast<const char*>(bytes), size);
    return static_cast<int64_t>(size);
  }
  sluice_module_t* stream() {
    const std::vector<uint8_t> bytes = wat(kProgram);
    sluice_stream_t* stream = sluice_stream_new(sluice_from_wasm_engine(engine), nullptr, nullptr);
    for (const uint8_t& byte : bytes) EXPECT_EQ(sluice_stream_feed(stream, &byte, 1), nullptr);
    sluice_module_t* module = nullptr;
    EXPECT_EQ(sluice_stream_finish(stream, &module), nullptr);
    sluice_stream_delete(stream);
    return module;
  }
  /// With WASI by the linker of sluice.h, and a host function of wasm.h among its imports.
  wasm_instance_t* link(const sluice_module_t* module) {
    sluice_linker_t* linker = sluice_linker_new(sluice_from_wasm_engine(engine));
    sluice_wasi_t* wasi = sluice_wasi_new();
    sluice_wasi_set_stdout(wasi, &write, this, nullptr);
    EXPECT_EQ(sluice_linker_define_wasi(linker, wasi), nullptr);
    wasm_functype_t* type = wasm_functype_new_0_0();
    wasm_func_t* func = wasm_func_new_with_env(store, type, &host, this, nullptr);
    wasm_functype_delete(type);
    sluice_extern_t imported = {};
    EXPECT_TRUE(sluice_from_wasm_extern(wasm_func_as_extern(func), &imported));
    sluice_store_t* s = sluice_from_wasm_store(store);
    EXPECT_EQ(sluice_linker_define(linker, s, "m", 1, "host", 4, imported), nullptr);
    sluice_instance_t instance = {};
    EXPECT_EQ(sluice_linker_instantiate(linker, s, module, &instance), nullptr);
    wasm_func_delete(func);
    sluice_wasi_delete(wasi);
    sluice_linker_delete(linker);
    return sluice_to_wasm_instance(store, instance);
  }
  /// Calls an export by its place among them.
  wasm_trap_t* call(const wasm_instance_t* instance, size_t which, wasm_val_t* result) {
    wasm_extern_vec_t exports;
    wasm_instance_exports(instance, &exports);
    const wasm_val_vec_t args = WASM_EMPTY_VEC;
    wasm_val_vec_t results = {result == nullptr ? size_t{0} : size_t{1}, result};
    wasm_trap_t* trap = wasm_func_call(wasm_extern_as_func(exports.data[which]), &args, &results);
    wasm_extern_vec_delete(&exports);
    return trap;
  }

  wasm_engine_t* engine = nullptr;
  wasm_store_t* store = nullptr;
  sluice_error_t* refusal = nullptr;  // what the host function throws
  std::string output;
  int host_calls = 0;
};

constexpr size_t kMemory = 0, kTag = 1, kRun = 2, kTrap = 3, kSpin = 4;

TEST_F(BridgeTest, StreamsAndWasiForAStandardProgram) {
  sluice_module_t* module = stream();
  wasm_instance_t* instance = link(module);
  wasm_val_t result = WASM_INIT_VAL;
  EXPECT_EQ(call(instance, kRun, &result), nullptr);
  EXPECT_EQ(result.of.i32, 0);
  EXPECT_EQ(output, "hello");
  EXPECT_EQ(host_calls, 1);
  wasm_instance_delete(instance);
  sluice_module_delete(module);
}

TEST_F(BridgeTest, TrapsKeepTheirData) {
  sluice_module_t* module = stream();
  wasm_instance_t* instance = link(module);
  wasm_trap_t* trap = call(instance, kTrap, nullptr);
  ASSERT_NE(trap, nullptr);
  sluice_error_t* error = sluice_from_wasm_trap(trap);
  EXPECT_EQ(sluice_error_trap_code(error), SLUICE_TRAP_UNREACHABLE);
  EXPECT_EQ(sluice_error_frame_count(error), 1u);
  wasm_trap_delete(trap);
  sluice_error_delete(error);
  // Limits hold whoever calls.
  trap = call(instance, kSpin, nullptr);
  ASSERT_NE(trap, nullptr);
  error = sluice_from_wasm_trap(trap);
  EXPECT_EQ(sluice_error_trap_code(error), SLUICE_TRAP_FUEL_EXHAUSTED);
  wasm_trap_delete(trap);
  sluice_error_delete(error);
  // An error as the trap of a host function.
  EXPECT_EQ(sluice_store_set_fuel(sluice_from_wasm_store(store), 1000), nullptr);
  refusal = sluice_error_new("not today", 9);
  wasm_val_t result = WASM_INIT_VAL;
  trap = call(instance, kRun, &result);
  ASSERT_NE(trap, nullptr);
  wasm_message_t message;
  wasm_trap_message(trap, &message);
  EXPECT_STREQ(message.data, "not today");
  wasm_byte_vec_delete(&message);
  wasm_trap_delete(trap);
  wasm_instance_delete(instance);
  sluice_module_delete(module);
}

TEST_F(BridgeTest, ModulesAndObjectsGoBothWays) {
  sluice_module_t* module = stream();
  wasm_module_t* standard = sluice_to_wasm_module(store, module);
  sluice_module_delete(module);
  wasm_importtype_vec_t imports;
  wasm_module_imports(standard, &imports);
  EXPECT_EQ(imports.size, 2u);
  wasm_importtype_vec_delete(&imports);
  module = sluice_from_wasm_module(standard);
  wasm_module_delete(standard);
  EXPECT_EQ(sluice_module_export_count(module), 5u);

  wasm_instance_t* instance = link(module);
  sluice_store_t* s = sluice_from_wasm_store(store);
  sluice_extern_t memory = {};
  EXPECT_EQ(sluice_instance_export(s, sluice_from_wasm_instance(instance), "memory", 6, &memory),
            nullptr);
  wasm_extern_t* same = sluice_to_wasm_extern(store, memory);
  ASSERT_NE(same, nullptr);
  wasm_extern_vec_t exports;
  wasm_instance_exports(instance, &exports);
  EXPECT_TRUE(wasm_extern_same(same, exports.data[kMemory]));
  EXPECT_EQ(exports.data[kTag], nullptr);
  wasm_extern_vec_delete(&exports);
  wasm_extern_delete(same);
  sluice_extern_t tag = {};
  EXPECT_EQ(sluice_instance_export(s, sluice_from_wasm_instance(instance), "tag", 3, &tag),
            nullptr);
  EXPECT_EQ(sluice_to_wasm_extern(store, tag), nullptr);

  wasm_store_t* other = wasm_store_new(engine);
  EXPECT_EQ(sluice_to_wasm_extern(other, memory), nullptr);
  EXPECT_EQ(sluice_to_wasm_instance(other, sluice_from_wasm_instance(instance)), nullptr);
  wasm_store_delete(other);
  wasm_instance_delete(instance);
  sluice_module_delete(module);
}

TEST_F(BridgeTest, AStandardProgramOverAnEngineOfOurs) {
  sluice_engine_t* ours = nullptr;
  ASSERT_EQ(sluice_engine_new(nullptr, &ours), nullptr);
  sluice_store_t* own = nullptr;
  int data = 0;
  ASSERT_EQ(sluice_store_new(ours, &data, &own), nullptr);
  wasm_store_t* adopted = sluice_to_wasm_store(own);
  EXPECT_EQ(sluice_from_wasm_store(adopted), own);
  EXPECT_EQ(sluice_store_user_data(own), &data);
  sluice_module_t* foreign = stream();
  EXPECT_EQ(sluice_to_wasm_module(adopted, foreign), nullptr);  // of another engine
  sluice_module_delete(foreign);
  wasm_engine_t* standard = sluice_to_wasm_engine(ours);
  sluice_engine_delete(ours);
  const std::vector<uint8_t> bytes = wat("(module (func (export \"f\")))");
  wasm_byte_vec_t binary;
  wasm_byte_vec_new(&binary, bytes.size(), reinterpret_cast<const char*>(bytes.data()));
  wasm_store_t* fresh = wasm_store_new(standard);
  wasm_module_t* module = wasm_module_new(adopted, &binary);
  ASSERT_NE(module, nullptr);
  wasm_byte_vec_delete(&binary);
  const wasm_extern_vec_t no_imports = WASM_EMPTY_VEC;
  wasm_instance_t* instance = wasm_instance_new(adopted, module, &no_imports, nullptr);
  EXPECT_EQ(call(instance, 0, nullptr), nullptr);
  wasm_instance_delete(instance);
  wasm_module_delete(module);
  wasm_store_delete(fresh);
  wasm_store_delete(adopted);
  wasm_engine_delete(standard);
}

}  // namespace
}  // namespace sluice

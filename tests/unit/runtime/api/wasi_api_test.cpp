// WASI as embedders of C++ and C set it up: streams, clocks and random numbers that are functions.
#include <cstring>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

#include "sluice/sluice.hpp"
#include "tests/support/example_modules.h"

namespace {

using sluice::Result;

class WasiApiTest : public testing::Test {
 protected:
  sluice::Instance instantiate(sluice::Store& in) {
    Result<void> defined = linker.wasi(wasi);
    if (!defined) ADD_FAILURE() << defined.error().message();
    auto module = engine.compile(std::span<const uint8_t>(sluice_test::kWasiProgram));
    if (!module) ADD_FAILURE() << module.error().message();
    auto instance = linker.instantiate(in, *module);
    if (!instance) ADD_FAILURE() << instance.error().message();
    return *instance;
  }
  sluice::Instance instantiate() { return instantiate(store); }
  template <class R, class... As>
  R call(const sluice::Instance& instance, const char* name, As... args) {
    auto func = instance.func<R(As...)>(name);
    if (!func) ADD_FAILURE() << func.error().message();
    auto result = (*func)(args...);
    if (!result) ADD_FAILURE() << result.error().message();
    return *result;
  }

  sluice::Engine engine;
  sluice::Wasi wasi;
  sluice::Linker linker{engine};
  sluice::Store store{engine};
};

TEST_F(WasiApiTest, OutputAndExitStatus) {
  std::string out;
  wasi.stdout_to([&](std::string_view text) { out += text; });
  sluice::Instance instance = instantiate();
  EXPECT_FALSE(wasi.exit_status());
  auto start = instance.func<void()>("_start");
  ASSERT_TRUE(start);
  Result<void> ended = (*start)();
  ASSERT_FALSE(ended);
  EXPECT_EQ(sluice_error_trap_code(ended.error().raw()), SLUICE_TRAP_EXIT);
  EXPECT_EQ(wasi.exit_status(), 42u);
  EXPECT_EQ(out, "hi\n");
}

TEST_F(WasiApiTest, InputFromTextAndFromFunctions) {
  std::string err;
  wasi.stderr_to([&](std::string_view text) { err += text; });
  wasi.stdin_text("some text");
  sluice::Instance instance = instantiate();
  EXPECT_EQ(call<int32_t>(instance, "echo"), 0);
  EXPECT_EQ(call<int32_t>(instance, "echo"), 0) << "the end";
  EXPECT_EQ(err, "some text");
  wasi.stdin_from([given = false](std::span<std::byte> bytes) mutable -> size_t {
    if (std::exchange(given, true)) throw std::runtime_error("no more");
    std::memcpy(bytes.data(), "lambda", 6);
    return 6;
  });
  EXPECT_EQ(call<int32_t>(instance, "echo"), 0);
  EXPECT_EQ(err, "some textlambda");
  EXPECT_EQ(call<int32_t>(instance, "echo"), -1) << "an exception is an error for the program";
  wasi.stdin_text("x");
  wasi.stderr_to([](std::string_view) { throw 1; });
  EXPECT_EQ(call<int32_t>(instance, "echo"), 29) << "input/output error";
}

TEST_F(WasiApiTest, ClocksRandomnessArgumentsAndTrace) {
  ASSERT_TRUE(wasi.argument("program"));
  ASSERT_TRUE(wasi.argument("one"));
  EXPECT_FALSE(wasi.argument(std::string_view("a\0b", 3)));
  EXPECT_TRUE(wasi.variable("NAME", "value"));
  EXPECT_FALSE(wasi.variable("NA=ME", "value"));
  EXPECT_FALSE(wasi.preopen("/no/such/directory", "/"));
  EXPECT_TRUE(wasi.preopen("/", "/", sluice::DirAccess::ReadOnly));
  EXPECT_TRUE(wasi.listen("127.0.0.1:0"));
  EXPECT_FALSE(wasi.listen("nowhere"));
  wasi.clock([](uint32_t clock) -> std::optional<uint64_t> {
    if (clock != 0) return std::nullopt;
    return 1'234;
  });
  wasi.random([](std::span<std::byte> bytes) { std::memset(bytes.data(), 7, bytes.size()); });
  std::string trace;
  wasi.trace([&](std::string_view line) { trace.append(line).append(";"); });
  sluice::Instance instance = instantiate();
  EXPECT_EQ(call<int64_t>(instance, "time", 0), 1'234);
  EXPECT_EQ(call<int64_t>(instance, "time", 1), -1);
  EXPECT_EQ(call<int32_t>(instance, "random"), 0x07070707);
  EXPECT_EQ(call<int32_t>(instance, "argc"), 2);
  EXPECT_EQ(trace, "clock_time_get(0, 0) = Success, 1234;clock_time_get(1, 0) = NotSup;"
                   "random_get(0x80, 4) = Success;args_sizes_get() = Success, 2, 12;");
  wasi.random([](std::span<std::byte>) { throw 1; });
  EXPECT_EQ(call<int32_t>(instance, "random"), -1);
}

// What instances use stays, and what was given is given back.
TEST_F(WasiApiTest, LivesAsLongAsItIsUsed) {
  int released = 0;
  auto count = [](void* env) { ++*static_cast<int*>(env); };
  auto random = [](void* env, void* bytes, size_t size) {
    std::memset(bytes, *static_cast<int*>(env), size);
    return true;
  };
  {
    sluice::Store other(engine);
    sluice_wasi_t* raw = sluice_wasi_new();
    sluice_wasi_set_random(raw, random, &released, count);
    sluice_wasi_set_random(raw, random, &released, count);
    EXPECT_EQ(released, 1) << "replaced";
    sluice_linker_t* c_linker = sluice_linker_new(engine.raw());
    EXPECT_EQ(sluice_linker_define_wasi(c_linker, raw), nullptr);
    sluice_error_t* twice = sluice_linker_define_wasi(c_linker, raw);
    EXPECT_NE(twice, nullptr);
    sluice_error_delete(twice);
    auto module = engine.compile(std::span<const uint8_t>(sluice_test::kWasiProgram));
    ASSERT_TRUE(module);
    sluice_instance_t instance = {};
    ASSERT_EQ(sluice_linker_instantiate(c_linker, other.raw(), module->raw(), &instance), nullptr);
    sluice_wasi_delete(raw);
    sluice_linker_delete(c_linker);
    EXPECT_EQ(call<int32_t>(sluice::Instance(other.raw(), instance), "random"), 0x01010101);
    EXPECT_EQ(released, 1);
  }
  EXPECT_EQ(released, 2);
  sluice_wasi_delete(nullptr);
}

}  // namespace

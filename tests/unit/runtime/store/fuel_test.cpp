// Fuel: what a run takes is a matter of the module alone, and nothing runs without.
#include <tuple>

#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

// Every kind of block, with the number of instructions of each way through it beside it.
constexpr std::string_view kProgram = R"((module
  (type $v (func))
  (import "m" "host" (func $host))
  (memory 1)
  (table 200 funcref)
  (tag $t (param i32))
  (func (export "nothing"))                                          ;; 1: end
  (func (export "line") (result i32) (i32.add (i32.const 1) (i32.const 2)))  ;; 4
  ;; To n: 2 and `loop`, then n times 6 and br_if, then 3 with the end of the loop.
  (func $count (export "count") (param $n i32) (result i32)
    (local $i i32)
    (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $i))
  (func (export "choose") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (nop) (i32.const 1))
      (else (i32.const 2))))
  (func (export "switch") (param i32) (result i32)
    (block $c (block $b (block $a (br_table $a $b $c (local.get 0)))
      (return (i32.const 10)))
      (nop) (nop) (br $c))
    (i32.const 30))
  (func (export "dead") (result i32)
    (return (i32.const 1)) (nop) (nop) (block (nop)) (i32.const 2))
  (func (export "catch") (result i32)
    (block $h (result i32)
      (try_table (result i32) (catch $t $h) (throw $t (i32.const 5)))))
  (func (export "refuse") (result i32)
    (block $h (try_table (catch_all $h) (loop (br 0))))
    (i32.const 1))
  (func $tail (export "tail") (param i32) (result i32)
    (if (local.get 0) (then (return_call $tail (i32.sub (local.get 0) (i32.const 1)))))
    (i32.const 7))
  (func (export "bulk") (param i32)
    (memory.fill (i32.const 0) (i32.const 1) (local.get 0))
    (memory.copy (i32.const 8) (i32.const 0) (i32.const 64))
    (memory.copy (i32.const 256) (i32.const 0) (local.get 0))
    (table.fill (i32.const 0) (ref.null func) (i32.const 130)))
  (func (export "calls") (call $host) (call $host))
  (func $recurse (export "recurse") (param i32)
    (if (local.get 0) (then (call $recurse (i32.sub (local.get 0) (i32.const 1))))))
))";

struct Cost {
  const char* name;
  int32_t argument;  // if it has one
  uint64_t fuel;
};

// By hand, from the text above.
constexpr Cost kCosts[] = {
    {"nothing", 0, 1},
    {"line", 0, 4},
    {"count", 1, 1 + 7 + 3},
    {"count", 1000, 1 + 7 * 1000 + 3},
    {"choose", 1, 2 + 3 + 1},  // get, if; nop, const, else; end
    {"choose", 0, 2 + 2 + 1},  // get, if; const, end; end
    {"switch", 0, 5 + 2},      // 3 blocks, get, br_table; const, return
    {"switch", 1, 5 + 3 + 2},  // nop, nop, br; const, end
    {"switch", 2, 5 + 2},
    {"dead", 0, 2},
    {"catch", 0, 4 + 1},  // block, try_table, const, throw; end
    {"tail", 0, 2 + 2},   // get, if; const, end
    {"tail", 3, 2 + 2 + 3 * (2 + 4)},
    {"bulk", 0, 17 + 1},  // table.fill takes 130 / 128
    {"bulk", 1000, 17 + 1 + 7 + 7},
};

using Mode = std::tuple<MemoryModeChoice, CompilePolicy, uint32_t>;

class FuelTest : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    EngineConfig config;
    set_mode(config, std::get<0>(GetParam()));
    config.compile = std::get<1>(GetParam());
    config.workers = std::get<2>(GetParam());
    config.meter_fuel = true;
    auto made = Engine::create(config);
    ASSERT_TRUE(made);
    engine = *made;
    store = std::move(*Store::create(engine));
    Linker linker(engine);
    linker.allow_shadowing(true);
    ASSERT_TRUE(linker.define_func("m", "host", {}, {}, &host, this));
    StreamCompiler stream = engine->compile_stream();
    const std::vector<uint8_t> bytes = wat(kProgram);
    for (const uint8_t& byte : bytes) {
      if (!stream.feed({&byte, 1})) break;
    }
    auto module = stream.finish();
    ASSERT_TRUE(module) << module.error().message();
    auto linked = linker.instantiate(*store, *module);
    ASSERT_TRUE(linked) << linked.error().message();
    instance = *linked;
  }
  static TrapCode host(void* env, Caller& caller, Value*) {
    auto& self = *static_cast<FuelTest*>(env);
    ++self.host_calls;
    if (self.refuel != 0) caller.store().set_fuel(self.refuel);
    return TrapCode::None;
  }
  TrapCode run(const char* name, int32_t argument) {
    const Func func = *instance->exported_func(name);
    const Value arg = Value::i32(argument);
    Value result;
    const FuncType& type = func.type();
    const Outcome<void> done = func.call({&arg, type.param_count}, {&result, type.result_count});
    if (done) return TrapCode::None;
    EXPECT_TRUE(done.error().is_trap()) << done.error().message();
    return done.error().is_trap() ? done.error().trap->code() : TrapCode::Host;
  }

  std::shared_ptr<Engine> engine;
  std::unique_ptr<Store> store;
  Instance* instance = nullptr;
  uint64_t refuel = 0;
  int host_calls = 0;
};

std::string name_of(const testing::TestParamInfo<Mode>& mode) {
  const auto& [memory, policy, workers] = mode.param;
  const char* const when = policy == CompilePolicy::Eager  ? "Eager"
                           : policy == CompilePolicy::Lazy ? "Lazy"
                                                           : "Adaptive";
  return mode_name(testing::TestParamInfo<MemoryModeChoice>(memory, 0)) + when +
         std::to_string(workers);
}

INSTANTIATE_TEST_SUITE_P(Modes, FuelTest,
                         testing::Combine(testing::Values(MemoryModeChoice::Guard,
                                                          MemoryModeChoice::Explicit, kNoSignals),
                                          testing::Values(CompilePolicy::Eager, CompilePolicy::Lazy,
                                                          CompilePolicy::Adaptive),
                                          testing::Values(0u, 2u)),
                         name_of);

TEST_P(FuelTest, EachInstructionTakesOneAndNoMore) {
  for (const Cost& cost : kCosts) {
    store->set_fuel(1'000'000);
    EXPECT_EQ(run(cost.name, cost.argument), TrapCode::None) << cost.name;
    EXPECT_EQ(1'000'000 - store->fuel(), cost.fuel) << cost.name << ' ' << cost.argument;
  }
}

TEST_P(FuelTest, ItMustSufficeToTheLastInstruction) {
  for (const Cost& cost : kCosts) {
    store->set_fuel(cost.fuel);
    EXPECT_EQ(run(cost.name, cost.argument), TrapCode::None) << cost.name;
    EXPECT_EQ(store->fuel(), 0u);
    store->set_fuel(cost.fuel - 1);
    EXPECT_EQ(run(cost.name, cost.argument), TrapCode::FuelExhausted) << cost.name;
    EXPECT_EQ(store->fuel(), 0u);
    EXPECT_EQ(run(cost.name, cost.argument), TrapCode::FuelExhausted) << cost.name;
  }
}

TEST_P(FuelTest, NothingRunsForEver) {
  store->set_fuel(10'000'000);
  EXPECT_EQ(run("refuse", 0), TrapCode::FuelExhausted);  // nor does a handler catch it
  store->set_fuel(10'000'000);
  EXPECT_EQ(run("tail", -1), TrapCode::FuelExhausted);
  store->set_fuel(1000);
  EXPECT_EQ(run("recurse", 100'000), TrapCode::FuelExhausted);
  store->set_fuel(UINT64_MAX);
  EXPECT_EQ(run("recurse", 1'000'000), TrapCode::StackExhausted);
  EXPECT_EQ(store->fuel() >> 62, 1u);
}

TEST_P(FuelTest, AHostFunctionMayRefuel) {
  store->set_fuel(2);
  EXPECT_EQ(run("calls", 0), TrapCode::FuelExhausted);
  EXPECT_EQ(host_calls, 0);
  store->set_fuel(3);
  refuel = 50;
  EXPECT_EQ(run("calls", 0), TrapCode::None);
  EXPECT_EQ(host_calls, 2);
  EXPECT_EQ(store->fuel(), 50u);
}

TEST_P(FuelTest, AHugeBulkOperationTakesAllThereIs) {
  store->set_fuel(1000);
  EXPECT_EQ(run("bulk", -1), TrapCode::FuelExhausted);
  store->set_fuel(UINT64_MAX);
  EXPECT_EQ(run("bulk", -1), TrapCode::MemoryOutOfBounds);
}

TEST(Fuel, OnlyEnginesThatMeterTakeIt) {
  EngineConfig config;
  config.workers = 0;
  auto engine = *Engine::create(config);
  auto store = std::move(*Store::create(engine));
  Linker linker(engine);
  auto module = *engine->compile(wat("(module (func (export \"f\") (loop)))"));
  Instance& instance = **linker.instantiate(*store, module);
  EXPECT_TRUE(instance.exported_func("f")->call({}, {}));
  EXPECT_EQ(store->fuel(), 0u);
}

}  // namespace
}  // namespace sluice

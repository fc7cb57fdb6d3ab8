#include <thread>

#include "runtime/store/func.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using namespace sluice_test;

class FuncTest : public StoreTest {
 protected:
  // What kHostCalls imports, as far as a test does not define its own.
  void define_host(HostCallback back, void* env = nullptr) {
    const std::vector<ValType> two = {kI32, kI32};
    const std::vector<ValType> mixed = {kI32, kF64, kI64, kF32};
    const std::vector<ValType> i32 = {kI32};
    const std::vector<ValType> i64 = {kI64};
    const std::vector<ValType> f64 = {kF64};
    ASSERT_TRUE(linker->define_func("env", "log", two, {}, &log, this));
    ASSERT_TRUE(linker->define_func("env", "mix", mixed, f64, [](void*, Caller&, Value* v) {
      v[0] = Value::f64(v[0].as_i32() + v[1].as_f64() + static_cast<double>(v[2].as_i64()) +
                        static_cast<double>(v[3].as_f32()));
      return TrapCode::None;
    }));
    ASSERT_TRUE(linker->define_func("env", "wide", i64, i64, [](void*, Caller&, Value* v) {
      v[0] = Value::i64(~v[0].as_i64());
      return TrapCode::None;
    }));
    ASSERT_TRUE(linker->define_func("env", "fail", {}, {}, [](void*, Caller& caller, Value*) {
      return caller.fail("the disk is full");
    }));
    ASSERT_TRUE(linker->define_func("env", "back", i32, i32, back, env));
  }
  static TrapCode log(void* env, Caller& caller, Value* v) {
    const Memory* memory = caller.memory();
    if (memory == nullptr) return caller.fail("no memory");
    const auto text = memory->view(v[0].as_u32(), v[1].as_u32());
    if (!text) return caller.fail(text.error());
    static_cast<FuncTest*>(env)->logged.assign(text->begin(), text->end());
    return TrapCode::None;
  }
  static TrapCode call_down(void*, Caller& caller, Value* v) {
    const Result<Func> down = caller.instance()->exported_func("down");
    const Value arg = Value::i32(v[0].as_i32() - 1);
    Value result;
    Outcome<void> done = down->call({&arg, 1}, {&result, 1});
    if (!done) return caller.fail(std::move(done).error());
    v[0] = Value::i32(result.as_i32() + 1);
    return TrapCode::None;
  }

  std::string logged;
};

TEST_P(FuncTest, PassesArgumentsAndResultsOfAllTypes) {
  Instance& instance = instantiate(kBasics);
  EXPECT_EQ(call_i32(instance, "add", {Value::i32(1), Value::i32(-3)}), -2);
  EXPECT_EQ(call(instance, "fac", {Value::i64(20)})->as_i64(), 2432902008176640000);
  EXPECT_EQ(call(instance, "half", {Value::f32(3), Value::f64(0.5)})->as_f32(), 1.5f);
  std::vector<Value> results(3);
  const Value arg = Value::i32(5);
  ASSERT_TRUE(instance.exported_func("multi")->call({&arg, 1}, results));
  EXPECT_EQ(results[0].as_i32(), 5);
  EXPECT_EQ(results[1].as_i64(), 2);
  EXPECT_EQ(results[2].as_f64(), 3.5);
}

TEST_P(FuncTest, IgnoresUpperHalvesOfNarrowArguments) {
  Instance& instance = instantiate(kBasics);
  const Value dirty = {{0xffffffff00000000u, 7}};
  EXPECT_EQ(call_i32(instance, "not", {dirty}), 1);
  const Value index = {{0xffffffff00000004u, 7}};
  EXPECT_EQ(call_i32(instance, "load", {index}), 0);
}

TEST_P(FuncTest, RefusesWrongCountsAndForeignStores) {
  Instance& instance = instantiate(kBasics);
  const Func add = *instance.exported_func("add");
  const Value one = Value::i32(1);
  Value result;
  const Outcome<void> few = add.call({&one, 1}, {&result, 1});
  ASSERT_FALSE(few);
  EXPECT_FALSE(few.error().is_trap());
  EXPECT_EQ(few.error().error.kind, ErrorKind::SignatureMismatch);
  const std::vector<Value> two(2);
  EXPECT_FALSE(add.call(two, {}));
  const auto other = std::move(*Store::create(engine));
  const Outcome<void> foreign = add.call(*other, two, {&result, 1});
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().error.kind, ErrorKind::WrongStore);
}

TEST_P(FuncTest, HostFunctionsSeeArgumentsAndTheCallersMemory) {
  define_host(&call_down);
  Instance& instance = instantiate(kHostCalls);
  ASSERT_TRUE(call(instance, "say", {Value::i32(16), Value::i32(5)}));
  EXPECT_EQ(logged, "hello");
  EXPECT_EQ(call(instance, "mix", {Value::i32(1), Value::f64(0.5), Value::i64(-4), Value::f32(8)})
                ->as_f64(),
            5.5);
  EXPECT_EQ(call(instance, "wide", {Value::i64(0)})->as_i64(), -1);
}

TEST_P(FuncTest, AFailingHostFunctionIsATrapWithItsWords) {
  define_host(&call_down);
  Instance& instance = instantiate(kHostCalls);
  const Outcome<Value> result = call(instance, "outer_fail");
  ASSERT_FALSE(result);
  const Trap& trap = *result.error().trap;
  EXPECT_EQ(trap.code(), TrapCode::Host);
  EXPECT_EQ(trap.reason(), "the disk is full");
  ASSERT_EQ(trap.frames().size(), 2u);
  EXPECT_TRUE(trap.frames()[0].is_host());
  EXPECT_EQ(trap.frames()[1].func_name, "outer");
  const Outcome<Value> outside = call(instance, "say", {Value::i32(65536), Value::i32(1)});
  ASSERT_FALSE(outside);
  EXPECT_NE(outside.error().trap->reason().find("outside the memory"), std::string_view::npos);
}

TEST_P(FuncTest, AnOldHostFailureDoesNotColourALaterTrap) {
  define_host([](void*, Caller& caller, Value*) {
    (void)caller.fail("changed my mind");
    return TrapCode::None;
  });
  Instance& instance = instantiate(kHostCalls);
  ASSERT_TRUE(call(instance, "via", {Value::i32(0)}));
  const Outcome<Value> result = call(instance, "divide", {Value::i32(1), Value::i32(0)});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().trap->reason(), "integer divide by zero");
}

TEST_P(FuncTest, HostFunctionsCallBackDeep) {
  define_host(&call_down);
  Instance& instance = instantiate(kHostCalls);
  EXPECT_EQ(call_i32(instance, "down", {Value::i32(50)}), 50);
  // Endless nesting ends in a trap, because nested entries share one stack allowance.
  const Outcome<Value> endless = call(instance, "down", {Value::i32(-1)});
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().trap->code(), TrapCode::StackExhausted);
  EXPECT_EQ(call_i32(instance, "down", {Value::i32(3)}), 3);
}

TEST_P(FuncTest, ATrapInANestedCallKeepsItsReasonAndFrames) {
  define_host([](void*, Caller& caller, Value*) {
    const Value args[2] = {Value::i32(1), Value::i32(0)};
    Value result;
    Outcome<void> done = caller.instance()->exported_func("divide")->call(args, {&result, 1});
    return done ? TrapCode::None : caller.fail(std::move(done).error());
  });
  Instance& instance = instantiate(kHostCalls);
  const Outcome<Value> result = call(instance, "via", {Value::i32(0)});
  ASSERT_FALSE(result);
  const Trap& trap = *result.error().trap;
  EXPECT_EQ(trap.code(), TrapCode::IntegerDivideByZero);
  ASSERT_EQ(trap.frames().size(), 3u);  // divide, the host function, via
  EXPECT_FALSE(trap.frames()[0].is_host());
  EXPECT_TRUE(trap.frames()[1].is_host());
  EXPECT_FALSE(trap.frames()[2].is_host());
}

TEST_P(FuncTest, AHostFunctionMayGrowTheCallersMemory) {
  define_host([](void*, Caller& caller, Value* v) {
    const Result<uint64_t> old = caller.memory()->grow(1);
    v[0] = Value::i32(old ? static_cast<int32_t>(*old) : -1);
    return TrapCode::None;
  });
  Instance& instance = instantiate(kHostCalls);
  EXPECT_EQ(trap_of(instance, "peek", {Value::i32(65536)}), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(call_i32(instance, "via", {Value::i32(0)}), 101);
  EXPECT_EQ(call_i32(instance, "peek", {Value::i32(65536)}), 0);
  EXPECT_EQ(call_i32(instance, "peek", {Value::i32(16)}), 0x6c6c6568);
}

TEST_P(FuncTest, HostFunctionsCanBeCalledByTheHost) {
  auto def = std::make_shared<HostFuncDef>();
  const ValType i32 = kI32;
  def->signature = engine->types()->intern_func({&i32, 1}, {&i32, 1});
  def->callback = [](void*, Caller& caller, Value* v) {
    EXPECT_EQ(caller.instance(), nullptr);
    EXPECT_EQ(caller.memory(), nullptr);
    if (v[0].as_i32() == 0) return caller.fail("zero");
    v[0] = Value::i32(v[0].as_i32() + 1);
    return TrapCode::None;
  };
  const Func func = *Func::create_host(*store, def);
  EXPECT_EQ(*Func::create_host(*store, def), func);
  Value arg = Value::i32(4);
  Value result;
  ASSERT_TRUE(func.call({&arg, 1}, {&result, 1}));
  EXPECT_EQ(result.as_i32(), 5);
  arg = Value::i32(0);
  const Outcome<void> failed = func.call({&arg, 1}, {&result, 1});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().trap->reason(), "zero");
}

TEST_P(FuncTest, EnvironmentsAreReleasedOnceTheLastUserIsGone) {
  int released = 0;
  const auto release = [](void* env) { ++*static_cast<int*>(env); };
  const HostCallback nothing = [](void*, Caller&, Value*) { return TrapCode::None; };
  ASSERT_TRUE(linker->define_func("a", "b", {}, {}, nothing, &released, release));
  EXPECT_FALSE(linker->define_func("a", "b", {}, {}, nothing, &released, release));
  EXPECT_EQ(released, 1);  // the refused one
  ASSERT_TRUE(*linker->lookup(*store, "a", "b"));
  linker.reset();
  EXPECT_EQ(released, 1);
  store.reset();
  EXPECT_EQ(released, 2);
}

TEST_P(FuncTest, BacktracesNameFunctionsAndOffsets) {
  Instance& instance = instantiate(kBasics);
  const Outcome<Value> result = call(instance, "trap");
  ASSERT_FALSE(result);
  const Trap& trap = *result.error().trap;
  EXPECT_EQ(trap.code(), TrapCode::Unreachable);
  ASSERT_EQ(trap.frames().size(), 2u);
  EXPECT_EQ(trap.frames()[0].func_name, "inner");
  EXPECT_EQ(trap.frames()[1].func_name, "outer");
  const uint64_t at = trap.frames()[0].wasm_offset;
  ASSERT_LT(at, kBasics.size());
  EXPECT_EQ(kBasics[at], 0x00);  // unreachable
  const uint64_t call_at = trap.frames()[1].wasm_offset;
  ASSERT_LT(call_at, kBasics.size());
  EXPECT_EQ(kBasics[call_at], 0x10);  // call
}

TEST_P(FuncTest, TrapsOutliveTheirStore) {
  Instance& instance = instantiate(kBasics);
  const Outcome<Value> result = call(instance, "trap");
  ASSERT_FALSE(result);
  const std::shared_ptr<Trap> trap = result.error().trap;
  linker.reset();
  store.reset();
  engine.reset();
  EXPECT_NE(trap->to_text().find("inner"), String::npos);
}

TEST_P(FuncTest, DeepRecursionIsATrapAndTheStoreGoesOn) {
  Instance& instance = instantiate(kBasics);
  for (int i = 0; i < 3; ++i) {
    const Outcome<Value> result = call(instance, "recurse");
    ASSERT_FALSE(result);
    const Trap& trap = *result.error().trap;
    EXPECT_EQ(trap.code(), TrapCode::StackExhausted);
    EXPECT_EQ(trap.frames().size(), kMaxTrapFrames + 1);
    EXPECT_GT(trap.omitted_frames(), 1000u);
    EXPECT_EQ(call_i32(instance, "add", {Value::i32(1), Value::i32(1)}), 2);
  }
}

TEST_P(FuncTest, StoresOfOneModuleRunOnManyThreads) {
  const auto compiled = compile(kBasics);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, compiled] {
      const auto own = std::move(*Store::create(engine));
      Instance* instance = *sluice::instantiate(*own, compiled, {});
      for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(trap_of(*instance, "load", {Value::i32(-1)}), TrapCode::MemoryOutOfBounds);
        EXPECT_EQ(call_i32(*instance, "next"), 8 + i);
      }
    });
  }
  for (std::thread& t : threads) t.join();
}

SLUICE_ALL_MODES(FuncTest);

}  // namespace
}  // namespace sluice

// Functions compiled when they are called, end to end: what a caller sees is the same as with code
// made before, also on small stacks and from several threads.
#include <atomic>
#include <functional>
#include <pthread.h>
#include <thread>

#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using sluice_test::kBasics;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

class LazyTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    EngineConfig config = engine->config();
    config.compile = CompilePolicy::Lazy;
    engine = *Engine::create(config);
    store = std::move(*Store::create(engine));
    linker = std::make_unique<Linker>(engine);
  }
  static uint32_t compiled(const Instance& instance) {
    return instance.compiled()->stats().functions_compiled;
  }
};
SLUICE_BOTH_MODES(LazyTest);

TEST(OptLevel, FollowsThePolicyUnlessItIsChosen) {
  const auto level = [](CompilePolicy policy, OptLevelChoice choice) {
    EngineConfig config;
    config.workers = 0;
    config.compile = policy;
    config.opt_level = choice;
    return (*Engine::create(config))->compile_options().opt_level;
  };
  EXPECT_EQ(level(CompilePolicy::Eager, OptLevelChoice::Auto), OptLevel::Quick);
  EXPECT_EQ(level(CompilePolicy::Lazy, OptLevelChoice::Auto), OptLevel::Full);
  EXPECT_EQ(level(CompilePolicy::Adaptive, OptLevelChoice::Auto), OptLevel::Full);
  EXPECT_EQ(level(CompilePolicy::Eager, OptLevelChoice::Full), OptLevel::Full);
  EXPECT_EQ(level(CompilePolicy::Adaptive, OptLevelChoice::Quick), OptLevel::Quick);
}

TEST_P(LazyTest, OnlyWhatIsCalledIsCompiled) {
  Instance& basics = instantiate(kBasics);
  EXPECT_EQ(compiled(basics), 0u);
  EXPECT_EQ(call_i32(basics, "add", {Value::i32(2), Value::i32(3)}), 5);
  EXPECT_EQ(compiled(basics), 1u);
  EXPECT_EQ(call_i32(basics, "indirect", {Value::i32(0)}), 7);
  EXPECT_EQ(compiled(basics), 2u);  // $add has code by now
  EXPECT_EQ(trap_of(basics, "indirect", {Value::i32(1)}), TrapCode::IndirectCallType);
  EXPECT_EQ(compiled(basics), 2u);
  EXPECT_EQ(call(basics, "fac", {Value::i64(10)})->as_i64(), 3628800);
  EXPECT_EQ(call(basics, "half", {Value::f32(3.0f), Value::f64(0.5)})->as_f32(), 1.5f);
  EXPECT_EQ(call_i32(basics, "next"), 8);
  EXPECT_EQ(call_i32(basics, "next"), 9);
  EXPECT_EQ(compiled(basics), 5u);
}

TEST_P(LazyTest, BacktracesNameWhatWasCompiledOnTheWay) {
  Instance& basics = instantiate(kBasics);
  for (int round = 0; round < 2; ++round) {
    const Outcome<Value> result = call(basics, "trap");
    ASSERT_FALSE(result);
    ASSERT_TRUE(result.error().is_trap());
    const Trap& trap = *result.error().trap;
    EXPECT_EQ(trap.code(), TrapCode::Unreachable);
    ASSERT_EQ(trap.frames().size(), 2u);
    EXPECT_EQ(trap.frames()[0].func_name, "inner");
    EXPECT_EQ(trap.frames()[1].func_name, "outer");
    EXPECT_NE(trap.frames()[1].wasm_offset, kNoOffset);
  }
}

TEST_P(LazyTest, InstancesOfAModuleShareTheCode) {
  const auto module = compile(kBasics);
  Instance& first = **linker->instantiate(*store, module);
  auto other_store = std::move(*Store::create(engine));
  Instance& second = **linker->instantiate(*other_store, module);
  EXPECT_EQ(call_i32(first, "add", {Value::i32(2), Value::i32(3)}), 5);
  EXPECT_EQ(call_i32(second, "add", {Value::i32(4), Value::i32(3)}), 7);
  EXPECT_EQ(compiled(second), 1u);
}

TEST_P(LazyTest, ThreadsThatCallOneFunctionAtOnce) {
  for (int round = 0; round < 50; ++round) {
    const auto module = compile(kBasics);
    std::atomic<int> ready{0};
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        auto own = std::move(*Store::create(engine));
        auto instance = linker->instantiate(*own, module);
        ++ready;
        while (ready.load() < 3) std::this_thread::yield();
        if (!instance || call(**instance, "fac", {Value::i64(20)})->as_i64() != 2432902008176640000)
          ++wrong;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong.load(), 0);
    EXPECT_EQ(module->stats().functions_compiled, 1u);
  }
}

TEST_P(LazyTest, OnAThreadWith64KiBOfStack) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's own frames need more stack than that";
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{64} << 10);
  std::function<void()> body = [&] {
    Instance& basics = instantiate(kBasics);
    EXPECT_EQ(trap_of(basics, "recurse"), TrapCode::StackExhausted);
    EXPECT_EQ(call(basics, "fac", {Value::i64(20)})->as_i64(), 2432902008176640000);
    EXPECT_EQ(compiled(basics), 2u);
  };
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* f) -> void* {
                  (*static_cast<std::function<void()>*>(f))();
                  return nullptr;
                },
                &body),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

}  // namespace
}  // namespace sluice

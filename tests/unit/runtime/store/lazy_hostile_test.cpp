// Functions that are compiled when they are called, or in the background, where that is hardest: at
// the end of small stacks, by several threads at once, across forks, without files for their code,
// and while their module goes away.
#include <atomic>
#include <functional>
#include <pthread.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <tuple>
#include <unistd.h>

#include "tests/support/fork.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using Bytes = std::vector<uint8_t>;

void put_leb(Bytes& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

void put(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

void put_section(Bytes& out, uint8_t id, const Bytes& content) {
  out.push_back(id);
  put_leb(out, content.size());
  put(out, content);
}

/// `count` functions f0, f1 … of type [i32] → [i32], each exported, in a ring:
/// f_i(x) = x == 0 ? 5 : f_(i+1)(x - 1) + x, with `padding` additions that nobody needs.
Bytes ring(uint32_t count, uint32_t padding) {
  Bytes types = {1, 0x60, 1, 0x7f, 1, 0x7f};
  Bytes funcs;
  Bytes exports;
  Bytes code;
  for (Bytes* section : {&funcs, &exports, &code}) put_leb(*section, count);
  for (uint32_t i = 0; i < count; ++i) {
    funcs.push_back(0);
    const std::string name = "f" + std::to_string(i);
    put_leb(exports, name.size());
    put(exports, Bytes(name.begin(), name.end()));
    exports.push_back(0);
    put_leb(exports, i);
    Bytes body = {0, 0x20, 0, 0x45, 0x04, 0x40, 0x41, 5, 0x0f, 0x0b};
    for (uint32_t k = 0; k < padding; ++k) put(body, {0x20, 0, 0x41, 1, 0x6a, 0x1a});
    put(body, {0x20, 0, 0x41, 1, 0x6b, 0x10});
    put_leb(body, (i + 1) % count);
    put(body, {0x20, 0, 0x6a, 0x0b});
    put_leb(code, body.size());
    put(code, body);
  }
  Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  put_section(out, 1, types);
  put_section(out, 3, funcs);
  put_section(out, 7, exports);
  put_section(out, 10, code);
  return out;
}

constexpr int32_t ring_result(int32_t x) { return 5 + x * (x + 1) / 2; }

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kSmallStack = size_t{1} << 20;  // a sanitizer's own frames
#else
constexpr size_t kSmallStack = size_t{64} << 10;
#endif

void on_small_thread(std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kSmallStack);
  pthread_t thread;
  const auto run = [](void* p) -> void* {
    (*static_cast<std::function<void()>*>(p))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &body), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

class LazyHostileTest : public testing::TestWithParam<std::tuple<CompilePolicy, uint32_t>> {
 protected:
  void SetUp() override {
    EngineConfig config;
    std::tie(config.compile, config.workers) = GetParam();
    engine = *Engine::create(config);
    store = std::move(*Store::create(engine));
  }
  Instance& instantiate(const Bytes& bytes) {
    return **sluice::instantiate(*store, *engine->compile(bytes), {});
  }
  static Outcome<int32_t> call(const Instance& instance, uint32_t func, int32_t x) {
    const Result<Func> f = instance.exported_func("f" + std::to_string(func));
    const Value argument = Value::i32(x);
    Value result;
    const Outcome<void> done = f->call({&argument, 1}, {&result, 1});
    if (!done) return std::unexpected(done.error());
    return result.as_i32();
  }
  static bool is_right(const Instance& instance, uint32_t func, int32_t x) {
    const Outcome<int32_t> result = call(instance, func, x);
    return result && *result == ring_result(x);
  }
  static TrapCode trap_of(const Instance& instance, uint32_t func, int32_t x) {
    const Outcome<int32_t> result = call(instance, func, x);
    return !result && result.error().is_trap() ? result.error().trap->code() : TrapCode::None;
  }
  template <class F>
  static int status_of_child(F body) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      body();
      _exit(HasFailure() ? 99 : 0);
    }
    return test::wait_for(child);
  }

  std::shared_ptr<Engine> engine;
  std::unique_ptr<Store> store;
};

TEST_P(LazyHostileTest, CompilesWhereTheStackEnds) {
  for (const auto& [count, padding] : {std::pair(1u, 0u), {10, 1000}, {500, 50}, {2000, 1}}) {
    const Bytes bytes = ring(count, padding);
    on_small_thread([&] {
      // Each depth ends at another place of the stack, in the first call of some function.
      const Instance& small = instantiate(bytes);
      for (int32_t x = 100; x < 2000; x += 97) {
        const TrapCode code = trap_of(small, 0, x);
        EXPECT_TRUE(code == TrapCode::None || code == TrapCode::StackExhausted) << x;
      }
    });
    const Instance& large = instantiate(bytes);
    EXPECT_EQ(trap_of(large, 0, 1'000'000), TrapCode::StackExhausted);
    EXPECT_TRUE(is_right(large, 0, 50));
  }
}

TEST_P(LazyHostileTest, ManyThreadsCallTheSameFunctions) {
  const Bytes bytes = ring(300, 20);
  for (int round = 0; round < 5; ++round) {
    const auto module = *engine->compile(bytes);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        const auto own = std::move(*Store::create(engine));
        const Instance& instance = **sluice::instantiate(*own, module, {});
        for (uint32_t i = 0; i < 300; ++i) wrong += !is_right(instance, (i * 7 + t * 50) % 300, 3);
      });
    }
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(wrong, 0);
  }
}

TEST_P(LazyHostileTest, AChildDoesNotWaitForThreadsThatItDoesNotHave) {
  SKIP_IF_SANITIZER_CANNOT_FORK();
  const Bytes bytes = ring(1000, 30);
  for (useconds_t round = 0; round < 20; ++round) {
    const auto module = *engine->compile(bytes);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < 2; ++t) {
      threads.emplace_back([&, t] {
        const auto own = std::move(*Store::create(engine));
        const Instance& instance = **sluice::instantiate(*own, module, {});
        for (uint32_t i = 0; i < 1000 && !stop; ++i) call(instance, t == 0 ? i : 999 - i, 0);
      });
    }
    usleep(round * 100);
    const int status = status_of_child([&] {
      EXPECT_TRUE(is_right(**sluice::instantiate(*store, module, {}), 0, 990));
      EXPECT_TRUE(is_right(instantiate(bytes), 0, 990));
    });
    stop = true;
    for (std::thread& t : threads) t.join();
    ASSERT_EQ(status, 0) << round;
  }
}

TEST_P(LazyHostileTest, ModulesGoWhileTheirRestIsCompiled) {
  const Bytes bytes = ring(1500, 50);
  for (int i = 0; i < 12; ++i) {
    auto module = *engine->compile(bytes);
    store = std::move(*Store::create(engine));
    const Instance& instance = **sluice::instantiate(*store, module, {});
    EXPECT_TRUE(i % 2 != 0 || is_right(instance, 5, 100));
    if (i % 3 == 0) module.reset();
    store = std::move(*Store::create(engine));
    StreamCompiler stream = engine->compile_stream();
    EXPECT_TRUE(stream.feed(std::span(bytes).first(bytes.size() - 10)));
    if (i % 4 == 0) stream.cancel();
  }
}

TEST_P(LazyHostileTest, WithoutRoomForCodeACallIsATrapUntilThereIsSome) {
  const Bytes bytes = ring(1000, 200);
  const int status = status_of_child([&] {
    const Instance& instance = instantiate(bytes);
    rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    const rlimit none = {0, files.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    for (uint32_t i = 0; i < 1000; ++i) {
      const TrapCode code = trap_of(instance, i, 0);
      ASSERT_TRUE(code == TrapCode::None || code == TrapCode::CompileFailed) << i;
      EXPECT_TRUE(code == TrapCode::None || std::get<0>(GetParam()) != CompilePolicy::Eager);
    }
    setrlimit(RLIMIT_NOFILE, &files);
    for (uint32_t i = 0; i < 1000; ++i) EXPECT_TRUE(is_right(instance, i, 1)) << i;
  });
  EXPECT_EQ(status, 0);
}

std::string policy_name(const testing::TestParamInfo<LazyHostileTest::ParamType>& info) {
  constexpr const char* kNames[] = {"Eager", "Lazy", "Adaptive"};
  const auto [policy, workers] = info.param;
  return kNames[static_cast<size_t>(policy)] + std::to_string(workers) + "Workers";
}

INSTANTIATE_TEST_SUITE_P(Policies, LazyHostileTest,
                         testing::Combine(testing::Values(CompilePolicy::Eager, CompilePolicy::Lazy,
                                                          CompilePolicy::Adaptive),
                                          testing::Values(0u, 2u)),
                         policy_name);

}  // namespace
}  // namespace sluice

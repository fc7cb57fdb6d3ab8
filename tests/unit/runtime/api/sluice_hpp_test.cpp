// The C++ interface as an embedder uses it.
#include <atomic>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

#include "sluice/sluice.hpp"
#include "tests/support/example_modules.h"
#include "tests/support/throwing_modules.h"
#include "tests/unit/engine/dwarf/dwarf_bytes.h"

namespace {

using namespace sluice_test;
using sluice::Result;

enum class Color : uint8_t { Red, Green };

class HppTest : public testing::Test {
 protected:
  sluice::Module compile(const Bytes& bytes) {
    Result<sluice::Module> module = engine.compile(std::span<const uint8_t>(bytes));
    if (!module) ADD_FAILURE() << module.error().message();
    return *std::move(module);
  }
  sluice::Instance instantiate(const Bytes& bytes) {
    Result<sluice::Instance> instance = linker.instantiate(store, compile(bytes));
    if (!instance) ADD_FAILURE() << instance.error().message();
    return *instance;
  }
  template <class F>
  void define(const char* name, F f) {
    Result<void> done = linker.func("env", name, std::move(f));
    EXPECT_TRUE(done) << done.error().message();
  }
  template <class Back, class Fail>
  sluice::Instance host_calls(Back back, Fail fail) {
    define("log", [this](sluice::Caller, sluice::GuestString text) { logged = text.str(); });
    define("mix", [](int32_t a, double b, int64_t c, float d) {
      return a + b + static_cast<double>(c) + static_cast<double>(d);
    });
    define("wide", [](uint64_t v) { return ~v; });
    define("fail", fail);
    define("back", back);
    return instantiate(kHostCalls);
  }
  sluice::Instance host_calls() {
    return host_calls([](int32_t v) { return v * 2; }, [] {});
  }

  sluice::Engine engine;
  sluice::Store store{engine};
  sluice::Linker linker{engine};
  std::string logged;
  const sluice::Instance* instance_for_thread = nullptr;
};

Result<int32_t> add_streamed(const sluice::Engine& engine, uint32_t& bodies) {
  auto stream = engine.compile_stream([&](const sluice_progress_t& p) { bodies = p.bodies; });
  for (size_t at = 0; at < kBasics.size(); at += 7) {
    const size_t size = std::min<size_t>(7, kBasics.size() - at);
    SLUICE_TRY(stream.feed(std::span(kBasics).subspan(at, size)));
  }
  const sluice::Module module = SLUICE_TRY(stream.finish());
  sluice::Store store(engine);
  const sluice::Linker linker(engine);
  auto instance = SLUICE_TRY(linker.instantiate(store, module));
  auto add = SLUICE_TRY(instance.func<int32_t(int32_t, int32_t)>("add"));
  return add(1, 2);
}

TEST_F(HppTest, StreamsAndAdds) {
  uint32_t bodies = 0;
  const Result<int32_t> sum = add_streamed(engine, bodies);
  ASSERT_TRUE(sum);
  EXPECT_EQ(*sum, 3);
  EXPECT_EQ(bodies, 13u);
}

TEST_F(HppTest, TypedFunctionsOfAllShapes) {
  sluice::Instance instance = instantiate(kBasics);
  EXPECT_EQ(*(*instance.func<int64_t(int64_t)>("fac"))(10), 3628800);
  EXPECT_EQ(*(*instance.func<float(float, double)>("half"))(3, 0.5), 1.5f);
  EXPECT_TRUE(*(*instance.func<bool(Color)>("not"))(Color::Red));
  EXPECT_FALSE(*(*instance.func<bool(bool)>("not"))(true));
  EXPECT_EQ(*(*instance.func<uint32_t(int32_t)>("grow"))(100), ~0u);
  const auto multi = *instance.func<std::tuple<int32_t, int64_t, double>(int32_t)>("multi");
  EXPECT_EQ(*multi(5), std::make_tuple(5, int64_t{2}, 3.5));
  const auto set = *instance.func<void(int32_t, int32_t)>("store");
  EXPECT_TRUE(set(8, 77));
  EXPECT_EQ(*(*instance.func<int32_t(int32_t)>("load"))(8), 77);
}

TEST_F(HppTest, InterruptsAndDeadlines) {
  const sluice::Instance basics = instantiate(kBasics);
  const auto add = *basics.func<int32_t(int32_t, int32_t)>("add");
  const sluice::InterruptHandle handle = store.interrupt_handle();
  std::thread([&] { handle.interrupt(); }).join();
  Result<int32_t> stopped = add(2, 3);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().trap_code(), SLUICE_TRAP_INTERRUPTED);
  EXPECT_EQ(*add(2, 3), 5);
  store.set_deadline(std::chrono::milliseconds(-1));
  while (add(2, 3)) {
  }
  EXPECT_EQ(*add(2, 3), 5);
  handle.interrupt();
  store.set_deadline(std::chrono::nanoseconds::max());
  store.clear_interrupt();
  EXPECT_EQ(*add(2, 3), 5);
}

TEST_F(HppTest, AWrongSignatureIsAnError) {
  sluice::Instance instance = instantiate(kBasics);
  EXPECT_FALSE(instance.func<int32_t(int32_t)>("add"));
  EXPECT_FALSE(instance.func<int64_t(int32_t, int32_t)>("add"));
  EXPECT_FALSE(instance.func<void(int32_t, int32_t)>("add"));
  EXPECT_FALSE(instance.func<int32_t(int32_t, int32_t)>("sub"));
  EXPECT_FALSE(instance.func<int32_t()>("memory"));
}

TEST_F(HppTest, TrapsAreErrorsWithFrames) {
  sluice::Instance instance = instantiate(kBasics);
  const auto load = *instance.func<int32_t(int32_t)>("load");
  for (int i = 0; i < 3; ++i) {
    Result<int32_t> result = load(-1);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().trap_code(), SLUICE_TRAP_MEMORY_OUT_OF_BOUNDS);
    EXPECT_EQ(result.error().frames().size(), 1u);
    EXPECT_TRUE(load(0));
  }
  Result<void> trap = (*instance.func<void()>("trap"))();
  ASSERT_FALSE(trap);
  const std::vector<sluice::Frame> frames = trap.error().frames();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].func_name, "outer");
  EXPECT_TRUE(frames[1].wasm_offset);
}

TEST_F(HppTest, FramesHaveSourceLines) {
  namespace bytes = sluice::test;
  const bytes::Bytes tables =
      bytes::cat({bytes::text("src"), {0}, bytes::text("a.c"), {1, 0, 0}, {0}});
  const bytes::Bytes program =  // all code from line 3, column 9
      bytes::cat(
          {bytes::set_address(1), {5, 9, bytes::row(0, 2), 2, 0xff, 0x7f}, bytes::end_sequence()});
  sluice::Instance instance = instantiate(
      bytes::cat({kBasics, bytes::custom(".debug_line", bytes::line_unit(4, tables, program))}));
  Result<void> trap = (*instance.func<void()>("trap"))();
  ASSERT_FALSE(trap);
  for (size_t frame : {size_t{0}, size_t{1}}) {
    const std::optional<sluice::Source> source = trap.error().source(frame);
    ASSERT_TRUE(source);
    EXPECT_EQ(source->file, "src/a.c");
    EXPECT_EQ(source->line, 3u);
    EXPECT_EQ(source->column, 9u);
  }
  EXPECT_FALSE(trap.error().source(2));
  EXPECT_NE(trap.error().message().find(" at src/a.c:3:9"), std::string_view::npos);
}

TEST_F(HppTest, HostLambdasGetTypedArguments) {
  sluice::Instance instance = host_calls();
  EXPECT_TRUE((*instance.func<void(int32_t, int32_t)>("say"))(23, 4));
  EXPECT_EQ(logged, "host");
  const auto mix = *instance.func<double(int32_t, double, int64_t, float)>("mix");
  EXPECT_EQ(*mix(-1, 0.25, int64_t{1} << 40, 2.0f), 0.25 + 1 + (int64_t{1} << 40));
  EXPECT_EQ(*(*instance.func<uint64_t(uint64_t)>("wide"))(5), ~uint64_t{5});
  EXPECT_EQ(*(*instance.func<int32_t(int32_t)>("via"))(-4), 92);
  Result<void> outside = (*instance.func<void(int32_t, int32_t)>("say"))(65530, 7);
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().trap_code(), SLUICE_TRAP_HOST);
}

TEST_F(HppTest, AHostResultsErrorBecomesATrap) {
  sluice::Instance instance = host_calls(
      [](int32_t v) -> Result<int32_t> {
        if (v == 0) return sluice::Error("no zeros");
        return v;
      },
      []() -> Result<void> { return sluice::Error("always"); });
  const auto via = *instance.func<int32_t(int32_t)>("via");
  EXPECT_EQ(*via(1), 101);
  Result<int32_t> failed = via(0);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().trap_reason(), "no zeros");
  EXPECT_EQ((*instance.func<void()>("outer_fail"))().error().trap_reason(), "always");
}

TEST_F(HppTest, AHostExceptionComesBackAtTheOuterCall) {
  sluice::Instance instance = host_calls(
      [](sluice::Caller caller, int32_t v) -> Result<int32_t> {
        if (v == 0) throw std::runtime_error("thrown in the host");
        const auto down = SLUICE_TRY(SLUICE_TRY(caller.func("down")).typed<int32_t(int32_t)>());
        return down(v - 1);
      },
      [] { throw 42; });
  // Through two activations of Wasm: via → back → down → … → back throws.
  Result<int32_t> failed = (*instance.func<int32_t(int32_t)>("via"))(0);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().trap_reason(), "thrown in the host");
  EXPECT_THROW(std::rethrow_exception(failed.error().host_exception()), std::runtime_error);
  Result<void> other = (*instance.func<void()>("outer_fail"))();
  ASSERT_FALSE(other);
  EXPECT_THROW(std::rethrow_exception(other.error().host_exception()), int);
}

TEST_F(HppTest, NestedTrapsKeepTheirReason) {
  sluice::Instance instance = host_calls(
      [](sluice::Caller caller, int32_t v) -> Result<int32_t> {
        const auto divide =
            SLUICE_TRY(SLUICE_TRY(caller.func("divide")).typed<int32_t(int32_t, int32_t)>());
        return divide(100, v);
      },
      [] {});
  const auto via = *instance.func<int32_t(int32_t)>("via");
  EXPECT_EQ(*via(5), 120);
  Result<int32_t> failed = via(0);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().trap_code(), SLUICE_TRAP_INTEGER_DIVIDE_BY_ZERO);
  EXPECT_EQ(failed.error().frames().size(), 3u);
}

TEST_F(HppTest, TuplesAndGuestSpansPassThroughCells) {
  EXPECT_TRUE(linker.func("x", "sum", [](sluice::GuestSpan<uint32_t> words) {
    uint32_t sum = 0;
    for (const uint32_t w : words) sum += w;
    return std::tuple<uint32_t, bool>(sum, true);
  }));
  // (module (import "x" "sum" (func (param i32 i32) (result i32 i32)))
  //   (memory (export "memory") 1) (data (i32.const 4) "\01\00\00\00\02\00\00\00")
  //   (func (export "go") (param i32 i32) (result i32 i32) (call 0 (local.get 0) (local.get 1))))
  const Bytes bytes = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x01, 0x60,
                       0x02, 0x7f, 0x7f, 0x02, 0x7f, 0x7f, 0x02, 0x09, 0x01, 0x01, 0x78, 0x03,
                       0x73, 0x75, 0x6d, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01,
                       0x00, 0x01, 0x07, 0x0f, 0x02, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79,
                       0x02, 0x00, 0x02, 0x67, 0x6f, 0x00, 0x01, 0x0a, 0x0a, 0x01, 0x08, 0x00,
                       0x20, 0x00, 0x20, 0x01, 0x10, 0x00, 0x0b, 0x0b, 0x0e, 0x01, 0x00, 0x41,
                       0x04, 0x0b, 0x08, 0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00};
  sluice::Instance instance = instantiate(bytes);
  const auto go = *instance.func<std::tuple<uint32_t, uint32_t>(uint32_t, uint32_t)>("go");
  EXPECT_EQ(*go(4, 2), std::make_tuple(3u, 1u));
  EXPECT_FALSE(go(65536, 1));
  EXPECT_FALSE(go(5, 1));  // misaligned
  EXPECT_FALSE(go(0, ~0u));
}

TEST_F(HppTest, ViewsAreCheckedAndNeverStale) {
  for (const auto mode : {SLUICE_MEMORY_GUARD, SLUICE_MEMORY_EXPLICIT}) {
    const sluice::Engine own(sluice::Config{.memory_mode = mode, .workers = 0});
    sluice::Store s(own);
    sluice::Memory memory = *sluice::Memory::create(s, {.initial = 1, .maximum = 4096});
    sluice::View<uint32_t> words = *memory.view<uint32_t>(65528, 2);
    words[1] = 7;
    ASSERT_TRUE(memory.grow(3000));
    EXPECT_EQ(words[1], 7u);
    words[0] = 5;
    EXPECT_EQ(*memory.read<uint64_t>(65528), 7ull << 32 | 5);
    EXPECT_EQ(words.at(2), std::nullopt);
    EXPECT_FALSE(memory.view<uint32_t>(memory.size_bytes(), 1));
    EXPECT_FALSE(memory.view<uint32_t>(memory.size_bytes() - 4, 2));
    EXPECT_FALSE(memory.view<uint32_t>(0, SIZE_MAX / 2));
    EXPECT_FALSE(memory.view<uint32_t>(2, 1));
    EXPECT_TRUE(memory.view<uint32_t>(memory.size_bytes(), 0));
    EXPECT_TRUE(memory.write(10, uint16_t{0x4241}));
    EXPECT_EQ(*memory.read_string(10, 2), "AB");
    EXPECT_FALSE(memory.read_string(~uint64_t{0}, 2));
  }
}

TEST_F(HppTest, GlobalsTablesAndSharedObjects) {
  sluice::Instance instance = instantiate(kBasics);
  sluice::Global counter = *instance.global("counter");
  EXPECT_EQ(*counter.get<int32_t>(), 7);
  EXPECT_FALSE(counter.get<float>());
  EXPECT_TRUE(counter.set<int32_t>(9));
  EXPECT_EQ(*(*instance.func<int32_t()>("next"))(), 10);
  sluice::Table table = *instance.table("table");
  const sluice::Func add = *table.get<sluice::Func>(0);
  EXPECT_EQ(*(*add.typed<int32_t(int32_t, int32_t)>())(1, 1), 2);
  EXPECT_FALSE(*table.get<std::optional<sluice::Func>>(2));
  EXPECT_FALSE(table.get<sluice::Func>(2)) << "null";
  EXPECT_FALSE(table.get<std::optional<sluice::Func>>(4)) << "outside";

  EXPECT_TRUE(linker.define_instance("p", instantiate(kProvider)));
  sluice::Instance user = instantiate(kUser);
  EXPECT_EQ(*(*user.func<int32_t()>("mine"))(), 83);
}

TEST_F(HppTest, SharedMemoriesHaveWaitAndNotify) {
  auto memory = sluice::Memory::create(store, {.initial = 1, .maximum = 1, .is_shared = true});
  ASSERT_TRUE(memory) << memory.error().message();
  EXPECT_EQ(*memory->wait32(0, 1), SLUICE_WAIT_NOT_EQUAL);
  EXPECT_EQ(*memory->wait64(8, 0, std::chrono::milliseconds(1)), SLUICE_WAIT_TIMED_OUT);
  EXPECT_FALSE(memory->wait32(2, 0));
  EXPECT_EQ(*memory->notify(0), 0u);
  std::thread waiter([&, from = *memory] {
    sluice::Store own(engine);
    sluice_memory_t raw = {};
    ASSERT_EQ(sluice_memory_share(store.raw(), from.raw(), own.raw(), &raw), nullptr);
    EXPECT_EQ(*sluice::Memory::wrap(own.raw(), raw)->wait32(0, 0), SLUICE_WAIT_WOKEN);
  });
  while (*memory->notify(0) == 0) std::this_thread::yield();
  waiter.join();
}

TEST_F(HppTest, FeaturesAndTheBoundOf64BitMemoriesAreConfigured) {
  sluice::Config config;
  config.features = {{"no-such-thing", true}};
  sluice::Engine wrong(config);
  EXPECT_FALSE(wrong.ok());
  EXPECT_NE(wrong.status().error().message().find("no-such-thing"), std::string::npos);
  // Nothing comes of it, and nothing happens.
  EXPECT_EQ(wrong.memory_mode(), SLUICE_MEMORY_AUTO);
  sluice::Store none(wrong);
  EXPECT_FALSE(none.status());
  EXPECT_TRUE(store.status());
  EXPECT_TRUE(sluice::ExternRef(none, this).is_null());
  EXPECT_TRUE(sluice::ExternRef(none, std::make_unique<int>(1)).is_null());
  config.features = {{"wide-arithmetic", true}, {"memory64", false}};
  config.memory64_bound_bytes = 1 << 20;
  sluice::Engine own(config);
  ASSERT_TRUE(own.ok());
  // (module (memory i64 1))
  const Bytes memory64 = {0, 'a', 's', 'm', 1, 0, 0, 0, 5, 3, 1, 4, 1};
  EXPECT_FALSE(own.compile(std::span<const uint8_t>(memory64)));
  EXPECT_TRUE(engine.compile(std::span<const uint8_t>(memory64)));
  sluice::Store small(own);
  auto memory = sluice::Memory::create(small, {.initial = 1, .is_64 = true});
  ASSERT_TRUE(memory);
  EXPECT_TRUE(memory->grow(15));
  EXPECT_FALSE(memory->grow(1));
}

TEST_F(HppTest, SuccessHasNoError) {
  Result<void> success;
  EXPECT_DEATH((void)success.error(), "");
}

TEST_F(HppTest, ModulesComeAsTextToo) {
  EXPECT_TRUE(engine.compile("(module)"));
  EXPECT_TRUE(engine.compile(std::string("\0asm\1\0\0\0", 8)));
}

TEST_F(HppTest, ResultsGiveExpected) {
#ifdef __cpp_lib_expected
  sluice::Instance instance = instantiate(kBasics);
  const std::expected<int32_t, sluice::Error> sum =
      (*instance.func<int32_t(int32_t, int32_t)>("add"))(1, 2).to_expected();
  ASSERT_TRUE(sum);
  EXPECT_EQ(*sum, 3);
  const std::expected<void, sluice::Error> trap = (*instance.func<void()>("trap"))().to_expected();
  EXPECT_FALSE(trap);
  const std::expected<bool, sluice::Error> no = Result<bool>(false).to_expected();
  ASSERT_TRUE(no);
  EXPECT_FALSE(*no);
  static_assert(!std::is_convertible_v<Result<bool>, std::expected<bool, sluice::Error>>);
#else
  GTEST_SKIP() << "this standard library has no std::expected";
#endif
}

TEST_F(HppTest, EnginesMayDifferInStackSize) {
  const sluice::Engine small(sluice::Config{.max_wasm_stack = uint64_t{64} << 10});
  sluice::Store s(small);
  const auto module = *small.compile(std::span<const uint8_t>(kBasics));
  const auto instance = *sluice::Linker(small).instantiate(s, module);
  Result<int32_t> deep = (*instance.func<int32_t()>("recurse"))();
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().trap_code(), SLUICE_TRAP_STACK_EXHAUSTED);
  EXPECT_TRUE((*instance.func<int64_t(int64_t)>("fac"))(100));
}

TEST_F(HppTest, OneLinkerServesManyStoresAndThreads) {
  std::atomic<int> calls = 0;
  const auto counter = std::make_shared<int>(0);
  {
    sluice::Linker own(engine);
    EXPECT_TRUE(own.func("env", "log", [](int32_t, int32_t) {}));
    EXPECT_TRUE(own.func("env", "mix", [](int32_t, double, int64_t, float) { return 0.0; }));
    EXPECT_TRUE(own.func("env", "wide", [](int64_t v) { return v; }));
    EXPECT_TRUE(own.func("env", "fail", [counter] {}));
    EXPECT_TRUE(own.func("env", "back", [&](int32_t v) { return v + ++calls * 0; }));
    const sluice::Module module = compile(kHostCalls);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        sluice::Store s(engine);
        const auto instance = *own.instantiate(s, module);
        const auto via = *instance.func<int32_t(int32_t)>("via");
        for (int i = 0; i < 500; ++i) EXPECT_EQ(*via(t), t + 100);
      });
    }
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(counter.use_count(), 2);
  }
  EXPECT_EQ(calls, 2000);
  EXPECT_EQ(counter.use_count(), 1);  // the lambda went with the last linker and store
}

TEST_F(HppTest, OnePreInstanceServesManyStoresAndThreads) {
  EXPECT_FALSE(linker.pre_instantiate(compile(kHostCalls)));
  std::atomic<int> calls = 0;
  define("log", [](int32_t, int32_t) {});
  define("mix", [](int32_t, double, int64_t, float) { return 0.0; });
  define("wide", [](int64_t v) { return v; });
  define("fail", [] {});
  define("back", [&calls](int32_t v) { return v + ++calls * 0; });
  const auto pre = *linker.pre_instantiate(compile(kHostCalls));
  linker = sluice::Linker(engine);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        sluice::Store s(engine);
        const auto via = *(*pre.instantiate(s)).func<int32_t(int32_t)>("via");
        EXPECT_EQ(*via(t), t + 100);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(calls, 200);
}

TEST_F(HppTest, LimitsOfAStoreInNumbersAndByAFunction) {
  const sluice::Instance instance = instantiate(kBasics);
  const auto grow = *instance.func<int32_t(int32_t)>("grow");
  sluice::Memory memory = *instance.memory();
  store.set_limits({.memory_bytes = 3 * 65536, .instances = 1});
  EXPECT_EQ(*grow(1), 1);
  EXPECT_EQ(*grow(2), -1);
  const auto refused = memory.grow(2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(sluice_error_get_class(Result<uint64_t>(memory.grow(2)).error().raw()),
            SLUICE_ERROR_LIMIT);
  EXPECT_FALSE(linker.instantiate(store, compile(kBasics)));
  store.set_limits({.memory_bytes = 3 * 65536, .trap_on_refused_grow = true});
  EXPECT_EQ(grow(2).error().trap_code(), SLUICE_TRAP_STORE_LIMIT);
  store.set_limits({});
  const auto asked = std::make_shared<uint64_t>(0);
  store.set_limiter([asked](const sluice_growth_t& growth) {
    *asked = growth.desired;
    if (growth.desired == 4 * 65536) throw 1;
    return true;
  });
  EXPECT_EQ(*grow(1), 2);
  EXPECT_EQ(*asked, 3u * 65536);
  EXPECT_EQ(*grow(1), -1) << "one that throws refuses";
  EXPECT_EQ(*grow(2), 3);
  EXPECT_EQ(asked.use_count(), 2);
  store = sluice::Store(engine);
  EXPECT_EQ(asked.use_count(), 1);
}

TEST_F(HppTest, AStoreCarriesAValueOfTheEmbedder) {
  struct Session {
    int requests = 0;
  };
  sluice::Store own(engine, Session{5});
  EXPECT_EQ(own.data<Session>()->requests, 5);
  EXPECT_EQ(own.data<int>(), nullptr);
  EXPECT_EQ(store.data<Session>(), nullptr);
  sluice::Store moved = std::move(own);
  EXPECT_EQ(moved.data<Session>()->requests, 5);
  EXPECT_EQ(own.data<Session>(), nullptr);
}

TEST_F(HppTest, AStoreThatAnotherThreadRunsInIsAnError) {
  std::string seen;
  define("log", [](int32_t, int32_t) {});
  define("mix", [](int32_t, double, int64_t, float) { return 0.0; });
  define("wide", [](int64_t v) { return v; });
  define("fail", [] {});
  define("back", [&](int32_t v) {
    std::thread([&] {
      const sluice::Func func = *instance_for_thread->func("via");
      sluice_value_t cells[1] = {};
      Result<void> called = func.call(cells, cells);
      if (!called) seen = called.error().message();
      EXPECT_FALSE(linker.instantiate(store, compile(kBasics)));
#ifndef NDEBUG
      EXPECT_FALSE((*func.typed<int32_t(int32_t)>())(v)) << "direct calls check in debug builds";
#endif
      if (const auto error = sluice::Error(sluice_store_check_thread(store.raw())); error.raw()) {
        EXPECT_EQ(error.message(), seen);
      } else {
        ADD_FAILURE() << "no error";
      }
    }).join();
    return v;
  });
  const sluice::Instance instance = instantiate(kHostCalls);
  instance_for_thread = &instance;
  const auto via = *instance.func<int32_t(int32_t)>("via");
  EXPECT_EQ(*via(1), 101);
  EXPECT_EQ(seen, "store is in use by another thread");
  seen.clear();
  std::thread([&] { EXPECT_TRUE(linker.instantiate(store, compile(kBasics))); }).join();
}

TEST_F(HppTest, AnEngineThatCannotBeMadeSaysSo) {
  sluice::Engine broken = std::move(engine);
  sluice::Store s(engine);  // moved from, like one that failed
  EXPECT_FALSE(engine.status());
  EXPECT_FALSE(engine.compile(std::span<const uint8_t>(kBasics)));
  EXPECT_FALSE(engine.compile_stream().finish());
  EXPECT_FALSE(sluice::Memory::create(s, {.initial = 1}));
  EXPECT_FALSE(sluice::Linker(engine).func("a", "b", [] {}));
  engine = broken;
  EXPECT_TRUE(engine.status());
}

/// A host object that counts itself.
struct Counted {
  explicit Counted(int32_t n) : number(n) { ++alive; }
  ~Counted() { --alive; }
  int32_t number;
  static inline int alive = 0;
};

Result<int32_t> number_of(const sluice::ExternRef& ref) {
  if (ref.is_null()) return sluice::Error("null");
  return static_cast<Counted*>(ref.host())->number;
}

TEST_F(HppTest, ReferencesLiveAsLongAsSomebodyHasThem) {
  define("new", [this](int32_t n) {
    // Made and dropped at once: only the result counts.
    sluice::ExternRef other(store, std::make_unique<Counted>(-1));
    return sluice::ExternRef(store, std::make_unique<Counted>(n));
  });
  define("id", number_of);
  define("back", [](sluice::ExternRef first, int32_t, const sluice::ExternRef& last) {
    return *number_of(first) == 2 && *number_of(last) == 3 ? sluice::ExternRef() : first;
  });
  const sluice::Instance guest = instantiate(kReferences);
  EXPECT_EQ(*(*guest.func<int32_t()>("operands"))(), 123);
  EXPECT_EQ(*(*guest.func<int32_t()>("stack"))(), 456123);
  EXPECT_FALSE((*guest.func<int32_t(int32_t)>("nested"))(0)) << "`back` gives null, `id` fails";
  EXPECT_EQ(*(*guest.func<int32_t(int32_t)>("deep"))(1000), 0);
  sluice_store_collect(store.raw());
  EXPECT_EQ(Counted::alive, 0);
  {
    const sluice::ExternRef nine(store, std::make_unique<Counted>(9));
    sluice::ExternRef copy = nine;
    EXPECT_EQ(*(*guest.func<int32_t(sluice::ExternRef)>("locals"))(nine), 92401);
    const sluice::ExternRef moved = std::move(copy);
    copy = moved;
    sluice_store_collect(store.raw());
    EXPECT_EQ(Counted::alive, 1);
    EXPECT_EQ(*number_of(copy), 9);
    sluice::Store other(engine);
    const sluice::ExternRef foreign(other, std::make_unique<Counted>(8));
    EXPECT_FALSE((*guest.func<int32_t(sluice::ExternRef)>("locals"))(foreign));
    EXPECT_FALSE(sluice::Global::create(store, foreign));
    sluice::Global global = *sluice::Global::create(store, sluice::ExternRef());
    EXPECT_FALSE(global.set(foreign));
    ASSERT_TRUE(global.set(nine));
    sluice_store_collect(store.raw());
    EXPECT_EQ(*number_of(*global.get<sluice::ExternRef>()), 9);
    ASSERT_TRUE(global.set(sluice::ExternRef()));
  }
  sluice_store_collect(store.raw());
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(HppTest, ExceptionsCrossHostFunctions) {
  const sluice::Instance thrower = instantiate(kThrower);
  const sluice::Tag num = *thrower.tag("num");
  const auto throw_num = *thrower.func<void(int32_t)>("throw_num");
  ASSERT_TRUE(linker.define_instance("thrower", thrower));
  ASSERT_TRUE(
      linker.func("host", "relay", [&](int32_t v) -> Result<void> { return throw_num(v); }));
  ASSERT_TRUE(
      linker.func("host", "throw", [&](int32_t v) -> Result<void> { return num.exception(v); }));
  const sluice::Instance catcher = instantiate(kCatcher);
  const auto caught = *catcher.func<int32_t(int32_t, int32_t)>("catch");
  for (const int32_t which : {0, 1, 2, 3}) EXPECT_EQ(caught(which, 100).value_or(0), 142) << which;

  Result<void> failed = (*catcher.func<void(int32_t)>("uncaught"))(7);
  ASSERT_FALSE(failed);
  const sluice::Error& error = failed.error();
  EXPECT_EQ(error.trap_code(), SLUICE_TRAP_UNCAUGHT_EXCEPTION);
  EXPECT_EQ(num.values_of<int32_t>(error), std::tuple(7));
  EXPECT_FALSE(num.values_of<int64_t>(error)) << "other types";
  const sluice::Tag other = *sluice::Tag::create<int32_t>(store);
  EXPECT_FALSE(other.values_of<int32_t>(error)) << "another tag";
}

TEST_F(HppTest, ExceptionsOfHostTags) {
  const sluice::Tag mine = *sluice::Tag::create<int64_t, float>(store);
  const auto fail = [&]() -> Result<void> { return mine.exception(int64_t{-5}, 2.5f); };
  const sluice::Instance instance = host_calls([](int32_t v) { return v; }, fail);
  Result<void> failed = (*instance.func<void()>("outer_fail"))();
  ASSERT_FALSE(failed);
  EXPECT_EQ((mine.values_of<int64_t, float>(failed.error())), std::tuple(int64_t{-5}, 2.5f));
  EXPECT_EQ(failed.error().frames().size(), 2u);
  EXPECT_FALSE(mine.exception(1).is_trap()) << "values that do not fit";
}

TEST_F(HppTest, ExceptionsCarryReferencesOfTheirStoreOnly) {
  const sluice::Tag tag = *sluice::Tag::create<sluice::ExternRef>(store);
  const sluice::ExternRef own(store, this);
  EXPECT_EQ(std::get<0>(*tag.values_of<sluice::ExternRef>(tag.exception(own))).host(), this);
  sluice::Store other(engine);
  const sluice::Error wrong = tag.exception(sluice::ExternRef(other, this));
  EXPECT_FALSE(wrong.is_trap());
  EXPECT_NE(wrong.message().find("another store"), std::string_view::npos);
}

TEST_F(HppTest, ANullFunctionInAnExceptionIsNoFunc) {
  const sluice::Tag tag = *sluice::Tag::create<std::optional<sluice::Func>>(store);
  const sluice::Error thrown = tag.exception(std::optional<sluice::Func>());
  EXPECT_FALSE(tag.values_of<sluice::Func>(thrown));
  const auto values = tag.values_of<std::optional<sluice::Func>>(thrown);
  ASSERT_TRUE(values);
  EXPECT_FALSE(std::get<0>(*values));
}

}  // namespace

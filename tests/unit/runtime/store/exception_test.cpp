// Exceptions end to end: between instances, through host functions, with every type of value, as
// references, by the legacy instructions; where stacks are small and where many threads throw.
#include <cstring>
#include <pthread.h>
#include <thread>

#include "runtime/store/global.h"
#include "tests/support/throwing_modules.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

/// What host functions of these tests call: the thrower's function and tag.
struct Host {
  Func throw_num;
  const Tag* num = nullptr;
};

TrapCode relay(void* env, Caller& caller, Value* cells) {
  const Host& host = *static_cast<Host*>(env);
  Outcome<void> done = host.throw_num.call(std::span<const Value>(cells, 1), {});
  if (done) return TrapCode::None;
  return caller.fail(std::move(done).error());
}

TrapCode throw_from_host(void* env, Caller& caller, Value* cells) {
  const Host& host = *static_cast<Host*>(env);
  return caller.fail(*caller.store().make_exception(*host.num, std::span<const Value>(cells, 1)));
}

/// A thrower and its catchers in one store.
class World {
 public:
  explicit World(const std::shared_ptr<Engine>& engine)
      : store(std::move(*Store::create(engine))), linker(engine) {
    Instance& thrower = add("thrower", sluice_test::kThrower);
    host.throw_num = *thrower.exported_func("throw_num");
    host.num = thrower.find_export("num")->tag();
    define("relay", &relay);
    define("throw", &throw_from_host);
    catcher = &add("catcher", sluice_test::kCatcher);
    legacy = &add("legacy", sluice_test::kLegacyCatcher);
  }

  Instance& add(const char* name, const sluice_test::Bytes& bytes) {
    auto compiled = store->engine().compile(bytes);
    EXPECT_TRUE(compiled) << compiled.error().message();
    auto made = linker.instantiate(*store, *compiled);
    EXPECT_TRUE(made) << made.error().message();
    EXPECT_TRUE(linker.define_instance(name, **made));
    return **made;
  }
  void define(const char* name, HostCallback callback) {
    auto def = make_shared_heap<HostFuncDef>();
    def->signature = host.throw_num.signature();
    def->callback = callback;
    def->env = &host;
    EXPECT_TRUE(linker.define_func("host", name, std::move(def)));
  }

  Outcome<std::vector<Value>> call(Instance* instance, const char* name, std::vector<Value> args) {
    const Func func = *instance->exported_func(name);
    std::vector<Value> results(func.type().result_count);
    Outcome<void> done = func.call(args, results);
    if (!done) return std::unexpected(std::move(done).error());
    return results;
  }
  int64_t number(Instance* instance, const char* name, std::vector<Value> args = {}) {
    auto results = call(instance, name, std::move(args));
    EXPECT_TRUE(results) << name << ": " << results.error().message();
    return results ? (*results)[0].as_i64() : -12345;
  }

  Host host;
  std::unique_ptr<Store> store;
  Linker linker;
  Instance* catcher = nullptr;
  Instance* legacy = nullptr;
};

class ExceptionTest : public StoreTest {
 public:
  void SetUp() override {
    StoreTest::SetUp();
    world = std::make_unique<World>(engine);
  }
  int64_t number(const char* name, std::vector<Value> args = {}) {
    return world->number(world->catcher, name, std::move(args));
  }
  int64_t legacy(const char* name, int32_t value) {
    return world->number(world->legacy, name, {Value::i32(value)});
  }
  Failure failure(const char* name, std::vector<Value> args = {}) {
    auto results = world->call(world->catcher, name, std::move(args));
    EXPECT_FALSE(results) << name;
    return results ? Failure(Error{ErrorKind::Io, kNoOffset, "no failure"})
                   : std::move(results).error();
  }
  TrapCode trap(const char* name, std::vector<Value> args = {}) {
    const Failure failed = failure(name, std::move(args));
    return failed.is_trap() ? failed.trap->code() : TrapCode::None;
  }

  std::unique_ptr<World> world;
};

// A function with an odd number of stack slots, tail-called by one without any: its frame, where
// the values are, is aligned by 8 only. (The undefined-behaviour sanitizer asks.)
TEST_P(ExceptionTest, IsThrownFromFramesThatTailCallsHaveMoved) {
  Instance& guest = instantiate(wat(R"((module
    (tag $e (param i32))
    (func $throws (param i64 i64 i64 i64 i64 i64 i32) (throw $e (local.get 6)))
    (func $moves (param i64 i32)
      (return_call $throws (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0)
        (local.get 0) (local.get 1)))
    (func (export "run") (result i32)
      (block $caught (result i32)
        (try_table (catch $e $caught) (call $moves (i64.const 1) (i32.const 77)))
        (i32.const 0)))))"));
  EXPECT_EQ(call_i32(guest, "run"), 77);
}

// The byte 42 of the catcher's memory is added: its instance and memory are there again.
TEST_P(ExceptionTest, ReachesHandlersFromEverywhere) {
  enum { Other, ThroughHost, FromHost, Same };
  for (const int32_t which : {Other, ThroughHost, FromHost, Same}) {
    EXPECT_EQ(number("catch", {Value::i32(which), Value::i32(100)}), 142) << which;
  }
  for (const int32_t depth : {0, 1, 50, 5000})
    EXPECT_EQ(number("catch_deep", {Value::i32(depth)}), 5);
  EXPECT_EQ(number("operands"), 1003);
  EXPECT_EQ(number("nested", {Value::i32(0)}), 20);
  EXPECT_EQ(number("nested", {Value::i32(1)}), 11);
  EXPECT_EQ(number("from_handler"), 7);
}

TEST_P(ExceptionTest, CarriesValuesOfEveryType) {
  Store& mine = *world->store;
  int thing = 0;
  const std::vector<Value> values = {Value::i32(-3),
                                     Value::i64(INT64_MIN + 5),
                                     Value::f32(1.5f),
                                     Value::f64(-0.0),
                                     Value::v128(0x0123456789abcdef, ~uint64_t{0}),
                                     mine.externref(&thing),
                                     Value::funcref(world->host.throw_num.record())};
  const auto results = world->call(world->catcher, "all", values);
  ASSERT_TRUE(results) << results.error().message();
  ASSERT_EQ(results->size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(std::memcmp(&(*results)[i], &values[i], i == 4 ? 16 : 8), 0) << i;
  }
  EXPECT_EQ(number("wide", {Value::i64(100)}), 100 + 2 + 3 + 4 + 5 + 6 + 7 + 100);
}

TEST_P(ExceptionTest, ReferencesKeepTheirException) {
  EXPECT_EQ(number("reference", {Value::i32(31)}), 31);
  EXPECT_EQ(trap("null_reference"), TrapCode::NullReference);
}

// Locals in registers and values that only a handler reads.
TEST_P(ExceptionTest, HandlersSeeTheLocalsAsTheyWere) {
  EXPECT_EQ(number("loop", {Value::i32(1000)}), 1000 * 1000);
  EXPECT_EQ(number("set_late"), 7);
}

TEST_P(ExceptionTest, CatchingValuesMakesNoObject) {
  EXPECT_EQ(number("loop", {Value::i32(300'000)}), 300'000ll * 300'000);
  EXPECT_EQ(world->store->refs().live_count(), 0u);
}

TEST_P(ExceptionTest, TrapsAreNotCaught) {
  EXPECT_EQ(trap("trap"), TrapCode::Unreachable);
  EXPECT_EQ(number("catch", {Value::i32(0), Value::i32(1)}), 43) << "the store is usable";
}

TEST_P(ExceptionTest, TailCallsLeaveTheirTryBlock) {
  EXPECT_EQ(trap("tail", {Value::i32(1)}), TrapCode::UncaughtException);
}

TEST_P(ExceptionTest, UncaughtOnesAreFailuresWithTheirValues) {
  const Failure failed = failure("uncaught", {Value::i32(9)});
  ASSERT_TRUE(failed.is_trap());
  EXPECT_EQ(failed.trap->code(), TrapCode::UncaughtException);
  EXPECT_EQ(failed.trap->reason(), "uncaught exception");
  EXPECT_EQ(failed.trap->frames().size(), 2u);
  const Exception* exception = world->store->exception(failed.trap->exception(*world->store));
  ASSERT_NE(exception, nullptr);
  EXPECT_EQ(exception->tag, world->host.num);
  ASSERT_EQ(exception->values().size(), 1u);
  EXPECT_EQ(exception->values()[0].as_i32(), 9);
  // A tag of the same type is another tag.
  EXPECT_EQ(trap("catch", {Value::i32(4), Value::i32(1)}), TrapCode::UncaughtException);
}

/// Throws the same failure each time.
struct SameFailure {
  std::shared_ptr<Trap> trap;
  static TrapCode call(void* env, Caller& caller, Value*) {
    return caller.fail(Failure(static_cast<SameFailure*>(env)->trap));
  }
};

TEST_P(ExceptionTest, OneTrapMayBePassedOnManyTimes) {
  Store& mine = *world->store;
  const Value nine = Value::i32(9);
  SameFailure failure{*mine.make_exception(*world->host.num, {&nine, 1})};
  ASSERT_TRUE(world->linker.define_func("same", "throw", {}, {}, &SameFailure::call, &failure));
  const Instance& guest = world->add("same_guest", wat(R"((module
    (import "thrower" "num" (tag $num (param i32)))
    (import "same" "throw" (func $throw))
    (func (export "caught") (result i32)
      (block $h (result i32) (try_table (catch $num $h) (call $throw)) (i32.const 0)))
    (func (export "uncaught") (call $throw))))"));
  for (int round = 0; round < 3; ++round) {
    Value caught;
    ASSERT_TRUE(guest.exported_func("caught")->call({}, {&caught, 1}));
    EXPECT_EQ(caught.as_i32(), 9);
    const Outcome<void> uncaught = guest.exported_func("uncaught")->call({}, {});
    ASSERT_FALSE(uncaught);
    EXPECT_NE(mine.exception(uncaught.error().trap->exception(mine)), nullptr);
  }
}

TEST_P(ExceptionTest, AnExceptionOfAnotherStoreIsNoneHere) {
  Store& mine = *world->store;
  World other(engine);
  const Value nine = Value::i32(9);
  struct Both {
    std::shared_ptr<Trap> own, foreign;
    static TrapCode call(void* env, Caller& caller, Value*) {
      const Both& both = *static_cast<Both*>(env);
      static_cast<void>(caller.fail(Failure(both.own)));
      return caller.fail(Failure(both.foreign));
    }
  } both{*mine.make_exception(*world->host.num, {&nine, 1}),
         *other.store->make_exception(*other.host.num, {&nine, 1})};
  ASSERT_TRUE(world->linker.define_func("both", "throw", {}, {}, &Both::call, &both));
  const Instance& guest = world->add("both_guest", wat(R"((module
    (import "both" "throw" (func $throw))
    (func (export "f") (block $h (try_table (catch_all $h) (call $throw))))))"));
  const Outcome<void> done = guest.exported_func("f")->call({}, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().trap->code(), TrapCode::UncaughtException);
}

TEST_P(ExceptionTest, APayloadIsSharedByAllThatItsTrapIsPassedOnAs) {
  static int released = 0;
  released = 0;
  int thing = 0;
  SameFailure failure;
  const auto with_payload = [](void* env, Caller& caller, Value*) {
    return caller.fail("words", HostPayload(env, [](void*) { ++released; }));
  };
  ASSERT_TRUE(world->linker.define_func("same", "first", {}, {}, +with_payload, &thing));
  ASSERT_TRUE(world->linker.define_func("same", "again", {}, {}, &SameFailure::call, &failure));
  const Instance& guest = world->add("same_guest", wat(R"((module
    (import "same" "first" (func $first)) (import "same" "again" (func $again))
    (func (export "first") (call $first)) (func (export "again") (call $again))))"));
  failure.trap = guest.exported_func("first")->call({}, {}).error().trap;
  for (int round = 0; round < 3; ++round) {
    const Outcome<void> again = guest.exported_func("again")->call({}, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().trap->payload(), &thing);
    EXPECT_EQ(again.error().trap->reason(), "words");
  }
  EXPECT_EQ(failure.trap->payload(), &thing);
  EXPECT_EQ(released, 0);
  failure.trap.reset();
  world.reset();
  EXPECT_EQ(released, 1);
}

TEST_P(ExceptionTest, HostsThrowWhatFitsTheTagOnly) {
  Store& mine = *world->store;
  const Value two[] = {Value::i32(1), Value::i32(2)};
  EXPECT_FALSE(mine.make_exception(*world->host.num, two));
  World other(engine);
  EXPECT_FALSE(mine.make_exception(*other.host.num, std::span(two, 1)));
  const CanonicalTypeId with_result = world->catcher->exported_func("set_late")->signature();
  EXPECT_FALSE(Tag::create(mine, with_result));
  // An exception of another store ends the call like any other failure.
  auto foreign = other.store->make_exception(*other.host.num, std::span(two, 1));
  ASSERT_TRUE(foreign);
  EXPECT_EQ((*foreign)->exception(mine), 0u);
  EXPECT_NE((*foreign)->exception(*other.store), 0u);
}

TEST_P(ExceptionTest, LegacyInstructions) {
  EXPECT_EQ(legacy("catch", 11), 111);
  EXPECT_EQ(legacy("catch_all", 11), 8);
  EXPECT_EQ(legacy("rethrow", 12), 12);
  EXPECT_EQ(legacy("rethrow_outer", 13), 13);
  EXPECT_EQ(legacy("delegate", 14), 14);
  const auto out = world->call(world->legacy, "delegate_out", {Value::i32(15)});
  ASSERT_FALSE(out);
  ASSERT_TRUE(out.error().is_trap());
  EXPECT_EQ(out.error().trap->code(), TrapCode::UncaughtException);
}

TEST_P(ExceptionTest, AllIsKeptWhileReferencesAreCollected) {
  EngineConfig config;
  set_mode(config, GetParam());
  config.workers = 0;
  config.collect_always = true;
  engine = *Engine::create(config);
  world = std::make_unique<World>(engine);
  int thing = 0;
  const Value held = world->store->externref(&thing);
  const auto results = world->call(world->catcher, "all",
                                   {Value::i32(1), Value::i64(2), Value::f32(3), Value::f64(4),
                                    Value::v128(5, 6), held, Value::null()});
  ASSERT_TRUE(results) << results.error().message();
  EXPECT_EQ(world->store->externref_host((*results)[5]), &thing);
  EXPECT_EQ(number("reference", {Value::i32(31)}), 31);
  EXPECT_EQ(legacy("rethrow", 12), 12);
  EXPECT_EQ(legacy("rethrow_outer", 13), 13);
  for (const int32_t which : {1, 2}) {
    EXPECT_EQ(number("catch", {Value::i32(which), Value::i32(1)}), 43);
  }
}

TEST_P(ExceptionTest, ManyThreadsThrowAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      World mine(engine);
      for (int round = 0; round < 20; ++round) {
        EXPECT_EQ(mine.number(mine.catcher, "loop", {Value::i32(500)}), 500 * 500);
        EXPECT_EQ(mine.number(mine.catcher, "catch", {Value::i32(1), Value::i32(round)}),
                  round + 42);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kSmallStack = size_t{1} << 20;  // a sanitizer's own frames
#else
constexpr size_t kSmallStack = size_t{64} << 10;
#endif

TEST_P(ExceptionTest, OnSmallStacks) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kSmallStack);
  pthread_t thread;
  const auto run = [](void* test) -> void* {
    auto& self = *static_cast<ExceptionTest*>(test);
    for (const int32_t which : {0, 1, 2, 3}) {
      EXPECT_EQ(self.number("catch", {Value::i32(which), Value::i32(1)}), 43);
    }
    EXPECT_EQ(self.trap("catch_deep", {Value::i32(1'000'000)}), TrapCode::StackExhausted);
    EXPECT_EQ(self.number("catch_deep", {Value::i32(20)}), 5);
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, this), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

SLUICE_ALL_MODES(ExceptionTest);

}  // namespace
}  // namespace sluice

// References that Wasm code still has are never given back, all others are, and each object is
// released once: with few collections and with one at every reference that is made.
#include <set>

#include "runtime/store/exception.h"
#include "runtime/store/ref_heap.h"
#include "tests/support/exception_modules.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using namespace sluice_test;

/// The host's objects: numbers, which know who is alive.
struct World {
  struct Object {
    World* world;
    int32_t number;
  };
  std::set<Object*> objects;
  size_t made = 0;

  Value make(Store& store, int32_t number) {
    auto* object = new Object{this, number};
    objects.insert(object);
    ++made;
    return store.externref(object, &release);
  }
  static void release(void* host) {
    auto* object = static_cast<Object*>(host);
    EXPECT_EQ(object->world->objects.erase(object), 1u) << "released twice";
    delete object;
  }
  /// The number behind a reference, if it is alive.
  std::optional<int32_t> number(Store& store, Value ref) const {
    auto* object = static_cast<Object*>(store.externref_host(ref));
    if (object == nullptr || !objects.contains(object)) return std::nullopt;
    return object->number;
  }
};

struct Setting {
  MemoryModeChoice memory;
  CompilePolicy compile;
  bool collect_always;
};

class RefHeapTest : public testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    EngineConfig config;
    config.memory_mode = GetParam().memory;
    config.compile = GetParam().compile;
    config.collect_always = GetParam().collect_always;
    config.workers = 0;
    Result<std::shared_ptr<Engine>> made = Engine::create(config);
    ASSERT_TRUE(made) << made.error().message();
    engine = *made;
    linker = std::make_unique<Linker>(engine);
    const std::vector<ValType> i32 = {kI32};
    const std::vector<ValType> ref = {kExternRef};
    const std::vector<ValType> back = {kExternRef, kI32, kExternRef};
    ASSERT_TRUE(linker->define_func("env", "new", i32, ref, &host_new, &world));
    ASSERT_TRUE(linker->define_func("env", "id", ref, i32, &host_id, &world));
    ASSERT_TRUE(linker->define_func("env", "back", back, ref, &host_back, &world));
    store = std::move(*Store::create(engine));
    instance = &instantiate(*store);
  }
  void TearDown() override {
    store.reset();
    EXPECT_TRUE(world.objects.empty()) << "the store's end releases what is left";
  }

  Instance& instantiate(Store& in, const Bytes& bytes = kReferences) {
    auto compiled = engine->compile(bytes);
    EXPECT_TRUE(compiled) << compiled.error().message();
    Outcome<Instance*> made = linker->instantiate(in, *compiled);
    EXPECT_TRUE(made);
    return **made;
  }
  static TrapCode host_new(void* env, Caller& caller, Value* cells) {
    cells[0] = static_cast<World*>(env)->make(caller.store(), cells[0].as_i32());
    caller.store().refs().unroot(cells[0].bits[0]);
    return TrapCode::None;
  }
  static TrapCode host_id(void* env, Caller& caller, Value* cells) {
    const auto number = static_cast<World*>(env)->number(caller.store(), cells[0]);
    if (!number) return caller.fail("a dead reference");
    cells[0] = Value::i32(*number);
    return TrapCode::None;
  }
  static constexpr int32_t kThrowFromHost = 99;
  /// Throws the guest's first tag; only the exception in flight has the references then.
  static TrapCode host_throw(World& world, Caller& caller) {
    RefHeap& refs = caller.store().refs();
    const Value values[] = {world.make(caller.store(), 2), Value::i32(5),
                            world.make(caller.store(), 6)};
    auto thrown = caller.store().make_exception(*caller.instance()->tag(TagIdx{0}), values);
    const TrapCode code = caller.fail(*std::move(thrown));
    refs.unroot(values[0].bits[0]);
    refs.unroot(values[2].bits[0]);
    refs.collect();
    return code;
  }
  /// Calls the guest's `inner`, after overwriting its own arguments, and makes sure that all of
  /// them are still there.
  static TrapCode host_back(void* env, Caller& caller, Value* cells) {
    World& world = *static_cast<World*>(env);
    Store& store = caller.store();
    const Value first = cells[0];
    const Value last = cells[2];
    if (cells[1].as_i32() == kThrowFromHost) return host_throw(world, caller);
    const Value args[] = {first, cells[1]};
    cells[0] = cells[2] = Value::i32(0);
    Value result;
    Outcome<void> done = caller.instance()->exported_func("inner")->call(args, {&result, 1});
    if (!done) return caller.fail(std::move(done).error());
    if (world.number(store, first) != 2 || world.number(store, last) != 3) {
      return caller.fail("an argument died");
    }
    cells[0] = result;
    return TrapCode::None;
  }

  int32_t call(const char* name, std::vector<Value> args = {}) {
    return call(*instance, name, args);
  }
  int32_t call(Instance& in, const char* name, std::vector<Value> args = {}) {
    const Func func = *in.exported_func(name);
    std::vector<Value> results(func.type().result_count);
    Outcome<void> done = func.call(args, results);
    EXPECT_TRUE(done) << name << ": " << done.error().message();
    return done && !results.empty() ? results[0].as_i32() : -12345;
  }
  /// Nothing is left when nobody has references.
  void expect_empty() {
    call("clear");
    store->refs().collect();
    EXPECT_EQ(store->refs().live_count(), 0u);
    EXPECT_TRUE(world.objects.empty());
  }

  World world;
  std::shared_ptr<Engine> engine;
  std::unique_ptr<Linker> linker;
  std::unique_ptr<Store> store;
  Instance* instance = nullptr;
};

TEST_P(RefHeapTest, OperandsLocalsAndStackArgumentsAreRoots) {
  EXPECT_EQ(call("operands"), 123);
  const Value nine = world.make(*store, 9);
  EXPECT_EQ(call("locals", {nine}), 92401);
  EXPECT_EQ(world.number(*store, nine), 9);
  store->refs().unroot(nine.bits[0]);
  EXPECT_EQ(call("stack"), 456123);
  EXPECT_EQ(call("blocks", {Value::i32(0)}), 1347);
  EXPECT_EQ(call("blocks", {Value::i32(1)}), 1247);
  EXPECT_EQ(call("loops", {Value::i32(300)}), 0);
  expect_empty();
}

TEST_P(RefHeapTest, EveryFrameOfADeepStackIsARoot) {
  EXPECT_EQ(call("deep", {Value::i32(GetParam().collect_always ? 100 : 3000)}), 0);
  expect_empty();
}

TEST_P(RefHeapTest, GlobalsAndTablesAreRoots) {
  EXPECT_EQ(call("cells"), 3124);
  store->refs().collect();
  EXPECT_EQ(store->refs().live_count(), 4u);
  expect_empty();
}

TEST_P(RefHeapTest, FramesBelowNestedCallsAreRoots) {
  EXPECT_EQ(call("nested", {Value::i32(0)}), 123);
  EXPECT_EQ(call("nested", {Value::i32(20)}), 123);
  expect_empty();
}

TEST_P(RefHeapTest, ATrapDropsWhatItsFramesHad) {
  const Value kept = world.make(*store, 1);
  for (int i = 0; i < 3; ++i) {
    const Value arg = kept;
    Outcome<void> done = instance->exported_func("trap")->call({&arg, 1}, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().trap->code(), TrapCode::Unreachable);
  }
  store->refs().collect();
  EXPECT_EQ(world.objects.size(), 1u);
  store->refs().unroot(kept.bits[0]);
  EXPECT_EQ(call("nested", {Value::i32(2)}), 123);
  expect_empty();
}

TEST_P(RefHeapTest, EveryTrapInATryBlockATailCallAndACallbackLeavesTheStoreUsable) {
  constexpr TrapCode kKinds[] = {TrapCode::Unreachable,
                                 TrapCode::MemoryOutOfBounds,
                                 TrapCode::IntegerDivideByZero,
                                 TrapCode::IntegerOverflow,
                                 TrapCode::InvalidConversion,
                                 TrapCode::StackExhausted,
                                 TrapCode::TableOutOfBounds,
                                 TrapCode::UndefinedElement,
                                 TrapCode::UninitializedElement,
                                 TrapCode::IndirectCallType,
                                 TrapCode::NullReference,
                                 TrapCode::NullFunctionReference,
                                 TrapCode::Host};
  Instance& guest = instantiate(*store, kTrapsWithReferences);
  for (const char* where : {"try", "tail", "callback"}) {
    for (size_t kind = 0; kind < std::size(kKinds); ++kind) {
      // With a search at each of the thousands of frames that would take long.
      if (kKinds[kind] == TrapCode::StackExhausted && GetParam().collect_always) continue;
      const Value arg = Value::i32(static_cast<int32_t>(kind));
      Outcome<void> done = guest.exported_func(where)->call({&arg, 1}, {});
      ASSERT_FALSE(done) << where << ' ' << kind;
      ASSERT_TRUE(done.error().is_trap()) << where << ' ' << kind;
      EXPECT_EQ(done.error().trap->code(), kKinds[kind]) << where << ' ' << kind;
      EXPECT_EQ(call(guest, "works"), 42);
    }
  }
  expect_empty();
}

TEST_P(RefHeapTest, ReferencesMoveBetweenInstances) {
  Instance& other = instantiate(*store);
  EXPECT_EQ(call("cells"), 3124);
  const Table& table = **instance->exported_table("table");
  EXPECT_EQ(call(other, "locals", {*table.get(2)}), 42401);
  EXPECT_EQ(call(other, "cells"), 3124);
  EXPECT_EQ(call(other, "nested", {Value::i32(3)}), 123);
  EXPECT_EQ(world.number(*store, *table.get(2)), 4);
  call(other, "clear");
  expect_empty();
}

TEST_P(RefHeapTest, StoresAreApart) {
  const std::unique_ptr<Store> second = std::move(*Store::create(engine));
  Instance& other = instantiate(*second);
  EXPECT_EQ(call("cells"), 3124);
  EXPECT_EQ(call(other, "cells"), 3124);
  call(other, "clear");
  second->refs().collect();
  EXPECT_EQ(second->refs().live_count(), 0u);
  EXPECT_EQ(world.objects.size(), store->refs().live_count());
  expect_empty();
}

TEST_P(RefHeapTest, ExceptionsKeepTheirValues) {
  Instance& guest = instantiate(*store, kReferencesThrown);
  EXPECT_EQ(call(guest, "caught"), 9152);
  EXPECT_EQ(call(guest, "plain"), 352);
  EXPECT_EQ(call(guest, "chain", {Value::i32(GetParam().collect_always ? 20 : 3000)}), 752);
  call(guest, "keep", {Value::i32(GetParam().collect_always ? 30 : 3000)});
  for (int32_t i = 0; i < 10; ++i) EXPECT_EQ(call(guest, "kept", {Value::i32(i)}), 452);
  store->refs().collect();
  EXPECT_EQ(store->refs().live_count(), 30u);  // ten exceptions with two externrefs each
  call(guest, "clear");
  expect_empty();
}

TEST_P(RefHeapTest, ExceptionsPassThroughTheHostWithTheirValues) {
  Instance& guest = instantiate(*store, kReferencesThrown);
  EXPECT_EQ(call(guest, "nested", {Value::i32(0)}), 2526);
  EXPECT_EQ(call(guest, "nested", {Value::i32(5)}), 2526);
  EXPECT_EQ(call(guest, "nested", {Value::i32(kThrowFromHost)}), 2566);
  // The store remembers the host function's last failure until there is another.
  EXPECT_FALSE(guest.exported_func("uncaught")->call({}, {}));
  expect_empty();
}

TEST_P(RefHeapTest, LegacyHandlersKeepWhatTheyCaught) {
  Instance& guest = instantiate(*store, kReferencesLegacy);
  for (const int32_t n : {0, 1, 7}) {
    EXPECT_EQ(call(guest, "legacy", {Value::i32(n)}), 10 * n + 4);
  }
  expect_empty();
}

TEST_P(RefHeapTest, ATrapKeepsTheExceptionThatNobodyCaught) {
  Instance& guest = instantiate(*store, kReferencesThrown);
  {
    Outcome<void> done = guest.exported_func("uncaught")->call({}, {});
    ASSERT_FALSE(done);
    const std::shared_ptr<Trap> trap = done.error().trap;
    EXPECT_EQ(call(guest, "caught"), 9152);
    store->refs().collect();
    const Exception* exception = store->exception(trap->exception(*store));
    ASSERT_NE(exception, nullptr);
    EXPECT_EQ(world.number(*store, exception->cells[0]), 8);
    EXPECT_EQ(world.number(*store, exception->cells[2]), 2);
  }
  expect_empty();
}

TEST_P(RefHeapTest, DroppedReferencesCostNoMemory) {
  const int32_t count = GetParam().collect_always ? 2000 : 200'000;
  call("churn", {Value::i32(count)});
  EXPECT_EQ(world.made, static_cast<size_t>(count));
  EXPECT_LE(world.objects.size(), 2048u);
  expect_empty();
}

TEST_P(RefHeapTest, RootsAreCounted) {
  RefHeap& refs = store->refs();
  const Value ref = world.make(*store, 5);
  refs.root(ref.bits[0]);
  refs.unroot(ref.bits[0]);
  refs.collect();
  EXPECT_EQ(world.number(*store, ref), 5);
  {
    RootedRef rooted = store->rooted(ref);
    RootedRef moved = std::move(rooted);
    EXPECT_EQ(rooted.handle(), 0u);  // NOLINT(bugprone-use-after-move)
    refs.unroot(ref.bits[0]);
    refs.unroot(ref.bits[0] + 1000);
    refs.collect();
    EXPECT_EQ(world.number(*store, ref), 5);
    EXPECT_EQ(moved.handle(), ref.as_externref());
  }
  refs.collect();
  EXPECT_TRUE(world.objects.empty());
  EXPECT_FALSE(store->matches(ref, kExternRef));
  refs.root(ref.bits[0]);  // does nothing any more
  RootedRef outlives = store->rooted(world.make(*store, 6));
  store.reset();
  EXPECT_EQ(outlives.handle(), 0u);
}

TEST_P(RefHeapTest, ReleasingMayMakeReferences) {
  struct Chain {
    Store* store;
    int left;
    int* released;
  };
  int released = 0;
  const auto release = [](void* host) {
    std::unique_ptr<Chain> chain(static_cast<Chain*>(host));
    ++*chain->released;
    if (chain->left == 0) return;
    Store& in = *chain->store;
    const auto again = [](void* next) { ++*static_cast<Chain*>(next)->released; };
    const Value ref = in.externref(chain.get(), again);
    in.refs().unroot(ref.bits[0]);
    in.refs().collect();  // nested: does nothing
    --chain->left;
    chain.release();
  };
  auto* chain = new Chain{store.get(), 1, &released};
  store->refs().unroot(store->externref(chain, release).bits[0]);
  store->refs().collect();
  EXPECT_EQ(released, 1);
  store->refs().collect();
  EXPECT_EQ(released, 2);
  delete chain;
  expect_empty();
}

std::string setting_name(const testing::TestParamInfo<Setting>& info) {
  std::string name = info.param.memory == MemoryModeChoice::Guard ? "Guard" : "Explicit";
  name += info.param.compile == CompilePolicy::Lazy ? "Lazy" : "Eager";
  return name + (info.param.collect_always ? "Always" : "");
}
INSTANTIATE_TEST_SUITE_P(
    Settings, RefHeapTest,
    testing::Values(Setting{MemoryModeChoice::Guard, CompilePolicy::Eager, false},
                    Setting{MemoryModeChoice::Guard, CompilePolicy::Lazy, true},
                    Setting{MemoryModeChoice::Explicit, CompilePolicy::Eager, true},
                    Setting{MemoryModeChoice::Explicit, CompilePolicy::Lazy, false}),
    setting_name);

}  // namespace
}  // namespace sluice

// Random programs give what the model gives: results, traps, uncaught exceptions with their values,
// and the hash of all that was computed on the way; in both memory modes, compiled at once and when
// first called, at both optimization levels, with registers picked at random, and with references
// collected at every chance.
#include <cstdlib>

#include "runtime/store/global.h"
#include "runtime/store/table.h"
#include "tests/unit/runtime/flow/flow_model.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice::flow {
namespace {

struct Way {
  const char* name;
  MemoryModeChoice mode = MemoryModeChoice::Guard;
  bool is_lazy = false;
  bool collect_always = false;
  uint64_t stress_seed = 0;
  OptLevelChoice opt_level = OptLevelChoice::Auto;
};
constexpr Way kWays[] = {
    {"plain"},
    {"explicit, lazy, collecting", MemoryModeChoice::Explicit, true, true},
    {"stressed, collecting", MemoryModeChoice::Guard, false, true, 104'729},
    {"stressed, lazy", MemoryModeChoice::Guard, true, false, 31'337},
    {"full", MemoryModeChoice::Guard, false, false, 0, OptLevelChoice::Full},
};

std::shared_ptr<Engine> make_engine(const Way& way) {
  EngineConfig config;
  config.memory_mode = way.mode;
  config.workers = 0;
  config.compile = way.is_lazy ? CompilePolicy::Lazy : CompilePolicy::Eager;
  config.opt_level = way.opt_level;
  config.collect_always = way.collect_always;
  config.stress_seed = way.stress_seed;
  return *Engine::create(config);
}

/// What an externref made of `number` points to: nothing.
void* host_object(uint32_t number) {
  return reinterpret_cast<void*>((uintptr_t{1} << 40) + number);
}
uint32_t number_of(const Store& store, Value reference) {
  const void* object = store.externref_host(reference);
  if (object == nullptr) return 0xdead;
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(object));
}

/// A program in a store.
class World {
 public:
  World(const std::shared_ptr<Engine>& engine, const Program& program)
      : program_(program), store_(std::move(*Store::create(engine))), linker_(engine) {
    const Bytes base = wat(base_text(program)), module = wat(flow_text(program));
    base_ = &make(base);
    EXPECT_TRUE(linker_.define_instance("base", *base_));
    const std::vector<ValType> i32 = {kI32}, i64 = {kI64}, reference = {kExternRef},
                               three = {kI32, kI32, kI64};
    EXPECT_TRUE(linker_.define_func("env", "make", i32, reference, &make_extern, this));
    EXPECT_TRUE(linker_.define_func("env", "identify", reference, i32, &identify, this));
    EXPECT_TRUE(linker_.define_func("env", "host", three, i64, &host, this));
    Table& table = **base_->exported_table("table");
    for (uint32_t i = 0; i < 2; ++i) {
      instances_[i] = &make(module);
      for (uint32_t f = 0; f < kFuncs; ++f) {
        const Func func = *instances_[i]->exported_func(("f" + std::to_string(f)).c_str());
        EXPECT_TRUE(table.set(function_id(i, f), Value::funcref(func.record())));
      }
    }
  }

  sluice::Outcome<uint64_t> call(uint64_t argument) {
    EXPECT_TRUE(global("fuel").set(Value::i32(kFuel)));
    const Value arg = {{argument, 0}};
    Value result;
    auto done = instances_[0]->exported_func("f0")->call({&arg, 1}, {&result, 1});
    if (!done) return std::unexpected(std::move(done).error());
    return result.as_u64();
  }
  Global& global(const char* name) { return **base_->exported_global(name); }
  uint64_t own(uint32_t i) { return (*instances_[i]->exported_global("own"))->get().as_u64(); }
  uint64_t word(uint32_t i) {
    uint64_t word = 0;
    std::memcpy(&word, (*instances_[i]->exported_memory("memory"))->base() + 8, sizeof word);
    return word;
  }

  void compare(const Exception& expected, const Trap& trap) {
    const sluice::Exception* thrown = store_->exception(trap.exception(*store_));
    ASSERT_NE(thrown, nullptr);
    ASSERT_EQ(thrown->tag, tag(expected.tag));
    const Types& types = program_.tags[std::min(expected.tag, kOwnTag)];
    for (size_t i = 0; i < types.size(); ++i) {
      const Val& want = expected.values[i];
      const Value& have = thrown->cells[i];
      ASSERT_EQ(have.is_null(), types[i] <= V128 ? have.is_null() : want.is_null()) << i;
      if (types[i] <= V128) {
        ASSERT_EQ(have.bits[0], want.low) << i;
      }
      if (types[i] == V128) {
        ASSERT_EQ(have.bits[1], want.high) << i;
      }
      if (types[i] == Extern && !want.is_null()) {
        ASSERT_EQ(number_of(*store_, have), static_cast<uint32_t>(want.low - 1)) << i;
      }
    }
  }

 private:
  using Bytes = std::vector<uint8_t>;

  Instance& make(const Bytes& bytes) {
    auto compiled = store_->engine().compile(bytes);
    if (!compiled) throw std::runtime_error(compiled.error().message().c_str());
    auto made = linker_.instantiate(*store_, *compiled);
    if (!made) throw std::runtime_error(made.error().message().c_str());
    return **made;
  }
  const Tag* tag(uint32_t identity) {
    if (identity >= kOwnTag) return instances_[identity - kOwnTag]->find_export("own tag")->tag();
    return base_->find_export(("t" + std::to_string(identity)).c_str())->tag();
  }

  static TrapCode make_extern(void*, Caller& caller, Value* cells) {
    cells[0] = caller.store().externref(host_object(cells[0].as_u32()));
    caller.store().refs().unroot(cells[0].bits[0]);
    return TrapCode::None;
  }
  static TrapCode identify(void*, Caller& caller, Value* cells) {
    const uint32_t number = cells[0].is_null() ? 0 : number_of(caller.store(), cells[0]);
    cells[0] = {{number, 0}};
    return TrapCode::None;
  }
  static TrapCode host(void* env, Caller& caller, Value* cells) {
    return static_cast<World*>(env)->host(caller, cells);
  }
  /// As FlowModel::host.
  TrapCode host(Caller& caller, Value* cells) {
    const uint32_t mode = cells[0].as_u32(), element = cells[1].as_u32();
    const Value argument = cells[2];
    Value& out = cells[0];
    if (mode == 0) return give(out, argument.as_u64() * 3 + 1);
    if (mode == 1) return caller.fail(*store_->make_exception(*tag(0), {&argument, 1}));
    if (mode == 4) return kept_ == nullptr ? give(out, 0) : caller.fail(Failure(kept_));
    const Value target = *(*base_->exported_table("table"))->get(element);
    if (target.is_null()) return give(out, 17);
    Value result;
    auto done = Func(target.as_funcref()).call({&argument, 1}, {&result, 1});
    if (done) return give(out, result.as_u64() + 1);
    if (mode == 2) return caller.fail(std::move(done).error());
    const std::shared_ptr<Trap> trap = done.error().trap;
    const sluice::Exception* thrown = store_->exception(trap->exception(*store_));
    if (thrown == nullptr) return give(out, 1000 + static_cast<uint64_t>(trap->code()));
    kept_ = trap;
    return give(out, thrown->tag == tag(0) ? thrown->cells[0].as_u64() + 5 : 99);
  }
  static TrapCode give(Value& out, uint64_t value) {
    out = {{value, 0}};
    return TrapCode::None;
  }

  const Program& program_;
  std::unique_ptr<Store> store_;
  Linker linker_;
  Instance* base_ = nullptr;
  Instance* instances_[2] = {};
  std::shared_ptr<Trap> kept_;
};

void compare_with_model(const std::shared_ptr<Engine>& engine, const Program& program) {
  World world(engine, program);
  if (testing::Test::HasFailure()) return;
  FlowModel model(program);
  for (const uint64_t argument : {uint64_t{1}, uint64_t{1} << 63, uint64_t{12345}}) {
    SCOPED_TRACE("argument " + std::to_string(argument));
    model.fuel = kFuel;
    const Outcome expected = model.call(0, argument);
    const sluice::Outcome<uint64_t> done = world.call(argument);
    if (expected.trap == TrapCode::None) {
      ASSERT_TRUE(done) << done.error().message();
      ASSERT_EQ(*done, expected.results[0].low);
    } else {
      ASSERT_FALSE(done) << "instead of " << trap_text(expected.trap);
      ASSERT_TRUE(done.error().is_trap());
      ASSERT_EQ(trap_text(done.error().trap->code()), trap_text(expected.trap));
      if (expected.exception) world.compare(*expected.exception, *done.error().trap);
    }
    ASSERT_EQ(world.global("h").get().as_u64(), model.hash);
    ASSERT_EQ(world.global("fuel").get().as_u32(), model.fuel);
    for (uint32_t i = 0; i < 2; ++i) {
      ASSERT_EQ(world.own(i), model.instances[i].own);
      ASSERT_EQ(world.word(i), model.instances[i].word);
    }
  }
}

TEST(RandomFlow, GivesWhatTheModelGives) {
  // More of them: SLUICE_STRESS_SEEDS=first:count. One program's text: SLUICE_STRESS_PRINT=seed.
  unsigned long first = 1, count = 150;
  if (const char* range = std::getenv("SLUICE_STRESS_SEEDS")) {
    std::sscanf(range, "%lu:%lu", &first, &count);
  }
  if (const char* seed = std::getenv("SLUICE_STRESS_PRINT")) {
    const Program program = random_program(std::strtoul(seed, nullptr, 10));
    std::printf("%s\n%s", base_text(program).c_str(), flow_text(program).c_str());
    return;
  }
  for (const Way& way : kWays) {
    SCOPED_TRACE(way.name);
    const std::shared_ptr<Engine> engine = make_engine(way);
    for (uint64_t seed = first; seed < first + count; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      compare_with_model(engine, random_program(seed));
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace sluice::flow

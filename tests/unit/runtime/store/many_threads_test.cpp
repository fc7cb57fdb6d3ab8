// Many threads that call, trap, grow and wait at the same time, each in a store of its own, over
// one shared memory. A wake-up that is lost leaves a thread waiting for ever: the test would not
// end. SLUICE_THREAD_ROUNDS=100000 is the full size; less will do for every day.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

constexpr uint32_t kThreads = 64;
constexpr uint32_t kRing = 4;  // threads that wake each other in turn

constexpr std::string_view kGuest = R"((module
  (memory $shared (import "m" "shared") 1 1000 shared)
  (memory $own 1 2000)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "unreachable") (unreachable))
  (func (export "load") (drop (i32.load $own (i32.const 0x7fffffff))))
  (func (export "grow") (result i32)
    (drop (memory.grow $own (i32.const 1)))
    (memory.grow $shared (i32.const 1)))
  ;; Waits for the word at $at to be $mine, then makes it $next.
  (func (export "turn") (param $at i32) (param $mine i32) (param $next i32)
    (local $now i32)
    (loop $again
      (local.set $now (i32.atomic.load $shared (local.get $at)))
      (if (i32.ne (local.get $now) (local.get $mine))
        (then
          (drop (memory.atomic.wait32 $shared (local.get $at) (local.get $now) (i64.const -1)))
          (br $again))))
    (i32.atomic.store $shared (local.get $at) (local.get $next))
    (drop (memory.atomic.notify $shared (local.get $at) (i32.const -1))))
  ;; One more, by all threads together.
  (func (export "count") (drop (i32.atomic.rmw.add $shared (i32.const 0) (i32.const 1))))))";

int32_t rounds() {
  const char* text = std::getenv("SLUICE_THREAD_ROUNDS");
#if defined(__SANITIZE_THREAD__)
  constexpr int32_t kRounds = 30;
#else
  constexpr int32_t kRounds = 300;
#endif
  return text == nullptr ? kRounds : std::atoi(text);
}

class ManyThreadsTest : public StoreTest {
 protected:
  /// One thread's life; how many of its rounds went as they should.
  int32_t work(const std::shared_ptr<const CompiledModule>& module, Memory& shared, uint32_t number,
               int32_t count) {
    auto own = std::move(*Store::create(engine));
    Linker imports(engine);
    if (!imports.define("m", "shared", Extern(*Memory::share(*own, shared)))) return 0;
    const auto made = imports.instantiate(*own, module);
    if (!made) return 0;
    const Func add = *(*made)->exported_func("add");
    const Func grow = *(*made)->exported_func("grow");
    const Func turn = *(*made)->exported_func("turn");
    const Func all = *(*made)->exported_func("count");
    const Func traps[] = {*(*made)->exported_func("unreachable"), *(*made)->exported_func("load")};
    const uint32_t place = number % kRing;
    const Value at = Value::i32(static_cast<int32_t>(64 + number / kRing * 4));
    const Value turns[] = {at, Value::i32(static_cast<int32_t>(place)),
                           Value::i32(static_cast<int32_t>((place + 1) % kRing))};
    int32_t good = 0;
    for (int32_t i = 0; i < count; ++i) {
      const Value numbers[] = {Value::i32(i), Value::i32(1)};
      Value result;
      const bool added = add.call(numbers, {&result, 1}) && result.as_i32() == i + 1;
      const Outcome<void> trapped = traps[i % 2].call({}, {});
      const bool is_right = !trapped && trapped.error().is_trap() &&
                            trapped.error().trap->code() ==
                                (i % 2 == 0 ? TrapCode::Unreachable : TrapCode::MemoryOutOfBounds);
      const bool grown = grow.call({}, {&result, 1}).has_value();
      const bool counted = all.call({}, {}).has_value();
      if (added && is_right && grown && counted && turn.call(turns, {})) ++good;
    }
    return good;
  }
};
SLUICE_ALL_MODES(ManyThreadsTest);

TEST_P(ManyThreadsTest, CallTrapGrowAndWait) {
#if defined(__SANITIZE_THREAD__)
  if (GetParam() == MemoryModeChoice::Guard) GTEST_SKIP() << "skipped: no signals under TSan";
#endif
  const auto module = compile(wat(kGuest));
  MemoryType type;
  type.limits = {.min = 1, .max = 1000, .has_max = true, .is_shared = true};
  const Result<Memory*> shared = Memory::create(*store, type);
  ASSERT_TRUE(shared) << shared.error().message();
  const int32_t count = rounds();
  std::atomic<int32_t> good{0};
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { good += work(module, **shared, i, count); });
  }
  for (std::thread& each : threads) each.join();
  const int32_t wanted = static_cast<int32_t>(kThreads) * count;
  EXPECT_EQ(good, wanted);
  int32_t counted = 0;
  uint8_t* const base = (*shared)->base();
  __atomic_load(reinterpret_cast<int32_t*>(base), &counted, __ATOMIC_SEQ_CST);
  EXPECT_EQ(counted, wanted);
}

}  // namespace
}  // namespace sluice

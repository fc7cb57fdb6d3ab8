// SignalPolicy::None: every trap without a signal, in a process whose handlers end it.
#include <cfenv>
#include <csignal>
#include <thread>
#include <unistd.h>

#include "tests/support/fork.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGURG};

constexpr std::string_view kTraps = R"((module
  (type $t (func (result i32)))
  (memory $m 1 1)
  (memory $wide i64 1 1)
  (memory $shared 1 1 shared)
  (table $functions 2 funcref)
  (func (export "load") (result i32) (i32.load (i32.const 65533)))
  (func (export "load far") (result i32) (i32.load offset=4294967295 (i32.const -1)))
  (func (export "store") (result i32) (i64.store (i32.const -8) (i64.const 1)) (i32.const 0))
  (func (export "load wide") (result i32) (i32.load $wide (i64.const -2)))
  (func (export "vector") (result i32) (i32x4.extract_lane 0 (v128.load (i32.const 65521))))
  (func (export "atomic") (result i32)
    (i32.atomic.rmw.add $shared (i32.const 65536) (i32.const 1)))
  (func (export "fill") (result i32)
    (memory.fill (i32.const 65530) (i32.const 1) (i32.const 7)) (i32.const 0))
  (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func (export "remainder") (param i32) (result i32) (i32.rem_u (i32.const 1) (local.get 0)))
  (func (export "overflow") (result i32) (i32.div_s (i32.const 0x80000000) (i32.const -1)))
  (func (export "wide overflow") (param i32) (result i32)
    (i32.wrap_i64 (i64.div_s (i64.const 0x8000000000000000)
                             (i64.extend_i32_s (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "truncate") (result i32) (i32.trunc_f64_s (f64.const nan)))
  (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
  (func (export "null") (result i32) (call_indirect (type $t) (i32.const 0)))
  (func (export "element") (result i32) (call_indirect (type $t) (i32.const 2)))
  (func (export "null ref") (result i32) (call_ref $t (ref.null $t)))
  (func (export "unreachable") (result i32) (unreachable))
  (func (export "divide floats") (param i32) (result i32)
    (i32.reinterpret_f32 (f32.div (f32.const 1) (f32.convert_i32_s (local.get 0)))))))";

/// Runs `body` in a child that any of the signals ends; it must return true.
template <class Body>
void expect_in_quiet_child(Body body) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (const int signal : kSignals) ::signal(signal, [](int) { _exit(99); });
    _exit(body() ? 0 : 1);
  }
  EXPECT_EQ(test::wait_for(child), 0);
}

using NoSignalsTest = StoreTest;
INSTANTIATE_TEST_SUITE_P(Modes, NoSignalsTest, testing::Values(kNoSignals), mode_name);

TEST_P(NoSignalsTest, EveryTrapIsATest) {
  struct Expected {
    const char* name;
    TrapCode code;
    bool has_argument = false;
  };
  static constexpr Expected kExpected[] = {
      {"load", TrapCode::MemoryOutOfBounds},
      {"load far", TrapCode::MemoryOutOfBounds},
      {"store", TrapCode::MemoryOutOfBounds},
      {"load wide", TrapCode::MemoryOutOfBounds},
      {"vector", TrapCode::MemoryOutOfBounds},
      {"atomic", TrapCode::MemoryOutOfBounds},
      {"fill", TrapCode::MemoryOutOfBounds},
      {"divide", TrapCode::IntegerDivideByZero, true},
      {"remainder", TrapCode::IntegerDivideByZero, true},
      {"overflow", TrapCode::IntegerOverflow},
      {"wide overflow", TrapCode::IntegerOverflow, true},
      {"truncate", TrapCode::InvalidConversion},
      {"deep", TrapCode::StackExhausted},
      {"null", TrapCode::UninitializedElement},
      {"element", TrapCode::UndefinedElement},
      {"null ref", TrapCode::NullFunctionReference},
      {"unreachable", TrapCode::Unreachable},
  };
  Instance& instance = instantiate(wat(kTraps));
  expect_in_quiet_child([&] {
    for (const Expected& each : kExpected) {
      std::vector<Value> args;
      if (each.has_argument) args.push_back(Value::i32(0));
      if (trap_of(instance, each.name, args) == each.code) continue;
      fprintf(stderr, "%s\n", each.name);
      return false;
    }
    return true;
  });
}

TEST_P(NoSignalsTest, HostsThatUnmaskFloatExceptionsKeepThem) {
  Instance& instance = instantiate(wat(kTraps));
  // Names are looked up before: the standard library's hash tables are inexact themselves.
  ASSERT_TRUE(call(instance, "divide floats", {Value::i32(1)}));
  expect_in_quiet_child([&] {
    feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_INEXACT);
    const Outcome<Value> result = call(instance, "divide floats", {Value::i32(0)});
    const bool kept = fegetexcept() == (FE_DIVBYZERO | FE_INVALID | FE_INEXACT);
    return result && result->as_i32() == 0x7f800000 && kept;
  });
}

TEST_P(NoSignalsTest, ThreadsKeepTheirMasksAndStacks) {
  Instance& instance = instantiate(wat(kTraps));
  expect_in_quiet_child([&] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    bool trapped = false;
    sigset_t after;
    stack_t stack;
    std::thread([&] {
      trapped = trap_of(instance, "load") == TrapCode::MemoryOutOfBounds;
      pthread_sigmask(SIG_SETMASK, nullptr, &after);
      sigaltstack(nullptr, &stack);
    }).join();
    return trapped && sigismember(&after, SIGSEGV) == 1 && (stack.ss_flags & SS_DISABLE) != 0;
  });
}

TEST(NoSignals, GuardPagesAreRefused) {
  EngineConfig config;
  config.signals = SignalPolicy::None;
  config.memory_mode = MemoryModeChoice::Guard;
  const auto engine = Engine::create(config);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().kind, ErrorKind::NotConfigured);
  config.memory_mode = MemoryModeChoice::Auto;
  EXPECT_EQ((*Engine::create(config))->memory_mode(), MemoryMode::Explicit);
}

}  // namespace
}  // namespace sluice

// Interruption: a request is taken wherever it falls, once, and the store stays as good as before.
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>
#include <ucontext.h>
#include <unistd.h>

#include "tests/support/fork.h"
#include "tests/unit/engine/binary/module_bytes.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using test::Bytes;
using test::cat;
using namespace std::chrono_literals;

// ThreadSanitizer delivers signals only where its own code runs, which a guest's loop never does.
#if defined(__SANITIZE_THREAD__)
#define SKIP_IF_NO_SIGNALS() GTEST_SKIP() << "skipped: no signals in generated code under TSan"
#else
#define SKIP_IF_NO_SIGNALS() static_cast<void>(0)
#endif

// spin: calls the host, grows its memory by nothing (a helper), then counts in a global for ever.
// count: calls a helper for ever. calls: calls the host for ever. deep: calls itself for ever, in
// tail position. get: the global.
Bytes spinning_module() {
  const Bytes bump = {0x23, 0, 0x42, 1, 0x7c, 0x24, 0};
  const Bytes grow = {0x41, 0, 0x40, 0, 0x1a};
  const auto for_ever = [](const Bytes& code) {
    return cat({{0x03, 0x40}, code, {0x0c, 0, 0x0b}});
  };
  const auto body = [](const Bytes& code) { return test::sized(cat({{0}, code, {0x0b}})); };
  const auto exported = [](const char* name, uint8_t func) {
    return cat({test::name(name), {0x00, func}});
  };
  return test::module({
      test::section(1, {{0x60, 0, 0}, {0x60, 0, 1, 0x7e}}),
      test::section(2, {cat({test::name("m"), test::name("host"), {0x00, 0}})}),
      test::section(3, {{0}, {0}, {0}, {0}, {1}}),
      test::section(5, {{0, 1}}),
      test::section(6, {{0x7e, 1, 0x42, 0, 0x0b}}),
      test::section(7, {exported("spin", 1), exported("helper", 2), exported("calls", 3),
                        exported("deep", 4), exported("get", 5)}),
      test::section(10, {body(cat({{0x10, 0}, grow, for_ever(bump)})), body(for_ever(grow)),
                         body(for_ever({0x10, 0})), body({0x12, 4}), body({0x23, 0})}),
  });
}

class InterruptTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    ASSERT_TRUE(linker->define_func("m", "host", {}, {}, &host, this));
    instance = &instantiate(spinning_module());
  }
  static TrapCode host(void* env, Caller& caller, Value*) {
    auto& self = *static_cast<InterruptTest*>(env);
    ++self.host_calls;
    return self.during_host ? self.during_host(caller) : TrapCode::None;
  }
  bool is_usable() { return call(*instance, "get").has_value(); }

  Instance* instance = nullptr;
  std::function<TrapCode(Caller&)> during_host;
  uint64_t host_calls = 0;
};
SLUICE_ALL_MODES(InterruptTest);

TEST_P(InterruptTest, AnotherThreadStopsAnyLoop) {
  SKIP_IF_NO_SIGNALS();
  const InterruptHandle handle = store->interrupt_handle();
  for (const char* name : {"spin", "helper", "calls", "deep"}) {
    for (int round = 0; round < 20; ++round) {
      std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::microseconds(100 * round));
        handle.interrupt();
      });
      EXPECT_EQ(trap_of(*instance, name), TrapCode::Interrupted) << name;
      other.join();
      EXPECT_TRUE(is_usable());
    }
  }
}

TEST_P(InterruptTest, TheBacktraceIsThere) {
  SKIP_IF_NO_SIGNALS();
  // Set when the guest is there: a request from before would find no frame.
  during_host = [&](Caller&) {
    store->set_deadline(Watchdog::Clock::now() + 5ms);
    return TrapCode::None;
  };
  const Outcome<Value> result = call(*instance, "spin");
  ASSERT_FALSE(result);
  ASSERT_TRUE(result.error().is_trap());
  const Trap& trap = *result.error().trap;
  EXPECT_EQ(trap.code(), TrapCode::Interrupted);
  // Where the deadline passes before the host function has returned, that is a frame too.
  ASSERT_FALSE(trap.frames().empty());
  EXPECT_EQ(raw(trap.frames().back().func), 1u);
  EXPECT_NE(trap.frames().back().wasm_offset, kNoOffset);
}

TEST_P(InterruptTest, ARequestWaitsForTheNextCall) {
  const InterruptHandle handle = store->interrupt_handle();
  handle.interrupt();
  handle.interrupt();
  EXPECT_EQ(trap_of(*instance, "get"), TrapCode::Interrupted);
  EXPECT_TRUE(is_usable());
  handle.interrupt();
  store->clear_interrupt();
  EXPECT_TRUE(is_usable());
}

TEST_P(InterruptTest, DeadlinesPassWhetherSomethingRunsOrNot) {
  SKIP_IF_NO_SIGNALS();
  store->set_deadline(Watchdog::Clock::now() + 20ms);
  EXPECT_EQ(trap_of(*instance, "spin"), TrapCode::Interrupted);
  EXPECT_TRUE(is_usable());
  store->set_deadline(Watchdog::Clock::now());
  for (int i = 0; i < 20'000 && !store->is_interrupted(); ++i) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(trap_of(*instance, "get"), TrapCode::Interrupted);
  // One that is replaced before it has passed; it may take this thread longer than that.
  for (bool is_late = true; is_late;) {
    const auto deadline = Watchdog::Clock::now() + 30ms;
    store->set_deadline(deadline);
    store->set_deadline(Watchdog::Clock::time_point::max());
    is_late = Watchdog::Clock::now() >= deadline;
    if (is_late) store->clear_interrupt();
  }
  std::this_thread::sleep_for(50ms);
  EXPECT_TRUE(is_usable());
}

TEST_P(InterruptTest, AHostFunctionThatInterruptsItsCaller) {
  const InterruptHandle handle = store->interrupt_handle();
  during_host = [&](Caller&) {
    handle.interrupt();
    return TrapCode::None;
  };
  EXPECT_EQ(trap_of(*instance, "calls"), TrapCode::Interrupted);
  EXPECT_EQ(host_calls, 1u);
  // The innermost call ends; what the host makes of that is its own business.
  during_host = [&](Caller&) {
    during_host = nullptr;
    handle.interrupt();
    EXPECT_EQ(trap_of(*instance, "calls"), TrapCode::Interrupted);
    handle.interrupt();
    return TrapCode::None;
  };
  EXPECT_EQ(trap_of(*instance, "spin"), TrapCode::Interrupted);
  EXPECT_TRUE(is_usable());
}

TEST_P(InterruptTest, HandlesOutliveTheirStore) {
  const InterruptHandle handle = store->interrupt_handle();
  store.reset();
  handle.interrupt();
  linker.reset();
  engine.reset();
  handle.interrupt();
}

TEST_P(InterruptTest, OnlyItsOwnSignalCounts) {
  SKIP_IF_NO_SIGNALS();
  raise(kInterruptSignal);
  EXPECT_TRUE(is_usable());
  store->set_deadline(Watchdog::Clock::now() + 1ms);
  EXPECT_EQ(trap_of(*instance, "spin"), TrapCode::Interrupted);
}

TEST_P(InterruptTest, ManyStoresOnManyThreads) {
  SKIP_IF_NO_SIGNALS();
  constexpr int kThreads = 8;
  constexpr int kRounds = 50;
  const auto module = compile(spinning_module());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      auto own = std::move(*Store::create(engine));
      Instance& mine = **linker->instantiate(*own, module);
      const Func spin = *mine.exported_func(t % 2 == 0 ? "spin" : "deep");
      const InterruptHandle handle = own->interrupt_handle();
      std::atomic<int> started{0};
      std::thread interrupter([&] {
        for (int round = 1; round <= kRounds; ++round) {
          while (started.load() < round) std::this_thread::yield();
          handle.interrupt();
        }
      });
      for (int round = 0; round < kRounds; ++round) {
        ++started;
        const Outcome<void> result = spin.call({}, {});
        EXPECT_TRUE(!result && result.error().is_trap() &&
                    result.error().trap->code() == TrapCode::Interrupted);
      }
      interrupter.join();
      Value got;
      EXPECT_TRUE(mine.exported_func("get")->call({}, {&got, 1}));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(InterruptTest, AfterAForkInTheChildToo) {
  SKIP_IF_NO_SIGNALS();
  store->set_deadline(Watchdog::Clock::now() + 1ms);
  EXPECT_EQ(trap_of(*instance, "spin"), TrapCode::Interrupted);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20);
    store->set_deadline(Watchdog::Clock::now() + 5ms);
    const bool stopped = trap_of(*instance, "spin") == TrapCode::Interrupted;
    _exit(stopped && is_usable() ? 0 : 1);
  }
  EXPECT_EQ(test::wait_for(child), 0);
  EXPECT_TRUE(is_usable());
}

TEST_P(InterruptTest, AfterAForkInAHostFunctionToo) {
  SKIP_IF_NO_SIGNALS();
  const pid_t parent = getpid();
  pid_t child = 0;
  during_host = [&](Caller&) {
    child = fork();
    if (child == 0) {
      alarm(20);
      // The store is this thread's still.
      if (!is_usable()) _exit(2);
    }
    store->set_deadline(Watchdog::Clock::now() + 5ms);
    return TrapCode::None;
  };
  const TrapCode code = trap_of(*instance, "spin");
  if (getpid() != parent) _exit(code == TrapCode::Interrupted && is_usable() ? 0 : 1);
  EXPECT_EQ(code, TrapCode::Interrupted);
  EXPECT_EQ(test::wait_for(child), 0);
}

// Each takes a second or more.
constexpr const char* kLongOperations = R"((module
  (memory 0 65536)
  (memory $other 0 65536)
  (data $bytes "0123456789")
  (func (export "grow") (result i32)
    (i32.and (memory.grow (i32.const 65536)) (memory.grow $other (i32.const 65536))))
  (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const -1)))
  (func (export "copy") (memory.copy $other 0 (i32.const 0) (i32.const 0) (i32.const -1)))
  (func (export "up") (memory.copy (i32.const 1) (i32.const 0) (i32.const -2)))
  (func (export "down") (memory.copy (i32.const 0) (i32.const 1) (i32.const -2)))
))";

TEST_P(InterruptTest, LongBulkOperationsStopInTheMiddle) {
  SKIP_IF_NO_SIGNALS();
  Instance& bulk = instantiate(wat(kLongOperations));
  if (call_i32(bulk, "grow") != 0) GTEST_SKIP() << "skipped: no room for two large memories";
  // In pieces as well as at once, whatever overlaps.
  uint8_t* const bytes = bulk.memory(MemoryIdx{0})->base();
  uint8_t* const other = bulk.memory(MemoryIdx{1})->base();
  struct Operation {
    const char* name;
    uint8_t* to;
    uint8_t* from;
  };
  constexpr uint64_t kLast = 0xffff'fffd;
  for (const auto& [name, to, from] :
       {Operation{"fill", bytes, bytes}, Operation{"copy", other, bytes},
        Operation{"up", bytes + 1, bytes}, Operation{"down", bytes, bytes + 1}}) {
    for (const uint64_t end : {uint64_t{0}, kLast}) {
      from[end] = 1;
      to[end] = 0;
    }
    // A deadline that passes before the call leaves all to do.
    for (auto time = 20ms; to[0] + to[kLast] == 0 && time < 10s; time *= 2) {
      store->set_deadline(Watchdog::Clock::now() + time);
      EXPECT_EQ(trap_of(bulk, name), TrapCode::Interrupted) << name;
      EXPECT_TRUE(is_usable());
    }
    EXPECT_EQ(to[0] + to[kLast], 1) << name << ": one end was reached, the other was not";
  }
}

// --- At every instruction: the processor traps after each, and at the n-th the request is made.

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

constexpr greg_t kTrapFlag = 0x100;
const InterruptHandle* g_step_handle = nullptr;
uint64_t g_steps = 0;
uint64_t g_request_at = 0;

void on_step(int, siginfo_t*, void* context) {
  greg_t* const regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  if (++g_steps < g_request_at) return;
  regs[REG_EFL] &= ~kTrapFlag;
  g_step_handle->interrupt();
}

void start_stepping() {
  asm volatile(
      "lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
          : "cc", "memory");
}

/// While it lives start_stepping() has the request made at instruction g_request_at.
class Stepping {
 public:
  explicit Stepping(const Store& store) : handle_(store.interrupt_handle()) {
    struct sigaction stepping{};
    stepping.sa_sigaction = on_step;
    stepping.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaddset(&stepping.sa_mask, SIGURG);  // so that it meets the guest, and not on_step()
    sigaction(SIGTRAP, &stepping, &previous_);
    g_step_handle = &handle_;
  }
  Stepping(const Stepping&) = delete;
  Stepping& operator=(const Stepping&) = delete;
  ~Stepping() { sigaction(SIGTRAP, &previous_, nullptr); }

 private:
  const InterruptHandle handle_;
  struct sigaction previous_{};
};

// While arguments on the stack replace those of the frame that is given up, its callers can be
// seen. An argument that looks like a frame's address is not taken for one.
TEST_P(InterruptTest, TheBacktraceOfATailCallLeadsToTheEntry) {
  Instance& guest = instantiate(wat(R"((module
    (func $many (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
      (return_call $few (local.get 9) (local.get 8) (i64.const 5) (i64.const 6)
        (i64.const 7) (i64.const 8) (i64.const 9)))
    (func $few (param i64 i64 i64 i64 i64 i64 i64)
      (return_call $many (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
        (i64.const 6) (local.get 0) (local.get 0) (local.get 1) (local.get 0)))
    (func $caller (param i64)
      (call $few (local.get 0) (local.get 0) (local.get 0) (local.get 0)
        (local.get 0) (local.get 0) (local.get 0)))
    (func (export "outer") (param i64) (call $caller (local.get 0)))))"));
  const Stepping stepping(*store);
  const Func outer = *guest.exported_func("outer");
  const Value near_here = Value::i64(reinterpret_cast<intptr_t>(__builtin_frame_address(0)) - 512);
  uint32_t in_chain = 0;
  for (g_request_at = 1; in_chain < 100; ++g_request_at) {
    ASSERT_LT(g_request_at, 20'000u);
    g_steps = 0;
    start_stepping();
    const Outcome<void> result = outer.call({&near_here, 1}, {});
    ASSERT_TRUE(!result && result.error().is_trap()) << g_request_at;
    const std::span<const Frame> frames = result.error().trap->frames();
    if (frames.empty() || raw(frames[0].func) > 1) continue;
    ++in_chain;
    ASSERT_EQ(raw(frames.back().func), 3u) << g_request_at;
    ASSERT_LE(frames.size(), 3u);
  }
}

// Code behind the body is of the call that leads there: offsets of straight code never go back.
TEST_P(InterruptTest, TheBacktraceOfACallToAnotherInstanceLeadsToTheCall) {
  if (GetParam() == kNoSignals) GTEST_SKIP() << "skipped: asks where loops and functions begin";
  constexpr const char* kCalled = R"((module
    (type $open (sub (func)))
    (type $closed (sub final $open (func)))
    (table (export "table") 2 funcref)
    (elem (i32.const 0) $closed $open)
    (func $closed (type $closed))
    (func $open (type $open))))";
  ASSERT_TRUE(linker->define_instance("other", instantiate(wat(kCalled))));
  Instance& guest = instantiate(wat(R"((module
    (type $open (sub (func)))
    (type $closed (sub final $open (func)))
    (import "other" "table" (table 2 funcref))
    (memory 1)
    (func) (func)
    (func (export "calls")
      (call_indirect (type $closed) (i32.const 0))
      (i32.store (i32.const 0) (i32.const 1))
      (call_indirect (type $open) (i32.const 0))
      (i32.store (i32.const 0) (i32.const 2))
      (call_indirect (type $open) (i32.const 1)))))"));
  const Stepping stepping(*store);
  const Func calls = *guest.exported_func("calls");
  ASSERT_TRUE(calls.call({}, {}));
  uint64_t last = 0, in_caller = 0, behind = 0;
  for (g_request_at = 1; behind < 100; ++g_request_at) {
    ASSERT_LT(g_request_at, 20'000u);
    g_steps = 0;
    start_stepping();
    const Outcome<void> result = calls.call({}, {});
    if (result) {
      // The host is asked again later.
      store->clear_interrupt();
      behind += in_caller != 0 ? 1 : 0;
      continue;
    }
    ASSERT_TRUE(result.error().is_trap()) << g_request_at;
    const std::span<const Frame> frames = result.error().trap->frames();
    // In the callee, or not there yet.
    if (frames.empty() || raw(frames[0].func) != 2) continue;
    ++in_caller;
    ASSERT_GE(frames[0].wasm_offset, last) << g_request_at;
    last = frames[0].wasm_offset;
  }
  EXPECT_GT(in_caller, 50u);
}

TEST_P(InterruptTest, AtEveryInstruction) {
  const Stepping stepping(*store);
  const Func spin = *instance->exported_func("spin");
  ASSERT_TRUE(is_usable());
  // Until the loop has run for some turns.
  uint64_t turns = 0;
  for (g_request_at = 1; turns < 5; ++g_request_at) {
    ASSERT_LT(g_request_at, 20'000u);
    g_steps = 0;
    ASSERT_TRUE((*instance).global(GlobalIdx{0})->set(Value::i64(0)));
    start_stepping();
    const Outcome<void> result = spin.call({}, {});
    ASSERT_TRUE(!result && result.error().is_trap()) << g_request_at;
    ASSERT_EQ(result.error().trap->code(), TrapCode::Interrupted) << g_request_at;
    turns = call(*instance, "get")->as_u64();
    ASSERT_TRUE(is_usable());
  }
  EXPECT_GT(g_request_at, 100u);
}

#endif

}  // namespace
}  // namespace sluice

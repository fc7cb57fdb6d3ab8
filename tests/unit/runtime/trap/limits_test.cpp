// Compiled code and the machine's limits, end to end: recursion of every kind ends in a trap on
// every kind of stack, and results do not depend on the host's floating-point modes.
#include <cmath>
#include <functional>
#include <pthread.h>
#include <ucontext.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "engine/base/virtual_memory.h"
#include "tests/support/fork.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

// (module
//   (type $i (func (param i32) (result i32)))
//   (import "env" "back" (func $back (type $i)))
//   (memory 1 100)
//   (table 1 funcref)
//   (elem (i32.const 0) $indirect)
//   (func $direct (export "direct") (type $i)
//     (i32.add (call $direct (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
//   (func $indirect (export "indirect") (type $i)
//     (i32.add (call_indirect (type $i) (local.get 0) (i32.const 0)) (local.get 0)))
//   (func $big (export "big") (type $i) (local i32 … 49,999 of them)
//     (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
//     (local.set 49999 (i32.mul (local.get 0) (i32.const 100)))
//     (local.set 1 (call $big (i32.sub (local.get 0) (i32.const 1))))
//     (i32.add (local.get 1) (i32.add (local.get 49999) (local.get 25000))))
//   (func $helpers (export "helpers") (type $i)
//     (memory.fill (i32.const 0) (local.get 0) (i32.const 100))
//     (drop (memory.grow (i32.const 0)))
//     (i32.add (call $helpers (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
//   (func $via_host (export "via_host") (type $i)
//     (i32.add (call $back (local.get 0)) (i32.const 1)))
//   (func (export "sum") (param f64 f64) (result f64) (f64.add (local.get 0) (local.get 1)))
//   … "mul", "div" likewise, and
//   (func (export "demote") (param f64) (result f32) (f32.demote_f64 (local.get 0))))
const std::vector<uint8_t> kLimits = {
    // clang-format off
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x11, 0x03, 0x60, 0x01, 0x7f, 0x01, 0x7f,
    0x60, 0x02, 0x7c, 0x7c, 0x01, 0x7c, 0x60, 0x01, 0x7c, 0x01, 0x7d, 0x02, 0x0c, 0x01, 0x03, 0x65,
    0x6e, 0x76, 0x04, 0x62, 0x61, 0x63, 0x6b, 0x00, 0x00, 0x03, 0x0a, 0x09, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x01, 0x01, 0x01, 0x02, 0x04, 0x04, 0x01, 0x70, 0x00, 0x01, 0x05, 0x04, 0x01, 0x01, 0x01,
    0x64, 0x07, 0x4b, 0x09, 0x06, 0x64, 0x69, 0x72, 0x65, 0x63, 0x74, 0x00, 0x01, 0x08, 0x69, 0x6e,
    0x64, 0x69, 0x72, 0x65, 0x63, 0x74, 0x00, 0x02, 0x03, 0x62, 0x69, 0x67, 0x00, 0x03, 0x07, 0x68,
    0x65, 0x6c, 0x70, 0x65, 0x72, 0x73, 0x00, 0x04, 0x08, 0x76, 0x69, 0x61, 0x5f, 0x68, 0x6f, 0x73,
    0x74, 0x00, 0x05, 0x03, 0x73, 0x75, 0x6d, 0x00, 0x06, 0x03, 0x6d, 0x75, 0x6c, 0x00, 0x07, 0x03,
    0x64, 0x69, 0x76, 0x00, 0x08, 0x06, 0x64, 0x65, 0x6d, 0x6f, 0x74, 0x65, 0x00, 0x09, 0x09, 0x07,
    0x01, 0x00, 0x41, 0x00, 0x0b, 0x01, 0x02, 0x0a, 0x8e, 0x01, 0x09, 0x0c, 0x00, 0x20, 0x00, 0x41,
    0x01, 0x6a, 0x10, 0x01, 0x20, 0x00, 0x6a, 0x0b, 0x0c, 0x00, 0x20, 0x00, 0x41, 0x00, 0x11, 0x00,
    0x00, 0x20, 0x00, 0x6a, 0x0b, 0x2e, 0x01, 0xcf, 0x86, 0x03, 0x7f, 0x20, 0x00, 0x45, 0x04, 0x40,
    0x41, 0x07, 0x0f, 0x0b, 0x20, 0x00, 0x41, 0xe4, 0x00, 0x6c, 0x21, 0xcf, 0x86, 0x03, 0x20, 0x00,
    0x41, 0x01, 0x6b, 0x10, 0x03, 0x21, 0x01, 0x20, 0x01, 0x20, 0xcf, 0x86, 0x03, 0x20, 0xa8, 0xc3,
    0x01, 0x6a, 0x6a, 0x0b, 0x1b, 0x00, 0x41, 0x00, 0x20, 0x00, 0x41, 0xe4, 0x00, 0xfc, 0x0b, 0x00,
    0x41, 0x00, 0x40, 0x00, 0x1a, 0x20, 0x00, 0x41, 0x01, 0x6a, 0x10, 0x04, 0x20, 0x00, 0x6a, 0x0b,
    0x09, 0x00, 0x20, 0x00, 0x10, 0x00, 0x41, 0x01, 0x6a, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x20, 0x01,
    0xa0, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x20, 0x01, 0xa2, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x20, 0x01,
    0xa3, 0x0b, 0x05, 0x00, 0x20, 0x00, 0xb6, 0x0b,
    // clang-format on
};

class LimitsTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    const std::vector<ValType> i32 = {kI32};
    ASSERT_TRUE(linker->define_func("env", "back", i32, i32, &back, this));
    instance = &instantiate(kLimits);
  }

  // Calls back in until the stack is used up or the argument is 0.
  static TrapCode back(void* env, Caller& caller, Value* v) {
    LimitsTest& test = *static_cast<LimitsTest*>(env);
    ++test.host_calls;
    if (v[0].as_i32() == 0) return TrapCode::None;
    const Result<Func> self = caller.instance()->exported_func("via_host");
    const Value arg = Value::i32(v[0].as_i32() - 1);
    Value result;
    Outcome<void> done = self->call({&arg, 1}, {&result, 1});
    if (!done) return caller.fail(std::move(done).error());
    v[0] = result;
    return TrapCode::None;
  }

  void expect_healthy() {
    host_calls = 0;
    EXPECT_EQ(call_i32(*instance, "via_host", {Value::i32(3)}), 4);
    EXPECT_EQ(host_calls, 4);
  }
  void expect_exhausted(const char* name) {
    EXPECT_EQ(trap_of(*instance, name, {Value::i32(1'000'000)}), TrapCode::StackExhausted) << name;
    expect_healthy();
  }
  void exhaust_every_way() {
    for (int round = 0; round < 2; ++round) {
      for (const char* name : {"direct", "indirect", "big", "helpers", "via_host"}) {
        expect_exhausted(name);
      }
    }
  }

  Instance* instance = nullptr;
  int host_calls = 0;
};

void on_thread(size_t stack_bytes, std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, stack_bytes), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* p) -> void* {
                  (*static_cast<std::function<void()>*>(p))();
                  return nullptr;
                },
                &body),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kSmallStack = size_t{1} << 20;  // a sanitizer's own frames
#else
constexpr size_t kSmallStack = size_t{64} << 10;
#endif

TEST_P(LimitsTest, RecursionOnTheMainThread) { exhaust_every_way(); }

TEST_P(LimitsTest, RecursionOnA64KiBThread) {
  on_thread(kSmallStack, [this] { exhaust_every_way(); });
}

TEST_P(LimitsTest, RecursionOnThreadsOfManySizes) {
  for (const size_t bytes : {size_t{96} << 10, size_t{256} << 10, size_t{600} << 10}) {
    on_thread(bytes + kSmallStack, [this] { exhaust_every_way(); });
  }
}

TEST_P(LimitsTest, AFunctionWith50000LocalsRunsWhereItFits) {
  // Local 0 is n: n × 100 summed, and 7. A frame is 400 KB.
  EXPECT_EQ(call_i32(*instance, "big", {Value::i32(0)}), 7);
  EXPECT_EQ(call_i32(*instance, "big", {Value::i32(1)}), 107);
  EXPECT_EQ(trap_of(*instance, "big", {Value::i32(2)}), TrapCode::StackExhausted);
  on_thread(kSmallStack, [this] {
    if (kSmallStack < 400'000) {
      EXPECT_EQ(trap_of(*instance, "big", {Value::i32(0)}), TrapCode::StackExhausted);
    }
    expect_healthy();
  });
}

struct FiberCall {
  std::function<void()> body;
  ucontext_t host{};
  ucontext_t self{};
};
thread_local FiberCall* t_fiber = nullptr;

void fiber_main() {
  t_fiber->body();
  swapcontext(&t_fiber->self, &t_fiber->host);
}

void on_fiber(size_t stack_bytes, std::function<void()> body) {
  Result<Reservation> stack = Reservation::reserve(stack_bytes + host_page_bytes());
  ASSERT_TRUE(stack && stack->commit(host_page_bytes(), stack_bytes));
  FiberCall call{std::move(body)};
  getcontext(&call.self);
  call.self.uc_stack.ss_sp = stack->base() + host_page_bytes();
  call.self.uc_stack.ss_size = stack_bytes;
  makecontext(&call.self, fiber_main, 0);
  t_fiber = &call;
  swapcontext(&call.host, &call.self);
}

TEST_P(LimitsTest, RecursionOnAFiber) {
  on_fiber((size_t{1} << 20) + (size_t{256} << 10), [this] { exhaust_every_way(); });
  expect_healthy();
}

TEST_P(LimitsTest, AFiberMayBeLeftAndEnteredAgain) {
  for (int i = 0; i < 3; ++i) {
    on_fiber((size_t{1} << 20) + (size_t{256} << 10), [this] { expect_exhausted("direct"); });
    expect_exhausted("direct");
  }
}

TEST_P(LimitsTest, ResultsDoNotDependOnTheHostsModes) {
  const double tiny = 1e-310;  // denormal
  auto f64 = [&](const char* name, double a, double b) {
    const Outcome<Value> result = call(*instance, name, {Value::f64(a), Value::f64(b)});
    return result ? result->as_f64() : -1.0;
  };
  for (const uint32_t modes :
       {0x1f80u, 0x9fc0u, 0x9f80u, 0x1fc0u, 0x3f80u, 0x5f80u, 0x7f80u, 0x0000u, 0xe040u, 0x1d80u}) {
    const uint32_t before = _mm_getcsr();
    _mm_setcsr(modes);
    const double sum = f64("sum", 1.0, 0x1p-53 * 1.5);
    const double product = f64("mul", tiny, 1.0);
    const double underflow = f64("mul", 1e-200, 1e-110);
    const double quotient = f64("div", 1.0, 3.0);
    const double infinite = f64("div", 1.0, 0.0);
    const double undefined = f64("div", 0.0, 0.0);
    const Outcome<Value> demoted = call(*instance, "demote", {Value::f64(1e-45)});
    const uint32_t after = _mm_getcsr();
    _mm_setcsr(before);
    EXPECT_EQ(after & 0xffc0, modes & 0xffc0);
    EXPECT_EQ(sum, 1.0 + 0x1p-52);
    EXPECT_EQ(product, tiny);
    EXPECT_EQ(underflow, 1e-310);
    EXPECT_EQ(quotient, 0x1.5555555555555p-2);
    EXPECT_TRUE(std::isinf(infinite));
    EXPECT_TRUE(std::isnan(undefined));
    ASSERT_TRUE(demoted);
    EXPECT_EQ(demoted->as_f32(), 0x1p-149f);
  }
}

TEST_P(LimitsTest, ParentAndChildCompileAndTrapAfterAFork) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  exhaust_every_way();
  instance = &instantiate(kLimits);
  exhaust_every_way();
  if (child == 0) _exit(HasFailure() ? 1 : 0);
  EXPECT_EQ(test::wait_for(child), 0);
}

SLUICE_BOTH_MODES(LimitsTest);

}  // namespace
}  // namespace sluice

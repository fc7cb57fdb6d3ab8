// Each reason to trap, in each context: under handlers that catch everything, behind tail calls, in
// a guest that a host function called, and with a request to interrupt at every moment. The reason
// arrives as it is, no handler sees it, and the store is as good as before.
#include <csignal>
#include <optional>
#include <string>
#include <ucontext.h>

#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

struct Maker {
  TrapCode code;
  const char* body;
};

// Functions of no parameters and results. What has no instruction of its own here comes of $raise.
constexpr Maker kMakers[] = {
    {TrapCode::Unreachable, "unreachable"},
    {TrapCode::MemoryOutOfBounds, "(drop (i32.load (i32.const -1)))"},
    {TrapCode::MemoryOutOfBounds, "(memory.fill (i32.const 65535) (i32.const 0) (i32.const 2))"},
    {TrapCode::TableOutOfBounds, "(drop (table.get $refs (i32.const 1)))"},
    {TrapCode::UndefinedElement, "(call_indirect $funcs (i32.const 9))"},
    {TrapCode::UninitializedElement, "(call_indirect $funcs (i32.const 0))"},
    {TrapCode::IndirectCallType, "(drop (call_indirect $funcs (result i32) (i32.const 1)))"},
    {TrapCode::IntegerDivideByZero, "(global.set $g (i32.div_s (i32.const 1) (global.get $g)))"},
    {TrapCode::IntegerOverflow, "(global.set $g (i32.trunc_f64_s (f64.const 1e10)))"},
    {TrapCode::InvalidConversion, "(global.set $g (i32.trunc_f32_u (f32.const nan)))"},
    {TrapCode::StackExhausted, "(call $deep)"},
    {TrapCode::NullReference, "(drop (ref.as_non_null (ref.null extern)))"},
    {TrapCode::NullReference, "(throw_ref (ref.null exn))"},
    {TrapCode::NullFunctionReference, "(call_ref $none (ref.null $none))"},
    {TrapCode::UnalignedAtomic, "(drop (i32.atomic.load (i32.const 2)))"},
    {TrapCode::UnalignedAtomic, "(drop (memory.atomic.notify (i32.const -1) (i32.const 1)))"},
    {TrapCode::ExpectedShared,
     "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))"},
    {TrapCode::Interrupted, "(call $interrupt)"},
    {TrapCode::Host, "(call $fail)"},
};
constexpr uint32_t kMakerCount = std::size(kMakers);

// Each is given the number of a maker. The handlers would return.
constexpr const char* kContexts[] = {"plain", "caught", "legacy", "tail", "cleanup", "hosted"};

std::string module_text() {
  std::string text = R"((module
    (type $none (func))
    (import "m" "interrupt" (func $interrupt))
    (import "m" "fail" (func $fail))
    (import "m" "raise" (func $raise (param i32)))
    (import "m" "hosted" (func $hosted (param i32)))
    (tag $e (param i32))
    (memory 1)
    (table $refs 1 externref)
    (table $funcs funcref (elem (ref.null func) (ref.func $deep)))
    (global $g (mut i32) (i32.const 0))
    (func $deep (call $deep) (call $deep)))";
  std::string elements;
  for (const Maker& maker : kMakers) {
    text += "(func $m" + std::to_string(&maker - kMakers) + " " + maker.body + ")\n";
    elements += " $m" + std::to_string(&maker - kMakers);
  }
  return text + "(table $makers funcref (elem" + elements + R"())
    (func $plain (export "plain") (param $i i32)
      (if (i32.ge_u (local.get $i) (i32.const 1000))
        (then (call $raise (i32.sub (local.get $i) (i32.const 1000))))
        (else (call_indirect $makers (local.get $i)))))
    (func $caught (export "caught") (param $i i32)
      (block $h (try_table (catch_all $h) (call $plain (local.get $i)))))
    (func $legacy (export "legacy") (param $i i32)
      try local.get $i call $plain catch_all end)
    (func $many (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i32)
      (return_call $legacy (local.get 9)))
    (func $tail (export "tail") (param $i i32)
      (block $h
        (try_table (catch_all $h)
          (call $few (local.get $i)))))
    (func $few (param $i i32)
      (return_call $many (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
        (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (local.get $i)))
    (func (export "cleanup") (param $i i32)
      (block $h (result i32)
        (try_table (catch $e $h)
          (block $first (result exnref)
            (try_table (catch_all_ref $first) (throw $e (i32.const 1)))
            unreachable)
          (drop)
          (call $plain (local.get $i))
          (throw $e (local.get $i)))
        unreachable)
      (drop))
    (func (export "hosted") (param $i i32)
      (block $h (try_table (catch_all $h) (call $hosted (local.get $i)))))
    (func (export "check") (result i32)
      (i32.load (i32.const 65532))
      (block $h (result i32) (try_table (catch $e $h) (throw $e (i32.const 42))) (i32.const 1))
      (i32.add)
      (global.get $g)
      (i32.add))))";
}

class TrapContextsTest : public StoreTest {
 public:
  void SetUp() override {
    StoreTest::SetUp();
    const std::vector<ValType> i32 = {kI32};
    handle.emplace(store->interrupt_handle());
    ASSERT_TRUE(linker->define_func("m", "interrupt", {}, {}, &interrupt, this));
    ASSERT_TRUE(linker->define_func("m", "fail", {}, {}, &fail, this));
    ASSERT_TRUE(linker->define_func("m", "raise", i32, {}, &raise_code, this));
    ASSERT_TRUE(linker->define_func("m", "hosted", i32, {}, &hosted, this));
    guest = &instantiate(wat(module_text()));
  }
  static TrapCode interrupt(void* env, Caller&, Value*) {
    static_cast<TrapContextsTest*>(env)->handle->interrupt();
    return TrapCode::None;
  }
  static TrapCode fail(void*, Caller& caller, Value*) { return caller.fail("no"); }
  /// Also a host that throws and then thinks better of it.
  static TrapCode raise_code(void*, Caller& caller, Value* cells) {
    const auto code = static_cast<TrapCode>(cells[0].as_u32());
    const Value one = Value::i32(1);
    const Tag& tag = *caller.instance()->tag(TagIdx{0});
    if (code != TrapCode::UncaughtException) {
      static_cast<void>(caller.fail(*caller.store().make_exception(tag, {&one, 1})));
    }
    return code;
  }
  static TrapCode hosted(void* env, Caller& caller, Value* cells) {
    auto& self = *static_cast<TrapContextsTest*>(env);
    const Outcome<Value> done = self.call(*self.guest, "caught", {cells[0]});
    return done ? TrapCode::None : caller.fail(done.error());
  }
  bool is_usable() {
    store->refs().collect();
    return call_i32(*guest, "check") == 42 && store->refs().live_count() == 0 &&
           store->context().entry_rsp == 0;
  }
  TrapCode trap_in(const char* context, uint32_t maker) {
    return trap_of(*guest, context, {Value::i32(static_cast<int32_t>(maker))});
  }

  Instance* guest = nullptr;
  std::optional<InterruptHandle> handle;
};

TEST_P(TrapContextsTest, EachReasonInEachContext) {
  for (const char* context : kContexts) {
    for (uint32_t i = 0; i < kMakerCount; ++i) {
      SCOPED_TRACE(std::string(context) + ": " + kMakers[i].body);
      ASSERT_EQ(trap_text(trap_in(context, i)), trap_text(kMakers[i].code));
      ASSERT_TRUE(is_usable());
    }
  }
}

// Also those that need more than a small module to come about.
TEST_P(TrapContextsTest, EachReasonThatAHostGives) {
  for (const char* context : kContexts) {
    for (uint32_t code = 1; code < kTrapCodeCount; ++code) {
      SCOPED_TRACE(std::string(context) + ": " + std::string(trap_text(TrapCode{uint8_t(code)})));
      ASSERT_EQ(trap_in(context, 1000 + code), static_cast<TrapCode>(code));
      ASSERT_TRUE(is_usable());
    }
  }
}

TEST_P(TrapContextsTest, AHostMaySwallowTraps) {
  for (uint32_t i = 0; i < kMakerCount; ++i) {
    const auto swallow = [](void* env, Caller&, Value* cells) {
      auto& self = *static_cast<TrapContextsTest*>(env);
      cells[0] = Value::i32(static_cast<int32_t>(self.trap_in("tail", cells[0].as_u32())));
      return TrapCode::None;
    };
    const std::vector<ValType> i32 = {kI32};
    Linker other(engine);
    ASSERT_TRUE(other.define_func("m", "swallow", i32, i32, swallow, this));
    auto made = other.instantiate(*store, compile(wat(R"((module
      (import "m" "swallow" (func $swallow (param i32) (result i32)))
      (func (export "twice") (param i32) (result i32)
        (i32.add (call $swallow (local.get 0))
          (i32.mul (i32.const 100) (call $swallow (local.get 0)))))))")));
    ASSERT_TRUE(made);
    EXPECT_EQ(call_i32(**made, "twice", {Value::i32(static_cast<int32_t>(i))}),
              static_cast<int32_t>(kMakers[i].code) * 101);
    EXPECT_TRUE(is_usable());
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// At the n-th instruction the request is made.
constexpr greg_t kTrapFlag = 0x100;
const InterruptHandle* g_handle = nullptr;
uint64_t g_steps = 0;
uint64_t g_request_at = 0;

void on_step(int, siginfo_t*, void* context) {
  if (++g_steps < g_request_at) return;
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
  g_handle->interrupt();
}

// Either the call ends by the request, or by its own trap and the next call by the request.
TEST_P(TrapContextsTest, WithARequestAtAnyMoment) {
  struct sigaction stepping{};
  struct sigaction previous{};
  stepping.sa_sigaction = on_step;
  stepping.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGTRAP, &stepping, &previous);
  g_handle = &*handle;
  for (uint32_t i = 0; i < kMakerCount; ++i) {
    // Too many instructions, and interrupted anyway.
    if (kMakers[i].code == TrapCode::StackExhausted || kMakers[i].code == TrapCode::Interrupted) {
      continue;
    }
    SCOPED_TRACE(kMakers[i].body);
    const Func func = *guest->exported_func("caught");
    const Value argument = Value::i32(static_cast<int32_t>(i));
    uint32_t interrupted = 0, trapped = 0;
    // Until the guest has been left when the request comes.
    for (g_request_at = 1; trapped < 8; g_request_at += 1 + g_request_at / 16) {
      g_steps = 0;
      asm volatile(
          "lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
              : "cc", "memory");
      const Outcome<void> result = func.call({&argument, 1}, {});
      asm volatile(
          "lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
              : "cc", "memory");
      ASSERT_TRUE(!result && result.error().is_trap()) << g_request_at;
      const TrapCode code = result.error().trap->code();
      if (code == TrapCode::Interrupted) {
        ++interrupted;
      } else {
        ++trapped;
        ASSERT_EQ(trap_text(code), trap_text(kMakers[i].code)) << g_request_at;
        ASSERT_EQ(trap_of(*guest, "check"), TrapCode::Interrupted) << g_request_at;
      }
      ASSERT_TRUE(is_usable()) << g_request_at;
    }
    EXPECT_GT(interrupted, 20u);
  }
  sigaction(SIGTRAP, &previous, nullptr);
}

#endif

SLUICE_BOTH_MODES(TrapContextsTest);

}  // namespace
}  // namespace sluice

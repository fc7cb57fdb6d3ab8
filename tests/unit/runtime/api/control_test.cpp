// What bounds and watches guests, as an embedder of the C++ interface uses it.
#include <cerrno>
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "sluice/sluice.hpp"

namespace {

using namespace std::chrono_literals;
using sluice::Result;

constexpr std::string_view kModule = R"((module
  (import "m" "host" (func $host (param i32 f64 i64) (result i64)))
  (import "m" "boxed" (func $boxed (param i32) (result i32 i32)))
  (func (export "spin") (loop (br 0)))
  (func (export "host") (result i64)
    (call $host (i32.const 7) (f64.const 2) (i64.const 100)))
  (func (export "boxed") (result i32) (call $boxed (i32.const 5)) (i32.add))
  (func (export "trap") (unreachable))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))))";

class ControlTest : public testing::Test {
 protected:
  void open(sluice::Config config) {
    config.workers = 0;
    engine.emplace(config);
    ASSERT_TRUE(engine->status());
    store.emplace(*engine);
    sluice::Linker linker(*engine);
    ASSERT_TRUE(linker.func("m", "host", [this](int32_t a, double b, int64_t c) {
      if (during_host) during_host();
      return a + static_cast<int64_t>(b) + c;
    }));
    ASSERT_TRUE(linker.func("m", "boxed", [](int32_t v) { return std::tuple(v, v + 1); }));
    Result<sluice::Module> module = engine->compile(std::as_bytes(std::span(kModule)));
    ASSERT_TRUE(module);
    Result<sluice::Instance> made = linker.instantiate(*store, *module);
    ASSERT_TRUE(made) << made.error().message();
    instance.emplace(*std::move(made));
  }
  template <class Signature = void()>
  auto call(const char* name) {
    return (*instance->func<Signature>(name))();
  }

  std::optional<sluice::Engine> engine;
  std::optional<sluice::Store> store;
  std::optional<sluice::Instance> instance;
  std::function<void()> during_host;
};

TEST_F(ControlTest, FuelStopsAGuestAndAHostFunctionRefuels) {
  open({.fuel = true});
  ASSERT_TRUE(store->set_fuel(1000));
  Result<void> spun = call("spin");
  ASSERT_FALSE(spun);
  EXPECT_EQ(spun.error().trap_code(), SLUICE_TRAP_FUEL_EXHAUSTED);
  EXPECT_EQ(spun.error().trap_reason(), "all fuel consumed");
  EXPECT_EQ(*store->fuel(), 0u);
  ASSERT_TRUE(store->set_fuel(5));
  during_host = [&] { EXPECT_TRUE(store->add_fuel(20)); };
  EXPECT_EQ(*call<int64_t()>("host"), 109);
  EXPECT_EQ(*store->fuel(), 20u);
  ASSERT_TRUE(store->add_fuel(UINT64_MAX));
  EXPECT_EQ(*store->fuel(), uint64_t{INT64_MAX});
}

TEST_F(ControlTest, WhatIsNotConfiguredIsAnError) {
  open({});
  EXPECT_FALSE(store->set_fuel(1));
  EXPECT_FALSE(store->add_fuel(1));
  EXPECT_FALSE(store->fuel());
  Result<void> hook = store->on_call([](sluice_call_event_t) {});
  ASSERT_FALSE(hook);
  EXPECT_EQ(hook.error().message(), "the engine is not configured for this: call hooks");
}

TEST_F(ControlTest, AHookSeesEveryCallAndItsEnd) {
  open({.call_hooks = true});
  std::string seen;
  ASSERT_TRUE(store->on_call([&](sluice_call_event_t event) { seen += "(){}"[event]; }));
  // What hooks are told of does not get lost on the way: arguments and results pass them.
  EXPECT_EQ(*call<int64_t()>("host"), 109);
  EXPECT_EQ(seen, "({})");
  seen.clear();
  EXPECT_EQ(*call<int32_t()>("boxed"), 11);
  EXPECT_EQ(seen, "({})");
  seen.clear();
  during_host = [&] { EXPECT_FALSE(call("trap")); };
  EXPECT_EQ(*call<int64_t()>("host"), 109);
  EXPECT_EQ(seen, "({()})");
  seen.clear();
  EXPECT_EQ(*(*instance->func<int32_t(int32_t, int32_t)>("add"))(3, 4), 7);
  EXPECT_EQ(seen, "()");
}

TEST_F(ControlTest, ACallerSaysWhatItsStoreSays) {
  const sluice::Engine metered({.fuel = true});
  sluice::Store in(metered);
  sluice::Linker own(metered);
  ASSERT_TRUE(own.func("host", "look", [&](const sluice::Caller& caller) {
    EXPECT_EQ(*caller.fuel(), *in.fuel());
    EXPECT_FALSE(caller.is_interrupted());
    EXPECT_EQ(caller.interrupt_fd(), in.interrupt_fd());
    in.interrupt_handle().interrupt();
    EXPECT_TRUE(caller.is_interrupted());
  }));
  const sluice::Module guest = *metered.compile("(module (import \"host\" \"look\" (func $look)) "
                                                "(func (export \"f\") (call $look)))");
  const auto f = *own.instantiate(in, guest)->func<void()>("f");
  ASSERT_TRUE(in.set_fuel(10));
  EXPECT_EQ(f().error().trap_code(), SLUICE_TRAP_INTERRUPTED);
}

TEST_F(ControlTest, AHookMovesWithItsStore) {
  const sluice::Engine hooked({.call_hooks = true});
  const sluice::Module guest = *hooked.compile("(module (func (export \"f\")))");
  const auto calls = std::make_shared<int>(0);
  sluice::Store target(hooked);
  {
    sluice::Store source(hooked);
    ASSERT_TRUE(source.on_call([calls](sluice_call_event_t) { ++*calls; }));
    target = std::move(source);
  }
  ASSERT_EQ(calls.use_count(), 2) << "the hook went with the store it was set for";
  const auto f = *sluice::Linker(hooked).instantiate(target, guest)->func<void()>("f");
  EXPECT_TRUE(f());
  EXPECT_EQ(*calls, 2);
}

TEST_F(ControlTest, ANullFunctionIsAnErrorWithHooksToo) {
  for (const bool hooks : {false, true}) {
    const sluice::Engine own({.call_hooks = hooks});
    sluice::Store in(own);
    const sluice::Module guest =
        *own.compile("(module (func (export \"f\") (result funcref) (ref.null func)))");
    const auto instance_of_own = *sluice::Linker(own).instantiate(in, guest);
    EXPECT_FALSE((*instance_of_own.func<sluice::Func()>("f"))()) << hooks;
    EXPECT_TRUE((*instance_of_own.func<std::optional<sluice::Func>()>("f"))()) << hooks;
  }
}

TEST_F(ControlTest, ABlockingHostFunctionIsWoken) {
  for (const sluice_signals_t signals : {SLUICE_SIGNALS_CHAIN, SLUICE_SIGNALS_NONE}) {
    open({.signals = signals});
    for (int round = 0; round < 20; ++round) {
      during_host = [&] {
        // The request may be there already, or come between the look at it and the wait.
        for (pollfd at{store->interrupt_fd(), POLLIN, 0}; !store->is_interrupted();) {
          EXPECT_TRUE(poll(&at, 1, 20'000) == 1 || errno == EINTR);
        }
      };
      ASSERT_FALSE(store->is_interrupted());
      const sluice::InterruptHandle handle = store->interrupt_handle();
      std::thread other([&] {
        if (round % 2 == 0) std::this_thread::sleep_for(100us * round);
        handle.interrupt();
      });
      Result<int64_t> result = call<int64_t()>("host");
      other.join();
      // It may have come before the call began.
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().trap_code(), SLUICE_TRAP_INTERRUPTED);
      // An old request leaves nothing to read, though its signal may still be on the way.
      during_host = [&] {
        pollfd at{store->interrupt_fd(), POLLIN, 0};
        int ready = -1;
        do ready = poll(&at, 1, 0);
        while (ready < 0 && errno == EINTR);
        EXPECT_EQ(ready, 0);
      };
      EXPECT_TRUE(call<int64_t()>("host"));
    }
  }
}

TEST_F(ControlTest, AnEngineWithoutSignalsIsStoppedAllTheSame) {
  open({.signals = SLUICE_SIGNALS_NONE});
  store->set_deadline(5ms);
  Result<void> spun = call("spin");
  ASSERT_FALSE(spun);
  EXPECT_EQ(spun.error().trap_code(), SLUICE_TRAP_INTERRUPTED);
  EXPECT_EQ(engine->memory_mode(), SLUICE_MEMORY_EXPLICIT);
}

// A module that takes long to compile, of which another thread tires.
TEST(Cancellation, AnotherThreadEndsAFeedOrAFinish) {
  std::string text = "(module (memory 1)";
  for (int i = 0; i < 3000; ++i) {
    text += "(func (param i32) (result i32) (local.get 0)";
    for (int j = 0; j < 100; ++j) text += "(i32.load offset=8) (i32.const 3) (i32.mul)";
    text += ')';
  }
  text += ')';
  uint8_t* binary = nullptr;
  size_t size = 0;
  ASSERT_EQ(sluice_wat2wasm(text.data(), text.size(), &binary, &size), nullptr);
  const std::span<const uint8_t> bytes(binary, size);
  for (const uint32_t workers : {0u, 2u}) {
    for (const sluice_compile_t policy : {SLUICE_COMPILE_EAGER, SLUICE_COMPILE_ADAPTIVE}) {
      const sluice::Engine engine({.workers = workers, .compile = policy});
      bool was_cancelled = false;
      for (int round = 0; round < 12; ++round) {
        sluice::Stream stream = engine.compile_stream();
        std::thread other([&] {
          std::this_thread::sleep_for(300us * round);
          stream.cancel();
        });
        if (round == 11) other.join();
        Result<void> fed = stream.feed(bytes);
        Result<sluice::Module> module = stream.finish();
        if (other.joinable()) other.join();
        if (module) {
          EXPECT_TRUE(fed);
          continue;
        }
        was_cancelled = true;
        EXPECT_EQ(module.error().message(), "stream was cancelled");
        EXPECT_FALSE(stream.feed(bytes));
      }
      // Which of the others are is a matter of time; the last was cancelled before it began.
      EXPECT_TRUE(was_cancelled);
    }
  }
  sluice_bytes_delete(binary, size);
}

}  // namespace

// An engine and a store in one memory mode, and short ways to compile, link and call.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "engine/text/text.h"
#include "jit/pipeline/compiled_module.h"
#include "runtime/store/engine.h"
#include "runtime/store/linker.h"
#include "runtime/store/store.h"
#include "tests/support/example_modules.h"

namespace sluice {

/// The bytes of a module given as text.
inline std::vector<uint8_t> wat(std::string_view text) {
  const Result<Vector<uint8_t>> bytes = wat_to_wasm(text);
  if (!bytes) {
    ADD_FAILURE() << explain(text, bytes.error());
    std::abort();
  }
  return {bytes->begin(), bytes->end()};
}

/// A third choice for fixtures: an engine without signals (its memories are checked explicitly).
inline constexpr auto kNoSignals = static_cast<MemoryModeChoice>(0x80);

inline void set_mode(EngineConfig& config, MemoryModeChoice mode) {
  if (mode == kNoSignals) {
    config.signals = SignalPolicy::None;
  } else {
    config.memory_mode = mode;
  }
}

class StoreTest : public testing::TestWithParam<MemoryModeChoice> {
 protected:
  void SetUp() override {
    EngineConfig config;
    set_mode(config, GetParam());
    config.workers = 0;
    Result<std::shared_ptr<Engine>> made = Engine::create(config);
    ASSERT_TRUE(made) << made.error().message();
    engine = *made;
    store = std::move(*Store::create(engine));
    linker = std::make_unique<Linker>(engine);
  }

  std::shared_ptr<const CompiledModule> compile(const std::vector<uint8_t>& bytes) {
    auto compiled = engine->compile(bytes);
    if (!compiled) {
      ADD_FAILURE() << compiled.error().message();
      std::abort();
    }
    return *compiled;
  }
  Outcome<Instance*> try_instantiate(const std::vector<uint8_t>& bytes) {
    return linker->instantiate(*store, compile(bytes));
  }
  Instance& instantiate(const std::vector<uint8_t>& bytes) {
    Outcome<Instance*> made = try_instantiate(bytes);
    if (!made) {
      ADD_FAILURE() << made.error().message();
      std::abort();
    }
    return **made;
  }
  Outcome<Value> call(Instance& instance, const char* name, std::vector<Value> args = {}) {
    const Result<Func> func = instance.exported_func(name);
    if (!func) return std::unexpected(Failure(func.error()));
    std::vector<Value> results(func->type().result_count);
    Outcome<void> done = func->call(args, results);
    if (!done) return std::unexpected(std::move(done).error());
    return results.empty() ? Value() : results[0];
  }
  int32_t call_i32(Instance& instance, const char* name, std::vector<Value> args = {}) {
    const Outcome<Value> result = call(instance, name, std::move(args));
    EXPECT_TRUE(result) << name << ": " << result.error().message();
    return result ? result->as_i32() : -12345;
  }
  TrapCode trap_of(Instance& instance, const char* name, std::vector<Value> args = {}) {
    const Outcome<Value> result = call(instance, name, std::move(args));
    if (result || !result.error().is_trap()) return TrapCode::None;
    return result.error().trap->code();
  }

  std::shared_ptr<Engine> engine;
  std::unique_ptr<Store> store;
  std::unique_ptr<Linker> linker;
};

inline std::string mode_name(const testing::TestParamInfo<MemoryModeChoice>& info) {
  if (info.param == kNoSignals) return "NoSignals";
  return info.param == MemoryModeChoice::Guard ? "Guard" : "Explicit";
}

#define SLUICE_BOTH_MODES(suite)                                                                   \
  INSTANTIATE_TEST_SUITE_P(Modes, suite,                                                           \
                           testing::Values(MemoryModeChoice::Guard, MemoryModeChoice::Explicit),   \
                           mode_name)

#define SLUICE_ALL_MODES(suite)                                                                    \
  INSTANTIATE_TEST_SUITE_P(                                                                        \
      Modes, suite,                                                                                \
      testing::Values(MemoryModeChoice::Guard, MemoryModeChoice::Explicit, kNoSignals), mode_name)

}  // namespace sluice

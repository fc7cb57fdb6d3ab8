// Compile throughput: a whole module from bytes to callable code, in one piece.
//
//   compile/MODULE/workers:N   `code` is bytes of the code section in a second; `ns_per_byte` its
//                              inverse. Times are wall-clock, since workers share the work.
//   stage/MODULE/read          one thread's time for a part of that: sections and the bounds of
//   stage/MODULE/validate      bodies; checking the bodies alone; checking and compiling them into
//   stage/MODULE/emit          batches. What `compile` takes beyond read and emit is publishing.
//   scaling/INPUT/N            generated inputs that grow in one dimension; `ns_per_item` should be
//                              the same for every N.
//
// A module that needs a feature which is not compiled yet is reported as an error, not left out.
#include <benchmark/benchmark.h>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/bench_start.h"
#include "bench/bench_support.h"
#include "bench/scaling_inputs.h"
#include "engine/binary/stream_decoder.h"
#include "engine/validate/validate.h"
#include "jit/baseline/baseline.h"
#include "jit/pipeline/stream_compiler.h"
#include "runtime/store/engine.h"

namespace sluice::bench {

namespace {

std::shared_ptr<Engine> make_engine(benchmark::State& state, uint32_t workers,
                                    bool is_full = false) {
  EngineConfig config;
  config.workers = workers;
  config.compile = CompilePolicy::Eager;
  if (is_full) config.opt_level = OptLevelChoice::Full;
  Result<std::shared_ptr<Engine>> engine = Engine::create(config);
  if (!engine) {
    state.SkipWithError("no engine");
    return nullptr;
  }
  return *engine;
}

StreamCompiler make_stream(const Engine& engine) {
  return StreamCompiler({.features = engine.config().features,
                         .options = engine.compile_options(),
                         .types = engine.types(),
                         .code_memory = engine.code_memory(),
                         .workers = engine.workers()});
}

void skip(benchmark::State& state, const Error& error) {
  state.SkipWithError(error.message().c_str());
}

void set_ns_per(benchmark::State& state, const char* name, double count) {
  state.counters[name] = benchmark::Counter(
      count * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void compile(benchmark::State& state, const NamedModule& module) {
  const auto engine =
      make_engine(state, static_cast<uint32_t>(state.range(0)), state.range(1) != 0);
  if (engine == nullptr) return;
  uint64_t machine_code_bytes = 0;
  for (auto _ : state) {
    StreamCompiler stream = make_stream(*engine);
    (void)stream.feed(module.bytes);  // finish() returns the same error
    const auto compiled = stream.finish();
    if (!compiled) {
      skip(state, compiled.error());
      return;
    }
    machine_code_bytes = (*compiled)->stats().machine_code_bytes;
  }
  const auto code_bytes = static_cast<double>(module.code_bytes);
  state.counters["code"] = benchmark::Counter(
      code_bytes, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
  set_ns_per(state, "ns_per_byte", code_bytes);
  state.counters["machine/wasm"] = static_cast<double>(machine_code_bytes) / code_bytes;
}

/// Takes note of nothing: reading alone.
class NoEvents final : public DecoderEvents {
 public:
  void sections_before_code(const Module&) override {}
  void body(const FuncBody&) override {}
  void truncated_body(const FuncBody&) override {}
};

/// Decodes the module without looking into bodies; null if it is none.
std::shared_ptr<const Module> decode(const Engine& engine, const NamedModule& module) {
  NoEvents events;
  StreamDecoder decoder(engine.config().features, engine.types(), events);
  (void)decoder.feed(module.bytes);
  auto decoded = decoder.finish();
  return decoded ? *decoded : nullptr;
}

void read_stage(benchmark::State& state, const NamedModule& module) {
  const auto engine = make_engine(state, 0);
  if (engine == nullptr) return;
  for (auto _ : state) benchmark::DoNotOptimize(decode(*engine, module));
  set_ns_per(state, "ns_per_byte", static_cast<double>(module.code_bytes));
}

void validate_stage(benchmark::State& state, const NamedModule& module) {
  const auto engine = make_engine(state, 0);
  const auto decoded = engine == nullptr ? nullptr : decode(*engine, module);
  if (decoded == nullptr) return state.SkipWithError("no module");
  const auto bytes = decoded->wire->view({0, static_cast<uint32_t>(module.bytes.size())});
  ValidatorState validator;
  for (auto _ : state) {
    for (const FuncBody& body : decoded->bodies) {
      benchmark::DoNotOptimize(validate_body(*decoded, body, bytes, validator));
    }
  }
  set_ns_per(state, "ns_per_byte", static_cast<double>(module.code_bytes));
}

void emit_stage(benchmark::State& state, const NamedModule& module) {
  constexpr size_t kBatchBytes = 64 << 10;
  const auto engine = make_engine(state, 0);
  const auto decoded = engine == nullptr ? nullptr : decode(*engine, module);
  if (decoded == nullptr) return state.SkipWithError("no module");
  const CompileOptions options = engine->compile_options();
  CompileScratch scratch(options.cpu);
  CodeBatch batch;
  for (auto _ : state) {
    for (const FuncBody& body : decoded->bodies) {
      benchmark::DoNotOptimize(compile_baseline(*decoded, body, options, scratch, batch));
      if (batch.bytes.size() > kBatchBytes) batch.clear();
    }
  }
  set_ns_per(state, "ns_per_byte", static_cast<double>(module.code_bytes));
}

void scale(benchmark::State& state, const ScalingInput& input) {
  const auto engine = make_engine(state, 0, state.range(1) != 0);
  if (engine == nullptr) return;
  const auto items = static_cast<uint32_t>(state.range(0));
  const std::vector<uint8_t> bytes = input.make(items);
  for (auto _ : state) {
    StreamCompiler stream = make_stream(*engine);
    (void)stream.feed(bytes);  // finish() returns the same error
    if (const auto compiled = stream.finish(); !compiled) return skip(state, compiled.error());
  }
  set_ns_per(state, "ns_per_item", items);
}

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
  using namespace sluice::bench;
  if (!start(argc, argv)) return 1;
  const std::vector<NamedModule> modules = all_modules();
  for (const NamedModule& module : modules) {
    const NamedModule* const input = &module;
    benchmark::RegisterBenchmark(("compile/" + module.name).c_str(),
                                 [=](benchmark::State& state) { compile(state, *input); })
        ->ArgNames({"workers", "full"})
        ->Args({0, 0})
        ->Args({2, 0})
        ->Args({0, 1})
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  using Stage = void (*)(benchmark::State&, const NamedModule&);
  constexpr std::pair<const char*, Stage> kStages[] = {
      {"/read", read_stage}, {"/validate", validate_stage}, {"/emit", emit_stage}};
  for (const NamedModule& module : modules) {
    for (const auto& [name, stage] : kStages) {
      const NamedModule* const input = &module;
      const Stage run = stage;
      benchmark::RegisterBenchmark(("stage/" + module.name + name).c_str(),
                                   [=](benchmark::State& state) { run(state, *input); })
          ->Unit(benchmark::kMillisecond);
    }
  }
  for (const ScalingInput& input : scaling_inputs()) {
    auto* const registered =
        benchmark::RegisterBenchmark((std::string("scaling/") + input.name).c_str(),
                                     [input](benchmark::State& state) { scale(state, input); })
            ->ArgNames({"", "full"})
            ->Unit(benchmark::kMillisecond);
    for (const int64_t full : {0, 1}) {
      for (uint32_t items = input.most; items >= input.most / 16; items /= 4) {
        registered->Args({items, full});
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

// Compile throughput: a whole module from bytes to callable code, in one piece.
//
//   compile/MODULE/workers:N   `code` is bytes of the code section in a second; `ns_per_byte` its
//                              inverse. Times are wall-clock, since workers share the work.
//
// A module that needs a feature which is not compiled yet is reported as an error, not left out.
#include <benchmark/benchmark.h>
#include <span>
#include <vector>

#include "bench/bench_support.h"
#include "jit/pipeline/stream_compiler.h"
#include "runtime/store/engine.h"

namespace sluice::bench {

namespace {

std::shared_ptr<Engine> make_engine(benchmark::State& state, uint32_t workers) {
  EngineConfig config;
  config.workers = workers;
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

void compile(benchmark::State& state, const NamedModule& module) {
  const auto engine = make_engine(state, static_cast<uint32_t>(state.range(0)));
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
  state.counters["ns_per_byte"] =
      benchmark::Counter(code_bytes * 1e-9, benchmark::Counter::kIsIterationInvariantRate |
                                                benchmark::Counter::kInvert);
  state.counters["machine/wasm"] = static_cast<double>(machine_code_bytes) / code_bytes;
}

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
  using namespace sluice::bench;
  use_mimalloc();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const std::vector<NamedModule> modules = all_modules();
  for (const NamedModule& module : modules) {
    const NamedModule* const input = &module;
    benchmark::RegisterBenchmark(("compile/" + module.name).c_str(),
                                 [=](benchmark::State& state) { compile(state, *input); })
        ->ArgName("workers")
        ->Arg(0)
        ->Arg(2)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

// Streaming: modules from a source of a fixed rate, as a network is.
//
//   stream/MODULE/workers:W/Mbit:R/chunk:C/adaptive:A
//
// A piece of C bytes is due every 8 C / R microseconds. A is 1 where a module is ready as soon as
// it is valid, 0 where all its code has to be there.
//
// `ready_us` is the time from when the last byte was due until the module can be instantiated, the
// least of the repetitions; `ready_median_us` their median. A compiler that falls behind its source
// pays for it, and so does a feeding thread that wakes up late. The feeding thread sleeps between
// pieces, as a reader of a socket does, so it takes nothing from the workers. A module that needs a
// feature which is not compiled yet is reported as an error, not left out.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <span>
#include <string>
#include <sys/prctl.h>
#include <vector>

#include "bench/bench_start.h"
#include "bench/bench_support.h"
#include "jit/pipeline/stream_compiler.h"
#include "runtime/store/engine.h"

namespace sluice::bench {

namespace {

int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void sleep_until(int64_t due_ns) {
  if (now_ns() >= due_ns) return;
  const timespec due{due_ns / 1'000'000'000, due_ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr) == EINTR) {
  }
}

/// When the last byte is due, if the first one leaves at `start_ns`.
int64_t due_ns(int64_t start_ns, uint64_t bytes, uint64_t mbit_per_s) {
  return start_ns + static_cast<int64_t>(bytes * 8000 / mbit_per_s);
}

/// Feeds the module as scheduled. Pieces that are due by now are handed over one by one.
void deliver(StreamCompiler& stream, std::span<const uint8_t> wasm, int64_t start_ns,
             uint64_t mbit_per_s, size_t chunk_bytes) {
  uint64_t sent = 0;
  while (!wasm.empty()) {
    const size_t size = std::min(chunk_bytes, wasm.size());
    sent += size;
    sleep_until(due_ns(start_ns, sent, mbit_per_s));
    if (!stream.feed(wasm.first(size))) return;  // finish() returns the same error
    wasm = wasm.subspan(size);
  }
}

void stream(benchmark::State& state, const NamedModule& module) {
  EngineConfig config;
  config.workers = static_cast<uint32_t>(state.range(0));
  const auto mbit_per_s = static_cast<uint64_t>(state.range(1));
  const auto chunk_bytes = static_cast<size_t>(state.range(2));
  config.compile = state.range(3) != 0 ? CompilePolicy::Adaptive : CompilePolicy::Eager;
  const auto engine = Engine::create(config);
  if (!engine) return state.SkipWithError("no engine");
  std::vector<double> ready_us;
  for (auto _ : state) {
    StreamCompiler compiler = (*engine)->compile_stream();
    const int64_t start = now_ns();
    deliver(compiler, module.bytes, start, mbit_per_s, chunk_bytes);
    const auto compiled = compiler.finish();
    const int64_t late_ns = now_ns() - due_ns(start, module.bytes.size(), mbit_per_s);
    if (!compiled) return state.SkipWithError(compiled.error().message().c_str());
    ready_us.push_back(static_cast<double>(late_ns) / 1e3);
  }
  std::sort(ready_us.begin(), ready_us.end());
  state.counters["ready_us"] = ready_us.front();
  state.counters["ready_median_us"] = ready_us[ready_us.size() / 2];
}

void add_module(const NamedModule& module) {
  const NamedModule* const input = &module;
  auto* const bench = benchmark::RegisterBenchmark(
      ("stream/" + module.name).c_str(), [=](benchmark::State& state) { stream(state, *input); });
  bench->ArgNames({"workers", "Mbit", "chunk", "adaptive"})->UseRealTime()->Iterations(5);
  bench->Unit(benchmark::kMillisecond);
  for (const int64_t workers : {0, 2}) {
    for (const int64_t mbit_per_s : {100, 1000}) {
      for (const int64_t chunk_bytes : {16, 1400, 65536}) {
        for (const int64_t adaptive : {0, 1}) {
          bench->Args({workers, mbit_per_s, chunk_bytes, adaptive});
        }
      }
    }
  }
}

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
  using namespace sluice::bench;
  prctl(PR_SET_TIMERSLACK, 1000);  // nanoseconds: the source is to be on time
  if (!start(argc, argv)) return 1;
  const std::vector<NamedModule> modules = all_modules();
  for (const NamedModule& module : modules) add_module(module);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

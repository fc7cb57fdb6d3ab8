// The work of bench/peers in Sluice that its command line does not do, as an embedder writes it.
//
//   calls FILE         NAME <tab> nanoseconds of one call
//   instantiate FILE   microseconds, store included
#include "sluice/sluice.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "bench/bench_support.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int32_t kTurns = 3'000'000;
constexpr int kRounds = 15;
constexpr int kBatch = 50;

/// The value, or the end of the process.
template <class T>
T must(sluice::Result<T> result, const char* what) {
  if (!result) {
    std::fprintf(stderr, "%s failed\n", what);
    std::exit(1);
  }
  return *std::move(result);
}

template <class F>
double least_ms(F measured) {
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < kRounds; ++round) {
    const Clock::time_point start = Clock::now();
    measured();
    best = std::min(best, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return best;
}

sluice::Module load(const sluice::Engine& engine, const char* file) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<uint8_t> bytes(std::istreambuf_iterator<char>(stream), {});
  return must(engine.compile(std::span<const uint8_t>(bytes)), "compiling");
}

void report(const char* name, double ms) { std::printf("%s\t%f\n", name, ms * 1e6 / kTurns); }

void calls(const char* file) {
  const sluice::Engine engine{sluice::Config{.workers = 0}};
  const sluice::Module module = load(engine, file);
  sluice::Linker linker(engine);
  if (!linker.func("env", "add", [](int32_t a, int32_t b) { return a + b; })) std::exit(1);
  sluice::Store store(engine);
  sluice::Instance instance = must(linker.instantiate(store, module), "instantiation");
  const auto add = must(instance.func<int32_t(int32_t, int32_t)>("add"), "add");
  report("host_to_wasm", least_ms([&] {
           int32_t sum = 0;
           for (int32_t i = 0; i < kTurns; ++i) sum = must(add(1, sum), "a call");
           if (sum != kTurns) std::exit(1);
         }));
  for (const char* name : {"loop_host", "loop_direct", "loop_indirect", "loop_empty"}) {
    const auto loop = must(instance.func<int32_t(int32_t)>(name), name);
    report(name, least_ms([&] {
             if (must(loop(kTurns), name) != kTurns) std::exit(1);
           }));
  }
}

void instantiate(const char* file) {
  const sluice::Engine engine{sluice::Config{.workers = 0}};
  const sluice::Module module = load(engine, file);
  const sluice::Linker linker(engine);
  const double ms = least_ms([&] {
    for (int i = 0; i < kBatch; ++i) {
      sluice::Store store(engine);
      must(linker.instantiate(store, module), "instantiation");
    }
  });
  std::printf("%f\n", ms * 1e3 / kBatch);
}

}  // namespace

int main(int argc, char** argv) {
  sluice::bench::use_mimalloc();
  if (argc != 3) return 2;
  const std::string_view work = argv[1];
  if (work == "calls") {
    calls(argv[2]);
  } else if (work == "instantiate") {
    instantiate(argv[2]);
  } else {
    return 2;
  }
  return 0;
}

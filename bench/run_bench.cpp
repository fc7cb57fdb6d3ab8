// How long compiled code runs: each kernel of bench/kernels, once per iteration, as CPU time.
//
// The kernels are compiled when the benchmarks are built, if there is a clang for wasm32-wasi;
// their folder can be another one (environment SLUICE_KERNELS_DIR), with any modules that export
// `run` without parameters and import nothing. The label is the check sum, which every engine must
// agree on.
#include <algorithm>
#include <benchmark/benchmark.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "bench/bench_start.h"
#include "bench/bench_support.h"
#include "sluice/sluice.hpp"

namespace sluice::bench {

namespace {

namespace fs = std::filesystem;

void run_kernel(benchmark::State& state, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(in)), {});
  const Engine engine(Config{.workers = 0, .compile = SLUICE_COMPILE_EAGER});
  Store store(engine);
  Result<Module> module = engine.compile(std::span<const uint8_t>(bytes));
  if (!module) return state.SkipWithError("the module does not compile");
  Result<Instance> instance = Linker(engine).instantiate(store, *module);
  if (!instance) return state.SkipWithError("the module does not instantiate");
  Result<TypedFunc<uint32_t()>> run = instance->func<uint32_t()>("run");
  if (!run) return state.SkipWithError("the module exports no run()");
  uint32_t check = 0;
  for (auto turn : state) {
    Result<uint32_t> sum = (*run)();
    if (!sum) return state.SkipWithError("trapped");
    check = *sum;
  }
  state.SetLabel(std::to_string(check));
}

std::vector<fs::path> kernels() {
  const char* folder = std::getenv("SLUICE_KERNELS_DIR");
  std::vector<fs::path> files;
  std::error_code missing;
  for (const auto& entry :
       fs::directory_iterator(folder != nullptr ? folder : SLUICE_KERNELS_DIR, missing)) {
    if (entry.path().extension() == ".wasm") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) {
  if (!sluice::bench::start(argc, argv)) return 1;
  const auto files = sluice::bench::kernels();
  if (files.empty()) {
    std::printf("skipped: no kernels (clang for wasm32-wasi is not installed)\n");
    return 77;
  }
  for (const auto& file : files) {
    benchmark::RegisterBenchmark(
        ("run/" + file.stem().string()).c_str(),
        [file](benchmark::State& state) { sluice::bench::run_kernel(state, file); })
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

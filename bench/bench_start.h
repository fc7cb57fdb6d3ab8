// How the main of each Google Benchmark program begins. Not in bench_support.h, which a driver of
// bench/peers shares that does without that library.
#pragma once

#include <benchmark/benchmark.h>

#include "bench/bench_support.h"

namespace sluice::bench {

/// First thing in main: the heap, and the command line. False: that is wrong, and has been told.
inline bool start(int argc, char** argv) {
  use_mimalloc();
  benchmark::Initialize(&argc, argv);
  return !benchmark::ReportUnrecognizedArguments(argc, argv);
}

/// All of main, where no benchmark is registered there.
inline int run_all(int argc, char** argv) {
  if (!start(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace sluice::bench

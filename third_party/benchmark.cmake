# Google Benchmark 1.7.1, for bench/. Debian: libbenchmark-dev.
macro(sluice_find_benchmark)
  if(NOT TARGET sluice_benchmark)
    find_package(benchmark 1.7 CONFIG QUIET)
    if(NOT benchmark_FOUND)
      sluice_require_fetch("Google Benchmark" libbenchmark-dev)
      set(BENCHMARK_ENABLE_TESTING OFF CACHE BOOL "" FORCE)
      set(BENCHMARK_ENABLE_INSTALL OFF CACHE BOOL "" FORCE)
      FetchContent_Declare(
        benchmark
        URL https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz
        URL_HASH SHA256=6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7
 SYSTEM) # untried here: no network
      FetchContent_MakeAvailable(benchmark)
    endif()
    add_library(sluice_benchmark INTERFACE)
    target_link_libraries(sluice_benchmark INTERFACE benchmark::benchmark)
  endif()
endmacro()

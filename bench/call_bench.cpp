// What a call across the boundary costs, as an embedder of the C++ interface sees it.
//
//   in/…    the host calls Wasm: typed (a direct jump to the entry stub), through cells, and with
//           floating-point modes that need the slow path; `in/cpp_indirect` is an indirect call
//           of the same function in C++
//   out/…   Wasm calls the host, typed and through cells: one iteration is one call of a loop in
//           Wasm, loop included; `out/wasm` is the same loop with a Wasm callee, `out/indirect`
//           calls that through a table, `out/none` adds instead of calling
//   trap/…  a call that traps, with its raw backtrace
#include <benchmark/benchmark.h>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>
#include <xmmintrin.h>

#include "bench/bench_start.h"
#include "bench/bench_support.h"
#include "sluice/sluice.hpp"

namespace sluice::bench {

namespace {

using Bytes = std::vector<uint8_t>;

void append(Bytes& to, const Bytes& bytes) {
  for (const uint8_t byte : bytes) to.push_back(byte);
}

/// A section, or any other list of bytes preceded by its length (below 2^14).
Bytes sized(std::initializer_list<uint8_t> head, const Bytes& content) {
  Bytes out(head);
  out.push_back(static_cast<uint8_t>((content.size() & 0x7f) | 0x80));
  out.push_back(static_cast<uint8_t>(content.size() >> 7));
  append(out, content);
  return out;
}

Bytes vec(std::initializer_list<Bytes> items) {
  Bytes out{static_cast<uint8_t>(items.size())};
  for (const Bytes& item : items) append(out, item);
  return out;
}

Bytes name(std::string_view text) {
  Bytes out{static_cast<uint8_t>(text.size())};
  for (const char c : text) out.push_back(static_cast<uint8_t>(c));
  return out;
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

// (param $n i32) (result i32): sum = `operation`(1, sum), n times.
Bytes loop_of(const Bytes& operation) {
  return sized({}, join({{0x01, 0x01, 0x7f,         // one local: $sum
                          0x03, 0x40,               // loop
                          0x41, 0x01, 0x20, 0x01},  //   1, $sum
                         operation,
                         {0x21, 0x01,                                            //   local.set $sum
                          0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00,  // br_if (--$n)
                          0x0b, 0x20, 0x01, 0x0b}}));
}

Bytes loop_calling(uint8_t func) { return loop_of({0x10, func}); }

Bytes module_bytes() {
  const Bytes binary{0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f};
  const Bytes unary{0x60, 0x01, 0x7f, 0x01, 0x7f};
  const Bytes nullary{0x60, 0x00, 0x00};
  const Bytes func0{0x00, 0x00};  // an import of a function of type 0
  auto exported = [](std::string_view text, uint8_t index) {
    return join({name(text), {0x00, index}});
  };
  return join({
      {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00},
      sized({1}, vec({binary, unary, nullary})),
      sized({2}, vec({join({name("env"), name("typed"), func0}),
                      join({name("env"), name("cells"), func0})})),
      sized({3}, {10, 0, 2, 1, 1, 1, 2, 2, 2, 1, 1}),
      sized({4}, {0x01, 0x70, 0x00, 0x01}),
      sized({5}, {0x01, 0x00, 0x01}),
      sized({7}, vec({exported("add", 2), exported("nop", 3), exported("call_typed", 4),
                      exported("call_cells", 5), exported("call_wasm", 6),
                      exported("unreachable", 7), exported("load", 8), exported("recurse", 9),
                      exported("call_indirect", 10), exported("call_none", 11)})),
      sized({9}, {0x01, 0x00, 0x41, 0x00, 0x0b, 0x01, 0x02}),
      sized({10}, vec({
                      sized({}, {0x00, 0x20, 0x00, 0x20, 0x01, 0x6a, 0x0b}),
                      sized({}, {0x00, 0x0b}),
                      loop_calling(0),
                      loop_calling(1),
                      loop_calling(2),
                      sized({}, {0x00, 0x00, 0x0b}),
                      sized({}, {0x00, 0x41, 0x7f, 0x28, 0x02, 0x00, 0x1a, 0x0b}),
                      sized({}, {0x00, 0x10, 0x09, 0x0b}),
                      loop_of({0x41, 0x00, 0x11, 0x00, 0x00}),
                      loop_of({0x6a}),
                  })),
  });
}

struct World {
  Engine engine{Config{.workers = 0}};
  Store store{engine};
  std::optional<Instance> instance;
  const char* error = nullptr;

  World() { error = set_up(); }

  const char* set_up() {
    const Bytes bytes = module_bytes();
    Result<Module> module = engine.compile(std::span<const uint8_t>(bytes));
    if (!module) return "the module does not compile";
    Linker linker(engine);
    if (!linker.func("env", "typed", [](int32_t a, int32_t b) { return a + b; })) {
      return "no host function";
    }
    // A tuple of results has no typed form, so this one goes through cells.
    if (!linker.func("env", "cells",
                     [](int32_t a, int32_t b) { return std::tuple<int32_t>(a + b); }))
      return "no host function";
    Result<Instance> made = linker.instantiate(store, *module);
    if (!made) return "the module does not instantiate";
    instance = *made;
    return nullptr;
  }

  template <class Signature>
  std::optional<TypedFunc<Signature>> func(benchmark::State& state, std::string_view text) {
    if (error != nullptr) {
      state.SkipWithError(error);
      return std::nullopt;
    }
    Result<TypedFunc<Signature>> found = instance->func<Signature>(text);
    if (!found) {
      state.SkipWithError("no such function");
      return std::nullopt;
    }
    return *found;
  }
};

void in_add(benchmark::State& state) {
  World world;
  const auto add = world.func<int32_t(int32_t, int32_t)>(state, "add");
  if (!add) return;
  int32_t sum = 0;
  for (auto _ : state) {
    const auto result = (*add)(1, sum);
    if (!result) return state.SkipWithError("trap");
    sum = *result;
  }
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(in_add)->Name("in/add");

/// The same by a pointer that the compiler knows nothing of.
void in_cpp(benchmark::State& state) {
  int32_t (*add)(int32_t, int32_t) = [](int32_t a, int32_t b) { return a + b; };
  benchmark::DoNotOptimize(add);
  int32_t sum = 0;
  for (auto _ : state) sum = add(1, sum);
  benchmark::DoNotOptimize(sum);
}
BENCHMARK(in_cpp)->Name("in/cpp_indirect");

void in_nop(benchmark::State& state) {
  World world;
  const auto nop = world.func<void()>(state, "nop");
  if (!nop) return;
  for (auto _ : state) {
    if (!(*nop)()) return state.SkipWithError("trap");
  }
}
BENCHMARK(in_nop)->Name("in/nop");

void in_flush_to_zero(benchmark::State& state) {
  World world;
  const auto nop = world.func<void()>(state, "nop");
  if (!nop) return;
  const uint32_t before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);
  for (auto _ : state) {
    if (!(*nop)()) break;
  }
  _mm_setcsr(before);
}
BENCHMARK(in_flush_to_zero)->Name("in/nop_from_fast_math_host");

void in_cells(benchmark::State& state) {
  World world;
  if (world.error != nullptr) return state.SkipWithError(world.error);
  Result<Func> add = world.instance->func("add");
  if (!add) return state.SkipWithError("no such function");
  sluice_value_t args[2] = {};
  sluice_value_t result[1] = {};
  args[0].i32 = 1;
  for (auto _ : state) {
    args[1] = result[0];
    if (!add->call(args, result)) return state.SkipWithError("trap");
  }
  benchmark::DoNotOptimize(result);
}
BENCHMARK(in_cells)->Name("in/add_through_cells");

void out_loop(benchmark::State& state, const char* function) {
  constexpr int32_t kCalls = 1 << 20;
  World world;
  const auto loop = world.func<int32_t(int32_t)>(state, function);
  if (!loop) return;
  while (state.KeepRunningBatch(kCalls)) {
    const auto result = (*loop)(kCalls);
    if (!result || *result != kCalls) return state.SkipWithError("wrong result");
  }
}
BENCHMARK_CAPTURE(out_loop, typed, "call_typed")->Name("out/typed");
BENCHMARK_CAPTURE(out_loop, cells, "call_cells")->Name("out/cells");
BENCHMARK_CAPTURE(out_loop, wasm, "call_wasm")->Name("out/wasm");
BENCHMARK_CAPTURE(out_loop, indirect, "call_indirect")->Name("out/indirect");
BENCHMARK_CAPTURE(out_loop, none, "call_none")->Name("out/none");

void trap(benchmark::State& state, const char* function) {
  World world;
  const auto run = world.func<void()>(state, function);
  if (!run) return;
  for (auto _ : state) {
    if ((*run)()) return state.SkipWithError("no trap");
  }
}
BENCHMARK_CAPTURE(trap, unreachable, "unreachable")->Name("trap/unreachable");
BENCHMARK_CAPTURE(trap, load, "load")->Name("trap/memory");
BENCHMARK_CAPTURE(trap, recurse, "recurse")->Name("trap/stack_exhausted");

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) { return sluice::bench::run_all(argc, argv); }

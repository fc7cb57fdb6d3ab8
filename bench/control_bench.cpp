// What control flow off the usual way costs.
//
//   throw/…  an exception thrown and caught, per throw: in one function, by the caller, and ten
//            calls further out
//   hint/…   a loop over bytes that calls a function for a few of them: without branch hints, and
//            with the hint that those are few
#include <benchmark/benchmark.h>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>

#include "bench/bench_start.h"
#include "bench/bench_support.h"
#include "sluice/sluice.hpp"

namespace sluice::bench {

namespace {

/// Calls the module's `run` of one i32, which does as many turns, until time is up.
void run_turns(benchmark::State& state, const std::string& text, int32_t turns) {
  const Engine engine(Config{.workers = 0, .compile = SLUICE_COMPILE_EAGER});
  Store store(engine);
  Result<Module> module =
      engine.compile(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  if (!module) return state.SkipWithError("the module does not compile");
  Result<Instance> instance = Linker(engine).instantiate(store, *module);
  if (!instance) return state.SkipWithError("the module does not instantiate");
  Result<TypedFunc<int32_t(int32_t)>> run = instance->func<int32_t(int32_t)>("run");
  if (!run) return state.SkipWithError("no function");
  int32_t check = 0;
  while (state.KeepRunningBatch(turns)) {
    const Result<int32_t> result = (*run)(turns);
    if (!result) return state.SkipWithError("trap");
    check = *result;
  }
  state.SetLabel(std::to_string(check));
}

// --- Exceptions

constexpr const char* kThrowing = R"((module
  (tag $t (param i32))
  (func $throw (param i32) (throw $t (local.get 0)))
  (func $deep (param i32 i32)
    (if (i32.eqz (local.get 1)) (then (throw $t (local.get 0))))
    (call $deep (local.get 0) (i32.sub (local.get 1) (i32.const 1))))
  (func (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (loop $again
      (block $caught (result i32)
        (try_table (catch $t $caught) OPERATION)
        (unreachable))
      (local.set $sum (i32.add (local.get $sum)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))))";

void throwing(benchmark::State& state, const char* operation) {
  std::string text = kThrowing;
  const std::string word = "OPERATION";
  text.replace(text.find(word), word.size(), operation);
  run_turns(state, text, 1 << 14);
}
BENCHMARK_CAPTURE(throwing, here, "(throw $t (i32.const 1))")->Name("throw/here");
BENCHMARK_CAPTURE(throwing, caller, "(call $throw (i32.const 1))")->Name("throw/to_caller");
BENCHMARK_CAPTURE(throwing, deep, "(call $deep (i32.const 1) (i32.const 10))")
    ->Name("throw/through_10");

// --- Branch hints

constexpr const char* kBytes = R"((module
  (memory 1)
  (func $rare (param $hash i32) (param $byte i32) (result i32)
    (i32.rotl (local.get $hash) (local.get $byte)))
  (func (export "run") (param $n i32) (result i32)
    (local $at i32) (local $byte i32) (local $hash i32) (local $lines i32) (local $sum i32)
    (local $most i32) (local $mask i32) (local $key i32)
    (i32.store8 (i32.const 5000) (i32.const 200))
    (local.set $mask (i32.const 0xffff))
    (local.set $key (i32.const 0x5bd1e995))
    (loop $again
      (local.set $byte (i32.load8_u (i32.and (local.get $at) (local.get $mask))))
      HINT
      (if (i32.ge_u (local.get $byte) (i32.const 128))
        (then (local.set $hash (call $rare (local.get $hash) (local.get $byte)))))
      (local.set $hash (i32.xor (i32.add (local.get $hash) (local.get $byte)) (local.get $key)))
      (local.set $sum (i32.add (local.get $sum) (local.get $byte)))
      (local.set $lines (i32.add (local.get $lines) (i32.eq (local.get $byte) (i32.const 10))))
      (local.set $most
        (select (local.get $byte) (local.get $most)
                (i32.gt_u (local.get $byte) (local.get $most))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $at) (local.get $n))))
    (i32.add (i32.add (local.get $hash) (local.get $lines))
             (i32.add (local.get $sum) (local.get $most))))))";

void hinted(benchmark::State& state, const char* hint) {
  std::string text = kBytes;
  const std::string word = "HINT";
  text.replace(text.find(word), word.size(), hint);
  run_turns(state, text, 1 << 20);
}
BENCHMARK_CAPTURE(hinted, none, "")->Name("hint/none");
BENCHMARK_CAPTURE(hinted, unlikely, "(@metadata.code.branch_hint \"\\00\")")->Name("hint/unlikely");

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) { return sluice::bench::run_all(argc, argv); }

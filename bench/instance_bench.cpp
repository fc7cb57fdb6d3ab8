// What a start costs: instances made and dropped with their store, memories that grow, bulk
// operations.
//
//   instance/…  one store, one instance, destroyed again: `small` has one page and no data, `data`
//               100 pages and 1 MB of data; `_touch` also writes one byte of each
//   grow/…      memory.grow by a page, in a loop of 1,000, and the same with a byte of it written
//   bulk/…      memory.copy and memory.fill beside memmove and memset, by size
#include <benchmark/benchmark.h>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bench/bench_start.h"
#include "bench/bench_support.h"
#include "sluice/sluice.hpp"

namespace sluice::bench {

namespace {

using Bytes = std::vector<uint8_t>;

Bytes leb(uint64_t value) {
  Bytes out;
  do {
    const uint8_t low = value & 0x7f;
    value >>= 7;
    out.push_back(value != 0 ? low | 0x80 : low);
  } while (value != 0);
  return out;
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) {
    for (const uint8_t byte : part) out.push_back(byte);
  }
  return out;
}

Bytes sized(const Bytes& content) { return join({leb(content.size()), content}); }
Bytes section(uint8_t id, const Bytes& content) { return join({{id}, sized(content)}); }
Bytes exported(std::string_view text, Bytes what) {
  return join({leb(text.size()), Bytes(text.begin(), text.end()), what});
}

/// A memory of `pages` with `data_bytes` of data from 1 KiB on, and functions touch(i32),
/// grow(i32 pages) -> i32, copy(i32 to, i32 from, i32 n) and fill(i32 at, i32 byte, i32 n).
Bytes module_bytes(uint32_t pages, uint32_t data_bytes) {
  Bytes data;
  if (data_bytes != 0) {
    data = section(11, join({{0x01, 0x00, 0x41, 0x80, 0x08, 0x0b}, sized(Bytes(data_bytes, 7))}));
  }
  return join({
      {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00},
      section(1, {0x03, 0x60, 0x01, 0x7f, 0x00, 0x60, 0x01, 0x7f, 0x01, 0x7f, 0x60, 0x03, 0x7f,
                  0x7f, 0x7f, 0x00}),
      section(3, {0x04, 0x00, 0x01, 0x02, 0x02}),
      section(5, join({{0x01, 0x00}, leb(pages)})),
      section(7, join({{0x04},
                       exported("touch", {0x00, 0x00}),
                       exported("grow", {0x00, 0x01}),
                       exported("copy", {0x00, 0x02}),
                       exported("fill", {0x00, 0x03})})),
      section(10,
              join({{0x04},
                    sized({0x00, 0x20, 0x00, 0x41, 0x01, 0x3a, 0x00, 0x00, 0x0b}),
                    sized({0x00, 0x20, 0x00, 0x40, 0x00, 0x0b}),
                    sized({0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfc, 0x0a, 0x00, 0x00, 0x0b}),
                    sized({0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfc, 0x0b, 0x00, 0x0b})})),
      data,
  });
}

struct World {
  Engine engine{Config{.workers = 0}};
  Linker linker{engine};
  std::optional<Module> module;

  World(uint32_t pages, uint32_t data_bytes) {
    const Bytes bytes = module_bytes(pages, data_bytes);
    Result<Module> made = engine.compile(std::span<const uint8_t>(bytes));
    if (made) module = *made;
  }
};

void instance(benchmark::State& state, uint32_t pages, uint32_t data_bytes, bool touch) {
  World world(pages, data_bytes);
  if (!world.module) return state.SkipWithError("the module does not compile");
  for (auto _ : state) {
    Store store(world.engine);
    Result<Instance> made = world.linker.instantiate(store, *world.module);
    if (!made) return state.SkipWithError("the module does not instantiate");
    if (!touch) continue;
    const auto func = made->func<void(int32_t)>("touch");
    if (!func || !(*func)(2000)) return state.SkipWithError("no call");
  }
}
BENCHMARK_CAPTURE(instance, small, 1, 0, false)->Name("instance/small");
BENCHMARK_CAPTURE(instance, small_touch, 1, 0, true)->Name("instance/small_touch");
BENCHMARK_CAPTURE(instance, data, 100, 1 << 20, false)->Name("instance/data");
BENCHMARK_CAPTURE(instance, data_touch, 100, 1 << 20, true)->Name("instance/data_touch");

void grow(benchmark::State& state, bool touch) {
  constexpr int32_t kTimes = 1000;
  World world(1, 0);
  if (!world.module) return state.SkipWithError("the module does not compile");
  while (state.KeepRunningBatch(kTimes)) {
    state.PauseTiming();
    std::optional<Store> store(world.engine);
    Result<Instance> made = world.linker.instantiate(*store, *world.module);
    if (!made) return state.SkipWithError("the module does not instantiate");
    const auto by = made->func<int32_t(int32_t)>("grow");
    const auto write = made->func<void(int32_t)>("touch");
    if (!by || !write) return state.SkipWithError("no function");
    state.ResumeTiming();
    for (int32_t i = 1; i <= kTimes; ++i) {
      const auto before = (*by)(1);
      if (!before || *before != i) return state.SkipWithError("not grown");
      if (touch && !(*write)(i * 65536)) return state.SkipWithError("trap");
    }
    state.PauseTiming();
    store.reset();
    state.ResumeTiming();
  }
}
BENCHMARK_CAPTURE(grow, page, false)->Name("grow/page");
BENCHMARK_CAPTURE(grow, page_touch, true)->Name("grow/page_touch");

enum class Bulk { Copy, Fill };

void bulk(benchmark::State& state, Bulk what) {
  World world(64, 0);
  Store store(world.engine);
  if (!world.module) return state.SkipWithError("the module does not compile");
  Result<Instance> made = world.linker.instantiate(store, *world.module);
  if (!made) return state.SkipWithError("the module does not instantiate");
  const auto func =
      made->func<void(int32_t, int32_t, int32_t)>(what == Bulk::Copy ? "copy" : "fill");
  if (!func) return state.SkipWithError("no function");
  const auto bytes = static_cast<int32_t>(state.range(0));
  for (auto _ : state) {
    if (!(*func)(1 << 21, 16, bytes)) return state.SkipWithError("trap");
  }
  state.SetBytesProcessed(state.iterations() * bytes);
}
BENCHMARK_CAPTURE(bulk, copy, Bulk::Copy)->Name("bulk/copy")->Arg(16)->Arg(4096)->Arg(1 << 20);
BENCHMARK_CAPTURE(bulk, fill, Bulk::Fill)->Name("bulk/fill")->Arg(16)->Arg(4096)->Arg(1 << 20);

void native(benchmark::State& state, Bulk what) {
  std::vector<uint8_t> memory(4 << 20);
  const auto bytes = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    if (what == Bulk::Copy) {
      std::memmove(memory.data() + (1 << 21), memory.data() + 16, bytes);
    } else {
      std::memset(memory.data() + (1 << 21), 16, bytes);
    }
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(native, copy, Bulk::Copy)->Name("bulk/memmove")->Arg(16)->Arg(4096)->Arg(1 << 20);
BENCHMARK_CAPTURE(native, fill, Bulk::Fill)->Name("bulk/memset")->Arg(16)->Arg(4096)->Arg(1 << 20);

}  // namespace

}  // namespace sluice::bench

int main(int argc, char** argv) { return sluice::bench::run_all(argc, argv); }

// Address space that changes hands: what a later memory must never see of an earlier one, bounds to
// the byte after reuse, and images of data segments.
#include <algorithm>
#include <dirent.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#include "runtime/store/memory.h"
#include "runtime/store/memory_pool.h"
#include "tests/support/fork.h"
#include "tests/unit/engine/binary/module_bytes.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using test::Bytes;
using test::cat;
using test::leb;
using test::module;
using test::name;
using test::section;
using test::sized;

constexpr uint64_t kPage = 65536;

struct Data {
  uint32_t offset;
  Bytes bytes;
};

Bytes i32_const(uint32_t value) {
  Bytes out{0x41};
  // Signed LEB of a number below 2^31, always in five bytes.
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<uint8_t>((value >> (7 * i) & 0x7f) | 0x80));
  out.push_back(static_cast<uint8_t>(value >> 28 & 0x0f));
  return out;
}

/// (memory (export "memory") pages) (func (export "load") (param i32) (result i32) i32.load8_u)
/// (func (export "store") (param i32 i32) i32.store8) (func (export "grow") …), active data.
Bytes memory_module(uint32_t pages, const std::vector<Data>& datas, bool elem_fails = false) {
  Bytes data_items = leb(datas.size());
  for (const Data& d : datas) {
    data_items = cat({data_items, {0x00}, i32_const(d.offset), {0x0b}, leb(d.bytes.size())});
    data_items.insert(data_items.end(), d.bytes.begin(), d.bytes.end());
  }
  const Bytes table = elem_fails ? section(4, {Bytes{0x70, 0x00, 0x01}}) : Bytes{};
  const Bytes elem =
      elem_fails ? section(9, {cat({{0x00}, i32_const(1), {0x0b, 0x01, 0x00}})}) : Bytes{};
  return module({
      section(1, {Bytes{0x60, 1, 0x7f, 1, 0x7f}, Bytes{0x60, 2, 0x7f, 0x7f, 0}}),
      section(3, {Bytes{0}, Bytes{1}, Bytes{0}}),
      table,
      section(5, {cat({{0x00}, leb(pages)})}),
      section(7, {cat({name("memory"), {2, 0}}), cat({name("load"), {0, 0}}),
                  cat({name("store"), {0, 1}}), cat({name("grow"), {0, 2}})}),
      elem,
      section(10,
              {sized({0, 0x20, 0, 0x2d, 0, 0, 0x0b}),
               sized({0, 0x20, 0, 0x20, 1, 0x3a, 0, 0, 0x0b}), sized({0, 0x20, 0, 0x40, 0, 0x0b})}),
      section(11, data_items),
  });
}

class MemoryPoolTest : public StoreTest {
 protected:
  bool is_guard() const { return engine->memory_mode() == MemoryMode::Guard; }
  void new_store() {
    store.reset();
    store = std::move(*Store::create(engine));
  }
  Instance& again(const std::shared_ptr<const CompiledModule>& compiled) {
    new_store();
    return **linker->instantiate(*store, compiled);
  }
  Memory& memory_of(Instance& instance) { return **instance.exported_memory("memory"); }
  static bool all_are(const Memory& memory, uint64_t from, uint64_t to, uint8_t byte) {
    const uint8_t* base = memory.base();
    return std::all_of(base + from, base + to, [byte](uint8_t b) { return b == byte; });
  }
  TrapCode load_trap(Instance& instance, uint64_t address) {
    return trap_of(instance, "load", {Value::i32(static_cast<int32_t>(address))});
  }
};

TEST_P(MemoryPoolTest, AReusedSlotHoldsNothingOfItsLastUser) {
  for (const uint64_t pages : {1u, 2u, 17u, 3u, 1u, 40u, 1u}) {
    new_store();
    Memory& memory = **Memory::create(*store, {.limits = {.min = pages}, .page_size_log2 = 16});
    ASSERT_TRUE(all_are(memory, 0, memory.size_bytes(), 0)) << pages;
    std::fill_n(memory.base(), memory.size_bytes(), uint8_t{0xaa});
    ASSERT_TRUE(memory.grow(3));
    ASSERT_TRUE(all_are(memory, pages * kPage, memory.size_bytes(), 0)) << pages;
    std::fill_n(memory.base(), memory.size_bytes(), uint8_t{0xbb});
  }
  store.reset();
  EXPECT_GE(engine->memory_pool().idle_slots(), 1u);
}

TEST_P(MemoryPoolTest, BoundsAreExactAfterReuse) {
  for (const uint32_t pages : {3u, 1u, 2u, 2u, 5u, 1u, 0u, 1u}) {
    Instance& instance = again(compile(memory_module(pages, {})));
    const uint64_t size = pages * kPage;
    if (size != 0) {
      EXPECT_EQ(load_trap(instance, size - 1), TrapCode::None) << pages;
    }
    EXPECT_EQ(load_trap(instance, size), TrapCode::MemoryOutOfBounds) << pages;
    EXPECT_EQ(load_trap(instance, size + kPage), TrapCode::MemoryOutOfBounds) << pages;
    EXPECT_EQ(load_trap(instance, 0xffffffff), TrapCode::MemoryOutOfBounds) << pages;
    EXPECT_EQ(call_i32(instance, "grow", {Value::i32(1)}), static_cast<int32_t>(pages));
    EXPECT_EQ(load_trap(instance, size + kPage - 1), TrapCode::None) << pages;
    EXPECT_EQ(load_trap(instance, size + kPage), TrapCode::MemoryOutOfBounds) << pages;
  }
}

TEST_P(MemoryPoolTest, WhatGrowsByLittleIsZeroAndBoundedToTheByte) {
  const auto compiled = compile(memory_module(1, {}));
  for (int turn = 0; turn < 2; ++turn) {
    Instance& instance = again(compiled);
    Memory& memory = memory_of(instance);
    for (uint64_t size = kPage; size < 8 * Reservation::kHugePageBytes; size += kPage) {
      std::fill_n(memory.base() + size - kPage, kPage, uint8_t{0xaa});
      ASSERT_EQ(load_trap(instance, size), TrapCode::MemoryOutOfBounds) << size;
      ASSERT_TRUE(memory.grow(1));
      ASSERT_TRUE(all_are(memory, size, size + kPage, 0)) << size;
    }
  }
}

ptrdiff_t resident_pages(uint8_t* from, uint64_t bytes) {
  std::vector<unsigned char> pages(bytes / host_page_bytes());
  EXPECT_EQ(mincore(from, bytes, pages.data()), 0);
  return std::ranges::count_if(pages, [](unsigned char page) { return (page & 1) != 0; });
}

TEST_P(MemoryPoolTest, AnIdleSlotKeepsNoMemoryThatWasBackedAhead) {
  if (!is_guard()) GTEST_SKIP() << "address space is not kept";
  Memory& memory = **Memory::create(*store, {.limits = {.min = 1}, .page_size_log2 = 16});
  const uint64_t bytes = 8 * Reservation::kHugePageBytes;
  uint8_t* base = memory.base();
  while (memory.size_bytes() < bytes) {
    ASSERT_TRUE(memory.grow(1));
    std::fill_n(base + memory.size_bytes() - kPage, kPage, uint8_t{1});
  }
  store.reset();
  ASSERT_EQ(engine->memory_pool().idle_slots(), 1u);
  EXPECT_EQ(resident_pages(base, 2 * bytes), 0);
}

TEST_P(MemoryPoolTest, WhatIsGrownAndNotTouchedTakesNoMemory) {
  if (!is_guard()) GTEST_SKIP() << "memories may move";
  Memory& memory = **Memory::create(*store, {.limits = {.min = 1}, .page_size_log2 = 16});
  const uint64_t bytes = 8 * Reservation::kHugePageBytes;
  while (memory.size_bytes() < bytes) {
    ASSERT_TRUE(memory.grow(1));
    memory.base()[memory.size_bytes() - 1] = 1;  // one page in sixteen
  }
  EXPECT_LE(resident_pages(memory.base(), 2 * bytes),
            static_cast<ptrdiff_t>(bytes / kPage + kPage / host_page_bytes()));
}

TEST_P(MemoryPoolTest, ImagesAreTheSegmentsAndWritesStayPrivate) {
  const std::vector<Data> datas = {
      {5, {1, 2, 3}}, {0x30000, Bytes(70000, 7)}, {0x30001, {8}}, {0x5fff0, {9, 10, 11}}};
  const auto compiled = compile(memory_module(7, datas));
  std::vector<uint8_t> expected(7 * kPage);
  for (const Data& d : datas) {
    std::copy(d.bytes.begin(), d.bytes.end(), expected.begin() + d.offset);
  }
  const auto holds_expected = [&](Instance& instance) {
    return std::equal(expected.begin(), expected.end(), memory_of(instance).base());
  };
  for (int i = 0; i < 6; ++i) {
    Instance& instance = again(compiled);
    ASSERT_TRUE(holds_expected(instance)) << i;
    ASSERT_EQ(memory_of(instance).size_bytes(), 7 * kPage);
    EXPECT_EQ(load_trap(instance, 7 * kPage), TrapCode::MemoryOutOfBounds);
    std::fill_n(memory_of(instance).base(), 7 * kPage, static_cast<uint8_t>(i));
    // A second one at the same time has its own.
    Instance& other = **linker->instantiate(*store, compiled);
    ASSERT_TRUE(holds_expected(other)) << i;
    EXPECT_EQ(call_i32(instance, "grow", {Value::i32(2)}), 7);
    ASSERT_TRUE(all_are(memory_of(instance), 7 * kPage, 9 * kPage, 0)) << i;
    memory_of(instance).base()[8 * kPage] = 1;
  }
  EXPECT_EQ(engine->memory_pool().image_for(compiled) != nullptr, is_guard());
  // The slot goes to a module without that image, and back.
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(all_are(memory_of(again(compile(memory_module(9, {})))), 0, 9 * kPage, 0));
    ASSERT_TRUE(holds_expected(again(compiled)));
  }
}

TEST_P(MemoryPoolTest, SegmentsThatMayFailAreWrittenOneByOne) {
  // The second is out of bounds: the first is there, and the instance is not.
  const auto bad = compile(memory_module(3, {{0x20000, Bytes(9, 1)}, {0x2ffff, {1, 2}}}));
  const auto bad_elem = compile(memory_module(3, {{0x20000, Bytes(9, 1)}}, true));
  for (int i = 0; i < 3; ++i) {
    for (const auto& compiled : {bad, bad_elem}) {
      new_store();
      const Outcome<Instance*> made = linker->instantiate(*store, compiled);
      ASSERT_FALSE(made);
      EXPECT_TRUE(made.error().is_trap());
      EXPECT_EQ(engine->memory_pool().image_for(compiled), nullptr);
    }
    // The slots came back clean.
    ASSERT_TRUE(all_are(memory_of(again(compile(memory_module(3, {})))), 0, 3 * kPage, 0));
  }
}

TEST_P(MemoryPoolTest, NoMoreSlotsAreKeptThanAsked) {
  EngineConfig config;
  config.memory_mode = GetParam();
  config.workers = 0;
  for (const uint32_t most : {0u, 2u}) {
    config.max_idle_memories = most;
    const std::shared_ptr<Engine> small = *Engine::create(config);
    std::unique_ptr<Store> owner = std::move(*Store::create(small));
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(Memory::create(*owner, {.limits = {.min = 1}, .page_size_log2 = 16}));
    }
    owner.reset();
    EXPECT_EQ(small->memory_pool().idle_slots(), most);
  }
}

size_t open_files() {
  size_t count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (folder != nullptr && readdir(folder) != nullptr) ++count;
  if (folder != nullptr) closedir(folder);
  return count;
}

TEST_P(MemoryPoolTest, ImagesOfModulesThatAreGoneDoNotPileUp) {
  const size_t before = open_files();
  for (uint8_t i = 0; i < 200; ++i) {
    const auto compiled = compile(memory_module(3, {{0x20000, Bytes(100, i)}}));
    for (int k = 0; k < 3; ++k) {
      ASSERT_EQ(memory_of(again(compiled)).base()[0x20063], i);
    }
  }
  EXPECT_LE(open_files(), before + 70);
}

TEST_P(MemoryPoolTest, ThreadsShareThePool) {
  const auto compiled = compile(memory_module(3, {{0x20000, Bytes(100, 5)}}));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      Linker own(engine);
      for (int i = 0; i < 200; ++i) {
        std::unique_ptr<Store> mine = std::move(*Store::create(engine));
        Memory& memory = **(*own.instantiate(*mine, compiled))->exported_memory("memory");
        if (!all_are(memory, 0, 0x20000, 0) || !all_are(memory, 0x20000, 0x20064, 5)) ++wrong;
        std::fill_n(memory.base(), memory.size_bytes(), uint8_t{0xcc});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(MemoryPoolTest, AChildOfAForkHasItsOwnBytes) {
  const auto compiled = compile(memory_module(3, {{0x20000, Bytes(100, 5)}}));
  for (int i = 0; i < 3; ++i) again(compiled);
  Instance& parent = again(compiled);
  const pid_t child = fork();
  if (child == 0) {
    memory_of(parent).base()[0x20000] = 1;
    const bool fresh = all_are(memory_of(again(compiled)), 0x20000, 0x20064, 5);
    _exit(fresh ? 0 : 1);
  }
  EXPECT_EQ(test::wait_for(child), 0);
  EXPECT_EQ(memory_of(parent).base()[0x20000], 5);
  EXPECT_TRUE(all_are(memory_of(again(compiled)), 0x20000, 0x20064, 5));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_P(MemoryPoolTest, TenThousandInstancesLiveAtOnce) {
  const auto compiled = compile(memory_module(3, {{0x20000, Bytes(100, 5)}}));
  std::vector<Memory*> memories;
  for (int i = 0; i < 10'000; ++i) {
    const Outcome<Instance*> made = linker->instantiate(*store, compiled);
    ASSERT_TRUE(made) << i << ": " << made.error().message();
    memories.push_back(&memory_of(**made));
    memories.back()->base()[100] = static_cast<uint8_t>(i);
  }
  for (size_t i = 0; i < memories.size(); ++i) {
    ASSERT_EQ(memories[i]->base()[100], static_cast<uint8_t>(i));
    ASSERT_EQ(memories[i]->base()[0x20063], 5);
  }
}
#endif

SLUICE_BOTH_MODES(MemoryPoolTest);

}  // namespace
}  // namespace sluice

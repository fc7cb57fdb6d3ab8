// The C++ interface's Memory and View: creating, growing, views that survive that, values, strings,
// and mapped files; with guard pages and with explicit checks.
#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <numeric>
#include <ranges>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#include "sluice/sluice.hpp"

namespace {

using sluice::Memory;
using sluice::Result;
using sluice::View;

static_assert(std::random_access_iterator<View<int>::Iterator>);
static_assert(std::ranges::random_access_range<View<const double>>);
static_assert(std::is_convertible_v<View<int>, View<const int>>);
static_assert(!std::is_convertible_v<View<const int>, View<int>>);

constexpr uint64_t kPage = 65536;
constexpr uint64_t kHostPage = 4096;

template <class T>
std::string why(Result<T> result) {
  return result ? "done" : std::string(result.error().message());
}

class ApiMemoryTest : public testing::TestWithParam<sluice_memory_mode_t> {
 protected:
  Memory create(const sluice::MemoryLimits& limits) { return *Memory::create(store, limits); }
  sluice::Instance instantiate(std::string_view text) {
    auto module = engine.compile({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    if (!module) ADD_FAILURE() << module.error().message();
    return *linker.instantiate(store, *module);
  }

  sluice::Engine engine{
      sluice::Config{.memory_mode = GetParam(), .features = {{"custom-page-sizes", true}}}};
  sluice::Store store{engine};
  sluice::Linker linker{engine};
};

// What was out of bounds is an error, also when another thread's growth has put it in bounds since.
TEST_P(ApiMemoryTest, OutOfBoundsIsAnErrorWhileOthersGrowTheMemory) {
  const Memory memory = create({.maximum = 8000, .is_shared = true});
  sluice::Store other(engine);
  Memory grown = *memory.share(other);
  std::atomic<bool> done = false;
  std::thread grower([&] {
    for (int i = 0; i < 8000; ++i) EXPECT_TRUE(grown.grow(1));
    done = true;
  });
  while (!done) {
    const auto text = memory.read_string(memory.size_bytes(), 1);
    EXPECT_TRUE(text || text.error().raw() != nullptr);
    const auto view = memory.view<char>(memory.size_bytes(), 1);
    EXPECT_TRUE(view || view.error().raw() != nullptr);
  }
  grower.join();
}

TEST_P(ApiMemoryTest, IsWhatItWasCreatedAs) {
  const Memory memory = create({.initial = 2, .maximum = 5, .is_64 = true});
  EXPECT_EQ(memory.size_bytes(), 2 * kPage);
  EXPECT_EQ(*memory.size_pages(), 2u);
  const sluice::MemoryLimits limits = *memory.limits();
  EXPECT_EQ(limits.maximum, 5u);
  EXPECT_TRUE(limits.is_64);
  EXPECT_FALSE(limits.is_shared);
  EXPECT_EQ(limits.page_size_log2, 16u);
  const Memory bytes = create({.initial = 10, .page_size_log2 = 0});
  EXPECT_EQ(bytes.size_bytes(), 10u);
  EXPECT_EQ(bytes.limits()->page_size_log2, 0u);
  EXPECT_FALSE(Memory::create(store, {.initial = 1, .page_size_log2 = 3}));
  EXPECT_FALSE(Memory::create(store, {.initial = 1, .is_shared = true}));
  EXPECT_FALSE(Memory::create(store, {.initial = 2, .maximum = 1}));
  EXPECT_EQ(Memory::create(store, {.initial = 70000}).error().limit(), SLUICE_LIMIT_MAXIMUM);
}

TEST_P(ApiMemoryTest, IsImportedExportedAndGrownFromBothSides) {
  Memory memory = create({.initial = 1, .maximum = 4});
  ASSERT_TRUE(linker.define(store, "host", "memory", memory));
  const sluice::Instance instance = instantiate(R"(
    (import "host" "memory" (memory 1 4)) (export "again" (memory 0))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))");
  const auto grow = *instance.func<int32_t(int32_t)>("grow");
  EXPECT_EQ(*grow(1), 1);
  EXPECT_EQ(*memory.size_pages(), 2u);
  EXPECT_EQ(*memory.grow(1), 2u);
  EXPECT_EQ(*instance.memory("again")->size_pages(), 3u);
  EXPECT_EQ(*grow(2), -1);
  Result<uint64_t> refused = memory.grow(2);
  EXPECT_EQ(refused.error().limit(), SLUICE_LIMIT_MAXIMUM);
  EXPECT_NE(refused.error().message().find("its maximum is 4 pages"), std::string_view::npos)
      << refused.error().message();
  Memory open = create({.initial = 1});
  EXPECT_NE(why(open.grow(65536)).find("32-bit addresses reach 65536 pages"), std::string::npos);
  Memory wide = create({.initial = 1, .is_64 = true});
  EXPECT_NE(why(wide.grow(1u << 30)).find("the engine's bound is"), std::string::npos);
  EXPECT_EQ(memory.view<int>(3 * kPage, 1).error().limit(), SLUICE_LIMIT_NONE);
  store.set_limits({.memory_bytes = wide.size_bytes()});
  EXPECT_EQ(open.grow(1).error().limit(), SLUICE_LIMIT_EMBEDDER);
}

TEST_P(ApiMemoryTest, ViewsAreNeverStale) {
  Memory memory = create({.initial = 1});
  const View<uint32_t> fixed = *memory.view<uint32_t>(kPage - 40, 10);
  const View<uint32_t> open = *memory.view<uint32_t>(kPage - 40);
  std::iota(fixed.begin(), fixed.end(), 1u);
  auto middle = fixed.begin() + 5;
  ASSERT_TRUE(memory.grow(100));  // moves the base with explicit checks
  ASSERT_TRUE(memory.grow(1000));
  EXPECT_EQ(*middle, 6u);
  EXPECT_EQ(fixed[9], 10u);
  EXPECT_EQ(fixed.size(), 10u);
  EXPECT_EQ(open.size(), 10 + 1100 * kPage / 4);
  EXPECT_EQ(open.at(10), 0u);
  EXPECT_FALSE(fixed.at(10));
  open[open.size() - 1] = 77;
  EXPECT_EQ(*memory.read<uint32_t>(memory.size_bytes() - 4), 77u);
  EXPECT_EQ(std::accumulate(fixed.begin(), fixed.end(), 0u), 55u);
}

TEST_P(ApiMemoryTest, ViewsIterateSliceAndCopy) {
  struct Point {
    float x;
    float y;
  };
  const Memory memory = create({.initial = 1});
  const View<Point> points = *memory.view<Point>(16, 4);
  const Point host[] = {{4, 1}, {3, 2}, {2, 3}, {1, 4}};
  ASSERT_TRUE(points.copy_in(host));
  std::ranges::sort(points, {}, &Point::x);
  EXPECT_EQ(points[0].y, 4);
  EXPECT_EQ((points.end() - 1)->x, 4);
  EXPECT_EQ(points.end() - points.begin(), 4);
  const View<const Point> middle = *points.subview(1, 2);
  EXPECT_EQ(middle.offset(), 24u);
  EXPECT_EQ(middle[1].x, 3);
  EXPECT_EQ(points.subview(2)->size(), 2u);
  EXPECT_EQ(points.subview(4)->size(), 0u);
  EXPECT_FALSE(points.subview(5));
  EXPECT_FALSE(points.subview(1, 4));
  EXPECT_FALSE(points.subview(SIZE_MAX - 1, 4));
  EXPECT_FALSE(points.subview(0, SIZE_MAX));
  Point out[5];
  EXPECT_TRUE(middle.copy_out(std::span(out, 2)));
  EXPECT_EQ(out[1].y, 2);
  EXPECT_FALSE(points.copy_out(out));
  EXPECT_TRUE(View<int>().empty());
  EXPECT_EQ(View<int>().begin(), View<int>().end());
  EXPECT_EQ((*memory.view<int64_t>(8)).subview(1)->size(), kPage / 8 - 2) << "tracks the length";
}

TEST_P(ApiMemoryTest, ViewsAreCheckedWhenMade) {
  const Memory memory = create({.initial = 1});
  EXPECT_TRUE(memory.view<double>(kPage, 0));
  EXPECT_TRUE(memory.view<double>(kPage));
  EXPECT_FALSE(memory.view<double>(kPage + 8));
  EXPECT_FALSE(memory.view<double>(kPage - 8, 2));
  EXPECT_FALSE(memory.view<double>(4, 1)) << "not aligned";
  EXPECT_TRUE(memory.view<uint8_t>(kPage - 1, 1));
  EXPECT_FALSE(memory.view<double>(0, SIZE_MAX / 4));
  EXPECT_FALSE(memory.view<uint8_t>(0, SIZE_MAX)) << "a guest's count must not mean: to the end";
  EXPECT_FALSE(memory.view<double>(~uint64_t{7}, 1));
}

TEST_P(ApiMemoryTest, ValuesAtAnyAddress) {
  const Memory memory = create({.initial = 1});
  ASSERT_TRUE(memory.write(13, uint64_t{0x0102030405060708}));
  EXPECT_EQ(*memory.read<uint8_t>(13), 8u) << "little-endian";
  EXPECT_EQ(*memory.read<uint16_t>(19), 0x0102u);
  EXPECT_EQ(*memory.read<uint64_t>(13), 0x0102030405060708u);
  ASSERT_TRUE(memory.write(kPage - 8, -2.5));
  EXPECT_EQ(*memory.read<double>(kPage - 8), -2.5);
  EXPECT_FALSE(memory.read<double>(kPage - 7));
  EXPECT_FALSE(memory.write(~uint64_t{0}, 1.0f));
  EXPECT_FALSE(memory.write(kPage - 1, int16_t{1}));
}

TEST_P(ApiMemoryTest, StringsAreCheckedBothWays) {
  const Memory memory = create({.initial = 1});
  ASSERT_TRUE(memory.write_string(100, "grüße"));
  EXPECT_EQ(*memory.read_string(100, 7), "grüße");
  EXPECT_FALSE(memory.read_string(100, 3)) << "ends inside a character";
  EXPECT_FALSE(memory.write_string(100, "\xff"));
  EXPECT_FALSE(memory.write_string(kPage - 1, "ab"));
  EXPECT_EQ(*memory.read_string(kPage, 0), "");
  EXPECT_FALSE(memory.read_string(kPage + 1, 0));
  ASSERT_TRUE(memory.write_c_string(200, 4, "abc"));
  EXPECT_FALSE(memory.write_c_string(200, 3, "abc"));
  EXPECT_FALSE(memory.write_c_string(200, 9, std::string_view("a\0b", 3)));
  EXPECT_EQ(*memory.read_c_string(200, 100), "abc");
  EXPECT_FALSE(memory.read_c_string(200, 3)) << "no end in reach";
  ASSERT_TRUE(memory.write_string(1000, std::string(1000, 'x')));
  EXPECT_EQ(memory.read_c_string(1000, 5000)->size(), 1000u);
  ASSERT_TRUE(memory.write_string(kPage - 2, "zz"));
  EXPECT_FALSE(memory.read_c_string(kPage - 2, 100)) << "the memory ends first";
  EXPECT_FALSE(memory.read_c_string(kPage + 1, 1));
  EXPECT_FALSE(memory.write_c_string(kPage - 2, 9, "zz"));
}

TEST_P(ApiMemoryTest, AtomicsOfASharedMemory) {
  const Memory memory = create({.initial = 1, .maximum = 2, .is_shared = true});
  sluice::Store other(engine);
  const Memory there = *memory.share(other);
  EXPECT_FALSE(memory.atomic<uint32_t>(2));
  EXPECT_FALSE(memory.atomic<uint64_t>(kPage));
  EXPECT_FALSE(create({.initial = 1}).atomic<int>(0));
  std::thread adder([&] {
    const auto count = *there.atomic<uint64_t>(64);
    for (int i = 0; i < 10'000; ++i) ++count;
  });
  const auto count = *memory.atomic<uint64_t>(64);
  for (int i = 0; i < 10'000; ++i) ++count;
  adder.join();
  EXPECT_EQ(count.load(), 20'000u);
  EXPECT_EQ(*there.read<uint64_t>(64), 20'000u);
  EXPECT_FALSE(create({.initial = 1}).share(other));
}

TEST_P(ApiMemoryTest, MappedFiles) {
  const int fd = memfd_create("mapped", 0);
  const std::string text(2 * kHostPage, 'f');
  ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  const sluice::Instance instance = instantiate(R"(
    (memory (export "memory") 1)
    (func (export "store") (param i32) (i32.store8 (local.get 0) (i32.const 33))))");
  const auto store_to = *instance.func<void(uint32_t)>("store");
  const Memory memory = *instance.memory();
  EXPECT_FALSE(memory.map_file(5, fd, 0, kHostPage, SLUICE_MAP_READ_ONLY));
  ASSERT_TRUE(memory.map_file(kHostPage, fd, 0, kHostPage, SLUICE_MAP_READ_ONLY));
  ASSERT_TRUE(memory.map_file(2 * kHostPage, fd, kHostPage, kHostPage, SLUICE_MAP_COPY_ON_WRITE));
  EXPECT_EQ(store_to(kHostPage + 7).error().trap_code(), SLUICE_TRAP_MEMORY_READ_ONLY);
  EXPECT_TRUE(store_to(2 * kHostPage));
  EXPECT_EQ(*memory.read_string(2 * kHostPage, 2), "!f");

  EXPECT_FALSE(memory.view<char>(kHostPage - 1, 2));
  EXPECT_FALSE(memory.view<char>(0));
  EXPECT_TRUE(memory.view<char>(0, kHostPage));
  EXPECT_EQ((*memory.view<const char>(0))[kHostPage], 'f');
  EXPECT_EQ(*memory.read<uint16_t>(kHostPage - 1), 'f' << 8);
  EXPECT_FALSE(memory.write<char>(kHostPage, 'x'));
  EXPECT_FALSE(memory.write_string(2 * kHostPage - 1, "xx"));

  ASSERT_EQ(ftruncate(fd, 0), 0);
  close(fd);
  EXPECT_EQ(store_to(2 * kHostPage).error().trap_code(), SLUICE_TRAP_MAPPED_PAGE_LOST);
  EXPECT_FALSE(memory.read<int>(kHostPage));
  EXPECT_FALSE(memory.read_c_string(kHostPage - 10, 100 + kHostPage).has_value() &&
               memory.read_string(kHostPage, 1).has_value());
  ASSERT_TRUE(memory.unmap(kHostPage, 2 * kHostPage));
  EXPECT_TRUE(store_to(kHostPage));
  EXPECT_EQ(*memory.read<uint32_t>(kHostPage), 33u);
}

TEST_P(ApiMemoryTest, AHostFunctionGetsNoWritableSpanOfAReadOnlyPage) {
  const int fd = memfd_create("mapped", 0);
  ASSERT_EQ(ftruncate(fd, kHostPage), 0);
  ASSERT_TRUE(linker.func("env", "write", [](sluice::GuestSpan<uint8_t> bytes) {
    for (uint8_t& each : bytes) each = 1;
  }));
  ASSERT_TRUE(linker.func("env", "size", [](sluice::GuestSpan<const uint8_t> bytes) {
    return static_cast<uint32_t>(bytes.size());
  }));
  const sluice::Instance instance = instantiate(R"(
    (import "env" "write" (func $write (param i32 i32)))
    (import "env" "size" (func $size (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "write") (param i32 i32) (call $write (local.get 0) (local.get 1)))
    (func (export "size") (param i32 i32) (result i32)
      (call $size (local.get 0) (local.get 1))))");
  ASSERT_TRUE(instance.memory()->map_file(0, fd, 0, kHostPage, SLUICE_MAP_READ_ONLY));
  close(fd);
  const auto write = *instance.func<void(uint32_t, uint32_t)>("write");
  const auto size = *instance.func<uint32_t(uint32_t, uint32_t)>("size");
  EXPECT_TRUE(write(kHostPage - 1, 2).error().is_trap());
  EXPECT_TRUE(write(kHostPage, 100));
  EXPECT_EQ(*size(kHostPage - 1, 2), 2u);
}

INSTANTIATE_TEST_SUITE_P(Modes, ApiMemoryTest,
                         testing::Values(SLUICE_MEMORY_GUARD, SLUICE_MEMORY_EXPLICIT),
                         [](const auto& mode) {
                           return mode.param == SLUICE_MEMORY_GUARD ? "Guard" : "Explicit";
                         });

}  // namespace

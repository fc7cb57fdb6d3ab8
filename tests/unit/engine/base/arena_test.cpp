// Arena: allocations do not overlap, are aligned, and stay where they are.
#include <array>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include "engine/base/arena.h"

namespace sluice {
namespace {

TEST(ArenaTest, AllocationsAreAlignedAndDoNotOverlap) {
  Arena arena;
  struct Piece {
    uint8_t* start;
    size_t size_bytes;
    uint8_t mark;
  };
  std::vector<Piece> pieces;
  for (size_t i = 0; i < 3000; ++i) {
    const size_t align = size_t{1} << (i % 5);
    const size_t size = 1 + (i * 37) % 700;
    auto* start = static_cast<uint8_t*>(arena.allocate_bytes(size, align));
    ASSERT_EQ(reinterpret_cast<uintptr_t>(start) % align, 0u);
    const auto mark = static_cast<uint8_t>(i);
    std::memset(start, mark, size);
    pieces.push_back({start, size, mark});
  }
  for (const Piece& piece : pieces) {
    for (size_t i = 0; i < piece.size_bytes; ++i) ASSERT_EQ(piece.start[i], piece.mark);
  }
}

TEST(ArenaTest, RequestLargerThanAChunkGetsItsOwn) {
  Arena arena;
  constexpr size_t kLarge = size_t{5} << 20;
  auto* large = arena.allocate<uint8_t>(kLarge);
  std::memset(large, 0xa5, kLarge);
  auto* small = arena.allocate<uint64_t>(1);
  *small = 1;
  EXPECT_EQ(large[kLarge - 1], 0xa5);
}

TEST(ArenaTest, CopyLivesIndependentlyOfItsSource) {
  Arena arena;
  std::array<uint32_t, 3> source = {1, 2, 3};
  const std::span<const uint32_t> copy = arena.copy(std::span<const uint32_t>(source));
  source[1] = 99;
  ASSERT_EQ(copy.size(), 3u);
  EXPECT_EQ(copy[1], 2u);
  EXPECT_TRUE(arena.copy(std::span<const uint32_t>()).empty());
}

TEST(ArenaTest, PointersStayValidWhenItMoves) {
  Arena first;
  auto* value = first.allocate<uint64_t>(1);
  *value = 42;
  Arena second(std::move(first));
  EXPECT_EQ(*value, 42u);
  auto* next = second.allocate<uint64_t>(1);
  *next = 43;
  EXPECT_EQ(*value, 42u);
}

TEST(ArenaTest, ResetReusesTheLargestChunk) {
  Arena arena;
  for (int i = 0; i < 100; ++i) (void)arena.allocate<uint8_t>(1000);
  auto* large = arena.allocate<uint8_t>(size_t{3} << 20);
  arena.reset();
  EXPECT_EQ(arena.allocate<uint8_t>(size_t{3} << 20), large);
  arena.reset();
  EXPECT_EQ(arena.allocate<uint8_t>(1), large);
}

}  // namespace
}  // namespace sluice

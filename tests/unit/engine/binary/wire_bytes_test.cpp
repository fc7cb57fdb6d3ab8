// Bytes stay where they are, and the room for them ends where it was said to.
#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "engine/binary/wire_bytes.h"

namespace sluice {
namespace {

using Bytes = std::vector<uint8_t>;

TEST(WireBytes, LimitAndViews) {
  const auto wire = WireBytes::create(10).value();
  const Bytes bytes(8, 7);
  EXPECT_EQ(wire->append(bytes), 8u);
  const uint8_t* base = wire->view().data();
  EXPECT_EQ(wire->append(bytes), 2u);
  EXPECT_EQ(wire->view().data(), base);
  EXPECT_EQ(wire->size(), 10u);
  EXPECT_EQ(wire->full_error().kind, ErrorKind::ModuleTooLarge);
  EXPECT_EQ(wire->full_error().offset, 10u);
  EXPECT_EQ(wire->view(ByteRange{9, 1})[0], 7);
}

TEST(WireBytes, GrowsThroughItsSteps) {
  const auto wire = WireBytes::create().value();
  const Bytes piece(77'777, 5);
  size_t total = 0;
  while (total < 5'000'000) {
    ASSERT_EQ(wire->append(piece), piece.size());
    total += piece.size();
  }
  EXPECT_EQ(wire->view()[total - 1], 5);
}

TEST(WireBytes, RoomIsNoPromise) {
  const auto wire = WireBytes::create(100'000).value();
  const Bytes piece(30'000, 3);
  wire->make_room(~size_t{0});
  EXPECT_EQ(wire->size(), 0u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wire->append(piece), piece.size());
  EXPECT_EQ(wire->append(piece), 10'000u);
  wire->make_room(1);
  EXPECT_EQ(wire->append(piece), 0u);
  EXPECT_EQ(wire->view()[99'999], 3);
}

// On the heap or not: exactly the module has room.
TEST(WireBytes, WholeModules) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{100'000}, size_t{1} << 20}) {
    const auto wire = WireBytes::create_whole(bytes).value();
    wire->make_room(bytes);
    const Bytes all(bytes, 9);
    EXPECT_EQ(wire->append(all), bytes);
    EXPECT_EQ(wire->append(Bytes(1, 1)), 0u);
    EXPECT_EQ(wire->full_error().kind, ErrorKind::ModuleTooLarge);
    EXPECT_EQ(wire->size(), bytes);
    EXPECT_TRUE(std::ranges::equal(wire->view(), all));
  }
  const size_t large = (size_t{1} << 20) + 1;
  const auto wire = WireBytes::create_whole(large).value();
  EXPECT_EQ(wire->append(Bytes(large, 9)), large);
}

TEST(WireBytes, EmptyPiecesAndNoRoom) {
  const auto none = WireBytes::create(0).value();
  const Bytes one(1, 1);
  EXPECT_EQ(none->append({}), 0u);
  EXPECT_EQ(none->append(one), 0u);
  EXPECT_EQ(none->full_error().kind, ErrorKind::ModuleTooLarge);
  EXPECT_EQ(none->full_error().offset, 0u);
}

}  // namespace
}  // namespace sluice

// A table finds its regions, and what it was moved from has none.
#include <gtest/gtest.h>
#include <utility>

#include "jit/code/handler_table.h"

namespace sluice {
namespace {

TEST(HandlerTableTest, WhatWasMovedFromIsEmpty) {
  HandlerTable table(2, 1, 1);
  table.frame_bytes = 32;
  table.ranges[0] = {4, 0};
  table.ranges[1] = {8, kNoRegion};
  const HandlerTable moved = std::move(table);
  EXPECT_EQ(moved.frame_bytes, 32u);
  EXPECT_EQ(moved.region_at(3), kNoRegion);
  EXPECT_EQ(moved.region_at(4), 0u);
  EXPECT_EQ(moved.region_at(8), kNoRegion);
  // NOLINTBEGIN(bugprone-use-after-move)
  EXPECT_EQ(table.region_at(4), kNoRegion);
  EXPECT_TRUE(table.ranges.empty() && table.regions.empty() && table.clauses.empty());
  // NOLINTEND(bugprone-use-after-move)
}

}  // namespace
}  // namespace sluice

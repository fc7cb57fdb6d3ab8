// A broken invariant says where and why, and ends the process; a kept one costs nothing.
#include <gtest/gtest.h>

#include "engine/base/check.h"

namespace sluice {
namespace {

TEST(CheckTest, TrueConditionIsSilentAndEvaluatedOnce) {
  int evaluated = 0;
  CHECK(++evaluated == 1, "first");
  EXPECT_EQ(evaluated, 1);
}

TEST(CheckTest, FalseConditionNamesPlaceExpressionAndMessage) {
  const int heights = 3;
  EXPECT_DEATH(CHECK(heights == 4, "merge height"), "check_test.cpp:.*heights == 4.*merge height");
}

TEST(CheckTest, DcheckFollowsNdebug) {
#ifdef NDEBUG
  int evaluated = 0;
  DCHECK(++evaluated == 2, "not evaluated");
  EXPECT_EQ(evaluated, 0);
#else
  EXPECT_DEATH(DCHECK(1 == 2, "debug only"), "debug only");
  EXPECT_DEATH(UNREACHABLE("no such row"), "no such row");
#endif
}

}  // namespace
}  // namespace sluice

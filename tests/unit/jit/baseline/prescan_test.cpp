// What the look ahead finds in loops that are short, long, or hold calls.
#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include "jit/baseline/prescan.h"

namespace sluice::test {
namespace {

/// A body's instructions; locals and labels are below 128.
class Body {
 public:
  size_t loop() {
    const size_t at = bytes_.size();
    append({0x03, 0x40});
    return at;
  }
  size_t if_() {
    append({0x41, 0x00});
    const size_t at = bytes_.size();
    append({0x04, 0x40});
    return at;
  }
  Body& end() { return append({0x0b}); }
  Body& use(uint8_t local, uint32_t times = 1) {
    for (uint32_t i = 0; i < times; ++i) append({0x20, local, 0x1a});
    return *this;
  }
  Body& set(uint8_t local) { return append({0x41, 0x00, 0x21, local}); }
  Body& call() { return append({0x10, 0x00}); }
  Body& nop(size_t count) {
    bytes_.insert(bytes_.end(), count, 0x01);
    return *this;
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  Body& append(std::initializer_list<uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes);
    return *this;
  }
  std::vector<uint8_t> bytes_;
};

class Prescan : public testing::Test {
 protected:
  /// Call it once the body is complete.
  void begin(std::vector<BranchHint> hints = {}) {
    body.end();
    hints_ = std::move(hints);
    scan_.begin(100, hints_, body.bytes().data());
  }
  const LoopInfo& find(size_t loop) {
    const uint8_t* bytes = body.bytes().data();
    return scan_.find(bytes, bytes + loop, bytes + body.bytes().size(), false);
  }
  std::vector<uint32_t> hot(size_t loop) {
    std::vector<uint32_t> locals;
    for (const LocalUse& use : scan_.hot(find(loop))) locals.push_back(use.local());
    return locals;
  }

  Body body;

 private:
  std::vector<BranchHint> hints_;
  LoopScan scan_;
};

constexpr size_t kLong = LoopScan::kMostBytes;
constexpr size_t kLongWithCall = LoopScan::kMostBytesWithCall;

TEST_F(Prescan, AShortLoopHasItsLocalsTheBusiestFirst) {
  const size_t loop = body.loop();
  body.use(3).use(5, 4).set(7).end();
  begin();
  EXPECT_TRUE(find(loop).is_short);
  EXPECT_EQ(hot(loop), (std::vector<uint32_t>{5, 3}));
  ASSERT_EQ(find(loop).dead_count, 1);  // 7 is set before anything else is done with it
}

TEST_F(Prescan, OfManyLocalsTheBusiestAreToldAndAmongEqualsTheFirst) {
  constexpr uint8_t kLocals = 60;
  const size_t outer = body.loop();
  for (uint8_t local = kLocals; local-- > 0;) body.use(local);
  body.use(41, 2).use(17).use(59, 3);
  const size_t inner = body.loop();
  body.use(50).use(30, 2).end();
  body.end();
  begin();
  std::vector<uint32_t> expected = {30, 50, 59, 41, 17};
  for (uint32_t local = 0; expected.size() < LoopScan::kMaxHot; ++local) {
    if (local != 17) expected.push_back(local);
  }
  EXPECT_EQ(hot(outer), expected);
  EXPECT_EQ(hot(inner), (std::vector<uint32_t>{30, 50}));
}

TEST_F(Prescan, NothingIsKnownOfALongLoop) {
  const size_t loop = body.loop();
  body.use(3).nop(kLong).end();
  begin();
  EXPECT_FALSE(find(loop).is_short);
  EXPECT_TRUE(hot(loop).empty());
}

TEST_F(Prescan, ShortLoopsInALongOneAreFoundWhereverTheyBegin) {
  for (const size_t at : {size_t{0}, kLong / 2 - 40, kLong / 2 + 40, kLong - 3, kLong, 3 * kLong}) {
    body = {};
    const size_t outer = body.loop();
    body.nop(at);
    const size_t inner = body.loop();
    body.use(9, 20).end().nop(2 * kLong).end();
    begin();
    EXPECT_FALSE(find(outer).is_short) << at;
    EXPECT_TRUE(find(inner).is_short) << at;
    EXPECT_EQ(hot(inner), std::vector<uint32_t>{9}) << at;
  }
}

TEST_F(Prescan, ALoopWithACallIsShortIfItIsVeryShort) {
  const size_t first = body.loop();
  body.use(1).call().nop(kLongWithCall / 2).end();
  const size_t second = body.loop();
  body.use(1).call().nop(kLongWithCall).end();
  begin();
  EXPECT_TRUE(find(first).is_short);
  EXPECT_TRUE(find(first).has_call);
  EXPECT_FALSE(find(second).is_short);
}

TEST_F(Prescan, ALoopWithoutCallsIsShortInOneWithACallBeforeIt) {
  const size_t outer = body.loop();
  body.call();
  const size_t inner = body.loop();
  body.use(2).nop(4 * kLongWithCall).end().end();
  begin();
  EXPECT_FALSE(find(outer).is_short);
  EXPECT_TRUE(find(inner).is_short);
  EXPECT_EQ(hot(inner), std::vector<uint32_t>{2});
}

TEST_F(Prescan, ALoopInAShortOneIsKnownWithIt) {
  const size_t outer = body.loop();
  body.use(1);
  const size_t inner = body.loop();
  body.use(2).end().end();
  begin();
  EXPECT_TRUE(find(outer).has_loop);
  EXPECT_EQ(hot(outer), (std::vector<uint32_t>{2, 1}));
  EXPECT_EQ(hot(inner), std::vector<uint32_t>{2});
}

TEST_F(Prescan, WeightsInDeepNestsStayInOrder) {
  constexpr uint32_t kDepth = 40;
  std::vector<size_t> loops;
  for (uint32_t i = 0; i < kDepth; ++i) loops.push_back(body.loop());
  body.use(3, 400).use(4, 100);
  for (uint32_t i = 0; i < kDepth; ++i) body.use(5).end();
  begin();
  // Uses in all of the nest's loops are as many as can be counted.
  EXPECT_EQ(hot(loops[0]), (std::vector<uint32_t>{5, 3, 4}));
  EXPECT_EQ(hot(loops[kDepth - 1]), (std::vector<uint32_t>{3, 4, 5}));
}

TEST_F(Prescan, HintsHoldWhereCodeIsLookedAtAgain) {
  body.loop();
  body.nop(kLong - 40);
  const size_t inner = body.loop();
  body.use(6);
  const size_t branch = body.if_();
  body.call().end();
  body.if_();
  body.end().nop(2 * kLongWithCall).end().end();
  begin({{.offset = static_cast<uint32_t>(branch), .is_likely = false}});
  find(0);
  EXPECT_TRUE(find(inner).is_short);
  EXPECT_FALSE(find(inner).has_call);
}

// A reference must outlive the loops that are looked at after it.
TEST_F(Prescan, WhatIsKnownOfALongLoopStaysGood) {
  const size_t outer = body.loop();
  std::vector<size_t> inner;
  for (uint32_t i = 0; i < 100; ++i) {
    body.nop(kLong);
    inner.push_back(body.loop());
    body.use(4).end();
  }
  body.end();
  begin();
  const LoopInfo& known = find(outer);
  for (const size_t loop : inner) EXPECT_TRUE(find(loop).is_short);
  EXPECT_FALSE(known.is_short);
  EXPECT_EQ(&known, &find(outer));
}

}  // namespace
}  // namespace sluice::test

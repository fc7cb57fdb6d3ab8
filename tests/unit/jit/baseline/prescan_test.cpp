// What the look ahead finds in loops that are short, long, or hold calls or other loops, and that
// it steps over each instruction as a whole.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <utility>
#include <vector>

#include "jit/baseline/prescan.h"
#include "tests/unit/engine/validate/body_fixture.h"

namespace sluice::test {
namespace {

/// A body's instructions; locals and labels are below 64.
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
  Body& block() { return append({0x02, 0x40}); }
  Body& else_() { return append({0x05}); }
  Body& end() { return append({0x0b}); }
  Body& use(uint8_t local, uint32_t times = 1) {
    for (uint32_t i = 0; i < times; ++i) append({0x20, local, 0x1a});
    return *this;
  }
  Body& set(uint8_t local) { return append({0x41, 0x00, 0x21, local}); }
  Body& call() { return append({0x10, 0x00}); }
  Body& br(uint8_t label) { return append({0x0c, label}); }
  size_t br_if(uint8_t label) {
    append({0x41, 0x00});
    const size_t at = bytes_.size();
    append({0x0d, label});
    return at;
  }
  Body& nop(size_t count) {
    bytes_.insert(bytes_.end(), count, 0x01);
    return *this;
  }
  Body& append(const std::vector<uint8_t>& bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

using Counts = std::vector<std::pair<uint32_t, uint32_t>>;

class Prescan : public testing::Test {
 protected:
  static constexpr uint32_t kLocals = 20'000;

  /// Call it once the body is complete.
  void begin(std::vector<BranchHint> hints = {}) {
    body.end();
    hints_ = std::move(hints);
    scan_.begin(kLocals, may_call_, hints_, body.bytes().data());
  }
  LoopInfo look_at(size_t loop, bool in_try = false) {
    const uint8_t* bytes = body.bytes().data();
    return scan_.look_at(bytes + loop, bytes + body.bytes().size(), in_try);
  }
  // Of the loop looked at last.
  Counts live() const {
    Counts counts;
    for (const LocalUse& use : scan_.live()) counts.emplace_back(use.local, use.count);
    return counts;
  }
  std::vector<uint32_t> dead() const { return {scan_.dead().begin(), scan_.dead().end()}; }
  std::vector<uint32_t> written() const {
    std::vector<uint32_t> locals;
    for (const LocalUse& use : scan_.live()) {
      if (use.is_written) locals.push_back(use.local);
    }
    return locals;
  }

  Body body;
  bool may_call_ = true;

 private:
  std::vector<BranchHint> hints_;
  LoopScan scan_;
};

using Locals = std::vector<uint32_t>;

constexpr size_t kLong = LoopScan::kMostBytes;
constexpr size_t kLongWithCall = LoopScan::kMostBytesWithCall;

TEST_F(Prescan, AShortLoopHasItsLocalsCounted) {
  const size_t loop = body.loop();
  body.use(3).use(5, 4).set(7).use(3).set(5).end();
  begin();
  EXPECT_TRUE(look_at(loop).is_short);
  EXPECT_EQ(live(), (Counts{{3, 2}, {5, 5}}));
  EXPECT_EQ(written(), Locals{5});
  EXPECT_EQ(dead(), Locals{7});  // it is set before anything else is done with it
}

TEST_F(Prescan, NothingIsKnownOfALongLoop) {
  const size_t loop = body.loop();
  body.use(3).set(4).nop(kLong).end();
  begin();
  EXPECT_FALSE(look_at(loop).is_short);
  EXPECT_TRUE(live().empty());
  EXPECT_TRUE(dead().empty());
}

TEST_F(Prescan, ALoopIsShortUpToItsLastByte) {
  for (const size_t more : {size_t{0}, size_t{1}}) {
    body = {};
    const size_t loop = body.loop();
    body.nop(kLong - 3 + more).end();
    begin();
    EXPECT_EQ(look_at(loop).is_short, more == 0);
  }
}

TEST_F(Prescan, OnlyInnermostLoopsAreShort) {
  const size_t outer = body.loop();
  body.use(1);
  const size_t inner = body.loop();
  body.use(2).end();
  const size_t second = body.loop();
  body.set(3).use(2, 2).end().end();
  begin();
  EXPECT_FALSE(look_at(outer).is_short);
  EXPECT_TRUE(look_at(inner).is_short);
  EXPECT_EQ(live(), (Counts{{2, 1}}));
  EXPECT_TRUE(look_at(second).is_short);
  EXPECT_EQ(live(), (Counts{{2, 2}}));
  EXPECT_EQ(dead(), Locals{3});
}

TEST_F(Prescan, ALoopWithACallIsShortIfItIsVeryShort) {
  for (const size_t before : {size_t{0}, kLongWithCall / 2, kLongWithCall - 5, kLongWithCall - 4,
                              kLongWithCall, 2 * kLongWithCall}) {
    body = {};
    const size_t loop = body.loop();
    body.nop(before).call().end();
    const size_t second = body.loop();
    body.nop(before).end();
    begin();
    EXPECT_EQ(look_at(loop).is_short, before + 5 <= kLongWithCall) << before;
    EXPECT_EQ(look_at(loop).has_call, before + 5 <= kLongWithCall) << before;
    EXPECT_TRUE(look_at(second).is_short) << before;
    EXPECT_FALSE(look_at(second).has_call) << before;
  }
}

TEST_F(Prescan, InLongFunctionsNoLoopWithACallIsShort) {
  may_call_ = false;
  const size_t loop = body.loop();
  body.use(1).call().end();
  const size_t second = body.loop();
  body.use(1).end();
  begin();
  EXPECT_FALSE(look_at(loop).is_short);
  EXPECT_TRUE(look_at(second).is_short);
}

TEST_F(Prescan, ACallThatIsNotComeBackFromDoesNotCount) {
  may_call_ = false;
  const size_t loop = body.loop();
  body.use(1).if_();
  body.call().append({0x00}).end().nop(kLongWithCall).end();
  begin();
  EXPECT_TRUE(look_at(loop).is_short);
  EXPECT_FALSE(look_at(loop).has_call);
  EXPECT_EQ(live(), (Counts{{1, 1}}));
}

TEST_F(Prescan, WhatIsLikeACallOrADivisionIsTold) {
  const auto with = [this](const std::vector<uint8_t>& code) {
    body = {};
    body.loop();
    body.append(code).end();
    begin();
    return look_at(0);
  };
  for (const char* call :
       {"10 00", "11 00 00", "25 00", "40 00", "fc 0a 00 00", "d2 00", "08 00"}) {
    EXPECT_TRUE(with(hex(call)).has_call) << call;
    EXPECT_FALSE(with(hex(call)).has_division) << call;
  }
  for (const char* division : {"6d", "70", "7f", "82"}) {
    EXPECT_TRUE(with(hex(division)).has_division) << division;
  }
  for (const char* other : {"fc 00", "fc 13", "12 00", "6c", "fe 00 02 00", "3f 00"}) {
    EXPECT_TRUE(with(hex(other)).is_short) << other;
    EXPECT_FALSE(with(hex(other)).has_call) << other;
    EXPECT_FALSE(with(hex(other)).has_division) << other;
  }
  for (const char* odd : {"06 40 0b", "1f 40 00 0b", "fb 06 00", "27"}) {
    EXPECT_FALSE(with(hex(odd)).is_short) << odd;
  }
}

// Which locals are dead decides about correctness: all ways to leave a turn early count.
TEST_F(Prescan, ALocalIsDeadIfEveryTurnSetsItFirst) {
  const auto dead_behind = [this](auto&& before, bool in_try = false) {
    body = {};
    body.loop();
    before();
    body.set(1).end();
    begin();
    EXPECT_TRUE(look_at(0, in_try).is_short);
    return dead() == Locals{1};
  };
  EXPECT_TRUE(dead_behind([&] { body.nop(1); }));
  EXPECT_FALSE(dead_behind([&] { body.use(1); }));
  // To the loop's header.
  EXPECT_TRUE(dead_behind([&] { body.br_if(0); }));
  EXPECT_TRUE(dead_behind([&] { body.block().br(1).end(); }));
  // Elsewhere.
  EXPECT_FALSE(dead_behind([&] { body.br_if(1); }));
  EXPECT_FALSE(dead_behind([&] { body.block().br_if(0), body.end(); }));
  EXPECT_FALSE(dead_behind([&] { body.block().br_if(2), body.end(); }));
  EXPECT_FALSE(dead_behind([&] { body.append(hex("41 00 0e 01 00 00")); }));
  EXPECT_FALSE(dead_behind([&] { body.append(hex("d0 70 d5 00 1a")); }));
  // In an `if`.
  EXPECT_TRUE(dead_behind([&] { body.if_(), body.end(); }));
  EXPECT_TRUE(dead_behind([&] { body.if_(), body.use(2).else_().use(3).end(); }));
  EXPECT_FALSE(dead_behind([&] { body.if_(), body.set(1).end(); }));
  EXPECT_FALSE(dead_behind([&] { body.if_(), body.else_().set(1).end(); }));
  EXPECT_FALSE(dead_behind([&] { body.if_(), body.if_(), body.end().block().set(1).end().end(); }));
  EXPECT_TRUE(dead_behind([&] { body.block().set(1).if_(), body.end().end(); }));
  // To a handler.
  EXPECT_TRUE(dead_behind([&] { body.call(); }));
  EXPECT_FALSE(dead_behind([&] { body.call(); }, true));
  EXPECT_FALSE(dead_behind([&] { body.block().call().append({0x00}).end(); }, true));
  EXPECT_FALSE(dead_behind([&] { body.append(hex("08 00")); }, true));
  EXPECT_TRUE(dead_behind([&] { body.append(hex("12 00")); }, true));
  // Labels of more than a byte are not the loop's because they look like it.
  EXPECT_FALSE(dead_behind([&] {
    for (int i = 0; i < 0x81; ++i) body.block();
    body.append(hex("41 00 0d 81 02"));
    for (int i = 0; i < 0x81; ++i) body.end();
  }));
  EXPECT_TRUE(dead_behind([&] {
    for (int i = 0; i < 0x81; ++i) body.block();
    body.append(hex("41 00 0d 81 01"));
    for (int i = 0; i < 0x81; ++i) body.end();
  }));
  // The same local by a number that takes more bytes than it needs.
  EXPECT_FALSE(dead_behind([&] { body.append(hex("20 81 80 00 1a")); }));
  EXPECT_FALSE(dead_behind([&] { body.append(hex("20 81 80 80 80 00 1a")); }));
}

TEST_F(Prescan, LocalsOfAllSizesAreCounted) {
  body.loop();
  body.append(hex("20 7f 1a 20 80 01 1a 20 80 80 01 1a 20 80 80 80 80 00 1a 20 9f 9c 01 1a"));
  body.append(hex("20 a0 9c 01 1a 20 ff ff ff ff 0f 1a"));  // ill-formed: there are not so many
  body.end();
  begin();
  EXPECT_TRUE(look_at(0).is_short);
  EXPECT_EQ(live(), (Counts{{127, 1}, {128, 1}, {16384, 1}, {0, 1}, {19999, 1}}));
}

// Wherever it stands: near the end of all bytes there are none to look at behind an instruction.
TEST_F(Prescan, EveryInstructionIsSteppedOver) {
  std::vector<std::vector<uint8_t>> codes;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    if (op == Op::Loop || op == Op::TryTable) continue;
    if (op_info(op).category == Category::LegacyException) continue;
    if (op_info(op).category == Category::Gc) continue;
    codes.push_back(example(op));
  }
  for (const char* longer : {"41 ff ff ff ff 07",
                             "42 80 80 80 80 80 80 80 80 80 7f",
                             "42 ff ff ff ff ff ff 00",
                             "28 02 ff ff ff ff 0f",
                             "28 02 ff ff ff ff ff 0f",
                             "28 02 ff ff ff ff ff ff ff ff ff 01",
                             "28 42 81 00 10",
                             "28 82 00 10",
                             "28 c2 00 01 90 01",
                             "28 82 80 80 00 20",
                             "fd 00 04 ff ff ff 01",
                             "fd 00 44 01 a0 01",
                             "fd 80 00 04 20",
                             "fd e4 01",
                             "fd 80 02",
                             "fd 8c 00 20 01 20 02 20 03 20 04 20 05 20 06 20 07 20 08",
                             "fd e4 81 00",
                             "fd 8c 80 00 20 01 20 02 20 03 20 04 20 05 20 06 20 07 20 08",
                             "fd 0c 20 01 20 02 20 03 20 04 20 05 20 06 20 07 20 08",
                             "44 20 01 20 01 20 01 20 01",
                             "02 c0 7f 0b",
                             "02 81 00 0b",
                             "04 63 20 0b",
                             "02 64 70 0b",
                             "02 7b 0b",
                             "10 a0 a0 20",
                             "11 20 20",
                             "11 a0 01 a0 01",
                             "1c 01 7f",
                             "1c 02 63 20 7f",
                             "d0 a0 01",
                             "0e 02 20 20 20"}) {
    codes.push_back(hex(longer));
  }
  for (const std::vector<uint8_t>& code : codes) {
    for (const size_t behind : {size_t{0}, size_t{1}, size_t{5}, size_t{16}}) {
      body = {};
      body.loop();
      body.append(code);
      body.append(hex("20 b3 07 1a"));
      body.end().nop(behind);
      begin();
      EXPECT_TRUE(look_at(0).is_short) << testing::PrintToString(code);
      const Counts found = live();
      EXPECT_EQ(std::count(found.begin(), found.end(), std::pair(947u, 1u)), 1)
          << testing::PrintToString(code);
    }
  }
}

TEST_F(Prescan, AnyBytesAreSafe) {
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    body = {};
    body.loop();
    std::vector<uint8_t> bytes(random() % 60);
    for (uint8_t& b : bytes) {
      b = static_cast<uint8_t>(random() % 3 == 0 ? 0x20 + random() % 3 : random());
    }
    // An allocation of its own, so that a sanitizer sees what is read behind it.
    begin();
    std::vector<uint8_t> exact(body.bytes().begin(), body.bytes().end() - 1);
    exact.insert(exact.end(), bytes.begin(), bytes.end());
    exact.shrink_to_fit();
    LoopScan scan;
    scan.begin(3, true, {}, exact.data());
    const LoopInfo info = scan.look_at(exact.data(), exact.data() + exact.size(), false);
    for (const LocalUse& use : scan.live()) ASSERT_LT(use.local, 3u);
    for (const uint32_t local : scan.dead()) ASSERT_LT(local, 3u);
    ASSERT_TRUE(info.is_short || scan.live().empty());
  }
}

TEST_F(Prescan, CallsThatAreUnlikelyDoNotCount) {
  const auto has_call = [this](auto&& make, bool is_likely) {
    body = {};
    body.loop();
    const size_t branch = make();
    body.nop(2 * kLongWithCall).end();
    begin({{.offset = static_cast<uint32_t>(branch), .is_likely = is_likely}});
    return !look_at(0).is_short;
  };
  const auto in_then = [this] {
    const size_t at = body.if_();
    body.call().end();
    return at;
  };
  const auto in_else = [this] {
    const size_t at = body.if_();
    body.else_().call().end();
    return at;
  };
  const auto behind_if = [this] {
    const size_t at = body.if_();
    body.else_().end().call();
    return at;
  };
  const auto behind_branch = [this] {
    body.block();
    const size_t at = body.br_if(0);
    body.call().end();
    return at;
  };
  const auto behind_block = [this] {
    body.block();
    const size_t at = body.br_if(0);
    body.end().call();
    return at;
  };
  const auto behind_branch_back = [this] {
    const size_t at = body.br_if(0);
    body.call();
    return at;
  };
  EXPECT_FALSE(has_call(in_then, false));
  EXPECT_TRUE(has_call(in_then, true));
  EXPECT_FALSE(has_call(in_else, true));
  EXPECT_TRUE(has_call(in_else, false));
  EXPECT_TRUE(has_call(behind_if, true));
  EXPECT_TRUE(has_call(behind_if, false));
  EXPECT_FALSE(has_call(behind_branch, true));
  EXPECT_TRUE(has_call(behind_branch, false));
  EXPECT_TRUE(has_call(behind_block, true));
  EXPECT_TRUE(has_call(behind_branch_back, true));
}

}  // namespace
}  // namespace sluice::test

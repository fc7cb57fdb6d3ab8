// GuestAllocator and GuestBuffer: room that the guest's own allocator gives, guests that lie about
// it, and buffers after their end.
#include <array>
#include <gtest/gtest.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sluice/sluice.hpp"

namespace {

using sluice::GuestAllocator;
using sluice::GuestBuffer;
using sluice::Result;

// Each allocation is 16 bytes behind the last; `live` counts.
constexpr std::string_view kBump = R"(
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 1024))
  (global $live (export "live") (mut i32) (i32.const 0))
  (func (export "malloc") (param $size i32) (result i32)
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (global.get $next)
    (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get $size))
                                        (i32.const 31)) (i32.const -16))))
  (func (export "free") (param i32)
    (if (i32.eqz (local.get 0)) (then unreachable))
    (global.set $live (i32.sub (global.get $live) (i32.const 1))))
  (func (export "sum") (param $p i32) (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (if (local.get $n) (then
        (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $p))))
        (local.set $p (i32.add (local.get $p) (i32.const 4)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next))))
    (local.get $sum)))";

class GuestAllocatorTest : public testing::Test {
 protected:
  sluice::Instance instantiate(std::string_view text) {
    auto module = engine.compile({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    if (!module) ADD_FAILURE() << module.error().message();
    return *linker.instantiate(store, *module);
  }
  static int32_t live(const sluice::Instance& instance) {
    return *instance.global("live")->get<int32_t>();
  }

  sluice::Engine engine;
  sluice::Store store{engine};
  sluice::Linker linker{engine};
};

TEST_F(GuestAllocatorTest, AnArrayIsPassedInOneLine) {
  const sluice::Instance instance = instantiate(kBump);
  const auto allocator = *GuestAllocator::find(instance);
  const auto sum = *instance.func<int32_t(sluice::GuestSpan<const int32_t>)>("sum");
  const std::vector<int32_t> values = {1, 20, 300, -4};
  {
    const auto numbers = *allocator.copy<int32_t>(values);
    EXPECT_EQ(live(instance), 1);
    EXPECT_EQ(*sum(numbers), 317);
    EXPECT_EQ(numbers.size(), 4u);
    EXPECT_EQ(*numbers.view().at(2), 300);
    ASSERT_TRUE(numbers.view().set(2, 3));
    EXPECT_FALSE(numbers.view().at(4));
    EXPECT_FALSE(numbers.view().set(4, 1));
    std::vector<int32_t> back(4);
    ASSERT_TRUE(numbers.view().copy_out(back));
    EXPECT_EQ(back[2], 3);
    back.resize(5);
    EXPECT_FALSE(numbers.view().copy_out(back));
    EXPECT_FALSE(numbers.view().copy_in(back));
    const sluice::GuestSpan<int32_t> span = numbers;
    EXPECT_EQ(span.size(), 4u);
    EXPECT_EQ(span[1], 20);
  }
  EXPECT_EQ(live(instance), 0);
}

TEST_F(GuestAllocatorTest, AFreedBufferIsACheckedError) {
  const sluice::Instance instance = instantiate(kBump);
  const auto allocator = *GuestAllocator::find(instance);
  auto buffer = *allocator.allocate<double>(3);
  const auto view = buffer.view();
  ASSERT_TRUE(view.set(0, 1.5));
  ASSERT_TRUE(buffer.free());
  EXPECT_EQ(live(instance), 0);
  EXPECT_NE(view.at(0).error().message().find("the guest buffer was freed"),
            std::string_view::npos);
  EXPECT_FALSE(view.set(0, 1));
  EXPECT_FALSE(view.view());
  EXPECT_EQ(view.size(), 0u);
  EXPECT_FALSE(buffer.free());
  const sluice::GuestSpan<double> span = buffer;
  EXPECT_TRUE(span.empty());
  const auto take = *instance.func<int32_t(sluice::GuestSpan<double>)>("sum");
  EXPECT_NE(take(buffer).error().message().find("was freed"), std::string_view::npos);
  auto moved = std::move(buffer);
  EXPECT_EQ(live(instance), 0);
  // A view outlives its buffer.
  std::optional<sluice::BufferView<double>> orphan;
  {
    auto other = *allocator.allocate<double>(3);
    orphan = other.view();
    EXPECT_TRUE(orphan->at(1));
    moved = std::move(other);
    EXPECT_TRUE(orphan->at(1));
  }
  EXPECT_TRUE(orphan->at(1));
  EXPECT_EQ(live(instance), 1);
  moved.release();
  {
    auto end = std::move(moved);
  }
  EXPECT_EQ(live(instance), 1) << "released to the guest";
}

TEST_F(GuestAllocatorTest, ABufferIsNoArgumentInAnotherStore) {
  const auto allocator = *GuestAllocator::find(instantiate(kBump));
  const auto buffer = *allocator.copy(std::vector<int32_t>{1, 2});
  sluice::Store other(engine);
  const auto module = *engine.compile(kBump);
  const auto sum =
      *linker.instantiate(other, module)->func<int32_t(sluice::GuestSpan<int32_t>)>("sum");
  EXPECT_NE(sum(buffer).error().message().find("another store"), std::string_view::npos);
}

TEST_F(GuestAllocatorTest, CopiesWhateverLiesInOnePiece) {
  const sluice::Instance instance = instantiate(kBump);
  const auto allocator = *GuestAllocator::find(instance);
  const auto sum = *instance.func<int32_t(sluice::GuestSpan<int32_t>)>("sum");
  std::vector<int32_t> values = {1, 20, 300};
  const int32_t plain[] = {4, 5};
  EXPECT_EQ(*sum(*allocator.copy(values)), 321);
  EXPECT_EQ(*sum(*allocator.copy(std::span(values))), 321);
  EXPECT_EQ(*sum(*allocator.copy(std::span<const int32_t>(values))), 321);
  EXPECT_EQ(*sum(*allocator.copy(std::array{1, 2})), 3);
  EXPECT_EQ(*sum(*allocator.copy(plain)), 9);
  EXPECT_EQ(allocator.copy(std::string("text"))->size(), 4u);
  EXPECT_EQ(allocator.copy(std::vector<char>(3, '\xff'))->size(), 3u) << "bytes, not a text";
}

// A buffer's end calls the guest's `free`, which must not take the request of the call around it.
TEST_F(GuestAllocatorTest, ABuffersEndLeavesTheRequestToStop) {
  std::optional<GuestAllocator> allocator;
  ASSERT_TRUE(linker.func("host", "copy", [&]() -> Result<void> {
    const auto buffer = SLUICE_TRY(allocator->copy("text"));
    store.interrupt_handle().interrupt();
    return {};
  }));
  const sluice::Instance instance =
      instantiate("(import \"host\" \"copy\" (func $copy)) (func (export \"run\") (call $copy))" +
                  std::string(kBump));
  allocator.emplace(*GuestAllocator::find(instance));
  const auto run = *instance.func<void()>("run");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run().error().trap_code(), SLUICE_TRAP_INTERRUPTED);
  {
    const auto first = *allocator->copy("one"), second = *allocator->copy("two");
    store.interrupt_handle().interrupt();
  }
  EXPECT_TRUE(store.is_interrupted());
  store.clear_interrupt();
  EXPECT_TRUE(allocator->copy("text"));
}

TEST_F(GuestAllocatorTest, Strings) {
  const sluice::Instance instance = instantiate(kBump);
  const auto allocator = *GuestAllocator::find(instance);
  const auto memory = *instance.memory();
  const auto text = *allocator.copy("grüße");
  EXPECT_EQ(*memory.read_string(text.address(), text.size()), "grüße");
  const auto c_text = *allocator.copy_c_string("abc");
  EXPECT_EQ(c_text.size(), 4u);
  EXPECT_EQ(*memory.read_c_string(c_text.address(), c_text.size()), "abc");
  EXPECT_FALSE(allocator.copy("\xc0\x80"));
  EXPECT_FALSE(allocator.copy_c_string(std::string_view("a\0b", 3)));
  EXPECT_EQ(live(instance), 2);
}

TEST_F(GuestAllocatorTest, WhatTheGuestReturnsIsNotTrusted) {
  const auto with_malloc = [&](std::string_view body) {
    return *GuestAllocator::find(
        instantiate("(memory (export \"memory\") 1) (func (export \"free\") (param i32))"
                    "(func (export \"malloc\") (param i32) (result i32) " +
                    std::string(body) + ")"));
  };
  const auto why = [](auto result) { return std::string(result.error().message()); };
  EXPECT_NE(why(with_malloc("(i32.const 65530)").allocate<int64_t>(1)).find("outside"),
            std::string::npos);
  EXPECT_NE(why(with_malloc("(i32.const -8)").allocate<int64_t>(1)).find("outside"),
            std::string::npos);
  EXPECT_NE(why(with_malloc("(i32.const 1001)").allocate<int32_t>(1)).find("aligned"),
            std::string::npos);
  EXPECT_NE(why(with_malloc("(i32.const 0)").allocate<char>(1)).find("no memory left"),
            std::string::npos);
  EXPECT_TRUE(with_malloc("(i32.const 0)").allocate<char>(0));
  EXPECT_TRUE(with_malloc("unreachable").allocate<char>(1).error().is_trap());
  EXPECT_FALSE(with_malloc("(i32.const 8)").allocate<int64_t>(SIZE_MAX / 8));
  EXPECT_FALSE(with_malloc("(i32.const 8)").allocate<int64_t>(uint64_t{1} << 29));
}

TEST_F(GuestAllocatorTest, FindsWhatFits) {
  const auto find = [&](std::string_view fields) {
    return GuestAllocator::find(instantiate(std::string(fields)));
  };
  EXPECT_FALSE(find("(memory (export \"memory\") 1)"));
  EXPECT_FALSE(find("(func (export \"malloc\") (param i32) (result i32) unreachable)"
                    "(func (export \"free\") (param i32))"))
      << "no memory";
  EXPECT_FALSE(find("(memory (export \"memory\") 1)"
                    "(func (export \"malloc\") (param i32) (result i32) unreachable)"))
      << "no free";
  EXPECT_FALSE(find("(memory (export \"memory\") 1) (func (export \"free\") (param i32))"
                    "(func (export \"malloc\") (param i64) (result i32) unreachable)"));
  const auto realloc = find(R"(
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param $old i32) (param $size i32) (param $align i32)
        (param $new i32) (result i32)
      (if (i32.or (local.get $old) (local.get $size)) (then unreachable))
      (i32.store (i32.const 0) (local.get $new))
      (i32.mul (local.get $align) (i32.const 100))))");
  ASSERT_TRUE(realloc);
  auto kept = *realloc->allocate<int64_t>(5);
  EXPECT_EQ(kept.address(), 800u);
  EXPECT_TRUE(kept.free()) << "the guest's for good";
  const auto wide = find(R"(
    (memory (export "memory") i64 1)
    (func (export "malloc") (param i64) (result i64) (i64.const 4096))
    (func (export "free") (param i64) (if (i64.ne (local.get 0) (i64.const 4096)) (then unreachable))))");
  ASSERT_TRUE(wide);
  auto far = *wide->copy("text");
  EXPECT_EQ(far.address(), 4096u);
  EXPECT_TRUE(far.free());
}

}  // namespace

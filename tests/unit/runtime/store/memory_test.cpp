#include <thread>

#include "runtime/store/memory.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using namespace sluice_test;

class MemoryTest : public StoreTest {
 protected:
  Result<Memory*> create(Limits limits, uint32_t page_size_log2 = 16) {
    return Memory::create(*store, {limits, page_size_log2});
  }
};

TEST_P(MemoryTest, StartsZeroedAndGrowsToItsMaximum) {
  Memory* memory = *create({.min = 1, .max = 3, .has_max = true});
  EXPECT_EQ(memory->size_bytes(), 65536u);
  EXPECT_EQ(memory->base()[65535], 0);
  memory->base()[100] = 42;
  EXPECT_EQ(*memory->grow(2), 1u);
  EXPECT_EQ(memory->size_pages(), 3u);
  EXPECT_EQ(memory->base()[100], 42);
  EXPECT_EQ(memory->base()[3 * 65536 - 1], 0);
  EXPECT_EQ(*memory->grow(0), 3u);
  EXPECT_EQ(memory->grow(1).error().kind, ErrorKind::MemoryLimit);
  EXPECT_EQ(memory->grow(~uint64_t{0}).error().kind, ErrorKind::MemoryLimit);
  EXPECT_EQ(memory->type().limits.min, 3u);
}

TEST_P(MemoryTest, TheBaseNeverMovesInGuardMode) {
  Memory* memory = *create({.min = 0});
  const uint8_t* before = memory->base();
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(memory->grow(16));
  if (memory->mode() == MemoryMode::Guard) {
    EXPECT_EQ(memory->base(), before);
  }
  EXPECT_EQ(memory->base()[64 * 16 * 65536 - 1], 0);
}

TEST_P(MemoryTest, LimitsAreChecked) {
  EXPECT_TRUE(create({.min = 0, .max = 65536, .has_max = true}));
  EXPECT_EQ(create({.min = 65537}).error().kind, ErrorKind::MemoryLimit);
  EXPECT_EQ(create({.min = 2, .max = 1, .has_max = true}).error().kind,
            ErrorKind::SizeMinGreaterMax);
  EXPECT_EQ(create({.min = 1, .is_shared = true}).error().kind, ErrorKind::SharedMemoryNoMax);
  EXPECT_EQ(create({.min = 1}, 3).error().kind, ErrorKind::InvalidPageSize);
  EXPECT_EQ(create({.min = uint64_t{1} << 48, .is_64 = true}).error().kind, ErrorKind::MemoryLimit);
}

TEST_P(MemoryTest, A64BitMemoryGrowsToTheEnginesBound) {
  Memory* memory = *create({.min = 1, .is_64 = true});
  const uint64_t bound_pages = engine->memory64_bound_bytes() >> 16;
  EXPECT_EQ(memory->grow(bound_pages).error().kind, ErrorKind::MemoryLimit);
  EXPECT_TRUE(memory->grow(1));
}

TEST_P(MemoryTest, BytePagesHaveExplicitChecks) {
  Memory* memory = *create({.min = 5}, 0);
  EXPECT_EQ(memory->mode(), MemoryMode::Explicit);
  EXPECT_EQ(memory->size_bytes(), 5u);
  EXPECT_EQ(*memory->grow(10'000), 5u);
  EXPECT_EQ(memory->size_bytes(), 10'005u);
  EXPECT_EQ(memory->base()[10'004], 0);
}

TEST_P(MemoryTest, HostAccessIsBounded) {
  Memory* memory = *create({.min = 1});
  const std::vector<uint8_t> bytes = {1, 2, 3};
  EXPECT_TRUE(memory->write(65533, bytes));
  EXPECT_EQ(memory->write(65534, bytes).error().kind, ErrorKind::OutOfBoundsAccess);
  std::vector<uint8_t> back(3);
  EXPECT_TRUE(memory->read(65533, back));
  EXPECT_EQ(back, bytes);
  EXPECT_FALSE(memory->read(~uint64_t{0}, back));
  EXPECT_TRUE(memory->view(65536, 0));
  EXPECT_FALSE(memory->view(65537, 0));
  EXPECT_FALSE(memory->view(1, ~uint64_t{0}));
}

TEST_P(MemoryTest, EveryEdgeAccessTrapsOrNot) {
  Instance& instance = instantiate(kBasics);
  EXPECT_EQ(call_i32(instance, "load", {Value::i32(65532)}), 0);
  for (const int32_t at : {65533, 65536, 0x7fffffff, -4, -1}) {
    EXPECT_EQ(trap_of(instance, "load", {Value::i32(at)}), TrapCode::MemoryOutOfBounds) << at;
    EXPECT_EQ(trap_of(instance, "store", {Value::i32(at), Value::i32(1)}),
              TrapCode::MemoryOutOfBounds)
        << at;
  }
  EXPECT_EQ(call_i32(instance, "grow", {Value::i32(9)}), 1);
  EXPECT_EQ(call_i32(instance, "grow", {Value::i32(1)}), -1);
  EXPECT_EQ(call_i32(instance, "load", {Value::i32(10 * 65536 - 4)}), 0);
  EXPECT_EQ(trap_of(instance, "load", {Value::i32(10 * 65536 - 3)}), TrapCode::MemoryOutOfBounds);
}

TEST_P(MemoryTest, SharedMemoriesCrossStoresAndGrowFromThreads) {
  const auto other = std::move(*Store::create(engine));
  Memory* memory = *create({.min = 1, .max = 65, .has_max = true, .is_shared = true});
  Memory* seen = *Memory::share(*other, *memory);
  EXPECT_EQ(seen->base(), memory->base());
  memory->base()[7] = 9;
  EXPECT_EQ(seen->base()[7], 9);
  std::thread grower([&] {
    for (int i = 0; i < 32; ++i) EXPECT_TRUE(seen->grow(1));
  });
  for (int i = 0; i < 32; ++i) EXPECT_TRUE(memory->grow(1));
  grower.join();
  EXPECT_EQ(memory->size_pages(), 65u);
  EXPECT_EQ(seen->size_pages(), 65u);
  Memory* own = *create({.min = 1});
  EXPECT_EQ(Memory::share(*other, *own).error().kind, ErrorKind::WrongStore);
}

TEST_P(MemoryTest, ManyMemoriesComeAndGo) {
  for (int round = 0; round < 20; ++round) {
    const auto own = std::move(*Store::create(engine));
    for (int i = 0; i < 20; ++i) {
      Result<Memory*> memory = Memory::create(*own, {.limits = {.min = 1}});
      ASSERT_TRUE(memory) << memory.error().message();
      (*memory)->base()[0] = 1;
    }
  }
}

SLUICE_ALL_MODES(MemoryTest);

}  // namespace
}  // namespace sluice

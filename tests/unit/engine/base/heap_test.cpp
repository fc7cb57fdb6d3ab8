// The heap hook: containers, Allocated classes and shared objects all go through it, with sizes and
// alignments that match between allocation and release.
#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <map>

#include "engine/base/heap.h"

namespace sluice {
namespace {

struct Block {
  size_t size_bytes;
  size_t align_bytes;
};

// Hooks have no context argument, so what they note is static.
std::map<void*, Block> live;
size_t mismatches = 0;

void* noting_allocate(size_t size_bytes, size_t align_bytes) {
  const size_t rounded = (size_bytes + align_bytes - 1) & ~(align_bytes - 1);
  void* block = std::aligned_alloc(align_bytes, rounded);
  live[block] = {size_bytes, align_bytes};
  return block;
}

void noting_release(void* block, size_t size_bytes, size_t align_bytes) {
  const auto found = live.find(block);
  if (found == live.end() || found->second.size_bytes != size_bytes ||
      found->second.align_bytes != align_bytes) {
    ++mismatches;
  }
  live.erase(block);
  std::free(block);
}

/// The hooks cannot be read back, so the test process ends with these defaults instead of its own.
class HeapTest : public testing::Test {
 protected:
  HeapTest() {
    live.clear();
    mismatches = 0;
    set_heap_hooks({noting_allocate, noting_release});
  }
  ~HeapTest() override {
    EXPECT_TRUE(live.empty()) << live.size() << " blocks leaked";
    EXPECT_EQ(mismatches, 0u);
    set_heap_hooks({[](size_t size_bytes, size_t align_bytes) {
                      return std::aligned_alloc(align_bytes, (size_bytes + align_bytes - 1) &
                                                                 ~(align_bytes - 1));
                    },
                    [](void* block, size_t, size_t) { std::free(block); }});
  }
};

TEST_F(HeapTest, ContainersUseTheHooks) {
  Vector<uint64_t> numbers;
  for (uint64_t i = 0; i < 1000; ++i) numbers.push_back(i);
  EXPECT_EQ(live.size(), 1u);
  EXPECT_TRUE(live.contains(numbers.data()));

  const String text(100, 'x');
  EXPECT_TRUE(live.contains(const_cast<char*>(text.data())));

  HashMap<uint32_t, uint32_t> map;
  map[1] = 2;
  Deque<uint32_t> deque(10);
  EXPECT_GT(live.size(), 4u);
}

struct Plain : Allocated {
  uint64_t value = 7;
};
struct alignas(64) Aligned : Allocated {
  uint8_t line[64];
};

TEST_F(HeapTest, AllocatedClassesUseTheHooksWithTheirAlignment) {
  const auto plain = std::make_unique<Plain>();
  ASSERT_TRUE(live.contains(plain.get()));
  EXPECT_EQ(live[plain.get()].size_bytes, sizeof(Plain));

  const auto aligned = std::make_unique<Aligned>();
  ASSERT_TRUE(live.contains(aligned.get()));
  EXPECT_EQ(live[aligned.get()].align_bytes, 64u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(aligned.get()) % 64, 0u);
}

TEST_F(HeapTest, SharedObjectsKeepTheirCountInTheSameBlock) {
  const auto shared = make_shared_heap<Plain>();
  EXPECT_EQ(live.size(), 1u);
  EXPECT_EQ(shared->value, 7u);
}

TEST_F(HeapTest, EmptyRequestsAreDistinctBlocks) {
  void* one = heap_allocate(0, 1);
  void* two = heap_allocate(0, 1);
  EXPECT_NE(one, nullptr);
  EXPECT_NE(one, two);
  heap_release(one, 0, 1);
  heap_release(two, 0, 1);
}

TEST_F(HeapTest, ReleasingNullIsNothing) {
  heap_release(nullptr, 8, 8);
  EXPECT_EQ(mismatches, 0u);
}

TEST_F(HeapTest, TryAllocateReportsExhaustion) {
  set_heap_hooks({[](size_t, size_t) -> void* { return nullptr; }, noting_release});
  EXPECT_EQ(heap_try_allocate(16, 8), nullptr);
  EXPECT_DEATH((void)heap_allocate(16, 8), "out of memory");
}

}  // namespace
}  // namespace sluice

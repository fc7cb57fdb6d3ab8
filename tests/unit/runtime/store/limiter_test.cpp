// What a store may have: each limit refuses by itself, says so, and leaves everything as it was.
#include "runtime/store/limiter.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using namespace sluice_test;

class LimiterTest : public StoreTest {
 protected:
  void limit(const StoreLimits& limits) { store->limiter().set_limits(limits); }
  /// The error of a failed request, which must be a StoreLimit with these words.
  template <class T>
  static void expect_refused(const Result<T>& result, std::string_view words) {
    ASSERT_FALSE(result) << "not refused: " << words;
    EXPECT_EQ(result.error().kind, ErrorKind::StoreLimit);
    EXPECT_NE(result.error().message().find(words), String::npos) << result.error().message();
  }
  static constexpr uint64_t kPage = 65536;
  static MemoryType pages(uint64_t min) { return {.limits = {.min = min}}; }
  static TableType elements(uint64_t min) { return {kFuncRef, {.min = min}}; }
};

TEST_P(LimiterTest, TheSumOfAllMemoriesCounts) {
  limit({.memory_bytes = 4 * kPage + 5});
  Memory* first = *Memory::create(*store, pages(2));
  expect_refused(Memory::create(*store, pages(3)), "327680 bytes of memory, at most 262149");
  ASSERT_TRUE(Memory::create(*store, pages(1)));
  EXPECT_EQ(*first->grow(1), 2u);
  expect_refused(first->grow(1), "327680 bytes of memory");
  EXPECT_EQ(*first->grow(0), 3u) << "no growth is always allowed";
  limit({.memory_bytes = 0});
  EXPECT_EQ(*first->grow(0), 3u);
  EXPECT_EQ(first->size_bytes(), 3 * kPage) << "what is there stays";
  limit({});
  EXPECT_TRUE(first->grow(1));
}

TEST_P(LimiterTest, AMemorysOwnMaximumIsAnotherError) {
  limit({.memory_bytes = kPage});
  Memory* memory = *Memory::create(*store, {.limits = {.min = 1, .max = 2, .has_max = true}});
  EXPECT_EQ(memory->grow(2).error().kind, ErrorKind::MemoryLimit);
  expect_refused(memory->grow(1), "bytes of memory");
}

TEST_P(LimiterTest, TheSumOfAllTablesCounts) {
  limit({.table_elements = 10});
  Table* table = *Table::create(*store, elements(6));
  expect_refused(Table::create(*store, elements(5)), "11 elements of tables, at most 10");
  EXPECT_EQ(*table->grow(4, Value::null()), 6u);
  expect_refused(table->grow(1, Value::null()), "11 elements");
  EXPECT_EQ(table->size(), 10u);
}

TEST_P(LimiterTest, NumbersOfObjects) {
  limit({.instances = 1, .memories = 2, .tables = 2});
  ASSERT_TRUE(try_instantiate(kBasics));
  const Outcome<Instance*> second = try_instantiate(kBasics);
  ASSERT_FALSE(second);
  expect_refused(Result<void>(std::unexpected(second.error().error)), "2 instances, at most 1");
  ASSERT_TRUE(Memory::create(*store, pages(0)));
  expect_refused(Memory::create(*store, pages(0)), "3 memories, at most 2");
  ASSERT_TRUE(Table::create(*store, elements(0)));
  expect_refused(Table::create(*store, elements(0)), "3 tables, at most 2");
}

TEST_P(LimiterTest, AnInstanceWhoseMemoryIsRefusedFails) {
  limit({.memory_bytes = kPage - 1});
  const Outcome<Instance*> made = try_instantiate(kBasics);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().error.kind, ErrorKind::StoreLimit);
  limit({});
  EXPECT_TRUE(try_instantiate(kBasics));
}

TEST_P(LimiterTest, GuestsGetMinusOneOrATrap) {
  Instance& instance = instantiate(kBasics);
  limit({.memory_bytes = 2 * kPage});
  EXPECT_EQ(call_i32(instance, "grow", {Value::i32(2)}), -1);
  EXPECT_EQ(call_i32(instance, "grow", {Value::i32(1)}), 1);
  limit({.memory_bytes = 2 * kPage, .trap_on_refused_grow = true});
  const Outcome<Value> trapped = call(instance, "grow", {Value::i32(1)});
  ASSERT_FALSE(trapped);
  ASSERT_TRUE(trapped.error().is_trap());
  EXPECT_EQ(trapped.error().trap->code(), TrapCode::StoreLimit);
  EXPECT_NE(trapped.error().message().find("196608 bytes of memory, at most 131072"), String::npos)
      << trapped.error().message();
  EXPECT_EQ(call_i32(instance, "grow", {Value::i32(1000)}), -1) << "its own maximum does not trap";
  EXPECT_EQ(call_i32(instance, "grow", {Value::i32(0)}), 2);
}

struct Questions {
  std::vector<Growth> asked;
  uint64_t most = UINT64_MAX;
  bool released = false;
};

bool answer(void* env, const Growth& growth) {
  auto& questions = *static_cast<Questions*>(env);
  questions.asked.push_back(growth);
  return growth.desired <= questions.most;
}

void release(void* env) { static_cast<Questions*>(env)->released = true; }

TEST_P(LimiterTest, AFunctionIsAskedAboutEach) {
  Questions questions;
  store->limiter().set_callback(&answer, &questions, &release);
  Memory* memory = *Memory::create(*store, {.limits = {.min = 1, .max = 9, .has_max = true}});
  Table* table = *Table::create(*store, elements(3));
  ASSERT_EQ(questions.asked.size(), 2u);
  EXPECT_EQ(questions.asked[0].kind, ExternKind::Memory);
  EXPECT_EQ(questions.asked[0].current, 0u);
  EXPECT_EQ(questions.asked[0].desired, kPage);
  EXPECT_EQ(questions.asked[0].maximum, 9 * kPage);
  EXPECT_EQ(questions.asked[1].kind, ExternKind::Table);
  EXPECT_EQ(questions.asked[1].maximum, UINT64_MAX);
  questions.most = 2 * kPage;
  EXPECT_TRUE(memory->grow(1));
  expect_refused(memory->grow(1), "the embedder refuses a memory of 196608 bytes");
  questions.most = 3;
  expect_refused(table->grow(1, Value::null()), "the embedder refuses a table of 4 elements");
  EXPECT_EQ(memory->grow(9).error().kind, ErrorKind::MemoryLimit) << "not worth a question";
  EXPECT_EQ(questions.asked.size(), 5u);
  EXPECT_FALSE(questions.released);
  store->limiter().set_callback(nullptr, nullptr, nullptr);
  EXPECT_TRUE(questions.released);
  EXPECT_TRUE(memory->grow(1));
}

TEST_P(LimiterTest, ASharedMemoryCountsInEachStore) {
  Memory* memory =
      *Memory::create(*store, {.limits = {.min = 1, .max = 4, .has_max = true, .is_shared = true}});
  const auto other = *Store::create(engine);
  other->limiter().set_limits({.memory_bytes = 2 * kPage, .memories = 1});
  Memory* there = *Memory::share(*other, *memory);
  expect_refused(Memory::share(*other, *memory), "2 memories");
  EXPECT_TRUE(there->grow(1));
  expect_refused(there->grow(1), "bytes of memory");
  EXPECT_TRUE(memory->grow(2)) << "the first store has no limit";
}

SLUICE_BOTH_MODES(LimiterTest);

}  // namespace
}  // namespace sluice

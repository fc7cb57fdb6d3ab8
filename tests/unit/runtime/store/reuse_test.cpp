// What one guest leaves in memory, no other ever sees: memories come and go in all sizes, with data
// segments and without, are filled to their last byte, and start afresh all the same.
#include <random>
#include <string>
#include <unistd.h>

#include "tests/support/fork.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using Bytes = std::vector<uint8_t>;

void put_leb(Bytes& out, int64_t value) {
  for (; value < -64 || value > 63; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value & 0x7f));
}

void put_section(Bytes& out, uint8_t id, const Bytes& content) {
  out.push_back(id);
  size_t size = content.size();
  for (; size >= 0x80; size >>= 7) out.push_back(static_cast<uint8_t>(size | 0x80));
  out.push_back(static_cast<uint8_t>(size));
  out.insert(out.end(), content.begin(), content.end());
}

constexpr uint32_t kPage = 65536;
constexpr uint32_t kMostPages = 12;
constexpr uint8_t kData[] = {'d', 'a', 't', 'a'};

/// A module with a memory of `pages` to kMostPages pages, exported, and 4 bytes of data at each of
/// the addresses.
Bytes module_of(uint8_t pages, const std::vector<uint32_t>& addresses) {
  Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  put_section(out, 5, {1, 1, pages, kMostPages});
  put_section(out, 7, {1, 6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0});
  Bytes data = {static_cast<uint8_t>(addresses.size())};
  for (const uint32_t address : addresses) {
    data.push_back(0);
    data.push_back(0x41);
    put_leb(data, static_cast<int32_t>(address));
    data.push_back(0x0b);
    data.push_back(sizeof kData);
    data.insert(data.end(), std::begin(kData), std::end(kData));
  }
  put_section(out, 11, data);
  return out;
}

struct Shape {
  uint8_t pages;
  std::vector<uint32_t> addresses;
};
const Shape kShapes[] = {
    {0, {}},
    {1, {}},
    {3, {}},
    {1, {100}},
    {2, {70'000}},
    {2, {131'068}},
    {5, {0, 70'000, 300'000}},
    {5, {66'000, 327'676}},
    {12, {200'000}},
    {3, {4096 * 20 - 2, 4096 * 40 - 2}},
};

// A fault that a write finds, as the kernel tells it: a byte that cannot be read.
bool is_readable(const uint8_t* at) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  const bool readable = write(ends[1], at, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return readable;
}

class ReuseTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    for (const Shape& shape : kShapes)
      modules_.push_back(compile(module_of(shape.pages, shape.addresses)));
  }

  /// Is a new instance's memory as its module says?
  void expect_fresh(const Memory& memory, const Shape& shape) {
    ASSERT_EQ(memory.size_bytes(), uint64_t{shape.pages} * kPage);
    Bytes expected(memory.size_bytes());
    for (const uint32_t address : shape.addresses) {
      std::copy(std::begin(kData), std::end(kData), expected.begin() + address);
    }
    ASSERT_TRUE(expected.empty() ||
                std::memcmp(memory.base(), expected.data(), expected.size()) == 0);
    if (GetParam() != MemoryModeChoice::Guard) return;
    for (const uint64_t behind :
         {uint64_t{0}, uint64_t{4095}, uint64_t{kPage}, uint64_t{kPage} * 11}) {
      ASSERT_FALSE(is_readable(memory.base() + memory.size_bytes() + behind)) << behind;
    }
  }

  static void grow_and_fill(Memory& memory, uint64_t pages) {
    const uint64_t before = memory.size_bytes();
    const Result<uint64_t> grown = memory.grow(pages);
    if (grown) {
      for (uint64_t at = before; at < memory.size_bytes(); ++at) ASSERT_EQ(memory.base()[at], 0);
    }
    std::fill_n(memory.base(), memory.size_bytes(), uint8_t{0xaa});
  }

  std::vector<std::shared_ptr<const CompiledModule>> modules_;
};

TEST_P(ReuseTest, NothingIsLeftOver) {
  std::mt19937 random(7);
  const auto pick = [&](size_t below) { return random() % below; };
  for (int round = 0; round < 60; ++round) {
    std::vector<std::pair<Memory*, size_t>> live;
    for (size_t i = pick(8) + 1; i-- != 0;) {
      const size_t shape = pick(std::size(kShapes));
      const Outcome<Instance*> made = sluice::instantiate(*store, modules_[shape], {});
      ASSERT_TRUE(made) << made.error().message();
      Memory* memory = *(*made)->exported_memory("memory");
      expect_fresh(*memory, kShapes[shape]);
      if (HasFatalFailure()) FAIL() << "round " << round << ", shape " << shape;
      grow_and_fill(*memory, pick(kMostPages));
      if (HasFatalFailure()) FAIL() << "round " << round << ", shape " << shape;
      live.emplace_back(memory, shape);
    }
    for (const auto& [memory, shape] : live) {
      for (uint64_t at = 0; at < memory->size_bytes(); at += 4093) {
        ASSERT_EQ(memory->base()[at], 0xaa) << "another's writes";
      }
    }
    if (pick(5) == 0) {
      const size_t shape = pick(std::size(kShapes));
      modules_[shape] = compile(module_of(kShapes[shape].pages, kShapes[shape].addresses));
    }
    store = std::move(*Store::create(engine));
  }
}

TEST_P(ReuseTest, AChildsMemoriesAreItsOwn) {
  const auto use = [&] {
    for (int i = 0; i < 3; ++i) {
      for (size_t shape = 0; shape < std::size(kShapes); ++shape) {
        Memory* memory =
            *(**sluice::instantiate(*store, modules_[shape], {})).exported_memory("memory");
        expect_fresh(*memory, kShapes[shape]);
        grow_and_fill(*memory, 2);
      }
      store = std::move(*Store::create(engine));
    }
  };
  use();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  use();
  if (child == 0) _exit(HasFailure() ? 1 : 0);
  EXPECT_EQ(test::wait_for(child), 0);
  use();
}

SLUICE_BOTH_MODES(ReuseTest);

}  // namespace
}  // namespace sluice

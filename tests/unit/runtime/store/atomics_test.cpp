// Atomics of guests on several threads, each with a store of its own on one shared memory. What one
// thread alone can see of them is in the suite `threads` and in sandbox_test.cpp.
#include <atomic>
#include <gtest/gtest.h>
#include <thread>

#include "engine/wasm/opcodes.h"
#include "tests/unit/engine/binary/module_bytes.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using test::Bytes, test::cat, test::leb, test::module, test::name, test::section, test::sized;

constexpr uint32_t kThreads = 4;
constexpr int32_t kTurns = 20'000;

/// Functions "f0" … on a shared memory "m" "memory", of the types (i64 x, i32 turns) -> () and, for
/// the last, (i32 expected, i64 timeout) -> i32.
class AtomicsTest : public StoreTest {
 protected:
  struct Guest {
    std::unique_ptr<Store> store;
    Instance* instance = nullptr;
  };

  void SetUp() override {
    StoreTest::SetUp();
    memory_ = *Memory::create(*store, {{.min = 1, .max = 4, .has_max = true, .is_shared = true}});
  }

  /// A loop of `turns` turns over `code`, which may use x, local 0, and an i64 local, 2.
  static Bytes looped(const Bytes& code) {
    return sized(cat(
        {{1, 1, 0x7e, 0x03, 0x40}, code, {0x20, 1, 0x41, 1, 0x6b, 0x22, 1, 0x0d, 0, 0x0b, 0x0b}}));
  }

  void compile_functions(const std::vector<Bytes>& loops) {
    Bytes funcs = leb(loops.size() + 2), exports = funcs, code = funcs;
    auto add = [&](uint8_t type, const Bytes& body, size_t index) {
      funcs.push_back(type);
      exports = cat({exports, name("f" + std::to_string(index)), {0}, leb(index)});
      code = cat({code, body});
    };
    for (size_t i = 0; i < loops.size(); ++i) add(0, looped(loops[i]), i);
    // memory.atomic.wait32 and notify at 64
    add(1, sized({0, 0x41, 56, 0x20, 0, 0x20, 1, 0xfe, 0x01, 2, 8, 0x0b}), loops.size());
    add(2, sized({0, 0x41, 60, 0x20, 0, 0xfe, 0x00, 2, 4, 0x0b}), loops.size() + 1);
    compiled_ = compile(module({section(1, {{0x60, 2, 0x7e, 0x7f, 0},
                                            {0x60, 2, 0x7f, 0x7e, 1, 0x7f},
                                            {0x60, 1, 0x7f, 1, 0x7f}}),
                                section(2, {cat({name("m"), name("memory"), {2, 3, 1, 4}})}),
                                section(3, funcs), section(7, exports), section(10, code)}));
  }

  Guest guest() {
    Guest made;
    made.store = std::move(*Store::create(engine));
    const Extern import(*Memory::share(*made.store, *memory_));
    made.instance = *sluice::instantiate(*made.store, compiled_, {&import, 1});
    return made;
  }

  /// Runs a function on all threads at once, with x by thread.
  template <class X>
  void run_on_all(const std::string& func, X x) {
    std::atomic<uint32_t> ready = 0;
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        const Guest own = guest();
        ++ready;
        while (ready < kThreads) std::this_thread::yield();
        const Func body = *own.instance->exported_func(func);
        EXPECT_TRUE(body.call(std::vector<Value>{Value::i64(x(i)), Value::i32(kTurns)}, {}));
      });
    }
    for (std::thread& each : threads) each.join();
  }

  uint64_t word() const {
    uint64_t bits = 0;
    std::memcpy(&bits, memory_->base() + 8, sizeof bits);
    return bits;
  }
  void set_word(uint64_t bits) { std::memcpy(memory_->base() + 8, &bits, sizeof bits); }

  Memory* memory_ = nullptr;
  std::shared_ptr<const CompiledModule> compiled_;
};

struct Sized {
  uint32_t bytes;
  uint8_t row;  // in its family
};
constexpr Sized kSizes[] = {{8, 1}, {1, 4}, {2, 5}, {4, 6}};  // the i64 forms
constexpr uint8_t kAdd = 0x1e, kSub = 0x25, kAnd = 0x2c, kOr = 0x33, kXor = 0x3a, kXchg = 0x41,
                  kCmpxchg = 0x48;

Bytes atomic(uint8_t family, const Sized& size) {
  const auto align = static_cast<uint8_t>(std::countr_zero(size.bytes));
  return {kPrefixAtomic, static_cast<uint8_t>(family + size.row), align, 0};
}
Bytes update(uint8_t family, const Sized& size, const Bytes& operand) {
  return cat({{0x41, 8}, operand, atomic(family, size), {0x1a}});
}
const Bytes kX = {0x20, 0};
const Bytes kNotX = {0x20, 0, 0x42, 0x7f, 0x85};

uint64_t mask_of(const Sized& size) {
  return size.bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * size.bytes)) - 1;
}

TEST_P(AtomicsTest, NoUpdateIsLost) {
  std::vector<Bytes> loops;
  for (const Sized& size : kSizes) {
    loops.push_back(update(kAdd, size, kX));
    loops.push_back(update(kSub, size, kX));
    loops.push_back(update(kXor, size, kX));
    loops.push_back(cat({update(kAnd, size, kNotX), update(kOr, size, kX)}));
  }
  compile_functions(loops);
  size_t func = 0;
  const uint64_t total = uint64_t{kThreads} * kTurns;
  for (const Sized& size : kSizes) {
    SCOPED_TRACE(std::to_string(size.bytes) + " bytes");
    // What lies beside the word stays as it is.
    const uint64_t mask = mask_of(size), beside = 0x1122'3344'5566'7788 & ~mask;
    auto run = [&](auto x) {
      set_word(beside);
      run_on_all("f" + std::to_string(func++), x);
      return word();
    };
    EXPECT_EQ(run([](uint32_t) { return 1; }), beside | (total & mask));
    EXPECT_EQ(run([](uint32_t) { return 1; }), beside | ((0 - total) & mask));
    EXPECT_EQ(run([](uint32_t i) { return int64_t{1} << i; }), beside);  // an even number of times
    EXPECT_EQ(run([](uint32_t i) { return int64_t{1} << i; }), beside | ((1u << kThreads) - 1));
  }
}

// An increment by cmpxchg: until it has found the value that it has seen before.
// A lock that exchange takes and an atomic store gives back, around a plain increment.
TEST_P(AtomicsTest, CompareExchangeAndExchangeMakeLocks) {
  std::vector<Bytes> loops;
  for (const Sized& size : kSizes) {
    const auto align = static_cast<uint8_t>(std::countr_zero(size.bytes));
    const auto load_op = static_cast<uint8_t>(0x10 + size.row),
               store_op = static_cast<uint8_t>(0x17 + size.row);
    loops.push_back(cat({{0x03, 0x40, 0x41, 8, 0x41, 8, kPrefixAtomic, load_op, align, 0, 0x22, 2,
                          0x20, 2, 0x42, 1, 0x7c},
                         atomic(kCmpxchg, size),
                         {0x20, 2, 0x52, 0x0d, 0, 0x0b}}));
    loops.push_back(cat({{0x03, 0x40, 0x41, 8, 0x42, 1},
                         atomic(kXchg, size),
                         {0x50, 0x45, 0x0d, 0, 0x0b},
                         {0x41, 16, 0x41, 16, 0x29, 3, 0, 0x42, 1, 0x7c, 0x37, 3, 0},
                         {0x41, 8, 0x42, 0, kPrefixAtomic, store_op, align, 0}}));
  }
  compile_functions(loops);
  constexpr uint64_t kTotal = uint64_t{kThreads} * kTurns;
  size_t func = 0;
  for (const Sized& size : kSizes) {
    SCOPED_TRACE(std::to_string(size.bytes) + " bytes");
    set_word(0);
    run_on_all("f" + std::to_string(func++), [](uint32_t) { return 0; });
    EXPECT_EQ(word(), kTotal & mask_of(size));
    set_word(0);
    std::memset(memory_->base() + 16, 0, 8);
    run_on_all("f" + std::to_string(func++), [](uint32_t) { return 0; });
    uint64_t count = 0;
    std::memcpy(&count, memory_->base() + 16, 8);
    EXPECT_EQ(count, kTotal);
    EXPECT_EQ(word(), 0u);
  }
}

TEST_P(AtomicsTest, GuestAndHostWakeEachOther) {
  compile_functions({});
  std::thread waiting([&] {
    const Guest own = guest();
    Value result;
    const Func wait = *own.instance->exported_func("f0");
    ASSERT_TRUE(wait.call(std::vector<Value>{Value::i32(0), Value::i64(-1)}, {&result, 1}));
    EXPECT_EQ(result.as_i32(), 0);
    EXPECT_EQ(*own.instance->memory(MemoryIdx{0})->wait32(64, 0, -1), WaitResult::Woken);
  });
  auto woken_by_host = [&] { return *memory_->notify(64, 1); };
  while (woken_by_host() == 0) std::this_thread::yield();
  const Guest own = guest();
  const Func notify = *own.instance->exported_func("f1");
  Value result = Value::i32(0);
  while (result.as_i32() == 0) {
    ASSERT_TRUE(notify.call(std::vector<Value>{Value::i32(1)}, {&result, 1}));
    std::this_thread::yield();
  }
  waiting.join();
}

TEST_P(AtomicsTest, TheHostsWaitsAreChecked) {
  EXPECT_EQ(*memory_->wait32(0, 1, -1), WaitResult::NotEqual);
  EXPECT_EQ(*memory_->wait64(8, 0, 0), WaitResult::TimedOut);
  EXPECT_EQ(memory_->wait32(2, 0, 0).error().kind, ErrorKind::UnalignedAtomicAccess);
  EXPECT_EQ(memory_->wait64(4, 0, 0).error().kind, ErrorKind::UnalignedAtomicAccess);
  EXPECT_EQ(memory_->wait32(65536, 0, 0).error().kind, ErrorKind::OutOfBoundsAccess);
  EXPECT_EQ(memory_->notify(~uint64_t{3}, 1).error().kind, ErrorKind::OutOfBoundsAccess);
  // Alignment comes first, as for the loads and stores.
  EXPECT_EQ(memory_->wait32(65538, 0, 0).error().kind, ErrorKind::UnalignedAtomicAccess);
  EXPECT_EQ(memory_->notify(~uint64_t{0}, 1).error().kind, ErrorKind::UnalignedAtomicAccess);
  EXPECT_EQ(*memory_->notify(65532, 1), 0u);
  Memory* own = *Memory::create(*store, {{.min = 1}});
  EXPECT_EQ(own->wait32(0, 1, 0).error().kind, ErrorKind::MemoryNotShared);
  EXPECT_EQ(*own->notify(0, 1), 0u);
}

SLUICE_ALL_MODES(AtomicsTest);

}  // namespace
}  // namespace sluice

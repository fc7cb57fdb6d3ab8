// Random programs give the same results whatever registers are picked and whenever values are
// spilled: with the plain choices, under stress with many seeds, and in both memory modes.
#include <random>

#include "tests/unit/jit/baseline/test_runner.h"

namespace sluice::test {
namespace {

constexpr uint32_t kI32Locals = 12;
constexpr uint32_t kI64Locals = 6;
constexpr uint32_t kF64Locals = 6;
constexpr uint32_t kLocals = kI32Locals + kI64Locals + kF64Locals;
constexpr uint32_t kFuel = kLocals;  // an i32 local that bounds the number of loop turns

/// Writes a body that always terminates: fuel runs out in loops, calls only go to earlier
/// functions.
class Program {
 public:
  explicit Program(uint64_t seed) : random_(seed) {}

  Code body(uint32_t func) {
    code_ = Code();
    labels_.clear();
    func_ = func;
    budget_ = 150;
    code_.i32(40).set(kFuel);
    statements(8);
    hash_locals();
    return code_;
  }

 private:
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  uint32_t i32_local() { return below(kI32Locals); }
  uint32_t i64_local() { return kI32Locals + below(kI64Locals); }
  uint32_t f64_local() { return kI32Locals + kI64Locals + below(kF64Locals); }

  void i32(uint32_t depth) {
    uint32_t choice = depth == 0 ? below(3) : below(20);
    switch (choice) {
    case 0:
    case 1: code_.get(i32_local()); return;
    case 2: code_.i32(static_cast<int32_t>(random_() >> below(32))); return;
    case 3:
      i32(depth - 1);
      code_.tee(i32_local());
      return;
    case 4:
      i64(depth - 1);
      code_.op(0xa7);
      return;  // wrap
    case 5:
      i32(depth - 1);
      code_.op(0x45);
      return;  // eqz
    case 6:
      i64(depth - 1);
      i64(depth - 1);
      code_.op(static_cast<uint8_t>(0x51 + below(10)));
      return;
    case 7:
      f64(depth - 1);
      f64(depth - 1);
      code_.op(static_cast<uint8_t>(0x61 + below(6)));
      return;
    case 8:  // load
      address(depth - 1);
      code_.op(static_cast<uint8_t>(below(2) == 0 ? 0x28 : 0x2c + below(4))).op(0, below(64));
      return;
    case 9:  // a block with a value
      code_.block(kTypeI32);
      labels_.push_back(kTypeI32);
      if (below(2) == 0) statements(2);
      i32(depth - 1);
      i32(depth - 1);
      code_.br_if(0);
      labels_.pop_back();
      code_.end();
      return;
    case 10:
      i32(depth - 1);
      code_.if_(kTypeI32);
      labels_.push_back(kTypeI32);
      if (below(2) == 0) statements(1);
      i32(depth - 1);
      code_.else_();
      i32(depth - 1);
      labels_.pop_back();
      code_.end();
      return;
    case 11:
      i32(depth - 1);
      i32(depth - 1);
      i32(depth - 1);
      code_.op(0x1b);
      return;
    case 12:
      if (func_ == 0) return i32(0);
      for (int i = 0; i < 4; ++i) i32(depth - 1);
      code_.call(below(func_));
      return;
    case 13:
      i32(depth - 1);
      code_.op(static_cast<uint8_t>(0x67 + below(3)));
      return;
    case 14:  // an unsigned division that cannot trap
      i32(depth - 1);
      i32(depth - 1);
      code_.i32(1).op(0x72).op(below(2) == 0 ? 0x6e : 0x70);
      return;
    case 15:
      f64(depth - 1);
      code_.op(0xfc, 2 + below(2));
      return;  // trunc_sat
    default: {
      static constexpr uint8_t kOps[] = {0x46, 0x47, 0x48, 0x49, 0x4c, 0x4f, 0x6a, 0x6b, 0x6c,
                                         0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78};
      i32(depth - 1);
      i32(depth - 1);
      code_.op(kOps[below(sizeof kOps)]);
      return;
    }
    }
  }

  void i64(uint32_t depth) {
    switch (depth == 0 ? below(2) : below(9)) {
    case 0: code_.get(i64_local()); return;
    case 1:
      code_.op(0x42);
      put_signed(code_.bytes, static_cast<int64_t>(random_() >> below(64)));
      return;
    case 2:
      i32(depth - 1);
      code_.op(static_cast<uint8_t>(0xac + below(2)));
      return;
    case 3:
      i64(depth - 1);
      code_.tee(i64_local());
      return;
    case 4:
      address(depth - 1);
      code_.op(0x29).op(0, below(64));
      return;
    case 5:
      i64(depth - 1);
      i64(depth - 1);
      i32(depth - 1);
      code_.op(0x1b);
      return;
    default: {
      static constexpr uint8_t kOps[] = {0x7c, 0x7d, 0x7e, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88};
      i64(depth - 1);
      i64(depth - 1);
      code_.op(kOps[below(sizeof kOps)]);
      return;
    }
    }
  }

  void f64(uint32_t depth) {
    switch (depth == 0 ? below(2) : below(8)) {
    case 0: code_.get(f64_local()); return;
    case 1: {
      code_.op(0x44);
      double value = static_cast<double>(below(1000)) / 8;
      auto bits = std::bit_cast<std::array<uint8_t, 8>>(value);
      code_.bytes.insert(code_.bytes.end(), bits.begin(), bits.end());
      return;
    }
    case 2:
      i32(depth - 1);
      code_.op(static_cast<uint8_t>(0xb7 + below(2)));
      return;
    case 3:
      f64(depth - 1);
      code_.tee(f64_local());
      return;
    case 4:
      f64(depth - 1);
      f64(depth - 1);
      i32(depth - 1);
      code_.op(0x1b);
      return;
    default:
      f64(depth - 1);
      f64(depth - 1);
      // add, sub, mul, min, max: no NaN comes of finite values below the overflow seen here
      code_.op(static_cast<uint8_t>(below(2) == 0 ? 0xa0 + below(2) : 0xa4 + below(2)));
      return;
    }
  }

  void address(uint32_t depth) {
    i32(depth);
    code_.i32(0x7fff).op(0x71);
  }

  void statements(uint32_t count) {
    for (uint32_t i = 0; i < count && budget_ > 0; ++i) {
      --budget_;
      statement();
    }
  }

  void statement() {
    switch (below(14)) {
    case 0:
    case 1:
    case 2:
      i32(3);
      code_.set(i32_local());
      return;
    case 3:
      i64(3);
      code_.set(i64_local());
      return;
    case 4:
      f64(3);
      code_.set(f64_local());
      return;
    case 5:
      address(2);
      i32(2);
      code_.op(static_cast<uint8_t>(below(2) == 0 ? 0x36 : 0x3a + below(2))).op(0, below(64));
      return;
    case 6: copy_loop(); return;
    case 7:
      i32(2);
      code_.if_();
      labels_.push_back(0);
      statements(3);
      labels_.pop_back();
      code_.end();
      return;
    case 8:
      i32(2);
      code_.if_();
      labels_.push_back(0);
      statements(2);
      code_.else_();
      statements(2);
      labels_.pop_back();
      code_.end();
      return;
    case 9:
      code_.block();
      labels_.push_back(0);
      statements(4);
      labels_.pop_back();
      code_.end();
      return;
    case 10: loop(); return;
    case 11: leave(true); return;
    case 12: table(); return;
    default:  // operands wait below a block
      i32(1);
      code_.block();
      labels_.push_back(0);
      statements(2);
      labels_.pop_back();
      code_.end();
      code_.set(i32_local());
      return;
    }
  }

  // Parallel assignments, as compilers make them of phi functions.
  void copy_loop() {
    uint32_t a = i32_local();
    uint32_t b = i32_local();
    uint32_t c = i32_local();
    code_.get(a).get(b).get(c).set(a).set(b).set(c);
  }

  void loop() {
    code_.loop();
    labels_.push_back(1);
    statements(4);
    code_.get(kFuel).i32(1).op(0x6b).tee(kFuel).i32(0).op(0x4a).br_if(0);
    labels_.pop_back();
    code_.end();
  }

  // A branch out of blocks without values; never to a loop.
  void leave(bool conditional) {
    uint32_t depth = target();
    if (depth == ~0u) return;
    if (conditional) i32(2);
    conditional ? code_.br_if(depth) : code_.br(depth);
  }
  uint32_t target() {
    if (labels_.empty()) return ~0u;
    auto depth = below(static_cast<uint32_t>(labels_.size()));
    return labels_[labels_.size() - 1 - depth] == 0 ? depth : ~0u;
  }

  void table() {
    uint32_t depth = target();
    if (depth == ~0u) return;
    code_.block();
    code_.block();
    labels_.insert(labels_.end(), {0, 0});
    i32(2);
    code_.i32(7).op(0x71);
    code_.op(0x0e, 6);
    for (int i = 0; i < 7; ++i) put_leb(code_.bytes, i % 3 == 2 ? depth + 2 : i % 3);
    code_.end();
    labels_.pop_back();
    statements(1);
    labels_.pop_back();
    code_.end();
  }

  void hash_locals() {
    code_.i32(17);
    for (uint32_t i = 0; i < kLocals; ++i) {
      code_.get(i);
      if (i >= kI32Locals + kI64Locals) code_.op(0xbd);  // reinterpret
      if (i >= kI32Locals) code_.get(i >= kI32Locals + kI64Locals ? kI32Locals : i).op(0x85);
      if (i >= kI32Locals) code_.op(0xa7);
      code_.add().i32(31).op(0x6c);
    }
  }

  std::mt19937_64 random_;
  Code code_;
  std::vector<uint8_t> labels_;  // a result type, 1 for a loop, 0 for none
  uint32_t func_ = 0;
  uint32_t budget_ = 0;
};

constexpr uint32_t kFuncs = 4;

Bytes program(uint64_t seed) {
  Program generator(seed);
  TestModule builder;
  uint32_t type = builder.type({kTypeI32, kTypeI32, kTypeI32, kTypeI32}, {kTypeI32});
  for (uint32_t i = 0; i < kFuncs; ++i) {
    builder.func(
        type,
        {{kI32Locals - 4, kTypeI32}, {kI64Locals, kTypeI64}, {kF64Locals, kTypeF64}, {1, kTypeI32}},
        generator.body(i));
  }
  return builder.bytes();
}

TEST(BaselineStress, ResultsDoNotDependOnRegisters) {
  TestRunner runner;
  CompileOptions guard = host_options();
  CompileOptions explicit_checks = guard;
  explicit_checks.memory_mode = MemoryMode::Explicit;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    auto module = decode(program(seed));
    ASSERT_NE(module, nullptr) << "seed " << seed;
    ASSERT_TRUE(runner.load(*module, guard)) << "seed " << seed;
    uint64_t expected = runner.run(kFuncs - 1, {seed, 7, 0x80000000, 3});
    auto memory = runner.memory();
    ASSERT_LE(expected, 0xffff'ffffu) << "an i32 with an upper half, seed " << seed;
    for (uint64_t stress = 1; stress <= 6; ++stress) {
      const CompileOptions& options = stress % 2 == 0 ? guard : explicit_checks;
      ASSERT_TRUE(runner.load(*module, options, stress * 7919));
      ASSERT_EQ(runner.run(kFuncs - 1, {seed, 7, 0x80000000, 3}), expected)
          << "seed " << seed << " stress " << stress;
      ASSERT_EQ(runner.memory(), memory) << "seed " << seed << " stress " << stress;
    }
  }
}

TEST(BaselineStress, CodeIsDeterministic) {
  auto module = decode(program(5));
  ASSERT_NE(module, nullptr);
  CodeBatch first;
  CodeBatch second;
  ASSERT_TRUE(compile_all(*module, host_options(), first));
  ASSERT_TRUE(compile_all(*module, host_options(), second));
  EXPECT_EQ(first.bytes, second.bytes);
}

}  // namespace
}  // namespace sluice::test

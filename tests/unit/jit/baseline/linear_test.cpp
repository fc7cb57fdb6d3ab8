// Compile time and memory grow in proportion to the input, along each dimension that an input can
// grow in: nobody can make the compiler slow with a small module.
#include <ctime>
#include <functional>

#include "tests/unit/jit/baseline/test_module.h"

namespace sluice::test {
namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Cost {
  double seconds = 0;
  size_t code_bytes = 0;
  size_t handler_entries = 0;
};

using Make = std::function<void(TestModule&, uint32_t)>;

Cost cost_of(const Make& make, uint32_t n, OptLevel level) {
  TestModule builder;
  make(builder, n);
  auto module = decode(builder.bytes());
  if (module == nullptr) return {};
  CompileOptions options = host_options();
  options.opt_level = level;
  Cost best;
  for (int i = 0; i < 3; ++i) {
    CodeBatch out;
    double start = cpu_seconds();
    if (!compile_all(*module, options, out)) return {};
    double seconds = cpu_seconds() - start;
    size_t handlers = 0;
    for (const HandlerTable& table : out.handlers) {
      handlers += table.ranges.size() + table.regions.size() + table.clauses.size();
    }
    if (i == 0 || seconds < best.seconds) best = {seconds, out.bytes.size(), handlers};
  }
  return best;
}

/// Eight times the input may take at most 24 times as long (caches fall away on the way), and eight
/// times the code, and a bit.
void expect_linear(const Make& make, uint32_t n) {
  for (const OptLevel level : {OptLevel::Quick, OptLevel::Full}) {
    Cost small = cost_of(make, n / 8, level);
    Cost large = cost_of(make, n, level);
    EXPECT_LT(large.seconds, small.seconds * 24 + 0.02);
    EXPECT_LT(large.code_bytes, small.code_bytes * 9 + 4096);
    EXPECT_LE(large.handler_entries, small.handler_entries * 9);
  }
}

TEST(BaselineLinear, DeclaredLocals) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.i32(1).set(i);
        m.func(m.type({}, {}), {{n, kTypeI32}}, code);
      },
      50'000);
}

TEST(BaselineLinear, ManyLocalsAcrossManyJoins) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) {
          code.get(i).if_().i32(1).set(i).end();
          code.block().get(i).br_if(0).i32(2).set(n - 1 - i).end();
        }
        m.func(m.type({}, {}), {{n, kTypeI32}}, code);
      },
      50'000);
}

TEST(BaselineLinear, NestedBlocks) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.block().get(0).br_if(i);
        for (uint32_t i = 0; i < n; ++i) code.end();
        m.func(m.type({kTypeI32}, {}), {}, code);
      },
      100'000);
}

TEST(BaselineLinear, NestedTryTables) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.op(0x1f).op(0x40).op(1).op(2, i / 2).call(0);
        for (uint32_t i = 0; i < n; ++i) code.end();
        m.func(m.type({}, {}), {}, code);
      },
      100'000);
}

TEST(BaselineLinear, NestedTriesThatRethrow) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i)
          code.op(0x06).op(0x40).get(0).call(0).op(0x19).op(0x06).op(0x40);
        for (uint32_t i = 0; i < n; ++i) {
          code.get(0).call(0).op(0x18, n - 1 - i);  // delegate
          code.get(0).if_().op(0x09, 1).end();      // rethrow
          code.end();
        }
        m.func(m.type({kTypeI32}, {}), {}, code);
      },
      50'000);
}

TEST(BaselineLinear, CallsInOneTryTable) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        code.op(0x1f).op(0x40).op(1).op(2, 0);
        for (uint32_t i = 0; i < n; ++i) code.call(0);
        code.end();
        m.func(m.type({}, {}), {}, code);
      },
      200'000);
}

TEST(BaselineLinear, NestedLoopsWithManyLocals) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.loop().get(i % 40'000).set((i + 1) % 40'000);
        for (uint32_t i = 0; i < n; ++i) code.get(0).br_if(0).end();
        m.func(m.type({}, {}), {{40'000, kTypeI32}}, code);
      },
      100'000);
}

TEST(BaselineLinear, NestedIfs) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.get(0).if_();
        for (uint32_t i = 0; i < n; ++i) code.else_().i32(1).set(0).end();
        m.func(m.type({kTypeI32}, {}), {}, code);
      },
      100'000);
}

TEST(BaselineLinear, BlocksOverDeepOperands) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.get(0).block().get(0).br_if(0).end();
        for (uint32_t i = 0; i < n; ++i) code.drop();
        m.func(m.type({kTypeI32}, {}), {}, code);
      },
      100'000);
}

TEST(BaselineLinear, DeepExpressions) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.get(i % 3);
        for (uint32_t i = 1; i < n; ++i) code.add();
        m.func(m.type({kTypeI32, kTypeI32}, {kTypeI32}), {{1, kTypeI32}}, code);
      },
      100'000);
}

TEST(BaselineLinear, DeepExpressionsOfResults) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.get(0).get(1).add();
        for (uint32_t i = 1; i < n; ++i) code.add();
        m.func(m.type({kTypeI32, kTypeI32}, {kTypeI32}), {}, code);
      },
      100'000);
}

TEST(BaselineLinear, SetsUnderDeepAliases) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        code.call(0);
        for (uint32_t i = 0; i < n; ++i) code.get(i % 1000).i32(5).set((i * 7) % 1000);
        for (uint32_t i = 0; i < n; ++i) code.drop();
        m.func(m.type({}, {}), {{1000, kTypeI32}}, code);
      },
      100'000);
}

TEST(BaselineLinear, CallsInARow) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.call(0);
        m.func(m.type({}, {}), {{50'000, kTypeI32}}, code);
      },
      100'000);
}

TEST(BaselineLinear, CallsUnderDeepOperands) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.get(i % 1000).call(0);
        for (uint32_t i = 0; i < n; ++i) code.drop();
        m.func(m.type({}, {}), {{1000, kTypeI32}}, code);
      },
      100'000);
}

TEST(BaselineLinear, BrTable) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        code.block().block().get(0);
        code.op(0x0e, n);
        for (uint32_t i = 0; i <= n; ++i) code.bytes.push_back(static_cast<uint8_t>(i % 3));
        code.end().i32(7).set(0).end();
        m.func(m.type({kTypeI32}, {}), {}, code);
      },
      1'000'000);
}

TEST(BaselineLinear, BrTableToDistinctTargets) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.block();
        code.get(0).op(0x0e, n);
        for (uint32_t i = 0; i <= n; ++i) put_leb(code.bytes, i);
        for (uint32_t i = 0; i < n; ++i) code.end();
        m.func(m.type({kTypeI32}, {}), {}, code);
      },
      100'000);
}

TEST(BaselineLinear, ParametersAndResults) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Bytes types(n, kTypeI32);
        for (uint32_t i = 0; i < n; i += 3) types[i] = kTypeF64;
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.get(i);
        code.call(0).call(0);
        m.func(m.type(types, types), {}, code);
      },
      1'000);
}

TEST(BaselineLinear, PassedValues) {
  expect_linear(
      [](TestModule& m, uint32_t n) {
        Bytes types(n, kTypeI32);
        uint32_t type = m.type(types, types);
        Code code;
        for (uint32_t i = 0; i < n; ++i) code.get(i);
        for (int i = 0; i < 20; ++i) code.op(0x02, type);
        for (uint32_t i = 0; i < 20; ++i) code.get(0).br_if(i);
        for (int i = 0; i < 20; ++i) code.end();
        m.func(type, {}, code);
      },
      1'000);
}

}  // namespace
}  // namespace sluice::test

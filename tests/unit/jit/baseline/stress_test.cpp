// Random programs give the results that a plain interpreter gives, whatever registers are picked
// and whenever values are spilled: with the plain choices, under stress with several seeds, with
// and without newer CPU features, in both memory modes, metered and not, and with branch hints at
// random. What they cost is the same in all the ways that count it.
#include <algorithm>

#include "tests/support/branch_hints.h"
#include "tests/unit/jit/baseline/random_program.h"
#include "tests/unit/jit/baseline/reference.h"
#include "tests/unit/jit/baseline/test_runner.h"

namespace sluice::test {
namespace {

constexpr uint32_t kMain = RandomProgram::kFuncs - 1;

struct Way {
  MemoryMode mode = MemoryMode::Guard;
  CpuFeatures cpu;
  uint64_t stress_seed = 0;
  bool is_metered = false;
  bool asks_for_interrupts = false;
  OptLevel opt_level = OptLevel::Quick;
};

std::vector<Way> ways() {
  CpuFeatures newest = host_cpu_features();
  CpuFeatures oldest;
  return {{MemoryMode::Guard, newest, 0},
          {MemoryMode::Explicit, newest, 0},
          {MemoryMode::Guard, oldest, 0},
          {MemoryMode::Guard, newest, 7919},
          {MemoryMode::Explicit, newest, 104},
          {MemoryMode::Guard, oldest, 31'337},
          {MemoryMode::Explicit, oldest, 65'537},
          {MemoryMode::Guard, newest, 0, true},
          {MemoryMode::Explicit, oldest, 2021, true, true},
          {MemoryMode::Explicit, newest, 0, false, true},
          {MemoryMode::Guard, newest, 0, false, false, OptLevel::Full},
          {MemoryMode::Explicit, oldest, 0, true, true, OptLevel::Full},
          {MemoryMode::Guard, newest, 4242, false, false, OptLevel::Full}};
}

void compare_with_reference(TestRunner& runner, uint64_t seed, bool with_hints) {
  const Bytes bytes = RandomProgram(seed).bytes();
  auto module = decode(with_hints ? with_random_hints(bytes, seed) : bytes);
  ASSERT_NE(module, nullptr);
  ASSERT_EQ(module->branch_hints.empty(), !with_hints);
  const std::vector<uint64_t> args = {seed & 0xffff'ffff, 7, 0x8000'0000, 0xffff'fffd};
  Reference reference(*module);
  std::vector<uint64_t> expected = reference.call(kMain, args);
  ASSERT_EQ(expected.size(), 1u);
  int64_t fuel = 0;
  for (const Way& way : ways()) {
    CompileOptions options;
    options.meter_fuel = way.is_metered;
    options.interrupt_checks = way.asks_for_interrupts;
    options.memory_mode = way.mode;
    options.opt_level = way.opt_level;
    options.cpu = way.cpu;
    ASSERT_TRUE(runner.load(*module, options, way.stress_seed));
    // An i32 in a register has a zero upper half.
    ASSERT_EQ(runner.run(kMain, {args[0], args[1], args[2], args[3]}), expected[0])
        << "stress " << way.stress_seed;
    ASSERT_TRUE(std::ranges::equal(runner.memory(), reference.memory))
        << "stress " << way.stress_seed;
    if (!way.is_metered) continue;
    ASSERT_GT(runner.fuel_used(), 0);
    ASSERT_TRUE(fuel == 0 || fuel == runner.fuel_used()) << fuel << ", " << runner.fuel_used();
    fuel = runner.fuel_used();
  }
}

TEST(BaselineStress, RandomProgramsGiveTheReferencesResults) {
  TestRunner runner;
  // More of them: SLUICE_STRESS_SEEDS=first:count.
  unsigned long first = 1, count = 250;
  if (const char* range = std::getenv("SLUICE_STRESS_SEEDS")) {
    std::sscanf(range, "%lu:%lu", &first, &count);
  }
  for (uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    compare_with_reference(runner, seed, false);
    compare_with_reference(runner, seed, true);
    if (HasFatalFailure()) return;
  }
}

TEST(BaselineStress, CodeIsDeterministic) {
  auto module = decode(RandomProgram(5).bytes());
  ASSERT_NE(module, nullptr);
  CodeBatch first;
  CodeBatch second;
  ASSERT_TRUE(compile_all(*module, host_options(), first));
  ASSERT_TRUE(compile_all(*module, host_options(), second));
  EXPECT_EQ(first.bytes, second.bytes);
}

}  // namespace
}  // namespace sluice::test

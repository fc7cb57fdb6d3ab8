// Every row of the table of instructions: compiled, or refused by name and offset.
#include <gtest/gtest.h>
#include <span>
#include <string>

#include "engine/binary/immediates.h"
#include "engine/binary/wire_bytes.h"
#include "jit/baseline/baseline.h"
#include "tests/unit/engine/validate/body_fixture.h"
#include "tests/unit/jit/baseline/test_module.h"

namespace sluice {
namespace {

using Bytes = std::vector<uint8_t>;

// What the baseline compiler takes.
bool is_compiled(const OpInfo& info) {
  switch (info.feature) {
  case Feature::Mvp:
  case Feature::SignExtension:
  case Feature::SaturatingConversion:
  case Feature::MultiValue:
  case Feature::BulkMemory:
  case Feature::Simd:
  case Feature::RelaxedSimd:
  case Feature::ReferenceTypes:
  case Feature::TailCall:
  case Feature::TypedFuncRefs:
  case Feature::MultiMemory:
  case Feature::Memory64:
  case Feature::CustomPageSizes:
  case Feature::Threads:
  case Feature::WideArithmetic:
  case Feature::Exceptions:
  case Feature::LegacyExceptions: return true;
  default: return false;
  }
}

struct Compiled {
  Result<void> result;
  CodeBatch batch;
};

Compiled compile(const Bytes& body, bool explicit_checks) {
  test::ModuleFixture fixture;
  fixture.module.wire = WireBytes::create(body.size()).value();
  fixture.module.wire->append(body);
  CompileOptions options = test::host_options();
  options.memory_mode = explicit_checks ? MemoryMode::Explicit : MemoryMode::Guard;
  CompileScratch scratch(options.cpu);
  CodeBatch batch;
  Result<void> result =
      compile_baseline(fixture.module, fixture.body_of(body, 0), options, scratch, batch);
  return {std::move(result), std::move(batch)};
}

TEST(Rows, EachIsCompiledOrRefusedByNameAndOffset) {
  constexpr size_t kLocals = 3;  // bytes before the code of an example
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    const OpInfo& info = op_info(op);
    const Bytes body = test::example_body(op);
    for (const bool explicit_checks : {false, true}) {
      const Compiled compiled = compile(body, explicit_checks);
      if (is_compiled(info)) {
        ASSERT_TRUE(compiled.result) << info.mnemonic << ": " << compiled.result.error().message();
        ASSERT_EQ(compiled.batch.entries.size(), 1u) << info.mnemonic;
        EXPECT_GT(compiled.batch.entries[0].code_size, 0u) << info.mnemonic;
        continue;
      }
      // An example's first instruction that isn't compiled may be another one: one of the same kind
      // that makes the operand.
      ASSERT_FALSE(compiled.result) << info.mnemonic;
      const Error& error = compiled.result.error();
      EXPECT_EQ(error_text(error.kind), error_text(ErrorKind::NotCompiled)) << info.mnemonic;
      EXPECT_TRUE(compiled.batch.entries.empty() && compiled.batch.bytes.empty()) << info.mnemonic;
      ASSERT_GE(error.offset, kLocals) << info.mnemonic;
      ASSERT_LT(error.offset, body.size()) << info.mnemonic;
      const std::span<const uint8_t> rest(body.begin() + static_cast<ptrdiff_t>(error.offset),
                                          body.end());
      ByteReader in(rest, error.offset);
      const Op named = read_op(in, Features::all());
      EXPECT_EQ(std::string(error.detail), op_info(named).mnemonic) << error.message();
      EXPECT_FALSE(is_compiled(op_info(named))) << info.mnemonic << ": " << error.message();
    }
  }
}

}  // namespace
}  // namespace sluice

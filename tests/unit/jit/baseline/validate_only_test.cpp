// Validating without compiling gives compile_baseline's verdict, word for word.
#include <gtest/gtest.h>
#include <string>

#include "engine/binary/wire_bytes.h"
#include "jit/baseline/validate_only.h"
#include "tests/unit/engine/validate/body_fixture.h"
#include "tests/unit/jit/baseline/test_module.h"

namespace sluice {
namespace {

using Bytes = std::vector<uint8_t>;

struct Verdicts {
  std::string compiled;
  std::string validated;
};

std::string verdict(const Result<void>& result) {
  return result ? "ok" : std::string(result.error().message());
}

/// `body` with its locals, as of a function of the fixture's type 0.
Verdicts verdicts(const Bytes& body) {
  test::ModuleFixture fixture;
  fixture.module.wire = WireBytes::create(body.size()).value();
  fixture.module.wire->append(body);
  FuncBody of_func;
  of_func.func = FuncIdx{fixture.module.imported_funcs};
  of_func.range = {0, static_cast<uint32_t>(body.size())};
  const CompileOptions options = test::host_options();
  CompileScratch compiler(options.cpu);
  ValidateScratch validator;
  CodeBatch batch;
  return {verdict(compile_baseline(fixture.module, of_func, options, compiler, batch)),
          verdict(validate_only(fixture.module, of_func, validator))};
}

TEST(ValidateOnly, SaysWhatTheCompilerSays) {
  const Bytes bodies[] = {
      {0, 0x0b},                                   // nothing
      {0, 0x41, 1, 0x0b},                          // a value too many
      {0, 0x27, 0x0b},                             // illegal opcode
      {0, 0x20, 99, 0x0b},                         // unknown local
      {0, 0x41, 1, 0xfb, 0x1c, 0x1a, 0x0b},        // ref.i31, drop
      {0, 0x41, 1, 0xfb, 0x1c, 0x1a, 0x6a, 0x0b},  // … and invalid behind it
      {0, 0x00, 0x41, 1, 0xfb, 0x1c, 0x1a, 0x0b},  // in dead code
      {0, 0x02, 0x40, 0x0c, 0, 0xfb, 0x1c, 0x1a, 0x0b, 0x0b},
      {1, 2, 0x7b, 0x41, 1, 0xfb, 0x1c, 0x1a, 0x0b},  // behind v128 locals
      {0, 0x02, 0x40, 0x0b, 0x12, 0, 0x0b},           // return_call
      {0, 0xfe, 0x03, 0, 0x0b},                       // atomic.fence
      {0},                                            // no end
      {},
  };
  int refused = 0;
  for (const Bytes& body : bodies) {
    const Verdicts both = verdicts(body);
    EXPECT_EQ(both.validated, both.compiled) << testing::PrintToString(body);
    refused += both.compiled.find("not compiled") != std::string::npos;
  }
  EXPECT_GE(refused, 2);
}

}  // namespace
}  // namespace sluice

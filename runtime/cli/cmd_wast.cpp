// `sluice wast`: scripts of the official test suites, each with an engine and a store of its own.
#include <cstdio>

#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/program.h"
#include "runtime/cli/report.h"
#include "runtime/store/engine.h"
#include "runtime/wast/script.h"

namespace sluice::cli {

namespace {

int run_script(const Options& options, const std::string& name) {
  std::string source;
  auto got = read_pieces(name, [&](std::span<const uint8_t> piece) {
    source.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  });
  if (!got) return report_error({}, got.error());
  auto engine = Engine::create(engine_config(options));
  if (!engine) return report_error({}, engine.error().message());
  wast::Script script(
      *engine, [](Engine& with, std::span<const uint8_t> bytes) { return with.compile(bytes); });
  wast::ScriptReport report = script.run(source);
  std::string shown = printable(name == "-" ? "standard input" : name);
  for (const std::string& failure : report.failures) report_lines(shown + ": " + failure);
  std::printf("%s: %u passed, %zu failed\n", shown.c_str(), report.passed, report.failures.size());
  return report.failures.empty() ? 0 : kStatusError;
}

}  // namespace

int run_scripts(const Options& options) {
  int status = 0;
  for (const std::string& name : options.modules) {
    if (run_script(options, name) != 0) status = kStatusError;
  }
  return status;
}

}  // namespace sluice::cli

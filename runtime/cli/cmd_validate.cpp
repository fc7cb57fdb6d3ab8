// `sluice validate`: decoder and validator without a compiler behind them. Bodies are checked as
// they arrive; the error that is reported is the one at the lowest offset.
#include <cstdio>
#include <string>

#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/module_checker.h"
#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

/// The exit status; what is wrong has been printed.
int check_module(const std::string& name, Features features) {
  ModuleChecker checker(features);
  ModuleInput input(name);
  auto got = input.read([&](std::span<const uint8_t> piece) { return checker.feed(piece); });
  if (!got) return report_lines(got.error());
  auto module = checker.finish();
  if (!module) return report_lines(input.explain(module.error()));
  std::printf("%s: valid\n", input.shown_name().c_str());
  return 0;
}

}  // namespace

int validate(const Options& options) {
  int status = 0;
  for (const std::string& name : options.modules) {
    if (check_module(name, options.features) != 0) status = kStatusError;
  }
  return status;
}

}  // namespace sluice::cli

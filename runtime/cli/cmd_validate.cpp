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

/// Empty if the module is valid.
std::string check_module(const std::string& name, Features features) {
  ModuleChecker checker(features);
  auto got = read_pieces(name, [&](std::span<const uint8_t> piece) { return checker.feed(piece); });
  if (!got) return got.error();
  auto module = checker.finish();
  return module ? std::string() : std::string(module.error().message());
}

}  // namespace

int validate(const Options& options) {
  int status = 0;
  for (const std::string& name : options.modules) {
    std::string error = check_module(name, options.features);
    if (error.empty()) {
      std::printf("%s: valid\n", printable(name == "-" ? "standard input" : name).c_str());
    } else {
      status = report_error(name, error);
    }
  }
  return status;
}

}  // namespace sluice::cli

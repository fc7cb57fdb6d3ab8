// `sluice wat2wasm` and `sluice wasm2wat`: between the two forms of a module. Nothing is validated
// but the form itself, so that wrong modules can be made and looked at too.
#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "engine/text/text.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/output.h"
#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

/// What "dir/name.wat" becomes: "name.wasm".
std::string default_output(const std::string& input, const char* ending) {
  if (input == "-") return "-";
  std::string name = input.substr(input.rfind('/') + 1);
  if (size_t dot = name.rfind('.'); dot != std::string::npos && dot != 0) name.resize(dot);
  return name + ending;
}

bool has_one_module(const Options& options) {
  if (options.modules.size() == 1) return true;
  report_error({}, "one module at a time");
  return false;
}

}  // namespace

int wat2wasm(const Options& options) {
  if (!has_one_module(options)) return kStatusError;
  const std::string& name = options.modules[0];
  ModuleInput input(name);
  auto bytes = input.read_all();
  if (!bytes) return report_lines(bytes.error());
  constexpr std::array<uint8_t, 4> kMagic = {0, 'a', 's', 'm'};
  if (!std::ranges::equal(std::span(*bytes).first(std::min(bytes->size(), kMagic.size())),
                          kMagic)) {
    return report_lines(input.explain(Error{ErrorKind::BadMagic, 0, {}}));
  }
  const std::string output = options.output.value_or(default_output(name, ".wasm"));
  if (!options.output && output == name && name != "-") {
    return report_error(name, "would be overwritten: name the output with -o");
  }
  Output out(output);
  out.write({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  return out.close();
}

int wasm2wat(const Options& options) {
  if (!has_one_module(options)) return kStatusError;
  ModuleInput input(options.modules[0]);
  auto bytes = input.read_all();
  if (!bytes) return report_lines(bytes.error());
  // The output is touched only when there is something to write: the bytes are well-formed.
  std::optional<Output> out;
  struct Target {
    std::optional<Output>& out;
    std::string name;
  } target{out, options.output.value_or("-")};
  const auto take = [](void* env, std::string_view piece) {
    auto& to = *static_cast<Target*>(env);
    if (!to.out) to.out.emplace(to.name);
    return to.out->write(piece);
  };
  auto printed = wasm_to_wat(*bytes, {take, &target});
  if (!printed && !out) return report_lines(input.explain(printed.error()));
  return out->close();
}

}  // namespace sluice::cli

// `sluice wat2wasm` and `sluice wasm2wat`: between the two forms of a module. Nothing is validated
// but the form itself, so that wrong modules can be made and looked at too.
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "engine/text/text.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

int write_output(const std::string& name, std::string_view bytes) {
  std::FILE* out = name == "-" ? stdout : std::fopen(name.c_str(), "wb");
  bool ok = out != nullptr && std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size();
  int reason = errno;
  if (out != nullptr && out != stdout && std::fclose(out) != 0) {
    ok = false;
    reason = errno;
  }
  if (ok || out == stdout) return 0;  // main() reports what standard output refuses
  return report_error({}, "cannot write '" + name + "': " + std::strerror(reason));
}

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
  auto bytes = read_all(name);
  if (!bytes) return report_lines(bytes.error());
  const std::string output = options.output.value_or(default_output(name, ".wasm"));
  if (!options.output && output == name && name != "-") {
    return report_error(name, "would be overwritten: name the output with -o");
  }
  return write_output(output, {reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

int wasm2wat(const Options& options) {
  if (!has_one_module(options)) return kStatusError;
  const std::string& name = options.modules[0];
  auto bytes = read_all(name);
  if (!bytes) return report_lines(bytes.error());
  auto text = wasm_to_wat(*bytes);
  if (!text) return report_error(name, text.error().message());
  return write_output(options.output.value_or("-"), *text);
}

}  // namespace sluice::cli

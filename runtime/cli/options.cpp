// The command line. CLI11 reads the options before the module; everything behind it is the
// guest's, but for an --invoke that follows the module directly: people put it there.
#include "runtime/cli/options.h"

#include <cstdio>
#include <cstdlib>
#include <expected>
#include <map>

#include <CLI/CLI.hpp>

#include "runtime/include/sluice/sluice.h"

namespace sluice::cli {

namespace {

#define SLUICE_TEXT_OF(x) #x
#define SLUICE_TEXT(x) SLUICE_TEXT_OF(x)
constexpr const char* kVersion = "sluice " SLUICE_TEXT(SLUICE_VERSION_MAJOR) "." SLUICE_TEXT(
    SLUICE_VERSION_MINOR) "." SLUICE_TEXT(SLUICE_VERSION_PATCH);

constexpr const char* kUsage =
    R"(Sluice runs WebAssembly modules as native code, compiled while their bytes arrive.

usage: sluice [run] [options] MODULE [args...]   run a WASI program, or call a function
       sluice validate MODULE...                 check modules without running them
       sluice bench compile [options] MODULE...  measure compiling
       sluice bench run [options] MODULE [args]  measure running

MODULE is a file, or - for standard input; without MODULE a module that is piped in is run.
Everything behind MODULE is handed to the program, but for `--invoke NAME` or `--` directly behind it.

options of run:
  --dir HOST[::GUEST][:ro]   give the program a directory, under another name, read-only
  --env NAME[=VALUE]         set an environment variable, or pass the caller's on
  --invoke NAME              call an exported function with the args and print its results
  --memory-mode MODE         auto (default), guard: no checks in the code but guard pages,
                             explicit: a comparison before every access
  --compile WHEN             eager: every function before the program starts, lazy: each when
                             it is called, adaptive (default): in the background or when called
  --workers N                threads that compile; 0: compile on the reading thread
  --stats                    print sizes and times of compilation to standard error

options of bench:
  --repeat N                 measure N times (default 5)
  --workers N, --memory-mode MODE and, for bench run, --dir, --env, --invoke as for run
  Prints a line per module, fields separated by tabs: file, bytes, bytes of its code section,
  minimum and median milliseconds, bytes of machine code. compile: from bytes in memory to
  machine code of every function. run: _start or the function of --invoke in a new
  instance each time, what it prints thrown away.

  --help, --version

Exit status: the program's; 134 after a trap; 1 if the module cannot be run; 2 for a wrong line.
)";

int wrong_line(const std::string& what) {
  std::fprintf(stderr, "sluice: %s (see sluice --help)\n", what.c_str());
  return 2;
}

/// The options of `run` that come before the module.
struct RawOptions {
  std::vector<std::string> dirs;
  std::vector<std::string> variables;
  std::optional<std::string> invoke;
  std::string memory_mode;
  std::string compile;
  std::string workers;
  std::string repeat;
};

/// Options that every command with an engine has.
void declare_engine(CLI::App& app, RawOptions& raw) {
  app.add_option("--memory-mode", raw.memory_mode);
  app.add_option("--compile", raw.compile);
  app.add_option("--workers", raw.workers);
  app.prefix_command();
}

void declare_run(CLI::App& app, RawOptions& raw) {
  // One value each: CLI11 would otherwise take the module for a second one.
  app.add_option("--dir", raw.dirs)->allow_extra_args(false);
  app.add_option("--env", raw.variables)->allow_extra_args(false);
  app.add_option("--invoke", raw.invoke);
}

/// The number of an option, or what is wrong with it.
std::expected<uint32_t, std::string> to_number(const char* option, const std::string& text,
                                               uint32_t least, uint32_t most) {
  char* end = nullptr;
  unsigned long n = std::strtoul(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || text[0] == '-' || n < least || n > most) {
    return std::unexpected(std::string(option) + " wants a number from " + std::to_string(least) +
                           " to " + std::to_string(most) + ", not '" + text + "'");
  }
  return static_cast<uint32_t>(n);
}

/// Empty if all is well, else what is wrong.
std::string convert_run(const RawOptions& raw, Options& options) {
  for (const std::string& text : raw.dirs) {
    std::optional<DirOption> dir = parse_dir(text);
    if (!dir) return "--dir wants HOST[::GUEST][:ro], not '" + text + "'";
    options.dirs.push_back(*dir);
  }
  for (const std::string& text : raw.variables) {
    size_t equals = text.find('=');
    std::string key = text.substr(0, equals);
    if (key.empty()) return "--env wants NAME[=VALUE], not '" + text + "'";
    if (equals != std::string::npos) {
      options.variables.emplace_back(key, text.substr(equals + 1));
    } else if (const char* value = std::getenv(key.c_str())) {
      options.variables.emplace_back(key, value);
    }
  }
  if (!raw.workers.empty()) {
    auto n = to_number("--workers", raw.workers, 0, 256);
    if (!n) return n.error();
    options.workers = *n;
  }
  if (!raw.repeat.empty()) {
    auto n = to_number("--repeat", raw.repeat, 1, 1'000'000);
    if (!n) return n.error();
    options.repeat = *n;
  }
  if (!raw.memory_mode.empty()) {
    static const std::map<std::string, MemoryChoice> kModes = {
        {"auto", MemoryChoice::Auto},
        {"guard", MemoryChoice::Guard},
        {"explicit", MemoryChoice::Explicit}};
    auto mode = kModes.find(raw.memory_mode);
    if (mode == kModes.end()) {
      return "--memory-mode wants auto, guard or explicit, not '" + raw.memory_mode + "'";
    }
    options.memory_mode = mode->second;
  }
  if (!raw.compile.empty()) {
    static const std::map<std::string, CompileChoice> kPolicies = {
        {"adaptive", CompileChoice::Adaptive},
        {"eager", CompileChoice::Eager},
        {"lazy", CompileChoice::Lazy}};
    auto policy = kPolicies.find(raw.compile);
    if (policy == kPolicies.end()) {
      return "--compile wants eager, lazy or adaptive, not '" + raw.compile + "'";
    }
    options.compile = policy->second;
  }
  options.invoke = raw.invoke;
  return {};
}

/// The module and what follows it. Empty if all is well.
std::string take_run_arguments(std::vector<std::string> rest, bool stdin_is_module,
                               Options& options) {
  bool only_names = !rest.empty() && rest[0] == "--";
  if (only_names) rest.erase(rest.begin());
  if (rest.empty()) {
    if (!stdin_is_module) return "no module given";
    rest.emplace_back("-");
  }
  if (!only_names && rest[0].size() > 1 && rest[0][0] == '-') {
    return "unknown option '" + rest[0] + "'";
  }
  options.modules = {rest[0]};
  size_t at = 1;
  if (rest.size() > at && rest[at] == "--invoke" && !options.invoke) {
    if (rest.size() == at + 1) return "--invoke wants the name of a function";
    options.invoke = rest[at + 1];
    at += 2;
  } else if (rest.size() > at && rest[at].starts_with("--invoke=") && !options.invoke) {
    options.invoke = rest[at].substr(9);
    at += 1;
  } else if (rest.size() > at && rest[at] == "--") {
    at += 1;
  }
  options.guest_args.assign(rest.begin() + static_cast<std::ptrdiff_t>(at), rest.end());
  return {};
}

/// A line of nothing but modules.
ParsedLine take_modules(const std::vector<std::string>& line, bool stdin_is_module,
                        Options options) {
  bool only_names = false;
  for (const std::string& word : line) {
    if (!only_names && word == "--") {
      only_names = true;
    } else if (!only_names && word.size() > 1 && word[0] == '-') {
      return {std::nullopt, wrong_line("unknown option '" + word + "'")};
    } else {
      options.modules.push_back(word);
    }
  }
  if (options.modules.empty() && stdin_is_module) options.modules.emplace_back("-");
  if (options.modules.empty()) return {std::nullopt, wrong_line("no module given")};
  return {options, 0};
}

/// `run`, and `bench compile` and `bench run`, which have some of its options and --repeat.
ParsedLine parse_engine_command(Command command, std::vector<std::string> line,
                                bool stdin_is_module) {
  Options options;
  options.command = command;
  RawOptions raw;
  CLI::App app;
  app.set_help_flag();
  declare_engine(app, raw);
  if (command != Command::BenchCompile) declare_run(app, raw);
  if (command == Command::Run) {
    app.add_flag("--stats", options.stats)->disable_flag_override();
  } else {
    app.add_option("--repeat", raw.repeat);
  }
  try {
    std::reverse(line.begin(), line.end());  // as CLI11 wants it
    app.parse(line);
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, wrong_line(error.what())};
  }
  std::string wrong = convert_run(raw, options);
  if (!wrong.empty()) return {std::nullopt, wrong_line(wrong)};
  if (command == Command::BenchCompile)
    return take_modules(app.remaining(), stdin_is_module, options);
  wrong = take_run_arguments(app.remaining(), stdin_is_module, options);
  if (!wrong.empty()) return {std::nullopt, wrong_line(wrong)};
  return {options, 0};
}

ParsedLine parse_bench(std::vector<std::string> line, bool stdin_is_module) {
  std::string what = line.empty() ? std::string() : line[0];
  if (what != "compile" && what != "run") {
    return {std::nullopt, wrong_line("bench wants 'compile' or 'run'")};
  }
  line.erase(line.begin());
  Command command = what == "run" ? Command::BenchRun : Command::BenchCompile;
  return parse_engine_command(command, std::move(line), stdin_is_module);
}

}  // namespace

std::optional<DirOption> parse_dir(const std::string& text) {
  DirOption dir;
  std::string rest = text;
  if (rest.ends_with(":ro")) {
    dir.read_only = true;
    rest.resize(rest.size() - 3);
  }
  size_t colons = rest.find("::");
  dir.host = rest.substr(0, colons);
  dir.guest = colons == std::string::npos ? dir.host : rest.substr(colons + 2);
  if (dir.host.empty() || dir.guest.empty()) return std::nullopt;
  return dir;
}

ParsedLine parse_command_line(int argc, const char* const* argv, bool stdin_is_module) {
  std::vector<std::string> line(argv + (argc > 0 ? 1 : 0), argv + argc);
  const std::string command = line.empty() ? std::string() : line[0];
  bool named = command == "validate" || command == "run" || command == "bench";
  if (named) line.erase(line.begin());
  if (!line.empty() && (line[0] == "--help" || line[0] == "-h" || (!named && line[0] == "help"))) {
    std::fputs(kUsage, stdout);
    return {std::nullopt, 0};
  }
  if (!line.empty() && (line[0] == "--version" || line[0] == "-V")) {
    std::puts(kVersion);
    return {std::nullopt, 0};
  }
  if (line.empty() && !stdin_is_module) {
    std::fputs(kUsage, stderr);
    return {std::nullopt, 2};
  }
  if (command == "bench") return parse_bench(std::move(line), stdin_is_module);
  if (command == "validate") {
    Options options;
    options.command = Command::Validate;
    return take_modules(line, stdin_is_module, options);
  }
  return parse_engine_command(Command::Run, std::move(line), stdin_is_module);
}

}  // namespace sluice::cli

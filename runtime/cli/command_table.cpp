#include "runtime/cli/command_table.h"

#include <cstdlib>

#include "runtime/cli/commands.h"
#include "runtime/cli/invoke.h"

namespace sluice::cli {

namespace {

/// Notes a decimal number between the two bounds.
template <class T>
std::string set_number(T& out, const std::string& text, uint64_t least, uint64_t most) {
  char* end = nullptr;
  unsigned long long n = std::strtoull(text.c_str(), &end, 10);
  bool is_number = !text.empty() && text[0] >= '0' && text[0] <= '9' && *end == '\0';
  if (!is_number || n < least || n > most) {
    return "a number from " + std::to_string(least) + " to " + std::to_string(most);
  }
  out = static_cast<T>(n);
  return {};
}

std::string set_dir(Options& o, const OptionValue& v) {
  std::optional<DirOption> dir = parse_dir(v.text);
  if (!dir) return "HOST[::GUEST][:ro]";
  o.dirs.push_back(*dir);
  return {};
}

std::string set_variable(Options& o, const OptionValue& v) {
  size_t equals = v.text.find('=');
  std::string key = v.text.substr(0, equals);
  if (key.empty()) return "NAME[=VALUE]";
  if (equals != std::string::npos) {
    o.variables.emplace_back(key, v.text.substr(equals + 1));
  } else if (const char* value = std::getenv(key.c_str())) {
    o.variables.emplace_back(key, value);
  }
  return {};
}

std::string set_max_stack(Options& o, const OptionValue& v) {
  constexpr uint64_t kLeast = uint64_t{16} << 10;
  constexpr uint64_t kMost = uint64_t{4} << 30;
  std::optional<uint64_t> bytes = parse_size(v.text);
  if (!bytes || *bytes < kLeast || *bytes > kMost) return "a size from 16K to 4G, as 512K or 8M";
  o.max_stack_bytes = *bytes;
  return {};
}

std::string set_max_memory(Options& o, const OptionValue& v) {
  o.max_memory_bytes = parse_size(v.text);
  return o.max_memory_bytes ? std::string() : "a size, as 512K, 64M or 2G";
}

std::string set_fuel(Options& o, const OptionValue& v) {
  uint64_t fuel = 0;
  std::string problem = set_number(fuel, v.text, 1, INT64_MAX);
  if (problem.empty()) o.fuel = fuel;
  return problem;
}

/// What --features wants instead of `name`.
std::string wanted_features(std::string_view name) {
  std::vector<std::string> names;
#define FEATURE(id, text, is_default) names.emplace_back(text);
#include "engine/wasm/features.def"
#undef FEATURE
  std::string text = "proposals' names, with - in front to refuse one";
  const std::vector<std::string> near = near_matches(name, names);
  for (size_t i = 0; i < near.size(); ++i) text += (i == 0 ? "; similar: " : " ") + near[i];
  text += "; there are:";
  for (const std::string& each : names) text += " " + each;
  return text;
}

/// "a,-b": a on, b off.
std::string set_features(Options& o, const OptionValue& v) {
  for (std::string_view rest = v.text;;) {
    const size_t comma = rest.find(',');
    std::string_view name = rest.substr(0, comma);
    const bool is_off = name.starts_with('-');
    if (is_off) name.remove_prefix(1);
    const std::optional<Feature> feature = find_feature(name);
    if (!feature) return wanted_features(name);
    o.features = is_off ? o.features.without(*feature) : o.features.with(*feature);
    if (comma == std::string_view::npos) return {};
    rest.remove_prefix(comma + 1);
  }
}

std::string set_throttle(Options& o, const OptionValue& v) {
  std::optional<uint64_t> bytes = parse_rate(v.text);
  if (!bytes || *bytes == 0) return "bytes or bits a second, as 500K or 100Mbit";
  o.throttle_bytes = *bytes;
  return {};
}

std::string set_timeout(Options& o, const OptionValue& v) {
  o.timeout = parse_duration(v.text);
  return o.timeout && o.timeout->count() != 0 ? std::string() : "a time, as 500ms, 10s or 2m";
}

// clang-format off
constexpr CommandRow kCommands[] = {
  {kRun, "run", Operands::ModuleAndArgs, "MODULE [ARGS...]",
   "run a WASI program, or call one of its functions",
   "The module is compiled while it is read. Everything behind it is handed to the program, but for "
   "`--invoke NAME` or `--` directly behind it. `run` may be left out.",
   "", &run},
  {kValidate, "validate", Operands::Modules, "MODULE...",
   "check modules without running them", "", "", &validate},
  {kInspect, "inspect", Operands::Modules, "MODULE...",
   "show what modules consist of",
   "Sections with their sizes, the features that a module needs, imports, exports, and the largest "
   "functions.", "", &inspect},
  {kObjdump, "objdump", Operands::Modules, "MODULE",
   "print machine code beside the instructions it was made for", "", "", &objdump},
  {kExplore, "explore", Operands::Modules, "MODULE",
   "make a page of WebAssembly beside its machine code",
   "One HTML page on standard output, without anything from elsewhere. Lines that belong together "
   "have one colour and light up together.", "", &explore},
  {kWat2Wasm, "wat2wasm", Operands::Modules, "MODULE",
   "convert a module from text to binary",
   "Without --output, FILE.wat becomes FILE.wasm in the current directory, and standard input goes "
   "to standard output.", "", &wat2wasm},
  {kWasm2Wat, "wasm2wat", Operands::Modules, "MODULE",
   "convert a module from binary to text",
   "Names come from the name section, else they are numbers. Reading the text gives the module again.",
   "", &wasm2wat},
  {kWast, "wast", Operands::Modules, "SCRIPT...",
   "run scripts of the official test suites",
   "Prints a line per failure and one per script. Exit status 1 if a command of a script failed.",
   "", &run_scripts},
  {kBenchCompile, "bench compile", Operands::Modules, "MODULE...",
   "measure compiling",
   "Prints a line per module, fields separated by tabs: file, bytes, bytes of its code section, "
   "minimum and median milliseconds from bytes in memory to machine code of every function, bytes of "
   "machine code.", "", &bench_compile},
  {kBenchRun, "bench run", Operands::ModuleAndArgs, "MODULE [ARGS...]",
   "measure running",
   "Prints a line as `bench compile` does; the times are those of _start or of the function of "
   "--invoke, in a new instance each time. What the program prints is thrown away.", "", &bench_run},
  {kBenchStream, "bench stream", Operands::ModuleAndArgs, "MODULE [ARGS...]",
   "draw how a module is compiled while it arrives",
   "An SVG picture on standard output: bytes in, sections, what each thread did, when the module was "
   "ready and when it was first called. With --throttle, as over a network. The module is run as by "
   "`bench run`, if there is something to run.", "", &bench_stream},
  {kCompletion, "completion", Operands::Word, "SHELL",
   "print a shell's completion script",
   "For bash: eval \"$(sluice completion bash)\". For zsh: a file _sluice in $fpath. For fish: "
   "~/.config/fish/completions/sluice.fish.", "bash|zsh|fish", &completion},
  {kMan, "man", Operands::None, "", "print the manual page", "To read it: sluice man | man -l -", "", &man},
};

constexpr OptionRow kOptions[] = {
  {"--dir", "", "HOST[::GUEST][:ro]", kRuns, true, "<dir>",
   "give the program a directory, under another name, read-only", &set_dir},
  {"--env", "", "NAME[=VALUE]", kRuns, true, "",
   "set an environment variable, or pass the caller's on", &set_variable},
  {"--inherit-env", "", "", kRuns, false, "",
   "pass the caller's whole environment on; --env wins",
   [](Options& o, const OptionValue&) { o.inherit_variables = true; return std::string(); }},
  {"--listen", "", "HOST:PORT", kRun, true, "",
   "give the program a socket that waits for connections; its descriptor follows the directories'",
   [](Options& o, const OptionValue& v) { o.listen.push_back(v.text); return std::string(); }},
  {"--invoke", "", "NAME", kRuns, false, "",
   "call an exported function with the arguments and print its results",
   [](Options& o, const OptionValue& v) { o.invoke = v.text; return std::string(); }},
  {"--max-stack", "", "SIZE", kRuns, false, "",
   "stack that WebAssembly code may use, 4G at most (default 1M)", &set_max_stack},
  {"--max-memory", "", "SIZE", kRuns, false, "",
   "bytes that the memories may have together: a module that declares more is refused, and to grow "
   "beyond fails", &set_max_memory},
  {"--fuel", "", "N", kRuns, false, "",
   "let the program execute N instructions and no more; its code is slower then", &set_fuel},
  {"--timeout", "", "TIME", kRun | kBenchStream, false, "",
   "stop the program after so long, with exit status 124", &set_timeout},
  {"--memory-checks", "--memory-mode", "HOW", kCompiles, false, "auto|guard|explicit",
   "guard: by guard pages, no checks in the code; explicit: a comparison before every access; auto "
   "(default): guard, or explicit where address space is limited",
   [](Options& o, const OptionValue& v) { o.memory_checks = MemoryChoice(v.choice); return std::string(); }},
  {"--compile", "", "WHEN", kCompiles, false, "eager|lazy|adaptive",
   "eager: every function before the program starts; lazy: each when it is called; adaptive "
   "(default): in the background or when called",
   [](Options& o, const OptionValue& v) { o.compile = CompileChoice(v.choice); return std::string(); }},
  {"--opt-level", "", "LEVEL", kCompiles, false, "auto|quick|full",
   "quick: the least time for compiling; full: the fastest code; auto (default): quick with "
   "--compile=eager, else full",
   [](Options& o, const OptionValue& v) { o.opt_level = OptChoice(v.choice); return std::string(); }},
  {"--features", "", "NAMES", kCompiles | kValidate, true, "",
   "proposals to accept, or behind - to refuse: wide-arithmetic,custom-page-sizes,-simd", &set_features},
  {"--workers", "", "N", kCompiles, false, "",
   "threads that compile; 0: compile on the reading thread",
   [](Options& o, const OptionValue& v) { return set_number(o.workers, v.text, 0, 256); }},
  {"--cpu", "", "LEVEL", kCompiles, false, "sse4.1|avx|avx2|host",
   "the newest instructions that code may use (default: host, all that the processor has)",
   [](Options& o, const OptionValue& v) { o.cpu = CpuChoice(v.choice); return std::string(); }},
  {"--trace-wasi", "", "", kRun, false, "",
   "print every WASI call, its arguments and its result to standard error",
   [](Options& o, const OptionValue&) { o.trace_wasi = true; return std::string(); }},
  {"--unknown-imports", "", "HOW", kRuns, false, "error|trap|default",
   "functions that are imported and not there: an error (default), a trap when they are called, or "
   "functions that return zeros",
   [](Options& o, const OptionValue& v) { o.unknown_imports = UnknownImports(v.choice); return std::string(); }},
  {"--backtrace", "", "FORM", kRuns, false, "text|json",
   "how a trap is told on standard error",
   [](Options& o, const OptionValue& v) { o.backtrace = v.choice == 0 ? OutputForm::Text : OutputForm::Json; return std::string(); }},
  {"--output", "-o", "FILE", kConverts | kBenchStream, false, "<file>",
   "write to FILE, or - for standard output",
   [](Options& o, const OptionValue& v) { o.output = v.text; return std::string(); }},
  {"--stats", "", "[=json]", kRun, false, "text|json",
   "print sizes and times of compilation to standard error",
   [](Options& o, const OptionValue& v) { o.stats = v.choice == 0 ? OutputForm::Text : OutputForm::Json; return std::string(); }},
  {"--profile", "", "HOW", kRun, false, "perfmap|jitdump",
   "tell perf about the code. perfmap: names, in /tmp/perf-PID.map; jitdump: code and source lines, in "
   "./jit-PID.dump, for perf record -k mono and perf inject --jit",
   [](Options& o, const OptionValue& v) { o.profile = v.choice == 0 ? ProfileChoice::PerfMap : ProfileChoice::JitDump; return std::string(); }},
  {"--debug", "", "", kRun, false, "",
   "tell gdb about the code: names, frames, and the source lines of a module that was compiled with -g",
   [](Options& o, const OptionValue&) { o.debug = true; return std::string(); }},
  {"--throttle", "", "RATE", kRun | kBenchStream, false, "",
   "read the module no faster than so many bytes a second (500K) or bits (100Mbit), to see it stream",
   &set_throttle},
  {"--func", "", "N", kShows, false, "",
   "only the function of this index",
   [](Options& o, const OptionValue& v) { return set_number(o.only_func, v.text, 0, ~uint32_t{0}); }},
  {"--repeat", "", "N", kBenchCompile | kBenchRun, false, "",
   "measure N times (default 5)",
   [](Options& o, const OptionValue& v) { return set_number(o.repeat, v.text, 1, 1'000'000); }},
};
// clang-format on

}  // namespace

std::span<const CommandRow> command_rows() { return kCommands; }
std::span<const OptionRow> option_rows() { return kOptions; }

std::vector<std::string> split_choices(std::string_view choices) {
  std::vector<std::string> words;
  while (!choices.empty()) {
    size_t bar = choices.find('|');
    words.emplace_back(choices.substr(0, bar));
    choices.remove_prefix(bar == std::string_view::npos ? choices.size() : bar + 1);
  }
  return words;
}

}  // namespace sluice::cli

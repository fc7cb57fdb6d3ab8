// What the command line asks for, parsed and checked. Knows nothing of engines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::cli {

enum class Command { Run, Validate, BenchCompile, BenchRun };
enum class MemoryChoice { Auto, Guard, Explicit };
enum class CompileChoice { Adaptive, Eager, Lazy };

/// --dir HOST[::GUEST][:ro]
struct DirOption {
  std::string host;
  std::string guest;
  bool read_only = false;
};

struct Options {
  Command command = Command::Run;
  std::vector<std::string> modules;  // one to run, else any number; "-" is stdin
  std::vector<std::string> guest_args;
  std::vector<DirOption> dirs;
  std::vector<std::pair<std::string, std::string>> variables;
  std::optional<std::string> invoke;
  MemoryChoice memory_mode = MemoryChoice::Auto;
  std::optional<CompileChoice> compile;
  std::optional<uint32_t> workers;
  bool stats = false;
  uint32_t repeat = 5;  // of a benchmark
};

/// The options, or the exit status if there is nothing left to do: help or version was asked for,
/// or the line is wrong, and what is to be said has been printed.
struct ParsedLine {
  std::optional<Options> options;
  int status = 0;
};

/// `stdin_is_module`: with no module named, standard input is taken for it.
ParsedLine parse_command_line(int argc, const char* const* argv, bool stdin_is_module);

/// Splits --dir's value; nothing if a part is empty.
std::optional<DirOption> parse_dir(const std::string& text);

}  // namespace sluice::cli

// What the command line asks for, parsed and checked against the tables of command_table.h. Knows
// nothing of engines: every choice is a plain value that program.cpp and the commands act on.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/wasm/features.h"

namespace sluice::cli {

struct CommandRow;

enum class MemoryChoice { Auto, Guard, Explicit };
enum class UnknownImports { Error, Trap, Default };
enum class OutputForm { None, Text, Json };
enum class CompileChoice { Eager, Lazy, Adaptive };
enum class ProfileChoice { None, PerfMap, JitDump };
enum class OptChoice { Auto, Quick, Full };
enum class CpuChoice { Sse41, Avx, Avx2, Host };

/// --dir HOST[::GUEST][:ro]
struct DirOption {
  std::string host;
  std::string guest;
  bool read_only = false;
};

struct Options {
  const CommandRow* command = nullptr;
  std::vector<std::string> modules;  // what the command works on; "-" is standard input
  std::vector<std::string> guest_args;
  std::vector<DirOption> dirs;
  std::vector<std::string> listen;  // "HOST:PORT"
  std::vector<std::pair<std::string, std::string>> variables;
  bool inherit_variables = false;
  std::optional<std::string> invoke;
  MemoryChoice memory_checks = MemoryChoice::Auto;
  std::optional<CompileChoice> compile;
  OptChoice opt_level = OptChoice::Auto;
  CpuChoice cpu = CpuChoice::Host;
  std::optional<uint32_t> workers;
  std::optional<uint64_t> max_stack_bytes;
  std::optional<uint64_t> max_memory_bytes;  // of all memories together
  std::optional<uint64_t> fuel;
  Features features = Features::standard();
  std::optional<std::chrono::milliseconds> timeout;
  bool trace_wasi = false;
  UnknownImports unknown_imports = UnknownImports::Error;
  OutputForm backtrace = OutputForm::Text;
  OutputForm stats = OutputForm::None;
  bool debug = false;  // tell a debugger of code
  ProfileChoice profile = ProfileChoice::None;
  std::optional<uint64_t> throttle_bytes;  // per second, of the module
  std::optional<uint32_t> only_func;       // of objdump and explore
  std::optional<std::string> output;       // of a conversion; "-" is standard output
  uint32_t repeat = 5;                     // of a benchmark
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

/// "500ms", "10s", "2m", or a number of seconds. Nothing if it is none, or more than a year.
std::optional<std::chrono::milliseconds> parse_duration(const std::string& text);

/// A size, or "100Mbit": bytes a second, where "bit" comes in powers of 1000 as networks have it.
std::optional<uint64_t> parse_rate(const std::string& text);

/// "65536", "64K", "16M", "4G": a number of bytes. Nothing if it is none or too large.
std::optional<uint64_t> parse_size(const std::string& text);

}  // namespace sluice::cli

// The two tables of the command line: what commands there are, and what options they take. The
// parser, --help, the completions of shells and the manual page all read them, so a new command is
// a row and its function, and a new option a row and a member of Options.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/options.h"

namespace sluice::cli {

/// What may follow a command besides options.
enum class Operands : uint8_t {
  ModuleAndArgs,  // a module, and behind it the guest's arguments: options end at the module
  Modules,        // one or more, options anywhere among them
  Word,           // one of CommandRow::words
  None,
};

/// Which commands take an option: a bit for each CommandRow::bit.
using CommandSet = uint32_t;
enum : CommandSet {
  kRun = 1u << 0,
  kValidate = 1u << 1,
  kBenchCompile = 1u << 2,
  kBenchRun = 1u << 3,
  kCompletion = 1u << 4,
  kMan = 1u << 5,
  kInspect = 1u << 6,
  kObjdump = 1u << 7,
  kExplore = 1u << 8,
  kWat2Wasm = 1u << 9,
  kWasm2Wat = 1u << 10,
  kWast = 1u << 11,
  kBenchStream = 1u << 12,
  kRuns = kRun | kBenchRun | kBenchStream,             // execute a module
  kShows = kObjdump | kExplore,                        // print machine code
  kConverts = kWat2Wasm | kWasm2Wat,                   // between text and binary
  kCompiles = kRuns | kBenchCompile | kShows | kWast,  // have an engine
};

struct CommandRow {
  CommandSet bit;
  const char* name;  // one word or two
  Operands operands;
  const char* synopsis;  // of the operands
  const char* summary;   // one line
  const char* details;   // sentences for --help and the manual page, or ""
  const char* words;     // Operands::Word: "bash|zsh|fish", else ""
  int (*run)(const Options&);
};

/// An option's value as given, and which of OptionRow::choices it is.
struct OptionValue {
  const std::string& text;
  size_t choice = 0;
};

struct OptionRow {
  const char* name;   // "--dir"
  const char* alias;  // another spelling, or ""
  const char* value;  // how help writes its value; "" for a flag, "[=WORD]" if it may be left out
  CommandSet commands;
  bool repeats;
  const char* choices;  // "auto|guard|explicit": nothing else is accepted; "<file>", "<dir>" or ""
  const char* help;
  /// Notes the value. Returns what the option wants instead ("a number from 0 to 256"), or "".
  std::string (*set)(Options&, const OptionValue&);

  bool is_flag() const { return *value == '\0'; }
  bool value_is_optional() const { return *value == '['; }
};

std::span<const CommandRow> command_rows();
std::span<const OptionRow> option_rows();

/// "a|b|c" as its words.
std::vector<std::string> split_choices(std::string_view choices);

}  // namespace sluice::cli

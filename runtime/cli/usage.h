// What the command line says about itself, made from the tables of command_table.h: help,
// and the pieces of it that the manual page repeats.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "runtime/cli/command_table.h"

namespace sluice::cli {

/// All commands and what they do, without their options.
void print_overview(std::FILE* to);
/// One command with its options, to standard output.
void print_command_help(const CommandRow& command);

/// Sentences that help and the manual page share.
inline constexpr const char* kIntroduction =
    "Sluice runs WebAssembly modules as native code, compiled while their bytes arrive.";
inline constexpr const char* kModules =
    "MODULE is a file, or - for standard input; without MODULE a module that is piped in is taken.";
inline constexpr const char* kStatuses =
    "Exit status: the program's; 134 after a trap; 1 if the module cannot be run; 2 for a wrong "
    "line.";

/// "--dir HOST[::GUEST][:ro]", "--stats[=json]"
std::string with_value(const OptionRow& row);
/// "sluice run [OPTIONS] MODULE [ARGS...]"
std::string usage_line(const CommandRow& command);
/// What the command does: "Measure compiling. …"
std::string sentences(const CommandRow& command);
/// "a, b or c"
std::string list_words(const std::vector<std::string>& words);

}  // namespace sluice::cli

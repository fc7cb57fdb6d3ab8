// The parser of the command line: CLI11, told of the options that the tables have. Where a command
// takes a guest's arguments, everything behind the module is the guest's, but for an --invoke that
// follows the module directly: people put it there.
#include "runtime/cli/options.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "runtime/cli/command_table.h"
#include "runtime/cli/invoke.h"
#include "runtime/cli/report.h"
#include "runtime/cli/usage.h"
#include "runtime/include/sluice/sluice.h"

namespace sluice::cli {

namespace {

#define SLUICE_TEXT_OF(x) #x
#define SLUICE_TEXT(x) SLUICE_TEXT_OF(x)
constexpr const char* kVersion = "sluice " SLUICE_TEXT(SLUICE_VERSION_MAJOR) "." SLUICE_TEXT(
    SLUICE_VERSION_MINOR) "." SLUICE_TEXT(SLUICE_VERSION_PATCH);

/// One command's line: CLI11 finds the options that the table has, the rest is looked at here.
class LineParser {
 public:
  LineParser(const CommandRow& command, bool stdin_is_module)
      : command_(command), stdin_is_module_(stdin_is_module) {
    options_.command = &command;
  }

  ParsedLine run(std::vector<std::string> words) {
    bool help = false;
    CLI::App app;
    app.set_help_flag();
    app.add_flag("-h,--help", help);
    declare_options(app);
    std::reverse(words.begin(), words.end());  // as CLI11 wants it
    try {
      app.parse(words);
    } catch (const CLI::ParseError& error) {
      return {std::nullopt, wrong_line(error.what(), command_)};
    }
    if (help) {
      print_command_help(command_);
      return {std::nullopt, 0};
    }
    std::string wrong = set_options();
    if (wrong.empty()) wrong = take_operands(app.remaining());
    if (!wrong.empty()) return {std::nullopt, wrong_line(wrong, command_)};
    return {std::move(options_), 0};
  }

  static int wrong_line(const std::string& what, const CommandRow& command) {
    std::string help = "see sluice " + std::string(command.name) + " --help";
    std::fprintf(stderr, "sluice: %s (%s)\n", printable(what).c_str(), help.c_str());
    return 2;
  }

 private:
  void declare_options(CLI::App& app) {
    if (command_.operands == Operands::ModuleAndArgs) {
      app.prefix_command();
    } else {
      app.allow_extras();
    }
    for (const OptionRow& row : option_rows()) {
      given_.emplace_back();
      if ((row.commands & command_.bit) == 0) continue;
      std::string names = row.name;
      if (*row.alias != '\0') names += std::string(",") + row.alias;
      if (row.is_flag() || row.value_is_optional()) {
        auto* flag = app.add_flag(names, given_.back());
        if (row.is_flag()) flag->disable_flag_override();
      } else {
        // One value each: CLI11 would otherwise take the module for a second one.
        app.add_option(names, given_.back())->allow_extra_args(false)->type_name(row.value);
      }
    }
  }

  std::string set_options() {
    for (size_t i = 0; i < option_rows().size(); ++i) {
      const OptionRow& row = option_rows()[i];
      if (given_[i].size() > 1 && !row.repeats && !row.is_flag()) {
        return std::string(row.name) + " is given twice";
      }
      for (const std::string& value : given_[i]) {
        std::string wants = set(row, value);
        if (!wants.empty())
          return std::string(row.name) + " wants " + wants + ", not '" + value + "'";
      }
    }
    return {};
  }

  /// Notes one value. What the option wants instead, or "".
  std::string set(const OptionRow& row, const std::string& value) {
    OptionValue v{value};
    const bool has_value = !row.is_flag() && !(row.value_is_optional() && value == "true");
    if (has_value && *row.choices != '\0' && *row.choices != '<') {
      std::vector<std::string> words = split_choices(row.choices);
      v.choice = static_cast<size_t>(std::ranges::find(words, value) - words.begin());
      if (v.choice == words.size()) return list_words(words);
    }
    static const std::string kNone;
    return row.set(options_, has_value ? v : OptionValue{kNone});
  }

  /// `name` is none of this command's options: says so, and what may have been meant.
  std::string unknown(const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> names;
    for (const OptionRow& row : option_rows()) {
      if (name == row.name) {
        return "'" + name + "' is no option of sluice " + std::string(command_.name);
      }
      if ((row.commands & command_.bit) != 0) names.emplace_back(row.name);
    }
    std::string text = "unknown option '" + name + "'";
    std::vector<std::string> near = near_matches(name, names);
    for (size_t i = 0; i < near.size(); ++i) text += (i == 0 ? "; similar: " : " ") + near[i];
    return text;
  }

  /// What is no option. Empty if all is well, else what is wrong.
  std::string take_operands(std::vector<std::string> rest) {
    if (command_.operands == Operands::ModuleAndArgs) return take_guest(std::move(rest));
    bool only_names = false;
    for (const std::string& word : rest) {
      if (!only_names && word == "--") {
        only_names = true;
      } else if (!only_names && word.size() > 1 && word[0] == '-') {
        return unknown(word);
      } else {
        options_.modules.push_back(word);
      }
    }
    const std::vector<std::string>& operands = options_.modules;
    const std::vector<std::string> words = split_choices(command_.words);
    switch (command_.operands) {
    case Operands::Word:
      if (operands.size() == 1 && std::ranges::find(words, operands[0]) != words.end()) return {};
      return std::string(command_.name) + " wants " + list_words(words);
    case Operands::None:
      if (operands.empty()) return {};
      return std::string(command_.name) + " takes nothing, got '" + operands[0] + "'";
    case Operands::Modules:
    case Operands::ModuleAndArgs: break;
    }
    if (operands.empty() && stdin_is_module_) options_.modules.emplace_back("-");
    return operands.empty() ? "no module given" : "";
  }

  /// The module and what follows it.
  std::string take_guest(std::vector<std::string> rest) {
    bool only_names = !rest.empty() && rest[0] == "--";
    if (only_names) rest.erase(rest.begin());
    if (rest.empty()) {
      if (!stdin_is_module_) return "no module given";
      rest.emplace_back("-");
    }
    if (!only_names && rest[0].size() > 1 && rest[0][0] == '-') return unknown(rest[0]);
    options_.modules = {rest[0]};
    size_t at = 1;
    if (rest.size() > at && rest[at] == "--invoke" && !options_.invoke) {
      if (rest.size() == at + 1) return "--invoke wants the name of a function";
      options_.invoke = rest[at + 1];
      at += 2;
    } else if (rest.size() > at && rest[at].starts_with("--invoke=") && !options_.invoke) {
      options_.invoke = rest[at].substr(9);
      at += 1;
    } else if (rest.size() > at && rest[at] == "--") {
      at += 1;
    }
    options_.guest_args.assign(rest.begin() + static_cast<std::ptrdiff_t>(at), rest.end());
    return {};
  }

  const CommandRow& command_;
  bool stdin_is_module_;
  std::deque<std::vector<std::string>> given_;  // values by row; CLI11 keeps references
  Options options_;
};

/// The command that the line begins with, whose words are removed; null if it names none.
const CommandRow* take_command(std::vector<std::string>& words) {
  for (const CommandRow& row : command_rows()) {
    std::string name = row.name;
    size_t space = name.find(' ');
    const bool two = space != std::string::npos;
    if (words.empty() || words[0] != name.substr(0, space)) continue;
    if (two && (words.size() < 2 || words[1] != name.substr(space + 1))) continue;
    words.erase(words.begin(), words.begin() + (two ? 2 : 1));
    return &row;
  }
  return nullptr;
}

/// A first word that is neither a command nor a file may be a misspelt command.
std::string misspelt_command(const std::string& word) {
  if (word.empty() || word[0] == '-' || word.find_first_of("./") != std::string::npos) return {};
  std::vector<std::string> names;
  std::string of_two;
  for (const CommandRow& row : command_rows()) {
    std::string name = row.name;
    size_t space = name.find(' ');
    if (word == name.substr(0, space)) of_two += (of_two.empty() ? "'" : "' or '") + name;
    names.push_back(name.substr(0, space));
  }
  if (!of_two.empty()) return word + " wants more: " + of_two + "'";
  std::vector<std::string> near = near_matches(word, names);
  if (near.empty() || access(word.c_str(), F_OK) == 0) return {};
  return "no command and no file '" + word + "'; similar: " + near[0];
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

std::optional<std::chrono::milliseconds> parse_duration(const std::string& text) {
  constexpr uint64_t kMostMilliseconds = uint64_t{366} * 24 * 3600 * 1000;
  size_t digits = text.find_first_not_of("0123456789");
  if (text.empty() || digits == 0) return std::nullopt;
  std::string unit = digits == std::string::npos ? std::string("s") : text.substr(digits);
  uint64_t factor = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  uint64_t number = 0;
  for (char c : text.substr(0, digits)) {
    number = number * 10 + static_cast<uint64_t>(c - '0');
    if (number > kMostMilliseconds) return std::nullopt;
  }
  if (factor == 0 || number * factor > kMostMilliseconds) return std::nullopt;
  return std::chrono::milliseconds(number * factor);
}

std::optional<uint64_t> parse_size(const std::string& text) {
  size_t digits = text.find_first_not_of("0123456789");
  if (text.empty() || digits == 0) return std::nullopt;
  std::string unit = digits == std::string::npos ? std::string() : text.substr(digits);
  constexpr std::string_view kUnits = "KMGT";
  int shift = 0;
  if (!unit.empty()) {
    size_t which = kUnits.find(unit[0]);
    if (unit.size() != 1 || which == std::string_view::npos) return std::nullopt;
    shift = 10 * (static_cast<int>(which) + 1);
  }
  uint64_t bytes = 0;
  for (char c : text.substr(0, digits)) {
    if (bytes > (~uint64_t{0} >> shift) / 10 - 1) return std::nullopt;
    bytes = bytes * 10 + static_cast<uint64_t>(c - '0');
  }
  return bytes << shift;
}

ParsedLine parse_command_line(int argc, const char* const* argv, bool stdin_is_module) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const bool asks_help = !words.empty() && (words[0] == "--help" || words[0] == "-h");
  if (asks_help || (!words.empty() && words[0] == "help")) {
    words.erase(words.begin());
    const CommandRow* about = take_command(words);
    if (about == nullptr && !words.empty()) {
      std::string wrong = misspelt_command(words[0]);
      if (wrong.empty()) wrong = "no command is called '" + words[0] + "'";
      return {std::nullopt, LineParser::wrong_line(wrong, command_rows().front())};
    }
    if (about == nullptr) print_overview(stdout);
    if (about != nullptr) print_command_help(*about);
    return {std::nullopt, 0};
  }
  if (!words.empty() && (words[0] == "--version" || words[0] == "-V")) {
    std::puts(kVersion);
    return {std::nullopt, 0};
  }
  if (words.empty() && !stdin_is_module) {
    print_overview(stderr);
    return {std::nullopt, 2};
  }
  const CommandRow& run = command_rows().front();
  const CommandRow* command = take_command(words);
  const bool asks_part = words.size() > 1 && (words[1] == "--help" || words[1] == "-h");
  if (command == nullptr && asks_part && words[0][0] != '-') {
    print_overview(stdout);
    return {std::nullopt, 0};
  }
  if (command == nullptr && !words.empty()) {
    std::string wrong = misspelt_command(words[0]);
    if (!wrong.empty()) return {std::nullopt, LineParser::wrong_line(wrong, run)};
  }
  return LineParser(command == nullptr ? run : *command, stdin_is_module).run(std::move(words));
}

}  // namespace sluice::cli

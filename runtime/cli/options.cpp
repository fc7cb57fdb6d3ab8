// The parser of the command line: one loop over its words, which finds options in the tables. Where
// a command takes a guest's arguments, everything behind the module is the guest's, but for an
// --invoke that follows the module directly: people put it there.
#include "runtime/cli/options.h"

#include <algorithm>
#include <cstdio>
#include <span>
#include <unistd.h>

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

/// One command's line.
class LineParser {
 public:
  LineParser(const CommandRow& command, bool stdin_is_module)
      : command_(command), stdin_is_module_(stdin_is_module), is_given_(option_rows().size()) {
    options_.command = &command;
  }

  ParsedLine run(const std::vector<std::string>& words) {
    std::string wrong = read(words);
    if (asks_help_) {
      print_command_help(command_);
      return {std::nullopt, 0};
    }
    if (wrong.empty()) wrong = check_operands();
    if (!wrong.empty()) return wrong_line(wrong, " " + std::string(command_.name));
    return {std::move(options_), 0};
  }

  /// `command`: the one whose help may help, behind a space, or "".
  static ParsedLine wrong_line(const std::string& what, const std::string& command = "") {
    report_error({}, what + " (see sluice" + command + " --help)");
    return {std::nullopt, 2};
  }

 private:
  /// Options, operands and a guest's arguments. Empty if all is well, else what is wrong; so are
  /// the results of all that follows.
  std::string read(const std::vector<std::string>& words) {
    bool only_names = false;
    for (size_t at = 0; at < words.size(); ++at) {
      const std::string& word = words[at];
      if (!only_names && word == "--") {
        only_names = true;
      } else if (!only_names && word.size() > 1 && word[0] == '-') {
        std::string wrong = take_option(words, at);
        if (!wrong.empty() || asks_help_) return wrong;
      } else {
        options_.modules.push_back(word);
        if (command_.operands == Operands::ModuleAndArgs) return take_guest_args(words, at + 1);
      }
    }
    return {};
  }

  /// "--name", "--name value", "--name=value", "-n value", "-nvalue" or "-n=value" at `at`, which
  /// is left at the last word that belongs to it.
  std::string take_option(const std::vector<std::string>& words, size_t& at) {
    const std::string& word = words[at];
    const bool is_long = word[1] == '-';
    const size_t end = is_long ? std::min(word.find('='), word.size()) : 2;
    const std::string name = word.substr(0, end);
    if (name == "--help" || word == "-h") asks_help_ = true;
    if (asks_help_) return {};
    const std::span<const OptionRow> rows = option_rows();
    const auto row = std::ranges::find_if(rows, [&](const OptionRow& each) {
      return (each.commands & command_.bit) != 0 && (name == each.name || name == each.alias);
    });
    if (row == rows.end()) return unknown(name);
    std::optional<std::string> value;
    if (end < word.size()) value = word.substr(word[end] == '=' ? end + 1 : end);
    if (row->is_flag() && value) return name + " takes no value";
    if (!row->is_flag() && !row->value_is_optional() && !value) {
      if (at + 1 == words.size()) return name + " wants " + row->value;
      value = words[++at];
    }
    return set(*row, value);
  }

  std::string set(const OptionRow& row, const std::optional<std::string>& value) {
    const auto index = static_cast<size_t>(&row - option_rows().data());
    if (is_given_[index] && !row.repeats && !row.is_flag()) {
      return std::string(row.name) + " is given twice";
    }
    is_given_[index] = true;
    const std::string text = value.value_or("");
    OptionValue v{text};
    std::string wants;
    if (value && *row.choices != '\0' && *row.choices != '<') {
      std::vector<std::string> words = split_choices(row.choices);
      v.choice = static_cast<size_t>(std::ranges::find(words, text) - words.begin());
      if (v.choice == words.size()) wants = list_words(words);
    }
    if (wants.empty()) wants = row.set(options_, v);
    return wants.empty() ? wants
                         : std::string(row.name) + " wants " + wants + ", not '" + text + "'";
  }

  /// `name` is none of this command's options: says so, and what may have been meant.
  std::string unknown(const std::string& name) {
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

  /// What follows the module from words[at] on.
  std::string take_guest_args(const std::vector<std::string>& words, size_t at) {
    const bool has_word = at < words.size();
    if (has_word && words[at] == "--") {
      at += 1;
    } else if (has_word && !options_.invoke &&
               (words[at] == "--invoke" || words[at].starts_with("--invoke="))) {
      std::string wrong = take_option(words, at);
      if (!wrong.empty()) return wrong;
      at += 1;
      if (at < words.size() && words[at] == "--") at += 1;
    }
    options_.guest_args.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
    return {};
  }

  std::string check_operands() {
    std::vector<std::string>& operands = options_.modules;
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
    if (operands.empty() && stdin_is_module_) operands.emplace_back("-");
    return operands.empty() ? "no module given" : "";
  }

  const CommandRow& command_;
  bool stdin_is_module_;
  bool asks_help_ = false;
  std::vector<bool> is_given_;  // by row of option_rows()
  Options options_;
};

/// The command that the line begins with, whose words are removed; null if it names none.
const CommandRow* take_command(std::vector<std::string>& words) {
  for (const CommandRow& row : command_rows()) {
    std::string name = row.name;
    size_t space = name.find(' ');
    const bool two = space != std::string::npos;
    if (words.empty() || words[0] != name.substr(0, space)) continue;
    // "bench --run" is as good as "bench run".
    if (two && (words.size() < 2 ||
                (words[1] != name.substr(space + 1) && words[1] != "--" + name.substr(space + 1))))
      continue;
    words.erase(words.begin(), words.begin() + (two ? 2 : 1));
    return &row;
  }
  return nullptr;
}

/// Do several commands of two words begin with this one?
bool is_half_a_command(const std::string& word) {
  return std::ranges::any_of(command_rows(), [&](const CommandRow& row) {
    return std::string_view(row.name).starts_with(word + " ");
  });
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

std::optional<uint64_t> parse_rate(const std::string& text) {
  constexpr std::string_view kBit = "bit";
  constexpr std::string_view kUnits = "KMG";
  if (!text.ends_with(kBit)) return parse_size(text);
  std::string rest = text.substr(0, text.size() - kBit.size());
  uint64_t factor = 1;
  if (!rest.empty() && kUnits.find(rest.back()) != std::string_view::npos) {
    for (size_t i = 0; i <= kUnits.find(rest.back()); ++i) factor *= 1000;
    rest.pop_back();
  }
  const std::optional<uint64_t> number = parse_size(rest);
  if (!number || *number > ~uint64_t{0} / factor) return std::nullopt;
  return *number * factor / 8;
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
      return LineParser::wrong_line(wrong);
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
  if (command == nullptr && asks_part && is_half_a_command(words[0])) {
    print_overview(stdout);
    return {std::nullopt, 0};
  }
  if (command == nullptr && !words.empty()) {
    std::string wrong = misspelt_command(words[0]);
    if (!wrong.empty()) return LineParser::wrong_line(wrong);
  }
  return LineParser(command == nullptr ? run : *command, stdin_is_module).run(words);
}

}  // namespace sluice::cli

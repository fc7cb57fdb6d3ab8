// The parser of the command line. It knows the shape of lines; what commands and options there are,
// it reads in the tables. Where a command takes a guest's arguments, everything behind the module
// is the guest's, but for an --invoke that follows the module directly: people put it there.
#include "runtime/cli/options.h"

#include <algorithm>
#include <cstdio>
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

/// Reads the words of a line one after another. The first mistake ends it.
class LineParser {
 public:
  LineParser(const CommandRow& command, std::vector<std::string> words, bool stdin_is_module)
      : command_(command), words_(std::move(words)), stdin_is_module_(stdin_is_module) {
    options_.command = &command;
  }

  ParsedLine run() {
    bool only_names = false;
    while (wrong_.empty() && !help_ && at_ < words_.size()) {
      const std::string& word = words_[at_];
      bool is_option = !only_names && word.size() > 1 && word[0] == '-';
      if (is_option && word == "--") {
        only_names = true;
        ++at_;
      } else if (is_option) {
        take_option();
      } else if (command_.operands == Operands::ModuleAndArgs) {
        break;
      } else {
        options_.modules.push_back(word);
        ++at_;
      }
    }
    if (help_) {
      print_command_help(command_);
      return {std::nullopt, 0};
    }
    if (wrong_.empty()) take_operands();
    if (!wrong_.empty()) return {std::nullopt, wrong_line(wrong_, command_)};
    return {std::move(options_), 0};
  }

  static int wrong_line(const std::string& what, const CommandRow& command) {
    std::string help = "see sluice " + std::string(command.name) + " --help";
    std::fprintf(stderr, "sluice: %s (%s)\n", printable(what).c_str(), help.c_str());
    return 2;
  }

 private:
  const OptionRow* find(const std::string& name) {
    for (const OptionRow& row : option_rows()) {
      if ((row.commands & command_.bit) != 0 && (name == row.name || name == row.alias)) {
        return &row;
      }
    }
    return nullptr;
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

  void take_option() {
    const std::string word = words_[at_++];
    if (word == "--help" || word == "-h") {
      help_ = true;
      return;
    }
    size_t equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const std::string name = word.substr(0, equals);
    const OptionRow* row = find(name);
    if (row == nullptr) {
      wrong_ = unknown(name);
      return;
    }
    const bool has_value = equals != std::string::npos;
    std::string value = has_value ? word.substr(equals + 1) : std::string();
    if (row->is_flag() && has_value) {
      wrong_ = name + " takes no value";
    } else if (!row->is_flag() && !row->value_is_optional() && !has_value) {
      if (at_ == words_.size()) {
        wrong_ = name + " wants a value: " + row->value;
      } else {
        value = words_[at_++];
      }
    }
    if (wrong_.empty()) set(*row, value, has_value || !row->value_is_optional());
  }

  void set(const OptionRow& row, const std::string& value, bool has_value) {
    const auto index = static_cast<size_t>(&row - option_rows().data());
    if (!row.repeats && (given_ >> index & 1) != 0) {
      wrong_ = std::string(row.name) + " is given twice";
      return;
    }
    given_ |= uint64_t{1} << index;
    std::string wants;
    OptionValue v{value};
    if (*row.choices != '\0' && *row.choices != '<' && has_value) wants = choose(row, v);
    if (wants.empty()) wants = row.set(options_, v);
    if (!wants.empty())
      wrong_ = std::string(row.name) + " wants " + wants + ", not '" + value + "'";
  }

  /// Which of the choices it is, or what they are.
  static std::string choose(const OptionRow& row, OptionValue& v) {
    std::vector<std::string> words = split_choices(row.choices);
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] == v.text) {
        v.choice = i;
        return {};
      }
    }
    return list_words(words);
  }

  void take_operands() {
    switch (command_.operands) {
    case Operands::ModuleAndArgs: return take_guest();
    case Operands::Modules:
      if (options_.modules.empty() && stdin_is_module_) options_.modules.emplace_back("-");
      if (options_.modules.empty()) wrong_ = "no module given";
      return;
    case Operands::Word: {
      std::vector<std::string> words = split_choices(command_.words);
      bool known = options_.modules.size() == 1;
      if (known) known = std::find(words.begin(), words.end(), options_.modules[0]) != words.end();
      if (!known) wrong_ = std::string(command_.name) + " wants " + list_words(words);
      return;
    }
    case Operands::None:
      if (!options_.modules.empty()) {
        wrong_ = std::string(command_.name) + " takes nothing, got '" + options_.modules[0] + "'";
      }
      return;
    }
  }

  /// The module and what follows it.
  void take_guest() {
    if (at_ == words_.size()) {
      if (!stdin_is_module_) {
        wrong_ = "no module given";
        return;
      }
      words_.emplace_back("-");
    }
    options_.modules = {words_[at_++]};
    if (at_ < words_.size()) {
      const std::string& word = words_[at_];
      if ((word == "--invoke" || word.starts_with("--invoke=")) && !options_.invoke) {
        take_option();
      } else if (word == "--") {
        ++at_;
      }
    }
    options_.guest_args.assign(words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
  }

  const CommandRow& command_;
  std::vector<std::string> words_;
  bool stdin_is_module_;
  size_t at_ = 0;
  uint64_t given_ = 0;  // bit set over the rows of options
  bool help_ = false;
  std::string wrong_;
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
  if (access(word.c_str(), F_OK) == 0) return {};
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
  if (near.empty()) return {};
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
  return LineParser(command == nullptr ? run : *command, std::move(words), stdin_is_module).run();
}

}  // namespace sluice::cli

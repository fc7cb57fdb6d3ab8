#include "runtime/cli/usage.h"

#include <algorithm>
#include <string_view>

#include "runtime/cli/commands.h"
#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

constexpr size_t kLineColumns = 80;
constexpr size_t kHelpColumn = 30;

/// `text` in lines of at most 80 columns, those after the first indented.
std::string wrap(std::string_view text, size_t column, size_t indent) {
  std::string out;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    if (column > indent && column + 1 + end > kLineColumns) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += text.substr(0, end);
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void print_entry(std::FILE* to, const std::string& head, const char* help) {
  std::string line = "  " + head;
  if (line.size() + 2 > kHelpColumn) line += "\n" + std::string(kHelpColumn, ' ');
  if (line.size() < kHelpColumn) line.resize(kHelpColumn, ' ');
  std::fprintf(to, "%s%s\n", line.c_str(), wrap(help, kHelpColumn, kHelpColumn).c_str());
}

}  // namespace

std::string with_value(const OptionRow& row) {
  std::string text = row.name;
  if (row.is_flag()) return text;
  return text + (row.value_is_optional() ? "" : " ") + row.value;
}

std::string usage_line(const CommandRow& command) {
  std::string text = std::string("sluice ") + command.name;
  bool has_options = std::ranges::any_of(
      option_rows(), [&](const OptionRow& row) { return (row.commands & command.bit) != 0; });
  if (has_options) text += " [OPTIONS]";
  return *command.synopsis == '\0' ? text : text + " " + command.synopsis;
}

std::string sentences(const CommandRow& command) {
  std::string text = command.summary;
  text[0] = static_cast<char>(text[0] - 'a' + 'A');
  text += ".";
  return *command.details == '\0' ? text : text + " " + command.details;
}

std::string list_words(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    text += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

void print_overview(std::FILE* to) {
  std::fprintf(to, "%s\n\n", wrap(kIntroduction, 0, 0).c_str());
  std::fprintf(to, "%s sluice [COMMAND] [OPTIONS] MODULE [ARGS...]\n\n%s\n",
               painted(to, Paint::Head, "usage:").c_str(),
               painted(to, Paint::Head, "commands:").c_str());
  for (const CommandRow& row : command_rows()) {
    print_entry(to, std::string(row.name) + " " + row.synopsis, row.summary);
  }
  print_entry(to, "help COMMAND", "what a command does, and its options");
  std::fprintf(to, "\n%s\n\n%s\n\n", wrap(kModules, 0, 0).c_str(), wrap(kStatuses, 0, 0).c_str());
  std::fputs("  sluice program.wasm one two            run a program with arguments\n"
             "  sluice run --invoke fib math.wasm 30   call one function, print its result\n"
             "  sluice help run                        the options\n",
             to);
}

void print_command_help(const CommandRow& command) {
  std::printf("%s %s\n\n%s\n", painted(stdout, Paint::Head, "usage:").c_str(),
              usage_line(command).c_str(), wrap(sentences(command), 0, 0).c_str());
  bool any = false;
  for (const OptionRow& row : option_rows()) {
    if ((row.commands & command.bit) == 0) continue;
    if (!any) std::printf("\n%s\n", painted(stdout, Paint::Head, "options:").c_str());
    any = true;
    print_entry(stdout, with_value(row), row.help);
  }
  if (command.operands == Operands::Modules || command.operands == Operands::ModuleAndArgs) {
    std::printf("\n%s\n", wrap(kModules, 0, 0).c_str());
  }
  if (command.operands == Operands::ModuleAndArgs)
    std::printf("\n%s\n", wrap(kStatuses, 0, 0).c_str());
}

}  // namespace sluice::cli

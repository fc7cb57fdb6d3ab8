// `sluice man`: the manual page in troff, written from the two tables. Installing makes a file of
// it, so that what is installed and what the command knows cannot differ.
#include <cstdio>
#include <string>
#include <string_view>

#include "runtime/cli/command_table.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/usage.h"

namespace sluice::cli {

namespace {

/// Text in which troff sees no commands.
std::string roff(std::string_view text) {
  std::string out;
  if (!text.empty() && (text[0] == '.' || text[0] == '\'')) out += "\\&";
  for (char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

void print_command(const CommandRow& command) {
  std::printf(".SS %s\n", roff(usage_line(command)).c_str());
  std::printf("%s\n", roff(sentences(command)).c_str());
  for (const OptionRow& row : option_rows()) {
    if ((row.commands & command.bit) == 0) continue;
    std::printf(".TP\n.B %s\n%s.\n", roff(with_value(row)).c_str(), roff(row.help).c_str());
  }
}

}  // namespace

int man(const Options&) {
  std::puts(".TH SLUICE 1\n.SH NAME\nsluice \\- run WebAssembly modules\n.SH SYNOPSIS");
  for (const CommandRow& row : command_rows()) {
    std::printf(".B %s\n.br\n", roff(usage_line(row)).c_str());
  }
  std::printf(".SH DESCRIPTION\n%s\n%s\n", roff(kIntroduction).c_str(), roff(kModules).c_str());
  std::puts(".SH COMMANDS");
  for (const CommandRow& row : command_rows()) print_command(row);
  std::printf(".SH EXIT STATUS\n%s\n", roff(kStatuses).c_str());
  return 0;
}

}  // namespace sluice::cli

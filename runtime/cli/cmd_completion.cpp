// `sluice completion SHELL`: scripts that complete commands, options, and the values of options,
// written from the two tables. Where nothing better is known they complete file names.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/command_table.h"
#include "runtime/cli/commands.h"

namespace sluice::cli {

namespace {

/// Text between apostrophes, as a shell of this kind reads it.
std::string quoted(std::string_view text, const char* apostrophe = "'\\''") {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string(apostrophe) : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, const char* between = " ") {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

/// What a command's first word stands for: "bench" for two commands.
struct FirstWord {
  std::string name;
  std::string summary;
  CommandSet commands = 0;
  std::vector<std::string> then;  // what the next word may be
};

std::vector<FirstWord> first_words() {
  std::vector<FirstWord> out;
  for (const CommandRow& row : command_rows()) {
    std::string name = row.name;
    size_t space = name.find(' ');
    std::string first = name.substr(0, space);
    if (out.empty() || out.back().name != first) out.push_back({first, row.summary, 0, {}});
    FirstWord& word = out.back();
    word.commands |= row.bit;
    if (space != std::string::npos) word.then.push_back(name.substr(space + 1));
    for (const std::string& choice : split_choices(row.words)) word.then.push_back(choice);
  }
  return out;
}

std::vector<const OptionRow*> options_of(CommandSet commands) {
  std::vector<const OptionRow*> out;
  for (const OptionRow& row : option_rows()) {
    if ((row.commands & commands) != 0) out.push_back(&row);
  }
  return out;
}

bool has_choices(const OptionRow& row) { return *row.choices != '\0' && *row.choices != '<'; }

std::vector<std::string> names_of(const std::vector<FirstWord>& words) {
  std::vector<std::string> names;
  for (const FirstWord& word : words) names.push_back(word.name);
  return names;
}

void print_bash() {
  const std::vector<FirstWord> words = first_words();
  std::puts(
      "_sluice() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} names=\n"
      "  [[ $previous == = ]] && previous=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  [[ $current == = ]] && current=\n"
      "  case $previous in");
  for (const OptionRow& row : option_rows()) {
    if (row.value_is_optional()) continue;
    if (has_choices(row)) {
      std::printf("    %s) COMPREPLY=($(compgen -W '%s' -- \"$current\")); return ;;\n", row.name,
                  joined(split_choices(row.choices)).c_str());
    } else if (row.choices == std::string_view("<dir>")) {
      std::printf("    %s) COMPREPLY=($(compgen -d -- \"$current\")); return ;;\n", row.name);
    }
  }
  std::puts("  esac\n"
            "  if [[ $current == -* ]]; then\n"
            "    case ${COMP_WORDS[1]} in");
  for (const FirstWord& word : words) {
    std::string options = "--help";
    for (const OptionRow* row : options_of(word.commands)) options += std::string(" ") + row->name;
    std::string pattern = word.name == "run" ? "*" : word.name;
    if (word.name != "run")
      std::printf("      %s) names='%s' ;;\n", pattern.c_str(), options.c_str());
  }
  std::string run_options = "--help";
  for (const OptionRow* row : options_of(words.front().commands)) {
    run_options += std::string(" ") + row->name;
  }
  std::printf("      *) names='%s' ;;\n    esac\n", run_options.c_str());
  std::puts("    COMPREPLY=($(compgen -W \"$names\" -- \"$current\"))\n"
            "    return\n"
            "  fi");
  std::printf("  [[ $COMP_CWORD == 1 ]] && names='%s help'\n", joined(names_of(words)).c_str());
  std::puts("  [[ $COMP_CWORD == 2 ]] && case $previous in");
  for (const FirstWord& word : words) {
    if (word.then.empty()) continue;
    std::printf("    %s) names='%s' ;;\n", word.name.c_str(), joined(word.then).c_str());
  }
  std::puts("  esac\n"
            "  COMPREPLY=($(compgen -W \"$names\" -- \"$current\") $(compgen -f -- \"$current\"))\n"
            "}\n"
            "complete -o filenames -F _sluice sluice");
}

/// zsh's _arguments gives brackets and colons a meaning of their own.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void print_zsh() {
  const std::vector<FirstWord> words = first_words();
  std::puts("#compdef sluice\n_sluice() {\n  local -a commands options\n  commands=(");
  for (const FirstWord& word : words) {
    std::printf("    %s\n", quoted(word.name + ":" + word.summary).c_str());
  }
  std::puts("  )\n"
            "  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
            "    _describe command commands\n    _files\n    return\n  fi\n"
            "  if (( CURRENT == 3 )); then\n    case $words[2] in");
  for (const FirstWord& word : words) {
    if (word.then.empty()) continue;
    std::printf("      %s) compadd %s; return ;;\n", word.name.c_str(), joined(word.then).c_str());
  }
  std::puts("    esac\n  fi\n  case $words[2] in");
  auto print_options = [](const std::string& pattern, CommandSet commands) {
    std::printf("    %s) options=(\n", pattern.c_str());
    for (const OptionRow* row : options_of(commands)) {
      std::string spec = row->repeats ? "*" : "";
      spec += row->name;
      if (!row->is_flag()) spec += row->value_is_optional() ? "=-" : "=";
      spec += "[" + zsh_text(row->help) + "]";
      if (!row->is_flag()) {
        spec += row->value_is_optional() ? "::" : ":";
        spec += zsh_text(row->value) + ":";
        if (has_choices(*row)) spec += "(" + joined(split_choices(row->choices)) + ")";
        if (row->choices == std::string_view("<dir>")) spec += "_directories";
        if (row->choices == std::string_view("<file>")) spec += "_files";
      }
      std::printf("      %s\n", quoted(spec).c_str());
    }
    std::puts("    ) ;;");
  };
  for (const FirstWord& word : words) {
    if (word.name != "run") print_options(word.name, word.commands);
  }
  print_options("*", words.front().commands);
  std::puts("  esac\n  _arguments -S $options '*:file:_files'\n}\ncompdef _sluice sluice");
}

void print_fish() {
  const std::vector<FirstWord> words = first_words();
  const std::string others = joined(std::vector<std::string>([&] {
    std::vector<std::string> names = names_of(words);
    names.erase(names.begin());
    return names;
  }()));
  for (const FirstWord& word : words) {
    std::printf("complete -c sluice -n __fish_use_subcommand -a %s -d %s\n", word.name.c_str(),
                quoted(word.summary, "\\'").c_str());
    if (!word.then.empty()) {
      std::printf("complete -c sluice -f -n '__fish_seen_subcommand_from %s' -a '%s'\n",
                  word.name.c_str(), joined(word.then).c_str());
    }
    for (const OptionRow* row : options_of(word.commands)) {
      std::string when = word.name == "run" ? "not __fish_seen_subcommand_from " + others
                                            : "__fish_seen_subcommand_from " + word.name;
      std::string line = "complete -c sluice -n " + quoted(when) + " -l " + (row->name + 2);
      if (has_choices(*row)) line += " -x -a " + quoted(joined(split_choices(row->choices)));
      if (!row->is_flag() && !row->value_is_optional() && !has_choices(*row)) line += " -r";
      if (row->choices == std::string_view("<dir>")) line += " -a '(__fish_complete_directories)'";
      std::printf("%s -d %s\n", line.c_str(), quoted(row->help, "\\'").c_str());
    }
  }
}

}  // namespace

int completion(const Options& options) {
  const std::string& shell = options.modules[0];
  if (shell == "bash") print_bash();
  if (shell == "zsh") print_zsh();
  if (shell == "fish") print_fish();
  return 0;
}

}  // namespace sluice::cli

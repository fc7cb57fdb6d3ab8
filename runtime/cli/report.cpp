#include "runtime/cli/report.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include "engine/base/printable.h"
#include "engine/binary/byte_reader.h"

namespace sluice::cli {

std::string printable(std::string_view text) {
  String out;
  append_printable(out, text);
  return std::string(out);
}

std::string without_markup(std::string_view text) {
  const std::string shown = printable(text);
  size_t bad = 0;
  const bool is_text = is_utf8({reinterpret_cast<const uint8_t*>(shown.data()), shown.size()}, bad);
  std::string out;
  for (size_t i = 0; i < shown.size(); ++i) {
    const char c = shown[i];
    // U+FFFE and U+FFFF are no characters of XML.
    const std::string_view three = std::string_view(shown).substr(i, 3);
    if (!is_text && static_cast<uint8_t>(c) >= 0x80) {
      out += '?';
    } else if (three == "\xef\xbf\xbe" || three == "\xef\xbf\xbf") {
      out += '?';
      i += 2;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string painted(std::FILE* to, Paint paint, std::string_view text) {
  const auto is_set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  const char* terminal = std::getenv("TERM");
  const bool is_dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  if (is_dumb || is_set("NO_COLOR") || isatty(fileno(to)) != 1) return std::string(text);
  const char* begin = "";
  switch (paint) {
  case Paint::Error: begin = "\033[1;31m"; break;
  case Paint::Place: begin = "\033[1;32m"; break;
  case Paint::Head: begin = "\033[1m"; break;
  }
  return begin + std::string(text) + "\033[0m";
}

int report_error(std::string_view module, std::string_view text) {
  std::string line = painted(stderr, Paint::Error, "sluice:") + " ";
  if (!module.empty()) line += module == "-" ? "standard input" : printable(module);
  if (!module.empty()) line += ": ";
  line += printable(text);
  std::fprintf(stderr, "%s\n", line.c_str());
  return kStatusError;
}

int report_lines(std::string_view text) {
  std::string prefix = painted(stderr, Paint::Error, "sluice:") + " ";
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string line = printable(text.substr(0, end));
    const bool is_caret = line.find_first_not_of(' ') == line.size() - 1 && line.back() == '^';
    if (is_caret) line = painted(stderr, Paint::Place, line);
    std::fprintf(stderr, "%s%s\n", prefix.c_str(), line.c_str());
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    prefix = "";
  }
  return kStatusError;
}

}  // namespace sluice::cli

#include "runtime/cli/report.h"

#include <cstdio>

namespace sluice::cli {

// Single control bytes are C0, DEL, and in UTF-8 the two-byte C1 range.
std::string printable(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    bool is_c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (is_c1) ++i;
    out += c < 0x20 || c == 0x7f || is_c1 ? '?' : text[i];
  }
  return out;
}

int report_error(std::string_view module, std::string_view text) {
  std::string line = "sluice: ";
  if (!module.empty()) line += module == "-" ? "standard input" : printable(module);
  if (!module.empty()) line += ": ";
  line += printable(text);
  std::fprintf(stderr, "%s\n", line.c_str());
  return kStatusError;
}

int report_lines(std::string_view text) {
  const char* prefix = "sluice: ";
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::fprintf(stderr, "%s%s\n", prefix, printable(text.substr(0, end)).c_str());
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    prefix = "";
  }
  return kStatusError;
}

}  // namespace sluice::cli

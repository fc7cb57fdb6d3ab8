#include "runtime/wasi/trace.h"

#include <cinttypes>
#include <cstdio>

namespace sluice::wasi {

namespace {

void append_number(String& out, const char* format, uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  out += text;
}

void append_text(String& out, const GuestMemory& mem, uint64_t address, uint64_t length) {
  constexpr size_t kMaxShown = 200;
  // One more than is shown tells whether there are more.
  auto text = mem.text(static_cast<uint32_t>(address),
                       static_cast<uint32_t>(std::min<uint64_t>(length, kMaxShown + 1)));
  if (!text) {
    out += "(outside)";
    return;
  }
  out += '"';
  out += text->substr(0, kMaxShown);
  out += text->size() > kMaxShown ? "\"..." : "\"";
}

/// What a call put at a result's address.
void append_result(String& out, const GuestMemory& mem, char kind, uint64_t address) {
  auto at = static_cast<uint32_t>(address);
  if (kind == 'O') {
    if (auto value = mem.read<uint64_t>(at)) append_number(out, ", %" PRIu64, *value);
  } else if (auto value = mem.read<uint32_t>(at)) {
    append_number(out, ", %" PRIu64, *value);
  }
}

}  // namespace

String trace_line(const char* name, const char* kinds, const GuestMemory& mem,
                  std::span<const uint64_t> arguments, Errno error) {
  String line(name);
  String results;
  line += '(';
  size_t i = 0;
  bool first = true;
  for (const char* kind = kinds; *kind != '\0'; ++kind, ++i) {
    if (*kind == 'o' || *kind == 'O') {
      append_result(results, mem, *kind, arguments[i]);
      continue;
    }
    if (!first) line += ", ";
    first = false;
    switch (*kind) {
    case 's':
      append_text(line, mem, arguments[i], arguments[i + 1]);
      ++i;
      break;
    case 'x': append_number(line, "%#" PRIx64, arguments[i]); break;
    case 'i': append_number(line, "%" PRId64, arguments[i]); break;
    default: append_number(line, "%" PRIu64, arguments[i]); break;
    }
  }
  line += ") = ";
  line += name_of(error);
  return error == Errno::Success ? line + results : line;
}

}  // namespace sluice::wasi

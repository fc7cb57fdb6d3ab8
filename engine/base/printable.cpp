#include "engine/base/printable.h"

namespace sluice {

namespace {

bool is_between(char c, uint8_t least, uint8_t most) {
  return static_cast<uint8_t>(c) >= least && static_cast<uint8_t>(c) <= most;
}

/// Bytes of the control character that the text begins with; 0: it begins with none.
size_t control_bytes(std::string_view text) {
  if (is_between(text[0], 0, 0x1f) || text[0] == 0x7f) return 1;
  // C1, U+0080 to U+009F.
  if (text.size() >= 2 && text[0] == '\xc2' && is_between(text[1], 0x80, 0x9f)) return 2;
  // What turns the direction of the text: U+202A to U+202E, U+2066 to U+2069.
  if (text.size() < 3 || text[0] != '\xe2') return 0;
  const bool turns = (text[1] == '\x80' && is_between(text[2], 0xaa, 0xae)) ||
                     (text[1] == '\x81' && is_between(text[2], 0xa6, 0xa9));
  return turns ? 3 : 0;
}

}  // namespace

void append_printable(String& out, std::string_view text) {
  while (!text.empty()) {
    const size_t control = control_bytes(text);
    out += control != 0 ? '?' : text[0];
    text.remove_prefix(control != 0 ? control : 1);
  }
}

}  // namespace sluice

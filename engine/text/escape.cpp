// Every escape once.
#include "engine/text/escape.h"

#include <span>

#include "engine/binary/byte_reader.h"

namespace sluice {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(String& out, uint32_t c) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// "{hex}" from text[at]; the index behind it, or 0 if it is no Unicode scalar value.
size_t append_unicode_escape(String& out, std::string_view text, size_t at) {
  if (at >= text.size() || text[at] != '{') return 0;
  uint32_t value = 0;
  bool after_digit = false;
  for (++at; at < text.size(); ++at) {
    const int digit = hex_digit(text[at]);
    if (digit < 0 && !(text[at] == '_' && after_digit)) break;
    after_digit = digit >= 0;
    if (digit >= 0) value = value * 16 + static_cast<uint32_t>(digit);
    if (value > 0x10ffff) return 0;
  }
  const bool is_surrogate = value >= 0xd800 && value < 0xe000;
  if (at >= text.size() || text[at] != '}' || !after_digit || is_surrogate) return 0;
  append_utf8(out, value);
  return at + 1;
}

// The escape whose letter is text[at]; the index behind it, or 0.
size_t append_escape(String& out, std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  switch (text[at]) {
  case 't': out += '\t'; return at + 1;
  case 'n': out += '\n'; return at + 1;
  case 'r': out += '\r'; return at + 1;
  case '"':
  case '\'':
  case '\\': out += text[at]; return at + 1;
  case 'u': return append_unicode_escape(out, text, at + 1);
  default: break;
  }
  const int high = hex_digit(text[at]);
  const int low = at + 1 < text.size() ? hex_digit(text[at + 1]) : -1;
  if (high < 0 || low < 0) return 0;
  out += static_cast<char>(high * 16 + low);
  return at + 2;
}

// The length of the well-formed UTF-8 sequence at text[at]; 0 if there is none.
size_t sequence_length(std::string_view text, size_t at) {
  const auto lead = static_cast<uint8_t>(text[at]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > text.size()) return 0;
  size_t bad = 0;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data()) + at;
  return is_utf8(std::span(bytes, length), bad) ? length : 0;
}

}  // namespace

bool append_unescaped(String& out, std::string_view text, uint64_t& bad_index) {
  for (size_t at = 0; at < text.size();) {
    const size_t escape = text.find('\\', at);
    out += text.substr(at, escape == std::string_view::npos ? escape : escape - at);
    if (escape == std::string_view::npos) return true;
    at = append_escape(out, text, escape + 1);
    if (at == 0) {
      bad_index = escape;
      return false;
    }
  }
  return true;
}

void append_escaped(String& out, std::string_view bytes, bool is_string) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t at = 0; at < bytes.size();) {
    const auto c = static_cast<uint8_t>(bytes[at]);
    if (c >= 0x20 && c < 0x7f) {
      if (is_string && (c == '"' || c == '\\')) out += '\\';
      out += bytes[at++];
      continue;
    }
    const size_t length = sequence_length(bytes, at);
    const bool is_c1 = length == 2 && c == 0xc2 && static_cast<uint8_t>(bytes[at + 1]) < 0xa0;
    if (length == 0 || is_c1 || c < 0x20 || c == 0x7f) {
      for (size_t i = 0; i < (is_c1 ? 2 : 1); ++i, ++at) {
        const auto byte = static_cast<uint8_t>(bytes[at]);
        out += '\\';
        out += kDigits[byte >> 4];
        out += kDigits[byte & 15];
      }
      continue;
    }
    out += bytes.substr(at, length);
    at += length;
  }
}

std::string_view cut_utf8(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<uint8_t>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

}  // namespace sluice

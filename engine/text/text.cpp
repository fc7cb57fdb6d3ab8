// Where an error is, for people; and the ways into the parser.
#include "engine/text/text.h"

#include <algorithm>

#include "engine/binary/byte_reader.h"
#include "engine/text/escape.h"
#include "engine/text/module_parser.h"

namespace sluice {
namespace {

bool is_character(char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, is_character));
}

/// As it is shown: tabs as blanks, control characters escaped.
String shown(std::string_view text) {
  String out;
  append_escaped(out, text, false);
  for (size_t at; (at = out.find("\\09")) != String::npos;) out.replace(at, 3, " ");
  return out;
}

}  // namespace

bool is_text(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return false;
  switch (bytes[0]) {
  case '(':
  case ';':
  case ' ':
  case '\t':
  case '\n':
  case '\r': return true;
  default: return false;
  }
}

Result<Vector<uint8_t>> wat_to_wasm(std::string_view source, uint64_t begin, uint64_t end) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(source.data());
  size_t bad = 0;
  if (!is_utf8(std::span(bytes + begin, end - begin), bad)) {
    return fail(ErrorKind::BadUtf8, begin + bad);
  }
  return ModuleParser(source, begin, end, nullptr).parse();
}

Result<Vector<uint8_t>> wat_to_wasm(std::string_view text, TextMap* map) {
  if (map == nullptr) return wat_to_wasm(text, 0, text.size());
  Result<Vector<uint8_t>> bytes = ModuleParser(text, 0, text.size(), map).parse();
  map->sort();
  return bytes;
}

void TextMap::sort() {
  std::ranges::sort(marks_, {},
                    [](const Mark& mark) { return std::pair(mark.wasm_offset, mark.text_offset); });
}

std::optional<uint64_t> TextMap::find(uint64_t wasm_offset) const {
  const auto behind = std::ranges::upper_bound(marks_, wasm_offset, {}, &Mark::wasm_offset);
  if (behind == marks_.begin()) return std::nullopt;
  return std::prev(behind)->text_offset;
}

TextPosition locate(std::string_view text, uint64_t offset) {
  const std::string_view before = text.substr(0, std::min<size_t>(offset, text.size()));
  const size_t newline = before.rfind('\n');
  const size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
  TextPosition position;
  position.line = 1 + static_cast<uint64_t>(std::ranges::count(before, '\n'));
  position.column = 1 + count_characters(before.substr(line_begin));
  return position;
}

String explain(std::string_view text, const Error& error) {
  constexpr size_t kBefore = 60;  // bytes of the line that are shown around the place
  constexpr size_t kBehind = 40;
  const size_t offset = std::min<size_t>(error.offset, text.size());
  const TextPosition position = locate(text, offset);
  String out = decimal(position.line) + ':' + decimal(position.column) + ": ";
  out += Error{error.kind, kNoOffset, error.detail}.message();

  const size_t newline = text.substr(0, offset).rfind('\n');
  size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  size_t end = std::min(text.find_first_of("\r\n", offset), text.size());
  const bool cut_before = offset - begin > kBefore;
  const bool cut_behind = end - offset > kBehind;
  if (cut_before) begin = offset - kBefore;
  if (cut_behind) end = offset + kBehind;
  while (begin < offset && !is_character(text[begin])) ++begin;
  while (end > offset && end < text.size() && !is_character(text[end])) --end;
  const String before = shown(text.substr(begin, offset - begin));
  out += "\n  ";
  if (cut_before) out += "…";
  out += before + shown(text.substr(offset, end - offset));
  if (cut_behind) out += "…";
  out += "\n  ";
  out.append(count_characters(before) + (cut_before ? 1 : 0), ' ');
  return out + '^';
}

}  // namespace sluice

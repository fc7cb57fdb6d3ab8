// The text format (spec 6) for everybody else: text to binary, and errors in text with the line
// they are on.
//
// All of WebAssembly 3.0, threads, the legacy exception instructions and the proposals that
// features.h names. Reading text checks its grammar and its identifiers; whether the module is
// valid, only the bytes tell.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/base/result.h"

namespace sluice {

/// Do these leading bytes begin a text? A binary module begins with a zero byte.
bool is_text(std::span<const uint8_t> bytes);

/// The binary of "(module …)", or of a module's fields alone. Offsets of errors count bytes of the
/// text.
Result<Vector<uint8_t>> wat_to_wasm(std::string_view text);
/// The same for source[begin, end), with offsets in the source.
Result<Vector<uint8_t>> wat_to_wasm(std::string_view source, uint64_t begin, uint64_t end);

/// The text of a module. The bytes must be well-formed; they need not be valid. Reading the text
/// gives the same module again: the same bytes, if they are what our parser would have written.
Result<String> wasm_to_wat(std::span<const uint8_t> bytes);

/// A place in a text, counted from 1: columns in characters.
struct TextPosition {
  uint64_t line = 1;
  uint64_t column = 1;
};
TextPosition locate(std::string_view text, uint64_t offset);

/// An error in `text` for people: "3:14: unknown operator: 'i32.ad'", the line itself, and a caret
/// under the place. Long lines are cut, control characters escaped.
String explain(std::string_view text, const Error& error);

}  // namespace sluice

// The text format (spec 6) for everybody else: text to binary, and errors in text with the line
// they are on.
//
// All of WebAssembly 3.0, threads, the legacy exception instructions and the proposals that
// features.h names. Reading text checks its grammar and its identifiers; whether the module is
// valid, only the bytes tell.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/base/result.h"

namespace sluice {

/// Do these leading bytes begin a text? A binary module begins with a zero byte.
bool is_text(std::span<const uint8_t> bytes);

/// Which places in a text the bytes that were made of it stand for: instructions of functions, and
/// fields for all the rest.
class TextMap {
 public:
  void add(uint64_t wasm_offset, uint64_t text_offset) {
    marks_.push_back({wasm_offset, text_offset});
  }
  /// Once all is added.
  void sort();
  /// Where the byte at this offset comes from, if it comes from anywhere.
  std::optional<uint64_t> find(uint64_t wasm_offset) const;

 private:
  struct Mark {
    uint64_t wasm_offset;
    uint64_t text_offset;
  };
  Vector<Mark> marks_;
};

/// The binary of "(module …)", or of a module's fields alone. Offsets of errors count bytes of the
/// text. `map`, unless null, is filled.
Result<Vector<uint8_t>> wat_to_wasm(std::string_view text, TextMap* map = nullptr);
/// The same for source[begin, end), with offsets in the source.
Result<Vector<uint8_t>> wat_to_wasm(std::string_view source, uint64_t begin, uint64_t end);

/// The text of a module. The bytes must be well-formed; they need not be valid. Reading the text
/// gives the same module again: the same bytes, if they are what our parser would have written.
Result<String> wasm_to_wat(std::span<const uint8_t> bytes);

/// Where the pieces of a text go; false: no more is wanted.
struct TextSink {
  bool (*take)(void* env, std::string_view piece) = nullptr;
  void* env = nullptr;
};
/// The same for a text of any size: nothing is given away before the bytes are known to be
/// well-formed. An Io error if the sink has enough.
Result<void> wasm_to_wat(std::span<const uint8_t> bytes, TextSink sink);

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

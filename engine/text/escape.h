// Strings of the text format (spec 6.3.3): escapes in both directions, and cutting UTF-8.
//
// What is printed is always printable: control characters and bytes that are not UTF-8 come out as
// \hh, so that text from a module can go to a terminal.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/heap.h"

namespace sluice {

/// Appends the bytes that `text`, the inside of a string, stands for. False at an escape that is
/// none: `bad_index` is its place.
bool append_unescaped(String& out, std::string_view text, uint64_t& bad_index);

/// Appends `bytes`: control characters and ill-formed UTF-8 as escapes; if `is_string`, quotes and
/// backslashes too, so that reading gives the same bytes again.
void append_escaped(String& out, std::string_view bytes, bool is_string);

/// At most `most` bytes from the beginning of well-formed UTF-8, no character cut in two.
std::string_view cut_utf8(std::string_view text, size_t most);

}  // namespace sluice

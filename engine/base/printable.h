// Text of guests for people to read: names may hold anything.
#pragma once

#include <string_view>

#include "engine/base/heap.h"

namespace sluice {

/// Appends `text` with what could drive a terminal or turn the direction of a line replaced.
void append_printable(String& out, std::string_view text);

}  // namespace sluice

// Instructions as text: the text format's words (spec 6.5), indices as numbers.
//
// Complete and exact: two instructions that differ print differently, floats print every bit. For
// dumps, traces and golden files.
#pragma once

#include "engine/base/heap.h"
#include "engine/wasm/instr.h"

namespace sluice {

/// "i32.load offset=8", "br_table 0 1 2", "v128.const i64x2 0x1 0x2" … on one line, without the
/// offset.
String to_string(const Instr& instr);

}  // namespace sluice

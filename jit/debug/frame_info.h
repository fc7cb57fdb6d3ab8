// Call frame information (DWARF 4, 6.4): the states of frames as rules that debuggers follow.
#pragma once

#include "jit/debug/code_sink.h"
#include "jit/debug/debug_writer.h"

namespace sluice {

/// A .debug_frame section about the pieces.
void write_frame_info(DebugWriter& out, std::span<const CodePiece> pieces);

}  // namespace sluice

// Call frame information (DWARF 4, 6.4): the states of frames as rules that debuggers follow.
#pragma once

#include "jit/debug/byte_writer.h"
#include "jit/debug/code_sink.h"

namespace sluice {

/// A .debug_frame section about the pieces.
void write_frame_info(ByteWriter& out, std::span<const CodePiece> pieces);

}  // namespace sluice

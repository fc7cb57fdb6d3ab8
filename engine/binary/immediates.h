// Reading opcodes and immediates of instructions (spec 5.4) from a ByteReader.
//
// Well-formedness only, but for the types in them: these are checked against the module's at once
// (type_reader.h). All other indices are as read. After a failure the reader says so, and what was
// returned is harmless but meaningless.
#pragma once

#include "engine/base/heap.h"
#include "engine/binary/byte_reader.h"
#include "engine/binary/type_reader.h"
#include "engine/wasm/instr.h"

namespace sluice {

/// Memory that an Instr's spans point into; reused.
struct ImmediateScratch {
  Vector<uint32_t> labels;
  Vector<ValType> types;
  Vector<CatchClause> catches;
};

BlockType read_block_type(ByteReader& in, const TypeScope& scope);
/// Flags, memory index if there is one, offset. The offset is not checked against the memory.
MemArg read_mem_arg(ByteReader& in);

/// The opcode at the cursor, prefix included. Fails at its first byte with IllegalOpcode, or
/// FeatureDisabled if `features` lack it.
Op read_op(ByteReader& in, Features features);
/// The immediates of instr.op into `instr`; its offset is left alone.
void read_immediates(ByteReader& in, const TypeScope& scope, ImmediateScratch& scratch,
                     Instr& instr);
/// Opcode, offset and immediates.
void read_instr(ByteReader& in, const TypeScope& scope, ImmediateScratch& scratch, Instr& instr);

}  // namespace sluice

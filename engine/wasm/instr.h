// Instr: one decoded instruction, opcode and immediates (spec 2.4), as plain data.
//
// Only the fields that the immediate kind of `op` names (opcodes.h, Imm) are meaningful; the others
// are left as they were, so that filling one costs no more than reading its bytes. Spans point into
// the scratch memory of whoever decoded it and die with the next instruction.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/wasm/opcodes.h"
#include "engine/wasm/types.h"

namespace sluice {

/// Immediates of a memory access (spec 2.4.6).
struct MemArg {
  MemoryIdx memory{};
  uint32_t align_log2 = 0;
  uint64_t offset = 0;
};

/// A block type as it is encoded; `value` is Bottom for the empty type.
struct BlockType {
  bool has_index = false;
  ValType value;
  TypeIdx index{};
};

enum class CatchKind : uint8_t { Catch, CatchRef, CatchAll, CatchAllRef };  // as encoded

/// A catch clause of try_table (spec 2.4.1).
struct CatchClause {
  CatchKind kind = CatchKind::CatchAll;
  TagIdx tag{};  // Catch and CatchRef only
  uint32_t label = 0;
  bool has_tag() const { return kind <= CatchKind::CatchRef; }
  bool has_ref() const { return kind == CatchKind::CatchRef || kind == CatchKind::CatchAllRef; }
};

struct Instr {
  Op op = Op::Illegal;
  uint64_t offset = 0;  // of the opcode's first byte, in the module

  // The index, depth or count immediates in the order of Imm's names: CallIndirect has the type in
  // `index` and the table in `index2`; BrOnCast the label in `index`; MemArgLane uses `mem`,
  // `lane`.
  uint32_t index = 0;
  uint32_t index2 = 0;
  MemArg mem;
  uint8_t lane = 0;
  uint64_t bits = 0;                 // I32 (sign-extended), I64, F32, F64
  std::array<uint8_t, 16> bytes{};   // V128, Shuffle
  BlockType block;                   // Block, TryTable
  ValType ref;                       // HeapType: heap type, with null where the opcode says null;
                                     // BrOnCast: the source type
  ValType ref2;                      // BrOnCast: the target type
  std::span<const uint32_t> labels;  // LabelTable: depths, the default last
  std::span<const ValType> types;    // SelectTypes
  std::span<const CatchClause> catches;
};

}  // namespace sluice

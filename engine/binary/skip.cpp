// skip_instr, from the immediates column of the table of instructions.
//
// The one-byte opcodes go through a table of (LEB128 numbers, fixed bytes), all others through a
// second one; what has a vector, a flag or a block type is walked. Multi-memory flags are honoured.
#include "engine/binary/skip.h"

#include <algorithm>
#include <array>

#include "engine/wasm/opcodes.h"

namespace sluice {
namespace {

// How the immediates of a kind are laid out.
enum class Layout : uint8_t {
  Lebs,
  MemArg,
  Block,
  LabelTable,
  SelectTypes,
  TryTable,
  HeapType,
  Cast
};

struct Shape {
  Layout layout = Layout::Lebs;
  uint8_t lebs = 0;         // LEB128 numbers first …
  uint8_t fixed_bytes = 0;  // … then bytes
};

constexpr Shape shape_of(Imm imm) {
  switch (imm) {
  case Imm::None: return {};
  case Imm::Block: return {Layout::Block, 0, 0};
  case Imm::LabelTable: return {Layout::LabelTable, 0, 0};
  case Imm::Label:
  case Imm::Func:
  case Imm::TypeIdx:
  case Imm::Local:
  case Imm::Global:
  case Imm::Table:
  case Imm::Memory:
  case Imm::Elem:
  case Imm::Data:
  case Imm::Tag:
  case Imm::I32:
  case Imm::I64: return {Layout::Lebs, 1, 0};
  case Imm::CallIndirect:
  case Imm::TableTable:
  case Imm::MemoryMemory:
  case Imm::ElemTable:
  case Imm::DataMemory:
  case Imm::TypeField:
  case Imm::TypeType:
  case Imm::TypeData:
  case Imm::TypeElem:
  case Imm::TypeCount: return {Layout::Lebs, 2, 0};
  case Imm::MemArg: return {Layout::MemArg, 0, 0};
  case Imm::MemArgLane: return {Layout::MemArg, 0, 1};
  case Imm::Lane:
  case Imm::AtomicFence: return {Layout::Lebs, 0, 1};
  case Imm::Shuffle:
  case Imm::V128: return {Layout::Lebs, 0, 16};
  case Imm::F32: return {Layout::Lebs, 0, 4};
  case Imm::F64: return {Layout::Lebs, 0, 8};
  case Imm::HeapType: return {Layout::HeapType, 0, 0};
  case Imm::SelectTypes: return {Layout::SelectTypes, 0, 0};
  case Imm::TryTable: return {Layout::TryTable, 0, 0};
  case Imm::BrOnCast: return {Layout::Cast, 0, 0};
  }
  return {};
}

constexpr auto kPlainShapes = [] {
  std::array<Shape, 256> shapes{};
  for (size_t i = 0; i < shapes.size(); ++i) shapes[i] = shape_of(op_info(kPlainOps[i]).imm);
  return shapes;
}();

constexpr auto kShapes = [] {
  std::array<Shape, kOpCount + 1> shapes{};
  for (uint32_t i = 0; i <= kOpCount; ++i) shapes[i] = shape_of(op_info(static_cast<Op>(i)).imm);
  return shapes;
}();

uint32_t read_u32(const uint8_t*& p, const uint8_t* end) {
  uint32_t value = 0;
  for (uint32_t shift = 0; p < end; shift += 7) {
    const uint8_t byte = *p++;
    if (shift < 32) value |= static_cast<uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) break;
  }
  return value;
}

// A heap type is one LEB128 number, so is a block type but for `ref ht`; a value type is the same.
const uint8_t* skip_val_type(const uint8_t* p, const uint8_t* end) {
  constexpr uint8_t kRef = 0x64;
  constexpr uint8_t kRefNull = 0x63;
  if (p < end && (*p == kRef || *p == kRefNull)) ++p;
  return skip_leb(p, end);
}

const uint8_t* skip_catches(const uint8_t* p, const uint8_t* end) {
  for (uint32_t count = read_u32(p, end); count > 0 && p < end; --count) {
    const bool has_tag = *p++ <= 1;
    if (has_tag) p = skip_leb(p, end);
    p = skip_leb(p, end);
  }
  return p;
}

const uint8_t* skip_immediates(Shape shape, const uint8_t* p, const uint8_t* end) {
  switch (shape.layout) {
  case Layout::Lebs:
    for (uint32_t i = 0; i < shape.lebs; ++i) p = skip_leb(p, end);
    break;
  case Layout::MemArg: {
    constexpr uint32_t kHasMemory = 0x40;
    if ((read_u32(p, end) & kHasMemory) != 0) p = skip_leb(p, end);
    p = skip_leb(p, end);
    break;
  }
  case Layout::Block: return skip_val_type(p, end);
  case Layout::HeapType: return skip_leb(p, end);
  case Layout::LabelTable:
    for (uint32_t count = read_u32(p, end); count > 0 && p < end; --count) p = skip_leb(p, end);
    return skip_leb(p, end);
  case Layout::SelectTypes:
    for (uint32_t count = read_u32(p, end); count > 0 && p < end; --count)
      p = skip_val_type(p, end);
    return p;
  case Layout::TryTable: return skip_catches(skip_val_type(p, end), end);
  case Layout::Cast:
    p = std::min(p + 1, end);
    for (uint32_t i = 0; i < 3; ++i) p = skip_leb(p, end);
    return p;
  }
  return p + std::min<ptrdiff_t>(shape.fixed_bytes, end - p);
}

}  // namespace

const uint8_t* skip_instr(const uint8_t* p, const uint8_t* end) {
  const uint8_t byte = *p++;
  if (!is_prefix(byte)) [[likely]]
    return skip_immediates(kPlainShapes[byte], p, end);
  const Op op = find_op(byte, read_u32(p, end));
  return skip_immediates(kShapes[static_cast<size_t>(op)], p, end);
}

}  // namespace sluice

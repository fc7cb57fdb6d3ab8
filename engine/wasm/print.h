// Instructions as text: the text format's words (spec 6.5), indices as numbers.
//
// Complete and exact: two instructions that differ print differently, floats print every bit. For
// dumps, traces, golden files and, with names for the indices, the text of a module.
#pragma once

#include "engine/base/heap.h"
#include "engine/wasm/instr.h"

namespace sluice {

/// Index spaces whose members have names in text (spec 6.1.3).
enum class IndexSpace : uint8_t {
  Type,
  Func,  // from here in the order of ExternKind
  Table,
  Memory,
  Global,
  Tag,
  Elem,
  Data,
  Local,
};
inline constexpr size_t kIndexSpaces = 9;
/// "function", "data segment" …: for messages.
const char* index_space_word(IndexSpace which);

/// Writes indices as something else than numbers.
class IndexNames {
 public:
  virtual ~IndexNames() = default;
  virtual void append(String& out, IndexSpace which, uint32_t index) const = 0;
  virtual void append_field(String& out, uint32_t type, uint32_t field) const = 0;
};

/// Appends the instruction; indices go through `names`, if it is not null.
void append_instr(String& out, const Instr& instr, const IndexNames* names);
/// Appends a type, likewise.
void append_type(String& out, HeapType type, const IndexNames* names);
void append_type(String& out, ValType type, const IndexNames* names);

/// "i32.load offset=8", "br_table 0 1 2", "v128.const i64x2 0x1 0x2" … on one line, without the
/// offset.
String to_string(const Instr& instr);

}  // namespace sluice

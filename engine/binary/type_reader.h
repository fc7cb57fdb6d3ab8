// Reading types (spec 5.3) where they occur: in sections and as immediates of instructions.
//
// Concrete heap types come out as representatives, so that a ValType compares by bits. The only
// exception are members of the rec group being read, which have none yet: `type_count` admits their
// indices, and the type section replaces them when the group is closed.
#pragma once

#include <span>

#include "engine/binary/byte_reader.h"
#include "engine/wasm/features.h"
#include "engine/wasm/types.h"

namespace sluice {

/// Which types may be named.
struct TypeScope {
  std::span<const TypeDef> types;  // with representatives
  uint32_t type_count = 0;         // indices from types.size() on are taken as they are
  Features features = Features::standard();

  TypeScope(std::span<const TypeDef> t, Features f)
      : types(t), type_count(static_cast<uint32_t>(t.size())), features(f) {}
};

/// The codes that come before a heap type in a reference type (spec 5.3.4).
inline constexpr uint8_t kRefNullCode = 0x63;
inline constexpr uint8_t kRefCode = 0x64;
/// What a definition in the type section begins with (spec 5.3.9 to 5.3.12).
inline constexpr uint8_t kRecCode = 0x4e;
inline constexpr uint8_t kSubFinalCode = 0x4f;
inline constexpr uint8_t kSubCode = 0x50;
inline constexpr uint8_t kArrayCode = 0x5e;
inline constexpr uint8_t kStructCode = 0x5f;
inline constexpr uint8_t kFuncCode = 0x60;
/// The codes of an abstract heap type, and of a number, vector or packed type.
uint8_t type_code(AbsHeap heap);
uint8_t type_code(ValKind kind);

/// The number or vector type of a code (spec 5.3.1, 5.3.2), Bottom if it is none.
constexpr ValType number_type(uint8_t byte) {
  static_assert(kI32 == static_cast<ValKind>(0x80 - 0x7f) &&
                kV128 == static_cast<ValKind>(0x80 - 0x7b));
  return byte >= 0x7b && byte <= 0x7f ? static_cast<ValKind>(0x80 - byte) : ValKind::Bottom;
}

/// On failure (r.failed()) the result is a valid dummy.
/// spec 5.3.3. A type index must be known: else UnknownType.
HeapType read_heap_type(ByteReader& r, const TypeScope& scope);
/// spec 5.3.4; BadRefType if it is another type.
ValType read_ref_type(ByteReader& r, const TypeScope& scope);
ValType read_val_type_slow(ByteReader& r, const TypeScope& scope);
/// spec 5.3.5.
inline ValType read_val_type(ByteReader& r, const TypeScope& scope) {
  const ValType number = number_type(r.peek_u8());
  if (number.is_bottom() || number == kV128) return read_val_type_slow(r, scope);
  r.set_pos(r.pos() + 1);
  return number;
}
/// spec 5.3.8: a value type, i8 or i16.
ValType read_storage_type(ByteReader& r, const TypeScope& scope);
/// Does a value type start with this byte? Tells a block type's value from its type index.
bool starts_val_type(uint8_t byte);
/// A type index that must be known; not replaced by its representative.
TypeIdx read_type_index(ByteReader& r, const TypeScope& scope);

}  // namespace sluice

// The type section (spec 5.5.4): rec groups, their validity (spec 3.3.9) and their identities.
#pragma once

#include "engine/binary/byte_reader.h"
#include "engine/wasm/module.h"

namespace sluice {

/// Reads rec groups into module.types, where concrete heap types name representatives.
class TypeSectionReader {
 public:
  explicit TypeSectionReader(Module& module) : module_(module) {}

  /// The section's payload; errors are left in `r`.
  void read(ByteReader& r);

 private:
  void read_group(ByteReader& r);
  void read_sub_type(ByteReader& r);
  void read_supertype(ByteReader& r, TypeDef& def);
  void read_composite(ByteReader& r, TypeDef& def);
  void read_func(ByteReader& r, TypeDef& def);
  void read_fields(ByteReader& r, TypeDef& def, uint32_t count);
  void check_supertype(ByteReader& r, const TypeDef& def, uint64_t offset);
  bool matches(const TypeDef& sub, const TypeDef& super) const;
  void close_group(ByteReader& r, uint32_t first, uint64_t offset);

  Module& module_;
  uint32_t group_end_ = 0;                       // one past the last index that may be named
  Vector<uint64_t> offsets_;                     // of the definitions of the group being read
  Vector<ValType> types_;                        // scratch
  Vector<FieldType> fields_;                     // scratch
  HashMap<uint32_t, uint32_t> representatives_;  // canonical id → index
};

}  // namespace sluice

// ModuleBuilder: the binary module while its text is read: index spaces, and one buffer per section
// (spec 5.5), put together by finish().
//
// Parsers append entries to sections in the order of the text; sections are independent, so the
// order of fields in the text does not matter. Types that only occur inline are appended to the
// explicit ones, which must be complete by then. Nothing here is validated.
#pragma once

#include <array>
#include <string_view>

#include "engine/base/arena.h"
#include "engine/base/heap.h"
#include "engine/binary/byte_writer.h"
#include "engine/binary/sections.h"
#include "engine/text/identifiers.h"
#include "engine/text/text.h"
#include "engine/wasm/print.h"

namespace sluice {

/// The entries of one section.
struct SectionText {
  uint32_t count = 0;
  ByteWriter entries;
  /// Where the next entry is to be written.
  ByteWriter& add() {
    ++count;
    return entries;
  }
};

/// What is known of a defined type while text is parsed.
struct TypeText {
  bool is_func = false;
  uint32_t param_count = 0;
  std::string_view signature;  // of a function type: its parameters and results as encoded
};

/// A custom section and the section it follows: 0 for none.
struct CustomText {
  uint8_t after = 0;  // the place among sections, in their order (not the id)
  ByteWriter content;
};

class ModuleBuilder {
 public:
  Identifiers& space(IndexSpace which) { return spaces_[static_cast<size_t>(which)]; }
  SectionText& section(SectionId id) { return sections_[static_cast<size_t>(id)]; }
  /// Names of the fields of a struct type.
  Identifiers& fields(uint32_t type) { return fields_[type]; }
  /// Null if no field of it has a name.
  const Identifiers* find_fields(uint32_t type) const {
    const auto found = fields_.find(type);
    return found == fields_.end() ? nullptr : &found->second;
  }

  /// Appends an explicit type, in the order of indices. `findable`: inline uses may mean it.
  void add_type(const TypeText& type, bool findable);
  /// The first findable function type with this signature, or a new one.
  uint32_t find_or_add_signature(std::string_view signature, uint32_t param_count);
  /// Null if there is no such type.
  const TypeText* type(uint32_t index) const {
    return index < types_.size() ? &types_[index] : nullptr;
  }

  /// A string that lives as long as this.
  std::string_view keep(std::string_view text);

  /// The place of a section among the others, in the order of spec 5.5.2; for CustomText.
  static uint8_t place_of(SectionId id);

  /// Notes that what a section's entries have from `offset` on comes from this place in the text.
  /// Only if there is a map.
  void mark(SectionId id, uint64_t offset, uint64_t text_offset) {
    if (text_map != nullptr) marks_[static_cast<size_t>(id)].emplace_back(offset, text_offset);
  }

  /// The finished bytes.
  Vector<uint8_t> finish();

  TextMap* text_map = nullptr;  // filled by finish(), unless null

  std::string_view module_name;
  bool has_start = false;
  uint32_t start = 0;
  bool needs_data_count = false;
  SectionText local_names;   // functions with named locals: the name section's entries
  SectionText branch_hints;  // functions with hints
  Vector<CustomText> customs;

 private:
  void write_names(ByteWriter& out);
  void write_customs(ByteWriter& out, uint8_t after);

  std::array<Identifiers, kIndexSpaces> spaces_;
  std::array<SectionText, kLastSectionId + 1> sections_;
  std::array<Vector<std::pair<uint64_t, uint64_t>>, kLastSectionId + 1> marks_;  // see mark()
  HashMap<uint32_t, Identifiers> fields_;
  Vector<TypeText> types_;
  HashMap<std::string_view, uint32_t> signatures_;
  Arena arena_;
};

}  // namespace sluice

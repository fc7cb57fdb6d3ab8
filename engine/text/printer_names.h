// PrinterNames: what the name section says of a binary module, ready to be printed.
//
// It is a custom section, so nothing in it is an error: what can be read is used. A name
// becomes an identifier if no other member of its index space has it; else it can only be an
// annotation.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/wasm/print.h"

namespace sluice {

class PrinterNames final : public IndexNames {
 public:
  /// The payload of the name section.
  void read_names(std::span<const uint8_t> payload);

  void append(String& out, IndexSpace which, uint32_t index) const override;
  void append_field(String& out, uint32_t type, uint32_t field) const override;
  /// " $id", and " (@name …)" if the name is no identifier; nothing without a name.
  void append_declaration(String& out, IndexSpace which, uint32_t index) const;
  /// " $id" or nothing.
  void append_local_id(String& out, uint32_t local) const;
  bool has_local_id(uint32_t local) const { return find_name(IndexSpace::Local, local) != nullptr; }
  /// Has one of the first `count` locals a name? Takes as long as there are names.
  bool has_local_id_below(uint32_t count) const;
  void append_field_id(String& out, uint32_t type, uint32_t field) const;

  /// How many members a space has: names beyond are of nothing. None until told.
  void set_size(IndexSpace which, uint32_t size) { sizes_[static_cast<size_t>(which)] = size; }
  void set_field_count(uint32_t type, uint32_t count) { field_counts_[type] = count; }
  /// The locals that append() means from now on; so many of them.
  void enter_function(uint32_t func, uint32_t local_count);
  std::string_view module_name() const { return module_name_; }

 private:
  struct Name {
    std::string_view text;
    bool is_id = true;
  };
  using Names = HashMap<uint64_t, Name>;

  static uint64_t key(uint32_t outer, uint32_t inner) { return uint64_t{outer} << 32 | inner; }
  static const Name* find(const Names& names, uint64_t index) {
    const auto found = names.find(index);
    return found == names.end() ? nullptr : &found->second;
  }
  const Name* find_name(IndexSpace which, uint32_t index) const {
    const auto space = static_cast<size_t>(which);
    return index < sizes_[space] ? find(spaces_[space], index) : nullptr;
  }
  const Name* find_field(uint32_t type, uint32_t field) const {
    const auto count = field_counts_.find(type);
    const bool is_there = count != field_counts_.end() && field < count->second;
    return is_there ? find(fields_, key(type, field)) : nullptr;
  }

  std::array<Names, kIndexSpaces> spaces_;  // the locals are those of the function entered
  std::array<uint32_t, kIndexSpaces> sizes_{};
  Names fields_;
  HashMap<uint32_t, uint32_t> field_counts_;
  HashMap<uint32_t, Vector<std::pair<uint32_t, std::string_view>>> local_names_;
  std::string_view module_name_;
};

/// Appends "$name", in quotes where it has to be.
void append_identifier(String& out, std::string_view name);

}  // namespace sluice

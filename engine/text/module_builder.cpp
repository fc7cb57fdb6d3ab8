// Sections in the order of the specification, each with what custom sections follow it; the name
// section comes last.
#include "engine/text/module_builder.h"

#include <algorithm>
#include <iterator>

#include "engine/binary/branch_hints.h"
#include "engine/binary/type_reader.h"

namespace sluice {
namespace {

// spec 5.5.2: the order of sections; a custom section's place counts from here.
constexpr SectionId kOrder[] = {SectionId::Type,    SectionId::Import,    SectionId::Function,
                                SectionId::Table,   SectionId::Memory,    SectionId::Tag,
                                SectionId::Global,  SectionId::Export,    SectionId::Start,
                                SectionId::Element, SectionId::DataCount, SectionId::Code,
                                SectionId::Data};

void write_section(ByteWriter& out, SectionId id, const ByteWriter& content) {
  out.write_u8(static_cast<uint8_t>(id));
  out.write_sized(content);
}

void write_custom(ByteWriter& out, std::string_view name, const SectionText& section) {
  if (section.count == 0) return;
  ByteWriter content;
  content.write_name(name);
  content.write_u32(section.count);
  content.write_bytes(section.entries.view());
  write_section(out, SectionId::Custom, content);
}

/// index, name, …; the names that are there.
SectionText name_map(const Identifiers& names) {
  SectionText map;
  for (uint32_t i = 0; i < names.size(); ++i) {
    if (names.names()[i].empty()) continue;
    map.add().write_u32(i);
    map.entries.write_name(names.names()[i]);
  }
  return map;
}

void write_subsection(ByteWriter& out, uint8_t id, const SectionText& map) {
  if (map.count == 0) return;
  ByteWriter content;
  content.write_u32(map.count);
  content.write_bytes(map.entries.view());
  out.write_u8(id);
  out.write_sized(content);
}

}  // namespace

void ModuleBuilder::add_type(const TypeText& type, bool findable) {
  const auto index = static_cast<uint32_t>(types_.size());
  types_.push_back(type);
  if (type.is_func) types_.back().signature = keep(type.signature);
  if (type.is_func && findable) signatures_.try_emplace(types_.back().signature, index);
}

uint32_t ModuleBuilder::find_or_add_signature(std::string_view signature, uint32_t param_count) {
  const auto found = signatures_.find(signature);
  if (found != signatures_.end()) return found->second;
  const auto index = static_cast<uint32_t>(types_.size());
  ByteWriter& out = section(SectionId::Type).add();
  out.write_u8(kFuncCode);
  out.write_bytes(signature);
  space(IndexSpace::Type).declare({});
  add_type({true, param_count, signature}, true);
  return index;
}

std::string_view ModuleBuilder::keep(std::string_view text) {
  const std::span<const char> copy = arena_.copy(std::span<const char>(text.data(), text.size()));
  return {copy.data(), copy.size()};
}

uint8_t ModuleBuilder::place_of(SectionId id) {
  return static_cast<uint8_t>(std::ranges::find(kOrder, id) - std::begin(kOrder) + 1);
}

void ModuleBuilder::write_customs(ByteWriter& out, uint8_t after) {
  for (const CustomText& custom : customs) {
    if (custom.after == after) write_section(out, SectionId::Custom, custom.content);
  }
}

// spec 7.4.1 and, for the other index spaces, the extended name section.
void ModuleBuilder::write_names(ByteWriter& out) {
  constexpr std::pair<uint8_t, IndexSpace> kSpaces[] = {
      {4, IndexSpace::Type},   {5, IndexSpace::Table}, {6, IndexSpace::Memory},
      {7, IndexSpace::Global}, {8, IndexSpace::Elem},  {9, IndexSpace::Data}};
  ByteWriter content;
  content.write_name("name");
  const size_t empty = content.size();
  if (!module_name.empty()) {
    ByteWriter name;
    name.write_name(module_name);
    content.write_u8(0);
    content.write_sized(name);
  }
  write_subsection(content, 1, name_map(space(IndexSpace::Func)));
  write_subsection(content, 2, local_names);
  for (const auto& [id, which] : kSpaces) write_subsection(content, id, name_map(space(which)));
  SectionText by_type;
  for (uint32_t type = 0; type < types_.size(); ++type) {
    const Identifiers* names = find_fields(type);
    const SectionText map = names != nullptr ? name_map(*names) : SectionText{};
    if (map.count == 0) continue;
    by_type.add().write_u32(type);
    by_type.entries.write_u32(map.count);
    by_type.entries.write_bytes(map.entries.view());
  }
  write_subsection(content, 10, by_type);
  write_subsection(content, 11, name_map(space(IndexSpace::Tag)));
  if (content.size() != empty) write_section(out, SectionId::Custom, content);
}

Vector<uint8_t> ModuleBuilder::finish() {
  constexpr uint64_t kMagicAndVersion = 0x1'6d73'6100;
  ByteWriter out;
  out.write_fixed(kMagicAndVersion, 8);
  write_customs(out, 0);
  for (const SectionId id : kOrder) {
    const SectionText& from = section(id);
    ByteWriter content;
    if (id == SectionId::Start) {
      if (has_start) content.write_u32(start);
    } else if (id == SectionId::DataCount) {
      if (needs_data_count) content.write_u32(section(SectionId::Data).count);
    } else if (from.count != 0) {
      content.write_u32(from.count);
      content.write_bytes(from.entries.view());
    }
    if (id == SectionId::Code) write_custom(out, kBranchHintSection, branch_hints);
    if (!content.empty()) write_section(out, id, content);
    for (const auto& [offset, text_offset] : marks_[static_cast<size_t>(id)]) {
      text_map->add(out.size() - from.entries.size() + offset, text_offset);
    }
    write_customs(out, place_of(id));
  }
  write_names(out);
  return out.take();
}

}  // namespace sluice

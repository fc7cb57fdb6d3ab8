// Subsections of the name section (spec 7.4.1 and the extended name section).
#include "engine/text/printer_names.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "engine/binary/byte_reader.h"
#include "engine/text/escape.h"

namespace sluice {
namespace {

void append_number(String& out, uint32_t value) {
  char digits[12];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

bool is_id_char(char c) {
  return c > ' ' && c < 0x7f && std::string_view("\"(),;[]{}").find(c) == std::string_view::npos;
}

/// index, name, …
template <class Take>
void read_map(ByteReader& r, Take take) {
  const uint32_t count = r.read_u32();
  for (uint32_t i = 0; i < count && !r.failed(); ++i) {
    const uint32_t index = r.read_u32();
    const std::string_view name = r.read_name();
    if (!r.failed() && !name.empty()) take(index, name);
  }
}

}  // namespace

void append_identifier(String& out, std::string_view name) {
  out += '$';
  if (std::ranges::all_of(name, is_id_char)) {
    out += name;
    return;
  }
  out += '"';
  append_escaped(out, name, true);
  out += '"';
}

void PrinterNames::read_names(std::span<const uint8_t> payload) {
  // By the number of the subsection; Local stands for what has its own form.
  constexpr IndexSpace kSpaces[] = {IndexSpace::Local,  IndexSpace::Func,   IndexSpace::Local,
                                    IndexSpace::Local,  IndexSpace::Type,   IndexSpace::Table,
                                    IndexSpace::Memory, IndexSpace::Global, IndexSpace::Elem,
                                    IndexSpace::Data,   IndexSpace::Local,  IndexSpace::Tag};
  constexpr uint8_t kModule = 0;
  constexpr uint8_t kLocals = 2;
  constexpr uint8_t kFields = 10;
  using Seen = std::unordered_set<std::string_view, std::hash<std::string_view>,
                                  std::equal_to<std::string_view>, HeapAllocator<std::string_view>>;
  ByteReader section(payload, 0);
  while (!section.at_end()) {
    const uint8_t id = section.read_u8();
    const uint32_t size = section.read_u32();
    ByteReader r(section.read_bytes(size, 0), 0);
    if (section.failed()) return;
    Seen seen;
    if (id == kModule) {
      module_name_ = r.read_name();
    } else if (id == kLocals || id == kFields) {
      const uint32_t count = r.read_u32();
      for (uint32_t i = 0; i < count && !r.failed(); ++i) {
        const uint32_t outer = r.read_u32();
        seen.clear();
        read_map(r, [&](uint32_t inner, std::string_view name) {
          if (!seen.insert(name).second) return;
          if (id == kLocals) {
            local_names_[outer].emplace_back(inner, name);
          } else {
            fields_.try_emplace(key(outer, inner), Name{name});
          }
        });
      }
    } else if (id < std::size(kSpaces) && kSpaces[id] != IndexSpace::Local) {
      Names& names = spaces_[static_cast<size_t>(kSpaces[id])];
      read_map(r, [&](uint32_t index, std::string_view name) {
        const bool is_new = seen.insert(name).second;
        names.try_emplace(index, Name{name, is_new});
      });
    }
  }
}

void PrinterNames::append(String& out, IndexSpace which, uint32_t index) const {
  const Name* name = find_name(which, index);
  name != nullptr && name->is_id ? append_identifier(out, name->text) : append_number(out, index);
}

void PrinterNames::append_field(String& out, uint32_t type, uint32_t field) const {
  const Name* name = find_field(type, field);
  name != nullptr ? append_identifier(out, name->text) : append_number(out, field);
}

void PrinterNames::append_field_id(String& out, uint32_t type, uint32_t field) const {
  const Name* name = find_field(type, field);
  if (name == nullptr) return;
  out += ' ';
  append_identifier(out, name->text);
}

void PrinterNames::append_declaration(String& out, IndexSpace which, uint32_t index) const {
  const Name* name = find_name(which, index);
  if (name != nullptr && name->is_id) {
    out += ' ';
    append_identifier(out, name->text);
  }
  out += " (;";
  append_number(out, index);
  out += ";)";
  if (name != nullptr && !name->is_id) {
    out += " (@name \"";
    append_escaped(out, name->text, true);
    out += "\")";
  }
}

void PrinterNames::append_local_id(String& out, uint32_t local) const {
  if (const Name* name = find_name(IndexSpace::Local, local)) {
    out += ' ';
    append_identifier(out, name->text);
  }
}

bool PrinterNames::has_local_id_below(uint32_t count) const {
  const Names& locals = spaces_[static_cast<size_t>(IndexSpace::Local)];
  return std::ranges::any_of(locals, [&](const auto& local) { return local.first < count; });
}

void PrinterNames::enter_function(uint32_t func, uint32_t local_count) {
  Names& locals = spaces_[static_cast<size_t>(IndexSpace::Local)];
  locals.clear();
  set_size(IndexSpace::Local, local_count);
  const auto found = local_names_.find(func);
  if (found == local_names_.end()) return;
  for (const auto& [local, name] : found->second) locals.try_emplace(local, Name{name});
}

}  // namespace sluice

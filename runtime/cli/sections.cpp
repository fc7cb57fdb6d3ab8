// Headers and names of sections, nothing of what is in them.
#include "runtime/cli/sections.h"

#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

const char* section_name(uint8_t id) {
  constexpr const char* kNames[] = {"custom", "type",   "import",     "function", "table",
                                    "memory", "global", "export",     "start",    "element",
                                    "code",   "data",   "data count", "tag"};
  return id < std::size(kNames) ? kNames[id] : "unknown";
}

/// A number in LEB128 that is known to be well-formed.
uint32_t read_leb(std::span<const uint8_t> bytes, size_t& at) {
  uint32_t value = 0;
  for (int shift = 0;; shift += 7) {
    const uint8_t byte = bytes[at++];
    value |= static_cast<uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
}

}  // namespace

std::vector<SectionBytes> sections_of(std::span<const uint8_t> module) {
  std::vector<SectionBytes> sections;
  for (size_t at = 8; at < module.size();) {
    SectionBytes section;
    section.begin = at;
    section.id = module[at++];
    const uint32_t size = read_leb(module, at);
    section.content_begin = at;
    section.end = at + size;
    section.name = section_name(section.id);
    if (section.id == 0) {
      const uint32_t length = read_leb(module, at);
      section.name +=
          " '" + printable({reinterpret_cast<const char*>(module.data()) + at, length}) + "'";
    }
    at = section.end;
    sections.push_back(std::move(section));
  }
  return sections;
}

}  // namespace sluice::cli

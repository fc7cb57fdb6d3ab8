// Subsections of the name section: 0 is the module's name, 1 the functions'; the others name what
// no backtrace shows.
#include "engine/binary/names.h"

#include <algorithm>

#include "engine/binary/byte_reader.h"
#include "engine/binary/wire_bytes.h"

namespace sluice {

std::string_view NameMap::func_name(FuncIdx func) const {
  const auto found = std::ranges::lower_bound(funcs_, func, {}, &Entry::func);
  return found != funcs_.end() && found->func == func ? found->name : std::string_view();
}

NameMap parse_names(const Module& module) {
  NameMap names;
  if (module.name_section.size == 0) return names;
  ByteReader section(module.wire->view(module.name_section), module.name_section.offset);
  while (!section.at_end()) {
    const uint8_t id = section.read_u8();
    const uint32_t size = section.read_u32();
    const uint64_t offset = section.offset();
    ByteReader r(section.read_bytes(size, offset), offset);
    if (section.failed()) break;
    if (id == 0) {
      names.module_name_ = r.read_name();
    } else if (id == 1) {
      const uint32_t count = r.read_u32();
      for (uint32_t i = 0; i < count && !r.failed(); ++i) {
        const FuncIdx func{r.read_u32()};
        const std::string_view name = r.read_name();
        if (!r.failed() && raw(func) < module.funcs.size()) names.funcs_.push_back({func, name});
      }
    }
    if (r.failed()) break;
  }
  // Ascending in well-formed sections; of two names for one function the first counts.
  std::ranges::sort(names.funcs_, [](const NameMap::Entry& a, const NameMap::Entry& b) {
    return a.func != b.func ? a.func < b.func : a.name.data() < b.name.data();
  });
  const auto twins = std::ranges::unique(names.funcs_, {}, &NameMap::Entry::func);
  names.funcs_.erase(twins.begin(), twins.end());
  return names;
}

}  // namespace sluice

// The words for sections in the placement of custom sections: (@custom "name" (after WORD) …).
#pragma once

#include <string_view>

#include "engine/binary/sections.h"

namespace sluice {

struct SectionWord {
  std::string_view word;
  SectionId id;
};
inline constexpr SectionWord kSectionWords[] = {
    {"type", SectionId::Type},           {"import", SectionId::Import},
    {"func", SectionId::Function},       {"table", SectionId::Table},
    {"memory", SectionId::Memory},       {"tag", SectionId::Tag},
    {"global", SectionId::Global},       {"export", SectionId::Export},
    {"start", SectionId::Start},         {"elem", SectionId::Element},
    {"datacount", SectionId::DataCount}, {"code", SectionId::Code},
    {"data", SectionId::Data},
};

}  // namespace sluice

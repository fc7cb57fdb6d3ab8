// The sections of a module as its bytes have them: for showing, not for decoding.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sluice::cli {

struct SectionBytes {
  uint8_t id = 0;
  std::string name;          // "code", "custom 'name'"; for people
  size_t begin = 0;          // of its header, in the module
  size_t content_begin = 0;  // behind it
  size_t end = 0;
};

/// Of a module that is known to be valid.
std::vector<SectionBytes> sections_of(std::span<const uint8_t> module);

}  // namespace sluice::cli

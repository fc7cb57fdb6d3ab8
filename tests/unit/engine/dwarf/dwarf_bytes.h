// DWARF sections written by hand, for tests: numbers little-endian, LEB128, strings, and units with
// their lengths in front.
#pragma once

#include <string_view>
#include <vector>

#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice::test {

inline Bytes u16(uint32_t v) { return {static_cast<uint8_t>(v), static_cast<uint8_t>(v >> 8)}; }
inline Bytes u32(uint32_t v) { return cat({u16(v & 0xffff), u16(v >> 16)}); }
inline Bytes text(std::string_view s) { return cat({Bytes(s.begin(), s.end()), {0}}); }
inline Bytes with_length(const Bytes& unit) {
  return cat({u32(static_cast<uint32_t>(unit.size())), unit});
}

/// Line number instructions.
inline Bytes set_address(uint32_t address) { return cat({{0, 5, 2}, u32(address)}); }
inline Bytes end_sequence() { return {0, 1, 1}; }
/// A row, so many bytes and lines further; 0 to 16 bytes and -5 to 8 lines.
inline uint8_t row(uint32_t bytes, int lines) {
  return static_cast<uint8_t>(13 + bytes * 14 + static_cast<uint32_t>(lines + 5));
}

/// A line table's unit. `tables`: directories and files, in the form of the version.
inline Bytes line_unit(uint32_t version, const Bytes& tables, const Bytes& program) {
  const Bytes operations = version >= 4 ? Bytes{1} : Bytes{};
  // Lines from -5 on, 14 of them; 12 instructions with so many operands each.
  const Bytes machine = {1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};
  const Bytes header = cat({{1}, operations, machine, tables});
  const Bytes sizes = version == 5 ? Bytes{4, 0} : Bytes{};
  const auto size = static_cast<uint32_t>(header.size());
  return with_length(cat({u16(version), sizes, u32(size), header, program}));
}

}  // namespace sluice::test

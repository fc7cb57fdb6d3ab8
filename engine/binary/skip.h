// Lengths of encoded instructions, for scans that look ahead of validation.
//
// A compiler scans a loop's body before the reader has checked it. So nothing here trusts a byte:
// any input ends at or before `end`, and ill-formed bytes only make the scan useless, never unsafe.
#pragma once

#include <cstdint>

namespace sluice {

/// The first byte after the instruction that starts at `p`; p < end. Never past `end`; always past
/// `p`, so a scan terminates. For an illegal opcode: the byte after it.
const uint8_t* skip_instr(const uint8_t* p, const uint8_t* end);

/// The first byte after the LEB128 number at `p`, at most `end`.
inline const uint8_t* skip_leb(const uint8_t* p, const uint8_t* end) {
  while (p < end && (*p & 0x80) != 0) ++p;
  return p < end ? p + 1 : end;
}

}  // namespace sluice

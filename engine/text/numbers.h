// Numbers of the text format (spec 6.3.2): integers of any width up to 64 bits, floats exactly
// rounded, NaN payloads, underscores between digits.
//
// Pure functions from the text of a token to bits; who asks says what to do with a number that is
// none, or that does not fit.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

enum class NumberStatus : uint8_t { Ok, Malformed, OutOfRange };

struct ParsedNumber {
  NumberStatus status = NumberStatus::Malformed;
  uint64_t bits = 0;
  bool ok() const { return status == NumberStatus::Ok; }
};

/// Unsigned: an index, an offset, a size. No sign allowed.
ParsedNumber parse_unsigned(std::string_view text, uint64_t most);
/// iN (spec 6.3.2): from -2^(N-1) to 2^N - 1; the bits are those of the N-bit number, extended by
/// zeros.
ParsedNumber parse_int(std::string_view text, unsigned width_bits);
/// fN, as the bits of a float or a double, rounded to nearest, ties to even.
ParsedNumber parse_float(std::string_view text, unsigned width_bits);

}  // namespace sluice

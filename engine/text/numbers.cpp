// Digits are checked and stripped of underscores first; std::from_chars then rounds exactly. It
// reports too large and too small alike: which of the two it was, the exponent tells.
#include "engine/text/numbers.h"

#include <bit>
#include <charconv>

#include "engine/base/heap.h"

namespace sluice {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

/// Takes a sign off; true for a minus.
bool take_sign(std::string_view& text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  return is_negative;
}

bool take_hex_prefix(std::string_view& text) {
  if (!text.starts_with("0x")) return false;
  text.remove_prefix(2);
  return true;
}

/// The length of the digits that `text` begins with, single underscores between them; 0 if there
/// are none. A trailing underscore is not part of them.
size_t count_digits(std::string_view text, int base) {
  size_t length = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (digit_of(text[at]) < base) {
      length = at + 1;
    } else if (text[at] != '_' || length != at || at == 0) {
      break;
    }
  }
  return length;
}

/// Digits as a number; they are known to be well-formed.
ParsedNumber to_number(std::string_view digits, int base, uint64_t most) {
  uint64_t value = 0;
  for (const char c : digits) {
    if (c == '_') continue;
    const auto digit = static_cast<uint64_t>(digit_of(c));
    if (value > (most - digit) / static_cast<uint64_t>(base) || digit > most) {
      return {NumberStatus::OutOfRange, 0};
    }
    value = value * static_cast<uint64_t>(base) + digit;
  }
  return {NumberStatus::Ok, value};
}

template <class Float>
struct FloatTraits;
template <>
struct FloatTraits<float> {
  using Bits = uint32_t;
  static constexpr unsigned kMantissaBits = 23;
};
template <>
struct FloatTraits<double> {
  using Bits = uint64_t;
  static constexpr unsigned kMantissaBits = 52;
};

/// A float taken apart: its digits without underscores, and where its value is, roughly.
struct FloatText {
  String plain;  // as std::from_chars wants it, without sign and prefix
  bool is_hex = false;
  bool is_large = false;  // at least 1, as far as the exponents tell
};

// digits [. [digits]] [e [sign] digits]; what from_chars gets has a digit on both sides of the
// point and no leading zeros in a row that would hide the magnitude.
bool take_apart(std::string_view text, FloatText& out) {
  out.is_hex = take_hex_prefix(text);
  const int base = out.is_hex ? 16 : 10;
  const auto append = [&](std::string_view digits) {
    for (const char c : digits) {
      if (c != '_') out.plain += c;
    }
  };
  const size_t whole = count_digits(text, base);
  if (whole == 0) return false;
  append(text.substr(0, whole));
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const size_t fraction = count_digits(text, base);
    if (fraction != 0) {
      out.plain += '.';
      append(text.substr(0, fraction));
    }
    text.remove_prefix(fraction);
  }
  // The place of the first digit that counts, in digits above the point; 0 or less behind it.
  const size_t point = std::min(out.plain.find('.'), out.plain.size());
  const size_t first = out.plain.find_first_not_of("0.");
  int64_t scale = 0;
  if (first != String::npos) {
    scale = static_cast<int64_t>(point) - static_cast<int64_t>(first) + (first > point ? 1 : 0);
  }
  if (out.is_hex) scale *= 4;
  const bool has_exponent = !text.empty() && (text[0] | 0x20) == (out.is_hex ? 'p' : 'e');
  if (has_exponent) {
    text.remove_prefix(1);
    const std::string_view with_sign = text;
    const bool is_negative = take_sign(text);
    if (text.empty() || count_digits(text, 10) != text.size()) return false;
    constexpr uint64_t kHuge = 1u << 30;
    const ParsedNumber exponent = to_number(text, 10, kHuge);
    const auto value = static_cast<int64_t>(exponent.ok() ? exponent.bits : kHuge);
    scale += is_negative ? -value : value;
    out.plain += out.is_hex ? 'p' : 'e';
    if (is_negative) out.plain += '-';
    append(with_sign.substr(with_sign.size() - text.size()));
    text = {};
  }
  out.is_large = scale > 0;
  return text.empty();
}

template <class Float>
ParsedNumber parse_finite(std::string_view text) {
  using Bits = typename FloatTraits<Float>::Bits;
  FloatText parts;
  if (!take_apart(text, parts)) return {};
  Float value = 0;
  const char* begin = parts.plain.data();
  const auto [end, error] =
      std::from_chars(begin, begin + parts.plain.size(), value,
                      parts.is_hex ? std::chars_format::hex : std::chars_format::general);
  if (error == std::errc::result_out_of_range) {
    if (parts.is_large) return {NumberStatus::OutOfRange, 0};
    value = 0;
  } else if (error != std::errc() || end != begin + parts.plain.size()) {
    return {};
  }
  return {NumberStatus::Ok, std::bit_cast<Bits>(value)};
}

template <class Float>
ParsedNumber parse_magnitude(std::string_view text) {
  using Bits = typename FloatTraits<Float>::Bits;
  constexpr unsigned kMantissaBits = FloatTraits<Float>::kMantissaBits;
  constexpr Bits kPayload = (Bits{1} << kMantissaBits) - 1;
  constexpr Bits kInfinity = (~Bits{0} >> 1) & ~kPayload;
  if (text == "inf") return {NumberStatus::Ok, kInfinity};
  if (text == "nan") return {NumberStatus::Ok, kInfinity | (Bits{1} << (kMantissaBits - 1))};
  if (text.starts_with("nan:")) {
    text.remove_prefix(4);
    if (!take_hex_prefix(text) || count_digits(text, 16) != text.size() || text.empty()) return {};
    ParsedNumber payload = to_number(text, 16, kPayload);
    if (payload.ok() && payload.bits == 0) payload.status = NumberStatus::OutOfRange;
    payload.bits |= kInfinity;
    return payload;
  }
  return parse_finite<Float>(text);
}

}  // namespace

ParsedNumber parse_unsigned(std::string_view text, uint64_t most) {
  const int base = take_hex_prefix(text) ? 16 : 10;
  if (text.empty() || count_digits(text, base) != text.size()) return {};
  return to_number(text, base, most);
}

ParsedNumber parse_int(std::string_view text, unsigned width_bits) {
  const uint64_t mask = ~uint64_t{0} >> (64 - width_bits);
  const bool is_negative = take_sign(text);
  ParsedNumber number = parse_unsigned(text, is_negative ? uint64_t{1} << (width_bits - 1) : mask);
  if (is_negative) number.bits = (0 - number.bits) & mask;
  return number;
}

ParsedNumber parse_float(std::string_view text, unsigned width_bits) {
  const bool is_negative = take_sign(text);
  ParsedNumber number =
      width_bits == 32 ? parse_magnitude<float>(text) : parse_magnitude<double>(text);
  if (number.ok() && is_negative) number.bits |= uint64_t{1} << (width_bits - 1);
  return number;
}

}  // namespace sluice

#include "runtime/cli/invoke.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace sluice::cli {

namespace {

/// An integer that fits `bits` bits as signed or as unsigned, as its bits.
std::expected<uint64_t, std::string> parse_integer(std::string_view text, int bits) {
  std::string_view digits = text;
  bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  }
  uint64_t magnitude = 0;
  auto [end, error] = std::from_chars(digits.begin(), digits.end(), magnitude, base);
  bool malformed = digits.empty() || error == std::errc::invalid_argument || end != digits.end();
  uint64_t limit = negative ? uint64_t{1} << (bits - 1) : ~uint64_t{0} >> (64 - bits);
  if (malformed) return std::unexpected("'" + std::string(text) + "' is not an integer");
  if (error == std::errc::result_out_of_range || magnitude > limit) {
    return std::unexpected("'" + std::string(text) + "' does not fit in " + std::to_string(bits) +
                           " bits");
  }
  return (negative ? 0 - magnitude : magnitude) & (~uint64_t{0} >> (64 - bits));
}

template <class Float>
std::expected<Float, std::string> parse_float(std::string_view text) {
  std::string_view digits = text;
  bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  auto format = std::chars_format::general;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    format = std::chars_format::hex;
    digits.remove_prefix(2);
  }
  Float value = 0;
  auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, format);
  // from_chars takes a sign of its own, and "inf" behind 0x too.
  const bool is_number = !digits.empty() && digits[0] != '-' &&
                         (format != std::chars_format::hex || digits[0] == '.' ||
                          std::isxdigit(static_cast<unsigned char>(digits[0])) != 0);
  if (!is_number || error != std::errc() || end != digits.end()) {
    return std::unexpected("'" + std::string(text) + "' is not a number of this type");
  }
  return negative ? -value : value;
}

template <class T, class Make>
std::expected<Value, std::string> map(std::expected<T, std::string> parsed, Make make) {
  if (!parsed) return std::unexpected(parsed.error());
  return make(*parsed);
}

template <class Float>
std::string format_float(Float value) {
  std::array<char, 64> text;
  auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return std::string(text.data(), end);
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::expected<Value, std::string> parse_value(std::string_view text, ValType type) {
  switch (type.kind()) {
  case ValKind::I32:
    return map(parse_integer(text, 32),
               [](uint64_t bits) { return Value::i32(static_cast<int32_t>(bits)); });
  case ValKind::I64:
    return map(parse_integer(text, 64),
               [](uint64_t bits) { return Value::i64(static_cast<int64_t>(bits)); });
  case ValKind::F32: return map(parse_float<float>(text), Value::f32);
  case ValKind::F64: return map(parse_float<double>(text), Value::f64);
  default: break;
  }
  if (type.is_ref() && type.is_nullable() && text == "null") return Value::null();
  if (type.is_ref()) return std::unexpected("only 'null' can be given for a reference");
  return std::unexpected("a value of type " + type_name(type) + " cannot be given here");
}

std::string format_value(const Value& value, ValType type) {
  switch (type.kind()) {
  case ValKind::I32: return std::to_string(value.as_i32());
  case ValKind::I64: return std::to_string(value.as_i64());
  case ValKind::F32: return format_float(value.as_f32());
  case ValKind::F64: return format_float(value.as_f64());
  case ValKind::V128: {
    std::array<char, 40> text;
    std::snprintf(text.data(), text.size(), "0x%016llx%016llx",
                  static_cast<unsigned long long>(value.bits[1]),
                  static_cast<unsigned long long>(value.bits[0]));
    return text.data();
  }
  default: return value.is_null() ? "null" : type_name(type);
  }
}

std::string type_name(ValType type) {
  switch (type.kind()) {
  case ValKind::I32: return "i32";
  case ValKind::I64: return "i64";
  case ValKind::F32: return "f32";
  case ValKind::F64: return "f64";
  case ValKind::V128: return "v128";
  default: break;
  }
  if (type == kFuncRef) return "funcref";
  if (type == kExternRef) return "externref";
  return "ref";
}

std::string signature_text(const FuncType& type) {
  auto list = [](std::span<const ValType> types) {
    std::string text = "(";
    for (ValType t : types) text += (text.size() == 1 ? "" : ", ") + type_name(t);
    return text + ")";
  };
  return list(type.params()) + " -> " + list(type.results());
}

std::vector<std::string> near_matches(std::string_view wanted,
                                      const std::vector<std::string>& names) {
  constexpr size_t kMaxShown = 5;
  constexpr size_t kMaxNameBytes = 200;  // bounds the work: the distance is quadratic
  std::vector<std::pair<size_t, std::string>> found;
  wanted = wanted.substr(0, kMaxNameBytes);
  for (const std::string& name : names) {
    if (name.size() > kMaxNameBytes) continue;
    bool contains =
        !wanted.empty() && !name.empty() &&
        (name.find(wanted) != std::string::npos || wanted.find(name) != std::string_view::npos);
    size_t distance = edit_distance(wanted, name);
    if (contains || distance <= 1 + wanted.size() / 3) found.emplace_back(distance, name);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  for (size_t i = 0; i < found.size() && i < kMaxShown; ++i) out.push_back(found[i].second);
  return out;
}

}  // namespace sluice::cli

// --invoke: arguments from text, results to text, and a helping hand with names.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/wasm/types.h"
#include "runtime/store/value.h"

namespace sluice::cli {

/// A number or "null" as a value of the type; integers decimal or 0x…, signed or unsigned. Else
/// what is wrong with it.
std::expected<Value, std::string> parse_value(std::string_view text, ValType type);

/// A value as text that parse_value reads back, where the type has one.
std::string format_value(const Value& value, ValType type);

/// The type as the text format writes it, references in short form.
std::string type_name(ValType type);
/// "(i32, i64) -> (f32)"
std::string signature_text(const FuncType& type);

/// Up to five of `names` that look like `wanted`, the best first.
std::vector<std::string> near_matches(std::string_view wanted,
                                      const std::vector<std::string>& names);

}  // namespace sluice::cli

// The values of the conformance suites' JSON: reading arguments, comparing results.
//
// Numbers are decimal strings; floats are their bits in decimal or a NaN pattern; references are
// host numbers, "null", or just a type. The suites' README says which form means what.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "engine/wasm/types.h"
#include "runtime/store/store.h"

namespace sluice::spec {

/// The value of an argument; nothing if its type has no host form yet.
std::optional<Value> parse_argument(Store& store, const nlohmann::json& json);

/// Does a result of type `type` meet the expectation?
bool matches(Store& store, const nlohmann::json& expected, ValType type, Value actual);

/// For messages: type and bits.
std::string describe(ValType type, Value value);

}  // namespace sluice::spec

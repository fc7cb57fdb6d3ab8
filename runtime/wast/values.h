// The values of scripts as values of a store: arguments, and what results are compared with.
#pragma once

#include <optional>
#include <string>

#include "engine/text/wast.h"
#include "engine/wasm/types.h"
#include "runtime/store/store.h"

namespace sluice::wast {

/// The value of an argument; nothing if its type has no host form.
std::optional<Value> to_value(Store& store, const WastValue& argument);

/// Does a result of type `type` meet the expectation?
bool matches(Store& store, const WastValue& expected, ValType type, Value actual);

/// For messages: type and bits.
std::string describe(ValType type, Value value);
std::string describe(const WastValue& value);

}  // namespace sluice::wast

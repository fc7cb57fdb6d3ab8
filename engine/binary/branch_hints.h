// The section of branch hints (code metadata, binary format).
//
// It is a custom section, so nothing in it can make a module invalid: hints that are not encoded
// and ordered as the specification says are not used, none of them. What a hint's offset means is
// for the compiler to find out; a hint that fits no instruction is nobody's.
#pragma once

#include <optional>
#include <string_view>

#include "engine/binary/byte_reader.h"
#include "engine/wasm/module.h"

namespace sluice {

inline constexpr std::string_view kBranchHintSection = "metadata.code.branch_hint";

/// Reads the payload to its end; nothing if it is ill-formed.
std::optional<BranchHints> read_branch_hints(ByteReader& r);

}  // namespace sluice

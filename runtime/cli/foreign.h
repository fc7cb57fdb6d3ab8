// Files that are no modules but that people have at hand: what they are, told by their first bytes,
// and what to do with them instead.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sluice::cli {

/// So many first bytes are looked at.
inline constexpr size_t kForeignHeadBytes = 512;

/// "this is a gzip file: unpack it (gunzip)", or "" for what is not known.
std::string name_foreign(std::span<const uint8_t> head);

}  // namespace sluice::cli

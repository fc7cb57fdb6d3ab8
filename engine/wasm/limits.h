// Resource limits of decoding (the WebAssembly JavaScript API's, section "Limits"): at a limit
// everything works, one past it is an Error of class Limit. Limits on the sizes of memories and
// tables are applied at instantiation and growth instead, because validation accepts what the
// specification accepts.
#pragma once

#include <cstdint>

namespace sluice {

inline constexpr uint64_t kMaxModuleBytes = uint64_t{1} << 30;
inline constexpr uint32_t kMaxTypes = 1'000'000;
inline constexpr uint32_t kMaxRecGroups = 1'000'000;
inline constexpr uint32_t kMaxFuncs = 1'000'000;
inline constexpr uint32_t kMaxImports = 1'000'000;
inline constexpr uint32_t kMaxExports = 1'000'000;
inline constexpr uint32_t kMaxGlobals = 1'000'000;
inline constexpr uint32_t kMaxTags = 1'000'000;
inline constexpr uint32_t kMaxElemSegments = 10'000'000;
inline constexpr uint32_t kMaxDataSegments = 100'000;
inline constexpr uint32_t kMaxTables = 100'000;
inline constexpr uint32_t kMaxMemories = 100;
inline constexpr uint32_t kMaxParams = 1'000;
inline constexpr uint32_t kMaxResults = 1'000;
inline constexpr uint32_t kMaxLocals = 50'000;  // parameters included
inline constexpr uint32_t kMaxBodyBytes = 7'654'321;
inline constexpr uint32_t kMaxNameBytes = 100'000;
inline constexpr uint32_t kMaxStructFields = 10'000;
inline constexpr uint32_t kMaxArrayNewFixed = 10'000;
/// On the operand stack of a body. More than a body has bytes, so that only calls with many results
/// get there; without it 7 MB of them would ask for gigabytes. Tested where room is made, so it is
/// the one bound that a few more may pass.
inline constexpr uint32_t kMaxOperands = 8'000'000;
inline constexpr uint32_t kMaxSubTypeDepth = 63;
inline constexpr uint32_t kMaxElemsPerSegment = 10'000'000;

inline constexpr uint64_t kMaxTableElements = 10'000'000;  // at instantiation and growth

}  // namespace sluice

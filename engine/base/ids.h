// One type per index space (spec 2.5.1), so that indices of different spaces cannot be mixed up.
#pragma once

#include <cstdint>

namespace sluice {

enum class TypeIdx : uint32_t {};
enum class FuncIdx : uint32_t {};
enum class TableIdx : uint32_t {};
enum class MemoryIdx : uint32_t {};
enum class GlobalIdx : uint32_t {};
enum class TagIdx : uint32_t {};
enum class ElemIdx : uint32_t {};
enum class DataIdx : uint32_t {};

/// Engine-wide identity of a defined type: equal exactly when the types are equal (spec 3.3.10,
/// iso-recursive). 0 is no type: a null reference's signature.
enum class CanonicalTypeId : uint32_t {};

/// The plain number behind an index, for subscripts and messages.
template <class Idx>
constexpr uint32_t raw(Idx idx) {
  return static_cast<uint32_t>(idx);
}

}  // namespace sluice

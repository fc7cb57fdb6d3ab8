// Where a function's code catches exceptions: what the compiler leaves for the search that a throw
// makes (runtime/trap/unwind). Code that throws nothing never looks at it.
//
// The ranges, sorted, cut the code at each start and end of a try block and name the innermost
// region, which is one try block; each region names the one that is asked next. So the size is
// linear in the number of try blocks and clauses, however deep they nest and whatever they contain.
// All offsets count from the start of the function's code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "engine/base/heap.h"

namespace sluice {

inline constexpr uint32_t kNoRegion = 0xffff'ffffu;
inline constexpr uint32_t kAnyTag = 0xffff'ffffu;

/// Catches one tag of the module, or all. At `landing`, rbp and rsp are the frame's and nothing
/// else is in a register.
struct HandlerClause {
  uint32_t landing = 0;
  uint32_t tag = kAnyTag;
};

struct HandlerRegion {
  uint32_t outer = kNoRegion;  // the region to ask next
  uint32_t first_clause = 0;
  uint32_t clause_count = 0;
};

/// From `begin` to the next range's begin.
struct HandlerRange {
  uint32_t begin = 0;
  uint32_t region = kNoRegion;
};

/// In one block of the heap, since a module may have many.
struct HandlerTable {
  HandlerTable() = default;
  /// With room for so many, which are the caller's to fill in.
  HandlerTable(size_t range_count, size_t region_count, size_t clause_count)
      : block_(words<HandlerRange>(range_count) + words<HandlerRegion>(region_count) +
               words<HandlerClause>(clause_count)) {
    uint32_t* at = block_.data();
    ranges = take<HandlerRange>(at, range_count);
    regions = take<HandlerRegion>(at, region_count);
    clauses = take<HandlerClause>(at, clause_count);
  }
  /// Leaves the other empty.
  HandlerTable(HandlerTable&& other) noexcept
      : frame_bytes(other.frame_bytes), ranges(std::exchange(other.ranges, {})),
        regions(std::exchange(other.regions, {})), clauses(std::exchange(other.clauses, {})),
        block_(std::move(other.block_)) {}

  uint32_t frame_bytes = 0;  // rsp of the function's frame lies so far below rbp
  std::span<HandlerRange> ranges;
  std::span<HandlerRegion> regions;
  std::span<HandlerClause> clauses;

  /// The innermost region that the code at `code_offset` lies in, or kNoRegion.
  uint32_t region_at(uint32_t code_offset) const {
    const auto next =
        std::upper_bound(ranges.begin(), ranges.end(), code_offset,
                         [](uint32_t at, const HandlerRange& range) { return at < range.begin; });
    return next == ranges.begin() ? kNoRegion : (next - 1)->region;
  }

 private:
  template <class T>
  static size_t words(size_t count) {
    static_assert(alignof(T) == alignof(uint32_t) && std::is_trivially_copyable_v<T>);
    return count * (sizeof(T) / sizeof(uint32_t));
  }
  template <class T>
  static std::span<T> take(uint32_t*& at, size_t count) {
    T* first = reinterpret_cast<T*>(at);
    at += words<T>(count);
    for (size_t i = 0; i < count; ++i) new (first + i) T;
    return {first, count};
  }

  Vector<uint32_t> block_;
};

}  // namespace sluice

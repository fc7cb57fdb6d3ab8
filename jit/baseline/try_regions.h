// The try blocks of the function being compiled, on their way into its HandlerTable.
//
// A region is opened where its block's code begins and closed where that ends; the open ones nest.
// Clauses are added when their landings are emitted; those of one region have ascending offsets.
// Memory is reused from function to function.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/heap.h"
#include "jit/asm/masm.h"
#include "jit/code/handler_table.h"

namespace sluice {

class TryRegions {
 public:
  bool any() const { return !regions_.empty(); }
  void clear() {
    ranges_.clear();
    regions_.clear();
    clauses_.clear();
    open_.clear();
  }
  /// Is the code to come in a try block?
  bool is_inside() const { return !open_.empty(); }

  uint32_t add_region() {
    regions_.push_back({innermost(), 0, 0});
    return static_cast<uint32_t>(regions_.size() - 1);
  }
  /// The block of the control frame number `frame`, counted from outside, begins at `offset`.
  void open(uint32_t region, size_t frame, uint32_t offset) {
    open_.push_back({region, frame});
    begin_range(offset, region);
  }
  /// The innermost open region ends.
  void close(uint32_t offset) {
    open_.pop_back();
    begin_range(offset, innermost());
  }
  /// The code to come lies elsewhere: at `offset`, which need not be behind what came before.
  void move_to(uint32_t offset) { begin_range(offset, innermost()); }
  /// All code has its final place; it ends here.
  void place(const Masm& masm) {
    // Of ranges that begin together the last to come is the one with code.
    masm.place_all(ranges_, &HandlerRange::begin);
    ranges_.push_back({masm.offset(), kNoRegion});
    for (Clause& each : clauses_) each.clause.landing = masm.place(each.clause.landing);
  }
  /// What the region does not catch goes on to the innermost region that is open in this frame.
  void delegate(uint32_t region, size_t frame) {
    const auto further_in =
        std::upper_bound(open_.begin(), open_.end(), frame,
                         [](size_t number, const Open& open) { return number < open.frame; });
    regions_[region].outer = further_in == open_.begin() ? kNoRegion : (further_in - 1)->region;
  }
  void add_clause(uint32_t region, uint32_t tag, uint32_t landing) {
    clauses_.push_back({region, {landing, tag}});
  }

  HandlerTable table(uint32_t frame_bytes) {
    HandlerTable table(ranges_.size(), regions_.size(), clauses_.size());
    table.frame_bytes = frame_bytes;
    std::ranges::copy(ranges_, table.ranges.begin());
    std::ranges::copy(regions_, table.regions.begin());
    std::sort(clauses_.begin(), clauses_.end(), [](const Clause& a, const Clause& b) {
      return a.region != b.region ? a.region < b.region : a.clause.landing < b.clause.landing;
    });
    for (uint32_t i = 0; i < clauses_.size(); ++i) {
      HandlerRegion& region = table.regions[clauses_[i].region];
      if (region.clause_count++ == 0) region.first_clause = i;
      table.clauses[i] = clauses_[i].clause;
    }
    return table;
  }

 private:
  struct Open {
    uint32_t region;
    size_t frame;
  };
  struct Clause {
    uint32_t region;
    HandlerClause clause;
  };

  uint32_t innermost() const { return open_.empty() ? kNoRegion : open_.back().region; }
  void begin_range(uint32_t offset, uint32_t region) {
    if (!ranges_.empty() && ranges_.back().begin == offset) {
      ranges_.back().region = region;
    } else {
      ranges_.push_back({offset, region});
    }
  }

  Vector<HandlerRange> ranges_;
  Vector<HandlerRegion> regions_;
  Vector<Clause> clauses_;
  Vector<Open> open_;
};

}  // namespace sluice

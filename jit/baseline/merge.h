// What a label expects of the machine: the state that every branch to it makes true.
//
// A state says of each register which local it holds, and which registers may be newer than the
// local's home slot; every other local is in its home. Outside of short loops and short functions
// all are, at labels and between them: to keep locals in registers there is worth less than it
// costs to compile. Operands below the block are Const or Stack since the block's entry, so no
// label needs to mention them. Values that a branch passes are in registers if they are few, else
// in the slots of their positions. The first branch to a forward label fixes its state; a loop's
// state is fixed at its entry.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/base/check.h"
#include "engine/base/heap.h"
#include "engine/base/reused_vector.h"
#include "jit/abi/reg.h"
#include "jit/asm/operand.h"
#include "jit/baseline/reg_alloc.h"
#include "jit/code/handler_table.h"

namespace sluice {

/// Operands that a branch passes in registers: if there are more, all go through the stack.
inline constexpr uint32_t kMaxMergeRegs = 4;

struct LabelState {
  RegSet locals;  // registers that hold a local
  RegSet dirty;   // of these: the home slot may be out of date
  LocalMap local;
  // None: in the slot of its position.
  Reg result[kMaxMergeRegs] = {Reg::None, Reg::None, Reg::None, Reg::None};

  /// Without locals `local` has no meaning.
  void clear() {
    locals = dirty = RegSet();
    for (Reg& reg : result) reg = Reg::None;
  }
};

/// The states of the labels in use; freed ones are used again.
class LabelStates {
 public:
  /// The state of many labels at once: all locals are in their homes, and nothing is passed.
  static constexpr uint32_t kEmpty = 0;

  /// What it holds is the caller's to set.
  uint32_t allocate() {
    if (!free_.empty()) {
      const uint32_t index = free_.back();
      free_.pop_back();
      return index;
    }
    if (used_ == states_.size()) [[unlikely]]
      states_.resize(used_ + kMoreStates);
    return used_++;
  }
  void release(uint32_t index) {
    if (index != kEmpty) free_.push_back(index);
  }
  LabelState& operator[](uint32_t index) { return states_[index]; }
  const LabelState& operator[](uint32_t index) const { return states_[index]; }
  void clear() {
    if (states_.empty()) states_.resize(kMoreStates);
    DCHECK(states_[kEmpty].locals.empty(), "nobody changes it");
    used_ = kEmpty + 1;
    free_.clear();
  }

 private:
  static constexpr size_t kMoreStates = 32;
  Vector<LabelState> states_;
  uint32_t used_ = 0;            // of them; the others have never been asked for
  ReusedVector<uint32_t> free_;  // of the used ones
};

/// What the compiler keeps per control frame.
struct BlockLabel {
  static constexpr uint32_t kNoState = 0xffff'ffffu;
  static constexpr uint32_t kReturn = 0xffff'fffeu;  // of the function's own: never a state
  sluice::Label target;                              // a loop's header, else the end
  sluice::Label otherwise;                           // of an if: where its condition is false
  uint32_t state = kNoState;                         // at `target`, once fixed
  uint32_t else_state = kNoState;                    // of an if: at `otherwise`
  uint32_t table_stub = 0;      // br_table: 1 + number of the stub for this target
  uint32_t table_id = 0;        // br_table: the table that `table_stub` belongs to
  uint32_t region = kNoRegion;  // of a try: TryRegions' number
  uint32_t caught_slot = 0;     // of a legacy handler: where it keeps its exception
  bool is_else_cold = false;    // of an if: its condition is likely to hold
};

}  // namespace sluice

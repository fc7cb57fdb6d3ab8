// Which register holds what, in the baseline compiler: bookkeeping only, no code is emitted here.
//
// A register's users are operand words, at most one local, and holds (PinnedReg, ScratchReg). A
// register is free when it has no user; one that is held is never evicted. Only FuncCompiler
// changes this state, because words and locals must change with it.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/base/check.h"
#include "jit/abi/reg.h"

namespace sluice {

inline constexpr uint32_t kNoLocal = 0xffff;  // locals are at most 50,000

class RegFile {
 public:
  RegFile() { reset(); }

  void reset() {
    free_ = kAllocatableGprs | kAllocatableXmms;
    dirty_ = RegSet();
    std::memset(uses_, 0, sizeof uses_);
    std::memset(holds_, 0, sizeof holds_);
    std::memset(local_, 0xff, sizeof local_);
  }

  RegSet free() const { return free_; }
  /// Registers whose local's home slot is out of date.
  RegSet dirty() const { return dirty_; }
  bool is_dirty(Reg r) const { return dirty_.has(r); }
  void set_dirty(Reg r, bool dirty) {
    if (dirty) {
      dirty_.add(r);
    } else {
      dirty_.remove(r);
    }
  }

  uint32_t uses(Reg r) const { return uses_[index(r)]; }
  bool is_held(Reg r) const { return holds_[index(r)] != 0; }
  /// The local in `r`, or kNoLocal.
  uint32_t local(Reg r) const { return local_[index(r)]; }
  bool has_local(Reg r) const { return local_[index(r)] != kNoLocal; }
  /// Users that are operand words.
  uint32_t operand_uses(Reg r) const {
    return uses(r) - holds_[index(r)] - (has_local(r) ? 1u : 0u);
  }

  void add_use(Reg r) {
    ++uses_[index(r)];
    free_.remove(r);
  }
  void drop_use(Reg r) {
    DCHECK(uses_[index(r)] > 0, "register has no user");
    if (--uses_[index(r)] == 0) free_.add(r);
  }
  void add_hold(Reg r) {
    add_use(r);
    ++holds_[index(r)];
  }
  void drop_hold(Reg r) {
    DCHECK(holds_[index(r)] > 0, "register is not held");
    --holds_[index(r)];
    drop_use(r);
  }
  /// Turns a hold into the use by an operand word.
  void hold_to_use(Reg r) {
    DCHECK(holds_[index(r)] > 0, "register is not held");
    --holds_[index(r)];
  }
  /// Turns an operand word's use into a hold.
  void use_to_hold(Reg r) { ++holds_[index(r)]; }

  void bind_local(Reg r, uint32_t local, bool dirty) {
    DCHECK(!has_local(r), "two locals in one register");
    local_[index(r)] = static_cast<uint16_t>(local);
    add_use(r);
    set_dirty(r, dirty);
  }
  void unbind_local(Reg r) {
    DCHECK(has_local(r), "no local to unbind");
    local_[index(r)] = static_cast<uint16_t>(kNoLocal);
    dirty_.remove(r);
    drop_use(r);
  }

 private:
  static uint32_t index(Reg r) {
    DCHECK(r != Reg::None, "no register");
    return static_cast<uint32_t>(r);
  }

  RegSet free_;
  RegSet dirty_;
  uint32_t uses_[32];
  uint8_t holds_[32];
  uint16_t local_[32];
};

constexpr RegSet allocatable(RegClass cls) {
  return cls == RegClass::Gpr ? kAllocatableGprs : kAllocatableXmms;
}

}  // namespace sluice

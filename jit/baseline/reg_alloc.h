// Which register holds what, in the baseline compiler: bookkeeping only, no code is emitted here.
//
// A register's users are operand words, at most one local, and holds (PinnedReg, ScratchReg). A
// register is free when it has no user; one that is held is never evicted. Only FuncCompiler
// changes this state, because words and locals must change with it.
#pragma once

#include <cstdint>
#include <cstring>
#include <emmintrin.h>

#include "engine/base/check.h"
#include "jit/abi/reg.h"

namespace sluice {

inline constexpr uint32_t kNoLocal = 0xffff;  // locals are at most 50,000

/// Which local each register holds, kNoLocal for none. Compared and copied as a whole.
struct alignas(16) LocalMap {
  uint16_t at[32];

  uint16_t& operator[](Reg r) { return at[static_cast<size_t>(r)]; }
  uint16_t operator[](Reg r) const { return at[static_cast<size_t>(r)]; }
  void clear() { std::memset(at, 0xff, sizeof at); }
  /// Registers that do not hold the same in both.
  RegSet differences(const LocalMap& other) const {
    uint32_t equal = 0;
    for (uint32_t half = 0; half < 2; ++half) {
      const auto* a = reinterpret_cast<const __m128i*>(at + 16 * half);
      const auto* b = reinterpret_cast<const __m128i*>(other.at + 16 * half);
      __m128i low = _mm_cmpeq_epi16(_mm_load_si128(a), _mm_load_si128(b));
      __m128i high = _mm_cmpeq_epi16(_mm_load_si128(a + 1), _mm_load_si128(b + 1));
      auto mask = static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
      equal |= mask << (16 * half);
    }
    return RegSet(~equal);
  }
};
static_assert(sizeof(LocalMap) == 64);

class RegFile {
 public:
  RegFile() {
    local_.clear();
    reset();
  }

  void reset() {
    free_ = kAllocatableGprs | kAllocatableXmms;
    dirty_ = RegSet();
    clear_users();
    if (with_local_.empty()) [[likely]]
      return;
    with_local_ = RegSet();
    local_.clear();
  }
  /// The registers hold these locals and nothing else; words and holds are gone.
  void adopt(const LocalMap& local, RegSet with_local, RegSet dirty) {
    free_ = (kAllocatableGprs | kAllocatableXmms) - with_local;
    with_local_ = with_local;
    dirty_ = dirty;
    clear_users();
    local_ = local;
  }

  RegSet free() const { return free_; }
  /// Registers that hold a local, and which.
  RegSet with_local() const { return with_local_; }
  const LocalMap& locals() const { return local_; }
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
  void set_clean() { dirty_ = RegSet(); }

  /// Users of all kinds.
  uint32_t uses(Reg r) const { return uses_[index(r)] + (has_local(r) ? 1u : 0u); }
  bool is_held(Reg r) const { return holds_[index(r)] != 0; }
  /// The local in `r`, or kNoLocal.
  uint32_t local(Reg r) const { return local_[r]; }
  bool has_local(Reg r) const { return with_local_.has(r); }
  /// Is the local in `r`, and no word or hold?
  bool is_only_local(Reg r, uint32_t local) const {
    return local_[r] == local && uses_[index(r)] == 0;
  }
  /// Has it one word or hold, and no local?
  bool is_only_word(Reg r) const { return uses_[index(r)] == 1 && !has_local(r); }
  /// Users that are operand words.
  uint32_t operand_uses(Reg r) const { return uses_[index(r)] - holds_[index(r)]; }
  RegSet held() const {
    const auto* holds = reinterpret_cast<const __m128i*>(holds_);
    const __m128i zero = _mm_setzero_si128();
    const auto low = mask_of(_mm_cmpeq_epi8(_mm_load_si128(holds), zero));
    const auto high = mask_of(_mm_cmpeq_epi8(_mm_load_si128(holds + 1), zero));
    return RegSet(~(low | high << 16));
  }
  /// Registers of the class that some word or hold uses.
  RegSet used(RegClass cls) const {
    const uint32_t first = cls == RegClass::Gpr ? 0 : 16;
    const __m128i uses = _mm_load_si128(reinterpret_cast<const __m128i*>(uses_ + first));
    const __m128i unused = _mm_cmpeq_epi8(uses, _mm_setzero_si128());
    return RegSet((~mask_of(unused) & 0xffffu) << first);
  }

  void add_use(Reg r) {
    DCHECK(uses_[index(r)] < UINT8_MAX, "more words than the window has");
    ++uses_[index(r)];
    free_.remove(r);
  }
  void drop_use(Reg r) {
    DCHECK(uses_[index(r)] > 0, "register has no user");
    const uint32_t left = --uses_[index(r)];
    free_ = free_ | (RegSet(uint32_t{left == 0} << index(r)) - with_local_);
  }
  // Where no register has a hold or two words: by stores alone.
  /// The word in `r`, the only user, is gone. None, which words elsewhere have, is no register.
  void release_only_word(Reg r) {
    static_assert((static_cast<uint32_t>(Reg::None) & 31) == static_cast<uint32_t>(kScratchXmm));
    const uint32_t i = static_cast<uint32_t>(r) & 31;
    DCHECK(uses_[i] == (r == Reg::None ? 0u : 1u) && holds_[i] == 0, "one word in the register");
    uses_[i] = 0;
    free_ = free_ | (RegSet(uint32_t{1} << i) - (with_local_ | RegSet::of(kScratchXmm)));
  }
  /// A word gets `r`, which is free.
  void give_only_word(Reg r) {
    DCHECK(free_.has(r), "the register is free");
    uses_[index(r)] = 1;
    free_.remove(r);
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
    local_[r] = static_cast<uint16_t>(local);
    with_local_.add(r);
    free_.remove(r);
    set_dirty(r, dirty);
  }
  /// Turns an operand word's use into a local, newer than its home.
  void use_to_local(Reg r, uint32_t local) {
    DCHECK(!has_local(r) && uses_[index(r)] > 0, "no word in the register, or a local");
    --uses_[index(r)];
    share_with_local(r, local);
  }
  /// The same where the word remains.
  void share_with_local(Reg r, uint32_t local) {
    DCHECK(!has_local(r) && !free_.has(r), "nothing in the register, or a local");
    local_[r] = static_cast<uint16_t>(local);
    with_local_.add(r);
    dirty_.add(r);
  }
  void unbind_local(Reg r) {
    DCHECK(has_local(r), "no local to unbind");
    local_[r] = static_cast<uint16_t>(kNoLocal);
    with_local_.remove(r);
    dirty_.remove(r);
    if (uses_[index(r)] == 0) free_.add(r);
  }
  /// No register holds a local any more; words and holds stay.
  void unbind_locals() {
    const RegSet used_by_others = used(RegClass::Gpr) | used(RegClass::Xmm);
    free_ = (kAllocatableGprs | kAllocatableXmms) - used_by_others;
    with_local_ = dirty_ = RegSet();
    local_.clear();
  }

 private:
  void clear_users() {
    std::memset(uses_, 0, sizeof uses_);
    std::memset(holds_, 0, sizeof holds_);
  }
  static uint32_t mask_of(__m128i bytes) { return static_cast<uint32_t>(_mm_movemask_epi8(bytes)); }
  static uint32_t index(Reg r) {
    DCHECK(r != Reg::None, "no register");
    return static_cast<uint32_t>(r);
  }

  RegSet free_;  // no word, no hold, no local
  RegSet with_local_;
  RegSet dirty_;
  // Words and holds: never many more than kMaxWindow.
  alignas(16) uint8_t uses_[32];
  alignas(16) uint8_t holds_[32];
  LocalMap local_;  // kNoLocal for those that are not in with_local_
};

constexpr RegSet allocatable(RegClass cls) {
  return cls == RegClass::Gpr ? kAllocatableGprs : kAllocatableXmms;
}

}  // namespace sluice

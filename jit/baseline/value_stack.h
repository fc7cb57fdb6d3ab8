// What the baseline compiler knows about each operand: the word that FuncReader keeps beside an
// operand's type, and where operands lie in the frame.
//
// Invariants: a Flags word is only ever the topmost operand, and nothing that changes the
// processor's flags is emitted while there is one. All operands below the watermark
// (FuncCompiler::settled_) are Const or Stack, so that scans for the holders of a register stay
// short. A Local word means the *present* value of that local: it is made a copy before the local
// changes. An operand on the stack lies in the slot of its position and type (operand_slot), i32
// values in the lower half of it.
#pragma once

#include <bit>
#include <cstdint>

#include "engine/base/check.h"
#include "engine/wasm/types.h"
#include "jit/abi/reg.h"
#include "jit/asm/masm.h"
#include "jit/asm/parallel_move.h"

namespace sluice {

/// Scans for a register's users look at no more operands than this; deeper ones go to the frame.
inline constexpr uint32_t kMaxWindow = 64;

/// One bit each, so that several are asked for at once: see Word::is().
enum class WordKind : uint8_t {
  None = 0,    // popped, or never set
  Const = 1,   // `bits`; an i32 or f32 has zero upper halves, a v128 the address of its bytes
  Reg = 2,     // `reg`, which this word is a user of; see at_most(), scale_log2, addend()
  Local = 4,   // alias of local `local()`, which was not in a register when it was pushed
  Stack = 8,   // in its position's slot of the frame
  Flags = 16,  // latched compare: 1 if `cond` holds, else 0
};
constexpr uint32_t operator|(WordKind a, WordKind b) {
  return static_cast<uint32_t>(a) | static_cast<uint32_t>(b);
}
constexpr uint32_t operator|(uint32_t kinds, WordKind kind) {
  return kinds | static_cast<uint32_t>(kind);
}
constexpr uint32_t operator&(uint32_t kinds, WordKind kind) {
  return kinds & static_cast<uint32_t>(kind);
}

/// What straight ways take (FuncCompiler::straight_free).
inline constexpr uint32_t kReadyKinds = WordKind::Reg | WordKind::Local;

/// Where an operand is. Twelve bytes, so that a slot with its type has sixteen.
///
/// A Reg word of an i32 may carry more. An upper bound of its value, for proofs that an address
/// does not wrap. A latched scale or addend, only as long as the next instruction that takes the
/// operand is known to be an addition, or a load.
struct Word {
  WordKind kind = WordKind::None;
  Reg reg = Reg::None;
  Cond cond{};
  uint8_t scale_log2 = 0;  // Reg: the operand is the register shifted left by so much
  uint32_t low = 0;
  uint32_t high = 0;

  static Word none() { return {}; }
  static Word stack(const Mem& slot) {
    return packed(WordKind::Stack, Reg::None, static_cast<uint32_t>(slot.disp));
  }
  static Word in_reg(Reg r, uint32_t low = 0) { return packed(WordKind::Reg, r, low); }
  static Word constant(uint64_t bits) { return packed(WordKind::Const, Reg::None, bits); }
  static Word local_alias(uint32_t local, int32_t home) {
    return packed(WordKind::Local, Reg::None, uint64_t{local} << 32 | static_cast<uint32_t>(home));
  }
  static Word flags(Cond cond) {
    return packed(WordKind::Flags, Reg{}, 0, static_cast<uint32_t>(cond) << 16);
  }

  bool is(uint32_t kinds) const { return (static_cast<uint32_t>(kind) & kinds) != 0; }
  bool is_const() const { return kind == WordKind::Const; }
  /// A register whose value is the operand's.
  bool is_plain_reg() const { return kind == WordKind::Reg && scale_log2 == 0; }
  uint64_t bits() const { return uint64_t{high} << 32 | low; }
  uint32_t local() const { return high; }
  /// Stack, or Local: where its slot or home is, rbp-relative.
  int32_t disp() const { return static_cast<int32_t>(low); }
  /// Reg: no value of it is greater.
  uint32_t at_most() const { return ~low; }
  void set_at_most(uint32_t bound) { low = ~bound; }
  /// Reg: an address's latched addend, with a proof that the sum does not wrap.
  /// What kind the word is, is hard to foresee: no branch asks.
  uint32_t addend() const { return high & (0u - static_cast<uint32_t>(kind == WordKind::Reg)); }

 private:
  /// Built in registers, so that a word is written by two stores.
  static Word packed(WordKind kind, Reg reg, uint64_t bits, uint32_t cond_bits = 0) {
    struct Parts {
      uint32_t head, low, high;
    };
    const uint32_t head = static_cast<uint32_t>(kind) | static_cast<uint32_t>(reg) << 8 | cond_bits;
    return std::bit_cast<Word>(
        Parts{head, static_cast<uint32_t>(bits), static_cast<uint32_t>(bits >> 32)});
  }
};
static_assert(sizeof(Word) == 12);

inline RegClass reg_class_of(MoveType type) {
  return type >= MoveType::F32 ? RegClass::Xmm : RegClass::Gpr;
}

/// The register of the type's class that never holds anything between two instructions.
inline Reg scratch_of(MoveType type) {
  return reg_class_of(type) == RegClass::Gpr ? kScratchGpr : kScratchXmm;
}

/// Even where registers keep no locals, the one that such a local was set from is remembered until
/// its block ends: what is loaded soon after its store costs a float as much time as three
/// additions.
constexpr bool is_float(MoveType type) { return type == MoveType::F32 || type == MoveType::F64; }

/// The type by which any value in the register can be moved.
inline MoveType widest(Reg reg) { return is_xmm(reg) ? MoveType::V128 : MoveType::I64; }

}  // namespace sluice

// The small vocabulary of machine operands: widths, conditions, memory operands, labels.
//
// Plain values without behaviour; numbers are the hardware's where it has some, so that encoding is
// an OR. What the instructions do with them is masm.h's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jit/abi/reg.h"

namespace sluice {

/// Operand size of integer instructions. 32-bit results zero the upper half of their register.
enum class Width : uint8_t { W32, W64 };
inline constexpr Width W32 = Width::W32;
inline constexpr Width W64 = Width::W64;

/// The value types as moves see them; the first two are as Width. References are I64.
enum class MoveType : uint8_t { I32, I64, F32, F64, V128 };

/// Operand size of scalar floating-point instructions.
enum class FWidth : uint8_t { F32, F64 };

/// Two-operand arithmetic; the number is the hardware's /n.
enum class Alu : uint8_t { Add = 0, Or = 1, Adc = 2, Sbb = 3, And = 4, Sub = 5, Xor = 6, Cmp = 7 };

enum class Shift : uint8_t { Rol = 0, Ror = 1, Shl = 4, Shr = 5, Sar = 7 };

/// Scalar float arithmetic; the number is the opcode byte behind 0F.
enum class FArith : uint8_t {
  Add = 0x58,
  Mul = 0x59,
  Sub = 0x5c,
  HwMin = 0x5d,  // the hardware's minimum: second operand if unordered or both zero
  Div = 0x5e,
  HwMax = 0x5f,
  Sqrt = 0x51,
};

/// Conditions after a compare. The first sixteen are the hardware's; the last two combine two
/// flags, because an unordered ucomis sets "equal" as well.
enum class Cond : uint8_t {
  // clang-format off
  Overflow, NoOverflow, Below, AboveEqual, Equal, NotEqual, BelowEqual, Above,
  Sign, NotSign, Parity, NoParity, Less, GreaterEqual, LessEqual, Greater,
  FloatEqual, FloatNotEqual,  // ordered and equal; unordered or not equal
  Zero = Equal, NotZero = NotEqual, Carry = Below, NoCarry = AboveEqual,
  // clang-format on
};
/// Is it one of the hardware's?
constexpr bool is_native(Cond c) { return static_cast<uint8_t>(c) < 16; }
constexpr Cond negate(Cond c) { return static_cast<Cond>(static_cast<uint8_t>(c) ^ 1u); }
static_assert(negate(Cond::Zero) == Cond::NotZero && negate(Cond::Less) == Cond::GreaterEqual);
static_assert(negate(Cond::FloatEqual) == Cond::FloatNotEqual);
static_assert(negate(Cond::Above) == Cond::BelowEqual && negate(Cond::Parity) == Cond::NoParity);

/// The condition that holds for (b, a) when `c` holds for (a, b).
constexpr Cond swap_operands(Cond c) {
  switch (c) {
  case Cond::Below: return Cond::Above;
  case Cond::Above: return Cond::Below;
  case Cond::BelowEqual: return Cond::AboveEqual;
  case Cond::AboveEqual: return Cond::BelowEqual;
  case Cond::Less: return Cond::Greater;
  case Cond::Greater: return Cond::Less;
  case Cond::LessEqual: return Cond::GreaterEqual;
  case Cond::GreaterEqual: return Cond::LessEqual;
  default: return c;
  }
}

/// [base + index << scale_log2 + disp]; no index if it is None. Index registers are read as 64
/// bits.
struct Mem {
  Reg base = Reg::None;
  Reg index = Reg::None;
  uint8_t scale_log2 = 0;
  int32_t disp = 0;
};
constexpr Mem mem_at(Reg base, int32_t disp = 0) { return {base, Reg::None, 0, disp}; }
constexpr Mem mem_at(Reg base, Reg index, int32_t disp) { return {base, index, 0, disp}; }
/// A slot of the current frame.
constexpr Mem frame_slot(int32_t disp) { return mem_at(Reg::Rbp, disp); }
/// A field of the current instance's block.
constexpr Mem instance_field(uint64_t offset) {
  return mem_at(kInstanceReg, static_cast<int32_t>(offset));
}

/// What a load reads and how it fills the register. Kinds that end in 32 or name no size give an
/// i32: upper half zero.
enum class LoadKind : uint8_t {
  // clang-format off
  U8, U16, I32, I64, S8To32, S16To32, S8To64, S16To64, S32To64, F32, F64, V128,
  // clang-format on
};
/// What a store writes: the low part of its register.
enum class StoreKind : uint8_t { I8, I16, I32, I64, F32, F64, V128 };

constexpr LoadKind load_kind(MoveType type) {
  constexpr LoadKind kKinds[] = {LoadKind::I32, LoadKind::I64, LoadKind::F32, LoadKind::F64,
                                 LoadKind::V128};
  return kKinds[static_cast<size_t>(type)];
}
constexpr StoreKind store_kind(MoveType type) {
  constexpr StoreKind kKinds[] = {StoreKind::I32, StoreKind::I64, StoreKind::F32, StoreKind::F64,
                                  StoreKind::V128};
  return kKinds[static_cast<size_t>(type)];
}

/// A place in the function, or the chain of jumps that wait for it: each waiting rel32 field holds
/// the offset of the one before, so labels own no memory. Copyable as long as it is unused.
class Label {
 public:
  /// Something jumps here already.
  bool is_used() const { return value_ != kNone; }
  bool is_bound() const { return (value_ & kBound) != 0; }
  /// From the start of the function. Only if bound.
  uint32_t offset() const { return value_ & ~kBound; }

 private:
  friend class Masm;
  static constexpr uint32_t kBound = 1u << 31;
  static constexpr uint32_t kNone = ~kBound;
  uint32_t value_ = kNone;  // bound: its offset and kBound; else the last waiting field's
};

}  // namespace sluice

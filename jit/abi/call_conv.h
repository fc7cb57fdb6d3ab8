// The calling convention of Wasm code: where each parameter and result lives.
//
// Six general-purpose and eight vector registers, the same for parameters and results, in order of
// appearance per class; what is left over goes to 8-byte stack slots (16 for v128), lowest address
// first. The caller reserves, from high to low addresses, the result slots and then the parameter
// slots, and calls; the callee pops the parameter slots (`ret n`), so that at the return rsp points
// at the result slots. A tail call's callee has the same results, hence may have any number of
// parameter slots in constant stack.
//
//   callee's view:  [rbp]      caller's rbp
//                   [rbp + 8]  return address
//                   [rbp + 16 + offset]                        parameter slots
//                   [rbp + 16 + param_stack_bytes + offset]    result slots
//
// i32 values have zero upper halves in registers and in slots. On entry r14 holds the callee's
// instance and rbx the base of its memory 0; the callee keeps both, unless it makes a tail call to
// another instance. It may do so if its caller gets both back from its own frame: callers of
// imports do, and the code at the return address, which begins with kRestoresInstance, says so.
// (Indirect calls look first whether they have to.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/wasm/types.h"
#include "jit/abi/reg.h"

namespace sluice {

inline constexpr Reg kValueGprs[] = {Reg::Rax, Reg::Rcx, Reg::Rdx, Reg::Rsi, Reg::Rdi, Reg::R8};
inline constexpr uint32_t kValueGprCount = 6;
inline constexpr uint32_t kValueXmmCount = 8;  // xmm0 … xmm7

/// mov r14, [rbp - 8], as a little-endian number: the first instruction behind a call after which
/// r14 and rbx may be another instance's, whoever was called. Nothing else is.
inline constexpr uint32_t kRestoresInstance = 0xf8758b4c;

/// By a number of one bit for each kind: which it is, is hard to foresee.
constexpr RegClass reg_class_of(ValType type) {
  constexpr uint32_t kXmms = 1u << static_cast<uint32_t>(ValKind::F32) |
                             1u << static_cast<uint32_t>(ValKind::F64) |
                             1u << static_cast<uint32_t>(ValKind::V128);
  return static_cast<RegClass>(kXmms >> static_cast<uint32_t>(type.kind()) & 1);
}

/// Is a value of this type a handle into the store's heap of references? Concrete types are not.
constexpr bool is_handle(ValType type) {
  if (!type.is_ref() || type.heap().is_concrete()) return false;
  const AbsHeap heap = type.heap().abs();
  return heap == AbsHeap::Extern || heap == AbsHeap::NoExtern || heap == AbsHeap::Exn ||
         heap == AbsHeap::NoExn;
}

/// Where one value lives: `reg`, or if that is None the byte `offset` into its stack area.
struct ValueLocation {
  Reg reg = Reg::None;
  uint32_t offset = 0;
  constexpr bool in_reg() const { return reg != Reg::None; }
};

/// Hands out the locations of a list of values, one after another.
class LocationCursor {
 public:
  constexpr ValueLocation next(ValType type) {
    const auto cls = static_cast<uint32_t>(reg_class_of(type));
    const uint32_t used = used_ >> 16 * cls & 0xffff;
    if (used < kValueRegs[cls].count) [[likely]] {
      used_ += 1u << 16 * cls;
      return {kValueRegs[cls].regs[used], 0};
    }
    ValueLocation at{Reg::None, stack_bytes_};
    stack_bytes_ += type.kind() == ValKind::V128 ? 16u : 8u;
    return at;
  }
  /// Size of the stack area so far.
  constexpr uint32_t stack_bytes() const { return stack_bytes_; }

 private:
  struct ValueRegs {
    Reg regs[kValueXmmCount];
    uint32_t count;
  };
  static constexpr ValueRegs kValueRegs[] = {
      {{Reg::Rax, Reg::Rcx, Reg::Rdx, Reg::Rsi, Reg::Rdi, Reg::R8}, kValueGprCount},
      {{Reg::Xmm0, Reg::Xmm1, Reg::Xmm2, Reg::Xmm3, Reg::Xmm4, Reg::Xmm5, Reg::Xmm6, Reg::Xmm7},
       kValueXmmCount}};
  static_assert(std::ranges::equal(kValueGprs,
                                   std::span(kValueRegs[0].regs).first<kValueGprCount>()));

  uint32_t used_ = 0;  // of each class's registers, in 16 bits
  uint32_t stack_bytes_ = 0;
};

/// Bytes of stack that a list of parameters or results needs.
constexpr uint32_t stack_area_bytes(std::span<const ValType> values) {
  if (values.size() <= kValueGprCount) return 0;  // registers suffice, whatever the types
  LocationCursor cursor;
  for (ValType v : values) cursor.next(v);
  return cursor.stack_bytes();
}

}  // namespace sluice

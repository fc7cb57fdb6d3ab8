// The machine's registers as small values, and which of them mean something fixed in Wasm code.
//
// Numbers are the hardware's: 0–15 general purpose, 16–31 vector. Pinned in all Wasm code: the
// instance, memory 0's base, the frame and stack pointers, and one scratch register of each class
// that no value ever lives in. Every other register is caller-saved.
#pragma once

#include <bit>
#include <cstdint>

namespace sluice {

enum class Reg : uint8_t {
  // clang-format off
  Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15,
  Xmm0, Xmm1, Xmm2, Xmm3, Xmm4, Xmm5, Xmm6, Xmm7, Xmm8, Xmm9, Xmm10, Xmm11, Xmm12, Xmm13, Xmm14, Xmm15,
  None = 0xff,
  // clang-format on
};

enum class RegClass : uint8_t { Gpr, Xmm };

constexpr bool is_xmm(Reg r) { return static_cast<uint8_t>(r) >= 16; }
constexpr RegClass reg_class(Reg r) { return is_xmm(r) ? RegClass::Xmm : RegClass::Gpr; }
/// The four-bit number inside the register's class.
constexpr uint32_t encoding(Reg r) { return static_cast<uint32_t>(r) & 15u; }

/// Set of registers of both classes.
class RegSet {
 public:
  constexpr RegSet() = default;
  constexpr explicit RegSet(uint32_t bits) : bits_(bits) {}
  template <class... Rs>
  static constexpr RegSet of(Rs... regs) {
    return RegSet(((uint32_t{1} << static_cast<uint32_t>(regs)) | ... | 0u));
  }

  constexpr bool has(Reg r) const { return ((bits_ >> static_cast<uint32_t>(r)) & 1u) != 0; }
  constexpr void add(Reg r) { bits_ |= uint32_t{1} << static_cast<uint32_t>(r); }
  constexpr void remove(Reg r) { bits_ &= ~(uint32_t{1} << static_cast<uint32_t>(r)); }
  constexpr void remove_first() { bits_ &= bits_ - 1; }
  constexpr RegSet without_first() const { return RegSet(bits_ & (bits_ - 1)); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr int size() const { return std::popcount(bits_); }
  /// Of a set that is not empty: std::countr_zero would ask.
  constexpr Reg first() const { return static_cast<Reg>(__builtin_ctz(bits_)); }
  constexpr uint32_t bits() const { return bits_; }
  constexpr RegSet operator&(RegSet o) const { return RegSet(bits_ & o.bits_); }
  constexpr RegSet operator|(RegSet o) const { return RegSet(bits_ | o.bits_); }
  constexpr RegSet operator-(RegSet o) const { return RegSet(bits_ & ~o.bits_); }
  constexpr bool operator==(const RegSet&) const = default;

 private:
  uint32_t bits_ = 0;
};

inline constexpr Reg kInstanceReg = Reg::R14;
// rbx: with a low index register `[rbx + index]` needs no REX prefix.
inline constexpr Reg kMemoryReg = Reg::Rbx;
inline constexpr Reg kScratchGpr = Reg::R11;
inline constexpr Reg kScratchXmm = Reg::Xmm15;

inline constexpr RegSet kAllocatableGprs =
    RegSet::of(Reg::Rax, Reg::Rcx, Reg::Rdx, Reg::Rsi, Reg::Rdi, Reg::R8, Reg::R9, Reg::R10,
               Reg::R12, Reg::R13, Reg::R15);
inline constexpr RegSet kAllocatableXmms = RegSet(0x7fff0000u);

}  // namespace sluice

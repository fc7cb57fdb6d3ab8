// Atomic instructions of the macro assembler: exchanges with memory under the bus lock. The size of
// an operand is its bytes: 1, 2, 4 or 8.

#include "jit/asm/masm.h"

namespace sluice {

namespace {

constexpr uint8_t kLock = 0xf0;
constexpr uint8_t kOperand16 = 0x66;

/// By the opcode of the byte form; those of wider operands are the next.
Opcode sized(uint8_t map, uint8_t byte, uint32_t bytes) {
  return {bytes == 2 ? kOperand16 : uint8_t{0}, map, static_cast<uint8_t>(byte + (bytes != 1))};
}

/// Without a REX prefix the numbers 4 to 7 of byte registers would name ah to bh.
uint32_t rex_of(uint32_t bytes, uint32_t reg) { return bytes == 1 && reg >= 4 ? 0x40 : 0; }

}  // namespace

void Masm::xchg_mem(uint32_t bytes, const Mem& m, Reg r) {
  e_.reg_mem(sized(0, 0x86, bytes), bytes == 8, num(r), m, rex_of(bytes, num(r)));
}

void Masm::lock_xadd(uint32_t bytes, const Mem& m, Reg r) {
  e_.put(kLock, 1);
  e_.reg_mem(sized(1, 0xc0, bytes), bytes == 8, num(r), m, rex_of(bytes, num(r)));
}

void Masm::lock_cmpxchg(uint32_t bytes, const Mem& m, Reg r) {
  e_.put(kLock, 1);
  e_.reg_mem(sized(1, 0xb0, bytes), bytes == 8, num(r), m, rex_of(bytes, num(r)));
}

void Masm::mfence() { e_.put(0xf0'ae'0f, 3); }

}  // namespace sluice

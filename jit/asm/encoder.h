// Bytes of x86-64 instructions, from opcode and register numbers, by shifts and ORs.
//
// The emitter of all hot forms: an instruction is built in one register and written by one or two
// 8-byte stores at the cursor. There is no room check here; see Masm::ensure_room. Register numbers
// are the hardware's four bits. Each form is compared with asmjit's bytes by the tests.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "jit/asm/operand.h"

namespace sluice {

/// An opcode without operands: mandatory prefix (0 = none), map (0 = one byte, 1 = 0F, 2 = 0F 38,
/// 3 = 0F 3A) and byte.
struct Opcode {
  uint8_t prefix = 0;
  uint8_t map = 0;
  uint8_t byte = 0;
};

/// The bytes before ModRM of a load or store, with and without REX, so that emitting one depends on
/// its opcode by data only.
struct MemForm {
  uint32_t with_rex = 0;     // REX has all bits but those of registers
  uint32_t without_rex = 0;  // meaningless if `rex` is not 0
  uint8_t rex_shift = 0;
  uint8_t size = 0;  // without REX
  uint8_t rex = 0;   // W, if any

  static constexpr MemForm of(Opcode op, bool wide) {
    MemForm form;
    uint32_t prefix_bits = op.prefix != 0 ? 8 : 0;
    uint32_t opcode = op.map == 1 ? 0x0fu | static_cast<uint32_t>(op.byte) << 8 : op.byte;
    form.rex = wide ? 8 : 0;
    form.rex_shift = static_cast<uint8_t>(prefix_bits);
    form.size = static_cast<uint8_t>((op.map == 1 ? 2u : 1u) + prefix_bits / 8);
    form.without_rex = op.prefix | opcode << prefix_bits;
    form.with_rex = op.prefix | (0x40u | form.rex) << prefix_bits | opcode << (prefix_bits + 8);
    return form;
  }
};

/// op reg, [rbp + disp] without opcode and displacement, and where these belong.
struct SlotForm {
  uint32_t head = 0;
  uint8_t opcode_bit = 0;
  uint8_t disp_bit = 0;
  uint8_t size = 0;  // of all

  static constexpr SlotForm of(bool is_far, bool wide, uint32_t reg) {
    const uint32_t rex = (wide ? 0x48u : 0u) | (reg >= 8 ? 0x44u : 0u);
    const uint32_t modrm = (is_far ? 0x85u : 0x45u) | (reg & 7) << 3;
    SlotForm form;
    form.opcode_bit = rex != 0 ? 8 : 0;
    form.head = rex | modrm << (form.opcode_bit + 8);
    form.disp_bit = static_cast<uint8_t>(form.opcode_bit + 16);
    form.size = static_cast<uint8_t>(form.disp_bit / 8 + (is_far ? 4 : 1));
    return form;
  }
};
/// By is_far, wide and reg: which of them holds is hard to predict.
inline constexpr auto kSlotForms = [] {
  std::array<SlotForm, 64> forms{};
  for (uint32_t i = 0; i < 64; ++i) forms[i] = SlotForm::of((i & 32) != 0, (i & 16) != 0, i % 16);
  return forms;
}();

class Encoder {
 public:
  uint8_t* cursor = nullptr;

  /// Writes the low `size` bytes of `bytes`; may scribble on the rest of eight.
  [[gnu::always_inline]] void put(uint64_t bytes, uint32_t size) {
    std::memcpy(cursor, &bytes, 8);
    cursor += size;
  }
  void put_imm8(int32_t imm) { put(static_cast<uint8_t>(imm), 1); }
  void put_imm32(int32_t imm) { put(static_cast<uint32_t>(imm), 4); }

  /// op reg, rm with two registers. `force` = 0x40 demands a REX prefix (byte registers).
  [[gnu::always_inline]] void reg_reg(Opcode op, uint32_t w, uint32_t reg, uint32_t rm,
                                      uint32_t force = 0) {
    uint64_t code = op.byte | (0xc0u | ((reg & 7) << 3) | (rm & 7)) << 8;
    put_legacy(op, code, 2, (w << 3) | ((reg & 8) >> 1) | ((rm & 8) >> 3) | force);
  }

  /// op reg, [m].
  [[gnu::always_inline]] void reg_mem(Opcode op, uint32_t w, uint32_t reg, const Mem& m,
                                      uint32_t force = 0) {
    uint32_t rex = (w << 3) | ((reg & 8) >> 1) | ((encoding(m.base) & 8) >> 3) | force;
    if (m.index != Reg::None) rex |= (encoding(m.index) & 8) >> 2;
    put_legacy(op, op.byte, 1, rex);
    put_mem(reg, m);
  }

  /// op reg, [rbp + disp] for an opcode of one byte: slots of the frame.
  [[gnu::always_inline]] void reg_slot(uint32_t opcode, uint32_t w, uint32_t reg, int32_t disp) {
    const uint32_t is_far = disp != static_cast<int8_t>(disp);
    const SlotForm& form = kSlotForms[is_far << 5 | w << 4 | reg];
    put(form.head | opcode << form.opcode_bit |
            uint64_t{static_cast<uint32_t>(disp)} << form.disp_bit,
        form.size);
  }

  /// op reg, [m] for an opcode that is only known at run time.
  [[gnu::always_inline]] void form_mem(const MemForm& form, uint32_t reg, const Mem& m,
                                       uint32_t force = 0) {
    uint32_t rex = ((reg & 8) >> 1) | ((encoding(m.base) & 8) >> 3);
    if (m.index != Reg::None) rex |= (encoding(m.index) & 8) >> 2;
    uint32_t has_rex = (rex | form.rex | force) != 0;
    put(has_rex != 0 ? form.with_rex | rex << form.rex_shift : form.without_rex,
        form.size + has_rex);
    put_mem(reg, m);
  }

  /// The same where there is an index, at scale 1, and a base that is not rbp or r13.
  [[gnu::always_inline]] void form_indexed(const MemForm& form, uint32_t reg, uint32_t base,
                                           uint32_t index, int32_t disp, uint32_t force = 0) {
    uint32_t rex = ((reg & 8) >> 1) | ((index & 8) >> 2) | (base >> 3);
    uint32_t has_rex = (rex | form.rex | force) != 0;
    put(has_rex != 0 ? form.with_rex | rex << form.rex_shift : form.without_rex,
        form.size + has_rex);
    uint64_t code = 4u | (reg & 7) << 3 | ((index & 7) << 3 | (base & 7)) << 8 |
                    uint64_t{static_cast<uint32_t>(disp)} << 16;
    if (disp == static_cast<int8_t>(disp)) {
      uint32_t has_disp = disp != 0;
      put(code | has_disp << 6, 2 + has_disp);
    } else {
      put(code | 0x80u, 6);
    }
  }

  /// op reg, [rip + …]: the caller appends the 32-bit displacement, which counts from its own end.
  void reg_rip(Opcode op, uint32_t w, uint32_t reg) {
    put_legacy(op, op.byte | uint64_t{((reg & 7) << 3) | 5} << 8, 2, (w << 3) | ((reg & 8) >> 1));
  }
  void vex_reg_rip(Opcode op, uint32_t reg, uint32_t vvvv) {
    uint64_t modrm = ((reg & 7) << 3) | 5;
    if (op.map == 1) {
      put(0xc5u | vex_last(op, 0, vvvv, ~reg) << 8 | uint64_t{op.byte} << 16 | modrm << 24, 4);
    } else {
      put(0xc4u | vex_middle(op, reg, 0, 0) << 8 | vex_last(op, 0, vvvv, 0) << 16 |
              uint64_t{op.byte} << 24 | modrm << 32,
          5);
    }
  }

  /// op with the register in the opcode's low bits (push, pop, mov imm).
  [[gnu::always_inline]] void opcode_reg(uint32_t byte, uint32_t w, uint32_t reg) {
    put_legacy({}, byte | (reg & 7), 1, (w << 3) | ((reg & 8) >> 3));
  }

  /// VEX-coded op reg, vvvv, rm; prefix and map as in Opcode.
  [[gnu::always_inline]] void vex_reg_reg(Opcode op, uint32_t w, uint32_t reg, uint32_t vvvv,
                                          uint32_t rm) {
    uint32_t modrm = 0xc0u | ((reg & 7) << 3) | (rm & 7);
    if ((rm & 8) == 0 && op.map == 1 && w == 0) {
      put(0xc5u | vex_last(op, 0, vvvv, ~reg) << 8 | uint64_t{op.byte} << 16 |
              uint64_t{modrm} << 24,
          4);
    } else {
      put(0xc4u | vex_middle(op, reg, 0, rm) << 8 | vex_last(op, w, vvvv, 0) << 16 |
              uint64_t{op.byte} << 24 | uint64_t{modrm} << 32,
          5);
    }
  }
  [[gnu::always_inline]] void vex_reg_mem(Opcode op, uint32_t w, uint32_t reg, uint32_t vvvv,
                                          const Mem& m) {
    uint32_t base = encoding(m.base);
    uint32_t index = m.index == Reg::None ? 0 : encoding(m.index);
    if (((base | index) & 8) == 0 && op.map == 1 && w == 0) {
      put(0xc5u | vex_last(op, 0, vvvv, ~reg) << 8 | uint64_t{op.byte} << 16, 3);
    } else {
      put(0xc4u | vex_middle(op, reg, index, base) << 8 | vex_last(op, w, vvvv, 0) << 16 |
              uint64_t{op.byte} << 24,
          4);
    }
    put_mem(reg, m);
  }

 private:
  [[gnu::always_inline]] void put_legacy(Opcode op, uint64_t code, uint32_t size, uint32_t rex) {
    if (op.map == 1) code = code << 8 | 0x0f, size += 1;
    if (op.map == 2) code = code << 16 | 0x380f, size += 2;
    if (op.map == 3) code = code << 16 | 0x3a0f, size += 2;
    uint32_t has_rex = rex != 0;
    code = code << (8 * has_rex) | ((0x40 | rex) & (0u - has_rex));
    size += has_rex;
    if (op.prefix != 0) code = code << 8 | op.prefix, size += 1;
    put(code, size);
  }

  /// ModRM, SIB and displacement.
  [[gnu::always_inline]] void put_mem(uint32_t reg, const Mem& m) {
    uint32_t base = encoding(m.base) & 7;
    uint64_t code = (reg & 7) << 3;
    uint32_t size = 1;
    if (m.index != Reg::None) {
      code |= 4u | (uint32_t{m.scale_log2} << 6 | (encoding(m.index) & 7) << 3 | base) << 8;
      size = 2;
    } else if (base == 4) {
      code |= 4u | 0x24u << 8;
      size = 2;
    } else {
      code |= base;
    }
    int32_t disp = m.disp;
    code |= uint64_t{static_cast<uint32_t>(disp)} << (8 * size);
    if (disp == 0 && base != 5) {
      put(code, size);
    } else if (disp == static_cast<int8_t>(disp)) {
      put(code | 0x40u, size + 1);
    } else {
      put(code | 0x80u, size + 4);
    }
  }

  /// The byte with W (or, in the two-byte form, inverted R), vvvv, L = 0 and pp.
  static uint64_t vex_last(Opcode op, uint32_t w, uint32_t vvvv, uint32_t inverted_reg) {
    uint32_t pp = op.prefix == 0x66 ? 1 : op.prefix == 0xf3 ? 2 : op.prefix == 0xf2 ? 3 : 0;
    return ((inverted_reg & 8) << 4) | (w << 7) | ((~vvvv & 15) << 3) | pp;
  }
  static uint64_t vex_middle(Opcode op, uint32_t reg, uint32_t index, uint32_t rm) {
    return ((~reg & 8) << 4) | ((~index & 8) << 3) | ((~rm & 8) << 2) | op.map;
  }
};

}  // namespace sluice

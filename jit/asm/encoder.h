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

/// VEX's number for a mandatory prefix.
constexpr uint32_t vex_prefix(uint32_t prefix) {
  return prefix == 0x66 ? 1 : prefix == 0xf3 ? 2 : prefix == 0xf2 ? 3 : 0;
}

/// The bytes before ModRM of a load or store in two forms, so that emitting one depends on its
/// opcode by data only: with REX or without, with the three bytes of VEX or its two.
struct MemForm {
  uint32_t long_head = 0;   // REX has all bits but those of registers, VEX has them inverted
  uint32_t short_head = 0;  // for registers below 8; VEX: the one in ModRM.reg may be any
  uint8_t rex_shift = 0;    // where R, X and B are changed
  uint8_t size = 0;         // of the short form
  uint8_t rex = 0;          // W, if any
  uint8_t rex_mask = 0;     // the bits that demand the long form

  static constexpr MemForm of(Opcode op, bool wide) {
    MemForm form;
    uint32_t prefix_bits = op.prefix != 0 ? 8 : 0;
    uint32_t opcode = op.map == 1 ? 0x0fu | static_cast<uint32_t>(op.byte) << 8 : op.byte;
    form.rex = wide ? 8 : 0;
    form.rex_mask = 7;
    form.rex_shift = static_cast<uint8_t>(prefix_bits);
    form.size = static_cast<uint8_t>((op.map == 1 ? 2u : 1u) + prefix_bits / 8);
    form.short_head = op.prefix | opcode << prefix_bits;
    form.long_head = op.prefix | (0x40u | form.rex) << prefix_bits | opcode << (prefix_bits + 8);
    return form;
  }
  /// VEX-coded, of map 1 and without a second source.
  static constexpr MemForm vex(Opcode op) {
    MemForm form;
    const uint32_t last = 0x78u | vex_prefix(op.prefix);
    form.rex_mask = 3;
    form.rex_shift = 13;
    form.size = 3;
    form.short_head = 0xc5u | (0x80u | last) << 8 | uint32_t{op.byte} << 16;
    form.long_head = 0xc4u | 0xe1u << 8 | last << 16 | uint32_t{op.byte} << 24;
    return form;
  }
};

/// op reg, vvvv, rm between vector registers in both forms of VEX, for the same reason. W is 0.
struct VexForm {
  uint32_t long_head = 0;   // three bytes and the opcode, all registers' bits inverted
  uint32_t short_head = 0;  // two bytes, for map 1 and an rm below 8
  uint8_t is_long = 0;      // is it another map?
  uint8_t imm = 0;
  uint8_t has_imm = 0;

  static constexpr VexForm of(Opcode op, int32_t imm) {
    const uint32_t last = 0x78u | vex_prefix(op.prefix);
    VexForm form;
    form.long_head = 0xc4u | (0xe0u | op.map) << 8 | last << 16 | uint32_t{op.byte} << 24;
    form.short_head = 0xc5u | (0x80u | last) << 8 | uint32_t{op.byte} << 16;
    form.is_long = op.map != 1;
    form.has_imm = imm >= 0;
    if (imm >= 0) form.imm = static_cast<uint8_t>(imm);
    return form;
  }
};

/// How an instruction on a slot of the frame is coded: by width, or in VEX's two-byte form (map 1)
/// by its mandatory prefix. The first five are those of loads and stores by MoveType.
enum class SlotCode : uint8_t { Int32, Int64, VexF3, VexF2, Vex, Vex66 };
static_assert(static_cast<SlotCode>(MoveType::F64) == SlotCode::VexF2);
static_assert(static_cast<SlotCode>(MoveType::V128) == SlotCode::Vex);

/// mov reg, [rbp + disp], or the vector registers' movs and movups, without displacement; where
/// that and another opcode belong.
struct SlotForm {
  uint32_t head = 0;
  uint8_t to_store = 0;  // makes the load's opcode the store's, by XOR
  uint8_t opcode_bit = 0;
  uint8_t disp_bit = 0;
  uint8_t size = 0;  // of all

  static constexpr uint32_t load_opcode(SlotCode code) {
    return code <= SlotCode::Int64 ? 0x8b : 0x10;
  }
  static constexpr SlotForm of(bool is_far, SlotCode code, uint32_t reg) {
    constexpr uint8_t kPrefixes[] = {0, 0, 0xf3, 0xf2, 0, 0x66, 0, 0};
    uint32_t before = 0;
    SlotForm form;
    if (code <= SlotCode::Int64) {
      before = (code == SlotCode::Int64 ? 0x48u : 0u) | (reg >= 8 ? 0x44u : 0u);
      form.opcode_bit = before != 0 ? 8 : 0;
      form.to_store = 0x8b ^ 0x89;
    } else {
      const uint32_t prefix = vex_prefix(kPrefixes[static_cast<size_t>(code)]);
      before = 0xc5u | (((~reg & 8) << 4) | 0x78u | prefix) << 8;
      form.opcode_bit = 16;
      form.to_store = 0x10 ^ 0x11;
    }
    const uint32_t modrm = (is_far ? 0x85u : 0x45u) | (reg & 7) << 3;
    form.head = before | load_opcode(code) << form.opcode_bit | modrm << (form.opcode_bit + 8);
    form.disp_bit = static_cast<uint8_t>(form.opcode_bit + 16);
    form.size = static_cast<uint8_t>(form.disp_bit / 8 + (is_far ? 4 : 1));
    return form;
  }
};
static_assert(sizeof(SlotForm) == 8);
/// By is_far, code and reg: which of them holds is hard to predict.
inline constexpr auto kSlotForms = [] {
  std::array<SlotForm, 256> forms{};
  for (uint32_t i = 0; i < 256; ++i) {
    forms[i] = SlotForm::of(i >= 128, static_cast<SlotCode>(i / 16 % 8), i % 16);
  }
  return forms;
}();

/// alu reg, imm without the immediate and the operation's number, which is five bits below it.
struct AluImmForm {
  uint32_t head = 0;
  uint8_t op_bit = 0;
  uint8_t size = 0;  // of all

  static constexpr AluImmForm of(bool is_far, uint32_t w, uint32_t reg) {
    const uint32_t rex = w << 3 | reg >> 3;
    const uint32_t opcode_bit = rex != 0 ? 8 : 0;
    const bool has_modrm = !is_far || reg != 0;  // all but the accumulator's own form
    const uint32_t opcode =
        !has_modrm ? 0x05u : (is_far ? 0x81u : 0x83u) | (0xc0u | (reg & 7)) << 8;
    const uint32_t op_bit = opcode_bit + (has_modrm ? 11 : 3);
    AluImmForm form;
    form.head = opcode << opcode_bit | (rex != 0 ? 0x40u | rex : 0);
    form.op_bit = static_cast<uint8_t>(op_bit);
    form.size = static_cast<uint8_t>((op_bit + 5) / 8 + (is_far ? 4 : 1));
    return form;
  }
};
static_assert(sizeof(AluImmForm) == 8);
/// By is_far, w and reg.
inline constexpr auto kAluImmForms = [] {
  std::array<AluImmForm, 64> forms{};
  for (uint32_t i = 0; i < 64; ++i) forms[i] = AluImmForm::of(i >= 32, i / 16 % 2, i % 16);
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

  /// mov reg, [rbp + disp], and back: slots of the frame.
  [[gnu::always_inline]] void load_slot(SlotCode code, uint32_t reg, int32_t disp) {
    put_slot(slot_form(code, reg, disp), 0, disp);
  }
  [[gnu::always_inline]] void store_slot(SlotCode code, uint32_t reg, int32_t disp) {
    const SlotForm& form = slot_form(code, reg, disp);
    put_slot(form, uint32_t{form.to_store} << form.opcode_bit, disp);
  }
  /// op reg, [rbp + disp] for an opcode of one byte, or of VEX's map 1. `vvvv` is the second source
  /// of a VEX-coded one.
  [[gnu::always_inline]] void reg_slot(SlotCode code, uint32_t opcode, uint32_t reg, int32_t disp,
                                       uint32_t vvvv = 0) {
    const SlotForm& form = slot_form(code, reg, disp);
    const uint32_t change = opcode ^ SlotForm::load_opcode(code);
    put_slot(form, change << form.opcode_bit ^ vvvv << 11, disp);
  }

  /// op reg, [m] for an opcode that is only known at run time.
  [[gnu::always_inline]] void form_mem(const MemForm& form, uint32_t reg, const Mem& m,
                                       uint32_t force = 0) {
    uint32_t rex = ((reg & 8) >> 1) | ((encoding(m.base) & 8) >> 3);
    if (m.index != Reg::None) rex |= (encoding(m.index) & 8) >> 2;
    put_head(form, rex, force);
    put_mem(reg, m);
  }

  /// The same where there is an index, at scale 1, and a base that is not rbp or r13.
  [[gnu::always_inline]] void form_indexed(const MemForm& form, uint32_t reg, uint32_t base,
                                           uint32_t index, int32_t disp, uint32_t force = 0) {
    put_head(form, ((reg & 8) >> 1) | ((index & 8) >> 2) | (base >> 3), force);
    uint64_t code = 4u | (reg & 7) << 3 | ((index & 7) << 3 | (base & 7)) << 8 |
                    uint64_t{static_cast<uint32_t>(disp)} << 16;
    const uint32_t has_disp = disp != 0;
    const uint32_t is_far = disp != static_cast<int8_t>(disp);
    put(code | (has_disp + is_far) << 6, 2 + has_disp + 3 * is_far);
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

  /// op reg, imm, where op is one of Alu's.
  [[gnu::always_inline]] void alu_imm(uint32_t op, uint32_t w, uint32_t reg, int32_t imm) {
    const uint32_t is_far = imm != static_cast<int8_t>(imm);
    const AluImmForm& form = kAluImmForms[is_far << 5 | w << 4 | reg];
    put(form.head | (op | uint64_t{static_cast<uint32_t>(imm)} << 5) << form.op_bit, form.size);
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
  [[gnu::always_inline]] void vex_form(const VexForm& form, uint32_t reg, uint32_t vvvv,
                                       uint32_t rm) {
    const uint32_t is_long = form.is_long | rm >> 3;
    const uint32_t r = (reg & 8) << 12;
    const uint32_t long_head = form.long_head ^ (r | (rm & 8) << 10 | vvvv << 19);
    const uint32_t head = is_long != 0 ? long_head : form.short_head ^ (r | vvvv << 11);
    const uint64_t behind = 0xc0u | (reg & 7) << 3 | (rm & 7) | uint32_t{form.imm} << 8;
    put(head | behind << (24 + 8 * is_long), 4 + is_long + form.has_imm);
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
  static const SlotForm& slot_form(SlotCode code, uint32_t reg, int32_t disp) {
    const uint32_t is_far = disp != static_cast<int8_t>(disp);
    return kSlotForms[is_far << 7 | static_cast<uint32_t>(code) << 4 | reg];
  }
  /// `changes` are made to the load by XOR.
  [[gnu::always_inline]] void put_slot(const SlotForm& form, uint32_t changes, int32_t disp) {
    put((form.head ^ changes) | uint64_t{static_cast<uint32_t>(disp)} << form.disp_bit, form.size);
  }

  [[gnu::always_inline]] void put_head(const MemForm& form, uint32_t rex, uint32_t force) {
    const uint32_t is_long = ((rex & form.rex_mask) | form.rex | force) != 0;
    put((is_long != 0 ? form.long_head : form.short_head) ^ rex << form.rex_shift,
        form.size + is_long);
  }

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
    return ((inverted_reg & 8) << 4) | (w << 7) | ((~vvvv & 15) << 3) | vex_prefix(op.prefix);
  }
  static uint64_t vex_middle(Opcode op, uint32_t reg, uint32_t index, uint32_t rm) {
    return ((~reg & 8) << 4) | ((~index & 8) << 3) | ((~rm & 8) << 2) | op.map;
  }
};

}  // namespace sluice

// Integer instructions of the macro assembler that are not inline: memory access by kind, division,
// bit counting, conditions as values.
#include <array>

#include "jit/asm/rare.h"

namespace sluice {

namespace {

struct KindOpcode {
  Opcode op;
  uint8_t w;
};

// By LoadKind; the same opcodes extend registers.
constexpr KindOpcode kLoads[] = {
    {{0, 1, 0xb6}, 0},     // U8
    {{0, 1, 0xb7}, 0},     // U16
    {{0, 0, 0x8b}, 0},     // I32
    {{0, 0, 0x8b}, 1},     // I64
    {{0, 1, 0xbe}, 0},     // S8To32
    {{0, 1, 0xbf}, 0},     // S16To32
    {{0, 1, 0xbe}, 1},     // S8To64
    {{0, 1, 0xbf}, 1},     // S16To64
    {{0, 0, 0x63}, 1},     // S32To64
    {{0xf3, 1, 0x10}, 0},  // F32
    {{0xf2, 1, 0x10}, 0},  // F64
    {{0, 1, 0x10}, 0},     // V128
};

// By StoreKind.
constexpr KindOpcode kStores[] = {
    {{0, 0, 0x88}, 0},     // I8
    {{0x66, 0, 0x89}, 0},  // I16
    {{0, 0, 0x89}, 0},     // I32
    {{0, 0, 0x89}, 1},     // I64
    {{0xf3, 1, 0x11}, 0},  // F32
    {{0xf2, 1, 0x11}, 0},  // F64
    {{0, 1, 0x11}, 0},     // V128
};

// The forms for CPUs without AVX, then those for CPUs with it.
template <size_t kSize>
constexpr std::array<std::array<MemForm, kSize>, 2> forms_of(const KindOpcode (&kinds)[kSize]) {
  std::array<std::array<MemForm, kSize>, 2> forms{};
  for (size_t i = 0; i < kSize; ++i) {
    const bool is_vector = kinds[i].op.map == 1 && (kinds[i].op.byte | 1) == 0x11;
    forms[0][i] = MemForm::of(kinds[i].op, kinds[i].w != 0);
    forms[1][i] = is_vector ? MemForm::vex(kinds[i].op) : forms[0][i];
  }
  return forms;
}
constexpr auto kLoadForms = forms_of(kLoads);
constexpr auto kStoreForms = forms_of(kStores);

/// op reg, [kMemoryReg + reg] without the displacement.
struct LoadOver {
  uint64_t code = 0;
  uint8_t mode_bit = 0;  // where the displacement's size belongs
  uint8_t size = 0;

  static constexpr LoadOver of(const KindOpcode& kind, uint32_t reg) {
    LoadOver form;
    const uint32_t rex = (kind.w != 0 ? 0x48u : 0) | (reg >= 8 ? 0x46u : 0);
    const auto add = [&form](uint64_t byte) { form.code |= byte << (8 * form.size++); };
    if (rex != 0) add(rex);
    if (kind.op.map == 1) add(0x0f);
    add(kind.op.byte);
    form.mode_bit = static_cast<uint8_t>(8 * form.size + 6);
    add(4 | (reg & 7) << 3);
    add((reg & 7) << 3 | encoding(kMemoryReg));
    return form;
  }
};
static_assert(encoding(kMemoryReg) < 8);
/// By LoadKind and register.
constexpr auto kLoadsOver = [] {
  std::array<LoadOver, 16 * static_cast<size_t>(LoadKind::F32)> forms{};
  for (uint32_t i = 0; i < forms.size(); ++i) forms[i] = LoadOver::of(kLoads[i / 16], i % 16);
  return forms;
}();

// spl, bpl, sil and dil are only reached with a REX prefix; without one these numbers mean ah … bh.
constexpr uint32_t byte_rex(uint32_t reg) { return reg >= 4 && reg < 8 ? 0x40 : 0; }

static_assert(encoding(kMemoryReg) % 8 != 5, "needs no displacement");

}  // namespace

void Masm::load(LoadKind kind, Reg dst, const Mem& m) {
  e_.form_mem(kLoadForms[cpu_.avx][static_cast<size_t>(kind)], num(dst), m);
}

void Masm::load_memory0(LoadKind kind, Reg dst, Reg index, int32_t disp) {
  const MemForm& form = kLoadForms[cpu_.avx][static_cast<size_t>(kind)];
  e_.form_indexed(form, num(dst), num(kMemoryReg), num(index), disp);
}

void Masm::load_memory0_over(LoadKind kind, Reg reg, int32_t disp) {
  const LoadOver& form = kLoadsOver[static_cast<size_t>(kind) << 4 | num(reg)];
  // Displacements of 0, 1 and 4 bytes are modes 0, 1 and 2.
  const uint32_t mode = uint32_t{disp != 0} + uint32_t{disp != static_cast<int8_t>(disp)};
  Encoder e = e_;  // whose cursor is in a register
  e.put(form.code | uint64_t{mode} << form.mode_bit, form.size);
  e.put(static_cast<uint32_t>(disp), mode * mode);
  e_ = e;
}

void Masm::store(StoreKind kind, const Mem& m, Reg src) {
  const MemForm& form = kStoreForms[cpu_.avx][static_cast<size_t>(kind)];
  e_.form_mem(form, num(src), m, kind == StoreKind::I8 ? byte_rex(num(src)) : 0);
}

void Masm::store_memory0(StoreKind kind, Reg index, int32_t disp, Reg src) {
  const MemForm& form = kStoreForms[cpu_.avx][static_cast<size_t>(kind)];
  e_.form_indexed(form, num(src), num(kMemoryReg), num(index), disp,
                  kind == StoreKind::I8 ? byte_rex(num(src)) : 0);
}

void Masm::store_imm(StoreKind kind, const Mem& m, int32_t imm) {
  switch (kind) {
  case StoreKind::I8:
    e_.reg_mem({0, 0, 0xc6}, 0, 0, m);
    return e_.put(static_cast<uint32_t>(imm), 1);
  case StoreKind::I16:
    e_.reg_mem({0x66, 0, 0xc7}, 0, 0, m);
    return e_.put(static_cast<uint32_t>(imm), 2);
  default: e_.reg_mem({0, 0, 0xc7}, kind == StoreKind::I64 ? 1 : 0, 0, m); return e_.put_imm32(imm);
  }
}

void Masm::extend(LoadKind kind, Reg dst, Reg src) {
  const KindOpcode& k = kLoads[static_cast<size_t>(kind)];
  bool from_byte = k.op.byte == 0xb6 || k.op.byte == 0xbe;
  e_.reg_reg(k.op, k.w, num(dst), num(src), from_byte ? byte_rex(num(src)) : 0);
}

void Masm::mov_imm_wide(Reg dst, uint64_t imm) {
  int64_t value = static_cast<int64_t>(imm);
  if (value == static_cast<int32_t>(value)) {
    e_.reg_reg({0, 0, 0xc7}, 1, 0, num(dst));
    e_.put_imm32(static_cast<int32_t>(value));
  } else {
    e_.opcode_reg(0xb8, 1, num(dst));
    e_.put(imm, 8);
  }
}

void Masm::test_imm(Width w, Reg a, int32_t imm) {
  if (num(a) == 0) {
    e_.opcode_reg(0xa8 | 1, wbit(w), 0);
  } else {
    e_.reg_reg({0, 0, 0xf7}, wbit(w), 0, num(a));
  }
  e_.put_imm32(imm);
}

void Masm::idiv(Width w, Reg src) {
  e_.put(w == W64 ? 0x9948 : 0x99, w == W64 ? 2 : 1);
  e_.reg_reg({0, 0, 0xf7}, wbit(w), 7, num(src));
}

void Masm::div(Width w, Reg src) {
  zero(Reg::Rdx);
  e_.reg_reg({0, 0, 0xf7}, wbit(w), 6, num(src));
}

void Masm::shift_bmi2(Shift op, Width w, Reg dst, Reg src, Reg count) {
  DCHECK(op >= Shift::Shl, "BMI2 has no rotation by a register");
  const uint8_t prefix = op == Shift::Shl ? 0x66 : op == Shift::Shr ? 0xf2 : 0xf3;
  e_.vex_reg_reg({prefix, 2, 0xf7}, wbit(w), num(dst), num(count), num(src));
}

void Masm::rorx(Width w, Reg dst, Reg src, uint32_t count) {
  e_.vex_reg_reg({0xf2, 3, 0xf0}, wbit(w), num(dst), 0, num(src));
  e_.put(count, 1);
}

void Masm::clz(Width w, Reg dst, Reg src) {
  if (cpu_.lzcnt) return e_.reg_reg({0xf3, 1, 0xbd}, wbit(w), num(dst), num(src));
  // bsr gives the index of the highest bit and nothing for 0: there it is made to be 2n - 1.
  uint32_t top = w == W64 ? 63 : 31;
  mov_imm(W32, kScratchGpr, 2 * top + 1);
  {
    RareScope rare(*this);
    rare.a.bsr(RareScope::gp(w, dst), RareScope::gp(w, src));
  }
  cmov(Cond::Zero, w, dst, kScratchGpr);
  alu_imm(Alu::Xor, w, dst, static_cast<int32_t>(top));
}

void Masm::ctz(Width w, Reg dst, Reg src) {
  if (cpu_.bmi1) return e_.reg_reg({0xf3, 1, 0xbc}, wbit(w), num(dst), num(src));
  mov_imm(W32, kScratchGpr, w == W64 ? 64 : 32);
  {
    RareScope rare(*this);
    rare.a.bsf(RareScope::gp(w, dst), RareScope::gp(w, src));
  }
  cmov(Cond::Zero, w, dst, kScratchGpr);
}

void Masm::popcnt(Width w, Reg dst, Reg src) {
  if (!cpu_.popcnt) return popcnt_by_shifts(w, dst, src);
  e_.reg_reg({0xf3, 1, 0xb8}, wbit(w), num(dst), num(src));
}

// Sums of bits in groups of 2, 4, 8, then all bytes by one multiplication.
void Masm::popcnt_by_shifts(Width w, Reg dst, Reg src) {
  auto with_const = [&](Opcode op, Reg reg, uint64_t bits) {
    e_.reg_rip(op, wbit(w), num(reg));
    wait_for(pooled(FWidth::F64, bits));
  };
  constexpr Opcode kAnd{0, 0, 0x23};
  constexpr uint64_t kPairs = 0x5555'5555'5555'5555, kNibbles = 0x3333'3333'3333'3333;
  if (dst != src) mov(w, dst, src);
  mov(w, kScratchGpr, dst);
  shift_imm(Shift::Shr, w, kScratchGpr, 1);
  with_const(kAnd, kScratchGpr, kPairs);
  alu(Alu::Sub, w, dst, kScratchGpr);
  mov(w, kScratchGpr, dst);
  shift_imm(Shift::Shr, w, kScratchGpr, 2);
  with_const(kAnd, kScratchGpr, kNibbles);
  with_const(kAnd, dst, kNibbles);
  alu(Alu::Add, w, dst, kScratchGpr);
  mov(w, kScratchGpr, dst);
  shift_imm(Shift::Shr, w, kScratchGpr, 4);
  alu(Alu::Add, w, dst, kScratchGpr);
  with_const(kAnd, dst, 0x0f0f'0f0f'0f0f'0f0f);
  with_const({0, 1, 0xaf}, dst, 0x0101'0101'0101'0101);
  shift_imm(Shift::Shr, w, dst, w == W64 ? 56 : 24);
}

void Masm::set_bool(Cond cond, Reg dst) {
  auto setcc = [&](Cond c, Reg r) {
    Opcode op{0, 1, static_cast<uint8_t>(0x90u | static_cast<uint32_t>(c))};
    e_.reg_reg(op, 0, 0, num(r), byte_rex(num(r)));
  };
  // Zeroed before and not extended after: setcc alone would wait for whatever was in dst.
  mov_imm(W32, dst, 0);
  if (cond == Cond::FloatEqual) {
    setcc(Cond::NoParity, kScratchGpr);
    setcc(Cond::Equal, dst);
    alu(Alu::And, W32, dst, kScratchGpr);
  } else if (cond == Cond::FloatNotEqual) {
    mov_imm(W32, kScratchGpr, 0);
    setcc(Cond::Parity, kScratchGpr);
    setcc(Cond::NotEqual, dst);
    alu(Alu::Or, W32, dst, kScratchGpr);
  } else {
    setcc(cond, dst);
  }
}

void Masm::cmov(Cond cond, Width w, Reg dst, Reg src) {
  if (cond == Cond::FloatEqual) {
    uint32_t unordered = short_jcc(Cond::Parity);
    cmov(Cond::Equal, w, dst, src);
    return close_short(unordered);
  }
  if (cond == Cond::FloatNotEqual) {
    cmov(Cond::Parity, w, dst, src);
    cond = Cond::NotEqual;
  }
  Opcode op{0, 1, static_cast<uint8_t>(0x40u | static_cast<uint32_t>(cond))};
  e_.reg_reg(op, wbit(w), num(dst), num(src));
}

}  // namespace sluice

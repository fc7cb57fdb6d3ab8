// Integer arithmetic, comparisons and bit counting; division is in ops_divide.cpp.
//
// One helper per operand shape, one line per instruction. Constant operands are folded where both
// are known (never an instruction that may trap), become immediates, or select a cheaper form.
// Comparisons leave the processor's flags latched for the branch or select that follows.
#include <array>
#include <bit>
#include <iterator>

#include "jit/baseline/ops.h"
#include "jit/baseline/ops_common.h"

namespace sluice {

namespace {

uint64_t truncated(Width w, uint64_t bits) { return w == W64 ? bits : static_cast<uint32_t>(bits); }
uint32_t bit_count(Width w) { return w == W64 ? 64 : 32; }
int64_t as_signed(Width w, uint64_t bits) {
  if (w == W64) return static_cast<int64_t>(bits);
  return static_cast<int32_t>(static_cast<uint32_t>(bits));
}
/// Does the constant fit the sign-extended 32-bit immediate of an instruction of this width?
bool fits_imm(Width w, uint64_t bits) {
  return w == W32 || static_cast<int64_t>(bits) == static_cast<int32_t>(bits);
}
int32_t as_imm(uint64_t bits) { return static_cast<int32_t>(static_cast<uint32_t>(bits)); }

/// An upper bound of an i32 that is not constant.
uint32_t bound_of(const Word& word) {
  return word.kind == WordKind::Reg ? word.at_most() : ~uint32_t{0};
}

/// The operands of a commutative instruction, a constant on the right.
struct Ordered {
  Slot& lhs;
  Slot& rhs;
};
Ordered const_on_right(Slot* args) {
  if (args[0].word.is_const() && !args[1].word.is_const()) return {args[1], args[0]};
  return {args[0], args[1]};
}

/// The operand is the result.
void pass_through(FuncCompiler& c, Slot& operand, Slot* args) {
  if (&operand == args) return;
  PinnedReg reg = c.pop_to_reg(operand);
  c.push_reg(args[0], std::move(reg));
}

// --- Arithmetic with two operands ---

uint64_t fold(Alu op, uint64_t a, uint64_t b) {
  switch (op) {
  case Alu::Add: return a + b;
  case Alu::Sub: return a - b;
  case Alu::And: return a & b;
  case Alu::Or: return a | b;
  default: return a ^ b;
  }
}

/// x op bits == x?
bool is_neutral(Alu op, Width w, uint64_t bits) {
  if (op == Alu::And) return bits == truncated(w, ~uint64_t{0});
  return bits == 0;
}

/// If a load comes next and the address can't wrap, the addend becomes part of the load's offset.
bool latch_addend(FuncCompiler& c, Slot& operand, int32_t imm) {
  const uint8_t next = c.next_opcode();
  if (next < 0x28 || next > 0x35 || imm <= 0) return false;
  if (bound_of(operand.word) > INT32_MAX) return false;
  operand.word.high = static_cast<uint32_t>(imm);
  return true;
}

void add_imm(FuncCompiler& c, Width w, Slot& operand, int32_t imm) {
  if (imm == 0 || (w == W32 && latch_addend(c, operand, imm))) return;
  const auto [source, dst] = c.replace_reg(operand);
  if (dst == source) {
    c.masm.alu_imm(Alu::Add, w, dst, imm);
    c.note_zero_flag(w, dst);
  } else {
    c.masm.lea(w, dst, mem_at(source, imm));
  }
}

void and_imm(FuncCompiler& c, Width w, Slot& operand, int32_t imm) {
  Masm& m = c.masm;
  if (w == W32 && c.is_condition_next()) {
    m.test_imm(W32, c.take_reg(operand), imm);
    return c.push_flags(operand, Cond::NotZero);
  }
  // Of a 64-bit operand a positive mask keeps bits of the lower half only.
  if (imm >= 0) w = W32;
  const auto [source, dst] = c.replace_reg(operand);
  if (imm == 0xff || imm == 0xffff) {
    m.extend(imm == 0xff ? LoadKind::U8 : LoadKind::U16, dst, source);
  } else {
    if (dst != source) m.mov(w, dst, source);
    m.alu_imm(Alu::And, w, dst, imm);
    c.note_zero_flag(w, dst);
  }
  if (imm >= 0) operand.word.set_at_most(static_cast<uint32_t>(imm));
}

/// x op= bits
void alu_imm(FuncCompiler& c, Alu op, Width w, Slot& operand, uint64_t bits) {
  int32_t imm = as_imm(bits);
  if (op == Alu::Sub && imm != INT32_MIN) {
    op = Alu::Add;
    imm = -imm;
  }
  if (op == Alu::Add) [[likely]]
    return add_imm(c, w, operand, imm);
  if (is_neutral(op, w, bits)) return;
  if (op == Alu::And) return and_imm(c, w, operand, imm);
  const auto [source, dst] = c.replace_reg(operand);
  if (dst != source) c.masm.mov(w, dst, source);
  if (op == Alu::Xor && bits == truncated(w, ~uint64_t{0})) {
    c.masm.not_(w, dst);
  } else {
    c.masm.alu_imm(op, w, dst, imm);
    c.note_zero_flag(w, dst);
  }
}

/// dst = a op b in registers, where dst may be either.
void three_operand(FuncCompiler& c, Alu op, Width w, Reg dst, Reg a, Reg b) {
  Masm& m = c.masm;
  if (dst != a && dst != b) {
    if (op == Alu::Add) return m.lea(w, dst, mem_at(a, b, 0));
    m.mov(w, dst, a);
    m.alu(op, w, dst, b);
  } else if (dst == a) {
    m.alu(op, w, dst, b);
  } else if (op != Alu::Sub) {
    m.alu(op, w, dst, a);
  } else {
    m.neg(w, dst);
    m.alu(Alu::Add, w, dst, a);
  }
  c.note_zero_flag(w, dst);
}

/// x + (y << scale), where the shift was latched.
void add_scaled(FuncCompiler& c, Width w, Slot* args) {
  Masm& m = c.masm;
  Slot& scaled = args[1].word.scale_log2 != 0 ? args[1] : args[0];
  Slot& other = &scaled == args ? args[1] : args[0];
  const uint8_t scale = std::exchange(scaled.word.scale_log2, uint8_t{0});
  const auto [base, index] = take_regs(c, other, scaled);
  const Reg dst = c.take_result_reg(RegClass::Gpr, base);
  m.lea(w, dst, {base, index, scale, 0});
  c.push_taken(args[0], dst);
}

/// a op b, taken from the stack.
void alu_regs(FuncCompiler& c, Alu op, Width w, Slot* args, Reg a, Reg b) {
  if (op == Alu::And && w == W32 && c.is_condition_next()) {
    c.masm.test(W32, a, b);
    return c.push_flags(args[0], Cond::NotZero);
  }
  const Reg dst = c.take_result_reg(RegClass::Gpr, a);
  three_operand(c, op, w, dst, a, b);
  c.push_taken(args[0], dst);
}

/// The same for a register and memory, whichever is on the left; of a subtraction the register is.
void alu_memory(FuncCompiler& c, Alu op, Width w, Slot* args, Slot& reg, Slot& memory) {
  const Mem mem = c.pop_to_memory(memory);
  const Reg a = c.take_reg(reg);
  const Reg dst = c.take_result_reg(RegClass::Gpr, a);
  if (dst != a) c.masm.mov(w, dst, a);
  c.masm.alu_load(op, w, dst, mem);
  c.note_zero_flag(w, dst);
  c.push_taken(args[0], dst);
}

/// All but the frequent forms, which alu() has.
[[gnu::noinline]] void alu_slow(FuncCompiler& c, Alu op, Width w, Slot* args) {
  if ((args[0].word.scale_log2 | args[1].word.scale_log2) != 0) return add_scaled(c, w, args);
  if (both_const(args)) {
    uint64_t b = c.pop_const(args[1]), a = c.pop_const(args[0]);
    return c.push_const(args[0], truncated(w, fold(op, a, b)));
  }
  Ordered in = op == Alu::Sub ? Ordered{args[0], args[1]} : const_on_right(args);
  if (in.rhs.word.is_const() && fits_imm(w, in.rhs.word.bits())) {
    const uint64_t bits = c.pop_const(in.rhs);
    if (&in.lhs != args) {
      const uint32_t bound = bound_of(in.lhs.word);
      c.push_taken(args[0], c.take_reg(in.lhs));
      args[0].word.set_at_most(bound);
    }
    return alu_imm(c, op, w, args[0], bits);
  }
  const auto [a, b] = take_regs(c, in.lhs, in.rhs);
  alu_regs(c, op, w, args, a, b);
}

void alu(FuncCompiler& c, Alu op, Width w, Slot* args) {
  const uint32_t scale = args[0].word.scale_log2 | args[1].word.scale_log2;
  if (scale != 0 || args[0].word.is_const()) [[unlikely]]
    return alu_slow(c, op, w, args);
  if (args[1].word.is_const() && fits_imm(w, args[1].word.bits())) {
    return alu_imm(c, op, w, args[0], c.pop_const(args[1]));
  }
  if (args[1].word.kind != WordKind::Reg) {
    if (!c.is_in_memory(args[1])) return alu_slow(c, op, w, args);
    return alu_memory(c, op, w, args, args[0], args[1]);
  }
  if (op != Alu::Sub && c.is_in_memory(args[0])) {
    return alu_memory(c, op, w, args, args[1], args[0]);
  }
  const auto [a, b] = take_regs(c, args[0], args[1]);
  alu_regs(c, op, w, args, a, b);
}

void mul_imm(FuncCompiler& c, Width w, Slot& lhs, Slot* args, uint64_t bits) {
  if (bits == 0) {
    c.pop_dead(lhs);
    return c.push_const(args[0], 0);
  }
  if (bits == 1) return pass_through(c, lhs, args);
  const bool is_scaled_sum = bits == 3 || bits == 5 || bits == 9;
  if (!is_scaled_sum && !std::has_single_bit(bits) && c.is_in_memory(lhs)) {
    const Mem mem = c.pop_to_memory(lhs);
    const Reg dst = c.take_result_reg(RegClass::Gpr);
    c.masm.imul_imm_load(w, dst, mem, as_imm(bits));
    return c.push_taken(args[0], dst);
  }
  const Reg source = c.take_reg(lhs);
  const Reg dst = c.take_result_reg(reg_class(source), source);
  if (std::has_single_bit(bits)) {
    if (dst != source) c.masm.mov(w, dst, source);
    c.masm.shift_imm(Shift::Shl, w, dst, static_cast<uint32_t>(std::countr_zero(bits)));
  } else if (is_scaled_sum) {
    uint8_t scale = static_cast<uint8_t>(std::countr_zero(bits - 1));
    c.masm.lea(w, dst, {source, source, scale, 0});
  } else {
    c.masm.imul_imm(w, dst, source, as_imm(bits));
  }
  c.push_taken(args[0], dst);
}

void mul(FuncCompiler& c, Width w, Slot* args) {
  if (both_const(args)) {
    uint64_t b = c.pop_const(args[1]), a = c.pop_const(args[0]);
    return c.push_const(args[0], truncated(w, a * b));
  }
  Ordered in = const_on_right(args);
  if (in.rhs.word.is_const()) {
    uint64_t bits = in.rhs.word.bits();
    if (fits_imm(w, bits) || std::has_single_bit(bits)) {
      return mul_imm(c, w, in.lhs, args, c.pop_const(in.rhs));
    }
  }
  const bool is_swapped = in.rhs.word.kind == WordKind::Reg && c.is_in_memory(in.lhs);
  if (is_swapped || c.is_in_memory(in.rhs)) {
    const Mem mem = c.pop_to_memory(is_swapped ? in.lhs : in.rhs);
    const Reg a = c.take_reg(is_swapped ? in.rhs : in.lhs);
    const Reg dst = c.take_result_reg(RegClass::Gpr, a);
    if (dst != a) c.masm.mov(w, dst, a);
    c.masm.imul_load(w, dst, mem);
    return c.push_taken(args[0], dst);
  }
  auto [a, b] = take_regs(c, in.lhs, in.rhs);
  const Reg dst = c.take_result_reg(RegClass::Gpr, a);
  if (dst == b) std::swap(a, b);
  if (dst != a) c.masm.mov(w, dst, a);
  c.masm.imul(w, dst, b);
  c.push_taken(args[0], dst);
}

// --- Shifts and rotations ---

uint64_t fold_shift(Shift op, Width w, uint64_t a, uint32_t count) {
  switch (op) {
  case Shift::Shl: return truncated(w, a << count);
  case Shift::Shr: return a >> count;
  case Shift::Sar: return truncated(w, static_cast<uint64_t>(as_signed(w, a) >> count));
  case Shift::Rol:
    if (w == W64) return std::rotl(a, static_cast<int>(count));
    return std::rotl(static_cast<uint32_t>(a), static_cast<int>(count));
  default:
    if (w == W64) return std::rotr(a, static_cast<int>(count));
    return std::rotr(static_cast<uint32_t>(a), static_cast<int>(count));
  }
}

/// Is the operand on top certain to be added next, be it with a local's value?
bool is_addition_next(const FuncCompiler& c, Width w) {
  const uint8_t add = w == W64 ? 0x7c : 0x6a;
  if (c.next_opcode() == add) return true;
  return c.next_opcode() == 0x20 && c.next_opcode(1) < 0x80 && c.next_opcode(2) == add;
}

/// The largest result of a shift by a constant of a value up to `bound`.
uint32_t shifted_bound(Shift op, uint32_t bound, uint32_t count) {
  if (op == Shift::Shr) return bound >> count;
  const bool fits = op == Shift::Shl && bound <= (~uint32_t{0} >> count);
  return fits ? bound << count : ~uint32_t{0};
}

void shift_imm(FuncCompiler& c, Shift op, Width w, Slot* args, uint32_t count) {
  if (count == 0) return;
  if (op == Shift::Shl && count <= 3 && is_addition_next(c, w)) {
    PinnedReg reg = c.pop_to_reg(args[0]);
    c.push_reg(args[0], std::move(reg));
    args[0].word.scale_log2 = static_cast<uint8_t>(count);
    return;
  }
  const uint32_t bound = bound_of(args[0].word);
  const auto [source, dst] = c.replace_reg(args[0]);
  bool rotates = op == Shift::Rol || op == Shift::Ror;
  if (dst != source && op == Shift::Shl && count == 1) {
    c.masm.lea(w, dst, mem_at(source, source, 0));
  } else if (dst != source && rotates && c.masm.cpu().bmi2) {
    c.masm.rorx(w, dst, source, op == Shift::Ror ? count : bit_count(w) - count);
  } else {
    if (dst != source) c.masm.mov(w, dst, source);
    c.masm.shift_imm(op, w, dst, count);
  }
  if (w == W32) args[0].word.set_at_most(shifted_bound(op, bound, count));
}

void shift(FuncCompiler& c, Shift op, Width w, Slot* args) {
  if (args[1].word.is_const()) {
    uint32_t count = static_cast<uint32_t>(c.pop_const(args[1])) & (bit_count(w) - 1);
    if (!args[0].word.is_const()) return shift_imm(c, op, w, args, count);
    return c.push_const(args[0], fold_shift(op, w, c.pop_const(args[0]), count));
  }
  bool rotates = op == Shift::Rol || op == Shift::Ror;
  if (c.masm.cpu().bmi2 && !rotates) {
    const auto [value, count] = take_regs(c, args[0], args[1]);
    const Reg dst = c.take_result_reg(RegClass::Gpr, value);
    c.masm.shift_bmi2(op, w, dst, value, count);
    return c.push_taken(args[0], dst);
  }
  PinnedReg count = c.pop_to_specific(args[1], Reg::Rcx);
  PinnedReg value = c.pop_to_writable_reg(args[0], RegSet::of(Reg::Rcx));
  c.masm.shift_cl(op, w, value);
  c.push_reg(args[0], std::move(value));
}

// --- Comparisons ---

bool fold_compare(Cond cond, Width w, uint64_t a, uint64_t b) {
  int64_t sa = as_signed(w, a), sb = as_signed(w, b);
  switch (cond) {
  case Cond::Equal: return a == b;
  case Cond::NotEqual: return a != b;
  case Cond::Below: return a < b;
  case Cond::Above: return a > b;
  case Cond::BelowEqual: return a <= b;
  case Cond::AboveEqual: return a >= b;
  case Cond::Less: return sa < sb;
  case Cond::Greater: return sa > sb;
  case Cond::LessEqual: return sa <= sb;
  default: return sa >= sb;
  }
}

/// The flags of a compared with imm; `cond` is what they are wanted for.
[[gnu::always_inline]] inline void compare_imm(FuncCompiler& c, Cond cond, Width w, Reg a,
                                               int32_t imm) {
  if (imm != 0) return c.masm.alu_imm(Alu::Cmp, w, a, imm);
  const bool is_known = cond == Cond::Equal || cond == Cond::NotEqual;
  if (!is_known || !c.has_zero_flag(w, a)) c.masm.test(w, a, a);
}

/// Pops an operand that is in a register or a home, where no register keeps a local.
[[gnu::always_inline]] inline void compare_ready(FuncCompiler& c, Cond cond, Width w, Slot& slot,
                                                 int32_t imm) {
  const Word& word = slot.word;
  if (word.kind == WordKind::Reg) {
    compare_imm(c, cond, w, word.reg, imm);
    c.regs.release_only_word(word.reg);
  } else {
    c.masm.compare_slot(w, word.disp(), imm);
  }
  c.push_flags_above_watermark(slot, cond);
}

/// A constant on the left.
[[gnu::noinline]] void compare_const(FuncCompiler& c, Cond cond, Width w, Slot* args) {
  if (args[1].word.is_const()) {
    uint64_t b = c.pop_const(args[1]), a = c.pop_const(args[0]);
    return c.push_const(args[0], fold_compare(cond, w, a, b) ? 1 : 0);
  }
  const Reg b = c.take_reg(args[1]);
  c.masm.alu_imm(Alu::Cmp, w, b, as_imm(c.pop_const(args[0])));
  c.push_flags(args[0], swap_operands(cond));
}

void compare(FuncCompiler& c, Cond cond, Width w, Slot* args) {
  if (args[0].word.is_const() && (args[1].word.is_const() || fits_imm(w, args[0].word.bits())))
      [[unlikely]] {
    return compare_const(c, cond, w, args);
  }
  if (args[1].word.is_const() && fits_imm(w, args[1].word.bits())) {
    const int32_t imm = as_imm(c.pop_const(args[1]));
    if (c.is_in_memory(args[0])) [[unlikely]] {
      c.masm.alu_store_imm(Alu::Cmp, w, c.pop_to_memory(args[0]), imm);
    } else {
      compare_imm(c, cond, w, c.take_reg(args[0]), imm);
    }
  } else if (c.is_in_memory(args[1])) {
    const Mem mem = c.pop_to_memory(args[1]);
    c.masm.alu_load(Alu::Cmp, w, c.take_reg(args[0]), mem);
  } else if (args[1].word.kind == WordKind::Reg && c.is_in_memory(args[0])) {
    const Mem mem = c.pop_to_memory(args[0]);
    c.masm.compare_memory(w, mem, c.take_reg(args[1]));
  } else {
    const auto [a, b] = take_regs(c, args[0], args[1]);
    c.masm.alu(Alu::Cmp, w, a, b);
  }
  c.push_flags(args[0], cond);
}

void eqz(FuncCompiler& c, Width w, Slot* args) {
  if (args[0].word.is_const()) return c.push_const(args[0], c.pop_const(args[0]) == 0 ? 1 : 0);
  if (c.is_in_memory(args[0])) {
    c.masm.alu_store_imm(Alu::Cmp, w, c.pop_to_memory(args[0]), 0);
  } else {
    const Reg reg = c.take_reg(args[0]);
    if (!c.has_zero_flag(w, reg)) c.masm.test(w, reg, reg);
  }
  c.push_flags(args[0], Cond::Equal);
}

// --- One operand ---

using UnaryEmit = void (Masm::*)(Width, Reg, Reg);

void unary(FuncCompiler& c, UnaryEmit emit, Width w, Slot* args) {
  const auto [source, dst] = c.replace_reg(args[0]);
  (c.masm.*emit)(w, dst, source);
}

}  // namespace

void emit_ready_eqz(FuncCompiler& c, Width w, Slot& slot) {
  compare_ready(c, Cond::Equal, w, slot, 0);
}

void emit_unary(FuncCompiler& c, Op op, Slot* args) {
  switch (op) {
  case Op::I32Eqz: return eqz(c, W32, args);
  case Op::I64Eqz: return eqz(c, W64, args);
  case Op::I32Clz: return unary(c, &Masm::clz, W32, args);
  case Op::I64Clz: return unary(c, &Masm::clz, W64, args);
  case Op::I32Ctz: return unary(c, &Masm::ctz, W32, args);
  case Op::I64Ctz: return unary(c, &Masm::ctz, W64, args);
  case Op::I32Popcnt: return unary(c, &Masm::popcnt, W32, args);
  case Op::I64Popcnt: return unary(c, &Masm::popcnt, W64, args);
  case Op::I32Extend8S: return extend(c, LoadKind::S8To32, args);
  case Op::I32Extend16S: return extend(c, LoadKind::S16To32, args);
  case Op::I64Extend8S: return extend(c, LoadKind::S8To64, args);
  case Op::I64Extend16S: return extend(c, LoadKind::S16To64, args);
  case Op::I64Extend32S: return extend(c, LoadKind::S32To64, args);
  default:
    if (op_info(op).category == Category::Convert) return emit_convert(c, op, args);
    return emit_float_unary(c, op, args);
  }
}

namespace {

/// How a binary instruction is compiled: the shape of its helper, and what that is told. Float is
/// what all rows have that are not laid below.
enum class Binary : uint8_t { Float, Division, Mul, Shift, Alu, Compare };
struct alignas(4) BinaryRow {
  Binary shape{};
  Width width = W32;
  uint8_t what = 0;  // Alu or Shift; a comparison is Alu::Cmp …
  Cond cond{};       // … and has this
};

template <class What>
constexpr uint8_t of(What what) {
  return static_cast<uint8_t>(what);
}

// In the order of the opcodes, which is the same for i32 and i64.
constexpr Cond kCompares[] = {
    Cond::Equal, Cond::NotEqual,  Cond::Less,       Cond::Below,        Cond::Greater,
    Cond::Above, Cond::LessEqual, Cond::BelowEqual, Cond::GreaterEqual, Cond::AboveEqual};
constexpr BinaryRow kArithmetic[] = {{Binary::Alu, W32, of(Alu::Add)},
                                     {Binary::Alu, W32, of(Alu::Sub)},
                                     {Binary::Mul},
                                     {Binary::Division},
                                     {Binary::Division},
                                     {Binary::Division},
                                     {Binary::Division},
                                     {Binary::Alu, W32, of(Alu::And)},
                                     {Binary::Alu, W32, of(Alu::Or)},
                                     {Binary::Alu, W32, of(Alu::Xor)},
                                     {Binary::Shift, W32, of(Shift::Shl)},
                                     {Binary::Shift, W32, of(Shift::Sar)},
                                     {Binary::Shift, W32, of(Shift::Shr)},
                                     {Binary::Shift, W32, of(Shift::Rol)},
                                     {Binary::Shift, W32, of(Shift::Ror)}};

constexpr size_t count(Op first, Op last) {
  return static_cast<size_t>(last) - static_cast<size_t>(first) + 1;
}
static_assert(count(Op::I32Eq, Op::I32GeU) == std::size(kCompares));
static_assert(count(Op::I64Eq, Op::I64GeU) == std::size(kCompares));
static_assert(count(Op::I32Add, Op::I32Rotr) == std::size(kArithmetic));
static_assert(count(Op::I64Add, Op::I64Rotr) == std::size(kArithmetic));

constexpr auto kBinaryRows = [] {
  std::array<BinaryRow, static_cast<size_t>(Op::F64Copysign) + 1> rows{};
  const auto lay = [&](Width w, Op first_compare, Op first_arithmetic) {
    auto at = static_cast<size_t>(first_compare);
    for (const Cond cond : kCompares) rows[at++] = {Binary::Compare, w, of(Alu::Cmp), cond};
    at = static_cast<size_t>(first_arithmetic);
    for (const BinaryRow& row : kArithmetic) rows[at++] = {row.shape, w, row.what};
  };
  lay(W32, Op::I32Eq, Op::I32Add);
  lay(W64, Op::I64Eq, Op::I64Add);
  return rows;
}();

// --- The straight ways: arithmetic and comparisons of what is in registers and homes. They give
// the same code as the general ones. Each is a function that is jumped to, so that it saves no more
// registers than it needs.

[[gnu::always_inline]] inline void detour(FuncCompiler& c, Slot* args, const BinaryRow& row) {
  c.binary_otherwise(static_cast<Op>(&row - kBinaryRows.data()), args);
}

/// The operand in its register or, if that is a local's home, in a free one, which it gets.
[[gnu::always_inline]] inline Reg reg_or_loaded(FuncCompiler& c, Width w, const Word& word,
                                                RegSet free) {
  if (word.kind == WordKind::Reg) return word.reg;
  const Reg reg = free.first();
  c.regs.give_only_word(reg);
  c.masm.load_slot(w, reg, word.disp());
  return reg;
}

/// x and imm, x - imm, x xor imm.
[[gnu::noinline]] void straight_other_imm(FuncCompiler& c, Slot* args, const BinaryRow& row,
                                          RegSet free) {
  Alu op = static_cast<Alu>(row.what);
  Width w = row.width;
  Word& word = args[0].word;
  int32_t imm = as_imm(args[1].word.low);
  if (imm == -1) return detour(c, args, row);
  const Reg reg = reg_or_loaded(c, w, word, free);
  args[1].word.kind = WordKind::None;
  uint32_t low = 0;
  if (op == Alu::And) {
    if (w == W32 && c.is_condition_next()) {
      c.masm.test_imm(W32, reg, imm);
      c.regs.release_only_word(reg);
      return c.push_flags_above_watermark(args[0], Cond::NotZero);
    }
    if (imm >= 0) {
      w = W32;
      low = ~static_cast<uint32_t>(imm);
    }
    if (imm == 0xff || imm == 0xffff) {
      c.masm.extend(imm == 0xff ? LoadKind::U8 : LoadKind::U16, reg, reg);
      word = Word::in_reg(reg, low);
      return;
    }
  } else if (op == Alu::Sub) {
    op = Alu::Add;
    imm = -imm;
  }
  c.masm.alu_imm(op, w, reg, imm);
  c.note_zero_flag(w, reg);
  word = Word::in_reg(reg, low);
}

/// x op imm, where x is a local's home.
[[gnu::noinline]] void straight_home_imm(FuncCompiler& c, Slot* args, const BinaryRow& row,
                                         RegSet free) {
  Word& word = args[0].word;
  const Reg reg = free.first();
  c.masm.alu_imm_slot(static_cast<Alu>(row.what), row.width, reg, word.disp(),
                      as_imm(args[1].word.low));
  c.regs.give_only_word(reg);
  c.note_zero_flag(row.width, reg);
  args[1].word.kind = WordKind::None;
  word = Word::in_reg(reg);
}

/// x op imm.
[[gnu::noinline]] void straight_alu_imm(FuncCompiler& c, Slot* args, const BinaryRow& row,
                                        RegSet free) {
  static_assert(static_cast<int>(Alu::Add) == 0 && static_cast<int>(Alu::Or) == 1);
  Word& word = args[0].word;
  const int32_t imm = as_imm(args[1].word.low);
  if (static_cast<uint32_t>(imm) << 1 == 0) [[unlikely]]
    return detour(c, args, row);
  if (row.what > static_cast<uint8_t>(Alu::Or)) return straight_other_imm(c, args, row, free);
  if (word.kind == WordKind::Local) return straight_home_imm(c, args, row, free);
  if (word.at_most() <= INT32_MAX) [[unlikely]]  // see latch_addend
    return detour(c, args, row);
  const Reg reg = word.reg;
  c.masm.alu_imm(static_cast<Alu>(row.what), row.width, reg, imm);
  c.note_zero_flag(row.width, reg);
  args[1].word.kind = WordKind::None;
  word = Word::in_reg(reg);
}

/// x << imm and the like.
[[gnu::noinline]] void straight_shift(FuncCompiler& c, Slot* args, const BinaryRow& row,
                                      RegSet free) {
  const Shift op = static_cast<Shift>(row.what);
  const Width w = row.width;
  Word& word = args[0].word;
  const uint32_t count = args[1].word.low & (bit_count(w) - 1);
  if (count == 0) [[unlikely]]
    return detour(c, args, row);
  const uint32_t bound = bound_of(word);
  const Reg reg = reg_or_loaded(c, w, word, free);
  args[1].word.kind = WordKind::None;
  word = Word::in_reg(reg);
  if (op == Shift::Shl && count <= 3 && is_addition_next(c, w)) {
    word.scale_log2 = static_cast<uint8_t>(count);
    return;
  }
  c.masm.shift_imm(op, w, reg, count);
  if (w == W32) word.set_at_most(shifted_bound(op, bound, count));
}

/// The flags of x compared with imm.
[[gnu::noinline]] void straight_compare_imm(FuncCompiler& c, Slot* args, const BinaryRow& row) {
  const int32_t imm = as_imm(args[1].word.low);
  args[1].word.kind = WordKind::None;
  compare_ready(c, row.cond, row.width, args[0], imm);
}

/// The same for two operands.
[[gnu::noinline]] void straight_compare(FuncCompiler& c, Slot* args, const BinaryRow& row,
                                        RegSet free) {
  const Width w = row.width;
  const Word& lhs = args[0].word;
  Word& rhs = args[1].word;
  Reg b = rhs.reg;
  if (rhs.kind == WordKind::Const) {
    b = free.first();
    free.remove_first();
    c.masm.mov_imm(W64, b, rhs.bits());
  }
  if (lhs.kind == WordKind::Local && rhs.kind == WordKind::Reg) {
    c.masm.compare_slot(w, lhs.disp(), b);
  } else {
    Reg a = lhs.reg;
    if (lhs.kind == WordKind::Local) {
      a = free.first();
      c.masm.load_slot(w, a, lhs.disp());
    }
    if (rhs.kind == WordKind::Local) {
      c.masm.alu_slot(Alu::Cmp, w, a, rhs.disp());
    } else {
      c.masm.alu(Alu::Cmp, w, a, b);
    }
    c.regs.release_only_word(lhs.reg);
  }
  c.regs.release_only_word(rhs.reg);
  rhs.kind = WordKind::None;
  c.push_flags_above_watermark(args[0], row.cond);
}

/// x op y.
[[gnu::noinline]] void straight_alu(FuncCompiler& c, Slot* args, const BinaryRow& row,
                                    RegSet free) {
  const Alu op = static_cast<Alu>(row.what);
  const Width w = row.width;
  Word& lhs = args[0].word;
  Word& rhs = args[1].word;
  Reg dst;
  if (rhs.kind == WordKind::Local) {
    dst = reg_or_loaded(c, w, lhs, free);
    c.masm.alu_slot(op, w, dst, rhs.disp());
  } else if (lhs.kind == WordKind::Local && rhs.kind == WordKind::Reg && op != Alu::Sub) {
    dst = rhs.reg;
    c.masm.alu_slot(op, w, dst, lhs.disp());
  } else {
    if (op == Alu::And && w == W32 && c.is_condition_next()) return detour(c, args, row);
    Reg b = rhs.reg;
    if (rhs.kind == WordKind::Const) {
      b = free.first();
      free.remove_first();
      c.masm.mov_imm(W64, b, rhs.bits());
    }
    dst = reg_or_loaded(c, w, lhs, free);
    c.masm.alu(op, w, dst, b);
    c.regs.release_only_word(rhs.reg);
  }
  c.note_zero_flag(w, dst);
  rhs.kind = WordKind::None;
  lhs = Word::in_reg(dst);
}

}  // namespace

void FuncCompiler::binary(Op op, Slot* args) {
  const BinaryRow& row = kBinaryRows[static_cast<size_t>(op)];
  const Word& lhs = args[0].word;
  const Word& rhs = args[1].word;
  const RegSet free = straight_free();
  if (must_detour(free.without_first()) || row.shape < Binary::Shift || !lhs.is(kReadyKinds) ||
      (lhs.scale_log2 | rhs.scale_log2) != 0) [[unlikely]]
    return binary_otherwise(op, args);
  if (rhs.is_const() && fits_imm(row.width, rhs.bits())) {
    if (row.shape == Binary::Compare) return straight_compare_imm(*this, args, row);
    if (row.shape == Binary::Shift) return straight_shift(*this, args, row, free);
    return straight_alu_imm(*this, args, row, free);
  }
  if (row.shape >= Binary::Alu && rhs.is(kReadyKinds | WordKind::Const)) {
    if (row.shape == Binary::Compare) return straight_compare(*this, args, row, free);
    return straight_alu(*this, args, row, free);
  }
  binary_otherwise(op, args);
}

// By rows and not by a switch over all instructions, which would have a jump that is hard to
// predict.
void FuncCompiler::binary_otherwise(Op op, Slot* args) {
  prepare();
  const BinaryRow& row = kBinaryRows[static_cast<size_t>(op)];
  const Binary shape = row.shape;
  const Width w = row.width;
  const uint8_t what = row.what;
  if (shape == Binary::Alu) return alu(*this, static_cast<Alu>(what), w, args);
  if (shape == Binary::Compare) return compare(*this, row.cond, w, args);
  if (shape == Binary::Shift) return shift(*this, static_cast<Shift>(what), w, args);
  if (shape == Binary::Mul) return mul(*this, w, args);
  if (shape == Binary::Division) return emit_division(*this, op, args);
  emit_float_binary(*this, op, args);
}

}  // namespace sluice

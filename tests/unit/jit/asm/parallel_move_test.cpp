// Parallel moves, executed: every allocatable register and some stack, random moves between them.
#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "jit/asm/parallel_move.h"
#include "tests/unit/jit/asm/execute.h"

namespace sluice {
namespace {

constexpr int kSlots = 24;
constexpr uint8_t kVectorBytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xf0};
constexpr RegSet kAll = kAllocatableGprs | kAllocatableXmms;

struct Cell {
  uint64_t low;
  uint64_t high;
  bool operator==(const Cell&) const = default;
};

/// What the moves work on: rbp points to `slots`. `regs` is by Reg.
struct Machine {
  Cell regs[32];
  Cell slots[kSlots];
};

void emit_frame(Masm& m, ParallelMove& moves) {
  constexpr Reg kSaved[] = {Reg::Rbx, Reg::Rbp, Reg::R12, Reg::R13, Reg::R14, Reg::R15};
  for (Reg r : kSaved) m.push(r);
  m.push(Reg::Rdi);
  m.mov(W64, kInstanceReg, Reg::Rdi);
  m.lea(W64, Reg::Rbp, mem_at(kInstanceReg, offsetof(Machine, slots)));
  for (RegSet rest = kAll; !rest.empty(); rest.remove(rest.first())) {
    m.ensure_room();
    Reg r = rest.first();
    m.load(is_xmm(r) ? LoadKind::V128 : LoadKind::I64, r,
           mem_at(kInstanceReg, 16 * static_cast<int32_t>(r)));
  }
  moves.emit(m);
  for (RegSet rest = kAll; !rest.empty(); rest.remove(rest.first())) {
    m.ensure_room();
    Reg r = rest.first();
    m.store(is_xmm(r) ? StoreKind::V128 : StoreKind::I64,
            mem_at(kInstanceReg, 16 * static_cast<int32_t>(r)), r);
  }
  m.pop(Reg::Rdi);
  for (int i = 5; i >= 0; --i) m.pop(kSaved[i]);
  m.ret(0);
}

MovePlace slot_place(int i) { return MovePlace::in_stack(Reg::Rbp, 16 * i); }

Cell& at(Machine& machine, const MovePlace& place) {
  if (place.kind == MovePlace::Kind::Reg) return machine.regs[static_cast<size_t>(place.reg)];
  return machine.slots[place.disp() / 16];
}

/// What of a cell belongs to a value of this type.
Cell visible(MoveType type, const Cell& cell) {
  if (type == MoveType::V128) return cell;
  const bool narrow = type == MoveType::I32 || type == MoveType::F32;
  return {narrow ? static_cast<uint32_t>(cell.low) : cell.low, 0};
}

struct Case {
  MoveType type;
  MovePlace dst;
  MovePlace src;
};

Cell source(Machine& machine, const Case& c) {
  if (c.src.kind != MovePlace::Kind::Const) return at(machine, c.src);
  if (c.type != MoveType::V128) return {c.src.bits, 0};
  Cell cell;
  std::memcpy(&cell, v128_bytes(c.src.bits), sizeof cell);
  return cell;
}

void run(const std::vector<Case>& cases, Masm& masm) {
  Machine machine;
  for (uint64_t i = 0; i < 32; ++i) machine.regs[i] = {0x1000 + i, 0x1100 + i};
  for (uint64_t i = 0; i < kSlots; ++i) machine.slots[i] = {0x2000 + i, 0x2100 + i};
  for (const Case& c : cases) {
    // An i32 in a frame's slot may have anything in its upper half.
    if (c.type == MoveType::I32 && c.src.kind == MovePlace::Kind::Stack) {
      at(machine, c.src).low |= 0xdead'0000'0000'0000;
    }
  }
  for (size_t i = 0; i < 16; ++i) machine.regs[i].high = 0;  // general-purpose ones have none
  const Machine before = machine;
  Machine expected = before;
  ParallelMove moves;
  for (const Case& c : cases) {
    moves.add(c.type, c.dst, c.src);
    if (c.dst == c.src) continue;
    at(expected, c.dst) = visible(c.type, source(machine, c));
  }
  masm.begin();
  emit_frame(masm, moves);
  EXPECT_TRUE(moves.empty());
  Executable code(masm);
  code.as<void(Machine*)>()(&machine);
  for (const Case& c : cases) {
    EXPECT_EQ(visible(c.type, at(machine, c.dst)), visible(c.type, at(expected, c.dst)));
    if (c.type == MoveType::I32 && c.src.kind != c.dst.kind) {
      EXPECT_EQ(at(machine, c.dst).low >> 32, 0u) << "upper half of an i32";
    }
    if (c.type != MoveType::V128 && c.dst.kind == MovePlace::Kind::Stack && c.dst != c.src) {
      Machine untouched = before;
      EXPECT_EQ(at(machine, c.dst).high, at(untouched, c.dst).high) << "beside the slot";
    }
    at(machine, c.dst) = at(expected, c.dst);
  }
  EXPECT_EQ(memcmp(machine.regs, expected.regs, sizeof machine.regs), 0);
  EXPECT_EQ(memcmp(machine.slots, expected.slots, sizeof machine.slots), 0);
}

TEST(ParallelMove, Cycles) {
  for (bool avx : {false, true}) {
    CpuFeatures cpu;
    cpu.avx = avx;
    Masm masm(cpu);
    auto reg = [](Reg r) { return MovePlace::in_reg(r); };
    run({{MoveType::I64, reg(Reg::Rax), reg(Reg::Rcx)},
         {MoveType::I64, reg(Reg::Rcx), reg(Reg::Rax)}},
        masm);
    run({{MoveType::F64, reg(Reg::Xmm0), reg(Reg::Xmm1)},
         {MoveType::F64, reg(Reg::Xmm1), reg(Reg::Xmm2)},
         {MoveType::F64, reg(Reg::Xmm2), reg(Reg::Xmm0)},
         {MoveType::F64, reg(Reg::Xmm5), reg(Reg::Xmm0)}},
        masm);
    run({{MoveType::I64, slot_place(0), slot_place(1)},
         {MoveType::I64, slot_place(1), slot_place(0)}},
        masm);
    // Through a register and a slot.
    run({{MoveType::I64, slot_place(0), reg(Reg::R9)},
         {MoveType::I64, reg(Reg::R9), slot_place(3)},
         {MoveType::I64, slot_place(3), slot_place(0)}},
        masm);
  }
}

// The value that waits is a vector, or a number that a vector takes the place of; slot-to-slot
// moves need a register meanwhile.
TEST(ParallelMove, CyclesOfVectors) {
  for (bool avx : {false, true}) {
    CpuFeatures cpu;
    cpu.avx = avx;
    Masm masm(cpu);
    for (MoveType other : {MoveType::V128, MoveType::F64, MoveType::F32}) {
      run({{MoveType::V128, MovePlace::in_reg(Reg::Xmm0), MovePlace::in_reg(Reg::Xmm1)},
           {other, MovePlace::in_reg(Reg::Xmm1), MovePlace::in_reg(Reg::Xmm0)}},
          masm);
      for (int turn = 0; turn < 3; ++turn) {
        auto slot = [turn](int i) { return slot_place((i + turn) % 3); };
        run({{MoveType::V128, slot(0), slot(1)},
             {other, slot(1), slot(2)},
             {other, slot(2), slot(0)},
             {MoveType::V128, MovePlace::in_reg(Reg::Xmm4), slot(0)}},
            masm);
        run({{MoveType::V128, slot(0), slot(1)},
             {MoveType::V128, slot(1), MovePlace::in_reg(Reg::Xmm3)},
             {other, MovePlace::in_reg(Reg::Xmm3), slot(2)},
             {other, slot(2), slot(0)}},
            masm);
      }
    }
  }
}

TEST(ParallelMove, Constants) {
  Masm masm{CpuFeatures{}};
  run({{MoveType::I64, MovePlace::in_reg(Reg::Rdx), MovePlace::constant(0x123456789abcdef0)},
       {MoveType::I64, slot_place(2), MovePlace::constant(0x123456789abcdef0)},
       {MoveType::I32, slot_place(3), MovePlace::constant(0xffffffff)},
       {MoveType::I64, slot_place(4), MovePlace::constant(~uint64_t{6})},
       {MoveType::F64, MovePlace::in_reg(Reg::Xmm4), MovePlace::constant(0x4000000000000000)},
       {MoveType::F32, MovePlace::in_reg(Reg::Xmm3), MovePlace::constant(0)},
       {MoveType::V128, MovePlace::in_reg(Reg::Xmm5), MovePlace::constant(v128_bits(kVectorBytes))},
       {MoveType::V128, slot_place(5), MovePlace::constant(v128_bits(kVectorBytes))},
       {MoveType::V128, slot_place(6), MovePlace::in_reg(Reg::Xmm5)}},
      masm);
}

TEST(ParallelMove, RandomMoves) {
  std::mt19937 random(12345);
  Masm sse{CpuFeatures{}};
  CpuFeatures with_avx;
  with_avx.avx = true;
  Masm avx(with_avx);
  for (int round = 0; round < 2000; ++round) {
    std::vector<MovePlace> gprs, xmms, slots;
    for (RegSet rest = kAll; !rest.empty(); rest.remove(rest.first())) {
      (is_xmm(rest.first()) ? xmms : gprs).push_back(MovePlace::in_reg(rest.first()));
    }
    for (int i = 0; i < kSlots; ++i) slots.push_back(slot_place(i));
    // The first half of the slots holds integers, the others floats, so that widths agree.
    std::vector<MovePlace> ints = gprs, floats = xmms;
    ints.insert(ints.end(), slots.begin(), slots.begin() + kSlots / 2);
    floats.insert(floats.end(), slots.begin() + kSlots / 2, slots.end());
    std::vector<Case> cases;
    for (auto* places : {&ints, &floats}) {
      bool is_int = places == &ints;
      std::vector<MovePlace> sources = *places;
      std::shuffle(places->begin(), places->end(), random);
      size_t count = random() % (places->size() + 1);
      for (size_t i = 0; i < count; ++i) {
        MoveType type = is_int ? MoveType::I64 : random() % 2 == 0 ? MoveType::F64 : MoveType::V128;
        MovePlace src = sources[random() % sources.size()];
        if (random() % 8 == 0) {
          src = MovePlace::constant(type == MoveType::V128 ? v128_bits(kVectorBytes) : random());
        }
        cases.push_back({type, (*places)[i], src});
      }
    }
    run(cases, round % 2 == 0 ? sse : avx);
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(ParallelMove, NarrowValuesFromTheFrame) {
  Masm masm{CpuFeatures{}};
  run({{MoveType::I32, slot_place(0), slot_place(9)},
       {MoveType::I32, MovePlace::in_reg(Reg::Rsi), slot_place(8)},
       {MoveType::I32, slot_place(7), MovePlace::in_reg(Reg::Rsi)},
       {MoveType::I32, slot_place(8), MovePlace::in_reg(Reg::Rdi)}},
      masm);
}

}  // namespace
}  // namespace sluice

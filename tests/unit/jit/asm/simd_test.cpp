// Every vector instruction, executed at each level of the CPU with its operands in every overlap of
// registers, against plain C++ over edge values and random lanes.
#include <gtest/gtest.h>
#include <random>
#include <string>

#include "engine/base/virtual_memory.h"
#include "jit/asm/simd.h"
#include "jit/asm/target.h"
#include "tests/unit/jit/asm/execute.h"
#include "tests/unit/jit/asm/simd_reference.h"

namespace sluice {
namespace {

using test::SimdAnswer;
using test::V128;

struct Level {
  const char* name;
  CpuFeatures cpu;
};

/// The levels that this CPU can run.
std::vector<Level> levels() {
  const CpuFeatures host = host_cpu_features();
  CpuFeatures cpu;
  std::vector<Level> out{{"sse4.1", cpu}};
  auto add = [&](const char* name, bool CpuFeatures::* feature) {
    if (!(host.*feature)) return;
    cpu.*feature = true;
    out.push_back({name, cpu});
  };
  add("avx", &CpuFeatures::avx);
  add("avx2", &CpuFeatures::avx2);
  add("fma", &CpuFeatures::fma);
  add("avx512_vnni", &CpuFeatures::avx512_vnni);
  add("avx_vnni", &CpuFeatures::avx_vnni);
  return out;
}

/// Rows that are tested by themselves have an immediate.
std::vector<Op> plain_ops() {
  std::vector<Op> ops;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const OpInfo& info = op_info(static_cast<Op>(i));
    if (info.category == Category::Simd && info.imm == Imm::None) {
      ops.push_back(static_cast<Op>(i));
    }
  }
  return ops;
}

bool is_test(Op op) {
  return op == Op::V128AnyTrue || op == Op::I8x16AllTrue || op == Op::I16x8AllTrue ||
         op == Op::I32x4AllTrue || op == Op::I64x2AllTrue;
}
ValKind operand_kind(Op op, size_t index) { return op_info(op).sig.params[index]; }
size_t operand_count(Op op) { return op_info(op).sig.param_count; }
bool gives_int(Op op) { return op_info(op).sig.results[0] == ValKind::I32; }

// --- Values

template <class T>
V128 lanes_of(std::initializer_list<T> values, size_t rotate) {
  V128 out;
  for (size_t i = 0; i < test::kLanes<T>; ++i) {
    out.set(i, values.begin()[(i + rotate) % values.size()]);
  }
  return out;
}

/// Numbers at the edges of each kind of lane.
std::vector<V128> edges() {
  std::vector<V128> out;
  for (size_t r = 0; r < 16; r += 3) {
    out.push_back(lanes_of<uint8_t>({0, 1, 0x7f, 0x80, 0x81, 0xff, 15, 16, 0x70, 17}, r));
    out.push_back(lanes_of<uint16_t>({0, 1, 0x7fff, 0x8000, 0x8001, 0xffff, 0xff, 0x100}, r));
    out.push_back(lanes_of<uint32_t>({0, 1, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff, 0x1'0000}, r));
    out.push_back(lanes_of<uint64_t>(
        {0, 1, INT64_MAX, uint64_t{1} << 63, ~uint64_t{0}, 0xffff'ffff, 0x1'0000'0000, 0x8000'0000},
        r));
    out.push_back(lanes_of<uint32_t>(
        {0x0000'0000, 0x8000'0000, 0x3f80'0000, 0xbf00'0000, 0x3fc0'0000, 0x7f80'0000, 0xff80'0000,
         0x7fc0'0000, 0xffc0'0000, 0x7f80'0001, 0x7fc1'2345, 0x4f00'0000, 0x4eff'ffff, 0x4f80'0000,
         0x4f7f'ffff, 0xcf00'0000, 0xcf00'0001, 0x0000'0001, 0x5f00'0000, 0xbf7f'ffff},
        2 * r));
    for (size_t k : {0u, 1u}) {
      out.push_back(
          lanes_of<uint64_t>({0x0000'0000'0000'0000, 0x8000'0000'0000'0000, 0x3ff0'0000'0000'0000,
                              0xbfe0'0000'0000'0000, 0x7ff0'0000'0000'0000, 0xfff0'0000'0000'0000,
                              0x7ff8'0000'0000'0000, 0xfff8'0000'0000'0000, 0x7ff0'0000'0000'0001,
                              0x7ff8'1234'5678'9abc, 0x41df'ffff'ffc0'0000, 0x41df'ffff'ffff'ffff,
                              0x41e0'0000'0000'0000, 0x41ef'ffff'ffe0'0000, 0x41f0'0000'0000'0000,
                              0xc1e0'0000'0000'0000, 0xc1e0'0000'0020'0000, 0x0000'0000'0000'0001},
                             r + 2 * k));
    }
  }
  return out;
}

V128 random_lanes(std::mt19937_64& random) {
  V128 out;
  out.set<uint64_t>(0, random());
  out.set<uint64_t>(1, random());
  return out;
}

// --- Registers

/// Which registers an instruction is tried with.
struct Assignment {
  Reg dst, a, b, c, temp;
};
constexpr Assignment kAssignments[] = {
    // clang-format off
    {Reg::Xmm0,  Reg::Xmm1,  Reg::Xmm2,  Reg::Xmm3,  Reg::Xmm4},   // all apart
    {Reg::Xmm1,  Reg::Xmm1,  Reg::Xmm2,  Reg::Xmm3,  Reg::Xmm4},   // over a
    {Reg::Xmm2,  Reg::Xmm1,  Reg::Xmm2,  Reg::Xmm3,  Reg::Xmm4},   // over b
    {Reg::Xmm3,  Reg::Xmm1,  Reg::Xmm2,  Reg::Xmm3,  Reg::Xmm4},   // over c
    {Reg::Xmm5,  Reg::Xmm6,  Reg::Xmm6,  Reg::Xmm6,  Reg::Xmm7},   // one operand
    {Reg::Xmm6,  Reg::Xmm6,  Reg::Xmm6,  Reg::Xmm6,  Reg::Xmm7},   // everything
    {Reg::Xmm1,  Reg::Xmm1,  Reg::Xmm2,  Reg::Xmm1,  Reg::Xmm8},   // a and c
    {Reg::Xmm14, Reg::Xmm13, Reg::Xmm12, Reg::Xmm11, Reg::Xmm10},  // high
    {Reg::Xmm12, Reg::Xmm13, Reg::Xmm12, Reg::Xmm11, Reg::Xmm10},
    {Reg::Xmm8,  Reg::Xmm3,  Reg::Xmm8,  Reg::Xmm8,  Reg::Xmm9},
    {Reg::Xmm3,  Reg::Xmm9,  Reg::Xmm11, Reg::Xmm3,  Reg::Xmm0},
    // clang-format on
};

/// void (V128* inout[4]): loads a, b, c, runs the instruction, stores the result and the sources.
using Code = void(V128*);
constexpr Reg kBase = Reg::Rdi;  // of a, b, c, dst, and a, b, c afterwards
constexpr Reg kCount = Reg::Rsi, kResult = Reg::R8;

Mem at(size_t index) { return mem_at(kBase, static_cast<int32_t>(16 * index)); }

struct Emitted {
  std::unique_ptr<Executable> code;
  Assignment regs;
};

template <class Emit>
Emitted assemble(const CpuFeatures& cpu, const Assignment& regs, Emit emit) {
  Masm masm(cpu);
  masm.load(LoadKind::V128, regs.a, at(0));
  masm.load(LoadKind::V128, regs.b, at(1));
  masm.load(LoadKind::V128, regs.c, at(2));
  masm.load(LoadKind::I64, kCount, at(1));
  SimdMasm simd(masm);
  emit(masm, simd);
  masm.store(StoreKind::V128, at(3), regs.dst);
  masm.store(StoreKind::V128, at(4), regs.a);
  masm.store(StoreKind::V128, at(5), regs.b);
  masm.store(StoreKind::V128, at(6), regs.c);
  masm.ret(0);
  return {std::make_unique<Executable>(masm), regs};
}

/// The values as the registers hold them: operands may share one.
struct Outcome {
  V128 a, b, c, result;
};
Outcome run(const Emitted& emitted, const V128& a, const V128& b, const V128& c,
            const std::string& what) {
  V128 cells[7] = {a, b, c};
  const Assignment& regs = emitted.regs;
  if (regs.b == regs.a) cells[0] = cells[1];
  if (regs.c == regs.a) cells[0] = cells[2];
  if (regs.c == regs.b) cells[1] = cells[2];
  emitted.code->as<Code>()(cells);
  // What is not the result is as it was.
  EXPECT_TRUE(regs.dst == regs.a || cells[4] == cells[0]) << what;
  EXPECT_TRUE(regs.dst == regs.b || cells[5] == cells[1]) << what;
  EXPECT_TRUE(regs.dst == regs.c || cells[6] == cells[2]) << what;
  return {cells[0], cells[1], cells[2], cells[3]};
}

std::string text(const V128& v) {
  std::string out;
  for (uint8_t byte : v.bytes) {
    char digits[4];
    snprintf(digits, sizeof digits, "%02x ", byte);
    out += digits;
  }
  return out;
}

void expect_right(Op op, const Outcome& r, const std::string& what) {
  const SimdAnswer answer = test::simd_reference(op, r.a, r.b, r.c);
  EXPECT_TRUE(test::simd_answer_allows(answer, r.result, r.a, r.b, r.c))
      << what << "\n a " << text(r.a) << "\n b " << text(r.b) << "\n c " << text(r.c) << "\n gave  "
      << text(r.result) << "\n wants " << text(answer.allowed[0]);
}

template <class Check>
void for_values(Check check) {
  const std::vector<V128> values = edges();
  std::mt19937_64 random(42);
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t k = i % 3; k < values.size(); k += 3) {
      check(values[i], values[k], values[(i + 2 * k) % values.size()]);
    }
  }
  for (int i = 0; i < 200; ++i) {
    const V128 a = random_lanes(random), b = random_lanes(random), c = random_lanes(random);
    check(a, b, c);
    check(a, values[static_cast<size_t>(i) % values.size()], a);
  }
}

/// Emits the instruction with its operands where their kinds demand.
void emit_plain(Masm& masm, SimdMasm& simd, Op op, const Assignment& regs) {
  SimdArgs args{regs.dst, regs.a, regs.b, regs.c, Reg::None};
  if (SimdMasm::needs_temp(op, masm.cpu())) args.temp = regs.temp;
  const bool is_gpr_splat = operand_count(op) == 1 && (operand_kind(op, 0) == ValKind::I32 ||
                                                       operand_kind(op, 0) == ValKind::I64);
  if (is_gpr_splat) {
    args.a = kCount;
    masm.mov_to_gpr(W64, kCount, regs.a);
  }
  if (operand_count(op) == 2 && operand_kind(op, 1) == ValKind::I32) args.b = kCount;
  if (is_test(op)) {
    const Cond cond = simd.test(op, regs.a);
    masm.set_bool(cond, kResult);
  } else if (gives_int(op)) {
    args.dst = kResult;
    simd.emit(op, args);
  } else {
    return simd.emit(op, args);
  }
  masm.mov_to_xmm(W64, regs.dst, kResult);
}

TEST(Simd, EachInstructionIsRightInAllRegistersAtEachLevel) {
  for (const Level& level : levels()) {
    for (Op op : plain_ops()) {
      for (const Assignment& regs : kAssignments) {
        const std::string what = std::string(op_info(op).mnemonic) + " at " + level.name;
        // A shift's count comes from b's memory, so b's register must not be a's.
        if (operand_count(op) == 2 && operand_kind(op, 1) == ValKind::I32 && regs.a == regs.b) {
          continue;
        }
        const Emitted emitted = assemble(
            level.cpu, regs, [&](Masm& masm, SimdMasm& simd) { emit_plain(masm, simd, op, regs); });
        for_values([&](const V128& a, const V128& b, const V128& c) {
          if (testing::Test::HasFailure()) return;
          expect_right(op, run(emitted, a, b, c, what), what);
        });
        ASSERT_FALSE(testing::Test::HasFailure()) << what;
      }
    }
  }
}

TEST(Simd, PairsByTheirFormsAreTheGeneralCode) {
  CpuFeatures cpu;
  cpu.avx = true;
  Masm masm(cpu);
  const auto emitted = [&](const auto& emit) {
    masm.begin();
    emit();
    CodeBatch batch;
    masm.finish(FuncIdx{0}, batch, nullptr);
    return std::vector<uint8_t>(batch.bytes.begin(), batch.bytes.end());
  };
  for (const Op op : plain_ops()) {
    const SimdRow& row = SimdMasm::row_of(op);
    if (!row.is_pair()) continue;
    const bool is_swapped = row.form == SimdForm::Swapped;
    for (uint32_t i = 0; i < 16 * 16 * 16; ++i) {
      const auto reg = [i](uint32_t shift) { return static_cast<Reg>(16 + (i >> shift) % 16); };
      const Reg dst = reg(0), a = reg(4), b = reg(8);
      const auto expected = emitted([&] { SimdMasm(masm).emit(op, {dst, a, b}); });
      const auto bytes =
          emitted([&] { masm.vector(row.vex, dst, is_swapped ? b : a, is_swapped ? a : b); });
      ASSERT_EQ(bytes, expected) << op_info(op).mnemonic << ' ' << i;
    }
  }
}

// The second operand in memory (with AVX at any address) or as a constant.
TEST(Simd, SecondOperandsLieInMemoryAndInConstants) {
  using Kind = SimdSource::Kind;
  for (const Level& level : levels()) {
    for (Op op : plain_ops()) {
      for (const Kind kind : {Kind::Memory, Kind::Constant}) {
        if (!SimdMasm::takes(op, kind, level.cpu)) continue;
        const std::string what = std::string(op_info(op).mnemonic) + " from memory, " + level.name;
        for (const Assignment& regs : {kAssignments[0], kAssignments[1], kAssignments[7]}) {
          for (const V128& b : {edges()[0], edges()[3], edges()[5], edges()[9]}) {
            const Emitted emitted = assemble(level.cpu, regs, [&](Masm& masm, SimdMasm& simd) {
              masm.lea(W64, kResult, mem_at(kBase, 16));
              const SimdSource source =
                  kind == Kind::Memory ? SimdSource(mem_at(kResult)) : SimdSource(b.bytes.data());
              simd.emit(op, {regs.dst, regs.a, source, regs.c, Reg::None});
            });
            for (const V128& a : {edges()[0], edges()[4], b}) {
              expect_right(op, run(emitted, a, b, a, what), what);
            }
            if (kind == Kind::Memory) break;
          }
        }
        ASSERT_FALSE(testing::Test::HasFailure()) << what;
      }
    }
  }
}

TEST(Simd, ShiftsByConstantsAreShifts) {
  for (const Level& level : levels()) {
    for (Op op : plain_ops()) {
      if (operand_count(op) != 2 || operand_kind(op, 1) != ValKind::I32) continue;
      for (const Assignment& regs : {kAssignments[0], kAssignments[1], kAssignments[7]}) {
        for (uint32_t count : {0u, 1u, 2u, 7u, 8u, 15u, 16u, 31u, 32u, 33u, 63u, 64u, 71u, ~0u}) {
          const std::string what = std::string(op_info(op).mnemonic) + " " + std::to_string(count);
          const Emitted emitted = assemble(level.cpu, regs, [&](Masm&, SimdMasm& simd) {
            simd.shift_imm(op, regs.dst, regs.a, count);
          });
          V128 b;
          b.set(0, count);
          for (const V128& a : edges()) expect_right(op, run(emitted, a, b, a, what), what);
          ASSERT_FALSE(testing::Test::HasFailure()) << what;
        }
      }
    }
  }
}

// --- Lanes

V128 shuffled(const V128& lanes, const V128& a, const V128& b) {
  V128 out;
  for (size_t i = 0; i < 16; ++i) {
    const uint8_t n = lanes.bytes[i];
    out.bytes[i] = n < 16 ? a.bytes[n] : b.bytes[n - 16];
  }
  return out;
}

/// Patterns that have an instruction of their own, all near misses of one changed lane, and others.
std::vector<V128> shuffle_patterns() {
  std::vector<V128> out;
  auto add = [&](auto lane_of) {
    V128 pattern;
    for (uint32_t i = 0; i < 16; ++i) {
      pattern.bytes[i] = static_cast<uint8_t>(lane_of(i) & 31);
    }
    out.push_back(pattern);
  };
  for (uint32_t n = 0; n < 32; ++n) {
    add([&](uint32_t i) { return i + n; });         // identities, byte shifts
    add([&](uint32_t i) { return (i + n) % 16; });  // rotations
    add([&](uint32_t) { return n; });               // splats
    add([&](uint32_t i) { return n / 2 * 2 + i % 2; });
  }
  for (uint32_t size : {1u, 2u, 4u, 8u}) {
    for (uint32_t first : {0u, 8u, 16u, 24u}) {
      for (uint32_t other : {0u, 16u}) {  // interleaved
        add([&](uint32_t i) {
          return first + i / (2 * size) * size + i % size + (i / size % 2) * other;
        });
      }
    }
    for (uint32_t mask : {0x5555u, 0xaaaau, 0x0ff0u, 0x1234u, 0xff00u, 0x0001u}) {  // blends
      add([&](uint32_t i) { return i + (mask >> (i / size) & 1) * 16; });
    }
  }
  std::mt19937_64 random(7);
  for (int n = 0; n < 60; ++n) {
    for (uint32_t size : {1u, 2u, 4u, 8u}) {
      for (uint32_t sources : {16u, 32u}) {
        V128 picks = random_lanes(random);
        add([&](uint32_t i) { return picks.bytes[i / size] % (sources / size) * size + i % size; });
        // Halves that stay.
        add([&](uint32_t i) {
          return i < 8 ? i : 8 + picks.bytes[i / size] % (8 / size) * size + i % size;
        });
        add([&](uint32_t i) {
          return i >= 8 ? i : picks.bytes[i / size] % (8 / size) * size + i % size;
        });
      }
    }
  }
  for (size_t i = 0, count = out.size(); i < count; ++i) {
    V128 changed = out[i];
    uint8_t& byte = changed.bytes[random() % 16];
    byte = static_cast<uint8_t>((byte + 1 + random() % 31) % 32);
    out.push_back(changed);
  }
  return out;
}

TEST(Simd, ShufflesAreRightForEachPattern) {
  V128 a, b;
  for (uint8_t i = 0; i < 16; ++i) {
    a.bytes[i] = static_cast<uint8_t>(0x10 + i);
    b.bytes[i] = static_cast<uint8_t>(0xa0 + i);
  }
  const std::vector<V128> patterns = shuffle_patterns();
  size_t turn = 0;
  for (const Level& level : levels()) {
    if (level.cpu.fma) break;  // changes nothing
    for (const V128& pattern : patterns) {
      for (int i = 0; i < 3; ++i) {
        const Assignment& regs = kAssignments[turn++ % std::size(kAssignments)];
        const std::string what = "shuffle " + text(pattern) + level.name;
        const Emitted emitted = assemble(level.cpu, regs, [&](Masm&, SimdMasm& simd) {
          simd.shuffle(pattern.bytes.data(), regs.dst, regs.a, regs.b);
        });
        const Outcome r = run(emitted, a, b, b, what);
        ASSERT_EQ(text(r.result), text(shuffled(pattern, r.a, r.b))) << what;
      }
    }
  }
}

uint32_t lane_bits(Op op) { return 128u / op_info(op).lanes; }

TEST(Simd, LanesAreExtractedAndReplaced) {
  for (const Level& level : levels()) {
    for (uint32_t row = 0; row < kOpCount; ++row) {
      const Op op = static_cast<Op>(row);
      const OpInfo& info = op_info(op);
      if (info.category != Category::Simd || info.imm != Imm::Lane) continue;
      const bool is_extract = info.sig.param_count == 1;
      const ValKind kind = is_extract ? info.sig.results[0] : info.sig.params[1];
      const bool is_float = kind == ValKind::F32 || kind == ValKind::F64;
      const uint32_t size = lane_bits(op) / 8;
      for (uint8_t lane = 0; lane < info.lanes; ++lane) {
        for (const Assignment& regs : kAssignments) {
          const std::string what = std::string(info.mnemonic) + " " + std::to_string(lane);
          const Emitted emitted = assemble(level.cpu, regs, [&](Masm& masm, SimdMasm& simd) {
            if (!is_extract) {
              masm.mov_to_gpr(W64, kCount, regs.b);
              return simd.lane(op, lane, regs.dst, regs.a, is_float ? regs.b : kCount);
            }
            simd.lane(op, lane, is_float ? regs.dst : kResult, regs.a, Reg::None);
            if (!is_float) masm.mov_to_xmm(W64, regs.dst, kResult);
          });
          for (const V128& value : edges()) {
            const Outcome r = run(emitted, value, edges()[1], edges()[2], what);
            if (!is_extract) {
              V128 expected = r.a;
              std::memcpy(expected.bytes.data() + lane * size, r.b.bytes.data(), size);
              ASSERT_EQ(text(r.result), text(expected)) << what;
              continue;
            }
            const bool is_signed = op == Op::I8x16ExtractLaneS || op == Op::I16x8ExtractLaneS;
            uint64_t expected = 0;
            std::memcpy(&expected, r.a.bytes.data() + lane * size, size);
            if (is_signed) {
              const int64_t extended =
                  size == 1 ? static_cast<int8_t>(expected) : static_cast<int16_t>(expected);
              expected = static_cast<uint32_t>(extended);
            }
            const uint64_t mask = kind == ValKind::F32 ? 0xffff'ffffu : ~uint64_t{0};
            ASSERT_EQ(r.result.get<uint64_t>(0) & mask, expected) << what;
          }
        }
      }
    }
  }
}

// --- Memory

/// A page with nothing accessible behind it.
class EdgeOfMemory {
 public:
  EdgeOfMemory() : memory_(Reservation::reserve(2 * host_page_bytes()).value()) {
    EXPECT_TRUE(memory_.commit(0, host_page_bytes()));
  }
  uint8_t* end() { return memory_.base() + host_page_bytes(); }

 private:
  Reservation memory_;
};

/// What a load makes of the bytes at `p`.
V128 loaded(Op op, const uint8_t* p) {
  const uint32_t bytes = 1u << op_info(op).align_log2;
  V128 raw;
  std::memcpy(raw.bytes.data(), p, bytes);
  const V128 none;
  auto extended = [&](Op extend) {
    return test::simd_reference(extend, raw, none, none).allowed[0];
  };
  switch (op) {
  case Op::V128Load:
  case Op::V128Load32Zero:
  case Op::V128Load64Zero: return raw;
  case Op::V128Load8x8S: return extended(Op::I16x8ExtendLowI8x16S);
  case Op::V128Load8x8U: return extended(Op::I16x8ExtendLowI8x16U);
  case Op::V128Load16x4S: return extended(Op::I32x4ExtendLowI16x8S);
  case Op::V128Load16x4U: return extended(Op::I32x4ExtendLowI16x8U);
  case Op::V128Load32x2S: return extended(Op::I64x2ExtendLowI32x4S);
  case Op::V128Load32x2U: return extended(Op::I64x2ExtendLowI32x4U);
  default:
    for (uint32_t i = 0; i < 16; ++i) raw.bytes[i] = raw.bytes[i % bytes];
    return raw;  // splats
  }
}

// A page fault here is a byte too many.
TEST(Simd, LoadsAndStoresTouchTheirBytesAndNoMore) {
  EdgeOfMemory edge;
  for (int i = 1; i <= 64; ++i) edge.end()[-i] = static_cast<uint8_t>(0x70 + 5 * i);
  for (const Level& level : levels()) {
    for (uint32_t row = 0; row < kOpCount; ++row) {
      const Op op = static_cast<Op>(row);
      const OpInfo& info = op_info(op);
      if (info.category != Category::SimdMem || op == Op::V128Store) continue;
      const uint32_t bytes = 1u << info.align_log2;
      const bool is_store = info.sig.result_count == 0;
      const uint32_t lanes = info.imm == Imm::MemArgLane ? info.lanes : 1;
      for (uint32_t lane = 0; lane < lanes; ++lane) {
        for (const Assignment& regs : kAssignments) {
          const std::string what = std::string(info.mnemonic) + " " + level.name;
          // The scratch register may be part of an address.
          const Mem last = mem_at(Reg::R13, kScratchGpr, 0);
          const Emitted emitted = assemble(level.cpu, regs, [&](Masm& masm, SimdMasm& simd) {
            masm.push(Reg::R13);
            masm.mov_imm(W64, Reg::R13, reinterpret_cast<uint64_t>(edge.end() - 64));
            masm.mov_imm(W64, kScratchGpr, 64 - bytes);
            if (info.imm != Imm::MemArgLane) {
              simd.load(op, regs.dst, last);
            } else if (is_store) {
              simd.store_lane(op, lane, last, regs.a);
            } else {
              simd.load_lane(op, lane, regs.dst, regs.a, last);
            }
            masm.pop(Reg::R13);
          });
          uint8_t before[64];
          std::memcpy(before, edge.end() - 64, 64);
          const V128 a = edges()[3];
          const Outcome r = run(emitted, a, edges()[1], edges()[2], what);
          V128 expected = r.a;
          if (is_store) {
            std::memcpy(before + 64 - bytes, r.a.bytes.data() + lane * bytes, bytes);
          } else if (info.imm == Imm::MemArgLane) {
            std::memcpy(expected.bytes.data() + lane * bytes, edge.end() - bytes, bytes);
          } else {
            expected = loaded(op, edge.end() - bytes);
          }
          ASSERT_TRUE(is_store || r.result == expected) << what << text(r.result) << text(expected);
          ASSERT_EQ(std::memcmp(before, edge.end() - 64, 64), 0) << what;
        }
      }
    }
  }
}

TEST(Simd, ConstantsAreThereWholeAndAligned) {
  for (const Level& level : levels()) {
    for (const V128& value : {V128(), edges()[0], edges()[5], lanes_of<uint8_t>({0xff}, 0)}) {
      const Emitted emitted = assemble(level.cpu, kAssignments[7], [&](Masm& masm, SimdMasm&) {
        masm.fconst(FWidth::F32, Reg::Xmm14, 0x12345678);  // shares the pool
        masm.fconst(FWidth::F64, Reg::Xmm14, 0x12345678);
        masm.vconst(Reg::Xmm14, value.bytes.data());
      });
      EXPECT_EQ(text(run(emitted, value, value, value, level.name).result), text(value));
    }
  }
}

}  // namespace
}  // namespace sluice

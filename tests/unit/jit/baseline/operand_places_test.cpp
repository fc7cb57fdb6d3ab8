// Every numeric and vector instruction gives the same result wherever its operands are: in a
// register of their own, a local's register, a local's home, spilled, a constant, read from the
// last bytes of the memory, one and the same; with the result on the stack, in another local, or in
// an operand's own local while others still need its old value.
//
// Instructions come from the table, so a new one is tested when it has a row. What a result must be
// is said by the interpreter (numbers) and by plain C++ lanes (vectors).
#include <optional>
#include <random>

#include "jit/asm/target.h"
#include "tests/unit/jit/asm/simd_reference.h"
#include "tests/unit/jit/baseline/reference.h"
#include "tests/unit/jit/baseline/test_runner.h"

namespace sluice::test {
namespace {

// --- What is tested

/// An instruction with its immediates.
struct Tested {
  Op op;
  Bytes immediates;

  const OpInfo& info() const { return op_info(op); }
  size_t operands() const { return info().sig.param_count; }
  ValKind operand(size_t i) const { return info().sig.params[i]; }
  ValKind result(size_t i) const { return info().sig.results[i]; }
};

bool is_tested(const OpInfo& info) {
  switch (info.category) {
  case Category::IntUnary:
  case Category::IntBinary:
  case Category::IntCompare:
  case Category::Convert:
  case Category::FloatUnary:
  case Category::FloatBinary:
  case Category::FloatCompare:
  case Category::WideArithmetic: return true;
  case Category::Simd: return info.imm != Imm::V128;
  default: return false;
  }
}

std::vector<Tested> instructions() {
  std::vector<Tested> out;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    const OpInfo& info = op_info(op);
    if (!is_tested(info)) continue;
    if (info.imm == Imm::Lane) {
      out.push_back({op, {0}});
      out.push_back({op, {static_cast<uint8_t>(info.lanes - 1)}});
    } else if (info.imm == Imm::Shuffle) {
      out.push_back({op, {3, 17, 0, 31, 5, 5, 20, 2, 16, 1, 15, 14, 30, 29, 7, 8}});
      out.push_back({op, {16, 17, 18, 19, 4, 5, 6, 7, 24, 25, 26, 27, 12, 13, 14, 15}});
      out.push_back({op, {8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}});
    } else {
      EXPECT_EQ(info.imm, Imm::None) << info.mnemonic;
      out.push_back({op, {}});
    }
  }
  return out;
}

// --- Values

uint32_t size_of(ValKind kind) {
  if (kind == ValKind::V128) return 16;
  return kind == ValKind::I32 || kind == ValKind::F32 ? 4 : 8;
}

V128 vector_of(uint64_t low, uint64_t high) {
  V128 v;
  v.set(0, low);
  v.set(1, high);
  return v;
}

/// A value of this type; those of `tame` instructions never make them trap.
V128 value_of(ValKind kind, uint64_t pick, bool tame) {
  static constexpr uint64_t kInts[] = {0x8000'0000, 7, 0xffff'ffff, 0, 0x7fff'ffff, 1, 0x1234'5678};
  static constexpr uint64_t kDivisors[] = {7, 1, 2, 0x6fff'fffd, 10, 641, 3};
  static constexpr uint64_t kWides[] = {uint64_t{1} << 63, 7, ~uint64_t{0},         0x8000'0000,
                                        INT64_MAX,         1, 0x1234'5678'9abc'def0};
  static constexpr float kF32s[] = {-0.0f, 1.5f, -2.5f, 3e9f, 0.0f, -1e-40f, 1e30f};
  static constexpr double kF64s[] = {-0.0, 1.5, -2.5, 3e9, 0.0, -5e-324, 1e300};
  static const V128 kVectors[] = {vector_of(0x8000'0000'7fff'ffff, 0x0011'2233'4455'6677),
                                  vector_of(0x0102'0304'0506'0708, 0x7f80'fe01'ff00'1000),
                                  vector_of(0xbf80'0000'3fc0'0000, 0x4f00'0000'cf00'0001),
                                  vector_of(0x41df'ffff'ffc0'0000, 0xbfe0'0000'0000'0000),
                                  vector_of(0x7fc0'0000'8000'0000, 0x0000'0000'ff80'0000),
                                  vector_of(0x0f0e'0d0c'0b0a'0908, 0x1716'1514'1312'1110),
                                  vector_of(~uint64_t{0}, 0)};
  V128 out;
  switch (kind) {
  case ValKind::I32: out.set<uint64_t>(0, (tame ? kDivisors : kInts)[pick % 7]); break;
  case ValKind::I64: out.set<uint64_t>(0, (tame ? kDivisors : kWides)[pick % 7]); break;
  case ValKind::F32:
    out.set(0, tame ? 1.25f * static_cast<float>(pick % 7) : kF32s[pick % 7]);
    break;
  case ValKind::F64:
    out.set(0, tame ? 1.25 * static_cast<double>(pick % 7) : kF64s[pick % 7]);
    break;
  default: out = kVectors[pick % 7];
  }
  return out;
}

/// Instructions that trap for some operands.
bool may_trap(const Tested& instr) {
  const std::string_view name = instr.info().mnemonic;
  return name.find("div_") != name.npos || name.find("rem_") != name.npos ||
         (instr.info().category == Category::Convert && name.find("trunc_f") != name.npos);
}

// --- Functions

enum class Place : uint8_t { Loaded, Constant, LocalRegister, LocalHome, Spilled };
constexpr uint32_t kPlaces = 5;
/// Where the result goes: to the stack, to a local of its own, or to operand `over`'s local, which
/// may have been read before by somebody who wants the old value.
enum class Target : uint8_t { Stack, Local, OverOperand, OverOperandStillUsed };

struct Shape {
  std::array<Place, 4> places{};
  Target target = Target::Stack;
  uint32_t over = 0;
  bool same = false;  // all operands are the first one
  std::string text() const {
    std::string out = "places";
    for (Place place : places) out += " " + std::to_string(static_cast<int>(place));
    return out + (same ? " same" : "") + " target " + std::to_string(static_cast<int>(target)) +
           " over " + std::to_string(over);
  }
};

/// An operand that is the only loaded one is read from the memory's last bytes.
bool is_read_at_end(const Tested& instr, const Shape& shape, size_t i) {
  for (size_t k = 0; k < instr.operands(); ++k) {
    if ((shape.places[k] == Place::Loaded) != (k == i)) return false;
  }
  return true;
}

// Addresses of results, of locals' last values, of the old value, and of the operands.
constexpr uint32_t kResults = 0, kLocalsAfter = 64, kOldValue = 128, kOperands = 192;
constexpr uint32_t kNop = 0;        // a function that does nothing
constexpr uint32_t kPressure = 16;  // more than there are registers of a class

uint8_t type_byte(ValKind kind) {
  return static_cast<uint8_t>(0x7f - (static_cast<int>(kind) - static_cast<int>(ValKind::I32)));
}
static_assert(static_cast<int>(ValKind::V128) - static_cast<int>(ValKind::I32) == 4);

void put_access(Code& code, bool is_store, ValKind kind) {
  static constexpr uint8_t kLoads[] = {0x28, 0x29, 0x2a, 0x2b},
                           kStores[] = {0x36, 0x37, 0x38, 0x39};
  if (kind == ValKind::V128) {
    code.op(0xfd).op(is_store ? 0x0b : 0x00);
  } else {
    const auto index = static_cast<size_t>(kind) - static_cast<size_t>(ValKind::I32);
    code.op(is_store ? kStores[index] : kLoads[index]);
  }
  code.op(0).op(0);
}

class ShapeCode {
 public:
  ShapeCode(const Tested& instr, const std::vector<V128>& values, const Shape& shape)
      : instr_(instr), values_(values), shape_(shape) {}

  Code build() {
    // The addresses that the results' stores need lie below everything.
    const bool is_stack = shape_.target == Target::Stack && instr_.info().sig.result_count == 1;
    if (is_stack) code_.i32(kResults);
    set_homes();
    if (shape_.target == Target::OverOperandStillUsed) code_.i32(kOldValue).get(shape_.over);
    size_t last_spilled = instr_.operands();
    for (size_t i = 0; i < instr_.operands(); ++i) {
      if (shape_.places[i] == Place::Spilled) last_spilled = i;
    }
    for (size_t i = 0; i < instr_.operands(); ++i) {
      put_operand(i);
      if (i == last_spilled) {
        code_.call(kNop);
        fill_registers();
      }
    }
    put_instruction();
    take_results(is_stack);
    return std::move(code_);
  }

  /// Types of the locals of build()'s function.
  static std::vector<std::pair<uint32_t, uint8_t>> locals(const Tested& instr) {
    std::vector<std::pair<uint32_t, uint8_t>> out;
    for (size_t i = 0; i < instr.operands(); ++i) out.push_back({1, type_byte(instr.operand(i))});
    for (size_t i = 0; i < instr.info().sig.result_count; ++i) {
      out.push_back({1, type_byte(instr.result(i))});
    }
    out.push_back({kPressure, type_byte(ValKind::I64)});
    out.push_back({kPressure, type_byte(ValKind::F64)});
    return out;
  }

 private:
  uint32_t result_local(size_t i) const { return static_cast<uint32_t>(instr_.operands() + i); }

  /// Local x_i gets operand i, if it is read from there; calls leave locals at home.
  void set_homes() {
    bool any = false;
    for (uint32_t i = 0; i < instr_.operands(); ++i) {
      if (shape_.places[i] != Place::LocalHome) continue;
      put_load(i);
      code_.set(i);
      any = true;
    }
    if (!any) return;
    code_.call(kNop);
    fill_registers();
  }

  void fill_registers() {
    const uint32_t first = result_local(instr_.info().sig.result_count);
    for (uint32_t i = 0; i < kPressure; ++i) {
      code_.i32(kOperands);
      put_access(code_, false, ValKind::I64);
      code_.set(first + i).i32(kOperands);
      put_access(code_, false, ValKind::F64);
      code_.set(first + kPressure + i);
    }
  }

  void put_load(size_t i) {
    const size_t size = size_of(instr_.operand(i));
    code_.i32(static_cast<int32_t>(is_read_at_end(instr_, shape_, i)
                                       ? TestRunner::kMemoryBytes - size
                                       : kOperands + 16 * (shape_.same ? 0 : i)));
    put_access(code_, false, instr_.operand(i));
  }

  void put_operand(size_t i) {
    const auto local = static_cast<uint32_t>(i);
    if (shape_.same && i > 0) {
      code_.get(0);
      return;
    }
    switch (shape_.places[i]) {
    case Place::Loaded:
    case Place::Spilled: return put_load(i);
    case Place::Constant: return put_const(i);
    case Place::LocalHome: code_.get(local); return;
    case Place::LocalRegister: put_load(i); code_.tee(local);
    }
  }

  void put_const(size_t i) {
    const V128& value = values_[i];
    const ValKind kind = instr_.operand(i);
    if (kind == ValKind::I32) return void(code_.i32(value.get<int32_t>(0)));
    if (kind == ValKind::I64) {
      code_.op(0x42);
      return put_signed(code_.bytes, value.get<int64_t>(0));
    }
    if (kind == ValKind::V128) code_.op(0xfd);
    code_.op(kind == ValKind::V128 ? 0x0c : kind == ValKind::F32 ? 0x43 : 0x44);
    code_.bytes.insert(code_.bytes.end(), value.bytes.begin(), value.bytes.begin() + size_of(kind));
  }

  void put_instruction() {
    const OpInfo& info = instr_.info();
    if (info.prefix != 0) code_.op(info.prefix);
    if (info.prefix == 0) {
      code_.op(static_cast<uint8_t>(info.code));
    } else {
      put_leb(code_.bytes, info.code);
    }
    code_.bytes.insert(code_.bytes.end(), instr_.immediates.begin(), instr_.immediates.end());
  }

  void store_local(uint32_t address, uint32_t local, ValKind kind) {
    code_.i32(static_cast<int32_t>(address)).get(local);
    put_access(code_, true, kind);
  }

  void take_results(bool is_stack) {
    const bool is_over = shape_.target >= Target::OverOperand;
    if (is_stack) {
      put_access(code_, true, instr_.result(0));
    } else if (is_over) {
      code_.set(shape_.over);
      store_local(kResults, shape_.over, instr_.result(0));
    } else {
      const size_t count = instr_.info().sig.result_count;
      for (size_t i = count; i-- > 0;) code_.set(result_local(i));
      for (size_t i = 0; i < count; ++i) {
        store_local(static_cast<uint32_t>(kResults + 16 * i), result_local(i), instr_.result(i));
      }
    }
    if (shape_.target == Target::OverOperandStillUsed) {
      put_access(code_, true, instr_.operand(shape_.over));
    }
    for (uint32_t i = 0; i < instr_.operands(); ++i) {
      if (is_over && i == shape_.over) continue;
      if (!holds_operand(i)) continue;
      store_local(kLocalsAfter + 16 * i, i, instr_.operand(i));
    }
  }

 public:
  bool holds_operand(size_t i) const {
    const Place place = shape_.places[i];
    return (place == Place::LocalHome || place == Place::LocalRegister) && !(shape_.same && i > 0);
  }

 private:
  const Tested& instr_;
  const std::vector<V128>& values_;
  const Shape& shape_;
  Code code_;
};

bool all_of_one_type(const Tested& instr) {
  for (size_t i = 1; i < instr.operands(); ++i) {
    if (instr.operand(i) != instr.operand(0)) return false;
  }
  return true;
}

/// The first is the plain one.
std::vector<Shape> shapes(const Tested& instr, uint64_t seed) {
  std::vector<Shape> out;
  auto add_targets = [&](Shape shape) {
    for (Target target : {Target::Stack, Target::Local}) {
      shape.target = target;
      out.push_back(shape);
    }
    if (instr.info().sig.result_count != 1) return;
    for (uint32_t i = 0; i < instr.operands(); ++i) {
      const Place place = shape.places[i];
      if (instr.operand(i) != instr.result(0) || (shape.same && i > 0)) continue;
      if (place != Place::LocalHome && place != Place::LocalRegister) continue;
      shape.over = i;
      shape.target = Target::OverOperand;
      out.push_back(shape);
      shape.target = Target::OverOperandStillUsed;
      if (place == Place::LocalHome) out.push_back(shape);
    }
  };
  uint32_t combinations = 1;
  for (size_t i = 0; i < instr.operands(); ++i) combinations *= kPlaces;
  std::mt19937_64 random(seed);
  for (uint32_t n = 0; n < combinations; ++n) {
    if (combinations > 100 && n > 0 && random() % combinations >= 25) continue;
    Shape shape;
    uint32_t rest = n;
    for (size_t i = 0; i < instr.operands(); ++i, rest /= kPlaces) {
      shape.places[i] = static_cast<Place>(rest % kPlaces);
    }
    add_targets(shape);
  }
  if (instr.operands() > 1 && all_of_one_type(instr)) {
    for (Place place : {Place::LocalRegister, Place::LocalHome}) {
      Shape shape;
      shape.same = true;
      shape.places.fill(place);
      add_targets(shape);
    }
  }
  return out;
}

// --- Results

V128 shuffled(const Bytes& lanes, const V128& a, const V128& b) {
  V128 out;
  for (size_t i = 0; i < 16; ++i) {
    out.bytes[i] = lanes[i] < 16 ? a.bytes[lanes[i]] : b.bytes[lanes[i] - 16u];
  }
  return out;
}

/// extract_lane and replace_lane.
V128 of_lane(const Tested& instr, const V128& a, const V128& b) {
  const size_t size = 16 / instr.info().lanes;
  const size_t at = instr.immediates[0] * size;
  V128 out = a;
  if (instr.operands() == 2) {
    std::copy_n(b.bytes.begin(), size, out.bytes.begin() + static_cast<ptrdiff_t>(at));
    return out;
  }
  out = V128();
  std::copy_n(a.bytes.begin() + static_cast<ptrdiff_t>(at), size, out.bytes.begin());
  if (instr.op == Op::I8x16ExtractLaneS) out.set<int32_t>(0, out.get<int8_t>(0));
  if (instr.op == Op::I16x8ExtractLaneS) out.set<int32_t>(0, out.get<int16_t>(0));
  return out;
}

class Checker {
 public:
  Checker(const Tested& instr, std::vector<V128> values)
      : instr_(instr), values_(std::move(values)) {
    if (instr.info().category == Category::Simd) {
      const V128 none;
      const V128& a = values_[0];
      const V128& b = values_.size() > 1 ? values_[1] : none;
      const V128& c = values_.size() > 2 ? values_[2] : none;
      answer_ = instr.info().imm == Imm::Shuffle ? SimdAnswer{{shuffled(instr.immediates, a, b)}}
                : instr.info().imm == Imm::Lane  ? SimdAnswer{{of_lane(instr, a, b)}}
                                                 : simd_reference(instr.op, a, b, c);
    }
  }

  /// The results at kResults are right; numbers by the plain shape's, which `expected` holds.
  bool is_right(const uint8_t* results, const std::vector<uint8_t>& expected) const {
    if (!answer_) return std::equal(results, results + 32, expected.begin());
    V128 actual;
    std::memcpy(actual.bytes.data(), results, size_of(instr_.result(0)));
    const V128 none;
    return simd_answer_allows(*answer_, actual, values_[0], values_.size() > 1 ? values_[1] : none,
                              values_.size() > 2 ? values_[2] : none);
  }

 private:
  const Tested& instr_;
  std::vector<V128> values_;
  std::optional<SimdAnswer> answer_;
};

struct Way {
  MemoryMode mode;
  CpuLevel level;
  uint64_t stress_seed;
  OptLevel opt_level = OptLevel::Quick;
};
constexpr Way kWays[] = {{MemoryMode::Guard, CpuLevel::Host, 0},
                         {MemoryMode::Explicit, CpuLevel::Sse41, 0},
                         {MemoryMode::Guard, CpuLevel::Avx, 0},
                         {MemoryMode::Explicit, CpuLevel::Host, 31'337},
                         {MemoryMode::Guard, CpuLevel::Sse41, 7919},
                         {MemoryMode::Guard, CpuLevel::Host, 0, OptLevel::Full}};

class OperandPlaces {
 public:
  void test(const Tested& instr, uint64_t round) {
    // Operands that may all be one value, in the last round.
    for (const bool same : {false, true}) {
      if (same && (instr.operands() < 2 || !all_of_one_type(instr))) continue;
      values_.clear();
      for (size_t i = 0; i < instr.operands(); ++i) {
        const uint64_t pick = same ? round : round + i * (2 + round);
        values_.push_back(value_of(instr.operand(i), pick, may_trap(instr)));
      }
      test_values(instr, shapes(instr, round), same);
      if (testing::Test::HasFailure()) return;
    }
  }

 private:
  void test_values(const Tested& instr, const std::vector<Shape>& all, bool same) {
    TestModule module;
    const uint32_t type = module.type({}, {});
    module.func(type, {}, Code());
    std::vector<Shape> built;
    for (const Shape& shape : all) {
      if (shape.same != same && !built.empty()) continue;
      module.func(type, ShapeCode::locals(instr), ShapeCode(instr, values_, shape).build());
      built.push_back(shape);
    }
    auto registry = make_shared_heap<TypeRegistry>();
    auto decoded = decode_module(module.bytes(), Features::all(), registry);
    ASSERT_TRUE(decoded) << instr.info().mnemonic << decoded.error().message().c_str();
    const Checker checker(instr, values_);
    const std::vector<uint8_t> expected = plain_result(instr, built[0], **decoded);
    for (const Way& way : kWays) {
      CompileOptions options;
      options.memory_mode = way.mode;
      options.opt_level = way.opt_level;
      options.cpu = cpu_features(way.level);
      ASSERT_TRUE(runner_.load(**decoded, options, way.stress_seed));
      for (uint32_t i = 0; i < built.size(); ++i) {
        put_operands(instr, built[i], runner_.memory_base());
        runner_.run(i + 1, {});
        EXPECT_TRUE(checker.is_right(runner_.memory_base() + kResults, expected))
            << describe(instr, built[i], way);
        check_locals(instr, built[i], describe(instr, built[i], way));
        if (testing::Test::HasFailure()) return;
      }
    }
  }

  std::string describe(const Tested& instr, const Shape& shape, const Way& way) {
    return std::string(instr.info().mnemonic) + ": " + shape.text() + ", level " +
           std::to_string(static_cast<int>(way.level)) + ", stress " +
           std::to_string(way.stress_seed) + (way.opt_level == OptLevel::Full ? ", full" : "");
  }

  /// What is not the result's is as it was.
  void check_locals(const Tested& instr, const Shape& shape, const std::string& what) {
    const uint8_t* memory = runner_.memory_base();
    auto expect_value = [&](uint32_t address, size_t i) {
      const auto* bytes = values_[i].bytes.data();
      EXPECT_TRUE(std::equal(bytes, bytes + size_of(instr.operand(i)), memory + address))
          << what << ": operand " << i << " is lost";
    };
    const ShapeCode code(instr, values_, shape);
    const bool is_over = shape.target >= Target::OverOperand;
    for (uint32_t i = 0; i < instr.operands(); ++i) {
      if (is_over && i == shape.over) continue;
      if (code.holds_operand(i)) expect_value(kLocalsAfter + 16 * i, i);
    }
    if (shape.target == Target::OverOperandStillUsed) expect_value(kOldValue, shape.over);
  }

  void put_operands(const Tested& instr, const Shape& shape, uint8_t* memory) {
    std::fill_n(memory, 256, uint8_t{0});
    for (size_t i = 0; i < instr.operands(); ++i) {
      std::copy_n(values_[i].bytes.data(), 16, memory + kOperands + 16 * i);
      if (!is_read_at_end(instr, shape, i)) continue;
      const size_t size = size_of(instr.operand(i));
      std::copy_n(values_[i].bytes.data(), size, memory + TestRunner::kMemoryBytes - size);
    }
  }

  /// The results in memory as the interpreter has them from the first shape; of vectors, which it
  /// does not know, none.
  std::vector<uint8_t> plain_result(const Tested& instr, const Shape& shape, const Module& module) {
    if (instr.info().category == Category::Simd) return {};
    if (instr.info().category == Category::WideArithmetic) return wide_result(instr);
    Reference reference(module);
    put_operands(instr, shape, reference.memory.data());
    reference.call(1, {});
    return {reference.memory.begin() + kResults, reference.memory.begin() + kResults + 32};
  }

  std::vector<uint8_t> wide_result(const Tested& instr) {
    using Wide = unsigned __int128;
    auto bits = [&](size_t i) { return values_[i].get<uint64_t>(0); };
    auto pair = [&](size_t i) { return Wide{bits(i + 1)} << 64 | bits(i); };
    Wide result = 0;
    switch (instr.op) {
    case Op::I64Add128: result = pair(0) + pair(2); break;
    case Op::I64Sub128: result = pair(0) - pair(2); break;
    case Op::I64MulWideU: result = Wide{bits(0)} * bits(1); break;
    default:
      result = static_cast<Wide>(static_cast<__int128>(static_cast<int64_t>(bits(0))) *
                                 static_cast<int64_t>(bits(1)));
    }
    std::vector<uint8_t> out(32);
    const auto low = static_cast<uint64_t>(result), high = static_cast<uint64_t>(result >> 64);
    std::memcpy(out.data(), &low, 8);
    std::memcpy(out.data() + 16, &high, 8);
    return out;
  }

  TestRunner runner_;
  std::vector<V128> values_;
};

TEST(OperandPlaces, EachInstructionGivesItsResultWhereverItsOperandsAre) {
  OperandPlaces places;
  for (const Tested& instr : instructions()) {
    for (uint64_t round = 0; round < 3; ++round) {
      places.test(instr, round);
      ASSERT_FALSE(HasFailure()) << instr.info().mnemonic;
    }
  }
}

}  // namespace
}  // namespace sluice::test

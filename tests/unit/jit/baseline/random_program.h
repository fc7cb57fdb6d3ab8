// Random valid modules that always terminate and never trap, for comparing two ways to run them.
//
// Aimed at what a one-pass compiler can get wrong: more locals than registers, operands that wait
// below blocks, blocks and loops with parameters and results, branches of every kind with values,
// fixed registers of divisions and shifts, parallel assignments. Loops count down; calls only go to
// earlier functions. NaNs are made one NaN wherever their bits could be seen.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <random>
#include <tuple>
#include <utility>

#include "tests/unit/jit/baseline/test_module.h"

namespace sluice::test {

class RandomProgram {
 public:
  /// Functions of the module; the last takes four i32 and gives one.
  static constexpr uint32_t kFuncs = 4;

  explicit RandomProgram(uint64_t seed) : random_(seed) {}

  Bytes bytes() {
    many_locals_ = chance(50);
    has_vectors_ = chance(50);
    module_.memory(false);
    module_.memory(true);
    globals_ = types(static_cast<int>(below(6)));
    for (uint8_t each : globals_) module_.global(each);
    for (uint32_t i = 0; i < kFuncs; ++i) {
      bool is_main = i + 1 == kFuncs;
      Signature signature{Bytes(4, kTypeI32), Bytes(1, kTypeI32)};
      if (!is_main) signature = {types(pick({0, 1, 2, 5, 9, 20})), types(pick({0, 1, 1, 2, 3, 9}))};
      signatures_.push_back(signature);
      function(signature, is_main);
    }
    return module_.bytes();
  }

 private:
  struct Signature {
    Bytes params;
    Bytes results;
    bool operator<(const Signature& other) const {
      return std::tie(params, results) < std::tie(other.params, other.results);
    }
  };
  struct Target {
    Bytes types;
    bool is_open = true;  // may be branched to
  };

  // --- Choices

  uint32_t below(size_t n) { return static_cast<uint32_t>(random_() % n); }
  bool chance(uint32_t percent) { return below(100) < percent; }
  template <class T>
  T pick(std::initializer_list<T> from) {
    return from.begin()[below(from.size())];
  }
  uint8_t type() {
    if (has_vectors_ && chance(40)) return kTypeV128;
    return pick<uint8_t>({kTypeI32, kTypeI32, kTypeI32, kTypeI64, kTypeI64, kTypeF32, kTypeF64});
  }
  Bytes types(int count) {
    Bytes list;
    while (count-- > 0) list.push_back(type());
    return list;
  }
  uint32_t new_local(uint8_t type) {
    locals_.push_back(type);
    is_counter_.push_back(false);
    return static_cast<uint32_t>(locals_.size() - 1);
  }
  /// Some local of this type that is no loop's counter, mostly one of a few.
  uint32_t local(uint8_t type) {
    std::vector<uint32_t> fitting;
    for (uint32_t i = 0; i < locals_.size(); ++i) {
      if (locals_[i] == type && !is_counter_[i]) fitting.push_back(i);
    }
    if (fitting.empty()) return new_local(type);
    size_t count = chance(50) ? std::min<size_t>(4, fitting.size()) : fitting.size();
    return fitting[below(count)];
  }
  /// Mostly a local; or a global of this type.
  void get_variable(uint8_t type) {
    const auto global = std::ranges::find(globals_, type);
    if (global == globals_.end() || chance(70)) return void(code_.get(local(type)));
    code_.op(0x23, static_cast<uint32_t>(global - globals_.begin()));
  }
  void set_variable(uint8_t type) {
    const auto global = std::ranges::find(globals_, type);
    if (global == globals_.end() || chance(70)) return void(code_.set(local(type)));
    code_.op(0x24, static_cast<uint32_t>(global - globals_.begin()));
  }

  // --- Functions

  void function(const Signature& signature, bool is_main) {
    code_ = Code();
    labels_ = {{signature.results}};
    locals_ = signature.params;
    for (uint8_t each : {kTypeI32, kTypeI64, kTypeF32, kTypeF64, kTypeV128}) {
      if (each == kTypeV128 && !has_vectors_) continue;
      locals_.insert(locals_.end(), below(many_locals_ ? 10 : 3), each);
    }
    std::shuffle(locals_.begin() + static_cast<ptrdiff_t>(signature.params.size()), locals_.end(),
                 random_);
    is_counter_.assign(locals_.size(), false);
    scratch_ = {};
    // A few are short, and others so long that loops in them are not.
    budget_ = pick({60u, 250u, 250u, 250u, 250u, 900u});
    calls_left_ = 3;
    statements(budget_ / 40 + below(6));
    if (is_main) {
      hash_variables();
    } else {
      expressions(signature.results, 2);
    }
    std::vector<std::pair<uint32_t, uint8_t>> declared;
    for (size_t i = signature.params.size(); i < locals_.size(); ++i) {
      declared.emplace_back(1, locals_[i]);
    }
    module_.func(type_index(signature), declared, code_);
  }

  uint32_t type_index(const Signature& signature) {
    auto [it, is_new] = type_indices_.try_emplace(signature);
    if (is_new) it->second = module_.type(signature.params, signature.results);
    return it->second;
  }

  void hash_variables() {
    code_.op(0x42, 17);
    for (uint32_t i = 0; i < locals_.size(); ++i) hash_variable(0x20, i, locals_[i]);
    for (uint32_t i = 0; i < globals_.size(); ++i) hash_variable(0x23, i, globals_[i]);
    code_.op(0xa7);
  }
  void hash_variable(uint8_t get, uint32_t index, uint8_t type) {
    if (type == kTypeV128) {
      for (uint8_t lane = 0; lane < 2; ++lane) {
        code_.op(get, index).op(0xfd, 0x1d).op(lane);
        hash();
      }
      return;
    }
    code_.op(get, index);
    if (type == kTypeF32 || type == kTypeF64) canonical(type);
    if (type == kTypeF32) code_.op(0xbc);
    if (type == kTypeF64) code_.op(0xbd);
    if (type == kTypeI32 || type == kTypeF32) code_.op(0xad);
    hash();
  }
  /// (hash ^ x) * 31 rotl 13
  void hash() { code_.op(0x85).op(0x42, 31).op(0x7e).op(0x42, 13).op(0x89); }

  // --- Expressions: each pushes one value of the type

  void expressions(const Bytes& types, uint32_t depth) {
    for (uint8_t each : types) expression(each, depth);
  }

  void expression(uint8_t type, uint32_t depth) {
    if (budget_ > 0) --budget_;
    if (depth == 0 || budget_ == 0) return chance(70) ? get_variable(type) : constant(type);
    --depth;
    switch (below(14)) {
    case 0: return get_variable(type);
    case 1: return constant(type);
    case 2:
      expression(type, depth);
      code_.tee(local(type));
      return;
    case 3:
      expression(type, depth);
      expression(type, depth);
      condition(depth);
      code_.op(0x1b);
      return;
    case 4: return blocks({type}, depth);
    case 5: return leave_with(type, depth);
    default: break;
    }
    switch (type) {
    case kTypeI32: return i32(depth);
    case kTypeI64: return i64(depth);
    case kTypeV128: return vector(depth);
    default: return floating(type, depth);
    }
  }

  void constant(uint8_t type) {
    int64_t value = pick<int64_t>({0,
                                   1,
                                   2,
                                   3,
                                   5,
                                   7,
                                   8,
                                   9,
                                   16,
                                   31,
                                   32,
                                   63,
                                   100,
                                   255,
                                   4096,
                                   -1,
                                   -2,
                                   -8,
                                   127,
                                   128,
                                   -128,
                                   -129,
                                   INT32_MAX,
                                   INT32_MIN,
                                   int64_t{1} << 32,
                                   INT64_MAX,
                                   INT64_MIN,
                                   0x1234'5678'9abc});
    auto bits = static_cast<uint64_t>(value);
    if (type == kTypeV128) return vector_constant(bits);
    switch (type) {
    case kTypeI32: code_.i32(static_cast<int32_t>(static_cast<uint32_t>(bits))); return;
    case kTypeI64: code_.op(0x42); return put_signed(code_.bytes, value);
    case kTypeF32: return float_constant(chance(80) ? static_cast<float>(below(1000)) / 8 : NAN);
    default: return float_constant(chance(80) ? static_cast<double>(value) / 8 : INFINITY);
    }
  }
  template <class F>
  void float_constant(F value) {
    code_.op(sizeof value == 4 ? 0x43 : 0x44);
    auto bits = std::bit_cast<std::array<uint8_t, sizeof value>>(value);
    code_.bytes.insert(code_.bytes.end(), bits.begin(), bits.end());
  }

  /// Replaces a NaN on top by one that is always the same.
  void canonical(uint8_t type) {
    bool is_32 = type == kTypeF32;
    uint32_t& scratch = scratch_[is_32];
    if (scratch == 0) scratch = new_local(type) + 1;
    code_.tee(scratch - 1);
    is_32 ? float_constant(std::bit_cast<float>(0x7fc0'0000u))
          : float_constant(std::bit_cast<double>(uint64_t{0x7ff8} << 48));
    code_.get(scratch - 1).get(scratch - 1).op(is_32 ? 0x5b : 0x61).op(0x1b);
  }

  void condition(uint32_t depth) {
    uint8_t compared = type();
    switch (chance(40) ? 0 : compared) {
    case 0: return expression(kTypeI32, depth);
    case kTypeI32: return two(kTypeI32, static_cast<uint8_t>(0x46 + below(10)), depth);
    case kTypeI64: return two(kTypeI64, static_cast<uint8_t>(0x51 + below(10)), depth);
    case kTypeF32: return two(kTypeF32, static_cast<uint8_t>(0x5b + below(6)), depth);
    case kTypeV128:
      expression(kTypeV128, depth);
      code_.op(0xfd, pick({0x53u, 0x63u}));  // any_true, all_true
      return;
    default: return two(kTypeF64, static_cast<uint8_t>(0x61 + below(6)), depth);
    }
  }
  void two(uint8_t type, uint8_t opcode, uint32_t depth) {
    expression(type, depth);
    expression(type, depth);
    code_.op(opcode);
  }
  void one(uint8_t type, uint8_t opcode, uint32_t depth) {
    expression(type, depth);
    code_.op(opcode);
  }

  void i32(uint32_t depth) {
    if (has_vectors_ && chance(20)) return lane_of_vector(false, depth);
    if (chance(5)) return atomic(kTypeI32, depth);
    switch (below(12)) {
    case 0: return division(kTypeI32, depth);
    case 1: return condition(depth);
    case 2: return one(kTypeI32, pick<uint8_t>({0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1}), depth);
    case 3: return one(kTypeI64, pick<uint8_t>({0x50, 0xa7}), depth);
    case 4: return load(static_cast<uint8_t>(pick({0x28, 0x2c, 0x2d, 0x2e, 0x2f})), depth);
    case 5:
      expression(kTypeF32, depth);
      canonical(kTypeF32);
      code_.op(0xbc);
      return;
    case 6: return saturation(0, depth);
    default:
      // add, sub, mul and the ones from `and` to rotr
      return two(kTypeI32,
                 pick<uint8_t>({0x6a, 0x6a, 0x6b, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76,
                                0x77, 0x78}),
                 depth);
    }
  }

  void i64(uint32_t depth) {
    if (has_vectors_ && chance(20)) return lane_of_vector(true, depth);
    if (chance(10)) return chance(50) ? atomic(kTypeI64, depth) : wide(depth);
    switch (below(11)) {
    case 0: return division(kTypeI64, depth);
    case 1: return one(kTypeI32, pick<uint8_t>({0xac, 0xad}), depth);
    case 2: return one(kTypeI64, pick<uint8_t>({0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4}), depth);
    case 3:
      return load(static_cast<uint8_t>(pick({0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35})), depth);
    case 4:
      expression(kTypeF64, depth);
      canonical(kTypeF64);
      code_.op(0xbd);
      return;
    case 5: return saturation(4, depth);
    default:
      return two(kTypeI64,
                 pick<uint8_t>({0x7c, 0x7c, 0x7d, 0x7d, 0x7e, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88,
                                0x89, 0x8a}),
                 depth);
    }
  }
  void saturation(uint32_t first, uint32_t depth) {
    bool from_32 = chance(50);
    expression(from_32 ? kTypeF32 : kTypeF64, depth);
    code_.op(0xfc, first + (from_32 ? 0 : 2) + below(2));
  }

  void floating(uint8_t type, uint32_t depth) {
    bool is_32 = type == kTypeF32;
    switch (below(8)) {
    case 0: return one(type, static_cast<uint8_t>((is_32 ? 0x8b : 0x99) + below(7)), depth);
    case 1: return one(kTypeI32, static_cast<uint8_t>((is_32 ? 0xb2 : 0xb7) + below(2)), depth);
    case 2: return one(kTypeI64, static_cast<uint8_t>((is_32 ? 0xb4 : 0xb9) + below(2)), depth);
    case 3: return is_32 ? one(kTypeF64, 0xb6, depth) : one(kTypeF32, 0xbb, depth);
    case 4: return is_32 ? one(kTypeI32, 0xbe, depth) : one(kTypeI64, 0xbf, depth);
    case 5: return load(is_32 ? 0x2a : 0x2b, depth);
    case 6:
      expression(type, depth);
      expression(type, depth);
      canonical(type);
      code_.op(is_32 ? 0x98 : 0xa6);  // copysign
      return;
    default: return two(type, static_cast<uint8_t>((is_32 ? 0x92 : 0xa0) + below(6)), depth);
    }
  }

  void vector_constant(uint64_t bits) {
    code_.op(0xfd, 0x0c);
    const uint64_t high = chance(50) ? bits : random_();
    for (int i = 0; i < 8; ++i) code_.op(static_cast<uint8_t>(bits >> (8 * i)));
    for (int i = 0; i < 8; ++i) code_.op(static_cast<uint8_t>(high >> (8 * i)));
  }
  void lane_of_vector(bool is_64, uint32_t depth) {
    expression(kTypeV128, depth);
    if (is_64) return void(code_.op(0xfd, 0x1d).op(static_cast<uint8_t>(below(2))));
    switch (below(4)) {
    case 0: code_.op(0xfd, 0x64); return;  // bitmask
    case 1: code_.op(0xfd, pick({0x15u, 0x16u})).op(static_cast<uint8_t>(below(16))); return;
    default: code_.op(0xfd, 0x1b).op(static_cast<uint8_t>(below(4))); return;
    }
  }
  void vector(uint32_t depth) {
    uint32_t memory = 0;
    switch (below(10)) {
    case 0: return splat(depth);
    case 1:
      memory = address(depth);
      code_.op(0xfd, pick({0x00u, 0x00u, 0x06u, 0x07u, 0x5du}));
      return mem_arg(memory);
    case 2:
      memory = address(depth);
      expression(kTypeV128, depth);
      code_.op(0xfd, 0x56);  // load32_lane
      mem_arg(memory);
      code_.op(static_cast<uint8_t>(below(4)));
      return;
    case 3:
      expression(kTypeV128, depth);
      expression(kTypeI32, depth);
      if (chance(50)) return void(code_.op(0xfd, 0x1c).op(static_cast<uint8_t>(below(4))));
      code_.op(0xfd, pick({0x6bu, 0xabu, 0xacu}));  // shl of bytes and words, shr_s
      return;
    case 4:  // bitselect
      expression(kTypeV128, depth);
      expression(kTypeV128, depth);
      expression(kTypeV128, depth);
      code_.op(0xfd, 0x52);
      return;
    case 5:
      expression(kTypeV128, depth);
      expression(kTypeV128, depth);
      code_.op(0xfd, 0x0d);
      return shuffle_lanes();
    case 6:
      expression(kTypeV128, depth);
      code_.op(0xfd, 0x4d);  // not
      return;
    default:
      expression(kTypeV128, depth);
      expression(kTypeV128, depth);
      code_.op(0xfd, pick({0x0eu, 0x27u, 0x4eu, 0x4fu, 0x50u, 0x51u, 0x6eu, 0x77u, 0x95u, 0xaeu,
                           0xb1u, 0xceu, 0xd5u}));
      return;
    }
  }
  void splat(uint32_t depth) {
    switch (below(4)) {
    case 0:
      expression(kTypeI64, depth);
      code_.op(0xfd, 0x12);
      return;
    case 1:
      expression(kTypeF32, depth);
      canonical(kTypeF32);
      code_.op(0xfd, 0x13);
      return;
    default:
      expression(kTypeI32, depth);
      code_.op(0xfd, pick({0x0fu, 0x11u}));
      return;
    }
  }
  /// Random ones, or lanes of 1 to 8 bytes that go together from one or both operands.
  void shuffle_lanes() {
    const uint32_t width = pick({1u, 1u, 2u, 4u, 8u});
    const uint32_t start = below(32 / width);
    const bool in_order = chance(40);
    for (uint32_t i = 0; i < 16 / width; ++i) {
      const uint32_t lane = in_order ? (start + i) % (32 / width) : below(32 / width);
      for (uint32_t k = 0; k < width; ++k) code_.op(static_cast<uint8_t>(lane * width + k));
    }
  }

  /// Divisors are constants that no dividend traps with, or odd and positive.
  void division(uint8_t type, uint32_t depth) {
    bool is_32 = type == kTypeI32;
    expression(type, depth);
    if (chance(50)) {
      int64_t divisor =
          pick<int64_t>({1, 2, 3, 4, 7, 8, 10, 16, 1000, 65'536, -2, -3, -8, INT32_MAX, INT32_MIN});
      code_.op(is_32 ? 0x41 : 0x42);
      put_signed(code_.bytes, divisor);
    } else {
      expression(type, depth);
      code_.op(is_32 ? 0x41 : 0x42);
      put_signed(code_.bytes, 0x7ffe);
      code_.op(is_32 ? 0x71 : 0x83).op(is_32 ? 0x41 : 0x42, 1).op(is_32 ? 0x72 : 0x84);
    }
    code_.op(static_cast<uint8_t>((is_32 ? 0x6d : 0x7f) + below(4)));
  }

  /// An address of some memory below 2^15, a multiple of `unit`. Returns which memory.
  uint32_t address(uint32_t depth, uint32_t unit = 1) {
    const uint32_t memory = pick({0u, 0u, 0u, 0u, 1u, 2u});
    const bool is_64 = memory == 2;
    const uint32_t mask = 0x7fff & ~(unit - 1);
    if (chance(20)) {
      code_.op(is_64 ? 0x42 : 0x41);
      put_signed(code_.bytes, below(0x7fff) & mask);
      return memory;
    }
    expression(is_64 ? kTypeI64 : kTypeI32, depth);
    code_.op(is_64 ? 0x42 : 0x41);
    put_signed(code_.bytes, mask);
    code_.op(is_64 ? 0x83 : 0x71);
    return memory;
  }
  void mem_arg(uint32_t memory, uint32_t align = 0, uint32_t unit = 1) {
    if (memory == 0) {
      code_.op(static_cast<uint8_t>(align));
    } else {
      code_.op(static_cast<uint8_t>(0x40 | align), memory);
    }
    put_leb(code_.bytes, pick({0u, 1u, 8u, 127u, 128u, 0x7000u}) & ~(unit - 1));
  }
  void load(uint8_t opcode, uint32_t depth) {
    const uint32_t memory = address(depth);
    code_.op(opcode);
    mem_arg(memory);
  }
  /// A load, or an exchange of some kind, of one of the sizes that a type has.
  void atomic(uint8_t type, uint32_t depth) {
    constexpr uint32_t kFamilies[] = {0, 2, 3, 4, 5, 6, 7, 8};  // not the stores
    const uint32_t family = kFamilies[below(8)];
    const uint32_t row = type == kTypeI32 ? pick({0u, 2u, 3u}) : pick({1u, 4u, 5u, 6u});
    constexpr uint8_t kAligns[] = {2, 3, 0, 1, 0, 1, 2};
    const uint32_t unit = 1u << kAligns[row];
    const uint32_t memory = address(depth, unit);
    if (family == 8) expression(type, depth);
    if (family != 0) expression(type, depth);
    code_.op(0xfe, 0x10 + 7 * family + row);
    mem_arg(memory, kAligns[row], unit);
  }
  /// One half of a 128-bit result; the other goes to a local, or is mixed in.
  void wide(uint32_t depth) {
    const uint32_t which = below(4);
    expressions(Bytes(which < 2 ? 4 : 2, kTypeI64), depth);
    code_.op(0xfc, 0x13 + which);
    chance(50) ? code_.op(0x85) : code_.set(local(kTypeI64));
  }

  // --- Blocks

  /// A block of some kind, with parameters that it takes from below and these results.
  void blocks(const Bytes& results, uint32_t depth) {
    if (labels_.size() > 7 || budget_ == 0) return expressions(results, 0);
    Signature signature{chance(60) ? Bytes() : types(1 + static_cast<int>(below(3))), results};
    expressions(signature.params, depth);
    switch (below(3)) {
    case 0: return open(0x02, signature, signature.results, depth);
    case 1: condition(depth); return open(0x04, signature, signature.results, depth);
    default: return loop(signature, depth);
    }
  }
  void block_type(const Signature& signature) {
    if (signature.params.empty() && signature.results.empty()) return void(code_.op(0x40));
    if (signature.params.empty() && signature.results.size() == 1 && chance(70)) {
      return void(code_.op(signature.results[0]));
    }
    put_signed(code_.bytes, type_index(signature));
  }
  void open(uint8_t opcode, const Signature& signature, const Bytes& target, uint32_t depth) {
    code_.op(opcode);
    block_type(signature);
    labels_.push_back({target});
    part(signature, depth);
    if (opcode == 0x04 && (signature.params != signature.results || chance(50))) {
      code_.else_();
      part(signature, depth);
    }
    labels_.pop_back();
    code_.end();
  }
  /// From the parameters to the results of a block.
  void part(const Signature& signature, uint32_t depth) {
    if (chance(50)) statements(below(2));
    if (signature.params == signature.results && chance(40)) return;
    sink(signature.params);
    statements(below(3));
    expressions(signature.results, std::min(depth, 2u));
  }

  /// Counts down to 0. With the test at the top the header may be branched to from anywhere inside.
  void loop(const Signature& signature, uint32_t depth) {
    if (loops_ == 2) {
      sink(signature.params);
      return expressions(signature.results, 0);
    }
    ++loops_;
    uint32_t counter = new_local(kTypeI32);
    is_counter_[counter] = true;
    code_.i32(1 + static_cast<int32_t>(below(4))).set(counter);
    chance(50) ? loop_from_top(signature, counter, depth)
               : loop_to_bottom(signature, counter, depth);
    --loops_;
  }
  void loop_from_top(const Signature& signature, uint32_t counter, uint32_t depth) {
    code_.op(0x02);
    block_type(signature);
    labels_.push_back({signature.results});
    code_.op(0x03);
    block_type(signature);
    labels_.push_back({signature.params, false});
    code_.get(counter).op(0x45).if_();
    labels_.push_back({{}, false});  // behind it is the body, for which no turn is left
    expressions(signature.results, 1);
    code_.br(2);
    labels_.pop_back();
    code_.end();
    code_.get(counter).i32(1).op(0x6b).set(counter);
    labels_.back().is_open = true;
    part(signature, depth);
    labels_.back().is_open = false;
    if (chance(70)) {
      sink(signature.results);
      expressions(signature.params, 1);
      code_.br(0);
    }
    for (int i = 0; i < 2; ++i) {
      labels_.pop_back();
      code_.end();
    }
  }
  void loop_to_bottom(const Signature& signature, uint32_t counter, uint32_t depth) {
    code_.op(0x03);
    block_type(signature);
    labels_.push_back({signature.params, false});
    part(signature, depth);
    expressions(signature.params, 1);
    code_.get(counter).i32(1).op(0x6b).tee(counter);
    if (chance(30)) code_.i32(0).op(0x4a);
    code_.br_if(0);
    sink(signature.params);
    labels_.pop_back();
    code_.end();
  }

  /// Pops values of these types, the last first.
  void sink(const Bytes& types) {
    for (size_t i = types.size(); i > 0; --i) {
      chance(75) ? code_.set(local(types[i - 1])) : code_.drop();
    }
  }

  // --- Branches

  std::vector<uint32_t> targets(const Bytes& types) {
    std::vector<uint32_t> depths;
    for (uint32_t depth = 0; depth < labels_.size(); ++depth) {
      const Target& target = labels_[labels_.size() - 1 - depth];
      if (target.is_open && target.types == types) depths.push_back(depth);
    }
    return depths;
  }
  void leave_with(uint8_t type, uint32_t depth) {
    expression(type, depth);
    std::vector<uint32_t> depths = targets({type});
    if (depths.empty()) return;
    condition(depth);
    code_.br_if(depths[below(depths.size())]);
  }
  void leave() {
    const Target target = labels_[below(labels_.size())];
    std::vector<uint32_t> depths = targets(target.types);
    if (depths.empty()) return;
    if (chance(50)) {
      expressions(target.types, 2);
      condition(2);
      code_.br_if(depths[below(depths.size())]);
      return sink(target.types);
    }
    condition(2);
    code_.if_();
    labels_.push_back({{}});
    expressions(target.types, 1);
    if (chance(40)) {
      labels_.pop_back();
      if (target.types == labels_[0].types && chance(50)) {
        code_.op(0x0f);
      } else {
        code_.br(depths[below(depths.size())] + 1);
      }
      if (chance(30)) code_.op(0x6a).drop().block().end();  // never runs
      return void(code_.end());
    }
    expression(kTypeI32, 2);
    labels_.pop_back();
    uint32_t entries = pick({0u, 1u, 3u, 4u, 5u, 7u, 20u});
    code_.i32(15).op(0x71).op(0x0e, entries);
    for (uint32_t i = 0; i <= entries; ++i) {
      put_leb(code_.bytes, depths[below(depths.size())] + 1);
    }
    if (chance(30)) code_.op(0x6a).drop().block().end();  // never runs
    code_.end();
  }

  // --- Statements

  void statements(uint32_t count) {
    for (; count > 0 && budget_ > 0; --count) {
      --budget_;
      statement();
    }
  }
  void statement() {
    switch (below(13)) {
    case 0:
    case 1:
    case 2: {
      uint8_t any = type();
      expression(any, 3);
      return set_variable(any);
    }
    case 3:
    case 4: return store();
    case 5: return assign_in_parallel();
    case 6:
    case 7: return blocks({}, 2);
    case 8: {
      Bytes results = types(pick({1, 2, 3, 6}));
      blocks(results, 2);
      return sink(results);
    }
    case 9: return call();
    case 10:
    case 11: return leave();
    default: {  // operands wait below a block
      Bytes waiting = types(pick({1, 3, 9, 24}));
      expressions(waiting, 1);
      blocks({}, 2);
      return sink(waiting);
    }
    }
  }
  void store() {
    uint8_t stored = type();
    const bool is_atomic = (stored == kTypeI32 || stored == kTypeI64) && chance(20);
    const uint32_t memory = address(2, is_atomic ? 8 : 1);
    expression(stored, 2);
    if (stored == kTypeF32 || stored == kTypeF64) canonical(stored);
    if (stored == kTypeV128) {
      const bool whole = chance(70);
      code_.op(0xfd, whole ? 0x0b : 0x59);  // v128.store, store16_lane
      mem_arg(memory);
      if (!whole) code_.op(static_cast<uint8_t>(below(8)));
      return;
    }
    if (is_atomic) {
      code_.op(0xfe, stored == kTypeI32 ? 0x17 : 0x18);
      return mem_arg(memory, stored == kTypeI32 ? 2 : 3, 8);
    }
    switch (stored) {
    case kTypeI32: code_.op(static_cast<uint8_t>(pick({0x36, 0x3a, 0x3b}))); break;
    case kTypeI64: code_.op(static_cast<uint8_t>(pick({0x37, 0x3c, 0x3d, 0x3e}))); break;
    default: code_.op(stored == kTypeF32 ? 0x38 : 0x39); break;
    }
    mem_arg(memory);
  }
  // As compilers make them of phi functions.
  void assign_in_parallel() {
    uint8_t any = type();
    std::vector<uint32_t> chosen;
    for (uint32_t i = 2 + below(4); i > 0; --i) chosen.push_back(local(any));
    for (uint32_t each : chosen) code_.get(each);
    std::shuffle(chosen.begin(), chosen.end(), random_);
    for (uint32_t each : chosen) code_.set(each);
  }
  void call() {
    auto earlier = static_cast<uint32_t>(signatures_.size() - 1);
    if (earlier == 0 || calls_left_ == 0 || loops_ > 1) return;
    --calls_left_;
    uint32_t callee = below(earlier);
    expressions(signatures_[callee].params, chance(50) ? 1 : 0);
    code_.call(callee);
    sink(signatures_[callee].results);
  }

  std::mt19937_64 random_;
  TestModule module_;
  std::map<Signature, uint32_t> type_indices_;
  std::vector<Signature> signatures_;
  Bytes globals_;  // types
  bool many_locals_ = false;
  bool has_vectors_ = false;

  // Of the function being written.
  Code code_;
  Bytes locals_;  // types
  std::vector<bool> is_counter_;
  std::vector<Target> labels_;
  std::array<uint32_t, 2> scratch_{};  // locals of canonical(), plus one; 0: none yet
  uint32_t budget_ = 0;
  uint32_t calls_left_ = 0;
  uint32_t loops_ = 0;
};

}  // namespace sluice::test

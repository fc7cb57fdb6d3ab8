// Interprets by the words of the specification, chapter 4: one value stack, one label stack.
#include "tests/unit/jit/baseline/reference.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "engine/binary/wire_bytes.h"

namespace sluice::test {
namespace {

uint64_t read_unsigned(const uint8_t*& p) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    value |= uint64_t{*p & 0x7fu} << shift;
    if ((*p++ & 0x80) == 0) return value;
  }
}
int64_t read_signed(const uint8_t*& p) {
  uint64_t value = 0;
  unsigned shift = 0;
  uint8_t byte = 0;
  do {
    byte = *p++;
    value |= uint64_t{byte & 0x7fu} << shift;
    shift += 7;
  } while ((byte & 0x80) != 0);
  if (shift < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << shift;
  return static_cast<int64_t>(value);
}
template <class T>
T read_bits(const uint8_t*& p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  p += sizeof value;
  return value;
}

float f32(uint64_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits)); }
double f64(uint64_t bits) { return std::bit_cast<double>(bits); }
uint64_t bits_of(float value) { return std::bit_cast<uint32_t>(value); }
uint64_t bits_of(double value) { return std::bit_cast<uint64_t>(value); }
uint64_t bits_of(bool value) { return value ? 1 : 0; }
[[noreturn]] void unknown(uint32_t opcode) {
  std::fprintf(stderr, "the reference does not know 0x%x, or it traps\n", opcode);
  std::abort();
}

/// eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u.
template <class U>
bool compare_integers(uint32_t which, U a, U b) {
  auto sa = static_cast<std::make_signed_t<U>>(a), sb = static_cast<std::make_signed_t<U>>(b);
  switch (which) {
  case 0: return a == b;
  case 1: return a != b;
  case 2: return sa < sb;
  case 3: return a < b;
  case 4: return sa > sb;
  case 5: return a > b;
  case 6: return sa <= sb;
  case 7: return a <= b;
  case 8: return sa >= sb;
  default: return a >= b;
  }
}

template <class F>
bool compare_floats(uint32_t which, F a, F b) {
  switch (which) {
  case 0: return a == b;
  case 1: return a != b;
  case 2: return a < b;
  case 3: return a > b;
  case 4: return a <= b;
  default: return a >= b;
  }
}

template <class U>
uint64_t count_bits(uint32_t which, U value) {
  if (which == 0) return static_cast<uint64_t>(std::countl_zero(value));
  if (which == 1) return static_cast<uint64_t>(std::countr_zero(value));
  return static_cast<uint64_t>(std::popcount(value));
}

/// add, sub, mul, div_s, div_u, rem_s, rem_u, and, or, xor, shl, shr_s, shr_u, rotl, rotr.
template <class U>
U integer_op(uint32_t which, U a, U b) {
  using S = std::make_signed_t<U>;
  constexpr U kBits = sizeof(U) * 8;
  auto sa = static_cast<S>(a), sb = static_cast<S>(b);
  bool overflows = sa == std::numeric_limits<S>::min() && sb == -1;
  if (which >= 3 && which <= 6 && (b == 0 || (which == 3 && overflows))) unknown(which);
  int count = static_cast<int>(b % kBits);
  switch (which) {
  case 0: return a + b;
  case 1: return a - b;
  case 2: return a * b;
  case 3: return static_cast<U>(sa / sb);
  case 4: return a / b;
  case 5: return overflows ? 0 : static_cast<U>(sa % sb);
  case 6: return a % b;
  case 7: return a & b;
  case 8: return a | b;
  case 9: return a ^ b;
  case 10: return a << count;
  case 11: return static_cast<U>(sa >> count);
  case 12: return a >> count;
  case 13: return std::rotl(a, count);
  default: return std::rotr(a, count);
  }
}

/// abs, neg, ceil, floor, trunc, nearest, sqrt.
template <class F>
F float_unary(uint32_t which, F a) {
  switch (which) {
  case 0: return std::fabs(a);
  case 1: return -a;
  case 2: return std::ceil(a);
  case 3: return std::floor(a);
  case 4: return std::trunc(a);
  case 5: return std::nearbyint(a);
  default: return std::sqrt(a);
  }
}

/// min and max: NaN if either is, and -0 is less than 0.
template <class F>
F extreme(F a, F b, bool max) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<F>::quiet_NaN();
  if (a == b) return std::signbit(a) == max ? b : a;
  return (a < b) == max ? b : a;
}

/// add, sub, mul, div, min, max, copysign.
template <class F>
F float_op(uint32_t which, F a, F b) {
  switch (which) {
  case 0: return a + b;
  case 1: return a - b;
  case 2: return a * b;
  case 3: return a / b;
  case 4: return extreme(a, b, false);
  case 5: return extreme(a, b, true);
  default: return std::copysign(a, b);
  }
}

/// trunc_sat: the nearest value there is, 0 for NaN.
template <class I, class F>
I saturated(F value) {
  if (std::isnan(value)) return 0;
  F truncated = std::trunc(value);
  // 2^31, 2^32, 2^63 or 2^64: exact in either float type, as the maximum itself is not.
  F bound = std::ldexp(F{1}, std::numeric_limits<I>::digits);
  if (truncated >= bound) return std::numeric_limits<I>::max();
  F lowest = std::is_signed_v<I> ? -bound : F{0};
  if (truncated <= lowest) return std::numeric_limits<I>::min();
  return static_cast<I>(truncated);
}

uint64_t convert(uint8_t opcode, uint64_t a) {
  auto low = static_cast<uint32_t>(a);
  switch (opcode) {
  case 0xa7:
  case 0xad: return low;
  case 0xac: return static_cast<uint64_t>(int64_t{static_cast<int32_t>(low)});
  case 0xb2: return bits_of(static_cast<float>(static_cast<int32_t>(low)));
  case 0xb3: return bits_of(static_cast<float>(low));
  case 0xb4: return bits_of(static_cast<float>(static_cast<int64_t>(a)));
  case 0xb5: return bits_of(static_cast<float>(a));
  case 0xb6: return bits_of(static_cast<float>(f64(a)));
  case 0xb7: return bits_of(static_cast<double>(static_cast<int32_t>(low)));
  case 0xb8: return bits_of(static_cast<double>(low));
  case 0xb9: return bits_of(static_cast<double>(static_cast<int64_t>(a)));
  case 0xba: return bits_of(static_cast<double>(a));
  case 0xbb: return bits_of(static_cast<double>(f32(a)));
  case 0xbc:
  case 0xbd:
  case 0xbe:
  case 0xbf: return a;
  case 0xc0: return static_cast<uint32_t>(int32_t{static_cast<int8_t>(a)});
  case 0xc1: return static_cast<uint32_t>(int32_t{static_cast<int16_t>(a)});
  case 0xc2: return static_cast<uint64_t>(int64_t{static_cast<int8_t>(a)});
  case 0xc3: return static_cast<uint64_t>(int64_t{static_cast<int16_t>(a)});
  case 0xc4: return static_cast<uint64_t>(int64_t{static_cast<int32_t>(low)});
  default: unknown(opcode);
  }
}

bool is_binary(uint8_t op) {
  return (op >= 0x46 && op <= 0x4f) || (op >= 0x51 && op <= 0x66) || (op >= 0x6a && op <= 0x78) ||
         (op >= 0x7c && op <= 0x8a) || (op >= 0x92 && op <= 0x98) || (op >= 0xa0 && op <= 0xa6);
}

uint64_t binary(uint8_t op, uint64_t a, uint64_t b) {
  auto low_a = static_cast<uint32_t>(a), low_b = static_cast<uint32_t>(b);
  if (op <= 0x4f) return bits_of(compare_integers(op - 0x46u, low_a, low_b));
  if (op <= 0x5a) return bits_of(compare_integers(op - 0x51u, a, b));
  if (op <= 0x60) return bits_of(compare_floats(op - 0x5bu, f32(a), f32(b)));
  if (op <= 0x66) return bits_of(compare_floats(op - 0x61u, f64(a), f64(b)));
  if (op <= 0x78) return integer_op(op - 0x6au, low_a, low_b);
  if (op <= 0x8a) return integer_op(op - 0x7cu, a, b);
  if (op <= 0x98) return bits_of(float_op(op - 0x92u, f32(a), f32(b)));
  return bits_of(float_op(op - 0xa0u, f64(a), f64(b)));
}

uint64_t unary(uint8_t op, uint64_t a) {
  auto low = static_cast<uint32_t>(a);
  if (op == 0x45) return bits_of(low == 0);
  if (op == 0x50) return bits_of(a == 0);
  if (op >= 0x67 && op <= 0x69) return count_bits(op - 0x67u, low);
  if (op >= 0x79 && op <= 0x7b) return count_bits(op - 0x79u, a);
  if (op >= 0x8b && op <= 0x91) return bits_of(float_unary(op - 0x8bu, f32(a)));
  if (op >= 0x99 && op <= 0x9f) return bits_of(float_unary(op - 0x99u, f64(a)));
  return convert(op, a);
}

}  // namespace

std::vector<uint64_t> Reference::call(uint32_t func, const std::vector<uint64_t>& args) {
  for (uint64_t arg : args) push(arg);
  call_func(func);
  std::vector<uint64_t> results(stack_.begin(), stack_.end());
  stack_.clear();
  return results;
}

void Reference::call_func(uint32_t func) {
  const FuncType& type = module_.func_type(FuncIdx{func});
  std::span<const uint8_t> body = module_.wire->view(module_.bodies[func].range);
  const uint8_t* p = body.data();
  std::vector<Cell> locals(stack_.end() - type.param_count, stack_.end());
  stack_.resize(stack_.size() - type.param_count);
  for (uint64_t groups = read_unsigned(p); groups > 0; --groups) {
    locals.resize(locals.size() + read_unsigned(p));
    ++p;
  }
  std::swap(locals, locals_);
  auto labels = std::exchange(labels_, {});
  const uint8_t* resume = p_;
  labels_.push_back({false, type.result_count, stack_.size(), p, body.data() + body.size()});
  run(p, type.result_count);
  p_ = resume;
  labels_ = std::move(labels);
  locals_ = std::move(locals);
}

void Reference::run(const uint8_t* begin, size_t results) {
  size_t height = stack_.size() + results;
  for (p_ = begin; !labels_.empty();) {
    uint8_t op = *p_++;
    if (op < 0x20) {
      control(op);
    } else if (op <= 0x22) {
      Cell& local = locals_[read_unsigned(p_)];
      if (op != 0x20) local = stack_.back();
      op == 0x20 ? push(local) : op == 0x21 ? void(pop()) : void();
    } else if (op <= 0x24) {
      Cell& global = globals_[read_unsigned(p_)];
      op == 0x23 ? push(global) : void(global = pop());
    } else if (op >= 0x28 && op <= 0x3e) {
      access(op);
    } else if (op == 0x41) {
      push(static_cast<uint32_t>(read_signed(p_)));
    } else if (op == 0x42) {
      push(static_cast<uint64_t>(read_signed(p_)));
    } else if (op == 0x43) {
      push(read_bits<uint32_t>(p_));
    } else if (op == 0x44) {
      push(read_bits<uint64_t>(p_));
    } else if (op == 0xfc) {
      saturate(static_cast<uint32_t>(read_unsigned(p_)));
    } else if (op == 0xfe) {
      atomic(static_cast<uint32_t>(read_unsigned(p_)));
    } else if (op >= 0xa8 && op <= 0xab) {  // truncations that do not trap
      saturate(op - 0xa8u);
    } else if (op >= 0xae && op <= 0xb1) {
      saturate(op - 0xaeu + 4);
    } else if (op == 0xfd) {
      vector(static_cast<uint32_t>(read_unsigned(p_)));
    } else if (is_binary(op)) {
      uint64_t b = pop(), a = pop();
      push(binary(op, a, b));
    } else {
      push(unary(op, pop()));
    }
  }
  if (stack_.size() != height) unknown(0);
}

void Reference::control(uint8_t opcode) {
  switch (opcode) {
  case 0x01: return;
  case 0x02:
  case 0x03:
  case 0x04: return open(opcode);
  case 0x05:
    p_ = labels_.back().end;
    labels_.pop_back();
    return;  // behind a `then` part
  case 0x0b: labels_.pop_back(); return;
  case 0x0c: return branch(static_cast<uint32_t>(read_unsigned(p_)));
  case 0x0d: {
    auto depth = static_cast<uint32_t>(read_unsigned(p_));
    if (pop() != 0) branch(depth);
    return;
  }
  case 0x0e: return branch_table();
  case 0x0f: return branch(static_cast<uint32_t>(labels_.size() - 1));
  case 0x10: return call_func(static_cast<uint32_t>(read_unsigned(p_)));
  case 0x1a: pop(); return;
  case 0x1b: {
    uint64_t condition = pop();
    Cell second = pop();
    if (condition == 0) stack_.back() = second;
    return;
  }
  default: unknown(opcode);
  }
}

void Reference::open(uint8_t opcode) {
  const uint8_t* first = p_ - 1;
  bool taken = opcode != 0x04 || pop() != 0;
  Signature type = block_signature(p_);
  const Ends& at = ends(p_, first);
  bool is_loop = opcode == 0x03;
  if (!taken && at.otherwise == nullptr) {
    p_ = at.end;
    return;
  }
  labels_.push_back(
      {is_loop, is_loop ? type.params : type.results, stack_.size() - type.params, p_, at.end});
  if (!taken) p_ = at.otherwise;
}

void Reference::branch(uint32_t depth) {
  labels_.resize(labels_.size() - depth);
  Label label = labels_.back();
  stack_.erase(stack_.begin() + static_cast<ptrdiff_t>(label.height),
               stack_.end() - static_cast<ptrdiff_t>(label.arity));
  p_ = label.is_loop ? label.start : label.end;
  if (!label.is_loop) labels_.pop_back();
}

void Reference::branch_table() {
  uint64_t index = pop();
  uint64_t count = read_unsigned(p_);
  uint64_t depth = 0;
  for (uint64_t i = 0; i <= count && i <= index; ++i) depth = read_unsigned(p_);
  branch(static_cast<uint32_t>(depth));
}

Reference::MemoryPlace Reference::read_memory_place(const uint8_t*& p) {
  MemoryPlace place;
  if ((read_unsigned(p) & 0x40) != 0) place.memory = read_unsigned(p);
  place.offset = read_unsigned(p);
  return place;
}

/// So many bytes there, which must be in bounds.
uint8_t* Reference::at(const MemoryPlace& place, uint64_t address, size_t size) {
  address += place.offset;
  if (place.memory >= kMemories || address + size > kMemoryBytes) unknown(0);
  return &memory[place.memory * kMemoryBytes + address];
}

/// Loads and stores.
void Reference::access(uint8_t opcode) {
  const MemoryPlace place = read_memory_place(p_);
  uint64_t value = 0;
  if (opcode >= 0x36) value = pop();
  // Of each instruction from i32.load on: bytes, negative if the sign is extended.
  static constexpr int8_t kBytes[] = {4,  8, 4, 8, -1, 1, -2, 2, -1, 1, -2, 2,
                                      -4, 4, 4, 8, 4,  8, 1,  2, 1,  2, 4};
  int bytes = kBytes[opcode - 0x28];
  auto size = static_cast<size_t>(std::abs(bytes));
  uint8_t* bytes_there = at(place, pop(), size);
  if (opcode >= 0x36) {
    std::memcpy(bytes_there, &value, size);
    return;
  }
  std::memcpy(&value, bytes_there, size);
  auto unused = static_cast<unsigned>(64 - 8 * size);
  if (bytes < 0) value = static_cast<uint64_t>(static_cast<int64_t>(value << unused) >> unused);
  push(opcode == 0x2c || opcode == 0x2e ? static_cast<uint32_t>(value) : value);
}

/// Loads, stores, and what reads and writes at once, at a multiple of the size.
void Reference::atomic(uint32_t opcode) {
  const MemoryPlace place = read_memory_place(p_);
  // Of each family's rows; families from load on: store, add, sub, and, or, xor, xchg, cmpxchg.
  static constexpr uint8_t kBytes[] = {4, 8, 1, 2, 1, 2, 4};
  const uint32_t family = (opcode - 0x10) / 7;
  const size_t size = kBytes[(opcode - 0x10) % 7];
  const uint64_t mask = size == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * size)) - 1;
  uint64_t value = 0, expected = 0, old = 0;
  if (family != 0) value = pop();
  if (family == 8) expected = pop();
  uint8_t* bytes_there = at(place, pop(), size);
  std::memcpy(&old, bytes_there, size);
  const uint64_t results[] = {old,         value,       old + value, old - value, old & value,
                              old | value, old ^ value, value,       value};
  const bool writes = family != 0 && (family != 8 || old == (expected & mask));
  if (writes) std::memcpy(bytes_there, &results[family], size);
  if (family != 1) push(old);
}

/// i64.add128 and its like.
void Reference::wide(uint32_t opcode) {
  __extension__ typedef unsigned __int128 U;
  __extension__ typedef __int128 S;
  const uint64_t d = pop(), c = pop();
  U result;
  if (opcode >= 0x15) {
    result = opcode == 0x16
                 ? U{c} * d
                 : static_cast<U>(S{static_cast<int64_t>(c)} * S{static_cast<int64_t>(d)});
  } else {
    const uint64_t b = pop(), a = pop();
    const U left = U{b} << 64 | a, right = U{d} << 64 | c;
    result = opcode == 0x13 ? left + right : left - right;
  }
  push(static_cast<uint64_t>(result));
  push(static_cast<uint64_t>(result >> 64));
}

void Reference::saturate(uint32_t opcode) {
  if (opcode >= 0x13) return wide(opcode);
  uint64_t a = pop();
  switch (opcode) {
  case 0: return push(static_cast<uint32_t>(saturated<int32_t>(f32(a))));
  case 1: return push(saturated<uint32_t>(f32(a)));
  case 2: return push(static_cast<uint32_t>(saturated<int32_t>(f64(a))));
  case 3: return push(saturated<uint32_t>(f64(a)));
  case 4: return push(static_cast<uint64_t>(saturated<int64_t>(f32(a))));
  case 5: return push(saturated<uint64_t>(f32(a)));
  case 6: return push(static_cast<uint64_t>(saturated<int64_t>(f64(a))));
  case 7: return push(saturated<uint64_t>(f64(a)));
  default: unknown(0xfc00 | opcode);
  }
}

/// Pops two vectors and pushes one: of each pair of lanes, what `function` makes of them.
template <class Lane, class Function>
void Reference::lanewise(Function function) {
  using Lanes = std::array<Lane, 16 / sizeof(Lane)>;
  const Cell second = pop(), first = pop();
  const auto b = std::bit_cast<Lanes>(second), a = std::bit_cast<Lanes>(first);
  Lanes result;
  for (size_t i = 0; i < result.size(); ++i) result[i] = static_cast<Lane>(function(a[i], b[i]));
  push(std::bit_cast<Cell>(result));
}

void Reference::vector(uint32_t opcode) {
  using Bytes = std::array<uint8_t, 16>;
  using Words = std::array<uint32_t, 4>;
  constexpr auto kAdd = [](auto a, auto b) { return a + b; };
  switch (opcode) {
  case 0x0c: {
    const auto low = read_bits<uint64_t>(p_);
    return push({low, read_bits<uint64_t>(p_)});
  }
  case 0x0d: {  // shuffle
    const auto b = std::bit_cast<Bytes>(pop()), a = std::bit_cast<Bytes>(pop());
    Bytes result;
    for (uint8_t& lane : result) {
      const uint8_t from = *p_++;
      lane = from < 16 ? a[from] : b[from - 16u];
    }
    return push(std::bit_cast<Cell>(result));
  }
  case 0x0e: {  // swizzle
    const auto b = std::bit_cast<Bytes>(pop()), a = std::bit_cast<Bytes>(pop());
    Bytes result;
    for (size_t i = 0; i < 16; ++i) result[i] = b[i] < 16 ? a[b[i]] : 0;
    return push(std::bit_cast<Cell>(result));
  }
  case 0x0f: {
    const uint64_t lanes = (pop() & 0xff) * 0x0101'0101'0101'0101u;
    return push({lanes, lanes});
  }
  case 0x11:
  case 0x13: {
    const uint64_t lanes = (pop() & 0xffff'ffff) * 0x1'0000'0001u;
    return push({lanes, lanes});
  }
  case 0x12: {
    const uint64_t lane = pop();
    return push({lane, lane});
  }
  case 0x15:
  case 0x16: {
    const uint8_t lane = std::bit_cast<Bytes>(pop())[*p_++];
    return push(opcode == 0x16 ? lane : static_cast<uint32_t>(static_cast<int8_t>(lane)));
  }
  case 0x1b: return push(std::bit_cast<Words>(pop())[*p_++]);
  case 0x1c: {
    const auto lane = static_cast<uint32_t>(pop());
    auto lanes = std::bit_cast<Words>(pop());
    lanes[*p_++] = lane;
    return push(std::bit_cast<Cell>(lanes));
  }
  case 0x1d: {
    const Cell value = pop();
    return push(*p_++ == 0 ? value.low : value.high);
  }
  case 0x27: return lanewise<int8_t>([](auto a, auto b) { return a > b ? -1 : 0; });
  case 0x4d: {
    const Cell value = pop();
    return push({~value.low, ~value.high});
  }
  case 0x4e: return lanewise<uint64_t>([](auto a, auto b) { return a & b; });
  case 0x4f: return lanewise<uint64_t>([](auto a, auto b) { return a & ~b; });
  case 0x50: return lanewise<uint64_t>([](auto a, auto b) { return a | b; });
  case 0x51: return lanewise<uint64_t>([](auto a, auto b) { return a ^ b; });
  case 0x52: {
    const Cell mask = pop(), b = pop(), a = pop();
    return push(
        {(a.low & mask.low) | (b.low & ~mask.low), (a.high & mask.high) | (b.high & ~mask.high)});
  }
  case 0x53: {
    const Cell value = pop();
    return push(bits_of((value.low | value.high) != 0));
  }
  case 0x63: {
    const auto lanes = std::bit_cast<Bytes>(pop());
    return push(bits_of(std::find(lanes.begin(), lanes.end(), 0) == lanes.end()));
  }
  case 0x64: {
    const auto lanes = std::bit_cast<Bytes>(pop());
    uint64_t mask = 0;
    for (size_t i = 0; i < 16; ++i) mask |= uint64_t{lanes[i]} >> 7 << i;
    return push(mask);
  }
  case 0x6b: {  // i8x16.shl
    const auto count = static_cast<uint32_t>(pop()) % 8;
    auto lanes = std::bit_cast<Bytes>(pop());
    for (uint8_t& lane : lanes) lane = static_cast<uint8_t>(lane << count);
    return push(std::bit_cast<Cell>(lanes));
  }
  case 0x6e: return lanewise<uint8_t>(kAdd);
  case 0x77: return lanewise<uint8_t>([](auto a, auto b) { return std::min(a, b); });
  case 0x95: return lanewise<uint16_t>([](auto a, auto b) { return uint32_t{a} * b; });
  case 0xab:
  case 0xac: {
    const auto count = static_cast<uint32_t>(pop()) % 32;
    auto lanes = std::bit_cast<Words>(pop());
    for (uint32_t& lane : lanes) {
      lane = opcode == 0xab ? lane << count
                            : static_cast<uint32_t>(static_cast<int32_t>(lane) >> count);
    }
    return push(std::bit_cast<Cell>(lanes));
  }
  case 0xae: return lanewise<uint32_t>(kAdd);
  case 0xb1: return lanewise<uint32_t>([](auto a, auto b) { return a - b; });
  case 0xce: return lanewise<uint64_t>(kAdd);
  case 0xd5: return lanewise<uint64_t>([](auto a, auto b) { return a * b; });
  default: return vector_access(opcode);
  }
}

void Reference::vector_access(uint32_t opcode) {
  const MemoryPlace place = read_memory_place(p_);
  Cell vector;
  if (opcode == 0x0b || opcode == 0x56 || opcode == 0x59) vector = pop();
  uint8_t* there = at(place, pop(), 16);
  const auto loaded = [there](auto lane, size_t skip = 0) {
    std::memcpy(&lane, there + skip, sizeof lane);
    return uint64_t{lane};
  };
  switch (opcode) {
  case 0x00: std::memcpy(&vector, there, 16); return push(vector);
  case 0x06: return push({loaded(uint32_t{}), loaded(uint32_t{}, 4)});  // load32x2_u
  case 0x07: vector.low = vector.high = *there * 0x0101'0101'0101'0101u; return push(vector);
  case 0x0b: std::memcpy(there, &vector, 16); return;
  case 0x56: {  // load32_lane
    auto lanes = std::bit_cast<std::array<uint32_t, 4>>(vector);
    std::memcpy(&lanes[*p_++], there, 4);
    return push(std::bit_cast<Cell>(lanes));
  }
  case 0x59: {  // store16_lane
    const auto lanes = std::bit_cast<std::array<uint16_t, 8>>(vector);
    std::memcpy(there, &lanes[*p_++], 2);
    return;
  }
  case 0x5d: return push(loaded(uint64_t{}));
  default: unknown(0xfd00 | opcode);
  }
}

Reference::Signature Reference::block_signature(const uint8_t*& p) const {
  int64_t type = read_signed(p);
  if (type == -64) return {};
  if (type < 0) return {0, 1};
  const FuncType& func = module_.types[static_cast<size_t>(type)].func;
  return {func.param_count, func.result_count};
}

/// Where the parts of a block end whose body begins at `p` and that itself begins at `first`.
const Reference::Ends& Reference::ends(const uint8_t* p, const uint8_t* first) {
  auto [it, is_new] = ends_.try_emplace(first);
  if (!is_new) return it->second;
  for (unsigned depth = 0;; p = skip(p)) {
    if (*p >= 0x02 && *p <= 0x04) ++depth;
    if (*p == 0x05 && depth == 0) it->second.otherwise = p + 1;
    if (*p == 0x0b && depth-- == 0) break;
  }
  it->second.end = p + 1;
  return it->second;
}

/// The instruction behind the one at `p`.
const uint8_t* Reference::skip(const uint8_t* p) const {
  uint8_t op = *p++;
  if (op >= 0x02 && op <= 0x04) {
    block_signature(p);
  } else if (op == 0x0e) {
    for (uint64_t count = read_unsigned(p) + 1; count > 0; --count) read_unsigned(p);
  } else if (op == 0x0c || op == 0x0d || op == 0x10 || (op >= 0x20 && op <= 0x24) || op == 0x41 ||
             op == 0x42 || op == 0xfc) {
    read_unsigned(p);
  } else if (op >= 0x28 && op <= 0x3e) {
    read_memory_place(p);
  } else if (op == 0xfe) {
    read_unsigned(p);
    read_memory_place(p);
  } else if (op == 0x43 || op == 0x44) {
    p += op == 0x43 ? 4 : 8;
  } else if (op == 0xfd) {
    const uint64_t vector_op = read_unsigned(p);
    if (vector_op <= 0x0b || (vector_op >= 0x54 && vector_op <= 0x5d)) {
      read_memory_place(p);
      if (vector_op >= 0x54 && vector_op <= 0x5b) ++p;
    } else if (vector_op == 0x0c || vector_op == 0x0d) {
      p += 16;
    } else if (vector_op >= 0x15 && vector_op <= 0x22) {
      ++p;
    }
  }
  return p;
}

}  // namespace sluice::test

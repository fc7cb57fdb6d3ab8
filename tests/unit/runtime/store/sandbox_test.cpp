// No access leaves its memory: every load and store on every kind of memory, with offsets and
// addresses around each number that the address's way to the processor depends on. What must happen
// is worked out in 128 bits, where nothing wraps.
#include <gtest/gtest.h>

#include "engine/wasm/opcodes.h"
#include "tests/unit/engine/binary/module_bytes.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using test::Bytes, test::cat, test::leb, test::module, test::name, test::section, test::sized;
__extension__ typedef unsigned __int128 Uint128;

constexpr uint64_t kBound = 4 * 65536;  // of the test's engines: a memory can reach it
constexpr uint64_t kTop = ~uint64_t{0};

struct Kind {
  const char* title;
  bool is_64;
  bool has_byte_pages;
  uint32_t index;  // of the memory: those below it are ordinary
};
constexpr Kind kKinds[] = {
    {"32", false, false, 0},
    {"32 second", false, false, 1},
    {"64", true, false, 0},
    {"64 second", true, false, 2},
    {"32 bytes", false, true, 0},
    {"64 bytes", true, true, 0},
    {"32 bytes second", false, true, 1},
    {"64 bytes second", true, true, 1},
};

uint8_t address_type(const Kind& kind) { return kind.is_64 ? 0x7e : 0x7f; }

Bytes signed_leb(uint64_t bits) {
  auto value = static_cast<int64_t>(bits);
  Bytes out;
  for (;;) {
    const auto low = static_cast<uint8_t>(value & 0x7f);
    value >>= 7;
    const bool is_last = (value == 0 && low < 0x40) || (value == -1 && low >= 0x40);
    out.push_back(is_last ? low : low | 0x80);
    if (is_last) return out;
  }
}

Bytes constant(const Kind& kind, uint64_t value) {
  const uint64_t bits =
      kind.is_64
          ? value
          : static_cast<uint64_t>(int64_t{static_cast<int32_t>(static_cast<uint32_t>(value))});
  return cat({{static_cast<uint8_t>(kind.is_64 ? 0x42 : 0x41)}, signed_leb(bits)});
}

/// Memories up to the one of this kind, which has `pages` of its own and may grow.
Bytes memories(const Kind& kind, uint64_t pages) {
  Bytes payload = leb(kind.index + 1);
  for (uint32_t i = 0; i < kind.index; ++i) payload = cat({payload, {0, 1}});
  const auto flags = static_cast<uint8_t>((kind.is_64 ? 4 : 0) | (kind.has_byte_pages ? 8 : 0));
  payload = cat({payload, {flags}, leb(pages)});
  if (kind.has_byte_pages) payload.push_back(0);
  return section(5, payload);
}

Bytes mem_arg(const Kind& kind, uint64_t offset) {
  return cat({{0x40}, leb(kind.index), leb(offset)});
}

/// A module of functions, "f0", "f1" …, each of one of the types.
struct Maker {
  std::vector<Bytes> types;
  std::vector<Bytes> bodies;
  std::vector<uint32_t> type_of;
  void add(uint32_t type, const Bytes& code) {
    type_of.push_back(type);
    bodies.push_back(sized(cat({{0}, code, {0x0b}})));
  }
  Bytes bytes(const Bytes& memory_section) const {
    Bytes type_section = leb(types.size()), funcs = leb(bodies.size()), exports = funcs,
          code = funcs;
    for (const Bytes& type : types) type_section = cat({type_section, type});
    for (size_t i = 0; i < bodies.size(); ++i) {
      funcs.push_back(static_cast<uint8_t>(type_of[i]));
      const Bytes index = leb(i);
      const Bytes title = name("f" + std::to_string(i));
      exports.insert(exports.end(), title.begin(), title.end());
      exports.push_back(0);
      exports.insert(exports.end(), index.begin(), index.end());
      code.insert(code.end(), bodies[i].begin(), bodies[i].end());
    }
    return module({section(1, type_section), section(3, funcs), memory_section, section(7, exports),
                   section(10, code)});
  }
};

struct Access {
  Op op;
  uint32_t bytes;
  Bytes values;  // types of the operands behind the address
  Bytes results;
  bool is_atomic;
  /// The instruction behind its operands.
  Bytes code(const Kind& kind, uint64_t offset) const {
    const OpInfo& info = op_info(op);
    const auto opcode = static_cast<uint8_t>(info.code);
    if (!is_atomic) return cat({{opcode}, mem_arg(kind, offset)});
    const auto flags = static_cast<uint8_t>(0x40 | info.align_log2);
    return cat({{kPrefixAtomic, opcode, flags}, leb(kind.index), leb(offset)});
  }
};

uint8_t type_byte(ValKind kind) {
  switch (kind) {
  case ValKind::I32: return 0x7f;
  case ValKind::I64: return 0x7e;
  case ValKind::F32: return 0x7d;
  default: return 0x7c;
  }
}

/// All loads, stores and atomics but those that would wait.
std::vector<Access> accesses() {
  std::vector<Access> all;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    const OpInfo& info = op_info(op);
    const bool is_atomic = info.category == Category::Atomic;
    if (info.category != Category::Load && info.category != Category::Store && !is_atomic) continue;
    if (op == Op::AtomicFence || op == Op::MemoryAtomicWait32 || op == Op::MemoryAtomicWait64) {
      continue;
    }
    Access access{op, 1u << info.align_log2, {}, {}, is_atomic};
    for (uint32_t v = 1; v < info.sig.param_count; ++v) {
      access.values.push_back(type_byte(info.sig.params[v]));
    }
    if (info.sig.result_count != 0) access.results = {type_byte(info.sig.results[0])};
    all.push_back(access);
  }
  return all;
}

class SandboxTest : public StoreTest {
 protected:
  void SetUp() override {
    EngineConfig config;
    config.memory_mode = GetParam();
    config.workers = 0;
    config.features = Features::all();
    config.memory64_bound_bytes = kBound;
    engine = *Engine::create(config);
    store = std::move(*Store::create(engine));
    linker = std::make_unique<Linker>(engine);
  }

  /// Why the function trapped for its address, or None; any other failure is ours.
  TrapCode trap(Instance& instance, size_t func, const std::vector<Value>& args) {
    const std::string title = "f" + std::to_string(func);
    const Outcome<Value> outcome = call(instance, title.c_str(), args);
    if (outcome) return TrapCode::None;
    EXPECT_TRUE(outcome.error().is_trap()) << outcome.error().message();
    return outcome.error().is_trap() ? outcome.error().trap->code() : TrapCode::Unreachable;
  }
  bool is_outside(Instance& instance, size_t func, const std::vector<Value>& args) {
    const TrapCode code = trap(instance, func, args);
    EXPECT_TRUE(code == TrapCode::None || code == TrapCode::MemoryOutOfBounds);
    return code != TrapCode::None;
  }
};

std::vector<uint64_t> offsets(const Kind& kind) {
  constexpr uint64_t k2 = uint64_t{1} << 31, k4 = uint64_t{1} << 32;
  std::vector<uint64_t> list = {0, 1, 65535, k2 - 17, k2 - 1, k2, k4 - 1};
  if (kind.is_64) {
    list.insert(list.end(),
                {k4, kBound - 1, kBound, uint64_t{1} << 63, kTop - 65536, kTop - 3, kTop});
  }
  return list;
}

std::vector<uint64_t> addresses(const Kind& kind, uint64_t size, uint64_t offset) {
  constexpr uint64_t k2 = uint64_t{1} << 31, k4 = uint64_t{1} << 32;
  std::vector<uint64_t> list;
  for (const uint64_t around :
       {uint64_t{0}, size, k2, k4, kBound, k4 - size, kBound + kGuard64Bytes, uint64_t{1} << 63,
        size - offset, 0 - offset}) {
    for (const uint64_t by : {0u, 1u, 2u, 3u, 4u, 7u, 8u, 9u}) {
      list.push_back(around - by);
      if (by < 2) list.push_back(around + by);
    }
  }
  if (!kind.is_64) {
    for (uint64_t& each : list) each = static_cast<uint32_t>(each);
  }
  return list;
}

Value address_value(const Kind& kind, uint64_t address) {
  return kind.is_64 ? Value::i64(static_cast<int64_t>(address))
                    : Value::i32(static_cast<int32_t>(static_cast<uint32_t>(address)));
}

// One byte too few checked, a sum that wraps, an offset forgotten: each shows here as an access
// that does not trap, or as one that does.
TEST_P(SandboxTest, AnAccessTrapsIfAndOnlyIfItEndsOutside) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(kind.title);
    const uint64_t pages = kind.has_byte_pages ? 65536 + 13 : kind.is_64 ? kBound >> 16 : 2;
    const std::vector<Access> all = accesses();
    Maker maker;
    for (const Access& access : all) {
      const auto params = static_cast<uint8_t>(1 + access.values.size());
      const auto results = static_cast<uint8_t>(access.results.size());
      maker.types.push_back(
          cat({{0x60, params, address_type(kind)}, access.values, {results}, access.results}));
    }
    for (const uint64_t offset : offsets(kind)) {
      for (size_t i = 0; i < all.size(); ++i) {
        Bytes code = {0x20, 0};
        for (uint8_t v = 0; v < all[i].values.size(); ++v) {
          code = cat({code, {0x20, static_cast<uint8_t>(v + 1)}});
        }
        maker.add(static_cast<uint32_t>(i), cat({code, all[i].code(kind, offset)}));
      }
    }
    Instance& instance = instantiate(maker.bytes(memories(kind, pages)));
    const Memory& memory = *instance.memory(MemoryIdx{kind.index});
    const uint64_t size = memory.size_bytes();
    size_t func = 0;
    for (const uint64_t offset : offsets(kind)) {
      for (const Access& access : all) {
        for (const uint64_t address : addresses(kind, size, offset)) {
          const Uint128 at = Uint128{address} + offset;
          const bool is_out = at + access.bytes > size;
          const bool is_unaligned = access.is_atomic && at % access.bytes != 0;
          std::vector<Value> args = {address_value(kind, address)};
          args.resize(1 + access.values.size(), Value::i32(1));
          const TrapCode code = trap(instance, func, args);
          SCOPED_TRACE(std::string(op_info(access.op).mnemonic) + " offset " +
                       std::to_string(offset) + " address " + std::to_string(address));
          if (is_unaligned) {  // which of two reasons comes first is not laid down
            ASSERT_TRUE(code == TrapCode::UnalignedAtomic ||
                        (is_out && code == TrapCode::MemoryOutOfBounds));
          } else {
            ASSERT_EQ(code, is_out ? TrapCode::MemoryOutOfBounds : TrapCode::None);
          }
        }
        ++func;
      }
    }
  }
}

TEST_P(SandboxTest, ConstantAddressesAreCheckedAsVariableOnes) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(kind.title);
    const uint64_t pages = kind.has_byte_pages ? 65536 + 13 : kind.is_64 ? kBound >> 16 : 2;
    const uint64_t size = kind.has_byte_pages ? pages : pages << 16;
    Maker maker;
    maker.types = {{0x60, 0, 1, 0x7e}, {0x60, 0, 0}};
    std::vector<bool> is_out;
    for (const uint64_t offset : offsets(kind)) {
      for (const uint64_t address : addresses(kind, size, offset)) {
        const Bytes at = constant(kind, address);
        maker.add(0, cat({at, {0x29}, mem_arg(kind, offset)}));           // i64.load
        maker.add(1, cat({at, {0x42, 1, 0x3c}, mem_arg(kind, offset)}));  // i64.store8
        maker.add(0, cat({at, {0x31}, mem_arg(kind, offset)}));           // i64.load8_u
        for (const uint32_t bytes : {8u, 1u, 1u}) {
          is_out.push_back(Uint128{address} + offset + bytes > size);
        }
      }
    }
    Instance& instance = instantiate(maker.bytes(memories(kind, pages)));
    for (size_t func = 0; func < is_out.size(); ++func) {
      ASSERT_EQ(is_outside(instance, func, {}), is_out[func]) << "function " << func;
    }
  }
}

TEST_P(SandboxTest, EveryMemoryIsItsOwn) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(kind.title);
    Maker maker;
    maker.types = {{0x60, 1, address_type(kind), 1, 0x7f}};
    maker.add(0, cat({{0x20, 0, 0x2d}, mem_arg(kind, 3)}));
    Instance& instance = instantiate(maker.bytes(memories(kind, kind.has_byte_pages ? 100 : 1)));
    for (uint32_t i = 0; i <= kind.index; ++i) {
      instance.memory(MemoryIdx{i})->base()[10] = static_cast<uint8_t>(40 + i);
    }
    EXPECT_EQ(call_i32(instance, "f0", {address_value(kind, 7)}),
              static_cast<int>(40 + kind.index));
  }
}

// Lengths and starts that wrap, on both sides of a copy between memories of both kinds: the length
// is 64 bits wide only if both are.
TEST_P(SandboxTest, BulkOperationsStayInside) {
  Maker maker;
  maker.types = {{0x60, 3, 0x7e, 0x7f, 0x7e, 0},   // fill: d, value, n
                 {0x60, 3, 0x7e, 0x7e, 0x7e, 0},   // copy 64 from 64
                 {0x60, 3, 0x7e, 0x7f, 0x7f, 0},   // copy 64 from 32
                 {0x60, 3, 0x7f, 0x7e, 0x7f, 0}};  // copy 32 from 64
  const Bytes operands = {0x20, 0, 0x20, 1, 0x20, 2};
  maker.add(0, cat({operands, {0xfc, 11, 1}}));
  maker.add(1, cat({operands, {0xfc, 10, 1, 1}}));
  maker.add(2, cat({operands, {0xfc, 10, 1, 0}}));
  maker.add(3, cat({operands, {0xfc, 10, 0, 1}}));
  Instance& instance = instantiate(maker.bytes(section(5, {{0, 1}, {4, 2}})));
  constexpr uint64_t kSizes[2] = {65536, 2 * 65536};
  const std::vector<uint64_t> numbers = {0,
                                         1,
                                         65535,
                                         65536,
                                         65537,
                                         131'071,
                                         131'072,
                                         131'073,
                                         0xffffffff,
                                         0x1'0000'0000,
                                         uint64_t{1} << 63,
                                         kTop - 1,
                                         kTop};
  auto fits = [](uint64_t start, uint64_t count, uint64_t size) {
    return Uint128{start} + count <= size;
  };
  for (const uint64_t d : numbers) {
    for (const uint64_t s : numbers) {
      for (const uint64_t n : numbers) {
        const uint64_t s32 = static_cast<uint32_t>(s), n32 = static_cast<uint32_t>(n),
                       d32 = static_cast<uint32_t>(d);
        const Value D = Value::i64(static_cast<int64_t>(d)),
                    S = Value::i64(static_cast<int64_t>(s)),
                    N = Value::i64(static_cast<int64_t>(n));
        const Value D32 = Value::i32(static_cast<int32_t>(d32)),
                    S32 = Value::i32(static_cast<int32_t>(s32)),
                    N32 = Value::i32(static_cast<int32_t>(n32));
        ASSERT_EQ(is_outside(instance, 0, {D, S32, N}), !fits(d, n, kSizes[1]));
        ASSERT_EQ(is_outside(instance, 1, {D, S, N}),
                  !fits(d, n, kSizes[1]) || !fits(s, n, kSizes[1]));
        ASSERT_EQ(is_outside(instance, 2, {D, S32, N32}),
                  !fits(d, n32, kSizes[1]) || !fits(s32, n32, kSizes[0]));
        ASSERT_EQ(is_outside(instance, 3, {D32, S, N32}),
                  !fits(d32, n32, kSizes[0]) || !fits(s, n32, kSizes[1]));
      }
    }
  }
}

// (module (memory i64 0)
//   (func "f0" (param i64) (result i64) local.get 0 memory.grow) (func "f1" (result i64)
//   memory.size) (func "f2" (param i64) (result i64) local.get 0 i64.load) (func "f3" (param i64
//   i64) local.get 0 local.get 1 i64.store))
TEST_P(SandboxTest, GrowsBeyondFourGiB) {
  EngineConfig config;
  config.memory_mode = GetParam();
  config.workers = 0;
  linker.reset();
  store.reset();
  engine = *Engine::create(config);
  store = std::move(*Store::create(engine));
  linker = std::make_unique<Linker>(engine);
  Maker maker;
  maker.types = {{0x60, 1, 0x7e, 1, 0x7e}, {0x60, 0, 1, 0x7e}, {0x60, 2, 0x7e, 0x7e, 0}};
  maker.add(0, {0x20, 0, 0x40, 0});
  maker.add(1, {0x3f, 0});
  maker.add(0, {0x20, 0, 0x29, 3, 0});
  maker.add(2, {0x20, 0, 0x20, 1, 0x37, 3, 0});
  Instance& instance = instantiate(maker.bytes(section(5, {{4, 0}})));
  auto grow = [&](uint64_t pages) {
    return static_cast<int64_t>(
        call(instance, "f0", {Value::i64(static_cast<int64_t>(pages))})->as_u64());
  };
  constexpr uint64_t kFourGiB = uint64_t{1} << 32;
  EXPECT_EQ(grow(kTop), -1);
  EXPECT_EQ(grow(uint64_t{1} << 48), -1);
  EXPECT_EQ(grow((engine->memory64_bound_bytes() >> 16) + 1), -1);
  EXPECT_EQ(grow(uint64_t{1} << 32), -1);
  EXPECT_EQ(grow(65534), 0);
  EXPECT_EQ(grow(5), 65534);
  EXPECT_EQ(call(instance, "f1")->as_u64(), 65539u);
  const uint64_t end = kFourGiB + 3 * 65536;
  for (const uint64_t at : {kFourGiB - 16, kFourGiB - 4, kFourGiB + 8, end - 8}) {
    const Value address = Value::i64(static_cast<int64_t>(at));
    EXPECT_EQ(call(instance, "f2", {address})->as_u64(), 0u);
    ASSERT_TRUE(call(instance, "f3", {address, Value::i64(static_cast<int64_t>(at))}));
    EXPECT_EQ(call(instance, "f2", {address})->as_u64(), at);
  }
  // Not the memory's beginning, seen through 32 bits.
  EXPECT_EQ(call(instance, "f2", {Value::i64(0)})->as_u64(), 0u);
  EXPECT_EQ(trap_of(instance, "f2", {Value::i64(static_cast<int64_t>(end - 7))}),
            TrapCode::MemoryOutOfBounds);
}

SLUICE_BOTH_MODES(SandboxTest);

}  // namespace
}  // namespace sluice

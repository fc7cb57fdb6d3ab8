// Vectors in running instances, at each level of instructions and in both memory modes: accesses
// end where the memory does, addresses wrap as i32 before they are used and not after, and values
// of 16 bytes stay whole on the way through calls, globals, tables, the host and the frame.
#include <cstring>

#include "engine/wasm/opcodes.h"
#include "runtime/store/global.h"
#include "tests/unit/jit/baseline/test_module.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using test::Bytes;
using test::Code;
using test::TestModule;

constexpr uint8_t kV = 0x7b;
constexpr uint8_t kI = 0x7f;
constexpr uint64_t kMemoryBytes = 65536;

class SimdTest : public StoreTest {
 protected:
  /// Runs `body` with an engine of each level.
  template <class Body>
  void at_each_level(Body body) {
    for (const CpuLevel level : {CpuLevel::Sse41, CpuLevel::Avx, CpuLevel::Avx2, CpuLevel::Host}) {
      SCOPED_TRACE("level " + std::to_string(static_cast<int>(level)));
      EngineConfig config;
      config.memory_mode = GetParam();
      config.workers = 0;
      config.cpu = level;
      engine = *Engine::create(config);
      store = std::move(*Store::create(engine));
      linker = std::make_unique<Linker>(engine);
      body();
    }
  }
};

Value vector(uint64_t seed) {
  return Value::v128(seed * 0x9e37'79b9'7f4a'7c15u, ~seed * 0xc2b2'ae3d'27d4'eb4fu);
}

// --- Accesses

/// How an access's address comes about; all mean the i32 in local 0 (but one: plus 32).
enum class Address { Local, Sum, Wrapped };

void put_address(Code& code, Address way) {
  switch (way) {
  case Address::Local: code.get(0); return;
  case Address::Sum: code.get(0).i32(32).add(); return;
  case Address::Wrapped:  // an i64 with something in its upper half
    code.get(0).op(0xad).op(0x42);
    test::put_signed(code.bytes, -1ll << 33);
    code.op(0x84).op(0xa7);
    return;
  }
}

/// (func (param i32 v128) (result v128)): the access, with local 1 as its vector, if it wants one.
Bytes access_module(Op op, Address way, uint32_t offset) {
  const OpInfo& info = op_info(op);
  Code code;
  put_address(code, way);
  if (info.sig.param_count == 2) code.get(1);
  code.op(0xfd, info.code).op(0x00);
  test::put_leb(code.bytes, offset);
  if (info.imm == Imm::MemArgLane) code.op(static_cast<uint8_t>(info.lanes - 1));
  if (info.sig.result_count == 0) code.get(1);
  TestModule module;
  module.func(module.type({kI, kV}, {kV}), {}, code);
  return module.bytes();
}

struct Access {
  Op op;
  Address way;
  uint32_t offset;
};

std::vector<Access> all_accesses() {
  std::vector<Access> all;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    if (op_info(op).category != Category::SimdMem) continue;
    for (const Address way : {Address::Local, Address::Sum, Address::Wrapped}) {
      for (const uint32_t offset : {0u, 7u, 0x8000u, 0xffff'ffe0u}) {
        all.push_back({op, way, offset});
      }
    }
  }
  return all;
}

TEST_P(SimdTest, AccessesEndWhereTheMemoryDoes) {
  at_each_level([&] {
    for (const Access& access : all_accesses()) {
      const OpInfo& info = op_info(access.op);
      const uint64_t width = uint64_t{1} << info.align_log2;
      Instance& instance = instantiate(access_module(access.op, access.way, access.offset));
      Memory& memory = *instance.memory(MemoryIdx{0});
      const uint32_t added = access.way == Address::Sum ? 32 : 0;
      const auto run = [&](uint64_t first_byte) {
        const auto address = static_cast<uint32_t>(first_byte - access.offset - added);
        return call(instance, "f0", {Value::i32(static_cast<int32_t>(address)), vector(3)});
      };
      std::vector<uint8_t> before(kMemoryBytes);
      for (size_t i = 0; i < before.size(); ++i) before[i] = static_cast<uint8_t>(i * 7 + 1);
      std::memcpy(memory.base(), before.data(), before.size());
      SCOPED_TRACE(std::string(info.mnemonic) + ", address " +
                   std::to_string(static_cast<int>(access.way)) + ", offset " +
                   std::to_string(access.offset));
      // An offset beyond the memory is never reached, however the address comes about.
      if (access.offset < kMemoryBytes) {
        EXPECT_TRUE(run(kMemoryBytes - width)) << "the last bytes";
        std::memcpy(memory.base(), before.data(), before.size());
        // The sum that is the address wraps, and the access is where it says.
        if (access.way == Address::Sum) {
          EXPECT_TRUE(call(instance, "f0", {Value::i32(-32), vector(3)}));
          std::memcpy(memory.base(), before.data(), before.size());
        }
        for (uint64_t beyond = 1; beyond <= width; ++beyond) {
          const auto result = run(kMemoryBytes - width + beyond);
          ASSERT_FALSE(result) << beyond;
          EXPECT_EQ(result.error().trap->code(), TrapCode::MemoryOutOfBounds);
        }
      }
      // Address and offset do not wrap together.
      for (const uint32_t address : {0xffff'fff0u, 0xffff'ffffu, 0x20u, 0x10000u}) {
        if (uint64_t{address} + access.offset + width <= kMemoryBytes) continue;
        const auto operand = static_cast<int32_t>(address - added);
        EXPECT_FALSE(call(instance, "f0", {Value::i32(operand), vector(3)})) << address;
      }
      EXPECT_EQ(std::memcmp(memory.base(), before.data(), before.size()), 0)
          << "a store that trapped has written";
    }
  });
}

// What an operand that is a memory access would read too much of: constants and spilled values.
TEST_P(SimdTest, StoresOfLanesWriteTheirBytesOnly) {
  at_each_level([&] {
    for (uint32_t i = 0; i < kOpCount; ++i) {
      const auto op = static_cast<Op>(i);
      const OpInfo& info = op_info(op);
      if (info.category != Category::SimdMem || info.sig.result_count != 0) continue;
      const size_t width = size_t{1} << info.align_log2;
      Instance& instance = instantiate(access_module(op, Address::Local, 0));
      uint8_t* base = instance.memory(MemoryIdx{0})->base();
      std::memset(base, 0x55, 64);
      ASSERT_TRUE(call(instance, "f0", {Value::i32(16), vector(9)}));
      uint8_t expected[64];
      std::memset(expected, 0x55, sizeof expected);
      uint8_t lanes[16];
      const Value value = vector(9);
      std::memcpy(lanes, value.bits, sizeof lanes);
      std::memcpy(expected + 16, lanes + 16 - width, width);  // access_module takes the last lane
      EXPECT_EQ(std::memcmp(base, expected, sizeof expected), 0) << info.mnemonic;
    }
  });
}

// --- Values

constexpr uint32_t kParams = 20;
constexpr uint32_t kResults = 12;

TEST_P(SimdTest, ManyVectorsArePassedAndReturnedWhole) {
  at_each_level([&] {
    TestModule module;
    const uint32_t type = module.type(Bytes(kParams, kV), Bytes(kResults, kV));
    Code callee;
    for (uint32_t i = 0; i < kResults; ++i) callee.get(kParams - 1 - i);
    module.func(type, {}, callee);
    // Everything is passed on, with more vectors waiting than there are registers.
    Code caller;
    for (uint32_t i = 0; i < kParams; ++i) caller.get(i);
    for (uint32_t i = 0; i < kParams; ++i) caller.get(i);
    caller.call(0);
    for (uint32_t i = kResults; i > 0; --i) caller.set(i - 1);
    for (uint32_t i = 0; i < kParams; ++i) caller.drop();
    for (uint32_t i = 0; i < kResults; ++i) caller.get(i);
    module.func(type, {}, caller);
    Instance& instance = instantiate(module.bytes());
    std::vector<Value> args;
    for (uint64_t i = 0; i < kParams; ++i) args.push_back(vector(i + 1));
    for (const char* name : {"f0", "f1"}) {
      std::vector<Value> results(kResults);
      ASSERT_TRUE(instance.exported_func(name)->call(args, results));
      for (uint32_t i = 0; i < kResults; ++i) {
        EXPECT_EQ(results[i].bits[0], args[kParams - 1 - i].bits[0]) << name << " " << i;
        EXPECT_EQ(results[i].bits[1], args[kParams - 1 - i].bits[1]) << name << " " << i;
      }
    }
  });
}

// Scalars and vectors spilled to the same positions, one after the other and mixed: no slot of one
// is part of a slot of the other.
TEST_P(SimdTest, SpilledVectorsHaveSixteenBytesOfTheirOwn) {
  at_each_level([&] {
    TestModule module;
    const uint32_t none = module.type({}, {});
    module.func(none, {}, Code());
    // i32s wait below a call at the positions where vectors wait below the next one, and then both.
    Code code;
    for (int i = 0; i < 4; ++i) code.get(0).i32(i).add();
    code.call(0).add().add().add().set(0);  // 4 * local 0 + 6
    for (uint32_t i = 0; i < 6; ++i) {
      code.get(1).get(2).op(0xfd, 0xae);  // i32x4.add: not the locals themselves
      code.get(0).i32(1).add();
    }
    code.call(0);
    for (uint32_t i = 0; i < 6; ++i) {
      code.get(0).op(0x6a).set(0);
      code.get(3).op(0xfd, 0xae).set(3);
    }
    code.get(3).get(0).op(0xfd, 0x11).op(0xfd, 0xae);  // + i32x4.splat
    module.func(module.type({kI, kV, kV}, {kV}), {{1, kV}}, code);
    Instance& instance = instantiate(module.bytes());
    const Value a = vector(1), b = vector(2);
    const Outcome<Value> result = call(instance, "f1", {Value::i32(5), a, b});
    ASSERT_TRUE(result);
    // Local 0 is 26, then six times 27 are added to it; local 3 is six times the sum.
    uint32_t lanes_a[4], lanes_b[4], lanes[4];
    std::memcpy(lanes_a, a.bits, 16);
    std::memcpy(lanes_b, b.bits, 16);
    std::memcpy(lanes, result->bits, 16);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(lanes[i], 6 * (lanes_a[i] + lanes_b[i]) + 188) << i;
  });
}

// More vectors wait than there are registers, so that the constant's place is the local's home.
TEST_P(SimdTest, AConstantGoesToALocalWithoutARegister) {
  at_each_level([&] {
    TestModule module;
    Code code;
    for (int i = 0; i < 20; ++i) code.get(0).get(0).op(0xfd, 0xae);
    code.op(0xfd, 0x0c);
    for (uint8_t byte = 1; byte <= 16; ++byte) code.op(byte);
    code.set(1);
    for (int i = 0; i < 20; ++i) code.drop();
    code.get(1);
    module.func(module.type({kV}, {kV}), {{1, kV}}, code);
    const Outcome<Value> result = call(instantiate(module.bytes()), "f0", {vector(1)});
    ASSERT_TRUE(result);
    EXPECT_EQ(result->bits[0], 0x0807'0605'0403'0201u);
    EXPECT_EQ(result->bits[1], 0x100f'0e0d'0c0b'0a09u);
  });
}

}  // namespace

SLUICE_BOTH_MODES(SimdTest);

}  // namespace sluice

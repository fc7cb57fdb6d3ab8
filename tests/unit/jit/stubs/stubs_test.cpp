// Calls across the boundary without traps: arguments and results of all shapes, registers,
// floating- point modes, nesting, and what a host function sees of its caller.
#include <cfenv>
#include <gtest/gtest.h>
#include <xmmintrin.h>

#include "jit/abi/call_conv.h"
#include "jit/abi/trap_codes.h"
#include "tests/support/fake_stack.h"
#include "tests/support/stub_world.h"

namespace sluice {
namespace {

namespace x86 = asmjit::x86;
using test::Cell;
using test::is_pattern;
using test::mixed_types;
using test::OwnedType;
using test::pattern;
using test::StubWorld;

int g_slow_limits = 0;
uintptr_t g_entry_seen = 0;         // at the last of them
bool g_asks_for_interrupt = false;  // another thread does, meanwhile

uintptr_t counted_stack_limit(StoreContext* context, uintptr_t rsp) {
  ++g_slow_limits;
  g_entry_seen = context->entry_rsp;
  if (g_asks_for_interrupt) context->interrupt_requested = kInterruptRequest;
  return test::fake_stack_limit(context, rsp);
}

struct Stubs : ::testing::Test {
  Stubs() : world(test::fake_environment(&counted_stack_limit)) { test::t_stack = ThreadStack(); }
  StubWorld world;
};

TEST_F(Stubs, ArrayEntryPassesEachType) {
  const OwnedType type({kI32, kI64, kF32, kF64, kExternRef, kFuncRef}, {kI64, kF64});
  // result 0: i32 + i64 + externref + funcref; result 1: f32 + f64
  const void* code = world.framed([](x86::Assembler& a) {
    a.add(x86::rax, x86::rcx);
    a.add(x86::rax, x86::rdx);
    a.add(x86::rax, x86::rsi);
    a.cvtss2sd(x86::xmm0, x86::xmm0);
    a.addsd(x86::xmm0, x86::xmm1);
  });
  Cell cells[6] = {};
  cells[0].low = 0xdeadbeef00000005;  // upper halves do not count
  cells[1].low = 0x100000000;
  const float f = 1.5f;
  std::memcpy(&cells[2].low, &f, sizeof f);
  const double d = 0.25;
  std::memcpy(&cells[3].low, &d, sizeof d);
  cells[4].low = 0xffffffff00000010;
  cells[5].low = 0x200000000;
  ASSERT_EQ(world.call(type, code, cells), 0u);
  EXPECT_EQ(cells[0].low, 0x300000015u);
  double sum;
  std::memcpy(&sum, &cells[1].low, sizeof sum);
  EXPECT_EQ(sum, 1.75);
}

TEST_F(Stubs, ArrayEntryZeroExtendsResults) {
  const OwnedType type({}, {kI32, kF32});
  const void* code = world.framed([](x86::Assembler& a) {
    a.mov(x86::eax, 0xffffffff);
    a.movd(x86::xmm0, x86::eax);
  });
  Cell cells[2] = {{~uint64_t{0}, 0}, {~uint64_t{0}, 0}};
  ASSERT_EQ(world.call(type, code, cells), 0u);
  EXPECT_EQ(cells[0].low, 0xffffffffu);
  EXPECT_EQ(cells[1].low, 0xffffffffu);
}

struct Identity {
  std::vector<ValType> types;
  uint32_t calls = 0;
  uint32_t wrong = 0;
};

uint32_t check_and_advance(void* env, InstanceData*, void* raw_cells) {
  Identity& id = *static_cast<Identity*>(env);
  Cell* cells = static_cast<Cell*>(raw_cells);
  ++id.calls;
  for (uint32_t i = 0; i < id.types.size(); ++i) {
    if (!is_pattern(cells[i], i, id.types[i])) ++id.wrong;
    cells[i] = pattern(i + 1, id.types[i]);
  }
  return 0;
}

TEST_F(Stubs, ThousandParametersAndResultsReachTheHostAndComeBack) {
  for (const uint32_t count : {0u, 1u, 5u, 14u, 15u, 40u, 1000u}) {
    Identity id{mixed_types(count)};
    const OwnedType type(id.types, id.types);
    auto host = world.host(&check_and_advance, &id);
    std::vector<Cell> cells(count + 1);
    cells[count] = {77, 88};
    for (uint32_t i = 0; i < count; ++i) cells[i] = pattern(i, id.types[i]);
    ASSERT_EQ(world.call(type, world.array_shim(type), cells.data(), host.get()), 0u);
    EXPECT_EQ(id.calls, 1u);
    EXPECT_EQ(id.wrong, 0u);
    for (uint32_t i = 0; i < count; ++i) {
      ASSERT_TRUE(is_pattern(cells[i], i + 1, id.types[i])) << i;
    }
    EXPECT_EQ(cells[count].low, 77u);
    EXPECT_EQ(world.context.entry_rsp, 0u);
  }
}

// The same through a Wasm function between entry and shim: its caller's slots survive.
TEST_F(Stubs, WasmCodeKeepsItsStackAcrossHostCalls) {
  Identity id{mixed_types(40)};
  const OwnedType type(id.types, id.types);
  auto host = world.host(&check_and_advance, &id);
  const void* shim = world.array_shim(type);
  const uint32_t params = stack_area_bytes(type.get().params());
  const void* code = world.framed(
      [&](x86::Assembler& a) {
        // Reserve the results, push the parameters again, call, copy the results.
        a.sub(x86::rsp, 2 * params);
        for (uint32_t i = 0; i < params; i += 8) {
          a.mov(x86::r9, x86::ptr(x86::rbp, static_cast<int32_t>(16 + i)));
          a.mov(x86::ptr(x86::rsp, static_cast<int32_t>(i)), x86::r9);
        }
        a.mov(x86::r14, reinterpret_cast<uint64_t>(host.get()));
        a.mov(x86::r11, reinterpret_cast<uint64_t>(shim));
        a.call(x86::r11);
        for (uint32_t i = 0; i < params; i += 8) {
          a.mov(x86::r9, x86::ptr(x86::rsp, static_cast<int32_t>(i)));
          a.mov(x86::ptr(x86::rbp, static_cast<int32_t>(16 + params + i)), x86::r9);
        }
        a.mov(x86::r14, x86::ptr(x86::rbp, -8));
      },
      params);
  std::vector<Cell> cells;
  for (uint32_t i = 0; i < 40; ++i) cells.push_back(pattern(i, id.types[i]));
  ASSERT_EQ(world.call(type, code, cells.data()), 0u);
  EXPECT_EQ(id.wrong, 0u);
  for (uint32_t i = 0; i < 40; ++i) EXPECT_EQ(cells[i].low, pattern(i + 1, id.types[i]).low) << i;
}

TypedResult<uint64_t> weigh(void* env, InstanceData*, uint32_t a, uint64_t b, double c, uint32_t d,
                            uint64_t e, float f, uint32_t g, uint64_t h, uint64_t i, uint32_t j) {
  return {static_cast<uint64_t>(a) * 1 + b * 2 + static_cast<uint64_t>(c) * 3 + d * 4u + e * 5 +
              static_cast<uint64_t>(f) * 6 + uint64_t{g} * 7 + h * 8 + i * 9 + uint64_t{j} * 10 +
              *static_cast<uint64_t*>(env),
          0};
}

TEST_F(Stubs, TypedEntryAndShimPassRegistersAndStack) {
  const OwnedType type({kI32, kI64, kF64, kI32, kI64, kF32, kI32, kI64, kI64, kI32}, {kI64});
  ASSERT_TRUE(has_typed_form(type.get()));
  uint64_t base = 1000000;
  auto host = world.host(&weigh, &base);
  const void* shim = world.typed_shim(type);
  auto* entry = world.typed_entry<TypedResult<uint64_t>(
      InstanceData*, const void*, uint32_t, uint64_t, double, uint32_t, uint64_t, float, uint32_t,
      uint64_t, uint64_t, uint32_t)>(type);
  const auto result = entry(host.get(), shim, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  EXPECT_EQ(result.trap, 0u);
  EXPECT_EQ(result.value, 1000000u + 1 + 4 + 9 + 16 + 25 + 36 + 49 + 64 + 81 + 100);
}

double sum_floats(void*, InstanceData*, double a, float b, double c, double d, double e, double f,
                  double g, double h, double i, float j, double k) {
  return a + 2 * static_cast<double>(b) + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i +
         10 * static_cast<double>(j) + 11 * k;
}
TypedResult<double> sum_floats_typed(void* env, InstanceData* caller, double a, float b, double c,
                                     double d, double e, double f, double g, double h, double i,
                                     float j, double k) {
  return {sum_floats(env, caller, a, b, c, d, e, f, g, h, i, j, k), 0};
}

TEST_F(Stubs, TypedFloatsBeyondTheRegisters) {
  const OwnedType type({kF64, kF32, kF64, kF64, kF64, kF64, kF64, kF64, kF64, kF32, kF64}, {kF64});
  auto host = world.host(&sum_floats_typed);
  auto* entry = world.typed_entry<TypedResult<double>(InstanceData*, const void*, double, float,
                                                      double, double, double, double, double,
                                                      double, double, float, double)>(type);
  const auto result = entry(host.get(), world.typed_shim(type), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  EXPECT_EQ(result.trap, 0u);
  EXPECT_EQ(result.value, 1.0 + 4 + 9 + 16 + 25 + 36 + 49 + 64 + 81 + 100 + 121);
}

// The C ABI leaves the upper halves of 32-bit values undefined, Wasm code needs them zero.
TEST_F(Stubs, TypedFormsZeroExtend) {
  const OwnedType type({kI32, kI32, kI32, kI32, kI32}, {kI64});
  const void* code = world.framed([](x86::Assembler& a) {
    a.or_(x86::rax, x86::rcx);
    a.or_(x86::rax, x86::rdx);
    a.or_(x86::rax, x86::rsi);
    a.or_(x86::rax, x86::rdi);
  });
  // Declared with 64-bit parameters, so that garbage arrives above the 32 bits.
  auto* entry = world.typed_entry<TypedResult<uint64_t>(
      InstanceData*, const void*, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)>(type);
  const auto result = entry(&world.instance, code, 0xffff00000001, 0xffff00000002, 0xffff00000004,
                            0xffff00000008, 0xffff00000010);
  EXPECT_EQ(result.value, 0x1fu);

  const OwnedType back({}, {kI32});
  auto host = world.host(
      +[](void*, InstanceData*) -> TypedResult<uint64_t> { return {0xaaaaaaaa00000007, 0}; });
  auto* call = world.typed_entry<TypedResult<uint64_t>(InstanceData*, const void*)>(back);
  EXPECT_EQ(call(host.get(), world.typed_shim(back)).value, 7u);
}

TEST_F(Stubs, TypedFormsExistWhereDocumented) {
  EXPECT_TRUE(has_typed_form(OwnedType({}, {}).get()));
  EXPECT_TRUE(has_typed_form(OwnedType(std::vector<ValType>(32, kI32), {kF32}).get()));
  EXPECT_FALSE(has_typed_form(OwnedType(std::vector<ValType>(33, kI32), {}).get()));
  EXPECT_FALSE(has_typed_form(OwnedType({}, {kI32, kI32}).get()));
  EXPECT_FALSE(has_typed_form(OwnedType({kV128}, {}).get()));
  EXPECT_FALSE(has_typed_form(OwnedType({}, {kV128}).get()));
}

TEST_F(Stubs, CalleeSavedRegistersSurvive) {
  // Wasm code may use all but rbx, r14, rbp, rsp as it likes.
  const void* code = world.framed([](x86::Assembler& a) {
    for (const x86::Gp& r : {x86::r12, x86::r13, x86::r15}) a.mov(r, 0x5555);
  });
  const OwnedType type({}, {});
  const ArrayEntry entry = world.array_entry(type);
  const FuncImport target{code, &world.instance};
  StubAssembler stub;
  x86::Assembler& a = stub.assembler;
  const x86::Gp saved[] = {x86::rbx, x86::rbp, x86::r12, x86::r13, x86::r14, x86::r15};
  for (const x86::Gp& r : saved) a.push(r);
  a.sub(x86::rsp, 8);
  uint32_t value = 100;
  for (const x86::Gp& r : saved) a.mov(r, value++);
  a.mov(x86::rdi, reinterpret_cast<uint64_t>(&target));
  a.mov(x86::rax, reinterpret_cast<uint64_t>(entry));
  a.call(x86::rax);
  value = 100;
  for (const x86::Gp& r : saved) {
    a.sub(r, value++);
    a.or_(x86::rax, r);
  }
  a.add(x86::rsp, 8);
  for (size_t i = std::size(saved); i-- > 0;) a.pop(saved[i]);
  a.ret();
  const Vector<uint8_t> bytes = stub.finish();
  const uint32_t offset = test::must(world.memory->add_stub(bytes, StubKind::Entry));
  EXPECT_EQ(reinterpret_cast<uint64_t (*)()>(world.memory->base() + offset)(), 0u);
}

struct Modes {
  explicit Modes(uint32_t modes) : before(_mm_getcsr()) { _mm_setcsr(modes); }
  ~Modes() { _mm_setcsr(before); }
  uint32_t before;
};

uint32_t modes_now(void* env, InstanceData*, void*) {
  *static_cast<uint32_t*>(env) = _mm_getcsr();
  _mm_setcsr(0x1f80);  // a host function that meddles
  return 0;
}

TEST_F(Stubs, FloatingPointModesAreEachSidesOwn) {
  const OwnedType none({}, {});
  const OwnedType type({}, {kI32, kI32});
  uint32_t host_saw = 0;
  auto host = world.host(&modes_now, &host_saw);
  const void* shim = world.array_shim(none);
  // Results: Wasm's modes before and after a host call.
  const void* code = world.framed([&](x86::Assembler& a) {
    a.push(x86::rax);
    a.stmxcsr(x86::dword_ptr(x86::rsp));
    a.push(x86::rax);
    a.mov(x86::r14, reinterpret_cast<uint64_t>(host.get()));
    a.mov(x86::r11, reinterpret_cast<uint64_t>(shim));
    a.call(x86::r11);
    a.stmxcsr(x86::dword_ptr(x86::rsp));
    a.mov(x86::ecx, x86::dword_ptr(x86::rsp));
    a.mov(x86::eax, x86::dword_ptr(x86::rsp, 8));
    a.mov(x86::r14, x86::ptr(x86::rbp, -8));
  });
  // Wasm's own, both kinds of flushing and each alone, each rounding, sticky flags. (Unmasked
  // exceptions are the signal handler's.)
  for (const uint32_t modes :
       {0x1f80u, 0x9fc0u, 0x9f80u, 0x1fc0u, 0x3f80u, 0x5f80u, 0x7f80u, 0xffc0u, 0x1fbfu}) {
    Cell cells[2] = {};
    uint32_t after = 0;
    {
      const Modes host_modes(modes);
      ASSERT_EQ(world.call(type, code, cells), 0u);
      after = _mm_getcsr();
    }
    EXPECT_EQ(after & 0xffc0, modes & 0xffc0);
    EXPECT_EQ(host_saw & 0xffc0, modes & 0xffc0);
    EXPECT_EQ(cells[0].low & 0xffc0, 0x1f80u);
    EXPECT_EQ(cells[1].low & 0xffc0, 0x1f80u);
  }
}

struct Nest {
  StubWorld* world;
  const OwnedType* type;
  const void* code;
  uint32_t depth = 0;
  std::vector<uintptr_t> limits{};
  std::vector<InstanceData*> callers{};
};

uint32_t call_back_in(void* env, InstanceData* caller, void*) {
  Nest& nest = *static_cast<Nest*>(env);
  nest.callers.push_back(caller);
  nest.limits.push_back(nest.world->context.stack_limit);
  if (nest.depth-- == 0) return 0;
  const StoreContext before = nest.world->context;
  if (nest.world->call(*nest.type, nest.code, nullptr) != 0) return 1;
  if (nest.world->context.entry_rsp != before.entry_rsp) return 2;
  if (nest.world->context.stack_limit != before.stack_limit) return 3;
  return 0;
}

TEST_F(Stubs, EntriesNestAndShareOneStackLimit) {
  const OwnedType type({}, {});
  Nest nest{&world, &type, nullptr};
  nest.depth = 10;
  auto host = world.host(&call_back_in, &nest);
  const void* shim = world.array_shim(type);
  nest.code = world.framed([&](x86::Assembler& a) {
    a.mov(x86::r14, reinterpret_cast<uint64_t>(host.get()));
    a.mov(x86::r11, reinterpret_cast<uint64_t>(shim));
    a.call(x86::r11);
    a.mov(x86::r14, x86::ptr(x86::rbp, -8));
  });
  g_slow_limits = 0;
  ASSERT_EQ(world.call(type, nest.code, nullptr), 0u);
  EXPECT_EQ(g_slow_limits, 1);  // the thread's first entry
  ASSERT_EQ(nest.limits.size(), 11u);
  for (const uintptr_t limit : nest.limits) EXPECT_EQ(limit, nest.limits[0]);
  for (InstanceData* caller : nest.callers) EXPECT_EQ(caller, &world.instance);
  // Straight from the host there is no calling instance.
  nest.depth = 0;
  ASSERT_EQ(world.call(type, shim, nullptr, host.get()), 0u);
  EXPECT_EQ(nest.callers.back(), nullptr);
  EXPECT_EQ(world.context.entry_rsp, 0u);
}

TEST_F(Stubs, FirstEntryOfAThreadKeepsArguments) {
  const OwnedType type({kI64, kI64, kI64, kI64, kF64, kF64, kF64, kF64, kF64, kF64, kF64, kF64},
                       {kF64});
  const void* code = world.framed([](x86::Assembler& a) {
    a.add(x86::rax, x86::rcx);
    a.add(x86::rax, x86::rdx);
    a.add(x86::rax, x86::rsi);
    for (uint32_t i = 1; i < 8; ++i) a.addsd(x86::xmm0, x86::xmm(i));
    a.cvtsi2sd(x86::xmm1, x86::rax);
    a.addsd(x86::xmm0, x86::xmm1);
  });
  auto* entry = world.typed_entry<TypedResult<double>(
      InstanceData*, const void*, int64_t, int64_t, int64_t, int64_t, double, double, double,
      double, double, double, double, double)>(type);
  g_slow_limits = 0;
  EXPECT_EQ(entry(&world.instance, code, 1, 2, 3, 4, .5, 1, 2, 4, 8, 16, 32, 64).value, 137.5);
  EXPECT_EQ(g_slow_limits, 1);
  EXPECT_EQ(entry(&world.instance, code, 1, 2, 3, 4, .5, 1, 2, 4, 8, 16, 32, 64).value, 137.5);
  EXPECT_EQ(g_slow_limits, 1);
}

TEST_F(Stubs, FailuresOfTheEntryItselfAreResults) {
  const OwnedType plain({}, {});
  const void* code = world.framed([](x86::Assembler&) {});
  world.context.max_wasm_stack_bytes = 0;  // the test's helper then refuses
  EXPECT_EQ(world.call(plain, code, nullptr), static_cast<uint64_t>(TrapCode::OutOfMemory));
  EXPECT_EQ(world.context.entry_rsp, 0u);
  // An argument area that does not fit.
  const OwnedType large(std::vector<ValType>(1000, kV128), {});
  world.context.max_wasm_stack_bytes = 8000;
  std::vector<Cell> cells(1000);
  EXPECT_EQ(world.call(large, code, cells.data()), static_cast<uint64_t>(TrapCode::StackExhausted));
  EXPECT_EQ(world.context.entry_rsp, 0u);
  EXPECT_EQ(world.context.trap.code, 0u);
}

TEST_F(Stubs, AnInterruptIsSeenHoweverLateInTheEntryItIsAskedFor) {
  const OwnedType plain({}, {});
  bool ran = false;
  const void* code = world.framed([&](x86::Assembler& a) {
    a.mov(x86::rax, reinterpret_cast<uint64_t>(&ran));
    a.mov(x86::byte_ptr(x86::rax), 1);
  });
  g_asks_for_interrupt = true;
  EXPECT_EQ(world.call(plain, code, nullptr), static_cast<uint64_t>(TrapCode::Interrupted));
  g_asks_for_interrupt = false;
  EXPECT_NE(g_entry_seen, 0u);  // who asks, asks again as long as somebody is there
  EXPECT_FALSE(ran);
  EXPECT_EQ(world.context.interrupt_requested, 0u);
  EXPECT_EQ(world.context.entry_rsp, 0u);
  EXPECT_EQ(world.call(plain, code, nullptr), 0u);
  EXPECT_TRUE(ran);
  // Asked for before: the plain way sees it too.
  ran = false;
  world.context.interrupt_requested = kInterruptRequest;
  EXPECT_EQ(world.call(plain, code, nullptr), static_cast<uint64_t>(TrapCode::Interrupted));
  EXPECT_FALSE(ran);
  EXPECT_EQ(world.context.entry_rsp, 0u);
}

BuiltinResult subtract(InstanceData* instance, uint64_t a, uint64_t b) {
  const uintptr_t misaligned = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) & 15;
  return {a - b + misaligned + (instance->context == nullptr ? 1000u : 0u), 0};
}

TEST_F(Stubs, BuiltinTrampolineAlignsAndKeepsPinnedRegisters) {
  world.builtins[static_cast<uint32_t>(Builtin::TableGet)] =
      reinterpret_cast<const void*>(&subtract);
  for (const int32_t extra : {0, 8}) {
    const OwnedType type({kI64, kI64}, {kI64, kI64});
    const void* code = world.framed([&](x86::Assembler& a) {
      if (extra != 0) a.sub(x86::rsp, extra);
      a.mov(x86::rdi, x86::r14);
      a.mov(x86::rsi, x86::rax);
      a.mov(x86::rdx, x86::rcx);
      a.mov(x86::eax, static_cast<uint32_t>(Builtin::TableGet));
      a.call(x86::ptr(x86::r14, static_cast<int32_t>(offsetof(InstanceData, builtin_trampoline))));
      // The pinned registers still say the same.
      a.mov(x86::rcx, x86::ptr(x86::r14, offsetof(InstanceData, memory0_base)));
      a.sub(x86::rcx, x86::rbx);
    });
    Cell cells[2] = {{50, 0}, {8, 0}};
    ASSERT_EQ(world.call(type, code, cells), 0u);
    EXPECT_EQ(cells[0].low, 42u);
    EXPECT_EQ(cells[1].low, 0u);
  }
}

}  // namespace
}  // namespace sluice

// The lazy stub: every argument reaches the function as it left the caller, every result comes
// back, and the compiler is told which function it was. (How failures trap is tested end to end, in
// tests/unit/runtime/store/lazy_test.cpp.)
#include <gtest/gtest.h>

#include "jit/stubs/lazy_compile.h"
#include "tests/support/fake_stack.h"
#include "tests/support/stub_world.h"

namespace sluice {
namespace {

using test::Cell;
using test::fake_environment;
using test::is_pattern;
using test::mixed_types;
using test::must;
using test::OwnedType;
using test::pattern;
using test::StubWorld;
using test::t_stack;

struct Callee {
  std::vector<ValType> types;
  const void* code = nullptr;
  uint64_t slot_end = 0;  // what the stub passed
  uint32_t compiled = 0;
  uint32_t calls = 0;
  uint32_t wrong = 0;
};

/// The compiler: gives the callee's code, and leaves nothing in any register that C may change.
BuiltinResult compile(InstanceData* data, uint64_t slot_end) {
  Callee& callee = *static_cast<Callee*>(data->host_env);
  callee.slot_end = slot_end;
  ++callee.compiled;
  asm volatile("xor %%eax, %%eax\n not %%rax\n mov %%rax, %%rcx\n mov %%rax, %%rdx\n"
               "mov %%rax, %%rsi\n mov %%rax, %%rdi\n mov %%rax, %%r8\n mov %%rax, %%r9\n"
               "mov %%rax, %%r10\n mov %%rax, %%r11\n"
               "pcmpeqd %%xmm0, %%xmm0\n pcmpeqd %%xmm1, %%xmm1\n pcmpeqd %%xmm2, %%xmm2\n"
               "pcmpeqd %%xmm3, %%xmm3\n pcmpeqd %%xmm4, %%xmm4\n pcmpeqd %%xmm5, %%xmm5\n"
               "pcmpeqd %%xmm6, %%xmm6\n pcmpeqd %%xmm7, %%xmm7\n pcmpeqd %%xmm15, %%xmm15\n"
               :
               :
               : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0", "xmm1",
                 "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm15", "cc");
  return {reinterpret_cast<uintptr_t>(callee.code), 0};
}

uint32_t check_and_advance(void* env, InstanceData*, void* raw_cells) {
  Callee& callee = *static_cast<Callee*>(env);
  Cell* cells = static_cast<Cell*>(raw_cells);
  ++callee.calls;
  for (uint32_t i = 0; i < callee.types.size(); ++i) {
    if (!is_pattern(cells[i], i, callee.types[i])) ++callee.wrong;
    cells[i] = pattern(i + 1, callee.types[i]);
  }
  return 0;
}

TEST(LazyStub, ArgumentsAndResultsOfEveryKindAndPlace) {
  StubWorld world(fake_environment());
  t_stack = ThreadStack();
  ASSERT_TRUE(add_lazy_stub(*world.memory));
  constexpr uint32_t kImported = 3;
  const auto lazy = must(ModuleCode::create(world.memory, kImported, 100, EmptySlot::Compiles));
  world.builtins[static_cast<uint32_t>(Builtin::CompileFunc)] =
      reinterpret_cast<const void*>(&compile);
  uint32_t func = kImported;
  for (const uint32_t count : {0u, 1u, 2u, 7u, 14u, 15u, 16u, 40u, 1000u}) {
    Callee callee{mixed_types(count)};
    const OwnedType type(callee.types, callee.types);
    auto host = world.host(&check_and_advance, &callee);
    host->jump_table_offset = lazy->jump_table_offset();
    callee.code = world.array_shim(type);
    const uint32_t slot = lazy->slot_offset(FuncIdx{func++});
    for (uint32_t round = 1; round <= 2; ++round) {
      std::vector<Cell> cells(count + 1);
      cells[count] = {77, 88};
      for (uint32_t i = 0; i < count; ++i) cells[i] = pattern(i, callee.types[i]);
      ASSERT_EQ(world.call(type, world.at(slot), cells.data(), host.get()), 0u);
      EXPECT_EQ(callee.compiled, round);  // nobody has filled the slot
      EXPECT_EQ(callee.calls, round);
      EXPECT_EQ(callee.wrong, 0u) << count;
      EXPECT_EQ(callee.slot_end, world.memory->base() + slot + kSlotCallBytes);
      for (uint32_t i = 0; i < count; ++i) {
        ASSERT_TRUE(is_pattern(cells[i], i + 1, callee.types[i])) << i << " of " << count;
      }
      EXPECT_EQ(cells[count].low, 77u);
      EXPECT_EQ(world.context.entry_rsp, 0u);
    }
  }
}

}  // namespace
}  // namespace sluice

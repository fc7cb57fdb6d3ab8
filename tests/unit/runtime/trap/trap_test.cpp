// Traps end to end, from a faulting instruction to the host's hands: reasons, backtraces, nesting,
// small and foreign stacks, other people's signal handlers, threads, and forks.
#include <atomic>
#include <csetjmp>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <pthread.h>
#include <string>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "jit/abi/trap_codes.h"
#include "jit/code/code_map.h"
#include "jit/stubs/stub_parts.h"
#include "runtime/trap/signal_handler.h"
#include "runtime/trap/thread_stack.h"
#include "tests/support/fork.h"
#include "tests/support/stub_world.h"

namespace sluice {
namespace {

namespace x86 = asmjit::x86;
using test::Cell;
using test::OwnedType;
using test::StubWorld;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlowdown = 20;
#else
constexpr int kSlowdown = 1;
#endif

constexpr uint64_t code_of(TrapCode code) { return static_cast<uint64_t>(code); }

void emit_trap(x86::Assembler& a, uint8_t reason) { stubs::emit_trap(a, reason); }

/// A world whose functions trap in all ways.
struct TrapWorld : StubWorld {
  TrapWorld() : StubWorld(stub_environment()) {
    if (!install_trap_handlers()) throw std::runtime_error("handlers");
    unreachable = framed(
        [](x86::Assembler& a) { emit_trap(a, static_cast<uint8_t>(TrapCode::Unreachable)); });
    load = framed([](x86::Assembler& a) { a.mov(x86::eax, x86::ptr(x86::rbx, x86::rax)); });
    // f(n) = n == 0 ? trap : f(n - 1), with the prologue's stack check.
    const uint32_t slot = module->slot_offset(FuncIdx{next_func});
    const void* self = at(slot);
    recurse = func([self](x86::Assembler& a) {
      const asmjit::Label exhausted = a.newLabel();
      const asmjit::Label down = a.newLabel();
      a.push(x86::rbp);
      a.mov(x86::rbp, x86::rsp);
      a.push(x86::r14);
      a.mov(x86::r11, x86::ptr(x86::r14, static_cast<int32_t>(offsetof(InstanceData, context))));
      a.cmp(x86::rsp,
            x86::ptr(x86::r11, static_cast<int32_t>(offsetof(StoreContext, stack_limit))));
      a.jb(exhausted);
      a.test(x86::rax, x86::rax);
      a.jnz(down);
      emit_trap(a, static_cast<uint8_t>(TrapCode::IntegerOverflow));
      a.bind(down);
      a.dec(x86::rax);
      a.mov(x86::r11, reinterpret_cast<uint64_t>(self));
      a.call(x86::r11);
      a.leave();
      a.ret();
      a.bind(exhausted);
      emit_trap(a, static_cast<uint8_t>(TrapCode::StackExhausted));
    });
    fine = framed([](x86::Assembler& a) { a.add(x86::eax, 1); });
    entry_i32 = array_entry(i32_to_i32);
    entry_i64 = array_entry(i64_to_none);
  }

  uint64_t run(const void* code, uint64_t argument = 0) {
    Cell cell{argument, 0};
    const FuncImport target{code, &instance};
    return entry_i32(&target, &cell);
  }
  uint64_t run_recurse(uint64_t depth) {
    Cell cell{depth, 0};
    const FuncImport target{recurse, &instance};
    return entry_i64(&target, &cell);
  }
  bool healthy() {
    Cell cell{41, 0};
    const FuncImport target{fine, &instance};
    return entry_i32(&target, &cell) == 0 && cell.low == 42 && context.entry_rsp == 0;
  }

  OwnedType i32_to_i32{{kI32}, {kI32}};
  OwnedType i64_to_none{{kI64}, {}};
  OwnedType none{{}, {}};
  const void* unreachable;
  const void* load;
  const void* recurse;
  const void* fine;
  ArrayEntry entry_i32;
  ArrayEntry entry_i64;
};

TEST(Trap, ReasonsComeFromTheCode) {
  TrapWorld w;
  EXPECT_EQ(w.run(w.unreachable), code_of(TrapCode::Unreachable));
  EXPECT_EQ(w.context.trap.fault_address, 0u);
  const CodeLocation at = find_code(w.context.trap.pc);
  EXPECT_EQ(at.kind, CodeLocation::Kind::Function);
  EXPECT_EQ(at.module, w.module.get());
  EXPECT_TRUE(w.healthy());
  // The module's other functions are not published: their slots trap too.
  EXPECT_EQ(w.run(w.at(w.module->slot_offset(FuncIdx{StubWorld::kFuncs - 1}))),
            code_of(TrapCode::CompileFailed));
  EXPECT_TRUE(w.healthy());
}

TEST(Trap, MemoryFaultsInsideTheReservation) {
  TrapWorld w;
  EXPECT_EQ(w.run(w.load, 65532), 0u);
  EXPECT_EQ(w.run(w.load, 65536), code_of(TrapCode::MemoryOutOfBounds));
  EXPECT_EQ(w.context.trap.fault_address, reinterpret_cast<uintptr_t>(w.linear.base()) + 65536);
  EXPECT_EQ(w.run(w.load, 65533), code_of(TrapCode::MemoryOutOfBounds));
  EXPECT_EQ(w.run(w.load, (1u << 20) - 4), code_of(TrapCode::MemoryOutOfBounds));
  EXPECT_TRUE(w.healthy());
}

TEST(Trap, FurtherMemoriesOfTheInstanceCount) {
  // An instance whose memory 0 is another one than the memory that faults.
  struct Block {
    InstanceData data;
    MemoryData* memories[2];
  } block;
  TrapWorld w;
  MemoryData empty;
  w.init(block.data);
  block.data.memory0 = &empty;
  block.data.memory0_base = nullptr;
  block.memories[0] = &empty;
  block.memories[1] = &w.linear_data;
  block.data.memories_offset = offsetof(Block, memories);
  block.data.memory_count = 2;
  const void* code = w.framed([&](x86::Assembler& a) {
    a.mov(x86::rcx, reinterpret_cast<uint64_t>(w.linear.base() + 70000));
    a.mov(x86::eax, x86::ptr(x86::rcx));
  });
  EXPECT_EQ(w.call(w.none, code, nullptr, &block.data), code_of(TrapCode::MemoryOutOfBounds));
}

TEST(Trap, BacktraceListsCallersInnermostFirst) {
  TrapWorld w;
  EXPECT_EQ(w.run_recurse(5), code_of(TrapCode::IntegerOverflow));
  const TrapRecord& trap = w.context.trap;
  EXPECT_EQ(trap.total_frames, 5u);
  ASSERT_EQ(trap.frame_count, 5u);
  for (uint32_t i = 0; i < 5; ++i) {
    EXPECT_EQ(find_code(trap.frames[i] - 1).module, w.module.get());
    EXPECT_EQ(find_code(trap.frames[i] - 1).func, find_code(trap.pc).func);
  }
  EXPECT_EQ(w.run_recurse(1000), code_of(TrapCode::IntegerOverflow));
  EXPECT_EQ(trap.total_frames, 1000u);
  EXPECT_EQ(trap.frame_count, kMaxTrapFrames);
}

TEST(Trap, DeepRecursionEndsInATrap) {
  TrapWorld w;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(w.run_recurse(~uint64_t{0}), code_of(TrapCode::StackExhausted));
    // 1 MiB of frames of 24 bytes.
    EXPECT_NEAR(static_cast<double>(w.context.trap.total_frames), 43690.0, 100.0);
    EXPECT_TRUE(w.healthy());
  }
}

uint32_t failing_host(void* env, InstanceData*, void*) { return *static_cast<uint32_t*>(env); }

TEST(Trap, HostFunctionsTrapWithTheirReason) {
  TrapWorld w;
  uint32_t result = static_cast<uint32_t>(TrapCode::Exit);
  auto host = w.host(&failing_host, &result);
  const void* shim = w.array_shim(w.none);
  const void* code = w.framed([&](x86::Assembler& a) {
    a.mov(x86::r14, reinterpret_cast<uint64_t>(host.get()));
    a.mov(x86::r11, reinterpret_cast<uint64_t>(shim));
    a.call(x86::r11);
  });
  EXPECT_EQ(w.call(w.none, code, nullptr), code_of(TrapCode::Exit));
  EXPECT_EQ(find_code(w.context.trap.pc).stub, StubKind::HostShim);
  ASSERT_EQ(w.context.trap.frame_count, 1u);
  EXPECT_EQ(find_code(w.context.trap.frames[0] - 1).module, w.module.get());
  // Called by the host itself, and with numbers that are no reasons.
  EXPECT_EQ(w.call(w.none, shim, nullptr, host.get()), code_of(TrapCode::Exit));
  EXPECT_EQ(w.context.trap.frame_count, 0u);
  for (const uint32_t odd : {255u, 12345u, 0x80000001u}) {
    result = odd;
    EXPECT_EQ(w.call(w.none, code, nullptr), code_of(TrapCode::Host));
  }
  EXPECT_TRUE(w.healthy());
}

TEST(Trap, TypedFormsReturnTheReason) {
  TrapWorld w;
  auto* to_int =
      w.typed_entry<TypedResult<uint64_t>(InstanceData*, const void*, uint32_t)>(w.i32_to_i32);
  EXPECT_EQ(to_int(&w.instance, w.unreachable, 1).trap, code_of(TrapCode::Unreachable));
  EXPECT_EQ(to_int(&w.instance, w.fine, 1).trap, 0u);
  EXPECT_EQ(to_int(&w.instance, w.fine, 1).value, 2u);
  const OwnedType to_float({}, {kF32});
  auto* entry = w.typed_entry<TypedResult<float>(InstanceData*, const void*)>(to_float);
  EXPECT_EQ(entry(&w.instance, w.unreachable).trap, code_of(TrapCode::Unreachable));
  auto* to_none = w.typed_entry<uint64_t(InstanceData*, const void*)>(w.none);
  EXPECT_EQ(to_none(&w.instance, w.unreachable), code_of(TrapCode::Unreachable));
  // Typed host functions that fail, each way of returning.
  const void* int_shim = w.typed_shim(OwnedType({}, {kI64}));
  auto int_host = w.host(+[](void*, InstanceData*) -> TypedResult<uint64_t> { return {1, 20}; });
  auto float_host = w.host(+[](void*, InstanceData*) -> TypedResult<double> { return {1, 21}; });
  auto none_host = w.host(+[](void*, InstanceData*) -> uint64_t { return 19; });
  EXPECT_EQ(w.call(w.none, int_shim, nullptr, int_host.get()), 20u);
  EXPECT_EQ(w.call(w.none, w.typed_shim(OwnedType({}, {kF64})), nullptr, float_host.get()), 21u);
  EXPECT_EQ(w.call(w.none, w.typed_shim(w.none), nullptr, none_host.get()), 19u);
}

struct Inner {
  TrapWorld* w;
  uint64_t code = 0;
};
uint32_t trap_inside(void* env, InstanceData*, void*) {
  Inner& inner = *static_cast<Inner*>(env);
  inner.code = inner.w->run(inner.w->unreachable);
  inner.code = inner.code * 100 + inner.w->run_recurse(~uint64_t{0});
  return 0;
}

TEST(Trap, InnerTrapEndsTheInnerEntryOnly) {
  TrapWorld w;
  Inner inner{&w};
  auto host = w.host(&trap_inside, &inner);
  const void* shim = w.array_shim(w.none);
  const void* code = w.framed([&](x86::Assembler& a) {
    a.mov(x86::r14, reinterpret_cast<uint64_t>(host.get()));
    a.mov(x86::r11, reinterpret_cast<uint64_t>(shim));
    a.call(x86::r11);
    a.mov(x86::r14, x86::ptr(x86::rbp, -8));
    emit_trap(a, static_cast<uint8_t>(TrapCode::NullReference));
  });
  EXPECT_EQ(w.call(w.none, code, nullptr), code_of(TrapCode::NullReference));
  EXPECT_EQ(inner.code, 100 * code_of(TrapCode::Unreachable) + code_of(TrapCode::StackExhausted));
  EXPECT_TRUE(w.healthy());
}

TEST(Trap, ModesAreTheHostsAgain) {
  TrapWorld w;
  const uint32_t before = _mm_getcsr();
  _mm_setcsr(0xfd40);  // flush to zero, round to zero, exceptions unmasked
  const uint64_t code = w.run(w.unreachable);
  const uint32_t after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(code, code_of(TrapCode::Unreachable));
  EXPECT_EQ(after & 0xffc0, 0xfd40u);
}

uint32_t note_modes(void* env, InstanceData*, void*) {
  *static_cast<uint32_t*>(env) = _mm_getcsr();
  return 0;
}

// Exceptions that the host has unmasked are not raised in Wasm code: not by what it computes, and
// not by the stubs' look at the modes (which rounds and adds denormals).
TEST(Trap, UnmaskedExceptionsAreTheHostsOwn) {
  TrapWorld w;
  uint32_t host_saw = 0;
  auto host = w.host(&note_modes, &host_saw);
  const void* shim = w.array_shim(w.none);
  const OwnedType type({kF64, kF64}, {kF64});
  for (const bool trapping : {false, true}) {
    const void* code = w.framed([&](x86::Assembler& a) {
      a.divsd(x86::xmm0, x86::xmm1);
      a.sub(x86::rsp, 16);
      a.movsd(x86::ptr(x86::rsp), x86::xmm0);
      a.mov(x86::r14, reinterpret_cast<uint64_t>(host.get()));
      a.mov(x86::r11, reinterpret_cast<uint64_t>(shim));
      a.call(x86::r11);
      a.mov(x86::r14, x86::ptr(x86::rbp, -8));
      a.movsd(x86::xmm0, x86::ptr(x86::rsp));
      a.sqrtsd(x86::xmm1, x86::xmm0);
      if (trapping) emit_trap(a, static_cast<uint8_t>(TrapCode::Unreachable));
    });
    // Nothing masked; without denormals and inexact results; with them only.
    for (const uint32_t modes : {0x0000u, 0x1100u, 0x0e80u, 0xe040u}) {
      for (const double dividend : {0.0, 1.0, -1.0}) {
        const double divisor = 0;
        Cell cells[2];
        std::memcpy(&cells[0].low, &dividend, sizeof dividend);
        std::memcpy(&cells[1].low, &divisor, sizeof divisor);
        const ArrayEntry entry = w.array_entry(type);
        const FuncImport target{code, &w.instance};
        const uint32_t before = _mm_getcsr();
        _mm_setcsr(modes);
        const uint64_t trap = entry(&target, cells);
        const uint32_t after = _mm_getcsr();
        _mm_setcsr(before);
        EXPECT_EQ(trap, trapping ? code_of(TrapCode::Unreachable) : 0u);
        EXPECT_EQ(after & 0xffc0, modes & 0xffc0);
        EXPECT_EQ(host_saw & 0xffc0, modes & 0xffc0);
        double result;
        std::memcpy(&result, &cells[0].low, sizeof result);
        if (!trapping) {
          EXPECT_TRUE(dividend == 0 ? result != result : result == dividend / divisor);
        }
      }
    }
  }
}

TEST(Trap, AMillionTraps) {
  TrapWorld w;
  const int count = 1000000 / kSlowdown;
  for (int i = 0; i < count; i += 10) {
    // Virtual machines make illegal instructions dear; memory faults are enough for most.
    ASSERT_EQ(w.run(w.unreachable), code_of(TrapCode::Unreachable));
    for (int j = 1; j < 10; ++j) {
      ASSERT_EQ(w.run(w.load, 100000), code_of(TrapCode::MemoryOutOfBounds));
    }
  }
  EXPECT_TRUE(w.healthy());
}

TEST(Trap, ManyThreadsTrapAtOnce) {
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&failures] {
      TrapWorld w;
      for (int i = 0; i < 20000 / kSlowdown; ++i) {
        if (i % 10 == 0 && w.run(w.unreachable) != code_of(TrapCode::Unreachable)) ++failures;
        if (w.run(w.load, 70000) != code_of(TrapCode::MemoryOutOfBounds)) ++failures;
        if (i % 100 == 0 && w.run_recurse(~uint64_t{0}) != code_of(TrapCode::StackExhausted))
          ++failures;
      }
      if (!w.healthy()) ++failures;
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(failures, 0);
}

void* run_on_small_stack(void* arg) {
  TrapWorld& w = *static_cast<TrapWorld*>(arg);
  bool ok = w.run(w.unreachable) == code_of(TrapCode::Unreachable);
  ok = ok && w.run_recurse(~uint64_t{0}) == code_of(TrapCode::StackExhausted);
  // It did use the stack, and left the headroom.
  ok = ok && w.context.trap.total_frames > 100 && w.context.trap.total_frames < 2000;
  ok = ok && w.run(w.load, 70000) == code_of(TrapCode::MemoryOutOfBounds) && w.healthy();
  return ok ? arg : nullptr;
}

TEST(Trap, ThreadsWith64KiBOfStack) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own frames need more stack than that";
#endif
  TrapWorld w;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 64 << 10), 0);
  for (int i = 0; i < 50; ++i) {
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, &attributes, run_on_small_stack, &w), 0);
    void* result = nullptr;
    pthread_join(thread, &result);
    EXPECT_EQ(result, &w);
  }
  pthread_attr_destroy(&attributes);
}

// Every alternate stack has a page without access below it. Other mappings come and go with what a
// sanitizer keeps for each thread.
int count_guards() {
  std::ifstream maps("/proc/self/maps");
  int guards = 0;
  for (std::string line; std::getline(maps, line);) {
    guards += line.find(" ---p ") != std::string::npos ? 1 : 0;
  }
  return guards;
}

TEST(Trap, ExitingThreadsLeaveNothingBehind) {
  TrapWorld w;
  auto one = [&w] {
    std::thread([&w] { EXPECT_EQ(w.run(w.unreachable), code_of(TrapCode::Unreachable)); }).join();
  };
  for (int i = 0; i < 10; ++i) one();
  const int before = count_guards();
  for (int i = 0; i < 200; ++i) one();
  EXPECT_LT(count_guards(), before + 20);
}

TEST(Trap, AnotherAlternateStackIsKeptAndTheOldOneComesBack) {
  TrapWorld w;
  std::thread([&w] {
    alignas(16) static char large[64 << 10];
    stack_t mine{};
    mine.ss_sp = large;
    mine.ss_size = sizeof large;
    ASSERT_EQ(sigaltstack(&mine, nullptr), 0);
    EXPECT_EQ(w.run_recurse(~uint64_t{0}), code_of(TrapCode::StackExhausted));
    stack_t now{};
    sigaltstack(nullptr, &now);
    EXPECT_EQ(now.ss_sp, static_cast<void*>(large));
    mine.ss_flags = SS_DISABLE;
    sigaltstack(&mine, nullptr);
  }).join();
}

// A coroutine on a stack of its own: bounds unknown, so max_wasm_stack alone limits it.
struct Fiber {
  TrapWorld* w;
  ucontext_t host{};
  ucontext_t self{};
  bool ok = false;
};
Fiber* g_fiber = nullptr;

void fiber_main() {
  Fiber& f = *g_fiber;
  TrapWorld& w = *f.w;
  f.ok = w.run(w.unreachable) == code_of(TrapCode::Unreachable);
  f.ok = f.ok && w.run_recurse(~uint64_t{0}) == code_of(TrapCode::StackExhausted);
  f.ok = f.ok && w.context.trap.total_frames > 1000 && w.context.trap.total_frames < 3000;
  f.ok = f.ok && w.run(w.load, 70000) == code_of(TrapCode::MemoryOutOfBounds);
  swapcontext(&f.self, &f.host);
}

void run_fiber(Fiber& f) {
  const size_t bytes = size_t{256} << 10;
  Reservation stack = test::must(Reservation::reserve(bytes));
  ASSERT_TRUE(stack.commit(4096, bytes - 4096));
  getcontext(&f.self);
  f.self.uc_stack.ss_sp = stack.base() + 4096;
  f.self.uc_stack.ss_size = bytes - 4096;
  f.self.uc_link = nullptr;
  makecontext(&f.self, fiber_main, 0);
  g_fiber = &f;
  swapcontext(&f.host, &f.self);
}

TEST(Trap, FibersHaveTheirOwnLimit) {
  TrapWorld w;
  w.context.max_wasm_stack_bytes = 64 << 10;
  Fiber f{&w};
  run_fiber(f);
  EXPECT_TRUE(f.ok);
  EXPECT_TRUE(w.healthy());
}

uint32_t switch_to_fiber(void* env, InstanceData*, void*) {
  run_fiber(*static_cast<Fiber*>(env));
  return 0;
}

// A host function in the middle switches to a fiber, which enters the same store.
TEST(Trap, AFiberInsideACallHasItsOwnLimit) {
  TrapWorld w;
  w.context.max_wasm_stack_bytes = 64 << 10;
  Fiber f{&w};
  auto host = w.host(&switch_to_fiber, &f);
  EXPECT_EQ(w.call(w.none, w.array_shim(w.none), nullptr, host.get()), 0u);
  EXPECT_TRUE(f.ok);
  EXPECT_TRUE(w.healthy());
}

TEST(Trap, ParentAndChildTrapAfterAFork) {
  TrapWorld w;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  const bool ok = w.run(w.unreachable) == code_of(TrapCode::Unreachable) &&
                  w.run(w.load, 70000) == code_of(TrapCode::MemoryOutOfBounds) &&
                  w.run_recurse(~uint64_t{0}) == code_of(TrapCode::StackExhausted) && w.healthy();
  if (child == 0) _exit(ok ? 0 : 1);
  EXPECT_TRUE(ok);
  EXPECT_EQ(test::wait_for(child), 0);
}

// --- Other people's handlers: each in a process of its own, since ours are installed once. ---

class Handlers : public ::testing::Test {
 protected:
  Handlers() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

volatile sig_atomic_t g_foreign = 0;
sigjmp_buf g_escape;

void foreign_with_info(int signal, siginfo_t* info, void*) {
  g_foreign = signal * 1000 + (info->si_addr == reinterpret_cast<void*>(0x1234) ? 1 : 0);
  siglongjmp(g_escape, 1);
}
void foreign_plain(int signal) {
  g_foreign = signal;
  siglongjmp(g_escape, 1);
}

void install(int signal, void (*handler)(int, siginfo_t*, void*), int flags) {
  struct sigaction action{};
  action.sa_sigaction = handler;
  action.sa_flags = flags | SA_SIGINFO;
  sigaction(signal, &action, nullptr);
}

[[gnu::noinline]] void fault_at_1234() {
  volatile int* p = reinterpret_cast<volatile int*>(0x1234);
  *p = 1;
}

void expect_exit_if(bool bad, int code) {
  if (bad) _exit(code);
}

TEST_F(Handlers, FaultsThatAreNotOursGoToTheEarlierHandler) {
  EXPECT_EXIT(
      {
        install(SIGSEGV, foreign_with_info, SA_ONSTACK);
        TrapWorld w;
        expect_exit_if(w.run(w.load, 70000) != code_of(TrapCode::MemoryOutOfBounds), 1);
        expect_exit_if(g_foreign != 0, 2);
        for (static int i = 0; i < 3; ++i) {
          g_foreign = 0;
          if (sigsetjmp(g_escape, 1) == 0) fault_at_1234();
          expect_exit_if(g_foreign != SIGSEGV * 1000 + 1, 3);
        }
        expect_exit_if(w.run(w.load, 70000) != code_of(TrapCode::MemoryOutOfBounds), 4);
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(Handlers, PlainHandlersAreCalledToo) {
  EXPECT_EXIT(
      {
        signal(SIGSEGV, foreign_plain);
        signal(SIGBUS, foreign_plain);
        TrapWorld w;
        if (sigsetjmp(g_escape, 1) == 0) fault_at_1234();
        expect_exit_if(g_foreign != SIGSEGV, 1);
        if (sigsetjmp(g_escape, 1) == 0) raise(SIGBUS);
        expect_exit_if(g_foreign != SIGBUS, 2);
        expect_exit_if(w.run(w.unreachable) != code_of(TrapCode::Unreachable), 3);
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(Handlers, WithoutAnEarlierHandlerTheProcessDiesOfTheFault) {
  EXPECT_EXIT(
      {
        signal(SIGSEGV, SIG_DFL);
        TrapWorld w;
        fault_at_1234();
      },
      ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(
      {
        signal(SIGSEGV, SIG_IGN);
        TrapWorld w;
        fault_at_1234();
      },
      ::testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(
      {
        signal(SIGSEGV, SIG_DFL);
        TrapWorld w;
        raise(SIGSEGV);
      },
      ::testing::KilledBySignal(SIGSEGV), "");
}
#endif

TEST_F(Handlers, SentSignalsThatWereIgnoredStayIgnored) {
  EXPECT_EXIT(
      {
        signal(SIGSEGV, SIG_IGN);
        TrapWorld w;
        raise(SIGSEGV);
        expect_exit_if(!w.healthy(), 1);
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

struct sigaction g_ours;
volatile sig_atomic_t g_later = 0;

void later_handler(int signal, siginfo_t* info, void* context) {
  g_later = g_later + 1;
  g_ours.sa_sigaction(signal, info, context);
}

TEST_F(Handlers, ALaterHandlerThatChainsToOurs) {
  EXPECT_EXIT(
      {
        TrapWorld w;
        sigaction(SIGSEGV, nullptr, &g_ours);
        install(SIGSEGV, later_handler, SA_ONSTACK | SA_NODEFER);
        for (int i = 1; i <= 5; ++i) {
          expect_exit_if(w.run(w.load, 70000) != code_of(TrapCode::MemoryOutOfBounds), 1);
          expect_exit_if(g_later != i, 2);
        }
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

void embedders_handler(int signal, siginfo_t* info, void* context) {
  if (handle_trap_signal(signal, info, context)) return;
  g_foreign = signal;
  siglongjmp(g_escape, 1);
}

TEST_F(Handlers, TrapSitesNeedNoSignal) {
  EXPECT_EXIT(
      {
        TrapWorld w;
        for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) signal(number, SIG_DFL);
        expect_exit_if(w.run(w.unreachable) != code_of(TrapCode::Unreachable), 1);
        expect_exit_if(w.run_recurse(~uint64_t{0}) != code_of(TrapCode::StackExhausted), 2);
        expect_exit_if(!w.healthy(), 3);
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(Handlers, AnEmbedderMayOwnTheSignals) {
  EXPECT_EXIT(
      {
        TrapWorld w;
        install(SIGSEGV, embedders_handler, SA_ONSTACK | SA_NODEFER);
        expect_exit_if(w.run(w.load, 70000) != code_of(TrapCode::MemoryOutOfBounds), 1);
        expect_exit_if(w.run(w.unreachable) != code_of(TrapCode::Unreachable), 2);
        expect_exit_if(g_foreign != 0, 3);
        if (sigsetjmp(g_escape, 1) == 0) fault_at_1234();
        expect_exit_if(g_foreign != SIGSEGV, 4);
        expect_exit_if(!w.healthy(), 5);
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

// Generated code that touches what is no memory of its instance: a bug, not a trap.
TEST_F(Handlers, FaultsOutsideTheInstancesMemoriesAreNotTraps) {
  EXPECT_EXIT(
      {
        install(SIGSEGV, foreign_with_info, SA_ONSTACK);
        TrapWorld w;
        const void* stray = w.framed([](x86::Assembler& a) {
          a.mov(x86::ecx, 0x1234);
          a.mov(x86::eax, x86::ptr(x86::rcx));
        });
        if (sigsetjmp(g_escape, 1) == 0) w.run(stray);
        expect_exit_if(g_foreign != SIGSEGV * 1000 + 1, 1);
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

// The host passes a wild pointer for its cells: its own fault.
TEST_F(Handlers, FaultsInTheEntryStubAreTheHosts) {
  EXPECT_EXIT(
      {
        install(SIGSEGV, foreign_with_info, SA_ONSTACK);
        TrapWorld w;
        FuncImport target;
        target.code = w.fine;
        target.instance = &w.instance;
        if (sigsetjmp(g_escape, 1) == 0) w.entry_i32(&target, reinterpret_cast<void*>(0x1234));
        expect_exit_if(g_foreign != SIGSEGV * 1000 + 1, 1);
        _exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace sluice

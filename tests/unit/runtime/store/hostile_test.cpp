// Embedders and guests that do what nobody should: the process, the store and other stores stay
// healthy.
#include <atomic>
#include <cfenv>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <pthread.h>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <xmmintrin.h>

#include "tests/support/fork.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

// (module
//   (type $i (func (param i32) (result i32)))
//   (import "env" "host" (func $host (type $i)))
//   (memory (export "memory") 1 40000)
//   (table $t (export "table") 2 1000 funcref)
//   (elem (table $t) (i32.const 0) func $twice)
//   (func $twice (export "twice") (type $i) (i32.mul (local.get 0) (i32.const 2)))
//   (func (export "host") (type $i) (i32.add (call $host (local.get 0)) (i32.const 1)))
//   (func (export "touch") (type $i)
//     (drop (call $host (local.get 0)))
//     (i32.store (i32.const 100) (local.get 0))
//     (i32.store (i32.const 65600) (local.get 0))
//     (i32.load (i32.const 65600)))
//   (func (export "poke") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
//   (func (export "peek") (type $i) (i32.load8_u (local.get 0)))
//   (func (export "grow") (type $i) (memory.grow (local.get 0)))
//   (func (export "spin") (result i32) (loop (result i32) (br 0)))
//   (func (export "grown_argument") (type $i)
//     (call_indirect (type $i)
//       (table.grow $t (ref.func $twice) (local.get 0))
//       (i32.sub (table.size $t) (i32.const 1))))
//   (func (export "trap") (type $i) unreachable)
//   (func (export "sum") (param f64 f64) (result f64) (f64.add (local.get 0) (local.get 1)))
//   (func (export "fma") (param f64 f64) (result f64)
//     (drop (call $host (i32.const 0))) (f64.mul (local.get 0) (local.get 1))))
const std::vector<uint8_t> kVictim = {
    // clang-format off
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x15, 0x04, 0x60, 0x01, 0x7f, 0x01, 0x7f,
    0x60, 0x02, 0x7f, 0x7f, 0x00, 0x60, 0x00, 0x01, 0x7f, 0x60, 0x02, 0x7c, 0x7c, 0x01, 0x7c, 0x02,
    0x0c, 0x01, 0x03, 0x65, 0x6e, 0x76, 0x04, 0x68, 0x6f, 0x73, 0x74, 0x00, 0x00, 0x03, 0x0c, 0x0b,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x02, 0x00, 0x00, 0x03, 0x03, 0x04, 0x06, 0x01, 0x70, 0x01,
    0x02, 0xe8, 0x07, 0x05, 0x06, 0x01, 0x01, 0x01, 0xc0, 0xb8, 0x02, 0x07, 0x69, 0x0d, 0x06, 0x6d,
    0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, 0x05, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x01, 0x00, 0x05,
    0x74, 0x77, 0x69, 0x63, 0x65, 0x00, 0x01, 0x04, 0x68, 0x6f, 0x73, 0x74, 0x00, 0x02, 0x05, 0x74,
    0x6f, 0x75, 0x63, 0x68, 0x00, 0x03, 0x04, 0x70, 0x6f, 0x6b, 0x65, 0x00, 0x04, 0x04, 0x70, 0x65,
    0x65, 0x6b, 0x00, 0x05, 0x04, 0x67, 0x72, 0x6f, 0x77, 0x00, 0x06, 0x04, 0x73, 0x70, 0x69, 0x6e,
    0x00, 0x07, 0x0e, 0x67, 0x72, 0x6f, 0x77, 0x6e, 0x5f, 0x61, 0x72, 0x67, 0x75, 0x6d, 0x65, 0x6e,
    0x74, 0x00, 0x08, 0x04, 0x74, 0x72, 0x61, 0x70, 0x00, 0x09, 0x03, 0x73, 0x75, 0x6d, 0x00, 0x0a,
    0x03, 0x66, 0x6d, 0x61, 0x00, 0x0b, 0x09, 0x07, 0x01, 0x00, 0x41, 0x00, 0x0b, 0x01, 0x01, 0x0a,
    0x80, 0x01, 0x0b, 0x07, 0x00, 0x20, 0x00, 0x41, 0x02, 0x6c, 0x0b, 0x09, 0x00, 0x20, 0x00, 0x10,
    0x00, 0x41, 0x01, 0x6a, 0x0b, 0x1f, 0x00, 0x20, 0x00, 0x10, 0x00, 0x1a, 0x41, 0xe4, 0x00, 0x20,
    0x00, 0x36, 0x02, 0x00, 0x41, 0xc0, 0x80, 0x04, 0x20, 0x00, 0x36, 0x02, 0x00, 0x41, 0xc0, 0x80,
    0x04, 0x28, 0x02, 0x00, 0x0b, 0x09, 0x00, 0x20, 0x00, 0x20, 0x01, 0x3a, 0x00, 0x00, 0x0b, 0x07,
    0x00, 0x20, 0x00, 0x2d, 0x00, 0x00, 0x0b, 0x06, 0x00, 0x20, 0x00, 0x40, 0x00, 0x0b, 0x07, 0x00,
    0x03, 0x7f, 0x0c, 0x00, 0x0b, 0x0b, 0x12, 0x00, 0xd2, 0x01, 0x20, 0x00, 0xfc, 0x0f, 0x00, 0xfc,
    0x10, 0x00, 0x41, 0x01, 0x6b, 0x11, 0x00, 0x00, 0x0b, 0x03, 0x00, 0x00, 0x0b, 0x07, 0x00, 0x20,
    0x00, 0x20, 0x01, 0xa0, 0x0b, 0x0c, 0x00, 0x41, 0x00, 0x10, 0x00, 0x1a, 0x20, 0x00, 0x20, 0x01,
    0xa2, 0x0b, 0x00, 0x3c, 0x04, 0x6e, 0x61, 0x6d, 0x65, 0x01, 0x0e, 0x02, 0x00, 0x04, 0x68, 0x6f,
    0x73, 0x74, 0x01, 0x05, 0x74, 0x77, 0x69, 0x63, 0x65, 0x02, 0x19, 0x0c, 0x00, 0x00, 0x01, 0x00,
    0x02, 0x00, 0x03, 0x00, 0x04, 0x00, 0x05, 0x00, 0x06, 0x00, 0x07, 0x00, 0x08, 0x00, 0x09, 0x00,
    0x0a, 0x00, 0x0b, 0x00, 0x04, 0x04, 0x01, 0x00, 0x01, 0x69, 0x05, 0x04, 0x01, 0x00, 0x01, 0x74,
    // clang-format on
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kSlowdown = 10;
#else
constexpr int kSlowdown = 1;
#endif

class HostileTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    const std::vector<ValType> i32 = {kI32};
    ASSERT_TRUE(linker->define_func("env", "host", i32, i32, &host, this));
  }
  static TrapCode host(void* env, Caller& caller, Value* v) {
    HostileTest& test = *static_cast<HostileTest*>(env);
    return test.on_host ? test.on_host(caller, v) : TrapCode::None;
  }
  /// Runs `body` in a forked child: what waitpid says of it.
  template <class F>
  static int status_of_child(F body) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);
      body();
      _exit(HasFailure() ? 99 : 0);
    }
    return test::wait_for(child);
  }

  std::function<TrapCode(Caller&, Value*)> on_host;
};

TEST_P(HostileTest, AThreadThatBlocksAllSignalsMayTrap) {
  Instance& victim = instantiate(kVictim);
  const int status = status_of_child([&] {
    std::thread([&] {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_SETMASK, &all, nullptr);
      EXPECT_EQ(trap_of(victim, "trap", {Value::i32(1)}), TrapCode::Unreachable);
      EXPECT_EQ(trap_of(victim, "peek", {Value::i32(-1)}), TrapCode::MemoryOutOfBounds);
      sigset_t now;
      pthread_sigmask(SIG_SETMASK, nullptr, &now);
      EXPECT_EQ(sigismember(&now, SIGINT), 1) << "others stay as they were";
    }).join();
  });
  EXPECT_EQ(status, 0);
}

TEST_P(HostileTest, RunsWithoutFileDescriptorsToSpare) {
  Instance& victim = instantiate(kVictim);
  const int status = status_of_child([&] {
    // A child needs files of its own for what it adds to code memory.
    EXPECT_TRUE(engine->entry_stubs(victim.exported_func("twice")->signature()));
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_NOFILE, &none);
    EXPECT_EQ(call_i32(victim, "twice", {Value::i32(21)}), 42);
    EXPECT_EQ(trap_of(victim, "trap", {Value::i32(1)}), TrapCode::Unreachable);
    const auto more = engine->compile(kVictim);
    EXPECT_FALSE(more) << "code memory needs a file";
    if (!more) {
      EXPECT_EQ(more.error().kind, ErrorKind::OutOfMemory) << more.error().message();
    }
    EXPECT_EQ(call_i32(victim, "twice", {Value::i32(21)}), 42);
  });
  EXPECT_EQ(status, 0);
}

TEST_P(HostileTest, MemoryMovesWhileAHostFunctionRuns) {
  Instance& victim = instantiate(kVictim);
  on_host = [&](Caller& caller, Value*) {
    const uint8_t* before = caller.memory()->base();
    // Something in the way, so that the memory has to move.
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(Memory::create(*store, {{1, 1, true, false, false}, 16}));
      EXPECT_TRUE(caller.memory()->grow(50));
    }
    if (GetParam() == MemoryModeChoice::Guard) {
      EXPECT_EQ(before, caller.memory()->base());
    }
    return TrapCode::None;
  };
  EXPECT_EQ(call_i32(victim, "touch", {Value::i32(77)}), 77);
  EXPECT_EQ(trap_of(victim, "peek", {Value::i32(1001 * 65536)}), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(call_i32(victim, "peek", {Value::i32(1001 * 65536 - 1)}), 0);
}

TEST_P(HostileTest, ATableMayGrowBetweenAnIndirectCallsArguments) {
  Instance& victim = instantiate(kVictim);
  EXPECT_EQ(call_i32(victim, "grown_argument", {Value::i32(998)}), 4);
}

TEST_P(HostileTest, TrapsInNestedCallsEndOnlyTheirOwn) {
  Instance& victim = instantiate(kVictim);
  on_host = [&](Caller& caller, Value* v) {
    for (int i = 0; i < 1000; ++i) {
      EXPECT_EQ(trap_of(victim, "trap", {Value::i32(1)}), TrapCode::Unreachable);
      EXPECT_EQ(trap_of(victim, "peek", {Value::i32(-1)}), TrapCode::MemoryOutOfBounds);
    }
    // Another store, another instance, in the middle.
    auto other = std::move(*Store::create(engine));
    auto instance = linker->instantiate(*other, compile(kVictim));
    EXPECT_TRUE(instance);
    Value arg = Value::i32(v[0].as_i32() - 1);
    if (v[0].as_i32() > 0) {
      Outcome<void> done = (*instance)->exported_func("host")->call({&arg, 1}, {v, 1});
      if (!done) return caller.fail(std::move(done).error());
      return TrapCode::None;
    }
    return caller.fail("bottom");
  };
  for (int i = 0; i < 3; ++i) {
    const Outcome<Value> result = call(victim, "host", {Value::i32(10)});
    ASSERT_FALSE(result);
    ASSERT_TRUE(result.error().is_trap());
    EXPECT_EQ(result.error().trap->code(), TrapCode::Host);
    EXPECT_EQ(result.error().trap->frames().size(), 22u) << result.error().message();
  }
}

TEST_P(HostileTest, HostFunctionsMayChangeTheModes) {
  Instance& victim = instantiate(kVictim);
  const uint32_t before = _mm_getcsr();
  for (const uint32_t entry : {0x1f80u, 0x9fc0u, 0x7f80u, 0x0000u}) {
    for (const uint32_t inside : {0x1f80u, 0x9fc0u, 0x5f80u, 0x0000u, 0x1d80u}) {
      on_host = [&](Caller&, Value*) {
        EXPECT_EQ(_mm_getcsr() & 0xffc0, entry & 0xffc0);
        _mm_setcsr(inside);
        return TrapCode::None;
      };
      _mm_setcsr(entry);
      const Outcome<Value> product = call(victim, "fma", {Value::f64(1e-200), Value::f64(1e-110)});
      const uint32_t after = _mm_getcsr();
      _mm_setcsr(before);
      ASSERT_TRUE(product);
      EXPECT_EQ(product->as_f64(), 1e-310);
      EXPECT_TRUE((after & 0xffc0) == (entry & 0xffc0) || (after & 0xffc0) == (inside & 0xffc0))
          << std::hex << entry << " " << inside << " " << after;
    }
  }
}

TEST_P(HostileTest, TheHostsOwnFaultsAreNotTraps) {
  Instance& victim = instantiate(kVictim);
  const rlimit none = {0, 0};
  for (const int which : {0, 1, 2, 3, 4}) {
    if (which == 1 && GetParam() != MemoryModeChoice::Guard) continue;
    const int died = status_of_child([&] {
      setrlimit(RLIMIT_CORE, &none);
      on_host = [&](Caller& caller, Value*) {
        uint8_t* base = caller.memory()->base();
        switch (which) {
        case 0: *reinterpret_cast<volatile int*>(0x1234) = 1; break;
        case 1: base[65536 * 3] = 1; break;  // the guest's guard, but the host's access
        case 2: __builtin_trap(); break;
        case 3: reinterpret_cast<void (*)()>(16)(); break;
        default: raise(SIGSEGV); break;
        }
        return TrapCode::None;
      };
      call(victim, "host", {Value::i32(1)});
    });
    EXPECT_TRUE(WIFSIGNALED(died)) << which << " " << died;
    EXPECT_EQ(WTERMSIG(died), which == 2 ? SIGILL : SIGSEGV) << which;
  }
}

std::set<std::string> open_files() {
  std::set<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator("/proc/self/fd")) {
    names.insert(e.path().string());
  }
  return names;
}

size_t count_mappings() {
  FILE* f = fopen("/proc/self/maps", "r");
  size_t lines = 0;
  for (int c; (c = fgetc(f)) != EOF;) lines += c == '\n';
  fclose(f);
  return lines;
}

TEST_P(HostileTest, EnginesComeAndGoAndLeaveNothing) {
  EngineConfig config;
  config.memory_mode = GetParam();
  auto round = [&](uint32_t workers) {
    config.workers = workers;
    auto one = *Engine::create(config);
    Linker l(one);
    const std::vector<ValType> i32 = {kI32};
    ASSERT_TRUE(l.define_func("env", "host", i32, i32, &host, this));
    auto s = std::move(*Store::create(one));
    auto module = *one->compile(kVictim);
    auto instance = *l.instantiate(*s, module);
    EXPECT_EQ(call_i32(*instance, "twice", {Value::i32(4)}), 8);
    EXPECT_EQ(trap_of(*instance, "trap", {Value::i32(4)}), TrapCode::Unreachable);
  };
  for (int i = 0; i < 20; ++i) round(2);
  const auto files = open_files();
  const size_t mappings = count_mappings();
  for (int i = 0; i < 1000 / kSlowdown; ++i) round(i % 3 == 0 ? 2 : 0);
  EXPECT_EQ(open_files(), files);
  EXPECT_LE(count_mappings(), mappings + 30);
}

TEST_P(HostileTest, NobodyGetsABillionThreads) {
  EngineConfig config;
  config.memory_mode = GetParam();
  config.workers = 1'000'000'000;
  const auto one = *Engine::create(config);
  EXPECT_EQ(one->workers()->threads(), kMostWorkers);
  EXPECT_TRUE(one->compile(kVictim));
}

TEST_P(HostileTest, SixteenThreadsDoEverythingAtOnce) {
  EngineConfig config;
  config.memory_mode = GetParam();
  config.workers = 3;
  auto shared = *Engine::create(config);
  Linker l(shared);
  const std::vector<ValType> i32 = {kI32};
  ASSERT_TRUE(l.define_func(
      "env", "host", i32, i32, [](void*, Caller&, Value*) { return TrapCode::None; }, nullptr,
      nullptr));
  auto common = *shared->compile(kVictim);
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 60 / kSlowdown + 1; ++i) {
        auto s = std::move(*Store::create(shared));
        std::shared_ptr<const CompiledModule> module = common;
        if ((i + t) % 3 == 0) {
          StreamCompiler stream = shared->compile_stream();
          const size_t cut =
              (static_cast<size_t>(i) * 37 + static_cast<size_t>(t)) % kVictim.size();
          if (!stream.feed(std::span(kVictim).first(cut))) ++failures;
          if (i % 2 == 0) stream.cancel();
          if (i % 5 == 0) continue;  // dropped
          auto fed = stream.feed(std::span(kVictim).subspan(cut));
          auto done = stream.finish();
          if (i % 2 == 0) {
            if (done || done.error().kind != ErrorKind::Cancelled) ++failures;
            continue;
          }
          if (!fed || !done) {
            ++failures;
            continue;
          }
          module = *done;
        }
        auto made = l.instantiate(*s, module);
        if (!made) {
          ++failures;
          continue;
        }
        Instance& instance = **made;
        for (int k = 0; k < 50; ++k) {
          if (call_i32(instance, "twice", {Value::i32(k)}) != 2 * k) ++failures;
          if (trap_of(instance, "trap", {Value::i32(k)}) != TrapCode::Unreachable) ++failures;
          const Outcome<Value> bad = call(instance, "peek", {Value::i32(-k - 1)});
          if (bad || bad.error().message().find("0: ") == String::npos) ++failures;
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(failures, 0);
}

TEST_P(HostileTest, ForksWhileThreadsCompile) {
  SKIP_IF_SANITIZER_CANNOT_FORK();
  EngineConfig config;
  config.memory_mode = GetParam();
  config.workers = 2;
  auto shared = *Engine::create(config);
  Linker l(shared);
  const std::vector<ValType> i32 = {kI32};
  ASSERT_TRUE(l.define_func(
      "env", "host", i32, i32, [](void*, Caller&, Value*) { return TrapCode::None; }, nullptr,
      nullptr));
  std::atomic<bool> stop{false};
  auto use = [&] {
    auto s = std::move(*Store::create(shared));
    auto module = shared->compile(kVictim);
    if (!module) return false;
    auto made = l.instantiate(*s, *module);
    return made && call_i32(**made, "twice", {Value::i32(3)}) == 6 &&
           trap_of(**made, "trap", {Value::i32(3)}) == TrapCode::Unreachable;
  };
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      while (!stop) {
        if (!use()) ++failures;
        if (t == 0) {
          EngineConfig c = config;
          c.workers = 1;
          auto other = Engine::create(c);
          if (!other || !(*other)->compile(kVictim)) ++failures;
        }
      }
    });
  }
  for (int i = 0; i < 30 / kSlowdown; ++i) {
    StreamCompiler stream = shared->compile_stream();
    EXPECT_TRUE(stream.feed(std::span(kVictim).first(kVictim.size() - 30)));
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);
      bool good = use();
      good = good && stream.feed(std::span(kVictim).last(30)) && stream.finish();
      if (i % 2 == 0) {
        const pid_t grandchild = fork();
        if (grandchild == 0) {
          alarm(30);
          _exit(use() ? 0 : 1);
        }
        good = test::wait_for(grandchild) == 0 && good;
      }
      good = good && use();
      if (i % 10 == 0) quick_exit(good ? 0 : 1);
      _exit(good ? 0 : 1);
    }
    const auto fed = stream.feed(std::span(kVictim).last(30));
    EXPECT_TRUE(fed) << fed.error().message();
    EXPECT_TRUE(stream.finish());
    const int status = test::wait_for(child);
    EXPECT_EQ(status, 0) << i;
    if (status != 0) break;
  }
  stop = true;
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(failures, 0);
}

TEST_P(HostileTest, AForkInAHostFunctionGoesOnInBoth) {
  Instance& victim = instantiate(kVictim);
  pid_t child = -1;
  on_host = [&](Caller&, Value*) {
    child = fork();
    return TrapCode::None;
  };
  EXPECT_EQ(call_i32(victim, "host", {Value::i32(4)}), 5);
  EXPECT_EQ(trap_of(victim, "trap", {Value::i32(4)}), TrapCode::Unreachable);
  EXPECT_EQ(call_i32(victim, "grow", {Value::i32(4)}), 1);
  on_host = nullptr;
  Instance& more = instantiate(kVictim);
  EXPECT_EQ(call_i32(more, "host", {Value::i32(4)}), 5);
  if (child == 0) _exit(HasFailure() ? 1 : 0);
  EXPECT_EQ(test::wait_for(child), 0);
}

/// Imports ("env" "wide") with 1,000 parameters of i32; (export "f") takes a depth, recurses that
/// deep and then calls it.
std::vector<uint8_t> wide_import() {
  const auto put_leb = [](std::vector<uint8_t>& out, size_t value) {
    for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
    out.push_back(static_cast<uint8_t>(value));
  };
  std::vector<uint8_t> out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  const auto put_section = [&](uint8_t id, const std::vector<uint8_t>& content) {
    out.push_back(id);
    put_leb(out, content.size());
    out.insert(out.end(), content.begin(), content.end());
  };
  std::vector<uint8_t> types = {2, 0x60};
  put_leb(types, 1000);
  types.insert(types.end(), 1000, 0x7f);
  types.insert(types.end(), {0, 0x60, 1, 0x7f, 0});
  put_section(1, types);
  put_section(2, {1, 3, 'e', 'n', 'v', 4, 'w', 'i', 'd', 'e', 0, 0});
  put_section(3, {1, 1});
  put_section(7, {1, 1, 'f', 0, 1});
  std::vector<uint8_t> body = {0, 0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x10, 1, 0x05};
  for (int i = 0; i < 1000; ++i) body.insert(body.end(), {0x20, 0});
  body.insert(body.end(), {0x10, 0, 0x0b, 0x0b});
  std::vector<uint8_t> code = {1};
  put_leb(code, body.size());
  code.insert(code.end(), body.begin(), body.end());
  put_section(10, code);
  return out;
}

[[gnu::noinline]] void deeper_by(size_t bytes, const std::function<void()>& body) {
  volatile char* taken = static_cast<volatile char*>(__builtin_alloca(bytes + 1));
  taken[0] = 1;
  body();
  taken[0] = 2;
}

TEST_P(HostileTest, AThousandParametersAtTheEndOfASmallStack) {
  int calls = 0;
  const auto count = [](void* env, Caller&, Value*) {
    ++*static_cast<int*>(env);
    return TrapCode::None;
  };
  const std::vector<ValType> params(1000, kI32);
  ASSERT_TRUE(linker->define_func("env", "wide", params, {}, count, &calls, nullptr));
  Instance& instance = instantiate(wide_import());
  int exhausted = 0;
  std::function<void()> body = [&] {
    for (size_t bytes = 0; bytes < 9000; bytes += 16) {
      deeper_by(bytes, [&] {
        for (int depth = 0; depth < 4; ++depth) {
          const Outcome<Value> result = call(instance, "f", {Value::i32(depth)});
          if (result) continue;
          ++exhausted;
          EXPECT_EQ(result.error().trap->code(), TrapCode::StackExhausted);
        }
      });
    }
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kSlowdown == 1 ? size_t{64} << 10 : size_t{2} << 20);
  pthread_t thread;
  const auto run = [](void* p) -> void* {
    (*static_cast<std::function<void()>*>(p))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &body), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_GT(calls, 0);
  EXPECT_TRUE(exhausted > 0 || kSlowdown > 1);
}

TEST_P(HostileTest, HugeMemoriesReachTheirLastByte) {
  constexpr uint32_t kPages = 40'000;
  Instance& victim = instantiate(kVictim);
  if (call_i32(victim, "grow", {Value::i32(kPages - 1)}) == -1) GTEST_SKIP() << "no such memory";
  EXPECT_EQ(call_i32(victim, "grow", {Value::i32(1)}), -1) << "its maximum";
  const Value last = Value::i32(static_cast<int32_t>(kPages * 65536 - 1));
  ASSERT_TRUE(call(victim, "poke", {last, Value::i32(200)}));
  EXPECT_EQ(call_i32(victim, "peek", {last}), 200);
  const Value behind = Value::i32(static_cast<int32_t>(kPages * 65536));
  EXPECT_EQ(trap_of(victim, "peek", {behind}), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(trap_of(victim, "poke", {Value::i32(-1), Value::i32(1)}), TrapCode::MemoryOutOfBounds);
  // All that 32 bits can name.
  const Result<Memory*> all = Memory::create(*store, {{65536, 65536, true, false, false}, 16});
  if (!all) GTEST_SKIP() << all.error().message();
  EXPECT_EQ((*all)->size_bytes(), uint64_t{1} << 32);
  (*all)->base()[0xffffffff] = 9;
  EXPECT_FALSE((*all)->grow(1));
}

// Each allocation in turn is refused: the answer is an error or, for the library's own small
// objects, the documented abort.
long g_allocations_left = -1;

TEST_P(HostileTest, EveryAllocationMayFail) {
  const auto refusing = [](size_t size, size_t align) -> void* {
    if (g_allocations_left >= 0 && g_allocations_left-- == 0) return nullptr;
    void* block = nullptr;
    return posix_memalign(&block, std::max(align, sizeof(void*)), size) == 0 ? block : nullptr;
  };
  constexpr int kAllGiven = 7;
  for (long n = 0; n < 5000; n += kSlowdown) {
    const int status = status_of_child([&] {
      close(STDERR_FILENO);  // where the abort says why
      set_heap_hooks({refusing, [](void* block, size_t, size_t) { free(block); }});
      g_allocations_left = n;
      EngineConfig config;
      config.memory_mode = GetParam();
      config.workers = n % 2 == 0 ? 0 : 1;
      {
        auto one = Engine::create(config);
        if (!one) _exit(1);
        Linker l(*one);
        const std::vector<ValType> i32 = {kI32};
        if (!l.define_func("env", "host", i32, i32, &host, this)) _exit(1);
        auto s = std::move(*Store::create(*one));
        auto module = (*one)->compile(kVictim);
        if (!module) _exit(1);
        auto instance = l.instantiate(*s, *module);
        if (!instance) _exit(1);
        call(**instance, "twice", {Value::i32(4)});
        call(**instance, "grow", {Value::i32(4)});
        const Outcome<Value> trapped = call(**instance, "trap", {Value::i32(4)});
        if (!trapped) (void)trapped.error().message();
      }
      _exit(g_allocations_left >= 0 ? kAllGiven : 0);
    });
    if (WIFEXITED(status) && WEXITSTATUS(status) == kAllGiven) return;
    ASSERT_TRUE((WIFEXITED(status) && WEXITSTATUS(status) <= 1) ||
                (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT))
        << "allocation " << n << ": status " << status;
  }
  ADD_FAILURE() << "no end of allocations";
}

SLUICE_BOTH_MODES(HostileTest);

}  // namespace
}  // namespace sluice

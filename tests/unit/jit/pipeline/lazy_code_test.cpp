// Policies of compilation: one outcome and one code under all of them, each function compiled once,
// by whoever needs it first, also across forks, cancellations and full code memory.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <pthread.h>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "jit/abi/trap_codes.h"
#include "jit/pipeline/stream_compiler.h"
#include "jit/stubs/lazy_compile.h"
#include "tests/support/fork.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice {
namespace {

using namespace test;

constexpr CompilePolicy kPolicies[] = {CompilePolicy::Eager, CompilePolicy::Lazy,
                                       CompilePolicy::Adaptive};

std::shared_ptr<CodeMemory> make_code_memory(size_t bytes = CodeMemory::kDefaultReserveBytes) {
  auto memory = CodeMemory::create(bytes).value();
  EXPECT_TRUE(add_lazy_stub(*memory));
  return memory;
}

StreamEnvironment environment(CompilePolicy policy, uint32_t workers) {
  StreamEnvironment env;
  env.policy = policy;
  env.types = make_shared_heap<TypeRegistry>();
  static const std::shared_ptr<CodeMemory> memory = make_code_memory();
  env.code_memory = memory;
  env.workers = make_shared_heap<WorkerPool>(workers);
  return env;
}

using Compiled = Result<std::shared_ptr<const CompiledModule>>;

Compiled compile(std::span<const uint8_t> bytes, const StreamEnvironment& env,
                 size_t step = ~size_t{0}) {
  StreamCompiler stream(env);
  for (size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
    if (!stream.feed(bytes.subspan(at, std::min(step, bytes.size() - at)))) break;
  }
  return stream.finish();
}

std::string outcome(const Compiled& result) {
  return result ? "ok" : std::string(result.error().message());
}

const Bytes kType = section(1, {{0x60, 1, 0x7f, 1, 0x7f}});
const Bytes kMismatch = sized({0, 0x20, 0, 0x42, 7, 0x6a, 0x0b});
const Bytes kNotCompiled = sized({0, 0x41, 1, 0xfb, 0x1c, 0xfb, 0x1d, 0x0b});  // ref.i31

Bytes module_of(const std::vector<Bytes>& bodies) {
  Bytes funcs = leb(bodies.size()), code = leb(bodies.size());
  for (const Bytes& body : bodies) {
    funcs.push_back(0);
    code.insert(code.end(), body.begin(), body.end());
  }
  return module({kType, section(3, funcs), section(10, code)});
}

/// Functions of different lengths, each with a call of another.
std::vector<Bytes> bodies_of(uint32_t count) {
  std::vector<Bytes> bodies;
  for (uint32_t i = 0; i < count; ++i) {
    Bytes body = {0, 0x20, 0};
    for (uint32_t k = 0; k <= i % 9; ++k) body = cat({body, {0x41}, leb(k), {0x6a}});
    bodies.push_back(sized(cat({body, {0x10}, leb((i * 7) % count), {0x0b}})));
  }
  return bodies;
}

uint32_t functions_compiled(const CompiledModule& module) {
  return module.stats().functions_compiled;
}

/// Waits until background compilation has brought the count to `count`.
bool reaches(const CompiledModule& module, uint32_t count) {
  for (int i = 0; i < 20'000 && functions_compiled(module) < count; ++i) ::usleep(1000);
  return functions_compiled(module) == count;
}

TEST(LazyCode, TheOutcomeDoesNotDependOnThePolicy) {
  std::vector<std::vector<Bytes>> modules = {bodies_of(3), bodies_of(3000)};
  for (const size_t at : {size_t{0}, size_t{1500}, size_t{2999}}) {
    for (const Bytes& fault : {kMismatch, kNotCompiled}) {
      modules.push_back(bodies_of(3000));
      modules.back()[at] = fault;
    }
  }
  modules.push_back(bodies_of(3000));
  modules.back()[100] = kNotCompiled;
  modules.back()[2900] = kMismatch;
  for (const std::vector<Bytes>& bodies : modules) {
    const Bytes bytes = module_of(bodies);
    std::string first;
    for (const CompilePolicy policy : kPolicies) {
      for (const uint32_t workers : {0u, 1u, 3u}) {
        const Compiled result = compile(bytes, environment(policy, workers), 5000);
        const std::string text = result ? "ok" : std::string(result.error().message());
        if (first.empty()) first = text;
        EXPECT_EQ(text, first) << static_cast<int>(policy) << " with " << workers;
      }
    }
  }
}

TEST(LazyCode, SameCodeUnderEveryPolicy) {
  constexpr uint32_t kCount = 2000;
  const Bytes bytes = module_of(bodies_of(kCount));
  const Compiled eager = compile(bytes, environment(CompilePolicy::Eager, 0));
  const Compiled lazy = compile(bytes, environment(CompilePolicy::Lazy, 2));
  const StreamEnvironment adaptive_environment = environment(CompilePolicy::Adaptive, 2);
  const Compiled adaptive = compile(bytes, adaptive_environment);
  ASSERT_TRUE(eager && lazy && adaptive);
  EXPECT_EQ(functions_compiled(**eager), kCount);
  EXPECT_EQ(functions_compiled(**lazy), 0u);
  EXPECT_TRUE((*lazy)->code().code_of(FuncIdx{0}).empty());
  // From the last to the first, so that they lie elsewhere than in the others.
  for (uint32_t i = kCount; i-- > 0;) {
    const auto entry = (*lazy)->require_code(FuncIdx{i});
    ASSERT_TRUE(entry);
    EXPECT_EQ(*entry, (*lazy)->code().code_of(FuncIdx{i}).data());
    EXPECT_EQ(*(*lazy)->require_code(FuncIdx{i}), *entry) << "the second time";
  }
  EXPECT_TRUE(reaches(**adaptive, kCount));
  EXPECT_EQ(functions_compiled(**lazy), kCount);
  for (uint32_t i = 0; i < kCount; ++i) {
    const auto a = (*eager)->code().code_of(FuncIdx{i});
    for (const Compiled& other : {lazy, adaptive}) {
      const auto b = (*other)->code().code_of(FuncIdx{i});
      ASSERT_EQ(a.size(), b.size()) << i;
      ASSERT_FALSE(a.empty());
      // Equal but for the displacement of the one call.
      size_t begin = 0, end = a.size();
      while (begin < end && a[begin] == b[begin]) ++begin;
      while (end > begin && a[end - 1] == b[end - 1]) --end;
      ASSERT_LE(end - begin, 4u) << i;
    }
  }
  EXPECT_EQ(*(*eager)->require_code(FuncIdx{7}), (*eager)->code().code_of(FuncIdx{7}).data());
  EXPECT_EQ((*lazy)->stats().machine_code_bytes, (*eager)->stats().machine_code_bytes);
  EXPECT_EQ((*adaptive)->stats().machine_code_bytes, (*eager)->stats().machine_code_bytes);
}

// Callers and the background together make the bytes of one compilation of each function.
TEST(LazyCode, ManyThreadsCompileEachFunctionOnce) {
  constexpr uint32_t kCount = 1000;
  const Bytes bytes = module_of(bodies_of(kCount));
  const Compiled eager = compile(bytes, environment(CompilePolicy::Eager, 0));
  ASSERT_TRUE(eager);
  for (const CompilePolicy policy : {CompilePolicy::Lazy, CompilePolicy::Adaptive}) {
    for (int round = 0; round < 10; ++round) {
      const StreamEnvironment env = environment(policy, 2);
      const Compiled module = compile(bytes, env);
      ASSERT_TRUE(module);
      std::vector<std::thread> threads;
      std::atomic<int> wrong{0};
      for (uint32_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
          for (uint32_t i = 0; i < kCount; ++i) {
            const FuncIdx func{t % 2 == 0 ? i : kCount - 1 - i};
            const auto entry = (*module)->require_code(func);
            if (!entry || *entry != (*module)->code().entry_of(func)) ++wrong;
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      EXPECT_EQ(wrong.load(), 0);
      EXPECT_EQ(functions_compiled(**module), kCount);
      EXPECT_EQ((*module)->stats().machine_code_bytes, (*eager)->stats().machine_code_bytes);
    }
  }
}

TEST(LazyCode, DroppingAModuleCancelsWhatIsLeft) {
  const Bytes bytes = module_of(bodies_of(20'000));
  const StreamEnvironment env = environment(CompilePolicy::Adaptive, 2);
  std::vector<std::weak_ptr<const CompiledModule>> dropped;
  for (int round = 0; round < 20; ++round) {
    Compiled module = compile(bytes, env);
    ASSERT_TRUE(module);
    if (round % 2 == 0) ::usleep(500);
    dropped.push_back(*module);
    module->reset();
    EXPECT_TRUE(dropped.back().expired());
  }
  // Its threads are free for others.
  const Compiled last = compile(bytes, env);
  ASSERT_TRUE(last);
  EXPECT_TRUE(reaches(**last, 20'000));
}

TEST(LazyCode, NothingOutlivesThePool) {
  const Bytes bytes = module_of(bodies_of(20'000));
  for (int round = 0; round < 10; ++round) {
    StreamEnvironment env = environment(CompilePolicy::Adaptive, 2);
    env.code_memory = make_code_memory(CodeMemory::kLeastReserveBytes);
    const std::weak_ptr<CodeMemory> memory = env.code_memory;
    {
      const Compiled module = compile(bytes, env);
      ASSERT_TRUE(module);
    }
    env.workers.reset();
    env = {};
    EXPECT_TRUE(memory.expired()) << round;
  }
}

// Without workers a slow stream leaves time, and that is used.
TEST(LazyCode, TheFeedingThreadUsesTheTimeBetweenBytes) {
  const Bytes bytes = module_of(bodies_of(5000));
  StreamCompiler slow(environment(CompilePolicy::Adaptive, 0));
  const size_t half = bytes.size() / 2;
  ASSERT_TRUE(slow.feed(std::span(bytes).first(half)));
  // Time that somebody else takes from the compilation counts as used: more than one pause.
  for (int i = 0; i < 4; ++i) {
    ::usleep(40'000);
    ASSERT_TRUE(slow.feed({}));
  }
  ASSERT_TRUE(slow.feed(std::span(bytes).subspan(half)));
  const Compiled module = slow.finish();
  ASSERT_TRUE(module);
  EXPECT_GE(functions_compiled(**module), 1000u);
  const Compiled fast = compile(bytes, environment(CompilePolicy::Adaptive, 0));
  ASSERT_TRUE(fast);
  EXPECT_LT(functions_compiled(**fast), 1000u);
}

std::set<std::filesystem::path> running_threads() {
  const std::filesystem::directory_iterator threads("/proc/self/task");
  return {begin(threads), end(threads)};
}

/// Threads that were not there before. Those of earlier tests may be gone only now: one that has
/// been joined is shown a while longer.
size_t new_threads(const std::set<std::filesystem::path>& before) {
  const std::set<std::filesystem::path> now = running_threads();
  return static_cast<size_t>(
      std::ranges::count_if(now, [&](const auto& thread) { return !before.contains(thread); }));
}

TEST(LazyCode, SmallModulesAreCompiledAtOnceAndStartNoThreads) {
  const std::set<std::filesystem::path> before = running_threads();
  const StreamEnvironment where = environment(CompilePolicy::Adaptive, 2);
  const Compiled small = compile(module_of(bodies_of(20)), where);
  ASSERT_TRUE(small);
  EXPECT_EQ(functions_compiled(**small), 20u);
  EXPECT_EQ(new_threads(before), 0u);
  const Compiled large = compile(module_of(bodies_of(2000)), where);
  ASSERT_TRUE(large);
  EXPECT_GE(new_threads(before), 2u);  // a sanitizer may start one of its own
}

TEST(LazyCode, FullCodeMemoryIsAnErrorOfTheCallAndMayPass) {
  Bytes large = {0, 0x20, 0};
  for (uint32_t k = 0; k < 30'000; ++k) large = cat({std::move(large), {0x20, 0, 0x6c}});
  large.push_back(0x0b);
  const Bytes bytes = module_of(std::vector<Bytes>(3, sized(large)));
  for (const CompilePolicy policy : {CompilePolicy::Lazy, CompilePolicy::Adaptive}) {
    StreamEnvironment env = environment(policy, 0);
    env.code_memory = make_code_memory(CodeMemory::kLeastReserveBytes);
    const Compiled module = compile(bytes, env);
    ASSERT_TRUE(module) << module.error().message();
    // Somebody else takes the rest.
    std::vector<std::shared_ptr<ModuleCode>> others;
    for (uint32_t funcs = 1'000'000; funcs > 0; funcs /= 2) {
      while (auto code = ModuleCode::create(env.code_memory, 0, funcs)) others.push_back(*code);
    }
    const auto refused = (*module)->require_code(FuncIdx{0});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::CodeMemoryFull);
    EXPECT_FALSE((*module)->require_code(FuncIdx{0})) << "still";
    others.clear();
    EXPECT_TRUE((*module)->require_code(FuncIdx{0}));
    EXPECT_FALSE((*module)->code().code_of(FuncIdx{0}).empty());
  }
}

// Under Eager the same is an error of the stream; under the others the stream succeeds.
TEST(LazyCode, FullCodeMemoryDuringTheStream) {
  const Bytes bytes = module_of(bodies_of(20'000));
  for (const CompilePolicy policy : kPolicies) {
    for (const uint32_t workers : {0u, 2u}) {
      StreamEnvironment env = environment(policy, workers);
      env.code_memory = make_code_memory(CodeMemory::kLeastReserveBytes);
      std::vector<std::shared_ptr<ModuleCode>> others;
      // Leaves room for the jump table and little more.
      while (auto code = ModuleCode::create(env.code_memory, 0, 100'000)) others.push_back(*code);
      others.pop_back();
      while (auto code = ModuleCode::create(env.code_memory, 0, 50'000)) others.push_back(*code);
      others.pop_back();
      const Compiled module = compile(bytes, env);
      if (policy == CompilePolicy::Eager) {
        ASSERT_FALSE(module);
        EXPECT_EQ(module.error().kind, ErrorKind::CodeMemoryFull);
      } else {
        EXPECT_TRUE(module) << module.error().message();
      }
    }
  }
}

// A child compiles what it needs, also what a thread of its parent was at; and the parent goes on.
TEST(LazyCode, ChildAndParentBothCompile) {
  SKIP_IF_SANITIZER_CANNOT_FORK();
  constexpr uint32_t kCount = 20'000;
  const Bytes bytes = module_of(bodies_of(kCount));
  const StreamEnvironment env = environment(CompilePolicy::Adaptive, 2);
  for (int round = 0; round < 10; ++round) {
    const Compiled module = compile(bytes, env);
    ASSERT_TRUE(module);
    ::usleep(static_cast<useconds_t>(round * 300));
    const auto all_compile = [&] {
      for (uint32_t i = 0; i < kCount; ++i) {
        if (!(*module)->require_code(FuncIdx{i})) return false;
      }
      return true;
    };
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::alarm(60);
      ::_exit(all_compile() ? 0 : 1);
    }
    EXPECT_TRUE(all_compile());
    EXPECT_EQ(test::wait_for(pid), 0);
    EXPECT_EQ(functions_compiled(**module), kCount);
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// The lazy stub has the headroom of 16 KiB that host functions have (kLeastHeadroomBytes), so a
// compilation must do with less, whatever the body.
TEST(LazyCode, CompilingNeedsLittleStack) {
  Bytes deep = {0};
  for (int k = 0; k < 5000; ++k) deep = cat({std::move(deep), {0x02, 0x40}});
  for (int k = 0; k < 5000; ++k) deep.push_back(0x0b);
  deep = cat({std::move(deep), {0x20, 0, 0x0b}});
  Bytes wide = {0};
  for (int k = 0; k < 5000; ++k) wide = cat({std::move(wide), {0x20, 0, 0x20, 0, 0x10, 0, 0x6e}});
  for (int k = 0; k < 4999; ++k) wide.push_back(0x6a);
  wide.push_back(0x0b);
  std::vector<Bytes> bodies = bodies_of(100);
  bodies.push_back(sized(deep));
  bodies.push_back(sized(wide));
  const Compiled module = compile(module_of(bodies), environment(CompilePolicy::Lazy, 0));
  ASSERT_TRUE(module) << module.error().message();

  constexpr size_t kStackBytes = size_t{256} << 10;
  std::vector<uint8_t> stack(kStackBytes + 4096, 0xa5);
  auto* low = reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(stack.data()) + 4095) &
                                         ~uintptr_t{4095});
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstack(&attributes, low, kStackBytes), 0);
  struct Job {
    const CompiledModule* module;
    size_t count;
    bool good = true;
    uintptr_t top = 0;
  } job{module->get(), bodies.size()};
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* p) -> void* {
                  Job& mine = *static_cast<Job*>(p);
                  mine.top = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
                  for (uint32_t i = 0; i < mine.count; ++i) {
                    mine.good = mine.good && mine.module->require_code(FuncIdx{i});
                  }
                  return nullptr;
                },
                &job),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_TRUE(job.good);
  size_t untouched = 0;
  while (low[untouched] == 0xa5) ++untouched;
  const size_t used = job.top - reinterpret_cast<uintptr_t>(low) - untouched;
  RecordProperty("bytes", static_cast<int>(used));
  EXPECT_LT(used, size_t{12} << 10);
  EXPECT_GT(used, 100u);
}
#endif

// Bodies that are checked as their bytes come, with each kind of error, whole and cut off.
TEST(LazyCode, LargeBodiesAreCheckedWhileTheyArrive) {
  constexpr size_t kHalf = 100'000;
  const auto large = [](const Bytes& middle) {
    const Bytes nops(kHalf, 0x01);
    return sized(cat({{0}, nops, middle, nops, {0x20, 0, 0x0b}}));
  };
  const Bytes targets = cat({{0x41, 0, 0x0e}, leb(50'000), Bytes(50'001, 0), {}});
  const Bytes middles[] = {{},
                           cat({{0x02, 0x40}, targets, {0x0b}}),
                           cat({{0x02, 0x40}, targets, {0x41, 1, 0x0b}}),
                           {0x41, 1},
                           {0x27},
                           {0x41, 1, 0xfd, 0x0f, 0xfd, 0x15, 0, 0x1a},
                           {0x0b}};
  for (const Bytes& middle : middles) {
    const Bytes module = module_of({large({}), large(middle)});
    for (const size_t size : {module.size(), kHalf, kHalf + 30'000, 2 * kHalf}) {
      const std::span<const uint8_t> bytes = std::span(module).first(std::min(size, module.size()));
      const StreamEnvironment eager = environment(CompilePolicy::Eager, 0);
      const std::string whole = outcome(compile(bytes, eager));
      for (const CompilePolicy policy : {CompilePolicy::Lazy, CompilePolicy::Adaptive}) {
        for (const uint32_t workers : {0u, 2u}) {
          const StreamEnvironment env = environment(policy, workers);
          for (const size_t step : {1'000, 5'003, 70'000}) {
            EXPECT_EQ(outcome(compile(bytes, env, step)), whole) << middle.size() << " " << size;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace sluice

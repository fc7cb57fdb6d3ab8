// From bytes to code: one outcome per stream, whatever the cuts and the number of workers.
#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "jit/pipeline/stream_compiler.h"
#include "tests/support/fork.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice {
namespace {

using namespace test;

StreamEnvironment environment(uint32_t workers) {
  // One of each kind for all tests: reservations are large, and engines are long-lived.
  static const auto types = make_shared_heap<TypeRegistry>();
  static const std::shared_ptr<CodeMemory> memory = CodeMemory::create().value();
  static const std::shared_ptr<WorkerPool> pools[] = {
      make_shared_heap<WorkerPool>(0u), make_shared_heap<WorkerPool>(1u),
      make_shared_heap<WorkerPool>(2u), make_shared_heap<WorkerPool>(3u)};
  StreamEnvironment env;
  env.types = types;
  env.code_memory = memory;
  env.workers = pools[workers];
  return env;
}

using Compiled = Result<std::shared_ptr<const CompiledModule>>;

// Feeds pieces of at most `step` bytes, to the end or the first error; then finishes.
Compiled compile(std::span<const uint8_t> bytes, uint32_t workers, size_t step = ~size_t{0}) {
  StreamCompiler stream(environment(workers));
  std::string fed;
  for (size_t at = 0; at < bytes.size();) {
    const std::span<const uint8_t> piece = bytes.subspan(at, std::min(step, bytes.size() - at));
    if (const Result<void> r = stream.feed(piece); !r) {
      fed = r.error().message();
      break;
    }
    at += piece.size();
  }
  Compiled result = stream.finish();
  if (!fed.empty()) {
    EXPECT_EQ(fed, result ? "ok" : std::string(result.error().message()));
  }
  return result;
}

std::string outcome(std::span<const uint8_t> bytes, uint32_t workers, size_t step = ~size_t{0}) {
  const Compiled result = compile(bytes, workers, step);
  return result ? "ok" : std::string(result.error().message());
}

const Bytes kType = section(1, {{0x60, 1, 0x7f, 1, 0x7f}});
const Bytes kGood = sized({0, 0x20, 0, 0x41, 7, 0x6a, 0x0b});  // local.get 0, i32.const 7, i32.add
const Bytes kMismatch = sized({0, 0x20, 0, 0x42, 7, 0x6a, 0x0b});
const Bytes kIllegal = sized({0, 0x20, 0, 0x27, 0x0b});
const Bytes kNotCompiled = sized({0, 0x41, 1, 0xfd, 0x0f, 0xfd, 0x15, 0, 0x0b});  // i8x16.splat …

Bytes module_of(const std::vector<Bytes>& bodies, const Bytes& after = {}) {
  Bytes funcs = leb(bodies.size()), code = leb(bodies.size());
  for (const Bytes& body : bodies) {
    funcs.push_back(0);
    code.insert(code.end(), body.begin(), body.end());
  }
  return cat({module({kType, section(3, funcs), section(10, code)}), after});
}

std::vector<Bytes> many(size_t count) { return std::vector<Bytes>(count, kGood); }

// Small modules, sound ones and such with errors of every layer.
std::vector<Bytes> corpus() {
  return {
      header(),
      module_of({}),
      module_of({kGood, kGood, kGood}),
      module_of({kGood, kMismatch, kGood}),
      module_of({kGood, kMismatch, kIllegal}),
      module_of({kIllegal, kMismatch}),
      module_of({kGood, kMismatch}, {14, 0}),
      module_of({kGood, kGood}, {14, 0}),
      module_of({kGood, {0x85, 0x80, 0x80, 0x80, 0x70}}),
      module_of({kGood}, section(11, {{0, 0x41, 0, 0x0b, 0}})),
      module_of({kNotCompiled, kGood}),
      module_of({kNotCompiled, kMismatch}),
      module_of({kNotCompiled, kGood}, {14, 0}),
  };
}

TEST(StreamCompiler, OutcomeDependsOnTheBytesAlone) {
  for (const Bytes& bytes : corpus()) {
    const std::string whole = outcome(bytes, 0);
    for (uint32_t workers = 0; workers <= 3; ++workers) {
      for (const size_t step : {1, 2, 3, 7, 1000}) {
        EXPECT_EQ(outcome(bytes, workers, step), whole) << workers << " workers, step " << step;
      }
    }
  }
}

TEST(StreamCompiler, EveryPrefixHasOneOutcome) {
  for (const Bytes& bytes : corpus()) {
    for (size_t length = 0; length < bytes.size(); ++length) {
      const std::span<const uint8_t> prefix(bytes.data(), length);
      const std::string whole = outcome(prefix, 0);
      EXPECT_EQ(outcome(prefix, 0, 1), whole) << length;
      EXPECT_EQ(outcome(prefix, 2, 3), whole) << length;
      EXPECT_EQ(outcome(prefix, 2), whole) << length;
    }
  }
}

TEST(StreamCompiler, EarliestErrorWins) {
  const auto ends_with = [](const Bytes& bytes, std::string_view text) {
    return std::string_view(outcome(bytes, 2)).find(text) != std::string_view::npos;
  };
  EXPECT_TRUE(ends_with(module_of({kGood, kMismatch, kIllegal}), "type mismatch"));
  EXPECT_TRUE(ends_with(module_of({kGood, kIllegal, kMismatch}), "illegal opcode"));
  EXPECT_TRUE(ends_with(module_of({kGood, kMismatch}, {14, 0}), "type mismatch"));
  EXPECT_TRUE(ends_with(module_of({kGood, kGood}, {14, 0}), "malformed section id"));
}

TEST(StreamCompiler, NotCompiledNeverHidesAnInvalidModule) {
  EXPECT_NE(outcome(module_of({kNotCompiled, kMismatch}), 0).find("type mismatch"),
            std::string::npos);
  EXPECT_NE(outcome(module_of({kNotCompiled, kGood}, {14, 0}), 0).find("malformed section id"),
            std::string::npos);
}

// The bytes that are there of the last body are checked, and only then the end is unexpected.
TEST(StreamCompiler, ErrorInAnIncompleteBody) {
  Bytes bytes = module_of({kGood, kIllegal});
  bytes.pop_back();
  EXPECT_NE(outcome(bytes, 0).find("illegal opcode"), std::string::npos) << outcome(bytes, 0);
  bytes.pop_back();
  bytes.pop_back();
  EXPECT_NE(outcome(bytes, 0).find("unexpected end"), std::string::npos) << outcome(bytes, 0);
}

// A large module with a few faults at random: the same error from all ways of feeding it.
TEST(StreamCompiler, RandomFaultsInALargeModule) {
  std::mt19937 random(1);
  for (int round = 0; round < 10; ++round) {
    std::vector<Bytes> bodies = many(3000);
    for (int fault = 0; fault < round; ++fault) {
      bodies[random() % bodies.size()] = random() % 2 == 0 ? kMismatch : kIllegal;
    }
    const Bytes bytes = module_of(bodies);
    const std::string whole = outcome(bytes, 0);
    EXPECT_EQ(whole == "ok", round == 0);
    for (uint32_t workers = 0; workers <= 3; ++workers) {
      EXPECT_EQ(outcome(bytes, workers, 1 + random() % 20'000), whole);
    }
  }
}

// Function i adds a constant and calls function 7 i.
Bytes module_of_calls(uint32_t count) {
  std::vector<Bytes> bodies;
  for (uint32_t i = 0; i < count; ++i) {
    bodies.push_back(
        sized(cat({{0, 0x20, 0, 0x41}, leb(i % 64), {0x6a, 0x10}, leb(i * 7 % count), {0x0b}})));
  }
  return module_of(bodies);
}

// The code of a function of the above as it was before relocation: the displacement of its one call
// is replaced by zeros, after it was checked to lead to the callee's slot of the jump table.
std::vector<uint8_t> unrelocated(const ModuleCode& code, FuncIdx func, FuncIdx callee) {
  const std::span<const uint8_t> bytes = code.code_of(func);
  std::vector<uint8_t> out(bytes.begin(), bytes.end());
  const uintptr_t slot = code.memory().base() + code.slot_offset(callee);
  unsigned calls = 0;
  for (size_t i = 0; i + 5 <= bytes.size(); ++i) {
    int32_t displacement;
    std::memcpy(&displacement, &bytes[i + 1], 4);
    const auto next = reinterpret_cast<uintptr_t>(&bytes[i + 5]);
    if (bytes[i] != 0xe8 || next + static_cast<uintptr_t>(intptr_t{displacement}) != slot) continue;
    std::fill_n(out.begin() + static_cast<ptrdiff_t>(i) + 1, 4, uint8_t{0});
    ++calls;
  }
  EXPECT_EQ(calls, 1u) << raw(func);
  return out;
}

TEST(StreamCompiler, SameCodeForAnySplitAndNumberOfWorkers) {
  constexpr uint32_t kFuncs = 2000;
  const Bytes bytes = module_of_calls(kFuncs);
  const Compiled reference = compile(bytes, 0);
  ASSERT_TRUE(reference) << reference.error().message();
  for (uint32_t workers = 0; workers <= 3; ++workers) {
    for (const size_t step : {size_t{1}, size_t{777}, bytes.size()}) {
      const Compiled other = compile(bytes, workers, step);
      ASSERT_TRUE(other) << other.error().message();
      const CompileStats& stats = (*other)->stats();
      EXPECT_EQ(stats.machine_code_bytes, (*reference)->stats().machine_code_bytes);
      EXPECT_EQ(stats.functions, kFuncs);
      EXPECT_EQ(stats.wire_bytes, bytes.size());
      for (uint32_t i = 0; i < kFuncs; ++i) {
        const FuncIdx func{i}, callee{i * 7 % kFuncs};
        ASSERT_EQ(unrelocated((*other)->code(), func, callee),
                  unrelocated((*reference)->code(), func, callee))
            << i << ", " << workers << " workers, step " << step;
      }
    }
  }
}

TEST(StreamCompiler, ProgressAndStates) {
  struct Seen {
    std::vector<StreamProgress> all;
  } seen;
  const ProgressCallback callback{
      [](void* env, const StreamProgress& p) { static_cast<Seen*>(env)->all.push_back(p); }, &seen};
  StreamCompiler stream(environment(0), callback);
  const Bytes bytes = module_of(many(10));
  for (const uint8_t& byte : bytes) ASSERT_TRUE(stream.feed({&byte, 1}));
  const Compiled result = stream.finish();
  ASSERT_TRUE(result);
  ASSERT_FALSE(seen.all.empty());
  for (size_t i = 1; i < seen.all.size(); ++i) {
    EXPECT_GE(seen.all[i].wire_bytes, seen.all[i - 1].wire_bytes);
    EXPECT_GE(seen.all[i].bodies_compiled, seen.all[i - 1].bodies_compiled);
  }
  // Without workers a body is compiled by the feed that completes it.
  const size_t before_last = seen.all.size() - 2;
  EXPECT_EQ(seen.all[before_last].bodies_compiled, 10u);
  EXPECT_EQ(seen.all.back().bodies, 10u);
  EXPECT_EQ(seen.all.back().wire_bytes, bytes.size());
  EXPECT_EQ(stream.feed(bytes).error().kind, ErrorKind::StreamState);
  EXPECT_EQ(stream.finish().error().kind, ErrorKind::StreamState);
}

TEST(StreamCompiler, Cancel) {
  const Bytes bytes = module_of(many(5000));
  for (uint32_t workers = 0; workers <= 3; ++workers) {
    StreamCompiler stream(environment(workers));
    ASSERT_TRUE(stream.feed(std::span(bytes).subspan(0, bytes.size() / 2)));
    stream.cancel();
    EXPECT_EQ(stream.feed(bytes).error().kind, ErrorKind::Cancelled);
    EXPECT_EQ(stream.finish().error().kind, ErrorKind::Cancelled);
  }
}

TEST(StreamCompiler, DroppedStreamsLeaveNothingBehind) {
  const Bytes bytes = module_of(many(5000));
  for (int round = 0; round < 20; ++round) {
    StreamCompiler stream(environment(3));
    ASSERT_TRUE(stream.feed(std::span(bytes).subspan(0, bytes.size() * 9 / 10)));
  }
}

// When the owners let go of engine and stream, nothing is left that a thread could still drop
// later.
TEST(StreamCompiler, NothingOutlivesThePool) {
  const Bytes bytes = module_of(many(3000));
  for (int round = 0; round < 30; ++round) {
    std::weak_ptr<CodeMemory> memory;
    std::weak_ptr<TypeRegistry> types;
    {
      StreamEnvironment env = environment(0);
      env.types = make_shared_heap<TypeRegistry>();
      env.code_memory = CodeMemory::create(CodeMemory::kLeastReserveBytes).value();
      env.workers = make_shared_heap<WorkerPool>(2u);
      memory = env.code_memory;
      types = env.types;
      StreamCompiler stream(std::move(env));
      ASSERT_TRUE(stream.feed(bytes));
      if (round % 2 == 0) {
        ASSERT_TRUE(stream.finish());
      }
    }
    EXPECT_TRUE(memory.expired());
    EXPECT_TRUE(types.expired());
  }
}

// Keeps one thread of a pool until it is let go.
class BusyThread {
 public:
  explicit BusyThread(WorkerPool& pool) { pool.submit(make_shared_heap<Busy>(done_)); }
  ~BusyThread() { let_go(); }
  void let_go() {
    *done_ = true;
    done_->notify_all();
  }

 private:
  using Flag = std::shared_ptr<std::atomic<bool>>;
  struct Busy final : Task {
    explicit Busy(Flag d) : done(std::move(d)) {}
    void run(std::unique_ptr<WorkerScratch>&) override { done->wait(false); }
    Flag done;
  };
  Flag done_ = std::make_shared<std::atomic<bool>>(false);
};

// A thread that is busy elsewhere: modules made and dropped meanwhile must not pile up.
TEST(StreamCompiler, DroppedModulesDoNotWaitForThreads) {
  const Bytes bytes = module_of(many(10));
  StreamEnvironment env = environment(0);
  env.workers = make_shared_heap<WorkerPool>(1u);
  BusyThread busy(*env.workers);
  std::weak_ptr<const WireBytes> bytes_of_it;
  {
    StreamCompiler stream(env);
    ASSERT_TRUE(stream.feed(bytes));
    const Compiled compiled = stream.finish();
    ASSERT_TRUE(compiled);
    bytes_of_it = (*compiled)->module().wire;
  }
  EXPECT_TRUE(bytes_of_it.expired());
  busy.let_go();
}

// Tiny pieces that come faster than threads take them are not handed over one by one.
TEST(StreamCompiler, WhatWaitsIsTakenTogether) {
  const Bytes bytes = module_of(many(4000));
  StreamEnvironment env = environment(0);
  env.workers = make_shared_heap<WorkerPool>(1u);
  BusyThread busy(*env.workers);
  struct Seen {
    int batches = 0;
    uint64_t bodies = 0;
  } seen;
  const BatchCallback on_batch{[](void* to, const BatchReport& report) {
                                 ++static_cast<Seen*>(to)->batches;
                                 static_cast<Seen*>(to)->bodies += report.bodies;
                               },
                               &seen};
  StreamCompiler stream(env, {}, on_batch);
  for (size_t at = 0; at < bytes.size(); at += 10) {
    ASSERT_TRUE(stream.feed(std::span(bytes).subspan(at, std::min<size_t>(10, bytes.size() - at))));
  }
  ASSERT_TRUE(stream.finish());  // does it all itself
  EXPECT_EQ(seen.bodies, 4000u);
  EXPECT_LE(seen.batches, 4);
}

TEST(StreamCompiler, ManyStreamsShareOnePool) {
  const Bytes bytes = module_of(many(1000));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) EXPECT_EQ(outcome(bytes, 3, 500), "ok");
    });
  }
  for (std::thread& t : threads) t.join();
}

// What is too little for another thread is not left to the end of the stream, which may never come.
TEST(StreamCompiler, SmallModuleIsCheckedWhenItsLastBodyIsThere) {
  const Bytes bytes = module_of({kGood, kMismatch}, section(0, {{1, 'x'}}));
  for (uint32_t workers = 0; workers <= 3; ++workers) {
    for (const size_t step : {size_t{1}, bytes.size()}) {
      StreamCompiler stream(environment(workers));
      Result<void> fed;
      for (size_t at = 0; fed && at < bytes.size(); at += step) {
        fed = stream.feed(std::span(bytes).subspan(at, std::min(step, bytes.size() - at)));
      }
      ASSERT_FALSE(fed) << workers << " workers, step " << step;
      EXPECT_NE(fed.error().message().find("type mismatch"), std::string::npos);
    }
  }
}

// fork in the middle of a stream whose bodies are being compiled: both sides can finish it.
TEST(StreamCompiler, ForkInTheMiddle) {
  SKIP_IF_SANITIZER_CANNOT_FORK();
  const Bytes bytes = module_of(many(4000));
  for (int round = 0; round < 10; ++round) {
    StreamCompiler stream(environment(2));
    const size_t cut = bytes.size() * static_cast<size_t>(round + 1) / 11;
    ASSERT_TRUE(stream.feed(std::span(bytes).subspan(0, cut)));
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::alarm(60);
      const bool good = stream.feed(std::span(bytes).subspan(cut)).has_value() &&
                        stream.finish().has_value() && outcome(bytes, 2) == "ok";
      ::_exit(good ? 0 : 1);
    }
    EXPECT_TRUE(stream.feed(std::span(bytes).subspan(cut)));
    EXPECT_TRUE(stream.finish());
    EXPECT_EQ(test::wait_for(pid), 0);
  }
}

TEST(CompiledModule, OffsetsAndNames) {
  const Bytes names = custom("name", {1, 4, 1, 1, 1, 'f'});
  const Compiled compiled = compile(module_of({kGood, kGood}, names), 0);
  ASSERT_TRUE(compiled);
  const CompiledModule& module = **compiled;
  EXPECT_EQ(module.func_name(FuncIdx{0}), "");
  EXPECT_EQ(module.func_name(FuncIdx{1}), "f");
  const std::span<const uint8_t> code = module.code().code_of(FuncIdx{1});
  const ByteRange body = module.module().bodies[1].range;
  bool any = false;
  for (uint32_t at = 0; at < code.size(); ++at) {
    const uint64_t offset = module.wasm_offset(FuncIdx{1}, at);
    if (offset == kNoOffset) continue;
    any = true;
    EXPECT_GE(offset, body.offset);
    EXPECT_LT(offset, body.offset + body.size);
  }
  EXPECT_TRUE(any);
}

}  // namespace
}  // namespace sluice

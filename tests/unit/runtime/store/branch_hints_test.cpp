// Branch hints end to end: what is unlikely stands elsewhere, and backtraces, handlers and frame
// maps know where. Each module runs with the hints in its text, and with any others.
#include <chrono>

#include "engine/text/text.h"
#include "tests/support/branch_hints.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using test::HintWriter;

/// The module as its text says, without hints, with all of one kind, and with some at random.
std::vector<std::vector<uint8_t>> variants(const char* text) {
  auto binary = wat_to_wasm(text);
  EXPECT_TRUE(binary) << explain(text, binary.error());
  const std::vector<uint8_t> as_text(binary->begin(), binary->end());
  std::string plain = text;
  for (size_t at; (at = plain.find("(@")) != std::string::npos;) {
    plain.replace(at, plain.find(')', at) + 1 - at, "");
  }
  binary = wat_to_wasm(plain);
  const std::vector<uint8_t> without(binary->begin(), binary->end());
  std::vector<std::vector<uint8_t>> all = {without, as_text};
  for (uint32_t value : {0u, 1u}) {
    all.push_back(HintWriter::add(without, [value] { return value; }));
  }
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    all.push_back(test::with_random_hints(without, seed));
  }
  return all;
}

class BranchHintsTest : public StoreTest {
 public:
  /// Offsets in their bodies of the instructions that the trap's frames are at.
  std::vector<uint64_t> frame_offsets(const Trap& trap) {
    std::vector<uint64_t> offsets;
    for (const Frame& frame : trap.frames()) {
      const Module& module = frame.module->module();
      offsets.push_back(frame.wasm_offset - module.bodies[raw(frame.func)].range.offset);
    }
    return offsets;
  }
};

constexpr const char* kTrapping = R"((module
  (memory 1)
  (func $inner (param $n i32) (result i32)
    (block $done
      (@metadata.code.branch_hint "\01")
      (br_if $done (i32.gt_s (local.get $n) (i32.const 3)))
      (@metadata.code.branch_hint "\00")
      (if (i32.eqz (local.get $n)) (then (unreachable)))
      (@metadata.code.branch_hint "\01")
      (if (i32.ne (local.get $n) (i32.const 1))
        (then (return (i32.load (i32.const -1))))
        (else (return (i32.div_u (local.get $n) (i32.const 0))))))
    (i32.trunc_f32_s (f32.const nan)))
  (func (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (loop $again
      (@metadata.code.branch_hint "\00")
      (if (i32.lt_u (local.get $n) (i32.const 5))
        (then (local.set $sum (call $inner (local.get $n)))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $again))
    (local.get $sum))))";

TEST_P(BranchHintsTest, BacktracesAreTheSame) {
  for (const int32_t n : {0, 1, 2, 4, 9}) {
    std::vector<uint64_t> expected;
    for (const auto& bytes : variants(kTrapping)) {
      const Outcome<Value> result = call(instantiate(bytes), "run", {Value::i32(n)});
      ASSERT_FALSE(result);
      ASSERT_TRUE(result.error().is_trap());
      const std::vector<uint64_t> offsets = frame_offsets(*result.error().trap);
      ASSERT_EQ(offsets.size(), 2u);
      if (expected.empty()) expected = offsets;
      EXPECT_EQ(offsets, expected) << n;
    }
  }
}

constexpr const char* kThrowing = R"((module
  (tag $t (param i32))
  (func $throw (param i32) (throw $t (local.get 0)))
  (func $tail (param i32) (return_call $throw (local.get 0)))
  (func (export "run") (param $n i32) (result i32)
    (local $a i32) (local $b i64)
    (local.set $a (i32.mul (local.get $n) (i32.const 3)))
    (local.set $b (i64.const 1000))
    (block $caught (result i32)
      (try_table (catch $t $caught)
        (block $rest
          (@metadata.code.branch_hint "\01")
          (br_if $rest (i32.ge_s (local.get $n) (i32.const 3)))
          (local.set $b (i64.const 2000))
          (@metadata.code.branch_hint "\00")
          (if (i32.eqz (local.get $n))
            (then
              (local.set $a (block $inner (result i32)
                (try_table (catch $t $inner) (call $throw (i32.const 7)))
                (unreachable)))
              (call $tail (i32.const 20))))
          (call $throw (i32.const 30)))
        (@metadata.code.branch_hint "\00")
        (if (i32.eq (local.get $n) (i32.const 5)) (then (call $tail (i32.const 40))))
        (call $throw (i32.const 50)))
      (unreachable))
    (i32.add (i32.add (local.get $a) (i32.wrap_i64 (local.get $b)))))
  (func (export "legacy") (param $n i32) (result i32)
    (local $a i32)
    (try
      (do
        (@metadata.code.branch_hint "\00")
        (if (i32.eq (local.get $n) (i32.const 1))
          (then
            (try
              (do (call $throw (i32.const 1)))
              (catch $t
                (local.set $a)
                (@metadata.code.branch_hint "\01")
                (if (local.get $a) (then) (else (rethrow 1)))
                (rethrow 0)))))
        (@metadata.code.branch_hint "\01")
        (br_if 0 (i32.eq (local.get $n) (i32.const 2)))
        (call $throw (i32.const 10)))
      (catch $t (local.set $a (i32.add (local.get $a)))))
    (local.get $a))))";

TEST_P(BranchHintsTest, HandlersCatchWhatTheyCatch) {
  for (const auto& bytes : variants(kThrowing)) {
    Instance& instance = instantiate(bytes);
    EXPECT_EQ(call_i32(instance, "run", {Value::i32(0)}), 7 + 2000 + 20);
    EXPECT_EQ(call_i32(instance, "run", {Value::i32(1)}), 3 + 2000 + 30);
    EXPECT_EQ(call_i32(instance, "run", {Value::i32(4)}), 12 + 1000 + 50);
    EXPECT_EQ(call_i32(instance, "run", {Value::i32(5)}), 15 + 1000 + 40);
    EXPECT_EQ(call_i32(instance, "legacy", {Value::i32(0)}), 10);
    EXPECT_EQ(call_i32(instance, "legacy", {Value::i32(1)}), 1 + 1);
    EXPECT_EQ(call_i32(instance, "legacy", {Value::i32(2)}), 0);
  }
}

// exnrefs that only a frame holds while others are made, at calls that stand behind the function.
constexpr const char* kHolding = R"((module
  (tag $t (param i32))
  (func $make (param i32) (result exnref)
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (throw $t (local.get 0)))
      (unreachable)))
  (func $value (param exnref) (result i32)
    (block $caught (result i32)
      (try_table (catch $t $caught) (throw_ref (local.get 0)))
      (unreachable)))
  (func (export "run") (param $n i32) (result i32)
    (local $held exnref) (local $last exnref)
    (local.set $held (call $make (i32.const 1)))
    (call $make (i32.const 2))
    (@metadata.code.branch_hint "\00")
    (if (param exnref) (result exnref) (i32.and (local.get $n) (i32.const 1))
      (then
        (drop (call $make (i32.const 100)))
        (call $make (i32.const 4))
        (drop (call $make (i32.const 100)))
        (drop)))
    (@metadata.code.branch_hint "\01")
    (if (result exnref) (i32.and (local.get $n) (i32.const 2))
      (then (call $make (i32.const 8)))
      (else (call $make (i32.const 16)) (drop (call $make (i32.const 100)))))
    (local.set $last)
    (call $value)
    (i32.add (call $value (local.get $last)))
    (i32.add (call $value (local.get $held))))))";

TEST_P(BranchHintsTest, ReferencesInFramesLive) {
  EngineConfig config;
  config.memory_mode = GetParam();
  config.workers = 0;
  config.collect_always = true;
  engine = *Engine::create(config);
  store = std::move(*Store::create(engine));
  linker = std::make_unique<Linker>(engine);
  for (const auto& bytes : variants(kHolding)) {
    Instance& instance = instantiate(bytes);
    for (const int32_t n : {0, 1, 2, 3}) {
      EXPECT_EQ(call_i32(instance, "run", {Value::i32(n)}), 1 + 2 + ((n & 2) != 0 ? 8 : 16));
    }
  }
}

// What follows a likely branch goes on behind a block further in than the branch's: what comes
// before it must not fall in there. `load` would read at an address of 64 bits.
constexpr const char* kInner = R"((module
  (memory 1)
  (data (i32.const 4) "\2a")
  (func (export "run") (param $outer i32) (param $inner i32) (result i32)
    (local $r i32)
    (local.set $r (i32.const 1))
    (block $a
      (block $b
        (@metadata.code.branch_hint "\01") (br_if $a (local.get $outer))
        (br_if $b (local.get $inner))
        (local.set $r (i32.const 7)))
      (local.set $r (i32.add (local.get $r) (i32.const 100))))
    (local.get $r))
  (func (export "load") (param $outer i32) (param $inner i32) (param $far i64) (result i64)
    (block $a (result i64)
      (block $b (result i32)
        (local.get $far)
        (local.get $outer)
        (@metadata.code.branch_hint "\01") (br_if $a)
        (drop)
        (br_if $b (i32.const 8) (local.get $inner))
        (drop)
        (i32.const 4))
      (i32.load)
      (i64.extend_i32_u)))))";

TEST_P(BranchHintsTest, ColdPartsMayEndFurtherIn) {
  for (const auto& bytes : variants(kInner)) {
    Instance& instance = instantiate(bytes);
    EXPECT_EQ(call_i32(instance, "run", {Value::i32(1), Value::i32(0)}), 1);
    EXPECT_EQ(call_i32(instance, "run", {Value::i32(0), Value::i32(1)}), 101);
    EXPECT_EQ(call_i32(instance, "run", {Value::i32(0), Value::i32(0)}), 107);
    const auto load = [&](int32_t outer, int32_t inner, int64_t far) {
      const Outcome<Value> result =
          call(instance, "load", {Value::i32(outer), Value::i32(inner), Value::i64(far)});
      return result ? result->as_i64() : -1;
    };
    EXPECT_EQ(load(1, 0, -4096), -4096);
    EXPECT_EQ(load(1, 1, int64_t{1} << 46), int64_t{1} << 46);
    EXPECT_EQ(load(0, 0, -4096), 0x2a);
    EXPECT_EQ(load(0, 1, -4096), 0);
  }
}

// 150,000 likely branches out of as many blocks: a fraction of a second, or minutes if each walked
// the blocks.
TEST_P(BranchHintsTest, ManyBranchesOutOfManyBlocksAreLinear) {
  constexpr int kCount = 150'000;
  std::string text = "(module (func (export \"run\") (result i32) (local i32) (block $out ";
  for (int i = 0; i < kCount; ++i) text += "(block ";
  for (int i = 0; i < kCount; ++i) {
    text += "(block (@metadata.code.branch_hint \"\\01\") (br_if $out (local.get 0)) (br 0))";
  }
  text += std::string(kCount, ')') + ") (i32.const 5)))";
  const auto binary = wat_to_wasm(text);
  ASSERT_TRUE(binary) << explain(text, binary.error());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(call_i32(instantiate(std::vector<uint8_t>(binary->begin(), binary->end())), "run"), 5);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

SLUICE_BOTH_MODES(BranchHintsTest);

}  // namespace
}  // namespace sluice

// What compile_baseline refuses, frames of unusual size, and situations that random programs meet
// too rarely.
#include "jit/baseline/baseline.h"
#include "tests/support/branch_hints.h"
#include "tests/unit/jit/baseline/test_runner.h"

namespace sluice::test {
namespace {

/// The error of the last body; all before must compile.
ErrorKind error_of(const TestModule& builder, uint64_t* offset = nullptr) {
  auto module = decode(builder.bytes());
  if (module == nullptr) return ErrorKind::Trapped;
  CompileOptions options = host_options();
  CompileScratch scratch(options.cpu);
  CodeBatch out;
  for (const FuncBody& body : module->bodies) {
    size_t entries = out.entries.size();
    Result<void> result = compile_baseline(*module, body, options, scratch, out);
    if (result) continue;
    EXPECT_EQ(out.entries.size(), entries);
    if (offset != nullptr) *offset = result.error().offset - body.range.offset;
    return result.error().kind;
  }
  ADD_FAILURE() << "compiles";
  return ErrorKind::Trapped;
}

TEST(Baseline, ABodyThatIsInvalidBehindWhatIsRefusedIsInvalid) {
  TestModule m;
  m.func(m.type({}, {}), {}, Code().i32(1).op(0xfb).op(0x1c).drop().add());  // ref.i31
  EXPECT_EQ(error_of(m), ErrorKind::TypeMismatch);
}

TEST(Baseline, LargeFramesAreCheckedWithTheirSize) {
  TestModule m;
  Code code;
  for (uint32_t i = 0; i < 5000; ++i) code.get(0).i32(1).add().tee(0).set(1 + i);
  code.get(5000);
  m.func(m.type({kTypeI32}, {kTypeI32}), {{5000, kTypeI32}}, code);
  auto module = decode(m.bytes());
  TestRunner runner;
  ASSERT_TRUE(runner.load(*module, host_options()));
  EXPECT_EQ(runner.run(0, {7}), 5007u);
}

// Whatever an earlier call of the same function has left in the frame.
TEST(Baseline, DeclaredLocalsAreZeroHoweverManyThereAre) {
  constexpr uint32_t kMost = 80;
  TestModule m;
  const uint32_t nothing = m.type({}, {});
  const uint32_t type = m.type({}, {kTypeI64});
  m.func(nothing, {}, Code());
  for (uint32_t count = 1; count <= kMost; ++count) {
    Code code;
    code.get(0);
    for (uint32_t i = 1; i < count; ++i) code.get(i).op(0x84);        // or
    for (uint32_t i = 0; i < count; ++i) code.op(0x42, 0x7f).set(i);  // i64.const -1
    code.call(0);
    m.func(type, {{count, kTypeI64}}, code);
  }
  auto module = decode(m.bytes());
  TestRunner runner;
  ASSERT_TRUE(runner.load(*module, host_options()));
  for (uint32_t count = 1; count <= kMost; ++count) {
    runner.run(count, {});
    EXPECT_EQ(runner.run(count, {}), 0u) << count;
  }
}

// sum of i * (i + 1)-th parameter over many parameters, through stack slots in and out
TEST(Baseline, ManyParametersAndResults) {
  constexpr uint32_t kCount = 40;
  TestModule m;
  Bytes types;
  for (uint32_t i = 0; i < kCount; ++i) types.push_back(i % 3 == 2 ? kTypeI64 : kTypeI32);
  uint32_t swap = m.type(types, Bytes(types.rbegin(), types.rend()));
  uint32_t main = m.type({kTypeI32}, {kTypeI32});
  Code reversed;
  for (uint32_t i = kCount; i > 0; --i) reversed.get(i - 1);
  m.func(swap, {}, reversed);
  Code code;
  for (uint32_t i = 0; i < kCount; ++i) {
    code.get(0).i32(static_cast<int32_t>(i)).add();
    if (types[i] == kTypeI64) code.op(0xad);  // extend
  }
  code.call(0);
  for (uint32_t i = 0; i < kCount; ++i) {  // topmost first: the first parameter
    if (types[i] == kTypeI64) code.op(0xa7);
    code.i32(static_cast<int32_t>(i + 1)).op(0x6c).get(1).add().set(1);
  }
  code.get(1);
  m.func(main, {{1, kTypeI32}}, code);
  auto module = decode(m.bytes());
  TestRunner runner;
  uint32_t expected = 0;
  for (uint32_t i = 0; i < kCount; ++i) expected += (100 + i) * (i + 1);
  for (uint64_t stress = 0; stress < 5; ++stress) {
    ASSERT_TRUE(runner.load(*module, host_options(), stress));
    EXPECT_EQ(runner.run(1, {100}), expected) << "stress " << stress;
  }
}

// The flags of one way into a join say nothing about the other.
TEST(Baseline, NoFlagsAcrossJoins) {
  TestModule m;
  Code code;
  code.get(0).if_().get(1).i32(7).op(0x71).set(1).end();
  code.get(1).if_(kTypeI32).i32(10).else_().i32(20).end();
  uint32_t type = m.type({kTypeI32, kTypeI32}, {kTypeI32});
  m.func(type, {}, code);
  Code loop;  // counts down from the second parameter
  loop.get(1).i32(-1).op(0x71).set(1);
  loop.loop().get(1).if_().get(1).i32(1).op(0x6b).set(1).get(0).i32(1).add().set(0).br(1).end();
  loop.end().get(0);
  m.func(type, {}, loop);
  auto module = decode(m.bytes());
  TestRunner runner;
  ASSERT_TRUE(runner.load(*module, host_options()));
  EXPECT_EQ(runner.run(0, {1, 8}), 20u);
  EXPECT_EQ(runner.run(0, {1, 9}), 10u);
  EXPECT_EQ(runner.run(0, {0, 8}), 10u);
  EXPECT_EQ(runner.run(0, {0, 0}), 20u);
  EXPECT_EQ(runner.run(1, {5, 4}), 9u);
  EXPECT_EQ(runner.run(1, {5, 0}), 5u);
}

// A local that each turn sets first is dead at the header, but not if the turn can be left before.
TEST(Baseline, LocalsThatOutliveTheLoop) {
  TestModule m;
  Code code;  // local 1 is set behind the exit
  code.block().loop().get(0).op(0x45).br_if(1);
  code.get(0).i32(3).op(0x6c).set(1).get(0).i32(1).op(0x6b).set(0).br(0).end().end();
  code.get(1);
  uint32_t type = m.type({kTypeI32}, {kTypeI32});
  m.func(type, {{1, kTypeI32}}, code);
  Code conditional;  // set in some turns only
  conditional.loop().get(0).i32(1).op(0x71).if_().get(0).set(1).end();
  conditional.get(2).get(1).add().set(2);
  conditional.get(0).i32(1).op(0x6b).tee(0).br_if(0).end().get(2);
  m.func(type, {{2, kTypeI32}}, conditional);
  Code inner;  // set in an inner loop that is always entered, read behind it
  inner.loop().loop().get(0).i32(2).op(0x6c).set(1).get(2).i32(1).add().tee(2).i32(7).op(0x71);
  inner.br_if(0).end().get(3).get(1).add().set(3);
  inner.get(0).i32(1).op(0x6b).tee(0).br_if(0).end().get(3);
  m.func(type, {{3, kTypeI32}}, inner);
  auto module = decode(m.bytes());
  TestRunner runner;
  for (uint64_t stress = 0; stress < 5; ++stress) {
    ASSERT_TRUE(runner.load(*module, host_options(), stress));
    EXPECT_EQ(runner.run(0, {5}), 3u);
    EXPECT_EQ(runner.run(0, {0}), 0u);
    EXPECT_EQ(runner.run(1, {4}), 0u + 3 + 3 + 1);
    EXPECT_EQ(runner.run(2, {3}), 6u + 4 + 2);
  }
}

// local.get, local.set, local.tee of the same local while copies of it wait on the stack.
TEST(Baseline, CopiesOfALocalKeepItsOldValue) {
  TestModule m;
  uint32_t type = m.type({kTypeI32}, {kTypeI32});
  Code code;
  code.get(0).get(0).i32(1).add().tee(0).get(0).i32(2).add().set(0);  // x, x+1; x := x + 3
  code.get(0).op(0x6c).add();                                         // x + (x + 1) * (x + 3)
  m.func(type, {}, code);
  Code after_call;  // the local is in memory, so the copies are aliases
  after_call.get(0).call(2).drop().get(0).get(0).get(0).i32(5).add().set(0).op(0x6c).get(0).add();
  m.func(type, {}, after_call);
  m.func(type, {}, Code().get(0));
  auto module = decode(m.bytes());
  TestRunner runner;
  for (uint64_t stress = 0; stress < 9; ++stress) {
    ASSERT_TRUE(runner.load(*module, host_options(), stress));
    EXPECT_EQ(runner.run(0, {10}), 10u + 11 * 13);
    EXPECT_EQ(runner.run(1, {10}), 10u * 10 + 15);
  }
}

// More copies than a register's users are counted.
TEST(Baseline, VeryManyCopiesOfALocalKeepItsOldValue) {
  constexpr uint32_t kCopies = 256;
  TestModule m;
  Code code;
  code.loop();
  for (uint32_t i = 0; i < kCopies; ++i) code.get(0);
  code.i32(5).set(0);
  for (uint32_t i = 1; i < kCopies; ++i) code.add();
  code.set(1).end().get(1);
  m.func(m.type({kTypeI32}, {kTypeI32}), {{1, kTypeI32}}, code);
  auto module = decode(m.bytes());
  TestRunner runner;
  for (uint64_t stress = 0; stress < 9; ++stress) {
    ASSERT_TRUE(runner.load(*module, host_options(), stress));
    EXPECT_EQ(runner.run(0, {10}), 10 * kCopies);
  }
}

// An i32 that was computed with a carry out of 32 bits is an index below 4 GiB.
TEST(Baseline, IndicesWrapAt32Bits) {
  TestModule m;
  uint32_t type = m.type({kTypeI32, kTypeI32}, {kTypeI32});
  Code code;
  code.get(0).get(1).add().op(0x2d).op(0, 3);  // load8_u offset 3
  m.func(type, {}, code);
  Code scaled;
  scaled.get(0).i32(2).op(0x74).get(1).op(0x6a).i32(0x7ff0).op(0x6b).op(0x2d).op(0, 0);
  m.func(type, {}, scaled);
  Code store;
  store.i32(77).set(0).get(1).get(0).op(0x3a).op(0, 0).get(1).op(0x2d).op(0, 0);
  m.func(type, {}, store);
  auto module = decode(m.bytes());
  TestRunner runner;
  ASSERT_TRUE(runner.load(*module, host_options()));
  runner.run(2, {0, 19});
  EXPECT_EQ(runner.run(0, {0xffff'fff0u, 0x20}), 77u);
  EXPECT_EQ(runner.run(1, {0xc000'0000u, 0x8003}), 77u);
}

// A tee leaves its operand in the register that the local is remembered in; what a select with a
// known condition makes of that local is a second operand.
TEST(Baseline, SelectedFloatsHaveARegisterOfTheirOwn) {
  TestModule m;
  const uint32_t type = m.type({kTypeI32}, {kTypeI32});
  Code code;
  for (int i = 0; i < 130; ++i) code.op(0x01);  // no short function
  const auto number = [&code](int32_t value) { code.i32(value).op(0xb7); };
  number(5);
  code.tee(1);
  code.get(2).get(1).i32(0).op(0x1b).set(2);
  number(100);
  code.set(1);
  number(200);
  code.set(2);
  number(1000);
  code.op(0xa0).op(0xaa);
  m.func(type, {{2, kTypeF64}}, code);
  auto module = decode(m.bytes());
  TestRunner runner;
  ASSERT_TRUE(runner.load(*module, host_options()));
  EXPECT_EQ(runner.run(0, {0}), 1005u);
}

/// The code of the module's first function.
Vector<uint8_t> code_of(const Module& module, CompileScratch& scratch, CodeMaps* maps = nullptr,
                        OptLevel opt_level = OptLevel::Quick) {
  CompileOptions options = host_options();
  options.opt_level = opt_level;
  CodeBatch batch;
  EXPECT_TRUE(compile_baseline(module, module.bodies[0], options, scratch, batch, maps));
  return {batch.bytes.begin(), batch.bytes.end()};
}

TEST(Baseline, MarksDoNotChangeTheCode) {
  TestModule m;
  uint32_t type = m.type({kTypeI32}, {kTypeI32});
  Code code;
  code.get(0).if_().op(0x00).end().get(0).i32(3).op(0x6d).call(0);
  m.func(type, {}, code);
  auto module = decode(m.bytes());
  CompileScratch scratch(host_options().cpu);
  CodeMaps maps;
  EXPECT_EQ(code_of(*module, scratch), code_of(*module, scratch, &maps));
  const Vector<SourceMark>& marks = maps.marks;
  ASSERT_FALSE(marks.empty());
  for (size_t i = 1; i < marks.size(); ++i) {
    EXPECT_LE(marks[i - 1].code_offset, marks[i].code_offset);
    EXPECT_LT(marks[i].wasm_offset, module->bodies[0].range.offset + module->bodies[0].range.size);
  }
}

// Neither marks nor where a scratch's buffer ends, which says what it has compiled before. The body
// is longer than a new buffer, and floats are remembered in registers across ends of loops.
TEST(Baseline, CodeDependsOnTheBodyAlone) {
  TestModule m;
  const uint32_t type = m.type({kTypeI32, kTypeF64}, {kTypeI32});
  Code code;
  for (int i = 0; i < 2000; ++i) {
    code.get(0).i32(i).add().tee(2).op(0x28).op(2, 8).set(3);         // i32.load
    code.get(3).get(2).op(0x36).op(2, 4).get(3).get(2).op(0x48);      // i32.store, i32.lt_s
    code.if_().get(1).get(1).op(0xa0).set(1).end();                   // f64.add
    code.loop().get(2).get(1).call(0).get(3).op(0x6b).tee(2);         // i32.sub
    code.get(1).get(1).op(0xa2).set(1).br_if(0).end();                // f64.mul
    code.get(2).get(3).op(0x71).op(0x45).get(1).op(0xaa).op(0x72);    // i32.and, eqz, trunc, i32.or
    code.get(0).op(0xac).get(2).op(0xad).op(0x7c).op(0xa7).op(0x73);  // i64 and back, i32.xor
    code.set(0);
  }
  code.get(0);
  m.func(type, {{2, kTypeI32}}, code);
  auto module = decode(m.bytes());
  CompileScratch scratch(host_options().cpu);
  for (const OptLevel level : {OptLevel::Quick, OptLevel::Full}) {
    CodeMaps maps;
    const Vector<uint8_t> first = code_of(*module, scratch, nullptr, level);
    EXPECT_TRUE(first == code_of(*module, scratch, nullptr, level));
    EXPECT_TRUE(first == code_of(*module, scratch, &maps, level));
  }
}

TEST(Baseline, OnlyLongFunctionsDependOnTheLevel) {
  for (const int times : {4, 40}) {
    TestModule m;
    const uint32_t type = m.type({kTypeI32}, {kTypeI32});
    Code code;
    for (int i = 0; i < times; ++i) code.get(0).i32(3).add().set(0);
    code.get(0);
    m.func(type, {}, code);
    auto module = decode(m.bytes());
    CompileScratch scratch(host_options().cpu);
    const Vector<uint8_t> quick = code_of(*module, scratch);
    const Vector<uint8_t> full = code_of(*module, scratch, nullptr, OptLevel::Full);
    EXPECT_EQ(quick == full, times == 4);
    EXPECT_LE(full.size(), quick.size());
  }
}

TEST(Baseline, FrameMapsListHandlesBelowTheArguments) {
  constexpr uint8_t kTypeExternRef = 0x6f;
  TestModule m;
  uint32_t type = m.type({kTypeI32, kTypeExternRef}, {kTypeExternRef});
  Code code;
  code.i32(1).get(1).call(0);
  code.i32(2).i32(2).get(1).call(0).call(0).drop();
  m.func(type, {}, code);
  auto module = decode(m.bytes());
  CompileOptions options = host_options();
  CompileScratch scratch(options.cpu);
  const auto maps_with = [&](uint64_t budget, uint32_t wanted) {
    CodeBatch batch;
    CodeMaps maps;
    maps.frames.scan_budget = budget;
    maps.frames.wanted_site = wanted;
    EXPECT_TRUE(compile_baseline(*module, module->bodies[0], options, scratch, batch, &maps));
    return maps.frames;
  };
  const FrameMaps all = maps_with(100, ~0u);
  EXPECT_EQ(all.locals.size(), 1u);
  ASSERT_EQ(all.sites.size(), 3u);
  ASSERT_EQ(all.slots.size(), 2u);  // the first call's result, at the second and third
  EXPECT_EQ(all.sites[0].slot_count, 0u);
  EXPECT_EQ(all.sites[1].slot_count, 1u);
  EXPECT_EQ(all.sites[2].slot_count, 1u);
  EXPECT_EQ(all.slots[0], all.slots[1]);
  EXPECT_LT(all.slots[0], all.locals[0]);
  // Without budget only where there is nothing to look at, and where it is asked for.
  const FrameMaps one = maps_with(0, all.sites[2].number);
  ASSERT_EQ(one.sites.size(), 3u);
  EXPECT_EQ(one.sites[0].slot_count, 0u);
  EXPECT_EQ(one.sites[1].slot_count, ReferenceSite::kNotScanned);
  EXPECT_EQ(one.sites[2].slot_count, 1u);
  EXPECT_EQ(one.slots, Vector<int32_t>{all.slots[0]});
}

/// Many branches, by `tables` br_tables, to labels of ifs that have the locals in other registers,
/// newer than their homes.
Code moves_before_branches(uint32_t tables) {
  constexpr uint32_t kLocals = 12;
  constexpr uint32_t kBlocks = 100;
  Code code;
  for (uint32_t i = 1; i <= kLocals; ++i) code.get(0).i32(static_cast<int32_t>(i)).add().set(i);
  for (uint32_t i = 0; i < kBlocks; ++i) code.get(0).if_();
  for (uint32_t i = 1; i <= kLocals; ++i) code.get(i);
  for (uint32_t i = 1; i <= kLocals; ++i) code.set(i);  // in reverse
  for (uint32_t i = 0; i < tables; ++i) {
    code.block().get(1).op(0x0e, kBlocks - 1);
    for (uint32_t depth = 0; depth < kBlocks; ++depth) code.op(static_cast<uint8_t>(depth));
    code.end();
  }
  for (uint32_t i = 0; i < kBlocks; ++i) code.end();
  code.i32(0);
  for (uint32_t i = 1; i <= kLocals; ++i) {
    code.get(i).i32(static_cast<int32_t>(i)).op(0x6c).add();
  }
  return code;
}

// Branches of a byte each may need a dozen moves. What that takes is bounded, and the function
// compiled as at the level quick then: also to get maps, and where hints have asked for the other.
TEST(Baseline, FullLevelIsNotWorthAnyAmountOfCode) {
  for (const uint32_t tables : {1u, 50u}) {
    const bool is_too_much = tables == 50;
    TestModule m;
    const uint32_t type = m.type({kTypeI32}, {kTypeI32});
    m.func(type, {{20, kTypeI32}}, moves_before_branches(tables));
    auto module = decode(m.bytes());
    CompileScratch scratch(host_options().cpu);
    CodeMaps quick_maps;
    CodeMaps full_maps;
    const Vector<uint8_t> quick = code_of(*module, scratch, &quick_maps);
    const Vector<uint8_t> full = code_of(*module, scratch, nullptr, OptLevel::Full);
    EXPECT_TRUE(full == code_of(*module, scratch, &full_maps, OptLevel::Full));
    EXPECT_EQ(quick == full, is_too_much);
    EXPECT_EQ(quick_maps.marks.back().code_offset == full_maps.marks.back().code_offset,
              is_too_much);
    auto hinted = decode(HintWriter::add(m.bytes(), [] { return std::optional<uint32_t>(0); }));
    EXPECT_EQ(code_of(*hinted, scratch).size() < 2 * quick.size(), is_too_much);

    CompileOptions options = host_options();
    TestRunner runner;
    for (const OptLevel level : {OptLevel::Quick, OptLevel::Full}) {
      options.opt_level = level;
      ASSERT_TRUE(runner.load(*module, options));
      EXPECT_EQ(runner.run(0, {5}), 754u);
      EXPECT_EQ(runner.run(0, {0}), 650u);
    }
  }
}

// A call of two bytes may move a thousand parameters and results: 30 KB of code.
TEST(Baseline, CodeOfOneFunctionHasALimit) {
  constexpr uint32_t kValues = 1000;
  TestModule m;
  const uint32_t type = m.type(Bytes(kValues, kTypeI64), Bytes(kValues, kTypeI64));
  m.func(type, {}, Code().op(0x00));
  Code code;
  for (uint32_t i = 0; i < kValues; ++i) code.op(0x42, 0);
  for (uint32_t i = 0; i < 6000; ++i) code.call(0);
  for (uint32_t i = 0; i < kValues; ++i) code.drop();
  m.func(m.type({}, {}), {}, code);
  m.func(m.type({}, {kTypeI32}), {}, Code().i32(7));
  auto module = decode(m.bytes());
  CompileScratch scratch(host_options().cpu);
  CodeBatch batch;
  auto compiled = compile_baseline(*module, module->bodies[1], host_options(), scratch, batch);
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().kind, ErrorKind::CodeMemoryFull);
  EXPECT_TRUE(batch.entries.empty());
  EXPECT_TRUE(compile_baseline(*module, module->bodies[2], host_options(), scratch, batch));
}

}  // namespace
}  // namespace sluice::test

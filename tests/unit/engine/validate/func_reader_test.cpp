// What a sink is told: which calls, in which order, with which operands; nothing of dead code; and
// what happens when it meets an instruction it does not take.
#include <gtest/gtest.h>
#include <string>

#include "engine/validate/func_reader.h"
#include "engine/validate/sink.h"
#include "engine/wasm/print.h"
#include "tests/unit/engine/validate/body_fixture.h"

namespace sluice {
namespace {

using test::hex;

/// Names each value it makes (v1, v2 …) and writes down what happens. Takes Wasm 2.0 without SIMD.
class RecordingSink {
 public:
  struct Word {
    uint32_t value;
  };
  struct Label {
    uint32_t id = 0;
  };
  using State = ReaderState<RecordingSink>;
  using Slot = State::Slot;
  using Frame = State::Frame;

  static constexpr bool supports(Category c) {
    return c != Category::Simd && c != Category::SimdMem && c != Category::Gc &&
           c != Category::Exception && c != Category::LegacyException && c != Category::TailCall &&
           c != Category::TypedRef && c != Category::Atomic && c != Category::WideArithmetic;
  }
  static constexpr bool kWantsState = true;

  void stack_moved(uint64_t) {}
  void begin(State& s) {
    state = &s;
    log("begin " + std::to_string(s.locals().size()));
  }
  bool takes_constants() { return false; }
  void int_const(Slot* out, uint64_t v) {
    const bool is_64 = out->type == kI64;
    EXPECT_TRUE(is_64 || v <= UINT32_MAX);
    const int64_t value = is_64 ? static_cast<int64_t>(v) : static_cast<int32_t>(v);
    log(make(out) + " = " + std::to_string(value));
  }
  void f32_const(Slot* out, uint32_t) { log(make(out) + " = f32"); }
  void f64_const(Slot* out, uint64_t) { log(make(out) + " = f64"); }
  bool takes_local(Slot*) { return false; }
  void local_get(uint32_t i, Slot* out) { log(make(out) + " = local " + std::to_string(i)); }
  void local_set(uint32_t i, Slot* arg, bool is_tee) {
    log("local " + std::to_string(i) + (is_tee ? " := " : " = ") + use(arg));
  }
  void global_get(uint32_t i, Slot* out) { log(make(out) + " = global " + std::to_string(i)); }
  void global_set(uint32_t i, Slot* arg) { log("global " + std::to_string(i) + " = " + use(arg)); }
  void unary(Op op, Slot* args) { result(op, args, 1); }
  void binary(Op op, Slot* args) { result(op, args, 2); }
  void drop(Slot* arg) { log("drop " + use(arg)); }
  void select(Slot* args, ValType type) {
    const std::string operands = list(args, 3);
    log(make(args) + " = select " + std::string(to_string(type)) + operands);
  }
  void load(Op op, const MemArg& mem, Slot* args) {
    const std::string operands = list(args, 1);
    log(make(args) + " = " + name(op) + "+" + std::to_string(mem.offset) + operands);
  }
  void store(Op op, const MemArg& mem, Slot* args) {
    log(name(op) + "+" + std::to_string(mem.offset) + list(args, 2));
  }
  void memory_size(uint32_t, Slot* out) { log(make(out) + " = memory.size"); }
  void memory_grow(uint32_t, Slot* args) { effect("memory.grow", args, 1, 1); }
  void memory_fill(uint32_t, Slot* args) { effect("memory.fill", args, 3, 0); }
  void memory_copy(uint32_t, uint32_t, Slot* args) { effect("memory.copy", args, 3, 0); }
  void memory_init(uint32_t, uint32_t, Slot* args) { effect("memory.init", args, 3, 0); }
  void data_drop(uint32_t) { log("data.drop"); }
  void table_get(uint32_t, Slot* args) { effect("table.get", args, 1, 1); }
  void table_set(uint32_t, Slot* args) { effect("table.set", args, 2, 0); }
  void table_size(uint32_t, Slot* out) { log(make(out) + " = table.size"); }
  void table_grow(uint32_t, Slot* args) { effect("table.grow", args, 2, 1); }
  void table_fill(uint32_t, Slot* args) { effect("table.fill", args, 3, 0); }
  void table_copy(uint32_t, uint32_t, Slot* args) { effect("table.copy", args, 3, 0); }
  void table_init(uint32_t, uint32_t, Slot* args) { effect("table.init", args, 3, 0); }
  void elem_drop(uint32_t) { log("elem.drop"); }
  void ref_null(HeapType, Slot* out) { log(make(out) + " = null"); }
  void ref_func(uint32_t f, Slot* out) { log(make(out) + " = func " + std::to_string(f)); }
  void ref_is_null(Slot* args) { effect("ref.is_null", args, 1, 1); }
  void call(uint32_t func, const FuncType& type, Slot* args) {
    effect("call " + std::to_string(func), args, type.param_count, type.result_count);
  }
  void call_indirect(TypeIdx, uint32_t, const FuncType& type, Slot* args) {
    effect("call_indirect", args, type.param_count + 1, type.result_count);
  }
  void block(Frame& f) { enter("block", f); }
  void loop(Frame& f) { enter("loop", f); }
  void if_(Frame& f, Slot* condition) {
    const std::string text = use(condition);
    EXPECT_EQ(condition, state->base + f.height + f.type.param_count);
    enter("if " + text, f);
  }
  void else_(Frame& f, bool then_live) {
    log(label("else", f) + (then_live ? list_results(f) : " dead"));
    for (uint32_t i = 0; i < f.type.param_count; ++i) make(state->base + f.height + i);
  }
  void end(Frame& f, bool live) {
    std::string text = label(f.kind == FrameKind::If ? "end-if" : "end", f);
    text += live ? list_results(f) : " dead";
    if (f.end_reached) text += " reached";
    const bool joined = live || f.end_reached || f.kind == FrameKind::If;
    for (uint32_t i = 0; joined && i < f.type.result_count; ++i) {
      text += " " + make(state->base + f.height + i);
    }
    log(text);
  }
  void br(Frame& f, uint32_t depth) { log(label("br", f) + at(depth) + passed(f, 0)); }
  void br_if(Frame& f, uint32_t depth, Slot* condition) {
    log(label("br_if " + use(condition), f) + at(depth) + passed(f, 1));
  }
  void br_table(Slot* index, std::span<const uint32_t> depths) {
    std::string text = "br_table " + use(index);
    for (const uint32_t d : depths) text += at(d);
    log(text);
  }
  void return_() { log("return" + passed(state->frames.front(), 0)); }
  void unreachable() { log("unreachable"); }

  std::string log_text;
  State* state = nullptr;

 private:
  static std::string name(Op op) { return std::string(op_info(op).mnemonic); }
  static std::string at(uint32_t depth) { return " @" + std::to_string(depth); }
  std::string make(Slot* slot) {
    slot->word.value = ++last_;
    return "v" + std::to_string(last_);
  }
  static std::string use(const Slot* slot) { return "v" + std::to_string(slot->word.value); }
  static std::string list(const Slot* first, size_t count) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += " " + use(first + i);
    return text;
  }
  std::string list_results(const Frame& f) {
    EXPECT_EQ(state->top - state->base, f.height + f.type.result_count);
    return list(state->base + f.height, f.type.result_count);
  }
  std::string passed(const Frame& f, uint32_t above) {
    return list(state->top - above - f.arity(), f.arity());
  }
  void result(Op op, Slot* args, size_t count) { effect(name(op), args, count, 1); }
  void effect(const std::string& what, Slot* args, size_t count, size_t results) {
    EXPECT_EQ(args + count, state->top) << what;
    const std::string operands = list(args, count);
    std::string left;
    for (size_t i = 0; i < results; ++i) left += make(args + i) + " ";
    log(left + (results != 0 ? "= " : "") + what + operands);
  }
  void enter(const std::string& what, Frame& f) {
    f.label.id = ++labels_;
    log(label(what, f));
  }
  static std::string label(const std::string& what, const Frame& f) {
    return what + " L" + std::to_string(f.label.id);
  }
  void log(const std::string& line) { log_text += line + "; "; }

  uint32_t last_ = 0;
  uint32_t labels_ = 0;
};

class FuncReaderTest : public testing::Test {
 protected:
  std::string record(std::string_view body, uint32_t func = 0) {
    const std::vector<uint8_t> bytes = hex(body);
    RecordingSink sink;
    FuncReader<RecordingSink> reader(fixture_.module, test::ModuleFixture::body_of(bytes, func),
                                     bytes.data(), state_, sink);
    result_ = reader.run();
    return sink.log_text;
  }
  std::string accepted(std::string_view body, uint32_t func = 0) {
    std::string text = record(body, func);
    EXPECT_TRUE(result_.has_value()) << result_.error().message();
    return text;
  }

  test::ModuleFixture fixture_;
  RecordingSink::State state_;
  Result<void> result_;
};

TEST_F(FuncReaderTest, StraightCode) {
  EXPECT_EQ(accepted("01 01 7f 41 05 20 00 6a 22 00 45 1a 0b"),
            "begin 1; v1 = 5; v2 = local 0; v3 = i32.add v1 v2; local 0 := v3; v4 = i32.eqz v3; "
            "drop v4; end L0; ");
  EXPECT_EQ(accepted("00 41 00 28 02 08 41 01 42 02 3c 00 09 1a 0b"),
            "begin 0; v1 = 0; v2 = i32.load+8 v1; v3 = 1; v4 = 2; i64.store8+9 v3 v4; drop v2; "
            "end L0; ");
  EXPECT_EQ(accepted("00 41 01 41 02 41 03 1b 24 00 23 00 1a 0b"),
            "begin 0; v1 = 1; v2 = 2; v3 = 3; v4 = select i32 v1 v2 v3; global 0 = v4; "
            "v5 = global 0; drop v5; end L0; ");
}

TEST_F(FuncReaderTest, CallsMayLeaveMoreThanTheyTake) {
  EXPECT_EQ(accepted("00 10 02 1a 10 01 1a 0b"),
            "begin 0; v1 v2 = call 2; drop v2; v3 = call 1 v1; drop v3; end L0; ");
  EXPECT_EQ(accepted("00 41 01 41 02 11 01 00 1a 0b"),
            "begin 0; v1 = 1; v2 = 2; v3 = call_indirect v1 v2; drop v3; end L0; ");
}

TEST_F(FuncReaderTest, BlocksAndBranches) {
  EXPECT_EQ(accepted("00 41 07 02 01 41 01 0d 00 0b 1a 0b"),
            "begin 0; v1 = 7; block L1; v2 = 1; br_if v2 L1 @0 v1; end L1 v1 reached v3; drop v3; "
            "end L0; ");
  EXPECT_EQ(accepted("00 41 01 04 7f 41 02 05 41 03 0b 1a 0b"),
            "begin 0; v1 = 1; if v1 L1; v2 = 2; else L1 v2; v3 = 3; end L1 v3 reached v4; drop v4; "
            "end L0; ");
  EXPECT_EQ(accepted("00 41 01 04 40 0b 0b"), "begin 0; v1 = 1; if v1 L1; end-if L1; end L0; ");
  EXPECT_EQ(accepted("00 03 40 41 01 0d 00 0b 0b"),
            "begin 0; loop L1; v1 = 1; br_if v1 L1 @0; end L1; end L0; ");
  EXPECT_EQ(accepted("00 02 40 41 00 0e 01 00 01 0b 0b"),
            "begin 0; block L1; v1 = 0; br_table v1 @0 @1; end L1 dead reached; "
            "end L0 reached; ");
}

TEST_F(FuncReaderTest, DeadCodeIsNotTold) {
  // Dead code with blocks in it, then a join that a branch made live.
  EXPECT_EQ(accepted("00 02 7f 41 01 0c 00 02 40 41 02 1a 0b 6a 0b 1a 0b"),
            "begin 0; block L1; v1 = 1; br L1 @0 v1; end L1 dead reached v2; drop v2; end L0; ");
  // Nothing reaches the end of the block: dead behind it too, until the frame outside ends.
  EXPECT_EQ(accepted("00 02 40 02 40 00 0b 41 01 1a 01 0b 41 02 1a 0b"),
            "begin 0; block L1; block L2; unreachable; end L2 dead; end L1 dead; end L0 dead; ");
  // A dead then-part, and a live else-part.
  EXPECT_EQ(accepted("00 41 01 04 7f 00 05 41 02 0b 1a 0b"),
            "begin 0; v1 = 1; if v1 L1; unreachable; else L1 dead; v2 = 2; end L1 v2 v3; drop v3; "
            "end L0; ");
  // An if in dead code has no else for the sink; branches in it reach nothing.
  EXPECT_EQ(accepted("00 02 40 00 41 01 04 40 0c 01 05 0c 01 0b 0b 0b"),
            "begin 0; block L1; unreachable; end L1 dead; end L0 dead; ");
  EXPECT_EQ(accepted("00 41 01 42 02 0f 1a 0b", 2),
            "begin 0; v1 = 1; v2 = 2; return v1 v2; end L0 dead reached v3 v4; ");
  // An infinite loop.
  EXPECT_EQ(accepted("00 03 40 0c 00 0b 41 00 1a 0b"),
            "begin 0; loop L1; br L1 @0; end L1 dead; end L0 dead; ");
}

TEST_F(FuncReaderTest, OperandsOfTheIfItselfReachTheElse) {
  EXPECT_EQ(accepted("00 41 05 41 01 04 01 1a 41 06 05 1a 41 07 0b 1a 0b"),
            "begin 0; v1 = 5; v2 = 1; if v2 L1; drop v1; v3 = 6; else L1 v3; drop v4; v5 = 7; "
            "end L1 v5 reached v6; drop v6; end L0; ");
}

TEST_F(FuncReaderTest, EveryOtherCall) {
  EXPECT_EQ(accepted("00 3f 00 40 00 1a fc 10 00 25 00 d1 1a fc 09 00 fc 0d 00 0b"),
            "begin 0; v1 = memory.size; v2 = memory.grow v1; drop v2; v3 = table.size; "
            "v4 = table.get v3; v5 = ref.is_null v4; drop v5; data.drop; elem.drop; end L0; ");
  EXPECT_EQ(accepted("00 41 00 d2 00 26 00 d0 70 41 00 fc 0f 00 1a 0b"),
            "begin 0; v1 = 0; v2 = func 0; table.set v1 v2; v3 = null; v4 = 0; "
            "v5 = table.grow v3 v4; drop v5; end L0; ");
  for (const char* code :
       {"fc 08 00 00", "fc 0a 00 00", "fc 0b 00", "fc 0c 00 00", "fc 0e 00 00"}) {
    EXPECT_NE(accepted(std::string("00 41 00 41 00 41 00 ") + code + " 0b").find(" v1 v2 v3; end"),
              std::string::npos)
        << code;
  }
}

TEST_F(FuncReaderTest, NotCompiledNamesTheFirstSuchInstruction) {
  EXPECT_EQ(record("00 41 00 1a 00 41 00 12 00 0b"),
            "begin 0; v1 = 0; drop v1; unreachable; end L0 dead; ");
  EXPECT_TRUE(result_.has_value()) << "in dead code nothing needs compiling";
  EXPECT_EQ(record("00 41 03 fd 11 1a 41 00 fb 1c 1a 0b"), "begin 0; v1 = 3; ");
  ASSERT_FALSE(result_.has_value());
  EXPECT_EQ(result_.error().kind, ErrorKind::NotCompiled);
  EXPECT_EQ(result_.error().offset, 3u);
  EXPECT_EQ(result_.error().detail, "i32x4.splat");
}

TEST_F(FuncReaderTest, NotCompiledNeverHidesAnError) {
  record("00 41 03 fd 11 1a 42 00 45 1a 0b");
  ASSERT_FALSE(result_.has_value());
  EXPECT_EQ(result_.error().kind, ErrorKind::TypeMismatch);
  EXPECT_EQ(result_.error().offset, 8u);
}

TEST_F(FuncReaderTest, EveryUnsupportedRowIsReported) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    const std::vector<uint8_t> bytes = test::example_body(op);
    RecordingSink sink;
    FuncReader<RecordingSink> reader(fixture_.module, test::ModuleFixture::body_of(bytes, 0),
                                     bytes.data(), state_, sink);
    const Result<void> result = reader.run();
    if (RecordingSink::supports(op_info(op).category)) continue;
    ASSERT_FALSE(result.has_value()) << op_info(op).mnemonic;
    EXPECT_EQ(result.error().kind, ErrorKind::NotCompiled) << op_info(op).mnemonic;
  }
}

TEST_F(FuncReaderTest, StateIsReusedAndGrows) {
  std::vector<uint8_t> bytes = hex("00");
  for (int i = 0; i < 5000; ++i) test::append(bytes, hex("41 01"));
  for (int i = 0; i < 4999; ++i) bytes.push_back(0x6a);
  test::append(bytes, hex("1a 0b"));
  for (int round = 0; round < 2; ++round) {
    RecordingSink sink;
    FuncReader<RecordingSink> reader(fixture_.module, test::ModuleFixture::body_of(bytes, 0),
                                     bytes.data(), state_, sink);
    EXPECT_TRUE(reader.run().has_value());
    // The innermost addition is of the last two constants, the outermost of the first and the sum.
    EXPECT_NE(sink.log_text.find("v5001 = i32.add v4999 v5000;"), std::string::npos);
    EXPECT_NE(sink.log_text.find("v9999 = i32.add v1 v9998; drop v9999;"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice

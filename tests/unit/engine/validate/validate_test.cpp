// The validator: every instruction accepted where it is right, typical mistakes with their offsets,
// and the corners of the algorithm (polymorphic stacks, initialisation of locals, depth).
#include <gtest/gtest.h>
#include <random>

#include "engine/validate/validate.h"
#include "engine/wasm/limits.h"
#include "tests/unit/engine/validate/body_fixture.h"

namespace sluice {
namespace {

using test::append;
using test::append_leb;
using test::hex;

class Validate : public testing::Test {
 protected:
  /// Expects a body of locals and code to be valid.
  void accepts(std::string_view body, uint32_t func = 0) {
    const auto result = fixture_.validate(hex(body), func);
    EXPECT_TRUE(result.has_value()) << body << ": " << result.error().message();
  }
  void rejects(std::string_view body, ErrorKind kind, uint64_t offset, uint32_t func = 0) {
    rejects(hex(body), kind, offset, func, body);
  }
  void rejects(const std::vector<uint8_t>& body, ErrorKind kind, uint64_t offset, uint32_t func = 0,
               std::string_view what = "") {
    const auto result = fixture_.validate(body, func);
    ASSERT_FALSE(result.has_value()) << what;
    EXPECT_EQ(error_text(result.error().kind), error_text(kind)) << what;
    EXPECT_EQ(result.error().offset, offset) << what << ": " << result.error().message();
  }

  test::ModuleFixture fixture_;
};

TEST_F(Validate, EveryRow) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const auto result = fixture_.validate(test::example_body(static_cast<Op>(i)));
    EXPECT_TRUE(result.has_value())
        << op_info(static_cast<Op>(i)).mnemonic << ": " << result.error().message();
  }
}

TEST_F(Validate, EveryRowInUnreachableCode) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    std::vector<uint8_t> body = hex("01 01 7f 00");
    append(body, test::example(static_cast<Op>(i)));
    body.push_back(0x0b);
    const auto result = fixture_.validate(body);
    EXPECT_TRUE(result.has_value())
        << op_info(static_cast<Op>(i)).mnemonic << ": " << result.error().message();
  }
}

// Without operands each row that takes some fails, at its own offset; but not in unreachable code.
TEST_F(Validate, EveryRowWithoutOperands) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    const OpInfo& info = op_info(op);
    if (info.sig.is_special || info.sig.param_count == 0) continue;
    std::vector<uint8_t> body = hex("00");
    append(body, test::encode_plain(op));
    for (uint32_t r = 0; r < info.sig.result_count; ++r) body.push_back(0x1a);
    body.push_back(0x0b);
    rejects(body, ErrorKind::TypeMismatch, 1, 0, info.mnemonic);
    body.insert(body.begin() + 1, 0x00);
    EXPECT_TRUE(fixture_.validate(body).has_value()) << info.mnemonic;
  }
}

// With one operand of a wrong type each row fails.
TEST_F(Validate, EveryRowWithWrongOperand) {
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    const Signature& sig = op_info(op).sig;
    if (sig.is_special) continue;
    for (uint32_t wrong = 0; wrong < sig.param_count; ++wrong) {
      std::vector<uint8_t> body = hex("00");
      for (uint32_t p = 0; p < sig.param_count; ++p) {
        if (p == wrong) {
          append(body, hex("d0 70"));
        } else {
          append(body, test::constant(sig.params[p]));
        }
      }
      const size_t offset = body.size();
      append(body, test::encode_plain(op));
      body.push_back(0x0b);
      rejects(body, ErrorKind::TypeMismatch, offset, 0, op_info(op).mnemonic);
    }
  }
}

// Of one byte, with the same shape as those of the first release.
TEST_F(Validate, SignExtensionIsAFeature) {
  accepts("00 41 00 c0 1a 0b");
  fixture_.module.features = Features::all().without(Feature::SignExtension);
  rejects("00 41 00 c0 1a 0b", ErrorKind::FeatureDisabled, 3);
  rejects("00 00 c0 1a 0b", ErrorKind::FeatureDisabled, 2);
}

TEST_F(Validate, Ends) {
  rejects("00", ErrorKind::EndExpected, 1);
  rejects("00 02 40 0b", ErrorKind::EndExpected, 4);
  rejects("00 0b 01", ErrorKind::BodySize, 2);
  rejects("00 0b 0b", ErrorKind::BodySize, 2);
  rejects("00 05 0b", ErrorKind::ElseWithoutIf, 1);
  rejects("00 41 00 04 40 05 05 0b 0b", ErrorKind::ElseWithoutIf, 6);
  rejects("00 19 0b", ErrorKind::CatchWithoutTry, 1);
  rejects("00 41 00 0b", ErrorKind::TypeMismatch, 3);
  rejects("00 41", ErrorKind::UnexpectedEnd, 2);
  rejects("00 43 00 00 00", ErrorKind::UnexpectedEnd, 5);
  rejects("00 44 00 00 00 00 00 00 00", ErrorKind::UnexpectedEnd, 9);
  rejects("00 28 02", ErrorKind::UnexpectedEnd, 3);
  rejects("", ErrorKind::UnexpectedEnd, 0);
}

TEST_F(Validate, Locals) {
  accepts("02 02 7f 01 7e 20 01 1a 20 02 a7 1a 0b");
  accepts("00 20 00 0b", 1);
  rejects("01 01 7f 20 01 1a 0b", ErrorKind::UnknownLocal, 3);
  rejects("01 01 7f 41 00 21 01 0b", ErrorKind::UnknownLocal, 5);
  rejects("01 01 7f 42 00 21 00 0b", ErrorKind::TypeMismatch, 5);
  rejects("01 01 40 0b", ErrorKind::BadValueType, 2);
  rejects("02 ff ff ff ff 0f 7f 01 7f 0b", ErrorKind::TooManyLocals, 7);
  rejects("01 ff ff ff ff 0f 7f 0b", ErrorKind::LocalsLimit, 1);
}

TEST_F(Validate, LocalsUpToTheLimit) {
  for (const uint32_t func : {0u, 1u}) {
    const uint32_t params = func;
    for (const bool too_many : {false, true}) {
      std::vector<uint8_t> body = hex("01");
      append_leb(body, kMaxLocals - params + (too_many ? 1 : 0));
      append(body, func == 0 ? hex("7f 0b") : hex("7f 20 00 0b"));
      if (too_many) {
        rejects(body, ErrorKind::LocalsLimit, 1, func);
      } else {
        EXPECT_TRUE(fixture_.validate(body, func).has_value());
      }
    }
  }
}

TEST_F(Validate, LocalsWithoutDefault) {
  // local 0: (ref func)
  rejects("01 01 64 70 20 00 1a 0b", ErrorKind::UninitializedLocal, 4);
  accepts("01 01 64 70 d2 00 21 00 20 00 1a 0b");
  accepts("01 01 64 70 d2 00 22 00 1a 20 00 1a 0b");
  // Set inside a block: not after it.
  rejects("01 01 64 70 02 40 d2 00 21 00 20 00 1a 0b 20 00 1a 0b", ErrorKind::UninitializedLocal,
          14);
  // Set before the block: also in it, and after an else.
  accepts("01 01 64 70 d2 00 21 00 41 00 04 40 20 00 1a 05 20 00 1a 0b 20 00 1a 0b");
  rejects("01 01 64 70 41 00 04 40 d2 00 21 00 05 20 00 1a 0b 0b", ErrorKind::UninitializedLocal,
          13);
  // Unreachable code does not initialise.
  rejects("01 01 64 70 00 20 00 1a 0b", ErrorKind::UninitializedLocal, 5);
  // The wrong type does not either.
  rejects("01 01 64 70 d0 70 21 00 0b", ErrorKind::TypeMismatch, 6);
}

TEST_F(Validate, Indices) {
  rejects("00 23 02 1a 0b", ErrorKind::UnknownGlobal, 1);
  rejects("00 42 00 24 01 0b", ErrorKind::ImmutableGlobal, 3);
  rejects("00 10 03 0b", ErrorKind::UnknownFunc, 1);
  rejects("00 0c 01 0b", ErrorKind::UnknownLabel, 1);
  rejects("00 41 00 0e 01 00 01 0b", ErrorKind::UnknownLabel, 3);
  rejects("00 41 00 11 09 00 0b", ErrorKind::UnknownType, 3);
  rejects("00 41 00 11 02 00 0b", ErrorKind::NotFuncType, 3);
  rejects("00 41 00 11 00 01 0b", ErrorKind::UnknownTable, 3);
  rejects("00 41 00 28 42 01 00 1a 0b", ErrorKind::UnknownMemory, 3);
  rejects("00 3f 01 1a 0b", ErrorKind::UnknownMemory, 1);
  rejects("00 fc 09 01 0b", ErrorKind::UnknownData, 1);
  rejects("00 fc 0d 01 0b", ErrorKind::UnknownElem, 1);
  rejects("00 08 02 0b", ErrorKind::UnknownTag, 1);
  rejects("00 fb 01 02 fb 02 02 01 1a 0b", ErrorKind::UnknownField, 4);
  rejects("00 fb 01 04 1a 0b", ErrorKind::NotStructType, 1);
  rejects("00 41 00 fb 07 02 1a 0b", ErrorKind::NotArrayType, 3);
  fixture_.module.declared_func_refs = {1};
  rejects("00 d2 01 1a 0b", ErrorKind::UndeclaredFuncRef, 1);
  fixture_.module.has_data_count = false;
  rejects("00 fc 09 00 0b", ErrorKind::DataCountRequired, 1);
  fixture_.module.memories.clear();
  rejects("00 41 00 28 02 00 1a 0b", ErrorKind::UnknownMemory, 3);
  rejects("00 00 28 02 00 1a 0b", ErrorKind::UnknownMemory, 2);
  rejects("00 00 36 02 00 0b", ErrorKind::UnknownMemory, 2);
}

TEST_F(Validate, MemoryAccesses) {
  rejects("00 41 00 28 03 00 1a 0b", ErrorKind::Alignment, 3);
  rejects("00 41 00 28 80 01 00 1a 0b", ErrorKind::BadMemArgFlags, 4);
  rejects("00 41 00 fe 10 01 00 1a 0b", ErrorKind::AtomicAlignment, 3);
  rejects("00 41 00 28 02 80 80 80 80 10 1a 0b", ErrorKind::OffsetOutOfRange, 3);
  accepts("00 41 00 28 02 ff ff ff ff 0f 1a 0b");
  accepts("00 41 00 28 82 00 80 80 00 1a 0b");
  rejects("00 41 00 fd 15 00 0b", ErrorKind::TypeMismatch, 3);
  rejects("00 fd 0c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 fd 15 10 1a 0b",
          ErrorKind::InvalidLaneIndex, 19);
  fixture_.module.memories[0].limits.is_64 = true;
  accepts("00 42 00 28 02 80 80 80 80 80 01 1a 0b");
  rejects("00 41 00 28 02 00 1a 0b", ErrorKind::TypeMismatch, 3);
  // Lengths of copies between memories of both kinds are i32.
  fixture_.module.memories.push_back({});
  accepts("00 42 00 41 00 41 00 fc 0a 00 01 0b");
  accepts("00 42 00 42 00 42 00 fc 0a 00 00 0b");
  rejects("00 42 00 41 00 42 00 fc 0a 00 01 0b", ErrorKind::TypeMismatch, 7);
}

TEST_F(Validate, Blocks) {
  accepts("00 02 7f 41 00 0b 1a 0b");
  rejects("00 02 7f 0b 1a 0b", ErrorKind::TypeMismatch, 3);
  rejects("00 02 40 41 00 0b 0b", ErrorKind::TypeMismatch, 5);
  // Operands below a block are out of its reach; parameters are not.
  rejects("00 41 00 02 40 1a 0b 0b", ErrorKind::TypeMismatch, 5);
  accepts("00 41 00 02 01 0b 1a 0b");
  rejects("00 42 00 02 01 0b 1a 0b", ErrorKind::TypeMismatch, 3);
  // if without else passes its parameters on.
  accepts("00 41 00 41 00 04 01 0b 1a 0b");
  rejects("00 41 00 04 7f 41 00 0b 1a 0b", ErrorKind::TypeMismatch, 7);
  accepts("00 41 00 04 7f 41 00 05 41 00 0b 1a 0b");
  rejects("00 41 00 04 7f 41 00 05 42 00 0b 1a 0b", ErrorKind::TypeMismatch, 10);
  accepts("00 02 07 10 02 0b 1a 1a 0b");
  accepts("00 10 02 0b", 2);
  rejects("00 02 02 0b 0b", ErrorKind::NotFuncType, 1);
}

TEST_F(Validate, Branches) {
  accepts("00 02 7f 41 00 41 00 0d 00 0b 1a 0b");
  rejects("00 02 7f 41 00 0d 00 0b 1a 0b", ErrorKind::TypeMismatch, 5);
  rejects("00 02 7f 42 00 0c 00 0b 1a 0b", ErrorKind::TypeMismatch, 5);
  // A loop's label takes its parameters.
  accepts("00 41 00 03 01 41 00 0d 00 0b 1a 0b");
  rejects("00 03 7f 41 00 0c 00 0b 42 00 6a 0b", ErrorKind::TypeMismatch, 10);
  // All labels of a table have one arity.
  rejects("00 02 7f 41 00 41 00 0e 01 01 00 0b 1a 0b", ErrorKind::TypeMismatch, 7);
  accepts("00 02 7f 02 7f 41 00 41 00 0e 01 01 00 0b 0b 1a 0b");
  rejects("00 02 7e 02 7f 41 00 41 00 0e 01 01 00 0b 1a 42 00 0b 1a 0b", ErrorKind::TypeMismatch,
          9);
  rejects("00 0f 0b", ErrorKind::TypeMismatch, 1, 2);
  accepts("00 41 00 42 00 0f 0b", 2);
  // br_if leaves operands of the label's types.
  rejects("00 02 70 d2 00 41 00 0d 00 d4 0b 14 00 0b", ErrorKind::TypeMismatch, 11);
  rejects("00 02 70 d2 00 41 00 0d 00 14 00 00 0b 1a 0b", ErrorKind::TypeMismatch, 9);
}

TEST_F(Validate, UnreachableCode) {
  accepts("00 00 6a 1a 0b");
  accepts("00 02 7f 00 0b 1a 0b");
  accepts("00 00 1b 1a 0b");
  accepts("00 00 41 00 1b 1a 0b");
  rejects("00 00 42 00 6a 1a 0b", ErrorKind::TypeMismatch, 4);
  rejects("00 00 42 00 41 00 41 00 1b 1a 0b", ErrorKind::TypeMismatch, 8);
  rejects("00 00 41 00 0b", ErrorKind::TypeMismatch, 4);
  // A block inside has a stack of its own, which is not polymorphic.
  rejects("00 00 02 40 1a 0b 0b", ErrorKind::TypeMismatch, 4);
  accepts("00 00 02 01 1a 41 00 0b 1a 0b");
  // What a null check makes of nothing is a reference.
  accepts("00 00 d4 d1 1a 0b");
  rejects("00 00 d4 6a 1a 0b", ErrorKind::TypeMismatch, 3);
  accepts("00 00 d5 00 14 00 0b");
  accepts("00 00 fb 1a d1 1a 0b");
  accepts("00 02 7f 00 0e 01 00 00 0b 1a 0b");
  // In a table each label is matched by itself: what is missing may be of any type.
  accepts("00 02 7e 02 7f 00 0e 01 00 01 0b 1a 42 00 0b 1a 0b");
  rejects("00 00 20 00 0b", ErrorKind::UnknownLocal, 2);
  rejects("00 00 27 0b", ErrorKind::IllegalOpcode, 2);
  // After the end of a block that nothing leaves the stack is not polymorphic.
  rejects("00 02 40 00 0b 6a 1a 0b", ErrorKind::TypeMismatch, 5);
}

TEST_F(Validate, Selects) {
  rejects("00 d0 70 d0 70 41 00 1b 1a 0b", ErrorKind::TypeMismatch, 7);
  accepts("00 d0 70 d0 70 41 00 1c 01 70 1a 0b");
  rejects("00 41 00 41 00 41 00 1c 00 0b", ErrorKind::InvalidResultArity, 7);
  rejects("00 41 00 41 00 41 00 1c 02 7f 7f 0b", ErrorKind::InvalidResultArity, 7);
  rejects("00 41 00 42 00 41 00 1b 1a 0b", ErrorKind::TypeMismatch, 7);
}

TEST_F(Validate, Calls) {
  accepts("00 41 00 10 01 1a 0b");
  rejects("00 42 00 10 01 1a 0b", ErrorKind::TypeMismatch, 3);
  rejects("00 12 01 0b", ErrorKind::TypeMismatch, 1);
  rejects("00 41 00 12 01 0b", ErrorKind::TypeMismatch, 3);
  accepts("00 41 00 12 01 0b", 1);
  rejects("00 d0 70 14 00 0b", ErrorKind::TypeMismatch, 3);
  fixture_.module.tables[0].type.element = kExternRef;
  rejects("00 41 00 11 00 00 0b", ErrorKind::TypeMismatch, 3);
  fixture_.module.tables[0].type = {kFuncRef, {}};
  fixture_.module.tables[0].type.limits.is_64 = true;
  rejects("00 41 00 11 00 00 0b", ErrorKind::TypeMismatch, 3);
  accepts("00 42 00 11 00 00 0b");
}

TEST_F(Validate, References) {
  rejects("00 41 00 d1 1a 0b", ErrorKind::TypeMismatch, 3);
  rejects("00 d0 6f d0 6f d3 1a 0b", ErrorKind::TypeMismatch, 5);
  rejects("00 d0 6f fb 14 6c 1a 0b", ErrorKind::TypeMismatch, 3);
  rejects("00 02 6e d0 6e fb 18 03 00 6c 6e 0b 1a 0b", ErrorKind::TypeMismatch, 5);
  rejects("00 d0 70 d6 00 0b", ErrorKind::TypeMismatch, 3);
  rejects("00 fb 01 03 fb 02 03 00 1a 0b", ErrorKind::PackedField, 4);
  rejects("00 fb 01 02 fb 03 02 00 1a 0b", ErrorKind::UnpackedField, 4);
  rejects("00 fb 01 08 41 00 fb 05 08 00 0b", ErrorKind::ImmutableField, 6);
  rejects("00 41 00 41 00 fb 09 06 00 1a 0b", ErrorKind::ArrayNotNumeric, 5);
  rejects("00 41 00 41 00 fb 0a 04 00 1a 0b", ErrorKind::TypeMismatch, 5);
  rejects("00 d0 04 41 00 d0 05 41 00 41 00 fb 11 04 05 0b", ErrorKind::TypeMismatch, 11);
  rejects("00 41 00 fb 08 04 91 4e 1a 0b", ErrorKind::CountTooLarge, 3);
  rejects("00 41 00 fb 08 04 02 1a 0b", ErrorKind::TypeMismatch, 3);
  rejects("00 41 00 42 00 fb 08 04 02 1a 0b", ErrorKind::TypeMismatch, 5);
  rejects("00 42 00 fb 00 02 1a 0b", ErrorKind::TypeMismatch, 3);
  rejects("00 00 42 00 fb 00 02 1a 0b", ErrorKind::TypeMismatch, 4);
}

TEST_F(Validate, AggregatesThatCannotBeChangedOrDefaulted) {
  const FieldType constant{kI32, false};
  fixture_.module.types[4].fields = {&constant, 1};
  rejects("00 d0 04 41 00 41 00 fb 0e 04 0b", ErrorKind::ImmutableArray, 7);
  rejects("00 d0 04 41 00 41 00 41 00 fb 10 04 0b", ErrorKind::ImmutableArray, 9);
  rejects("00 d0 04 41 00 d0 04 41 00 41 00 fb 11 04 04 0b", ErrorKind::ImmutableArray, 11);
  rejects("00 d0 04 41 00 41 00 41 00 fb 12 04 00 0b", ErrorKind::ImmutableArray, 9);
  const FieldType not_null{kFuncRef.with_nullable(false), true};
  fixture_.module.types[2].fields = {&not_null, 1};
  fixture_.module.types[6].fields = {&not_null, 1};
  rejects("00 fb 01 02 1a 0b", ErrorKind::NotDefaultable, 1);
  rejects("00 41 00 fb 07 06 1a 0b", ErrorKind::NotDefaultable, 3);
}

TEST_F(Validate, Exceptions) {
  rejects("00 08 01 0b", ErrorKind::TypeMismatch, 1);
  rejects("00 1f 40 01 00 01 00 0b 0b", ErrorKind::TypeMismatch, 1);  // the tag's i32 to no result
  rejects("00 1f 40 01 02 01 0b 0b", ErrorKind::UnknownLabel, 1);
  accepts("00 02 64 69 1f 40 01 03 00 0b d0 69 d4 0b 1a 0b");  // what is caught isn't null
  rejects("00 06 40 09 00 0b 0b", ErrorKind::DelegateLabel, 3);
  rejects("00 06 40 18 01 0b", ErrorKind::UnknownLabel, 3);
  accepts("00 06 7f 41 00 07 01 0b 1a 0b");
  rejects("00 06 7f 41 00 07 00 0b 1a 0b", ErrorKind::TypeMismatch, 7);
  rejects("00 06 40 19 07 00 0b 0b", ErrorKind::CatchWithoutTry, 4);
}

TEST_F(Validate, DeepNestsAndHighStacks) {
  constexpr uint32_t kDepth = 100'000;
  std::vector<uint8_t> body = hex("00");
  for (uint32_t i = 0; i < kDepth; ++i) append(body, hex("02 40"));
  for (uint32_t i = 0; i < kDepth; ++i) body.push_back(0x0b);
  body.push_back(0x0b);
  EXPECT_TRUE(fixture_.validate(body).has_value());

  body = hex("00");
  for (uint32_t i = 0; i < kDepth; ++i) append(body, hex("41 00"));
  for (uint32_t i = 0; i < kDepth; ++i) body.push_back(0x1a);
  body.push_back(0x0b);
  EXPECT_TRUE(fixture_.validate(body).has_value());

  body = hex("00");  // two results of each call
  for (uint32_t i = 0; i < kDepth; ++i) append(body, hex("10 02"));
  for (uint32_t i = 0; i < 2 * kDepth; ++i) body.push_back(0x1a);
  body.push_back(0x0b);
  EXPECT_TRUE(fixture_.validate(body).has_value());
}

TEST_F(Validate, OperandsAreLimited) {
  // A function with 1,000 results, called 8,000 times and once more.
  std::vector<ValType> results(kMaxResults, kI32);
  TypeDef& type = fixture_.module.types[7];
  type.func.types = results.data();
  type.func.param_count = 0;
  type.func.result_count = kMaxResults;
  constexpr size_t kCalls = kMaxOperands / kMaxResults;
  for (const bool too_many : {false, true}) {
    std::vector<uint8_t> body = hex("00");
    for (size_t i = 0; i < kCalls + (too_many ? 1 : 0); ++i) append(body, hex("10 02"));
    const size_t end = body.size();
    append(body, hex("0f 0b"));  // a return may leave operands behind
    if (too_many) {
      rejects(body, ErrorKind::OperandsLimit, end - 2);
    } else {
      EXPECT_TRUE(fixture_.validate(body).has_value());
    }
  }
}

// Popping what unreachable code lacks takes no time.
TEST_F(Validate, ManyLargeArraysInUnreachableCode) {
  std::vector<uint8_t> body = hex("00 00");
  for (int i = 0; i < 200'000; ++i) append(body, hex("fb 08 04 90 4e 1a"));
  append(body, hex("42 00 fb 08 04 02 0b"));
  rejects(body, ErrorKind::TypeMismatch, body.size() - 5);
}

TEST_F(Validate, RandomBytesGiveAnErrorOrNone) {
  std::mt19937 random(11);
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> body = hex("01 03 7f");
    while (body.size() < 60) {
      if (random() % 4 == 0) {
        body.push_back(static_cast<uint8_t>(random()));
      } else {
        append(body, test::example(static_cast<Op>(random() % kOpCount)));
      }
      if (random() % 3 == 0) body.pop_back();
    }
    body.push_back(0x0b);
    const auto result = fixture_.validate(body);
    EXPECT_TRUE(result || result.error().offset <= body.size());
  }
}

}  // namespace
}  // namespace sluice

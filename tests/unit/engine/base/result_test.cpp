// Errors as values: every row of the table has a class and a text, and TRY hands errors on.
#include <gtest/gtest.h>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "engine/base/result.h"

namespace sluice {
namespace {

constexpr ErrorKind kAllKinds[] = {
#define SLUICE_ERROR(name, error_class, text) ErrorKind::name,
#include "engine/base/errors.def"
#undef SLUICE_ERROR
};

TEST(ErrorTableTest, EveryTextIsASentencePartOfItsOwn) {
  std::set<std::pair<ErrorClass, std::string_view>> texts;  // a class may repeat another's text
  for (const ErrorKind kind : kAllKinds) {
    const std::string_view text = error_text(kind);
    ASSERT_FALSE(text.empty());
    EXPECT_NE(text.back(), '.') << text;
    EXPECT_NE(text.back(), ' ') << text;
    EXPECT_TRUE(texts.insert({error_class(kind), text}).second) << "twice: " << text;
  }
}

TEST(ErrorTableTest, ClassesFollowTheSections) {
  EXPECT_EQ(error_class(ErrorKind::UnexpectedEnd), ErrorClass::Malformed);
  EXPECT_EQ(error_class(ErrorKind::TypeMismatch), ErrorClass::Invalid);
  EXPECT_EQ(error_class(ErrorKind::NotCompiled), ErrorClass::Unsupported);
}

TEST(ErrorTest, MessageHasOffsetTextAndDetailWhereTheyAreThere) {
  EXPECT_EQ((Error{ErrorKind::UnexpectedEnd, 0x2a, {}}).message(),
            "at offset 0x2a: unexpected end");
  EXPECT_EQ((Error{ErrorKind::TypeMismatch, kNoOffset, "expected i32, found f64"}).message(),
            "type mismatch: expected i32, found f64");
  EXPECT_EQ((Error{ErrorKind::BadMagic, 0, {}}).message(),
            "at offset 0x0: magic header not detected");
}

TEST(ErrorTest, TheHostsOwnWordsStandAlone) {
  EXPECT_EQ((Error{ErrorKind::HostFailed, kNoOffset, "no such file"}).message(), "no such file");
  EXPECT_EQ((Error{ErrorKind::HostFailed, kNoOffset, {}}).message(), "host function failed");
}

TEST(ErrorTest, DecimalOfTheExtremes) {
  EXPECT_EQ(decimal(0), "0");
  EXPECT_EQ(decimal(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
}

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorKind::TypeMismatch, 5, "odd");
  return value / 2;
}

Result<int> quarter(int value) {
  const int once = TRY(half(value));
  return TRY(half(once));
}

Result<void> check_quarter(int value) {
  TRY_VOID(quarter(value));
  return {};
}

TEST(ResultTest, TryUnwrapsOrReturnsTheError) {
  EXPECT_EQ(quarter(12).value(), 3);
  const Result<int> failed = quarter(6);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().offset, 5u);
  EXPECT_EQ(failed.error().detail, "odd");
  EXPECT_TRUE(check_quarter(4).has_value());
  EXPECT_FALSE(check_quarter(3).has_value());
}

}  // namespace
}  // namespace sluice

// Rec groups: what is well-formed, what matches its super type, and which types are one.
#include <gtest/gtest.h>

#include "engine/binary/type_section.h"
#include "engine/wasm/limits.h"
#include "tests/unit/engine/binary/decode.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice {
namespace {

using namespace test;

const Bytes kFunc = {0x60, 0, 0};

TEST(TypeSection, Errors) {
  expect_error({}, 1, {1, 0x61, 0, 0}, ErrorKind::BadTypeForm, 1);
  expect_error({}, 1, {1, 0x60, 1, 0x40, 0}, ErrorKind::BadValueType, 3);
  expect_error({}, 1, {1, 0x60, 1, 0x63, 0x7f}, ErrorKind::BadHeapType, 4);
  expect_error({}, 1, {1, 0x60, 1, 0x64, 1, 0}, ErrorKind::UnknownType, 4);
  expect_error({}, 1, {1, 0x5f, 1, 0x7f, 2}, ErrorKind::BadMutability, 4);
  expect_error({}, 1, {1, 0x60, 1, 0x78, 0}, ErrorKind::BadValueType, 3);
  expect_error({}, 1, {1, 0x50, 2, 0, 0, 0x60, 0, 0}, ErrorKind::SubType, 2);
  expect_error({}, 1, {1, 0x50, 1, 0, 0x60, 0, 0}, ErrorKind::UnknownType, 3);
  expect_error({}, 1, {2, 0x60, 0, 0, 0x50, 1, 0, 0x60, 0, 0}, ErrorKind::FinalSuperType, 4);
  expect_error({}, 1, {2, 0x50, 0, 0x60, 0, 0, 0x50, 1, 0, 0x60, 0, 1, 0x7f}, ErrorKind::SubType,
               6);
  expect_error({}, 1, {2, 0x50, 0, 0x5f, 0, 0x50, 1, 0, 0x60, 0, 0}, ErrorKind::SubType, 5);
}

TEST(TypeSection, Subtypes) {
  // Width and depth of structs, variance of functions, invariance of what is mutable.
  const auto pair = [](const Bytes& super, const Bytes& sub) {
    return outcome(module({section(1, {cat({{0x50, 0}, super}), cat({{0x50, 1, 0}, sub})})}));
  };
  EXPECT_EQ(pair({0x5f, 1, 0x7f, 0}, {0x5f, 2, 0x7f, 0, 0x7e, 1}), "ok");
  EXPECT_EQ(pair({0x5f, 1, 0x6e, 0}, {0x5f, 1, 0x6d, 0}), "ok");
  EXPECT_NE(pair({0x5f, 1, 0x6e, 1}, {0x5f, 1, 0x6d, 1}), "ok");
  EXPECT_NE(pair({0x5f, 1, 0x6d, 0}, {0x5f, 1, 0x6e, 0}), "ok");
  EXPECT_NE(pair({0x5f, 1, 0x7f, 0}, {0x5f, 1, 0x7f, 1}), "ok");
  EXPECT_NE(pair({0x5f, 2, 0x7f, 0, 0x7f, 0}, {0x5f, 1, 0x7f, 0}), "ok");
  EXPECT_EQ(pair({0x5e, 0x78, 0}, {0x5e, 0x78, 0}), "ok");
  EXPECT_NE(pair({0x5e, 0x78, 0}, {0x5e, 0x77, 0}), "ok");
  EXPECT_EQ(pair({0x60, 1, 0x6d, 1, 0x6e}, {0x60, 1, 0x6e, 1, 0x6d}), "ok");
  EXPECT_NE(pair({0x60, 1, 0x6e, 0}, {0x60, 1, 0x6d, 0}), "ok");
  EXPECT_NE(pair({0x60, 0, 1, 0x6d}, {0x60, 0, 1, 0x6e}), "ok");
}

TEST(TypeSection, EqualGroupsShareOneRepresentative) {
  const Bytes node = {0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 0, 1, 0x60, 1, 0x63, 0, 0};
  Bytes again = node;
  again[7] = 2;  // the same types, named by their own indices
  again[12] = 2;
  const auto m =
      decode(module({section(1, {node, again, {0x60, 1, 0x64, 2, 0}, {0x60, 1, 0x64, 0, 0}})}));
  ASSERT_TRUE(m) << m.error().message();
  const auto& types = (*m)->types;
  ASSERT_EQ(types.size(), 6u);
  EXPECT_EQ(raw(types[2].representative), 0u);
  EXPECT_EQ(raw(types[3].representative), 1u);
  EXPECT_EQ(types[2].canonical, types[0].canonical);
  EXPECT_EQ(types[4].func.params()[0], ValType::ref(HeapType(TypeIdx{0}), false));
  EXPECT_EQ(raw(types[5].representative), 4u);
}

TEST(TypeSection, Limits) {
  const auto func = [](size_t params, size_t results) {
    return section(1, {cat({{0x60}, repeat(params, {0x7f}), repeat(results, {0x7e})})});
  };
  EXPECT_EQ(outcome(module({func(kMaxParams, kMaxResults)})), "ok");
  EXPECT_EQ(outcome(module({func(kMaxParams + 1, 0)})),
            "at offset 0xd: count is larger than the limit: parameters");
  EXPECT_NE(outcome(module({func(0, kMaxResults + 1)})).find("results"), std::string::npos);
  const auto strct = [](size_t fields) {
    return section(1, {cat({{0x5f}, repeat(fields, {0x7f, 0})})});
  };
  EXPECT_EQ(outcome(module({strct(kMaxStructFields)})), "ok");
  EXPECT_NE(outcome(module({strct(kMaxStructFields + 1)})).find("fields"), std::string::npos);
  // A chain of subtypes: 63 proper supertypes are allowed.
  const auto chain = [](size_t length) {
    Bytes payload = cat({leb(length), {0x50, 0, 0x5f, 0}});
    for (size_t i = 1; i < length; ++i) payload = cat({payload, {0x50, 1}, leb(i - 1), {0x5f, 0}});
    return section(1, payload);
  };
  EXPECT_EQ(outcome(module({chain(kMaxSubTypeDepth + 1)})), "ok");
  EXPECT_NE(outcome(module({chain(kMaxSubTypeDepth + 2)})).find("deeper than the limit"),
            std::string::npos);
}

TEST(TypeSection, MillionTypes) {
  EXPECT_EQ(outcome(module({section(1, repeat(kMaxTypes, kFunc))})), "ok");
  const Bytes over = cat({leb(2), {0x4e}, repeat(kMaxTypes, kFunc), kFunc});
  EXPECT_NE(outcome(module({section(1, over)})).find("limit: types"), std::string::npos);
}

}  // namespace
}  // namespace sluice

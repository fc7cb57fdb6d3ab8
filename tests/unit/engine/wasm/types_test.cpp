// Subtyping inside one module and the text of types.
#include <gtest/gtest.h>

#include "engine/wasm/types.h"

namespace sluice {
namespace {

TypeDef def(CompositeKind kind, uint32_t index, uint8_t depth = 0, uint32_t super = 0) {
  TypeDef d;
  d.kind = kind;
  d.is_final = false;
  d.has_supertype = depth > 0;
  d.depth = depth;
  d.supertype = TypeIdx{super};
  d.representative = TypeIdx{index};
  return d;
}

TEST(Types, AbstractHierarchies) {
  EXPECT_TRUE(is_subtype(AbsHeap::None, AbsHeap::I31));
  EXPECT_TRUE(is_subtype(AbsHeap::None, AbsHeap::Any));
  EXPECT_TRUE(is_subtype(AbsHeap::I31, AbsHeap::Eq));
  EXPECT_TRUE(is_subtype(AbsHeap::Struct, AbsHeap::Any));
  EXPECT_TRUE(is_subtype(AbsHeap::NoFunc, AbsHeap::Func));
  EXPECT_TRUE(is_subtype(AbsHeap::NoExtern, AbsHeap::Extern));
  EXPECT_TRUE(is_subtype(AbsHeap::NoExn, AbsHeap::Exn));
  EXPECT_FALSE(is_subtype(AbsHeap::Any, AbsHeap::Eq));
  EXPECT_FALSE(is_subtype(AbsHeap::None, AbsHeap::Func));
  EXPECT_FALSE(is_subtype(AbsHeap::NoFunc, AbsHeap::Any));
  EXPECT_FALSE(is_subtype(AbsHeap::I31, AbsHeap::Struct));
  EXPECT_FALSE(is_subtype(AbsHeap::Func, AbsHeap::NoFunc));
}

TEST(Types, ConcreteChains) {
  const std::vector<TypeDef> types = {
      def(CompositeKind::Struct, 0), def(CompositeKind::Struct, 1, 1, 0),
      def(CompositeKind::Struct, 2, 2, 1), def(CompositeKind::Struct, 3, 1, 0),
      def(CompositeKind::Func, 4)};
  const auto ref = [](uint32_t i) { return ValType::ref(HeapType(TypeIdx{i}), false); };
  EXPECT_TRUE(is_subtype(types, ref(2), ref(0)));
  EXPECT_TRUE(is_subtype(types, ref(2), ref(1)));
  EXPECT_FALSE(is_subtype(types, ref(2), ref(3)));
  EXPECT_FALSE(is_subtype(types, ref(0), ref(2)));
  EXPECT_TRUE(is_subtype(types, ref(2), ref(2).with_nullable(true)));
  EXPECT_FALSE(is_subtype(types, ref(2).with_nullable(true), ref(2)));
  EXPECT_TRUE(is_subtype(types, ref(2), kAnyRef));
  EXPECT_FALSE(is_subtype(types, ref(4), kAnyRef));
  EXPECT_TRUE(is_subtype(types, ref(4), kFuncRef));
  EXPECT_TRUE(is_subtype(types, ValType::ref(AbsHeap::NoFunc, true), ref(4).with_nullable(true)));
  EXPECT_FALSE(is_subtype(types, ValType::ref(AbsHeap::None, true), ref(4).with_nullable(true)));
  EXPECT_TRUE(is_subtype(types, ValType(), kI32));
  EXPECT_FALSE(is_subtype(types, kI32, kI64));
  EXPECT_FALSE(is_subtype(types, kI32, ref(0)));
}

TEST(Types, Text) {
  EXPECT_EQ(to_string(kI32), "i32");
  EXPECT_EQ(to_string(kFuncRef), "funcref");
  EXPECT_EQ(to_string(ValType::ref(AbsHeap::None, true)), "nullref");
  EXPECT_EQ(to_string(ValType::ref(AbsHeap::Extern, false)), "(ref extern)");
  EXPECT_EQ(to_string(ValType::ref(HeapType(TypeIdx{12}), true)), "(ref null 12)");
  const ValType list[] = {kI32, kF64, kV128};
  EXPECT_EQ(to_string(FuncType{list, 2, 1}), "(func (param i32 f64) (result v128))");
  EXPECT_EQ(to_string(FuncType{}), "(func)");
}

}  // namespace
}  // namespace sluice

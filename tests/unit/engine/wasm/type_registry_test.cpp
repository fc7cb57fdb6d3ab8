// Canonical ids: equal groups of different modules get equal ids, unequal ones don't.
#include <gtest/gtest.h>
#include <thread>

#include "engine/wasm/type_registry.h"

namespace sluice {
namespace {

// A module's type section under construction; owns the arrays.
class TypeSection {
 public:
  void func(std::vector<ValType> params, std::vector<ValType> results, bool is_final = true,
            int super = -1) {
    TypeDef d = base(CompositeKind::Func, is_final, super);
    auto& list = *lists_.emplace_back(std::make_unique<std::vector<ValType>>(params));
    list.insert(list.end(), results.begin(), results.end());
    d.func = {list.data(), static_cast<uint32_t>(params.size()),
              static_cast<uint32_t>(results.size())};
    types.push_back(d);
  }
  void strct(std::vector<FieldType> fields, bool is_final = true, int super = -1) {
    TypeDef d = base(CompositeKind::Struct, is_final, super);
    d.fields = *fields_.emplace_back(std::make_unique<std::vector<FieldType>>(fields));
    types.push_back(d);
  }
  // Closes the group of all types since the last call.
  CanonicalTypeId close(TypeRegistry& registry) {
    const uint32_t first = closed_;
    closed_ = static_cast<uint32_t>(types.size());
    const CanonicalTypeId id = registry.intern_group(types, first, closed_ - first).value();
    for (uint32_t i = first; i < closed_; ++i) {
      types[i].canonical = CanonicalTypeId{raw(id) + i - first};
    }
    return id;
  }
  std::vector<TypeDef> types;

 private:
  TypeDef base(CompositeKind kind, bool is_final, int super) {
    TypeDef d;
    d.kind = kind;
    d.is_final = is_final;
    if (super >= 0) {
      d.has_supertype = true;
      d.supertype = TypeIdx{static_cast<uint32_t>(super)};
      d.depth = static_cast<uint8_t>(types[static_cast<size_t>(super)].depth + 1);
    }
    d.representative = TypeIdx{static_cast<uint32_t>(types.size())};
    return d;
  }
  uint32_t closed_ = 0;
  std::vector<std::unique_ptr<std::vector<ValType>>> lists_;
  std::vector<std::unique_ptr<std::vector<FieldType>>> fields_;
};

ValType ref(uint32_t i) { return ValType::ref(HeapType(TypeIdx{i}), true); }

TEST(TypeRegistry, PlainFunctionTypesAreOneAcrossModulesAndHosts) {
  TypeRegistry registry;
  TypeSection a, b;
  a.func({kI32}, {kI64});
  const CanonicalTypeId first = a.close(registry);
  b.func({kF32}, {});
  b.close(registry);
  b.func({kI32}, {kI64});
  EXPECT_EQ(b.close(registry), first);
  const ValType params[] = {kI32}, results[] = {kI64};
  EXPECT_EQ(registry.intern_func(params, results), first);
  EXPECT_NE(registry.intern_func(params, {}), first);
  EXPECT_EQ(registry.func_type(first).params()[0], kI32);
  EXPECT_EQ(registry.func_type(first).results()[0], kI64);
  EXPECT_NE(raw(first), 0u);
}

TEST(TypeRegistry, ParametersAndResultsDoNotRunTogether) {
  TypeRegistry registry;
  const ValType one[] = {kI32};
  const ValType two[] = {kI32, kI32};
  const CanonicalTypeId a = registry.intern_func(two, {});
  const CanonicalTypeId b = registry.intern_func(one, one);
  const CanonicalTypeId c = registry.intern_func({}, two);
  EXPECT_NE(a, b);
  EXPECT_NE(b, c);
  EXPECT_NE(a, c);
}

TEST(TypeRegistry, RecursionIsByPositionInTheGroup) {
  TypeRegistry registry;
  TypeSection a, b;
  a.strct({{ref(0), true}});  // a list node that names itself
  const CanonicalTypeId id = a.close(registry);
  b.func({}, {});
  b.close(registry);
  b.strct({{ref(1), true}});  // the same at another index
  EXPECT_EQ(b.close(registry), id);
  b.strct({{ref(1), true}});  // names the *other* type: unrolled once, not equal
  EXPECT_NE(b.close(registry), id);
  EXPECT_EQ(registry.type(id).fields[0].storage, ref(raw(id)));
}

TEST(TypeRegistry, GroupsAreComparedAsWholes) {
  TypeRegistry registry;
  TypeSection a;
  a.func({}, {});
  const CanonicalTypeId alone = a.close(registry);
  a.func({}, {});
  a.strct({});
  const CanonicalTypeId pair = a.close(registry);
  EXPECT_NE(pair, alone);
  TypeSection b;
  b.func({}, {});
  b.strct({});
  EXPECT_EQ(b.close(registry), pair);
  EXPECT_EQ(registry.size(), 3u);
}

TEST(TypeRegistry, FinalityMutabilityAndNullabilityMatter) {
  TypeRegistry registry;
  std::vector<CanonicalTypeId> ids;
  for (int i = 0; i < 8; ++i) {
    TypeSection s;
    s.strct({{kEqRef.with_nullable((i & 1) != 0), (i & 2) != 0}}, (i & 4) != 0);
    ids.push_back(s.close(registry));
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(ids[i], ids[j]);
  }
}

TEST(TypeRegistry, SubtypesByDisplay) {
  TypeRegistry registry;
  TypeSection a;
  a.strct({}, false);
  const CanonicalTypeId root = a.close(registry);
  a.strct({{kI32, false}}, false, 0);
  const CanonicalTypeId mid = a.close(registry);
  a.strct({{kI32, false}, {kI64, false}}, true, 1);
  const CanonicalTypeId leaf = a.close(registry);
  a.strct({{kI64, false}}, false, 0);
  const CanonicalTypeId other = a.close(registry);
  EXPECT_TRUE(registry.is_subtype(leaf, root));
  EXPECT_TRUE(registry.is_subtype(leaf, mid));
  EXPECT_TRUE(registry.is_subtype(leaf, leaf));
  EXPECT_FALSE(registry.is_subtype(leaf, other));
  EXPECT_FALSE(registry.is_subtype(root, leaf));
  EXPECT_EQ(registry.type(leaf).display[0], root);
  EXPECT_EQ(registry.type(leaf).display[2], leaf);
  EXPECT_EQ(registry.type(leaf).supertype, mid);
  EXPECT_TRUE(registry.is_subtype(ref(raw(leaf)), kAnyRef));
  EXPECT_TRUE(registry.is_subtype(ValType::ref(AbsHeap::None, false), ref(raw(leaf))));
  EXPECT_FALSE(registry.is_subtype(ref(raw(leaf)), kFuncRef));
  EXPECT_EQ(canonical(a.types, ref(2)), ref(raw(leaf)));
}

TEST(TypeRegistry, ThreadsAgree) {
  TypeRegistry registry;
  constexpr uint32_t kTypes = 300;
  std::vector<std::vector<CanonicalTypeId>> ids(4);
  std::vector<std::thread> threads;
  for (auto& mine : ids) {
    threads.emplace_back([&] {
      for (uint32_t i = 0; i < kTypes; ++i) {
        const std::vector<ValType> params(i, kI32);
        mine.push_back(registry.intern_func(params, {}));
        EXPECT_EQ(registry.func_type(mine.back()).param_count, i);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (const auto& mine : ids) EXPECT_EQ(mine, ids[0]);
  EXPECT_EQ(registry.size(), kTypes);
}

}  // namespace
}  // namespace sluice

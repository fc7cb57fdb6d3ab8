#include <gtest/gtest.h>

#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using namespace sluice_test;

class InstantiateTest : public StoreTest {
 protected:
  Instance& provider() {
    Instance& p = instantiate(kProvider);
    EXPECT_TRUE(linker->define_instance("p", p));
    return p;
  }
  Failure failure(const std::vector<uint8_t>& bytes) {
    Outcome<Instance*> made = try_instantiate(bytes);
    if (made) {
      ADD_FAILURE() << "instantiated";
      return Failure(Error{ErrorKind::Io, kNoOffset, {}});
    }
    return std::move(made).error();
  }
};

TEST_P(InstantiateTest, LinksAllKindsBetweenInstances) {
  Instance& p = provider();
  Instance& user = instantiate(kUser);
  EXPECT_EQ(call_i32(p, "call_at", {Value::i32(1)}), 41);
  EXPECT_EQ(call_i32(p, "call_at", {Value::i32(2)}), 83);  // a function of `user`
  EXPECT_EQ(call_i32(p, "call_at", {Value::i32(3)}), 41);
  EXPECT_EQ((*user.exported_global("sum"))->get().as_i32(), 50);
  ASSERT_TRUE(call(user, "set_variable", {Value::i64(-5)}));
  EXPECT_EQ(call(p, "variable_now")->as_i64(), -5);
  EXPECT_EQ((*p.exported_memory("memory"))->base()[8], 'u');
}

TEST_P(InstantiateTest, AFunctionHasOneIdentityHoweverReached) {
  Instance& p = provider();
  Instance& user = instantiate(kUser);
  const Func answer = *p.exported_func("answer");
  EXPECT_EQ(*user.exported_func("answer_again"), answer);
  Table& table = **p.exported_table("table");
  EXPECT_EQ(table.get(1)->as_funcref(), answer.record());
  EXPECT_EQ(table.get(3)->as_funcref(), answer.record());
  EXPECT_EQ(table.get(2)->as_funcref(), user.exported_func("mine")->record());
  EXPECT_TRUE(table.get(0)->is_null());
}

TEST_P(InstantiateTest, ReportsAllMissingImportsAtOnce) {
  const Failure f = failure(kUser);
  EXPECT_EQ(f.error.kind, ErrorKind::UnknownImport);
  for (const char* name : {"memory", "table", "constant", "variable", "answer"}) {
    EXPECT_NE(f.error.detail.find(name), String::npos) << name;
  }
}

TEST_P(InstantiateTest, RefusesImportsOfAnotherKindOrType) {
  provider();
  linker->allow_shadowing(true);
  const auto refused = [&](const char* name, Extern what) {
    Linker other(engine);
    EXPECT_TRUE(other.define_instance("p", provider()));
    other.allow_shadowing(true);
    EXPECT_TRUE(other.define("p", name, what));
    const Outcome<Instance*> made = other.instantiate(*store, compile(kUser));
    return !made && made.error().error.kind == ErrorKind::IncompatibleImport;
  };
  Table* small = *Table::create(*store, {kFuncRef, {.min = 9}});
  Table* externs = *Table::create(*store, {kExternRef, {.min = 10}});
  Global* mutable_i32 = *Global::create(*store, {kI32, true}, Value::i32(1));
  Global* i64 = *Global::create(*store, {kI64, false}, Value::i64(1));
  Global* constant_i64 = *Global::create(*store, {kI64, false}, Value::i64(1));
  Memory* empty = *Memory::create(*store, {.limits = {.min = 0}});
  Memory* fits = *Memory::create(*store, {.limits = {.min = 3}});
  EXPECT_TRUE(refused("table", small));
  EXPECT_TRUE(refused("table", externs));
  EXPECT_TRUE(refused("constant", mutable_i32));
  EXPECT_TRUE(refused("constant", i64));
  EXPECT_TRUE(refused("variable", constant_i64));
  EXPECT_TRUE(refused("memory", empty));
  EXPECT_TRUE(refused("memory", small));
  EXPECT_TRUE(refused("answer", *instantiate(kBasics).exported_func("add")));
  EXPECT_FALSE(refused("memory", fits));
}

TEST_P(InstantiateTest, AGrownTableSatisfiesALargerMinimum) {
  Table* table = *Table::create(*store, {kFuncRef, {.min = 1}});
  ASSERT_TRUE(table->grow(9, Value::null()));
  linker->allow_shadowing(true);
  provider();
  ASSERT_TRUE(linker->define("p", "table", table));
  EXPECT_TRUE(try_instantiate(kUser));
}

TEST_P(InstantiateTest, ObjectsOfOtherStoresAndEnginesAreErrors) {
  provider();
  const auto other = std::move(*Store::create(engine));
  const Outcome<Instance*> foreign = linker->instantiate(*other, compile(kUser));
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().error.kind, ErrorKind::WrongStore);
  EXPECT_TRUE(foreign.error().error.detail.ends_with('"')) << foreign.error().error.detail;

  EngineConfig config;
  config.memory_mode = GetParam();
  const auto engine2 = *Engine::create(config);
  const auto store2 = std::move(*Store::create(engine2));
  const Outcome<Instance*> mixed = sluice::instantiate(*store2, compile(kBasics), {});
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().error.kind, ErrorKind::WrongEngine);
  Memory* memory2 = *Memory::create(*store2, {.limits = {.min = 1}});
  EXPECT_EQ(linker->define("x", "y", memory2).error().kind, ErrorKind::WrongEngine);
}

TEST_P(InstantiateTest, WhatAFailingInstantiationDidStays) {
  Instance& p = provider();
  const Failure f = failure(kPartial);
  ASSERT_TRUE(f.is_trap());
  EXPECT_EQ(f.trap->code(), TrapCode::TableOutOfBounds);
  // The first element segment was applied; its function is alive although the instance is not.
  EXPECT_EQ(call_i32(p, "call_at", {Value::i32(5)}), 77);
  EXPECT_EQ(trap_of(p, "call_at", {Value::i32(9)}), TrapCode::UninitializedElement);
  EXPECT_EQ((*p.exported_memory("memory"))->base()[0], 0);
}

TEST_P(InstantiateTest, AStartFunctionsTrapIsTheOutcome) {
  Instance& p = provider();
  const Failure f = failure(kBadStart);
  ASSERT_TRUE(f.is_trap());
  EXPECT_EQ(f.trap->code(), TrapCode::Unreachable);
  EXPECT_EQ(call(p, "variable_now")->as_i64(), 99);
}

TEST_P(InstantiateTest, EachInstanceHasItsOwnState) {
  const auto compiled = compile(kBasics);
  Instance* a = *linker->instantiate(*store, compiled);
  Instance* b = *linker->instantiate(*store, compiled);
  EXPECT_EQ(call_i32(*a, "next"), 8);
  EXPECT_EQ(call_i32(*a, "next"), 9);
  EXPECT_EQ(call_i32(*b, "next"), 8);
  ASSERT_TRUE(call(*a, "store", {Value::i32(4), Value::i32(7)}));
  EXPECT_EQ(call_i32(*b, "load", {Value::i32(4)}), 0);
}

TEST_P(InstantiateTest, PreInstantiationFindsImportsOnce) {
  const auto user = compile(kUser);
  EXPECT_EQ(linker->pre_instantiate(user).error().kind, ErrorKind::UnknownImport);
  provider();
  linker->allow_shadowing(true);
  const Result<PreInstance> pre = linker->pre_instantiate(user);
  ASSERT_TRUE(pre) << pre.error().message();
  // What is defined later changes nothing.
  Global* other = *Global::create(*store, {kF32, false}, Value::i32(1));
  for (const Import& import : user->module().imports) {
    ASSERT_TRUE(linker->define(import.module, import.name, other));
  }
  EXPECT_FALSE(linker->instantiate(*store, user));
  linker.reset();
  for (int i = 0; i < 3; ++i) {
    Outcome<Instance*> made = pre->instantiate(*store);
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(call_i32(**made, "mine"), 83);
  }
  const auto elsewhere = *Store::create(engine);
  const Outcome<Instance*> foreign = pre->instantiate(*elsewhere);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().error.kind, ErrorKind::WrongStore);
  const auto engine2 = *Engine::create({});
  const auto store2 = *Store::create(engine2);
  const Outcome<Instance*> mixed = pre->instantiate(*store2);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().error.kind, ErrorKind::WrongEngine);
  EXPECT_EQ(Linker(engine2).pre_instantiate(user).error().kind, ErrorKind::WrongEngine);
}

TEST_P(InstantiateTest, PreInstantiationChecksTheTypesOfHostFunctions) {
  const auto user = compile(kHostCalls);
  const auto callback = [](void*, Caller&, Value*) { return TrapCode::None; };
  for (const Import& import : user->module().imports) {
    ASSERT_TRUE(linker->define_func(import.module, import.name, {}, {}, callback));
  }
  const Result<PreInstance> pre = linker->pre_instantiate(user);
  ASSERT_FALSE(pre);
  EXPECT_EQ(pre.error().kind, ErrorKind::IncompatibleImport);
  EXPECT_EQ(pre.error().detail,
            "\"env\" \"log\": expected function (func (param i32 i32)), found (func)");
}

TEST_P(InstantiateTest, ExportsAreFoundByName) {
  Instance& instance = instantiate(kBasics);
  EXPECT_TRUE(instance.exported_func("add"));
  EXPECT_TRUE(instance.exported_memory("memory"));
  EXPECT_TRUE(instance.exported_table("table"));
  EXPECT_TRUE(instance.exported_global("counter"));
  EXPECT_EQ(instance.exported_func("memory").error().kind, ErrorKind::UnknownExport);
  EXPECT_NE(instance.exported_func("nothing").error().detail.find("nothing"), String::npos);
  EXPECT_FALSE(instance.find_export(""));
}

TEST_P(InstantiateTest, DuplicateNamesAreErrorsUnlessShadowingIsAllowed) {
  Global* one = *Global::create(*store, {kI32, false}, Value::i32(1));
  Global* two = *Global::create(*store, {kI32, false}, Value::i32(2));
  ASSERT_TRUE(linker->define("a", "bc", one));
  EXPECT_EQ(linker->define("a", "bc", two).error().kind, ErrorKind::DuplicateDefinition);
  EXPECT_TRUE(linker->define("ab", "c", two));  // not the same two names
  linker->allow_shadowing(true);
  EXPECT_TRUE(linker->define("a", "bc", two));
  EXPECT_EQ((*linker->lookup(*store, "a", "bc"))->global(), two);
}

SLUICE_BOTH_MODES(InstantiateTest);

}  // namespace
}  // namespace sluice

// Tables, globals and the helpers of bulk instructions, through code that uses them.
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using namespace sluice_test;

// Exports "memory", "copy" (dst, src) and "fill" (dst) with 'A', both of 24 bytes.
const std::vector<uint8_t> kFewBytes = {
    0,   97,  115, 109, 1,   0,   0,  0, 1,  10,  2,   96,  2,   127, 127, 0,  96,
    1,   127, 0,   3,   3,   2,   0,  1, 5,  3,   1,   0,   1,   7,   24,  3,  6,
    109, 101, 109, 111, 114, 121, 2,  0, 4,  99,  111, 112, 121, 0,   0,   4,  102,
    105, 108, 108, 0,   1,   10,  27, 2, 12, 0,   32,  0,   32,  1,   65,  24, 252,
    10,  0,   0,   11,  12,  0,   32, 0, 65, 193, 0,   65,  24,  252, 11,  0,  11};

class BulkTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    bulk = &instantiate(kBulk);
    memory = *bulk->exported_memory("memory");
    funcs = *bulk->exported_table("f");
  }
  static std::vector<Value> three(uint32_t a, uint32_t b, uint32_t c) {
    return {{{a, 0}}, {{b, 0}}, {{c, 0}}};
  }
  bool runs(const char* name, std::vector<Value> args) {
    return call(*bulk, name, std::move(args)).has_value();
  }
  std::string text(size_t at, size_t size) {
    return std::string(reinterpret_cast<const char*>(memory->base()) + at, size);
  }
  Value two() { return Value::funcref(bulk->exported_func("two")->record()); }

  Instance* bulk = nullptr;
  Memory* memory = nullptr;
  Table* funcs = nullptr;
};

TEST_P(BulkTest, MemoryInitAndDrop) {
  EXPECT_TRUE(runs("minit", three(0, 1, 3)));
  EXPECT_EQ(text(0, 3), "bcd");
  EXPECT_TRUE(runs("minit", three(65536, 6, 0)));
  EXPECT_EQ(trap_of(*bulk, "minit", three(65537, 0, 0)), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(trap_of(*bulk, "minit", three(0, 7, 0)), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(trap_of(*bulk, "minit", three(0, 1, 6)), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(trap_of(*bulk, "minit", three(0, 1, ~0u)), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(trap_of(*bulk, "minit", three(65534, 0, 3)), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(memory->base()[65534], 0);  // nothing was written
  EXPECT_TRUE(runs("ddrop", {}));
  EXPECT_TRUE(runs("minit", three(0, 0, 0)));
  EXPECT_EQ(trap_of(*bulk, "minit", three(0, 0, 1)), TrapCode::MemoryOutOfBounds);
}

// Done in pieces: each byte must be read before it is overwritten, across their borders too.
TEST_P(BulkTest, LongCopiesOverlapBothWays) {
  constexpr uint32_t kBytes = 40u << 20;
  Instance& large = instantiate(wat(R"((module (memory 640)
    (func (export "copy") (param i32 i32 i32)
      (memory.copy (local.get 0) (local.get 1) (local.get 2)))))"));
  auto* words = reinterpret_cast<uint32_t*>(large.memory(MemoryIdx{0})->base());
  for (const uint32_t distance : {4u, 4096u, 20u << 20}) {
    for (uint32_t i = 0; i < kBytes / 4; ++i) words[i] = i;
    const uint32_t count = kBytes - distance;
    EXPECT_TRUE(call(large, "copy", three(distance, 0, count)));
    for (uint32_t i = 0; i < count / 4; ++i) ASSERT_EQ(words[i + distance / 4], i);
    for (uint32_t i = 0; i < kBytes / 4; ++i) words[i] = i;
    EXPECT_TRUE(call(large, "copy", three(0, distance, count)));
    for (uint32_t i = 0; i < count / 4; ++i) ASSERT_EQ(words[i], i + distance / 4);
  }
}

TEST_P(BulkTest, MemoryCopyOverlapsBothWays) {
  ASSERT_TRUE(runs("minit", three(0, 0, 6)));
  EXPECT_TRUE(runs("mcopy", three(2, 0, 6)));
  EXPECT_EQ(text(0, 8), "ababcdef");
  EXPECT_TRUE(runs("mcopy", three(0, 2, 6)));
  EXPECT_EQ(text(0, 8), "abcdefef");
  EXPECT_EQ(trap_of(*bulk, "mcopy", three(65530, 0, 7)), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(trap_of(*bulk, "mcopy", three(0, 65530, 7)), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(trap_of(*bulk, "mcopy", three(~0u, 0, ~0u)), TrapCode::MemoryOutOfBounds);
  EXPECT_TRUE(runs("mcopy", three(65536, 65536, 0)));
}

TEST_P(BulkTest, MemoryFillUsesTheLowByte) {
  EXPECT_TRUE(runs("mfill", three(3, 0x1ff, 2)));
  EXPECT_EQ(memory->base()[2], 0);
  EXPECT_EQ(memory->base()[3], 0xff);
  EXPECT_EQ(memory->base()[4], 0xff);
  EXPECT_EQ(memory->base()[5], 0);
  EXPECT_EQ(trap_of(*bulk, "mfill", three(65535, 1, 2)), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(memory->base()[65535], 0);
}

TEST_P(BulkTest, CopiesAndFillsOfFewBytesWriteAllOrNothing) {
  Instance& few = instantiate(kFewBytes);
  Memory* own = *few.exported_memory("memory");
  auto args = [](std::initializer_list<uint32_t> all) {
    std::vector<Value> values;
    for (uint32_t v : all) values.push_back({{v, 0}});
    return values;
  };
  const uint32_t end = 65536;
  ASSERT_TRUE(call(few, "fill", args({end - 24})).has_value());
  EXPECT_EQ(own->base()[end - 25], 0);
  EXPECT_EQ(own->base()[end - 24], 'A');
  EXPECT_EQ(own->base()[end - 1], 'A');
  ASSERT_TRUE(call(few, "copy", args({10, end - 24})).has_value());
  EXPECT_EQ(own->base()[33], 'A');
  EXPECT_EQ(own->base()[34], 0);
  for (uint32_t past = 1; past <= 24; ++past) {
    EXPECT_EQ(trap_of(few, "fill", args({end - 24 + past})), TrapCode::MemoryOutOfBounds);
    EXPECT_EQ(trap_of(few, "copy", args({end - 24 + past, 100})), TrapCode::MemoryOutOfBounds);
    EXPECT_EQ(trap_of(few, "copy", args({200, end - 24 + past})), TrapCode::MemoryOutOfBounds);
  }
  EXPECT_EQ(own->base()[end - 1], 'A');  // the copies' source is zero
  EXPECT_EQ(own->base()[200], 0);
  EXPECT_EQ(trap_of(few, "fill", args({~0u})), TrapCode::MemoryOutOfBounds);
  EXPECT_EQ(trap_of(few, "copy", args({~0u - 22, 0})), TrapCode::MemoryOutOfBounds);
}

TEST_P(BulkTest, TableInitCopyAndCalls) {
  EXPECT_TRUE(runs("tinit", three(0, 0, 3)));
  EXPECT_EQ(call_i32(*bulk, "call", {Value::i32(0)}), 1);
  EXPECT_EQ(call_i32(*bulk, "call", {Value::i32(1)}), 2);
  EXPECT_EQ(trap_of(*bulk, "call", {Value::i32(3)}), TrapCode::UninitializedElement);
  EXPECT_EQ(trap_of(*bulk, "call", {Value::i32(8)}), TrapCode::UndefinedElement);
  EXPECT_TRUE(runs("tcopy", three(1, 0, 3)));  // 1 1 2 1
  EXPECT_EQ(call_i32(*bulk, "call", {Value::i32(1)}), 1);
  EXPECT_EQ(call_i32(*bulk, "call", {Value::i32(2)}), 2);
  EXPECT_EQ(call_i32(*bulk, "call", {Value::i32(3)}), 1);
  EXPECT_TRUE(runs("tcopy", three(0, 1, 3)));  // 1 2 1 1
  EXPECT_EQ(call_i32(*bulk, "call", {Value::i32(1)}), 2);
  EXPECT_EQ(trap_of(*bulk, "tcopy", three(6, 0, 3)), TrapCode::TableOutOfBounds);
  EXPECT_EQ(trap_of(*bulk, "tinit", three(0, 1, 3)), TrapCode::TableOutOfBounds);
  EXPECT_EQ(trap_of(*bulk, "tinit", three(6, 0, 3)), TrapCode::TableOutOfBounds);
  EXPECT_TRUE(runs("edrop", {}));
  EXPECT_TRUE(runs("tinit", three(8, 0, 0)));
  EXPECT_EQ(trap_of(*bulk, "tinit", three(0, 0, 1)), TrapCode::TableOutOfBounds);
}

TEST_P(BulkTest, TableGetSetGrowFill) {
  EXPECT_TRUE(call(*bulk, "tget", {Value::i32(0)})->is_null());
  EXPECT_TRUE(runs("tset", {Value::i32(4), two()}));
  EXPECT_EQ(call(*bulk, "tget", {Value::i32(4)})->as_funcref(), two().as_funcref());
  EXPECT_EQ(call(*bulk, "ref_two")->as_funcref(), two().as_funcref());
  EXPECT_EQ(trap_of(*bulk, "tget", {Value::i32(8)}), TrapCode::TableOutOfBounds);
  EXPECT_EQ(trap_of(*bulk, "tset", {Value::i32(-1), two()}), TrapCode::TableOutOfBounds);
  EXPECT_EQ(call_i32(*bulk, "tgrow", {two(), Value::i32(8)}), 8);
  EXPECT_EQ(call_i32(*bulk, "tgrow", {two(), Value::i32(1)}), -1);
  EXPECT_EQ(call_i32(*bulk, "tgrow", {two(), Value::i32(-1)}), -1);
  EXPECT_EQ(call_i32(*bulk, "tsize"), 16);
  EXPECT_EQ(call_i32(*bulk, "call", {Value::i32(15)}), 2);
  EXPECT_TRUE(runs("tfill", {Value::i32(14), Value::null(), Value::i32(2)}));
  EXPECT_EQ(trap_of(*bulk, "call", {Value::i32(15)}), TrapCode::UninitializedElement);
  EXPECT_EQ(trap_of(*bulk, "tfill", {Value::i32(15), two(), Value::i32(2)}),
            TrapCode::TableOutOfBounds);
  EXPECT_TRUE(funcs->get(15)->is_null());
}

TEST_P(BulkTest, ExternrefsComeBackAsTheyWere) {
  int a = 0;
  int b = 0;
  const Value ref_a = store->externref(&a);
  EXPECT_NE(store->externref(&b).bits[0], ref_a.bits[0]);
  EXPECT_TRUE(runs("eset", {Value::i32(1), ref_a}));
  EXPECT_EQ(store->externref_host(*call(*bulk, "eget", {Value::i32(1)})), &a);
  EXPECT_TRUE(call(*bulk, "eget", {Value::i32(0)})->is_null());
  EXPECT_EQ(call_i32(*bulk, "egrow", {ref_a, Value::i32(100)}), 4);
  EXPECT_EQ(store->externref_host(*call(*bulk, "eget", {Value::i32(103)})), &a);
  EXPECT_EQ(store->externref_host(Value::null()), nullptr);
  EXPECT_EQ(store->externref_host(Value::externref(999)), nullptr);
  // A handle that the store never gave is refused at the door.
  EXPECT_EQ(call(*bulk, "eset", {Value::i32(1), Value::externref(999)}).error().error.kind,
            ErrorKind::SignatureMismatch);
}

TEST_P(BulkTest, ReferencesOfOtherStoresAreRefused) {
  const auto other = std::move(*Store::create(engine));
  Instance* foreign = *sluice::instantiate(*other, compile(kBulk), {});
  const Value ref = Value::funcref(foreign->exported_func("one")->record());
  EXPECT_EQ(call(*bulk, "tset", {Value::i32(0), ref}).error().error.kind,
            ErrorKind::SignatureMismatch);
  EXPECT_EQ(funcs->set(0, ref).error().kind, ErrorKind::SignatureMismatch);
  EXPECT_EQ(funcs->grow(1, ref).error().kind, ErrorKind::SignatureMismatch);
  EXPECT_FALSE(Global::create(*store, {kFuncRef, true}, ref));
}

TEST_P(BulkTest, TablesOfTheHost) {
  Table* table = *Table::create(*store, {kFuncRef, {.min = 2}}, two());
  EXPECT_EQ(table->get(1)->as_funcref(), two().as_funcref());
  EXPECT_EQ(table->get(2).error().kind, ErrorKind::OutOfBoundsAccess);
  // Beyond what a heap block holds, one by one, contents kept.
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(table->grow(1, Value::null()));
  EXPECT_EQ(table->size(), 20'002u);
  EXPECT_EQ(table->get(1)->as_funcref(), two().as_funcref());
  EXPECT_TRUE(table->get(20'001)->is_null());
  EXPECT_EQ(table->grow(10'000'000, Value::null()).error().kind, ErrorKind::TableLimit);
  EXPECT_EQ(Table::create(*store, {kFuncRef, {.min = 10'000'001}}).error().kind,
            ErrorKind::TableLimit);
  const ValType non_null = ValType::ref(AbsHeap::Func, false);
  EXPECT_FALSE(Table::create(*store, {non_null, {.min = 1}}));
  EXPECT_TRUE(Table::create(*store, {non_null, {.min = 1}}, two()));
  EXPECT_FALSE(Table::create(*store, {kI32, {.min = 1}}));
}

TEST_P(BulkTest, GlobalsOfTheHost) {
  Global* constant = *Global::create(*store, {kI64, false}, Value::i64(-1));
  EXPECT_EQ(constant->get().as_i64(), -1);
  EXPECT_EQ(constant->set(Value::i64(1)).error().kind, ErrorKind::ImmutableGlobal);
  Global* ref = *Global::create(*store, {kFuncRef, true}, Value::null());
  EXPECT_TRUE(ref->set(two()));
  EXPECT_EQ(ref->get().as_funcref(), two().as_funcref());
}

SLUICE_ALL_MODES(BulkTest);

}  // namespace
}  // namespace sluice

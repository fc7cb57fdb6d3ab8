// How C++ types stand for Wasm types: each kind of parameter and result of host functions and typed
// calls, on both ways in (registers and cells), and what is refused.
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "engine/base/heap.h"
#include "sluice/sluice.hpp"

namespace {

using sluice::Result;

// ---- What stands for what, at compile time ------------------------------------------------------

enum class Small : int8_t { Minus = -1 };
enum class Wide : uint64_t { Top = UINT64_MAX };
enum Unscoped : uint16_t { kUnscoped = 7 };
enum Loose { kLoose };

static_assert(sluice::WasmValue<bool> && sluice::WasmValue<char> && sluice::WasmValue<int8_t> &&
              sluice::WasmValue<uint8_t> && sluice::WasmValue<int16_t> &&
              sluice::WasmValue<uint16_t> && sluice::WasmValue<char16_t> &&
              sluice::WasmValue<int32_t> && sluice::WasmValue<uint32_t> &&
              sluice::WasmValue<long> && sluice::WasmValue<unsigned long long> &&
              sluice::WasmValue<float> && sluice::WasmValue<double> && sluice::WasmValue<Small> &&
              sluice::WasmValue<Wide> && sluice::WasmValue<Unscoped> &&
              sluice::WasmValue<sluice::V128> && sluice::WasmValue<sluice::ExternRef> &&
              sluice::WasmValue<sluice::Func> && sluice::WasmValue<std::optional<sluice::Func>>);
static_assert(!sluice::WasmValue<Loose> && !sluice::WasmValue<void*> &&
              !sluice::WasmValue<long double> && !sluice::WasmValue<std::string> &&
              !sluice::WasmValue<sluice::GuestString> && !sluice::WasmValue<std::span<int>>);
static_assert(std::is_nothrow_move_constructible_v<sluice::PreInstance> &&
              !std::is_copy_constructible_v<sluice::PreInstance> &&
              !std::is_copy_constructible_v<sluice::Store> &&
              std::is_nothrow_move_assignable_v<sluice::Store>);
static_assert(std::is_trivially_copyable_v<sluice::Func> &&
              std::is_trivially_copyable_v<sluice::TypedFunc<int(int)>>);

// ---- Fixture ------------------------------------------------------------------------------------

class TypedApiTest : public testing::Test {
 protected:
  sluice::Module compile(std::string_view text) {
    auto module =
        engine.compile(std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
    if (!module) ADD_FAILURE() << module.error().message();
    return *std::move(module);
  }
  sluice::Instance instantiate(std::string_view text) {
    auto instance = linker.instantiate(store, compile(text));
    if (!instance) ADD_FAILURE() << instance.error().message();
    return *std::move(instance);
  }
  /// A guest's function "f" of the type in `type` that calls the host's `function` with its own
  /// arguments, which are `count`.
  template <class F>
  sluice::Instance relay(std::string_view type, int count, F function) {
    sluice::Linker own(engine);
    auto defined = own.func("host", "f", std::move(function));
    EXPECT_TRUE(defined) << defined.error().message();
    std::string text = "(module (import \"host\" \"f\" (func $f " + std::string(type) +
                       ")) (memory (export \"memory\") 1) (data (i32.const 16) \"\\01\\02\\03\\04"
                       "\\05\\06\\07\\08text\") (func (export \"f\") " +
                       std::string(type) + "(call $f";
    for (int i = 0; i < count; ++i) text += "(local.get " + std::to_string(i) + ")";
    auto instance = own.instantiate(store, compile(text + ")))"));
    if (!instance) ADD_FAILURE() << instance.error().message();
    return *std::move(instance);
  }
  template <class R>
  static std::string reason(Result<R> failed) {
    if (failed) return "it did not fail";
    return std::string(failed.error().trap_reason());
  }

  sluice::Engine engine{sluice::Config{.workers = 0}};
  sluice::Store store{engine};
  sluice::Linker linker{engine};
};

// ---- Numbers ------------------------------------------------------------------------------------

TEST_F(TypedApiTest, OfNarrowIntegersTheLowBitsCount) {
  int64_t got = 0;
  const auto through = [&](auto example, uint32_t from_guest) {
    using T = decltype(example);
    const sluice::Instance guest = relay("(param i32) (result i32)", 1, [&](T value) -> T {
      got = static_cast<int64_t>(value);
      return value;
    });
    return *(*guest.func<uint32_t(uint32_t)>("f"))(from_guest);
  };
  EXPECT_EQ(through(uint8_t{}, 0xffffff80u), 0x80u);
  EXPECT_EQ(got, 0x80);
  EXPECT_EQ(through(int8_t{}, 0x12345680u), 0xffffff80u) << "what the host gives is extended";
  EXPECT_EQ(got, -128);
  EXPECT_EQ(through(uint16_t{}, 0xabcd8000u), 0x8000u);
  EXPECT_EQ(through(int16_t{}, 0xabcd8000u), 0xffff8000u);
  EXPECT_EQ(got, -32768);
  EXPECT_EQ(through(bool{}, 0x100u), 1u);
  EXPECT_EQ(through(bool{}, 0u), 0u);
  EXPECT_EQ(through(Small{}, 0x1ffu), 0xffffffffu);
  EXPECT_EQ(got, -1);
  EXPECT_EQ(through(Unscoped{}, 0x10007u), 7u);
  EXPECT_EQ(through(uint32_t{}, 0xffffffffu), 0xffffffffu);
  EXPECT_EQ(through(int32_t{}, 0x80000000u), 0x80000000u);
  EXPECT_EQ(got, std::numeric_limits<int32_t>::min());
}

TEST_F(TypedApiTest, IntegersOf64BitsAndTheirEnums) {
  const auto guest = relay("(param i64 i64) (result i64)", 2,
                           [](Wide a, long long b) { return a == Wide::Top ? b : -b; });
  EXPECT_EQ(*(*guest.func<int64_t(Wide, unsigned long)>("f"))(Wide::Top, 5), 5);
  EXPECT_EQ(*(*guest.func<int64_t(uint64_t, int64_t)>("f"))(0, INT64_MAX), -INT64_MAX);
}

TEST_F(TypedApiTest, VectorsTravelInCells) {
  const auto guest =
      relay("(param v128 i32) (result v128)", 2, [](const sluice::V128& v, int32_t add) {
        auto lanes = v.lanes<int32_t>();
        for (int32_t& lane : lanes) lane += add;
        return sluice::V128::of<int32_t>(lanes);
      });
  const auto f = *guest.func<sluice::V128(sluice::V128, int32_t)>("f");
  EXPECT_EQ(f(sluice::V128::of<int32_t>({1, 2, 3, -4}), 10)->lanes<int32_t>(),
            (std::array{11, 12, 13, 6}));
  const auto global = *sluice::Global::create(store, sluice::V128::of<double>({1.5, -2}));
  EXPECT_EQ(global.get<sluice::V128>()->lanes<double>()[1], -2);
}

TEST_F(TypedApiTest, TuplesAndPairsAreSeveralResults) {
  const auto guest = relay("(param i32) (result i32 f64 i64)", 1, [](int32_t v) {
    return std::tuple<int8_t, double, int64_t>(static_cast<int8_t>(v), v / 2.0, -v);
  });
  const auto f = *guest.func<std::tuple<int32_t, double, int64_t>(int32_t)>("f");
  EXPECT_EQ(*f(0x181), std::tuple(-127, 192.5, int64_t{-0x181}));
  const auto two = relay("(result i32 i32)", 0, [] { return std::pair(1, Small::Minus); });
  EXPECT_EQ(*(*two.func<std::pair<int32_t, int32_t>()>("f"))(), std::pair(1, -1));
  const auto failing =
      relay("(param i32) (result i32 i32)", 1, [](int32_t v) -> Result<std::pair<int32_t, bool>> {
        if (v == 0) return sluice::Error("no zeros");
        return std::pair(v, true);
      });
  const auto g = *failing.func<std::pair<int32_t, int32_t>(int32_t)>("f");
  EXPECT_EQ(*g(3), std::pair(3, 1));
  EXPECT_EQ(reason(g(0)), "no zeros");
}

TEST_F(TypedApiTest, MoreParametersThanRegisters) {
  const auto sum = [](int32_t a, int64_t b, float c, double d, int32_t e, int32_t f, int32_t g,
                      int32_t h, int32_t i, int8_t j) {
    return a + static_cast<double>(b) + static_cast<double>(c) + d + e + f + g + h + i + j;
  };
  const auto guest = relay("(param i32 i64 f32 f64 i32 i32 i32 i32 i32 i32) (result f64)", 10, sum);
  const auto f = *guest.func<double(int32_t, int64_t, float, double, int32_t, int32_t, int32_t,
                                    int32_t, int32_t, int32_t)>("f");
  EXPECT_EQ(*f(1, 2, 3, 4, 5, 6, 7, 8, 9, 255), 44);
}

// ---- Callables ----------------------------------------------------------------------------------

int32_t plain(int32_t v) { return v + 1; }
int32_t plain_noexcept(int32_t v) noexcept { return v + 2; }
struct Overloaded {
  int32_t operator()(int32_t v) const { return v + 3; }
  int64_t operator()(int64_t v) const { return v + 4; }
};
struct ByReference {
  int32_t operator()(int32_t v) & { return v + ++calls; }
  int32_t calls = 0;
};

TEST_F(TypedApiTest, AnyCallableIsAHostFunction) {
  const auto call = [this](auto function, int32_t v) {
    const sluice::Instance guest = relay("(param i32) (result i32)", 1, std::move(function));
    return *(*guest.func<int32_t(int32_t)>("f"))(v);
  };
  EXPECT_EQ(call(plain, 1), 2);
  EXPECT_EQ(call(&plain_noexcept, 1), 3);
  EXPECT_EQ(call(ByReference(), 1), 2);
  EXPECT_EQ(call([owned = std::make_unique<int32_t>(5)](int32_t v) { return v + *owned; }, 1), 6);
  int32_t calls = 0;
  EXPECT_EQ(call([calls](int32_t v) mutable noexcept { return v + ++calls; }, 1), 2);
  EXPECT_EQ(call(std::function<int32_t(int32_t)>(&plain), 1), 2);
}

TEST_F(TypedApiTest, AGenericCallableIsGivenItsType) {
  ASSERT_TRUE(linker.func<int32_t(int32_t)>("m", "a", Overloaded()));
  ASSERT_TRUE(linker.func<int64_t(int64_t)>("m", "b", Overloaded()));
  ASSERT_TRUE((linker.func<double(sluice::Caller, double)>(
      "m", "c", [](const sluice::Caller&, auto v) { return v * 2; })));
  const auto guest = instantiate(
      R"((module (import "m" "a" (func $a (param i32) (result i32)))
                 (import "m" "b" (func $b (param i64) (result i64)))
                 (import "m" "c" (func $c (param f64) (result f64)))
                 (func (export "f") (result f64)
                   (f64.add (f64.convert_i32_s (call $a (i32.const 10)))
                     (f64.add (f64.convert_i64_s (call $b (i64.const 100)))
                              (call $c (f64.const 0.25)))))))");
  EXPECT_EQ(*(*guest.func<double()>("f"))(), 13 + 104 + 0.5);
}

TEST_F(TypedApiTest, HostFunctionsOfOneStore) {
  const auto counter = std::make_shared<int>(0);
  {
    sluice::Store own(engine);
    const auto func = *sluice::Func::create(own, [counter](int32_t v) { return v * 2; });
    EXPECT_EQ(*(*func.typed<int32_t(int32_t)>())(21), 42);
    const auto vector =
        *sluice::Func::create<sluice::V128(sluice::V128)>(own, [](auto v) { return v; });
    EXPECT_EQ((*vector.typed<sluice::V128(sluice::V128)>())(sluice::V128::of<int64_t>({1, 2}))
                  ->lanes<int64_t>()[1],
              2);
    EXPECT_EQ(counter.use_count(), 2);
  }
  EXPECT_EQ(counter.use_count(), 1);
}

// ---- Guest memory -------------------------------------------------------------------------------

struct Point {
  int32_t x;
  int32_t y;
};

TEST_F(TypedApiTest, GuestPointersAreChecked) {
  const auto guest = relay("(param i32) (result i32)", 1, [](sluice::GuestPtr<Point> p) {
    p->x += 1;
    return p->y + static_cast<int32_t>(p.address());
  });
  const auto f = *guest.func<int32_t(uint32_t)>("f");
  EXPECT_EQ(*f(16), 0x08070605 + 16);
  EXPECT_EQ(*guest.memory()->read<int32_t>(16), 0x04030202);
  EXPECT_TRUE(f(65528));
  EXPECT_NE(reason(f(65532)).find("argument 1: "), std::string::npos) << reason(f(65532));
  EXPECT_NE(reason(f(65532)).find("outside the memory"), std::string::npos);
  EXPECT_FALSE(f(0xfffffffcu));
  EXPECT_NE(reason(f(18)).find("align"), std::string::npos) << reason(f(18));

  const auto p = *sluice::GuestPtr<const Point>::create(*guest.memory(), 24);
  EXPECT_EQ(*(*guest.func<int32_t(sluice::GuestPtr<const Point>)>("f"))(p), 24);
  EXPECT_FALSE(sluice::GuestPtr<Point>::create(*guest.memory(), 65536));
}

TEST_F(TypedApiTest, ANullGuestPointerIsNothingWhereThatIsAllowed) {
  const auto guest =
      relay("(param i32) (result i32)", 1,
            [](std::optional<sluice::GuestPtr<const uint8_t>> p) { return p ? **p : -1; });
  const auto f = *guest.func<int32_t(uint32_t)>("f");
  EXPECT_EQ(*f(0), -1);
  EXPECT_EQ(*f(17), 2);
  EXPECT_FALSE(f(65536));
  const auto g = *guest.func<int32_t(std::optional<sluice::GuestPtr<const uint8_t>>)>("f");
  EXPECT_EQ(*g(std::nullopt), -1);
}

TEST_F(TypedApiTest, RangesOfGuestMemory) {
  const auto sum_of = [](auto values) {
    int32_t sum = 0;
    for (const auto v : values) sum += static_cast<int32_t>(v);
    return sum;
  };
  const std::string_view type = "(param i32 i32) (result i32)";
  using Signature = int32_t(uint32_t, uint32_t);
  const auto span = relay(type, 2, [&](std::span<const uint16_t> v) { return sum_of(v); });
  const auto guest_span =
      relay(type, 2, [&](sluice::GuestSpan<const uint16_t> v) { return sum_of(v.span()); });
  for (const sluice::Instance& guest : {span, guest_span}) {
    const auto f = *guest.func<Signature>("f");
    EXPECT_EQ(*f(16, 2), 0x0201 + 0x0403);
    EXPECT_EQ(*f(65536, 0), 0);
    EXPECT_FALSE(f(65535, 1));
    EXPECT_FALSE(f(17, 1));
    EXPECT_FALSE(f(16, 0x80000000u)) << "the size in bytes does not fit 32 bits";
    EXPECT_FALSE(f(0xffffffffu, 0xffffffffu));
  }
  const auto writes = relay(type, 2, [](std::span<uint8_t> bytes) {
    for (uint8_t& b : bytes) b = 7;
    return static_cast<int32_t>(bytes.size());
  });
  EXPECT_EQ(*(*writes.func<Signature>("f"))(100, 3), 3);
  EXPECT_EQ(*writes.memory()->read<uint32_t>(100), 0x00070707u);
  const auto array = *sluice::GuestSpan<uint8_t>::create(*writes.memory(), 200, 4);
  EXPECT_EQ(*(*writes.func<int32_t(sluice::GuestSpan<uint8_t>)>("f"))(array), 4);
  EXPECT_EQ(*writes.memory()->read<uint32_t>(200), 0x07070707u);
}

TEST_F(TypedApiTest, TextInGuestMemory) {
  std::string got;
  const std::string_view type = "(param i32 i32)";
  const auto view = relay(type, 2, [&](std::string_view text) { got = text; });
  const auto copy = relay(type, 2, [&](const std::string& text) { got = text; });
  const auto guest_string = relay(type, 2, [&](sluice::GuestString text) { got = text.view(); });
  for (const sluice::Instance& guest : {view, copy, guest_string}) {
    got.clear();
    const auto f = *guest.func<void(uint32_t, uint32_t)>("f");
    EXPECT_TRUE(f(24, 4));
    EXPECT_EQ(got, "text");
    EXPECT_FALSE(f(65535, 2));
  }
  const auto text = *sluice::GuestString::create(*view.memory(), 25, 2);
  EXPECT_TRUE((*view.func<void(sluice::GuestString)>("f"))(text));
  EXPECT_EQ(got, "ex");
}

TEST_F(TypedApiTest, AddressesOf64BitMemories) {
  ASSERT_TRUE(linker.func("m", "f",
                          [](sluice::GuestSpan<const uint8_t, uint64_t> bytes,
                             sluice::GuestPtr<const uint32_t, uint64_t> word) {
                            return static_cast<uint64_t>(bytes.span()[0]) + *word;
                          }));
  const auto guest = instantiate(
      R"((module (import "m" "f" (func $f (param i64 i64 i64) (result i64)))
                 (memory (export "memory") i64 1) (data (i64.const 8) "\05\00\00\00\06")
                 (func (export "f") (param i64 i64 i64) (result i64)
                   (call $f (local.get 0) (local.get 1) (local.get 2)))))");
  const auto f = *guest.func<uint64_t(uint64_t, uint64_t, uint64_t)>("f");
  EXPECT_EQ(*f(12, 1, 8), 6 + 5u);
  EXPECT_FALSE(f(uint64_t{1} << 33, 1, 8));
  EXPECT_FALSE(f(12, UINT64_MAX, 8));
  EXPECT_NE(reason(f(12, 1, 65536)).find("argument 2: "), std::string::npos);
}

TEST_F(TypedApiTest, ACallerWithoutMemoryCannotPassAddresses) {
  ASSERT_TRUE(linker.func("m", "f", [](std::string_view) {}));
  const auto guest = instantiate(
      R"((module (import "m" "f" (func $f (param i32 i32)))
                 (func (export "f") (call $f (i32.const 0) (i32.const 0)))))");
  EXPECT_EQ(reason((*guest.func<void()>("f"))()), "argument 1: the caller has no memory");
}

// ---- Callers ------------------------------------------------------------------------------------

struct Session {
  int32_t base = 0;
};

TEST_F(TypedApiTest, ACallerGivesItsExportsAndTheStoresValue) {
  store = sluice::Store(engine, Session{1000});
  ASSERT_TRUE(linker.func("m", "f", [](sluice::Caller caller, int32_t v) -> Result<int32_t> {
    EXPECT_EQ(caller.data<int>(), nullptr) << "of another type";
    sluice::Global global = SLUICE_TRY(caller.global("g"));
    SLUICE_TRY(global.set<int32_t>(v));
    const auto twice = SLUICE_TRY(caller.func<int32_t(int32_t)>("twice"));
    EXPECT_TRUE(caller.memory("other"));
    EXPECT_FALSE(caller.memory("g")) << "of another kind";
    EXPECT_FALSE(caller.table("nothing"));
    EXPECT_TRUE(caller.tag("tag"));
    EXPECT_EQ(*SLUICE_TRY(caller.table("table")).size(), 3u);
    return caller.data<Session>()->base + SLUICE_TRY(twice(v));
  }));
  const auto guest = instantiate(
      R"((module (import "m" "f" (func $f (param i32) (result i32)))
                 (memory (export "other") 1) (table (export "table") 3 funcref)
                 (tag (export "tag")) (global (export "g") (mut i32) (i32.const 0))
                 (func (export "twice") (param i32) (result i32)
                   (i32.mul (i32.const 2) (local.get 0)))
                 (func (export "f") (param i32) (result i32) (call $f (local.get 0)))))");
  EXPECT_EQ(*(*guest.func<int32_t(int32_t)>("f"))(4), 1008);
  EXPECT_EQ(*guest.global("g")->get<int32_t>(), 4);
}

// ---- References ---------------------------------------------------------------------------------

TEST_F(TypedApiTest, FunctionsAreValues) {
  ASSERT_TRUE(linker.func("m", "call", [](sluice::Func f, int32_t v) -> Result<int32_t> {
    return SLUICE_TRY(f.typed<int32_t(int32_t)>())(v);
  }));
  ASSERT_TRUE(linker.func("m", "has", [](std::optional<sluice::Func> f) { return f.has_value(); }));
  const auto guest = instantiate(
      R"((module (import "m" "call" (func $call (param funcref i32) (result i32)))
                 (import "m" "has" (func $has (param funcref) (result i32)))
                 (func $twice (export "twice") (param i32) (result i32)
                   (i32.mul (i32.const 2) (local.get 0)))
                 (elem declare func $twice)
                 (func (export "call") (param funcref i32) (result i32)
                   (call $call (local.get 0) (local.get 1)))
                 (func (export "has") (param funcref) (result i32) (call $has (local.get 0)))
                 (func (export "get") (param i32) (result funcref)
                   (if (result funcref) (local.get 0) (then (ref.func $twice))
                     (else (ref.null func))))
                 (func (export "two") (param i32) (result funcref i32)
                   (if (result funcref) (local.get 0) (then (ref.func $twice))
                     (else (ref.null func))) (i32.const 2))))");
  using MaybeFunc = std::optional<sluice::Func>;
  const sluice::Func twice = *guest.func("twice");
  EXPECT_EQ(*(*guest.func<int32_t(sluice::Func, int32_t)>("call"))(twice, 21), 42);
  const auto maybe = *guest.func<int32_t(MaybeFunc, int32_t)>("call");
  EXPECT_EQ(reason(maybe(std::nullopt, 1)), "argument 1: null function reference");
  EXPECT_TRUE(*(*guest.func<bool(MaybeFunc)>("has"))(twice));
  EXPECT_FALSE(*(*guest.func<bool(MaybeFunc)>("has"))(std::nullopt));
  const auto get = *guest.func<MaybeFunc(int32_t)>("get");
  EXPECT_EQ((**get(1)).raw().object, twice.raw().object);
  EXPECT_EQ(*get(0), std::nullopt);
  const auto get_one = *guest.func<sluice::Func(int32_t)>("get");
  EXPECT_TRUE(get_one(1));
  EXPECT_EQ(get_one(0).error().message(), "null function reference");
  const auto two = *guest.func<std::pair<sluice::Func, int32_t>(int32_t)>("two");
  EXPECT_EQ(two(1)->second, 2);
  EXPECT_FALSE(two(0));

  auto gone = std::make_unique<sluice::Store>(engine);
  const auto foreign = *sluice::Func::create(*gone, [](int32_t v) { return v; });
  gone.reset();
  EXPECT_FALSE(maybe(foreign, 1)) << "of a store that is gone";
  EXPECT_FALSE(sluice::Global::create(store, MaybeFunc(foreign)));
  sluice::Table table = *sluice::Table::create(store, {.initial = 1});
  EXPECT_FALSE(table.set(0, foreign));
  EXPECT_FALSE(table.grow(1, MaybeFunc(foreign)));
  const auto returns = relay("(result funcref)", 0, [foreign] { return foreign; });
  EXPECT_NE(reason((*returns.func<MaybeFunc()>("f"))()).find("another store"), std::string::npos);
}

TEST_F(TypedApiTest, TablesOfFunctionsAndOfReferences) {
  using MaybeFunc = std::optional<sluice::Func>;
  sluice::Table funcs = *sluice::Table::create(store, {.initial = 2, .maximum = 4});
  const auto func = *sluice::Func::create(store, [] { return 7; });
  EXPECT_TRUE(funcs.set(1, func));
  EXPECT_EQ(*(*funcs.get<sluice::Func>(1)->typed<int32_t()>())(), 7);
  EXPECT_EQ(*funcs.grow(2, func), 2u);
  EXPECT_FALSE(funcs.grow(1, func));
  EXPECT_TRUE(*funcs.get<MaybeFunc>(3));
  EXPECT_TRUE(funcs.set(1, MaybeFunc()));
  EXPECT_FALSE(*funcs.get<MaybeFunc>(1));
  EXPECT_FALSE(funcs.get<sluice::ExternRef>(1));
  EXPECT_FALSE(funcs.set(1, sluice::ExternRef(store, &store)));
  EXPECT_EQ(funcs.type()->element, SLUICE_FUNCREF);
  EXPECT_EQ(funcs.type()->limits.min, 4u);
  EXPECT_EQ(funcs.type()->limits.max, 4u);

  int object = 0;
  const sluice::ExternRef ref(store, &object);
  sluice::Table refs = *sluice::Table::create(store, {.initial = 1}, ref);
  EXPECT_EQ(refs.get<sluice::ExternRef>(0)->host(), &object);
  EXPECT_TRUE(refs.set(0, sluice::ExternRef()));
  EXPECT_TRUE(refs.get<sluice::ExternRef>(0)->is_null());
  EXPECT_FALSE(refs.get<MaybeFunc>(0));
  EXPECT_EQ(*refs.grow(1, ref), 1u);
  EXPECT_FALSE(refs.get<sluice::ExternRef>(2));
  EXPECT_EQ(sluice::Global::create(store, 1.5f)->type()->value, SLUICE_F32);
}

// ---- Mismatches and exceptions ------------------------------------------------------------------

TEST_F(TypedApiTest, MismatchesNameBothTypes) {
  const auto guest =
      relay("(param i32 f64) (result i64)", 2, [](int32_t, double) { return int64_t{0}; });
  auto wrong = guest.func<float(int32_t)>("f");
  ASSERT_FALSE(wrong);
  const std::string message(wrong.error().message());
  EXPECT_NE(message.find("(func (param i32 f64) (result i64))"), std::string::npos) << message;
  EXPECT_NE(message.find("(func (param i32) (result f32))"), std::string::npos) << message;

  ASSERT_TRUE(linker.func("m", "f", [](std::string_view, int64_t) { return 0.5; }));
  auto failed = linker.instantiate(
      store, compile(R"((module (import "m" "f" (func (param i32) (result f32)))))"));
  ASSERT_FALSE(failed);
  const std::string link(failed.error().message());
  EXPECT_NE(link.find("\"m\" \"f\""), std::string::npos) << link;
  EXPECT_NE(link.find("(func (param i32) (result f32))"), std::string::npos) << link;
  EXPECT_NE(link.find("(func (param i32 i32 i64) (result f64))"), std::string::npos) << link;
}

TEST_F(TypedApiTest, AllMissingImportsAreNamedAtOnce) {
  auto failed = linker.pre_instantiate(compile(
      R"((module (import "a" "one" (func)) (import "b" "two" (memory 1))
                 (import "c" "three" (global i32))))"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(),
            "unknown import: \"a\" \"one\", \"b\" \"two\", \"c\" \"three\"");
}

TEST_F(TypedApiTest, AModuleSaysWhatItImportsAndExports) {
  const sluice::Module module = compile(
      R"((module (import "a" "one" (func (param i32 v128) (result f64)))
                 (import "b" "two" (memory 1 3)) (table (export "t") i64 5 externref)
                 (global (export "g") (mut i64) (i64.const 1)) (func (export "") (result i32)
                 (i32.const 0))))");
  const auto imports = module.imports();
  ASSERT_EQ(imports.size(), 2u);
  EXPECT_EQ(imports[0].module, "a");
  EXPECT_EQ(imports[0].name, "one");
  ASSERT_EQ(imports[0].type.func.param_count, 2u);
  EXPECT_EQ(imports[0].type.func.params[1], SLUICE_V128);
  EXPECT_EQ(imports[1].type.kind, SLUICE_KIND_MEMORY);
  EXPECT_EQ(imports[1].type.limits.max, 3u);
  EXPECT_EQ(module.exports().size(), 3u);
  EXPECT_TRUE(module.export_type("t")->limits.is_64);
  EXPECT_EQ(module.export_type("t")->value_type, SLUICE_EXTERNREF);
  EXPECT_TRUE(module.export_type("g")->is_mutable);
  EXPECT_EQ(module.export_type("")->func.result_count, 1u);
  EXPECT_FALSE(module.export_type("none"));
}

struct Odd : std::runtime_error {
  explicit Odd(int n) : runtime_error("odd"), number(n) {}
  int number;
};

TEST_F(TypedApiTest, AnExceptionOfAHostFunctionIsThrownOnAtTheOuterCall) {
  const auto guest = relay("(param i32) (result i32 i32)", 1, [](int32_t v) {
    if (v % 2 != 0) throw Odd(v);
    return std::pair(v, v);
  });
  const auto f = *guest.func<std::pair<int32_t, int32_t>(int32_t)>("f");
  auto failed = f(7);
  ASSERT_FALSE(failed);
  try {
    failed.error().rethrow_host_exception();
    ADD_FAILURE() << "not thrown";
  } catch (const Odd& odd) {
    EXPECT_EQ(odd.number, 7);
  }
  // Neither a trap without one nor what a host in C attached is taken for an exception.
  sluice::Error("no exception").rethrow_host_exception();
  const auto code = sluice_store_fail(store.raw(), "own", 3, &failed, nullptr);
  static_cast<void>(code);
  const auto other = relay("", 0, [this]() -> Result<void> {
    sluice_store_fail(store.raw(), "own", 3, this, [](void*) {});
    return sluice::Error("mine");
  });
  (*other.func<void()>("f"))().error().rethrow_host_exception();
}

TEST_F(TypedApiTest, APayloadOfAnotherKindIsNotAnException) {
  sluice_func_t raw = {};
  const sluice_func_type_t type = {};
  const auto callback = [](void* env, sluice_caller_t* caller, sluice_value_t*) {
    return sluice_store_fail(sluice_caller_store(caller), "c", 1, env, [](void*) {});
  };
  int payload = 0;
  ASSERT_EQ(sluice_func_new(store.raw(), type, callback, &payload, nullptr, &raw), nullptr);
  auto failed = (*sluice::Func(store.raw(), raw).typed<void()>())();
  ASSERT_FALSE(failed);
  EXPECT_EQ(sluice_error_payload(failed.error().raw()), &payload);
  EXPECT_EQ(failed.error().host_exception(), nullptr);
}

// ---- Cost ---------------------------------------------------------------------------------------

size_t g_allocations = 0;

template <bool kCount>
void* allocate(size_t size_bytes, size_t align_bytes) {
  if (kCount) ++g_allocations;
  return std::aligned_alloc(align_bytes, (size_bytes + align_bytes - 1) & ~(align_bytes - 1));
}
void release(void* block, size_t, size_t) { std::free(block); }

/// Counts what the library allocates.
struct CountAllocations {
  CountAllocations() { sluice::set_heap_hooks({&allocate<true>, &release}); }
  ~CountAllocations() { sluice::set_heap_hooks({&allocate<false>, &release}); }
};

TEST_F(TypedApiTest, CallsAllocateNothing) {
  int object = 0;
  const auto guest =
      relay("(param i32 i32 f64 externref funcref) (result i32)", 5,
            [](std::string_view text, double, const sluice::ExternRef&,
               const std::optional<sluice::Func>&) { return static_cast<int32_t>(text.size()); });
  const auto f =
      *guest
           .func<int32_t(int32_t, int32_t, double, sluice::ExternRef, std::optional<sluice::Func>)>(
               "f");
  const auto cells = relay("(param i32 v128) (result i32 v128)", 2,
                           [](int32_t v, sluice::V128 w) { return std::pair(v, w); });
  const auto g = *cells.func<std::pair<int32_t, sluice::V128>(int32_t, sluice::V128)>("f");
  const sluice::ExternRef ref(store, &object);
  const sluice::Func func = *guest.func("f");
  const auto both = [&] {
    EXPECT_EQ(*f(24, 4, 0.5, ref, func), 4);
    EXPECT_EQ(g(5, {})->first, 5);
  };
  both();
  const CountAllocations counting;
  EXPECT_FALSE(guest.func("none"));
  EXPECT_NE(g_allocations, 0u) << "errors do allocate";
  const size_t before = g_allocations;
  for (int i = 0; i < 100; ++i) both();
  EXPECT_EQ(g_allocations, before);
}

}  // namespace

// The name section: used as far as it can be read, never a reason to fail.
#include <gtest/gtest.h>

#include "engine/binary/names.h"
#include "engine/binary/stream_decoder.h"
#include "engine/wasm/type_registry.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice {
namespace {

using namespace test;

// A module of four functions with this name section.
std::shared_ptr<Module> with_names(const Bytes& payload) {
  const Bytes body = sized({0, 0x0b});
  const Bytes bytes = module({section(1, {{0x60, 0, 0}}), section(3, {{0}, {0}, {0}, {0}}),
                              section(10, {body, body, body, body}), custom("name", payload)});
  return decode_module(bytes, Features::standard(), std::make_shared<TypeRegistry>()).value();
}

Bytes sub(uint8_t id, const Bytes& payload) { return cat({{id}, sized(payload)}); }
Bytes entry(uint32_t func, std::string_view text) { return cat({leb(func), name(text)}); }

TEST(Names, FunctionsAndModule) {
  const auto module =
      with_names(cat({sub(0, name("mod")), sub(1, cat({{2}, entry(1, "one"), entry(3, "three")})),
                      sub(2, {0}), sub(99, {1, 2, 3})}));
  const NameMap names = parse_names(*module);
  EXPECT_EQ(names.module_name(), "mod");
  EXPECT_EQ(names.func_name(FuncIdx{1}), "one");
  EXPECT_EQ(names.func_name(FuncIdx{3}), "three");
  EXPECT_EQ(names.func_name(FuncIdx{0}), "");
  EXPECT_EQ(names.func_name(FuncIdx{2}), "");
  EXPECT_EQ(names.func_name(FuncIdx{100}), "");
  EXPECT_EQ(names.size(), 2u);
}

TEST(Names, UnsortedDoubledAndUnknownIndices) {
  const auto module = with_names(sub(1, cat({{5},
                                             entry(3, "c"),
                                             entry(0, "a"),
                                             entry(3, "again"),
                                             entry(77, "nobody"),
                                             entry(1, "b")})));
  const NameMap names = parse_names(*module);
  EXPECT_EQ(names.func_name(FuncIdx{0}), "a");
  EXPECT_EQ(names.func_name(FuncIdx{1}), "b");
  EXPECT_EQ(names.func_name(FuncIdx{3}), "c");
  EXPECT_EQ(names.size(), 3u);
}

TEST(Names, GarbageIsIgnoredFromWhereItStarts) {
  EXPECT_EQ(parse_names(*with_names({})).size(), 0u);
  EXPECT_EQ(parse_names(*with_names({1, 200, 1})).size(), 0u);
  const Bytes bad_utf8 = sub(1, cat({{2}, entry(0, "good"), entry(1, "\xff")}));
  EXPECT_EQ(parse_names(*with_names(bad_utf8)).func_name(FuncIdx{0}), "good");
  EXPECT_EQ(parse_names(*with_names(bad_utf8)).size(), 1u);
  const Bytes false_count = sub(1, cat({leb(0xffffffff), entry(2, "x")}));
  EXPECT_EQ(parse_names(*with_names(false_count)).func_name(FuncIdx{2}), "x");
}

// Whatever the bytes are: no crash, and views inside the module.
TEST(Names, AnyBytes) {
  const Bytes good = cat({sub(0, name("mod")), sub(1, cat({{2}, entry(1, "one"), entry(3, "x")}))});
  for (size_t i = 0; i < good.size(); ++i) {
    for (int value = 0; value < 256; value += 5) {
      Bytes bytes = good;
      bytes[i] = static_cast<uint8_t>(value);
      const auto module = with_names(bytes);
      const NameMap names = parse_names(*module);
      const auto wire = module->wire->view();
      for (uint32_t f = 0; f < 4; ++f) {
        const std::string_view text = names.func_name(FuncIdx{f});
        const auto* p = reinterpret_cast<const uint8_t*>(text.data());
        EXPECT_TRUE(text.empty() ||
                    (p >= wire.data() && p + text.size() <= wire.data() + wire.size()));
      }
    }
  }
}

}  // namespace
}  // namespace sluice

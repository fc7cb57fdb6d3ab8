// Tail calls end to end: long chains of random signatures through two instances of a module and
// back, compared with what the chain computes; and what a chain must leave as it was.
//
// Every link adds up its parameters, its instance's global and a word of its instance's memory, and
// passes numbers made of the sum on; so a parameter in the wrong place, or the wrong instance or
// memory base, changes the result.
#include <algorithm>
#include <array>
#include <random>

#include "tests/unit/engine/binary/module_bytes.h"
#include "tests/unit/runtime/store/store_fixture.h"

namespace sluice {
namespace {

using test::Bytes;
using test::cat;
using test::leb;

constexpr uint8_t kI32Byte = 0x7f;
constexpr uint8_t kI64Byte = 0x7e;
constexpr uint8_t kF32Byte = 0x7d;
constexpr uint8_t kF64Byte = 0x7c;
constexpr uint64_t kMemoryWord = 1000;  // the first instance's; 2000 the second's

enum class LinkKind : uint8_t { Direct, Table, Ref, Host };

struct Link {
  Bytes extras;  // types of the parameters behind the counter and the sum
  LinkKind kind = LinkKind::Direct;
  uint32_t next = 0;
};

struct Chain {
  std::vector<Link> links;
  Bytes results;  // the first is an i64

  static Chain random(uint32_t seed) {
    std::mt19937 random(seed);
    const uint8_t types[] = {kI32Byte, kI64Byte, kF32Byte, kF64Byte};
    Chain chain;
    chain.links.resize(6);
    for (Link& link : chain.links) {
      // Link 0 is what references name, and what callers know.
      if (&link != &chain.links[0]) {
        link.extras.resize(random() % 3 == 0 ? 0 : random() % 24);
        for (uint8_t& type : link.extras) type = types[random() % 4];
      }
      link.kind = static_cast<LinkKind>(random() % 3);
      link.next = link.kind == LinkKind::Ref ? 0 : static_cast<uint32_t>(random() % 6);
    }
    chain.results.resize(1 + (random() % 2 == 0 ? random() % 3 : random() % 14));
    for (uint8_t& type : chain.results) type = types[random() % 4];
    chain.results[0] = kI64Byte;
    return chain;
  }

  uint32_t count() const { return static_cast<uint32_t>(links.size()); }

  /// What the chain from link 0 of instance `at` gives. `ends_in_host`: the last link calls `host`.
  uint64_t run(uint32_t n, uint64_t sum, uint32_t at, bool* ends_in_host) const {
    uint32_t link = 0;
    std::vector<uint64_t> extras;
    for (;; --n) {
      const auto id = uint64_t{at} * 7 + 3;
      sum = sum * 31 + link + id + kMemoryWord * (at + 1);
      for (const uint64_t extra : extras) sum += extra;
      if (n == 0) break;
      const Link& here = links[link];
      if (here.kind != LinkKind::Direct) at = static_cast<uint32_t>(sum >> 5) & 1;
      link = here.next;
      extras.clear();
      uint64_t k = 0;
      for (const uint8_t type : links[link].extras) {
        ++k;
        const bool is_float = type == kF32Byte || type == kF64Byte;
        if (is_float) extras.push_back((sum & 1023) + k);
        if (type == kI32Byte) extras.push_back(static_cast<uint32_t>(sum + k));
        if (type == kI64Byte) extras.push_back(sum + k);
      }
    }
    *ends_in_host = link % 2 == 1;
    return *ends_in_host ? sum + at + 1 : sum;
  }
};

/// The i64 on the stack as a value of `type`.
Bytes from_i64(uint8_t type) {
  const Bytes masked = {0x42, 0xff, 0x07, 0x83};  // i64.const 1023; i64.and
  switch (type) {
  case kI32Byte: return {0xa7};
  case kF32Byte: return cat({masked, {0xb4}});
  case kF64Byte: return cat({masked, {0xb9}});
  default: return {};
  }
}
Bytes to_i64(uint8_t type) {
  switch (type) {
  case kI32Byte: return {0xad};
  case kF32Byte: return {0xae};
  case kF64Byte: return {0xb0};
  default: return {};
  }
}

Bytes get(uint32_t local) { return cat({{0x20}, leb(local)}); }

Bytes func_type(const Bytes& params, const Bytes& results) {
  return cat({{0x60}, test::sized(params), test::sized(results)});
}

/// Leaves the results made of the sum in local 1.
Bytes give_results(const Chain& chain) {
  Bytes code;
  for (size_t k = 0; k < chain.results.size(); ++k) {
    code = cat({code, get(1), from_i64(chain.results[k])});
  }
  return code;
}

Bytes link_body(const Chain& chain, uint32_t number) {
  const Link& link = chain.links[number];
  const uint32_t count = chain.count();
  // sum = sum * 31 + number + id + memory word + extras
  Bytes code = cat({get(1), {0x42, 31, 0x7e, 0x42}, leb(number), {0x7c, 0x23, 1, 0x7c}});
  code = cat({code, {0x41, 8, 0x29, 3, 0, 0x7c}});
  for (uint32_t k = 0; k < link.extras.size(); ++k) {
    code = cat({code, get(2 + k), to_i64(link.extras[k]), {0x7c}});
  }
  code = cat({code, {0x21, 1, 0x20, 0, 0x45, 0x04, 0x40}});  // if the counter is zero
  if (number % 2 == 1) {
    code = cat({code, get(0), get(1), {0x12, 0}});  // return_call host
  } else {
    code = cat({code, give_results(chain), {0x0f}});
  }
  code.push_back(0x0b);
  code = cat({code, {0x20, 0, 0x41, 1, 0x6b, 0x20, 1}});
  uint8_t k = 0;
  for (const uint8_t type : chain.links[link.next].extras) {
    ++k;
    const bool is_float = type == kF32Byte || type == kF64Byte;
    const Bytes add = {0x42, k, 0x7c};
    code = cat({code, get(1)});
    if (is_float) {
      const uint8_t convert = type == kF32Byte ? 0xb4 : 0xb9;
      code = cat({code, {0x42, 0xff, 0x07, 0x83}, add, {convert}});
    } else {
      code = cat({code, add, from_i64(type)});
    }
  }
  // Which instance: bit 5 of the sum.
  const Bytes which = cat({get(1), {0x42, 5, 0x88, 0xa7, 0x41, 1, 0x71}});
  switch (link.kind) {
  case LinkKind::Table:
    return cat({code,
                which,
                {0x41},
                leb(count),
                {0x6c, 0x41},
                leb(link.next),
                {0x6a, 0x13},
                leb(1 + link.next),
                {0, 0x0b}});
  case LinkKind::Ref: return cat({code, which, {0x25, 1, 0x15, 1, 0x0b}});
  default: return cat({code, {0x12}, leb(1 + link.next), {0x0b}});
  }
}

// Types: 0 the host's, then the links'; link 0's type and the host's are the same. Functions: 0 the
// host's, then the links, then run: a direct call, behind which its own memory and global count.
Bytes chain_module(const Chain& chain) {
  const uint32_t count = chain.count();
  Bytes types = cat({leb(1 + count), func_type({kI32Byte, kI64Byte}, chain.results)});
  Bytes funcs = leb(count + 1);
  Bytes bodies = leb(count + 1);
  Bytes elems;
  for (uint32_t i = 0; i < count; ++i) {
    const Link& link = chain.links[i];
    types = cat({types, func_type(cat({{kI32Byte, kI64Byte}, link.extras}), chain.results)});
    funcs = cat({funcs, leb(1 + i)});
    bodies = cat({bodies, test::sized(cat({{0}, link_body(chain, i)}))});
    elems = cat({elems, leb(1 + i)});
  }
  funcs.push_back(0);
  Bytes run = cat({{0}, get(0), get(1), {0x10, 1}});
  run.insert(run.end(), chain.results.size() - 1, 0x1a);  // drop all but the first
  run = cat({run, {0x23, 1, 0x42, 13, 0x7e, 0x7c, 0x41, 8, 0x29, 3, 0, 0x7c, 0x21, 1}});
  run = cat({run, give_results(chain), {0x0b}});
  bodies = cat({bodies, test::sized(run)});
  const Bytes imports = cat({
      leb(5),
      test::name("m"),
      test::name("host"),
      {0x00, 0},
      test::name("m"),
      test::name("base"),
      {0x03, kI32Byte, 0},
      test::name("m"),
      test::name("id"),
      {0x03, kI64Byte, 0},
      test::name("m"),
      test::name("table"),
      {0x01, 0x70, 0},
      leb(2 * count),
      test::name("m"),
      test::name("refs"),
      {0x01, 0x63, 1, 0, 2},
  });
  const Bytes exports = cat({leb(3),
                             test::name("run"),
                             {0x00},
                             leb(1 + count),
                             test::name("memory"),
                             {0x02, 0},
                             test::name("link"),
                             {0x00, 1}});
  return test::module({
      test::section(1, types),
      test::section(2, imports),
      test::section(3, funcs),
      test::section(5, {1, 0, 1}),
      test::section(7, exports),
      test::section(9, cat({{1, 0, 0x23, 0, 0x0b}, leb(count), elems})),
      test::section(10, bodies),
  });
}

class TailCallTest : public StoreTest {
 protected:
  void use_policy(CompilePolicy policy) {
    EngineConfig config = engine->config();
    config.compile = policy;
    engine = *Engine::create(config);
    store = std::move(*Store::create(engine));
    linker = std::make_unique<Linker>(engine);
  }

  /// The last link of odd number: says which instance called it.
  static TrapCode host(void* env, Caller& caller, Value* cells) {
    auto& self = *static_cast<TailCallTest*>(env);
    ++self.host_calls;
    if (caller.instance() == nullptr) return caller.fail("no caller");
    const uint64_t sum = cells[1].as_u64() + (caller.instance() == self.instances[0] ? 1 : 2);
    for (size_t k = 0; k < self.chain.results.size(); ++k) {
      switch (self.chain.results[k]) {
      case kI32Byte: cells[k] = Value::i32(static_cast<int32_t>(sum)); break;
      case kI64Byte: cells[k] = Value::i64(static_cast<int64_t>(sum)); break;
      case kF32Byte: cells[k] = Value::f32(static_cast<float>(sum & 1023)); break;
      default: cells[k] = Value::f64(static_cast<double>(sum & 1023)); break;
      }
    }
    return TrapCode::None;
  }

  void build(uint32_t seed) {
    chain = Chain::random(seed);
    linker->allow_shadowing(true);
    const auto module = compile(chain_module(chain));
    const TypeDef& link = module->module().types[1];
    std::vector<ValType> results;
    for (const uint8_t type : chain.results) results.push_back(static_cast<ValKind>(0x80 - type));
    const ValType params[] = {kI32, kI64};
    ASSERT_TRUE(linker->define_func("m", "host", params, results, &host, this));
    Limits limits;
    limits.min = 2 * chain.count();
    Table* table = *Table::create(*store, {kFuncRef, limits});
    limits.min = 2;
    const ValType ref = ValType::ref(HeapType(TypeIdx{raw(link.canonical)}), true);
    Table* refs = *Table::create(*store, {ref, limits});
    ASSERT_TRUE(linker->define("m", "table", Extern(table)));
    ASSERT_TRUE(linker->define("m", "refs", Extern(refs)));
    for (uint32_t i = 0; i < 2; ++i) {
      Global* base = *Global::create(*store, {kI32, false}, Value::i32(int32_t(i * chain.count())));
      Global* id = *Global::create(*store, {kI64, false}, Value::i64(i * 7 + 3));
      ASSERT_TRUE(linker->define("m", "base", Extern(base)));
      ASSERT_TRUE(linker->define("m", "id", Extern(id)));
      const Outcome<Instance*> made = linker->instantiate(*store, module);
      ASSERT_TRUE(made) << made.error().message();
      instances[i] = *made;
      const uint64_t word = kMemoryWord * (i + 1);
      const auto* bytes = reinterpret_cast<const uint8_t*>(&word);
      ASSERT_TRUE((*instances[i]->exported_memory("memory"))->write(8, {bytes, 8}));
      const Func first = *instances[i]->exported_func("link");
      ASSERT_TRUE(refs->set(i, Value::funcref(first.record())));
    }
  }

  void check(uint32_t n, uint64_t sum, uint32_t at) {
    bool ends_in_host = false;
    const uint64_t chained = chain.run(n, sum, at, &ends_in_host);
    host_calls = 0;
    std::vector<Value> results(chain.results.size());
    const Value args[] = {Value::i32(static_cast<int32_t>(n)), Value::i64(int64_t(sum))};
    const Outcome<void> linked = (*instances[at]->exported_func("link")).call(args, results);
    ASSERT_TRUE(linked) << linked.error().message();
    expect_made_of(chained, results);
    const Outcome<void> ran = (*instances[at]->exported_func("run")).call(args, results);
    ASSERT_TRUE(ran) << ran.error().message();
    expect_made_of(chained + (at * 7 + 3) * 13 + kMemoryWord * (at + 1), results);
    EXPECT_EQ(host_calls, ends_in_host ? 2u : 0u);
  }
  void expect_made_of(uint64_t sum, const std::vector<Value>& results) const {
    for (size_t k = 0; k < results.size(); ++k) {
      switch (chain.results[k]) {
      case kI32Byte: EXPECT_EQ(results[k].as_u64(), static_cast<uint32_t>(sum)); break;
      case kI64Byte: EXPECT_EQ(results[k].as_u64(), sum); break;
      case kF32Byte: EXPECT_EQ(results[k].as_f32(), static_cast<float>(sum & 1023)); break;
      default: EXPECT_EQ(results[k].as_f64(), static_cast<double>(sum & 1023)); break;
      }
    }
  }

  Chain chain;
  std::array<Instance*, 2> instances{};
  uint32_t host_calls = 0;
};
SLUICE_ALL_MODES(TailCallTest);

TEST_P(TailCallTest, RandomChains) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    build(seed);
    for (const uint32_t n : {0u, 1u, 2u, 3u, 7u, 200u}) {
      check(n, seed * 1000 + n, 0);
      check(n, seed * 77 + n, 1);
    }
    if (HasFailure()) return;
  }
}

// Each link has a frame of 50 bytes and more: kept, they would need many times the stack there is.
TEST_P(TailCallTest, LongChainsRunInConstantStack) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    build(seed);
    check(300'000, seed, seed & 1);
  }
}

TEST_P(TailCallTest, ChainsThroughFunctionsWithoutCode) {
  use_policy(CompilePolicy::Lazy);
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    build(seed);
    check(50, seed, seed & 1);
  }
}

}  // namespace
}  // namespace sluice

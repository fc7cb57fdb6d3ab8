// Decoding: framing, order, truncation, and that no cut of the stream changes the outcome.
#include <gtest/gtest.h>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/binary/stream_decoder.h"
#include "engine/binary/wire_bytes.h"
#include "engine/wasm/limits.h"
#include "engine/wasm/type_registry.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice {
namespace {

using namespace test;

// Writes down what it is told.
class Log final : public DecoderEvents {
 public:
  void sections_before_code(const Module& module) override {
    text += "sections(" + std::to_string(module.defined_funcs()) + ") ";
  }
  void body(const FuncBody& body) override {
    if (arriving_) {
      EXPECT_EQ(arriving_->func, body.func);
      EXPECT_EQ(arriving_->range.offset, body.range.offset);
      EXPECT_EQ(arriving_->range.size, body.range.size);
      arriving_.reset();
    }
    add("body", body);
  }
  // Depends on the cuts, so it is not part of the text.
  void body_arriving(const FuncBody& body) override { arriving_ = body; }
  void truncated_body(const FuncBody& body) override { add("cut", body); }
  std::string text;

 private:
  void add(const char* what, const FuncBody& body) {
    text += std::string(what) + " " + std::to_string(raw(body.func)) + "@" +
            std::to_string(body.range.offset) + "+" + std::to_string(body.range.size) + " ";
  }

  std::optional<FuncBody> arriving_;
};

std::shared_ptr<TypeRegistry> registry() {
  static const auto shared = std::make_shared<TypeRegistry>();
  return shared;
}

std::string outcome(const Result<std::shared_ptr<Module>>& result) {
  return result ? "ok" : std::string(result.error().message());
}

// Feeds pieces that end at the given places, then finishes; returns events and outcome.
std::string decode(std::span<const uint8_t> bytes, std::vector<size_t> cuts) {
  Log log;
  StreamDecoder decoder(Features::standard(), registry(), log);
  cuts.push_back(bytes.size());
  size_t from = 0;
  std::string fed;
  for (const size_t to : cuts) {
    if (const Result<void> r = decoder.feed(bytes.subspan(from, to - from)); !r) {
      fed = r.error().message();
    }
    from = to;
  }
  const std::string end = outcome(decoder.finish());
  // What feed said must be what finish says.
  EXPECT_TRUE(fed.empty() || fed == end) << fed << " / " << end;
  return log.text + end;
}

std::string decode(const Bytes& bytes) { return decode(std::span(bytes), {}); }

std::string at(size_t offset, std::string_view text) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "at offset 0x%zx: ", offset);
  return buffer + std::string(text);
}

const Bytes kNoParams = {0x60, 0, 0};

// Every section, three bodies, custom sections everywhere.
Bytes rich_module() {
  return module({
      custom("first", {1, 2, 3}),
      section(1, {kNoParams,
                  {0x60, 1, 0x7f, 1, 0x7e},
                  {0x4e, 2, 0x50, 0, 0x5f, 1, 0x63, 3, 1, 0x4f, 1, 2, 0x5f, 1, 0x63, 3, 1}}),
      section(2,
              {cat({name("env"), name("f"), {0, 1}}), cat({name("env"), name("g"), {3, 0x7f, 0}})}),
      section(3, {{0}, {1}, {0}}),
      section(4, {{0x70, 0, 10}, {0x40, 0, 0x70, 0, 1, 0xd2, 0, 0x0b}}),
      section(5, {{1, 1, 2}}),
      section(13, {{0, 0}}),
      section(6, {{0x7f, 1, 0x41, 0x2a, 0x0b}, {0x7f, 0, 0x23, 0, 0x41, 1, 0x6a, 0x0b}}),
      section(7, {cat({name("run"), {0, 1}}), cat({name("mem"), {2, 0}})}),
      section(8, Bytes{1}),
      section(9, {{0, 0x41, 0, 0x0b, 2, 0, 1},
                  {1, 0, 1, 2},
                  {5, 0x70, 2, 0xd2, 0, 0x0b, 0xd0, 0x70, 0x0b}}),
      section(12, Bytes{2}),
      custom("mid", {}),
      section(10, {sized({0, 0x0b}), sized({0, 0x42, 0, 0x0b}), sized({1, 2, 0x7f, 0x0b})}),
      section(11, {{0, 0x41, 0, 0x0b, 2, 'h', 'i'}, {1, 1, 'x'}}),
      custom("name", {0, 2, 1, 'm', 1, 4, 1, 1, 1, 'f'}),
  });
}

TEST(StreamDecoder, ReadsEverySection) {
  const Result<std::shared_ptr<Module>> m =
      decode_module(rich_module(), Features::standard(), registry());
  ASSERT_TRUE(m) << m.error().message();
  const Module& module = **m;
  EXPECT_EQ(module.types.size(), 4u);
  EXPECT_EQ(module.types[3].depth, 1);
  EXPECT_EQ(module.imports.size(), 2u);
  EXPECT_EQ(module.imports[0].module, "env");
  EXPECT_EQ(module.imports[1].kind, ExternKind::Global);
  EXPECT_EQ(module.imported_funcs, 1u);
  EXPECT_EQ(module.defined_funcs(), 3u);
  EXPECT_EQ(module.tables.size(), 2u);
  EXPECT_TRUE(module.tables[1].has_init);
  EXPECT_EQ(module.memories[0].limits.max, 2u);
  EXPECT_EQ(module.tags.size(), 1u);
  EXPECT_EQ(module.globals.size(), 3u);
  EXPECT_EQ(module.globals[2].init.instrs.size(), 3u);
  EXPECT_EQ(module.exports[0].name, "run");
  EXPECT_TRUE(module.has_start);
  EXPECT_EQ(raw(module.start), 1u);
  ASSERT_EQ(module.elems.size(), 3u);
  EXPECT_EQ(module.elems[0].funcs.size(), 2u);
  EXPECT_EQ(module.elems[1].mode, SegmentMode::Passive);
  EXPECT_EQ(module.elems[2].exprs.size(), 2u);
  EXPECT_EQ(module.data_count, 2u);
  ASSERT_EQ(module.bodies.size(), 3u);
  EXPECT_EQ(raw(module.bodies[2].func), 3u);
  EXPECT_EQ(module.wire->view(module.bodies[0].range)[1], 0x0b);
  ASSERT_EQ(module.datas.size(), 2u);
  EXPECT_EQ(module.wire->view(module.datas[0].bytes)[1], 'i');
  EXPECT_EQ(module.customs.size(), 3u);
  EXPECT_TRUE(module.is_declared_ref(FuncIdx{0}));
  EXPECT_TRUE(module.is_declared_ref(FuncIdx{1}));
  EXPECT_TRUE(module.is_declared_ref(FuncIdx{2}));
  EXPECT_FALSE(module.is_declared_ref(FuncIdx{3}));
}

// Broken in one place each; with rich_module the corpus of the tests of cuts.
std::vector<Bytes> broken_modules() {
  const Bytes types = section(1, {kNoParams});
  const Bytes funcs = section(3, {{0}, {0}});
  return {
      {},
      {0, 'a', 's', 'n', 1, 0, 0, 0},
      {0, 'a', 's', 'm', 2, 0, 0, 0},
      {0, 'a', 's', 'm', 0x0d, 0, 1, 0, 0, 0},
      {0, 'a', 's', 'm', 0x0d, 0, 2, 0},
      module({{14, 0}}),
      module({types, types}),
      module({section(5, Bytes{0}), types}),
      module({{1, 0x80, 0x80, 0x80, 0x80, 0x10}}),
      module({{1, 0x80, 0x80, 0x80, 0x80, 0x80, 0}}),
      module({section(1, Bytes{1, 0x60, 0, 0, 0})}),
      module({section(1, Bytes{2, 0x60, 0, 0})}),
      module({types, funcs}),
      module({types, funcs, section(10, {sized({0, 0x0b})})}),
      module({types, funcs, section(10, {sized({0, 0x0b}), {9, 0, 0x0b}})}),
      module({types, funcs, section(10, Bytes{2, 2, 0, 0x0b, 2, 0, 0x0b, 0})}),
      module({types, funcs, section(10, Bytes{2, 2, 0, 0x0b, 0x80})}),
      module({types, funcs, section(10, Bytes{0x82, 0x80, 0x80, 0x80, 0x70})}),
      module({section(12, Bytes{1})}),
      module({section(12, Bytes{1}), section(11, Bytes{0})}),
      module({section(7, {cat({name("a"), {0, 0}})})}),
      module({types, section(3, Bytes{0}), section(10, Bytes{0}), section(0, Bytes{5, 'a'})}),
      module({custom("\xff", {})}),
      module({section(11, {{0, 0x41, 0, 0x0b, 0}})}),
  };
}

// Segments of very different sizes; the second or third may be wrong.
Bytes data_module(const Bytes& third) {
  const Bytes large = cat({{0, 0x41, 0, 0x0b, 90}, Bytes(90, 'x')});
  return module({section(5, {{0, 1}}), section(11, {large, {1, 1, 'y'}, third, {1, 1, 'z'}})});
}

std::vector<Bytes> corpus() {
  std::vector<Bytes> all = broken_modules();
  all.push_back(rich_module());
  all.push_back(data_module({0, 0x41, 4, 0x0b, 1, 'a'}));
  all.push_back(data_module({0, 0x42, 4, 0x0b, 1, 'a'}));
  all.push_back(data_module({1, 100, 'a'}));
  all.push_back(header());
  return all;
}

TEST(StreamDecoder, NoCutChangesTheOutcome) {
  for (const Bytes& bytes : corpus()) {
    const std::string whole = decode(bytes);
    std::vector<size_t> every;
    for (size_t i = 0; i <= bytes.size(); ++i) {
      EXPECT_EQ(decode(std::span(bytes), {i}), whole) << "cut at " << i;
      every.push_back(i);
    }
    EXPECT_EQ(decode(std::span(bytes), every), whole) << "byte by byte";
  }
}

TEST(StreamDecoder, EveryPrefixHasOneOutcome) {
  for (const Bytes& bytes : corpus()) {
    for (size_t length = 0; length < bytes.size(); ++length) {
      const std::span<const uint8_t> prefix(bytes.data(), length);
      const std::string whole = decode(prefix, {});
      std::vector<size_t> every;
      for (size_t i = 0; i < length; ++i) {
        EXPECT_EQ(decode(prefix, {i}), whole) << length << " cut at " << i;
        every.push_back(i);
      }
      EXPECT_EQ(decode(prefix, every), whole) << length << " byte by byte";
    }
  }
}

// A prefix of a module without faults is either complete or ends too early, at its end.
TEST(StreamDecoder, PrefixesOfAValidModule) {
  const Bytes bytes = rich_module();
  for (size_t length = 0; length < bytes.size(); ++length) {
    const std::string text =
        decode(Bytes(bytes.begin(), bytes.begin() + static_cast<long>(length)));
    const bool complete = text.ends_with("ok");
    EXPECT_TRUE(complete || text.ends_with(at(length, "unexpected end")) ||
                text.ends_with("have inconsistent lengths"))
        << length << ": " << text;
  }
}

// Mutated modules: whatever comes out, it comes out of every cut.
TEST(StreamDecoder, MutationsHaveOneOutcome) {
  const Bytes good = rich_module();
  std::mt19937 random(7);
  for (int round = 0; round < 4000; ++round) {
    Bytes bytes = good;
    for (auto n = random() % 3 + 1; n > 0; --n) {
      const size_t at = random() % bytes.size();
      const auto here = bytes.begin() + static_cast<long>(at);
      switch (random() % 4) {
      case 0: *here = static_cast<uint8_t>(random()); break;
      case 1: *here ^= static_cast<uint8_t>(1u << random() % 8); break;
      case 2: bytes.erase(here); break;
      default: bytes.insert(here, static_cast<uint8_t>(random())); break;
      }
    }
    const std::string whole = decode(bytes);
    EXPECT_EQ(decode(std::span(bytes), {random() % (bytes.size() + 1)}), whole) << round;
    std::vector<size_t> every;
    for (size_t i = 0; i < bytes.size(); ++i) every.push_back(i);
    EXPECT_EQ(decode(std::span(bytes), every), whole) << round;
  }
}

TEST(StreamDecoder, ErrorsNameTheByte) {
  const std::vector<Bytes> bad = broken_modules();
  const char* const expected[] = {
      "at offset 0x0: unexpected end",
      "at offset 0x3: magic header not detected",
      "at offset 0x4: unknown binary version",
      "at offset 0x4: this is a component, not a core module",
      "at offset 0x4: unknown binary version",
      "at offset 0x8: malformed section id",
      "at offset 0xe: unexpected content after last section",
      "at offset 0xb: unexpected content after last section",
      "at offset 0xd: integer too large",
      "at offset 0xd: integer representation too long",
      "at offset 0xe: section size mismatch",
      "at offset 0xe: unexpected end",
      "at offset 0x13: function and code section have inconsistent lengths",
      "at offset 0x15: function and code section have inconsistent lengths",
      "at offset 0x19: length out of bounds",
      "at offset 0x1c: section size mismatch",
      "at offset 0x1a: unexpected end",
      "at offset 0x19: integer too large",
      "at offset 0xb: data count and data section have inconsistent lengths",
      "at offset 0xd: data count and data section have inconsistent lengths",
      "at offset 0xe: unknown function: 0",
      "at offset 0x16: length out of bounds",
      "at offset 0xb: malformed UTF-8 encoding",
      "at offset 0xb: unknown memory: 0",
  };
  ASSERT_EQ(bad.size(), std::size(expected));
  for (size_t i = 0; i < bad.size(); ++i) {
    EXPECT_TRUE(decode(bad[i]).ends_with(expected[i]))
        << i << ": " << decode(bad[i]) << "\n expected " << expected[i];
  }
}

TEST(StreamDecoder, BodiesAreAnnouncedTheMomentTheyAreComplete) {
  const Bytes bytes = module({section(1, {kNoParams}), section(3, {{0}, {0}}),
                              section(10, {sized({0, 0x0b}), sized({0, 1, 0x0b})})});
  Log log;
  StreamDecoder decoder(Features::standard(), registry(), log);
  const size_t first = 23;  // of the first body's bytes
  ASSERT_TRUE(decoder.feed(std::span(bytes).subspan(0, first)));
  EXPECT_EQ(log.text, "sections(2) ");
  ASSERT_TRUE(decoder.feed(std::span(bytes).subspan(first, 1)));
  EXPECT_EQ(log.text, "sections(2) ");
  ASSERT_TRUE(decoder.feed(std::span(bytes).subspan(first + 1, 1)));
  EXPECT_EQ(log.text, "sections(2) body 0@23+2 ");
  ASSERT_TRUE(decoder.feed(std::span(bytes).subspan(first + 2)));
  EXPECT_EQ(log.text, "sections(2) body 0@23+2 body 1@26+3 ");
  EXPECT_EQ(decoder.declared_bodies(), 2u);
  EXPECT_TRUE(decoder.finish());
  EXPECT_FALSE(decoder.feed(bytes)) << "after the end";
  EXPECT_FALSE(decoder.finish());
}

TEST(StreamDecoder, DataSegmentsAreReadWhileTheyArrive) {
  const Bytes bytes = data_module({1, 1, 'a'});
  Log log;
  StreamDecoder decoder(Features::standard(), registry(), log);
  std::vector<size_t> seen;  // how many bytes had come when the number of segments grew
  for (size_t i = 0; i < bytes.size(); ++i) {
    ASSERT_TRUE(decoder.feed(std::span(bytes).subspan(i, 1)));
    while (seen.size() < decoder.module()->datas.size()) seen.push_back(i + 1);
  }
  EXPECT_TRUE(decoder.finish());
  ASSERT_EQ(seen.size(), 4u);
  for (size_t i = 0; i < seen.size(); ++i) {
    const ByteRange range = decoder.module()->datas[i].bytes;
    EXPECT_EQ(seen[i], range.offset + range.size);
  }
}

// An offset of 200,000 instructions, byte by byte: a decoder that began again with every byte would
// need hours.
TEST(StreamDecoder, ALongOffsetInManyPiecesIsReadAFewTimes) {
  Bytes segment = {0, 0x41, 0};
  for (int i = 0; i < 100'000; ++i) segment.insert(segment.end(), {0x41, 0, 0x6a});
  segment.insert(segment.end(), {0x0b, 0});
  const Bytes bytes = module({section(5, {{0, 1}}), section(11, {segment})});
  std::vector<size_t> every(bytes.size());
  std::iota(every.begin(), every.end(), size_t{0});
  EXPECT_TRUE(decode(std::span(bytes), every).ends_with("ok"));
}

TEST(StreamDecoder, ACutBodyIsShownAtTheEnd) {
  const Bytes bytes =
      module({section(1, {kNoParams}), section(3, {{0}}), section(10, {sized({0, 1, 1, 0x0b})})});
  const auto prefix = [&](size_t drop) {
    return Bytes(bytes.begin(), bytes.end() - static_cast<long>(drop));
  };
  EXPECT_EQ(decode(prefix(2)), "sections(1) cut 0@22+2 " + at(24, "unexpected end"));
  EXPECT_EQ(decode(prefix(4)), "sections(1) cut 0@22+0 " + at(22, "unexpected end"));
  EXPECT_EQ(decode(prefix(5)), "sections(1) " + at(21, "unexpected end"));
}

// However much is fed at once: the first bodies need not wait until all of it has been copied. A
// body that is only cut by this is not shown as arriving.
TEST(StreamDecoder, BodiesOfALargePieceComeWhileItIsRead) {
  struct Watch final : DecoderEvents {
    void sections_before_code(const Module& m) override { module = &m; }
    void body(const FuncBody&) override { sizes.push_back(module->wire->size()); }
    void body_arriving(const FuncBody&) override { ++arriving; }
    void truncated_body(const FuncBody&) override {}
    const Module* module = nullptr;
    std::vector<size_t> sizes;
    int arriving = 0;
  };
  const Bytes large = sized(Bytes(300'000, 1));
  const Bytes bytes = module({section(1, {kNoParams}), section(3, {{0}, {0}, {0}, {0}}),
                              section(10, {large, large, large, large})});
  Watch watch;
  StreamDecoder decoder(Features::standard(), registry(), watch);
  ASSERT_TRUE(decoder.feed(std::span(bytes).first(bytes.size() - 1)));
  EXPECT_EQ(watch.arriving, 1);
  ASSERT_TRUE(decoder.feed(std::span(bytes).last(1)));
  ASSERT_EQ(watch.sizes.size(), 4u);
  EXPECT_LT(watch.sizes[0], 600'000u);
  EXPECT_EQ(watch.sizes[3], bytes.size());
  EXPECT_EQ(watch.arriving, 1);
  EXPECT_TRUE(decoder.finish());
}

TEST(StreamDecoder, ErrorsStay) {
  Log log;
  StreamDecoder decoder(Features::standard(), registry(), log);
  const Bytes bad = module({{14, 0}});
  const Result<void> first = decoder.feed(bad);
  ASSERT_FALSE(first);
  const Result<void> again = decoder.feed(bad);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message(), first.error().message());
  EXPECT_EQ(decoder.finish().error().message(), first.error().message());
}

// A count of 2^32 - 1 and no items: an error, and no memory taken for them.
TEST(StreamDecoder, FalseCountsCostNothing) {
  const Bytes huge = {0xff, 0xff, 0xff, 0xff, 0x0f};
  for (uint8_t id = 1; id <= kLastSectionId; ++id) {
    EXPECT_FALSE(decode(module({section(id, huge)})).ends_with("ok")) << int{id};
  }
  const Bytes million = leb(1'000'000);
  EXPECT_TRUE(decode(module({section(1, million)})).ends_with(at(13, "unexpected end")));
  EXPECT_TRUE(decode(module({section(1, leb(1'000'001))}))
                  .ends_with(at(10, "count is larger than the limit: rec groups")));
}

TEST(StreamDecoder, BodySizeLimit) {
  const auto with_body = [](size_t size) {
    Bytes code(size, 1);
    return module({section(1, {kNoParams}), section(3, {{0}}), section(10, {sized(code)})});
  };
  EXPECT_TRUE(decode(with_body(kMaxBodyBytes)).ends_with("ok"));
  EXPECT_TRUE(
      decode(with_body(kMaxBodyBytes + 1)).ends_with("function body is larger than the limit"));
}

}  // namespace
}  // namespace sluice

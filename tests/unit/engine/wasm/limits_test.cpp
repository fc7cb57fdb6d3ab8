// Every bound of limits.h: at it everything works, one past it is the Limit error it should be.
//
// One row per bound, so that a bound without a row is seen at a glance. What a row makes is a whole
// module whose one dimension is `n`; modules are decoded and all their bodies validated. The bounds
// on tables and memories in use are the runtime's (tests/unit/runtime/store).
#include <gtest/gtest.h>
#include <ostream>
#include <string>

#include "engine/validate/validate.h"
#include "engine/wasm/limits.h"
#include "tests/unit/engine/binary/decode.h"
#include "tests/unit/engine/binary/module_bytes.h"

namespace sluice {
namespace {

using namespace test;

// Index 0: a function type without parameters and results; one function of it that does nothing.
const Bytes kType = section(1, {{0x60, 0, 0}});
const Bytes kArrayType = section(1, {{0x60, 0, 0}, {0x5e, 0x7f, 1}});
const Bytes kBody = {2, 0, 0x0b};

Bytes one_body(const Bytes& types, const Bytes& code) {
  return module({types, section(3, {{0}}), section(10, {sized(code)})});
}

Bytes types_in_one_group(uint64_t n) {
  return module({section(1, cat({{1, 0x4e}, repeat(n, {0x60, 0, 0})}))});
}
Bytes rec_groups(uint64_t n) { return module({section(1, repeat(n, {0x60, 0, 0}))}); }
Bytes funcs(uint64_t n) {
  return module({kType, section(3, repeat(n, {0})), section(10, repeat(n, kBody))});
}
Bytes imports(uint64_t n) { return module({kType, section(2, repeat(n, {0, 0, 0, 0}))}); }
Bytes exports(uint64_t n) {
  Bytes payload = leb(n);
  for (uint64_t i = 0; i < n; ++i) {
    const std::string text = std::to_string(i);
    payload.push_back(static_cast<uint8_t>(text.size()));
    payload.insert(payload.end(), text.begin(), text.end());
    payload.insert(payload.end(), {0, 0});
  }
  return module({kType, section(3, {{0}}), section(7, payload), section(10, {kBody})});
}
Bytes globals(uint64_t n) { return module({section(6, repeat(n, {0x7f, 0, 0x41, 0, 0x0b}))}); }
Bytes tags(uint64_t n) { return module({kType, section(13, repeat(n, {0, 0}))}); }
Bytes elem_segments(uint64_t n) { return module({section(9, repeat(n, {1, 0, 0}))}); }
Bytes data_segments(uint64_t n) { return module({section(11, repeat(n, {1, 0}))}); }
Bytes data_count(uint64_t n) {
  return module({section(12, leb(n)), section(11, repeat(n, {1, 0}))});
}
Bytes tables(uint64_t n) { return module({section(4, repeat(n, {0x70, 0, 0}))}); }
Bytes tables_with_one_imported(uint64_t n) {
  return module({section(2, {{0, 0, 1, 0x70, 0, 0}}), section(4, repeat(n - 1, {0x70, 0, 0}))});
}
Bytes imported_tables(uint64_t n) { return module({section(2, repeat(n, {0, 0, 1, 0x70, 0, 0}))}); }
Bytes memories(uint64_t n) { return module({section(5, repeat(n, {0, 0}))}); }
Bytes memories_with_one_imported(uint64_t n) {
  return module({section(2, {{0, 0, 2, 0, 0}}), section(5, repeat(n - 1, {0, 0}))});
}
Bytes params(uint64_t n) { return module({section(1, {cat({{0x60}, repeat(n, {0x7f}), {0}})})}); }
Bytes results(uint64_t n) { return module({section(1, {cat({{0x60, 0}, repeat(n, {0x7f})})})}); }
Bytes struct_fields(uint64_t n) {
  return module({section(1, {cat({{0x5f}, repeat(n, {0x7f, 0})})})});
}
Bytes supertypes(uint64_t n) {
  Bytes payload = cat({leb(n + 1), {0x50, 0, 0x5f, 0}});
  for (uint64_t i = 0; i < n; ++i) payload = cat({payload, {0x50, 1}, leb(i), {0x5f, 0}});
  return module({section(1, payload)});
}
Bytes locals(uint64_t n) { return one_body(kType, cat({{1}, leb(n), {0x7f, 0x0b}})); }
Bytes params_and_locals(uint64_t n) {
  return one_body(section(1, {{0x60, 2, 0x7f, 0x7f, 0}}), cat({{1}, leb(n - 2), {0x7e, 0x0b}}));
}
Bytes body_bytes(uint64_t n) {
  Bytes code(n, 1);  // nop
  code.front() = 0;
  code.back() = 0x0b;
  return one_body(kType, code);
}
Bytes section_name(uint64_t n) { return module({custom(std::string(n, 'n'), {})}); }
Bytes export_name(uint64_t n) {
  const Bytes entry = cat({name(std::string(n, 'n')), {0, 0}});
  return module({kType, section(3, {{0}}), section(7, {entry}), section(10, {kBody})});
}
Bytes array_new_fixed_in_body(uint64_t n) {
  Bytes code = {0};
  for (uint64_t i = 0; i < n; ++i) code.insert(code.end(), {0x41, 0});
  return one_body(kArrayType, cat({code, {0xfb, 8, 1}, leb(n), {0x1a, 0x0b}}));
}
Bytes array_new_fixed_in_global(uint64_t n) {
  Bytes code = {0x63, 1, 0};
  for (uint64_t i = 0; i < n; ++i) code.insert(code.end(), {0x41, 0});
  return module({kArrayType, section(6, {cat({code, {0xfb, 8, 1}, leb(n), {0x0b}})})});
}
// Calls of a function with 1,000 results, and single constants for the rest; a return may leave
// operands behind.
Bytes operands(uint64_t n) {
  const Bytes types = section(1, {{0x60, 0, 0}, cat({{0x60, 0}, repeat(kMaxResults, {0x7f})})});
  Bytes code = {0};
  for (; n >= kMaxResults; n -= kMaxResults) code.insert(code.end(), {0x10, 1});
  for (; n > 0; --n) code.insert(code.end(), {0x41, 0});
  code.insert(code.end(), {0x0f, 0x0b});
  return module({types, section(3, {{0}, {1}}), section(10, {sized(code), {3, 0, 0, 0x0b}})});
}
Bytes elems_in_segment(uint64_t n) {
  const Bytes segment = cat({{1, 0}, repeat(n, {0})});
  return module({kType, section(3, {{0}}), section(9, {segment}), section(10, {kBody})});
}
Bytes exprs_in_segment(uint64_t n) {
  return module({section(9, {cat({{5, 0x70}, repeat(n, {0xd0, 0x70, 0x0b})})})});
}
Bytes memory_pages(uint64_t n) { return module({section(5, {cat({{0}, leb(n)})})}); }

struct Row {
  const char* what;
  Bytes (*make)(uint64_t n);
  uint64_t bound;
  ErrorKind kind;
  uint64_t past = 1;  // beyond the bound is certainly too much
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.what; }

constexpr Row kRows[] = {
    {"types", types_in_one_group, kMaxTypes, ErrorKind::CountTooLarge},
    {"rec groups", rec_groups, kMaxRecGroups, ErrorKind::CountTooLarge},
    {"functions", funcs, kMaxFuncs, ErrorKind::CountTooLarge},
    {"imports", imports, kMaxImports, ErrorKind::CountTooLarge},
    {"exports", exports, kMaxExports, ErrorKind::CountTooLarge},
    {"globals", globals, kMaxGlobals, ErrorKind::CountTooLarge},
    {"tags", tags, kMaxTags, ErrorKind::CountTooLarge},
    {"element segments", elem_segments, kMaxElemSegments, ErrorKind::CountTooLarge},
    {"data segments", data_segments, kMaxDataSegments, ErrorKind::CountTooLarge},
    {"data count", data_count, kMaxDataSegments, ErrorKind::CountTooLarge},
    {"tables", tables, kMaxTables, ErrorKind::CountTooLarge},
    {"tables, one imported", tables_with_one_imported, kMaxTables, ErrorKind::CountTooLarge},
    {"imported tables", imported_tables, kMaxTables, ErrorKind::CountTooLarge},
    {"memories", memories, kMaxMemories, ErrorKind::CountTooLarge},
    {"memories, one imported", memories_with_one_imported, kMaxMemories, ErrorKind::CountTooLarge},
    {"parameters", params, kMaxParams, ErrorKind::CountTooLarge},
    {"results", results, kMaxResults, ErrorKind::CountTooLarge},
    {"locals", locals, kMaxLocals, ErrorKind::LocalsLimit},
    {"parameters and locals", params_and_locals, kMaxLocals, ErrorKind::LocalsLimit},
    {"body bytes", body_bytes, kMaxBodyBytes, ErrorKind::BodyTooLarge},
    {"bytes of a section's name", section_name, kMaxNameBytes, ErrorKind::CountTooLarge},
    {"bytes of an export's name", export_name, kMaxNameBytes, ErrorKind::CountTooLarge},
    {"struct fields", struct_fields, kMaxStructFields, ErrorKind::CountTooLarge},
    {"array.new_fixed in a body", array_new_fixed_in_body, kMaxArrayNewFixed,
     ErrorKind::CountTooLarge},
    {"array.new_fixed in a global", array_new_fixed_in_global, kMaxArrayNewFixed,
     ErrorKind::CountTooLarge},
    {"operands", operands, kMaxOperands, ErrorKind::OperandsLimit, kMaxResults},
    {"super types", supertypes, kMaxSubTypeDepth, ErrorKind::SubTypeDepth},
    {"elements of a segment", elems_in_segment, kMaxElemsPerSegment, ErrorKind::CountTooLarge},
    {"expressions of a segment", exprs_in_segment, kMaxElemsPerSegment, ErrorKind::CountTooLarge},
    {"pages of a 32-bit memory (spec 3.2.5)", memory_pages, 65'536, ErrorKind::MemorySize},
};

Result<void> check(const Bytes& bytes) {
  const Result<std::shared_ptr<Module>> decoded = decode(bytes);
  if (!decoded) return std::unexpected(decoded.error());
  const Module& m = **decoded;
  ValidatorState state;
  for (const FuncBody& body : m.bodies) {
    TRY_VOID(validate_body(m, body, m.wire->view(), state));
  }
  return {};
}

class Limits : public testing::TestWithParam<Row> {};

TEST_P(Limits, AtTheBoundAndOnePast) {
  const Row& row = GetParam();
  const Result<void> at = check(row.make(row.bound));
  EXPECT_TRUE(at) << row.what << ": " << at.error().message();
  const Result<void> past = check(row.make(row.bound + row.past));
  ASSERT_FALSE(past) << row.what;
  EXPECT_EQ(error_text(past.error().kind), error_text(row.kind))
      << row.what << ": " << past.error().message();
}

INSTANTIATE_TEST_SUITE_P(Every, Limits, testing::ValuesIn(kRows), [](const auto& param_info) {
  std::string name;
  for (const char c : std::string_view(param_info.param.what)) {
    if (c == ' ') name += '_';
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) name += c;
  }
  return name;
});

// A custom section fills the module to the last byte that is allowed; another byte is not.
TEST(LimitOfModuleBytes, AtTheBoundAndOnePast) {
  class NoEvents final : public DecoderEvents {
    void sections_before_code(const Module&) override {}
    void body(const FuncBody&) override {}
    void truncated_body(const FuncBody&) override {}
  } events;
  const Bytes zeros(size_t{1} << 24, 0);
  for (const uint64_t more : {0u, 1u}) {
    StreamDecoder decoder(Features::standard(), std::make_shared<TypeRegistry>(), events);
    const Bytes head = cat({header(), {0}, leb(kMaxModuleBytes + more - 8 - 1 - 5)});
    ASSERT_EQ(head.size(), 8u + 1 + 5);
    ASSERT_TRUE(decoder.feed(head));
    uint64_t left = kMaxModuleBytes + more - head.size();
    Result<void> fed;
    for (; left > 0 && fed; left -= std::min<uint64_t>(left, zeros.size())) {
      fed = decoder.feed(std::span(zeros).first(std::min<uint64_t>(left, zeros.size())));
    }
    if (more == 0) {
      EXPECT_TRUE(fed) << fed.error().message();
      EXPECT_TRUE(decoder.finish());
    } else {
      ASSERT_FALSE(fed);
      EXPECT_EQ(error_text(fed.error().kind), error_text(ErrorKind::ModuleTooLarge));
      EXPECT_EQ(fed.error().offset, kMaxModuleBytes);
    }
  }
}

}  // namespace
}  // namespace sluice

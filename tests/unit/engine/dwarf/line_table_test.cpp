// Line tables of each version, and tables that lie.
#include <gtest/gtest.h>
#include <random>

#include "engine/dwarf/line_table.h"
#include "tests/unit/engine/dwarf/dwarf_bytes.h"

namespace sluice {
namespace {

using namespace test;

// One directory and two files, before version 5 and in it.
const Bytes kTables4 = cat({text("src"), {0}, text("a.c"), {0, 0, 0}, text("b.h"), {1, 0, 0}, {0}});
const Bytes kLineStrings = cat({text("/work"), text("src"), text("a.c"), text("b.h")});
const Bytes kTables5 = cat({{1, 1, 0x1f, 2},
                            u32(0),
                            u32(6),
                            {2, 1, 0x1f, 2, 0x0b, 3},
                            u32(10),
                            {0},
                            u32(10),
                            {0},
                            u32(14),
                            {1}});

// Two functions: 0x10 to 0x20 of lines 5 and 7 of a.c, 0x30 to 0x38 of b.h's line 1, then of none.
const Bytes kProgram = cat({set_address(0x10),
                            {5, 9, row(0, 4), row(8, 2), 2, 8},
                            end_sequence(),
                            set_address(0x30),
                            {4, 2, row(0, 0), row(4, -1), 2, 4},
                            end_sequence()});

LineSections sections_of(const Bytes& line) { return {line, {}, kLineStrings}; }

std::string place(const SourceLine& source) {
  return std::string(path_of(source)) + ':' + std::to_string(source.line) + ':' +
         std::to_string(source.column);
}

void expect_lines(const Bytes& line, const std::string& a, const std::string& b) {
  const LineTable table(sections_of(line));
  EXPECT_EQ(place(table.find(0x10)), a + ":5:9");
  EXPECT_EQ(place(table.find(0x17)), a + ":5:9");
  EXPECT_EQ(place(table.find(0x18)), a + ":7:9");
  EXPECT_EQ(place(table.find(0x1f)), a + ":7:9");
  EXPECT_EQ(place(table.find(0x33)), b + ":1:0");
  for (uint32_t nowhere : {0u, 0xfu, 0x20u, 0x2fu, 0x34u, 0x38u, ~0u}) {
    EXPECT_EQ(table.find(nowhere).line, 0u) << nowhere;
  }
}

TEST(LineTable, EachVersion) {
  for (uint32_t version : {2u, 3u, 4u}) {
    expect_lines(line_unit(version, kTables4, kProgram), "a.c", "src/b.h");
  }
  expect_lines(line_unit(5, kTables5, kProgram), "/work/a.c", "src/b.h");
}

TEST(LineTable, SeveralUnitsAndOnesOfNoUse) {
  const Bytes other = line_unit(4, cat({{0}, text("/c.c"), {0, 0, 0}, {0}}),
                                cat({set_address(8), {row(0, 0), 2, 2}, end_sequence()}));
  const Bytes future = with_length(cat({u16(6), Bytes(20)}));
  const Bytes line = cat({future, line_unit(4, kTables4, kProgram), with_length({}), other});
  expect_lines(line, "a.c", "src/b.h");
  EXPECT_EQ(place(LineTable(sections_of(line)).find(9)), "/c.c:1:0");
}

TEST(LineTable, EntriesOfARange) {
  const Bytes line = line_unit(4, kTables4, kProgram);
  const LineTable table(sections_of(line));
  const Vector<LineEntry> entries = table.entries(0x14, 0x19);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].address, 0x10u);
  EXPECT_EQ(entries[0].line, 5u);
  EXPECT_EQ(entries[1].address, 0x18u);
  EXPECT_EQ(entries[1].line, 7u);
  EXPECT_EQ(path_of(table.files_of(entries[1].unit)[entries[1].file]), "a.c");
  // A function's body begins before its first row.
  ASSERT_EQ(table.entries(0x2e, 0x34).size(), 1u);
  EXPECT_EQ(table.entries(0x2e, 0x34)[0].address, 0x30u);
  EXPECT_TRUE(table.entries(0x20, 0x30).empty());
  // The end of what the table knows is an entry of no line.
  const Vector<LineEntry> all = table.entries(0x10, 0x100);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].address, 0x20u);
  EXPECT_EQ(all[2].line, 0u);
}

// A linker leaves behind what it has dropped, at address 0 or at the end of all addresses.
TEST(LineTable, DroppedFunctionsAreNotFound) {
  for (uint32_t begin : {0u, 0xffff'fffeu, 0xffff'ffffu}) {
    const Bytes program = cat({set_address(begin), {row(0, 0), 2, 0x10}, end_sequence()});
    EXPECT_TRUE(LineTable(sections_of(line_unit(4, kTables4, program))).empty()) << begin;
  }
}

TEST(LineTable, UnknownInstructionsAndFilesAreSkipped) {
  // set_isa, a discriminator, and an instruction of the future with 300 bytes.
  const Bytes more = cat({{12, 3}, {0, 2, 4, 1}, {0, 0xac, 2, 77}, Bytes(299, 0xff)});
  const Bytes program = cat({more, kProgram});
  expect_lines(line_unit(4, kTables4, program), "a.c", "src/b.h");
  const Bytes wrong_file = cat({set_address(8), {4, 77, row(0, 0), 2, 2}, end_sequence()});
  EXPECT_EQ(LineTable(sections_of(line_unit(4, kTables4, wrong_file))).find(8).line, 0u);
}

// Whatever the bytes are, an answer comes, and in time.
TEST(LineTable, Damaged) {
  std::mt19937 random(7);
  auto ask = [](const Bytes& line) {
    const LineTable table(sections_of(line));
    for (uint32_t at : {0u, 0x10u, 0x18u, 0x33u, ~0u}) path_of(table.find(at));
    for (const LineEntry& entry : table.entries(1, ~0u)) table.files_of(entry.unit);
  };
  for (const Bytes& good : {line_unit(4, kTables4, kProgram), line_unit(5, kTables5, kProgram)}) {
    for (size_t size = 0; size < good.size(); ++size) {
      ask(Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(size)));
    }
    for (int i = 0; i < 20'000; ++i) {
      Bytes bad = good;
      for (uint32_t changes = 1 + random() % 4; changes != 0; --changes) {
        bad[random() % bad.size()] = static_cast<uint8_t>(random());
      }
      ask(bad);
    }
  }
}

// A table of files that promises more than all memory holds, of which each takes no bytes.
TEST(LineTable, CountsAreNotBelieved) {
  const Bytes endless = cat({{0}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}});
  const Bytes line = line_unit(5, cat({endless, endless}), kProgram);
  EXPECT_EQ(LineTable(sections_of(line)).find(0x10).line, 0u);
}

// Many entries in a form whose number is padded to a megabyte.
TEST(LineTable, FormsAreReadOnce) {
  Bytes form(size_t{1} << 20, 0x80);
  form[0] = 0x88;  // a string
  form.push_back(0);
  const Bytes names(size_t{2} * 50'000, 0);
  const Bytes table = cat({{1, 1}, form, leb(100'000), names, {0}});
  const Bytes line = line_unit(5, cat({table, {0, 0}}), kProgram);
  EXPECT_EQ(LineTable(sections_of(line)).find(0x10).line, 0u);
}

// Each frame of a backtrace repeats its path.
TEST(LineTable, NamesInTheTableAreNoLongerThanPaths) {
  const Bytes long_name = text(std::string(5000, 'p'));
  const Bytes files4 = cat({{0}, long_name, {0, 0, 0, 0}});
  const Bytes files5 = cat({{1, 1, 8, 1, 0, 1, 1, 8, 2}, text("a"), long_name});
  const Bytes directory4 = cat({long_name, {0}, text("a.c"), {1, 0, 0, 0}});
  EXPECT_EQ(LineTable(sections_of(line_unit(4, files4, kProgram))).find(0x10).line, 0u);
  const Bytes line5 = line_unit(5, files5, kProgram);
  const LineTable table5(sections_of(line5));
  ASSERT_EQ(table5.files_of(0).size(), 2u);
  EXPECT_EQ(path_of(table5.files_of(0)[0]), "a");
  EXPECT_EQ(path_of(table5.files_of(0)[1]), "");
  EXPECT_EQ(place(LineTable(sections_of(line_unit(4, directory4, kProgram))).find(0x10)),
            "a.c:5:9");
}

// A sequence that all functions share is not read for each of them without end.
TEST(LineTable, ManyQuestionsAreAnsweredUpToABound) {
  using enum LineTable::Questions;
  const Bytes rows(size_t{4} << 20, row(1, 0));
  const Bytes line = line_unit(4, kTables4, cat({set_address(8), rows, end_sequence()}));
  const LineTable table(sections_of(line));
  const uint32_t last = 4u << 20;
  EXPECT_EQ(table.entries(last, last + 1, Many).size(), 1u);
  EXPECT_EQ(table.files_of(0, Many).size(), 3u);
  for (int i = 0; i < 20; ++i) table.entries(last, last + 1, Many);
  EXPECT_TRUE(table.entries(last, last + 1, Many).empty());
  EXPECT_TRUE(table.files_of(0, Many).empty());
  EXPECT_EQ(table.find(last).line, 1u);
}

// Half a million entries that name one string, which does not end for a long time.
TEST(LineTable, ManyNamesOfOneLongString) {
  Bytes entries = {1, 1, 0x1f};
  const Bytes count = leb(500'000);
  entries.insert(entries.end(), count.begin(), count.end());
  entries.resize(entries.size() + 4 * size_t{500'000});
  const Bytes line = line_unit(5, cat({entries, entries}), kProgram);
  const Bytes strings(size_t{1} << 20, 'a');
  EXPECT_EQ(LineTable({line, strings, strings}).find(0x10).line, 0u);
}

}  // namespace
}  // namespace sluice

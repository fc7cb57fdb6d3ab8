// Object files for debuggers, as far as they can be judged without one; tests/programs/debugger.py
// asks gdb.
#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>
#include <string>

#include "jit/debug/debug_object.h"
#include "jit/debug/debug_writer.h"

namespace sluice {
namespace {

Vector<uint8_t> written(void (*write)(DebugWriter&)) {
  DebugWriter out;
  write(out);
  return out.take();
}

TEST(DebugWriter, Numbers) {
  EXPECT_EQ(written([](DebugWriter& out) { out.uleb(0x7f); }), (Vector<uint8_t>{0x7f}));
  EXPECT_EQ(written([](DebugWriter& out) { out.uleb(0x80); }), (Vector<uint8_t>{0x80, 1}));
  EXPECT_EQ(written([](DebugWriter& out) { out.sleb(-64); }), (Vector<uint8_t>{0x40}));
  EXPECT_EQ(written([](DebugWriter& out) { out.sleb(64); }), (Vector<uint8_t>{0xc0, 0}));
  EXPECT_EQ(written([](DebugWriter& out) { out.sleb(-65); }), (Vector<uint8_t>{0xbf, 0x7f}));
  EXPECT_EQ(written([](DebugWriter& out) { out.u32(0x01020304); }), (Vector<uint8_t>{4, 3, 2, 1}));
}

TEST(DebugWriter, StringsEndAtTheirFirstZero) {
  EXPECT_EQ(written([](DebugWriter& out) { out.string(std::string_view("a\0b", 3)); }),
            (Vector<uint8_t>{'a', 0}));
}

TEST(DebugWriter, SizedParts) {
  EXPECT_EQ(written([](DebugWriter& out) {
              const SizedPart part(out);
              out.u16(7);
            }),
            (Vector<uint8_t>{2, 0, 0, 0, 7, 0}));
}

struct Section {
  std::string name;
  Elf64_Shdr header;
};

std::vector<Section> sections_of(const Vector<uint8_t>& object) {
  Elf64_Ehdr header;
  std::memcpy(&header, object.data(), sizeof header);
  std::vector<Elf64_Shdr> headers(header.e_shnum);
  EXPECT_EQ(header.e_shoff + headers.size() * sizeof(Elf64_Shdr), object.size());
  std::memcpy(headers.data(), object.data() + header.e_shoff, headers.size() * sizeof(Elf64_Shdr));
  const uint64_t names = headers[header.e_shstrndx].sh_offset;
  std::vector<Section> out;
  for (const Elf64_Shdr& section : headers) {
    out.push_back(
        {reinterpret_cast<const char*>(object.data()) + names + section.sh_name, section});
  }
  return out;
}

CodePiece piece_at(uintptr_t address, size_t size, bool has_lines) {
  CodePiece piece{{reinterpret_cast<const uint8_t*>(address), size}, String("f"), {}, {}};
  piece.frames = {{0, FrameState::Called}};
  if (has_lines) piece.lines = {{0, 0, 3, 1}};
  return piece;
}

// What lies between them may belong to another object, and sections must not overlap.
TEST(DebugObject, OneSectionOfCodeForWhatLiesTogether) {
  CodeGroup group;
  group.pieces.push_back(piece_at(0x10000, 20, false));
  group.pieces.push_back(piece_at(0x10020, 16, false));
  group.pieces.push_back(piece_at(0x20000, 1, false));
  std::vector<std::pair<uint64_t, uint64_t>> code;
  for (const Section& section : sections_of(make_debug_object(group))) {
    if (section.name == ".text") code.emplace_back(section.header.sh_addr, section.header.sh_size);
    EXPECT_NE(section.name, ".debug_line");
  }
  EXPECT_EQ(code, (std::vector<std::pair<uint64_t, uint64_t>>{{0x10000, 0x30}, {0x20000, 1}}));
}

TEST(DebugObject, LinesWhereThereAreSome) {
  CodeGroup group;
  group.files.push_back(String("a.c"));
  group.pieces.push_back(piece_at(0x10000, 16, true));
  group.pieces.push_back(piece_at(0x20000, 16, false));
  size_t found = 0;
  for (const Section& section : sections_of(make_debug_object(group))) {
    const bool is_dwarf = section.name.starts_with(".debug_");
    found += is_dwarf ? 1 : 0;
    EXPECT_TRUE(!is_dwarf || section.header.sh_size != 0) << section.name;
  }
  EXPECT_EQ(found, 4u);  // frames, information, lines, shapes
}

}  // namespace
}  // namespace sluice

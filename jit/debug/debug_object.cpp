// Pieces that follow each other closely share a section of code and, where lines are known, a
// compile unit: two objects of one module may lie between each other, and their sections must not.
#include "jit/debug/debug_object.h"

#include <elf.h>

#include "jit/code/code_object.h"
#include "jit/debug/debug_writer.h"
#include "jit/debug/frame_info.h"

namespace sluice {
namespace {

// DWARF's numbers.
enum : uint8_t {
  kTagCompileUnit = 0x11,
  kTagSubprogram = 0x2e,
  kAtName = 0x03,
  kAtStmtList = 0x10,
  kAtLowPc = 0x11,
  kAtHighPc = 0x12,
  kAtLanguage = 0x13,
  kAtExternal = 0x3f,
  kFormAddr = 0x01,
  kFormData2 = 0x05,
  kFormString = 0x08,
  kFormSecOffset = 0x17,
  kFormFlagPresent = 0x19,
};
constexpr uint16_t kLanguageC99 = 0x0c;  // for the debugger's expressions; DWARF has none for Wasm

/// Pieces without room for others between them.
struct Run {
  std::span<const CodePiece> pieces;
  uintptr_t begin() const { return pieces.front().begin(); }
  uintptr_t end() const { return pieces.back().end(); }
  bool has_lines() const {
    for (const CodePiece& piece : pieces) {
      if (!piece.lines.empty()) return true;
    }
    return false;
  }
};

Vector<Run> runs_of(std::span<const CodePiece> pieces) {
  Vector<Run> runs;
  size_t first = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const bool is_last = i + 1 == pieces.size();
    if (!is_last && pieces[i + 1].begin() - pieces[i].end() < kCacheLine) continue;
    runs.push_back({pieces.subspan(first, i + 1 - first)});
    first = i + 1;
  }
  return runs;
}

class DebugObject {
 public:
  explicit DebugObject(const CodeGroup& group) : group_(group), runs_(runs_of(group.pieces)) {}

  Vector<uint8_t> make() {
    out_.put(Elf64_Ehdr{});
    add_section("", SHT_NULL, {});
    for (const Run& run : runs_) add_code(run);
    add_symbols();
    DebugWriter frames;
    write_frame_info(frames, group_.pieces);
    add_section(".debug_frame", SHT_PROGBITS, frames.bytes());
    if (!group_.files.empty()) add_lines();
    return finish();
  }

 private:
  Elf64_Shdr& add_section(std::string_view name, uint32_t type, std::span<const uint8_t> bytes) {
    out_.align(8);
    Elf64_Shdr& section = sections_.emplace_back();
    section.sh_name = static_cast<uint32_t>(section_names_.size());
    section_names_.string(name);
    section.sh_type = type;
    section.sh_addralign = 1;
    section.sh_offset = type == SHT_NULL ? 0 : out_.size();
    section.sh_size = bytes.size();
    out_.put_bytes(bytes);
    return section;
  }

  void add_code(const Run& run) {
    Elf64_Shdr& section = add_section(".text", SHT_NOBITS, {});
    section.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    section.sh_addr = run.begin();
    section.sh_size = run.end() - run.begin();
    section.sh_addralign = 16;
  }

  void add_symbols() {
    DebugWriter names;
    DebugWriter symbols;
    names.u8(0);
    symbols.put(Elf64_Sym{});
    for (size_t run = 0; run < runs_.size(); ++run) {
      for (const CodePiece& piece : runs_[run].pieces) {
        Elf64_Sym symbol{};
        symbol.st_name = static_cast<uint32_t>(names.size());
        names.string(piece.name);
        symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
        symbol.st_shndx = static_cast<uint16_t>(run + 1);
        symbol.st_value = piece.begin();
        symbol.st_size = piece.code.size();
        symbols.put(symbol);
      }
    }
    add_section(".strtab", SHT_STRTAB, names.bytes());
    const auto strings = static_cast<uint32_t>(sections_.size() - 1);
    Elf64_Shdr& section = add_section(".symtab", SHT_SYMTAB, symbols.bytes());
    section.sh_link = strings;
    section.sh_info = 1;  // the first that is not local
    section.sh_entsize = sizeof(Elf64_Sym);
    section.sh_addralign = 8;
  }

  void add_lines() {
    DebugWriter info;
    DebugWriter lines;
    for (const Run& run : runs_) {
      if (!run.has_lines()) continue;
      write_unit(info, run, lines.size());
      write_line_program(lines, run);
    }
    add_section(".debug_info", SHT_PROGBITS, info.bytes());
    add_section(".debug_line", SHT_PROGBITS, lines.bytes());
    DebugWriter shapes;
    shapes.put_bytes({1, kTagCompileUnit, 1, kAtName, kFormString, kAtLanguage, kFormData2,
                      kAtStmtList, kFormSecOffset, kAtLowPc, kFormAddr, kAtHighPc, kFormAddr, 0,
                      0});
    shapes.put_bytes({2, kTagSubprogram, 0, kAtName, kFormString, kAtLowPc, kFormAddr, kAtHighPc,
                      kFormAddr, kAtExternal, kFormFlagPresent, 0, 0, 0});
    add_section(".debug_abbrev", SHT_PROGBITS, shapes.bytes());
  }

  static void write_unit(DebugWriter& info, const Run& run, size_t lines_at) {
    const SizedPart part(info);
    info.u16(4);  // version
    info.u32(0);  // shapes' offset
    info.u8(8);   // bytes of an address
    info.u8(1);
    info.string("WebAssembly");
    info.u16(kLanguageC99);
    info.u32(lines_at);
    info.u64(run.begin());
    info.u64(run.end());
    for (const CodePiece& piece : run.pieces) {
      info.u8(2);
      info.string(piece.name);
      info.u64(piece.begin());
      info.u64(piece.end());
    }
    info.u8(0);
  }

  void write_line_program(DebugWriter& out, const Run& run) const {
    enum : uint8_t { kCopy = 1, kAdvancePc, kAdvanceLine, kSetFile, kSetColumn, kFirstUnused = 10 };
    const SizedPart part(out);
    out.u16(4);
    {
      const SizedPart header(out);
      // Lengths of an instruction and of an operation, is_stmt; special instructions, none used.
      out.put_bytes({1, 1, 1, 0, 1, kFirstUnused, 0, 1, 1, 1, 1, 0, 0, 0, 1});
      out.u8(0);  // no directories: paths are whole
      for (const String& file : group_.files) {
        out.string(file.empty() ? "?" : std::string_view(file));
        out.put_bytes({0, 0, 0});
      }
      out.u8(0);
    }
    for (const CodePiece& piece : run.pieces) {
      if (piece.lines.empty()) continue;
      out.put_bytes({0, 9, 2});
      out.u64(piece.begin());
      int64_t line = 1;
      uint32_t at = 0;
      for (const CodeLine& row : piece.lines) {
        out.u8(kAdvancePc);
        out.uleb(row.code_offset - at);
        out.u8(kAdvanceLine);
        out.sleb(int64_t{row.line} - line);
        out.u8(kSetFile);
        out.uleb(uint64_t{row.file} + 1);
        out.u8(kSetColumn);
        out.uleb(row.column);
        out.u8(kCopy);
        at = row.code_offset;
        line = row.line;
      }
      out.u8(kAdvancePc);
      out.uleb(piece.code.size() - at);
      out.put_bytes({0, 1, 1});
    }
  }

  Vector<uint8_t> finish() {
    section_names_.string(".shstrtab");
    const DebugWriter names = section_names_;
    Elf64_Shdr& last = add_section(".shstrtab", SHT_STRTAB, names.bytes());
    last.sh_name = static_cast<uint32_t>(names.size() - sizeof ".shstrtab");
    out_.align(8);
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_shoff = out_.size();
    header.e_ehsize = sizeof(Elf64_Ehdr);
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<uint16_t>(sections_.size());
    header.e_shstrndx = static_cast<uint16_t>(sections_.size() - 1);
    for (const Elf64_Shdr& section : sections_) out_.put(section);
    Vector<uint8_t> bytes = out_.take();
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
  }

  const CodeGroup& group_;
  const Vector<Run> runs_;
  DebugWriter out_;
  DebugWriter section_names_;
  Vector<Elf64_Shdr> sections_;
};

}  // namespace

Vector<uint8_t> make_debug_object(const CodeGroup& group) { return DebugObject(group).make(); }

}  // namespace sluice

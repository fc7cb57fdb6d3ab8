// Line programs (DWARF 5, 6.2): each unit has a header with tables of directories and files, then
// the instructions of a machine that makes rows. A sequence of rows ends with an instruction of its
// own, after which the machine starts anew: linkers make one for each function.
#include "engine/dwarf/line_table.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/binary/wire_bytes.h"
#include "engine/dwarf/dwarf_reader.h"

namespace sluice {
namespace {

// More functions than the format allows a module to have, and memory for them that nobody misses.
constexpr size_t kMostSequences = 1'000'000;
// A unit with more directories has no files, and files behind that many have no names: the tables
// are read for each frame of a backtrace.
constexpr size_t kMostFiles = 50'000;
constexpr size_t kMostPathBytes = 4096;
// For one function, and read for each frame, too.
constexpr size_t kMostSequenceBytes = size_t{16} << 20;
// For LineTable::Questions::Many, besides the size of .debug_line: a pass over it is always free.
constexpr uint64_t kMostScannedBytes = uint64_t{64} << 20;
// Offsets are kept in 32 bits; a module's size is limited to less.
constexpr uint64_t kMostSectionBytes = std::numeric_limits<uint32_t>::max();

// How attributes of version 5's tables are written: DW_FORM_….
enum : uint64_t {
  kFormData2 = 0x05,
  kFormData4 = 0x06,
  kFormData8 = 0x07,
  kFormString = 0x08,
  kFormBlock = 0x09,
  kFormData1 = 0x0b,
  kFormStrp = 0x0e,
  kFormUdata = 0x0f,
  kFormData16 = 0x1e,
  kFormLineStrp = 0x1f,
};
// What they say: DW_LNCT_….
enum : uint64_t { kContentPath = 1, kContentDirectory = 2 };
// Instructions: DW_LNS_… and, behind a zero byte, DW_LNE_….
enum : uint8_t {
  kCopy = 1,
  kAdvancePc,
  kAdvanceLine,
  kSetFile,
  kSetColumn,
  kNegateStmt,
  kSetBasicBlock,
  kConstAddPc,
  kFixedAdvancePc,
};
enum : uint8_t { kEndSequence = 1, kSetAddress = 2 };

/// Nothing if it is far too long for a path: many entries may name one string.
std::string_view path_at(std::span<const uint8_t> section, uint64_t offset) {
  if (offset >= section.size()) return {};
  const auto rest = section.subspan(static_cast<size_t>(offset));
  return DwarfReader(rest.first(std::min(rest.size(), kMostPathBytes))).string();
}

struct FileName {
  std::string_view name;
  uint64_t directory = 0;
};

/// One unit: what its program needs, and where its tables are.
struct Unit {
  DwarfReader program{{}};
  DwarfReader tables{{}};
  uint16_t version = 0;
  uint8_t offset_bytes = 4;
  uint8_t min_instr_length = 1;
  int8_t line_base = 0;
  uint8_t line_range = 0;  // 0: the unit is of no use
  uint8_t opcode_base = 0;
  uint8_t operand_counts[256] = {};  // of the instructions below opcode_base
};

/// Reads the header that `in` stands before, and moves it behind the unit.
Unit read_unit(DwarfReader& in) {
  Unit unit;
  DwarfReader r = in.unit(unit.offset_bytes);
  unit.version = r.u16();
  if (unit.version < 2 || unit.version > 5) return unit;
  if (unit.version == 5) r.skip(2);  // sizes of an address and a segment
  const uint64_t header_bytes = r.fixed_of(unit.offset_bytes);
  unit.program = r;
  unit.program.skip(header_bytes);
  unit.min_instr_length = r.u8();
  if (unit.version >= 4) r.skip(1);  // instructions in an operation: 1 in code that is not VLIW
  r.skip(1);                         // is_stmt at the start
  unit.line_base = static_cast<int8_t>(r.u8());
  unit.line_range = r.u8();
  unit.opcode_base = r.u8();
  for (uint32_t op = 1; op < unit.opcode_base; ++op) unit.operand_counts[op] = r.u8();
  unit.tables = r;
  if (r.failed() || unit.program.failed() || unit.opcode_base == 0) unit.line_range = 0;
  return unit;
}

/// The machine's registers (6.2.2), as far as anybody asks for them.
struct Row {
  uint64_t address = 0;
  uint64_t file = 1;
  uint64_t line = 1;
  uint64_t column = 0;
};

/// Runs one sequence: `see(row)` for each of its rows, the last of which only says where it ends.
/// Stops early if `see` returns false. False if the program ends before the sequence does.
template <class See>
bool run_sequence(const Unit& unit, DwarfReader& r, See see) {
  Row row;
  auto advance = [&](uint64_t count) { row.address += count * unit.min_instr_length; };
  while (!r.at_end()) {
    const uint8_t op = r.u8();
    if (op >= unit.opcode_base) {
      const uint32_t both = uint32_t{op} - unit.opcode_base;
      advance(both / unit.line_range);
      row.line += static_cast<uint64_t>(int64_t{unit.line_base} + both % unit.line_range);
      if (!see(std::as_const(row))) return true;
      continue;
    }
    switch (op) {
    case 0: {
      const uint64_t size = r.uleb();
      DwarfReader next = r;
      next.skip(size);
      const uint8_t extended = size == 0 ? uint8_t{0} : r.u8();
      if (extended == kSetAddress) row.address = r.fixed_of(size - 1);
      r = next;
      if (r.failed()) return false;
      if (extended == kEndSequence) {
        row.line = 0;
        see(std::as_const(row));
        return true;
      }
      break;
    }
    case kCopy:
      if (!see(std::as_const(row))) return true;
      break;
    case kAdvancePc: advance(r.uleb()); break;
    case kAdvanceLine: row.line += static_cast<uint64_t>(r.sleb()); break;
    case kSetFile: row.file = r.uleb(); break;
    case kSetColumn: row.column = r.uleb(); break;
    case kConstAddPc: advance((255u - unit.opcode_base) / unit.line_range); break;
    case kFixedAdvancePc: row.address += r.u16(); break;
    default:
      for (uint32_t i = 0; i < unit.operand_counts[op]; ++i) r.uleb();
    }
  }
  return false;
}

/// Of the two tables of version 5's headers, reads entry after entry.
class EntryList {
 public:
  EntryList(const LineSections& sections, const Unit& unit, DwarfReader& r)
      : sections_(sections), unit_(unit), r_(r), formats_(r.u8()) {
    for (Format& format : formats_) {
      format.content = r_.uleb();
      format.form = r_.uleb();
    }
    count_ = formats_.empty() ? 0 : r_.uleb();
  }

  /// False behind the last one. Every form takes at least a byte, so there is an end.
  bool next(FileName& out) {
    if (seen_ == count_ || r_.failed()) return false;
    ++seen_;
    out = {};
    elsewhere_ = {};
    for (const Format& format : formats_) read_attribute(format, out);
    if (!elsewhere_.section.empty()) out.name = path_at(elsewhere_.section, elsewhere_.offset);
    return !r_.failed();
  }

 private:
  /// A name that is not in the table; looked up once for an entry, whatever that consists of.
  struct Elsewhere {
    std::span<const uint8_t> section;
    uint64_t offset = 0;
  };

  struct Format {
    uint64_t content = 0;
    uint64_t form = 0;
  };

  void read_attribute(const Format& format, FileName& out) {
    std::string_view text;
    Elsewhere elsewhere;
    uint64_t number = 0;
    switch (format.form) {
    case kFormString: text = r_.string(); break;
    case kFormLineStrp: elsewhere = {sections_.line_str, offset()}; break;
    case kFormStrp: elsewhere = {sections_.str, offset()}; break;
    case kFormData1: number = r_.u8(); break;
    case kFormData2: number = r_.u16(); break;
    case kFormData4: number = r_.u32(); break;
    case kFormData8: number = r_.u64(); break;
    case kFormUdata: number = r_.uleb(); break;
    case kFormData16: r_.skip(16); break;
    case kFormBlock: r_.skip(r_.uleb()); break;
    default: r_.fail();
    }
    if (format.content == kContentPath) {
      out.name = text;
      elsewhere_ = elsewhere;
    }
    if (format.content == kContentDirectory) out.directory = number;
  }
  uint64_t offset() { return r_.fixed_of(unit_.offset_bytes); }

  const LineSections& sections_;
  const Unit& unit_;
  DwarfReader& r_;
  Vector<Format> formats_;
  Elsewhere elsewhere_;
  uint64_t count_ = 0;
  uint64_t seen_ = 0;
};

/// The whole table, of directories or of files.
Vector<FileName> read_entries(const LineSections& sections, const Unit& unit, DwarfReader& r) {
  EntryList list(sections, unit, r);
  Vector<FileName> out;
  FileName entry;
  while (list.next(entry)) {
    if (out.size() == kMostFiles) {
      r.fail();  // what is behind the table cannot be found
      break;
    }
    out.push_back(entry);
  }
  return out;
}

/// Version 5: numbers of directories and files count from 0.
Vector<SourceLine> files_of_v5(const LineSections& sections, const Unit& unit, DwarfReader& r) {
  const Vector<FileName> directories = read_entries(sections, unit, r);
  Vector<SourceLine> out;
  for (const FileName& file : read_entries(sections, unit, r)) {
    SourceLine& source = out.emplace_back();
    source.file = file.name;
    if (file.directory < directories.size()) source.directory = directories[file.directory].name;
  }
  return out;
}

/// Before version 5 they count from 1, and directory 0 is where the compiler ran.
Vector<SourceLine> files_of_v4(DwarfReader& r) {
  Vector<std::string_view> directories(1);
  for (;;) {
    const std::string_view directory = r.string();
    if (directory.empty()) break;
    if (directories.size() == kMostFiles) return {};
    directories.push_back(directory);
  }
  Vector<SourceLine> out(1);
  while (out.size() < kMostFiles) {
    SourceLine source;
    source.file = r.string();
    if (source.file.empty()) break;
    const uint64_t directory = r.uleb();
    if (directory < directories.size()) source.directory = directories[directory];
    r.uleb();  // time
    r.uleb();  // size
    out.push_back(source);
  }
  return out;
}

uint32_t saturated(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, std::numeric_limits<uint32_t>::max()));
}

}  // namespace

String path_of(const SourceLine& source) {
  String out;
  const bool is_here = source.directory.empty() || source.directory == ".";
  if (!is_here && !source.file.starts_with('/')) {
    out += source.directory;
    if (!out.ends_with('/')) out += '/';
  }
  out += source.file;
  return out;
}

LineSections line_sections(const Module& module) {
  LineSections sections;
  auto keep = [&](std::span<const uint8_t>& section, const CustomSection& custom) {
    if (section.data() == nullptr) section = module.wire->view(custom.payload);
  };
  for (const CustomSection& custom : module.customs) {
    if (custom.name == ".debug_line") keep(sections.line, custom);
    if (custom.name == ".debug_str") keep(sections.str, custom);
    if (custom.name == ".debug_line_str") keep(sections.line_str, custom);
  }
  return sections;
}

LineTable::LineTable(const LineSections& sections) : sections_(sections) {
  if (sections_.line.size() > kMostSectionBytes) return;
  DwarfReader in(sections_.line);
  while (!in.at_end()) {
    const auto at = static_cast<uint32_t>(in.offset());
    Unit unit = read_unit(in);
    if (unit.line_range == 0) continue;
    DwarfReader& r = unit.program;
    while (!r.at_end() && sequences_.size() < kMostSequences) {
      Sequence sequence{0, 0, at, static_cast<uint32_t>(r.offset())};
      uint64_t begin = ~uint64_t{0};
      uint64_t end = 0;
      const bool ended = run_sequence(unit, r, [&](const Row& row) {
        begin = std::min(begin, row.address);
        end = row.address;
        return true;
      });
      if (r.offset() - sequence.program > kMostSequenceBytes) continue;
      // What the linker dropped begins at address 0 or lies beyond all code.
      if (!ended || begin == 0 || begin >= end || end > kMostSectionBytes) continue;
      sequence.begin = static_cast<uint32_t>(begin);
      sequence.end = static_cast<uint32_t>(end);
      sequences_.push_back(sequence);
    }
  }
  std::sort(sequences_.begin(), sequences_.end(), [](const Sequence& a, const Sequence& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.program < b.program;
  });
}

/// The one that holds the address, or else the next behind it.
const LineTable::Sequence* LineTable::first_sequence(uint32_t address) const {
  auto next =
      std::upper_bound(sequences_.begin(), sequences_.end(), address,
                       [](uint32_t a, const Sequence& sequence) { return a < sequence.begin; });
  if (next != sequences_.begin() && address < std::prev(next)->end) --next;
  return next == sequences_.end() ? nullptr : &*next;
}

SourceLine LineTable::find(uint32_t address) const {
  const Vector<LineEntry> found = entries(address, address + 1);
  if (found.empty() || found[0].line == 0 || found[0].address > address) return {};
  const Vector<SourceLine> files = files_of(found[0].unit);
  if (found[0].file >= files.size() || files[found[0].file].file.empty()) return {};
  SourceLine source = files[found[0].file];
  source.line = found[0].line;
  source.column = found[0].column;
  return source;
}

bool LineTable::may_ask(Questions questions) const {
  return questions == Questions::Few ||
         scanned_bytes_.load(std::memory_order_relaxed) < kMostScannedBytes + sections_.line.size();
}

void LineTable::note_scanned(Questions questions, uint64_t bytes) const {
  if (questions == Questions::Many) scanned_bytes_.fetch_add(bytes, std::memory_order_relaxed);
}

Vector<LineEntry> LineTable::entries(uint32_t begin, uint32_t end, Questions questions) const {
  Vector<LineEntry> out;
  const Sequence* sequence = first_sequence(begin);
  if (sequence == nullptr || sequence->begin >= end || !may_ask(questions)) return out;
  DwarfReader in(sections_.line, sequence->unit);
  Unit unit = read_unit(in);
  unit.program.seek(sequence->program);
  run_sequence(unit, unit.program, [&](const Row& row) {
    if (row.address >= end) return false;
    // Of several rows up to `begin`, and at one address, the last counts.
    const auto address = static_cast<uint32_t>(row.address);
    while (!out.empty() && (address <= begin || address <= out.back().address)) out.pop_back();
    out.push_back(
        {address, saturated(row.file), saturated(row.line), saturated(row.column), sequence->unit});
    return true;
  });
  note_scanned(questions, unit.program.offset() - sequence->program);
  return out;
}

Vector<SourceLine> LineTable::files_of(uint32_t unit_offset, Questions questions) const {
  DwarfReader in(sections_.line, unit_offset);
  const Unit unit = read_unit(in);
  if (unit.line_range == 0 || !may_ask(questions)) return {};
  DwarfReader r = unit.tables;
  Vector<SourceLine> files = unit.version == 5 ? files_of_v5(sections_, unit, r) : files_of_v4(r);
  note_scanned(questions, r.offset() - unit.tables.offset());
  // Every frame of a backtrace repeats its path.
  for (SourceLine& source : files) {
    if (source.file.size() > kMostPathBytes) source.file = {};
    if (source.directory.size() > kMostPathBytes) source.directory = {};
  }
  return files;
}

}  // namespace sluice

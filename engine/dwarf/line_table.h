// Which source line an instruction comes from, by the DWARF line tables of a module that was
// compiled with them (.debug_line, versions 2 to 5).
//
// The tables are custom sections of whoever made the module: nothing in them is trusted, no
// question costs more than a pass over them, and what cannot be understood is left out. Made when
// somebody asks for a line; keeps an index of the tables' sequences, a few bytes for each function,
// and reads the rest where it lies.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/wasm/module.h"

namespace sluice {

/// A place in a source file. Strings are views into the module's bytes and may hold anything.
struct SourceLine {
  std::string_view directory;  // as the compiler was given it; empty: its working directory
  std::string_view file;
  uint32_t line = 0;    // from 1; 0: unknown
  uint32_t column = 0;  // from 1; 0: unknown
};

/// "directory/file", or "file" where that is all there is to say.
String path_of(const SourceLine& source);

/// From this address on, up to the next entry's, code comes from this line.
struct LineEntry {
  uint32_t address = 0;
  uint32_t file = 0;  // in LineTable::files_of the unit; may be beyond
  uint32_t line = 0;  // 0: of no line
  uint32_t column = 0;
  uint32_t unit = 0;
};

/// The sections of a module that line tables consist of; empty where it has none. Of several
/// sections of one name the first counts.
struct LineSections {
  std::span<const uint8_t> line;
  std::span<const uint8_t> str;
  std::span<const uint8_t> line_str;
};
LineSections line_sections(const Module& module);

/// Immutable but for a count, and thread-safe. Addresses count from the start of the code section's
/// payload.
class LineTable : public Allocated {
 public:
  /// Whether somebody asks about a place or two, or about every function. What is read for one
  /// function may be read again for each, so of many questions some megabytes' worth are answered.
  enum class Questions : uint8_t { Few, Many };

  explicit LineTable(const LineSections& sections);

  bool empty() const { return sequences_.empty(); }
  /// `line` is 0 if nothing is known of the address.
  SourceLine find(uint32_t address) const;
  /// What is known of the addresses from `begin` to before `end`, of one function at most, in
  /// ascending order: the entry that holds `begin` first, or the first behind it.
  Vector<LineEntry> entries(uint32_t begin, uint32_t end,
                            Questions questions = Questions::Few) const;
  /// The files of a unit, by the numbers that entries have; lines are 0.
  Vector<SourceLine> files_of(uint32_t unit, Questions questions = Questions::Few) const;

 private:
  struct Sequence {
    uint32_t begin;
    uint32_t end;
    uint32_t unit;     // offset of its unit in .debug_line
    uint32_t program;  // offset of its first instruction
  };
  const Sequence* first_sequence(uint32_t address) const;
  bool may_ask(Questions questions) const;
  void note_scanned(Questions questions, uint64_t bytes) const;

  LineSections sections_;
  Vector<Sequence> sequences_;                       // by begin
  mutable std::atomic<uint64_t> scanned_bytes_ = 0;  // for Questions::Many
};

}  // namespace sluice

// SectionParser: one parser per section (spec 5.5) that fills a Module and validates as it goes.
//
// Sections come complete, one after the other, in their order; what they say may only depend on
// earlier ones, which is why each can be checked at once (spec 3.5). Framing, the order of sections
// and function bodies are the stream decoder's.
#pragma once

#include "engine/binary/byte_reader.h"
#include "engine/binary/const_expr.h"
#include "engine/wasm/module.h"

namespace sluice {

enum class SectionId : uint8_t {
  Custom,
  Type,
  Import,
  Function,
  Table,
  Memory,
  Global,
  Export,
  Start,
  Element,
  Code,
  Data,
  DataCount,
  Tag,
};
inline constexpr uint8_t kLastSectionId = static_cast<uint8_t>(SectionId::Tag);

/// Parses into `module`, which must have wire, registry and features. Counts in the bytes never
/// reserve more memory than the bytes that are there could fill.
class SectionParser {
 public:
  explicit SectionParser(Module& module) : module_(module), const_exprs_(module) {}

  /// The payload of any section but Code and Data. Errors are left in `r`; bytes after the last
  /// item are not looked at.
  void parse(SectionId id, ByteReader& r);
  /// The data section in pieces: how many segments it has, and each of them. May be asked again
  /// with more bytes where `r` ran out: nothing has been added then.
  uint32_t parse_data_section_count(ByteReader& r);
  /// The offset behind the segment, 0 if `r` ran out before that was known.
  uint64_t parse_data(ByteReader& r);

 private:
  // Reads a vector's length; CountTooLarge if `limit` is exceeded.
  uint32_t read_count(ByteReader& r, uint32_t limit, const char* what);
  bool require(ByteReader& r, Feature feature, uint64_t offset);

  void parse_custom(ByteReader& r);
  void parse_types(ByteReader& r);
  void parse_imports(ByteReader& r);
  void parse_functions(ByteReader& r);
  void parse_tables(ByteReader& r);
  void parse_memories(ByteReader& r);
  void parse_globals(ByteReader& r);
  void parse_exports(ByteReader& r);
  void parse_start(ByteReader& r);
  void parse_elements(ByteReader& r);
  void parse_data_count(ByteReader& r);
  void parse_tags(ByteReader& r);

  void read_import(ByteReader& r);
  void read_export(ByteReader& r);
  void read_table(ByteReader& r);
  void read_element(ByteReader& r);
  void read_element_funcs(ByteReader& r, ElemSegment& segment);
  void read_element_exprs(ByteReader& r, ElemSegment& segment);
  TypeIdx read_func_type_index(ByteReader& r);
  TableType read_table_type(ByteReader& r);
  MemoryType read_memory_type(ByteReader& r);
  GlobalType read_global_type(ByteReader& r);
  TagType read_tag_type(ByteReader& r);
  Limits read_limits(ByteReader& r, uint8_t flags);
  ConstExpr read_offset(ByteReader& r, bool is_64);
  void check_duplicate_exports(ByteReader& r);

  Module& module_;
  ConstExprReader const_exprs_;
  Vector<uint64_t> export_offsets_;
  Vector<FuncIdx> func_scratch_;
  Vector<ConstExpr> expr_scratch_;
};

}  // namespace sluice

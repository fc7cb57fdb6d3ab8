// ModuleParser: a module in text (spec 6.6) to a module in binary.
//
// Three walks along the fields: the first declares the identifiers, since fields may name what
// comes later; the second reads the types, which inline uses of types are added to; the third reads
// all other fields in order. Instructions and types have parsers of their own.
#pragma once

#include <optional>

#include "engine/base/result.h"
#include "engine/text/instr_parser.h"
#include "engine/text/lexer.h"
#include "engine/text/module_builder.h"
#include "engine/text/type_parser.h"
#include "engine/wasm/module.h"

namespace sluice {

class ModuleParser {
 public:
  /// Reads source[begin, end): "(module …)" or its fields alone.
  /// `map`: filled unless null.
  ModuleParser(std::string_view source, uint64_t begin, uint64_t end, TextMap* map)
      : lex_(source, begin, end), types_(lex_, module_), instrs_(lex_, module_, types_) {
    module_.text_map = map;
    if (map != nullptr) instrs_.keep_marks();
  }

  Result<Vector<uint8_t>> parse();

 private:
  /// What "(import …)" around or inside a field says.
  struct ImportNames {
    bool is_set = false;
    String module;
    String name;
  };

  bool begin_module();
  void declare_fields();
  void declare_field();
  void declare(IndexSpace which);
  void declare_inline_segment(std::string_view word, IndexSpace which);
  void parse_types();
  void parse_rec_group();
  void parse_type(ByteWriter& group, bool is_alone);
  void parse_fields();
  void parse_field();
  template <class Parse>
  void parse_marked(uint64_t text_offset, Parse parse);

  void parse_import();
  void parse_func();
  void parse_table();
  void parse_memory();
  void parse_global();
  void parse_tag();
  void parse_export();
  void parse_start();
  void parse_elem();
  void parse_data();
  void parse_custom(const Annotation& annotation);
  uint8_t parse_custom_place(Lexer& content);

  /// Identifier, name annotation, exports and import of a field that adds to an index space.
  /// Gives its index.
  uint32_t parse_head(IndexSpace which, ImportNames& import);
  std::optional<std::string_view> take_name();
  uint32_t take_identifier(IndexSpace which);
  void begin_import(const ImportNames& import, ExternKind kind);
  void write_export(std::string_view name, ExternKind kind, uint32_t index);

  void parse_body(uint32_t func);
  void parse_locals(ByteWriter& body);
  void parse_inline_elem(uint32_t table, const LimitsText& limits);
  void write_elem(uint32_t flags, uint32_t table, const ByteWriter& offset, const ByteWriter& type,
                  bool has_exprs);
  void parse_elem_items(ByteWriter& out, bool has_exprs);
  void parse_offset(ByteWriter& out);
  void parse_item(ByteWriter& out);
  void write_zero_offset(ByteWriter& out, bool is_64);
  String parse_strings();

  Lexer lex_;
  ModuleBuilder module_;
  TypeParser types_;
  InstrParser instrs_;
  uint64_t fields_offset_ = 0;                 // of the first field
  Vector<uint64_t> type_fields_;               // of the fields that define types
  std::array<uint32_t, kIndexSpaces> next_{};  // in the third walk: the next index of each space
  bool has_definition_ = false;                // of what may be imported
  Identifiers locals_;
};

}  // namespace sluice

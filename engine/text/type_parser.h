// TypeParser: types in text (spec 6.4) and uses of function types (spec 6.6.4), written as binary.
//
// Also where all references to indices are resolved: a number, or an identifier of one index space.
// Errors are left in the lexer; what is written after one is meaningless.
#pragma once

#include <string_view>

#include "engine/binary/byte_writer.h"
#include "engine/text/lexer.h"
#include "engine/text/module_builder.h"

namespace sluice {

/// A use of a function type: its index, and the identifiers of parameters written out.
struct TypeUse {
  uint32_t type = 0;
  uint32_t param_count = 0;
  bool is_inline = false;  // without (type …)
};

/// The address type and size limits of a memory or table, before they are written.
struct LimitsText {
  bool is_64 = false;
  bool is_shared = false;
  bool has_max = false;
  bool has_page_size = false;
  uint64_t min = 0;
  uint64_t max = 0;
  uint32_t page_size_log2 = 16;
};

class TypeParser {
 public:
  TypeParser(Lexer& lexer, ModuleBuilder& module) : lex_(lexer), module_(module) {}

  bool at_index() const { return lex_.at(TokenKind::Number) || lex_.at(TokenKind::Id); }
  /// An index, of a space whose identifiers are `ids`; `what` names it in messages.
  uint32_t parse_index(const Identifiers& ids, const char* what);
  uint32_t parse_index(IndexSpace which);
  uint32_t parse_u32(const char* what);
  uint64_t parse_u64(const char* what);
  /// The name of an identifier token: without $ and escapes.
  std::string_view identifier(const Token& token);
  /// An identifier if there is one, else nothing.
  std::string_view parse_optional_id();
  /// A string that must be UTF-8.
  String parse_name();

  /// At "(ref", or a word for a reference type.
  bool at_ref_type();
  void write_heap_type(ByteWriter& out);
  void write_ref_type(ByteWriter& out);
  void write_val_type(ByteWriter& out);
  /// A reference type for br_on_cast and ref.test: the heap type is written; is it nullable?
  bool write_ref_type_parts(ByteWriter& heap);

  /// The contents of "(type id? subtype)", behind the identifier. Appends to `group`.
  void parse_sub_type(ByteWriter& group, uint32_t index, bool is_alone);
  /// (type x)? (param …)* (result …)*; parameters are declared in `locals` if it is not null, else
  /// they may have no identifiers.
  TypeUse parse_type_use(Identifiers* locals);
  /// The same for a block: whether there is a type index, or else at most one result.
  void write_block_type(ByteWriter& out);
  void write_tag_type(ByteWriter& out);
  void write_table_type(ByteWriter& out, const LimitsText& limits);
  void write_global_type(ByteWriter& out);
  /// "i64"? min max? and, for a memory, shared and (pagesize …).
  LimitsText parse_limits(bool is_memory);
  /// "i32" or "i64" before limits.
  bool parse_address_type();
  /// "(pagesize n)", if there is one.
  void parse_page_size(LimitsText& limits);
  static void write_limits(ByteWriter& out, const LimitsText& limits);

 private:
  struct Signature {
    uint32_t param_count = 0;
    uint32_t result_count = 0;
    bool is_written = false;  // any (param …) or (result …)
    ByteWriter params;        // types alone
    ByteWriter results;
    String encoded() const;
  };
  Signature parse_signature(Identifiers* locals, bool may_name);
  TypeUse resolve(bool has_type, uint32_t type, uint64_t offset, const Signature& signature);
  void write_storage_type(ByteWriter& out);
  void write_field_type(ByteWriter& out);
  void parse_composite(ByteWriter& group, uint32_t index, bool findable);
  void parse_struct(ByteWriter& group, uint32_t index);
  uint64_t parse_number(uint64_t most, const char* what);

  Lexer& lex_;
  ModuleBuilder& module_;
};

}  // namespace sluice

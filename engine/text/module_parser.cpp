// The fields of a module. Element and data segments, custom sections and the offsets they need are
// in segment_parser.cpp.
#include "engine/text/module_parser.h"

#include <algorithm>

#include "engine/binary/byte_reader.h"
#include "engine/binary/type_reader.h"

namespace sluice {
namespace {

/// The fields by their word: where they are declared, and how an external of that kind is encoded.
struct FieldWord {
  std::string_view word;
  IndexSpace space;
  ExternKind kind;
};
constexpr FieldWord kExternWords[] = {
    {"func", IndexSpace::Func, ExternKind::Func},
    {"table", IndexSpace::Table, ExternKind::Table},
    {"memory", IndexSpace::Memory, ExternKind::Memory},
    {"global", IndexSpace::Global, ExternKind::Global},
    {"tag", IndexSpace::Tag, ExternKind::Tag},
};

const FieldWord* find_extern(std::string_view word) {
  for (const FieldWord& each : kExternWords) {
    if (each.word == word) return &each;
  }
  return nullptr;
}

/// The word that comes next, or null after an error that says what it should be.
const FieldWord* take_extern(Lexer& lex, const char* expected) {
  const Token word = lex.take();
  const FieldWord* found = find_extern(word.text);
  if (found == nullptr) {
    lex.fail(ErrorKind::UnexpectedToken, word.offset, quoted(word.text) + ", expected " + expected);
  }
  return found;
}

}  // namespace

Result<Vector<uint8_t>> ModuleParser::parse() {
  const bool is_wrapped = begin_module();
  fields_offset_ = lex_.taken_end();
  declare_fields();
  if (is_wrapped) lex_.expect_close();
  if (!lex_.at(TokenKind::Eof)) lex_.fail_here("the end of the text");
  parse_types();
  parse_fields();
  if (lex_.failed()) return std::unexpected(lex_.error());
  return module_.finish();
}

bool ModuleParser::begin_module() {
  if (lex_.at_open("component")) lex_.fail(ErrorKind::Component, lex_.peek().offset);
  if (!lex_.accept_open("module")) return false;
  module_.module_name = types_.parse_optional_id();
  if (const auto name = take_name()) module_.module_name = *name;
  return true;
}

// (@name "…")
std::optional<std::string_view> ModuleParser::take_name() {
  Annotation annotation;
  if (!lex_.take_annotation("name", annotation)) return std::nullopt;
  Lexer content(lex_.source(), annotation.begin, annotation.end);
  String name;
  if (content.at(TokenKind::Quoted)) content.append_string(content.take(), name);
  size_t bad = 0;
  if (content.failed() || !content.at(TokenKind::Eof)) {
    lex_.fail(ErrorKind::BadAnnotation, annotation.offset, "a name is one string");
  } else if (!is_utf8(std::span(reinterpret_cast<const uint8_t*>(name.data()), name.size()), bad)) {
    lex_.fail(ErrorKind::BadUtf8, annotation.offset);
  }
  return module_.keep(name);
}

// First walk: identifiers

void ModuleParser::declare_fields() {
  while (lex_.at(TokenKind::LeftParen)) {
    const uint64_t offset = lex_.peek().offset;
    lex_.take();
    const bool is_type = lex_.at_keyword("type") || lex_.at_keyword("rec");
    if (is_type) type_fields_.push_back(offset);
    declare_field();
  }
}

void ModuleParser::declare_field() {
  const Token word = lex_.take();
  if (word.kind != TokenKind::Keyword) {
    lex_.fail(ErrorKind::UnexpectedToken, word.offset,
              quoted(word.text) + ", expected the word of a field");
  } else if (word.text == "rec") {
    while (lex_.accept_open("type")) {
      declare(IndexSpace::Type);
      lex_.skip_to_close();
    }
  } else if (word.text == "type") {
    declare(IndexSpace::Type);
  } else if (word.text == "elem" || word.text == "data") {
    declare(word.text == "elem" ? IndexSpace::Elem : IndexSpace::Data);
  } else if (word.text == "import") {
    lex_.expect(TokenKind::Quoted, "the name of a module");
    lex_.expect(TokenKind::Quoted, "the name of an import");
    lex_.expect(TokenKind::LeftParen, "'('");
    const FieldWord* found = take_extern(lex_, "the kind of an import");
    if (found == nullptr) return;
    declare(found->space);
    lex_.skip_to_close();
  } else if (const FieldWord* found = find_extern(word.text); found != nullptr) {
    declare(found->space);
    if (found->kind == ExternKind::Table) return declare_inline_segment("elem", IndexSpace::Elem);
    if (found->kind == ExternKind::Memory) return declare_inline_segment("data", IndexSpace::Data);
  } else if (word.text != "export" && word.text != "start") {
    lex_.fail(ErrorKind::UnexpectedToken, word.offset,
              quoted(word.text) + ", expected the word of a field");
  }
  lex_.skip_to_close();
}

void ModuleParser::declare(IndexSpace which) {
  const Token token = lex_.peek();
  if (!module_.space(which).declare(types_.parse_optional_id())) {
    lex_.fail(ErrorKind::DuplicateIdentifier, token.offset,
              String(index_space_word(which)) + ' ' + quoted(token.text));
  }
}

// The rest of a table or memory, whose "(elem …)" or "(data …)" is a segment of its own.
void ModuleParser::declare_inline_segment(std::string_view word, IndexSpace which) {
  while (!lex_.at_close()) {
    if (lex_.at_open(word)) module_.space(which).declare({});
    if (lex_.take().kind == TokenKind::LeftParen) lex_.skip_to_close();
  }
  lex_.expect_close();
}

// Second walk: types

void ModuleParser::parse_types() {
  for (const uint64_t offset : type_fields_) {
    lex_.seek(offset);
    lex_.take();
    if (lex_.failed()) return;
    parse_marked(offset, [this] {
      if (lex_.take().text == "rec") {
        parse_rec_group();
      } else {
        parse_type(module_.section(SectionId::Type).add(), true);
      }
    });
  }
}

/// What `parse` adds to the sections comes from this place in the text.
template <class Parse>
void ModuleParser::parse_marked(uint64_t text_offset, Parse parse) {
  if (module_.text_map == nullptr) return parse();
  const auto size_of = [this](size_t id) { return module_.section(SectionId(id)).entries.size(); };
  std::array<uint64_t, kLastSectionId + 1> sizes{};
  for (size_t id = 0; id < sizes.size(); ++id) sizes[id] = size_of(id);
  parse();
  for (size_t id = 0; id < sizes.size(); ++id) {
    if (size_of(id) != sizes[id]) module_.mark(SectionId(id), sizes[id], text_offset);
  }
}

void ModuleParser::parse_rec_group() {
  ByteWriter group;
  uint32_t count = 0;
  for (; lex_.accept_open("type"); ++count) parse_type(group, false);
  lex_.expect_close();
  ByteWriter& out = module_.section(SectionId::Type).add();
  out.write_u8(kRecCode);
  out.write_u32(count);
  out.write_bytes(group.view());
}

void ModuleParser::parse_type(ByteWriter& group, bool is_alone) {
  const uint32_t index = take_identifier(IndexSpace::Type);
  types_.parse_sub_type(group, index, is_alone);
  lex_.check_annotations(lex_.peek().offset);
  lex_.expect_close();
}

// Third walk: the other fields

void ModuleParser::parse_fields() {
  lex_.seek(fields_offset_);
  for (;;) {
    Annotation annotation;
    while (lex_.take_annotation("custom", annotation)) parse_custom(annotation);
    lex_.check_annotations(lex_.peek().offset);
    if (!lex_.at(TokenKind::LeftParen)) break;
    parse_marked(lex_.peek().offset, [this] { parse_field(); });
  }
}

void ModuleParser::parse_field() {
  lex_.take();
  if (lex_.at_keyword("type") || lex_.at_keyword("rec")) {
    lex_.skip_to_close();
    return;
  }
  const std::string_view word = lex_.take().text;
  // clang-format off
  if (word == "import") parse_import();
  else if (word == "func") parse_func();
  else if (word == "table") parse_table();
  else if (word == "memory") parse_memory();
  else if (word == "global") parse_global();
  else if (word == "tag") parse_tag();
  else if (word == "export") parse_export();
  else if (word == "start") parse_start();
  else if (word == "elem") parse_elem();
  else if (word == "data") parse_data();
  // clang-format on
  lex_.check_annotations(lex_.peek().offset);
  lex_.expect_close();
}

uint32_t ModuleParser::take_identifier(IndexSpace which) {
  const uint32_t index = next_[static_cast<size_t>(which)]++;
  if (lex_.at(TokenKind::Id)) lex_.take();
  const auto name = take_name();
  if (name && !lex_.failed()) module_.space(which).rename(index, *name);
  return index;
}

uint32_t ModuleParser::parse_head(IndexSpace which, ImportNames& import) {
  const uint32_t index = take_identifier(which);
  const auto kind = static_cast<ExternKind>(static_cast<uint8_t>(which) - 1);
  while (lex_.accept_open("export")) {
    write_export(types_.parse_name(), kind, index);
    lex_.expect_close();
  }
  const uint64_t offset = lex_.peek().offset;
  if (lex_.accept_open("import")) {
    import.is_set = true;
    import.module = types_.parse_name();
    import.name = types_.parse_name();
    lex_.expect_close();
    if (has_definition_) lex_.fail(ErrorKind::ImportAfterDefinition, offset);
    begin_import(import, kind);
  } else {
    has_definition_ = true;
  }
  return index;
}

void ModuleParser::begin_import(const ImportNames& import, ExternKind kind) {
  ByteWriter& out = module_.section(SectionId::Import).add();
  out.write_name(import.module);
  out.write_name(import.name);
  out.write_u8(static_cast<uint8_t>(kind));
}

void ModuleParser::write_export(std::string_view name, ExternKind kind, uint32_t index) {
  ByteWriter& out = module_.section(SectionId::Export).add();
  out.write_name(name);
  out.write_u8(static_cast<uint8_t>(kind));
  out.write_u32(index);
}

void ModuleParser::parse_import() {
  if (has_definition_) lex_.fail(ErrorKind::ImportAfterDefinition, lex_.peek().offset);
  ImportNames import;
  import.module = types_.parse_name();
  import.name = types_.parse_name();
  lex_.expect(TokenKind::LeftParen, "'('");
  const FieldWord* found = find_extern(lex_.take().text);
  if (found == nullptr) return;  // the first walk has said so
  take_identifier(found->space);
  begin_import(import, found->kind);
  ByteWriter& out = module_.section(SectionId::Import).entries;
  switch (found->kind) {
  case ExternKind::Func:
    locals_.clear();
    out.write_u32(types_.parse_type_use(&locals_).type);
    break;
  case ExternKind::Table: types_.write_table_type(out, types_.parse_limits(false)); break;
  case ExternKind::Memory: TypeParser::write_limits(out, types_.parse_limits(true)); break;
  case ExternKind::Global: types_.write_global_type(out); break;
  case ExternKind::Tag: types_.write_tag_type(out); break;
  }
  lex_.expect_close();
}

void ModuleParser::parse_func() {
  ImportNames import;
  const uint32_t index = parse_head(IndexSpace::Func, import);
  locals_.clear();
  const TypeUse use = types_.parse_type_use(&locals_);
  if (import.is_set) {
    module_.section(SectionId::Import).entries.write_u32(use.type);
    return;
  }
  module_.section(SectionId::Function).add().write_u32(use.type);
  parse_body(index);
}

void ModuleParser::parse_body(uint32_t func) {
  ByteWriter body;
  parse_locals(body);
  instrs_.parse_expr(body, &locals_);
  ByteWriter& code = module_.section(SectionId::Code).add();
  code.write_sized(body);
  for (const InstrParser::Mark& mark : instrs_.marks()) {
    module_.mark(SectionId::Code, code.size() - body.size() + mark.code_offset, mark.text_offset);
  }
  if (const SectionText& hints = instrs_.hints(); hints.count != 0) {
    ByteWriter& out = module_.branch_hints.add();
    out.write_u32(func);
    out.write_u32(hints.count);
    out.write_bytes(hints.entries.view());
  }
  SectionText names;
  for (uint32_t i = 0; i < locals_.size(); ++i) {
    if (locals_.names()[i].empty()) continue;
    names.add().write_u32(i);
    names.entries.write_name(locals_.names()[i]);
  }
  if (names.count == 0) return;
  ByteWriter& out = module_.local_names.add();
  out.write_u32(func);
  out.write_u32(names.count);
  out.write_bytes(names.entries.view());
}

// Runs of equal types are one entry.
void ModuleParser::parse_locals(ByteWriter& body) {
  ByteWriter groups;
  ByteWriter last;
  uint32_t group_count = 0;
  uint32_t run = 0;
  const auto close = [&] {
    if (run == 0) return;
    groups.write_u32(run);
    groups.write_bytes(last.view());
    ++group_count;
    run = 0;
  };
  const auto local = [&] {
    ByteWriter type;
    types_.write_val_type(type);
    if (run == 0 || !std::ranges::equal(type.view(), last.view())) {
      close();
      last = std::move(type);
    }
    ++run;
  };
  while (lex_.accept_open("local")) {
    if (lex_.at(TokenKind::Id)) {
      const Token token = lex_.take();
      if (!locals_.declare(types_.identifier(token))) {
        lex_.fail(ErrorKind::DuplicateIdentifier, token.offset, "local " + quoted(token.text));
      }
      local();
    } else {
      while (!lex_.at_close()) {
        locals_.declare({});
        local();
      }
    }
    lex_.expect_close();
  }
  close();
  body.write_u32(group_count);
  body.write_bytes(groups.view());
}

void ModuleParser::parse_table() {
  ImportNames import;
  const uint32_t index = parse_head(IndexSpace::Table, import);
  if (import.is_set) {
    const LimitsText limits = types_.parse_limits(false);
    return types_.write_table_type(module_.section(SectionId::Import).entries, limits);
  }
  LimitsText limits;
  limits.is_64 = types_.parse_address_type();
  if (types_.at_ref_type()) return parse_inline_elem(index, limits);
  const bool is_64 = limits.is_64;
  limits = types_.parse_limits(false);
  limits.is_64 |= is_64;
  ByteWriter type;
  types_.write_table_type(type, limits);
  ByteWriter& out = module_.section(SectionId::Table).add();
  const bool has_init = !lex_.at(TokenKind::RightParen);
  if (has_init) {
    constexpr uint8_t kWithInit = 0x40;
    out.write_u8(kWithInit);
    out.write_u8(0);
  }
  out.write_bytes(type.view());
  if (has_init) instrs_.parse_expr(out, nullptr);
}

void ModuleParser::parse_memory() {
  ImportNames import;
  const uint32_t index = parse_head(IndexSpace::Memory, import);
  if (import.is_set) {
    return TypeParser::write_limits(module_.section(SectionId::Import).entries,
                                    types_.parse_limits(true));
  }
  LimitsText limits;
  limits.is_64 = types_.parse_address_type();
  if (!lex_.at(TokenKind::LeftParen)) {
    const bool is_64 = limits.is_64;
    limits = types_.parse_limits(true);
    limits.is_64 |= is_64;
    return TypeParser::write_limits(module_.section(SectionId::Memory).add(), limits);
  }
  // "(data …)" inside: a memory just large enough, and an active segment.
  types_.parse_page_size(limits);
  if (!lex_.accept_open("data")) return lex_.fail_here("a size or (data …)");
  const String bytes = parse_strings();
  lex_.expect_close();
  const uint64_t page = uint64_t{1} << (limits.page_size_log2 & 63);
  limits.min = bytes.size() / page + (bytes.size() % page != 0 ? 1 : 0);
  limits.max = limits.min;
  limits.has_max = true;
  TypeParser::write_limits(module_.section(SectionId::Memory).add(), limits);
  ++next_[static_cast<size_t>(IndexSpace::Data)];
  ByteWriter& out = module_.section(SectionId::Data).add();
  out.write_u32(index == 0 ? 0 : 2);
  if (index != 0) out.write_u32(index);
  write_zero_offset(out, limits.is_64);
  out.write_name(bytes);
}

void ModuleParser::parse_global() {
  ImportNames import;
  parse_head(IndexSpace::Global, import);
  if (import.is_set) {
    return types_.write_global_type(module_.section(SectionId::Import).entries);
  }
  ByteWriter& out = module_.section(SectionId::Global).add();
  types_.write_global_type(out);
  instrs_.parse_expr(out, nullptr);
}

void ModuleParser::parse_tag() {
  ImportNames import;
  parse_head(IndexSpace::Tag, import);
  types_.write_tag_type(import.is_set ? module_.section(SectionId::Import).entries
                                      : module_.section(SectionId::Tag).add());
}

void ModuleParser::parse_export() {
  const String name = types_.parse_name();
  lex_.expect(TokenKind::LeftParen, "'('");
  const FieldWord* found = take_extern(lex_, "the kind of an export");
  if (found == nullptr) return;
  write_export(name, found->kind, types_.parse_index(found->space));
  lex_.expect_close();
}

void ModuleParser::parse_start() {
  if (module_.has_start) lex_.fail(ErrorKind::SecondStart, lex_.peek().offset);
  module_.has_start = true;
  module_.start = types_.parse_index(IndexSpace::Func);
}

}  // namespace sluice

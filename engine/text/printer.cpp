// The text of a binary module, section by section.
//
// It reads the bytes itself instead of a decoded Module: that one names types by their
// representatives and is only made of valid modules, while text is to be what is there. Errors are
// kept by the reader, as everywhere; nothing is recursive. What has been printed leaves in pieces:
// locals are one by one in text, so a few bytes may be a megabyte of it.
#include <algorithm>
#include <array>

#include "engine/binary/branch_hints.h"
#include "engine/binary/byte_reader.h"
#include "engine/binary/immediates.h"
#include "engine/binary/sections.h"
#include "engine/binary/type_reader.h"
#include "engine/text/escape.h"
#include "engine/text/module_builder.h"
#include "engine/text/printer_names.h"
#include "engine/text/section_words.h"
#include "engine/text/text.h"
#include "engine/wasm/limits.h"

namespace sluice {
namespace {

struct Section {
  SectionId id{};
  SectionId after{};      // Custom: the section before it; Custom for none
  std::string_view name;  // Custom
  std::span<const uint8_t> payload;
  uint64_t offset = 0;  // of the payload
};

constexpr size_t kPieceBytes = size_t{64} << 10;

constexpr const char* kExternWords[] = {"func", "table", "memory", "global", "tag"};

class Printer {
 public:
  Printer(std::span<const uint8_t> bytes, TextSink sink) : in_(bytes, 0), sink_(sink) {}

  Result<void> print() {
    split_sections();
    count_spaces();
    is_counting_ = false;
    out_ = "(module";
    if (!names_.module_name().empty()) {
      out_ += ' ';
      append_identifier(out_, names_.module_name());
    }
    for (const Section& section : sections_) {
      if (in_.failed()) break;
      print_section(section);
    }
    out_ += ")\n";
    flush();
    if (in_.failed()) return in_.take_error();
    return {};
  }

 private:
  void split_sections() {
    constexpr uint64_t kMagicAndVersion = 0x1'6d73'6100;
    const uint64_t header = in_.read_fixed_u64();
    if (!in_.failed() && header != kMagicAndVersion) {
      const bool is_magic = (header & 0xffff'ffff) == (kMagicAndVersion & 0xffff'ffff);
      in_.fail(is_magic ? ErrorKind::BadVersion : ErrorKind::BadMagic, is_magic ? 4 : 0);
    }
    SectionId last = SectionId::Custom;
    uint8_t last_place = 0;
    while (!in_.at_end()) {
      const uint64_t at = in_.offset();
      const uint8_t id = in_.read_u8();
      const uint64_t size_offset = in_.offset();
      const uint32_t size = in_.read_u32();
      Section section;
      section.offset = in_.offset();
      section.payload = in_.read_bytes(size, size_offset);
      if (!in_.failed() && id > kLastSectionId) in_.fail(ErrorKind::BadSectionId, at);
      if (in_.failed()) return;
      section.id = SectionId{id};
      section.after = last;
      if (section.id == SectionId::Custom) {
        ByteReader r(section.payload, section.offset);
        section.name = r.read_name();
        if (r.failed()) return keep_error(r);
        section.payload = section.payload.last(r.remaining());
        if (take_custom(section)) continue;
      } else {
        const uint8_t place = ModuleBuilder::place_of(section.id);
        if (place <= last_place) return in_.fail(ErrorKind::SectionOrder, at);
        last_place = place;
        if (!is_empty(section)) last = section.id;
      }
      sections_.push_back(section);
    }
  }

  /// Is it not there in what our parser makes of the text?
  static bool is_empty(const Section& section) {
    if (section.id == SectionId::Start || section.id == SectionId::DataCount) return false;
    return ByteReader(section.payload, 0).read_u32() == 0;
  }

  /// Which names belong to something: indices may be named before they are declared. Types and
  /// imports tell their numbers only when they are read, so they are printed once for nothing.
  void count_spaces() {
    constexpr std::pair<SectionId, IndexSpace> kDefined[] = {
        {SectionId::Function, IndexSpace::Func}, {SectionId::Table, IndexSpace::Table},
        {SectionId::Memory, IndexSpace::Memory}, {SectionId::Global, IndexSpace::Global},
        {SectionId::Tag, IndexSpace::Tag},       {SectionId::Element, IndexSpace::Elem},
        {SectionId::Data, IndexSpace::Data}};
    for (const Section& section : sections_) {
      if (section.id == SectionId::Type || section.id == SectionId::Import) print_section(section);
    }
    std::array<uint32_t, kIndexSpaces> sizes = next_;
    for (const Section& section : sections_) {
      for (const auto& [id, which] : kDefined) {
        if (section.id != id) continue;
        sizes[static_cast<size_t>(which)] += ByteReader(section.payload, 0).read_u32();
      }
    }
    for (size_t i = 0; i < kIndexSpaces; ++i) names_.set_size(IndexSpace(i), sizes[i]);
    next_ = {};
    signatures_.clear();
  }

  /// Names and hints are printed where they belong.
  bool take_custom(const Section& section) {
    if (section.name == "name") {
      names_.read_names(section.payload);
      return true;
    }
    if (section.name != kBranchHintSection || !hints_.empty()) return false;
    ByteReader r(section.payload, section.offset);
    auto hints = read_branch_hints(r);
    if (hints) hints_ = *std::move(hints);
    return hints.has_value();
  }

  void keep_error(ByteReader& r) {
    if (r.failed()) in_.fail(r.error().kind, r.error().offset, r.error().detail);
  }

  void print_section(const Section& section) {
    if (section.id == SectionId::Custom) return print_custom(section);
    ByteReader r(section.payload, section.offset);
    if (section.id == SectionId::Start) {
      line("(start ");
      index(IndexSpace::Func, r.read_u32());
      out_ += ')';
    } else if (section.id == SectionId::DataCount) {
      r.read_u32();
    } else {
      const uint32_t count = r.read_u32();
      for (uint32_t i = 0; i < count && !r.failed() && !in_.failed(); ++i) {
        print_entry(section.id, r);
        flush_piece();
      }
      if (in_.failed()) return;
    }
    if (!r.failed() && !r.at_end()) r.fail(ErrorKind::SectionSize, r.offset());
    keep_error(r);
  }

  void print_entry(SectionId id, ByteReader& r) {
    switch (id) {
    case SectionId::Type: return print_rec_group(r);
    case SectionId::Import: return print_import(r);
    case SectionId::Function: func_types_.push_back(r.read_u32()); return;
    case SectionId::Table: return print_table(r);
    case SectionId::Memory:
      declare("(memory", IndexSpace::Memory);
      print_limits(r, true);
      break;
    case SectionId::Global:
      declare("(global", IndexSpace::Global);
      print_global_type(r);
      print_expr(r);
      break;
    case SectionId::Tag:
      declare("(tag", IndexSpace::Tag);
      r.read_u8();
      print_type_use(r.read_u32());
      break;
    case SectionId::Export: {
      line("(export ");
      string(r.read_name());
      const uint8_t kind = read_kind(r);
      out_ += std::string_view(" (");
      out_ += kExternWords[kind];
      out_ += ' ';
      index(IndexSpace{static_cast<uint8_t>(kind + 1)}, r.read_u32());
      out_ += "))";
      return;
    }
    case SectionId::Element: return print_elem(r);
    case SectionId::Code: return print_func(r);
    case SectionId::Data: return print_data(r);
    case SectionId::Custom:
    case SectionId::Start:
    case SectionId::DataCount: return;
    }
    out_ += ')';
  }

  // Small things

  void flush() {
    if (is_counting_ || in_.failed()) return;
    if (sink_.take != nullptr && !sink_.take(sink_.env, out_)) in_.fail(ErrorKind::Io, kNoOffset);
    out_.clear();
  }
  void flush_piece() {
    if (out_.size() >= kPieceBytes) flush();
  }

  void line(std::string_view text) {
    out_ += "\n  ";
    out_ += text;
  }
  void number(uint64_t value) {
    out_ += ' ';
    out_ += decimal(value);
  }
  void index(IndexSpace which, uint32_t value) { names_.append(out_, which, value); }
  void string(std::string_view bytes) {
    out_ += '"';
    append_escaped(out_, bytes, true);
    out_ += '"';
  }
  /// A string of any length.
  void data(std::span<const uint8_t> bytes) {
    out_ += '"';
    for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
      const auto piece = bytes.subspan(at, std::min(kPieceBytes, bytes.size() - at));
      append_escaped(out_, {reinterpret_cast<const char*>(piece.data()), piece.size()}, true);
      flush_piece();
    }
    out_ += '"';
  }
  void type(ValType value) {
    out_ += ' ';
    append_type(out_, value, &names_);
  }
  uint32_t declare(std::string_view word, IndexSpace which) {
    line(word);
    const uint32_t at = next_[static_cast<size_t>(which)]++;
    names_.append_declaration(out_, which, at);
    return at;
  }
  /// Indices of types as they are, up to what a HeapType can hold.
  static TypeScope scope() {
    TypeScope all({}, Features::all());
    all.type_count = 1u << 22;
    return all;
  }
  static uint8_t read_kind(ByteReader& r) {
    const uint64_t at = r.offset();
    const uint8_t kind = r.read_u8();
    if (kind < std::size(kExternWords)) return kind;
    r.fail(ErrorKind::BadExportKind, at);
    return 0;
  }

  // Types

  void print_rec_group(ByteReader& r) {
    if (r.peek_u8() != kRecCode) return print_type(r);
    r.read_u8();
    line("(rec");
    const uint32_t count = r.read_u32();
    for (uint32_t i = 0; i < count && !r.failed(); ++i) print_type(r);
    out_ += ')';
  }

  void print_type(ByteReader& r) {
    const uint32_t at = declare("(type", IndexSpace::Type);
    const uint8_t form = r.peek_u8();
    const bool is_sub = form == kSubCode || form == kSubFinalCode;
    if (is_sub) {
      r.read_u8();
      out_ += form == kSubCode ? " (sub" : " (sub final";
      const uint32_t count = r.read_u32();
      for (uint32_t i = 0; i < count && !r.failed(); ++i) {
        out_ += ' ';
        index(IndexSpace::Type, r.read_u32());
      }
    }
    print_composite(r, at);
    out_ += is_sub ? "))" : ")";
  }

  void print_composite(ByteReader& r, uint32_t at) {
    signatures_.resize(at + 1);
    const uint64_t offset = r.offset();
    switch (r.read_u8()) {
    case kFuncCode: {
      Signature& signature = signatures_[at];
      signature.is_func = true;
      for (Vector<ValType>* list : {&signature.params, &signature.results}) {
        const uint32_t count = r.read_u32();
        for (uint32_t i = 0; i < count && !r.failed(); ++i) {
          list->push_back(read_val_type(r, scope()));
        }
      }
      out_ += " (func";
      print_signature(signature, false);
      break;
    }
    case kStructCode: {
      out_ += " (struct";
      const uint32_t count = r.read_u32();
      for (uint32_t i = 0; i < count && !r.failed(); ++i) {
        out_ += " (field";
        names_.append_field_id(out_, at, i);
        print_field_type(r);
        out_ += ')';
      }
      names_.set_field_count(at, count);
      break;
    }
    case kArrayCode:
      out_ += " (array";
      print_field_type(r);
      break;
    default: r.fail(ErrorKind::BadTypeForm, offset);
    }
    out_ += ')';
  }

  void print_mutable(ValType of, ByteReader& r) {
    const uint64_t at = r.offset();
    const uint8_t mutability = r.read_u8();
    if (mutability > 1) r.fail(ErrorKind::BadMutability, at);
    if (mutability == 1) out_ += " (mut";
    type(of);
    if (mutability == 1) out_ += ')';
  }
  void print_field_type(ByteReader& r) {
    const ValType storage = read_storage_type(r, scope());
    print_mutable(storage, r);
  }
  void print_global_type(ByteReader& r) {
    const ValType value = read_val_type(r, scope());
    print_mutable(value, r);
  }

  struct Signature {
    bool is_func = false;
    Vector<ValType> params;
    Vector<ValType> results;
  };

  /// Types one by one where they have names, else together.
  void print_list(const char* word, std::span<const ValType> types, bool named, uint32_t first) {
    bool is_open = false;
    for (uint32_t i = 0; i < types.size(); ++i) {
      const bool has_id = named && names_.has_local_id(first + i);
      if (is_open && has_id) {
        out_ += ')';
        is_open = false;
      }
      if (!is_open) {
        out_ += " (";
        out_ += word;
      }
      if (has_id) names_.append_local_id(out_, first + i);
      type(types[i]);
      if (has_id) out_ += ')';
      is_open = !has_id;
    }
    if (is_open) out_ += ')';
  }

  void print_signature(const Signature& signature, bool named) {
    print_list("param", signature.params, named, 0);
    print_list("result", signature.results, false, 0);
  }

  void print_type_use(uint32_t at) {
    out_ += " (type ";
    index(IndexSpace::Type, at);
    out_ += ')';
  }

  // Imports, tables, memories

  void print_import(ByteReader& r) {
    line("(import ");
    string(r.read_name());
    out_ += ' ';
    string(r.read_name());
    const uint64_t at = r.offset();
    const uint8_t kind = r.read_u8();
    if (kind >= std::size(kExternWords)) r.fail(ErrorKind::BadImportKind, at);
    if (r.failed()) return;
    const IndexSpace which{static_cast<uint8_t>(kind + 1)};
    out_ += " (";
    out_ += kExternWords[kind];
    names_.append_declaration(out_, which, next_[static_cast<size_t>(which)]++);
    switch (which) {
    case IndexSpace::Func: print_type_use(r.read_u32()); break;
    case IndexSpace::Table: print_table_type(r); break;
    case IndexSpace::Memory: print_limits(r, true); break;
    case IndexSpace::Global: print_global_type(r); break;
    default: r.read_u8(); print_type_use(r.read_u32());
    }
    out_ += "))";
  }

  // The element type comes first in binary, and last in text.
  void print_table_type(ByteReader& r) {
    const ValType element = read_ref_type(r, scope());
    print_limits(r, false);
    type(element);
  }

  void print_table(ByteReader& r) {
    constexpr uint8_t kWithInit = 0x40;
    declare("(table", IndexSpace::Table);
    const bool has_init = r.peek_u8() == kWithInit;
    if (has_init) {
      r.read_u8();
      r.read_u8();
    }
    print_table_type(r);
    if (has_init) print_expr(r);
    out_ += ')';
  }

  void print_limits(ByteReader& r, bool is_memory) {
    const uint64_t at = r.offset();
    const uint8_t flags = r.read_u8();
    if (flags > (is_memory ? 15 : 5) || (!is_memory && (flags & 2) != 0)) {
      r.fail(ErrorKind::BadLimitsFlags, at);
    }
    if ((flags & 4) != 0) out_ += " i64";
    number(r.read_u64());
    if ((flags & 1) != 0) number(r.read_u64());
    if ((flags & 2) != 0) out_ += " shared";
    if ((flags & 8) != 0) {
      const uint64_t log2_at = r.offset();
      const uint32_t log2 = r.read_u32();
      if (log2 >= 64) r.fail(ErrorKind::BadPageSize, log2_at);
      out_ += " (pagesize";
      number(uint64_t{1} << (log2 & 63));
      out_ += ')';
    }
  }

  // Expressions and segments

  /// Constant instructions up to the end, each in parentheses. Gives their number.
  uint32_t print_expr(ByteReader& r) {
    for (uint32_t count = 0;; ++count) {
      read_instr(r, scope(), scratch_, instr_);
      if (r.failed() || instr_.op == Op::End) return count;
      const Imm imm = op_info(instr_.op).imm;
      if (op_info(instr_.op).category == Category::LegacyException || imm == Imm::Block ||
          imm == Imm::TryTable || instr_.op == Op::Else) {
        r.fail(ErrorKind::ConstExprRequired, instr_.offset);
      }
      out_ += " (";
      append_instr(out_, instr_, &names_);
      out_ += ')';
    }
  }

  /// The same inside "(word …)", which one instruction alone does not need.
  void print_wrapped_expr(ByteReader& r, std::string_view word) {
    const size_t begin = out_.size();
    if (print_expr(r) == 1) return;
    out_.insert(begin, " (" + String(word));
    out_ += ')';
  }

  void print_elem(ByteReader& r) {
    constexpr uint32_t kNotActive = 1;
    constexpr uint32_t kExplicit = 2;
    constexpr uint32_t kExprs = 4;
    declare("(elem", IndexSpace::Elem);
    const uint64_t at = r.offset();
    const uint32_t flags = r.read_u32();
    if (flags > 7) r.fail(ErrorKind::BadElemFlags, at);
    if ((flags & kNotActive) == 0) {
      if ((flags & kExplicit) != 0) {
        out_ += " (table ";
        index(IndexSpace::Table, r.read_u32());
        out_ += ')';
      }
      print_wrapped_expr(r, "offset");
    } else if ((flags & kExplicit) != 0) {
      out_ += " declare";
    }
    const bool has_exprs = (flags & kExprs) != 0;
    const bool has_type = (flags & (kNotActive | kExplicit)) != 0;
    if (has_exprs) {
      type(has_type ? read_ref_type(r, scope()) : kFuncRef);
    } else {
      if (has_type && r.read_u8() != 0) r.fail(ErrorKind::BadElemKind, at);
      out_ += " func";
    }
    const uint32_t count = r.read_u32();
    for (uint32_t i = 0; i < count && !r.failed(); ++i) {
      if (has_exprs) {
        print_wrapped_expr(r, "item");
      } else {
        out_ += ' ';
        index(IndexSpace::Func, r.read_u32());
      }
      flush_piece();
    }
    out_ += ')';
  }

  void print_data(ByteReader& r) {
    constexpr uint32_t kPassive = 1;
    constexpr uint32_t kWithMemory = 2;
    declare("(data", IndexSpace::Data);
    const uint64_t at = r.offset();
    const uint32_t flags = r.read_u32();
    if (flags > kWithMemory) r.fail(ErrorKind::BadDataFlags, at);
    const uint32_t memory = flags == kWithMemory ? r.read_u32() : 0;
    if (memory != 0) {
      out_ += " (memory ";
      index(IndexSpace::Memory, memory);
      out_ += ')';
    }
    if (flags != kPassive) print_wrapped_expr(r, "offset");
    const uint64_t length_at = r.offset();
    const uint32_t length = r.read_u32();
    out_ += ' ';
    data(r.read_bytes(length, length_at));
    out_ += ')';
  }

  void print_custom(const Section& section) {
    line("(@custom ");
    string(section.name);
    const auto* row = std::ranges::find(kSectionWords, section.after, &SectionWord::id);
    out_ +=
        row == std::end(kSectionWords) ? " (before first)" : " (after " + String(row->word) + ")";
    out_ += ' ';
    data(section.payload);
    out_ += ')';
  }

  // Functions

  void print_func(ByteReader& section) {
    const uint64_t size_at = section.offset();
    const uint32_t size = section.read_u32();
    const uint64_t begin = section.offset();
    ByteReader r(section.read_bytes(size, size_at), begin);
    if (section.failed()) return;
    if (bodies_ >= func_types_.size()) return section.fail(ErrorKind::FuncCodeCount, size_at);
    const uint32_t type_index = func_types_[bodies_++];
    const uint32_t func = declare("(func", IndexSpace::Func);
    const Signature* signature = type_index < signatures_.size() && signatures_[type_index].is_func
                                     ? &signatures_[type_index]
                                     : nullptr;
    const size_t params = signature != nullptr ? signature->params.size() : 0;
    const Vector<ValType> locals = read_locals(r);
    names_.enter_function(func, static_cast<uint32_t>(params + locals.size()));
    print_type_use(type_index);
    // The type says what parameters there are; they are repeated for their names.
    if (names_.has_local_id_below(static_cast<uint32_t>(params))) print_signature(*signature, true);
    if (!locals.empty()) {
      out_ += "\n   ";
      print_list("local", locals, true, static_cast<uint32_t>(params));
    }
    print_body(r, func, begin);
    out_ += ')';
    if (r.failed()) section.fail(r.error().kind, r.error().offset, r.error().detail);
  }

  Vector<ValType> read_locals(ByteReader& r) {
    const uint32_t groups = r.read_u32();
    Vector<ValType> types;
    for (uint32_t i = 0; i < groups && !r.failed(); ++i) {
      const uint64_t at = r.offset();
      const uint32_t count = r.read_u32();
      const ValType each = read_val_type(r, scope());
      if (count > kMaxLocals - types.size()) r.fail(ErrorKind::TooManyLocals, at);
      if (!r.failed()) types.insert(types.end(), count, each);
    }
    return types;
  }

  void print_body(ByteReader& r, uint32_t func, uint64_t begin) {
    constexpr size_t kMostIndent = 40;  // so that depth does not make the text quadratic
    std::span<const BranchHint> hints = hints_.of(FuncIdx{func});
    size_t depth = 1;
    while (!r.failed()) {
      read_instr(r, scope(), scratch_, instr_);
      if (r.failed()) return;
      const Op op = instr_.op;
      const bool closes = op == Op::End || op == Op::Delegate;
      if (closes && --depth == 0) break;
      const bool is_arm = op == Op::Else || op == Op::Catch || op == Op::CatchAll;
      out_ += '\n';
      out_.append(2 + 2 * std::min(depth - (is_arm && depth > 1 ? 1 : 0), kMostIndent), ' ');
      while (!hints.empty() && hints[0].offset <= instr_.offset - begin) {
        const bool fits =
            hints[0].offset == instr_.offset - begin && (op == Op::If || op == Op::BrIf);
        if (fits) {
          out_ += hints[0].is_likely ? "(@metadata.code.branch_hint \"\\01\") "
                                     : "(@metadata.code.branch_hint \"\\00\") ";
        }
        hints = hints.subspan(1);
      }
      append_instr(out_, instr_, &names_);
      flush_piece();
      const Imm imm = op_info(op).imm;
      if (imm == Imm::Block || imm == Imm::TryTable) ++depth;
    }
    if (!r.failed() && !r.at_end()) r.fail(ErrorKind::BodySize, r.offset());
  }

  ByteReader in_;
  TextSink sink_;
  bool is_counting_ = true;  // what is printed goes nowhere
  String out_;               // not yet given to the sink
  PrinterNames names_;
  BranchHints hints_;
  Vector<Section> sections_;
  Vector<Signature> signatures_;  // by type
  Vector<uint32_t> func_types_;   // of defined functions
  size_t bodies_ = 0;             // printed so far
  std::array<uint32_t, kIndexSpaces> next_{};
  ImmediateScratch scratch_;
  Instr instr_;
};

}  // namespace

Result<String> wasm_to_wat(std::span<const uint8_t> bytes) {
  String text;
  const auto append = [](void* env, std::string_view piece) {
    static_cast<String*>(env)->append(piece);
    return true;
  };
  TRY_VOID(Printer(bytes, {append, &text}).print());
  return text;
}

Result<void> wasm_to_wat(std::span<const uint8_t> bytes, TextSink sink) {
  TRY_VOID(Printer(bytes, {}).print());
  return Printer(bytes, sink).print();
}

}  // namespace sluice

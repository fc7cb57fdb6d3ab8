// InstrParser: instructions in text (spec 6.5), flat and folded, written as binary.
//
// One loop over tokens and a stack of what is open, so that the text never decides the depth of
// recursion. A folded instruction is encoded when its name is read, kept aside while its operands
// are written, and written when its parenthesis closes. Immediates are read by one function per
// kind, as the table of opcodes names them.
#pragma once

#include <string_view>

#include "engine/text/module_builder.h"
#include "engine/text/type_parser.h"
#include "engine/wasm/opcodes.h"

namespace sluice {

class InstrParser {
 public:
  InstrParser(Lexer& lexer, ModuleBuilder& module, TypeParser& types)
      : lex_(lexer), module_(module), types_(types) {}

  /// Instructions up to a closing parenthesis, which stays, and the final end. `locals`: those of
  /// the function; null in a constant expression.
  void parse_expr(ByteWriter& out, const Identifiers* locals);
  /// One folded instruction and the final end: what may stand for "(offset …)" and "(item …)".
  void parse_folded_expr(ByteWriter& out);

  /// From now on marks() are kept.
  void keep_marks() { keeps_marks_ = true; }
  struct Mark {
    uint64_t code_offset;  // from where parse_expr() began to write
    uint64_t text_offset;
  };
  /// Where the instructions of the expression that was parsed last are in code and in text.
  const Vector<Mark>& marks() const { return marks_; }

  /// The hints of the function that was parsed last, as the hint section has them.
  const SectionText& hints() const { return hints_; }

 private:
  enum class Open : uint8_t {
    Flat,          // block, loop, if, try or try_table: until end
    FlatElse,      // behind else
    FlatCatch,     // behind catch
    FlatCatchAll,  // behind catch_all
    Plain,         // a folded instruction whose operands are being read
    Body,          // a folded block, loop or try_table
    If,            // a folded if before its (then
    IfDone,        // behind (then …), maybe (else …)
    Arm,           // inside (then …) or (else …)
    Try,           // a folded try before its (do
    TryDone,       // behind (do …)
    TryCaught,     // behind (catch_all …) or (delegate …): nothing more may come
    Part,          // inside (do …), (catch …) or (catch_all …)
  };
  struct Frame {
    explicit Frame(Open o) : open(o) {}
    Open open;
    bool has_else = false;
    bool has_hint = false;
    uint8_t hint = 0;
    Op op = Op::Illegal;
    std::string_view label;
    uint64_t offset = 0;       // in the text
    size_t pending_start = 0;  // Plain, If: the instruction, in pending_
  };
  struct Label {
    std::string_view id;
    uint32_t shadowed;  // 1 + the label of the same name that this one hides; 0: none
  };
  struct Hint {
    bool is_set = false;
    uint8_t value = 0;
  };

  void begin(ByteWriter& out, const Identifiers* locals);
  void step();
  void flat_instr();
  void folded_instr();
  void close_folded();
  void open_part();
  void open_arm();
  void end_block();
  void else_arm();
  void catch_clause(bool is_all);
  void delegate();
  void check_label_after(const Frame& frame);

  void write_block_op(ByteWriter& out, Op op);
  void push_block(Open open, Op op, std::string_view label, uint64_t offset);
  void push_label(std::string_view id);
  void pop_label();
  uint32_t parse_label();

  Op parse_op();
  void write_op(ByteWriter& out, Op op);
  void write_instr(ByteWriter& out, Op op);
  void write_immediates(ByteWriter& out, Op op);
  void write_index_pair(ByteWriter& out, Op op);
  void write_optional_pair(ByteWriter& out, IndexSpace first, IndexSpace second, bool both);
  void write_field(ByteWriter& out);
  void write_label_table(ByteWriter& out);
  void write_call_indirect(ByteWriter& out);
  void write_mem_arg(ByteWriter& out, Op op, bool has_lane);
  void write_lane(ByteWriter& out);
  void write_v128(ByteWriter& out);
  void write_number(ByteWriter& out, Imm imm);
  void write_typed_instr(ByteWriter& out, Op op);
  void write_catches(ByteWriter& out);
  uint64_t parse_lane_value(unsigned width_bits, bool is_float);

  void mark(uint64_t text_offset) {
    if (keeps_marks_) marks_.push_back({code_->size(), text_offset});
  }
  Hint take_hint();
  void note_hint(Hint hint, Op op);

  Lexer& lex_;
  ModuleBuilder& module_;
  TypeParser& types_;
  ByteWriter* code_ = nullptr;
  const Identifiers* locals_ = nullptr;
  ByteWriter pending_;
  Vector<Frame> frames_;
  Vector<Label> labels_;
  HashMap<std::string_view, uint32_t> innermost_;  // 1 + the innermost label of a name
  SectionText hints_;
  bool keeps_marks_ = false;
  Vector<Mark> marks_;
};

}  // namespace sluice

// The loop over instructions: what opens, what closes, labels and hints. Immediates are in
// instr_immediates.cpp.
#include "engine/text/instr_parser.h"

#include "engine/binary/branch_hints.h"

namespace sluice {
namespace {

bool is_block(Op op) {
  return op == Op::Block || op == Op::Loop || op == Op::If || op == Op::Try || op == Op::TryTable;
}

}  // namespace

void InstrParser::begin(ByteWriter& out, const Identifiers* locals) {
  code_ = &out;
  locals_ = locals;
  pending_.clear();
  frames_.clear();
  labels_.clear();
  innermost_.clear();
  marks_.clear();
  hints_.count = 0;
  hints_.entries.clear();
}

void InstrParser::parse_expr(ByteWriter& out, const Identifiers* locals) {
  begin(out, locals);
  while (!lex_.failed() && !(frames_.empty() && lex_.at(TokenKind::RightParen))) step();
  mark(lex_.peek().offset);
  write_op(out, Op::End);
}

void InstrParser::parse_folded_expr(ByteWriter& out) {
  begin(out, nullptr);
  if (!lex_.at(TokenKind::LeftParen)) lex_.fail_here("an instruction in parentheses");
  do step();
  while (!lex_.failed() && !frames_.empty());
  write_op(out, Op::End);
}

// One token, or an instruction with its immediates.
void InstrParser::step() {
  switch (lex_.peek().kind) {
  case TokenKind::LeftParen: return folded_instr();
  case TokenKind::RightParen: return close_folded();
  case TokenKind::Keyword: return flat_instr();
  default: return lex_.fail_here("an instruction");
  }
}

void InstrParser::flat_instr() {
  if (!frames_.empty()) {
    const Open open = frames_.back().open;
    if (open == Open::Plain || open == Open::If) {
      return lex_.fail_here("operands in parentheses");
    }
    if (open == Open::IfDone || open == Open::Try || open == Open::TryDone ||
        open == Open::TryCaught) {
      return lex_.fail_here("a clause in parentheses");
    }
  }
  const Hint hint = take_hint();
  const uint64_t offset = lex_.peek().offset;
  const Op op = parse_op();
  if (lex_.failed()) return;
  mark(offset);
  switch (op) {
  case Op::End: return end_block();
  case Op::Else: return else_arm();
  case Op::Catch: return catch_clause(false);
  case Op::CatchAll: return catch_clause(true);
  case Op::Delegate: return delegate();
  default: break;
  }
  note_hint(hint, op);
  if (!is_block(op)) return write_instr(*code_, op);
  const std::string_view label = types_.parse_optional_id();
  write_block_op(*code_, op);
  push_block(Open::Flat, op, label, offset);
}

void InstrParser::folded_instr() {
  if (!frames_.empty()) {
    const Open open = frames_.back().open;
    if (open == Open::If && lex_.at_open("then")) return open_arm();
    if (open == Open::IfDone) return open_arm();
    if (open == Open::Try || open == Open::TryDone || open == Open::TryCaught) return open_part();
  }
  const Hint hint = take_hint();
  lex_.take();
  if (lex_.has_annotation()) lex_.check_annotations(lex_.peek().offset);
  const uint64_t offset = lex_.peek().offset;
  const Op op = parse_op();
  if (lex_.failed()) return;
  if (op == Op::End || op == Op::Else || op == Op::Catch || op == Op::CatchAll ||
      op == Op::Delegate) {
    return lex_.fail(ErrorKind::UnexpectedToken, offset,
                     quoted(op_info(op).mnemonic) + " is no instruction of its own");
  }
  Frame frame{Open::Plain};
  frame.op = op;
  frame.offset = offset;
  frame.pending_start = pending_.size();
  frame.has_hint = hint.is_set;
  frame.hint = hint.value;
  if (op == Op::If) {
    frame.open = Open::If;
    frame.label = types_.parse_optional_id();
    write_block_op(pending_, op);
    frames_.push_back(frame);
  } else if (is_block(op)) {
    note_hint(hint, op);
    mark(offset);
    const std::string_view label = types_.parse_optional_id();
    write_block_op(*code_, op);
    push_block(op == Op::Try ? Open::Try : Open::Body, op, label, offset);
  } else {
    write_instr(pending_, op);
    frames_.push_back(frame);
  }
}

// (then …) and (else …).
void InstrParser::open_arm() {
  Frame& frame = frames_.back();
  if (frame.open == Open::If) {
    lex_.take();
    lex_.take();
    note_hint({frame.has_hint, frame.hint}, frame.op);
    mark(frame.offset);
    code_->write_bytes(pending_.view().subspan(frame.pending_start));
    pending_.truncate(frame.pending_start);
    push_label(frame.label);
  } else {
    mark(lex_.peek().offset);
    if (frame.has_else || !lex_.accept_open("else")) return lex_.fail_here("(else …) or ')'");
    write_op(*code_, Op::Else);
    frame.has_else = true;
  }
  frame.open = Open::IfDone;
  frames_.push_back(Frame{Open::Arm});
}

// (do …), (catch …), (catch_all …) and (delegate …) of a folded try.
void InstrParser::open_part() {
  Frame& frame = frames_.back();
  if (frame.open == Open::TryDone) mark(lex_.peek().offset);
  if (frame.open == Open::Try) {
    if (!lex_.accept_open("do")) return lex_.fail_here("(do …)");
    frame.open = Open::TryDone;
  } else if (frame.open == Open::TryDone && lex_.accept_open("catch")) {
    frame.has_else = true;
    write_op(*code_, Op::Catch);
    code_->write_u32(types_.parse_index(IndexSpace::Tag));
  } else if (frame.open == Open::TryDone && lex_.accept_open("catch_all")) {
    frame.open = Open::TryCaught;
    write_op(*code_, Op::CatchAll);
  } else if (frame.open == Open::TryDone && !frame.has_else && lex_.accept_open("delegate")) {
    pop_label();
    write_op(*code_, Op::Delegate);
    code_->write_u32(parse_label());
    lex_.expect_close();
    lex_.expect_close();  // of the try, which has no end then
    frames_.pop_back();
    return;
  } else {
    return lex_.fail_here("(catch …), (catch_all …) or ')'");
  }
  frames_.push_back(Frame{Open::Part});
}

void InstrParser::close_folded() {
  if (frames_.empty()) return lex_.fail_here("an instruction");
  const Frame frame = frames_.back();
  switch (frame.open) {
  case Open::Flat:
  case Open::FlatElse:
  case Open::FlatCatch:
  case Open::FlatCatchAll:
    return lex_.fail(ErrorKind::UnexpectedToken, lex_.peek().offset,
                     "')', expected 'end' of " + quoted(op_info(frame.op).mnemonic));
  case Open::If: return lex_.fail_here("(then …)");
  case Open::Try: return lex_.fail_here("(do …)");
  case Open::Plain:
    note_hint({frame.has_hint, frame.hint}, frame.op);
    mark(frame.offset);
    code_->write_bytes(pending_.view().subspan(frame.pending_start));
    pending_.truncate(frame.pending_start);
    break;
  case Open::Body:
  case Open::IfDone:
  case Open::TryDone:
  case Open::TryCaught:
    mark(lex_.peek().offset);
    write_op(*code_, Op::End);
    pop_label();
    break;
  case Open::Arm:
  case Open::Part: break;
  }
  if (lex_.has_annotation()) lex_.check_annotations(lex_.peek().offset);
  frames_.pop_back();
  lex_.take();
}

// Flat blocks

void InstrParser::check_label_after(const Frame& frame) {
  if (!lex_.at(TokenKind::Id)) return;
  const Token token = lex_.take();
  if (types_.identifier(token) != frame.label) {
    lex_.fail(ErrorKind::MismatchedLabel, token.offset, quoted(token.text));
  }
}

void InstrParser::end_block() {
  const bool is_flat = !frames_.empty() && frames_.back().open <= Open::FlatCatchAll;
  if (!is_flat) return lex_.fail_here("no 'end' before: nothing is open here");
  check_label_after(frames_.back());
  frames_.pop_back();
  pop_label();
  write_op(*code_, Op::End);
}

void InstrParser::else_arm() {
  const bool is_if =
      !frames_.empty() && frames_.back().open == Open::Flat && frames_.back().op == Op::If;
  if (!is_if) return lex_.fail_here("no 'else' before: no 'if' is open here");
  check_label_after(frames_.back());
  frames_.back().open = Open::FlatElse;
  write_op(*code_, Op::Else);
}

void InstrParser::catch_clause(bool is_all) {
  const bool is_try = !frames_.empty() && frames_.back().op == Op::Try &&
                      (frames_.back().open == Open::Flat || frames_.back().open == Open::FlatCatch);
  if (!is_try) return lex_.fail_here("no 'catch' before: no 'try' is open here");
  Frame& frame = frames_.back();
  frame.open = is_all ? Open::FlatCatchAll : Open::FlatCatch;
  write_op(*code_, is_all ? Op::CatchAll : Op::Catch);
  if (!is_all) code_->write_u32(types_.parse_index(IndexSpace::Tag));
}

void InstrParser::delegate() {
  const bool is_try =
      !frames_.empty() && frames_.back().op == Op::Try && frames_.back().open == Open::Flat;
  if (!is_try) return lex_.fail_here("no 'delegate' before: no 'try' is open here");
  frames_.pop_back();
  pop_label();
  write_op(*code_, Op::Delegate);
  code_->write_u32(parse_label());
}

// Labels

void InstrParser::write_block_op(ByteWriter& out, Op op) {
  write_op(out, op);
  types_.write_block_type(out);
  if (op == Op::TryTable) write_catches(out);
}

void InstrParser::push_block(Open open, Op op, std::string_view label, uint64_t offset) {
  Frame frame{open};
  frame.op = op;
  frame.label = label;
  frame.offset = offset;
  frames_.push_back(frame);
  push_label(label);
}

void InstrParser::push_label(std::string_view id) {
  Label label{id, 0};
  if (!id.empty()) {
    uint32_t& innermost = innermost_[id];
    label.shadowed = innermost;
    innermost = static_cast<uint32_t>(labels_.size()) + 1;
  }
  labels_.push_back(label);
}

void InstrParser::pop_label() {
  if (labels_.empty()) return;  // after an error
  const Label& label = labels_.back();
  if (!label.id.empty()) innermost_[label.id] = label.shadowed;
  labels_.pop_back();
}

uint32_t InstrParser::parse_label() {
  if (!lex_.at(TokenKind::Id)) return types_.parse_u32("a label");
  const Token token = lex_.take();
  const auto found = innermost_.find(types_.identifier(token));
  if (found == innermost_.end() || found->second == 0) {
    lex_.fail(ErrorKind::UnknownIdentifier, token.offset, "label " + quoted(token.text));
    return 0;
  }
  return static_cast<uint32_t>(labels_.size()) - found->second;
}

// Hints: (@metadata.code.branch_hint "\00") before br_if or if

InstrParser::Hint InstrParser::take_hint() {
  Hint hint;
  Annotation annotation;
  if (!lex_.has_annotation()) return hint;
  if (!lex_.take_annotation(kBranchHintSection, annotation)) {
    lex_.check_annotations(lex_.peek().offset);
    return hint;
  }
  Lexer content(lex_.source(), annotation.begin, annotation.end);
  String bytes;
  while (content.at(TokenKind::Quoted)) content.append_string(content.take(), bytes);
  const bool is_byte = bytes.size() == 1 && static_cast<uint8_t>(bytes[0]) <= 1;
  if (!content.at(TokenKind::Eof) || content.failed() || !is_byte) {
    lex_.fail(ErrorKind::BadAnnotation, annotation.offset, "a hint is \"\\00\" or \"\\01\"");
  } else if (code_ == nullptr || locals_ == nullptr) {
    lex_.fail(ErrorKind::BadAnnotation, annotation.offset, "a hint belongs into a function");
  } else if (lex_.has_annotation()) {
    lex_.fail(ErrorKind::BadAnnotation, annotation.offset, "another annotation follows");
  } else {
    hint = {true, static_cast<uint8_t>(bytes[0])};
  }
  return hint;
}

void InstrParser::note_hint(Hint hint, Op op) {
  if (!hint.is_set) return;
  if (op != Op::If && op != Op::BrIf) {
    return lex_.fail(ErrorKind::BadAnnotation, lex_.peek().offset,
                     "a hint belongs before if or br_if");
  }
  ByteWriter& out = hints_.add();
  out.write_u32(static_cast<uint32_t>(code_->size()));
  out.write_u32(1);
  out.write_u8(hint.value);
}

}  // namespace sluice

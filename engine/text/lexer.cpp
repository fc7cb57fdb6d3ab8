// Scanning by one table of character classes.
//
// A word is the longest run of identifier characters and strings (spec 6.3.1: what stands together
// is one token); only then it is asked what kind of token that is.
#include "engine/text/lexer.h"

#include <array>
#include <span>

#include "engine/binary/branch_hints.h"
#include "engine/binary/byte_reader.h"
#include "engine/text/escape.h"

namespace sluice {
namespace {

constexpr uint8_t kIdChar = 1;
constexpr uint8_t kSpace = 2;
constexpr uint8_t kPunctuation = 4;  // of annotations only

constexpr auto kClasses = [] {
  std::array<uint8_t, 256> classes{};
  for (int c = 0x21; c < 0x7f; ++c) classes[static_cast<size_t>(c)] = kIdChar;
  for (const char c : {'"', '(', ')'}) classes[static_cast<uint8_t>(c)] = 0;
  for (const char c : {',', ';', '[', ']', '{', '}'}) {
    classes[static_cast<uint8_t>(c)] = kPunctuation;
  }
  for (const char c : {' ', '\t', '\n', '\r'}) classes[static_cast<uint8_t>(c)] = kSpace;
  return classes;
}();

bool has_class(char c, uint8_t classes) {
  return (kClasses[static_cast<uint8_t>(c)] & classes) != 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

TokenKind kind_of(std::string_view word, bool has_string) {
  if (word[0] == '"') {
    // One string and nothing else: its closing quote is the last character and no idchar follows.
    return TokenKind::Quoted;
  }
  if (word[0] == '$') {
    if (word.size() == 1) return TokenKind::Reserved;
    return !has_string || word[1] == '"' ? TokenKind::Id : TokenKind::Reserved;
  }
  if (has_string) return TokenKind::Reserved;
  if (word[0] >= 'a' && word[0] <= 'z') return TokenKind::Keyword;
  const bool is_signed = word[0] == '+' || word[0] == '-';
  if (is_digit(word[0]) || (is_signed && word.size() > 1)) return TokenKind::Number;
  return TokenKind::Reserved;
}

bool is_known_annotation(std::string_view id) {
  return id == "name" || id == "custom" || id == kBranchHintSection;
}

}  // namespace

String quoted(std::string_view text) {
  constexpr size_t kMost = 40;
  String out = "'";
  const bool is_cut = text.size() > kMost;
  append_escaped(out, is_cut ? cut_utf8(text, kMost) : text, false);
  out += is_cut ? "…'" : "'";
  return out;
}

Lexer::Lexer(std::string_view source, uint64_t begin, uint64_t end)
    : source_(source), pos_(begin), end_(end), taken_end_(begin) {
  current_ = scan();
}

void Lexer::seek(uint64_t offset) {
  if (failed_) return;
  pos_ = offset;
  has_next_ = false;
  annotations_.clear();
  first_annotation_ = 0;
  current_ = scan();
}

void Lexer::fail(ErrorKind kind, uint64_t offset, String detail) {
  if (failed_) return;
  failed_ = true;
  error_ = {kind, offset, std::move(detail)};
  current_ = Token{};
  has_next_ = false;
}

void Lexer::fail_here(const char* what) {
  if (failed_) return;
  String detail;
  if (at(TokenKind::Eof)) {
    detail = "the end of the text";
  } else {
    detail = quoted(current_.text);
  }
  detail += ", expected ";
  detail += what;
  fail(ErrorKind::UnexpectedToken, current_.offset, std::move(detail));
}

bool Lexer::accept_keyword(std::string_view word) {
  if (!at_keyword(word)) return false;
  take();
  return true;
}

bool Lexer::accept_open(std::string_view word) {
  if (!at_open(word)) return false;
  take();
  take();
  return true;
}

void Lexer::expect(TokenKind kind, const char* what) { at(kind) ? void(take()) : fail_here(what); }

Token Lexer::make(TokenKind kind, uint64_t begin) const {
  return {kind, begin, source_.substr(begin, pos_ - begin)};
}

Token Lexer::scan() {
  if (failed_ || !skip_space()) return {TokenKind::Eof, end_, {}};
  const char c = source_[pos_];
  if (c == '(' || c == ')') {
    ++pos_;
    return make(c == '(' ? TokenKind::LeftParen : TokenKind::RightParen, pos_ - 1);
  }
  Token token = scan_word();
  if (token.kind == TokenKind::Reserved) {
    fail(ErrorKind::UnknownToken, token.offset, quoted(token.text));
  }
  return failed_ ? Token{} : token;
}

// The longest run of idchars and strings, or one character of punctuation.
Token Lexer::scan_word() {
  const uint64_t begin = pos_;
  unsigned strings = 0;
  while (pos_ < end_) {
    if (has_class(source_[pos_], kIdChar)) {
      ++pos_;
    } else if (source_[pos_] == '"') {
      if (!scan_string()) return {};
      ++strings;
    } else {
      break;
    }
  }
  if (pos_ == begin) {  // something that begins no token: all of a UTF-8 sequence
    ++pos_;
    while (pos_ < end_ && (static_cast<uint8_t>(source_[pos_]) & 0xc0) == 0x80) ++pos_;
    return make(TokenKind::Reserved, begin);
  }
  Token token = make(TokenKind::Eof, begin);
  token.kind = kind_of(token.text, strings != 0);
  const bool is_string =
      token.kind == TokenKind::Quoted || (token.kind == TokenKind::Id && strings != 0);
  if (is_string && (strings != 1 || token.text.back() != '"')) token.kind = TokenKind::Reserved;
  return token;
}

// White space, comments and annotations; false at the end.
bool Lexer::skip_space() {
  while (skip_blank()) {
    const bool is_annotation = source_[pos_] == '(' && pos_ + 1 < end_ && source_[pos_ + 1] == '@';
    if (!is_annotation) return true;
    scan_annotation();
  }
  return false;
}

// White space and comments; false at the end.
bool Lexer::skip_blank() {
  while (pos_ < end_ && !failed_) {
    const char c = source_[pos_];
    const char following = pos_ + 1 < end_ ? source_[pos_ + 1] : '\0';
    if (has_class(c, kSpace)) {
      ++pos_;
    } else if (c == ';' && following == ';') {
      skip_line_comment();
    } else if (c == '(' && following == ';') {
      skip_block_comment();
    } else {
      return true;
    }
  }
  return false;
}

void Lexer::skip_line_comment() {
  while (pos_ < end_ && source_[pos_] != '\n' && source_[pos_] != '\r') ++pos_;
}

void Lexer::skip_block_comment() {
  const uint64_t begin = pos_;
  uint64_t depth = 0;
  while (pos_ + 1 < end_) {
    const char c = source_[pos_];
    const char following = source_[pos_ + 1];
    if (c == '(' && following == ';') {
      ++depth;
      pos_ += 2;
    } else if (c == ';' && following == ')') {
      pos_ += 2;
      if (--depth == 0) return;
    } else {
      ++pos_;
    }
  }
  fail(ErrorKind::UnclosedText, begin, "comment");
}

// From quote to quote. Escapes are only passed over here; append_string checks them.
bool Lexer::scan_string() {
  const uint64_t begin = pos_++;
  while (pos_ < end_ && source_[pos_] != '"') {
    const auto c = static_cast<uint8_t>(source_[pos_]);
    if (c < 0x20 || c == 0x7f) {
      if (c == '\n' || c == '\r') break;
      fail(ErrorKind::BadString, pos_, "control characters must be escaped");
      return false;
    }
    pos_ += c == '\\' ? 2 : 1;
  }
  if (pos_ >= end_ || source_[pos_] != '"') {
    pos_ = pos_ < end_ ? pos_ : end_;
    fail(ErrorKind::UnclosedText, begin, "string");
    return false;
  }
  ++pos_;
  return true;
}

// "(@id …)", with any tokens in balanced parentheses. The id is what stands right behind the @.
void Lexer::scan_annotation() {
  Annotation annotation;
  annotation.offset = pos_;
  pos_ += 2;
  const Token id = pos_ < end_ ? scan_word() : Token{};
  if (failed_) return;
  const bool is_id = !id.text.empty() &&
                     (has_class(id.text[0], kIdChar) ? !id.text.contains('"') : id.text[0] == '"');
  if (!is_id || id.text == "\"\"") {
    fail(ErrorKind::BadAnnotation, annotation.offset, "its name is missing");
    return;
  }
  if (id.text[0] == '"') {
    String name;
    append_string(id, name);
    size_t bad = 0;
    if (!is_utf8(std::span(reinterpret_cast<const uint8_t*>(name.data()), name.size()), bad)) {
      fail(ErrorKind::BadUtf8, id.offset);
    }
  }
  annotation.id = id.text;
  annotation.begin = pos_;
  for (uint64_t depth = 1; depth != 0;) {
    if (!skip_blank()) {
      fail(ErrorKind::UnclosedText, annotation.offset, "annotation");
      return;
    }
    const char c = source_[pos_];
    if (c == '(' || c == ')') {
      depth = c == '(' ? depth + 1 : depth - 1;
      ++pos_;
    } else {
      const Token token = scan_word();
      if (failed_) return;
      const bool is_strange = token.kind == TokenKind::Reserved &&
                              !has_class(token.text[0], kIdChar | kPunctuation) &&
                              token.text[0] != '"';
      if (is_strange) fail(ErrorKind::UnknownToken, token.offset, quoted(token.text));
    }
  }
  annotation.end = pos_ - 1;
  if (is_known_annotation(annotation.id)) annotations_.push_back(annotation);
}

bool Lexer::take_annotation(std::string_view id, Annotation& out) {
  if (!has_annotation() || annotations_[first_annotation_].id != id) return false;
  out = annotations_[first_annotation_++];
  taken_end_ = out.end + 1;
  if (first_annotation_ == annotations_.size()) {
    annotations_.clear();
    first_annotation_ = 0;
  }
  return true;
}

void Lexer::check_annotations(uint64_t offset) {
  if (first_annotation_ == annotations_.size()) return;
  const Annotation& first = annotations_[first_annotation_];
  if (first.offset >= offset) return;
  fail(ErrorKind::BadAnnotation, first.offset, "misplaced @" + String(first.id));
}

uint64_t Lexer::skip_to_close() {
  if (failed_) return end_;
  // From the current token on, but not over it: it may be a parenthesis.
  const uint64_t begin = current_.offset;
  pos_ = begin;
  has_next_ = false;
  uint64_t depth = 1;
  while (pos_ < end_ && !failed_) {
    const char c = source_[pos_];
    const char following = pos_ + 1 < end_ ? source_[pos_ + 1] : '\0';
    if (c == '"') {
      scan_string();
    } else if (c == ';' && following == ';') {
      skip_line_comment();
    } else if (c == '(' && following == ';') {
      skip_block_comment();
    } else {
      ++pos_;
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) {
        const uint64_t end = pos_;
        current_ = scan();
        return end;
      }
    }
  }
  fail(ErrorKind::UnexpectedToken, end_, "the end of the text, expected ')'");
  return end_;
}

void Lexer::append_string(const Token& token, String& out) {
  uint64_t bad = 0;
  // The quotes are not part of it; of an identifier the $ is not either.
  const size_t skipped = token.text[0] == '$' ? 2 : 1;
  if (token.text.size() <= skipped) return;
  const std::string_view text = token.text.substr(skipped, token.text.size() - skipped - 1);
  if (!append_unescaped(out, text, bad)) {
    fail(ErrorKind::BadString, token.offset + skipped + bad, "unknown escape");
  }
}

}  // namespace sluice

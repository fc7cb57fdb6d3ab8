// Lexer: the tokens of the text format (spec 6.3), white space, comments and annotations skipped.
//
// The first error wins, as in ByteReader: the lexer keeps it, and from then on there is nothing but
// Eof, so parsers stay straight-line and every loop ends that stops at Eof. Offsets count bytes of
// the whole source, also when only a part of it is lexed. Annotations that mean something to us
// (@name, @custom, @metadata.code…) are kept aside until the parser takes them; all others are
// white space. What tokens mean is the parsers' business.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/base/result.h"

namespace sluice {

enum class TokenKind : uint8_t {
  Eof,
  LeftParen,
  RightParen,
  Keyword,   // begins with a small letter
  Number,    // begins with a digit or a sign; not yet checked
  Quoted,    // a string: quotes included, escapes as written
  Id,        // $name or $"name"
  Reserved,  // none of these: only inside annotations
};

struct Token {
  TokenKind kind = TokenKind::Eof;
  uint64_t offset = 0;
  std::string_view text;
  uint64_t end() const { return offset + text.size(); }
};

/// An annotation that the parser may ask for.
struct Annotation {
  std::string_view id;  // without the @
  uint64_t offset = 0;  // of its parenthesis
  uint64_t begin = 0;   // of its contents
  uint64_t end = 0;
};

/// A plain cursor; does not own the source, which tokens point into.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : Lexer(source, 0, source.size()) {}
  /// Lexes source[begin, end).
  Lexer(std::string_view source, uint64_t begin, uint64_t end);

  /// The next token and the one behind it.
  const Token& peek() const { return current_; }
  const Token& peek_second() {
    if (!has_next_) {
      next_ = scan();
      has_next_ = true;
    }
    return failed_ ? current_ : next_;
  }
  Token take() {
    Token token = current_;
    taken_end_ = token.end();
    current_ = has_next_ ? next_ : scan();
    has_next_ = false;
    if (failed_) current_ = Token{};
    return token;
  }
  bool at(TokenKind kind) const { return current_.kind == kind; }
  bool at_keyword(std::string_view word) const {
    return current_.kind == TokenKind::Keyword && current_.text == word;
  }
  /// At "(word".
  bool at_open(std::string_view word) {
    if (!at(TokenKind::LeftParen)) return false;
    const Token& second = peek_second();
    return second.kind == TokenKind::Keyword && second.text == word;
  }
  /// At a closing parenthesis, or where no further token comes: where a list ends.
  bool at_close() const { return at(TokenKind::RightParen) || at(TokenKind::Eof); }

  bool accept_keyword(std::string_view word);
  bool accept_open(std::string_view word);
  void expect(TokenKind kind, const char* what);
  void expect_close() { expect(TokenKind::RightParen, "')'"); }
  /// Takes tokens up to the parenthesis that closes the innermost open one, and that as well.
  /// Gives its end. Looks at parentheses, strings and comments only.
  uint64_t skip_to_close();
  /// The end of what was taken last, a token or an annotation.
  uint64_t taken_end() const { return taken_end_; }
  /// Goes on at `offset`, between tokens.
  void seek(uint64_t offset);

  /// The bytes of a string; fails at a wrong escape.
  void append_string(const Token& token, String& out);

  bool failed() const { return failed_; }
  const Error& error() const { return error_; }
  /// Records an error unless there is one already.
  [[gnu::cold, gnu::noinline]] void fail(ErrorKind kind, uint64_t offset, String detail = {});
  /// "unexpected token: 'x', expected WHAT", at the current one.
  [[gnu::cold, gnu::noinline]] void fail_here(const char* what);

  /// Is there an annotation before the current token that has not been taken?
  bool has_annotation() const {
    return first_annotation_ != annotations_.size() &&
           annotations_[first_annotation_].offset < current_.offset;
  }
  /// Takes the first such one, if it is `id`.
  bool take_annotation(std::string_view id, Annotation& out);
  /// Fails if one that begins before `offset` has not been taken.
  void check_annotations(uint64_t offset);

  std::string_view source() const { return source_; }

 private:
  Token scan();
  Token make(TokenKind kind, uint64_t begin) const;
  Token scan_word();
  bool skip_space();
  bool skip_blank();
  void skip_line_comment();
  void skip_block_comment();
  bool scan_string();
  void scan_annotation();

  std::string_view source_;
  uint64_t pos_ = 0;
  uint64_t end_ = 0;
  uint64_t taken_end_ = 0;
  Token current_;
  Token next_;
  bool has_next_ = false;
  bool failed_ = false;
  Error error_{};
  Vector<Annotation> annotations_;
  size_t first_annotation_ = 0;  // those before it have been taken
};

/// Text of a module as part of a message: cut to a few words, control characters escaped.
String quoted(std::string_view text);

}  // namespace sluice

// Commands are one level deep, but for a thread's, which nest up to a fixed depth, and the
// alternatives of a result, which do not: no script decides how deep the recursion goes.
#include "engine/text/wast.h"

#include <algorithm>

#include "engine/text/lexer.h"
#include "engine/text/numbers.h"
#include "engine/text/text.h"

namespace sluice {
namespace {

struct CommandWord {
  std::string_view word;
  WastKind kind;
};
// Where a kind has two words, its own comes first.
constexpr CommandWord kWords[] = {
    {"module", WastKind::Module},
    {"module", WastKind::ModuleDefinition},
    {"module", WastKind::ModuleInstance},
    {"register", WastKind::Register},
    {"invoke", WastKind::Action},
    {"get", WastKind::Action},
    {"assert_return", WastKind::AssertReturn},
    {"assert_trap", WastKind::AssertTrap},
    {"assert_trap", WastKind::AssertUninstantiable},
    {"assert_exhaustion", WastKind::AssertExhaustion},
    {"assert_exception", WastKind::AssertException},
    {"assert_invalid", WastKind::AssertInvalid},
    {"assert_malformed", WastKind::AssertMalformed},
    {"assert_malformed_custom", WastKind::AssertMalformed},
    {"assert_invalid_custom", WastKind::AssertMalformed},
    {"assert_unlinkable", WastKind::AssertUnlinkable},
    {"thread", WastKind::Thread},
    {"wait", WastKind::Wait},
};

struct NumberWord {
  std::string_view word;
  ValType type;
  bool is_float;
  unsigned lanes;
};
constexpr NumberWord kNumbers[] = {{"i32.const", kI32, false, 1},
                                   {"i64.const", kI64, false, 1},
                                   {"f32.const", kF32, true, 1},
                                   {"f64.const", kF64, true, 1}};
constexpr NumberWord kShapes[] = {{"i8x16", kV128, false, 16}, {"i16x8", kV128, false, 8},
                                  {"i32x4", kV128, false, 4},  {"i64x2", kV128, false, 2},
                                  {"f32x4", kV128, true, 4},   {"f64x2", kV128, true, 2}};

class ScriptParser {
 public:
  explicit ScriptParser(std::string_view source) : source_(source), lex_(source) {}

  Result<Vector<WastCommand>> parse() {
    Vector<WastCommand> commands;
    const bool is_module = lex_.at(TokenKind::LeftParen) && !at_command();
    if (is_module) {
      WastCommand command;
      command.kind = WastKind::Module;
      command.module.end = source_.size();
      commands.push_back(std::move(command));
      return commands;
    }
    while (!lex_.at(TokenKind::Eof)) parse_command(commands, 0);
    if (lex_.failed()) return std::unexpected(lex_.error());
    return commands;
  }

 private:
  bool at_command() {
    const std::string_view word = lex_.peek_second().text;
    return std::ranges::any_of(kWords, [&](const CommandWord& row) { return row.word == word; });
  }

  // Lines are counted once, from one command to the next.
  uint64_t line_of(uint64_t offset) {
    line_ += static_cast<uint64_t>(
        std::ranges::count(source_.substr(counted_, offset - counted_), '\n'));
    counted_ = offset;
    return line_;
  }

  void parse_command(Vector<WastCommand>& out, unsigned depth) {
    constexpr unsigned kMaxDepth = 8;
    WastCommand command;
    const uint64_t offset = lex_.peek().offset;
    command.line = line_of(offset);
    lex_.expect(TokenKind::LeftParen, "a command in parentheses");
    const Token word = lex_.take();
    const auto* row = std::ranges::find(kWords, word.text, &CommandWord::word);
    if (lex_.failed()) return;
    if (row == std::end(kWords) || (row->kind == WastKind::Thread && depth == kMaxDepth)) {
      return lex_.fail(ErrorKind::UnexpectedToken, word.offset,
                       quoted(word.text) + ", expected a command");
    }
    command.kind = row->kind;
    switch (row->kind) {
    case WastKind::Module: parse_module_command(command, offset); break;
    case WastKind::Register:
      command.text = parse_string();
      command.name = parse_optional_id();
      lex_.expect_close();
      break;
    case WastKind::Action: parse_action(command.action, word.text); break;
    case WastKind::Thread: parse_thread(command, depth + 1); break;
    case WastKind::Wait:
      command.name = parse_optional_id();
      lex_.expect_close();
      break;
    default: parse_assertion(command); break;
    }
    out.push_back(std::move(command));
  }

  void parse_thread(WastCommand& command, unsigned depth) {
    command.name = parse_optional_id();
    if (lex_.accept_open("shared")) {
      lex_.expect(TokenKind::LeftParen, "(module $name)");
      if (!lex_.accept_keyword("module")) lex_.fail_here("(module $name)");
      command.module.name = parse_optional_id();
      lex_.expect_close();
      lex_.expect_close();
    }
    while (!lex_.at_close()) parse_command(command.commands, depth);
    lex_.expect_close();
  }

  void parse_module_command(WastCommand& command, uint64_t offset) {
    if (lex_.accept_keyword("instance")) {
      command.kind = WastKind::ModuleInstance;
      command.name = parse_optional_id();
      command.module.name = parse_optional_id();
      return lex_.expect_close();
    }
    const bool is_definition = lex_.accept_keyword("definition");
    if (is_definition) command.kind = WastKind::ModuleDefinition;
    parse_module(command.module, offset, is_definition);
    command.name = command.module.name;
  }

  // Behind "(module", or "(module definition".
  void parse_module(WastModule& module, uint64_t offset, bool is_definition) {
    module.name = parse_optional_id();
    const bool is_quote = lex_.at_keyword("quote");
    if (is_quote || lex_.at_keyword("binary")) {
      lex_.take();
      module.kind = is_quote ? WastModule::Kind::Quote : WastModule::Kind::Binary;
      while (lex_.at(TokenKind::Quoted)) {
        lex_.append_string(lex_.take(), module.bytes);
        if (is_quote) module.bytes += ' ';
      }
      return lex_.expect_close();
    }
    // A definition's fields alone are a module's text as well.
    module.begin = is_definition ? lex_.peek().offset : offset;
    const uint64_t end = lex_.skip_to_close();
    module.end = is_definition && !lex_.failed() ? end - 1 : end;
  }

  void parse_assertion(WastCommand& command) {
    const uint64_t offset = lex_.peek().offset;
    lex_.expect(TokenKind::LeftParen, "'('");
    const Token word = lex_.take();
    if (word.text == "module") {
      if (command.kind == WastKind::AssertTrap) command.kind = WastKind::AssertUninstantiable;
      const bool is_definition = lex_.accept_keyword("definition");
      parse_module(command.module, offset, is_definition);
    } else if (word.text == "invoke" || word.text == "get") {
      parse_action(command.action, word.text);
    } else {
      lex_.fail(ErrorKind::UnexpectedToken, word.offset,
                quoted(word.text) + ", expected a module or an action");
    }
    while (lex_.at(TokenKind::LeftParen)) command.expected.push_back(parse_value(true));
    if (lex_.at(TokenKind::Quoted)) command.text = parse_string();
    lex_.expect_close();
  }

  void parse_action(WastAction& action, std::string_view word) {
    action.is_get = word == "get";
    action.module = parse_optional_id();
    action.field = parse_string();
    while (!lex_.at_close()) action.args.push_back(parse_value(false));
    lex_.expect_close();
  }

  WastValue parse_value(bool may_be_either) {
    WastValue value;
    lex_.expect(TokenKind::LeftParen, "a value in parentheses");
    const Token word = lex_.take();
    const auto* number = std::ranges::find(kNumbers, word.text, &NumberWord::word);
    if (number != std::end(kNumbers)) {
      parse_lanes(value, *number);
    } else if (word.text == "v128.const") {
      const Token shape = lex_.take();
      const auto* row = std::ranges::find(kShapes, shape.text, &NumberWord::word);
      if (row == std::end(kShapes)) {
        lex_.fail(ErrorKind::UnexpectedToken, shape.offset,
                  quoted(shape.text) + ", expected a shape such as i32x4");
      } else {
        parse_lanes(value, *row);
      }
    } else if (word.text == "either" && may_be_either) {
      value.kind = WastValue::Kind::Either;
      while (!lex_.at_close()) value.alternatives.push_back(parse_value(false));
    } else if (word.text.starts_with("ref.")) {
      parse_reference(value, word);
    } else {
      lex_.fail(ErrorKind::UnexpectedToken, word.offset, quoted(word.text) + ", expected a value");
    }
    lex_.expect_close();
    return value;
  }

  void parse_reference(WastValue& value, const Token& word) {
    const std::string_view kind = word.text.substr(4);
    if (kind == "null") {
      value.kind = WastValue::Kind::Null;
      if (!lex_.at_close()) lex_.take();  // every null is alike
      return;
    }
    value.kind = WastValue::Kind::Ref;
    uint32_t i = 0;
    while (i < kAbsHeapCount && heap_type_word(static_cast<AbsHeap>(i)) != kind) ++i;
    if (kind == "host") i = static_cast<uint32_t>(AbsHeap::Any);
    if (i == kAbsHeapCount) {
      return lex_.fail(ErrorKind::UnexpectedToken, word.offset,
                       quoted(word.text) + ", expected a reference");
    }
    value.heap = static_cast<AbsHeap>(i);
    value.has_host = lex_.at(TokenKind::Number);
    if (value.has_host) value.bits[0] = parse_lane(32, false, nullptr);
  }

  void parse_lanes(WastValue& value, const NumberWord& row) {
    value.type = row.type;
    const unsigned total = row.type == kV128 ? 128 : row.type == kI32 || row.type == kF32 ? 32 : 64;
    const unsigned width = total / row.lanes;
    value.lane_bits = static_cast<uint8_t>(width);
    for (unsigned lane = 0; lane < row.lanes; ++lane) {
      WastNan* nan = row.is_float ? &value.nan[lane] : nullptr;
      const unsigned at = lane * width;
      value.bits[at / 64] |= parse_lane(width, row.is_float, nan) << (at % 64);
    }
  }

  uint64_t parse_lane(unsigned width, bool is_float, WastNan* nan) {
    const Token token = lex_.take();
    if (nan != nullptr && (token.text == "nan:canonical" || token.text == "nan:arithmetic")) {
      *nan = token.text == "nan:canonical" ? WastNan::Canonical : WastNan::Arithmetic;
      return 0;
    }
    const ParsedNumber number =
        is_float ? parse_float(token.text, width) : parse_int(token.text, width);
    if (!number.ok()) {
      lex_.fail(number.status == NumberStatus::Malformed ? ErrorKind::BadNumber
                                                         : ErrorKind::NumberOutOfRange,
                token.offset, quoted(token.text));
    }
    return number.bits;
  }

  String parse_string() {
    String out;
    if (!lex_.at(TokenKind::Quoted)) {
      lex_.fail_here("a string");
      return out;
    }
    lex_.append_string(lex_.take(), out);
    return out;
  }

  String parse_optional_id() {
    return lex_.at(TokenKind::Id) ? String(lex_.take().text) : String();
  }

  std::string_view source_;
  Lexer lex_;
  uint64_t counted_ = 0;
  uint64_t line_ = 1;
};

}  // namespace

std::string_view wast_word(WastKind kind) {
  return std::ranges::find(kWords, kind, &CommandWord::kind)->word;
}

Result<Vector<WastCommand>> parse_wast(std::string_view source) {
  return ScriptParser(source).parse();
}

Result<Vector<uint8_t>> encode(std::string_view source, const WastModule& module) {
  switch (module.kind) {
  case WastModule::Kind::Text: return wat_to_wasm(source, module.begin, module.end);
  case WastModule::Kind::Quote: return wat_to_wasm(module.bytes);
  case WastModule::Kind::Binary: break;
  }
  const auto* bytes = reinterpret_cast<const uint8_t*>(module.bytes.data());
  return Vector<uint8_t>(bytes, bytes + module.bytes.size());
}

}  // namespace sluice

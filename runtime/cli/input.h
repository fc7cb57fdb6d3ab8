// Where a module's bytes come from: a file, a pipe, standard input. Hands them on as they arrive;
// text is made binary on the way.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace sluice::cli {

using TakePiece = std::function<bool(std::span<const uint8_t>)>;

/// Reads `name` ("-": standard input) to its end and gives each piece to `take`, at once and
/// without waiting for more; stops early when that returns false. An error is one sentence.
std::expected<void, std::string> read_pieces(const std::string& name, const TakePiece& take);

/// A module on its way in, and what there is to say about it besides the offset of an error. All
/// that it says is for report_lines().
class ModuleInput {
 public:
  explicit ModuleInput(std::string name) : name_(std::move(name)) {}

  /// Reads the module; one in text form to its end, to be handed on in binary. Once.
  std::expected<void, std::string> read(const TakePiece& take);
  /// All of it, likewise.
  std::expected<std::vector<uint8_t>, std::string> read_all();

  /// An error in the bytes that were handed on: in a text with its line, and what a file is that
  /// is no module at all.
  std::string explain(const Error& error) const;
  /// For people.
  std::string shown_name() const;

 private:
  std::string explain_text(const Error& error) const;

  std::string name_;
  std::string text_;           // all of it, unless the module is binary
  std::vector<uint8_t> head_;  // the first bytes
};

/// Is standard input something that a module may be piped through (no terminal, no device)?
bool stdin_is_piped();

}  // namespace sluice::cli

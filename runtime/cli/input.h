// Where a module's bytes come from: a file, a pipe, standard input. Hands them on as they arrive;
// text is made binary on the way.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace sluice::cli {

using TakePiece = std::function<bool(std::span<const uint8_t>)>;

/// Reads `name` ("-": standard input) to its end and gives each piece to `take`, at once and
/// without waiting for more; stops early when that returns false. An error is one sentence.
std::expected<void, std::string> read_pieces(const std::string& name, const TakePiece& take);

/// The same for a module: one in text form is read to its end and handed on in binary. An error in
/// the text has the line it is on below its sentence: report_lines() prints it.
std::expected<void, std::string> read_module(const std::string& name, const TakePiece& take);

/// All of a module, likewise.
std::expected<std::vector<uint8_t>, std::string> read_all(const std::string& name);

/// Is standard input something that a module may be piped through (no terminal, no device)?
bool stdin_is_piped();

}  // namespace sluice::cli

// What the command line says to people: errors on one line, and names of guests made harmless.
#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

/// Exit statuses besides the guest's own.
inline constexpr int kStatusError = 1;
inline constexpr int kStatusTrap = 134;  // as a process that aborted has

/// The text with control characters replaced: it came from a module and goes to a terminal.
std::string printable(std::string_view text);

/// Prints "sluice: MODULE: text" to standard error and gives kStatusError.
int report_error(std::string_view module, std::string_view text);

/// Prints "sluice: text" likewise; the text may have several lines.
int report_lines(std::string_view text);

}  // namespace sluice::cli

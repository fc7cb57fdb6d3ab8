// What the command line says to people: errors on one line, colours on terminals, and names of
// guests made harmless.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace sluice::cli {

/// Exit statuses besides the guest's own.
inline constexpr int kStatusError = 1;
inline constexpr int kStatusTrap = 134;  // as a process that aborted has

/// The text with control characters replaced: it came from a module and goes to a terminal.
std::string printable(std::string_view text);

/// The text for a page of HTML or XML, which sees no markup in it: printable, and all of it UTF-8.
std::string without_markup(std::string_view text);

/// What words are for; each has its colour.
enum class Paint { Error, Place, Head };
/// The text, in colour if `to` is a terminal that has any and the user does not refuse (NO_COLOR).
std::string painted(std::FILE* to, Paint paint, std::string_view text);

/// Prints "sluice: MODULE: text" to standard error and gives kStatusError.
int report_error(std::string_view module, std::string_view text);

/// Prints "sluice: text" likewise; the text may have several lines.
int report_lines(std::string_view text);

}  // namespace sluice::cli

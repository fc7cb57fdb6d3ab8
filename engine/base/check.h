// What to do when an invariant of ours is broken: say where, and abort.
//
// CHECK stays in every build, DCHECK only where NDEBUG is not set. Neither may ever depend on what
// a user passes in: bad input is a Result (result.h), a guest's misdeed is a trap.
#pragma once

namespace sluice {

/// Writes `file:line: expr: message` to standard error and aborts. Never returns.
[[noreturn, gnu::cold]] void check_failed(const char* file, int line, const char* expr,
                                          const char* message);

}  // namespace sluice

#define CHECK(cond, message)                                                                       \
  do {                                                                                             \
    if (!(cond)) [[unlikely]]                                                                      \
      ::sluice::check_failed(__FILE__, __LINE__, #cond, message);                                  \
  } while (false)

#ifdef NDEBUG
// The condition is named but not evaluated, so that it cannot rot and warns of no unused names.
#define DCHECK(cond, message) static_cast<void>(sizeof(!(cond)))
#define UNREACHABLE(message) __builtin_unreachable()
#else
#define DCHECK(cond, message) CHECK(cond, message)
#define UNREACHABLE(message) ::sluice::check_failed(__FILE__, __LINE__, "unreachable", message)
#endif

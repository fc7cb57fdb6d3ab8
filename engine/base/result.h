// Errors of bad input, as values: Error says what (a row of errors.def), where (a byte offset) and
// the particulars; Result<T> is a T or an Error. Nothing in Sluice throws.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

#include "engine/base/heap.h"

namespace sluice {

/// Which promise the input broke; decides how a test suite or an embedder treats the error.
enum class ErrorClass : uint8_t {
  Malformed,    // the bytes are not the binary format (spec 5)
  Invalid,      // well-formed, but validation rejects it (spec 3)
  Limit,        // beyond a documented resource limit
  Unsupported,  // valid, but this build or configuration does not run it
  Link,         // instantiation: an import is missing or does not fit
  Runtime,      // the host's request cannot be met (no such export, wrong type, out of memory …)
};

enum class ErrorKind : uint16_t {
#define SLUICE_ERROR(name, error_class, text) name,
#include "engine/base/errors.def"
#undef SLUICE_ERROR
};

/// The class of a kind and its sentence without particulars ("unexpected end").
ErrorClass error_class(ErrorKind kind);
std::string_view error_text(ErrorKind kind);

/// A byte offset that means "not tied to a byte".
inline constexpr uint64_t kNoOffset = ~uint64_t{0};

/// Bad input or a request that cannot be met. `offset` counts bytes from the start of the module,
/// or is kNoOffset; `detail` completes the kind's sentence and may be empty.
struct Error {
  ErrorKind kind;
  uint64_t offset = kNoOffset;
  String detail;

  /// "at offset 0x2a: type mismatch: expected i32, found f64".
  String message() const;
};

/// A number as text, for Error::detail.
String decimal(uint64_t value);

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, uint64_t offset = kNoOffset,
                                   String detail = {}) {
  return std::unexpected(Error{kind, offset, std::move(detail)});
}

}  // namespace sluice

/// Unwraps a Result, or returns its Error from the enclosing function. A GNU statement expression,
/// which both supported compilers have: the alternative is a named temporary at every call.
#define TRY(expr)                                                                                  \
  __extension__({                                                                                  \
    auto try_result_ = (expr);                                                                     \
    if (!try_result_) [[unlikely]]                                                                 \
      return std::unexpected(std::move(try_result_).error());                                      \
    *std::move(try_result_);                                                                       \
  })

/// The same for a Result<void>.
#define TRY_VOID(expr)                                                                             \
  do {                                                                                             \
    if (auto try_result_ = (expr); !try_result_) [[unlikely]]                                      \
      return std::unexpected(std::move(try_result_).error());                                      \
  } while (false)

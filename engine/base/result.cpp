#include "engine/base/result.h"

#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "engine/base/check.h"

namespace sluice {

ErrorClass error_class(ErrorKind kind) {
  switch (kind) {
#define SLUICE_ERROR(name, error_class, text)                                                      \
  case ErrorKind::name: return ErrorClass::error_class;
#include "engine/base/errors.def"
#undef SLUICE_ERROR
  }
  UNREACHABLE("unknown error kind");
}

std::string_view error_text(ErrorKind kind) {
  switch (kind) {
#define SLUICE_ERROR(name, error_class, text)                                                      \
  case ErrorKind::name: return text;
#include "engine/base/errors.def"
#undef SLUICE_ERROR
  }
  UNREACHABLE("unknown error kind");
}

String Error::message() const {
  // The host's own words need nothing before them.
  if (kind == ErrorKind::HostFailed && !detail.empty()) return detail;
  String out;
  if (offset != kNoOffset) {
    char buffer[40];
    std::snprintf(buffer, sizeof buffer, "at offset 0x%" PRIx64 ": ", offset);
    out += buffer;
  }
  out += error_text(kind);
  if (!detail.empty()) {
    out += ": ";
    out += detail;
  }
  return out;
}

String decimal(uint64_t value) {
  char digits[20];
  const char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return String(digits, static_cast<size_t>(end - digits));
}

}  // namespace sluice

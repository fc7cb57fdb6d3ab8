#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace sluice {

void check_failed(const char* file, int line, const char* expr, const char* message) {
  // The one place where the library writes to standard error: the process is about to end.
  std::fprintf(stderr, "%s:%d: %s: %s\n", file, line, expr, message);
  std::abort();
}

}  // namespace sluice

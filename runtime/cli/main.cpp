// sluice: the command. Points the library's heap at mimalloc before anything else, then hands over.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#ifdef SLUICE_WITH_MIMALLOC
#include <mimalloc.h>
#endif

#include "engine/base/heap.h"
#include "runtime/cli/command_table.h"
#include "runtime/cli/input.h"
#include "runtime/cli/options.h"
#include "runtime/cli/report.h"
#include "runtime/trap/write_signals.h"

namespace {

void use_mimalloc() {
#ifdef SLUICE_WITH_MIMALLOC
  sluice::set_heap_hooks({
      [](size_t size_bytes, size_t align_bytes) {
        return mi_malloc_aligned(size_bytes, align_bytes);
      },
      [](void* block, size_t size_bytes, size_t align_bytes) {
        mi_free_size_aligned(block, size_bytes, align_bytes);
      },
  });
#endif
}

/// Results that nobody got are no success.
int finish_output(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  int said = sluice::cli::report_error({}, std::string("cannot write to standard output: ") +
                                               std::strerror(errno));
  return status == 0 ? said : status;
}

}  // namespace

int main(int argc, char** argv) {
  use_mimalloc();
  sluice::ignore_write_signals();  // what cannot be written is said, see finish_output
  sluice::cli::ParsedLine line =
      sluice::cli::parse_command_line(argc, argv, sluice::cli::stdin_is_piped());
  return finish_output(line.options ? line.options->command->run(*line.options) : line.status);
}

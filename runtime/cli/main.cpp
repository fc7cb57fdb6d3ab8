// sluice: the command. Points the library's heap at mimalloc before anything else, then hands over.
#ifdef SLUICE_WITH_MIMALLOC
#include <mimalloc.h>
#endif

#include "engine/base/heap.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/options.h"

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

}  // namespace

int main(int argc, char** argv) {
  use_mimalloc();
  sluice::cli::ParsedLine line =
      sluice::cli::parse_command_line(argc, argv, sluice::cli::stdin_is_piped());
  if (!line.options) return line.status;
  switch (line.options->command) {
  case sluice::cli::Command::Run: return sluice::cli::run(*line.options);
  case sluice::cli::Command::Validate: return sluice::cli::validate(*line.options);
  case sluice::cli::Command::BenchCompile: return sluice::cli::bench_compile(*line.options);
  case sluice::cli::Command::BenchRun: return sluice::cli::bench_run(*line.options);
  }
}

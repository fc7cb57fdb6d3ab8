// sluice: the command. Reads the line and hands over.
#include "runtime/cli/command_table.h"
#include "runtime/cli/input.h"
#include "runtime/cli/options.h"
#include "runtime/cli/output.h"
#include "runtime/trap/write_signals.h"

int main(int argc, char** argv) {
  sluice::ignore_write_signals();  // what cannot be written is said, see flush_output
  sluice::cli::ParsedLine line =
      sluice::cli::parse_command_line(argc, argv, sluice::cli::stdin_is_piped());
  return sluice::cli::flush_output(line.options ? line.options->command->run(*line.options)
                                                : line.status);
}

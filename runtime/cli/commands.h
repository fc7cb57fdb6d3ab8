// The commands of the command line; each returns the process's exit status.
#pragma once

#include "runtime/cli/options.h"

namespace sluice::cli {

/// Compiles the module while it is read, then runs it with WASI or calls one function.
int run(const Options& options);

/// Decodes and validates every module named, without compiling; all of WebAssembly is accepted,
/// also what is not compiled yet.
int validate(const Options& options);

/// Prints what every module named consists of, needs and offers.
int inspect(const Options& options);

/// Prints a module's machine code, with the instructions it was made for.
int objdump(const Options& options);

/// The same as a page of HTML, WebAssembly and machine code side by side.
int explore(const Options& options);

/// Compiles every module named `repeat` times from memory and prints a line of figures for each.
int bench_compile(const Options& options);

/// Compiles the module once, runs it `repeat` times and prints a line of figures.
int bench_run(const Options& options);

/// Streams the module, runs it, and draws how that went: to --output or standard output.
int bench_stream(const Options& options);

/// Text to binary: to --output, or to the input's name with another ending.
int wat2wasm(const Options& options);
/// Binary to text: to --output or standard output.
int wasm2wat(const Options& options);

/// Runs test scripts.
int run_scripts(const Options& options);

/// Prints the completion script of the shell named.
int completion(const Options& options);

/// Prints the manual page.
int man(const Options& options);

}  // namespace sluice::cli

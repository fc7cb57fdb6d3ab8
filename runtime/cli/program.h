// What the commands that execute a module share: the engine and the guest's surroundings as the
// command line wants them, and the one call that a program is. Says what is wrong on standard
// error; the exit statuses are the process's.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "engine/base/result.h"
#include "runtime/cli/options.h"
#include "runtime/store/engine.h"
#include "runtime/store/instance.h"
#include "runtime/store/linker.h"
#include "runtime/wasi/context.h"

namespace sluice::cli {

EngineConfig engine_config(const Options& options);

/// A store with the limits that were asked for.
Result<std::unique_ptr<Store>> make_store(const std::shared_ptr<Engine>& engine,
                                          const Options& options);

/// Sets arguments, environment and directories; the standard streams stay empty.
Result<void> prepare(wasi::Context& context, const Options& options);

/// --unknown-imports: defines the functions that the module imports and nobody has defined.
Result<void> define_unknown_imports(Linker& linker, Store& store, const CompiledModule& module,
                                    const Options& options);

/// Gives the guest the process's standard streams, less the input that module `name` came from.
void inherit_streams(wasi::Context& context, const std::string& name);

/// The exit status of a call or an instantiation that did not come back by itself.
int status_of(const Failure& failure, const wasi::Context& context, const Options& options);

/// Runs _initialize, then the function of --invoke or else _start. What an invoked function
/// returns is printed to `results_to`, if that is not null. Gives the exit status.
int run_instance(const Instance& instance, const Options& options, const wasi::Context& context,
                 std::FILE* results_to);

}  // namespace sluice::cli

// `sluice run`: bytes into the stream compiler as they are read; then instantiation, and the start
// function of a WASI program or the function that --invoke names.
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <optional>

#include "runtime/cli/arriving_module.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/output.h"
#include "runtime/cli/program.h"
#include "runtime/cli/report.h"
#include "runtime/cli/stop.h"
#include "runtime/store/engine.h"
#include "runtime/store/linker.h"
#include "runtime/store/store.h"
#include "runtime/wasi/preview1.h"

namespace sluice::cli {

namespace {

/// Ends a command early: what is to be said has been said, this is the exit status.
struct Stop {
  int status;
};
template <class T>
using Step = std::expected<T, Stop>;

std::unexpected<Stop> stop(const std::string& module, std::string_view text) {
  return std::unexpected(Stop{report_error(module, text)});
}

void print_stats(const Engine& engine, const CompileStats& stats, OutputForm form) {
  const char* mode = engine.memory_mode() == MemoryMode::Guard ? "guard" : "explicit";
  const auto compile_ms = static_cast<double>(stats.compile_ns) / 1e6;
  const auto ready_ms = static_cast<double>(stats.last_byte_to_ready_ns) / 1e6;
  if (form == OutputForm::Json) {
    std::fprintf(stderr,
                 "{\"bytes\": %" PRIu64 ", \"code_section_bytes\": %" PRIu64
                 ", \"functions\": %u, \"machine_code_bytes\": %" PRIu64
                 ", \"compile_ms\": %.3f, \"last_byte_to_ready_ms\": %.3f, \"workers\": %u, "
                 "\"memory_mode\": \"%s\"}\n",
                 stats.wire_bytes, stats.code_section_bytes, stats.functions,
                 stats.machine_code_bytes, compile_ms, ready_ms, stats.workers, mode);
    return;
  }
  auto line = [](const char* what, uint64_t value) {
    std::fprintf(stderr, "sluice: %-20s %12" PRIu64 "\n", what, value);
  };
  line("bytes", stats.wire_bytes);
  line("code section bytes", stats.code_section_bytes);
  line("functions", stats.functions);
  line("machine code bytes", stats.machine_code_bytes);
  std::fprintf(stderr, "sluice: %-20s %12.3f ms\n", "compile time", compile_ms);
  std::fprintf(stderr, "sluice: %-20s %12.3f ms\n", "last byte to ready", ready_ms);
  line("workers", stats.workers);
  std::fprintf(stderr, "sluice: %-20s %12s\n", "memory mode", mode);
}

Step<int> run_steps(const Options& options) {
  const std::string& name = options.modules[0];
  auto engine = Engine::create(engine_config(options));
  if (!engine) return stop({}, engine.error().message());
  auto module = compile_arriving(**engine, options);
  if (!module) return std::unexpected(Stop{module.error()});
  if (options.stats != OutputForm::None) {
    print_stats(**engine, (*module)->stats(), options.stats);
  }
  auto context = std::make_shared<wasi::Context>();
  if (auto ready = prepare(*context, options); !ready) return stop({}, ready.error().message());
  inherit_streams(*context, name);
  Linker linker(*engine);
  if (auto defined = wasi::define_preview1(linker, context); !defined) {
    return stop({}, defined.error().message());
  }
  auto store = make_store(*engine, options);
  if (!store) return stop({}, store.error().message());
  (*store)->set_fuel(options.fuel.value_or(0));
  if (auto defined = define_unknown_imports(linker, **store, **module, options); !defined) {
    return stop(name, defined.error().message());
  }
  const StopGuard guard(**store, options);
  auto instance = linker.instantiate(**store, *module);
  if (!instance) return status_of(instance.error(), *context, options);
  const int status = run_instance(**instance, options, *context, stdout);
  // A profile's files end with their module.
  return options.profile == ProfileChoice::None ? leave(status) : status;
}

}  // namespace

int run(const Options& options) {
  Step<int> status = run_steps(options);
  return status ? *status : status.error().status;
}

}  // namespace sluice::cli

// `sluice run`: bytes into the stream compiler as they are read; then instantiation, and the start
// function of a WASI program or the function that --invoke names.
#include <cinttypes>
#include <cstdio>
#include <memory>

#include "jit/pipeline/stream_compiler.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/program.h"
#include "runtime/cli/report.h"
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

void print_stats(const Engine& engine, const CompileStats& stats) {
  auto line = [](const char* what, uint64_t value, const char* unit) {
    std::fprintf(stderr, "sluice: %-20s %12" PRIu64 "%s\n", what, value, unit);
  };
  auto milliseconds = [](const char* what, uint64_t ns) {
    std::fprintf(stderr, "sluice: %-20s %12.3f ms\n", what, static_cast<double>(ns) / 1e6);
  };
  line("bytes", stats.wire_bytes, "");
  line("code section bytes", stats.code_section_bytes, "");
  line("functions", stats.functions, "");
  line("machine code bytes", stats.machine_code_bytes, "");
  milliseconds("compile time", stats.compile_ns);
  milliseconds("last byte to ready", stats.last_byte_to_ready_ns);
  line("workers", stats.workers, "");
  bool guard = engine.memory_mode() == MemoryMode::Guard;
  std::fprintf(stderr, "sluice: %-20s %12s\n", "memory mode", guard ? "guard" : "explicit");
}

Step<std::shared_ptr<const CompiledModule>> compile(const Engine& engine, const std::string& name) {
  StreamCompiler stream = engine.compile_stream();
  Result<void> fed;
  auto got = read_pieces(name, [&](std::span<const uint8_t> piece) {
    fed = stream.feed(piece);
    return fed.has_value();
  });
  if (!got) return stop({}, got.error());
  if (!fed) return stop(name, fed.error().message());
  auto module = stream.finish();
  if (!module) return stop(name, module.error().message());
  return *std::move(module);
}

Step<int> run_steps(const Options& options) {
  const std::string& name = options.modules[0];
  auto engine = Engine::create(engine_config(options));
  if (!engine) return stop({}, engine.error().message());
  auto module = compile(**engine, name);
  if (!module) return std::unexpected(module.error());
  if (options.stats) print_stats(**engine, (*module)->stats());
  auto context = std::make_shared<wasi::Context>();
  if (auto ready = prepare(*context, options); !ready) return stop({}, ready.error().message());
  inherit_streams(*context, name);
  Linker linker(*engine);
  if (auto defined = wasi::define_preview1(linker, context); !defined) {
    return stop({}, defined.error().message());
  }
  auto store = Store::create(*engine);
  if (!store) return stop({}, store.error().message());
  auto instance = linker.instantiate(**store, *module);
  if (!instance) return status_of(instance.error(), *context, name);
  return run_instance(**instance, options, *context, stdout);
}

}  // namespace

int run(const Options& options) {
  Step<int> status = run_steps(options);
  return status ? *status : status.error().status;
}

}  // namespace sluice::cli

// `sluice bench`: figures of one module after the other as tab-separated lines, for anybody's own
// comparison. Modules are read before the clock starts. A module that fails is reported on
// standard error and has no line; the others are measured all the same. `bench stream` draws
// instead.
#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <vector>

#include "engine/binary/wire_bytes.h"
#include "runtime/cli/arriving_module.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/output.h"
#include "runtime/cli/program.h"
#include "runtime/cli/report.h"
#include "runtime/cli/stop.h"
#include "runtime/cli/timeline.h"
#include "runtime/store/linker.h"
#include "runtime/store/store.h"
#include "runtime/wasi/preview1.h"

namespace sluice::cli {

namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void print_head() { std::puts("file\tbytes\tcode_bytes\tmin_ms\tmedian_ms\tmachine_code_bytes"); }

void print_line(const std::string& name, const CompileStats& stats, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const size_t half = times.size() / 2;
  const double median = times.size() % 2 == 1 ? times[half] : (times[half - 1] + times[half]) / 2;
  std::printf("%s\t%" PRIu64 "\t%" PRIu64 "\t%.4f\t%.4f\t%" PRIu64 "\n", printable(name).c_str(),
              stats.wire_bytes, stats.code_section_bytes, times.front(), median,
              stats.machine_code_bytes);
  std::fflush(stdout);
}

/// Every function is compiled before the time of a run begins, and within that of a compilation.
EngineConfig bench_config(const Options& options) {
  EngineConfig config = engine_config(options);
  if (!options.compile) config.compile = CompilePolicy::Eager;
  return config;
}

/// Zero if all went well, else the status to exit with.
int measure_compile(const Engine& engine, const std::string& name, uint32_t repeat) {
  ModuleInput input(name);
  auto bytes = input.read_all();
  if (!bytes) return report_lines(bytes.error());
  CompileStats stats;
  std::vector<double> times;
  for (uint32_t i = 0; i < repeat; ++i) {
    const Clock::time_point start = Clock::now();
    auto module = engine.compile(*bytes);
    times.push_back(milliseconds_since(start));
    if (!module) return report_lines(input.explain(module.error()));
    stats = (*module)->stats();
  }
  print_line(name, stats, std::move(times));
  return 0;
}

/// One repetition: a new store, guest and instance; `time_ms` is of the run alone.
int measure_run(const std::shared_ptr<Engine>& engine,
                const std::shared_ptr<const CompiledModule>& module, const Options& options,
                double& time_ms, StreamRecorder* recorder = nullptr) {
  auto context = std::make_shared<wasi::Context>();
  if (auto ready = prepare(*context, options); !ready) {
    return report_error({}, ready.error().message());
  }
  Linker linker(engine);
  if (auto defined = wasi::define_preview1(linker, context); !defined) {
    return report_error({}, defined.error().message());
  }
  auto store = make_store(engine, options);
  if (!store) return report_error({}, store.error().message());
  (*store)->set_fuel(options.fuel.value_or(0));
  if (auto defined = define_unknown_imports(linker, **store, *module, options); !defined) {
    return report_error(options.modules[0], defined.error().message());
  }
  auto instance = linker.instantiate(**store, module);
  if (!instance) return status_of(instance.error(), *context, options);
  const StopGuard guard(**store, options);
  if (recorder != nullptr) recorder->note_first_call();
  const Clock::time_point start = Clock::now();
  const int status = run_instance(**instance, options, *context, nullptr);
  time_ms = milliseconds_since(start);
  return status;
}

/// "2 workers, adaptive, 12.5 MB/s"
std::string stream_conditions(const Engine& engine, const Options& options) {
  const uint32_t workers = engine.workers() == nullptr ? 0 : engine.workers()->threads();
  std::string text = std::to_string(workers) + (workers == 1 ? " worker" : " workers");
  switch (engine.config().compile) {
  case CompilePolicy::Eager: text += ", eager"; break;
  case CompilePolicy::Lazy: text += ", lazy"; break;
  case CompilePolicy::Adaptive: text += ", adaptive"; break;
  }
  if (!options.throttle_bytes) return text;
  std::array<char, 32> rate{};
  std::snprintf(rate.data(), rate.size(), ", %.4g MB/s",
                static_cast<double>(*options.throttle_bytes) / 1e6);
  return text + rate.data();
}

/// Is there a function that a command could call?
bool is_runnable(const Module& module, const Options& options) {
  return options.invoke || std::ranges::any_of(module.exports, [](const Export& e) {
           return e.kind == ExternKind::Func && (e.name == "_start" || e.name == "_initialize");
         });
}

}  // namespace

int bench_compile(const Options& options) {
  auto engine = Engine::create(bench_config(options));
  if (!engine) return report_error({}, engine.error().message());
  print_head();
  int status = 0;
  for (const std::string& name : options.modules) {
    status = std::max(status, measure_compile(**engine, name, options.repeat));
  }
  return status;
}

int bench_stream(const Options& options) {
  StreamRecorder recorder;  // outlives the engine's threads
  auto engine = Engine::create(engine_config(options));
  if (!engine) return report_error({}, engine.error().message());
  auto module = compile_arriving(**engine, options, &recorder);
  if (!module) return module.error();
  int status = 0;
  if (is_runnable((*module)->module(), options)) {
    double time_ms = 0;
    status = measure_run(*engine, *module, options, time_ms, &recorder);
  }
  const Module& decoded = (*module)->module();
  TimelineFacts facts;
  facts.title = ModuleInput(options.modules[0]).shown_name();
  facts.title.erase(0, facts.title.rfind('/') + 1);
  facts.how = stream_conditions(**engine, options);
  facts.functions = static_cast<uint32_t>(decoded.bodies.size());
  for (const FuncBody& body : decoded.bodies) facts.code_bytes += body.range.size;
  facts.sections = sections_of(decoded.wire->view());
  Output out(options.output.value_or("-"));
  out.write(draw_timeline(facts, recorder));
  return std::max(status, out.close());
}

int bench_run(const Options& options) {
  const std::string& name = options.modules[0];
  EngineConfig config = bench_config(options);
  // The code that `run` would run, ready before the time begins.
  if (!options.compile && options.opt_level == OptChoice::Auto) {
    config.opt_level = OptLevelChoice::Full;
  }
  auto engine = Engine::create(config);
  if (!engine) return report_error({}, engine.error().message());
  ModuleInput input(name);
  auto bytes = input.read_all();
  if (!bytes) return report_lines(bytes.error());
  auto module = (*engine)->compile(*bytes);
  if (!module) return report_lines(input.explain(module.error()));
  std::vector<double> times(options.repeat);
  for (double& time_ms : times) {
    const int status = measure_run(*engine, *module, options, time_ms);
    if (status != 0) return status;
  }
  print_head();
  print_line(name, (*module)->stats(), std::move(times));
  return 0;
}

}  // namespace sluice::cli

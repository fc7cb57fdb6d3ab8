#include "runtime/cli/program.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <unistd.h>

#include "engine/binary/byte_reader.h"
#include "runtime/cli/invoke.h"
#include "runtime/cli/report.h"
#include "runtime/cli/stop.h"

namespace sluice::cli {

namespace {

std::vector<std::string> exported_funcs(const Module& module) {
  std::vector<std::string> names;
  for (const Export& e : module.exports) {
    if (e.kind == ExternKind::Func) names.emplace_back(e.name);
  }
  return names;
}

std::string unknown_function(const Module& module, const std::string& wanted) {
  std::string text = "no function '" + wanted + "' is exported";
  std::vector<std::string> names = exported_funcs(module);
  std::vector<std::string> near = near_matches(wanted, names);
  if (!near.empty()) {
    text += "; similar:";
  } else if (names.empty()) {
    text += "; no function is";
  } else {
    text += "; there are:";
    constexpr size_t kMaxShown = 10;
    near.assign(names.begin(),
                names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kMaxShown)));
    if (names.size() > kMaxShown) near.emplace_back("...");
  }
  for (const std::string& name : near) text += " " + name;
  return text;
}

/// Calls the function of --invoke with the arguments of the line.
int invoke(const Instance& instance, const Options& options, const wasi::Context& context,
           std::FILE* results_to) {
  const std::string& module = options.modules[0];
  const std::string& name = *options.invoke;
  auto func = instance.exported_func(name);
  if (!func) return report_error(module, unknown_function(instance.module(), name));
  const FuncType& type = func->type();
  if (type.params().size() != options.guest_args.size()) {
    return report_error(module, "function '" + name + "' is " + signature_text(type) + ", got " +
                                    std::to_string(options.guest_args.size()) + " arguments");
  }
  std::vector<Value> args;
  for (size_t i = 0; i < type.params().size(); ++i) {
    auto value = parse_value(options.guest_args[i], type.params()[i]);
    if (!value) {
      return report_error(module, "argument " + std::to_string(i + 1) + " of '" + name + "' (" +
                                      type_name(type.params()[i]) + "): " + value.error());
    }
    args.push_back(*value);
  }
  std::vector<Value> results(type.results().size());
  Outcome<void> called = func->call(args, results);
  if (!called) return status_of(called.error(), context, options);
  if (results_to == nullptr) return 0;
  for (size_t i = 0; i < results.size(); ++i) {
    std::fprintf(results_to, "%s\n", format_value(results[i], type.results()[i]).c_str());
  }
  return 0;
}

/// The environment of the guest, each name once; the last of --env wins.
std::map<std::string, std::string> variables(const Options& options) {
  std::map<std::string, std::string> out;
  for (char** line = environ; options.inherit_variables && *line != nullptr; ++line) {
    std::string text = *line;
    size_t equals = text.find('=');
    // What has no name cannot be given to a guest.
    if (equals != 0 && equals != std::string::npos) {
      out[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  for (const auto& [key, value] : options.variables) out[key] = value;
  return out;
}

/// --trace-wasi.
class StderrTrace final : public wasi::TraceSink {
 public:
  void line(std::string_view text) override {
    std::fprintf(stderr, "sluice: %s\n", printable(text).c_str());
  }
};

/// What stands in for a function that is imported and not there.
struct UnknownImport {
  size_t result_count;
  std::string name;

  static TrapCode trap(void* env, Caller& caller, Value*) {
    return caller.fail(printable(static_cast<UnknownImport*>(env)->name));
  }
  static TrapCode zeros(void* env, Caller&, Value* cells) {
    std::fill_n(cells, static_cast<UnknownImport*>(env)->result_count, Value{});
    return TrapCode::None;
  }
};

/// A string of JSON, which has to be UTF-8: where the text is none, its bytes above 127 become
/// U+FFFD. Control characters are escaped, those of C1 (C2 80 to C2 9F) too.
std::string json_string(std::string_view text) {
  size_t bad = 0;
  const bool is_text = is_utf8({reinterpret_cast<const uint8_t*>(text.data()), text.size()}, bad);
  std::string out = "\"";
  const auto escape = [&](uint32_t code) {
    std::array<char, 8> digits{};
    std::snprintf(digits.data(), digits.size(), "\\u%04x", code & 0xffffu);
    out += digits.data();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if (byte >= 0x80 && !is_text) {
      escape(0xfffd);
    } else if (byte == 0xc2 && static_cast<uint8_t>(text[i + 1]) < 0xa0) {
      escape(static_cast<uint8_t>(text[++i]));
    } else if (byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\') {
      escape(byte);
    } else {
      out += text[i];
    }
  }
  return out + "\"";
}

std::string source_json(const SourceLine& source) {
  if (source.line == 0) return {};
  std::string out =
      ", \"file\": " + json_string(path_of(source)) + ", \"line\": " + std::to_string(source.line);
  if (source.column != 0) out += ", \"column\": " + std::to_string(source.column);
  return out;
}

/// A trap on one line.
std::string trap_json(const std::string& module, const Trap& trap) {
  std::string out = "{\"module\": " + json_string(module) +
                    ", \"trap\": " + json_string(trap.reason()) + ", \"frames\": [";
  bool first = true;
  for (const Frame& frame : trap.frames()) {
    out += first ? "{" : ", {";
    first = false;
    if (frame.is_host()) {
      out += "\"host\": true}";
      continue;
    }
    out += "\"func\": " + std::to_string(raw(frame.func));
    if (!frame.func_name.empty()) out += ", \"name\": " + json_string(frame.func_name);
    if (frame.wasm_offset != kNoOffset) out += ", \"offset\": " + std::to_string(frame.wasm_offset);
    out += source_json(frame.source());
    out += "}";
  }
  return out + "], \"omitted_frames\": " + std::to_string(trap.omitted_frames()) + "}";
}

/// Calls an exported function that takes and returns nothing. No export of the name: 0.
int call_plain(const Instance& instance, const char* name, const Options& options,
               const wasi::Context& context) {
  auto func = instance.exported_func(name);
  if (!func) return 0;
  Outcome<void> called = func->call({}, {});
  return called ? 0 : status_of(called.error(), context, options);
}

}  // namespace

EngineConfig engine_config(const Options& options) {
  EngineConfig config;
  switch (options.memory_checks) {
  case MemoryChoice::Auto: config.memory_mode = MemoryModeChoice::Auto; break;
  case MemoryChoice::Guard: config.memory_mode = MemoryModeChoice::Guard; break;
  case MemoryChoice::Explicit: config.memory_mode = MemoryModeChoice::Explicit; break;
  }
  if (options.compile) {
    switch (*options.compile) {
    case CompileChoice::Adaptive: config.compile = CompilePolicy::Adaptive; break;
    case CompileChoice::Eager: config.compile = CompilePolicy::Eager; break;
    case CompileChoice::Lazy: config.compile = CompilePolicy::Lazy; break;
    }
  }
  switch (options.opt_level) {
  case OptChoice::Auto: config.opt_level = OptLevelChoice::Auto; break;
  case OptChoice::Quick: config.opt_level = OptLevelChoice::Quick; break;
  case OptChoice::Full: config.opt_level = OptLevelChoice::Full; break;
  }
  switch (options.cpu) {
  case CpuChoice::Sse41: config.cpu = CpuLevel::Sse41; break;
  case CpuChoice::Avx: config.cpu = CpuLevel::Avx; break;
  case CpuChoice::Avx2: config.cpu = CpuLevel::Avx2; break;
  case CpuChoice::Host: config.cpu = CpuLevel::Host; break;
  }
  config.debugger = options.debug;
  switch (options.profile) {
  case ProfileChoice::None: config.profile = ProfileFormat::None; break;
  case ProfileChoice::PerfMap: config.profile = ProfileFormat::PerfMap; break;
  case ProfileChoice::JitDump: config.profile = ProfileFormat::JitDump; break;
  }
  if (options.workers) config.workers = *options.workers;
  config.features = options.features;
  config.meter_fuel = options.fuel.has_value();
  if (options.max_stack_bytes) config.max_wasm_stack_bytes = *options.max_stack_bytes;
  return config;
}

Result<std::unique_ptr<Store>> make_store(const std::shared_ptr<Engine>& engine,
                                          const Options& options) {
  auto store = Store::create(engine);
  if (store && options.max_memory_bytes) {
    StoreLimits limits;
    limits.memory_bytes = *options.max_memory_bytes;
    (*store)->limiter().set_limits(limits);
  }
  return store;
}

Result<void> prepare(wasi::Context& context, const Options& options) {
  const std::string& name = options.modules[0];
  std::string program = name == "-" ? name : std::filesystem::path(name).filename().string();
  Result<void> done = context.add_argument(program);
  for (const std::string& text : options.guest_args) {
    if (done) done = context.add_argument(text);
  }
  for (const auto& [key, value] : variables(options)) {
    if (done) done = context.add_variable(key, value);
  }
  for (const DirOption& dir : options.dirs) {
    if (done) done = context.preopen(dir.host, dir.guest, dir.read_only);
  }
  for (const std::string& address : options.listen) {
    if (done) done = context.listen(address);
  }
  if (options.trace_wasi) context.set_trace(std::unique_ptr<wasi::TraceSink>(new StderrTrace));
  return done;
}

void inherit_streams(wasi::Context& context, const std::string& name) {
  // Where the module itself comes from standard input, nothing is left there for the guest.
  if (name != "-") context.inherit_stdin();
  context.inherit_stdout();
  context.inherit_stderr();
}

int status_of(const Failure& failure, const wasi::Context& context, const Options& options) {
  const std::string& module = options.modules[0];
  if (!failure.is_trap()) return report_error(module, failure.message());
  if (failure.trap->code() == TrapCode::Exit && context.exit_status()) {
    return static_cast<int>(*context.exit_status() & 0xff);
  }
  if (failure.trap->code() == TrapCode::Interrupted) return report_stop(module);
  if (options.backtrace == OutputForm::Json) {
    std::fprintf(stderr, "%s\n", trap_json(module, *failure.trap).c_str());
  } else {
    std::fprintf(stderr, "%s %s: trap: %s\n", painted(stderr, Paint::Error, "sluice:").c_str(),
                 printable(module).c_str(), failure.trap->to_text().c_str());
  }
  return kStatusTrap;
}

Result<void> define_unknown_imports(Linker& linker, Store& store, const CompiledModule& module,
                                    const Options& options) {
  if (options.unknown_imports == UnknownImports::Error) return {};
  const bool traps = options.unknown_imports == UnknownImports::Trap;
  for (const Import& import : module.module().imports) {
    if (import.kind != ExternKind::Func) continue;
    auto found = TRY(linker.lookup(store, import.module, import.name));
    if (found) continue;
    const FuncType& type = module.module().func_type(FuncIdx{import.index});
    auto* unknown = new UnknownImport{type.results().size(), {}};
    unknown->name = "unknown import '" + std::string(import.module) + "." +
                    std::string(import.name) + "' was called";
    TRY_VOID(linker.define_func(import.module, import.name, type.params(), type.results(),
                                traps ? &UnknownImport::trap : &UnknownImport::zeros, unknown,
                                [](void* env) { delete static_cast<UnknownImport*>(env); }));
  }
  return {};
}

int run_instance(const Instance& instance, const Options& options, const wasi::Context& context,
                 std::FILE* results_to) {
  // A reactor's initialisation comes before any of its functions.
  bool is_reactor = instance.find_export("_initialize").has_value();
  if (is_reactor) {
    int status = call_plain(instance, "_initialize", options, context);
    if (status != 0 || context.exit_status()) return status;
  }
  if (options.invoke) return invoke(instance, options, context, results_to);
  if (!instance.find_export("_start")) {
    if (is_reactor || instance.module().has_start) return 0;
    return report_error(options.modules[0],
                        "nothing to run: no _start is exported (call a function with --invoke)");
  }
  return call_plain(instance, "_start", options, context);
}

}  // namespace sluice::cli

// sluice.h: the library, errors, engines, streams and modules.

#include <cstring>

#include "engine/text/text.h"
#include "runtime/api/handles.h"

using namespace sluice;
using namespace sluice::api;

struct sluice_stream {
  StreamCompiler compiler;
  void (*progress)(void* env, const sluice_progress_t* progress);
  void* env;
  std::shared_ptr<Engine> engine;
};

namespace {

void forward_progress(void* env, const StreamProgress& progress) {
  const auto& stream = *static_cast<sluice_stream*>(env);
  const sluice_progress_t out = {progress.wire_bytes, progress.bodies_compiled, progress.bodies};
  stream.progress(stream.env, &out);
}

std::span<const uint8_t> bytes_of(const void* bytes, size_t size) {
  if (size == 0) return {};
  return {static_cast<const uint8_t*>(bytes), size};
}

sluice_func_type_t canonical_func_type(const Module& module, TypeIdx type) {
  return wrap(module.registry->func_type(module.types[raw(type)].canonical));
}

/// Text as binary; the error says the line.
Result<Vector<uint8_t>> convert(std::string_view source) {
  auto bytes = wat_to_wasm(source);
  if (bytes) return bytes;
  const TextPosition at = locate(source, bytes.error().offset);
  bytes.error().detail += " (line " + decimal(at.line) + ", column " + decimal(at.column) + ')';
  return bytes;
}

sluice_extern_type_t describe(const Module& module, ExternKind kind, uint32_t index) {
  sluice_extern_type_t out = {};
  out.kind = static_cast<sluice_kind_t>(kind);
  switch (kind) {
  case ExternKind::Func: out.func = canonical_func_type(module, module.funcs[index]); break;
  case ExternKind::Tag: out.func = canonical_func_type(module, module.tags[index].type); break;
  case ExternKind::Table:
    out.limits = wrap(module.tables[index].type.limits);
    out.value_type = wrap(canonical(module.types, module.tables[index].type.element));
    break;
  case ExternKind::Memory:
    out.limits = wrap(module.memories[index].limits);
    out.page_size_log2 = module.memories[index].page_size_log2;
    break;
  case ExternKind::Global:
    out.value_type = wrap(canonical(module.types, module.globals[index].type.type));
    out.is_mutable = module.globals[index].type.is_mutable;
    break;
  }
  return out;
}

}  // namespace

extern "C" {

const char* sluice_version(void) { return "0.1.0"; }

void sluice_set_allocator(void* (*allocate)(size_t, size_t),
                          void (*release)(void*, size_t, size_t)) {
  set_heap_hooks({allocate, release});
}

// Errors

sluice_error_t* sluice_error_new(const char* message, size_t message_size) {
  return error_of(ErrorKind::HostFailed, String(text(message, message_size)));
}

void sluice_error_delete(sluice_error_t* error) { destroy(error); }

sluice_error_class_t sluice_error_get_class(const sluice_error_t* error) {
  if (error->failure.is_trap()) return SLUICE_ERROR_TRAP;
  return static_cast<sluice_error_class_t>(error_class(error->failure.error.kind));
}

sluice_limit_t sluice_error_get_limit(const sluice_error_t* error) {
  if (error->failure.is_trap()) return SLUICE_LIMIT_NONE;
  switch (error->failure.error.kind) {
  case ErrorKind::MemoryLimit:
  case ErrorKind::TableLimit: return SLUICE_LIMIT_MAXIMUM;
  case ErrorKind::StoreLimit: return SLUICE_LIMIT_EMBEDDER;
  case ErrorKind::OutOfMemory: return SLUICE_LIMIT_SYSTEM;
  default: return SLUICE_LIMIT_NONE;
  }
}

const char* sluice_error_message(const sluice_error_t* error) {
  if (error->message.empty()) error->message = error->failure.message();
  return error->message.c_str();
}

uint64_t sluice_error_offset(const sluice_error_t* error) { return error->failure.error.offset; }

bool sluice_error_is_trap(const sluice_error_t* error) { return error->failure.is_trap(); }

sluice_trap_code_t sluice_error_trap_code(const sluice_error_t* error) {
  if (!error->failure.is_trap()) return SLUICE_TRAP_NONE;
  return static_cast<sluice_trap_code_t>(error->failure.trap->code());
}

const char* sluice_error_trap_reason(const sluice_error_t* error) {
  if (!error->failure.is_trap()) return "";
  if (error->reason.empty()) error->reason = String(error->failure.trap->reason());
  return error->reason.c_str();
}

size_t sluice_error_frame_count(const sluice_error_t* error) {
  return error->failure.is_trap() ? error->failure.trap->frames().size() : 0;
}

bool sluice_error_frame(const sluice_error_t* error, size_t index, sluice_frame_t* out) {
  if (index >= sluice_error_frame_count(error)) return false;
  const Frame& frame = error->failure.trap->frames()[index];
  *out = {frame.is_host(), raw(frame.func), frame.func_name.c_str(), frame.func_name.size(),
          frame.wasm_offset};
  return true;
}

bool sluice_error_frame_source(const sluice_error_t* error, size_t index, sluice_source_t* out) {
  if (index >= sluice_error_frame_count(error)) return false;
  const SourceLine source = error->failure.trap->frames()[index].source();
  if (source.line == 0) return false;
  error->source_file = path_of(source);
  *out = {error->source_file.c_str(), error->source_file.size(), source.line, source.column};
  return true;
}

uint64_t sluice_error_omitted_frames(const sluice_error_t* error) {
  return error->failure.is_trap() ? error->failure.trap->omitted_frames() : 0;
}

void* sluice_error_payload_with(const sluice_error_t* error, void (*release)(void*)) {
  if (!error->failure.is_trap()) return nullptr;
  const HostPayload* payload = error->failure.trap->host_payload();
  return payload != nullptr && payload->release == release ? payload->data : nullptr;
}

void* sluice_error_payload(const sluice_error_t* error) {
  return error->failure.is_trap() ? error->failure.trap->payload() : nullptr;
}

// Engines

sluice_config_t* sluice_config_new(void) { return create<sluice_config>(); }
void sluice_config_delete(sluice_config_t* config) { destroy(config); }

void sluice_config_set_memory_mode(sluice_config_t* config, sluice_memory_mode_t mode) {
  config->value.memory_mode = mode == SLUICE_MEMORY_GUARD      ? MemoryModeChoice::Guard
                              : mode == SLUICE_MEMORY_EXPLICIT ? MemoryModeChoice::Explicit
                                                               : MemoryModeChoice::Auto;
}

void sluice_config_set_workers(sluice_config_t* config, uint32_t workers) {
  config->value.workers = workers;
}

void sluice_config_set_cpu(sluice_config_t* config, sluice_cpu_t level) {
  config->value.cpu = level == SLUICE_CPU_SSE41  ? CpuLevel::Sse41
                      : level == SLUICE_CPU_AVX  ? CpuLevel::Avx
                      : level == SLUICE_CPU_AVX2 ? CpuLevel::Avx2
                                                 : CpuLevel::Host;
}

void sluice_config_set_compile(sluice_config_t* config, sluice_compile_t policy) {
  config->value.compile = policy == SLUICE_COMPILE_EAGER  ? CompilePolicy::Eager
                          : policy == SLUICE_COMPILE_LAZY ? CompilePolicy::Lazy
                                                          : CompilePolicy::Adaptive;
}

void sluice_config_set_opt_level(sluice_config_t* config, sluice_opt_level_t level) {
  config->value.opt_level = level == SLUICE_OPT_LEVEL_QUICK  ? OptLevelChoice::Quick
                            : level == SLUICE_OPT_LEVEL_FULL ? OptLevelChoice::Full
                                                             : OptLevelChoice::Auto;
}

void sluice_config_set_max_wasm_stack(sluice_config_t* config, uint64_t bytes) {
  config->value.max_wasm_stack_bytes = bytes;
}

bool sluice_config_set_feature(sluice_config_t* config, const char* name, bool accepted) {
  const std::optional<Feature> feature = find_feature(name);
  if (!feature) return false;
  Features& features = config->value.features;
  features = accepted ? features.with(*feature) : features.without(*feature);
  return true;
}

void sluice_config_set_memory64_bound(sluice_config_t* config, uint64_t bytes) {
  config->value.memory64_bound_bytes = bytes;
}

void sluice_config_set_debugger(sluice_config_t* config, bool on) { config->value.debugger = on; }

void sluice_config_set_profile(sluice_config_t* config, sluice_profile_t profile) {
  config->value.profile = profile == SLUICE_PROFILE_PERF_MAP   ? ProfileFormat::PerfMap
                          : profile == SLUICE_PROFILE_JIT_DUMP ? ProfileFormat::JitDump
                                                               : ProfileFormat::None;
}

void sluice_config_set_max_idle_memories(sluice_config_t* config, uint32_t count) {
  config->value.max_idle_memories = count;
}

void sluice_config_set_signals(sluice_config_t* config, sluice_signals_t signals) {
  config->value.signals = signals == SLUICE_SIGNALS_EMBEDDER ? SignalPolicy::EmbedderOwned
                          : signals == SLUICE_SIGNALS_NONE   ? SignalPolicy::None
                                                             : SignalPolicy::InstallAndChain;
}

void sluice_config_set_fuel(sluice_config_t* config, bool metered) {
  config->value.meter_fuel = metered;
}

void sluice_config_set_call_hooks(sluice_config_t* config, bool allowed) {
  config->value.call_hooks = allowed;
}

sluice_error_t* sluice_engine_new(const sluice_config_t* config, sluice_engine_t** out) {
  Result<std::shared_ptr<Engine>> engine =
      Engine::create(config == nullptr ? EngineConfig{} : config->value);
  if (!engine) return error_of(std::move(engine).error());
  *out = create<sluice_engine>(*std::move(engine));
  return nullptr;
}

sluice_engine_t* sluice_engine_clone(const sluice_engine_t* engine) {
  return create<sluice_engine>(engine->value);
}

void sluice_engine_delete(sluice_engine_t* engine) { destroy(engine); }

sluice_memory_mode_t sluice_engine_memory_mode(const sluice_engine_t* engine) {
  return engine->value->memory_mode() == MemoryMode::Guard ? SLUICE_MEMORY_GUARD
                                                           : SLUICE_MEMORY_EXPLICIT;
}

bool sluice_handle_signal(int signal_number, void* siginfo, void* ucontext) {
  return Engine::handle_signal(signal_number, siginfo, ucontext);
}

// Streams and modules

sluice_stream_t* sluice_stream_new(sluice_engine_t* engine,
                                   void (*progress)(void*, const sluice_progress_t*), void* env) {
  // The callback's environment is the stream itself, so that needs its address first.
  void* room = heap_allocate(sizeof(sluice_stream), alignof(sluice_stream));
  ProgressCallback callback;
  if (progress != nullptr) callback = {&forward_progress, room};
  return new (room)
      sluice_stream{engine->value->compile_stream(callback), progress, env, engine->value};
}

sluice_error_t* sluice_stream_feed(sluice_stream_t* stream, const void* bytes, size_t size) {
  Result<void> fed = stream->compiler.feed(bytes_of(bytes, size));
  return fed ? nullptr : error_of(std::move(fed).error());
}

sluice_error_t* sluice_stream_finish(sluice_stream_t* stream, sluice_module_t** out) {
  auto compiled = stream->compiler.finish();
  if (!compiled) return error_of(std::move(compiled).error());
  *out = create<sluice_module>(*std::move(compiled), stream->engine);
  return nullptr;
}

void sluice_stream_cancel(sluice_stream_t* stream) { stream->compiler.cancel(); }
void sluice_stream_delete(sluice_stream_t* stream) { destroy(stream); }

sluice_error_t* sluice_module_new(sluice_engine_t* engine, const void* bytes, size_t size,
                                  sluice_module_t** out) {
  std::span<const uint8_t> binary = bytes_of(bytes, size);
  Vector<uint8_t> converted;
  if (is_text(binary)) {
    auto made = convert(text(static_cast<const char*>(bytes), size));
    if (!made) return error_of(std::move(made).error());
    converted = *std::move(made);
    binary = converted;
  }
  auto compiled = engine->value->compile(binary);
  if (!compiled) return error_of(std::move(compiled).error());
  *out = create<sluice_module>(*std::move(compiled), engine->value);
  return nullptr;
}

sluice_error_t* sluice_wat2wasm(const char* wat, size_t wat_size, uint8_t** out, size_t* out_size) {
  auto made = convert(text(wat, wat_size));
  if (!made) return error_of(std::move(made).error());
  *out_size = made->size();
  *out = static_cast<uint8_t*>(heap_allocate(made->size(), 1));
  std::memcpy(*out, made->data(), made->size());
  return nullptr;
}

void sluice_bytes_delete(uint8_t* bytes, size_t size) {
  if (bytes != nullptr) heap_release(bytes, size, 1);
}

sluice_module_t* sluice_module_clone(const sluice_module_t* module) {
  return create<sluice_module>(module->value, module->engine);
}

void sluice_module_delete(sluice_module_t* module) { destroy(module); }

size_t sluice_module_import_count(const sluice_module_t* module) {
  return module->value->module().imports.size();
}

bool sluice_module_import(const sluice_module_t* module, size_t index, sluice_import_t* out) {
  const Module& m = module->value->module();
  if (index >= m.imports.size()) return false;
  const Import& import = m.imports[index];
  *out = {import.module.data(), import.module.size(), import.name.data(), import.name.size(),
          describe(m, import.kind, import.index)};
  return true;
}

size_t sluice_module_export_count(const sluice_module_t* module) {
  return module->value->module().exports.size();
}

bool sluice_module_export(const sluice_module_t* module, size_t index, sluice_export_t* out) {
  const Module& m = module->value->module();
  if (index >= m.exports.size()) return false;
  const Export& e = m.exports[index];
  *out = {e.name.data(), e.name.size(), describe(m, e.kind, e.index)};
  return true;
}

void sluice_module_get_stats(const sluice_module_t* module, sluice_module_stats_t* out) {
  const CompileStats stats = module->value->stats();
  *out = {stats.wire_bytes,        stats.code_section_bytes,    stats.machine_code_bytes,
          stats.compile_ns,        stats.last_byte_to_ready_ns, stats.functions,
          stats.functions_compiled};
}

}  // extern "C"

// Engine, Stream, Module and Store: from bytes to something that can be instantiated.
//
// Engines and modules are thread-safe and copies are the same thing; a stream and a store serve one
// thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/detail/result.hpp"

namespace sluice::inline v0 {

struct Config {
  sluice_memory_mode_t memory_mode = SLUICE_MEMORY_AUTO;
  uint32_t workers = SLUICE_WORKERS_AUTO;
  sluice_compile_t compile = SLUICE_COMPILE_ADAPTIVE;
  sluice_opt_level_t opt_level = SLUICE_OPT_LEVEL_AUTO;
  sluice_cpu_t cpu = SLUICE_CPU_HOST;
  std::optional<uint64_t> max_wasm_stack = std::nullopt;  // bytes per outermost call
  sluice_signals_t signals = SLUICE_SIGNALS_CHAIN;
  bool fuel = false;        // guests consume it: Store::set_fuel
  bool call_hooks = false;  // stores may have one: Store::on_call
  std::optional<uint32_t> max_idle_memories = std::nullopt;
  std::vector<std::pair<std::string, bool>> features = {};  // see sluice_config_set_feature
  std::optional<uint64_t> memory64_bound_bytes = std::nullopt;
  bool debugger = false;  // see sluice_config_set_debugger
  sluice_profile_t profile = SLUICE_PROFILE_NONE;
};

namespace detail {

template <class T, void (*kDelete)(T*)>
struct Deleter {
  void operator()(T* object) const { kDelete(object); }
};
template <class T, void (*kDelete)(T*)>
using Owned = std::unique_ptr<T, Deleter<T, kDelete>>;

/// What everything answers that was asked of an engine or store that could not be made.
inline Error no_engine() { return Error("the engine or store could not be created"); }
/// What a call answers that got a reference of another store.
inline Error wrong_store() { return Error("the reference belongs to another store"); }

}  // namespace detail

class Module;
class Stream;

/// Copies are the same engine. Thread-safe. If the system refuses what an engine needs, `status`
/// says why, and everything asked of the engine fails.
class Engine {
 public:
  explicit Engine(const Config& config = {}) : error_(nullptr) {
    detail::Owned<sluice_config_t, sluice_config_delete> c(sluice_config_new());
    sluice_config_set_memory_mode(c.get(), config.memory_mode);
    sluice_config_set_workers(c.get(), config.workers);
    sluice_config_set_debugger(c.get(), config.debugger);
    sluice_config_set_profile(c.get(), config.profile);
    sluice_config_set_compile(c.get(), config.compile);
    sluice_config_set_opt_level(c.get(), config.opt_level);
    sluice_config_set_cpu(c.get(), config.cpu);
    sluice_config_set_signals(c.get(), config.signals);
    sluice_config_set_fuel(c.get(), config.fuel);
    sluice_config_set_call_hooks(c.get(), config.call_hooks);
    if (config.max_wasm_stack) sluice_config_set_max_wasm_stack(c.get(), *config.max_wasm_stack);
    if (config.max_idle_memories) {
      sluice_config_set_max_idle_memories(c.get(), *config.max_idle_memories);
    }
    if (config.memory64_bound_bytes) {
      sluice_config_set_memory64_bound(c.get(), *config.memory64_bound_bytes);
    }
    for (const auto& [name, accepted] : config.features) {
      if (sluice_config_set_feature(c.get(), name.c_str(), accepted)) continue;
      error_ = Error("there is no feature named '" + name + "'");
      return;
    }
    sluice_engine_t* raw = nullptr;
    error_ = Error(sluice_engine_new(c.get(), &raw));
    raw_.reset(raw);
  }
  Engine(const Engine& other)
      : raw_(other.raw_ ? sluice_engine_clone(other.raw_.get()) : nullptr), error_(nullptr) {}
  Engine(Engine&&) noexcept = default;
  Engine& operator=(Engine&&) noexcept = default;
  Engine& operator=(const Engine& other) { return *this = Engine(other); }

  /// Call it once; the error is handed out.
  Result<void> status() {
    if (raw_) return {};
    return error_.raw() != nullptr ? std::move(error_) : detail::no_engine();
  }
  bool ok() const { return raw_ != nullptr; }
  /// SLUICE_MEMORY_AUTO if the engine could not be made.
  sluice_memory_mode_t memory_mode() const {
    return ok() ? sluice_engine_memory_mode(raw()) : SLUICE_MEMORY_AUTO;
  }

  /// Compiles while bytes arrive. `progress` is called with a const sluice_progress_t&; it must not
  /// throw: that ends the process.
  Stream compile_stream() const;
  template <class F>
  Stream compile_stream(F progress) const;
  /// Compiles bytes that are all there.
  Result<Module> compile(std::span<const std::byte> bytes) const;
  Result<Module> compile(std::span<const uint8_t> bytes) const;
  /// Text form, or bytes in a string.
  Result<Module> compile(std::string_view text) const;

  sluice_engine_t* raw() const { return raw_.get(); }

 private:
  detail::Owned<sluice_engine_t, sluice_engine_delete> raw_;
  Error error_;
};

/// What a module imports and exports. Names, and arrays in the types, live as long as the module.
struct ImportType {
  std::string_view module;
  std::string_view name;
  sluice_extern_type_t type;
};
struct ExportType {
  std::string_view name;
  sluice_extern_type_t type;
};

/// Compiled code. Copies are the same module. Thread-safe.
class Module {
 public:
  explicit Module(sluice_module_t* raw) : raw_(raw) {}
  Module(const Module& other) : raw_(sluice_module_clone(other.raw())) {}
  Module(Module&&) noexcept = default;
  Module& operator=(Module&&) noexcept = default;
  Module& operator=(const Module& other) { return *this = Module(other); }

  /// In the module's order.
  std::vector<ImportType> imports() const {
    std::vector<ImportType> out;
    sluice_import_t each = {};
    for (size_t i = 0; sluice_module_import(raw(), i, &each); ++i) {
      out.push_back({{each.module, each.module_size}, {each.name, each.name_size}, each.type});
    }
    return out;
  }
  std::vector<ExportType> exports() const {
    std::vector<ExportType> out;
    sluice_export_t each = {};
    for (size_t i = 0; sluice_module_export(raw(), i, &each); ++i) {
      out.push_back({{each.name, each.name_size}, each.type});
    }
    return out;
  }
  /// The type of the export of that name, if there is one.
  std::optional<sluice_extern_type_t> export_type(std::string_view name) const {
    for (const ExportType& each : exports()) {
      if (each.name == name) return each.type;
    }
    return std::nullopt;
  }
  sluice_module_stats_t stats() const {
    sluice_module_stats_t out = {};
    sluice_module_get_stats(raw(), &out);
    return out;
  }
  sluice_module_t* raw() const { return raw_.get(); }

 private:
  detail::Owned<sluice_module_t, sluice_module_delete> raw_;
};

/// Bytes in, module out. One thread at a time, but for cancel(); destroying it cancels.
class Stream {
 public:
  explicit Stream(sluice_stream_t* raw) : raw_(raw) {}

  Result<void> feed(std::span<const std::byte> bytes) {
    if (!raw_) return detail::no_engine();
    return Error(sluice_stream_feed(raw_.get(), bytes.data(), bytes.size()));
  }
  Result<void> feed(std::span<const uint8_t> bytes) { return feed(std::as_bytes(bytes)); }
  Result<void> feed(std::span<const char> bytes) { return feed(std::as_bytes(bytes)); }
  Result<Module> finish() {
    if (!raw_) return detail::no_engine();
    sluice_module_t* module = nullptr;
    if (sluice_error_t* e = sluice_stream_finish(raw_.get(), &module)) return Error(e);
    return Module(module);
  }
  /// Ends a feed or finish that is running, and all later ones. Any thread.
  void cancel() {
    if (raw_) sluice_stream_cancel(raw_.get());
  }

 private:
  friend class Engine;
  struct ProgressBase {
    virtual ~ProgressBase() = default;
    virtual void call(const sluice_progress_t& progress) = 0;
  };
  template <class F>
  struct Progress : ProgressBase {
    explicit Progress(F f) : function(std::move(f)) {}
    void call(const sluice_progress_t& progress) override { function(progress); }
    F function;
  };

  std::unique_ptr<ProgressBase> progress_;  // outlives raw_
  detail::Owned<sluice_stream_t, sluice_stream_delete> raw_;
};

inline Stream Engine::compile_stream() const {
  return Stream(ok() ? sluice_stream_new(raw(), nullptr, nullptr) : nullptr);
}

template <class F>
Stream Engine::compile_stream(F progress) const {
  auto target = std::make_unique<Stream::Progress<F>>(std::move(progress));
  const auto call = [](void* env, const sluice_progress_t* p) noexcept {
    static_cast<Stream::ProgressBase*>(env)->call(*p);
  };
  Stream::ProgressBase* env = target.get();
  Stream stream(ok() ? sluice_stream_new(raw(), call, env) : nullptr);
  stream.progress_ = std::move(target);
  return stream;
}

inline Result<Module> Engine::compile(std::span<const std::byte> bytes) const {
  if (!ok()) return detail::no_engine();
  sluice_module_t* module = nullptr;
  if (sluice_error_t* e = sluice_module_new(raw(), bytes.data(), bytes.size(), &module)) {
    return Error(e);
  }
  return Module(module);
}

inline Result<Module> Engine::compile(std::span<const uint8_t> bytes) const {
  return compile(std::as_bytes(bytes));
}

inline Result<Module> Engine::compile(std::string_view text) const {
  return compile(std::as_bytes(std::span(text)));
}

/// Stops what runs in a store, from any thread, also when the store is gone: then nothing happens.
class InterruptHandle {
 public:
  /// Async-signal-safe; returns at once. The running call ends with SLUICE_TRAP_INTERRUPTED, or, if
  /// there is none, the next one.
  void interrupt() const {
    if (raw_) sluice_interrupt_send(raw_.get());
  }

 private:
  friend class Store;
  explicit InterruptHandle(sluice_interrupt_t* raw) : raw_(raw) {}
  detail::Owned<sluice_interrupt_t, sluice_interrupt_delete> raw_;
};

/// What a store may have, all its objects together: see sluice_store_limits_t.
struct StoreLimits {
  std::optional<uint64_t> memory_bytes = std::nullopt;
  std::optional<uint64_t> table_elements = std::nullopt;
  std::optional<uint64_t> instances = std::nullopt;
  std::optional<uint64_t> memories = std::nullopt;
  std::optional<uint64_t> tables = std::nullopt;
  bool trap_on_refused_grow = false;  // memory.grow and table.grow give -1 otherwise
};

namespace detail {

/// The embedder's own value in a store, with its type.
struct StoreDataBase {
  explicit StoreDataBase(const void* t) : type(t) {}
  StoreDataBase(const StoreDataBase&) = delete;
  StoreDataBase& operator=(const StoreDataBase&) = delete;
  virtual ~StoreDataBase() = default;
  const void* type;
};
template <class T>
struct StoreData : StoreDataBase {
  explicit StoreData(T v) : StoreDataBase(&kType), value(std::move(v)) {}
  T value;
  // Its address is the type; writable, so that no linker merges it with another.
  inline static char kType = 0;
};
template <class T>
T* store_data(const sluice_store_t* store) {
  if (store == nullptr) return nullptr;
  auto* data = static_cast<StoreDataBase*>(sluice_store_user_data(store));
  if (data == nullptr || data->type != &StoreData<T>::kType) return nullptr;
  return &static_cast<StoreData<T>*>(data)->value;
}

}  // namespace detail

/// Owns all objects made in it, and a value of the embedder's for its host functions. One thread at
/// a time: a call while another thread runs one is an error, in direct calls (TypedFunc) only where
/// NDEBUG is not defined.
class Store {
 public:
  explicit Store(const Engine& engine) { make(engine); }
  /// With a value that `data` finds again, here and in Caller.
  template <class T>
  Store(const Engine& engine, T data)
      : data_(std::make_unique<detail::StoreData<T>>(std::move(data))) {
    make(engine);
  }
  Store(Store&&) noexcept = default;
  // In the order of destruction: the old store goes first, what it uses after it.
  Store& operator=(Store&& other) noexcept {
    raw_ = std::move(other.raw_);
    data_ = std::move(other.data_);
    hook_ = std::move(other.hook_);
    error_ = std::move(other.error_);
    return *this;
  }
  /// Why there is no store, if there is none: then everything asked of it fails. Call it once; the
  /// error is handed out.
  Result<void> status() {
    if (raw_) return {};
    return error_.raw() != nullptr ? std::move(error_) : detail::no_engine();
  }
  sluice_store_t* raw() const { return raw_.get(); }

  /// The store's value; null if it has none or one of another type.
  template <class T>
  T* data() const {
    return detail::store_data<T>(raw());
  }

  /// Holds from now on, for what is made and grows.
  void set_limits(const StoreLimits& limits) {
    const sluice_store_limits_t l = {
        limits.memory_bytes.value_or(UINT64_MAX), limits.table_elements.value_or(UINT64_MAX),
        limits.instances.value_or(UINT64_MAX),    limits.memories.value_or(UINT64_MAX),
        limits.tables.value_or(UINT64_MAX),       limits.trap_on_refused_grow};
    if (raw_) sluice_store_set_limits(raw(), &l);
  }
  /// bool (const sluice_growth_t&): asked before a memory or table is made or grows; false refuses.
  /// It must not use the store. One that throws refuses.
  template <class F>
  void set_limiter(F ask) {
    if (!raw_) return;
    const auto call = [](void* env, const sluice_growth_t* growth) noexcept -> bool {
#ifdef __cpp_exceptions
      try {
        return (*static_cast<F*>(env))(*growth);
      } catch (...) {
        return false;
      }
#else
      return (*static_cast<F*>(env))(*growth);
#endif
    };
    const auto release = [](void* env) { delete static_cast<F*>(env); };
    sluice_store_set_limiter(raw(), call, new F(std::move(ask)), release);
  }

  InterruptHandle interrupt_handle() const {
    return InterruptHandle(raw_ ? sluice_interrupt_new(raw()) : nullptr);
  }
  /// Interrupts whatever runs so long from now; replaces an earlier deadline.
  void set_deadline(std::chrono::nanoseconds from_now) {
    const auto ns = from_now.count();
    if (raw_) sluice_store_set_deadline(raw(), ns < 0 ? 0 : static_cast<uint64_t>(ns));
  }
  /// Drops the deadline, and a request that no call has taken.
  void clear_interrupt() {
    if (raw_) sluice_store_clear_interrupt(raw());
  }
  /// For host functions that take long: return soon, the call is to end.
  bool is_interrupted() const { return raw_ && sluice_store_is_interrupted(raw()); }
  /// For host functions that block: can be read when the call is to end. See
  /// sluice_store_interrupt_fd.
  int interrupt_fd() { return raw_ ? sluice_store_interrupt_fd(raw()) : -1; }

  /// What guests may do: one for each instruction, see sluice_store_set_fuel. Errors unless
  /// Config::fuel.
  Result<void> set_fuel(uint64_t fuel) {
    if (!raw_) return detail::no_engine();
    return Error(sluice_store_set_fuel(raw(), fuel));
  }
  Result<void> add_fuel(uint64_t fuel) {
    if (!raw_) return detail::no_engine();
    return Error(sluice_store_add_fuel(raw(), fuel));
  }
  Result<uint64_t> fuel() const {
    if (!raw_) return detail::no_engine();
    uint64_t left = 0;
    if (sluice_error_t* e = sluice_store_get_fuel(raw(), &left)) return Error(e);
    return left;
  }
  /// void (sluice_call_event_t): told whenever control passes between host and Wasm. It must not
  /// use the store, nor throw: that ends the process. An error unless Config::call_hooks.
  template <class F>
  Result<void> on_call(F hook) {
    if (!raw_) return detail::no_engine();
    const auto call = [](void* env, uint32_t event) noexcept {
      (*static_cast<F*>(env))(static_cast<sluice_call_event_t>(event));
    };
    Hook kept(new F(std::move(hook)), [](void* env) { delete static_cast<F*>(env); });
    if (sluice_error_t* e = sluice_store_set_call_hook(raw(), call, kept.get())) return Error(e);
    hook_ = std::move(kept);
    return {};
  }

 private:
  void make(const Engine& engine) {
    if (!engine.ok()) return;
    sluice_store_t* raw = nullptr;
    error_ = Error(sluice_store_new(engine.raw(), data_.get(), &raw));
    raw_.reset(raw);
  }

  using Hook = std::unique_ptr<void, void (*)(void*)>;
  Hook hook_{nullptr, [](void*) {}};  // outlives raw_, as does
  std::unique_ptr<detail::StoreDataBase> data_;
  detail::Owned<sluice_store_t, sluice_store_delete> raw_;
  Error error_{nullptr};
};

}  // namespace sluice::inline v0

// Sluice for C++20, header-only over the C interface (sluice.h): a program and the library may
// differ in compiler, standard and standard library. A typed call is a direct jump all the same.
//
// Nothing throws; what can fail returns Result<T>. Works with -fno-exceptions and -fno-rtti; with
// exceptions on, one that leaves a host function is caught at the boundary, becomes a trap and can
// be had back from its Error. Lifetimes and thread rules are sluice.h's: Func, Memory, Table,
// Global and Instance are small values that live as long as their Store.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>
#include <version>

#include "sluice/sluice.h"

#ifdef __cpp_lib_expected
#include <expected>
#endif
#ifdef __cpp_exceptions
#include <exception>
#endif

// The inline namespace keeps these inline functions apart from the library's own, which share the
// outer name, when both are linked statically.
namespace sluice::inline v0 {

// ---- Errors -------------------------------------------------------------------------------------

/// One function activation of a trap's backtrace; the name is empty if it has none.
struct Frame {
  bool is_host = false;
  uint32_t func_index = 0;
  std::string_view func_name;
  std::optional<uint64_t> wasm_offset;
};

/// What went wrong: an error of the input, the request, or a trap. Move-only.
class [[nodiscard]] Error {
 public:
  /// A host's own error; as the result of a host function it becomes a trap with these words.
  explicit Error(std::string_view message)
      : raw_(sluice_error_new(message.data(), message.size())) {}
  /// Takes ownership of a C error, which may be null: then this is no error.
  explicit Error(sluice_error_t* raw) : raw_(raw) {}
  Error(Error&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Error& operator=(Error&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
  ~Error() {
    if (raw_ != nullptr) sluice_error_delete(raw_);
  }

  sluice_error_class_t error_class() const { return sluice_error_get_class(raw_); }
  /// One line; for a trap the reason and the backtrace.
  std::string_view message() const { return sluice_error_message(raw_); }
  /// Byte offset in the module, if the error names one.
  std::optional<uint64_t> offset() const {
    const uint64_t at = sluice_error_offset(raw_);
    return at == SLUICE_NO_OFFSET ? std::nullopt : std::optional<uint64_t>(at);
  }
  bool is_trap() const { return sluice_error_is_trap(raw_); }
  sluice_trap_code_t trap_code() const { return sluice_error_trap_code(raw_); }
  std::string_view trap_reason() const { return sluice_error_trap_reason(raw_); }
  /// Innermost first. Names are views into this error.
  std::vector<Frame> frames() const {
    std::vector<Frame> out(sluice_error_frame_count(raw_));
    for (size_t i = 0; i < out.size(); ++i) {
      sluice_frame_t f = {};
      sluice_error_frame(raw_, i, &f);
      out[i] = {f.is_host, f.func_index, {f.func_name, f.func_name_size}, std::nullopt};
      if (f.wasm_offset != SLUICE_NO_OFFSET) out[i].wasm_offset = f.wasm_offset;
    }
    return out;
  }
#ifdef __cpp_exceptions
  /// The exception that left a host function and caused this trap; null if it had another cause.
  std::exception_ptr host_exception() const {
    void* payload = sluice_error_payload(raw_);
    return payload == nullptr ? nullptr : *static_cast<std::exception_ptr*>(payload);
  }
#endif

  sluice_error_t* raw() const { return raw_; }
  sluice_error_t* release() { return std::exchange(raw_, nullptr); }

 private:
  sluice_error_t* raw_;
};

/// A T or an Error. Using the value of an error ends the program, so test first or SLUICE_TRY.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : value_(std::move(value)), error_(nullptr), has_value_(true) {}  // NOLINT
  Result(Error error) : error_(std::move(error)), has_value_(false) {}              // NOLINT
  Result(Result&& other) noexcept : error_(std::move(other.error_)), has_value_(other.has_value_) {
    if (has_value_) new (&value_) T(std::move(other.value_));
  }
  Result& operator=(Result&& other) noexcept {
    if (this != &other) {
      this->~Result();
      new (this) Result(std::move(other));
    }
    return *this;
  }
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  ~Result() {
    if (has_value_) value_.~T();
  }

  bool has_value() const { return has_value_; }
  explicit operator bool() const { return has_value_; }
  T& value() & {
    need(has_value_);
    return value_;
  }
  const T& value() const& {
    need(has_value_);
    return value_;
  }
  T&& value() && {
    need(has_value_);
    return std::move(value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  template <class U>
  T value_or(U&& other) && {
    return has_value_ ? std::move(value_) : static_cast<T>(std::forward<U>(other));
  }
  Error& error() & {
    need(!has_value_);
    return error_;
  }
  Error&& error() && {
    need(!has_value_);
    return std::move(error_);
  }
#ifdef __cpp_lib_expected
  operator std::expected<T, Error>() && {  // NOLINT(google-explicit-constructor)
    if (has_value_) return std::move(value_);
    return std::unexpected(std::move(error_));
  }
#endif

 private:
  static void need(bool condition) {
    if (!condition) std::abort();
  }
  union {
    T value_;
  };
  Error error_;
  bool has_value_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() : error_(nullptr) {}
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  bool has_value() const { return error_.raw() == nullptr; }
  explicit operator bool() const { return has_value(); }
  void value() const {
    if (!has_value()) std::abort();
  }
  void operator*() const { value(); }
  Error& error() & { return error_; }
  Error&& error() && { return std::move(error_); }
#ifdef __cpp_lib_expected
  operator std::expected<void, Error>() && {  // NOLINT(google-explicit-constructor)
    if (has_value()) return {};
    return std::unexpected(std::move(error_));
  }
#endif

 private:
  Error error_;
};

/// The value of a Result, or returns its Error from the enclosing function.
#define SLUICE_TRY(...)                                                                            \
  SLUICE_DETAIL_TRY(SLUICE_DETAIL_JOIN(sluice_result_, __COUNTER__), __VA_ARGS__)
// A name of its own for each use, because uses nest.
#define SLUICE_DETAIL_TRY(result, ...)                                                             \
  __extension__({                                                                                  \
    auto result = (__VA_ARGS__);                                                                   \
    if (!result) return std::move(result).error();                                                 \
    *std::move(result);                                                                            \
  })
#define SLUICE_DETAIL_JOIN(a, b) SLUICE_DETAIL_JOIN_EXPANDED(a, b)
#define SLUICE_DETAIL_JOIN_EXPANDED(a, b) a##b

// ---- Engines, streams, modules ------------------------------------------------------------------

struct Config {
  sluice_memory_mode_t memory_mode = SLUICE_MEMORY_AUTO;
  uint32_t workers = SLUICE_WORKERS_AUTO;
  std::optional<uint64_t> max_wasm_stack = std::nullopt;  // bytes per outermost call
  bool embedder_owns_signals = false;
};

namespace detail {

template <class T, void (*kDelete)(T*)>
struct Deleter {
  void operator()(T* object) const { kDelete(object); }
};
template <class T, void (*kDelete)(T*)>
using Owned = std::unique_ptr<T, Deleter<T, kDelete>>;

/// What everything answers that was asked of an engine that could not be made.
inline Error no_engine() { return Error("the engine could not be created"); }

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
    sluice_config_set_embedder_owns_signals(c.get(), config.embedder_owns_signals);
    if (config.max_wasm_stack) sluice_config_set_max_wasm_stack(c.get(), *config.max_wasm_stack);
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
  sluice_memory_mode_t memory_mode() const { return sluice_engine_memory_mode(raw()); }

  /// Compiles while bytes arrive. `progress` is called with a const sluice_progress_t&.
  Stream compile_stream() const;
  template <class F>
  Stream compile_stream(F progress) const;
  /// Compiles bytes that are all there.
  Result<Module> compile(std::span<const std::byte> bytes) const;
  Result<Module> compile(std::span<const uint8_t> bytes) const;

  sluice_engine_t* raw() const { return raw_.get(); }

 private:
  detail::Owned<sluice_engine_t, sluice_engine_delete> raw_;
  Error error_;
};

/// Compiled code. Copies are the same module. Thread-safe.
class Module {
 public:
  explicit Module(sluice_module_t* raw) : raw_(raw) {}
  Module(const Module& other) : raw_(sluice_module_clone(other.raw())) {}
  Module(Module&&) noexcept = default;
  Module& operator=(Module&&) noexcept = default;
  Module& operator=(const Module& other) { return *this = Module(other); }

  /// Strings and arrays in them live as long as the module.
  std::vector<sluice_import_t> imports() const {
    std::vector<sluice_import_t> out(sluice_module_import_count(raw()));
    for (size_t i = 0; i < out.size(); ++i) sluice_module_import(raw(), i, &out[i]);
    return out;
  }
  std::vector<sluice_export_t> exports() const {
    std::vector<sluice_export_t> out(sluice_module_export_count(raw()));
    for (size_t i = 0; i < out.size(); ++i) sluice_module_export(raw(), i, &out[i]);
    return out;
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

/// Bytes in, module out. One thread at a time; destroying it cancels.
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

/// Owns all objects made in it. One thread at a time.
class Store {
 public:
  explicit Store(const Engine& engine) {
    if (!engine.ok()) return;
    sluice_store_t* raw = nullptr;
    (void)Error(sluice_store_new(engine.raw(), nullptr, &raw));
    raw_.reset(raw);
  }
  sluice_store_t* raw() const { return raw_.get(); }

 private:
  detail::Owned<sluice_store_t, sluice_store_delete> raw_;
};

// ---- Memories -----------------------------------------------------------------------------------

/// In pages of 64 KiB.
struct MemoryLimits {
  uint64_t initial = 0;
  std::optional<uint64_t> maximum = std::nullopt;
  bool is_shared = false;
  bool is_64 = false;
};

/// Elements of T inside a memory. Never stale: it reads the memory's base anew at each access, and
/// a memory never shrinks, so what was in bounds stays so. References and spans taken from it hold
/// until the memory grows (in guard mode: as long as the store).
template <class T>
class View {
  static_assert(std::is_trivially_copyable_v<T>, "guest memory holds plain bytes");

 public:
  View() = default;
  View(const sluice_memory_data_t* memory, uint64_t offset, size_t count)
      : memory_(memory), offset_(offset), count_(count) {}

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  T* data() const { return reinterpret_cast<T*>(memory_->base + offset_); }
  /// `index` must be below size().
  T& operator[](size_t index) const { return data()[index]; }
  /// Nothing if `index` is out of range.
  std::optional<T> at(size_t index) const {
    return index < count_ ? std::optional<T>(data()[index]) : std::nullopt;
  }
  std::span<T> span() const { return count_ == 0 ? std::span<T>() : std::span<T>(data(), count_); }
  T* begin() const { return span().data(); }
  T* end() const { return span().data() + count_; }

 private:
  const sluice_memory_data_t* memory_ = nullptr;
  uint64_t offset_ = 0;
  size_t count_ = 0;
};

class Memory {
 public:
  Memory(sluice_store_t* store, sluice_memory_t raw, const sluice_memory_data_t* data)
      : store_(store), raw_(raw), data_(data) {}
  static Result<Memory> create(Store& store, const MemoryLimits& limits) {
    if (store.raw() == nullptr) return detail::no_engine();
    const sluice_limits_t l = {limits.initial, limits.maximum.value_or(0),
                               limits.maximum.has_value(), limits.is_64, limits.is_shared};
    sluice_memory_t raw = {};
    if (sluice_error_t* e = sluice_memory_new(store.raw(), l, 16, &raw)) return Error(e);
    return wrap(store.raw(), raw);
  }
  static Result<Memory> wrap(sluice_store_t* store, sluice_memory_t raw) {
    const sluice_memory_data_t* data = nullptr;
    if (sluice_error_t* e = sluice_memory_get_data(store, raw, &data)) return Error(e);
    return Memory(store, raw, data);
  }

  uint64_t size_bytes() const { return data_->size_bytes; }
  /// All bytes; holds until the memory grows (in guard mode: as long as the store).
  std::span<std::byte> bytes() const {
    return {reinterpret_cast<std::byte*>(data_->base), static_cast<size_t>(data_->size_bytes)};
  }
  bool contains(uint64_t offset, uint64_t size) const {
    return size <= data_->size_bytes && offset <= data_->size_bytes - size;
  }
  /// The old size in pages.
  Result<uint64_t> grow(uint64_t delta_pages) {
    uint64_t old = 0;
    if (sluice_error_t* e = sluice_memory_grow(store_, raw_, delta_pages, &old)) return Error(e);
    return old;
  }

  /// `count` elements from `offset` on, which must be aligned for T.
  template <class T>
  Result<View<T>> view(uint64_t offset, size_t count) const {
    if (count > SIZE_MAX / sizeof(T)) return out_of_bounds(UINT64_MAX, UINT64_MAX);
    if (!contains(offset, count * sizeof(T))) return out_of_bounds(offset, count * sizeof(T));
    if (offset % alignof(T) != 0) return Error("the offset is not aligned for the type");
    return View<T>(data_, offset, count);
  }
  /// One value, at any alignment.
  template <class T>
  Result<T> read(uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(offset, sizeof(T))) return out_of_bounds(offset, sizeof(T));
    std::array<std::byte, sizeof(T)> bytes;
    std::memcpy(bytes.data(), data_->base + offset, sizeof(T));
    return std::bit_cast<T>(bytes);
  }
  template <class T>
  Result<void> write(uint64_t offset, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(offset, sizeof(T))) return out_of_bounds(offset, sizeof(T));
    std::memcpy(data_->base + offset, &value, sizeof(T));
    return {};
  }
  Result<std::string> read_string(uint64_t offset, size_t size) const {
    if (!contains(offset, size)) return out_of_bounds(offset, size);
    if (size == 0) return std::string();
    return std::string(reinterpret_cast<const char*>(data_->base + offset), size);
  }
  /// Copies out or in.
  Result<void> copy_out(uint64_t offset, std::span<std::byte> to) const {
    return Error(sluice_memory_read(store_, raw_, offset, to.data(), to.size()));
  }
  Result<void> copy_in(uint64_t offset, std::span<const std::byte> from) const {
    return Error(sluice_memory_write(store_, raw_, offset, from.data(), from.size()));
  }

  sluice_memory_t raw() const { return raw_; }
  const sluice_memory_data_t* raw_data() const { return data_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_MEMORY, raw_.store_id, raw_.object}; }

 private:
  Error out_of_bounds(uint64_t offset, uint64_t size) const {
    return Error(sluice_memory_check(store_, raw_, offset, size));
  }

  sluice_store_t* store_;
  sluice_memory_t raw_;
  const sluice_memory_data_t* data_;
};

// ---- Types --------------------------------------------------------------------------------------

/// A reference to a host object; null if it holds none. Meaningful inside one store.
struct ExternRef {
  uint32_t handle = 0;
  static ExternRef from(const Store& store, void* host) {
    return {static_cast<uint32_t>(sluice_externref_new(store.raw(), host).ref)};
  }
  void* host(const Store& store) const {
    sluice_value_t v = {};
    v.ref = handle;
    return sluice_externref_host(store.raw(), v);
  }
};

/// A string or array in the caller's memory that the guest passes as two i32: address and count.
/// A host function's parameter of these types is checked before the function runs.
class GuestString {
 public:
  explicit GuestString(View<char> view) : view_(view) {}
  /// Holds until the memory grows.
  std::string_view view() const { return {view_.begin(), view_.size()}; }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)
  std::string str() const { return std::string(view()); }
  size_t size() const { return view_.size(); }

 private:
  View<char> view_;
};
template <class T>
class GuestSpan : public View<T> {
 public:
  explicit GuestSpan(View<T> view) : View<T>(view) {}
};

namespace detail {

template <class T>
struct IsGuestSpan : std::false_type {};
template <class T>
struct IsGuestSpan<GuestSpan<T>> : std::true_type {
  using Element = T;
};

template <class T>
inline constexpr bool kIs32 = (std::is_integral_v<T> && sizeof(T) <= 4) || std::is_enum_v<T>;

/// How a C++ type stands for a Wasm type: its type, and what passes it between compiled code and C.
template <class T>
struct Wasm;
template <class T>
  requires(kIs32<T> && sizeof(T) <= 4)
struct Wasm<T> {
  static constexpr sluice_type_t kType = SLUICE_I32;
  using Abi = uint32_t;
  using Slot = uint64_t;
  static Abi to(T v) { return static_cast<uint32_t>(v); }
  static T from(Slot v) {
    if constexpr (std::is_same_v<T, bool>) {
      return static_cast<uint32_t>(v) != 0;
    } else {
      return static_cast<T>(static_cast<uint32_t>(v));
    }
  }
};
template <class T>
  requires(std::is_integral_v<T> && sizeof(T) == 8)
struct Wasm<T> {
  static constexpr sluice_type_t kType = SLUICE_I64;
  using Abi = uint64_t;
  using Slot = uint64_t;
  static Abi to(T v) { return static_cast<uint64_t>(v); }
  static T from(Slot v) { return static_cast<T>(v); }
};
template <>
struct Wasm<float> {
  static constexpr sluice_type_t kType = SLUICE_F32;
  using Abi = float;
  using Slot = float;
  static Abi to(float v) { return v; }
  static float from(Slot v) { return v; }
};
template <>
struct Wasm<double> {
  static constexpr sluice_type_t kType = SLUICE_F64;
  using Abi = double;
  using Slot = double;
  static Abi to(double v) { return v; }
  static double from(Slot v) { return v; }
};
template <>
struct Wasm<ExternRef> {
  static constexpr sluice_type_t kType = SLUICE_EXTERNREF;
  using Abi = uint32_t;
  using Slot = uint64_t;
  static Abi to(ExternRef v) { return v.handle; }
  static ExternRef from(Slot v) { return {static_cast<uint32_t>(v)}; }
};

}  // namespace detail

/// C++ types that stand for one Wasm value: bool, enums and integers up to 32 bits (i32), 64-bit
/// integers (i64), float, double, ExternRef.
template <class T>
concept WasmValue = requires { detail::Wasm<std::remove_cv_t<T>>::kType; };

namespace detail {

template <class T>
T cell_get(const sluice_value_t& cell) {
  using W = Wasm<T>;
  if constexpr (std::is_same_v<typename W::Slot, float>) {
    return cell.f32;
  } else if constexpr (std::is_same_v<typename W::Slot, double>) {
    return cell.f64;
  } else {
    return W::from(cell.bits[0]);
  }
}
template <class T>
sluice_value_t cell_of(T value) {
  sluice_value_t cell = {};
  if constexpr (std::is_same_v<T, float>) {
    cell.f32 = value;
  } else if constexpr (std::is_same_v<T, double>) {
    cell.f64 = value;
  } else {
    cell.bits[0] = Wasm<T>::to(value);
  }
  return cell;
}

/// Results: void, one value, or a tuple of values.
template <class R>
struct Results {
  static constexpr size_t kCount = 1;
  static constexpr sluice_type_t kTypes[] = {Wasm<R>::kType};
  struct Abi {
    typename Wasm<R>::Slot value;
    uint64_t trap;
  };
};
template <>
struct Results<void> {
  static constexpr size_t kCount = 0;
  static constexpr sluice_type_t kTypes[] = {0};
  using Abi = uint64_t;
};
template <class... Rs>
struct Results<std::tuple<Rs...>> {
  static constexpr size_t kCount = sizeof...(Rs);
  static constexpr sluice_type_t kTypes[] = {Wasm<Rs>::kType..., 0};
  using Abi = uint64_t;  // never called directly
};
template <class R>
inline constexpr bool kIsTuple = false;
template <class... Rs>
inline constexpr bool kIsTuple<std::tuple<Rs...>> = true;

template <class R, class... Args>
sluice_func_type_t func_type_of() {
  static constexpr sluice_type_t kParams[] = {Wasm<Args>::kType..., 0};
  return {kParams, sizeof...(Args), Results<R>::kTypes, Results<R>::kCount};
}

}  // namespace detail

// ---- Functions ----------------------------------------------------------------------------------

template <class Signature>
class TypedFunc;

/// A function whose type has been checked: calling it is a direct jump, without boxing.
template <class R, class... Args>
class TypedFunc<R(Args...)> {
 public:
  TypedFunc(sluice_store_t* store, sluice_func_t func, const sluice_typed_func_t& typed)
      : store_(store), typed_(typed), func_(func) {}

  Result<R> operator()(Args... args) const {
    if constexpr (detail::kIsTuple<R>) {
      return call_with_cells(args...);
    } else {
      using Abi = typename detail::Results<R>::Abi;
      using Entry = Abi (*)(void*, const void*, typename detail::Wasm<Args>::Abi...);
      if (typed_.entry == nullptr) return call_with_cells(args...);
      const auto entry = reinterpret_cast<Entry>(const_cast<void*>(typed_.entry));
      const Abi out = entry(typed_.instance, typed_.code, detail::Wasm<Args>::to(args)...);
      if constexpr (std::is_void_v<R>) {
        if (out != 0) [[unlikely]]
          return trap(out);
        return {};
      } else {
        if (out.trap != 0) [[unlikely]]
          return trap(out.trap);
        return detail::Wasm<R>::from(out.value);
      }
    }
  }
  sluice_func_t raw() const { return func_; }

 private:
  Error trap(uint64_t code) const {
    return Error(sluice_store_take_trap(store_, static_cast<uint32_t>(code)));
  }
  Result<R> call_with_cells(Args... args) const {
    constexpr size_t kResults = detail::Results<R>::kCount;
    const sluice_value_t params[sizeof...(Args) + 1] = {detail::cell_of<Args>(args)...};
    sluice_value_t results[kResults + 1] = {};
    if (sluice_error_t* e =
            sluice_func_call(store_, func_, params, sizeof...(Args), results, kResults)) {
      return Error(e);
    }
    if constexpr (std::is_void_v<R>) {
      return {};
    } else if constexpr (detail::kIsTuple<R>) {
      return unpack(results, std::make_index_sequence<kResults>());
    } else {
      return detail::cell_get<R>(results[0]);
    }
  }
  template <size_t... I>
  static R unpack(const sluice_value_t* cells, std::index_sequence<I...>) {
    return R(detail::cell_get<std::tuple_element_t<I, R>>(cells[I])...);
  }

  sluice_store_t* store_;
  sluice_typed_func_t typed_;
  sluice_func_t func_;
};

/// A function of a store.
class Func {
 public:
  Func(sluice_store_t* store, sluice_func_t raw) : store_(store), raw_(raw) {}

  Result<sluice_func_type_t> type() const {
    sluice_func_type_t out = {};
    if (sluice_error_t* e = sluice_func_get_type(store_, raw_, &out)) return Error(e);
    return out;
  }
  /// Checks the type once; an error if it is another.
  template <class Signature>
  Result<TypedFunc<Signature>> typed() const {
    return typed_as(static_cast<Signature*>(nullptr));
  }
  /// With as many cells as the type has parameters and results.
  Result<void> call(std::span<const sluice_value_t> args, std::span<sluice_value_t> results) const {
    return Error(
        sluice_func_call(store_, raw_, args.data(), args.size(), results.data(), results.size()));
  }
  sluice_func_t raw() const { return raw_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_FUNC, raw_.store_id, raw_.object}; }

 private:
  template <class R, class... Args>
  Result<TypedFunc<R(Args...)>> typed_as(R (*)(Args...)) const {
    static_assert((WasmValue<Args> && ...), "a parameter type does not stand for a Wasm value");
    sluice_typed_func_t typed = {};
    if (sluice_error_t* e =
            sluice_func_typed(store_, raw_, detail::func_type_of<R, Args...>(), &typed)) {
      return Error(e);
    }
    return TypedFunc<R(Args...)>(store_, raw_, typed);
  }

  sluice_store_t* store_;
  sluice_func_t raw_;
};

// ---- Globals, tables, instances -----------------------------------------------------------------

class Global {
 public:
  Global(sluice_store_t* store, sluice_global_t raw) : store_(store), raw_(raw) {}
  template <WasmValue T>
  static Result<Global> create(Store& store, T value, bool is_mutable = true) {
    if (store.raw() == nullptr) return detail::no_engine();
    sluice_global_t raw = {};
    if (sluice_error_t* e = sluice_global_new(store.raw(), detail::Wasm<T>::kType, is_mutable,
                                              detail::cell_of<T>(value), &raw)) {
      return Error(e);
    }
    return Global(store.raw(), raw);
  }
  /// An error if the global has another type.
  template <WasmValue T>
  Result<T> get() const {
    if (Result<void> checked = check<T>(); !checked) return std::move(checked).error();
    sluice_value_t cell = {};
    if (sluice_error_t* e = sluice_global_get(store_, raw_, &cell)) return Error(e);
    return detail::cell_get<T>(cell);
  }
  template <WasmValue T>
  Result<void> set(T value) {
    if (Result<void> checked = check<T>(); !checked) return checked;
    return Error(sluice_global_set(store_, raw_, detail::cell_of<T>(value)));
  }
  sluice_global_t raw() const { return raw_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_GLOBAL, raw_.store_id, raw_.object}; }

 private:
  template <class T>
  Result<void> check() const {
    sluice_type_t type = 0;
    if (sluice_error_t* e = sluice_global_type(store_, raw_, &type, nullptr)) return Error(e);
    if (type != detail::Wasm<T>::kType) return Error("the global has another type");
    return {};
  }
  sluice_store_t* store_;
  sluice_global_t raw_;
};

class Table {
 public:
  Table(sluice_store_t* store, sluice_table_t raw) : store_(store), raw_(raw) {}
  /// A table of funcref, filled with null.
  static Result<Table> create(Store& store, uint64_t initial,
                              std::optional<uint64_t> maximum = std::nullopt) {
    if (store.raw() == nullptr) return detail::no_engine();
    const sluice_limits_t l = {initial, maximum.value_or(0), maximum.has_value(), false, false};
    sluice_table_t raw = {};
    if (sluice_error_t* e = sluice_table_new(store.raw(), SLUICE_FUNCREF, l, {}, &raw)) {
      return Error(e);
    }
    return Table(store.raw(), raw);
  }
  Result<uint64_t> size() const {
    uint64_t out = 0;
    if (sluice_error_t* e = sluice_table_size(store_, raw_, &out)) return Error(e);
    return out;
  }
  /// The element of a table of functions; nothing if it is null.
  Result<std::optional<Func>> get_func(uint64_t index) const {
    sluice_value_t cell = {};
    if (sluice_error_t* e = sluice_table_get(store_, raw_, index, &cell)) return Error(e);
    const sluice_func_t func = sluice_func_from_ref(store_, cell);
    if (func.object == nullptr) return std::optional<Func>();
    return std::optional<Func>(Func(store_, func));
  }
  Result<void> set_func(uint64_t index, const Func& func) {
    return Error(sluice_table_set(store_, raw_, index, sluice_func_to_ref(func.raw())));
  }
  sluice_table_t raw() const { return raw_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_TABLE, raw_.store_id, raw_.object}; }

 private:
  sluice_store_t* store_;
  sluice_table_t raw_;
};

class Instance {
 public:
  Instance(sluice_store_t* store, sluice_instance_t raw) : store_(store), raw_(raw) {}

  Result<Func> func(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_FUNC));
    return Func(store_, {e.store_id, e.object});
  }
  /// `func<int32_t(int32_t, int32_t)>("add")`: checked once, then called directly.
  template <class Signature>
  Result<TypedFunc<Signature>> func(std::string_view name) const {
    const Func found = SLUICE_TRY(func(name));
    return found.typed<Signature>();
  }
  Result<Memory> memory(std::string_view name = "memory") const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_MEMORY));
    return Memory::wrap(store_, {e.store_id, e.object});
  }
  Result<Global> global(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_GLOBAL));
    return Global(store_, {e.store_id, e.object});
  }
  Result<Table> table(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_TABLE));
    return Table(store_, {e.store_id, e.object});
  }
  sluice_instance_t raw() const { return raw_; }
  sluice_store_t* store() const { return store_; }

 private:
  Result<sluice_extern_t> find(std::string_view name, sluice_kind_t kind) const {
    sluice_extern_t out = {};
    if (sluice_error_t* e = sluice_instance_export(store_, raw_, name.data(), name.size(), &out)) {
      return Error(e);
    }
    if (out.kind != kind)
      return Error("the export \"" + std::string(name) + "\" is of another kind");
    return out;
  }
  sluice_store_t* store_;
  sluice_instance_t raw_;
};

// ---- Host functions -----------------------------------------------------------------------------

/// What a host function knows of its caller; valid during the call.
class Caller {
 public:
  Caller(sluice_store_t* store, void* caller) : store_(store), caller_(caller) {}
  /// The memory that the caller exports as "memory", else its first.
  Result<Memory> memory() const {
    sluice_memory_t raw = {};
    if (!sluice_direct_caller_memory(store_, caller_, &raw)) {
      return Error("the caller has no memory");
    }
    return Memory::wrap(store_, raw);
  }
  Result<Func> func(std::string_view name) const {
    sluice_extern_t out = {};
    if (!sluice_direct_caller_export(store_, caller_, name.data(), name.size(), &out) ||
        out.kind != SLUICE_KIND_FUNC) {
      return Error("the caller exports no function \"" + std::string(name) + "\"");
    }
    return Func(store_, {out.store_id, out.object});
  }
  sluice_store_t* store() const { return store_; }

 private:
  sluice_store_t* store_;
  void* caller_;
};

namespace detail {

template <class... Ts>
struct List {};
template <class... As, class... Bs>
List<As..., Bs...> concat(List<As...>, List<Bs...>);
template <class... As, class... Bs, class... Rest>
auto concat(List<As...>, List<Bs...>, Rest...) -> decltype(concat(List<As..., Bs...>(), Rest()...));
List<> concat();
template <class... As>
List<As...> concat(List<As...>);

/// What a host function's parameter takes of the Wasm function's parameters.
template <class P>
struct HostParam {
  static_assert(WasmValue<P>, "a parameter type does not stand for Wasm values");
  using Abis = List<typename Wasm<P>::Abi>;
  static constexpr size_t kWidth = 1;
  static constexpr sluice_type_t kTypes[] = {Wasm<P>::kType};
  template <size_t kAt, class Raw>
  static bool decode(const Raw& raw, const Caller&, std::optional<P>& out) {
    out = Wasm<P>::from(std::get<kAt>(raw));
    return true;
  }
};

/// An address and a count.
template <class P, class Element>
struct GuestRangeParam {
  using Abis = List<uint32_t, uint32_t>;
  static constexpr size_t kWidth = 2;
  static constexpr sluice_type_t kTypes[] = {SLUICE_I32, SLUICE_I32};
  template <size_t kAt, class Raw>
  static bool decode(const Raw& raw, const Caller& caller, std::optional<P>& out) {
    const Result<Memory> memory = caller.memory();
    if (!memory) return false;
    const Result<View<Element>> view =
        memory->view<Element>(std::get<kAt>(raw), std::get<kAt + 1>(raw));
    if (!view) return false;
    out.emplace(*view);
    return true;
  }
};
template <>
struct HostParam<GuestString> : GuestRangeParam<GuestString, char> {};
template <class T>
struct HostParam<GuestSpan<T>> : GuestRangeParam<GuestSpan<T>, T> {};

template <class R>
struct HostReturn {
  using Value = R;
};
template <class T>
struct HostReturn<Result<T>> {
  using Value = T;
};

#ifdef __cpp_exceptions
/// Turns the exception in flight into a trap that carries it.
inline uint32_t fail_with_current_exception(sluice_store_t* store) noexcept {
  auto* payload = new (std::nothrow) std::exception_ptr(std::current_exception());
  const auto release = [](void* p) { delete static_cast<std::exception_ptr*>(p); };
  std::string_view what = "an exception left a host function";
  try {
    throw;
  } catch (const std::exception& e) {
    what = e.what();
    return sluice_store_fail(store, what.data(), what.size(), payload, release);
  } catch (...) {
    return sluice_store_fail(store, what.data(), what.size(), payload, release);
  }
}
#endif

template <class F, class R, bool kCaller, class Params, class Abis>
struct HostThunk;

/// The C functions behind one callable: `direct` with arguments in registers, `with_cells` where
/// the signature does not fit them. Results go through `out` on the way.
template <class F, class R, bool kCaller, class... Ps, class... Abis>
struct HostThunk<F, R, kCaller, List<Ps...>, List<Abis...>> {
  using Value = typename HostReturn<R>::Value;
  using Raw = std::tuple<Abis...>;
  struct Nothing {};
  using Out = std::optional<std::conditional_t<std::is_void_v<Value>, Nothing, Value>>;
  static constexpr bool kDirect = !kIsTuple<Value> && sizeof...(Abis) <= 32;

  static sluice_func_type_t type() {
    static constexpr auto kParams = [] {
      std::array<sluice_type_t, sizeof...(Abis) + 1> types{};
      size_t at = 0;
      [[maybe_unused]] const auto add = [&](const sluice_type_t* from, size_t count) {
        for (size_t i = 0; i < count; ++i) types[at++] = from[i];
      };
      (add(HostParam<Ps>::kTypes, HostParam<Ps>::kWidth), ...);
      return types;
    }();
    return {kParams.data(), sizeof...(Abis), Results<Value>::kTypes, Results<Value>::kCount};
  }

  static auto direct(const sluice_host_t* host, void* caller, Abis... abis) noexcept ->
      typename Results<Value>::Abi
    requires kDirect
  {
    Out out;
    const uint32_t trap =
        run(*static_cast<F*>(host->env), Caller(host->store, caller), Raw(abis...), out);
    if constexpr (std::is_void_v<Value>) {
      return trap;
    } else {
      typename Results<Value>::Abi result = {{}, trap};
      if (trap == 0) result.value = Wasm<Value>::to(*out);
      return result;
    }
  }

  static uint32_t with_cells(void* env, sluice_caller_t* caller, sluice_value_t* cells) noexcept {
    Out out;
    const uint32_t trap = run(*static_cast<F*>(env),
                              Caller(sluice_caller_store(caller), sluice_caller_direct(caller)),
                              load(cells, std::index_sequence_for<Abis...>()), out);
    if (trap != 0) return trap;
    if constexpr (kIsTuple<Value>) {
      store(*out, cells, std::make_index_sequence<std::tuple_size_v<Value>>());
    } else if constexpr (!std::is_void_v<Value>) {
      cells[0] = cell_of<Value>(*out);
    }
    return 0;
  }

 private:
  template <size_t... I>
  static Raw load(const sluice_value_t* cells, std::index_sequence<I...>) {
    return Raw(cell_get<Abis>(cells[I])...);
  }
  template <class Tuple, size_t... I>
  static void store(const Tuple& values, sluice_value_t* cells, std::index_sequence<I...>) {
    ((cells[I] = cell_of<std::tuple_element_t<I, Tuple>>(std::get<I>(values))), ...);
  }

  static uint32_t run(F& function, const Caller& caller, const Raw& raw, Out& out) noexcept {
#ifdef __cpp_exceptions
    try {
      return decode_and_call(function, caller, raw, out, std::index_sequence_for<Ps...>());
    } catch (...) {
      return fail_with_current_exception(caller.store());
    }
#else
    return decode_and_call(function, caller, raw, out, std::index_sequence_for<Ps...>());
#endif
  }

  /// Number of Wasm parameters before C++ parameter `index`.
  static constexpr size_t position(size_t index) {
    constexpr size_t kWidths[] = {HostParam<Ps>::kWidth..., 0};
    size_t at = 0;
    for (size_t i = 0; i < index; ++i) at += kWidths[i];
    return at;
  }

  template <size_t... I>
  static uint32_t decode_and_call(F& function, const Caller& caller,
                                  [[maybe_unused]] const Raw& raw, Out& out,
                                  std::index_sequence<I...>) {
    std::tuple<std::optional<Ps>...> params;
    if (!(HostParam<Ps>::template decode<position(I)>(raw, caller, std::get<I>(params)) && ...)) {
      return bad_range(caller);
    }
    const auto call = [&]() -> R {
      if constexpr (kCaller) {
        return function(caller, std::move(*std::get<I>(params))...);
      } else {
        return function(std::move(*std::get<I>(params))...);
      }
    };
    if constexpr (std::is_void_v<R>) {
      call();
    } else if constexpr (std::is_same_v<R, Value>) {
      out.emplace(call());
    } else {
      R result = call();
      if (!result) {
        return sluice_store_fail_with(caller.store(), std::move(result).error().release());
      }
      if constexpr (!std::is_void_v<Value>) out.emplace(*std::move(result));
    }
    return 0;
  }

  static uint32_t bad_range(const Caller& caller) {
    constexpr std::string_view kWords = "an argument's range lies outside the caller's memory";
    return sluice_store_fail(caller.store(), kWords.data(), kWords.size(), nullptr, nullptr);
  }
};

template <class F, class R, class... Ps>
struct ThunkFor {
  using Type = HostThunk<F, R, false, List<std::remove_cvref_t<Ps>...>,
                         decltype(concat(typename HostParam<std::remove_cvref_t<Ps>>::Abis()...))>;
};
template <class F, class R, class... Ps>
struct ThunkFor<F, R, Caller, Ps...> {
  using Type = HostThunk<F, R, true, List<std::remove_cvref_t<Ps>...>,
                         decltype(concat(typename HostParam<std::remove_cvref_t<Ps>>::Abis()...))>;
};
template <class F, class R, class... Ps>
struct ThunkFor<F, R, const Caller&, Ps...> : ThunkFor<F, R, Caller, Ps...> {};

template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...));
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) const);
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) noexcept);
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) const noexcept);

template <class F>
struct Thunk {
  static_assert(
      requires { &F::operator(); },
      "a host function is a function pointer or a callable with one operator()");
  using Type = typename decltype(thunk_of<F>(&F::operator()))::Type;
};
template <class R, class... Ps>
struct Thunk<R (*)(Ps...)> : ThunkFor<R (*)(Ps...), R, Ps...> {};
template <class R, class... Ps>
struct Thunk<R (*)(Ps...) noexcept> : ThunkFor<R (*)(Ps...) noexcept, R, Ps...> {};

template <class F>
Result<void> define_host_func(sluice_linker_t* linker, std::string_view module,
                              std::string_view name, F function) {
  using T = typename Thunk<F>::Type;
  const auto release = [](void* env) { delete static_cast<F*>(env); };
  auto* env = new F(std::move(function));
  if constexpr (T::kDirect) {
    return Error(sluice_linker_define_typed_func(
        linker, module.data(), module.size(), name.data(), name.size(), T::type(),
        reinterpret_cast<const void*>(&T::direct), env, release));
  } else {
    return Error(sluice_linker_define_func(linker, module.data(), module.size(), name.data(),
                                           name.size(), T::type(), &T::with_cells, env, release));
  }
}

}  // namespace detail

/// Names → things to import. Host functions serve every store; objects only their own.
class Linker {
 public:
  explicit Linker(const Engine& engine)
      : raw_(engine.ok() ? sluice_linker_new(engine.raw()) : nullptr) {}

  /// A host function with its type taken from the callable: an optional Caller, then Wasm values,
  /// GuestString or GuestSpan<T>; returns void, a value, a tuple of values, or a Result of these.
  template <class F>
  Result<void> func(std::string_view module, std::string_view name, F function) {
    if (!raw_) return detail::no_engine();
    return detail::define_host_func(raw_.get(), module, name, std::move(function));
  }
  template <class Object>
    requires requires(const Object& o) { o.as_extern(); }
  Result<void> define(const Store& store, std::string_view module, std::string_view name,
                      const Object& object) {
    if (!raw_) return detail::no_engine();
    return Error(sluice_linker_define(raw_.get(), store.raw(), module.data(), module.size(),
                                      name.data(), name.size(), object.as_extern()));
  }
  /// All exports of an instance, as `module`'s.
  Result<void> define_instance(std::string_view module, const Instance& instance) {
    if (!raw_) return detail::no_engine();
    return Error(sluice_linker_define_instance(raw_.get(), instance.store(), module.data(),
                                               module.size(), instance.raw()));
  }
  void allow_shadowing(bool allow) {
    if (raw_) sluice_linker_allow_shadowing(raw_.get(), allow);
  }
  /// An error lists all imports that are missing.
  Result<Instance> instantiate(Store& store, const Module& module) const {
    if (!raw_) return detail::no_engine();
    sluice_instance_t out = {};
    if (sluice_error_t* e =
            sluice_linker_instantiate(raw_.get(), store.raw(), module.raw(), &out)) {
      return Error(e);
    }
    return Instance(store.raw(), out);
  }

 private:
  detail::Owned<sluice_linker_t, sluice_linker_delete> raw_;
};

}  // namespace sluice::inline v0

// Error and Result<T>: what every call of the C++ interface that can fail returns.
//
// An Error owns a C error. A Result is small and moves only; using the value of an error ends the
// program, so test it first or use SLUICE_TRY. `to_expected` makes a std::expected of it where that
// exists; a conversion would not do: std::expected<bool, Error> takes anything that can be tested.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <string_view>
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

#ifdef __cpp_exceptions
namespace detail {
/// Frees the exception that a trap carries; its address tells it from other payloads.
inline void release_exception(void* exception) {
  delete static_cast<std::exception_ptr*>(exception);
}
/// Turns the exception in flight into a trap that carries it.
inline uint32_t fail_with_current_exception(sluice_store_t* store) noexcept {
  auto* payload = new (std::nothrow) std::exception_ptr(std::current_exception());
  std::string_view what = "an exception left a host function";
  try {
    throw;
  } catch (const std::exception& e) {
    what = e.what();
    return sluice_store_fail(store, what.data(), what.size(), payload, &release_exception);
  } catch (...) {
    return sluice_store_fail(store, what.data(), what.size(), payload, &release_exception);
  }
}
}  // namespace detail
#endif

/// One function activation of a trap's backtrace; the name is empty if it has none.
struct Frame {
  bool is_host = false;
  uint32_t func_index = 0;
  std::string_view func_name;
  std::optional<uint64_t> wasm_offset;
};

/// A place in the source of a module that was compiled with debug information.
struct Source {
  std::string file;  // path as the compiler had it
  uint32_t line = 0;
  uint32_t column = 0;  // 0: unknown
};

/// What went wrong: an error of the input, the request, or a trap. Move-only. For one thread at a
/// time; one that holds an uncaught exception belongs to its store's thread, other errors to
/// nobody.
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
  /// Whose limit refused to make or grow a memory or table.
  sluice_limit_t limit() const { return sluice_error_get_limit(raw_); }
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
  /// Where in the source frame number `index` is, if the module says so.
  std::optional<Source> source(size_t index) const {
    sluice_source_t s = {};
    if (!sluice_error_frame_source(raw_, index, &s)) return std::nullopt;
    return Source{std::string(s.file, s.file_size), s.line, s.column};
  }
#ifdef __cpp_exceptions
  /// The exception that left a host function and caused this trap; null if it had another cause.
  std::exception_ptr host_exception() const {
    void* payload = sluice_error_payload_with(raw_, &detail::release_exception);
    return payload == nullptr ? nullptr : *static_cast<std::exception_ptr*>(payload);
  }
  /// Throws it on, if there is one.
  void rethrow_host_exception() const {
    if (std::exception_ptr exception = host_exception()) std::rethrow_exception(exception);
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
  const Error& error() const& {
    need(!has_value_);
    return error_;
  }
  Error&& error() && {
    need(!has_value_);
    return std::move(error_);
  }
#ifdef __cpp_lib_expected
  std::expected<T, Error> to_expected() && {
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
  Error& error() & {
    need_error();
    return error_;
  }
  const Error& error() const& {
    need_error();
    return error_;
  }
  Error&& error() && {
    need_error();
    return std::move(error_);
  }
#ifdef __cpp_lib_expected
  std::expected<void, Error> to_expected() && {
    if (has_value()) return {};
    return std::unexpected(std::move(error_));
  }
#endif

 private:
  void need_error() const {
    if (has_value()) std::abort();
  }
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

}  // namespace sluice::inline v0

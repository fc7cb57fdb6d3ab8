// Wasi: what a WASI program sees of the world, with streams, clocks and random numbers that are
// lambdas.
//
// Callables are kept until the program is gone. One that throws gives the program an input/output
// error: exceptions do not cross the library.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/result.hpp"

namespace sluice::inline v0 {

enum class DirAccess : bool { ReadWrite, ReadOnly };

/// Moves, does not copy. Give it to any number of linkers (Linker::wasi); one store at a time.
class Wasi {
 public:
  Wasi() : raw_(sluice_wasi_new()) {}

  /// The first is the program's name.
  Result<void> argument(std::string_view text) {
    return Error(sluice_wasi_add_argument(raw(), text.data(), text.size()));
  }
  Result<void> variable(std::string_view name, std::string_view value) {
    return Error(
        sluice_wasi_add_variable(raw(), name.data(), name.size(), value.data(), value.size()));
  }
  /// The host's directory `host` under the name `guest`; no path leads out of it.
  Result<void> preopen(std::string_view host, std::string_view guest,
                       DirAccess access = DirAccess::ReadWrite) {
    return Error(sluice_wasi_preopen(raw(), host.data(), host.size(), guest.data(), guest.size(),
                                     access == DirAccess::ReadOnly));
  }
  /// A socket that waits for connections at "HOST:PORT"; give directories first.
  Result<void> listen(std::string_view address) {
    return Error(sluice_wasi_listen(raw(), address.data(), address.size()));
  }

  /// The process's own three streams.
  void inherit_stdio() {
    sluice_wasi_inherit_stdin(raw());
    sluice_wasi_inherit_stdout(raw());
    sluice_wasi_inherit_stderr(raw());
  }
  /// Standard input is this text, which is copied.
  void stdin_text(std::string_view text) {
    sluice_wasi_set_stdin_bytes(raw(), text.data(), text.size());
  }
  /// size_t (std::span<std::byte>): fills some of it and says how much; 0 is the end.
  template <class F>
  void stdin_from(F read) {
    sluice_wasi_set_stdin(raw(), &read_with<F>, keep(std::move(read)), &drop<F>);
  }
  /// void (std::string_view): takes everything.
  template <class F>
  void stdout_to(F write) {
    sluice_wasi_set_stdout(raw(), &write_with<F>, keep(std::move(write)), &drop<F>);
  }
  template <class F>
  void stderr_to(F write) {
    sluice_wasi_set_stderr(raw(), &write_with<F>, keep(std::move(write)), &drop<F>);
  }

  /// std::optional<uint64_t> (uint32_t): nanoseconds of a clock, see sluice_wasi_set_clock.
  template <class F>
  void clock(F now) {
    sluice_wasi_set_clock(raw(), &clock_with<F>, keep(std::move(now)), &drop<F>);
  }
  /// void (std::span<std::byte>): fills it.
  template <class F>
  void random(F fill) {
    sluice_wasi_set_random(raw(), &random_with<F>, keep(std::move(fill)), &drop<F>);
  }
  /// void (std::string_view): a line for every call that the program has made.
  template <class F>
  void trace(F line) {
    sluice_wasi_set_trace(raw(), &trace_with<F>, keep(std::move(line)), &drop<F>);
  }

  /// What the program exited with, if it did.
  std::optional<uint32_t> exit_status() const {
    uint32_t status = 0;
    if (!sluice_wasi_exit_status(raw(), &status)) return std::nullopt;
    return status;
  }
  sluice_wasi_t* raw() const { return raw_.get(); }

 private:
  template <class F>
  static void* keep(F function) {
    return new F(std::move(function));
  }
  template <class F>
  static void drop(void* env) {
    delete static_cast<F*>(env);
  }
  /// What `body` returns, or `failed` if it throws.
  template <class T, class Body>
  static T guarded(T failed, Body body) {
#ifdef __cpp_exceptions
    try {
      return body();
    } catch (...) {
      return failed;
    }
#else
    static_cast<void>(failed);
    return body();
#endif
  }

  template <class F>
  static int64_t read_with(void* env, void* bytes, size_t size) {
    return guarded(int64_t{-EIO}, [&] {
      const size_t n = (*static_cast<F*>(env))(std::span(static_cast<std::byte*>(bytes), size));
      return static_cast<int64_t>(n);
    });
  }
  template <class F>
  static int64_t write_with(void* env, const void* bytes, size_t size) {
    return guarded(int64_t{-EIO}, [&] {
      (*static_cast<F*>(env))(std::string_view(static_cast<const char*>(bytes), size));
      return static_cast<int64_t>(size);
    });
  }
  template <class F>
  static bool clock_with(void* env, uint32_t clock, uint64_t* ns) {
    return guarded(false, [&] {
      const std::optional<uint64_t> now = (*static_cast<F*>(env))(clock);
      *ns = now.value_or(0);
      return now.has_value();
    });
  }
  template <class F>
  static bool random_with(void* env, void* bytes, size_t size) {
    return guarded(false, [&] {
      (*static_cast<F*>(env))(std::span(static_cast<std::byte*>(bytes), size));
      return true;
    });
  }
  template <class F>
  static void trace_with(void* env, const char* line, size_t size) {
    guarded(false, [&] {
      (*static_cast<F*>(env))(std::string_view(line, size));
      return true;
    });
  }

  detail::Owned<sluice_wasi_t, sluice_wasi_delete> raw_;
};

}  // namespace sluice::inline v0

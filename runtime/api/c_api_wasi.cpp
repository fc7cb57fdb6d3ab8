// sluice.h: what a WASI program sees of the world, and the embedder's streams, clocks and random
// numbers behind it.
#include <cerrno>
#include <memory>

#include "runtime/api/handles.h"

using namespace sluice;
using namespace sluice::api;

namespace {

std::string_view view(const char* text, size_t size) { return {text, size}; }

sluice_error_t* error_of_result(const Result<void>& result) {
  return result ? nullptr : error_of(result.error());
}

/// The embedder's `env`, given back in the end.
class Env {
 public:
  Env(void* env, void (*release)(void*)) : env_(env), release_(release) {}
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;
  ~Env() {
    if (release_ != nullptr) release_(env_);
  }
  void* get() const { return env_; }

 private:
  void* env_;
  void (*release_)(void*);
};

/// A count of bytes, or a host's error number, negative.
wasi::Expected<size_t> count_of(int64_t result, size_t most) {
  if (result < 0) {
    return wasi::fail(wasi::from_host_errno(result < INT32_MIN ? EIO : -static_cast<int>(result)));
  }
  auto count = static_cast<size_t>(result);
  return count < most ? count : most;
}

class CallbackInput final : public wasi::InputStream {
 public:
  CallbackInput(sluice_wasi_read_t function, void* env, void (*release)(void*))
      : read_(function), env_(env, release) {}
  wasi::Expected<size_t> read(std::span<uint8_t> out) override {
    return count_of(read_(env_.get(), out.data(), out.size()), out.size());
  }

 private:
  sluice_wasi_read_t read_;
  Env env_;
};

class CallbackOutput final : public wasi::OutputStream {
 public:
  CallbackOutput(sluice_wasi_write_t function, void* env, void (*release)(void*))
      : write_(function), env_(env, release) {}
  wasi::Expected<size_t> write(std::span<const uint8_t> bytes) override {
    return count_of(write_(env_.get(), bytes.data(), bytes.size()), bytes.size());
  }

 private:
  sluice_wasi_write_t write_;
  Env env_;
};

class CallbackClock final : public wasi::ClockSource {
 public:
  CallbackClock(sluice_wasi_clock_t clock, void* env, void (*release)(void*))
      : clock_(clock), env_(env, release) {}
  wasi::Expected<uint64_t> now(uint32_t clock) override {
    uint64_t ns = 0;
    if (!clock_(env_.get(), clock, &ns)) return wasi::fail(wasi::Errno::NotSup);
    return ns;
  }

 private:
  sluice_wasi_clock_t clock_;
  Env env_;
};

class CallbackRandom final : public wasi::RandomSource {
 public:
  CallbackRandom(sluice_wasi_random_t random, void* env, void (*release)(void*))
      : random_(random), env_(env, release) {}
  wasi::Status fill(std::span<uint8_t> out) override {
    if (!random_(env_.get(), out.data(), out.size())) return wasi::fail(wasi::Errno::Io);
    return {};
  }

 private:
  sluice_wasi_random_t random_;
  Env env_;
};

class CallbackTrace final : public wasi::TraceSink {
 public:
  CallbackTrace(sluice_wasi_trace_t trace, void* env, void (*release)(void*))
      : trace_(trace), env_(env, release) {}
  void line(std::string_view text) override { trace_(env_.get(), text.data(), text.size()); }

 private:
  sluice_wasi_trace_t trace_;
  Env env_;
};

template <class Interface, class T, class... Args>
std::unique_ptr<Interface> make(Args... args) {
  return std::unique_ptr<Interface>(new T(args...));
}

}  // namespace

extern "C" {

sluice_wasi_t* sluice_wasi_new(void) {
  return create<sluice_wasi>(make_shared_heap<wasi::Context>());
}

void sluice_wasi_delete(sluice_wasi_t* wasi) { destroy(wasi); }

sluice_error_t* sluice_wasi_add_argument(sluice_wasi_t* wasi, const char* text, size_t size) {
  return error_of_result(wasi->context->add_argument(view(text, size)));
}

sluice_error_t* sluice_wasi_add_variable(sluice_wasi_t* wasi, const char* name, size_t name_size,
                                         const char* value, size_t value_size) {
  return error_of_result(
      wasi->context->add_variable(view(name, name_size), view(value, value_size)));
}

sluice_error_t* sluice_wasi_preopen(sluice_wasi_t* wasi, const char* host, size_t host_size,
                                    const char* guest, size_t guest_size, bool read_only) {
  return error_of_result(
      wasi->context->preopen(view(host, host_size), view(guest, guest_size), read_only));
}

sluice_error_t* sluice_wasi_listen(sluice_wasi_t* wasi, const char* address, size_t size) {
  return error_of_result(wasi->context->listen(view(address, size)));
}

void sluice_wasi_inherit_stdin(sluice_wasi_t* wasi) { wasi->context->inherit_stdin(); }
void sluice_wasi_inherit_stdout(sluice_wasi_t* wasi) { wasi->context->inherit_stdout(); }
void sluice_wasi_inherit_stderr(sluice_wasi_t* wasi) { wasi->context->inherit_stderr(); }

void sluice_wasi_set_stdin_bytes(sluice_wasi_t* wasi, const void* bytes, size_t size) {
  wasi->context->set_stdin(make<wasi::InputStream, wasi::BufferSource>(
      std::string_view(static_cast<const char*>(bytes), size)));
}

void sluice_wasi_set_stdin(sluice_wasi_t* wasi, sluice_wasi_read_t read, void* env,
                           void (*release)(void* env)) {
  wasi->context->set_stdin(make<wasi::InputStream, CallbackInput>(read, env, release));
}

void sluice_wasi_set_stdout(sluice_wasi_t* wasi, sluice_wasi_write_t write, void* env,
                            void (*release)(void* env)) {
  wasi->context->set_stdout(make<wasi::OutputStream, CallbackOutput>(write, env, release));
}

void sluice_wasi_set_stderr(sluice_wasi_t* wasi, sluice_wasi_write_t write, void* env,
                            void (*release)(void* env)) {
  wasi->context->set_stderr(make<wasi::OutputStream, CallbackOutput>(write, env, release));
}

void sluice_wasi_set_clock(sluice_wasi_t* wasi, sluice_wasi_clock_t clock, void* env,
                           void (*release)(void* env)) {
  wasi->context->set_clock(make<wasi::ClockSource, CallbackClock>(clock, env, release));
}

void sluice_wasi_set_random(sluice_wasi_t* wasi, sluice_wasi_random_t random, void* env,
                            void (*release)(void* env)) {
  wasi->context->set_random(make<wasi::RandomSource, CallbackRandom>(random, env, release));
}

void sluice_wasi_set_trace(sluice_wasi_t* wasi, sluice_wasi_trace_t trace, void* env,
                           void (*release)(void* env)) {
  wasi->context->set_trace(make<wasi::TraceSink, CallbackTrace>(trace, env, release));
}

bool sluice_wasi_exit_status(const sluice_wasi_t* wasi, uint32_t* out) {
  const std::optional<uint32_t> status = wasi->context->exit_status();
  if (status) *out = *status;
  return status.has_value();
}

}  // extern "C"

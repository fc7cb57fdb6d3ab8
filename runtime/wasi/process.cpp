// Arguments, environment, randomness, scheduling, and the socket functions, which so far only say
// that there are no sockets.
#include <cerrno>
#include <sched.h>
#include <sys/random.h>

#include "runtime/wasi/calls.h"

namespace sluice::wasi {

namespace {

// A request for more than this is a mistake or an attack: it would keep the host busy for long.
constexpr uint32_t kMaxRandomBytes = 64u << 20;

/// Writes the texts one after another, each with a NUL, and an array of their addresses.
Status write_texts(Mem mem, const Vector<String>& texts, uint32_t array, uint32_t buffer) {
  TRY_VOID(mem.check<uint32_t>(array, texts.size()));
  uint64_t total = 0;
  for (const String& text : texts) total += text.size() + 1;
  std::span<uint8_t> out = TRY(mem.slice(buffer, total));
  uint64_t at = 0;
  for (size_t i = 0; i < texts.size(); ++i) {
    TRY_VOID(mem.write(static_cast<uint32_t>(array + 4 * i), static_cast<uint32_t>(buffer + at)));
    std::memcpy(out.data() + at, texts[i].c_str(), texts[i].size() + 1);
    at += texts[i].size() + 1;
  }
  return {};
}

Status write_sizes(Mem mem, const Vector<String>& texts, uint32_t count_out, uint32_t size_out) {
  uint64_t total = 0;
  for (const String& text : texts) total += text.size() + 1;
  if (total > UINT32_MAX) return fail(Errno::Overflow);
  TRY_VOID(mem.check<uint32_t>(count_out));
  TRY_VOID(mem.write(size_out, static_cast<uint32_t>(total)));
  return mem.write(count_out, static_cast<uint32_t>(texts.size()));
}

/// Sockets are not offered: every descriptor is something else, or a socket that was inherited as
/// a standard stream.
Status no_sockets(Context& context, uint32_t fd) {
  Descriptor* d = TRY(context.fds().get(fd, 0));
  bool is_socket = d->type == Filetype::SocketStream || d->type == Filetype::SocketDgram;
  return fail(is_socket ? Errno::NotSup : Errno::NotSock);
}

}  // namespace

Status args_get(Context& context, Mem mem, uint32_t argv, uint32_t argv_buf) {
  return write_texts(mem, context.arguments(), argv, argv_buf);
}

Status args_sizes_get(Context& context, Mem mem, uint32_t count_out, uint32_t size_out) {
  return write_sizes(mem, context.arguments(), count_out, size_out);
}

Status environ_get(Context& context, Mem mem, uint32_t environ, uint32_t environ_buf) {
  return write_texts(mem, context.variables(), environ, environ_buf);
}

Status environ_sizes_get(Context& context, Mem mem, uint32_t count_out, uint32_t size_out) {
  return write_sizes(mem, context.variables(), count_out, size_out);
}

Status proc_raise(Context&, Mem, uint32_t) { return fail(Errno::NotSup); }

Status sched_yield(Context&, Mem) {
  ::sched_yield();
  return {};
}

Status random_get(Context&, Mem mem, uint32_t buf, uint32_t len) {
  std::span<uint8_t> out = TRY(mem.slice(buf, len));
  if (len > kMaxRandomBytes) return fail(Errno::NoBufs);
  while (!out.empty()) {
    ssize_t n = getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(from_host_errno(errno));
    out = out.subspan(static_cast<size_t>(n));
  }
  return {};
}

Status sock_accept(Context& context, Mem, uint32_t fd, uint32_t, uint32_t) {
  return no_sockets(context, fd);
}

Status sock_recv(Context& context, Mem, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t,
                 uint32_t) {
  return no_sockets(context, fd);
}

Status sock_send(Context& context, Mem, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t) {
  return no_sockets(context, fd);
}

Status sock_shutdown(Context& context, Mem, uint32_t fd, uint32_t) {
  return no_sockets(context, fd);
}

}  // namespace sluice::wasi

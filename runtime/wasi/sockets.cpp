// The sock_* functions. Preview 1 cannot make a socket: a guest gets those that listen from the
// embedder, accepts connections, and uses these with fd_read and fd_write as well.
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

#include "runtime/wasi/calls.h"
#include "runtime/wasi/transfer.h"

namespace sluice::wasi {

namespace {

/// Listening sockets never block the host's calls (Context::listen): waiting is done here, so that
/// a connection that goes away between the two cannot stop the guest.
Expected<UniqueFd> accept_one(const Descriptor& listener) {
  for (;;) {
    UniqueFd fd(accept4(listener.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd.valid()) return fd;
    if (errno != EAGAIN || (listener.flags & kFdflagNonblock) != 0) {
      return fail(from_host_errno(errno));
    }
    pollfd p{listener.fd.get(), POLLIN, 0};
    if (poll(&p, 1, -1) < 0) return fail(from_host_errno(errno));
  }
}

}  // namespace

Status sock_accept(Context& context, Mem mem, uint32_t fd, uint32_t flags, uint32_t fd_out) {
  Descriptor* d = TRY(context.fds().socket(fd, kRightSockAccept));
  TRY_VOID(mem.check<uint32_t>(fd_out));
  if ((flags & ~uint32_t{kFdflagNonblock}) != 0) return fail(Errno::Inval);
  UniqueFd host = TRY(accept_one(*d));
  std::unique_ptr<Descriptor> accepted = TRY(describe(std::move(host)));
  accepted->flags = static_cast<uint16_t>(flags);
  return mem.write(fd_out, TRY(context.fds().insert(std::move(accepted))));
}

Status sock_recv(Context& context, Mem mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len,
                 uint32_t flags, uint32_t size_out, uint32_t flags_out) {
  Descriptor* d = TRY(context.fds().socket(fd, kRightFdRead));
  TRY_VOID(mem.check<uint32_t>(size_out));
  TRY_VOID(mem.check<uint16_t>(flags_out));
  if ((flags & ~uint32_t{kRecvAll}) != 0) return fail(Errno::Inval);
  Buffers buffers = TRY(gather(mem, iovs, iovs_len));
  int host_flags = (flags & kRecvPeek) != 0 ? MSG_PEEK : 0;
  if ((flags & kRecvWaitall) != 0) host_flags |= MSG_WAITALL;
  bool truncated = false;
  size_t n = TRY(receive(*d, buffers, host_flags, &truncated));
  TRY_VOID(mem.write(flags_out, static_cast<uint16_t>(truncated ? kRecvDataTruncated : 0)));
  return mem.write(size_out, static_cast<uint32_t>(n));
}

Status sock_send(Context& context, Mem mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len,
                 uint32_t flags, uint32_t size_out) {
  Descriptor* d = TRY(context.fds().socket(fd, kRightFdWrite));
  TRY_VOID(mem.check<uint32_t>(size_out));
  if (flags != 0) return fail(Errno::Inval);
  Buffers buffers = TRY(gather(mem, iovs, iovs_len));
  return mem.write(size_out, static_cast<uint32_t>(TRY(send(*d, buffers))));
}

Status sock_shutdown(Context& context, Mem, uint32_t fd, uint32_t how) {
  Descriptor* d = TRY(context.fds().socket(fd, kRightSockShutdown));
  constexpr int kHow[] = {SHUT_RD, SHUT_WR, SHUT_RDWR};
  if (how < kShutdownRead || how > (kShutdownRead | kShutdownWrite)) return fail(Errno::Inval);
  if (shutdown(d->fd.get(), kHow[how - 1]) != 0) return fail(from_host_errno(errno));
  return {};
}

}  // namespace sluice::wasi

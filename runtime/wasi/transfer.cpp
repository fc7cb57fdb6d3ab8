#include "runtime/wasi/transfer.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

#include "runtime/trap/write_signals.h"

namespace sluice::wasi {

namespace {

constexpr size_t kNonblockingBytes = 4096;  // a pipe that is ready takes this much (PIPE_BUF)
constexpr size_t kPieceBytes = 4096;

Expected<size_t> count_of(ssize_t result) {
  if (result < 0) return fail(from_host_errno(errno));
  return static_cast<size_t>(result);
}

/// In non-blocking mode: Again unless the host's descriptor is ready; then shortens the transfer
/// so that it cannot block. Regular files never block.
Status respect_nonblock(const Descriptor& d, short events, Buffers& buffers) {
  if ((d.flags & kFdflagNonblock) == 0 || d.is_regular()) return {};
  pollfd p{d.fd.get(), events, 0};
  int ready = poll(&p, 1, 0);
  if (ready < 0) return fail(from_host_errno(errno));
  if (ready == 0) return fail(Errno::Again);
  if (events == POLLOUT && buffers.count > 0) {
    buffers.count = 1;
    buffers.list[0].iov_len = std::min(buffers.list[0].iov_len, kNonblockingBytes);
  }
  return {};
}

int write_flags(const Descriptor& d, bool positioned) {
  int flags = 0;
  if ((d.flags & kFdflagAppend) != 0 && d.is_regular() && !positioned) flags |= RWF_APPEND;
  if ((d.flags & kFdflagSync) != 0) flags |= RWF_SYNC;
  if ((d.flags & kFdflagDsync) != 0) flags |= RWF_DSYNC;
  return flags;
}

/// One read of the embedder's stream: into the buffer itself, or through one of the host's where
/// pages of the guest's may not be touched.
Expected<size_t> read_source(InputStream& source, const Buffers& buffers) {
  if (buffers.count == 0) return 0;
  uint8_t piece[kPieceBytes];
  const iovec& v = buffers.list[0];
  std::span<uint8_t> first(static_cast<uint8_t*>(v.iov_base), v.iov_len);
  const bool is_direct = !buffers.mem->may_fault();
  const std::span<uint8_t> out =
      is_direct ? first : std::span(piece, std::min(v.iov_len, sizeof piece));
  const size_t n = std::min(TRY(source.read(out)), out.size());
  if (!is_direct) TRY_VOID(buffers.mem->copy_in(first.data(), piece, n));
  return n;
}

/// How many bytes of a buffer the embedder's stream took; fewer than there are: it is full.
Expected<size_t> write_buffer(OutputStream& sink, const Buffers& buffers, const iovec& v) {
  const auto* bytes = static_cast<const uint8_t*>(v.iov_base);
  if (!buffers.mem->may_fault()) return sink.write({bytes, v.iov_len});
  uint8_t piece[kPieceBytes];
  size_t total = 0;
  while (total < v.iov_len) {
    const size_t size = std::min(v.iov_len - total, sizeof piece);
    const Status copied = buffers.mem->copy_out(piece, bytes + total, size);
    const Expected<size_t> n = copied ? sink.write({piece, size}) : fail(copied.error());
    if (!n && total == 0) return n;
    if (n) total += std::min(*n, size);
    if (!n || *n < size) break;
  }
  return total;
}

Expected<size_t> write_sink(OutputStream& sink, const Buffers& buffers) {
  size_t total = 0;
  for (int i = 0; i < buffers.count; ++i) {
    const iovec& v = buffers.list[i];
    Expected<size_t> n = write_buffer(sink, buffers, v);
    if (!n && total == 0) return fail(n.error());
    if (!n) break;
    total += std::min(*n, v.iov_len);
    if (*n < v.iov_len) break;
  }
  return total;
}

ssize_t write_host(const Descriptor& d, const Buffers& buffers) {
  int flags = write_flags(d, false);
  if (flags != 0) return pwritev2(d.fd.get(), buffers.list, buffers.count, -1, flags);
  return writev(d.fd.get(), buffers.list, buffers.count);
}

msghdr message_of(Buffers& buffers) {
  msghdr message{};
  message.msg_iov = buffers.list;
  message.msg_iovlen = static_cast<size_t>(buffers.count);
  return message;
}

int dont_wait(const Descriptor& d) { return (d.flags & kFdflagNonblock) != 0 ? MSG_DONTWAIT : 0; }

}  // namespace

Expected<Buffers> gather(const GuestMemory& mem, uint32_t iovs, uint32_t iovs_len) {
  TRY_VOID(mem.check<Iovec>(iovs, iovs_len));
  Buffers out;
  out.mem = &mem;
  uint64_t total = 0;
  for (uint32_t i = 0; i < iovs_len; ++i) {
    Iovec v = TRY(mem.read<Iovec>(iovs + 8 * i));
    std::span<uint8_t> bytes = TRY(mem.slice(v.buf, v.buf_len));
    total += v.buf_len;
    if (total > UINT32_MAX) return fail(Errno::Inval);
    if (bytes.empty() || static_cast<size_t>(out.count) == Buffers::kMax) continue;
    out.list[out.count++] = {bytes.data(), bytes.size()};
  }
  return out;
}

Expected<size_t> read_some(Descriptor& d, Buffers& buffers) {
  if (d.source != nullptr) return read_source(*d.source, buffers);
  if (d.is_socket()) return receive(d, buffers, 0, nullptr);
  TRY_VOID(respect_nonblock(d, POLLIN, buffers));
  return count_of(readv(d.fd.get(), buffers.list, buffers.count));
}

Expected<size_t> write_some(Descriptor& d, Buffers& buffers) {
  if (d.sink != nullptr) return write_sink(*d.sink, buffers);
  if (d.is_socket()) return send(d, buffers);
  if (d.is_regular()) {
    FileSizeGuard guard;
    return count_of(write_host(d, buffers));
  }
  TRY_VOID(respect_nonblock(d, POLLOUT, buffers));
  WriteSignalGuard guard;
  return count_of(write_host(d, buffers));
}

Expected<size_t> read_at(Descriptor& d, const Buffers& buffers, int64_t offset) {
  return count_of(preadv(d.fd.get(), buffers.list, buffers.count, offset));
}

Expected<size_t> write_at(Descriptor& d, const Buffers& buffers, int64_t offset) {
  FileSizeGuard guard;
  return count_of(pwritev2(d.fd.get(), buffers.list, buffers.count, offset, write_flags(d, true)));
}

Expected<size_t> receive(Descriptor& d, Buffers& buffers, int flags, bool* truncated) {
  msghdr message = message_of(buffers);
  ssize_t n = recvmsg(d.fd.get(), &message, flags | dont_wait(d));
  if (truncated != nullptr) *truncated = n >= 0 && (message.msg_flags & MSG_TRUNC) != 0;
  return count_of(n);
}

Expected<size_t> send(Descriptor& d, Buffers& buffers) {
  msghdr message = message_of(buffers);
  return count_of(sendmsg(d.fd.get(), &message, MSG_NOSIGNAL | dont_wait(d)));
}

}  // namespace sluice::wasi

// wasi_unstable, the interface before snapshot preview 1, which old programs still import. Four
// functions differ: attributes are shorter, the three ways to seek have other numbers, and a
// subscription to a clock begins with an identifier of its own.
#include "runtime/wasi/calls.h"

namespace sluice::wasi::unstable {

namespace {

struct OldFilestat {
  uint64_t dev;
  uint64_t ino;
  Filetype filetype;
  uint8_t pad[3] = {};
  uint32_t nlink;
  uint64_t size;
  uint64_t atim;
  uint64_t mtim;
  uint64_t ctim;
};
static_assert(sizeof(OldFilestat) == 56);

OldFilestat old_form(const Filestat& s) {
  auto nlink = static_cast<uint32_t>(s.nlink < UINT32_MAX ? s.nlink : UINT32_MAX);
  return {.dev = s.dev,
          .ino = s.ino,
          .filetype = s.filetype,
          .nlink = nlink,
          .size = s.size,
          .atim = s.atim,
          .mtim = s.mtim,
          .ctim = s.ctim};
}

struct OldSubscription {
  uint64_t userdata;
  uint8_t tag;
  uint8_t pad0[7];
  union {
    struct {
      uint64_t identifier;  // given back by nothing
      uint32_t id;
      uint32_t pad1;
      uint64_t timeout;
      uint64_t precision;
      uint16_t flags;
    } clock;
    uint32_t fd;
  };
};
static_assert(sizeof(OldSubscription) == 56);

Expected<Subscription> read_subscription(Mem mem, uint32_t address) {
  auto old = TRY(mem.read<OldSubscription>(address));
  Subscription s{};
  s.userdata = old.userdata;
  s.tag = old.tag;
  if (old.tag != kEventClock) {
    s.id_or_fd = old.fd;
    return s;
  }
  s.id_or_fd = old.clock.id;
  s.timeout = old.clock.timeout;
  s.precision = old.clock.precision;
  s.flags = old.clock.flags;
  return s;
}

}  // namespace

Status fd_filestat_get(Context& context, Mem mem, uint32_t fd, uint32_t stat_out) {
  return mem.write(stat_out, old_form(TRY(filestat_of_fd(context, fd))));
}

Status path_filestat_get(Context& context, Mem mem, uint32_t fd, uint32_t lookup, uint32_t path,
                         uint32_t path_len, uint32_t stat_out) {
  return mem.write(stat_out,
                   old_form(TRY(filestat_of_path(context, mem, fd, lookup, path, path_len))));
}

Status fd_seek(Context& context, Mem mem, uint32_t fd, int64_t offset, uint32_t whence,
               uint32_t position_out) {
  constexpr uint32_t kWhence[] = {kWhenceCur, kWhenceEnd, kWhenceSet};
  if (whence >= std::size(kWhence)) return fail(Errno::Inval);
  return wasi::fd_seek(context, mem, fd, offset, kWhence[whence], position_out);
}

Status poll_oneoff(Context& context, Mem mem, uint32_t in, uint32_t out, uint32_t count,
                   uint32_t count_out) {
  constexpr SubscriptionForm kForm = {sizeof(OldSubscription), &read_subscription};
  return poll_with(context, mem, kForm, in, out, count, count_out);
}

}  // namespace sluice::wasi::unstable

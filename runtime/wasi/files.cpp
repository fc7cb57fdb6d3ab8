// The fd_* functions: reading, writing, seeking, attributes, directory listings.
//
// Flags (append, sync, non-blocking) are kept per guest descriptor and applied to each operation
// (transfer.cpp), never to the host's file description: that one may be shared with other
// processes.
#include <algorithm>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/trap/write_signals.h"
#include "runtime/wasi/calls.h"
#include "runtime/wasi/transfer.h"

namespace sluice::wasi {

namespace {

constexpr size_t kDirectoryBytes = 32 << 10;

std::unexpected<Errno> host_error() { return fail(from_host_errno(errno)); }

Status status_of(int result) {
  if (result != 0) return host_error();
  return {};
}

Status write_count(Mem mem, uint32_t size_out, size_t n) {
  return mem.write(size_out, static_cast<uint32_t>(n));
}

Expected<off_t> file_offset(uint64_t offset) {
  if (offset > static_cast<uint64_t>(INT64_MAX)) return fail(Errno::Inval);
  return static_cast<off_t>(offset);
}

uint64_t nanoseconds(const timespec& t) {
  if (t.tv_sec < 0) return 0;
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}

timespec time_to_set(uint64_t ns, bool set, bool now) {
  if (now) return {0, UTIME_NOW};
  if (!set) return {0, UTIME_OMIT};
  return {static_cast<time_t>(ns / 1'000'000'000u), static_cast<long>(ns % 1'000'000'000u)};
}

/// What getdents64 writes; glibc has no name for it.
struct HostDirent {
  uint64_t ino;
  int64_t next;
  uint16_t record_bytes;
  uint8_t type;
  char name[];
};

/// What is left of the guest's buffer.
struct Room {
  uint32_t address;
  size_t count;
};

/// Appends to the guest's buffer, cutting off what does not fit.
Status append_bytes(Mem mem, Room& room, const void* bytes, size_t count) {
  size_t n = std::min(count, room.count);
  TRY_VOID(mem.put(room.address, bytes, n));
  room = {room.address + static_cast<uint32_t>(n), room.count - n};
  return {};
}

/// Some file systems do not say in their listings what an entry is.
Filetype type_of_entry(int directory, const HostDirent& host) {
  struct stat st;
  if (host.type != DT_UNKNOWN) return filetype_of_mode(DTTOIF(static_cast<uint32_t>(host.type)));
  if (fstatat(directory, host.name, &st, AT_SYMLINK_NOFOLLOW) != 0) return Filetype::Unknown;
  return filetype_of_mode(st.st_mode);
}

/// What lies above a directory may be outside of what the guest was given, and a descriptor does
/// not tell whether it is. So ".." has the directory's own number in every directory, as in a root.
/// A number of zero would make C libraries ask about "..", and be refused.
uint64_t number_of_parent(int directory) {
  struct stat st;
  return fstat(directory, &st) == 0 ? st.st_ino : 0;
}

Status append_entry(Mem mem, Room& room, int directory, const HostDirent& host) {
  size_t name_bytes = strnlen(host.name, host.record_bytes - offsetof(HostDirent, name));
  Dirent entry{};
  entry.next = static_cast<uint64_t>(host.next);
  bool is_parent = name_bytes == 2 && std::memcmp(host.name, "..", 2) == 0;
  entry.ino = is_parent ? number_of_parent(directory) : host.ino;
  entry.namlen = static_cast<uint32_t>(name_bytes);
  entry.type = is_parent ? Filetype::Directory : type_of_entry(directory, host);
  TRY_VOID(append_bytes(mem, room, &entry, sizeof entry));
  return append_bytes(mem, room, host.name, name_bytes);
}

}  // namespace

Filestat filestat_of(const struct stat& st) {
  Filestat out;
  out.dev = st.st_dev;
  out.ino = st.st_ino;
  out.filetype = filetype_of_mode(st.st_mode);
  out.nlink = st.st_nlink;
  out.size = static_cast<uint64_t>(st.st_size);
  out.atim = nanoseconds(st.st_atim);
  out.mtim = nanoseconds(st.st_mtim);
  out.ctim = nanoseconds(st.st_ctim);
  return out;
}

Status times_to_set(uint64_t atim, uint64_t mtim, uint32_t flags, timespec* times) {
  bool both_atim = (flags & kFstflagAtim) != 0 && (flags & kFstflagAtimNow) != 0;
  bool both_mtim = (flags & kFstflagMtim) != 0 && (flags & kFstflagMtimNow) != 0;
  if ((flags & ~uint32_t{kFstflagAll}) != 0 || both_atim || both_mtim) return fail(Errno::Inval);
  times[0] = time_to_set(atim, (flags & kFstflagAtim) != 0, (flags & kFstflagAtimNow) != 0);
  times[1] = time_to_set(mtim, (flags & kFstflagMtim) != 0, (flags & kFstflagMtimNow) != 0);
  return {};
}

Status fd_advise(Context& context, Mem, uint32_t fd, uint64_t offset, uint64_t len,
                 uint32_t advice) {
  Descriptor* d = TRY(context.fds().file(fd, kRightFdAdvise));
  constexpr int kAdvice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM,
                             POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED,   POSIX_FADV_NOREUSE};
  if (advice >= std::size(kAdvice)) return fail(Errno::Inval);
  off_t at = TRY(file_offset(offset));
  off_t count = TRY(file_offset(len));
  if (!d->is_host()) return fail(Errno::Spipe);
  int error = posix_fadvise(d->fd.get(), at, count, kAdvice[advice]);
  if (error != 0) return fail(from_host_errno(error));
  return {};
}

Status fd_allocate(Context& context, Mem, uint32_t fd, uint64_t offset, uint64_t len) {
  Descriptor* d = TRY(context.fds().file(fd, kRightFdAllocate));
  off_t at = TRY(file_offset(offset));
  off_t count = TRY(file_offset(len));
  FileSizeGuard guard;
  return status_of(fallocate(d->fd.get(), 0, at, count));
}

Status fd_close(Context& context, Mem, uint32_t fd) { return context.fds().close(fd); }

Status fd_datasync(Context& context, Mem, uint32_t fd) {
  Descriptor* d = TRY(context.fds().get(fd, kRightFdDatasync));
  return status_of(fdatasync(d->fd.get()));
}

Status fd_sync(Context& context, Mem, uint32_t fd) {
  Descriptor* d = TRY(context.fds().get(fd, kRightFdSync));
  return status_of(fsync(d->fd.get()));
}

Status fd_fdstat_get(Context& context, Mem mem, uint32_t fd, uint32_t stat_out) {
  Descriptor* d = TRY(context.fds().get(fd, 0));
  Fdstat stat{};
  stat.filetype = d->type;
  stat.flags = d->flags;
  stat.rights_base = d->rights;
  stat.rights_inheriting = d->inheriting;
  return mem.write(stat_out, stat);
}

Status fd_fdstat_set_flags(Context& context, Mem, uint32_t fd, uint32_t flags) {
  Descriptor* d = TRY(context.fds().get(fd, kRightFdFdstatSetFlags));
  if ((flags & ~uint32_t{kFdflagAll}) != 0) return fail(Errno::Inval);
  d->flags = static_cast<uint16_t>(flags);
  return {};
}

Status fd_fdstat_set_rights(Context& context, Mem, uint32_t fd, uint64_t base,
                            uint64_t inheriting) {
  Descriptor* d = TRY(context.fds().get(fd, 0));
  if ((base & ~d->rights) != 0 || (inheriting & ~d->inheriting) != 0) {
    return fail(Errno::NotCapable);
  }
  d->rights = base;
  d->inheriting = inheriting;
  return {};
}

Expected<Filestat> filestat_of_fd(Context& context, uint32_t fd) {
  Descriptor* d = TRY(context.fds().get(fd, kRightFdFilestatGet));
  if (!d->is_host()) return Filestat{};
  struct stat st;
  if (fstat(d->fd.get(), &st) != 0) return host_error();
  return filestat_of(st);
}

Status fd_filestat_get(Context& context, Mem mem, uint32_t fd, uint32_t stat_out) {
  return mem.write(stat_out, TRY(filestat_of_fd(context, fd)));
}

Status fd_filestat_set_size(Context& context, Mem, uint32_t fd, uint64_t size) {
  Descriptor* d = TRY(context.fds().file(fd, kRightFdFilestatSetSize));
  off_t new_size = TRY(file_offset(size));
  FileSizeGuard guard;
  return status_of(ftruncate(d->fd.get(), new_size));
}

Status fd_filestat_set_times(Context& context, Mem, uint32_t fd, uint64_t atim, uint64_t mtim,
                             uint32_t flags) {
  Descriptor* d = TRY(context.fds().get(fd, kRightFdFilestatSetTimes));
  timespec times[2];
  TRY_VOID(times_to_set(atim, mtim, flags, times));
  return status_of(futimens(d->fd.get(), times));
}

Status fd_read(Context& context, Mem mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len,
               uint32_t size_out) {
  Descriptor* d = TRY(context.fds().file(fd, kRightFdRead));
  TRY_VOID(mem.check<uint32_t>(size_out));
  Buffers buffers = TRY(gather(mem, iovs, iovs_len));
  return write_count(mem, size_out, TRY(read_some(*d, buffers)));
}

Status fd_pread(Context& context, Mem mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len,
                uint64_t offset, uint32_t size_out) {
  Descriptor* d = TRY(context.fds().file(fd, kRightFdRead | kRightFdSeek));
  TRY_VOID(mem.check<uint32_t>(size_out));
  Buffers buffers = TRY(gather(mem, iovs, iovs_len));
  int64_t at = TRY(file_offset(offset));
  return write_count(mem, size_out, TRY(read_at(*d, buffers, at)));
}

Status fd_write(Context& context, Mem mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len,
                uint32_t size_out) {
  Descriptor* d = TRY(context.fds().file(fd, kRightFdWrite));
  TRY_VOID(mem.check<uint32_t>(size_out));
  Buffers buffers = TRY(gather(mem, iovs, iovs_len));
  return write_count(mem, size_out, TRY(write_some(*d, buffers)));
}

Status fd_pwrite(Context& context, Mem mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len,
                 uint64_t offset, uint32_t size_out) {
  Descriptor* d = TRY(context.fds().file(fd, kRightFdWrite | kRightFdSeek));
  TRY_VOID(mem.check<uint32_t>(size_out));
  Buffers buffers = TRY(gather(mem, iovs, iovs_len));
  int64_t at = TRY(file_offset(offset));
  return write_count(mem, size_out, TRY(write_at(*d, buffers, at)));
}

Status fd_prestat_get(Context& context, Mem mem, uint32_t fd, uint32_t stat_out) {
  Descriptor* d = TRY(context.fds().get(fd, 0));
  if (!d->is_preopen) return fail(Errno::Badf);
  return mem.write(stat_out, Prestat{0, static_cast<uint32_t>(d->preopen_name.size())});
}

Status fd_prestat_dir_name(Context& context, Mem mem, uint32_t fd, uint32_t path,
                           uint32_t path_len) {
  Descriptor* d = TRY(context.fds().get(fd, 0));
  if (!d->is_preopen) return fail(Errno::Badf);
  if (path_len < d->preopen_name.size()) return fail(Errno::NameTooLong);
  return mem.put(path, d->preopen_name.data(), d->preopen_name.size());
}

Status fd_readdir(Context& context, Mem mem, uint32_t fd, uint32_t buf, uint32_t buf_len,
                  uint64_t cookie, uint32_t used_out) {
  Descriptor* d = TRY(context.fds().directory(fd, kRightFdReaddir));
  TRY_VOID(mem.check<uint32_t>(used_out));
  TRY_VOID(mem.slice(buf, buf_len));
  Room room{buf, buf_len};
  // Cookies are the file system's own positions, so nothing needs to be remembered between calls.
  if (lseek(d->fd.get(), TRY(file_offset(cookie)), SEEK_SET) < 0) return host_error();
  alignas(HostDirent) char entries[kDirectoryBytes];
  while (room.count != 0) {
    long got = syscall(SYS_getdents64, d->fd.get(), entries, sizeof entries);
    if (got < 0) return host_error();
    if (got == 0) break;
    for (long at = 0; at < got && room.count != 0;) {
      const auto* entry = reinterpret_cast<const HostDirent*>(entries + at);
      TRY_VOID(append_entry(mem, room, d->fd.get(), *entry));
      at += entry->record_bytes;
    }
  }
  return mem.write(used_out, static_cast<uint32_t>(buf_len - room.count));
}

Status fd_renumber(Context& context, Mem, uint32_t from, uint32_t to) {
  return context.fds().renumber(from, to);
}

Status fd_seek(Context& context, Mem mem, uint32_t fd, int64_t offset, uint32_t whence,
               uint32_t position_out) {
  // Asking for the position is telling.
  bool tells = whence == kWhenceCur && offset == 0;
  Descriptor* d = TRY(context.fds().file(fd, tells ? kRightFdTell : kRightFdSeek));
  TRY_VOID(mem.check<uint64_t>(position_out));
  constexpr int kWhence[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  if (whence >= std::size(kWhence)) return fail(Errno::Inval);
  off_t at = lseek(d->fd.get(), offset, kWhence[whence]);
  if (at < 0) return host_error();
  return mem.write(position_out, static_cast<uint64_t>(at));
}

Status fd_tell(Context& context, Mem mem, uint32_t fd, uint32_t position_out) {
  return fd_seek(context, mem, fd, 0, kWhenceCur, position_out);
}

}  // namespace sluice::wasi

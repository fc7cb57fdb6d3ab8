// Numbers, rights and lifetimes of the guest's descriptors.
#include "runtime/wasi/fd_table.h"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::wasi {

namespace {

int socket_option(int fd, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : 0;
}

void describe_socket(int fd, Descriptor& d) {
  if (socket_option(fd, SO_TYPE) != SOCK_STREAM) d.type = Filetype::SocketDgram;
  d.rights = socket_option(fd, SO_ACCEPTCONN) != 0 ? kListenerRights : kSocketRights;
}

}  // namespace

Expected<std::unique_ptr<Descriptor>> describe(UniqueFd fd) {
  struct stat st;
  if (fstat(fd.get(), &st) != 0) return fail(from_host_errno(errno));
  std::unique_ptr<Descriptor> d(new Descriptor);
  d->type = filetype_of_mode(st.st_mode);
  switch (d->type) {
  case Filetype::Directory: d->rights = kDirectoryRights; break;
  case Filetype::RegularFile:
  case Filetype::BlockDevice: d->rights = kFileRights; break;
  case Filetype::CharacterDevice:
    // Guests take a character device without the right to seek for a terminal.
    d->rights = kStreamRights;
    if (isatty(fd.get()) == 0) d->rights |= kRightFdSeek | kRightFdTell;
    break;
  case Filetype::SocketStream: describe_socket(fd.get(), *d); break;
  default: d->rights = kStreamRights; break;
  }
  d->fd = std::move(fd);
  return d;
}

Expected<Descriptor*> FdTable::get(uint32_t fd, Rights needed) const {
  if (fd >= slots_.size() || slots_[fd] == nullptr) return fail(Errno::Badf);
  Descriptor* d = slots_[fd].get();
  if (d->read_only && (needed & kWriteRights & ~kRightFdWrite) != 0) return fail(Errno::Rofs);
  Rights held = d->rights;
  if ((held & kRightFdSeek) != 0) held |= kRightFdTell;  // who may move the position may ask for it
  Rights missing = needed & ~held;
  if (missing == 0) return d;
  if ((missing & (kRightFdRead | kRightFdWrite)) != 0) return fail(Errno::Badf);
  if ((missing & (kRightFdSeek | kRightFdTell)) != 0 && !d->is_regular()) {
    return fail(Errno::Spipe);
  }
  return fail(Errno::NotCapable);
}

Expected<Descriptor*> FdTable::file(uint32_t fd, Rights needed) const {
  Descriptor* d = TRY(get(fd, 0));
  if (d->is_directory()) return fail(Errno::Badf);
  return get(fd, needed);
}

Expected<Descriptor*> FdTable::directory(uint32_t fd, Rights needed) const {
  Descriptor* d = TRY(get(fd, 0));
  if (!d->is_directory()) return fail(Errno::NotDir);
  return get(fd, needed);
}

Expected<Descriptor*> FdTable::socket(uint32_t fd, Rights needed) const {
  Descriptor* d = TRY(get(fd, 0));
  if (!d->is_socket()) return fail(Errno::NotSock);
  return get(fd, needed);
}

Expected<uint32_t> FdTable::insert(std::unique_ptr<Descriptor> descriptor, uint32_t lowest) {
  size_t fd = std::max<size_t>(lowest_free_, lowest);
  while (fd < slots_.size() && slots_[fd] != nullptr) ++fd;
  if (fd >= kMaxDescriptors) return fail(Errno::Mfile);
  if (lowest <= lowest_free_) lowest_free_ = fd + 1;
  set(static_cast<uint32_t>(fd), std::move(descriptor));
  return static_cast<uint32_t>(fd);
}

void FdTable::set(uint32_t fd, std::unique_ptr<Descriptor> descriptor) {
  if (fd >= slots_.size()) slots_.resize(fd + 1);
  slots_[fd] = std::move(descriptor);
}

Status FdTable::close(uint32_t fd) {
  TRY_VOID(get(fd, 0));
  slots_[fd].reset();
  if (fd < lowest_free_) lowest_free_ = fd;
  return {};
}

Status FdTable::renumber(uint32_t from, uint32_t to) {
  TRY_VOID(get(from, 0));
  TRY_VOID(get(to, 0));
  if (from == to) return {};
  slots_[to] = std::move(slots_[from]);
  if (from < lowest_free_) lowest_free_ = from;
  return {};
}

}  // namespace sluice::wasi

// The path_* functions. Each looks its paths up with the resolver and then acts on one name in one
// directory, without following links: there is no other way from a guest's path to the host.
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/wasi/calls.h"

namespace sluice::wasi {

namespace {

constexpr int kMaxOpenTries = 8;

std::unexpected<Errno> host_error() { return fail(from_host_errno(errno)); }

Status status_of(int result) {
  if (result != 0) return host_error();
  return {};
}

/// Whether the last component of a path that names something existing is followed: on request, and
/// always before a trailing slash.
bool follows(uint32_t lookup, std::string_view path) {
  return (lookup & kLookupSymlinkFollow) != 0 || path.ends_with('/');
}

/// A path that ends in a slash names a directory or nothing. Links are not followed here.
Status check_slash(const Place& place) {
  if (!place.wants_directory) return {};
  struct stat st;
  if (fstatat(place.dir(), place.name, &st, AT_SYMLINK_NOFOLLOW) != 0) return host_error();
  if (!S_ISDIR(st.st_mode)) return fail(Errno::NotDir);
  return {};
}

/// A path in the guest's memory.
struct GuestPath {
  uint32_t address;
  uint32_t length;
};

/// Looks up a path whose last component is looked at, and checks its trailing slash.
Expected<Place> locate_existing(Context& context, Mem mem, const Descriptor& directory,
                                uint32_t lookup, GuestPath path) {
  if ((lookup & ~kLookupSymlinkFollow) != 0) return fail(Errno::Inval);
  const String text = TRY(mem.text(path.address, path.length));
  Place place = TRY(context.resolver().locate(directory.fd.get(), text, follows(lookup, text)));
  TRY_VOID(check_slash(place));
  return place;
}

/// Looks up a path whose last component is made, removed or replaced: never followed.
Expected<Place> locate_entry(Context& context, Mem mem, const Descriptor& directory,
                             GuestPath path) {
  const String text = TRY(mem.text(path.address, path.length));
  return context.resolver().locate(directory.fd.get(), text, false);
}

/// How path_open opens: what the guest asked for, checked against the directory's rights.
struct OpenRequest {
  int host_flags = 0;
  bool read = false;
  bool write = false;
};

Expected<OpenRequest> check_open(const Descriptor& directory, uint32_t oflags, Rights rights,
                                 uint32_t fdflags) {
  if ((oflags & ~uint32_t{kOflagAll}) != 0 || (fdflags & ~uint32_t{kFdflagAll}) != 0) {
    return fail(Errno::Inval);
  }
  bool creates = (oflags & kOflagCreat) != 0;
  bool truncates = (oflags & kOflagTrunc) != 0;
  bool wants_directory = (oflags & kOflagDirectory) != 0;
  if (creates && wants_directory) return fail(Errno::Inval);
  OpenRequest request;
  request.read = (rights & kRightFdRead) != 0;
  request.write = (rights & kRightFdWrite) != 0;
  if (directory.read_only && (creates || truncates || request.write)) return fail(Errno::Rofs);
  Rights needed = 0;
  if (creates) needed |= kRightPathCreateFile;
  if (truncates) needed |= kRightPathFilestatSetSize;
  bool may_write = !request.write || (directory.inheriting & kRightFdWrite) != 0;
  if ((needed & ~directory.rights) != 0 || !may_write) return fail(Errno::NotCapable);
  int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
  flags |= !request.write ? O_RDONLY : request.read ? O_RDWR : O_WRONLY;
  if (creates) flags |= O_CREAT;
  if (truncates) flags |= O_TRUNC;
  if ((oflags & kOflagExcl) != 0) flags |= O_EXCL;
  if (wants_directory) flags |= O_DIRECTORY;
  if ((fdflags & kFdflagNonblock) != 0) flags |= O_NONBLOCK;
  request.host_flags = flags;
  return request;
}

Expected<UniqueFd> open_beneath(Context& context, const Descriptor& directory,
                                std::string_view path, bool follow, int flags) {
  for (int i = 0; i < kMaxOpenTries; ++i) {
    Place place = TRY(context.resolver().locate(directory.fd.get(), path, follow));
    int all_flags = flags;
    if (place.wants_directory) {
      if ((flags & O_CREAT) != 0) return fail(Errno::IsDir);
      all_flags |= O_DIRECTORY;
    }
    UniqueFd fd(openat(place.dir(), place.name, all_flags, 0666));
    if (fd.valid()) return fd;
    int error = errno;
    // The kernel says ENOTDIR for a link that is opened with O_DIRECTORY.
    struct stat st;
    if (error == ENOTDIR && fstatat(place.dir(), place.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(st.st_mode)) {
      error = ELOOP;
    }
    // The name has become a link since it was looked at: look again.
    if (error == ELOOP && follow) continue;
    return fail(from_host_errno(error));
  }
  return fail(Errno::Loop);
}

/// The rights of what was opened: those asked for, but none that the directory does not pass on or
/// that make no sense for such a file, or without having it open for writing.
void grant_rights(Descriptor& opened, const Descriptor& directory, const OpenRequest& request,
                  Rights base, Rights inheriting) {
  opened.read_only = directory.read_only;
  opened.rights &= directory.inheriting & base;
  if (opened.is_directory()) {
    opened.inheriting = directory.inheriting & inheriting;
  } else if (!request.write) {
    opened.rights &= ~(kRightFdAllocate | kRightFdFilestatSetSize);
  }
}

}  // namespace

Status path_create_directory(Context& context, Mem mem, uint32_t fd, uint32_t path,
                             uint32_t path_len) {
  Descriptor* d = TRY(context.fds().directory(fd, kRightPathCreateDirectory));
  Place place = TRY(locate_entry(context, mem, *d, {path, path_len}));
  return status_of(mkdirat(place.dir(), place.name, 0777));
}

Expected<Filestat> filestat_of_path(Context& context, Mem mem, uint32_t fd, uint32_t lookup,
                                    uint32_t path, uint32_t path_len) {
  Descriptor* d = TRY(context.fds().directory(fd, kRightPathFilestatGet));
  Place place = TRY(locate_existing(context, mem, *d, lookup, {path, path_len}));
  struct stat st;
  if (fstatat(place.dir(), place.name, &st, AT_SYMLINK_NOFOLLOW) != 0) return host_error();
  return filestat_of(st);
}

Status path_filestat_get(Context& context, Mem mem, uint32_t fd, uint32_t lookup, uint32_t path,
                         uint32_t path_len, uint32_t stat_out) {
  return mem.write(stat_out, TRY(filestat_of_path(context, mem, fd, lookup, path, path_len)));
}

Status path_filestat_set_times(Context& context, Mem mem, uint32_t fd, uint32_t lookup,
                               uint32_t path, uint32_t path_len, uint64_t atim, uint64_t mtim,
                               uint32_t flags) {
  Descriptor* d = TRY(context.fds().directory(fd, kRightPathFilestatSetTimes));
  timespec times[2];
  TRY_VOID(times_to_set(atim, mtim, flags, times));
  Place place = TRY(locate_existing(context, mem, *d, lookup, {path, path_len}));
  return status_of(utimensat(place.dir(), place.name, times, AT_SYMLINK_NOFOLLOW));
}

Status path_link(Context& context, Mem mem, uint32_t old_fd, uint32_t lookup, uint32_t old_path,
                 uint32_t old_path_len, uint32_t new_fd, uint32_t new_path, uint32_t new_path_len) {
  Descriptor* from = TRY(context.fds().directory(old_fd, kRightPathLinkSource));
  Descriptor* to = TRY(context.fds().directory(new_fd, kRightPathLinkTarget));
  Place source = TRY(locate_existing(context, mem, *from, lookup, {old_path, old_path_len}));
  Place target = TRY(locate_entry(context, mem, *to, {new_path, new_path_len}));
  TRY_VOID(check_slash(target));
  return status_of(linkat(source.dir(), source.name, target.dir(), target.name, 0));
}

Status path_open(Context& context, Mem mem, uint32_t fd, uint32_t lookup, uint32_t path,
                 uint32_t path_len, uint32_t oflags, uint64_t rights, uint64_t inheriting,
                 uint32_t fdflags, uint32_t fd_out) {
  Descriptor* d = TRY(context.fds().directory(fd, kRightPathOpen));
  TRY_VOID(mem.check<uint32_t>(fd_out));
  if (path_len >= PATH_MAX) return fail(Errno::NameTooLong);
  const String text = TRY(mem.text(path, path_len));
  if ((lookup & ~kLookupSymlinkFollow) != 0) return fail(Errno::Inval);
  OpenRequest request = TRY(check_open(*d, oflags, rights, fdflags));
  // O_EXCL does not follow a link, not even a dangling one.
  bool exclusive = (oflags & kOflagCreat) != 0 && (oflags & kOflagExcl) != 0;
  bool follow = follows(lookup, text) && !exclusive;
  UniqueFd host = TRY(open_beneath(context, *d, text, follow, request.host_flags));
  std::unique_ptr<Descriptor> opened = TRY(describe(std::move(host)));
  grant_rights(*opened, *d, request, rights, inheriting);
  opened->flags = static_cast<uint16_t>(fdflags);
  uint32_t number = TRY(context.fds().insert(std::move(opened)));
  return mem.write(fd_out, number);
}

Status path_readlink(Context& context, Mem mem, uint32_t fd, uint32_t path, uint32_t path_len,
                     uint32_t buf, uint32_t buf_len, uint32_t used_out) {
  Descriptor* d = TRY(context.fds().directory(fd, kRightPathReadlink));
  TRY_VOID(mem.check<uint32_t>(used_out));
  TRY_VOID(mem.slice(buf, buf_len));
  Place place = TRY(locate_existing(context, mem, *d, 0, {path, path_len}));
  char target[PATH_MAX];
  ssize_t length = readlinkat(place.dir(), place.name, target, sizeof target);
  if (length < 0) return host_error();
  size_t used = std::min(static_cast<size_t>(length), size_t{buf_len});
  TRY_VOID(mem.put(buf, target, used));
  return mem.write(used_out, static_cast<uint32_t>(used));
}

Status path_remove_directory(Context& context, Mem mem, uint32_t fd, uint32_t path,
                             uint32_t path_len) {
  Descriptor* d = TRY(context.fds().directory(fd, kRightPathRemoveDirectory));
  Place place = TRY(locate_entry(context, mem, *d, {path, path_len}));
  return status_of(unlinkat(place.dir(), place.name, AT_REMOVEDIR));
}

Status path_rename(Context& context, Mem mem, uint32_t old_fd, uint32_t old_path,
                   uint32_t old_path_len, uint32_t new_fd, uint32_t new_path,
                   uint32_t new_path_len) {
  Descriptor* from = TRY(context.fds().directory(old_fd, kRightPathRenameSource));
  Descriptor* to = TRY(context.fds().directory(new_fd, kRightPathRenameTarget));
  Place source = TRY(locate_entry(context, mem, *from, {old_path, old_path_len}));
  Place target = TRY(locate_entry(context, mem, *to, {new_path, new_path_len}));
  TRY_VOID(check_slash(source));
  if (target.wants_directory) {
    // A slash behind the new name means that a directory is moved; it need not exist there yet.
    source.wants_directory = true;
    TRY_VOID(check_slash(source));
    Status there = check_slash(target);
    if (!there && there.error() != Errno::NoEnt) return there;
  }
  return status_of(renameat(source.dir(), source.name, target.dir(), target.name));
}

Status path_symlink(Context& context, Mem mem, uint32_t old_path, uint32_t old_path_len,
                    uint32_t fd, uint32_t new_path, uint32_t new_path_len) {
  Descriptor* d = TRY(context.fds().directory(fd, kRightPathSymlink));
  if (old_path_len >= PATH_MAX) return fail(Errno::NameTooLong);
  const String text = TRY(mem.text(old_path, old_path_len));
  if (text.empty()) return fail(Errno::NoEnt);
  if (text.find('\0') != String::npos) return fail(Errno::Inval);
  // An absolute target would mean another place for the host than for the guest.
  if (text[0] == '/') return fail(Errno::Perm);
  Place place = TRY(locate_entry(context, mem, *d, {new_path, new_path_len}));
  TRY_VOID(check_slash(place));
  return status_of(symlinkat(text.c_str(), place.dir(), place.name));
}

Status path_unlink_file(Context& context, Mem mem, uint32_t fd, uint32_t path, uint32_t path_len) {
  Descriptor* d = TRY(context.fds().directory(fd, kRightPathUnlinkFile));
  Place place = TRY(locate_entry(context, mem, *d, {path, path_len}));
  TRY_VOID(check_slash(place));
  return status_of(unlinkat(place.dir(), place.name, 0));
}

}  // namespace sluice::wasi

// The host's numbers turned into WASI's.
#include "runtime/wasi/abi.h"

#include <cerrno>
#include <sys/stat.h>

namespace sluice::wasi {

namespace {

struct Row {
  int host;
  Errno errno_;
};

constexpr Row kRows[] = {
#define WASI_ERRNO(name, value, host) {host, Errno::name},
#include "runtime/wasi/errno.def"
#undef WASI_ERRNO
};

}  // namespace

Errno from_host_errno(int host) {
  for (const Row& row : kRows) {
    if (row.host == host && host != 0) return row.errno_;
  }
  return Errno::Io;
}

const char* name_of(Errno error) {
  switch (error) {
#define WASI_ERRNO(name, value, host)                                                              \
  case Errno::name: return #name;
#include "runtime/wasi/errno.def"
#undef WASI_ERRNO
  }
  return "?";
}

Filetype filetype_of_mode(uint32_t mode) {
  switch (mode & S_IFMT) {
  case S_IFBLK: return Filetype::BlockDevice;
  case S_IFCHR: return Filetype::CharacterDevice;
  case S_IFDIR: return Filetype::Directory;
  case S_IFREG: return Filetype::RegularFile;
  case S_IFSOCK: return Filetype::SocketStream;
  case S_IFLNK: return Filetype::SymbolicLink;
  default: return Filetype::Unknown;
  }
}

}  // namespace sluice::wasi

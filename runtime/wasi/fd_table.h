// The guest's file descriptors: what each stands for and what the guest may do with it.
//
// A descriptor is a file, a directory or a stream of the host, or a stream of the embedder's. Every
// use goes through get() or directory(), which check the rights it needs. Guests get the lowest
// free number; there are at most kMaxDescriptors, so that a guest cannot use up the host's.
#pragma once

#include <memory>

#include "engine/base/heap.h"
#include "runtime/wasi/abi.h"
#include "runtime/wasi/path.h"
#include "runtime/wasi/stream.h"

namespace sluice::wasi {

inline constexpr size_t kMaxDescriptors = 4096;

struct Descriptor : Allocated {
  UniqueFd fd;                          // of the host; invalid for the embedder's streams
  std::unique_ptr<InputStream> source;  // instead of fd
  std::unique_ptr<OutputStream> sink;   // instead of fd
  Filetype type = Filetype::Unknown;
  uint16_t flags = 0;      // kFdflag…; kept here only, the host's description stays as it was
  bool read_only = false;  // below a read-only directory: whatever its rights, nothing changes
  bool is_preopen = false;
  Rights rights = 0;
  Rights inheriting = 0;  // directories: upper bound for what is opened through it
  String preopen_name;    // as the guest sees it

  bool is_directory() const { return type == Filetype::Directory; }
  bool is_host() const { return fd.valid(); }
  bool is_regular() const { return type == Filetype::RegularFile; }
  bool is_socket() const { return type == Filetype::SocketStream || type == Filetype::SocketDgram; }
};

/// What a descriptor of the host is and which rights make sense for it; rights not yet masked.
Expected<std::unique_ptr<Descriptor>> describe(UniqueFd fd);

/// Not thread-safe.
class FdTable {
 public:
  /// The descriptor, whose rights include `needed`: else Rofs where a read-only directory is the
  /// reason, Badf for reading and writing, NotCapable otherwise.
  Expected<Descriptor*> get(uint32_t fd, Rights needed) const;
  /// The same, for operations on something that is not a directory: Badf if it is one.
  Expected<Descriptor*> file(uint32_t fd, Rights needed) const;
  /// The same, for operations on a directory: NotDir if it is none.
  Expected<Descriptor*> directory(uint32_t fd, Rights needed) const;
  /// The same, for operations on a socket: NotSock if it is none.
  Expected<Descriptor*> socket(uint32_t fd, Rights needed) const;

  /// Its number, the lowest free one from `lowest` on, or Mfile.
  Expected<uint32_t> insert(std::unique_ptr<Descriptor> descriptor, uint32_t lowest = 0);
  /// Puts it at a given small number, in place of what was there.
  void set(uint32_t fd, std::unique_ptr<Descriptor> descriptor);
  Status close(uint32_t fd);
  /// `to` then stands for what `from` stood for, and `from` is free. Both must be open.
  Status renumber(uint32_t from, uint32_t to);

 private:
  Vector<std::unique_ptr<Descriptor>> slots_;
  size_t lowest_free_ = 0;  // no free slot below
};

}  // namespace sluice::wasi

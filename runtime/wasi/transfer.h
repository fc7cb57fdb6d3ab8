// Moving bytes between a guest's buffers and a descriptor, whatever that stands for: a file, a
// pipe, a socket, a stream of the embedder's.
//
// A transfer may be short. Non-blocking descriptors give Again, without the host's file description
// being touched: that one may be shared with other processes. Nobody reading is Pipe, never
// SIGPIPE.
#pragma once

#include <cstdint>
#include <sys/uio.h>

#include "runtime/wasi/fd_table.h"
#include "runtime/wasi/guest_memory.h"

namespace sluice::wasi {

/// The guest's buffers as the host's, empty ones left out. For the kernel; the host itself copies
/// from and to them with `mem`.
struct Buffers {
  static constexpr size_t kMax = 64;  // per host call; a short read or write is allowed
  iovec list[kMax];
  int count = 0;
  const GuestMemory* mem = nullptr;
};

/// Reads an array of buffers. Fault if any lies outside; Inval if they are more than 4 GiB in all.
Expected<Buffers> gather(const GuestMemory& mem, uint32_t iovs, uint32_t iovs_len);

/// Take and give what is there now, at the descriptor's own position; give the number of bytes.
Expected<size_t> read_some(Descriptor& d, Buffers& buffers);
Expected<size_t> write_some(Descriptor& d, Buffers& buffers);
/// At a position, which leaves the descriptor's own as it is; regular files only.
Expected<size_t> read_at(Descriptor& d, const Buffers& buffers, int64_t offset);
Expected<size_t> write_at(Descriptor& d, const Buffers& buffers, int64_t offset);

/// recvmsg and sendmsg on a socket; `flags` as the host has them. `truncated` may be null.
Expected<size_t> receive(Descriptor& d, Buffers& buffers, int flags, bool* truncated);
Expected<size_t> send(Descriptor& d, Buffers& buffers);

}  // namespace sluice::wasi

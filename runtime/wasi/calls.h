// The functions of WASI preview 1, one C++ function each: parameters in the interface's order, the
// guest's addresses as plain numbers, results written to the guest's memory.
//
// Every one checks its result addresses before it changes anything, and none trusts a length. The
// import table (preview1.cpp) derives each Wasm signature from the parameters: uint32_t is i32,
// uint64_t and int64_t are i64.
#pragma once

#include <cstdint>

#include "runtime/wasi/context.h"
#include "runtime/wasi/guest_memory.h"

namespace sluice::wasi {

using Mem = const GuestMemory&;

// process.cpp
Status args_get(Context&, Mem, uint32_t argv, uint32_t argv_buf);
Status args_sizes_get(Context&, Mem, uint32_t count_out, uint32_t size_out);
Status environ_get(Context&, Mem, uint32_t environ, uint32_t environ_buf);
Status environ_sizes_get(Context&, Mem, uint32_t count_out, uint32_t size_out);
Status proc_exit(Context&, Mem, uint32_t status);
Status proc_raise(Context&, Mem, uint32_t signal);
Status sched_yield(Context&, Mem);
Status random_get(Context&, Mem, uint32_t buf, uint32_t len);

// sockets.cpp
Status sock_accept(Context&, Mem, uint32_t fd, uint32_t flags, uint32_t fd_out);
Status sock_recv(Context&, Mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t flags,
                 uint32_t size_out, uint32_t flags_out);
Status sock_send(Context&, Mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t flags,
                 uint32_t size_out);
Status sock_shutdown(Context&, Mem, uint32_t fd, uint32_t how);

// clock_poll.cpp
Status clock_res_get(Context&, Mem, uint32_t id, uint32_t resolution_out);
Status clock_time_get(Context&, Mem, uint32_t id, uint64_t precision, uint32_t time_out);
Status poll_oneoff(Context&, Mem, uint32_t in, uint32_t out, uint32_t count, uint32_t count_out);

// files.cpp
Status fd_advise(Context&, Mem, uint32_t fd, uint64_t offset, uint64_t len, uint32_t advice);
Status fd_allocate(Context&, Mem, uint32_t fd, uint64_t offset, uint64_t len);
Status fd_close(Context&, Mem, uint32_t fd);
Status fd_datasync(Context&, Mem, uint32_t fd);
Status fd_fdstat_get(Context&, Mem, uint32_t fd, uint32_t stat_out);
Status fd_fdstat_set_flags(Context&, Mem, uint32_t fd, uint32_t flags);
Status fd_fdstat_set_rights(Context&, Mem, uint32_t fd, uint64_t base, uint64_t inheriting);
Status fd_filestat_get(Context&, Mem, uint32_t fd, uint32_t stat_out);
Status fd_filestat_set_size(Context&, Mem, uint32_t fd, uint64_t size);
Status fd_filestat_set_times(Context&, Mem, uint32_t fd, uint64_t atim, uint64_t mtim,
                             uint32_t flags);
Status fd_pread(Context&, Mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint64_t offset,
                uint32_t size_out);
Status fd_prestat_get(Context&, Mem, uint32_t fd, uint32_t stat_out);
Status fd_prestat_dir_name(Context&, Mem, uint32_t fd, uint32_t path, uint32_t path_len);
Status fd_pwrite(Context&, Mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint64_t offset,
                 uint32_t size_out);
Status fd_read(Context&, Mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t size_out);
Status fd_readdir(Context&, Mem, uint32_t fd, uint32_t buf, uint32_t buf_len, uint64_t cookie,
                  uint32_t used_out);
Status fd_renumber(Context&, Mem, uint32_t from, uint32_t to);
Status fd_seek(Context&, Mem, uint32_t fd, int64_t offset, uint32_t whence, uint32_t position_out);
Status fd_sync(Context&, Mem, uint32_t fd);
Status fd_tell(Context&, Mem, uint32_t fd, uint32_t position_out);
Status fd_write(Context&, Mem, uint32_t fd, uint32_t iovs, uint32_t iovs_len, uint32_t size_out);

// paths.cpp
Status path_create_directory(Context&, Mem, uint32_t fd, uint32_t path, uint32_t path_len);
Status path_filestat_get(Context&, Mem, uint32_t fd, uint32_t lookup, uint32_t path,
                         uint32_t path_len, uint32_t stat_out);
Status path_filestat_set_times(Context&, Mem, uint32_t fd, uint32_t lookup, uint32_t path,
                               uint32_t path_len, uint64_t atim, uint64_t mtim, uint32_t flags);
Status path_link(Context&, Mem, uint32_t old_fd, uint32_t lookup, uint32_t old_path,
                 uint32_t old_path_len, uint32_t new_fd, uint32_t new_path, uint32_t new_path_len);
Status path_open(Context&, Mem, uint32_t fd, uint32_t lookup, uint32_t path, uint32_t path_len,
                 uint32_t oflags, uint64_t rights, uint64_t inheriting, uint32_t fdflags,
                 uint32_t fd_out);
Status path_readlink(Context&, Mem, uint32_t fd, uint32_t path, uint32_t path_len, uint32_t buf,
                     uint32_t buf_len, uint32_t used_out);
Status path_remove_directory(Context&, Mem, uint32_t fd, uint32_t path, uint32_t path_len);
Status path_rename(Context&, Mem, uint32_t old_fd, uint32_t old_path, uint32_t old_path_len,
                   uint32_t new_fd, uint32_t new_path, uint32_t new_path_len);
Status path_symlink(Context&, Mem, uint32_t old_path, uint32_t old_path_len, uint32_t fd,
                    uint32_t new_path, uint32_t new_path_len);
Status path_unlink_file(Context&, Mem, uint32_t fd, uint32_t path, uint32_t path_len);

// unstable.cpp: what the interface's predecessor, wasi_unstable, laid out or numbered in another
// way. All its other functions are those above.
namespace unstable {
Status fd_filestat_get(Context&, Mem, uint32_t fd, uint32_t stat_out);
Status fd_seek(Context&, Mem, uint32_t fd, int64_t offset, uint32_t whence, uint32_t position_out);
Status path_filestat_get(Context&, Mem, uint32_t fd, uint32_t lookup, uint32_t path,
                         uint32_t path_len, uint32_t stat_out);
Status poll_oneoff(Context&, Mem, uint32_t in, uint32_t out, uint32_t count, uint32_t count_out);
}  // namespace unstable

/// What the files above share: a host's stat as the guest's; attributes as fd_filestat_get and
/// path_filestat_get give them; times to set, of which `times` has two, access and modification
/// (Inval for contradicting or unknown flags).
Filestat filestat_of(const struct stat& st);
Expected<Filestat> filestat_of_fd(Context&, uint32_t fd);
Expected<Filestat> filestat_of_path(Context&, Mem, uint32_t fd, uint32_t lookup, uint32_t path,
                                    uint32_t path_len);
Status times_to_set(uint64_t atim, uint64_t mtim, uint32_t flags, struct timespec* times);

/// poll_oneoff over subscriptions of `stride` bytes each, which `read` turns into our form.
struct SubscriptionForm {
  uint32_t stride;
  Expected<Subscription> (*read)(Mem, uint32_t address);
};
Status poll_with(Context&, Mem, const SubscriptionForm& form, uint32_t in, uint32_t out,
                 uint32_t count, uint32_t count_out);

}  // namespace sluice::wasi

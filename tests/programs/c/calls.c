// What each function of WASI preview 1 answers, a line for each call, so that engines can be
// compared line by line. Descriptor 3 is an empty directory; nothing else is preopened, standard
// input is at its end. Says nothing of times, numbers of files or the order of listings, which
// differ between two runs of one engine. Calls that stop node for good (wrong flags for times of a
// path, sockets' functions on what is no socket, a deadline in the past) are in the unit tests
// only.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

// clang-format off
static const char* const kErrors[] = {
    "success", "2big", "acces", "addrinuse", "addrnotavail", "afnosupport", "again", "already",
    "badf", "badmsg", "busy", "canceled", "child", "connaborted", "connrefused", "connreset",
    "deadlk", "destaddrreq", "dom", "dquot", "exist", "fault", "fbig", "hostunreach", "idrm",
    "ilseq", "inprogress", "intr", "inval", "io", "isconn", "isdir", "loop", "mfile", "mlink",
    "msgsize", "multihop", "nametoolong", "netdown", "netreset", "netunreach", "nfile", "nobufs",
    "nodev", "noent", "noexec", "nolck", "nolink", "nomem", "nomsg", "noprotoopt", "nospc",
    "nosys", "notconn", "notdir", "notempty", "notrecoverable", "notsock", "notsup", "notty",
    "nxio", "overflow", "ownerdead", "perm", "pipe", "proto", "protonosupport", "prototype",
    "range", "rofs", "spipe", "srch", "stale", "timedout", "txtbsy", "xdev", "notcapable"};
// clang-format on

enum { DIR = 3, NONE = 99 };
#define READ __WASI_RIGHTS_FD_READ
#define WRITE __WASI_RIGHTS_FD_WRITE
#define SEEK __WASI_RIGHTS_FD_SEEK
#define TELL __WASI_RIGHTS_FD_TELL
#define FILE_RIGHTS                                                                                \
  (READ | WRITE | SEEK | TELL | __WASI_RIGHTS_FD_SYNC | __WASI_RIGHTS_FD_DATASYNC |                \
   __WASI_RIGHTS_FD_ADVISE | __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_GET |           \
   __WASI_RIGHTS_FD_FILESTAT_SET_SIZE | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES |                      \
   __WASI_RIGHTS_FD_FDSTAT_SET_FLAGS | __WASI_RIGHTS_POLL_FD_READWRITE)
#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW
#define CREAT __WASI_OFLAGS_CREAT
#define EXCL __WASI_OFLAGS_EXCL
#define TRUNC __WASI_OFLAGS_TRUNC
#define DIRECTORY __WASI_OFLAGS_DIRECTORY
#define APPEND __WASI_FDFLAGS_APPEND
#define ATIM __WASI_FSTFLAGS_ATIM
#define ATIM_NOW __WASI_FSTFLAGS_ATIM_NOW
#define MTIM __WASI_FSTFLAGS_MTIM
#define MTIM_NOW __WASI_FSTFLAGS_MTIM_NOW
#define SET __WASI_WHENCE_SET
#define CUR __WASI_WHENCE_CUR
#define END __WASI_WHENCE_END

static __wasi_fd_t fd, other;
static __wasi_size_t size, count;
static __wasi_filesize_t at;
static __wasi_filestat_t st;
static __wasi_fdstat_t fdst;
static __wasi_prestat_t prestat;
static __wasi_timestamp_t time;
static __wasi_roflags_t roflags;
static uint8_t buffer[4096];
static uint8_t* pointers[16];
static __wasi_iovec_t in = {buffer, 4};
static __wasi_ciovec_t out = {buffer, 4};
static char long_name[300], long_path[5000];
// Beyond the end of any memory of this program.
#define OUTSIDE ((void*)0xfffffff0u)

static __wasi_errno_t show(const char* call, __wasi_errno_t error) {
  printf("%s: %s", call, error < sizeof kErrors / sizeof *kErrors ? kErrors[error] : "?");
  return error;
}
/// The call and its error; with VALUE, also a number if there was none.
#define CALL(...) (show(#__VA_ARGS__, __wasi_##__VA_ARGS__), puts(""))
#define VALUE(value, ...)                                                                          \
  (show(#__VA_ARGS__, __wasi_##__VA_ARGS__) == 0                                                   \
       ? printf(", " #value " %lld\n", (long long)(value))                                         \
       : puts(""))

static __wasi_errno_t __wasi_open(int dir, int lookup, const char* path, int oflags,
                                  __wasi_rights_t rights, int fdflags) {
  return __wasi_path_open(dir, lookup, path, oflags, rights, rights, fdflags, &fd);
}
/// Opens to see whether that works, no more.
static __wasi_errno_t __wasi_try_open(int dir, int lookup, const char* path, int oflags,
                                      __wasi_rights_t rights, int fdflags) {
  __wasi_errno_t error = __wasi_open(dir, lookup, path, oflags, rights, fdflags);
  if (error == 0) (void)!__wasi_fd_close(fd);
  return error;
}
static __wasi_errno_t __wasi_put(__wasi_fd_t to, const char* text) {
  __wasi_ciovec_t v = {(const uint8_t*)text, strlen(text)};
  return __wasi_fd_write(to, &v, 1, &size);
}

static void process(void) {
  VALUE(count, args_sizes_get(&count, &size));
  CALL(args_get(pointers, buffer));
  CALL(args_sizes_get(OUTSIDE, &size));
  VALUE(size, environ_sizes_get(&count, &size));
  CALL(environ_get(pointers, buffer));
  for (int clock = 0; clock < 5; ++clock) {
    VALUE(time > 0, clock_res_get(clock, &time));
    VALUE(time > 0, clock_time_get(clock, 1, &time));
  }
  CALL(clock_time_get(0, 0, OUTSIDE));
  CALL(random_get(buffer, 64));
  CALL(random_get(buffer, 0));
  CALL(random_get(OUTSIDE, 64));
  CALL(sched_yield());
}

static void no_descriptor(void) {
  CALL(fd_advise(NONE, 0, 0, 0));
  CALL(fd_allocate(NONE, 0, 1));
  CALL(fd_close(NONE));
  CALL(fd_datasync(NONE));
  CALL(fd_fdstat_get(NONE, &fdst));
  CALL(fd_fdstat_set_flags(NONE, 0));
  CALL(fd_fdstat_set_rights(NONE, 0, 0));
  CALL(fd_filestat_get(NONE, &st));
  CALL(fd_filestat_set_size(NONE, 0));
  CALL(fd_filestat_set_times(NONE, 0, 0, 0));
  CALL(fd_pread(NONE, &in, 1, 0, &size));
  CALL(fd_prestat_get(NONE, &prestat));
  CALL(fd_prestat_dir_name(NONE, buffer, 1));
  CALL(fd_pwrite(NONE, &out, 1, 0, &size));
  CALL(fd_read(NONE, &in, 1, &size));
  CALL(fd_readdir(NONE, buffer, 10, 0, &size));
  CALL(fd_renumber(NONE, DIR));
  CALL(fd_renumber(DIR, NONE));
  CALL(fd_seek(NONE, 0, CUR, &at));
  CALL(fd_sync(NONE));
  CALL(fd_tell(NONE, &at));
  CALL(fd_write(NONE, &out, 1, &size));
  CALL(path_create_directory(NONE, "x"));
  CALL(path_filestat_get(NONE, 0, "x", &st));
  CALL(path_filestat_set_times(NONE, 0, "x", 0, 0, 0));
  CALL(path_link(NONE, 0, "x", DIR, "y"));
  CALL(path_link(DIR, 0, "x", NONE, "y"));
  CALL(try_open(NONE, 0, "x", 0, READ, 0));
  CALL(path_readlink(NONE, "x", buffer, 10, &size));
  CALL(path_remove_directory(NONE, "x"));
  CALL(path_rename(NONE, "x", DIR, "y"));
  CALL(path_rename(DIR, "x", NONE, "y"));
  CALL(path_symlink("x", NONE, "y"));
  CALL(path_unlink_file(NONE, "x"));
  CALL(sock_accept(NONE, 0, &other));
  CALL(sock_recv(NONE, &in, 1, 0, &size, &roflags));
  CALL(sock_send(NONE, &out, 1, 0, &size));
  CALL(sock_shutdown(NONE, __WASI_SDFLAGS_RD));
}

static void directory(void) {
  VALUE(fdst.fs_filetype, fd_fdstat_get(DIR, &fdst));
  VALUE(fdst.fs_flags, fd_fdstat_get(DIR, &fdst));
  VALUE((fdst.fs_rights_base & (READ | WRITE | SEEK)) == 0, fd_fdstat_get(DIR, &fdst));
  VALUE(st.filetype, fd_filestat_get(DIR, &st));
  CALL(fd_advise(DIR, 0, 0, 0));
  CALL(fd_allocate(DIR, 0, 1));
  CALL(fd_filestat_set_size(DIR, 0));
  CALL(fd_read(DIR, &in, 1, &size));
  CALL(fd_pread(DIR, &in, 1, 0, &size));
  CALL(fd_write(DIR, &out, 1, &size));
  CALL(fd_pwrite(DIR, &out, 1, 0, &size));
  CALL(fd_seek(DIR, 0, SET, &at));
  CALL(fd_tell(DIR, &at));
  CALL(fd_sync(DIR));
  CALL(fd_datasync(DIR));
  VALUE(prestat.u.dir.pr_name_len, fd_prestat_get(DIR, &prestat));
  CALL(fd_prestat_dir_name(DIR, buffer, 8));
  CALL(fd_prestat_dir_name(DIR, buffer, 20));
  CALL(fd_prestat_dir_name(DIR, buffer, 1));
  CALL(fd_prestat_get(1, &prestat));
}

static void streams(void) {
  VALUE(size, fd_read(0, &in, 1, &size));
  CALL(fd_write(0, &out, 1, &size));
  CALL(fd_read(1, &in, 1, &size));
  CALL(fd_seek(1, 0, SET, &at));
  CALL(fd_tell(1, &at));
  CALL(fd_pwrite(1, &out, 1, 0, &size));
  CALL(fd_allocate(1, 0, 1));
  CALL(fd_filestat_set_size(1, 0));
  CALL(fd_readdir(1, buffer, 10, 0, &size));
  CALL(path_create_directory(1, "x"));
  CALL(path_filestat_get(1, 0, "x", &st));
  CALL(try_open(1, 0, "x", 0, READ, 0));
}

static void opening(void) {
  CALL(try_open(DIR, 0, "f", 0, READ, 0));
  CALL(try_open(DIR, 0, "f", TRUNC, WRITE, 0));
  CALL(try_open(DIR, 0, "no/f", CREAT, WRITE, 0));
  CALL(try_open(DIR, 0, "f", CREAT | EXCL, WRITE, 0));
  CALL(try_open(DIR, 0, "f", CREAT | EXCL, WRITE, 0));
  CALL(try_open(DIR, 0, "f", CREAT, 0, 0));
  CALL(try_open(DIR, 0, "f", DIRECTORY, READ, 0));
  CALL(try_open(DIR, 0, "f/", 0, READ, 0));
  CALL(try_open(DIR, 0, "f/x", 0, READ, 0));
  CALL(try_open(DIR, 0, "f/..", 0, READ, 0));
  CALL(try_open(DIR, 0, "n/", CREAT, WRITE, 0));
  CALL(try_open(DIR, 0, ".", 0, 0, 0));
  CALL(try_open(DIR, 0, ".", DIRECTORY, READ, 0));
  CALL(try_open(DIR, 0, ".", DIRECTORY, READ | WRITE, 0));
  CALL(try_open(DIR, 0, ".", 0, READ | WRITE, 0));
  CALL(try_open(DIR, 0, "n", CREAT | DIRECTORY, READ, 0));
  CALL(try_open(DIR, 0, "f", 16, READ, 0));
  CALL(try_open(DIR, 0, "f", 0, READ, 32));
  CALL(try_open(DIR, 2, "f", 0, READ, 0));
  CALL(try_open(DIR, 0, "", 0, READ, 0));
  CALL(try_open(DIR, 0, "/f", 0, READ, 0));
  CALL(try_open(DIR, 0, "/", 0, READ, 0));
  CALL(try_open(DIR, 0, "..", 0, READ, 0));
  CALL(try_open(DIR, 0, "../f", CREAT, WRITE, 0));
  CALL(try_open(DIR, 0, "./../f", 0, READ, 0));
  CALL(try_open(DIR, 0, ".//./f", 0, READ, 0));
  CALL(try_open(DIR, 0, long_name, 0, READ, 0));
  CALL(try_open(DIR, 0, long_path, 0, READ, 0));
  CALL(path_open(DIR, 0, "f", 0, READ, 0, 0, OUTSIDE));
  CALL(open(DIR, 0, "f", 0, READ, 0));
  VALUE(fdst.fs_rights_base == READ, fd_fdstat_get(fd, &fdst));
  VALUE(fdst.fs_filetype, fd_fdstat_get(fd, &fdst));
  CALL(put(fd, "x"));
  CALL(fd_seek(fd, 0, SET, &at));
  CALL(fd_filestat_set_size(fd, 0));
  CALL(fd_fdstat_set_rights(fd, READ | WRITE, 0));
  CALL(try_open(fd, 0, "x", 0, READ, 0));
  CALL(fd_readdir(fd, buffer, 10, 0, &size));
  CALL(path_unlink_file(fd, "x"));
  CALL(fd_close(fd));
  CALL(fd_close(fd));
  CALL(open(DIR, 0, "f", 0, WRITE, 0));
  CALL(fd_read(fd, &in, 1, &size));
  CALL(fd_close(fd));
  CALL(open(DIR, 0, "f", 0, READ | SEEK, 0));
  VALUE(at, fd_seek(fd, 0, CUR, &at));
  VALUE(at, fd_tell(fd, &at));
  CALL(fd_close(fd));
}

static void transfers(void) {
  CALL(open(DIR, 0, "f", 0, FILE_RIGHTS, 0));
  VALUE(size, put(fd, "0123456789"));
  VALUE(at, fd_tell(fd, &at));
  VALUE(at, fd_seek(fd, -4, END, &at));
  VALUE(size, fd_read(fd, &in, 1, &size));
  VALUE(memcmp(buffer, "6789", 4), fd_seek(fd, 2, SET, &at));
  VALUE(size, fd_pread(fd, &in, 1, 3, &size));
  VALUE(buffer[0], fd_tell(fd, &at));
  VALUE(size, fd_pwrite(fd, &out, 1, 20, &size));
  VALUE(at, fd_tell(fd, &at));
  VALUE(st.size, fd_filestat_get(fd, &st));
  VALUE(size, fd_pread(fd, &in, 1, 100, &size));
  VALUE(at, fd_seek(fd, 100, SET, &at));
  VALUE(size, fd_read(fd, &in, 1, &size));
  CALL(fd_seek(fd, -1, SET, &at));
  CALL(fd_seek(fd, -101, CUR, &at));
  CALL(fd_seek(fd, 0, 3, &at));
  VALUE(at, fd_tell(fd, &at));
  VALUE(size, fd_read(fd, &in, 0, &size));
  CALL(fd_read(fd, OUTSIDE, 1, &size));
  CALL(fd_read(fd, &in, 1, OUTSIDE));
  CALL(fd_fdstat_set_flags(fd, APPEND));
  VALUE(fdst.fs_flags, fd_fdstat_get(fd, &fdst));
  CALL(fd_seek(fd, 0, SET, &at));
  VALUE(size, put(fd, "end"));
  VALUE(st.size, fd_filestat_get(fd, &st));
  CALL(fd_fdstat_set_flags(fd, 0));
  CALL(fd_fdstat_set_flags(fd, 32));
  CALL(fd_sync(fd));
  CALL(fd_datasync(fd));
  CALL(fd_advise(fd, 0, 10, __WASI_ADVICE_NOREUSE));
  CALL(fd_advise(fd, 0, 10, 6));
  CALL(fd_allocate(fd, 0, 100));
  VALUE(st.size, fd_filestat_get(fd, &st));
  CALL(fd_allocate(fd, 10, 10));
  VALUE(st.size, fd_filestat_get(fd, &st));
  CALL(fd_allocate(fd, 0, 0));
  CALL(fd_filestat_set_size(fd, 5));
  VALUE(st.size, fd_filestat_get(fd, &st));
  CALL(fd_filestat_set_size(fd, -1));
  CALL(fd_filestat_set_times(fd, 5, 7000000008, ATIM | MTIM));
  VALUE(st.atim, fd_filestat_get(fd, &st));
  VALUE(st.mtim, fd_filestat_get(fd, &st));
  CALL(fd_filestat_set_times(fd, 1, 1, ATIM | ATIM_NOW));
  CALL(fd_filestat_set_times(fd, 1, 1, MTIM | MTIM_NOW));
  CALL(fd_filestat_set_times(fd, 1, 1, 16));
  CALL(fd_filestat_set_times(fd, 1, 1, 0));
  VALUE(st.mtim, fd_filestat_get(fd, &st));
  CALL(fd_filestat_get(fd, OUTSIDE));
  CALL(fd_fdstat_get(fd, OUTSIDE));
  CALL(fd_fdstat_set_rights(fd, READ | SEEK, 0));
  CALL(put(fd, "x"));
  CALL(fd_filestat_get(fd, &st));
  other = fd;
  CALL(open(DIR, 0, "f", 0, FILE_RIGHTS, APPEND));
  VALUE(fdst.fs_flags, fd_fdstat_get(fd, &fdst));
  CALL(fd_renumber(fd, fd));
  CALL(fd_renumber(fd, other));
  CALL(fd_read(fd, &in, 1, &size));
  VALUE(size, fd_read(other, &in, 1, &size));
  CALL(fd_renumber(fd, other));
  CALL(fd_close(other));
}

static void links(void) {
  CALL(path_create_directory(DIR, "d"));
  CALL(path_create_directory(DIR, "d"));
  CALL(path_create_directory(DIR, "f"));
  CALL(path_create_directory(DIR, "e/"));
  CALL(path_create_directory(DIR, "d/sub"));
  CALL(path_create_directory(DIR, "no/d"));
  CALL(path_create_directory(DIR, "f/d"));
  CALL(path_create_directory(DIR, "../d"));
  CALL(path_create_directory(DIR, ""));
  CALL(path_create_directory(DIR, "."));
  CALL(path_create_directory(DIR, long_name));
  CALL(path_symlink("f", DIR, "l"));
  CALL(path_symlink("f", DIR, "l"));
  CALL(path_symlink("d", DIR, "ld"));
  CALL(path_symlink("loop", DIR, "loop"));
  CALL(path_symlink("gone", DIR, "dangling"));
  CALL(path_symlink("../..", DIR, "d/up"));
  CALL(path_symlink("/f", DIR, "absolute"));
  CALL(path_symlink("", DIR, "empty"));
  CALL(path_symlink("f", DIR, "no/l"));
  CALL(path_symlink("f", DIR, "n/"));
  CALL(path_symlink("f", DIR, "d/"));
  CALL(path_symlink("f", DIR, "../l"));
  CALL(try_open(DIR, 0, "l", 0, READ, 0));
  CALL(try_open(DIR, FOLLOW, "l", 0, READ, 0));
  CALL(try_open(DIR, FOLLOW, "l", CREAT | EXCL, READ, 0));
  CALL(try_open(DIR, 0, "ld", DIRECTORY, READ, 0));
  CALL(try_open(DIR, FOLLOW, "ld", DIRECTORY, READ, 0));
  CALL(try_open(DIR, FOLLOW, "l", DIRECTORY, READ, 0));
  CALL(try_open(DIR, 0, "loop", 0, READ, 0));
  CALL(try_open(DIR, FOLLOW, "loop", 0, READ, 0));
  CALL(try_open(DIR, 0, "dangling", 0, READ, 0));
  CALL(try_open(DIR, FOLLOW, "dangling", 0, READ, 0));
  CALL(try_open(DIR, FOLLOW, "d/up", 0, READ, 0));
  CALL(try_open(DIR, 0, "d/up/f", 0, READ, 0));
  CALL(try_open(DIR, 0, "d/../f", 0, READ, 0));
  CALL(try_open(DIR, 0, "ld/../f", 0, READ, 0));
  VALUE(size, path_readlink(DIR, "l", buffer, 10, &size));
  VALUE(size, path_readlink(DIR, "d/up", buffer, 3, &size));
  VALUE(size, path_readlink(DIR, "l", buffer, 0, &size));
  CALL(path_readlink(DIR, "f", buffer, 10, &size));
  CALL(path_readlink(DIR, "no", buffer, 10, &size));
  CALL(path_readlink(DIR, "l/", buffer, 10, &size));
  CALL(path_readlink(DIR, "../l", buffer, 10, &size));
  VALUE(st.filetype, path_filestat_get(DIR, 0, "l", &st));
  VALUE(st.size, path_filestat_get(DIR, 0, "l", &st));
  VALUE(st.filetype, path_filestat_get(DIR, FOLLOW, "l", &st));
  VALUE(st.filetype, path_filestat_get(DIR, 0, "d/", &st));
  CALL(path_filestat_get(DIR, 0, "f/", &st));
  CALL(path_filestat_get(DIR, 0, "no", &st));
  CALL(path_filestat_get(DIR, FOLLOW, "dangling", &st));
  CALL(path_filestat_get(DIR, FOLLOW, "loop", &st));
  CALL(path_filestat_get(DIR, 0, "..", &st));
  CALL(path_filestat_get(DIR, 0, "", &st));
  CALL(path_filestat_set_times(DIR, 0, "l", 0, 9000000001, MTIM));
  CALL(path_filestat_set_times(DIR, FOLLOW, "l", 0, 8000000001, MTIM));
  VALUE(st.mtim, path_filestat_get(DIR, 0, "l", &st));
  VALUE(st.mtim, path_filestat_get(DIR, 0, "f", &st));
  CALL(path_filestat_set_times(DIR, 0, "no", 0, 0, MTIM));
  CALL(path_filestat_set_times(DIR, 0, "../f", 0, 0, MTIM));
  CALL(path_link(DIR, 0, "f", DIR, "d/hard"));
  VALUE(st.nlink, path_filestat_get(DIR, 0, "f", &st));
  CALL(path_link(DIR, 0, "f", DIR, "d/hard"));
  CALL(path_link(DIR, 0, "f", DIR, "f"));
  CALL(path_link(DIR, 0, "no", DIR, "n"));
  CALL(path_link(DIR, 0, "d", DIR, "n"));
  CALL(path_link(DIR, 0, "f", DIR, "n/"));
  CALL(path_link(DIR, 0, "f", DIR, "dangling"));
  CALL(path_link(DIR, 0, "f", DIR, "../n"));
  CALL(path_link(DIR, 0, "../f", DIR, "n"));
  CALL(path_link(DIR, 0, "dangling", DIR, "n"));
  CALL(path_unlink_file(DIR, "n"));
}

static void moving(void) {
  CALL(path_rename(DIR, "d/hard", DIR, "moved"));
  CALL(path_rename(DIR, "d/hard", DIR, "moved"));
  CALL(path_rename(DIR, "moved", DIR, "moved"));
  CALL(path_rename(DIR, "moved", DIR, "e"));
  CALL(path_rename(DIR, "e", DIR, "moved"));
  CALL(path_rename(DIR, "e", DIR, "d"));
  CALL(path_rename(DIR, "d", DIR, "e"));
  CALL(path_rename(DIR, "e", DIR, "e/inside"));
  CALL(path_rename(DIR, "e/", DIR, "d/"));
  CALL(path_rename(DIR, "moved/", DIR, "m"));
  CALL(path_rename(DIR, "moved", DIR, "m/"));
  CALL(path_rename(DIR, "moved", DIR, "no/m"));
  CALL(path_rename(DIR, "moved", DIR, "../m"));
  CALL(path_rename(DIR, "../m", DIR, "m"));
  CALL(path_rename(DIR, "dangling", DIR, "still"));
  VALUE(st.filetype, path_filestat_get(DIR, 0, "still", &st));
  CALL(path_unlink_file(DIR, "d"));
  CALL(path_unlink_file(DIR, "d/"));
  CALL(path_unlink_file(DIR, "f/"));
  CALL(path_unlink_file(DIR, "no"));
  CALL(path_unlink_file(DIR, "../f"));
  CALL(path_unlink_file(DIR, ""));
  CALL(path_unlink_file(DIR, "ld/"));
  CALL(path_remove_directory(DIR, "d"));
  CALL(path_remove_directory(DIR, "f"));
  CALL(path_remove_directory(DIR, "f/"));
  CALL(path_remove_directory(DIR, "ld"));
  CALL(path_remove_directory(DIR, "no"));
  CALL(path_remove_directory(DIR, "../d"));
  CALL(path_remove_directory(DIR, "."));
  CALL(path_remove_directory(DIR, ""));
}

static int by_text(const void* a, const void* b) { return strcmp(a, b); }

/// The entries of the sandbox, sorted, read in pieces of 64 bytes.
static void listing(void) {
  static char names[32][40];
  int n = 0;
  __wasi_dircookie_t cookie = 0;
  for (;;) {
    if (__wasi_fd_readdir(DIR, buffer, 64, cookie, &size) != 0) break;
    __wasi_dirent_t entry;
    __wasi_size_t from = 0;
    for (; from + sizeof entry <= size; from += sizeof entry + entry.d_namlen) {
      memcpy(&entry, buffer + from, sizeof entry);
      if (from + sizeof entry + entry.d_namlen > size || n == 32) break;
      snprintf(names[n++], sizeof *names, "entry %.*s, type %d", (int)entry.d_namlen,
               (char*)buffer + from + sizeof entry, entry.d_type);
      cookie = entry.d_next;
    }
    if (size < 64 || from == 0) break;
  }
  qsort(names, n, sizeof *names, by_text);
  for (int i = 0; i < n; ++i) puts(names[i]);
  VALUE(size, fd_readdir(DIR, buffer, 10, 0, &size));
  VALUE(size, fd_readdir(DIR, buffer, 0, 0, &size));
  CALL(fd_readdir(DIR, OUTSIDE, 64, 0, &size));
}

static __wasi_subscription_t clock_event(int id, __wasi_timestamp_t timeout, int flags) {
  __wasi_subscription_t s = {.userdata = 1};
  s.u.tag = __WASI_EVENTTYPE_CLOCK;
  s.u.u.clock.id = id;
  s.u.u.clock.timeout = timeout;
  s.u.u.clock.flags = flags;
  return s;
}
static __wasi_subscription_t fd_event(int tag, int on) {
  __wasi_subscription_t s = {.userdata = 2};
  s.u.tag = tag;
  s.u.u.fd_read.file_descriptor = on;
  return s;
}

static void polling(void) {
  __wasi_subscription_t on[3];
  __wasi_event_t got[3];
  on[0] = clock_event(__WASI_CLOCKID_MONOTONIC, 2000000, 0);
  VALUE(size, poll_oneoff(on, got, 1, &size));
  VALUE(got[0].error, poll_oneoff(on, got, 1, &size));
  on[0] = clock_event(9, 1, 0);
  VALUE(got[0].error, poll_oneoff(on, got, 1, &size));
  CALL(open(DIR, 0, "f", 0, FILE_RIGHTS, 0));
  on[0] = clock_event(__WASI_CLOCKID_MONOTONIC, 100000000, 0);
  on[1] = fd_event(__WASI_EVENTTYPE_FD_READ, fd);
  VALUE(size, poll_oneoff(on, got, 2, &size));
  VALUE(got[0].userdata, poll_oneoff(on, got, 2, &size));
  VALUE(got[0].fd_readwrite.nbytes, poll_oneoff(on, got, 2, &size));
  on[1] = fd_event(__WASI_EVENTTYPE_FD_WRITE, 1);
  VALUE(got[0].userdata, poll_oneoff(on, got, 2, &size));
  on[1] = fd_event(__WASI_EVENTTYPE_FD_WRITE, NONE);
  VALUE(got[0].error, poll_oneoff(on, got, 2, &size));
  CALL(poll_oneoff(on, got, 0, &size));
  CALL(poll_oneoff(on, OUTSIDE, 1, &size));
  CALL(fd_close(fd));
}

static void clean(void) {
  CALL(path_unlink_file(DIR, "d/up"));
  CALL(path_remove_directory(DIR, "d/sub"));
  CALL(path_unlink_file(DIR, "l"));
  CALL(path_unlink_file(DIR, "ld"));
  CALL(path_unlink_file(DIR, "loop"));
  CALL(path_unlink_file(DIR, "still"));
  CALL(path_unlink_file(DIR, "moved"));
  CALL(path_unlink_file(DIR, "f"));
  CALL(path_remove_directory(DIR, "d/"));
}

int main(void) {
  memset(long_name, 'x', sizeof long_name - 1);
  for (size_t i = 0; i + 1 < sizeof long_path; ++i) long_path[i] = i % 2 == 0 ? '.' : '/';
  setvbuf(stdout, NULL, _IOLBF, 0);  // an engine that dies shows where
  process();
  no_descriptor();
  directory();
  streams();
  opening();
  transfers();
  links();
  moving();
  listing();
  polling();
  clean();
  fflush(stdout);
  __wasi_proc_exit(5);
}

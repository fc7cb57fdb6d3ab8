// Every function of WASI preview 1 as a guest sees it, without a library in between: what it does,
// and the errors that it may give. Prints a line for each check that fails, and how many there
// were. Descriptor 3 is a directory to work in, 4 the same directory read-only.
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

enum { kDir = 3, kReadOnly = 4 };
#define READ __WASI_RIGHTS_FD_READ
#define WRITE __WASI_RIGHTS_FD_WRITE
#define ALL (~(__wasi_rights_t)0)
#define FOLLOW __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW

static int checks, failures;
static __wasi_fd_t fd;
static __wasi_size_t size;
static __wasi_filesize_t position;
static __wasi_filestat_t st;
static __wasi_fdstat_t fdst;
static uint8_t buffer[4096];

static void expect(int line, const char* what, long long got, long long wanted) {
  ++checks;
  if (got == wanted) return;
  ++failures;
  printf("line %d: %s is %lld, not %lld\n", line, what, got, wanted);
}
#define IS(expression, wanted) expect(__LINE__, #expression, (long long)(expression), wanted)
#define GIVES(expression, error) IS(expression, __WASI_ERRNO_##error)
#define WORKS(expression) GIVES(expression, SUCCESS)

// As libraries do: to read or write as asked, with all other rights that there are.
static __wasi_errno_t open_at(int dir, const char* path, int oflags, __wasi_rights_t rights) {
  __wasi_fdstat_t of_dir = {0};
  if (__wasi_fd_fdstat_get(dir, &of_dir) != __WASI_ERRNO_SUCCESS) of_dir.fs_rights_inheriting = 0;
  __wasi_rights_t most = of_dir.fs_rights_inheriting;
  return __wasi_path_open(dir, 0, path, oflags, (rights | ~(READ | WRITE)) & most, most, 0, &fd);
}
static __wasi_errno_t put(__wasi_fd_t to, const char* text) {
  __wasi_ciovec_t v = {(const uint8_t*)text, strlen(text)};
  return __wasi_fd_write(to, &v, 1, &size);
}
static __wasi_errno_t get(__wasi_fd_t from, size_t count) {
  __wasi_iovec_t v = {buffer, count};
  memset(buffer, 0, sizeof buffer);
  return __wasi_fd_read(from, &v, 1, &size);
}
static const char* text(void) { return (const char*)buffer; }

static void test_process(void) {
  __wasi_size_t count, bytes;
  uint8_t* list[16];
  WORKS(__wasi_args_sizes_get(&count, &bytes));
  IS(count, 2);
  WORKS(__wasi_args_get(list, buffer));
  IS(strcmp((char*)list[1], "argument"), 0);
  WORKS(__wasi_environ_sizes_get(&count, &bytes));
  IS(count, 1);
  IS(bytes, sizeof "NAME=value");
  WORKS(__wasi_environ_get(list, buffer));
  IS(strcmp((char*)list[0], "NAME=value"), 0);
  WORKS(__wasi_sched_yield());
  WORKS(__wasi_random_get(buffer, 64));
  WORKS(__wasi_random_get(buffer, 0));
  __wasi_timestamp_t first, second;
  for (int clock = 0; clock < 4; ++clock) {
    WORKS(__wasi_clock_res_get(clock, &first));
    IS(first > 0, 1);
    WORKS(__wasi_clock_time_get(clock, 0, &first));
    WORKS(__wasi_clock_time_get(clock, 1000000000, &second));
    IS(first <= second, 1);
  }
  GIVES(__wasi_clock_res_get(7, &first), INVAL);
  GIVES(__wasi_clock_time_get(7, 0, &first), INVAL);
}

static void test_open(void) {
  GIVES(open_at(kDir, "f", 0, READ), NOENT);
  GIVES(open_at(kDir, "", 0, READ), NOENT);
  GIVES(open_at(kDir, "missing/f", __WASI_OFLAGS_CREAT, READ), NOENT);
  WORKS(open_at(kDir, "f", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, READ | WRITE));
  WORKS(put(fd, "hello"));
  WORKS(__wasi_fd_close(fd));
  GIVES(__wasi_fd_close(fd), BADF);
  GIVES(open_at(kDir, "f", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_EXCL, READ), EXIST);
  GIVES(open_at(kDir, "f", __WASI_OFLAGS_DIRECTORY, READ), NOTDIR);
  GIVES(open_at(kDir, "f/", 0, READ), NOTDIR);
  GIVES(open_at(kDir, "f/x", 0, READ), NOTDIR);
  GIVES(open_at(kDir, "new/", __WASI_OFLAGS_CREAT, WRITE), ISDIR);
  GIVES(open_at(kDir, "d", __WASI_OFLAGS_CREAT | __WASI_OFLAGS_DIRECTORY, READ), INVAL);
  GIVES(open_at(kDir, ".", __WASI_OFLAGS_DIRECTORY, READ | WRITE), ISDIR);
  GIVES(open_at(99, "f", 0, READ), BADF);
  GIVES(open_at(1, "f", 0, READ), NOTDIR);
  GIVES(open_at(kDir, "/f", 0, READ), PERM);
  GIVES(open_at(kDir, "../f", 0, READ), PERM);
  GIVES(open_at(kDir, "./../f", 0, READ), PERM);
  char name[300];
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = 0;
  GIVES(open_at(kDir, name, 0, READ), NAMETOOLONG);
  WORKS(open_at(kDir, "f", __WASI_OFLAGS_TRUNC, WRITE));
  WORKS(__wasi_fd_filestat_get(fd, &st));
  IS(st.size, 0);
  GIVES(get(fd, 1), BADF);
  WORKS(__wasi_fd_close(fd));
  WORKS(__wasi_path_open(kDir, 0, "f", 0, READ, 0, 0, &fd));
  GIVES(__wasi_fd_filestat_get(fd, &st), NOTCAPABLE);
  GIVES(put(fd, "x"), BADF);
  WORKS(__wasi_fd_close(fd));
}

static void test_transfers(void) {
  WORKS(open_at(kDir, "f", 0, READ | WRITE));
  WORKS(put(fd, "0123456789"));
  IS(size, 10);
  WORKS(__wasi_fd_tell(fd, &position));
  IS(position, 10);
  WORKS(__wasi_fd_seek(fd, -4, __WASI_WHENCE_END, &position));
  IS(position, 6);
  WORKS(__wasi_fd_seek(fd, 1, __WASI_WHENCE_CUR, &position));
  WORKS(get(fd, 2));
  IS(strcmp(text(), "78"), 0);
  GIVES(__wasi_fd_seek(fd, -1, __WASI_WHENCE_SET, &position), INVAL);
  GIVES(__wasi_fd_seek(kDir, 0, __WASI_WHENCE_CUR, &position), BADF);
  GIVES(__wasi_fd_tell(kDir, &position), BADF);
  __wasi_iovec_t two[2] = {{buffer, 1}, {buffer + 2, 2}};
  memset(buffer, '-', 4);
  WORKS(__wasi_fd_pread(fd, two, 2, 3, &size));
  IS(memcmp(buffer, "3-45", 4), 0);
  __wasi_ciovec_t out[2] = {{(const uint8_t*)"a", 1}, {(const uint8_t*)"bc", 2}};
  WORKS(__wasi_fd_pwrite(fd, out, 2, 20, &size));
  IS(size, 3);
  WORKS(__wasi_fd_tell(fd, &position));
  IS(position, 9);
  WORKS(__wasi_fd_filestat_get(fd, &st));
  IS(st.size, 23);
  WORKS(__wasi_fd_fdstat_set_flags(fd, __WASI_FDFLAGS_APPEND));
  WORKS(__wasi_fd_fdstat_get(fd, &fdst));
  IS(fdst.fs_flags, __WASI_FDFLAGS_APPEND);
  IS(fdst.fs_filetype, __WASI_FILETYPE_REGULAR_FILE);
  WORKS(put(fd, "end"));
  WORKS(__wasi_fd_filestat_get(fd, &st));
  IS(st.size, 26);
  WORKS(__wasi_fd_sync(fd));
  WORKS(__wasi_fd_datasync(fd));
  WORKS(__wasi_fd_advise(fd, 0, 0, __WASI_ADVICE_SEQUENTIAL));
  GIVES(__wasi_fd_advise(kDir, 0, 0, __WASI_ADVICE_NORMAL), BADF);
  WORKS(__wasi_fd_allocate(fd, 0, 100));
  WORKS(__wasi_fd_filestat_get(fd, &st));
  IS(st.size, 100);
  WORKS(__wasi_fd_filestat_set_size(fd, 3));
  GIVES(__wasi_fd_allocate(kDir, 0, 1), BADF);
  GIVES(__wasi_fd_filestat_set_size(kDir, 1), BADF);
  GIVES(get(kDir, 1), BADF);
  WORKS(
      __wasi_fd_filestat_set_times(fd, 5, 1000000007, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM));
  WORKS(__wasi_fd_filestat_get(fd, &st));
  IS(st.mtim, 1000000007);
  IS(st.atim, 5);
  GIVES(__wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW),
        INVAL);
  WORKS(__wasi_fd_fdstat_set_rights(fd, READ, 0));
  GIVES(put(fd, "x"), BADF);
  GIVES(__wasi_fd_tell(fd, &position), NOTCAPABLE);
  GIVES(__wasi_fd_fdstat_set_rights(fd, READ | WRITE, 0), NOTCAPABLE);
  __wasi_fd_t other = fd;
  WORKS(open_at(kDir, "f", 0, READ));
  WORKS(__wasi_fd_renumber(fd, other));
  GIVES(get(fd, 1), BADF);
  WORKS(__wasi_fd_tell(other, &position));
  GIVES(__wasi_fd_renumber(fd, other), BADF);
  GIVES(__wasi_fd_renumber(other, 99), BADF);
  WORKS(__wasi_fd_close(other));
}

static void test_paths(void) {
  WORKS(__wasi_path_create_directory(kDir, "d"));
  GIVES(__wasi_path_create_directory(kDir, "d"), EXIST);
  GIVES(__wasi_path_create_directory(kDir, "x/y"), NOENT);
  GIVES(__wasi_path_create_directory(kDir, "../y"), PERM);
  WORKS(__wasi_path_symlink("f", kDir, "l"));
  GIVES(__wasi_path_symlink("f", kDir, "l"), EXIST);
  GIVES(__wasi_path_symlink("/f", kDir, "a"), PERM);
  GIVES(__wasi_path_symlink("f", kDir, "no/l"), NOENT);
  WORKS(__wasi_path_symlink("loop", kDir, "loop"));
  WORKS(__wasi_path_symlink("../..", kDir, "d/up"));
  GIVES(open_at(kDir, "l", 0, READ), LOOP);
  GIVES(__wasi_path_open(kDir, FOLLOW, "loop", 0, READ, 0, 0, &fd), LOOP);
  GIVES(__wasi_path_open(kDir, FOLLOW, "d/up", 0, READ, 0, 0, &fd), PERM);
  GIVES(open_at(kDir, "d/up/f", 0, READ), PERM);
  WORKS(__wasi_path_open(kDir, FOLLOW, "l", 0, READ, 0, 0, &fd));
  WORKS(__wasi_fd_close(fd));
  WORKS(__wasi_path_readlink(kDir, "l", buffer, sizeof buffer, &size));
  IS(size, 1);
  WORKS(__wasi_path_readlink(kDir, "d/up", buffer, 3, &size));
  IS(size, 3);
  GIVES(__wasi_path_readlink(kDir, "f", buffer, 3, &size), INVAL);
  GIVES(__wasi_path_readlink(kDir, "none", buffer, 3, &size), NOENT);
  WORKS(__wasi_path_filestat_get(kDir, 0, "l", &st));
  IS(st.filetype, __WASI_FILETYPE_SYMBOLIC_LINK);
  WORKS(__wasi_path_filestat_get(kDir, FOLLOW, "l", &st));
  IS(st.filetype, __WASI_FILETYPE_REGULAR_FILE);
  GIVES(__wasi_path_filestat_get(kDir, 0, "none", &st), NOENT);
  GIVES(__wasi_path_filestat_get(kDir, FOLLOW, "..", &st), PERM);
  WORKS(__wasi_path_filestat_set_times(kDir, 0, "f", 0, 77, __WASI_FSTFLAGS_MTIM));
  WORKS(__wasi_path_filestat_get(kDir, 0, "f", &st));
  IS(st.mtim, 77);
  WORKS(__wasi_path_link(kDir, 0, "f", kDir, "d/hard"));
  GIVES(__wasi_path_link(kDir, 0, "f", kDir, "d/hard"), EXIST);
  GIVES(__wasi_path_link(kDir, 0, "none", kDir, "n"), NOENT);
  GIVES(__wasi_path_link(kDir, 0, "d", kDir, "n"), PERM);
  GIVES(__wasi_path_link(kDir, FOLLOW, "d/up", kDir, "n"), PERM);
  WORKS(__wasi_path_filestat_get(kDir, 0, "d/hard", &st));
  IS(st.nlink, 2);
  WORKS(__wasi_path_rename(kDir, "d/hard", kDir, "moved"));
  GIVES(__wasi_path_rename(kDir, "d/hard", kDir, "moved"), NOENT);
  GIVES(__wasi_path_rename(kDir, "moved", kDir, "d"), ISDIR);
  GIVES(__wasi_path_rename(kDir, "d", kDir, "moved"), NOTDIR);
  GIVES(__wasi_path_rename(kDir, "moved", kDir, "../moved"), PERM);
  GIVES(__wasi_path_rename(kDir, "moved/", kDir, "m"), NOTDIR);
  GIVES(__wasi_path_remove_directory(kDir, "d"), NOTEMPTY);
  GIVES(__wasi_path_remove_directory(kDir, "f"), NOTDIR);
  GIVES(__wasi_path_remove_directory(kDir, "none"), NOENT);
  GIVES(__wasi_path_unlink_file(kDir, "d"), ISDIR);
  GIVES(__wasi_path_unlink_file(kDir, "f/"), NOTDIR);
  GIVES(__wasi_path_unlink_file(kDir, "none"), NOENT);
  GIVES(__wasi_path_unlink_file(kDir, "../f"), PERM);
}

static void test_listing(void) {
  WORKS(__wasi_fd_readdir(kDir, buffer, sizeof buffer, 0, &size));
  int entries = 0;
  __wasi_dircookie_t second = 0;
  for (size_t at = 0; at + sizeof(__wasi_dirent_t) <= size; ++entries) {
    __wasi_dirent_t entry;
    memcpy(&entry, buffer + at, sizeof entry);
    if (entries == 1) second = entry.d_next;
    at += sizeof entry + entry.d_namlen;
  }
  IS(entries, 7);  // . .. d f l loop moved
  __wasi_size_t whole = size;
  WORKS(__wasi_fd_readdir(kDir, buffer, sizeof buffer, second, &size));
  IS(size < whole && size > 0, 1);
  WORKS(__wasi_fd_readdir(kDir, buffer, 10, 0, &size));
  IS(size, 10);
  WORKS(open_at(kDir, "f", 0, READ));
  GIVES(__wasi_fd_readdir(fd, buffer, 100, 0, &size), NOTDIR);
  WORKS(__wasi_fd_close(fd));
  GIVES(__wasi_fd_readdir(99, buffer, 100, 0, &size), BADF);
  __wasi_prestat_t prestat;
  WORKS(__wasi_fd_prestat_get(kDir, &prestat));
  IS(prestat.u.dir.pr_name_len, strlen("/sandbox"));
  WORKS(__wasi_fd_prestat_dir_name(kDir, buffer, prestat.u.dir.pr_name_len));
  GIVES(__wasi_fd_prestat_dir_name(kDir, buffer, 1), NAMETOOLONG);
  GIVES(__wasi_fd_prestat_get(0, &prestat), BADF);
}

static void test_read_only(void) {
  GIVES(open_at(kReadOnly, "f", 0, READ | WRITE), ROFS);
  GIVES(open_at(kReadOnly, "f", __WASI_OFLAGS_TRUNC, READ), ROFS);
  GIVES(open_at(kReadOnly, "n", __WASI_OFLAGS_CREAT, READ), ROFS);
  GIVES(__wasi_path_create_directory(kReadOnly, "n"), ROFS);
  GIVES(__wasi_path_remove_directory(kReadOnly, "d"), ROFS);
  GIVES(__wasi_path_unlink_file(kReadOnly, "f"), ROFS);
  GIVES(__wasi_path_symlink("f", kReadOnly, "n"), ROFS);
  GIVES(__wasi_path_rename(kReadOnly, "f", kDir, "n"), ROFS);
  GIVES(__wasi_path_rename(kDir, "f", kReadOnly, "n"), ROFS);
  GIVES(__wasi_path_link(kReadOnly, 0, "f", kDir, "n"), ROFS);
  GIVES(__wasi_path_link(kDir, 0, "f", kReadOnly, "n"), ROFS);
  GIVES(__wasi_path_filestat_set_times(kReadOnly, 0, "f", 0, 0, 0), ROFS);
  GIVES(__wasi_fd_filestat_set_times(kReadOnly, 0, 0, 0), ROFS);
  WORKS(__wasi_path_filestat_get(kReadOnly, 0, "f", &st));
  WORKS(open_at(kReadOnly, "d", __WASI_OFLAGS_DIRECTORY, READ));
  GIVES(__wasi_path_unlink_file(fd, "up"), ROFS);
  WORKS(__wasi_fd_close(fd));
  WORKS(open_at(kReadOnly, "f", 0, READ));
  GIVES(__wasi_fd_filestat_set_size(fd, 0), ROFS);
  GIVES(__wasi_fd_allocate(fd, 0, 10), ROFS);
  GIVES(__wasi_fd_filestat_set_times(fd, 0, 0, 0), ROFS);
  GIVES(put(fd, "x"), BADF);
  __wasi_ciovec_t out = {buffer, 1};
  GIVES(__wasi_fd_pwrite(fd, &out, 1, 0, &size), BADF);
  GIVES(__wasi_fd_fdstat_set_rights(fd, READ | WRITE, 0), NOTCAPABLE);
  WORKS(get(fd, 3));
  IS(strcmp(text(), "012"), 0);
  WORKS(__wasi_fd_close(fd));
}

static void test_poll(void) {
  __wasi_subscription_t in[3];
  __wasi_event_t out[3];
  memset(in, 0, sizeof in);
  in[0].userdata = 1;
  in[0].u.tag = __WASI_EVENTTYPE_CLOCK;
  in[0].u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
  in[0].u.u.clock.timeout = 5000000;
  __wasi_timestamp_t before, after;
  WORKS(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &before));
  WORKS(__wasi_poll_oneoff(in, out, 1, &size));
  WORKS(__wasi_clock_time_get(__WASI_CLOCKID_MONOTONIC, 0, &after));
  IS(size, 1);
  IS(out[0].userdata, 1);
  IS(out[0].error, __WASI_ERRNO_SUCCESS);
  IS(after - before >= 5000000, 1);
  in[0].u.u.clock.id = __WASI_CLOCKID_REALTIME;
  in[0].u.u.clock.flags = __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME;
  WORKS(__wasi_poll_oneoff(in, out, 1, &size));
  IS(out[0].error, __WASI_ERRNO_SUCCESS);
  in[0].u.u.clock.timeout = ~(__wasi_timestamp_t)0;
  WORKS(open_at(kDir, "f", 0, READ | WRITE));
  in[1].userdata = 2;
  in[1].u.tag = __WASI_EVENTTYPE_FD_READ;
  in[1].u.u.fd_read.file_descriptor = fd;
  in[2].userdata = 3;
  in[2].u.tag = __WASI_EVENTTYPE_FD_WRITE;
  in[2].u.u.fd_write.file_descriptor = 99;
  WORKS(__wasi_poll_oneoff(in, out, 3, &size));
  IS(size, 2);
  IS(out[0].userdata, 2);
  IS(out[0].fd_readwrite.nbytes, 3);
  IS(out[1].userdata, 3);
  IS(out[1].error, __WASI_ERRNO_BADF);
  GIVES(__wasi_poll_oneoff(in, out, 0, &size), INVAL);
  WORKS(__wasi_fd_close(fd));
}

static void test_sockets(void) {
  __wasi_iovec_t in = {buffer, 1};
  __wasi_ciovec_t out = {buffer, 1};
  __wasi_roflags_t flags;
  GIVES(__wasi_sock_accept(kDir, 0, &fd), NOTSOCK);
  GIVES(__wasi_sock_accept(99, 0, &fd), BADF);
  GIVES(__wasi_sock_recv(kDir, &in, 1, 0, &size, &flags), NOTSOCK);
  GIVES(__wasi_sock_send(99, &out, 1, 0, &size), BADF);
  GIVES(__wasi_sock_shutdown(kDir, __WASI_SDFLAGS_RD), NOTSOCK);
}

static void clean(void) {
  WORKS(__wasi_path_unlink_file(kDir, "d/up"));
  WORKS(__wasi_path_remove_directory(kDir, "d/"));
  WORKS(__wasi_path_unlink_file(kDir, "l"));
  WORKS(__wasi_path_unlink_file(kDir, "loop"));
  WORKS(__wasi_path_unlink_file(kDir, "moved"));
  WORKS(__wasi_path_unlink_file(kDir, "f"));
}

int main(void) {
  test_process();
  test_open();
  test_transfers();
  test_paths();
  test_listing();
  test_read_only();
  test_poll();
  test_sockets();
  clean();
  printf("%d checks, %d failures\n", checks, failures);
  fflush(stdout);
  __wasi_proc_exit(failures == 0 ? 21 : 1);
}

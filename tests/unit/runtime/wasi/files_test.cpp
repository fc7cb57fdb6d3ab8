// The fd_* functions: transfers, flags, rights, listings, and addresses that lie.
#include <fcntl.h>
#include <map>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/runtime/wasi/wasi_fixture.h"

namespace sluice::wasi {
namespace {

constexpr Rights kReadWrite = kRightFdRead | kRightFdWrite;
constexpr uint32_t kOutside = 0xffff'fff0u;

class FilesTest : public WasiTest {
 protected:
  uint32_t create(std::string_view name, uint32_t fdflags = 0) {
    EXPECT_EQ(open(name, kOflagCreat, kReadWrite, 0, fdflags), Errno::Success);
    return result();
  }
  Errno seek(uint32_t fd, int64_t offset, uint32_t whence) {
    return error_of(fd_seek(context, mem, fd, offset, whence, kResult));
  }
  Errno pwrite(uint32_t fd, std::string_view text, uint64_t offset) {
    put(kBuffer, text);
    EXPECT_TRUE(mem.write(8, Iovec{kBuffer, static_cast<uint32_t>(text.size())}));
    return error_of(fd_pwrite(context, mem, fd, 8, 1, offset, kResult));
  }
};

TEST_F(FilesTest, FilesThatGrowTooLargeRaiseNoSignal) {
  uint32_t fd = create("f");
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{4096, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Errno truncated = error_of(fd_filestat_set_size(context, mem, fd, 1 << 20));
  const Errno allocated = error_of(fd_allocate(context, mem, fd, 0, 1 << 20));
  const Errno at = pwrite(fd, "x", 1 << 20);
  const Errno moved = seek(fd, 1 << 20, kWhenceSet);
  const Errno written = write(fd, "x");
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(truncated, Errno::Fbig);
  EXPECT_EQ(allocated, Errno::Fbig);
  EXPECT_EQ(at, Errno::Fbig);
  EXPECT_EQ(moved, Errno::Success);
  EXPECT_EQ(written, Errno::Fbig);
}

TEST_F(FilesTest, WritesSeeksAndReads) {
  uint32_t fd = create("f");
  EXPECT_EQ(fd, 4u);
  EXPECT_EQ(write(fd, "hello world"), Errno::Success);
  EXPECT_EQ(result(), 11u);
  EXPECT_EQ(seek(fd, -5, kWhenceEnd), Errno::Success);
  EXPECT_EQ(result64(), 6u);
  EXPECT_EQ(read(fd), "world");
  EXPECT_EQ(read(fd), "");
  EXPECT_EQ(seek(fd, 0, kWhenceSet), Errno::Success);
  EXPECT_EQ(read(fd, 5), "hello");
  EXPECT_EQ(error_of(fd_tell(context, mem, fd, kResult)), Errno::Success);
  EXPECT_EQ(result64(), 5u);
  EXPECT_EQ(seek(fd, -1, kWhenceSet), Errno::Inval);
  EXPECT_EQ(seek(fd, 0, 3), Errno::Inval);
  EXPECT_EQ(pwrite(fd, "W", 6), Errno::Success);
  EXPECT_EQ(pwrite(fd, "W", uint64_t{1} << 63), Errno::Inval);
  EXPECT_EQ(read_file(root / "f"), "hello World");
  EXPECT_EQ(error_of(fd_close(context, mem, fd)), Errno::Success);
  EXPECT_EQ(error_of(fd_close(context, mem, fd)), Errno::Badf);
  EXPECT_EQ(write(fd, "x"), Errno::Badf);
}

TEST_F(FilesTest, GathersManyBuffers) {
  uint32_t fd = create("f");
  // More than the host takes at once, empty ones among them.
  uint32_t list = 65536;
  for (uint32_t i = 0; i < 300; ++i) {
    put(kBuffer + i, std::string(1, static_cast<char>('a' + i % 26)));
    EXPECT_TRUE(mem.write(list + 8 * i, Iovec{kBuffer + i, i % 3 == 0 ? 0u : 1u}));
  }
  EXPECT_EQ(error_of(fd_write(context, mem, fd, list, 300, kResult)), Errno::Success);
  EXPECT_EQ(result(), 64u);
  EXPECT_EQ(read_file(root / "f").substr(0, 4), "bcef");
  EXPECT_EQ(error_of(fd_write(context, mem, fd, list, 0, kResult)), Errno::Success);
  EXPECT_EQ(result(), 0u);
  // Leading empty buffers must not look like the end of the file.
  EXPECT_EQ(seek(fd, 0, kWhenceSet), Errno::Success);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_TRUE(mem.write(list + 8 * i, Iovec{0, 0}));
  EXPECT_TRUE(mem.write(list + 8 * 99, Iovec{kBuffer, 4}));
  EXPECT_EQ(error_of(fd_read(context, mem, fd, list, 100, kResult)), Errno::Success);
  EXPECT_EQ(result(), 4u);
}

TEST_F(FilesTest, AppendsWithoutTouchingPositionedWrites) {
  write_file(root / "f", "12345");
  uint32_t fd = create("f", kFdflagAppend);
  EXPECT_EQ(write(fd, "6"), Errno::Success);
  EXPECT_EQ(seek(fd, 0, kWhenceSet), Errno::Success);
  EXPECT_EQ(write(fd, "7"), Errno::Success);
  EXPECT_EQ(pwrite(fd, "x", 0), Errno::Success);
  EXPECT_EQ(read_file(root / "f"), "x234567");
  EXPECT_EQ(error_of(fd_fdstat_set_flags(context, mem, fd, 0)), Errno::Success);
  EXPECT_EQ(seek(fd, 1, kWhenceSet), Errno::Success);
  EXPECT_EQ(write(fd, "y"), Errno::Success);
  EXPECT_EQ(read_file(root / "f"), "xy34567");
  EXPECT_EQ(error_of(fd_fdstat_set_flags(context, mem, fd, 32)), Errno::Inval);
  EXPECT_EQ(error_of(fd_fdstat_set_flags(context, mem, fd, kFdflagSync | kFdflagDsync)),
            Errno::Success);
  EXPECT_EQ(write(fd, "z"), Errno::Success);
  EXPECT_EQ(read_file(root / "f"), "xyz4567");
}

TEST_F(FilesTest, ChangesSizeAndTimes) {
  uint32_t fd = create("f");
  EXPECT_EQ(error_of(fd_filestat_set_size(context, mem, fd, 100)), Errno::Success);
  EXPECT_EQ(error_of(fd_filestat_set_size(context, mem, fd, ~uint64_t{0})), Errno::Inval);
  EXPECT_EQ(error_of(fd_allocate(context, mem, fd, 100, 50)), Errno::Success);
  EXPECT_EQ(error_of(fd_filestat_set_times(context, mem, fd, 1'000'000'001, 7,
                                           kFstflagAtim | kFstflagMtim)),
            Errno::Success);
  EXPECT_EQ(error_of(fd_filestat_get(context, mem, fd, kBuffer)), Errno::Success);
  auto stat = *mem.read<Filestat>(kBuffer);
  EXPECT_EQ(stat.size, 150u);
  EXPECT_EQ(stat.atim, 1'000'000'001u);
  EXPECT_EQ(stat.mtim, 7u);
  EXPECT_EQ(stat.filetype, Filetype::RegularFile);
  EXPECT_EQ(stat.nlink, 1u);
  for (uint32_t flags : {3u, 12u, 16u, 0xffffu}) {
    EXPECT_EQ(error_of(fd_filestat_set_times(context, mem, fd, 0, 0, flags)), Errno::Inval);
  }
  EXPECT_EQ(error_of(fd_advise(context, mem, fd, 0, 10, 5)), Errno::Success);
  EXPECT_EQ(error_of(fd_advise(context, mem, fd, 0, 10, 6)), Errno::Inval);
  EXPECT_EQ(error_of(fd_sync(context, mem, fd)), Errno::Success);
  EXPECT_EQ(error_of(fd_datasync(context, mem, fd)), Errno::Success);
}

TEST_F(FilesTest, RightsCanOnlyShrink) {
  uint32_t fd = create("f");
  Rights granted = [&] {
    EXPECT_EQ(error_of(fd_fdstat_get(context, mem, fd, kBuffer)), Errno::Success);
    return mem.read<Fdstat>(kBuffer)->rights_base;
  }();
  EXPECT_EQ(granted & kReadWrite, kReadWrite);
  EXPECT_EQ(granted & kDirectoryRights & ~kFileRights, 0u);
  EXPECT_EQ(error_of(fd_fdstat_set_rights(context, mem, fd, granted | kRightPathOpen, 0)),
            Errno::NotCapable);
  EXPECT_EQ(error_of(fd_fdstat_set_rights(context, mem, fd, kRightFdRead, 0)), Errno::Success);
  EXPECT_EQ(write(fd, "x"), Errno::Badf);
  EXPECT_EQ(error_of(fd_filestat_set_size(context, mem, fd, 0)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_fdstat_set_rights(context, mem, fd, granted, 0)), Errno::NotCapable);
  // What a directory no longer passes on, nothing opened through it gets.
  EXPECT_EQ(error_of(fd_fdstat_set_rights(context, mem, kDir, kDirectoryRights, kRightFdRead)),
            Errno::Success);
  EXPECT_EQ(open("f", 0, kReadWrite), Errno::NotCapable);
  EXPECT_EQ(open("f", 0, kRightFdRead), Errno::Success);
}

// What is opened has the rights that were asked for, fewer where they make no sense, never more.
TEST_F(FilesTest, RightsAreThoseAskedFor) {
  write_file(root / "f", "12345");
  std::filesystem::create_directory(root / "d");
  EXPECT_EQ(open_exactly("f", 0, 0, 0), Errno::Success);
  EXPECT_EQ(fdstat(result()).rights_base, 0u);
  EXPECT_EQ(open_exactly("f", 0, kRightFdRead | kRightPathOpen, ~Rights{0}), Errno::Success);
  uint32_t reader = result();
  EXPECT_EQ(fdstat(reader).rights_base, kRightFdRead);
  EXPECT_EQ(fdstat(reader).rights_inheriting, 0u) << "nothing is opened through a file";
  EXPECT_EQ(read(reader), "12345");
  EXPECT_EQ(write(reader, "x"), Errno::Badf);
  EXPECT_EQ(seek(reader, 0, kWhenceSet), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_tell(context, mem, reader, kResult)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_filestat_get(context, mem, reader, kBuffer)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_filestat_set_size(context, mem, reader, 0)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_filestat_set_times(context, mem, reader, 0, 0, 0)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_allocate(context, mem, reader, 0, 1)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_advise(context, mem, reader, 0, 0, 0)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_sync(context, mem, reader)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_datasync(context, mem, reader)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_fdstat_set_flags(context, mem, reader, 0)), Errno::NotCapable);
  // Without writing, sizes cannot be changed either, whatever was asked for.
  EXPECT_EQ(open("f", 0, kRightFdRead), Errno::Success);
  EXPECT_EQ(error_of(fd_filestat_set_size(context, mem, result(), 0)), Errno::NotCapable);
  // The right to seek includes the one to tell.
  EXPECT_EQ(open_exactly("f", 0, kRightFdRead | kRightFdSeek, 0), Errno::Success);
  EXPECT_EQ(fdstat(result()).rights_base, kRightFdRead | kRightFdSeek);
  const uint32_t seeker = result();
  EXPECT_EQ(error_of(fd_tell(context, mem, seeker, kResult)), Errno::Success);
  EXPECT_EQ(seek(seeker, 0, kWhenceCur), Errno::Success);
  // A directory opened with few rights, and what is opened through it.
  EXPECT_EQ(open_exactly("d", 0, kRightPathOpen | kRightPathCreateFile | kRightFdRead,
                         kRightFdWrite | kRightPathOpen),
            Errno::Success);
  uint32_t dir = result();
  EXPECT_EQ(fdstat(dir).rights_base, kRightPathOpen | kRightPathCreateFile);
  EXPECT_EQ(open("x", kOflagCreat, kReadWrite, 0, 0, dir), Errno::Success);
  EXPECT_EQ(fdstat(result()).rights_base, kRightFdWrite);
  EXPECT_EQ(open("x", kOflagTrunc, kRightFdWrite, 0, 0, dir), Errno::NotCapable);
  EXPECT_EQ(error_of(path_unlink_file(context, mem, dir, kPath, put(kPath, "x"))),
            Errno::NotCapable);
  EXPECT_EQ(error_of(path_create_directory(context, mem, dir, kPath, put(kPath, "y"))),
            Errno::NotCapable);
  EXPECT_EQ(error_of(path_filestat_get(context, mem, dir, 0, kPath, put(kPath, "x"), kBuffer)),
            Errno::NotCapable);
  EXPECT_EQ(error_of(fd_readdir(context, mem, dir, kBuffer, 100, 0, kResult)), Errno::NotCapable);
  EXPECT_EQ(open(".", kOflagDirectory, kRightFdRead, 0, 0, dir), Errno::Success);
  EXPECT_EQ(fdstat(result()).rights_base, kRightPathOpen);
  EXPECT_EQ(open("z", kOflagCreat, kRightFdWrite, 0, 0, result()), Errno::NotCapable);
}

// All combinations of the four flags, for each of the two times.
TEST_F(FilesTest, TimesAreSetAsTheFlagsSay) {
  uint32_t fd = create("f");
  auto stat = [&] {
    EXPECT_EQ(error_of(fd_filestat_get(context, mem, fd, kBuffer)), Errno::Success);
    return *mem.read<Filestat>(kBuffer);
  };
  constexpr uint64_t kOld = 5'000'000'007;
  const time_t start = ::time(nullptr);
  for (uint32_t flags = 0; flags < 16; ++flags) {
    ASSERT_EQ(
        error_of(fd_filestat_set_times(context, mem, fd, kOld, kOld, kFstflagAtim | kFstflagMtim)),
        Errno::Success);
    bool both = (flags & 3) == 3 || (flags & 12) == 12;
    EXPECT_EQ(error_of(fd_filestat_set_times(context, mem, fd, 1, 2, flags)),
              both ? Errno::Inval : Errno::Success)
        << flags;
    Filestat got = stat();
    auto check = [&](uint64_t time, bool set, bool now, uint64_t wanted) {
      if (both || (!set && !now)) {
        EXPECT_EQ(time, kOld) << flags;
      } else if (now) {
        EXPECT_GE(time / 1'000'000'000, static_cast<uint64_t>(start));
        EXPECT_LE(time / 1'000'000'000, static_cast<uint64_t>(::time(nullptr)) + 1);
      } else {
        EXPECT_EQ(time, wanted) << flags;
      }
    };
    check(got.atim, (flags & kFstflagAtim) != 0, (flags & kFstflagAtimNow) != 0, 1);
    check(got.mtim, (flags & kFstflagMtim) != 0, (flags & kFstflagMtimNow) != 0, 2);
  }
}

TEST_F(FilesTest, SeeksLeaveHoles) {
  uint32_t fd = create("f");
  constexpr uint64_t kFar = uint64_t{1} << 40;
  EXPECT_EQ(seek(fd, static_cast<int64_t>(kFar), kWhenceSet), Errno::Success);
  EXPECT_EQ(write(fd, "end"), Errno::Success);
  EXPECT_EQ(seek(fd, -3, kWhenceEnd), Errno::Success);
  EXPECT_EQ(result64(), kFar);
  EXPECT_EQ(read(fd), "end");
  EXPECT_EQ(seek(fd, 1 << 20, kWhenceSet), Errno::Success);
  EXPECT_EQ(read(fd, 4), std::string(4, '\0'));
  EXPECT_NE(seek(fd, INT64_MAX, kWhenceCur), Errno::Success);
  EXPECT_EQ(seek(fd, INT64_MIN, kWhenceCur), Errno::Inval);
  EXPECT_EQ(read(fd, 4), std::string(4, '\0')) << "a seek that fails moves nothing";
}

TEST_F(FilesTest, DirectoriesAreNoFiles) {
  EXPECT_EQ(read(kDir), "error 8");
  EXPECT_EQ(write(kDir, "x"), Errno::Badf);
  EXPECT_EQ(seek(kDir, 0, kWhenceSet), Errno::Badf);
  EXPECT_EQ(error_of(fd_allocate(context, mem, kDir, 0, 1)), Errno::Badf);
  EXPECT_EQ(error_of(fd_filestat_set_size(context, mem, kDir, 0)), Errno::Badf);
  uint32_t fd = create("f");
  EXPECT_EQ(error_of(fd_readdir(context, mem, fd, kBuffer, 100, 0, kResult)), Errno::NotDir);
  EXPECT_EQ(open("x", 0, kRightFdRead, 0, 0, fd), Errno::NotDir);
}

TEST_F(FilesTest, ListsADirectoryInAnyPortions) {
  std::map<std::string, Filetype> expected = {
      {".", Filetype::Directory}, {"..", Filetype::Directory}, {"link", Filetype::SymbolicLink}};
  for (int i = 0; i < 200; ++i) {
    std::string name = "file" + std::to_string(i) + std::string(static_cast<size_t>(i) % 40, 'x');
    write_file(root / name, "");
    expected[name] = Filetype::RegularFile;
  }
  std::filesystem::create_symlink("x", root / "link");
  struct stat own;
  ASSERT_EQ(stat(root.c_str(), &own), 0);
  for (uint32_t size : {80u, 300u, 4096u, 60000u}) {
    std::map<std::string, Filetype> got;
    uint64_t cookie = 0;
    for (;;) {
      ASSERT_EQ(error_of(fd_readdir(context, mem, kDir, kBuffer, size, cookie, kResult)),
                Errno::Success);
      uint32_t used = result();
      ASSERT_LE(used, size);
      uint32_t at = 0;
      while (used - at >= sizeof(Dirent)) {
        auto entry = *mem.read<Dirent>(kBuffer + at);
        if (used - at - sizeof(Dirent) < entry.namlen) break;
        std::string name(*mem.text(kBuffer + at + uint32_t{sizeof(Dirent)}, entry.namlen));
        EXPECT_TRUE(got.emplace(name, entry.type).second) << name << " twice";
        EXPECT_NE(entry.ino, 0u) << name;  // a C library would ask for it by name
        if (name == "." || name == "..") {
          EXPECT_EQ(entry.ino, own.st_ino) << name;
        }
        cookie = entry.next;
        at += static_cast<uint32_t>(sizeof(Dirent)) + entry.namlen;
      }
      if (used < size) break;
      ASSERT_GT(at, 0u) << "no progress";
    }
    EXPECT_EQ(got, expected);
  }
  EXPECT_EQ(error_of(fd_readdir(context, mem, kDir, kBuffer, 10, ~uint64_t{0}, kResult)),
            Errno::Inval);
}

// A buffer too small for an entry gets its beginning, as much as fits, at every size.
TEST_F(FilesTest, ListsIntoTinyBuffers) {
  ASSERT_EQ(error_of(fd_readdir(context, mem, kDir, kBuffer, 1000, 0, kResult)), Errno::Success);
  std::string whole(*mem.text(kBuffer, result()));
  for (uint32_t size = 0; size < whole.size(); ++size) {
    std::memset(bytes_.data() + kBuffer, 0xaa, 1000);
    ASSERT_EQ(error_of(fd_readdir(context, mem, kDir, kBuffer, size, 0, kResult)), Errno::Success);
    ASSERT_EQ(result(), size);
    EXPECT_EQ(std::string(*mem.text(kBuffer, size)), whole.substr(0, size));
    EXPECT_EQ(*mem.read<uint8_t>(kBuffer + size), 0xaa);
  }
}

// Entries come and go while a guest lists: what stays is listed exactly once, from every cookie.
TEST_F(FilesTest, ListsWhileEntriesChange) {
  for (int i = 0; i < 100; ++i) write_file(root / ("stays" + std::to_string(i)), "");
  std::map<std::string, int> seen;
  std::vector<uint64_t> cookies;
  uint64_t cookie = 0;
  for (int round = 0;; ++round) {
    ASSERT_EQ(error_of(fd_readdir(context, mem, kDir, kBuffer, 60, cookie, kResult)),
              Errno::Success);
    if (result() == 0) break;
    auto entry = *mem.read<Dirent>(kBuffer);
    ++seen[std::string(*mem.text(kBuffer + uint32_t{sizeof(Dirent)}, entry.namlen))];
    cookies.push_back(cookie = entry.next);
    write_file(root / ("new" + std::to_string(round)), "");
    std::filesystem::remove(root / ("new" + std::to_string(round / 2)));
    ASSERT_LT(round, 1000);
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(seen["stays" + std::to_string(i)], 1) << i;
  for (uint64_t old : cookies) {
    EXPECT_EQ(error_of(fd_readdir(context, mem, kDir, kBuffer, 60, old, kResult)), Errno::Success);
  }
}

TEST_F(FilesTest, PreopensTellTheirNames) {
  EXPECT_EQ(error_of(fd_prestat_get(context, mem, kDir, kResult)), Errno::Success);
  EXPECT_EQ(mem.read<Prestat>(kResult)->name_len, 1u);
  EXPECT_EQ(error_of(fd_prestat_dir_name(context, mem, kDir, kBuffer, 1)), Errno::Success);
  EXPECT_EQ(*mem.text(kBuffer, 1), "/");
  EXPECT_EQ(error_of(fd_prestat_dir_name(context, mem, kDir, kBuffer, 0)), Errno::NameTooLong);
  EXPECT_EQ(error_of(fd_prestat_get(context, mem, 4, kResult)), Errno::Badf);
  EXPECT_EQ(error_of(fd_prestat_get(context, mem, 0, kResult)), Errno::Badf);
}

TEST_F(FilesTest, RenumbersOpenDescriptors) {
  uint32_t a = create("a");
  uint32_t b = create("b");
  EXPECT_EQ(error_of(fd_renumber(context, mem, a, 99)), Errno::Badf);
  EXPECT_EQ(error_of(fd_renumber(context, mem, 99, a)), Errno::Badf);
  EXPECT_EQ(error_of(fd_renumber(context, mem, a, a)), Errno::Success);
  EXPECT_EQ(error_of(fd_renumber(context, mem, a, b)), Errno::Success);
  EXPECT_EQ(write(a, "x"), Errno::Badf);
  EXPECT_EQ(write(b, "x"), Errno::Success);
  EXPECT_EQ(read_file(root / "a"), "x");
  EXPECT_EQ(create("c"), a) << "the lowest free number is reused";
}

TEST_F(FilesTest, DescriptorsAreBounded) {
  write_file(root / "f", "");
  Errno last = Errno::Success;
  for (size_t i = 0; i <= kMaxDescriptors && last == Errno::Success; ++i) last = open("f");
  EXPECT_EQ(last, Errno::Mfile);
}

TEST_F(FilesTest, StreamsOfTheEmbedder) {
  String out;
  context.set_stdout(std::unique_ptr<OutputStream>(new BufferSink(out, 8)));
  context.set_stdin(std::unique_ptr<InputStream>(new BufferSource("input")));
  EXPECT_EQ(read(0, 3), "inp");
  EXPECT_EQ(read(0), "ut");
  EXPECT_EQ(read(0), "");
  EXPECT_EQ(write(0, "x"), Errno::Badf);
  EXPECT_EQ(write(1, "hello"), Errno::Success);
  EXPECT_EQ(write(1, "world"), Errno::Success);
  EXPECT_EQ(result(), 3u);
  EXPECT_EQ(write(1, "!"), Errno::NoSpc);
  EXPECT_EQ(out, "hellowor");
  EXPECT_EQ(read(1), "error 8");
  EXPECT_EQ(seek(1, 0, kWhenceSet), Errno::Spipe);
  EXPECT_EQ(error_of(fd_filestat_get(context, mem, 1, kBuffer)), Errno::Success);
  EXPECT_EQ(error_of(fd_sync(context, mem, 1)), Errno::NotCapable);
  EXPECT_EQ(write(2, "swallowed"), Errno::Success);
}

TEST_F(FilesTest, NonblockingPipesSayAgain) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  int saved = fcntl(0, F_DUPFD_CLOEXEC, 3);
  dup2(fds[0], 0);
  context.inherit_stdin();
  if (saved >= 0) dup2(saved, 0);
  EXPECT_EQ(error_of(fd_fdstat_set_flags(context, mem, 0, kFdflagNonblock)), Errno::Success);
  EXPECT_EQ(read(0), "error 6");
  ASSERT_EQ(::write(fds[1], "x", 1), 1);
  EXPECT_EQ(read(0), "x");
  EXPECT_EQ(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0) << "the host's description is left alone";
  close(fds[1]);
  EXPECT_EQ(read(0), "");
  close(fds[0]);
  if (saved >= 0) close(saved);
}

TEST_F(FilesTest, AddressesAreChecked) {
  uint32_t fd = create("f");
  auto size = static_cast<uint32_t>(bytes_.size());
  EXPECT_EQ(error_of(fd_write(context, mem, fd, size - 4, 1, kResult)), Errno::Fault);
  EXPECT_EQ(error_of(fd_write(context, mem, fd, 0, 0xffff'ffffu, kResult)), Errno::Fault);
  EXPECT_EQ(error_of(fd_write(context, mem, fd, 0, 0x2000'0001u, kResult)), Errno::Fault);
  for (Iovec v : {Iovec{size, 1}, Iovec{size - 1, 2}, Iovec{1, ~0u}, Iovec{~0u, ~0u}}) {
    EXPECT_TRUE(mem.write(8, v));
    EXPECT_EQ(error_of(fd_write(context, mem, fd, 8, 1, kResult)), Errno::Fault);
    EXPECT_EQ(error_of(fd_read(context, mem, fd, 8, 1, kResult)), Errno::Fault);
    EXPECT_EQ(error_of(fd_pread(context, mem, fd, 8, 1, 0, kResult)), Errno::Fault);
  }
  EXPECT_TRUE(mem.write(8, Iovec{size, 0}));
  EXPECT_EQ(error_of(fd_write(context, mem, fd, 8, 1, kResult)), Errno::Success) << "empty, at end";
  put(kBuffer, "data");
  EXPECT_TRUE(mem.write(8, Iovec{kBuffer, 4}));
  EXPECT_EQ(error_of(fd_write(context, mem, fd, 8, 1, kOutside)), Errno::Fault);
  EXPECT_EQ(read_file(root / "f"), "") << "nothing happens before all addresses are known good";
  EXPECT_EQ(error_of(fd_seek(context, mem, fd, 5, kWhenceSet, size - 7)), Errno::Fault);
  EXPECT_EQ(error_of(fd_filestat_get(context, mem, fd, size - 63)), Errno::Fault);
  EXPECT_EQ(error_of(fd_fdstat_get(context, mem, fd, size - 23)), Errno::Fault);
  EXPECT_EQ(error_of(fd_readdir(context, mem, kDir, size - 4, 5, 0, kResult)), Errno::Fault);
  EXPECT_EQ(error_of(fd_prestat_dir_name(context, mem, kDir, size, 1)), Errno::Fault);
  // Every iovec may name the same bytes, but their sum must be a number of 32 bits.
  for (uint32_t i = 0; i < 2000; ++i) EXPECT_TRUE(mem.write(8 + 8 * i, Iovec{0, size}));
  EXPECT_EQ(error_of(fd_write(context, mem, fd, 8, 2000, kResult)), Errno::Success);
  GuestMemory none(nullptr, 0);
  EXPECT_EQ(error_of(fd_write(context, none, fd, 0, 1, 0)), Errno::Fault);
  EXPECT_EQ(error_of(random_get(context, none, 0, 0)), Errno::Success);
}

}  // namespace
}  // namespace sluice::wasi

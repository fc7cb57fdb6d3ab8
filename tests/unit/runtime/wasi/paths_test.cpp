// The path_* functions, through both resolvers: what they do, and that they do it inside only.
#include <sys/stat.h>

#include "tests/unit/runtime/wasi/wasi_fixture.h"

namespace sluice::wasi {
namespace {

namespace fs = std::filesystem;
constexpr Rights kReadWrite = kRightFdRead | kRightFdWrite;

class PathsTest : public WasiTest {
 protected:
  Errno mkdir(std::string_view path, uint32_t dir = kDir) {
    return error_of(path_create_directory(context, mem, dir, kPath, put(kPath, path)));
  }
  Errno rmdir(std::string_view path) {
    return error_of(path_remove_directory(context, mem, kDir, kPath, put(kPath, path)));
  }
  Errno unlink(std::string_view path, uint32_t dir = kDir) {
    return error_of(path_unlink_file(context, mem, dir, kPath, put(kPath, path)));
  }
  Errno rename(std::string_view from, std::string_view to) {
    uint32_t n = put(kPath, from);
    return error_of(path_rename(context, mem, kDir, kPath, n, kDir, kPath2, put(kPath2, to)));
  }
  Errno link(std::string_view from, std::string_view to, uint32_t lookup = 0) {
    uint32_t n = put(kPath, from);
    return error_of(path_link(context, mem, kDir, lookup, kPath, n, kDir, kPath2, put(kPath2, to)));
  }
  Errno symlink(std::string_view target, std::string_view path) {
    uint32_t n = put(kPath, target);
    return error_of(path_symlink(context, mem, kPath, n, kDir, kPath2, put(kPath2, path)));
  }
  Errno stat(std::string_view path, uint32_t lookup = 0) {
    return error_of(
        path_filestat_get(context, mem, kDir, lookup, kPath, put(kPath, path), kBuffer));
  }
  Errno readlink(std::string_view path, uint32_t size = 100) {
    return error_of(
        path_readlink(context, mem, kDir, kPath, put(kPath, path), kBuffer, size, kResult));
  }
};

TEST_P(PathsTest, OpensAsAsked) {
  EXPECT_EQ(open("f", 0, kReadWrite), Errno::NoEnt);
  EXPECT_EQ(open("f", kOflagCreat | kOflagExcl, kReadWrite), Errno::Success);
  EXPECT_EQ(write(result(), "12345"), Errno::Success);
  EXPECT_EQ(open("f", kOflagCreat | kOflagExcl, kReadWrite), Errno::Exist);
  EXPECT_EQ(open("f", kOflagTrunc, kRightFdWrite), Errno::Success);
  EXPECT_EQ(read(result()), "error 8");
  EXPECT_EQ(fs::file_size(root / "f"), 0u);
  EXPECT_EQ(open("f", kOflagDirectory), Errno::NotDir);
  EXPECT_EQ(open("f/"), Errno::NotDir);
  EXPECT_EQ(open("f///"), Errno::NotDir);
  EXPECT_EQ(open("new/", kOflagCreat, kReadWrite), Errno::IsDir);
  EXPECT_EQ(open("d", kOflagCreat | kOflagDirectory), Errno::Inval);
  EXPECT_EQ(open("f", 16), Errno::Inval);
  EXPECT_EQ(open("f", 0, kRightFdRead, 2), Errno::Inval);
  EXPECT_EQ(open("f", 0, kRightFdRead, 0, 32), Errno::Inval);
  EXPECT_EQ(mkdir("d"), Errno::Success);
  EXPECT_EQ(open("d/"), Errno::Success);
  uint32_t dir = result();
  EXPECT_EQ(open("x", kOflagCreat, kReadWrite, 0, 0, dir), Errno::Success);
  EXPECT_TRUE(fs::exists(root / "d/x"));
  EXPECT_EQ(open("../f", 0, kRightFdRead, 0, 0, dir), Errno::Perm) << "d is a root of its own";
  EXPECT_EQ(open("d", 0, kReadWrite), Errno::IsDir);
  EXPECT_EQ(open("d", kOflagDirectory, kReadWrite), Errno::IsDir);
  EXPECT_EQ(open("f", kOflagDirectory, kReadWrite), Errno::NotDir);
  EXPECT_EQ(open("d", kOflagDirectory), Errno::Success);
  EXPECT_EQ(open("."), Errno::Success);
  EXPECT_EQ(open("d/.."), Errno::Success);
  EXPECT_EQ(open(".."), Errno::Perm);
  EXPECT_EQ(open("/f"), Errno::Perm);
}

TEST_P(PathsTest, FollowsLinksOnRequestOnly) {
  write_file(root / "f", "text");
  EXPECT_EQ(symlink("f", "l"), Errno::Success);
  EXPECT_EQ(open("l"), Errno::Loop);
  EXPECT_EQ(open("l", 0, kRightFdRead, kLookupSymlinkFollow), Errno::Success);
  EXPECT_EQ(read(result()), "text");
  EXPECT_EQ(symlink("new", "dangling"), Errno::Success);
  EXPECT_EQ(open("dangling", kOflagCreat, kReadWrite), Errno::Loop);
  EXPECT_EQ(open("dangling", kOflagCreat | kOflagExcl, kReadWrite, kLookupSymlinkFollow),
            Errno::Exist);
  EXPECT_EQ(open("dangling", kOflagCreat, kReadWrite, kLookupSymlinkFollow), Errno::Success);
  EXPECT_TRUE(fs::is_regular_file(root / "new"));
  EXPECT_EQ(stat("l"), Errno::Success);
  EXPECT_EQ(mem.read<Filestat>(kBuffer)->filetype, Filetype::SymbolicLink);
  EXPECT_EQ(stat("l", kLookupSymlinkFollow), Errno::Success);
  EXPECT_EQ(mem.read<Filestat>(kBuffer)->filetype, Filetype::RegularFile);
  EXPECT_EQ(stat("l/"), Errno::NotDir);
  EXPECT_EQ(mkdir("d"), Errno::Success);
  EXPECT_EQ(symlink("d", "ld"), Errno::Success);
  EXPECT_EQ(stat("ld/"), Errno::Success);
  EXPECT_EQ(mem.read<Filestat>(kBuffer)->filetype, Filetype::Directory);
  EXPECT_EQ(open("ld", kOflagDirectory), Errno::Loop);
  EXPECT_EQ(open("ld/", kOflagDirectory), Errno::Success);
}

TEST_P(PathsTest, LinksThatLeadOutAreDeadEnds) {
  fs::create_symlink("../secret", root / "out");
  fs::create_symlink("..", root / "up");
  fs::create_symlink(base / "secret", root / "abs");
  for (const char* path : {"out", "abs", "up/secret", "out/", "up/"}) {
    for (uint32_t oflags :
         {0u, uint32_t{kOflagCreat}, uint32_t{kOflagTrunc}, uint32_t{kOflagDirectory}}) {
      EXPECT_EQ(open(path, oflags, kReadWrite, kLookupSymlinkFollow), Errno::Perm) << path;
    }
    EXPECT_EQ(stat(path, kLookupSymlinkFollow), Errno::Perm) << path;
    EXPECT_EQ(link(path, "stolen", kLookupSymlinkFollow), Errno::Perm) << path;
    EXPECT_EQ(error_of(path_filestat_set_times(context, mem, kDir, kLookupSymlinkFollow, kPath,
                                               put(kPath, path), 0, 0, kFstflagMtim)),
              Errno::Perm)
        << path;
  }
  EXPECT_EQ(unlink("up/secret"), Errno::Perm);
  EXPECT_EQ(mkdir("up/made"), Errno::Perm);
  EXPECT_EQ(rmdir("up/root"), Errno::Perm);
  EXPECT_EQ(rename("up/secret", "mine"), Errno::Perm);
  write_file(root / "f", "x");
  EXPECT_EQ(rename("f", "up/f"), Errno::Perm);
  EXPECT_EQ(link("f", "up/f"), Errno::Perm);
  EXPECT_EQ(symlink("f", "up/f"), Errno::Perm);
  EXPECT_EQ(readlink("up/f"), Errno::Perm);
  EXPECT_EQ(symlink("/etc", "etc"), Errno::Perm);
  // Renaming onto a link replaces the link.
  EXPECT_EQ(rename("f", "out"), Errno::Success);
  EXPECT_EQ(read_file(base / "secret"), "outside");
  EXPECT_EQ(read_file(root / "out"), "x");
}

TEST_P(PathsTest, TrailingSlashesNeverFollowForRemoval) {
  EXPECT_EQ(mkdir("d/"), Errno::Success);
  EXPECT_EQ(symlink("d", "ld"), Errno::Success);
  write_file(root / "f", "");
  EXPECT_EQ(rmdir("ld/"), Errno::NotDir);
  EXPECT_EQ(unlink("ld/"), Errno::NotDir);
  EXPECT_EQ(rename("ld/", "x"), Errno::NotDir);
  EXPECT_EQ(unlink("d"), Errno::IsDir);
  EXPECT_EQ(unlink("d/"), Errno::IsDir);
  EXPECT_EQ(unlink("f/"), Errno::NotDir);
  EXPECT_EQ(rmdir("f"), Errno::NotDir);
  EXPECT_EQ(rmdir("f/"), Errno::NotDir);
  EXPECT_EQ(rename("f", "g/"), Errno::NotDir);
  EXPECT_EQ(rename("f/", "g"), Errno::NotDir);
  EXPECT_EQ(rename("d/", "e/"), Errno::Success);
  EXPECT_EQ(link("f", "g/"), Errno::NoEnt);
  EXPECT_EQ(symlink("x", "n/"), Errno::NoEnt);
  EXPECT_EQ(symlink("x", "e/"), Errno::Exist);
  EXPECT_EQ(symlink("x", "f/"), Errno::NotDir);
  EXPECT_EQ(rmdir("e/"), Errno::Success);
  EXPECT_EQ(rmdir("e"), Errno::NoEnt);
  EXPECT_EQ(rmdir("."), Errno::Inval);
}

TEST_P(PathsTest, LinksRenamesAndReads) {
  write_file(root / "f", "text");
  EXPECT_EQ(link("f", "g"), Errno::Success);
  EXPECT_EQ(link("f", "g"), Errno::Exist);
  EXPECT_EQ(fs::hard_link_count(root / "f"), 2u);
  EXPECT_EQ(rename("g", "h"), Errno::Success);
  EXPECT_EQ(symlink("some/target", "l"), Errno::Success);
  EXPECT_EQ(readlink("l"), Errno::Success);
  EXPECT_EQ(*mem.text(kBuffer, result()), "some/target");
  EXPECT_EQ(readlink("l", 4), Errno::Success);
  EXPECT_EQ(*mem.text(kBuffer, result()), "some");
  EXPECT_EQ(readlink("f"), Errno::Inval);
  EXPECT_EQ(link("l", "l2", kLookupSymlinkFollow), Errno::NoEnt);
  EXPECT_EQ(link("l", "l2"), Errno::Success) << "the link itself";
  EXPECT_EQ(symlink("", "e"), Errno::NoEnt);
  EXPECT_EQ(symlink(std::string_view("a\0b", 3), "e"), Errno::Inval);
  EXPECT_EQ(mkdir("d"), Errno::Success);
  EXPECT_EQ(mkdir("d"), Errno::Exist);
  write_file(root / "d/x", "");
  EXPECT_EQ(rmdir("d"), Errno::NotEmpty);
  EXPECT_EQ(error_of(path_filestat_set_times(context, mem, kDir, 0, kPath, put(kPath, "f"), 5, 6,
                                             kFstflagAtim | kFstflagMtim)),
            Errno::Success);
  EXPECT_EQ(stat("f"), Errno::Success);
  EXPECT_EQ(mem.read<Filestat>(kBuffer)->mtim, 6u);
  EXPECT_EQ(unlink("f"), Errno::Success);
  EXPECT_EQ(unlink("f"), Errno::NoEnt);
}

TEST_P(PathsTest, ReadOnlyDirectoriesStayAsTheyAre) {
  write_file(root / "f", "text");
  fs::create_directory(root / "d");
  Context reader(GetParam());
  ASSERT_TRUE(reader.preopen(root.string(), "ro", true));
  auto try_open = [&](uint32_t dir, std::string_view path, uint32_t oflags, Rights rights) {
    return error_of(
        path_open(reader, mem, dir, 0, kPath, put(kPath, path), oflags, rights, ~0ull, 0, kResult));
  };
  ASSERT_EQ(try_open(kDir, "d", kOflagDirectory, ~kRightFdWrite), Errno::Success);
  uint32_t below = result();
  for (uint32_t dir : {kDir, below}) {
    EXPECT_EQ(try_open(dir, "new", kOflagCreat, kRightFdRead), Errno::Rofs);
    EXPECT_EQ(try_open(dir, "f", kOflagTrunc, kRightFdRead), Errno::Rofs);
    EXPECT_EQ(try_open(dir, "f", 0, kReadWrite), Errno::Rofs);
    EXPECT_EQ(error_of(path_create_directory(reader, mem, dir, kPath, put(kPath, "n"))),
              Errno::Rofs);
    EXPECT_EQ(error_of(path_unlink_file(reader, mem, dir, kPath, put(kPath, "f"))), Errno::Rofs);
    EXPECT_EQ(error_of(path_remove_directory(reader, mem, dir, kPath, put(kPath, "d"))),
              Errno::Rofs);
    EXPECT_EQ(error_of(path_symlink(reader, mem, kPath, put(kPath, "f"), dir, kPath, 1)),
              Errno::Rofs);
    EXPECT_EQ(error_of(path_link(reader, mem, dir, 0, kPath, 1, dir, kPath, 1)), Errno::Rofs);
    EXPECT_EQ(error_of(path_rename(reader, mem, dir, kPath, 1, dir, kPath, 1)), Errno::Rofs);
    EXPECT_EQ(error_of(path_filestat_set_times(reader, mem, dir, 0, kPath, 1, 0, 0, 5)),
              Errno::Rofs);
    EXPECT_EQ(error_of(fd_filestat_set_times(reader, mem, dir, 0, 0, 5)), Errno::Rofs);
  }
  ASSERT_EQ(try_open(kDir, "f", 0, ~kRightFdWrite), Errno::Success);
  uint32_t file = result();
  EXPECT_EQ(error_of(fd_filestat_set_size(reader, mem, file, 0)), Errno::Rofs);
  EXPECT_EQ(error_of(fd_allocate(reader, mem, file, 0, 100)), Errno::Rofs);
  EXPECT_EQ(error_of(fd_filestat_set_times(reader, mem, file, 0, 0, 5)), Errno::Rofs);
  EXPECT_EQ(error_of(fd_write(reader, mem, file, 8, 0, kResult)), Errno::Badf);
  EXPECT_EQ(read_file(root / "f"), "text");
}

TEST_P(PathsTest, BadPathsAndAddresses) {
  write_file(root / "f", "");
  auto size = static_cast<uint32_t>(bytes_.size());
  auto open_at = [&](uint32_t path, uint32_t len, uint32_t out) {
    return error_of(
        path_open(context, mem, kDir, 0, path, len, kOflagCreat, kReadWrite, 0, 0, out));
  };
  EXPECT_EQ(open_at(size - 2, 3, kResult), Errno::Fault);
  EXPECT_EQ(open_at(~0u, 3, kResult), Errno::Fault);
  EXPECT_EQ(open_at(0, ~0u, kResult), Errno::NameTooLong);
  EXPECT_EQ(open_at(0, 5000, kResult), Errno::NameTooLong);
  EXPECT_EQ(open_at(0, 0, kResult), Errno::NoEnt);
  EXPECT_EQ(open_at(kPath, put(kPath, "made"), size - 3), Errno::Fault);
  EXPECT_FALSE(fs::exists(root / "made"));
  EXPECT_EQ(open(std::string_view("f\0", 2)), Errno::Inval);
  EXPECT_EQ(stat("missing"), Errno::NoEnt);
  EXPECT_EQ(open("f", 0, kRightFdRead, 0, 0, 77), Errno::Badf);
  EXPECT_EQ(open("f", 0, kRightFdRead, 0, 0, 0), Errno::NotDir);
  EXPECT_EQ(readlink("f", ~0u), Errno::Fault);
}

std::string resolver_name(const testing::TestParamInfo<ResolverKind>& param) {
  return param.param == ResolverKind::Auto ? "Openat2" : "Walk";
}
INSTANTIATE_TEST_SUITE_P(Resolvers, PathsTest,
                         testing::Values(ResolverKind::Auto, ResolverKind::ComponentWalk),
                         resolver_name);

}  // namespace
}  // namespace sluice::wasi

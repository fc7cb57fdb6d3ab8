// Errors that many functions have in common, for every function that has them: a descriptor that is
// not open or of the wrong kind, a right that is missing, results that lie outside the memory. What
// only one function gives is in the other files here.
#include <string>
#include <tuple>
#include <utility>

#include "tests/unit/runtime/wasi/wasi_fixture.h"

namespace sluice::wasi {
namespace {

constexpr uint32_t kNone = 99;

class ErrorsTest : public WasiTest {
 protected:
  ErrorsTest() { write_file(root / "f", "text"); }

  /// The function's error with 0 for all parameters but the first, a descriptor.
  template <class... Rest>
  Errno with_first(Status (*function)(Context&, Mem, uint32_t, Rest...), uint32_t first) {
    return error_of(function(context, mem, first, Rest{}...));
  }
  template <class... Rest>
  Errno with_first(Status (*)(Context&, Mem, Rest...), uint32_t) {
    return Errno::Success;  // takes nothing
  }
  /// The functions that work on a directory and a path, each on an existing file's name.
  std::vector<std::pair<std::string, Errno>> path_errors(uint32_t dir) {
    const uint32_t n = put(kPath, "f");
    put(kPath2, "g");
    const auto error = [](const Status& status) { return error_of(status); };
    return {
        {"create_directory", error(path_create_directory(context, mem, dir, kPath2, n))},
        {"filestat_get", error(path_filestat_get(context, mem, dir, 0, kPath, n, kBuffer))},
        {"filestat_set_times",
         error(path_filestat_set_times(context, mem, dir, 0, kPath, n, 0, 0, kFstflagMtim))},
        {"link from", error(path_link(context, mem, dir, 0, kPath, n, kDir, kPath2, n))},
        {"link to", error(path_link(context, mem, kDir, 0, kPath, n, dir, kPath2, n))},
        {"open", error(path_open(context, mem, dir, 0, kPath, n, 0, kRightFdRead, 0, 0, kResult))},
        {"readlink", error(path_readlink(context, mem, dir, kPath, n, kBuffer, 10, kResult))},
        {"remove_directory", error(path_remove_directory(context, mem, dir, kPath, n))},
        {"rename from", error(path_rename(context, mem, dir, kPath, n, kDir, kPath2, n))},
        {"rename to", error(path_rename(context, mem, kDir, kPath, n, dir, kPath2, n))},
        {"symlink", error(path_symlink(context, mem, kPath, n, dir, kPath2, n))},
        {"unlink_file", error(path_unlink_file(context, mem, dir, kPath, n))},
        {"readdir", error(fd_readdir(context, mem, dir, kBuffer, 100, 0, kResult))},
    };
  }
};

TEST_F(ErrorsTest, NothingIsOpenThere) {
  int functions = 0;
#define WASI_CALL(name, kinds)                                                                     \
  if (kinds[0] == 'd') {                                                                           \
    ++functions;                                                                                   \
    for (const uint32_t fd : {4u, kNone, ~0u}) {                                                   \
      EXPECT_EQ(with_first(&name, fd), Errno::Badf) << #name << " of " << fd;                      \
    }                                                                                              \
  }
#include "runtime/wasi/preview1.def"
#undef WASI_CALL
  EXPECT_EQ(functions, 34);
  for (const auto& [name, error] : path_errors(kNone)) EXPECT_EQ(error, Errno::Badf) << name;
  EXPECT_EQ(error_of(fd_renumber(context, mem, kDir, kNone)), Errno::Badf);
}

TEST_F(ErrorsTest, PathsNeedADirectory) {
  ASSERT_EQ(open("f"), Errno::Success);
  for (const uint32_t fd : {result(), 0u, 1u}) {
    for (const auto& [name, error] : path_errors(fd)) EXPECT_EQ(error, Errno::NotDir) << name;
  }
}

TEST_F(ErrorsTest, PathsNeedRights) {
  ASSERT_EQ(open_exactly(".", kOflagDirectory, 0, ~Rights{0}), Errno::Success);
  const uint32_t dir = result();
  for (const auto& [name, error] : path_errors(dir)) EXPECT_EQ(error, Errno::NotCapable) << name;
  EXPECT_EQ(error_of(fd_filestat_get(context, mem, dir, kBuffer)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_filestat_set_times(context, mem, dir, 0, 0, 0)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_fdstat_set_flags(context, mem, dir, 0)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_sync(context, mem, dir)), Errno::NotCapable);
  EXPECT_EQ(error_of(fd_datasync(context, mem, dir)), Errno::NotCapable);
  EXPECT_TRUE(std::filesystem::exists(root / "f"));
  EXPECT_FALSE(std::filesystem::exists(root / "g"));
}

TEST_F(ErrorsTest, StreamsAreNoFiles) {
  for (const uint32_t fd : {0u, 1u, 2u}) {
    EXPECT_EQ(error_of(fd_tell(context, mem, fd, kResult)), Errno::Spipe);
    EXPECT_EQ(error_of(fd_advise(context, mem, fd, 0, 0, 0)), Errno::NotCapable);
    EXPECT_EQ(error_of(fd_allocate(context, mem, fd, 0, 1)), Errno::NotCapable);
    EXPECT_EQ(error_of(fd_filestat_set_size(context, mem, fd, 0)), Errno::NotCapable);
    EXPECT_EQ(error_of(fd_filestat_set_times(context, mem, fd, 0, 0, 0)), Errno::NotCapable);
    EXPECT_EQ(error_of(fd_datasync(context, mem, fd)), Errno::NotCapable);
    EXPECT_EQ(error_of(fd_prestat_dir_name(context, mem, fd, kBuffer, 10)), Errno::Badf);
  }
  EXPECT_TRUE(mem.write(8, Iovec{kBuffer, 1}));
  EXPECT_EQ(error_of(fd_pread(context, mem, 0, 8, 1, 0, kResult)), Errno::Spipe);
  EXPECT_EQ(error_of(fd_pwrite(context, mem, 1, 8, 1, 0, kResult)), Errno::Spipe);
  EXPECT_EQ(error_of(fd_pread(context, mem, kDir, 8, 1, 0, kResult)), Errno::Badf);
  EXPECT_EQ(error_of(fd_pwrite(context, mem, kDir, 8, 1, 0, kResult)), Errno::Badf);
  EXPECT_EQ(error_of(fd_advise(context, mem, kDir, 0, 0, 0)), Errno::Badf);
  EXPECT_EQ(error_of(fd_tell(context, mem, kDir, kResult)), Errno::Badf);
}

TEST_F(ErrorsTest, ResultsLieInMemory) {
  const auto end = static_cast<uint32_t>(bytes_.size());
  ASSERT_EQ(open("f", 0, kRightFdRead | kRightFdWrite), Errno::Success);
  const uint32_t fd = result();
  const uint32_t n = put(kPath, "f");
  EXPECT_TRUE(context.add_variable("NAME", "value"));
  EXPECT_TRUE(mem.write(8, Iovec{kBuffer, 1}));
  const std::pair<const char*, Errno> errors[] = {
      {"clock_res_get", error_of(clock_res_get(context, mem, 0, end - 7))},
      {"clock_time_get", error_of(clock_time_get(context, mem, 0, 0, end - 7))},
      {"environ_get", error_of(environ_get(context, mem, end - 3, kBuffer))},
      {"environ_get", error_of(environ_get(context, mem, kBuffer, end - 10))},
      {"environ_sizes_get", error_of(environ_sizes_get(context, mem, end - 3, kBuffer))},
      {"environ_sizes_get", error_of(environ_sizes_get(context, mem, kBuffer, end - 3))},
      {"fd_pread", error_of(fd_pread(context, mem, fd, 8, 1, 0, end - 3))},
      {"fd_pread", error_of(fd_pread(context, mem, fd, end - 7, 1, 0, kResult))},
      {"fd_prestat_get", error_of(fd_prestat_get(context, mem, kDir, end - 7))},
      {"fd_pwrite", error_of(fd_pwrite(context, mem, fd, 8, 1, 0, end - 3))},
      {"fd_read", error_of(fd_read(context, mem, fd, 8, 1, end - 3))},
      {"fd_readdir", error_of(fd_readdir(context, mem, kDir, kBuffer, 100, 0, end - 3))},
      {"fd_tell", error_of(fd_tell(context, mem, fd, end - 7))},
      {"path_filestat_get", error_of(path_filestat_get(context, mem, kDir, 0, kPath, n, end - 63))},
      {"path_readlink", error_of(path_readlink(context, mem, kDir, kPath, n, kBuffer, 9, end - 3))},
      {"poll_oneoff", error_of(poll_oneoff(context, mem, kPath2, kBuffer, 1, end - 3))},
  };
  for (const auto& [name, error] : errors) EXPECT_EQ(error, Errno::Fault) << name;
  EXPECT_EQ(read_file(root / "f"), "text");
}

TEST_F(ErrorsTest, PathsLieInMemory) {
  const auto end = static_cast<uint32_t>(bytes_.size());
  const uint32_t n = put(kPath, "f");
  const std::pair<const char*, Errno> errors[] = {
      {"create_directory", error_of(path_create_directory(context, mem, kDir, end, 1))},
      {"filestat_get", error_of(path_filestat_get(context, mem, kDir, 0, end, 1, kBuffer))},
      {"filestat_set_times",
       error_of(path_filestat_set_times(context, mem, kDir, 0, end, 1, 0, 0, 0))},
      {"link", error_of(path_link(context, mem, kDir, 0, end, 1, kDir, kPath, n))},
      {"link", error_of(path_link(context, mem, kDir, 0, kPath, n, kDir, end, 1))},
      {"readlink", error_of(path_readlink(context, mem, kDir, end, 1, kBuffer, 9, kResult))},
      {"remove_directory", error_of(path_remove_directory(context, mem, kDir, end, 1))},
      {"rename", error_of(path_rename(context, mem, kDir, end, 1, kDir, kPath, n))},
      {"rename", error_of(path_rename(context, mem, kDir, kPath, n, kDir, end, 1))},
      {"symlink", error_of(path_symlink(context, mem, end, 1, kDir, kPath, n))},
      {"symlink", error_of(path_symlink(context, mem, kPath, n, kDir, end, 1))},
      {"unlink_file", error_of(path_unlink_file(context, mem, kDir, end, 1))},
  };
  for (const auto& [name, error] : errors) EXPECT_EQ(error, Errno::Fault) << name;
}

TEST_F(ErrorsTest, NumbersAreChecked) {
  constexpr uint64_t kTooFar = uint64_t{1} << 63;
  ASSERT_EQ(open("f", 0, kRightFdRead | kRightFdWrite), Errno::Success);
  const uint32_t fd = result();
  const uint32_t n = put(kPath, "f");
  put(kPath2, "g");
  EXPECT_TRUE(mem.write(8, Iovec{kBuffer, 1}));
  EXPECT_EQ(error_of(fd_advise(context, mem, fd, kTooFar, 0, 0)), Errno::Inval);
  EXPECT_EQ(error_of(fd_advise(context, mem, fd, 0, kTooFar, 0)), Errno::Inval);
  EXPECT_EQ(error_of(fd_allocate(context, mem, fd, kTooFar, 1)), Errno::Inval);
  EXPECT_EQ(error_of(fd_allocate(context, mem, fd, 0, kTooFar)), Errno::Inval);
  EXPECT_EQ(error_of(fd_allocate(context, mem, fd, 0, 0)), Errno::Inval);
  EXPECT_EQ(error_of(fd_pread(context, mem, fd, 8, 1, kTooFar, kResult)), Errno::Inval);
  for (const uint32_t lookup : {2u, ~0u}) {
    EXPECT_EQ(error_of(path_filestat_get(context, mem, kDir, lookup, kPath, n, kBuffer)),
              Errno::Inval);
    EXPECT_EQ(error_of(path_filestat_set_times(context, mem, kDir, lookup, kPath, n, 0, 0, 0)),
              Errno::Inval);
    EXPECT_EQ(error_of(path_link(context, mem, kDir, lookup, kPath, n, kDir, kPath2, n)),
              Errno::Inval);
  }
  for (const uint32_t flags : {3u, 12u, 16u}) {
    EXPECT_EQ(error_of(path_filestat_set_times(context, mem, kDir, 0, kPath, n, 0, 0, flags)),
              Errno::Inval);
  }
  EXPECT_EQ(read_file(root / "f"), "text");
}

}  // namespace
}  // namespace sluice::wasi

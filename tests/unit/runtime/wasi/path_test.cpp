// Lookups that try to leave the directory, through both resolvers, also while somebody renames.
#include <atomic>
#include <fcntl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "runtime/wasi/path.h"
#include "tests/unit/runtime/wasi/wasi_fixture.h"

namespace sluice::wasi {
namespace {

namespace fs = std::filesystem;

class PathTest : public WasiTest {
 protected:
  PathTest() : resolver_(resolver()) {
    fd_.reset(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    fs::create_directories(root / "a/b/c");
    write_file(root / "a/file", "inside");
    write_file(root / "top", "top");
    fs::create_symlink("a/file", root / "to_file");
    fs::create_symlink("a", root / "to_dir");
    fs::create_symlink("../top", root / "a/to_top");
    fs::create_symlink("../../secret", root / "a/escape");
    fs::create_symlink("..", root / "up");
    fs::create_symlink("../..", root / "a/up2");
    fs::create_symlink(base / "secret", root / "absolute");
    fs::create_symlink(root / "top", root / "absolute_inside");
    fs::create_symlink("loop", root / "loop");
    fs::create_symlink("pong", root / "ping");
    fs::create_symlink("ping", root / "pong");
    fs::create_symlink("missing", root / "dangling");
    fs::create_symlink("a/", root / "to_dir_slash");
  }

  Errno locate(std::string_view path, bool follow = true) {
    auto place = resolver_.locate(fd_.get(), path, follow);
    return place ? Errno::Success : place.error();
  }
  /// Contents of the file that the path leads to, "!N" for an error of the lookup, "-" if the name
  /// cannot be opened.
  std::string contents(std::string_view path, bool follow = true) {
    auto place = resolver_.locate(fd_.get(), path, follow);
    if (!place) return "!" + std::to_string(static_cast<int>(place.error()));
    UniqueFd file(openat(place->dir(), place->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    char text[100];
    ssize_t n = file.valid() ? ::read(file.get(), text, sizeof text) : -1;
    return n < 0 ? "-" : std::string(text, static_cast<size_t>(n));
  }

  UniqueFd fd_;
  PathResolver resolver_;
};

TEST_P(PathTest, FindsWhatIsBeneath) {
  EXPECT_EQ(contents("top"), "top");
  EXPECT_EQ(contents("a/file"), "inside");
  EXPECT_EQ(contents("./a//./b/../file"), "inside");
  EXPECT_EQ(contents("a/b/c/../../../top"), "top");
  EXPECT_EQ(contents("to_file"), "inside");
  EXPECT_EQ(contents("to_dir/file"), "inside");
  EXPECT_EQ(contents("to_dir/../top"), "top");
  EXPECT_EQ(contents("to_dir_slash/file"), "inside");
  EXPECT_EQ(contents("a/to_top"), "top");
  EXPECT_EQ(contents("to_dir/to_top"), "top");
}

TEST_P(PathTest, NeverLeavesTheRoot) {
  for (std::string_view path : {"..",
                                "../",
                                "../secret",
                                "../root",
                                "../root/top",
                                "a/../../secret",
                                "a/b/c/../../../..",
                                "a/b/c/../../../../secret",
                                "./..",
                                "a/..//../secret",
                                "to_dir/../../secret",
                                "a/escape",
                                "a/escape/",
                                "to_dir/escape",
                                "up",
                                "up/",
                                "up/secret",
                                "a/up2",
                                "a/up2/secret",
                                "up/up",
                                "absolute",
                                "absolute/",
                                "absolute_inside",
                                "/",
                                "//",
                                "/top",
                                "/..",
                                "//top"}) {
    EXPECT_EQ(locate(path), Errno::Perm) << path;
    EXPECT_NE(contents(path), "outside") << path;
  }
  // Without following, the last component is the link itself, which is inside.
  for (std::string_view path : {"a/escape", "up", "absolute", "loop"}) {
    EXPECT_EQ(locate(path, false), Errno::Success) << path;
    EXPECT_EQ(contents(path, false), "-") << path;
  }
  EXPECT_EQ(locate("up/secret", false), Errno::Perm);
  EXPECT_EQ(locate("up/.", false), Errno::Perm);
  EXPECT_EQ(locate("up/..", false), Errno::Perm);
}

TEST_P(PathTest, SaysWhyNot) {
  EXPECT_EQ(locate(""), Errno::NoEnt);
  EXPECT_EQ(locate("missing/x"), Errno::NoEnt);
  EXPECT_EQ(locate("top/x"), Errno::NotDir);
  EXPECT_EQ(locate("top/.."), Errno::NotDir);
  EXPECT_EQ(locate("loop"), Errno::Loop);
  EXPECT_EQ(locate("ping"), Errno::Loop);
  EXPECT_EQ(locate("loop/x"), Errno::Loop);
  EXPECT_EQ(locate(std::string_view("top\0x", 5)), Errno::Inval);
  EXPECT_EQ(locate(std::string(5000, 'x')), Errno::NameTooLong);
  EXPECT_EQ(locate(std::string(256, 'x')), Errno::NameTooLong);
  EXPECT_EQ(locate(std::string(255, 'x')), Errno::Success);
  EXPECT_EQ(locate("dangling"), Errno::Success);
  auto place = resolver_.locate(fd_.get(), "dangling", true);
  ASSERT_TRUE(place);
  EXPECT_STREQ(place->name, "missing");
}

// Links of /proc lead to objects, not along their text.
TEST_P(PathTest, MagicLinksLeadNowhere) {
  UniqueFd proc(::open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc.valid()) GTEST_SKIP() << "no /proc";
  std::string held = "fd/" + std::to_string(fd_.get()) + "/top";
  for (std::string_view path : {std::string_view("cwd/."), std::string_view("root/etc"),
                                std::string_view("exe"), std::string_view(held)}) {
    EXPECT_FALSE(resolver_.locate(proc.get(), path, true)) << path;
  }
  EXPECT_TRUE(resolver_.locate(proc.get(), "status", true));
}

TEST_P(PathTest, TellsTrailingSlashes) {
  auto place = resolver_.locate(fd_.get(), "a///", false);
  ASSERT_TRUE(place);
  EXPECT_STREQ(place->name, "a");
  EXPECT_TRUE(place->wants_directory);
  EXPECT_FALSE(resolver_.locate(fd_.get(), "a", false)->wants_directory);
  // A link's own slash counts too.
  EXPECT_TRUE(resolver_.locate(fd_.get(), "to_dir_slash", true)->wants_directory);
  EXPECT_STREQ(resolver_.locate(fd_.get(), "a/b/..", false)->name, ".");
}

TEST_P(PathTest, ReturnsFromDeepDirectories) {
  // Deeper than the walk keeps directories open.
  std::string down;
  std::string up;
  fs::path dir = root;
  for (int i = 0; i < 150; ++i) {
    down += "d/";
    up += "../";
    dir /= "d";
    fs::create_directory(dir);
  }
  EXPECT_EQ(contents(down + up + "top"), "top");
  EXPECT_EQ(locate(down + up + "../secret"), Errno::Perm);
  EXPECT_EQ(contents(down + up + down + up + "a/file"), "inside");
}

TEST_P(PathTest, ChainsOfLinksEnd) {
  for (int i = 0; i < 45; ++i) {
    fs::path target = i == 0 ? fs::path("top") : fs::path("l" + std::to_string(i - 1));
    fs::create_symlink(target, root / ("l" + std::to_string(i)));
  }
  EXPECT_EQ(contents("l30"), "top");
  EXPECT_EQ(locate("l44"), Errno::Loop);
}

// A directory is swapped with a link that leads out, and moved out and back, as fast as possible:
// no lookup may ever read the file outside.
TEST_P(PathTest, SurvivesRacingRenames) {
  fs::create_directories(root / "r/s");
  write_file(root / "r/s/secret", "inside");
  fs::create_symlink("../..", root / "r/link");
  std::atomic<bool> stop = false;
  std::thread renamer([&] {
    while (!stop) {
      // renameat2(RENAME_EXCHANGE): the name is never missing.
      renameat2(AT_FDCWD, (root / "r/s").c_str(), AT_FDCWD, (root / "r/link").c_str(),
                RENAME_EXCHANGE);
      rename((root / "a/b").c_str(), (base / "moved").c_str());
      rename((base / "moved").c_str(), (root / "a/b").c_str());
    }
  });
  int inside = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string got = contents("r/s/secret");
    inside += got == "inside";
    ASSERT_NE(got, "outside");
    ASSERT_NE(contents("a/b/c/../../secret"), "outside");
    ASSERT_NE(contents("a/b/../../secret"), "outside");
  }
  stop = true;
  renamer.join();
  EXPECT_GT(inside, 0);
}

std::string resolver_name(const testing::TestParamInfo<ResolverKind>& param) {
  return param.param == ResolverKind::Auto ? "Openat2" : "Walk";
}
INSTANTIATE_TEST_SUITE_P(Resolvers, PathTest,
                         testing::Values(ResolverKind::Auto, ResolverKind::ComponentWalk),
                         resolver_name);

}  // namespace
}  // namespace sluice::wasi

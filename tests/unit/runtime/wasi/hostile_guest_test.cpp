// A guest that calls every function with arguments nobody should pass: nothing outside its
// directory changes, nothing of the host's is closed, and no address leads out of its memory.
#include <algorithm>
#include <array>
#include <functional>
#include <random>
#include <string>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <utility>

#include "tests/unit/runtime/wasi/wasi_fixture.h"

namespace sluice::wasi {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPaths[] = {"f",
                                  "d",
                                  "d/f",
                                  "d/../f",
                                  "..",
                                  "../secret",
                                  "../../etc/passwd",
                                  "/etc/passwd",
                                  "/",
                                  ".",
                                  "",
                                  "link",
                                  "link/",
                                  "link/secret",
                                  "up",
                                  "up/secret",
                                  "up/../secret",
                                  "loop",
                                  "d/",
                                  "d/up/secret",
                                  "dangling",
                                  "d/../../secret",
                                  "./../secret",
                                  "x/../../../secret",
                                  "/proc/self/fd/0",
                                  "new",
                                  "f/",
                                  "new/..",
                                  "...",
                                  "d/./../link/secret",
                                  "root/../../secret"};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kRounds = 6000;
#else
constexpr int kRounds = 20000;
#endif

class HostileGuestTest : public WasiTest {
 protected:
  void SetUp() override {
    put_back();
    fs::create_directory(base / "read_only");
    write_file(base / "read_only/kept", "kept");
    outside_ = state_outside();
    open_again();
  }

  /// Closes all that is open and gives the guest its two directories again.
  void open_again() {
    for (uint32_t fd = 0; fd < kMaxDescriptors; ++fd) (void)fd_close(context, mem, fd);
    ASSERT_TRUE(context.preopen(root.string(), "/", false));
    ASSERT_TRUE(context.preopen((base / "read_only").string(), "/ro", true));
  }

  /// What the guest may have removed.
  void put_back() {
    std::error_code ignored;
    fs::create_directories(root / "d", ignored);
    write_file(root / "f", "inside");
    write_file(root / "d/f", "inside");
    fs::create_symlink(base, root / "link", ignored);
    fs::create_symlink("..", root / "up", ignored);
    fs::create_symlink("../..", root / "d/up", ignored);
    fs::create_symlink("loop", root / "loop", ignored);
    fs::create_symlink("../dropped", root / "dangling", ignored);
  }

  /// Everything beside the guest's directory, its contents and times.
  std::string state_outside() const {
    std::string state = describe(base / "read_only");
    for (const fs::path& directory : {base, base / "read_only"}) {
      for (const auto& e : fs::directory_iterator(directory)) {
        if (e.path() != root) state += describe(e.path());
      }
    }
    return state;
  }
  static std::string describe(const fs::path& path) {
    struct stat st;
    if (lstat(path.c_str(), &st) != 0) return path.string() + ": gone\n";
    return path.string() + " " + std::to_string(st.st_mtim.tv_sec) + "." +
           std::to_string(st.st_mtim.tv_nsec) + " " + std::to_string(st.st_mode) + " " +
           std::to_string(st.st_nlink) + " " + (S_ISREG(st.st_mode) ? read_file(path) : "") + "\n";
  }

  uint64_t pick(uint64_t below) { return random_() % below; }

  /// A number that means most where it should not.
  uint64_t hostile_number() {
    const uint64_t end = bytes_.size();
    const uint64_t chosen[] = {
        0,       1,           2,       3,          4,          5,
        8,       16,          kPath,   kPath2,     kBuffer,    kBuffer + 1,
        end - 1, end,         end - 8, end - 4095, 0x7fffffff, 0x80000000,
        64,      0xfffffffff, 4096,    0xfffffff8, 0xffffffff, ~uint64_t{0},
        pick(9), pick(100),   kPath,   pick(end),  1u << 31,   uint64_t{1} << 63};
    return chosen[pick(std::size(chosen))];
  }

  /// Paths at the two places where calls look for them most, buffers at 8.
  void prepare_memory() {
    for (const uint32_t at : {kPath, kPath2}) {
      const std::string path = kPaths[pick(std::size(kPaths))];
      std::fill_n(bytes_.begin() + at, 64, uint8_t{0});
      put(at, path);
      lengths_[at == kPath ? 0 : 1] = static_cast<uint32_t>(path.size());
    }
    const Iovec vectors[] = {
        {static_cast<uint32_t>(hostile_number()), static_cast<uint32_t>(pick(5000))},
        {kBuffer, static_cast<uint32_t>(hostile_number())}};
    std::memcpy(bytes_.data() + 64, vectors, sizeof vectors);
  }

  template <class T>
  T argument(size_t index, size_t count) {
    // A path is an address and a length, one after the other.
    if (index > 0 && (last_ == kPath || last_ == kPath2) && pick(4) != 0) {
      return static_cast<T>(last_ = lengths_[last_ == kPath ? 0 : 1]);
    }
    uint64_t value = hostile_number();
    if (index == 0 && pick(8) != 0) value = 3 + pick(5);
    if (index > 0 && index + 1 < count && pick(3) == 0) value = pick(2) == 0 ? kPath : kPath2;
    return static_cast<T>(last_ = value);
  }

  template <class... Params>
  void call(Status (*function)(Context&, Mem, Params...)) {
    prepare_memory();
    last_ = 0;
    call_with(function, std::index_sequence_for<Params...>());
  }
  template <class... Params, size_t... kIndex>
  void call_with(Status (*function)(Context&, Mem, Params...), std::index_sequence<kIndex...>) {
    // In braces, so that they are made from the first to the last.
    const std::tuple<Params...> args{argument<Params>(kIndex, sizeof...(Params))...};
    std::apply([&](Params... values) { (void)function(context, mem, values...); }, args);
  }

  std::mt19937_64 random_{20'260'101};
  std::array<uint32_t, 2> lengths_{};
  uint64_t last_ = 0;
  std::string outside_;
};

TEST_P(HostileGuestTest, ChangesNothingOutside) {
  std::vector<std::function<void()>> calls;
#define WASI_CALL(name, kinds)                                                                     \
  if (std::string_view(#name) != "poll_oneoff" && std::string_view(#name) != "fd_allocate")        \
    calls.emplace_back([this] { call(&name); });
#include "runtime/wasi/preview1.def"
#undef WASI_CALL
  // Not called: what may wait for ever, and what may fill the disk.
  const int before = dup(0);
  close(before);
  for (int i = 0; i < kRounds; ++i) {
    calls[pick(calls.size())]();
    if (i % 500 != 0) continue;
    put_back();
    open_again();
    ASSERT_EQ(state_outside(), outside_) << i;
  }
  for (uint32_t fd = 0; fd < kMaxDescriptors; ++fd) (void)fd_close(context, mem, fd);
  // All that the guest opened is closed again, and nothing else was.
  const int after = dup(0);
  close(after);
  EXPECT_LE(after, before);
  EXPECT_EQ(state_outside(), outside_);
}

INSTANTIATE_TEST_SUITE_P(Resolvers, HostileGuestTest,
                         testing::Values(ResolverKind::Auto, ResolverKind::ComponentWalk),
                         [](const testing::TestParamInfo<ResolverKind>& kind) {
                           return kind.param == ResolverKind::Auto ? "Openat2" : "Walk";
                         });

}  // namespace
}  // namespace sluice::wasi

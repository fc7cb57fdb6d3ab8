// wasi_unstable: the four functions that differ, by their own layouts and numbers; and the lines of
// a trace.
#include "runtime/wasi/trace.h"
#include "tests/unit/runtime/wasi/wasi_fixture.h"

namespace sluice::wasi {
namespace {

class UnstableTest : public WasiTest {
 protected:
  uint8_t byte(uint32_t at) { return *mem.read<uint8_t>(at); }
  uint64_t u64(uint32_t at) { return *mem.read<uint64_t>(at); }
};

TEST_F(UnstableTest, AttributesAreShorter) {
  write_file(root / "f", "12345");
  ASSERT_EQ(open("f"), Errno::Success);
  uint32_t fd = result();
  ASSERT_EQ(error_of(fd_filestat_get(context, mem, fd, kPath2)), Errno::Success);
  auto now = *mem.read<Filestat>(kPath2);
  std::memset(bytes_.data() + kBuffer, 0xaa, 100);
  for (bool by_path : {false, true}) {
    Status status = by_path ? unstable::path_filestat_get(context, mem, kDir, 0, kPath,
                                                          put(kPath, "f"), kBuffer)
                            : unstable::fd_filestat_get(context, mem, fd, kBuffer);
    EXPECT_EQ(error_of(status), Errno::Success);
    EXPECT_EQ(u64(kBuffer + 8), now.ino);
    EXPECT_EQ(byte(kBuffer + 16), 4u) << "a regular file";
    EXPECT_EQ(*mem.read<uint32_t>(kBuffer + 20), 1u) << "links, 32 bits";
    EXPECT_EQ(u64(kBuffer + 24), 5u) << "size";
    EXPECT_EQ(u64(kBuffer + 40), now.mtim);
    EXPECT_EQ(u64(kBuffer + 48), now.ctim);
    EXPECT_EQ(byte(kBuffer + 56), 0xaa) << "nothing behind";
  }
  auto size = static_cast<uint32_t>(bytes_.size());
  EXPECT_EQ(error_of(unstable::fd_filestat_get(context, mem, fd, size - 56)), Errno::Success);
  EXPECT_EQ(error_of(unstable::fd_filestat_get(context, mem, fd, size - 55)), Errno::Fault);
}

TEST_F(UnstableTest, SeeksHaveOtherNumbers) {
  write_file(root / "f", "12345");
  ASSERT_EQ(open("f"), Errno::Success);
  uint32_t fd = result();
  EXPECT_EQ(error_of(unstable::fd_seek(context, mem, fd, 3, 2, kResult)), Errno::Success);
  EXPECT_EQ(result64(), 3u) << "2: from the beginning";
  EXPECT_EQ(error_of(unstable::fd_seek(context, mem, fd, 1, 0, kResult)), Errno::Success);
  EXPECT_EQ(result64(), 4u) << "0: from here";
  EXPECT_EQ(error_of(unstable::fd_seek(context, mem, fd, -5, 1, kResult)), Errno::Success);
  EXPECT_EQ(result64(), 0u) << "1: from the end";
  EXPECT_EQ(error_of(unstable::fd_seek(context, mem, fd, 0, 3, kResult)), Errno::Inval);
}

TEST_F(UnstableTest, SubscriptionsToClocksAreLonger) {
  std::memset(bytes_.data() + kPath, 0, 112);
  EXPECT_TRUE(mem.write(kPath, uint64_t{11}));  // userdata of a clock, 1 ms
  EXPECT_TRUE(mem.write(kPath + 16, ~uint64_t{0}));
  EXPECT_TRUE(mem.write(kPath + 24, uint32_t{kClockMonotonic}));
  EXPECT_TRUE(mem.write(kPath + 32, uint64_t{1'000'000}));
  EXPECT_EQ(error_of(unstable::poll_oneoff(context, mem, kPath, kBuffer, 1, kResult)),
            Errno::Success);
  EXPECT_EQ(u64(kBuffer), 11u);
  EXPECT_EQ(mem.read<Event>(kBuffer)->error, Errno::Success);
  EXPECT_TRUE(mem.write(kPath + 56, uint64_t{12}));  // and of standard input
  EXPECT_TRUE(mem.write(kPath + 64, uint8_t{kEventFdRead}));
  EXPECT_TRUE(mem.write(kPath + 32, ~uint64_t{0}));
  EXPECT_EQ(error_of(unstable::poll_oneoff(context, mem, kPath, kBuffer, 2, kResult)),
            Errno::Success);
  EXPECT_EQ(result(), 1u);
  EXPECT_EQ(u64(kBuffer), 12u);
  auto size = static_cast<uint32_t>(bytes_.size());
  EXPECT_EQ(error_of(unstable::poll_oneoff(context, mem, size - 55, kBuffer, 1, kResult)),
            Errno::Fault);
}

TEST_F(UnstableTest, TracesSayWhatHappened) {
  EXPECT_TRUE(mem.write(kResult, uint64_t{0x1'0000'0005}));
  uint32_t n = put(kPath, "a/b");
  const uint64_t open_args[] = {3, 1, kPath, n, 8, 2, 0, 0, kResult, 0};
  EXPECT_EQ(trace_line("path_open", "dxsxxxxo", mem, open_args, Errno::Success),
            "path_open(3, 0x1, \"a/b\", 0x8, 0x2, 0, 0) = Success, 5");
  EXPECT_EQ(trace_line("path_open", "dxsxxxxo", mem, open_args, Errno::NoEnt),
            "path_open(3, 0x1, \"a/b\", 0x8, 0x2, 0, 0) = NoEnt");
  const uint64_t seek_args[] = {4, ~uint64_t{0}, 1, kResult, 0};
  EXPECT_EQ(trace_line("fd_seek", "dinO", mem, seek_args, Errno::Success),
            "fd_seek(4, -1, 1) = Success, 4294967301");
  const uint64_t outside[] = {~0u, 4, 0};
  EXPECT_EQ(trace_line("x", "s", mem, outside, Errno::Fault), "x((outside)) = Fault");
  EXPECT_EQ(trace_line("x", "o", mem, outside, Errno::Success), "x() = Success");
  EXPECT_EQ(trace_line("sched_yield", "", mem, outside, Errno::Success), "sched_yield() = Success");
}

}  // namespace
}  // namespace sluice::wasi

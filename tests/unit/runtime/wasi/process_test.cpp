// Arguments, environment, randomness, clocks, waiting, sockets; and the errno table.
#include <fcntl.h>
#include <thread>
#include <time.h>
#include <unistd.h>

#include "tests/unit/runtime/wasi/wasi_fixture.h"

namespace sluice::wasi {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;

class ProcessTest : public WasiTest {
 protected:
  Subscription clock(uint64_t userdata, uint64_t timeout, uint16_t flags = 0,
                     uint32_t id = kClockMonotonic) {
    Subscription s{};
    s.userdata = userdata;
    s.tag = kEventClock;
    s.id_or_fd = id;
    s.timeout = timeout;
    s.flags = flags;
    return s;
  }
  Subscription on_fd(uint64_t userdata, uint8_t tag, uint32_t fd) {
    Subscription s{};
    s.userdata = userdata;
    s.tag = tag;
    s.id_or_fd = fd;
    return s;
  }
  Errno poll(const std::vector<Subscription>& subscriptions) {
    for (size_t i = 0; i < subscriptions.size(); ++i) {
      EXPECT_TRUE(mem.write(static_cast<uint32_t>(kPath + 48 * i), subscriptions[i]));
    }
    return error_of(poll_oneoff(context, mem, kPath, kBuffer,
                                static_cast<uint32_t>(subscriptions.size()), kResult));
  }
  Event event(uint32_t i) { return *mem.read<Event>(kBuffer + 32 * i); }
  uint64_t monotonic() {
    EXPECT_TRUE(clock_time_get(context, mem, kClockMonotonic, 0, kResult));
    return result64();
  }
};

TEST_F(ProcessTest, PassesArgumentsAndEnvironment) {
  EXPECT_TRUE(context.add_argument("prog"));
  EXPECT_TRUE(context.add_argument(""));
  EXPECT_TRUE(context.add_argument("päth"));
  EXPECT_FALSE(context.add_argument(std::string_view("a\0b", 3)));
  EXPECT_TRUE(context.add_variable("KEY", "a=b"));
  EXPECT_FALSE(context.add_variable("K=", "x"));
  EXPECT_FALSE(context.add_variable("", "x"));
  EXPECT_EQ(error_of(args_sizes_get(context, mem, 100, 104)), Errno::Success);
  EXPECT_EQ(*mem.read<uint32_t>(100), 3u);
  EXPECT_EQ(*mem.read<uint32_t>(104), 5u + 1 + 6);
  EXPECT_EQ(error_of(args_get(context, mem, 200, 300)), Errno::Success);
  EXPECT_EQ(*mem.read<uint32_t>(208), 306u);
  EXPECT_EQ(*mem.text(300, 12), std::string_view("prog\0\0päth\0", 12));
  EXPECT_EQ(error_of(environ_sizes_get(context, mem, 100, 104)), Errno::Success);
  EXPECT_EQ(*mem.read<uint32_t>(104), 8u);
  EXPECT_EQ(error_of(environ_get(context, mem, 200, 300)), Errno::Success);
  EXPECT_EQ(*mem.text(300, 8), std::string_view("KEY=a=b\0", 8));
  auto size = static_cast<uint32_t>(bytes_.size());
  EXPECT_EQ(error_of(args_get(context, mem, size - 8, 300)), Errno::Fault);
  EXPECT_EQ(error_of(args_get(context, mem, 200, size - 11)), Errno::Fault);
  EXPECT_EQ(error_of(args_get(context, mem, 200, size - 12)), Errno::Success);
  EXPECT_EQ(error_of(args_sizes_get(context, mem, ~0u, 0)), Errno::Fault);
}

TEST_F(ProcessTest, RandomBytesAreBounded) {
  EXPECT_EQ(error_of(random_get(context, mem, kBuffer, 65536)), Errno::Success);
  size_t zeros = 0;
  for (uint32_t i = 0; i < 65536; ++i) zeros += *mem.read<uint8_t>(kBuffer + i) == 0;
  EXPECT_LT(zeros, 1000u);
  EXPECT_EQ(error_of(random_get(context, mem, kBuffer, ~0u)), Errno::Fault);
}

TEST_F(ProcessTest, Clocks) {
  for (uint32_t id = 0; id < 4; ++id) {
    EXPECT_EQ(error_of(clock_time_get(context, mem, id, 0, kResult)), Errno::Success);
    EXPECT_EQ(error_of(clock_res_get(context, mem, id, kResult)), Errno::Success);
    EXPECT_GT(result64(), 0u);
  }
  EXPECT_EQ(error_of(clock_time_get(context, mem, 4, 0, kResult)), Errno::Inval);
  EXPECT_EQ(error_of(clock_res_get(context, mem, ~0u, kResult)), Errno::Inval);
  const time_t before = time(nullptr);
  EXPECT_TRUE(clock_time_get(context, mem, kClockRealtime, 0, kResult));
  EXPECT_GE(result64() / 1'000'000'000, static_cast<uint64_t>(before));
  EXPECT_LE(result64() / 1'000'000'000, static_cast<uint64_t>(time(nullptr)) + 1);
}

TEST_F(ProcessTest, WaitsForTheFirstClock) {
  uint64_t start = monotonic();
  EXPECT_EQ(poll({clock(1, 10'000 * kMillisecond), clock(2, 20 * kMillisecond)}), Errno::Success);
  EXPECT_EQ(result(), 1u);
  EXPECT_EQ(event(0).userdata, 2u);
  EXPECT_EQ(event(0).error, Errno::Success);
  EXPECT_EQ(event(0).type, kEventClock);
  uint64_t end = monotonic();
  EXPECT_GE(end - start, 20 * kMillisecond);
  EXPECT_LT(end - start, 5000 * kMillisecond);
  EXPECT_EQ(poll({clock(3, end, kSubclockAbstime), clock(4, ~uint64_t{0})}), Errno::Success);
  EXPECT_EQ(event(0).userdata, 3u);
  EXPECT_EQ(poll({clock(5, 0, kSubclockAbstime, kClockRealtime)}), Errno::Success);
  EXPECT_EQ(poll({clock(6, 0, 0, kClockThreadCputime)}), Errno::Success);
  EXPECT_EQ(event(0).error, Errno::NotSup);
  EXPECT_EQ(poll({clock(7, 0, 0, 9)}), Errno::Success);
  EXPECT_EQ(event(0).error, Errno::Inval);
}

TEST_F(ProcessTest, WaitsForDescriptors) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  int saved = fcntl(0, F_DUPFD_CLOEXEC, 3);
  dup2(fds[0], 0);
  context.inherit_stdin();
  if (saved >= 0) dup2(saved, 0);
  EXPECT_EQ(poll({on_fd(1, kEventFdRead, 0), clock(2, kMillisecond)}), Errno::Success);
  EXPECT_EQ(result(), 1u);
  EXPECT_EQ(event(0).userdata, 2u);
  std::thread writer([&] {
    usleep(10'000);
    EXPECT_EQ(::write(fds[1], "abc", 3), 3);
  });
  EXPECT_EQ(poll({on_fd(1, kEventFdRead, 0), clock(2, 10'000 * kMillisecond)}), Errno::Success);
  writer.join();
  EXPECT_EQ(result(), 1u);
  EXPECT_EQ(event(0).userdata, 1u);
  EXPECT_EQ(event(0).type, kEventFdRead);
  EXPECT_EQ(event(0).nbytes, 3u);
  EXPECT_EQ(read(0), "abc");
  close(fds[1]);
  EXPECT_EQ(poll({on_fd(1, kEventFdRead, 0)}), Errno::Success);
  EXPECT_EQ(event(0).flags, kEventHangup);
  close(fds[0]);
  if (saved >= 0) close(saved);
}

TEST_F(ProcessTest, WhatCannotBeWaitedForSaysSoAtOnce) {
  write_file(root / "f", "12345");
  ASSERT_EQ(open("f", 0, kRightFdRead | kRightPollFdReadwrite), Errno::Success);
  uint32_t file = result();
  EXPECT_EQ(
      poll({on_fd(1, kEventFdRead, 99), on_fd(2, kEventFdRead, file), on_fd(3, kEventFdWrite, 1),
            clock(4, ~uint64_t{0}), on_fd(5, kEventFdWrite, file)}),
      Errno::Success);
  EXPECT_EQ(result(), 4u);
  EXPECT_EQ(event(0).error, Errno::Badf);
  EXPECT_EQ(event(1).nbytes, 5u);
  EXPECT_EQ(event(2).error, Errno::Success);
  EXPECT_EQ(event(3).error, Errno::Badf);
  EXPECT_EQ(event(3).userdata, 5u);
  EXPECT_EQ(poll({}), Errno::Inval);
  EXPECT_EQ(poll({on_fd(1, 3, 0)}), Errno::Inval);
  auto size = static_cast<uint32_t>(bytes_.size());
  EXPECT_EQ(error_of(poll_oneoff(context, mem, kPath, kBuffer, ~0u, kResult)), Errno::Inval);
  EXPECT_EQ(error_of(poll_oneoff(context, mem, size - 47, kBuffer, 1, kResult)), Errno::Fault);
  EXPECT_EQ(error_of(poll_oneoff(context, mem, kPath, size - 31, 1, kResult)), Errno::Fault);
}

// A signal that would end a process ends the guest, and it alone.
TEST_F(ProcessTest, SignalsEndTheGuest) {
  EXPECT_EQ(error_of(sched_yield(context, mem)), Errno::Success);
  for (uint32_t ignored : {0u, 16u, 17u, 22u, 27u}) {
    EXPECT_EQ(error_of(proc_raise(context, mem, ignored)), Errno::Success) << ignored;
  }
  for (uint32_t stops : {18u, 19u, 20u, 21u}) {
    EXPECT_EQ(error_of(proc_raise(context, mem, stops)), Errno::NotSup) << stops;
  }
  for (uint32_t unknown : {31u, ~0u}) {
    EXPECT_EQ(error_of(proc_raise(context, mem, unknown)), Errno::Inval) << unknown;
  }
  EXPECT_FALSE(context.take_exit());
  EXPECT_FALSE(context.exit_status());
  for (uint32_t ends : {1u, 6u, 9u, 11u, 15u, 30u}) {
    EXPECT_EQ(error_of(proc_raise(context, mem, ends)), Errno::Success) << ends;
    EXPECT_TRUE(context.take_exit());
    EXPECT_FALSE(context.take_exit());
    EXPECT_EQ(context.exit_status(), 128 + ends);
  }
}

class FixedClock final : public ClockSource {
 public:
  Expected<uint64_t> now(uint32_t clock) override {
    if (clock == kClockThreadCputime) return fail(Errno::NotSup);
    return 1'000'000 * (clock + 1);
  }
};

class CountingRandom final : public RandomSource {
 public:
  Status fill(std::span<uint8_t> out) override {
    if (out.size() > 100) return fail(Errno::Io);
    for (uint8_t& byte : out) byte = next_++;
    return {};
  }

 private:
  uint8_t next_ = 1;
};

TEST_F(ProcessTest, ClocksAndRandomnessOfTheEmbedder) {
  context.set_clock(std::unique_ptr<ClockSource>(new FixedClock));
  context.set_random(std::unique_ptr<RandomSource>(new CountingRandom));
  EXPECT_EQ(error_of(clock_time_get(context, mem, kClockRealtime, 0, kResult)), Errno::Success);
  EXPECT_EQ(result64(), 1'000'000u);
  EXPECT_EQ(monotonic(), 2'000'000u);
  EXPECT_EQ(error_of(clock_time_get(context, mem, kClockThreadCputime, 0, kResult)), Errno::NotSup);
  EXPECT_EQ(error_of(clock_time_get(context, mem, 4, 0, kResult)), Errno::Inval);
  EXPECT_EQ(error_of(clock_res_get(context, mem, kClockRealtime, kResult)), Errno::Success);
  EXPECT_EQ(result64(), 1u);
  // 10 ms from the embedder's now, far in the past of the host's clock.
  EXPECT_EQ(poll({clock(1, 2'000'000 + 10 * kMillisecond, kSubclockAbstime)}), Errno::Success);
  EXPECT_EQ(event(0).userdata, 1u);
  EXPECT_EQ(error_of(random_get(context, mem, kBuffer, 4)), Errno::Success);
  EXPECT_EQ(*mem.text(kBuffer, 4), "\1\2\3\4");
  EXPECT_EQ(error_of(random_get(context, mem, kBuffer, 101)), Errno::Io);
}

// Nobody reads what a guest writes: an error, and the host lives on.
TEST_F(ProcessTest, BrokenPipesRaiseNoSignal) {
  int fds[2];
  ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
  int saved = fcntl(1, F_DUPFD_CLOEXEC, 3);
  dup2(fds[1], 1);
  context.inherit_stdout();
  dup2(saved, 1);
  close(saved);
  close(fds[0]);
  close(fds[1]);
  EXPECT_EQ(write(1, "x"), Errno::Pipe);
  EXPECT_EQ(error_of(fd_fdstat_set_flags(context, mem, 1, kFdflagNonblock)), Errno::Success);
  EXPECT_EQ(write(1, "x"), Errno::Pipe);
}

TEST(WasiErrno, MapsTheHostsNumbers) {
  EXPECT_EQ(from_host_errno(ENOENT), Errno::NoEnt);
  EXPECT_EQ(from_host_errno(EWOULDBLOCK), Errno::Again);
  EXPECT_EQ(from_host_errno(ENOTSUP), Errno::NotSup);
  EXPECT_EQ(from_host_errno(EXDEV), Errno::Xdev);
  EXPECT_EQ(from_host_errno(0), Errno::Io);
  EXPECT_EQ(from_host_errno(100'000), Errno::Io);
  EXPECT_EQ(static_cast<int>(Errno::NotCapable), 76);
  EXPECT_EQ(static_cast<int>(Errno::Xdev), 75);
}

TEST(WasiContext, RefusesWhatItCannotGive) {
  Context context;
  EXPECT_FALSE(context.preopen("/no/such/directory", "x", false));
  EXPECT_FALSE(context.preopen("/dev/null", "x", false)) << "not a directory";
  EXPECT_FALSE(context.preopen("/", "", false));
  auto error = context.preopen("/no/such/directory", "x", false).error();
  EXPECT_NE(error.message().find("/no/such/directory"), String::npos);
}

}  // namespace
}  // namespace sluice::wasi

// Address space that is reserved, committed, given back and mapped twice.
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "engine/base/virtual_memory.h"
#include "tests/support/fork.h"

namespace sluice {
namespace {

// Accessibility as the kernel sees it: a write to a pipe fails where a read would fault.
bool is_readable(const void* p) {
  int fds[2];
  if (pipe(fds) != 0) return false;
  const bool ok = write(fds[1], p, 1) == 1;
  close(fds[0]);
  close(fds[1]);
  return ok;
}

TEST(VirtualMemory, ReservedSpaceIsInaccessibleUntilCommitted) {
  const size_t page = host_page_bytes();
  Result<Reservation> space = Reservation::reserve(64 * page);
  ASSERT_TRUE(space);
  EXPECT_FALSE(is_readable(space->base()));
  ASSERT_TRUE(space->commit(page, 2 * page));
  EXPECT_FALSE(is_readable(space->base()));
  EXPECT_TRUE(is_readable(space->base() + page));
  EXPECT_TRUE(is_readable(space->base() + 3 * page - 1));
  EXPECT_FALSE(is_readable(space->base() + 3 * page));
  EXPECT_EQ(space->base()[page], 0);
}

TEST(VirtualMemory, DecommitForgetsAndProtectNoneKeeps) {
  const size_t page = host_page_bytes();
  Result<Reservation> space = Reservation::reserve(4 * page);
  ASSERT_TRUE(space && space->commit(0, 4 * page));
  space->base()[0] = 1;
  space->base()[page] = 2;
  ASSERT_TRUE(space->decommit(0, page));
  ASSERT_TRUE(space->protect_none(page, page));
  EXPECT_FALSE(is_readable(space->base()));
  EXPECT_FALSE(is_readable(space->base() + page));
  ASSERT_TRUE(space->commit(0, 2 * page));
  EXPECT_EQ(space->base()[0], 0);
  EXPECT_EQ(space->base()[page], 2);
  ASSERT_TRUE(space->discard(page, page));
  EXPECT_EQ(space->base()[page], 0);
}

TEST(VirtualMemory, ResizeKeepsContents) {
  const size_t page = host_page_bytes();
  Reservation space;
  ASSERT_TRUE(space.resize_committed(page));
  std::memset(space.base(), 0x5a, page);
  ASSERT_TRUE(space.resize_committed(1000 * page));
  EXPECT_EQ(space.base()[page - 1], 0x5a);
  EXPECT_EQ(space.base()[999 * page], 0);
  EXPECT_FALSE(space.resize_committed(size_t{1} << 60));
  EXPECT_EQ(space.base()[0], 0x5a);
  EXPECT_EQ(space.size_bytes(), 1000 * page);
}

TEST(VirtualMemory, AbsurdSizesAreErrors) {
  EXPECT_FALSE(Reservation::reserve(size_t{1} << 62));
  EXPECT_FALSE(Reservation::reserve(~size_t{0}));
  Result<Reservation> none = Reservation::reserve_shrinking(size_t{1} << 62, size_t{1} << 60);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::OutOfMemory);
}

TEST(VirtualMemory, ShrinksWhenAddressSpaceIsScarce) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need more address space than the limit of this test leaves";
#endif
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit limit{size_t{1} << 30, size_t{1} << 30};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(2);
    Result<Reservation> space = Reservation::reserve_shrinking(size_t{2} << 30, size_t{16} << 20);
    if (!space) _exit(3);
    // Something, but not the lion's share.
    const size_t got = space->size_bytes();
    if (got < (size_t{16} << 20) || got > (size_t{256} << 20)) _exit(4);
    _exit(0);
  }
  EXPECT_EQ(test::wait_for(child), 0);
}

TEST(VirtualMemory, ShrinkingEndsWhenNothingIsLeft) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need more address space than the limit of this test leaves";
#endif
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20);
    const rlimit limit{size_t{1} << 20, size_t{1} << 20};  // less than is in use
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(2);
    _exit(Reservation::reserve_shrinking(size_t{2} << 30, 0).has_value() ? 3 : 0);
  }
  EXPECT_EQ(test::wait_for(child), 0);
}

TEST(VirtualMemory, MemoryFileIsMappedTwice) {
  const size_t page = host_page_bytes();
  Result<Reservation> space = Reservation::reserve(16 * page);
  Result<MemoryFile> file = MemoryFile::create("sluice-test", 2 * page);
  ASSERT_TRUE(space && file);
  Result<Reservation> writable = file->map_writable();
  ASSERT_TRUE(writable && file->map_executable(*space, 4 * page));
  *file = MemoryFile();  // mappings outlive the descriptor
  // mov eax, edi; add eax, 1; ret
  const uint8_t code[] = {0x89, 0xf8, 0x83, 0xc0, 0x01, 0xc3};
  std::memcpy(writable->base(), code, sizeof code);
  auto add_one = reinterpret_cast<int (*)(int)>(space->base() + 4 * page);
  EXPECT_EQ(add_one(41), 42);
  ASSERT_TRUE(space->decommit(4 * page, 2 * page));
  EXPECT_FALSE(is_readable(space->base() + 4 * page));
  EXPECT_TRUE(is_readable(writable->base()));
}

TEST(VirtualMemory, ReservationsEndWellWhenTheKernelHasNoMappingsLeft) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need mappings of their own";
#endif
  size_t most = 0;
  std::ifstream("/proc/sys/vm/max_map_count") >> most;
  if (most == 0 || most > 200'000) GTEST_SKIP() << "too many mappings to use up";
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const size_t page = host_page_bytes();
    Result<Reservation> space = Reservation::reserve((2 * most + 2) * page);
    std::vector<Reservation> neighbours;  // one mapping to the kernel
    for (int i = 0; i < 64; ++i) neighbours.push_back(std::move(*Reservation::reserve(64 * page)));
    size_t at = 0;
    while (at < 2 * most && space->commit(at * page, page)) at += 2;
    if (at == 2 * most) _exit(2);
    for (size_t i = 1; i < neighbours.size(); i += 2) neighbours[i] = Reservation();
    _exit(0);
  }
  EXPECT_EQ(test::wait_for(child), 0);
}

TEST(VirtualMemory, RefusalsSayWhy) {
  struct Case {
    __rlimit_resource limit;
    const char* words;
  };
  for (const Case& c :
       {Case{RLIMIT_NOFILE, "Too many open files"}, Case{RLIMIT_FSIZE, "File too large"}}) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const rlimit none{0, 0};
      if (setrlimit(c.limit, &none) != 0) _exit(2);
      const Result<MemoryFile> file = MemoryFile::create("sluice-test", 1);
      if (file) _exit(3);
      _exit(file.error().message().find(c.words) != String::npos ? 0 : 4);
    }
    EXPECT_EQ(test::wait_for(child), 0) << c.words;
  }
}

}  // namespace
}  // namespace sluice

// Calls whose arguments lie on pages of a mapped file: one that may not be written, or that the
// file has lost, is a bad address to the guest and harmless to the host.
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/store/engine.h"
#include "runtime/store/memory.h"
#include "runtime/store/store.h"
#include "tests/unit/runtime/wasi/wasi_fixture.h"

namespace sluice::wasi {
namespace {

class WasiMappedTest : public WasiTest {
 protected:
  static constexpr uint32_t kReadOnly = 4096;
  static constexpr uint32_t kLost = 8192;  // copy-on-write, of a page that is not there

  WasiMappedTest() {
    fd_ = memfd_create("mapped", 0);
    EXPECT_EQ(ftruncate(fd_, 8192), 0);
    engine_ = *Engine::create({});
    store_ = std::move(*Store::create(engine_));
    memory_ = *Memory::create(*store_, {{.min = 2}});
    EXPECT_TRUE(memory_->map_file(kReadOnly, fd_, 0, 4096, Reservation::FileAccess::ReadOnly));
    EXPECT_TRUE(memory_->map_file(kLost, fd_, 4096, 4096, Reservation::FileAccess::CopyOnWrite));
    EXPECT_EQ(ftruncate(fd_, 4096), 0);
    EXPECT_TRUE(memory_->may_fault());
  }
  ~WasiMappedTest() override { close(fd_); }

  GuestMemory guest() const {
    return GuestMemory(memory_->base(), memory_->size_bytes(), &memory_->data());
  }
  /// One buffer of 8 bytes at the address, as the array at kBuffer says.
  uint32_t buffer_at(uint32_t address) const {
    EXPECT_TRUE(guest().write(kBuffer, Iovec{address, 8}));
    return kBuffer;
  }
  uint32_t open_file() {
    write_file(root / "file", "some text");
    EXPECT_EQ(open("file", 0, kRightFdRead | kRightFdWrite), Errno::Success);
    return result();
  }

  int fd_;
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<Store> store_;
  Memory* memory_;
};

TEST_F(WasiMappedTest, TheKernelsCopiesAreBadAddresses) {
  const uint32_t file = open_file();
  const GuestMemory m = guest();
  for (const uint32_t bad : {kReadOnly, kLost}) {
    EXPECT_EQ(error_of(fd_read(context, m, file, buffer_at(bad), 1, kResult)), Errno::Fault);
    EXPECT_EQ(error_of(fd_pread(context, m, file, buffer_at(bad), 1, 0, kResult)), Errno::Fault);
  }
  EXPECT_EQ(error_of(fd_write(context, m, file, buffer_at(kLost), 1, kResult)), Errno::Fault);
  EXPECT_EQ(error_of(fd_write(context, m, file, buffer_at(kReadOnly), 1, kResult)), Errno::Success);
  EXPECT_EQ(*m.read<uint32_t>(kResult), 8u);
}

TEST_F(WasiMappedTest, TheHostsCopiesAreBadAddresses) {
  ASSERT_TRUE(context.add_argument("program"));
  const GuestMemory m = guest();
  for (const uint32_t bad : {kReadOnly, kLost}) {
    EXPECT_EQ(error_of(random_get(context, m, bad, 100)), Errno::Fault);
    EXPECT_EQ(error_of(args_get(context, m, bad, kBuffer)), Errno::Fault);
    EXPECT_EQ(error_of(args_get(context, m, kBuffer, bad)), Errno::Fault);
    EXPECT_EQ(error_of(clock_time_get(context, m, 0, 0, bad)), Errno::Fault);
    EXPECT_EQ(error_of(fd_readdir(context, m, kDir, bad, 100, 0, kResult)), Errno::Fault);
    EXPECT_EQ(error_of(fd_prestat_dir_name(context, m, kDir, bad, 100)), Errno::Fault);
    EXPECT_EQ(error_of(fd_fdstat_get(context, m, kDir, bad)), Errno::Fault);
  }
  EXPECT_EQ(error_of(fd_write(context, m, 1, kLost, 1, kResult)), Errno::Fault) << "the array";
  EXPECT_EQ(error_of(path_unlink_file(context, m, kDir, kLost, 10)), Errno::Fault);
  EXPECT_EQ(error_of(random_get(context, m, kReadOnly - 100, 100)), Errno::Success);
}

TEST_F(WasiMappedTest, TheEmbeddersStreamsNeverTouchThem) {
  String taken;
  context.set_stdin(std::make_unique<BufferSource>("0123456789"));
  context.set_stdout(std::make_unique<BufferSink>(taken));
  const GuestMemory m = guest();
  EXPECT_EQ(error_of(fd_read(context, m, 0, buffer_at(kLost), 1, kResult)), Errno::Fault);
  EXPECT_EQ(error_of(fd_write(context, m, 1, buffer_at(kLost), 1, kResult)), Errno::Fault);
  EXPECT_TRUE(taken.empty());
  EXPECT_EQ(error_of(fd_write(context, m, 1, buffer_at(kReadOnly), 1, kResult)), Errno::Success);
  EXPECT_EQ(taken, String(8, '\0'));
  // A long one goes in pieces, and as far as it can be read.
  ASSERT_TRUE(m.write(kBuffer, Iovec{kBuffer + 64, 10'000}));
  taken.clear();
  EXPECT_EQ(error_of(fd_write(context, m, 1, kBuffer, 1, kResult)), Errno::Success);
  EXPECT_EQ(taken.size(), 10'000u);
  ASSERT_TRUE(m.write(kBuffer, Iovec{10, kLost}));
  taken.clear();
  EXPECT_EQ(error_of(fd_write(context, m, 1, kBuffer, 1, kResult)), Errno::Success);
  EXPECT_EQ(*m.read<uint32_t>(kResult), taken.size());
  EXPECT_LT(taken.size(), size_t{kLost});
}

}  // namespace
}  // namespace sluice::wasi

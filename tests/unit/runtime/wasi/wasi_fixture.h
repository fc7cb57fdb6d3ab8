// A directory of its own for each test, a guest memory without a guest, and short forms of the
// calls that every WASI test makes.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/wasi/calls.h"

namespace sluice::wasi {

inline Errno error_of(const Status& status) { return status ? Errno::Success : status.error(); }

class WasiTest : public testing::TestWithParam<ResolverKind> {
 protected:
  static constexpr uint32_t kDir = 3;      // the preopened directory
  static constexpr uint32_t kResult = 16;  // where calls put their results
  static constexpr uint32_t kPath = 1024;
  static constexpr uint32_t kPath2 = 16384;
  static constexpr uint32_t kBuffer = 32768;

  WasiTest() : bytes_(1 << 17), mem(bytes_.data(), bytes_.size()), context(resolver()) {
    std::string pattern = testing::TempDir() + "sluice-wasi-XXXXXX";
    base = mkdtemp(pattern.data());
    root = base / "root";
    std::filesystem::create_directory(root);
    write_file(base / "secret", "outside");
    EXPECT_TRUE(context.preopen(root.string(), "/", false));
  }
  ~WasiTest() override { std::filesystem::remove_all(base); }

  static ResolverKind resolver() {
    auto* info = testing::UnitTest::GetInstance()->current_test_info();
    return info != nullptr && info->value_param() != nullptr ? GetParam() : ResolverKind::Auto;
  }

  static void write_file(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string read_file(const std::filesystem::path& path) {
    std::ostringstream out;
    out << std::ifstream(path, std::ios::binary).rdbuf();
    return out.str();
  }

  uint32_t put(uint32_t address, std::string_view text) {
    std::memcpy(bytes_.data() + address, text.data(), text.size());
    return static_cast<uint32_t>(text.size());
  }
  uint32_t result() const { return *mem.read<uint32_t>(kResult); }
  uint64_t result64() const { return *mem.read<uint64_t>(kResult); }

  /// Opens as libraries do: to read or write as asked, with all other rights. The number is in
  /// result().
  Errno open(std::string_view path, uint32_t oflags = 0, Rights rights = kRightFdRead,
             uint32_t lookup = 0, uint32_t fdflags = 0, uint32_t dir = kDir) {
    rights |= ~(kRightFdRead | kRightFdWrite);
    return open_exactly(path, oflags, rights, ~Rights{0}, lookup, fdflags, dir);
  }
  Errno open_exactly(std::string_view path, uint32_t oflags, Rights rights, Rights inheriting,
                     uint32_t lookup = 0, uint32_t fdflags = 0, uint32_t dir = kDir) {
    return error_of(path_open(context, mem, dir, lookup, kPath, put(kPath, path), oflags, rights,
                              inheriting, fdflags, kResult));
  }
  Fdstat fdstat(uint32_t fd) {
    EXPECT_EQ(error_of(fd_fdstat_get(context, mem, fd, kBuffer)), Errno::Success);
    return *mem.read<Fdstat>(kBuffer);
  }
  Errno write(uint32_t fd, std::string_view text) {
    put(kBuffer, text);
    EXPECT_TRUE(mem.write(8, Iovec{kBuffer, static_cast<uint32_t>(text.size())}));
    return error_of(fd_write(context, mem, fd, 8, 1, kResult));
  }
  /// What one read gives, or "error N".
  std::string read(uint32_t fd, uint32_t count = 4096) {
    EXPECT_TRUE(mem.write(8, Iovec{kBuffer, count}));
    Status status = fd_read(context, mem, fd, 8, 1, kResult);
    if (!status) return "error " + std::to_string(static_cast<int>(status.error()));
    return std::string(*mem.text(kBuffer, result()));
  }

  std::vector<uint8_t> bytes_;
  GuestMemory mem;
  Context context;
  std::filesystem::path base;
  std::filesystem::path root;  // inside base, which the guest must never see
};

}  // namespace sluice::wasi

// Neither format knows of code that goes away, so what is written stays.
#include "jit/debug/profile_files.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <elf.h>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/fork_mutex.h"
#include "engine/base/virtual_memory.h"
#include "jit/debug/debug_writer.h"

namespace sluice {
namespace {

uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

void append_number(String& out, uint64_t value, int base) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, base).ptr;
  out.append(digits, end);
}

/// A file that this process has made, and goes on with if it is opened again.
class ProfileFile {
 public:
  ProfileFile() = default;
  ProfileFile(const ProfileFile&) = delete;
  ProfileFile& operator=(const ProfileFile&) = delete;
  ~ProfileFile() {
    if (fd_ >= 0) close(fd_);
  }

  /// `made_by`: the process that has made the file before, 0 if none has.
  Result<void> open(std::string_view before, std::string_view after, std::atomic<pid_t>& made_by) {
    pid_ = getpid();
    String path(before);
    append_number(path, static_cast<uint64_t>(pid_), 10);
    path += after;
    // Others may have put something there: a file of this name is made anew or not at all.
    const bool is_ours = made_by.load(std::memory_order_relaxed) == pid_;
    const int how = O_RDWR | O_NOFOLLOW | O_CLOEXEC | (is_ours ? O_APPEND : O_CREAT | O_EXCL);
    fd_ = ::open(path.c_str(), how, 0644);
    if (fd_ < 0 && errno == EEXIST && take_away_stale(path.c_str())) {
      fd_ = ::open(path.c_str(), how, 0644);
    }
    if (fd_ < 0) return fail(ErrorKind::Io, kNoOffset, path + why_not(errno));
    is_new_ = !is_ours;
    made_by.store(pid_, std::memory_order_relaxed);
    return {};
  }

  int fd() const { return fd_; }
  pid_t pid() const { return pid_; }
  bool is_new() const { return is_new_; }
  bool is_mine() const { return getpid() == pid_; }

  /// Whole records only: what cannot be written ends the file. The disk may be full, and a program
  /// that is observed goes on.
  void write(std::span<const uint8_t> bytes) {
    while (!bytes.empty() && !is_broken_) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n > 0) bytes = bytes.subspan(static_cast<size_t>(n));
      if (n == 0 || (n < 0 && errno != EINTR)) is_broken_ = true;
    }
  }

 private:
  /// Numbers of processes come again, in containers at once: a file that an earlier process of this
  /// user has left is in nobody's way. Leaves alone what is anything else, and errno as it was.
  static bool take_away_stale(const char* path) {
    struct stat st{};
    const bool is_stale =
        lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid();
    if (is_stale && unlink(path) == 0) return true;
    errno = EEXIST;
    return false;
  }
  static const char* why_not(int error) {
    switch (error) {
    case EEXIST:
    case ELOOP:
      return ": something of that name is there already, no plain file of this user; remove it";
    case EACCES:
    case EROFS: return ": no file can be made in that directory";
    case ENOSPC: return ": no space is left for the profile";
    default: return ": the profile cannot be written";
    }
  }

  int fd_ = -1;
  pid_t pid_ = 0;
  bool is_new_ = true;
  bool is_broken_ = false;
};

class PerfMap final : public Allocated, public CodeSink {
 public:
  Result<void> open() {
    static std::atomic<pid_t> made_by{0};
    return file_.open("/tmp/perf-", ".map", made_by);
  }
  bool wants_details() const override { return false; }
  void remove(const void*) override {}

  void add(const CodeGroup& group, const void*) override {
    if (!file_.is_mine()) return;
    String text;
    for (const CodePiece& piece : group.pieces) {
      append_number(text, piece.begin(), 16);
      text += ' ';
      append_number(text, piece.code.size(), 16);
      text += ' ';
      text += piece.name;
      text += '\n';
    }
    const std::lock_guard<ForkMutex> hold(mutex_);
    file_.write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

 private:
  ForkMutex mutex_{LockRank::Leaf};
  ProfileFile file_;
};

// jitdump's records.
enum : uint32_t { kCodeLoad = 0, kDebugInfo = 2, kCodeClose = 3 };
// Of one function: each line repeats the file's path, which may be as long as a module.
constexpr size_t kMostLineBytes = size_t{16} << 20;
constexpr uint32_t kMagic = 0x4a695444;  // "JiTD"

class JitDump final : public Allocated, public CodeSink {
 public:
  Result<void> open() {
    static std::atomic<pid_t> made_by{0};
    TRY_VOID(file_.open("jit-", ".dump", made_by));
    if (file_.is_new()) write_header();
    // perf sees this mapping in its recording, and knows by it where the file is.
    marker_ = TRY(Reservation::map_file_executable(file_.fd(), host_page_bytes()));
    return {};
  }
  ~JitDump() override {
    if (file_.fd() < 0 || !file_.is_mine()) return;
    DebugWriter record;
    begin(record, kCodeClose);
    end(record, 0);
    file_.write(record.bytes());
  }
  bool wants_details() const override { return true; }
  void remove(const void*) override {}

  void add(const CodeGroup& group, const void*) override {
    if (!file_.is_mine()) return;
    const std::lock_guard<ForkMutex> hold(mutex_);
    for (const CodePiece& piece : group.pieces) {
      DebugWriter out;
      if (!piece.lines.empty()) add_lines(out, group, piece);
      add_code(out, piece);
      file_.write(out.bytes());
    }
  }

 private:
  void write_header() {
    DebugWriter header;
    header.u32(kMagic);
    header.u32(1);   // version
    header.u32(40);  // bytes of this header
    header.u32(EM_X86_64);
    header.u32(0);
    header.u32(static_cast<uint32_t>(file_.pid()));
    header.u64(now_ns());
    header.u64(0);  // flags
    file_.write(header.bytes());
  }

  static void begin(DebugWriter& out, uint32_t kind) {
    out.u32(kind);
    out.u32(0);  // the record's size, when it is known
    out.u64(now_ns());
  }
  /// `at`: where the record has begun.
  static void end(DebugWriter& out, size_t at) { out.patch32(at + 4, out.size() - at); }

  void add_code(DebugWriter& out, const CodePiece& piece) {
    const size_t at = out.size();
    begin(out, kCodeLoad);
    out.u32(static_cast<uint32_t>(file_.pid()));
    out.u32(static_cast<uint32_t>(syscall(SYS_gettid)));
    out.u64(piece.begin());  // where it lies,
    out.u64(piece.begin());  // and where it runs
    out.u64(piece.code.size());
    out.u64(next_index_++);
    out.string(piece.name);
    out.put_bytes(piece.code);
    end(out, at);
  }

  static void add_lines(DebugWriter& out, const CodeGroup& group, const CodePiece& piece) {
    const size_t at = out.size();
    begin(out, kDebugInfo);
    out.u64(piece.begin());
    const size_t count_at = out.size();
    out.u64(0);
    uint32_t count = 0;
    for (const CodeLine& line : piece.lines) {
      if (line.line == 0) continue;  // the format has no way to say so
      if (out.size() - at > kMostLineBytes) break;
      ++count;
      out.u64(piece.begin() + line.code_offset);
      out.u32(line.line);
      out.u32(line.column);
      out.string(group.files[line.file]);
    }
    out.patch32(count_at, count);
    end(out, at);
  }

  ForkMutex mutex_{LockRank::Leaf};
  ProfileFile file_;
  Reservation marker_;
  uint64_t next_index_ = 0;  // guarded by mutex_
};

template <class Sink>
Result<std::unique_ptr<CodeSink>> opened() {
  std::unique_ptr<Sink> sink(new Sink);
  TRY_VOID(sink->open());
  return std::unique_ptr<CodeSink>(std::move(sink));
}

}  // namespace

Result<std::unique_ptr<CodeSink>> make_jit_dump() { return opened<JitDump>(); }
Result<std::unique_ptr<CodeSink>> make_perf_map() { return opened<PerfMap>(); }

}  // namespace sluice

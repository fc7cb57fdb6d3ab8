// Writing to a pipe or socket that nobody reads raises SIGPIPE, and making a file larger than
// RLIMIT_FSIZE allows raises SIGXFSZ; both end the process by default. An embedder must not die of
// what a guest writes, and its own dispositions are not ours to change, so the signals are kept
// from the writing thread for as long as it writes.
#pragma once

#include <optional>
#include <signal.h>

namespace sluice {

/// While it lives, what this thread writes may fail with EPIPE or EFBIG and nothing else.
class WriteSignalGuard {
 public:
  WriteSignalGuard();
  ~WriteSignalGuard();
  WriteSignalGuard(const WriteSignalGuard&) = delete;
  WriteSignalGuard& operator=(const WriteSignalGuard&) = delete;

 private:
  sigset_t old_mask_;
  sigset_t old_pending_;
};

/// The same for a write to a file, which raises a signal only where RLIMIT_FSIZE is set.
class FileSizeGuard {
 public:
  FileSizeGuard();

 private:
  std::optional<WriteSignalGuard> guard_;
};

/// For a whole process, from now on; for those whose process it is.
void ignore_write_signals();

}  // namespace sluice

// Writing to a pipe or socket that nobody reads raises SIGPIPE, whose default ends the process. An
// embedder must not die of what a guest writes, and its own disposition is not ours to change, so
// the signal is kept from the writing thread for as long as it writes.
#pragma once

#include <signal.h>

namespace sluice {

/// While it lives, a write of this thread that nobody reads fails with EPIPE and nothing else.
class SigpipeGuard {
 public:
  SigpipeGuard();
  ~SigpipeGuard();
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

 private:
  sigset_t old_mask_;
  bool was_pending_;
};

/// For a whole process, from now on; for those whose process it is.
void ignore_sigpipe();

}  // namespace sluice

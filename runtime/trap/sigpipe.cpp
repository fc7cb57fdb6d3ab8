#include "runtime/trap/sigpipe.h"

#include <cerrno>
#include <ctime>

namespace sluice {

namespace {

sigset_t sigpipe_only() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

bool is_pending() {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

void ignore_sigpipe() { signal(SIGPIPE, SIG_IGN); }

SigpipeGuard::SigpipeGuard() : was_pending_(is_pending()) {
  const sigset_t set = sigpipe_only();
  pthread_sigmask(SIG_BLOCK, &set, &old_mask_);
}

SigpipeGuard::~SigpipeGuard() {
  const int saved_errno = errno;
  // One that waited before the write is the embedder's; signals of one number do not queue.
  if (!was_pending_ && is_pending()) {
    const sigset_t set = sigpipe_only();
    const timespec at_once{0, 0};
    sigtimedwait(&set, nullptr, &at_once);
  }
  pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
  errno = saved_errno;
}

}  // namespace sluice

#include "runtime/trap/write_signals.h"

#include <cerrno>
#include <ctime>
#include <sys/resource.h>

namespace sluice {

namespace {

constexpr int kSignals[] = {SIGPIPE, SIGXFSZ};

}  // namespace

void ignore_write_signals() {
  for (const int number : kSignals) signal(number, SIG_IGN);
}

FileSizeGuard::FileSizeGuard() {
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) guard_.emplace();
}

WriteSignalGuard::WriteSignalGuard() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : kSignals) sigaddset(&set, number);
  if (sigpending(&old_pending_) != 0) sigemptyset(&old_pending_);
  pthread_sigmask(SIG_BLOCK, &set, &old_mask_);
}

WriteSignalGuard::~WriteSignalGuard() {
  const int saved_errno = errno;
  sigset_t pending;
  if (sigpending(&pending) != 0) sigemptyset(&pending);
  for (const int number : kSignals) {
    // One that waited before the write is the embedder's; signals of one number do not queue.
    if (sigismember(&pending, number) != 1 || sigismember(&old_pending_, number) == 1) continue;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    const timespec at_once{0, 0};
    sigtimedwait(&set, nullptr, &at_once);
  }
  pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
  errno = saved_errno;
}

}  // namespace sluice

// What tests that fork share: waiting for a child, and where a test may fork while other threads
// are busy.
//
// Sluice allows the latter; the sanitizers' own run-time libraries do not. ThreadSanitizer ends a
// child of a process with threads that starts one itself. AddressSanitizer's allocator stays locked
// in the child for good, if another thread was in it at the fork.
#pragma once

#include <cerrno>
#include <gtest/gtest.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SKIP_IF_SANITIZER_CANNOT_FORK()                                                            \
  GTEST_SKIP() << "skipped: the sanitizer's library does not bear a fork while threads are busy"
#else
#define SKIP_IF_SANITIZER_CANNOT_FORK() static_cast<void>(0)
#endif

namespace sluice::test {

/// The child's status once it has ended: 0 for exit(0), -1 if there is no such child. A signal may
/// come meanwhile, such as one that has interrupted a guest.
inline int wait_for(pid_t child) {
  int status = 0;
  pid_t ended = 0;
  do ended = waitpid(child, &status, 0);
  while (ended < 0 && errno == EINTR);
  return ended == child ? status : -1;
}

}  // namespace sluice::test

// Where a test may fork while other threads are busy.
//
// Sluice allows it; the sanitizers' own run-time libraries do not. ThreadSanitizer ends a child of
// a process with threads that starts one itself. AddressSanitizer's allocator stays locked in the
// child for good, if another thread was in it at the fork.
#pragma once

#include <gtest/gtest.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SKIP_IF_SANITIZER_CANNOT_FORK()                                                            \
  GTEST_SKIP() << "skipped: the sanitizer's library does not bear a fork while threads are busy"
#else
#define SKIP_IF_SANITIZER_CANNOT_FORK() static_cast<void>(0)
#endif

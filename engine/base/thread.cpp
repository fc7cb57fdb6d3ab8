#include "engine/base/thread.h"

#include <csignal>

namespace sluice {

std::optional<pthread_t> start_quiet_thread(size_t stack_bytes, void* (*work)(void*),
                                            void* argument) {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) sigdelset(&blocked, fault);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return std::nullopt;
  pthread_attr_setstacksize(&attributes, stack_bytes);
  // A new thread inherits the mask.
  pthread_sigmask(SIG_SETMASK, &blocked, &before);
  pthread_t thread;
  const bool started = pthread_create(&thread, &attributes, work, argument) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return started ? std::optional(thread) : std::nullopt;
}

}  // namespace sluice

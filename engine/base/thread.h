// Threads of the library's own, which must not get in the embedder's way.
#pragma once

#include <cstddef>
#include <optional>
#include <pthread.h>

namespace sluice {

/// Starts a thread that leaves the process's signals to the embedder's threads; the faults of its
/// own it keeps. Its stack has `stack_bytes`, not the process's limit, which may be tiny or take
/// address space that is scarce. Nothing if the system refuses. The caller joins it.
std::optional<pthread_t> start_quiet_thread(size_t stack_bytes, void* (*work)(void*),
                                            void* argument);

}  // namespace sluice

// What a stream tells about the work on its bodies, batch by batch, to whoever draws or counts it.
// Nobody is asked for a time who has not been given a callback.
#pragma once

#include <cstdint>

namespace sluice {

struct BatchReport {
  enum class Work : uint8_t { Validate, Compile };
  Work work = Work::Compile;
  uint32_t bodies = 0;
  uint64_t bytes = 0;     // of bodies
  uint64_t begin_ns = 0;  // of the steady clock
  uint64_t end_ns = 0;
};

/// Called on the thread that has done the work, several at a time, also in the background after
/// the stream's end: `env` must live as long as the engine's threads.
struct BatchCallback {
  void (*call)(void* env, const BatchReport& report) = nullptr;
  void* env = nullptr;
};

}  // namespace sluice

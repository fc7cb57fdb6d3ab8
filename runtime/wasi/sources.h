// What an embedder may bring besides streams: time and randomness other than the host's, for tests
// that repeat and guests that shall not know; and somebody to tell every call to.
//
// Called on the thread that runs the guest, one call at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/heap.h"
#include "runtime/wasi/abi.h"

namespace sluice::wasi {

class ClockSource : public Allocated {
 public:
  virtual ~ClockSource() = default;
  /// Nanoseconds of the clock (kClock…): since 1970 or since any fixed time. Inval: no such clock.
  virtual Expected<uint64_t> now(uint32_t clock) = 0;
};

class RandomSource : public Allocated {
 public:
  virtual ~RandomSource() = default;
  virtual Status fill(std::span<uint8_t> out) = 0;
};

/// Takes lines of a trace, without their ends. What the guest named is in them as it is.
class TraceSink : public Allocated {
 public:
  virtual ~TraceSink() = default;
  virtual void line(std::string_view text) = 0;
};

}  // namespace sluice::wasi

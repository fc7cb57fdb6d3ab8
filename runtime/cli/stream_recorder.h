// What happened to one module's stream, and when: for the timeline. Everything is noted as it
// comes; timeline.h draws it.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "jit/pipeline/batch_report.h"

namespace sluice::cli {

/// Must live longer than the engine whose threads report to it.
class StreamRecorder {
 public:
  struct Arrival {
    uint64_t at_ns;
    uint64_t bytes;  // that have come by then
  };
  struct Work {
    std::thread::id thread;
    BatchReport report;
  };

  /// The feeding thread's: so many more bytes have come.
  void note_bytes(size_t bytes);
  /// For the stream, whose threads call it.
  BatchCallback callback();
  void note_ready() { ready_ns_ = now(); }
  void note_first_call() { first_call_ns_ = now(); }

  uint64_t start_ns() const { return start_ns_; }
  std::thread::id feeding_thread() const { return feeding_; }
  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  uint64_t ready_ns() const { return ready_ns_; }
  std::optional<uint64_t> first_call_ns() const { return first_call_ns_; }
  /// What has been done by now, in the order of its end.
  std::vector<Work> work() const;

 private:
  static uint64_t now();

  const uint64_t start_ns_ = now();
  const std::thread::id feeding_ = std::this_thread::get_id();
  std::vector<Arrival> arrivals_;
  uint64_t ready_ns_ = 0;
  std::optional<uint64_t> first_call_ns_;
  mutable std::mutex mutex_;
  std::vector<Work> work_;  // guarded by mutex_
};

}  // namespace sluice::cli

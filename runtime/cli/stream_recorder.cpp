// Times are the steady clock's, as those of batches are.
#include "runtime/cli/stream_recorder.h"

#include <chrono>

namespace sluice::cli {

uint64_t StreamRecorder::now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::nanoseconds(since).count());
}

void StreamRecorder::note_bytes(size_t bytes) {
  const uint64_t before = arrivals_.empty() ? 0 : arrivals_.back().bytes;
  arrivals_.push_back({now(), before + bytes});
}

BatchCallback StreamRecorder::callback() {
  return {[](void* env, const BatchReport& report) {
            auto& self = *static_cast<StreamRecorder*>(env);
            const std::lock_guard lock(self.mutex_);
            self.work_.push_back({std::this_thread::get_id(), report});
          },
          this};
}

std::vector<StreamRecorder::Work> StreamRecorder::work() const {
  const std::lock_guard lock(mutex_);
  return work_;
}

}  // namespace sluice::cli

// A bar on the terminal while a module is compiled, for those who wait: it appears after half a
// second, only if standard error is a terminal, and leaves nothing behind.
#pragma once

#include <chrono>

#include "jit/pipeline/stream_compiler.h"

namespace sluice::cli {

class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Takes the bar away; it may come again.
  void clear();
  /// For the stream, which calls it; must not outlive the bar.
  ProgressCallback callback();

 private:
  void show(const StreamProgress& progress);

  bool is_terminal_;
  bool is_shown_ = false;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace sluice::cli

#include "runtime/cli/progress.h"

#include <cinttypes>
#include <cstdio>
#include <string>
#include <unistd.h>

namespace sluice::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPatience{500};
constexpr milliseconds kBetween{50};
constexpr uint32_t kColumns = 30;

}  // namespace

ProgressBar::ProgressBar()
    : is_terminal_(isatty(STDERR_FILENO) == 1), next_(steady_clock::now() + kPatience) {}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::clear() {
  if (is_shown_) std::fputs("\r\033[K", stderr);
  is_shown_ = false;
}

ProgressCallback ProgressBar::callback() {
  if (!is_terminal_) return {};
  return {[](void* env, const StreamProgress& progress) {
            static_cast<ProgressBar*>(env)->show(progress);
          },
          this};
}

void ProgressBar::show(const StreamProgress& progress) {
  if (steady_clock::now() < next_) return;
  next_ = steady_clock::now() + kBetween;
  is_shown_ = true;
  const uint32_t all = progress.bodies;
  const uint32_t done = progress.bodies_compiled;
  const auto filled = all == 0 ? 0 : static_cast<uint32_t>(uint64_t{done} * kColumns / all);
  std::string bar(filled, '#');
  bar.resize(kColumns, '.');
  std::fprintf(stderr, "\r[%s] %u of %u functions, %.1f MB\033[K", bar.c_str(), done, all,
               static_cast<double>(progress.wire_bytes) / 1e6);
}

}  // namespace sluice::cli

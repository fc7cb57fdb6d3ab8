#include "runtime/cli/stop.h"

#include <atomic>
#include <csignal>
#include <optional>
#include <unistd.h>

#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

constexpr int kStatusCtrlC = 128 + SIGINT;
constexpr int kStatusTimeout = 124;

// For the signal handler.
std::optional<InterruptHandle> g_handle;
std::atomic<int> g_ctrl_c{0};
struct sigaction g_previous;

void on_ctrl_c(int) {
  if (g_ctrl_c.fetch_add(1) != 0) _exit(kStatusCtrlC);
  g_handle->interrupt();
}

}  // namespace

StopGuard::StopGuard(Store& store, const Options& options) {
  g_handle.emplace(store.interrupt_handle());
  if (options.timeout) store.set_deadline(Watchdog::Clock::now() + *options.timeout);
  sigaction(SIGINT, nullptr, &g_previous);
  // Who starts us in the background may want Ctrl-C to leave us alone.
  if (g_previous.sa_handler == SIG_IGN) return;
  struct sigaction action{};
  action.sa_handler = on_ctrl_c;
  sigaction(SIGINT, &action, nullptr);
}

StopGuard::~StopGuard() {
  sigaction(SIGINT, &g_previous, nullptr);
  g_handle.reset();
}

int report_stop(std::string_view module) {
  if (g_ctrl_c.load() != 0) {
    report_error(module, "stopped by Ctrl-C");
    return kStatusCtrlC;
  }
  report_error(module, "stopped after the time of --timeout");
  return kStatusTimeout;
}

}  // namespace sluice::cli

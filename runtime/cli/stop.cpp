// No other thread is needed: signals of the process come to the main thread, which runs the guest.
#include "runtime/cli/stop.h"

#include <atomic>
#include <csignal>
#include <unistd.h>

#include "runtime/cli/report.h"
#include "runtime/trap/interrupt.h"

namespace sluice::cli {

namespace {

constexpr int kStatusCtrlC = 128 + SIGINT;
constexpr int kStatusTimeout = 124;

// For the signal handlers.
StoreContext* g_context = nullptr;
std::atomic<int> g_ctrl_c{0};
struct sigaction g_previous_ctrl_c;
struct sigaction g_previous_alarm;

// Just before the guest's code a request is not seen (runtime/trap/interrupt.h): so it is made
// again until this process or the StopGuard ends.
void request(int) {
  request_interrupt(*g_context);
  alarm(1);
}

/// SIGALRM is taken over only here: until then it does what it did, for whoever set an alarm before
/// this process was executed.
void on_ctrl_c(int) {
  if (g_ctrl_c.fetch_add(1) != 0) _exit(kStatusCtrlC);
  struct sigaction action{};
  sigaddset(&action.sa_mask, kInterruptSignal);
  action.sa_handler = request;
  sigaction(SIGALRM, &action, &g_previous_alarm);
  request(0);
}

}  // namespace

StopGuard::StopGuard(Store& store, const Options& options) {
  g_context = &store.context();
  if (options.timeout) store.set_deadline(Watchdog::Clock::now() + *options.timeout);
  sigaction(SIGINT, nullptr, &g_previous_ctrl_c);
  // Who starts us in the background may want Ctrl-C to leave us alone.
  if (g_previous_ctrl_c.sa_handler == SIG_IGN) return;
  struct sigaction action{};
  // The request's own signal shall find the guest, not these handlers.
  sigaddset(&action.sa_mask, kInterruptSignal);
  action.sa_handler = on_ctrl_c;
  sigaction(SIGINT, &action, nullptr);
}

StopGuard::~StopGuard() {
  sigaction(SIGINT, &g_previous_ctrl_c, nullptr);
  if (g_ctrl_c.load() == 0) return;
  // A last request neither sets the alarm again nor comes when the old action is back.
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGALRM, &ignore, nullptr);
  alarm(0);
  sigaction(SIGALRM, &g_previous_alarm, nullptr);
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

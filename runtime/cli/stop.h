// What stops a running guest from the command line: Ctrl-C and --timeout.
//
// Both interrupt the guest, so that its call ends with a trap and everything is put away in order.
// A second Ctrl-C ends the process at once.
#pragma once

#include <memory>
#include <string_view>

#include "runtime/cli/options.h"
#include "runtime/store/store.h"

namespace sluice::cli {

/// From now until its end the guests of a store can be stopped. One at a time.
class StopGuard {
 public:
  StopGuard(Store& store, const Options& options);
  ~StopGuard();
  StopGuard(const StopGuard&) = delete;
  StopGuard& operator=(const StopGuard&) = delete;
};

/// Says why a guest was interrupted, and gives the exit status for it: 130 after Ctrl-C, as a
/// process that it ended has; 124 after the timeout, as timeout(1) has it.
int report_stop(std::string_view module);

}  // namespace sluice::cli

// What a command makes, on its way to a file or to standard output.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace sluice::cli {

/// Opened at once; "-" is standard output. One close().
class Output {
 public:
  explicit Output(const std::string& name);
  /// False: nothing more can be written.
  bool write(std::string_view bytes);
  /// The exit status; what is wrong has been said.
  int close();

 private:
  std::string name_;
  std::FILE* file_;
  int reason_ = 0;  // errno of what failed first
};

/// Writes out what is buffered for standard output. The exit status: results that nobody got are no
/// success.
int flush_output(int status);

/// Ends the process with that status, standard output written out. The system takes back at once
/// what destructors would take apart piece by piece, and does not wait for compile threads. What
/// atexit would call does not run: the counters of a build with --coverage or -fprofile-generate
/// are not written. Under a sanitizer it returns the status, since leaks and races are looked for
/// until the end.
int leave(int status);

}  // namespace sluice::cli

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

}  // namespace sluice::cli

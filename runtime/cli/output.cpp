// Standard output is written out once, at the end of the process.
#include "runtime/cli/output.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "runtime/cli/report.h"

namespace sluice::cli {

Output::Output(const std::string& name)
    : name_(name), file_(name == "-" ? stdout : std::fopen(name.c_str(), "wb")) {
  if (file_ == nullptr) reason_ = errno;
}

bool Output::write(std::string_view bytes) {
  if (reason_ != 0) return false;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) reason_ = errno;
  return reason_ == 0;
}

int Output::close() {
  if (file_ == stdout) return 0;
  if (file_ != nullptr && std::fclose(file_) != 0 && reason_ == 0) reason_ = errno;
  if (reason_ == 0) return 0;
  return report_error({}, "cannot write '" + name_ + "': " + std::strerror(reason_));
}

int flush_output(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  const int said =
      report_error({}, std::string("cannot write to standard output: ") + std::strerror(errno));
  return status == 0 ? said : status;
}

int leave(int status) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return status;
#else
  _exit(flush_output(status));
#endif
}

}  // namespace sluice::cli

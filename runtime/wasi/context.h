// Context: one guest program's view of the outside: arguments, environment, descriptors, and how it
// ended. What the embedder leaves unset does not exist for the guest: no directory, no variable.
//
// Belongs to one store at a time and to the thread that runs it. Must outlive the calls of every
// instance linked to it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "runtime/wasi/fd_table.h"
#include "runtime/wasi/path.h"
#include "runtime/wasi/stream.h"

namespace sluice::wasi {

class Context : public Allocated {
 public:
  /// Standard streams are at their end (input) or swallow everything (output) until set.
  explicit Context(ResolverKind resolver = ResolverKind::Auto);

  /// Appends an argument; the first is the program's name. No NUL inside.
  Result<void> add_argument(std::string_view text);
  /// Appends to the environment; no NUL inside, and no '=' in the key.
  Result<void> add_variable(std::string_view key, std::string_view value);
  /// Gives the guest the host's directory `host_path` under the name `guest_path`.
  Result<void> preopen(std::string_view host_path, std::string_view guest_path, bool read_only);

  /// The process's own standard streams, duplicated: closing them in the guest leaves the host's.
  void inherit_stdin();
  void inherit_stdout();
  void inherit_stderr();
  void set_stdin(std::unique_ptr<InputStream> source);
  void set_stdout(std::unique_ptr<OutputStream> sink);
  void set_stderr(std::unique_ptr<OutputStream> sink);

  /// What proc_exit was called with, if it was: the call then ended with TrapCode::Exit.
  std::optional<uint32_t> exit_status() const { return exit_status_; }
  void set_exit_status(uint32_t status) { exit_status_ = status; }

  const Vector<String>& arguments() const { return arguments_; }
  const Vector<String>& variables() const { return variables_; }  // "key=value"
  FdTable& fds() { return fds_; }
  PathResolver& resolver() { return resolver_; }

 private:
  void inherit(uint32_t fd, Rights rights);
  void set_sink(uint32_t fd, std::unique_ptr<OutputStream> sink);

  Vector<String> arguments_;
  Vector<String> variables_;
  FdTable fds_;
  PathResolver resolver_;
  std::optional<uint32_t> exit_status_;
};

}  // namespace sluice::wasi

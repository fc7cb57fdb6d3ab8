// Context: one guest program's view of the outside: arguments, environment, descriptors, and how it
// ended. What the embedder leaves unset does not exist for the guest: no directory, no variable.
//
// Belongs to one store at a time and to the thread that runs it. The linker that it is defined in
// and the stores that use its functions keep it alive.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "runtime/wasi/fd_table.h"
#include "runtime/wasi/path.h"
#include "runtime/wasi/sources.h"
#include "runtime/wasi/stream.h"

namespace sluice {
class Store;
}

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

  /// Gives the guest a socket that waits for connections at the host's address, "HOST:PORT" or
  /// "[IPV6]:PORT"; port 0 is any free one. It gets the lowest free number from 3 on: sockets come
  /// behind directories if these are given first, which guests' libraries expect.
  Result<void> listen(std::string_view address);

  /// The process's own standard streams, duplicated: closing them in the guest leaves the host's.
  void inherit_stdin();
  void inherit_stdout();
  void inherit_stderr();
  void set_stdin(std::unique_ptr<InputStream> source);
  void set_stdout(std::unique_ptr<OutputStream> sink);
  void set_stderr(std::unique_ptr<OutputStream> sink);
  /// Time and randomness of the embedder's; null: the host's.
  void set_clock(std::unique_ptr<ClockSource> clock) { clock_ = std::move(clock); }
  void set_random(std::unique_ptr<RandomSource> random) { random_ = std::move(random); }
  /// Every call that the guest makes is told, as one line, when it has been done.
  void set_trace(std::unique_ptr<TraceSink> trace) { trace_ = std::move(trace); }

  /// What proc_exit was called with, if it was: the call then ended with TrapCode::Exit.
  std::optional<uint32_t> exit_status() const { return exit_status_; }
  /// The guest ends as soon as the function that it is calling has returned.
  void exit(uint32_t status) {
    exit_status_ = status;
    is_exiting_ = true;
  }
  /// Whose guest is calling, from now on.
  void set_store(Store& store) { store_ = &store; }
  /// Shall the guest that is calling be stopped? Then a call that waits returns at once.
  bool is_interrupted() const;
  /// To be polled beside what a call waits for, where no signal would end it; else -1.
  int interrupt_fd() const;
  /// Has the function that was just called ended the guest? Asked once.
  bool take_exit() { return std::exchange(is_exiting_, false); }

  const Vector<String>& arguments() const { return arguments_; }
  const Vector<String>& variables() const { return variables_; }  // "key=value"
  FdTable& fds() { return fds_; }
  PathResolver& resolver() { return resolver_; }
  ClockSource* clock() const { return clock_.get(); }
  RandomSource* random() const { return random_.get(); }
  TraceSink* trace() const { return trace_.get(); }

 private:
  void inherit(uint32_t fd, Rights rights);
  void set_sink(uint32_t fd, std::unique_ptr<OutputStream> sink);

  Vector<String> arguments_;
  Vector<String> variables_;
  FdTable fds_;
  PathResolver resolver_;
  Store* store_ = nullptr;  // of the guest that called last
  std::unique_ptr<ClockSource> clock_;
  std::unique_ptr<RandomSource> random_;
  std::unique_ptr<TraceSink> trace_;
  std::optional<uint32_t> exit_status_;
  bool is_exiting_ = false;
};

}  // namespace sluice::wasi

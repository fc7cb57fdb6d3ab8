// Setting a guest's surroundings up.
#include "runtime/wasi/context.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/store/engine.h"
#include "runtime/store/store.h"

namespace sluice::wasi {

namespace {

/// Takes everything.
class NullSink final : public OutputStream {
 public:
  Expected<size_t> write(std::span<const uint8_t> bytes) override { return bytes.size(); }
};

std::unexpected<Error> io_error(std::string_view what, std::string_view name, int host_errno) {
  String detail(what);
  detail += " '";
  detail += name;
  detail += "'";
  if (host_errno != 0) {
    detail += ": ";
    detail += std::strerror(host_errno);
  }
  return sluice::fail(ErrorKind::Io, kNoOffset, std::move(detail));
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace

Context::Context(ResolverKind resolver) : resolver_(resolver) {
  set_stdin(std::unique_ptr<InputStream>(new BufferSource("")));
  set_stdout(std::unique_ptr<OutputStream>(new NullSink));
  set_stderr(std::unique_ptr<OutputStream>(new NullSink));
}

Result<void> Context::add_argument(std::string_view text) {
  if (has_nul(text)) return io_error("NUL in argument", text, 0);
  arguments_.emplace_back(text);
  return {};
}

Result<void> Context::add_variable(std::string_view key, std::string_view value) {
  if (key.empty() || has_nul(key) || has_nul(value) || key.find('=') != std::string_view::npos) {
    return io_error("bad name or value of environment variable", key, 0);
  }
  String& text = variables_.emplace_back(key);
  text += '=';
  text += value;
  return {};
}

Result<void> Context::preopen(std::string_view host_path, std::string_view guest_path,
                              bool read_only) {
  if (has_nul(host_path) || has_nul(guest_path) || guest_path.empty()) {
    return io_error("bad name of directory", guest_path, 0);
  }
  String path(host_path);
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return io_error("cannot open directory", host_path, errno);
  auto directory = describe(std::move(fd));
  if (!directory) return io_error("cannot open directory", host_path, errno);
  Descriptor& d = **directory;
  d.is_preopen = true;
  d.read_only = read_only;
  d.preopen_name = guest_path;
  d.inheriting = kDirectoryRights | kFileRights;
  if (!fds_.insert(std::move(*directory), 3)) {
    return io_error("too many directories; no room for", host_path, 0);
  }
  return {};
}

Result<void> Context::listen(std::string_view address) {
  size_t colon = address.rfind(':');
  String host(address.substr(0, colon));
  String port(colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1));
  uint16_t number = 0;
  auto [end, wrong] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (wrong != std::errc() || end != port.data() + port.size() || has_nul(host)) {
    return io_error("no HOST:PORT", address, 0);
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  int error = getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &wanted, &found);
  if (error != 0) {
    String detail("cannot listen at '");
    detail.append(address).append("': ").append(gai_strerror(error));
    return sluice::fail(ErrorKind::Io, kNoOffset, std::move(detail));
  }
  UniqueFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  bool done = fd.valid() && setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              bind(fd.get(), found->ai_addr, found->ai_addrlen) == 0 &&
              ::listen(fd.get(), SOMAXCONN) == 0;
  int host_errno = errno;
  freeaddrinfo(found);
  if (!done) return io_error("cannot listen at", address, host_errno);
  auto socket = describe(std::move(fd));
  if (!socket) return io_error("cannot listen at", address, errno);
  if (!fds_.insert(std::move(*socket), 3)) return io_error("no room for socket", address, 0);
  return {};
}

bool Context::is_interrupted() const {
  return store_ != nullptr && is_interrupt_requested(store_->context());
}

int Context::interrupt_fd() const {
  if (store_ == nullptr || store_->engine().trap_signals() == TrapSignals::Taken) return -1;
  return store_->interrupt_fd();
}

void Context::inherit(uint32_t fd, Rights rights) {
  UniqueFd copy(fcntl(static_cast<int>(fd), F_DUPFD_CLOEXEC, 3));
  // The host runs without this stream: then the guest does too.
  std::unique_ptr<Descriptor> slot;
  if (copy.valid()) {
    if (auto d = describe(std::move(copy))) {
      slot = std::move(*d);
      slot->rights &= rights | (kFileRights & ~kRightFdRead & ~kRightFdWrite);
    }
  }
  fds_.set(fd, std::move(slot));
}

void Context::inherit_stdin() { inherit(0, kRightFdRead); }
void Context::inherit_stdout() { inherit(1, kRightFdWrite); }
void Context::inherit_stderr() { inherit(2, kRightFdWrite); }

void Context::set_stdin(std::unique_ptr<InputStream> source) {
  std::unique_ptr<Descriptor> d(new Descriptor);
  d->source = std::move(source);
  d->rights = kStreamRights & ~kRightFdWrite;
  fds_.set(0, std::move(d));
}

void Context::set_sink(uint32_t fd, std::unique_ptr<OutputStream> sink) {
  std::unique_ptr<Descriptor> d(new Descriptor);
  d->sink = std::move(sink);
  d->rights = kStreamRights & ~kRightFdRead;
  fds_.set(fd, std::move(d));
}

void Context::set_stdout(std::unique_ptr<OutputStream> sink) { set_sink(1, std::move(sink)); }
void Context::set_stderr(std::unique_ptr<OutputStream> sink) { set_sink(2, std::move(sink)); }

}  // namespace sluice::wasi

// Plain read(): it returns what a pipe has, which is what streaming needs.
#include "runtime/cli/input.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/text/text.h"
#include "engine/wasm/limits.h"
#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

constexpr size_t kPieceBytes = size_t{64} << 10;

std::string say(const std::string& name) {
  return "cannot read " + (name == "-" ? "standard input" : "'" + name + "'") + ": " +
         std::strerror(errno);
}

}  // namespace

std::expected<void, std::string> read_pieces(const std::string& name, const TakePiece& take) {
  int fd = name == "-" ? STDIN_FILENO : open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::unexpected(say(name));
  auto buffer = std::make_unique<uint8_t[]>(kPieceBytes);
  std::expected<void, std::string> result;
  for (;;) {
    ssize_t n = read(fd, buffer.get(), kPieceBytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) result = std::unexpected(say(name));
    if (n <= 0 || !take({buffer.get(), static_cast<size_t>(n)})) break;
  }
  if (fd != STDIN_FILENO) close(fd);
  return result;
}

// The first byte says which form it is.
std::expected<void, std::string> read_module(const std::string& name, const TakePiece& take) {
  std::string text;
  bool is_first = true;
  bool is_in_text = false;
  auto got = read_pieces(name, [&](std::span<const uint8_t> piece) {
    if (is_first) is_in_text = is_text(piece);
    is_first = false;
    if (!is_in_text) return take(piece);
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  });
  if (!got || !is_in_text) return got;
  auto bytes = wat_to_wasm(text);
  if (!bytes) {
    return std::unexpected(printable(name == "-" ? "standard input" : name) + ":" +
                           std::string(explain(text, bytes.error())));
  }
  take(*bytes);
  return {};
}

std::expected<std::vector<uint8_t>, std::string> read_all(const std::string& name) {
  std::vector<uint8_t> bytes;
  // Room in one piece: a vector that grows needs twice the file on the way.
  struct stat st;
  if (stat(name.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
      static_cast<uint64_t>(st.st_size) <= kMaxModuleBytes) {
    bytes.reserve(static_cast<size_t>(st.st_size));
  }
  auto got = read_module(name, [&](std::span<const uint8_t> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return true;
  });
  if (!got) return std::unexpected(got.error());
  return bytes;
}

bool stdin_is_piped() {
  struct stat st;
  if (fstat(STDIN_FILENO, &st) != 0) return false;
  return S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode);
}

}  // namespace sluice::cli

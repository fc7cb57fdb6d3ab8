// Plain read(): it returns what a pipe has, which is what streaming needs.
#include "runtime/cli/input.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/text/text.h"
#include "engine/wasm/limits.h"
#include "runtime/cli/foreign.h"
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
  const auto buffer = std::make_unique_for_overwrite<uint8_t[]>(kPieceBytes);
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
std::expected<void, std::string> ModuleInput::read(const TakePiece& take) {
  bool is_in_text = false;
  auto got = read_pieces(name_, [&](std::span<const uint8_t> piece) {
    if (head_.empty()) is_in_text = is_text(piece);
    const size_t wanted = std::min(kForeignHeadBytes - head_.size(), piece.size());
    head_.insert(head_.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(wanted));
    if (!is_in_text) return take(piece);
    text_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  });
  if (!got || !is_in_text) return got;
  auto bytes = wat_to_wasm(text_);
  if (!bytes) return std::unexpected(explain_text(bytes.error()));
  take(*bytes);
  return {};
}

std::expected<std::vector<uint8_t>, std::string> ModuleInput::read_all() {
  std::vector<uint8_t> bytes;
  // Room in one piece: a vector that grows needs twice the file on the way.
  struct stat st;
  if (stat(name_.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
      static_cast<uint64_t>(st.st_size) <= kMaxModuleBytes) {
    bytes.reserve(static_cast<size_t>(st.st_size));
  }
  auto got = read([&](std::span<const uint8_t> piece) {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return true;
  });
  if (!got) return std::unexpected(got.error());
  return bytes;
}

std::string ModuleInput::shown_name() const {
  return printable(name_ == "-" ? "standard input" : name_);
}

std::string ModuleInput::explain_text(const Error& error) const {
  return shown_name() + ":" + std::string(sluice::explain(text_, error));
}

std::string ModuleInput::explain(const Error& error) const {
  if (!text_.empty() && error.offset != kNoOffset) {
    // Where each instruction stands in the text is only asked now: so the text is read again.
    TextMap map;
    static_cast<void>(wat_to_wasm(text_, &map));
    if (auto place = map.find(error.offset)) {
      return explain_text(Error{error.kind, *place, error.detail});
    }
  }
  std::string text(error.message());
  const bool is_foreign = error.kind == ErrorKind::BadMagic ||
                          error.kind == ErrorKind::BadVersion || error.kind == ErrorKind::Component;
  if (head_.empty()) {
    text = "nothing in it: a module has at least 8 bytes";
  } else if (is_foreign && text_.empty()) {
    const std::string kind = name_foreign(head_);
    constexpr const char* kUnknown =
        "neither a module, which begins with \\0asm, nor its text, which begins with a parenthesis";
    if (!kind.empty()) text = kind;
    if (kind.empty() && error.kind == ErrorKind::BadMagic) text += std::string("; ") + kUnknown;
  }
  return shown_name() + ": " + text;
}

bool stdin_is_piped() {
  struct stat st;
  if (fstat(STDIN_FILENO, &st) != 0) return false;
  return S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode);
}

}  // namespace sluice::cli

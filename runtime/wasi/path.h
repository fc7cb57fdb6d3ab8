// Sandboxed path lookup: from a directory of the host and a guest's path to one name in a
// directory that is certainly beneath it.
//
// The only way a guest's path becomes a host's object. Everything but the last component is
// resolved here, with openat2(RESOLVE_BENEATH) or, where the kernel lacks it, by opening one
// component after another without following links. The caller then acts on (directory, one name)
// with an *at() call that does not follow a link either. So nothing that a guest, or anybody who
// renames things meanwhile, does to paths and links can lead outside: each step goes from a
// directory that is beneath the root to something in it, and ".." goes back to where the walk came
// from.
#pragma once

#include <string_view>

#include "engine/base/heap.h"
#include "runtime/wasi/abi.h"

namespace sluice::wasi {

/// Owns a file descriptor of the host.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(-1); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd);

 private:
  int fd_ = -1;
};

/// Where a path leads: `name` in the directory `dir()`. The name is one component, never "..", and
/// "." only where the path ends in "." or "..".
struct Place {
  static constexpr size_t kMaxName = 255;

  int dir() const { return owned.valid() ? owned.get() : borrowed; }

  UniqueFd owned;
  int borrowed = -1;  // the root itself, where the path has one component
  char name[kMaxName + 1] = {};
  bool wants_directory = false;  // the path ends in a slash
};

enum class ResolverKind : uint8_t {
  Auto,           // openat2, and the walk once the kernel has refused it
  ComponentWalk,  // always the walk
};

/// Not thread-safe.
class PathResolver {
 public:
  explicit PathResolver(ResolverKind kind = ResolverKind::Auto)
      : use_openat2_(kind == ResolverKind::Auto) {}

  /// Looks `path` up from the directory `root`. With `follow_last`, a link in the last place is
  /// followed too; the name in the result may still turn into one, so callers never follow it.
  /// Perm for absolute paths and for whatever leads out; Loop after 40 links.
  Expected<Place> locate(int root, std::string_view path, bool follow_last);

 private:
  Expected<UniqueFd> open_directory(int root, std::string_view path);

  bool use_openat2_;
};

}  // namespace sluice::wasi

// The two resolvers and the loop over links in the last place.
#include "runtime/wasi/path.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sluice::wasi {

namespace {

constexpr int kMaxLinks = 40;  // as the kernel has it
constexpr int kMaxOpenat2Tries = 16;
constexpr size_t kMaxHeldDirs = 64;
constexpr int kOpenDirFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;

std::unexpected<Errno> host_error() { return fail(from_host_errno(errno)); }

/// The text of a link that is `name` in `dir`, or the link `dir` itself if `name` is "".
/// NotSup if it is no link.
Expected<String> read_link(int dir, const char* name) {
  char target[PATH_MAX];
  ssize_t length = readlinkat(dir, name, target, sizeof target);
  if (length < 0) return errno == EINVAL ? fail(Errno::NotSup) : host_error();
  if (length == PATH_MAX) return fail(Errno::NameTooLong);
  if (length == 0) return fail(Errno::NoEnt);
  if (target[0] == '/') return fail(Errno::Perm);
  return String(target, static_cast<size_t>(length));
}

/// Walks one component after another. Keeps the directories it went through, so that ".." needs no
/// question to the file system; of a deep path only the innermost ones stay open.
class ComponentWalk {
 public:
  explicit ComponentWalk(int root) : root_(root) {}

  Expected<UniqueFd> run(std::string_view path) {
    rest_ = path;
    while (!rest_.empty()) {
      size_t slash = rest_.find('/');
      size_t end = slash == String::npos ? rest_.size() : slash;
      String name = rest_.substr(0, end);
      rest_.erase(0, slash == String::npos ? end : slash + 1);
      if (name.empty() || name == ".") continue;
      TRY_VOID(name == ".." ? leave() : enter(name));
    }
    if (levels_.empty()) return open_from(root_, ".");
    return std::move(levels_.back().fd);
  }

 private:
  struct Level {
    String name;
    UniqueFd fd;  // invalid if it had to be closed
  };

  int current() const { return levels_.empty() ? root_ : levels_.back().fd.get(); }

  static Expected<UniqueFd> open_from(int dir, const char* name) {
    UniqueFd fd(openat(dir, name, kOpenDirFlags | O_NOFOLLOW));
    if (!fd.valid()) return host_error();
    return fd;
  }

  Status enter(const String& name) {
    UniqueFd fd(openat(current(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid()) return host_error();
    struct stat st;
    if (fstat(fd.get(), &st) != 0) return host_error();
    if (S_ISLNK(st.st_mode)) {
      if (++links_ > kMaxLinks) return fail(Errno::Loop);
      String target = TRY(read_link(fd.get(), ""));
      if (target.size() + rest_.size() + 1 > PATH_MAX) return fail(Errno::NameTooLong);
      rest_ = target + "/" + rest_;
      return {};
    }
    if (!S_ISDIR(st.st_mode)) return fail(Errno::NotDir);
    // Search permission, which a path that continues needs, is checked by the next openat.
    levels_.push_back({name, std::move(fd)});
    if (levels_.size() > kMaxHeldDirs) levels_[levels_.size() - kMaxHeldDirs - 1].fd.reset(-1);
    return {};
  }

  Status leave() {
    if (levels_.empty()) return fail(Errno::Perm);
    // A directory must be searchable for its ".." to be one: as the kernel has it.
    if (faccessat(current(), ".", X_OK, 0) != 0) return host_error();
    levels_.pop_back();
    if (levels_.empty() || levels_.back().fd.valid()) return {};
    // Closed on the way down: go there again through the same names, which were no links.
    UniqueFd fd;
    int dir = root_;
    for (const Level& level : levels_) {
      fd = TRY(open_from(dir, level.name.c_str()));
      dir = fd.get();
    }
    levels_.back().fd = std::move(fd);
    return {};
  }

  int root_;
  int links_ = 0;
  String rest_;
  Vector<Level> levels_;
};

}  // namespace

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

Expected<UniqueFd> PathResolver::open_directory(int root, std::string_view path) {
  if (use_openat2_) {
    String text(path);
    open_how how{};
    how.flags = static_cast<uint64_t>(kOpenDirFlags);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    for (int i = 0; i < kMaxOpenat2Tries; ++i) {
      long fd = syscall(SYS_openat2, root, text.c_str(), &how, sizeof how);
      if (fd >= 0) return UniqueFd(static_cast<int>(fd));
      if (errno == EXDEV) return fail(Errno::Perm);
      // EPERM is what a system call filter that does not know openat2 says.
      if (errno == ENOSYS || errno == EPERM) {
        use_openat2_ = false;
        break;
      }
      // EAGAIN: something was renamed meanwhile and the kernel cannot tell where ".." led.
      if (errno != EAGAIN && errno != EINTR) return host_error();
    }
  }
  return ComponentWalk(root).run(path);
}

Expected<Place> PathResolver::locate(int root, std::string_view path, bool follow_last) {
  if (path.empty()) return fail(Errno::NoEnt);
  if (path.size() >= PATH_MAX) return fail(Errno::NameTooLong);
  String current(path);  // first of all: another thread of the guest may change the original
  if (current.find('\0') != String::npos) return fail(Errno::Inval);
  if (current[0] == '/') return fail(Errno::Perm);
  Place place;
  for (int links = 0; links <= kMaxLinks; ++links) {
    size_t last = current.find_last_not_of('/');
    if (last == String::npos) return fail(Errno::Perm);
    if (last + 1 != current.size()) place.wants_directory = true;
    current.resize(last + 1);
    size_t slash = current.rfind('/');
    size_t name_at = slash == String::npos ? 0 : slash + 1;
    std::string_view name = std::string_view(current).substr(name_at);
    std::string_view parent = std::string_view(current).substr(0, name_at);
    if (name == "." || name == "..") {
      place.owned = TRY(open_directory(root, current));
      std::strcpy(place.name, ".");
      return place;
    }
    if (name.size() > Place::kMaxName) return fail(Errno::NameTooLong);
    if (parent.empty()) {
      place.owned.reset(-1);
      place.borrowed = root;
    } else {
      place.owned = TRY(open_directory(root, parent));
    }
    place.name[name.copy(place.name, Place::kMaxName)] = '\0';
    if (!follow_last) return place;
    Expected<String> target = read_link(place.dir(), place.name);
    if (!target && (target.error() == Errno::NotSup || target.error() == Errno::NoEnt)) {
      return place;
    }
    if (!target) return fail(target.error());
    if (parent.size() + target->size() >= PATH_MAX) return fail(Errno::NameTooLong);
    current.resize(parent.size());
    current += *target;
  }
  return fail(Errno::Loop);
}

}  // namespace sluice::wasi

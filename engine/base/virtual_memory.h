// Address space: reserving it, making parts of it accessible, and files in memory that are mapped
// twice. The only place that calls mmap and its kin.
//
// Everything here is RAII and works in whole host pages: sizes and offsets passed in are rounded up
// and down to them. A reservation is inaccessible and costs no memory until committed; no mapping
// is ever writable and executable at the same time. What the address space is for is left to the
// users: wire bytes, code memory, linear memories.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/result.h"

namespace sluice {

/// The host's page size; a power of two.
size_t host_page_bytes();
inline size_t round_up_to_page(size_t bytes) {
  return (bytes + host_page_bytes() - 1) & ~(host_page_bytes() - 1);
}

/// Writes to a private mapping whatever its protection is, as a debugger does; false if the system
/// refuses.
bool write_as_debugger(void* to, std::span<const uint8_t> bytes);

/// A range of address space, unmapped when destroyed. Not thread-safe, but calls on disjoint parts
/// may run at the same time.
class Reservation {
 public:
  static constexpr size_t kHugePageBytes = size_t{2} << 20;

  Reservation() = default;
  Reservation(Reservation&& other) noexcept { swap(other); }
  Reservation& operator=(Reservation&& other) noexcept {
    swap(other);
    return *this;
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation() { release(); }

  /// Reserves inaccessible address space; OutOfMemory if the system refuses.
  static Result<Reservation> reserve(size_t bytes);
  /// Reserves `wanted` bytes, or if the system refuses the largest of wanted/2, wanted/4 … that it
  /// grants, divided by four once more: a refusal means that address space is scarce, and whoever
  /// asks next needs some too. Never less than `least`; OutOfMemory if even that is refused.
  static Result<Reservation> reserve_shrinking(size_t wanted, size_t least);

  /// Maps the beginning of a file readable and executable: for readers of /proc/*/maps to see.
  static Result<Reservation> map_file_executable(int fd, size_t bytes);

  uint8_t* base() const { return base_; }
  size_t size_bytes() const { return size_bytes_; }
  explicit operator bool() const { return base_ != nullptr; }
  bool contains(const void* p) const {
    return reinterpret_cast<uintptr_t>(p) - reinterpret_cast<uintptr_t>(base_) < size_bytes_;
  }

  /// Makes a part readable and writable; bytes never committed before are zero.
  Result<void> commit(size_t offset, size_t bytes);
  /// Asks for pages of kHugePageBytes where a part that is about to be written covers them whole:
  /// hundreds of faults become one. A system that has none is free to ignore it.
  void prefer_huge_pages(size_t offset, size_t bytes);
  /// Has half of a part memory, page by page? Touched pages have.
  bool is_mostly_resident(size_t offset, size_t bytes) const;
  /// Has memory for the page of that size at `offset` at once, though the part may be inaccessible
  /// still; its first byte becomes zero. The system may have none, or refuse.
  void back_huge_page(size_t offset);
  /// Makes a committed part executable, and no more writable. Some systems refuse it always.
  Result<void> make_executable(size_t offset, size_t bytes);
  /// Makes a part inaccessible again and gives its memory back; committing it again yields zeros.
  /// This also removes what was mapped there (map_executable).
  Result<void> decommit(size_t offset, size_t bytes);
  /// Makes a part inaccessible but keeps its contents.
  Result<void> protect_none(size_t offset, size_t bytes);
  /// Zeroes a committed private part by giving its pages back.
  Result<void> discard(size_t offset, size_t bytes);
  enum class FileAccess : uint8_t { ReadOnly, CopyOnWrite };
  /// Maps whole pages of a file over a committed part: the file's own pages, or copies as soon as
  /// they are written. A page that the file no longer has is a SIGBUS. What was there is gone. An
  /// error changes nothing, but where memory ran out in the middle of it the part is zero.
  Result<void> map_file(size_t offset, int fd, uint64_t file_offset, size_t bytes,
                        FileAccess access);
  /// Makes whole pages of a committed part zeros of its own, whatever was mapped there. On failure
  /// nothing has changed.
  Result<void> map_zeros(size_t offset, size_t bytes);
  /// Changes the size of a reservation that is wholly committed; new bytes are zero. The base may
  /// move. On failure nothing has changed.
  Result<void> resize_committed(size_t bytes);

  void release();

 private:
  Reservation(uint8_t* base, size_t size_bytes) : base_(base), size_bytes_(size_bytes) {}
  void swap(Reservation& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(size_bytes_, other.size_bytes_);
  }
  Result<void> protect(size_t offset, size_t bytes, int protection);

  uint8_t* base_ = nullptr;
  size_t size_bytes_ = 0;
};

/// Memory that can be mapped more than once: writable here, executable there. The file goes away
/// with its last mapping; this object only holds the descriptor that further mappings need.
class MemoryFile {
 public:
  MemoryFile() = default;
  MemoryFile(MemoryFile&& other) noexcept { swap(other); }
  MemoryFile& operator=(MemoryFile&& other) noexcept {
    swap(other);
    return *this;
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  enum class Use : uint8_t { Code, Data };  // only code may be mapped executable

  /// A zeroed file. `name` appears in /proc/*/maps only.
  static Result<MemoryFile> create(const char* name, size_t bytes, Use use = Use::Code);

  size_t size_bytes() const { return size_bytes_; }

  /// Maps all of it readable and writable, shared, somewhere.
  Result<Reservation> map_writable() const;
  /// Maps all of it readable and executable, shared, over [offset, offset + size) of `where`, at
  /// once for other threads: none ever sees the range unmapped. decommit() undoes it.
  /// With `for_debugger` a debugger may write breakpoints there, which are not shared: a page that
  /// has one shows no later changes of the file.
  Result<void> map_executable(Reservation& where, size_t offset, bool for_debugger = false) const;
  /// Maps all of it readable and writable over [offset, offset + size) of `where`; what is written
  /// there stays private. Reservation::discard() brings the file's bytes back.
  Result<void> map_private(Reservation& where, size_t offset) const;

 private:
  void swap(MemoryFile& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(size_bytes_, other.size_bytes_);
  }

  int fd_ = -1;
  size_t size_bytes_ = 0;
};

}  // namespace sluice

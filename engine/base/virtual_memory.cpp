#include "engine/base/virtual_memory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <span>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/base/check.h"

namespace sluice {

namespace {

// Linux 6.3; older kernels refuse these flags, and their files are executable without them.
constexpr unsigned kMemfdNoExecSeal = 0x8u;
constexpr unsigned kMemfdExec = 0x10u;

/// To be called with the refusing system call's errno.
std::unexpected<Error> refused(const char* what, size_t bytes) {
  const int reason = errno;
  String detail(what);
  detail += " of ";
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, bytes).ptr;
  detail.append(digits, end);
  detail += " bytes was refused";
  // That there is no memory is what the kind of error says.
  if (reason != 0 && reason != ENOMEM) {
    detail += ": ";
    detail += strerrordesc_np(reason);
  }
  return fail(ErrorKind::OutOfMemory, kNoOffset, std::move(detail));
}

std::unexpected<Error> too_large(const char* what, size_t bytes) {
  errno = ENOMEM;
  return refused(what, bytes);
}

uint8_t* map_inaccessible(size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return p == MAP_FAILED ? nullptr : static_cast<uint8_t*>(p);
}

}  // namespace

size_t host_page_bytes() {
  static const size_t bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

Result<Reservation> Reservation::reserve(size_t bytes) {
  size_t rounded = round_up_to_page(bytes);
  if (rounded < bytes) return too_large("a reservation", bytes);
  if (rounded == 0) rounded = host_page_bytes();
  uint8_t* base = map_inaccessible(rounded);
  if (base == nullptr) return refused("a reservation", bytes);
  return Reservation(base, rounded);
}

Result<Reservation> Reservation::reserve_shrinking(size_t wanted, size_t least) {
  if (Result<Reservation> all = reserve(wanted)) return all;
  for (size_t size = wanted / 2; size != 0 && size >= least; size /= 2) {
    Result<Reservation> part = reserve(size);
    if (!part) continue;
    const size_t share = size / 4 < least ? least : size / 4;
    part->release();
    return reserve(share);
  }
  return reserve(least);
}

Result<void> Reservation::protect(size_t offset, size_t bytes, int protection) {
  if (bytes == 0) return {};
  DCHECK(offset <= size_bytes_ && bytes <= size_bytes_ - offset, "inside the reservation");
  const size_t start = offset & ~(host_page_bytes() - 1);
  const size_t end = round_up_to_page(offset + bytes);
  if (mprotect(base_ + start, end - start, protection) != 0) {
    return refused("a change of protection", end - start);
  }
  return {};
}

Result<void> Reservation::commit(size_t offset, size_t bytes) {
  return protect(offset, bytes, PROT_READ | PROT_WRITE);
}

void Reservation::prefer_huge_pages(size_t offset, size_t bytes) {
  DCHECK(offset <= size_bytes_ && bytes <= size_bytes_ - offset, "inside the reservation");
  const size_t start = offset & ~(host_page_bytes() - 1);
  static_cast<void>(
      madvise(base_ + start, round_up_to_page(offset + bytes) - start, MADV_HUGEPAGE));
}

bool Reservation::is_mostly_resident(size_t offset, size_t bytes) const {
  DCHECK(offset <= size_bytes_ && bytes <= size_bytes_ - offset, "inside the reservation");
  std::array<uint8_t, kHugePageBytes / 4096> pages;
  const size_t start = offset & ~(host_page_bytes() - 1);
  const size_t count = (offset + bytes - start) / host_page_bytes();
  if (count == 0 || count > pages.size()) return false;
  if (mincore(base_ + start, count * host_page_bytes(), pages.data()) != 0) return false;
  const auto is_there = [](uint8_t page) { return (page & 1) != 0; };
  const auto there = std::ranges::count_if(std::span(pages).first(count), is_there);
  return 2 * static_cast<size_t>(there) >= count;
}

void Reservation::back_huge_page(size_t offset) {
  DCHECK(offset < size_bytes_, "inside the reservation");
  const uint8_t zero = 0;
  static_cast<void>(write_as_debugger(base_ + offset, {&zero, 1}));
}

Result<void> Reservation::make_executable(size_t offset, size_t bytes) {
  return protect(offset, bytes, PROT_READ | PROT_EXEC);
}

bool write_as_debugger(void* to, std::span<const uint8_t> bytes) {
  const int memory = open("/proc/self/mem", O_WRONLY | O_CLOEXEC);
  if (memory < 0) return false;
  const ssize_t written = pwrite(memory, bytes.data(), bytes.size(),
                                 static_cast<off_t>(reinterpret_cast<uintptr_t>(to)));
  close(memory);
  return written == static_cast<ssize_t>(bytes.size());
}

Result<Reservation> Reservation::map_file_executable(int fd, size_t bytes) {
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  if (p == MAP_FAILED) return refused("an executable mapping of a file", bytes);
  return Reservation(static_cast<uint8_t*>(p), bytes);
}

Result<void> Reservation::protect_none(size_t offset, size_t bytes) {
  return protect(offset, bytes, PROT_NONE);
}

Result<void> Reservation::decommit(size_t offset, size_t bytes) {
  if (bytes == 0) return {};
  DCHECK(offset <= size_bytes_ && bytes <= size_bytes_ - offset, "inside the reservation");
  const size_t start = offset & ~(host_page_bytes() - 1);
  const size_t end = round_up_to_page(offset + bytes);
  // A fresh mapping instead of mprotect: that drops the pages and whatever file was mapped.
  void* p = mmap(base_ + start, end - start, PROT_NONE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (p == MAP_FAILED) return refused("decommitting", end - start);
  return {};
}

Result<void> Reservation::discard(size_t offset, size_t bytes) {
  if (bytes == 0) return {};
  DCHECK(offset <= size_bytes_ && bytes <= size_bytes_ - offset, "inside the reservation");
  const size_t start = offset & ~(host_page_bytes() - 1);
  const size_t end = round_up_to_page(offset + bytes);
  if (madvise(base_ + start, end - start, MADV_DONTNEED) != 0) {
    return refused("discarding", end - start);
  }
  return {};
}

Result<void> Reservation::map_file(size_t offset, int fd, uint64_t file_offset, size_t bytes,
                                   FileAccess access) {
  DCHECK(offset % host_page_bytes() == 0 && bytes % host_page_bytes() == 0, "whole pages");
  DCHECK(offset <= size_bytes_ && bytes <= size_bytes_ - offset, "inside the reservation");
  const bool is_copied = access == FileAccess::CopyOnWrite;
  const int protection = is_copied ? PROT_READ | PROT_WRITE : PROT_READ;
  const int flags = (is_copied ? MAP_PRIVATE : MAP_SHARED) | MAP_NORESERVE;
  const off_t start = static_cast<off_t>(file_offset);
  // A mapping that fails may leave a hole where the old one was, into which anything might be
  // mapped. So whether this file can be mapped is found out elsewhere.
  void* trial = mmap(nullptr, bytes, protection, flags, fd, start);
  if (trial == MAP_FAILED) return refused("mapping a file", bytes);
  munmap(trial, bytes);
  if (mmap(base_ + offset, bytes, protection, flags | MAP_FIXED, fd, start) == MAP_FAILED) {
    std::unexpected<Error> error = refused("mapping a file", bytes);
    // Where the system has no mappings left, nothing has been unmapped either.
    if (!map_zeros(offset, bytes)) {
      CHECK(msync(base_ + offset, bytes, MS_ASYNC) == 0, "no hole in a reservation");
    }
    return error;
  }
  return {};
}

Result<void> Reservation::map_zeros(size_t offset, size_t bytes) {
  DCHECK(offset % host_page_bytes() == 0 && bytes % host_page_bytes() == 0, "whole pages");
  DCHECK(offset <= size_bytes_ && bytes <= size_bytes_ - offset, "inside the reservation");
  void* p = mmap(base_ + offset, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (p == MAP_FAILED) return refused("mapping zeros", bytes);
  return {};
}

Result<void> Reservation::resize_committed(size_t bytes) {
  const size_t rounded = round_up_to_page(bytes);
  if (rounded < bytes || rounded == 0) return too_large("resizing", bytes);
  if (base_ == nullptr) {
    Result<Reservation> fresh = reserve(rounded);
    if (!fresh) return std::unexpected(std::move(fresh).error());
    TRY_VOID(fresh->commit(0, rounded));
    swap(*fresh);
    return {};
  }
  void* p = mremap(base_, size_bytes_, rounded, MREMAP_MAYMOVE);
  if (p == MAP_FAILED) return refused("resizing", rounded);
  base_ = static_cast<uint8_t*>(p);
  size_bytes_ = rounded;
  return {};
}

void Reservation::release() {
  if (base_ == nullptr) return;
  if (munmap(base_, size_bytes_) != 0) {
    // The kernel joins neighbours, and a hole in what it joined is one mapping more, of which a
    // process has so many. The range then stays taken, but its memory is given back.
    CHECK(errno != EINVAL, "unmapping what was mapped");
    madvise(base_, size_bytes_, MADV_DONTNEED);
  }
  base_ = nullptr;
  size_bytes_ = 0;
}

MemoryFile::~MemoryFile() {
  if (fd_ >= 0) close(fd_);
}

Result<MemoryFile> MemoryFile::create(const char* name, size_t bytes, Use use) {
  const size_t rounded = round_up_to_page(bytes);
  // A file beyond the limit on file sizes would not just be refused: a signal would end the
  // process.
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < rounded) {
    errno = EFBIG;
    return refused("a memory file", rounded);
  }
  MemoryFile file;
  file.fd_ = memfd_create(name, MFD_CLOEXEC | (use == Use::Code ? kMemfdExec : kMemfdNoExecSeal));
  if (file.fd_ < 0 && errno == EINVAL) file.fd_ = memfd_create(name, MFD_CLOEXEC);
  if (file.fd_ < 0 || ftruncate(file.fd_, static_cast<off_t>(rounded)) != 0) {
    return refused("a memory file", rounded);
  }
  file.size_bytes_ = rounded;
  return file;
}

Result<Reservation> MemoryFile::map_writable() const {
  // Reserved first so that a Reservation owns it whatever happens.
  Result<Reservation> where = Reservation::reserve(size_bytes_);
  if (!where) return where;
  void* p =
      mmap(where->base(), size_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd_, 0);
  if (p == MAP_FAILED) return refused("a writable mapping", size_bytes_);
  return where;
}

Result<void> MemoryFile::map_executable(Reservation& where, size_t offset,
                                        bool for_debugger) const {
  const int sharing = for_debugger ? MAP_PRIVATE : MAP_SHARED;
  DCHECK(offset % host_page_bytes() == 0, "page-aligned");
  DCHECK(offset <= where.size_bytes() && size_bytes_ <= where.size_bytes() - offset, "room");
  void* p =
      mmap(where.base() + offset, size_bytes_, PROT_READ | PROT_EXEC, sharing | MAP_FIXED, fd_, 0);
  if (p == MAP_FAILED) return refused("an executable mapping", size_bytes_);
  return {};
}

Result<void> MemoryFile::map_private(Reservation& where, size_t offset) const {
  DCHECK(offset % host_page_bytes() == 0, "page-aligned");
  DCHECK(offset <= where.size_bytes() && size_bytes_ <= where.size_bytes() - offset, "room");
  void* p = mmap(where.base() + offset, size_bytes_, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd_, 0);
  if (p == MAP_FAILED) return refused("a private mapping", size_bytes_);
  return {};
}

}  // namespace sluice

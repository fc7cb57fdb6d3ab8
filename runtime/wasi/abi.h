// WASI preview 1 as guests see it: error numbers, flags, rights and the byte layouts of the
// structures that cross the boundary (all little-endian, as x86-64 is).
//
// Only facts of the interface stand here; what the functions do is in their own files.
#pragma once

#include <cstdint>
#include <expected>

#include "engine/base/result.h"

namespace sluice::wasi {

enum class Errno : uint16_t {
#define WASI_ERRNO(name, value, host) name = value,
#include "runtime/wasi/errno.def"
#undef WASI_ERRNO
};

/// The WASI number for one of the host's (errno); Io for what has no counterpart.
Errno from_host_errno(int host);

/// A value, or why there is none. TRY (engine/base/result.h) unwraps it.
template <class T>
using Expected = std::expected<T, Errno>;
using Status = Expected<void>;

inline std::unexpected<Errno> fail(Errno error) { return std::unexpected(error); }

enum class Filetype : uint8_t {
  Unknown = 0,
  BlockDevice = 1,
  CharacterDevice = 2,
  Directory = 3,
  RegularFile = 4,
  SocketDgram = 5,
  SocketStream = 6,
  SymbolicLink = 7,
};
/// The name of an error number, as "NoEnt".
const char* name_of(Errno error);
/// From the file type bits of st_mode.
Filetype filetype_of_mode(uint32_t mode);

using Rights = uint64_t;
enum : Rights {
  kRightFdDatasync = 1u << 0,
  kRightFdRead = 1u << 1,
  kRightFdSeek = 1u << 2,
  kRightFdFdstatSetFlags = 1u << 3,
  kRightFdSync = 1u << 4,
  kRightFdTell = 1u << 5,
  kRightFdWrite = 1u << 6,
  kRightFdAdvise = 1u << 7,
  kRightFdAllocate = 1u << 8,
  kRightPathCreateDirectory = 1u << 9,
  kRightPathCreateFile = 1u << 10,
  kRightPathLinkSource = 1u << 11,
  kRightPathLinkTarget = 1u << 12,
  kRightPathOpen = 1u << 13,
  kRightFdReaddir = 1u << 14,
  kRightPathReadlink = 1u << 15,
  kRightPathRenameSource = 1u << 16,
  kRightPathRenameTarget = 1u << 17,
  kRightPathFilestatGet = 1u << 18,
  kRightPathFilestatSetSize = 1u << 19,
  kRightPathFilestatSetTimes = 1u << 20,
  kRightFdFilestatGet = 1u << 21,
  kRightFdFilestatSetSize = 1u << 22,
  kRightFdFilestatSetTimes = 1u << 23,
  kRightPathSymlink = 1u << 24,
  kRightPathRemoveDirectory = 1u << 25,
  kRightPathUnlinkFile = 1u << 26,
  kRightPollFdReadwrite = 1u << 27,
  kRightSockShutdown = 1u << 28,
  kRightSockAccept = 1u << 29,
};

/// Rights to change something: below a read-only directory they are of no use.
inline constexpr Rights kWriteRights =
    kRightFdWrite | kRightFdAllocate | kRightPathCreateDirectory | kRightPathCreateFile |
    kRightPathLinkSource | kRightPathLinkTarget | kRightPathRenameSource | kRightPathRenameTarget |
    kRightPathFilestatSetSize | kRightPathFilestatSetTimes | kRightFdFilestatSetSize |
    kRightFdFilestatSetTimes | kRightPathSymlink | kRightPathRemoveDirectory | kRightPathUnlinkFile;
/// Rights that make sense for a directory, for a regular file, and for a stream (tty, pipe).
inline constexpr Rights kDirectoryRights =
    kRightFdFdstatSetFlags | kRightFdSync | kRightFdDatasync | kRightPathCreateDirectory |
    kRightPathCreateFile | kRightPathLinkSource | kRightPathLinkTarget | kRightPathOpen |
    kRightFdReaddir | kRightPathReadlink | kRightPathRenameSource | kRightPathRenameTarget |
    kRightPathFilestatGet | kRightPathFilestatSetSize | kRightPathFilestatSetTimes |
    kRightFdFilestatGet | kRightFdFilestatSetTimes | kRightPathSymlink | kRightPathRemoveDirectory |
    kRightPathUnlinkFile;
inline constexpr Rights kFileRights =
    kRightFdDatasync | kRightFdRead | kRightFdSeek | kRightFdFdstatSetFlags | kRightFdSync |
    kRightFdTell | kRightFdWrite | kRightFdAdvise | kRightFdAllocate | kRightFdFilestatGet |
    kRightFdFilestatSetSize | kRightFdFilestatSetTimes | kRightPollFdReadwrite;
inline constexpr Rights kStreamRights = kRightFdRead | kRightFdWrite | kRightFdFdstatSetFlags |
                                        kRightFdFilestatGet | kRightPollFdReadwrite;
inline constexpr Rights kSocketRights = kStreamRights | kRightSockShutdown;
/// Of a socket that waits for connections; to be read means that there is one.
inline constexpr Rights kListenerRights = kRightFdRead | kRightFdFdstatSetFlags |
                                          kRightFdFilestatGet | kRightPollFdReadwrite |
                                          kRightSockAccept;

enum : uint16_t {
  kFdflagAppend = 1,
  kFdflagDsync = 2,
  kFdflagNonblock = 4,
  kFdflagRsync = 8,
  kFdflagSync = 16,
  kFdflagAll = 31,
};
enum : uint16_t { kOflagCreat = 1, kOflagDirectory = 2, kOflagExcl = 4, kOflagTrunc = 8 };
inline constexpr uint16_t kOflagAll = 15;
inline constexpr uint32_t kLookupSymlinkFollow = 1;
enum : uint16_t {
  kFstflagAtim = 1,
  kFstflagAtimNow = 2,
  kFstflagMtim = 4,
  kFstflagMtimNow = 8,
  kFstflagAll = 15,
};
enum : uint32_t { kWhenceSet = 0, kWhenceCur = 1, kWhenceEnd = 2 };
enum : uint32_t {
  kClockRealtime = 0,
  kClockMonotonic = 1,
  kClockProcessCputime = 2,
  kClockThreadCputime = 3,
};
enum : uint8_t { kEventClock = 0, kEventFdRead = 1, kEventFdWrite = 2 };
inline constexpr uint16_t kSubclockAbstime = 1;
inline constexpr uint16_t kEventHangup = 1;
enum : uint16_t { kRecvPeek = 1, kRecvWaitall = 2, kRecvAll = 3 };
inline constexpr uint16_t kRecvDataTruncated = 1;
enum : uint32_t { kShutdownRead = 1, kShutdownWrite = 2 };

struct Iovec {
  uint32_t buf;
  uint32_t buf_len;
};
static_assert(sizeof(Iovec) == 8);

struct Fdstat {
  Filetype filetype;
  uint8_t pad0 = 0;
  uint16_t flags;
  uint32_t pad1 = 0;
  Rights rights_base;
  Rights rights_inheriting;
};
static_assert(sizeof(Fdstat) == 24);

struct Filestat {
  uint64_t dev = 0;
  uint64_t ino = 0;
  Filetype filetype = Filetype::Unknown;
  uint8_t pad[7] = {};
  uint64_t nlink = 0;
  uint64_t size = 0;
  uint64_t atim = 0;  // ns since 1970
  uint64_t mtim = 0;
  uint64_t ctim = 0;
};
static_assert(sizeof(Filestat) == 64);

struct Prestat {
  uint32_t tag = 0;  // 0: directory
  uint32_t name_len;
};
static_assert(sizeof(Prestat) == 8);

struct Dirent {
  uint64_t next;
  uint64_t ino;
  uint32_t namlen;
  Filetype type;
  uint8_t pad[3] = {};
};
static_assert(sizeof(Dirent) == 24);

struct Subscription {
  uint64_t userdata;
  uint8_t tag;
  uint8_t pad0[7];
  uint32_t id_or_fd;  // clock id, or file descriptor
  uint32_t pad1;
  uint64_t timeout;
  uint64_t precision;
  uint16_t flags;
  uint8_t pad2[6];
};
static_assert(sizeof(Subscription) == 48);

struct Event {
  uint64_t userdata = 0;
  Errno error = Errno::Success;
  uint8_t type = 0;
  uint8_t pad0[5] = {};
  uint64_t nbytes = 0;
  uint16_t flags = 0;
  uint8_t pad1[6] = {};
};
static_assert(sizeof(Event) == 32);

}  // namespace sluice::wasi

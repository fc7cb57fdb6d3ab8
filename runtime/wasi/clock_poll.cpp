// Clocks, and poll_oneoff: waiting for the first of several clocks and descriptors.
//
// Waiting is one ppoll() over the host's descriptors until the earliest clock. Regular files and
// the embedder's streams are always ready; what cannot be waited for gives an event with an error,
// at once.
#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/wasi/calls.h"

namespace sluice::wasi {

namespace {

// Bounds what the host keeps for one call; no program waits for more.
constexpr uint32_t kMaxSubscriptions = 4096;
constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr uint64_t kNever = UINT64_MAX;

Expected<clockid_t> host_clock(uint32_t id) {
  switch (id) {
  case kClockRealtime: return CLOCK_REALTIME;
  case kClockMonotonic: return CLOCK_MONOTONIC;
  case kClockProcessCputime: return CLOCK_PROCESS_CPUTIME_ID;
  case kClockThreadCputime: return CLOCK_THREAD_CPUTIME_ID;
  default: return fail(Errno::Inval);
  }
}

Expected<uint64_t> to_ns(const timespec& t) {
  if (t.tv_sec < 0) return fail(Errno::Overflow);
  return static_cast<uint64_t>(t.tv_sec) * kNsPerSecond + static_cast<uint64_t>(t.tv_nsec);
}

Expected<uint64_t> host_now(clockid_t clock) {
  timespec t;
  if (clock_gettime(clock, &t) != 0) return fail(from_host_errno(errno));
  return to_ns(t);
}

/// The time as the guest sees it.
Expected<uint64_t> guest_now(Context& context, uint32_t id) {
  clockid_t clock = TRY(host_clock(id));
  return context.clock() != nullptr ? context.clock()->now(id) : host_now(clock);
}

/// One subscription while it is waited for.
struct Wait {
  uint64_t userdata = 0;
  uint8_t type = kEventClock;
  Errno error = Errno::Success;  // known before waiting
  bool ready = false;            // or known to be ready
  uint64_t deadline = kNever;    // clocks: on the monotonic clock
  uint32_t poll_index = 0;       // descriptors of the host
  bool polled = false;
  uint64_t nbytes = 0;
  uint16_t flags = 0;
};

/// A clock's deadline on the host's monotonic clock, saturating. Waiting takes the host's time also
/// where the guest's clocks are the embedder's.
Expected<uint64_t> deadline_of(Context& context, const Subscription& s) {
  if (s.id_or_fd != kClockRealtime && s.id_or_fd != kClockMonotonic) {
    return fail(s.id_or_fd <= kClockThreadCputime ? Errno::NotSup : Errno::Inval);
  }
  if ((s.flags & ~kSubclockAbstime) != 0) return fail(Errno::Inval);
  uint64_t start = TRY(host_now(CLOCK_MONOTONIC));
  uint64_t delay = s.timeout;
  if ((s.flags & kSubclockAbstime) != 0) {
    uint64_t base = TRY(guest_now(context, s.id_or_fd));
    delay = s.timeout > base ? s.timeout - base : 0;
  }
  return delay > kNever - start ? kNever : start + delay;
}

/// Bytes left to read in a regular file.
uint64_t bytes_left(int fd) {
  struct stat st;
  off_t at = lseek(fd, 0, SEEK_CUR);
  if (at < 0 || fstat(fd, &st) != 0 || st.st_size < at) return 0;
  return static_cast<uint64_t>(st.st_size - at);
}

void prepare_fd(Context& context, const Subscription& s, Wait& wait, Vector<pollfd>& polls) {
  Rights right = s.tag == kEventFdRead ? kRightFdRead : kRightFdWrite;
  Expected<Descriptor*> d = context.fds().file(s.id_or_fd, right | kRightPollFdReadwrite);
  if (!d) {
    wait.error = d.error();
  } else if (!(*d)->is_host()) {
    wait.ready = true;
  } else if ((*d)->is_regular()) {
    wait.ready = true;
    if (s.tag == kEventFdRead) wait.nbytes = bytes_left((*d)->fd.get());
  } else {
    wait.polled = true;
    wait.poll_index = static_cast<uint32_t>(polls.size());
    short events = s.tag == kEventFdRead ? POLLIN : POLLOUT;
    polls.push_back({(*d)->fd.get(), events, 0});
  }
}

Expected<Wait> prepare(Context& context, const Subscription& s, Vector<pollfd>& polls) {
  Wait wait;
  wait.userdata = s.userdata;
  wait.type = s.tag;
  if (s.tag == kEventClock) {
    Expected<uint64_t> deadline = deadline_of(context, s);
    if (deadline) {
      wait.deadline = *deadline;
    } else {
      wait.error = deadline.error();
    }
  } else if (s.tag == kEventFdRead || s.tag == kEventFdWrite) {
    prepare_fd(context, s, wait, polls);
  } else {
    return fail(Errno::Inval);
  }
  return wait;
}

/// Waits until a descriptor is ready or the deadline has passed; 0: only looks. Signals do not end
/// it (a guest's sleep would be too short), but for the one that shall end the guest.
Status wait_until(const Context& context, Vector<pollfd>& polls, uint64_t deadline) {
  for (;;) {
    timespec timeout{0, 0};
    if (deadline != kNever && deadline != 0) {
      uint64_t start = TRY(host_now(CLOCK_MONOTONIC));
      uint64_t left = deadline > start ? deadline - start : 0;
      timeout = {static_cast<time_t>(left / kNsPerSecond), static_cast<long>(left % kNsPerSecond)};
    }
    int n = ppoll(polls.data(), polls.size(), deadline == kNever ? nullptr : &timeout, nullptr);
    if (n >= 0) return {};
    if (errno != EINTR || context.is_interrupted()) return fail(from_host_errno(errno));
  }
}

/// After waiting: has this subscription an event?
bool settle(Wait& wait, const Vector<pollfd>& polls, uint64_t time) {
  if (wait.error != Errno::Success || wait.ready) return true;
  if (wait.type == kEventClock) return wait.deadline <= time;
  if (!wait.polled) return false;
  const pollfd& p = polls[wait.poll_index];
  if (p.revents == 0) return false;
  if ((p.revents & POLLNVAL) != 0) wait.error = Errno::Badf;
  if ((p.revents & (POLLHUP | POLLERR)) != 0) wait.flags |= kEventHangup;
  int available = 0;
  if (wait.type == kEventFdRead && ioctl(p.fd, FIONREAD, &available) == 0 && available > 0) {
    wait.nbytes = static_cast<uint64_t>(available);
  }
  return true;
}

}  // namespace

Status clock_res_get(Context& context, Mem mem, uint32_t id, uint32_t resolution_out) {
  clockid_t clock = TRY(host_clock(id));
  if (context.clock() != nullptr) return mem.write(resolution_out, uint64_t{1});
  timespec t;
  if (clock_getres(clock, &t) != 0) return fail(from_host_errno(errno));
  return mem.write(resolution_out, TRY(to_ns(t)));
}

Status clock_time_get(Context& context, Mem mem, uint32_t id, uint64_t, uint32_t time_out) {
  return mem.write(time_out, TRY(guest_now(context, id)));
}

Status poll_oneoff(Context& context, Mem mem, uint32_t in, uint32_t out, uint32_t count,
                   uint32_t count_out) {
  constexpr SubscriptionForm kForm = {sizeof(Subscription),
                                      [](Mem m, uint32_t at) { return m.read<Subscription>(at); }};
  return poll_with(context, mem, kForm, in, out, count, count_out);
}

Status poll_with(Context& context, Mem mem, const SubscriptionForm& form, uint32_t in, uint32_t out,
                 uint32_t count, uint32_t count_out) {
  if (count == 0 || count > kMaxSubscriptions) return fail(Errno::Inval);
  TRY_VOID(mem.slice(in, uint64_t{form.stride} * count));
  TRY_VOID(mem.check<Event>(out, count));
  TRY_VOID(mem.check<uint32_t>(count_out));
  Vector<Wait> waits;
  Vector<pollfd> polls;
  waits.reserve(count);
  uint64_t deadline = kNever;
  for (uint32_t i = 0; i < count; ++i) {
    Subscription s = TRY(form.read(mem, in + form.stride * i));
    Wait wait = TRY(prepare(context, s, polls));
    bool at_once = wait.ready || wait.error != Errno::Success;
    deadline = std::min(deadline, at_once ? 0 : wait.deadline);
    waits.push_back(wait);
  }
  if (const int fd = context.interrupt_fd(); fd >= 0) polls.push_back({fd, POLLIN, 0});
  TRY_VOID(wait_until(context, polls, deadline));
  uint64_t time = TRY(host_now(CLOCK_MONOTONIC));
  uint32_t events = 0;
  for (Wait& wait : waits) {
    if (!settle(wait, polls, time)) continue;
    Event event;
    event.userdata = wait.userdata;
    event.error = wait.error;
    event.type = wait.type;
    event.nbytes = wait.nbytes;
    event.flags = wait.flags;
    TRY_VOID(mem.write(static_cast<uint32_t>(out + sizeof(Event) * events), event));
    ++events;
  }
  return mem.write(count_out, events);
}

}  // namespace sluice::wasi

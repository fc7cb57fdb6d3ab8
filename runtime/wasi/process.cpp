// Arguments, environment, how a program ends, randomness, scheduling.
#include <algorithm>
#include <cerrno>
#include <sched.h>
#include <sys/random.h>

#include "runtime/wasi/calls.h"

namespace sluice::wasi {

namespace {

// A request for more than this is a mistake or an attack: it would keep the host busy for long.
constexpr uint32_t kMaxRandomBytes = 64u << 20;
constexpr uint32_t kSignalStatus = 128;  // as shells have it: plus the signal's number

/// Writes the texts one after another, each with a NUL, and an array of their addresses.
Status write_texts(Mem mem, const Vector<String>& texts, uint32_t array, uint32_t buffer) {
  TRY_VOID(mem.check<uint32_t>(array, texts.size()));
  uint64_t total = 0;
  for (const String& text : texts) total += text.size() + 1;
  TRY_VOID(mem.slice(buffer, total));
  uint32_t at = buffer;
  for (size_t i = 0; i < texts.size(); ++i) {
    TRY_VOID(mem.write(static_cast<uint32_t>(array + 4 * i), at));
    TRY_VOID(mem.put(at, texts[i].c_str(), texts[i].size() + 1));
    at += static_cast<uint32_t>(texts[i].size() + 1);
  }
  return {};
}

Status write_sizes(Mem mem, const Vector<String>& texts, uint32_t count_out, uint32_t size_out) {
  uint64_t total = 0;
  for (const String& text : texts) total += text.size() + 1;
  if (total > UINT32_MAX) return fail(Errno::Overflow);
  TRY_VOID(mem.check<uint32_t>(count_out));
  TRY_VOID(mem.write(size_out, static_cast<uint32_t>(total)));
  return mem.write(count_out, static_cast<uint32_t>(texts.size()));
}

Status fill_random(Context& context, std::span<uint8_t> out) {
  if (context.random() != nullptr) return context.random()->fill(out);
  while (!out.empty()) {
    ssize_t n = getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(from_host_errno(errno));
    out = out.subspan(static_cast<size_t>(n));
  }
  return {};
}

/// What a signal's default action is, in the interface's order of signals.
enum class Action : uint8_t { Ignore, End, Stop };
constexpr Action kActions[] = {
    Action::Ignore,                                                            // none
    Action::End,    Action::End,    Action::End,  Action::End,  Action::End,   // hup … trap
    Action::End,    Action::End,    Action::End,  Action::End,  Action::End,   // abrt … usr1
    Action::End,    Action::End,    Action::End,  Action::End,  Action::End,   // segv … term
    Action::Ignore, Action::Ignore, Action::Stop, Action::Stop, Action::Stop,  // chld … ttin
    Action::Stop,   Action::Ignore, Action::End,  Action::End,  Action::End,   // ttou … vtalrm
    Action::End,    Action::Ignore, Action::End,  Action::End,  Action::End,   // prof … sys
};

}  // namespace

Status args_get(Context& context, Mem mem, uint32_t argv, uint32_t argv_buf) {
  return write_texts(mem, context.arguments(), argv, argv_buf);
}

Status args_sizes_get(Context& context, Mem mem, uint32_t count_out, uint32_t size_out) {
  return write_sizes(mem, context.arguments(), count_out, size_out);
}

Status environ_get(Context& context, Mem mem, uint32_t environ, uint32_t environ_buf) {
  return write_texts(mem, context.variables(), environ, environ_buf);
}

Status environ_sizes_get(Context& context, Mem mem, uint32_t count_out, uint32_t size_out) {
  return write_sizes(mem, context.variables(), count_out, size_out);
}

Status proc_exit(Context& context, Mem, uint32_t status) {
  context.exit(status);
  return {};
}

Status proc_raise(Context& context, Mem, uint32_t signal) {
  if (signal >= std::size(kActions)) return fail(Errno::Inval);
  switch (kActions[signal]) {
  case Action::Ignore: return {};
  case Action::Stop: return fail(Errno::NotSup);  // nobody could let it go on
  case Action::End: context.exit(kSignalStatus + signal); return {};
  }
  return fail(Errno::Inval);
}

Status sched_yield(Context&, Mem) {
  ::sched_yield();
  return {};
}

Status random_get(Context& context, Mem mem, uint32_t buf, uint32_t len) {
  TRY_VOID(mem.slice(buf, len));
  if (len > kMaxRandomBytes) return fail(Errno::NoBufs);
  uint8_t piece[1024];
  for (uint32_t at = 0; at < len;) {
    const std::span<uint8_t> out(piece, std::min<size_t>(len - at, sizeof piece));
    TRY_VOID(fill_random(context, out));
    TRY_VOID(mem.put(buf + at, out.data(), out.size()));
    at += static_cast<uint32_t>(out.size());
  }
  return {};
}

}  // namespace sluice::wasi

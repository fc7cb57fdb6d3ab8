// What standard streams may be besides a descriptor of the host: a sink that takes what the guest
// writes, a source of what it reads. The embedder implements them; ready-made ones collect into
// and read from memory.
//
// Called on the thread that runs the guest, one call at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/heap.h"
#include "runtime/wasi/abi.h"

namespace sluice::wasi {

class OutputStream : public Allocated {
 public:
  virtual ~OutputStream() = default;
  /// Takes some of the bytes and says how many (0 is fine), or why it cannot.
  virtual Expected<size_t> write(std::span<const uint8_t> bytes) = 0;
};

class InputStream : public Allocated {
 public:
  virtual ~InputStream() = default;
  /// Fills some of `out` and says how many bytes; 0 for a non-empty `out` is the end.
  virtual Expected<size_t> read(std::span<uint8_t> out) = 0;
};

/// Collects up to `limit_bytes`, then refuses with NoSpc.
class BufferSink final : public OutputStream {
 public:
  explicit BufferSink(String& out, size_t limit_bytes = size_t{64} << 20)
      : out_(out), limit_bytes_(limit_bytes) {}
  Expected<size_t> write(std::span<const uint8_t> bytes) override {
    size_t room = limit_bytes_ > out_.size() ? limit_bytes_ - out_.size() : 0;
    if (room == 0 && !bytes.empty()) return fail(Errno::NoSpc);
    size_t n = bytes.size() < room ? bytes.size() : room;
    out_.append(reinterpret_cast<const char*>(bytes.data()), n);
    return n;
  }

 private:
  String& out_;  // the embedder's, outlives the sink
  size_t limit_bytes_;
};

/// Reads a text; an empty one is a stream at its end.
class BufferSource final : public InputStream {
 public:
  explicit BufferSource(std::string_view text) : text_(text) {}
  Expected<size_t> read(std::span<uint8_t> out) override {
    size_t n = text_.copy(reinterpret_cast<char*>(out.data()), out.size(), at_);
    at_ += n;
    return n;
  }

 private:
  String text_;
  size_t at_ = 0;
};

}  // namespace sluice::wasi

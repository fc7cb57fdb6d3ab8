// What a call or an instantiation that went wrong hands back: a Trap (running code stopped) or an
// Error (the request could not be met), together a Failure.
//
// A Trap holds raw code addresses and keeps the modules they lie in alive; names and Wasm offsets
// are worked out when somebody asks, because that compiles functions again. It is independent of
// its store's life.
#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/dwarf/line_table.h"
#include "engine/wasm/module.h"
#include "jit/abi/trap_codes.h"
#include "runtime/store/ref_heap.h"

namespace sluice {

class CompiledModule;
class Store;

/// One function activation of a backtrace, innermost first.
struct Frame {
  std::shared_ptr<const CompiledModule> module;  // null for a host function
  FuncIdx func{};                                // in the module's index space
  String func_name;                  // from the name section, else "" (and "" for a host function)
  uint64_t wasm_offset = kNoOffset;  // byte offset of the instruction in the module, if known
  bool is_host() const { return module == nullptr; }
  /// The line of the source, if the module was compiled with debug information; else its line is 0.
  /// Looked up each time; views as long as `module`.
  SourceLine source() const;
};

/// Something a host attaches to a trap and gets back at the outermost call: a caught exception.
struct HostPayload {
  void* data = nullptr;
  void (*release)(void* data) = nullptr;

  HostPayload() = default;
  HostPayload(void* d, void (*r)(void*)) : data(d), release(r) {}
  HostPayload(HostPayload&& other) noexcept : data(other.data), release(other.release) {
    other.data = nullptr;
    other.release = nullptr;
  }
  HostPayload& operator=(HostPayload&& other) noexcept {
    std::swap(data, other.data);
    std::swap(release, other.release);
    return *this;
  }
  HostPayload(const HostPayload&) = delete;
  HostPayload& operator=(const HostPayload&) = delete;
  ~HostPayload() {
    if (release != nullptr) release(data);
  }
};

/// Why running code stopped. Immutable but for the lazily resolved frames; not thread-safe.
class Trap : public Allocated {
 public:
  /// Where a frame's code is; `module` is null for a host function's shim.
  struct RawFrame {
    std::shared_ptr<const CompiledModule> module;
    FuncIdx func{};
    uint32_t code_offset = 0;  // from the start of the function's code
  };

  explicit Trap(TrapCode code) : code_(code) {}

  TrapCode code() const { return code_; }
  /// The reason's words; the host's own message where a host function gave one.
  std::string_view reason() const {
    return message_.empty() ? trap_text(code_) : std::string_view(message_);
  }
  /// Address of the memory access that faulted, 0 for other traps.
  uintptr_t fault_address() const { return fault_address_; }

  /// Resolved backtrace, innermost first: at most kMaxTrapFrames per activation of Wasm.
  std::span<const Frame> frames() const;
  /// Frames that were walked but not recorded.
  uint64_t omitted_frames() const { return omitted_frames_; }
  /// Reason and backtrace as several lines of text. Names are the guest's: control characters in
  /// them are replaced, so that the text is safe to print on a terminal.
  String to_text() const;

  /// The exception that nobody caught: handle of an exnref (Store::exception) if it is one of this
  /// store, else 0.
  uint32_t exception(const Store& store) const;
  void drop_exception() { exception_ = {}; }

  /// What the failing host function attached, null if nothing. A trap that is passed on shares it
  /// with the one that comes of it.
  void* payload() const { return payload_ == nullptr ? nullptr : payload_->data; }
  const HostPayload* host_payload() const { return payload_.get(); }

 private:
  friend class Store;
  TrapCode code_;
  String message_;
  uintptr_t fault_address_ = 0;
  uint64_t omitted_frames_ = 0;
  Vector<RawFrame> raw_frames_;
  std::shared_ptr<const HostPayload> payload_;
  RootedRef exception_;
  mutable bool resolved_ = false;
  mutable Vector<Frame> frames_;
};

/// An Error, or a Trap (then `error.kind` is ErrorKind::Trapped and `trap` is set).
struct Failure {
  Error error;
  std::shared_ptr<Trap> trap;

  Failure(Error e) : error(std::move(e)) {}  // NOLINT(google-explicit-constructor)
  Failure(std::shared_ptr<Trap> t)           // NOLINT(google-explicit-constructor)
      : error{ErrorKind::Trapped, kNoOffset, {}}, trap(std::move(t)) {}

  bool is_trap() const { return trap != nullptr; }
  /// One line for an error; reason and backtrace for a trap.
  String message() const;
};

/// Outcome of whatever may run Wasm code.
template <class T>
using Outcome = std::expected<T, Failure>;

}  // namespace sluice

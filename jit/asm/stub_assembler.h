// asmjit's own assembler, for code that is written once per engine: entry stubs, shims,
// trampolines.
//
// The one header that shows asmjit to others. Functions of Wasm go through masm.h instead, which is
// an order of magnitude faster; here readability counts. Everything inside one StubAssembler may
// use asmjit labels; nothing may refer to absolute addresses of other code.
#pragma once

#include <asmjit/x86.h>

#include "engine/base/heap.h"
#include "jit/code/frame_marks.h"

namespace sluice {

/// Collects one stub. Not thread-safe. Errors of asmjit (a wrong operand) are bugs of ours and
/// abort at once.
class StubAssembler {
 public:
  StubAssembler() {
    code_.init(asmjit::Environment::host());
    code_.setErrorHandler(&fatal_);
    code_.attach(&assembler);
  }
  StubAssembler(const StubAssembler&) = delete;
  StubAssembler& operator=(const StubAssembler&) = delete;

  /// The stub's bytes, position-independent. Call once.
  Vector<uint8_t> finish();
  /// The same, with what mark() has noted.
  StubCode finish_marked() { return {finish(), std::move(frames_)}; }
  /// From here on the frame is in this state. In ascending order.
  void mark(FrameState state) {
    frames_.push_back({static_cast<uint32_t>(assembler.offset()), state});
  }
  /// Where a bound label lies, from the start of the stub.
  uint32_t offset_of(const asmjit::Label& label) const {
    return static_cast<uint32_t>(code_.labelOffset(label));
  }

  asmjit::x86::Assembler assembler;

 private:
  struct Fatal : asmjit::ErrorHandler {
    void handleError(asmjit::Error error, const char* message,
                     asmjit::BaseEmitter* origin) override;
  };

  Fatal fatal_;
  Vector<FrameMark> frames_;
  asmjit::CodeHolder code_;
};

}  // namespace sluice

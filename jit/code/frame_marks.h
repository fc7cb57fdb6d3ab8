// How a frame leads to its caller, at every place in a piece of code: what a debugger needs to walk
// through it.
//
// Between prologue and epilogue all generated code has a frame pointer, and that is all the engine
// itself relies on. A debugger may stop at any instruction: marks say which state the frame is in
// from an offset on. Recorded when somebody asks, like everything else about code that running it
// does not need; what the states mean in the debugger's language is jit/debug's business.
#pragma once

#include <cstdint>

#include "engine/base/heap.h"

namespace sluice {

/// Where the return address is (R), and the caller's rbp (P).
enum class FrameState : uint8_t {
  Called,      // R at [rsp], P in rbp: at a function's start, and before its ret
  Linked,      // P at [rsp], R behind it: rbp has been pushed
  Framed,      // P at [rbp], R behind it
  Saved,       // the same, and the registers that the C ABI saves lie where entry stubs put them
  Handed,      // R in r12 and soon at [r13], P in rbp: a tail call's arguments are on their way
  Slotted,     // R at [rsp + 8], P in rbp: a jump-table slot has called the lazy stub
  Trapped,     // R at [r12 - 8], P in rbp: the trap exit has aligned rsp
  UnderEntry,  // called by an entry stub, whose frame rbp still is
};

struct FrameMark {
  uint32_t code_offset = 0;  // valid up to the next mark
  FrameState state = FrameState::Called;
};

/// A stub: bytes, and the states of its frame.
struct StubCode {
  Vector<uint8_t> bytes;
  Vector<FrameMark> frames;
};

}  // namespace sluice

// What debuggers and profilers are told about code, and the interface of those who tell them.
//
// Plain values: the code reporter (jit/pipeline) makes them, a sink writes them down in the form
// its reader wants.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/base/heap.h"
#include "jit/code/frame_marks.h"

namespace sluice {

/// From this offset on, up to the next one's, code was made from this line of the source.
struct CodeLine {
  uint32_t code_offset = 0;  // from the start of the piece
  uint32_t file = 0;         // in CodeGroup::files
  uint32_t line = 0;         // 0: from none
  uint32_t column = 0;       // 0: unknown
};

/// A function or a stub.
struct CodePiece {
  std::span<const uint8_t> code;  // where it runs
  String name;
  Vector<FrameMark> frames;
  Vector<CodeLine> lines;

  uintptr_t begin() const { return reinterpret_cast<uintptr_t>(code.data()); }
  uintptr_t end() const { return begin() + code.size(); }
};

/// Pieces that come together and go together, in ascending order of their addresses.
struct CodeGroup {
  Vector<CodePiece> pieces;
  Vector<String> files;  // paths
};

/// Thread-safe.
class CodeSink {
 public:
  virtual ~CodeSink() = default;
  /// Does it want frames and lines, or are names enough?
  virtual bool wants_details() const = 0;
  /// `owner` stands for the module that the code belongs to, or the engine.
  virtual void add(const CodeGroup& group, const void* owner) = 0;
  virtual void remove(const void* owner) = 0;
};

}  // namespace sluice

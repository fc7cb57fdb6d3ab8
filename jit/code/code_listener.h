// CodeListener: who wants to know what code there is. A debugger's or profiler's, in engines that
// were asked for one; code memory has none otherwise.
//
// Calls come from any thread that publishes code, without locks of code memory or of modules held,
// and as a rule before the code runs. A module's functions are told of once it has become visible;
// what is published later is told of then.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/ids.h"
#include "jit/code/frame_marks.h"

namespace sluice {

class ModuleCode;
enum class StubKind : uint8_t;

class CodeListener {
 public:
  virtual ~CodeListener() = default;
  /// `code` lives as long as the engine.
  virtual void stub_added(StubKind kind, std::span<const uint8_t> code,
                          std::span<const FrameMark> frames) = 0;
  /// The module has become visible; its jump table is there, and is all its code so far.
  virtual void module_added(const ModuleCode& module) = 0;
  /// These functions have code now: ModuleCode::code_of.
  virtual void functions_added(const ModuleCode& module, std::span<const FuncIdx> funcs) = 0;
  /// The module's code is about to go.
  virtual void module_removed(const ModuleCode& module) = 0;
};

}  // namespace sluice

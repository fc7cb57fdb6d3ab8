// CodeReporter: tells debuggers and profilers about code, in terms of modules: names, frames,
// source lines.
//
// An engine has one if it was asked for; then each function is compiled once more when it gets
// code, which tells what the code does not.
#pragma once

#include "jit/code/code_listener.h"
#include "jit/debug/code_sink.h"

namespace sluice {

class CodeReporter final : public Allocated, public CodeListener {
 public:
  explicit CodeReporter(Vector<std::unique_ptr<CodeSink>> sinks);
  ~CodeReporter() override;

  void stub_added(StubKind kind, std::span<const uint8_t> code,
                  std::span<const FrameMark> frames) override;
  void module_added(const ModuleCode& module) override;
  void functions_added(const ModuleCode& module, std::span<const FuncIdx> funcs) override;
  void module_removed(const ModuleCode& module) override;

 private:
  void add(const CodeGroup& group, const void* owner) const;

  const Vector<std::unique_ptr<CodeSink>> sinks_;
  bool wants_details_ = false;
};

}  // namespace sluice

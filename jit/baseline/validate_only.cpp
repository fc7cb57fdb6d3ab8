#include "jit/baseline/validate_only.h"

#include "engine/binary/wire_bytes.h"
#include "engine/validate/func_reader.h"
#include "engine/validate/sink.h"
#include "jit/baseline/func_compiler.h"

namespace sluice {
namespace {

/// Takes the categories that the compiler takes, and does nothing.
class VerdictSink : public NullSink {
 public:
  using State = ReaderState<VerdictSink>;

  static constexpr bool supports(Category category) { return FuncCompiler::supports(category); }
  void begin(State&) {}
};

}  // namespace

struct ValidateScratch::Parts : Allocated {
  VerdictSink::State reader;
};

ValidateScratch::ValidateScratch() : parts_(new Parts) {}
ValidateScratch::~ValidateScratch() = default;

Result<void> validate_only(const Module& module, const FuncBody& body, ValidateScratch& scratch) {
  VerdictSink sink;
  const auto bytes = module.wire->view({0, body.range.offset + body.range.size});
  return FuncReader<VerdictSink>(module, body, bytes.data(), scratch.parts().reader, sink).run();
}

struct ArrivingBody::Parts : Allocated {
  Parts(const Module& mod, const FuncBody& func_body)
      : module(mod), body(func_body), reader(mod, body, mod.wire->view().data(), state, sink) {}
  const Module& module;
  const FuncBody body;
  VerdictSink::State state;
  VerdictSink sink;
  FuncReader<VerdictSink> reader;
  uint64_t seen = 0;
  Result<bool> result = false;  // is it done?
};

ArrivingBody::ArrivingBody(const Module& module, const FuncBody& body)
    : parts_(new Parts(module, body)) {}
ArrivingBody::~ArrivingBody() = default;

FuncIdx ArrivingBody::func() const { return parts_->body.func; }

void ArrivingBody::advance() {
  constexpr uint64_t kStepBytes = 4096;
  const uint64_t available = parts_->module.wire->size();
  if (available < parts_->seen + kStepBytes || !parts_->result || *parts_->result) return;
  parts_->seen = available;
  parts_->result = parts_->reader.advance(available);
}

Result<void> ArrivingBody::finish() {
  if (parts_->result && !*parts_->result) {
    parts_->result = parts_->reader.advance(parts_->module.wire->size());
  }
  if (!parts_->result) return std::unexpected(std::move(parts_->result).error());
  DCHECK(*parts_->result, "bytes of the body are missing");
  return {};
}

}  // namespace sluice

#include "runtime/cli/module_checker.h"

#include <optional>

#include "engine/binary/stream_decoder.h"
#include "engine/validate/validate.h"
#include "engine/wasm/type_registry.h"

namespace sluice::cli {

namespace {

/// Checks bodies on the decoder's thread. The first faulty one precedes whatever the decoder finds.
class BodyChecker final : public DecoderEvents {
 public:
  void sections_before_code(const Module& module) override { module_ = &module; }
  void body(const FuncBody& body) override { check(body); }
  void truncated_body(const FuncBody& body) override {
    uint32_t end = body.range.offset + body.range.size;
    bool was_clean = !fault_;
    check(body);
    // That bytes are missing at the end is the decoder's to say.
    if (was_clean && fault_ &&
        (fault_->offset >= end || fault_->kind == ErrorKind::UnexpectedEnd)) {
      fault_.reset();
    }
  }

  const std::optional<Error>& fault() const { return fault_; }

 private:
  void check(const FuncBody& body) {
    if (fault_) return;
    uint32_t end = body.range.offset + body.range.size;
    auto valid = validate_body(*module_, body, module_->wire->view({0, end}), state_);
    if (!valid) fault_ = valid.error();
  }

  const Module* module_ = nullptr;
  ValidatorState state_;
  std::optional<Error> fault_;
};

}  // namespace

struct ModuleChecker::State {
  explicit State(Features features) : decoder(features, make_shared_heap<TypeRegistry>(), bodies) {}
  BodyChecker bodies;
  StreamDecoder decoder;
  Result<void> fed;
};

ModuleChecker::ModuleChecker(Features features) : state_(std::make_unique<State>(features)) {}
ModuleChecker::~ModuleChecker() = default;

bool ModuleChecker::feed(std::span<const uint8_t> bytes) {
  state_->fed = state_->decoder.feed(bytes);
  return state_->fed.has_value() && !state_->bodies.fault();
}

Result<std::shared_ptr<const Module>> ModuleChecker::finish() {
  Result<std::shared_ptr<Module>> module = std::shared_ptr<Module>();
  if (!state_->fed) {
    module = std::unexpected(state_->fed.error());
  } else if (!state_->bodies.fault()) {
    module = state_->decoder.finish();
  }
  if (state_->bodies.fault()) return std::unexpected(*state_->bodies.fault());
  if (!module) return std::unexpected(module.error());
  return *std::move(module);
}

}  // namespace sluice::cli

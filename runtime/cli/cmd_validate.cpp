// `sluice validate`: decoder and validator without a compiler behind them. Bodies are checked as
// they arrive; the error that is reported is the one at the lowest offset.
#include <cstdio>
#include <memory>
#include <optional>

#include "engine/binary/stream_decoder.h"
#include "engine/validate/validate.h"
#include "engine/wasm/type_registry.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/report.h"

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

/// Empty if the module is valid.
std::string check_module(const std::string& name, Features features) {
  BodyChecker checker;
  StreamDecoder decoder(features, make_shared_heap<TypeRegistry>(), checker);
  Result<void> fed;
  auto got = read_pieces(name, [&](std::span<const uint8_t> piece) {
    fed = decoder.feed(piece);
    return fed.has_value() && !checker.fault();
  });
  if (!got) return got.error();
  std::optional<Error> error;
  if (!fed) error = fed.error();
  if (!error && !checker.fault()) {
    if (auto finished = decoder.finish(); !finished) error = finished.error();
  }
  if (checker.fault()) error = checker.fault();
  return error ? std::string(error->message()) : std::string();
}

}  // namespace

int validate(const Options& options) {
  int status = 0;
  for (const std::string& name : options.modules) {
    std::string error = check_module(name, options.features);
    if (error.empty()) {
      std::printf("%s: valid\n", printable(name == "-" ? "standard input" : name).c_str());
    } else {
      status = report_error(name, error);
    }
  }
  return status;
}

}  // namespace sluice::cli

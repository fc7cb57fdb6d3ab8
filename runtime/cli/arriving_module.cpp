// Bytes go to the stream as they are read; the throttle only waits between them.
#include "runtime/cli/arriving_module.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <span>
#include <thread>

#include "runtime/cli/input.h"
#include "runtime/cli/progress.h"
#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

/// Lets no more than so many bytes a second through.
class Throttle {
 public:
  explicit Throttle(std::optional<uint64_t> bytes_per_second) : rate_(bytes_per_second) {}
  /// Hands the piece on in portions, at the times they are due.
  bool pass(std::span<const uint8_t> piece,
            const std::function<bool(std::span<const uint8_t>)>& take) {
    if (!rate_) return take(piece);
    const uint64_t portion = std::max<uint64_t>(*rate_ / 1000, 1);
    while (!piece.empty()) {
      const size_t n = std::min<size_t>(piece.size(), portion);
      passed_ += n;
      const double due = static_cast<double>(passed_) / static_cast<double>(*rate_);
      std::this_thread::sleep_until(start_ + std::chrono::duration<double>(due));
      if (!take(piece.first(n))) return false;
      piece = piece.subspan(n);
    }
    return true;
  }

 private:
  std::optional<uint64_t> rate_;
  uint64_t passed_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

std::expected<std::shared_ptr<const CompiledModule>, int>
compile_arriving(const Engine& engine, const Options& options, StreamRecorder* recorder) {
  ProgressBar bar;
  StreamCompiler stream = engine.compile_stream(
      bar.callback(), recorder == nullptr ? BatchCallback{} : recorder->callback());
  Result<void> fed;
  Throttle throttle(options.throttle_bytes);
  auto feed = [&](std::span<const uint8_t> piece) {
    if (recorder != nullptr) recorder->note_bytes(piece.size());
    fed = stream.feed(piece);
    return fed.has_value();
  };
  ModuleInput input(options.modules[0]);
  auto got = input.read([&](std::span<const uint8_t> piece) { return throttle.pass(piece, feed); });
  const auto refuse = [&](const std::string& why) {
    bar.clear();
    return std::unexpected(report_lines(why));
  };
  if (!got) return refuse(got.error());
  if (!fed) return refuse(input.explain(fed.error()));
  auto module = stream.finish();
  if (!module) return refuse(input.explain(module.error()));
  if (recorder != nullptr) recorder->note_ready();
  return *std::move(module);
}

}  // namespace sluice::cli

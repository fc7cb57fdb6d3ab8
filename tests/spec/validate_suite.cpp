// Decodes and validates every binary module of the conformance suites: what must be rejected is,
// the rest is not, and the answer does not depend on how the bytes were cut, nor on whether they
// are compiled meanwhile and on how many threads.
//
// Usage: validate_suite [--only SUITE]. The suites are found through SLUICE_SPEC_DIR; without them
// the program says so and exits with 77, which means skipped. Modules up to 2 KB are fed in two
// pieces, split at every byte; all are fed one byte at a time or at random splits, with fixed
// seeds.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/binary/stream_decoder.h"
#include "engine/validate/validate.h"
#include "engine/wasm/type_registry.h"
#include "jit/pipeline/stream_compiler.h"
#include "runtime/store/engine.h"

namespace {

namespace fs = std::filesystem;
using namespace sluice;

using Bytes = std::vector<uint8_t>;

/// Validates bodies as they come and keeps the first error.
class BodyChecker : public DecoderEvents {
 public:
  void sections_before_code(const Module& module) override { module_ = &module; }
  void body(const FuncBody& body) override { check(body); }
  // The body lacks its end; that alone is the decoder's error.
  void truncated_body(const FuncBody& body) override {
    check(body);
    const uint64_t end = uint64_t{body.range.offset} + body.range.size;
    if (failed_ && error_.offset == end) failed_ = false;
  }

  bool failed() const { return failed_; }
  const Error& error() const { return error_; }

 private:
  void check(const FuncBody& body) {
    if (failed_) return;
    auto result = validate_body(*module_, body, module_->wire->view(), state_);
    if (result) return;
    failed_ = true;
    error_ = result.error();
  }

  const Module* module_ = nullptr;
  ValidatorState state_;
  bool failed_ = false;
  Error error_{};
};

struct Verdict {
  bool ok = true;
  ErrorKind kind{};
  uint64_t offset = 0;
  std::string message;

  bool operator==(const Verdict& other) const {
    return ok == other.ok && message == other.message &&
           (ok || (kind == other.kind && offset == other.offset));
  }
};

Verdict verdict_of(const Error& error) {
  return {false, error.kind, error.offset, std::string(error.message())};
}

/// What a decoder says that is fed pieces ending at `cuts` (ascending) and at the end.
Verdict decode(const Bytes& bytes, Features features, const std::vector<size_t>& cuts) {
  BodyChecker checker;
  StreamDecoder decoder(features, make_shared_heap<TypeRegistry>(), checker);
  size_t from = 0;
  for (size_t i = 0; i <= cuts.size(); ++i) {
    const size_t to = i < cuts.size() ? cuts[i] : bytes.size();
    if (!decoder.feed(std::span(bytes).subspan(from, to - from))) break;
    from = to;
  }
  auto finished = decoder.finish();
  const bool bad_sections = !finished.has_value();
  if (checker.failed() && (!bad_sections || checker.error().offset <= finished.error().offset)) {
    return verdict_of(checker.error());
  }
  return bad_sections ? verdict_of(finished.error()) : Verdict{};
}

/// What the stream compiler says to pieces of at most `step` bytes. That a valid module is not
/// compiled yet says nothing about it.
Verdict compile(Engine& engine, const Bytes& bytes, size_t step) {
  StreamCompiler stream = engine.compile_stream();
  for (size_t at = 0; at < bytes.size(); at += step) {
    const std::span<const uint8_t> rest = std::span(bytes).subspan(at);
    if (!stream.feed(rest.first(std::min(step, rest.size())))) break;
  }
  const auto finished = stream.finish();
  if (finished || finished.error().kind == ErrorKind::NotCompiled) return {};
  return verdict_of(finished.error());
}

std::shared_ptr<Engine> make_engine(Features features, uint32_t workers) {
  EngineConfig config;
  config.features = features;
  config.workers = workers;
  config.compile = CompilePolicy::Eager;
  return Engine::create(config).value();
}

Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

enum class Expectation { Valid, Invalid, Malformed };

struct Counts {
  size_t valid = 0, invalid = 0, malformed = 0, failures = 0;
};

class Suite {
 public:
  Suite(fs::path folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)),
        engines_{make_engine(features(), 0), make_engine(features(), 2)} {}

  Counts run() {
    std::vector<fs::path> scripts;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.is_directory()) scripts.push_back(entry.path());
    }
    std::sort(scripts.begin(), scripts.end());
    for (const fs::path& script : scripts) run_script(script);
    return counts_;
  }

 private:
  void run_script(const fs::path& folder) {
    const fs::path json = folder / (folder.filename().string() + ".json");
    std::ifstream in(json, std::ios::binary);
    if (!in) return fail(json, 0, "cannot be read");
    run_commands(folder, nlohmann::json::parse(in).at("commands"));
  }

  void run_commands(const fs::path& folder, const nlohmann::json& commands) {
    for (const auto& command : commands) {
      const std::string type = command.at("type");
      if (command.contains("commands")) run_commands(folder, command.at("commands"));
      if (type == "assert_invalid") {
        run_module(folder, command, Expectation::Invalid);
      } else if (type == "assert_malformed") {
        run_module(folder, command, Expectation::Malformed);
      } else if (type == "module" || type == "module_definition" || type == "assert_unlinkable" ||
                 type == "assert_uninstantiable") {
        run_module(folder, command, Expectation::Valid);
      }
    }
  }

  void run_module(const fs::path& folder, const nlohmann::json& command, Expectation expected) {
    std::string file = command.value("binary_filename", command.value("filename", ""));
    if (!file.ends_with(".wasm")) return;  // quoted text
    const int line = command.at("line");
    if (is_excepted(folder.filename().string(), line)) return;
    const Bytes bytes = read_file(folder / file);
    const Verdict verdict = decode(bytes, features(), {});
    switch (expected) {
    case Expectation::Valid: ++counts_.valid; break;
    case Expectation::Invalid: ++counts_.invalid; break;
    case Expectation::Malformed: ++counts_.malformed; break;
    }
    const bool wanted = expected == Expectation::Valid;
    if (verdict.ok != wanted) {
      fail(folder / file, line,
           verdict.ok ? "accepted; expected: " + command.value("text", "") : verdict.message);
    } else if (!verdict.ok && !class_fits(verdict.kind, expected, command.value("text", ""))) {
      fail(folder / file, line,
           "rejected as of another class: " + verdict.message +
               "; expected: " + command.value("text", ""));
    }
    check_splits(folder / file, line, bytes, verdict);
    check_compiled(folder / file, line, bytes, verdict);
  }

  // Malformed modules may not be reported as invalid ones, and the other way round. A limit is
  // neither, and a few assertions of either class are about what we count as the other.
  static bool class_fits(ErrorKind kind, Expectation expected, const std::string& text) {
    const ErrorClass c = error_class(kind);
    if (c == ErrorClass::Limit) return text.find("too many locals") != std::string::npos;
    return c == (expected == Expectation::Malformed ? ErrorClass::Malformed : ErrorClass::Invalid);
  }

  void check_splits(const fs::path& file, int line, const Bytes& bytes, const Verdict& verdict) {
    constexpr size_t kSmall = 2048;
    auto compare = [&](const std::vector<size_t>& cuts) {
      const Verdict other = decode(bytes, features(), cuts);
      if (other == verdict) return true;
      fail(file, line,
           "one piece: " + (verdict.ok ? "valid" : verdict.message) + "; cut at " +
               (cuts.empty() ? "nothing" : std::to_string(cuts[0])) + ": " +
               (other.ok ? "valid" : other.message));
      return false;
    };
    if (bytes.size() < kSmall) {
      for (size_t cut = 0; cut <= bytes.size(); ++cut) {
        if (!compare({cut})) return;
      }
      std::vector<size_t> all;
      for (size_t cut = 1; cut < bytes.size(); ++cut) all.push_back(cut);
      compare(all);
      return;
    }
    std::mt19937 random(static_cast<uint32_t>(bytes.size()));
    for (int round = 0; round < 20; ++round) {
      std::set<size_t> cuts;
      for (size_t i = 0, n = 1 + random() % 40; i < n; ++i) cuts.insert(random() % bytes.size());
      if (!compare({cuts.begin(), cuts.end()})) return;
    }
  }

  void check_compiled(const fs::path& file, int line, const Bytes& bytes, const Verdict& verdict) {
    const size_t small_step = bytes.size() < 2048 ? 1 : 777;
    for (const auto& engine : engines_) {
      for (const size_t step : {bytes.size() + 1, small_step}) {
        const Verdict other = compile(*engine, bytes, step);
        if (other == verdict) continue;
        fail(file, line,
             "validated: " + (verdict.ok ? "valid" : verdict.message) + "; compiled by " +
                 std::to_string(engine->config().workers) + " workers in pieces of " +
                 std::to_string(step) + ": " + (other.ok ? "valid" : other.message));
      }
    }
  }

  Features features() const {
    return name_.starts_with("proposal-") ? Features::all() : Features::standard();
  }

  // The threads suite branched off before multi-memory: it rejects modules that are valid now.
  bool is_excepted(const std::string& script, int line) const {
    if (name_ != "threads") return false;
    return (script == "memory-shared" && (line == 14 || line == 15)) ||
           (script == "imports-shared" && (line == 483 || line == 487 || line == 491));
  }

  void fail(const fs::path& file, int line, const std::string& what) {
    ++counts_.failures;
    std::printf("FAIL %s/%s (line %d): %s\n", name_.c_str(), fs::relative(file, folder_).c_str(),
                line, what.c_str());
  }

  fs::path folder_;
  std::string name_;
  std::shared_ptr<Engine> engines_[2];  // without workers and with two
  Counts counts_;
};

}  // namespace

int main(int argc, char** argv) {
  const char* root = std::getenv("SLUICE_SPEC_DIR");
  if (root == nullptr || !fs::is_directory(root)) {
    std::puts("skipped: the conformance suites are not at SLUICE_SPEC_DIR");
    return 77;
  }
  std::string only;
  if (argc == 3 && std::strcmp(argv[1], "--only") == 0) only = argv[2];
  Counts standard;  // the suites of Wasm 3.0
  size_t failures = 0;
  for (const char* name :
       {"core", "core-bulk-memory", "core-exceptions", "core-gc", "core-memory64",
        "core-multi-memory", "core-relaxed-simd", "core-simd", "threads", "legacy-exceptions",
        "proposal-wide-arithmetic", "proposal-custom-page-sizes"}) {
    if (!only.empty() && only != name) continue;
    const Counts counts = Suite(fs::path(root) / name, name).run();
    std::printf("%-26s %5zu valid %5zu invalid %4zu malformed, %zu failures\n", name, counts.valid,
                counts.invalid, counts.malformed, counts.failures);
    failures += counts.failures;
    if (std::string_view(name).starts_with("core")) {
      standard.invalid += counts.invalid;
      standard.malformed += counts.malformed;
    }
  }
  // A suite that is not read through proves nothing.
  constexpr size_t kInvalid = 2723;
  constexpr size_t kMalformed = 711;
  if (only.empty() && (standard.invalid != kInvalid || standard.malformed != kMalformed)) {
    std::printf("FAIL Wasm 3.0 has %zu invalid and %zu malformed modules, not %zu and %zu\n",
                kInvalid, kMalformed, standard.invalid, standard.malformed);
    return 1;
  }
  return failures == 0 ? 0 : 1;
}

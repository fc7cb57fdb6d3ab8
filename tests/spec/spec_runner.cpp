// Runs scripts of the official conformance suites in one configuration.
//
//   spec_runner --suite core [--suite …] [--memory guard|explicit] [--workers N]
//               [--signals none] [--fuel] [--compile eager|lazy|adaptive] [--collect-always] [--cpu
//               sse4.1|avx|avx2|host] [--opt-level quick|full]
//               [--split whole|bytes|random] [--script NAME] [--feature NAME …] [--without NAME …]
//               [--verbose]
//               [--expected-failures FILE] [--allow-not-compiled]
//
// The suites are .wast files outside the repository (SLUICE_SPEC_DIR/wast); without them the run is
// skipped with exit code 77. A failing script that is not listed in FILE fails the run, and so does
// a listed script that passes. With --allow-not-compiled a module that is refused because it is not
// compiled yet is no failure, nor are the commands that need it: all others must pass.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "jit/pipeline/stream_compiler.h"
#include "runtime/wast/script.h"

namespace sluice::spec {
namespace {

using wast::Script;
using wast::ScriptReport;

namespace fs = std::filesystem;

enum class Split { Whole, Bytes, Random };

struct Options {
  std::vector<std::string> suites;
  EngineConfig config;
  Split split = Split::Whole;
  std::string script;  // only this one, if not empty
  bool verbose = false;
  bool allow_not_compiled = false;
  std::string expected_failures;
};

[[noreturn]] void usage(const char* problem) {
  std::fprintf(stderr, "spec_runner: %s; see the top of spec_runner.cpp\n", problem);
  std::exit(2);
}

Options parse_options(int argc, char** argv) {
  Options options;
  options.config.workers = 0;
  options.config.compile = CompilePolicy::Eager;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--collect-always") {
      options.config.collect_always = true;
      continue;
    }
    if (name == "--fuel") {
      options.config.meter_fuel = true;
      continue;
    }
    if (name == "--verbose" || name == "--allow-not-compiled") {
      (name == "--verbose" ? options.verbose : options.allow_not_compiled) = true;
      continue;
    }
    if (i + 1 == argc) usage("an option lacks its value");
    std::string value = argv[++i];
    if (name == "--suite") {
      options.suites.push_back(value);
    } else if (name == "--memory") {
      options.config.memory_mode =
          value == "explicit" ? MemoryModeChoice::Explicit : MemoryModeChoice::Guard;
    } else if (name == "--signals") {
      if (value != "none") usage("--signals takes none");
      options.config.signals = SignalPolicy::None;
    } else if (name == "--compile") {
      options.config.compile = value == "lazy"       ? CompilePolicy::Lazy
                               : value == "adaptive" ? CompilePolicy::Adaptive
                                                     : CompilePolicy::Eager;
    } else if (name == "--cpu") {
      options.config.cpu = value == "sse4.1" ? CpuLevel::Sse41
                           : value == "avx"  ? CpuLevel::Avx
                           : value == "avx2" ? CpuLevel::Avx2
                                             : CpuLevel::Host;
    } else if (name == "--opt-level") {
      options.config.opt_level = value == "full" ? OptLevelChoice::Full : OptLevelChoice::Quick;
    } else if (name == "--workers") {
      options.config.workers = static_cast<uint32_t>(std::stoul(value));
    } else if (name == "--split") {
      options.split = value == "bytes"    ? Split::Bytes
                      : value == "random" ? Split::Random
                                          : Split::Whole;
    } else if (name == "--feature" || name == "--without") {
      const std::optional<Feature> feature = find_feature(value);
      if (!feature) usage("there is no such feature");
      Features& features = options.config.features;
      features = name == "--feature" ? features.with(*feature) : features.without(*feature);
    } else if (name == "--script") {
      options.script = value;
    } else if (name == "--expected-failures") {
      options.expected_failures = value;
    } else {
      usage("unknown option");
    }
  }
  if (options.suites.empty()) usage("--suite is missing");
  return options;
}

/// "suite/script" of each line; what follows the first blank says why.
std::set<std::string> read_list(const std::string& path) {
  std::set<std::string> names;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    std::string name = line.substr(0, line.find(' '));
    if (!name.empty() && name[0] != '#') names.insert(name);
  }
  return names;
}

/// Small modules come byte by byte, larger ones in random pieces: both from one seed per module,
/// so that a failure repeats.
Result<std::shared_ptr<const CompiledModule>> compile_split(Engine& engine, Split split,
                                                            std::span<const uint8_t> bytes) {
  StreamCompiler stream = engine.compile_stream();
  std::minstd_rand random(static_cast<uint32_t>(bytes.size()) + 1);
  constexpr size_t kBytewiseLimit = 2048;
  while (!bytes.empty()) {
    size_t count = bytes.size();
    if (split == Split::Bytes && bytes.size() <= kBytewiseLimit) count = 1;
    if (split == Split::Random || (split == Split::Bytes && bytes.size() > kBytewiseLimit)) {
      count = std::min<size_t>(bytes.size(), 1 + random() % 700);
    }
    // finish() repeats the error of a feed.
    if (!stream.feed(bytes.first(count))) break;
    bytes = bytes.subspan(count);
  }
  return stream.finish();
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// The scripts of a suite. "core" is the files of its folder alone, "core-gc" those of core/gc; the
/// other suites are all files of their folder.
std::vector<fs::path> scripts_of(const fs::path& root, const std::string& suite) {
  std::vector<fs::path> files;
  const auto add = [&](const fs::directory_entry& entry) {
    if (entry.path().extension() == ".wast") files.push_back(entry.path());
  };
  if (suite.starts_with("core")) {
    fs::path folder = root / "core";
    if (suite != "core") folder /= suite.substr(5);
    if (!fs::is_directory(folder)) return files;
    for (const auto& entry : fs::directory_iterator(folder)) add(entry);
  } else if (fs::is_directory(root / suite)) {
    for (const auto& entry : fs::recursive_directory_iterator(root / suite)) add(entry);
  }
  std::sort(files.begin(), files.end());
  return files;
}

struct Totals {
  unsigned scripts = 0, failed_scripts = 0, passed = 0, failed = 0, not_compiled = 0,
           unexpected = 0;
};

void run_script(const Options& options, const std::string& suite, const fs::path& file,
                const std::set<std::string>& expected, std::set<std::string>& listed_unseen,
                Totals& totals) {
  std::string name = suite + "/" + file.stem().string();
  auto engine = Engine::create(options.config);
  if (!engine) {
    std::printf("FAIL %s: no engine\n", name.c_str());
    ++totals.unexpected;
    return;
  }
  Script script(
      *engine,
      [&](Engine& with, std::span<const uint8_t> bytes) {
        return compile_split(with, options.split, bytes);
      },
      options.allow_not_compiled);
  ScriptReport report = script.run(read_file(file));
  listed_unseen.erase(name);
  ++totals.scripts;
  totals.passed += report.passed;
  totals.not_compiled += report.not_compiled;
  totals.failed += static_cast<unsigned>(report.failures.size());
  bool is_expected = expected.contains(name);
  bool ok = report.failures.empty();
  if (!ok) ++totals.failed_scripts;
  if (ok == is_expected) {
    ++totals.unexpected;
    std::printf("%s %s (%zu failures, %u passed)\n", ok ? "LISTED BUT PASSES" : "FAIL",
                name.c_str(), report.failures.size(), report.passed);
  }
  if (!ok && (options.verbose || !is_expected)) {
    size_t shown =
        options.verbose ? report.failures.size() : std::min<size_t>(5, report.failures.size());
    for (size_t i = 0; i < shown; ++i) std::printf("  %s\n", report.failures[i].c_str());
  }
}

int run(const Options& options) {
  const char* root = std::getenv("SLUICE_SPEC_DIR");
  if (root == nullptr || !fs::is_directory(root)) {
    std::printf("skipped: the conformance suites are not here (SLUICE_SPEC_DIR)\n");
    return 77;
  }
  std::set<std::string> expected;
  if (!options.expected_failures.empty()) expected = read_list(options.expected_failures);
  Totals totals;
  std::set<std::string> listed_unseen;
  for (const std::string& suite : options.suites) {
    for (const std::string& name : expected) {
      if (name.rfind(suite + "/", 0) == 0) listed_unseen.insert(name);
    }
    for (const fs::path& file : scripts_of(fs::path(root) / "wast", suite)) {
      if (!options.script.empty() && options.script != file.stem()) continue;
      run_script(options, suite, file, expected, listed_unseen, totals);
    }
  }
  if (options.script.empty()) {
    for (const std::string& name : listed_unseen) {
      std::printf("LISTED BUT ABSENT %s\n", name.c_str());
      ++totals.unexpected;
    }
  }
  std::printf("%u scripts, %u with failures: %u commands passed, %u failed, %u need "
              "what is not compiled yet; %u unexpected\n",
              totals.scripts, totals.failed_scripts, totals.passed, totals.failed,
              totals.not_compiled, totals.unexpected);
  return totals.unexpected == 0 && totals.scripts > 0 ? 0 : 1;
}

}  // namespace
}  // namespace sluice::spec

int main(int argc, char** argv) {
  return sluice::spec::run(sluice::spec::parse_options(argc, argv));
}

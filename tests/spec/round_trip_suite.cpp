// Every module of the conformance suites there and back: text to binary to text to binary gives the
// same bytes, and a module that comes as binary gives a text that stays the same.
//
// Usage: round_trip_suite FOLDER…: all scripts (.wast) and binary modules (.wasm) below, which are
// those of SLUICE_SPEC_DIR unless folders are named. Modules that are not well-formed have no text.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/text/text.h"
#include "engine/text/wast.h"

namespace {

namespace fs = std::filesystem;
using namespace sluice;

struct Counts {
  size_t texts = 0, binaries = 0, unreadable = 0, failures = 0;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class RoundTrips {
 public:
  const Counts& counts() const { return counts_; }

  void run_script(const fs::path& path) {
    place_ = path.string();
    const std::string source = read_file(path);
    auto script = parse_wast(source);
    if (!script) return fail("no script: " + std::string(script.error().message()));
    run_commands(source, *script);
  }

  void run_binary(const fs::path& path) {
    place_ = path.string();
    const std::string bytes = read_file(path);
    run_binary({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  }

 private:
  void run_commands(std::string_view source, const Vector<WastCommand>& commands) {
    for (const WastCommand& command : commands) {
      run_commands(source, command.commands);
      if (!has_module(command.kind)) continue;
      line_ = command.line;
      auto bytes = encode(source, command.module);
      if (!bytes) {
        ++counts_.unreadable;  // a text that is to be malformed: the spec runner looks at those
      } else if (command.module.kind == WastModule::Kind::Binary) {
        run_binary(*bytes);
      } else {
        ++counts_.texts;
        expect_same(*bytes, nullptr);
      }
      line_ = 0;
    }
  }

  static bool has_module(WastKind kind) {
    return kind == WastKind::Module || kind == WastKind::ModuleDefinition ||
           kind == WastKind::AssertInvalid || kind == WastKind::AssertMalformed ||
           kind == WastKind::AssertUnlinkable || kind == WastKind::AssertUninstantiable;
  }

  /// Bytes that somebody else has written: numbers may be longer than needed there, so it is only
  /// from the first text on that nothing may change.
  void run_binary(std::span<const uint8_t> bytes) {
    auto text = wasm_to_wat(bytes);
    if (!text) {
      ++counts_.unreadable;
      return;
    }
    ++counts_.binaries;
    auto again = wat_to_wasm(*text);
    if (!again)
      return fail("its text is not accepted: " + std::string(explain(*text, again.error())));
    expect_same(*again, &*text);
  }

  /// bytes → text → bytes; the text is `expected`, unless that is null.
  void expect_same(const Vector<uint8_t>& bytes, const String* expected) {
    auto text = wasm_to_wat(bytes);
    if (!text) return fail("has no text: " + std::string(text.error().message()));
    if (expected != nullptr && *text != *expected) return fail("another text the second time");
    auto again = wat_to_wasm(*text);
    if (!again)
      return fail("its text is not accepted: " + std::string(explain(*text, again.error())));
    if (*again == bytes) return;
    const auto at = std::ranges::mismatch(*again, bytes).in2 - bytes.begin();
    fail("other bytes the second time, from " + std::to_string(at) + " on");
  }

  void fail(const std::string& what) {
    ++counts_.failures;
    std::printf("FAIL %s:%llu: %s\n", place_.c_str(), static_cast<unsigned long long>(line_),
                what.c_str());
  }

  std::string place_;
  uint64_t line_ = 0;
  Counts counts_;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> folders(argv + 1, argv + argc);
  const char* suites = std::getenv("SLUICE_SPEC_DIR");
  if (folders.empty() && suites != nullptr) folders.emplace_back(suites);
  if (folders.empty() || !fs::is_directory(folders[0])) {
    std::puts("skipped: the conformance suites are not at SLUICE_SPEC_DIR");
    return 77;
  }
  std::set<fs::path> files;
  for (const std::string& folder : folders) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) files.insert(entry.path());
  }
  RoundTrips trips;
  for (const fs::path& path : files) {
    if (path.extension() == ".wast") trips.run_script(path);
    if (path.extension() == ".wasm") trips.run_binary(path);
  }
  const Counts& counts = trips.counts();
  std::printf("%zu modules in text, %zu in binary, %zu not well-formed, %zu failures\n",
              counts.texts, counts.binaries, counts.unreadable, counts.failures);
  // A suite that is not read through proves nothing.
  constexpr size_t kTexts = 5615;
  const bool is_all = argc > 1 || counts.texts >= kTexts;
  if (!is_all) std::printf("FAIL the suites have %zu modules in text\n", kTexts);
  return counts.failures == 0 && is_all ? 0 : 1;
}

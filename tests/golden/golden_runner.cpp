// Golden tests: small modules in text form with the machine code they become.
//
//   golden_runner [--bless] FILE.wat …
//
// A file starts with directives, `;;! stage = "baseline"`, optionally with cpu (features the code
// may use, separated by spaces; default none beyond SSE4.1), memory ("guard" or "explicit"), level
// ("quick" or "full") and metered ("fuel", "interrupts").
// Then comes the module, and in lines that start with `;;=` what the stage gives. --bless rewrites
// those lines; the change is reviewed like code. Without Zydis the tests are skipped with exit code
// 77.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/binary/stream_decoder.h"
#include "engine/text/text.h"
#include "engine/wasm/type_registry.h"
#include "jit/baseline/baseline.h"
#include "tests/golden/listing.h"

namespace sluice::golden {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDirective = ";;!";
constexpr const char* kExpected = ";;=";

struct GoldenFile {
  std::string stage;
  std::string cpu;
  std::string memory = "guard";
  std::string level = "quick";
  std::string metered;
  std::string frame;
  std::vector<std::string> source;    // all lines but the expected ones
  std::vector<std::string> expected;  // without ";;="
};

/// The value of `name = "value"` in a directive line, or `otherwise`.
std::string directive(const std::string& line, const std::string& name,
                      const std::string& otherwise) {
  size_t at = line.find(name);
  if (at == std::string::npos) return otherwise;
  size_t open = line.find('"', at);
  size_t close = open == std::string::npos ? open : line.find('"', open + 1);
  if (close == std::string::npos) return otherwise;
  return line.substr(open + 1, close - open - 1);
}

GoldenFile parse(const fs::path& path) {
  GoldenFile file;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(kExpected)) {
      file.expected.push_back(line.substr(3));
      continue;
    }
    if (line.starts_with(kDirective)) {
      file.stage = directive(line, "stage", file.stage);
      file.cpu = directive(line, "cpu", file.cpu);
      file.memory = directive(line, "memory", file.memory);
      file.level = directive(line, "level", file.level);
      file.metered = directive(line, "metered", file.metered);
      file.frame = directive(line, "frame", file.frame);
    }
    file.source.push_back(line);
  }
  while (!file.source.empty() && file.source.back().empty()) file.source.pop_back();
  return file;
}

Vector<uint8_t> assemble(const GoldenFile& file, std::string* problem) {
  std::string text;
  for (const std::string& line : file.source) text += line + '\n';
  auto bytes = wat_to_wasm(text);
  if (bytes) return *std::move(bytes);
  *problem = explain(text, bytes.error()).c_str();
  return {};
}

CompileOptions options_of(const GoldenFile& file) {
  CompileOptions options;
  if (file.memory == "explicit") options.memory_mode = MemoryMode::Explicit;
  if (file.level == "full") options.opt_level = OptLevel::Full;
  options.meter_fuel = file.metered.find("fuel") != std::string::npos;
  options.interrupt_checks = file.metered.find("interrupts") != std::string::npos;
  std::istringstream words(file.cpu);
  for (std::string word; words >> word;) {
    if (word == "avx") options.cpu.avx = true;
    if (word == "avx2") options.cpu.avx = options.cpu.avx2 = true;
    if (word == "fma") options.cpu.fma = true;
    if (word == "avx_vnni") options.cpu.avx_vnni = true;
    if (word == "bmi1") options.cpu.bmi1 = true;
    if (word == "bmi2") options.cpu.bmi2 = true;
    if (word == "lzcnt") options.cpu.lzcnt = true;
    if (word == "popcnt") options.cpu.popcnt = true;
  }
  return options;
}

/// Replaces what every function has by one line each: the prologue, which ends by storing the
/// instance, epilogues, and the stub for an exhausted stack.
std::vector<std::string> without_frame(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  size_t i = 0;
  while (i < lines.size() && lines[i] != "  mov [rbp-0x08], r14") ++i;
  if (i == lines.size()) return lines;
  out.push_back("  (prologue)");
  for (++i; i < lines.size(); ++i) {
    const bool drops_frame = lines[i].starts_with("  add rsp, ") || lines[i] == "  mov rsp, rbp";
    if (drops_frame && i + 2 < lines.size() && lines[i + 1] == "  pop rbp") {
      i += 2;
      out.push_back("  (epilogue)" + lines[i].substr(1));
    } else if (lines[i] == "  trap StackExhausted") {
      out.pop_back();  // its label
    } else {
      out.push_back(lines[i]);
    }
  }
  return out;
}

/// What the baseline compiler makes of each function.
std::vector<std::string> run_baseline(const GoldenFile& file, std::span<const uint8_t> bytes,
                                      std::string* problem) {
  auto text = [](const Error& error) { return std::string(error.message().c_str()); };
  std::vector<std::string> lines;
  auto module = decode_module(bytes, Features::all(), make_shared_heap<TypeRegistry>());
  if (!module) {
    *problem = text(module.error());
    return lines;
  }
  CompileOptions options = options_of(file);
  CompileScratch scratch(options.cpu);
  for (const FuncBody& body : (*module)->bodies) {
    CodeBatch batch;
    auto compiled = compile_baseline(**module, body, options, scratch, batch);
    lines.push_back(" func[" + std::to_string(raw(body.func)) + "]:");
    if (!compiled) {
      lines.push_back("   " + text(compiled.error()));
      continue;
    }
    std::vector<std::string> listing = list_function(**module, batch, batch.entries[0]);
    if (file.frame != "full") listing = without_frame(listing);
    for (const std::string& line : listing) lines.push_back(" " + line);
  }
  return lines;
}

void print_difference(const std::vector<std::string>& expected,
                      const std::vector<std::string>& got) {
  size_t i = 0;
  while (i < expected.size() && i < got.size() && expected[i] == got[i]) ++i;
  std::printf("  line %zu of the listing\n    expected:%s\n    got:     %s\n", i + 1,
              i < expected.size() ? expected[i].c_str() : " (nothing)",
              i < got.size() ? got[i].c_str() : " (nothing)");
}

void rewrite(const fs::path& path, const GoldenFile& file, const std::vector<std::string>& got) {
  std::ofstream out(path);
  for (const std::string& line : file.source) out << line << '\n';
  for (const std::string& line : got) out << kExpected << line << '\n';
}

bool run_file(const fs::path& path, bool bless) {
  GoldenFile file = parse(path);
  std::string problem;
  std::vector<std::string> got;
  if (file.stage != "baseline") {
    problem = "unknown stage '" + file.stage + "'";
  } else {
    Vector<uint8_t> bytes = assemble(file, &problem);
    if (problem.empty()) got = run_baseline(file, bytes, &problem);
  }
  if (!problem.empty()) {
    std::printf("FAILED %s: %s\n", path.c_str(), problem.c_str());
    return false;
  }
  if (got == file.expected) return true;
  if (bless) {
    rewrite(path, file, got);
    std::printf("blessed %s\n", path.c_str());
    return true;
  }
  std::printf("FAILED %s\n", path.c_str());
  print_difference(file.expected, got);
  return false;
}

int run(int argc, char** argv) {
  bool bless = false;
  std::vector<fs::path> files;
  for (int i = 1; i < argc; ++i) {
    std::string arg = argv[i];
    if (arg == "--bless") {
      bless = true;
    } else if (fs::is_directory(arg)) {
      for (const auto& entry : fs::recursive_directory_iterator(arg)) {
        if (entry.path().extension() == ".wat") files.push_back(entry.path());
      }
    } else {
      files.emplace_back(arg);
    }
  }
  if (!can_list()) {
    std::puts("skipped: built without Zydis (Debian: libzydis-dev)");
    return 77;
  }
  size_t failed = 0;
  for (const fs::path& path : files) failed += run_file(path, bless) ? 0 : 1;
  std::printf("%zu files, %zu failed\n", files.size(), failed);
  if (files.empty()) std::puts("FAILED: no files");
  return failed == 0 && !files.empty() ? 0 : 1;
}

}  // namespace
}  // namespace sluice::golden

int main(int argc, char** argv) { return sluice::golden::run(argc, argv); }

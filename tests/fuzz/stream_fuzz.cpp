// Fuzz target: any bytes, through the stream compiler, in several ways that must agree.
//
// The whole input at once on the feeding thread is the reference; pieces of random sizes, with and
// without workers, other policies of compilation and the other memory mode must give the same
// verdict: the same error kind and offset, or a module with as many functions and, where all of it
// is compiled in the same mode, the same amount of code.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <span>

#include "jit/pipeline/stream_compiler.h"
#include "runtime/store/engine.h"

namespace {

using namespace sluice;

using Verdict = Result<std::shared_ptr<const CompiledModule>>;

std::shared_ptr<Engine> make_engine(MemoryModeChoice mode, uint32_t workers,
                                    CompilePolicy policy = CompilePolicy::Eager) {
  EngineConfig config;
  config.memory_mode = mode;
  config.workers = workers;
  config.compile = policy;
  config.features = Features::all();
  auto engine = Engine::create(config);
  if (!engine) std::abort();
  return *engine;
}

Verdict compile(Engine& engine, std::span<const uint8_t> bytes, std::minstd_rand* random) {
  StreamCompiler stream = engine.compile_stream();
  while (!bytes.empty()) {
    size_t count = bytes.size();
    if (random != nullptr) count = std::min<size_t>(count, 1 + (*random)() % 64);
    if (!stream.feed(bytes.first(count))) break;
    bytes = bytes.subspan(count);
  }
  return stream.finish();
}

void check_same(const Verdict& reference, const Verdict& other, bool same_code, const char* how) {
  bool same = reference.has_value() == other.has_value();
  if (same && reference) {
    same = (*reference)->stats().functions == (*other)->stats().functions &&
           (!same_code ||
            (*reference)->stats().machine_code_bytes == (*other)->stats().machine_code_bytes);
  } else if (same) {
    same = reference.error().kind == other.error().kind &&
           reference.error().offset == other.error().offset;
  }
  if (same) return;
  std::fprintf(stderr, "%s disagrees: '%s' and '%s'\n", how,
               reference ? "valid" : reference.error().message().c_str(),
               other ? "valid" : other.error().message().c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::shared_ptr<Engine> inline_engine = make_engine(MemoryModeChoice::Auto, 0);
  static std::shared_ptr<Engine> threaded_engine = make_engine(MemoryModeChoice::Auto, 2);
  static std::shared_ptr<Engine> explicit_engine = make_engine(MemoryModeChoice::Explicit, 0);
  static std::shared_ptr<Engine> lazy_engine =
      make_engine(MemoryModeChoice::Auto, 0, CompilePolicy::Lazy);
  static std::shared_ptr<Engine> adaptive_engine =
      make_engine(MemoryModeChoice::Auto, 2, CompilePolicy::Adaptive);
  std::span<const uint8_t> bytes(data, size);
  std::minstd_rand random(static_cast<uint32_t>(size) + 1);
  Verdict reference = compile(*inline_engine, bytes, nullptr);
  check_same(reference, compile(*inline_engine, bytes, &random), true, "a split stream");
  check_same(reference, compile(*threaded_engine, bytes, &random), true, "a stream with workers");
  check_same(reference, compile(*explicit_engine, bytes, nullptr), false, "explicit mode");
  check_same(reference, compile(*lazy_engine, bytes, nullptr), false, "lazy compilation");
  check_same(reference, compile(*adaptive_engine, bytes, &random), false, "adaptive compilation");
  return 0;
}

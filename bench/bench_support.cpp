// See bench_support.h. The synthetic module is written byte by byte here, so that the benchmarks
// depend on no tool.
#include "bench/bench_support.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#ifdef SLUICE_WITH_MIMALLOC
#include <mimalloc.h>
#endif

#include "engine/base/heap.h"

namespace sluice::bench {

namespace {

using Bytes = std::vector<uint8_t>;

void append_u32(Bytes& out, uint32_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<uint8_t>(value));
}

void append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

void append_section(Bytes& out, uint8_t id, const Bytes& content) {
  out.push_back(id);
  append_u32(out, static_cast<uint32_t>(content.size()));
  append(out, content);
}

/// The body of (func (param i32 i32) (result i32) (local i32 i32) …); `seed` varies its constants.
Bytes synthetic_body(uint32_t seed) {
  Bytes body = {0x01, 0x02, 0x7f};
  const auto constant = [&](uint32_t value) {
    body.push_back(0x41);
    append_u32(body, value & 0x3f);  // below 64 an unsigned LEB is a signed one too
  };
  append(body, {0x03, 0x40});                    // loop
  append(body, {0x20, 0x00, 0x20, 0x03, 0x6a});  //   local.get 0, 3; i32.add
  constant(seed);
  append(body, {0x73, 0x21, 0x02});                                //   i32.xor; local.set 2
  append(body, {0x20, 0x02, 0x20, 0x01, 0x71, 0x28, 0x02, 0x10});  //   i32.load offset=16
  constant(seed >> 6);
  append(body, {0x6c, 0x22, 0x02});                          //   i32.mul; local.tee 2
  append(body, {0x20, 0x01, 0x49, 0x04, 0x40});              //   i32.lt_u local 1; if
  append(body, {0x20, 0x01, 0x20, 0x02, 0x36, 0x02, 0x20});  //     i32.store offset=32
  append(body, {0x05, 0x20, 0x02});                          //   else
  constant(7);
  append(body, {0x76, 0x21, 0x02, 0x0b});                    //     i32.shr_u; set; end
  append(body, {0x20, 0x03, 0x41, 0x01, 0x6a, 0x22, 0x03});  //   local 3 += 1
  append(body, {0x20, 0x00, 0x49, 0x0d, 0x00, 0x0b});        //   br_if 0; end
  append(body, {0x20, 0x02, 0xad, 0x20, 0x03, 0xad, 0x7e});  // i64 multiplication
  append(body, {0x42, 0x20, 0x88, 0xa7, 0x0b});              // >> 32, wrapped
  return body;
}

/// Content bytes of the code section; 0 if the bytes are no module.
uint64_t code_section_bytes(const Bytes& wasm) {
  size_t at = 8;
  while (at < wasm.size()) {
    const uint8_t id = wasm[at++];
    uint64_t size = 0;
    for (unsigned shift = 0; at < wasm.size() && shift < 35; shift += 7) {
      const uint8_t byte = wasm[at++];
      size |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (id == 10) return size;
    at += size;
  }
  return 0;
}

}  // namespace

void use_mimalloc() {
#ifdef SLUICE_WITH_MIMALLOC
  set_heap_hooks({
      [](size_t size_bytes, size_t align_bytes) {
        return mi_malloc_aligned(size_bytes, align_bytes);
      },
      [](void* block, size_t size_bytes, size_t align_bytes) {
        mi_free_size_aligned(block, size_bytes, align_bytes);
      },
  });
#endif
}

NamedModule synthetic_module(uint32_t functions) {
  Bytes wasm = {0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
  append_section(wasm, 1, {0x01, 0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f});
  Bytes types;
  append_u32(types, functions);
  types.insert(types.end(), functions, 0x00);
  append_section(wasm, 3, types);
  append_section(wasm, 5, {0x01, 0x00, 0x01});
  Bytes code;
  append_u32(code, functions);
  for (uint32_t i = 0; i < functions; ++i) {
    const Bytes body = synthetic_body(i);
    append_u32(code, static_cast<uint32_t>(body.size()));
    append(code, body);
  }
  append_section(wasm, 10, code);
  return {"synthetic", std::move(wasm), code.size()};
}

std::vector<NamedModule> all_modules() {
  namespace fs = std::filesystem;
  std::vector<NamedModule> modules;
  const char* chosen = std::getenv("SLUICE_MODULES_DIR");
  const fs::path folder = chosen != nullptr ? chosen : SLUICE_MODULES_DIR;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    if (entry.path().extension() != ".wasm") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    Bytes bytes(std::istreambuf_iterator<char>(file), {});
    const uint64_t code_bytes = code_section_bytes(bytes);
    modules.push_back({entry.path().stem().string(), std::move(bytes), code_bytes});
  }
  std::sort(modules.begin(), modules.end(), [](const NamedModule& a, const NamedModule& b) {
    return a.bytes.size() < b.bytes.size();
  });
  modules.insert(modules.begin(), synthetic_module(10'000));
  return modules;
}

}  // namespace sluice::bench

// Fuzz target: any bytes as a module's text, as a script, and, where they begin like one, as a
// binary module to print.
//
// A text that is accepted becomes bytes that can be printed, unless they exceed what the printer
// holds; what was printed can be read and gives a text that is the same when printed again. An
// error can always be explained, and the bytes come from places in the text.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "engine/text/text.h"
#include "engine/text/wast.h"

namespace {

using namespace sluice;

void fail(const char* what, const String& text) {
  std::fprintf(stderr, "%s:\n%s\n", what, text.c_str());
  std::abort();
}

void check_text(std::string_view text) {
  auto bytes = wat_to_wasm(text);
  if (!bytes) {
    if (explain(text, bytes.error()).empty()) fail("no explanation", String(text));
    return;
  }
  TextMap map;
  auto mapped = wat_to_wasm(text, &map);
  if (!mapped || *mapped != *bytes) fail("other bytes with a map", String(text));
  for (uint64_t offset = 0; offset < bytes->size(); ++offset) {
    const auto place = map.find(offset);
    if (place && *place > text.size()) fail("a place behind the text", String(text));
  }
  auto printed = wasm_to_wat(*bytes);
  if (!printed) return;
  auto again = wat_to_wasm(*printed);
  if (!again)
    fail("printed text is not accepted", explain(*printed, again.error()) + "\n" + *printed);
  auto twice = wasm_to_wat(*again);
  if (!twice || *twice != *printed) fail("printed twice, not the same", *printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size != 0 && data[0] == 0) {
    auto printed = wasm_to_wat({data, size});
    if (printed) static_cast<void>(wat_to_wasm(*printed));
    return 0;
  }
  check_text(text);
  if (auto script = parse_wast(text)) {
    for (const WastCommand& command : *script) static_cast<void>(encode(text, command.module));
  }
  return 0;
}

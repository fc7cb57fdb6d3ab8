// `sluice objdump` prints the machine code of a module's functions, with the WebAssembly
// instructions that each piece was made for; `sluice explore` makes a page of the same, on which
// both stand side by side and light up together. The page is one file and asks nobody for anything.
#include <cinttypes>
#include <cstdio>
#include <map>

#include "runtime/cli/annotate.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/input.h"
#include "runtime/cli/program.h"
#include "runtime/cli/report.h"

namespace sluice::cli {

namespace {

/// Compiles the module and hands every defined function on, or the one that was asked for.
template <class Take>
int each_function(const Options& options, Take take) {
  const std::string& name = options.modules[0];
  if (options.modules.size() > 1) return report_error({}, "one module at a time, please");
  if (const std::string problem = missing_disassembler(); !problem.empty()) {
    return report_error({}, problem);
  }
  auto engine = Engine::create(engine_config(options));
  if (!engine) return report_error({}, engine.error().message());
  ModuleInput input(name);
  auto bytes = input.read_all();
  if (!bytes) return report_lines(bytes.error());
  auto module = (*engine)->compile(*bytes);
  if (!module) return report_lines(input.explain(module.error()));
  bool found = false;
  for (const FuncBody& body : (*module)->module().bodies) {
    if (options.only_func && *options.only_func != raw(body.func)) continue;
    found = true;
    auto func = annotate(**module, body.func);
    if (!func) return report_error(name, func.error().message());
    take(*func);
  }
  if (!found && options.only_func) {
    return report_error(name, "defines no function " + std::to_string(*options.only_func));
  }
  return 0;
}

void print_func(const AnnotatedFunc& func) {
  std::map<uint64_t, const WasmLine*> by_offset;
  for (const WasmLine& line : func.wasm) by_offset[line.offset] = &line;
  std::printf("%s: %u bytes of WebAssembly, %u of machine code\n", printable(func.name).c_str(),
              func.wasm_bytes, func.machine_bytes);
  uint64_t last = kNoOffset;
  for (const MachineLine& line : func.machine) {
    auto wasm = by_offset.find(line.wasm_offset);
    if (line.wasm_offset != last && wasm != by_offset.end()) {
      std::printf("  ;; %#" PRIx64 ": %s\n", line.wasm_offset, wasm->second->text.c_str());
    }
    last = line.wasm_offset;
    std::printf("    %6x  %s\n", line.offset, line.text.c_str());
  }
  std::puts("");
}

constexpr const char* kPageHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>
body { font: 13px/1.4 monospace; margin: 1em; background: #fff; color: #222; }
summary { cursor: pointer; padding: 2px 0; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1em; }
.pair div { white-space: pre; overflow-x: auto; }
span[data-o] { display: block; background: hsl(var(--h) 70% 94%); }
span[data-o].on { background: hsl(var(--h) 80% 75%); }
small { color: #777; }
</style>
)";

constexpr const char* kPageEnd = R"(<script>
let lit = [];
document.addEventListener("mouseover", event => {
  for (const e of lit) e.classList.remove("on");
  lit = [];
  const line = event.target.closest("span[data-o]");
  if (!line) return;
  const pair = line.closest(".pair");
  lit = [...pair.querySelectorAll(`span[data-o="${line.dataset.o}"]`)];
  for (const e of lit) e.classList.add("on");
});
</script></body></html>
)";

/// A line of either side; those of one instruction have one colour.
void print_line(uint64_t offset, const std::string& text) {
  if (offset == kNoOffset) {
    std::printf("%s\n", without_markup(text).c_str());
    return;
  }
  // Steps of the golden angle: neighbours differ.
  const auto hue = static_cast<unsigned>(offset * 137 % 360);
  std::printf("<span data-o=\"%" PRIu64 "\" style=\"--h:%u\">%s</span>", offset, hue,
              without_markup(text).c_str());
}

void print_page_func(const AnnotatedFunc& func) {
  std::printf("<details><summary>%s <small>%u bytes of WebAssembly, %u of machine code</small>"
              "</summary><div class=\"pair\"><div>",
              without_markup(func.name).c_str(), func.wasm_bytes, func.machine_bytes);
  for (const WasmLine& line : func.wasm) {
    print_line(line.offset, std::string(size_t{2} * std::min(line.depth, 40u), ' ') + line.text);
  }
  std::fputs("</div><div>", stdout);
  for (const MachineLine& line : func.machine) print_line(line.wasm_offset, line.text);
  std::puts("</div></div></details>");
}

}  // namespace

int objdump(const Options& options) { return each_function(options, print_func); }

int explore(const Options& options) {
  bool begun = false;
  int status = each_function(options, [&](const AnnotatedFunc& func) {
    if (!begun) {
      const std::string title = without_markup(options.modules[0]);
      std::printf("%s<title>%s</title></head><body><h1>%s</h1>\n", kPageHead, title.c_str(),
                  title.c_str());
      begun = true;
    }
    print_page_func(func);
  });
  if (begun) std::fputs(kPageEnd, stdout);
  if (!begun && status == 0) return report_error(options.modules[0], "has no functions to show");
  return status;
}

}  // namespace sluice::cli

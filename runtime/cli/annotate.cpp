#include "runtime/cli/annotate.h"

#include <array>
#include <cstdio>

#ifdef SLUICE_WITH_ZYDIS
#include <Zydis/Zydis.h>
#endif
#ifdef SLUICE_ZYDIS_LIBRARY
#include <dlfcn.h>
#endif

#include "engine/binary/immediates.h"
#include "engine/binary/wire_bytes.h"
#include "engine/wasm/print.h"

namespace sluice::cli {

namespace {

/// Of a body that is known to be valid.
std::vector<WasmLine> wasm_lines(const Module& module, const FuncBody& body) {
  std::vector<WasmLine> lines;
  ByteReader in(module.wire->view(body.range), body.range.offset);
  const TypeScope scope(module.types, Features::all());
  for (uint32_t groups = in.read_u32(); groups > 0 && !in.failed(); --groups) {
    in.read_u32();
    read_val_type(in, scope);
  }
  ImmediateScratch scratch;
  uint32_t depth = 0;
  while (!in.failed() && !in.at_end()) {
    Instr instr{};
    read_instr(in, scope, scratch, instr);
    const std::string text(to_string(instr));
    const std::string word = text.substr(0, text.find(' '));
    const bool closes = word == "end" || word == "else" || word == "catch" || word == "catch_all" ||
                        word == "delegate";
    if (closes && depth > 0) --depth;
    lines.push_back({instr.offset, depth, text});
    const bool opens = word == "block" || word == "loop" || word == "if" || word == "try" ||
                       word == "try_table" || (closes && word != "end" && word != "delegate");
    if (opens) ++depth;
  }
  return lines;
}

#ifdef SLUICE_WITH_ZYDIS

struct Disassembler {
  decltype(&ZydisDisassembleIntel) call = nullptr;
  std::string problem;  // why there is none
};

/// To load the library takes a tenth of the time of a small program, and most commands never need
/// it.
Disassembler find_disassembler() {
  Disassembler found;
#ifdef SLUICE_ZYDIS_LIBRARY
  // The loader need not look where the build found it.
  for (const char* name : {SLUICE_ZYDIS_LIBRARY, SLUICE_ZYDIS_PATH}) {
    void* const library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) {
      found.call = reinterpret_cast<decltype(found.call)>(dlsym(library, "ZydisDisassembleIntel"));
    }
    if (found.call != nullptr) break;
    found.problem =
        std::string("cannot load the disassembler: ") + dlerror() + " (Debian: libzydis4.0)";
  }
#else
  found.call = &ZydisDisassembleIntel;
#endif
  return found;
}

const Disassembler& disassembler() {
  static const Disassembler found = find_disassembler();
  return found;
}

std::vector<MachineLine> machine_lines(const CompiledModule& module, FuncIdx func,
                                       std::span<const uint8_t> code) {
  std::vector<MachineLine> lines;
  for (uint32_t at = 0; at < code.size();) {
    ZydisDisassembledInstruction instr;
    // Addresses count from the function's start, which is the same in every run.
    const bool known = ZYAN_SUCCESS(disassembler().call(
        ZYDIS_MACHINE_MODE_LONG_64, at, code.data() + at, code.size() - at, &instr));
    std::array<char, 16> data{};
    std::snprintf(data.data(), data.size(), ".byte 0x%02x", code[at]);
    const uint32_t size = known ? instr.info.length : 1;
    lines.push_back({at, size, module.wasm_offset(func, at), known ? instr.text : data.data()});
    at += size;
  }
  return lines;
}

#else

std::vector<MachineLine> machine_lines(const CompiledModule&, FuncIdx, std::span<const uint8_t>) {
  return {};
}

#endif

}  // namespace

std::string missing_disassembler() {
#ifdef SLUICE_WITH_ZYDIS
  return disassembler().call != nullptr ? std::string() : disassembler().problem;
#else
  return "built without a disassembler (Zydis)";
#endif
}

Result<AnnotatedFunc> annotate(const CompiledModule& compiled, FuncIdx func) {
  TRY_VOID(compiled.require_code(func));
  const Module& module = compiled.module();
  const FuncBody& body = module.bodies[raw(func) - module.imported_funcs];
  const std::span<const uint8_t> code = compiled.code().code_of(func);
  AnnotatedFunc out;
  out.func = func;
  out.name = "func[" + std::to_string(raw(func)) + "]";
  if (!compiled.func_name(func).empty()) out.name += " " + std::string(compiled.func_name(func));
  out.wasm_bytes = body.range.size;
  out.machine_bytes = static_cast<uint32_t>(code.size());
  out.wasm = wasm_lines(module, body);
  out.machine = machine_lines(compiled, func, code);
  return out;
}

}  // namespace sluice::cli

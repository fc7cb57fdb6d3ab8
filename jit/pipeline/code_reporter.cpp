// Names are the guest's, so they are made printable: else they could end a line of a perf map or
// drive a debugger's terminal.
#include "jit/pipeline/code_reporter.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/printable.h"
#include "jit/baseline/baseline.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/compiled_module.h"

namespace sluice {
namespace {

String name_of(StubKind kind) {
  switch (kind) {
  case StubKind::Entry: return String("[sluice: enter Wasm]");
  case StubKind::HostShim: return String("[sluice: call host]");
  case StubKind::Builtin: return String("[sluice: call runtime]");
  case StubKind::Trap: return String("[sluice: trap]");
  case StubKind::Unfilled: return String("[sluice: no code]");
  case StubKind::Lazy: return String("[sluice: compile]");
  }
  UNREACHABLE("a StubKind");
}

String name_of(const CompiledModule& module, FuncIdx func) {
  const std::string_view given = module.func_name(func);
  String name;
  if (given.empty()) {
    name += "func[";
    name += decimal(raw(func));
    name += ']';
  }
  append_printable(name, given);
  return name;
}

/// Makes a group of functions of one module.
class Describer {
 public:
  Describer(const CompiledModule& module, CodeGroup& group)
      : module_(module), lines_(module.line_table()), scratch_(module.options().cpu),
        group_(group) {}

  void describe(FuncIdx func, CodePiece& piece) {
    const CodeMaps maps = module_.describe(func, scratch_);
    piece.frames = maps.states;
    if (!lines_.empty()) add_lines(func, maps.marks, piece.lines);
  }

 private:
  void add_lines(FuncIdx func, std::span<const SourceMark> marks, Vector<CodeLine>& out) {
    const Module& module = module_.module();
    const FuncBody& body = module.bodies[raw(func) - module.imported_funcs];
    const uint32_t begin = body.range.offset - module.code_section_offset;
    const Vector<LineEntry> entries =
        lines_.entries(begin, begin + body.range.size, LineTable::Questions::Many);
    if (entries.empty()) return;
    for (const SourceMark& mark : marks) {
      const uint32_t address = mark.wasm_offset - module.code_section_offset;
      const auto after =
          std::upper_bound(entries.begin(), entries.end(), address,
                           [](uint32_t a, const LineEntry& entry) { return a < entry.address; });
      CodeLine line{mark.code_offset, 0, 0, 0};
      if (after != entries.begin() && std::prev(after)->line != 0) {
        const LineEntry& entry = *std::prev(after);
        line.file = number_of(entry);
        line.line = entry.line;
        line.column = entry.column;
      }
      if (!out.empty() && out.back().code_offset == line.code_offset) out.pop_back();
      const bool is_new = out.empty() || out.back().line != line.line ||
                          out.back().column != line.column || out.back().file != line.file;
      if (is_new) out.push_back(line);
    }
  }

  uint32_t number_of(const LineEntry& entry) {
    const uint64_t key = uint64_t{entry.unit} << 32 | entry.file;
    const auto [at, is_new] = numbers_.try_emplace(key, static_cast<uint32_t>(group_.files.size()));
    if (is_new) {
      const auto [files, is_new_unit] = files_.try_emplace(entry.unit);
      if (is_new_unit) files->second = lines_.files_of(entry.unit, LineTable::Questions::Many);
      const bool is_known = entry.file < files->second.size();
      append_printable(group_.files.emplace_back(),
                       is_known ? path_of(files->second[entry.file]) : String());
    }
    return at->second;
  }

  const CompiledModule& module_;
  const LineTable& lines_;
  CompileScratch scratch_;
  CodeGroup& group_;
  HashMap<uint64_t, uint32_t> numbers_;          // of unit and file: in group_.files
  HashMap<uint32_t, Vector<SourceLine>> files_;  // by unit
};

}  // namespace

CodeReporter::CodeReporter(Vector<std::unique_ptr<CodeSink>> sinks) : sinks_(std::move(sinks)) {
  for (const auto& sink : sinks_) wants_details_ = wants_details_ || sink->wants_details();
}
CodeReporter::~CodeReporter() = default;

void CodeReporter::add(const CodeGroup& group, const void* owner) const {
  for (const auto& sink : sinks_) sink->add(group, owner);
}

void CodeReporter::stub_added(StubKind kind, std::span<const uint8_t> code,
                              std::span<const FrameMark> frames) {
  CodeGroup group;
  group.pieces.push_back(
      {code, name_of(kind), Vector<FrameMark>(frames.begin(), frames.end()), {}});
  add(group, this);
}

void CodeReporter::module_added(const ModuleCode& code) {
  if (code.jump_table().empty()) return;
  CodeGroup group;
  // A slot is one instruction: a jump, or a call of the lazy stub.
  group.pieces.push_back(
      {code.jump_table(), String("[sluice: jump table]"), {{0, FrameState::Called}}, {}});
  add(group, &code);
}

void CodeReporter::functions_added(const ModuleCode& code, std::span<const FuncIdx> funcs) {
  // Gone already: nobody can call its functions any more.
  const std::shared_ptr<const void> owner = code.owner();
  if (owner == nullptr || funcs.empty()) return;
  const auto& module = *static_cast<const CompiledModule*>(owner.get());
  CodeGroup group;
  Describer describer(module, group);
  for (const FuncIdx func : funcs) {
    CodePiece piece{code.code_of(func), name_of(module, func), {}, {}};
    if (piece.code.empty()) continue;
    if (wants_details_) describer.describe(func, piece);
    group.pieces.push_back(std::move(piece));
  }
  std::sort(group.pieces.begin(), group.pieces.end(),
            [](const CodePiece& a, const CodePiece& b) { return a.begin() < b.begin(); });
  add(group, &code);
}

void CodeReporter::module_removed(const ModuleCode& module) {
  for (const auto& sink : sinks_) sink->remove(&module);
}

}  // namespace sluice

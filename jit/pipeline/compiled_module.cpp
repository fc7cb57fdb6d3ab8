// The lazy part of a finished module: names, and the map from code back to Wasm.
//
// Compiling is deterministic and cheap, so a function's maps are remade from its body when the
// first backtrace or collection wants them. Both caches are behind the module's lock and never
// shrink.
#include "jit/pipeline/compiled_module.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/binary/names.h"
#include "jit/baseline/baseline.h"

namespace sluice {

namespace {

// Calls have few operands below their arguments; a body made to have many pays at each collection.
constexpr uint64_t kScansPerByte = 16;

}  // namespace

struct CompiledModule::Names : Allocated {
  NameMap map;
};

CompiledModule::CompiledModule(std::shared_ptr<const Module> module,
                               std::shared_ptr<ModuleCode> code,
                               std::shared_ptr<CompileQueue> queue, const CompileOptions& options,
                               const CompileStats& stats)
    : module_(std::move(module)), code_(std::move(code)), queue_(std::move(queue)),
      options_(options), layout_(InstanceLayout::of(*module_)), stats_(stats) {}

CompiledModule::~CompiledModule() { queue_->cancel(); }

CompileStats CompiledModule::stats() const {
  CompileStats stats = stats_;
  stats.functions_compiled = queue_->functions_compiled();
  stats.machine_code_bytes = code_->code_bytes();
  stats.compile_ns = queue_->compile_ns();
  return stats;
}

Result<void> CompiledModule::compile_again(FuncIdx func, CodeMaps& maps) const {
  CompileScratch scratch(options_.cpu);
  return compile_again(func, maps, scratch);
}

Result<void> CompiledModule::compile_again(FuncIdx func, CodeMaps& maps,
                                           CompileScratch& scratch) const {
  CodeBatch batch;
  const FuncBody& body = module_->bodies[raw(func) - module_->imported_funcs];
  return compile_baseline(*module_, body, options_, scratch, batch, &maps);
}

/// With mutex_ held. Maps are not worth their memory unless somebody asks, and compiling is cheap.
CodeMaps& CompiledModule::maps_of(FuncIdx func) const {
  auto [at, is_new] = maps_.try_emplace(raw(func));
  CodeMaps& maps = at->second;
  if (!is_new) return maps;
  const FuncBody& body = module_->bodies[raw(func) - module_->imported_funcs];
  maps.frames.scan_budget = kScansPerByte * uint64_t{body.range.size};
  if (!compile_again(func, maps)) maps = CodeMaps();
  return maps;
}

uint64_t CompiledModule::wasm_offset(FuncIdx func, uint32_t code_offset) const {
  std::lock_guard lock(mutex_);
  const Vector<SourceMark>& marks = maps_of(func).marks;
  auto after = std::upper_bound(
      marks.begin(), marks.end(), code_offset,
      [](uint32_t offset, const SourceMark& mark) { return offset < mark.code_offset; });
  return after == marks.begin() ? kNoOffset : std::prev(after)->wasm_offset;
}

ReferenceSlots CompiledModule::reference_slots(FuncIdx func, uint32_t code_offset) const {
  std::lock_guard lock(mutex_);
  const FrameMaps& frames = maps_of(func).frames;
  ReferenceSlots result{frames.locals, {}};
  // Where one call ends, the next site may begin.
  const auto after = std::lower_bound(
      frames.sites.begin(), frames.sites.end(), code_offset,
      [](const ReferenceSite& site, uint32_t offset) { return site.code_offset < offset; });
  if (after == frames.sites.begin()) return result;
  const size_t index = static_cast<size_t>(after - frames.sites.begin()) - 1;
  CodeMaps again;
  const FrameMaps* source = &frames;
  if (frames.sites[index].slot_count == ReferenceSite::kNotScanned) {
    again.frames.wanted_site = frames.sites[index].number;
    if (!compile_again(func, again)) return result;
    source = &again.frames;
  }
  const ReferenceSite& site = source->sites[index];
  const auto first = source->slots.begin() + site.first_slot;
  result.operands.assign(first, first + site.slot_count);
  return result;
}

std::string_view CompiledModule::func_name(FuncIdx func) const {
  std::lock_guard lock(mutex_);
  if (names_ == nullptr) names_.reset(new Names{{}, parse_names(*module_)});
  return names_->map.func_name(func);
}

SourceLine CompiledModule::source_line(uint64_t wasm_offset) const {
  // DWARF counts from the start of the code section.
  const uint64_t address = wasm_offset - module_->code_section_offset;
  if (wasm_offset == kNoOffset || address >= module_->code_section_size) return {};
  return line_table().find(static_cast<uint32_t>(address));
}

const LineTable& CompiledModule::line_table() const {
  std::lock_guard lock(mutex_);
  if (lines_ == nullptr) lines_.reset(new LineTable(line_sections(*module_)));
  return *lines_;
}

CodeMaps CompiledModule::describe(FuncIdx func, CompileScratch& scratch) const {
  CodeMaps maps;
  if (!compile_again(func, maps, scratch)) maps = CodeMaps();
  return maps;
}

}  // namespace sluice

// The lazy part of a finished module: names, and the map from code back to Wasm.
//
// Compiling is deterministic and cheap, so a function's map is remade from its body when the first
// backtrace wants it. Both caches are behind the module's lock and never shrink.
#include "jit/pipeline/compiled_module.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "engine/binary/names.h"
#include "jit/baseline/baseline.h"

namespace sluice {

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

uint64_t CompiledModule::wasm_offset(FuncIdx func, uint32_t code_offset) const {
  std::lock_guard lock(mutex_);
  auto [at, is_new] = marks_.try_emplace(raw(func));
  Vector<SourceMark>& marks = at->second;
  if (is_new) {
    // Marks are not worth their memory unless somebody asks, and compiling is
    // cheap.
    CompileScratch scratch(options_.cpu);
    CodeBatch batch;
    const FuncBody& body = module_->bodies[raw(func) - module_->imported_funcs];
    if (!compile_baseline(*module_, body, options_, scratch, batch, &marks)) marks.clear();
  }
  auto after = std::upper_bound(
      marks.begin(), marks.end(), code_offset,
      [](uint32_t offset, const SourceMark& mark) { return offset < mark.code_offset; });
  return after == marks.begin() ? kNoOffset : std::prev(after)->wasm_offset;
}

std::string_view CompiledModule::func_name(FuncIdx func) const {
  std::lock_guard lock(mutex_);
  if (names_ == nullptr) names_.reset(new Names{{}, parse_names(*module_)});
  return names_->map.func_name(func);
}

}  // namespace sluice

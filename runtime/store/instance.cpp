#include "runtime/store/instance.h"

#include "engine/base/check.h"
#include "engine/binary/wire_bytes.h"
#include "jit/pipeline/compiled_module.h"
#include "runtime/store/const_eval.h"
#include "runtime/store/global.h"
#include "runtime/store/memory.h"
#include "runtime/store/store.h"
#include "runtime/store/table.h"

namespace sluice {
namespace {

// Up to here a linear search beats filling an index.
constexpr size_t kIndexedExports = 8;

template <class T>
Result<T> unknown_export(const char* kind, std::string_view name) {
  String detail("no ");
  detail += kind;
  detail += " \"";
  detail += name;
  detail += '"';
  return fail(ErrorKind::UnknownExport, kNoOffset, std::move(detail));
}

}  // namespace

Store& Extern::store() const {
  switch (kind_) {
  case ExternKind::Func: return func().store();
  case ExternKind::Table: return table()->store();
  case ExternKind::Memory: return memory()->store();
  case ExternKind::Global: return global()->store();
  case ExternKind::Tag: return tag()->store();
  }
  UNREACHABLE("an ExternKind");
}

Instance::Instance(Store& store, std::shared_ptr<const CompiledModule> compiled)
    : store_(store), compiled_(std::move(compiled)), module_(compiled_->module()) {}

Instance::~Instance() = default;

std::optional<Extern> Instance::find_export(std::string_view name) const {
  const Vector<Export>& exports = module_.exports;
  if (exports.size() <= kIndexedExports) {
    for (size_t i = 0; i < exports.size(); ++i) {
      if (exports[i].name == name) return export_at(i);
    }
    return std::nullopt;
  }
  if (export_index_.empty()) {
    export_index_.reserve(exports.size());
    for (size_t i = 0; i < exports.size(); ++i) {
      export_index_.emplace(exports[i].name, static_cast<uint32_t>(i));
    }
  }
  const auto found = export_index_.find(name);
  if (found == export_index_.end()) return std::nullopt;
  return export_at(found->second);
}

Extern Instance::export_at(size_t index) const {
  const Export& e = module_.exports[index];
  switch (e.kind) {
  case ExternKind::Func: return Extern(func(FuncIdx{e.index}));
  case ExternKind::Table: return Extern(table(TableIdx{e.index}));
  case ExternKind::Memory: return Extern(memory(MemoryIdx{e.index}));
  case ExternKind::Global: return Extern(global(GlobalIdx{e.index}));
  case ExternKind::Tag: return Extern(tag(TagIdx{e.index}));
  }
  UNREACHABLE("an ExternKind");
}

Result<Func> Instance::exported_func(std::string_view name) const {
  const std::optional<Extern> e = find_export(name);
  if (!e || e->kind() != ExternKind::Func) return unknown_export<Func>("function", name);
  return e->func();
}

Result<Memory*> Instance::exported_memory(std::string_view name) const {
  const std::optional<Extern> e = find_export(name);
  if (!e || e->memory() == nullptr) return unknown_export<Memory*>("memory", name);
  return e->memory();
}

Result<Table*> Instance::exported_table(std::string_view name) const {
  const std::optional<Extern> e = find_export(name);
  if (!e || e->table() == nullptr) return unknown_export<Table*>("table", name);
  return e->table();
}

Result<Global*> Instance::exported_global(std::string_view name) const {
  const std::optional<Extern> e = find_export(name);
  if (!e || e->global() == nullptr) return unknown_export<Global*>("global", name);
  return e->global();
}

FuncRecord* Instance::record(FuncIdx idx) const {
  if (module_.is_imported(idx)) return imported_funcs_[raw(idx)];
  FuncRecord* record = data_->func_records + raw(idx);
  if (record->signature == kNullSignature) {
    record->code_offset =
        data_->jump_table_offset + (raw(idx) - module_.imported_funcs) * kJumpSlotBytes;
    record->instance = data_;
    record->signature = raw(module_.types[raw(module_.funcs[raw(idx)])].canonical);
  }
  return record;
}

FuncRecord* Instance::record_at(uint32_t code_offset) const {
  const uint32_t slot = (code_offset - data_->jump_table_offset) / kJumpSlotBytes;
  DCHECK(slot < data_->defined_func_count, "a slot of this module's jump table");
  return record(FuncIdx{module_.imported_funcs + slot});
}

std::span<const uint8_t> Instance::data_segment(DataIdx idx) const {
  if (dropped_datas_[raw(idx)]) return {};
  return module_.wire->view(module_.datas[raw(idx)].bytes);
}

void Instance::drop_data(DataIdx idx) { dropped_datas_[raw(idx)] = true; }

void Instance::drop_elem(ElemIdx idx) { dropped_elems_[raw(idx)] = true; }

size_t Instance::elem_size(ElemIdx idx) const {
  return dropped_elems_[raw(idx)] ? 0 : module_.elems[raw(idx)].size();
}

void Instance::copy_elems(ElemIdx idx, uint64_t src, Table& table, uint64_t dst, uint64_t count) {
  const ElemSegment& segment = module_.elems[raw(idx)];
  for (uint64_t i = 0; i < count; ++i) {
    const Value value = segment.funcs.empty() ? eval_const_expr(*this, segment.exprs[src + i])
                                              : Value::funcref(record(segment.funcs[src + i]));
    table.set_unchecked(dst + i, value);
  }
}

}  // namespace sluice

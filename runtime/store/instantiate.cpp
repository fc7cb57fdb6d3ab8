// Instantiation (spec 4.6.4): making objects, evaluating initialisers, active segments, the start
// function; in the specification's order, because a failure half-way leaves behind what was done
// until then. What imports must be like is import_check's business.

#include <cstring>

#include "engine/base/check.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/compiled_module.h"
#include "runtime/store/const_eval.h"
#include "runtime/store/engine.h"
#include "runtime/store/import_check.h"
#include "runtime/store/store.h"

namespace sluice {
/// One instantiation in progress; a friend of what it fills.
class Instantiation {
 public:
  static Outcome<Instance*> run(Store& store, std::shared_ptr<const CompiledModule> compiled,
                                std::span<const Extern> imports);

 private:
  Instantiation(Store& store, std::shared_ptr<const CompiledModule> compiled);

  Result<void> make_block();
  void bind_import(const Import& import, const Extern& given);
  Result<void> make_memories();
  Result<void> make_globals();
  Result<void> make_tables();
  void make_tags();
  void publish_objects();
  Outcome<void> run_active_elems();
  Outcome<void> run_active_datas();
  Outcome<void> run_start();

  template <class T>
  T* array_at(uint32_t offset) const {
    return reinterpret_cast<T*>(static_cast<uint8_t*>(instance_.block_.data()) + offset);
  }
  ValType canonical_type(ValType type) const { return canonical(module_.types, type); }

  Store& store_;
  std::unique_ptr<Instance> owned_;  // until the store has it
  Instance& instance_;
  const CompiledModule& compiled_;
  const Module& module_;
  std::shared_ptr<const MemoryImage> image_;  // of the active data segments, or null
};

Instantiation::Instantiation(Store& store, std::shared_ptr<const CompiledModule> compiled)
    : store_(store), owned_(new Instance(store, std::move(compiled))), instance_(*owned_),
      compiled_(*instance_.compiled_), module_(instance_.module_) {}

Result<void> Instantiation::make_block() {
  const InstanceLayout& layout = compiled_.layout();
  TRY_VOID(instance_.block_.grow(layout.size_bytes));
  TRY_VOID(instance_.records_.grow(module_.funcs.size() * sizeof(FuncRecord)));
  instance_.data_ = new (instance_.block_.data()) InstanceData;
  InstanceData& data = *instance_.data_;
  store_.init_block(data);
  data.func_records = static_cast<FuncRecord*>(instance_.records_.data());
  data.jump_table_offset = compiled_.code().jump_table_offset();
  data.defined_func_count = module_.defined_funcs();
  data.owner = &instance_;
  data.code = &compiled_.code();
  instance_.imported_funcs_.reserve(module_.imported_funcs);
  instance_.tables_.reserve(module_.tables.size());
  instance_.memories_.reserve(module_.memories.size());
  instance_.globals_.reserve(module_.globals.size());
  instance_.tags_.reserve(module_.tags.size());
  instance_.dropped_datas_.resize(module_.datas.size());
  instance_.dropped_elems_.resize(module_.elems.size());
  return {};
}

void Instantiation::bind_import(const Import& import, const Extern& given) {
  switch (import.kind) {
  case ExternKind::Func: {
    FuncRecord* record = given.func().record();
    auto* slots = array_at<FuncImport>(compiled_.layout().func_imports);
    slots[instance_.imported_funcs_.size()] = {
        reinterpret_cast<const void*>(instance_.data_->code_base + record->code_offset),
        record->instance};
    instance_.imported_funcs_.push_back(record);
    return;
  }
  case ExternKind::Table: instance_.tables_.push_back(given.table()); return;
  case ExternKind::Memory: instance_.memories_.push_back(given.memory()); return;
  case ExternKind::Global:
    array_at<GlobalCell*>(compiled_.layout().global_imports)[instance_.globals_.size()] =
        given.global()->cell();
    instance_.globals_.push_back(given.global());
    return;
  case ExternKind::Tag: instance_.tags_.push_back(given.tag()); return;
  }
}

Result<void> Instantiation::make_memories() {
  if (!module_.datas.empty()) {
    image_ = store_.engine().memory_pool().image_for(instance_.compiled_);
  }
  for (size_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
    const bool has_image = image_ != nullptr && image_->memory == i;
    instance_.memories_.push_back(
        TRY(Memory::create(store_, module_.memories[i], has_image ? image_ : nullptr)));
  }
  return {};
}

Result<void> Instantiation::make_globals() {
  auto* cells = array_at<GlobalCell>(compiled_.layout().globals);
  for (size_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
    const GlobalDecl& declared = module_.globals[i];
    GlobalCell* cell = cells + (i - module_.imported_globals);
    const Value value = eval_const_expr(instance_, declared.init);
    cell->bits[0] = value.bits[0];
    cell->bits[1] = value.bits[1];
    const GlobalType type{canonical_type(declared.type.type), declared.type.is_mutable};
    store_.globals_.push_back(std::unique_ptr<Global>(new Global(store_, type, cell)));
    instance_.globals_.push_back(store_.globals_.back().get());
  }
  return {};
}

Result<void> Instantiation::make_tables() {
  for (size_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
    const TableDecl& declared = module_.tables[i];
    const TableType type{canonical_type(declared.type.element), declared.type.limits};
    const Value init =
        declared.has_init ? eval_const_expr(instance_, declared.init) : Value::null();
    instance_.tables_.push_back(TRY(Table::create(store_, type, init)));
  }
  return {};
}

void Instantiation::make_tags() {
  for (size_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
    const CanonicalTypeId type = module_.types[raw(module_.tags[i].type)].canonical;
    store_.add_tag(std::unique_ptr<Tag>(new Tag(store_, type)));
    instance_.tags_.push_back(store_.tags_.back().get());
  }
}

/// Enters the objects into the arrays that code reads, and finds the default memory.
void Instantiation::publish_objects() {
  auto* tables = array_at<TableData*>(compiled_.layout().tables);
  for (size_t i = 0; i < instance_.tables_.size(); ++i) tables[i] = &instance_.tables_[i]->data();
  auto* memories = array_at<MemoryData*>(compiled_.layout().memories);
  for (size_t i = 0; i < instance_.memories_.size(); ++i) {
    memories[i] = &instance_.memories_[i]->data();
  }
  const auto tags = array_at<const void*>(compiled_.layout().tags);
  for (size_t i = 0; i < instance_.tags_.size(); ++i) tags[i] = instance_.tags_[i];
  instance_.data_->tags_offset = compiled_.layout().tags;
  if (instance_.memories_.empty()) return;
  instance_.data_->memories_offset = compiled_.layout().memories;
  instance_.data_->memory_count = static_cast<uint32_t>(instance_.memories_.size());
  Memory* first = instance_.memories_[0];
  instance_.data_->memory0 = &first->data();
  if (first->mode() == MemoryMode::Guard) instance_.data_->memory0_base = first->base();
  instance_.default_memory_ = first;
  for (const Export& e : module_.exports) {
    if (e.kind == ExternKind::Memory && e.name == "memory") {
      instance_.default_memory_ = instance_.memories_[e.index];
    }
  }
}

Outcome<void> Instantiation::run_active_elems() {
  for (size_t i = 0; i < module_.elems.size(); ++i) {
    const ElemSegment& segment = module_.elems[i];
    const ElemIdx idx{static_cast<uint32_t>(i)};
    if (segment.mode == SegmentMode::Active) {
      Table& table = *instance_.tables_[raw(segment.table)];
      const uint64_t start = eval_const_expr(instance_, segment.offset).as_u64();
      if (!table.in_bounds(start, segment.size())) {
        return std::unexpected(Failure(store_.make_trap(TrapCode::TableOutOfBounds)));
      }
      instance_.copy_elems(idx, 0, table, start, segment.size());
    }
    if (segment.mode != SegmentMode::Passive) instance_.drop_elem(idx);
  }
  return {};
}

Outcome<void> Instantiation::run_active_datas() {
  for (size_t i = 0; i < module_.datas.size(); ++i) {
    const DataSegment& segment = module_.datas[i];
    if (segment.mode != SegmentMode::Active) continue;
    const DataIdx idx{static_cast<uint32_t>(i)};
    if (image_ != nullptr && image_->memory == raw(segment.memory)) {
      instance_.drop_data(idx);
      continue;
    }
    const uint64_t start = eval_const_expr(instance_, segment.offset).as_u64();
    const Memory& memory = *instance_.memories_[raw(segment.memory)];
    const TrapCode failed = memory.init(start, instance_.data_segment(idx));
    if (failed != TrapCode::None) return std::unexpected(Failure(store_.make_trap(failed)));
    instance_.drop_data(idx);
  }
  return {};
}

Outcome<void> Instantiation::run_start() {
  if (!module_.has_start) return {};
  return instance_.func(module_.start).call({}, {});
}

Outcome<Instance*> Instantiation::run(Store& store, std::shared_ptr<const CompiledModule> compiled,
                                      std::span<const Extern> imports) {
  TRY_VOID(store.check_thread());
  TRY_VOID(store.limiter().check_instance(store.instances_.size()));
  Instantiation self(store, std::move(compiled));
  const Module& module = self.module_;
  TRY_VOID(self.make_block());
  for (size_t i = 0; i < imports.size(); ++i) self.bind_import(module.imports[i], imports[i]);
  // From here on objects of the store may refer to the instance, so the store owns it.
  store.instances_.push_back(std::move(self.owned_));
  TRY_VOID(self.make_memories());
  TRY_VOID(self.make_globals());
  TRY_VOID(self.make_tables());
  self.make_tags();
  self.publish_objects();
  TRY_VOID(self.run_active_elems());
  TRY_VOID(self.run_active_datas());
  TRY_VOID(self.run_start());
  return &self.instance_;
}

Result<void> check_instantiable(const CompiledModule& compiled) {
  const Module& module = compiled.module();
  for (const GlobalDecl& g : module.globals) TRY_VOID(check_const_expr(g.init));
  for (const TableDecl& t : module.tables) TRY_VOID(check_const_expr(t.init));
  for (const ElemSegment& e : module.elems) {
    TRY_VOID(check_const_expr(e.offset));
    for (const ConstExpr& expr : e.exprs) TRY_VOID(check_const_expr(expr));
  }
  for (const DataSegment& d : module.datas) TRY_VOID(check_const_expr(d.offset));
  return {};
}

Outcome<Instance*> instantiate_checked(Store& store, std::shared_ptr<const CompiledModule> module,
                                       std::span<const Extern> imports) {
  return Instantiation::run(store, std::move(module), imports);
}

Outcome<Instance*> instantiate(Store& store, std::shared_ptr<const CompiledModule> compiled,
                               std::span<const Extern> imports) {
  const Module& module = compiled->module();
  if (module.registry != store.engine().types()) return fail(ErrorKind::WrongEngine);
  if (imports.size() != module.imports.size()) {
    return fail(ErrorKind::UnknownImport, kNoOffset,
                String("the module has ") + decimal(module.imports.size()) + " imports, " +
                    decimal(imports.size()) + " were given");
  }
  TRY_VOID(check_instantiable(*compiled));
  for (size_t i = 0; i < imports.size(); ++i) {
    TRY_VOID(check_import(store, *compiled, module.imports[i], imports[i]));
  }
  return instantiate_checked(store, std::move(compiled), imports);
}

}  // namespace sluice

// Instantiation (spec 4.6.4): matching imports, making objects, evaluating initialisers, active
// segments, the start function; in the specification's order, because a failure half-way leaves
// behind what was done until then.

#include <cstring>

#include "engine/base/check.h"
#include "jit/code/code_memory.h"
#include "jit/pipeline/compiled_module.h"
#include "runtime/store/const_eval.h"
#include "runtime/store/engine.h"
#include "runtime/store/store.h"

namespace sluice {
namespace {

/// Does a thing of these limits fit an import that declares `declared` (spec 3.3.11)?
bool limits_match(const Limits& actual, const Limits& declared) {
  if (actual.is_64 != declared.is_64 || actual.is_shared != declared.is_shared) return false;
  if (actual.min < declared.min) return false;
  if (!declared.has_max) return true;
  return actual.has_max && actual.max <= declared.max;
}

const char* kind_name(ExternKind kind) {
  switch (kind) {
  case ExternKind::Func: return "function";
  case ExternKind::Table: return "table";
  case ExternKind::Memory: return "memory";
  case ExternKind::Global: return "global";
  case ExternKind::Tag: return "tag";
  }
  return "import";
}

std::unexpected<Error> import_error(ErrorKind kind, const Import& import, std::string_view why) {
  String detail("\"");
  detail += import.module;
  detail += "\" \"";
  detail += import.name;
  detail += "\": ";
  detail += why;
  return fail(kind, kNoOffset, std::move(detail));
}

String describe_limits(const Limits& limits) {
  String text = limits.is_64 ? String("i64 ") : String();
  text += decimal(limits.min);
  if (limits.has_max) {
    text += "..";
    text += decimal(limits.max);
  }
  if (limits.is_shared) text += " shared";
  return text;
}

String expected_found(const char* kind, std::string_view expected, std::string_view found) {
  String text("expected ");
  text += kind;
  text += ' ';
  text += expected;
  text += ", found ";
  text += found;
  return text;
}

String describe(const GlobalType& type) {
  String text = type.is_mutable ? String("mutable ") : String("constant ");
  return text + to_string(type.type);
}

}  // namespace

/// One instantiation in progress; a friend of what it fills.
class Instantiation {
 public:
  static Outcome<Instance*> run(Store& store, std::shared_ptr<const CompiledModule> compiled,
                                std::span<const Extern> imports);

 private:
  Instantiation(Store& store, std::shared_ptr<const CompiledModule> compiled);

  Result<void> check_supported() const;
  Result<void> check_import(const Import& import, const Extern& given) const;
  Result<void> check_func(const Import& import, Func given) const;
  Result<void> check_table(const Import& import, const Table& given) const;
  Result<void> check_memory(const Import& import, const Memory& given) const;
  Result<void> check_global(const Import& import, const Global& given) const;
  Result<void> check_tag(const Import& import, const Tag& given) const;
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
  const TypeRegistry& types() const { return *store_.engine().types(); }

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

Result<void> Instantiation::check_supported() const {
  for (const GlobalDecl& g : module_.globals) TRY_VOID(check_const_expr(g.init));
  for (const TableDecl& t : module_.tables) TRY_VOID(check_const_expr(t.init));
  for (const ElemSegment& e : module_.elems) {
    TRY_VOID(check_const_expr(e.offset));
    for (const ConstExpr& expr : e.exprs) TRY_VOID(check_const_expr(expr));
  }
  for (const DataSegment& d : module_.datas) TRY_VOID(check_const_expr(d.offset));
  return {};
}

Result<void> Instantiation::check_import(const Import& import, const Extern& given) const {
  if (&given.store() != &store_) return import_error(ErrorKind::WrongStore, import, "");
  if (given.kind() != import.kind) {
    return import_error(ErrorKind::IncompatibleImport, import,
                        expected_found("a", kind_name(import.kind), kind_name(given.kind())));
  }
  switch (import.kind) {
  case ExternKind::Func: return check_func(import, given.func());
  case ExternKind::Table: return check_table(import, *given.table());
  case ExternKind::Memory: return check_memory(import, *given.memory());
  case ExternKind::Global: return check_global(import, *given.global());
  case ExternKind::Tag: return check_tag(import, *given.tag());
  }
  UNREACHABLE("an ExternKind");
}

Result<void> Instantiation::check_func(const Import& import, Func given) const {
  const TypeDef& declared = module_.types[raw(module_.funcs[import.index])];
  if (types().is_subtype(given.signature(), declared.canonical)) return {};
  return import_error(
      ErrorKind::IncompatibleImport, import,
      expected_found("function", to_string(declared.func), to_string(given.type())));
}

Result<void> Instantiation::check_table(const Import& import, const Table& given) const {
  const TableType& declared = module_.tables[import.index].type;
  const TableType actual = given.type();
  const ValType element = canonical_type(declared.element);
  if (actual.element == element && limits_match(actual.limits, declared.limits)) return {};
  return import_error(
      ErrorKind::IncompatibleImport, import,
      expected_found("table", to_string(element) + " " + describe_limits(declared.limits),
                     to_string(actual.element) + " " + describe_limits(actual.limits)));
}

Result<void> Instantiation::check_memory(const Import& import, const Memory& given) const {
  const MemoryType& declared = module_.memories[import.index];
  const MemoryType actual = given.type();
  if (actual.page_size_log2 != declared.page_size_log2 ||
      !limits_match(actual.limits, declared.limits)) {
    return import_error(
        ErrorKind::IncompatibleImport, import,
        expected_found("memory", describe_limits(declared.limits), describe_limits(actual.limits)));
  }
  // Code without checks must never meet a memory without guards. Both are of one engine, and of one
  // page size, so they agree.
  CHECK(given.mode() == mode_of(declared, compiled_.options().memory_mode), "memory's mode");
  return {};
}

Result<void> Instantiation::check_global(const Import& import, const Global& given) const {
  const GlobalType& declared = module_.globals[import.index].type;
  const GlobalType expected{canonical_type(declared.type), declared.is_mutable};
  const GlobalType& actual = given.type();
  bool fits = actual.is_mutable == expected.is_mutable;
  if (expected.is_mutable) {
    fits = fits && actual.type == expected.type;
  } else {
    fits = fits && types().is_subtype(actual.type, expected.type);
  }
  if (fits) return {};
  return import_error(ErrorKind::IncompatibleImport, import,
                      expected_found("global", describe(expected), describe(actual)));
}

Result<void> Instantiation::check_tag(const Import& import, const Tag& given) const {
  const TypeDef& declared = module_.types[raw(module_.tags[import.index].type)];
  if (given.type() == declared.canonical) return {};
  return import_error(ErrorKind::IncompatibleImport, import, "the tag has another type");
}

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
    if (!memory.write(start, instance_.data_segment(idx))) {
      return std::unexpected(Failure(store_.make_trap(TrapCode::MemoryOutOfBounds)));
    }
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
  if (compiled->module().registry != store.engine().types()) return fail(ErrorKind::WrongEngine);
  Instantiation self(store, std::move(compiled));
  const Module& module = self.module_;
  if (imports.size() != module.imports.size()) {
    return fail(ErrorKind::UnknownImport, kNoOffset,
                String("the module has ") + decimal(module.imports.size()) + " imports, " +
                    decimal(imports.size()) + " were given");
  }
  TRY_VOID(self.check_supported());
  for (size_t i = 0; i < imports.size(); ++i) {
    TRY_VOID(self.check_import(module.imports[i], imports[i]));
  }
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

Outcome<Instance*> instantiate(Store& store, std::shared_ptr<const CompiledModule> module,
                               std::span<const Extern> imports) {
  return Instantiation::run(store, std::move(module), imports);
}

}  // namespace sluice

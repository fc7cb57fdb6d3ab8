// Instance (spec 4.2.5): a module's functions and objects, linked. Owns the block that its code
// addresses (InstanceData and the arrays behind it) and the records of its functions.
//
// Owned by its store, also when instantiation failed half-way: its functions may already be in
// tables of others. Made by instantiate() only.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/wasm/module.h"
#include "jit/abi/instance_layout.h"
#include "runtime/store/func.h"
#include "runtime/store/zeroed_block.h"

namespace sluice {

class CompiledModule;
class Global;
class Memory;
class Store;
class Table;
class Tag;

/// An external value (spec 4.2.12): something to import or export. A small value.
class Extern {
 public:
  Extern(Func func) : kind_(ExternKind::Func), object_(func.record()) {}  // NOLINT
  Extern(Table* table) : kind_(ExternKind::Table), object_(table) {}      // NOLINT
  Extern(Memory* memory) : kind_(ExternKind::Memory), object_(memory) {}  // NOLINT
  Extern(Global* global) : kind_(ExternKind::Global), object_(global) {}  // NOLINT
  Extern(Tag* tag) : kind_(ExternKind::Tag), object_(tag) {}              // NOLINT

  ExternKind kind() const { return kind_; }
  Store& store() const;
  /// Each is null if the kind is another.
  Func func() const { return Func(cast<FuncRecord>(ExternKind::Func)); }
  Table* table() const { return cast<Table>(ExternKind::Table); }
  Memory* memory() const { return cast<Memory>(ExternKind::Memory); }
  Global* global() const { return cast<Global>(ExternKind::Global); }
  Tag* tag() const { return cast<Tag>(ExternKind::Tag); }
  bool operator==(const Extern&) const = default;

 private:
  template <class T>
  T* cast(ExternKind kind) const {
    return kind == kind_ ? static_cast<T*>(object_) : nullptr;
  }
  ExternKind kind_;
  void* object_;
};

/// Links `imports`, one per import of the module and in its order, evaluates initialisers, runs the
/// active segments and the start function (spec 4.6.4). What a failing instantiation did to
/// imported tables and memories stays done, as the specification says.
Outcome<Instance*> instantiate(Store& store, std::shared_ptr<const CompiledModule> module,
                               std::span<const Extern> imports);
/// The same in two steps. First, for the module alone: does it contain anything that cannot be
/// instantiated? Then, any number of times, with imports that fit (import_check.h) and of the
/// module's engine.
Result<void> check_instantiable(const CompiledModule& compiled);
Outcome<Instance*> instantiate_checked(Store& store, std::shared_ptr<const CompiledModule> module,
                                       std::span<const Extern> imports);

class Instance : public Allocated {
 public:
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Store& store() const { return store_; }
  const std::shared_ptr<const CompiledModule>& compiled() const { return compiled_; }
  const Module& module() const { return module_; }
  InstanceData& data() const { return *data_; }

  /// The export of that name, or nothing.
  std::optional<Extern> find_export(std::string_view name) const;
  /// The export of that name and kind, or an UnknownExport error that names it.
  Result<Func> exported_func(std::string_view name) const;
  Result<Memory*> exported_memory(std::string_view name) const;
  Result<Table*> exported_table(std::string_view name) const;
  Result<Global*> exported_global(std::string_view name) const;
  /// Export number `index` of the module.
  Extern export_at(size_t index) const;

  /// Objects by index space; the index must be in range.
  Func func(FuncIdx idx) const { return Func(record(idx)); }
  Table* table(TableIdx idx) const { return tables_[raw(idx)]; }
  Memory* memory(MemoryIdx idx) const { return memories_[raw(idx)]; }
  Global* global(GlobalIdx idx) const { return globals_[raw(idx)]; }
  Tag* tag(TagIdx idx) const { return tags_[raw(idx)]; }
  /// The memory host functions use by default; null if there is none.
  Memory* default_memory() const { return default_memory_; }

  /// The unique record of a function, filled in when first asked for. O(1).
  FuncRecord* record(FuncIdx idx) const;
  /// The unique record of a function of this instance by its code offset (as in a table entry).
  FuncRecord* record_at(uint32_t code_offset) const;

  /// What is left of a segment: empty after data.drop, elem.drop and active initialisation.
  std::span<const uint8_t> data_segment(DataIdx idx) const;
  void drop_data(DataIdx idx);
  void drop_elem(ElemIdx idx);
  size_t elem_size(ElemIdx idx) const;
  /// Copies elements [src, src + count), in bounds of the segment, into a table, in bounds.
  void copy_elems(ElemIdx idx, uint64_t src, Table& table, uint64_t dst, uint64_t count);

 private:
  friend class Instantiation;
  Instance(Store& store, std::shared_ptr<const CompiledModule> module);

  Store& store_;
  std::shared_ptr<const CompiledModule> compiled_;
  const Module& module_;
  InstanceData* data_ = nullptr;  // lies in block_
  ZeroedBlock block_;             // *data_
  ZeroedBlock records_;           // data_->func_records
  Vector<FuncRecord*> imported_funcs_;
  Vector<Table*> tables_;
  Vector<Memory*> memories_;
  Vector<Global*> globals_;
  Vector<Tag*> tags_;
  Memory* default_memory_ = nullptr;
  Vector<bool> dropped_datas_;
  Vector<bool> dropped_elems_;
  mutable HashMap<std::string_view, uint32_t> export_index_;  // filled when first used
};

}  // namespace sluice

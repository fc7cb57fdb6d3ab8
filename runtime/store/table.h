// Table (spec 4.2.7): elements as generated code reads them.
//
// A table of functions holds FuncRecords inline, so that call_indirect needs no further load; all
// other tables hold 8-byte references. Elements move when the table grows: code and this class
// re-read TableData each time. Bounds are the caller's duty only where a name says `unchecked`.
#pragma once

#include <cstdint>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/types.h"
#include "jit/abi/instance_layout.h"
#include "runtime/store/value.h"
#include "runtime/store/zeroed_block.h"

namespace sluice {

class Store;
class TypeRegistry;

class Table : public Allocated {
 public:
  /// A new table; `type.element` is canonical (concrete types carry CanonicalTypeIds), `init` fills
  /// it and must be a reference of that type and store.
  static Result<Table*> create(Store& store, const TableType& type, Value init = Value::null());
  ~Table();

  Store& store() const { return store_; }
  /// Its type now: canonical element type, the minimum is the current size.
  TableType type() const;
  TableData& data() { return data_; }
  uint64_t size() const { return data_.size; }

  /// Element as a reference; OutOfBoundsAccess past the end.
  Result<Value> get(uint64_t index) const;
  /// Checks bounds, that `value` matches the element type and that it belongs to this store.
  Result<void> set(uint64_t index, Value value);
  /// Old size. Fails without effect: TableLimit beyond the maximum or the limit of elements,
  /// StoreLimit or OutOfMemory.
  Result<uint64_t> grow(uint64_t delta, Value init);

  Value get_unchecked(uint64_t index) const;
  void set_unchecked(uint64_t index, Value value);
  bool in_bounds(uint64_t start, uint64_t count) const {
    return count <= data_.size && start <= data_.size - count;
  }
  /// Fills [start, start + count), which is in bounds.
  void fill_unchecked(uint64_t start, Value value, uint64_t count);
  /// Copies between tables of the same representation, in bounds; they may be one table.
  static void copy_unchecked(Table& dst, uint64_t dst_start, const Table& src, uint64_t src_start,
                             uint64_t count);

 private:
  friend class Store;
  Table(Store& store, const TableType& type);
  Result<void> reserve(uint64_t elements);

  Store& store_;
  TableType type_;  // as declared, canonical
  bool holds_funcs_ = false;
  ZeroedBlock block_;
  TableData data_;
};

/// Do values of this canonical reference type live in tables as FuncRecords?
bool is_func_reference(const TypeRegistry& types, ValType canonical);

}  // namespace sluice

#include "runtime/store/table.h"

#include <algorithm>
#include <cstring>
#include <emmintrin.h>

#include "engine/wasm/limits.h"
#include "runtime/store/engine.h"
#include "runtime/store/store.h"

namespace sluice {
namespace {

// Another thread may be reading for a backtrace, and a later interrupt may come between: a record
// changes by one 16-byte store or not at all.
void store_record(FuncRecord* to, const FuncRecord* from) {
  const __m128i bits = from == nullptr ? _mm_setzero_si128()
                                       : _mm_load_si128(reinterpret_cast<const __m128i*>(from));
  _mm_store_si128(reinterpret_cast<__m128i*>(to), bits);
}

uint64_t max_elements(const TableType& type) {
  if (!type.limits.has_max) return kMaxTableElements;
  return std::min(type.limits.max, kMaxTableElements);
}

Growth growth_of(const TableType& type, uint64_t current, uint64_t desired) {
  return {ExternKind::Table, current, desired, type.limits.has_max ? type.limits.max : UINT64_MAX};
}

}  // namespace

bool is_func_reference(const TypeRegistry& types, ValType canonical) {
  const HeapType heap = canonical.heap();
  if (!heap.is_concrete()) return heap.abs() == AbsHeap::Func || heap.abs() == AbsHeap::NoFunc;
  return types.type(CanonicalTypeId{raw(heap.index())}).kind == CompositeKind::Func;
}

Table::Table(Store& store, const TableType& type)
    : store_(store), type_(type),
      holds_funcs_(is_func_reference(*store.engine().types(), type.element)) {}

Table::~Table() = default;

Result<Table*> Table::create(Store& store, const TableType& type, Value init) {
  if (!type.element.is_ref() || !store.matches(init, type.element)) {
    return fail(ErrorKind::SignatureMismatch);
  }
  if (type.limits.has_max && type.limits.min > type.limits.max) {
    return fail(ErrorKind::SizeMinGreaterMax);
  }
  if (type.limits.min > max_elements(type)) return fail(ErrorKind::TableLimit);
  TRY_VOID(store.limiter().check_new(store.tables_.size(), growth_of(type, 0, type.limits.min)));
  std::unique_ptr<Table> table(new Table(store, type));
  TRY_VOID(table->reserve(type.limits.min));
  table->data_.size = type.limits.min;
  if (!init.is_null()) table->fill_unchecked(0, init, type.limits.min);
  store.limiter().note(ExternKind::Table, type.limits.min);
  store.tables_.push_back(std::move(table));
  return store.tables_.back().get();
}

Result<void> Table::reserve(uint64_t elements) {
  const size_t element_bytes = holds_funcs_ ? sizeof(FuncRecord) : sizeof(uint64_t);
  const uint64_t capacity = block_.size_bytes() / element_bytes;
  if (elements > capacity) {
    // Doubling keeps a guest that grows by one from copying its table each time.
    const uint64_t doubled = std::min(max_elements(type_), capacity * 2);
    TRY_VOID(block_.grow(std::max(elements, doubled) * element_bytes));
  }
  data_.elements = block_.data();
  return {};
}

TableType Table::type() const {
  TableType type = type_;
  type.limits.min = data_.size;
  return type;
}

Result<Value> Table::get(uint64_t index) const {
  if (index >= data_.size) return fail(ErrorKind::OutOfBoundsAccess);
  return get_unchecked(index);
}

Result<void> Table::set(uint64_t index, Value value) {
  if (index >= data_.size) return fail(ErrorKind::OutOfBoundsAccess);
  if (!store_.matches(value, type_.element)) return fail(ErrorKind::SignatureMismatch);
  set_unchecked(index, value);
  return {};
}

Result<uint64_t> Table::grow(uint64_t delta, Value init) {
  const uint64_t old_size = data_.size;
  if (delta > max_elements(type_) - old_size) return fail(ErrorKind::TableLimit);
  if (!store_.matches(init, type_.element)) return fail(ErrorKind::SignatureMismatch);
  TRY_VOID(store_.limiter().check_growth(growth_of(type_, old_size, old_size + delta)));
  TRY_VOID(reserve(old_size + delta));
  data_.size = old_size + delta;
  store_.limiter().note(ExternKind::Table, delta);
  fill_unchecked(old_size, init, delta);
  return old_size;
}

Value Table::get_unchecked(uint64_t index) const {
  if (!holds_funcs_) return {{static_cast<const uint64_t*>(data_.elements)[index], 0}};
  const FuncRecord& entry = static_cast<const FuncRecord*>(data_.elements)[index];
  if (entry.signature == kNullSignature) return Value::null();
  const InstanceData& owner = *entry.instance;
  if (owner.host_code != nullptr)
    return Value::funcref(&static_cast<HostFunc*>(owner.owner)->record);
  return Value::funcref(static_cast<Instance*>(owner.owner)->record_at(entry.code_offset));
}

void Table::set_unchecked(uint64_t index, Value value) {
  if (holds_funcs_) {
    store_record(static_cast<FuncRecord*>(data_.elements) + index, value.as_funcref());
  } else {
    static_cast<uint64_t*>(data_.elements)[index] = value.bits[0];
  }
}

void Table::fill_unchecked(uint64_t start, Value value, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) set_unchecked(start + i, value);
}

void Table::copy_unchecked(Table& dst, uint64_t dst_start, const Table& src, uint64_t src_start,
                           uint64_t count) {
  if (count == 0) return;
  if (!dst.holds_funcs_) {
    std::memmove(static_cast<uint64_t*>(dst.data_.elements) + dst_start,
                 static_cast<const uint64_t*>(src.data_.elements) + src_start,
                 count * sizeof(uint64_t));
    return;
  }
  FuncRecord* to = static_cast<FuncRecord*>(dst.data_.elements) + dst_start;
  const FuncRecord* from = static_cast<const FuncRecord*>(src.data_.elements) + src_start;
  if (to <= from) {
    for (uint64_t i = 0; i < count; ++i) store_record(to + i, from + i);
  } else {
    for (uint64_t i = count; i-- != 0;) store_record(to + i, from + i);
  }
}

}  // namespace sluice

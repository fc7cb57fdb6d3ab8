// Global, Table, Tag and Instance: small values that live as long as their store and are used by
// its thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/func.hpp"
#include "sluice/detail/memory.hpp"
#include "sluice/detail/result.hpp"
#include "sluice/detail/value.hpp"

namespace sluice::inline v0 {

template <class T>
concept TableElement = std::is_same_v<T, Func> || std::is_same_v<T, std::optional<Func>> ||
                       std::is_same_v<T, ExternRef>;

/// A global of a store.
class Global {
 public:
  Global(sluice_store_t* store, sluice_global_t raw) : store_(store), raw_(raw) {}
  template <WasmValue T>
  static Result<Global> create(Store& store, T value, bool is_mutable = true) {
    if (store.raw() == nullptr) return detail::no_engine();
    if (!detail::fits_store(value, store.raw())) return detail::wrong_store();
    sluice_global_t raw = {};
    if (sluice_error_t* e = sluice_global_new(store.raw(), detail::Wasm<T>::kType, is_mutable,
                                              detail::cell_of<T>(value), &raw)) {
      return Error(e);
    }
    return Global(store.raw(), raw);
  }
  struct Type {
    sluice_type_t value;
    bool is_mutable;
  };
  Result<Type> type() const {
    Type out = {};
    sluice_error_t* e = sluice_global_type(store_, raw_, &out.value, &out.is_mutable);
    if (e != nullptr) return Error(e);
    return out;
  }
  /// An error if the global has another type.
  template <WasmValue T>
  Result<T> get() const {
    if (Result<void> checked = check<T>(); !checked) return std::move(checked).error();
    sluice_value_t cell = {};
    if (sluice_error_t* e = sluice_global_get(store_, raw_, &cell)) return Error(e);
    if (!detail::accepts<T>(cell)) return detail::null_function();
    return detail::value_of<T>(store_, cell);
  }
  template <WasmValue T>
  Result<void> set(T value) {
    if (Result<void> checked = check<T>(); !checked) return checked;
    if (!detail::fits_store(value, store_)) return detail::wrong_store();
    return Error(sluice_global_set(store_, raw_, detail::cell_of<T>(value)));
  }
  sluice_global_t raw() const { return raw_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_GLOBAL, raw_.store_id, raw_.object}; }

 private:
  template <class T>
  Result<void> check() const {
    const Type have = SLUICE_TRY(type());
    if (have.value != detail::Wasm<T>::kType) return Error("the global has another type");
    return {};
  }
  sluice_store_t* store_;
  sluice_global_t raw_;
};

/// In elements.
struct TableLimits {
  uint64_t initial = 0;
  std::optional<uint64_t> maximum = std::nullopt;
  bool is_64 = false;
};

/// A table of a store. Its elements are Func, std::optional<Func> or ExternRef: `get` and `set` as
/// another type than the table's are errors, as is `get<Func>` of a null element.
class Table {
 public:
  Table(sluice_store_t* store, sluice_table_t raw) : store_(store), raw_(raw) {}
  /// Filled with `init`, of functions unless it says otherwise.
  template <TableElement T = std::optional<Func>>
  static Result<Table> create(Store& store, const TableLimits& limits, const T& init = T()) {
    if (store.raw() == nullptr) return detail::no_engine();
    if (!detail::fits_store(init, store.raw())) return detail::wrong_store();
    const sluice_limits_t l = {limits.initial, limits.maximum.value_or(0),
                               limits.maximum.has_value(), limits.is_64, false};
    sluice_table_t raw = {};
    if (sluice_error_t* e = sluice_table_new(store.raw(), detail::Wasm<T>::kType, l,
                                             detail::cell_of<T>(init), &raw)) {
      return Error(e);
    }
    return Table(store.raw(), raw);
  }
  struct Type {
    sluice_type_t element;
    sluice_limits_t limits;  // `min` is the size now
  };
  Result<Type> type() const {
    Type out = {};
    if (sluice_error_t* e = sluice_table_type(store_, raw_, &out.element, &out.limits)) {
      return Error(e);
    }
    return out;
  }
  Result<uint64_t> size() const {
    uint64_t out = 0;
    if (sluice_error_t* e = sluice_table_size(store_, raw_, &out)) return Error(e);
    return out;
  }
  template <TableElement T>
  Result<T> get(uint64_t index) const {
    if (Result<void> checked = check<T>(); !checked) return std::move(checked).error();
    sluice_value_t cell = {};
    if (sluice_error_t* e = sluice_table_get(store_, raw_, index, &cell)) return Error(e);
    if (!detail::accepts<T>(cell)) return detail::null_function();
    return detail::value_of<T>(store_, cell);
  }
  template <TableElement T>
  Result<void> set(uint64_t index, const T& value) {
    if (Result<void> checked = check<T>(); !checked) return checked;
    if (!detail::fits_store(value, store_)) return detail::wrong_store();
    return Error(sluice_table_set(store_, raw_, index, detail::cell_of<T>(value)));
  }
  /// The old size. What refused it is the error.
  template <TableElement T>
  Result<uint64_t> grow(uint64_t delta, const T& init) {
    if (Result<void> checked = check<T>(); !checked) return std::move(checked).error();
    if (!detail::fits_store(init, store_)) return detail::wrong_store();
    uint64_t old = 0;
    sluice_error_t* e = sluice_table_grow(store_, raw_, delta, detail::cell_of<T>(init), &old);
    if (e != nullptr) return Error(e);
    return old;
  }
  sluice_table_t raw() const { return raw_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_TABLE, raw_.store_id, raw_.object}; }

 private:
  // A table of functions may be of one type of function.
  template <class T>
  Result<void> check() const {
    const sluice_type_t element = SLUICE_TRY(type()).element;
    const bool fits = std::is_same_v<T, ExternRef> ? element == SLUICE_EXTERNREF
                                                   : sluice_type_is_func(store_, element);
    if (!fits) return Error("the table's elements are of another type");
    return {};
  }
  sluice_store_t* store_;
  sluice_table_t raw_;
};

/// What exceptions are told apart by.
class Tag {
 public:
  Tag(sluice_store_t* store, sluice_tag_t raw) : store_(store), raw_(raw) {}
  /// For exceptions that carry these values.
  template <WasmValue... Values>
  static Result<Tag> create(Store& store) {
    if (store.raw() == nullptr) return detail::no_engine();
    sluice_tag_t raw = {};
    if (sluice_error_t* e =
            sluice_tag_new(store.raw(), detail::func_type_of<void, Values...>(), &raw)) {
      return Error(e);
    }
    return Tag(store.raw(), raw);
  }
  /// What a host function returns to throw.
  template <WasmValue... Values>
  Error exception(const Values&... values) const {
    if (!carries<Values...>()) return Error("the values do not fit the tag");
    if (!(detail::fits_store(values, store_) && ...)) return detail::wrong_store();
    const sluice_value_t cells[sizeof...(Values) + 1] = {detail::cell_of<Values>(values)...};
    return Error(sluice_exception_new(store_, raw_, cells, sizeof...(Values)));
  }
  /// The values, if an uncaught exception of this tag is why a call failed. As elsewhere a null
  /// function is no Func: ask for std::optional<Func> where there may be one.
  template <WasmValue... Values>
  std::optional<std::tuple<Values...>> values_of(const Error& error) const {
    sluice_exception_t found = {};
    if (!sluice_error_exception(error.raw(), store_, &found)) return std::nullopt;
    if (found.tag.object != raw_.object || !carries<Values...>()) return std::nullopt;
    return unpack<Values...>(found.values, std::index_sequence_for<Values...>());
  }
  sluice_tag_t raw() const { return raw_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_TAG, raw_.store_id, raw_.object}; }

 private:
  template <class... Values>
  bool carries() const {
    sluice_func_type_t type = {};
    if (sluice_error_t* e = sluice_tag_get_type(store_, raw_, &type)) {
      sluice_error_delete(e);
      return false;
    }
    const sluice_func_type_t wanted = detail::func_type_of<void, Values...>();
    if (type.param_count != wanted.param_count) return false;
    for (size_t i = 0; i < wanted.param_count; ++i) {
      if (type.params[i] != wanted.params[i]) return false;
    }
    return true;
  }
  template <class... Values, size_t... I>
  std::optional<std::tuple<Values...>> unpack(const sluice_value_t* cells,
                                              std::index_sequence<I...>) const {
    if (!(detail::accepts<Values>(cells[I]) && ...)) return std::nullopt;
    return std::tuple<Values...>(detail::value_of<Values>(store_, cells[I])...);
  }

  sluice_store_t* store_;
  sluice_tag_t raw_;
};

namespace detail {

/// Exports by name, for what has `find_export` and `store`.
template <class Self>
class Exports {
 public:
  Result<Func> func(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_FUNC));
    return Func(store(), {e.store_id, e.object});
  }
  /// `func<int32_t(int32_t, int32_t)>("add")`: checked once, then called directly.
  template <class Signature>
  Result<TypedFunc<Signature>> func(std::string_view name) const {
    const Func found = SLUICE_TRY(func(name));
    return found.typed<Signature>();
  }
  Result<Memory> memory(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_MEMORY));
    return Memory::wrap(store(), {e.store_id, e.object});
  }
  Result<Global> global(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_GLOBAL));
    return Global(store(), {e.store_id, e.object});
  }
  Result<Table> table(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_TABLE));
    return Table(store(), {e.store_id, e.object});
  }
  Result<Tag> tag(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_TAG));
    return Tag(store(), {e.store_id, e.object});
  }

 private:
  sluice_store_t* store() const { return static_cast<const Self*>(this)->store(); }
  Result<sluice_extern_t> find(std::string_view name, sluice_kind_t kind) const {
    const sluice_extern_t out = SLUICE_TRY(static_cast<const Self*>(this)->find_export(name));
    if (out.kind == kind) return out;
    return Error("the export \"" + std::string(name) + "\" is of another kind");
  }
};

}  // namespace detail

/// An instance: a small value that lives as long as its store, and is used by its thread.
class Instance : public detail::Exports<Instance> {
 public:
  Instance(sluice_store_t* store, sluice_instance_t raw) : store_(store), raw_(raw) {}
  using Exports::memory;
  Result<Memory> memory() const { return memory("memory"); }
  sluice_instance_t raw() const { return raw_; }
  sluice_store_t* store() const { return store_; }

 private:
  friend class detail::Exports<Instance>;
  Result<sluice_extern_t> find_export(std::string_view name) const {
    sluice_extern_t out = {};
    sluice_error_t* e = sluice_instance_export(store_, raw_, name.data(), name.size(), &out);
    if (e != nullptr) return Error(e);
    return out;
  }
  sluice_store_t* store_;
  sluice_instance_t raw_;
};

}  // namespace sluice::inline v0

// Global, Table, Tag and Instance: small values that live as long as their store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/func.hpp"
#include "sluice/detail/memory.hpp"
#include "sluice/detail/result.hpp"

namespace sluice::inline v0 {

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
  /// An error if the global has another type.
  template <WasmValue T>
  Result<T> get() const {
    if (Result<void> checked = check<T>(); !checked) return std::move(checked).error();
    sluice_value_t cell = {};
    if (sluice_error_t* e = sluice_global_get(store_, raw_, &cell)) return Error(e);
    return detail::cell_get<T>(store_, cell);
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
    sluice_type_t type = 0;
    if (sluice_error_t* e = sluice_global_type(store_, raw_, &type, nullptr)) return Error(e);
    if (type != detail::Wasm<T>::kType) return Error("the global has another type");
    return {};
  }
  sluice_store_t* store_;
  sluice_global_t raw_;
};

class Table {
 public:
  Table(sluice_store_t* store, sluice_table_t raw) : store_(store), raw_(raw) {}
  /// A table of funcref, filled with null.
  static Result<Table> create(Store& store, uint64_t initial,
                              std::optional<uint64_t> maximum = std::nullopt) {
    if (store.raw() == nullptr) return detail::no_engine();
    const sluice_limits_t l = {initial, maximum.value_or(0), maximum.has_value(), false, false};
    sluice_table_t raw = {};
    if (sluice_error_t* e = sluice_table_new(store.raw(), SLUICE_FUNCREF, l, {}, &raw)) {
      return Error(e);
    }
    return Table(store.raw(), raw);
  }
  Result<uint64_t> size() const {
    uint64_t out = 0;
    if (sluice_error_t* e = sluice_table_size(store_, raw_, &out)) return Error(e);
    return out;
  }
  /// The element of a table of functions; nothing if it is null.
  Result<std::optional<Func>> get_func(uint64_t index) const {
    sluice_value_t cell = {};
    if (sluice_error_t* e = sluice_table_get(store_, raw_, index, &cell)) return Error(e);
    const sluice_func_t func = sluice_func_from_ref(store_, cell);
    if (func.object == nullptr) return std::optional<Func>();
    return std::optional<Func>(Func(store_, func));
  }
  Result<void> set_func(uint64_t index, const Func& func) {
    return Error(sluice_table_set(store_, raw_, index, sluice_func_to_ref(func.raw())));
  }
  sluice_table_t raw() const { return raw_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_TABLE, raw_.store_id, raw_.object}; }

 private:
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
    const sluice_value_t cells[sizeof...(Values) + 1] = {detail::cell_of<Values>(values)...};
    return Error(sluice_exception_new(store_, raw_, cells, sizeof...(Values)));
  }
  /// The values, if an uncaught exception of this tag is why a call failed.
  template <WasmValue... Values>
  std::optional<std::tuple<Values...>> values_of(const Error& error) const {
    sluice_exception_t found = {};
    if (!sluice_error_exception(error.raw(), store_, &found)) return std::nullopt;
    if (found.tag.object != raw_.object || !carries<Values...>()) return std::nullopt;
    return unpack<std::tuple<Values...>>(found.values, std::index_sequence_for<Values...>());
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
  template <class Tuple, size_t... I>
  Tuple unpack(const sluice_value_t* cells, std::index_sequence<I...>) const {
    return Tuple(detail::cell_get<std::tuple_element_t<I, Tuple>>(store_, cells[I])...);
  }

  sluice_store_t* store_;
  sluice_tag_t raw_;
};

class Instance {
 public:
  Instance(sluice_store_t* store, sluice_instance_t raw) : store_(store), raw_(raw) {}

  Result<Func> func(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_FUNC));
    return Func(store_, {e.store_id, e.object});
  }
  /// `func<int32_t(int32_t, int32_t)>("add")`: checked once, then called directly.
  template <class Signature>
  Result<TypedFunc<Signature>> func(std::string_view name) const {
    const Func found = SLUICE_TRY(func(name));
    return found.typed<Signature>();
  }
  Result<Memory> memory(std::string_view name = "memory") const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_MEMORY));
    return Memory::wrap(store_, {e.store_id, e.object});
  }
  Result<Global> global(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_GLOBAL));
    return Global(store_, {e.store_id, e.object});
  }
  Result<Table> table(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_TABLE));
    return Table(store_, {e.store_id, e.object});
  }
  Result<Tag> tag(std::string_view name) const {
    const sluice_extern_t e = SLUICE_TRY(find(name, SLUICE_KIND_TAG));
    return Tag(store_, {e.store_id, e.object});
  }
  sluice_instance_t raw() const { return raw_; }
  sluice_store_t* store() const { return store_; }

 private:
  Result<sluice_extern_t> find(std::string_view name, sluice_kind_t kind) const {
    sluice_extern_t out = {};
    if (sluice_error_t* e = sluice_instance_export(store_, raw_, name.data(), name.size(), &out)) {
      return Error(e);
    }
    if (out.kind != kind)
      return Error("the export \"" + std::string(name) + "\" is of another kind");
    return out;
  }
  sluice_store_t* store_;
  sluice_instance_t raw_;
};

}  // namespace sluice::inline v0

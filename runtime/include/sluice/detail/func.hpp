// Functions: Func, and TypedFunc whose type is checked once.
//
// A typed call passes its arguments in registers to the entry stub made for the signature; what
// does not fit there (vectors, results of more than one value) goes through cells. Neither
// allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/guest.hpp"
#include "sluice/detail/result.hpp"
#include "sluice/detail/value.hpp"

namespace sluice::inline v0 {

/// A function whose type has been checked: calling it is a direct jump, without boxing. A small
/// value that lives as long as its store, and is used by the store's thread.
template <class Signature>
class TypedFunc;

/// A function of a store: a small value that lives as long as that, and is used by its thread.
class Func {
 public:
  Func(sluice_store_t* store, sluice_func_t raw) : store_(store), raw_(raw) {}
  /// A host function of one store; Linker::func says which callables.
  template <class F>
    requires(!std::is_function_v<F>)
  static Result<Func> create(Store& store, F function);
  /// With the type given, for a callable that has several.
  template <class Signature, class F>
    requires std::is_function_v<Signature>
  static Result<Func> create(Store& store, F function);

  Result<sluice_func_type_t> type() const {
    sluice_func_type_t out = {};
    if (sluice_error_t* e = sluice_func_get_type(store_, raw_, &out)) return Error(e);
    return out;
  }
  /// Checks the type once; if it is another, the error names both.
  template <class Signature>
  Result<TypedFunc<Signature>> typed() const {
    static_assert(std::is_function_v<Signature>, "sluice: give a signature like int32_t(int32_t)");
    return typed_as(static_cast<Signature*>(nullptr));
  }
  /// With as many cells as the type has parameters and results.
  Result<void> call(std::span<const sluice_value_t> args, std::span<sluice_value_t> results) const {
    return Error(
        sluice_func_call(store_, raw_, args.data(), args.size(), results.data(), results.size()));
  }
  sluice_func_t raw() const { return raw_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_FUNC, raw_.store_id, raw_.object}; }
  /// May it be used there? By number, so that it may be asked when its own store is gone.
  bool fits(const sluice_store_t* store) const { return raw_.store_id == sluice_store_id(store); }

 private:
  template <class R, class... Args>
  Result<TypedFunc<R(Args...)>> typed_as(R (*)(Args...)) const {
    sluice_typed_func_t typed = {};
    const sluice_func_type_t type = detail::func_type_of<R, std::remove_cvref_t<Args>...>();
    if (sluice_error_t* e = sluice_func_typed(store_, raw_, type, &typed)) return Error(e);
    return TypedFunc<R(Args...)>(store_, raw_, typed);
  }

  sluice_store_t* store_;
  sluice_func_t raw_;
};

namespace detail {

template <>
struct Wasm<std::optional<Func>> : Plain<void*> {
  static constexpr sluice_type_t kType = SLUICE_FUNCREF;
  static void* to(const std::optional<Func>& v) { return v ? v->raw().object : nullptr; }
  static std::optional<Func> from(sluice_store_t* store, void* ref) {
    if (ref == nullptr) return std::nullopt;
    return Func(store, sluice_func_from_ref(store, to_cell(ref)));
  }
};
template <>
struct Wasm<Func> {
  static constexpr sluice_type_t kType = SLUICE_FUNCREF;
  using Abi = void*;
  static bool accepts(void* ref) { return ref != nullptr; }
  static void* to(const Func& v) { return v.raw().object; }
  static Func from(sluice_store_t* store, void* ref) {
    return Func(store, sluice_func_from_ref(store, to_cell(ref)));
  }
};
/// What a call answers whose arguments are not all of its store.
inline Error wrong_argument() {
  return Error("an argument is of another store, or a guest buffer that was freed");
}

/// How the values behind a typed call are passed.
template <class R, class Abis>
struct TypedEntry;
template <class R, class... Abis>
struct TypedEntry<R, std::tuple<Abis...>> {
  static constexpr bool kDirect =
      Results<R>::kDirect && sizeof...(Abis) <= 32 && (!std::is_same_v<Abis, V128> && ...);
  static auto call(const sluice_typed_func_t& typed, const std::tuple<Abis...>& abis) {
    using Entry = typename Results<R>::Abi (*)(void*, const void*, Abis...);
    const auto entry = reinterpret_cast<Entry>(const_cast<void*>(typed.entry));
    return std::apply(
        [&](const Abis&... each) { return entry(typed.instance, typed.code, each...); }, abis);
  }
  static sluice_error_t* call_with_cells(sluice_store_t* store, sluice_func_t func,
                                         const std::tuple<Abis...>& abis,
                                         std::span<sluice_value_t> results) {
    return std::apply(
        [&](const Abis&... each) {
          const sluice_value_t cells[sizeof...(Abis) + 1] = {to_cell(each)...};
          return sluice_func_call(store, func, cells, sizeof...(Abis), results.data(),
                                  results.size());
        },
        abis);
  }
};

}  // namespace detail

template <class R, class... Args>
class TypedFunc<R(Args...)> {
 public:
  TypedFunc(sluice_store_t* store, sluice_func_t func, const sluice_typed_func_t& typed)
      : store_(store), typed_(typed), func_(func) {}

  /// A trap is an error, as is an argument of another store or a freed GuestBuffer. Where NDEBUG is
  /// not defined, so is the use of the store by two threads at once.
  Result<R> operator()(Args... args) const {
#ifndef NDEBUG
    if (sluice_error_t* e = sluice_store_check_thread(store_)) return Error(e);
#endif
    if (!(detail::fits_store(args, store_) && ...)) return detail::wrong_argument();
    const auto abis = std::tuple_cat(detail::Param<std::remove_cvref_t<Args>>::abis(args)...);
    // Without an entry: more parameters than a direct call takes, or call hooks.
    if constexpr (Entry::kDirect) {
      if (typed_.entry != nullptr) [[likely]]
        return call_direct(abis);
    }
    return call_with_cells(abis);
  }
  sluice_func_t raw() const { return func_; }

 private:
  using Abis = detail::AbisOf<std::remove_cvref_t<Args>...>;
  using Entry = detail::TypedEntry<R, Abis>;

  Result<R> call_direct(const Abis& abis) const {
    const auto out = Entry::call(typed_, abis);
    if constexpr (std::is_void_v<R>) {
      if (out != 0) [[unlikely]]
        return trap(out);
      return {};
    } else {
      if (out.trap != 0) [[unlikely]]
        return trap(out.trap);
      using W = detail::Wasm<R>;
      const auto abi = detail::from_slot<typename W::Abi>(out.value);
      if (!W::accepts(abi)) return detail::null_function();
      return W::from(store_, abi);
    }
  }
  Result<R> call_with_cells(const Abis& abis) const {
    constexpr size_t kResults = detail::Results<R>::kTypes.size();
    sluice_value_t results[kResults + 1] = {};
    const std::span cells(results, kResults);
    if (sluice_error_t* e = Entry::call_with_cells(store_, func_, abis, cells)) return Error(e);
    if constexpr (std::is_void_v<R>) {
      return {};
    } else if constexpr (detail::kIsTuple<R>) {
      return unpack(results, std::make_index_sequence<kResults>());
    } else {
      if (!detail::accepts<R>(results[0])) return detail::null_function();
      return detail::value_of<R>(store_, results[0]);
    }
  }
  Error trap(uint64_t code) const {
    return Error(sluice_store_take_trap(store_, static_cast<uint32_t>(code)));
  }
  template <size_t... I>
  Result<R> unpack(const sluice_value_t* cells, std::index_sequence<I...>) const {
    if (!(detail::accepts<std::tuple_element_t<I, R>>(cells[I]) && ...)) {
      return detail::null_function();
    }
    return R(detail::value_of<std::tuple_element_t<I, R>>(store_, cells[I])...);
  }

  sluice_store_t* store_;
  sluice_typed_func_t typed_;
  sluice_func_t func_;
};

}  // namespace sluice::inline v0

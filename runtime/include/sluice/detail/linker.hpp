// Linker, and how a C++ callable becomes a host function: its parameters' types say the Wasm type.
//
// A callable with at most one result is called by Wasm code directly, its arguments in registers.
// An exception that leaves it is caught here, because it must not cross generated code, and becomes
// a trap that carries it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/func.hpp"
#include "sluice/detail/instance.hpp"
#include "sluice/detail/memory.hpp"
#include "sluice/detail/result.hpp"
#include "sluice/detail/wasi.hpp"

#ifdef __cpp_exceptions
#include <exception>
#endif

namespace sluice::inline v0 {

/// What a host function knows of its caller; valid during the call.
class Caller {
 public:
  Caller(sluice_store_t* store, void* caller) : store_(store), caller_(caller) {}
  /// The memory that the caller exports as "memory", else its first.
  Result<Memory> memory() const {
    sluice_memory_t raw = {};
    if (!sluice_direct_caller_memory(store_, caller_, &raw)) {
      return Error("the caller has no memory");
    }
    return Memory::wrap(store_, raw);
  }
  Result<Func> func(std::string_view name) const {
    sluice_extern_t out = {};
    if (!sluice_direct_caller_export(store_, caller_, name.data(), name.size(), &out) ||
        out.kind != SLUICE_KIND_FUNC) {
      return Error("the caller exports no function \"" + std::string(name) + "\"");
    }
    return Func(store_, {out.store_id, out.object});
  }
  sluice_store_t* store() const { return store_; }

 private:
  sluice_store_t* store_;
  void* caller_;
};

namespace detail {

template <class... Ts>
struct List {};
template <class... As, class... Bs>
List<As..., Bs...> concat(List<As...>, List<Bs...>);
template <class... As, class... Bs, class... Rest>
auto concat(List<As...>, List<Bs...>, Rest...) -> decltype(concat(List<As..., Bs...>(), Rest()...));
List<> concat();
template <class... As>
List<As...> concat(List<As...>);

/// What a host function's parameter takes of the Wasm function's parameters.
template <class P>
struct HostParam {
  static_assert(WasmValue<P>, "a parameter type does not stand for Wasm values");
  using Abis = List<typename Wasm<P>::Abi>;
  static constexpr size_t kWidth = 1;
  static constexpr sluice_type_t kTypes[] = {Wasm<P>::kType};
  template <size_t kAt, class Raw>
  static bool decode(const Raw& raw, const Caller& caller, std::optional<P>& out) {
    out = from_slot<P>(caller.store(), std::get<kAt>(raw));
    return true;
  }
};

/// An address and a count.
template <class P, class Element>
struct GuestRangeParam {
  using Abis = List<uint32_t, uint32_t>;
  static constexpr size_t kWidth = 2;
  static constexpr sluice_type_t kTypes[] = {SLUICE_I32, SLUICE_I32};
  template <size_t kAt, class Raw>
  static bool decode(const Raw& raw, const Caller& caller, std::optional<P>& out) {
    const Result<Memory> memory = caller.memory();
    if (!memory) return false;
    const Result<View<Element>> view =
        memory->view<Element>(std::get<kAt>(raw), std::get<kAt + 1>(raw));
    if (!view) return false;
    out.emplace(*view);
    return true;
  }
};
template <>
struct HostParam<GuestString> : GuestRangeParam<GuestString, char> {};
template <class T>
struct HostParam<GuestSpan<T>> : GuestRangeParam<GuestSpan<T>, T> {};

template <class R>
struct HostReturn {
  using Value = R;
};
template <class T>
struct HostReturn<Result<T>> {
  using Value = T;
};

#ifdef __cpp_exceptions
/// Turns the exception in flight into a trap that carries it.
inline uint32_t fail_with_current_exception(sluice_store_t* store) noexcept {
  auto* payload = new (std::nothrow) std::exception_ptr(std::current_exception());
  const auto release = [](void* p) { delete static_cast<std::exception_ptr*>(p); };
  std::string_view what = "an exception left a host function";
  try {
    throw;
  } catch (const std::exception& e) {
    what = e.what();
    return sluice_store_fail(store, what.data(), what.size(), payload, release);
  } catch (...) {
    return sluice_store_fail(store, what.data(), what.size(), payload, release);
  }
}
#endif

template <class F, class R, bool kCaller, class Params, class Abis>
struct HostThunk;

/// The C functions behind one callable: `direct` with arguments in registers, `with_cells` where
/// the signature does not fit them. Results go through `out` on the way.
template <class F, class R, bool kCaller, class... Ps, class... Abis>
struct HostThunk<F, R, kCaller, List<Ps...>, List<Abis...>> {
  using Value = typename HostReturn<R>::Value;
  using Raw = std::tuple<Abis...>;
  struct Nothing {};
  using Out = std::optional<std::conditional_t<std::is_void_v<Value>, Nothing, Value>>;
  static constexpr bool kDirect = !kIsTuple<Value> && sizeof...(Abis) <= 32;

  static sluice_func_type_t type() {
    static constexpr auto kParams = [] {
      std::array<sluice_type_t, sizeof...(Abis) + 1> types{};
      size_t at = 0;
      [[maybe_unused]] const auto add = [&](const sluice_type_t* from, size_t count) {
        for (size_t i = 0; i < count; ++i) types[at++] = from[i];
      };
      (add(HostParam<Ps>::kTypes, HostParam<Ps>::kWidth), ...);
      return types;
    }();
    return {kParams.data(), sizeof...(Abis), Results<Value>::kTypes, Results<Value>::kCount};
  }

  static auto direct(const sluice_host_t* host, void* caller, Abis... abis) noexcept ->
      typename Results<Value>::Abi
    requires kDirect
  {
    Out out;
    const uint32_t trap =
        run(*static_cast<F*>(host->env), Caller(host->store, caller), Raw(abis...), out);
    if constexpr (std::is_void_v<Value>) {
      return trap;
    } else {
      typename Results<Value>::Abi result = {{}, trap};
      if (trap == 0) result.value = Wasm<Value>::to(*out);
      return result;
    }
  }

  static uint32_t with_cells(void* env, sluice_caller_t* caller, sluice_value_t* cells) noexcept {
    Out out;
    const uint32_t trap = run(*static_cast<F*>(env),
                              Caller(sluice_caller_store(caller), sluice_caller_direct(caller)),
                              load(cells, std::index_sequence_for<Abis...>()), out);
    if (trap != 0) return trap;
    if constexpr (kIsTuple<Value>) {
      store(*out, cells, std::make_index_sequence<std::tuple_size_v<Value>>());
    } else if constexpr (!std::is_void_v<Value>) {
      cells[0] = cell_of<Value>(*out);
    }
    return 0;
  }

 private:
  template <size_t... I>
  static Raw load(const sluice_value_t* cells, std::index_sequence<I...>) {
    return Raw(cell_get<Abis>(nullptr, cells[I])...);
  }
  template <class Tuple, size_t... I>
  static void store(const Tuple& values, sluice_value_t* cells, std::index_sequence<I...>) {
    ((cells[I] = cell_of<std::tuple_element_t<I, Tuple>>(std::get<I>(values))), ...);
  }

  static uint32_t run(F& function, const Caller& caller, const Raw& raw, Out& out) noexcept {
#ifdef __cpp_exceptions
    try {
      return decode_and_call(function, caller, raw, out, std::index_sequence_for<Ps...>());
    } catch (...) {
      return fail_with_current_exception(caller.store());
    }
#else
    return decode_and_call(function, caller, raw, out, std::index_sequence_for<Ps...>());
#endif
  }

  /// Number of Wasm parameters before C++ parameter `index`.
  static constexpr size_t position(size_t index) {
    constexpr size_t kWidths[] = {HostParam<Ps>::kWidth..., 0};
    size_t at = 0;
    for (size_t i = 0; i < index; ++i) at += kWidths[i];
    return at;
  }

  template <size_t... I>
  static uint32_t decode_and_call(F& function, const Caller& caller,
                                  [[maybe_unused]] const Raw& raw, Out& out,
                                  std::index_sequence<I...>) {
    std::tuple<std::optional<Ps>...> params;
    if (!(HostParam<Ps>::template decode<position(I)>(raw, caller, std::get<I>(params)) && ...)) {
      return bad_range(caller);
    }
    const auto call = [&]() -> R {
      if constexpr (kCaller) {
        return function(caller, std::move(*std::get<I>(params))...);
      } else {
        return function(std::move(*std::get<I>(params))...);
      }
    };
    if constexpr (std::is_void_v<R>) {
      call();
    } else if constexpr (std::is_same_v<R, Value>) {
      out.emplace(call());
    } else {
      R result = call();
      if (!result) {
        return sluice_store_fail_with(caller.store(), std::move(result).error().release());
      }
      if constexpr (!std::is_void_v<Value>) out.emplace(*std::move(result));
    }
    if constexpr (!std::is_void_v<Value>) {
      if (!fits_store(*out, caller.store())) {
        return sluice_store_fail_with(caller.store(), wrong_store().release());
      }
    }
    return 0;
  }

  static uint32_t bad_range(const Caller& caller) {
    constexpr std::string_view kWords = "an argument's range lies outside the caller's memory";
    return sluice_store_fail(caller.store(), kWords.data(), kWords.size(), nullptr, nullptr);
  }
};

template <class F, class R, class... Ps>
struct ThunkFor {
  using Type = HostThunk<F, R, false, List<std::remove_cvref_t<Ps>...>,
                         decltype(concat(typename HostParam<std::remove_cvref_t<Ps>>::Abis()...))>;
};
template <class F, class R, class... Ps>
struct ThunkFor<F, R, Caller, Ps...> {
  using Type = HostThunk<F, R, true, List<std::remove_cvref_t<Ps>...>,
                         decltype(concat(typename HostParam<std::remove_cvref_t<Ps>>::Abis()...))>;
};
template <class F, class R, class... Ps>
struct ThunkFor<F, R, const Caller&, Ps...> : ThunkFor<F, R, Caller, Ps...> {};

template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...));
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) const);
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) noexcept);
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) const noexcept);

template <class F>
struct Thunk {
  static_assert(
      requires { &F::operator(); },
      "a host function is a function pointer or a callable with one operator()");
  using Type = typename decltype(thunk_of<F>(&F::operator()))::Type;
};
template <class R, class... Ps>
struct Thunk<R (*)(Ps...)> : ThunkFor<R (*)(Ps...), R, Ps...> {};
template <class R, class... Ps>
struct Thunk<R (*)(Ps...) noexcept> : ThunkFor<R (*)(Ps...) noexcept, R, Ps...> {};

template <class F>
Result<void> define_host_func(sluice_linker_t* linker, std::string_view module,
                              std::string_view name, F function) {
  using T = typename Thunk<F>::Type;
  const auto release = [](void* env) { delete static_cast<F*>(env); };
  auto* env = new F(std::move(function));
  if constexpr (T::kDirect) {
    return Error(sluice_linker_define_typed_func(
        linker, module.data(), module.size(), name.data(), name.size(), T::type(),
        reinterpret_cast<const void*>(&T::direct), env, release));
  } else {
    return Error(sluice_linker_define_func(linker, module.data(), module.size(), name.data(),
                                           name.size(), T::type(), &T::with_cells, env, release));
  }
}

}  // namespace detail

/// A module whose imports a linker has found. Immutable and thread-safe: any number of threads
/// instantiate it, each in a store of its own. Needs the linker no longer.
class PreInstance {
 public:
  explicit PreInstance(sluice_pre_instance_t* raw) : raw_(raw) {}
  /// An error if an import is an object of another store.
  Result<Instance> instantiate(Store& store) const {
    if (store.raw() == nullptr) return detail::no_engine();
    sluice_instance_t out = {};
    if (sluice_error_t* e = sluice_pre_instance_instantiate(raw_.get(), store.raw(), &out)) {
      return Error(e);
    }
    return Instance(store.raw(), out);
  }
  const sluice_pre_instance_t* raw() const { return raw_.get(); }

 private:
  detail::Owned<sluice_pre_instance_t, sluice_pre_instance_delete> raw_;
};

/// Names → things to import. Host functions serve every store; objects only their own.
class Linker {
 public:
  explicit Linker(const Engine& engine)
      : raw_(engine.ok() ? sluice_linker_new(engine.raw()) : nullptr) {}

  /// A host function with its type taken from the callable: an optional Caller, then Wasm values,
  /// GuestString or GuestSpan<T>; returns void, a value, a tuple of values, or a Result of these.
  /// Stores on several threads call it at the same time.
  template <class F>
  Result<void> func(std::string_view module, std::string_view name, F function) {
    if (!raw_) return detail::no_engine();
    return detail::define_host_func(raw_.get(), module, name, std::move(function));
  }
  template <class Object>
    requires requires(const Object& o) { o.as_extern(); }
  Result<void> define(const Store& store, std::string_view module, std::string_view name,
                      const Object& object) {
    if (!raw_ || store.raw() == nullptr) return detail::no_engine();
    return Error(sluice_linker_define(raw_.get(), store.raw(), module.data(), module.size(),
                                      name.data(), name.size(), object.as_extern()));
  }
  /// All exports of an instance, as `module`'s.
  Result<void> define_instance(std::string_view module, const Instance& instance) {
    if (!raw_) return detail::no_engine();
    return Error(sluice_linker_define_instance(raw_.get(), instance.store(), module.data(),
                                               module.size(), instance.raw()));
  }
  /// WASI preview 1, for programs that see what `wasi` says.
  Result<void> wasi(const Wasi& wasi) {
    if (!raw_) return detail::no_engine();
    return Error(sluice_linker_define_wasi(raw_.get(), wasi.raw()));
  }
  void allow_shadowing(bool allow) {
    if (raw_) sluice_linker_allow_shadowing(raw_.get(), allow);
  }
  /// Finds the imports and checks the types of host functions, once for many instances. An error
  /// lists all imports that are missing.
  Result<PreInstance> pre_instantiate(const Module& module) const {
    if (!raw_) return detail::no_engine();
    sluice_pre_instance_t* out = nullptr;
    if (sluice_error_t* e = sluice_linker_pre_instantiate(raw_.get(), module.raw(), &out)) {
      return Error(e);
    }
    return PreInstance(out);
  }
  /// Both at once. An error lists all imports that are missing.
  Result<Instance> instantiate(Store& store, const Module& module) const {
    if (!raw_ || store.raw() == nullptr) return detail::no_engine();
    sluice_instance_t out = {};
    if (sluice_error_t* e =
            sluice_linker_instantiate(raw_.get(), store.raw(), module.raw(), &out)) {
      return Error(e);
    }
    return Instance(store.raw(), out);
  }

 private:
  detail::Owned<sluice_linker_t, sluice_linker_delete> raw_;
};

}  // namespace sluice::inline v0

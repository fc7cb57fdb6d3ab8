// How a C++ callable becomes a host function: its parameters' types say the Wasm type.
//
// A callable with at most one result and without vectors is called by Wasm code directly, its
// arguments in registers; others get cells. Nothing is allocated on the way. An exception that
// leaves it is caught here, because it must not cross generated code, and becomes a trap that
// carries it (Error::host_exception).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/func.hpp"
#include "sluice/detail/guest.hpp"
#include "sluice/detail/instance.hpp"
#include "sluice/detail/memory.hpp"
#include "sluice/detail/result.hpp"
#include "sluice/detail/value.hpp"

namespace sluice::inline v0 {

/// What a host function knows of its caller; valid during the call, on its thread.
class Caller : public detail::Exports<Caller> {
 public:
  Caller(sluice_store_t* store, void* caller) : store_(store), caller_(caller) {}
  using Exports::memory;
  /// The memory that the caller exports as "memory", else its first.
  Result<Memory> memory() const {
    sluice_memory_t raw = {};
    if (!sluice_direct_caller_memory(store_, caller_, &raw)) {
      return Error("the caller has no memory");
    }
    return Memory::wrap(store_, raw);
  }
  /// The store's value (Store::data); null if it has none or one of another type.
  template <class T>
  T* data() const {
    return detail::store_data<T>(store_);
  }
  /// What guests may still do, see Store::set_fuel.
  Result<uint64_t> fuel() const {
    uint64_t left = 0;
    if (sluice_error_t* e = sluice_store_get_fuel(store_, &left)) return Error(e);
    return left;
  }
  /// As Store's, for host functions that take long or block.
  bool is_interrupted() const { return sluice_store_is_interrupted(store_); }
  int interrupt_fd() const { return sluice_store_interrupt_fd(store_); }
  sluice_store_t* store() const { return store_; }

 private:
  friend class detail::Exports<Caller>;
  Result<sluice_extern_t> find_export(std::string_view name) const {
    sluice_extern_t out = {};
    if (sluice_direct_caller_export(store_, caller_, name.data(), name.size(), &out)) return out;
    return Error("the caller has no export \"" + std::string(name) + "\"");
  }
  sluice_store_t* store_;
  void* caller_;
};

namespace detail {

/// What a host function's parameter is made of: itself, or for ranges of the host's own kinds a
/// checked range of the caller's memory.
template <class P>
struct HostForm {
  using Type = P;
  static P&& give(P& value) { return std::move(value); }
};
template <class T>
struct HostForm<std::span<T>> {
  using Type = GuestSpan<T>;
  static std::span<T> give(const Type& range) { return range.span(); }
};
template <>
struct HostForm<std::string_view> {
  using Type = GuestString;
  static std::string_view give(const Type& text) { return text.view(); }
};
template <>
struct HostForm<std::string> {
  using Type = GuestString;
  static std::string give(const Type& text) { return text.str(); }
};

/// The trap of an argument that is not what the parameter's type demands; numbered from 1.
inline uint32_t bad_argument(sluice_store_t* store, size_t number, const Error& why) {
  const std::string words =
      "argument " + std::to_string(number) + ": " + std::string(why.message());
  return sluice_store_fail(store, words.data(), words.size(), nullptr, nullptr);
}

template <class P>
struct Decode {
  template <class... Abis>
  static Result<P> from(const Caller& caller, Abis... abis) {
    const Result<Memory> memory = caller.memory();
    if (!memory) return Error("the caller has no memory");
    return P::create(*memory, abis...);
  }
};
template <class T, class Address>
struct Decode<std::optional<GuestPtr<T, Address>>> {
  static Result<std::optional<GuestPtr<T, Address>>> from(const Caller& caller, Address address) {
    using Ptr = GuestPtr<T, Address>;
    if (address == 0) return std::optional<Ptr>();
    Result<Ptr> ptr = Decode<Ptr>::from(caller, address);
    if (!ptr) return std::move(ptr).error();
    return std::optional<Ptr>(*ptr);
  }
};

/// Makes C++ parameter `number` of the values from `kAt` on. Returns 0 or a trap.
template <class P, size_t kAt, size_t... I, class Raw>
uint32_t decode(const Raw& raw, const Caller& caller, size_t number, std::optional<P>& out,
                std::index_sequence<I...>) {
  if constexpr (WasmValue<P>) {
    const auto abi = std::get<kAt>(raw);
    if (!Wasm<P>::accepts(abi)) return bad_argument(caller.store(), number, null_function());
    out.emplace(Wasm<P>::from(caller.store(), abi));
  } else {
    Result<P> made = Decode<P>::from(caller, std::get<kAt + I>(raw)...);
    if (!made) return bad_argument(caller.store(), number, made.error());
    out.emplace(*std::move(made));
  }
  return 0;
}

template <class R>
inline constexpr bool kIsResult = false;
template <class T>
inline constexpr bool kIsResult<Result<T>> = true;
template <class R>
struct HostReturn {
  using Value = R;
};
template <class T>
struct HostReturn<Result<T>> {
  using Value = T;
};

template <class... Ts>
struct List {};

template <class F, class R, bool kCaller, class Params, class Abis>
struct HostThunk;

/// The C functions behind one callable: `direct` with arguments in registers, `with_cells` where
/// the signature does not fit them. `Ps` are what its parameters are made of.
template <class F, class R, bool kCaller, class... Ps, class... Abis>
struct HostThunk<F, R, kCaller, List<Ps...>, std::tuple<Abis...>> {
  using Value = typename HostReturn<R>::Value;
  using Raw = std::tuple<Abis...>;
  struct Nothing {};
  using Out = std::optional<std::conditional_t<std::is_void_v<Value>, Nothing, Value>>;
  static constexpr bool kDirect =
      Results<Value>::kDirect && sizeof...(Abis) <= 32 && (!std::is_same_v<Abis, V128> && ...);

  static sluice_func_type_t type() { return func_type_of<Value, typename HostForm<Ps>::Type...>(); }

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
      if (trap == 0) result.value = to_slot(Wasm<Value>::to(*out));
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
  static Raw load([[maybe_unused]] const sluice_value_t* cells, std::index_sequence<I...>) {
    return Raw(from_cell<Abis>(cells[I])...);
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

  template <class P>
  using Form = typename HostForm<P>::Type;
  template <class P>
  static constexpr size_t kWidth = Param<Form<P>>::kTypes.size();
  /// Number of Wasm parameters before C++ parameter `index`.
  static constexpr size_t position(size_t index) {
    constexpr size_t kWidths[] = {kWidth<Ps>..., 0};
    size_t at = 0;
    for (size_t i = 0; i < index; ++i) at += kWidths[i];
    return at;
  }

  template <size_t... I>
  static uint32_t decode_and_call(F& function, const Caller& caller,
                                  [[maybe_unused]] const Raw& raw, Out& out,
                                  std::index_sequence<I...>) {
    std::tuple<std::optional<Form<Ps>>...> params;
    uint32_t trap = 0;
    const bool decoded =
        ((trap = decode<Form<Ps>, position(I)>(raw, caller, I + 1, std::get<I>(params),
                                               std::make_index_sequence<kWidth<Ps>>()),
          trap == 0) &&
         ...);
    if (!decoded) return trap;
    const auto call = [&]() -> R {
      if constexpr (kCaller) {
        return function(caller, HostForm<Ps>::give(*std::get<I>(params))...);
      } else {
        return function(HostForm<Ps>::give(*std::get<I>(params))...);
      }
    };
    if constexpr (std::is_void_v<R>) {
      call();
    } else if constexpr (!kIsResult<R>) {
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
};

template <class F, class R, bool kCaller, class... Ps>
using MakeThunk = HostThunk<F, std::remove_cvref_t<R>, kCaller, List<std::remove_cvref_t<Ps>...>,
                            AbisOf<typename HostForm<std::remove_cvref_t<Ps>>::Type...>>;

template <class F, class R, class... Ps>
struct ThunkFor {
  using Type = MakeThunk<F, R, false, Ps...>;
};
template <class F, class R, class C, class... Ps>
  requires std::is_same_v<std::remove_cvref_t<C>, Caller>
struct ThunkFor<F, R, C, Ps...> {
  using Type = MakeThunk<F, R, true, Ps...>;
};

// The type of operator(), whatever its qualifiers.
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...));
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) const);
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) &);
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) const&);
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) noexcept);
template <class F, class R, class C, class... Ps>
ThunkFor<F, R, Ps...> thunk_of(R (C::*)(Ps...) const noexcept);

template <class F>
struct Thunk {
  static_assert(
      requires { &F::operator(); },
      "sluice: a host function is a function pointer or a callable with one operator(); of a "
      "generic one give the type: func<int32_t(int32_t)>(module, name, callable)");
  using Type = typename decltype(thunk_of<F>(&F::operator()))::Type;
};
template <class R, class... Ps>
struct Thunk<R (*)(Ps...)> : ThunkFor<R (*)(Ps...), R, Ps...> {};
template <class R, class... Ps>
struct Thunk<R (*)(Ps...) noexcept> : ThunkFor<R (*)(Ps...) noexcept, R, Ps...> {};

template <class F, class Signature>
struct ThunkAs;
template <class F, class R, class... Ps>
struct ThunkAs<F, R(Ps...)> : ThunkFor<F, R, Ps...> {};

template <class T, class F>
Result<void> define_host_func(sluice_linker_t* linker, std::string_view module,
                              std::string_view name, F function) {
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

template <class T, class F>
Result<Func> make_host_func(const Store& store, F function) {
  if (store.raw() == nullptr) return no_engine();
  const auto release = [](void* env) { delete static_cast<F*>(env); };
  auto* env = new F(std::move(function));
  sluice_func_t out = {};
  sluice_error_t* error = nullptr;
  if constexpr (T::kDirect) {
    error = sluice_func_new_typed(store.raw(), T::type(), reinterpret_cast<const void*>(&T::direct),
                                  env, release, &out);
  } else {
    error = sluice_func_new(store.raw(), T::type(), &T::with_cells, env, release, &out);
  }
  if (error != nullptr) return Error(error);
  return Func(store.raw(), out);
}

}  // namespace detail

template <class F>
  requires(!std::is_function_v<F>)
Result<Func> Func::create(Store& store, F function) {
  return detail::make_host_func<typename detail::Thunk<F>::Type>(store, std::move(function));
}

template <class Signature, class F>
  requires std::is_function_v<Signature>
Result<Func> Func::create(Store& store, F function) {
  return detail::make_host_func<typename detail::ThunkAs<F, Signature>::Type>(store,
                                                                              std::move(function));
}

}  // namespace sluice::inline v0

// How C++ types stand for Wasm types, and functions: Func, and TypedFunc whose type is checked
// once.
//
// A typed call passes its arguments in registers to the entry stub made for the signature; results
// of more than one value go through cells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/memory.hpp"
#include "sluice/detail/result.hpp"

namespace sluice::inline v0 {

/// A reference to a host object, kept alive as long as this is; null if it holds none. Belongs to
/// one store and must not outlive it.
class ExternRef {
 public:
  ExternRef() = default;
  /// `release` (may be null) gets the pointer when nobody refers to it any more.
  ExternRef(sluice_store_t* store, void* host, void (*release)(void* host))
      : store_(store), ref_(sluice_externref_new(store, host, release).ref) {}
  ExternRef(const Store& store, void* host, void (*release)(void* host) = nullptr)
      : ExternRef(store.raw(), host, release) {}
  /// A reference that owns the object.
  template <class T>
  ExternRef(const Store& store, std::unique_ptr<T> host)
      : ExternRef(store, host.get(), [](void* p) { delete static_cast<T*>(p); }) {
    if (ref_ != 0) host.release();
  }
  ExternRef(const ExternRef& other) : store_(other.store_), ref_(other.ref_) { root(); }
  ExternRef(ExternRef&& other) noexcept
      : store_(other.store_), ref_(std::exchange(other.ref_, 0)) {}
  ExternRef& operator=(ExternRef other) noexcept {
    std::swap(store_, other.store_);
    std::swap(ref_, other.ref_);
    return *this;
  }
  ~ExternRef() {
    if (ref_ != 0) sluice_ref_unroot(store_, raw());
  }
  /// What a cell of the store holds.
  static ExternRef wrap(sluice_store_t* store, uintptr_t ref) {
    ExternRef result;
    result.store_ = store;
    result.ref_ = ref;
    result.root();
    return result;
  }

  bool is_null() const { return ref_ == 0; }
  void* host() const { return ref_ == 0 ? nullptr : sluice_externref_host(store_, raw()); }
  sluice_value_t raw() const {
    sluice_value_t value = {};
    value.ref = ref_;
    return value;
  }
  /// May it be used there?
  bool fits(const sluice_store_t* store) const { return ref_ == 0 || store_ == store; }

 private:
  void root() {
    if (ref_ != 0) sluice_ref_root(store_, raw());
  }
  sluice_store_t* store_ = nullptr;
  uintptr_t ref_ = 0;
};

/// A string or array in the caller's memory that the guest passes as two i32: address and count.
/// A host function's parameter of these types is checked before the function runs.
class GuestString {
 public:
  explicit GuestString(View<char> view) : view_(view) {}
  /// Holds until the memory grows.
  std::string_view view() const { return {view_.begin(), view_.size()}; }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)
  std::string str() const { return std::string(view()); }
  size_t size() const { return view_.size(); }

 private:
  View<char> view_;
};
template <class T>
class GuestSpan : public View<T> {
 public:
  explicit GuestSpan(View<T> view) : View<T>(view) {}
};

namespace detail {

template <class T>
struct IsGuestSpan : std::false_type {};
template <class T>
struct IsGuestSpan<GuestSpan<T>> : std::true_type {
  using Element = T;
};

template <class T>
inline constexpr bool kIs32 = (std::is_integral_v<T> && sizeof(T) <= 4) || std::is_enum_v<T>;

/// How a C++ type stands for a Wasm type: its type, and what passes it between compiled code and C.
template <class T>
struct Wasm;
template <class T>
  requires(kIs32<T> && sizeof(T) <= 4)
struct Wasm<T> {
  static constexpr sluice_type_t kType = SLUICE_I32;
  using Abi = uint32_t;
  using Slot = uint64_t;
  static Abi to(T v) { return static_cast<uint32_t>(v); }
  static T from(Slot v) {
    if constexpr (std::is_same_v<T, bool>) {
      return static_cast<uint32_t>(v) != 0;
    } else {
      return static_cast<T>(static_cast<uint32_t>(v));
    }
  }
};
template <class T>
  requires(std::is_integral_v<T> && sizeof(T) == 8)
struct Wasm<T> {
  static constexpr sluice_type_t kType = SLUICE_I64;
  using Abi = uint64_t;
  using Slot = uint64_t;
  static Abi to(T v) { return static_cast<uint64_t>(v); }
  static T from(Slot v) { return static_cast<T>(v); }
};
template <>
struct Wasm<float> {
  static constexpr sluice_type_t kType = SLUICE_F32;
  using Abi = float;
  using Slot = float;
  static Abi to(float v) { return v; }
  static float from(Slot v) { return v; }
};
template <>
struct Wasm<double> {
  static constexpr sluice_type_t kType = SLUICE_F64;
  using Abi = double;
  using Slot = double;
  static Abi to(double v) { return v; }
  static double from(Slot v) { return v; }
};
template <>
struct Wasm<ExternRef> {
  static constexpr sluice_type_t kType = SLUICE_EXTERNREF;
  using Abi = uint32_t;
  using Slot = uint64_t;
  static Abi to(const ExternRef& v) { return static_cast<uint32_t>(v.raw().ref); }
};

/// A value of the store as C++ sees it.
template <class T, class Slot>
T from_slot([[maybe_unused]] sluice_store_t* store, Slot slot) {
  if constexpr (std::is_same_v<T, ExternRef>) {
    return ExternRef::wrap(store, static_cast<uint32_t>(slot));
  } else {
    return Wasm<T>::from(slot);
  }
}
/// Only references belong to a store.
template <class T>
bool fits_store(const T&, const sluice_store_t*) {
  return true;
}
inline bool fits_store(const ExternRef& ref, const sluice_store_t* store) {
  return ref.fits(store);
}
template <class... Ts>
bool fits_store(const std::tuple<Ts...>& values, const sluice_store_t* store) {
  return std::apply([&](const Ts&... each) { return (fits_store(each, store) && ...); }, values);
}

}  // namespace detail

/// C++ types that stand for one Wasm value: bool, enums and integers up to 32 bits (i32), 64-bit
/// integers (i64), float, double, ExternRef.
template <class T>
concept WasmValue = requires { detail::Wasm<std::remove_cv_t<T>>::kType; };

namespace detail {

template <class T>
T cell_get(sluice_store_t* store, const sluice_value_t& cell) {
  using W = Wasm<T>;
  if constexpr (std::is_same_v<typename W::Slot, float>) {
    return cell.f32;
  } else if constexpr (std::is_same_v<typename W::Slot, double>) {
    return cell.f64;
  } else {
    return from_slot<T>(store, cell.bits[0]);
  }
}
template <class T>
sluice_value_t cell_of(const T& value) {
  sluice_value_t cell = {};
  if constexpr (std::is_same_v<T, float>) {
    cell.f32 = value;
  } else if constexpr (std::is_same_v<T, double>) {
    cell.f64 = value;
  } else {
    cell.bits[0] = Wasm<T>::to(value);
  }
  return cell;
}

/// Results: void, one value, or a tuple of values.
template <class R>
struct Results {
  static constexpr size_t kCount = 1;
  static constexpr sluice_type_t kTypes[] = {Wasm<R>::kType};
  struct Abi {
    typename Wasm<R>::Slot value;
    uint64_t trap;
  };
};
template <>
struct Results<void> {
  static constexpr size_t kCount = 0;
  static constexpr sluice_type_t kTypes[] = {0};
  using Abi = uint64_t;
};
template <class... Rs>
struct Results<std::tuple<Rs...>> {
  static constexpr size_t kCount = sizeof...(Rs);
  static constexpr sluice_type_t kTypes[] = {Wasm<Rs>::kType..., 0};
  using Abi = uint64_t;  // never called directly
};
template <class R>
inline constexpr bool kIsTuple = false;
template <class... Rs>
inline constexpr bool kIsTuple<std::tuple<Rs...>> = true;

template <class R, class... Args>
sluice_func_type_t func_type_of() {
  static constexpr sluice_type_t kParams[] = {Wasm<Args>::kType..., 0};
  return {kParams, sizeof...(Args), Results<R>::kTypes, Results<R>::kCount};
}

}  // namespace detail

// ---- Functions ----------------------------------------------------------------------------------

template <class Signature>
class TypedFunc;

/// A function whose type has been checked: calling it is a direct jump, without boxing.
template <class R, class... Args>
class TypedFunc<R(Args...)> {
 public:
  TypedFunc(sluice_store_t* store, sluice_func_t func, const sluice_typed_func_t& typed)
      : store_(store), typed_(typed), func_(func) {}

  Result<R> operator()(Args... args) const {
    if (!(detail::fits_store(args, store_) && ...)) return detail::wrong_store();
    if constexpr (detail::kIsTuple<R>) {
      return call_with_cells(args...);
    } else {
      using Abi = typename detail::Results<R>::Abi;
      using Entry = Abi (*)(void*, const void*, typename detail::Wasm<Args>::Abi...);
      if (typed_.entry == nullptr) return call_with_cells(args...);
      const auto entry = reinterpret_cast<Entry>(const_cast<void*>(typed_.entry));
      const Abi out = entry(typed_.instance, typed_.code, detail::Wasm<Args>::to(args)...);
      if constexpr (std::is_void_v<R>) {
        if (out != 0) [[unlikely]]
          return trap(out);
        return {};
      } else {
        if (out.trap != 0) [[unlikely]]
          return trap(out.trap);
        return detail::from_slot<R>(store_, out.value);
      }
    }
  }
  sluice_func_t raw() const { return func_; }

 private:
  Error trap(uint64_t code) const {
    return Error(sluice_store_take_trap(store_, static_cast<uint32_t>(code)));
  }
  Result<R> call_with_cells(const Args&... args) const {
    constexpr size_t kResults = detail::Results<R>::kCount;
    const sluice_value_t params[sizeof...(Args) + 1] = {detail::cell_of<Args>(args)...};
    sluice_value_t results[kResults + 1] = {};
    if (sluice_error_t* e =
            sluice_func_call(store_, func_, params, sizeof...(Args), results, kResults)) {
      return Error(e);
    }
    if constexpr (std::is_void_v<R>) {
      return {};
    } else if constexpr (detail::kIsTuple<R>) {
      return unpack(results, std::make_index_sequence<kResults>());
    } else {
      return detail::cell_get<R>(store_, results[0]);
    }
  }
  template <size_t... I>
  R unpack(const sluice_value_t* cells, std::index_sequence<I...>) const {
    return R(detail::cell_get<std::tuple_element_t<I, R>>(store_, cells[I])...);
  }

  sluice_store_t* store_;
  sluice_typed_func_t typed_;
  sluice_func_t func_;
};

/// A function of a store.
class Func {
 public:
  Func(sluice_store_t* store, sluice_func_t raw) : store_(store), raw_(raw) {}

  Result<sluice_func_type_t> type() const {
    sluice_func_type_t out = {};
    if (sluice_error_t* e = sluice_func_get_type(store_, raw_, &out)) return Error(e);
    return out;
  }
  /// Checks the type once; an error if it is another.
  template <class Signature>
  Result<TypedFunc<Signature>> typed() const {
    return typed_as(static_cast<Signature*>(nullptr));
  }
  /// With as many cells as the type has parameters and results.
  Result<void> call(std::span<const sluice_value_t> args, std::span<sluice_value_t> results) const {
    return Error(
        sluice_func_call(store_, raw_, args.data(), args.size(), results.data(), results.size()));
  }
  sluice_func_t raw() const { return raw_; }
  sluice_extern_t as_extern() const { return {SLUICE_KIND_FUNC, raw_.store_id, raw_.object}; }

 private:
  template <class R, class... Args>
  Result<TypedFunc<R(Args...)>> typed_as(R (*)(Args...)) const {
    static_assert((WasmValue<Args> && ...), "a parameter type does not stand for a Wasm value");
    sluice_typed_func_t typed = {};
    if (sluice_error_t* e =
            sluice_func_typed(store_, raw_, detail::func_type_of<R, Args...>(), &typed)) {
      return Error(e);
    }
    return TypedFunc<R(Args...)>(store_, raw_, typed);
  }

  sluice_store_t* store_;
  sluice_func_t raw_;
};

}  // namespace sluice::inline v0

// How C++ types stand for Wasm values: in typed calls, host functions, globals, tables and tags.
//
//   i32        bool (not 0 is true), char, integers of 8, 16 and 32 bits, enums of these
//   i64        integers of 64 bits, enums of these
//   f32, f64   float, double
//   v128       V128
//   externref  ExternRef
//   funcref    Func (null is an error), std::optional<Func>: see func.hpp
//
// Of an i32 for a narrow integer the low bits count, whatever the guest put above them, and what
// the host gives is extended by its sign: as in C. An enum needs a fixed underlying type, so that
// each value the guest may give is one of the enum's.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/result.hpp"

namespace sluice::inline v0 {

/// A vector of 16 bytes, lane 0 first.
struct V128 {
  alignas(16) std::array<uint8_t, 16> bytes = {};

  template <class T>
  static V128 of(const std::array<T, 16 / sizeof(T)>& lanes) {
    return {std::bit_cast<std::array<uint8_t, 16>>(lanes)};
  }
  template <class T>
  std::array<T, 16 / sizeof(T)> lanes() const {
    return std::bit_cast<std::array<T, 16 / sizeof(T)>>(bytes);
  }
  bool operator==(const V128&) const = default;
};

/// A reference to a host object, kept alive as long as this is; null if it holds none. Belongs to
/// one store and must not outlive it.
class ExternRef {
 public:
  ExternRef() = default;
  /// `release` (may be null) gets the pointer when nobody refers to it any more; never if this is
  /// null, because there is no memory or no store.
  ExternRef(sluice_store_t* store, void* host, void (*release)(void* host))
      : store_(store), ref_(store == nullptr ? 0 : sluice_externref_new(store, host, release).ref) {
  }
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

namespace detail {

template <class T>
inline constexpr bool kIsTuple = false;
template <class... Ts>
inline constexpr bool kIsTuple<std::tuple<Ts...>> = true;
template <class A, class B>
inline constexpr bool kIsTuple<std::pair<A, B>> = true;

template <class T>
concept FixedEnum = std::is_enum_v<T> && requires { T{0}; };
template <class T>
concept NumberLike = (std::is_integral_v<T> || FixedEnum<T>) && sizeof(T) <= 8;

/// For each type that stands for one value: kType, how it travels (Abi: uint32_t, uint64_t, float,
/// double, void* for functions, V128), `to` and `from`, and `accepts`: may `from` be asked?
template <class T>
struct Wasm;

template <class A>
struct Plain {
  using Abi = A;
  static constexpr bool accepts(Abi) { return true; }
};
template <NumberLike T>
  requires(sizeof(T) <= 4)
struct Wasm<T> : Plain<uint32_t> {
  static constexpr sluice_type_t kType = SLUICE_I32;
  static uint32_t to(T v) { return static_cast<uint32_t>(v); }
  static T from(sluice_store_t*, uint32_t v) {
    if constexpr (std::is_same_v<T, bool>) {
      return v != 0;
    } else {
      return static_cast<T>(v);
    }
  }
};
template <NumberLike T>
  requires(sizeof(T) == 8)
struct Wasm<T> : Plain<uint64_t> {
  static constexpr sluice_type_t kType = SLUICE_I64;
  static uint64_t to(T v) { return static_cast<uint64_t>(v); }
  static T from(sluice_store_t*, uint64_t v) { return static_cast<T>(v); }
};
template <>
struct Wasm<float> : Plain<float> {
  static constexpr sluice_type_t kType = SLUICE_F32;
  static float to(float v) { return v; }
  static float from(sluice_store_t*, float v) { return v; }
};
template <>
struct Wasm<double> : Plain<double> {
  static constexpr sluice_type_t kType = SLUICE_F64;
  static double to(double v) { return v; }
  static double from(sluice_store_t*, double v) { return v; }
};
template <>
struct Wasm<V128> : Plain<V128> {
  static constexpr sluice_type_t kType = SLUICE_V128;
  static V128 to(V128 v) { return v; }
  static V128 from(sluice_store_t*, V128 v) { return v; }
};
template <>
struct Wasm<ExternRef> : Plain<uint32_t> {
  static constexpr sluice_type_t kType = SLUICE_EXTERNREF;
  static uint32_t to(const ExternRef& v) { return static_cast<uint32_t>(v.raw().ref); }
  static ExternRef from(sluice_store_t* store, uint32_t v) { return ExternRef::wrap(store, v); }
};

// What travels, to and from a cell.
template <class Abi>
Abi from_cell(const sluice_value_t& cell) {
  if constexpr (std::is_same_v<Abi, float>) {
    return cell.f32;
  } else if constexpr (std::is_same_v<Abi, double>) {
    return cell.f64;
  } else if constexpr (std::is_same_v<Abi, V128>) {
    V128 value;
    std::memcpy(value.bytes.data(), cell.v128, sizeof cell.v128);
    return value;
  } else if constexpr (std::is_pointer_v<Abi>) {
    return reinterpret_cast<Abi>(cell.ref);
  } else {
    return static_cast<Abi>(cell.bits[0]);
  }
}
template <class Abi>
sluice_value_t to_cell(const Abi& value) {
  sluice_value_t cell = {};
  if constexpr (std::is_same_v<Abi, float>) {
    cell.f32 = value;
  } else if constexpr (std::is_same_v<Abi, double>) {
    cell.f64 = value;
  } else if constexpr (std::is_same_v<Abi, V128>) {
    std::memcpy(cell.v128, value.bytes.data(), sizeof cell.v128);
  } else if constexpr (std::is_pointer_v<Abi>) {
    cell.ref = reinterpret_cast<uintptr_t>(value);
  } else {
    cell.bits[0] = value;
  }
  return cell;
}

// The same for the one result of a direct call, which comes in a register of 64 bits.
template <class Abi>
using Slot = std::conditional_t<std::is_floating_point_v<Abi>, Abi, uint64_t>;
template <class Abi>
Abi from_slot(Slot<Abi> slot) {
  if constexpr (std::is_pointer_v<Abi>) {
    return reinterpret_cast<Abi>(slot);
  } else {
    return static_cast<Abi>(slot);
  }
}
template <class Abi>
Slot<Abi> to_slot(Abi value) {
  if constexpr (std::is_pointer_v<Abi>) {
    return reinterpret_cast<uintptr_t>(value);
  } else {
    return value;
  }
}

/// May it be used in the store? Only references belong to one.
template <class T>
bool fits_store(const T& value, const sluice_store_t* store) {
  if constexpr (requires { value.fits(store); }) {
    return value.fits(store);
  } else if constexpr (requires { value.value_or(*value); }) {
    return !value || fits_store(*value, store);
  } else if constexpr (kIsTuple<T>) {
    return std::apply([&](const auto&... each) { return (fits_store(each, store) && ...); }, value);
  } else {
    return true;
  }
}

}  // namespace detail

/// C++ types that stand for one Wasm value: the list at the head of value.hpp.
template <class T>
concept WasmValue = requires { detail::Wasm<std::remove_cv_t<T>>::kType; };

namespace detail {

template <class T>
sluice_value_t cell_of(const T& value) {
  return to_cell(Wasm<T>::to(value));
}
/// The value in a cell that `accepts` has seen or whose type accepts everything.
template <class T>
T value_of(sluice_store_t* store, const sluice_value_t& cell) {
  return Wasm<T>::from(store, from_cell<typename Wasm<T>::Abi>(cell));
}
template <class T>
bool accepts(const sluice_value_t& cell) {
  return Wasm<T>::accepts(from_cell<typename Wasm<T>::Abi>(cell));
}
/// What a call answers whose result was a null function where the host's type has none.
inline Error null_function() { return Error("null function reference"); }

}  // namespace detail

}  // namespace sluice::inline v0

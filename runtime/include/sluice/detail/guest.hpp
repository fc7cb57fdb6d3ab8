// GuestPtr, GuestSpan and GuestString: addresses in a guest's memory that have been checked.
//
// As parameters of a host function they stand for what a C guest passes for a pointer (one i32) and
// for a pointer with a count (two i32; i64 where Address is uint64_t, for 64-bit memories). What
// lies outside the caller's memory, or at an address that is not a multiple of the type's
// alignment, is a trap that says so before the function runs. As arguments of a guest's function
// they pass the same numbers, and must be of the function's store. Never stale; see View for what
// is taken from them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/memory.hpp"
#include "sluice/detail/result.hpp"
#include "sluice/detail/value.hpp"

namespace sluice::inline v0 {

namespace detail {

/// The store whose guest an address is for; null: nobody's any more.
class OfStore {
 public:
  explicit OfStore(const sluice_store_t* store) : store_(store) {}
  /// May it be used there?
  bool fits(const sluice_store_t* store) const { return store_ == store; }

 private:
  const sluice_store_t* store_;
};

}  // namespace detail

/// `count` elements of T. GuestSpan<const T> only reads.
template <class T, class Address = uint32_t>
class GuestSpan : public View<T>, public detail::OfStore {
 public:
  GuestSpan(const sluice_store_t* store, Address address, View<T> view)
      : View<T>(view), OfStore(store), address_(address) {}
  static Result<GuestSpan> create(const Memory& memory, Address address, Address count) {
    Result<View<T>> view = memory.view<T>(address, count);
    if (!view) return std::move(view).error();
    return GuestSpan(memory.store(), address, *view);
  }
  Address address() const { return address_; }

 private:
  Address address_;
};

/// One T.
template <class T, class Address = uint32_t>
class GuestPtr : public detail::OfStore {
 public:
  GuestPtr(const sluice_store_t* store, Address address, View<T> view)
      : OfStore(store), view_(view), address_(address) {}
  static Result<GuestPtr> create(const Memory& memory, Address address) {
    Result<View<T>> view = memory.view<T>(address, 1);
    if (!view) return std::move(view).error();
    return GuestPtr(memory.store(), address, *view);
  }
  Address address() const { return address_; }
  T& operator*() const { return *view_.data(); }
  T* operator->() const { return view_.data(); }

 private:
  View<T> view_;
  Address address_;
};

/// Bytes that are text.
template <class Address>
class BasicGuestString : public detail::OfStore {
 public:
  BasicGuestString(const sluice_store_t* store, Address address, View<const char> view)
      : OfStore(store), view_(view), address_(address) {}
  static Result<BasicGuestString> create(const Memory& memory, Address address, Address size) {
    Result<View<const char>> view = memory.view<const char>(address, size);
    if (!view) return std::move(view).error();
    return BasicGuestString(memory.store(), address, *view);
  }
  /// Holds until the memory grows.
  std::string_view view() const {
    const auto chars = view_.span();
    return {chars.data(), chars.size()};
  }
  operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor)
  std::string str() const { return std::string(view()); }
  size_t size() const { return view_.size(); }
  Address address() const { return address_; }

 private:
  View<const char> view_;
  Address address_;
};
using GuestString = BasicGuestString<uint32_t>;
using GuestString64 = BasicGuestString<uint64_t>;

namespace detail {

template <class Address>
inline constexpr sluice_type_t kAddressType = Wasm<Address>::kType;

template <class T>
inline constexpr bool kIsHostRange =
    std::is_same_v<T, std::string_view> || std::is_same_v<T, std::string>;
template <class T, size_t kExtent>
inline constexpr bool kIsHostRange<std::span<T, kExtent>> = true;

/// What passes a parameter: its Wasm types, and `abis`, the values that stand for it. Most types
/// stand for one value.
template <class T>
struct Param {
  static_assert(!std::is_enum_v<T> || FixedEnum<T>,
                "sluice: an enum needs a fixed underlying type (enum class E, or enum E : int), so "
                "that each value the guest may give is one of its own");
  static_assert(!std::is_pointer_v<T>,
                "sluice: a host's pointer means nothing to a guest; use GuestPtr<T>, or "
                "GuestSpan<T> with a count");
  static_assert(!kIsHostRange<T>,
                "sluice: this is memory of the host, which a guest cannot see: copy it into the "
                "guest's memory and pass a GuestSpan or GuestString");
  static_assert(
      std::is_pointer_v<T> || kIsHostRange<T> || (std::is_enum_v<T> && !FixedEnum<T>) ||
          WasmValue<T>,
      "sluice: this type does not stand for a Wasm value; the head of "
      "sluice/detail/value.hpp has the list, sluice/detail/guest.hpp more for parameters");
  static constexpr std::array kTypes = {Wasm<T>::kType};
  static auto abis(const T& value) { return std::tuple(Wasm<T>::to(value)); }
};
template <class T, class Address>
struct Param<GuestPtr<T, Address>> {
  static constexpr std::array kTypes = {kAddressType<Address>};
  static auto abis(const GuestPtr<T, Address>& p) { return std::tuple(p.address()); }
};
template <class T, class Address>
struct Param<std::optional<GuestPtr<T, Address>>> {
  static constexpr std::array kTypes = {kAddressType<Address>};
  static auto abis(const std::optional<GuestPtr<T, Address>>& p) {
    return std::tuple(p ? p->address() : Address{0});
  }
};
template <class P, class Address>
struct RangeParam {
  static constexpr std::array kTypes = {kAddressType<Address>, kAddressType<Address>};
  static auto abis(const P& p) { return std::tuple(p.address(), static_cast<Address>(p.size())); }
};
template <class T, class Address>
struct Param<GuestSpan<T, Address>> : RangeParam<GuestSpan<T, Address>, Address> {};
template <class Address>
struct Param<BasicGuestString<Address>> : RangeParam<BasicGuestString<Address>, Address> {};

/// The values behind a list of parameters, as a tuple type.
template <class... Ts>
using AbisOf = decltype(std::tuple_cat(Param<Ts>::abis(std::declval<const Ts&>())...));

/// Results: void, one value, or a tuple of values.
template <class R>
struct Results {
  static_assert(WasmValue<R>,
                "sluice: a result must stand for a Wasm value, be void or a tuple of such types; "
                "the head of sluice/detail/value.hpp has the list (an address in guest memory is a "
                "number: use uint32_t and Memory::view)");
  static constexpr bool kDirect = !std::is_same_v<R, V128>;
  static constexpr std::array kTypes = {Wasm<R>::kType};
  struct Abi {
    Slot<typename Wasm<R>::Abi> value;
    uint64_t trap;
  };
};
template <>
struct Results<void> {
  static constexpr bool kDirect = true;
  static constexpr std::array<sluice_type_t, 0> kTypes = {};
  using Abi = uint64_t;
};
template <class Tuple, class Index>
struct TupleResults;
template <class Tuple, size_t... I>
struct TupleResults<Tuple, std::index_sequence<I...>> {
  static_assert((WasmValue<std::tuple_element_t<I, Tuple>> && ...),
                "sluice: an element of this tuple of results does not stand for a Wasm value; the "
                "head of sluice/detail/value.hpp has the list");
  static constexpr bool kDirect = false;
  using Abi = uint64_t;  // of no function
  static constexpr std::array<sluice_type_t, sizeof...(I)> kTypes = {
      Wasm<std::tuple_element_t<I, Tuple>>::kType...};
};
template <class Tuple>
  requires kIsTuple<Tuple>
struct Results<Tuple> : TupleResults<Tuple, std::make_index_sequence<std::tuple_size_v<Tuple>>> {};

template <class... Ps>
constexpr auto types_of() {
  std::array<sluice_type_t, (size_t{0} + ... + Param<Ps>::kTypes.size())> out = {};
  size_t at = 0;
  [[maybe_unused]] const auto add = [&](const auto& types) {
    for (const sluice_type_t type : types) out[at++] = type;
  };
  (add(Param<Ps>::kTypes), ...);
  return out;
}

/// The Wasm type of `R (Ps...)`.
template <class R, class... Ps>
sluice_func_type_t func_type_of() {
  static constexpr auto kParams = types_of<Ps...>();
  static constexpr const auto& kResults = Results<R>::kTypes;
  return {kParams.data(), kParams.size(), kResults.data(), kResults.size()};
}

}  // namespace detail

}  // namespace sluice::inline v0

// Linker: names → things to import; and PreInstance, a module for which that is done.
//
// A linker is filled by one thread and may then be used by several at once; host functions in it
// serve every store of the engine, objects only their own.
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>

#include "sluice/detail/engine.hpp"
#include "sluice/detail/host_func.hpp"
#include "sluice/detail/instance.hpp"
#include "sluice/detail/result.hpp"
#include "sluice/detail/wasi.hpp"

namespace sluice::inline v0 {

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

  /// A host function with its type taken from the callable. Parameters: an optional Caller, then
  /// Wasm values (value.hpp), GuestPtr, GuestSpan, GuestString (guest.hpp), or std::span,
  /// std::string_view and std::string, which are checked ranges of the caller's memory, too: the
  /// views hold until the memory grows. Returns void, a Wasm value, a tuple of them, or a Result of
  /// these. Stores on several threads call it at the same time.
  template <class F>
    requires(!std::is_function_v<F>)
  Result<void> func(std::string_view module, std::string_view name, F function) {
    if (!raw_) return detail::no_engine();
    using Thunk = typename detail::Thunk<F>::Type;
    return detail::define_host_func<Thunk>(raw_.get(), module, name, std::move(function));
  }
  /// With the type given, for a callable that has several: func<int32_t(int32_t)>("env", "f", …).
  template <class Signature, class F>
    requires std::is_function_v<Signature>
  Result<void> func(std::string_view module, std::string_view name, F function) {
    if (!raw_) return detail::no_engine();
    using Thunk = typename detail::ThunkAs<F, Signature>::Type;
    return detail::define_host_func<Thunk>(raw_.get(), module, name, std::move(function));
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

// What the opaque types of sluice.h are, and the way between its values and the runtime's.
//
// An object handle is {store id, address}: comparing the id with the store at hand before using the
// address makes a foreign object an error even when its store is gone.
#pragma once

#include <bit>
#include <memory>

#include "jit/pipeline/compiled_module.h"
#include "jit/pipeline/stream_compiler.h"
#include "runtime/include/sluice/sluice.h"
#include "runtime/store/engine.h"
#include "runtime/store/linker.h"
#include "runtime/store/store.h"
#include "runtime/wasi/context.h"

struct sluice_config {
  sluice::EngineConfig value;
};

struct sluice_engine {
  std::shared_ptr<sluice::Engine> value;
};

struct sluice_module {
  std::shared_ptr<const sluice::CompiledModule> value;
  std::shared_ptr<sluice::Engine> engine;  // whose code memory the module's code lies in
};

struct sluice_wasi {
  std::shared_ptr<sluice::wasi::Context> context;
};

struct sluice_interrupt {
  sluice::InterruptHandle value;
};

struct sluice_error {
  explicit sluice_error(sluice::Failure f) : failure(std::move(f)) {}
  sluice::Failure failure;
  mutable sluice::String message;  // made when first asked for
  mutable sluice::String reason;
  mutable sluice::String source_file;  // of the frame that was last asked about
};

namespace sluice::api {

/// Objects of the opaque types, over the library's heap.
template <class T, class... Args>
T* create(Args&&... args) {
  return new (heap_allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
}
template <class T>
void destroy(T* object) {
  if (object == nullptr) return;
  object->~T();
  heap_release(object, sizeof(T), alignof(T));
}

inline sluice_error_t* error_of(Failure failure) {
  return create<sluice_error>(std::move(failure));
}
inline sluice_error_t* error_of(ErrorKind kind, String detail = {}) {
  return error_of(Failure(Error{kind, kNoOffset, std::move(detail)}));
}

// A store and a caller are the runtime's own objects under another name.
inline Store& unwrap(sluice_store_t* store) { return *reinterpret_cast<Store*>(store); }
inline const Store& unwrap(const sluice_store_t* store) {
  return *reinterpret_cast<const Store*>(store);
}
inline sluice_store_t* wrap(Store& store) { return reinterpret_cast<sluice_store_t*>(&store); }
inline const Caller& unwrap(const sluice_caller_t* caller) {
  return *reinterpret_cast<const Caller*>(caller);
}

static_assert(sizeof(sluice_value_t) == sizeof(Value));
inline Value unwrap(sluice_value_t value) { return std::bit_cast<Value>(value); }
inline sluice_value_t wrap(Value value) { return std::bit_cast<sluice_value_t>(value); }
inline Value* unwrap(sluice_value_t* values) { return reinterpret_cast<Value*>(values); }
inline const Value* unwrap(const sluice_value_t* values) {
  return reinterpret_cast<const Value*>(values);
}

// sluice.h promises these numbers.
static_assert(kI32.bits() == SLUICE_I32 && kI64.bits() == SLUICE_I64 && kF32.bits() == SLUICE_F32 &&
              kF64.bits() == SLUICE_F64 && kV128.bits() == SLUICE_V128);
static_assert(kFuncRef.bits() == SLUICE_FUNCREF && kExternRef.bits() == SLUICE_EXTERNREF &&
              kExnRef.bits() == SLUICE_EXNREF);
static_assert(sizeof(ValType) == sizeof(sluice_type_t));
static_assert(static_cast<int>(TrapCode::StoreLimit) == SLUICE_TRAP_STORE_LIMIT);
static_assert(static_cast<int>(TrapCode::MappedPageLost) == SLUICE_TRAP_MAPPED_PAGE_LOST);
static_assert(static_cast<int>(CallEvent::ReturnsFromHost) == SLUICE_RETURNS_FROM_HOST);
static_assert(static_cast<int>(ExternKind::Tag) == SLUICE_KIND_TAG);
static_assert(static_cast<int>(ErrorClass::Runtime) == SLUICE_ERROR_RUNTIME);

inline sluice_type_t wrap(ValType type) { return type.bits(); }
/// The canonical type that a number from outside stands for; an Error if there is none.
Result<ValType> parse_type(const TypeRegistry& types, sluice_type_t type);
/// The signature of a function type from outside.
Result<CanonicalTypeId> parse_func_type(TypeRegistry& types, const sluice_func_type_t& type);
sluice_func_type_t wrap(const FuncType& type);
sluice_limits_t wrap(const Limits& limits);
Limits unwrap(const sluice_limits_t& limits);

/// Address in a handle, or null if the handle belongs to another store (or none).
template <class T, class Handle>
T* resolve(const Store& store, const Handle& handle) {
  return handle.store_id == store.id() ? static_cast<T*>(handle.object) : nullptr;
}
template <class Handle>
Handle make_handle(const Store& store, void* object) {
  return Handle{store.id(), object};
}
sluice_extern_t wrap(const Store& store, const Extern& what);
/// Nothing if it belongs to another store or is none.
std::optional<Extern> unwrap(const Store& store, const sluice_extern_t& what);

inline std::string_view text(const char* chars, size_t size) {
  return size == 0 ? std::string_view() : std::string_view(chars, size);
}

}  // namespace sluice::api

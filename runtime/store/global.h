// Global (spec 4.2.9): a cell with a type. The cell lies in the block of the instance that defines
// the global, or in this object if the host made it; its address never changes.
#pragma once

#include <span>

#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/types.h"
#include "jit/abi/instance_layout.h"
#include "runtime/store/value.h"

namespace sluice {

class Store;

class Global : public Allocated {
 public:
  /// A host global; `type` is canonical. Fails if `value` is a reference of another type or store.
  static Result<Global*> create(Store& store, const GlobalType& type, Value value);

  Store& store() const { return store_; }
  /// Canonical: concrete types carry CanonicalTypeIds.
  const GlobalType& type() const { return type_; }
  GlobalCell* cell() const { return cell_; }

  Value get() const { return {{cell_->bits[0], cell_->bits[1]}}; }
  /// ImmutableGlobal for a constant, SignatureMismatch for a reference of the wrong type.
  Result<void> set(Value value);

 private:
  friend class Instantiation;
  Global(Store& store, const GlobalType& type, GlobalCell* cell)
      : store_(store), type_(type), cell_(cell != nullptr ? cell : &own_) {}

  Store& store_;
  GlobalType type_;
  GlobalCell own_;
  GlobalCell* cell_;
};

/// Tag (spec 4.2.10): an identity with a type.
class Tag : public Allocated {
 public:
  /// A host tag; SignatureMismatch if the type has results.
  static Result<Tag*> create(Store& store, CanonicalTypeId type);
  Store& store() const { return store_; }
  CanonicalTypeId type() const { return type_; }
  /// Types of the values that are thrown with it, canonical.
  std::span<const ValType> params() const { return params_; }

 private:
  friend class Instantiation;
  Tag(Store& store, CanonicalTypeId type);
  Store& store_;
  CanonicalTypeId type_;
  std::span<const ValType> params_;  // the engine's type registry owns them
};

}  // namespace sluice

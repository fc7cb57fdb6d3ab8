// Limiter: how much a store may have. The embedder sets numbers for the store as a whole, a
// function that is asked about each memory and table, or both; unset, nothing is refused.
//
// Asked when an instance, memory or table is made and when one grows, after the module's own
// maximum and before the system; what it refuses is a StoreLimit error that says which limit it
// was. Keeps the sums that it compares; the store's objects tell it of what they got. One thread at
// a time, like its store; a memory that other stores share counts with what it had when it came
// here and what it grew through this store.
#pragma once

#include <cstdint>

#include "engine/base/result.h"
#include "engine/wasm/module.h"

namespace sluice {

/// For all objects of a store together.
struct StoreLimits {
  uint64_t memory_bytes = UINT64_MAX;
  uint64_t table_elements = UINT64_MAX;
  uint64_t instances = UINT64_MAX;
  uint64_t memories = UINT64_MAX;
  uint64_t tables = UINT64_MAX;
  bool trap_on_refused_grow = false;  // memory.grow and table.grow give -1 otherwise
};

/// A memory that is to get larger (in bytes) or a table (in elements); `current` is 0 if it is new.
struct Growth {
  ExternKind kind;
  uint64_t current;
  uint64_t desired;
  uint64_t maximum;  // as declared, UINT64_MAX without
};

class Limiter {
 public:
  /// False refuses. Must not use the store.
  using Callback = bool (*)(void* env, const Growth& growth);

  Limiter() = default;
  ~Limiter() { set_callback(nullptr, nullptr, nullptr); }
  Limiter(const Limiter&) = delete;
  Limiter& operator=(const Limiter&) = delete;

  /// What is there already stays.
  void set_limits(const StoreLimits& limits) { limits_ = limits; }
  /// `release` (may be null) gets `env` when another is set or the store goes.
  void set_callback(Callback callback, void* env, void (*release)(void* env));
  bool traps_on_refused_grow() const { return limits_.trap_on_refused_grow; }

  /// May one more be made where there are `existing`?
  Result<void> check_instance(uint64_t existing) const;
  Result<void> check_new(uint64_t existing, const Growth& growth) const;
  Result<void> check_growth(const Growth& growth) const;
  /// It has happened.
  void note(ExternKind kind, uint64_t more) { used(kind) += more; }

 private:
  uint64_t& used(ExternKind kind) { return kind == ExternKind::Memory ? memory_bytes_ : elements_; }

  StoreLimits limits_;
  Callback callback_ = nullptr;
  void* env_ = nullptr;
  void (*release_)(void* env) = nullptr;
  uint64_t memory_bytes_ = 0;
  uint64_t elements_ = 0;
};

}  // namespace sluice

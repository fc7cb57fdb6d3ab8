// TypeRegistry: one identity for equal types of all modules of an engine (spec 3.3.10).
//
// Rec groups are compared as wholes: inside a group a type is named by its position, outside by the
// canonical id it already has, so that two groups are equal exactly when those words are. Entries
// are never moved, changed or dropped: whoever holds an id may read its entry without a lock.
//
// A *canonical* ValType holds a CanonicalTypeId where a module's ValType holds a TypeIdx; types of
// different modules are compared in that form.
#pragma once

#include <atomic>
#include <span>

#include "engine/base/arena.h"
#include "engine/base/fork_mutex.h"
#include "engine/base/heap.h"
#include "engine/base/result.h"
#include "engine/wasm/types.h"

namespace sluice {

/// A defined type with canonical ValTypes in it; lives as long as its registry.
struct CanonicalType {
  CompositeKind kind = CompositeKind::Func;
  bool is_final = true;
  uint8_t depth = 0;            // number of proper supertypes
  CanonicalTypeId supertype{};  // 0 if there is none
  FuncType func;
  std::span<const FieldType> fields;
  /// The chain of supertypes, root first; display[depth] is the type itself. `a` matches `b`
  /// exactly if b.depth <= a.depth and a.display[b.depth] is b.
  const CanonicalTypeId* display = nullptr;
};

/// Thread-safe; interning takes a lock, reading doesn't.
class TypeRegistry : public Allocated {
 public:
  /// As many as a canonical ValType can name.
  static constexpr uint32_t kMaxTypes = (1u << 22) - 1;
  /// Entries lie in chunks of so many.
  static constexpr uint32_t kChunkLog2 = 10;

  TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;
  TypeRegistry& operator=(const TypeRegistry&) = delete;
  ~TypeRegistry();

  /// Gives the rec group types[first] … types[first + count - 1] its ids, which are consecutive:
  /// returns the first. Indices in the definitions lie in the group or name earlier types, whose
  /// `canonical` is set; of the group's own members `canonical` and `representative` are not read.
  /// Fails with CountTooLarge (no offset) when the engine's ids are used up.
  Result<CanonicalTypeId> intern_group(std::span<const TypeDef> types, uint32_t first,
                                       uint32_t count);

  /// The id of a final function type in a rec group of its own: what hosts define, and what a plain
  /// function type of a module is. Canonical ValTypes. 0 when the ids are used up.
  CanonicalTypeId intern_func(std::span<const ValType> params, std::span<const ValType> results);

  /// `id` is one that this registry gave.
  const CanonicalType& type(CanonicalTypeId id) const;
  const FuncType& func_type(CanonicalTypeId id) const { return type(id).func; }

  bool is_subtype(CanonicalTypeId sub, CanonicalTypeId super) const;
  /// On canonical types.
  bool is_subtype(HeapType sub, HeapType super) const;
  bool is_subtype(ValType sub, ValType super) const;

  /// The array of pointers to chunks, where generated code finds entries by id. Stays as it is.
  const void* chunks() const { return chunks_.data(); }

  /// Number of ids given so far.
  uint32_t size() const { return next_id_.load(std::memory_order_acquire) - 1; }

 private:
  struct Key {
    std::span<const uint32_t> words;
    size_t hash;
    bool operator==(const Key& other) const;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const { return key.hash; }
  };
  static constexpr uint32_t kChunks = (kMaxTypes >> kChunkLog2) + 1;

  void write_words(std::span<const TypeDef> types, uint32_t first, uint32_t count);
  void add_entry(uint32_t id, const TypeDef& def, std::span<const TypeDef> types, uint32_t first,
                 uint32_t group_id);
  CanonicalType* make_entry(uint32_t id);
  Key key_of_words() const;

  mutable ForkMutex mutex_{LockRank::Registry};
  Arena arena_;                                 // guarded by mutex_, as are the next two
  Vector<uint32_t> words_;                      // the group being looked up
  HashMap<Key, uint32_t, KeyHash> groups_;      // words of a group → its first id
  std::atomic<uint32_t> next_id_{1};            // written under mutex_
  Vector<std::atomic<CanonicalType*>> chunks_;  // written under mutex_
  uint64_t hash_seed_;
};

/// The canonical form of a type of the module that owns `types`.
ValType canonical(std::span<const TypeDef> types, ValType type);
HeapType canonical(std::span<const TypeDef> types, HeapType type);

}  // namespace sluice

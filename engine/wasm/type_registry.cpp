// Interning of rec groups: a group becomes a string of words, and the string a key of a hash map.
//
// Words of a group: per member a header (kind, finality, counts), its supertype, then its types. A
// reference to a type is written as `position << 1 | 1` inside the group and `canonical << 1`
// outside, beside a word with the rest of the ValType.
#include "engine/wasm/type_registry.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>

#include "engine/base/check.h"

namespace sluice {

namespace {

// Where a type index of a module points to, as the registry sees it.
struct GroupScope {
  std::span<const TypeDef> types;
  uint32_t first;

  bool is_inside(TypeIdx idx) const { return raw(idx) >= first; }
  uint32_t word(TypeIdx idx) const {
    return is_inside(idx) ? (raw(idx) - first) << 1 | 1 : raw(types[raw(idx)].canonical) << 1;
  }
  CanonicalTypeId id(TypeIdx idx, uint32_t group_id) const {
    return is_inside(idx) ? CanonicalTypeId{raw(idx) - first + group_id}
                          : types[raw(idx)].canonical;
  }
  ValType canonical(ValType type, uint32_t group_id) const {
    if (!type.is_ref() || !type.heap().is_concrete()) return type;
    const CanonicalTypeId target = id(type.heap().index(), group_id);
    return ValType::ref(HeapType(TypeIdx{raw(target)}), type.is_nullable());
  }
};

void push_type(Vector<uint32_t>& words, const GroupScope& scope, ValType type) {
  if (type.is_ref() && type.heap().is_concrete()) {
    // Bit 31 is set in no other word of a type: it says that a second one follows.
    words.push_back(ValType::ref(AbsHeap::Func, type.is_nullable()).bits() | 1u << 31);
    words.push_back(scope.word(type.heap().index()));
  } else {
    words.push_back(type.bits());
  }
}

// The same for types that are canonical already and belong to no group.
void push_canonical_type(Vector<uint32_t>& words, ValType type) {
  if (type.is_ref() && type.heap().is_concrete()) {
    words.push_back(ValType::ref(AbsHeap::Func, type.is_nullable()).bits() | 1u << 31);
    words.push_back(raw(type.heap().index()) << 1);
  } else {
    words.push_back(type.bits());
  }
}

uint32_t header_word(CompositeKind kind, bool is_final, bool has_supertype) {
  return static_cast<uint32_t>(kind) | (is_final ? 4u : 0u) | (has_supertype ? 8u : 0u);
}

uint64_t mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

bool TypeRegistry::Key::operator==(const Key& other) const {
  return hash == other.hash && std::ranges::equal(words, other.words);
}

TypeRegistry::TypeRegistry() : chunks_(kChunks) {
  // Guests choose the types, so the order inside the hash map must not be theirs to choose.
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  hash_seed_ =
      mix(reinterpret_cast<uintptr_t>(this) ^ 0x9e3779b97f4a7c15u, static_cast<uint64_t>(now) | 1);
}

TypeRegistry::~TypeRegistry() = default;

TypeRegistry::Key TypeRegistry::key_of_words() const {
  uint64_t hash = hash_seed_;
  for (const uint32_t word : words_) hash = mix(hash ^ word, 0xa0761d6478bd642fu ^ hash_seed_);
  return {words_, static_cast<size_t>(hash)};
}

void TypeRegistry::write_words(std::span<const TypeDef> types, uint32_t first, uint32_t count) {
  const GroupScope scope{types, first};
  words_.clear();
  for (const TypeDef& def : types.subspan(first, count)) {
    words_.push_back(header_word(def.kind, def.is_final, def.has_supertype));
    if (def.has_supertype) words_.push_back(scope.word(def.supertype));
    if (def.kind == CompositeKind::Func) {
      words_.push_back(def.func.param_count);
      words_.push_back(def.func.result_count);
      for (const ValType t : def.func.params()) push_type(words_, scope, t);
      for (const ValType t : def.func.results()) push_type(words_, scope, t);
    } else {
      words_.push_back(static_cast<uint32_t>(def.fields.size()));
      for (const FieldType& field : def.fields) {
        words_.push_back(field.is_mutable ? 1 : 0);
        push_type(words_, scope, field.storage);
      }
    }
  }
}

CanonicalType* TypeRegistry::make_entry(uint32_t id) {
  std::atomic<CanonicalType*>& chunk = chunks_[id >> kChunkLog2];
  CanonicalType* entries = chunk.load(std::memory_order_relaxed);
  if (entries == nullptr) {
    entries = arena_.allocate<CanonicalType>(size_t{1} << kChunkLog2);
    chunk.store(entries, std::memory_order_release);
  }
  return new (&entries[id & ((1u << kChunkLog2) - 1)]) CanonicalType;
}

void TypeRegistry::add_entry(uint32_t id, const TypeDef& def, std::span<const TypeDef> types,
                             uint32_t first, uint32_t group_id) {
  const GroupScope scope{types, first};
  CanonicalType& entry = *make_entry(id);
  entry.kind = def.kind;
  entry.is_final = def.is_final;
  entry.depth = def.depth;
  if (def.kind == CompositeKind::Func) {
    const uint32_t total = def.func.param_count + def.func.result_count;
    auto* out = arena_.allocate<ValType>(total);
    for (uint32_t i = 0; i < total; ++i) out[i] = scope.canonical(def.func.types[i], group_id);
    entry.func = {out, def.func.param_count, def.func.result_count};
  } else {
    auto* out = arena_.allocate<FieldType>(def.fields.size());
    for (size_t i = 0; i < def.fields.size(); ++i) {
      out[i] = {scope.canonical(def.fields[i].storage, group_id), def.fields[i].is_mutable};
    }
    entry.fields = {out, def.fields.size()};
  }
  auto* display = arena_.allocate<CanonicalTypeId>(size_t{def.depth} + 1);
  if (def.has_supertype) {
    entry.supertype = scope.id(def.supertype, group_id);
    const CanonicalType& super = type(entry.supertype);
    CHECK(super.depth + 1 == def.depth, "a supertype is one level up");
    std::copy_n(super.display, def.depth, display);
  }
  display[def.depth] = CanonicalTypeId{id};
  entry.display = display;
}

Result<CanonicalTypeId> TypeRegistry::intern_group(std::span<const TypeDef> types, uint32_t first,
                                                   uint32_t count) {
  const std::lock_guard<ForkMutex> hold(mutex_);
  const uint32_t id = next_id_.load(std::memory_order_relaxed);
  if (count == 0) return CanonicalTypeId{id};
  write_words(types, first, count);
  Key key = key_of_words();
  if (const auto found = groups_.find(key); found != groups_.end()) {
    return CanonicalTypeId{found->second};
  }
  if (count > kMaxTypes - id + 1) {
    return fail(ErrorKind::CountTooLarge, kNoOffset, "types of the engine");
  }
  key.words = arena_.copy(key.words);
  // Members may refer to later ones only by id, supertypes come first: one pass in order is enough.
  for (uint32_t i = 0; i < count; ++i) add_entry(id + i, types[first + i], types, first, id);
  groups_.emplace(key, id);
  next_id_.store(id + count, std::memory_order_release);
  return CanonicalTypeId{id};
}

CanonicalTypeId TypeRegistry::intern_func(std::span<const ValType> params,
                                          std::span<const ValType> results) {
  const std::lock_guard<ForkMutex> hold(mutex_);
  words_.clear();
  words_.push_back(header_word(CompositeKind::Func, true, false));
  words_.push_back(static_cast<uint32_t>(params.size()));
  words_.push_back(static_cast<uint32_t>(results.size()));
  for (const ValType t : params) push_canonical_type(words_, t);
  for (const ValType t : results) push_canonical_type(words_, t);
  Key key = key_of_words();
  if (const auto found = groups_.find(key); found != groups_.end()) {
    return CanonicalTypeId{found->second};
  }
  const uint32_t id = next_id_.load(std::memory_order_relaxed);
  if (id > kMaxTypes) return CanonicalTypeId{0};
  key.words = arena_.copy(key.words);
  CanonicalType& entry = *make_entry(id);
  auto* out = arena_.allocate<ValType>(params.size() + results.size());
  std::ranges::copy(results, std::ranges::copy(params, out).out);
  entry.func = {out, static_cast<uint32_t>(params.size()), static_cast<uint32_t>(results.size())};
  auto* display = arena_.allocate<CanonicalTypeId>(1);
  display[0] = CanonicalTypeId{id};
  entry.display = display;
  groups_.emplace(key, id);
  next_id_.store(id + 1, std::memory_order_release);
  return CanonicalTypeId{id};
}

const CanonicalType& TypeRegistry::type(CanonicalTypeId id) const {
  const CanonicalType* entries = chunks_[raw(id) >> kChunkLog2].load(std::memory_order_acquire);
  DCHECK(raw(id) != 0 && entries != nullptr, "an id of this registry");
  return entries[raw(id) & ((1u << kChunkLog2) - 1)];
}

bool TypeRegistry::is_subtype(CanonicalTypeId sub, CanonicalTypeId super) const {
  if (sub == super) return true;
  const CanonicalType& a = type(sub);
  const CanonicalType& b = type(super);
  return b.depth < a.depth && a.display[b.depth] == super;
}

bool TypeRegistry::is_subtype(HeapType sub, HeapType super) const {
  if (sub == super) return true;
  if (!sub.is_concrete()) {
    if (!super.is_concrete()) return sluice::is_subtype(sub.abs(), super.abs());
    return sub.abs() == abs_heap_below(type(CanonicalTypeId{raw(super.index())}).kind);
  }
  const CanonicalTypeId id{raw(sub.index())};
  if (!super.is_concrete()) return sluice::is_subtype(abs_heap_above(type(id).kind), super.abs());
  return is_subtype(id, CanonicalTypeId{raw(super.index())});
}

bool TypeRegistry::is_subtype(ValType sub, ValType super) const {
  if (sub == super || sub.is_bottom()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.is_nullable() && !super.is_nullable()) return false;
  return is_subtype(sub.heap(), super.heap());
}

HeapType canonical(std::span<const TypeDef> types, HeapType type) {
  if (!type.is_concrete()) return type;
  return HeapType(TypeIdx{raw(types[raw(type.index())].canonical)});
}

ValType canonical(std::span<const TypeDef> types, ValType type) {
  if (!type.is_ref()) return type;
  return ValType::ref(canonical(types, type.heap()), type.is_nullable());
}

}  // namespace sluice

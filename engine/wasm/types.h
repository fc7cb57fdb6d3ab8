// The specification's types (spec 2.3) as small values: HeapType, ValType, and the composite types.
//
// A ValType is 32 bits and compares by bits. That is sound inside one module because a concrete
// heap type always holds the *representative* of its type: the lowest index of the module whose
// definition is equal (TypeDef::representative). Types of different modules are compared through
// CanonicalTypeId (type_registry.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/heap.h"
#include "engine/base/ids.h"

namespace sluice {

/// Abstract heap types (spec 2.3.3); Shared function-like hierarchies: func, extern, exn, any.
enum class AbsHeap : uint8_t {
  Func,
  NoFunc,
  Extern,
  NoExtern,
  Any,
  Eq,
  I31,
  Struct,
  Array,
  None,
  Exn,
  NoExn
};

/// An abstract heap type or a type index.
class HeapType {
 public:
  constexpr HeapType(AbsHeap abs)  // NOLINT(google-explicit-constructor)
      : bits_(static_cast<uint32_t>(abs)) {}
  constexpr explicit HeapType(TypeIdx idx) : bits_(kConcrete | raw(idx)) {}
  static constexpr HeapType from_bits(uint32_t bits) { return HeapType(bits, 0); }

  constexpr bool is_concrete() const { return (bits_ & kConcrete) != 0; }
  constexpr AbsHeap abs() const { return static_cast<AbsHeap>(bits_); }
  constexpr TypeIdx index() const { return TypeIdx{bits_ & ~kConcrete}; }
  constexpr uint32_t bits() const { return bits_; }
  constexpr bool operator==(const HeapType&) const = default;

 private:
  constexpr HeapType(uint32_t bits, int) : bits_(bits) {}
  static constexpr uint32_t kConcrete = 1u << 22;  // 22 bits of index: more than the limit of 10^6
  uint32_t bits_;
};

/// The kind of a value type; I8 and I16 occur only as storage types of fields, Bottom only inside
/// validation (the type of an operand that unreachable code pops).
enum class ValKind : uint8_t { Bottom, I32, I64, F32, F64, V128, Ref, I8, I16 };

/// A value type (spec 2.3.5) or a storage type.
class ValType {
 public:
  constexpr ValType() : bits_(0) {}
  constexpr ValType(ValKind kind)  // NOLINT(google-explicit-constructor)
      : bits_(static_cast<uint32_t>(kind)) {}
  static constexpr ValType ref(HeapType heap, bool nullable) {
    return ValType(static_cast<uint32_t>(ValKind::Ref) | (nullable ? kNullable : 0u) |
                       (heap.bits() << kHeapShift),
                   0);
  }

  constexpr ValKind kind() const { return static_cast<ValKind>(bits_ & 0xff); }
  constexpr bool is_ref() const { return kind() == ValKind::Ref; }
  constexpr bool is_bottom() const { return bits_ == 0; }
  constexpr bool is_nullable() const { return (bits_ & kNullable) != 0; }
  constexpr HeapType heap() const { return HeapType::from_bits(bits_ >> kHeapShift); }
  constexpr ValType with_nullable(bool nullable) const { return ref(heap(), nullable); }
  /// Spec "defaultable": a local of it needs no initialisation.
  constexpr bool is_defaultable() const { return !is_ref() || is_nullable(); }
  constexpr bool is_packed() const { return kind() == ValKind::I8 || kind() == ValKind::I16; }
  /// The value type a field of this storage type is read as.
  constexpr ValType unpacked() const { return is_packed() ? ValType(ValKind::I32) : *this; }
  constexpr bool is_numeric_or_vector() const { return !is_ref() && !is_bottom(); }
  constexpr uint32_t bits() const { return bits_; }
  constexpr bool operator==(const ValType&) const = default;

 private:
  constexpr ValType(uint32_t bits, int) : bits_(bits) {}
  static constexpr uint32_t kNullable = 1u << 8;
  static constexpr uint32_t kHeapShift = 9;
  uint32_t bits_;
};
static_assert(sizeof(ValType) == 4);

inline constexpr ValType kI32 = ValKind::I32;
inline constexpr ValType kI64 = ValKind::I64;
inline constexpr ValType kF32 = ValKind::F32;
inline constexpr ValType kF64 = ValKind::F64;
inline constexpr ValType kV128 = ValKind::V128;
inline constexpr ValType kFuncRef = ValType::ref(AbsHeap::Func, true);
inline constexpr ValType kExternRef = ValType::ref(AbsHeap::Extern, true);
inline constexpr ValType kExnRef = ValType::ref(AbsHeap::Exn, true);
inline constexpr ValType kAnyRef = ValType::ref(AbsHeap::Any, true);
inline constexpr ValType kEqRef = ValType::ref(AbsHeap::Eq, true);
inline constexpr ValType kI31Ref = ValType::ref(AbsHeap::I31, true);

/// Parameter and result types of a function; the arrays live as long as their module or registry.
struct FuncType {
  const ValType* types = nullptr;  // parameters, then results
  uint32_t param_count = 0;
  uint32_t result_count = 0;

  std::span<const ValType> params() const { return {types, param_count}; }
  std::span<const ValType> results() const { return {types + param_count, result_count}; }
};

/// A struct's field, or an array's element.
struct FieldType {
  ValType storage;
  bool is_mutable = false;
  bool operator==(const FieldType&) const = default;
};

enum class CompositeKind : uint8_t { Func, Struct, Array };

/// One defined type (spec 2.3.8 sub type) of a module.
struct TypeDef {
  CompositeKind kind = CompositeKind::Func;
  bool is_final = true;
  bool has_supertype = false;
  uint8_t depth = 0;  // number of proper supertypes, at most kMaxSubTypeDepth
  TypeIdx supertype{};
  TypeIdx representative{};           // the lowest equal type index of this module
  CanonicalTypeId canonical{};        // engine-wide identity
  FuncType func;                      // kind Func
  std::span<const FieldType> fields;  // kind Struct: all fields; Array: exactly one
};

inline constexpr uint32_t kAbsHeapCount = 12;

/// Between abstract heap types alone (spec 3.3.3).
bool is_subtype(AbsHeap sub, AbsHeap super);
/// The abstract types right above and at the bottom of all defined types of a kind.
AbsHeap abs_heap_above(CompositeKind kind);
AbsHeap abs_heap_below(CompositeKind kind);

/// Does `sub` match `super` (spec 3.3)? Both belong to the module that owns `types`.
bool is_subtype(std::span<const TypeDef> types, HeapType sub, HeapType super);
bool is_subtype_slow(std::span<const TypeDef> types, ValType sub, ValType super);
inline bool is_subtype(std::span<const TypeDef> types, ValType sub, ValType super) {
  return sub == super || is_subtype_slow(types, sub, super);
}

/// Size limits of a memory or table, in pages or elements.
struct Limits {
  uint64_t min = 0;
  uint64_t max = ~uint64_t{0};  // meaningful if has_max
  bool has_max = false;
  bool is_64 = false;  // i64 addresses
  bool is_shared = false;
};

inline constexpr uint32_t kDefaultPageSizeLog2 = 16;

struct MemoryType {
  Limits limits;  // in pages of 1 << page_size_log2 bytes
  uint32_t page_size_log2 = kDefaultPageSizeLog2;
};

struct TableType {
  ValType element;
  Limits limits;
};

struct GlobalType {
  ValType type;
  bool is_mutable = false;
};

struct TagType {
  TypeIdx type{};
};

/// The word of an abstract heap type, and the short form of a nullable reference to it
/// (spec 6.4.4): "func" and "funcref".
std::string_view heap_type_word(AbsHeap heap);
std::string_view ref_type_word(AbsHeap heap);
/// "i32", "(ref null 3)", "funcref" …: the text format's words.
String to_string(ValType type);
String to_string(HeapType type);
String to_string(const FuncType& type);

}  // namespace sluice

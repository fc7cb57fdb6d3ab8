// The codes of types, once.
//
// Abstract types and value types are single bytes that are negative one-byte s33 numbers; type
// indices are non-negative s33 numbers. A negative number of several bytes is no type at all.
#include "engine/binary/type_reader.h"

#include "engine/base/check.h"

namespace sluice {

namespace {

struct AbsHeapCode {
  bool known = false;
  AbsHeap heap = AbsHeap::Func;
  Feature feature = Feature::Mvp;
};

AbsHeapCode abs_heap_code(uint8_t byte) {
  switch (byte) {
  case 0x74: return {true, AbsHeap::NoExn, Feature::Exceptions};
  case 0x73: return {true, AbsHeap::NoFunc, Feature::Gc};
  case 0x72: return {true, AbsHeap::NoExtern, Feature::Gc};
  case 0x71: return {true, AbsHeap::None, Feature::Gc};
  case 0x70: return {true, AbsHeap::Func, Feature::ReferenceTypes};
  case 0x6f: return {true, AbsHeap::Extern, Feature::ReferenceTypes};
  case 0x6e: return {true, AbsHeap::Any, Feature::Gc};
  case 0x6d: return {true, AbsHeap::Eq, Feature::Gc};
  case 0x6c: return {true, AbsHeap::I31, Feature::Gc};
  case 0x6b: return {true, AbsHeap::Struct, Feature::Gc};
  case 0x6a: return {true, AbsHeap::Array, Feature::Gc};
  case 0x69: return {true, AbsHeap::Exn, Feature::Exceptions};
  default: return {};
  }
}

constexpr uint8_t kI8Code = 0x78;
constexpr uint8_t kI16Code = 0x77;

void require(ByteReader& r, Features features, Feature feature, uint64_t offset) {
  if (!features.has(feature)) r.fail(ErrorKind::FeatureDisabled, offset);
}

// A reference type, or Bottom without having read anything if none starts here.
ValType read_optional_ref_type(ByteReader& r, const TypeScope& scope) {
  const uint64_t offset = r.offset();
  const uint8_t byte = r.peek_u8();
  if (const AbsHeapCode code = abs_heap_code(byte); code.known) {
    r.read_u8();
    // The MVP's funcref is in every version: tables are made of it.
    if (byte != 0x70) require(r, scope.features, code.feature, offset);
    return ValType::ref(code.heap, true);
  }
  if (byte == kRefCode || byte == kRefNullCode) {
    r.read_u8();
    require(r, scope.features, Feature::TypedFuncRefs, offset);
    return ValType::ref(read_heap_type(r, scope), byte == kRefNullCode);
  }
  return ValKind::Bottom;
}

}  // namespace

uint8_t type_code(AbsHeap heap) {
  for (uint8_t byte = 0x69; byte <= 0x74; ++byte) {
    if (abs_heap_code(byte).heap == heap) return byte;
  }
  UNREACHABLE("abstract heap type");
}

uint8_t type_code(ValKind kind) {
  if (kind == ValKind::I8) return kI8Code;
  if (kind == ValKind::I16) return kI16Code;
  for (uint8_t byte = 0x7b; byte <= 0x7f; ++byte) {
    if (number_type(byte).kind() == kind) return byte;
  }
  UNREACHABLE("a number or vector type");
}

bool starts_val_type(uint8_t byte) {
  return !number_type(byte).is_bottom() || byte == kRefCode || byte == kRefNullCode ||
         abs_heap_code(byte).known;
}

HeapType read_heap_type(ByteReader& r, const TypeScope& scope) {
  const uint64_t offset = r.offset();
  if (const AbsHeapCode code = abs_heap_code(r.peek_u8()); code.known) {
    r.read_u8();
    require(r, scope.features, code.feature, offset);
    return code.heap;
  }
  const int64_t index = r.read_s33();
  if (r.failed()) return AbsHeap::Func;
  if (index < 0) {
    r.fail(ErrorKind::BadHeapType, offset);
    return AbsHeap::Func;
  }
  require(r, scope.features, Feature::TypedFuncRefs, offset);
  if (index >= scope.type_count) {
    r.fail(ErrorKind::UnknownType, offset, decimal(static_cast<uint64_t>(index)));
    return AbsHeap::Func;
  }
  const auto i = static_cast<uint32_t>(index);
  return HeapType(i < scope.types.size() ? scope.types[i].representative : TypeIdx{i});
}

ValType read_ref_type(ByteReader& r, const TypeScope& scope) {
  const uint64_t offset = r.offset();
  const ValType type = read_optional_ref_type(r, scope);
  if (!r.failed() && type.is_bottom()) {
    r.read_u8();
    r.fail(ErrorKind::BadRefType, offset);
  }
  return r.failed() ? kFuncRef : type;
}

ValType read_val_type_slow(ByteReader& r, const TypeScope& scope) {
  const uint64_t offset = r.offset();
  const ValType number = number_type(r.peek_u8());
  if (!number.is_bottom()) {
    r.read_u8();
    if (number == kV128) require(r, scope.features, Feature::Simd, offset);
    return number;
  }
  const ValType type = read_optional_ref_type(r, scope);
  if (!r.failed() && type.is_bottom()) {
    r.read_u8();
    r.fail(ErrorKind::BadValueType, offset);
  }
  return r.failed() ? kI32 : type;
}

ValType read_storage_type(ByteReader& r, const TypeScope& scope) {
  switch (r.peek_u8()) {
  case kI8Code: r.read_u8(); return ValKind::I8;
  case kI16Code: r.read_u8(); return ValKind::I16;
  default: return read_val_type(r, scope);
  }
}

TypeIdx read_type_index(ByteReader& r, const TypeScope& scope) {
  const uint64_t offset = r.offset();
  const uint32_t index = r.read_u32();
  if (r.failed()) return TypeIdx{0};
  if (index >= scope.type_count) {
    r.fail(ErrorKind::UnknownType, offset, decimal(index));
    return TypeIdx{0};
  }
  return TypeIdx{index};
}

}  // namespace sluice

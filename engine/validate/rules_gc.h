// FuncReader's rules for references, structs, arrays, casts and i31 (spec 3.4.4, 3.4.5, 3.4.6).
// Included by func_reader.h only.
//
// In unreachable code an operand may be Bottom, or, after a null check of that, kRefBottom. Both
// match what is asked for; results of instructions that keep their operand's heap type keep them
// too.
#pragma once

#include "engine/validate/func_reader.h"

namespace sluice {

/// The top of a heap type's hierarchy; rules_gc.h only.
AbsHeap top_of(std::span<const TypeDef> types, HeapType heap);

template <class Sink>
void FuncReader<Sink>::exec_ref_null() {
  Slot* out = s_.top;
  tell<Category::Reference>([&](auto& sink) { sink.ref_null(instr_.ref.heap(), out); });
  pop_push(out, instr_.ref);
}

template <class Sink>
void FuncReader<Sink>::exec_ref_is_null() {
  Slot* args = take_ref();
  if (args == nullptr) return;
  tell<Category::Reference>([&](auto& sink) { sink.ref_is_null(args); });
  pop_push(args, kI32);
}

template <class Sink>
void FuncReader<Sink>::exec_ref_func() {
  if (!known(ErrorKind::UnknownFunc, instr_.index, module_.funcs.size())) return;
  if (!module_.is_declared_ref(FuncIdx{instr_.index})) {
    return fail_index(ErrorKind::UndeclaredFuncRef, instr_.index);
  }
  Slot* out = s_.top;
  tell<Category::Reference>([&](auto& sink) { sink.ref_func(instr_.index, out); });
  pop_push(out, ref_to(raw(module_.funcs[instr_.index]), false));
}

template <class Sink>
void FuncReader<Sink>::exec_ref_as_non_null() {
  Slot* args = take_ref();
  if (args == nullptr) return;
  const ValType type = args->type;
  tell<Category::TypedRef>([&](auto& sink) { sink.ref_as_non_null(args); });
  pop_push(args, type.is_bottom() ? kRefBottom : type.with_nullable(false));
}

template <class Sink>
void FuncReader<Sink>::exec_br_on_null() {
  Frame* target = label(instr_.index);
  if (target == nullptr || take_ref() == nullptr) return;
  const std::span<const ValType> passed = target->label_types();
  Slot* args = take(passed, 1);
  if (args == nullptr) return;
  Slot* ref = s_.top - 1;
  const ValType type = ref->type;
  tell<Category::TypedRef>([&](auto& sink) { sink.br_on_null(*target, instr_.index, ref); });
  reach(*target);
  retype(args, passed);
  pop_push(ref, type.is_bottom() ? kRefBottom : type.with_nullable(false));
}

template <class Sink>
void FuncReader<Sink>::exec_br_on_non_null() {
  Frame* target = label(instr_.index);
  if (target == nullptr) return;
  const std::span<const ValType> passed = target->label_types();
  if (passed.empty() || !passed.back().is_ref()) {
    return fail_type(passed.empty() ? ValType() : passed.back(), kAnyRef);
  }
  Slot* ref = take_each(passed.back().with_nullable(true));
  if (ref == nullptr) return;
  const std::span<const ValType> others = passed.first(passed.size() - 1);
  Slot* args = take(others, 1);
  if (args == nullptr) return;
  ref = s_.top - 1;
  tell<Category::TypedRef>([&](auto& sink) { sink.br_on_non_null(*target, instr_.index, ref); });
  reach(*target);
  pop_push(args, others);
}

template <class Sink>
void FuncReader<Sink>::exec_br_on_cast() {
  Frame* target = label(instr_.index);
  if (target == nullptr) return;
  const ValType from = instr_.ref;
  const ValType to = instr_.ref2;
  if (!matches(to, from)) return fail_type(to, from);
  // What is left of `from` once `to` is ruled out: null, if it was allowed, was part of `to`.
  const ValType rest = to.is_nullable() ? from.with_nullable(false) : from;
  const bool on_success = instr_.op == Op::BrOnCast;
  const ValType taken = on_success ? to : rest;
  const std::span<const ValType> passed = target->label_types();
  if (passed.empty()) return fail_count(1, 0);
  if (!matches(taken, passed.back())) return fail_type(taken, passed.back());
  if (take_each(from) == nullptr) return;
  const std::span<const ValType> others = passed.first(passed.size() - 1);
  Slot* args = take(others, 1);
  if (args == nullptr) return;
  Slot* ref = s_.top - 1;
  tell<Category::Gc>([&](auto& sink) { sink.br_on_cast(instr_, *target, ref); });
  reach(*target);
  retype(args, others);
  pop_push(ref, on_success ? rest : to);
}

// --- Aggregates --------------------------------------------------------------------------------

template <class Sink>
void FuncReader<Sink>::exec_gc() {
  switch (instr_.op) {
  case Op::RefEq: {
    Slot* args = take_each(kEqRef, kEqRef);
    return args != nullptr ? finish_gc(args, kI32) : void();
  }
  case Op::StructNew:
  case Op::StructNewDefault: return exec_struct_new();
  case Op::StructGet:
  case Op::StructGetS:
  case Op::StructGetU: return exec_struct_get();
  case Op::StructSet: return exec_struct_set();
  case Op::ArrayNew:
  case Op::ArrayNewDefault: return exec_array_new();
  case Op::ArrayNewFixed: return exec_array_new_fixed();
  case Op::ArrayNewData:
  case Op::ArrayNewElem: return exec_array_new_segment();
  case Op::ArrayGet:
  case Op::ArrayGetS:
  case Op::ArrayGetU: return exec_array_get();
  case Op::ArraySet: return exec_array_set();
  case Op::ArrayLen: {
    Slot* args = take_each(ValType::ref(AbsHeap::Array, true));
    return args != nullptr ? finish_gc(args, kI32) : void();
  }
  case Op::ArrayFill: return exec_array_fill();
  case Op::ArrayCopy: return exec_array_copy();
  case Op::ArrayInitData:
  case Op::ArrayInitElem: return exec_array_init();
  case Op::RefTest:
  case Op::RefTestNull:
  case Op::RefCast:
  case Op::RefCastNull: return exec_ref_test();
  case Op::AnyConvertExtern:
  case Op::ExternConvertAny: return exec_convert_any();
  case Op::RefI31: {
    Slot* args = take_each(kI32);
    return args != nullptr ? finish_gc(args, ValType::ref(AbsHeap::I31, false)) : void();
  }
  case Op::I31GetS:
  case Op::I31GetU: {
    Slot* args = take_each(kI31Ref);
    return args != nullptr ? finish_gc(args, kI32) : void();
  }
  default: UNREACHABLE("a row without a rule");
  }
}

template <class Sink>
void FuncReader<Sink>::finish_gc(Slot* args, ValType result) {
  tell<Category::Gc>([&](auto& sink) { sink.gc(instr_, args); });
  pop_push(args, result);
}

template <class Sink>
void FuncReader<Sink>::finish_gc(Slot* args) {
  tell<Category::Gc>([&](auto& sink) { sink.gc(instr_, args); });
  pop_to(args);
}

template <class Sink>
const FieldType* FuncReader<Sink>::field_at(uint32_t type_index, uint32_t field) {
  const TypeDef* def = type_at(type_index);
  if (def == nullptr) return nullptr;
  if (def->kind != CompositeKind::Struct) {
    fail_index(ErrorKind::NotStructType, type_index);
    return nullptr;
  }
  return known(ErrorKind::UnknownField, field, def->fields.size()) ? &def->fields[field] : nullptr;
}

template <class Sink>
const FieldType* FuncReader<Sink>::array_at(uint32_t type_index) {
  const TypeDef* def = type_at(type_index);
  if (def == nullptr) return nullptr;
  if (def->kind != CompositeKind::Array) {
    fail_index(ErrorKind::NotArrayType, type_index);
    return nullptr;
  }
  return &def->fields[0];
}

template <class Sink>
void FuncReader<Sink>::exec_struct_new() {
  const TypeDef* def = type_at(instr_.index);
  if (def == nullptr) return;
  if (def->kind != CompositeKind::Struct) {
    return fail_index(ErrorKind::NotStructType, instr_.index);
  }
  const auto count = static_cast<uint32_t>(def->fields.size());
  Slot* args = s_.top;
  if (instr_.op == Op::StructNewDefault) {
    for (const FieldType& field : def->fields) {
      if (!require(field.storage.is_defaultable(), ErrorKind::NotDefaultable)) return;
    }
  } else {
    args = take_many(count, [def](uint32_t i) { return def->fields[i].storage.unpacked(); });
    if (args == nullptr) return;
  }
  finish_gc(args, ref_to(instr_.index, false));
}

// A packed field is read with a sign, any other without.
template <class Sink>
bool FuncReader<Sink>::check_packing(const FieldType& field, bool plain) {
  if (field.storage.is_packed() != plain) return true;
  return require(false, plain ? ErrorKind::PackedField : ErrorKind::UnpackedField);
}

template <class Sink>
void FuncReader<Sink>::exec_struct_get() {
  const FieldType* field = field_at(instr_.index, instr_.index2);
  if (field == nullptr || !check_packing(*field, instr_.op == Op::StructGet)) return;
  Slot* args = take_each(ref_to(instr_.index, true));
  if (args != nullptr) finish_gc(args, field->storage.unpacked());
}

template <class Sink>
void FuncReader<Sink>::exec_struct_set() {
  const FieldType* field = field_at(instr_.index, instr_.index2);
  if (field == nullptr || !require(field->is_mutable, ErrorKind::ImmutableField)) return;
  Slot* args = take_each(ref_to(instr_.index, true), field->storage.unpacked());
  if (args != nullptr) finish_gc(args);
}

template <class Sink>
void FuncReader<Sink>::exec_array_new() {
  const FieldType* field = array_at(instr_.index);
  if (field == nullptr) return;
  Slot* args;
  if (instr_.op == Op::ArrayNewDefault) {
    if (!require(field->storage.is_defaultable(), ErrorKind::NotDefaultable)) return;
    args = take_each(kI32);
  } else {
    args = take_each(field->storage.unpacked(), kI32);
  }
  if (args != nullptr) finish_gc(args, ref_to(instr_.index, false));
}

template <class Sink>
void FuncReader<Sink>::exec_array_new_fixed() {
  const FieldType* field = array_at(instr_.index);
  if (field == nullptr) return;
  const uint32_t count = instr_.index2;
  if (count > kMaxArrayNewFixed) return fail_index(ErrorKind::CountTooLarge, count);
  const ValType type = field->storage.unpacked();
  Slot* args = take_many(count, [type](uint32_t) { return type; });
  if (args != nullptr) finish_gc(args, ref_to(instr_.index, false));
}

// May the segment `index2` fill such arrays?
template <class Sink>
bool FuncReader<Sink>::check_array_segment(const FieldType& field, bool is_data) {
  if (is_data) {
    return require(field.storage.is_numeric_or_vector(), ErrorKind::ArrayNotNumeric) &&
           known_data(instr_.index2);
  }
  if (!known_elem(instr_.index2)) return false;
  const ValType segment = module_.elems[instr_.index2].type;
  if (matches(segment, field.storage)) return true;
  fail_type(segment, field.storage);
  return false;
}

template <class Sink>
void FuncReader<Sink>::exec_array_new_segment() {
  const FieldType* field = array_at(instr_.index);
  if (field == nullptr || !check_array_segment(*field, instr_.op == Op::ArrayNewData)) return;
  Slot* args = take_each(kI32, kI32);
  if (args != nullptr) finish_gc(args, ref_to(instr_.index, false));
}

template <class Sink>
void FuncReader<Sink>::exec_array_get() {
  const FieldType* field = array_at(instr_.index);
  if (field == nullptr || !check_packing(*field, instr_.op == Op::ArrayGet)) return;
  Slot* args = take_each(ref_to(instr_.index, true), kI32);
  if (args != nullptr) finish_gc(args, field->storage.unpacked());
}

template <class Sink>
void FuncReader<Sink>::exec_array_set() {
  const FieldType* field = array_at(instr_.index);
  if (field == nullptr || !require(field->is_mutable, ErrorKind::ImmutableArray)) return;
  Slot* args = take_each(ref_to(instr_.index, true), kI32, field->storage.unpacked());
  if (args != nullptr) finish_gc(args);
}

template <class Sink>
void FuncReader<Sink>::exec_array_fill() {
  const FieldType* field = array_at(instr_.index);
  if (field == nullptr || !require(field->is_mutable, ErrorKind::ImmutableArray)) return;
  Slot* args = take_each(ref_to(instr_.index, true), kI32, field->storage.unpacked(), kI32);
  if (args != nullptr) finish_gc(args);
}

template <class Sink>
void FuncReader<Sink>::exec_array_copy() {
  const FieldType* to = array_at(instr_.index);
  if (to == nullptr) return;
  const FieldType* from = array_at(instr_.index2);
  if (from == nullptr || !require(to->is_mutable, ErrorKind::ImmutableArray)) return;
  if (!matches(from->storage, to->storage)) return fail_type(from->storage, to->storage);
  Slot* args = take_each(ref_to(instr_.index, true), kI32, ref_to(instr_.index2, true), kI32, kI32);
  if (args != nullptr) finish_gc(args);
}

template <class Sink>
void FuncReader<Sink>::exec_array_init() {
  const FieldType* field = array_at(instr_.index);
  if (field == nullptr || !require(field->is_mutable, ErrorKind::ImmutableArray)) return;
  if (!check_array_segment(*field, instr_.op == Op::ArrayInitData)) return;
  Slot* args = take_each(ref_to(instr_.index, true), kI32, kI32, kI32);
  if (args != nullptr) finish_gc(args);
}

// --- Casts -------------------------------------------------------------------------------------

// ref.test and ref.cast take any reference of the target's hierarchy.
template <class Sink>
void FuncReader<Sink>::exec_ref_test() {
  const bool is_test = instr_.op == Op::RefTest || instr_.op == Op::RefTestNull;
  Slot* args = take_each(ValType::ref(top_of(types(), instr_.ref.heap()), true));
  if (args != nullptr) finish_gc(args, is_test ? kI32 : instr_.ref);
}

template <class Sink>
void FuncReader<Sink>::exec_convert_any() {
  const bool to_any = instr_.op == Op::AnyConvertExtern;
  Slot* args = take_each(to_any ? kExternRef : kAnyRef);
  if (args == nullptr) return;
  const bool nullable = args->type.is_nullable();
  finish_gc(args, ValType::ref(to_any ? AbsHeap::Any : AbsHeap::Extern, nullable));
}

}  // namespace sluice

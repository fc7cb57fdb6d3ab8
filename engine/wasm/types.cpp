// Matching of types inside one module (spec 3.3), and their text.
//
// Two defined types of a module are equal exactly when their representatives are, so matching walks
// at most kMaxSubTypeDepth supertypes and compares indices. Equality across modules is the
// registry's.
#include "engine/wasm/types.h"

#include <charconv>

#include "engine/base/check.h"

namespace sluice {

bool is_subtype(AbsHeap sub, AbsHeap super) {
  if (sub == super) return true;
  switch (sub) {
  case AbsHeap::NoFunc: return super == AbsHeap::Func;
  case AbsHeap::NoExtern: return super == AbsHeap::Extern;
  case AbsHeap::NoExn: return super == AbsHeap::Exn;
  case AbsHeap::Eq: return super == AbsHeap::Any;
  case AbsHeap::I31:
  case AbsHeap::Struct:
  case AbsHeap::Array: return super == AbsHeap::Eq || super == AbsHeap::Any;
  case AbsHeap::None:
    return super == AbsHeap::I31 || super == AbsHeap::Struct || super == AbsHeap::Array ||
           super == AbsHeap::Eq || super == AbsHeap::Any;
  case AbsHeap::Func:
  case AbsHeap::Extern:
  case AbsHeap::Any:
  case AbsHeap::Exn: return false;
  }
  UNREACHABLE("abstract heap type");
}

AbsHeap abs_heap_above(CompositeKind kind) {
  switch (kind) {
  case CompositeKind::Func: return AbsHeap::Func;
  case CompositeKind::Struct: return AbsHeap::Struct;
  case CompositeKind::Array: return AbsHeap::Array;
  }
  UNREACHABLE("composite kind");
}

AbsHeap abs_heap_below(CompositeKind kind) {
  return kind == CompositeKind::Func ? AbsHeap::NoFunc : AbsHeap::None;
}

bool is_subtype(std::span<const TypeDef> types, HeapType sub, HeapType super) {
  if (sub == super) return true;
  if (!sub.is_concrete()) {
    if (!super.is_concrete()) return is_subtype(sub.abs(), super.abs());
    return sub.abs() == abs_heap_below(types[raw(super.index())].kind);
  }
  const TypeDef* def = &types[raw(sub.index())];
  if (!super.is_concrete()) return is_subtype(abs_heap_above(def->kind), super.abs());
  const TypeIdx wanted = types[raw(super.index())].representative;
  const uint8_t wanted_depth = types[raw(super.index())].depth;
  while (def->representative != wanted) {
    if (!def->has_supertype || def->depth <= wanted_depth) return false;
    def = &types[raw(def->supertype)];
  }
  return true;
}

bool is_subtype_slow(std::span<const TypeDef> types, ValType sub, ValType super) {
  if (sub == super || sub.is_bottom()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.is_nullable() && !super.is_nullable()) return false;
  return is_subtype(types, sub.heap(), super.heap());
}

std::string_view heap_type_word(AbsHeap heap) {
  switch (heap) {
  case AbsHeap::Func: return "func";
  case AbsHeap::NoFunc: return "nofunc";
  case AbsHeap::Extern: return "extern";
  case AbsHeap::NoExtern: return "noextern";
  case AbsHeap::Any: return "any";
  case AbsHeap::Eq: return "eq";
  case AbsHeap::I31: return "i31";
  case AbsHeap::Struct: return "struct";
  case AbsHeap::Array: return "array";
  case AbsHeap::None: return "none";
  case AbsHeap::Exn: return "exn";
  case AbsHeap::NoExn: return "noexn";
  }
  UNREACHABLE("abstract heap type");
}

std::string_view ref_type_word(AbsHeap heap) {
  switch (heap) {
  case AbsHeap::Func: return "funcref";
  case AbsHeap::NoFunc: return "nullfuncref";
  case AbsHeap::Extern: return "externref";
  case AbsHeap::NoExtern: return "nullexternref";
  case AbsHeap::Any: return "anyref";
  case AbsHeap::Eq: return "eqref";
  case AbsHeap::I31: return "i31ref";
  case AbsHeap::Struct: return "structref";
  case AbsHeap::Array: return "arrayref";
  case AbsHeap::None: return "nullref";
  case AbsHeap::Exn: return "exnref";
  case AbsHeap::NoExn: return "nullexnref";
  }
  UNREACHABLE("abstract heap type");
}

String to_string(HeapType type) {
  if (!type.is_concrete()) return String(heap_type_word(type.abs()));
  char digits[12];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, raw(type.index()));
  return String(digits, end.ptr);
}

String to_string(ValType type) {
  switch (type.kind()) {
  case ValKind::Bottom: return "bot";
  case ValKind::I32: return "i32";
  case ValKind::I64: return "i64";
  case ValKind::F32: return "f32";
  case ValKind::F64: return "f64";
  case ValKind::V128: return "v128";
  case ValKind::I8: return "i8";
  case ValKind::I16: return "i16";
  case ValKind::Ref: break;
  }
  if (type.is_nullable() && !type.heap().is_concrete())
    return String(ref_type_word(type.heap().abs()));
  return String(type.is_nullable() ? "(ref null " : "(ref ") + to_string(type.heap()) + ")";
}

String to_string(const FuncType& type) {
  String text = "(func";
  const auto list = [&text](const char* word, std::span<const ValType> types) {
    if (types.empty()) return;
    text += word;
    for (const ValType t : types) text += ' ' + to_string(t);
    text += ')';
  };
  list(" (param", type.params());
  list(" (result", type.results());
  return text + ')';
}

}  // namespace sluice

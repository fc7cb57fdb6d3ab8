// The constant instructions, one case each; every other instruction is ConstExprRequired.
#include "engine/binary/const_expr.h"

#include "engine/binary/type_reader.h"
#include "engine/wasm/limits.h"

namespace sluice {

namespace {
constexpr uint8_t kI32ConstByte = 0x41;
static_assert(kPlainOps[kI32ConstByte] == Op::I32Const);
}  // namespace

void declare_func_ref(Module& module, FuncIdx func) {
  const size_t word = raw(func) >> 6;
  if (word >= module.declared_func_refs.size()) {
    module.declared_func_refs.resize((module.funcs.size() + 63) / 64);
  }
  module.declared_func_refs[word] |= uint64_t{1} << (raw(func) & 63);
}

// Go's modules have a hundred thousand data segments, and nearly every offset is of this form.
const ConstInstr* ConstExprReader::read_one_i32_const(ByteReader& r) {
  const uint8_t* const start = r.pos();
  if (r.peek_u8() != kI32ConstByte) return nullptr;
  r.read_u8();
  const int32_t value = r.read_s32();
  if (r.peek_u8() != kEndByte) {
    if (!r.failed()) r.set_pos(start);
    return nullptr;
  }
  r.read_u8();
  auto* instr = module_.arena.allocate<ConstInstr>(1);
  *instr = {static_cast<uint32_t>(Op::I32Const), 0, {static_cast<uint32_t>(value), 0}};
  return instr;
}

ConstExpr ConstExprReader::read(ByteReader& r, ValType expected) {
  if (expected == kI32) {
    if (const ConstInstr* instr = read_one_i32_const(r)) return {{instr, 1}};
    if (r.failed()) return {};
  }
  stack_.clear();
  instrs_.clear();
  declares_ = expected.is_ref();
  for (;;) {
    const uint64_t offset = r.offset();
    const uint8_t byte = r.peek_u8();
    if (!r.at_end() && byte == kEndByte) {
      r.read_u8();
      pop(r, expected, offset);
      if (!stack_.empty()) r.fail(ErrorKind::TypeMismatch, offset, "values remain on the stack");
      break;
    }
    read_instr(r);
    if (r.failed()) break;
  }
  if (r.failed()) return {};
  return {module_.arena.copy(std::span<const ConstInstr>(instrs_))};
}

void ConstExprReader::append(Op op, uint32_t index, uint64_t bits0, uint64_t bits1) {
  instrs_.push_back({static_cast<uint32_t>(op), index, {bits0, bits1}});
}

void ConstExprReader::pop(ByteReader& r, ValType expected, uint64_t offset) {
  if (stack_.empty()) {
    r.fail(ErrorKind::TypeMismatch, offset,
           "expected " + to_string(expected) + " but the stack is empty");
    return;
  }
  const ValType found = stack_.back();
  stack_.pop_back();
  if (!is_subtype(module_.types, found, expected)) {
    r.fail(ErrorKind::TypeMismatch, offset,
           "expected " + to_string(expected) + ", found " + to_string(found));
  }
}

void ConstExprReader::binary(ByteReader& r, Op op, ValType type, uint64_t offset) {
  pop(r, type, offset);
  pop(r, type, offset);
  push(type);
  append(op);
}

void ConstExprReader::read_global_get(ByteReader& r, uint64_t offset) {
  const uint64_t index_offset = r.offset();
  const uint32_t index = r.read_u32();
  if (r.failed()) return;
  const bool only_imports = !module_.features.has(Feature::Gc);
  if (index >= (only_imports ? module_.imported_globals : module_.globals.size())) {
    r.fail(ErrorKind::UnknownGlobal, index_offset, decimal(index));
    return;
  }
  const GlobalType& type = module_.globals[index].type;
  if (type.is_mutable) r.fail(ErrorKind::ConstExprRequired, offset, "global is mutable");
  push(type.type);
  append(Op::GlobalGet, index);
}

void ConstExprReader::read_ref_func(ByteReader& r) {
  const uint64_t index_offset = r.offset();
  const uint32_t index = r.read_u32();
  if (r.failed()) return;
  if (index >= module_.funcs.size()) {
    r.fail(ErrorKind::UnknownFunc, index_offset, decimal(index));
    return;
  }
  // In a numeric expression it is an error, which is found later; the set must not change then, as
  // data segments are read while bodies are being compiled.
  if (declares_) declare_func_ref(module_, FuncIdx{index});
  push(ValType::ref(HeapType(module_.funcs[index]), false));
  append(Op::RefFunc, index);
}

void ConstExprReader::read_instr(ByteReader& r) {
  const uint64_t offset = r.offset();
  const uint8_t byte = r.read_u8();
  const Op op = is_prefix(byte) ? find_op(byte, r.read_u32()) : find_op(0, byte);
  if (r.failed()) return;
  if (op == Op::Illegal) {
    r.fail(ErrorKind::IllegalOpcode, offset);
    return;
  }
  if (!module_.features.has(op_info(op).feature)) {
    r.fail(ErrorKind::FeatureDisabled, offset, String(op_info(op).mnemonic));
    return;
  }
  const bool extended = module_.features.has(Feature::ExtendedConst);
  switch (op) {
  case Op::I32Const: {
    const int32_t value = r.read_s32();
    push(kI32);
    return append(op, 0, static_cast<uint32_t>(value));
  }
  case Op::I64Const: {
    const int64_t value = r.read_s64();
    push(kI64);
    return append(op, 0, static_cast<uint64_t>(value));
  }
  case Op::F32Const: push(kF32); return append(op, 0, r.read_fixed_u32());
  case Op::F64Const: push(kF64); return append(op, 0, r.read_fixed_u64());
  case Op::V128Const: {
    const uint64_t low = r.read_fixed_u64();
    const uint64_t high = r.read_fixed_u64();
    push(kV128);
    return append(op, 0, low, high);
  }
  case Op::RefNull: {
    const HeapType heap = read_heap_type(r, TypeScope(module_.types, module_.features));
    push(ValType::ref(heap, true));
    return append(op, 0, heap.bits());
  }
  case Op::RefFunc: return read_ref_func(r);
  case Op::GlobalGet: return read_global_get(r, offset);
  case Op::I32Add:
  case Op::I32Sub:
  case Op::I32Mul:
    if (extended) return binary(r, op, kI32, offset);
    break;
  case Op::I64Add:
  case Op::I64Sub:
  case Op::I64Mul:
    if (extended) return binary(r, op, kI64, offset);
    break;
  default:
    if (byte == kPrefixGc) return read_gc_instr(r, op, offset);
    break;
  }
  r.fail(ErrorKind::ConstExprRequired, offset, String(op_info(op).mnemonic));
}

void ConstExprReader::read_gc_instr(ByteReader& r, Op op, uint64_t offset) {
  switch (op) {
  case Op::RefI31:
    pop(r, kI32, offset);
    push(kI31Ref.with_nullable(false));
    return append(op);
  case Op::AnyConvertExtern:
  case Op::ExternConvertAny: {
    const bool to_any = op == Op::AnyConvertExtern;
    const bool nullable = stack_.empty() || stack_.back().is_nullable();
    pop(r, to_any ? kExternRef : kAnyRef, offset);
    push((to_any ? kAnyRef : kExternRef).with_nullable(nullable));
    return append(op);
  }
  case Op::StructNew:
  case Op::StructNewDefault:
  case Op::ArrayNew:
  case Op::ArrayNewDefault:
  case Op::ArrayNewFixed: return read_new(r, op, offset);
  default: r.fail(ErrorKind::ConstExprRequired, offset, String(op_info(op).mnemonic));
  }
}

// spec 3.4.9. Operands are popped last first.
void ConstExprReader::read_new(ByteReader& r, Op op, uint64_t offset) {
  const uint64_t index_offset = r.offset();
  const TypeIdx index = read_type_index(r, TypeScope(module_.types, module_.features));
  if (r.failed()) return;
  const TypeDef& def = module_.types[raw(index)];
  const bool is_struct = op == Op::StructNew || op == Op::StructNewDefault;
  if (def.kind != (is_struct ? CompositeKind::Struct : CompositeKind::Array)) {
    r.fail(is_struct ? ErrorKind::NotStructType : ErrorKind::NotArrayType, index_offset);
    return;
  }
  uint64_t count = 0;
  if (op == Op::StructNewDefault || op == Op::ArrayNewDefault) {
    for (const FieldType& field : def.fields) {
      if (!field.storage.is_defaultable()) r.fail(ErrorKind::NotDefaultable, index_offset);
    }
    if (op == Op::ArrayNewDefault) pop(r, kI32, offset);
  } else if (op == Op::StructNew) {
    for (size_t i = def.fields.size(); i-- > 0 && !r.failed();) {
      pop(r, def.fields[i].storage.unpacked(), offset);
    }
  } else if (op == Op::ArrayNew) {
    pop(r, kI32, offset);
    pop(r, def.fields[0].storage.unpacked(), offset);
  } else {
    const uint64_t count_offset = r.offset();
    count = r.read_u32();
    if (count > kMaxArrayNewFixed) r.fail(ErrorKind::CountTooLarge, count_offset);
    for (uint64_t i = 0; i < count && !r.failed(); ++i) {
      pop(r, def.fields[0].storage.unpacked(), offset);
    }
  }
  push(ValType::ref(HeapType(def.representative), false));
  append(op, raw(def.representative), count);
}

}  // namespace sluice

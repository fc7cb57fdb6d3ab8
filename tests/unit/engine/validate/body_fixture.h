// A module with one of everything, and bodies for it written as hexadecimal bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "engine/validate/func_reader.h"
#include "engine/validate/validate.h"
#include "engine/wasm/module.h"

namespace sluice::test {

/// "41 00 1a" → bytes; blanks are ignored.
inline std::vector<uint8_t> hex(std::string_view text) {
  std::vector<uint8_t> bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return bytes;
}

/// Types 0 [] → [], 1 [i32] → [i32], 2 struct {mut i32}, 3 struct {mut i8}, 4 array mut i32, 5
/// array mut i8, 6 array mut funcref, 7 [] → [i32 i64], 8 struct {i32} immutable. Function n has
/// type n for 0, 1; function 2 type 7. One memory, table (funcref), element and data segment;
/// globals mut i32, i64; tags [] and [i32].
class ModuleFixture {
 public:
  ModuleFixture() {
    module.features = Features::all();
    add_func({}, 0);
    add_func({kI32, kI32}, 1);
    add_struct({kI32, true});
    add_struct({ValKind::I8, true});
    add_array({kI32, true});
    add_array({ValKind::I8, true});
    add_array({kFuncRef, true});
    add_func({kI32, kI64}, 0);
    add_struct({kI32, false});
    module.funcs = {TypeIdx{0}, TypeIdx{1}, TypeIdx{7}};
    module.declared_func_refs = {1};
    module.memories.push_back({});
    module.tables.push_back({});
    module.tables[0].type.element = kFuncRef;
    module.globals.resize(2);
    module.globals[0].type = {kI32, true};
    module.globals[1].type = {kI64, false};
    module.tags = {{TypeIdx{0}}, {TypeIdx{1}}};
    module.elems.push_back({});
    module.has_data_count = true;
    module.data_count = 1;
  }

  /// Validates a body of function `func`: locals, then code; both in `bytes`.
  /// The result must not depend on how they arrive.
  Result<void> validate(const std::vector<uint8_t>& bytes, uint32_t func = 0) {
    expect_same_while_arriving(bytes, func);
    return validate_body(module, body_of(bytes, func), bytes, state);
  }
  /// Validates the body byte by byte. Some `nop`s before its last byte keep that one far enough
  /// from the others that these are read before it is there; bytes to come are 0xff.
  void expect_same_while_arriving(std::vector<uint8_t> bytes, uint32_t func) {
    bytes.insert(bytes.empty() ? bytes.end() : bytes.end() - 1, 40, 0x01);
    const auto whole = validate_body(module, body_of(bytes, func), bytes, state);
    std::vector<uint8_t> arrived(bytes.size(), 0xff);
    ValidatorState arriving;
    NullSink sink;
    FuncReader<NullSink> reader(module, body_of(bytes, func), arrived.data(), arriving, sink);
    const size_t step = 1 + bytes.size() / 1000;
    for (size_t end = 0;; end = std::min(end + step, bytes.size())) {
      std::copy_n(bytes.begin(), end, arrived.begin());
      const Result<bool> result = reader.advance(end);
      if (result && !*result) {
        ASSERT_LT(end, bytes.size()) << "not done, and all is there";
        continue;
      }
      ASSERT_EQ(result.has_value(), whole.has_value());
      if (!result) {
        EXPECT_EQ(result.error().message(), whole.error().message());
      }
      return;
    }
  }
  static FuncBody body_of(const std::vector<uint8_t>& bytes, uint32_t func) {
    return {FuncIdx{func}, {0, static_cast<uint32_t>(bytes.size())}};
  }

  Module module;
  ValidatorState state;

 private:
  TypeDef& add_type(CompositeKind kind) {
    TypeDef def;
    def.kind = kind;
    def.representative = TypeIdx{static_cast<uint32_t>(module.types.size())};
    module.types.push_back(def);
    return module.types.back();
  }
  void add_func(std::vector<ValType> types, uint32_t params) {
    TypeDef& def = add_type(CompositeKind::Func);
    def.func.types = module.arena.copy(std::span<const ValType>(types)).data();
    def.func.param_count = params;
    def.func.result_count = static_cast<uint32_t>(types.size()) - params;
  }
  void add_struct(FieldType field) {
    add_type(CompositeKind::Struct).fields =
        module.arena.copy(std::span<const FieldType>(&field, 1));
  }
  void add_array(FieldType field) {
    add_type(CompositeKind::Array).fields =
        module.arena.copy(std::span<const FieldType>(&field, 1));
  }
};

/// Valid code for each instruction whose row states no signature, after one declared local of type
/// i32 in a function of type [] → []; without the final end.
struct SpecialRow {
  Op op;
  const char* code;
};
inline constexpr SpecialRow kSpecialRows[] = {
    {Op::Unreachable, "00"},
    {Op::Block, "02 40 0b"},
    {Op::Loop, "03 40 0b"},
    {Op::If, "41 00 04 40 0b"},
    {Op::Else, "41 00 04 40 05 0b"},
    {Op::End, "02 40 0b"},
    {Op::Try, "06 40 0b"},
    {Op::Catch, "06 40 07 00 0b"},
    {Op::CatchAll, "06 40 07 00 19 0b"},
    {Op::Rethrow, "06 40 19 09 00 0b"},
    {Op::Delegate, "06 40 18 00"},
    {Op::Throw, "41 00 08 01"},
    {Op::ThrowRef, "d0 69 0a"},
    {Op::TryTable, "02 69 1f 40 04 00 00 01 01 00 00 02 01 03 00 0b d0 69 0b 1a"},
    {Op::Br, "0c 00"},
    {Op::BrIf, "41 00 0d 00"},
    {Op::BrTable, "41 00 0e 02 00 00 00"},
    {Op::Return, "0f"},
    {Op::Call, "10 00"},
    {Op::CallIndirect, "41 00 11 00 00"},
    {Op::ReturnCall, "12 00"},
    {Op::ReturnCallIndirect, "41 00 13 00 00"},
    {Op::CallRef, "d0 00 14 00"},
    {Op::ReturnCallRef, "d0 00 15 00"},
    {Op::Drop, "41 00 1a"},
    {Op::Select, "41 00 41 00 41 00 1b 1a"},
    {Op::SelectT, "41 00 41 00 41 00 1c 01 7f 1a"},
    {Op::LocalGet, "20 00 1a"},
    {Op::LocalSet, "41 00 21 00"},
    {Op::LocalTee, "41 00 22 00 1a"},
    {Op::GlobalGet, "23 00 1a"},
    {Op::GlobalSet, "41 00 24 00"},
    {Op::TableGet, "41 00 25 00 1a"},
    {Op::TableSet, "41 00 d0 70 26 00"},
    {Op::MemorySize, "3f 00 1a"},
    {Op::MemoryGrow, "41 00 40 00 1a"},
    {Op::RefNull, "d0 70 1a"},
    {Op::RefIsNull, "d0 70 d1 1a"},
    {Op::RefFunc, "d2 00 1a"},
    {Op::RefEq, "d0 6d d0 6d d3 1a"},
    {Op::RefAsNonNull, "d0 70 d4 1a"},
    {Op::BrOnNull, "d0 70 d5 00 1a"},
    {Op::BrOnNonNull, "02 64 70 d0 70 d6 00 00 0b 1a"},
    {Op::StructNew, "41 00 fb 00 02 1a"},
    {Op::StructNewDefault, "fb 01 02 1a"},
    {Op::StructGet, "fb 01 02 fb 02 02 00 1a"},
    {Op::StructGetS, "fb 01 03 fb 03 03 00 1a"},
    {Op::StructGetU, "fb 01 03 fb 04 03 00 1a"},
    {Op::StructSet, "fb 01 02 41 00 fb 05 02 00"},
    {Op::ArrayNew, "41 00 41 00 fb 06 04 1a"},
    {Op::ArrayNewDefault, "41 00 fb 07 04 1a"},
    {Op::ArrayNewFixed, "41 00 fb 08 04 01 1a"},
    {Op::ArrayNewData, "41 00 41 00 fb 09 04 00 1a"},
    {Op::ArrayNewElem, "41 00 41 00 fb 0a 06 00 1a"},
    {Op::ArrayGet, "d0 04 41 00 fb 0b 04 1a"},
    {Op::ArrayGetS, "d0 05 41 00 fb 0c 05 1a"},
    {Op::ArrayGetU, "d0 05 41 00 fb 0d 05 1a"},
    {Op::ArraySet, "d0 04 41 00 41 00 fb 0e 04"},
    {Op::ArrayLen, "d0 04 fb 0f 1a"},
    {Op::ArrayFill, "d0 04 41 00 41 00 41 00 fb 10 04"},
    {Op::ArrayCopy, "d0 04 41 00 d0 04 41 00 41 00 fb 11 04 04"},
    {Op::ArrayInitData, "d0 04 41 00 41 00 41 00 fb 12 04 00"},
    {Op::ArrayInitElem, "d0 06 41 00 41 00 41 00 fb 13 06 00"},
    {Op::RefTest, "d0 6e fb 14 6c 1a"},
    {Op::RefTestNull, "d0 6e fb 15 6c 1a"},
    {Op::RefCast, "d0 6e fb 16 6c 1a"},
    {Op::RefCastNull, "d0 6e fb 17 6c 1a"},
    {Op::BrOnCast, "02 6e d0 6e fb 18 01 00 6e 6c 0b 1a"},
    {Op::BrOnCastFail, "02 6e d0 6e fb 19 01 00 6e 6c 0b 1a"},
    {Op::AnyConvertExtern, "d0 6f fb 1a 1a"},
    {Op::ExternConvertAny, "d0 6e fb 1b 1a"},
    {Op::RefI31, "41 00 fb 1c 1a"},
    {Op::I31GetS, "d0 6c fb 1d 1a"},
    {Op::I31GetU, "d0 6c fb 1e 1a"},
    {Op::MemoryInit, "41 00 41 00 41 00 fc 08 00 00"},
    {Op::DataDrop, "fc 09 00"},
    {Op::MemoryCopy, "41 00 41 00 41 00 fc 0a 00 00"},
    {Op::MemoryFill, "41 00 41 00 41 00 fc 0b 00"},
    {Op::TableInit, "41 00 41 00 41 00 fc 0c 00 00"},
    {Op::ElemDrop, "fc 0d 00"},
    {Op::TableCopy, "41 00 41 00 41 00 fc 0e 00 00"},
    {Op::TableGrow, "d0 70 41 00 fc 0f 00 1a"},
    {Op::TableSize, "fc 10 00 1a"},
    {Op::TableFill, "41 00 d0 70 41 00 fc 11 00"},
};

inline void append_leb(std::vector<uint8_t>& out, uint32_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<uint8_t>(value | 0x80));
  out.push_back(static_cast<uint8_t>(value));
}

inline void append(std::vector<uint8_t>& out, const std::vector<uint8_t>& more) {
  out.insert(out.end(), more.begin(), more.end());
}

/// A constant of the kind.
inline std::vector<uint8_t> constant(ValKind kind) {
  switch (kind) {
  case ValKind::I64: return hex("42 00");
  case ValKind::F32: return hex("43 00 00 00 00");
  case ValKind::F64: return hex("44 00 00 00 00 00 00 00 00");
  case ValKind::V128: return hex("fd 0c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
  default: return hex("41 00");
  }
}

/// Opcode and zero immediates (the natural alignment where it must be) of a row with a signature.
inline std::vector<uint8_t> encode_plain(Op op) {
  const OpInfo& info = op_info(op);
  std::vector<uint8_t> out;
  if (info.prefix != 0) {
    out.push_back(info.prefix);
    append_leb(out, info.code);
  } else {
    out.push_back(static_cast<uint8_t>(info.code));
  }
  size_t zeros = 0;
  switch (info.imm) {
  case Imm::None: break;
  case Imm::MemArg:
    out.push_back(info.align_log2);
    zeros = 1;
    break;
  case Imm::MemArgLane:
    out.push_back(info.align_log2);
    zeros = 2;
    break;
  case Imm::F32: zeros = 4; break;
  case Imm::F64: zeros = 8; break;
  case Imm::V128:
  case Imm::Shuffle: zeros = 16; break;
  default: zeros = 1; break;
  }
  out.resize(out.size() + zeros);
  return out;
}

/// Code that uses the instruction: operands, the instruction, its results dropped.
inline std::vector<uint8_t> example(Op op) {
  for (const SpecialRow& row : kSpecialRows) {
    if (row.op == op) return hex(row.code);
  }
  const Signature& sig = op_info(op).sig;
  EXPECT_FALSE(sig.is_special) << op_info(op).mnemonic;
  std::vector<uint8_t> out;
  for (uint32_t i = 0; i < sig.param_count; ++i) append(out, constant(sig.params[i]));
  append(out, encode_plain(op));
  for (uint32_t i = 0; i < sig.result_count; ++i) out.push_back(0x1a);
  return out;
}

/// The example as a body: one local, the code, end.
inline std::vector<uint8_t> example_body(Op op) {
  std::vector<uint8_t> bytes = hex("01 01 7f");
  append(bytes, example(op));
  bytes.push_back(0x0b);
  return bytes;
}

}  // namespace sluice::test

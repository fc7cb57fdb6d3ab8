// Constant expressions (spec 3.4.14, 5.4.9): read, checked and turned into module.h's ConstExpr.
//
// One pass: each instruction is checked against a small operand stack as it is read. What an
// expression evaluates to is the runtime's.
#pragma once

#include "engine/base/heap.h"
#include "engine/binary/byte_reader.h"
#include "engine/wasm/module.h"
#include "engine/wasm/opcodes.h"

namespace sluice {

/// Reads constant expressions of one module; keeps its stacks between them.
class ConstExprReader {
 public:
  explicit ConstExprReader(Module& module) : module_(module) {}

  /// An expression of type `expected`, its `end` included. `global.get` sees module.globals as far
  /// as they are there. Functions named by ref.func become declared references. The result lives in
  /// the module's arena.
  ConstExpr read(ByteReader& r, ValType expected);

 private:
  // Null, with nothing read, if the expression is another or `r` fails.
  const ConstInstr* read_one_i32_const(ByteReader& r);
  void read_instr(ByteReader& r);
  void read_gc_instr(ByteReader& r, Op op, uint64_t offset);
  void read_new(ByteReader& r, Op op, uint64_t offset);
  void read_global_get(ByteReader& r, uint64_t offset);
  void read_ref_func(ByteReader& r);

  void pop(ByteReader& r, ValType expected, uint64_t offset);
  void push(ValType type) { stack_.push_back(type); }
  void append(Op op, uint32_t index = 0, uint64_t bits0 = 0, uint64_t bits1 = 0);
  void binary(ByteReader& r, Op op, ValType type, uint64_t offset);

  Module& module_;
  Vector<ValType> stack_;
  Vector<ConstInstr> instrs_;
  bool declares_ = false;
};

/// Marks `func` as one that ref.func in code may name (spec 3.4.12, C.refs).
void declare_func_ref(Module& module, FuncIdx func);

}  // namespace sluice

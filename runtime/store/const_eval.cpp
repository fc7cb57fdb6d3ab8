#include "runtime/store/const_eval.h"

#include "engine/base/check.h"
#include "engine/base/heap.h"
#include "engine/wasm/opcodes.h"
#include "runtime/store/global.h"
#include "runtime/store/instance.h"

namespace sluice {
namespace {

bool is_binary(Op op) {
  switch (op) {
  case Op::I32Add:
  case Op::I32Sub:
  case Op::I32Mul:
  case Op::I64Add:
  case Op::I64Sub:
  case Op::I64Mul: return true;
  default: return false;
  }
}

Value eval_binary(Op op, Value a, Value b) {
  const uint32_t a32 = a.as_u32();
  const uint32_t b32 = b.as_u32();
  switch (op) {
  case Op::I32Add: return {{a32 + b32, 0}};
  case Op::I32Sub: return {{a32 - b32, 0}};
  case Op::I32Mul: return {{static_cast<uint32_t>(uint64_t{a32} * b32), 0}};
  case Op::I64Add: return {{a.bits[0] + b.bits[0], 0}};
  case Op::I64Sub: return {{a.bits[0] - b.bits[0], 0}};
  default: return {{a.bits[0] * b.bits[0], 0}};
  }
}

bool is_leaf(Op op) {
  switch (op) {
  case Op::I32Const:
  case Op::I64Const:
  case Op::F32Const:
  case Op::F64Const:
  case Op::V128Const:
  case Op::RefNull:
  case Op::RefFunc:
  case Op::GlobalGet: return true;
  default: return false;
  }
}

Value eval_leaf(const Instance& instance, const ConstInstr& instr) {
  switch (static_cast<Op>(instr.op)) {
  case Op::RefNull: return Value::null();
  case Op::RefFunc: return Value::funcref(instance.record(FuncIdx{instr.index}));
  case Op::GlobalGet: return instance.global(GlobalIdx{instr.index})->get();
  case Op::I32Const:
  case Op::F32Const: return {{instr.bits[0] & 0xffffffffu, 0}};
  default: return {{instr.bits[0], instr.bits[1]}};
  }
}

}  // namespace

Result<void> check_const_expr(const ConstExpr& expr) {
  for (const ConstInstr& instr : expr.instrs) {
    const Op op = static_cast<Op>(instr.op);
    if (!is_leaf(op) && !is_binary(op)) {
      return fail(ErrorKind::NotCompiled, kNoOffset, String(op_info(op).mnemonic));
    }
  }
  return {};
}

Value eval_const_expr(const Instance& instance, const ConstExpr& expr) {
  if (expr.instrs.size() == 1) return eval_leaf(instance, expr.instrs[0]);
  Vector<Value> stack;
  for (const ConstInstr& instr : expr.instrs) {
    const Op op = static_cast<Op>(instr.op);
    if (!is_binary(op)) {
      stack.push_back(eval_leaf(instance, instr));
      continue;
    }
    CHECK(stack.size() >= 2, "a validated expression");
    const Value b = stack.back();
    stack.pop_back();
    stack.back() = eval_binary(op, stack.back(), b);
  }
  CHECK(stack.size() == 1, "a validated expression");
  return stack[0];
}

}  // namespace sluice

// What the ops_*.cpp files share: choosing where a result goes.
//
// Private to them. A register whose last user was an operand is free once its PinnedReg is
// released, and its content stays until something is written there: asking for the result's
// register emits nothing but stores.
#pragma once

#include "jit/baseline/func_compiler.h"

namespace sluice {

inline bool both_const(const Slot* args) {
  return args[0].word.is_const() && args[1].word.is_const();
}

/// Takes `operand` and hands out the result's register: the operand's own if nobody needs it any
/// more, or that of the local that is set next. `source` says where the operand is until the first
/// write to the result.
inline PinnedReg result_over(FuncCompiler& c, PinnedReg&& operand, Reg* source) {
  *source = operand;
  operand.release();
  return c.result_reg(reg_class(*source), RegSet(), *source);
}

}  // namespace sluice

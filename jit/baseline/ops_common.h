// What the ops_*.cpp files share: taking operands, choosing where a result goes.
//
// Private to them. A register whose last user was an operand is free once that is taken or its
// PinnedReg released, and its content stays until something is written there: asking for the
// result's register emits nothing but stores.
#pragma once

#include "jit/baseline/func_compiler.h"

namespace sluice {

inline bool both_const(const Slot* args) {
  return args[0].word.is_const() && args[1].word.is_const();
}

/// Two operands in registers that are not held (FuncCompiler::take_reg).
struct RegPair {
  Reg first;
  Reg second;
};
[[gnu::noinline]] inline RegPair load_regs(FuncCompiler& c, Slot& first, Slot& second) {
  const PinnedReg b = c.pop_to_reg(second);
  return {c.take_reg(first), b};
}
[[gnu::always_inline]] inline RegPair take_regs(FuncCompiler& c, Slot& first, Slot& second) {
  if (first.word.kind == WordKind::Reg && second.word.kind == WordKind::Reg) [[likely]] {
    return {c.take_reg(first), c.take_reg(second)};
  }
  return load_regs(c, first, second);
}

/// The operand's low bits, as a load of this kind would extend them.
inline void extend(FuncCompiler& c, LoadKind kind, Slot* args) {
  if (c.is_in_memory(args[0])) {
    const Mem mem = c.pop_to_memory(args[0]);
    const Reg dst = c.take_result_reg(RegClass::Gpr);
    c.masm.load(kind, dst, mem);
    return c.push_taken(args[0], dst);
  }
  const auto [source, dst] = c.replace_reg(args[0]);
  c.masm.extend(kind, dst, source);
}

}  // namespace sluice

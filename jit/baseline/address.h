// The memory operand of an access: what loads, stores and atomics of any width have in common.
//
// The sandbox rests on address.cpp. Nothing else makes a memory operand from a guest's address,
// apart from the two shortest paths each in ops_memory.cpp and ops_simd_memory.cpp, which say what
// they rely on.
#pragma once

#include <cstdint>

#include "engine/wasm/instr.h"
#include "jit/baseline/func_compiler.h"

namespace sluice {

/// An address operand, taken from the stack: a register or none, plus what is known now. The sum
/// counts as a number without bounds; where it does not fit 64 bits the offset is 2^64 - 1, which
/// no memory reaches.
struct Address {
  PinnedReg held;  // keeps `reg` until released
  Reg reg = Reg::None;
  uint64_t offset = 0;  // the instruction's, a constant operand, a latched addend
};

Address pop_address(FuncCompiler& c, const MemArg& arg, Slot& operand);

/// Does resolve() want a register of its own? If not, it writes to none but kScratchGpr.
bool needs_temp(const FuncCompiler& c, MemoryIdx memory);

/// Emits the checks that an access of so many bytes (at most 16) needs and returns its memory
/// operand. `temp` is only looked at if needs_temp(). Its base may be `temp` and its index
/// kScratchGpr: nothing may be allocated until the access is emitted. Changes flags.
Mem resolve(FuncCompiler& c, const MemArg& arg, const Address& address, uint32_t access_bytes,
            Reg temp);

/// [instance + …] where the pointer to a memory's data lies.
Mem memory_data_field(const FuncCompiler& c, MemoryIdx memory);

}  // namespace sluice

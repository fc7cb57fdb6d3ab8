// One entry per family of instructions: how each becomes code.
//
// Called by FuncCompiler's sink calls after they made room in the code buffer and materialised
// latched flags. `args` is the instruction's first operand; results go to args[0].
#pragma once

#include <cstdint>

#include "engine/wasm/instr.h"
#include "engine/wasm/opcodes.h"
#include "jit/baseline/func_compiler.h"

namespace sluice {

// ops_int.cpp, ops_float.cpp, ops_convert.cpp. FuncCompiler::binary, in the first, hands on floats.
void emit_unary(FuncCompiler& c, Op op, Slot* args);        // IntUnary, FloatUnary, Convert, eqz
void emit_ready_eqz(FuncCompiler& c, Width w, Slot& slot);  // of a word of kReadyKinds
void emit_division(FuncCompiler& c, Op op, Slot* args);     // ops_divide.cpp
void emit_wide(FuncCompiler& c, Op op, Slot* args);         // ops_wide.cpp
void emit_float_unary(FuncCompiler& c, Op op, Slot* args);
void emit_float_binary(FuncCompiler& c, Op op, Slot* args);  // compares too
void emit_convert(FuncCompiler& c, Op op, Slot* args);

// ops_memory.cpp
void emit_load(FuncCompiler& c, Op op, const MemArg& mem, Slot* args);
void emit_store(FuncCompiler& c, Op op, const MemArg& mem, Slot* args);
void emit_memory_size(FuncCompiler& c, uint32_t memory, Slot* out);
void emit_memory_grow(FuncCompiler& c, uint32_t memory, Slot* args);

// ops_simd.cpp
void emit_simd(FuncCompiler& c, Op op, Slot* args);
void emit_simd_lane(FuncCompiler& c, Op op, uint8_t lane, Slot* args);
void emit_simd_shuffle(FuncCompiler& c, const uint8_t* lanes, Slot* args);

// ops_simd_memory.cpp
void emit_simd_load(FuncCompiler& c, Op op, const MemArg& mem, Slot* args);
void emit_simd_store(FuncCompiler& c, Op op, const MemArg& mem, Slot* args);
void emit_simd_mem_lane(FuncCompiler& c, Op op, const MemArg& mem, uint8_t lane, Slot* args);

// ops_atomic.cpp
void emit_atomic(FuncCompiler& c, Op op, const MemArg& mem, Slot* args);  // wait and notify too
void emit_atomic_fence(FuncCompiler& c);

// ops_bulk.cpp
void emit_memory_fill(FuncCompiler& c, uint32_t memory, Slot* args);
void emit_memory_copy(FuncCompiler& c, uint32_t dst, uint32_t src, Slot* args);
void emit_memory_init(FuncCompiler& c, uint32_t data, uint32_t memory, Slot* args);
void emit_data_drop(FuncCompiler& c, uint32_t data, Slot* top);
void emit_table_get(FuncCompiler& c, uint32_t table, Slot* args);
void emit_table_set(FuncCompiler& c, uint32_t table, Slot* args);
void emit_table_size(FuncCompiler& c, uint32_t table, Slot* out);
void emit_table_grow(FuncCompiler& c, uint32_t table, Slot* args);
void emit_table_fill(FuncCompiler& c, uint32_t table, Slot* args);
void emit_table_copy(FuncCompiler& c, uint32_t dst, uint32_t src, Slot* args);
void emit_table_init(FuncCompiler& c, uint32_t elem, uint32_t table, Slot* args);
void emit_elem_drop(FuncCompiler& c, uint32_t elem, Slot* top);
void emit_ref_func(FuncCompiler& c, uint32_t func, Slot* out);
void emit_ref_is_null(FuncCompiler& c, Slot* args);

}  // namespace sluice

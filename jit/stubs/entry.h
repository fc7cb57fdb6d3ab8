// Entry stubs: how the host calls Wasm code (or, through its shim, a host function), one per
// signature.
//
// An entry stub saves the C ABI's callee-saved registers and what it changes in the StoreContext,
// so that entries nest; it notes the stack pointer with which a trap shall continue (at the landing
// that all share), sets the stack limit and Wasm's floating-point modes, and puts everything back
// on both ways out. A trap is a result: 0, or a TrapCode (the rest is in StoreContext::trap;
// untouched if no code ran at all). A store is used by one stack at a time: entries on several
// stacks (fibers) must nest.
#pragma once

#include <cstdint>

#include "engine/wasm/types.h"
#include "jit/stubs/stub_environment.h"

namespace sluice {

/// Calls `target` with arguments from 16-byte cells; results overwrite the cells from the first on.
/// Cells of i32, f32 and handles need no zero upper bits going in and have them coming out.
/// Returns a TrapCode, and then leaves the cells as they were.
using ArrayEntry = uint64_t (*)(const FuncImport* target, void* cells);

/// Emits the array entry of a signature; returns its code offset.
Result<uint32_t> add_array_entry(CodeMemory& memory, const CommonStubs& common,
                                 const FuncType& type);

/// Typed entries and typed host functions exist for signatures without v128, with at most one
/// result and at most kMaxTypedParams parameters.
inline constexpr uint32_t kMaxTypedParams = 32;
bool has_typed_form(const FuncType& type);

/// What typed entries and typed host functions return; plain C functions by these types:
///   no result:        uint64_t (the trap)
///   i32, i64, refs:   TypedResult<uint64_t>-like { value; trap }, in rax and rdx
///   f32, f64:         { value; trap }, in xmm0 and rax
template <class T>
struct TypedResult {
  T value;
  uint64_t trap;
};

/// Emits the typed entry of a signature: `Ret f(InstanceData* callee, const void* code, args…)` by
/// the C ABI, without memory traffic for the arguments. An i32 result is zero-extended.
Result<uint32_t> add_typed_entry(CodeMemory& memory, const CommonStubs& common,
                                 const FuncType& type);

}  // namespace sluice

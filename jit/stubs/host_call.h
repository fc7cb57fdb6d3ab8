// Host shims: how Wasm code calls a host function, one per signature.
//
// A shim is called like any function: r14 is the host function's InstanceData, whose host_code and
// host_env say what to call. It makes a frame that backtraces can walk, gives the host its
// floating-point modes and an aligned stack with at least the headroom below it, and restores
// Wasm's modes afterwards. A TrapCode in the result becomes a trap at the shim.
#pragma once

#include <cstdint>

#include "engine/wasm/types.h"
#include "jit/stubs/stub_environment.h"

namespace sluice {

/// A host function with its arguments in 16-byte cells; writes its results to the cells from the
/// first on. `caller` is the calling instance's data, null if the host itself calls. Returns a
/// TrapCode.
using ArrayHostFunction = uint32_t (*)(void* env, InstanceData* caller, void* cells);

/// In a shim's frame, from rbp: the first of the parameters that are handles (is_handle); the
/// others follow downwards. They keep what they stand for alive during the call.
inline constexpr int32_t kShimHandleSlot = -24;

/// Emits the shim for host functions of this type with arguments in cells; returns its offset.
Result<uint32_t> add_array_host_shim(CodeMemory& memory, const CommonStubs& common,
                                     const FuncType& type);

/// Emits the shim for C functions `Ret f(void* env, InstanceData* caller, args…)`, with Ret as in
/// entry.h. The signature must have_typed_form. An i32 result needs no zero upper half.
Result<uint32_t> add_typed_host_shim(CodeMemory& memory, const CommonStubs& common,
                                     const FuncType& type);

}  // namespace sluice

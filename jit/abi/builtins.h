// How generated code calls the runtime's helpers (builtins.def).
//
// Code puts the instance into rdi, the parameters into rsi, rdx, rcx, r8, r9 and the Builtin's
// number into eax, and does `call [r14 + builtin_trampoline]`. The trampoline (jit/stubs) makes a
// frame that the frame-pointer walk understands, aligns the stack and calls builtins[eax].
// Afterwards rax and rdx hold the BuiltinResult, rbx, rbp, rsp and r14 are unchanged, every other
// register is lost.
#pragma once

#include <cstdint>

namespace sluice {

enum class Builtin : uint32_t {
#define BUILTIN(name, params) name,
#include "jit/abi/builtins.def"
#undef BUILTIN
};

inline constexpr uint32_t kBuiltinCount = 0
#define BUILTIN(name, params) +1
#include "jit/abi/builtins.def"
#undef BUILTIN
    ;

}  // namespace sluice

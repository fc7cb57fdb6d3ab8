#include "runtime/trap/guarded_copy.h"

#include <csignal>

// While a loop runs, r9 is the MemoryData of what is written and r8 that of what is read, or null.
// Nothing is on the stack but the return address, so going on at sluice_guarded_return with a
// TrapCode in eax is a return. Every instruction that may fault lies before it.
asm(R"(
  .pushsection .text
  .intel_syntax noprefix
  .hidden sluice_guarded_fill
  .hidden sluice_guarded_move
  .hidden sluice_guarded_return
  .globl sluice_guarded_fill
  .globl sluice_guarded_move
  .globl sluice_guarded_return
  .p2align 4
sluice_guarded_fill:        # to rdi, byte esi, bytes rdx, memory rcx
  .cfi_startproc
  mov r9, rcx
  xor r8d, r8d
  mov eax, esi
  mov rcx, rdx
  rep stosb
  xor eax, eax
  ret
sluice_guarded_move:        # to rdi, from rsi, bytes rdx, memories rcx and r8
  mov r9, rcx
  cmp rdx, 8
  je 3f
  cmp rdx, 4
  je 4f
  mov rax, rdi
  sub rax, rsi
  cmp rax, rdx
  jb 1f
  mov rcx, rdx
  rep movsb
  xor eax, eax
  ret
1:                          # the destination begins inside the source: from the end on
  cmp rdx, 16
  jb 2f
  movups xmm0, [rsi + rdx - 16]
  movups [rdi + rdx - 16], xmm0
  sub rdx, 16
  jmp 1b
2:
  sub rdx, 1
  jc 5f
  mov al, [rsi + rdx]
  mov [rdi + rdx], al
  jmp 2b
3:
  mov rax, [rsi]
  mov [rdi], rax
  jmp 5f
4:
  mov eax, [rsi]
  mov [rdi], eax
5:
  xor eax, eax
sluice_guarded_return:
  ret
  .cfi_endproc
  .att_syntax
  .popsection
)");

extern "C" {
uint32_t sluice_guarded_fill(void* to, uint32_t byte, size_t bytes,
                             const sluice::MemoryData* memory);
uint32_t sluice_guarded_move(void* to, const void* from, size_t bytes,
                             const sluice::MemoryData* to_memory,
                             const sluice::MemoryData* from_memory);
void sluice_guarded_return();
}

namespace sluice {

TrapCode guarded_copy(void* to, const MemoryData* to_memory, const void* from,
                      const MemoryData* from_memory, size_t bytes) {
  return static_cast<TrapCode>(sluice_guarded_move(to, from, bytes, to_memory, from_memory));
}

TrapCode guarded_fill(void* to, const MemoryData& memory, uint8_t byte, size_t bytes) {
  return static_cast<TrapCode>(sluice_guarded_fill(to, byte, bytes, &memory));
}

bool lies_in(const MemoryData& memory, uintptr_t address) {
  // Other threads may be mapping files into a shared memory.
  const uint64_t reserved = __atomic_load_n(&memory.reserved_bytes, __ATOMIC_RELAXED);
  return address - reinterpret_cast<uintptr_t>(memory.base) < reserved;
}

TrapCode memory_fault(const MemoryData& memory, uintptr_t address, int signal) {
  const uint64_t offset = address - reinterpret_cast<uintptr_t>(memory.base);
  const bool is_in_use = offset < __atomic_load_n(&memory.size_bytes, __ATOMIC_RELAXED);
  if (!is_in_use || __atomic_load_n(&memory.has_files, __ATOMIC_RELAXED) == 0) {
    return TrapCode::MemoryOutOfBounds;
  }
  return signal == SIGBUS ? TrapCode::MappedPageLost : TrapCode::MemoryReadOnly;
}

CopyResumption resume_guarded_copy(uintptr_t pc, uintptr_t r8, uintptr_t r9, uintptr_t address,
                                   int signal) {
  const auto begin = reinterpret_cast<uintptr_t>(&sluice_guarded_fill);
  const auto end = reinterpret_cast<uintptr_t>(&sluice_guarded_return);
  if (pc - begin >= end - begin) return {};
  for (const uintptr_t reg : {r9, r8}) {
    const auto* memory = reinterpret_cast<const MemoryData*>(reg);
    if (memory == nullptr || !lies_in(*memory, address)) continue;
    const TrapCode code = memory_fault(*memory, address, signal);
    if (code != TrapCode::MemoryOutOfBounds) return {end, code};
  }
  return {};
}

}  // namespace sluice

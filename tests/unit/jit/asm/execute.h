// Runs what a Masm assembled, for the tests of this folder.
#pragma once

#include <asmjit/x86.h>

#include "jit/asm/masm.h"

namespace sluice {

/// Machine code of one function in executable memory, called with the C convention.
class Executable {
 public:
  explicit Executable(Masm& masm) {
    CodeBatch batch;
    masm.finish(FuncIdx{0}, batch, nullptr);
    asmjit::JitAllocator& allocator = *runtime_.allocator();
    void* writable = nullptr;
    if (allocator.alloc(&code_, &writable, batch.bytes.size()) != asmjit::kErrorOk) abort();
    asmjit::VirtMem::ProtectJitReadWriteScope scope(code_, batch.bytes.size());
    memcpy(writable, batch.bytes.data(), batch.bytes.size());
  }

  template <class F>
  F* as() const {
    return reinterpret_cast<F*>(code_);
  }

 private:
  asmjit::JitRuntime runtime_;
  void* code_ = nullptr;
};

}  // namespace sluice

// asmjit beside the templates: its assembler works on the macro assembler's own buffer and cursor.
//
// Private to jit/asm. While a RareScope lives, the cursor is asmjit's. The buffer is external and
// fixed for asmjit; room is ensured by the macro assembler, so an error here is a bug of ours.
#pragma once

#include <asmjit/x86.h>

#include "engine/base/heap.h"
#include "jit/asm/masm.h"

namespace sluice {

struct Masm::Rare : Allocated {
  asmjit::CodeHolder code;
  asmjit::x86::Assembler assembler;
};

class RareScope {
 public:
  explicit RareScope(Masm& masm) : a(masm.rare_->assembler), masm_(masm) {
    a._bufferPtr = masm.e_.cursor;
  }
  ~RareScope() { masm_.e_.cursor = a._bufferPtr; }
  RareScope(const RareScope&) = delete;
  RareScope& operator=(const RareScope&) = delete;

  static asmjit::x86::Gp gp(Width w, Reg r) {
    if (w == W32) return asmjit::x86::gpd(encoding(r));
    return asmjit::x86::gpq(encoding(r));
  }
  static asmjit::x86::Xmm xmm(Reg r) { return asmjit::x86::xmm(encoding(r)); }

  asmjit::x86::Assembler& a;

 private:
  Masm& masm_;
};

}  // namespace sluice

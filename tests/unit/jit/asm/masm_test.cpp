// The macro assembler's templates against asmjit, byte for byte, for all register combinations.
#include <asmjit/x86.h>
#include <functional>
#include <gtest/gtest.h>
#include <string>

#include "jit/asm/masm.h"
#include "tests/unit/jit/asm/execute.h"

namespace sluice {
namespace {

namespace x86 = asmjit::x86;

constexpr int kGprs = 16;

Reg gpr(int i) { return static_cast<Reg>(i); }
Reg xmm(int i) { return static_cast<Reg>(16 + i); }

x86::Gp gp(Width w, Reg r) {
  if (w == W32) return x86::gpd(encoding(r));
  return x86::gpq(encoding(r));
}
x86::Gp gp8(Reg r) { return x86::gpb(encoding(r)); }
x86::Xmm xm(Reg r) { return x86::xmm(encoding(r)); }

x86::Mem mem(const Mem& m, uint32_t size = 0) {
  if (m.index == Reg::None) return x86::ptr(x86::gpq(encoding(m.base)), m.disp, size);
  return x86::ptr(x86::gpq(encoding(m.base)), x86::gpq(encoding(m.index)), m.scale_log2, m.disp,
                  size);
}

std::string hex(const uint8_t* bytes, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    char two[4];
    snprintf(two, sizeof two, "%02x ", bytes[i]);
    text += two;
  }
  return text;
}

class MasmTest : public ::testing::Test {
 protected:
  std::string ours(const CpuFeatures& cpu, const std::function<void(Masm&)>& emit) {
    Masm masm(cpu);
    return ours(masm, emit);
  }
  std::string ours(Masm& masm, const std::function<void(Masm&)>& emit) {
    masm.begin();
    emit(masm);
    CodeBatch batch;
    masm.finish(FuncIdx{0}, batch, nullptr);
    return hex(batch.bytes.data(), batch.bytes.size());
  }
  std::string theirs(const std::function<void(x86::Assembler&)>& emit) {
    asmjit::CodeHolder code;
    code.init(asmjit::Environment(asmjit::Arch::kX64));
    x86::Assembler assembler(&code);
    emit(assembler);
    const asmjit::CodeBuffer& buffer = code.textSection()->buffer();
    return hex(buffer.data(), buffer.size());
  }
  void same(const std::function<void(Masm&)>& a, const std::function<void(x86::Assembler&)>& b,
            const std::string& what) {
    std::string mine = ours(sse_, a), expected = theirs(b);
    EXPECT_EQ(mine, expected) << what;
  }
  void same_avx(const std::function<void(Masm&)>& a, const std::function<void(x86::Assembler&)>& b,
                const std::string& what) {
    std::string mine = ours(avx_, a), expected = theirs(b);
    EXPECT_EQ(mine, expected) << what;
  }

  Masm sse_{CpuFeatures{}};
  Masm avx_{CpuFeatures{true, true, true, true, true}};
};

std::string name(const char* what, int a, int b) {
  return std::string(what) + " " + std::to_string(a) + ", " + std::to_string(b);
}

constexpr Width kWidths[] = {W32, W64};

TEST_F(MasmTest, AtomicForms) {
  const Mem kPlaces[] = {mem_at(Reg::Rbx, 5), mem_at(Reg::Rbx, Reg::R9, 0),
                         mem_at(Reg::R11, Reg::Rax, 0x12345)};
  auto sized = [](Reg r, uint32_t bytes) -> x86::Gp {
    if (bytes == 1) return x86::gpb(encoding(r));
    if (bytes == 2) return x86::gpw(encoding(r));
    return gp(bytes == 8 ? W64 : W32, r);
  };
  for (const uint32_t bytes : {1u, 2u, 4u, 8u}) {
    for (int i = 0; i < kGprs; ++i) {
      for (const Mem& at : kPlaces) {
        const x86::Gp r = sized(gpr(i), bytes);
        same([&](Masm& m) { m.xchg_mem(bytes, at, gpr(i)); },
             [&](auto& a) { a.xchg(mem(at, bytes), r); }, name("xchg", static_cast<int>(bytes), i));
        same([&](Masm& m) { m.lock_xadd(bytes, at, gpr(i)); },
             [&](auto& a) { a.lock().xadd(mem(at, bytes), r); },
             name("xadd", static_cast<int>(bytes), i));
        same([&](Masm& m) { m.lock_cmpxchg(bytes, at, gpr(i)); },
             [&](auto& a) { a.lock().cmpxchg(mem(at, bytes), r); },
             name("cmpxchg", static_cast<int>(bytes), i));
      }
    }
  }
  same([](Masm& m) { m.mfence(); }, [](auto& a) { a.mfence(); }, "mfence");
}

TEST_F(MasmTest, IntegerRegisterForms) {
  for (Width w : kWidths) {
    for (int i = 0; i < kGprs; ++i) {
      for (int j = 0; j < kGprs; ++j) {
        Reg d = gpr(i), s = gpr(j);
        auto D = gp(w, d), S = gp(w, s);
        same([&](Masm& m) { m.mov(w, d, s); }, [&](auto& a) { a.mov(D, S); }, name("mov", i, j));
        same([&](Masm& m) { m.alu(Alu::Add, w, d, s); }, [&](auto& a) { a.add(D, S); },
             name("add", i, j));
        same([&](Masm& m) { m.alu(Alu::Cmp, w, d, s); }, [&](auto& a) { a.cmp(D, S); },
             name("cmp", i, j));
        same([&](Masm& m) { m.alu(Alu::Sbb, w, d, s); }, [&](auto& a) { a.sbb(D, S); },
             name("sbb", i, j));
        same([&](Masm& m) { m.test(w, d, s); }, [&](auto& a) { a.test(D, S); }, name("test", i, j));
        same([&](Masm& m) { m.imul(w, d, s); }, [&](auto& a) { a.imul(D, S); }, name("imul", i, j));
        same([&](Masm& m) { m.imul_imm(w, d, s, 1000); }, [&](auto& a) { a.imul(D, S, 1000); },
             name("imul imm", i, j));
        same([&](Masm& m) { m.imul_imm(w, d, s, -3); }, [&](auto& a) { a.imul(D, S, -3); },
             name("imul imm8", i, j));
        same([&](Masm& m) { m.cmov(Cond::Less, w, d, s); }, [&](auto& a) { a.cmovl(D, S); },
             name("cmovl", i, j));
        same([&](Masm& m) { m.extend(w == W32 ? LoadKind::S8To32 : LoadKind::S8To64, d, s); },
             [&](auto& a) { a.movsx(D, gp8(s)); }, name("movsx8", i, j));
        same([&](Masm& m) { m.extend(w == W32 ? LoadKind::S16To32 : LoadKind::S16To64, d, s); },
             [&](auto& a) { a.movsx(D, x86::gpw(encoding(s))); }, name("movsx16", i, j));
        same([&](Masm& m) { m.extend(LoadKind::U8, d, s); },
             [&](auto& a) { a.movzx(gp(W32, d), gp8(s)); }, name("movzx8", i, j));
        same([&](Masm& m) { m.extend(LoadKind::U16, d, s); },
             [&](auto& a) { a.movzx(gp(W32, d), x86::gpw(encoding(s))); }, name("movzx16", i, j));
        same([&](Masm& m) { m.extend(LoadKind::S32To64, d, s); },
             [&](auto& a) { a.movsxd(gp(W64, d), gp(W32, s)); }, name("movsxd", i, j));
        if (i != 0 && j != 0) {  // asmjit has the one-byte form with rax
          same([&](Masm& m) { m.xchg(w, d, s); }, [&](auto& a) { a.xchg(S, D); },
               name("xchg", i, j));
        }
      }
    }
  }
}

TEST_F(MasmTest, IntegerOneRegisterForms) {
  for (Width w : kWidths) {
    for (int i = 0; i < kGprs; ++i) {
      Reg d = gpr(i);
      auto D = gp(w, d);
      for (int32_t imm : {0, 1, -1, 127, -128, 128, -129, 0x12345678, INT32_MIN}) {
        same([&](Masm& m) { m.alu_imm(Alu::Sub, w, d, imm); }, [&](auto& a) { a.sub(D, imm); },
             name("sub imm", i, imm));
        same([&](Masm& m) { m.alu_imm(Alu::Cmp, w, d, imm); }, [&](auto& a) { a.cmp(D, imm); },
             name("cmp imm", i, imm));
        same([&](Masm& m) { m.test_imm(w, d, imm); }, [&](auto& a) { a.test(D, imm); },
             name("test imm", i, imm));
      }
      same([&](Masm& m) { m.neg(w, d); }, [&](auto& a) { a.neg(D); }, name("neg", i, 0));
      same([&](Masm& m) { m.not_(w, d); }, [&](auto& a) { a.not_(D); }, name("not", i, 0));
      for (int count : {1, 2, 31}) {
        same([&](Masm& m) { m.shift_imm(Shift::Shl, w, d, static_cast<uint32_t>(count)); },
             [&](auto& a) { a.shl(D, count); }, name("shl", i, count));
        same([&](Masm& m) { m.shift_imm(Shift::Sar, w, d, static_cast<uint32_t>(count)); },
             [&](auto& a) { a.sar(D, count); }, name("sar", i, count));
        same([&](Masm& m) { m.shift_imm(Shift::Ror, w, d, static_cast<uint32_t>(count)); },
             [&](auto& a) { a.ror(D, count); }, name("ror", i, count));
      }
      same([&](Masm& m) { m.shift_cl(Shift::Shr, w, d); }, [&](auto& a) { a.shr(D, x86::cl); },
           name("shr cl", i, 0));
      same([&](Masm& m) { m.shift_cl(Shift::Rol, w, d); }, [&](auto& a) { a.rol(D, x86::cl); },
           name("rol cl", i, 0));
      same([&](Masm& m) { m.mov_imm(w, d, 0x12345678); },
           [&](auto& a) { a.mov(gp(W32, d), 0x12345678); }, name("mov imm", i, 0));
      same([&](Masm& m) { m.idiv(w, d); },
           [&](auto& a) { w == W64 ? a.cqo() : a.cdq(), a.idiv(D); }, name("idiv", i, 0));
      same([&](Masm& m) { m.div(w, d); }, [&](auto& a) { a.xor_(x86::edx, x86::edx), a.div(D); },
           name("div", i, 0));
    }
  }
  for (int i = 0; i < kGprs; ++i) {
    Reg d = gpr(i);
    auto D = gp(W64, d);
    same([&](Masm& m) { m.push(d); }, [&](auto& a) { a.push(D); }, name("push", i, 0));
    same([&](Masm& m) { m.pop(d); }, [&](auto& a) { a.pop(D); }, name("pop", i, 0));
    same([&](Masm& m) { m.zero(d); }, [&](auto& a) { a.xor_(gp(W32, d), gp(W32, d)); },
         name("zero", i, 0));
    same([&](Masm& m) { m.jmp_reg(d); }, [&](auto& a) { a.jmp(D); }, name("jmp", i, 0));
    same([&](Masm& m) { m.call_reg(d); }, [&](auto& a) { a.call(D); }, name("call", i, 0));
    same([&](Masm& m) { m.mov_imm(W64, d, ~uint64_t{4}); }, [&](auto& a) { a.mov(D, -5); },
         name("mov -5", i, 0));
    same([&](Masm& m) { m.mov_imm(W64, d, 0x123456789abcdef0); },
         [&](auto& a) { a.movabs(D, 0x123456789abcdef0); }, name("mov imm64", i, 0));
    same([&](Masm& m) { m.multiply_wide(false, d); }, [&](auto& a) { a.mul(D); },
         name("mul", i, 0));
    same([&](Masm& m) { m.multiply_wide(true, d); }, [&](auto& a) { a.imul(D); },
         name("imul", i, 0));
    same([&](Masm& m) { m.set_bool(Cond::Above, d); },
         [&](auto& a) { a.mov(gp(W32, d), 0), a.seta(gp8(d)); }, name("seta", i, 0));
  }
}

std::vector<Mem> addresses(int base, int index) {
  std::vector<Mem> all;
  for (int32_t disp : {0, 1, -128, 128, 0x7fffffff, INT32_MIN}) {
    all.push_back(mem_at(gpr(base), disp));
    if (index != 4) {
      all.push_back(mem_at(gpr(base), gpr(index), disp));
      all.push_back({gpr(base), gpr(index), 2, disp});
    }
  }
  return all;
}

TEST_F(MasmTest, MemoryOperands) {
  for (int base = 0; base < kGprs; ++base) {
    for (int index = 0; index < kGprs; ++index) {
      for (const Mem& address : addresses(base, index)) {
        // The register's number only meets the address in the ModRM byte: a few stand for all.
        for (int i : {0, 1, 4, 7, 8, 15}) {
          std::string what = name("mem", base, index) + name(" reg/disp", i, address.disp);
          Reg r = gpr(i);
          same([&](Masm& m) { m.load(LoadKind::I32, r, address); },
               [&](auto& a) { a.mov(gp(W32, r), mem(address)); }, what);
          same([&](Masm& m) { m.lea(W64, r, address); },
               [&](auto& a) { a.lea(gp(W64, r), mem(address)); }, what);
          same([&](Masm& m) { m.store(StoreKind::I64, address, r); },
               [&](auto& a) { a.mov(mem(address), gp(W64, r)); }, what);
        }
      }
    }
  }
}

TEST_F(MasmTest, LoadsAndStoresByKind) {
  for (int i = 0; i < kGprs; ++i) {
    Reg r = gpr(i);
    Reg x = xmm(i);
    for (Mem at : {mem_at(Reg::Rbx, Reg::Rcx, 16), mem_at(Reg::R13, Reg::R12, 0)}) {
      auto M = [&](uint32_t size) { return mem(at, size); };
      auto load = [&](LoadKind kind, auto theirs) {
        same([&](Masm& m) { m.load(kind, r, at); }, theirs, name("load", i, int(kind)));
      };
      load(LoadKind::U8, [&](auto& a) { a.movzx(gp(W32, r), M(1)); });
      load(LoadKind::U16, [&](auto& a) { a.movzx(gp(W32, r), M(2)); });
      load(LoadKind::I64, [&](auto& a) { a.mov(gp(W64, r), M(8)); });
      load(LoadKind::S8To32, [&](auto& a) { a.movsx(gp(W32, r), M(1)); });
      load(LoadKind::S16To32, [&](auto& a) { a.movsx(gp(W32, r), M(2)); });
      load(LoadKind::S8To64, [&](auto& a) { a.movsx(gp(W64, r), M(1)); });
      load(LoadKind::S16To64, [&](auto& a) { a.movsx(gp(W64, r), M(2)); });
      load(LoadKind::S32To64, [&](auto& a) { a.movsxd(gp(W64, r), M(4)); });
      auto store = [&](StoreKind kind, auto theirs) {
        same([&](Masm& m) { m.store(kind, at, r); }, theirs, name("store", i, int(kind)));
      };
      store(StoreKind::I8, [&](auto& a) { a.mov(M(1), gp8(r)); });
      store(StoreKind::I16, [&](auto& a) { a.mov(M(2), x86::gpw(encoding(r))); });
      store(StoreKind::I32, [&](auto& a) { a.mov(M(4), gp(W32, r)); });
      auto imm = [&](StoreKind kind, int32_t value, uint32_t size) {
        same([&](Masm& m) { m.store_imm(kind, at, value); },
             [&](auto& a) { a.mov(M(size), value); }, name("store imm", value, int(kind)));
      };
      imm(StoreKind::I8, 7, 1);
      imm(StoreKind::I16, 300, 2);
      imm(StoreKind::I32, -5, 4);
      imm(StoreKind::I64, -5, 8);
      auto floats = [&](auto mine, auto legacy, auto vex, const char* what) {
        same(mine, legacy, name(what, i, 0));
        same_avx(mine, vex, name(what, i, 1));
      };
      floats([&](Masm& m) { m.load(LoadKind::F32, x, at); }, [&](auto& a) { a.movss(xm(x), M(4)); },
             [&](auto& a) { a.vmovss(xm(x), M(4)); }, "f32.load");
      floats([&](Masm& m) { m.load(LoadKind::F64, x, at); }, [&](auto& a) { a.movsd(xm(x), M(8)); },
             [&](auto& a) { a.vmovsd(xm(x), M(8)); }, "f64.load");
      floats([&](Masm& m) { m.load(LoadKind::V128, x, at); },
             [&](auto& a) { a.movups(xm(x), M(16)); }, [&](auto& a) { a.vmovups(xm(x), M(16)); },
             "v128.load");
      floats([&](Masm& m) { m.store(StoreKind::F32, at, x); },
             [&](auto& a) { a.movss(M(4), xm(x)); }, [&](auto& a) { a.vmovss(M(4), xm(x)); },
             "f32.store");
      floats([&](Masm& m) { m.store(StoreKind::F64, at, x); },
             [&](auto& a) { a.movsd(M(8), xm(x)); }, [&](auto& a) { a.vmovsd(M(8), xm(x)); },
             "f64.store");
      floats([&](Masm& m) { m.store(StoreKind::V128, at, x); },
             [&](auto& a) { a.movups(M(16), xm(x)); }, [&](auto& a) { a.vmovups(M(16), xm(x)); },
             "v128.store");
      for (Width w : kWidths) {
        auto D = gp(w, r);
        uint32_t size = w == W64 ? 8 : 4;
        same([&](Masm& m) { m.alu_load(Alu::Xor, w, r, at); }, [&](auto& a) { a.xor_(D, M(size)); },
             name("xor load", i, 0));
        same([&](Masm& m) { m.alu_store_imm(Alu::Cmp, w, at, 100); },
             [&](auto& a) { a.cmp(M(size), 100); }, name("cmp mem imm8", i, 0));
        same([&](Masm& m) { m.alu_store_imm(Alu::Cmp, w, at, 1000); },
             [&](auto& a) { a.cmp(M(size), 1000); }, name("cmp mem imm32", i, 0));
        same([&](Masm& m) { m.compare_memory(w, at, r); }, [&](auto& a) { a.cmp(M(size), D); },
             "cmp m, r");
        same([&](Masm& m) { m.imul_imm_load(w, r, at, 7); },
             [&](auto& a) { a.imul(D, M(size), 7); }, "imul m, imm8");
        same([&](Masm& m) { m.imul_imm_load(w, r, at, 1000); },
             [&](auto& a) { a.imul(D, M(size), 1000); }, "imul m, imm32");
        same([&](Masm& m) { m.imul_load(w, r, at); }, [&](auto& a) { a.imul(D, M(size)); },
             name("imul load", i, 0));
      }
      same([&](Masm& m) { m.call_mem(at); }, [&](auto& a) { a.call(M(8)); }, "call mem");
    }
  }
}

// The general form is compared with asmjit's bytes above.
TEST_F(MasmTest, AccessesOfMemoryZeroAreTheGeneralForm) {
  for (int i = 0; i < kGprs * kGprs; ++i) {
    const Reg index = gpr(i / kGprs);
    if (index == Reg::Rsp) continue;
    for (int32_t disp : {0, -128, 127, 128}) {
      const Mem at = mem_at(kMemoryReg, index, disp);
      auto check = [&](bool is_xmm, auto mine, auto general, const std::string& what) {
        const Reg r = is_xmm ? xmm(i % kGprs) : gpr(i % kGprs);
        for (Masm* masm : {&sse_, &avx_}) {
          EXPECT_EQ(ours(*masm, [&](Masm& m) { mine(m, r); }),
                    ours(*masm, [&](Masm& m) { general(m, r); }))
              << what;
        }
      };
      for (int k = 0; k <= int(LoadKind::V128); ++k) {
        const auto kind = static_cast<LoadKind>(k);
        check(
            kind >= LoadKind::F32, [&](Masm& m, Reg r) { m.load_memory0(kind, r, index, disp); },
            [&](Masm& m, Reg r) { m.load(kind, r, at); }, name("load", i, k));
      }
      for (int k = 0; k <= int(StoreKind::V128); ++k) {
        const auto kind = static_cast<StoreKind>(k);
        check(
            kind >= StoreKind::F32, [&](Masm& m, Reg r) { m.store_memory0(kind, index, disp, r); },
            [&](Masm& m, Reg r) { m.store(kind, at, r); }, name("store", i, k));
      }
    }
  }
}

TEST_F(MasmTest, AccessesOfSlotsAreTheGeneralForm) {
  for (int i = 0; i < kGprs; ++i) {
    const Reg r = gpr(i);
    for (int32_t disp : {8, -8, -128, 127, 128, -129, -100000}) {
      const Mem at = mem_at(Reg::Rbp, disp);
      auto check = [&](auto mine, auto general, const char* what) {
        for (Masm* masm : {&sse_, &avx_}) {
          EXPECT_EQ(ours(*masm, mine), ours(*masm, general)) << name(what, i, disp);
        }
      };
      for (Width w : kWidths) {
        check([&](Masm& m) { m.load_slot(w, r, disp); },
              [&](Masm& m) { m.load(w == W32 ? LoadKind::I32 : LoadKind::I64, r, at); }, "load");
        check([&](Masm& m) { m.store_slot(w, disp, r); },
              [&](Masm& m) { m.store(w == W32 ? StoreKind::I32 : StoreKind::I64, at, r); },
              "store");
      }
      check([&](Masm& m) { m.load_word(r, at); }, [&](Masm& m) { m.load(LoadKind::I64, r, at); },
            "load word");
      check([&](Masm& m) { m.store_word(at, r); }, [&](Masm& m) { m.store(StoreKind::I64, at, r); },
            "store word");
      for (int t = 0; t <= int(MoveType::V128); ++t) {
        const auto type = static_cast<MoveType>(t);
        const Reg reg = type >= MoveType::F32 ? xmm(i) : r;
        check([&](Masm& m) { m.load_slot(type, reg, disp); },
              [&](Masm& m) { m.load(load_kind(type), reg, at); }, "load by type");
        check([&](Masm& m) { m.store_slot(type, disp, reg); },
              [&](Masm& m) { m.store(store_kind(type), at, reg); }, "store by type");
      }
    }
  }
}

TEST_F(MasmTest, FloatRegisterForms) {
  for (int i = 0; i < kGprs; ++i) {
    for (int j = 0; j < kGprs; ++j) {
      Reg d = xmm(i), s = xmm(j), g = gpr(j);
      auto D = xm(d), S = xm(s);
      auto both = [&](auto mine, auto legacy, auto vex, const char* what) {
        same(mine, legacy, name(what, i, j));
        same_avx(mine, vex, name(what, i, j) + " avx");
      };
      both([&](Masm& m) { m.fmov(FWidth::F64, d, s); }, [&](auto& a) { a.movaps(D, S); },
           [&](auto& a) { a.vmovaps(D, S); }, "movaps");
      both([&](Masm& m) { m.fcompare(FWidth::F32, d, s); }, [&](auto& a) { a.ucomiss(D, S); },
           [&](auto& a) { a.vucomiss(D, S); }, "ucomiss");
      both([&](Masm& m) { m.fcompare(FWidth::F64, d, s); }, [&](auto& a) { a.ucomisd(D, S); },
           [&](auto& a) { a.vucomisd(D, S); }, "ucomisd");
      both([&](Masm& m) { m.farith(FArith::Add, FWidth::F32, d, d, s); },
           [&](auto& a) { a.addss(D, S); }, [&](auto& a) { a.vaddss(D, D, S); }, "addss");
      both([&](Masm& m) { m.farith(FArith::Div, FWidth::F64, d, d, s); },
           [&](auto& a) { a.divsd(D, S); }, [&](auto& a) { a.vdivsd(D, D, S); }, "divsd");
      both([&](Masm& m) { m.farith(FArith::Sqrt, FWidth::F64, d, s, s); },
           [&](auto& a) { a.sqrtsd(D, S); }, [&](auto& a) { a.vsqrtsd(D, S, S); }, "sqrtsd");
      both([&](Masm& m) { m.f32_to_f64(d, s); }, [&](auto& a) { a.cvtss2sd(D, S); },
           [&](auto& a) { a.vcvtss2sd(D, S, S); }, "cvtss2sd");
      both([&](Masm& m) { m.f64_to_f32(d, s); }, [&](auto& a) { a.cvtsd2ss(D, S); },
           [&](auto& a) { a.vcvtsd2ss(D, S, S); }, "cvtsd2ss");
      both([&](Masm& m) { m.fround(Masm::Round::Floor, FWidth::F32, d, s); },
           [&](auto& a) { a.roundss(D, S, 9); }, [&](auto& a) { a.vroundss(D, S, S, 9); },
           "roundss");
      both([&](Masm& m) { m.fabs(FWidth::F32, d, d); },
           [&](auto& a) { a.pslld(D, 1), a.psrld(D, 1); },
           [&](auto& a) { a.vpslld(D, D, 1), a.vpsrld(D, D, 1); }, "abs");
      both([&](Masm& m) { m.fabs(FWidth::F64, d, s); },
           [&](auto& a) {
             if (i != j) a.movaps(D, S);
             a.psllq(D, 1), a.psrlq(D, 1);
           },
           [&](auto& a) { a.vpsllq(D, S, 1), a.vpsrlq(D, D, 1); }, "abs");
      for (Width w : kWidths) {
        auto G = gp(w, g);
        both([&](Masm& m) { m.mov_to_gpr(w, g, d); },
             [&](auto& a) { w == W64 ? a.movq(G, D) : a.movd(G, D); },
             [&](auto& a) { w == W64 ? a.vmovq(G, D) : a.vmovd(G, D); }, "movd to gpr");
        both([&](Masm& m) { m.mov_to_xmm(w, d, g); },
             [&](auto& a) { w == W64 ? a.movq(D, G) : a.movd(D, G); },
             [&](auto& a) { w == W64 ? a.vmovq(D, G) : a.vmovd(D, G); }, "movd to xmm");
        both([&](Masm& m) { m.int_to_float(w, FWidth::F64, d, g); },
             [&](auto& a) { a.xorps(D, D), a.cvtsi2sd(D, G); },
             [&](auto& a) { a.vxorps(D, D, D), a.vcvtsi2sd(D, D, G); }, "cvtsi2sd");
      }
      for (int k : {0, 5, 9, 15}) {
        Reg t = xmm(k);
        same_avx([&](Masm& m) { m.farith(FArith::Sub, FWidth::F32, d, s, t); },
                 [&](auto& a) { a.vsubss(D, S, xm(t)); }, name("vsubss", i, j));
      }
    }
  }
}

TEST_F(MasmTest, TwoOperandFormsKeepTheirSources) {
  Reg a0 = Reg::Xmm1, b0 = Reg::Xmm2, t = kScratchXmm;
  auto A = xm(a0), B = xm(b0), T = xm(t);
  same([&](Masm& m) { m.farith(FArith::Sub, FWidth::F64, b0, a0, b0); },
       [&](auto& a) { a.movaps(T, B), a.movaps(B, A), a.subsd(B, T); }, "b = a - b");
  same([&](Masm& m) { m.farith(FArith::Add, FWidth::F64, b0, a0, b0); },
       [&](auto& a) { a.addsd(B, A); }, "b = a + b");
  same([&](Masm& m) { m.farith(FArith::Mul, FWidth::F32, Reg::Xmm3, a0, b0); },
       [&](auto& a) { a.movaps(x86::xmm3, A), a.mulss(x86::xmm3, B); }, "c = a * b");
}

TEST_F(MasmTest, BitCountingAndBmi2) {
  const Reg count = Reg::R12;
  for (Width w : kWidths) {
    for (int i = 0; i < kGprs; ++i) {
      const Reg d = gpr(i), s = gpr((i + 5) % kGprs);
      auto D = gp(w, d), S = gp(w, s), C = gp(w, count);
      same_avx([&](Masm& m) { m.clz(w, d, s); }, [&](auto& a) { a.lzcnt(D, S); }, "lzcnt");
      same_avx([&](Masm& m) { m.ctz(w, d, s); }, [&](auto& a) { a.tzcnt(D, S); }, "tzcnt");
      same_avx([&](Masm& m) { m.popcnt(w, d, s); }, [&](auto& a) { a.popcnt(D, S); }, "popcnt");
      same_avx([&](Masm& m) { m.shift_bmi2(Shift::Shl, w, d, s, count); },
               [&](auto& a) { a.shlx(D, S, C); }, "shlx");
      same_avx([&](Masm& m) { m.shift_bmi2(Shift::Shr, w, d, s, count); },
               [&](auto& a) { a.shrx(D, S, C); }, "shrx");
      same_avx([&](Masm& m) { m.shift_bmi2(Shift::Sar, w, d, s, count); },
               [&](auto& a) { a.sarx(D, S, C); }, "sarx");
      same_avx([&](Masm& m) { m.rorx(w, d, s, 7); }, [&](auto& a) { a.rorx(D, S, 7); }, "rorx");
    }
  }
}

TEST_F(MasmTest, IntegersWithSlots) {
  for (Width w : kWidths) {
    for (int i = 0; i < kGprs; ++i) {
      const Reg r = gpr(i);
      auto R = gp(w, r);
      for (int32_t disp : {-8, -128, -129, 16}) {
        auto slot = mem(frame_slot(disp), w == W64 ? 8 : 4);
        same([&](Masm& m) { m.alu_slot(Alu::Xor, w, r, disp); }, [&](auto& a) { a.xor_(R, slot); },
             name("xor slot", i, disp));
        same([&](Masm& m) { m.compare_slot(w, disp, r); }, [&](auto& a) { a.cmp(slot, R); },
             name("cmp slot, reg", i, disp));
        for (int32_t imm : {0, -1, 127, 128, INT32_MIN}) {
          same([&](Masm& m) { m.compare_slot(w, disp, imm); }, [&](auto& a) { a.cmp(slot, imm); },
               name("cmp slot, imm", disp, imm));
          same([&](Masm& m) { m.alu_imm_slot(Alu::Or, w, r, disp, imm); },
               [&](auto& a) { a.mov(R, slot), a.or_(R, imm); }, name("or slot, imm", i, imm));
        }
      }
    }
  }
}

TEST_F(MasmTest, FrameSizesAreFilledIn) {
  const auto add = [](Masm& m) { m.patch32(m.add_rsp_patchable(), 0x12340); };
  same(add, [](auto& a) { a.add(x86::rsp, 0x12340); }, "add rsp, n");
}

TEST_F(MasmTest, JumpsReachTheirLabels) {
  // Three forward jumps through one chain, a table entry among them, then two backward jumps.
  Masm masm{CpuFeatures{}};
  masm.begin();
  Label label, start;
  masm.bind(start);
  masm.jmp(label);              // 0: e9 rel32
  masm.jcc(Cond::Less, label);  // 5: 0f 8c rel32
  masm.table_entry(label);      // 11
  EXPECT_TRUE(label.is_used());
  masm.bind(label);  // 15
  EXPECT_EQ(label.offset(), 15u);
  masm.jmp(start);               // 15: eb ef
  masm.jcc(Cond::Equal, start);  // 17: 74 ed
  for (int i = 0; i < 40; ++i) masm.mov_imm(W32, Reg::Rax, 1);
  masm.jcc(Cond::Equal, start);  // 219
  masm.table_entry(start);       // 225
  CodeBatch batch;
  masm.finish(FuncIdx{3}, batch, nullptr);
  std::string text = hex(batch.bytes.data(), 19);
  EXPECT_EQ(text, "e9 0a 00 00 00 0f 8c 04 00 00 00 00 00 00 00 eb ef 74 ed ");
  EXPECT_EQ(hex(batch.bytes.data() + 219, 10), "0f 84 1f ff ff ff 1b ff ff ff ");
  ASSERT_EQ(batch.entries.size(), 1u);
  EXPECT_EQ(raw(batch.entries[0].func), 3u);
  EXPECT_EQ(batch.entries[0].code_size, 229u);
}

TEST_F(MasmTest, TrapsStandBehindTheBodyWithMarks) {
  Masm masm{CpuFeatures{}};
  masm.begin();
  masm.set_wasm_offset(77);
  masm.trap_if(Cond::Zero, TrapCode::IntegerDivideByZero);  // 0f 84 rel32
  masm.set_wasm_offset(99);
  masm.trap(TrapCode::Unreachable);
  CodeBatch batch;
  Vector<SourceMark> marks;
  masm.finish(FuncIdx{0}, batch, &marks);
  EXPECT_EQ(hex(batch.bytes.data(), batch.bytes.size()),
            "0f 84 05 00 00 00 e9 05 00 00 00 41 ff 56 28 07 41 ff 56 28 01 ");
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_EQ(marks[0].code_offset, 11u);
  EXPECT_EQ(marks[0].wasm_offset, 77u);
  EXPECT_EQ(marks[1].code_offset, 16u);
  EXPECT_EQ(marks[1].wasm_offset, 99u);
}

TEST_F(MasmTest, CallsLeaveRelocations) {
  Masm masm{CpuFeatures{}};
  CodeBatch batch;
  for (uint32_t i = 0; i < 2; ++i) {
    masm.begin();
    masm.ret(0);
    masm.call_func(FuncIdx{40 + i});
    masm.finish(FuncIdx{i}, batch, nullptr);
  }
  ASSERT_EQ(batch.relocs.size(), 2u);
  EXPECT_EQ(batch.entries[1].code_offset, 16u);
  EXPECT_EQ(batch.entries[1].first_reloc, 1u);
  EXPECT_EQ(batch.relocs[1].offset, 18u);
  EXPECT_EQ(batch.relocs[1].target, 41u);
}

TEST_F(MasmTest, ConstantsArePooledAndAligned) {
  Masm masm{CpuFeatures{}};
  masm.begin();
  masm.fconst(FWidth::F32, Reg::Xmm1, 0x3f800000);
  masm.fconst(FWidth::F64, Reg::Xmm2, 0x3ff0000000000000);
  masm.fconst(FWidth::F32, Reg::Xmm9, 0x3f800000);
  masm.fconst(FWidth::F32, Reg::Xmm3, 0);
  CodeBatch batch;
  masm.finish(FuncIdx{0}, batch, nullptr);
  // movss 8 bytes, movsd 8, movss 9 with REX, xorps 3 = 28; padded to 32; the f64, then the f32.
  EXPECT_EQ(hex(batch.bytes.data(), batch.bytes.size()),
            "f3 0f 10 0d 20 00 00 00 f2 0f 10 15 10 00 00 00 f3 44 0f 10 0d 0f 00 00 00 0f 57 db "
            "cc cc cc cc 00 00 00 00 00 00 f0 3f 00 00 80 3f ");
}

TEST_F(MasmTest, BufferGrowsUnderLabels) {
  Masm masm{CpuFeatures{}};
  masm.begin();
  Label far;
  masm.jmp(far);
  constexpr uint32_t kMovs = 200'000;
  for (uint32_t i = 0; i < kMovs; ++i) {
    masm.ensure_room();
    masm.mov_imm(W32, Reg::Rax, i);
  }
  masm.bind(far);
  masm.clz(W32, Reg::Rax, Reg::Rcx);  // asmjit sees the new buffer as well
  CodeBatch batch;
  masm.finish(FuncIdx{0}, batch, nullptr);
  uint32_t rel;
  memcpy(&rel, batch.bytes.data() + 1, 4);
  EXPECT_EQ(rel, kMovs * 5);
  EXPECT_EQ(batch.bytes[5 + 5 * 1000 + 1], 1000 & 0xff);
}

// Jumps in all four directions, a call, a constant and a trap: as if all were in its place.
TEST_F(MasmTest, ColdCodeStandsBehindTheBody) {
  Masm masm{CpuFeatures{}};
  for (int turn = 0; turn < 2; ++turn) {  // a second function starts anew
    masm.begin();
    Label start;
    Label cold;
    Label end;
    masm.bind(start);
    masm.jcc(Cond::Zero, cold);  // 0
    masm.jmp(end);               // 6
    masm.enter_cold();
    masm.bind(cold);
    masm.call_func(FuncIdx{7});                       // 20
    masm.trap_if(Cond::Zero, TrapCode::Unreachable);  // 25
    Label again;
    masm.bind(again);
    masm.jcc(Cond::Less, start);   // 31
    masm.jcc(Cond::Below, again);  // 37
    masm.jmp(end);                 // 39
    masm.leave_cold();
    masm.bind(end);
    masm.fconst(FWidth::F32, Reg::Xmm1, 0x3f800000);  // 11
    masm.ret(0);                                      // 19
    ASSERT_TRUE(masm.has_cold());
    masm.join_cold();
    CodeBatch batch;
    masm.finish(FuncIdx{0}, batch, nullptr);
    EXPECT_EQ(hex(batch.bytes.data(), batch.bytes.size()),
              "0f 84 0e 00 00 00 e9 00 00 00 00 f3 0f 10 0d 25 00 00 00 c3 "
              "e8 00 00 00 00 0f 84 0d 00 00 00 0f 8c db ff ff ff 72 f8 e9 df ff ff ff "
              "41 ff 56 28 01 cc cc cc cc cc cc cc 00 00 80 3f ");
    ASSERT_EQ(batch.relocs.size(), 1u);
    EXPECT_EQ(batch.relocs[0].offset, 21u);
  }
  masm.begin();
  EXPECT_FALSE(masm.has_cold());
}

// What is too much is lost, wherever it is; the next function is as good as any.
TEST_F(MasmTest, CodeOfOneFunctionHasALimit) {
  Masm masm{CpuFeatures{}};
  for (const bool in_cold : {false, true}) {
    bool full = false;
    masm.begin(&full);
    Label back;
    Label far;
    masm.bind(back);
    if (in_cold) masm.enter_cold();
    CodeBatch batch;
    for (uint64_t bytes = 0; bytes < 2 * Masm::kMaxCodeBytes; bytes += 600) {
      masm.ensure_room();
      masm.jmp(far);
      masm.jcc(Cond::FloatEqual, back);
      masm.trap_if(Cond::Zero, TrapCode::Unreachable);
      for (int i = 0; i < 58; ++i) masm.mov_imm(W64, Reg::R9, ~uint64_t{0} >> i << 1);
    }
    EXPECT_TRUE(full);
    if (in_cold) masm.leave_cold();
    masm.bind(far);
    if (in_cold) masm.join_cold();
    masm.finish(FuncIdx{0}, batch, nullptr);
    EXPECT_TRUE(batch.entries.empty());
    masm.begin();
    EXPECT_FALSE(masm.is_full());
    masm.ret(0);
    masm.finish(FuncIdx{1}, batch, nullptr);
    ASSERT_EQ(batch.entries.size(), 1u);
    EXPECT_EQ(batch.bytes[0], 0xc3);
  }
}

// From wherever they come, and what is skipped to get there does nothing.
TEST(MasmLoopTest, LoopsBeginAtOnePlaceOfACacheLine) {
  for (uint32_t before = 0; before < 64; ++before) {
    Masm masm{CpuFeatures{}};
    masm.mov_imm(W32, Reg::Rax, 7);
    for (uint32_t i = 0; i < before; ++i) masm.push(Reg::Rbp);
    masm.place_loop();
    EXPECT_EQ(masm.offset() % 64, 16u);
    for (uint32_t i = 0; i < before; ++i) masm.pop(Reg::Rbp);
    masm.ret(0);
    EXPECT_EQ(Executable(masm).as<int()>()(), 7) << before;
  }
}

TEST(MasmLoopTest, AFunctionWithAPlacedLoopBeginsAtACacheLine) {
  Masm masm{CpuFeatures{}};
  CodeBatch batch;
  for (uint32_t func = 0; func < 4; ++func) {
    masm.begin();
    if (func >= 2) masm.place_loop();
    masm.ret(0);
    masm.finish(FuncIdx{func}, batch, nullptr);
  }
  EXPECT_EQ(batch.entries[1].code_offset, 16u);
  EXPECT_EQ(batch.entries[2].code_offset, 64u);
  EXPECT_EQ(batch.entries[3].code_offset, 128u);
}

TEST(MasmLoopTest, PaddingIsAPartOfTheCode) {
  Masm masm{CpuFeatures{}};
  constexpr uint32_t kLoops = 100'000;
  for (uint32_t i = 0; i < kLoops; ++i) {
    masm.ensure_room();
    masm.place_loop();
    masm.mov(W64, Reg::Rax, Reg::Rcx);
  }
  EXPECT_LE(masm.offset(), 2 * (3 * kLoops + 64));
  const uint32_t end = masm.offset();
  masm.enter_cold();
  masm.mov(W64, Reg::Rax, Reg::Rcx);
  const uint32_t in_cold = masm.offset();
  masm.place_loop();
  EXPECT_EQ(masm.offset(), in_cold);
  masm.leave_cold();
  EXPECT_EQ(masm.offset(), end);
}

}  // namespace
}  // namespace sluice

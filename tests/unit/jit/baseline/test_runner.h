// Runs compiled functions without a runtime: one instance, a few memories, no imports, no traps.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "engine/base/virtual_memory.h"
#include "jit/abi/instance_layout.h"
#include "jit/asm/stub_assembler.h"
#include "jit/code/code_memory.h"
#include "tests/unit/jit/baseline/test_module.h"

namespace sluice::test {

class TestRunner {
 public:
  static constexpr size_t kMemoryBytes = 65'536;
  static constexpr size_t kMemories = 3;  // at most
  static constexpr int64_t kFuel = int64_t{1} << 60;

  TestRunner()
      : code_(*CodeMemory::create(size_t{64} << 20)),
        memory_(Reservation::reserve((kMemories + 1) * kMemoryBytes).value()) {
    EXPECT_TRUE(memory_.commit(0, kMemories * kMemoryBytes));
    auto stub = thunk();
    entry_ = reinterpret_cast<Entry>(code_->base() + *code_->add_stub(stub, StubKind::Entry));
  }

  /// Makes `module` the one that run() calls; its memory is zero again.
  bool load(const Module& module, const CompileOptions& options, uint64_t stress_seed = 0) {
    CodeBatch batch;
    CompileScratch scratch(options.cpu);
    CompileOptions stressed = options;
    stressed.stress_seed = stress_seed;
    for (const FuncBody& body : module.bodies) {
      auto result = compile_baseline(module, body, stressed, scratch, batch);
      if (!result) {
        ADD_FAILURE() << result.error().message().c_str();
        return false;
      }
    }
    module_ = *ModuleCode::create(code_, 0, module.defined_funcs());
    if (!module_->publish(batch)) return false;
    InstanceLayout layout = InstanceLayout::of(module);
    block_.assign(layout.size_bytes / 8 + 2, 0);
    memory_count_ = std::clamp<size_t>(module.memories.size(), 1, kMemories);
    std::fill_n(memory_base(), memory_count_ * kMemoryBytes, uint8_t{0});
    InstanceData& instance = *new (block_.data()) InstanceData;
    instance.memory0_base = memory_base();
    instance.memory0 = &memory_data_[0];
    instance.memory64_bound = kMemoryBytes;
    instance.context = &context_;
    context_.fuel = kFuel;
    instance.code_base = code_->base();
    auto* pointers = reinterpret_cast<uint8_t*>(block_.data()) + layout.memories;
    for (size_t i = 0; i < module.memories.size() && i < kMemories; ++i) {
      MemoryData* data = &memory_data_[i];
      *data = {memory_base() + i * kMemoryBytes, kMemoryBytes, kMemoryBytes};
      std::memcpy(pointers + i * sizeof data, &data, sizeof data);
    }
    return true;
  }

  /// Calls a function with up to four i32 or i64 parameters and one integer result.
  uint64_t run(uint32_t func, std::initializer_list<uint64_t> args) {
    uint64_t values[4] = {};
    size_t i = 0;
    for (uint64_t arg : args) values[i++] = arg;
    return entry_(
        block_.data(),
        reinterpret_cast<const void*>(code_->base() + module_->slot_offset(FuncIdx{func})),
        memory_base(), values);
  }
  /// All memories, one behind the other. Nothing behind the last one's end is accessible.
  std::span<const uint8_t> memory() { return {memory_base(), memory_count_ * kMemoryBytes}; }
  /// Since load(), of code that is metered.
  int64_t fuel_used() const { return kFuel - context_.fuel; }
  uint8_t* memory_base() { return memory_.base() + (kMemories - memory_count_) * kMemoryBytes; }
  std::span<const uint8_t> code_of(uint32_t func) const { return module_->code_of(FuncIdx{func}); }

 private:
  using Entry = uint64_t (*)(void* instance, const void* code, void* memory, uint64_t* args);

  static Vector<uint8_t> thunk() {
    using namespace asmjit::x86;
    StubAssembler stub;
    Assembler& a = stub.assembler;
    for (Gp reg : {rbp, rbx, r12, r13, r14, r15}) a.push(reg);
    a.push(rax);
    a.mov(r14, rdi);
    a.mov(rbx, rdx);
    a.mov(r11, rsi);
    a.mov(r10, rcx);
    a.mov(rax, ptr(r10, 0));
    a.mov(rcx, ptr(r10, 8));
    a.mov(rdx, ptr(r10, 16));
    a.mov(rsi, ptr(r10, 24));
    a.call(r11);
    a.pop(r11);
    for (Gp reg : {r15, r14, r13, r12, rbx, rbp}) a.pop(reg);
    a.ret();
    return stub.finish();
  }

  std::shared_ptr<CodeMemory> code_;
  std::shared_ptr<ModuleCode> module_;
  Reservation memory_;
  size_t memory_count_ = 1;
  std::vector<uint64_t> block_;
  MemoryData memory_data_[kMemories];
  StoreContext context_;
  Entry entry_ = nullptr;
};

}  // namespace sluice::test

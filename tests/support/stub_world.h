// The least that generated code needs to run: code memory, stubs, one store context, one instance
// with a small memory, and hand-assembled functions. For tests below the runtime's objects.
#pragma once

#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <vector>

#include "engine/base/virtual_memory.h"
#include "engine/wasm/types.h"
#include "jit/abi/builtins.h"
#include "jit/asm/stub_assembler.h"
#include "jit/code/code_memory.h"
#include "jit/stubs/entry.h"
#include "jit/stubs/host_call.h"

namespace sluice::test {

/// A function type that owns its list.
struct OwnedType {
  std::vector<ValType> types;
  uint32_t params;
  OwnedType(std::vector<ValType> p, const std::vector<ValType>& r)
      : types(std::move(p)), params(static_cast<uint32_t>(types.size())) {
    types.insert(types.end(), r.begin(), r.end());
  }
  FuncType get() const {
    return {types.data(), params, static_cast<uint32_t>(types.size()) - params};
  }
};

struct Cell {
  uint64_t low = 0;
  uint64_t high = 0;
};

/// So many types, every kind of them.
inline std::vector<ValType> mixed_types(uint32_t count) {
  static constexpr ValType kAll[] = {kV128, kI64, kF32, kF64, kI32, kExternRef, kFuncRef};
  std::vector<ValType> types;
  for (uint32_t i = 0; i < count; ++i) types.push_back(kAll[(i * i + i / 7) % 7]);
  return types;
}

/// A value that tells its place.
inline Cell pattern(uint32_t i, ValType type) {
  const uint64_t low = i * 0x9e3779b97f4a7c15u + 1;
  if (type == kV128) return {low, ~low};
  if (type == kI32 || type == kF32 || type == kExternRef) return {low & 0xffffffff, 0};
  return {low, 0};
}

inline bool is_pattern(const Cell& cell, uint32_t i, ValType type) {
  const Cell expected = pattern(i, type);
  return cell.low == expected.low && (type != kV128 || cell.high == expected.high);
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message().c_str());
  return *std::move(result);
}

struct StubWorld {
  static constexpr uint32_t kFuncs = 64;
  using Assembler = asmjit::x86::Assembler;

  explicit StubWorld(const StubEnvironment& environment)
      : memory(must(CodeMemory::create(size_t{64} << 20))),
        common(must(add_common_stubs(*memory, environment))),
        module(must(ModuleCode::create(memory, 0, kFuncs))) {
    context.max_wasm_stack_bytes = size_t{1} << 20;
    context.landing = reinterpret_cast<uintptr_t>(common.landing);
    linear = must(Reservation::reserve(size_t{1} << 20));
    linear_data.base = linear.base();
    linear_data.reserved_bytes = linear.size_bytes();
    if (!linear.commit(0, size_t{64} << 10)) throw std::runtime_error("commit");
    linear_data.size_bytes = size_t{64} << 10;
    init(instance);
  }

  void init(InstanceData& data) {
    data.memory0 = &linear_data;
    data.memory0_base = linear_data.base;
    data.context = &context;
    data.builtin_trampoline = common.builtin_trampoline;
    data.builtins = builtins;
    data.trap_exit = common.trap_exit;
    data.code_base = memory->base();
  }

  /// Publishes a function of the module; returns what to call.
  const void* func(const std::function<void(Assembler&)>& body) {
    StubAssembler stub;
    body(stub.assembler);
    CodeBatch batch;
    const Vector<uint8_t> bytes = stub.finish();
    batch.bytes.assign(bytes.begin(), bytes.end());
    const uint32_t index = next_func++;
    batch.entries.push_back({FuncIdx{index}, 0, static_cast<uint32_t>(batch.bytes.size()), 0, 0});
    if (!module->publish(batch)) throw std::runtime_error("publish");
    return at(module->slot_offset(FuncIdx{index}));
  }
  /// The same with a Wasm frame around it; `pop_bytes` of parameter slots.
  const void* framed(const std::function<void(Assembler&)>& body, uint32_t pop_bytes = 0) {
    return func([&](Assembler& a) {
      a.push(asmjit::x86::rbp);
      a.mov(asmjit::x86::rbp, asmjit::x86::rsp);
      a.push(asmjit::x86::r14);
      body(a);
      a.leave();
      if (pop_bytes == 0) {
        a.ret();
      } else {
        a.ret(pop_bytes);
      }
    });
  }

  const void* at(uint32_t offset) const {
    return reinterpret_cast<const void*>(memory->base() + offset);
  }
  ArrayEntry array_entry(const OwnedType& type) {
    return reinterpret_cast<ArrayEntry>(memory->base() +
                                        must(add_array_entry(*memory, common, type.get())));
  }
  template <class F>
  F* typed_entry(const OwnedType& type) {
    return reinterpret_cast<F*>(memory->base() +
                                must(add_typed_entry(*memory, common, type.get())));
  }
  const void* array_shim(const OwnedType& type) {
    return at(must(add_array_host_shim(*memory, common, type.get())));
  }
  const void* typed_shim(const OwnedType& type) {
    return at(must(add_typed_host_shim(*memory, common, type.get())));
  }
  /// A host function's block.
  template <class F>
  std::unique_ptr<InstanceData> host(F* function, void* env = nullptr) {
    auto data = std::make_unique<InstanceData>();
    init(*data);
    data->host_code = reinterpret_cast<void*>(function);
    data->host_env = env;
    return data;
  }
  uint64_t call(const OwnedType& type, const void* code, Cell* cells,
                InstanceData* callee = nullptr) {
    const FuncImport target{code, callee != nullptr ? callee : &instance};
    return array_entry(type)(&target, cells);
  }

  std::shared_ptr<CodeMemory> memory;
  CommonStubs common;
  std::shared_ptr<ModuleCode> module;
  uint32_t next_func = 0;
  StoreContext context;
  Reservation linear;
  MemoryData linear_data;
  InstanceData instance;
  const void* builtins[kBuiltinCount] = {};
};

}  // namespace sluice::test

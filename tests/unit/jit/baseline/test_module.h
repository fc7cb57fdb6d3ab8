// Builds small modules byte by byte and compiles them, for the baseline compiler's tests.
#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "engine/binary/stream_decoder.h"
#include "engine/wasm/type_registry.h"
#include "jit/asm/target.h"
#include "jit/baseline/baseline.h"

namespace sluice::test {

using Bytes = std::vector<uint8_t>;

inline void put_leb(Bytes& out, uint64_t value) {
  do {
    uint8_t byte = value & 0x7f;
    value >>= 7;
    out.push_back(static_cast<uint8_t>(byte | (value != 0 ? 0x80 : 0)));
  } while (value != 0);
}
inline void put_signed(Bytes& out, int64_t value) {
  for (;;) {
    uint8_t byte = value & 0x7f;
    value >>= 7;
    bool last = (value == 0 && (byte & 0x40) == 0) || (value == -1 && (byte & 0x40) != 0);
    out.push_back(static_cast<uint8_t>(byte | (last ? 0 : 0x80)));
    if (last) return;
  }
}

constexpr uint8_t kTypeI32 = 0x7f;
constexpr uint8_t kTypeI64 = 0x7e;
constexpr uint8_t kTypeF32 = 0x7d;
constexpr uint8_t kTypeF64 = 0x7c;
constexpr uint8_t kTypeV128 = 0x7b;

/// A function's instructions, without the final end.
class Code {
 public:
  Code& op(uint8_t opcode) {
    bytes.push_back(opcode);
    return *this;
  }
  Code& op(uint8_t opcode, uint64_t immediate) {
    bytes.push_back(opcode);
    put_leb(bytes, immediate);
    return *this;
  }
  Code& i32(int32_t value) {
    bytes.push_back(0x41);
    put_signed(bytes, value);
    return *this;
  }
  Code& get(uint32_t local) { return op(0x20, local); }
  Code& set(uint32_t local) { return op(0x21, local); }
  Code& tee(uint32_t local) { return op(0x22, local); }
  Code& block(uint8_t type = 0x40) { return op(0x02).op(type); }
  Code& loop(uint8_t type = 0x40) { return op(0x03).op(type); }
  Code& if_(uint8_t type = 0x40) { return op(0x04).op(type); }
  Code& else_() { return op(0x05); }
  Code& end() { return op(0x0b); }
  Code& br(uint32_t depth) { return op(0x0c, depth); }
  Code& br_if(uint32_t depth) { return op(0x0d, depth); }
  Code& call(uint32_t func) { return op(0x10, func); }
  Code& add() { return op(0x6a); }
  Code& drop() { return op(0x1a); }

  Bytes bytes;
};

/// One module with defined functions and one memory of one page, or more.
class TestModule {
 public:
  uint32_t type(const Bytes& params, const Bytes& results) {
    types_.push_back(0x60);
    put_leb(types_, params.size());
    types_.insert(types_.end(), params.begin(), params.end());
    put_leb(types_, results.size());
    types_.insert(types_.end(), results.begin(), results.end());
    return type_count_++;
  }
  /// One more memory of one page.
  void memory(bool is_64) {
    memories_.push_back(is_64 ? 0x04 : 0x00);
    memories_.push_back(0x01);
    ++memory_count_;
  }
  /// A mutable global that begins as 0.
  uint32_t global(uint8_t type) {
    globals_.insert(globals_.end(), {type, 0x01});
    // A constant of the type, whose bytes are all 0.
    switch (type) {
    case kTypeI32: globals_.insert(globals_.end(), {0x41, 0}); break;
    case kTypeI64: globals_.insert(globals_.end(), {0x42, 0}); break;
    case kTypeF32: globals_.insert(globals_.end(), {0x43, 0, 0, 0, 0}); break;
    case kTypeF64: globals_.insert(globals_.end(), {0x44, 0, 0, 0, 0, 0, 0, 0, 0}); break;
    default: globals_.insert(globals_.end(), {0xfd, 0x0c}); globals_.resize(globals_.size() + 16);
    }
    globals_.push_back(0x0b);
    return global_count_++;
  }
  /// `locals`: count and type pairs.
  uint32_t func(uint32_t type, const std::vector<std::pair<uint32_t, uint8_t>>& locals,
                const Code& code) {
    put_leb(funcs_, type);
    Bytes body;
    put_leb(body, locals.size());
    for (auto [count, local_type] : locals) {
      put_leb(body, count);
      body.push_back(local_type);
    }
    body.insert(body.end(), code.bytes.begin(), code.bytes.end());
    body.push_back(0x0b);
    put_leb(bodies_, body.size());
    bodies_.insert(bodies_.end(), body.begin(), body.end());
    return func_count_++;
  }

  Bytes bytes() const {
    Bytes out = {0, 'a', 's', 'm', 1, 0, 0, 0};
    section(out, 1, type_count_, types_);
    section(out, 3, func_count_, funcs_);
    section(out, 5, memory_count_, memories_);
    section(out, 6, global_count_, globals_);
    Bytes exports;
    for (uint32_t i = 0; i < func_count_; ++i) {
      std::string name = "f" + std::to_string(i);
      put_leb(exports, name.size());
      exports.insert(exports.end(), name.begin(), name.end());
      exports.push_back(0);
      put_leb(exports, i);
    }
    section(out, 7, func_count_, exports);
    section(out, 10, func_count_, bodies_);
    return out;
  }

 private:
  static void section(Bytes& out, uint8_t id, uint32_t count, const Bytes& items) {
    Bytes payload;
    put_leb(payload, count);
    payload.insert(payload.end(), items.begin(), items.end());
    out.push_back(id);
    put_leb(out, payload.size());
    out.insert(out.end(), payload.begin(), payload.end());
  }

  Bytes memories_ = {0x00, 0x01};
  uint32_t memory_count_ = 1;
  Bytes globals_;
  uint32_t global_count_ = 0;
  Bytes types_;
  Bytes funcs_;
  Bytes bodies_;
  uint32_t type_count_ = 0;
  uint32_t func_count_ = 0;
};

inline std::shared_ptr<Module> decode(const Bytes& bytes) {
  auto registry = make_shared_heap<TypeRegistry>();
  auto module = decode_module(bytes, Features::all(), registry);
  if (!module) {
    ADD_FAILURE() << module.error().message().c_str();
    return nullptr;
  }
  return *module;
}

inline CompileOptions host_options() {
  CompileOptions options;
  options.cpu = host_cpu_features();
  return options;
}

/// Compiles all bodies; reports the first error as a failure of the test.
inline bool compile_all(const Module& module, const CompileOptions& options, CodeBatch& out) {
  CompileScratch scratch(options.cpu);
  for (const FuncBody& body : module.bodies) {
    Result<void> result = compile_baseline(module, body, options, scratch, out);
    if (!result) {
      ADD_FAILURE() << result.error().message().c_str();
      return false;
    }
  }
  return true;
}

}  // namespace sluice::test
